-- cs-window --size=1mo --tz=America/New_York --by=device_type --agg=events=count --agg='users=distinct(user_id)' --agg='any_cart=any(.event_type == "add_to_cart")' --agg='all_known=all(user_id)' --agg='first_three=list(product_id,3)' --agg='exact=approx_distinct(category_id)' --having='.events > 3'
select iso(start) as window_start,
       iso((start at time zone 'America/New_York' + interval '1 month') at time zone 'America/New_York') as window_end,
       device_type,
       count(*) as events,
       count(distinct user_id) as users,
       bool_or(coalesce(event_type = 'add_to_cart', false)) as any_cart,
       bool_and(user_id is not null) as all_known,
       to_json(coalesce((array_agg(product_id order by event_time, product_id)
            filter (where product_id is not null))[:3], '{}'::text[])) as first_three,
       count(distinct category_id) as exact
from events,
     lateral (select date_trunc('month', event_time at time zone 'America/New_York')
                     at time zone 'America/New_York') as at (start)
group by start, device_type
having count(*) > 3
order by start, device_type nulls first
