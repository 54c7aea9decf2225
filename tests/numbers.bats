#!/usr/bin/env bats
# Numbers that come as text: which are read, which are not, and what is said of those.

bats_require_minimum_version 1.5.0
load helper

setup() { setup_tools; }

# An event for each price, JSON text.
prices() {
  local price
  for price in "$@"; do
    event 2026-01-01T00:00:00Z "\"price\":$price"
  done
}

@test "--number reads numbers as people write them, in every tool" {
  prices '"05.10"' '"+7"' '".5"' '"5."' '" 5 "' '"1e3"' '"\u00a012.50"' >in
  cs-parse --number=price in 2>err | grep -o '"price":[^}]*' | paste -sd' ' >out
  [ "$(<out)" = '"price":5.10 "price":7 "price":0.5 "price":5 "price":5 "price":1e3 "price":12.50' ]
  [ ! -s err ]
  run --separate-stderr -0 cs-window --number=price --size=1h --agg='n=sum(price)' --agg='l=min(price)' --agg='m=max(price)' in
  [ "$(jq -c '[.n,.l,.m]' <<<"$output")" = '[1035.1,0.5,1000]' ]
  [ -z "$stderr" ]
  # Expressions see numbers, here and in libjq; --where in cs-parse, too.
  run -0 cs-window --number=price --size=1h -w '.price < 6' --agg='n=count if [.price] | .[0] > 4' in
  [ "$(jq .n <<<"$output")" = 3 ]
  [ "$(cs-parse --number=price -w '.price == 5' in | wc -l)" -eq 2 ]
  [ "$(cs-sessionize --number=price -w '.price == 5' <(jq -c '.session_id="s"' in) | jq .total_events)" = 2 ]
}

@test "--number reads what CSV has" {
  printf 'event_time,event_type,price\n2026-01-01T00:00:00Z,a,  05.10 \n2026-01-01T00:00:00Z,a,"1.234,50"\n2026-01-01T00:00:00Z,a,\n' >in
  run --separate-stderr -0 cs-parse --number=price in
  [ "$(grep -o '"price":[^}]*' <<<"$output" | paste -sd' ')" = '"price":5.10 "price":"1.234,50" "price":null' ]
  [ "$stderr" = 'cs-parse: price: 1 value is no number and stayed text, such as "1.234,50" (--decimal-comma?)' ]
}

@test "--decimal-comma reads numbers with one, and with thousands apart" {
  prices '"1.234,50"' '"1 234,50"' '"1\u00a0234,50"' '"1\u202f234,50"' '"1,5"' '"7"' 3.5 >in
  run --separate-stderr -0 cs-parse --number=price --decimal-comma in
  [ "$(grep -o '"price":[^}]*' <<<"$output" | paste -sd' ')" = \
    '"price":1234.50 "price":1234.50 "price":1234.50 "price":1234.50 "price":1.5 "price":7 "price":3.5' ]
  [ -z "$stderr" ]
  [ "$(cs-window --number=price --decimal-comma --size=1h --agg='n=sum(price)' in | jq .n)" = 4950 ]
  prices '"12.50"' >in
  run --separate-stderr -0 cs-parse --number=price --decimal-comma in
  [[ "$output" == *'"price":"12.50"'* ]]
  [[ "$stderr" == *'price: 1 value is no number'*'a point stands between thousands'* ]]
  run -2 cs-parse --decimal-comma in
  [[ "$output" == *--number* ]]
}

@test "what is no number stays text, and each member is named once, with a count and an example" {
  { prices '"12 €"' '"1,234.50"' '""' 5 null && event 2026-01-01T00:00:00Z '"price":"7","weight":"n/a"'; } >in
  run --separate-stderr -0 cs-parse --number=price,weight in
  [ "$(jq -c .price <<<"$output" | paste -sd' ')" = '"12 €" "1,234.50" "" 5 null 7' ]
  [ "${#stderr_lines[@]}" -eq 2 ]
  [ "${stderr_lines[0]}" = 'cs-parse: price: 3 values are no numbers and stayed text, such as "12 €" (with its currency it is text)' ]
  [ "${stderr_lines[1]}" = 'cs-parse: weight: 1 value is no number and stayed text, such as "n/a"' ]
}

@test "of an empty text and another one, the other is the example" {
  prices '""' '"1,234"' >in
  run --separate-stderr -0 cs-window --number=price --size=1h --agg='n=min(price)' in
  [[ "$stderr" == *'2 values'*'such as "1,234" (is the comma a decimal one?'* ]]
}

