#!/usr/bin/env bats
# cs-run with several tools for which one kcat reads, with cs-parse in front, and on a log that never rests.

load helper
load mock
load runner

setup_file() {
  setup_tools
  mock_start
  EVENTS=$BATS_FILE_TMPDIR/events.ndjson
  traffic --events=2000 --rate=4 --seed=5 --disorder=20s >"$EVENTS"
  export EVENTS
  command -v kcat >/dev/null || return 0
  keyed <"$EVENTS" | produce clicks
  # The same as somebody else sends them, with what is no event in between, the last of each partition included.
  jq -c '{user: .session_id, payload: .}' "$EVENTS" | awk '{ print } NR % 10 == 0 { print "{\"user\":\"x\",\"payload\":null}"; print "rubbish" }' >"$BATS_FILE_TMPDIR/raw"
  awk '{ match($0, /"user":"[^"]*"/); print substr($0, RSTART + 8, RLENGTH - 9) "\t" $0 }' "$BATS_FILE_TMPDIR/raw" | produce raw
  for p in 0 1 2 3; do printf 'rubbish\n{"payload":null}\n' | produce raw -p "$p"; done
}

teardown_file() {
  mock_stop
}

setup() {
  setup_tools
  need_kcat
}

teardown() { runner_end; }

stop() {
  kill "$runner"
  wait "$runner"
  runner=''
}

expected() {
  "$@" "$EVENTS" 2>/dev/null | sort
}

# positions STATE TOOL...: PARTITION:OFFSET in order.
positions() {
  "${@:2}" --state="$1" --show-position | jq -r '"\(.partition):\(.offset)"' | paste -sd' '
}

# Where the logs end, in the same form: the last offset.
log_ends() {
  kcat -Q -b "$BROKERS" -t "$1:0:-1" -t "$1:1:-1" -t "$1:2:-1" -t "$1:3:-1" |
    sed -E 's/.*\[([0-9]+)\] offset ([0-9]+)/\1 \2/' | sort -n | while read -r p offset; do echo "$p:$((offset - 1))"; done | paste -sd' '
}

