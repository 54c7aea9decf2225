# One event a product: behind another map, or over events that cs-parse has printed.
#
#     cs-parse --map-file=snowplow-tsv --map-file=products ... | cs-window --view=product-performance
#
# An event with several products, in `products` or GA4's `items`, has no product_id, so that views and rates of
# products do not see it. Here it becomes as many events, each with its own product_id, category_id, price and
# quantity, and with the place in the list behind its event_id, so that --dedup knows them apart. The order's
# `revenue` and the list itself are left out, because each product's price times quantity is now there to be added
# up. Events with one product or none stay as they are. Count orders without this map.

def list: (.products // .items) | if type == "array" then . else [] end;

list as $products
| if ($products | length) < 2 then . else
  . as $event
  | range($products | length) as $at
  | $products[$at] as $product
  | $event
  | del(.products, .items, .revenue)
  | .event_id |= (if . == null then null else "\(.)/\($at)" end)
  | .product_id = ($product.product_id // $product.item_id // $product.id // $product.sku // .product_id)
  | .category_id = ($product.category_id // $product.category // $product.item_category // .category_id)
  | . + ($product | {price: (.price // .unitPrice), quantity} | with_entries(select(.value != null)))
end
