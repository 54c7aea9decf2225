#!/usr/bin/env bats
# cs-run: a tool from a topic, with kcat's own broker. What needs a real one is in tests/kafka.

load helper
load mock
load runner

setup_file() {
  setup_tools
  mock_start
  EVENTS=$BATS_FILE_TMPDIR/events.ndjson
  traffic --events=2000 --rate=4 --seed=5 --disorder=20s >"$EVENTS"
  export EVENTS
  ! command -v kcat >/dev/null || keyed <"$EVENTS" | produce clicks
}

teardown_file() {
  mock_stop
}

setup() {
  setup_tools
  need_kcat
}

teardown() { runner_end; }

# What a run over all events prints.
expected() {
  "$@" "$EVENTS" | sort
}

# Are so many records in the state?
all_saved() {
  [ "$(cs-funnel --state=dir/state --show-position | awk -F '[:,]' '{ sum += $4 + 1 } END { print sum + 0 }')" = "$1" ]
}

nothing_left() {
  [ "$(working_in "$PWD")" = 0 ]
}

@test "--once reads to the end and ships the rows of a run over a file, and says only where it begins" {
  run -0 from_topic clicks --from=beginning --once -o once -- cs-funnel --by=device_type --flush
  [ "$output" = 'cs-run: clicks: 4 partitions, from offset 0 0 0 0; 2000 offsets before the end' ]
  last_of_each_key once | diff <(expected cs-funnel --by=device_type) -
}

@test "without -o rows go to standard output" {
  from_topic clicks --from=beginning --once -- cs-window --size=1h --agg=n=count --flush 2>messages | sort >rows
  expected cs-window --size=1h --agg=n=count | diff - rows
}

# The broker's clicks with --once and all rows, in whatever directory: once DIR [TOOL'S ARGUMENT]...
once_in() {
  cs-run -b "$BROKERS" -t clicks -S "$1" --from=beginning --once -- cs-funnel --by=device_type --flush "${@:2}"
}

@test "no name of a directory, and nothing in the environment, changes what is done" {
  expected cs-funnel --by=device_type >want
  local n=0 dir
  for dir in -dir -- '-S' ' a b ' $'a\nb' 'a*b' '$(touch no)' "it's" $'caf\u00e9' deep/in/it; do
    once_in "$dir" 2>messages | sort | diff want -
    [ -s "./$dir/state" ]
  done
  [ ! -e no ]
  # Options are read alike, and what the shell would do otherwise it does not.
  printf 'echo rubbish; set -f; shopt -s failglob nocasematch; kcat() { echo rubbish; }\n' >rubbish
  mkdir -p elsewhere/d
  for setting in POSIXLY_CORRECT=1 GETOPT_COMPATIBLE=1 BASH_ENV="$PWD/rubbish" ENV="$PWD/rubbish" 'IFS=,' CDPATH="$PWD/elsewhere" \
    'BASH_FUNC_kcat%%=() { echo rubbish; }' \
    SHELLOPTS=noglob:noclobber BASHOPTS=failglob GLOBIGNORE='*' LC_ALL=C.UTF-8 TZ=Asia/Tokyo; do
    env "$setting" cs-run -b "$BROKERS" -t clicks -S "env$((n += 1))" --from=beginning --once -o "env-rows-$n" -- \
      cs-funnel --by=device_type --flush 2>messages >out
    [ ! -s out ]
    last_of_each_key "env-rows-$n" | diff want -
  done
}

@test "streams that are closed are not taken by a pipe" {
  expected cs-funnel --by=device_type >want
  once_in one <&- 2>messages | sort | diff want -
  once_in two 2>&- | sort | diff want -
  run -1 bash -c 'cs-run -b "$BROKERS" -t clicks -S three --from=beginning --once -- cs-funnel --flush >&-'
  cs-run -b "$BROKERS" -t clicks -S four --from=beginning --once -o closed-rows -- cs-funnel --by=device_type --flush <&- >&- 2>&-
  last_of_each_key closed-rows | diff want -
}

