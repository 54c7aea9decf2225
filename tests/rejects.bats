#!/usr/bin/env bats
# What is refused or late: named, counted, kept, and never lost.
# shellcheck disable=SC2016,SC2086,SC2089,SC2090,SC2094,SC2154 # commands in variables are several words; bats sets stderr

load helper

setup() { setup_tools; }

# refused TOOL ARGS... <input: reason and line of each, as "not-json:1 torn:2 ".
refused() {
  counted "$1" --rejects=rejects "${@:2}" >rows || return
  jq -r '"\(.reason):\(.line)"' rejects | tr '\n' ' '
}

@test "every reason has its name, and says file and line" {
  {
    printf '%s\n' '{"event_type":"x","event_time":1767225600}' nonsense '[1]'
    printf '{"a":"\xff"}\n'
    printf '{"a":%s1%s}\n' "$(printf '[%.0s' {1..256})" "$(printf ']%.0s' {1..256})"
    printf '%s\n' '{"event_type":"x"}' '{"event_type":"x","event_time":"yesterday"}' '{"event_time":1767225600}' \
      '{"event_type":"x","event_time":1767225600,"user_id":[1]}' '{"event_type":"x","event_time":"9000-01-01T00:00:00Z"}'
    printf '{"event_type":"x","event_ti'
  } >in
  [ "$(refused cs-parse --from=ndjson --max-ahead=1h in)" = 'not-json:2 not-an-object:3 bad-utf8:4 too-deep:5 no-time:6 bad-time:7 no-type:8 bad-member:9 future:10 torn:11 ' ]
  [ "$(jq -r .input rejects | sort -u)" = in ]
  [ "$(refused cs-parse --from=ndjson --max-ahead=1h - <in | wc -w)" -eq 10 ]
  [ "$(jq -r .input rejects | sort -u)" = 'standard input' ]
  [ "$(jq -c '[.rejected_by | length, add]' stats.json)" = '[10,10]' ]
  printf 'event_type,event_time\nx,1767225600\nx\n' >csv
  [ "$(refused cs-parse --from=csv csv)" = 'bad-columns:3 ' ]
  printf '{"event_type":"x","event_time":1767225600}\n' >one
  [ "$(refused cs-parse --map='error("no")' one)" = 'map-error:1 ' ]
  [ "$(refused cs-sessionize one)" = 'no-id:1 ' ]
  printf '0\t1\n' >frame
  [ "$(refused cs-window --size=1h --agg=n=count --input=kcat frame)" = 'bad-frame:1 ' ]
}

@test "no tool judges a line otherwise than the others" {
  traffic --events=3000 --malformed=10 --unicode --extras >in
  refused cs-window --size=1h --agg=n=count in >want
  jq -c . rejects >want.rejects
  [ "$(wc -l <want.rejects)" -gt 100 ]
  for tool in 'cs-funnel' 'cs-window --size=5m --by=device_type --agg=s=sum(.price)' 'cs-anomaly' 'cs-sessionize' 'cs-abandon'; do
    refused $tool in >out
    jq -c 'select(.reason != "no-id")' rejects | cmp - want.rejects
  done
  refused cs-parse --from=ndjson in >out
  jq -c 'select(.reason != "no-type")' rejects | cmp - want.rejects
}

@test "a rejected line is kept as it came" {
  { minutes 1 1 && printf '{"a":"tab\there \\u00e9 \xc3\xa9",}\r\n' && minutes 2 2; } >in
  tally --rejects=rejects in >total
  [ "$(jq -r .raw rejects)" = "$(printf '{"a":"tab\there \\u00e9 \xc3\xa9",}')" ]
  [ "$(jq -c 'keys_unsorted' rejects)" = '["reason","detail","input","line","partition","offset","raw"]' ]
  [ "$(jq -c '[.partition, .offset]' rejects)" = '[null,null]' ]
}

@test "what is not UTF-8 is kept as base64" {
  { printf '{"a":"\xff\0\xfe"}\n' && printf 'x\x80\n' && printf '\xe2\x82\xacx\n'; } >in
  tally --rejects=rejects in >total
  jq -r 'select(.line == 1) | .raw_base64' rejects | base64 -d >one
  printf '{"a":"\xff\0\xfe"}' | cmp - one
  [ "$(jq -c '[has("raw"), has("raw_base64")]' rejects | tr '\n' ' ')" = '[false,true] [false,true] [true,false] ' ]
  # Every length of a group of three.
  for i in 1 2 3 4 5; do
    head -c $i /dev/zero | tr '\0' '\377' >bytes
    tally --rejects=rejects bytes >total
    jq -r .raw_base64 rejects | base64 -d | cmp - bytes
  done
}

