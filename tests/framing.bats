#!/usr/bin/env bats
# Framing: records as kcat prints them, offsets, and what a partition is.
# shellcheck disable=SC2002,SC2086 # commands in variables are several words; bats sets stderr

load helper

setup() { setup_tools; }

# framed PARTITION FIRST_OFFSET <events: as kcat -f '%p\t%o\t%s\n' prints them.
framed() {
  awk -v p="$1" -v o="$2" '{ printf "%d\t%d\t%s\n", p, o++, $0 }'
}

# enveloped PARTITION FIRST_OFFSET <events: as kcat -J prints them.
enveloped() {
  jq -cR --argjson p "$1" --argjson o "$2" '{topic: "clicks", partition: $p, offset: ($o + input_line_number - 1),
    tstype: "create", ts: 1767225600000, broker: 1, headers: [], key: null, payload: .}'
}

@test "PARTITION, tab, OFFSET, tab, event is taken apart, asked for or found out" {
  minutes 1 5 | framed 3 100 >in
  [ "$(tally --input=kcat in)" -eq 5 ]
  [ "$(tally in)" -eq 5 ]
  [ "$(tally <in)" -eq 5 ]
  [ "$(cat in | tally --input=auto)" -eq 5 ]
  [ "$(tally --input=ndjson in 2>err)" -eq 0 ]
  [ "$(fate rejected_by.not-json)" -eq 5 ]
}

@test "the envelopes of kcat -J are taken apart" {
  minutes 1 5 '"search_query":"caf\u00e9 \"x\"","s":"\\"' | enveloped 3 100 >in
  [ "$(tally in)" -eq 5 ]
  [ "$(tally --input=kcat in)" -eq 5 ]
  counted cs-parse in >out
  minutes 1 5 '"search_query":"caf\u00e9 \"x\"","s":"\\"' | cs-parse >want
  cmp out want
  # More than fit one batch, and their texts are not mixed up.
  traffic --events=1000 --unicode >events
  enveloped 0 0 <events | cs-parse | jq -cS . >out
  cs-parse events | jq -cS . | cmp - out
}

@test "an envelope of kcat -J without text is an empty record, and takes its offset" {
  { minutes 1 1 && printf '\n' && minutes 2 2; } | enveloped 0 7 | sed 's/"payload":""/"payload":null/' >in
  [ "$(tally --rejects=rejects in 2>err)" -eq 2 ]
  [ "$(jq -c '[.reason, .detail, .partition, .offset]' rejects)" = '["not-json","an empty record",0,8]' ]
  [ "$(fate gaps)" -eq 0 ]
  [ ! -s err ]
  # Also where it comes first, and where records are translated.
  sed 1d in >rest
  [ "$(tally rest 2>err)" -eq 1 ]
  [ "$(counted cs-parse --map=. --rejects=rejects in 2>err | wc -l)" -eq 2 ]
  [ "$(jq -c '[.reason, .offset]' rejects)" = '["not-json",8]' ]
}

@test "a payload of kcat -J may have line ends where JSON allows them" {
  pretty='{\n "event_time": "2026-01-01T00:01:00Z",\r\n "s": [\n1]\n}\n'
  {
    printf '{"topic":"t","partition":0,"offset":%d,"payload":"%s"}\n' 0 "${pretty//\"/\\\"}" \
      1 '\n{\"event_time\":\"2026-01-01T00:02:00Z\"}\n\n' 2 '{\"event_time\":\"2026-01-01T00:02:00Z\",\"s\":\"a\nb\"}' \
      3 '{\"event_time\":1767225600}\n{\"event_time\":1767225601}'
  } >in
  [ "$(tally --lateness=1h --rejects=rejects in)" -eq 4 ]
  [ "$(jq -c '[.reason, .offset]' rejects | paste -sd' ')" = '["not-json",2]' ]
  [ "$(fate read)" -eq 4 ]
}

@test "what the first line looks like decides, blank lines aside" {
  { printf '\n \n\r\n' && minutes 1 2 | framed 0 0; } >in
  [ "$(tally in)" -eq 2 ]
  { printf '\n' && sleep 0.1 && printf '\n' && sleep 0.1 && minutes 1 2 | framed 0 0; } | tally >total
  [ "$(cat total)" -eq 2 ]
  # Then all lines have to be framed.
  { minutes 1 2 | framed 0 0 && minutes 3 3; } >in
  [ "$(tally --rejects=rejects in)" -eq 2 ]
  [ "$(jq -c '[.reason, .line]' rejects)" = '["bad-frame",3]' ]
  { minutes 3 3 && minutes 1 2 | framed 0 0; } >in
  [ "$(tally in 2>err)" -eq 1 ]
  [ "$(fate rejected_by.not-json)" -eq 2 ]
}

