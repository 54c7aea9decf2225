-- cs-window --size=30m --by=device_type --agg=events=count --agg='carts=count if .event_type == "add_to_cart"' --agg='share=percent(carts,events)' --agg='low=min(price)' --agg='high=max(price)' --agg='total=sum(price)' --agg='mean=avg(price)' --agg='bought=sum(quantity) if .event_type == "purchase"' --agg='revenue=sum(.price * .quantity) if .event_type == "purchase"' --agg='first_product=first(product_id)' --agg='last_user=last(user_id)' --agg='low_term=min(search_query)' --agg='high_url=max(page_url)' --agg='last_cart=last(product_id) if .event_type == "add_to_cart"'
select iso(start) as window_start,
       iso(start + interval '30 minutes') as window_end,
       device_type,
       count(*) as events,
       count(*) filter (where event_type = 'add_to_cart') as carts,
       rate(count(*) filter (where event_type = 'add_to_cart'), count(*)) as share,
       (array_agg(price order by kind(price), number(price), price::text) filter (where price is not null))[1] as low,
       (array_agg(price order by kind(price) desc, number(price) desc, price::text desc)
            filter (where price is not null))[1] as high,
       trim_scale(sum(number(price))) as total,
       trim_scale(round(avg(number(price)), 6)) as mean,
       trim_scale(sum(number(quantity)) filter (where event_type = 'purchase')) as bought,
       trim_scale(sum(round(exact(double(price) * double(quantity)), 9)) filter (where event_type = 'purchase'))
           as revenue,
       (array_agg(product_id order by event_time, product_id)
            filter (where product_id is not null))[1] as first_product,
       (array_agg(user_id order by event_time desc, user_id desc) filter (where user_id is not null))[1] as last_user,
       min(search_query) as low_term,
       max(page_url) as high_url,
       (array_agg(product_id order by event_time desc, product_id desc)
            filter (where product_id is not null and event_type = 'add_to_cart'))[1] as last_cart
from events, window_start(event_time, '30 minutes') as start
group by start, device_type
order by start, device_type nulls first
