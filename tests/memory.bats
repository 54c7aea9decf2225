#!/usr/bin/env bats
# --max-memory: what is held is bounded, whatever the input; and long texts are held once.

load helper

setup() { setup_tools; }

# Address space is not counted in what a sanitizer has.
plain_tools() { [ -z "${QUICK:-}" ] || skip 'sanitized tools need terabytes of address space'; }

# within KIB COMMAND...: with no more address space than that.
within() {
  local kib=$1
  shift
  (
    ulimit -v "$kib"
    "$@"
  )
}

# events COUNT MEMBERS: COUNT events a millisecond apart; in MEMBERS %d is the number, %s a text of LENGTH bytes.
events() {
  MEMBERS=$2 awk -v count="$1" -v len="${LENGTH:-1}" 'BEGIN {
    text = "x"
    while (length(text) < len) text = text text
    text = substr(text, 1, len)
    members = ENVIRON["MEMBERS"]
    sub(/%s/, text, members)
    at = index(members, "%d")
    before = at ? substr(members, 1, at - 1) : members
    after = at ? substr(members, at + 2) : ""
    for (i = 0; i < count; i++)
      printf "{\"event_time\":%.3f,%s%s%s}\n", 1767225600 + i / 1000, before, at ? sprintf("%08d", i) : "", after
  }'
}

# full KIND COMMAND...: ends with 3, and says that KIND is what is held.
full() {
  local kind=$1
  shift
  run -3 --separate-stderr within 400000 "$@"
  [[ $stderr == *"of memory is held"*"$kind"*"--max-memory=SIZE raises the bound"* ]] || {
    printf '%s\n' "$stderr"
    return 1
  }
}

search='"event_type":"search","session_id":"s","search_query":"%d%s"'

@test "a size is a number and a unit, a number of bytes, or a share" {
  for size in 64M 64MiB 64MB 67108864 1G 1GiB 2T 10% 100%; do
    run -0 cs-window --size=1h --agg=n=count --max-memory="$size" /dev/null
  done
  for size in '' M 64X 64MX 64iB -1G 1.5G 0 512 16M 0% 101% 99999999999999T; do
    run -2 cs-window --size=1h --agg=n=count --max-memory="$size" /dev/null
    [[ $output == *"--max-memory"* ]]
  done
}

@test "long terms are held once, and bounded" {
  plain_tools
  LENGTH=4000000 events 40 "$search" >in # 160 MB
  within 360000 cs-window --view=search-analytics --max-memory=300M in >rows
  [ "$(wc -l <rows)" -eq 40 ]
  full groups cs-window --view=search-analytics --max-memory=100M in
}

@test "the default is half of what there is" {
  plain_tools
  LENGTH=4000000 events 60 "$search" >in
  full groups cs-window --view=search-analytics in
}

@test "rows to be sorted do not wait in memory" {
  plain_tools
  LENGTH=4000000 events 40 "$search" >in
  for order in --order-by=search_term --order-by=-n --top=39; do
    within 360000 cs-window --max-memory=300M --size=1h --by=search_term=search_query --agg=n=count "$order" in >rows
    [ "$(wc -l <rows)" -ge 39 ]
  done
}

@test "the ids of --dedup count, for either bound" {
  plain_tools
  events 800000 '"event_type":"page_view","event_id":"%d"' >in
  full 'ids of --dedup' cs-window --size=1h --agg=n=count --dedup=1d --max-memory=32M in
  run -3 cs-window --size=1h --agg=n=count --dedup=1d --max-keys=1000 in
  [[ $output == *'more than 1000 keys'* ]]
  cs-window --size=1h --agg=n=count --dedup=1s --lateness=0s --max-keys=3000 in
}

@test "ten thousand long products of one session are held once, in any order, and bounded" {
  plain_tools
  LENGTH=10000 events 10000 '"event_type":"product_view","session_id":"s","product_id":"%d%s"' >in # 100 MB
  # The products, and the row.
  within 400000 cs-sessionize --max-memory=390M in >rows
  [ "$(wc -l <rows)" -eq 1 ]
  tac in | within 400000 cs-sessionize --max-memory=390M --lateness=max --max-duration=none >backwards
  cmp rows backwards
  full sessions cs-sessionize --max-memory=50M in
  full sessions cs-sessionize --id=product_id --max-memory=50M in
}

