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

# Every way in which bytes come: by name, as standard input, through pipes.
every_way() {
  [ "$(tally "$1")" -eq "$2" ] && [ "$(tally <"$1")" -eq "$2" ] && [ "$(cat "$1" | tally)" -eq "$2" ] &&
    [ "$(tally <(cat "$1"))" -eq "$2" ] && [ "$(build_drip 1 <"$1" | tally)" -eq "$2" ]
}

# Hands on so many bytes at first, and the rest a moment later.
build_drip() { head -c "$1" && sleep 0.05 && cat; }

@test "what is compressed is known by its first bytes, whatever its name and wherever it comes from" {
  minutes 1 30 >a
  for program in gzip zstd xz bzip2 lz4; do
    if ! command -v $program >/dev/null; then skip "no $program"; fi
    $program -c <a >b.txt
    every_way b.txt 30
  done
  gzip -c a >a.gz
  xz -c a >a.xz
  [ "$(tally a.gz a a.xz)" -eq 90 ]
  [ "$(tally --interleave a.gz a a.xz)" -eq 90 ]
  : | gzip >empty
  every_way empty 0
  # Members behind one another, and a name that lies.
  cat a.gz a.gz >twice
  every_way twice 60
  cp a lies.gz
  run --separate-stderr cs-window --size=1h --agg=n=count lies.gz
  [ "$(jq .n <<<"$output")" -eq 30 ]
  [ "$stderr" = 'cs-window: lies.gz: does not begin as gzip does: read as it is' ]
  # An empty file is an empty file.
  : >nothing.gz
  [ "$(tally nothing.gz a)" -eq 30 ]
}

@test "a program that is missing is named, with the package that has it" {
  minutes 1 3 | xz >a.xz
  mkdir none
  tool=$(command -v cs-window)
  cat=$(command -v cat)
  run -2 --separate-stderr env PATH="$PWD/none" "$tool" --size=1h --agg=n=count a.xz
  [ "${stderr_lines[0]}" = "cs-window: a.xz: to read it takes xz, which is not installed (Debian's package: xz-utils)" ]
  "$cat" a.xz | { PATH=$PWD/none "$tool" --size=1h --agg=n=count 2>err || echo $? >status; }
  grep -q 'standard input: to read it takes xz' err
  [ "$(cat status)" = 1 ]
}

@test "gzip is undone where no program for it is installed" {
  minutes 1 3 | gzip >a.gz
  mkdir none
  tool=$(command -v cs-window)
  cat=$(command -v cat)
  run -0 --separate-stderr env PATH="$PWD/none" "$tool" --size=1h --agg=n=count a.gz
  [[ $output == *'"n":3}' && -z $stderr ]]
  [ "$("$cat" a.gz | PATH=$PWD/none "$tool" --size=1h --agg=n=count)" = "$output" ]
}

@test "archives and tables of other kinds are refused by name, with what to do" {
  printf 'PK\x03\x04rest' >a.zip
  run -2 --separate-stderr cs-window --size=1h --agg=n=count a.zip
  [[ $stderr == 'cs-window: a.zip: is a zip archive, '*'unzip -p'* ]]
  cat a.zip | { run -1 --separate-stderr cs-window --size=1h --agg=n=count && [[ $stderr == *'standard input: is a zip archive'* ]]; }
  minutes 1 3 >a
  tar -cf a.tar a
  run -2 --separate-stderr cs-window --size=1h --agg=n=count a.tar
  [[ $stderr == *'a.tar: is a tar archive'*'tar -xOf'* ]]
  gzip a.tar
  run -1 --separate-stderr cs-window --size=1h --agg=n=count a.tar.gz
  [[ $stderr == *'a.tar.gz: is a tar archive'* ]]
  gzip -c a | gzip >twice.gz
  run -1 --separate-stderr cs-window --size=1h --agg=n=count twice.gz
  [[ $stderr == *'twice.gz: is compressed twice'*'gzip -dc'* ]]
  # The others are used, whether it is a file or a stream, and with as many jobs as you like.
  for jobs in 1 2; do
    for bad in twice.gz a.tar.gz; do
      run -1 --separate-stderr cs-window --size=1h --agg=n=count --jobs=$jobs a "$bad" a
      [ "$output" = "$(cs-window --size=1h --agg=n=count a a)" ]
      [[ $stderr == *': nothing of it is used' ]]
    done
  done
  run -1 --separate-stderr cs-window --size=1h --agg=n=count a <(gzip -dc twice.gz | gzip) <(cat a.tar.gz)
  [ "$output" = "$(cs-window --size=1h --agg=n=count a)" ]
  printf 'PAR1....' >a.parquet
  run -2 --separate-stderr cs-window --size=1h --agg=n=count a.parquet
  [[ $stderr == *'Parquet'*'duckdb'* ]]
}

