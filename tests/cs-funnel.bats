#!/usr/bin/env bats
# cs-funnel: ids per step, by group and window.

load helper

setup() {
  setup_tools
  # Two sessions look, one of them twice, one buys; a third one buys without having looked.
  cat >events <<'END'
{"event_type":"page_view","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:00:00Z"}
{"event_type":"page_view","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:01:00Z"}
{"event_type":"page_view","session_id":"s2","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:02:00Z"}
{"event_type":"product_view","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:03:00Z"}
{"event_type":"add_to_cart","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:04:00Z"}
{"event_type":"checkout_start","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:05:00Z"}
{"event_type":"purchase","session_id":"s1","traffic_source":"ads","device_type":"mobile","event_time":"2026-01-01T00:06:00Z"}
{"event_type":"purchase","session_id":"s3","traffic_source":null,"device_type":"mobile","event_time":"2026-01-01T00:07:00Z"}
END
}

funnel() {
  run --separate-stderr cs-funnel "$@"
}

@test "a row has a count of sessions for each step, and the rate from the first to the last" {
  funnel events
  [ "$status" -eq 0 ]
  [ "${lines[0]}" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","traffic_source":null,"device_type":"mobile","sessions":0,"product_views":0,"add_to_carts":0,"checkout_starts":0,"purchases":1,"overall_conversion_rate":null}' ]
  [ "${lines[1]}" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","traffic_source":"ads","device_type":"mobile","sessions":2,"product_views":1,"add_to_carts":1,"checkout_starts":1,"purchases":1,"overall_conversion_rate":50}' ]
  [ "${#lines[@]}" -eq 2 ]
}

@test "--by= groups by nothing, --by=F by that alone" {
  funnel --by= events
  [ "$output" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","sessions":2,"product_views":1,"add_to_carts":1,"checkout_starts":1,"purchases":2,"overall_conversion_rate":100}' ]
  funnel --by=device_type events
  [ "$(jq -c '[.device_type,.purchases]' <<<"$output")" = '["mobile",2]' ]
}

@test "a step counts by itself: a purchase counts where the window saw no page_view" {
  funnel --size=5m events
  [ "$(jq -c 'select(.window_start[14:16] == "05" and .traffic_source == "ads") | [.sessions,.purchases,.overall_conversion_rate]' <<<"$output")" = '[0,1,null]' ]
}

@test "--step replaces the default steps, and the rate goes from the first to the last" {
  funnel --by= --step='looks=.event_type | endswith("view")' --step='buys=.event_type == "purchase"' events
  [ "$output" = '{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T00:10:00.000Z","looks":2,"buys":2,"overall_conversion_rate":100}' ]
}

@test "--id counts something else" {
  sed 's/"session_id":"s[12]"/"user_id":"u"/; s/"session_id"/"user_id"/' events >users
  funnel --by= --id=user_id users
  [ "$(jq -c '[.sessions,.purchases]' <<<"$output")" = '[1,2]' ]
}

@test "a null id counts for no id, but its group has a row" {
  echo '{"event_type":"page_view","session_id":null,"traffic_source":"x","device_type":"tv","event_time":"2026-01-01T00:00:00Z"}' >null
  funnel null
  [ "$(jq -c '[.traffic_source,.sessions,.overall_conversion_rate]' <<<"$output")" = '["x",0,null]' ]
}

@test "an event that is no step makes its group's row exist" {
  echo '{"event_type":"search","session_id":"s","traffic_source":"x","device_type":"tv","event_time":"2026-01-01T00:00:00Z"}' >search
  funnel search
  [ "$(jq -c '[.traffic_source,.sessions]' <<<"$output")" = '["x",0]' ]
}

@test "more steps than fit into one look-up are counted all the same" {
  steps=()
  for i in {1..40}; do steps+=(--step="step$i=.event_type == \"page_view\" or .n == $i"); done
  funnel --by= "${steps[@]}" events
  [ "$(jq -c '[.step1,.step32,.step33,.step40,.overall_conversion_rate]' <<<"$output")" = '[2,2,2,2,100]' ]
}

@test "it counts what cs-window counts" {
  traffic --events=20000 --nulls=4 --unicode >stream
  cs-funnel stream >funnel
  cs-window --size=10m --by=traffic_source,device_type \
    --agg='sessions=distinct(session_id) if .event_type == "page_view"' \
    --agg='product_views=distinct(session_id) if .event_type == "product_view"' \
    --agg='add_to_carts=distinct(session_id) if .event_type == "add_to_cart"' \
    --agg='checkout_starts=distinct(session_id) if .event_type == "checkout_start"' \
    --agg='purchases=distinct(session_id) if .event_type == "purchase"' \
    --agg='overall_conversion_rate=percent(purchases,sessions)' stream | cmp - funnel
  [ -s funnel ]
}

@test "rows by partition, merged, are the rows of the whole" {
  traffic --events=20000 --partitions=4 >topic
  cs-funnel topic >whole
  cs-funnel --by-partition topic | cs-funnel --merge | cmp - whole
}

@test "a step without a name or an expression is refused" {
  for step in page_view '.event_type == "x"' 'a=' 'a=.b ==' 'window_start=.a'; do
    funnel --step="$step" events
    [ "$status" -eq 2 ]
    [[ $stderr == "cs-funnel: "* ]]
  done
}

# --- steps in order ---

# moves TEXT...: events of one id each, LETTERS@SECONDS,...; a letter is an event_type, and a group of its own.
moves() {
  local id=0 text move
  for text; do
    id=$((id + 1))
    for move in ${text//,/ }; do
      printf '{"session_id":"s%d","event_type":"%s","traffic_source":"%s","event_time":%d}\n' \
        "$id" "${move%@*}" "${move%@*}" $((1767225600 + ${move#*@}))
    done
  done
}

# abc OPTIONS...: steps a, b, c; whatever is read, nothing is late.
abc() {
  cs-funnel --order=ordered --by= --lateness="${lateness:-max}" --step='a=.event_type == "a"' --step='b=.event_type == "b"' \
    --step='c=.event_type == "c"' "$@"
}

# counts: of each step.
counts() { jq -c '[.a, .b, .c]'; }

@test "a step counts only after the one before it" {
  [ "$(moves a@0,b@1,c@2 b@0,a@1,c@2 a@0,c@1,b@2 | abc | counts)" = '[3,2,1]' ]
}

@test "all steps are within DUR of the first, DUR included" {
  [ "$(moves a@0,b@30,c@60 | abc --within=60s | counts)" = '[1,1,1]' ]
  [ "$(moves a@0,b@30,c@60 | abc --within=59s | counts)" = '[1,1,0]' ]
}

@test "a later attempt counts where it gets further" {
  [ "$(moves a@0,b@1,a@50,b@55,c@100 | abc --within=60s | jq -c '[.c, .b_seconds_median]')" = '[1,5]' ]
}

@test "of equal attempts the earliest counts, in the window in which it began" {
  [ "$(moves a@0,b@500,a@700,b@701 | abc | jq -c '[.a, .b, .b_seconds_median]')" = '[1,1,500]
[1,1,1]' ]
}

@test "events of one time come in the order that is best for the attempt" {
  [ "$(moves c@0,b@0,a@0 | abc | counts)" = '[1,1,1]' ]
}

@test "the same step twice takes two events" {
  moves a@0 a@0,a@5 a@0,a@0 >in
  [ "$(cs-funnel --order=ordered --by= --lateness=max --step='one=.event_type == "a"' --step='two=.event_type == "a"' in |
    jq -c '[.one, .two, .two_rate, .two_seconds_p95]')" = '[3,2,66.67,5]' ]
}

@test "a step may be any property of an event" {
  moves a@0,b@1 a@0,a@1 >in
  [ "$(cs-funnel --order=ordered --by= --lateness=max --step='one=.traffic_source == "a"' \
    --step='two=.event_type | startswith("b")' in | jq -c '[.one, .two]')" = '[2,1]' ]
}

@test "strict: whatever comes between ends the attempt where it is" {
  moves a@0,b@1,c@2 a@0,b@1,x@2,c@3 a@0,a@1,b@2,c@3 >in
  [ "$(abc --order=strict in | counts)" = '[3,3,2]' ]
  [ "$(abc --order=strict --where='.event_type != "x"' in | counts)" = '[3,3,3]' ]
}

@test "an optional step may be left out, and counts for who did it in its place" {
  moves a@0,b@1,c@2 a@0,c@1 a@0,c@1,b@2 >in
  [ "$(abc in | counts)" = '[3,2,1]' ]
  [ "$(abc --optional=b in | jq -c '[.a, .b, .c, .c_rate, .c_seconds_median]')" = '[3,1,3,100,1]' ]
}

@test "an excluded event voids the attempt, between the steps that are named" {
  moves a@0,x@1,b@2,c@3 a@0,b@1,x@2,c@3 a@0,b@1,c@2,x@3 a@0,x@0,b@1,c@1,x@1 a@0,x@1,a@2,b@3,c@4 >in
  [ "$(abc in | counts)" = '[5,5,5]' ]
  [ "$(abc --exclude='.event_type == "x"' in | jq -c '[.a, .b, .c, .excluded]')" = '[3,3,3,2]' ]
  [ "$(abc --exclude='.event_type == "x"@b..c' in | jq -c '[.a, .b, .c, .excluded]')" = '[4,4,4,1]' ]
}

@test "the group is that of the attempt's first event, or of its last step" {
  moves a@0,b@1,x@2 a@0 >in
  [ "$(abc --by=traffic_source in | jq -c 'select(.a > 0) | [.traffic_source, .a, .b]')" = '["a",2,1]' ]
  [ "$(abc --by=traffic_source --attribute=last in | jq -c 'select(.a > 0) | [.traffic_source, .a, .b]')" = '["a",1,0]
["b",1,1]' ]
}

@test "who may still go on is in progress at the end of an archive, and nobody in a row that the watermark has made final" {
  moves a@0,b@5 a@100 a@100,b@101,c@102 >in
  [ "$(abc --within=99s in | jq -c .in_progress)" = 1 ]
  [ "$(abc --within=102s in | jq -c .in_progress)" = 2 ]
  { cat in && moves x@2000; } | lateness=0s abc >out
  [ "$(head -1 out | jq -c .in_progress)" = 2 ]
  { cat in && moves x@5000; } | lateness=0s abc >out
  [ "$(head -1 out | jq -c .in_progress)" = 0 ]
}

@test "a row comes when the watermark is past the window's end by --within" {
  mkfifo live
  lateness=0s abc --within=60s <live >out 3>&- &
  exec 4>live
  moves a@0,b@599,x@659 >&4
  sleep 0.3
  [ ! -s out ]
  moves x@660 >&4
  until_true test -s out
  exec 4>&-
  wait $!
}

@test "a rate is of the step before, and times are those between steps" {
  moves a@0,b@10,c@40 a@0,b@20 a@0 >in
  [ "$(abc in | jq -c '[.overall_conversion_rate, .b_rate, .b_seconds_median, .b_seconds_p95, .c_rate, .c_seconds_median]')" = \
    '[33.33,66.67,10,20,50,30]' ]
}

@test "median and p95 of many are within one per cent" {
  # shellcheck disable=SC2046 # one word each
  moves $(seq -f 'a@0,b@%g' 1 1000) >in
  abc --size=1h in | jq -e '(.b_seconds_median - 500 | fabs) < 5 and (.b_seconds_p95 - 950 | fabs) < 9.5'
}

@test "with --order=any the options of the other orders are refused, and what makes no sense is" {
  refused() {
    funnel "$@" events
    [ "$status" -eq 2 ] && [[ $stderr == "cs-funnel: --"* ]] || { echo "$*: $status $stderr"; return 1; }
  }
  for option in --within=1h --optional=purchases --exclude=.x --attribute=last --drops --drops=1m; do
    refused "$option"
    [[ $stderr == *"${option%%=*}: only with --order=ordered"* ]]
  done
  refused --order=strict --optional=add_to_carts
  refused --order=ordered --optional=sessions
  refused --order=ordered --optional=purchases
  refused --order=ordered --optional=nobody
  refused --order=ordered --optional=add_to_carts --exclude='.x@add_to_carts..purchases'
  refused --order=ordered --exclude='.x@purchases..sessions'
  refused --order=ordered --exclude='.x@sessions..nobody'
  refused --order=ordered --exclude='@sessions..purchases'
  refused --order=ordered --exclude='.x =='
  refused --order=ordered --within=0s
  refused --order=ordered --attribute=last --emit=updates
  refused --order=ordered --merge --by-partition
  for option in --merge --by-partition --emit=updates --top=1 --order-by=step --id=.user_id; do
    refused --order=ordered --drops "$option"
  done
  refused --order=ordered --drops=0s
  refused --order=ordered --drops=5
}

@test "an @ in an expression is no bound" {
  abc --exclude='(.event_type | @base64) == "eA=="' <<<"$(moves a@0,x@1,b@2)" >out
  [ "$(jq -c .excluded out)" = 1 ]
}

@test "--explain says what an attempt is" {
  abc --optional=b --exclude=.x --explain | grep -x 'attempt  ordered, within 1h'
  abc --optional=b --exclude=.x --explain | grep '^step     b, optional: native: '
  abc --optional=b --exclude=.x --explain | grep '^exclude  from a to c: native: '
}

# drops OPTIONS...: what the rows say, for events in order of time.
drops() {
  jq -sc 'sort_by(.event_time)[]' | lateness=0s abc --drops=60s "$@" | jq -c '[.session_id, .step, .step_at[14:19], .next_step, .seconds]'
}

@test "--drops: a row for each attempt without a further step, printed when that is certain" {
  [ "$(moves a@0,b@50 a@30,b@80 a@40,x@105 | drops)" = '["s3","a","00:40","b",60]' ]
  [ "$(moves a@0,b@50 a@30,b@80,c@130 a@40,x@105 | drops)" = '["s3","a","00:40","b",60]
["s1","b","00:50","c",60]' ]
}

@test "--drops: the row stands where somebody goes on later, and is the only one of the window" {
  [ "$(moves a@0,b@100,x@300,a@310,x@500 | drops)" = '["s1","a","00:00","b",60]' ]
  [ "$(moves a@0,b@100,x@300,a@610,x@700 | drops)" = '["s1","a","00:00","b",60]
["s1","a","10:10","b",60]' ]
}

@test "--drops: without DUR it is as long as --within; an optional step is not the next one" {
  [ "$(moves a@0,b@1,x@100 | lateness=0s abc --within=50s --drops --optional=b | jq -c '[.step, .next_step, .seconds]')" = '["b","c",50]' ]
  [ "$(moves a@0,x@100 | lateness=0s abc --within=50s --drops --optional=b | jq -c '[.step, .next_step, .seconds]')" = '["a","c",50]' ]
}

@test "--drops: an exclusion makes an older attempt count, or none" {
  [ "$(moves a@0,x@10,x@200 | drops --exclude='.event_type == "x"')" = "" ]
  [ "$(moves a@0,a@10,b@50,x@90,z@200 | drops --exclude='.event_type == "x"@b..c')" = "" ]
  [ "$(moves a@0,x@10,a@20,z@200 | drops --exclude='.event_type == "x"')" = '["s1","a","00:20","b",60]' ]
}

@test "--drops: a row has the group of the first or of the last step, and the page of the last" {
  cat >in <<'END'
{"session_id":"s","event_type":"a","page_url":"/a","device_type":"mobile","event_time":"2026-01-01T00:00:00Z"}
{"session_id":"s","event_type":"b","page_url":"/b","device_type":"tv","event_time":"2026-01-01T00:00:10Z"}
{"session_id":"t","event_type":"z","page_url":"/z","event_time":"2026-01-01T00:10:00Z"}
END
  [ "$(lateness=0s abc --drops=1m --by=device_type in)" = '{"session_id":"s","window_start":"2026-01-01T00:00:00.000Z","device_type":"mobile","step":"b","step_at":"2026-01-01T00:00:10.000Z","next_step":"c","seconds":60,"page_url":"/b"}' ]
  [ "$(lateness=0s abc --drops=1m --by=device_type --attribute=last in | jq -r .device_type)" = tv ]
}

@test "--drops: what is behind its watermark is late" {
  moves a@0,x@100,b@50,x@200 >in
  lateness=0s abc --drops=60s --stats=stats in >out
  [ "$(jq -c '[.step, .seconds]' out)" = '["a",60]' ]
  [ "$(jq .late stats)" = 1 ]
}

@test "steps in order: rows by partition, merged, and of several jobs, are the rows of the whole" {
  traffic --events=20000 --partitions=4 --disorder=20s >topic
  traffic --events=60000 --rate=1 --disorder=20s >events # ranges that see windows begin and end
  for options in '--order=ordered' '--order=strict --within=10m' '--order=ordered --optional=add_to_carts --attribute=last' '--order=ordered --drops=5m'; do
    # shellcheck disable=SC2086 # several options
    {
      cs-funnel $options events >whole
      [ -s whole ]
      cs-funnel $options --jobs=2 events | cmp - whole
      [[ $options != *drops* ]] || continue
      cs-funnel $options topic >whole
      cs-funnel $options --by-partition topic | cs-funnel $options --merge | cmp - whole
    }
  done
}

# cut_at_lines STEP OPTION...: a run that goes on behind every so many lines of events, against one run. For a shell of its own:
# bats looks at each command of a loop.
cut_at_lines() {
  local step=$1 cut all
  shift
  all=$(wc -l <events)
  cs-funnel "$@" events >whole
  [ -s whole ] || return 1
  for ((cut = 1; cut < all; cut += step)); do
    rm -f out state state.lock
    head -n "$cut" events | cs-funnel "$@" --state=state --output=out &&
      tail -n +$((cut + 1)) events | cs-funnel "$@" --state=state --output=out --flush &&
      cmp whole out || { echo "$*: $cut"; return 1; }
  done
  [ "$cut" -gt 1 ] # there was one
}

@test "steps in order: a state holds all, after whatever line a run has ended" {
  local options step
  export -f cut_at_lines
  traffic --events=150 --rate=0.05 --disorder=20s >events
  step=$(stride 1)
  for options in '--order=ordered --within=30m' '--order=strict' \
    '--order=ordered --optional=product_views,add_to_carts --exclude=.search_query!=null --attribute=last' \
    '--order=ordered --drops=5m --within=30m'; do
    # shellcheck disable=SC2086 # several options
    bash -uc 'cut_at_lines "$@"' bash "$step" $options
  done
}
