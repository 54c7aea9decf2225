-- cs-parse --where='.event_type == "search" or .event_type == "add_to_cart"' | sed -E 's/,"(price|quantity|currency|more)":.*/}/'
select event_id, session_id, user_id, event_type, page_url, product_id, category_id, search_query, traffic_source,
       campaign_id, device_type, iso(event_time) as event_time
from events
where event_type in ('search', 'add_to_cart')
order by n
