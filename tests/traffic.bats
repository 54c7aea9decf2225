#!/usr/bin/env bats
# The traffic generator: what the other tests and the demos take for granted about its stream.

bats_require_minimum_version 1.5.0

setup() {
  traffic="${CS_BUILD:-$BATS_TEST_DIRNAME/../build}/traffic"
  export LC_ALL=C
  cd "$BATS_TEST_TMPDIR" || return 1
}

# CS_BUILD may be relative to where bats was started.
setup_file() {
  if [ -n "${CS_BUILD:-}" ]; then
    CS_BUILD="$(cd "$CS_BUILD" && pwd)"
    export CS_BUILD
  fi
}

# Whole milliseconds since the day began, behind the whole line, for streams within one day.
time_of_day='
  function ms(line,  t) {
    t = substr(line, index(line, "\"event_time\":\"") + 25, 12)
    return ((substr(t, 1, 2) * 60 + substr(t, 4, 2)) * 60 + substr(t, 7, 2)) * 1000 + substr(t, 10, 3)
  }'

@test "the same seed gives the same bytes" {
  "$traffic" --seed=7 --events=3000 --disorder=10s --repeats=2 --malformed=2 --unicode >a
  "$traffic" --seed=7 --events=3000 --disorder=10s --repeats=2 --malformed=2 --unicode >b
  cmp a b
}

@test "the first event of seed 1 stays what it is" {
  run -0 "$traffic" --events=1
  [ "${lines[0]}" = '{"event_id":"49d2e4ec-3c65-4864-9338-e0ed5021cc14","session_id":"8db1c643-06d6-4478-8e1a-414134813f4a","user_id":null,"event_type":"page_view","page_url":"https://www.shop.example/c/grocery?utm_medium=paid&utm_source=google","product_id":null,"category_id":null,"search_query":null,"traffic_source":"google","campaign_id":"cmp-1001","device_type":"mobile","event_time":"2026-01-01T00:00:00.377Z"}' ]
}

@test "another seed gives other events" {
  "$traffic" --seed=1 >a
  "$traffic" --seed=2 >b
  [ "$(sort a b | uniq -d | wc -l)" -eq 0 ]
}

@test "--events is exact, and 10000 without it" {
  [ "$("$traffic" --events=1234 | wc -l)" -eq 1234 ]
  [ "$("$traffic" | wc -l)" -eq 10000 ]
  [ "$("$traffic" --events=0 | wc -c)" -eq 0 ]
}

@test "--duration ends the stream at that event time, at about the rate" {
  "$traffic" --start=2026-03-01T10:00:00Z --duration=20m --rate=20 | cut -d'"' -f 4- >a
  n=$(wc -l <a)
  [ "$n" -gt 19000 ] && [ "$n" -lt 29000 ]
  [ "$(grep -c 'event_time":"2026-03-01T10:[01]' a)" -eq "$n" ]
}

@test "a name that is only begun is refused, and the whole of it is said" {
  for word in --even=5 '--even 5' --even; do
    # shellcheck disable=SC2086 # two words
    run -2 "$traffic" $word
    [ "${lines[0]}" = "traffic: ${word%% *}: unknown option; did you mean --events?" ]
  done
  run -2 "$traffic" --hel
  run -2 "$traffic" --events
  [ "${lines[0]}" = 'traffic: --events: needs a value' ]
  run -2 "$traffic" --csv=1
  [ "${lines[0]}" = 'traffic: --csv=1: takes no value' ]
  [ "$("$traffic" --events 3 --csv --seed=5 | wc -l)" -eq 4 ]
}

@test "a longer run begins with the shorter one" {
  "$traffic" --events=5000 >a
  "$traffic" --events=2000 >b
  head -n 2000 a | cmp - b
}

@test "every line is an object with the twelve members in canonical order" {
  "$traffic" --events=5000 | jq -c keys_unsorted | sort -u >a
  [ "$(cat a)" = '["event_id","session_id","user_id","event_type","page_url","product_id","category_id","search_query","traffic_source","campaign_id","device_type","event_time"]' ]
}

@test "events come in the order of event_time" {
  "$traffic" --events=20000 --bots=3 | jq -r .event_time | sort -c
}

@test "event ids are unique, and ids are UUIDs" {
  "$traffic" --events=5000 | jq -r .event_id >a
  [ "$(sort -u a | wc -l)" -eq 5000 ]
  [ "$(grep -cE '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' a)" -eq 5000 ]
}

