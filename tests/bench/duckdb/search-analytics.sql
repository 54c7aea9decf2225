-- cs-window --view=search-analytics
select time_bucket(interval '1 hour', event_time) as window_start, lower(search_query) as search_term,
       count(*) as search_count,
       count(distinct session_id) as unique_sessions
from events
where event_type = 'search' and search_query is not null
group by all
order by window_start, search_count desc, search_term
