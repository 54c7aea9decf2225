#!/usr/bin/env bats
# cs-spark on a cluster of a master and two workers on this machine: the same bytes as one run, whatever is killed.
# `make check-spark` runs it.

load helper

spark_look() {
  local venv=$CS_BUILD/spark
  [ ! -x "$venv/bin/python3" ] || PATH=$venv/bin:$PATH
  command -v java >/dev/null || skip 'Java is not installed (scripts/install-packages spark)'
  python3 -c 'import pyspark' 2>/dev/null || skip 'pyspark is not installed (scripts/install-packages spark)'
  export SPARK_LOCAL_IP=127.0.0.1 SPARK_HOME
  SPARK_HOME=$(python3 -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
}

setup_file() {
  setup_tools
  spark_look
  mkdir "$BATS_FILE_TMPDIR/archive"
  traffic --seed=3 --events=5000 --rate=4 --disorder=5s --repeats=1 --malformed=2 --unicode >"$BATS_FILE_TMPDIR/archive/a.ndjson"
  # What is no UTF-8 comes out of the JVM as something else.
  printf '{"event_id":"x","event_type":"page_view","event_time":"2026-01-01T00:00:00Z","session_id":"\xff"}\r\n' >>"$BATS_FILE_TMPDIR/archive/a.ndjson"
  traffic --seed=4 --events=5000 --rate=4 >"$BATS_FILE_TMPDIR/archive/b.ndjson"
  cluster_start
}

# Each says its address when it listens: port 0 is a free one.
cluster_start() {
  local n
  cd "$BATS_FILE_TMPDIR" || return
  started org.apache.spark.deploy.master.Master master
  LIMIT=120 until_true grep -qE 'Starting Spark master at spark://' master.log
  SPARK_MASTER=$(grep -oE 'spark://[0-9.:]+' master.log | head -n 1)
  export SPARK_MASTER
  for n in 1 2; do
    started org.apache.spark.deploy.worker.Worker "worker$n" --cores 1 --memory 1g --work-dir "$PWD/work$n" "$SPARK_MASTER"
  done
  for n in 1 2; do LIMIT=120 until_true grep -q 'Successfully registered with master' "worker$n.log"; done
}

# started CLASS NAME ARGUMENT...: a daemon; spark-class becomes the JVM.
started() {
  "$SPARK_HOME/bin/spark-class" "$1" --host 127.0.0.1 --port 0 --webui-port 0 "${@:3}" >"$2.log" 2>&1 3>&- &
  echo $! >"$2.pid"
}

teardown_file() {
  local pid
  for pid in "$BATS_FILE_TMPDIR"/*.pid; do
    [ ! -e "$pid" ] || kill "$(<"$pid")" 2>/dev/null || true
  done
}

setup() {
  setup_tools
  spark_look
  ln -s "$BATS_FILE_TMPDIR/archive" archive
}

# on_cluster WORD...: with executors that fit a small machine.
on_cluster() {
  cs-spark --dir=shared --conf=spark.executor.memory=512m --conf=spark.driver.memory=512m "$@"
}

@test "an archive in a folder is the same bytes as one run: rows, rejects, counters" {
  cs-window --size=10m --by=device_type --agg=n=count --rejects=one.rejects --stats=one.json archive/*.ndjson >one 2>one.said
  on_cluster --parts=9 cs-window --size=10m --by device_type --agg=n=count --rejects=rejects --stats=stats.json -- archive >rows 2>said ||
    { cat said && return 1; }
  cmp one rows
  cmp one.rejects rejects
  jq -e '.rejected_by["bad-utf8"] > 0' stats.json
  diff <(shared_counters one.json) <(shared_counters stats.json)
  # Both workers had a part in it, and nothing is left of it.
  grep -q 'Asked to launch executor' "$BATS_FILE_TMPDIR/worker1.log"
  grep -q 'Asked to launch executor' "$BATS_FILE_TMPDIR/worker2.log"
  [ -z "$(ls shared)" ]
}

at_work() { compgen -G 'shared/cs-spark.*/*.said'; }
executor_of() { executor=$(pgrep -P "$(<"$BATS_FILE_TMPDIR/worker1.pid")" -f CoarseGrainedExecutorBackend); }

@test "an executor that is killed while it works changes no byte" {
  local slow='[range(3000)] | length > 0' run executor
  cs-funnel -w "$slow" archive/*.ndjson >one 2>said
  on_cluster --parts=6 cs-funnel -w "$slow" -- archive >rows 2>said 3>&- &
  run=$!
  LIMIT=180 until_true at_work || { cat said && return 1; }
  until_true executor_of
  kill -KILL "$executor"
  wait "$run" || { cat said && return 1; }
  cmp one rows
  LIMIT=30 until_true grep -q 'finished with state EXITED .*exitStatus 137' "$BATS_FILE_TMPDIR/worker1.log"
}

@test "a tool that fails is said, and no success" {
  run -1 --separate-stderr on_cluster cs-funnel --size=never -- archive
  [ -z "$output" ]
  # shellcheck disable=SC2154 # bats sets it
  [[ $stderr == *"cs-spark: range "*": cs-funnel: --size: "* ]]
  [ -z "$(ls shared)" ]
}
