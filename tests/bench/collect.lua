-- For wrk: POSTs of events of about 400 bytes with a browser's headers; EVENTS in the environment says how many in each.
local many = tonumber(os.getenv("EVENTS") or "1")
local number = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "text/plain;charset=UTF-8"
wrk.headers["Origin"] = "https://shop.example"
wrk.headers["Referer"] = "https://shop.example/"
wrk.headers["Accept-Language"] = "de,en-US;q=0.7,en;q=0.3"
wrk.headers["Sec-Fetch-Mode"] = "no-cors"
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"

local function event()
  number = number + 1
  return string.format('{"event_id":"%08d-9d9e-4a77-a8a5-3e4b6e7e0c11","session_id":"s%d","user_id":null,' ..
    '"event_type":"product_view","page_url":"https://shop.example/p/%d?utm_source=newsletter","referrer":' ..
    '"https://www.google.com/","product_id":"p%d","category_id":"c7","search_query":null,"device_type":"desktop",' ..
    '"event_time":"2026-01-01T00:00:00.000Z","price":12.50,"quantity":1}', number, number % 1000, number, number % 300)
end

-- Made once: wrk shares the processors with what it measures. Not before wrk has begun, as it knows no Host until then.
local ready = {}

local function make()
  local events = {}
  for k = 1, many do events[k] = event() end
  return wrk.format(nil, "/e", nil, many == 1 and events[1] or "[" .. table.concat(events, ",") .. "]")
end

request = function()
  number = number + 1
  local place = number % 500 + 1
  ready[place] = ready[place] or make()
  return ready[place]
end
