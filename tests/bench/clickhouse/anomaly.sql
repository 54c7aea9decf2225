-- cs-anomaly --threshold=5 --min-baseline=1 --sigma=0
with counts as (
    select toStartOfInterval(event_time, interval 5 minute) as window_start, uniqExact(session_id) as current_sessions,
           min(event_time) as first, max(event_time) as last
    from events
    group by window_start),
judged as (
    select window_start, current_sessions, max(last) over () as newest,
           avg(current_sessions) over (
               order by toUnixTimestamp(window_start) range between 6900 preceding and 300 preceding) as mean
    from counts
    where window_start >= (select min(first) from counts))
select window_start, current_sessions, round(mean, 2) as avg_sessions,
       round((current_sessions - mean) * 100 / mean, 1) as pct_deviation
from judged
where window_start + interval 5 minute <= newest and abs(pct_deviation) > 5
order by window_start
