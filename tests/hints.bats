#!/usr/bin/env bats
# What a run says on standard error, so that nobody takes wrong rows for right ones: at its end what was lost or not
# there, at its beginning what the input looks like, and before it what an option may have meant.
# shellcheck disable=SC2016

load helper

setup() { setup_tools; }

# window ARGS...: cs-window over hours; what it says stands in err.
window() {
  cs-window --size=1h "$@" 2>err
}

# says TEXT: that is the one line said, behind the tool's name.
says() {
  [ "$(sed 's/^cs-[a-z]*: //' err)" = "$1" ] || {
    cat err >&2
    return 1
  }
}

# refused TEXT ARGS...: cs-window ends with status 2, and says that. libjq 1.8 says where, too.
refused() {
  run -2 --separate-stderr cs-window --size=1h "${@:2}"
  [ "$(sed -E 's/^cs-window: //; s/ at <top-level>, line 1, column [0-9]+:?//; s/end of file/$end/' <<<"${stderr_lines[0]}")" = "$1" ] || {
    echo "$stderr" >&2
    return 1
  }
}

@test "UTF-16 and UTF-32 without a mark are told of, by every tool" {
  printf '{"event_time":"2026-01-01T00:00:00Z","event_type":"a"}\n{"event_time":"2026-01-01T00:00:01Z","event_type":"a"}\n' >plain
  for encoding in UTF-16LE UTF-16BE UTF-32LE UTF-32BE; do
    iconv -t "$encoding" plain >in
    run -1 --separate-stderr cs-parse in
    [[ $stderr == *"in looks like ${encoding%?E} without a mark: is it --encoding=$encoding?" ]]
    [ "$(cs-parse --encoding="$encoding" in | wc -l)" -eq 2 ]
    run -1 --separate-stderr cs-funnel in
    [[ $stderr == "cs-funnel: in looks like ${encoding%?E} without a mark: cs-parse --encoding=$encoding in | cs-funnel ..."* ]]
  done
}

# --- nothing is said when nothing is wrong

@test "a run in which nothing was wrong says nothing" {
  traffic --events=3000 --extras >in
  for tool in cs-parse cs-funnel cs-sessionize cs-abandon cs-anomaly cs-identify; do
    $tool in 2>err >out
    [ ! -s err ] || { cat err >&2; return 1; }
  done
  window --by=traffic_source,device_type --agg='revenue=sum(.price * .quantity)' \
    -w '.event_type == "purchase" or .page_url != null' in >out
  [ ! -s err ]
  : | window --agg=n=count
  [ ! -s err ]
}

@test "whoever asks whether a member is there knows that it may not be" {
  traffic --events=300 >in
  for expression in '.bot == null' '.bot | not' '.discount // 0 == 0' '(.bot? // "") == ""' '.a.b == null and .a != null | not'; do
    window --agg=n=count -w "$expression" in >out
    [ ! -s err ] || { echo "$expression"; cat err >&2; return 1; }
  done
}

@test "what is said does not stand between the rows" {
  minutes 1 3 >in
  [ "$(window --by=nobody --agg=n=count in | jq .n)" -eq 3 ]
  [ -s err ]
}

# --- late

@test "events were late: how many, and with which lateness none had been" {
  { minutes 1 100 && minutes 5 5; } >in
  cs-window --size=1m --agg=n=count --late=late in 2>err >out
  says '1 of 101 events was late; --lateness=1h35m would have lost none'
  [ "$(cs-window --size=1m --agg=n=count --lateness=1h35m in 2>err | jq -s 'map(.n) | add')" -eq 101 ]
  [ ! -s err ]
}

@test "the lateness said is enough, and a little less is not" {
  traffic --events=3000 --rate=2 --disorder=20m >in
  cs-window --size=1m --agg=n=count --lateness=1s in 2>err >out
  lateness=$(sed -n 's/.*; --lateness=\([0-9a-z]*\) would have lost none$/\1/p' err)
  cs-window --size=1m --agg=n=count --lateness="$lateness" in 2>err >out
  [ ! -s err ]
  cs-window --size=1m --agg=n=count --lateness="$lateness" --jobs=2 in 2>err >out
  [ ! -s err ]
}

@test "a lateness with which sessions cannot be cut comes with the option that lets them be" {
  minutes 0 0 '"session_id":"a"' >old
  sed 's/2026-01-01/2026-01-03/g' old | cat - old >in
  cs-sessionize --max-jump=0s --late=late in 2>err >out
  says '1 of 2 events was late; --lateness=2d --max-duration=none would have lost none'
  [ "$(cs-sessionize --max-jump=0s --lateness=2d --max-duration=none in 2>err | wc -l)" -eq 2 ]
  [ ! -s err ]
}

@test "no lateness is said to help where it was something else that closed a window" {
  { minutes 1 1 && sleep 2 && minutes 1 1; } | cs-window --size=1s --agg=n=count --lateness=1ms --idle=1ms --late=late 2>err >out
  says '1 of 2 events was late'
}

@test "that much is late is said early, once, over files" {
  traffic --events=150000 --rate=1000 --disorder=10m >in
  cs-window --size=1s --agg=n=count --lateness=0s in 2>err >out
  grep -q 'events were late so far; --lateness=[0-9ms]* would have lost none of them$' err
  [ "$(grep -c 'late so far' err)" -eq 1 ]
  tail -n 1 err | grep -q 'would have lost none$'
  cs-window --size=1s --agg=n=count --lateness=0s <(cat in) 2>err >out
  ! grep -q 'late so far' err
}

@test "a run that was stopped does not say that one event in many was late" {
  mkfifo live
  cs-window --size=1m --agg=n=count --late=late --state=state --output=rows live 2>err &
  local tool=$!
  exec 7>live
  { minutes 1 300 && minutes 5 5; } >&7
  until_true [ -s late ]
  kill -TERM "$tool"
  wait "$tool"
  exec 7>&-
  [ ! -s err ]
}

# --- refused

@test "records came and none could be used: exit 1" {
  yes nonsense | head -n 20 >in
  for tool in 'cs-parse --from=ndjson' cs-funnel cs-sessionize cs-abandon cs-anomaly cs-identify; do
    run -1 --separate-stderr $tool in
    [ "${stderr_lines[-1]}" = "${tool%% *}: 0 of 20 records could be used (20 not-json)" ]
  done
  # One that is of use is enough; so is one that --where does not select.
  { cat in && minutes 1 1; } >mixed
  run -0 --separate-stderr cs-window --size=1h --agg=n=count -w false mixed
  [ "${stderr_lines[-1]}" = 'cs-window: 20 of 21 records were refused (20 not-json)' ]
}

