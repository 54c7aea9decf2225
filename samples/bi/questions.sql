-- Questions for Metabase or any other tool that takes SQL, over the tables of samples/bi/tables. Each ends with a semicolon.

-- What did each source bring in, day by day?
select date_trunc('day', session_start) as day, coalesce(traffic_source, 'none') as source, count(*) as sessions,
       count(*) filter (where converted) as with_purchase, coalesce(sum(revenue), 0) as revenue
from sessions
group by day, source
order by day, revenue desc, source;

-- Which pages do people come in by, and how many go away at once?
select entry_page, count(*) as sessions, round(100.0 * count(*) filter (where bounce) / count(*), 1) as bounced_percent,
       round(100.0 * count(*) filter (where converted) / count(*), 2) as converted_percent
from sessions
where entry_page is not null
group by entry_page
having count(*) >= 20
order by sessions desc, entry_page
limit 50;

-- On which device do people give up, and at which step?
select device_type, sum(sessions) as sessions,
       round(100 * sum(product_views) / nullif(sum(sessions), 0), 1) as saw_a_product_percent,
       round(100 * sum(add_to_carts) / nullif(sum(product_views), 0), 1) as of_these_added_percent,
       round(100 * sum(checkout_starts) / nullif(sum(add_to_carts), 0), 1) as of_these_to_checkout_percent,
       round(100 * sum(purchases) / nullif(sum(checkout_starts), 0), 1) as of_these_bought_percent
from funnel
group by device_type
order by sessions desc;

-- How much money lies in carts, by how far they came?
select date_trunc('day', episode) as day, furthest_step, state, count(*) as carts, sum(cart_value) as value
from carts
group by day, furthest_step, state
order by day, furthest_step, state;

-- On which visit do people buy?
select least(session_number, 10) as visit, count(*) as sessions, count(*) filter (where converted) as with_purchase
from sessions
group by visit
order by visit;

-- Which products are looked at and not bought?
select product_id, category_id, sum(views_1h) as views, sum(add_to_carts_1h) as carts, sum(purchases_1h) as purchases
from products
group by product_id, category_id
having sum(views_1h) >= 20 and sum(purchases_1h) * 100 < sum(views_1h)
order by views desc, product_id
limit 50;
