#!/usr/bin/env bats
# cs-ship: segments go to a topic in order, and stay until they have arrived.

load helper
load mock

setup_file() {
  setup_tools
  mock_start
}

teardown_file() {
  mock_stop
}

setup() {
  setup_tools
  need_kcat
  mkdir spool
}

# segment NUMBER FROM TO: so many rows, with keys.
segment() {
  seq "$2" "$3" | awk '{ printf "k%d\t{\"n\":%d}\n", $1 % 7, $1 }' >spool/.new
  mv spool/.new "$(printf 'spool/%012d.ndjson' "$1")"
}

segments() {
  find spool -name '*.ndjson' | wc -l
}

# The shipper in the background: $shipper.
start() {
  cs-ship -b "$BROKERS" "$@" spool 2>messages 3>&- &
  shipper=$!
}

@test "--once ships what is there, in order, with keys, in silence" {
  segment 1 1 50
  segment 2 51 60
  touch spool/.000000000003.open
  run -0 cs-ship -b "$BROKERS" -t once --once spool
  [ -z "$output" ]
  [ "$(segments)" = 0 ]
  [ -e spool/.000000000003.open ]
  consume once -p 0 -f '%k\t%s\n' >part
  consume once -f '%k\t%s\n' | sort >rows
  seq 60 | awk '{ printf "k%d\t{\"n\":%d}\n", $1 % 7, $1 }' | sort | diff - rows
  # Of each partition, and so of each key, in order.
  sort -s -t : -k 2n part | cmp - part
}

@test "no name of a spool, and nothing in the environment, changes what is done" {
  local n=0 name setting
  for name in -dir ' a b ' $'a\nb' 'a*b' '-x=y'; do
    mv spool "./$name"
    printf 'k\t{"n":%d}\n' $((n += 1)) >"./$name/000000000001.ndjson"
    cs-ship -b "$BROKERS" -t names --once -- "$name"
    [ -z "$(find "./$name" -name '*.ndjson')" ]
    mv "./$name" spool
  done
  for setting in POSIXLY_CORRECT=1 GETOPT_COMPATIBLE=1 BASH_ENV=/dev/null/no 'IFS=,' SHELLOPTS=noglob 'BASH_FUNC_kcat%%=() { echo rubbish; }'; do
    printf 'k\t{"n":%d}\n' $((n += 1)) >spool/000000000001.ndjson
    env "$setting" cs-ship spool -b "$BROKERS" -t names --once
  done
  [ "$(consume names | jq -c .n | paste -sd' ')" = "$(seq $n | paste -sd' ')" ]
}

@test "its own files are for their owner alone, and take the place of nothing" {
  umask 022
  segment 1 1 5
  cs-ship -b "$BROKERS" -t modes --once spool
  [ "$(find spool -name '.ship*' -printf '%m\n' | sort -u)" = 600 ]
  echo precious >target
  rm spool/.ship.lock
  ln -s ../target spool/.ship.lock
  run -1 cs-ship -b "$BROKERS" -t modes --once spool
  [ "$output" = 'cs-ship: spool/.ship.lock: cannot be written' ]
}

@test "rows without keys go as they are" {
  printf '{"a":1}\n{"a":2}\n' >spool/000000000001.ndjson
  cs-ship -b "$BROKERS" -t keyless --once spool
  [ "$(consume keyless -f '%K %s\n' | sort)" = $'-1 {"a":1}\n-1 {"a":2}' ]
}

@test "a live shipper sends what is sealed while it runs, and TERM lets it finish" {
  start -t live
  for i in 1 2 3; do
    segment $i $((i * 10)) $((i * 10 + 9))
    until_true [ ! -e "spool/00000000000$i.ndjson" ]
  done
  segment 4 40 49
  kill "$shipper"
  wait "$shipper"
  [ "$(segments)" = 0 ]
  [ "$(consume live | wc -l)" = 40 ]
  [ ! -s messages ]
}

@test "without a broker segments stay: --once says so and fails" {
  segment 1 1 5
  segment 2 6 9
  run -1 cs-ship -b 127.0.0.1:1 -t none --once -X message.timeout.ms=1000 spool
  [[ $output == *"cs-ship: kcat: 127.0.0.1:1/bootstrap: Connect to "*"Connection refused"* ]]
  [[ $output == *"5 of 5 rows were refused: Local: Message timed out"* ]]
  [[ $output == *"000000000001.ndjson: not delivered; it is kept, with what is behind it" ]]
  [ "$(segments)" = 2 ]
}

@test "without a broker a live shipper goes on trying, and TERM ends it in time" {
  segment 1 1 5
  cs-ship -b 127.0.0.1:1 -t none -X message.timeout.ms=1000 --drain=1 spool 2>messages 3>&- &
  shipper=$!
  until_true grep -q 'it is kept' messages
  kill -0 "$shipper"
  kill "$shipper"
  # Without --drain it would be 10 s.
  local before=$SECONDS
  wait "$shipper"
  [ $((SECONDS - before)) -le 8 ]
  grep -q '1 segments stay in spool until the next start' messages
  [ "$(segments)" = 1 ]
}

