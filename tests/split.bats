#!/usr/bin/env bats
# An archive cut by id: cs-parse --split.

load helper

setup() {
  setup_tools
}

# hashed FILE FIELD N: each event with the number of its partition in front, by a slow murmur2, of the key that --key prints.
hashed() {
  cs-parse --key="$2" "$1" | python3 -c '
import sys
def murmur2(key):
    mask = 0xffffffff
    h = 0x9747b28c ^ len(key)
    for at in range(0, len(key) // 4 * 4, 4):
        k = int.from_bytes(key[at:at + 4], "little") * 0x5bd1e995 & mask
        k = (k ^ k >> 24) * 0x5bd1e995 & mask
        h = (h * 0x5bd1e995 & mask) ^ k
    tail = key[len(key) // 4 * 4:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * 0x5bd1e995 & mask
    h = (h ^ h >> 13) * 0x5bd1e995 & mask
    return h ^ h >> 15
for line in sys.stdin.buffer:
    key, event = line.split(b"\t", 1)
    sys.stdout.buffer.write(b"%d\t%s" % ((murmur2(key) & 0x7fffffff) % int(sys.argv[1]), event))
' "$3"
}

@test "--split puts each event where a topic would have had it, in the order of the input" {
  traffic --events=2000 --unicode --escapes --malformed=5 >in
  event 2026-01-01T00:00:00Z >>in # without an id
  event 2026-01-01T00:00:00Z '"user_id":""' >>in
  local n field
  for n in 1 7 101; do
    for field in session_id user_id product_id nobody_has_it; do
      rm -rf parts
      cs-parse --split="$n:$field" --split-dir=parts in 2>messages || { cat messages && return 1; }
      [ "$(find parts -type f | wc -l)" -eq "$n" ]
      hashed in "$field" "$n" 2>messages >wanted
      for file in parts/*; do
        cmp "$file" <(awk -F '\t' -v n="$(basename "$file" .ndjson)" '$1 == n + 0' wanted | cut -f 2-)
      done
    done
  done
  [ -e parts/000.ndjson ] && [ -e parts/100.ndjson ] && [ ! -e parts.new ]
}

@test "--partitioner=consistent is the CRC-32 of the key" {
  event 2026-01-01T00:00:00Z '"session_id":"hello"' >in
  cs-parse --split=100:session_id --split-dir=parts --partitioner=consistent in
  [ -s parts/"$(printf '%02d' $((0x3610a686 % 100)))".ndjson ]
}

@test "--split works on any format, and on members that are made" {
  cs-parse --split=3:session_id --split-dir=parts --from=combined --id-from=ip,user_agent --stats=stats "$ROOT/samples/access.log"
  cmp <(sort parts/*) <(cs-parse --from=combined --id-from=ip,user_agent "$ROOT/samples/access.log" | sort)
  [ "$(jq '.produced == .rows' stats)" = true ]
  [ "$(for file in parts/*; do jq -r .session_id "$file" | sort -u; done | sort | uniq -d | wc -l)" -eq 0 ]
}

@test "the directory is there with every event, or it is not there" {
  traffic --events=400 >in
  mkdir parts && : >parts/old
  run -2 cs-parse --split=2:session_id --split-dir=parts in
  [ "${lines[0]}" = 'cs-parse: --split-dir: parts is not empty: it is made by the run, or has to be empty' ]
  [ ! -e parts.new ]
  rm parts/old # empty
  run -1 cs-parse --split=2:session_id --split-dir=parts in missing
  [ ! -e parts.new ]

  gzip -c in | head -c 9000 >cut.gz
  run -1 cs-parse --split=2:session_id --split-dir=parts cut.gz
  [ "${lines[-1]}" = 'cs-parse: --split: an input is damaged: parts was not made' ]

  mkfifo slow
  cs-parse --split=2:session_id --split-dir=parts <slow 2>messages 3>&- &
  local reader=$! code=0
  exec 7>slow
  cat in >&7
  until [ -e parts.new/00.ndjson ]; do sleep 0.02; done
  run -1 cs-parse --split=2:session_id --split-dir=parts in
  [ "${lines[-1]}" = 'cs-parse: parts.new: another run writes there' ]
  kill "$reader"
  wait "$reader" || code=$?
  [ "$code" -eq 1 ]
  exec 7>&-
  [ "$(cat messages)" = 'cs-parse: --split: the run was stopped: parts was not made' ]
  [ ! -e parts.new ] && [ -z "$(ls parts)" ]

  mkdir parts.new && printf 'half' >parts.new/07.ndjson && : >parts.new/00.ndjson # of a run that was killed
  cs-parse --split=2:session_id --split-dir=parts/ in
  [ "$(ls parts)" = "$(printf '00.ndjson\n01.ndjson')" ]
  [ "$(cat parts/* | wc -l)" -eq 400 ] && [ ! -e parts.new ]
}

@test "a full disk and too few descriptors are told, and leave no directory" {
  traffic --events=2000 >in
  (ulimit -f 50 && trap '' XFSZ && run -1 cs-parse --split=2:session_id --split-dir=parts in && [[ $output == *': File too large' ]])
  [ ! -e parts ]
  (ulimit -n 100 && run -1 cs-parse --split=1024:session_id --split-dir=parts in &&
    [ "$output" = 'cs-parse: --split: 1024 files are open at once, and this process may have 100 (ulimit -n)' ])
  [ ! -e parts ]
  (ulimit -Sn 100 && cs-parse --split=1024:session_id --split-dir=parts in)
  [ "$(cat parts/* | wc -l)" -eq 2000 ] && [ -e parts/1023.ndjson ]
}

@test "--split refuses what makes no sense with it" {
  while IFS='|' read -r words message; do
    # shellcheck disable=SC2086
    run -2 cs-parse $words </dev/null
    [ "${lines[0]}" = "cs-parse: $message" ] || { printf '%s: %s\n' "$words" "$output" && return 1; }
  done <<'EOF'
--split=0:session_id --split-dir=d|--split: '0:session_id' is not N:FIELD, as 12:session_id is, with an N of 1 to 1024
--split=1025:session_id --split-dir=d|--split: '1025:session_id' is not N:FIELD, as 12:session_id is, with an N of 1 to 1024
--split=12 --split-dir=d|--split: '12' is not N:FIELD, as 12:session_id is, with an N of 1 to 1024
--split=12: --split-dir=d|--split: '12:' is not N:FIELD, as 12:session_id is, with an N of 1 to 1024
--split=12:session_id|--split: in which --split-dir?
--split-dir=d|--split-dir: is for --split
--partitioner=murmur2|--partitioner: is for --split
--split=2:session_id --split-dir=d --state=s|--split: writes whole files in one pass: not with --state
--split=2:session_id --split-dir=d --jobs=2|--split: writes whole files in one pass: not with --jobs
--split=2:session_id --split-dir=d --output=o|--split: writes whole files in one pass: not with --output
--split=2:session_id --split-dir=d --key=user_id|--split: writes whole files in one pass: not with --key
--split=2:session_id --split-dir=d --keep-frame|--split: writes whole files in one pass: not with --keep-frame
EOF
}

# --- --end

# The event time at which a file ends, as --stats says it.
end_of() {
  cs-parse --stats=end.stats "$@" >/dev/null && counter end.stats event_time
}

@test "--end lets come out what is due between a part's last event and the end of the whole" {
  event 2026-01-01T00:00:00Z '"session_id":"A"' | sed s/page_view/add_to_cart/ >whole
  event 2026-01-01T00:16:00Z '"session_id":"B"' >>whole
  cs-parse --split=2:session_id --split-dir=parts whole
  [ "$(end_of whole)" = 2026-01-01T00:16:00.000Z ]
  for tool in cs-abandon 'cs-abandon --transitions' 'cs-abandon --cart' 'cs-anomaly --all --size=1m --by=session_id --value=count' 'cs-sessionize --gap=5m --detail'; do
    $tool whole 2>/dev/null >wanted
    cmp <(for file in parts/*; do $tool --end="$(end_of whole)" "$file" 2>/dev/null; done | sort) <(sort wanted)
    $tool --jobs=2 --end="$(end_of whole)" whole 2>/dev/null | cmp - wanted
  done
  [ "$(cs-sessionize --gap=5m --detail --end=2026-01-01T00:16:00Z <(head -1 whole) | jq -r .closed_by)" = gap ]
}

@test "--end that is before an event is refused, with both times" {
  event 2026-01-01T00:00:00.5Z '"session_id":"A"' >in
  run -1 --separate-stderr cs-abandon --end=2026-01-01T00:00:00Z in
  [ "${stderr_lines[0]}" = "cs-abandon: --end: 2026-01-01T00:00:00.000Z is before the last event's time, 2026-01-01T00:00:00.500Z: the largest of all parts is needed (\"event_time\" of --stats)" ]
  cs-abandon --end=2026-01-01T00:00:00.5Z in
  cs-abandon --end=2026-01-01T00:00:00Z </dev/null
  run -2 cs-abandon --end=tomorrow in
  [ "${lines[0]}" = "cs-abandon: --end: 'tomorrow' is not a time (2026-01-01T00:10:00Z)" ]
  run -2 cs-abandon --end=2026-01-01T00:00:00Z --state=s in
  [ "${lines[0]}" = 'cs-abandon: --end: with --state the input does not end, it goes on in the next run' ]
}

# --- --merge of cs-sessionize and cs-abandon

# by_parts TOOL OPTION...: the tool over each file of parts, then what it has printed merged, are the rows of one run over whole.
by_parts() {
  local file end
  end=$(end_of whole)
  rm -rf rows && mkdir rows
  "$@" whole >wanted 2>/dev/null
  for file in parts/*; do "$@" --end="$end" "$file" >"rows/${file#parts/}" 2>/dev/null; done
  "$@" --merge rows/* 2>messages | cmp - wanted || { echo "$*" && cat messages && return 1; }
  [ -s wanted ]
}

@test "split by id, run part by part with --end, and merged: the same bytes as one run" {
  local n seed=$((RANDOM % 100))
  for n in 1 5 12; do
    seed=$((seed + 1))
    traffic --events=4000 --seed="$seed" --rate=2 --disorder=20s >whole
    rm -rf parts && cs-parse --split="$n:session_id" --split-dir=parts whole
    by_parts cs-sessionize --gap=5m
    by_parts cs-sessionize --gap=3m --max-duration=10m --detail --path --split-by=device_type
    by_parts cs-sessionize --gap=none
    by_parts cs-abandon --after=2m
    by_parts cs-abandon --after=2m --until=6m --transitions --cart
    by_parts cs-abandon --after=2m --cart
    by_parts cs-abandon --after=1m --at="$(jq -r .event_time whole | sed -n 3000p)"
  done
}

@test "--merge of sessions reads pipes, knows --key, and counts its rows" {
  traffic --events=2000 --rate=2 >whole
  cs-parse --split=3:session_id --split-dir=parts whole
  cs-sessionize --gap=5m --key=session_id whole >wanted
  counted cs-sessionize --merge --gap=5m --key=session_id --end="$(end_of whole)" \
    <(cs-sessionize --gap=5m parts/00.ndjson) <(cs-sessionize --gap=5m parts/01.ndjson) <(cs-sessionize --gap=5m parts/02.ndjson) >got
  cmp got wanted
  [ "$(jq .rows stats.json)" -eq "$(wc -l <wanted)" ]
}

@test "a row that is foreign, out of order or doubled is named" {
  traffic --events=1000 --rate=2 >whole
  cs-sessionize --gap=5m whole >rows
  { sed -n 1,3p rows && sed -n 2p rows && sed -n '4,$p' rows; } >back
  run -1 --separate-stderr cs-sessionize --merge --gap=5m back
  [ "$output" = "$(cat rows)" ]
  [ "${stderr_lines[0]}" = 'cs-sessionize: back:4: rejected: bad-member (--merge: the row belongs before the one in front of it)' ]

  cs-abandon --after=2m whole >alerts
  [ -s alerts ]
  run -1 --separate-stderr cs-sessionize --merge --gap=5m rows alerts
  [ "$output" = "$(cat rows)" ]
  [[ ${stderr_lines[0]} == 'cs-sessionize: alerts:1: rejected: bad-member (--merge: no row of this tool with the same other options)' ]]
  run -1 --separate-stderr cs-sessionize --merge --gap=5m rows whole # events, not rows
  run -1 --separate-stderr cs-sessionize --merge --gap=5m --id=user_id rows
  run -1 --separate-stderr cs-sessionize --merge --gap=5m --split-by=page_url rows

  run -3 --separate-stderr cs-sessionize --merge --gap=5m rows rows
  [[ $stderr == *'cs-sessionize: --merge: two inputs have a row of one id and one moment: an input was given twice, or the parts were not split by the id: {"session_id":'* ]]
  run -3 --separate-stderr cs-abandon --merge --after=2m alerts alerts
}

@test "a row that --merge refuses is exit 1 in every tool, when all else is printed; with a state it is counted" {
  traffic --events=1000 --rate=2 >whole
  local tool
  local -A words=([cs-window]='--size=5m --agg=n=count --by-partition' [cs-funnel]=--by-partition [cs-anomaly]='--all --by-partition'
    [cs-sessionize]=--gap=5m [cs-abandon]=--after=2m)
  for tool in "${!words[@]}"; do
    # shellcheck disable=SC2086
    "$tool" ${words[$tool]} whole >rows 2>/dev/null
    words[$tool]=${words[$tool]/--by-partition/--partitions=0}
    # shellcheck disable=SC2086
    "$tool" --merge ${words[$tool]} rows >wanted
    [ -s wanted ]
    { cat rows && echo '{"x":1}'; } >rows.more
    # shellcheck disable=SC2086
    run -1 --separate-stderr "$tool" --merge ${words[$tool]} rows.more
    cmp wanted <(echo "$output")
    # shellcheck disable=SC2154 # bats sets it
    [[ $stderr == "$tool: rows.more:"*': rejected: '* ]] || { echo "$stderr" && return 1; }
  done
  cs-window --size=5m --agg=n=count --by-partition whole >rows
  { cat rows && echo '{"x":1}'; } | cs-window --size=5m --agg=n=count --merge --partitions=0 --state=state --flush --stats=stats.json >got 2>/dev/null
  [ "$(fate rejected)" -eq 1 ]
}

@test "--merge of sessions and carts refuses what makes no sense with it" {
  while IFS='|' read -r words message; do
    # shellcheck disable=SC2086
    run -2 $words </dev/null
    [ "${lines[0]}" = "${words%% *}: $message" ] || { printf '%s: %s\n' "$words" "$output" && return 1; }
  done <<'EOF'
cs-sessionize --merge --pages|--merge: the row of a page does not say where its session ends
cs-sessionize --merge --format=csv|--format: --merge prints rows of this tool as they came: ndjson only
cs-sessionize --merge --emit=updates|--emit=updates: --merge of this tool prints final rows only
cs-sessionize --merge --state=s|--state: --merge of this tool reads whole files, or pipes, in one run
cs-sessionize --by-partition|--by-partition: a row of this tool is of one id, and so of one partition: --merge takes the rows as they are
cs-identify --merge|--merge: rows of this tool are not merged
cs-parse --by-partition|--by-partition: this tool has no rows that add up
EOF
}

@test "--split by a member that no event has is said, as by --id-from: all events are in one file, and the run is no failure" {
  event 2026-01-01T00:00:00Z '"session_id":"s"' >in
  run -0 --separate-stderr cs-parse --split=2:sesion_id --split-dir=parts in
  [ "$stderr" = 'cs-parse: --split: the only event had no value for sesion_id; did you mean session_id?' ]
  [ "$(cat parts/*.ndjson | wc -l)" = 1 ]
}
