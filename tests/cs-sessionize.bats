#!/usr/bin/env bats
# cs-sessionize: which events make a session, what its row says, when it comes out.

load helper

setup() {
  setup_tools
  cat >events <<'END'
{"event_type":"page_view","session_id":"a","user_id":null,"traffic_source":"ads","device_type":null,"event_time":"2026-01-01T00:00:00Z"}
{"event_type":"product_view","session_id":"a","user_id":"u1","traffic_source":"mail","device_type":"phone","product_id":"p2","event_time":"2026-01-01T00:10:00.5Z"}
{"event_type":"product_view","session_id":"a","user_id":"u2","traffic_source":null,"device_type":"tv","product_id":"p1","event_time":"2026-01-01T00:10:00.5Z"}
{"event_type":"add_to_cart","session_id":"a","user_id":null,"product_id":"p2","event_time":"2026-01-01T00:40:00.5Z"}
{"event_type":"purchase","session_id":"a","user_id":"u1","product_id":null,"event_time":"2026-01-01T01:10:00.500001Z"}
END
}

sessions() {
  run --separate-stderr cs-sessionize "$@"
}

# Events as TIME ID lines on standard input, page views.
clicks() {
  while read -r time id; do
    printf '{"event_type":"page_view","session_id":"%s","event_time":"2026-01-01T%sZ"}\n' "$id" "$time"
  done
}

spans() {
  jq -r '[.session_id, .session_start[11:19], .last_event_time[11:19], .total_events] | join(" ")'
}

@test "a row says who, when, and what was done" {
  sessions --gap=31m events
  [ "$status" -eq 0 ]
  [ "$output" = '{"session_id":"a","user_id":"u1","traffic_source":"ads","device_type":"phone","session_start":"2026-01-01T00:00:00.000Z","last_event_time":"2026-01-01T01:10:00.500001Z","session_duration_seconds":4200.500001,"total_events":5,"page_views":1,"product_views":2,"add_to_carts":1,"converted":true,"viewed_products":["p1","p2","p2"],"viewed_products_truncated":false}' ]
}