@test "with a state the position has moved on: exit 0, and it is said" {
  echo nonsense >in
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --state=state --output=rows in
  [ "${stderr_lines[-1]}" = 'cs-window: 0 of 1 records could be used (1 not-json)' ]
  # What an earlier run has met is not said again.
  minutes 1 1 >>in
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --state=state --output=rows in
  [ -z "$stderr" ]
}

@test "a signal has ended it: exit 0" {
  mkfifo live
  cs-window --size=1m --agg=n=count --rejects=rejects live 2>err &
  local tool=$!
  exec 7>live
  echo nonsense >&7
  until_true [ -s rejects ]
  kill -TERM "$tool"
  wait "$tool"
  exec 7>&-
  says '0 of 1 records could be used (1 not-json)'
}

@test "a time under another name is found among the members" {
  minutes 1 3 | sed 's/event_time/ts/' >in
  run -1 --separate-stderr cs-window --size=1h --agg=n=count in
  [ "${stderr_lines[-1]}" = 'cs-window: 0 of 3 records could be used (3 no-time): no event_time; did you mean ts? (--time-field=ts)' ]
  [ "$(cs-window --size=1h --agg=n=count --time-field=ts in | jq .n)" -eq 3 ]
}

@test "a view of rows over events, or over other rows: which tool makes those it wants" {
  traffic --events=300 >in
  ends() {
    run --separate-stderr cs-window --view=exit-pages "$@"
    [ "$status" -eq 1 ]
    [ "$(tail -n 1 <<<"$stderr")" = "cs-window: 0 of 300 records could be used (300 no-time): $said" ]
  }
  said='no at, which is in the rows of cs-sessionize --pages: cs-sessionize --pages in | cs-window ...' ends in
  said='no at, which is in the rows of cs-sessionize --pages: ... | cs-sessionize --pages | cs-window ...' ends <in
  cs-sessionize in | sed -n 1p | awk '{ for (i = 0; i < 300; i++) print }' >rows
  said='no at, which is in the rows of cs-sessionize --pages' ends rows
  run --separate-stderr cs-window --view=bot-sessions in
  [[ $stderr == *'none of 300 events had a value for bot;'* ]]
  # Whoever names a time himself may have meant another one.
  run --separate-stderr cs-window --time-field=evnt_time --size=1h --agg=n=count in
  [[ $stderr == *'did you mean event_time? (--time-field=event_time)'* ]]
}

@test "an id under another name, and a type" {
  minutes 1 3 '"sessionId":"s"' >in
  run -1 --separate-stderr cs-sessionize in
  [ "${stderr_lines[-1]}" = 'cs-sessionize: 0 of 3 records could be used (3 no-id): no session_id; did you mean sessionId? (--id=sessionId)' ]
  [ "$(cs-sessionize --id=sessionId in | wc -l)" -eq 1 ]
  sed 's/event_type/type/' in >typed
  run -1 --separate-stderr cs-parse typed
  [ "${stderr_lines[-1]}" = 'cs-parse: 0 of 3 records could be used (3 no-type): no event_type; did you mean type? (--rename=event_type=type)' ]
}

# --- what the input looks like

@test "an input that is no events says what it looks like, before its lines are refused" {
  printf 'event_time,event_type,price\n2026-01-01T00:00:00Z,a,1\n' >sales.csv
  minutes 1 3 >events
  looks() {
    window --agg=n=count "$2" >out && return 1
    [ "$(head -n 1 err)" = "cs-window: $1" ] || { head -n 1 err >&2; return 1; }
  }
  looks 'sales.csv looks like CSV: cs-parse --from=csv sales.csv | cs-window ...' sales.csv
  tr , '\t' <sales.csv >sales.tsv
  looks 'sales.tsv looks like TSV: cs-parse --from=tsv sales.tsv | cs-window ...' sales.tsv
  looks "$ROOT/samples/access.log looks like a web server's log: cs-parse --from=combined $ROOT/samples/access.log | cs-window ..." "$ROOT/samples/access.log"
  jq -cs . events >array
  looks 'array looks like JSON that is not one object a line: cs-parse --from=json array | cs-window ...' array
  jq . events >pretty
  looks 'pretty looks like JSON that is not one object a line: cs-parse --from=json pretty | cs-window ...' pretty
  sed "s/\"/'/g" events >python
  looks 'python looks like text of Python objects, which is not JSON (json.dumps writes JSON), and not like events, one JSON object a line' python
  sed 's/^/pod-7 stdout F /' events >pods
  looks "pods looks like JSON behind other text: sed 's/^[^{]*//' pods | cs-window ..." pods
}

@test "what is said to read an input does" {
  minutes 1 3 >events
  jq -cs . events >array
  sed 's/^/pod-7 stdout F /' events >pods
  [ "$(cs-parse --from=json array | cs-window --size=1h --agg=n=count | jq .n)" -eq 3 ]
  [ "$(sed 's/^[^{]*//' pods | cs-window --size=1h --agg=n=count | jq .n)" -eq 3 ]
}

@test "standard input is called so, and cs-parse is told its option" {
  printf 'event_time,event_type,price\n2026-01-01T00:00:00Z,a,1\n' >in
  window --agg=n=count <in >out || [ $? -eq 1 ]
  [ "$(head -n 1 err)" = 'cs-window: standard input looks like CSV: ... | cs-parse --from=csv | cs-window ...' ]
  run -1 --separate-stderr cs-parse --from=ndjson in
  [ "${stderr_lines[0]}" = 'cs-parse: in looks like CSV: is it --from=csv?' ]
  minutes 1 2 >in
  run -1 --separate-stderr cs-parse --from=csv in
  [ "${stderr_lines[-1]}" = 'cs-parse: 0 of 2 records could be used (2 bad-columns): in looks like events, one JSON object a line: is it --from=ndjson?' ]
}

# --- members that no event had

