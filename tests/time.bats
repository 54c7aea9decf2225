#!/usr/bin/env bats
# Event time: how it is read, and when it moves.
# shellcheck disable=SC2002,SC2086 # commands in variables are several words; bats sets stderr

load helper

setup() { setup_tools; }

# read_as TEXT OPTIONS...: what cs-parse makes of an event_time (JSON text), or the reason it refuses it.
read_as() {
  printf '{"event_type":"x","event_time":%s}\n' "$1" |
    cs-parse "${@:2}" --max-ahead=0 --rejects=rejects | texts event_time
  texts reason rejects
}

@test "RFC 3339 with T or a blank, fractions and zones" {
  while read -r text want; do
    [ "$(read_as "\"${text//_/ }\"")" = "$want" ] || { echo "$text: $(read_as "\"${text//_/ }\"")" && false; }
  done <<'EOT'
2026-01-01T00:10:00Z 2026-01-01T00:10:00.000Z
2026-01-01_00:10:00Z 2026-01-01T00:10:00.000Z
2026-01-01T00:10:00.5Z 2026-01-01T00:10:00.500Z
2026-01-01T00:10:00.123456Z 2026-01-01T00:10:00.123456Z
2026-01-01T00:10:00.1234569Z 2026-01-01T00:10:00.123456Z
2026-01-01T00:10:00.123000999Z 2026-01-01T00:10:00.123Z
2026-01-01T00:10:00+02:00 2025-12-31T22:10:00.000Z
2026-01-01T00:10:00-0130 2026-01-01T01:40:00.000Z
2026-01-01T00:10:00.25+02 2025-12-31T22:10:00.250Z
2026-01-01_00:10:00_UTC 2026-01-01T00:10:00.000Z
2016-12-31T23:59:60Z 2017-01-01T00:00:00.000Z
2024-02-29T00:00:00Z 2024-02-29T00:00:00.000Z
0001-01-01T00:00:00Z 0001-01-01T00:00:00.000Z
9999-12-31T23:59:59.999999Z 9999-12-31T23:59:59.999999Z
EOT
}

@test "what is no time is bad-time" {
  local text
  for text in '' x 2026-01-01 2026-01-01T00:10Z 2026-01-01T24:00:00Z 2026-13-01T00:00:00Z 2026-00-01T00:00:00Z \
    2026-02-29T00:00:00Z 2026-01-32T00:00:00Z 2026-01-01T00:60:00Z 2026-01-01T00:00:61Z 2026-01-01T00:00:00.Z \
    2026-01-01T00:00:00.1234567890Z 2026-01-01T00:10:00 2026-01-01T00:10:00+25:00 2026-01-01T00:10:00+02:60 \
    '2026-01-01T00:10:00Z ' ' 2026-01-01T00:10:00Z' 20260101T001000Z 0000-01-01T00:00:00Z -1 1e9 '1 ' 1.5x; do
    printf '{"event_type":"x","event_time":"%s"}\n' "$text"
  done >bad
  printf '%s\n' '{"event_type":"x","event_time":true}' '{"event_type":"x","event_time":1e30}' >>bad
  counted cs-parse --max-ahead=0 --rejects=rejects bad >out
  [ ! -s out ]
  [ "$(jq -r .reason rejects | sort | uniq -c | tr -s ' ')" = " $(wc -l <bad) bad-time" ]
}

@test "a time that is null, missing or nested has a reason of its own" {
  printf '%s\n' '{"event_type":"x","event_time":null}' '{"event_type":"x"}' '{"event_time":{"s":1}}' >bad
  counted cs-parse --rejects=rejects bad >out
  [ "$(jq -r .reason rejects | tr '\n' ' ')" = 'no-time no-time bad-member ' ]
}