@test "what a sum or an average had to skip is named, with what would help" {
  prices '"9"' '"10"' true >in
  run --separate-stderr -0 cs-window --size=1h --agg='n=sum(price)' --agg='a=avg(price)' in
  [ "$stderr" = 'cs-window: price: 3 values are no numbers and in no sum or average, such as "9" (--number=price?)' ]
  prices '"1,5"' >in
  run --separate-stderr -0 cs-window --size=1h --slide=30m --agg='n=sum(price)' in
  [[ "$stderr" == *'(--number=price --decimal-comma?)' ]]
  event 2026-01-01T00:00:00Z '"product_id":"7"' >in
  run --separate-stderr -0 cs-window --size=1h --agg='n=sum(product_id)' in
  [ "$stderr" = 'cs-window: product_id: 1 value is no number and in no sum or average, such as "7"' ]
  run --separate-stderr -0 cs-anomaly --rows --value=n <<<'{"window_start":"2026-01-01T00:00:00.000Z","window_end":"2026-01-01T01:00:00.000Z","n":"x"}'
  [[ "$stderr" == *'n: 1 value is no number'* ]]
}

@test "a number that is too large to be added up makes null of a sum, and is named: one visitor can send it" {
  e() { printf '{"event_id":"%s","session_id":"s","event_type":"purchase","event_time":"2026-01-01T00:00:0%s.000Z","price":%s}\n' "$1" "$1" "$2"; }
  { e 1 5 && e 2 1e400 && e 3 -2e29; } >huge
  run -0 --separate-stderr cs-window --size=1h --agg='a=sum(.price)' --agg='b=sum(.price * 1)' --agg='c=median(.price)' --stats=stats huge
  [ "$(jq -c '[.a, .b, .c]' <<<"$output")" = '[null,null,null]' ]
  [[ ${stderr_lines[0]} == 'cs-window: .price * 1: 2 numbers are too large to be added up, '* ]]
  [ "${stderr_lines[1]}" = 'cs-window: price: 2 numbers are too large to be added up, and what they belong to is null, such as 1e400' ]
  [[ ${stderr_lines[2]} == 'cs-window: a: 1 value of a row is null: '* ]]
  [ "$(jq .not_numbers stats)" = 0 ]
  for jobs in 1 2; do
    run -0 --separate-stderr cs-sessionize --jobs=$jobs --agg='a=avg(.price)' huge
    [ "${stderr_lines[0]}" = 'cs-sessionize: price: 2 numbers are too large to be added up, and what they belong to is null, such as 1e400' ]
  done
  # A median is of doubles.
  e 4 2e29 >double
  run -0 --separate-stderr cs-window --size=1h --agg='c=median(.price)' --agg='s=stddev(.price)' double
  [ "${stderr_lines[0]}" = 'cs-window: price: 1 number is too large to be added up, and what it belongs to is null, such as 2e29' ]
  run -0 --separate-stderr cs-window --size=1h --agg='c=median(.price)' double
  [ -z "$stderr" ]
}

# Such prices, at each second, of one session; with a product in the cart.
huge() {
  local price second=0
  for price; do
    event "2026-01-01T00:00:0$((second++))Z" "\"session_id\":\"s\",\"price\":$price"
  done
}

@test "numbers that fit, and whose sum does not, make a null that is named and counted" {
  huge 1e29 1e29 5 >in
  run -0 --separate-stderr cs-window --size=1h --agg='r=sum(.price)' --agg='a=avg(price)' --agg='m=max(price)' --agg='p=percent(r,r)' --stats=stats in
  [[ $output == *'"r":null,"a":null,"m":1e29,"p":null}' ]]
  [ "${stderr_lines[0]}" = 'cs-window: a: 1 value of a row is null: it has more digits than are kept' ]
  [[ ${stderr_lines[1]} == 'cs-window: p: 1 value of a row is null'* ]]
  [[ ${stderr_lines[2]} == 'cs-window: r: 1 value of a row is null'* ]]
  [ "${#stderr_lines[@]}" = 3 ]
  [ "$(jq .too_large stats)" = 3 ]
  # What is null because there is nothing is not.
  run -0 --separate-stderr cs-window --size=1h --agg='r=sum(.weight)' --agg='d=stddev(.price)' --agg='p=percent(r,r)' --stats=stats <(huge 5)
  [[ $stderr != *digits* ]]
  [ "$(jq .too_large stats)" = 0 ]
  # In rows of which few are printed, those few are counted.
  { huge 1e29 1e29 && huge 1e29 1e29 | sed s/T00/T01/g; } >two
  run -0 --separate-stderr cs-window --size=1h --agg='r=sum(.price)' --agg=n=count --top=1 --by=event_id two
  [ -z "$stderr" ]
  run -0 --separate-stderr cs-window --size=1h --agg='r=sum(.price)' --slide=30m --stats=stats two
  [ "$stderr" = 'cs-window: r: 4 values of rows are null: they have more digits than are kept' ]
}

