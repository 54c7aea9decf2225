#!/usr/bin/env bats
# cs-window: which window and group an event is in, what the aggregates are, views, --by-partition and --merge.

load helper

setup() {
  setup_tools
  cat >events <<'END'
{"event_type":"view","session_id":"s1","traffic_source":"ads","price":10,"event_time":"2026-01-01T00:00:00Z"}
{"event_type":"view","session_id":"s2","traffic_source":"ads","price":2.5,"event_time":"2026-01-01T00:09:59.999Z"}
{"event_type":"cart","session_id":"s1","traffic_source":null,"price":"7","event_time":"2026-01-01T00:05:00Z"}
{"event_type":"view","session_id":null,"traffic_source":"","price":null,"event_time":"2026-01-01T00:06:00Z"}
{"event_type":"view","session_id":"s1","traffic_source":"ads","price":1,"event_time":"2026-01-01T00:10:00Z"}
END
}

# Output and messages apart; --lateness=max unless the test says otherwise.
window() {
  run --separate-stderr cs-window --lateness=max "$@"
}

# The named members of each row, tab-separated.
columns() {
  local names
  printf -v names '.%s,' "$@"
  jq -r "[${names%,}] | map(tojson) | @tsv" <<<"$output" | sed 's/\\"/"/g'
}

# --- windows

@test "arrays and objects are one value however their blanks and escapes are written" {
  for tags in '["a","é",{"n":1.0}]' '["a", "\u00e9", {"n": 1.0}]' '[ "\u0061","é" , {"n" :1.0} ]' '["a","é",{"n":1}]'; do
    event 2026-01-01T00:00:00Z "\"tags\":$tags,\"session_id\":\"s\""
  done >in
  want='[["a","é",{"n":1.0}],3] [["a","é",{"n":1}],1]'
  for jobs in 1 3; do
    cs-window --jobs=$jobs --size=1h --by=tags --agg=n=count in >out
    [ "$(sed -E 's/.*"tags":(.*),"n":(.)\}$/[\1,\2]/' out | xargs -d '\n')" = "$want" ]
  done
  cs-window --size=1h --agg='d=distinct(tags)' --agg='a=approx_distinct(.tags)' --agg='t=top(tags,1)' --agg='m=distinct(session_id)' in >out
  grep -qF '"d":2,"a":2,"t":[{"value":["a","é",{"n":1.0}],"count":3}],"m":1}' out
  tac in | cs-window --size=1h --agg='d=distinct(tags)' --agg='a=approx_distinct(.tags)' --agg='t=top(tags,1)' --agg='m=distinct(session_id)' | cmp - out
  cs-funnel --by=tags --id=tags --step=a=true --step=b=true in | grep -cF '"a":1,"b":1' | grep -qx 2
  [ "$(cs-sessionize --split-by=tags in | wc -l)" = 2 ]
  [ "$(cs-sessionize --id=tags --agg='d=distinct(tags)' in | jq -c '[.total_events, .d]' | xargs)" = '[3,1] [1,1]' ]
  cs-window --size=1h --by=tags --agg=n=count --by-partition in >part
  cs-window --size=1h --by=tags --agg=n=count --merge part | cmp - <(cs-window --size=1h --by=tags --agg=n=count in)
}

@test "a window holds its start and not its end" {
  window --size=10m --agg=n=count events
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","n":4}' ]
  [ "${lines[1]}" = '{"window_start":"2026-01-01T00:10:00.000Z","window_end":"2026-01-01T00:20:00.000Z","n":1}' ]
  [ "${#lines[@]}" -eq 2 ]
}

@test "with --slide an event is in every window that holds it, also when the size is no multiple" {
  window --size=7m --slide=3m --agg=n=count -w '.event_type == "cart"' events
  [ "$(jq -r '.window_start[11:16]' <<<"$output" | paste -sd' ')" = "00:00 00:03" ]
}

@test "--offset moves the starts" {
  window --size=1h --offset=20m --agg=n=count events
  [ "$(columns window_start n)" = $'"2025-12-31T23:20:00.000Z"\t5' ]
}

@test "windows before 1970 start where those after do" {
  printf '%s\n' '{"event_time":"1969-12-31T23:59:59.999Z"}' '{"event_time":"1969-12-31T23:50:00Z"}' >old
  window --size=10m --agg=n=count old
  [ "$(columns window_start n)" = $'"1969-12-31T23:50:00.000Z"\t2' ]
}

@test "an event is late for a closed window only" {
  cat >late <<'END'
{"event_time":"2026-01-01T00:09:00Z"}
{"event_time":"2026-01-01T00:10:40Z"}
{"event_time":"2026-01-01T00:09:59Z"}
{"event_time":"2026-01-01T00:10:05Z"}
END
  run --separate-stderr cs-window --size=10m --agg=n=count --late=out --stats=stats late
  [ "$(columns n)" = $'1\n2' ]
  [ "$(jq -c '[.used,.late,.late_windows]' stats)" = '[3,1,0]' ]
  [ "$(jq -r .raw out)" = '{"event_time":"2026-01-01T00:09:59Z"}' ]
}

@test "late for some of its windows is used, and the windows are counted" {
  printf '%s\n' '{"event_time":"2026-01-01T00:21:00Z"}' '{"event_time":"2026-01-01T00:15:30Z"}' >late
  run --separate-stderr cs-window --size=10m --slide=5m --agg=n=count --stats=stats late
  [ "$(columns window_start n)" = $'"2026-01-01T00:15:00.000Z"\t2\n"2026-01-01T00:20:00.000Z"\t1' ]
  [ "$(jq -c '[.used,.late,.late_windows]' stats)" = '[2,0,1]' ]
}

@test "any order of events within the lateness gives the same rows" {
  traffic --events=20000 --disorder=25s --nulls=5 --extras --unicode >disorder
  jq -cs 'sort_by(.event_time)[]' disorder >sorted
  options=(--size=5m --slide=2m '--by=traffic_source,device_type' --agg=n=count --agg='s=distinct(session_id)'
    --agg='total=sum(price)' --agg='a=first(product_id)' --agg='z=last(user_id)')
  cs-window "${options[@]}" disorder >rows
  cs-window "${options[@]}" sorted >wanted
  cmp rows wanted
  [ -s rows ]
}

@test "--help names the functions that there are" {
  run -2 cs-window --size=1h --agg='n=nothing(x)'
  known=$(sed -nE "s/.*'nothing' is no function \\((.*)\\)$/\\1/p" <<<"$output" | tr ' ' '\n' | sort)
  helped=$(cs-window --help | sed -nE '/--agg/,/repeatable/{ s/.*EXPR\]//; s/; repeatable.*//; p; }' | tr -s ' ' '\n' | grep . | sort)
  [ -n "$known" ]
  [ "$known" = "$helped" ]
}

