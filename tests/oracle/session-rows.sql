-- What views say of each piece of a session, as :session_rows.
       iso(min(event_time)) as session_start,
       iso(max(event_time)) as last_event_time,
       seconds(max(event_time) - min(event_time)) as session_duration_seconds,
       count(*) as total_events,
       count(*) filter (where event_type = 'page_view') as page_views,
       count(*) filter (where event_type = 'product_view') as product_views,
       count(*) filter (where event_type = 'add_to_cart') as add_to_carts,
       bool_or(event_type = 'purchase') as converted,
       (coalesce(array_agg(product_id order by event_time, product_id) filter (where product_id is not null), '{}'))[:10000]
           as viewed_products,
       count(product_id) > 10000 as viewed_products_truncated