@test "an event with a partition, an offset and a payload of its own is no envelope" {
  for more in '' '"topic":"t",' '"topic":"t","key":null,"ts":1,'; do
    for _ in 1 2; do
      printf '{%s"partition":1,"offset":2,"event_time":"2026-01-01T00:00:00Z","payload":"x"}\n' "$more"
    done >in
    [ "$(tally in)" -eq 2 ]
    [ "$(fate duplicate)" -eq 0 ]
  done
  # Whatever kcat prints, in any order, is one; without a topic only where it was asked for.
  event='{\"event_time\":\"2026-01-01T00:00:00Z\"}'
  printf '{"payload":"%s","key":"k","key_schema_id":1,"broker":1,"offset":5,"partition":0,"headers":["a","b"],"topic":"t"}\n' "$event" >in
  [ "$(tally in)" -eq 1 ]
  printf '{"partition":0,"offset":1,"payload":"%s"}\n' "$event" >in
  [ "$(tally --input=kcat in)" -eq 1 ]
  [ "$(tally in 2>err)" -eq 0 ]
  [ "$(fate rejected_by.no-time)" -eq 1 ]
}

@test "a row of TSV whose first columns are numbers is no frame" {
  printf '1\t2\tt\t2026-01-01T00:00:00Z\n3\t4\tt\t2026-01-01T00:00:00Z\n' >in
  for from in auto tsv; do
    counted cs-parse --from=$from --header=price,quantity,event_type,event_time in >out
    [ "$(jq -c '[.price, .quantity]' out | paste -sd' ')" = '["1","2"] ["3","4"]' ]
    # With as many columns behind a frame it is one.
    counted cs-parse --from=$from --header=event_type,event_time in >out
    [ "$(fate used)" -eq 2 ]
    # Or where that is said.
    counted cs-parse --from=$from --input=kcat --header=price,quantity,event_type,event_time in 2>err >out
    [ "$(fate rejected_by.bad-columns)" -eq 2 ]
  done
}

@test "each input is looked at by itself" {
  minutes 1 2 | framed 0 0 >a
  minutes 3 4 >b
  minutes 5 6 | enveloped 1 0 >c
  [ "$(tally a b c)" -eq 6 ]
  [ "$(tally --interleave a b c)" -eq 6 ]
  [ "$(tally <(cat a) <(cat b) <(cat c))" -eq 6 ]
}

@test "a frame that is none is bad-frame" {
  {
    minutes 1 1 | framed 0 0
    printf '%b\n' '0\t1' '0\tx\t{}' '-1\t2\t{}' '\t3\t{}' 'x\t3\t{}' '0 4 {}' '99999999999999999999\t3\t{}'
    minutes 2 2 | framed 0 9
  } >in
  [ "$(tally in 2>err)" -eq 2 ]
  [ "$(fate rejected_by.bad-frame)" -eq 7 ]
  {
    minutes 1 1 | enveloped 0 0
    printf '%s\n' '{"partition":0,"offset":1}' '{"partition":"0","offset":1,"payload":"{}"}' 'x'
  } >in
  [ "$(tally in 2>err)" -eq 1 ]
  [ "$(fate rejected_by.bad-frame)" -eq 3 ]
}

@test "an empty record is a record all the same" {
  { minutes 1 1 | framed 0 0 && printf '0\t1\t\n' && printf '0\t2\t  \n' && minutes 2 2 | framed 0 3; } >in
  [ "$(tally in 2>err)" -eq 2 ]
  [ "$(fate read)" -eq 4 ]
  [ "$(fate rejected)" -eq 2 ]
  [ "$(fate gaps)" -eq 0 ]
}

@test "an offset that was read before is a duplicate, whatever is in it" {
  minutes 1 5 | framed 0 10 >in
  { minutes 1 2 | framed 0 11 && printf '0\t14\tnonsense\n' && minutes 6 6 | framed 0 15 && minutes 1 2 | framed 1 10; } >again
  [ "$(tally --lateness=max in again)" -eq 8 ]
  [ "$(fate duplicate)" -eq 3 ]
  [ "$(fate rejected)" -eq 0 ]
}

