#!/usr/bin/env bats
# cs-anomaly: windows judged by those before them, from events and from rows.

load helper

setup() {
  setup_tools
}

anomaly() {
  run --separate-stderr cs-anomaly "$@"
}

# The rule of one window before and no allowance for small numbers, with which examples are short.
plainly() {
  anomaly --min-baseline=1 --sigma=0 "$@"
}

# visits TIME COUNT: so many sessions of one event at 2026-01-01T TIME.
visits() {
  local i
  for ((i = 0; i < $2; i++)); do
    printf '{"session_id":"%s-%d","event_type":"page_view","traffic_source":"%s","event_time":"2026-01-01T%sZ"}\n' \
      "$1" "$i" "${3:-ads}" "$1"
  done
}

# The judged windows as START VALUE AVERAGE PERCENT ALERT DIRECTION.
verdicts() {
  jq -r '[.window_start[11:16], .current_sessions, .avg_sessions, .pct_deviation, .alert, .direction] | map(tostring) | join(" ")' <<<"$output"
}

@test "an alert names the value, its average, the deviation and the direction" {
  { visits 00:00:00 10; visits 00:05:00 10; visits 00:10:00 20; visits 00:15:00 1; } >events
  plainly events
  [ "$status" -eq 0 ]
  [ "$output" = '{"window_start":"2026-01-01T00:10:00.000Z","window_end":"2026-01-01T00:15:00.000Z","current_sessions":20,"avg_sessions":10,"pct_deviation":100,"alert":true,"direction":"up"}' ]
}

