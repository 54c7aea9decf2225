-- cs-funnel
select time_bucket(interval '10 minutes', event_time) as window_start, traffic_source, device_type,
       count(distinct session_id) filter (event_type = 'page_view') as sessions,
       count(distinct session_id) filter (event_type = 'product_view') as product_views,
       count(distinct session_id) filter (event_type = 'add_to_cart') as add_to_carts,
       count(distinct session_id) filter (event_type = 'checkout_start') as checkout_starts,
       count(distinct session_id) filter (event_type = 'purchase') as purchases,
       round(purchases * 100.0 / nullif(sessions, 0), 2) as overall_conversion_rate
from events
group by all
order by all
