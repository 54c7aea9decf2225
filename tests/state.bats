#!/usr/bin/env bats
# --state: stopped, killed, broken in any way, a run goes on as if nothing had happened, or says why it cannot.

load helper
load state

setup_file() {
  setup_tools
  make_events "$(rounds 20000)"
}

setup() {
  setup_tools
  case ${LONG:-} in
  '') KILLS=2 ;;
  *) KILLS=50 ;;
  esac
}

# --- going on ---

@test "a run in parts prints what one run prints, in every tool" {
  for tool in "${TOOLS[@]}"; do
    for lines in 1 $((COUNT / 4)) $((COUNT / 4)) 2 99999; do
      rest_of "$tool" state | head -n "$lines" | cs "$tool" --state=state --output=out
    done
    cs "$tool" --state=state --output=out --flush </dev/null
    cmp out "$ROWS.$tool"
    [ "$(wc -l <out)" -gt 5 ]
    rm state out
  done
}

@test "kill -9 at any moment changes no row, in every tool" {
  for tool in "${TOOLS[@]}"; do
    KILLED=0
    while [ "$KILLED" -lt "$KILLS" ]; do
      rm -f state out
      killed_to_the_end "$tool" --output=out
      cmp out "$ROWS.$tool"
    done
  done
}

@test "a growing file is read to its end again and again, torn lines and kill -9 or not" {
  cut -f3- "$EVENTS" >whole
  cs sessionize whole >rows
  local size at
  size=$(wc -c <whole)
  for ((at = 0; at < size; at += size / 9 + 1)); do
    tail -c +$((at + 1)) whole | head -c $((size / 9 + 1)) >>growing
    CS_EXEC=1 cs sessionize --state=state --save-every=1ms --output=out growing 3>&- 2>/dev/null &
    sleep "$(some_time 1 30)"
    kill -9 $! 2>/dev/null || :
    wait $! 2>/dev/null || :
  done
  cs sessionize --state=state --output=out --flush growing
  cmp out rows
}

@test "TERM while events come: what was read is in the state, and the next run goes on" {
  for tool in window sessionize; do
    mkfifo fifo
    slowly $((COUNT / 10)) <"$EVENTS" >fifo &
    CS_EXEC=1 cs "$tool" --state=state --output=out --stats=stats <fifo 3>&- &
    local pid=$!
    # From here on a TERM is the end of the input.
    until_true test -s state.lock
    sleep 0.05
    kill -TERM "$pid"
    wait "$pid"
    # Each record read is one step of a position.
    [ "$(grep -o '"read":[0-9]*' stats | cut -d: -f2)" -eq \
      "$(cs "$tool" --state=state --show-position | awk -F '[:,]' '{ sum += $4 + 1 } END { print sum + 0 }')" ]
    rest_of "$tool" state | cs "$tool" --state=state --output=out --flush
    cmp out "$ROWS.$tool"
    rm fifo state state.lock out
  done
}

@test "counters and conservation go on over restarts" {
  cs window --stats=whole "$EVENTS" >/dev/null
  head -n $((COUNT / 3)) "$EVENTS" | cs window --state=state --output=out
  rest_of window state | cs window --state=state --output=out --flush --stats=parts
  diff <(jq 'del(.bytes, .watermark, .keys, .memory)' whole) <(jq 'del(.bytes, .watermark, .keys, .memory)' parts)
}

@test "records that were counted are duplicates when they come again" {
  cs window --state=state --output=out <"$EVENTS"
  cs window --state=state --output=out --flush --stats=stats <"$EVENTS"
  cmp out "$ROWS.window"
  [ "$(jq .duplicate stats)" -gt "$(wc -l <"$EVENTS")" ]
}

@test "offsets that are missing are counted, and are no error" {
  awk 'NR % 10 != 5' "$EVENTS" | cs window --state=state --output=out --stats=stats
  [ "$(jq .gaps stats)" -gt $((COUNT / 20)) ]
}

@test "--dedup remembers over restarts" {
  local event='{"event_id":"e1","event_type":"x","session_id":"s","event_time":"2026-01-01T00:00:00Z"}'
  echo "$event" | cs window --state=state --output=out
  echo "$event" | cs window --state=state --output=out --stats=stats
  [ "$(jq .duplicate stats)" -eq 1 ]
}