@test "windows made of panes are those that each event is added to, also where groups and texts come and go" {
  # First there are very many groups, then few, and texts that are never there again.
  awk 'BEGIN {
    for (i = 0; i < 24000; i++)
      printf "{\"event_time\":%.1f,\"session_id\":\"s%d\",\"x\":%d,\"group\":\"%s%d\",\"url\":\"/%080d\"}\n", 1767225600 + i / 20 - i % 7,
        i % 3000, i * 7919 % 1000 - 500, i < 12000 ? "long-" : "", i < 12000 ? i : i % 5, i * 104729 % 24000
  }' >in
  options=(--size=100s --slide=4s --lateness=2s --by=group --agg=n=count --agg='s=distinct(session_id)' --agg='low=min(url)'
    --agg='high=max(x)' --agg='first=first(url)' --agg='last=last(url) if .x > 0' --agg='mean=avg(x)')
  cs-window "${options[@]}" --stats=stats in >panes
  cs-window "${options[@]}" --emit=updates:1h in | sed -n 's/,"final":true}$/}/p' >each
  cmp panes each
  [ "$(wc -l <panes)" -gt 200000 ]
  jq -e '.late_windows > 1000' stats
}

# --- windows by the calendar

# at TIME...: an event at each.
at() {
  printf '{"event_time":"%s"}\n' "$@"
}

@test "weeks begin on Monday, months and years on their first days, and all is one window" {
  at 2025-12-28T23:59:59Z 2025-12-29T00:00:00Z 2026-01-01T00:00:00Z 2026-01-04T23:59:59.999999Z 2026-02-28T23:00:00Z >days
  window --size=1w --agg=n=count days
  [ "$(columns window_start window_end n | tr -d '"' | sed 's/T00:00:00.000Z//g')" = \
    $'2025-12-22\t2025-12-29\t1\n2025-12-29\t2026-01-05\t3\n2026-02-23\t2026-03-02\t1' ]
  window --size=1mo --agg=n=count days
  [ "$(columns window_start window_end n | tr -d '"' | sed 's/T00:00:00.000Z//g')" = \
    $'2025-12-01\t2026-01-01\t2\n2026-01-01\t2026-02-01\t2\n2026-02-01\t2026-03-01\t1' ]
  window --size=3mo --agg=n=count days
  [ "$(columns window_start n)" = $'"2025-10-01T00:00:00.000Z"\t2\n"2026-01-01T00:00:00.000Z"\t3' ]
  window --size=1y --agg=n=count days
  [ "$(columns window_start n)" = $'"2025-01-01T00:00:00.000Z"\t2\n"2026-01-01T00:00:00.000Z"\t3' ]
  window --size=all --agg=n=count days
  [ "$output" = '{"window_start":"0001-01-01T00:00:00.000Z","window_end":"9999-12-31T23:59:59.999999Z","n":5}' ]
}

@test "days of a zone have 23 and 25 hours where clocks are changed" {
  at 2026-03-28T22:59:59Z 2026-03-28T23:00:00Z 2026-03-29T21:59:59Z 2026-03-29T22:00:00Z 2026-10-24T22:00:00Z 2026-10-25T22:59:59Z >days
  window --size=1d --tz=Europe/Berlin --agg=n=count days
  [ "$(columns window_start window_end n | tr -d '"' | sed 's/:00:00.000Z//g')" = "$(printf '%s\n' \
    $'2026-03-27T23\t2026-03-28T23\t1' $'2026-03-28T23\t2026-03-29T22\t2' $'2026-03-29T22\t2026-03-30T22\t1' \
    $'2026-10-24T22\t2026-10-25T23\t2')" ]
  window --size=1d --tz=Europe/Berlin --offset=4h --agg=n=count days
  [ "$(columns window_start n | head -2)" = $'"2026-03-28T03:00:00.000Z"\t2\n"2026-03-29T02:00:00.000Z"\t2' ]
  # Hours are hours.
  window --size=1h --tz=Asia/Kolkata --agg=n=count days
  [ "$(columns window_start | head -1)" = '"2026-03-28T22:00:00.000Z"' ]
}

@test "windows by the calendar close when the watermark has passed them, and are the same in pieces" {
  at 2026-01-31T22:00:00Z 2026-01-31T23:00:10Z 2026-01-31T22:59:59Z 2026-01-31T23:00:29Z 2026-01-31T23:00:30.000Z 2026-01-31T22:59:58Z >seam
  run --separate-stderr cs-window --size=1mo --tz=Europe/Berlin --agg=n=count --stats=stats seam
  [ "$(columns n | paste -sd' ')" = '2 3' ]
  [ "$(jq .late stats)" -eq 1 ]
  traffic --events=30000 --rate=0.005 --disorder=3h --partitions=2 >months
  for size in '1w --tz=America/New_York' '1mo --tz=Asia/Kolkata' '1d --tz=Europe/Berlin' 1y all; do
    read -ra options <<<"--size=$size"
    options+=(--by=device_type --agg=n=count --agg='s=distinct(session_id)' --agg='low=min(price)' --lateness=4h)
    cs() { cs-window "${options[@]}" "$@"; }
    cs months >rows
    [ -s rows ]
    cs --jobs=3 months | cmp - rows
    cs --by-partition months | cs --merge | cmp - rows
    cs --emit=updates:1h months | jq -c 'select(.final) | del(.final)' | cmp - rows
    rm -f state out
    for piece in 1,7000 7001,20000 20001,30000; do
      sed -n "${piece}p" months | cs --state=state --output=out 2>/dev/null
    done
    cs --state=state --output=out --flush </dev/null 2>/dev/null
    cmp out rows
  done
}

@test "what does not go with windows by the calendar is refused by name" {
  for options in '--size=1mo --slide=1d' '--size=1d --tz=Europe/Berlin --slide=1h' '--size=all --slide=1h'; do
    # shellcheck disable=SC2086 # several words
    window $options --agg=n=count events
    [ "$status" -eq 2 ]
    [[ $stderr == 'cs-window: --slide: windows by the calendar '* ]]
  done
  window --size=all --offset=1h --agg=n=count events
  [ "$status" -eq 2 ]
  [[ $stderr == *--offset* ]]
  for size in 1mo2d 1w1h 1y6mo 0mo 1M 10000y; do
    window --size=$size --agg=n=count events
    [ "$status" -eq 2 ]
    [[ $stderr == "cs-window: --size: '$size'"* ]]
  done
  # Hours of a zone, and windows of UTC that overlap, are as before.
  window --size=1d --slide=1h --agg=n=count events
  [ "$status" -eq 0 ]
  window --size=1w --slide=1d --agg=n=count events
  [ "$(columns window_start | wc -l)" -eq 7 ]
}

# --- groups

@test "null, the empty string, a number and its text are groups of their own, in the order of values" {
  printf '{"event_time":"2026-01-01T00:00:00Z","v":%s}\n' '"1"' 1 null '""' true 10 2 1.0 '"a"' >values
  echo '{"event_time":"2026-01-01T00:00:00Z"}' >>values
  window --size=1m --by=v --agg=n=count values
  [ "$(sed 's/.*"v"://; s/}//' <<<"$output" | paste -sd' ')" = \
    'null,"n":2 true,"n":1 1,"n":1 1.0,"n":1 2,"n":1 10,"n":1 "","n":1 "1","n":1 "a","n":1' ]
}

