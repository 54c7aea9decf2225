#!/usr/bin/env bats
# cs-run and cs-ship with Apache Kafka itself: nothing lost, whatever is killed.

load kafka

setup_file() {
  setup_kafka
  EVENTS=$BATS_FILE_TMPDIR/events.ndjson
  traffic --events="$EVENTS_COUNT" --rate=4 --seed=21 --disorder=20s --repeats=1 >"$EVENTS"
  export EVENTS
}

teardown_file() {
  [ -z "${BROKER:-}" ] || "$BROKER" clean
}

setup() {
  setup_kafka
}

# What a failed test has left running.
teardown() {
  [ ! -S "$BATS_TEST_TMPDIR/tmux" ] || tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
  [ -z "${flow:-}" ] || kill -9 "$flow" 2>/dev/null || true
  [ -z "${collector:-}" ] || kill -9 "$collector" 2>/dev/null || true
  [ -z "${runner:-}" ] || descendants "$runner" | xargs -r kill -9 2>/dev/null || true
}

# tool_words TOOL: cs-TOOL with options that make it print rows all the time, in $words.
tool_words() {
  case $1 in
    window) words=(cs-window --size=10m --by=event_type --agg=n=count '--agg=ids=distinct(session_id)' --dedup=2m) ;;
    funnel) words=(cs-funnel --by=device_type) ;;
    sessionize) words=(cs-sessionize --gap=10m) ;;
    abandon) words=(cs-abandon --after=5m --until=20m) ;;
    anomaly) words=(cs-anomaly --all --size=5m --baseline=30m) ;;
  esac
}

# flow_start TOPIC SECONDS: the events come in over about so long. $flow.
flow_start() {
  local lines=$((EVENTS_COUNT / ($2 * 5) + 1))
  (
    trap 'exit 0' TERM
    keyed <"$EVENTS" | awk -v lines="$lines" '{ print } NR % lines == 0 { fflush(); system("sleep 0.2") }' |
      produce "$1" -E -X enable.idempotence=true -X linger.ms=20 >/dev/null 2>&1
  ) 3>&- 4>&- &
  flow=$!
}

# runner_start: cs-run in a session of its own, as below systemd, that does not outlive the test.
runner_start() {
  setpriv --pdeathsig KILL setsid cs-run -b "$BROKERS" -t "$source" -S dir --from=beginning -o "$sink" "${front[@]}" -- "${words[@]}" "$@" \
    >/dev/null 2>>messages 3>&- 4>&- &
  runner=$!
}

# kill_one: a tool, one of the kcats, the shipper, cs-run itself, or the whole group. What is left ends by itself, but for
# the kcat of the shipper, which is sent for once more.
kill_one() {
  local victim
  case $((RANDOM % 5)) in
    0) victim=$(one_of "^ (${words[0]}|cs-sessionize|cs-parse) " "$runner") ;;
    1) victim=$(one_of '^ kcat ' "$runner") ;;
    2) victim=$(one_of '/cs-ship ' "$runner") ;;
    3) victim=$runner ;;
    4) victim=-$runner ;;
  esac
  [ -n "${victim:-}" ] && kill -9 -- "$victim" 2>/dev/null || return 0
  : $((killed += 1))
  LIMIT=2 until_true eval "! kill -0 $runner 2>/dev/null" || kill "$runner" 2>/dev/null || true
}

# kill_often TOOL: kills until it is enough, starts again as systemd would; then reads the rest. The rows in the topic, the
# last one of each key, are those of a run over the file.
kill_often() {
  local killed=0 source sink topic words
  tool_words "$1"
  topic "from-$1" 12
  source=$topic
  topic "to-$1" 3
  sink=$topic
  flow_start "$source" $((KILLS * 2))
  while [ "$killed" -lt "$KILLS" ]; do
    runner_start --save-every=100ms
    # Not before it has found out where to go on, or it would never come further on a slow machine.
    until_true test -d dir/spool
    nap 500 2500
    kill_one || continue
    wait "$runner" || true
    spool_is_good dir/spool
  done
  wait "$flow"
  cs-run -b "$BROKERS" -t "$source" -S dir --once -o "$sink" -- "${words[@]}" --flush 2>>messages || { cat messages; return 1; }
  # cs-abandon's keys are those of one alert each; everywhere else, too, no row is changed by a later one.
  last_of_each_key "$sink" >rows
  "${words[@]}" "$EVENTS" 2>/dev/null | sort | cmp - rows
  [ "$(wc -l <rows)" -gt 20 ]
}

