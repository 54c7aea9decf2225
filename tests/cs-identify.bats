#!/usr/bin/env bats
# cs-identify: who each event is of, before and after somebody logs in; and which events are of bots.
# shellcheck disable=SC2086,SC2154 # options in variables are several words; bats sets stderr

load helper

setup() { setup_tools; }

# at TIME [MEMBERS]: an event of the session s at that time of a fixed day; MEMBERS are further JSON members.
at() {
  printf '{"session_id":"s","event_time":"2026-01-01T%s:00Z"%s}\n' "$1" "${2:+,$2}"
}

# of SESSION TIME [MEMBERS]
of() {
  printf '{"session_id":"%s","event_time":"2026-01-01T%s:00Z"%s}\n' "$1" "$2" "${3:+,$3}"
}

# people OPTION...: "TIME PERSON" of each event, on one line.
people() {
  counted cs-identify "$@" >rows && jq -r '"\(.event_time[11:16]) \(.person_id)"' rows | paste -sd' '
}

# The day of the manual: alice logs in at 10:10, bob at 10:40.
day() {
  at 10:00 && at 10:05 && at 10:10 '"user_id":"alice"' && at 10:20 && at 10:40 '"user_id":"bob"' && at 11:00
}

# --- who it is ---

@test "an event comes out as it went in, byte for byte, with person_id behind its own members" {
  printf '%s\n' '{ "event_time" : "2026-01-01T10:00:00Z", "session_id":"s\u0031", "x":[1, {"a":"}"}], "y":1.50 }' >in
  [ "$(cs-identify in)" = \
    '{ "event_time" : "2026-01-01T10:00:00Z", "session_id":"s\u0031", "x":[1, {"a":"}"}], "y":1.50 ,"person_id":"s1"}' ]
}

@test "what was done before and after the login is of the person who logs in" {
  { at 10:00 && at 10:10 '"user_id":"alice"' && at 10:20; } >in
  [ "$(people in)" = '10:00 alice 10:10 alice 10:20 alice' ]
  [ "$(fate identified)" = 3 ]
  [ "$(fate identified_later)" = 1 ]
}

@test "nobody's session is a person of its own, and an event without any id is of nobody" {
  { at 10:00 && of t 10:01 && printf '{"event_time":"2026-01-01T10:02:00Z"}\n'; } >in
  [ "$(people in)" = '10:00 s 10:01 t 10:02 null' ]
  [ "$(fate anonymous)" = 2 ]
  [ "$(fate nobody)" = 1 ]
}

@test "the table of the manual: hold and horizon decide, and both ends count" {
  day >in
  known() { people "$@" in | sed -E 's/ 10:10 [a-z]+//; s/ 10:40 [a-z]+//'; }
  [ "$(known --hold=30m)" = '10:00 alice 10:05 alice 10:20 bob 11:00 bob' ]
  [ "$(known --hold=10m)" = '10:00 alice 10:05 alice 10:20 alice 11:00 bob' ]
  [ "$(known --hold=5m)" = '10:00 s 10:05 alice 10:20 alice 11:00 bob' ]
  [ "$(known --hold=0s)" = '10:00 s 10:05 s 10:20 alice 11:00 bob' ]
  [ "$(known --hold=0s --horizon=10m)" = '10:00 s 10:05 s 10:20 alice 11:00 s' ]
}

@test "two known ids are never one person: each has his own events, and the change is counted" {
  { at 10:00 '"user_id":"alice"' && at 10:01 '"user_id":"bob"' && at 10:02 '"user_id":"bob"' && at 10:03 '"user_id":"alice"'; } >in
  [ "$(people in)" = '10:00 alice 10:01 bob 10:02 bob 10:03 alice' ]
  [ "$(fate known_changed)" = 2 ]
  # On a shared computer alice's past stays hers when bob comes a day later.
  { at 10:00 && at 10:01 '"user_id":"alice"' && at 12:00 '"user_id":"bob"'; } >in
  [ "$(people in)" = '10:00 alice 10:01 alice 12:00 bob' ]
}

@test "of two who log in at the same time, the smaller id is next and the greater one last, however they come" {
  { at 10:00 && at 10:01 '"user_id":"bob"' && at 10:01 '"user_id":"alice"' && at 10:02; } >in
  [ "$(people in)" = '10:00 alice 10:01 alice 10:01 bob 10:02 bob' ]
  cp rows want
  tac in | cs-identify --lateness=1h | cmp want -
}

