# Matomo, visits of Live.getLastVisitsDetails (format=JSON): an array, or one visit a line. A visit is several events.
#
#     cs-parse --map-file=matomo visits.json
#
# Pages, searches and orders are events of ours; Matomo's events have their action as type, all others (download,
# outlink, goal, ecommerceAbandonedCart) the type that Matomo gives them. An order is one purchase; to count
# products, add --map-file=products.

def text: if . == null or . == "" or . == false then null else tostring end;
def devices: {Desktop: "desktop", Smartphone: "mobile", "Feature phone": "mobile", Phablet: "mobile", Tablet: "tablet",
  Television: "tv"};

(if type == "array" then .[] else . end) as $visit
| ($visit.actionDetails // [])[]
| [(.itemDetails // [])[] | {
    product_id: .itemSKU, category: (.itemCategory | text), price: .price, quantity: .quantity
  } | with_entries(select(.value != null))] as $products
| (if ($products | length) == 1 then $products[0] else {} end) as $only
| {
  event_id: ([$visit.idSite, $visit.idVisit, .type, .timestamp, .pageId, .idpageview, .url, .siteSearchKeyword,
      .eventCategory, .eventAction, .eventName, .goalId, .orderId, .revenue] | tojson),
  session_id: ($visit.idVisit | text),
  user_id: ($visit.userId | text),
  event_type: (
    if .type == "action" then if .productViewSku | text then "product_view" else "page_view" end
    elif .type == "search" then "search"
    elif .type == "ecommerceOrder" then "purchase"
    elif .type == "event" then .eventAction // .type
    else .type end),
  page_url: (.url | text),
  product_id: (.productViewSku | text // $only.product_id),
  category_id: (.productViewCategory | text // $only.category),
  search_query: (.siteSearchKeyword | text),
  traffic_source: ($visit | (.campaignSource | text) // (.referrerName | text) // (.referrerType | text)),
  campaign_id: ($visit | (.campaignId | text) // (.campaignName | text)
    // if .referrerType == "campaign" then .referrerName | text else null end),
  device_type: (devices[$visit.deviceType // ""] // ($visit.deviceType | text)),
  event_time: .timestamp
} + ({
  visitor_id: $visit.visitorId,
  price: (.productViewPrice // $only.price),
  quantity: $only.quantity,
  order_id: (.orderId | text),
  revenue: (if .type == "ecommerceOrder" then .revenue else null end),
  products: (if ($products | length) > 1 then $products else null end),
  ip: $visit.visitIp,
  country: ($visit.countryCode | text),
  referrer: ($visit.referrerUrl | text)
} | with_entries(select(.value != null)))
