#!/usr/bin/env bats
# cs-parallel: pieces read by processes that GNU parallel starts are the bytes of one run; what fails is named. And what
# cs-spark refuses without a cluster.

load helper

setup_file() {
  setup_tools
  mkdir "$BATS_FILE_TMPDIR/archive"
  traffic --seed=3 --events=3000 --rate=4 --disorder=40s --malformed=2 >"$BATS_FILE_TMPDIR/archive/a.ndjson"
  traffic --seed=4 --events=3000 --rate=4 >"$BATS_FILE_TMPDIR/archive/b ' c.ndjson"
}

setup() {
  setup_tools
  ln -s "$BATS_FILE_TMPDIR/archive" archive
}

need_parallel() {
  [[ $(parallel --version 2>/dev/null) == 'GNU parallel'* ]] || skip 'GNU parallel is not installed'
}

# made ARGS...: which pieces of a folder are there, by name.
made() { (cd "$1" && printf '%s ' *); }

@test "a folder in pieces is one run: rows, rejects, late, counters, and what is said" {
  need_parallel
  local words=(cs-window --size 10m --by=device_type --agg='n=count if {} != .event_type' -w '"{1} {#} \"'\''" != ""')
  "${words[@]}" --rejects=one.rejects --late=one.late --stats=one.stats archive/* >one 2>one.said
  [ -s one.rejects ]
  TMPDIR=$PWD cs-parallel -j2 --parts=5 "${words[@]}" --rejects=rejects --late late --stats=stats -o rows -- archive 2>said
  cmp one rows
  cmp one.rejects rejects
  cmp one.late late
  diff <(shared_counters one.stats) <(shared_counters stats)
  diff one.said <(grep -v 'is read again: ' said)
  run ! compgen -G 'tmp.*' # what it has made for itself is gone
}

@test "by ssh names travel; without a folder for all hosts it is refused" {
  need_parallel
  # What ssh does, without another machine: the words become one line, for a shell elsewhere.
  printf '%s\n' '#!/bin/bash' "echo \"\$1\" >>'$PWD/hosts'" 'shift 2' 'cd / && exec bash -c "$*"' >ssh
  chmod +x ssh
  cs-sessionize archive/* >one 2>/dev/null
  # Who is nobody's login has no SHELL.
  env -u SHELL PARALLEL_SSH="$PWD/ssh" cs-parallel -j1 --parts=4 --sshlogin=here,there --dir=shared cs-sessionize -- archive >rows 2>said ||
    { cat said && false; }
  cmp one rows
  [ "$(sort -u hosts)" = $'here\nthere' ]
  [ "$(made shared)" = '1-of-4 2-of-4 3-of-4 4-of-4 ' ]
  run -2 cs-parallel --sshlogin=there cs-sessionize -- archive
  [[ $output == *'--sshlogin needs --dir'* ]]
}

@test "a host that has another folder of that name is found out before anything is printed" {
  need_parallel
  # As if: what it was told to do is done, and is not here.
  printf '%s\n' '#!/bin/bash' 'exit 0' >ssh
  chmod +x ssh
  PARALLEL_SSH=$PWD/ssh run -1 --separate-stderr cs-parallel -j1 --parts=2 --sshlogin=there --dir=shared cs-sessionize -- archive
  [ -z "$output" ]
  # shellcheck disable=SC2154 # bats sets it
  [[ $stderr == "cs-parallel: range 1/2: nobody has failed, and there is no $PWD/shared/1-of-2: is that one folder for all hosts?" ]]
}

@test "a run goes on with what is there and sound" {
  need_parallel
  cs-funnel --lateness=max archive/* >one
  # parts of a day before
  touch -d yesterday "$BATS_FILE_TMPDIR"/archive/*
  cs-parallel --parts=4 --dir=d cs-funnel --lateness=max -- archive >rows
  rm d/2-of-4
  truncate -s -1 d/3-of-4
  touch -d '1 hour ago' d/1-of-4
  run -0 --separate-stderr cs-parallel --dir=d cs-funnel --lateness=max -- archive
  diff one <(echo "$output")
  [[ $stderr == *"/d/3-of-4: is damaged"*"/d/3-of-4: is made again"* ]]
  [[ $stderr != *of-4*1-of-4* && $stderr != *2-of-4* ]]
  [ "$(find d -mmin +30 -name '*-of-*')" = d/1-of-4 ]
  touch "$BATS_FILE_TMPDIR/archive/a.ndjson"
  run -0 --separate-stderr cs-parallel --dir=d cs-funnel --lateness=max -- archive
  [[ $stderr == *"/d/1-of-4: is older than archive/a.ndjson"* ]]
  run -3 cs-parallel --dir=d cs-funnel -- archive
  [[ $output == *'1-of-4: was made with other options: --lateness'* ]]
}

at_work() { compgen -G 'd/2-of-3.??????' && [ ! -e d/2-of-3 ]; }
slow() { exec cs-parallel -j3 --parts=3 --dir=d cs-window --size=1h --agg=n=count -w '[range(9000)] | length > 0' -- archive >rows 2>said 3>&-; }

@test "a process that is killed is named, and nothing comes out; a signal ends all" {
  need_parallel
  slow &
  local status=0 pid=$!
  until_true at_work
  kill -KILL "$(pgrep -of -- "--range=2/3 --partial=$PWD/d/2-of-3")"
  wait "$pid" || status=$?
  [ "$status" -eq 1 ]
  grep -x 'cs-parallel: range 2/3: failed (signal 9)' said
  [ ! -s rows ]
  rm -rf d
  slow &
  pid=$! status=0
  until_true at_work
  kill -TERM "$pid"
  wait "$pid" || status=$?
  [ "$status" -eq 1 ]
  grep 'stopped by a signal' said
  [ -z "$(ls -A d)" ]
  run ! pgrep -f -- "--partial=$PWD/d/"
}

@test "what fails is said in its own words, and its status is the run's" {
  need_parallel
  run -2 --separate-stderr cs-parallel -j1 --parts=2 cs-funnel --size=never -- archive
  [ -z "$output" ]
  # shellcheck disable=SC2154 # bats sets it
  [[ $stderr == *'cs-parallel: range 1/2: failed (status 2)'*'cs-parallel: range 1/2: cs-funnel: --size: '* ]]
  run -1 bash -c 'cs-parallel --parts=2 cs-funnel -- archive >/dev/full'
  run -1 cs-parallel --parts=2 --dir=/proc/none cs-funnel -- archive
  run -1 cs-spark --dir=/proc/none cs-funnel -- archive
  [[ $output == 'cs-spark: '*'/proc/none'* ]]
}

@test "wrong use is exit 2, and named, of cs-spark, too" {
  refused() {
    run -2 --separate-stderr "${@:2}"
    # shellcheck disable=SC2154 # bats sets it
    [[ -z $output && ${stderr_lines[0]} == *"$1"* ]] || { echo "$*: $stderr" && return 1; }
  }
  mkdir -p deep/er empty
  for script in cs-parallel cs-spark; do
    refused 'which TOOL?' "$script"
    refused 'which files?' "$script" cs-funnel
    refused 'which files?' "$script" cs-funnel --
    refused 'a.ndjson: files stand behind --' "$script" cs-funnel a.ndjson
    refused 'no-such: no such file' "$script" cs-funnel -- no-such
    refused 'empty: there are no files in it' "$script" cs-funnel -- empty
    refused 'deep/er: is a folder in a folder' "$script" cs-funnel -- deep
    refused 'cs-nothing: no such tool' "$script" cs-nothing -- archive
    refused 'ls is no tool of clickstream' "$script" ls -- archive
    refused 'cs-report reads no input in pieces' "$script" cs-report -- archive
    refused 'cs-funnel: --size needs a value' "$script" cs-funnel --size
    refused '--parts needs a value' "$script" --parts
    refused "--parts: '0' is no number" "$script" --parts=0 cs-funnel -- archive
    refused 'no such option: --bogus' "$script" --bogus cs-funnel -- archive
  done
  refused "--jobs: 'x' is no number" cs-parallel -jx cs-funnel -- archive
  refused "--conf: 'x' is no" cs-spark --conf=x cs-funnel -- archive
}

@test "what is not installed is named" {
  mkdir bin
  local name
  for name in bash env python3 cs-funnel; do ln -s "$(command -v "$name")" "bin/$name"; done
  PATH=$PWD/bin run -2 "$CS_BUILD/cs-parallel" cs-funnel -- archive
  [[ $output == *'GNU parallel is not installed'*'apt-get install parallel'* ]]
  # Python without packages of anybody.
  run -2 python3 -IS "$CS_BUILD/cs-spark" cs-funnel -- archive
  [[ $output == *'pyspark is not installed'*'scripts/install-packages spark'* ]]
}
