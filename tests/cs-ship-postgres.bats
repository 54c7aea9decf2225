#!/usr/bin/env bats
# cs-ship --postgres: each segment is in the table once, whoever dies when; and what looks at the tables (samples/bi).

load helper
load postgres

setup_file() {
  setup_tools
  postgres_start
}

teardown_file() {
  postgres_stop
}

setup() {
  setup_tools
  postgres_is_up || postgres_run
  sql -c 'set client_min_messages = warning; drop schema public cascade; create schema public; grant usage on schema public to public'
  mkdir spool
}

# segment NUMBER: the rows of standard input.
segment() {
  cat >spool/.new
  mv spool/.new "$(printf 'spool/%012d.ndjson' "$1")"
}

segments() {
  find spool -name '*.ndjson' | wc -l
}

ship() {
  cs-ship --postgres="$CONNINFO" --table="${table:-t}" "$@" spool
}

# The shipper in the background: $shipper.
start() {
  cs-ship --postgres="$CONNINFO" --table=t "$@" spool 2>>messages 3>&- &
  shipper=$!
}

# The table of a tool's rows: schema NAME TOOL OPTION...
schema() {
  "${@:2}" --print-schema=sql:"$1" >"$1.sql"
  sql -f "$1.sql"
}

windows() {
  schema t cs-window --size=1h --by=page_url,x=.x --agg=n=count
}

# row HOUR PAGE X N: PAGE and X are JSON.
row() {
  printf '{"window_start":"2026-01-01T%02d:00:00.000Z","window_end":"2026-01-01T%02d:00:00.000Z","page_url":%s,"x":%s,"n":%s}\n' "$1" $(($1 + 1)) "$2" "$3" "$4"
}

@test "--create makes the table, rows take the place of those with their key, null ones too, and a second pass adds nothing" {
  cs-window --size=1h --by=page_url,x=.x --agg=n=count --print-schema=sql:t >t.sql
  { row 0 '"/a"' 1 1 && row 0 null null 2 && row 0 '"/a"' '"1"' 3 && row 0 '"/a"' 1e2 4 && row 0 '"/a"' 100 5; } | segment 1
  { printf 'some key\t' && row 0 null null 6 && row 0 '"/a"' 1 7 && row 0 '"/a"' 1 8; } | segment 2
  run -0 ship --once --create=t.sql
  [ -z "$output" ]
  [ "$(segments)" = 0 ]
  sql -c 'select page_url, x, n from t order by n' >rows
  diff - rows <<'END'
/a|"1"|3
/a|1e2|4
/a|100|5
||6
/a|1|8
END
  [ "$(sql -c 'select last, rows, table_name from clickstream_segments')" = '2|3|t' ]
  # As after a crash between the commit and the removal; and the same SQL changes nothing.
  { printf 'some key\t' && row 0 null null 6 && row 0 '"/a"' 1 7 && row 0 '"/a"' 1 8; } | segment 2
  sql -c 'update t set n = 0'
  run -0 ship --once --create=t.sql
  [ "$(segments) $(sql -c 'select sum(n), count(*) from t')" = '0 0|5' ]
}