@test "each kind of event carries what belongs to it" {
  "$traffic" --events=20000 | jq -r '
    (.search_query != null) as $q | (.product_id != null) as $p |
    if ($p == (.category_id != null)) and ($q == (.event_type == "search")) and
       ($p == ([.event_type] | inside(["product_view", "add_to_cart", "remove_from_cart", "purchase"])))
       and ((.event_type != "user_identified") or .user_id != null)
    then .event_type else "wrong: \(.)" end' | sort | uniq -c >a
  [ "$(wc -l <a)" -eq 8 ]
  run ! grep wrong a
}

@test "who is logged in stays logged in to the end of the session" {
  "$traffic" --events=20000 | jq -r '[.session_id, .user_id // "-"] | @tsv' |
    awk -F'\t' '($1 in user) && user[$1] != "-" && user[$1] != $2 { bad++ } { user[$1] = $2 } END { exit bad > 0 }'
}

@test "--disorder prints the same lines in another order, none further behind than that" {
  "$traffic" --events=10000 >a
  "$traffic" --events=10000 --disorder=5s >b
  run ! cmp -s a b
  sort a >a.sorted
  sort b | cmp - a.sorted
  awk "$time_of_day"' { t = ms($0); if (t > max) max = t; if (max - t > worst) worst = max - t; if (t < max) late++ }
    END { exit !(worst < 5000 && worst > 4000 && late > 1500 && late < 2500) }' b
}

@test "--repeats prints some lines twice, the second at most 30s of event time later" {
  "$traffic" --events=10000 >a
  "$traffic" --events=10000 --repeats=5 >b
  awk '!seen[$0]++' b | cmp - a
  n=$(($(wc -l <b) - 10000))
  [ "$n" -gt 400 ] && [ "$n" -lt 600 ]
  awk "$time_of_day"' { t = ms($0); if (t > max) max = t; if (max - t >= 30000) exit 1 } seen[$0]++ > 1 { exit 1 }' b
}

@test "--malformed adds broken lines and leaves the others alone" {
  "$traffic" --events=5000 >a
  "$traffic" --events=5000 --malformed=10 >b
  grep -avxFf a b >broken
  grep -axFf a b | cmp - a
  n=$(wc -l <broken)
  [ "$n" -gt 400 ] && [ "$n" -lt 600 ]
  [ "$((n + 5000))" -eq "$(wc -l <b)" ]
}

@test "no broken line is a valid event, and all kinds are there" {
  "$traffic" --events=5000 --malformed=20 >b
  "$traffic" --events=5000 | grep -avxFf - b >broken
  # What jq would mend or let pass is told apart by its bytes.
  LC_ALL=C.UTF-8 grep -avx '.*' broken >bad_utf8
  LC_ALL=C.UTF-8 grep -ax '.*' broken >rest
  grep -aP '[\x00-\x1f]' rest >control
  grep -aP '\x00' control >nul
  grep -avP '[\x00-\x1f]' rest >text
  grep -iE '\\ud[89a-f]' text >surrogate
  grep -ivE '\\ud[89a-f]' text | jq -R '
    (try fromjson catch "not JSON") as $line |
    if $line == "not JSON" then "not JSON"
    elif $line | type != "object" then "no object"
    elif $line.session_id | type == "object" or type == "array" then "nested"
    elif $line.event_time == null then "no time"
    elif $line.event_time | test("^[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}T[0-9:.]*Z$") then "valid"
    else "bad time" end' | sort | uniq -c >kinds
  [ "$(wc -l <kinds)" -eq 5 ]
  run ! grep valid kinds
  for kind in bad_utf8 control nul surrogate; do
    [ "$(wc -l <$kind)" -gt 30 ]
  done
}

@test "--malformed spares the other records of a CSV file" {
  "$traffic" --events=3000 --csv >a
  "$traffic" --events=3000 --csv --malformed=10 | grep -axFf a | cmp - a
}

@test "--partitions keeps sessions together and counts offsets without a gap" {
  "$traffic" --events=10000 --partitions=5 --malformed=1 --repeats=1 >a
  awk -F'\t' '$2 != next_offset[$1]++ { exit 1 } $1 < 0 || $1 > 4 { exit 1 } NF < 3 { exit 1 }' a
  [ "$(cut -f 1 a | sort -u | wc -l)" -eq 5 ]
  "$traffic" --events=10000 --partitions=5 | sed 's/\t.*"session_id":"\([^"]*\).*/ \1/' | sort -u |
    cut -d' ' -f 2 | uniq -d >twice
  [ ! -s twice ]
  "$traffic" --events=10000 >b
  "$traffic" --events=10000 --partitions=5 | cut -f 3- | cmp - b
}

