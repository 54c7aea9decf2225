#!/usr/bin/env bats
# Exports and logs as people have them: what they are found to be, and what stands in them that is no record.
# shellcheck disable=SC2016,SC2154 # bats sets stderr

load helper

setup() {
  setup_tools
  printf '%s\n' event_time,event_type,page_url 2026-01-01T00:00:01Z,page_view,/a '2026-01-01T00:00:02Z,page_view,"/b,""c"";|"' >rows.csv
  cs-parse rows.csv >rows.expected
  line='203.0.113.7 - - [01/Jan/2026:00:00:03 +0000] "GET /a HTTP/1.1" 200 1 "-" "U; V | W"'
}

# The same with another separator.
between() { tr , "$1" <rows.csv; }

# parsed ARGS...: cs-parse, its counters checked; prints how many events.
parsed() { counted cs-parse "$@" | wc -l; }

@test "columns are separated by whatever most of the beginning fits" {
  for c in ';' '|' $'\t' ','; do
    between "$c" >in
    cs-parse in 2>err | jq -r '.page_url' >got
    [ "$(wc -l <got)" -eq 2 ]
    [ "$(tail -n 1 got)" = "/b$c\"c\";|" ]
    [ ! -s err ]
    cs-parse --from=csv in | cmp - <(cs-parse in)
    cs-parse <in | cmp - <(cs-parse in)
  done
  # A comma wins where both may be, and what is asked for is not guessed.
  printf '%s\n' 'event_time,event_type,a;b' '2026-01-01T00:00:01Z,page_view,1;2' >both
  [ "$(cs-parse both | jq -r '."a;b"')" = '1;2' ]
  between ';' >in
  [ "$(parsed --delimiter='|' in)" -eq 0 ]
  # Names that were given need as many columns.
  between ';' | tail -n +2 >bare
  [ "$(parsed --header=event_time,event_type,page_url bare)" -eq 2 ]
}

@test "a line like sep=; says what stands between the columns, and is no record" {
  for line in 'sep=;' 'SEP=;' '"sep=;"' $'sep=;\r'; do
    { printf '%s\n' "$line" && between ';'; } >in
    [ "$(parsed in)" -eq 2 ]
    [ "$(fate read)" -eq 2 ]
    [ "$(parsed --from=csv in)" -eq 2 ]
  done
  # Any sign, not only those that are tried.
  { echo 'sep=~' && between '~'; } >in
  [ "$(parsed in)" -eq 2 ]
}

@test "a log with semicolons is none of CSV" {
  for _ in 1 2 3; do echo "$line"; done >log
  [ "$(parsed log)" -eq 3 ]
  printf '%s\n' 'a;b' 'c;d' >in
  run -1 --separate-stderr cs-parse in
  [[ $stderr == *'none of its first 2 records fits'* ]]
}

@test "--preamble skips what stands before the header, and says how much" {
  { printf '%s\n' 'Report of the shop, "January"' '"an open quote' '' 'a;b;c' && cat rows.csv; } >in
  run -0 --separate-stderr cs-parse --preamble --from=csv --stats=stats.json in
  [ "$output" = "$(cat rows.expected)" ]
  [ "$stderr" = 'cs-parse: 3 lines before the header line were skipped (--preamble)' ]
  conserved
  [ "$(fate filtered)" -eq 3 ]
  [ "$(parsed --preamble in)" -eq 2 ]
  # Without it they are refused by name.
  sed -i 2d in
  [ "$(parsed --from=csv in)" -eq 2 ]
  [ "$(fate rejected)" -eq 2 ]
  # The next file has one of its own.
  [ "$(parsed --preamble in rows.csv in)" -eq 6 ]
}

@test "--preamble does not swallow a file without a header" {
  seq 1 2000 | sed 's/$/,x/' >in
  [ "$(parsed --preamble --from=csv in)" -eq 0 ]
  [ "$(fate filtered)" -eq 1000 ]
  [ "$(fate rejected)" -eq 1000 ]
  for bad in --from=ndjson --from=combined --header=a,b; do
    run -2 --separate-stderr cs-parse --preamble $bad
    [[ $stderr == *'--preamble is for CSV and TSV with a header line'* ]]
  done
}

@test "--comment names what lines that are no records begin with" {
  { echo '// exported, "2026' && head -n 2 rows.csv && echo '//"' && tail -n 1 rows.csv && echo '// 2 rows'; } >in
  [ "$(parsed --comment=// in)" -eq 2 ]
  cs-parse --comment=// in | cmp - rows.expected
  [ "$(fate filtered)" -eq 3 ]
  { echo '# a log' && echo "$line" && echo '# the end'; } >log
  [ "$(parsed --comment='#' log)" -eq 1 ]
  { echo '# events' && minutes 1 1 && echo '# the end'; } >json
  [ "$(parsed --comment='#' json)" -eq 1 ]
  [ "$(fate rejected)" -eq 0 ]
  run -2 --separate-stderr cs-parse --comment='#' --from=ndjson
  [[ $stderr == *'JSON has no comments'* ]]
  run -2 cs-parse --comment=
}

