-- cs-funnel
select toStartOfInterval(event_time, interval 10 minute) as window_start, traffic_source, device_type,
       uniqExactIf(session_id, event_type = 'page_view') as sessions,
       uniqExactIf(session_id, event_type = 'product_view') as product_views,
       uniqExactIf(session_id, event_type = 'add_to_cart') as add_to_carts,
       uniqExactIf(session_id, event_type = 'checkout_start') as checkout_starts,
       uniqExactIf(session_id, event_type = 'purchase') as purchases,
       round(purchases * 100.0 / nullIf(sessions, 0), 2) as overall_conversion_rate
from events
group by window_start, traffic_source, device_type
order by window_start, traffic_source, device_type