@test "a sum that is too large is named by jobs, parts and merged parts, sessions and carts" {
  # A batch of four, every minute of some days.
  huge 1e29 1e29 5 1 | awk -v minutes="$(rounds 3000)" '{ line[NR] = $0 } END {
    for (minute = 0; minute < minutes; minute++)
      for (n = 1; n <= NR; n++) {
        event = line[n]
        gsub(/-01T00:00:0/, sprintf("-%02dT%02d:%02d:0", 1 + minute / 1440, minute / 60 % 24, minute % 60), event)
        print event
      }
  }' >in
  for tool in "cs-window --size=1h" cs-sessionize "cs-anomaly --size=1h --value"; do
    [[ $tool == *--value ]] && tool+='=r=sum(.price)' || tool+=' --agg=r=sum(.price)'
    $tool --stats=stats1 in >rows1 2>err1
    $tool --stats=stats2 --jobs=3 in >rows2 2>err2
    grep -q ': r: ' err1
    cmp err1 err2
    cmp <(jq .too_large stats1) <(jq .too_large stats2)
    [ "$(jq .too_large stats1)" -gt 0 ]
    [[ $tool == cs-window* ]] || continue
    for k in 1 2; do $tool --range=$k/2 --partial=p$k in; done
    $tool --merge-partials p1 p2 >rows3 2>err3
    cmp err1 err3
  done
  # Rows of --by-partition fit by themselves, and not together.
  for k in 0 1; do
    huge 1e29 | sed "s/^/$k\t1\t/" | cs-window --by-partition --size=1h --agg='r=sum(.price)'
  done >parts
  run -0 --separate-stderr cs-window --merge --size=1h --agg='r=sum(.price)' parts
  [ "$stderr" = 'cs-window: r: 1 value of a row is null: it has more digits than are kept' ]
  huge 1e20 | sed 's/page_view/add_to_cart/; s/}$/,"product_id":"p","quantity":1e20}/' >cart
  run -0 --separate-stderr cs-abandon --cart --stats=stats <(cat cart; event 2026-01-01T12:00:00Z)
  [ "$(jq -c .cart_value <<<"$output")" = null ]
  [[ $stderr == *'cs-abandon: cart_value: 1 value of a row is null: it has more digits than are kept'* ]]
  [ "$(jq .too_large stats)" = 1 ]
}

@test "a sum that is too large is counted once, over restarts" {
  huge 1e29 1e29 >in
  cs-window --size=1h --agg='r=sum(.price)' --state=state in >rows
  [ ! -s rows ]
  cs-window --size=1h --agg='r=sum(.price)' --state=state --flush --stats=stats in >rows 2>err
  grep -q ': r: 1 value' err
  [ "$(jq .too_large stats)" = 1 ]
  cs-window --size=1h --agg='r=sum(.price)' --state=state --stats=stats in
  [ "$(jq .too_large stats)" = 1 ]
}

@test "cs-anomaly names values that are too large to be compared as such" {
  row() { printf '{"window_start":"2026-01-01T0%s:00:00.000Z","window_end":"2026-01-01T0%s:00:00.000Z","n":%s}\n' "$1" $(($1 + 1)) "$2"; }
  { row 0 1 && row 1 1e300 && row 2 1e21 && row 3 '"x"'; } >rows
  run -0 --separate-stderr cs-anomaly --rows --value=n --stats=stats rows
  [[ $stderr == *'n: 2 values are too large to be compared, and in no baseline, such as 1e300'* ]]
  [[ $stderr == *'n: 1 value is no number and in no sum or average, such as "x"'* ]]
  [ "$(jq -c '[.too_large, .not_numbers]' stats)" = '[2,1]' ]
  huge 1 1e22 1e300 2 >in
  for value in 'sum(.price)' 'max(.price)' 'median(.price)'; do
    run -0 --separate-stderr cs-anomaly --size=1s --value="$value" --stats=stats in
    [[ $stderr == *'value: 2 values are too large to be compared, and in no baseline'* ]]
    [ "$(jq .too_large stats)" = 2 ]
  done
}