@test "a kcat that is stopped early exits 0, and the segment stays all the same" {
  # As by kill(1), after a few rows.
  mkdir bin
  cat >bin/kcat <<END
#!/bin/sh
head -n 3 spool/000000000001.ndjson | exec $(command -v kcat) -P -vv -b $BROKERS -t early -K '\\t'
END
  chmod +x bin/kcat
  segment 1 1 50
  PATH="$PWD/bin:$PATH" run -1 cs-ship -b "$BROKERS" -t early --once spool
  [ "$(segments)" = 1 ]
  cs-ship -b "$BROKERS" -t early --once spool
  [ "$(segments)" = 0 ]
}

@test "kill -9 of the shipper or its kcat: the segment comes again, whole" {
  segment 1 1 5
  cs-ship -b 127.0.0.1:1 -t killed spool 2>messages 3>&- &
  shipper=$!
  local sender
  until_true pgrep -P "$shipper" kcat
  sender=$(pgrep -P "$shipper" kcat)
  kill -9 "$shipper"
  until_true eval "! kill -0 $sender 2>/dev/null"
  [ "$(segments)" = 1 ]
  cs-ship -b "$BROKERS" -t killed --once spool
  [ "$(consume killed | sort -u | wc -l)" = 5 ]
}

@test "one transaction per segment where transactional.id is set" {
  segment 1 1 20
  run -0 cs-ship -b "$BROKERS" -t transactions -X transactional.id=test --once spool
  [ -z "$output" ]
  [ "$(segments)" = 0 ]
  # The mock broker has no markers, but a consumer of committed rows only sees them.
  [ "$(consume transactions -X isolation.level=read_committed | wc -l)" = 20 ]
}

@test "the user's kcat.conf does not take away what delivery depends on" {
  segment 1 1 5
  mkdir -p home/.config
  printf 'acks=0\nenable.idempotence=false\nclient.id=mine\n' >home/.config/kcat.conf
  unset KCAT_CONFIG
  HOME=$PWD/home run -0 cs-ship -b "$BROKERS" -t conf --once spool
  [ "$(consume conf | wc -l)" = 5 ]
  segment 2 1 5
  printf 'no.such.property=1\n' >conf
  run -1 cs-ship -b "$BROKERS" -t conf -F conf --once spool
  [[ $output == *no.such.property* ]]
  [ "$(segments)" = 1 ]
}

@test "one shipper per spool" {
  start -t two
  until_true [ -e spool/.ship.said ]
  run -1 cs-ship -b "$BROKERS" -t two --once spool
  [ "$output" = 'cs-ship: spool: another cs-ship works on this spool' ]
  kill "$shipper"
  wait "$shipper"
}

# figure NAME: its value in the file of --stats.
figure() {
  sed -n "s/^clickstream_$1{tool=\"cs-ship\",instance=\"a\\\\\"b\"} //p" ship.prom
}

@test "--stats: what was shipped, what failed and what waits" {
  local stats=(--stats=ship.prom '--stats-label=instance=a"b')
  segment 1 1 50
  segment 2 51 60
  umask 077
  cs-ship -b "$BROKERS" -t figures "${stats[@]}" --once spool
  [ "$(figure segments_shipped_total) $(figure rows_shipped_total) $(figure segments_failed_total) $(figure segments_waiting)" = '2 60 0 0' ]
  now=$(date +%s)
  [ "$(figure last_shipped_time_seconds)" -ge $((now - 60)) ] && [ "$(figure ship_time_seconds)" -ge $((now - 60)) ]
  # For whoever collects them.
  [ "$(stat -c %a ship.prom)" = 644 ]
  ! command -v promtool >/dev/null || promtool check metrics <ship.prom
  segment 3 1 5
  segment 4 6 9
  run -1 cs-ship -b 127.0.0.1:1 -t none --once -X message.timeout.ms=1000 "${stats[@]}" spool
  [ "$(figure segments_shipped_total) $(figure rows_shipped_total) $(figure segments_failed_total) $(figure segments_waiting)" = '0 0 1 2' ]
  [ -z "$(figure last_shipped_time_seconds)" ]
  [[ $(grep '^clickstream_ship_failing{' ship.prom) == *',reason="'*'127.0.0.1:1'*'Connection refused"} 1' ]]
  ! command -v promtool >/dev/null || promtool check metrics <ship.prom
  # Also while nothing can be sent, and after a TERM.
  rm ship.prom
  start -t live "${stats[@]}"
  until_true [ ! -e spool/000000000004.ndjson ]
  kill "$shipper"
  wait "$shipper"
  [ "$(figure segments_shipped_total) $(figure ship_failing)" = '2 0' ]
  # A row that the broker does not take.
  rm ship.prom
  printf '{"n":"%s"}\n' "$(head -c 2000 /dev/zero | tr '\0' x)" >spool/000000000005.ndjson
  run -1 cs-ship -b "$BROKERS" -t live --once -X message.max.bytes=1000 "${stats[@]}" spool
  [[ $(grep '^clickstream_ship_failing{' ship.prom) == *',reason="''Input is too large'*'"} 1' ]]
  run -2 cs-ship -b x -t x --stats-label=a=b spool
  [ "${lines[0]}" = 'cs-ship: --stats-label needs --stats' ]
  for label in a 9=x __a=x tool=x reason=x partition=x; do
    run -2 cs-ship -b x -t x --stats=ship.prom --stats-label=$label spool
  done
  run -2 cs-ship -b x -t x --stats=ship.prom --stats-label=a=1 --stats-label=a=2 spool
  run -1 cs-ship -b x -t x --stats=no/where --once spool
  [ "$output" = 'cs-ship: no/where: cannot be written' ]
}