@test "--escapes and --shuffle-members change no value" {
  "$traffic" --events=3000 --extras | jq -cS . >a
  "$traffic" --events=3000 --extras --escapes --shuffle-members >b
  jq -cS . b | cmp - a
  [ "$(cut -d: -f 1 b | sort -u | wc -l)" -gt 10 ]
  # No string is without a backslash.
  run ! grep '":"[^"\\]*"' b
}

@test "--unicode has the same value raw and escaped, in ids too" {
  "$traffic" --events=20000 --unicode >a
  jq -c . a >/dev/null
  grep -q '"traffic_source":"é-mail"' a
  grep -qi '"traffic_source":"\\u00e9' a
  grep -q '"session_id":"[^"]*é\\"😀"' a
  grep -qi '"session_id":"[^"]*\\ud83d\\ude00"' a
  grep -q '"page_url":"https:[^"]*\\/' a
}

@test "--nulls and --empty spare event_type and event_time" {
  "$traffic" --events=5000 --nulls=20 --empty >a
  jq -r 'if .event_type and .event_time then
      [if has("traffic_source") then .traffic_source // "null" else "absent" end,
       (if has("session_id") then .session_id // "null" else "absent" end | length)] | @tsv
    else "wrong" end' a >b
  run ! grep wrong b
  for kind in absent null ''; do
    [ "$(cut -f 1 b | grep -cx "$kind")" -gt 50 ]
  done
  [ "$(awk -F'\t' '$2 != 36' b | wc -l)" -lt 250 ]
}

@test "--extras prices what is put into carts and bought, the same product always the same" {
  "$traffic" --events=20000 --extras >a
  jq -c 'select(has("price") != (.event_type == "add_to_cart" or .event_type == "purchase"))' a >wrong
  jq -r 'select(.price) | if (.price > 0 and .quantity > 0 and (.currency | length) == 3)
    then "\(.product_id) \(.price)" else "wrong" end' a | sort -u >prices
  [ ! -s wrong ]
  run ! grep wrong prices
  [ -z "$(cut -d' ' -f 1 prices | uniq -d)" ]
}

@test "--csv has the same values: null unquoted, an empty string quoted" {
  "$traffic" --events=3000 --unicode --empty --nulls=5 | jq -r '[.event_id, .session_id, .user_id, .event_type,
    .page_url, .product_id, .category_id, .search_query, .traffic_source, .campaign_id, .device_type, .event_time] |
    map(if . == null then "" elif . == "" or test("[\",\n\r]") then [.] | @csv else . end) | join(",")' >a
  "$traffic" --events=3000 --unicode --empty --nulls=5 --csv >b
  [ "$(head -n 1 b)" = "event_id,session_id,user_id,event_type,page_url,product_id,category_id,search_query,traffic_source,campaign_id,device_type,event_time" ]
  tail -n +2 b | cmp - a
}

@test "--bots look at a product about once a second, under ids of their own" {
  "$traffic" --duration=20m --rate=1 --bots=2 --csv |
    awk -F, 'NR > 1 { n[$2]++; if ($4 != "product_view") human[$2] = 1 }
      END { for (id in n) if (n[id] > 800) { bots++; if (id in human) exit 1 } exit bots != 2 }'
}

@test "sessions go through a plausible funnel, and 95 % are shorter than 20 minutes" {
  "$traffic" --duration=3h --rate=10 --csv | awk -F, '
    NR == 1 { next }
    { t = substr($NF, 12, 2) * 3600 + substr($NF, 15, 2) * 60 + substr($NF, 18, 2) }
    !($2 in first) { first[$2] = t; sessions++ }
    { last[$2] = t }
    !(($2, $4) in seen) { seen[$2, $4]; n[$4]++ }
    function within(type, low, high) { if (n[type] < sessions * low / 100 || n[type] > sessions * high / 100) bad++ }
    END {
      within("page_view", 99, 100); within("product_view", 55, 65); within("add_to_cart", 12, 19)
      within("checkout_start", 6, 11); within("purchase", 3.5, 7); within("search", 8, 25)
      for (id in first) if (last[id] - first[id] >= 1200) long_ones++
      if (long_ones > sessions / 20) bad++
      exit bad > 0
    }'
}

@test "an outage, a spike and a search spike show in their windows" {
  "$traffic" --rate=20 --duration=1h --outage=20m+10m --spike=50m+5mx5 \
    '--search-spike=40m+5m:blackout lamp' --csv | awk -F, '
    NR == 1 { next }
    { w = int(substr($NF, 15, 2) / 5) }
    !(($2, w) in seen) { seen[$2, w]; sessions[w]++ }
    $4 == "purchase" { purchases[w]++ }
    $4 == "checkout_start" { checkouts[w]++ }
    $4 == "search" { searches[w]++; lamps[w] += tolower($8) == "blackout lamp" }
    END {
      for (w = 2; w < 12; w++) {
        if ((purchases[w] + 0 == 0) != (w == 4 || w == 5)) exit 1
        if ((lamps[w] * 2 > searches[w]) != (w == 8)) exit 1
        if (checkouts[w] < 20) exit 1
        if (w != 11 && (sessions[w] > 1.5 * sessions[7]) != (w == 10)) exit 1
      }
    }'
}

# Lines of the events of what was planted, and of the others: split_planted FILE PLANTED.
split_planted() {
  jq -r '.session_ids[]' "$2" >planted.ids
  grep -Ff planted.ids "$1" >planted.events
  grep -vFf planted.ids "$1" >other.events
}

@test "--plant changes no byte of the other events, and says how many its own are" {
  "$traffic" --seed=3 --duration=3h --rate=1 --extras >a
  kinds=logins,devices,carts-recovered,carts-emptied=30,carts-bought-later,paths=7,bots-by-rate=2
  "$traffic" --seed=3 --duration=3h --rate=1 --extras --plant=$kinds --planted=p >b
  split_planted b p
  cmp other.events a
  [ "$(wc -l <planted.events)" -eq "$(jq -s 'map(.events) | add' p)" ]
  jq -r .kind p | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd, >counts
  [ "$(cat counts)" = bots-by-rate=2,logins=20,devices=20,carts-recovered=20,carts-emptied=30,carts-bought-later=20,paths=7 ]
  jq -r .event_id b | sort | uniq -d >twice
  [ ! -s twice ]
  # With crawlers every event says what it was sent by, and all else stays as it is.
  "$traffic" --seed=3 --duration=3h --rate=1 --extras --plant=bots-by-agent --planted=p >b
  split_planted b p
  sed 's/,"user_agent":"Mozilla[^"]*"}$/}/' other.events | cmp - a
  [ "$(jq -r .says.bot p | sort -u | wc -l)" -eq 8 ]
}

@test "what is planted does not depend on the rest, and each line tells where it is" {
  "$traffic" --seed=4 --duration=3h --rate=1 --plant=all=3 --planted=p >a
  split_planted a p
  mv planted.events want
  jq -s -e 'all(.[]; .session_ids[0] as $id | .first_event_time < .last_event_time) and length == 24' p
  "$traffic" --seed=4 --duration=3h --rate=5 --plant=paths,all=3 --planted=q --partitions=3 --disorder=9s >b
  cmp p q
  split_planted b p
  cut -f 3- planted.events | sort >got
  sort want | cmp - got
  # Nothing of it is nulled; of several on one kind the last word counts.
  "$traffic" --seed=4 --duration=3h --rate=1 --plant=all=1,paths=3 --nulls=50 --empty --planted=q >c
  jq -c 'select(.number == 1 or .kind == "paths")' p | cmp - q
  split_planted c q
  [ "$(grep -cxFf planted.events want)" -eq "$(wc -l <planted.events)" ]
  # Times are those of the events.
  jq -r '[.session_id, .event_time] | @tsv' c | awk -F'\t' '!($1 in first) { first[$1] = $2 } { last[$1] = $2 }
    END { for (id in first) print id, first[id], last[id] }' | sort >seen
  jq -r 'select(.session_ids | length == 1) | "\(.session_ids[0]) \(.first_event_time) \(.last_event_time)"' q | sort >told
  [ "$(comm -13 seen told | wc -l)" -eq 0 ]
}

@test "--plant keeps what it is told with ids of any letters, as CSV, and through an outage" {
  "$traffic" --duration=3h --rate=0.5 --plant=logins=9,bots-by-agent=2 --planted=p --unicode >a
  jq -r '.session_ids[]' p | sort >told
  [ "$(jq -r .session_id a | sort -u | comm -12 - told | wc -l)" -eq "$(wc -l <told)" ]
  grep -q '\\"' p
  "$traffic" --duration=3h --rate=0.5 --plant=bots-by-agent=1 --csv >a
  [ "$(head -n 1 a | tr , '\n' | tail -n 1)" = user_agent ]
  grep -q ',"Mozilla/5.0 [^"]*(KHTML, like Gecko)[^"]*"$' a
  for seed in 1 2 3; do
    "$traffic" --seed=$seed --duration=3h --rate=0.1 --plant=carts-recovered=60 --outage=1h+1h --planted=p |
      jq -r 'select(.event_type == "purchase") | .event_time' >bought
    [ "$(wc -l <bought)" -ge 60 ]
    run ! grep 'T01:' bought
  done
}

@test "--loop-rate is live: now as event time, at about that rate" {
  before=$(date +%s)
  "$traffic" --loop-rate=1000 --duration=800ms >a
  after=$(date +%s)
  [ "$((after - before))" -ge 0 ] && [ "$((after - before))" -lt 60 ]
  n=$(wc -l <a)
  [ "$n" -gt 300 ] && [ "$n" -lt 1600 ]
  jq -r '.event_time[:19] + "Z" | fromdate' a |
    awk -v before="$before" -v after="$after" '$1 < before || $1 > after { exit 1 }'
}

@test "--loop-rate does not keep lines back" {
  # shellcheck disable=SC2016
  run -0 timeout 10 bash -c '"$0" --loop-rate=200 | { read -r line; echo "${line%%:*}"; }' "$traffic"
  [ "$output" = '{"event_id"' ]
}

@test "a full disk is exit 1, a closed pipe the usual death" {
  # shellcheck disable=SC2016
  run -1 bash -c '"$0" >/dev/full' "$traffic"
  [ "$output" = "traffic: standard output: No space left on device" ]
  # shellcheck disable=SC2016
  run -1 bash -c '"$0" --help >/dev/full' "$traffic"
  # shellcheck disable=SC2016
  run -141 bash -c '"$0" --events=1000000 | head -n 1 >/dev/null; exit "${PIPESTATUS[0]}"' "$traffic"
}

@test "wrong use is exit 2, names the option and the value, and prints no event" {
  while IFS='|' read -r option message; do
    run -2 --separate-stderr "$traffic" "$option"
    [ -z "$output" ]
    # shellcheck disable=SC2154
    [ "${stderr_lines[0]}" = "traffic: $message" ] || { echo "got: ${stderr_lines[0]}"; false; }
    [ "${stderr_lines[1]}" = "Try 'traffic --help'." ]
  done <<'EOF'
--rate=5x|--rate: '5x' is not a rate from 0.001 to 10000000
--events=-1|--events: '-1' is not a whole number from 0 to 18446744073709551614
--duration=30|--duration: '30' has no unit; which one (us, ms, s, m, h, d, w)?
--duration=5x|--duration: '5x' has no known unit (us, ms, s, m, h, d, w)
--disorder=0s|--disorder: '0s' must be longer than that
--outage=4h|--outage: '4h' is not START+DUR (4h+20m)
--search-spike=3h+15m|--search-spike: '3h+15m' has no term (3h+15m:blackout lamp)
--spike=5h+10mx|--spike: '5h+10mx' has a factor not from 0 to 1000
--repeats=101|--repeats: '101' is not a percentage from 0 to 100
--start=2026-02-29T00:00:00Z|--start: '2026-02-29T00:00:00Z' is not a time like 2026-01-01T00:00:00Z
--bogus|--bogus: unknown option
--seed|--seed: needs a value
--plant=paths|--plant: where? It needs --duration
--planted=p|--planted: nothing is planted without --plant
file|file: takes no file, it makes the events
EOF
  run -2 "$traffic" --csv --partitions=2
  run -2 "$traffic" --loop-rate=5 --rate=5
  for words in '--plant=path' '--plant=' '--plant=paths=0' '--plant=paths=1001' '--plant=paths,' '--plant=paths=2x' \
    '--plant=paths --events=3' '--plant=paths --planted=-' '--plant=logins --duration=30m' \
    '--plant=carts-recovered --duration=2h --outage=0s+2h'; do
    # shellcheck disable=SC2086 # words
    run -2 --separate-stderr "$traffic" --duration=4h $words
    [ -z "$output" ]
    [[ ${stderr_lines[0]} == 'traffic: --plant'* ]]
  done
  run -1 --separate-stderr "$traffic" --duration=4h --plant=paths --planted=/dev/full
  [ "$stderr" = 'traffic: /dev/full: No space left on device' ]
}

@test "--help names every option, and every option it names is taken" {
  run -0 "$traffic" --help
  options=$(grep -oE '^  (-., )?--[a-z-]+' <<<"$output" | grep -oE -e '--[a-z-]+')
  [ "$(wc -l <<<"$options")" -eq 27 ]
  for option in $options; do
    run "$traffic" "$option" --events=1
    [[ "$output" != *unknown* ]]
  done
  run -0 "$traffic" --version
}