@test "a member that no event had is named, with the nearest that they did have" {
  traffic --events=500 --extras | sed 's/^{/{"price":1,"quantity":1,/' >in
  window --by=trafic_source --agg=n=count in >out
  says '--by: none of 500 events had a value for trafic_source; did you mean traffic_source?'
  window --agg=n=count -w '.event_typ == "purchase"' in >out
  says '--where: none of 500 events had a value for event_typ; did you mean event_type?'
  window --agg='s=sum(prise)' in >out
  says '--agg: none of 500 events had a value for prise; did you mean price?'
  window --agg='s=sum(.prise * .quantity)' in >out
  says '--agg: none of 500 events had a value for prise; did you mean price?'
  cs-sessionize --split-by=devicetype in 2>err >out
  says '--split-by: none of 500 events had a value for devicetype; did you mean device_type?'
  cs-funnel --by=device_tipe in 2>err >out
  says '--by: none of 500 events had a value for device_tipe; did you mean device_type?'
  window --agg=n=count --number=quantitty in >out
  says '--number: none of 500 events had a value for quantitty; did you mean quantity?'
  cs-parse --recode='devise_type:a=b' in 2>err >out
  says '--recode: none of 500 events had a value for devise_type; did you mean device_type?'
  cs-parse --rename=user_id=userid in 2>err >out
  says '--rename: none of 500 events had a value for userid; did you mean user_id?'
}

@test "a text that no event had is named, with the nearest that they did have" {
  traffic --events=3000 | sed 's/"product_view"/"view"/; s/"purchase"/"Purchase"/; s/"add_to_cart"/"cart"/' >in
  window --agg=n=count -w '.event_type == "purchace"' in >out
  says '--where: none of 3,000 events had the event_type "purchace"; did you mean "Purchase"?'
  window --agg=n=count -w '"prodcut_view" != .event_type or .device_type == "mobile"' in >out
  says '--where: none of 3,000 events had the event_type "prodcut_view"; did you mean "view"?'
  window --agg='n=count if (.event_type | ascii_downcase) == "x" or .device_type == "Mobile"' in >out
  says '--agg: none of 3,000 events had the device_type "Mobile"; did you mean "mobile"?'
  cs-parse -w '.device_type == "deskop"' in 2>err >out
  says '--where: none of 3,000 events had the device_type "deskop"; did you mean "desktop"?'
  # With any number of processes.
  window --jobs=2 --agg=n=count -w '.event_type == "purchace"' in >out
  says '--where: none of 3,000 events had the event_type "purchace"; did you mean "Purchase"?'
}

@test "what a tool counts by itself, and a shop calls otherwise, comes with what recodes it" {
  traffic --events=3000 | sed 's/"product_view"/"view"/; s/"purchase"/"Purchase"/; s/"add_to_cart"/"cart"/' >in
  local -a recode=(--recode=event_type:view=product_view --recode=event_type:cart=add_to_cart --recode=event_type:Purchase=purchase)
  for tool in cs-funnel cs-abandon cs-sessionize 'cs-window --view=product-performance'; do
    $tool in 2>err >out
    grep -qF "none of 3,000 events had the event_type \"add_to_cart\"; did you mean \"cart\"? (cs-parse --recode='event_type:cart=add_to_cart')" err
    grep -qF "(cs-parse --recode='event_type:Purchase=purchase')" err
    cs-parse "${recode[@]}" in | $tool 2>err >out
    [ ! -s err ]
  done
}

@test "what strangers wrote stands in no command that is to be copied" {
  local sign
  for sign in "'" '$' ';' '`' '=' ',' '|' ' x'; do
    minutes 1 3 '"session_id":"s"' | sed "1s/page_view/purchase$sign/" >in
    cs-funnel in 2>err >out
    grep -qF "did you mean \"purchase$sign\"?" err
    run ! grep -q 'recode' err
    minutes 1 3 "\"session_id$sign\":\"s\"" >in
    run -1 --separate-stderr cs-sessionize in
    [[ $stderr == *"did you mean session_id$sign?"* && $stderr != *--id=* ]]
    minutes 1 3 "\"session_id$sign\":\"s\"" >in
    cs-funnel in 2>err >out || true
    run ! grep -qE -e '--(id|rename)=' err
  done
  printf 'event_type,event_time\na,2026-01-01T00:00:00Z\n' >'x; id'
  run -1 --separate-stderr cs-funnel 'x; id'
  [ "${stderr_lines[0]}" = 'cs-funnel: x; id looks like CSV: cs-parse --from=csv FILE | cs-funnel ...' ]
}

@test "texts that are no words, or that a run may well do without, are not told of" {
  traffic --events=3000 >in
  window --agg=n=count -w '.page_url == "/prodcuts" or .event_id == "x" or .event_type == "purchase"' in >out
  [ ! -s err ]
  # Numbered things are near to each other.
  window --agg=n=count -w '.campaign_id == "c99" or .event_type == "search"' in >out
  [ ! -s err ]
  grep -v '"checkout_start"' in | cs-funnel 2>err >out
  [ ! -s err ]
  # A state may be of one run of many.
  cs-funnel --state=state <(sed 's/"purchase"/"Purchase"/' in) 2>err >out
  [ ! -s err ]
}

@test "nothing that is compared came: what events do have is said" {
  minutes 1 3 '"session_id":"s"' | sed 's/page_view/Seite/' >in
  cs-funnel in 2>err >out
  says 'none of 3 events had the event_type "page_view"; they have "Seite"'
}

@test "without a near one, what events do have is said" {
  minutes 1 3 '"session_id":"s"' >in
  cs-parse --id-from=ip in 2>err >out
  says '--id-from: none of 3 events had a value for ip; they have event_id, event_type, event_time, session_id'
}

@test "a member that a tool asks for by itself is said, too" {
  minutes 1 3 '"sid":"s"' | sed 's/event_type/type/' >in
  cs-funnel --lateness=max in 2>err >out
  grep -q 'none of 3 events had a value for event_type; did you mean type? (cs-parse --rename=event_type=type)' err
  grep -q 'none of 3 events had a value for session_id' err
  cs-anomaly --all in 2>err >out
  grep -q 'none of 3 events had a value for session_id' err
  cs-window --view=product-performance in 2>err >out
  grep -q -e '--agg: none of 3 events had a value for event_type; did you mean type?' err
  cs-identify --anonymous=sid in 2>err >out
  grep -q -e '--known: none of 3 events had a value for user_id' err
  cs-sessionize --id=sid --pages in 2>err >out
  grep -q -e '--pages: none of 3 events had a value for page_url' err
  # What is read only to be passed on may be missing.
  cs-parse --rename=event_type=type in 2>err >out
  [ ! -s err ]
}