@test "several spools are shipped at once, each in order, and a TERM ends all of them" {
  mkdir other third
  segment 1 1 50
  mv spool/000000000001.ndjson other
  segment 1 51 90
  segment 2 91 100
  run -0 cs-ship -b "$BROKERS" -t several --once --stats=ship.prom spool other third
  [ -z "$output" ]
  consume several | jq .n | sort -n | cmp - <(seq 100)
  [ "$(find spool other third -name '*.ndjson')" = '' ]
  grep -q '^clickstream_rows_shipped_total{tool="cs-ship",spool="other"} 50$' ship-2.prom
  grep -q '^clickstream_segments_shipped_total{tool="cs-ship",spool="spool"} 2$' ship-1.prom
  cs-ship -b "$BROKERS" -t several spool other 2>messages 3>&- &
  shipper=$!
  segment 3 101 110
  until_true [ ! -e spool/000000000003.ndjson ]
  kill "$shipper"
  wait "$shipper"
  [ ! -s messages ] || { cat messages; return 1; }
  run ! pgrep -f "cs-ship -b $BROKERS -t several"
  # What one cannot have is said, and ends all.
  run -2 cs-ship -b "$BROKERS" -t several spool nowhere
  rm -f other/.ship.lock
  mkdir other/.ship.lock
  run -1 cs-ship -b "$BROKERS" -t several spool other
  [ "$output" = 'cs-ship: other/.ship.lock: cannot be written' ]
}

@test "wrong use is exit 2" {
  run -2 cs-ship -t x spool
  [[ $output == 'cs-ship: -b BROKERS is missing'$'\n'"Try 'cs-ship --help'." ]]
  run -2 cs-ship -b x spool
  run -2 cs-ship -b x -t x
  run -2 cs-ship -b x -t x nowhere
  run -2 cs-ship -b x -t x --drain=5s spool
  run -2 cs-ship -b x -t x --nonsense spool
  [ "${lines[0]}" = 'cs-ship: no such option: --nonsense' ]
  run -2 cs-ship -b x -t x --dr=5 spool
  [ "${lines[0]}" = 'cs-ship: no such option: --dr=5; did you mean --drain?' ]
  run -2 cs-ship -b x -t x --once=1 spool
  [ "${lines[0]}" = 'cs-ship: --once takes no value' ]
  run -2 cs-ship -b x spool -t
  [ "${lines[0]}" = 'cs-ship: -t needs a value' ]
  # Letters with their values joined or apart, operands before options, and behind -- nothing is one.
  run -2 cs-ship -bx --topic x --drain 5 -- --once
  [ "${lines[0]}" = 'cs-ship: ./--once: no such directory' ]
  [ "$(cs-ship --version)" = "cs-ship (clickstream) $(<"$ROOT/VERSION")" ]
  [ "$(cs-look -V)" = "cs-look (clickstream) $(<"$ROOT/VERSION")" ]
  run -0 cs-ship --help
}

# bash 5.2 leaves rubbish as its signal mask where the time of `read -t` is over before it waits.
@test "naps that are over at once leave signals as they were" {
  local scripts=$BATS_TEST_DIRNAME/../scripts
  sed -n '/^nap() (/,/^)/p' "$scripts/cs-ship" >nap.bash
  [ -s nap.bash ]
  cat >naps <<'END'
    exec {silence}<> <(:)
    blocked() { while read -r name value; do [ "$name" != SigBlk: ] || printf '%s\n' "$value"; done </proc/$BASHPID/status; }
    blocked
    for ((i = 0; i < 300; i++)); do nap 0.000001; done
    blocked
END
  run -0 bash -c '. ./nap.bash; . ./naps'
  [ "${#lines[@]}" -eq 2 ]
  [ "${lines[0]}" = "${lines[1]}" ]
  # And there is no other one with a time.
  run -1 grep -nE 'read -[a-z]*t *[^ 0]' <(sed '/^nap() (/,/^)/d' "$scripts/cs-ship") "$scripts/ship-postgres.bash"
}