@test "a cookie joins the sessions of a device, and what is tried first decides" {
  {
    of a 10:00 '"device_id":"d"'
    of b 10:05 '"device_id":"d","user_id":"alice"'
    of c 10:10 '"device_id":"d"'
    of c 10:11 '"user_id":"bob"'
    of d 10:12
  } >in
  [ "$(people in)" = '10:00 a 10:05 alice 10:10 bob 10:11 bob 10:12 d' ]
  [ "$(people --anonymous=session_id,device_id in)" = '10:00 alice 10:05 alice 10:10 bob 10:11 bob 10:12 d' ]
  [ "$(people --anonymous=device_id,session_id in)" = '10:00 alice 10:05 alice 10:10 alice 10:11 bob 10:12 d' ]
}

@test "a link is not handed on from id to id" {
  # a and b share a cookie, but nobody has been named together with that.
  { of a 10:00 '"device_id":"d"' && of b 10:01 '"device_id":"d"' && of b 10:02 '"user_id":"alice"'; } >in
  [ "$(people --anonymous=session_id,device_id in)" = '10:00 a 10:01 alice 10:02 alice' ]
}

@test "the same text in two members is two ids" {
  { of x 10:00 '"user_id":"alice"' && of y 10:01 '"device_id":"x"'; } >in
  [ "$(people --anonymous=session_id,device_id in)" = '10:00 alice 10:01 y' ]
}

@test "ids may be numbers, and may have escapes: they are what they mean" {
  {
    printf '{"session_id":7,"device_id":42,"event_time":"2026-01-01T10:00:00Z","user_id":1}\n'
    printf '{"session_id":"8","device_id":"42","event_time":"2026-01-01T10:01:00Z"}\n'
    printf '{"session_id":"\\u0037","event_time":"2026-01-01T10:02:00Z"}\n'
    printf '{"session_id":"a\\"\\n\\u00e4","event_time":"2026-01-01T10:03:00Z"}\n'
  } >in
  cs-identify --anonymous=session_id,device_id in >rows
  [ "$(jq -c .person_id rows | paste -sd' ')" = '"1" "1" "1" "a\"\nä"' ]
  # What has to be escaped is escaped again.
  [ "$(tail -n 1 rows)" = '{"session_id":"a\"\n\u00e4","event_time":"2026-01-01T10:03:00Z","person_id":"a\"\nä"}' ]
}

@test "a person_id that is there already is replaced, however it is written" {
  printf '%s\n' '{"person_id":"old", "session_id":"s","person\u005fid":[{"a":"}"}],"event_time":"2026-01-01T10:00:00Z","y": 1}' >in
  [ "$(cs-identify in)" = '{"session_id":"s","event_time":"2026-01-01T10:00:00Z","y":1,"person_id":"s"}' ]
  # So a second pass changes nothing.
  day | cs-identify >once
  cs-identify once | cmp once -
}

@test "no byte of a row is a control, as in cs-parse" {
  printf '{"session_id":"s\x7f",\t"event_time":"2026-01-01T10:00:00Z","x":"\xc2\x85"}\r\n' >in
  [ "$(cs-identify in)" = '{"session_id":"s\u007f", "event_time":"2026-01-01T10:00:00Z","x":"\u0085","person_id":"s\u007f"}' ]
}

# --- junk ---

@test "ids that programs write where there is none identify nobody, and are counted" {
  local id
  for id in null undefined 0 None NaN NULL anonymous Guest unknown '[object Object]' '' ' ' false true nil '(null)' '(not set)' '\\N' \
    00000000-0000-0000-0000-000000000000; do
    { at 10:00 && at 10:01 "\"user_id\":\"$id\""; } >in
    [ "$(people in)" = '10:00 s 10:01 s' ] || { echo "user '$id'" && false; }
    [ "$(fate junk_ids)" = 1 ]
    { of "$id" 10:00 && of "$id" 10:01 '"user_id":"alice"' && of "$id" 10:02; } >in
    [ "$(people in)" = '10:00 null 10:01 alice 10:02 null' ] || { echo "session '$id'" && false; }
    [ "$(fate junk_ids)" = 3 ]
  done
  # What a program has where nobody is logged in may be no text at all.
  { of a 10:00 '"user_id":false' && of b 10:00 '"user_id":false' && of c 10:01 '"user_id":true'; } >in
  [ "$(people in)" = '10:00 a 10:00 b 10:01 c' ]
  printf '{"session_id":0,"device_id":{},"event_time":"2026-01-01T10:00:00Z"}\n' >in
  [ "$(people --anonymous=session_id,device_id in)" = '10:00 null' ]
  [ "$(fate junk_ids)" = 2 ]
}

