#!/usr/bin/env bats
# Options: what is refused, and in which words.
# shellcheck disable=SC2086,SC2154,SC2258 # commands in variables are several words; bats sets stderr

load helper

setup() { setup_tools; }

tools='cs-parse cs-window cs-sessionize cs-funnel cs-abandon cs-anomaly cs-identify'

# says TEXT COMMAND...: the command is refused with exactly that message, exit 2, and has read nothing.
says() {
  run -2 --separate-stderr "${@:2}" </dev/null
  [ -z "$output" ]
  [ "${stderr_lines[0]}" = "$1" ] || { echo "${stderr_lines[0]}" && return 1; }
  [ "${stderr_lines[1]}" = "Try '$2 --help'." ]
  [ "${#stderr_lines[@]}" -eq 2 ]
}

window() { cs-window --size=1h --agg=n=count "$@"; }

@test "a duration says its unit" {
  says "cs-window: --size: '5x' has no known unit (us, ms, s, m, h, d, w, mo, y)" cs-window --size=5x
  says 'cs-window: --size: which unit? (5s, 5m, 5h)' cs-window --size=5
  says 'cs-window: --lateness: which unit? (30s, 30m, 30h)' cs-window --size=5m --agg=n=count --lateness=30
  for bad in '' -5m 1.5h 5m1h 1h30 h 5M '5 m' 99999999999d 1h1h; do
    run -2 cs-window --size="$bad" --agg=n=count
    run -2 cs-funnel --lateness="$bad"
  done
  run -2 cs-window --size=0 --agg=n=count
  run -2 cs-window --size=0s --agg=n=count
  run -2 cs-window --size=max --agg=n=count
}

@test "--print-schema names a table, and its columns have names that PostgreSQL takes" {
  says "cs-window: --print-schema: must be sql or sql:TABLE, not 'json'" cs-window --size=1h --agg=n=count --print-schema=json
  says "cs-funnel: --print-schema: 'a b': a table is called NAME or SCHEMA.NAME, of letters, digits and _, each with 63 of them at most" cs-funnel '--print-schema=sql:a b'
  for bad in sql: sql:. sql:a. sql:.a sql:a.b.c sql:1 "sql:a'" 'sql:a"' sql:ä "sql:$(printf 'a%.0s' {1..64})"; do
    run -2 cs-funnel --print-schema="$bad" </dev/null
  done
  local long
  long=$(printf 'n%.0s' {1..64})
  says "cs-window: --print-schema: a column cannot be called '$long': names have 1 to 63 bytes in PostgreSQL" cs-window --size=1h --agg="$long=count" --print-schema=sql
}

@test "every list has the same grammar" {
  event 2026-01-01T00:00:00Z '"session_id":"s","a,b":"7","c\\\\d":"8"' >in
  [ "$(cs-parse '--number=a\,b' in | jq '."a,b"')" = 7 ]
  [ "$(cs-parse '--key=a\,b,c\\\\d' in | cut -f 1)" = '["7","8"]' ]
  [ "$(cs-parse '--rename=x=a\,b' in | jq -r .x)" = 7 ]
  [ "$(cs-parse '--recode=a\,b:7=\,' in | jq -r '."a,b"')" = , ]
  [ "$(cs-parse '--id-from=a\,b' in | jq -r .session_id)" = "$(cs-parse --rename='ab=a\,b' --id-from=ab in | jq -r .session_id)" ]
  [ "$(cs-sessionize '--split-by=a\,b' '--key=a\,b' in | cut -f 1)" = '"7"' ]
  [ "$(window '--by=x="a,b",y=[1,2],event_type' in | jq -c '[.x, .y, .event_type]')" = '["a,b",[1,2],"page_view"]' ]
  [ "$(window --by=event_type '--order-by=-event\_type' in | jq .n)" = 1 ]
  [ "$(window --by= in | jq -c keys)" = '["n","window_end","window_start"]' ]
}

