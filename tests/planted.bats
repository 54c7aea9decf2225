#!/usr/bin/env bats
# What the generator has planted is what the tools find, all of it and nothing else: the file that it wrote is held
# against their rows. The same traffic without what was planted says what people do of their own accord.

load helper

setup() { setup_tools; }

seeds() {
  one_in 4 1 2 3 4
}

# make_traffic SEED: as it was planted, in with; the same people without that, in without; what there is to find, in planted.
# Every seed has another road: in order, late and twice, in partitions, with members anywhere.
make_traffic() {
  local -a road=()
  case $1 in
    2) road=(--disorder=20s) ;;
    3) road=(--disorder=20s --partitions=4) ;;
    4) road=(--shuffle-members --escapes --unicode) ;;
  esac
  traffic --seed="$1" --duration=3h --rate=1 --bots=1 --extras "${road[@]}" >without
  traffic --seed="$1" --duration=3h --rate=1 --bots=1 --extras "${road[@]}" --plant=all=9 --planted=planted >with
  [ "$(jq -s length planted)" -eq 72 ]
}

# only_planted CLAIMS_WITH CLAIMS_WITHOUT WANTED: what is claimed of the one traffic and not of the other is what was planted.
only_planted() {
  sort -u "$1" >claims.with
  sort -u "$2" | comm -23 claims.with - >claims.new
  sort -u "$3" | diff - claims.new
}

# values WHERE MEMBER,MEMBER: which pairs of these there are, and in how many events.
values() {
  cs-window --size=1d --lateness=max -w "$1" --by="$2" --agg=n=count | jq -c 'del(.window_start, .window_end) | [.[]]'
}

@test "every planted bot is marked, and nobody else" {
  for seed in $(seeds); do
    make_traffic "$seed"
    cs-identify --bots --bot-agents with | values '.bot != null' session_id,bot >counted
    jq -c '.[:2]' counted >found
    jq -c '.says.bot as $bot | select($bot) | .session_ids[] | [., $bot]' planted >wanted
    [ "$(wc -l <found)" -gt 100 ]
    only_planted found /dev/null wanted
    # Not one event of theirs is without its mark.
    [ "$(jq -s 'map(.[2]) | add' counted)" -eq "$(jq -s 'map(select(.says.bot).events) | add' planted)" ]
  done
}

@test "every planted person is joined over sessions and devices, and nobody else" {
  for seed in $(seeds); do
    make_traffic "$seed"
    for side in with without; do
      cs-identify "$side" | values '.person_id != .session_id' session_id,person_id >"$side.counted"
      jq -c '.[:2]' "$side.counted" >"$side.found"
    done
    jq -c '.says.person_id as $person | select($person) | .session_ids[] | [., $person]' planted >wanted
    [ "$(wc -l <wanted)" -eq 54 ]
    only_planted with.found without.found wanted
    # What they did before they logged in is theirs, too.
    jq -c 'select(.says.person_id) | [.says.person_id, .events]' planted | sort >wanted
    jq -s -c 'group_by(.[1])[] | [.[0][1], (map(.[2]) | add)]' with.counted | sort >events
    [ "$(comm -23 wanted events | wc -l)" -eq 0 ]
  done
}

@test "every planted path is the path of its session, to the second, and nobody else takes one" {
  for seed in $(seeds); do
    make_traffic "$seed"
    cs-sessionize --path with | grep /gifts | jq -c '[.session_id, .path]' >found
    jq -c 'select(.kind == "paths") | [.session_ids[0], .says.path]' planted >wanted
    only_planted found /dev/null wanted
    # The view of flows counts the same steps.
    cs-sessionize --pages with | cs-window --view=page-flow --lateness=max -w '.page_url | contains("/gifts")' |
      jq -c '[.page, .next, .times]' | sort >found
    jq -c 'select(.kind == "paths") | .says.path | map(.page_url | split("?")[0]) | range(length - 1) as $i | [.[$i], .[$i + 1]]' \
      planted | sort | uniq -c | jq -Rc 'capture("^ *(?<n>[0-9]+) (?<pair>.*)") | (.pair | fromjson) + [.n | tonumber]' |
      sort | diff - found
  done
}

# fates EVENTS ID OPTION...: whose cart came to be what, which cart, and how long after it was taken for abandoned.
fates() {
  cs-abandon --transitions --id="$2" "${@:3}" "$1" | jq -c '[.[keys_unsorted[0]], .state, .episode, .seconds_since_alert]'
}

@test "every planted cart is recovered, emptied or bought later, to the second, and no other is" {
  for seed in $(seeds); do
    make_traffic "$seed"
    for side in with without; do
      fates "$side" session_id >"$side.fates"
      cs-identify "$side" >people
      fates people person_id --lateness=0s >"$side.people"
    done
    # Of sessions: who comes back, and who takes all out again. What is bought later is left behind for good.
    jq -c 'select(.kind == "carts-recovered" or .kind == "carts-emptied") | .session_ids[0] as $id | .says |
      [$id, .state, .episode, .seconds_since_alert]' planted >wanted
    for side in with without; do grep -E '"(recovered|emptied)"' "$side.fates" >"$side.found" || true; done
    only_planted with.found without.found wanted
    jq -c 'select(.kind == "devices" or .kind == "carts-bought-later") | .session_ids[0]' planted | sort >left
    jq -c 'select(.[1] == "abandoned") | .[0]' with.fates | sort | comm -13 - left >not_left
    [ ! -s not_left ]
    # Of people: that, too, is recovered; what was bought at once on another device was never abandoned.
    jq -c 'select(.kind == "carts-bought-later") | .says | [.person_id, .state, .episode, .seconds_since_alert]' planted >>wanted
    for side in with without; do grep -E '"(recovered|emptied)"' "$side.people" >"$side.found" || true; done
    only_planted with.found without.found wanted
    jq -c 'select(.kind == "devices") | .says.person_id' planted | sort >devices
    jq -c '.[0]' with.people | sort -u | comm -12 - devices >blamed
    [ ! -s blamed ]
  done
}
