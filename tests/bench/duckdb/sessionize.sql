-- cs-sessionize --gap=30m
with gaps as (
    select *, event_time - lag(event_time) over (partition by session_id order by event_time) > interval '30 minutes' as after_gap
    from events
    where session_id is not null),
pieces as (
    select *, count(*) filter (after_gap) over (partition by session_id order by event_time) as piece
    from gaps)
select session_id,
       arg_max(user_id, event_time) as user_id,
       arg_min(traffic_source, event_time) as traffic_source,
       arg_min(device_type, event_time) as device_type,
       min(event_time) as session_start,
       max(event_time) as last_event_time,
       epoch_ms(max(event_time) - min(event_time)) / 1000 as session_duration_seconds,
       count(*) as total_events,
       count(*) filter (event_type = 'page_view') as page_views,
       count(*) filter (event_type = 'product_view') as product_views,
       count(*) filter (event_type = 'add_to_cart') as add_to_carts,
       bool_or(event_type = 'purchase') as converted,
       list(product_id order by event_time, product_id) filter (product_id is not null) as viewed_products
from pieces
group by session_id, piece
order by last_event_time, session_id
