#!/usr/bin/env bats
# --range and --merge-partials: the same bytes as one run, whatever the data, wherever it is cut, in any order.

load helper

setup_file() {
  export A="$BATS_FILE_TMPDIR/a.ndjson" B="$BATS_FILE_TMPDIR/b.ndjson"
  local traffic="${CS_BUILD:-$BATS_TEST_DIRNAME/../build}/traffic"
  "$traffic" --seed=3 --events=3000 --rate=4 --disorder=40s --repeats=1 --malformed=2 --unicode --nulls=3 >"$A"
  "$traffic" --seed=4 --events=2500 --rate=4 --disorder=5s >"$B"
}

setup() { setup_tools; }

# parts N TOOL ARGS...: partials part.1 ... part.N, made in any order.
parts() {
  local k
  rm -f part.*
  for k in $(seq "$1" | shuf); do "${@:2}" --range="$k/$1" --partial="part.$k" || return; done
}

# reported PREFIX TOOL ARGS...: runs it; what it says, and how it ends, in files of that prefix.
reported() {
  local status=0
  "${@:2}" --rejects="$1.rejects" --late="$1.late" --stats="$1.stats" >"$1.rows" 2>"$1.said" || status=$?
  echo "$status" >"$1.status"
  shared_counters "$1.stats" >"$1.counted"
}

# same TOOL ARGS...: of which the last FILES are files: one run, and as many ranges as chance says (up to 12, or 3 with
# sanitizers), merged in an order that chance says. A range that was read again is said, besides.
same() {
  local n what most=12
  ! is_quick || most=3
  n=${N:-$((RANDOM % most + 1))}
  echo "N=$n: $*"
  reported one "$@"
  parts "$n" "$@" || return
  # shellcheck disable=SC2046 # names without blanks
  reported merged "${@:1:$(($# - FILES))}" --merge-partials $(printf '%s\n' part.* | shuf) || return
  sed -i '/ is read again: /d' merged.said
  sed -i '/ is an input twice: /d' one.said # which each range says, and not who merges them
  for what in rows rejects late counted said status; do cmp "one.$what" "merged.$what" || return; done
}

# both TOOL ARGS...: of both files; late events and rejects come by themselves.
both() { FILES=2 same "$@" "$A" "$B"; }
single() { FILES=1 same "$@"; }

@test "how many ids a run of sessions remembers does not depend on how the archive was cut" {
  traffic --events=30000 --seed=3 >many.ndjson
  for N in 2 3 7; do
    FILES=1 same cs-sessionize --detail --gap=1m --remember=5m many.ndjson
  done
  [ "$(jq .keys one.stats)" -gt 0 ]
}

@test "windows of every kind are the same bytes from any ranges in any order" {
  both cs-window --view=product-performance
  [ -s merged.rejects ]
  both cs-window --size=10m --by=device_type --agg='q=quantile(price,0.5)' --agg='u=approx_distinct(session_id)' \
    --agg='t=top(page_url,3)' --agg='s=stddev(price)' --agg='l=list(page_url,4)'
  both cs-window --size=10m --slide=3m --by=device_type --agg=n=count --agg='ids=distinct(session_id)' \
    --agg='f=first(page_url)'
  both cs-window --view=search-analytics --order-by=-search_count --top=3
  both cs-window --size=all --lateness=max --by=session_id --agg=n=count
  both cs-window --size=1d --tz=Europe/Berlin --by=device_type --agg=n=count --format=csv
  N=12 both cs-window --size=10s --slide=5s --agg=n=count --lateness=3s
  [ -s merged.late ]
  both cs-window --size=1h --agg='x=sum(.price | length)' # says which expression failed
}

@test "so are funnels" {
  both cs-funnel
  both cs-funnel --order=ordered --within=30m
  both cs-funnel --lateness=max
}

@test "so are sessions" {
  both cs-sessionize
  both cs-sessionize --detail
  both cs-sessionize --path --gap=5m
  both cs-sessionize --pages --gap=2m
  both cs-sessionize --agg='revenue=sum(.price*.quantity)' --gap=1m --lateness=5s
  both cs-sessionize --gap=none --split-by=session_id,user_id
  # What an expression is asked about is there, whoever asks: libjq wants the whole line, ours where it has no answer.
  both cs-sessionize --agg='depth=sum(.page_url | split("/") | length)' --agg='n=count if .page_url | split("/") | length > 4'
  both cs-sessionize --agg='m=max(.device_type * 2)' --agg='n=count if .event_type != "search" and (.user_id == null | not)'
  both cs-sessionize --split-on=device_type --agg='depth=max(.page_url | split("/") | length)'
}