@test "an item of a list is not empty, and a backslash has something behind it" {
  for bad in a,,b ,a a, 'a\'; do
    for option in number key rename recode id-from; do
      run -2 --separate-stderr cs-parse "--$option=$bad"
      [[ $stderr == "cs-parse: --$option: '$bad"* ]] || { echo "$stderr" && return 1; }
    done
    run -2 --separate-stderr cs-sessionize "--split-by=$bad"
    [[ $stderr == "cs-sessionize: --split-by: '$bad"* ]]
    for option in by key order-by partitions; do
      run -2 --separate-stderr window "--$option=$bad"
      [[ $stderr == "cs-window: --$option: '$bad"* ]] || { echo "$stderr" && return 1; }
    done
  done
}

@test "a value that may come out in a row is UTF-8" {
  says "cs-window: --agg: 'n\\xff=count' is not UTF-8" cs-window --size=1h --agg=$'n\xff=count'
  says "cs-window: --by: '\\xffa=.p' is not UTF-8" cs-window --size=1h --agg=n=count --by=$'\xffa=.p'
  says "cs-parse: --rename: '\\xff=p' is not UTF-8" cs-parse --rename=$'\xff=p'
  # Names of files may be any bytes.
  minutes 0 5 | cs-window --size=1h --agg=n=count --output=$'rows\xff'
  [ -s $'rows\xff' ]
}

@test "weeks are a unit, but of windows in --size of cs-window only" {
  minutes 0 5 >in
  [ "$(tally --lateness=1w --max-ahead=1w2d in)" -eq 6 ]
  says "cs-funnel: --size: '1w': a window's length has no weeks: write 7d (windows of 7d begin on Thursdays)" \
    cs-funnel --size=1w
  says "cs-window: --slide: '2w': a window's length has no weeks: write 14d (windows of 7d begin on Thursdays)" \
    cs-window --slide=2w
  run -2 cs-anomaly --size=1w
  echo --slide=1w >view
  run -2 cs-window --size=7d --view=view
}

@test "durations go from microseconds to days, and join" {
  minutes 0 59 >in
  [ "$(tally --size=1h --lateness=1us in)" -eq 60 ]
  for size in 500ms 30s 15m 1h 1h30m 1d 1d2h3m4s5ms; do
    [ "$(tally --size=$size in)" -eq 60 ]
  done
  [ "$(cs-window --size=90s --agg=n=count in | wc -l)" -eq 40 ]
  [ "$(cs-window --size=1m30s --agg=n=count in | wc -l)" -eq 40 ]
}

@test "0 needs no unit where it switches something off" {
  minutes 0 5 | tally --lateness=0 --max-ahead=0 --max-jump=0 --dedup=0 --idle=0 >total
  [ "$(cat total)" -eq 6 ]
}

@test "every tool refuses what it does not know" {
  for tool in $tools; do
    says "$tool: no such option: --bogus" "$tool" --bogus
    says "$tool: no such option: -Q" "$tool" -Q
    says "$tool: --lateness needs a value" "$tool" --lateness
    says "$tool: --strict takes no value" "$tool" --strict=yes
    says "$tool: --input: 'xml' is none of auto|ndjson|kcat|kcat-sized|kcat-json" "$tool" --input=xml
    says "$tool: --max-keys: 'many' is not a whole number" "$tool" --max-keys=many
    says "$tool: --max-keys: 0 is too small (the least is 1)" "$tool" --max-keys=0
  done
  for bad in a-b 3-1 -1 0,,1 0, 1-; do
    says "cs-funnel: --partitions: '$bad' is no list of partitions (0,1,2 or 0-11)" cs-funnel --partitions=$bad
  done
}

# begun_refused TOOL: each of its options without its last letter, and its first three: most of these would be unique. Prints
# how many were tried. For a shell of its own: bats looks at each command of a loop.
begun_refused() {
  local names option rest word line status tried=0
  names=$("$1" --help | sed -nE 's/^  (-., |    )?--([a-z-]+).*/\2/p')
  for option in $names; do
    for rest in "${option%?}" "${option:0:3}"; do
      [[ $'\n'$names$'\n' != *$'\n'"$rest"$'\n'* ]] || continue
      for word in "--$rest" "--$rest=1m"; do
        status=0
        "$1" "$word" </dev/null >/dev/null 2>said || status=$?
        IFS= read -r line <said || line=
        if [ "$status" != 2 ] || [[ $line != "$1: no such option: $word" && $line != "$1: no such option: $word;"* ]]; then
          printf '%s %s: exit %d: %s\n' "$1" "$word" "$status" "$line"
          return 1
        fi
        : $((tried += 1))
      done
    done
  done
  printf '%d\n' "$tried"
}

