# PostHog, batch export of events: JSON Lines, or rows of a warehouse as JSON.
#
#     cs-parse --map-file=posthog events.jsonl
#
# properties may be an object or its text. Names of a shop's events are those of PostHog's and Segment's
# e-commerce specification; other events keep their name. user_id is the distinct_id of whom the site has
# identified. An order is one purchase; to count products, add --map-file=products.

def types: {
  "$pageview": "page_view",
  "$screen": "page_view",
  "$identify": "user_identified",
  "Products Searched": "search",
  "Product Viewed": "product_view",
  "Product Added": "add_to_cart",
  "Product Removed": "remove_from_cart",
  "Checkout Started": "checkout_start",
  "Order Completed": "purchase"
};

# ClickHouse and some warehouses write times without their zone, UTC.
def utc: if type == "string" and (test("(Z|[+-][0-9]{2}:?[0-9]{2}| UTC)$") | not) then . + "Z" else . end;

(.properties | if type == "string" then fromjson else . // {} end) as $p
| ($p.products // [] | if length == 1 then .[0] else {} end) as $only
| {
  event_id: .uuid,
  session_id: $p["$session_id"],
  user_id: (if .distinct_id == $p["$device_id"] or $p["$is_identified"] == false then null else .distinct_id end),
  event_type: (if .event == null then null else types[.event] // .event end),
  page_url: $p["$current_url"],
  product_id: ($p.product_id // $p.sku // $only.product_id // $only.sku),
  category_id: ($p.category // $only.category),
  search_query: $p.query,
  traffic_source: ($p.utm_source // $p["$utm_source"]),
  campaign_id: ($p.utm_campaign // $p["$utm_campaign"]),
  device_type: ($p["$device_type"] | if . == null then null else ascii_downcase end),
  event_time: (.timestamp | utc)
} + ({
  anonymous_id: ($p["$device_id"] // .distinct_id),
  price: ($p.price // $only.price),
  quantity: ($p.quantity // $only.quantity),
  currency: $p.currency,
  order_id: $p.order_id,
  revenue: ($p.revenue // (if .event == "Order Completed" then $p.total else null end)),
  products: (if $p.products | length > 1 then $p.products else null end),
  ip: ($p["$ip"] // .ip),
  user_agent: ($p["$raw_user_agent"] // $p["$user_agent"]),
  referrer: ($p["$referrer"] | if . == "$direct" then null else . end)
} | with_entries(select(.value != null)))