@test "inside of a member, and where libjq runs the expression" {
  minutes 1 3 '"utm":{"campaign":"c"},"items":[{"price":1}]' >in
  window --agg=n=count --by=c=.utm.campain in >out
  says '--by: none of 3 events had a value for campain; did you mean campaign?'
  window --agg=n=count --by='s=(.items | map(.prise) | add)' in >out
  grep -q 'none of 3 events had a value for prise' err
  window --agg=n=count --by='s=(.items | map(.price) | add)' in >out
  [ ! -s err ]
}

@test "names that a program makes itself are none of an event's" {
  minutes 1 3 '"text":"{\"inner\":1}"' >in
  for expression in '{a: .event_type} | .a' '.text | fromjson | .inner' '[.event_type] as [$x] | $x' \
    'to_entries | map(.key) | length' '.event_type | capture("(?<first>.)") | .first' '.new = 1 | .event_type'; do
    window --agg=n=count -w "$expression" in >out
    [ ! -s err ] || { echo "$expression"; cat err >&2; return 1; }
  done
}

@test "a member that one event had, anywhere, is not named" {
  { minutes 1 59 && minutes 59 59 '"rare":1'; } >in
  window --by=rare --agg=n=count in >out
  [ ! -s err ]
  traffic --events=20000 --rate=10 >many
  { cat many && tail -n 1 many | sed 's/^{/{"rare":"x",/'; } >in
  window --by=rare --agg=n=count --jobs=4 in >out
  [ ! -s err ]
  window --by=rrare --agg=n=count --jobs=4 in >out
  grep -q 'events had a value for rrare' err
  cs-parse --jobs=4 --id-from=rare in 2>err >out
  [ ! -s err ]
}

@test "a canonical member that is null throughout, where another one has the values" {
  minutes 1 3 '"sessionId":"s"' | cs-parse >in
  window --agg='n=distinct(session_id)' in >out
  says '--agg: none of 3 events had a value for session_id; did you mean sessionId? (cs-parse --rename=session_id=sessionId)'
}

@test "rows that are merged have no members that were counted in them" {
  minutes 1 3 >in
  window --by=event_type --agg='ids=distinct(event_id)' --by-partition in >rows
  window --by=event_type --agg='ids=distinct(event_id)' --merge rows >out
  [ ! -s err ]
  [ "$(jq .ids out)" -eq 3 ]
}

@test "framed input, and a state" {
  minutes 1 3 | sed 's/^/0\t1\t/' | awk -F'\t' -v OFS='\t' '{ $2 = NR; print }' >in
  window --by=even_type --agg=n=count in >out
  says '--by: none of 3 events had a value for even_type; did you mean event_type?'
  # However they are framed, what is there is seen.
  minutes 1 3 | LC_ALL=C awk '{ print 0, NR, length($0), $0 }' >in
  window --by=event_type --agg=n=count -w '.event_time | test("2026")' in >out
  [ ! -s err ]
  window --by=even_type --agg=n=count in >out
  says '--by: none of 3 events had a value for even_type; did you mean event_type?'
  minutes 1 3 >in
  window --by=even_type --agg=n=count --state=state in >out
  grep -q 'did you mean event_type?' err
  # A short run may miss what others have: nothing is near, and nothing is said.
  window --by=colour --agg=n=count --state=other in >out
  [ ! -s err ]
}

# --- expressions

@test "an expression with signs and words of other languages is refused with what was meant" {
  while IFS='|' read -r written meant; do
    run -2 --separate-stderr cs-window --size=1h --agg=n=count -w "${written//¦/|}" /dev/null
    [[ ${stderr_lines[0]} == *"; did you mean '${meant//¦/|}'?" ]] || { echo "$written: $stderr"; return 1; }
    # What is proposed is an expression.
    cs-window --size=1h --agg=n=count -w "${meant//¦/|}" /dev/null
  done <<'END'
.event_type = "purchase"|.event_type == "purchase"
.event_type == purchase|.event_type == "purchase"
.event_type == add-to-cart|.event_type == "add-to-cart"
.event_type == 'purchase'|.event_type == "purchase"
.event_type == “purchase”|.event_type == "purchase"
.event_type == ‘purchase’|.event_type == "purchase"
event_type == "purchase"|.event_type == "purchase"
event_type = purchase and price > 3|.event_type == "purchase" and .price > 3
.a && .b|.a and .b
.a&&.b|.a and .b
.a ¦¦ .b|.a or .b
.a <> 3|.a != 3
.a === 3|.a == 3
.a AND .b OR .c|.a and .b or .c
.a == NULL|.a == null
.a == None|.a == null
.a-b == 3|."a-b" == 3
.a.b-c == 3|.a."b-c" == 3
(.a = "x") or .b|(.a == "x") or .b
select(.a = 1)|select(.a == 1)
.a ¦ test(buy)|.a ¦ test("buy")
.a ¦ IN(b, c)|.a ¦ IN("b", "c")
.a ¦ lenght > 3|.a ¦ length > 3
.a ¦ startwith("x")|.a ¦ startswith("x")
END
}

@test "what other languages say in another order is said in words" {
  refused "--where: syntax error, unexpected IDENT, expecting \$end; a part of a text is found by (.x | contains(\"text\")), or by test, startswith, endswith" \
    --agg=n=count -w '.page_url LIKE "%sale%"'
  for expression in '!.x' 'not .x' '.y and not .x'; do
    run -2 --separate-stderr cs-window --size=1h --agg=n=count -w "$expression"
    [[ ${stderr_lines[0]} == *'not stands behind what it turns round: (.x | not)' ]]
  done
  refused '--where: syntax error: a bracket or quote is still open at the end' --agg=n=count -w '(.x > 3'
}

