#!/usr/bin/env bats
# --jobs: the same bytes as one job, whatever the data and wherever the ranges fall.

load helper

# EVERYTHING is long enough for ranges that are read in several steps; TRAFFIC, with sanitizers, some lines of it: an hour
# all the same, and several ranges.
setup_file() {
  export EVERYTHING="$BATS_FILE_TMPDIR/everything.ndjson" TRAFFIC="$BATS_FILE_TMPDIR/traffic.ndjson" COUNT
  "${CS_BUILD:-$BATS_TEST_DIRNAME/../build}/traffic" --seed=7 --events=40000 --rate=10 --disorder=20s --repeats=1 \
    --malformed=1 --unicode --nulls=3 >"$EVERYTHING"
  COUNT=$(rounds 40000)
  awk -v apart=$((40000 / COUNT)) 'NR % apart == 0' "$EVERYTHING" >"$TRAFFIC"
}

setup() { setup_tools; }

# How many jobs are tried against one; more of them with FULL=1 (partial.bats tries ranges of every number).
tried=(5)
! is_quick || tried=(3)
[ -z "${FULL:-}" ] || tried=(2 3 8)

# same TOOL ARGS...: rows, rejects, late records and counters of one job and of several.
same() {
  local jobs
  for jobs in 1 "${tried[@]}"; do
    counted "$@" --jobs="$jobs" --rejects="rejects.$jobs" --late="late.$jobs" >"rows.$jobs"
    shared_counters stats.json >"stats.$jobs"
    cmp rows.1 "rows.$jobs"
    cmp rejects.1 "rejects.$jobs"
    cmp late.1 "late.$jobs"
    cmp stats.1 "stats.$jobs"
  done
  [ -s rows.1 ]
}

@test "a funnel is the same bytes with any number of jobs" {
  same cs-funnel "$TRAFFIC"
  [ -s rejects.1 ]
}

@test "so are windows of every kind" {
  same cs-window --view=product-performance "$TRAFFIC"
  same cs-window --view=search-analytics --top=3 "$TRAFFIC"
  same cs-window --size=10m --slide=3m --by=device_type --agg=n=count --agg='ids=distinct(session_id)' \
    --agg='first=first(page_url)' --agg='last=last(page_url)' "$TRAFFIC"
}

@test "so are windows made of panes" {
  same cs-window --size=10m --slide=30s --by=device_type --agg=n=count --agg='ids=distinct(session_id)' \
    --agg='first=first(page_url)' --agg='low=min(page_url)' --agg='mean=avg(price)' "$TRAFFIC"
  same cs-window --size=2h --slide=1h --agg='ids=distinct(session_id)' "$TRAFFIC"
}

@test "so are late events and the windows they miss" {
  same cs-window --size=10s --slide=5s --agg=n=count --lateness=3s "$TRAFFIC"
  [ -s late.1 ]
  jq -e '.late > 0 and .late_windows > 0' stats.1
}

@test "so are several files, one of which begins before the other ends" {
  same cs-funnel --size=1m "$TRAFFIC" "$TRAFFIC"
  [ -s late.1 ]
}

@test "a range whose beginning was guessed wrong is read again" {
  # Event time is far ahead in the first lines only: the last piece before a range does not show it.
  {
    event 2026-01-01T12:00:00Z
    event 2026-01-01T12:00:01Z
    cat "$TRAFFIC"
  } >ahead.ndjson
  same cs-window --size=1m --agg=n=count ahead.ndjson
  jq -e --argjson count "$COUNT" '.late > $count * 3 / 4' stats.1
}

@test "what --max-jump holds at a range's end waits for the next line, as with one job" {
  # The middle, where the second of two ranges would begin, is inside the event that is far ahead.
  { cat "$TRAFFIC" && event 2026-03-01T00:00:00Z && cat "$TRAFFIC"; } >jump.ndjson
  same cs-funnel --lateness=max jump.ndjson
  jq -e '.rejected_by.future == 1' stats.1
  # Here time really goes on from there.
  { cat "$TRAFFIC" && event 2026-03-01T00:00:00Z && sed 's/"event_time":"2026-01/"event_time":"2026-03/' "$TRAFFIC"; } >on.ndjson
  same cs-funnel on.ndjson
  jq -e '.rejected_by.future == null and .event_time > "2026-03"' stats.1
}