@test "--junk adds to them" {
  { at 10:00 && at 10:01 '"user_id":"Nobody"' && at 10:02 '"user_id":"test"' && at 10:03 '"user_id":"tester"'; } >in
  [ "$(people --junk=nobody,test in)" = '10:00 tester 10:01 tester 10:02 tester 10:03 tester' ]
  [ "$(fate junk_ids)" = 2 ]
}

# --- order and waiting ---

@test "events come out in order of time, over all partitions, whatever the order in which they came" {
  day >in
  cs-identify in >want
  shuf --random-source=<(yes) in | cs-identify --lateness=2h | cmp want -
  awk '{ print NR % 3 "\t" NR "\t" $0 }' in | sort -n | cs-identify --lateness=2h | cmp want -
  jq -r .event_time want | sort -c
}

@test "an event waits until nothing can change it any more, and not longer" {
  local moved
  # 10:00 comes out when event time, less the lateness, is past 10:00 and --hold.
  for moved in '10:10:30 0' '10:10:30.001 1'; do
    { at 10:00 && printf '{"session_id":"t","event_time":"2026-01-01T%sZ"}\n' "${moved% *}"; } >in
    rm -f state* out
    cs-identify --hold=10m --state=state --output=out in
    [ "$(wc -l <out)" = "${moved#* }" ] || { echo "$moved" && false; }
  done
}

@test "an event behind its partition's watermark is late, is printed nowhere, and names nobody" {
  { at 10:00 && at 10:30 && at 10:01 '"user_id":"alice"'; } >in
  [ "$(people --hold=1h --late=late in)" = '10:00 s 10:30 s' ]
  [ "$(fate late)" = 1 ]
  [ "$(jq -r .reason late)" = late ]
  [ "$(people --hold=max in)" = '10:00 alice 10:01 alice 10:30 alice' ]
  [ "$(people --hold=1h --lateness=29m in)" = '10:00 alice 10:01 alice 10:30 alice' ]
}

@test "state: stopped at every line and gone on with, nothing is other than in one run" {
  local line options
  traffic --events=60 --rate=0.2 --disorder=20s --extras --nulls=10 --seed=3 >in
  for options in '--hold=5m' '--hold=1m --horizon=2m --bots=3/1m' '--hold=max --anonymous=session_id,device_type --junk=mobile'; do
    rm -f state* out grows
    cs-identify $options in >want
    : >grows
    while IFS= read -r line; do
      printf '%s\n' "$line" >>grows
      cs-identify $options --state=state --output=out grows
    done <in
    cs-identify $options --state=state --output=out --flush grows
    cmp want out
  done
}

@test "the same state is the same bytes" {
  traffic --events=3000 --rate=5 --disorder=20s --extras >in
  run_on() { cs-identify --hold=5m --bots=3/10s --links=links --state="$1" >rows; }
  run_on one < <(cat in) && rm links
  { head -c 90001 in && sleep 0.3 && tail -c +90002 in | head -c 5000 && sleep 0.3 && tail -c +95002 in; } | run_on two
  cmp one two
}

@test "the horizon bounds what is kept: who was named long ago is forgotten" {
  for i in {1..300}; do
    printf '{"session_id":"s%d","user_id":"u%d","event_time":%d}\n' "$i" "$i" $((1767225600 + i * 60))
  done >in
  cs-identify --hold=0s --horizon=1h --stats=stats.json --state=state in >rows
  [ "$(jq .keys stats.json)" -le 62 ]
  cs-identify --hold=0s --horizon=max --stats=stats.json --state=other in >rows
  [ "$(jq .keys stats.json)" = 300 ]
  run -3 --separate-stderr cs-identify --hold=0s --horizon=max --max-keys=200 in
  [[ $stderr == *'--max-keys=N raises the bound'* ]]
}

@test "events that wait are bounded by --max-memory: the run says so, and its state is good" {
  traffic --events=150000 --rate=200 >in
  run -3 --separate-stderr cs-identify --hold=max --max-memory=32M --state=state in
  [[ $stderr == *'events in waiting'* ]]
  cs-identify --hold=max --state=state --output=out --flush in
  cs-identify --hold=max in | cmp - out
}

