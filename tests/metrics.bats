#!/usr/bin/env bats
# --stats: the counters of a run and where it stands, for people, scripts and Prometheus.

load helper

setup() {
  setup_tools
}

teardown() {
  if [ -n "${TOOL:-}" ]; then kill -9 "$TOOL" 2>/dev/null || :; fi
}

@test "--stats-label: two runs in one directory have series of their own" {
  minutes 0 9 >in
  cs-window --size=5m --agg=n=count --stats=a.prom --stats-label=instance=a,shop=north in >rows
  cs-window --size=5m --agg=n=count --stats=b.prom --stats-label=instance=b --stats-label=shop=south in >rows 2>err
  [ ! -s err ]
  grep -qx 'clickstream_read_total{tool="cs-window",instance="a",shop="north"} 10' a.prom
  grep -qx 'clickstream_read_total{tool="cs-window",instance="b",shop="south"} 10' b.prom
  grep -qx 'clickstream_rejected_by_reason_total{tool="cs-window",instance="a",shop="north",reason="not-json"} 0' a.prom
  # Every sample has them, and no sample stands in both files.
  run -1 bash -c "grep -v '^#' a.prom | grep -v 'instance=\"a\"'"
  cat a.prom b.prom | grep -v '^#' | sed 's/ [^ ]*$//' | sort | uniq -d >twice
  [ ! -s twice ]
  cs-window --size=5m --agg=n=count --stats=c.json --stats-label=instance=a in >rows
  [ "$(jq -c .labels c.json)" = '{"instance":"a"}' ]
}

@test "--stats-label: what is written stays one value, whatever is in it" {
  minutes 0 9 >in
  cs-window --size=5m --agg=n=count --stats=a.prom --stats-label='name=a"b\\c\,d
e' in >rows
  grep -qxF 'clickstream_read_total{tool="cs-window",name="a\"b\\c,d\ne"} 10' a.prom
}

@test "--stats-label: names that are none, or taken, are refused" {
  local label
  for label in 9=a a-b=c tool=x reason=x partition=0 __name__=x a a=1,a=2; do
    run -2 cs-window --size=5m --agg=n=count --stats --stats-label=$label </dev/null
    [[ ${lines[0]} == "cs-window: --stats-label: "* ]]
  done
  run -2 cs-window --size=5m --agg=n=count --stats --stats-label=$'a=\xff' </dev/null
  run -2 cs-window --size=5m --agg=n=count --stats-label=a=b </dev/null
  [[ ${lines[0]} == "cs-window: --stats-label needs --stats" ]]
}

@test "--stats-every: the file is there while a run goes on, and follows it" {
  mkfifo fifo
  cs-window --size=5m --agg=n=count --stats=a.prom --stats-every=100ms <fifo >rows 3>&- &
  TOOL=$!
  exec 5>fifo
  minutes 0 9 >&5
  until_true grep -qs '^clickstream_read_total{tool="cs-window"} 10$' a.prom
  minutes 10 19 >&5
  until_true grep -q '^clickstream_read_total{tool="cs-window"} 20$' a.prom
  # Without input, too: somebody wants to know that it is alive.
  rm a.prom
  until_true grep -qs '^clickstream_read_total{tool="cs-window"} 20$' a.prom
  exec 5>&-
  wait "$TOOL"
  TOOL=''
  run -2 cs-window --size=5m --agg=n=count --stats-every=1s </dev/null
  run -2 cs-window --size=5m --agg=n=count --stats --stats-every=1ms </dev/null
}