# Are rows in that spool that are not final?
has_open() {
  grep -qs '"final":false' "$1"/*.ndjson
}

# updates NAME TOOL OPTION...: the tool's rows over events, with those that come again, are in the table NAME.
updates() {
  local tool half
  schema "$1" "${@:2}" --emit=updates
  mkfifo "$1.in"
  "${@:2}" --emit=updates:20ms --save-every=50ms --state="$1.state" --spool="$1" --flush <"$1.in" 3>&- &
  tool=$!
  exec 7>"$1.in"
  half=$(($(wc -l <events) / 2))
  head -n "$half" events >&7
  until_true has_open "$1"
  tail -n +"$((half + 1))" events >&7
  exec 7>&-
  wait "$tool"
  cs-ship --postgres="$CONNINFO" --table="$1" --once "$1"
  "${@:2}" events >"$1.rows"
}

# is_rows NAME MEMBER: the table has as many rows as the tool prints without updates, all final, with the same sum.
is_rows() {
  [ "$(sql -c "select count(*), bool_and(final), sum($2) from $1")" = "$(jq -sr "[length, \"t\", (map(.$2) | add)] | join(\"|\")" "$1.rows")" ]
}

@test "rows that come again while they grow replace those before, and the final one stays, of null groups too" {
  traffic --events=3000 --rate=2 --seed=8 >events
  updates sessions cs-sessionize --detail
  is_rows sessions total_events
  updates splits cs-sessionize --split-by=user_id,device_type
  is_rows splits total_events
  updates windows cs-window --size=10m --by=user_id,x=.product_id --agg=n=count --by-partition
  is_rows windows n
  [ "$(sql -c 'select count(*) from windows where user_id is null and x is null')" -gt 1 ]
  updates funnel cs-funnel
  is_rows funnel sessions
  # A session that has no value of --split-on yet takes its first one.
  {
    event 2026-01-01T00:00:00Z '"session_id":"s","user_id":null'
    event 2026-01-01T00:05:00Z '"session_id":"other"'
    event 2026-01-01T00:06:00Z '"session_id":"s","user_id":"u0"'
    event 2026-01-01T00:07:00Z '"session_id":"s","user_id":"u1"'
  } >events
  updates turns cs-sessionize --split-on=user_id
  is_rows turns total_events
}

@test "a final row stays, whatever comes behind it but another final one, in its segment and in later ones" {
  schema t cs-window --size=1h --by=page_url,x=.x --agg=n=count --emit=updates
  open() { row "$@" | sed 's/}$/,"final":false}/'; }
  final() { row "$@" | sed 's/}$/,"final":true}/'; }
  { open 0 '"/a"' 1 1 && final 0 '"/a"' 1 3 && open 0 '"/a"' 1 2 && open 1 null null 1 && open 1 null null 2; } | segment 1
  run -0 ship --once
  [ "$(sql -c 'select page_url, n, final from t order by n')" = $'|2|f\n/a|3|t' ]
  { open 0 '"/a"' 1 4 && final 1 null null 5; } | segment 2
  run -0 ship --once
  [ "$(sql -c 'select page_url, n, final from t order by n')" = $'/a|3|t\n|5|t' ]
  { open 1 null null 6 && echo rubbish && final 0 '"/a"' 1 7; } | segment 3
  run -0 ship --once
  [ "$(sql -c 'select page_url, n, final from t order by n')" = $'|5|t\n/a|7|t' ]
}

@test "of carts and incidents the last state stands, of null groups too" {
  traffic --duration=12h --rate=0.5 --seed=2 --outage=9h+1h --extras | sed 's/"device_type":"tablet"/"device_type":null/' >events
  schema carts cs-abandon --transitions --cart
  schema incidents cs-anomaly --by=device_type --incidents --size=10m --sigma=2
  cs-abandon --transitions --cart --state=c --spool=carts --flush events
  cs-anomaly --by=device_type --incidents --size=10m --sigma=2 --state=i --spool=incidents --flush events
  local name
  for name in carts incidents; do
    cat "$name"/*.ndjson >"$name.rows"
    cs-ship --postgres="$CONNINFO" --table="$name" --once "$name"
  done
  jq -sr 'group_by(.session_id, .episode) | map(last) | group_by(.state)[] | "\(.[0].state)|\(length)"' carts.rows | sort >want
  [ "$(wc -l <want)" -gt 2 ]
  sql -c 'select state, count(*) from carts group by 1' | sort | diff want -
  jq -sr 'group_by(.device_type, .incident_start)[] | last | "\(.device_type // "")|\(.state)|\(.windows)"' incidents.rows | sort >want
  grep -q '^|' want
  sql -c 'select device_type, state, windows from incidents' | sort | diff want -
}

@test "any text arrives as it is, but U+0000, which is told; what the table does not take is kept beside it" {
  windows
  local text='"\\ \\N \\. \t \n \r \u0001 \u001f \"q\" '\''%s $1 \\u0000 ü 😀 \ud83d\ude00 \u007f"'
  {
    row 0 "$text" 1 1
    row 1 '"a\u0000\u0000b"' 1 1
    row 2 '"k"' '"c\u0000"' 1
    row 3 '"k"' 1e999 9
    row 3 '"k"' '{"a":[1,"\u00e9"]}' 2
    printf '{"window_start":"2026-01-01T00:00\n'
    printf '\n'
    row 3 '"k"' 1 99999999999999999999
    row 4 "\"$(head -c 9000 /dev/urandom | base64 -w0)\"" null 3
  } | segment 7
  run -0 ship --once
  [ "${#lines[@]}" = 4 ]
  [ "${lines[0]}" = 'cs-ship: 000000000007.ndjson:2: PostgreSQL does not take the row: U+0000 in a member of the key' ]
  [ "${lines[1]}" = 'cs-ship: 000000000007.ndjson:3: PostgreSQL does not take the row: U+0000 in a member of the key' ]
  [[ ${lines[2]} == 'cs-ship: 000000000007.ndjson:6: PostgreSQL does not take the row: invalid input syntax'* ]]
  [ "${lines[3]}" = 'cs-ship: 000000000007.ndjson: 4 rows are in clickstream_refused, and not in t' ] || { echo "$output" && return 1; }
  [ "$(sql -c 'select to_json(page_url) from t where n = 1' | jq -c .)" = "$(jq -nc "$text")" ]
  [ "$(sql -c 'select x from t where n = 2') $(sql -c 'select x from t where n = 9') $(sql -c 'select length(page_url) from t where n = 3')" = '{"a":[1,"\u00e9"]} 1e999 12000' ]
  [ "$(sql -c 'select segment, string_agg(line::text, chr(44) order by line) from clickstream_refused group by 1')" = '7|2,3,6,8' ]
  [ "$(sql -c 'select row from clickstream_refused where line = 2')" = "$(row 1 '"a\u0000\u0000b"' 1 1)" ]
  # Beside the key it is replaced.
  schema s cs-window --size=1h --agg='last=last(page_url)'
  printf '{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T01:00:00Z","last":"a\\u0000\\\\u0000"}\n' | segment 8
  table=s run -0 ship --once
  [ "$output" = 'cs-ship: 000000000008.ndjson:1: U+0000, which PostgreSQL cannot hold, became U+FFFD' ]
  [ "$(sql -c 'select last from s')" = 'a�\u0000' ]
}

@test "a column that is missing is exit 3, with what adds it; nothing is lost, and nothing half there" {
  windows
  row 0 '"/a"' 1 1 | segment 1
  { row 1 '"/a"' 1 1 && row 2 '"/a"' 1 1 | sed 's/}$/,"a":"x","b":1.5,"C d":true,"e":null,"f":[],"g":"2026-01-01T00:00:00.000Z"}/'; } | segment 2
  run -3 ship --once
  [ "${lines[0]}" = 'cs-ship: PostgreSQL: table t has no column for what is in the rows' ]
  local alter='alter table t add column "C d" boolean, add column a text, add column b numeric, add column e text, add column f jsonb, add column g timestamptz;'
  [ "${lines[1]}" = "cs-ship: $alter" ] || { echo "$output" && return 1; }
  [ "$(segments) $(sql -c 'select count(*) from t')" = '1 1' ]
  sql -c "$alter"
  run -0 ship --once
  [ "$(segments) $(sql -c 'select count(*), max(b) from t')" = '0 3|1.5' ]
}

@test "what waiting does not mend is exit 3, with the reason" {
  row 0 '"/a"' 1 1 | segment 1
  run -3 ship --once
  [ "${lines[0]}" = 'cs-ship: PostgreSQL: there is no table t' ]
  [[ ${lines[1]} == *--print-schema=sql:t* ]]
  run -3 cs-ship --postgres="$CONNINFO user=nobody" --table=t --once spool
  [[ $output == *'role "nobody" does not exist' ]]
  run -3 cs-ship --postgres="$CONNINFO dbname=none" --table=t --once spool
  [[ $output == *'database "none" does not exist' ]]
  # A key that takes null for different from null, or two keys.
  sql -c 'create table t (window_start timestamptz, window_end timestamptz, page_url text, x json, n bigint); create unique index on t (page_url)'
  run -3 ship --once
  [[ $output == *'takes null for another value than null'*'nulls not distinct' ]]
  sql -c 'drop index t_page_url_idx; create unique index a on t (page_url) nulls not distinct; create unique index b on t (n) nulls not distinct'
  run -3 ship --once
  [[ $output == *'several unique indexes'*'leave one of them: a, b' ]]
  # One over a number of the table's own is not meant.
  sql -c 'drop index a; drop index b; alter table t add column id bigserial primary key, add column at timestamptz default now()'
  run -0 ship --once
  [ "$(sql -c 'select n, id, at is not null from t')" = '1|1|t' ]
  row 0 '"/a"' 1 1 | segment 1
  sql -c 'alter table clickstream_segments rename to other'
  sql -c 'create view clickstream_segments as select * from other'
  sql -c 'create role guest login; grant select on t to guest'
  run -3 cs-ship --postgres="$CONNINFO user=guest" --table=t --once spool
  [[ $output == *'permission denied'* ]]
  sql -c 'drop owned by guest; drop role guest'
}

@test "numbers that begin anew are not taken for what was shipped" {
  windows
  row 0 '"/a"' 1 1 | segment 1
  row 1 '"/a"' 1 1 | segment 2
  ship --once
  row 2 '"/a"' 1 1 | segment 1
  run -3 ship --once
  [[ ${lines[0]} == *'segment 1 comes after 2, which was shipped from this spool'* ]]
  [ "$(segments)" = 1 ]
  rm spool/.ship.id
  ship --once
  [ "$(sql -c 'select count(*) from t')" = 3 ]
}

@test "without a server segments wait, and go when there is one; TERM ends the wait" {
  windows
  row 0 '"/a"' 1 1 | segment 1
  postgres_kill
  run -1 ship --once
  [[ $output == *'PostgreSQL: connection to server'*'it is kept, with what is behind it' ]]
  start --drain=1
  until_true grep -q 'it is kept' messages
  kill "$shipper"
  wait "$shipper"
  grep -q '1 segments stay in spool' messages
  rm messages
  start
  until_true grep -q 'it is kept' messages
  postgres_run
  until_true eval '[ "$(segments)" = 0 ]'
  # A connection that is cut while nothing is sent is made anew in silence.
  : >messages
  sql -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cs-ship'" >/dev/null
  row 1 '"/a"' 1 1 | segment 2
  until_true eval '[ "$(segments)" = 0 ]'
  kill "$shipper"
  wait "$shipper"
  [ ! -s messages ] || { cat messages && return 1; }
  [ "$(sql -c 'select count(*) from t')" = 2 ]
  postgres_kill
}

@test "kill -9 of cs-ship, psql and the server: the table is the rows" {
  local kills=3 rows=4000 each=40 killed=0 who
  if [ -n "${FULL:-}" ]; then kills=50 rows=100000 each=100; fi
  schema t cs-window --size=1h --by=page_url --agg=n=count --agg=x='last(.x)'
  # Appended to as well: there, twice would be seen.
  sql -c 'drop index t_by_window_start_window_end_page_url'
  seq "$rows" | awk '{ printf "{\"window_start\":\"2026-01-01T00:00:00.000Z\",\"window_end\":\"2026-01-01T01:00:00.000Z\",\"page_url\":\"/%d\",\"n\":%d,\"x\":\"\\\\ \\t %d\"}\n", $1 % 997, $1, $1 }' >rows
  split -l "$each" -a 12 --numeric-suffixes=1 --additional-suffix=.ndjson rows spool/
  local all
  all=$(segments)
  while [ "$killed" -lt "$kills" ]; do
    start
    # While it works: some more segments have gone, and as many are left for the kills to come.
    local until=$((all - all * (killed + 1) / (kills + 2)))
    until_true eval '[ "$(segments)" -le "$until" ]'
    case $((killed % 3)) in
      0) kill -9 "$shipper" ;;
      1)
        who=$(pgrep -P "$shipper" psql) || true
        [ -z "$who" ] || kill -9 "$who"
        ;;
      2)
        postgres_kill
        postgres_run
        ;;
    esac
    killed=$((killed + 1))
    kill -9 "$shipper" 2>/dev/null || true
    wait "$shipper" || true
    [ "$(segments)" -gt 0 ]
  done
  ship --once
  [ "$(segments)" = 0 ]
  sql -c 'select n, page_url, x #>> array[]::text[] from t order by n' >got
  jq -r '"\(.n)|\(.page_url)|\(.x)"' rows | cmp - got
  postgres_kill
}

@test "--stats counts what the table has not taken; wrong use is exit 2" {
  windows
  { row 0 '"/a"' 1 1 && echo rubbish; } | segment 1
  ship --once --stats=ship.prom 2>/dev/null
  grep -qx 'clickstream_rows_refused_total{tool="cs-ship"} 1' ship.prom
  grep -qx 'clickstream_segments_shipped_total{tool="cs-ship"} 1' ship.prom
  run -2 cs-ship --postgres= spool
  [ "${lines[0]}" = 'cs-ship: --postgres needs --table=NAME' ]
  run -2 cs-ship --postgres= --table=t -b x spool
  [ "${lines[0]}" = 'cs-ship: --postgres: rows go to PostgreSQL or to Kafka: without -b, -t, -F and -X' ]
  run -2 cs-ship -b x -t x --table=t spool
  [ "${lines[0]}" = 'cs-ship: --table and --create need --postgres' ]
  run -2 cs-ship --postgres= --table=t --create=nowhere spool
  printf damaged >spool/.ship.id
  run -3 ship --once
}

# The commands of samples/bi/tables over events, and their rows in tables, by way of spools; then the views.
shop() {
  local name command
  while read -r name command; do
    eval "words=($command)"
    "${words[@]}" --print-schema=sql:"$name" >"$name.sql"
    "${words[@]}" --state="$name.state" --spool="$name" --flush events
    cs-ship --postgres="$CONNINFO" --table="$name" --create="$name.sql" --once "$name" 2>messages
    [ ! -s messages ] || { cat messages && return 1; }
    "${words[@]}" events >"$name.rows"
  done < <(grep -v '^#' "$ROOT/samples/bi/tables")
  sql -f "$ROOT/samples/bi/views.sql"
}

@test "samples/bi: the tables are the rows, and each view, question and panel answers" {
  traffic --duration=50h --rate=0.3 --start=2026-01-05T00:00:00Z --outage=45h+3h --extras >events
  shop
  for name in funnel sessions carts products incidents; do
    # Of carts and incidents the last state of each.
    case $name in
      carts) jq -sr 'group_by(.session_id, .episode) | length' carts.rows ;;
      incidents) jq -sr 'group_by(.device_type, .incident_start) | length' incidents.rows ;;
      *) wc -l <$name.rows ;;
    esac >want
    sql -c "select count(*) from $name" | diff want -
  done
  # Numbers of the views are those of rows.
  sql -c 'select device_type, sessions, purchases, overall_conversion_rate from funnel_today order by 1' >got
  jq -r '[.window_start, .device_type, .sessions, .purchases, .overall_conversion_rate] | map(. // "" | tostring) | join("|")' funnel.rows |
    grep "^2026-01-07" | cut -d '|' -f 2- | sort | diff - got
  jq -s '[group_by(.session_id, .episode)[] | last | select((.state | IN("abandoned", "expired")) and .last_event_time > "2026-01-06T03")] |
    length, (map(.cart_value // 0) | add * 100 | round)' carts.rows >want
  [ "$(head -1 want)" -gt 100 ]
  sql -c "select count(*) from carts_to_recover where last_event_time > '2026-01-06T03:00Z'" \
    -c "select round(sum(cart_value) * 100) from carts_to_recover where last_event_time > '2026-01-06T03:00Z'" | diff want -
  jq -s 'map(.revenue // 0) | add | . * 100 | round' sessions.rows >want
  [ "$(<want)" -gt 0 ]
  sql -c 'select round(sum(revenue) * 100) from sessions' | diff want -
  # Each question brings rows, and each panel's query runs.
  awk -v RS=';' '/select/ { print > ("question." ++n) }' "$ROOT/samples/bi/questions.sql"
  [ -e question.6 ]
  for question in question.*; do sql -f "$question" >answer && [ -s answer ] || { cat "$question" && return 1; }; done
  local board=$ROOT/samples/bi/shop.dashboard.json
  jq -e '(.panels | map(.id) | length == (unique | length)) and ([.panels[] | .gridPos | . as {$x, $y, $w, $h} |
      range($x; $x + $w) as $i | range($y; $y + $h) | "\($i) \(.)"] | length == (unique | length))' "$board" >/dev/null
  jq -r '.. | .rawSql? // empty' "$board" | sed -E "s/\\\$__timeFilter\(([a-z_]+)\)/\1 between '2026-01-01' and '2027-01-01'/g" >queries
  [ "$(wc -l <queries)" -ge 10 ]
  while IFS= read -r query; do sql -c "$query" >answer || { echo "$query" && return 1; }; done <queries
  # What the views are for, shown on rows made for it.
  sql -c "truncate products" -c "insert into products (window_start, window_end, product_id, views_1h, purchases_1h)
    select t, t + '1 hour', p, case when p = 'sank' and t >= '2026-01-09' then 1 else 5 end, 0
    from generate_series(timestamptz '2026-01-08', '2026-01-09 23:00', '1 hour') t, unnest(array['sank', 'swims']) p"
  [ "$(sql -c 'select product_id, views, views_before, change_percent from products_that_sank')" = 'sank|24|120|-80.0' ]
  sql -c "truncate incidents" -c "insert into incidents (device_type, incident_start, state, pct_deviation) values
    ('a', '2026-01-01', 'end', 9), ('b', '2026-01-01', 'start', -60), (null, '2026-01-02', 'start', 80)"
  [ "$(sql -c 'select coalesce(device_type, chr(45)) from incidents_open' | paste -sd' ')" = '- b' ]
}
