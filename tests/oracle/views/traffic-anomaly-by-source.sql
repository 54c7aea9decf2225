-- cs-anomaly --min-baseline=1 --sigma=0 --size=10m --baseline=1h --threshold=30 --by=traffic_source --value='carts=count if .event_type == "add_to_cart"'
with span as (select min(event_time) as first, max(event_time) as last from events),
windows as (
    select start, start + interval '10 minutes' as stop
    from span, generate_series(window_start(first, '10 minutes'), window_start(last, '10 minutes'),
                               interval '10 minutes') as start),
sources as (select distinct traffic_source from events),
counts as (
    select start, traffic_source, count(*) filter (where event_type = 'add_to_cart') as carts
    from events, window_start(event_time, '10 minutes') as start
    group by start, traffic_source),
filled as (
    select windows.*, sources.traffic_source, coalesce(carts, 0) as carts
    from windows
    cross join sources
    left join counts
         on counts.start = windows.start and counts.traffic_source is not distinct from sources.traffic_source),
judged as (
    select now.*, baseline.*
    from filled as now,
         lateral (
             select sum(before.carts) as total, count(*) as count
             from filled as before, span
             where before.traffic_source is not distinct from now.traffic_source
               and before.start >= span.first
               and before.stop > now.stop - interval '1 hour' and before.stop < now.stop) as baseline
    where now.stop <= (select last from span)),
compared as (
    select *, round((carts * count - total) * 100 / nullif(total, 0), 1) as pct from judged)
select iso(start) as window_start,
       iso(stop) as window_end,
       traffic_source,
       carts,
       trim_scale(round(total / nullif(count, 0), 2)) as avg_carts,
       trim_scale(pct) as pct_deviation,
       true as alert,
       case sign(pct) when 1 then 'up' when -1 then 'down' end as direction
from compared
where abs(pct) > 30
order by start, traffic_source nulls first
