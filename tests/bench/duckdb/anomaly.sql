-- cs-anomaly --threshold=5 --min-baseline=1 --sigma=0
with counts as (
    select time_bucket(interval '5 minutes', event_time) as window_start, count(distinct session_id) as current_sessions,
           min(event_time) as first, max(event_time) as last
    from events
    group by all),
judged as (
    select *, avg(current_sessions) over (
                  order by window_start range between interval '115 minutes' preceding and interval '5 minutes' preceding) as mean
    from counts
    where window_start >= (select min(first) from counts))
select window_start, current_sessions, round(mean, 2) as avg_sessions,
       round((current_sessions - mean) * 100 / mean, 1) as pct_deviation
from judged
where window_start + interval '5 minutes' <= (select max(last) from counts) and abs(pct_deviation) > 5
order by window_start
