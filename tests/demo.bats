#!/usr/bin/env bats
# scripts/demo, as a person sees it.

load helper

setup() {
  setup_tools
  [ -z "${QUICK:-}" ] || skip 'the demo is about the tools as they are used'
}

@test "the demo shows its tables within 80 columns, names what happened, and finds all that was planted" {
  export BUILD="$CS_BUILD"
  TIMEFORMAT='%U %S'
  { time "$ROOT/scripts/demo" >out; } 2>seconds
  cat out
  LC_ALL=C.UTF-8 awk 'length($0) > 80 && !/\/events.ndjson$/ { print "long: " $0; wrong = 1 } END { exit wrong }' out
  grep -qE '^google +mobile +[0-9]+ ' out
  grep -qE '^rain jacket +[0-9]+ +[0-9]+$' out
  grep -qE '^03:00 - 03:15  search spike +searches: rain jacket ' out
  grep -qE '^04:00 - 04:20  payment outage +purchases +0, not +[0-9]' out
  grep -qE '^05:00 - 05:10  traffic spike +sessions ' out
  # Without bots fewer sessions have bought as much. Where no list of crawlers could be made there are eight fewer.
  bots=1000
  if grep -q '^No list of crawlers' out; then bots=8; fi
  awk -v bots="$bots" '/^direct +desktop/ && NF == 8 { seen++; if ($3 < $6 + bots || $4 != $7 || $5 >= $8) exit 1 } END { exit seen != 1 }' out
  # Of carts that were recovered it is said how long that took.
  awk '/^person_id +episode +seconds$/ { table = 1; next } table && NF == 0 { table = 0 } table && NF == 3 && $3 > 0 { rows++ }
    END { exit rows != 5 }' out
  grep -qE '^recovered +[0-9]+ +[0-9]+' out
  # What was planted, what was found, and what besides.
  awk -v bots="$bots" '/^what +planted +found/ { table = 1; next } table && NF == 0 { table = 0 }
    table { kinds++; if ($2 < 1 || $3 != $2 || ($4 != 0 && $4 != "-")) exit 1 } END { exit kinds != 7 + (bots > 8) }' out
  # Seconds of a processor: other tests run at the same time.
  awk 'END { print "seconds: " $0; exit $1 + $2 > 20 }' seconds
}

@test "scripts/demo --kafka kills a tool and loses nothing" {
  command -v kcat >/dev/null || skip 'kcat is missing'
  export BUILD="$CS_BUILD"
  "$ROOT/scripts/demo" --kafka >out
  cat out
  grep -qE '^cs-run: cs-funnel has ended \(exit status 137\)$' out
  grep -qE '^funnel: [0-9]+ rows, byte for byte those of a run over a file$' out
  grep -qE '^carts: [0-9]+ rows, byte for byte those of a run over a file$' out
  LC_ALL=C.UTF-8 awk 'length($0) > 120 { print "long: " $0; wrong = 1 } END { exit wrong }' out
}

@test "scripts/demo --web: what visitors do in a browser comes out as rows of the funnel and of sessions" {
  for program in kcat chromium chromedriver esbuild jq curl; do
    command -v "$program" >/dev/null || skip "$program is missing"
  done
  export BUILD="$CS_BUILD" VISITORS=2
  unset BROKERS
  "$ROOT/scripts/demo" --web >out
  cat out
  grep -qE '^visitor 1 buys$' out
  grep -qE '^  session  [0-9:]{8}  ada, [0-9]+ pages, 2 products, 2 into the cart, bought$' out
  grep -qE '^  session  [0-9:]{8}  somebody, [0-9]+ pages, 2 products, 2 into the cart, did not buy$' out
  grep -qE '^  funnel   [0-9:]{8}  desktop: sessions [0-9]+, .*, bought 1$' out
  LC_ALL=C.UTF-8 awk 'length($0) > 120 { print "long: " $0; wrong = 1 } END { exit wrong }' out
}

@test "scripts/demo has two options, and says so" {
  for arguments in --nonsense file '--kafka file' --kafka=x '--web --kafka'; do
    # shellcheck disable=SC2086 # words
    run -2 "$ROOT/scripts/demo" $arguments
    [ "${lines[-1]}" = "usage: $ROOT/scripts/demo [--kafka|--web]" ]
  done
  run -0 "$ROOT/scripts/demo" --help
  [ "$output" = "usage: $ROOT/scripts/demo [--kafka|--web]" ]
}
