#!/usr/bin/env bats
# logrotate: files of rows and of events that are renamed, emptied, copied and compressed while a tool runs and between runs.

load helper
load state

setup_file() {
  setup_tools
  make_events 20000
  awk -F '\t' '{ print $3 }' "$EVENTS" >"$BATS_FILE_TMPDIR/whole"
}

setup() {
  setup_tools
  WHOLE="$BATS_FILE_TMPDIR/whole"
}

teardown() {
  if [ -n "${TOOL:-}" ]; then kill -9 "$TOOL" 2>/dev/null || :; fi
}

# tool_starts OPTION...: cs-window in the background, which reads what is written to descriptor 5.
tool_starts() {
  mkfifo fifo
  CS_EXEC=1 cs window "$@" <fifo 3>&- &
  TOOL=$!
  exec 5>fifo
}

tool_ends() {
  exec 5>&-
  wait "$TOOL"
  TOOL=''
}

# are_rows FILE COUNT: there are at least so many.
are_rows() {
  [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

is_new() {
  [ -e "$1" ] && [ ! "$1" -ef "$2" ]
}

# --- what is written ---

@test "HUP opens the files of rows anew: what was written stays, what follows goes to what has the name now" {
  local state
  for state in '' '--state=state --flush'; do
    rm -f out out.1 late late.1 rejects rejects.1 fifo
    # shellcheck disable=SC2086 # two options
    tool_starts $state --output=out --late=late --rejects=rejects
    head -n 10000 "$EVENTS" >&5
    until_true are_rows out 10
    for file in out late rejects; do mv $file $file.1; done
    kill -HUP "$TOOL"
    until_true is_new out out.1
    until_true is_new rejects rejects.1
    tail -n +10001 "$EVENTS" >&5
    tool_ends
    cat out.1 out | cmp - "$ROWS.window"
    are_rows out.1 10
    are_rows out 10
  done
}

@test "HUP kills a tool that writes to no file, as it does others" {
  local status=0
  tool_starts >rows
  head -n 10000 "$EVENTS" >&5
  until_true are_rows rows 10
  kill -HUP "$TOOL"
  wait "$TOOL" || status=$?
  [ "$status" = 129 ]
}

@test "an output that is copied and emptied while the tool runs begins anew, without a hole" {
  tool_starts --state=state --output=out --flush
  head -n 10000 "$EVENTS" >&5
  until_true are_rows out 10
  cp out out.1
  : >out
  tail -n +10001 "$EVENTS" >&5
  tool_ends
  cat out.1 out | cmp - "$ROWS.window"
  [ "$(head -c 1 out)" = '{' ]
}

@test "an output may be emptied, renamed, compressed or have another name between two runs" {
  local how
  for how in emptied renamed replaced compressed named removed; do
    rm -f out* state
    head -n 10000 "$EVENTS" | cs window --state=state --output=out
    are_rows out 10
    cp out before
    rest_of window state >rest
    case $how in
    emptied) : >out ;;
    renamed) mv out out.1 ;;
    replaced) mv out out.1 && : >out ;;
    compressed) gzip -c out >out.1.gz && rm out ;;
    removed) rm out ;;
    esac
    if [ $how = named ]; then
      cs window --state=state --output=out.next --flush <rest 2>messages
      mv out.next out
    else
      cs window --state=state --output=out --flush <rest 2>messages
    fi
    cat before out | cmp - "$ROWS.window"
    case $how in
    emptied) grep -q "^cs-window: out: was emptied since the last run" messages ;;
    # The new file may have been given the number of the old one.
    compressed | removed) grep -Eq "^cs-window: out: (the file of the last run is not beside it|was emptied since)" messages ;;
    *) [ ! -s messages ] ;;
    esac
  done
}