@test "each partition says how far it has come, and whether event time waits for it" {
  { minutes 0 9 | awk '{ print "0\t" 100 + NR "\t" $0 }'; minutes 5 6 | awk '{ print "4\t" NR "\t" $0 }'; } >in
  cs-window --size=5m --agg=n=count --state=state --stats=a.prom --partitions=0,4,7 in >rows
  grep -qx 'clickstream_partitions{tool="cs-window"} 3' a.prom
  grep -qx 'clickstream_partition_offset{tool="cs-window",partition="0"} 110' a.prom
  grep -qx 'clickstream_partition_offset{tool="cs-window",partition="4"} 2' a.prom
  run ! grep -q 'partition_offset{.*partition="7"' a.prom
  grep -qx 'clickstream_partition_event_time_seconds{tool="cs-window",partition="0"} 1767226140.000000' a.prom
  grep -qx 'clickstream_partition_watermark_seconds{tool="cs-window",partition="0"} 1767226110.000000' a.prom
  grep -qx 'clickstream_partition_waited_for{tool="cs-window",partition="7"} 1' a.prom
  now=$(date +%s)
  for time in last_read_time_seconds last_save_time_seconds; do
    awk -v now="$now" -v name="clickstream_$time" '$1 ~ "^" name "{" { if ($2 > now - 600 && $2 < now + 600) good = 1 } END { exit !good }' a.prom
  done
}

@test "Prometheus' own program finds nothing to say" {
  command -v promtool >/dev/null || skip "promtool is absent"
  minutes 0 9 | awk '{ print "0\t" NR "\t" $0 }' >in
  cs-window --size=5m --agg=n=count --stats=a.prom --stats-label='name=a"b\\c' in >rows
  promtool check metrics <a.prom
}

@test "samples/prometheus: each alert fires for what it is for, and none for a run in which all is well" {
  command -v promtool >/dev/null || skip "promtool is absent"
  cp "$ROOT/samples/prometheus/clickstream.rules.yml" "$ROOT/tests/cases/alerts.yml" .
  promtool check rules clickstream.rules.yml
  promtool test rules alerts.yml
}

# Figures as services write them: of a tool that runs from a topic with a spool, and of its shipper.
figures() {
  minutes 0 9 | awk '{ print NR % 2 "\t" NR "\t" $0 }' >in
  printf 'clicks [%d] offset 20\n' 0 1 >ends
  cs-window --size=5m --agg=n=count --state=state --spool=spool --key=window_start --stats=a.prom --stats-ends=ends \
    --stats-label=instance=a in
  rm -f spool/*.ndjson # or kcat would be asked for
  "$ROOT/scripts/cs-ship" -b nobody -t rows --once --stats=b.prom --stats-label=instance=a spool
}

# The names of series in a file.
series() {
  grep -oE '\bclickstream_[a-z_]+' "$1" | sort -u
}

@test "samples/prometheus: every series that an alert looks at is one that the tools write" {
  command -v kcat >/dev/null || skip 'kcat is missing'
  figures
  sed -E '/^ *(summary|description):|^#/d' "$ROOT/samples/prometheus/clickstream.rules.yml" >rules
  [ "$(series rules | wc -l)" -ge 12 ]
  series rules | while read -r name; do grep -q "^$name{" a.prom b.prom || { echo "$name" && return 1; }; done
  # What is said of them, too.
  series "$ROOT/samples/prometheus/clickstream.rules.yml" | while read -r name; do grep -q "^$name{" a.prom b.prom; done
}

@test "samples/grafana: the dashboard is one, and each of its queries brings what the tools write" {
  command -v promtool >/dev/null || skip 'promtool is absent'
  command -v kcat >/dev/null || skip 'kcat is missing'
  local board=$ROOT/samples/grafana/clickstream.dashboard.json
  figures
  # No two panels are one, or on top of each other, and none is empty.
  jq -e '(.panels | map(.id) | length == (unique | length)) and ([.panels[] | .gridPos | . as {$x, $y, $w, $h} |
      range($x; $x + $w) as $i | range($y; $y + $h) | "\($i) \(.)"] | length == (unique | length)) and
    all(.panels[]; (.targets | length > 0) and .title != "" and .gridPos.x + .gridPos.w <= 24)' "$board" >/dev/null
  jq -r '.. | .expr? // empty' "$board" >queries
  [ "$(wc -l <queries)" -ge 15 ]
  jq -r '.templating.list[] | select(.type == "query").query.query' "$board" | series /dev/stdin >names
  series queries >>names
  while read -r name; do grep -q "^$name{" a.prom b.prom || { echo "$name" && return 1; }; done <names
  # Each of them over an hour of these series, counters and times going on: it is well formed, and has a value.
  {
    printf 'evaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n'
    grep -hv '^#' a.prom b.prom | awk '{
      value = $NF + 0; sub(/ [^ ]*$/, "")
      gsub(/\047/, "\047\047")
      step = /^clickstream_[a-z_]*(_total|_offset|_time_seconds)\{/ ? "+60x60" : "x60"
      printf "  - {series: \047%s\047, values: \047%s%s\047}\n", $0, value, step }'
    printf '  promql_expr_test:\n'
    sed -e 's/\$__rate_interval/5m/g' -e 's/\$instance/.*/g' -e "s/'/''/g" queries | while IFS= read -r query; do
      printf "  - {expr: 'count(%s) > bool 0', eval_time: 30m, exp_samples: [{labels: '{}', value: 1}]}\n" "$query"
    done
  } >board.yml
  promtool test rules board.yml
}