@test "so are anomalies: ranges count, and the run judges what they have counted" {
  same cs-anomaly --all "$TRAFFIC"
  same cs-anomaly --size=1m --baseline=10m --by=traffic_source,device_type --all "$TRAFFIC"
  same cs-anomaly --size=7s --baseline=5m --threshold=10 --value='spent=sum(.price * .quantity)' --all "$TRAFFIC"
  same cs-anomaly --all -w '.event_type == "product_view"' --value=count --lateness=5s "$TRAFFIC"
  [ -s late.1 ]
  same cs-anomaly --size=10m --value='avg(price)' --lateness=max --all "$TRAFFIC"
  same cs-anomaly --size=10m --value='u=distinct(user_id) if .event_type == "search"' --by=device_type --all \
    "$TRAFFIC" "$TRAFFIC"
}

@test "so are sessions, of which a range begins, ends and prints its own" {
  local seed
  for seed in $(one_in 3 1 2 3); do
    traffic --seed=$seed --events=20000 --rate=10 --disorder=20s --repeats=2 --malformed=1 --unicode --nulls=5 \
      --bots=3 >sessions.ndjson
    same cs-sessionize --gap=1m sessions.ndjson
    [ -s rejects.1 ]
    same cs-sessionize --gap=5s --max-duration=10s --lateness=3s sessions.ndjson
    [ -s late.1 ]
    same cs-sessionize --gap=30s --max-duration=none --split-by=device_type,user_id --key=session_id,session_start \
      --where='.event_type != "search"' sessions.ndjson
    same cs-sessionize --gap=45s --lateness=0s --max-duration=46s --id=user_id sessions.ndjson
  done
}

@test "what a range hands over of an event is all that its expressions are asked about" {
  # libjq wants the line of an event, and so does ours where it has no answer or fails.
  same cs-sessionize --agg='depth=sum(.page_url | split("/") | length)' --agg='n=count if .page_url | split("/") | length > 4' "$TRAFFIC"
  jq -es 'all((.depth // 0) >= .n) and any(.n > 0)' rows.1 >/dev/null
  same cs-sessionize --split-on=device_type --agg='m=max(.device_type * 2)' "$TRAFFIC"
  same cs-sessionize --agg='n=count if .event_type - 1 > 0' "$TRAFFIC"
}

@test "so are sessions longer than a range, or without an end" {
  same cs-sessionize "$TRAFFIC"
  same cs-sessionize --gap=2h --max-duration=3h "$TRAFFIC"
  same cs-sessionize --gap=none --split-by=session_id,user_id "$TRAFFIC"
  same cs-sessionize --lateness=max --max-duration=none "$TRAFFIC"
  # One id all the way, cut again and again.
  sed 's/"session_id":"[0-3][^"]*"/"session_id":"bot"/' "$TRAFFIC" >bot.ndjson
  same cs-sessionize --gap=1m --max-duration=3m bot.ndjson
  jq -s -e 'map(select(.session_id == "bot")) | length > 10' rows.1
}

@test "so are sessions where event time jumps back and forth, over files and within" {
  traffic --seed=4 --events=10000 --rate=10 --disorder=20s >first.ndjson
  traffic --seed=4 --events=10000 --rate=10 --disorder=20s --start=2026-01-01T00:10:00Z >second.ndjson
  same cs-sessionize --gap=30s first.ndjson second.ndjson first.ndjson
  [ -s late.1 ]
  { event 2026-01-01T12:00:00Z '"session_id":"s"' && event 2026-01-01T12:00:01Z '"session_id":"s"' && cat first.ndjson; } >ahead.ndjson
  same cs-sessionize --gap=30s ahead.ndjson
  jq -e '.late > 9000' stats.1
}

@test "so are carts, and how things stood" {
  same cs-abandon "$TRAFFIC"
  same cs-abandon --after=3s --until=10m --forget=5s --lateness=3s "$TRAFFIC"
  [ -s late.1 ]
  same cs-abandon --id=user_id --after=1m --until=5m "$TRAFFIC"
  same cs-abandon --at=2026-01-01T00:50:00Z "$TRAFFIC"
}

@test "so is cs-parse, and what ranges cannot do is done by one" {
  same cs-parse "$TRAFFIC"
  same cs-funnel --dedup=1m "$TRAFFIC"
  same cs-sessionize --dedup=1m "$TRAFFIC"
}