@test "groups that are large values, ids of distinct, and windows that overlap are bounded" {
  plain_tools
  LENGTH=100000 events 2000 '"event_type":"page_view","v":[[["%d%s"]]]' >in
  full groups cs-window --size=1h --by=v --agg=n=count --max-memory=64M in
  full groups cs-window --size=1d --slide=1001ms --agg=n=count --lateness=max --max-memory=64M <(head -n 3 in)
  events 900000 '"event_type":"page_view","session_id":"%d"' >in
  full 'ids counted by distinct' cs-window --size=1h --slide=15m --agg='n=distinct(session_id)' --max-memory=32M in
  full baselines cs-anomaly --size=1m --baseline=2h --by=session_id --max-memory=32M in
  full carts cs-abandon --max-memory=32M in
}

@test "partitions are bounded, with what is held for each" {
  plain_tools
  LENGTH=2000 events 50000 '"event_type":"page_view","v":"%s"' | awk '{ print NR "\t0\t" $0 }' >in
  full partitions cs-window --size=1h --agg=n=count --max-partitions=1000000 --max-memory=64M in
  run -3 cs-window --size=1h --agg=n=count --max-keys=1000 in
  [[ $output == *'more than 1000 keys'* ]]
  cs-window --size=1h --agg=n=count --max-keys=1000 <(head -n 900 in)
}

@test "at the bound the state is saved, and more memory goes on" {
  plain_tools
  LENGTH=1000000 events 100 "$search" >in
  cs-window --view=search-analytics in >whole
  run -3 cs-window --view=search-analytics --state=state --output=rows --max-memory=50M in
  cs-window --view=search-analytics --state=state --output=rows --flush in
  cmp whole rows
}

@test "jobs hold half of it together, and are given up for more: the same bytes" {
  plain_tools
  LENGTH=2000 events 30000 '"event_type":"page_view","session_id":"%d%s"' >in # 60 MB of groups
  cs-window --size=1h --by=session_id --agg=n=count --max-memory=110M in >one
  for jobs in 2 4; do
    cs-window --size=1h --by=session_id --agg=n=count --max-memory=110M --jobs="$jobs" in >many
    cmp one many
    run -3 cs-window --size=1h --by=session_id --agg=n=count --max-memory=40M --jobs="$jobs" in
  done
}

# peak COMMAND...: its rows are read by somebody; prints the most KiB that it, or a process of it, had of memory.
peak() {
  python3 - "$@" <<'PY'
import resource, subprocess, sys
tool = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
while tool.stdout.read(1 << 20):
    pass
if tool.wait() != 0:
    sys.exit(1)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
}

@test "rows that jobs or pieces have made are passed on, and not held: memory is less than half of them" {
  plain_tools
  events 150000 '"session_id":"%d","event_type":"page_view"' >in
  cs-sessionize --gap=1s in >rows
  [ "$(wc -c <rows)" -gt 45000000 ]
  [ "$(peak cs-sessionize --gap=1s --jobs=2 in)" -lt 22000 ]
  for k in 1 2; do cs-sessionize --gap=1s --range=$k/2 --partial=p$k in; done
  [ "$(peak cs-sessionize --gap=1s --merge-partials p1 p2)" -lt 22000 ]
}