# A file cut off after about half of its lines: what can be read of it is in half.
build_damaged() {
  traffic --events=2000 --seed=3 >whole
  gzip -c whole >good.gz
  head -c $(($(stat -c %s good.gz) / 2)) good.gz >cut.gz
  inflated cut.gz >half
}

# What stands in a file before it is cut off or damaged: not all of it comes out of gzip.
inflated() {
  python3 -c 'import sys, zlib
stream = zlib.decompressobj(31)
try:
    for byte in open(sys.argv[1], "rb").read():
        sys.stdout.buffer.write(stream.decompress(bytes([byte])))
except zlib.error:
    pass' "$1"
}

@test "of a damaged file what can be read is used, and the run fails at its end" {
  build_damaged
  readable=$(wc -l <half)
  [ "$readable" -gt 500 ]
  for jobs in 1 2; do
    run -1 --separate-stderr cs-window --lateness=max --size=1h --agg=n=count --jobs=$jobs --stats=stats.json good.gz cut.gz good.gz
    [ "$(jq -s 'map(.n) | add' <<<"$output")" -eq $((4000 + readable)) ]
    [[ $stderr == *"cut.gz: is damaged or cut off: only the $(wc -c <half) bytes"*' are used (zlib: unexpected end of file)'* ]]
    [ "$(fate rejected_by.torn)" -eq 1 ]
    conserved
  done
  # The same of a pipe.
  cat cut.gz | { run -1 --separate-stderr cs-window --lateness=max --size=1h --agg=n=count; [ "$(jq -s 'map(.n) | add' <<<"$output")" -eq "$readable" ]; }
  # A wrong check sum is found at the very end.
  size=$(stat -c %s good.gz)
  { head -c $((size - 8)) good.gz && printf 'xxxx' && tail -c 4 good.gz; } >sum.gz
  run -1 --separate-stderr cs-window --lateness=max --size=1h --agg=n=count sum.gz
  [ "$(jq -s 'map(.n) | add' <<<"$output")" -eq 2000 ]
  [[ $stderr == *'sum.gz: is damaged'* ]]
  for program in zstd xz bzip2; do
    $program -c whole | head -c 40000 >half.bin
    run -1 --separate-stderr cs-window --lateness=max --size=1h --agg=n=count half.bin good.gz
    [[ $stderr == *"half.bin: is damaged or cut off"*"($program"* ]] || { echo "$stderr" && return 1; }
    [ "$(jq -s 'map(.n) | add' <<<"$output")" -ge 2000 ]
  done
}

@test "the last line of a damaged file is torn, even if it looks whole" {
  { echo event_time,event_type,page_url && awk 'BEGIN { for (i = 1; i <= 3000; i++) print "2026-01-01T00:00:00Z,page_view,/" i "/" int(rand() * 1e9) }'; } >a.csv
  gzip -c a.csv | head -c 20000 >cut.gz
  gzip -dc cut.gz >half 2>/dev/null || true
  [ "$(tail -c 1 half | wc -l)" -eq 0 ]
  run -1 --separate-stderr counted cs-parse cut.gz
  [ "${#lines[@]}" -eq $(($(wc -l <half) - 1)) ]
  [ "$(fate rejected_by.torn)" -eq 1 ]
}

@test "--strict stops at a damaged file" {
  build_damaged
  head -n 500 half | gzip | head -c -8 >cut.gz
  run -1 --separate-stderr cs-window --strict --lateness=max --size=1h --agg=n=count cut.gz good.gz
  [ -z "$output" ]
  [[ $stderr == *'cut.gz: is damaged'*'--strict: stopped at the first damaged input' ]]
}

