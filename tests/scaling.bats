#!/usr/bin/env bats
# Four times as much input is about four times as much work, whatever it looks like.
#
# What would be quadratic takes sixteen times as long, and with tens of thousands of events much more than a second.
# The time is the processor's, of the fastest of some runs, so a busy machine lets nothing fail.

load helper

setup() {
  [ -z "${QUICK:-}" ] || skip 'sanitized tools are slow in their own ways'
  setup_tools
}

# events COUNT ORDER MEMBERS: an event every two seconds, in order, backwards or in an order that jumps about; in MEMBERS
# %d is the number.
events() {
  awk -v count="$1" -v order="$2" -v members="$3" 'BEGIN {
    parts = split(members, part, "%d") # gsub would take a hundred times as long
    for (i = 0; i < count; i++) {
      k = order == "backwards" ? count - 1 - i : order == "jumping" ? i * 7919 % count : i
      text = part[1]
      for (p = 2; p <= parts; p++) text = text k part[p]
      printf "%s{\"event_time\":%d%s}\n", order == "partitions" ? i * 7919 % count "\t0\t" : "", 1767225600 + k * 2, text
    }
  }'
}

# milliseconds RUNS COMMAND...: of the processor, the least of so many runs.
milliseconds() {
  local TIMEFORMAT='%U %S' run best=999999 spent
  for ((run = 0; run < $1; run++)); do
    spent=$({ time "${@:2}" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%d", ($1 + $2) * 1000 }')
    [ "$spent" -ge "$best" ] || best=$spent
  done
  printf '%d\n' "$best"
}

# grows ORDER MEMBERS COMMAND...: from COUNT (10000) events to four times as many. Once is enough where it is fast; where it
# was not, twice more, for a machine that was busy with something else.
grows() {
  local order=$1 members=$2 count=${COUNT:-10000} few many runs
  shift 2
  events "$count" "$order" "$members" >few
  events $((4 * count)) "$order" "$members" >many
  few=$(milliseconds 2 "$@" few)
  for runs in 1 2 4; do
    many=$(milliseconds "$runs" "$@" many)
    [ "$many" -ge $((8 * few + 300)) ] || return 0
    few=$(milliseconds "$runs" "$@" few)
  done
  printf '%s: %d ms, of four times as much %d ms\n' "$*" "$few" "$many"
  return 1
}

free=(--max-jump=0s --max-ahead=0s)
one=',"event_type":"add_to_cart","session_id":"s","product_id":"p%d","event_id":"e%d"'
each=',"event_type":"add_to_cart","session_id":"s%d","product_id":"p","event_id":"e%d"'

@test "one id with many sessions open, in any order" {
  for order in forwards backwards jumping; do
    grows "$order" "$one" cs-sessionize "${free[@]}" --lateness=max --gap=1s --max-duration=none
    grows "$order" "$one" cs-sessionize "${free[@]}" --lateness=30d --gap=1s --max-duration=60d
    grows "$order" "$one" cs-abandon "${free[@]}" --lateness=max --after=1s --until=2s --forget=3s
    grows "$order" "$one" cs-abandon "${free[@]}" --lateness=max --after=1s
  done
}

@test "one session with many products, in any order" {
  for order in forwards backwards jumping; do
    COUNT=2500 grows "$order" "$one" cs-sessionize "${free[@]}" --lateness=max --max-duration=none
  done
}

@test "one id whose past grows" {
  grows forwards "$one" cs-abandon "${free[@]}" --lateness=0s --after=1s --until=3s
  grows jumping "$one" cs-abandon "${free[@]}" --lateness=0s --after=1s --until=3s
}

@test "an id behind its watermark while a partition holds time back" {
  stalled() {
    awk -v count="$1" 'BEGIN {
      members = "\"event_type\":\"add_to_cart\",\"session_id\":\"s\""
      printf "0\t0\t{\"event_time\":1767225600,%s}\n", members
      for (i = 0; i < count; i++) printf "1\t%d\t{\"event_time\":%.1f,%s}\n", i, 1767225600 + 2 * i - i % 2 * 3.5, members
    }'
  }
  events() { stalled "$1"; }
  grows stalled '' cs-sessionize "${free[@]}" --lateness=1s --gap=2s --max-duration=4s
  grows stalled '' cs-abandon "${free[@]}" --lateness=1s --after=1s --until=2s --forget=3s
}

@test "a partition for every event" {
  grows partitions "$each" cs-window --max-partitions=1000000 "${free[@]}" --size=1h --agg=n=count
  grows partitions "$each" cs-window --max-partitions=1000000 --size=1h --agg=n=count
  grows partitions "$each" cs-window --max-partitions=1000000 --size=1h --agg=n=count --idle=1h
}

@test "windows by the ten thousand, groups, ids, and rows to be sorted" {
  grows jumping "$each" cs-window "${free[@]}" --lateness=max --size=1s --agg=n=count
  grows jumping "$each" cs-window "${free[@]}" --lateness=max --size=20s --slide=2s --agg='n=distinct(session_id)'
  grows forwards "$each" cs-window "${free[@]}" --lateness=max --size=100d --by=session_id --agg=n=count --order-by=-session_id
  grows forwards "$each" cs-window "${free[@]}" --lateness=max --size=100d --by=session_id --agg=n=count --top=10
  grows forwards "$each" cs-anomaly --size=1d --baseline=7d --by=session_id
}

@test "modes: pages, paths and details, ordered funnels, incidents, people" {
  path=',"event_type":"page_view","session_id":"s","page_url":"/%d","event_id":"e%d"'
  paths=',"event_type":"page_view","session_id":"s%d","page_url":"/p","event_id":"e%d"'
  for order in forwards backwards jumping; do
    for mode in --detail --path=20 --pages; do
      COUNT=2500 grows "$order" "$path" cs-sessionize "${free[@]}" --lateness=max --max-duration=none "$mode"
      grows "$order" "$paths" cs-sessionize "${free[@]}" --lateness=max "$mode"
    done
    grows "$order" "$one" cs-sessionize "${free[@]}" --lateness=max --gap=1s --max-duration=none --detail
    grows "$order" "$one" cs-funnel "${free[@]}" --lateness=max --size=100d --order=ordered
    grows "$order" "$each" cs-funnel "${free[@]}" --lateness=max --size=1h --order=ordered
    grows "$order" "$one" cs-identify "${free[@]}" --lateness=max --hold=1h
    grows "$order" "$each" cs-identify "${free[@]}" --lateness=max --hold=1h
  done
  grows forwards "$each" cs-anomaly --size=10s --baseline=10m --incidents
  grows forwards "$each" cs-anomaly --size=1d --baseline=7d --by=session_id --incidents --method=median
}

@test "what --dedup remembers, and forgets" {
  for lateness in 0s 30s 1h max; do
    COUNT=20000 grows forwards "$each" cs-window "${free[@]}" --size=1h --agg=n=count --dedup=1h --lateness="$lateness"
  done
}

@test "records that are refused or late" {
  grows backwards "$each" cs-window --size=1s --agg=n=count --lateness=0s --rejects=/dev/null --late=/dev/null "${free[@]}"
  grows forwards ',"event_type":[]' cs-window --size=1s --agg='n=count if .event_type == "x"' --rejects=/dev/null "${free[@]}"
}

@test "files by the thousand" {
  mkdir files
  event 2026-01-01T00:00:00Z >event
  awk '{ for (i = 0; i < 8000; i++) { file = "files/" i; print >file; close(file) } }' event
  few=$(milliseconds 1 cs-window --size=1h --agg=n=count files/?{,?}{,?}{,?})
  some=$(milliseconds 1 cs-window --size=1h --agg=n=count files/1???)
  [ "$few" -lt $((16 * some + 300)) ]
}
