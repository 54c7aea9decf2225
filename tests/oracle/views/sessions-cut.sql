-- cs-sessionize --gap=10m --max-duration=20m
-- A part begins with its session, or with the first event that is too late for the part before.
with recursive gaps as (
    select *, event_time - lag(event_time) over (partition by session_id order by event_time) as gap
    from events
    where session_id is not null),
numbered as (
    select *, count(*) filter (where gap > interval '10 minutes')
                  over (partition by session_id order by event_time) as session
    from gaps),
sessions as (
    select session_id, min(event_time) as start, max(event_time) as stop
    from numbered
    group by session_id, session),
parts as (
    select session_id, start, stop
    from sessions
    union all
    select session_id, next.start, stop
    from parts,
         lateral (
             select min(event_time) as start
             from events
             where events.session_id = parts.session_id and events.event_time <= parts.stop
               and events.event_time > parts.start + interval '20 minutes') as next
    where next.start is not null),
spans as (
    select session_id, start, lead(start) over (partition by session_id order by start) as next_start from parts),
pieces as (
    select events.*, start
    from events
    join spans on spans.session_id = events.session_id and event_time >= start
               and (next_start is null or event_time < next_start))
select session_id,
       (array_agg(user_id order by event_time desc, user_id desc) filter (where user_id is not null))[1] as user_id,
       (array_agg(traffic_source order by event_time, traffic_source)
            filter (where traffic_source is not null))[1] as traffic_source,
       (array_agg(device_type order by event_time, device_type)
            filter (where device_type is not null))[1] as device_type,
       :session_rows
from pieces
group by session_id, start
order by max(event_time), session_id, start
