-- cs-window --size=1h --slide=15m --offset=5m --by=event_type,campaign_id --agg=events=count --agg='users=distinct(user_id)' --agg='buyers=distinct(session_id) if .event_type == "purchase"' --agg='items=sum(quantity)'
select iso(start) as window_start,
       iso(start + interval '1 hour') as window_end,
       event_type,
       campaign_id,
       count(*) as events,
       count(distinct user_id) as users,
       count(distinct session_id) filter (where event_type = 'purchase') as buyers,
       trim_scale(sum(number(quantity))) as items
from events,
     generate_series(0, 3) as hop,
     lateral (select window_start(event_time, '15 minutes', '5 minutes') - hop * interval '15 minutes') as at (start)
group by start, event_type, campaign_id
order by start, event_type, campaign_id nulls first
