#!/usr/bin/env bats
# Rows: in which order, with which keys, and when.
# shellcheck disable=SC2119,SC2120,SC2154,SC2015 # commands in variables are several words; bats sets stderr

load helper

setup() { setup_tools; }

shop() {
  {
    event 2026-01-01T00:00:00Z '"p":"b","q":"x\ty","price":3'
    event 2026-01-01T00:00:01Z '"p":"a\"","q":null,"price":2'
    event 2026-01-01T00:00:02Z '"p":"b","q":"x\ty","price":10'
    event 2026-01-01T00:00:03Z '"p":"a#","q":"","price":1'
    event 2026-01-01T00:00:04Z '"p":null,"q":"\u00e9"'
    event 2026-01-01T00:10:00Z '"p":"b","q":"z","price":1'
  }
}

@test "rows come by window, then by group" {
  shop >in
  [ "$(cs-window --size=5m --by=p --agg=n=count in | jq -c '[.p, .n]' | tr '\n' ' ')" = '[null,1] ["a\"",1] ["a#",1] ["b",2] ["b",1] ' ]
}

@test "--key puts one member before the row, as its text with JSON escapes" {
  shop >in
  cs-window --size=5m --by=p,q --agg=n=count --key=q in >rows
  [ "$(cut -f 1 rows | tr '\n' ' ')" = 'é null  x\ty z ' ]
  cut -f 2 rows | cmp - <(cs-window --size=5m --by=p,q --agg=n=count in)
  [ "$(cs-window --size=5m --by=p --agg=n=count --key=n in | cut -f 1 | tr '\n' ' ')" = '1 1 1 2 1 ' ]
  # A row is one line with one tab, whatever is in it.
  [ "$(cs-window --size=5m --by=q,p --agg=n=count --key=p in | awk -F'\t' 'NF != 2' | wc -l)" -eq 0 ]
}

@test "--key of several members is a JSON array" {
  shop >in
  cs-window --size=5m --by=p,q --agg=n=count --key=p,window_start,n in >rows
  cut -f 1 rows | jq -c '.[0], .[2]' | tr '\n' ' ' >got
  [ "$(cat got)" = 'null 1 "a\"" 1 "a#" 1 "b" 2 "b" 1 ' ]
  cut -f 1 rows | jq -e '.[1] | test("^2026-01-01T00:[01]0:00.000Z$")' >/dev/null
  cs-parse --key=event_id,price in | cut -f 1 | head -n 1 | grep -qxF '["e-2026-01-01T00:00:00Z",3]'
  cs-parse --key=q in | cut -f 1 | head -n 1 | grep -qxF 'x\ty'
  [ "$(cs-parse --key=missing in | cut -f 1 | sort -u)" = null ]
}

@test "--key gives each value a key of its own" {
  for p in null '"null"' true '"true"' 1 '"1"' '[1]' '"[1]"' '{"a":1}' '"{\"a\":1}"' '""' '"a"' '"\"a\""' '"-"'; do
    event 2026-01-01T00:00:00Z "\"p\":$p"
  done >in
  printf '%s\n' null '"null"' true '"true"' 1 '"1"' '[1]' '"[1]"' '{"a":1}' '"{\"a\":1}"' '' a '\"a\"' - >keys
  cs-parse --key=p in | cut -f 1 | cmp - keys
  cs-window --size=5m --by=p --agg=n=count --key=p in | cut -f 1 | sort | cmp - <(sort keys)
  cs-window --size=5m --by=p --agg=n=count --key=p --order-by=p in | cut -f 1 | sort | cmp - <(sort keys)
  [ "$(cs-window --size=5m --by=p --agg=n=count --key=p,n in | cut -f 1 | sort -u | wc -l)" -eq 14 ]
  # Equal strings have one key, however they came.
  { event 2026-01-01T00:00:00Z '"p":"\u006eull"'; event 2026-01-01T00:00:00Z '"p":"a\/b"'; } >in
  [ "$(cs-parse --key=p in | cut -f 1 | paste -sd' ')" = '"null" a/b' ]
  [ "$(cs-parse --key=p,q in | cut -f 1 | paste -sd' ')" = '["null",null] ["a/b",null]' ]
}

