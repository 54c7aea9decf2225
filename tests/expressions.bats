#!/usr/bin/env bats
# Programs that run in libjq: what an event can make them do costs that event its result, and nobody anything else.
# shellcheck disable=SC2002,SC2086 # commands in variables are several words; bats sets stderr

load helper

setup() { setup_tools; }

# good N: so many events that nobody minds, n1, n2, ...
good() { seq "$1" | jq -c '{event_time: "2026-01-01T00:00:00Z", event_type: "x", n: 1, name: "n\(.)", a: "bot crawl"}'; }

# nested DEEP: an event nested so deep.
nested() {
  awk -v deep="$1" 'BEGIN {
    printf "{\"event_time\":\"2026-01-01T00:00:00Z\",\"a\":"
    for (i = 1; i < deep; i++) printf "["
    for (i = 1; i < deep; i++) printf "]"
    print "}"
  }'
}

# spared EXPR: over poison and good events in turn, the good ones count, and every poison event is one expression error.
spared() {
  local poisoned
  poisoned=$(wc -l <poison)
  good 20 >good
  paste -d '\n' poison good | grep . >in
  counted cs-window --size=1h --by=name --agg=n=count -w "$1" in >got 2>messages
  cs-window --size=1h --by=name --agg=n=count -w "$1" good >want
  [ "$(wc -l <want)" -eq 20 ]
  cmp want got
  [ "$(fate expression_errors)" -eq "$poisoned" ]
  [ "$(fate filtered)" -eq "$poisoned" ]
}

@test "events nested deeper than libjq takes are expression errors, however many come in a row" {
  for _ in {1..30}; do nested 256; done >poison
  spared '(.user_agent // "") | test("bot|crawl"; "i") | not'
  [[ "$(cat messages)" == "cs-window: 30 of 50 events made an expression fail, first '"*"' in line 1: Exceeds depth limit"* ]]
  # One level less is an event like any other.
  nested 255 >in
  [ "$(tally -w '(.user_agent // "") | test("bot|crawl"; "i") | not' in)" -eq 1 ]
}

@test "what takes too long or too much is cut off and named, and the events around it count" {
  yes '{"event_time":"2026-01-01T00:00:00Z","name":"p","n":1000000000}' | head -n 15 >poison
  spared '([range(.n)] | length) == 1'
  grep -F 'cut off in line 1: it takes too many steps' messages
  [ "$(grep -c 'cut off in line' messages)" -eq 3 ]
  spared '[limit(.n; repeat(1))] | length == 1'
  spared '("x" * .n) == "x"'
  spared '[.n] | until(. == [1]; .)'
}

@test "an index that is no size does not crash" {
  yes '{"event_time":"2026-01-01T00:00:00Z","name":"p","n":2147483647}' | head -n 12 >poison
  spared '.x[.n] = 1'
  spared 'setpath(["x", .n]; 1)'
  good 3 >in
  for program in '.x[2147483647]=1' 'setpath(["x",2147483647];1)' '.x[536870912]=1' '.x[-2147483649]=1' '.x[1e300]=1'; do
    cs-window --size=1h --agg=n=count -w "$program" in >out 2>messages
    ! grep -F crashed messages
  done
}

@test "a regular expression that does not end is cut off, and TERM does not wait for such" {
  awk 'BEGIN { printf "{\"event_time\":\"2026-01-01T00:00:00Z\",\"name\":\"p\",\"a\":\""; for (i = 0; i < 25000; i++) printf "bot "; print "\"}" }' >line
  for _ in {1..3}; do cat line; done >poison
  spared '.a | test("bot.*crawl")'
  yes '{"event_time":"2026-01-01T00:00:00Z","n":1000000000}' | head -n 100000 >in
  cs-window --size=1h --agg=n=count -w '([range(.n)] | length) == 1' --state=state --save-every=1us --output=out in 2>cutting &
  pid=$!
  until_true test -s cutting
  kill -TERM $pid
  wait $pid
  [ "$(cs-window --size=1h --agg=n=count -w '([range(.n)] | length) == 1' --state=state --show-position | jq .line)" -lt 100000 ]
}

@test "the process for expressions may be killed, and dies with the tool" {
  local tool=(cs-window --size=1h --agg=n=count -w '[.n] | tojson == "[1]"')
  mkfifo feed
  "${tool[@]}" feed >out &
  pid=$!
  exec 5>feed
  good 5 >&5
  until_true pgrep -P $pid
  keeper=$(pgrep -P $pid)
  until_true pgrep -P $keeper
  kill -KILL "$(pgrep -P $keeper)"
  good 5 >&5
  exec 5>&-
  wait $pid
  [ "$(jq .n out)" = 10 ]
  # A tool that is killed leaves nobody behind.
  "${tool[@]}" feed >out &
  pid=$!
  exec 5>feed
  until_true pgrep -P $pid
  keeper=$(pgrep -P $pid)
  kill -KILL $pid
  gone() { ! kill -0 "$1" 2>/dev/null; }
  until_true gone $keeper
  exec 5>&-
}

@test "a map that fails at a record refuses that record, and goes on" {
  yes '{"event_time":"2026-01-01T00:00:00Z","n":1000000000}' | head -n 3 >in
  good 3 >>in
  counted cs-parse --map='.event_type = "x" | .m = ([range(.n)] | length)' --rejects=rejects in >out
  [ "$(jq -c .m out | uniq -c | xargs)" = '3 1' ]
  [ "$(jq -r .reason rejects | uniq -c | xargs)" = '3 map-error' ]
}

