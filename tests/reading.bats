#!/usr/bin/env bats
# Reading: what may come in, from where, and what becomes of it.
# shellcheck disable=SC2002,SC2016,SC2086,SC2154 # commands in variables are several words; bats sets stderr

load helper

setup() { setup_tools; }

@test "line ends may be CR LF" {
  minutes 1 3 | sed 's/$/\r/' >crlf
  [ "$(tally crlf)" -eq 3 ]
  cs-parse crlf >out
  run ! grep -q $'\r' out
}

@test "a byte order mark at the start is skipped, anywhere else it is not JSON" {
  minutes 1 2 >plain
  { printf '\xef\xbb\xbf' && cat plain; } >bom
  [ "$(tally bom)" -eq 2 ]
  [ "$(tally <bom)" -eq 2 ]
  [ "$(tally bom bom)" -eq 4 ]
  cat bom bom >two
  [ "$(tally two)" -eq 3 ]
  [ "$(fate rejected_by.not-json)" -eq 1 ]
  printf '\xef\xbb\xbf' >only
  [ "$(tally only)" -eq 0 ]
  [ "$(fate read)" -eq 0 ]
}

@test "blank lines are skipped, and counted only as lines" {
  {
    printf '\n \n\t\r\n\r\n'
    minutes 1 1
    printf '\n\n'
    echo nonsense
    printf ' \n'
  } >blanks
  [ "$(tally --rejects=rejects blanks)" -eq 1 ]
  [ "$(fate read)" -eq 2 ]
  [ "$(jq .line rejects)" -eq 8 ]
}

@test "a last line without a newline counts if it is a whole event" {
  minutes 1 3 | head -c -1 >whole
  [ "$(tally whole)" -eq 3 ]
  [ "$(tally <whole)" -eq 3 ]
  [ "$(cat whole | tally)" -eq 3 ]
}

@test "a torn last line is rejected by name" {
  minutes 1 3 | head -c -5 >torn
  [ "$(tally --rejects=rejects torn)" -eq 2 ]
  [ "$(fate rejected_by.torn)" -eq 1 ]
  [ "$(jq -c '[.reason, .input, .line]' rejects)" = '["torn","torn",3]' ]
  # Whatever is wrong with it: the rest may have been right.
  { minutes 1 1 && printf '{"event_time":"2026-01"}'; } >torn
  [ "$(tally torn)" -eq 1 ]
  [ "$(fate rejected_by.torn)" -eq 1 ]
  # A whole event that is nobody's is not torn.
  { event 2026-01-01T00:01:00Z '"session_id":null' | head -c -1; } >nobody
  counted cs-sessionize nobody >rows
  [ "$(fate rejected_by.no-id)" -eq 1 ]
}

@test "a NUL byte is not JSON, wherever it stands" {
  {
    minutes 1 1
    printf '\0\n'
    event 2026-01-01T00:02:00Z '"price":"a\0b"'
    minutes 3 3 | tr '}' '\0'
    printf '{"event_time":"2026-01-01T00:01:00Z"}\0\n'
    minutes 4 4
  } >nul
  sed -i 's/a\\0b/a\x00b/' nul
  [ "$(tally nul)" -eq 2 ]
  [ "$(fate rejected_by.not-json)" -eq 4 ]
}

@test "invalid UTF-8 and lone surrogates are bad-utf8" {
  {
    printf '{"event_time":"2026-01-01T00:01:00Z","s":"%b"}\n' '\xff' '\xc0\x80' '\xed\xa0\x80' '\xe2\x82' '\xf4\x90\x80\x80'
    printf '%s\n' '{"event_time":"2026-01-01T00:01:00Z","s":"\ud800"}' '{"event_time":"2026-01-01T00:01:00Z","s":"\udc00\ud800"}'
    printf '%s\n' '{"event_time":"2026-01-01T00:01:00Z","s":"\ud83d\ude00"}'
  } >bad
  [ "$(tally bad)" -eq 1 ]
  [ "$(fate rejected_by.bad-utf8)" -eq 7 ]
}

