# nginx with a log_format that is JSON: members called like nginx's variables.
#
#     log_format json escape=json '{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr",'
#       '"remote_user":"$remote_user","request_method":"$request_method","request_uri":"$request_uri",'
#       '"status":$status,"body_bytes_sent":$body_bytes_sent,"request_time":$request_time,'
#       '"http_referer":"$http_referer","http_user_agent":"$http_user_agent","request_id":"$request_id"}';
#
#     cs-parse --map-file=nginx-json --pages access.json
#
# Without escape=json, nginx writes \x22 for a quote, which is not JSON: --repair=escapes reads that.
# Members with other names: paste the format as it is, cs-parse --log-format='{"when":"$time_iso8601",...'.
# $request_id is the event's id; $msec, $time_iso8601 and $time_local are times.

def filled: if . == "" or . == "-" then null else . end;
# $request: "GET /path HTTP/1.1"
def request($at): .request | filled | if . == null then null else split(" ")[$at] end;
# $time_local: 07/Jan/2026:10:00:00 +0100
def local: filled | if . == null then null else
  (capture("^(?<d>[0-9]+)/(?<m>[A-Z][a-z]+)/(?<y>[0-9]+):(?<t>[0-9:]+) (?<z>[+-][0-9]+)$") // null) as $part
  | if $part == null then . else
    ({Jan: "01", Feb: "02", Mar: "03", Apr: "04", May: "05", Jun: "06", Jul: "07", Aug: "08", Sep: "09", Oct: "10",
      Nov: "11", Dec: "12"}[$part.m] // $part.m) as $month
    | "\($part.y)-\($month)-\($part.d)T\($part.t)\($part.z)" end end;
def number: filled | if type == "string" then (tonumber? // .) else . end;

{
  event_id: (.request_id | filled),
  event_type: "page_view",
  event_time: (.msec // .time_iso8601 // (.time_local | local) // .["@timestamp"] // .timestamp // .time),
  page_url: (.request_uri // request(1) // .uri),
  user_id: (.remote_user | filled)
} + ({
  ip: (.remote_addr | filled),
  forwarded_for: (.http_x_forwarded_for | filled),
  method: (.request_method // request(0)),
  status: (.status | number),
  bytes: (.body_bytes_sent // .bytes_sent | number),
  request_time: (.request_time | number),
  vhost: (.http_host // .host // .server_name | filled),
  referrer: (.http_referer | filled)
} | with_entries(select(.value != null)))
+ {user_agent: (.http_user_agent | filled)}