@test "text among the prices, which min and max take for more than any of them, is named" {
  prices 1 '"n/a"' true '"1,5"' >in
  for run in "cs-window --size=1h" "cs-window --size=1h --slide=30m" cs-sessionize "cs-anomaly --value"; do
    if [[ $run == *--value ]]; then run+="=max(price)"; else run+=" --agg=m=max(price)"; fi
    jq -c '.session_id="s"' in >sessions
    $run --jobs=1 sessions >rows 2>err
    grep -q 'price: 2 values among numbers are none, and to min and max any text is greater than any number, and true and false are less, such as "n/a"$' err
    grep -q 'price: 1 value is a number as text, and min and max compare it as text, such as "1,5" (--number=price --decimal-comma?)$' err
  done
  # Where all is text, nothing is wrong; and the order in which they come does not matter.
  run -0 --separate-stderr cs-window --size=1h --agg='m=max(price)' <(prices '"a"' '"b"')
  [ -z "$stderr" ]
  run -0 --separate-stderr cs-window --size=1h --agg='m=max(price)' <(prices '"a"' '"b"' 1)
  [[ $stderr == *'price: 2 values among numbers'* ]]
  # One range has the text, another one the numbers.
  { yes '"a"' | head -n 12000 && yes 7 | head -n 12000; } |
    awk '{ printf "{\"event_id\":\"%d\",\"event_type\":\"a\",\"event_time\":\"2026-01-01T00:00:00Z\",\"price\":%s}\n", NR, $0 }' >in
  cs-window --jobs=2 --size=1h --agg='m=max(price)' in 2>err >/dev/null
  grep -q 'price: 12000 values among numbers' err
}

@test "numbers that min and max would compare as text are named" {
  prices '"9"' '"10"' >in
  run --separate-stderr -0 cs-window --size=1h --agg='n=max(price)' in
  [ "$(jq -c .n <<<"$output")" = '"9"' ]
  [[ "$stderr" == *'price: 2 values are numbers as text, and min and max compare them as text'*'(--number=price?)' ]]
  run --separate-stderr -0 cs-window --number=price --size=1h --agg='n=max(price)' in
  [ "$(jq -c .n <<<"$output")" = 10 ]
  [ -z "$stderr" ]
}

@test "with --jobs the same is said as without" {
  for _ in {1..40}; do cat <(prices '"05.10"' '""' '"1,5"' 7); done >some
  yes some | head -n 250 | xargs cat >in
  cs-window --number=price --size=1h --agg='n=sum(price)' in >one 2>err1
  cs-window --jobs=3 --number=price --size=1h --agg='n=sum(price)' in >many 2>err2
  cmp one many
  cmp err1 err2
  grep -q 'price: 20000 values' err1
  cs-parse --number=price in >one 2>err1
  cs-parse --jobs=2 --number=price in >many 2>err2
  cmp one many
  cmp err1 err2
}

@test "text that an expression compares with a number is named: any text is greater than any number" {
  prices '"1"' 9 null >in
  for tool in "cs-window --size=1h --agg=n=count" cs-parse cs-sessionize; do
    run -0 --separate-stderr $tool -w '.price > 5' <(jq -c '.session_id="s"' in)
    [[ $stderr == *'price: 1 value is text, and text is greater than the number it is compared with, whatever it says, such as "1" (--number=price?)'* ]]
  done
  run -0 --separate-stderr cs-window --size=1h --agg='n=count if 5 <= .price' in
  [[ $stderr == *'price: 1 value is text'* ]]
  # Members of events are always text.
  run -0 --separate-stderr cs-window --size=1h --agg='n=count if .product_id == 42' <(event 2026-01-01T00:00:00Z '"product_id":42')
  [ "$(jq .n <<<"$output")" = 0 ]
  [[ $stderr == *'product_id: 1 value is text, as always, '*'such as "42" (compare it with "42"?)'* ]]
  # What is a number, or is told to be, is as good as it was.
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --number=price -w '.price > 5' in
  [ -z "$stderr" ]
  [ "$(jq .n <<<"$output")" = 1 ]
  run -0 --separate-stderr cs-window --size=1h --agg=n=count -w '.price > 5' <(prices 1 9)
  [ -z "$stderr" ]
}

