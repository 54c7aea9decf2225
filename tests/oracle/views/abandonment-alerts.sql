-- cs-abandon --emptied= --after=5m --until=10m --forget=20m
-- The reference knows no emptied carts; that rule has its own model (tests/differential/carts.py).
-- A life ends where the id is silent for longer than --forget, a spell where it is for longer than --after. The alert
-- of a life comes after its first spell that leaves a cart, by all that is known of that life then.
with gaps as (
    select *, event_time - lag(event_time) over (partition by session_id order by event_time) as gap
    from events
    where session_id is not null),
numbered as (
    select *,
           count(*) filter (where gap > interval '20 minutes')
               over (partition by session_id order by event_time) as life,
           count(*) filter (where gap > interval '5 minutes')
               over (partition by session_id order by event_time) as spell
    from gaps),
spells as (
    select session_id, life, spell,
           min(min(event_time)) over (partition by session_id, life) as born,
           max(event_time) as last_event_time
    from numbered
    group by session_id, life, spell),
alerts as (
    select *, row_number() over (partition by session_id, life order by spell) as number
    from spells,
         lateral (
             select (array_agg(user_id order by event_time desc, user_id desc)
                         filter (where user_id is not null))[1] as user_id,
                    count(*) filter (where event_type = 'add_to_cart') as add_to_carts
             from events
             where events.session_id = spells.session_id and event_time between born and last_event_time
             having bool_or(event_type = 'add_to_cart') and not bool_or(event_type = 'purchase')) as known
    where last_event_time + interval '5 minutes' < (select max(event_time) from events))
select session_id,
       user_id,
       iso(alerts.last_event_time) as last_event_time,
       add_to_carts,
       false as converted,
       300 as idle_seconds,
       iso(alerts.last_event_time + interval '5 minutes') as abandoned_at
from alerts
where number = 1
order by alerts.last_event_time, session_id
