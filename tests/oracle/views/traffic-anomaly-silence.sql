-- cs-anomaly --min-baseline=1 --sigma=0 --all --size=15m --baseline=1h --by=category_id,device_type --value='carts=count if .event_type == "add_to_cart"' | sed /partial/d
-- A group has rows from its first event on, but not where all of a whole baseline is 0 and it had no event.
with span as (select min(event_time) as first, max(event_time) as last from events),
windows as (
    select start, start + interval '15 minutes' as stop
    from span, generate_series(window_start(first, '15 minutes'), window_start(last, '15 minutes'),
                               interval '15 minutes') as start),
groups as (select row_number() over () as member, category_id, device_type from events group by category_id, device_type),
counts as (
    select start, member, count(*) filter (where event_type = 'add_to_cart') as carts
    from groups
    join events on events.category_id is not distinct from groups.category_id
                and events.device_type is not distinct from groups.device_type,
         window_start(event_time, '15 minutes') as start
    group by start, member),
filled as (select * from windows cross join groups left join counts using (start, member)),
judged as (
    select filled.*,
           count(carts) over (partition by member order by start) > 0 as known,
           coalesce(sum(carts) filter (where start >= first) over baseline, 0) as total,
           count(*) filter (where start >= first) over baseline as count
    from filled, span
    window baseline as (partition by member order by start
                        range between interval '45 minutes' preceding and interval '15 minutes' preceding)),
compared as (
    select *,
           round((coalesce(carts, 0) * count - total) * 100 / nullif(total, 0), 1) as pct
    from judged)
select iso(start) as window_start,
       iso(stop) as window_end,
       category_id,
       device_type,
       coalesce(carts, 0) as carts,
       trim_scale(round(total / nullif(count, 0), 2)) as avg_carts,
       trim_scale(pct) as pct_deviation,
       coalesce(abs(pct) > 50, false) as alert,
       case sign(pct) when 1 then 'up' when -1 then 'down' end as direction
from compared, span
where stop <= last and (carts is not null or total > 0 or (count < 3 and known))
order by start, category_id nulls first, device_type nulls first