@test "so are carts" {
  both cs-abandon
  both cs-abandon --transitions
  both cs-abandon --cart
  both cs-abandon --after=10s --until=1h --forget=40s --lateness=10s
  [ -s merged.late ]
  both cs-abandon --after=10s --forget=30s --emptied=purchased
  both cs-abandon --id=user_id --after=20s --forget=40s
  # Where --forget is short a range makes most of the rows itself, and leaves few events to the run.
  parts 3 cs-abandon --after=10s --until=1h --forget=40s "$A"
  [ "$(grep -a -o '"abandoned_at"' part.2 | wc -l)" -gt 5 ]
  parts 3 cs-abandon --after=20s --forget=1d "$A"
  [ "$(grep -a -o '"abandoned_at"' part.2 | wc -l)" -eq 0 ]
}

@test "of a range's sessions the merge knows the place while earlier ranges may have some, and not longer" {
  parts 3 cs-sessionize --gap=5s --lateness=1s "$B"
  cs-sessionize --gap=5s --lateness=1s "$B" >one 2>/dev/null
  # What is open, and where rows stand, is at the end of it, behind them: so many bytes, and its length 24 bytes before the end.
  local rows names bytes
  rows=$(grep -a -o '"session_start"' part.2 | wc -l)
  bytes=$(tail -c 24 part.2 | od -A n -t u8 -N 8 | tr -d ' ')
  names=$(tail -c $((bytes + 200)) part.2 | grep -a -o -F -f <(jq -r .session_id one | sort -u) | wc -l)
  echo "$rows rows, $names names in $bytes bytes"
  [ "$rows" -gt 100 ]
  [ "$names" -gt 0 ]
  [ "$names" -lt $((rows / 2)) ]
}

@test "so are anomalies" {
  both cs-anomaly --size=1m --all --min-baseline=1 --sigma=0
  both cs-anomaly --size=1m --by=device_type --all --baseline=10m
}

@test "an expression that fails is told of as by one run, with its line, by whoever merges" {
  # Two expressions are needed to tell one from the other: addresses say nothing in another process.
  both cs-window --size=1h --by='e=.event_type - 1' --agg='n=sum(.session_id - 1)' --agg='m=max(.page_url | tonumber)'
  local n
  for n in 1 2 5; do
    N=$n single cs-window --size=1h -w '.event_type != null' --agg=n=count --agg='m=max(.event_type - 1)' "$A"
    grep -q "events made an expression fail, first '.event_type - 1' in line [0-9]*: string (\"" merged.said
  done
  single cs-funnel --step='a=.event_type - 1 > 0' --by= "$A"
  single cs-sessionize --agg='m=max(.event_type - 1)' "$A"
  # So is one with several values.
  both cs-window --size=1h --by='b=.page_url | split("/")[3:][]' --agg='m=max(.page_url | split("/")[])'
  grep -q "events had several values for '.page_url | split(\"/\")\[\]', and only the first" merged.said
  single cs-sessionize --agg='m=max(.page_url | split("/")[])' "$A"
}

@test "so is what a run says of values, in one order" {
  # Quantities are judged where carts are made, by whoever merges; prices where lines are read.
  awk '{ sub(/"event_type"/, (NR < 400 ? "\"quantity\":-1" : "\"price\":\"x\"") ",\"kind\":" (NR % 5 ? NR % 4 : "\"1\"") ",&") } 1' "$B" >values
  N=3 single cs-abandon --cart --number=price values
  grep -q ' quantity: .* values are no numbers that a cart can have' merged.said
  grep -q ' price: .* values are no numbers and stayed text' merged.said
  N=3 single cs-window --size=1h --by=kind --agg='n=distinct(kind)' values
  grep -q ' kind: .* values are numbers as text, which are not the same as those numbers' merged.said
}

