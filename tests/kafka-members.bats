#!/usr/bin/env bats
# --kafka-members: key, record time and headers of a record as members of its events.

load helper
load mock

setup_file() {
  setup_tools
  mock_start
}

teardown_file() {
  mock_stop
}

setup() {
  setup_tools
  one='{"event_time":"2026-01-01T00:01:00Z","event_type":"page_view"}'
}

# What cs-run gives to kcat.
sized='%p %o @%T %K %S %k %s\n'

# record PARTITION OFFSET TIME KEY PAYLOAD: as kcat prints it with that format.
record() {
  local LC_ALL=C
  printf '%d %d @%s %d %d %s %s\n' "$1" "$2" "$3" "${#4}" "${#5}" "$4" "$5"
}

# Our members of each event, as one array a line.
members() {
  cs-parse --kafka-members "$@" | jq -c '[.kafka_key, .kafka_key_base64, .kafka_time, .kafka_headers]'
}

@test "key and time of a topic are members of its events, as kcat prints them" {
  need_kcat
  printf 'k1\t%s\n' "$one" | kcat -P -b "$BROKERS" -t keys -p 0 -K '\t' -H trace=abc
  printf '%s\n' "$one" | kcat -P -b "$BROKERS" -t keys -p 0
  printf '\t%s\n' "$one" | kcat -P -b "$BROKERS" -t keys -p 0 -K '\t'
  printf 'caf\xc3\xa9 "\\ \x01\t%s\n' "$one" | kcat -P -b "$BROKERS" -t keys -p 0 -K '\t'
  printf '\xff\x01\t%s\n' "$one" | kcat -P -b "$BROKERS" -t keys -p 0 -K '\t'
  printf '7 7 7\n\3%s\2' "$one" | kcat -P -b "$BROKERS" -t keys -p 0 -K $'\3' -D $'\2'
  consume keys -f "$sized" >in
  times=$(consume keys -f '%T\n')
  members --input=kcat-sized in >got
  jq -c '.[:2]' got | diff - <(printf '%s\n' '["k1",null]' '[null,null]' '["",null]' '["café \"\\ \u0001",null]' '[null,"/wE="]' '["7 7 7\n",null]')
  jq -r '.[2]' got | date -uf - +%s%3N | diff - <(printf '%s\n' "$times")
  # kcat writes headers so that where one ends cannot be told.
  [ "$(jq -c '.[3]' got | sort -u)" = null ]
  # Found out, too; and who does not ask for them reads the same events.
  members in | cmp - got
  cs-parse in | cmp - <(for _ in {1..6}; do cs-parse <<<"$one"; done)
}

@test "the envelope of kcat -J brings headers, too" {
  need_kcat
  printf 'k"1\t%s\n' "$one" | kcat -P -b "$BROKERS" -t headers -p 0 -K '\t' -H trace=abc -H $'evil=x\n0 9 -2 \n","payload":"{}' -H null -H empty= -H trace=last
  printf '%s\n' "$one" | kcat -P -b "$BROKERS" -t headers -p 0
  consume headers -J >in
  members --input=kcat-json in >got
  [ "$(jq -c '[.[:2], .[3]]' got | paste -sd' ')" = '[["k\"1",null],{"trace":"last","evil":"x\n0 9 -2 \n\",\"payload\":\"{}","null":null,"empty":""}] [[null,null],{}]' ]
  jq -r '.[2]' got | date -uf - +%s%3N | diff - <(consume headers -f '%T\n')
  members in | cmp - got
  # Between envelopes, an end says that a partition has been read, also where it is all there is.
  { cat in && printf '0 9 -2 \n'; } >ended
  cs-window --size=1h --agg=n=count --by='trace=.kafka_headers.trace' --kafka-members --input=kcat-json --state=state --flush ended >rows
  [ "$(jq -c '[.trace, .n]' rows | paste -sd' ')" = '[null,1] ["last",1]' ]
  [ "$(cs-window --size=1h --agg=n=count --by='trace=.kafka_headers.trace' --kafka-members --input=kcat-json --state=state --show-position | jq 'select(.partition).offset')" = 8 ]
  printf '3 7 -2 \n' >none
  run -0 cs-window --size=1h --agg=n=count --input=kcat-json --state=other none
  [ "$(cs-window --size=1h --agg=n=count --input=kcat-json --state=other --show-position | jq -c 'select(.partition) | [.partition, .offset]')" = '[3,6]' ]
}

