-- cs-funnel --by=device_type | cs-anomaly --rows --min-baseline=1 --all --baseline=1h --threshold=25 --value=overall_conversion_rate --by=device_type
-- Over rows, what is not there does not count: the baseline is the mean of the rows that are.
with funnel as (
    select start,
           start + interval '10 minutes' as stop,
           device_type,
           rate(count(distinct session_id) filter (where event_type = 'purchase'),
                count(distinct session_id) filter (where event_type = 'page_view')) as conversion
    from events, window_start(event_time, '10 minutes') as start
    group by start, device_type),
judged as (
    select now.*, baseline.*
    from funnel as now,
         lateral (
             select sum(before.conversion) as total, count(*) as count
             from funnel as before
             where before.device_type is not distinct from now.device_type
               and before.conversion is not null
               and before.stop > now.stop - interval '1 hour' and before.stop < now.stop) as baseline
    where conversion is not null),
compared as (
    select *, round((conversion * count - total) * 100 / nullif(total, 0), 1) as pct from judged)
select iso(start) as window_start,
       iso(stop) as window_end,
       device_type,
       conversion as overall_conversion_rate,
       trim_scale(round(total / nullif(count, 0), 2)) as avg_overall_conversion_rate,
       trim_scale(pct) as pct_deviation,
       coalesce(abs(pct) > 25, false) as alert,
       case sign(pct) when 1 then 'up' when -1 then 'down' end as direction
from compared
order by start, device_type nulls first
