-- cs-window --view=product-performance
select time_bucket(interval '1 hour', event_time) as window_start, product_id, category_id,
       count(*) filter (event_type = 'product_view') as views_1h,
       count(*) filter (event_type = 'add_to_cart') as add_to_carts_1h,
       count(*) filter (event_type = 'purchase') as purchases_1h,
       round(purchases_1h * 100.0 / nullif(views_1h, 0), 2) as view_to_purchase_rate
from events
where product_id is not null
group by all
order by window_start, product_id, category_id