@test "--stats-ends: how far behind each partition is, as kcat says where it ends" {
  { minutes 0 9 | awk '{ print "0\t" NR - 1 "\t" $0 }'; minutes 5 6 | awk '{ print "4\t" 100 + NR "\t" $0 }'; } >in
  window() { cs-window --size=5m --agg=n=count --stats=a.prom "$@" in >rows; }
  window --stats-ends=nowhere --partitions=0,4,7
  run ! grep -E '^clickstream_(partition_lag|partition_end|ends)' a.prom
  printf 'clicks [0] offset 10\nclicks [4] offset 5000\nclicks [7] offset 3\nclicks [8] offset 3\n' >ends
  window --stats-ends=ends --partitions=0,4,7 2>err
  [ ! -s err ]
  grep '^clickstream_partition_\(lag\|end\)' a.prom | sed 's/tool="cs-window",//' >got
  diff - got <<'END'
clickstream_partition_end_offset{partition="0"} 10
clickstream_partition_end_offset{partition="4"} 5000
clickstream_partition_end_offset{partition="7"} 3
clickstream_partition_lag{partition="0"} 0
clickstream_partition_lag{partition="4"} 4897
END
  grep -q "^clickstream_ends_time_seconds{tool=\"cs-window\"} $(stat -c %Y ends)" a.prom
  # A run may be ahead of what was said; what is no such line is told, and left out.
  printf 'clicks [0] offset 3\nnonsense\nclicks [4] offset -1\nclicks [x] offset 3\nclicks [0] offset 99x\n' >ends
  window --stats-ends=ends 2>err
  grep -qx 'clickstream_partition_lag{tool="cs-window",partition="0"} 0' a.prom
  run ! grep -q 'lag{.*partition="4"' a.prom
  [ "$(cat err)" = "cs-window: --stats-ends: ends: no line of kcat -Q ('TOPIC [PARTITION] offset END'); such lines are left out" ]
  run -2 cs-window --size=5m --agg=n=count --stats-ends=ends in
  [[ ${lines[0]} == 'cs-window: --stats-ends needs --stats' ]]
}

@test "with a spool, the segments that wait are counted" {
  minutes 0 20 >in
  window() { cs-window --size=5m --agg=n=count --state=state --spool=spool --stats=a.prom "$@"; }
  window in
  grep -qx 'clickstream_segments_waiting{tool="cs-window"} 1' a.prom
  minutes 21 40 >>in
  window in
  grep -qx 'clickstream_segments_waiting{tool="cs-window"} 2' a.prom
  rm spool/000000000001.ndjson
  window in
  grep -qx 'clickstream_segments_waiting{tool="cs-window"} 1' a.prom
  cs-window --size=5m --agg=n=count --stats=a.prom in >rows
  run ! grep -q segments_waiting a.prom
}
