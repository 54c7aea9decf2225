# Google Analytics 4, BigQuery export: a row of events_* as JSON, one a line.
#
#     bq extract --destination_format=NEWLINE_DELIMITED_JSON DATASET.events_20260101 gs://BUCKET/*.json
#     cs-parse --map-file=ga4 *.json
#
# event_timestamp is in microseconds, as a number or as text: BigQuery writes whole numbers as text, so quantities
# and what an order was worth are made numbers here. A ga_session_id is a number within one
# device, so session_id is user_pseudo_id and that. There is no event id: one is made of all that tells
# rows apart, its parameters and items included, because older exports and apps have nothing shorter;
# --event-id-from=event_id makes 32 digits of it. An order is one purchase, product_id is set where it
# is one product; to count products, add --map-file=products.

def types: {
  view_item: "product_view",
  begin_checkout: "checkout_start",
  view_search_results: "search",
  login: "user_identified",
  sign_up: "user_identified"
};

def param($key):
  [.event_params[]? | select(.key == $key) | .value
   | .string_value // .int_value // .double_value // .float_value][0];

def number: if type == "string" then (tonumber? // .) else . end;

def joined: if any(.[]; . == null) then null else map(tostring) | join(".") end;

def counted: if .quantity == null then . else .quantity = (.quantity | number) end;

def one_item: if (.items // [] | length) == 1 then .items[0] | counted else {} end;

{
  event_id: ([.stream_id, .user_pseudo_id, .user_id, .event_timestamp, .event_name, .event_bundle_sequence_id,
              .batch_page_id, .batch_ordering_id, .batch_event_index, .event_params, .items] | tojson),
  session_id: ([.user_pseudo_id, param("ga_session_id")] | joined),
  user_id: .user_id,
  event_type: (if .event_name == null then null else types[.event_name] // .event_name end),
  page_url: param("page_location"),
  product_id: one_item.item_id,
  category_id: one_item.item_category,
  search_query: param("search_term"),
  traffic_source: (.collected_traffic_source.manual_source // param("source")
    // .traffic_source.source),
  campaign_id: (.collected_traffic_source.manual_campaign_id
    // .collected_traffic_source.manual_campaign_name // param("campaign") // .traffic_source.name),
  device_type: .device.category,
  event_time: .event_timestamp
} + ({
  user_pseudo_id: .user_pseudo_id,
  price: one_item.price,
  quantity: one_item.quantity,
  currency: param("currency"),
  order_id: (.ecommerce.transaction_id // param("transaction_id")),
  revenue: (.ecommerce.purchase_revenue // param("value") | number),
  items: (if (.items // [] | length) > 0 then .items | map(counted) else null end),
  country: .geo.country,
  referrer: param("page_referrer")
} | with_entries(select(.value != null)))