@test "so are parsed events, of NDJSON, CSV and logs" {
  both cs-parse
  both cs-parse --rename=price=p -w '.event_type == "purchase"'
  both cs-parse --max-jump=1d
  jq -r '[.event_id, .event_time, .event_type, .session_id, .page_url, .price] | @csv' "$B" |
    sed '1i event_id,event_time,event_type,session_id,page_url,price' >c.csv
  { cat c.csv && tail -n +2 c.csv | sed 's,/,\n""x\,,'; } >d.csv
  single cs-parse --from=csv d.csv
  FILES=3 same cs-parse --from=csv c.csv d.csv c.csv
  # Ranges that begin with junk say nothing of it.
  awk '{ print; print "nope"; print "[1]"; print "more,of,it" }' "$B" | head -n 4000 >junk
  N=9 single cs-parse junk
  seq -f '10.0.0.9 - - [05/Jan/2026:10:10:00 +0000] "GET /p/%g HTTP/1.1" 200 5 "-" "x"' 2000 >access.log
  single cs-parse --from=combined access.log
}

# 300,000 groups would take more than 32 MB at once.
@test "groups that all ranges share are merged one at a time, with their ids, in little memory" {
  seq 0 299999 | awk '{ printf "{\"event_time\":\"2026-01-01T%02d:%02d:%02dZ\",\"event_type\":\"v\",\"product_id\":\"%d\",\"session_id\":\"%d\",\"price\":%d}\n",
    $1 / 36000, $1 / 600 % 60, $1 / 10 % 60, $1 * 7919 % 100003, $1 % 1000, $1 % 7 }' >in
  local words=(cs-window --size=all --by=product_id,session_id --agg=n=count --agg='s=distinct(price)' --agg='m=max(price)')
  parts 5 "${words[@]}" in
  "${words[@]}" in >one
  "${words[@]}" --max-memory=32M --merge-partials part.* >merged
  cmp one merged
  run -3 "${words[@]}" --max-memory=32M in
  # In a window of few groups that have many ids, too; and where all are needed at once, as before.
  FILES=1 same cs-window --size=all --agg='s=distinct(session_id)' --agg='p=distinct(product_id)' --by=price in
  N=5 FILES=1 same cs-window --size=all --by=session_id --agg='s=distinct(product_id)' --order-by=-s --top=3 in
}

@test "what lies in partial results is taken when a range has to be read again" {
  { event 2026-01-01T12:00:00Z && event 2026-01-01T12:00:01Z '"k":1' && event 2026-01-01T12:00:01Z '"k":1.0'; } >back
  minutes 0 599 '"k":2,"session_id":"s"' >day
  yes day | head -n 100 | xargs cat >>back
  event 2026-01-01T12:00:02Z '"k":"2"' >>back
  N=4 single cs-window --size=all --lateness=max --by=k --agg=n=count --agg='s=distinct(session_id)'  --agg='l=list(event_id,3)' back
  N=4 single cs-window --size=1d --lateness=1h --by=k --agg=n=count --agg='s=distinct(session_id)' back
  cs-window --size=1d --lateness=1h --by=k --agg=n=count --agg='s=distinct(session_id)' --merge-partials part.* 2>said >rows
  grep 'is read again' said
}

@test "CSV that is cut inside a field in which records stand is read again" {
  {
    echo event_id,event_time,event_type,note
    seq -f 'e%0100g,2026-01-01T00:00:00Z,page_view,' 900
    printf 'e,2026-01-01T00:00:00Z,page_view,"'
    seq -f 'i%0100g,2026-01-01T00:00:00Z,page_view,' 2000
    echo '"'
    seq -f 'f%0100g,2026-01-01T00:00:00Z,page_view,' 900
  } >quoted.csv
  N=5 single cs-parse --from=csv quoted.csv
  [ "$(wc -l <merged.rows)" -eq 1801 ]
  run cs-parse --from=csv --merge-partials part.*
  [[ $output == *"is read again"* ]]
}

@test "compressed files are ranges as a whole" {
  zstd -q "$A" -o a.zst
  gzip -c "$B" >b.gz
  FILES=4 same cs-window --size=10m --by=device_type --agg=n=count a.zst b.gz a.zst b.gz
  FILES=3 same cs-funnel --lateness=max a.zst "$B" b.gz
  # Files that follow each other, and files that do not.
  split -n l/3 "$A" a.
  zstd -q --rm a.aa a.ac
  FILES=3 same cs-sessionize --detail a.aa.zst a.ab a.ac.zst
  FILES=3 same cs-abandon --transitions a.aa.zst a.ab a.ac.zst
  FILES=3 same cs-anomaly --size=1m --all --min-baseline=1 --sigma=0 a.aa.zst a.ab a.ac.zst
  FILES=3 same cs-parse a.aa.zst a.ab a.ac.zst
  N=2 FILES=2 same cs-sessionize b.gz a.aa.zst
  N=2 FILES=2 same cs-abandon b.gz a.aa.zst
  FILES=2 same cs-parse b.gz a.aa.zst
}

