# Umami, export of a website's data: website_event.csv.
#
#     cs-parse --from=csv --map-file=umami website_event.csv
#
# Umami's session is a visitor for a month or so; session_id is its visit. Events of one's own keep their name: call
# them add_to_cart, purchase and so on. Times are UTC, without a zone.

def filled: if . == "" or . == "\\N" then null else . end;
# /path?query, with https://host before it where the host is known.
def url($host; $path; $query): ($path | filled) as $p | ($query | filled) as $q | ($host | filled) as $h
  | if $p == null and $h == null then null
    else (if $h == null then "" else "https://\($h)" end) + ($p // "/") + (if $q == null then "" else "?\($q)" end) end;

{
  event_id: .event_id,
  session_id: (.visit_id | filled),
  user_id: (.distinct_id | filled),
  event_type: (.event_name | filled // "page_view"),
  page_url: url(.hostname; .url_path; .url_query),
  traffic_source: (.utm_source | filled),
  campaign_id: (.utm_campaign | filled),
  device_type: (.device | filled | if . == "laptop" then "desktop" else . end),
  event_time: (.created_at | if . == null or test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then . else . + "Z" end)
} + ({
  visitor_id: (.session_id | filled),
  country: (.country | filled),
  referrer: url(.referrer_domain; if .referrer_domain | filled then .referrer_path else null end; .referrer_query)
} | with_entries(select(.value != null)))