@test "a name that is only begun is refused, and the whole of it is said" {
  local tool
  export -f begun_refused
  for tool in $tools cs-ship cs-report cs-top cs-look cs-parallel cs-spark; do
    run -0 bash -uc 'begun_refused "$1"' bash "$tool"
    # At least --help and --version.
    [ "$output" -ge 8 ]
  done
  says 'cs-sessionize: no such option: --by=user_id; did you mean --by-partition?' cs-sessionize --by=user_id
  says 'cs-window: no such option: --late-ness; did you mean --lateness?' cs-window --late-ness 5m
  says 'cs-funnel: no such option: --siz; did you mean --size?' cs-funnel --siz 5m
  # What looks like a beginning, but is a value or an operand, is left alone.
  minutes 0 5 >--siz
  [ "$(cs-window --size 1h --agg n=count --output --lat -- --siz && jq .n ./--lat)" -eq 6 ]
}

@test "a wrong expression is a usage error" {
  for tool in $tools; do
    run -2 --separate-stderr "$tool" --where='.a ==' </dev/null
    [[ $stderr == "$tool: "*'--where: '* ]] || { [ "$tool" = cs-window ] && [[ $stderr == *--size* ]]; }
  done
  run -2 --separate-stderr window -w '.a | foo' </dev/null
  [[ $stderr == 'cs-window: --where: '* ]]
}

@test "--help and --version go to standard output and read nothing" {
  for tool in $tools; do
    for option in --help -h --version -V; do
      run -0 --separate-stderr timeout 5 "$tool" $option < <(sleep 10)
      [ -n "$output" ] && [ -z "$stderr" ]
    done
    run -0 "$tool" --version
    [[ $output == "$tool (clickstream) "[0-9]* ]]
    run -0 "$tool" --help
    [[ ${lines[0]} == "Usage: $tool "* ]]
    # Also behind other options.
    run -0 "$tool" --strict --help
  done
}

@test "--help fits a terminal, and each option has a word" {
  for tool in $tools; do
    "$tool" --help >help
    [ "$(awk 'length > 120' help | wc -l)" -eq 0 ]
    # The text begins in column 31, or on the next line.
    awk '/^  -/ { bad += waiting; waiting = length < 31 || substr($0, 30, 1) != " "; next } substr($0, 1, 30) ~ /^ +$/ && substr($0, 31, 1) != " " { waiting = 0 }
      END { exit bad + waiting > 0 }' help
    for option in where lateness idle max-ahead max-jump dedup rejects late strict output key pad stats explain progress help version; do
      grep -qE -- "--$option\b" help
    done
  done
}

@test "a usage error comes before anything is read or written" {
  mkfifo in
  echo old >out
  run -2 timeout 5 cs-window --size=5x --output=out in
  run -2 timeout 5 cs-window --size=5m --agg=n=count --key=nix --output=out in
  run -2 timeout 5 cs-window --size=5m --agg=n=nonsense --output=out in
  run -2 timeout 5 cs-window --size=5m --agg=n=count --partitions=x --output=out in
  [ "$(cat out)" = old ]
}

@test "a --stats file that cannot be made is told before anything is printed" {
  minutes 1 1 >in
  run -1 --separate-stderr cs-window --size=5m --agg=n=count --stats=no/where in
  [ -z "$output" ]
  [[ $stderr == 'cs-window: no/where'*': No such file or directory' ]]
  run -1 --separate-stderr cs-window --size=5m --agg=n=count --stats=. in
  [ -z "$output" ]
  run -2 cs-window --size=5m --agg=n=count --stats=in in
  [ "$(wc -l <in)" -eq 1 ]
  cs-window --size=5m --agg=n=count --stats=fine in >rows
  [ "$(echo fine*)" = fine ]
}

@test "a name that is empty is a usage error" {
  local option
  for option in output rejects late state spool stats time-field; do
    says "cs-window: --$option: empty: a name is missing" cs-window --size=5m --agg=n=count --$option=
  done
}