@test "a text or a number that is a condition by itself selects nothing by chance, but is refused" {
  minutes 1 3 '"status":404' >in
  while IFS= read -r expression; do
    for option in "-w$expression" "--agg=m=count if $expression" "--having=$expression"; do
      run -2 --separate-stderr cs-window --size=1h --agg=n=count "$option" in
      [[ ${stderr_lines[0]} == *": a text or a number alone is always true beside 'or' and 'and': compare each one (.x == \"a\" or .x == \"b\")" ]] ||
        { echo "$option: $stderr"; return 1; }
    done
  done <<'END'
.event_type == "page_view" or "purchase"
"purchase" or .event_type == "page_view"
.event_type == "page_view" and "x"
.event_type == ("page_view" or "purchase")
.status == 404 or 410
.status == 404 or 410 or 500
if .status == 404 or 410 then true else false end
END
  run -2 --separate-stderr cs-window --size=1h --agg=n=count -w ".event_type == 'page_view' or 'purchase'" in
  [[ ${stderr_lines[0]} == *'; a text or a number alone is always true'* ]]
  for expression in '.status == 404 or 410 == .status' '.event_type | test("view") or test("buy")' '("a" | length) > 0 or .x' \
    '.event_type == "a or b" or .status == 404' '{or: "x"} | .or == "x"' '.status == 404 or (.y // 5) > 1' 'true' '1'; do
    [ "$(window --agg=n=count -w "$expression" in | jq .n)" -eq 3 ] || { echo "$expression"; cat err >&2; return 1; }
  done
}

@test "a text alone, or nothing at all, is no condition" {
  minutes 1 3 >in
  run -2 --separate-stderr cs-funnel --step='views="page_view"' --step='buys=.event_type == "purchase"' in
  [ "${stderr_lines[0]}" = 'cs-funnel: --step: a text alone is always true: compare it with a member (.x == "a")' ]
  refused '--where: a text alone is always true: compare it with a member (.x == "a")' --agg=n=count -w '"purchase"'
  refused '--agg: a text alone is always true: compare it with a member (.x == "a")' --agg='n=count if "purchase"'
  for empty in '' ' ' $'\n' '# nothing'; do
    refused '--where: which expression?' --agg=n=count -w "$empty"
    refused '--having: which expression?' --agg=n=count --having="$empty"
  done
  # As a value it is one.
  [ "$(window --by='x="a"' --agg=n=count in | jq -c '[.x, .n]')" = '["a",3]' ]
}

@test "a condition is nothing to be counted, and of several values nobody can count all" {
  minutes 1 3 '"price":3' >in
  for function in 'count(.event_type == "purchase")' 'count(.price != null)' 'count(.a | not)' 'count(.price | tostring | test("x"))' \
    'count(.a and .b)'; do
    inside=${function#count(}
    inside=${inside%)}
    refused "--agg: '$inside' is true or false, and false is not null: it would be counted, too; did you mean m=count if $inside?" \
      --agg="m=$function"
    cs-window --size=1h --agg="m=count if $inside" /dev/null
  done
  run -2 --separate-stderr cs-sessionize --agg='m=count(.price > 1) if .a' in
  [ "${stderr_lines[0]}" = "cs-sessionize: --agg: '.price > 1' is true or false, and false is not null: it would be counted, too" ]
  for function in 'distinct(.session_id, .price)' 'sum(.price, 1)' 'count((.a, .b))' 'top(.a, .b, 3)'; do
    refused '--agg: only the first of several values would be looked at: [.a, .b] is one value' --agg="m=$function"
  done
  refused '--by: only the first of several values would be looked at: [.a, .b] is one value' --agg=n=count --by='p=(.a, .b)'
  for function in 'count(.price)' 'count(.a // 0)' 'distinct([.event_type, .price])' 'list(.price, 3)' 'any(.price == 3)' \
    'max(first(.price, .a))' 'max(.a, .price | select(. != null))' 'min(.price | "a,b")'; do
    [ "$(window --agg="m=$function" in | jq '.m | IN(3, 1, "a,b", true, [3, 3, 3])')" = true ] || { echo "$function"; cat err >&2; return 1; }
  done
}

@test "a value that is given on the way, and not at the end, is no mistake" {
  minutes 1 3 '"price":"3"' >in
  for expression in '.price = 3 | .price > 2' '.price |= tonumber | .price > 2' '.price as $x | $x == "3"' \
    '[{a: 1}] | map(.a = 2) | .[0].a == 2' '.event_type == "a = b" | not' 'if .x then .y = 1 else true end'; do
    [ "$(window --agg=n=count -w "$expression" in | jq .n)" -eq 3 ] || { echo "$expression"; cat err >&2; return 1; }
  done
  # A map makes objects.
  [ "$(cs-parse --map='.event_type = "mapped"' in | jq -r .event_type | uniq)" = mapped ]
}

@test "an aggregate without a name gets one, and members in it their dots" {
  refused "--agg: 'sum(price)' is not NAME=FUNC[(F)][ if EXPR]; did you mean sum_price=sum(price)?" --agg='sum(price)'
  refused "--agg: 'count' is not NAME=FUNC[(F)][ if EXPR]; did you mean count=count?" --agg=count
  refused "--agg: price/0 is not defined; did you mean '.price*.quantity'?" --agg='s=sum(price*quantity)'
  refused "--by: 'user-id' needs a name: NAME=.\"user-id\"" --by=user-id --agg=n=count
}

@test "an expression that fails counts once an event, and has an example" {
  # What is not there cannot be subtracted from either, and is no news.
  { minutes 1 2 && minutes 3 4 '"price":"x"'; } >in
  counted cs-window --size=1h --agg='s=sum(.price - 1)' --agg='m=max(.price - 2)' --agg='n=count if .price - 3 > 1' in 2>err >out
  [ "$(fate expression_errors)" -eq 4 ]
  grep -q "^cs-window: 4 of 4 events made an expression fail, first '.price - [123][ >1]*' in line 3: string (\"x\") and number ([123]) cannot be subtracted$" err
  head -n 2 in >lacking
  window --agg='s=sum(.price - 1)' lacking >out
  says '--agg: none of 2 events had a value for price; they have event_id, event_type, event_time'
}

