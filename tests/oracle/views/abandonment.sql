-- cs-abandon --emptied= --at=2026-01-01T03:00:00Z
-- The reference knows no emptied carts; that rule has its own model (tests/differential/carts.py).
with gaps as (
    select *, event_time - lag(event_time) over (partition by session_id order by event_time) as gap
    from events
    where session_id is not null and event_time <= timestamptz '2026-01-01T03:00:00Z'),
lives as (
    select *, count(*) filter (where gap > interval '24 hours')
                  over (partition by session_id order by event_time) as life
    from gaps)
select session_id,
       (array_agg(user_id order by event_time desc, user_id desc) filter (where user_id is not null))[1] as user_id,
       iso(max(event_time)) as last_event_time,
       count(*) filter (where event_type = 'add_to_cart') as add_to_carts,
       bool_or(event_type = 'purchase') as converted,
       seconds(timestamptz '2026-01-01T03:00:00Z' - max(event_time)) as idle_seconds,
       iso(max(event_time) + interval '15 minutes') as abandoned_at
from lives
group by session_id, life
having bool_or(event_type = 'add_to_cart') and not bool_or(event_type = 'purchase')
   and max(event_time) + interval '15 minutes' < timestamptz '2026-01-01T03:00:00Z'
   and max(event_time) + interval '60 minutes' > timestamptz '2026-01-01T03:00:00Z'
order by max(event_time), session_id
