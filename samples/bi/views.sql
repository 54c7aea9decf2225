-- What a shop looks at first, over the tables of samples/bi/tables. "Now" is how far the rows have come, so that an archive
-- is seen as on its last day.
--
--     psql -f samples/bi/views.sql shop

-- How far today's visitors came on each device, and a week ago.
create or replace view funnel_today as
select today.device_type, today.sessions, today.product_views, today.add_to_carts, today.checkout_starts, today.purchases,
       today.overall_conversion_rate, past.overall_conversion_rate as a_week_ago, not coalesce(today.final, false) as goes_on
from funnel as today
left join funnel as past on past.window_start = today.window_start - interval '7 days'
                            and past.device_type is not distinct from today.device_type
where today.window_start = (select max(window_start) from funnel)
order by today.sessions desc;

-- Carts of the last day that somebody has left and not come back to, the most valuable first.
create or replace view carts_to_recover as
select user_id, session_id, cart_value, jsonb_array_length(cart) as products, cart, furthest_step, last_page,
       last_event_time, state = 'abandoned' as within_the_hour
from carts
where state in ('abandoned', 'expired')
      and last_event_time > (select max(last_event_time) from carts) - interval '1 day'
order by cart_value desc nulls last, last_event_time desc;

-- Products that were looked at far less in the last day than in the one before.
create or replace view products_that_sank as
with now as (select max(window_end) as at from products),
days as (
    select product_id, category_id,
           coalesce(sum(views_1h) filter (where window_start >= at - interval '1 day'), 0) as views,
           coalesce(sum(views_1h) filter (where window_start < at - interval '1 day'), 0) as views_before,
           coalesce(sum(purchases_1h) filter (where window_start >= at - interval '1 day'), 0) as purchases,
           coalesce(sum(purchases_1h) filter (where window_start < at - interval '1 day'), 0) as purchases_before
    from products, now
    where window_start >= at - interval '2 days'
    group by product_id, category_id)
select *, round(100 * (views - views_before) / views_before, 1) as change_percent
from days
where views_before >= 20 and views * 2 <= views_before
order by views_before - views desc, product_id;

-- What is unusual and has not ended.
create or replace view incidents_open as
select device_type, incident_start, direction, current_sessions, avg_sessions, pct_deviation, peak, windows
from incidents
where state <> 'end'
order by abs(pct_deviation) desc nulls last, incident_start;