@test "what --max-jump holds is held in the state" {
  printf '0\t%d\t{"event_type":"x","session_id":"s","event_time":"%s"}\n' 0 2026-01-01T00:00:00Z 1 2026-01-01T00:00:01Z \
    2 2026-03-01T00:00:00Z >events
  cs window --state=state --output=out --stats=stats <events
  [ "$(jq .used stats)" -eq 2 ]
  printf '0\t3\t{"event_type":"x","session_id":"s","event_time":"2026-01-01T00:00:02Z"}\n' |
    cs window --state=state --output=out --rejects=rejects --stats=stats
  [ "$(jq -c '[.used, .rejected_by]' stats)" = '[3,{"future":1}]' ]
  [ "$(jq -c '[.reason, .input, .partition, .offset]' rejects)" = '["future","state",0,2]' ]
}

@test "a partition in the state holds time back when it brings nothing" {
  printf '%d\t0\t{"event_type":"x","session_id":"s","event_time":"2026-01-01T00:00:00Z"}\n' 0 1 |
    cs window --max-jump=0 --state=state --output=out
  printf '0\t1\t{"event_type":"x","session_id":"s","event_time":"2026-01-01T01:00:00Z"}\n' |
    cs window --max-jump=0 --state=state --output=out
  [ ! -s out ]
  printf '1\t1\t{"event_type":"x","session_id":"s","event_time":"2026-01-01T01:00:00Z"}\n' |
    cs window --max-jump=0 --state=state --output=out
  [ "$(jq -c .n out)" = 2 ]
}

# --- positions ---

@test "--show-position says where each partition and file is, and needs no other options" {
  [ -z "$(cs-window --state=state --show-position)" ]
  [ ! -e state.lock ]
  traffic --events=10 >events
  cs-window --size=1h --agg=n=count --state=state --output=out events 2>/dev/null
  [ "$(cs-window --state=state --show-position)" = "{\"file\":\"events\",\"byte\":$(wc -c <events),\"line\":10}" ]
  head -n 3 "$EVENTS" | cs-window --size=1h --agg=n=count --state=framed --output=out
  [ "$(cs-window -s framed --show-position | tail -n 1)" = "$(head -n 3 "$EVENTS" | sort -n | tail -n 1 |
    awk '{ printf "{\"partition\":%d,\"offset\":%d,\"used\":1}", $1, $2 }')" ]
}

@test "a file that was read adds nothing, a new one is read from its start" {
  cut -f3- "$EVENTS" >whole
  split -n l/3 whole part.
  cat part.aa part.ab part.ac | cs window >rows
  cs window --state=state --output=out part.aa part.ab
  cs window --state=state --output=out part.aa part.ab
  mv part.aa moved
  cs window --state=state --output=out --flush part.ac moved
  cmp out rows
}

@test "a compressed file has its position behind the decompressor" {
  cut -f3- "$EVENTS" >whole
  cs window whole >rows
  head -n $((COUNT / 2)) whole | gzip >events.gz
  cs window --state=state --output=out events.gz
  tail -n +$((COUNT / 2 + 1)) whole | gzip >>events.gz
  cs window --state=state --output=out events.gz --flush
  cmp out rows
}

@test "a file that is shorter or begins otherwise is not the file of then" {
  traffic --events=100 >events
  cs-funnel --state=state --output=out events
  local size
  size=$(wc -c <events)
  cp state before
  mkdir elsewhere
  cp events elsewhere/copy
  head -c 10000 elsewhere/copy >events
  run -3 cs-funnel --state=state --output=out events
  [[ $output == "cs-funnel: events: is not the file of the last run, which is not beside it: what stood behind its byte $size is gone; --skip-gone goes on without" ]]
  { echo; cat elsewhere/copy; } >events
  run -3 cs-funnel --state=state --output=out events
  [[ $output == "cs-funnel: events: is not the file of the last run"* ]]
  cmp state before
  cat elsewhere/copy >events
  cs-funnel --state=state --output=out events
}

@test "a file named twice is refused" {
  traffic --events=10 >events
  ln events link
  run -2 cs-funnel --state=state events link
  [[ $output == *"link: is named twice"* ]]
}

