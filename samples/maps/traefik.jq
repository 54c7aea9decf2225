# Traefik, access log with format: json, one request a line.
#
#     cs-parse --map-file=traefik --pages access.log
#
# The browser and the referrer are there only where the configuration keeps these headers:
#
#     accessLog: {format: json, fields: {headers: {names: {User-Agent: keep, Referer: keep}}}}
#
# Lines that are no requests are left out. Duration is in nanoseconds, request_time in seconds.
# A request has no id: --event-id-from makes one. Sessions: --id-from=ip,user_agent.

def filled: if . == "" or . == "-" then null else . end;

if .RequestMethod == null then empty else
{
  event_type: "page_view",
  event_time: (.StartUTC // .StartLocal // .time),
  page_url: .RequestPath,
  user_id: (.ClientUsername | filled)
} + ({
  ip: .ClientHost,
  method: .RequestMethod,
  status: .DownstreamStatus,
  bytes: .DownstreamContentSize,
  request_time: (if .Duration == null then null else .Duration / 1e9 end),
  vhost: .RequestHost,
  referrer: (.request_Referer | filled)
} | with_entries(select(.value != null)))
+ if has("request_User-Agent") then {user_agent: (.["request_User-Agent"] | filled)} else {} end
end
