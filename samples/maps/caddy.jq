# Caddy 2, access log as JSON (its default encoder), one request a line.
#
#     cs-parse --map-file=caddy --pages access.log
#
# Lines of other loggers are left out. The time is `ts`: seconds, or text where the configuration has
# a time_format. A request has no id: --event-id-from makes one. Sessions: --id-from=ip,user_agent.

def header($name): .request.headers[$name] // [] | .[0];
def filled: if . == "" or . == "-" then null else . end;

if .request == null or .status == null then empty else
{
  event_type: "page_view",
  event_time: .ts,
  page_url: .request.uri,
  user_id: (.user_id | filled)
} + ({
  ip: (.request.client_ip // .request.remote_ip),
  method: .request.method,
  status: .status,
  bytes: .size,
  request_time: .duration,
  vhost: .request.host,
  referrer: (header("Referer") | filled)
} | with_entries(select(.value != null)))
# As in a log of another server: there, and null where the client has sent none.
+ {user_agent: header("User-Agent")}
end