@test "numbers, and text of digits, are seconds to nanoseconds by their size" {
  local text
  for text in 1767226200 '"1767226200"' 1767226200000 '"1767226200000"' 1767226200000000 1767226200000000000 \
    1767226200.0 17672262e2 '"1767226200000000000"'; do
    [ "$(read_as "$text")" = 2026-01-01T00:10:00.000Z ]
  done
  [ "$(read_as 1767226200.5)" = 2026-01-01T00:10:00.500Z ]
  [ "$(read_as 1767226200123.4567)" = 2026-01-01T00:10:00.123456Z ]
  [ "$(read_as 99999999999)" = 5138-11-16T09:46:39.000Z ]
  [ "$(read_as 100000000000)" = 1973-03-03T09:46:40.000Z ]
  [ "$(read_as 100000000)" = 1973-03-03T09:46:40.000Z ]
  [ "$(read_as 99999999)" = bad-time ]
  [ "$(read_as 0)" = bad-time ]
}

@test "--time-unit says what the size cannot" {
  [ "$(read_as 0 --time-unit=s)" = 1970-01-01T00:00:00.000Z ]
  [ "$(read_as -0.5 --time-unit=s)" = 1969-12-31T23:59:59.500Z ]
  [ "$(read_as 1000 --time-unit=ms)" = 1970-01-01T00:00:01.000Z ]
  [ "$(read_as '"1000"' --time-unit=us)" = 1970-01-01T00:00:00.001Z ]
  [ "$(read_as 1999 --time-unit=ns)" = 1970-01-01T00:00:00.000001Z ]
  [ "$(read_as 200000000000 --time-unit=s)" = 8307-10-01T19:33:20.000Z ]
  run -2 cs-parse --time-unit=h
}

@test "text without a zone is bad-time unless --assume-utc" {
  [ "$(read_as '"2026-01-01 00:10:00"')" = bad-time ]
  [[ $(jq -r .detail rejects) == *--assume-utc* ]]
  [ "$(read_as '"2026-01-01 00:10:00"' --assume-utc)" = 2026-01-01T00:10:00.000Z ]
  [ "$(read_as '"2026-01-01T00:10:00.25"' --assume-utc)" = 2026-01-01T00:10:00.250Z ]
  [ "$(read_as '"2026-01-01T00:10:00+01"' --assume-utc)" = 2025-12-31T23:10:00.000Z ]
  [ "$(read_as '"2026-01-01"' --assume-utc)" = bad-time ]
}

@test "every case of tests/cases/times.tsv is read as it says, or refused for what it says" {
  grep -v '^#' "$ROOT/tests/cases/times.tsv" >cases
  [ "$(wc -l <cases)" -gt 80 ]
  cut -f2 cases | sort -u >options
  while IFS= read -r options; do
    awk -F'\t' -v options="$options" '$2 == options' cases >some
    awk -F'\t' '{ printf "{\"event_type\":\"x\",\"event_time\":%s}\n", $1 }' some >in
    cs-parse $options --rejects=rejects in >out
    # By line: what was read, and what was refused.
    { jq -r '"\(.line)\t\(.detail | sub("^event_time "; ""))"' rejects &&
      awk 'NR == FNR { refused[$1]; next } !(FNR in refused) { print FNR }' <(echo 0 && jq .line rejects) in |
        paste - <(texts event_time out); } | sort -n | cut -f2 >got
    diff <(cut -f3 some) got
  done <options
}

@test "a table in clickstream(7) says how times may be written, and it is so" {
  # Rows: .It Li TEXT Ta Li TIME, and .It Li TEXT Ta REASON.
  sed -n '/begin table of times/,/end table of times/p' "$ROOT/man/clickstream.7" |
    sed -nE 's/^\.It Li (.*) Ta (Li )?(.*)$/\1\t\3/p' | sed 's/\\(dq/"/g; s/\\&//g' >rows
  [ "$(wc -l <rows)" -ge 20 ]
  while IFS=$'\t' read -r text want; do
    case $want in
    20*) [ "$(read_as "$text")" = "$want" ] || { echo "$text: $(read_as "$text")"; false; } ;;
    *)
      [ "$(read_as "$text")" = bad-time ] || { echo "$text: $(read_as "$text")"; false; }
      [ "$(jq -r .detail rejects)" = "event_time $want" ] || { jq -r .detail rejects; false; }
      ;;
    esac
  done <rows
}