@test "what epoch cannot read is named, and not how it was asked" {
  minutes 1 2 '"seen":"2026-01-05 10:00:00"' >in
  window --agg='n=count if epoch(.event_time) > epoch("2026-01-05")' in >out
  says "2 of 2 events made an expression fail, first 'epoch(.event_time) > epoch(\"2026-01-05\")' in line 1: epoch: \"2026-01-05\" is no time (2026-01-01T00:10:00Z; without a zone: --tz)"
  window --agg='n=max(epoch(.seen))' in >out
  says "2 of 2 events made an expression fail, first 'epoch(.seen)' in line 1: epoch: \"2026-01-05 10:00:00\" is no time (2026-01-01T00:10:00Z; without a zone: --tz)"
  window --agg='n=max([epoch(.seen), epoch(1767603600), epoch(null)] | .[0])' --tz=UTC in >out
  [ "$(jq .n out)" -eq 1767607200 ]
  # What fails behind it has its own reason.
  window --agg='n=max(epoch(.event_time) | . - "x" | tojson)' in >out
  [[ $(cat err) == *': number ('*') and string ("x") cannot be subtracted' ]]
  window --agg='n=max([epoch(12)] | .[0])' in >out
  says "2 of 2 events made an expression fail, first '[epoch(12)] | .[0]' in line 1: epoch: 12 is no time (2026-01-01T00:10:00Z; without a zone: --tz)"
}

@test "an id that is a number here and text there is two ids, and that is said" {
  { minutes 1 2 '"customer":123' && minutes 3 5 '"customer":"123"' && minutes 6 6 '"customer":"x1"'; } >in
  local said='customer: 3 values are numbers as text, which are not the same as those numbers, such as "123" (--number=customer?)'
  window --agg='n=distinct(customer)' in >out
  [ "$(jq .n out)" -eq 3 ]
  says "$said"
  window --agg='n=distinct(customer)' --number=customer in >out
  [ "$(jq .n out)" -eq 2 ]
  says 'customer: 1 value is no number and stayed text, such as "x1"'
  local tool
  for tool in "cs-window --size=1h --by=customer --agg=n=count" "cs-window --size=1h --agg=t=top(.customer,3)" \
    "cs-window --size=1h --agg=n=approx_distinct(customer)" "cs-sessionize --id=customer" "cs-abandon --id=customer" \
    "cs-sessionize --id=event_type --split-on=customer" "cs-sessionize --id=event_type --split-by=customer" \
    "cs-funnel --by= --id=customer" "cs-anomaly --by=customer --value=count"; do
    $tool in >out 2>err
    grep -qxF "${tool%% *}: $said" err || { echo "$tool" && cat err && return 1; }
  done
  # Numbers alone, texts alone, and what is always text are no fault; nor are values that are only counted or compared.
  { minutes 1 2 '"customer":123,"code":"123","user_id":123' && minutes 3 4 '"customer":124,"code":"7","user_id":"123"'; } >in
  window --by=customer,code --agg='n=distinct(user_id)' --agg='c=distinct(code)' --agg='d=distinct(customer)' in >out
  [ ! -s err ]
  # Rows that are merged have been told of when they were made.
  { minutes 1 2 '"customer":123' && minutes 3 5 '"customer":"123"'; } >in
  window --by=customer --agg=n=count --by-partition in >rows
  says "$said"
  window --by=customer --agg=n=count --merge rows >out
  [ ! -s err ]
}

@test "of an expression with several values only the first is looked at, and that is said" {
  { minutes 1 2 '"items":[{"id":"a","price":10},{"id":"b","price":5}]' && minutes 3 3 '"items":[{"id":"b","price":5}]'; } >in
  local said="only the first was looked at ([.items[].price] is one value, [.items[].price] | add their sum)"
  window --agg='s=sum(.items[].price)' in >out
  [ "$(jq -c .s out)" = 25 ]
  says "2 of 3 events had several values for '.items[].price', and $said"
  window --agg='s=sum([.items[].price] | add)' in >out
  [ "$(jq -c .s out)" = 35 ]
  [ ! -s err ]
  window --agg='s=max(first(.items[].price))' -w '.items[].price > 4' --agg='n=count if .items[].price > 4' in >out
  [ ! -s err ]
  # One event counts once, however often it is asked about, and one text is said once.
  window --by='id=.items[].id' --agg='ids=list(.items[].id,9)' --agg='n=distinct(.items[].id)' in >out
  says "2 of 3 events had several values for '.items[].id', and only the first was looked at ([.items[].id] is one value, [.items[].id] | add their sum)"
  local tool
  for tool in "cs-sessionize --agg=s=sum(.items[].price)" "cs-anomaly --value=s=sum(.items[].price)" \
    "cs-funnel --by= --id=.items[].price"; do
    # shellcheck disable=SC2086 # words without blanks
    jq -c '.session_id = "s"' in | $tool >out 2>err
    grep -qF "2 of 3 events had several values for '.items[].price', and $said" err
  done
}

@test "an example may come from another job" {
  traffic --events=20000 --rate=10 >many
  { cat many && tail -n 1 many | sed 's/^{/{"n":"x",/'; } >in
  for jobs in 1 4; do
    window --agg='s=max(.n - 1)' --jobs=$jobs in >out
    grep -q "20,001 of 20,001 events made an expression fail, first '.n - 1' in line 20001: string (\"x\") and number (1) cannot be subtracted" err
  done
}

# --- repeats

@test "--dedup says when no event had an id" {
  minutes 1 3 | sed 's/event_id/eventId/' >in
  cs-parse --dedup=1h in 2>err >out
  says '--dedup has done nothing: none of 3 events had an event_id; did you mean eventId? (--rename=event_id=eventId)'
  cs-parse --dedup=1h --rename=event_id=eventId in 2>err >out
  [ ! -s err ]
  # An id that is made is one, unless nothing is there to make it of.
  cs-parse --dedup=1h --event-id-from=eventId --id-from=eventId -w '.session_id != "" and .event_id != ""' in 2>err >out
  [ ! -s err ]
  cs-parse --dedup=1h --event-id-from=event_id in 2>err >out
  grep -q 'did you mean eventId?' err
}

@test "--dedup says how many repeats it may have missed, and with which lateness it would not" {
  { minutes 0 90 && minutes 0 9; } >in
  counted cs-parse --dedup=1m in 2>err >out
  [ "$(fate duplicate)" -eq 0 ]
  says '10 of 101 events came when what they may repeat was forgotten; --lateness=1h29m would have told all repeats'
  counted cs-parse --dedup=1m --lateness=1h29m in 2>err >out
  [ "$(fate duplicate)" -eq 10 ]
  [ ! -s err ]
}

# --- options