@test "refused and late records are in the order of one job where both are one file" {
  local tool jobs
  for tool in 'cs-sessionize --gap=5s --lateness=3s' 'cs-window --size=10s --agg=n=count --lateness=3s' \
    'cs-abandon --after=3s --until=1m --forget=5s --lateness=3s'; do
    for jobs in 1 2 5; do
      # shellcheck disable=SC2086 # several words
      $tool --jobs=$jobs --rejects=both --late=both "$TRAFFIC" >/dev/null
      mv both both.$jobs
    done
    grep -q '"reason":"late"' both.1
    grep -qv '"reason":"late"' both.1
    cmp both.1 both.2
    cmp both.1 both.5
    jq -s -e 'map(.line) | . == sort' both.1
  done
}

@test "an event far ahead is judged by the one behind it, in whatever range that is" {
  # Lines of one length, so that the middle of the file is the end of one of them.
  awk 'BEGIN { for (i = 0; i < 4000; i++) printf "{\"event_type\":\"page_view\",\"session_id\":\"s%03d\",\"pad\":\"%0200d\",\"event_time\":\"2026-01-01T%02d:%02d:%02dZ\"}\n", i % 50, 0, i / 3600, i / 60 % 60, i % 60 }' >even.ndjson
  local line tool
  for line in 1999 2000 2001 2002; do
    sed "${line}s/2026-01-01/2026-01-04/" even.ndjson >jump.ndjson
    for tool in 'cs-window --size=1m --agg=n=count' 'cs-sessionize --gap=1m'; do
      # shellcheck disable=SC2086 # several words
      same $tool jump.ndjson
      jq -e '.rejected_by == {"future": 1} and .late == 0' stats.1
    done
  done
}

@test "--pad pads once for all ranges" {
  same cs-window --size=1m --agg=n=count --pad=100 "$TRAFFIC"
  same cs-sessionize --gap=1m --pad=100 "$TRAFFIC"
}

@test "more ids than --max-keys are exit 3 in any range" {
  local tool jobs
  for tool in 'cs-sessionize --gap=1m' 'cs-abandon' 'cs-window --size=1h --by=session_id --agg=n=count'; do
    for jobs in 1 2 5; do
      # shellcheck disable=SC2086 # several words
      run -3 $tool --jobs=$jobs --max-keys=20 "$TRAFFIC"
      [ "$(grep -c 'are held at once' <<<"$output")" = 1 ]
      # shellcheck disable=SC2086
      $tool --jobs=$jobs --max-keys=40000 "$TRAFFIC" >/dev/null 2>&1
    done
  done
  # Few at first, many at the end.
  { head -n $((COUNT / 3)) "$TRAFFIC" | sed 's/"session_id":"[^"]*"/"session_id":"s"/' && tail -n +$((COUNT / 3 + 1)) "$TRAFFIC"; } >grows.ndjson
  for jobs in 1 2 5; do
    run -3 cs-sessionize --gap=1m --jobs=$jobs --max-keys=20 grows.ndjson
    [ "$(grep -c 'are held at once' <<<"$output")" = 1 ]
  done
}

@test "ids that are gone by the end of a batch are none too many in any range" {
  # An hour apart: with everybody there is nobody else.
  awk 'BEGIN { for (i = 0; i < 8000; i++) printf "{\"event_type\":\"add_to_cart\",\"session_id\":\"s%d\",\"event_time\":%d}\n", i, 1600000000 + i * 3600 }' >alone.ndjson
  same cs-abandon --after=1s --forget=2s --lateness=0s --max-keys=1 alone.ndjson
  same cs-sessionize --gap=1s --lateness=0s --max-keys=1 alone.ndjson
}

@test "so are events taken one by one, whatever is made of them" {
  same cs-parse --time-field=event_time -w '.event_type != "search"' --rename=shop=campaign_id \
    --recode=event_type:purchase=bought --id-from=user_id,device_type "$TRAFFIC" "$TRAFFIC"
  [ -s rejects.1 ]
  same cs-parse --max-jump=1h --max-ahead=10m --key=session_id,event_id "$TRAFFIC"
  head -n 1000 "$TRAFFIC" >few.ndjson
  same cs-parse --map='., (.event_type = "copy")' few.ndjson
  # In no order at all, and with lines that are longer than a piece.
  {
    shuf --random-source=<(yes) "$TRAFFIC"
    awk 'BEGIN { printf "{\"event_type\":\"t\",\"event_time\":1767225600,\"long\":\""; for (i = 0; i < 700000; i++) printf "0123456789"; print "\"}\r\n" }'
    sed 's/$/\r/' "$TRAFFIC"
  } >shuffled.ndjson
  same cs-parse shuffled.ndjson
  jq -e --argjson count "$COUNT" '.used > $count * 7 / 4 and .largest_disorder != null' stats.1
}

