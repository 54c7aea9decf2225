# helper.bash - what the .bats files share: where the tools, the samples and the real data are.
#
#     load helper
#     setup() { setup_tools; }
#
# CS_BUILD says where the binaries are (default: build beside tests). Each test runs in a directory
# of its own; what it starts is called by name.

bats_require_minimum_version 1.5.0

setup_tools() {
  ROOT="$(cd "$BATS_TEST_DIRNAME/.." && pwd)"
  CS_BUILD="${CS_BUILD:-$ROOT/build}"
  # It may be relative to where bats was started.
  [[ $CS_BUILD == /* ]] || CS_BUILD="${BATS_CWD:-$ROOT}/$CS_BUILD"
  export ROOT CS_BUILD LC_ALL=C TZ=UTC
  PATH="$CS_BUILD:$PATH"
  cd "$BATS_TEST_TMPDIR" || return 1
}

# How much is repeated, said in one place. The usual run holds what is bounded, and with FULL=1 everything is gone through.
# The sanitizers' run (QUICK=1) looks for faults of memory on each way through the code, with tools that are ten times as
# slow, after the same test has run without them: there it is a part of what repeats the same ways.
is_quick() {
  [ -n "${QUICK:-}" ] && [ -z "${FULL:-}" ]
}

# rounds COUNT: how often something random is tried, or how many events there are: all with FULL=1, half of it as a rule,
# a sixteenth with sanitizers.
rounds() {
  local part=2
  if [ -n "${FULL:-}" ]; then part=1; elif is_quick; then part=16; fi
  printf '%d\n' $((($1 + part - 1) / part))
}

# stride COUNT: what is cut, killed or broken at every so many lines, bytes or calls; eleven times as far apart with
# sanitizers (no period of the data), and each single one with FULL=1.
stride() {
  if [ -n "${FULL:-}" ]; then printf '1\n'; elif is_quick; then printf '%d\n' $(($1 * 11)); else printf '%d\n' "$1"; fi
}

# one_in COUNT WORD...: these words, a line each, of things that are tried one like the other; with sanitizers the first
# of every COUNT.
one_in() {
  local count=1
  ! is_quick || count=$1
  printf '%s\n' "${@:2}" | awk -v count="$count" '(NR - 1) % count == 0'
}

# Data that is not part of the project: sets DATA, or skips the test by name.
need_data() {
  DATA="$ROOT/../shared/data"
  [ -e "$DATA/$1" ] || skip "../shared/data/$1 is absent"
}

# jumping ndjson|csv LINES OFTEN SEED WIDTH: events of which so many jump ahead: alone, or time goes on from there, or goes
# back. In some fields of CSV are lines that look like records; others are so wide.
jumping() {
  awk -v format="$1" -v lines="$2" -v often="$3" -v seed="$4" -v width="$5" 'BEGIN {
    srand(seed)
    now = 1767225600
    for (i = 0; i < width; i++) wide = wide "x"
    if (format == "csv") print "event_type,session_id,event_time,note"
    for (i = 0; i < lines; i++) {
      what = rand() / often
      at = now + int(rand() * 20) - 10
      if (what < 2) at += 60 + int(rand() * 200)
      if (what > 1 && what < 1.5) now = at
      if (what > 2 && what < 2.5) now -= int(rand() * 300)
      if (what > 2.5 && what < 3) now += int(rand() * 300)
      now += int(rand() * 3)
      if (format == "csv")
        printf "view,s%d,%d,\"%s\"\n", rand() * 40, at, rand() < .1 ? "a \"\"b\"\"\nview,s1,2,3\n" : wide
      else
        printf "{\"event_type\":\"view\",\"session_id\":\"s%d\",\"event_time\":%d,\"note\":\"%s\"}\n", rand() * 40, at, wide
    }
  }'
}

# event TIME [MEMBERS]: one event; MEMBERS are further JSON members, as '"session_id":"s1"'.
event() {
  printf '{"event_id":"e-%s","event_type":"page_view","event_time":"%s"%s}\n' "$1" "$1" "${2:+,$2}"
}

# minutes FROM TO [MEMBERS]: an event for each of these minutes of a fixed day.
minutes() {
  MEMBERS="${3:+,$3}" awk -v from="$1" -v to="$2" 'BEGIN {
    for (i = from; i <= to; i++) {
      time = sprintf("2026-01-01T%02d:%02d:00Z", i / 60, i % 60)
      printf "{\"event_id\":\"e-%s\",\"event_type\":\"page_view\",\"event_time\":\"%s\"%s}\n", time, time, ENVIRON["MEMBERS"]
    }
  }'
}

# A line of counters is read by bash and sed, not by jq: jq 1.6 takes twenty times as long to start as a tool does, and the
# tests start thousands. That it is JSON is tested where counters are (metrics.bats).

# counter FILE NAME: that number or time of a line of counters, as in counter stats.json late, or rejected_by.torn; 0 where
# there is none.
counter() {
  local line='' name=$2
  IFS= read -r line <"$1" || return
  if [[ $name == *.* ]]; then
    [[ $line =~ \"${name%%.*}\":\{([^}]*)\} ]] || return
    line=${BASH_REMATCH[1]} name=${name#*.}
  fi
  if [[ $line =~ (^|[{,])\"$name\":\"?([^],}\"]+) ]]; then printf '%s\n' "${BASH_REMATCH[2]}"; else echo 0; fi
}

# texts MEMBER [FILE...]: the text in it, a line each, of rows that have nothing escaped in it.
texts() {
  sed -nE 's/.*[{,]"'"$1"'":"([^"\\]*)".*/\1/p' "${@:2}"
}

# shared_counters FILE...: without what is each process's own.
shared_counters() {
  sed -E 's/"memory":[0-9]+,//' "$@"
}

# Conservation: every record has met exactly one of five fates.
conserved() {
  local line='' name sum=0 read=none
  IFS= read -r line <"${1:-stats.json}" || return
  for name in read duplicate rejected filtered late used; do
    [[ $line =~ [{,]\"$name\":([0-9]+)[,}] ]] || return
    if [ $name = read ]; then read=${BASH_REMATCH[1]}; else sum=$((sum + BASH_REMATCH[1])); fi
  done
  [ "$read" = "$sum" ] || { printf '%s\n' "$line" >&2 && return 1; }
}

# Did records come, of which none was of use? Such a run ends with exit status 1.
nothing_used() {
  [ "$(fate read)" -gt 0 ] && [ "$(fate read)" = "$(fate rejected)" ]
}

# counted TOOL ARGS...: runs it with --stats=stats.json and checks the counters.
counted() {
  local status=0
  rm -f stats.json
  "$1" --stats=stats.json "${@:2}" || status=$?
  if [ "$status" -ne 0 ] && ! { [ "$status" -eq 1 ] && [ -e stats.json ] && nothing_used; }; then return "$status"; fi
  conserved
}

# sum_of_n FILE: of the rows of --agg=n=count, 0 where there are none; fails where a line is no such row.
sum_of_n() {
  awk '{ if (!match($0, /[{,]"n":[0-9]+[,}]/) || !/^\{.*\}$/) exit bad = 1; sum += substr($0, RSTART + 5, RLENGTH - 6) }
    END { if (bad) exit 1; printf "%.0f\n", sum }' "$1"
}

# tally ARGS...: cs-window only counts what it is given; prints the total.
tally() {
  counted cs-window --size=1h --agg=n=count "$@" >tally.rows || return
  sum_of_n tally.rows
}

# fate NAME: that counter of the last counted run, as in fate late, fate rejected_by.torn.
fate() {
  counter stats.json "$1"
}

# until_true COMMAND...: waits until it succeeds, half a minute at most (LIMIT says other seconds): only a failure takes so
# long, and machines may be slow.
until_true() {
  local end=$((SECONDS + ${LIMIT:-30}))
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.02
  done
}