@test "--time-field=kafka_time: events have the time at which the broker got them" {
  { record 0 0 1767225660123 k '{"event_type":"page_view"}' && record 0 1 1767229200000 k '{"event_type":"page_view"}'; } >in
  cs-window --size=1h --agg=n=count --kafka-members --time-field=kafka_time in >rows
  [ "$(jq -c '[.window_start, .n]' rows | paste -sd' ')" = '["2026-01-01T00:00:00.000Z",1] ["2026-01-01T01:00:00.000Z",1]' ]
  # cs-parse makes it the event's own.
  [ "$(cs-parse --kafka-members --rename=event_time=kafka_time in | jq -r .event_time | head -n 1)" = 2026-01-01T00:01:00.123Z ]
  # A record without a time, or with one that cannot be, has none, and is no other record's trouble.
  for time in -1 9223372036854775807 -9223372036854775808 253402300800000; do record 0 "$((++o))" "$time" k '{"event_type":"page_view"}'; done >in
  record 0 9 0 k '{"event_type":"page_view"}' >>in
  counted cs-window --size=1h --agg=n=count --kafka-members --time-field=kafka_time in >rows 2>err
  [ "$(fate rejected_by.no-time)" = 4 ]
  [ "$(jq -c '[.window_start, .n]' rows)" = '["1970-01-01T00:00:00.000Z",1]' ]
}

@test "a payload cannot say what its key was" {
  forged='"kafka_key":"admin","kafka_key_base64":"YWRtaW4=","kafka_time":"2030-01-01T00:00:00Z","kafka_headers":{"role":"admin"}'
  {
    record 0 0 1767225660000 k "${one%?},$forged}"
    record 0 1 1767225660000 k "{$forged,${one#?}"
    record 0 2 1767225660000 k "${one%?},\"k\\u0061fka_key\":\"admin\" }  "
    record 0 3 1767225660000 k "[${one%?},$forged},$one] ${one%?},$forged}"
    record 0 4 1767225660000 k "${one%?},\"x\":{$forged}}"
  } >in
  [ "$(members in | sort | uniq -c | sed 's/^ *//')" = '7 ["k",null,"2026-01-01T00:01:00.000Z",null]' ]
  # Neither natively nor in libjq, neither as a group nor as an id.
  for by in kafka_key x=.kafka_key 'x=[.kafka_key][0]' 'x=.kafka_headers.role // "k"'; do
    cs-window --size=1h --agg=n=count --by="$by" --kafka-members in >rows
    [ "$(jq -c '[.kafka_key // .x, .n]' rows)" = '["k",7]' ]
  done
  [ "$(cs-sessionize --id=kafka_key --kafka-members in | jq -c '[.kafka_key, .total_events]')" = '["k",7]' ]
}

@test "what is no event without these members is none with them" {
  traffic --events=3000 --seed=3 --malformed=20 --unicode --escapes | awk '{ print "0\t" NR - 1 "\t" $0 }' >tabbed
  python3 - <<'END'
with open('in', 'wb') as out, open('plain', 'wb') as plain:
    for line in open('tabbed', 'rb'):
        p, o, payload = line.rstrip(b'\n').split(b'\t', 2)
        out.write(b'%s %s @1767225600000 1 %d k %s\n' % (p, o, len(payload), payload))
        plain.write(b'%s %s %d %s\n' % (p, o, len(payload), payload))
    for i, payload in enumerate([b'{', b'}', b'{}', b'{} ', b' { } ', b'{}}', b'{"a":1,}', b'{"a":"}', b'{"a":[1}', b'{"a":{"b":1}',
                                 b'[', b'[]', b'[{}', b'[{}]', b'{"a":1}{', b'1', b'"}"', b'null', b'{"a":1}\n\n{"a":1}}', b'{"\xff":1}']):
        out.write(b'1 %d @1767225600000 1 %d k %s\n' % (i, len(payload), payload))
        plain.write(b'1 %d %d %s\n' % (i, len(payload), payload))
END
  counted cs-funnel --lateness=max plain >want 2>err
  cp stats.json want.json
  counted cs-funnel --lateness=max --kafka-members in >got 2>err
  cmp want got
  diff <(jq -S 'del(.bytes, .seconds, .wall_seconds)' want.json | grep -E 'used|rej|json|object|utf|read') \
    <(jq -S . stats.json | grep -E 'used|rej|json|object|utf|read')
  [ "$(fate rejected)" -gt 100 ]
}