@test "records of a second topic, or of one that is there twice, are not left out in silence" {
  minutes 1 5 | framed 0 0 >one
  minutes 6 9 | framed 0 0 >other
  told='4 of 9 records have an offset that the partition was past already, and are left out as repeats: one topic a run, and each of its records once'
  for tool in 'cs-window --size=1h --agg=n=count' 'cs-parse -o out' cs-sessionize; do
    run --separate-stderr $tool one other
    [[ $stderr == *"${tool%% *}: $told"* ]] || { echo "$tool: $stderr"; return 1; }
  done
  run --separate-stderr cs-window --size=1h --agg=n=count <(cat one <(head -n 1 other))
  [ "$stderr" = "cs-window: 1 of 6 records has an offset that the partition was past already, and is left out as a repeat: ${told##*: }" ]
  # One after the other, and by a run that goes on, nobody need know.
  run -0 --separate-stderr cs-window --size=1h --agg=n=count one <(minutes 6 9 | framed 1 0)
  [ -z "$stderr" ]
  cs-window --size=1h --agg=n=count --state=state -o rows <(cat one)
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --state=state -o rows <(cat one)
  [[ $stderr != *offset* ]]
}

@test "offsets that are missing are counted as gaps" {
  { minutes 1 2 | framed 0 100 && minutes 3 4 | framed 0 105 && minutes 5 5 | framed 1 7; } >in
  [ "$(tally in)" -eq 5 ]
  [ "$(fate gaps)" -eq 3 ]
}

@test "a rejected record says its partition and offset, and shows itself with its frame" {
  { minutes 1 1 | framed 2 40 && printf '2\t41\t{"event_time":1,\n'; } >in
  [ "$(tally --rejects=rejects in)" -eq 1 ]
  [ "$(jq -c '[.reason, .line, .partition, .offset, .raw]' rejects)" = '["not-json",2,2,41,"2\t41\t{\"event_time\":1,"]' ]
}

@test "partitions in one stream have event times of their own" {
  # Partition 0 runs two hours ahead; partition 1 is not late for that.
  {
    minutes 0 1 | framed 0 0
    minutes 0 0 | framed 1 0
    minutes 120 180 | framed 0 2
    minutes 1 60 | framed 1 1
  } >in
  [ "$(tally --lateness=0s in)" -eq 124 ]
  [ "$(fate late)" -eq 0 ]
}

@test "framed FIFOs bring their partitions, whoever speaks first" {
  mkfifo a b
  # The second is silent until the first has said everything: what it brings is not late.
  minutes 0 300 | framed 1 0 >a &
  { sleep 0.3 && minutes 0 300 | framed 0 0; } >b &
  [ "$(tally --lateness=0s a b)" -eq 602 ]
  [ "$(fate late)" -eq 0 ]
  wait
}

@test "a partition named by --partitions is waited for, also number 0" {
  for named in 0,1 0-1 1,0; do
    { minutes 0 300 | framed 1 0 && sleep 0.2 && minutes 0 300 | framed 0 0; } |
      tally --lateness=0s --partitions=$named >total
    [ "$(cat total)" -eq 602 ]
  done
  # Without the name it is late: nobody knew that it would come.
  { minutes 0 300 | framed 1 0 && sleep 0.2 && minutes 0 300 | framed 0 0; } |
    tally --lateness=0s --late=late >total
  [ "$(fate late)" -gt 200 ]
}

@test "what a new partition meets does not depend on how much is read at once" {
  { minutes 0 300 | framed 1 0 && minutes 0 300 | framed 0 0; } >in
  tally --lateness=0s --late=late.1 in >total.1
  while IFS= read -r line; do
    printf '%s\n' "$line"
    : "$((n++ % 40 == 0))" || sleep 0.01
  done <in | tally --lateness=0s --late=late.2 >total.2
  cmp total.1 total.2
  jq -c 'del(.input)' late.1 >l1
  jq -c 'del(.input)' late.2 | cmp - l1
}

@test "--keep-frame gives the frames back" {
  minutes 1 3 | framed 5 70 >in
  cs-parse --keep-frame in | cut -d ' ' -f 1,2 >out
  printf '5 70\n5 71\n5 72\n' | cmp - out
  cs-parse --keep-frame in | cs-parse --keep-frame --input=kcat-sized | cmp - <(cs-parse --keep-frame in)
}