@test "what is in frames is found out like what is in none" {
  frames() { awk '{ print "0\t" NR - 1 "\t" $0 }'; }
  frames <rows.csv >in
  cs-parse in | cmp - rows.expected
  between ';' | frames >in
  [ "$(parsed in)" -eq 2 ]
  { echo junk && echo "$line" && echo "$line"; } | frames >in
  [ "$(parsed in)" -eq 2 ]
  run --separate-stderr cs-parse in
  [[ $stderr == *'read as combined, which 2 of the first 3 records fit; the first does not'* ]]
  { echo 'Too many requests' && minutes 1 3; } | frames >in
  [ "$(parsed in)" -eq 3 ]
}

@test "a beginning in mid-line, in NULs or with something else costs no more than its line" {
  for _ in {1..20}; do echo "$line"; done >log
  tail -c 500 log >mid
  [ "$(parsed mid)" -eq $((500 / (${#line} + 1))) ]
  { head -c 7000 /dev/zero && cat log; } >zeros
  [ "$(parsed zeros)" -eq 19 ]
  minutes 1 20 >json
  { head -c 7000 /dev/zero && cat json; } >zeros
  [ "$(parsed zeros)" -eq 19 ]
  tail -c +20 json >mid
  [ "$(parsed mid)" -eq 19 ]
  { echo '[2001:db8::1] is up' && cat log; } >bracket
  [ "$(parsed bracket)" -eq 20 ]
}

# A log of so many lines, with a few that are none.
log_of() {
  awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) {
    if (i % 5000 == 77) print "junk " i
    printf "203.0.113.%d - - [01/Jan/2026:%02d:%02d:%02d +0000] \"GET /p/%d?q=\\\"x HTTP/1.1\" 200 %d \"-\" \"U; %d\"\n",
      i % 250, i / 7200 % 24, i / 60 % 60, i % 60, i, i % 777, i % 9 } }'
}

@test "any number of jobs reads a log as one does" {
  log_of 30000 >a
  { echo junk && log_of 20000; } >b
  { head -c 100 /dev/zero && log_of 20000; } >c
  for files in 'a' 'a b' 'b a c' 'c'; do
    for from in --from=auto --from=combined --log-format=combined; do
      for jobs in 1 3; do
        # shellcheck disable=SC2086 # several files
        cs-parse $from --jobs=$jobs --rejects=rejects.$jobs --stats=stats.json $files >out.$jobs 2>err.$jobs
        conserved
        shared_counters stats.json >stats.$jobs
      done
      cmp out.1 out.3
      cmp rejects.1 rejects.3
      cmp stats.1 stats.3
    done
  done
  [ "$(wc -l <out.1)" -eq 19999 ]
  # With other kinds of files beside it, too.
  cs-parse --jobs=3 a rows.csv >out.3
  cs-parse a rows.csv | cmp - out.3
  minutes 1 20000 >json
  cs-parse --jobs=3 a json >out.3
  cs-parse a json | cmp - out.3
}

@test "rows in quotes are read as those without, and the names told are those of the header" {
  sed 's/[^,]*/"&"/g' <<<'event_time,event_type,page_url,x' >quoted
  printf '%s\n' event_time,event_type,page_url,x >bare
  for i in {10..59}; do
    printf '"2026-01-01T00:00:%d.000Z","page_view","/a/%d",\r\n' $i $((i * 7919 ** (i % 4))) >>quoted
    printf '2026-01-01T00:00:%d.000Z,page_view,/a/%d,\n' $i $((i * 7919 ** (i % 4))) >>bare
  done
  [ "$(parsed quoted)" -eq 50 ]
  cs-parse quoted | cmp - <(cs-parse bare)
  # A quote in the middle costs its line; what is in quotes may be anything.
  printf '%s\n' '"2026-01-01T00:00:30Z","page_view","/b"c,' '"2026-01-01T00:00:31Z","page_view","/""q"",' 'ü",1' >>quoted
  [ "$(cs-parse --stats quoted 2>err | tail -n 1 | jq -c '[.page_url, .x]')" = '["/\"q\",\nü","1"]' ]
  grep -q '"rejected_by":{"bad-columns":1}' err
  # What is null because no column has it is no name that events came with.
  cs-parse --key=user_id bare >/dev/null 2>err
  grep -q 'they have event_time, event_type, page_url, x$' err
  printf '%s\n' 'event_time,event_type,x' '2026-01-01T00:00:01Z,,2' >none
  run -1 --separate-stderr cs-parse none
  [[ $stderr == *'no event_type; they have event_time, x'* ]]
}
