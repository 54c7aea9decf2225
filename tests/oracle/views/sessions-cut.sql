-- cs-sessionize --gap=10m --max-duration=20m
with recursive gaps as (
    select *, event_time - lag(event_time) over (partition by session_id order by event_time) as gap
    from events
    where session_id is not null),
sessions as materialized (
    select *, count(*) filter (where gap > interval '10 minutes')
                  over (partition by session_id order by event_time) as session
    from gaps),
cuts as (
    select session_id, session, min(event_time) as start
    from sessions
    group by session_id, session
    union all
    select session_id, session, next.start
    from cuts,
         lateral (
             select min(event_time) as start
             from sessions as later
             where later.session_id = cuts.session_id and later.session = cuts.session
               and later.event_time > cuts.start + interval '20 minutes') as next
    where next.start is not null),
pieces as (
    select sessions.*, (select max(start)
                        from cuts
                        where cuts.session_id = sessions.session_id and cuts.session = sessions.session
                          and cuts.start <= sessions.event_time) as piece
    from sessions)
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
