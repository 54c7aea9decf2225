# Cloudflare Logpush, dataset http_requests, as NDJSON.
#
#     cs-parse --map-file=cloudflare --pages *.log.gz
#
# The fields it reads, for the job's output_options: RayID, EdgeStartTimestamp, ClientIP, ClientRequestHost,
# ClientRequestMethod, ClientRequestURI, ClientRequestReferer, ClientRequestUserAgent, ClientRequestSource,
# ClientDeviceType, ClientCountry, EdgeResponseStatus, EdgeResponseBytes. Times may be in any format.
# Requests that Cloudflare's own services make are left out. Sessions: --id-from=ip,user_agent.

def filled: if . == "" then null else . end;

if (.ClientRequestSource | filled // "eyeball") != "eyeball" then empty else
{
  event_id: .RayID,
  event_type: "page_view",
  event_time: .EdgeStartTimestamp,
  page_url: .ClientRequestURI,
  device_type: (.ClientDeviceType | filled)
} + ({
  ip: .ClientIP,
  method: .ClientRequestMethod,
  status: .EdgeResponseStatus,
  bytes: .EdgeResponseBytes,
  vhost: .ClientRequestHost,
  country: (.ClientCountry | filled),
  referrer: (.ClientRequestReferer | filled)
} | with_entries(select(.value != null)))
+ if has("ClientRequestUserAgent") then {user_agent: (.ClientRequestUserAgent | filled)} else {} end
end
