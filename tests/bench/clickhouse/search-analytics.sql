-- cs-window --view=search-analytics
select toStartOfHour(event_time) as window_start, lowerUTF8(search_query) as search_term,
       count() as search_count,
       uniqExact(session_id) as unique_sessions
from events
where event_type = 'search' and search_query is not null
group by window_start, search_term
order by window_start, search_count desc, search_term