@test "at most 64 KiB of a line are kept, never half a character" {
  for before in 0 1 2 3; do
    {
      head -c $before /dev/zero | tr '\0' x
      yes 😀 | head -n 20000 | tr -d '\n'
      echo
    } >in
    tally --rejects=rejects in >total
    [ "$(jq -c '[.raw_truncated, has("raw"), (.raw | utf8bytelength) > 65500]' rejects)" = '[true,true,true]' ]
  done
  { head -c 65536 /dev/zero | tr '\0' x && echo; } >in
  tally --rejects=rejects in >total
  [ "$(jq -c '[.raw_truncated, (.raw | length)]' rejects)" = '[null,65536]' ]
}

@test "without --rejects the first few are named and the rest are counted" {
  for i in {1..20}; do echo nonsense; done >in
  tally in 2>err >total
  [ "$(grep -c 'cs-window: in:[0-9]*: rejected: not-json' err)" -eq 5 ]
  [ "$(wc -l <err)" -eq 7 ]
  grep -q -- '--rejects=FILE' err
  [ "$(tail -n 1 err)" = 'cs-window: 0 of 20 records could be used (20 not-json)' ]
  [ "$(fate rejected)" -eq 20 ]
}

@test "late events go to --late, each with its reason" {
  { minutes 1 1 && minutes 200 201 && minutes 2 3 && minutes 202 202; } >in
  [ "$(tally --late=late in)" -eq 4 ]
  [ "$(jq -c '[.reason, .line, .input]' late | tr '\n' ' ')" = '["late",4,"in"] ["late",5,"in"] ' ]
  [ "$(jq -r '.raw | fromjson | .event_time' late | head -n 1)" = 2026-01-01T00:02:00Z ]
  grep -q 2026-01-01T03:20:30.000Z late
  tally in 2>err >total
  [ "$(grep -c ': late: ' err)" -eq 2 ]
  # One file for both.
  echo nonsense >>in
  tally --late=both --rejects=both in >total
  [ "$(jq -r .reason both | sort | tr '\n' ' ')" = 'late late not-json ' ]
}

@test "an event late for some of its windows is used, and the windows are counted" {
  { minutes 0 0 && minutes 59 59 && minutes 65 65 && minutes 31 31; } >in
  counted cs-window --size=1h --slide=30m --agg=n=count --lateness=0 in >rows
  [ "$(fate late)" -eq 0 ]
  [ "$(fate late_windows)" -eq 1 ]
  [ "$(jq .n rows | tr '\n' ' ')" = '1 2 3 1 ' ]
}

@test "--strict ends with exit 1 at the first, after everything before it" {
  { minutes 1 100 && echo nonsense && minutes 101 200; } >in
  run -1 --separate-stderr cs-parse --strict --rejects=rejects in
  [ "${#lines[@]}" -eq 100 ]
  [ "$(jq -r .line rejects)" = 101 ]
  [ "$stderr" = 'cs-parse: --strict: stopped at the first refused or late record' ]
  { minutes 200 200 && minutes 1 1; } >in
  run -1 cs-window --size=1m --agg=n=count --strict --late=late in
  [ "$(wc -l <late)" -eq 1 ]
  minutes 1 100 >in
  run -0 cs-window --size=1h --agg=n=count --strict in
}

@test "files for rejects are cut at the start, and are there even when nothing was refused" {
  echo old >rejects
  echo old >late
  minutes 1 3 | tally --rejects=rejects --late=late >total
  [ ! -s rejects ] && [ -f rejects ]
  [ ! -s late ] && [ -f late ]
}

@test "every record meets one fate, whatever the tool and the input" {
  traffic --events=1500 --malformed=5 --repeats=5 --disorder=60s --nulls=5 --unicode --extras --seed=9 >in
  traffic --events=1500 --malformed=5 --repeats=5 --disorder=60s --nulls=5 --partitions=4 --seed=9 >framed
  traffic --events=1000 --malformed=5 --repeats=5 --csv >csv
  for shared in '' '--lateness=1s --late=late --max-jump=1s' '--where=.device_type=="mobile" --dedup=1h'; do
    for tool in cs-parse 'cs-parse --map=.,.' 'cs-window --size=1m --agg=n=count' cs-sessionize cs-funnel cs-abandon cs-anomaly cs-identify; do
      counted $tool $shared --rejects=rejects in >out 2>err
      [ "$(fate read)" -gt 1500 ]
      counted $tool $shared --rejects=rejects framed >out 2>err
    done
    counted cs-parse --from=csv $shared csv >out 2>err
  done
}

