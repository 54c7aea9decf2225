#!/usr/bin/env bats
# cs-abandon: what is in a cart, and with --transitions and --cart what becomes of each.

load helper

setup() { setup_tools; }

# Events as TIME TYPE [MEMBER=VALUE...] lines on standard input, of session a unless they say otherwise.
moves() {
  local time type member members
  while read -r time type rest; do
    members='"session_id":"a"'
    for member in $rest; do
      members+=",\"${member%%=*}\":${member#*=}"
    done
    printf '{"event_type":"%s","event_time":"2026-01-01T%sZ",%s}\n' "$type" "$time" "$members"
  done
}

# Rows in short: the session, the state, since when, and why.
states() {
  jq -r '[.session_id, .state, .episode[11:19], (.seconds_since_alert | tostring), .reason] | join(" ")'
}

# in_cart: after these moves, what is in the cart an hour later, as PRODUCT*QUANTITY.
in_cart() {
  { moves && echo '{"event_type":"x","session_id":"z","event_time":"2026-01-01T12:00:00Z"}'; } |
    cs-abandon --cart | jq -r '[.cart[] | "\(.product_id)*\(.quantity)"] | join(" ")'
}

@test "a cart from which all has been taken out again is not reported" {
  moves >in <<'END'
10:00:00 add_to_cart product_id="p1"
10:00:10 add_to_cart product_id="p2"
10:00:20 remove_from_cart product_id="p2"
10:00:30 remove_from_cart product_id="p1"
12:00:00 x session_id="z"
END
  [ -z "$(cs-abandon in)" ]
  [ -z "$(cs-abandon --at=2026-01-01T10:30:00Z in)" ]
  [ -z "$(cs-abandon --cart in)" ]
  sed -i 4d in
  [ "$(cs-abandon in | jq -c '[.session_id, .add_to_carts]')" = '["a",2]' ]
  [ "$(cs-abandon --at=2026-01-01T10:30:00Z in | jq -r .session_id)" = a ]
}

@test "--emptied says which events take something out, and none when it is empty" {
  moves >in <<'END'
10:00:00 add_to_cart product_id="p1"
10:00:10 cart_cleared
12:00:00 x session_id="z"
END
  [ "$(cs-abandon in | wc -l)" -eq 1 ]
  [ -z "$(cs-abandon --emptied=cart_cleared in)" ]
  sed -i s/cart_cleared/remove_from_cart/ in
  [ "$(cs-abandon --emptied= in | wc -l)" -eq 1 ]
  [ "$(cs-abandon --emptied= --transitions in | jq -r .state)" = $'abandoned\nexpired' ]
}

@test "a type for --emptied that no event has is told" {
  moves <<<'10:00:00 add_to_cart' >in
  run -0 --separate-stderr cs-abandon --emptied=remove in
  [ "$stderr" = "cs-abandon: --emptied: no event is of type 'remove'" ]
  for bad in add_to_cart purchase checkout_start a-type-that-is-longer-than-31-bytes; do
    run -2 --separate-stderr cs-abandon --emptied=$bad in
    [[ $stderr == "cs-abandon: --emptied: '$bad' "* ]]
  done
}

@test "without quantities a cart is empty after as many removals as additions of each product" {
  [ "$(in_cart <<<$'10:00:00 add_to_cart product_id="p"\n10:00:01 add_to_cart product_id="p"\n10:00:02 remove_from_cart product_id="p"')" = 'p*1' ]
  [ "$(in_cart <<<$'10:00:00 add_to_cart product_id="p"\n10:00:01 add_to_cart product_id="q"\n10:00:02 remove_from_cart product_id="p"')" = 'q*1' ]
  [ -z "$(in_cart <<<$'10:00:00 add_to_cart product_id="p"\n10:00:02 remove_from_cart product_id="p"')" ]
}

