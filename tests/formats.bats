#!/usr/bin/env bats
# --format: the same rows as CSV, as PostgreSQL's COPY reads them, and as a table.
# shellcheck disable=SC2016,SC2154 # jq programs; bats sets stderr

load helper
load state.bash

setup_file() {
  export TRAFFIC="$BATS_FILE_TMPDIR/traffic.ndjson"
  "${CS_BUILD:-$BATS_TEST_DIRNAME/../build}/traffic" --seed=5 --events=20000 --rate=10 --disorder=20s --unicode --nulls=3 \
    >"$TRAFFIC"
}

setup() { setup_tools; }

# Values that break what is not careful, one event each.
hostile() {
  jq -cn '
    ["plain", "", " blank ", "a,b", "say \"hi\"", "\"", "two\nlines", "cr\rlf\r\n", "tab\there", "\\N", "\\n", "\\", "\\.",
     "=1+1", "+1", "-", "@x", "null", "007", "\u001b[31mred", "\u007f", "\u0085", "\u202eevil", "日本語", "a\u0308pfel",
     "👩‍👩‍👧", "שלום", "\u0000", "|", ";", "\ufeffmark", true, 12.50, 1e400, ["a,b", "\"", null], {"x": "\n"}, null] |
    to_entries[] | {event_type: "t", event_time: "2026-01-01T00:00:00Z", event_id: "e\(.key)", session_id: "s\(.key)",
                    v: .value, w: (.value | tostring)}'
}

# window OPTION... over these, one row a value.
window() { cs-window --size=1h --by=v --agg=n=count --agg='f=first(w)' --agg='none=sum(.missing)' "$@"; }

# readable FORMAT TOOL OPTION...: a reader that is not ours finds the rows of NDJSON in it.
readable() {
  local format=$1
  shift
  "$@" >rows.ndjson
  "$@" --format="$format" >"rows.$format"
  [ -s rows.ndjson ]
  python3 "$ROOT/tests/formats.py" "$format" rows.ndjson "rows.$format"
}

@test "CSV and TSV of every tool are read by others as the rows they are" {
  for tool in "${TOOLS[@]}"; do
    [[ $tool != identify && $tool != parse ]] || continue # they print events, which differ in their members
    readable csv cs "$tool" "$TRAFFIC"
    readable tsv cs "$tool" "$TRAFFIC"
  done
  readable csv cs-funnel --by-partition "$TRAFFIC"
  readable tsv cs-sessionize --split-by=device_type "$TRAFFIC"
}

@test "whatever is in the values" {
  hostile >in
  readable csv window in
  readable tsv window in
  [ "$(window in | wc -l)" -eq 37 ]
  # No control but its line ends is in TSV.
  LC_ALL=C run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' rows.tsv
}

@test "cs-parse reads CSV back: null, the empty string and all others" {
  hostile | jq -c 'select(.event_id != "e27")' >in # NUL is in no CSV that cs-parse takes
  window in >rows
  window --format=csv in | cs-parse --from=csv --map='. + {event_type: "row", event_time: .window_start}' --number=n >back
  jq -c '[.f, .n, .none]' rows | cmp - <(jq -c '[.f, .n, .none]' back)
  jq -c '.v | if type == "string" or . == null then . else tostring end' rows >wanted
  jq -c '.v' back | grep -vF '[' | cmp - <(grep -vF '[' wanted)
}

@test "a member that a row does not have is an empty field" {
  { minutes 0 2; } >in
  cs-anomaly --all --size=1m --baseline=5m --format=csv in >rows
  [ "$(head -n 1 rows)" = 'window_start,window_end,current_sessions,avg_sessions,pct_deviation,alert,direction,partial' ]
  [ "$(sed -n 2p rows)" = '2026-01-01T00:00:00.000Z,2026-01-01T00:01:00.000Z,0,,,false,,' ]
  [ "$(tail -n 1 rows)" = '2026-01-01T00:02:00.000Z,2026-01-01T00:03:00.000Z,0,0,,false,,true' ]
  [ "$(cs-anomaly --all --size=1m --baseline=5m --format=tsv in | tail -n 1)" = \
    $'2026-01-01T00:02:00.000Z\t2026-01-01T00:03:00.000Z\t0\t0\t\\N\tfalse\t\\N\ttrue' ]
}

@test "the header stands once, first, and without rows, too" {
  for format in csv tsv; do
    [ "$(window --format="$format" </dev/null | wc -l)" -eq 1 ]
    cs-sessionize --format="$format" "$TRAFFIC" >rows
    [ "$(grep -c '^session_id' rows)" -eq 1 ]
    [[ $(head -n 1 rows) == session_id* ]]
  done
  [ -z "$(window --format=table </dev/null)" ]
}