@test "so are events taken one by one that jump in time, of which some wait at the end of a piece" {
  local round format often jump
  for round in $(seq "$(rounds 4)"); do
    for format in ndjson csv; do
      for often in 0.005 0.1; do
        jump=$((RANDOM % 100 + 10))
        echo "seed $round, $often, $jump"
        jumping $format 500 $often "$round" 9000 >jumps
        same cs-parse --from=$format --max-jump=${jump}s jumps
      done
    done
  done
  # Of several files: a piece that begins with one is read but once.
  jumping csv 300 0.1 77 9000 >further
  same cs-parse --from=csv --max-jump=40s jumps further jumps
}

# at_work PID: once it has started its jobs.
at_work() {
  local i
  for ((i = 0; i < 500; i++)); do
    ! pgrep -P "$1" >/dev/null || return 0
    sleep 0.02
  done
  return 1
}

# opened FILE: whatever comes in goes there, but for the first byte only when there is a file "go".
opened() {
  head -c 1 >"$1" || return
  until [ -e go ]; do sleep 0.02; done
  cat >>"$1"
}

@test "rows of events taken one by one end with a signal where a row ends, and all that is counted is there" {
  mkfifo slow
  opened rows <slow &
  cs-parse --jobs=3 --stats=stats "$TRAFFIC" "$TRAFFIC" >slow &
  until_true test -s rows
  kill -TERM $!
  : >go
  wait $!
  wait
  [ "$(wc -l <rows)" -eq "$(jq .rows stats)" ]
  cs-parse "$TRAFFIC" 2>/dev/null | head -c "$(wc -c <rows)" | cmp - rows
}

@test "a job that is killed is exit 1, and says so" {
  mkfifo slow
  opened rows <slow &
  cs-parse --jobs=2 "$TRAFFIC" >slow 2>messages &
  tool=$!
  until_true test -s rows
  pkill -KILL -P $tool -n
  : >go
  status=0
  wait $tool || status=$?
  [ "$status" -eq 1 ]
  grep -q 'another job was killed (signal 9)' messages
  wait
}

make_long() {
  for _ in 1 2 3 4 5; do cat "$EVERYTHING"; done >long.ndjson
}

# blocked: cs-abandon with two jobs and more ranges than that, in $tool, whose rows nobody reads but for the first byte, until
# there is a file "go"; they are more than a pipe holds. Process $jobs starts its jobs.
blocked() {
  make_long
  rm -f slow go rows
  mkfifo slow
  opened rows <slow &
  cs-abandon --after=3s --until=1m --jobs=2 --stats=stats long.ndjson >slow 2>messages &
  tool=$!
  until_true test -s rows
  jobs=$(pgrep -P $tool)
}

@test "whoever starts the jobs may be killed, too" {
  local status=0
  blocked
  kill -KILL "$jobs"
  : >go
  wait $tool || status=$?
  [ "$status" -eq 1 ]
  grep -q 'another job was killed (signal 9)' messages
  wait
}

@test "a job that reads a whole range and is killed is exit 1, and says so" {
  local status
  make_long
  # It may have ended before it is hit: then once more.
  for ((status = 0; status == 0; )); do
    cs-abandon --jobs=2 long.ndjson >/dev/null 2>messages &
    tool=$!
    at_work $tool
    while pkill -KILL -P "$(pgrep -P $tool)" || kill -0 $tool; do :; done 2>/dev/null
    wait $tool || status=$?
  done
  [ "$status" -eq 1 ]
  grep -q 'another job was killed (signal 9)' messages
}

@test "a signal ends a run that waits for a job" {
  local signal status
  for signal in TERM INT; do
    blocked
    kill -STOP "$jobs"
    : >go
    until_true eval '[ "$(wc -c <rows)" -gt 65536 ]'
    kill -$signal $tool
    timeout 20 tail --pid=$tool -f /dev/null || kill -KILL $tool "$jobs"
    status=0
    wait $tool || status=$?
    [ "$signal $status" = 'TERM 0' ] || [ "$signal $status" = 'INT 130' ]
    wait
    conserved stats
    jq -e '.read > 0' stats
    [ "$(wc -l <rows)" -eq "$(jq .rows stats)" ]
    run -1 kill -0 "$jobs"
  done
}

@test "more jobs than there may be files open for are fewer jobs" {
  local tool limit
  make_long
  for tool in $(one_in 2 cs-funnel cs-parse); do
    $tool long.ndjson >one
    for limit in 64 150; do
      (ulimit -n $limit && $tool --jobs=200 long.ndjson) >many
      cmp one many
    done
  done
}