@test "--key takes members of the event as it is printed" {
  day | cs-identify --key=person_id >rows
  [ "$(cut -f1 rows | paste -sd' ')" = 'alice alice alice bob bob bob' ]
  day | cs-identify --key=session_id,person_id,bot,event_time --bots=1/30m >rows
  [ "$(cut -f1 rows | head -n 1)" = '["s","alice","rate","2026-01-01T10:00:00Z"]' ]
  [ "$(cut -f2 rows | jq -r .person_id | paste -sd' ')" = 'alice alice alice bob bob bob' ]
}

# --- the file of links ---

@test "--links goes on where another run has ended" {
  { at 10:00 '"user_id":"alice"' && of t 10:05 '"user_id":"bob"' && at 10:10 '"user_id":"alice"'; } >one
  cs-identify --links=links one >rows
  cat >want <<'END'
{"member":"session_id","anonymous":"s","known":"alice","since":"2026-01-01T10:00:00.000Z","last":"2026-01-01T10:10:00.000Z"}
{"member":"session_id","anonymous":"t","known":"bob","since":"2026-01-01T10:05:00.000Z","last":"2026-01-01T10:05:00.000Z"}
END
  cmp want links
  [ "$(stat -c %a links)" = 600 ]
  { at 12:00 && of t 12:01 && of v 12:02; } >two
  [ "$(people --links=links two)" = '12:00 alice 12:01 bob 12:02 v' ]
  cmp want links
  # Two runs are one.
  cat one two | cs-identify >whole
  cs-identify --links=other one >parts
  cs-identify --links=other two >>parts
  cmp whole parts
}

@test "a file of somebody's own says when it was said: events before that wait for it as for any other" {
  printf '{"anonymous":"s","known":7,"since":"2026-01-01T10:10:00Z","note":"crm"}\n\n' >links
  { at 10:00 && at 10:30; } >in
  [ "$(people --links=links in)" = '10:00 7 10:30 7' ]
  cp links before
  [ "$(people --links=links --hold=5m in)" = '10:00 s 10:30 7' ]
  [ "$(people --links=links --horizon=10m in)" = '10:00 7 10:30 s' ]
}

@test "a line of the file that says nothing ends the run with its number, and the file stays as it is" {
  local line
  at 10:00 >in
  while IFS=$'\t' read -r line why; do
    printf '{"anonymous":"a","known":"b","since":"2026-01-01T10:10:00Z"}\n%b\n' "$line" >links
    cp links before
    run -2 --separate-stderr cs-identify --links=links in
    [ -z "$output" ]
    [ "${stderr_lines[0]}" = "cs-identify: --links: links, line 2: $why" ] || { echo "$line: $stderr" && false; }
    cmp links before
  done <<'END'
x	not-json
[]	not-an-object
{"anonymous":"\xff"}	bad-utf8
{"known":"b","since":"2026-01-01T10:10:00Z"}	anonymous is missing
{"anonymous":"a","known":null,"since":"2026-01-01T10:10:00Z"}	known is missing
{"anonymous":"a","known":["b"],"since":"2026-01-01T10:10:00Z"}	known is no text
{"anonymous":"a","known":"b"}	since is missing
{"anonymous":"a","known":"b","since":"2026-01-01T10:10:00Z","last":"2026-01-01T10:09:00Z"}	last is before since
{"anonymous":"a","known":"b","since":"2026-01-01T10:10:00Z","member":"device_id"}	member is none of --anonymous
END
  printf '{"anonymous":"a","known":"b","since":"yesterday"}\n' >links
  run -2 --separate-stderr cs-identify --links=links in
  [[ $stderr == 'cs-identify: --links: links, line 1: since '* ]]
  run -2 --separate-stderr cs-identify --links=nowhere/links in
  [ "${stderr_lines[0]}" = 'cs-identify: --links: nowhere/links: No such file or directory' ]
  run -2 --separate-stderr cs-identify --links=. in
  run -2 --separate-stderr cs-identify --links=in in
  run -2 --separate-stderr cs-identify --links= in
}

@test "links to junk are counted and left out; an empty file, and none, are no links" {
  printf '{"anonymous":"s","known":"undefined","since":"2026-01-01T10:10:00Z"}\n' >links
  at 10:00 >in
  [ "$(people --links=links in)" = '10:00 s' ]
  [ "$(fate junk_ids)" = 1 ]
  [ ! -s links ]
  [ "$(people --links=links in)" = '10:00 s' ]
}