# stage_words NUMBER: source, sink and words of a run of two that follow each other, in the directory of that number.
stage_words() {
  source=${topics[$1]} sink=${topics[$1 + 1]} front=()
  case $1 in
    # Keys in the partitions that they had: so each partition stays in its order, however far each is read.
    0) front=(-X partitioner=murmur2_random) words=(cs-parse '--map=.payload, (.payload | select(.product_id) | .event_id += "-seen" | .event_type = "seen")' --dedup=1d --rejects=rejects) ;;
    1) words=(cs-sessionize --gap=10m --dedup=1d) ;;
  esac
}

# stage_cd NUMBER: the directory where it works.
stage_cd() { cd "$BATS_TEST_TMPDIR/$1" || return 1; }

@test "a topic for rows that is not there is named at the start, and the rows wait for it" {
  topic clicks 1
  head -n 200 "$EVENTS" | keyed | produce "$topic"
  local source=$topic sink
  sink=$(topic_name later)
  run -1 cs-run -b "$BROKERS" -t "$source" -S dir --from=beginning --once -o "$sink" -X message.timeout.ms=2000 -- cs-sessionize --flush
  [ "${lines[0]}" = "cs-run: -o $sink: no such topic: rows wait in dir/spool until there is one" ]
  [[ $output == *"cs-ship: $sink: "*" rows were refused: "* ]]
  "$BROKER" topic "$sink" 1
  run -0 cs-run -b "$BROKERS" -t "$source" -S dir --once -o "$sink" --quiet -- cs-sessionize --flush
  last_of_each_key "$sink" | diff <(head -n 200 "$EVENTS" | cs-sessionize | sort) -
}

@test "kill -9 at random moments: a raw topic becomes a topic of events, and that one sessions" {
  local killed=0 source sink topic words front number topics=() runners=()
  for number in 6 6 3; do
    topic stage "$number"
    topics+=("$topic")
  done
  mkdir 0 1
  jq -c '{user: .session_id, payload: .}' "$EVENTS" | awk '{ print } NR % 100 == 0 { print "{\"session_id\":\"x" NR "\",\"payload\":7}" }' >raw
  EVENTS=raw flow_start "${topics[0]}" "$KILLS"
  while [ "$killed" -lt $((KILLS / 2 + 1)) ]; do
    for number in 0 1; do
      stage_cd "$number"
      stage_words "$number"
      runner_start --save-every=100ms
      runners[number]=$runner
    done
    until_true test -d ../0/dir/spool -a -d ../1/dir/spool
    nap 500 2500
    number=$((RANDOM % 2))
    stage_words "$number"
    runner=${runners[number]}
    kill_one || true
    # The other one ends in order.
    kill "${runners[@]}" 2>/dev/null || true
    wait "${runners[@]}" || true
    spool_is_good ../0/dir/spool
    spool_is_good ../1/dir/spool
  done
  wait "$flow"
  for number in 0 1; do
    stage_cd "$number"
    stage_words "$number"
    cs-run -b "$BROKERS" -t "$source" -S dir --once -o "$sink" "${front[@]}" -- "${words[@]}" --flush --stats=stats 2>>messages ||
      { cat messages; return 1; }
  done
  cd ..
  # What was refused is there once; the events may have come twice, and are counted once.
  [ "$(jq -r .raw 0/rejects | sort | uniq -d | wc -l)" = 0 ]
  [ "$(wc -l <0/rejects)" = "$(grep -c '"payload":7' raw)" ]
  stage_words 0
  "${words[@]}" raw 2>/dev/null | sort -u >want
  consume "${topics[1]}" | sort -u | cmp want -
  stage_words 1
  last_of_each_key "${topics[2]}" >rows
  "${words[@]}" want --lateness=max --max-duration=none 2>/dev/null | sort >wanted
  cmp wanted rows
  [ "$(wc -l <rows)" -gt 20 ]
}

