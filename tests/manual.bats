#!/usr/bin/env bats
# The manual and the programs say the same: options against --help, and every command shown is run.

load helper

# Options that are in the table already and refused until they work; the manual leaves them out.
not_yet=''

setup() {
  setup_tools
  tools=()
  for source in "$ROOT"/cmd/*.c; do tools+=("$(basename "$source" .c)"); done
  # cs-run reads no events itself, cs-report and cs-top rows only: they share no option with those that do. cs-collect reads no
  # inputs, and shares few.
  readers=()
  for tool in "${tools[@]}"; do [[ $tool == @(cs-run|cs-report|cs-top|cs-collect) ]] || readers+=("$tool"); done
}

# A page as a reader sees it, one paragraph a line.
page() {
  mandoc -T utf8 -O width=1000 "$1" | sed 's/.\x08//g'
}

# Options as --input=auto|ndjson|kcat, one a line without blanks: of --help, ...
help_options() {
  "$1" --help | sed -nE 's/^  (-[A-Za-z], |    )?--/\1--/p' | sed -E 's/^ +//; s/  .*//; s/ //g' | sort
}

# ... and of the items of a page.
page_options() {
  page "$1" | sed '/^EXAMPLES/,$d' | sed -nE 's/^ +(-[A-Za-z], )?--/\1--/p' | sed -E 's/  .*//; s/ //g' | sort
}

option_name() {
  sed -E 's/^(-.,)?--([a-z-]+).*/\2/'
}

shared_names() {
  { sed -nE 's/.*\{\.name = "([a-z-]+)".*/\1/p' "$ROOT/common/run/common_options.c"; printf 'help\nversion\n'; } | sort
}

# Lines whose option is among the names, or with -v is not. No loop: bats looks at each command of one.
among() {
  awk -v without="$1" -v names="$2" '
    BEGIN { while ((getline name <names) > 0) known[name] }
    { name = $0; sub(/^(-.,)?--/, "", name); sub(/[^a-z-].*/, "", name) }
    (name in known) == (without != "-v")'
}

# The commands of a page's EXAMPLES: what stands behind "$ ", to the end of the command.
page_commands() {
  page "$1" | awk '
    /^[A-Z]/ { inside = /^EXAMPLES/ }
    !inside { next }
    more { print; more = /(\\|\||&&|<<.*)$/; if (!more) printf "%c", 0; next }
    sub(/^ *\$ /, "") { print; more = /(\\|\||&&)$/; if (!more) printf "%c", 0 }'
}

# What the cookbook shows: a command as above, a \001, and the rows below it.
cookbook_blocks() {
  page "$ROOT/man/clickstream-cookbook.7" | awk '
    /^ *\$ / { margin = index($0, "$"); more = 1 }
    !margin { next }
    /^ *$/ { printf "%c", 0; margin = 0; next }
    { print substr($0, /^ *\$ / ? margin + 2 : margin) }
    more { more = /(\\|\||&&)$/; if (!more) printf "%c\n", 1 }'
}

# The blocks of a Markdown file that are shell, each to be copied as it is.
markdown_commands() {
  awk '/^```sh/ { inside = 1; next } /^```/ { if (inside) printf "%c", 0; inside = 0; next } inside' "$1"
}

# A directory where the commands find what they name.
scratch_fill() {
  ln -s "$ROOT/samples" samples
  ln -s "$CS_BUILD" build
  [ -e events.ndjson ] || traffic --events=20000 --rate=2 --extras --disorder=20s >events.ndjson
  cp "$ROOT"/samples/access.log "$ROOT"/samples/rees46.csv .
}

# What needs a broker or a server, or has no end, is only looked at: its options must be there.
options_exist() {
  local tool word
  grep -oE '(^|[|(<>] *|\s)cs-[a-z]+[^|]*' <<<"$1" | while IFS= read -r line; do
    tool=$(grep -oE 'cs-[a-z]+' <<<"$line" | head -1)
    [ -x "$CS_BUILD/$tool" ] || continue
    for word in $(grep -oE -- '(^| )--[a-z-]+' <<<"$line"); do
      help_options "$tool" | option_name | grep -qxF -- "${word#--}" || { echo "$tool has no $word"; return 1; }
    done
  done
}

# Runs one command as a person would paste it.
command_try() {
  local status=0
  if [[ $1 =~ (kcat|--postgres=|systemctl|tail\ -[fF]) ]]; then
    options_exist "$1"
    return
  fi
  if [[ $1 == cs-parallel* ]] && ! command -v parallel >/dev/null; then
    printf '# GNU parallel is not installed, so this was not run: %s\n' "$1" >&3
    return
  fi
  timeout 60 bash -c "set -o pipefail; $1" >out 2>err </dev/null || status=$?
  # head(1) ends a pipeline by SIGPIPE.
  if [ "$status" = 0 ] || [[ $status = 141 && $1 == *head* ]]; then return 0; fi
  printf 'exit %d: %s\n' "$status" "$1"
  cat err
  return 1
}

@test "every tool has a page, and its first line is that of --help" {
  for tool in "${tools[@]}"; do
    [ -f "$ROOT/man/$tool.1" ] || { echo "$tool has no page"; return 1; }
    [ "$(sed -n 's/^\.Nd //p' "$ROOT/man/$tool.1")" = "$("$tool" --help | sed -n 2p)" ] || { echo "$tool: .Nd"; return 1; }
  done
}