@test "rows of 12 partitions with the same groups are merged in a part of the memory that the groups take" {
  plain_tools
  local p groups=40000 tool at size
  local -a words
  [ -z "${FULL:-}" ] || groups=1000000
  for ((p = 0; p < 12; p++)); do
    awk -v p="$p" -v groups="$groups" 'BEGIN {
      for (i = 0; i < groups; i++)
        printf "{\"window_start\":\"2026-01-01T00:00:00.000Z\",\"window_end\":\"2026-01-01T01:00:00.000Z\",\"g\":\"%08d\"," \
          "\"partition\":%d,\"n\":%d,\"sessions\":2,\"purchases\":1,\"purchases_seconds\":\"1.5\",\"excluded\":0,\"in_progress\":1}\n",
          i, p, i % 7 + p
    }' >"rows.$p"
  done
  # Held whole, even those of the smaller files take more than 50 MB.
  for tool in window funnel; do
    words=(cs-window --agg=n=count)
    [ "$tool" = window ] || words=(cs-funnel --order=ordered --step='sessions=.a' --step='purchases=.b')
    "${words[@]}" --size=1h --by=g --merge rows.* >rows
    [ "$(wc -l <rows)" -eq "$groups" ]
    [ "$(peak "${words[@]}" --size=1h --by=g --merge rows.*)" -lt 32000 ]
    [ "$(peak "${words[@]}" --size=1h --by=g --merge --idle=1d rows.*)" -gt 50000 ]
    [ "$tool" = window ] || continue
    # Files do not run ahead of a stream that is slower.
    mkfifo slow
    size=$(stat -c %s rows.11)
    for ((at = 1; at <= size; at += 20000)); do tail -c +$at rows.11 | head -c 20000; done >slow 3>&- &
    [ "$(peak "${words[@]}" --size=1h --by=g --merge rows.? rows.10 slow)" -lt 32000 ]
  done
}

@test "rows that are long are weighed, not counted, where they are merged" {
  plain_tools
  local p
  events 3000 '"event_type":"page_view","session_id":"%d","k":"group"' >in
  cs-window --size=1h --by=k --agg='u=approx_distinct(session_id)' --by-partition in >row # of 40 KB
  for p in 0 1 2 3; do
    awk -v p="$p" '{
      sub(/"partition":0/, "\"partition\":" p)
      for (i = 0; i < 500; i++) { row = $0; sub(/"group"/, sprintf("\"%06d\"", i), row); print row }
    }' row >"rows.$p"
  done
  [ "$(peak cs-window --size=1h --by=k --agg='u=approx_distinct(session_id)' --merge rows.*)" -lt 32000 ]
  [ "$(peak cs-window --size=1h --by=k --agg='u=approx_distinct(session_id)' --merge --idle=1d rows.*)" -gt 50000 ]
}

@test "--stats shows what is held, and files that have been read hold nothing" {
  events 100 '"event_type":"page_view","session_id":"%d"' >in
  mkdir files
  for ((i = 0; i < 500; i++)); do printf '%s/files/%d\n' "$PWD" "$i"; done | xargs -n 1 cp in
  cs-window --size=1h --agg=n=count --stats=stats files/* >/dev/null
  [ "$(jq .memory stats)" -lt 5000000 ]
  [ "$(jq .memory stats)" -gt 0 ]
  cs-window --size=1h --agg=n=count --stats=stats.prom in >/dev/null
  grep -q '^clickstream_memory_bytes{tool="cs-window"} [1-9]' stats.prom
}

@test "what aggregates keep of values is bounded: by the function, or by --max-memory" {
  plain_tools
  events 300000 '"v":"v%d"' >many
  # One group, however many values: not more than the function keeps.
  for agg in 'approx_distinct(v)' 'quantile(epoch(.event_time),0.5)' 'stddev(epoch(.event_time))' 'any(v)'; do
    within 400000 cs-window --size=1h --max-memory=32M --agg="x=$agg" many
  done
  within 400000 cs-window --size=1h --max-memory=48M --agg='x=top(v,10)' many | jq -e '.x_error > 0'
  # Many groups of it.
  jq -c '.g = (.v | ltrimstr("v") | tonumber % 60)' many >groups
  within 400000 cs-window --size=1h --max-memory=32M --by=g --agg='x=approx_distinct(v)' groups >rows
  [ "$(wc -l <rows)" -eq 60 ]
  full groups cs-window --size=1h --max-memory=32M --by=g --agg='x=top(v,10)' groups
  full groups cs-window --size=1h --max-memory=32M --by=g --agg='x=list(v,10000)' groups
}
