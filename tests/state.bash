# state.bash - what state.bats and spool.bats share: seven tools, and kafka's part played by awk.
#
# LONG=1 makes the tests that go through many cases go through all of them.

TOOLS=(window funnel sessionize abandon anomaly identify parse)

# cs TOOL OPTION...: the tool with options that make it print rows all the time.
cs() {
  local tool=$1
  shift
  case $tool in
  window) exec_or_run cs-window --size=10m --by=event_type --agg=n=count '--agg=ids=distinct(session_id)' \
    '--agg=page=first(page_url)' --dedup=2m "$@" ;;
  funnel) exec_or_run cs-funnel --by=device_type "$@" ;;
  sessionize) exec_or_run cs-sessionize --gap=10m "$@" ;;
  abandon) exec_or_run cs-abandon --after=5m --until=20m "$@" ;;
  anomaly) exec_or_run cs-anomaly --all --size=5m --baseline=30m "$@" ;;
  identify) exec_or_run cs-identify --hold=5m --horizon=20m --anonymous=session_id,device_type --bots=5/1m "$@" ;;
  parse) exec_or_run cs-parse ${PARSE_WHERE:+-w "$PARSE_WHERE"} --map='., (select(.product_id != null) | .event_id += "-seen" | .event_type = "seen")' --dedup=2m "$@" ;;
  esac
}

# In the background the tool takes the shell's place, so that $! is the tool.
exec_or_run() {
  if [ -n "${CS_EXEC:-}" ]; then exec "${CS_UNDER[@]}" "$@"; else "${CS_UNDER[@]}" "$@"; fi
}

# under COMMAND...: what the tools are run under from now on; under with nothing: nothing.
under() {
  CS_UNDER=("$@")
}
under

# break_call N CALL HOW [PATH...]: the Nth such system call (on these paths) of each process is broken.
break_call() {
  local n=$1 call=$2 how=$3 path paths=()
  shift 3
  for path; do paths+=(-P "$path"); done
  under strace -f -qq -o trace -e "trace=$call" -e "inject=$call:$how:when=$n" "${paths[@]}"
}

# make_events COUNT: framed (three partitions, disorder, repeats) in $EVENTS, and the rows of each tool in $ROWS.TOOL. They
# are an hour and a half, however many they are ($COUNT). libjq takes as long for an event as all else for fifty: cs-parse asks
# it about some ($PARSE_WHERE). The states in golden/ were made without that.
make_events() {
  PARSE_WHERE='.event_type == "search" or .event_type == "add_to_cart"'
  COUNT=$1 EVENTS="$BATS_FILE_TMPDIR/events.kcat" ROWS="$BATS_FILE_TMPDIR/rows"
  traffic --events="$1" --rate="$(awk -v count="$1" 'BEGIN { print count / 5000 }')" --seed=11 --disorder=20s --repeats=1 --partitions=3 >"$EVENTS"
  for tool in "${TOOLS[@]}"; do cs "$tool" "$EVENTS" >"$ROWS.$tool" 2>/dev/null; done
  export COUNT EVENTS ROWS PARSE_WHERE
}

# rest_of TOOL STATE: the events behind the state's position, as kcat would be started there.
rest_of() {
  cs "$1" --state="$2" --show-position >position
  awk -F '\t' 'FILENAME == "position" { split($0, part, /[:,]/); seen[part[2]] = part[4]; next }
    !($1 in seen) || $2 + 0 > seen[$1] + 0' position "$EVENTS"
}

# slowly COUNT: standard input in pieces of COUNT lines, with a pause after each.
slowly() {
  awk -v count="$1" '{ print } NR % count == 0 { fflush(); system("sleep 0.01") }'
}

# Some milliseconds, as seconds.
some_time() {
  printf '0.%03d' $((RANDOM % ($2 - $1) + $1))
}

# killed_to_the_end TOOL OPTION...: goes through all events in runs that are killed after some milliseconds, each beginning
# where the state is. Adds to KILLED how often a run was killed indeed.
killed_to_the_end() {
  local tool=$1 pid writer runs=0
  shift
  while rest_of "$tool" state >rest && [ -s rest ]; do
    # Each with a FIFO of its own: a tool that is killed early leaves a writer that is about to open it.
    mkfifo "fifo.$((runs += 1))"
    slowly $((COUNT / 4)) <rest >"fifo.$runs" 3>&- &
    writer=$!
    CS_EXEC=1 cs "$tool" --state=state --save-every=1ms "$@" <"fifo.$runs" 3>&- &
    pid=$!
    # The later ones live longer, so that it ends on any machine.
    sleep "$(some_time 20 $((60 + 40 * runs)))"
    ! kill -9 "$pid" 2>/dev/null || : $((KILLED += 1))
    wait "$pid" 2>/dev/null || :
    kill "$writer" 2>/dev/null || :
  done
  rm -f fifo.*
  cs "$tool" --state=state "$@" --flush </dev/null
}

# can_trace: skips the test by name where strace may not trace. The leak checker cannot work under it.
can_trace() {
  export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
  strace -o /dev/null -e trace=none true 2>/dev/null || skip "strace cannot trace here"
}