@test "a number that an expression compares with a number in quotes is named: it is less than any text" {
  for price in 5 50 '"x"' null; do event 2026-01-01T00:00:00Z "\"price\":$price,\"ok\":true"; done >in
  for expression in '.price < "9"' '"9" > .price' '.price | IN("5", "50")' '.price == "50"' '.ok and .price < "9"'; do
    run -0 --separate-stderr cs-window --size=1h --agg=n=count -w "$expression" in
    [[ $stderr == *'price: 2 values are no texts, and so less than the text they are compared with, whatever that says, such as 5 (compare it with 5, without quotes?)'* ]] ||
      { echo "$expression: $stderr"; return 1; }
  done
  run -0 --separate-stderr cs-funnel --step='a=.ok == "true"' --step='b=.price < 9' in
  [[ $stderr == *'ok: 4 values are no texts, '*', such as true (compare it with true, without quotes?)'* ]]
  cs-window --jobs=3 --size=1h --agg=n=count -w '.price < "9"' in 2>err >many
  grep -q 'price: 2 values are no texts' err
  # A number in a canonical member is its text, and a text that is no number says itself what it is.
  run -0 --separate-stderr cs-window --size=1h --agg=n=count -w '.product_id == "42" and .price != "x"' \
    <(event 2026-01-01T00:00:00Z '"product_id":42,"price":5' && event 2026-01-01T00:00:00Z '"price":"x"')
  [ "$(jq .n <<<"$output")" = 1 ]
  [ -z "$stderr" ]
}

@test "numbers as text, compared as text with one in quotes, are named where that makes a difference" {
  for price in 99.5 100.5 1000 200 x ''; do printf '2026-01-01T00:00:00Z,t,%s,%s\n' "$price" "$price"; done |
    sed '1i event_time,event_type,price,product_id' >in.csv
  for name in price product_id; do
    run -0 --separate-stderr cs-parse --from=csv -w ".$name > \"100\"" in.csv
    [ "$stderr" = "cs-parse: $name: 1 number as text is compared as text with one in quotes, and is not on that side of it, such as \"99.5\" ((.$name | tonumber), and no quotes, compare numbers)" ]
    [ "$(cs-parse --from=csv -w "(.$name | tonumber) > 100" in.csv 2>err | wc -l)" = 3 ]
  done
  for expression in '.price == "100"' '.price > "1"' '.price >= "a"' '.event_type < "x"'; do
    run -0 --separate-stderr cs-parse --from=csv -w "$expression" in.csv
    [[ $stderr != *'in quotes'* ]]
  done
}

@test "rows are not asked for a number in quotes, nor for a time that is not written as theirs" {
  for hour in 09 10 11; do event "2026-01-01T$hour:00:00Z" '"ok":true'; done >in
  while IFS='|' read -r having message; do
    run -2 --separate-stderr cs-window --size=1h --agg=n=count --agg='all=all(.ok)' --having="$having" in
    [ "${stderr_lines[0]}" = "cs-window: --having: $message" ]
  done <<'END'
.n >= "1"|n is a number: compare it without quotes
"1" == .n|n is a number: compare it without quotes
.all == "true"|all is true or false: compare it without quotes
.window_start >= "2026-01-01T10:00:00Z"|window_start is compared as text, and "2026-01-01T10:00:00Z" would be "2026-01-01T10:00:00.000Z" there
.window_start >= "2026-01-01 10:00"|window_start is compared as text, and "2026-01-01 10:00" would be "2026-01-01T10:00:00.000Z" there
END
  for having in '.window_start >= "2026-01-01T10:00:00.000Z"' '.window_start >= "2026-01-01T10"' \
    'epoch(.window_start) >= epoch("2026-01-01T10:00:00Z")' '.n == 1 and .window_end > "2026-01-01T10:00:00.000Z"'; do
    [ "$(cs-window --size=1h --agg=n=count --having="$having" in | wc -l)" = 2 ]
  done
}

