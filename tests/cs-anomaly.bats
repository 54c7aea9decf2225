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

# --- when a window is an alert

# counts N...: in each five minutes from midnight on, so many events; the last one is one more to end the time.
counts() {
  local n minute=0 i
  for n; do
    for ((i = 0; i < n; i++)); do
      printf '{"session_id":"%d-%d","event_type":"purchase","event_time":"2026-01-01T%02d:%02d:%02dZ"}\n' \
        "$minute" "$i" $((minute / 60)) $((minute % 60)) $((i % 60))
    done
    : $((minute += 5))
  done
  printf '{"event_type":"end","event_time":"2026-01-01T%02d:%02d:00Z"}\n' $((minute / 60)) $((minute % 60))
}

# brief MEMBER...: the rows, as window_start and these members.
brief() {
  local members
  printf -v members ',.%s' "$@"
  jq -r "[.window_start[11:16]$members] | map(tostring) | join(\" \")" <<<"$output"
}

@test "nothing is an alert before six windows, or as many as were asked for" {
  counts 20 20 20 20 20 90 >five
  counts 20 20 20 20 20 20 90 >six
  anomaly five
  [ -z "$output" ]
  anomaly six
  [ "$(brief current_sessions alert)" = '00:30 90 true' ]
  anomaly --min-baseline=5 five
  [ "$(brief current_sessions)" = '00:25 90' ]
  anomaly --min-baseline=7 six
  [ -z "$output" ]
  # A baseline that holds fewer needs to be full.
  anomaly --baseline=16m six
  [ "$(brief current_sessions)" = '00:30 90' ]
}

@test "small numbers leap by themselves: an alert is beyond --sigma times the square root" {
  # Of 8, 8 + 3 sqrt(9) = 17 is by chance, and 8 + 4 sqrt(9) = 20 with the default.
  counts 8 8 8 8 8 8 17 >a
  counts 8 8 8 8 8 8 18 >b
  counts 8 8 8 8 8 8 20 >c
  counts 8 8 8 8 8 8 21 >d
  for case in '3 a' '3 b 18' '4 c' '4 d 21'; do
    read -r sigma file wanted <<<"$case"
    anomaly --sigma="$sigma" "$file"
    [ "$(jq .current_sessions <<<"$output")" = "${wanted:-}" ]
  done
  anomaly c
  [ -z "$output" ]
  anomaly --value='n=count' d
  [ "$(jq .n <<<"$output")" -eq 21 ]
  # A sum is no count.
  sed 's/}$/,"price":1}/' b >priced
  anomaly --value='n=sum(price)' priced
  [ "$(jq .n <<<"$output")" -eq 18 ]
  anomaly --value='n=sum(price)' --sigma=4 priced
  [ -z "$output" ]
}

# poisson RATE SEED: a week of events that come by chance, each of another session.
poisson() {
  awk -v rate="$1" -v seed="$2" 'BEGIN {
    srand(seed)
    for (time = 1767225600; (time -= log(1 - rand()) / rate) < 1767225600 + 604800;)
      printf "{\"session_id\":\"s%d\",\"event_time\":%.3f}\n", n++, time
  }'
}

@test "an ordinary week of a small shop has five alerts at most" {
  local rate seed most=0
  for rate in 0.02 0.05 0.1; do
    for seed in 1 2 3 ${LONG:+4 5 6 7 8 9}; do
      for what in chance shop; do
        if [ $what = chance ]; then poisson $rate "$seed" >week; else traffic --duration=7d --rate=$rate --seed="$seed" >week; fi
        count=$(cs-anomaly week | wc -l)
        echo "$rate $what $seed: $count"
        [ "$count" -le 5 ]
        [ "$count" -le "$most" ] || most=$count
        [ "$(cs-anomaly --min-baseline=1 --sigma=0 week | wc -l)" -gt 100 ] || [ $what = chance ]
      done
    done
  done
  [ "$most" -gt 0 ]
}

