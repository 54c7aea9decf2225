# Shopify, events of the Web Pixels API as a pixel gets them (analytics.subscribe), one JSON object a line.
#
#     cs-parse --map-file=shopify-pixel --id-from=client_id pixel.ndjson
#
# Shopify gives a client, not a session: --id-from=client_id and cs-sessionize find the sessions. An order is one
# purchase; product_id is set where it is one product. To count products, add --map-file=products.

def types: {
  page_viewed: "page_view",
  product_viewed: "product_view",
  product_added_to_cart: "add_to_cart",
  product_removed_from_cart: "remove_from_cart",
  checkout_started: "checkout_start",
  checkout_completed: "purchase",
  search_submitted: "search"
};

# A variant of a product, and how many of it.
def line($variant; $quantity; $price): $variant | {
  product_id: .product.id,
  variant_id: .id,
  category: .product.type,
  price: ($price // .price.amount),
  quantity: $quantity
} | with_entries(select(.value != null));

(.data // {}) as $data
| [
    ($data.productVariant // empty | line(.; null; null)),
    ($data.cartLine // empty | line(.merchandise; .quantity; null)),
    ($data.checkout.lineItems[]? | line(.variant; .quantity; null))
  ] as $products
| (if ($products | length) == 1 then $products[0] else {} end) as $product
| $data.checkout as $checkout
| {
  event_id: (.id // ([.clientId, .name, .timestamp, .seq, .data] | tojson)),
  user_id: ($checkout.order.customer.id // .customer.id),
  event_type: (if .name == null then null else types[.name] // .name end),
  page_url: .context.document.location.href,
  product_id: $product.product_id,
  category_id: $product.category,
  search_query: $data.searchResult.query,
  event_time: .timestamp
} + ({
  client_id: .clientId,
  price: $product.price,
  quantity: $product.quantity,
  currency: ($checkout.currencyCode // $data.productVariant.price.currencyCode
    // $data.cartLine.cost.totalAmount.currencyCode),
  order_id: ($checkout.order.id // $checkout.token),
  revenue: (if .name == "checkout_completed" then $checkout.totalPrice.amount else null end),
  products: (if ($products | length) > 1 then $products else null end),
  user_agent: .context.navigator.userAgent,
  referrer: (.context.document.referrer | if . == "" then null else . end)
} | with_entries(select(.value != null)))
