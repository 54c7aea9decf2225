#!/usr/bin/env bats
# The files a run is told of: no two names for one file, nothing odd under a name, and who may read what is made.
# shellcheck disable=SC2154

load helper

setup() {
  setup_tools
  mkdir work # bats has files of its own in its directory
  cd work || return 1
  { minutes 0 3 && echo nonsense; } >in
  cp in orig
}

window() { cs-window --size=1h --agg=n=count "$@"; }

# refused TEXT OPTION...: exit 2 with that message; nothing has been made, cut or read.
refused() {
  ls -A >../before
  run -2 --separate-stderr timeout 10 cs-window --size=1h --agg=n=count "${@:2}"
  [ -z "$output" ]
  [ "${stderr_lines[0]}" = "cs-window: $1" ] || { echo "${stderr_lines[0]}" && return 1; }
  cmp in orig
  ls -A | diff ../before -
}

@test "no two options may name one file" {
  # Every pair, but for that of late records and rejects.
  options=(output rejects late stats state)
  for one in "${options[@]}"; do
    for other in "${options[@]}"; do
      [ "$one" != "$other" ] || continue
      [[ "$one $other" != @('rejects late'|'late rejects') ]] || continue
      run -2 --separate-stderr window "--$one=x" "--$other=./x" in
      [[ ${stderr_lines[0]} == "cs-window: --"*"x' is the --"*", too" ]]
      [ ! -e x ] && [ ! -e x.lock ]
    done
  done
  run -2 --separate-stderr window --state=x --spool=x in
  [ "${stderr_lines[0]}" = "cs-window: --spool: 'x' is the --state, too" ]
}