@test "a row stands for each event that passed, even where nothing counted it" {
  window --size=1h --by=event_type --agg='n=count if .event_type == "view"' --agg='s=distinct(session_id) if false' events
  [ "$(columns event_type n s)" = $'"cart"\t0\t0\n"view"\t4\t0' ]
}

@test "ids are counted however alike they are to the keys of groups" {
  # What the key of one event's group is made of is the other's id.
  printf '{"event_time":"2026-01-01T00:00:00Z","device_type":%s,"session_id":"%s"}\n' \
    null '\u0004\u0001\u0000\u0000\u0000a' '"a"' '\u0000' >alike
  window --size=1h --by=device_type --agg='s=distinct(session_id)' alike
  [ "$(columns device_type s)" = $'null\t1\n"a"\t1' ]
}

@test "--by takes a list, may repeat, and commas inside an expression do not split it" {
  window --size=1h --by='kind=.event_type | sub("v"; "w"),paid=(.price != null)' --by=traffic_source --agg=n=count events
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T01:00:00.000Z","kind":"cart","paid":true,"traffic_source":null,"n":1}' ]
}

@test "lower() puts all cases into one group" {
  printf '{"event_time":"2026-01-01T00:00:00Z","search_query":"%s"}\n' 'CAFÉ' 'café' 'Café' 'cafe' >searches
  window --size=1m --by='term=lower(search_query)' --agg=n=count searches
  [ "$(columns term n)" = $'"cafe"\t1\n"café"\t3' ]
}

# --- aggregates

@test "every function does what the manual says" {
  window --size=1h --agg=n=count --agg='priced=count(price)' --agg='ids=distinct(session_id)' --agg='sum=sum(price)' \
    --agg='avg=avg(price)' --agg='min=min(price)' --agg='max=max(price)' --agg='first=first(event_type)' \
    --agg='last=last(session_id)' --agg='share=percent(ids,n)' events
  [ "$(columns n priced ids sum avg min max first last share)" = $'5\t4\t2\t13.5\t4.5\t1\t"7"\t"view"\t"s1"\t40' ]
}

@test "approx_distinct is exact for few values, and within 2 % for many, in any number of jobs and parts" {
  traffic --events=60000 --partitions=3 >many
  window --size=7d --agg='d=distinct(event_id)' --agg='a=approx_distinct(event_id)' --agg='few=distinct(product_id) if .device_type == "mobile"' \
    --agg='same=approx_distinct(product_id) if .device_type == "mobile"' --by=traffic_source many
  jq -es 'all(.[]; (.a - .d | fabs) < .d * 0.02) and (map(.a) | max) > 10000' <<<"$output"
  options=(--size=1h --slide=20m --by=device_type --agg='a=approx_distinct(event_id)' --agg='s=approx_distinct(user_id)' --agg='p=percent(s,a)')
  cs-window "${options[@]}" many >rows
  jq -es 'map(.a) | max > 4000 and min < 3072' rows
  cs-window "${options[@]}" --jobs=3 many | cmp - rows
  cs-window "${options[@]}" --by-partition many | cs-window "${options[@]}" --merge | cmp - rows
  cut -f3- many | shuf --random-source=many >shuffled
  cs-window "${options[@]}" --lateness=max shuffled | cmp - rows
}

@test "approx_distinct does not count null, and 1 is not \"1\"" {
  printf '{"event_time":"2026-01-01T00:00:00Z","v":%s}\n' 1 '"1"' 1.0 null true '"1"' >values
  window --size=1h --agg='d=distinct(v)' --agg='a=approx_distinct(v)' values
  [ "$(columns d a)" = $'4\t4' ]
}