@test "--all shows every window, the last one as partial and not judged" {
  { visits 00:00:00 3; visits 00:05:00 4; visits 00:10:00 3; visits 00:15:00 9; } >events
  plainly --all events
  [ "$(verdicts)" = "00:00 3 null null false null
00:05 4 3 33.3 false up
00:10 3 3.5 -14.3 false down
00:15 9 3.33 null false null" ]
  [ "$(jq -c .partial <<<"$output" | paste -sd' ')" = "null null null true" ]
}

@test "the baseline begins with the first window that begins at or after the first event" {
  { visits 00:01:00 3; visits 00:05:00 10; visits 00:10:00 10; visits 00:15:00 1; } >events
  plainly --all events
  [ "$(verdicts | head -3)" = "00:00 3 null null false null
00:05 10 null null false null
00:10 10 10 0 false null" ]
}

@test "the baseline is the windows that end strictly between" {
  { visits 00:00:00 100; visits 00:05:00 1; visits 00:10:00 1; visits 00:15:00 1; visits 00:20:00 1; } >events
  plainly --all --baseline=10m events
  [ "$(jq -c .avg_sessions <<<"$output" | paste -sd' ')" = "null 100 1 1 1" ]
  plainly --all --baseline=11m events
  [ "$(jq -c .avg_sessions <<<"$output" | paste -sd' ')" = "null 100 50.5 1 1" ]
  plainly --all --baseline=5m events
  [ "$(jq -c .avg_sessions <<<"$output" | paste -sd' ')" = "null null null null null" ]
}

@test "an empty window counts 0 and is judged like any other" {
  { visits 00:00:00 10; visits 00:10:00 10; visits 00:15:00 1; } >events
  plainly events
  [ "$(verdicts)" = "00:05 0 10 -100 true down
00:10 10 5 100 true up" ]
}

@test "an outage is an alert for as long as the baseline remembers" {
  { visits 00:00:00 10; visits 00:05:00 10; visits 02:00:00 10; visits 02:05:00 1; } >events
  plainly --baseline=20m events
  [ "$(verdicts)" = "00:10 0 10 -100 true down
00:15 0 6.67 -100 true down
00:20 0 3.33 -100 true down" ]
}

@test "an alert is strictly above the threshold, as printed, and the deviation comes from the exact mean" {
  { visits 00:00:00 10; visits 00:05:00 15; visits 00:10:00 5; } >events
  plainly --baseline=10m events
  [ -z "$output" ]
  plainly --baseline=10m --threshold=49.9 events
  [ "$(verdicts)" = "00:05 15 10 50 true up" ]
  # 3 windows of 1, 1 and 0: the mean is 2/3, not 0.67; 3 is 350 % above.
  { visits 00:00:00 1; visits 00:05:00 1; visits 00:15:00 3; visits 00:20:00 1; } >events
  plainly events
  [ "$(verdicts | tail -1)" = "00:15 3 0.67 350 true up" ]
}

@test "a gap of years costs nothing" {
  { visits 00:00:00 3; visits 00:05:00 3; } >events
  sed 's/2026-01-01/2400-06-01/' events >later
  SECONDS=0
  run --separate-stderr cs-anomaly --min-baseline=1 --sigma=0 --all --max-ahead=0s --max-jump=0s --size=1s events later
  [ "$status" -eq 0 ]
  [ "$SECONDS" -lt 10 ]
  [ "$(jq -r '.window_start[:4]' <<<"$output" | sort -u | paste -sd' ')" = "2026 2400" ]
}

@test "each group is judged by itself, from its first appearance with zeros before it" {
  { visits 00:00:00 4 a; visits 00:05:00 4 a; visits 00:10:00 4 a; visits 00:10:00 6 b; visits 00:15:00 4 a; visits 00:15:00 6 b; visits 00:20:00 1 a; } >events
  plainly --by=traffic_source events
  [ "$(jq -c '[.window_start[11:16],.traffic_source,.avg_sessions,.pct_deviation]' <<<"$output")" = '["00:15","b",2,200]' ]
}

@test "a group that falls silent is printed until its baseline is 0" {
  { visits 00:00:00 4 a; visits 00:00:00 4 b; for i in {1..9}; do visits "00:$(printf %02d $((i * 5))):00" 4 a; done; } >events
  plainly --all --by=traffic_source --baseline=16m events
  [ "$(jq -r 'select(.traffic_source == "b") | .window_start[14:16]' <<<"$output" | paste -sd' ')" = "00 05 10 15" ]
}

@test "--value judges another aggregate, by its name or as value" {
  { visits 00:00:00 2; visits 00:05:00 9; visits 00:10:00 1; } | sed 's/}$/,"price":1.25}/' >events
  plainly --value='revenue=sum(price)' events
  [ "$(jq -c '[.revenue,.avg_revenue,.pct_deviation]' <<<"$output")" = '[11.25,2.5,350]' ]
  plainly --value='count if .event_type == "page_view"' events
  [ "$(jq -c '[.value,.avg_value]' <<<"$output")" = '[9,2]' ]
}

@test "events that --where leaves out still begin the baseline" {
  { visits 00:00:00 5; visits 00:10:00 5; visits 00:15:00 1; } | jq -c 'if .event_time < "2026-01-01T00:10" then .event_type = "search" else . end' >events
  plainly --all -w '.event_type == "page_view"' events
  [ "$(verdicts)" = "00:00 0 null null false null
00:05 0 0 null false null
00:10 5 0 null false null
00:15 1 1.67 null false null" ]
}

@test "any order of events within the lateness gives the same rows" {
  traffic --duration=1h --rate=20 --disorder=25s >disorder
  jq -cs 'sort_by(.event_time)[]' disorder >sorted
  cs-anomaly --all --by=device_type --sigma=0 --threshold=5 disorder >rows
  cs-anomaly --all --by=device_type --sigma=0 --threshold=5 sorted | cmp - rows
}

@test "an event without an id makes its group's row exist, one that is silent is dropped" {
  { visits 00:00:00 2; visits 00:05:00 2; visits 00:10:00 2; } >events
  for time in 00:10:00 00:15:00 00:21:00; do
    printf '{"session_id":null,"traffic_source":"mail","event_time":"2026-01-01T%sZ"}\n' "$time"
  done >>events
  plainly --all --by=traffic_source --baseline=6m --lateness=1m events
  [ "$(jq -r '[.window_start[11:16], .traffic_source, .current_sessions, .partial // "-"] | map(tostring) | join(" ")' <<<"$output")" = "00:00 ads 2 -
00:05 ads 2 -
00:10 ads 2 -
00:10 mail 0 -
00:15 ads 0 -
00:15 mail 0 -
00:20 mail 0 true" ]
}

# --- rows

# row START VALUE [MEMBER]: a row of ten minutes.
row() {
  printf '{"window_start":"2026-01-01T00:%s:00.000Z","window_end":"2026-01-01T00:%02d:00.000Z","purchases":%s%s}\n' \
    "$1" $((10#$1 + 10)) "$2" "${3:-}"
}

@test "--rows judges each row by the rows before it" {
  { row 00 10; row 10 10; row 20 4; row 30 8; } >rows
  plainly --rows --value=purchases rows
  [ "$status" -eq 0 ]
  [ "$output" = '{"window_start":"2026-01-01T00:20:00.000Z","window_end":"2026-01-01T00:30:00.000Z","purchases":4,"avg_purchases":10,"pct_deviation":-60,"alert":true,"direction":"down"}' ]
}

@test "a row that is missing, null or not final is skipped, not 0" {
  { row 00 10; row 20 null; row 30 1 ',"final":false'; row 40 10 ',"final":true'; } >rows
  plainly --rows --all --value=purchases rows
  [ "$(jq -c '[.window_start[14:16],.avg_purchases]' <<<"$output" | paste -sd' ')" = '["00",null] ["40",10]' ]
}

@test "rows of groups are told apart, and an older row of a group is late" {
  { row 00 1 ',"g":"a"'; row 00 5 ',"g":"b"'; row 10 1 ',"g":"a"'; row 10 15 ',"g":"b"'; row 00 7 ',"g":"a"'; } >rows
  plainly --rows --by=g --value=purchases --stats=stats rows
  [ "$(jq -c '[.g,.purchases,.avg_purchases]' <<<"$output")" = '["b",15,5]' ]
  [ "$(jq .late stats)" -eq 1 ]
}

@test "the rows of cs-funnel can be judged as they come" {
  traffic --duration=2h --rate=20 --outage=1h+20m >stream
  cs-funnel --by= stream | cs-anomaly --rows --value=purchases >alerts
  [ "$(jq -r 'select(.direction == "down") | .window_start[11:16]' alerts | head -1)" = "01:00" ]
}

# --- wrong use

@test "what makes no sense is refused before anything is read" {
  for options in --threshold=x --threshold=-1 --value=nothing '--value=sum(' '--value=p=percent(a,b)' --rows \
    '--rows --value=a --size=5m' '--rows --value=.a.b' --by=alert; do
    # shellcheck disable=SC2086 # several options
    anomaly $options /dev/null
    [ "$status" -eq 2 ]
    [[ $stderr == "cs-anomaly: "* ]]
  done
}

@test "the baseline begins at the first event's time, whichever partition is read first" {
  frame() { printf '%s\t%s\t{"event_time":"2026-01-05T%s:00Z","session_id":"s%s"}\n' "$1" "$2" "$3" "$2"; }
  # The window of 09:52 is over before the slower partition brings 10:05.
  { frame 0 0 10:25 && frame 0 1 09:52 && frame 0 2 10:32; } >zero
  { frame 1 0 10:31 && frame 1 1 10:05; } >one
  { frame 0 3 11:50 && frame 1 2 11:50; } >rest
  cat zero one rest >a
  cat one zero rest >b
  for in in a b; do
    cs-anomaly --all --size=10m --baseline=1h --lateness=30m --partitions=0,1 $in >rows.$in
  done
  [ -s rows.a ]
  cmp rows.a rows.b
}

@test "a value that is never a number is refused" {
  echo '{"event_time":"2026-01-01T00:00:00Z"}' >one
  for value in 'a=any(price)' 'l=list(price,2)' 't=top(price,2)'; do
    run -2 --separate-stderr cs-anomaly --value="$value" one
    [ "${stderr_lines[0]}" = "cs-anomaly: --value: '$value': that is no number, which is compared with its average" ]
  done
  cs-anomaly --value='u=approx_distinct(price)' --all one
}
