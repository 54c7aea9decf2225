-- cs-anomaly --all --min-baseline=1 --sigma=0
with span as (select min(event_time) as first, max(event_time) as last from events),
windows as (
    select start, start + interval '5 minutes' as stop, (select last from span) < start + interval '5 minutes' as partial
    from span, generate_series(window_start(first, '5 minutes'), window_start(last, '5 minutes'),
                               interval '5 minutes') as start),
counts as (
    select start, count(distinct session_id) as sessions
    from events, window_start(event_time, '5 minutes') as start
    group by start),
filled as (select windows.*, coalesce(sessions, 0) as sessions from windows left join counts using (start)),
judged as (
    select now.*, baseline.*
    from filled as now,
         lateral (
             select sum(before.sessions) as total, count(*) as count
             from filled as before, span
             where before.start >= span.first
               and before.stop > now.stop - interval '2 hours' and before.stop < now.stop) as baseline),
compared as (
    select *, case when not partial then round((sessions * count - total) * 100 / nullif(total, 0), 1) end as pct
    from judged)
select iso(start) as window_start,
       iso(stop) as window_end,
       sessions as current_sessions,
       trim_scale(round(total / nullif(count, 0), 2)) as avg_sessions,
       trim_scale(pct) as pct_deviation,
       coalesce(abs(pct) > 50, false) as alert,
       case sign(pct) when 1 then 'up' when -1 then 'down' end as direction,
       nullif(partial, false) as "partial?"
from compared
order by start