@test "no control is in a row or its key, whatever is in the events" {
  printf '{"event_type":"t","event_time":"2026-01-01T00:00:00Z","p":\t["\xc2\x85",\r"\x7f\\"",\t1]\t,"q\xc2\x9b":"\xc2\x80"}\n' >in
  printf '{"event_type":"t","event_time":"2026-01-01T00:00:00Z","p": ["\\u0085", "\x7f\\"", 1]}\n' >>in
  p='["\u0085", "\u007f\"", 1]'
  # plain FILE: of C0 only tabs and newlines, of DEL and C1 nothing.
  plain() { LC_ALL=C run ! grep -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"; }
  cs-parse in >rows
  plain rows
  [ "$(jq -c .p rows | uniq -c | awk '{ print $1 }')" = 2 ]
  [ "$(head -1 rows | sed 's/.*"p"/"p"/')" = '"p": '"$p"',"q\u009b":"\u0080"}' ]
  run ! grep -P '\t' rows
  cs-parse --key=p in >rows
  plain rows
  [ "$(cut -f 1 rows | sort -u)" = "$p" ]
  [ "$(awk -F'\t' 'NF != 2' rows | wc -l)" -eq 0 ]
  # What is the same but for blanks and escapes is one group, one session and one value.
  p='["\u0085","\u007f\"",1]'
  [ "$(sed 's/"p"/"session_id":"s",&/' in | cs-sessionize --split-by=session_id,p --key=p | cut -f 1)" = "$p" ]
  cs-window --size=5m --by=p --agg=n=count --agg='f=first(p)' --agg='g=max({p, x: .q})' --key=p in >rows
  plain rows
  [ "$(cat rows)" = "$p"$'\t''{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:05:00.000Z","p":'"$p"',"n":2,"f":'"$p"',"g":{"p":'"$p"',"x":null}}' ]
}

@test "--order-by sorts the rows of a window, ties by the group" {
  shop >in
  window() { cs-window --size=5m --by=p --agg=n=count --agg='s=sum(price)' "$@" in | jq -c '[.p, .n, .s]' | tr '\n' ' '; }
  [ "$(window --order-by=n)" = '[null,1,null] ["a\"",1,2] ["a#",1,1] ["b",2,13] ["b",1,1] ' ] ||
    [ "$(window --order-by=n)" = '[null,1,0] ["a\"",1,2] ["a#",1,1] ["b",2,13] ["b",1,1] ' ]
  [ "$(window --order-by=-n | cut -d' ' -f 1-2)" = "$(window --order-by=-n | cut -d' ' -f 1-2)" ]
  [ "$(cs-window --size=5m --by=p --agg=n=count --order-by=-n in | jq -c '[.p, .n]' | tr '\n' ' ')" = '["b",2] [null,1] ["a\"",1] ["a#",1] ["b",1] ' ]
  # Strings by their bytes, not by their escapes.
  [ "$(cs-window --size=5m --by=p --agg=n=count --order-by=p in | jq -c .p | tr '\n' ' ')" = 'null "a\"" "a#" "b" "b" ' ]
  [ "$(cs-window --size=5m --by=p --agg=n=count --order-by=-p in | jq -c .p | tr '\n' ' ')" = '"b" "a#" "a\"" null "b" ' ]
}

@test "--order-by sorts numbers by value" {
  for price in 10 9 100 -1 1e1 2.5; do event 2026-01-01T00:00:00Z "\"k\":$price"; done >in
  [ "$(cs-window --size=5m --by=k --agg=n=count --order-by=k in | grep -o '"k":[^,]*' | cut -c 5- | tr '\n' ' ')" = '-1 2.5 9 10 1e1 100 ' ]
}

@test "--order-by takes numbers of equal value for a tie, whatever their digits" {
  { event 2026-01-01T00:00:00Z '"g":"a","k":2.0'; event 2026-01-01T00:00:00Z '"g":"b","k":2'; event 2026-01-01T00:00:00Z '"g":"c","k":3'; } >in
  [ "$(cs-window --size=5m --by=g --agg='m=max(k)' --order-by=m in | jq -r .g | tr '\n' ' ')" = 'a b c ' ]
  [ "$(cs-window --size=5m --by=g --agg='m=max(k)' --order-by=-m in | jq -r .g | tr '\n' ' ')" = 'c a b ' ]
}

@test "--top cuts each window's rows, after --order-by" {
  shop >in
  [ "$(cs-window --size=5m --by=p --agg=n=count --order-by=-n --top=2 in | jq -c '[.p, .n]' | tr '\n' ' ')" = '["b",2] [null,1] ["b",1] ' ]
  [ "$(cs-window --size=5m --by=p --agg=n=count --top=1 in | jq -c .p | tr '\n' ' ')" = 'null "b" ' ]
  cs-window --size=5m --by=p --agg=n=count --order-by=-n --top=2 --key=p in | cut -f 1 | tr '\n' ' ' | grep -qx 'b null b '
  cs-window --size=5m --by=p --agg=n=count --top=100 in | cmp - <(cs-window --size=5m --by=p --agg=n=count in)
}

@test "--pad follows each flush with newlines" {
  shop >in
  cs-window --size=5m --by=p --agg=n=count --pad in >padded
  [ "$(grep -c '^$' padded)" -eq 1024 ]
  [ "$(tail -n 1024 padded | tr -d '\n' | wc -c)" -eq 0 ]
  cs-window --size=5m --by=p --agg=n=count --pad=7 in >padded
  [ "$(grep -c '^$' padded)" -eq 7 ]
  grep -v '^$' padded | cmp - <(cs-window --size=5m --by=p --agg=n=count in)
  # Nothing, where nothing was printed.
  [ -z "$(cs-window --size=5m --by=p --agg=n=count --pad </dev/null)" ]
  # Behind every flush of a live run.
  { minutes 0 2 && sleep 0.2 && minutes 3 5; } | cs-window --size=1m --lateness=0 --agg=n=count --pad=3 >padded
  [[ $(uniq -c padded | awk 'NF == 1 { print $1 }' | tr '\n' ' ') =~ ^'3 3 '('3 ')?$ ]]
}

@test "--output holds what standard output would, and is cut at the start" {
  shop >in
  cs-window --size=5m --by=p --agg=n=count in >want
  seq 10000 >out
  cs-window --size=5m --by=p --agg=n=count --output=out in >stdout
  cmp out want
  [ ! -s stdout ]
  cs-window --size=5m --by=p --agg=n=count -o new in
  cmp new want
  run -1 --separate-stderr cs-window --size=5m --agg=n=count -o no/where in
  [ "$stderr" = 'cs-window: no/where: No such file or directory' ]
}

@test "/dev/stdout is standard output, even where that is a file" {
  { minutes 1 2 && echo nonsense && minutes 3 3 && echo again; } >in
  cs-parse --rejects=/dev/stdout in >out
  [ "$(jq -r '.reason // .event_time' out | sort | paste -sd' ')" = \
    '2026-01-01T00:01:00.000Z 2026-01-01T00:02:00.000Z 2026-01-01T00:03:00.000Z not-json not-json' ]
  cs-parse -o /dev/stdout --rejects=rejects in >>out
  [ "$(wc -l <out)" -eq 8 ]
  cs-parse --rejects=/dev/stderr in 2>>out >rows
  [ "$(wc -l <out)" -eq 10 ]
  # What follows counters by a link does not replace the link.
  ln -s target link
  cs-parse --stats=link --rejects=rejects in >rows
  [ -L link ]
  [ "$(jq .read target)" -eq 5 ]
}

@test "a large output is whole" {
  traffic --events=30000 >in
  cs-parse in >file
  cs-parse in | cmp - file
  cs-parse -o out in
  cmp out file
  [ "$(wc -l <file)" -eq 30000 ]
}

@test "what is due comes out at once when the input pauses" {
  mkfifo in
  cs-window --size=1m --lateness=0 --agg=n=count in >rows &
  exec 4>in
  minutes 0 0 >&4
  minutes 1 1 >&4
  until_true test -s rows
  [ "$(wc -l <rows)" -eq 1 ]
  printf '{"event_time":"2026-01-01T00:02:00Z"' >&4 # half an event
  sleep 0.1
  [ "$(wc -l <rows)" -eq 1 ]
  printf '}\n' >&4
  until_true grep -q T00:02:00.000Z rows
  exec 4>&-
  wait
  [ "$(wc -l <rows)" -eq 3 ]
  # cs-parse: every event.
  cs-parse in >rows &
  exec 4>in
  minutes 0 0 >&4
  until_true test -s rows
  exec 4>&-
  wait
}

@test "through a whole pipeline, too" {
  mkfifo in
  cs-parse <in | cs-window --size=1m --lateness=0 --agg=n=count | cat >rows &
  exec 4>in
  minutes 0 1 >&4
  until_true test -s rows
  exec 4>&-
  wait
}

@test "--emit=updates prints changed rows while they change, and the last as final would" {
  mkfifo in
  cs-window --size=1h --by=p --agg=n=count --emit=updates:100ms in >rows &
  exec 4>in
  minutes 0 1 '"p":"a"' >&4
  until_true test -s rows
  minutes 2 2 '"p":"b"' >&4
  until_true grep -q '"p":"b"' rows
  sleep 0.3
  [ "$(jq -c '[.p, .n, .final]' rows | tr '\n' ' ')" = '["a",2,false] ["b",1,false] ' ] ||
    [ "$(jq -c '[.p, .n, .final]' rows | tr '\n' ' ')" = '["a",1,false] ["a",2,false] ["b",1,false] ' ]
  minutes 90 90 '"p":"a"' >&4
  until_true grep -q '"final":true' rows
  exec 4>&-
  wait
  { minutes 0 1 '"p":"a"' && minutes 2 2 '"p":"b"' && minutes 90 90 '"p":"a"'; } |
    cs-window --size=1h --by=p --agg=n=count >want
  grep '"final":true}$' rows | sed 's/,"final":true//' | cmp - want
}

@test "SIGTERM acts as the end of the input, exit 0" {
  mkfifo in
  cs-window --size=1h --agg=n=count --stats=stats.json in >rows &
  exec 4>in
  minutes 0 70 >&4
  # The row of the first hour: all has been read.
  until_true test -s rows
  kill -TERM $!
  wait $! && status=0 || status=$?
  exec 4>&-
  [ "$status" -eq 0 ]
  [ "$(jq .n rows | tr '\n' ' ')" = '60 11 ' ]
  conserved
}

@test "SIGTERM also ends a run that never waits" {
  traffic --events=100000000 2>/dev/null | cs-window --size=1h --agg=n=count --stats=stats.json >rows &
  sleep 0.3
  kill -TERM $!
  wait $!
  conserved
  [ "$(jq -s 'map(.n) | add // 0' rows)" -eq "$(fate used)" ]
}

@test "SIGINT finishes, and then the tool dies of SIGINT" {
  mkfifo in
  env --default-signal=INT cs-window --size=1h --agg=n=count in >rows &
  exec 4>in
  minutes 0 70 >&4
  until_true test -s rows
  kill -INT $!
  wait $! && status=0 || status=$?
  exec 4>&-
  [ "$status" -eq 130 ]
  [ "$(jq .n rows | tr '\n' ' ')" = '60 11 ' ]
}

@test "a decompressor does not get the SIGINT that is for the tool" {
  traffic --events=300000 | gzip -1 >1.gz
  cp 1.gz 2.gz && cp 1.gz 3.gz && cp 1.gz 4.gz
  cat >interrupted <<'EOS'
set -m
env --default-signal=INT cs-window --size=1h --agg=n=count --lateness=max ?.gz >rows 2>err &
until pgrep -P $! >/dev/null; do :; done
kill -INT -- -$!
wait $!
EOS
  run bash interrupted
  [ "$status" -eq 130 ] || [ "$status" -eq 0 ]
  [ ! -s err ]
}

@test "--progress is on standard error, and only there" {
  shop >in
  run -0 --separate-stderr cs-window --size=5m --agg=n=count --progress in
  [ "${#lines[@]}" -eq 2 ]
  # However short the run was.
  [[ $stderr == *' MB, '*' MB/s' ]]
}

@test "a limit on the size of files is a failed write, not a death" {
  traffic --events=5000 >in
  run bash -c 'ulimit -f 1; cs-parse in 2>&1 >rows'
  [ "$status" -eq 1 ]
  [[ $output == 'cs-parse: standard output: '* ]]
}