@test "epoch is a time as seconds, with its milliseconds, and in libjq the same" {
  printf '%s\n' '{"event_time":"2026-01-01T00:00:02.250Z","first_seen":"2026-01-01T01:00:00+01:00"}' \
    '{"event_time":"2026-01-01T00:00:03Z","first_seen":1767225600127}' >in
  run -0 cs-window --size=1h --agg='w=avg(epoch(.event_time) - epoch(.first_seen))' \
    --agg='l=avg([epoch(.event_time) - epoch(.first_seen)] | add)' in
  [ "$(jq -c '[.w,.l]' <<<"$output")" = '[2.5615,2.5615]' ]
  cs-window --explain --size=1h --agg='w=sum(epoch(.event_time))' | grep 'native: epoch(.event_time)'
  # As event_time is read: --tz and --time-unit hold for it, too; --map has it as well.
  printf '%s\n' '{"event_time":"2026-07-01 02:00:00"}' >in
  [ "$(cs-window --tz=Europe/Berlin --size=1h --agg='s=max(epoch(.event_time))' in | jq .s)" = 1782864000 ]
  [ "$(cs-window --tz=Europe/Berlin --size=1h --agg='s=max([epoch(.event_time)] | .[0])' in | jq .s)" = 1782864000 ]
  [ "$(cs-parse --assume-utc --map='{event_type: "x", event_time: (epoch(.event_time) + 0.5)}' in | jq -r .event_time)" = \
    2026-07-01T02:00:00.500Z ]
}

@test "an event on which several expressions fail is counted once, in any way it is run" {
  printf '{"event_time":"2026-01-01T00:00:00Z","x":%s}\n' '"a"' 1 true >in
  run -0 cs-window --stats=stats --size=1h --by='g=.x-1' --agg='a=sum(.x-1)' --agg='b=max(.x*true)' \
    --agg='c=count if (.x-2) > 0' --agg='d=sum([.x]|.[0]-1)' in
  [ "$(jq .expression_errors stats)" -eq 3 ]
  run -0 cs-window --stats=stats --size=1h --by='g=.x-1' --agg='a=sum(.x-1)' in
  [ "$(jq .expression_errors stats)" -eq 2 ]
  yes in | head -n 6000 | xargs cat | jq -c '. + {pad: "..............................."}' >many
  run -0 cs-window --stats=one --size=1h --by='g=.x-1' --agg='a=sum(.x-1)' many
  run -0 cs-window --jobs=3 --stats=jobs --size=1h --by='g=.x-1' --agg='a=sum(.x-1)' many
  [ "$(jq .expression_errors one)" -eq 12000 ]
  [ "$(jq .expression_errors jobs)" -eq 12000 ]
}

@test "values and conditions asked about for many events at once are those of one after the other" {
  # Events that fail, that are cut off, whose value is long, and that come late.
  seq 0 299 | jq -c '{event_time: "2026-01-01T00:0\(if . % 10 == 9 then 0 else . / 100 | floor end):00Z",
    x: (if . % 7 == 3 then "t" else . end), k: (if . % 3 == 0 then 30000 else 1 end),
    n: (if . % 50 == 20 then 1000000000 else 2 end), name: "\(if . % 2 == 0 then "even" else "odd" end)"}' >together
  # A record that is refused ends what is asked about at once.
  sed 's/$/\nx/' together >singly
  for way in together singly; do
    run -0 cs-window --stats=$way.stats --rejects=/dev/null --size=1m --lateness=0s --by='g=[.x]|.[0]|type,name' \
      --agg='sum=sum([.x]|.[0] - 1)' --agg='longest=max("0123456789" * .k)' --agg='kinds=distinct([.x, .k]|tojson)' \
      --agg='some=count if ([.x]|.[0] - 1) > 9' --agg='of_some=sum([range(.n)]|length) if ([.x]|.[0] - 1) > 9' \
      --agg='of_even=sum([range(.n)]|add) if .name == "even"' $way
    printf '%s\n' "$output" | grep '^{' >$way.rows
    # By which limit depends on how fast the machine and its libjq are. Of the lines of singly every other is refused.
    printf '%s\n' "$output" | grep 'cut off in line' | sed -E 's/it takes too (many steps|much memory|long):/it takes too much:/' >$way.cut
    jq '[.expression_errors, .not_numbers, .late, .used]' $way.stats >$way.counts
  done
  cmp together.rows singly.rows
  cmp together.cut <(awk 'match($0, /line [0-9]+/) { n = substr($0, RSTART + 5, RLENGTH - 5); sub(/line [0-9]+/, "line " (n + 1) / 2) } 1' singly.cut)
  cmp together.counts singly.counts
  # Of those that came late nothing is counted: 200 of 300 are behind the first minute, a tenth of them late.
  [ "$(wc -l <together.rows)" -gt 6 ]
  [ "$(wc -l <together.cut)" -eq 6 ]
  [ "$(jq -c . together.counts)" = "$(jq -sc '[.[] | select(.i < 100 or .i % 10 != 9)] |
    [([.[] | select(.i % 7 == 3 or .i % 50 == 20)] | length), 0, 300 - length, length]' <(seq 0 299 | jq -c '{i: .}'))" ]
}
