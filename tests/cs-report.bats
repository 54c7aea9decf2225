#!/usr/bin/env bats
# cs-report: rows in, a page out. What stands in the page's data, what is refused, and what a browser makes of it.

load helper

setup() {
  setup_tools
  local page=$CS_BUILD/share/report.html
  [ -f "$page" ] || [ -f "$CS_BUILD/../share/report.html" ] || skip 'there is no report.html: make page needs npm and esbuild'
}

# The data of a page, as JSON.
data() {
  awk 'sub(/^<script type="application\/json" id="data">/, "") { inside = 1 }
    inside { last = sub(/<\/script>$/, ""); print; if (last) exit }' "$1"
}

# window START GROUP MEMBERS: a row of ten minutes.
window() {
  printf '{"window_start":"2026-01-01T%s:00.000Z","window_end":"2026-01-01T%s:00.000Z",%s,%s}\n' "$1" "$(date -u -d "2026-01-01 $1 10 minutes" +%H:%M)" "$2" "$3"
}

funnel_rows() {
  traffic --events=20000 --rate=2 --seed=4 | cs-funnel >funnel.ndjson
}

# The rows of a page's panel again, as the tool had printed them: start, group, measures.
rows_again() {
  data "$1" | jq -c --arg kind "$2" '.panels[] | select(.kind == $kind) | . as $p
    | (reduce .start[] as $d ([0, []]; [.[0] + $d, .[1] + [.[0] + $d]]) | .[1]) as $start
    | [range($start | length) as $w | range($p.rows[$w]) | $start[$w]] as $at
    | range($at | length) as $i
    | [$at[$i], ($p.groups[$p.group[$i]][]), ($p.measures[] | .value[$i] / pow(10; .places))]'
}

@test "the rows of a funnel are in the page, each number of them" {
  funnel_rows
  cs-report -o page.html funnel.ndjson
  rows_again page.html funnel >got
  jq -c '[(.window_start | sub("\\.000Z$"; "Z") | fromdate * 1000), .traffic_source, .device_type, .sessions, .product_views, .add_to_carts, .checkout_starts, .purchases]' \
    funnel.ndjson >wanted
  [ -s wanted ]
  diff wanted got
}

@test "the same rows give the same bytes, in whatever order and from however many files they come" {
  funnel_rows
  traffic --events=20000 --rate=2 --seed=4 | cs-window --view=search-analytics >searches.ndjson
  cs-report -o one.html funnel.ndjson searches.ndjson
  shuf --random-source=<(yes) funnel.ndjson >mixed
  split -n l/2 mixed part.
  gzip part.aa
  cs-report searches.ndjson - part.aa.gz <part.ab >other.html
  cmp one.html other.html
}

@test "what strangers have typed stays text" {
  term='</script><img src=x onerror=alert(1)>\u2028<!--'
  window 00:00 "\"search_term\":\"$term\"" '"search_count":3,"unique_sessions":2' >rows
  cs-report --title='<b>&amp;</title>' -o page.html rows
  run ! grep -F '<img' page.html
  [ "$(grep -c '</script>' page.html)" -eq 2 ]
  run ! grep -F '<b>' page.html
  [ "$(data page.html | jq -r '.panels[0].groups[0][0]')" = "$(jq -rn --argjson term "\"$term\"" '$term')" ]
  [ "$(data page.html | jq -r .title)" = '<b>&amp;</title>' ]
}

@test "scripts and styles are bound to their hashes, and nothing else may run" {
  window 00:00 '"by":"a"' '"n":1' | cs-report >page.html
  policy=$(grep -o 'Content-Security-Policy" content="[^"]*' page.html)
  [[ $policy == *"default-src 'none'"* && $policy != *unsafe* ]]
  python3 - page.html <<'END'
import base64, hashlib, re, sys
page = open(sys.argv[1], encoding="utf-8", newline="").read()
for name in ("style", "script"):
    text = re.search(rf"<{name}>(.*?)</{name}>", page, re.S).group(1)
    said = re.search(rf"{name}-src '(sha256-[^']+)'", page).group(1)
    assert said == "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode(), name
END
  [ "$(sed '/id="data">/,/^<\/script>/d' page.html | wc -c)" -le 100000 ]
  grep -q 'Permission is hereby granted' page.html # uPlot's licence
}