@test "and without products after as many removals as additions" {
  [ "$(in_cart <<<$'10:00:00 add_to_cart\n10:00:01 add_to_cart\n10:00:02 remove_from_cart')" = 'null*1' ]
  [ -z "$(in_cart <<<$'10:00:00 add_to_cart\n10:00:02 remove_from_cart')" ]
  # Where only one of the two says it.
  [ -z "$(in_cart <<<$'10:00:00 add_to_cart product_id="p"\n10:00:02 remove_from_cart')" ]
  [ -z "$(in_cart <<<$'10:00:00 add_to_cart\n10:00:02 remove_from_cart product_id="p"')" ]
  [ "$(in_cart <<<$'10:00:00 add_to_cart product_id="q"\n10:00:02 remove_from_cart product_id="p"')" = 'q*1' ]
}

@test "a removal with a quantity takes so much, one without a whole line" {
  [ "$(in_cart <<<$'10:00:00 add_to_cart product_id="p" quantity=3\n10:00:02 remove_from_cart product_id="p" quantity=1')" = 'p*2' ]
  [ -z "$(in_cart <<<$'10:00:00 add_to_cart product_id="p" quantity=3\n10:00:02 remove_from_cart product_id="p"')" ]
  [ -z "$(in_cart <<<$'10:00:00 add_to_cart product_id="p" quantity="3"\n10:00:02 remove_from_cart product_id="p" quantity=3.0')" ]
  [ "$(in_cart <<<$'10:00:00 add_to_cart product_id="p" quantity=3\n10:00:01 add_to_cart product_id="p" quantity=2\n10:00:02 remove_from_cart product_id="p"')" = 'p*3' ]
  [ "$(in_cart <<<$'10:00:00 add_to_cart product_id="p" quantity=3\n10:00:01 add_to_cart product_id="p" quantity=2\n10:00:02 remove_from_cart product_id="p" quantity=4')" = 'p*1' ]
  [ "$(in_cart <<<$'10:00:00 add_to_cart product_id="p" quantity=0.5')" = 'p*0.5' ]
}

@test "a removal that finds nothing leaves nothing over" {
  [ "$(in_cart <<<$'09:59:00 remove_from_cart product_id="p"\n10:00:00 add_to_cart product_id="p"')" = 'p*1' ]
  [ "$(in_cart <<<$'10:00:00 add_to_cart product_id="p"\n10:00:01 remove_from_cart product_id="p" quantity=9\n10:00:02 add_to_cart product_id="p"')" = 'p*1' ]
}

@test "of one time additions come first, whatever came first" {
  moves >in <<'END'
10:00:00 remove_from_cart product_id="p"
10:00:00 add_to_cart product_id="p"
12:00:00 x session_id="z"
END
  [ -z "$(cs-abandon in)" ]
  [ -z "$(cs-abandon --cart in)" ]
  sed -i s/remove_from_cart/purchase/ in
  [ -z "$(cs-abandon --transitions in)" ]
}

@test "quantities and prices that are none are as good as missing, and told" {
  moves >in <<'END'
10:00:00 add_to_cart product_id="p" quantity=0 price="5EUR"
10:00:01 add_to_cart product_id="q" quantity=[2] price=-1
12:00:00 x session_id="z"
END
  run -0 --separate-stderr cs-abandon --cart --stats=stats in
  [ "$(jq -c '[.cart[] | [.quantity, .price]]' <<<"$output")" = '[[1,null],[1,null]]' ]
  [ "$(jq .cart_value <<<"$output")" = null ]
  [ "$(jq .not_numbers stats)" -eq 4 ]
  [[ $stderr == *'quantity: 2 values are no numbers that a cart can have, and are as good as missing, such as '* ]]
  [[ $stderr == *'price: 2 values '*' such as "5EUR"'* ]]
}

