-- cs-window --view=product-performance
select iso(start) as window_start,
       iso(start + interval '1 hour') as window_end,
       product_id,
       category_id,
       count(*) filter (where event_type = 'product_view') as views_1h,
       count(*) filter (where event_type = 'add_to_cart') as add_to_carts_1h,
       count(*) filter (where event_type = 'purchase') as purchases_1h,
       rate(count(*) filter (where event_type = 'purchase'),
            count(*) filter (where event_type = 'product_view')) as view_to_purchase_rate
from events, window_start(event_time, '1 hour') as start
where product_id is not null
group by start, product_id, category_id
order by start, product_id, category_id nulls first