@test "what a killed run printed behind its last save is cut off, where the file has been renamed, too" {
  local how
  for how in renamed named; do
    rm -f out* state
    head -n 10000 "$EVENTS" | cs window --state=state --output=out
    cp out before
    rest_of window state >rest
    echo rows of a run that was killed >>out
    if [ $how = renamed ]; then
      mv out out-20260101
      cs window --state=state --output=out --flush <rest 2>messages
      cmp before out-20260101
      grep -qx "cs-window: out-20260101: 30 bytes behind the last save are cut off, and printed again" messages
    else
      cs window --state=state --output=out.next --flush <rest 2>messages
      cmp before out
      grep -qx "cs-window: out: 30 bytes behind the last save are cut off, and printed again" messages
      mv out.next out
    fi
    cat before out | cmp - "$ROWS.window"
  done
}

@test "rows of others under that name are never cut off" {
  head -n 10000 "$EVENTS" | cs window --state=state --output=out
  cp out before
  rest_of window state >rest
  mv out out.1
  echo '{"somebody":"else"}' >out
  cs window --state=state --output=out --flush <rest 2>messages
  grep -qx "cs-window: out: is not the file of the last run: rows go on at its end" messages
  [ "$(head -n 1 out)" = '{"somebody":"else"}' ]
  tail -n +2 out | cat before - | cmp - "$ROWS.window"
  # The state knows it from the first row on: what is behind it is cut off as ever.
  echo rows of a run that was killed >>out
  cs window --state=state --output=out </dev/null
  run ! grep -q killed out
}

@test "kill -9 at any moment, with the output moved away each time, changes no row" {
  local runs=0 pid
  while rest_of window state >rest && [ -s rest ] && [ $runs -lt 30 ]; do
    : $((runs += 1))
    rm -f fifo && mkfifo fifo
    slowly 3000 <rest >fifo 3>&- &
    CS_EXEC=1 cs window --state=state --save-every=1ms --output=out <fifo 3>&- 2>/dev/null &
    pid=$!
    sleep "$(some_time 20 $((60 + 40 * runs)))"
    if [ -e out ]; then mv out "out.$(printf '%03d' $runs)"; fi
    kill -HUP "$pid" 2>/dev/null || :
    sleep "$(some_time 1 20)"
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
  done
  cs window --state=state --output=out --flush <rest
  cat out.[0-9]* out | cmp - "$ROWS.window"
}

# --- what is read ---

# nightly FILE...: cs-window goes on with its state.
nightly() {
  cs window --lateness=1h --state=state --output=out "$@"
}

# all_rows: what one run over everything prints, compared with what the nights have printed.
all_rows() {
  cs window --lateness=1h "$WHOLE" >rows
  cs window --lateness=1h --state=state --output=out --flush </dev/null
  cmp out rows
}

@test "logrotate: each line is read once, renamed, copied and emptied, or with the inode of one long gone" {
  local how
  for how in create copytruncate reuse; do
    rm -f ev* out state
    head -n 5000 "$WHOLE" >ev
    nightly ev
    sed -n '5001,7000p' "$WHOLE" >>ev
    case $how in
    create) mv ev ev.1 && sed -n '7001,12000p' "$WHOLE" >ev ;;
    copytruncate) cp ev ev.1 && sed -n '7001,12000p' "$WHOLE" >ev ;;
    reuse) cp ev ev.1 && rm ev && sed -n '7001,12000p' "$WHOLE" >ev ;;
    esac
    nightly ev.1 ev
    nightly ev.1 ev
    tail -n +12001 "$WHOLE" >>ev
    nightly ev.1 ev
    all_rows
  done
}

@test "logrotate: what was appended after the last run and then moved away is said, not passed over" {
  local how unread
  for how in create copytruncate; do
    rm -f ev* out state
    head -n 5000 "$WHOLE" >ev
    nightly ev
    sed -n '5001,5500p' "$WHOLE" | tee -a ev | wc -c >unread
    unread=$(tr -d ' ' <unread)
    cp ev ev.1
    case $how in
    create) rm ev && mv ev.1 ev.x && mv ev.x ev.1 ;;
    esac
    sed -n '5501,12000p' "$WHOLE" >ev
    cp state before
    run -3 nightly ev
    [[ $output == "cs-window: ev: is not the file of the last run, which is ev.1 now: $unread bytes of it are unread; named before it, they are read; --skip-gone goes on without" ]]
    cmp state before
    nightly ev.1 ev
    tail -n +12001 "$WHOLE" >>ev
    nightly ev
    all_rows
  done
}