@test "a pause of exactly the gap goes on, a longer one starts a new session" {
  sessions events
  [ "$(jq -c '[.total_events,.converted,.session_duration_seconds]' <<<"$output")" = '[4,false,2400.5]
[1,true,0]' ]
}

@test "the order of arrival within the lateness makes no difference" {
  cs-sessionize --gap=31m --lateness=2h events >sorted
  tac events | cs-sessionize --gap=31m --lateness=2h >reversed
  cmp sorted reversed
  traffic --events=20000 --rate=20 >all
  cs-sessionize --gap=2m --lateness=5m --max-duration=10m all >sorted
  awk '{ a[NR % 400] = a[NR % 400] $0 "\n"; if (NR % 4000 == 0) { for (i = 0; i < 400; i++) printf "%s", a[i]; delete a } }' all |
    cs-sessionize --gap=2m --lateness=5m --max-duration=10m --strict >mixed
  [ -s mixed ]
  cmp sorted mixed
}

@test "rows come by last event, id, start" {
  traffic --events=20000 --rate=20 | cs-sessionize --gap=1m >rows
  [ "$(wc -l <rows)" -gt 1000 ]
  jq -r '[.last_event_time, .session_id, .session_start] | join("\t")' rows >keys
  sort -c keys
}

@test "a row is printed as soon as nothing can join the session any more" {
  mkfifo in
  cs-sessionize --gap=1m --lateness=10s in >out &
  pid=$!
  exec 7>in
  clicks >&7 <<'END'
10:00:00 a
10:01:10 b
END
  sleep 0.3
  [ ! -s out ]
  clicks >&7 <<<'10:01:10.000001 b'
  for ((i = 0; i < 50; i++)); do [ ! -s out ] || break; sleep 0.1; done
  [ "$(spans <out)" = 'a 10:00:00 10:00:00 1' ]
  exec 7>&-
  wait "$pid"
  [ "$(spans <out)" = 'a 10:00:00 10:00:00 1
b 10:01:10 10:01:10 2' ]
}

@test "an event that joins an open session is used however late it is, one that joins none is late" {
  clicks >in <<'END'
10:00:00 a
10:20:00 a
10:01:00 b
10:10:00 a
10:20:01 c
END
  sessions --gap=15m --lateness=0s --late=late in
  [ "$(spans <<<"$output" | head -1)" = 'a 10:00:00 10:00:00 1' ]
  [ "$(jq -r .reason late)" = late ]
  [ "$(jq -r '.raw|fromjson.session_id' late)" = b ]
  [ "$(spans <<<"$output" | sed -n 2p)" = 'a 10:10:00 10:20:00 2' ]
}

@test "a session longer than --max-duration is cut where one pass over its events cuts it" {
  clicks >in <<'END'
10:00:00 a
10:05:00 a
10:10:00 a
10:10:01 a
10:15:00 a
10:20:02 a
END
  sessions --gap=6m --max-duration=10m in
  [ "$(spans <<<"$output")" = 'a 10:00:00 10:10:00 3
a 10:10:01 10:15:00 2
a 10:20:02 10:20:02 1' ]
}

@test "--max-duration must be longer than the gap and the lateness" {
  sessions --gap=10m --max-duration=10m30s events
  [ "$status" -eq 2 ]
  [[ $stderr == *'--max-duration'*'10m30s'* ]]
  sessions --gap=10m --max-duration=10m31s events
  [ "$status" -eq 0 ]
  sessions --lateness=max events
  [ "$status" -eq 2 ]
  sessions --lateness=max --max-duration=none events
  [ "$status" -eq 0 ]
  sessions --gap=none --max-duration=1h events
  [ "$status" -eq 2 ]
}

@test "--gap=none makes one session of each id, whatever the order, and nothing is late" {
  clicks >in <<'END'
23:00:00 a
00:00:00 a
12:00:00 b
END
  sessions --gap=none --lateness=0s --strict in
  [ "$status" -eq 0 ]
  [ "$(spans <<<"$output")" = 'b 12:00:00 12:00:00 1
a 00:00:00 23:00:00 2' ]
}

@test "--gap=none --split-by gives what SQL's GROUP BY gives" {
  command -v sqlite3 >/dev/null || skip 'sqlite3 is absent'
  traffic --events=5000 --nulls=20 --empty >all
  cs-sessionize --gap=none --split-by=session_id,user_id,traffic_source,device_type all |
    jq -r '[.session_id, .user_id // "N", .traffic_source // "N", .device_type // "N", .total_events, .page_views, (.viewed_products | length)] | join("|")' |
    sort >ours
  jq -r 'select(.session_id != null) | [.session_id, .user_id // "N", .traffic_source // "N", .device_type // "N", .event_type, .product_id // "N"] | join("|")' all >rows
  sqlite3 -separator '|' :memory: 'create table e(s,u,t,d,y,p)' '.import rows e' \
    "select s,u,t,d,count(*),sum(y='page_view'),sum(p<>'N') from e group by s,u,t,d" | sort >theirs
  [ "$(wc -l <ours)" -gt 100 ]
  cmp ours theirs
}

@test "--split-by prints what it splits by, null and the empty string apart" {
  for c in '"x"' null '""' '"x"' 7; do
    printf '{"event_type":"search","session_id":"a","campaign":%s,"event_time":"2026-01-01T00:00:00Z"}\n' "$c"
  done >in
  sessions --split-by=campaign,device_type in
  [ "$(jq -c '[.campaign,.total_events]' <<<"$output")" = '[null,1]
[7,1]
["",1]
["x",2]' ]
  [ "$(jq -r 'keys_unsorted | join(",")' <<<"$output" | uniq)" = 'session_id,user_id,traffic_source,device_type,session_start,last_event_time,session_duration_seconds,total_events,page_views,product_views,add_to_carts,converted,viewed_products,viewed_products_truncated,campaign' ]
}

@test "--id makes sessions of something else, under its own name" {
  sessions --id=user_id events
  [ "$(jq -c '[keys_unsorted[0],.user_id,.total_events]' <<<"$output")" = '["user_id","u1",1]
["user_id","u2",1]
["user_id","u1",1]' ]
  sessions --id=converted events
  [ "$status" -eq 2 ]
}

@test "an event without an id is left out and counted" {
  echo '{"event_type":"page_view","event_time":"2026-01-01T00:00:00Z"}' >null
  sessions --stats=stats null
  [ "$status" -eq 1 ] # it was the only one
  [ -z "$output" ]
  [ "$(jq -c '[.read,.no_id]' stats)" = '[1,1]' ]
}

@test "the first 10,000 products are kept, whatever the order" {
  awk 'BEGIN { for (i = 10004; i >= 0; i--) printf "{\"event_type\":\"product_view\",\"session_id\":\"a\",\"product_id\":\"p%05d\",\"event_time\":%.0f}\n", i, 1767225600000 + i }' >in
  sessions --gap=none in
  [ "$(jq -c '[.total_events,(.viewed_products|length),.viewed_products[0],.viewed_products[-1],.viewed_products_truncated]' <<<"$output")" = '[10005,10000,"p00000","p09999",true]' ]
  tac in >sorted
  cs-sessionize --gap=none sorted | cmp - <(printf '%s\n' "$output")
}

@test "how partitions interleave makes no difference" {
  traffic --events=6000 --rate=20 >all
  # Each event goes to one of three partitions by chance; in one file they come in turn, in the other far apart.
  awk 'BEGIN { srand(1) } { p = int(rand() * 3); print p "\t" n[p]++ "\t" $0 }' all >turns
  sort -s -n -k1,1 turns >apart
  cs-sessionize --gap=1m --max-duration=3m --partitions=0-2 turns >one
  cs-sessionize --gap=1m --max-duration=3m --partitions=0-2 apart >other
  [ -s one ]
  cmp one other
  cs-sessionize --gap=1m --max-duration=3m all >plain
  cmp one plain
}

@test "stopped and resumed, it prints what it would have printed in one go" {
  traffic --events=6000 --rate=20 --disorder=20s >all
  cs-sessionize --gap=2m --max-duration=10m all >whole
  head -n 2500 all >log
  cs-sessionize --gap=2m --max-duration=10m --state=state --output=rows log
  cat all >log
  cs-sessionize --gap=2m --max-duration=10m --state=state --output=rows --flush log
  cmp whole rows
}

@test "the state is the same bytes however it was reached" {
  traffic --events=2500 --rate=20 --disorder=20s >all
  cp all log
  cs-sessionize --gap=2m --max-duration=10m --state=one --output=rows log
  cp rows once
  for n in 500 1700 2500; do
    head -n "$n" all >log
    cs-sessionize --gap=2m --max-duration=10m --state=other --output=rows log # the same file: the state knows it
  done
  cmp once rows
  cmp one other
}

@test "--max-keys bounds the sessions held" {
  traffic --events=3000 | (run --separate-stderr cs-sessionize --max-keys=10; [ "$status" -eq 3 ])
}

@test "5,066 sessions of a real shop have the facts known of them" {
  need_data rees46/2019-Oct-first17k.csv
  cs-parse --from=csv --rename=session_id=user_session --recode=event_type:view=product_view,cart=add_to_cart \
    --rejects=rejects "$DATA/rees46/2019-Oct-first17k.csv" >events
  cs-sessionize --gap=none events >rows
  [ "$(wc -l <rows)" -eq 5066 ]
  [ "$(jq -c '[.product_views > 0, .add_to_carts > 0, .converted]' rows | sort | uniq -c | awk '{ print $1, $2 }')" = '4813 [true,false,false]
135 [true,false,true]
53 [true,true,false]
65 [true,true,true]' ]
}

@test "10,000 requests to a real web server are 3,052 visits" {
  need_data access-log/apache_logs
  cs-parse --from=combined --id-from=ip --rejects=rejects "$DATA/access-log/apache_logs" >events
  [ "$(cs-sessionize --lateness=1h events | wc -l)" -eq 3052 ]
}

@test "an event is late where its neighbours came too late to keep its session open" {
  # As in the manual: 01:50 alone was closed at 02:20, and 02:00 came when that was past.
  {
    event 2026-01-01T02:25:00Z '"session_id":"other"'
    event 2026-01-01T02:00:00Z '"session_id":"s"'
    event 2026-01-01T01:50:00Z '"session_id":"s"'
  } >in
  counted cs-sessionize --lateness=0s --late=late in >rows
  [ "$(jq -c '[.session_id, .total_events]' rows | tr '\n' ' ')" = '["s",1] ["other",1] ' ]
  [ "$(jq .line late)" = 3 ]
}

@test "no session is over already when its event comes: it is open, or the event is late" {
  {
    event 2026-01-01T13:00:00Z '"session_id":"z"'
    event 2026-01-01T12:30:00Z '"session_id":"a"'
    event 2026-01-01T12:29:59.999Z '"session_id":"b"'
  } >in
  counted cs-sessionize --lateness=0s --state=state --output=rows --late=late in
  [ ! -s rows ]
  [ "$(jq .line late)" = 3 ]
  event 2026-01-01T13:00:00.001Z '"session_id":"z"' >next
  cs-sessionize --lateness=0s --state=state --output=rows next
  [ "$(jq -r .session_id rows)" = a ]
}

# restarts_change_nothing OPTION...: the first 40 lines of days in one run, and in one run each.
restarts_change_nothing() {
  head -40 days >few
  cs-sessionize "$@" few >whole
  rm -f state rows
  for ((i = 1; i < 40; i++)); do
    sed -n "${i}p" few | cs-sessionize "$@" --state=state --output=rows 2>/dev/null
  done
  tail -1 few | cs-sessionize "$@" --state=state --output=rows --flush 2>/dev/null
  cmp rows whole
}

# --- details, paths and pages ---

# TIME ID TYPE PAGE as lines on standard input; - is null.
steps() {
  while read -r time id type page; do
    printf '{"event_type":"%s","session_id":"%s","page_url":"%s","event_time":"2026-01-01T%sZ"}\n' "$type" "$id" "$page" "$time"
  done | sed 's/"-"/null/'
}

# What somebody does who looks at a home page and a product, puts it in the cart and comes back later.
visit() {
  steps <<'END'
10:00:00 a page_view /home
10:01:00 a product_view /p/1
10:02:30 a add_to_cart /p/1
10:03:00 a page_view /home
10:50:00 a page_view /p/1
END
}

detail() {
  visit | cs-sessionize --detail "$@"
}

@test "--detail adds its members behind all others" {
  cs-sessionize --gap=31m events >plain
  cs-sessionize --gap=31m --detail events >detailed
  jq -c 'del(.checkout_starts,.purchases,.searches,.campaign_id,.entry_page,.exit_page,.pages,.bounce,.engaged_seconds,
    .session_number,.closed_by,.pages_truncated)' detailed | cmp - <(jq -c . plain)
  [[ "$(<detailed)" == *',"viewed_products_truncated":false,"checkout_starts":0,"purchases":1,"searches":0,"campaign_id":null,"entry_page":null,"exit_page":null,"pages":1,"bounce":false,"engaged_seconds":1800,"session_number":1,"closed_by":"end","pages_truncated":false}' ]]
}

@test "--detail says where a visit began and ended, how long people were engaged, and which visit it was" {
  [ "$(detail | jq -c '[.entry_page, .exit_page, .pages, .bounce, .engaged_seconds, .session_number, .closed_by]')" = \
    '["/home","/home",3,false,180,1,"gap"]
["/p/1","/p/1",1,true,0,2,"end"]' ]
}

@test "a page is entered by a view, or by an event on another page; a click on it goes on" {
  [ "$(visit | cs-sessionize --path | jq -c '[.path[] | [.page_url, .at[11:19], .seconds]]')" = \
    '[["/home","10:00:00",60],["/p/1","10:01:00",120],["/home","10:03:00",null]]
[["/p/1","10:50:00",null]]' ]
  steps <<'END' | cs-sessionize --path >rows
10:00:00 a page_view /a
10:00:01 a page_view /a
10:00:02 a search -
10:00:03 a click /a
10:00:04 a page_view -
10:00:05 a click /a
10:00:06 a click /b
END
  [ "$(jq -c '[.path[] | [.page_url, .seconds]]' rows)" = '[["/a",1],["/a",3],[null,2],["/b",null]]' ]
}

@test "the last page lasts to the session's last event, and none counts for more than --page-cap" {
  { visit && steps <<<'11:10:00 a search -'; } >in
  [ "$(cs-sessionize --detail in | jq -c .engaged_seconds)" = $'180\n1200' ]
  [ "$(cs-sessionize --detail --page-cap=90s in | jq -c .engaged_seconds)" = $'150\n90' ]
}

@test "--path=N stops after N pages and says so" {
  [ "$(visit | cs-sessionize --path=2 | jq -c '[(.path | length), .path_truncated]')" = $'[2,true]\n[1,false]' ]
}

@test "--pages prints a row a page, with the one before and the one behind" {
  visit | cs-sessionize --pages >rows
  [ "$(head -1 rows)" = '{"session_id":"a","user_id":null,"traffic_source":null,"device_type":null,"number":1,"page_url":"/home","previous_page":null,"next_page":"/p/1","at":"2026-01-01T10:00:00.000Z","seconds":60,"entry":true,"exit":false,"pages_truncated":false}' ]
  [ "$(jq -c '[.number, .page_url, .previous_page, .next_page, .seconds, .entry, .exit]' rows)" = \
    '[1,"/home",null,"/p/1",60,true,false]
[2,"/p/1","/home","/home",120,false,false]
[3,"/home","/p/1",null,null,false,true]
[1,"/p/1",null,null,null,true,true]' ]
}

@test "pages are those of LAG and LEAD over the events" {
  traffic --events=20000 --rate=20 --disorder=20s >in
  cs-sessionize --pages --gap=none --page-cap=none --lateness=max in | jq -c '[.session_id, .number, .page_url, .previous_page, .next_page, .at]' >got
  jq -c 'select(.page_url != null or .event_type == "page_view") |
    [.session_id, .event_time, .page_url, (.event_type != "page_view")]' in | sort | jq -sc 'group_by(.[0])[] |
    [foreach .[] as $e ({said: null, seen: false};
      {enters: (($e[3] | not) or ($e[2] != null and (.seen | not)) or ($e[2] != null and $e[2] != .said)),
       said: ($e[2] // .said), seen: (.seen or $e[2] != null), e: $e}; select(.enters) | .e)] as $p |
    range($p | length) | [$p[.][0], . + 1, $p[.][2], (if . > 0 then $p[. - 1][2] else null end), $p[. + 1][2], $p[.][1]]' >want
  [ "$(wc -l <want)" -gt 5000 ]
  diff <(sort want) <(sort got)
}

@test "an id that comes back within --remember has the next number; later it is as new" {
  clicks <<'END' >in
01:00:00 a
02:00:00 a
05:00:00 a
06:00:00 a
END
  [ "$(cs-sessionize --detail in | jq -c .session_number | xargs)" = '1 2 3 4' ]
  [ "$(cs-sessionize --detail --remember=1h in | jq -c .session_number | xargs)" = '1 2 1 2' ]
  [ "$(cs-sessionize --detail --remember=59m in | jq -c .session_number | xargs)" = '1 1 1 1' ]
}

@test "closed_by says what ended a session: a pause, its length, or the end of the input" {
  clicks <<'END' >in
01:00:00 a
01:20:00 a
01:40:00 a
02:00:00 a
02:20:00 b
03:00:00 c
03:20:00 b
END
  cs-sessionize --detail --max-duration=35m --lateness=0s in |
    jq -r '[.session_id, .session_start[11:16], .last_event_time[11:16], .closed_by] | join(" ")' >got
  diff got - <<'END'
a 01:00 01:20 max
a 01:40 02:00 gap
b 02:20 02:20 gap
c 03:00 03:00 end
b 03:20 03:20 end
END
}

@test "more than 10,000 events that may enter a page are cut, and a member says so" {
  awk 'BEGIN { for (i = 0; i < 10002; i++) printf "{\"event_type\":\"page_view\",\"session_id\":\"a\",\"page_url\":\"/%d\",\"event_time\":%.3f}\n", i, 1767225600 + i / 10 }' >in
  [ "$(cs-sessionize --detail in | jq -c '[.pages, .pages_truncated, .exit_page, .engaged_seconds]')" = '[10000,true,"/10001",999.9]' ]
  [ "$(head -10000 in | cs-sessionize --detail | jq -c '[.pages, .pages_truncated, .exit_page]')" = '[10000,false,"/9999"]' ]
  [ "$(tac in | cs-sessionize --lateness=1h --pages | jq -c 'select(.number == 10000) | [.page_url, .seconds, .exit, .pages_truncated]')" = \
    '["/9999",null,false,true]' ]
}

@test "details, paths and pages are the same however a file is read, and over restarts at every line" {
  traffic --events=30000 --rate=0.05 --disorder=25s >days
  for options in '--detail --path=3 --id=device_type --max-duration=2h' '--detail --remember=1h' '--pages'; do
    read -ra given <<<"$options"
    cs-sessionize "${given[@]}" days >whole
    [ "$(wc -l <whole)" -gt 200 ]
    cs-sessionize "${given[@]}" --jobs=3 days | cmp - whole
    awk 'NR % 2 { line = $0; next } { print; print line }' days | cs-sessionize "${given[@]}" --lateness=2m | sort |
      cmp - <(cs-sessionize "${given[@]}" --lateness=2m days | sort)
    restarts_change_nothing "${given[@]}"
  done
}

@test "what has no meaning is refused: --pages with --detail, --page-cap alone, a path of no pages" {
  for options in '--pages --detail' '--pages --path' '--page-cap=1m' '--remember=1h' '--detail --page-cap=0s' '--path=0' '--path=x' '--path=10001'; do
    read -ra given <<<"$options"
    run -2 --separate-stderr cs-sessionize "${given[@]}" events
    [ -z "$output" ] && [ -n "$stderr" ] || { echo "$options: $stderr"; return 1; }
  done
}

# --- sessions that are split ---

# TIME ID CAMPAIGN as lines on standard input; - is null.
campaigns() {
  while read -r time id campaign; do
    printf '{"event_type":"page_view","session_id":"%s","campaign_id":"%s","event_time":"%s"}\n' "$id" "$campaign" "$time"
  done | sed 's/"-"/null/'
}

split_rows() {
  cs-sessionize --detail "$@" | jq -r '[.session_start[11:16], .last_event_time[11:16], .total_events, .campaign_id // "-", .closed_by] | join(" ")'
}

@test "--split-on: another value begins a session, null goes on, and what had no value takes the first" {
  campaigns <<'END' >in
2026-01-01T10:00:00Z a -
2026-01-01T10:01:00Z a ads
2026-01-01T10:02:00Z a -
2026-01-01T10:03:00Z a ads
2026-01-01T10:04:00Z a mail
2026-01-01T10:05:00Z a -
2026-01-01T10:06:00Z a ads
2026-01-01T10:06:00Z b mail
END
  diff <(split_rows --split-on=campaign_id in) - <<'END'
10:00 10:03 4 ads split
10:04 10:05 2 mail split
10:06 10:06 1 ads end
10:06 10:06 1 mail end
END
  [ "$(cs-sessionize --split-on=campaign_id in | head -1 | jq -c '[keys_unsorted[-1], .campaign_id]')" = '["campaign_id","ads"]' ]
}

@test "the order of arrival within the lateness splits no session, and an event behind is late" {
  campaigns <<'END' >in
2026-01-01T10:00:10Z a ads
2026-01-01T10:00:05Z a mail
2026-01-01T10:00:00Z a ads
2026-01-01T10:01:00Z a ads
2026-01-01T10:00:29Z a mail
END
  diff <(split_rows --split-on=campaign_id --stats=stats --late=late in) - <<'END'
10:00 10:00 1 ads split
10:00 10:00 1 mail split
10:00 10:01 2 ads end
END
  [ "$(jq .late stats)" -eq 1 ]
  [ "$(jq .line late)" -eq 5 ]
}

@test "values are compared as they are: a number is not its text, and null is none" {
  printf '{"event_type":"click","session_id":"a","test":%s,"event_time":"2026-01-01T00:00:0%dZ"}\n' 1 0 null 1 1 2 '"1"' 3 '"1"' 4 true 5 >in
  [ "$(cs-sessionize --split-on=test in | jq -c '[.total_events, .test]')" = $'[3,1]\n[2,"1"]\n[1,true]' ]
}

@test "--split-at-midnight: the day is that of the zone, also where the clock is changed" {
  campaigns <<'END' >in
2025-03-29T22:50:00Z a -
2025-03-29T23:10:00Z a -
2025-03-30T21:50:00Z a -
2025-03-30T22:10:00Z a -
2025-10-26T22:50:00Z a -
2025-10-26T23:10:00Z a -
2025-10-27T00:10:00Z a -
END
  diff <(split_rows --split-at-midnight=Europe/Berlin --gap=1h in) - <<'END'
22:50 22:50 1 - midnight
23:10 23:10 1 - gap
21:50 21:50 1 - midnight
22:10 22:10 1 - gap
22:50 22:50 1 - midnight
23:10 00:10 2 - end
END
  diff <(split_rows --split-at-midnight --gap=1h in) - <<'END'
22:50 23:10 2 - gap
21:50 22:10 2 - gap
22:50 23:10 2 - midnight
00:10 00:10 1 - end
END
}

@test "what ends a session: of several rules the first in the order gap, max, midnight, split" {
  campaigns <<'END' >in
2026-01-01T23:00:00Z gap ads
2026-01-02T00:05:00Z gap mail
2026-01-01T23:00:00Z max ads
2026-01-01T23:25:00Z max ads
2026-01-01T23:50:00Z max ads
2026-01-02T00:05:00Z max mail
2026-01-01T23:55:00Z midnight ads
2026-01-02T00:05:00Z midnight mail
2026-01-02T00:10:00Z split ads
2026-01-02T00:20:00Z split mail
2026-01-02T00:21:00Z end ads
END
  cs-sessionize --detail --split-at-midnight --split-on=campaign_id --max-duration=1h --lateness=0s <(sort -t '"' -k 16 in) |
    jq -r 'select(.campaign_id == "ads") | [.session_id, .closed_by] | join(" ")' >got
  diff <(sort got) <(sort <<'END'
gap gap
max max
midnight midnight
split split
end end
END
)
}

@test "split sessions are the same however a file is read, and over restarts at every line" {
  traffic --events=30000 --rate=0.05 --disorder=25s >days
  for options in '--split-on=campaign_id,user_id --detail --id=device_type' '--split-at-midnight=America/St_Johns --id=device_type --pages'; do
    read -ra given <<<"$options"
    cs-sessionize "${given[@]}" days >whole
    [ "$(wc -l <whole)" -gt 200 ]
    cs-sessionize "${given[@]}" --jobs=3 days | cmp - whole
    awk 'NR % 2 { line = $0; next } { print; print line }' days | cs-sessionize "${given[@]}" --lateness=1h |
      cmp - <(cs-sessionize "${given[@]}" --lateness=1h days)
    restarts_change_nothing "${given[@]}"
  done
}

@test "a zone that there is not is named, and so is one member too many" {
  run -2 --separate-stderr cs-sessionize --split-at-midnight=Europe/Berlim events
  [[ "$stderr" == *Europe/Berlin* ]]
  run -2 --separate-stderr cs-sessionize --split-on=a,b,c,d,e events
  [[ "$stderr" == *'at most 4 members'* ]]
}

# --- aggregates ---

purchases() {
  cat <<'END'
{"event_type":"product_view","session_id":"a","product_id":"p1","price":2.5,"event_time":"2026-01-01T10:00:00Z"}
{"event_type":"purchase","session_id":"a","product_id":"p1","price":0.1,"event_time":"2026-01-01T10:01:00Z"}
{"event_type":"purchase","session_id":"a","product_id":"p2","price":0.2,"event_time":"2026-01-01T10:02:00Z"}
{"event_type":"product_view","session_id":"b","product_id":"p2","price":"free","event_time":"2026-01-01T10:03:00Z"}
END
}

@test "--agg adds what cs-window would say of the session's events, in front of the members of --split-by" {
  purchases | cs-sessionize --split-by=device --agg='revenue=sum(price) if .event_type == "purchase"' --agg='products=distinct(product_id)' \
    --agg='last=last(product_id)' --agg='views=count if .event_type == "product_view"' --agg='share=percent(views,n)' --agg=n=count >rows
  [ "$(jq -c '[keys_unsorted[14:], .revenue, .products, .last, .views, .share, .n]' rows)" = \
    '[["revenue","products","last","views","share","n","device"],0.3,2,"p2",1,33.33,3]
[["revenue","products","last","views","share","n","device"],null,1,"p2",1,100,1]' ]
}

@test "aggregates of sessions are those of windows by session" {
  traffic --events=20000 --rate=20 --disorder=20s >in
  aggs=('--agg=n=count' '--agg=d=distinct(page_url)' '--agg=f=first(page_url)' '--agg=l=last(event_time)' '--agg=p=list(product_id,3)'
    '--agg=s=sum(epoch(.event_time))' '--agg=q=any(.event_type == "purchase")')
  cs-sessionize --gap=none --lateness=max "${aggs[@]}" in | jq -c '[.session_id, .n, .d, .f, .l, .p, .p_truncated, .s, .q]' | sort >got
  cs-window --size=1d --lateness=max --by=session_id "${aggs[@]}" in | jq -c '[.session_id, .n, .d, .f, .l, .p, .p_truncated, .s, .q]' | sort >want
  [ "$(wc -l <want)" -gt 1000 ]
  cmp want got
}

@test "what --agg says is the same however a file is read, over restarts at every line, and where sessions are split" {
  traffic --events=30000 --rate=0.05 --disorder=25s >days
  for options in '--id=device_type --max-duration=2h' '--split-on=campaign_id --id=device_type'; do
    read -ra given <<<"$options --agg=d=distinct(page_url) --agg=f=first(page_url) --agg=p=list(product_id,3) --agg=m=max(product_id)"
    cs-sessionize "${given[@]}" days >whole
    cs-sessionize "${given[@]}" --jobs=3 days | cmp - whole
    restarts_change_nothing "${given[@]}"
  done
}

@test "a value that is no number is in no sum, is counted, and is named" {
  purchases | cs-sessionize --agg='s=sum(price)' --stats=stats 2>messages >rows
  [ "$(jq -c .s rows)" = $'2.8\nnull' ]
  [ "$(jq .not_numbers stats)" -eq 1 ]
  grep -q 'price.*free' messages
}

@test "--agg refuses what has no meaning: a name that is taken, top, and pages" {
  for options in '--agg=user_id=count' '--agg=n=count --split-by=n' '--detail --agg=pages=count' '--agg=t=top(page_url,3)' '--agg=n=count --pages' '--agg=n=cout'; do
    read -ra given <<<"$options"
    run -2 --separate-stderr cs-sessionize "${given[@]}" events
    [ -z "$output" ] && [[ "$stderr" == *--agg* ]] || { echo "$options: $stderr"; return 1; }
  done
}

# --- who is there now

# The members told apart: "a 2 false", one row a line.
standing() {
  jq -r '[.session_id, .total_events, .final] | join(" ")' "${1:-rows}"
}

@test "--emit=updates says how open sessions stand, and ends with the rows of final" {
  mkfifo in
  cs-sessionize --detail --agg='urls=list(page_url,2)' --emit=updates:50ms in >rows &
  exec 4>in
  printf '%s\n' '{"event_type":"page_view","session_id":"a","page_url":"/1","event_time":"2026-01-01T00:00:00Z"}' \
    '{"event_type":"page_view","session_id":"b","page_url":"/1","event_time":"2026-01-01T00:01:00Z"}' >&4
  until_true grep -q '"b"' rows
  [ "$(head -n 1 rows | jq -c '[.exit_page, .session_number, .closed_by, .urls, .final]')" = '["/1",1,null,["/1"],false]' ]
  printf '%s\n' '{"event_type":"page_view","session_id":"a","page_url":"/2","event_time":"2026-01-01T00:02:00Z"}' >&4
  until_true grep -q '"exit_page":"/2"' rows
  # Nothing comes, nothing is said.
  sleep 0.2
  [ "$(standing)" = $'a 1 false\nb 1 false\na 2 false' ]
  # The first session of a is over, and the second one has begun.
  printf '%s\n' '{"event_type":"page_view","session_id":"a","page_url":"/3","event_time":"2026-01-01T00:40:00Z"}' >&4
  until_true grep -q '"exit_page":"/3"' rows
  exec 4>&-
  wait
  [ "$(standing)" = 'a 1 false
b 1 false
a 2 false
b 1 true
a 2 true
a 1 false
a 1 true' ]
  [ "$(jq -c 'select(.exit_page == "/3") | [.session_number, .closed_by]' rows)" = '[2,null]
[2,"end"]' ]
}

@test "the last row of an id is of what it does now, whatever order events come in" {
  mkfifo in
  cs-sessionize --lateness=2h --emit=updates:50ms --format=csv in >rows &
  exec 4>in
  clicks >&4 <<<'00:00:00 a
01:00:00 a'
  until_true grep -q 'a,.*T01:00:00.000Z,2026-01-01T01:00:00.000Z,0,1,.*false$' rows
  clicks >&4 <<<'00:10:00 a'
  until_true grep -q ',600,2,.*,false$' rows
  exec 4>&-
  wait
  [[ $(head -n 1 rows) == *,viewed_products_truncated,final ]]
  [ "$(grep ',false$' rows | tail -n 1 | cut -d, -f 5)" = 2026-01-01T01:00:00.000Z ]
  clicks <<<'00:00:00 a
01:00:00 a
00:10:00 a' | cs-sessionize --lateness=2h --format=csv | sed '1d; s/$/,true/' | cmp - <(grep ',true$' rows)
}

@test "with --emit=updates the final rows are those of final: sessions of all kinds, and over restarts" {
  traffic --events=3000 --rate=0.05 --disorder=25s >days
  for options in '--detail --id=device_type --max-duration=2h' '--path=3 --split-on=page_url --agg=n=count' '--gap=5m'; do
    read -ra given <<<"$options"
    cs-sessionize "${given[@]}" days >whole
    cs-sessionize "${given[@]}" --emit=updates:1ms <(cat days) | grep '"final":true}$' | sed 's/,"final":true}$/}/' | cmp - whole
    rm -f state rows
    for part in 1,700 701,701 702,2990; do
      sed -n "${part}p" days | cs-sessionize "${given[@]}" --state=state --output=rows --emit=updates:1ms 2>/dev/null
    done
    sed -n '2991,$p' days | cs-sessionize "${given[@]}" --state=state --output=rows --emit=updates:1ms --flush 2>/dev/null
    grep '"final":true}$' rows | sed 's/,"final":true}$/}/' | cmp - whole
    grep -q '"final":false}$' rows
  done
}

@test "--emit=updates is refused where rows could not be told apart, or are no sessions" {
  # refused TEXT OPTION...
  refused() {
    run -2 --separate-stderr cs-sessionize --emit=updates "${@:2}" /dev/null
    [[ $stderr == *"$1"* ]] || { echo "$stderr"; return 1; }
  }
  refused '--emit=updates does not go with --pages' --pages
  refused 'has a member called "final" already' --agg=final=count
  refused 'has a member called "final" already' --split-by=final
  refused '--jobs does not go with --emit=updates' --jobs=2
  refused '--by-partition: a row of this tool is of one id' --by-partition
  run -2 --separate-stderr cs-abandon --emit=updates /dev/null
  [[ $stderr == *'rows of this tool are final'* ]]
}