@test "the pages are mdoc without faults, and refer to pages there are" {
  cd "$ROOT/man"
  run -0 mandoc -T lint -W warning ./*.[1-9]
  [ -z "$output" ]
  sed -nE 's/^\.Xr (cs-[a-z]+|clickstream|clickstream-[a-z]+) ([0-9]).*/\1.\2/p' ./*.[1-9] | sort -u | while IFS= read -r name; do
    [ -f "$name" ] || { echo "no page: $name"; return 1; }
  done
}

@test "a tool's own options are in its page as --help spells them, and no other" {
  shared_names >shared
  for tool in "${tools[@]}"; do
    help_options "$tool" | among -v shared >wanted
    page_options "$ROOT/man/$tool.1" | among -v shared >got
    diff wanted got || { echo "$tool: --help <, man page >"; return 1; }
  done
}

@test "a shared option in a tool's page is spelled as in --help" {
  shared_names >shared
  for tool in "${tools[@]}"; do
    help_options "$tool" >wanted
    page_options "$ROOT/man/$tool.1" | among -x shared | comm -23 - wanted >got
    [ ! -s got ] || { echo "$tool: $(cat got)"; return 1; }
  done
}

@test "the shared options are in clickstream(7) as --help spells them, and no other" {
  shared_names >shared
  tr ' ' '\n' <<<"$not_yet" >later
  for tool in "${readers[@]}"; do help_options "$tool"; done | among -x shared | among -v later | sort -u >wanted
  page_options "$ROOT/man/clickstream.7" >got
  diff wanted got
}

# GROUP: NAME of every shared option, of --help ...
help_groups() {
  "$1" --help | awk '/^[A-Z].*:$/ { group = $0; next } /^  (-[A-Za-z], )?--/ { print group, $0 }' |
    sed -E 's/: +(-[A-Za-z], )?--([a-z-]+).*/: \2/' | grep -v '^Options:' | sort
}

# ... and of clickstream(7).
page_groups() {
  sed -nE -e 's/^\.Ss (.*)/\1:/p' -e 's/^\.It (Fl [A-Za-z] , )?Fl Fl ([a-z-]+).*/\2/p' "$1" |
    awk '/:$/ { group = $0; next } group { print group, $0 }' | sort
}

@test "the groups of --help are the sections of clickstream(7)" {
  page_groups "$ROOT/man/clickstream.7" >wanted
  for tool in "${readers[@]}"; do
    help_groups "$tool" >got
    diff wanted got || { echo "$tool: clickstream(7) <, --help >"; return 1; }
  done
}

@test "what the manual leaves out is refused" {
  for option in $not_yet; do
    run -2 cs-funnel "--$option=2" /dev/null
    [[ $output == *'not yet'* ]] || { echo "--$option: $output"; return 1; }
  done
}

@test "every reason and every counter is in clickstream(7)" {
  page "$ROOT/man/clickstream.7" >page
  sed -nE 's/.*\[REASON_[A-Z_0-9]+\] = \{"([a-z0-9-]+)".*/\1/p' "$ROOT/common/event/reason.c" | grep -vx none >names
  : >events
  for tool in "${readers[@]}"; do
    case $tool in
      cs-window) set -- --size=1h --agg=n=count ;;
      *) set -- ;;
    esac
    "$tool" "$@" --stats events 2>&1 >/dev/null | jq -r 'keys[] | select(. != "tool" and . != "rejected_by")' >>names
  done
  [ "$(wc -l <names)" -gt 30 ]
  sort -u names | while IFS= read -r name; do
    grep -qE "(^| |, )$name(,|  |\$)" page || { echo "$name is not explained"; return 1; }
  done
}

@test "what README.md shows can be run" {
  scratch_fill
  count=0
  while IFS= read -r -d '' block; do
    # The two commands and the build are what leads here.
    if grep -qvE '^(scripts/|make|sudo make|export PATH|$)' <<<"$block"; then
      command_try "$block"
      [ -s out ] || { echo "nothing came out of: $block"; return 1; }
    fi
    count=$((count + 1))
  done < <(markdown_commands "$ROOT/README.md")
  [ "$count" -ge 4 ]
}

@test "what the pages show under EXAMPLES can be run" {
  scratch_fill
  for page in "$ROOT"/man/*.[1-9]; do
    case $page in */clickstream-cookbook.7) continue ;; esac # the next test is about it
    count=0
    while IFS= read -r -d '' example; do
      command_try "$example" || { echo "in $page"; return 1; }
      count=$((count + 1))
    done < <(page_commands "$page")
    [ "$count" -gt 0 ] || { echo "$page has no example"; return 1; }
  done
}

@test "the cookbook has thirty questions and more, and each command prints the rows that stand below it" {
  scratch_fill
  count=0 live=0
  while IFS= read -r -d '' block; do
    count=$((count + 1))
    # Under sanitizers one in five is enough: the tools have tests of their own.
    [ -z "${QUICK:-}" ] || [ $((count % 5)) -eq 0 ] || continue
    command=${block%%$'\001'*}
    printf '%s' "${block#*$'\001\n'}" >wanted
    command_try "$command"
    if [[ $command == *kcat* ]]; then
      live=$((live + 1))
      [ ! -s wanted ]
      continue
    fi
    if [ "$(tail -n 1 wanted)" = ... ]; then
      sed -i '$d' wanted
      [ "$(wc -l <out)" -gt "$(wc -l <wanted)" ]
      head -n "$(wc -l <wanted)" out >begin
    else
      cp out begin
    fi
    [ -s wanted ] || { echo "no rows: $command"; return 1; }
    [ ! -s err ] || { cat err; return 1; }
    diff begin wanted || { echo "printed <, in the page >: $command"; return 1; }
  done < <(cookbook_blocks)
  [ "$count" -ge 30 ]
  [ "$live" -le 6 ]
}