@test "so are events with jumps in time, of CSV, logs and compressed files, too" {
  local round often jump
  for round in $(seq "$(rounds 4)"); do
    for often in 0.003 0.05 0.2; do
      jump=$((RANDOM % 100 + 10))s
      echo "seed $round, $often, --max-jump=$jump"
      jumping ndjson 60 $often "$round" 0 >jumps
      jumping csv 60 $often "$round" 0 >jumps.csv
      jumping csv 20 $often "1$round" 0 >more.csv
      rm -f j.*
      split -n "l/$((round % 4 + 2))" jumps j.
      gzip j.*
      cp more.csv plain.csv
      gzip -fk jumps.csv more.csv
      single cs-parse --max-jump=$jump jumps
      FILES=2 same cs-parse --from=csv --max-jump=$jump jumps.csv more.csv
      FILES=3 same cs-parse --from=csv --max-jump=$jump more.csv.gz jumps.csv.gz plain.csv
      FILES=$(printf '%s\n' j.* | wc -l)
      same cs-parse --max-jump=$jump j.*
      same cs-window --size=10s --agg=n=count --max-jump=$jump j.*
      same cs-window --size=10s --agg=n=count --max-jump=$jump --lateness=max j.*
      same cs-sessionize --gap=10s --lateness=1m --max-jump=$jump j.*
      same cs-abandon --after=10s --until=1h --lateness=20s --max-jump=$jump j.*
    done
  done
  jq -r '"10.0.0.9 - - [\(.event_time | strftime("%d/%b/%Y:%T +0000"))] \"GET /p HTTP/1.1\" 200 5 \"-\" \"x\""' jumps >access.log
  N=5 single cs-parse --from=combined --max-jump=20s access.log
}

