#!/usr/bin/env bats
# cs-abandon: who has put something into the cart and gone away without buying.

load helper

setup() { setup_tools; }

# Events as TIME ID TYPE [USER] lines on standard input.
clicks() {
  while read -r time id type user; do
    printf '{"event_type":"%s","session_id":"%s","user_id":%s,"event_time":"2026-01-%sZ"}\n' \
      "$type" "$id" "${user:-null}" "${time/_/T}"
  done
}

abandon() {
  run --separate-stderr cs-abandon "$@"
}

alerts() {
  jq -r '[.session_id, .last_event_time[8:19], .add_to_carts] | join(" ")'
}

@test "an id with something in the cart is reported when it has been idle for long enough" {
  clicks >in <<'END'
01_10:00:00 a page_view
01_10:01:00 a add_to_cart "u1"
01_10:02:00 a add_to_cart
01_10:00:30 b add_to_cart
01_10:05:00 b purchase
01_10:18:00 c page_view
END
  abandon --lateness=0s in
  [ "$status" -eq 0 ]
  [ "$output" = '{"session_id":"a","user_id":"u1","last_event_time":"2026-01-01T10:02:00.000Z","add_to_carts":2,"converted":false,"idle_seconds":900,"abandoned_at":"2026-01-01T10:17:00.000Z"}' ]
}

@test "idle for exactly --after is not yet too long, and the end of the input reports nothing more" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart
01_10:15:00 b page_view
END
  abandon in
  [ -z "$output" ]
  clicks >>in <<<'01_10:15:00.001 b page_view'
  abandon in
  [ "$(alerts <<<"$output")" = 'a 01T10:00:00 1' ]
}

@test "any event before that starts the clock again" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart
01_10:14:00 a page_view
01_10:28:00 a page_view
01_10:45:00 b page_view
END
  abandon in
  [ "$(alerts <<<"$output")" = 'a 01T10:28:00 1' ]
}

@test "an id's own event hours later does not swallow the alert" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart
01_12:00:00 a purchase
END
  abandon in
  [ "$(alerts <<<"$output")" = 'a 01T10:00:00 1' ]
}

@test "an id is reported once, until --forget has passed" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart
01_11:00:00 a add_to_cart
01_12:00:00 a add_to_cart
02_12:00:01 a add_to_cart
02_13:00:00 b page_view
END
  abandon --max-jump=0s in
  [ "$(alerts <<<"$output")" = 'a 01T10:00:00 1
a 02T12:00:01 1' ]
  abandon --max-jump=0s --forget=25h in
  [ "$(alerts <<<"$output")" = 'a 01T10:00:00 1' ]
}

@test "who has bought is not reported in the same visit any more" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart
01_10:05:00 a purchase
01_11:00:00 a add_to_cart
01_13:00:00 b page_view
END
  abandon in
  [ -z "$output" ]
}

@test "a purchase that comes too late leaves the alert as it stands" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart
01_10:20:00 b page_view
01_10:10:00 a purchase
01_11:00:00 a add_to_cart
01_12:00:00 b page_view
END
  abandon --lateness=0s --strict in
  [ "$status" -eq 0 ]
  [ "$(alerts <<<"$output")" = 'a 01T10:00:00 1' ]
}

@test "the order of arrival within the lateness makes no difference" {
  traffic --events=20000 --rate=5 >all
  cs-abandon --after=5m --lateness=5m all >sorted
  [ "$(wc -l <sorted)" -gt 100 ]
  awk '{ a[NR % 100] = a[NR % 100] $0 "\n"; if (NR % 1000 == 0) { for (i = 0; i < 100; i++) printf "%s", a[i]; delete a } }' all |
    cs-abandon --after=5m --lateness=5m --strict >mixed
  cmp sorted mixed
}

@test "alerts come by last event, then id" {
  traffic --events=20000 --rate=5 | cs-abandon --after=2m >rows
  [ "$(wc -l <rows)" -gt 100 ]
  jq -r '[.last_event_time, .session_id] | join("\t")' rows >keys
  sort -c keys
}