@test "with a state the file is read once, and written at each end" {
  { at 10:00 '"user_id":"alice"' && at 10:20; } >in
  cs-identify --links=links --state=state --hold=0s in >rows
  grep -q alice links
  rm links
  at 10:40 >>in
  cs-identify --links=links --state=state --hold=0s in >rows
  grep -q alice links
}

# --- bots ---

# seconds COUNT MINUTE [MEMBERS]: so many events a second apart from that minute after 10 o'clock on.
seconds() {
  local i
  for ((i = 0; i < $1; i++)); do
    printf '{"session_id":"s","event_time":"2026-01-01T10:%02d:%02dZ"%s}\n' $(($2 + i / 60)) $((i % 60)) "${3:+,$3}"
  done
}

@test "a visit with more events within a time than allowed is of a bot, from its first event on" {
  { at 10:00 && seconds 4 2 && at 10:10 && of t 10:11; } >in
  cs-identify --bots=3/1m in >rows
  [ "$(jq -r '"\(.session_id) \(.bot)"' rows | paste -sd' ')" = 's rate s rate s rate s rate s rate s rate t null' ]
  cs-identify --bots=4/1m in >rows
  [ "$(grep -c '"bot"' rows || true)" = 0 ]
}

@test "the time slides: it may begin at any event, and its end does not belong to it" {
  printf '{"session_id":"s","event_time":"2026-01-01T10:00:%s.000Z"}\n' 50 58 59 >in
  printf '{"session_id":"s","event_time":"2026-01-01T10:01:%s.000Z"}\n' 49 >>in
  [ "$(cs-identify --bots=3/1m in | grep -c rate)" = 4 ]
  sed -i 's/01:49/01:50/' in
  [ "$(cs-identify --bots=3/1m in | grep -c rate || true)" = 0 ]
}

@test "--bots alone is more than 200 events within a minute" {
  for i in {1..201}; do
    printf '{"session_id":"s","event_time":"2026-01-01T10:00:00.%03dZ"}\n' "$i"
  done >in
  [ "$(cs-identify --bots in | grep -c '"bot":"rate"')" = 201 ]
  [ "$(head -n 200 in | cs-identify --bots | grep -c '"bot"' || true)" = 0 ]
}

@test "what was before the fast minute is marked as far as --hold reaches" {
  { at 10:00 && at 10:05 && seconds 4 10; } >in
  [ "$(cs-identify --bots=3/1m --hold=5m in | jq -r '.bot // "-"' | paste -sd' ')" = '- - rate rate rate rate' ]
  [ "$(cs-identify --bots=3/1m --hold=5m3s in | jq -r '.bot // "-"' | paste -sd' ')" = '- rate rate rate rate rate' ]
  [ "$(cs-identify --bots=3/1m --hold=0s in | jq -r '.bot // "-"' | paste -sd' ')" = '- - - - - rate' ]
}

@test "a pause of more than half an hour is the end of the visit: what comes then is another visit" {
  { seconds 4 0 && printf '{"session_id":"s","event_time":"2026-01-01T10:%s"}\n' 30:03Z 30:03.001Z && at 11:01; } >in
  [ "$(cs-identify --bots=3/1m in | jq -r '.bot // "-"' | paste -sd' ')" = 'rate rate rate rate rate rate -' ]
}

@test "--bot-agents names crawlers by the list of --derive" {
  agent() { at 10:00 "\"user_agent\":$1" | cs-identify --bot-agents "${@:2}" | jq -r '.bot // "-"'; }
  mkdir lists && printf 'Googlebot\tGoogle\n' >lists/bots.txt
  [ "$(agent '"Mozilla/5.0 (compatible; Googlebot/2.1)"' --lists=lists)" = agent:Google ]
  [ "$(agent '"Mozilla/5.0 (X11; Linux x86_64)"' --lists=lists)" = - ]
  [ "$(agent '""' --lists=lists)" = agent:empty ]
  [ "$(agent null --lists=lists)" = agent:empty ]
  run -0 --separate-stderr cs-identify --bot-agents --lists=lists < <(at 10:00 '"user_id":"u"')
  [ "$(jq -r '.bot // "-"' <<<"$output")" = - ]
  [ "$stderr" = 'cs-identify: --bot-agents: the only event had no value for user_agent; they have session_id, event_time, user_id' ]
  # The same name as from cs-parse, of the list that comes with the tools.
  [ -e "$CS_BUILD/share/bots.txt" ] || skip 'the lists are not made: no npm'
  google='"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"'
  [ "$(agent "$google")" = "agent:$(at 10:00 "\"event_type\":\"x\",\"user_agent\":$google" | cs-parse --derive=bot | jq -r .bot)" ]
}