@test "a record that --map makes several events of is counted once" {
  # Half of them too late, some held by --max-jump, one refused.
  {
    echo '{"t":["2026-01-01T00:00:00Z","2026-01-01T00:00:01Z"]}'
    echo '{"t":["2026-03-01T00:00:00Z","2026-01-01T00:00:02Z"]}'
    echo '{"t":["2026-03-01T00:00:00Z"]}'
    echo '{"t":["x","2026-01-01T00:00:03Z"]}'
    echo '{"t":[]}'
    echo '{"t":["2026-03-01T00:00:00Z"]}'
  } >in
  counted cs-parse --map='.t[] as $t | {event_type: "x", event_time: $t}' --max-jump=1d --rejects=rejects in >out
  [ "$(fate read)" -eq 6 ]
  [ "$(fate produced)" -eq "$(wc -l <out)" ]
  [ "$(fate rejected)" -ge 2 ]
  [ "$(fate filtered)" -eq 1 ]
}

@test "nothing that was read reaches standard error raw" {
  printf '{"a":"\x1b[31mred\x07"}\n\x1b]0;title\x07\n\xc2\x9b\n' >$'na\x1bme'
  traffic --events=2000 --malformed=50 --unicode >>$'na\x1bme'
  cs-window --size=1h --agg=n=count $'na\x1bme' >rows 2>err
  run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' err
  grep -qF 'na\x1bme' err
  cs-parse $'na\x1bme' --rejects=rejects >rows
  run ! grep -qP '[\x00-\x09\x0b-\x1f\x7f]' rejects
  run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' rows
}

@test "--stats gives JSON on standard error, in a file, or as Prometheus text" {
  { minutes 1 3 && echo nonsense; } >in
  cs-window --size=1h --agg=n=count --rejects=rejects --stats in 2>err >rows
  [ "$(jq -c '[.tool, .read, .rejected, .used, .rows]' err)" = '["cs-window",4,1,3,1]' ]
  cs-window --size=1h --agg=n=count --rejects=rejects --stats=s.prom in >rows
  grep -qx 'clickstream_read_total{tool="cs-window"} 4' s.prom
  grep -qx 'clickstream_rejected_by_reason_total{tool="cs-window",reason="not-json"} 1' s.prom
  [ "$(grep -c '^# TYPE' s.prom)" -eq "$(grep -c '^# HELP' s.prom)" ]
  grep -qx "clickstream_bytes_total{tool=\"cs-window\"} $(stat -c %s in)" s.prom
  grep -q '^clickstream_lateness_enough_seconds{tool="cs-window"} ' s.prom
  # Every number of the JSON is there, a tool's own ones too.
  cs-parse --stats=p.prom in 2>/dev/null >events
  cs-parse --stats=p.json in 2>/dev/null >events
  jq -r 'to_entries[] | select(.value | type == "number") | "\(.key) \(.value)"' p.json | while read -r name value; do
    grep -qE "^clickstream_$name(_total|_bytes)?\{tool=\"cs-parse\"\} $value\$" p.prom || { echo "$name" && return 1; }
  done
  grep -q '^clickstream_produced_total{' p.prom
  # A device is written to, not replaced.
  ln -s /dev/null device
  cs-window --size=1h --agg=n=count --rejects=rejects --stats=device in >rows
  [ -L device ]
}

# counters_show PID USED: asks for the counters, into the file now; have so many been used?
counters_show() {
  kill -USR1 "$1"
  until_true test -s now
  [ "$(jq .used now)" = "$2" ]
}

@test "SIGUSR1 shows the counters so far, and the run goes on without haste" {
  mkfifo in
  cs-window --size=1h --agg=n=count --stats=now in >rows &
  exec 4>in
  minutes 1 3 >&4
  until_true counters_show "$!" 3
  conserved now
  rm now
  sleep 0.5
  [ "$(awk '{ print $14 + $15 }' /proc/$!/stat)" -lt 20 ]
  kill -USR1 $!
  until_true test -s now
  exec 4>&-
  wait
  [ "$(jq .n rows)" -eq 3 ]
}

@test "a held event is in no count until it is judged" {
  mkfifo in
  cs-window --size=1h --agg=n=count --stats=now in >rows &
  exec 4>in
  minutes 1 1 >&4
  until_true counters_show "$!" 0
  conserved now
  exec 4>&-
  wait
  conserved now
  [ "$(jq .used now)" -eq 1 ]
}

# --- --repair: what is nearly right