@test "a word that is none of an option's gets the nearest" {
  run -2 --separate-stderr cs-parse --from=cvs
  [ "${stderr_lines[0]}" = "cs-parse: --from: 'cvs' is none of auto|ndjson|csv|tsv|combined|json; did you mean csv?" ]
  refused 'no such option: --latness=1h; did you mean --lateness?' --latness=1h
  run -2 --separate-stderr cs-window --view=prodct # one of several words
  [[ ${stderr_lines[0]} == *'; did you mean product-performance?' ]]
}

@test "an option given twice is named, unless it says the same" {
  minutes 1 3 >in
  window --size=5m --agg=n=count in >out
  says '--size was given twice: 5m counts, and 1h does not'
  window --size=1h --agg=n=count in >out
  [ ! -s err ]
  # In a file, too; but it is there to be overruled by the command line.
  printf '%s\n' --size=5m --agg=n=count --size=1h >view
  run -0 --separate-stderr cs-window --view=./view in
  [ "$stderr" = 'cs-window: ./view:3: --size was given twice: 1h counts, and 5m does not' ]
  run -0 --separate-stderr cs-window --view=./view --size=2h in
  [ -z "$stderr" ]
}

@test "a file that is not there, and a directory" {
  run -1 --separate-stderr cs-window --size=1h --agg=n=count nowhere
  [ "$stderr" = 'cs-window: nowhere: No such file or directory' ]
  run -1 --separate-stderr cs-window --size=1h --agg=n=count .
  [ "$stderr" = 'cs-window: .: Is a directory' ]
}

@test "a run of which every event was filtered says so, and by which options" {
  { event 2026-01-01T00:00:00Z '"ok":true' && event 2026-01-01T00:00:01Z '"ok":true'; } >in
  run -0 --separate-stderr cs-window --size=1h --agg=n=count -w '.ok == "yes"' in
  [ "$stderr" = 'cs-window: none of 2 events was used: 2 were filtered (--where)' ]
  run -0 --separate-stderr cs-parse --map=empty in
  [ "$stderr" = 'cs-parse: none of 2 events was used: 2 were filtered (--map)' ]
  run -0 --separate-stderr cs-abandon --at=2025-01-01T00:00:00Z <(sed 's/^{/{"session_id":"s",/; s/page_view/add_to_cart/' in)
  [ "$stderr" = 'cs-abandon: none of 2 events was used: 2 were filtered (--at)' ]
  run -0 --separate-stderr cs-parse -w '.event_time > "2026-01-01T00:00:00Z"' in
  [ "${#lines[@]}" = 1 ]
  [ -z "$stderr" ]
}

@test "a member that is read under the name of another one, which stands beside it, is named" {
  beside='cs-parse: --rename: there are events with session_id beside user_id, which is read as session_id: of the two the one that stands last counts (--rename=other_session_id=session_id puts the other one aside)'
  for members in '"user_id":"u","session_id":"s"' '"session_id":"s","user_id":"u"' '"session_id":"s","user_id":null' '"user_id":"u","session_id":7'; do
    { minutes 1 200 '"user_id":"u"' && event 2026-01-01T04:00:00Z "$members"; } >in
    run -0 --separate-stderr cs-parse --rename=session_id=user_id in
    [ "$stderr" = "$beside" ]
    # As is said, it does not depend on the order then.
    run -0 --separate-stderr cs-parse --rename=session_id=user_id,other_session_id=session_id in
    [ -z "$stderr" ]
    [ "$(tail -n 1 <<<"$output" | jq .session_id)" = "$(jq .user_id <<<"{$members}")" ]
  done
  run -0 --separate-stderr cs-parse --jobs=2 -o out --rename=session_id=user_id <(cat in)
  [ "$stderr" = "$beside" ]
  cs-parse --jobs=3 -o out --rename=session_id=user_id in in 2>err
  grep -qxF "$beside" err
  # One of the two, and two that change places, are no doubt; and a member that was read as another one was there.
  { event 2026-01-01T00:00:00Z '"user_id":"u"' && event 2026-01-01T00:00:00Z '"session_id":"s","x":{"user_id":"u"}'; } >in
  run -0 --separate-stderr cs-parse --rename=session_id=user_id in
  [ -z "$stderr" ]
  run -0 --separate-stderr cs-parse --rename=session_id=user_id,user_id=session_id <(event 2026-01-01T00:00:00Z '"session_id":"s","user_id":"u"')
  [ -z "$stderr" ]
  run -0 --separate-stderr cs-parse --from=csv --rename=event_time=ts <(printf '%s\n' ts,event_type,event_time 2026-01-01T00:00:00Z,t,2025-01-01T00:00:00Z)
  [[ $stderr == *'there are events with event_time beside ts, which is read as event_time: '* ]]
}

@test "a word to be recoded that no event had is told with what may have been meant" {
  event 2026-01-01T00:00:00Z >in
  run -0 --separate-stderr cs-parse --recode=event_type:pageview=page_view in
  [[ $stderr == *'--recode: the only event had no event_type "pageview"; did you mean "page_view"?'* ]]
}

@test "a unit of time that leads to the years behind 1970 is said" {
  run -0 --separate-stderr cs-parse --time-unit=ms <<<'{"event_type":"a","event_time":1767225600}'
  [ "$stderr" = 'cs-parse: --time-unit: all times are before 1980: without it they are read by their size' ]
  run -0 --separate-stderr cs-parse --time-unit=s <<<'{"event_type":"a","event_time":1767225600}'
  [ -z "$stderr" ]
}

