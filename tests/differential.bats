#!/usr/bin/env bats
# What the manual says against what the tools print, and one run against many ways to run it: differential/run.py over
# random small cases.
#
#   QUICK=1                 fewer cases
#   FULL=1                  other cases each time, for DIFFERENTIAL_SECONDS (1800) in all
#
# A failure prints the smallest case and the command that repeats it.

load helper

setup() { setup_tools; }

# differential SHARE ARGS...: so many cases; with FULL as many as go into a test's share of the time, of 27 tests.
differential() {
  local count how
  count=$(rounds "$1")
  shift
  how=(--count="$count" --seed=1)
  [ -z "${FULL:-}" ] || how=(--seconds=$((${DIFFERENTIAL_SECONDS:-1800} / 27 + 1)) --seed="$(date +%s)")
  python3 "$ROOT/tests/differential/run.py" "${how[@]}" "$@"
}

model() {
  differential 120 --way=model --tool="$1"
}

way() {
  differential 25 --way="$1"
}

@test "windows are what a model made from the manual says" { model window; }
@test "so are funnels" { model funnel; }
@test "so are sessions" { model sessionize; }
@test "so are abandoned carts" { model abandon; }
@test "so are anomalies" { model anomaly; }
@test "so are people" { differential 400 --way=model --tool=identify; }

@test "standard input in pieces of any size gives what one read gives" { way chunks; }
@test "so does a file" { way as_file; }
@test "so do several files" { way files; }
@test "so does a compressed file" { way compressed; }
@test "so do two to four jobs" { way jobs; }
@test "so does every kernel of the scanner" { way kernels; }
@test "so do frames around the same lines" { way frames; }
@test "so do partitions in another interleaving" { way interleaved; }
@test "so do partitions from a FIFO each" { way fifos; }
@test "so does any order within the lateness" { way shuffled; }
@test "so do runs that stop and go on with the state" { way restarts; }
@test "so do runs that are killed while they save" { way killed; }
@test "so do runs that are terminated" { way terminated; }
@test "rows behind keys are the rows, and each value has one key" { way keyed; }
@test "rows by partition, merged, are the rows of the whole" { way merged; }
@test "the final rows among updates are the rows" { way updates; }
@test "expressions in libjq give what native ones give" { way libjq; }
@test "so do expressions of many kinds" { way expressions; }
@test "rows in --output are those of standard output" { way output; }
@test "rows in the segments of --spool are those of standard output" { way spool; }
@test "cs-parse in front changes no row, and prints again what it has printed" { way parsed; }

@test "windows of days, weeks, months and years are those of Python's calendar, in every zone" {
  local count
  count=$(rounds 60)
  [ -z "${FULL:-}" ] || count=2000
  python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("Pacific/Apia")' || skip 'Python knows no time zones here'
  python3 "$ROOT/tests/differential/zones.py" --count="$count"
}

# sequences COUNT ARGS...: funnels over so many short random sequences; with FULL over ten times as many.
sequences() {
  local count
  count=$(rounds "$1")
  shift
  [ -z "${FULL:-}" ] || count=$((count * 10))
  python3 "$ROOT/tests/differential/sequences.py" --count="$count" "$@"
}

@test "ordered and strict funnels of thousands of random sequences are what the model says" { sequences 4000; }
@test "ordered funnels are what ClickHouse's windowFunnel says" {
  [ -d "${NODE_PEERS:-/nowhere}/node_modules/chdb" ] || skip 'chdb is absent (NODE_PEERS)'
  sequences 20000 --with=clickhouse
}
