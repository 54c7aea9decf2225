# Segment and RudderStack: one JSON call a line, names by their e-commerce specification.
#
#     cs-parse --map-file=segment calls.ndjson
#
# An order is one purchase, however many products it has: funnels and sessions count orders, and
# the revenue is the order's. What was bought stays in `products`; product_id is set where that
# is one product only. To count products instead, add --map-file=products behind this one. Segment's
# calls have no session (RudderStack's do): without one, use --id-from=anonymous_id and let
# cs-sessionize find the sessions.

def types: {
  "Products Searched": "search",
  "Product Viewed": "product_view",
  "Product Added": "add_to_cart",
  "Product Removed": "remove_from_cart",
  "Checkout Started": "checkout_start",
  "Order Completed": "purchase"
};

# The product's id, where the call is about one product.
def product: .properties
  | .product_id // .sku
    // (.products // [] | if length == 1 then .[0] | .product_id // .sku else null end);

if .type == "alias" or .type == "group" then empty else
{
  event_id: .messageId,
  session_id: (.context.sessionId // .properties.session_id),
  user_id: .userId,
  event_type: (
    if .type == "page" or .type == "screen" then "page_view"
    elif .type == "identify" then "user_identified"
    elif .event == null then null
    else types[.event] // .event end),
  page_url: (.context.page.url // .properties.url),
  product_id: product,
  category_id: (.properties.category_id // .properties.category),
  search_query: .properties.query,
  traffic_source: .context.campaign.source,
  campaign_id: (.context.campaign.id // .context.campaign.name),
  device_type: (.context.device.type
    // {"true": "mobile", "false": "desktop"}[.context.userAgentData.mobile | tostring]),
  event_time: (.timestamp // .originalTimestamp // .receivedAt)
} + ({
  anonymous_id: .anonymousId,
  price: .properties.price,
  quantity: .properties.quantity,
  currency: .properties.currency,
  order_id: .properties.order_id,
  revenue: (.properties.revenue // .properties.total),
  products: .properties.products,
  ip: .context.ip,
  user_agent: .context.userAgent,
  referrer: .context.page.referrer
} | with_entries(select(.value != null))) end