@test "an incomplete last line is told of, but its place is where the next run begins" {
  local event='{"event_type":"x","session_id":"s","event_time":"2026-01-01T00:00:00Z"}'
  printf '%s\n%s' "$event" "${event:0:30}" >events
  cs window --max-jump=0 --state=state --output=out --rejects=rejects --stats=stats events
  [ "$(jq -c '[.read, .used, .rejected_by]' stats)" = '[2,1,{"torn":1}]' ]
  [ "$(jq -c '[.reason, .line]' rejects)" = '["torn",2]' ]
  printf '%s\n' "${event:30}" >>events
  cs window --max-jump=0 --state=state --output=out --rejects=rejects --stats=stats events
  [ "$(jq -c '[.read, .used, .rejected_by]' stats)" = '[2,2,{}]' ]
  [ ! -s rejects ]
  # Whole, but for its newline: it counts at once, and once.
  printf '%s' "$event" >>events
  cs window --max-jump=0 --state=state --output=out --stats=stats events
  printf '\n%s\nx\n' "$event" >>events
  run -0 cs window --max-jump=0 --state=state --output=out --stats=stats events
  [[ $output == *"events:5: rejected: not-json"* ]]
  [ "$(jq -c '[.read, .used]' stats)" = '[5,4]' ]
}

@test "a torn framed record keeps its offset for the next time" {
  local event='{"event_type":"x","session_id":"s","event_time":"2026-01-01T00:00:00Z"}'
  printf '0\t7\t%s\n0\t8\t%s' "$event" "${event:0:30}" >events
  run -0 cs window --state=state --output=out <events
  [[ $output == *torn* ]]
  [ "$(cs window --state=state --show-position)" = '{"partition":0,"offset":7,"used":1}' ]
  printf '0\t8\t%s\n' "$event" | cs window --state=state --output=out --stats=stats
  [ "$(jq -c '[.read, .used, .gaps, .duplicate]' stats)" = '[2,2,0,0]' ]
}

# framed PARTITION OFFSET MINUTE: a framed event, without a newline.
framed() { printf '%s\t%s\t{"event_type":"x","session_id":"s","event_time":"2026-01-01T00:%02d:00Z"}' "$@"; }

# counters: those of the last run, and the gaps.
counters() { jq -c '[.read, .used, .duplicate, .rejected_by, .gaps]' stats; }

@test "a torn framed line counts once over all runs, and gaps are right after it" {
  go_on() { cs window --state=state --output=out --rejects=rejects --stats=stats --max-jump=0 "$@"; }
  { framed 0 0 1 && echo && framed 0 5 2 | head -c -10; } >events
  for _ in 1 2; do
    go_on events
    [ "$(counters)" = '[2,1,0,{"torn":1},0]' ]
    [ "$(jq -c '[.line, .partition, .offset]' rejects)" = '[2,0,5]' ]
  done
  { framed 0 0 1 && echo && framed 0 5 2 && echo; } >whole
  cat whole >events
  go_on events
  [ "$(counters)" = '[2,2,0,{},4]' ]
  # One that came before, and is cut off this time.
  framed 0 0 1 | head -c -10 >>events
  for _ in 1 2; do
    go_on events
    [ "$(counters)" = '[3,2,0,{"torn":1},4]' ]
  done
  { cat whole && framed 0 0 1 && echo && framed 0 6 3; } >events
  go_on events
  [ "$(counters)" = '[4,3,1,{},4]' ]
  # Whole, but for their newlines: they count at once.
  { echo && framed 0 5 2; } >>events
  go_on events
  [ "$(counters)" = '[5,3,2,{},4]' ]
  { echo && framed 0 8 4 && echo; } >>events
  go_on events
  [ "$(counters)" = '[6,4,2,{},5]' ]
}

@test "a first line that is torn says nothing about the framing" {
  for before in '' '\n' '\xef\xbb\xbf'; do
    rm -f state* out
    printf "${before}0\t" >events
    cs window --state=state --output=out --rejects=rejects --stats=stats events
    [ "$(counters)" = '[1,0,0,{"torn":1},0]' ]
    { printf "$before" && framed 0 0 1 && echo && framed 0 1 2 && echo; } >events
    cs window --state=state --output=out --rejects=rejects --stats=stats events
    [ "$(counters)" = '[2,2,0,{},0]' ]
  done
}

@test "with --strict the record that ends the run is not behind the position" {
  traffic --events=2000 >events
  echo broken >>events
  for _ in 1 2; do
    run -1 cs-sessionize --strict --state=state --output=out --save-every=1ms events
    [[ $output == *"--strict: stopped"* ]]
  done
  grep -v broken events >mended
  cs-sessionize mended >rows
  head -n 2000 mended >events
  cs-sessionize --strict --state=state --output=out --flush events
  cmp out rows
}

# --- the file ---