# sized PARTITION OFFSET PAYLOAD: a record as kcat -f '%p %o %S %s\n' prints it.
sized() {
  local LC_ALL=C
  printf '%s %s %s %s\n' "$1" "$2" "${#3}" "$3"
}

one='{"event_time":"2026-01-01T00:01:00Z"}'

@test "PARTITION OFFSET SIZE PAYLOAD is taken apart, asked for or found out" {
  minutes 1 5 | { o=100 && while IFS= read -r line; do sized 3 "$((o++))" "$line"; done; } >in
  for how in '' --input=kcat --input=kcat-sized; do
    [ "$(tally $how in)" -eq 5 ]
    [ "$(cat in | tally $how)" -eq 5 ]
    [ "$(tally $how <(cat in) | tail -n 1)" -eq 5 ]
  done
  [ "$(tally --input=ndjson in 2>err)" -eq 0 ]
  # Without the last line end it is whole, too; and with what --pad puts between.
  [ "$(head -c -1 in | tally)" -eq 5 ]
  [ "$(sed 's/$/\n\n/' in | tally)" -eq 5 ]
}

@test "a record that is junk does not say what those behind it are" {
  local log='1.2.3.4 - - [01/Jan/2026:00:10:00 +0000] "GET /a HTTP/1.1" 200 5'
  for record in "$log" '{"event_time":"2026-01-01T00:01:00Z","event_type":"t"}'; do
    {
      sized 0 1 'half, of a line'
      sized 0 2 "$record"
      sized 0 3 "$record"
    } >in
    [ "$(cs-parse --input=kcat-sized --rejects=rejects in 2>/dev/null | wc -l)" -eq 2 ]
    [ "$(jq -c '[.offset, .reason]' rejects)" = '[1,"not-json"]' ]
  done
}

@test "a record in a sized frame may be an event on several lines, or several events" {
  {
    sized 0 1 "$one"
    sized 0 2 $'{\n  "event_time": "2026-01-01T00:01:00Z"\r\n}\n'
    sized 0 3 "$one"$'\n'"$one"$'\n\n'
    sized 0 4 "[ $one, $one ]"
    sized 0 5 "$one $one$one"
  } >in
  [ "$(tally in)" -eq 9 ]
  [ "$(fate read)" -eq 5 ]
  [ "$(fate used)" -eq 5 ]
  [ "$(counted cs-parse --from=json --keep-frame <(printf '[%s,%s]\n' "$one" "$one") 2>/dev/null | wc -l)" -eq 0 ]
  jq -c '.event_type = "t"' <<<"$one" >event
  sized 0 1 "$(cat event)"$'\n'"$(cat event)" >two
  for how in '' --map=. --from=json; do
    [ "$(counted cs-parse $how two | wc -l)" -eq 2 ]
    [ "$(cs-parse $how --keep-frame two | tally)" -eq 2 ]
  done
  sized 0 1 "$(jq . event)" | cs-parse --map=. | cmp - <(cs-parse event)
  # Rows of CSV, and lines of a log.
  sized 0 1 $'2026-01-01T00:01:00Z,a\n2026-01-01T00:02:00Z,"b\nc"\n' >csv
  [ "$(counted cs-parse --from=csv --header=event_time,event_type csv | jq -c .event_type | paste -sd' ')" = '"a" "b\nc"' ]
}

@test "if one of several events in a record is refused, all are" {
  for bad in '{"event_time":"never"}' '{' 5 '"x"' '{"event_time":1767225600,}' $'\xff'; do
    { sized 0 1 "$one"$'\n'"$bad" && sized 0 2 "$one"; } >in
    [ "$(tally --rejects=rejects in)" -eq 1 ]
    [ "$(jq -c '[.partition, .offset]' rejects)" = '[0,1]' ]
    [ "$(fate rejected)" -eq 1 ]
  done
  for bad in '[]' '[5]' "[$one" "$one]" "[$one,]" ",$one" '' ' '; do
    { sized 0 1 "$bad" && sized 0 2 "$one"; } >in
    [ "$(tally --rejects=rejects in)" -eq 1 ]
    [ "$(fate rejected)" -eq 1 ]
  done
  { printf '0 1 -1 \n' && sized 0 2 "$one"; } >in
  [ "$(tally --rejects=rejects in)" -eq 1 ]
  [ "$(jq -c '[.detail, .offset]' rejects)" = '["an empty record",1]' ]
}