@test "--min-value leaves out what is small both before and now" {
  counts 10 10 10 10 10 10 30 10 1 >events
  plainly --min-baseline=6 --min-value=20 events
  [ "$(brief current_sessions)" = '00:30 30' ]
  plainly --min-baseline=6 --min-value=12 events
  [ "$(brief current_sessions)" = "00:30 30
00:40 1" ]
}

@test "a group that was not there in the whole baseline is new, if it is as large as --min-value" {
  {
    for minute in {00..55..5}; do
      visits "00:$minute:00" 3 old
      [ "$minute" -ne 40 ] || visits 00:40:00 7 new
      [ "$minute" -ne 45 ] || visits 00:45:00 4 small
    done
    visits 01:00:00 1
  } >events
  anomaly --min-value=5 --by=traffic_source events
  [ "$(brief traffic_source current_sessions avg_sessions pct_deviation direction)" = '00:40 new 7 0 null new' ]
  anomaly --by=traffic_source events
  [ -z "$output" ]
  anomaly --min-value=5 --min-baseline=9 --by=traffic_source events
  [ -z "$output" ]
}

@test "of an empty window there is no average or extreme: it is skipped, not 0" {
  { counts 3 3 0 3 0 0 3; counts 0 0 0 0 0 0 0 1 | sed '$d'; } | sed 's/}$/,"price":10}/' >events
  for func in avg min max first last median; do
    anomaly --all --value="p=$func(price)" events
    [ "$(brief p avg_p alert)" = "00:00 10 null false
00:05 10 10 false
00:10 null 10 false
00:15 10 10 false
00:20 null 10 false
00:25 null 10 false
00:30 10 10 false
00:35 10 10 false" ]
    anomaly --min-baseline=1 --threshold=0 --value="p=$func(price)" events
    [ -z "$output" ]
  done
  plainly --value='p=sum(price)' events
  [ "$(brief p | head -n 1)" = '00:10 0' ]
}

@test "a total outage is an alert when its window closes, although nothing arrives: --idle" {
  mkfifo pipe
  cs-anomaly --size=2s --baseline=20s --min-baseline=2 --lateness=0s --idle=500ms --threshold=99 --sigma=0 --value=n=count pipe >rows &
  local tool=$! i
  exec 4>pipe
  for ((i = 0; i < 80; i++)); do
    printf '{"event_time":"%s"}\n' "$(date -u +%FT%T.%3NZ)" >&4
    sleep 0.1
  done
  until_true grep -q '"n":0,.*"alert":true,"direction":"down"' rows
  exec 4>&-
  wait "$tool"
}

# --- what is usual

@test "--method=median is not moved by what happens in less than half of the baseline" {
  counts 20 22 18 20 21 19 20 0 0 0 20 60 >events
  anomaly --method=median --sigma=0 events
  [ "$(brief current_sessions median_sessions pct_deviation)" = "00:35 0 20 -100
00:40 0 20 -100
00:45 0 20 -100
00:55 60 20 200" ]
  # The mean takes what is as before for a rise.
  anomaly --sigma=0 events
  [ "$(brief current_sessions avg_sessions)" = "00:35 0 20
00:40 0 17.5
00:45 0 15.56
00:55 60 14.55" ]
}

@test "--method=median needs more than 3 x 1.4826 x MAD" {
  # The median is 20, the distances are 10 10 5 0 5 10 10: MAD is 10, and the limit 44.478.
  counts 10 10 15 20 25 30 30 64 >within
  counts 10 10 15 20 25 30 30 65 >beyond
  anomaly --method=median --sigma=0 within
  [ -z "$output" ]
  anomaly --method=median --sigma=0 beyond
  [ "$(brief current_sessions median_sessions)" = '00:35 65 20' ]
}

@test "--method=seasonal compares with the same window of the seasons before" {
  # Busy every second window.
  counts 10 40 10 40 10 40 40 40 10 0 >events
  anomaly --method=seasonal --season=10m --seasons=2 events
  [ "$(brief current_sessions avg_sessions pct_deviation)" = "00:30 40 10 300
00:45 0 40 -100" ]
  anomaly --method=seasonal --season=10m --seasons=2 --all events
  [ "$(brief avg_sessions | head -n 5)" = "00:00 null
00:05 null
00:10 10
00:15 40
00:20 10" ]
}

@test "a day is compared with other days: an outage at noon stands out, a quiet night does not" {
  traffic --duration=5d --rate=1 --outage=4d12h+1h >days
  anomaly --method=seasonal --season=1d --size=1h --incidents --value='n=count if .event_type == "purchase"' days
  [ "$(jq -r '[.window_start[8:16], .state, .direction] | join(" ")' <<<"$output" | grep start)" = '05T12:00 start down' ]
}

# --- incidents

@test "an outage from 60 purchases to 0 in five minutes is one incident, with start and end" {
  counts 60 60 60 60 60 60 60 0 60 60 60 >events
  anomaly --incidents events
  [ "$output" = '{"window_start":"2026-01-01T00:35:00.000Z","window_end":"2026-01-01T00:40:00.000Z","current_sessions":0,"avg_sessions":60,"pct_deviation":-100,"alert":true,"direction":"down","state":"start","incident_start":"2026-01-01T00:35:00.000Z","peak":-100,"windows":1}
{"window_start":"2026-01-01T00:40:00.000Z","window_end":"2026-01-01T00:45:00.000Z","current_sessions":60,"avg_sessions":52.5,"pct_deviation":14.3,"alert":false,"direction":"up","state":"end","incident_start":"2026-01-01T00:35:00.000Z","peak":-100,"windows":1}' ]
}

@test "between --threshold and --clear an incident goes on, and --all shows how" {
  counts 60 60 60 60 60 60 10 35 10 50 60 >events
  anomaly --incidents --all --method=median events
  [ "$(brief current_sessions alert state windows peak | tail -n +6)" = "00:25 60 false null null null
00:30 10 true start 1 -83.3
00:35 35 false ongoing 2 -83.3
00:40 10 true ongoing 3 -83.3
00:45 50 false end 3 -83.3
00:50 60 false null null null
00:55 0 false null null null" ]
  anomaly --incidents --method=median --clear=5 events
  [ "$(brief state windows)" = "00:30 start 1
00:50 end 4" ]
  anomaly --incidents --method=median --clear=50 events
  [ "$(brief state windows)" = "00:30 start 1
00:35 end 1
00:40 start 1
00:45 end 1" ]
}

@test "an outage that does not end is over when the baseline is 0, and costs nothing after that" {
  counts 60 60 60 60 60 60 60 >events
  printf '{"session_id":"z","event_time":"2400-01-01T00:00:00Z"}\n{"session_id":"z","event_time":"2400-01-01T00:00:01Z"}\n' >>events
  SECONDS=0
  anomaly --incidents --max-ahead=0s --max-jump=0s events
  [ "$SECONDS" -lt 10 ]
  [ "$(brief state windows)" = "00:35 start 1
02:30 end 23" ]
}

@test "incidents of groups are told apart" {
  {
    for minute in {00..55..5}; do
      [ "$minute" -eq 35 ] || visits "00:$minute:00" 30 ads
      [ "$minute" -eq 40 ] || [ "$minute" -eq 45 ] || visits "00:$minute:00" 30 mail
    done
    visits 01:00:00 1
  } >events
  anomaly --incidents --by=traffic_source events
  [ "$(brief traffic_source state windows)" = "00:35 ads start 1
00:40 ads end 1
00:40 mail start 1
00:50 mail end 2" ]
}

@test "--rows has methods, rules and incidents, too" {
  { row 00 60; row 10 60; row 20 60; row 30 0; row 40 60; } >rows
  anomaly --rows --value=purchases --incidents --method=median --min-baseline=3 rows
  [ "$(brief median_purchases state windows)" = "00:30 60 start 1
00:40 60 end 1" ]
  anomaly --rows --value=purchases --min-baseline=4 rows
  [ -z "$output" ]
  anomaly --rows --value=purchases --min-baseline=3 rows
  [ "$(brief purchases)" = '00:30 0' ]
  anomaly --rows --value=purchases --min-baseline=3 --sigma=8 rows
  [ -z "$output" ]
  anomaly --rows --value=purchases --method=seasonal --season=30m --seasons=1 rows
  [ "$(brief avg_purchases)" = '00:30 60' ]
}

# What resumed runs are tried with.
modes() {
  printf '%s\n' '--all' '--incidents' '--incidents --all --by=traffic_source --min-value=2' '--method=median --all' \
    '--method=median --incidents' '--method=seasonal --season=15m --seasons=3 --all' \
    '--method=seasonal --season=15m --incidents --clear=0' '--value=a=avg(v) --incidents --all'
}

# cut_at_lines STEP OPTION...: a run that goes on behind every so many lines of events, against one run. For a shell of its own:
# bats looks at each command of a loop.
cut_at_lines() {
  local step=$1 n lines
  local words=(cs-anomaly --min-baseline=1 --sigma=0 --lateness=1m "${@:2}")
  lines=$(wc -l <events)
  "${words[@]}" events >whole
  [ -s whole ] || return 1
  for ((n = 1; n < lines; n += step)); do
    rm -f state*
    { head -n "$n" events | "${words[@]}" --state=state && tail -n +$((n + 1)) events | "${words[@]}" --state=state --flush; } 2>errors >rows
    cmp whole rows || { echo "${*:2} at line $n"; cat errors; return 1; }
  done
  [ "$n" -gt 1 ] # there was one
}

@test "a run that goes on with the state at any line prints what one run prints, in each mode" {
  counts 3 3 0 3 3 1 3 7 0 0 0 0 3 3 2 3 3 | awk '{ sub(/}$/, ",\"traffic_source\":\"" (NR % 3 ? "a" : "b") "\",\"v\":" NR % 5 "}") } 1' >events
  local mode=0 options step
  export -f cut_at_lines
  step=$(stride 1)
  while read -r options; do
    : $((mode += 1))
    # shellcheck disable=SC2086 # several options
    bash -uc 'cut_at_lines "$@"' bash "$step" $options </dev/null
  done < <(modes)
  [ "$mode" -eq 8 ]
}

@test "jobs, and any order within the lateness, change nothing in any mode" {
  traffic --duration=3h --rate="$(rounds 8)" --disorder=25s --spike=2h+10m --extras | sed 's/"price"/"v"/' >disorder
  jq -cs 'sort_by(.event_time)[]' disorder >sorted
  while read -r options; do
    # shellcheck disable=SC2086 # several options
    {
      cs-anomaly --sigma=1 $options sorted >rows
      cs-anomaly --sigma=1 $options disorder | cmp - rows
      cs-anomaly --sigma=1 $options --jobs=2 disorder | cmp - rows
    }
    [ -s rows ]
  done < <(modes)
}

@test "--explain says what an alert is" {
  explained() { cs-anomaly --explain "$@" | sed -n 's/^alert *//p'; }
  [ "$(explained)" = 'over 50 % from the mean of the last 2h, over 4 x sqrt(mean + 1), 6 windows or more' ]
  [ "$(explained --method=median --value='sum(price)' --min-value=2.5 --baseline=16m)" = \
    'over 50 % from the median of the last 16m, over 3 x 1.4826 x MAD, value or usual at least 2.5, 3 windows or more' ]
  [ "$(explained --method=seasonal --season=1d)" = \
    'over 50 % from the mean of the same window 1d before, 4 times, over 4 x sqrt(mean + 1), 4 windows or more' ]
  [ "$(explained --rows --value=x)" = 'over 50 % from the mean of the last 2h, as many rows as --min-baseline says' ]
}

# --- wrong use

@test "what makes no sense is refused before anything is read" {
  for options in --threshold=x --threshold=-1 --value=nothing '--value=sum(' '--value=p=percent(a,b)' --rows \
    '--rows --value=a --size=5m' '--rows --value=.a.b' --by=alert --method=mode --min-baseline=0 --min-value=-1 --sigma=x \
    --clear=10 '--incidents --clear=51' '--incidents --by=state' --season=1d --seasons=2 '--method=seasonal --baseline=1h' \
    '--method=seasonal --season=7m' '--method=seasonal --seasons=0' '--method=seasonal --seasons=100000' \
    '--method=seasonal --min-baseline=5' '--min-baseline=24' '--baseline=20m --min-baseline=4'; do
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

@test "where nothing could be compared, that is said: no row is not no alert" {
  { visits 00:00:00 3; visits 00:05:00 30; visits 00:10:00 300; visits 00:15:00 1; } >events
  anomaly events
  [ "$status" -eq 0 ] && [ -z "$output" ]
  [ "$stderr" = 'cs-anomaly: nothing could be compared: no value had 6 windows before it (--min-baseline)' ]
  anomaly --method=seasonal --season=1d events
  [ "$stderr" = 'cs-anomaly: nothing could be compared: no value had 4 windows at its place in the seasons before it (--season, --seasons, --min-baseline)' ]
  plainly events
  [ -n "$output" ] && [ -z "$stderr" ]
  anomaly --all events # where each window says so
  [ -z "$stderr" ]
}

# --- parts of the events ---

# apart OPTION...: each file of parts is counted by itself; rows has what that prints.
apart() {
  local part number
  rm -rf rows && mkdir rows
  for part in parts/*; do
    number=${part//[!0-9]/}
    cs-anomaly "$@" --by-partition --bind="$((10#$number))" --jobs=$((10#$number % 2 + 1)) "$part" >"rows/$number"
  done
}

part_modes() {
  modes | sed 's/avg(v)/max(price)/; s/15m/16m/; s/$/ --baseline=24m/; /seasonal/s/ --baseline=24m//'
  printf '%s\n' '--all --value=spent=sum(price) --by=device_type' '--all --value=q=median(price) --by=traffic_source,device_type' \
    '--value=u=approx_distinct(session_id)' '--value=d=stddev(price) --all' "--all -w false" "--incidents -w .event_type==\"purchase\" --value=count"
}

@test "parts cut by id, counted apart and merged, are judged as the whole, in each mode" {
  local seed options ends end turn=0 printed=0
  for seed in $RANDOM ${FULL:+$(seq 1 20)}; do
    # It begins within a window, and has a while without events.
    traffic --seed="$seed" --rate=0.5 --start="2026-01-01T00:1$((seed % 10)):30Z" --duration=70m --disorder=9s --extras |
      sed "$((seed % 1500 + 100)),+500d" >in
    rm -rf parts
    cs-parse --split="$((seed % 5 + 1)):session_id" --split-dir=parts --stats=whole in 2>messages
    # The end of a part is its own, or that of the whole, or a time behind that.
    ends=('' "--end=$(jq -r .event_time whole)" --end=2026-01-01T02:30:00.000001Z)
    while read -r options; do
      end=${ends[$(((seed + turn++) % 3))]}
      # shellcheck disable=SC2086 # several options
      {
        apart --size=2m --min-baseline=1 --sigma=1 $options $end 2>messages
        find rows -type f | shuf | xargs cs-anomaly --size=2m --min-baseline=1 --sigma=1 $options --merge >merged
        cs-anomaly --size=2m --min-baseline=1 --sigma=1 $options $end in >rows.whole
      }
      cmp merged rows.whole || { echo "seed $seed: $options $end"; return 1; }
      printed=$((printed + $(wc -l <merged)))
    done < <(part_modes)
  done
  [ "$printed" -gt 150 ]
}

@test "a part says where its events begin and end, whatever it selects" {
  frame() { printf '%s\t%s\t{"event_time":"2026-01-05T%sZ","session_id":"s%s","event_type":"%s"}\n' "$1" "$2" "$3" "$1" "$4"; }
  { frame 3 0 10:04:59.000001 page_view; frame 1 0 10:06:00 page_view; frame 3 1 10:21:00 purchase; } >topic
  [ "$(cs-anomaly --by-partition --by=event_type -w '.event_type == "purchase"' topic | jq -c 'del(.window_start) | map(.)')" = \
    '["2026-01-05T10:05:00.000Z",null,1,null,"2026-01-05T10:04:59.000001Z"]
["2026-01-05T10:05:00.000Z",null,3,null,"2026-01-05T10:04:59.000001Z"]
["2026-01-05T10:25:00.000Z","purchase",3,1]
["2026-01-05T10:25:00.000Z",null,1,null,"2026-01-05T10:04:59.000001Z","2026-01-05T10:21:00.000Z"]
["2026-01-05T10:25:00.000Z",null,3,null,"2026-01-05T10:04:59.000001Z","2026-01-05T10:21:00.000Z"]' ]
  cs-anomaly --by-partition topic | cs-anomaly --merge --all | cmp - <(cs-anomaly --all topic)
}

@test "rows of parts that are not whole, or of which there are others, are not taken for a result" {
  { visits 00:00:00 3; visits 00:05:00 4; visits 00:10:00 3; visits 00:15:00 9; } >in
  cs-parse --split=2:session_id --split-dir=parts in
  apart
  cs-anomaly --merge --all rows/* rows/00 >merged # the same rows twice
  cmp merged <(cs-anomaly --all in)
  head -n -1 rows/01 >short
  run -3 --separate-stderr cs-anomaly --merge rows/00 short
  [[ $stderr == 'cs-anomaly: --merge: the rows of partition 1 do not say where its events end: '* ]]
  sed '$s/00:15:00.000Z"}/00:16:00.000Z"}/' rows/01 >other
  run -3 --separate-stderr cs-anomaly --merge rows/* other
  [[ $stderr == 'cs-anomaly: --merge: two runs have printed rows of partition 1, and say otherwise where '* ]]
  cs-anomaly --merge --partitions=0-2 rows/* 2>messages
  [ "$(head -n 1 messages)" = 'cs-anomaly: --merge: of partition 2 no row has come: its share is missing' ]
  for options in --size=10m --by=device_type --value=other=count; do
    run -1 --separate-stderr cs-anomaly --merge "$options" rows/00
    [[ $stderr == *'no row of --by-partition with the same other options'* ]]
  done
  # A run that was stopped does not say that its events end there.
  mkfifo slow
  cs-anomaly --by-partition slow >stopped 2>messages &
  local pid=$!
  exec 7>slow
  cat in >&7
  until_true test -s stopped
  kill "$pid"
  wait "$pid" || true
  exec 7>&-
  [ "$(jq -s 'map(has("first_event_time")) | any' stopped)" = true ]
  [ "$(grep -c last_event_time stopped)" = 0 ]
}

@test "what cannot be added up from parts, and what does not end, is refused by name" {
  for option in --by-partition --merge; do
    for value in 'avg(price)' 'first(price)' 'last(price)'; do
      anomaly "$option" --value="$value" /dev/null
      [ "$status" -eq 2 ]
      [[ $stderr == "cs-anomaly: --value: "*" cannot be added up from parts"* ]] || { echo "$stderr"; return 1; }
    done
    anomaly "$option" --rows --value=n /dev/null
    [ "$status" -eq 2 ] && [[ $stderr == "cs-anomaly: --rows: "*"$option"* ]]
    anomaly "$option" --state=state /dev/null
    [ "$status" -eq 2 ] && [[ $stderr == "cs-anomaly: --state: with $option "* ]]
  done
}
