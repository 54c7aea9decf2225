#!/usr/bin/env bats
# samples/maps: each on a small input made by hand, against what its comment promises.

load helper

setup() {
  setup_tools
  cd "$ROOT/samples" || return 1
}

# The members named, a row of tab-separated values for each event.
members() {
  jq -r "[$1] | map(. // \"-\" | tostring) | join(\" \")"
}

@test "REES46: the map and the options of its comment say the same" {
  cs-parse --from=csv --number=price --map-file=maps/rees46-csv.jq rees46.csv >"$BATS_TEST_TMPDIR/map"
  cs-parse --from=csv --number=price --rename=session_id=user_session \
    --recode=event_type:view=product_view,cart=add_to_cart rees46.csv >"$BATS_TEST_TMPDIR/options"
  cmp "$BATS_TEST_TMPDIR/map" "$BATS_TEST_TMPDIR/options"
  run members .event_time,.event_type,.product_id,.brand,.price <"$BATS_TEST_TMPDIR/map"
  [ "$output" = "2019-10-01T00:00:00.000Z product_view 1004775 acme 183.27
2019-10-01T00:00:07.000Z add_to_cart 1004775 acme 183.27
2019-10-01T00:00:09.000Z product_view 3700926 - 62.5
2019-10-01T00:01:30.000Z purchase 1004775 acme 183.27" ]
}

@test "REES46: a row without a type is refused, not an error of the map" {
  printf 'event_time,event_type,user_session\n2019-10-01 00:00:00 UTC,,a\n' |
    cs-parse --from=csv --map-file=maps/rees46-csv.jq --rejects="$BATS_TEST_TMPDIR/rejects" || [ $? -eq 1 ]
  [ "$(jq -r .reason "$BATS_TEST_TMPDIR/rejects")" = no-type ]
}

@test "Segment: calls become events, an order one purchase" {
  cs-parse --map-file=maps/segment.jq segment.ndjson >"$BATS_TEST_TMPDIR/out"
  run members .event_id,.event_type,.user_id,.product_id,.event_time <"$BATS_TEST_TMPDIR/out"
  [ "$output" = "m-001 page_view - - 2026-01-01T10:00:00.120Z
m-002 search - - 2026-01-01T10:00:20.000Z
m-003 product_view - SKU-7 2026-01-01T10:00:39.900Z
m-004 add_to_cart - SKU-7 2026-01-01T10:01:05.000Z
m-005 user_identified u-118 - 2026-01-01T10:01:30.000Z
m-006 checkout_start u-118 SKU-7 2026-01-01T10:02:00.000Z
m-008 purchase u-118 - 2026-01-01T10:03:30.000Z
m-009 Coupon Entered - - 2026-01-01T10:03:31.000Z" ]
  run members '.traffic_source,.campaign_id,.device_type,.page_url,.anonymous_id' <<<"$(head -1 "$BATS_TEST_TMPDIR/out")"
  [ "$output" = "newsletter new-year mobile https://shop.example/ a-77" ]
  [ "$(jq -r '.search_query // empty' "$BATS_TEST_TMPDIR/out")" = "enamel mug" ]
  [ "$(jq -c 'select(.event_type == "purchase") | [.revenue, (.products | map(.product_id))]' "$BATS_TEST_TMPDIR/out")" = '[68,["SKU-7","SKU-9"]]' ]
  [ "$(jq -r '.session_id // empty' "$BATS_TEST_TMPDIR/out")" = 1767261600123 ]
}

@test "a map that came with the tools is found by its name; a file of that name here comes first" {
  for name in segment segment.jq; do
    cs-parse --map-file=$name segment.ndjson | cmp - <(cs-parse --map-file=maps/segment.jq segment.ndjson)
  done
  cd "$BATS_TEST_TMPDIR"
  echo '{event_type: "mine", event_time: .timestamp}' >segment
  run -0 members .event_type < <(cs-parse --map-file=segment "$ROOT/samples/segment.ndjson" 2>/dev/null | head -1)
  [ "$output" = mine ]
  run -2 --separate-stderr cs-parse --map-file=segmnt /dev/null
  [[ ${stderr_lines[0]} == "cs-parse: --map-file: there is no 'segmnt', here or in /"*/clickstream/maps"; did you mean segment?" ]]
}

@test "of several maps each gets what the one before gives, and a mistake is told of with its file" {
  cd "$BATS_TEST_TMPDIR"
  printf 'def f: {event_type: .t, event_time: 1767225600};\nf # no line end' >one
  printf 'def f: .event_type += "!";\nf' >two
  run -0 members .event_type < <(echo '{"t":"a"}' | cs-parse --map-file=one --map-file=two)
  [ "$output" = 'a!' ]
  printf '\n\n.event_type |= nothing' >two
  run -2 --separate-stderr cs-parse --map-file=one --map-file=two /dev/null
  [[ ${stderr_lines[0]} == 'cs-parse: --map-file: two: '*nothing* ]]
}

@test "products: one event a product, whatever map comes first, each with an id of its own" {
  run -0 members .event_id,.event_type,.product_id,.category_id,.price,.quantity,.order_id,.revenue < <(
    cs-parse --map-file=segment --map-file=products segment.ndjson | jq -c 'select(.event_type == "purchase")'
    cs-parse --from=csv --delimiter='\t' --no-quotes --header="$(cat maps/snowplow-tsv.header)" \
      --map-file=snowplow-tsv --map-file=products snowplow.tsv | jq -c 'select(.event_type == "purchase")'
    cs-parse --map-file=shopify-pixel --map-file=products shopify-pixel.ndjson | jq -c 'select(.event_type == "purchase")'
    cs-parse --map-file=posthog --map-file=products posthog.ndjson | jq -c 'select(.event_type == "purchase")'
    cs-parse --map-file=amplitude --map-file=products amplitude.ndjson | jq -c 'select(.event_type == "purchase")'
  )
  [ "$output" = "m-008/0 purchase SKU-7 - 14.5 2 O-9 -
m-008/1 purchase SKU-9 - 39 1 O-9 -
5e0c2f70-0006-4000-8000-000000000006/0 purchase SKU-7 kitchen/cups 14.5 - T-2041 -
5e0c2f70-0006-4000-8000-000000000006/1 purchase SKU-9 kitchen/kettles 39 1 T-2041 -
sh-0006/0 purchase SKU-7 cups 14.5 2 T-2041 -
sh-0006/1 purchase SKU-9 kettles 39 1 T-2041 -
0194-0004/0 purchase SKU-7 - 14.5 2 T-2041 -
0194-0004/1 purchase SKU-9 - 39 1 T-2041 -
a-0003/0 purchase SKU-7 - 14.5 2 T-2041 -
a-0003/1 purchase SKU-9 - 39 1 T-2041 -" ]
  run -0 members .product_id,.price,.quantity < <(cs-parse --map-file=matomo --map-file=products matomo.json | tail -2)
  [ "$output" = "SKU-7 14.5 2
SKU-9 39 1" ]
  run -0 members .product_id,.price,.quantity < <(cs-parse --map-file=ga4 --map-file=products ga4.ndjson | jq -c 'select(.event_type == "purchase")')
  [ "$output" = "SKU-7 14.5 2
SKU-9 39 1" ]
}

@test "products: a product bought with another is in product-performance" {
  cs-parse --map-file=segment --map-file=products segment.ndjson |
    cs-window --view=product-performance | members .product_id,.purchases_1h >"$BATS_TEST_TMPDIR/rows"
  grep -qx 'SKU-9 1' "$BATS_TEST_TMPDIR/rows"
  # It works over events that were printed before, too.
  cs-parse --map-file=segment segment.ndjson | cs-parse --map-file=products |
    cmp - <(cs-parse --map-file=segment --map-file=products segment.ndjson)
}

@test "Segment: --id-from makes sessions of devices where there are none" {
  run bash -c "cs-parse --map-file=maps/segment.jq --id-from=anonymous_id segment.ndjson | jq -r .session_id | sort -u | wc -l"
  [ "$output" -eq 1 ]
}

@test "GA4: rows of the export become events" {
  cs-parse --map-file=maps/ga4.jq ga4.ndjson >"$BATS_TEST_TMPDIR/out"
  run members .event_type,.session_id,.product_id,.traffic_source,.device_type,.event_time <"$BATS_TEST_TMPDIR/out"
  [ "$output" = "page_view 1843.99.1767261600 - google mobile 2026-01-01T10:00:00.120Z
search 1843.99.1767261600 - google mobile 2026-01-01T10:00:20.000Z
product_view 1843.99.1767261600 SKU-7 newsletter mobile 2026-01-01T10:00:39.900Z
purchase 1843.99.1767261600 - google mobile 2026-01-01T10:03:30.000Z
user_engagement - - - desktop 2026-01-01T10:03:35.000Z" ]
  [ "$(jq -r '.search_query // empty' "$BATS_TEST_TMPDIR/out")" = "enamel mug" ]
  [ "$(jq -c 'select(.event_type == "purchase") | [.user_id,.order_id,.revenue,(.items|length)]' "$BATS_TEST_TMPDIR/out")" = '["u-118","T-2041",68,2]' ]
  [ "$(jq -r .event_id "$BATS_TEST_TMPDIR/out" | sort -u | wc -l)" -eq 5 ]
  # BigQuery writes whole numbers as text; what is multiplied and added up are numbers.
  [ "$(jq -c 'select(.event_type == "product_view") | [.price, .quantity]' "$BATS_TEST_TMPDIR/out")" = '[14.5,1]' ]
  [ "$(cs-parse --map-file=ga4 --map-file=products ga4.ndjson | jq -c 'select(.event_type == "purchase") | [.product_id, .price, .quantity]')" = '["SKU-7",14.5,2]
["SKU-9",39,1]' ]
  [ "$(cs-parse --map-file=ga4 <<<'{"event_name":"purchase","event_timestamp":"1767261810000000","event_params":[{"key":"value","value":{"int_value":"68"}}]}' | jq -c .revenue)" = 68 ]
}

@test "GA4: what differs in anything but its delivery is no repeat; what is the same is one" {
  row() { # PRODUCT [MORE]
    printf '{"event_timestamp":"1767261639900000","event_name":"add_to_cart","event_bundle_sequence_id":"42","user_pseudo_id":"1.9","items":[{"item_id":"%s"}],"event_params":[{"key":"ga_session_id","value":{"int_value":"7"}},{"key":"list","value":{"string_value":"%s"}}]}\n' "$1" "$2"
  }
  { row SKU-1; row SKU-2; row SKU-2 b; row SKU-1; } >"$BATS_TEST_TMPDIR/in"
  run -0 members .product_id < <(cs-parse --map-file=ga4 --dedup=1h "$BATS_TEST_TMPDIR/in")
  [ "$output" = "SKU-1
SKU-2
SKU-2" ]
}

@test "Snowplow: enriched TSV becomes events, its columns named by the header file" {
  cs-parse --from=tsv --no-quotes --header="$(cat maps/snowplow-tsv.header)" \
    --map-file=maps/snowplow-tsv.jq snowplow.tsv >"$BATS_TEST_TMPDIR/out"
  run members .event_type,.user_id,.product_id,.category_id,.device_type,.event_time <"$BATS_TEST_TMPDIR/out"
  [ "$output" = "page_view - - - mobile 2026-01-01T10:00:00.120Z
search - - - mobile 2026-01-01T10:00:20.900Z
product_view - SKU-7 kitchen/cups mobile 2026-01-01T10:00:39.900Z
add_to_cart - SKU-7 kitchen/cups mobile 2026-01-01T10:01:05.000Z
checkout_start u-118 - - mobile 2026-01-01T10:02:00.000Z
purchase u-118 - - mobile 2026-01-01T10:03:30.000Z
newsletter_signup - - - mobile 2026-01-01T10:04:00.000Z" ]
  run members .traffic_source,.campaign_id,.user_agent <<<"$(head -1 "$BATS_TEST_TMPDIR/out")"
  [ "$output" = 'newsletter new-year "quoted" Browser/1.0' ]
  [ "$(jq -c 'select(.event_type == "purchase") | [.order_id,.revenue,(.products|length)]' "$BATS_TEST_TMPDIR/out")" = '["T-2041",53.5,2]' ]
  [ "$(jq -r '.search_query // empty' "$BATS_TEST_TMPDIR/out")" = "enamel mug" ]
}

@test "Snowplow: a line with a column too many is refused" {
  sed 's/$/\tx/' snowplow.tsv |
    cs-parse --from=tsv --no-quotes --header="$(cat maps/snowplow-tsv.header)" --map-file=maps/snowplow-tsv.jq \
      --rejects="$BATS_TEST_TMPDIR/rejects" || [ $? -eq 1 ]
  [ "$(jq -r .detail "$BATS_TEST_TMPDIR/rejects" | sort -u)" = "132 columns, the header has 131" ]
}

@test "REES46: the map gives what the shop's data says" {
  need_data rees46
  run bash -c "cs-parse --from=csv --map-file=maps/rees46-csv.jq '$DATA'/rees46/*.csv 2>/dev/null | jq -r .event_type | sort | uniq -c | awk '{print \$2, \$1}'"
  [ "$output" = "add_to_cart 165
product_view 17055
purchase 214" ]
}

@test "Caddy: requests become page views, lines of other loggers nothing" {
  run -0 members .event_time,.page_url,.ip,.vhost,.method,.status,.bytes,.request_time,.user_id,.referrer < <(
    cs-parse --map-file=caddy caddy.ndjson)
  [ "$output" = "2026-01-01T10:00:00.120456Z /?utm_source=newsletter&utm_campaign=new-year 203.0.113.9 shop.example GET 200 10900 0.0012 - -
2026-01-01T10:00:00.300Z /shop.css 203.0.113.9 shop.example GET 200 2213 0.0002 - https://shop.example/
2026-01-01T10:01:00.250Z /p/enamel-mug 2001:db8::17 shop.example GET 404 0 0.0041 kim -" ]
}

@test "nginx's JSON: variables become members, times of any of its kinds" {
  run -0 members .event_id,.event_time,.page_url,.ip,.method,.status,.bytes,.request_time,.user_id,.referrer < <(
    cs-parse --map-file=nginx-json nginx.ndjson)
  [ "$output" = "6f1c1f7d2a2a4f0e8f60c2a1b8ce0a11 2026-01-01T09:00:00.000Z /?gclid=Cj0K 203.0.113.9 GET 200 10900 0.012 - https://www.google.com/
6f1c1f7d2a2a4f0e8f60c2a1b8ce0a12 2026-01-01T09:00:02.000Z /cart 203.0.113.9 POST 302 0 0.03 - https://shop.example/
- 2026-01-01T09:00:05.000Z /p/SKU-7 198.51.100.7 GET 200 512 - kim -" ]
  # A format pasted as it is reads nginx's own escapes.
  printf '%s\n' '{"t":"2026-01-01T10:00:00Z","u":"/a","agent":"say \x22hi\x22 \xC3\xA9"}' >"$BATS_TEST_TMPDIR/log"
  run -0 members .page_url,.user_agent < <(
    cs-parse --log-format='{"t":"$time_iso8601","u":"$request_uri","agent":"$http_user_agent"}' "$BATS_TEST_TMPDIR/log")
  [ "$output" = '/a say "hi" é' ]
}

@test "Traefik: requests become page views, other lines nothing" {
  run -0 members .event_time,.page_url,.ip,.vhost,.method,.status,.bytes,.request_time,.user_id,.referrer < <(
    cs-parse --map-file=traefik traefik.ndjson)
  [ "$output" = "2026-01-01T10:00:00.120456Z /?fbclid=IwAR0 203.0.113.9 shop.example GET 200 10900 0.001204567 - https://l.facebook.com/
2026-01-01T10:00:05.000Z /cart 198.51.100.7 shop.example GET 502 17 30 kim -" ]
  [ "$(cs-parse --map-file=traefik traefik.ndjson | jq -r 'has("user_agent")' | xargs)" = 'true false' ]
}

@test "Cloudflare: requests of visitors become page views, those of workers nothing" {
  run -0 members .event_id,.event_time,.page_url,.ip,.vhost,.method,.status,.device_type,.country,.referrer < <(
    cs-parse --map-file=cloudflare cloudflare.ndjson)
  [ "$output" = "9b2f0c1d2e3f4a5b 2026-01-01T10:00:00.000Z /p/SKU-7 203.0.113.9 shop.example GET 200 mobile de https://duckduckgo.com/
9b2f0c1d2e3f4a5d 2026-01-01T10:00:05.000Z / 2001:db8::17 shop.example GET 403 - - -" ]
}

@test "Shopify: events of a pixel become events, an order one purchase" {
  run -0 members .event_id,.event_type,.user_id,.product_id,.category_id,.price,.quantity,.search_query,.order_id,.revenue < <(
    cs-parse --map-file=shopify-pixel shopify-pixel.ndjson)
  [ "$output" = "sh-0001 page_view - - - - - - - -
sh-0002 product_view - SKU-7 cups 14.5 - - - -
sh-0003 add_to_cart - SKU-7 cups 14.5 2 - - -
sh-0004 search - - - - - kettle - -
sh-0005 checkout_start - SKU-7 cups 14.5 2 - t-1 -
sh-0006 purchase u-118 - - - - - T-2041 68
sh-0007 wishlist_opened - - - - - - - -" ]
  [ "$(cs-parse --map-file=shopify-pixel --id-from=client_id shopify-pixel.ndjson | jq -r .session_id | sort -u | wc -l)" -eq 1 ]
}

@test "PostHog: exported events become events, their properties an object or its text" {
  run -0 members .event_id,.event_type,.session_id,.user_id,.product_id,.traffic_source,.campaign_id,.device_type,.event_time,.referrer < <(
    cs-parse --map-file=posthog posthog.ndjson)
  [ "$output" = '0194-0001 page_view s-1 - - newsletter new-year mobile 2026-01-01T10:00:00.120Z https://search.example/
0194-0002 add_to_cart s-1 - SKU-7 - - - 2026-01-01T10:01:05.000Z -
0194-0003 user_identified s-1 u-118 - - - - 2026-01-01T10:01:30.000Z -
0194-0004 purchase s-1 u-118 - - - - 2026-01-01T10:03:30.000Z -
0194-0005 $pageleave s-1 u-118 - - - - 2026-01-01T10:03:40.000Z -' ]
}

@test "Amplitude: exported events become events, a session that of a device" {
  run -0 members .event_id,.event_type,.session_id,.user_id,.product_id,.traffic_source,.device_type,.event_time,.revenue < <(
    cs-parse --map-file=amplitude amplitude.ndjson)
  [ "$output" = "a-0001 page_view dev-77.1767261600120 - - newsletter desktop 2026-01-01T10:00:00.120Z -
a-0002 add_to_cart dev-77.1767261600120 u-118 SKU-7 - tablet 2026-01-01T10:01:05.000Z -
a-0003 purchase - u-118 - - mobile 2026-01-01T10:03:30.000Z 68" ]
}

@test "Matomo: a visit becomes its events, as an array and line by line" {
  cs-parse --map-file=matomo matomo.json >"$BATS_TEST_TMPDIR/out"
  run -0 members .event_type,.session_id,.user_id,.product_id,.search_query,.traffic_source,.campaign_id,.device_type,.event_time <"$BATS_TEST_TMPDIR/out"
  [ "$output" = "page_view 41 - - - newsletter new-year mobile 2026-01-01T10:00:00.000Z
search 41 - - enamel mug newsletter new-year mobile 2026-01-01T10:00:20.000Z
product_view 41 - SKU-7 - newsletter new-year mobile 2026-01-01T10:00:39.000Z
add_to_cart 41 - - - newsletter new-year mobile 2026-01-01T10:01:05.000Z
add_to_cart 41 - - - newsletter new-year mobile 2026-01-01T10:01:05.000Z
purchase 42 u-118 - - direct - desktop 2026-01-01T10:03:30.000Z" ]
  [ "$(jq -r .event_id "$BATS_TEST_TMPDIR/out" | sort -u | wc -l)" -eq 6 ]
  jq -c '.[]' matomo.json | cs-parse --map-file=matomo | cmp - "$BATS_TEST_TMPDIR/out"
  jq -c . matomo.json | cs-parse --map-file=matomo | cmp - "$BATS_TEST_TMPDIR/out"
}

@test "Umami: the CSV of an export becomes events, a visit a session" {
  run -0 members .event_id,.event_type,.session_id,.user_id,.page_url,.traffic_source,.campaign_id,.device_type,.event_time,.referrer < <(
    cs-parse --map-file=umami umami.csv)
  [ "$output" = "e-1 page_view v-1 - https://shop.example/?utm_source=newsletter&utm_campaign=new-year newsletter new-year mobile 2026-01-01T10:00:00.000Z https://mail.example/inbox
e-2 add_to_cart v-1 u-118 https://shop.example/p/SKU-7 - - mobile 2026-01-01T10:01:05.000Z -
e-3 page_view v-2 - https://shop.example/cart - - desktop 2026-01-01T10:02:00.000Z -" ]
}