@test "what follows the compressed data is named, and changes nothing else" {
  minutes 1 30 | gzip >a.gz
  { cat a.gz && echo junk; } >junk.gz
  run -0 --separate-stderr cs-window --size=1h --agg=n=count junk.gz
  [ "$(jq .n <<<"$output")" -eq 30 ]
  [ "$stderr" = 'cs-window: junk.gz: something that is not compressed follows the compressed data, and is not used' ]
  # Tapes end in zeros.
  { cat a.gz && head -c 1000 /dev/zero; } >zeros.gz
  run -0 --separate-stderr cs-window --size=1h --agg=n=count zeros.gz
  [ -z "$stderr" ]
}

@test "of a damaged gzip file comes all that stands before the place, whatever decompresses it" {
  local size at path
  traffic --events=1000 --seed=4 >whole
  gzip -c whole >good.gz
  size=$(stat -c %s good.gz)
  { cat good.gz && echo junk; } >junk.gz
  { cat good.gz && printf '\x1f'; } >begun.gz
  { cat good.gz && printf '\x1f\x8b'; } >header.gz
  cat good.gz good.gz >two.gz
  head -c 5 good.gz >tiny.gz
  # Any cut: programs differ in how many of the last bits they use.
  for at in $(seq 300 $((size / $(rounds 10))) "$size"); do head -c "$at" good.gz >"cut$at.gz"; done
  # A wrong bit: a sum that is wrong at the end, or no code at all from there on.
  for at in $(seq 500 $((size / $(rounds 10))) "$size"); do
    python3 -c 'import sys
data = bytearray(open("good.gz", "rb").read())
data[int(sys.argv[1])] ^= 1 << int(sys.argv[1]) % 8
open(f"bit{sys.argv[1]}.gz", "wb").write(data)' "$at"
  done
  mkdir none with
  if path=$(command -v igzip); then ln -s "$path" with/igzip; else echo '# igzip is absent' >&3; fi
  tool=$(command -v cs-parse)
  for file in *.gz; do
    for path in none with; do
      PATH=$PWD/$path "$tool" --rejects=$path.rejects "$file" >$path.rows 2>$path.err || echo $? >>$path.err
    done
    cmp none.rows with.rows
    cmp none.rejects with.rejects
    cmp none.err with.err
    # The same of a pipe, and as many lines as there are.
    "$tool" --rejects=pipe.rejects <"$file" >pipe.rows 2>/dev/null || true
    cmp pipe.rows none.rows
    case $file in
      cut* | bit*) [ "$(cat none.rows none.rejects | wc -l)" -ge "$(inflated "$file" | wc -l)" ] ;;
    esac
  done
  grep -q 'begun.gz' <(cs-parse begun.gz 2>&1 >/dev/null)
  run -1 cs-parse header.gz
}

@test "--state goes on with a damaged file where it could not be read any further" {
  build_damaged
  cp cut.gz in.gz
  run -1 cs-sessionize --state=state --output=out in.gz
  run -1 cs-sessionize --state=state --output=out in.gz
  # It was still being copied.
  cat good.gz >in.gz
  run -0 cs-sessionize --state=state --flush --output=out in.gz
  cs-sessionize --state=state2 --flush --output=wanted good.gz
  cmp out wanted
}

@test "text in other encodings is read, however it comes" {
  { minutes 1 3 && event 2026-01-01T00:04:00Z '"page_url":"/café/日本"'; } >a
  sed 's/é/e/' a >jis # a C library may know JIS X 0208 alone
  for encoding in UTF-16 UTF-16LE UTF-16BE UTF-32 EUC-JP; do
    if [ $encoding = EUC-JP ]; then iconv -f UTF-8 -t $encoding jis; else iconv -f UTF-8 -t $encoding a; fi >b
    every_way_in $encoding b
  done
  # By its mark.
  { printf '\xff\xfe' && iconv -f UTF-8 -t UTF-16LE a; } >little
  { printf '\xfe\xff' && iconv -f UTF-8 -t UTF-16BE a; } >big
  { printf '\xff\xfe\0\0' && iconv -f UTF-8 -t UTF-32LE a; } >little4
  { printf '\0\0\xfe\xff' && iconv -f UTF-8 -t UTF-32BE a; } >big4
  for file in little big little4 big4; do
    every_way $file 4
    gzip -c $file >$file.gz
    every_way $file.gz 4
    [ "$(tally --jobs=2 $file a $file.gz)" -eq 12 ]
    [ "$(cs-parse $file | tail -n 1 | jq -r .page_url)" = /café/日本 ]
  done
}

