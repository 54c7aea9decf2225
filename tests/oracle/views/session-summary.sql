-- cs-sessionize
with gaps as (
    select *, event_time - lag(event_time) over (partition by session_id order by event_time) as gap
    from events
    where session_id is not null),
pieces as (
    select *, count(*) filter (where gap > interval '30 minutes')
                  over (partition by session_id order by event_time) as piece
    from gaps)
select session_id,
       (array_agg(user_id order by event_time desc, user_id desc) filter (where user_id is not null))[1] as user_id,
       (array_agg(traffic_source order by event_time, traffic_source)
            filter (where traffic_source is not null))[1] as traffic_source,
       (array_agg(device_type order by event_time, device_type)
            filter (where device_type is not null))[1] as device_type,
       :session_rows
from pieces
group by session_id, piece
order by max(event_time), session_id, min(event_time)
