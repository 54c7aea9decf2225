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
      3 '{\"event_time\":1}\n{\"event_time\":2}'
  } >in
  [ "$(tally --rejects=rejects in)" -eq 2 ]
  [ "$(jq -c '[.reason, .offset]' rejects | paste -sd' ')" = '["not-json",2] ["not-json",3]' ]
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
  cs-parse --keep-frame in | cut -f 1,2 >out
  printf '5\t70\n5\t71\n5\t72\n' | cmp - out
}

@test "with --by-partition unframed inputs are partitions 0, 1, ..." {
  minutes 1 1 >a
  minutes 2 3 >b
  [ "$(cs-window --size=1h --agg=n=count --by-partition --interleave a b | jq -c '[.partition, .n]' | sort | tr '\n' ' ')" = '[0,1] [1,2] ' ]
  [ "$(cs-window --size=1h --agg=n=count --by-partition a b | jq -c '[.partition, .n]')" = '[0,3]' ]
  minutes 2 3 | framed 7 0 >c
  [ "$(cs-window --size=1h --agg=n=count --by-partition <(cat a) c | jq -c '[.partition, .n]' | sort | tr '\n' ' ')" = '[0,1] [7,2] ' ]
}