@test "--repair=utf8 puts U+FFFD where Python does, in every format, and counts the records" {
  python3 - <<'END'
import random
random.seed(7)
pieces = [b'\xf0\x9f\x98\x80', b'\xc3\xa9', b'\xe2\x82\xac', b'a', b'\x80', b'\xff', b'\xf0\x9f\x98', b'\xe2\x82', b'\xc3',
          b'\xed\xa0\x80', b'\xe0\x80', b'\xf4\x90', b'\xc0\xaf', b'\xf0\x80\x80', b'\xed\x9f', b'\xf4\x8f\xbf']
with open('in.json', 'wb') as json, open('in.csv', 'wb') as csv, open('wanted', 'w', encoding='utf-8') as wanted:
    csv.write(b'event_time,event_type,a\n')
    for _ in range(500):
        text = b''.join(random.choices(pieces, k=random.randrange(1, 8)))
        json.write(b'{"event_time":1767225600,"event_type":"t","a":"' + text + b'"}\n')
        csv.write(b'1767225600,t,' + text + b'\n')
        wanted.write(text.decode('utf-8', 'replace') + '\n')
END
  for file in in.json in.csv; do
    counted cs-parse --repair=utf8 $file >out
    jq -r .a out | cmp - wanted
    [ "$(jq .rejected stats.json)" -eq 0 ]
    run -0 cs-parse --rejects=/dev/null --stats=refused.json $file
    [ "$(jq .repaired stats.json)" -eq "$(jq .rejected refused.json)" ]
    cs-parse --repair=utf8 --jobs=2 $file | cmp - out
  done
  # A stream of JSON, a log, a map, and a last line cut off behind the beginning of a character.
  [ "$(printf '[{"event_time":1767225600,\n"event_type":"t\xf0\x9f"}]' | cs-parse --from=json --repair=utf8 | jq -r .event_type)" = $'t\xef\xbf\xbd' ]
  [ "$(printf '1.2.3.4 - - [01/Jan/2026:10:00:00 +0000] "GET /\xe9 HTTP/1.1" 200 1 "-" "U"\n' | cs-parse --repair=utf8 | jq -r .page_url)" = $'/\xef\xbf\xbd' ]
  [ "$(printf '{"event_time":1767225600,"t":"\xe9"}\n' | cs-parse --repair=utf8 --map='.event_type = .t' | jq -r .event_type)" = $'\xef\xbf\xbd' ]
}

@test "--repair=utf8 mends half of a surrogate pair, and leaves whole ones as they are" {
  printf '%s\n' '{"event_time":1767225600,"event_type":"\ud83d","a":"\ud83d\ude00 \ude00 \ud83d\ud83d\ude00 \\ud83d \u00e9"}' >in
  run -0 cs-parse --repair=utf8 in
  [[ $output == *$'"event_type":"\xef\xbf\xbd"'* ]]
  [[ $output == *$'"a":"\\ud83d\\ude00 \xef\xbf\xbd \xef\xbf\xbd\\ud83d\\ude00 \\\\ud83d \\u00e9"}' ]]
  [ "$(cs-parse --rejects=/dev/null --stats in 2>&1 >/dev/null | jq .rejected)" -eq 1 ]
}

@test "--repair=escapes reads what nginx and Apache write into JSON" {
  printf '%s\n' '{"event_time":1767225600,"event_type":"t","a":"say \x22hi\x22 \x5C \xC3\xA9 \xE9\x41 \\x22 C:\dir \x0A\n \u00e9 \xZZ"}' \
    '{"event_time":1767225600,"event_type":"t","a":"as it is"}' >in
  counted cs-parse --repair=escapes in >out
  [ "$(jq -c '[.repaired,.rejected]' stats.json)" = '[1,0]' ]
  jq -r .a out >got
  printf '%s\n' 'say "hi" \ é \xE9A \x22 C:\dir ' '' ' é \xZZ' 'as it is' | cmp - got
  # Text is no JSON: there a backslash is one.
  [ "$(printf 'event_time,event_type\n1767225600,a\\x22\n' | cs-parse --repair=escapes | jq -r .event_type)" = 'a\x22' ]
  run -2 --separate-stderr cs-parse --repair=utf-8 in
  [ "${stderr_lines[0]}" = "cs-parse: --repair: 'utf-8' is none of utf8, escapes" ]
}

@test "which of the twelve members is an array or an object is said" {
  printf '%s\n' '{"event_time":1767225600,"event_type":"t","user_id":null,"traffic_source":{"name":"}"}}' \
    '{"event_type":[1],"event_time":1767225600,"event_type":"t","user_id":[]}' '{"event_type":[1],"event_time":1767225600,"event_type":"t"}' >in
  for jobs in 1 2; do
    run -0 --separate-stderr cs-parse --jobs=$jobs in
    [ "$stderr" = 'cs-parse: in:1: rejected: bad-member (traffic_source: an array or object where text belongs)
cs-parse: in:2: rejected: bad-member (user_id: an array or object where text belongs)' ]
    [ "$(jq -r .event_type <<<"$output")" = t ]
  done
}