@test "keys and records of any bytes: what is in one never reaches another" {
  local good bad
  good=$(rounds 20000) bad=$(rounds 40000)
  python3 - $good $bad <<'END'
import random, sys
good, bad = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(7)
def frame(p, o, key, payload):
    return b'%d %d @1767225600000 %d %d %s %s\n' % (p, o, len(key), len(payload), key, payload)
event = lambda i: b'{"event_time":%d,"event_type":"page_view","session_id":"s%d"}' % (1767225600 + i // 10, i % 97)
pieces = [b'\n', b'\t', b'\0', b' ', b'{', b'}', b'"', b'@', b'-1 ', b'\r\n', b'\xff', b'\xe2\x82', b'caf\xc3\xa9', b'"}', b'\\',
          frame(1, 9**9, b'k', event(3)), b'\n1\t1000\t{}\n', b'\n2 3 @1 9 1000000 ', b'","kafka_time":"2030-01-01T00:00:00Z"']
mess = lambda most: b''.join(rng.choice(pieces) if rng.random() < .6 else rng.randbytes(rng.randrange(12))
                             for _ in range(rng.randrange(0, most)))
kinds = [True] * good + [False] * bad
rng.shuffle(kinds)
offsets, n = [0, 0, 0], 0
with open('good', 'wb') as alone, open('all', 'wb') as among, open('keys', 'wb') as keys:
    for is_good in kinds:
        p, key = rng.randrange(3), mess(6)
        data = frame(p, offsets[p], key, event(n) if is_good else mess(12) + b'!')
        offsets[p], n = offsets[p] + 1, n + is_good
        among.write(data)
        if is_good:
            alone.write(data)
            keys.write(b'%d\n' % len(key) + key + b'\n')
END
  for tool in 'cs-funnel --by=kafka_key' 'cs-sessionize --split-by=kafka_key' 'cs-window --size=1m --by=kafka_key,kafka_key_base64 --agg=n=count'; do
    $tool --kafka-members good >want
    [ -s want ]
    counted $tool --kafka-members --input=kcat-sized --rejects=rejects all >got
    cmp want got
    $tool --kafka-members --input=kcat-sized --rejects=rejects.pipe <(cat all) | cmp want -
    [ "$(wc -l <rejects)" -eq $bad ]
  done
  # Every key is the one that was written, as text or as base64.
  cs-parse --kafka-members good | jq -c '[.kafka_key, .kafka_key_base64]' >got
  python3 - <<'END'
import base64, json
rows = [json.loads(line) for line in open('got')]
data, at = open('keys', 'rb').read(), 0
for text, coded in rows:
    end = data.index(b'\n', at)
    size, at = int(data[at:end]), end + 1
    key, at = data[at:at + size], at + size + 1
    assert (text is None) == (coded is not None)
    assert key == (text.encode() if coded is None else base64.b64decode(coded)), key
    try:
        key.decode()
        assert coded is None
    except UnicodeDecodeError:
        assert text is None
assert at == len(data)
END
}

@test "cut off anywhere and read on from a state, the events are the same" {
  { record 0 0 1767225660000 $'k\n1' "$one" && record 1 0 1767225660000 '' "$one"$'\n'"$one" && record 0 1 -1 '0 5 @1 0 0 ' "$one"; } >whole
  window() { cs-window --size=1h --by=kafka_key --agg=n=count --kafka-members --state=state --output=rows --input=kcat-sized "$@"; }
  window whole --flush
  mv rows want
  [ "$(wc -l <want)" = 3 ]
  size=$(wc -c <whole)
  for ((cut = 0; cut <= size; cut += 5)); do
    rm -f state rows
    head -c "$cut" whole >in
    window in
    cat whole >in
    window in --flush
    cmp want rows || { echo "cut at $cut" && return 1; }
  done
}

@test "what cs-parse makes of records in other formats has the members, too" {
  { record 0 0 1767225660000 k0 'event_type,event_time' && record 0 1 1767225660000 k1 'page_view,2026-01-01T00:01:00Z'; } >in
  [ "$(cs-parse --from=csv --kafka-members in | jq -c '[.event_type, .kafka_key]')" = '["page_view","k1"]' ]
  record 0 0 1767225660000 k0 '{"events":[{"t":"a"},{"t":"b"}]}' >in
  cs-parse --kafka-members --rename=event_time=kafka_time --map='.events[] | {event_type: .t}' in >got
  [ "$(jq -c '[.event_type, .event_time, .kafka_key]' got | paste -sd' ')" = '["a","2026-01-01T00:01:00.000Z","k0"] ["b","2026-01-01T00:01:00.000Z","k0"]' ]
  # And goes on in frames.
  [ "$(cs-parse --kafka-members --keep-frame --map='.events[] | {event_type: .t, event_time: "2026-01-01T00:00:00Z"}' in | cs-window --size=1h --agg=n=count --by=kafka_key | jq -c '[.kafka_key, .n]')" = '["k0",2]' ]
}

@test "where there is no key and no time to be had, that is said" {
  printf '%s\n' "$one" >in
  run -1 --separate-stderr cs-parse --kafka-members in
  [ "$stderr" = 'cs-parse: in: has no frames, which would say a key and a time for --kafka-members' ]
  [ -z "$output" ]
  how="its frames have no key and no time for --kafka-members: kcat prints them with -f '%p %o @%T %K %S %k %s\\n', or -J"
  printf '0\t0\t%s\n' "$one" >in
  run -1 --separate-stderr cs-parse --kafka-members in
  [ "$stderr" = "cs-parse: in: $how" ]
  printf '0 0 %d %s\n' "${#one}" "$one" >in
  run -1 --separate-stderr cs-funnel --kafka-members --jobs=2 in
  [ "$stderr" = "cs-funnel: in: $how" ]
  run -2 cs-parse --kafka-members --input=ndjson in
  run -2 cs-funnel --kafka-members --merge in
  run -2 cs-anomaly --kafka-members --rows --value=x in
  # A state was made with it or without.
  record 0 0 0 k "$one" >in
  cs-funnel --state=state --kafka-members in >/dev/null 2>&1
  run -3 cs-funnel --state=state in
}