@test "the same state is the same bytes, however it was read" {
  for tool in "${TOOLS[@]}"; do
    cs "$tool" --state=one --output=out <"$EVENTS"
    dd if="$EVENTS" bs=1000 status=none | cs "$tool" --state=two --output=out
    head -n $((COUNT / 4)) "$EVENTS" | cs "$tool" --state=three --output=out
    rest_of "$tool" three | cs "$tool" --state=three --output=out --save-every=1ms
    cmp one two
    cmp one three
    rm one two three out
  done
}

@test "a damaged state is refused, never taken for empty" {
  traffic --events=100 | cs-funnel --state=state --output=out
  cp state good
  [ "$(head -n 2 state | tr -d '\0')" = $'clickstream state 8\ncs-funnel' ]
  local size at
  size=$(wc -c <good)
  for at in 0 1 19 20 30 $((size / 2)) $((size - 17)) $((size - 16)) $((size - 1)); do
    head -c "$at" good >state
    run -3 cs-funnel --state=state --output=out </dev/null
    [[ $output == *"state: is damaged"* ]]
    { head -c "$at" good; head -c $((at + 1)) good | tail -c 1 | tr '\000-\377' '\001-\377\000'; tail -c +$((at + 2)) good; } >state
    run -3 cs-funnel --state=state --output=out </dev/null
    run -3 cs-funnel --state=state --show-position
  done
  [ -n "${LONG:-}" ] || return 0
  for ((at = 0; at < size; at++)); do
    head -c "$at" good >state
    run -3 cs-funnel --state=state --output=out </dev/null
    { head -c "$at" good; head -c $((at + 1)) good | tail -c 1 | tr '\000-\377' '\001-\377\000'; tail -c +$((at + 2)) good; } >state
    run -3 cs-funnel --state=state --output=out </dev/null
  done
}

@test "a state is bound to its tool and to the options that change rows" {
  traffic --events=100 >events
  cs-window --size=1h --agg=n=count --state=state --output=out events
  cp state before
  run -3 cs-funnel --state=state events
  [ "$output" = "cs-funnel: state: is a state of cs-window" ]
  run -3 cs-window --size=2h --agg=n=count --lateness=1m -w .a --state=state events
  [ "$output" = "cs-window: state: was made with other options: --size, --where, --lateness" ]
  run -3 cs-window --size=1h --agg=n=count --emit=updates --state=state events
  [ "$output" = "cs-window: state: was made with other options: --emit" ]
  run -3 cs-window --size=1h --agg=n=count --time-unit=s --state=state events
  [ "$output" = "cs-window: state: was made with other options: --time-unit" ]
  cmp state before
  cs-window --size=60m --agg=n=count --emit=final --max-keys=9999 --save-every=5s --rejects=r --state=state --output=out events
}

@test "a state is bound to what is no number and no text in the tool: a zone, and a time" {
  traffic --events=100 >events
  # bound OPTION TOOL ONE OTHER...: a state made with one is refused with each of the others, and goes on with itself.
  bound() {
    local option=$1 tool=$2 one=$3 other
    rm -f state state.lock out
    $tool $one --state=state --output=out events
    for other in "${@:4}"; do
      run -3 $tool $other --state=state --output=out events
      [ "$output" = "$tool: state: was made with other options: $option" ] || { echo "$one, $other: $output"; return 1; }
    done
    $tool $one --state=state --output=out events
  }
  local midnight=--split-at-midnight
  bound $midnight cs-sessionize $midnight=Europe/Berlin $midnight=Asia/Tokyo $midnight ''
  bound $midnight cs-sessionize $midnight $midnight=Asia/Tokyo ''
  bound $midnight cs-sessionize '' $midnight=Asia/Tokyo $midnight
  bound --at cs-abandon --at=2026-01-01T02:00:00Z --at=2026-01-01T03:00:00Z --at=now ''
  bound --at cs-abandon '' --at=2026-01-01T02:00:00Z
  bound --at cs-abandon --at=now --at=2026-01-01T02:00:00Z ''
  # So are partial results: two moments are not added up.
  cs-abandon --at=2026-01-01T02:00:00Z --range=1/2 --partial=p1 events
  cs-abandon --at=2026-01-01T03:00:00Z --range=2/2 --partial=p2 events
  run -3 cs-abandon --at=2026-01-01T02:00:00Z --merge-partials p1 p2
  [ "$output" = 'cs-abandon: p2: was made with other options: --at' ]
}

@test "two processes on one state: the second says who has it" {
  mkfifo fifo
  cs-funnel --state=state --output=out <fifo 3>&- &
  local pid=$!
  exec 4>fifo
  until_true test -s state.lock
  run -3 cs-funnel --state=state --output=out </dev/null
  [ "$output" = "cs-funnel: state: is in use by another process ($pid)" ]
  exec 4>&-
  wait "$pid"
  [ -e state.lock ]
  cs-funnel --state=state --output=out </dev/null
}

