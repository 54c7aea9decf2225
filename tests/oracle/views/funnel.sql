-- cs-funnel
select iso(start) as window_start,
       iso(start + interval '10 minutes') as window_end,
       traffic_source,
       device_type,
       count(distinct session_id) filter (where event_type = 'page_view') as sessions,
       count(distinct session_id) filter (where event_type = 'product_view') as product_views,
       count(distinct session_id) filter (where event_type = 'add_to_cart') as add_to_carts,
       count(distinct session_id) filter (where event_type = 'checkout_start') as checkout_starts,
       count(distinct session_id) filter (where event_type = 'purchase') as purchases,
       rate(count(distinct session_id) filter (where event_type = 'purchase'),
            count(distinct session_id) filter (where event_type = 'page_view')) as overall_conversion_rate
from events, window_start(event_time, '10 minutes') as start
group by start, traffic_source, device_type
order by start, traffic_source nulls first, device_type nulls first