every_way_in() {
  tally() { counted cs-window --size=1h --agg=n=count --encoding="$encoding" "$@" >tally.rows && sum_of_n tally.rows; }
  local encoding=$1
  every_way "$2" 4
  gzip -c "$2" >"$2.gz"
  every_way "$2.gz" 4
  unset -f tally
  tally() { counted cs-window --size=1h --agg=n=count "$@" >tally.rows && sum_of_n tally.rows; }
}

@test "what --encoding says is another encoding, and is UTF-8 already, is named" {
  { minutes 1 3 && event 2026-01-01T00:04:00Z '"page_url":"/café/日本"'; } >a
  for encoding in latin1 CP1252 EUC-JP; do
    run -0 --separate-stderr cs-window --size=1h --agg=n=count --encoding=$encoding a
    [[ $stderr == *"a is UTF-8 already, of whose characters beyond ASCII (3) --encoding=$encoding has made others"* ]]
  done
  # Wherever reads are cut.
  yes "$(tail -n 1 a)" | head -n 20000 >many
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --encoding=latin1 many
  [[ $stderr == *"many is UTF-8 already"* ]]
  # ASCII is the same in both; and one character of the other is enough.
  minutes 1 3 >ascii
  { cat many && event 2026-01-01T00:04:00Z '"page_url":"/café"' | iconv -f UTF-8 -t latin1; } >other
  for file in ascii other; do
    run -0 --separate-stderr cs-window --size=1h --agg=n=count --encoding=latin1 $file
    [ -z "$stderr" ]
  done
}

@test "what is no character of its encoding costs its record, and no other" {
  { minutes 1 1 && printf '{"event_time":"2026-01-01T00:02:00Z","page_url":"/\x81"}\n' && minutes 3 3; } >a
  [ "$(tally --encoding=CP1252 a)" -eq 2 ]
  [ "$(fate rejected_by.bad-utf8)" -eq 1 ]
  { minutes 1 1 && printf '{"event_time":"2026-01-01T00:02:00Z","page_url":"/X"}\n' && minutes 3 3; } |
    iconv -f UTF-8 -t UTF-16LE | LC_ALL=C sed 's/X\x00/\x00\xd8/' >lone
  [ "$(tally --encoding=UTF-16LE lone)" -eq 2 ]
  [ "$(fate rejected_by.bad-utf8)" -eq 1 ]
}

@test "records that are not UTF-8 are refused one by one, with a hint at the end" {
  { minutes 1 1 && event 2026-01-01T00:02:00Z '"page_url":"/café"' && event 2026-01-01T00:03:00Z '"page_url":"\ud800"'; } | iconv -f UTF-8 -t latin1 >a
  run -0 --separate-stderr cs-window --size=1h --agg=n=count a
  [ "$(jq .n <<<"$output")" -eq 1 ]
  [ "${stderr_lines[-1]}" = 'cs-window: 1 record is not UTF-8: --encoding=latin1 if all is in that (or CP1252, or another); cs-parse --repair=utf8 mends single bytes' ]
  run -0 --separate-stderr cs-window --size=1h --agg=n=count --encoding=latin1 a
  [ "$(jq .n <<<"$output")" -eq 2 ]
  [[ $stderr != *'--encoding'* ]]
}

@test "an encoding that is not known is refused, and UTF-8 is none" {
  run -2 --separate-stderr cs-window --size=1h --agg=n=count --encoding=latin-one
  [ "${stderr_lines[0]}" = "cs-window: --encoding: 'latin-one' is no encoding that is known here (iconv -l lists them)" ]
  traffic --events=5000 >a
  [ "$(tally --encoding=utf-8 --jobs=2 a)" -eq "$(tally a)" ]
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
  for closed in 'a >&-' '--rejects=rejects a >&-' '<a >&-' '--interleave a before >&-' '<(cat a) >&-'; do
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

@test "a file that becomes shorter while it is read is named, and the run is a failure" {
  traffic --events=30000 >in
  # The reader cuts the file when it has the first line: no more than a few blocks are on their way by then.
  { cs-parse in 2>err || echo "status $?" >status; } | { read -r _ && : >in && cat >rest; }
  [ "$(<status)" = 'status 1' ]
  grep -q 'cs-parse: in: has become shorter while it was read: what stood there is not used' err
  [ "$(wc -l <rest)" -lt 29000 ]
}