@test "the value of a cart is exact" {
  moves >in <<'END'
10:00:00 add_to_cart product_id="p" quantity=3 price=0.1
10:00:01 add_to_cart product_id="q" price="19.99"
10:00:02 add_to_cart product_id="p" quantity=0.5 price=0.1
10:00:03 add_to_cart product_id="p" quantity=1 price=0.10
12:00:00 x session_id="z"
END
  [ "$(cs-abandon --cart in 2>/dev/null | grep -o '"cart":.*"cart_value":[^,]*')" = '"cart":[{"product_id":"p","quantity":3.5,"price":0.1},{"product_id":"q","quantity":1,"price":19.99},{"product_id":"p","quantity":1,"price":0.10}],"cart_truncated":false,"cart_value":20.44' ]
}

@test "each transition is a row, and the key holds the last state" {
  moves >in <<'END'
10:00:00 add_to_cart product_id="p"
10:30:00 page_view
10:40:00 purchase
10:00:00 add_to_cart session_id="b"
10:20:00 remove_from_cart session_id="b"
10:00:00 add_to_cart session_id="c"
10:01:00 purchase session_id="c"
10:00:00 add_to_cart session_id="d"
13:00:00 x session_id="z"
END
  cs-abandon --transitions --lateness=max in >rows
  [ "$(states <rows)" = 'a abandoned 10:00:00 0 idle
b abandoned 10:00:00 0 idle
d abandoned 10:00:00 0 idle
b emptied 10:00:00 300 removal
a returned 10:00:00 900 event
a recovered 10:00:00 1500 purchase
d expired 10:00:00 2700 idle' ]
  [ "$(jq -c 'select(.session_id == "a") | [.converted, .idle_seconds, .abandoned_at[11:19], .last_event_time[11:19]]' rows)" = '[false,900,"10:15:00","10:00:00"]
[false,0,"10:15:00","10:30:00"]
[true,0,"10:15:00","10:40:00"]' ]
  [ "$(cs-abandon --transitions --lateness=max --key=session_id,episode in | awk -F '\t' '{ last[$1] = $2 } END { for (key in last) print last[key] }' |
    jq -r '[.session_id, .state] | join(" ")' | sort | paste -sd' ')" = 'a recovered b emptied d expired' ]
}

@test "a second cart after a purchase is one of its own" {
  moves >in <<'END'
10:00:00 add_to_cart
10:05:00 purchase
10:10:00 add_to_cart
12:00:00 x session_id="z"
END
  [ -z "$(cs-abandon in)" ]
  [ "$(cs-abandon --transitions in | states)" = 'a abandoned 10:10:00 0 idle
a expired 10:10:00 2700 idle' ]
  [ "$(cs-abandon --cart in 2>/dev/null | jq -c '[.add_to_carts, .episode[11:16], (.cart | length)]')" = '[1,"10:10",1]' ]
}

@test "and so is one after it was emptied, at the very same time too" {
  moves >in <<'END'
10:00:00 add_to_cart product_id="p"
10:00:00 remove_from_cart product_id="p"
12:00:00 x session_id="z"
10:00:00 add_to_cart product_id="q"
13:00:00 x session_id="z"
END
  [ "$(cs-abandon --transitions --until=5h --lateness=0s in | jq -r '[.state, .episode[11:]] | join(" ")')" = 'emptied 10:00:00.000Z
abandoned 10:00:00.000001Z' ]
}

@test "a visitor who does something is not flagged, however long the cart has been there" {
  { moves <<<'10:00:00 add_to_cart' && for minute in {10..59..10}; do moves <<<"10:$minute:00 page_view"; done; moves <<<'11:00:00 purchase'; } >in
  [ -z "$(cs-abandon in)" ]
  [ -z "$(cs-abandon --transitions in)" ]
}

@test "a purchase that arrives late takes the alert back" {
  moves >in <<'END'
10:00:00 add_to_cart product_id="p" price=5
11:30:00 x session_id="z"
10:05:00 purchase
11:40:00 x session_id="z"
END
  [ "$(cs-abandon --transitions --until=2h in | states)" = 'a abandoned 10:00:00 0 idle
a recovered 10:00:00 null late' ]
  # One from after the alert is what it would have been in time.
  sed -i s/10:05/10:45/ in
  [ "$(cs-abandon --transitions --until=2h in | states)" = 'a abandoned 10:00:00 0 idle
a recovered 10:00:00 1800 purchase' ]
  # What was put in after it is still there, and what comes too late for it is bought.
  moves >in <<'END'
10:00:00 add_to_cart product_id="p"
10:10:00 add_to_cart product_id="q"
11:30:00 x session_id="z"
10:05:00 purchase
10:01:00 add_to_cart product_id="r"
11:40:00 x session_id="z"
END
  [ "$(cs-abandon --cart --lateness=0s --at=2026-01-01T11:00:00Z in 2>/dev/null | jq -c '[.cart[].product_id]')" = '["q"]' ]
}

@test "seven carts of one person are one, and one bought after the login elsewhere is none" {
  for n in 1 2 3 4 5 6 7; do
    moves <<<"10:0$n:00 add_to_cart session_id=\"s$n\" user_id=\"u\" product_id=\"p$n\""
  done >in
  moves >>in <<'END'
10:01:00 add_to_cart session_id="phone" product_id="p"
10:02:00 user_identified session_id="phone" user_id="v"
10:10:00 purchase session_id="laptop" user_id="v"
12:00:00 x session_id="z"
END
  sort -t '"' -k 8,8 in >sorted
  [ "$(cs-abandon --cart sorted 2>/dev/null | wc -l)" -eq 8 ]
  [ "$(cs-identify --hold=max sorted 2>/dev/null | cs-abandon --id=person_id --cart 2>/dev/null | jq -c '[.person_id, (.cart | length)]')" = '["u",7]' ]
}

@test "--cart with --at says what was in the carts then" {
  moves >in <<'END'
10:00:00 add_to_cart product_id="p" page_url="/p"
10:01:00 checkout_start page_url="/checkout"
10:40:00 remove_from_cart product_id="p"
10:00:00 add_to_cart session_id="b" product_id="q"
10:05:00 remove_from_cart session_id="b" product_id="q"
12:00:00 x session_id="z"
END
  [ "$(cs-abandon --cart --lateness=max --at=2026-01-01T10:30:00Z in 2>/dev/null | jq -c '[.session_id, .idle_seconds, .cart[].product_id, .last_page, .furthest_step]')" = '["a",1740,"p","/checkout","checkout_start"]' ]
  # Whether an event that is later is anybody's makes no difference, in a range of --jobs neither.
  { cat in && traffic --events=3000 && moves <<<'12:10:00 x session_id=null'; } >long
  for jobs in 1 3; do
    cs-abandon --cart --max-jump=0s --lateness=max --at=2026-01-01T00:00:10Z --jobs=$jobs --stats=stats.$jobs long >/dev/null 2>&1
  done
  [ "$(jq -c '[.filtered, .no_id, .used]' stats.3)" = "$(jq -c '[.filtered, .no_id, .used]' stats.1)" ]
  [ "$(jq .no_id stats.1)" -eq 0 ]
  run -2 --separate-stderr cs-abandon --transitions --at=now in
  [[ $stderr == *'--transitions: '* ]]
}

@test "any order within the lateness gives the same rows, and so does each number of jobs" {
  traffic --events=10000 --rate=5 --extras >all
  for options in '--transitions --after=2m --until=5m --forget=10m' '--cart --after=2m'; do
    # shellcheck disable=SC2086
    cs-abandon $options --lateness=6m all >sorted
    [ "$(wc -l <sorted)" -gt 100 ]
    # shellcheck disable=SC2086
    awk '{ a[NR % 100] = a[NR % 100] $0 "\n"; if (NR % 1000 == 0) { for (i = 0; i < 100; i++) printf "%s", a[i]; delete a } }' all |
      cs-abandon $options --lateness=6m --strict >mixed
    cmp sorted mixed
    # shellcheck disable=SC2086
    cs-abandon $options --lateness=6m --jobs=3 all | cmp sorted -
  done
}

@test "stopped and resumed at every line, it prints what it would have printed in one go" {
  moves >all <<'END'
10:00:00 add_to_cart product_id="p" quantity=2 price=5 user_id="u" page_url="/p"
10:01:00 add_to_cart session_id="b"
10:05:00 remove_from_cart product_id="p" quantity=1
10:30:00 page_view page_url="/q"
10:02:00 purchase session_id="b"
10:40:00 purchase
10:41:00 add_to_cart product_id="r"
12:30:00 x session_id="z"
10:42:00 checkout_start
12:40:00 remove_from_cart product_id="r"
14:30:00 x session_id="z"
END
  cs-abandon --transitions --cart --lateness=1m all >whole 2>/dev/null
  [ "$(jq -r .state whole | sort -u | wc -l)" -ge 4 ]
  for ((n = 1; n <= $(wc -l <all); n++)); do
    head -n "$n" all >log
    flush=
    [ "$n" -lt "$(wc -l <all)" ] || flush=--flush
    cs-abandon --transitions --cart --lateness=1m --state=state --output=rows $flush log
  done
  cmp whole rows
  run -3 --separate-stderr cs-abandon --cart --lateness=1m --state=state log
  [[ $stderr == *--transitions* ]]
}

@test "more in a cart than is kept is counted, said, and never taken for empty" {
  # additions COUNT REMOVALS: with a removal behind each, if REMOVALS is 1.
  additions() {
    awk -v count="$1" -v removals="$2" 'BEGIN {
      for (i = 0; i < count; i++)
        for (j = 0; j <= removals; j++)
          printf "{\"event_type\":\"%s\",\"session_id\":\"a\",\"product_id\":\"p%d\",\"price\":1,\"event_time\":%d}\n", \
            j ? "remove_from_cart" : "add_to_cart", i, 1767225600 + i
    }'
  }
  additions 1002 0 >in
  moves <<<'12:00:00 x session_id="z"' >>in
  run -0 --separate-stderr cs-abandon --cart --stats=stats in
  [ "$(jq -c '[(.cart | length), .cart_truncated, .cart_value, .add_to_carts]' <<<"$output")" = '[1000,true,null,1002]' ]
  [ "$(jq .carts_cut stats)" -eq 1 ]
  [[ $stderr == 'cs-abandon: 1 cart had more put in and taken out than is kept, and may be empty'* ]]
  # Without rows of episodes, the first ten thousand moves of a run.
  additions 5001 1 >in
  moves <<<'12:00:00 x session_id="z"' >>in
  run -0 --separate-stderr cs-abandon --stats=stats in
  [ "$(jq .add_to_carts <<<"$output")" -eq 5001 ]
  [ "$(jq .carts_cut stats)" -eq 1 ]
}

@test "the bound on ids holds for episodes, too" {
  traffic --events=2000 --rate=50 >in
  run -3 --separate-stderr cs-abandon --transitions --max-keys=10 in
  [[ $stderr == *--max-keys* ]]
}

@test "with --idle, --cart counts what comes too late, and --transitions tells it" {
  moves <<<$'10:00:00 add_to_cart\n10:20:00 x session_id="z"' >in
  cs-abandon --cart --idle=1h --stats=stats in >rows 2>/dev/null
  [ ! -s rows ]
  [ "$(jq .expired stats)" -eq 1 ]
  [ "$(cs-abandon --transitions --idle=1h in | jq -r .state)" = abandoned ]
}

@test "what comes late is told when the input pauses" {
  mkfifo in
  cs-abandon --transitions --lateness=0s in >out 3>&- &
  pid=$!
  exec 7>in
  moves <<<$'10:00:00 add_to_cart\n10:20:00 x session_id="z"\n10:05:00 purchase' >&7
  until_true grep -q recovered out
  exec 7>&-
  wait "$pid"
  [ "$(states <out)" = 'a abandoned 10:00:00 0 idle
a recovered 10:00:00 null late' ]
}

@test "thousands of random short histories are what a slow model says" {
  count=$(rounds 2000)
  [ -z "${FULL:-}" ] || count=20000
  python3 "$ROOT/tests/differential/carts.py" --count="$count"
}