@test "list has the first values by event_time, any and all are null where no event was asked" {
  printf '{"event_time":"2026-01-01T00:00:%s","page":%s}\n' 03Z '"c"' 01Z '"b"' 01Z '"a"' 02Z null 04Z 1.50 05Z '"a"' >pages
  for input in pages <(tac pages); do
    window --size=1h --agg='two=list(page,2)' --agg='five=list(page,5)' --agg='none=list(x,3)' \
      --agg='any=any(.page == "c")' --agg='all=all(.page != null)' --agg='nobody=all(page) if .page == "z"' "$input"
    [ "${lines[0]}" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T01:00:00.000Z","two":["a","b"],"five":["a","b","c",1.50,"a"],"none":[],"any":true,"all":false,"nobody":null}' ]
  done
}

@test "a quantile is one of the numbers up to 64 different ones, then within 1 % of it, in any order and in parts" {
  printf '{"event_time":"2026-01-01T00:00:00Z","x":%s}\n' 4 1 3 2 null '"a"' 0.1 >numbers
  window --size=1h --agg='m=median(x)' --agg='least=quantile(x,0)' --agg='p60=quantile(x,0.6)' --agg='p61=quantile(x,0.61)' \
    --agg='most=quantile(x,1)' --agg='none=median(y)' --stats=stats numbers
  [ "$(columns m least p60 p61 most none)" = $'2\t0.1\t2\t3\t4\tnull' ]
  [ "$(jq .not_numbers stats)" -eq 5 ]
  traffic --events=30000 --partitions=3 --extras --disorder=20s >topic
  options=(--size=20m --slide=5m --by=device_type --agg='m=median(price)' --agg='p95=quantile(price,0.95)'
    --agg='few=median(price) if .event_type == "purchase"')
  cs-window "${options[@]}" topic >rows
  cs-window "${options[@]}" --jobs=3 topic | cmp - rows
  cs-window "${options[@]}" --by-partition topic | cs-window "${options[@]}" --merge | cmp - rows
  cut -f3- topic | jq -cs 'sort_by(.event_time)[]' | cs-window "${options[@]}" | cmp - rows
  # Windows that each event is added to, and not made of panes.
  cs-window "${options[@]}" --emit=updates:1h topic | sed -n 's/,"final":true}$/}/p' | cmp - rows
  cut -f3- topic | cs-window --size=all --agg='m=median(price)' --agg='p95=quantile(price,0.95)' >rows
  cut -f3- topic | jq '.price // empty' | sort -g >prices
  n=$(wc -l <prices)
  for one in "m $(((n + 1) / 2))" "p95 $(((n * 95 + 99) / 100))"; do
    jq -e --argjson true "$(sed -n "${one#* }p" prices)" ".${one% *} / \$true | . > 0.99 and . < 1.01" rows
  done
}

@test "stddev is that of a sample, in any order and in parts the same digits" {
  printf '{"event_time":"2026-01-01T00:00:00Z","x":%s}\n' 2 4 4 4 5 5 7 9 null '"a"' >numbers
  window --size=1h --agg='d=stddev(x)' --agg='one=stddev(x) if .x == 9' --stats=stats numbers
  [ "$(columns d one)" = $'2.13809\tnull' ]
  [ "$(jq .not_numbers stats)" -eq 1 ]
  traffic --events=20000 --partitions=3 --extras --disorder=20s >topic
  options=(--size=10m --slide=5m --by=device_type --agg='d=stddev(price)' --agg='far=stddev(1e12 + (.price // 0))')
  cs-window "${options[@]}" topic >rows
  jq -es 'map(.d) | max > 10' rows
  cs-window "${options[@]}" --jobs=3 topic | cmp - rows
  cs-window "${options[@]}" --by-partition topic | cs-window "${options[@]}" --merge | cmp - rows
  cut -f3- topic | jq -cs 'sort_by(.event_time)[]' | cs-window "${options[@]}" | cmp - rows
}

@test "top has the most frequent values, of equal counts the smaller one first, and says nothing of an error up to 10,000 values" {
  printf '{"event_time":"2026-01-01T00:00:00Z","page":%s}\n' '"c"' '"b"' '"a"' '"b"' '"c"' '"d"' null null null 1 '"1"' 1 >pages
  for input in pages <(tac pages); do
    window --size=1h --agg='t=top(page,4)' --agg='c=top(page,1) if .page == "d"' --agg='none=top(x,3)' "$input"
    [ "${lines[0]}" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T01:00:00.000Z","t":[{"value":1,"count":2},{"value":"b","count":2},{"value":"c","count":2},{"value":"1","count":1}],"c":[{"value":"d","count":1}],"none":[]}' ]
  done
  traffic --events=30000 --partitions=3 >topic
  options=(--size=1h --slide=20m --by=device_type --agg='t=top(product_id,20)' --agg='u=top(traffic_source,3)')
  cs-window "${options[@]}" topic >rows
  [ "$(jq -c '.t_error' rows | sort -u)" = null ]
  cs-window "${options[@]}" --jobs=3 topic | cmp - rows
  cs-window "${options[@]}" --by-partition topic | cs-window "${options[@]}" --merge | cmp - rows
}

# Counts that nobody can tell from the parts.
@test "beyond 10,000 values top says by how much counts may be too large, goes on after a restart, and refuses parts" {
  awk 'BEGIN { srand(1); for (i = 0; i < 60000; i++) {
    v = rand() < 0.3 ? int(rand() * 10) : int(rand() * 30000)
    printf "{\"event_time\":%.1f,\"v\":\"%d\"}\n", 1767225600 + i / 20, v } }' >many
  options=(--size=1h --agg='t=top(v,10)')
  cs-window "${options[@]}" many >rows
  jq -r .v many | sort | uniq -c | sort -k1nr | head -10 | awk '{ print $2, $1 }' >true
  [ "$(jq -r '.t[].value' rows | sort)" = "$(cut -d' ' -f1 true | sort)" ]
  error=$(jq .t_error rows)
  [ "$error" -gt 0 ] && [ "$error" -le 6 ]
  jq -r '.t[] | "\(.value) \(.count)"' rows | sort >counted
  sort true | join - counted | awk -v error="$error" '$3 < $2 || $3 > $2 + error { exit 1 }'
  for lines in 15000 33333 59999; do
    rm -f state out
    head -n "$lines" many | cs-window "${options[@]}" --state=state --output=out
    tail -n +$((lines + 1)) many | cs-window "${options[@]}" --state=state --output=out --flush
    cmp out rows
  done
  run -3 --separate-stderr cs-window "${options[@]}" --jobs=2 many
  [[ $stderr == "cs-window: 't=top(v,10)': a group has more than 10000 different values, "* ]]
  awk '{ printf "%d\t%d\t%s\n", NR % 2, NR, $0 }' many >topic
  cs-window "${options[@]}" --by-partition topic >parts
  run -3 --separate-stderr cs-window "${options[@]}" --merge parts
  [[ $stderr == "cs-window: 't=top(v,10)': a group has more than 10000 different values, "* ]]
  # One part alone is the whole.
  jq -c 'select(.partition == 1)' parts | cs-window "${options[@]}" --merge | jq -c .t | cmp - <(jq -c 'select(.partition == 1).t' parts)
}

@test "a function with a number is refused without one, or with one that is none" {
  for agg in 'x=list(page)' 'x=list(page,0)' 'x=list(page,10001)' 'x=list(page,a)' 'x=list'; do
    window --size=1h --agg="$agg" events
    [ "$status" -eq 2 ]
    [[ $stderr == "cs-window: --agg: '$agg': list is list(F,N), N a whole number from 1 to 10000"* ]]
  done
}

@test "what sum and avg skip is counted, but null is not" {
  window --size=1h --agg='sum=sum(price)' --stats=stats events
  [ "$(jq .not_numbers stats)" -eq 1 ]
}

@test "--number makes numbers of text" {
  window --size=1h --number=price --agg='sum=sum(price)' events
  [ "$(columns sum)" = 20.5 ]
}

@test "a sum of decimals is exact, of no numbers null, and too large is null" {
  printf '{"event_time":"2026-01-01T00:00:00Z","p":%s,"q":%s}\n' 0.1 1e30 0.2 1 0.3 2 >prices
  window --size=1h --agg='s=sum(p)' --agg='q=sum(q)' --agg='none=sum(r)' --agg='mean=avg(r)' prices
  [ "$(columns s q none mean)" = $'0.6\tnull\tnull\tnull' ]
}

@test "a percentage of nothing is null, others have two places without padding" {
  window --size=1h --agg=n=count --agg='third=count if .event_type == "cart"' --agg='none=count if false' \
    --agg='a=percent(third,n)' --agg='b=percent(n,none)' --agg='c=percent(n,n)' -w '.traffic_source != "" and .session_id != "s2"' events
  [ "$(columns a b c)" = $'33.33\tnull\t100' ]
}

@test "first and last go by event_time, and equal times by value" {
  printf '{"event_time":"2026-01-01T00:00:%s","user_id":%s}\n' 02Z '"b"' 01Z '"z"' 01Z '"y"' 02Z '"c"' 03Z null 00Z null >order
  for input in order <(tac order); do
    run --separate-stderr cs-window --lateness=max --size=1h --agg='f=first(user_id)' --agg='l=last(user_id)' "$input"
    [ "$(columns f l)" = $'"y"\t"c"' ]
  done
}

@test "an expression that fails is null in an aggregate, does not select, and is counted" {
  window --size=1h --agg='s=sum(.price * 2)' --agg='n=count if .price * 2 > 1' --stats=stats events
  [ "$(columns s n)" = $'27\t4' ] # "7" * 2 is "77" in jq, and a string is greater than a number
  [ "$(jq '.expression_errors' stats)" -eq 1 ] # once for its event
}

# --- what is printed

@test "--order-by sorts within a window, ties by group, and --top cuts" {
  printf '{"event_time":"2026-01-01T00:00:00Z","v":"%s"}\n' c a b b c d >values
  window --size=1m --by=v --agg=n=count --order-by=-n values
  [ "$(columns v | paste -sd' ')" = '"b" "c" "a" "d"' ]
  window --size=1m --by=v --agg=n=count --order-by=-n --top=3 values
  [ "$(columns v | paste -sd' ')" = '"b" "c" "a"' ]
}

@test "--ties prints the rows that equal the last one of --top, too" {
  printf '{"event_time":"2026-01-01T00:00:00Z","v":"%s","p":%s}\n' a 3 b 2.0 c 2 d 2 e 1 f 3 >values
  options=(--size=1m --by=v --agg='s=sum(p)' --agg='m=max(p)')
  for order in -m -s; do
    window "${options[@]}" --order-by=$order --top=3 --ties values
    [ "$(columns v | paste -sd' ')" = '"a" "f" "b" "c" "d"' ]
  done
  window "${options[@]}" --order-by=-m --top=2 --ties values
  [ "$(columns v | paste -sd' ')" = '"a" "f"' ]
  window "${options[@]}" --order-by=m --top=1 --ties values
  [ "$(columns v | paste -sd' ')" = '"e"' ]
  window "${options[@]}" --order-by=m --top=2 --ties --having='.m != 1' values
  [ "$(columns v | paste -sd' ')" = '"b" "c" "d"' ]
  for missing in --top=2 --order-by=m; do
    window "${options[@]}" $missing --ties values
    [ "$status" -eq 2 ]
    [[ $stderr == *"--ties"*"needs --top and --order-by"* ]]
  done
  run -2 cs-sessionize --ties values
}

@test "--having prints the rows that each expression selects, before --order-by and --top" {
  printf '{"event_time":"2026-01-01T00:00:00Z","v":"%s","p":%d}\n' c 5 a 1 b 2 b 3 c 4 d 1 e 1 e 1 e 1 >values
  options=(--size=1m --by=v --agg=n=count --agg='s=sum(p)')
  window "${options[@]}" --having='.n > 1' values
  [ "$(columns v | paste -sd' ')" = '"b" "c" "e"' ]
  window "${options[@]}" --having='.n > 1' --having='.s != 9 and (.v | test("[a-d]"))' values
  [ "$(columns v n s)" = $'"b"\t2\t5' ]
  window "${options[@]}" --having='.n > 1 and .n < 3' --order-by=-s --top=1 values
  [ "$(columns v n s)" = $'"c"\t2\t9' ]
  window "${options[@]}" --having='.n > 1' --format=csv values
  [ "$(cut -d, -f3- <<<"$output" | paste -sd' ')" = 'v,n,s b,2,5 c,2,9 e,3,3' ]
  window "${options[@]}" --having='.n > 1' --key=v values
  [ "$(cut -f1 <<<"$output" | paste -sd' ')" = 'b c e' ]
  window "${options[@]}" --having='[.n] | first > 1' --state=state --flush values
  [ "${#lines[@]}" -eq 3 ]
}

@test "to --having a member of a row is what is printed, also where an event has one of that name" {
  window --size=1h --by=event_type --agg='session_id=distinct(session_id)' --having='.session_id > 1' events
  [ "$(columns event_type session_id)" = $'"view"\t2' ]
  window --size=1h --by=event_type --agg='session_id=distinct(session_id)' --having='(.session_id | type) == "string"' events
  [ -z "$output" ]
}

@test "--having says what it cannot be asked" {
  options=(--size=1h --by=event_type --agg=views=count)
  window "${options[@]}" --having='.view > 1' events
  [ "$status" -eq 2 ]
  [[ $stderr == "cs-window: --having: rows have no member 'view'; did you mean views?"* ]]
  window "${options[@]}" --having='.views >' events
  [ "$status" -eq 2 ]
  [[ $stderr == 'cs-window: --having: syntax error'* ]]
  for other in --by-partition --emit=updates; do
    window "${options[@]}" --having='.views > 1' "$other" events
    [ "$status" -eq 2 ]
    [[ $stderr == *--having* ]]
  done
  # What fails does not select, and is named.
  window "${options[@]}" --having='.event_type + 1 > 0' events
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  [[ $stderr == *"'.event_type + 1 > 0'"*'cannot be added'* ]]
}

@test "rows of several partitions are judged when they are added up" {
  traffic --events=5000 --partitions=3 >topic
  options=(--size=1m --by=device_type --agg=n=count --agg='p=percent(n,n)')
  cs-window "${options[@]}" topic | jq -c 'select(.n > 100)' >wanted
  cs-window "${options[@]}" --by-partition topic | cs-window "${options[@]}" --merge --having='.n > 100' | cmp - wanted
  cs-window "${options[@]}" --jobs=3 --having='.n > 100' topic | cmp - wanted
  [ -s wanted ]
}

@test "--emit=updates closes with the rows of final" {
  traffic --events=5000 >stream
  cs-window --size=1m --by=device_type --agg=n=count stream >final
  cs-window --size=1m --by=device_type --agg=n=count --emit=updates:50ms <(cat stream) >updates
  jq -c 'select(.final) | del(.final)' updates | cmp - final
}

# --- views

@test "the view product-performance counts events of each product by the hour" {
  cat >shop <<'END'
{"event_type":"product_view","product_id":"p1","category_id":"c","event_time":"2026-01-01T00:00:00Z"}
{"event_type":"product_view","product_id":"p1","category_id":"c","event_time":"2026-01-01T00:01:00Z"}
{"event_type":"product_view","product_id":"p1","category_id":"c","event_time":"2026-01-01T00:02:00Z"}
{"event_type":"purchase","product_id":"p1","category_id":"c","event_time":"2026-01-01T00:03:00Z"}
{"event_type":"page_view","product_id":null,"category_id":"c","event_time":"2026-01-01T00:04:00Z"}
END
  window --view=product-performance shop
  [ "$output" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T01:00:00.000Z","product_id":"p1","category_id":"c","views_1h":3,"add_to_carts_1h":0,"purchases_1h":1,"view_to_purchase_rate":33.33}' ]
}

@test "the view search-analytics puts the most frequent term first" {
  printf '{"event_type":"search","session_id":"%s","search_query":"%s","event_time":"2026-01-01T00:00:00Z"}\n' \
    1 a 1 Lamp 1 lamp 2 LAMP >searches
  echo '{"event_type":"search","search_query":null,"event_time":"2026-01-01T00:00:00Z"}' >>searches
  window --view=search-analytics searches
  [ "$(columns search_term search_count unique_sessions)" = $'"lamp"\t3\t2\n"a"\t1\t1' ]
}

@test "the views of conversion count sessions that have bought, by source and by campaign" {
  cat >shop <<'END'
{"event_type":"page_view","session_id":"s1","traffic_source":"ads","campaign_id":"c1","event_time":"2026-01-01T00:00:00Z"}
{"event_type":"purchase","session_id":"s1","traffic_source":"ads","campaign_id":"c1","event_time":"2026-01-01T00:01:00Z"}
{"event_type":"purchase","session_id":"s1","traffic_source":"ads","campaign_id":"c1","event_time":"2026-01-01T00:02:00Z"}
{"event_type":"page_view","session_id":"s2","traffic_source":"ads","campaign_id":"c2","event_time":"2026-01-01T00:03:00Z"}
{"event_type":"page_view","session_id":"s3","traffic_source":"ads","campaign_id":null,"event_time":"2026-01-01T23:59:00Z"}
{"event_type":"page_view","session_id":"s4","traffic_source":null,"campaign_id":null,"event_time":"2026-01-01T23:59:00Z"}
END
  window --view=conversion-by-source shop
  [ "$(columns traffic_source sessions buyers conversion_rate purchases)" = $'"ads"\t3\t1\t33.33\t2\nnull\t1\t0\t0\t0' ]
  window --view=conversion-by-campaign shop
  [ "$(columns campaign_id traffic_source sessions buyers conversion_rate)" = $'"c1"\t"ads"\t1\t1\t100\n"c2"\t"ads"\t1\t0\t0' ]
}

@test "the view revenue-by-category adds price times quantity of purchases" {
  printf '{"event_type":"%s","session_id":"%s","category_id":%s,"price":%s,"quantity":%s,"event_time":"2026-01-01T00:00:00Z"}\n' \
    purchase a '"shoes"' '"10.50"' 2 purchase b '"shoes"' 5 null purchase a null 1 '"3"' page_view a '"shoes"' 99 1 >shop
  window --view=revenue-by-category shop
  [ "$(columns category_id purchases buyers units revenue)" = $'"shoes"\t2\t2\t3\t26\nnull\t1\t1\t3\t3' ]
}

@test "the views not-found and checkout-errors say what a web server could not serve" {
  printf '%s\n' '9.9.9.1 - - [01/Jan/2026:00:00:01 +0000] "GET /gone HTTP/1.1" 404 10 "https://a.example/" "x"' \
    '9.9.9.2 - - [01/Jan/2026:00:00:02 +0000] "GET /gone HTTP/1.1" 410 10 "https://b.example/" "x"' \
    '9.9.9.2 - - [01/Jan/2026:00:00:03 +0000] "GET /gone HTTP/1.1" 404 10 "https://b.example/" "x"' \
    '9.9.9.3 - - [01/Jan/2026:00:00:04 +0000] "GET /other HTTP/1.1" 404 10 "-" "x"' \
    '9.9.9.3 - - [01/Jan/2026:00:00:05 +0000] "GET / HTTP/1.1" 200 10 "-" "x"' \
    '9.9.9.3 - - [01/Jan/2026:00:00:06 +0000] "POST /Checkout/pay HTTP/1.1" 500 10 "-" "x"' \
    '9.9.9.3 - - [01/Jan/2026:00:00:07 +0000] "POST /Checkout/pay HTTP/1.1" 200 10 "-" "x"' \
    '9.9.9.3 - - [01/Jan/2026:00:00:08 +0000] "GET /checkouts.css HTTP/1.1" 404 10 "-" "x"' >log
  cs-parse --from=combined log >requests
  window --view=not-found requests
  [ "$(jq -r '[.page_url, .requests, .clients, (.referrers | map("\(.value) \(.count)") | join(","))] | @tsv' <<<"$output")" = \
    $'/gone\t3\t2\thttps://b.example/ 2,https://a.example/ 1\n/checkouts.css\t1\t1\t\n/other\t1\t1\t' ]
  echo '{"event_type":"checkout_error","session_id":"s1","event_time":"2026-01-01T00:00:09Z"}' >>requests
  window --view=checkout-errors requests
  [ "$(columns event_type page_url status errors sessions clients)" = \
    $'"checkout_error"\tnull\tnull\t1\t1\t0\n"page_view"\t"/Checkout/pay"\t500\t1\t0\t1\n"page_view"\t"/checkouts.css"\t404\t1\t0\t1' ]
}

@test "the views of pages say where visits begin and end, and which way they go" {
  while read -r time session url; do
    printf '{"event_type":"page_view","session_id":"%s","page_url":"%s","event_time":"2026-01-01T00:0%s:00Z"}\n' "$session" "$url" "$time"
  done >visits <<'END'
0 s1 /a?utm=1
1 s1 /b
2 s2 /a
3 s3 /a?utm=2
5 s3 /b
6 s3 /c
END
  cs-sessionize --pages visits >pages
  window --view=landing-pages pages
  [ "$(columns page sessions bounces bounce_rate)" = $'"/a"\t3\t1\t33.33' ]
  window --view=exit-pages pages
  [ "$(columns page views exits exit_rate seconds_median)" = $'"/a"\t3\t1\t33.33\t60\n"/b"\t2\t1\t50\t60\n"/c"\t1\t1\t100\tnull' ]
  window --view=page-flow pages
  [ "$(columns page next times sessions)" = $'"/a"\t"/b"\t2\t2\n"/b"\t"/c"\t1\t1' ]
}

@test "views of people leave out what is marked as a bot's, and the view bot-sessions says how much that is" {
  while read -r session type bot; do
    printf '{"event_type":"%s","session_id":"%s","product_id":"p","search_query":"q","traffic_source":"ads","campaign_id":"c",' "$type" "$session"
    printf '"page_url":"/%s","event_time":"2026-01-01T00:00:00Z"%s}\n' "$session" "${bot:+,\"bot\":\"$bot\"}"
  done >marked <<'END'
a product_view
a purchase
a search
x product_view rate
x purchase rate
x page_view rate
y search agent:Googlebot
END
  jq -c 'select(.bot == null)' marked >people
  for view in product-performance search-analytics conversion-by-source conversion-by-campaign; do
    cs-window --view="$view" marked >rows 2>messages
    cs-window --view="$view" people >wanted 2>>messages
    [ -s wanted ]
    cmp rows wanted
    [ ! -s messages ] || { cat messages; return 1; }
  done
  for view in landing-pages exit-pages; do
    cs-sessionize --pages --split-by=bot marked | cs-window --view="$view" >rows
    cs-sessionize --pages people | cs-window --view="$view" >wanted
    cmp rows wanted
    [ -s wanted ]
  done
  window --view=bot-sessions marked
  [ "$(columns bot sessions events page_views purchases)" = $'"rate"\t1\t3\t1\t1\n"agent:Googlebot"\t1\t1\t0\t0' ]
}

@test "every view that comes with the tools is in the manual, and can be used" {
  for view in "$ROOT"/samples/views/*; do
    name=$(basename "$view")
    grep -q "^\.It Cm $name\$" "$ROOT/man/cs-window.1"
    cs-window --help | grep -qw -- "$name"
    cs-window --view="$name" --stats=stats </dev/null 2>messages
    [ ! -s messages ]
  done
}

@test "a view may be a file; the command line overrides single values and adds to lists" {
  printf '%s\n' '# mine' '--size=1h' '' '--agg=n=count' >mine
  window --view=mine events
  [ "$(columns n)" = 5 ]
  window --view=./mine --size=10m --agg='s=distinct(session_id)' events
  [ "$(columns n s)" = $'4\t2\n1\t1' ]
}

@test "a view that is not there is an error" {
  window --view=no-such-view events
  [ "$status" -eq 2 ]
  [[ ${stderr} == *no-such-view* ]]
}

# --- parts

@test "rows by partition, merged, are the rows of the whole" {
  traffic --events=20000 --partitions=3 --extras >topic
  options=(--size=10m --slide=5m --by='source=lower(traffic_source),device_type' --agg=n=count
    --agg='s=distinct(session_id)' --agg='sum=sum(price)' --agg='low=min(price)' --agg='high=max(product_id)'
    --agg='share=percent(s,n)')
  cs-window "${options[@]}" topic >whole
  cs-window "${options[@]}" --by-partition topic >parts
  [ "$(jq -s 'map(.partition) | unique | length' parts)" -eq 3 ]
  cs-window "${options[@]}" --merge parts | cmp - whole
}

@test "merged partitions may come at different speeds, each from its own FIFO" {
  traffic --events=10000 --partitions=2 >topic
  cs-funnel --by-partition topic >parts
  cs-funnel topic >whole
  cs-funnel --merge --partitions=0,1 <(jq -c 'select(.partition == 0)' parts) <(jq -c 'select(.partition == 1)' parts) |
    cmp - whole
}

@test "a row may come twice, but not with other values: which is right nobody can say" {
  row='{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","partition":'
  printf '%s\n' "${row}0,\"n\":3,\"low\":\"a\"}" "${row}1,\"n\":5,\"low\":null}" "${row}0,\"n\":3,\"low\":\"a\"}" >parts
  merge() { cs-window --size=10m --agg=n=count --agg='low=min(x)' --merge "$@"; }
  [ "$(merge parts | jq -c '[.n, .low]')" = '[8,"a"]' ]
  for other in '4,"low":"a"' '3,"low":"b"' '3,"low":null'; do
    run -3 merge parts <(printf '%s0,"n":%s}\n' "$row" "$other")
    [[ $output == 'cs-window: --merge: two rows of the window of 2026-01-01T00:00:00.000Z,'*" differ: "* ]]
  done
  # So it is where the first was read by an earlier run.
  merge --state=state parts
  printf '%s0,"n":4,"low":"a"}\n' "$row" >second
  run -3 merge --state=state parts second
  printf '%s0,"n":3,"low":"a"}\n' "$row" >second
  [ "$(merge --state=state --flush parts second | jq .n)" = 8 ]
}

@test "files of rows are merged side by side, whatever the partitions and the order in which they are named" {
  traffic --events=20000 --rate=2 --partitions=3 >topic
  cs-funnel --by= topic >whole
  cs-funnel --by= --by-partition topic >parts
  for p in 0 1 2; do jq -c "select(.partition == $p)" parts >"rows.$p"; done
  for named in '' --partitions=0-2 --interleave; do
    cs-funnel --by= --merge $named rows.0 rows.1 rows.2 | cmp - whole
    cs-funnel --by= --merge $named rows.2 rows.0 rows.1 rows.0 | cmp - whole
    rm -f state rows
    cs-funnel --by= --merge $named --state=state --flush --output=rows rows.2 rows.1 rows.0
    cmp rows whole
  done
  # In one stream the tool has to be told which will come.
  cat rows.? | cs-funnel --by= --merge --partitions=0-2 | cmp - whole
  run -3 cs-funnel --by= --merge <(cat rows.?)
  [[ ${lines[-1]} == 'cs-funnel: --merge: the first row of partition 1 comes when windows have been printed without it: '* ]]
}

@test "a partition that was named, and of which no row has come, is named again" {
  row='{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","partition":'
  printf '%s\n' "${row}0,\"n\":3}" "${row}4,\"n\":5}" >parts
  merge() { run -0 --separate-stderr cs-window --size=10m --agg=n=count --merge "$@" parts; }
  merge --partitions=0,4
  [ -z "$stderr" ]
  merge --partitions=0,2,4
  [ "$(columns n)" = 8 ]
  [ "$stderr" = 'cs-window: --merge: of partition 2 no row has come: its share is missing' ]
  merge --partitions=0-9
  [ "${stderr_lines[3]}" = 'cs-window: --merge: nor of 5 partitions more' ]
  merge --partitions=0,2,4 --state=state
  [[ $stderr == *'cs-window: --merge: of partition 2 no row has come: windows wait for it' ]]
}

@test "rows from a topic: its own partitions are not those of the rows" {
  row='{"window_start":"2026-01-01T0%d:00:00.000Z","window_end":"2026-01-01T0%d:00:00.000Z","partition":%d,"n":%d}\n'
  # Rows of partitions 0 and 1 in a topic of four.
  for hour in 0 1 2; do printf "3\t%d\t$row" "$hour" "$hour" $((hour + 1)) 0 1; done >three
  for hour in 0 1 2; do printf "2\t%d\t$row" "$hour" "$hour" $((hour + 1)) 1 2; done >two
  merge() { cs-window --size=1h --agg=n=count --merge --partitions=0,1 --bind=0,1,2,3 --state=state "$@"; }
  merge <(:) <(:) <(cat two) <(cat three) >rows 2>/dev/null
  [ "$(jq -c .n rows | paste -sd' ')" = '3 3' ]
  merge --flush <(:) <(:) <(cat two) <(cat three) 2>/dev/null >>rows
  [ "$(jq -c .n rows | paste -sd' ')" = '3 3 3' ]
}

@test "rows of parts without what is needed to add them up, or with something else, are refused" {
  options=(--size=10m --agg='u=approx_distinct(session_id)' --agg='l=list(price,2)')
  cs-window "${options[@]}" --by-partition --lateness=max events >parts
  jq -e '.partials | keys == ["l", "u"]' parts
  cs-window "${options[@]}" --merge parts >merged
  [ "$(jq -c '[.u,.l]' merged | head -1)" = '[2,[10,"7"]]' ]
  for change in 'del(.partials)' '.partials = null' '.partials.u = "AAA"' '.partials.u = "////"' '.partials.l = ""' 'del(.partials.u)' \
    '.partials.l = .partials.u' 'del(.u)'; do
    jq -c "$change" parts >changed
    cs-window "${options[@]}" --merge --stats=stats changed 2>/dev/null || true
    [ "$(jq -c '.rejected_by' stats)" = '{"bad-member":2}' ] || { echo "$change"; return 1; }
  done
}

@test "--merge refuses what cannot be added up" {
  for function in avg first last; do
    run --separate-stderr cs-window --size=10m --agg="x=$function(price)" --merge events
    [ "$status" -eq 2 ]
    [[ $stderr == *"$function"* ]]
  done
}

@test "--merge rejects rows of another size, of other aggregates, and without a partition" {
  row='{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z"'
  printf '%s\n' "$row,\"partition\":0,\"m\":3}" "$row,\"n\":3}" "$row,\"partition\":0,\"n\":3}" >parts
  run --separate-stderr cs-window --size=10m --agg=n=count --merge --rejects=out parts
  [ "$(columns n)" = 3 ]
  [ "$(jq -r .reason out | paste -sd' ')" = "bad-member bad-member" ]
  run --separate-stderr cs-window --size=5m --agg=n=count --merge --rejects=out parts
  [ "$output" = "" ]
}

# on PARTITION OFFSET MEMBERS: a framed event of the first five minutes.
on() { printf '%s\t%s\t{"event_type":"t","event_time":"2026-01-01T00:0%s:00Z"%s}\n' "$1" "$2" "$2" "${3:+,$3}"; }

@test "--merge: a sum that was too large in one part is null in the whole, one without numbers is nothing" {
  local huge=100000000000000000000000000000
  { on 0 0 '"price":'$huge; on 0 1 '"price":'$huge; on 1 0 '"price":5,"q":1,"k":"x"'; on 2 0 '"q":2'; on 2 1 '"k":"x"'; } >ok
  { cat ok; on 3 0 '"q":1e300'; } >topic
  for by in '' k; do
    options=(--size=5m --by="$by" --agg='s=sum(price)' --agg='q=sum(q)' --agg='p=percent(q,s)' --agg='low=min(price)')
    for in in ok topic; do
      cs-window "${options[@]}" $in >whole
      cs-window "${options[@]}" --by-partition $in | cs-window "${options[@]}" --merge | cmp - whole
    done
  done
  [ "$(cs-window --size=5m --agg='s=sum(price)' --agg='q=sum(q)' --by-partition topic | jq -c '[.partition,.s,.q,.too_large]' | paste -sd' ')" = \
    '[0,null,null,["s"]] [1,5,1,null] [2,null,2,null] [3,null,null,["q"]]' ]
}

@test "--merge: counts that add up to more than there can be are null" {
  row='{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:05:00Z","partition":'
  printf '%s\n' "${row}0,\"n\":9223372036854775807}" "${row}1,\"n\":9223372036854775807}" "${row}2,\"n\":2}" >parts
  [ "$(cs-window --size=5m --agg=n=count --agg='p=percent(n,n)' --merge parts | jq -c '[.n,.p]')" = '[null,null]' ]
}

@test "--merge: members called like those of an event are what they are in the row" {
  { on 0 0 '"x":1,"price":2'; on 1 0 '"x":1,"price":3'; on 1 1 '"x":"1"'; } >topic
  options=(--size=5m --by='product_id=.x' --agg='session_id=count' --agg='user_id=sum(price)')
  cs-window "${options[@]}" topic >whole
  [ "$(wc -l <whole)" -eq 2 ]
  cs-window "${options[@]}" --by-partition topic | cs-window "${options[@]}" --merge | cmp - whole
}

@test "--merge refuses rows that lack a member, or are of other groups" {
  { on 0 0 '"k":1'; on 0 1 '"k":2'; on 1 0 '"k":1'; } >topic
  window() { cs-window --size=5m --agg=n=count --agg='s=sum(price)' "$@"; }
  refused() { [ "$(jq -r '.reason + " " + .detail' rejects | uniq -c | xargs)" = "$1 bad-member --merge: no row of --by-partition with the same other options" ]; }
  window --by=k --by-partition topic >parts
  run -1 window --merge --rejects=rejects parts
  [[ $output == *'0 of 3 records could be used (3 bad-member)' ]]
  refused 3
  window --by-partition topic | window --by=k --merge --rejects=rejects || [ $? -eq 1 ]
  refused 2
  jq -c 'del(.s)' parts | window --by=k --merge --rejects=rejects || [ $? -eq 1 ]
  refused 3
  jq -c '.n = null' parts | window --by=k --merge --rejects=rejects || [ $? -eq 1 ]
  refused 3
  jq -c '.s = "1"' parts | window --by=k --merge --rejects=rejects || [ $? -eq 1 ]
  refused 3
  # More aggregates than asked for do no harm, and neither do other escapes of a name.
  sed 's/"k"/"\\u006b"/' parts | cs-window --size=5m --by=k --agg=n=count --merge | cmp - <(cs-window --size=5m --by=k --agg=n=count topic)
}

# --- wrong use

@test "what makes no sense is refused before anything is read" {
  wrong() {
    run --separate-stderr cs-window "$@" events
    [ "$status" -eq 2 ] && [ -z "$output" ] && [[ $stderr == "cs-window: "* ]] && [[ $stderr == *"Try 'cs-window --help'."* ]]
  }
  wrong --agg=n=count
  wrong --size=10m
  wrong --size=10 --agg=n=count
  wrong --size=5m --slide=10m --agg=n=count
  wrong --size=1d --slide=1ms --agg=n=count
  wrong --size=5m --agg=count
  wrong --size=5m --agg='n=sum(price'
  wrong --size=5m --agg='n=count if .a =='
  wrong --size=5m --agg=n=count --agg=n=count
  wrong --size=5m --agg=n=count --by=n
  wrong --size=5m --agg=window_end=count
  wrong --size=5m --agg='p=percent(n,m)' --agg=n=count
  wrong --size=5m --agg=n=count --by='.a.b'
  wrong --size=5m --agg=n=count --by=a,a
  wrong --size=5m --agg='n=count if now > 1'
}

# parts N: a row for each of two windows of partitions 1 and 2.
parts() {
  printf '{"window_start":"2026-01-01T0%d:00:00Z","window_end":"2026-01-01T0%d:00:00Z","partition":%d,"n":1}\n' \
    0 1 1  0 1 2  1 2 1  1 2 2
}

@test "--merge prints a window when the partitions of the rows have passed it, whichever they are" {
  for named in '' --partitions=1,2; do
    rm -f out && mkfifo rows.fifo
    # shellcheck disable=SC2086 # none or one
    cs-window --size=1h --agg=n=count --merge $named <rows.fifo >out &
    exec 5>rows.fifo
    parts >&5
    until_true test -s out
    [ "$(wc -l <out)" -eq 1 ]
    exec 5>&-
    wait $!
    [ "$(jq -c .n out | paste -sd' ')" = '2 2' ]
    rm rows.fifo
  done
}

@test "--merge: the order of inputs says nothing about partitions" {
  traffic --events=5000 --seed=9 --partitions=4 >in
  for p in 0 1 2 3; do
    grep "^$p	" in | cs-funnel --by-partition --lateness=max >part$p
  done
  cs-funnel --lateness=max <(cut -f 3- in) >want
  cs-funnel --merge --partitions=0-3 --interleave part3 part1 part0 part2 >out
  cmp want out
  cs-funnel --merge --partitions=0-3 <(cat part3) <(cat part1) <(sleep 0.2 && cat part0) <(cat part2) >out
  cmp want out
}

@test "--merge: --where was for the events, and the rows have passed it" {
  traffic --events=5000 --seed=9 --partitions=4 >in
  cs-window --view=search-analytics --lateness=max --by-partition in >parts
  cs-window --view=search-analytics --merge parts >out
  cut -f 3- in | cs-window --view=search-analytics --lateness=max | cmp - out
  [ -s out ]
}