@test "a record that looks like other records is refused, and they are none" {
  forged=$'x\n1\t1000\t{}\n1 1000 2 {}\n7 1 37 '"$one"
  { sized 0 1 "$forged" && sized 1 1 "$one" && sized 0 2 "$forged"; } >in
  [ "$(tally --rejects=rejects in)" -eq 1 ]
  [ "$(jq -c '[.reason, .partition, .offset]' rejects | paste -sd' ')" = '["not-json",0,1] ["not-json",0,2]' ]
  [ "$(fate gaps)" -eq 0 ]
  cs-window --size=1h --agg=n=count --state=state in 2>/dev/null
  [ "$(cs-window --size=1h --agg=n=count --state=state --show-position | jq -c '[.partition, .offset] | select(.[0])' | paste -sd' ')" = '[0,2] [1,1]' ]
}

@test "an input that is bound to a partition brings no other" {
  { sized 0 1 "$one" && sized 1 900 "$one"; } >a
  sized 1 1 "$one" >b
  [ "$(tally --bind=0,1 --rejects=rejects <(cat a) <(cat b))" -eq 2 ]
  [ "$(jq -c '[.reason, .detail]' rejects)" = '["bad-frame","it says that it is of partition 1, and the input is bound to 0"]' ]
  # So with the other frames.
  { minutes 1 1 | framed 0 0 && minutes 1 1 | framed 1 0; } >c
  [ "$(tally --bind=0 c 2>err)" -eq 1 ]
  { minutes 1 1 | enveloped 0 0 && minutes 1 1 | enveloped 1 0; } >c
  [ "$(tally --bind=0 c 2>err)" -eq 1 ]
  # Without frames it says which is which.
  [ "$(cs-window --size=1h --agg=n=count --by-partition --bind=7,5 --interleave <(minutes 1 1) <(minutes 1 2) |
    jq -c '[.partition, .n]' | sort | paste -sd' ')" = '[5,2] [7,1]' ]
  run -2 tally --bind=0 a b
  run -2 tally --bind=0-2 a b
  run -2 tally --bind=0,0 a b
  run -2 tally --bind=x a
}

@test "records of more partitions than are allowed are refused" {
  for p in {0..11}; do sized "$p" 1 "$one"; done >in
  [ "$(tally --max-partitions=10 --rejects=rejects in)" -eq 10 ]
  [ "$(jq -r .detail rejects | head -n 1)" = 'it is of one more partition than 10 (--max-partitions=N raises the bound)' ]
  [ "$(tally --max-partitions=10 --partitions=0-11 in)" -eq 12 ]
  # Frames that somebody forged in files of lines: there are 10,000 unless more are asked for.
  awk 'BEGIN { for (p = 0; p < 300000; p++) printf "%d\t1\t{\"event_time\":1767225600}\n", p }' >many
  [ "$(timeout 60 cs-window --size=1h --agg=n=count many 2>/dev/null | jq .n)" -eq 10000 ]
}

@test "a sized frame that is cut off is torn, and with a state it is left for the next run" {
  { sized 0 1 "$one" && sized 0 2 "$one"; } >whole
  size=$(stat -c %s whole) half=$((size / 2))
  for cut in $((half + 1)) $((half + 3)) $((half + 6)) $((half + 7)) $((size - 2)); do
    head -c "$cut" whole >in
    [ "$(tally --rejects=rejects --input=kcat-sized in)" -eq 1 ]
    [ "$(jq -r .reason rejects)" = torn ]
    rm -f state
    cs-window --size=1h --agg=n=count --state=state in --rejects=rejects
    [ "$(jq -r .reason rejects)" = torn ]
    [[ $(cs-window --size=1h --agg=n=count --state=state --show-position) == '{"partition":0,"offset":1,'* ]]
    cat whole >in
    [ "$(cs-window --size=1h --agg=n=count --state=state --flush in --stats=stats | jq .n)" = 2 ]
    [ "$(jq -c '[.read, .used, .duplicate]' stats)" = '[2,2,0]' ]
  done
}

@test "where no frame stands in its place, the tool ends" {
  for bad in '0 2 5 x' $'0 2 2 {}{}' '0 2 -4 ' '0 2 -2 x' '0 2 x' '0  2 2 {}' ' 0 2 2 {}' '-1 2 2 {}' x '0 1234567890123456789 2 {}'; do
    { sized 0 1 "$one" && printf '%s\n' "$bad" && sized 0 3 "$one"; } >in
    run -1 tally in
    [[ $output == *"cs-window: in: no frame (PARTITION OFFSET SIZE PAYLOAD) at byte 45:"* ]]
  done
}

