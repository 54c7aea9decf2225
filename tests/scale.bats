#!/usr/bin/env bats
# Partition by partition: files that are cut as a topic is, and instances that each have partitions of their own, on two
# machines and then on three.

load helper
load mock
load runner

setup_file() {
  setup_tools
  mock_start
  EVENTS=$BATS_FILE_TMPDIR/events.ndjson
  traffic --events=3000 --rate=4 --seed=9 --disorder=20s >"$EVENTS"
  export EVENTS
}

teardown_file() {
  mock_stop
}

setup() {
  setup_tools
  need_kcat
}

@test "--split cuts a file as kcat -P cuts a topic, with either partitioner" {
  local partitioner p
  for partitioner in murmur2 consistent; do
    cs-parse --key=session_id "$EVENTS" | kcat -q -P -b "$BROKERS" -t "cut-$partitioner" -K '\t' -X partitioner="$partitioner" -X enable.idempotence=true
    cs-parse --split=4:session_id --split-dir="$partitioner" --partitioner="$partitioner" "$EVENTS"
    for p in 0 1 2 3; do
      consume "cut-$partitioner" -p "$p" | cmp - "$partitioner/0$p.ndjson"
      [ -s "$partitioner/0$p.ndjson" ]
    done
  done
}

# works MACHINE PARTITION...: reads each to its end there, in the directory of that partition.
works() {
  local p
  for p in "${@:2}"; do
    cs-run -b "$BROKERS" -t shop -p "$p" -S "$1/partition-$p" --from=beginning --once -o shop-funnel,shop-sessions "${ends[@]}" -- \
      cs-funnel --by=device_type --by-partition "${flush[@]}" -- cs-sessionize --gap=5m "${flush[@]}" 2>>messages || { cat messages && return 1; }
  done
}

@test "two machines, then three, then one: no event is lost or counted twice" {
  local ends=() flush=()
  mkdir one two three
  head -n 1000 "$EVENTS" | keyed | produce shop
  works one 0 1
  works two 2 3
  sed -n 1001,2000p "$EVENTS" | keyed | produce shop
  # To three: a partition's directory goes with it, its owner having stopped.
  mv one/partition-1 two/partition-3 three/
  works one 0
  works two 2
  works three 1 3
  # To one again, which reads the rest, and ends.
  tail -n +2001 "$EVENTS" | keyed | produce shop
  mv two/* three/* one/
  flush=(--flush)
  works one 3 1 0 2

  # Rows come at least once, and so each may come again; a merge counts it once. This broker's topics have four
  # partitions, which kcat reads in any order.
  consume shop-funnel | cs-funnel --by=device_type --merge --partitions=0-3 --lateness=max | cmp - <(cs-funnel --by=device_type "$EVENTS" 2>/dev/null)
  consume shop-sessions | sort -u | cmp - <(cs-sessionize --gap=5m "$EVENTS" 2>/dev/null | sort)
}

@test "rows that are merged come from a topic with one partition, where they are in order" {
  head -n 10 "$EVENTS" | keyed | produce parts
  run -2 cs-run -b "$BROKERS" -t parts -S merge --from=beginning --once -- cs-funnel --merge --partitions=0-3
  [[ $output == "cs-run: cs-funnel: --merge: the rows of an instance have to come in their order, so their topic has one partition; parts has 4"* ]]
}