@test "what is in the directory is for its owner alone, whatever the umask; what the tool writes beside is as ever" {
  umask 022
  from_topic clicks --from=beginning -o modes --once -- cs-funnel --rejects=rejects
  [ "$(stat -c %a dir dir/spool)" = '700
700' ]
  [ "$(find dir -type f -printf '%m\n' | sort -u)" = 600 ]
  [ "$(stat -c %a rejects)" = 644 ]
  # What somebody has left there is not written to.
  echo precious >target
  ln -s ../target dir/begin.new
  sed -i 's/^partitions 4/partitions 3/; /^3 /d' dir/begin
  from_topic clicks --once -o modes -- cs-funnel --rejects=rejects
  [ "$(cat target)" = precious ]
  rm dir/lock
  ln -s ../target dir/lock
  run -1 from_topic clicks --once -- cs-funnel
  [ "$output" = 'cs-run: dir/lock: is no file' ]
  [ "$(cat target)" = precious ]
}

@test "--once: a kcat that ends early, and is content with that, is a failure" {
  mkdir bin
  # Of one partition only ten records.
  printf '#!/bin/sh\ncase " $* " in *" -C "*" -p 2 "*) exec %s -c 10 "$@" ;; esac\nexec %s "$@"\n' "$(command -v kcat)"{,} >bin/kcat
  chmod +x bin/kcat
  local want
  want=$(expected cs-funnel)
  PATH="$PWD/bin:$PATH" run -1 from_topic clicks --from=beginning --once -o early-rows -- cs-funnel
  [[ $output == *'cs-run: clicks [2]: the source has ended before the end of the log' ]]
  # What has come is saved, and the next run goes on there.
  [[ $(cs-funnel --state=dir/state --show-position) == *'"partition":2,"offset":9,'* ]]
  run -0 from_topic clicks --once -o early-rows -- cs-funnel --flush
  [ "$(last_of_each_key early-rows)" = "$want" ]
}

@test "what is said is nothing that a terminal obeys" {
  local c1=$'\u009b'
  # quiet COMMAND...: of C0, DEL and C1 there is only the line end in what it says.
  quiet() {
    "$@" >said 2>&1 || true
    [ -s said ]
    LC_ALL=C run ! grep -P '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' said
  }
  quiet cs-run $'--no\e[31m'"$c1"
  quiet cs-run -b 127.0.0.1:1 -t $'no\e[31m'"$c1" -S dir --from=end --once -- cs-funnel
  quiet cs-run -b "$BROKERS" -t clicks -S $'dir\e[31m'"$c1" -- cs-funnel
  quiet cs-run -b "$BROKERS" -t clicks -S dir --from=$'\e'"$c1" -- cs-funnel
  quiet cs-run -b "$BROKERS" -t clicks -S dir --from=end -- $'no\e'"$c1"
  quiet cs-ship $'--no\e[31m'"$c1"
  quiet cs-ship -b "$BROKERS" -t x $'no\e[31m'"$c1"
  # What kcat says, perhaps with the broker's words.
  mkdir bin
  printf '#!/bin/sh\ncase " $* " in *" -C "*) printf "bad \\033[31m\\302\\233\\n" >&2; exit 1 ;; esac\nexec %s "$@"\n' "$(command -v kcat)" >bin/kcat
  chmod +x bin/kcat
  PATH="$PWD/bin:$PATH" quiet from_topic clicks --from=beginning --once -- cs-funnel
  grep -q 'kcat: bad' said
}

@test "the next run goes on where the last has ended, and --from is only for the first" {
  head -n 800 "$EVENTS" | keyed | produce parts
  from_topic parts --from=beginning --once -o parts-rows -- cs-funnel
  tail -n +801 "$EVENTS" | keyed | produce parts
  from_topic parts --from=end --once -o parts-rows -- cs-funnel --flush
  last_of_each_key parts-rows | diff <(expected cs-funnel) -
  # Nothing new, nothing shipped.
  from_topic parts --once -o parts-rows -- cs-funnel
  [ "$(consume parts-rows | wc -l)" = "$(expected cs-funnel | wc -l)" ]
}

@test "--from=end begins with what comes later, also when the first run saw nothing" {
  from_topic clicks --from=end --once -o end-rows -- cs-sessionize
  run -0 grep -c '^[0-9]* [1-9]' dir/begin
  [ "$output" = 4 ]
  # The state knows where the ends were.
  diff <(tail -n 4 dir/begin) <(cs-sessionize --state=dir/state --show-position | jq -r '"\(.partition) \(.offset + 1)"')
  [ "$(from_topic clicks --once -- cs-sessionize --flush 2>/dev/null)" = '' ]
}

@test "live: lines are passed on at once, TERM ends everything from the source on" {
  head -n 1500 "$EVENTS" | keyed | produce live
  start live --from=beginning -o live-rows -- cs-funnel --size=1m --save-every=50ms
  until_true all_live 4
  until_true has_rows live-rows
  run ! nothing_left
  tail -n +1501 "$EVENTS" | keyed | produce live
  until_true all_saved 2000
  kill "$runner"
  wait "$runner"
  [ "$(grep -vc '^cs-run: live: 4 partitions, from offset' messages)" = 0 ]
  nothing_left
  from_topic live --once -o live-rows -- cs-funnel --size=1m --flush
  last_of_each_key live-rows | diff <(expected cs-funnel --size=1m) -
}

@test "TERM at any moment is an orderly end, and the next run goes on" {
  for ms in 000 010 030 060 100 150 200 300 450 650; do
    rm -f dir/lock
    start clicks --from=beginning -o any-rows -- cs-funnel --size=1m --save-every=10ms
    until_true test -e dir/lock
    sleep "0.$ms"
    kill "$runner" || cat messages
    wait "$runner" || { echo "after $ms ms: $?"; cat messages; return 1; }
    until_true nothing_left
  done
  from_topic clicks --from=beginning --once -o any-rows -- cs-funnel --size=1m --flush
  last_of_each_key any-rows | diff <(expected cs-funnel --size=1m) -
}

@test "a record may be any bytes: it reaches no other record's fate" {
  head -n 1000 "$EVENTS" | keyed | produce strange
  # Who writes to partition 0 knows what the frames look like; honest events come on several lines, or several at once.
  printf 'k\tx\n1\t1000\t{}\n1 1000 2 {}\n7\t1\t{}\001\0\377\n\001%s\001%s' "$(sed -n 1001p "$EVENTS" | jq .)" \
    "$(sed -n 1002,1100p "$EVENTS")" | produce strange -p 0 -D '\x01'
  tail -n +1101 "$EVENTS" | keyed | produce strange
  from_topic strange --from=beginning --once -o strange-rows -- cs-funnel --lateness=1h --flush --rejects=rejects
  last_of_each_key strange-rows | diff <(expected cs-funnel) -
  [ "$(jq -c '[.reason, .partition]' rejects | paste -sd' ')" = '["not-json",0] ["not-json",0]' ]
  [ "$(jq -c '[.input, .line]' rejects | sort -u)" = '["strange [0]",null]' ]
  # What is said of them is where they are in the topic, and not in a pipe of ours.
  run -0 cs-run -b "$BROKERS" -t strange -S said --from=beginning --once --quiet -- cs-funnel --lateness=1h --output=rows
  [[ $output =~ cs-funnel:\ strange\ \[0\]\ offset\ [0-9]+:\ rejected:\ not-json && $output != */dev/fd* ]]
  # The positions are those of the topic.
  from_topic strange --once -o strange-rows -- cs-funnel --lateness=1h
}

@test "where signals are trapped, nothing is substituted by what a command prints" {
  local script=$ROOT/scripts/cs-ship
  # No function does it, and nothing behind the traps.
  awk '/^ *#/ { next } /^[a-z_]+\(\) \{/ { name = $1 } /^}/ { name = "" } /\$\([^(]|[<>]\(/ && name { print name }' "$script" >found
  [ ! -s found ]
  # shellcheck disable=SC2016 # searched for as it is
  run ! grep -nE '`' <(grep -v '^ *#' "$script")
  [ "$(sed -n '/^trap /,$p' "$script" | grep -cE '\$\([^(]|[<>]\(')" = 0 ]
}

@test "a signal does not wait for a broker that does not answer" {
  mkdir bin
  mkfifo asked
  printf '#!/bin/sh\necho >asked\nexec sleep 60\n' >bin/kcat
  chmod +x bin/kcat
  for signal in TERM INT; do
    PATH="$PWD/bin:$PATH" env --default-signal=INT cs-run -b nowhere -t clicks -S dir -- cs-funnel 2>messages 3>&- 4>&- &
    runner=$!
    read -r <asked
    kill "-$signal" "$runner"
    status=0
    wait "$runner" || status=$?
    case $signal in
      TERM) [ "$status" = 0 ] ;;
      INT) [ "$status" = 130 ] ;;
    esac
    [ ! -s messages ]
    until_true nothing_left
  done
}

