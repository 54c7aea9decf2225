-- cs-window --view=product-performance
select toStartOfHour(event_time) as window_start, product_id, category_id,
       countIf(event_type = 'product_view') as views_1h,
       countIf(event_type = 'add_to_cart') as add_to_carts_1h,
       countIf(event_type = 'purchase') as purchases_1h,
       round(purchases_1h * 100.0 / nullIf(views_1h, 0), 2) as view_to_purchase_rate
from events
where product_id is not null
group by window_start, product_id, category_id
order by window_start, product_id, category_id