# A line of exactly so many bytes, its newline not counted.
long_line() {
  local head='{"event_time":"2026-01-01T00:01:00Z","s":"' tail='"}'
  printf '%s' "$head"
  head -c $(($1 - ${#head} - ${#tail})) /dev/zero | tr '\0' x
  printf '%s\n' "$tail"
}

@test "a line of 16 MiB is accepted, a longer one is rejected and the next is not lost" {
  {
    minutes 1 1
    long_line 16777216
    minutes 2 2
    long_line 16777217
    minutes 3 3
    long_line 40000000
    minutes 4 4
    long_line 20000000 | head -c -1
  } >long
  for way in 'long' '<long' '<(cat long)'; do
    eval "tally --rejects=rejects $way" >total
    [ "$(cat total)" -eq 5 ]
    [ "$(fate read)" -eq 8 ]
    [ "$(fate rejected_by.too-long)" -eq 3 ]
    [ "$(jq -c '[.line, .raw_truncated, (.raw | length)]' rejects | tr '\n' ' ')" = '[4,true,65536] [6,true,65536] [8,true,65536] ' ]
  done
}

@test "what a line longer than 16 MiB holds makes no difference" {
  { head -c 17000000 /dev/zero | tr '\0' ' ' && echo && minutes 1 1; } >blanks
  { printf '[' && head -c 17000000 /dev/zero && echo && minutes 1 1; } >zeros
  for file in blanks zeros; do
    [ "$(tally $file)" -eq 1 ]
    [ "$(fate rejected_by.too-long)" -eq 1 ]
  done
}

@test "several files are one stream, and each may lack its last newline" {
  minutes 1 2 >a
  minutes 3 4 | head -c -1 >b
  minutes 5 6 | head -c -3 >c
  minutes 7 8 >d
  [ "$(tally --rejects=rejects a b c d)" -eq 7 ]
  [ "$(jq -c '[.reason, .input, .line]' rejects)" = '["torn","c",2]' ]
  # One stream: what is early in the second file is late after the first.
  [ "$(tally --late=late d a 2>&1)" -eq 4 ]
  minutes 200 200 >e
  [ "$(tally --late=late e a)" -eq 1 ]
  [ "$(fate late)" -eq 2 ]
}

@test "no operand and - are standard input, also between files" {
  minutes 1 2 >a
  minutes 3 3 >b
  [ "$(tally <a)" -eq 2 ]
  [ "$(tally - <a)" -eq 2 ]
  [ "$(cat b | tally a - a)" -eq 5 ]
  [ "$(tally a - <b)" -eq 3 ]
}

@test "--interleave takes the file whose event time is behind" {
  minutes 1 300 >a
  minutes 1 300 >b
  [ "$(tally a b)" -eq 300 ] || [ "$(fate late)" -gt 0 ]
  [ "$(tally --interleave --lateness=0s a b)" -eq 600 ]
  [ "$(fate late)" -eq 0 ]
  awk '{ printf "0\t%d\t%s\n", NR, $0 }' a >fa
  awk '{ printf "1\t%d\t%s\n", NR, $0 }' b >fb
  [ "$(tally --interleave --lateness=0s fa fb)" -eq 600 ]
}

@test "FIFOs and process substitution are read as they come" {
  mkfifo one two
  minutes 1 3 >one &
  minutes 2 4 >two &
  [ "$(tally one two)" -eq 6 ]
  wait
  [ "$(tally <(minutes 1 5) <(minutes 3 4) <(true))" -eq 7 ]
  [ "$(minutes 1 5 | tally - <(minutes 3 4))" -eq 7 ]
}

@test "a FIFO may be opened in any order" {
  mkfifo one two
  { minutes 1 3 >two && minutes 1 3 >one; } &
  [ "$(timeout 5 cs-window --size=1h --agg=n=count one two | jq .n)" -eq 6 ]
  wait
}

@test "compressed files are decompressed by their ending" {
  minutes 1 30 >a
  gzip -k a && zstd -q a && xz -k a && bzip2 -k a
  for file in a.gz a.zst a.xz a.bz2; do
    [ "$(tally $file)" -eq 30 ]
  done
  [ "$(tally a.gz a a.xz)" -eq 90 ]
  [ "$(tally --interleave a.gz a a.xz)" -eq 90 ]
  head -c 0 /dev/null | gzip >empty.gz
  [ "$(tally empty.gz)" -eq 0 ]
}

@test "a damaged or cut compressed file is a failure that names the file" {
  build_events() { traffic --events=2000 --seed=3; }
  build_events | gzip >good.gz
  head -c 20000 good.gz >cut.gz
  run -1 --separate-stderr cs-window --size=1h --agg=n=count cut.gz
  [[ $stderr == *'cs-window: cut.gz: gzip failed: the file is damaged or cut off'* ]]
  echo nonsense >bad.zst
  run -1 --separate-stderr cs-window --size=1h --agg=n=count bad.zst
  [[ $stderr == *'bad.zst: zstd failed'* ]]
}

@test "a missing file or a directory is a failure before anything is read" {
  minutes 1 1 >a
  echo old >out
  run -1 --separate-stderr cs-window --size=1h --agg=n=count --output=out a missing
  [ "$stderr" = 'cs-window: missing: No such file or directory' ]
  [ "$(cat out)" = old ]
  mkdir folder
  run -1 --separate-stderr cs-window --size=1h --agg=n=count folder
  [ "$stderr" = 'cs-window: folder: Is a directory' ]
  run -1 --separate-stderr cs-window --size=1h --agg=n=count </
  [ "$stderr" = 'cs-window: standard input: Is a directory' ]
}

@test "an empty input gives no rows and no complaint" {
  : >empty
  for input in empty /dev/null; do
    run -0 --separate-stderr cs-window --size=1h --agg=n=count "$input"
    [ -z "$output$stderr" ]
  done
  run -0 --separate-stderr cs-parse <empty
  [ -z "$output$stderr" ]
}

@test "a full disk is exit 1 for output of any size" {
  traffic --events=5000 >events
  for count in 1 100 5000; do
    head -n $count events >some
    run -1 --separate-stderr bash -c 'cs-parse some >/dev/full'
    [ "$stderr" = 'cs-parse: standard output: No space left on device' ]
    run -1 --separate-stderr cs-window --size=1m --agg=n=count --output=/dev/full some
    [ "$stderr" = 'cs-window: /dev/full: No space left on device' ]
  done
  run -1 bash -c 'cs-window --help >/dev/full'
  run -1 bash -c 'cs-window --version >/dev/full'
  run -1 bash -c 'cs-window --size=1m --agg=n=count --explain >/dev/full'
  echo nonsense >bad
  run -1 cs-window --size=1m --agg=n=count --rejects=/dev/full bad
  run -1 cs-window --size=1m --agg=n=count --stats=/dev/full some
  [ -c /dev/full ]
}

@test "a reader that has had enough ends the pipeline" {
  traffic --events=100000 >events
  set +o pipefail
  run -0 bash -c 'cs-parse events | head -n 1; exit ${PIPESTATUS[1]}'
  [ "${#lines[@]}" -eq 1 ]
  run bash -c 'cs-parse events | head -n 1 >line; exit ${PIPESTATUS[0]}'
  [ "$status" -eq 141 ]
  # Without end: the writer in front of it ends, too.
  run -0 timeout 10 bash -c 'traffic --events=100000000 | cs-parse | head -n 1'
}

@test "a closed standard output is a failure, and nothing else gets the rows" {
  minutes 1 3 >a
  cp a before
  for closed in 'a >&-' '--rejects=rejects a >&-' '<a >&-' '--interleave a a >&-' '<(cat a) >&-'; do
    run -1 --separate-stderr bash -c "cs-window --size=1h --agg=n=count $closed"
    [[ $stderr == 'cs-window: standard output: '* ]]
  done
  [ ! -s rejects ]
  cmp a before
  # With --output nobody needs it.
  run -0 bash -c 'cs-window --size=1h --agg=n=count --output=out a >&-'
  [ -s out ]
}

@test "a closed standard input is a failure, a closed standard error is not" {
  run -1 --separate-stderr bash -c 'cs-window --size=1h --agg=n=count <&-'
  [[ $stderr == 'cs-window: standard input: '* ]]
  echo nonsense >bad
  run -1 bash -c 'cs-window --size=1h --agg=n=count --output=out bad 2>&-'
  [ ! -s out ]
}

@test "a file cannot be read and written in one run" {
  minutes 1 3 >a
  cp a before
  run -2 --separate-stderr cs-parse --output=a a
  [ "${stderr_lines[0]}" = "cs-parse: --output: 'a' is an input, too" ]
  run -2 cs-parse --rejects=./a a
  run -2 bash -c 'cs-parse --output=a <a'
  cmp a before
  run -2 cs-parse --output=b --rejects=b a
}

@test "reading from a terminal says so" {
  run -0 script -qec 'cs-window --size=1h --agg=n=count' /dev/null < <(sleep 0.3 && printf '\004')
  [[ $output == *'cs-window: reading events from the terminal (Ctrl-D ends)'* ]]
}

@test "a thousand files need no thousand descriptors" {
  mkdir many
  for i in {1..300}; do minutes 1 1 >many/$i; done
  ulimit -n 64
  [ "$(tally many/*)" -eq 300 ]
}

@test "a FIFO whose writers have gone before the tool begins ends like any other" {
  mkfifo fifo
  exec 5<>fifo
  exec 6<fifo 7>fifo 5<&-
  minutes 0 2 >&7
  exec 7>&-
  # KILL: a TERM would be the end of the input.
  [ "$(timeout -s KILL 60 cs-window --size=1h --agg=n=count /dev/fd/6 | jq .n)" = 3 ]
  run -0 timeout -s KILL 60 cs-window --size=1h --agg=n=count /dev/fd/6 - </dev/null
}