@test "a sized record longer than 16 MiB is refused, and the next is taken" {
  { sized 0 1 "$one" && printf '0 2 16777300 ' && head -c 16777300 /dev/zero | tr '\0' '\n' && printf '\n' && sized 0 3 "$one"; } >in
  for how in '' --input=kcat-sized; do
    [ "$(tally $how --rejects=rejects in)" -eq 2 ]
    [ "$(jq -c '[.reason, .offset]' rejects)" = '["too-long",2]' ]
    [ "$(cat in | tally $how 2>err)" -eq 2 ]
  done
  { sized 0 1 "$one" && sized 0 2 "$(printf '{"event_time":"2026-01-01T00:01:00Z","x":"%016000000d"}' 0)" && sized 0 3 "$one"; } >in
  [ "$(cat in | tally)" -eq 3 ]
  # The first one, in a file and its state.
  { printf '0 2 17000000 ' && head -c 17000000 /dev/zero && printf '\n' && sized 0 3 "$one"; } >in
  [ "$(cs-window --size=1h --agg=n=count --state=state --flush in 2>err | jq .n)" = 1 ]
  sized 0 4 "${one/:01/:02}" >>in
  cs-window --size=1h --agg=n=count --state=state --stats=stats in
  [ "$(jq -c '[.read, .rejected]' stats)" = '[3,1]' ]
}