@test "a view and a map are not written over" {
  printf -- '--agg=n=count\n' >view
  echo . >map
  run -2 --separate-stderr cs-window --size=1h --view=./view --rejects=view in
  [ "${stderr_lines[0]}" = "cs-window: --rejects: 'view' is the --view, too" ]
  run -2 --separate-stderr cs-parse --map-file=map --output="$PWD/map" in
  [ "${stderr_lines[0]}" = "cs-parse: --output: '$PWD/map' is the --map-file, too" ]
  [ "$(cat map view)" = ".
--agg=n=count" ]
}

@test "a file is known by whatever name" {
  mkdir dir
  ln -s dir link
  refused "--rejects: 'link/new' is the --output, too" --output=dir/new --rejects=link/new in
  refused "--rejects: 'dir/../new' is the --output, too" --output=new --rejects=dir/../new in
  ln -s dir/target dangling
  refused "--rejects: 'dir/target' is the --output, too" --rejects=dir/target --late=dir/target --output=dangling in
  refused "--stats: 'dir/target' is the --rejects, too" --rejects=dangling --stats=dir/target in
  ln in hard
  refused "--output: 'hard' is an input, too" --output=hard in
  refused "--output: 'in' is standard input, too" --output=in <in
  refused "--output: 'in' is standard input, too" --output=in - <in
  mkfifo fifo
  refused "--output: './fifo' is an input, too" --output=./fifo fifo
  refused "--rejects: 'fifo' is the --output, too" --output=fifo --rejects=fifo in
}

@test "what the state is written to beside its own name is nobody else's" {
  refused "--state: 'x.lock' is the --output, too" --state=x --output=x.lock in
  refused "--state: 'x.new' is the --rejects, too" --state=x --rejects=x.new in
  refused "--stats: 'x.new' is the --late, too" --stats=x --late=x.new in
  refused "--state: 'in' is an input, too" --state=in in
  # A copy that shares the file would be cut with it.
  window --state=x --output=rows --rejects=rejects in
  ln x copy
  refused "--state: 'x' is the --output, too" --state=x --output=copy in
}

@test "where standard output and standard error go is no other name's file" {
  echo old >rows
  run -2 bash -c 'cs-window --size=1h --agg=n=count --rejects=rows in >>rows'
  [ "$(cat rows)" = old ]
  run -2 bash -c 'cs-window --size=1h --agg=n=count in >>in'
  cmp in orig
  run -2 bash -c 'cs-window --size=1h --agg=n=count <in >>in'
  cmp in orig
  window --state=x --output=y --rejects=z in
  cp x x.copy
  run -2 bash -c 'cs-window --size=1h --agg=n=count --state=x in >>x'
  cmp x x.copy
  run -2 bash -c 'cs-window --size=1h --agg=n=count --rejects=log in 2>log'
  [ "$(head -1 log)" = "cs-window: --rejects: 'log' is standard error, too" ]
}

@test "the directory of --spool is for its own files" {
  mkdir dir
  ln -s dir link
  for name in rejects late stats; do
    refused "--$name: 'link/x' is in the directory of the --spool, which is for its own files" --state=x --spool=dir "--$name=link/x" in
  done
  refused "--state: 'dir/x' is in the directory of the --spool, which is for its own files" --state=dir/x --spool=link in
  refused "--state: 'new/x' is in the directory of the --spool, which is for its own files" --state=new/x --spool=new/ in
  cp in dir/in
  refused "'dir/in' is in the directory of the --spool, which is for its own files" --state=x --spool=dir dir/in
}

@test "late records and rejects may go to one file, by whatever names; devices may be shared" {
  { minutes 50 59; minutes 0 1; echo nonsense; } >late
  sorted() { window --lateness=1s --size=1m "$@" late >rows && jq -r .reason both | sort | uniq -c | xargs; }
  for other in both ./both "$PWD/both"; do
    rm -f both
    [ "$(sorted --rejects=both --late="$other")" = '2 late 1 not-json' ]
    [ "$(sorted --late=both --rejects="$other")" = '2 late 1 not-json' ]
  done
  ln -s both link
  [ "$(sorted --rejects=both --late=link)" = '2 late 1 not-json' ]
  # Also where it goes on.
  rm -f both
  window --lateness=1s --size=1m --state=s --output=out --rejects=both --late=./both late
  echo nonsense >>late
  window --lateness=1s --size=1m --state=s --output=out --rejects=both --late=./both late
  [ "$(jq -r .reason both | sort | uniq -c | xargs)" = '2 late 2 not-json' ]
  window --output=/dev/null --rejects=/dev/null --late=/dev/null --stats=/dev/null in
  window --rejects=/dev/stdout --late=/dev/fd/1 in >out
  [ "$(jq -s length out)" -eq 2 ]
}

@test "a state is a file" {
  mkfifo fifo
  mkdir dir
  refused "--state: 'fifo' is a FIFO, and has to be a file" --state=fifo in
  refused "--state: 'dir' is a directory, and has to be a file" --state=dir in
  refused "--state: '/dev/null' is a device, and has to be a file" --state=/dev/null in
  refused "--state: '/dev/stdout' is no name of its own" --state=/dev/stdout --output=rows in
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
  refused "--state: 'socket' is a socket, and has to be a file" --state=socket in
  mkfifo x.lock
  refused "--state: 'x.lock' is a FIFO, and has to be a file" --state=x in
  run -2 timeout 10 cs-window --state=fifo --show-position
  run -2 timeout 10 cs-window --state=dir --show-position
  refused "--spool: 'in' is a file, and has to be a directory" --state=y --spool=in in
  refused "--spool: 'fifo' is a FIFO, and has to be a directory" --state=y --spool=fifo in
  refused "--output: 'dir' is a directory, and has to be a file" --output=dir in
  refused "--rejects: 'socket' is a socket, and has to be a file" --rejects=socket in
  refused "--stats: 'socket' is a socket, and has to be a file" --stats=socket in
}

@test "what holds ids is for its owner alone, whatever the umask" {
  umask 022
  window --state=x --output=out in 2>/dev/null
  [ "$(stat -c %a x x.lock | xargs)" = '600 600' ]
  [ "$(stat -c %a out)" = 644 ]
  window --state=y --spool=spool --flush in 2>/dev/null
  [ "$(stat -c %a spool spool/*.ndjson | xargs)" = '700 600' ]
  # One that earlier versions have left is narrowed.
  chmod 644 x x.lock
  minutes 4 5 >>in
  window --state=x --output=out in 2>/dev/null
  [ "$(stat -c %a x x.lock | xargs)" = '600 600' ]
  # A directory that was there may be anything, and keeps its rights.
  mkdir -m 750 mine
  window --state=z --spool=mine --flush in 2>/dev/null
  [ "$(stat -c %a mine)" = 750 ]
  [ "$(stat -c %a mine/*.ndjson)" = 600 ]
}

@test "what is in the way of FILE.new is not written to, and no link is followed" {
  echo precious >target
  for what in state stats; do
    ln -s target x.new
    window "--$what=x" --output=out --rejects=rejects in
    [ "$(cat target)" = precious ]
    [ ! -e x.new ]
    [ -f x ] && [ ! -L x ]
    rm x
    ln target x.new # an old one, left behind
    window "--$what=x" --output=out --rejects=rejects in
    [ "$(cat target)" = precious ]
    rm -f x x.lock
  done
  ln -s target x.lock
  run -2 --separate-stderr window --state=x --output=out in
  [ "${stderr_lines[0]}" = "cs-window: --state: 'x.lock' is a symbolic link, and is to be the lock" ]
  [ "$(cat target)" = precious ]
  rm x.lock
  ln target x.lock
  run -2 window --state=x --output=out in
  [ "$(cat target)" = precious ]
}

@test "in a directory for everybody nothing is taken that somebody else has put there" {
  [ "$(id -u)" = 0 ] || skip 'only root can make files of others'
  mkdir -m 1777 shared
  window --state=shared/x --output=out --rejects=rejects in
  chown 65534 shared/x
  run -3 --separate-stderr window --state=shared/x --output=out --rejects=rejects in
  [ "$stderr" = "cs-window: shared/x: belongs to somebody else, in a directory that others may write to" ]
  rm shared/x
  chown 65534 shared/x.lock
  run ! window --state=shared/x --output=out --rejects=rejects in
  mkdir shared/spool
  chown 65534 shared/spool
  run -3 window --state=shared/y --spool=shared/spool in
  # A link of somebody else does not say where we write.
  mkdir ours
  ln -s ../ours/x shared/z
  chown -h 65534 shared/z
  run -0 window --state=shared/z --output=out --rejects=rejects in
  [ -z "$(ls ours)" ]
  ln -sf ../ours/x shared/z
  run -0 window --state=shared/z --output=out --rejects=rejects in
  [ "$(ls ours)" = $'x\nx.lock' ]
  # Elsewhere root may work in a directory of another user.
  mkdir theirs
  window --state=theirs/x --output=out --rejects=rejects in
  chown -R 65534 theirs
  window --state=theirs/x --output=out --rejects=rejects in
}

@test "an input that is there twice is said: by its name, another name of it, or what it is compressed" {
  event 2026-01-01T00:00:00Z >a
  ln -s a link
  gzip -k a
  event 2026-01-01T00:00:00Z >b
  run -0 --separate-stderr cs-window --size=1h --agg=n=count a b a
  [ "$stderr" = "cs-window: 'a' is an input twice: all that is in it is read twice" ]
  run -0 --separate-stderr cs-window --size=1h --agg=n=count a link
  [ "$stderr" = "cs-window: 'a' and 'link' are one file: all that is in it is read twice" ]
  run -0 --separate-stderr cs-window --jobs=2 --size=1h --agg=n=count b a.gz a
  [ "$stderr" = "cs-window: 'a' and 'a.gz' are both inputs: if one is made of the other, all that is in them is read twice" ]
  run -0 --separate-stderr cs-window --size=1h --agg=n=count a b
  [ -z "$stderr" ]
}