@test "lines in rejects are counted from the file's beginning" {
  cs-funnel --jobs=2 --rejects=rejects "$TRAFFIC" >/dev/null
  jq -r '"\(.line)\t\(.raw // "" | .[0:20])"' rejects | tail -1 >last
  line=$(cut -f1 last)
  [ "$line" -gt $((COUNT / 2)) ]
  [[ "$(sed -n "${line}p" "$TRAFFIC" | tr -d '\0')" == "$(cut -f2 last)"* ]]
}

@test "a last line without its newline is torn, or counts, as with one job" {
  head -c -1 "$TRAFFIC" >whole.ndjson
  head -c -30 "$TRAFFIC" >torn.ndjson
  same cs-funnel whole.ndjson
  same cs-funnel torn.ndjson
}

@test "so are logs" {
  "$BATS_TEST_DIRNAME/bench/text/access-log" "$COUNT" >log
  sed -i '1~7s/^[^ ]*/&, 10.0.0.1/; 1~1000s/GET/"/; $s/.....$//' log
  same cs-parse --from=combined log
  same cs-parse log log
  [ -s rejects.1 ]
  same cs-parse --log-format=combined log
}

@test "CSV is the same bytes with any number of jobs, whatever stands where it is cut" {
  local seed
  for seed in $(one_in 5 3 1 2 9 15); do
    "$BATS_TEST_DIRNAME/dirty-csv" "$seed" >dirty.csv
    same cs-parse dirty.csv
    same cs-parse --from=csv --comment='#' --repair=utf8 --where='.session_id != "s5"' dirty.csv
  done
  "$BATS_TEST_DIRNAME/dirty-csv" 8 tsv >dirty.tsv
  same cs-parse --no-quotes dirty.tsv
  same cs-parse dirty.tsv
}

@test "so is CSV whose cuts are inside a field in which records stand" {
  # Whoever begins to read inside the field finds nothing but good records, up to its end.
  local row='2026-01-01T00:00:00Z,page_view,s1' inside
  inside=$(rounds 60000)
  {
    echo event_time,event_type,session_id,note
    for _ in 1 2 3; do
      printf '%s,"\n' "$row"
      yes "$row,inside" | head -n "$inside"
      printf '"\n%s,outside\n' "$row"
    done
  } >field.csv
  same cs-parse field.csv
  jq -e '.used == 6 and .rejected == 0' stats.1
  tr -d '"' <field.csv >lines.csv
  same cs-parse lines.csv
  jq -e --argjson inside "$inside" '.used == 3 * $inside + 6 and .rejected == 0' stats.1
}

@test "so are several files of CSV, each with columns of its own" {
  local i
  for i in 1 2 3; do
    "$BATS_TEST_DIRNAME/dirty-csv" "$i" >"$i.csv"
    printf 'user_id;event_time;event_type\nu%d;2026-01-01T00:00:00Z;a\n' "$i" >"small$i.csv"
  done
  same cs-parse small1.csv 1.csv small2.csv small3.csv 2.csv 3.csv small1.csv
  { echo sep=';' && cat small1.csv && yes 'u9;2026-01-01T00:00:00Z;"b;c"' | head -n "$(rounds 200000)"; } >excel.csv
  { echo An export && echo && cat small1.csv && yes 'u9;2026-01-01T00:00:00Z;b' | head -n "$(rounds 200000)"; } >preamble.csv
  same cs-parse 1.csv excel.csv
  same cs-parse --preamble --delimiter=';' preamble.csv small1.csv preamble.csv
  same cs-parse --header=event_time,event_type,user_id,x,y --from=csv 1.csv
  cs-parse --jobs=3 --preamble --delimiter=';' preamble.csv 2>messages >rows
  [ "$(grep -c 'line before the header line was skipped' messages)" -eq 1 ]
}

@test "standard input, a compressed file and framed input are read by one job" {
  gzip -c "$TRAFFIC" >traffic.gz
  cs-funnel "$TRAFFIC" >expected 2>/dev/null
  cs-funnel --jobs=2 traffic.gz 2>/dev/null | cmp - expected
  cs-funnel --jobs=2 <"$TRAFFIC" 2>/dev/null | cmp - expected
  awk '{ print "0\t" NR "\t" $0 }' "$TRAFFIC" >framed
  cs-funnel --jobs=2 framed 2>/dev/null | cmp - expected
}

