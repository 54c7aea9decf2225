-- cs-abandon --after=5m --until=10m --forget=20m
-- A life ends where the id is silent for longer than --forget, a spell where it is for longer than --after.
with gaps as (
    select *, event_time - lag(event_time) over (partition by session_id order by event_time) as gap
    from events
    where session_id is not null),
spells as (
    select *,
           count(*) filter (where gap > interval '20 minutes')
               over (partition by session_id order by event_time) as life,
           count(*) filter (where gap > interval '5 minutes')
               over (partition by session_id order by event_time) as spell
    from gaps),
silences as (
    select session_id, life, spell, max(event_time) as last_event_time
    from spells
    group by session_id, life, spell
    having max(event_time) + interval '5 minutes' < (select max(event_time) from events)),
known as (
    select silences.*, heard.*, row_number() over (partition by session_id, life order by spell) as alert
    from silences,
         lateral (
             select (array_agg(user_id order by event_time desc, user_id desc)
                         filter (where user_id is not null))[1] as user_id,
                    count(*) filter (where event_type = 'add_to_cart') as add_to_carts
             from spells
             where spells.session_id = silences.session_id and spells.life = silences.life
               and spells.spell <= silences.spell
             having bool_or(event_type = 'add_to_cart') and not bool_or(event_type = 'purchase')) as heard)
select session_id,
       user_id,
       iso(last_event_time) as last_event_time,
       add_to_carts,
       false as converted,
       300 as idle_seconds,
       iso(last_event_time + interval '5 minutes') as abandoned_at
from known
where alert = 1
order by known.last_event_time, session_id
