# kafka.bash - what the tests with a real broker share.
#
# FULL=1 makes it 500,000 events and 50 kills a tool; EVENTS_COUNT and KILLS say other numbers.

load ../helper
load ../mock

EVENTS_COUNT=${EVENTS_COUNT:-${FULL:+500000}} KILLS=${KILLS:-${FULL:+50}}
EVENTS_COUNT=${EVENTS_COUNT:-25000} KILLS=${KILLS:-3}

setup_kafka() {
  local here=$BATS_TEST_DIRNAME
  BATS_TEST_DIRNAME=$here/.. setup_tools
  BROKER=$here/broker
  PATH="$ROOT/scripts:$PATH"
  export KCAT_CONFIG=/dev/null
  local program
  for program in java mvn kcat setpriv; do
    command -v "$program" >/dev/null || skip "$program is missing"
  done
  "$BROKER" fetch || skip "Kafka's artifacts cannot be fetched"
  BROKERS=$("$BROKER" start 3>&- 4>&-)
  export BROKER BROKERS
}

# A name that no earlier run has used.
topic_name() {
  printf '%s-%s\n' "$1" "$EPOCHREALTIME" | tr -d .
}

# topic NAME PARTITIONS [PROPERTY=VALUE]...: made; its name is in $topic.
topic() {
  topic=$(topic_name "$1")
  "$BROKER" topic "$topic" "${@:2}"
}

# The descendants of a process, itself included.
descendants() {
  local child
  printf '%s\n' "$1"
  for child in $(pgrep -P "$1"); do descendants "$child"; done
}

# one_of PATTERN ROOT: the pid of a random descendant with such a command line.
one_of() {
  local -a pids
  # shellcheck disable=SC2046 # numbers
  mapfile -t pids < <(ps -o pid=,args= $(descendants "$2") | awk -v pattern="$1" '{ pid = $1; $1 = "" } $0 ~ pattern { print pid }')
  [ "${#pids[@]}" -gt 0 ] && printf '%s\n' "${pids[RANDOM % ${#pids[@]}]}"
}

# nap FROM TO: some milliseconds.
nap() {
  local ms=$((RANDOM % ($2 - $1) + $1))
  sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
}

# The spool never holds a row twice.
spool_is_good() {
  local twice
  twice=$(find "$1" -name '*.ndjson' -exec cat {} + 2>/dev/null | sort | uniq -d | head -n 3)
  [ -z "$twice" ] || {
    printf 'twice in the spool: %s\n' "$twice"
    return 1
  }
}