# build_hours: six compressed files, each of which goes on where the one before ends; of every second line where there are
# many, for they are read by many a tool. (Of fewer a range would be several.)
build_hours() {
  awk -v apart=$((COUNT > 20000 ? 2 : 1)) 'NR % apart == 0' "$TRAFFIC" >hours
  split --number=l/6 --numeric-suffixes --additional-suffix=.ndjson hours hour
  gzip -k hour0?.ndjson
}

# half FILE: as far as its middle.
half() { head -c $(($(wc -c <"$1") / 2)) "$1"; }

# alike TOOL ARGS...: everything that can be seen of a run with one job and with several.
alike() {
  local jobs status
  for jobs in 1 "${tried[@]}"; do
    status=0
    "$@" --jobs=$jobs --stats=stats.json --rejects="rejects.$jobs" --late="late.$jobs" >"rows.$jobs" 2>"err.$jobs" ||
      status=$?
    echo "exit $status" >>"err.$jobs"
    shared_counters stats.json >"stats.$jobs"
    cmp rows.1 "rows.$jobs"
    cmp rejects.1 "rejects.$jobs"
    cmp late.1 "late.$jobs"
    cmp stats.1 "stats.$jobs"
    diff err.1 "err.$jobs"
  done
}

# decompressors WANTED TOOL ARGS...: how many processes of the tool have begun a decompressor, which waits for those that are
# wanted: a job alone is through with small files before the next one has begun.
decompressors() {
  local tool
  mkdir -p bin
  : >parents
  cat >bin/igzip <<END
#!/bin/sh
echo \$PPID >>"$PWD/parents"
tries=0
until [ \$("$(command -v sort)" -u "$PWD/parents" | "$(command -v wc)" -l) -ge $1 ] || [ \$((tries += 1)) -gt 3000 ]; do
  "$(command -v sleep)" 0.01
done
exec "$(command -v gzip)" "\$@"
END
  chmod +x bin/igzip
  tool=$(command -v "$2")
  PATH="$PWD/bin" "$tool" "${@:3}" >/dev/null 2>err
  sort -u parents | wc -l
}

@test "compressed files one after the other are the same bytes, each decompressed by the job that reads it" {
  build_hours
  alike cs-parse hour0?.ndjson.gz
  [ -s rejects.1 ]
  alike cs-window --view=product-performance hour0?.ndjson.gz
  alike cs-window --size=10m --slide=30s --by=device_type --agg=n=count --agg='ids=distinct(session_id)' hour0?.ndjson.gz
  alike cs-window --size=10m --agg=n=count -w '.event_type == "search"' hour0?.ndjson.gz
  alike cs-funnel --size=1m hour0?.ndjson.gz
  alike cs-anomaly --size=1m --baseline=10m --all hour0?.ndjson.gz
  alike cs-sessionize --gap=1m hour0?.ndjson.gz
  [ -s rejects.1 ]
  [ -s rows.1 ]
  alike cs-sessionize --gap=5s --max-duration=10s --lateness=3s hour0?.ndjson.gz
  [ -s late.1 ]
  alike cs-abandon --after=3s --until=10m --forget=5s --lateness=3s hour0?.ndjson.gz
  for tool in 'cs-window --size=1m --agg=n=count' 'cs-funnel --size=1m' cs-parse cs-sessionize cs-abandon; do
    # shellcheck disable=SC2086 # several words
    [ "$(decompressors 2 $tool --jobs=2 hour0?.ndjson.gz)" -ge 2 ]
    # shellcheck disable=SC2086
    [ "$(decompressors 1 $tool --jobs=1 hour0?.ndjson.gz)" -eq 1 ]
  done
}

@test "so are files of which some are compressed, some empty, and some very small" {
  build_hours
  gzip -c </dev/null >none.gz
  : >empty
  head -n 3 hour03.ndjson | gzip >few.gz
  tail -n +4 hour03.ndjson >rest
  for tool in cs-parse 'cs-window --size=1m --agg=n=count' 'cs-anomaly --size=1m --baseline=10m --all' \
    'cs-sessionize --gap=1m'; do
    # shellcheck disable=SC2086 # several words
    alike $tool none.gz empty hour00.ndjson.gz hour01.ndjson none.gz hour02.ndjson.gz few.gz rest empty \
      hour04.ndjson.gz hour05.ndjson.gz none.gz
    [ -s rows.1 ]
  done
}