@test "--tz is the zone of times without one, in every tool and every format" {
  printf '{"event_type":"x","session_id":"s","event_time":"2026-07-01 00:30:00"}\n' >in
  [ "$(cs-window --tz=Europe/Berlin --size=1h --agg=n=count in | jq -r .window_start)" = 2026-06-30T22:00:00.000Z ]
  [ "$(cs-sessionize --tz=Europe/Berlin in | jq -r .session_start)" = 2026-06-30T22:30:00.000Z ]
  printf 'event_type,event_time\nx,2026-07-01 00:30:00\n' >in.csv
  [ "$(cs-parse --tz=Europe/Berlin in.csv | jq -r .event_time)" = 2026-06-30T22:30:00.000Z ]
  # Apache can be told to leave the zone out.
  printf '203.0.113.7 [01/Jul/2026:00:30:00] "GET / HTTP/1.1" 200 1\n' >in.log
  [ "$(cs-parse --tz=Europe/Berlin --log-format='%h [%{%d/%b/%Y:%T}t] "%r" %>s %b' in.log | jq -r .event_time)" = \
    2026-06-30T22:30:00.000Z ]
  cs-window --tz=Europe/Berlin --explain --size=1h --agg=n=count | grep -x 'times    without a zone are of Europe/Berlin'
  cs-window --assume-utc --explain --size=1h --agg=n=count | grep -x 'times    without a zone are of UTC'
}

@test "a zone that is none is refused, with the nearest name" {
  run -2 cs-window --tz=Europe/Berln --size=1h --agg=n=count
  [[ "$output" == *"'Europe/Berln' is no time zone"*'did you mean Europe/Berlin?'* ]]
  # A continent is none, and of nothing nothing is meant.
  for zone in Europe ''; do
    run -2 cs-parse --tz="$zone"
    [[ "$output" == *"'$zone' is no time zone"* && "$output" != *"did you mean $zone?"* && "$output" != *'did you mean GB'* ]]
  done
  run -2 cs-window --tz=berlin --size=1h --agg=n=count
  [[ "$output" == *'did you mean Europe/Berlin?'* ]]
  run -2 cs-window --tz=../../../etc/passwd --size=1h --agg=n=count
  [[ "$output" == *'is no time zone'* ]]
  run -2 cs-window --tz= --size=1h --agg=n=count
  run -2 cs-window --tz=UTC --assume-utc --size=1h --agg=n=count
  TZDIR=$PWD/nowhere run -2 cs-window --tz=Europe/Berlin --size=1h --agg=n=count
  [[ "$output" == *'no time zones are installed'*'install tzdata'* ]]
  mkdir zones
  echo rubbish >zones/Here
  TZDIR=$PWD/zones run -2 cs-window --tz=Here --size=1h --agg=n=count
  [[ "$output" == *'damaged'* ]]
  # Neither UTC nor offsets need tzdata.
  TZDIR=$PWD/nowhere run -0 cs-window --tz=UTC --size=1h --agg=n=count </dev/null
  TZDIR=$PWD/nowhere run -0 cs-window --tz=+05:30 --size=1h --agg=n=count </dev/null
  run -2 cs-parse --time-unit=excel
  [[ "$output" == *--tz* ]]
}