@test "the table of the manual: a bot of the event's own stays, a list comes before the rate" {
  mkdir lists && printf 'Googlebot\tGoogle\n' >lists/bots.txt
  bots() { cs-identify --bots=1/1m --bot-agents --lists=lists | head -n 1; }
  fast() { { at 10:00 "$1" && at 10:00 '"x":1'; } | bots; }
  [ "$(fast '"bot":"Bing","user_agent":"Googlebot"')" = \
    '{"session_id":"s","event_time":"2026-01-01T10:00:00Z","bot":"Bing","user_agent":"Googlebot","person_id":"s"}' ]
  [ "$(fast '"bot":null,"user_agent":"Googlebot"')" = \
    '{"session_id":"s","event_time":"2026-01-01T10:00:00Z","user_agent":"Googlebot","person_id":"s","bot":"agent:Google"}' ]
  [ "$(fast '"bot":null,"user_agent":"Firefox"')" = \
    '{"session_id":"s","event_time":"2026-01-01T10:00:00Z","user_agent":"Firefox","person_id":"s","bot":"rate"}' ]
  [ "$(at 10:00 '"bot":null' | bots)" = '{"session_id":"s","event_time":"2026-01-01T10:00:00Z","bot":null,"person_id":"s"}' ]
}

# --- the tools behind it ---

@test "a cart that was bought after the login on another device is not abandoned" {
  {
    of phone 10:00 '"event_type":"add_to_cart"'
    of phone 10:05 '"event_type":"page_view","user_id":"alice"'
    of computer 10:20 '"event_type":"page_view","user_id":"alice"'
    of computer 10:30 '"event_type":"purchase"'
    of other 10:31 '"event_type":"add_to_cart"'
    of end 12:00 '"event_type":"page_view"'
  } >in
  [ "$(cs-abandon --after=30m in | jq -r .session_id | paste -sd' ')" = 'phone other' ]
  [ "$(cs-identify in | cs-abandon --after=30m --id=person_id --lateness=0s | jq -r .person_id)" = other ]
  # And it is one visit, with all that was done in it.
  cs-identify in | cs-sessionize --id=person_id --lateness=0s |
    jq -c 'select(.person_id == "alice") | [.total_events, .add_to_carts, .converted]' >session
  [ "$(cat session)" = '[4,1,true]' ]
}

@test "bots are left out by whoever wants people only" {
  { seconds 4 0 '"event_type":"page_view"' && of t 10:11 '"event_type":"page_view"'; } >in
  [ "$(cs-identify --bots=3/1m in | cs-funnel -w '.bot == null' --by= --size=1h | jq .sessions)" = 1 ]
}

# --- what is refused ---

@test "what makes no sense is refused by name" {
  refused() {
    run -2 --separate-stderr cs-identify "${@:2}" </dev/null
    [ "${stderr_lines[0]}" = "cs-identify: $1" ] || { echo "$stderr" && false; }
  }
  refused '--jobs: who an event is of depends on all events before it: one process only' --jobs=2
  refused '--format: events differ in their members, so they have no columns: ndjson only' --format=csv
  refused '--known: session_id is one of --anonymous, too' --known=session_id
  refused '--known: which member?' --known=
  refused '--anonymous: x is there twice' --anonymous=x,y,x
  refused '--anonymous: 8 members at most' --anonymous=a,b,c,d,e,f,g,h,i
  refused '--lists is for --bot-agents' --lists=.
  refused '--time-field: person_id is what this tool writes' --time-field=person_id
  refused '--bots: must be RATE/DUR: 200/1m is more than 200 events within a minute' --bots=200
  refused '--bots: needs a number from 1 to 1000000' --bots=0/1m
  refused '--bots: needs a time, of 30m at most' --bots=5/31m
  refused '--bots: which unit? (60s, 60m, 60h)' --bots=5/60
  refused '--merge: rows of this tool are not merged' --merge
}