@test "so are compressed files in any order, with late events and with jumps in time" {
  build_hours
  alike cs-window --size=10s --slide=5s --agg=n=count --lateness=3s hour0?.ndjson.gz
  [ -s late.1 ]
  alike cs-window --size=1m --agg=n=count hour0[012345].ndjson.gz hour02.ndjson.gz hour05.ndjson.gz
  alike cs-funnel --size=1m hour05.ndjson.gz hour00.ndjson.gz hour01.ndjson.gz hour02.ndjson.gz
  alike cs-window --size=1m --agg=n=count --lateness=max hour0[54].ndjson.gz hour01.ndjson.gz hour03.ndjson.gz
  # What is far ahead stands at the end of a file, at the beginning of one, and within.
  for at in $(one_in 2 1 $((COUNT / 20)) '$'); do
    sed "${at}s/\"event_time\":\"2026-01/\"event_time\":\"2026-03/" hour02.ndjson | gzip >jump.gz
    alike cs-window --size=1m --agg=n=count hour00.ndjson.gz hour01.ndjson.gz jump.gz hour03.ndjson.gz hour04.ndjson.gz
    alike cs-anomaly --size=1m --baseline=10m --all --max-jump=2m hour00.ndjson.gz jump.gz hour03.ndjson.gz hour05.ndjson.gz
  done
  alike cs-sessionize --gap=30s --max-jump=2m hour00.ndjson.gz jump.gz hour03.ndjson.gz hour05.ndjson.gz
  alike cs-sessionize --gap=30s hour0[012345].ndjson.gz hour02.ndjson.gz hour05.ndjson.gz
  alike cs-abandon --after=3s --until=1m --lateness=max hour0[54].ndjson.gz hour01.ndjson.gz hour03.ndjson.gz
  alike cs-parse --max-jump=1h hour00.ndjson.gz jump.gz hour03.ndjson.gz hour05.ndjson.gz
  alike cs-window --size=1m --agg=n=count --max-jump=0s hour00.ndjson.gz jump.gz hour03.ndjson.gz hour05.ndjson.gz
}

@test "damaged and cut files, and what follows them, are told as with one job, in its order" {
  build_hours
  half hour01.ndjson.gz >cut.gz
  { cat hour02.ndjson.gz && echo junk; } >junk.gz
  cat hour03.ndjson.gz hour04.ndjson.gz >two.gz
  for tool in cs-parse 'cs-window --size=1m --agg=n=count' 'cs-anomaly --size=1m --baseline=10m --all'; do
    # shellcheck disable=SC2086 # several words
    alike $tool hour00.ndjson.gz cut.gz junk.gz two.gz cut.gz hour05.ndjson.gz
    [ "$(grep -c 'is damaged or cut off' err.1)" -eq 2 ]
    grep -q 'junk.gz: something that is not compressed follows' err.1
    grep -q 'exit 1' err.1
  done
}

# with PROGRAM COMMAND...: where igzip is installed, or where gzip's files are undone by zlib.
with() {
  local name
  rm -rf only && mkdir only
  for name in zstd xz ${1/zlib/}; do ln -sf "$(command -v $name)" only/$name; done
  PATH="$PWD/only" "$(command -v "$2")" "${@:3}"
}

@test "so are files compressed by this and that, one damaged and one empty, whatever decompresses them" {
  local program jobs tool status
  for program in zstd xz igzip; do command -v $program || skip "no $program"; done
  build_hours
  zstd -q hour01.ndjson
  xz -0 hour02.ndjson
  half hour03.ndjson.gz >cut.gz
  : >empty.gz
  for tool in cs-parse 'cs-window --size=1m --agg=n=count' 'cs-funnel --size=1m' 'cs-anomaly --size=1m --all' \
    'cs-sessionize --gap=1m' 'cs-abandon --after=3s --until=10m'; do
    for program in zlib igzip; do
      for jobs in 1 "${tried[@]}"; do
        status=0
        # shellcheck disable=SC2086 # several words
        with $program $tool --jobs=$jobs --rejects=rejects hour00.ndjson.gz hour01.ndjson.zst hour02.ndjson.xz empty.gz \
          cut.gz hour04.ndjson hour05.ndjson.gz >rows 2>err || status=$?
        [ "$status" -eq 1 ]
        [ -s rows ]
        [ "$(grep -c 'cut.gz: is damaged or cut off' err)" -eq 1 ]
        [ "$program$jobs" != zlib1 ] || for file in rows rejects err; do cp $file first.$file; done
        for file in rows rejects err; do cmp $file first.$file; done
      done
    done
  done
}

