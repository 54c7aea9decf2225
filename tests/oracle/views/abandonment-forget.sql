-- cs-abandon --emptied= --id=user_id --after=2m --until=30m --forget=40m --at=2026-01-01T02:45:00Z
-- The reference knows no emptied carts; that rule has its own model (tests/differential/carts.py).
-- What was in the cart before a silence of more than --forget does not count any more.
with gaps as (
    select *, event_time - lag(event_time) over (partition by user_id order by event_time) as gap
    from events
    where user_id is not null and event_time <= timestamptz '2026-01-01T02:45:00Z'),
lives as (
    select *, count(*) filter (where gap > interval '40 minutes')
                  over (partition by user_id order by event_time) as life
    from gaps),
latest as (select *, max(life) over (partition by user_id) as last_life from lives)
select user_id,
       iso(max(event_time)) as last_event_time,
       count(*) filter (where event_type = 'add_to_cart') as add_to_carts,
       bool_or(event_type = 'purchase') as converted,
       seconds(timestamptz '2026-01-01T02:45:00Z' - max(event_time)) as idle_seconds,
       iso(max(event_time) + interval '2 minutes') as abandoned_at
from latest
where life = last_life
group by user_id
having bool_or(event_type = 'add_to_cart') and not bool_or(event_type = 'purchase')
   and max(event_time) + interval '2 minutes' < timestamptz '2026-01-01T02:45:00Z'
   and max(event_time) + interval '30 minutes' > timestamptz '2026-01-01T02:45:00Z'
order by max(event_time), user_id