@test "a live source that ends is a failure, and the next run goes on" {
  start clicks --from=beginning -o source-rows -- cs-funnel
  until_true all_live 4
  kill -9 "$(child kcat | head -n 1)"
  local status=0
  wait "$runner" || status=$?
  [ "$status" = 1 ]
  grep -q "^cs-run: clicks \[[0-3]\]: the source has ended (kcat's exit status is 137)$" messages
  nothing_left
  from_topic clicks --once -o source-rows -- cs-funnel --flush
  last_of_each_key source-rows | diff <(expected cs-funnel) -
}

@test "kill -9 of the tool, and of cs-run itself: nothing is left running, the next run goes on" {
  start clicks --from=beginning -o killed-rows -- cs-funnel --save-every=20ms
  until_true test -s dir/state
  kill -9 "$(child cs-funnel)"
  local status=0
  wait "$runner" || status=$?
  [ "$status" = 1 ]
  start clicks --from=beginning -o killed-rows -- cs-funnel --save-every=20ms
  until_true all_live 4
  kill -9 "$runner"
  wait "$runner" || true
  until_true nothing_left
  from_topic clicks --from=beginning --once -o killed-rows -- cs-funnel --flush
  last_of_each_key killed-rows | diff <(expected cs-funnel) -
}

@test "the tool's exit statuses 2 and 3 are passed on" {
  run -2 from_topic clicks --from=end -- cs-funnel --size=5x
  [[ $output == *"'5x'"* ]]
  from_topic clicks --from=end --once -- cs-funnel --size=5m
  run -3 from_topic clicks -- cs-funnel --size=6m
  [[ $output == *--size* ]]
  printf x >>dir/state
  run -3 from_topic clicks -- cs-funnel --size=5m
}