@test "kill -9 at random moments: two tools from one reader, and cs-parse in front" {
  local killed=0 source sink topic words front
  topic from-two 12
  source=$topic
  topic to-two 3
  sink=$topic
  topic to-two-more 3
  sink+=,$topic
  front=(--parse=--recode=device_type:mobile=phone)
  words=(cs-funnel --by=device_type --save-every=100ms -- cs-sessionize --gap=10m --save-every=100ms)
  flow_start "$source" $((KILLS * 2))
  while [ "$killed" -lt "$KILLS" ]; do
    runner_start
    until_true test -d dir/sessionize/spool
    nap 500 2500
    kill_one || continue
    wait "$runner" || true
    spool_is_good dir/funnel/spool
    spool_is_good dir/sessionize/spool
  done
  wait "$flow"
  cs-run -b "$BROKERS" -t "$source" -S dir --once -o "$sink" "${front[@]}" -- cs-funnel --by=device_type --flush -- \
    cs-sessionize --gap=10m --flush 2>>messages || { cat messages; return 1; }
  cs-parse "${front[0]#--parse=}" "$EVENTS" >parsed
  last_of_each_key "${sink%,*}" | cmp - <(cs-funnel --by=device_type parsed 2>/dev/null | sort)
  last_of_each_key "${sink#*,}" | cmp - <(cs-sessionize --gap=10m parsed 2>/dev/null | sort)
}

# Is that the position of partition 0?
all_read() {
  [[ $(cs-funnel --state=dir/state --show-position 2>/dev/null) == *"\"offset\":$1,"* ]] &&
    [ -n "$(pgrep -P "$runner" -f -- '^kcat -C ')" ]
}

