-- cs-sessionize --gap=none --split-by=session_id,user_id,traffic_source,device_type
with pieces as (select * from events where session_id is not null)
select session_id, user_id, traffic_source, device_type,
       :session_rows
from pieces
group by session_id, user_id, traffic_source, device_type
order by max(event_time), session_id, user_id nulls first, traffic_source nulls first, device_type nulls first
