-- From lines to events.
truncate received;
insert into received
select n, event.*
from delivered,
     json_to_record(line::json) as event (
         event_id text, session_id text, user_id text, event_type text, page_url text, product_id text,
         category_id text, search_query text, traffic_source text, campaign_id text, device_type text,
         event_time timestamptz, price json, quantity json, currency text);