@test "local times are those of Python's zoneinfo, to the second where clocks are changed" {
  command -v python3 >/dev/null || skip 'no python3'
  for zone in Europe/Berlin Europe/Dublin America/New_York America/Sao_Paulo Australia/Lord_Howe Asia/Kolkata \
    Asia/Tehran Africa/Casablanca Antarctica/Troll Pacific/Apia America/St_Johns; do
    python3 - "$zone" >in 3>want <<'EOT' || skip 'Python has no zoneinfo'
import datetime, os, random, sys, zoneinfo
zone = zoneinfo.ZoneInfo(sys.argv[1])
epoch = datetime.datetime(1970, 1, 1)
offset = lambda seconds: (epoch + datetime.timedelta(seconds=seconds)).replace(tzinfo=zone).utcoffset().total_seconds()
random.seed(7)
day = 86400
points = [random.randrange(0, 29200 * day) for _ in range(200)]
for begin in range(0, 29200 * day, 15 * day):  # 1970 to 2050
    low, high = begin, begin + 15 * day
    if offset(low) == offset(high):
        continue
    before = offset(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    points += [high + step for step in (-3601, -1800, -1, 0, 1, 1799, 3599, 3600, 7200)]
with os.fdopen(3, 'w') as want:
    for point in points:
        local = epoch + datetime.timedelta(seconds=point)
        print('{"event_type":"x","event_time":"%s"}' % local.strftime('%Y-%m-%d %H:%M:%S'))
        utc = local - datetime.timedelta(seconds=offset(point))
        want.write(utc.strftime('%Y-%m-%dT%H:%M:%S.000Z\n'))
EOT
    cs-parse --tz="$zone" in | texts event_time >got
    diff got want >difference || { echo "$zone"; head difference; false; }
    [ "$(wc -l <got)" -ge 200 ]
  done
}

@test "--time-field says which member holds the time" {
  printf '{"event_type":"x","event_time":null,"at":%s}\n' 1767226200 '"2026-01-01T00:10:00Z"' >in
  [ "$(tally --time-field=at in)" -eq 2 ]
  [ "$(cs-window --time-field=at --size=1h --agg=n=count in | jq -r .window_start)" = 2026-01-01T00:00:00.000Z ]
  [ "$(tally --time-field=other in 2>err)" -eq 0 ]
  [ "$(fate rejected_by.no-time)" -eq 2 ]
}

@test "what is said of a time names the member --time-field names" {
  printf '{"event_type":"x","event_time":1,"at":%s}\n' null '"x"' '"2026-01-01T00:10:00"' >in
  tally --time-field=at --rejects=rejects in >total
  [ "$(jq -r .detail rejects | paste -sd,)" = 'no at,at cannot be read,at has no zone (--tz=ZONE, --assume-utc)' ]
  tally --rejects=rejects in >total
  echo '{"event_time":"x"}' | tally --rejects=rejects >total
  [ "$(jq -r .detail rejects)" = 'event_time cannot be read' ]
}

# The minutes of LIST, "5 1 7", as events.
at_minutes() {
  local i
  for i in $1; do minutes "$i" "$i"; done
}

@test "--lateness is how far out of order events may come" {
  at_minutes '60 59 61 0 120' >in
  # Window 00:00 is closed by 61:00 - 30s.
  [ "$(cs-window --size=1h --agg=n=count --late=late in | jq .n | tr '\n' ' ')" = '1 2 1 ' ]
  [ "$(jq -r '.line' late)" = 4 ]
  [ "$(tally --lateness=2m in)" -eq 5 ]
  [ "$(tally --lateness=1m --late=late in)" -eq 4 ]
  # Exactly at the end of the window: closed.
  at_minutes '60 59' >in
  [ "$(tally --lateness=0 --late=late in)" -eq 1 ]
  [ "$(tally --lateness=1us --late=late in)" -eq 2 ]
}

@test "--lateness=max closes only at the end" {
  at_minutes '1000 1 600 2' >in
  [ "$(tally --lateness=max in)" -eq 4 ]
  [ "$(fate late)" -eq 0 ]
  { at_minutes '1000 1 600 2' && sleep 0.3; } | cs-window --lateness=max --size=1h --agg=n=count >rows &
  sleep 0.2
  [ ! -s rows ]
  wait
  [ "$(wc -l <rows)" -eq 3 ]
}

@test "--stats names the lateness that would have lost nothing" {
  traffic --events=20000 --disorder=90s >in
  tally --lateness=0 --size=1m --late=late in >total
  [ "$(fate late)" -gt 0 ]
  enough=$(fate lateness_enough)
  [ "$(fate largest_disorder)" = "$enough" ]
  tally --lateness="$enough" --size=1m in >total
  [ "$(fate late)" -eq 0 ]
}

@test "an event that is late does not move event time, and one that is filtered does" {
  { at_minutes '1 70 2 3' && at_minutes '125 62'; } >in
  tally --late=late in >total
  [ "$(fate late)" -eq 3 ]
  { minutes 1 1 && minutes 70 70 '"bot":true' && minutes 2 2; } >in
  tally --late=late --where='.bot|not' in >total
  [ "$(fate filtered)" -eq 1 ]
  [ "$(fate late)" -eq 1 ]
}

@test "a source that runs ahead does not make others late" {
  { at_minutes '0 600 700'; } >ahead
  { minutes 0 500; } >behind
  [ "$(tally --lateness=0 <(cat ahead) <(sleep 0.3; cat behind))" -eq 504 ]
  [ "$(fate late)" -eq 0 ]
  [ "$(tally --lateness=0 --interleave ahead behind)" -eq 504 ]
  [ "$(fate late)" -eq 0 ]
}

@test "rows wait for the slowest source, and come when it ends" {
  mkfifo slow fast
  cs-window --size=1h --agg=n=count slow fast >rows &
  exec 4>slow 5>fast
  minutes 0 200 >&5
  sleep 0.2
  [ ! -s rows ]
  at_minutes '10 70' >&4
  until_true test -s rows
  [ "$(jq -c '[.window_start[11:16], .n]' rows | tr '\n' ' ')" = '["00:00",61] ' ]
  exec 4>&-
  until_true grep -q '"window_start":"2026-01-01T02' rows
  [ "$(jq -c '[.window_start[11:16], .n]' rows | tr '\n' ' ')" = '["00:00",61] ["01:00",61] ["02:00",60] ' ]
  exec 5>&-
  wait
  [ "$(wc -l <rows)" -eq 4 ]
}

@test "with --idle, time goes on while nothing comes" {
  mkfifo in
  cs-window --size=1s --lateness=0 --idle=200ms --agg=n=count in >rows &
  exec 4>in
  event 2026-01-01T00:00:00.5Z >&4
  event 2026-01-01T00:00:00.9Z >&4
  sleep 0.1
  [ ! -s rows ]
  until_true test -s rows
  [ "$(jq .n rows)" -eq 2 ]
  # A later one is judged by where time has come to.
  event 2026-01-01T00:00:00.95Z >&4
  event 2026-01-01T00:01:00Z >&4
  exec 4>&-
  wait
  [ "$(jq .n rows | tr '\n' ' ')" = '2 1 ' ]
}

@test "--idle releases a source that is silent, which then is late" {
  mkfifo silent live
  cs-window --size=1h --idle=300ms --agg=n=count --late=late silent live >rows &
  exec 4>silent 5>live
  minutes 0 100 >&5
  sleep 0.1
  [ ! -s rows ]
  until_true test -s rows
  minutes 3 4 >&4
  minutes 101 102 >&4
  exec 4>&- 5>&-
  wait
  [ "$(jq .n rows | tr '\n' ' ')" = '60 43 ' ]
  [ "$(wc -l <late)" -eq 2 ]
}

@test "without --idle a silent source is waited for" {
  mkfifo silent live
  cs-window --size=1h --agg=n=count silent live >rows &
  exec 4>silent 5>live
  minutes 0 100 >&5
  sleep 0.4
  [ ! -s rows ]
  minutes 3 4 >&4
  exec 4>&- 5>&-
  wait
  [ "$(jq .n rows | tr '\n' ' ')" = '62 41 ' ]
}

@test "with --idle, a single event comes out in the end" {
  mkfifo in
  cs-window --size=100ms --lateness=0 --idle=100ms --agg=n=count in >rows &
  exec 4>in
  event 2026-01-01T00:00:00Z >&4
  until_true test -s rows
  exec 4>&-
  wait
}

@test "--max-ahead refuses what is ahead of the clock" {
  event "$(date -u -d '+30 min' +%FT%TZ)" >in
  event "$(date -u -d '+2 hours' +%FT%TZ)" >>in
  event "$(date -u +%FT%TZ)" >>in
  [ "$(tally --rejects=rejects --lateness=1d in)" -eq 2 ]
  [ "$(jq -c '[.reason, .line]' rejects)" = '["future",2]' ]
  [ "$(tally --rejects=rejects --max-ahead=10m --lateness=1d in)" -eq 1 ]
  [ "$(tally --max-ahead=3h --lateness=1d in)" -eq 3 ]
  event 9999-01-01T00:00:00Z >in
  [ "$(tally --max-ahead=0 in)" -eq 1 ]
}

# in_years N: so many events, a second apart, two years ahead of the clock.
in_years() {
  local start
  start=$(date -u -d '+2 years' +%s)
  seq "$start" $((start + $1 - 1)) | jq -c '{event_id: "e\(.)", event_type: "page_view", event_time: .}'
}

@test "a clock years behind the first hundred events ends the run before its position moves" {
  in_years 150 >in
  for tool in 'cs-window --size=1h --agg=n=count' cs-funnel cs-sessionize cs-abandon cs-anomaly; do
    for state in '' '--state=state --save-every=1us' '--state=state --spool=spool' '--jobs=2'; do
      rm -rf state* spool
      run -3 --separate-stderr $tool $state in
      [[ "$stderr" == *': the clock says '*', and the first 100 events are all more than a year ahead of it'* ]]
      [ -z "$output" ]
      [ ! -e state ]
    done
  done
  # As told.
  [ "$(tally --max-ahead=0s in)" -eq 150 ]
  [ "$(tally --max-ahead=800d in)" -eq 150 ]
}

@test "fewer events years ahead of the clock are not saved, and one that is not ends the doubt" {
  in_years 99 >ahead
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --state=state --flush ahead
  [[ "$stderr" == *'all 99 events are more than a year ahead of the clock: nothing is saved'* ]]
  [ ! -e state ]
  { cat ahead && event 2026-01-01T00:00:00Z && in_years 150; } >mixed
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --state=state --flush --rejects=rejects mixed
  [ "$(jq .n <<<"$output")" = 1 ]
  [ "$(wc -l <rejects)" -eq 249 ]
  [ -e state ]
}

@test "--max-jump refuses one event far ahead of the others" {
  { minutes 0 10 && event 2026-01-20T00:00:00Z && minutes 11 20; } >in
  [ "$(tally --rejects=rejects in)" -eq 21 ]
  [ "$(jq -c '[.reason, .line, .input]' rejects)" = '["future",12,"in"]' ]
  [ "$(fate late)" -eq 0 ]
  [ "$(tally --max-jump=0 --late=late in)" -eq 12 ]
  [ "$(tally --max-jump=30d --late=late in)" -eq 12 ]
}

# framed FILE: its lines as kcat prints them.
framed() { awk '{ printf "0\t%d\t%s\n", NR - 1, $0 }' "$1"; }

# enveloped FILE: its lines as kcat -J prints them.
enveloped() { jq -Rc '{topic: "t", partition: 0, offset: (input_line_number - 1), ts: 0, payload: .}' "$1"; }

@test "a wrong clock that is refused costs no other event, wherever it stands and however records come" {
  local at i as analysis
  for i in {1..70}; do
    printf '{"event_type":"add_to_cart","event_time":"2026-01-05T12:00:00Z","session_id":"s%s"}\n' $i
  done >good
  local analyses=('cs-window --size=1h --by=session_id --agg=n=count' 'cs-funnel --by=session_id --step=a=true'
    'cs-sessionize' 'cs-abandon --flush --state=state' 'cs-anomaly --all --by=session_id --value=n=count'
    'cs-identify')
  # Behind it, what makes carts due.
  event 2026-01-05T13:00:00Z '"session_id":"z"' >>good
  for at in 0 1 3 62 63 64 70; do
    { head -n $at good && event 2026-01-09T12:00:00Z '"session_id":"bad"' && tail -n +$((at + 1)) good; } >in
    for as in cat framed enveloped; do $as in >$as.$at; done
  done
  for analysis in "${analyses[@]}"; do
    rm -f state* && $analysis good >want
    for as in cat.* framed.* enveloped.*; do
      rm -f state*
      $analysis --rejects=rejects "$as" >got
      cmp want got || { echo "$analysis, $as" && false; }
      [ "$(grep -o '"reason":"[a-z-]*"' rejects)" = '"reason":"future"' ]
    done
  done
}

@test "two events far ahead are believed" {
  { minutes 0 10 && event 2026-01-20T00:00:00Z && event 2026-01-20T00:00:01Z && minutes 11 12; } >in
  [ "$(tally --late=late in)" -eq 13 ]
  [ "$(fate late)" -eq 2 ]
  # One after the other, each far ahead of the one before.
  { minutes 0 1 && event 2026-01-10T00:00:00Z && event 2026-01-20T00:00:00Z && event 2026-01-30T00:00:00Z; } >in
  [ "$(tally in)" -eq 5 ]
  # At the end of the input there is nothing that says otherwise.
  { minutes 0 10 && event 2026-01-20T00:00:00Z; } >in
  [ "$(tally in)" -eq 12 ]
}

@test "a first event far ahead is refused when the second comes" {
  { event 2026-01-20T00:00:00Z && minutes 0 10; } >in
  [ "$(tally --rejects=rejects in)" -eq 11 ]
  [ "$(jq -c '[.reason, .line]' rejects)" = '["future",1]' ]
  # A first event that is far behind is no harm.
  { event 2025-01-20T00:00:00Z && minutes 0 10; } >in
  [ "$(tally in)" -eq 12 ]
  # An only event counts.
  minutes 0 0 >in
  [ "$(tally in)" -eq 1 ]
}

@test "every partition has its first event held for itself" {
  {
    for p in 0 1 2; do printf '%s\t0\t' $p && event 2026-01-20T00:00:00Z; done
    for p in 0 1 2; do printf '%s\t1\t' $p && minutes $p $p; done
    for p in 0 1; do printf '%s\t2\t' $p && event 2026-01-20T00:00:00Z; done
    printf '0\t3\t' && minutes 3 3
  } >in
  [ "$(tally --rejects=rejects in)" -eq 5 ]
  [ "$(jq -c '[.line, .partition, .offset]' rejects | tr '\n' ' ')" = '[1,0,0] [2,1,0] [3,2,0] [7,0,2] ' ]
}

@test "a copy of a held event does not confirm it" {
  { minutes 0 10 && event 2026-01-20T00:00:00Z && event 2026-01-20T00:00:00Z && minutes 11 20; } >in
  [ "$(tally --dedup=1h --rejects=rejects in)" -eq 21 ]
  [ "$(fate duplicate)" -eq 1 ]
  [ "$(fate rejected)" -eq 1 ]
}

@test "--dedup drops what was passed with nearly the same time" {
  {
    event 2026-01-01T00:00:00Z '"x":1'
    event 2026-01-01T00:00:00Z '"x":2'
    printf '{"event_id":"e-2026-01-01T00:00:00Z","event_time":"2026-01-01T00:%s:00Z"}\n' 05 10 11
    printf '{"event_id":null,"event_time":"2026-01-01T00:00:00Z"}\n'
    printf '{"event_id":null,"event_time":"2026-01-01T00:00:00Z"}\n'
  } >in
  [ "$(tally --dedup=10m --lateness=1h in)" -eq 4 ]
  [ "$(fate duplicate)" -eq 3 ]
  # However the id is written.
  printf '{"event_id":"%s","event_type":"x","event_time":1767225600}\n' 'caf\u00e9' 'caf\u00E9' 'café' >in
  for tool in cs-parse 'cs-window --size=1h --agg=n=count'; do
    counted $tool --dedup=1m in >out
    [ "$(fate duplicate)" -eq 2 ]
  done
}

@test "an event that was refused may come again" {
  now=$(date -u -d '+2 hours' +%FT%TZ)
  { event "$now" && event "$now"; } >in
  tally --dedup=10d --rejects=rejects in >total
  [ "$(fate duplicate)" -eq 0 ]
  [ "$(fate rejected_by.future)" -eq 2 ]
}

@test "an id is remembered until the watermark has passed it, whatever is read at once" {
  {
    event 2026-01-01T00:00:00Z
    minutes 5 30
    event 2026-01-01T00:00:00Z
  } >in
  # The day's window is open: not late, and 10 minutes after the event nobody remembers it.
  [ "$(tally --size=1d --dedup=10m in)" -eq 28 ]
  [ "$(while IFS= read -r l; do echo "$l" && sleep 0.005; done <in | tally --size=1d --dedup=10m)" -eq 28 ]
  [ "$(tally --size=1d --dedup=40m in)" -eq 27 ]
}

@test "at the end of the input what is due comes out, then what is open" {
  at_minutes '1 61 62' >in
  [ "$(cs-window --size=1h --agg=n=count in | jq .n | tr '\n' ' ')" = '1 2 ' ]
  # Event time ends at the largest event_time.
  counted cs-window --size=1h --agg=n=count in >rows
  [ "$(fate event_time)" = 2026-01-01T01:02:00.000Z ]
  [ "$(fate watermark)" = 2026-01-01T01:02:00.000Z ]
}

@test "times of an hour that came twice, or not at all, are counted and named" {
  local time
  for time in 2026-03-29T01:59:59 2026-03-29T02:00:00 2026-03-29T02:59:59 2026-03-29T03:00:00 \
    2026-10-25T01:59:59 2026-10-25T02:00:00 2026-10-25T02:59:59 2026-10-25T03:00:00 2026-10-25T02:30:00Z; do
    event "$time"
  done >in
  for options in --jobs=1 --jobs=2; do
    run -0 --separate-stderr cs-parse --tz=Europe/Berlin --max-ahead=0 --max-jump=0 "$options" --stats=stats in
    [ "$stderr" = 'cs-parse: 4 times are of an hour that came twice, or not at all, as the clock was changed (--tz): of two instants the earlier one is meant' ]
    [ "$(jq .doubtful_times stats)" = 4 ]
  done
  # Without such changes there are none.
  run -0 --separate-stderr cs-parse --tz=+01:00 --max-ahead=0 --max-jump=0 --stats=stats in
  [ -z "$stderr" ]
  [ "$(jq .doubtful_times stats)" = 0 ]
}

@test "whoever gives --tz is told where windows begin by the clocks of UTC all the same" {
  event 2026-03-29T22:30:00Z '"session_id":"s"' >in
  local zone size
  for zone in Europe/Berlin Europe/London +05:30; do
    run -0 --separate-stderr cs-funnel --size=1d --by= --tz="$zone" in
    [[ $output == '{"window_start":"2026-03-29T00:00:00.000Z",'* ]]
    [ "$stderr" = "cs-funnel: --size: windows begin at multiples of 1d in UTC, whatever clocks of --tz=$zone show then (cs-window has days of a zone)" ]
    run -0 --separate-stderr cs-anomaly --size=7d --tz="$zone" in
    [[ ${stderr_lines[0]} == 'cs-anomaly: --size: windows begin at multiples of 7d in UTC, '* ]]
    run -0 --separate-stderr cs-window --size=12h --agg=n=count --tz="$zone" in
    [ "$stderr" = "cs-window: --size: windows begin at multiples of 12h in UTC, whatever clocks of --tz=$zone show then (days, weeks, months and years begin by them)" ]
    run -0 --separate-stderr cs-sessionize --split-at-midnight --tz="$zone" in
    [ "$stderr" = "cs-sessionize: --split-at-midnight: midnight is of UTC, not of --tz=$zone (--split-at-midnight=$zone)" ]
  done
  # Hours are hours in most zones, but not in all, and ten minutes nearly everywhere.
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --tz=Asia/Kolkata in
  [[ $stderr == *' multiples of 1h in UTC'* ]]
  for size in 10m 1h '12h --slide=1h' '12h --offset=1h' 7m 1d 1w all; do
    # shellcheck disable=SC2086 # two words
    run -0 --separate-stderr cs-window --size=$size --agg=n=count --tz=Europe/Berlin in
    [ -z "$stderr" ]
  done
  [[ $(cs-window --size=1d --agg=n=count --tz=Europe/Berlin in) == '{"window_start":"2026-03-29T22:00:00.000Z",'* ]]
  # Where both are one, and where it was said.
  for zone in UTC Etc/UTC +00:00 Africa/Abidjan; do
    run -0 --separate-stderr cs-funnel --size=1d --by= --tz="$zone" in
    [ -z "$stderr" ]
  done
  run -0 --separate-stderr cs-sessionize --split-at-midnight=UTC --tz=Europe/Berlin in
  [ -z "$stderr" ]
}

@test "a unit that no window has is answered with all that there are" {
  local size
  for size in 1M 1month 1week 1day 3Y; do
    run -2 --separate-stderr cs-window --size="$size" --agg=n=count
    [ "${stderr_lines[0]}" = "cs-window: --size: '$size' has no known unit (us, ms, s, m, h, d, w, mo, y)" ]
  done
  run -2 --separate-stderr cs-window --size=1mo2d --agg=n=count
  [[ ${stderr_lines[0]} == *'mixes units'* ]]
}