@test "a line that is no row is named with its file and line, and nothing else is lost" {
  {
    window 00:00 '"by":"a"' '"n":1'
    printf 'no json\n{"a":1}\n\n[1]\n'
    window 00:10 '"by":"a"' '"n":"many"'
    printf '{"window_start":"yesterday","window_end":"2026-01-01T00:10:00Z","by":"a","n":1}\n\xff\n'
    window 00:20 '"by":"a"' '"n":2' | tr -d '\n'
  } >rows
  run -0 --separate-stderr cs-report -o page.html rows
  [ "${stderr_lines[0]}" = 'cs-report: rows:2: not-json: not valid JSON (RFC 8259)' ]
  [ "${stderr_lines[1]}" = 'cs-report: rows:3: by its members, it is no row of a tool that is known' ]
  [ "${stderr_lines[2]}" = 'cs-report: rows:5: not-an-object: valid JSON, but not an object' ]
  [ "${stderr_lines[3]}" = 'cs-report: rows:6: has text where the rows before it had a number' ]
  [ "${stderr_lines[4]}" = 'cs-report: rows:7: window_start is no time' ]
  [ "${stderr_lines[-1]}" = 'cs-report: 6 of 8 lines cannot be shown' ]
  [ "$(data page.html | jq -c '[.lines, .unused, .panels[0].measures[0].value]')" = '[8,6,[1,2]]' ]
  run -1 cs-report -o page.html <(echo nothing)
}

@test "a later row of the same window replaces the one before, and a later state of an incident" {
  {
    window 00:00 '"by":"a"' '"n":1,"final":false'
    window 00:00 '"by":"b"' '"n":5'
    printf 'a\t'
    window 00:00 '"by":"a"' '"n":3,"final":true'
  } >rows
  minutes 0 200 | cs-anomaly --value='views=count' --size=5m --incidents --all --min-baseline=1 --sigma=0 --threshold=1 >incidents
  cs-report -o page.html rows incidents
  [ "$(data page.html | jq -c '.panels[] | select(.kind == "window") | [.replaced, .groups, .measures[0].value]')" = '[1,[["a"],["b"]],[3,5]]' ]
  window 00:10 '"by":"a"' '"purchases":9,"avg_purchases":50,"pct_deviation":-82,"alert":true,"direction":"down","state":"start","incident_start":"2026-01-01T00:10:00.000Z","peak":-82,"windows":1' >one
  window 00:40 '"by":"a"' '"purchases":50,"avg_purchases":50,"pct_deviation":0,"alert":false,"direction":null,"state":"end","incident_start":"2026-01-01T00:10:00.000Z","peak":-99,"windows":3' >two
  cs-report -o page.html one two
  [ "$(data page.html | jq -c '.panels[0] | [.kind, .taken, (.rows | length), .rows[0][-2]]')" = '["incident",2,1,-99]' ]
}

@test "thinned to fit, sums stay what they are, and it is said" {
  for ((hour = 0; hour < 24; hour++)); do
    for ((ten = 0; ten < 6; ten++)); do
      printf -v at '%02d:%d0' "$hour" "$ten"
      printf '{"window_start":"2026-01-01T%s:00.000Z","window_end":"2026-01-01T%s:00.000Z","by":"%s","n":%d,"money":0.1,"avg_x":2}\n' \
        "$at" "${at/%0/9}" a "$hour" "$at" "${at/%0/9}" b 1
    done
  done >rows
  cs-report -o whole.html rows
  run -0 --separate-stderr cs-report --max-size=2K -o page.html rows
  [[ $stderr == *'window: thinned: windows of '*' s are added up, 0 groups are left out'* ]]
  sum='.panels[0].measures | map((.value | map(. // 0) | add) / pow(10; .places))[:2] | map(. * 1000 | round)'
  [ "$(data page.html | jq -c "$sum")" = "$(data whole.html | jq -c "$sum")" ]
  [ "$(data page.html | jq '.panels[0].thinned > 0 and (.panels[0].measures[2].value | all(. == null))')" = true ]
  [ "$(data page.html | wc -c)" -lt 2200 ]
  # Rows beyond the bound: the oldest windows go, and are counted.
  run -0 --separate-stderr cs-report --max-rows=1000 -o page.html <(for i in {1..11}; do sed "s/2026-01-01/2026-02-$((i + 10))/g" rows; done)
  [[ $stderr == *' rows of the oldest windows are left out'* ]]
  [ "$(data page.html | jq '.panels[0] | (.rows | add) + .let_go == .taken and .taken == 3168')" = true ]
}

