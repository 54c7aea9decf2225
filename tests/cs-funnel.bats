#!/usr/bin/env bats
# cs-funnel: ids per step, by group and window.

load helper

setup() {
  setup_tools
  # Two sessions look, one of them twice, one buys; a third one buys without having looked.
  cat >events <<'END'
{"event_type":"page_view","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:00:00Z"}
{"event_type":"page_view","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:01:00Z"}
{"event_type":"page_view","session_id":"s2","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:02:00Z"}
{"event_type":"product_view","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:03:00Z"}
{"event_type":"add_to_cart","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:04:00Z"}
{"event_type":"checkout_start","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:05:00Z"}
{"event_type":"purchase","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:06:00Z"}
{"event_type":"purchase","session_id":"s3","traffic_source":null,"device_type":"mobile","event_time":"2026-01-01T00:07:00Z"}
END
}

funnel() {
  run --separate-stderr cs-funnel "$@"
}

@test "a row has a count of sessions for each step, and the rate from the first to the last" {
  funnel events
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","traffic_source":null,"device_type":"mobile","sessions":0,"product_views":0,"add_to_carts":0,"checkout_starts":0,"purchases":1,"overall_conversion_rate":null}' ]
  [ "${lines[1]}" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","traffic_source":"ads","device_type":"mobile","sessions":2,"product_views":1,"add_to_carts":1,"checkout_starts":1,"purchases":1,"overall_conversion_rate":50}' ]
  [ "${#lines[@]}" -eq 2 ]
}

@test "--by= groups by nothing, --by=F by that alone" {
  funnel --by= events
  [ "$output" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","sessions":2,"product_views":1,"add_to_carts":1,"checkout_starts":1,"purchases":2,"overall_conversion_rate":100}' ]
  funnel --by=device_type events
  [ "$(jq -c '[.device_type,.purchases]' <<<"$output")" = '["mobile",2]' ]
}

@test "a step counts by itself: a purchase counts where the window saw no page_view" {
  funnel --size=5m events
  [ "$(jq -c 'select(.window_start[14:16] == "05" and .traffic_source == "ads") | [.sessions,.purchases,.overall_conversion_rate]' <<<"$output")" = '[0,1,null]' ]
}

@test "--step replaces the default steps, and the rate goes from the first to the last" {
  funnel --by= --step='looks=.event_type | endswith("view")' --step='buys=.event_type == "purchase"' events
  [ "$output" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","looks":2,"buys":2,"overall_conversion_rate":100}' ]
}

@test "--id counts something else" {
  sed 's/"session_id":"s[12]"/"user_id":"u"/; s/"session_id"/"user_id"/' events >users
  funnel --by= --id=user_id users
  [ "$(jq -c '[.sessions,.purchases]' <<<"$output")" = '[1,2]' ]
}

@test "a null id counts for no id, but its group has a row" {
  echo '{"event_type":"page_view","session_id":null,"traffic_source":"x","device_type":"tv","event_time":"2026-01-01T00:00:00Z"}' >null
  funnel null
  [ "$(jq -c '[.traffic_source,.sessions,.overall_conversion_rate]' <<<"$output")" = '["x",0,null]' ]
}

@test "an event that is no step makes its group's row exist" {
  echo '{"event_type":"search","session_id":"s","traffic_source":"x","device_type":"tv","event_time":"2026-01-01T00:00:00Z"}' >search
  funnel search
  [ "$(jq -c '[.traffic_source,.sessions]' <<<"$output")" = '["x",0]' ]
}

@test "more steps than fit into one look-up are counted all the same" {
  steps=()
  for i in {1..40}; do steps+=(--step="step$i=.event_type == \"page_view\" or .n == $i"); done
  funnel --by= "${steps[@]}" events
  [ "$(jq -c '[.step1,.step32,.step33,.step40,.overall_conversion_rate]' <<<"$output")" = '[2,2,2,2,100]' ]
}

@test "it counts what cs-window counts" {
  traffic --events=20000 --nulls=4 --unicode >stream
  cs-funnel stream >funnel
  cs-window --size=10m --by=traffic_source,device_type \
    --agg='sessions=distinct(session_id) if .event_type == "page_view"' \
    --agg='product_views=distinct(session_id) if .event_type == "product_view"' \
    --agg='add_to_carts=distinct(session_id) if .event_type == "add_to_cart"' \
    --agg='checkout_starts=distinct(session_id) if .event_type == "checkout_start"' \
    --agg='purchases=distinct(session_id) if .event_type == "purchase"' \
    --agg='overall_conversion_rate=percent(purchases,sessions)' stream | cmp - funnel
  [ -s funnel ]
}

@test "rows by partition, merged, are the rows of the whole" {
  traffic --events=20000 --partitions=4 >topic
  cs-funnel topic >whole
  cs-funnel --by-partition topic | cs-funnel --merge | cmp - whole
}

@test "an order of steps is refused: not yet" {
  for option in --order=ordered --order=strict --within=1h; do
    funnel "$option" events
    [ "$status" -eq 2 ]
    [[ $stderr == *"not "*"yet"* ]]
  done
  funnel --order=any events
  [ "$status" -eq 0 ]
}

@test "a step without a name or an expression is refused" {
  for step in page_view '.event_type == "x"' 'a=' 'a=.b ==' 'window_start=.a'; do
    funnel --step="$step" events
    [ "$status" -eq 2 ]
    [[ $stderr == "cs-funnel: "* ]]
  done
}
