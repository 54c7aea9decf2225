-- cs-funnel --size=1h --by= --id=user_id --step='looks=.event_type == "product_view" or .event_type == "search"' --step='buys=.event_type == "purchase"'
select iso(start) as window_start,
       iso(start + interval '1 hour') as window_end,
       count(distinct user_id) filter (where event_type in ('product_view', 'search')) as looks,
       count(distinct user_id) filter (where event_type = 'purchase') as buys,
       rate(count(distinct user_id) filter (where event_type = 'purchase'),
            count(distinct user_id) filter (where event_type in ('product_view', 'search')))
           as overall_conversion_rate
from events, window_start(event_time, '1 hour') as start
group by start
order by start
