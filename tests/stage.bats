#!/usr/bin/env bats
# cs-parse with a state: raw files that grow and raw topics are read on as if they had been read at once. What holds for every
# tool with a state is in state.bats, cs-parse among them.

load helper
load state

setup() {
  setup_tools
}

# grown FILE STEP OPTION...: FILE, of which STEP bytes more are there in each run, gives rows, rejects and figures of one run.
grown() {
  local file=$1 step=$2 size at
  shift 2
  rm -f state out rejects growing
  cs-parse "$@" --rejects=rejects.whole --stats=stats.whole "$file" >whole 2>/dev/null
  size=$(wc -c <"$file")
  for ((at = 0; at < size; at += step)); do
    tail -c +$((at + 1)) "$file" | head -c "$step" >>growing
    cs-parse "$@" --state=state --output=out --rejects=rejects growing 2>messages || { cat messages && return 1; }
  done
  cs-parse "$@" --state=state --output=out --rejects=rejects --stats=stats --flush growing 2>/dev/null
  cmp out whole
  [ -s out ]
  diff <(jq -c 'del(.input)' rejects) <(jq -c 'del(.input)' rejects.whole)
  diff <(jq 'del(.bytes, .memory)' stats) <(jq 'del(.bytes, .memory)' stats.whole)
}

@test "a raw file that grows is read on, in every format, wherever it was cut" {
  local samples=$ROOT/samples
  traffic --events=40 --csv --malformed=10 --unicode --escapes >dirty.csv
  { printf 'Report\n\n' && head -n 20 dirty.csv; } >preamble.csv
  tr '\n' '\r' <"$samples/umami.csv" >returns.csv
  printf '#Software: Microsoft IIS\n#Date: 2026-01-01 00:00:00\n#Fields: time c-ip cs-uri-stem\n00:00:01 1.2.3.4 /a\n%s\n%s\nrubbish\n' \
    '#Fields: date time cs-uri-stem c-ip' '2026-01-02 00:00:03 /c 1.1.1.1' >w3c
  traffic --events=12 --seed=3 | jq -s . | sed '5s/,$//' >broken.json
  grown dirty.csv 700
  grown preamble.csv 600 --from=csv --preamble
  grown returns.csv 300 --map-file=umami
  grown w3c 25 --log-format=w3c
  grown broken.json 300
  grown "$samples/access.log" 100
  grown "$samples/access.log" 150 --log-format=combined
  grown "$samples/snowplow.tsv" 1100 --from=csv --delimiter='\t' --no-quotes --header="$(cat "$samples/maps/snowplow-tsv.header")" \
    --map-file=snowplow-tsv
  grown "$samples/segment.ndjson" 500 --map-file=segment --map-file=products --dedup=1d
  grown "$samples/nginx.ndjson" 400 --map-file=nginx-json --repair=utf8,escapes --derive=device_type
}

@test "a growing file of which each record is several events: torn lines and kill -9 change nothing" {
  local at size
  traffic --events=8000 --rate=4 --csv >whole.csv
  parse() { exec_or_run cs-parse --map='., (.event_id += "-2" | .event_type = "seen")' --dedup=1h "$@"; }
  parse whole.csv >whole
  size=$(wc -c <whole.csv)
  for ((at = 0; at < size; at += size / 7 + 1)); do
    tail -c +$((at + 1)) whole.csv | head -c $((size / 7 + 1)) >>growing.csv
    CS_EXEC=1 parse --state=state --save-every=1ms --output=out growing.csv 3>&- 2>/dev/null &
    sleep "$(some_time 1 60)"
    kill -9 $! 2>/dev/null || :
    wait $! 2>/dev/null || :
  done
  parse --state=state --output=out --flush growing.csv
  cmp out whole
}

@test "in frames, too, what the records are is known from the run before" {
  local n bind seen
  traffic --events=30 --csv | awk '{ print "0\t" NR - 1 "\t" $0 }' >frames # the header is a record
  cs-parse frames >whole
  [ "$(wc -l <whole)" = 30 ]
  for bind in '' --bind=0; do
    rm -f state out
    for n in 1 5 2 30; do
      seen=$(cs-parse --state=state --show-position | jq '.offset + 1')
      # shellcheck disable=SC2086 # an option, or none
      tail -n +$((${seen:-0} + 1)) frames | head -n "$n" | cs-parse --state=state --output=out $bind
    done
    cmp out whole
  done
  # Without frames a pipe is a new input each time, with a header of its own.
  for n in 1 2; do cut -f3- frames | cs-parse --state=plain --output=rows; done
  cmp rows <(cat whole whole)
}

@test "a row without a line end may be half of one: it waits for the rest, or for --flush" {
  printf 'event_type,event_time,page_url\nview,2026-01-01T00:00:00Z,/sho' >log.csv
  run -0 cs-parse --state=state --output=out log.csv
  [[ $output == *"log.csv:2: rejected: torn"* ]]
  [ ! -s out ]
  printf 'p\nview,2026-01-01T00:00:01Z,/a' >>log.csv
  cs-parse --state=state --output=out log.csv 2>/dev/null
  [ "$(jq -r .page_url out)" = /shop ]
  run -0 cs-parse --state=state --output=out --flush log.csv
  [ -z "$output" ]
  [ "$(jq -r .page_url out | paste -sd' ')" = '/shop /a' ]
  # JSON says itself where it ends.
  printf '{"event_type":"x","event_time":"2026-01-01T00:00:00Z"}' >log.json
  cs-parse --map=. --state=state2 --output=out2 log.json
  [ "$(wc -l <out2)" = 1 ]
}

@test "what is made of a record may change between two runs, and what it is taken for may not" {
  printf '{"a":1,"t":"2026-01-01T00:00:00Z"}\n' >in
  cs-parse --map='{event_type: "x", event_time: .t}' --state=state --output=out in
  printf '{"b":1,"t":"2026-01-01T00:00:01Z"}\n' >>in
  cs-parse --map='{event_type: "y", event_time: .t}' --recode=event_type:y=z --state=state --output=out in
  printf '{"event_type":"x","event_time":"2026-01-01T00:00:02Z"}\n' >>in
  cs-parse --state=state --output=out in
  [ "$(jq -r .event_type out | paste -sd' ')" = 'x z x' ]
  run -3 cs-parse --from=csv --state=state --output=out in
  [[ $output == *'was made with other options: --from'* ]]
  run -2 cs-parse --state=state --keep-frame in
  [ "${lines[0]}" = 'cs-parse: --state: not with --keep-frame: the tools behind it know the positions' ]
}

@test "an event of several that --max-jump holds is counted with its record, once, over a restart" {
  at() { printf '{"event_type":"x","event_time":"2026-%s-01T00:00:00Z"}\n' "$1"; }
  map='., (.event_time | if . > "2026-02" then empty else {event_type: "y", event_time: "2026-05-01T00:00:00Z"} end)'
  parse() { cs-parse --map="$map" --max-jump=1d --state=state --output=out --rejects=rejects --stats=stats "$@" 2>/dev/null; }
  at 01 >in
  parse in
  at 03 >>in
  parse in
  parse --flush in
  jq -e '.read == 2 and .read == .used + .rejected + .filtered + .late + .duplicate' stats
}
