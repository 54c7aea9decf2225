#!/usr/bin/env bats
# cs-collect: events by HTTP, judged as cs-parse judges them, answered when they are on the disk.

load helper
load state

setup() {
  setup_tools
  DOOR=$BATS_TEST_DIRNAME/collect.py
  EVENT='{"event_id":"e1","session_id":"s1","event_type":"page_view","event_time":"2026-01-01T00:00:00Z"}'
}

teardown() {
  [ -z "${collector:-}" ] || kill -KILL "$collector" 2>/dev/null || true
}

# collect OPTION...: starts it at the socket `door`, with a spool, and waits until it listens. A client on a busy machine has
# the time that it takes.
collect() {
  rm -f err
  "${under[@]}" cs-collect -l unix:door --spool=spool --request-time=10m --idle-time=10m "$@" 2>err >out 3>&- &
  collector=$!
  until_true listens || { cat err; return 1; }
}

under=()

listens() {
  grep -q 'listening at' err || ! kill -0 "$collector" 2>/dev/null
}

# finish [SIGNAL]: ends it, and has its exit status.
finish() {
  kill -"${1:-TERM}" "$collector"
  wait "$collector"
}

# ended: $status is the exit status of a collector that ends by itself.
ended() {
  status=0
  wait "$collector" || status=$?
}

# post BODY [CURL'S OPTION...]: prints the status, and then the headers that are about events.
post() {
  curl -s -o body -D headers --unix-socket door --data-binary "$1" "${@:2}" http://x/e
  awk 'NR == 1 { print $2 } /^X-Clickstream|^Retry-After/ { sub(/\r/, ""); print }' headers
}

# The events in the spool, without keys.
spooled() {
  cat spool/[0-9]*.ndjson spool/.*.open 2>/dev/null | cut -f 2-
}

ids() {
  spooled | jq -r .event_id
}

# answer: what is answered to the bytes of standard input: the statuses, one a line.
answer() {
  python3 "$DOOR" raw door >raw.out
  grep -aoE '^HTTP/1.1 [0-9]+|still open' raw.out | sed 's/.* //'
}

# --- what is taken ---