@test "a position behind the end of the log, or of another topic, is not a place to go on" {
  from_topic clicks --from=beginning --once -- cs-funnel
  run -3 from_topic parts2 --once -- cs-funnel
  head -n 10 "$EVENTS" | produce parts2 -p 0
  run -3 from_topic parts2 --once -- cs-funnel
  [ "$output" = 'cs-run: dir: was made from the topic clicks, not parts2' ]
  sed -i 's/clicks/parts2/' dir/begin
  run -3 from_topic parts2 --once -- cs-funnel
  [[ $output == 'cs-run: parts2 [0]: position '*' is behind the end of the log, 10: is it the topic it was?' ]]
}

@test "a position that retention took away: exit 3, unless the loss is accepted" {
  head -n 200 "$EVENTS" | produce trimmed -p 1
  from_topic trimmed --from=beginning --once -- cs-funnel
  # The mock broker keeps 5 MiB.
  cat "$EVENTS"{,,,,,,,} | produce trimmed -p 1
  run -3 from_topic trimmed --once -- cs-funnel
  [[ $output == 'cs-run: trimmed [1]: position 200 is gone, the log begins at '*': events are lost for good; --skip-gone '* ]]
  run -0 from_topic trimmed --once --skip-gone -- cs-funnel
  [[ $output == *': going on there'* ]]
  [[ $(cs-funnel --state=dir/state --show-position) == *'"partition":1,"offset":16199,'* ]]
}

@test "partial counts are refused" {
  for tool in cs-funnel 'cs-window --size=1h --agg=n=count' cs-anomaly; do
    # shellcheck disable=SC2086 # a tool and its arguments
    run -2 from_topic clicks -p 0,1 --from=beginning -- $tool
    [[ $output == *'of 2 partitions out of 4 come partial counts'* ]]
  done
  run -0 from_topic clicks -p 0,1 --from=beginning --once -- cs-sessionize
  run -3 from_topic clicks -p 0 --once -- cs-sessionize
  [ "$output" = 'cs-run: dir: also counts partition 1, which is not read now (-p)' ]
}

@test "--by-partition, one instance per partition, and --merge add up to one run over all" {
  for p in 0 1 2 3; do
    cs-run -b "$BROKERS" -t clicks -p "$p" -S "dir$p" --from=beginning --once -o by-partition -- \
      cs-funnel --by-partition --flush
  done
  consume by-partition >rows
  [ "$(jq -s 'map(.partition) | unique | length' rows)" = 4 ]
  consume by-partition -f '%k\n' | jq -se 'length == (unique | length)'
  sort -t '"' -k 4,4 rows | cs-funnel --merge --partitions=0-3 | sort | diff <(expected cs-funnel) -
}

@test "a quiet partition does not hold the others back at the end of a batch, and nothing is late for that" {
  # Partitions 2 and 3 are quiet; 3 has had events before. In the middle of a window, so that the last event's lateness is no
  # matter of the minute in which this runs.
  now=$(($(date +%s) / 600 * 600 - 300))
  at() { printf '{"event_time":%d,"session_id":"%s","event_type":"page_view"}\n' "$1" "$2"; }
  at $((now - 9000)) a | produce quiet -p 3
  for p in 0 1; do for minutes in 140 130 120 110 100; do at $((now - minutes * 60)) "$p$minutes"; done | produce quiet -p "$p"; done
  window() { from_topic quiet --from=beginning --once --quiet -- cs-window --size=10m --agg=n=count "$@" 2>messages; }
  # The first batch has an event of partition 3, and goes no further than that one.
  window --lateness=5s >rows
  [ "$(jq -s 'map(.n) | add' rows)" = null ]
  for p in 0 1; do at $((now - 5400)) b | produce quiet -p "$p"; done
  window --lateness=5s >>rows
  [ "$(jq -s 'map(.n) | add' rows)" = 11 ]
  # What comes into it now happens now.
  at "$now" c | produce quiet -p 3
  at "$now" d | produce quiet -p 2
  window --lateness=5s --late=late --flush >>rows
  [ "$(jq -s 'map(.n) | add' rows)" = 15 ]
  [ ! -s late ]
}

