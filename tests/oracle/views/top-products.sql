-- cs-window --size=1h --by=product_id --where='.event_type == "product_view"' --agg=views=count --agg='sessions=distinct(session_id)' --order-by=-sessions --top=5
select window_start, window_end, product_id, views, sessions
from (
    select iso(start) as window_start,
           iso(start + interval '1 hour') as window_end,
           product_id,
           count(*) as views,
           count(distinct session_id) as sessions,
           row_number() over (partition by start
                              order by count(distinct session_id) desc, product_id nulls first) as place
    from events, window_start(event_time, '1 hour') as start
    where event_type = 'product_view'
    group by start, product_id) as ranked
where place <= 5
order by window_start, place