@test "rows of a file that are out before the run has to read it itself are not printed twice" {
  build_hours
  # Rows enough for many writes, then more that is refused than a job may keep.
  { cat hour00.ndjson hour01.ndjson && yes '{"event_time":"never","note":"'"$(printf '%01000d' 0)"'"}' | head -n 20000; } |
    gzip -1 >refused.gz
  alike cs-parse --max-memory=32M refused.gz hour02.ndjson.gz hour03.ndjson.gz refused.gz hour04.ndjson.gz
  cp rows.1 expected
  alike cs-parse --max-memory=32M hour02.ndjson.gz refused.gz refused.gz refused.gz refused.gz hour03.ndjson.gz
  # What an export is taken for is told of each file, in order.
  printf 'event_time,event_type,session_id\n2026-01-01T00:30:00Z,search,a\n' >few.csv
  { cat few.csv && yes 2026-01-01T00:30:00Z,search,b | head -n "$(rounds 100000)"; } | gzip >table.gz
  alike cs-parse table.gz hour02.ndjson.gz table.gz table.gz
  alike cs-parse --from=csv table.gz table.gz table.gz
}

@test "a signal ends a run of compressed files where a row ends, and all that is counted is there" {
  build_hours
  mkfifo slow
  opened rows <slow &
  cs-parse --jobs=3 --stats=stats hour0?.ndjson.gz hour0?.ndjson.gz >slow 2>messages &
  until_true test -s rows
  kill -TERM $!
  : >go
  wait $!
  wait
  [ "$(wc -l <rows)" -eq "$(jq .rows stats)" ]
  zcat hour0?.ndjson.gz hour0?.ndjson.gz | cs-parse 2>/dev/null | head -c "$(wc -c <rows)" | cmp - rows
}

@test "compressed files of other kinds are as with one job, too" {
  build_hours
  awk '{ print "0\t" NR "\t" $0 }' hour02.ndjson | gzip >framed.gz
  printf 'event_time,event_type,session_id\n2026-01-01T00:30:00Z,search,a\n' | gzip >table.gz
  seq "$(rounds 100000)" | gzip >numbers.gz
  for tool in cs-parse 'cs-window --size=1m --agg=n=count'; do
    for other in framed table; do
      # shellcheck disable=SC2086 # several words
      alike $tool hour00.ndjson.gz hour01.ndjson.gz $other.gz hour03.ndjson.gz hour04.ndjson.gz
      # shellcheck disable=SC2086
      alike $tool $other.gz hour01.ndjson.gz hour03.ndjson.gz
    done
  done
  alike cs-window --size=1m --agg=n=count hour00.ndjson.gz numbers.gz hour03.ndjson.gz
  alike cs-window --size=1m --agg=n=count numbers.gz hour03.ndjson.gz
}

@test "what is refused in compressed files is kept by jobs as far as there is memory" {
  [ -z "${QUICK:-}" ] || skip 'sanitized tools need terabytes of address space'
  local refused
  refused='{"event_time":"never","note":"'$(printf '%01000d' 0)'"}'
  build_hours
  yes "$refused" | head -n 100000 | gzip -1 >refused.gz
  cat hour02.ndjson.gz refused.gz >most.gz
  alike cs-window --size=1m --agg=n=count --max-memory=64M hour00.ndjson.gz most.gz hour04.ndjson.gz most.gz hour05.ndjson.gz
  [ "$(wc -c <rejects.1)" -gt 200000000 ]
  rm rejects.* && ulimit -v 200000
  cs-window --size=1m --agg=n=count --max-memory=64M --jobs=3 --rejects=/dev/null hour00.ndjson.gz most.gz hour04.ndjson.gz \
    most.gz hour05.ndjson.gz 2>/dev/null | cmp - rows.1
}

@test "--strict stops at the first bad record all the same" {
  run -1 cs-funnel --jobs=2 --strict "$TRAFFIC"
}

@test "what needs the order of arrival is refused" {
  run -2 cs-funnel --jobs=2 --state=s "$TRAFFIC"
  run -2 cs-funnel --jobs=2 --idle=1s "$TRAFFIC"
  run -2 cs-funnel --jobs=2 --emit=updates "$TRAFFIC"
  [ ! -e s ]
}

@test "a full disk is exit 1 with jobs, too" {
  [ -c /dev/full ] || skip "no /dev/full"
  for tool in cs-parse cs-funnel 'cs-sessionize --gap=1m' cs-abandon; do
    run -1 bash -c "$tool --jobs=2 '$TRAFFIC' >/dev/full 2>/dev/null"
  done
}