@test "text that an expression compares with what is worked out as a number is named, too" {
  { event 2026-01-01T00:00:00Z '"price":"5","cost":9' && event 2026-01-01T00:01:00Z '"price":"1","cost":9'; } >in
  for expression in '.price > .cost * 2' '.cost - 1 < .price' '.price > (.cost | floor)'; do
    run -0 --separate-stderr cs-window --size=1h --agg=n=count -w "$expression" in
    [[ $stderr == *'price: 2 values are text, and text is greater than the number'*'(--number=price?)'* ]]
  done
  run -0 --separate-stderr cs-window --size=1h --agg=n=count -w '.event_time >= epoch("2026-01-01T00:01:00Z")' in
  [[ $stderr == *'event_time: 2 values are text, as always, '* ]]
}

@test "a time that is compared as text with one written otherwise is named where that makes a difference" {
  for time in 09:59:59.900 10:00:00.000 10:00:00.500 10:00:01.000; do event "2026-01-01T${time}Z"; done >in
  # A point is less than a Z, and a blank than a T: the second from which on somebody asks is not in it.
  while IFS='|' read -r expression rows told; do
    run -0 --separate-stderr cs-parse -w "$expression" in
    [ "$(grep -c . <<<"$output")" = "$rows" ]
    if [ "$told" = 0 ]; then
      [ -z "$stderr" ]
    else
      [[ ${stderr_lines[0]} == "cs-parse: event_time: $told "*' compared as text with one that is written otherwise, and '*', such as "2026-01-01T'*'" (epoch(.event_time) and epoch("...") compare times)' ]]
    fi || { echo "$expression: $stderr"; return 1; }
  done <<'END'
.event_time >= "2026-01-01T10:00:00Z"|1|2
.event_time < "2026-01-01T10:00:00Z"|3|2
.event_time > "2026-01-01T10:00:00Z"|1|1
"2026-01-01T10:00:00Z" <= .event_time|1|2
.event_time >= "2026-01-01 10:00"|4|1
.event_time >= "2026-01-01T11:00:00.000+01:00"|0|3
.event_time >= "2026-01-01T10:00:00.000Z"|3|0
.event_time >= "2026-01-01T10:00"|3|0
.event_time >= "2026-01-01"|4|0
.event_time >= "2026-01-01 00:00" and .event_time < "2026-01-02 00:00"|4|0
epoch(.event_time) >= epoch("2026-01-01T10:00:00Z")|3|0
END
  # Times that are numbers; other members; and jobs.
  run -0 --separate-stderr cs-window --size=1h --agg=n=count -w '.event_time < "2026-01-02"' <(event 2026-01-03T00:00:00Z | sed 's/"2026-01-03T00:00:00Z"/1767398400/')
  [[ $stderr == 'cs-window: event_time: 1 time is compared as text '*' such as "1767398400" '* ]]
  run -0 --separate-stderr cs-window --jobs=2 --size=1h --agg='n=count if .seen >= "2026-01-01T10:00:00Z"' <(sed 's/"event_time":\("[^"]*"\)/&,"seen":\1/' in)
  [[ $stderr == 'cs-window: seen: 2 times are compared as text '*'(epoch(.seen) and '* ]]
}

@test "rows of an id that programs write where there is none are named" {
  for id in undefined NULL s; do
    event 2026-01-01T00:00:00Z "\"session_id\":\"$id\"" | sed s/page_view/add_to_cart/
  done >in
  event 2026-01-01T10:00:00Z '"session_id":"s"' >>in
  for tool in cs-sessionize "cs-sessionize --jobs=2" "cs-sessionize --emit=updates" cs-abandon; do
    run -0 --separate-stderr $tool in
    [[ $stderr == *"session_id: 2 rows are of ids that programs write where there is none, such as \"NULL\" (-w '.session_id != \"NULL\"' leaves it out)"* ]]
  done
  run -0 --separate-stderr cs-sessionize -w '.session_id != "NULL" and .session_id != "undefined"' in
  [ -z "$stderr" ]
}

@test "text that says true or false, where an expression compares with these, is named" {
  { event 2026-01-01T00:00:00Z '"ok":"true"' && event 2026-01-01T00:00:00Z '"ok":true' && event 2026-01-01T00:00:00Z '"ok":"x"'; } >in
  run -0 --separate-stderr cs-window --size=1h --agg='n=count if .ok == true' in
  [ "$(jq .n <<<"$output")" = 1 ]
  [ "$stderr" = 'cs-window: ok: 1 value is text, which is never equal to true or false, such as "true" (compare it with "true"?)' ]
}