@test "an alert comes as soon as time is past it, not at the end" {
  mkfifo in
  cs-abandon --lateness=10s in >out &
  pid=$!
  exec 7>in
  clicks >&7 <<'END'
01_10:00:00 a add_to_cart
01_10:15:10.001 b page_view
END
  for ((i = 0; i < 50; i++)); do [ ! -s out ] || break; sleep 0.1; done
  [ "$(alerts <out)" = 'a 01T10:00:00 1' ]
  exec 7>&-
  wait "$pid"
}

@test "with --idle, what the wall clock has carried past --until is counted, not printed" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart
01_10:20:00 b page_view
END
  abandon --idle=1h --stats=stats in
  [ -z "$output" ]
  [ "$(jq .expired stats)" -eq 1 ]
}

@test "--at prints who was idle then, for longer than --after and shorter than --until" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart
01_10:00:00.001 b add_to_cart
01_10:44:59.5 c add_to_cart "u1"
01_10:45:00 d add_to_cart
01_10:20:00 e add_to_cart
01_10:30:00 f add_to_cart
01_10:31:00 f purchase
01_10:32:00 g page_view
01_11:00:01 e add_to_cart
01_23:00:00 z page_view
END
  abandon --lateness=1h --at=2026-01-01T11:00:00Z --stats=stats in
  [ "$(alerts <<<"$output")" = 'b 01T10:00:00 1
e 01T10:20:00 1
c 01T10:44:59 1' ]
  [ "$(tail -n 1 <<<"$output")" = '{"session_id":"c","user_id":"u1","last_event_time":"2026-01-01T10:44:59.500Z","add_to_carts":1,"converted":false,"idle_seconds":900.5,"abandoned_at":"2026-01-01T10:59:59.500Z"}' ]
  [ "$(jq -c '[.filtered,.late]' stats)" = '[2,0]' ]
}

@test "--at takes a time in seconds or milliseconds since 1970, too" {
  clicks <<<'01_10:00:00 a add_to_cart' >in
  abandon --at=2026-01-01T10:30:00Z in
  want=$output
  [ -n "$want" ]
  for at in 1767263400 1767263400000 '2026-01-01 12:30:00+02'; do
    abandon --at="$at" in
    [ "$output" = "$want" ]
  done
}

@test "--at knows nothing of what was forgotten by then" {
  clicks >in <<'END'
01_09:00:00 a purchase
01_10:00:00 a add_to_cart
01_10:00:00 b purchase
01_10:29:00 b add_to_cart
END
  abandon --forget=30m --at=2026-01-01T10:45:00Z in
  [ "$(alerts <<<"$output")" = '' ]
  abandon --forget=59m --at=2026-01-01T10:45:00Z in
  [ "$(alerts <<<"$output")" = 'a 01T10:00:00 1' ]
}

@test "an event without an id is left out and counted" {
  echo '{"event_type":"add_to_cart","event_time":"2026-01-01T00:00:00Z"}' >null
  abandon --stats=stats null
  [ -z "$output" ]
  [ "$(jq -c '[.read,.no_id]' stats)" = '[1,1]' ]
}

@test "--id is about something else, under its own name" {
  clicks >in <<'END'
01_10:00:00 a add_to_cart "u1"
01_10:10:00 b page_view "u1"
01_10:30:00 c page_view
END
  abandon --id=user_id in
  [ "$(jq -c . <<<"$output")" = '{"user_id":"u1","last_event_time":"2026-01-01T10:10:00.000Z","add_to_carts":1,"converted":false,"idle_seconds":900,"abandoned_at":"2026-01-01T10:25:00.000Z"}' ]
}

@test "durations that make no sense together are refused" {
  abandon --after=1h </dev/null
  [ "$status" -eq 2 ]
  [[ $stderr == *'--until'* ]]
  abandon --after=2h --until=3h --forget=1h </dev/null
  [ "$status" -eq 2 ]
  abandon --at=yesterday </dev/null
  [ "$status" -eq 2 ]
  [[ $stderr == *yesterday* ]]
}

@test "stopped and resumed, it prints what it would have printed in one go" {
  traffic --events=8000 --rate=5 --disorder=20s >all
  cs-abandon --after=5m all >whole
  [ "$(wc -l <whole)" -gt 50 ]
  for n in 1000 4000 8000; do
    head -n "$n" all >log
    cs-abandon --after=5m --state=state --output=rows log
  done
  # The last run does not move event time to the end.
  cmp <(head -n "$(wc -l <rows)" whole) rows
  [ "$(wc -l <rows)" -ge $(($(wc -l <whole) - 10)) ]
}