# Has the broker answered a process that has stopped? Then bytes wait in a socket of its.
answered() {
  awk 'NR == FNR { ours[$1]; next } $10 in ours && $5 !~ /:00000000$/ { found = 1 } END { exit !found }' \
    <(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n') /proc/net/tcp /proc/net/tcp6
}

# Is there a record in that topic, of a transaction that is not committed or of none?
has_records() {
  [ "$(consume "$1" -X isolation.level=read_uncommitted -c "$2" 2>/dev/null | wc -l)" = "$2" ]
}

@test "kill -9 at random moments: cs-window" {
  kill_often window
}

@test "kill -9 at random moments: cs-funnel" {
  kill_often funnel
}

@test "kill -9 at random moments: cs-sessionize" {
  kill_often sessionize
}

@test "kill -9 at random moments: cs-abandon" {
  kill_often abandon
}

@test "kill -9 at random moments: cs-anomaly" {
  kill_often anomaly
}

@test "the broker is away for ${OUTAGE:-10} s, as source and as sink: nothing is lost" {
  local source sink topic words
  tool_words sessionize
  topic outage 12
  source=$topic
  topic outage-rows 1
  sink=$topic
  flow_start "$source" 20
  runner_start --save-every=100ms
  until_true has_rows "$sink"
  "$BROKER" stop
  sleep "${OUTAGE:-10}"
  "$BROKER" start 3>&- 4>&-
  wait "$flow"
  # It has lived through it.
  kill "$runner"
  wait "$runner"
  cs-run -b "$BROKERS" -t "$source" -S dir --once -o "$sink" -- "${words[@]}" --flush 2>>messages || { cat messages; return 1; }
  last_of_each_key "$sink" >rows
  "${words[@]}" "$EVENTS" 2>/dev/null | sort | cmp - rows
}

@test "a position trimmed away: exit 3, no silent jump" {
  local source sink topic words
  words=(cs-funnel)
  topic trimmed 1
  source=$topic
  head -n 500 "$EVENTS" | keyed | produce "$source"
  cs-run -b "$BROKERS" -t "$source" -S dir --from=beginning --once -- cs-funnel --output=rows
  sed -n 501,2000p "$EVENTS" | keyed | produce "$source"
  "$BROKER" trim "$source" 0 1000
  run -3 cs-run -b "$BROKERS" -t "$source" -S dir -- cs-funnel --output=rows
  [[ $output == "cs-run: $source [0]: position 500 is gone, the log begins at 1000: "* ]]
  run -0 cs-run -b "$BROKERS" -t "$source" -S dir --once --skip-gone -- cs-funnel --output=rows
  [[ $(cs-funnel --state=dir/state --show-position) == *'"offset":1999,'* ]]
}

@test "a log that is trimmed while it is read: exit 3" {
  local source sink topic words reader
  words=(cs-funnel)
  topic cut 1
  source=$topic
  topic cut-rows 1
  sink=$topic
  head -n 500 "$EVENTS" | keyed | produce "$source"
  runner_start --save-every=20ms
  until_true all_read 499
  reader=$(one_of '^ kcat -C ' "$runner")
  kill -STOP "$reader"
  # The fetch that is under way is answered with nothing after 500 ms; else it would be answered with what comes now.
  until_true answered "$reader"
  sed -n 501,2000p "$EVENTS" | keyed | produce "$source"
  "$BROKER" trim "$source" 0 1900
  kill -CONT "$reader"
  local status=0
  until_true eval "! kill -0 $runner 2>/dev/null"
  wait "$runner" || status=$?
  cat messages
  [ "$status" = 3 ]
  grep -q 'is gone, the log begins at 1900' messages
}

@test "--from=TIME begins with the first record of that time or later" {
  local source topic at
  topic times 3
  source=$topic
  head -n 100 "$EVENTS" | keyed | produce "$source"
  sleep 1.1
  at=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
  sed -n 101,150p "$EVENTS" | keyed | produce "$source"
  cs-run -b "$BROKERS" -t "$source" -S dir --from="$at" --once -- cs-window --size=1d --agg=n=count --output=rows --flush
  [ "$(jq .n rows)" = 50 ]
  # A time to come is the end.
  run -0 cs-run -b "$BROKERS" -t "$source" -S later --from=2100-01-01T00:00:00Z --once -- cs-window --size=1d --agg=n=count \
    --output=none --flush
  [ ! -s none ]
  [[ $output == "cs-run: $source: no record has a time of 2100-01-01T00:00:00Z or later in 3 of 3 partitions, "* ]]
}

@test "a topic of transactions that retention has emptied: nothing is lost" {
  local topic
  topic emptied 2
  head -n 8 "$EVENTS" | kcat -q -P -b "$BROKERS" -t "$topic" -p 0 -X transactional.id=emptied -X acks=all
  cs-run -b "$BROKERS" -t "$topic" -S dir --from=beginning --once --quiet -- cs-funnel --output=rows
  # Offset 8 is the end of the transaction.
  [[ $(cs-funnel --state=dir/state --show-position) == *'{"partition":0,"offset":8,'* ]]
  "$BROKER" trim "$topic" 0 9
  run -0 cs-run -b "$BROKERS" -t "$topic" -S dir --once -- cs-funnel --output=rows
  [ "$output" = "cs-run: $topic: 2 partitions, from offset 9 0; 0 offsets before the end" ]
  # What comes next is read.
  sed -n 9,16p "$EVENTS" | kcat -q -P -b "$BROKERS" -t "$topic" -p 0 -X transactional.id=emptied -X acks=all
  cs-run -b "$BROKERS" -t "$topic" -S dir --once --quiet -- cs-funnel --output=rows --stats=stats
  [ "$(jq -c '[.read, .duplicate]' stats)" = '[16,0]' ]
}

@test "also where a transaction ended while a run went on, which ended in order" {
  local topic
  topic live-emptied 2
  # What kcat says is written down, so that it is known when it has come to the end.
  mkdir bin
  printf '#!/bin/bash\nexec -a kcat %q "$@" 2> >(tee -a %q >&2)\n' "$(command -v kcat)" "$PWD/said" >bin/kcat
  chmod +x bin/kcat
  PATH=$PWD/bin:$PATH cs-run -b "$BROKERS" -t "$topic" -S dir --from=beginning --quiet -- cs-funnel --output=rows \
    --save-every=100ms 2>messages 3>&- 4>&- &
  runner=$!
  until_true eval '[ "$(pgrep -P "$runner" -f -c -- "^kcat -C ")" = 2 ]'
  head -n 8 "$EVENTS" | kcat -q -P -b "$BROKERS" -t "$topic" -p 0 -X transactional.id=live-emptied -X acks=all
  until_true grep -q '\[0\] at offset 9$' said
  until_true eval '[[ $(cs-funnel --state=dir/state --show-position) == *"\"partition\":0,\"offset\":7,"* ]]'
  kill -TERM "$runner"
  wait "$runner"
  [[ $(cs-funnel --state=dir/state --show-position) == *'{"partition":0,"offset":8,'* ]]
  "$BROKER" trim "$topic" 0 9
  run -0 cs-run -b "$BROKERS" -t "$topic" -S dir --once -- cs-funnel --output=rows
}

@test "records of any bytes, some of them forged frames, reach no other record's fate" {
  local topic
  topic strange 3
  head -n 1000 "$EVENTS" | keyed | produce "$topic"
  # As other clients may send them: each file is one record.
  mkdir records
  printf 'x\n1\t1000\t{}\n1 1000 2 {}\n1 0 -2 \n7\t1\t{}\n' >records/forged
  for i in {1..200}; do { cat records/forged && head -c $((RANDOM % 300)) /dev/urandom && printf '!'; } >"records/$i"; done
  sed -n 1001p "$EVENTS" | jq . >records/pretty
  sed -n 1002,1100p "$EVENTS" >records/several
  kcat -q -P -b "$BROKERS" -t "$topic" -p 0 -X acks=all records/*
  sed -n 1101,2000p "$EVENTS" | keyed | produce "$topic"
  cs-run -b "$BROKERS" -t "$topic" -S dir --from=beginning --once --quiet -- cs-funnel --lateness=1h --flush --output=rows \
    --rejects=rejects --stats=stats
  cmp rows <(head -n 2000 "$EVENTS" | cs-funnel --lateness=1h)
  [ "$(jq -c '[.rejected, .gaps, .late]' stats)" = '[201,0,0]' ]
  [ "$(jq -c .partition rejects | sort -u)" = 0 ]
}

@test "the options that come with the units: an instance for each partition, and a merge" {
  local p name parts funnel sessions
  topic units 4
  source=$topic
  topic units-parts 1
  parts=$topic
  topic units-funnel 1
  funnel=$topic
  topic units-sessions 2
  sessions=$topic
  head -n 3000 "$EVENTS" | keyed | produce "$source"
  for name in partition merge; do
    # These events are of long ago, and end.
    sed -e "s,/run/clickstream,$PWD,; s/^--partitions=.*/--partitions=0-3/; /^--idle/d" -e '/^--by-partition$/a --flush' \
      "$ROOT/scripts/systemd/$name.options" >"$name.options"
    echo --flush >>"$name.options"
  done
  for p in 0 1 2 3; do
    cs-run --options=partition.options -b "$BROKERS" -t "$source" -p "$p" -S "partition-$p" --from=beginning --once \
      -o "$parts,$sessions" 2>messages || { cat messages && return 1; }
  done
  cs-run --options=merge.options -b "$BROKERS" -t "$parts" -S merge --once -o "$funnel" 2>messages || { cat messages && return 1; }
  last_of_each_key "$funnel" | diff - <(head -n 3000 "$EVENTS" | cs-funnel 2>/dev/null | sort)
  last_of_each_key "$sessions" | diff - <(head -n 3000 "$EVENTS" | cs-sessionize 2>/dev/null | sort)
}

@test "one transaction per segment: a consumer of committed rows sees whole segments only" {
  local topic
  topic transactions 1
  mkdir spool
  seq 1000 >spool/000000000001.ndjson
  cs-ship -b "$BROKERS" -t "$topic" -X transactional.id=test-1 --once spool
  [ "$(consume "$topic" | wc -l)" = 1000 ]
  # Killed in the middle: what was sent is aborted by the next one with the same id, and sent again.
  seq 1001 400000 >spool/000000000002.ndjson
  cs-ship -b "$BROKERS" -t "$topic" -X transactional.id=test-1 spool 2>messages 3>&- 4>&- &
  runner=$!
  until_true has_records "$topic" 1001
  descendants "$runner" | xargs -r kill -9 2>/dev/null || true # some may have gone by now
  wait "$runner" || true
  cs-ship -b "$BROKERS" -t "$topic" -X transactional.id=test-1 --once spool
  consume "$topic" | sort -n | cmp - <(seq 400000)
}

# collects COMMAND...: a collector takes what three clients send, while the command runs; its pid is in $collector.
collects() {
  local n
  rm -f listening
  cs-collect -l unix:door --spool=spool --seal=100ms 2>listening 3>&- 4>&- &
  collector=$!
  until_true grep -q 'listening at' listening
  for n in 1 2 3; do python3 "$ROOT/tests/collect.py" load door "$EPOCHREALTIME-$n" acked 3>&- 4>&- & done
  "$@"
}

@test "cs-collect and cs-ship: what was answered 204 is in the topic under its session, whatever is killed, and when the broker is away" {
  local topic round
  topic collected 4
  : >acked
  mkdir spool
  cs-ship -b "$BROKERS" -t "$topic" spool 2>messages 3>&- 4>&- &
  runner=$!
  for ((round = 0; round < KILLS; round++)); do
    collects nap 200 600
    kill -KILL "$collector"
    wait "$collector" || true
  done
  "$BROKER" stop
  collects sleep "${OUTAGE:-10}"
  "$BROKER" start 3>&- 4>&-
  # Answers what has come, and seals what is there.
  kill -TERM "$collector"
  wait "$collector"
  [ -z "$(find spool -name '.*.open' -size +0)" ]
  kill -TERM "$runner"
  wait "$runner" || true
  cs-ship -b "$BROKERS" -t "$topic" --once spool 2>>messages || { cat messages; return 1; }
  [ -z "$(find spool -name '*.ndjson')" ]
  kcat -b "$BROKERS" -C -t "$topic" -e -q -f '%k\t%p\t%s\n' >sent
  sort acked >wanted
  [ "$(wc -l <wanted)" -gt "$KILLS" ]
  cut -f 3 sent | jq -r .event_id | sort -u | comm -13 - wanted >lost
  [ ! -s lost ] || { wc -l lost; return 1; }
  # The key is the session, and a session has one partition.
  diff <(cut -f 1 sent) <(cut -f 3 sent | jq -r .session_id)
  [ "$(cut -f 1,2 sent | sort -u | cut -f 1 | uniq -d)" = '' ]
  [ "$(cut -f 1 sent | sort -u | wc -l)" = 7 ]
}

# What is in the terminal, once that has come.
top_shows() {
  tmux -S "$BATS_TEST_TMPDIR/tmux" capture-pane -p >shown 2>/dev/null && grep -qE "$1" shown
}

@test "cs-look --top of a topic: its rows in a terminal, and what is written meanwhile; q ends all" {
  command -v tmux >/dev/null || skip 'tmux is absent'
  local source topic
  topic top 4
  source=$topic
  traffic --events=6000 --rate=2 --seed=7 | keyed >keyed
  head -n 3000 keyed | produce "$source"
  tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null new-session -d -x 120 -y 40 \
    "PATH='$PATH' KCAT_CONFIG=/dev/null LC_ALL=C.UTF-8 TERM=screen-256color bash --norc -c 'cs-look --top -b $BROKERS -t $source -S dir; echo ended: \$?; exec cat'"
  LIMIT=60 until_true top_shows '^ There now +[1-9][0-9]* visits' || { cat shown dir/said && return 1; }
  LIMIT=60 until_true top_shows '^ Visits · 00:00–01:00' || { cat shown dir/said && return 1; }
  tail -n +3001 keyed | produce "$source"
  until_true top_shows 'Thu 1 Jan 2026 01:' || { cat shown && return 1; }
  tmux -S "$BATS_TEST_TMPDIR/tmux" send-keys q
  until_true top_shows '^ended: 0' || { cat shown && return 1; }
  nothing_works() { [ "$(working_in "$PWD")" = 0 ]; }
  until_true nothing_works
  tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
}