@test "options that do not go together are refused" {
  run -2 cs-sessionize --top=3
  run -2 cs-parse --order-by=x
  run -2 cs-abandon --emit=updates
  run -2 window --emit=updates --top=3
  run -2 window --merge --by-partition
  run -2 cs-sessionize --by-partition
  run -2 cs-anomaly --merge --by-partition
  run -2 cs-anomaly --merge --state=state
  run -2 cs-anomaly --by-partition --rows --value=x
  run -2 cs-identify --merge
  run -2 window --emit=sometimes
  run -2 window --emit=updates:0s
  run -2 window --emit=updates:5
  run -2 window --slide=2h
  run -2 window --key=
  run -2 window --key=nix
  run -2 window --order-by=nix
  run -2 window --order-by=
  run -2 window --order-by=-
  run -2 window --top=0
  run -2 window --pad=x
  run -2 window --number=user_id
  run -2 window --number=
}

@test "options may stand behind files, and -- ends them" {
  minutes 1 3 >in
  minutes 1 2 >--strict
  [ "$(window in --where=true | jq .n)" -eq 3 ]
  [ "$(window -- --strict | jq .n)" -eq 2 ]
  [ "$(window -w true -o out in && jq .n out)" -eq 3 ]
  [ "$(window -wfalse in)" = '' ]
}

@test "--where repeats: all must select" {
  { minutes 1 5 '"a":1,"b":null' && minutes 6 8 '"a":1,"b":2' && minutes 9 9 '"b":2'; } >in
  [ "$(tally -w '.a == 1' -w '.b != null' in)" -eq 3 ]
  [ "$(fate filtered)" -eq 6 ]
  [ "$(tally -w '.a' -w '.a + "x"' in)" -eq 0 ]
  [ "$(fate expression_errors)" -eq 8 ]
}

@test "--number reads text as numbers" {
  minutes 1 4 '"price":"2.50","x":"1e1"' >in
  [ "$(window --agg='s=sum(price)' in | jq .s)" = null ] || [ "$(window --agg='s=sum(price)' in | jq .s)" -eq 0 ]
  [ "$(window --number=price,x --agg='s=sum(price)' --agg='x=sum(x)' in | jq -c '[.s, .x]')" = '[10,40]' ]
  [ "$(tally --number=price -w '.price > 2' in)" -eq 4 ]
}

@test "a view is a file of options under those of the command line" {
  cat >view <<'EOV'
# A comment, and blank lines.

--size=30m
  --agg=n=count
--agg=first=first(page_url)
--where=.event_type == "page_view"
--strict
EOV
  minutes 0 59 >in
  [ "$(cs-window --view=./view in | jq .n | tr '\n' ' ')" = '30 30 ' ]
  [ "$(cs-window --view=view in | wc -l)" -eq 2 ]
  [ "$(cs-window --view=view --size=1h in | jq .n)" -eq 60 ]
  [ "$(cs-window --size=1h --view=view --agg=m=count in | jq -c 'del(.window_start,.window_end)')" = '{"n":60,"first":null,"m":60}' ]
  [ "$(tally --view=view -w '.event_time | test(":0.:")' in)" -eq 0 ] || true
  # Values may stand apart, and letters for names.
  printf '%s\n' '--size 30m' '--agg  n=count' '-w .event_type == "page_view"' '-w.event_time > "2026-01-01T00:29:00Z"' >apart
  [ "$(cs-window --view=./apart in | jq .n)" -eq 30 ]
  run -1 cs-window --view=view <<<nonsense
}

@test "a wrong line in a view is named" {
  printf -- '--size=1h\n--agg=n=count\n--bogus=1\n' >view
  says "cs-window: view:3: no such option here: '--bogus=1'" cs-window --view=view
  printf -- '--size=1\n' >view
  says 'cs-window: view:1: --size: which unit? (1s, 1m, 1h)' cs-window --view=view
  printf -- '--size=1h\n--stats x\n' >view
  says "cs-window: view:2: --stats takes its value behind '='" cs-window --view=view
  printf -- '-q x\n' >view
  says "cs-window: view:1: no such option here: '-q x'" cs-window --view=view
  printf -- 'size=1h\n' >view
  says "cs-window: view:1: not an option: 'size=1h'" cs-window --view=view
  printf -- '--strict=yes\n' >view
  says 'cs-window: view:1: --strict takes no value' cs-window --view=view
  printf -- '--size\n' >view
  says 'cs-window: view:1: --size needs a value' cs-window --view=view
  printf -- '--view=other\n' >view
  run -2 cs-window --view=view
  run -2 --separate-stderr cs-window --view=nowhere
  [[ ${stderr_lines[0]} == "cs-window: --view: there is no view 'nowhere'"* ]]
}