@test "a run in parts, killed or not, writes the CSV that one run writes" {
  TOOLS=(window sessionize) make_events 4000
  for tool in window sessionize; do
    for format in csv tsv; do
      cs "$tool" --format=$format "$EVENTS" >wanted
      for lines in 1 1500 2 99999; do
        rest_of "$tool" state | head -n "$lines" | cs "$tool" --format=$format --state=state --output=out
      done
      cs "$tool" --format=$format --state=state --output=out --flush </dev/null
      cmp out wanted
      rm state out
    done
  done
  # A state from before any row: the header is there already.
  cs window --format=csv --state=state --output=out </dev/null
  cs window --format=csv --state=state --output=out --flush "$EVENTS"
  [ "$(grep -c ^window_start out)" -eq 1 ]
  run -3 --separate-stderr cs window --format=tsv --state=state --output=out </dev/null
}

@test "any number of jobs writes the same bytes in every format" {
  for format in csv tsv table; do
    for tool in funnel sessionize abandon window; do
      cs "$tool" --format=$format "$TRAFFIC" >one
      cs "$tool" --format=$format --jobs=3 "$TRAFFIC" >three
      cmp one three
    done
  done
}

@test "--order-by and --top sort values, in whatever format" {
  hostile >in
  for option in --order-by=v --order-by=-f --top=7; do
    readable csv window $option in
    readable tsv window $option in
  done
  [ "$(window --order-by=-n --top=2 --format=table in | wc -l)" -eq 3 ]
}

@test "a table stands in columns, whatever the script" {
  hostile | jq -c 'select(.w | test("  |^\\s|\\s$|👩") | not) | select(.v | type == "string") | select(.v != "-")
    | .v |= gsub("[\\x00-\\x1f\\x7f\\x{80}-\\x{9f}\\x{202e}\\x{feff}]"; "") | .w = .v | select(.v | length < 40)' >in
  [ "$(wc -l <in)" -gt 20 ]
  readable table window in
  readable table cs-funnel --size=10m "$TRAFFIC"
  readable table cs-abandon "$TRAFFIC"
  run ! grep -q ' $' rows.table
}

@test "what a terminal obeys does not reach it" {
  hostile >in
  window --format=table in >rows
  LC_ALL=C run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' rows
  [ "$(wc -l <rows)" -eq 38 ]
  # CSV is exact in files and pipes; a terminal gets what a table would show.
  window --format=csv in >rows
  LC_ALL=C grep -qP '\x1b' rows
  python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' cs-window --size=1h --by=v --agg=n=count --format=csv in >seen
  tr -d '\r' <seen | LC_ALL=C run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]'
  grep -q '\\u001b\[31mred' seen
}

@test "a cell of a megabyte is whole, and makes no other row longer" {
  { event 2026-01-01T00:00:00Z "\"v\":\"$(head -c 1000000 /dev/zero | tr '\0' x)\""; event 2026-01-01T00:00:00Z '"v":"a"'; } >in
  for format in csv tsv table; do
    cs-window --size=1h --by=v --agg=n=count --format=$format in >rows
    [ "$(wc -l <rows)" -eq 3 ]
    [ "$(tr -cd x <rows | wc -c)" -eq 1000000 ]
    [ "$(grep -v xx rows | wc -c)" -lt 400 ]
  done
}

@test "a table comes out while events come, and has headings anew when it grows" {
  {
    minutes 0 2 '"p":"a"' && until_true grep -q ' a  ' seen && echo live >>marks
    minutes 3 4 '"p":"much wider"' && minutes 5 5
  } | cs-window --size=1m --lateness=0 --by=p --agg=n=count --format=table >seen
  grep -qx live marks
  [ "$(grep -c ^window_start seen)" -eq 2 ]
  [ "$(grep -c '^$' seen)" -eq 1 ]
}

@test "updates have their column" {
  { minutes 0 1 && until_true grep -q ',2,false$' rows && minutes 1 1; } |
    cs-window --size=1h --agg=n=count --emit=updates:50ms --format=csv >rows
  [ "$(head -n 1 rows)" = window_start,window_end,n,final ]
  [ "$(tail -n 1 rows)" = 2026-01-01T00:00:00.000Z,2026-01-01T01:00:00.000Z,3,true ]
  grep -q ',2,false$' rows
}

@test "what makes no sense with a format is refused, and says why" {
  # refused TEXT TOOL OPTION...
  refused() {
    run -2 --separate-stderr "${@:2}" </dev/null
    [[ $stderr == *"$1"* ]] || { echo "$stderr"; return 1; }
  }
  refused 'events differ in their members' cs-parse --format=csv
  refused 'events differ in their members' cs-identify --format=csv
  refused '--key: messages with a key are NDJSON' window --format=csv --key=v
  refused '--pad: empty lines are for NDJSON' window --format=table --pad
  refused '--spool: segments are NDJSON' window --format=tsv --state=s --spool=d
  refused '--format=table is for looking at' window --format=table --state=s
  refused "--format: 'xml'" window --format=xml
  [ ! -e s ] && [ ! -e d ]
  cs-parse --format=ndjson </dev/null
}
