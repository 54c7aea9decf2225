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

@test "Segment: the comment's last line counts products instead" {
  { cat maps/segment.jq; sed -n 's/^#     |/|/p' maps/segment.jq; } >"$BATS_TEST_TMPDIR/products.jq"
  run bash -c "cs-parse --map-file='$BATS_TEST_TMPDIR/products.jq' segment.ndjson | jq -r 'select(.event_type == \"purchase\").product_id'"
  [ "$output" = "SKU-7
SKU-9" ]
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