@test "a state behind symbolic links is the one they lead to: it is replaced there, and is the same one by all its names" {
  local fifo pid name
  traffic --events=2000 --seed=3 >events
  head -n 1000 events >in
  mkdir data
  ln -s data/real link
  ln -s "$PWD/link" other
  cs-window --size=1m --agg=n=count --state=other --output=out in
  [ "$(find . -type l | sort | paste -sd ' ')" = './link ./other' ]
  [ "$(ls data)" = $'real\nreal.lock' ]
  [ "$(find . -name '*.lock' -o -name '*.new')" = ./data/real.lock ]
  # By the file's own name the next run goes on, and by a link the one after it.
  tail -n +1001 events | head -n 500 >>in
  cs-window --size=1m --agg=n=count --state=data/real --output=out in
  tail -n +1501 events >>in
  cs-window --size=1m --agg=n=count --state=link --output=out --flush in
  cs-window --size=1m --agg=n=count events | cmp - out
  # Nor are there two at once.
  mkfifo fifo
  cs-window --size=1m --agg=n=count --state=link --output=out fifo 3>&- &
  pid=$!
  exec 4>fifo
  until_true grep -qx "$pid" data/real.lock
  for name in data/real other link; do
    run -3 cs-window --size=1m --agg=n=count --state=$name --output=out in
    [[ $output == *'data/real: is in use by another process ('"$pid)" ]] || { echo "$output"; return 1; }
  done
  exec 4>&-
  wait "$pid"
  # cs-identify's file of who is who is replaced, too.
  ln -s data/people people
  cs-identify --hold=1m --links=people events >/dev/null
  [ -L people ]
  [ -s data/people ]
  # Links in a ring lead nowhere.
  ln -s ring1 ring2
  ln -s ring2 ring1
  run -1 cs-window --size=1m --agg=n=count --state=ring1 in
}

@test "an output is cut back to where the state is, and one that is shorter is refused" {
  head -n $((COUNT * 3 / 4)) "$EVENTS" | cs window --state=state --output=out --late=late --rejects=rejects
  cp out short
  echo rows of a run that was killed | tee -a late rejects >>out
  rest_of window state >rest
  cs window --state=state --output=out --late=late --rejects=rejects --flush <rest
  cmp out "$ROWS.window"
  [ ! -s late ] && [ ! -s rejects ]
  cp short out
  run -3 cs window --state=state --output=out </dev/null
  [[ $output == "cs-window: out: is shorter than the state says"*"rows are missing; moved away, a new file begins" ]]
  cmp out short
}

@test "--explain and --show-position leave state and output alone" {
  head -n $((COUNT * 3 / 4)) "$EVENTS" | cs window --state=state --output=out
  cp out before
  cs window --state=state --output=out --explain >/dev/null
  cs window --state=state --output=out --show-position >/dev/null
  cmp out before
}

@test "a pipe as standard output with --state is warned of, once" {
  head -n 100 "$EVENTS" | cs window --state=state 2>messages | cat
  [ "$(cat messages)" = "cs-window: standard output is a pipe: a crash may lose or repeat rows on their way (--output, --spool do not)" ]
  head -n 100 "$EVENTS" | cs window --state=other 2>messages >out
  [ ! -s messages ]
}

@test "what does not go with --state is refused before anything is read" {
  run -2 cs-parse --state=state --keep-frame </dev/null
  run -2 cs-funnel --state=state --jobs=2 </dev/null
  run -2 cs-funnel --spool=dir </dev/null
  run -2 cs-funnel --state=state --spool=dir --output=out </dev/null
  run -2 cs-funnel --show-position </dev/null
  run -2 cs-funnel --flush </dev/null
  [ ! -e state ] && [ ! -e dir ] && [ ! -e out ]
}

@test "at the bound on keys the state is saved, and more keys go on" {
  run -3 cs sessionize --max-keys=20 --state=state --output=out <"$EVENTS"
  [[ $output == *"more than 20 keys"*"--max-keys=N"* ]]
  [ -n "$(cs sessionize --state=state --show-position)" ]
  run -3 cs sessionize --max-keys=20 --state=state --output=out </dev/null
  rest_of sessionize state | cs sessionize --state=state --output=out --flush
  cmp out "$ROWS.sessionize"
}

# --- when the machine fails ---

