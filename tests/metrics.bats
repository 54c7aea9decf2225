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

@test "samples/prometheus: every series that an alert looks at is one that the tools write" {
  minutes 0 9 | awk '{ print "0\t" NR "\t" $0 }' >in
  cs-window --size=5m --agg=n=count --state=state --stats=a.prom --stats-label=instance=a in >rows
  grep -o 'clickstream_[a-z_]*_\(total\|seconds\|for\)' "$ROOT/samples/prometheus/clickstream.rules.yml" | sort -u >wanted
  [ "$(wc -l <wanted)" -ge 8 ]
  while read -r name; do grep -q "^$name{" a.prom || { echo "$name" && return 1; }; done <wanted
}