@test "one reader, three tools: the rows of each are those of a run over a file" {
  run -0 from_topic clicks --from=beginning --once -o many-funnel,many-carts,many-sessions -- \
    cs-funnel --by=device_type --flush -- cs-abandon --flush -- cs-sessionize --flush
  [ "${lines[0]}" = 'cs-run: clicks: 4 partitions, from offset 0 0 0 0; 2000 offsets before the end (funnel)' ]
  [ "${#lines[@]}" = 3 ]
  last_of_each_key many-funnel | diff <(expected cs-funnel --by=device_type) -
  last_of_each_key many-carts | diff <(expected cs-abandon) -
  last_of_each_key many-sessions | diff <(expected cs-sessionize) -
  [ "$(ls dir)" = 'abandon
funnel
lock
sessionize' ]
  [ "$(ls dir/funnel)" = "$(printf 'begin\nspool\nstate\nstate.lock')" ]
  # There was one kcat for each partition, not for each tool.
  mkdir bin
  printf '#!/bin/sh\ncase " $* " in *" -C "*) echo >>%s ;; esac\nexec %s "$@"\n' "$PWD/count" "$(command -v kcat)" >bin/kcat
  chmod +x bin/kcat
  PATH="$PWD/bin:$PATH" from_topic clicks --once --quiet -o many-funnel,many-carts,many-sessions -- \
    cs-funnel --by=device_type -- cs-abandon -- cs-sessionize
  [ "$(wc -l <count)" = 4 ]
}

@test "live: each tool gets all of it, and TERM ends all of them in order" {
  head -n 1500 "$EVENTS" | keyed | produce many-live
  start many-live --from=beginning -o live-funnel,live-carts -- cs-funnel --size=1m --save-every=50ms -- cs-abandon --save-every=50ms
  until_true all_live 4
  until_true has_rows live-funnel
  tail -n +1501 "$EVENTS" | keyed | produce many-live
  until_true eval '[ "$(positions dir/funnel/state cs-funnel)" = "$(log_ends many-live)" ]'
  until_true eval '[ "$(positions dir/abandon/state cs-abandon)" = "$(log_ends many-live)" ]'
  stop
  [ "$(working_in "$PWD")" = 0 ]
  from_topic many-live --once --quiet -o live-funnel,live-carts -- cs-funnel --size=1m --flush -- cs-abandon --flush
  last_of_each_key live-funnel | diff <(expected cs-funnel --size=1m) -
  last_of_each_key live-carts | diff <(expected cs-abandon) -
}

@test "a tool that is killed costs the others nothing, and goes on with them later from where it was" {
  head -n 800 "$EVENTS" | keyed | produce many-killed
  start many-killed --from=beginning -o killed-funnel,killed-carts -- cs-funnel --size=1m --save-every=50ms -- cs-abandon --save-every=50ms
  until_true all_live 4
  until_true eval '[ "$(positions dir/abandon/state cs-abandon)" = "$(log_ends many-killed)" ]'
  kill -9 "$(child cs-abandon)"
  until_true grep -q '^cs-run: abandon has ended (exit status 137): the others go on without it$' messages
  tail -n +801 "$EVENTS" | keyed | produce many-killed
  until_true eval '[ "$(positions dir/funnel/state cs-funnel)" = "$(log_ends many-killed)" ]'
  kill "$runner"
  status=0
  wait "$runner" || status=$?
  [ "$status" = 1 ]
  [ "$(positions dir/abandon/state cs-abandon)" != "$(log_ends many-killed)" ]
  run -0 from_topic many-killed --once -o killed-funnel,killed-carts -- cs-funnel --size=1m --flush --stats=stats -- cs-abandon --flush
  [[ ${lines[0]} == *'; 0 offsets before the end (funnel)' && ${lines[1]} == *'; 1200 offsets before the end (abandon)' ]]
  last_of_each_key killed-funnel | diff <(expected cs-funnel --size=1m) -
  last_of_each_key killed-carts | diff <(expected cs-abandon) -
  # What the one had seen already was a repeat to it.
  [ "$(jq -c '[.used, .duplicate]' stats)" = '[2000,1200]' ]
}

@test "a state that a person has to look at leaves its tool out, and the exit status says so" {
  from_topic clicks --from=beginning --once --quiet -o person-funnel,person-carts -- cs-funnel -- cs-abandon
  printf x >>dir/abandon/state
  run -3 from_topic clicks --once --quiet -o person-funnel,person-carts -- cs-funnel --flush -- cs-abandon --flush
  [ "${lines[-1]}" = 'cs-run: abandon is left out: a person is needed; the others go on' ]
  last_of_each_key person-funnel | diff <(expected cs-funnel) -
}

@test "a tool that is added begins where --from says, whatever the others still have to read" {
  head -n 1000 "$EVENTS" | keyed | produce many-added
  from_topic many-added --from=beginning --once --quiet -- cs-funnel --output=rows
  mkdir new && mv dir new/funnel && mv new dir
  sed -n 1001,1500p "$EVENTS" | keyed | produce many-added
  # The funnel has 500 to read, of which the new tool wants none.
  run -0 from_topic many-added --from=end --once -- cs-funnel --output=rows --stats=s1 -- n=cs-window --size=1d --agg=n=count --output=counts --stats=s2
  [[ ${lines[1]} == *'; 0 offsets before the end (n)' ]]
  [ "$(jq -c '[.read, .used, .duplicate]' s1)" = '[1500,1500,0]' ]
  [ "$(jq -c '[.read, .used, .duplicate]' s2)" = '[500,0,500]' ]
  sed -n 1501,2000p "$EVENTS" | keyed | produce many-added
  from_topic many-added --once --quiet -- cs-funnel --output=rows --flush -- n=cs-window --size=1d --agg=n=count --output=counts --flush --lateness=max ||
    from_topic many-added --once --quiet -- cs-funnel --output=rows --flush -- n=cs-window --size=1d --agg=n=count --output=counts --flush
  sort rows | diff <(expected cs-funnel) -
  [ "$(jq -s 'map(.n) | add' counts)" = 500 ]
}

@test "what cannot be told apart is refused" {
  says() { run -2 from_topic clicks --from=end --once "${@:2}"; [[ ${lines[0]} == "cs-run: $1" ]] || { echo "${lines[0]}"; return 1; }; }
  says "2 tools would print rows between each other's: -o TOPIC,... or --output" -- cs-funnel -- cs-abandon
  says 'window is there twice: name one, as in other=cs-window' -o a,b -- cs-window --size=1h -- cs-window --size=2h
  says '-o a: 1 topic for 2 tools: one for each, - for none' -o a -- cs-funnel -- cs-abandon
  says '-o a,b: 2 topics for 1 tool: one for each, - for none' -o a,b -- cs-funnel
  says "'a b': a tool's name is made of letters, digits, - and _" -o a,b -- cs-funnel -- 'a b=cs-abandon'
  says 'a tool is needed behind --' -o a -- --
  from_topic clicks --from=end --once --quiet -- cs-funnel
  run -3 from_topic clicks --once -o a,b -- cs-funnel -- cs-abandon
  [ "$output" = 'cs-run: dir: is the directory of one tool alone: its state, begin and spool belong into dir/NAME now, as dir/funnel' ]
}

@test "--parse: raw records become events on the way, and positions are those of the topic" {
  run -0 from_topic raw --from=beginning --once -o parsed --parse=--map=.payload -- cs-funnel --by=device_type --flush --stats=stats
  last_of_each_key parsed | diff <(expected cs-funnel --by=device_type) -
  [ "$(positions dir/state cs-funnel --by=device_type)" = "$(log_ends raw)" ]
  [ "$(jq -c '[.read, .rejected, .gaps, .duplicate]' stats)" = '[2000,0,0,0]' ]
  [[ $output == *'cs-parse: '*'rejected: not-json'* ]]
  # Nothing of it is asked for again.
  run -0 from_topic raw --once -o parsed --parse=--map=.payload -- cs-funnel --by=device_type
  [[ ${lines[0]} == *'; 0 offsets before the end' && ${#lines[@]} = 1 ]]
}

@test "keys and times of records reach the tools, and cs-parse in front, where they are asked for" {
  from_topic clicks --from=beginning --once --quiet --parse='--kafka-members' -o keyed -- cs-sessionize --id=kafka_key --flush
  last_of_each_key keyed | jq -r .kafka_key | sort >got
  expected cs-sessionize | jq -r .session_id | sort | diff - got
  cs-run -b "$BROKERS" -t clicks -S two --from=beginning --once --quiet -o keyed-2,plain-2 -- \
    cs-sessionize --id=kafka_key --kafka-members --flush -- cs-funnel --flush
  last_of_each_key keyed-2 | jq -r .kafka_key | sort | diff got -
  last_of_each_key plain-2 | diff <(expected cs-funnel) -
  # Headers do not, and nobody waits for them in vain.
  for where in '-- cs-window --size=1h --agg=n=count --kafka-members --by=h=.kafka_headers.trace' \
    '--parse=--kafka-members --parse=--map=.kafka_headers -- cs-funnel'; do
    # shellcheck disable=SC2086 # words
    run -2 from_topic clicks --once $where
    [[ ${lines[0]} == "cs-run: "*"kafka_headers is always null here, because kcat does not say where a header ends"* ]]
  done
  run -2 from_topic clicks --once --parse=--repair=utf8 -- cs-sessionize --kafka-members
  [ "${lines[0]}" = 'cs-run: --kafka-members: give it to --parse, which reads the records' ]
}

@test "--parse: whatever is killed, each event counts once" {
  start raw --from=beginning -o parsed-killed --parse='--map=.payload' -- cs-funnel --size=1m --save-every=20ms
  until_true all_live 4
  kill -9 "$(child cs-parse | head -n 1)"
  status=0
  wait "$runner" || status=$?
  [ "$status" = 1 ]
  grep -q '^cs-run: cs-parse has ended (exit status 137)$' messages
  [ "$(working_in "$PWD")" = 0 ]
  start raw --from=beginning -o parsed-killed --parse='--map=.payload' -- cs-funnel --size=1m --save-every=20ms
  until_true all_live 4
  kill -9 "$runner"
  wait "$runner" || true
  until_true eval '[ "$(working_in "$PWD")" = 0 ]'
  from_topic raw --once --quiet -o parsed-killed --parse='--map=.payload' -- cs-funnel --size=1m --flush --stats=stats 2>messages
  last_of_each_key parsed-killed | diff <(expected cs-funnel --size=1m) -
  [ "$(jq -c '[.used, .gaps]' stats)" = '[2000,0]' ]
}

@test "cs-parse as the tool: a raw topic becomes a topic of events, each once, whatever is killed" {
  stage() { "$1" raw --from=beginning --quiet "${@:2}" --map='.payload, (.payload | select(.product_id) | .event_id += "-seen")' \
    --dedup=1d --rejects=rejects --stats=stats --save-every=20ms; }
  cs-parse --map='., (select(.product_id) | .event_id += "-seen")' "$EVENTS" | sort >want
  stage start -- cs-parse --output=clean
  until_true test -s dir/state
  kill -9 "$(child cs-parse)"
  wait "$runner" || true
  stage start -- cs-parse --output=clean
  until_true all_live 4
  kill -9 "$runner"
  wait "$runner" || true
  until_true eval '[ "$(working_in "$PWD")" = 0 ]'
  stage from_topic --once -- cs-parse --output=clean
  sort clean | diff want -
  [ "$(positions dir/state cs-parse)" = "$(log_ends raw)" ]
  [ "$(jq -c '[.rejected, .used, .produced]' stats)" = "[204,2000,$(wc -l <want)]" ]
  [ "$(jq -r .reason rejects | sort | uniq -c | xargs)" = '204 not-json' ]
  [ "$(jq -r .input rejects | sort -u | paste -sd' ')" = 'raw [0] raw [1] raw [2] raw [3]' ]
  # To a topic the events go with their session as key, and from there they are counted as from a file.
  cs-run -b "$BROKERS" -t raw -S stage --from=beginning --once --quiet -o clean -- cs-parse --map=.payload 2>messages
  cs-run -b "$BROKERS" -t clean -S next --from=beginning --once --quiet -o clean-rows -- cs-sessionize --flush
  last_of_each_key clean-rows | diff <(expected cs-sessionize) -
  consume clean -f '%k %s\n' | awk '{ key = $1; sub(/^[^ ]* /, ""); if (!index($0, "\"session_id\":\"" key "\"")) exit 1 }'
}

@test "--parse in front of several tools; its words may be quoted, and come in several options" {
  from_topic raw --from=beginning --once --quiet -o q-funnel,q-carts --parse="--map='.payload | .device_type = \"a b\"'  -w '.event_type != \"search\"'" \
    --parse='--rename=x=y' -- cs-funnel --by=device_type --flush -- cs-abandon --flush 2>messages
  jq -c '.device_type = "a b" | select(.event_type != "search")' "$EVENTS" >changed
  last_of_each_key q-funnel | diff <(cs-funnel --by=device_type changed | sort) -
  last_of_each_key q-carts | diff <(cs-abandon changed | sort) -
}

@test "--parse: what would not survive a restart, or is wrong, is refused before anything is started" {
  says() { run -2 from_topic raw --from=end --once "--parse=$2" -- cs-funnel; [[ ${lines[0]} == "cs-run: --parse: $1"* ]] || { echo "${lines[0]}"; return 1; }; }
  says '--dedup: it would forget' --dedup=1h
  says '--rejects: it would begin anew' --rejects=x
  says '--state: cs-run itself says where cs-parse reads and writes' --state=x
  says "--map='.payload: a quote is not closed" "--map='.payload"
  run -2 from_topic raw --from=end --once --parse=--max-jump=1d -- cs-funnel
  [[ ${lines[0]} == 'cs-parse: --max-jump: an event that waits would leave its frame'* ]]
  run -2 from_topic raw --from=end --once --parse=--nonsense -- cs-funnel
  [ ! -e dir ]
  # Another input than the topic.
  run -2 from_topic raw --from=end --once --parse="$EVENTS" -- cs-funnel
}

@test "--once ends at the end of the log as it was at the start, however fast more comes" {
  head -n 1000 "$EVENTS" | keyed | produce busy
  mkdir bin
  # Before it is read, and while it is, more comes in than is ever read.
  cat >bin/kcat <<END
#!/bin/bash
case " \$* " in *" -C "*) mkdir more 2>/dev/null && { $(command -v kcat) -q -P -b "$BROKERS" -t busy -p 0 -l "$EVENTS"; $(command -v kcat) -q -P -b "$BROKERS" -t busy -p 1 -l "$EVENTS"; } ;; esac
exec -a kcat $(command -v kcat) "\$@"
END
  chmod +x bin/kcat
  local ends
  ends=$(log_ends busy)
  PATH="$PWD/bin:$PATH" run -0 from_topic busy --from=beginning --once -- cs-sessionize --output=rows --stats=stats
  [ -d more ]
  [ "$(jq .read stats)" = 1000 ]
  [ "$(positions dir/state cs-sessionize)" = "$ends" ]
  run -0 from_topic busy --once -- cs-sessionize --output=rows --stats=stats
  [ "$(jq .read stats)" = 5000 ]
}

@test "figures say how far behind the topic a tool is" {
  start clicks --from=beginning -- cs-funnel --stats=stats.prom --stats-every=100ms --output=rows
  until_true all_live 4
  until_true eval '[ "$(grep -c "^clickstream_partition_lag{.*} 0$" stats.prom)" = 4 ]'
  stop
  [ "$(sed -nE 's/^clickstream_partition_end_offset.* ([0-9]+)$/\1/p' stats.prom | paste -sd+ | bc)" = 2000 ]
  [ "$(wc -l <dir/ends)" = 4 ]
  [ "$(stat -c %a dir/ends)" = 600 ]
}

@test "HUP goes on to the tools that write files, at any time, and to no other" {
  start clicks --from=beginning -o -,hup-rows -- cs-sessionize --output=rows --rejects=rejects -- cs-funnel
  until_true test -e rejects
  mv rejects rejects.1
  kill -HUP "$runner"
  until_true test -e rejects
  until_true all_live 4
  for n in 1 2 3; do kill -HUP "$runner"; done
  [ "$(pgrep -P "$runner" -c '^cs-(sessionize|funnel)$')" = 2 ]
  stop
  run ! grep -v 'clicks: 4 partitions, from offset' messages
  # While it is started.
  for n in 1 2 3 4 5; do
    start clicks --quiet -o -,hup-rows -- cs-sessionize --output=rows --rejects=rejects -- cs-funnel
    until_true pgrep -P "$runner" -x cs-sessionize >/dev/null
    for _ in 1 2 3; do kill -HUP "$runner"; done
    stop
    [ ! -s messages ] || { cat messages; return 1; }
  done
  # Where there are no files, it kills, as it does others.
  start clicks -S other --from=end -o hup-rows -- cs-funnel
  until_true all_live 4
  kill -HUP "$runner"
  status=0
  wait "$runner" || status=$?
  [ "$status" = 129 ]
}

@test "--stats=FILE is written every 15 seconds, unless the tool says how often" {
  mkdir bin
  printf '#!/bin/sh\nprintf "%%s\\n" "$@" >>%s\nexec %s "$@"\n' "$PWD/words" "$(command -v cs-funnel)" >bin/cs-funnel
  chmod +x bin/cs-funnel
  from_topic clicks --from=end --once --quiet -- "$PWD/bin/cs-funnel" --stats=stats
  [ "$(grep -c -- --stats-every words)" = 1 ]
  grep -qx -- --stats-every=15s words
  from_topic clicks --once --quiet -- "$PWD/bin/cs-funnel" --stats=stats --stats-every=1m
  [ "$(grep -c -- --stats-every=15s words)" = 1 ]
}
