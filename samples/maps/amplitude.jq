# Amplitude, Export API: the .json.gz files of the archive, one event a line.
#
#     unzip -p export.zip | gzip -dc | cs-parse --map-file=amplitude
#
# Times are UTC, without a zone. A session_id is a number within one device (-1: none), so session_id is
# device_id and that. Names of a shop's events are those of Segment's e-commerce specification; other events keep
# their name. An order is one purchase; to count products, add --map-file=products.

def types: {
  "[Amplitude] Page Viewed": "page_view",
  "Products Searched": "search",
  "Product Viewed": "product_view",
  "Product Added": "add_to_cart",
  "Product Removed": "remove_from_cart",
  "Checkout Started": "checkout_start",
  "Order Completed": "purchase",
  "$identify": "user_identified"
};

def device: (.device_type // .device_family // "" | ascii_downcase) as $device
  | if $device | test("ipad|tablet") then "tablet"
    elif .platform == "iOS" or .platform == "Android" or ($device | test("iphone|android|phone")) then "mobile"
    elif $device | test("windows|mac|linux|chrome os|chromebook") then "desktop"
    else null end;

(.event_properties // {}) as $e
| (.user_properties // {}) as $u
| ($e.products // [] | if type == "array" and length == 1 then .[0] else {} end) as $only
| {
  event_id: (.uuid // ([.device_id, .["$insert_id"], .event_id, .event_type, .event_time] | tojson)),
  session_id: (if .session_id == null or .session_id == -1 then null else "\(.device_id).\(.session_id)" end),
  user_id: .user_id,
  event_type: (if .event_type == null then null else types[.event_type] // .event_type end),
  page_url: ($e["[Amplitude] Page URL"] // $e["[Amplitude] Page Location"] // $e.page_url),
  product_id: ($e.product_id // $e.sku // $only.product_id // $only.sku),
  category_id: ($e.category // $only.category),
  search_query: $e.query,
  traffic_source: ($e.utm_source // $u.utm_source),
  campaign_id: ($e.utm_campaign // $u.utm_campaign),
  device_type: device,
  event_time: (.event_time | if type == "string" and (test("(Z|[+-][0-9]{2}:?[0-9]{2})$") | not) then . + "Z" else . end)
} + ({
  device_id: .device_id,
  price: ($e.price // $only.price),
  quantity: ($e.quantity // $only.quantity),
  currency: $e.currency,
  order_id: $e.order_id,
  revenue: ($e.revenue // $e["$revenue"]),
  products: (if $e.products | length > 1 then $e.products else null end),
  ip: .ip_address,
  country: .country,
  referrer: ($e.referrer // $u.referrer)
} | with_entries(select(.value != null)))
