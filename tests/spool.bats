#!/usr/bin/env bats
# --spool: every row in exactly one sealed segment, whatever crashes.

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

# What a consumer has when all sealed segments have come to it, in order.
shipped() {
  find spool -name '*.ndjson' | sort | xargs -r cat
}

# No segment is empty or open, their numbers have no gap, together they are the rows.
spool_is_good() {
  [ -z "$(find spool -size 0)" ]
  [ -z "$(find spool -name '.*.open')" ]
  diff <(find spool -type f -printf '%f\n' | sort) <(find spool -type f | nl | awk '{ printf "%012d.ndjson\n", $1 }')
  shipped | cmp - "$1"
}

@test "each run that prints rows seals one segment at least, one without rows none" {
  for lines in 4000 4000 0 4000; do
    rest_of sessionize state | head -n "$lines" | cs sessionize --state=state --spool=spool
  done
  local before
  before=$(find spool -type f | wc -l)
  [ "$before" -ge 3 ]
  cs sessionize --state=state --spool=spool </dev/null
  [ "$(find spool -type f | wc -l)" -eq "$before" ]
  rest_of sessionize state | cs sessionize --state=state --spool=spool --flush
  spool_is_good "$ROWS.sessionize"
}

@test "segments are sealed while the run goes on, with the save that names them" {
  mkfifo fifo
  CS_EXEC=1 cs sessionize --state=state --save-every=50ms --spool=spool <fifo 3>&- &
  local pid=$!
  exec 4>fifo
  head -n $((COUNT / 2)) "$EVENTS" >&4
  until_true test -e spool/000000000001.ndjson
  [ -s spool/000000000001.ndjson ]
  rest_of sessionize state >rest
  kill -9 "$pid"
  wait "$pid" || :
  exec 4>&-
  cs sessionize --state=state --spool=spool --flush <rest
  spool_is_good "$ROWS.sessionize"
}

@test "kill -9 at any moment leaves every row in one sealed segment" {
  for tool in sessionize window; do
    KILLED=0
    while [ "$KILLED" -lt "$KILLS" ]; do
      rm -rf state spool
      killed_to_the_end "$tool" --spool=spool
      spool_is_good "$ROWS.$tool"
    done
  done
}

@test "kill -9 at every system call of a save leaves every row in one sealed segment" {
  can_trace
  head -n $((COUNT / 2)) "$EVENTS" | cs sessionize --state=state --spool=spool
  rest_of sessionize state >rest
  mkdir half
  cp -r state spool half/
  local calls="fsync rename renameat unlinkat flock" call n status killed=0
  [ -z "${LONG:-}" ] || calls+=" openat write read close getdents64 clone wait4"
  for call in $calls; do
    for ((n = 1; n < 400; n++)); do
      rm -rf state spool
      cp -r half/* .
      break_call "$n" "$call" signal=KILL
      status=0
      cs sessionize --state=state --save-every=1ms --spool=spool <rest 2>messages || status=$?
      under
      shipped >early
      cmp -n "$(wc -c <early)" early "$ROWS.sessionize" || { echo "$call $n: sealed too early"; return 1; }
      rest_of sessionize state | cs sessionize --state=state --spool=spool --flush
      spool_is_good "$ROWS.sessionize" || { echo "$call $n"; return 1; }
      [ "$status" -ne 0 ] || break
      : $((killed += 1))
    done
  done
  [ "$killed" -ge 8 ]
}

@test "a shipper may take the sealed segments away at any time" {
  head -n $((COUNT / 2)) "$EVENTS" | cs sessionize --state=state --spool=spool
  shipped >taken
  rm spool/*.ndjson
  rest_of sessionize state | cs sessionize --state=state --spool=spool --flush
  { cat taken; shipped; } | cmp - "$ROWS.sessionize"
}

@test "a spool that is ahead of the state is refused and left alone" {
  cs sessionize --state=state --spool=spool <"$EVENTS"
  rm state
  run -3 cs sessionize --state=state --spool=spool <"$EVENTS"
  [[ $output == "cs-sessionize: spool/000000000001.ndjson: the state knows nothing of this segment: is it the spool of another state?" ]]
  [ -s spool/000000000001.ndjson ]
}

@test "two processes with one spool: the second is refused" {
  mkfifo fifo
  cs-funnel --state=one --spool=spool <fifo 3>&- &
  local pid=$!
  exec 4>fifo
  until_true test -e spool/.000000000001.open
  run -3 cs-funnel --state=two --spool=spool </dev/null
  [ "$output" = "cs-funnel: spool: another process writes to this spool" ]
  exec 4>&-
  wait "$pid"
}

@test "a spool that cannot be written: clear message, exit 1, nothing lost" {
  can_trace
  head -n $((COUNT / 2)) "$EVENTS" | cs sessionize --state=state --spool=spool
  rest_of sessionize state >rest
  mkdir half
  cp -r state spool half/
  local call error n status
  for call in write fsync renameat; do
    for error in EIO ENOSPC; do
      # The second fsync is that of the directory.
      for n in 1 2; do
        rm -rf state spool
        cp -r half/* .
        break_call "$n" "$call" "error=$error" "$PWD/spool" spool "$PWD/spool/.000000000002.open"
        status=0
        cs sessionize --state=state --spool=spool <rest 2>messages || status=$?
        under
        [ "$status" -ne 0 ] || [ "$n" = 1 ] || break
        [ "$status" -eq 1 ] || { echo "$call $error $n: $status"; cat messages; return 1; }
        grep -Eq '^cs-sessionize: spool.*(No space left on device|Input/output error)' messages
        rest_of sessionize state | cs sessionize --state=state --spool=spool --flush
        spool_is_good "$ROWS.sessionize"
      done
    done
  done
}

@test "a full disk for state and spool: clear message, exit 1, and with room again nothing is lost" {
  mkdir small
  mount -t tmpfs -o size=64k tmpfs small 2>/dev/null || skip "mounting a small file system is not allowed"
  local status=0 good=''
  cs sessionize --state=small/state --save-every=1ms --spool=small/spool <"$EVENTS" 2>messages || status=$?
  mount -o remount,size=64m small
  if [ "$status" -eq 1 ] && grep -q 'No space left on device' messages; then
    rest_of sessionize small/state | cs sessionize --state=small/state --spool=small/spool --flush
    find small/spool -name '*.ndjson' | sort | xargs -r cat | cmp - "$ROWS.sessionize" && good=1
  fi
  umount small
  [ -n "$good" ] || { echo "$status"; cat messages; return 1; }
}