@test "a member that events have inside of another one alone is told with the way to it" {
  local line='{"event_type":"a","event_time":1767225600,"device":{"category":"tv"},"context":{"sessionId":"s","user":{"agent-name":"x"}}}'
  for jobs in 1 2; do
    run -0 --separate-stderr cs-parse --jobs=$jobs --rename=device_type=category <(echo "$line")
    [ "$stderr" = "cs-parse: --rename: the only event had no value for category (there is one inside of another member: --map='.category = .device.category')" ]
  done
  run -0 --separate-stderr cs-window --size=1h --by=category --agg=n=count <<<"$line"
  [ "$stderr" = "cs-window: --by: the only event had no value for category (there is one inside of another member: cs-parse --map='.category = .device.category')" ]
  run -1 --separate-stderr cs-sessionize <<<"$line"
  [[ ${stderr_lines[1]} == *": no session_id; did you mean sessionId? (inside of another member: cs-parse --map='.session_id = .context.sessionId')" ]]
  run -1 --separate-stderr cs-sessionize --id=sessionId <<<"$line"
  [[ ${stderr_lines[1]} == *": no sessionId (there is one inside of another member: cs-parse --map='.sessionId = .context.sessionId')" ]]
  # What is done as it is told is done.
  [ "$(cs-parse --map='.session_id = .context.sessionId' <<<"$line" 2>/dev/null | jq -r .session_id)" = s ]
  # No program with what strangers wrote in it.
  run -0 --separate-stderr cs-parse --rename=user_id=agent-name <<<"$line"
  [ "$stderr" = 'cs-parse: --rename: the only event had no value for agent-name (there is one inside of another member)' ]
  run -0 --separate-stderr cs-parse --rename=user_id=e <<<'{"event_type":"a","event_time":1767225600,"":{"":{"e":1}}}'
  [ "$stderr" = 'cs-parse: --rename: the only event had no value for e (there is one inside of another member)' ]
  run -0 --separate-stderr cs-parse --state=state --rename=device_type=category <(echo "$line")
  [[ $stderr == *'no value for category (there is one inside of another member: '* ]]
  # One event that has it itself is enough.
  run -0 --separate-stderr cs-parse --rename=device_type=category <<<"$line"$'\n''{"event_type":"a","event_time":1767225600,"category":null}'
  [ -z "$stderr" ]
}

@test "--derive: no event had what it is made of" {
  local line='{"event_type":"a","event_time":1767225600,"page_url":"/","referer":"https://a.example/","userAgent":"curl/8"}' item
  for item in device_type bot; do
    run -0 --separate-stderr cs-parse --derive=$item <<<"$line"
    [ "$stderr" = 'cs-parse: --derive: the only event had no value for user_agent; did you mean userAgent? (--rename=user_agent=userAgent)' ]
  done
  run -0 --separate-stderr cs-parse --derive=traffic_source <<<"$line"
  [ "$stderr" = 'cs-parse: --derive: the only event had no value for referrer; did you mean referer? (--rename=referrer=referer)' ]
  run -0 --separate-stderr cs-parse --derive=all <<<"$line"
  [ "${#stderr_lines[@]}" = 2 ]
  [ "$(cs-parse --derive=device_type,traffic_source --rename=user_agent=userAgent,referrer=referer <<<"$line" 2>&1 | jq -r .traffic_source)" = a.example ]
  # Nothing that looks like it: whoever wants all there is, may well do without.
  line='{"event_type":"a","event_time":1767225600,"path":"/"}'
  run -0 --separate-stderr cs-parse --derive=campaign_id,bot <<<"$line"
  [ "${stderr_lines[0]}" = 'cs-parse: --derive: the only event had no value for page_url; they have event_type, event_time, path' ]
  [ "${stderr_lines[1]}" = 'cs-parse: --derive: the only event had no value for user_agent; they have event_type, event_time, path' ]
  run -0 --separate-stderr cs-parse --derive=all <<<"$line"
  [ -z "$stderr" ]
}

@test "two members that are read as one: a value that is lost so is told of" {
  printf 'event_time,event_type,a,b\n1767225600,t,1,\n1767225600,t,,2\n' >in.csv
  local what='cs-parse: --rename: there are events with a beside b, which are both read as session_id: of the two the one that stands last counts, null or not'
  run -0 --separate-stderr cs-parse --rename=session_id=a,session_id=b in.csv
  [ "$stderr" = "$what (--map='.session_id = (.a // .b)' takes the first that is not null)" ]
  run -0 --separate-stderr cs-parse --map='.session_id = (.a // .b)' in.csv
  [ "$(jq -r .session_id <<<"$output")" = $'1\n2' ]
  for jobs in 1 2; do
    run -0 --separate-stderr cs-parse --jobs=$jobs --map=. --rename=session_id=a,session_id=b in.csv
    [ "$stderr" = "$what" ]
  done
  # The last one has the value, and no event has both: nothing is lost.
  printf '%s\n' '{"event_time":1767225600,"event_type":"t","a":null,"b":2}' '{"event_time":1767225600,"event_type":"t","a":1}' >in
  run -0 --separate-stderr cs-parse --rename=session_id=a,session_id=b in
  [ -z "$stderr" ]
  [ "$(jq -r .session_id <<<"$output")" = $'2\n1' ]
}

@test "an array in a line that is too long looks like what it is" {
  { printf '[' && yes '{"event_type":"a","event_time":1767225600,"page_url":"https://shop.example/a"},' | head -n 250000 | tr -d '\n' && echo '{}]'; } >in
  run -1 --separate-stderr cs-window --size=1h --agg=n=count in
  [ "${stderr_lines[1]}" = 'cs-window: 0 of 1 records could be used (1 too-long): in looks like JSON that is not one object a line: cs-parse --from=json in | cs-window ...' ]
}

@test "an option that has a member by the name it had before --rename is told of" {
  local line='{"event_time":1767225600,"event_type":"t","a":"1","b":"2"}' option
  for option in --number=a --recode=a:1=one --id-from=a,b --event-id-from=b,a '--where=.a == "1" or .b == "2"' --key=a; do
    run -0 --separate-stderr cs-parse --rename=price=a "$option" <<<"$line"
    [ "${stderr_lines[0]}" = "cs-parse: ${option%%=*}: no event has a, which --rename reads as price" ] || { echo "$option: $stderr"; return 1; }
  done
  # By its new name; where two change places each has one; an id that is made is not the one that was put aside.
  for option in --number=price --recode=price:1=one --id-from=price '--where=.price == "1"' --null=a; do
    run -0 --separate-stderr cs-parse --rename=price=a "$option" <<<"$line"
    [ -z "$stderr" ] || { echo "$option: $stderr"; return 1; }
  done
  run -0 --separate-stderr cs-parse --rename=a=b,b=a --number=a <<<"$line"
  [ -z "$stderr" ]
  run -0 --separate-stderr cs-parse --rename=other=session_id --id-from=a -w '.session_id != null' <<<"${line/\"b\"/\"session_id\"}"
  [ -z "$stderr" ]
  run -1 --separate-stderr cs-parse --rename=time=event_time <<<"$line"
  [ "${stderr_lines[1]}" = 'cs-parse: 0 of 1 records could be used (1 no-time): no event_time, which --rename reads as time' ]
}