# The good ones alone, and among those of strangers, who know what a frame is: good, all.
@test "whatever bytes a record has, the rows of the others are those without it" {
  local good=5000 bad=20000
  [ -z "${FULL:-}" ] || good=100000 bad=1000000
  python3 - $good $bad <<'END'
import random, sys
good, bad = map(int, sys.argv[1:])
rng = random.Random(12)
event = lambda i: b'{"event_time":%d,"event_type":"page_view","session_id":"s%d"}' % (1767225600 + i // 10, i % 97)
frame = lambda p, o, payload: b'%d %d %d %s\n' % (p, o, len(payload), payload)
pieces = [b'\n', b'\t', b'\0', b' ', b'{', b'}', b'[', b'"', b'0', b'1', b'7', b'-1 ', b'\r\n', b'\xff', b'\xef\xbb\xbf',
          frame(1, 9**9, event(3)), b'\n1\t1000\t{}\n', b'\n2 3 1000000 ', b'{"topic":"t","partition":1,"offset":9,"payload":"{}"}']
def strange():
    payload = b''.join(rng.choice(pieces) if rng.random() < .6 else rng.randbytes(rng.randrange(12))
                       for _ in range(rng.randrange(1, 12)))
    return payload + b'!'   # so it is no event, nor several
kinds = [True] * good + [False] * bad
rng.shuffle(kinds)
offsets, n = [0, 0, 0], 0
with open('good', 'wb') as alone, open('all', 'wb') as among:
    for is_good in kinds:
        p = rng.randrange(3)
        data = frame(p, offsets[p], event(n) if is_good else strange())
        offsets[p], n = offsets[p] + 1, n + is_good
        among.write(data)
        if is_good:
            alone.write(data)
END
  for tool in 'cs-funnel --by=' cs-sessionize 'cs-window --size=1m --by=session_id --agg=n=count'; do
    $tool good >want
    [ -s want ]
    counted $tool --input=kcat-sized --rejects=rejects all >got
    cmp want got
    # Three pipes, each of one partition.
    $tool --input=kcat-sized --rejects=rejects.pipe <(cat all) | cmp want -
    [ "$(wc -l <rejects)" -eq $bad ]
    [ "$(wc -l <rejects.pipe)" -eq $bad ]
  done
  [ "$(jq -c '[.partition < 3, .reason != "bad-frame"]' rejects | sort -u)" = '[true,true]' ]
}

@test "--bind=TOPIC:LIST: messages, rejects and late records name topic, partition and offset" {
  sized 3 17 x >a
  { sized 0 1 "$one" && sized 0 2 '{"event_time":"2026-01-01T05:00:00Z"}' && sized 0 4 "$one" && sized 5 3 "$one"; } >b
  run -0 cs-window --size=1h --agg=n=count --bind=clicks:3,0 --output=rows --stats=stats <(cat a) <(cat b)
  [[ ${lines[*]} == *'cs-window: clicks [3] offset 17: rejected: not-json ('* ]]
  [[ ${lines[*]} == *'cs-window: clicks [0] offset 4: late: late ('* ]]
  [[ ${lines[*]} == *'cs-window: clicks [0] offset 3: rejected: bad-frame (it says that it is of partition 5, and the input is bound to 0)'* ]]
  cs-window --size=1h --agg=n=count --bind=clicks:3,0 --rejects=rejects --late=rejects --output=rows <(cat a) <(cat b)
  [ "$(jq -c '[.input, .line, .partition, .offset]' rejects | sort)" = '["clicks [0]",null,0,4]
["clicks [0]",null,5,3]
["clicks [3]",null,3,17]' ]
  run -2 cs-window --size=1h --agg=n=count --bind=:3,0 <(cat a) <(cat b)
  run -2 cs-window --size=1h --agg=n=count --bind=clicks: <(cat a) <(cat b)
}

@test "what is past is no record: it moves the position without a gap, and is no end of the log" {
  now=$(date +%s)
  at() { printf '{"event_time":%d}' "$1"; }
  window() { cs-window --size=10m --agg=n=count --lateness=5s --state=state --bind=0,1 --input=kcat-sized --output=rows --stats=stats "$@"; }
  { for i in {0..9}; do sized 0 "$i" "$(at $((now - 9000 + i * 600)))"; done && printf '0 30 -3 \n' && sized 0 30 "$(at "$now")"; } >zero
  window <(cat zero) <(printf '1 7 -3 \n')
  [ "$(jq -c '[.read, .gaps]' stats)" = '[11,0]' ]
  [ "$(cs-window --size=10m --agg=n=count --lateness=5s --state=state --show-position | jq -c '[.partition, .offset]' | paste -sd' ')" = '[0,30] [1,6]' ]
  # Partition 1 is waited for as before; what is before that offset is not its.
  [ ! -s rows ]
  window <(:) <(sized 1 6 "$(at "$now")" && sized 1 7 "$(at $((now - 3000)))" && sized 1 8 "$(at $((now - 2999)))")
  [ "$(jq -c '[.read, .duplicate, .used]' stats)" = '[14,1,13]' ]
}

@test "--keep-frame says of each record that it is done with, and passes the end of the log on" {
  local one='{"event_time":"2026-01-01T00:00:00Z","event_type":"page_view"}'
  { sized 0 5 "$one" && sized 0 6 '{}' && sized 0 7 x && sized 0 9 "$one" && sized 0 10 x && printf '0 14 -2 \n' &&
    sized 1 3 "$one" && sized 1 4 '' && printf '1 9 -3 \n'; } >in
  cs-parse --keep-frame --stats=stats in 2>messages | cut -d ' ' -f 1-3 | sed -E 's/ [0-9]+$/ SIZE/' >got
  printf '0 5 SIZE\n0 8 -3\n0 9 SIZE\n0 14 -2\n1 3 SIZE\n1 9 -3\n' | diff - got
  [ "$(jq -c '[.read, .rejected, .rows]' stats)" = '[7,4,3]' ]
  # Whoever reads is where the topic is, and counts only the gaps that there are in it.
  cs-parse --keep-frame in 2>messages | cs-window --size=1h --agg=n=count --state=state --input=kcat-sized --stats=stats
  [ "$(jq -c '[.read, .gaps]' stats)" = '[2,1]' ]
  [ "$(cs-window --size=1h --agg=n=count --state=state --show-position | jq -c '[.partition, .offset]' | paste -sd' ')" = '[0,13] [1,8]' ]
  # That all records are refused is no failure where whoever reads is told so.
  run -0 --separate-stderr cs-parse --keep-frame --input=kcat-sized <(sized 0 5 x)
  [ "$output" = '0 6 -3 ' ]
}

@test "an end that is told is no record: it moves the position, and lets a silent partition wait no longer" {
  now=$(date +%s)
  at() { printf '{"event_time":%d}' "$1"; }
  window() { cs-window --size=10m --agg=n=count --lateness=5s --state=state --bind=0,1 --input=kcat-sized --output=rows "$@"; }
  rows() { jq -s 'map(.n) | add // 0' rows; }
  for i in {0..9}; do sized 0 "$i" "$(at $((now - 9000 + i * 600)))"; done >zero
  # Nobody says that partition 1 has been read to its end: it is waited for.
  window <(cat zero) <(:)
  [ "$(rows)" -eq 0 ]
  # A batch later it is said, but partition 0 brings nothing: time stays.
  window <(printf '0 12 -2 \n') <(printf '1 0 -2 \n') --stats=stats
  [ "$(rows)" -eq 0 ]
  [ "$(jq -c '[.read, .gaps]' stats)" = '[10,0]' ]
  [ "$(cs-window --size=10m --agg=n=count --lateness=5s --state=state --show-position | jq -c '[.partition, .offset]')" = '[0,11]' ]
  window <(sized 0 12 "$(at $((now - 2000)))" && printf '0 13 -2 \n') <(printf '1 7 -2 \n') --stats=stats
  [ "$(rows)" -ge 9 ]
  [ "$(jq -c '[.read, .gaps, .late]' stats)" = '[11,0,0]' ]
  # Not beyond the wall clock, though the others are ahead of it: what is new now is not late.
  window <(sized 0 13 "$(at $((now + 3000)))" && printf '0 14 -2 \n') <(printf '1 7 -2 \n')
  window <(sized 0 14 "$(at $((now + 3001)))") <(sized 1 7 "$(at "$(date +%s)")" && sized 1 8 "$(at "$(date +%s)")") --flush --stats=stats
  [ "$(jq .late stats)" = 0 ]
  [ "$(rows)" -eq 15 ]
}

@test "a first event that waits for its second waits no longer where the end was told" {
  window() { cs-window --size=10m --agg=n=count --lateness=5s --state=state --bind=0,1 --input=kcat-sized --output=rows "$@"; }
  window <(sized 0 0 "$one" && printf '0 1 -2 \n') <(sized 1 0 "$one" && sized 1 1 "${one/:01/:30}" && printf '1 2 -2 \n')
  [ ! -s rows ]
  window <(printf '0 1 -2 \n') <(sized 1 2 "${one/:01/:40}" && printf '1 3 -2 \n')
  [ "$(jq -c .n rows)" = 2 ]
}

@test "a file that is left out does not hold the others back" {
  window() { cs-window --size=10m --agg=n=count --lateness=0s --state=state --output=rows --interleave "$@"; }
  minutes 0 19 >h1
  minutes 0 15 >h2
  window h1 h2
  [ "$(jq -c .n rows | paste -sd' ')" = 20 ]
  minutes 20 59 >>h1
  # Named, it is waited for.
  window h1 h2
  [ "$(jq -c .n rows | paste -sd' ')" = 20 ]
  window h1
  [ "$(jq -c .n rows | paste -sd' ')" = '20 16 10 10 10' ]
  # Alone with one that is new.
  minutes 60 79 >>h1
  window h1 --flush
  [ "$(jq -c .n rows | paste -sd' ')" = '20 16 10 10 10 10 10 10' ]
}

@test "with --by-partition unframed inputs are partitions 0, 1, ..." {
  minutes 1 1 >a
  minutes 2 3 >b
  [ "$(cs-window --size=1h --agg=n=count --by-partition --interleave a b | jq -c '[.partition, .n]' | sort | tr '\n' ' ')" = '[0,1] [1,2] ' ]
  [ "$(cs-window --size=1h --agg=n=count --by-partition a b | jq -c '[.partition, .n]')" = '[0,3]' ]
  minutes 2 3 | framed 7 0 >c
  [ "$(cs-window --size=1h --agg=n=count --by-partition <(cat a) c | jq -c '[.partition, .n]' | sort | tr '\n' ' ')" = '[0,1] [7,2] ' ]
}

@test "an encoding would change the sizes of frames: it is refused, and what is no UTF-8 is told another way" {
  local one='{"event_time":"2026-01-01T00:01:00Z","event_type":"page_view"}'
  { sized 0 0 "$one" && sized 0 1 "${one/\}/,\"q\":\"$'\xe9'\"\}}"; } >in
  run -2 --separate-stderr cs-window --size=1h --agg=n=count --encoding=latin1 --input=kcat-sized in
  [[ $stderr == *"would change the sizes"* ]]
  run -1 --separate-stderr cs-window --size=1h --agg=n=count --encoding=latin1 in
  [[ $stderr == *"in: has frames that say their size, which --encoding would change" ]]
  run -0 --separate-stderr cs-window --size=1h --agg=n=count in
  [ "${stderr_lines[-1]}" = 'cs-window: 1 record is not UTF-8: cs-parse --repair=utf8 --keep-frame mends what it can' ]
  [ "$(cs-parse --repair=utf8 --keep-frame in | tally)" -eq 2 ]
}
