-- cs-window --size=1h --slide=20m --by=traffic_source --agg='spread=stddev(quantity)' --agg='middle=median(quantity)' --agg='high=quantile(quantity,0.9)' --agg='bought=stddev(price) if .event_type == "purchase"'
select iso(start) as window_start,
       iso(start + interval '1 hour') as window_end,
       traffic_source,
       trim_scale(round(stddev_samp(number(quantity)), 6)) as spread,
       trim_scale(percentile_disc(0.5) within group (order by number(quantity))) as middle,
       trim_scale(percentile_disc(0.9) within group (order by number(quantity))) as high,
       trim_scale(round(stddev_samp(number(price)) filter (where event_type = 'purchase'), 6)) as bought
from events,
     generate_series(0, 2) as hop,
     lateral (select window_start(event_time, '20 minutes') - hop * interval '20 minutes') as at (start)
group by start, traffic_source
order by start, traffic_source nulls first