@test "a run that goes on and is stopped waits for a quiet partition: what comes into it later may be old, and is not late" {
  # Whoever writes the topic reads an old one, and has not come to partition 1 yet.
  awk -F '"session_id":"' '{ print > (substr($2, 1, 1) < "8" ? "zero" : "one") }' "$EVENTS"
  produce behind -p 0 <zero
  start behind --from=beginning -o behind-rows -- cs-sessionize --gap=1m --save-every=100ms
  read_all() { cs-sessionize --gap=1m --state=dir/state --show-position 2>/dev/null | grep -q "\"offset\":$(($(wc -l <zero) - 1))"; }
  until_true read_all
  kill "$runner"
  wait "$runner"
  produce behind -p 1 <one
  cs-run -b "$BROKERS" -S dir -t behind --once --quiet -o behind-rows -- cs-sessionize --gap=1m --flush --stats=stats
  [ "$(jq .late stats)" = 0 ]
  last_of_each_key behind-rows | diff <(expected cs-sessionize --gap=1m) -
}

@test "a batch that is stopped, or has not come to an end of the log, waits for the silent as ever" {
  head -n 200 "$EVENTS" | produce early -p 0
  tail -n +201 "$EVENTS" | head -n 100 | produce early -p 1
  # The kcat of partition 1 ends too early, as if it had been killed before its first record.
  mkdir bin
  printf '#!/bin/sh\ncase " $* " in *" -C "*" -p 1 "*) exit 0 ;; esac\nexec %s "$@"\n' "$(command -v kcat)" >bin/kcat
  chmod +x bin/kcat
  PATH="$PWD/bin:$PATH" run -1 from_topic early --from=beginning --once -o early-rows2 -- cs-funnel --size=1s
  [ "$(consume early-rows2 2>/dev/null | wc -l)" = 0 ]
}

@test "where the log ends in what is no record, as of transactions, nothing is lost when the log is emptied" {
  # The last offset of partition 1 is the end of a transaction; later, retention has taken all.
  head -n 10 "$EVENTS" | produce marker -p 1
  mkdir bin
  cat >bin/kcat <<END
#!/bin/bash
args=("\$@")
for i in "\${!args[@]}"; do [ "\${args[i]}" != 11 ] || args[i]=10; done
[ ! -e emptied ] || low='s/\[1\] offset 0\$/[1] offset 11/'
exec 2> >(sed 's/\[1\] at offset 10: exiting/[1] at offset 11: exiting/' >&2)
case " \$* " in
  *" -Q "*) $(command -v kcat) "\$@" | sed "s/\[1\] offset 10\$/[1] offset 11/;\${low:-}" ;;
  *) $(command -v kcat) "\${args[@]}" ;;
esac
END
  chmod +x bin/kcat
  PATH="$PWD/bin:$PATH" from_topic marker --from=beginning --once -- cs-funnel
  [[ $(cs-funnel --state=dir/state --show-position) == *'{"partition":1,"offset":10,'* ]]
  touch emptied
  PATH="$PWD/bin:$PATH" run -0 from_topic marker --once -- cs-funnel --output=rows
  [ "$output" = 'cs-run: marker: 4 partitions, from offset 0 11 0 0; 0 offsets before the end' ]
}