@test "an event, an array, an envelope, lines, pretty-printed, compressed and chunked: each is taken" {
  collect --debug
  [ "$(post "$EVENT")" = $'204\nX-Clickstream: accepted=1 rejected=0' ]
  [ "$(post "[$EVENT, $EVENT]")" = $'204\nX-Clickstream: accepted=2 rejected=0' ]
  [ "$(post "{\"sent_at\":1, \"events\":[$EVENT,$EVENT,$EVENT]}")" = $'204\nX-Clickstream: accepted=3 rejected=0' ]
  [ "$(post "$EVENT"$'\n'"$EVENT"$'\n')" = $'204\nX-Clickstream: accepted=2 rejected=0' ]
  [ "$(post "$(jq . <<<"$EVENT")")" = $'204\nX-Clickstream: accepted=1 rejected=0' ]
  gzip <<<"$EVENT" >body.gz
  [ "$(post @body.gz -H 'Content-Encoding: gzip')" = $'204\nX-Clickstream: accepted=1 rejected=0' ]
  [ "$(post "$EVENT" -H 'Transfer-Encoding: chunked')" = $'204\nX-Clickstream: accepted=1 rejected=0' ]
  [ "$(post '[]')" = $'204\nX-Clickstream: accepted=0 rejected=0' ]
  finish
  [ "$(ids | sort | uniq -c)" = '     11 e1' ]
}

@test "a row is what cs-parse would have written, and received_at, ip and user_agent" {
  collect --derive=device_type,bot --rename=product_id=sku --recode=event_type:view=page_view
  event='{"event_id":"e1","sku":"p1","event_type":"view","event_time":1767225600,"price":2.50}'
  [ "$(post "$event" -A 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile')" = 204 ]
  finish
  cs-parse --derive=device_type,bot --rename=product_id=sku --recode=event_type:view=page_view \
    <<<"${event%\}},\"user_agent\":\"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile\"}" >expected
  diff <(spooled | jq -S 'del(.received_at, .ip)') <(jq -S . expected)
  [ "$(spooled | jq -r '[.device_type, .product_id, .price, .ip, (.received_at | length > 19)] | @csv')" = '"mobile","p1",2.5,,true' ]
}

@test "the key of a segment's rows is the session, as cs-ship sends them" {
  collect
  [ "$(post "$EVENT")" = 204 ]
  finish
  [ "$(cut -f 1 spool/000000000001.ndjson)" = s1 ]
}

@test "what a sender says of what only the server knows does not count" {
  collect --listen=127.0.0.1:0
  where=$(grep -oE '127.0.0.1:[0-9]+' err)
  curl -s -A 'real "agent"'$'\xff' --data-binary "${EVENT%\}},\"ip\":\"1.2.3.4\",\"received_at\":\"never\",\"user_agent\":null}" "http://$where/e"
  finish
  [ "$(spooled | jq -r '[.ip, .user_agent, (.received_at == "never"), (keys | length)] | @tsv')" = $'127.0.0.0\treal "agent"\xef\xbf\xbd\tfalse\t15' ]
}

@test "a map gives the events that the record stands for" {
  collect '--map=.list[] | {event_type: "page_view", event_time: .t, event_id: .id}'
  [ "$(post '{"list":[{"t":1767225600,"id":"a"},{"t":1767225601,"id":"b"}]}')" = 204 ]
  finish
  [ "$(ids)" = $'a\nb' ]
}

@test "addresses are cut, kept, hashed or left out, as --ip says" {
  for mode in cut full hash none; do
    rm -rf spool
    collect --ip="$mode" --trust-proxy=unix
    post "$EVENT" -H 'X-Forwarded-For: 203.0.113.77'
    post "$EVENT" -H 'X-Forwarded-For: 2001:db8:1:2:3:4:5:6'
    finish
    spooled | jq -r 'if has("ip") then .ip else "-" end' | paste -sd' '
  done >seen
  [ "$(sed -n 2p seen)" = 204 ]
  grep -v '^204$' seen >ips
  [ "$(sed -n 1p ips)" = '203.0.113.0 2001:db8:1::' ]
  [ "$(sed -n 2p ips)" = '203.0.113.77 2001:db8:1:2:3:4:5:6' ]
  [[ "$(sed -n 3p ips)" =~ ^[0-9a-f]{32}\ [0-9a-f]{32}$ ]]
  [ "$(sed -n 4p ips)" = '- -' ]
}

@test "a clock that is five minutes off or more is corrected in steps of five minutes; one that is less is left alone" {
  collect
  # Nothing here hangs on a second or two that a request may take.
  for off in 0 240 3600 -3700 86400; do
    sent=$(($(date +%s) - off))
    post "{\"sent_at\":$sent,\"events\":[{\"event_id\":\"$off\",\"event_type\":\"x\",\"event_time\":$((sent - 10))}]}"
    post "{\"sent_at\":\"$(date -u -d "@$sent" +%FT%TZ)\",\"events\":[{\"event_id\":\"$off\",\"event_type\":\"x\",\"event_time\":$((sent - 10))}]}"
  done >/dev/null
  finish
  spooled | jq -r 'def s: .[:19] + "Z" | fromdate; [.event_id, if has("client_time") then (.event_time | s) - (.client_time | s) else "-" end] | @tsv' >seen
  [ "$(uniq seen)" = "$(printf '0\t-\n240\t-\n3600\t3600\n-3700\t-3600\n86400\t86400')" ]
}

@test "a clock that no time can be corrected by leaves the events' own times" {
  collect
  for sent in '"9999-12-31T23:59:59Z"' '"0001-01-01T00:00:00Z"'; do
    for time in 0001-01-01T00:00:00Z 9999-12-31T23:59:59Z; do
      [ "$(post "{\"sent_at\":$sent,\"events\":[{\"event_id\":\"1\",\"event_type\":\"x\",\"event_time\":\"$time\"}]}")" = 204 ]
    done
  done
  finish
  # Where sender and event agree, it is now; else it would be no year of four digits.
  [ "$(spooled | jq -r '[.event_time[:4], .client_time[:4]] | @tsv')" = "$(printf '%s\t%s\n' 0001 '' "$(date +%Y)" 9999 "$(date +%Y)" 0001 9999 '')" ]
}

@test "--clock=client believes the device, --clock=server nobody" {
  collect --clock=client
  post "{\"sent_at\":1,\"events\":[$EVENT]}"
  finish
  [ "$(spooled | jq -r '[.event_time, has("client_time")] | @csv')" = '"2026-01-01T00:00:00.000Z",false' ]
  rm -rf spool
  collect --clock=server
  post "$EVENT"
  finish
  [ "$(spooled | jq -r '[.event_time == .received_at, .client_time] | @csv')" = 'true,"2026-01-01T00:00:00.000Z"' ]
}

# --- what is not ---

@test "a bad event is a reject with its reason, and answered like a good one; what is no JSON is told off" {
  collect --debug --rejects=rejects
  [ "$(post "[$EVENT,{\"event_type\":\"x\"},{\"event_time\":1767225600},7]")" = $'204\nX-Clickstream: accepted=1 rejected=3 (not-an-object)' ]
  [ "$(post '<html>')" = $'400\nX-Clickstream: accepted=0 rejected=1 (not-json)' ]
  for nothing in '' ' ' ',,' '[' '[,]' ']' $'\xef\xbb\xbf'; do [ "$(post "$nothing")" = 400 ]; done
  for none in '[]' ' [ ] ' '[[],[]]' '{"events":[]}'; do [ "$(post "$none")" = $'204\nX-Clickstream: accepted=0 rejected=0' ]; done
  finish
  [ "$(jq -r '[.reason, .line] | @csv' rejects)" = $'"no-time",2\n"no-type",3\n"not-an-object",4\n"not-json",1' ]
  [ "$(ids)" = e1 ]
}

@test "JSONTestSuite: each file as a body meets the fate that it has in cs-parse" {
  need_data json-test-suite/test_parsing
  collect --debug --max-body=1M --max-events=1000000
  # In UTF-16 a file is read by its first bytes; what comes over a network is UTF-8 (RFC 8259).
  mapfile -t files < <(printf '%s\n' "$DATA"/json-test-suite/test_parsing/*.json | grep -v UTF-16LE_with_BOM)
  python3 "$DOOR" bodies door "${files[@]}" >seen
  finish
  [ "${#files[@]}" -gt 300 ]
  for file in "${files[@]}"; do { cat "$file" && echo; } >"${file##*/}"; done
  run -1 cs-parse --from=json --interleave --rejects=rejects "${files[@]##*/}"
  jq -r '"\(.input) \(.reason)"' rejects | awk '
    { why[$1] = why[$1] " " $2; n[$1]++; if ($2 != "not-json" && $2 != "bad-utf8") json[$1] = 1 }
    END { for (file in n) print file, json[file] ? 204 : 400, "X-Clickstream: accepted=0 rejected=" n[file] }' | sort >expected
  # What holds no record at all has no reject: [] is fine, and what is no JSON is told off.
  cut -d' ' -f 1 expected >known
  grep -wvFf known seen >none
  run ! grep -vE '^n_.* 400$|^([iy]_.*|n_structure_double_array.json) 204 X-Clickstream: accepted=0 rejected=0$' none
  diff <(grep -wFf known seen | sed -E 's/( \([a-z0-9 -]*\))+$//' | sort) expected
}

@test "wrong paths, methods and codings, bodies over the limit: said, and the connection goes on or is closed" {
  collect --max-body=1K --max-events=3
  status() { curl -s -o /dev/null -w '%{http_code}' --unix-socket door "$@"; }
  [ "$(status http://x/nothing)" = 404 ]
  [ "$(status http://x/metrics)" = 404 ]
  [ "$(status http://x/e)" = 405 ]
  [ "$(status -X DELETE http://x/health)" = 405 ]
  [ "$(status --data-binary "$EVENT" -H 'Content-Encoding: br' http://x/e)" = 415 ]
  [ "$(status --data-binary "$EVENT" -H 'Content-Encoding: gzip' http://x/e)" = 400 ]
  [ "$(status --data-binary "$(printf '%2000s' x)" http://x/e)" = 413 ]
  [ "$(status -H 'Transfer-Encoding: chunked' --data-binary "$(printf '%2000s' x)" http://x/e)" = 413 ]
  [ "$(status --data-binary "[$EVENT,$EVENT,$EVENT,$EVENT]" http://x/e)" = 413 ]
  head -c 100000000 /dev/zero | gzip -9 | head -c 1000 >bomb.gz
  head -c 10000 /dev/zero | gzip -9 >large.gz
  [ "$(status --data-binary @large.gz -H 'Content-Encoding: gzip' http://x/e)" = 413 ]
  [ "$(status --data-binary @bomb.gz -H 'Content-Encoding: gzip' http://x/e)" = 413 ]
  [ "$(status --data-binary "$EVENT" -H "X: $(printf '%20000s' x)" http://x/e)" = 431 ]
  [ "$(status --data-binary "$EVENT" http://x/e)" = 204 ]
  finish
  [ "$(ids)" = e1 ]
}

@test "shapes that two readers may read differently are refused, and the connection is closed" {
  collect
  L=${#EVENT}
  {
    printf 'two lengths\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\nContent-Length: %d\\r\\n\\r\\n\n' "$L" "$L"
    printf 'length and chunks\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n\n' "$L"
    printf 'chunks and length\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\nContent-Length: %d\\r\\n\\r\\n\n' "$L"
    printf 'blank before the colon\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nContent-Length : %d\\r\\n\\r\\n\n' "$L"
    printf 'a list of lengths\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d, %d\\r\\n\\r\\n\n' "$L" "$L"
    printf 'a sign\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: +%d\\r\\n\\r\\n\n' "$L"
    printf 'another coding\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: xchunked\\r\\n\\r\\n\n'
    printf 'two codings\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: gzip, chunked\\r\\n\\r\\n\n'
    printf 'coding in 1.0\tPOST /e HTTP/1.0\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n\n'
    printf 'NUL\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nA: b\\0c\\r\\n\\r\\n\n'
    printf 'no Host\tPOST /e HTTP/1.1\\r\\nContent-Length: %d\\r\\n\\r\\n\n' "$L"
    printf 'two Hosts\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nHost: y\\r\\nContent-Length: %d\\r\\n\\r\\n\n' "$L"
    printf 'LF alone\tPOST /e HTTP/1.1\\nHost: x\\nContent-Length: %d\\n\\n\n' "$L"
    printf 'CR in a value\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nA: b\\rc\\r\\n\\r\\n\n'
    printf 'a folded line\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nA: b\\r\\n c\\r\\n\\r\\n\n'
    printf 'two blanks\tPOST  /e HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\n'
    printf 'no version\tPOST /e\\r\\nHost: x\\r\\n\\r\\n\n'
    printf 'NUL in a length\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\0 1\\r\\n\\r\\n\n' "$L"
    printf 'a line that NUL begins\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\n\\0\\r\\nContent-Length: %d\\r\\n\\r\\n\n' "$L"
    printf 'LF alone, once\tPOST /e HTTP/1.1\\r\\nHost: x\\nContent-Length: %d\\r\\n\\r\\n\n' "$L"
    printf 'LF alone, at the end\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\n\n' "$L"
    chunk=$(printf '%x' "$L")
    for body in "0x$chunk"'\r\n'"$EVENT"'\r\n0\r\n\r\n' "$chunk"'\r\n'"$EVENT"'\r\n0\r\nA: b\r\n\r\n' "$chunk"' \r\n'"$EVENT"'\r\n0\r\n\r\n' \
      "$chunk"'\r\n'"$EVENT"'X\r\n0\r\n\r\n'; do
      printf 'chunks %s\tPOST /e HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n%s\n' "$body" "$body"
    done
  } >shapes
  # Behind each stand an event and a request that is good.
  good=$(printf '%sPOST /e HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$EVENT" "$L" "$EVENT")
  while IFS= read -r line; do printf '%s%s\n' "$line" "$good"; done <shapes | python3 "$DOOR" shapes door >seen
  [ "$(wc -l <seen)" = "$(wc -l <shapes)" ]
  # A length that is none the library itself refuses; it says so twice, and is done with the connection.
  run ! grep -vP '^[^\t]*\t400$|^(a list of lengths|a sign)\t400\t400$' seen
  finish
  [ -z "$(ids)" ]
}

@test "requests one behind the other on a connection are answered in order, however they are cut" {
  collect --debug
  L=${#EVENT}
  {
    for _ in 1 2 3; do printf 'POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s' "$L" "$EVENT"; done
    printf '\r\nPOST /e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n' "$L" "$EVENT"
    printf 'GET /health HTTP/1.1\r\nHost: x\r\n\r\nOPTIONS /e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  } >requests
  [ "$(answer <requests | paste -sd' ')" = '204 204 204 204 200 204' ]
  python3 - <<'PY'
import socket
client = socket.socket(socket.AF_UNIX)
client.connect("door")
for byte in open("requests", "rb").read():
    client.sendall(bytes([byte]))
got = b""
while some := client.recv(65536):
    got += some
open("bytewise", "wb").write(got)
PY
  diff <(grep -av '^Date' raw.out) <(grep -av '^Date' bytewise)
  finish
  [ "$(ids | wc -l)" = 8 ]
}

@test "a chunked request may be cut anywhere, also between the last CR and LF; fields behind it are refused" {
  collect
  [ "$(python3 "$DOOR" cuts door)" = '9 400' ]
  finish
  [ "$(ids | sort -u)" = cut ]
}

@test "a client that asks is told to go on" {
  collect
  printf '%s' "$EVENT" >body.json
  curl -sv --unix-socket door -H 'Expect: 100-continue' --data-binary @body.json http://x/e 2>&1 | grep -q '100 Continue'
  finish
  [ "$(ids)" = e1 ]
}

@test "pages of other sites see the answers that --origin lets them, and others are refused" {
  collect --origin=https://shop.example,https://m.shop.example
  header() { curl -s -o /dev/null -D - --unix-socket door "$@" | tr -d '\r' | grep -iE '^(HTTP|access-control|vary|allow)' | paste -sd'|'; }
  [ "$(header -H 'Origin: https://m.shop.example' -d "$EVENT" http://x/e)" = 'HTTP/1.1 204 No Content|Vary: Origin|Access-Control-Allow-Origin: https://m.shop.example' ]
  [ "$(header -H 'Origin: https://evil.example' -d "$EVENT" http://x/e)" = 'HTTP/1.1 403 Forbidden|Vary: Origin' ]
  [ "$(header -d "$EVENT" http://x/e)" = 'HTTP/1.1 204 No Content' ]
  run -0 header -X OPTIONS -H 'Origin: https://shop.example' -H 'Access-Control-Request-Private-Network: true' http://x/e
  [[ $output == 'HTTP/1.1 204 '*'Allow-Origin: https://shop.example'*'Methods: POST'*'Private-Network: true' ]]
  finish
  [ "$(ids | wc -l)" = 2 ]
}

# --- who has sent it ---

@test "X-Forwarded-For is read from the right, past proxies that are trusted, and from nobody else" {
  collect --seal=1h --ip=full --trust-proxy=unix,10.0.0.0/8,2001:db8:ffff::/48
  who() { post "$EVENT" "$@" >/dev/null; spooled | tail -n 1 | jq -r '.ip'; }
  [ "$(who)" = null ]
  [ "$(who -H 'X-Forwarded-For: 198.51.100.7')" = 198.51.100.7 ]
  [ "$(who -H 'X-Forwarded-For: 1.1.1.1, 198.51.100.7')" = 198.51.100.7 ]
  [ "$(who -H 'X-Forwarded-For: 1.1.1.1, 198.51.100.7, 10.1.2.3')" = 198.51.100.7 ]
  [ "$(who -H 'X-Forwarded-For: 1.1.1.1' -H 'X-Forwarded-For: 198.51.100.7,10.1.2.3')" = 198.51.100.7 ]
  [ "$(who -H 'X-Forwarded-For: 198.51.100.7:4711')" = 198.51.100.7 ]
  [ "$(who -H 'X-Forwarded-For: [2001:db8::7]:4711')" = 2001:db8::7 ]
  [ "$(who -H 'X-Forwarded-For: 2001:db8::7, 2001:db8:ffff::1')" = 2001:db8::7 ]
  [ "$(who -H 'X-Forwarded-For: 10.1.1.1, 10.1.2.3')" = 10.1.1.1 ]
  [ "$(who -H 'X-Forwarded-For: unknown, 10.1.2.3')" = 10.1.2.3 ]
  [ "$(who -H 'X-Forwarded-For: 1.1.1.1, rubbish')" = null ]
  [ "$(who -H 'X-Forwarded-For: ::ffff:198.51.100.7')" = 198.51.100.7 ]
  [ "$(who -H 'X-Forwarded-For: 1.1.1.1, 198.51.100.7, ,10.1.2.3,')" = 198.51.100.7 ]
  [ "$(who -H 'X-Forwarded-For: ,' -H 'X-Forwarded-For: _hidden')" = null ]
  [ "$(who -H 'Forwarded: for=198.51.100.7')" = null ]
  [ "$(who -H 'X-Real-IP: 198.51.100.7')" = null ]
  finish
  collect --seal=1h --ip=full --trust-proxy=unix --proxy-header=forwarded
  [ "$(who -H 'Forwarded: for=1.1.1.1, for="[2001:db8::7]:4711";proto=https')" = 2001:db8::7 ]
  [ "$(who -H 'Forwarded: proto=https; For=198.51.100.7' -H 'X-Forwarded-For: 1.1.1.1')" = 198.51.100.7 ]
  [ "$(who -H 'Forwarded: for=_hidden')" = null ]
  finish
  collect --ip=full --listen=127.0.0.1:0 --trust-proxy=10.0.0.0/8
  where=$(grep -oE '127.0.0.1:[0-9]+' err)
  rm -f spool/[0-9]*
  curl -s -H 'X-Forwarded-For: 1.1.1.1' -d "$EVENT" "http://$where/e"
  finish
  [ "$(spooled | jq -r .ip)" = 127.0.0.1 ]
}

@test "--rate: an address that sends too much is told to wait, others are not; --shadow only counts" {
  collect --rate=3/1h --trust-proxy=unix
  from() { post "$EVENT" -H "X-Forwarded-For: $1"; }
  for _ in 1 2 3; do [ "$(from 198.51.100.7)" = 204 ]; done
  [ "$(from 198.51.100.7)" = $'429\nRetry-After: 1200' ]
  [ "$(from 198.51.100.8)" = 204 ]
  # One customer has a /64.
  for n in 1 2 3; do [ "$(from "2001:db8::$n")" = 204 ]; done
  [[ "$(from 2001:db8::4)" == 429* ]]
  [ "$(from 2001:db8:0:1::4)" = 204 ]
  finish
  [ "$(ids | wc -l)" = 8 ]
  collect --rate=1/1h --trust-proxy=unix --shadow --stats=stats.json
  for _ in 1 2 3; do [ "$(from 198.51.100.7)" = 204 ]; done
  finish
  [ "$(jq .requests_limited stats.json)" = 2 ]
}

@test "--bots: crawlers by their agent are tagged, dropped or alone; an empty agent is one; --shadow only counts" {
  [ -f "$CS_BUILD/share/bots.txt" ] || [ -f "$ROOT/build/share/bots.txt" ] || skip 'no lists: make lists needs npm'
  googlebot='Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
  three() {
    post "${EVENT/e1/person}" -A 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0'
    post "${EVENT/e1/google}" -A "$googlebot"
    post "${EVENT/e1/empty}" -A ''
  }
  for options in --bots=tag --bots=drop --bots=only '--bots=drop --shadow'; do
    rm -rf spool
    collect $options --stats=stats.json
    [ "$(three | sort -u)" = 204 ]
    finish
    printf '%s %s %s\n' "$options" "$(jq .requests_of_bots stats.json)" "$(spooled | jq -r '.event_id + "=" + (.bot // "-")' | sort | paste -sd,)"
  done >seen
  grep -qE '^--bots=tag 2 empty=empty,google=[A-Za-z]+.*,person=-$' seen
  grep -qx -- '--bots=drop 2 person=-' seen
  grep -qx -- '--bots=only 2 empty=-,google=-' seen
  grep -qx -- '--bots=drop --shadow 2 empty=-,google=-,person=-' seen
}

@test "what a browser fetches before anybody has asked for it is not counted" {
  collect --debug
  [ "$(post "$EVENT" -H 'Sec-Purpose: prefetch;prerender')" = $'204\nX-Clickstream: dropped (prefetch)' ]
  finish
  [ -z "$(ids)" ]
}

# --- what is served beside ---

@test "the snippet has an ETag, and whoever has it is told so" {
  echo 'window.cs=1' >s.js
  collect --snippet=s.js
  curl -s -D headers --unix-socket door http://x/s.js | cmp - s.js
  tag=$(sed -nE 's/^ETag: (.*)\r/\1/p' headers)
  grep -qi '^content-type: text/javascript' headers
  [ "$(curl -s -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" --unix-socket door http://x/s.js)" = 304 ]
  [ "$(curl -s -o /dev/null -w '%{http_code}' -H 'If-None-Match: "other"' --unix-socket door http://x/s.js)" = 200 ]
  [ "$(curl -s -I -o /dev/null -w '%{http_code}' --unix-socket door http://x/s.js)" = 200 ]
  finish
}

@test "figures are told at the admin address only, and add up" {
  collect --admin=unix:admin --stats=stats.json
  post "[$EVENT,{}]"
  curl -s --unix-socket admin http://x/metrics >metrics
  grep -qx 'clickstream_read_total{tool="cs-collect"} 2' metrics
  grep -qx 'clickstream_rejected_by_reason_total{tool="cs-collect",reason="no-time"} 1' metrics
  [ "$(curl -s --unix-socket admin http://x/health)" = 'taking events' ]
  command -v promtool >/dev/null && promtool check metrics <metrics
  finish
  conserved
}

@test "a body that ends inside of an array: what there is of it is taken, and it is counted" {
  collect --debug --stats=stats.json
  [ "$(post "[$EVENT,")" = $'204\nX-Clickstream: accepted=1 rejected=0 (ends inside of an array)' ]
  [ "$(post "[$EVENT]")" = $'204\nX-Clickstream: accepted=1 rejected=0' ]
  finish
  [ "$(jq .requests_cut stats.json)" = 1 ]
}

# --- many, slow and idle ones ---

@test "127, 128, 129 and 512 connections that are ready at once are all served" {
  collect
  for n in 127 128 129 512; do [ "$(python3 "$DOOR" many door "$n" 3)" = $((3 * n)) ]; done
  finish
  [ "$(ids | wc -l)" = $((3 * (127 + 128 + 129 + 512))) ]
}

@test "clients that never end a request are closed in time, and hold nobody up" {
  collect --request-time=500ms
  python3 "$DOOR" slow door 300 >slow.out &
  slow=$!
  for _ in 1 2 3; do [ "$(post "$EVENT")" = 204 ]; done
  wait "$slow"
  [ "$(cat slow.out)" = 300 ]
  finish
}

@test "idle connections cost little, and when there are too many the oldest goes" {
  collect --connections=50 --stats=stats.json
  mkfifo hold
  python3 "$DOOR" idle door 100 <hold >idle.out &
  idle=$!
  exec 5>hold
  until_true test -s idle.out
  [ "$(cat idle.out)" = 'HTTP/1.1 204 No Content 100' ]
  exec 5>&-
  wait "$idle"
  finish
  [ "$(jq .connections_evicted stats.json)" -ge 50 ]
}

# --- what is acknowledged is there ---

# loads N: so many clients post until nobody answers.
loads() {
  local n
  for ((n = 0; n < $1; n++)); do python3 "$DOOR" load door "$2-$n" acked & done
}

@test "killed at any moment: every event that was answered 204 is in the spool, once" {
  : >acked
  rounds=5
  [ -z "${FULL:-}" ] || rounds=50
  [ -z "${QUICK:-}" ] || rounds=3
  for ((round = 0; round < rounds; round++)); do
    collect --seal=100ms
    before=$(wc -l <acked)
    loads 4 "$round"
    until_true acked_more "$before"
    sleep "0.$((RANDOM % 300 + 100))"
    kill -KILL "$collector"
    wait "$collector" || true
    wait
  done
  collect
  finish
  ids | sort >there
  [ -z "$(uniq -d there)" ]
  sort acked | comm -23 - there >lost
  [ ! -s lost ]
  [ "$(wc -l <acked)" -gt "$rounds" ]
}

acked_more() {
  [ "$(wc -l <acked)" -gt "$1" ]
}

@test "an open segment that ends in the middle of a row is cut, and sealed" {
  mkdir spool
  printf 's1\t{"event_id":"a"}\ns1\t{"event_id":"b"' >spool/.000000000007.open
  : >spool/.000000000009.open
  collect
  [ "$(post "$EVENT")" = 204 ]
  finish
  [ "$(ls spool)" = $'000000000007.ndjson\n000000000010.ndjson' ] || { ls -la spool; return 1; }
  [ "$(ids)" = $'a\ne1' ]
}

# broken CALL HOW...: starts the collector, of whose system calls in the spool these are broken (HOW: as strace has it; ERROR
# for both). False: it has ended at once.
broken() {
  local how status=0
  under=(strace -f -qq -o trace -e 'trace=pwrite64,fdatasync,fsync,renameat,openat,ftruncate,unlinkat' -P "$PWD/spool")
  for number in {1..40}; do under+=(-P "$PWD/spool/$(printf '.%012d.open' "$number")"); done
  for how; do under+=(-e "inject=$how"); done
  under+=(--)
  collect --seal=10ms || status=1
  under=()
  kill -0 "$collector" 2>/dev/null && [ "$status" = 0 ]
}

# faults HOW...: what was answered 204 while calls failed is there, once, what was answered 503 is not, /health has said so,
# and when all is well again events are taken.
faults() {
  rm -rf spool
  mkdir spool
  : >seen
  if broken "$@"; then
    python3 "$DOOR" posts door "$1" 6 >seen || { echo "$*: another answer"; return 1; }
    kill -TERM "$(pgrep -P "$collector" cs-collect)"
    wait "$collector" || true
  else
    # Whoever cannot begin says why.
    ended
    [ "$status" = 1 ]
    grep -q spool err
  fi
  grep -q INJECTED trace || { echo "$*: nothing was broken"; return 1; }
  # It is as well as its last events were.
  awk '$2 == 204 && $3 != 200 || $2 == 503 && $3 != 503' seen >unlike
  [ ! -s unlike ] || { echo "$*: /health"; cat seen; return 1; }
  collect
  [ "$(post "${EVENT/e1/after}")" = 204 ]
  finish
  ids | sort >there
  { awk '$2 == 204 { print $1 }' seen; echo after; } | sort | diff - there || { echo "$*: lost, twice, or there though refused"; cat seen; return 1; }
  cat seen >>all
}

@test "a disk that is full or broken, at each open, write, sync, rename, cut and removal: 503, and nothing that was answered 204 is lost" {
  can_trace
  : >all
  # Each second one, from the first or the second on; with FULL=1 also each alone, and all from each on.
  for call in pwrite64 fdatasync fsync renameat openat; do
    faults "$call:error=EIO:when=1+2"
    faults "$call:error=ENOSPC:when=2+2"
    [ -n "${FULL:-}" ] || continue
    faults "$call:error=ENOSPC:when=1+2"
    faults "$call:error=EIO:when=2+2"
    for n in 1 2 3 4; do
      faults "$call:error=ENOSPC:when=$n"
      faults "$call:error=EIO:when=$n..9"
    done
  done
  # What a group has left behind cannot be cut off, or not be taken away.
  faults fdatasync:error=EIO:when=2+2 ftruncate:error=EIO:when=1+2
  faults fdatasync:error=ENOSPC:when=3..5 ftruncate:error=EIO:when=1..3
  faults pwrite64:error=ENOSPC:when=1..3 ftruncate:error=EIO:when=1..2 unlinkat:error=EIO:when=1
  faults fdatasync:error=EIO:when=1 unlinkat:error=EIO:when=1 renameat:error=EIO:when=1..2
  grep -q '^.*[[:space:]]503' all
  awk '$2 == 503 { bad = 1 } $2 == 204 && bad { good = 1 } END { exit !good }' all
}

@test "a disk that is full under the figures or the rejects: said once, and events are taken" {
  local i said
  # No file of this process may be larger than 4 KiB: so far the spool comes, and no further than that what is refused.
  under=(bash -c 'ulimit -f 4 && exec "$@"' bash)
  collect --stats=figures.prom --stats-every=100ms --rejects=rejects --seal=10m
  until_true grep -q 'figures.prom: File too large' err
  for i in {1..30}; do
    [ "$(post "{\"event_type\":\"page_view\",\"note\":\"$(printf '%0200d' "$i")\"}")" = 204 ]
  done
  [ "$(post "$EVENT")" = 204 ]
  finish
  [ "$(ids)" = e1 ]
  said='cs-collect: figures.prom: File too large: no figures are written there; events are taken'
  [ "$(grep -c figures err)" = 1 ]
  [ "$(grep figures err)" = "$said" ]
  [ ! -s figures.prom ]
  [ ! -e figures.prom.new ]
  grep -qx 'cs-collect: rejects: File too large: what is refused waits, as far as there is room; events are taken' err
  [ "$(grep -c 'File too large: what' err)" = 1 ]
  # What is missing is named: all but the whole lines in the file.
  grep -qx "cs-collect: rejects: $((30 - $(wc -l <rejects))) refused records are missing in it: it could not be written" err
}

@test "--spool-max: no more than that is taken, said by /health, until somebody takes segments away" {
  collect --spool-max=2K --seal=10ms
  until [ "$(post "$EVENT")" != 204 ]; do :; done
  [ "$(post "$EVENT")" = $'503\nRetry-After: 5' ]
  [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket door http://x/health)" = 503 ]
  before=$(ids | wc -l)
  [ "$before" -lt 12 ]
  sealed() { ls spool/[0-9]* >/dev/null; }
  until_true sealed
  rm spool/[0-9]*
  taken() { [ "$(post "$EVENT")" = 204 ]; }
  until_true taken
  finish
}

@test "a TERM answers what has come, and seals what is there" {
  collect
  loads 3 term
  until_true acked_more 5
  finish
  wait
  [ -z "$(sort acked | comm -23 - <(ids | sort))" ]
  [ "$(find spool -name '.*.open' -size +0)" = '' ]
}

@test "while it ends, /health says so, and a request that has begun is still taken" {
  collect
  [ "$(python3 "$DOOR" drain door "$collector")" = $'503\n204' ]
  ended
  [ "$status" = 0 ]
  [ "$(ids)" = $'first\nlast' ]
}

@test "one spool, one collector; and the lock goes with it" {
  collect
  run -3 --separate-stderr cs-collect -l unix:other --spool=spool
  [[ $stderr == *'another process writes to this spool'* ]]
  finish KILL || true
  collect
  finish
}

@test "standard output instead of a spool: rows come out, a reader that is slow makes it say 503, and it says what that is" {
  mkfifo rows
  cs-collect -l unix:door --buffer=64K 2>err >rows 3>&- &
  collector=$!
  exec 5<rows
  until_true listens
  grep -q 'at most once' err
  [ "$(post "$EVENT")" = 204 ]
  read -r row <&5
  [ "$(jq -r .event_id <<<"$row")" = e1 ]
  body=$(for ((i = 0; i < 100; i++)); do printf '%s\n' "$EVENT"; done)
  n=0
  until [ "$(post "$body" | head -1)" = 503 ]; do n=$((n + 1)) && [ "$n" -lt 50 ]; done
  # Whoever reads gets all that was answered 204.
  kill -TERM "$collector"
  [ "$(wc -l <&5)" = $((100 * n)) ]
  wait "$collector"
}

@test "a reader that goes away ends it" {
  cs-collect -l unix:door 2>err > >(exit 0) 3>&- &
  collector=$!
  until_true listens
  gone() { post "$EVENT" >/dev/null 2>&1; ! kill -0 "$collector" 2>/dev/null; }
  until_true gone
  ended
  [ "$status" != 0 ]
}

# --- several processes ---

@test "--workers: each has a spool, figures are of all of them, and a TERM ends all in order" {
  collect --workers=3 --listen=127.0.0.1:0 --admin=unix:admin --stats=stats.json
  where=$(grep -oE '127.0.0.1:[0-9]+' err)
  [ "$(python3 "$DOOR" many "$where" 60 2)" = 120 ]
  [ "$(python3 "$DOOR" many door 10 1)" = 10 ]
  used() { curl -s --unix-socket admin http://x/metrics | grep -qx 'clickstream_used_total{tool="cs-collect"} 130'; }
  until_true used
  finish
  [ "$(cat spool/[123]/*.ndjson | wc -l)" = 130 ]
  [ "$(ls -d spool/*)" = $'spool/1\nspool/2\nspool/3' ]
  [ "$(jq .used stats.json)" = 130 ]
  conserved
}

@test "--workers: one that dies ends all of them, and what was acknowledged is there" {
  collect --workers=2
  [ "$(post "$EVENT")" = 204 ]
  kill -KILL "$(pgrep -P "$collector" | tail -n 1)"
  ended
  [ "$status" = 1 ]
  grep -qE 'worker [12]: died of Killed' err
  run ! pgrep -P "$collector"
  collect --workers=2
  finish
  [ "$(cat spool/[12]/*.ndjson | wc -l)" = 1 ]
}

# --- where it listens ---

@test "a socket of the service manager is taken, and one named admin is for figures" {
  command -v systemd-socket-activate >/dev/null || skip 'systemd-socket-activate is not installed'
  systemd-socket-activate -l "$PWD/door" -l "$PWD/admin" --fdname=events:admin "$(command -v cs-collect)" --spool=spool 2>err 3>&- &
  collector=$!
  reached() { [ -S door ] && [ -S admin ]; }
  until_true reached
  [ "$(post "$EVENT")" = 204 ]
  curl -s --unix-socket admin http://x/metrics | grep -q '^clickstream_read_total{tool="cs-collect"} 1$'
  finish
}

@test "a socket that a killed process has left is taken over; one that is in use, or no socket, is not" {
  collect
  run -1 --separate-stderr cs-collect -l unix:door --spool=spool2
  [[ $stderr == *'another process listens there'* ]]
  finish KILL || true
  [ -S door ]
  collect
  finish
  [ ! -e door ]
  echo precious >door
  run -1 --separate-stderr cs-collect -l unix:door --spool=spool
  [ "$(cat door)" = precious ]
}

@test "a file of options is one: its lists come before those of the command line, its single values below them" {
  printf '%s\n' '# for pages of ours' '--origin=https://shop.example' '  --seal=10m' '--time-field=ts' '--debug' >options
  collect --options=options --time-field=event_time --origin=https://other.example
  [ "$(post "$EVENT" -H 'Origin: https://shop.example')" = $'204\nX-Clickstream: accepted=1 rejected=0' ]
  [ "$(post "$EVENT" -H 'Origin: https://other.example')" = $'204\nX-Clickstream: accepted=1 rejected=0' ]
  [ "$(post "$EVENT" -H 'Origin: https://elsewhere.example')" = 403 ]
  finish
  [ "$(ids)" = $'e1\ne1' ]
}

@test "wrong options are said, and nothing is begun" {
  wrong() {
    run -2 --separate-stderr timeout 60 cs-collect "$@"
    [[ $stderr == *"$WHY"* ]] || { echo "$*: $stderr"; return 1; }
    [ ! -e spool ]
  }
  WHY='is no address' wrong --listen=8080
  WHY='is no address' wrong --listen=127.0.0.1:99999
  WHY='is no path' wrong --path=e
  WHY='is taken' wrong --path=/s.js
  WHY='no operand' wrong events.ndjson
  WHY='needs --spool' wrong --seal=1s
  WHY='not with --spool' wrong --spool=spool --buffer=1M
  WHY='must be N/DUR' wrong --rate=100
  WHY='has no known unit' wrong --rate=100/10x
  WHY='neither an address' wrong --trust-proxy=proxy.example
  WHY='has bits set' wrong --trust-proxy=10.1.2.3/8
  WHY='0 to 32 bits' wrong --trust-proxy=10.0.0.0/33
  WHY='name them' wrong --proxy-header=forwarded
  WHY='is no origin' wrong --origin=https://shop.example/
  WHY='give one of them' wrong --shadow
  WHY='needs --spool' wrong --workers=2
  WHY='at most 256' wrong --workers=1000 --spool=spool
  WHY='--snippet' wrong --snippet=nowhere.js
  WHY='--state' wrong --state=x
  WHY='--options: nowhere: No such file' wrong --options=nowhere
  printf -- '--origin=https://shop.example\n--spol=spool\n' >options
  WHY="options:2: no such option here: '--spol=spool'; did you mean --spool?" wrong --options=options
  WHY='--options: only one can be used' wrong --options=options --options=options
  printf -- '--options=other\n' >options
  WHY="options:1: no such option here: '--options=other'" wrong --options=options
  printf -- '--spool=spool\0\n' >options
  WHY='options:1: has a NUL character in it' wrong --options=options
  printf -- '--debug\n' >options
  WHY="--options: 'options' is the --rejects, too" wrong --options=options --rejects=options
}