@test "in a real shop, two hours and fifty minutes leave the carts that a plain look finds" {
  need_data rees46/2019-Oct-first17k.csv
  cs-parse --from=csv --rename=session_id=user_session --recode=event_type:view=product_view,cart=add_to_cart \
    --rejects=rejects "$DATA/rees46/2019-Oct-first17k.csv" >events
  cs-abandon --at=2019-10-01T02:50:00Z events | jq -r .session_id | sort >ours
  jq -rs 'group_by(.session_id)[] | select(any(.[]; .event_type == "add_to_cart") and all(.[]; .event_type != "purchase"))
      | max_by(.event_time) | select(.event_time > "2019-10-01T01:50:00.000Z" and .event_time < "2019-10-01T02:35:00.000Z") | .session_id' events |
    sort >theirs
  [ -s ours ]
  cmp ours theirs
}

@test "an addition that is idle when it comes is reported at the end, though time does not move on" {
  {
    event 2026-01-05T13:00:00Z '"session_id":"z"'
    event 2026-01-05T10:00:00Z '"session_id":"a"' | sed s/page_view/add_to_cart/
  } >in
  for lateness in 0s 1ms max; do
    [ "$(cs-abandon --lateness=$lateness in | jq -r .session_id)" = a ]
    [ "$(tac in | cs-abandon --lateness=$lateness | jq -r .session_id)" = a ]
  done
  [ "$(cs-abandon --lateness=0s --state=state --flush in | jq -r .session_id)" = a ]
}

# A cart that is idle already when its addition comes: z has moved time to 13:00.
idle_when_it_comes() {
  event 2026-01-05T13:00:00Z '"session_id":"z"'
  event 2026-01-05T10:00:00Z '"session_id":"a"' | sed s/page_view/add_to_cart/
}

@test "or as soon as the input pauses, once" {
  mkfifo in
  cs-abandon --lateness=0s in >out 3>&- &
  pid=$!
  exec 7>in
  idle_when_it_comes >&7
  until_true test -s out
  event 2026-01-05T10:01:00Z '"session_id":"a"' | sed s/page_view/purchase/ >&7
  event 2026-01-05T10:02:00Z '"session_id":"b"' | sed s/page_view/add_to_cart/ >&7
  two_rows() { [ "$(wc -l <out)" -eq 2 ]; }
  until_true two_rows
  event 2026-01-05T14:00:00Z '"session_id":"z"' >&7
  exec 7>&-
  wait "$pid"
  [ "$(jq -r .session_id out)" = $'a\nb' ]
}

@test "and with a state in the next run, if the input pauses there" {
  idle_when_it_comes >in
  cs-abandon --lateness=0s --state=state --output=rows in
  [ ! -s rows ]
  mkfifo live
  cs-abandon --lateness=0s --state=state --output=rows live 3>&- &
  pid=$!
  exec 7>live
  until_true test -s rows
  kill -TERM "$pid"
  wait "$pid"
  exec 7>&-
  event 2026-01-05T14:00:00Z '"session_id":"z"' >more
  cs-abandon --lateness=0s --state=state --output=rows more
  [ "$(jq -r .session_id rows)" = a ]
}

@test "and with several jobs where one reports it" {
  { traffic --events=30000 --rate=10 && idle_when_it_comes; } >in
  cs-abandon --lateness=0s --max-jump=0s in 2>/dev/null >one
  [ "$(tail -n 1 one | jq -r .session_id)" = a ]
  cs-abandon --lateness=0s --max-jump=0s --jobs=3 in 2>/dev/null | cmp - one
}

@test "a purchase that comes at the very moment of the verdict counts" {
  e() { printf '{"event_time":"2026-01-01T%sZ","session_id":"%s","event_type":"%s"}\n' "$1" "$2" "$3"; }
  for end in 00:01:59.999 00:02:00 00:02:00.001; do
    { e $end b x && e 00:00:00 a purchase && e 00:01:00 a add_to_cart && e 00:30:00 b x; } >in
    cs-abandon --lateness=0s --max-jump=0s --after=1m --until=2m in >out
    [ ! -s out ]
  done
}