@test "views that come with the tools are found by name" {
  traffic --events=2000 >in
  cs-window --view=product-performance in >rows
  [ "$(head -n 1 rows | jq -c keys_unsorted)" = '["window_start","window_end","product_id","category_id","views_1h","add_to_carts_1h","purchases_1h","view_to_purchase_rate"]' ]
  cs-window --view=search-analytics in >rows
  [ "$(head -n 1 rows | jq -c keys_unsorted)" = '["window_start","window_end","search_term","search_count","unique_sessions"]' ]
}

@test "control characters in options never reach a terminal raw" {
  for tool in $tools; do
    run -2 --separate-stderr "$tool" --input=$'\x1b[31m\x07'
    [[ $stderr != *$'\x1b'* ]]
    [[ $stderr == *'\x1b[31m\x07'* ]]
  done
  run -1 --separate-stderr cs-funnel $'\x1b]0;x'
  [[ $stderr != *$'\x1b'* ]]
}

@test "--explain says how it would be done, and reads nothing" {
  run -0 timeout 5 cs-window --size=1h --agg='n=count if .price > 3' -w '.a|ascii_downcase == "x"' --explain nowhere
  [[ $output == *'where '* ]] && [[ $output == *'members '*event_time* ]] && [[ $output == *'state '*--size=* ]]
}

@test "--explain says how often an event is counted where windows overlap" {
  explained() { cs-window --agg=n=count --explain "$@" | sed -n 's/^windows  //p'; }
  [ "$(explained --size=1h)" = '' ]
  [ "$(explained --size=1h --slide=1m)" = '60 panes each: an event is counted once' ]
  [ "$(explained --size=1h --slide=25m)" = 'an event is counted in each of its windows, up to 3' ]
  [ "$(explained --size=1h --slide=1m --emit=updates)" = 'an event is counted in each of its windows, up to 60' ]
  [ "$(explained --size=1h --slide=1m --merge)" = '' ]
}

@test "--max-keys is a bound that says so" {
  traffic --events=5000 >in
  run -3 --separate-stderr cs-window --size=1h --by=session_id --agg=n=count --max-keys=50 in
  [[ $stderr == *'cs-window: more than 50 keys'*'--max-keys=N raises the bound'* ]]
  run -0 cs-window --size=1h --agg=n=count --max-keys=50 in
}

@test "no option's text reaches a terminal raw" {
  local c1=$'\u009b'
  # quiet COMMAND...: of C0, DEL and C1 there is only the line end in what it says.
  quiet() {
    "$@" >said 2>&1 || true
    [ -s said ]
    LC_ALL=C run ! grep -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\t' said
  }
  quiet cs-window --explain --size=1h --by=$'x=.a\n| .b #\e[31m'"$c1" --by=$'y=.["\x7f"]' --agg="n=count if .a == \"$c1\"" -w ".[\"$c1\"]"
  # An option is one line of it: what is said of keys cannot be forged.
  [ "$(grep -c '^by ' said)" -eq 2 ]
  cs-window --explain --size=1h --by=$'x={a: 1,\nby   : .b}' --agg=n=count >said
  [ "$(grep -c '^by ' said)" -eq 1 ]
  quiet cs-sessionize --explain --id="$c1" --split-by="$c1,a"$'\e'
  quiet cs-abandon --explain --id=$'\e\n'"$c1"
  quiet cs-window --size=1h --agg=n=count --by=$'\e'"$c1"
  quiet cs-window --size=1h --agg=n=count $'no\e[31m'"$c1"
  quiet cs-window $'--no\e[31m'"$c1"
  quiet bash -c 'exec -a "$1" cs-window --version' bash $'\e[31m'
  quiet traffic $'--x\e[31m'"$c1"
  quiet traffic --rate=$'\e'"$c1"
  minutes 0 1 >$'in\e'"$c1"
  cs-window --size=1h --agg=n=count --state=state --output=out $'in\e'"$c1"
  quiet cs-window --state=state --show-position
}