@test "a number too large to be held is told of, in the page's tool and the terminal's" {
  window 00:00 '"traffic_source":"a"' '"n":1e400' >rows
  window 00:10 '"traffic_source":"a"' '"n":2' >>rows
  run -0 --separate-stderr cs-report -o page.html rows
  [ "$stderr" = 'cs-report: window: 1 number is too large to be shown' ]
  run -0 --separate-stderr cs-top --once rows
  [ "$stderr" = 'cs-top: window: 1 number is too large to be shown' ]
}

@test "of sessions the newest are shown, and how many there were" {
  traffic --events=20000 --rate=2 | cs-sessionize >sessions.ndjson
  cs-report --list-rows=10 -o page.html sessions.ndjson
  [ "$(data page.html | jq -c '.panels[0] | [.kind, .taken]')" = "[\"session\",$(wc -l <sessions.ndjson)]" ]
  diff <(data page.html | jq -r '.panels[0].rows[][5]') <(jq -r .last_event_time sessions.ndjson | sort -r | head -n 10)
}

@test "a standard stream that is closed is none, and no file takes its place" {
  printf '%s\n' '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T01:00:00.000Z","n":1}' >rows
  local input
  for input in '' -; do
    run -1 --separate-stderr bash -c "exec timeout 60 cs-report -o page $input <&-"
    [ "$stderr" = 'cs-report: standard input: Bad file descriptor' ]
    run -1 --separate-stderr bash -c "exec timeout 60 cs-top --once $input <&-"
    [ "$stderr" = 'cs-top: standard input: Bad file descriptor' ]
  done
  run -1 --separate-stderr bash -c 'cs-report rows >&-'
  [ "$stderr" = 'cs-report: standard output: Bad file descriptor' ]
  run -1 --separate-stderr bash -c 'cs-top --once rows >&-'
  [ "$stderr" = 'cs-top: standard output: Bad file descriptor' ]
  cs-report rows >page
  bash -c 'cs-report -o other rows <&- >&- 2>&-'
  cmp page other
}

@test "what cannot be written is said, and wrong use is refused" {
  window 00:00 '"by":"a"' '"n":1' >rows
  run -1 cs-report -o /dev/full rows
  run -1 bash -c 'cs-report rows >/dev/full'
  run -1 cs-report -o no/such/page.html rows
  run -1 cs-report -o page.html no-such-rows
  [ ! -e page.html ]
  run -2 cs-report --live=2s rows
  run -2 cs-report --max-size=many -o page.html rows
  run -2 cs-report -o rows rows
  run -2 cs-report --title=$'\xff' -o page.html rows
  run -2 cs-report --liv=1s -o page.html rows
}

@test "in a browser: range, comparison, filter, groups, tables and keys, and every number that of rows" {
  [ -z "${QUICK:-}" ] || skip 'the page is the same'
  command -v chromedriver >/dev/null || skip 'no chromedriver'
  traffic --events=30000 --rate=2 --seed=4 | tee >(cs-window --view=search-analytics >searches.ndjson) | cs-funnel >funnel.ndjson
  for term in '</script><img src=x onerror=alert(1)>' 'left \u202e right \u001b[31m' '漢字'; do
    window 01:00 "\"search_term\":\"$term\"" '"search_count":99999,"unique_sessions":2'
  done >strange
  until_true test -s searches.ndjson
  cs-report -o page.html funnel.ndjson searches.ndjson strange
  python3 "$ROOT/tests/web/report.py" page "$PWD/page.html" funnel.ndjson
}

@test "live: a page opened as a file takes in what is new, and turns grey when nothing comes any more" {
  command -v chromedriver >/dev/null || skip 'no chromedriver'
  funnel_rows
  cs-report --live=200ms -o page.html funnel.ndjson later.ndjson 2>said &
  report=$!
  until_true test -s page.rows.js
  mkfifo go
  python3 "$ROOT/tests/web/report.py" live "$PWD/page.html" funnel.ndjson <go >took &
  browser=$!
  exec {hold}>go
  until_true grep -q taken took
  kill "$report"
  wait "$report"
  echo >&"$hold"
  wait "$browser"
  grep -qx 'cs-report: later.ndjson: is not there yet' said
  [ "$(grep -c . said)" -eq 1 ]
}
