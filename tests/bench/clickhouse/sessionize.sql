-- cs-sessionize --gap=30m
with gaps as (
    select *, dateDiff('millisecond', lagInFrame(event_time, 1, event_time) over (
                  partition by session_id order by event_time rows between unbounded preceding and current row),
                  event_time) > 1800000 as after_gap
    from events
    where session_id is not null),
pieces as (
    select *, sum(after_gap) over (
                  partition by session_id order by event_time rows between unbounded preceding and current row) as piece
    from gaps)
select session_id,
       argMax(user_id, event_time) as user_id,
       argMin(traffic_source, event_time) as traffic_source,
       argMin(device_type, event_time) as device_type,
       min(event_time) as session_start,
       max(event_time) as last_event_time,
       dateDiff('millisecond', session_start, last_event_time) / 1000 as session_duration_seconds,
       count() as total_events,
       countIf(event_type = 'page_view') as page_views,
       countIf(event_type = 'product_view') as product_views,
       countIf(event_type = 'add_to_cart') as add_to_carts,
       countIf(event_type = 'purchase') > 0 as converted,
       arrayMap(pair -> pair.2, arraySort(groupArrayIf((event_time, product_id), product_id is not null))) as viewed_products
from pieces
group by session_id, piece
order by last_event_time, session_id
