# jq -n -c -f funnel.jq EVENTS: the rows of cs-funnel, for events whose times are text ending in Z. A window is ten
# minutes, so its start is the time's first 15 characters.
def steps: {page_view: "sessions", product_view: "product_views", add_to_cart: "add_to_carts",
            checkout_start: "checkout_starts", purchase: "purchases"};
def zero: {sessions: 0, product_views: 0, add_to_carts: 0, checkout_starts: 0, purchases: 0};

steps as $steps
| reduce inputs as $event ({};
    .[$event.event_time[:15]][$event.traffic_source + "\t" + $event.device_type] |= (
      .seen[$event.event_type][$event.session_id] = 1))
| to_entries | sort_by(.key)[]
| (.key + "0:00.000Z") as $start
| .value | to_entries | sort_by(.key)[]
| (.key / "\t") as [$source, $device]
| reduce (.value.seen | to_entries[] | select($steps[.key])) as $step (zero; .[$steps[$step.key]] = ($step.value | length))
| {window_start: $start, traffic_source: $source, device_type: $device} + .
  + {overall_conversion_rate: (if .sessions == 0 then null else (.purchases * 10000 / .sessions | round) / 100 end)}