# broken_at N SYSCALL HOW PATH...: a run that goes on from half-way, with its Nth such call on these paths broken; its status.
broken_at() {
  break_call "$@"
  cs window --state=state --save-every=1ms --output=out --rejects=rejects <rest 2>messages
  local status=$?
  under
  return "$status"
}

# half_way: a state that has come half-way, its output, and the rest of the events.
half_way() {
  head -n $((COUNT / 2)) "$EVENTS" | cs window --state=state --output=out --rejects=rejects
  rest_of window state >rest
  mkdir -p half
  cp state out rejects half/
}

@test "kill -9 at every system call of a save changes no row" {
  can_trace
  half_way
  local calls="fsync rename ftruncate pwrite64 lseek" call n status killed=0 step
  step=$(stride 1)
  [ -z "${LONG:-}" ] || calls+=" openat write read close flock fstat clone wait4"
  for call in $calls; do
    for ((n = 1; n < 400; n += step)); do
      cp half/* .
      status=0
      broken_at "$n" "$call" signal=KILL || status=$?
      rest_of window state | cs window --state=state --output=out --rejects=rejects --flush
      cmp out "$ROWS.window" || { echo "$call $n"; return 1; }
      [ "$status" -ne 0 ] || break # there are no more
      : $((killed += 1))
    done
  done
  [ "$killed" -ge "$(rounds 8)" ]
}

@test "disk errors are told of, exit 1, and leave the old state and no loss" {
  can_trace
  half_way
  local call error n
  for call in write fsync rename; do
    for error in EIO ENOSPC; do
      for n in 1 2; do
        cp half/* .
        broken_at "$n" "$call" "error=$error" "$PWD/state.new" state.new state && break
        [ $? -eq 1 ] || { echo "$call $error $n"; cat messages; return 1; }
        grep -Eq '^cs-window: state(.new)?: .*(Input/output error|I/O error|No space left)' messages
        [ "$n" -gt 1 ] || cmp state half/state
        [ ! -e state.new ]
        rest_of window state | cs window --state=state --output=out --rejects=rejects --flush
        cmp out "$ROWS.window"
      done
    done
  done
}

@test "a full disk: clear message, exit 1, and with room again nothing is lost" {
  mkdir small
  mount -t tmpfs -o size=$((COUNT / 310))k tmpfs small 2>/dev/null || skip "mounting a small file system is not allowed"
  local status=0
  cs window --dedup=1h --state=small/state --output=out <"$EVENTS" 2>messages || status=$?
  mount -o remount,size=64m small
  { [ "$status" -eq 1 ] && grep -q 'No space left on device' messages &&
    rest_of window small/state | cs window --dedup=1h --state=small/state --output=out --flush && cmp out "$ROWS.window"; } || status=0
  umount small
  [ "$status" -eq 1 ]
}

@test "what --flush has closed stays closed: a window is printed once, and what comes for it is late" {
  event 2026-01-01T00:01:00Z >first
  event 2026-01-01T00:05:00Z >second
  event 2026-01-01T00:12:00Z >>second
  cs-window --size=10m --agg=n=count --state=state --flush first >rows
  cs-window --size=10m --agg=n=count --state=state --flush --late=late second >>rows
  [ "$(jq -c '[.window_start[11:16], .n]' rows | tr -d '\n')" = '["00:00",1]["00:10",1]' ]
  [ "$(jq -r .line late)" = 1 ]
}

@test "--flush: a signal closes nothing, only the end of the input does" {
  local signal tool
  minutes 0 30 '"session_id":"s"' | sed -E 's/page_view/add_to_cart/' | awk '{ print "0\t" NR - 1 "\t" $0 }' >in
  for signal in TERM INT; do
    for tool in 'cs-window --size=1h --agg=n=count' cs-funnel cs-sessionize 'cs-abandon --after=1m --until=2m' 'cs-anomaly --all' cs-identify; do
      rm -rf state* out feed && mkfifo feed
      { head -n 11 in >&3 && sleep infinity; } 3>feed &
      feeder=$!
      ( trap - INT && exec $tool --state=state --save-every=1us --flush --output=out feed ) &
      pid=$!
      until_true sh -c "$tool --state=state --show-position 2>/dev/null | grep -q '\"offset\":10'"
      kill -$signal $pid
      wait $pid || true
      kill $feeder && wait $feeder || true
      $tool --state=state --flush --output=out in
      $tool in >want
      cmp want out || { echo "$tool, SIG$signal" && false; }
    done
  done
}