@test "where a range holds an event at its end the next decides, and else it is taken as it is" {
  at() { printf 'view,%d\n' $((1767225600 + $1)); }
  { echo event_type,event_time && at 0 && at 1 && at 2; } >first.csv
  { echo event_type,event_time && at 3 && at 500 && at 4; } >amid.csv
  { echo event_type,event_time && at 5 && at 500; } >end.csv
  { echo event_type,event_time && at 6 && at 7; } >last.csv
  { echo event_type,event_time && at 501 && at 502; } >on.csv
  gzip -k ./*.csv
  parse() { cs-parse --from=csv --max-jump=1m "$@"; }
  N=9 FILES=3 same parse first.csv.gz amid.csv.gz last.csv.gz
  [ "$(jq -c .rejected_by merged.counted)" = '{"future":1}' ]
  # Nothing has to be read again.
  mkdir gone
  mv ./*.gz gone
  parse --merge-partials part.* | cmp - one.rows
  mv gone/* .
  # The event that is held is refused.
  N=9 FILES=3 same parse first.csv.gz end.csv.gz last.csv.gz
  [ "$(jq -c .rejected_by merged.counted)" = '{"future":1}' ]
  parse --merge-partials part.* 2>&1 >/dev/null | grep 'range ./9 is read again'
  mv last.csv.gz gone
  run -3 parse --merge-partials part.*
  [[ $output == *"range "?"/9 has to be read again"*"last.csv.gz cannot be opened here" ]]
  # It is kept, for time goes on from there, or for the input ends.
  N=9 FILES=3 same parse first.csv.gz end.csv.gz on.csv.gz
  [ "$(jq -c '[.used, .rejected_by]' merged.counted)" = '[7,{}]' ]
  N=9 FILES=2 same parse first.csv.gz end.csv.gz
  [ "$(jq -c '[.used, .rejected_by]' merged.counted)" = '[5,{}]' ]
}

@test "what a range has kept one run might have refused, and the other way round" {
  at() { printf '{"event_type":"view","event_time":%d,"session_id":"s","note":"%s"}\n' $((1767225600 + $1)) "${2:-}"; }
  # Alone, 115 and 105 are both far ahead of 90; behind 100 the second is not, so the first is refused.
  { at 90 && at 100; } | gzip >f1.gz
  { at 90 && at 115 && at 105 && at 106; } | gzip >f2.gz
  N=4 FILES=2 same cs-window --size=10s --agg=n=count --max-jump=10s f1.gz f2.gz
  [ "$(jq -c .rejected_by merged.counted)" = '{"future":1}' ]
  # Alone, 110 is refused because of 90; behind 101 it is not far ahead.
  { at 101 && at 101; } | gzip >f1.gz
  { at 110 && at 90 && at 90; } | gzip >f2.gz
  N=4 FILES=2 same cs-parse --max-jump=10s f1.gz f2.gz
  N=4 FILES=2 same cs-window --size=10s --agg=n=count --max-jump=10s f1.gz f2.gz
  [ "$(jq -c .rejected_by merged.counted)" = "{}" ]
  # The last megabyte before a range does not show how far time has come.
  local wide i
  wide=$(printf 'x%.0s' {1..4000})
  { at 100 && at 100 && for i in {1..600}; do at 50 "$wide"; done && at 115 && at 105; } >low
  N=2 single cs-window --size=10s --agg=n=count --max-jump=10s --lateness=max low
  [ "$(jq -c .rejected_by merged.counted)" = '{"future":1}' ]
}

@test "a compressed file that is cut off, or holds frames, is as in one run" {
  zstd -q "$A" -o a.zst
  head -c 9000 a.zst >cut.zst
  gzip -c "$B" >b.gz
  paste <(seq -f $'t\t0\t%g\t100' 9) <(head -n 9 "$B") | zstd -q >framed.zst
  local tool
  for tool in cs-parse cs-sessionize cs-funnel; do
    FILES=2 same "$tool" cut.zst b.gz
    [ "$(cat merged.status)" -eq 1 ]
    FILES=2 same "$tool" b.gz framed.zst
  done
}

# The last session and the last cart end by --end alone, and with a time before the last event all is refused.
@test "--end is for who merges, and means what it means to one run" {
  parts 3 cs-sessionize --detail "$A"
  cs-sessionize --detail --end=2030-01-01T00:00:00Z "$A" >one 2>/dev/null
  cs-sessionize --detail --merge-partials --end=2030-01-01T00:00:00Z part.* >merged 2>/dev/null
  cmp one merged
  cs-sessionize --detail --merge-partials part.* 2>/dev/null | cmp -s - one && return 1
  parts 3 cs-abandon --after=20m "$A"
  cs-abandon --after=20m --end=2030-01-01T00:00:00Z "$A" >one 2>/dev/null
  cs-abandon --after=20m --merge-partials --end=2030-01-01T00:00:00Z part.* >merged 2>/dev/null
  cmp one merged
  cs-abandon --after=20m --merge-partials part.* 2>/dev/null | cmp -s - one && return 1
  run -1 --separate-stderr cs-abandon --after=20m --merge-partials --end=2020-01-01T00:00:00Z part.*
  [[ $stderr == *"--end: 2020-01-01T00:00:00.000Z is before the last event's time"* ]]
}

@test "files that are empty, or hold little or nothing of use, are as in one run" {
  : >empty
  single cs-funnel empty
  FILES=3 same cs-window --size=1h --agg=n=count empty "$A" empty
  head -n 1 "$B" >first
  N=3 single cs-window --size=1h --agg=n=count first
  printf '{"x":1}\n{"y":2}\nnope\n' >bad
  single cs-window --size=1h --agg=n=count bad
  [ "$(cat merged.status)" -eq 1 ]
  printf '\n\n\n' >blank
  single cs-funnel blank
  FILES=2 same cs-sessionize bad "$A"
  { cat "$A" && printf '{"event_time":"2026'; } >torn
  single cs-window --size=1h --agg=n=count torn
  jq -e '.rejected_by.torn == 1' merged.counted
}

@test "partials are merged where the inputs are not, as long as nothing has to be read again" {
  mkdir here there
  cp "$B" here/b
  (cd here && parts 3 cs-window --size=1h --agg=n=count b)
  cs-window --size=1h --agg=n=count here/b >one
  (cd there && cs-window --size=1h --agg=n=count --merge-partials ../here/part.*) >merged
  cmp one merged
}

@test "a range whose beginning was guessed wrong is read again, or named where that cannot be done" {
  {
    event 2026-01-01T12:00:00Z
    event 2026-01-01T12:00:01Z
    minutes 0 599 >day
    yes day | head -n 100 | xargs cat
  } >back
  N=3 single cs-window --size=10m --agg=n=count back
  cs-window --size=10m --agg=n=count --merge-partials part.* 2>said >rows
  grep 'part.2: range 2/3 is read again' said
  mv back gone
  run -3 cs-window --size=10m --agg=n=count --merge-partials part.*
  [[ $output == *"part.2: range 2/3 has to be read again"*"back cannot be opened here" ]]
}

@test "what is missing, there twice or of something else is exit 3, and named" {
  cp "$A" in
  parts 3 cs-window --size=1h --agg=n=count in
  mv part.2 two
  refused() {
    local why=$1
    run -3 --separate-stderr "${@:2}"
    # shellcheck disable=SC2154 # bats sets it
    echo "$stderr"
    [ -z "$output" ] && [[ $stderr == *"$why"* ]]
  }
  refused 'missing: range 2/3' cs-window --size=1h --agg=n=count --merge-partials part.1 part.3
  refused 'missing: ranges 1/3, 3/3' cs-window --size=1h --agg=n=count --merge-partials two
  refused 'range 1/3 is there twice: part.1 and part.1' cs-window --size=1h --agg=n=count --merge-partials part.1 part.1 part.3
  refused 'no: is not there' cs-window --size=1h --agg=n=count --merge-partials part.1 no part.3
  refused 'part.1: was made with other options: --size' cs-window --size=2h --agg=n=count --merge-partials part.1 two part.3
  refused 'part.1: is a partial result of cs-window' cs-funnel --merge-partials part.1 two part.3
  cs-window --size=1h --agg=n=count --range=2/4 --partial=four in
  refused 'four: is range 2/4, and part.1 is range 1/3' cs-window --size=1h --agg=n=count --merge-partials part.1 four part.3
  cp in other
  cs-window --size=1h --agg=n=count --range=2/3 --partial=foreign other
  refused 'foreign: range 2/3 has other input files than part.1' cs-window --size=1h --agg=n=count --merge-partials part.1 foreign part.3
  event 2026-01-06T00:00:00Z >>in
  cs-window --size=1h --agg=n=count --range=2/3 --partial=grown in
  refused "grown: range 2/3 is of another 'in' than part.1: its size" cs-window --size=1h --agg=n=count --merge-partials part.1 grown part.3
  sed '1s/ 3$/ 2/' part.1 >old
  refused "old: is of another format than this version's: make it again" cs-window --size=1h --agg=n=count --merge-partials old
  refused 'in: is damaged, or no partial result' cs-window --size=1h --agg=n=count --merge-partials in
}

@test "a partial that was cut at any byte, or of which any byte was changed, is refused" {
  event 2026-01-01T00:00:00Z >in
  parts 1 cs-window --size=1h --agg=n=count in
  local size at step
  step=$(stride 41)
  size=$(stat -c %s part.1)
  for ((at = 0; at < size; at += step)); do
    head -c "$at" part.1 >"cut"
    run -3 cs-window --size=1h --agg=n=count --merge-partials cut
    [[ $output == *'cut: is damaged'* ]]
    { head -c "$at" part.1 && head -c $((at + 1)) part.1 | tail -c 1 | tr '\000-\377' '\001-\377\000' && tail -c +$((at + 2)) part.1; } >flipped
    [ "$(stat -c %s flipped)" -eq "$size" ]
    run -3 cs-window --size=1h --agg=n=count --merge-partials flipped
    [[ $output == *'flipped: is damaged'* ]]
  done
  cs-window --size=1h --agg=n=count --merge-partials part.1
}

# An expression that takes long: it is still at work when a signal comes.
slow() { exec cs-window --size=1h --agg=n=count -w '[range(30000)] | length > 0' --range=1/2 --partial=part.1 "$A" 3>&-; }
begun() { compgen -G 'part.1.??????' >/dev/null; }

@test "a process that is killed leaves no partial, and one that was there stays as it was" {
  slow &
  local pid=$!
  until_true begun
  kill -KILL "$pid"
  wait "$pid" || true
  [ ! -e part.1 ]
  rm -f part.1.*
  echo before >part.1
  slow 2>said &
  pid=$!
  until_true begun
  kill -TERM "$pid"
  local status=0
  wait "$pid" || status=$?
  [ "$status" -eq 1 ]
  grep 'stopped by a signal' said
  [ "$(cat part.1)" = before ]
  run ! begun
}

@test "a partial goes to standard output, too; a full disk is exit 1 and leaves nothing" {
  cs-funnel --range=1/2 --partial=- "$A" >one
  cs-funnel --range=2/2 --partial=- "$A" | cat >two
  cs-funnel --merge-partials two one >merged
  cs-funnel "$A" >rows 2>/dev/null
  cmp rows merged
  [ "$(cs-funnel --range=1/2 --partial=p "$A" && stat -c %a p)" = 600 ]
  run -1 bash -c 'cs-funnel --merge-partials two one >/dev/full'
  # shellcheck disable=SC2016 # $A is for that shell
  run -1 bash -c 'cs-funnel --range=1/2 --partial=- "$A" >/dev/full'
  run -2 cs-funnel --range=1/2 --partial=/dev/full "$A"
  run -1 cs-funnel --range=1/2 --partial=no/such/p "$A"
}

@test "what does not go with ranges is exit 2, and named" {
  refused() {
    local why=$1
    run -2 --separate-stderr "${@:2}"
    # shellcheck disable=SC2154 # bats sets it
    echo "$stderr"
    [[ $stderr == *"$why"* ]]
    [ ! -e p ]
  }
  refused '--range=K/N and --partial=FILE go together' cs-funnel --range=1/2 "$A"
  refused '--range=K/N and --partial=FILE go together' cs-funnel --partial=p "$A"
  refused '--range: must be K/N' cs-funnel --range=1 --partial=p "$A"
  refused '--range: K is 1 to N' cs-funnel --range=3/2 --partial=p "$A"
  refused '--range: K is 1 to N' cs-funnel --range=0/2 --partial=p "$A"
  refused '--merge-partials merges what --range has made' cs-funnel --range=1/2 --partial=p --merge-partials "$A"
  refused '--merge-partials: which files?' cs-funnel --merge-partials
  local option
  for option in --state=s --idle=1s --emit=updates --jobs=2; do
    refused "--range does not go with ${option%%=*}" cs-funnel --range=1/2 --partial=p "$option" "$A"
    refused "--merge-partials does not go with ${option%%=*}" cs-funnel --merge-partials "$option" "$A"
  done
  for option in --rejects=r --late=l --output=o --stats --progress --end=2026-02-01T00:00:00Z; do
    refused "--range does not go with ${option%%=*}: give it to --merge-partials" cs-funnel --range=1/2 --partial=p "$option" "$A"
  done
  refused '--range does not go with --merge: ' cs-sessionize --merge --range=1/2 --partial=p "$A"
  refused '--merge-partials does not go with --merge: ' cs-sessionize --merge --merge-partials "$A"
  refused '--split: writes whole files in one pass: not with --range' \
    cs-parse --split=2:session_id --split-dir=d --range=1/2 --partial=p "$A"
  refused '--split: writes whole files in one pass: not with --merge-partials' \
    cs-parse --split=2:session_id --split-dir=d --merge-partials "$A"
  for option in --dedup=1h --strict --interleave --pad --format=table; do
    refused "--range:" cs-funnel --range=1/2 --partial=p "$option" "$A"
    [[ $stderr == *"${option%%=*}"* || $stderr == *table* ]]
  done
  refused 'standard input is no regular file' cs-funnel --range=1/2 --partial=p <"$A"
  mkfifo fifo
  # Opened both ways, so that nobody waits for a writer.
  refused 'fifo is no regular file' cs-funnel --range=1/2 --partial=p fifo 5<>fifo
  refused 'has frames' cs-funnel --range=1/2 --partial=p --input=kcat "$A"
  zstd -q "$A" -o a.zst
  refused 'a.zst: is compressed, and with --max-ahead the first' cs-parse --max-ahead=1d --range=1/2 --partial=p a.zst
  printf 'event_type,event_time\nview,1767225600\n' >c.csv
  refused 'with --max-ahead the first' cs-parse --from=csv --max-ahead=1d --range=1/2 --partial=p c.csv
  event 2026-01-01T00:00:00Z | iconv -f utf-8 -t utf-16 >wide
  refused 'wide: is not in UTF-8' cs-funnel --range=1/2 --partial=p wide
  refused 'takes the input as a whole' cs-identify --range=1/2 --partial=p "$A"
  refused 'takes the input as a whole' cs-funnel --order=ordered --drops --range=1/2 --partial=p "$A"
}
