-- cs-window --view=search-analytics
select iso(start) as window_start,
       iso(start + interval '1 hour') as window_end,
       lower(search_query) as search_term,
       count(*) as search_count,
       count(distinct session_id) as unique_sessions
from events, window_start(event_time, '1 hour') as start
where event_type = 'search' and search_query is not null
group by start, lower(search_query)
order by start, search_count desc, search_term
