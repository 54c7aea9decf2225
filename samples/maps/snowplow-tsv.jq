# Snowplow, enriched events: TSV of 131 columns without a header line. Their names are in
# snowplow-tsv.header, in order; fields hold JSON, so quotes are ordinary characters.
#
#     cs-parse --from=csv --delimiter='\t' --no-quotes --header="$(cat snowplow-tsv.header)" \
#         --map-file=snowplow-tsv enriched.tsv
#
# Understood are page views, the e-commerce plugin (snowplow_ecommerce_action), the older
# add_to_cart, remove_from_cart and transaction events, and site_search; other events keep their
# name, structured ones their action. Lines of an older transaction (transaction_item) are not
# events of their own: they are left out. An event with several products is one event with `products`
# and no product_id, which views and rates of products do not see: add --map-file=products behind this
# one for an event a product.

def parsed: if . == null then null else fromjson end;

# The data of every entity of that name.
def entities($name):
  [((.contexts, .derived_contexts) | parsed | .data[]?)
   | select(.schema | contains("/" + $name + "/jsonschema/")) | .data];

def types: {
  page_ping: "page_ping",
  transaction: "purchase",
  site_search: "search"
};

# Nothing between two tabs is nothing, also where it was read as text (--from=tsv --no-quotes).
with_entries(if .value == "" then .value = null else . end) |
if .event == "transaction_item" then empty else
  (.unstruct_event | parsed | .data.data // {}) as $own
  | entities("product") as $products
  | entities("transaction")[0] as $order
  | entities("checkout_step")[0] as $step
  | (if ($products | length) == 1 then $products[0] else {} end) as $product
  | (if .event == "struct" then .se_action
     elif .event_name == "snowplow_ecommerce_action" then $own.type
     else .event_name // .event end) as $name
  | {
    event_id: .event_id,
    session_id: .domain_sessionid,
    user_id: .user_id,
    event_type: (
      if $name == null then null
      elif $name == "checkout_step" and ($step.step // 1) == 1 then "checkout_start"
      else types[$name] // $name end),
    page_url: .page_url,
    product_id: ($product.id // $own.sku),
    category_id: ($product.category // $own.category),
    search_query: ($own.terms // null | if type == "array" then join(" ") else . end),
    traffic_source: (.mkt_source // .refr_source),
    campaign_id: .mkt_campaign,
    device_type: ({"Computer": "desktop", "Mobile": "mobile", "Tablet": "tablet"}[.dvce_type // ""]
      // .dvce_type),
    event_time: (.derived_tstamp // .collector_tstamp | if . == null then . else . + "Z" end)
  } + ({
    domain_userid: .domain_userid,
    price: ($product.price // $own.unitPrice),
    quantity: ($product.quantity // $own.quantity),
    currency: ($order.currency // $product.currency // $own.currency // .tr_currency),
    order_id: ($order.transaction_id // .tr_orderid),
    revenue: ($order.revenue // .tr_total),
    products: (if ($products | length) > 1 then $products else null end),
    country: .geo_country,
    referrer: .page_referrer,
    user_agent: .useragent
  } | with_entries(select(.value != null)))
end