@test "logrotate: a file that is gone for good is said, and --skip-gone goes on" {
  head -n 5000 "$WHOLE" >ev
  nightly ev
  mkdir elsewhere
  mv ev elsewhere
  tail -n +5001 "$WHOLE" >ev
  local size
  size=$(wc -c <elsewhere/ev)
  run -3 nightly ev
  [[ $output == "cs-window: ev: is not the file of the last run, which is not beside it: what stood behind its byte $size is gone; --skip-gone goes on without" ]]
  run -0 nightly --skip-gone ev
  [[ $output == "cs-window: ev: is not the file of the last run, which is not beside it: what stood behind its byte $size is gone" ]]
  run -0 nightly ev
  [ -z "$output" ]
  all_rows
}

@test "a file that was read to its end and moved away is nothing to speak of" {
  head -n 5000 "$WHOLE" >ev
  nightly ev
  mv ev ev-20260101
  tail -n +5001 "$WHOLE" >ev
  run -0 nightly ev
  [ -z "$output" ]
  all_rows
}

@test "logrotate: a file that was compressed since is not read again, nor is what it lacked passed over" {
  local how
  for how in read unread; do
    rm -f ev* out state
    head -n 5000 "$WHOLE" >ev
    nightly ev
    [ $how = read ] || sed -n '5001,5500p' "$WHOLE" >>ev
    gzip -c ev >ev.1.gz
    rm ev
    sed -n "$([ $how = read ] && echo 5001 || echo 5501),12000p" "$WHOLE" >ev
    if [ $how = unread ]; then
      run -3 nightly ev
      [[ $output == *"which is ev.1.gz now: "*" bytes of it are unread"* ]]
    else
      run -0 nightly ev
      [ -z "$output" ]
    fi
    nightly ev.1.gz ev
    tail -n +12001 "$WHOLE" >>ev
    nightly ev*
    all_rows
  done
}

@test "logrotate: text in another encoding, too, renamed, copied and emptied, and compressed since" {
  local how encoding how_read
  for encoding in latin1 UTF-16; do
    # é is two bytes in UTF-8 and one in latin1: places in the text are none in the file.
    sed 's/"page_url":"/&éééé/' "$WHOLE" >utf8
    nightly_in() {
      cs window --lateness=1h "${how_read[@]}" --state=state --output=out "$@" 2>&1
    }
    how_read=()
    [ $encoding = UTF-16 ] || how_read=(--encoding="$encoding")
    cs window --lateness=1h --flush --state=whole.state --output=whole.out utf8
    # written FROM TO: these lines.
    written() {
      sed -n "$1,$2p" utf8 | if [ $encoding = UTF-16 ]; then iconv -f utf8 -t UTF-16LE; else iconv -c -f utf8 -t $encoding; fi
    }
    bom() {
      [ $encoding != UTF-16 ] || printf '\377\376'
    }
    for how in renamed copied $([ $encoding = UTF-16 ] || echo compressed); do
      rm -f ev* out state
      { bom && written 1 5000; } >ev
      nightly_in ev
      written 5001 5500 >>ev
      case $how in
      renamed) mv ev ev.1 ;;
      copied) cp ev ev.1 ;;
      compressed) gzip -c ev >ev.1 && rm ev ;;
      esac
      { bom && written 5501 12000; } >new
      cat new >ev
      run -3 nightly_in ev
      [[ $output == *"which is ev.1 now: "*" bytes of it are unread"* ]]
      nightly_in ev.1 ev
      written 12001 '$' >>ev
      run -0 nightly_in --flush ev
      [ -z "$output" ]
      cmp out whole.out
    done
    rm whole.*
  done
}

@test "a copy of a file that is still there is a file of its own" {
  head -n 5000 "$WHOLE" >ev
  nightly ev
  cp ev copy
  run -0 nightly copy
  [ -z "$output" ]
  cs window --lateness=1h --flush --state=state --output=out </dev/null
  [ "$(jq -s 'map(.n) | add' out)" = 10000 ] || jq -s 'map(.n) | add' out
}