@test "each start says where it begins; so does --from=TIME when there is nothing that late" {
  run -0 cs-run -b "$BROKERS" -t clicks -S one -p 1 --from=end --once -- cs-sessionize --output=rows
  [[ $output == 'cs-run: clicks: 1 partition, from offset '*'; 0 offsets before the end' ]]
  from_topic clicks --from=beginning --once -- cs-funnel >rows 2>&1
  run -0 from_topic clicks --once -- cs-funnel --output=more
  [[ $output == 'cs-run: clicks: 4 partitions, from offset '*'; 0 offsets before the end' ]]
  run -0 from_topic clicks --once --quiet -- cs-funnel --output=more
  [ -z "$output" ]
  # kcat's broker knows nothing of times: it says of each that nothing is as late, as a real one does of times in seconds.
  run -0 cs-run -b "$BROKERS" -t clicks -S late --from=2020-01-01T00:00:00Z --once -- cs-funnel --output=rows
  [[ $output == 'cs-run: clicks: no record has a time of 2020-01-01T00:00:00Z or later in 4 of 4 partitions, which begin at their ends: 0 1 2 3
cs-run: clicks: 4 partitions, from offset '*'; 0 offsets before the end' ]]
}

@test "a topic that has grown is read on, and that is said" {
  from_topic clicks --from=beginning --once -- cs-funnel
  sed -i '/^3 /d; s/^partitions 4/partitions 3/' dir/begin
  run -0 from_topic clicks --once -- cs-funnel
  [[ $output == 'cs-run: clicks: has 4 partitions now, and had 3 when dir was made: '* ]]
  [ -z "$(from_topic clicks --once --quiet -- cs-funnel --output=rows 2>&1)" ]
}

@test "rows get the key that names them, unless there is one" {
  # The key of the first row.
  key_of() {
    rm -rf dir
    from_topic clicks --from=beginning --once -o "keys-$((n += 1))" -- "$@" --flush
    consume "keys-$n" -f '%k\n' >keys
    head -n 1 keys
  }
  local n=0 time='2026-01-01T*Z'
  [[ $(key_of cs-funnel) == '["'$time'","'*'","'*'"]' ]]
  n=1
  [[ $(key_of cs-funnel --by=) == 2026-01-01T*Z ]]
  n=2
  [[ $(key_of cs-sessionize --split-by=user_id) == '["'*'","'$time'",'*']' ]]
  n=3
  [[ $(key_of cs-abandon --after=1m) == '["'*'","'$time'"]' ]]
  n=4
  [[ $(key_of cs-anomaly --all --by=device_type) == '["'$time'","'*'"]' ]]
  n=5
  [[ $(key_of cs-window --view=product-performance) == '["'$time'",'*','*']' ]]
  n=6
  [[ $(key_of cs-funnel --key=device_type,sessions) == '["'[dmt]*'",'[0-9]*']' ]]
  n=7
  grep -qF "\"event_id\":\"$(key_of cs-identify --hold=1m)\"" "$EVENTS"
}

@test "one cs-run per directory" {
  start clicks --from=beginning -- cs-funnel
  until_true all_live 4
  # With the patience that a restart needs, which no signal has to wait for.
  cs-run -b "$BROKERS" -S dir -t clicks -- cs-funnel 3>&- 4>&- &
  second=$!
  sleep 0.3
  kill "$second"
  wait "$second"
  run -1 from_topic clicks -- cs-funnel
  [ "$output" = 'cs-run: dir: another cs-run, or what is left of one, works here' ]
  kill "$runner"
  wait "$runner"
}

@test "the line for cron, and the options in a file, as installed" {
  local line
  line=$(sed -nE 's/^\*.* clickstream (flock .*)/\1/p' "$ROOT/scripts/systemd/cs-batch.cron")
  line=${line//\/var\/lib\/clickstream/"$PWD"}
  line=${line//\/etc\/clickstream/"$PWD"}
  sed "s,/run/clickstream,$PWD," "$ROOT/scripts/systemd/funnel.options" >funnel.options
  run -0 bash -c "${line/ -S / --from=beginning -b $BROKERS -o cron-rows -S } -- cs-funnel --flush"
  [ -z "$output" ]
  last_of_each_key cron-rows | diff <(expected cs-funnel) -
  # A file is overruled by the command line, which may also bring another tool.
  run -0 cs-run --options=funnel.options -b "$BROKERS" -S other --once
  [ "$(sed -n 1p other/begin)" = 'topic clicks' ]
  # However the value is given, and a number is one in decimal.
  for options in --options= '--options '; do
    eval "run -0 cs-run ${options}funnel.options -b $BROKERS -S 'other$options' --once --drain=08"
    [ -s "./other$options/begin" ]
  done
  # Of several files all count, and nothing else is said.
  printf -- '-t\nclicks\n' >words
  run -0 --separate-stderr cs-run --options=words --options=funnel.options -b "$BROKERS" -S several --once
  [[ $stderr == 'cs-run: clicks: 4 partitions, '* ]]
  # A file that a crash has left full of NULs is no file of options.
  printf -- '-t\nclicks\0\n' >words
  run -2 cs-run --options=words -b "$BROKERS" -S third --once -- cs-funnel
  [[ $output == 'cs-run: --options: words: has a NUL character in it'* ]]
  # A word of a file that is no option is not taken for the tool.
  printf -- '-t\nclicks\ncs-funnel\n' >words
  run -2 cs-run --options=words -b "$BROKERS" -S third --once -- cs-funnel
  [[ $output == "cs-run: --options: 'cs-funnel' is no option (the tool stands behind a line --)"* ]]
}

@test "the options files that come with the tools, one for each analysis, bring the rows of a run over a file" {
  local file name count=0 words events
  traffic --duration=4h --rate=1 --seed=5 --spike=3h30m+10mx8 >six.ndjson
  keyed <six.ndjson | produce six
  events=$(wc -l <six.ndjson)
  for file in "$ROOT"/scripts/systemd/*.options; do
    name=$(basename "$file" .options)
    [[ $name != @(partition|merge) ]] || continue # tests/scale.bats
    # These events are of long ago, which cs-abandon does not report where time goes on by the clock.
    { sed -e "s,/run/clickstream,$PWD," -e /^--idle/d "$file" && echo --flush; } >"$name.options"
    run -0 cs-run --options="$name.options" -b "$BROKERS" -t six -S "$name" --from=beginning --once -o "six-$name"
    mapfile -t words < <(sed -n '/^--$/,$p' "$file" | grep -vE '^(#|--$|--stats|--idle)')
    # Of a session there is more than one event.
    if [ "$name" = events ]; then consume "six-$name" | sort >got; else last_of_each_key "six-$name" >got; fi
    [ -s got ] && "${words[@]}" six.ndjson | sort | diff - got || { echo "$name" && return 1; }
    grep -q "^clickstream_read_total{tool=\"${words[0]}\",instance=\"$name\"} $events$" "$name.prom"
    grep -q "^clickstream_rows_shipped_total{tool=\"cs-ship\",instance=\"$name\"} [1-9]" "$name-ship.prom"
    count=$((count + 1))
  done
  [ "$count" = 7 ]
}

@test "--stats-ends reads what kcat -Q says" {
  kcat -Q -b "$BROKERS" -t clicks:0:-1 -t clicks:1:-1 -t clicks:2:-1 -t clicks:3:-1 >ends 2>/dev/null
  consume clicks -f '%p %o %S %s\n' | head -c 40000 >part
  cs-funnel --stats=a.prom --stats-ends=ends part >/dev/null 2>messages
  run ! grep -q stats-ends messages
  [ "$(grep -c '^clickstream_partition_end_offset{' a.prom)" = "$(grep -c '^clickstream_partition_lag{' a.prom)" ]
  sed -nE 's/.*\[([0-9]+)\] offset ([0-9]+)$/\1 \2/p' ends >wanted
  [ "$(wc -l <wanted)" = 4 ]
  [ "$(awk '{ sum += $2 } END { print sum }' wanted)" = 2000 ]
  sed -nE 's/^clickstream_partition_end_offset\{.*partition="([0-9]+)"\} /\1 /p' a.prom | comm -23 - wanted >wrong
  [ ! -s wrong ]
  sed -nE 's/^clickstream_partition_(end_offset|lag|offset)\{.*(partition="[0-9]+")\} (.*)/\2 \1 \3/p' a.prom |
    awk '{ of[$1, $2] = $3; seen[$1] } END { for (p in seen) if (of[p, "lag"] != of[p, "end_offset"] - of[p, "offset"] - 1) exit 1 }'
}

@test "the build directory alone in PATH has cs-run, cs-ship and the tools" {
  PATH="$CS_BUILD:/usr/local/bin:/usr/bin:/bin" run -0 cs-run -b "$BROKERS" -t clicks -S dir --from=beginning --once \
    --quiet -o built -- cs-funnel --flush
  [ -z "$output" ]
  last_of_each_key built | diff <(expected cs-funnel) -
}

@test "wrong use is exit 2, no broker is exit 1" {
  run -2 from_topic clicks
  [[ $output == *'a tool is needed behind --'* ]]
  run -2 from_topic clicks -- cs-funnel
  [[ $output == *'--from=beginning, --from=end or --from=TIME is needed'* ]]
  run -2 from_topic clicks --from=yesterday -- cs-funnel
  run -2 from_topic clicks --from=2026-13-01T00:00:00Z -- cs-funnel
  run -2 from_topic clicks --from=end -- cs-ship
  run -2 from_topic clicks --from=end -- cs-parse --keep-frame
  run -2 from_topic clicks --from=end -- cs-funnel --state=x
  run -2 from_topic clicks --from=end -- cs-funnel --input=ndjson
  run -2 from_topic clicks --from=end -o rows -- cs-funnel --output=x
  run -2 from_topic clicks --from=end -p 0-4 -- cs-funnel
  [[ $output == *'clicks has only 4 partitions, and no 4'* ]]
  run -2 from_topic clicks --from=end -p 2-1 -- cs-funnel
  run -2 from_topic clicks --options=nowhere -- cs-funnel
  run -2 cs-run -t clicks -S dir -- cs-funnel
  run -0 cs-run --help
  run -1 cs-run -b 127.0.0.1:1 -t clicks -S dir --from=end -- cs-funnel
}

@test "the manual has every option of cs-run and of what is no C" {
  for name in cs-run cs-ship cs-look cs-parallel cs-spark; do
    mandoc -T utf8 -O width=1000 "$ROOT/man/$name.1" | sed 's/.\x08//g' >page
    [ "$(sed -n 's/^\.Nd //p' "$ROOT/man/$name.1")" = "$("$name" --help | sed '/^Usage:/d; /^ /d; q')" ]
    "$name" --help | sed -nE 's/^  .*--([a-z-]+(=[^ ]+)?)  .*/--\1/p' | while IFS= read -r option; do
      grep -qF -- "$option" page || { echo "$name.1: no $option"; return 1; }
    done
  done
}

@test "why there is no connection is said, once each; without kcat nothing is tried" {
  run -1 cs-run -b no-such-host.invalid:9092 -t clicks -S dir --from=end --once -- cs-funnel
  [[ $output == *"cs-run: kcat: "*"no-such-host.invalid:9092"*"Failed to resolve"* ]]
  [ "$(grep -c 'Failed to resolve' <<<"$output")" -eq 1 ]
  [[ ${lines[-1]} == 'cs-run: no-such-host.invalid:9092: does not say which partitions clicks has' ]]
  run -1 cs-run -b 127.0.0.1:1 -t clicks -S dir --from=end --once -- cs-funnel
  [[ $output == *'Connection refused'* ]]
  mkdir bin
  PATH="$PWD/bin:$CS_BUILD" run -2 cs-run -b x -t clicks -S dir --once -- cs-funnel
  [[ ${lines[0]} == 'cs-run: kcat is not installed: it is what talks to Kafka (apt-get install kcat)' ]]
}

@test "partitions that are added while it runs are read, from their beginning" {
  mkdir bin
  # The fourth one does not exist until there is a file of that name.
  cat >bin/kcat <<END
#!/bin/bash
[ ! -e fourth ] || exec -a kcat $(command -v kcat) "\$@"
case " \$* " in
  *" -L "*) $(command -v kcat) "\$@" | sed 's/with 4 partitions/with 3 partitions/' ;;
  *) exec -a kcat $(command -v kcat) "\$@" ;;
esac
END
  chmod +x bin/kcat
  PATH="$PWD/bin:$PATH" start clicks --from=beginning --refresh=1 -- cs-sessionize --lateness=max --max-duration=none --output=rows --stats=stats --stats-every=100ms
  until_true grep -qs 'clicks: 3 partitions, from offset' messages
  until_true all_live 3
  touch fourth
  until_true grep -qs 'clicks: has 4 partitions now, and had 3 when dir was made' messages
  until_true all_live 4
  kill "$runner"
  wait "$runner"
  runner=''
  cs-sessionize --state=dir/state --lateness=max --max-duration=none --output=rows --flush --input=kcat-sized </dev/null
  expected cs-sessionize --lateness=max --max-duration=none >want
  sort rows | cmp - want
}

@test "--postgres: each tool's rows are in its table, made by --create, and a second run adds only what is new" {
  load postgres
  postgres_start
  expected cs-funnel --by=device_type >want
  expected cs-sessionize >want.sessions
  ship() {
    from_topic clicks --from=beginning --once --postgres="$CONNINFO" --table=funnel,sessions --create -- \
      cs-funnel --by=device_type --flush -- cs-sessionize --flush
  }
  run -0 ship
  [[ $output != *'no such topic'* ]]
  [ "$(sql -c 'select sum(sessions), sum(purchases) from funnel')" = "$(jq -rs '"\(map(.sessions) | add)|\(map(.purchases) | add)"' want)" ]
  [ "$(sql -c 'select count(*) from sessions')" = "$(wc -l <want.sessions)" ]
  [ -z "$(find dir -name '*.ndjson')" ]
  run -0 ship
  [ "$(sql -c 'select count(*) from sessions')" = "$(wc -l <want.sessions)" ]
  # What a person has to put right is told, and its rows wait.
  sql -c 'drop table sessions' -c 'delete from clickstream_segments'
  rm -r dir
  run -3 from_topic clicks --from=beginning --once --postgres="$CONNINFO" --table=funnel,sessions -- \
    cs-funnel --by=device_type --flush -- cs-sessionize --flush
  [[ $output == *"there is no table sessions"* ]]
  [ -n "$(find dir -name '*.ndjson')" ]
  postgres_stop
}

@test "where rows go is said once, and for each tool" {
  run -2 from_topic clicks --postgres=x -o t -- cs-funnel
  [[ $output == *'-o t: with --postgres, rows go to tables: --table'* ]]
  run -2 from_topic clicks --postgres=x -- cs-funnel
  [[ $output == *'--postgres needs --table='* ]]
  run -2 from_topic clicks --table=t -- cs-funnel
  [[ $output == *'--table needs --postgres=CONNINFO'* ]]
  run -2 from_topic clicks --create -- cs-funnel
  [[ $output == *'--create needs --postgres=CONNINFO'* ]]
  run -2 from_topic clicks --postgres=x --table=a,b -- cs-funnel
  [[ $output == *'--table=a,b: 2 tables for 1 tool: one for each, - for none'* ]]
}
