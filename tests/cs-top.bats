#!/usr/bin/env bats
# cs-top: rows in, a picture out: as text with --once, and in a terminal, which tmux is here.

load helper

setup() {
  setup_tools
  export LC_ALL=C.UTF-8
}

teardown() {
  [ ! -S "$BATS_TEST_TMPDIR/tmux" ] || tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
}

funnel_rows() {
  traffic --duration=3h --rate=4 --seed=4 --outage=2h+30m --extras >events.ndjson
  cs-funnel events.ndjson >funnel.ndjson
}

# --- a terminal: a server of tmux for each test ---

screen() {
  tmux -S "$BATS_TEST_TMPDIR/tmux" "$@"
}

# terminal COLUMNS LINES COMMAND: runs the command in a terminal of that size; what it leaves is kept.
terminal() {
  command -v tmux >/dev/null || skip 'tmux is absent'
  screen -f /dev/null new-session -d -x "$1" -y "$2" \
    "PATH='$PATH' LC_ALL='$LC_ALL' NO_COLOR='${NO_COLOR-}' TERM=screen-256color bash --norc -c 'trap : INT; $3; ended=\$?; stty -a >modes; echo \"ended: \$ended\"; exec cat'"
  screen set-option -g history-limit 0
}

shows() {
  screen capture-pane -p >shown 2>/dev/null
  grep -qE -- "$1" shown
}

see() {
  until_true shows "$1" || { cat shown && return 1; }
}

press() {
  screen send-keys "$@"
}

@test "once: the funnel's numbers are sums of the rows, and the step that broke is named" {
  funnel_rows
  cs-top --once funnel.ndjson >picture
  last=$(jq -r .window_start funnel.ndjson | sort | tail -1)
  for step in sessions product_views add_to_carts checkout_starts purchases; do
    sum=$(jq -s --arg at "$last" --arg step "$step" 'map(select(.window_start == $at)[$step]) | add' funnel.ndjson)
    grep -qE "^ $step +$sum( |$)" picture || { cat picture && return 1; }
  done
  grep -q '✗ checkout_starts → purchases was broken 02:00–02:30, 3 windows' picture
  [ "$(wc -l <picture)" -eq 24 ]
  COLUMNS=200 LINES=60 cs-top --once funnel.ndjson >wide
  [ "$(wc -l <wide)" -eq 60 ]
  # ASCII where nothing else can be shown.
  LC_ALL=C cs-top --once funnel.ndjson >ascii
  run ! grep -P '[^\x00-\x7f]' ascii
  grep -q '#####' ascii
}

@test "how much money: revenue of that time, carts at risk, incidents, who is there, rejected and late" {
  funnel_rows
  cs-window --size=10m -w '.event_type == "purchase"' --agg='revenue=sum(.price * (.quantity // 1))' events.ndjson >sales.ndjson
  cs-abandon --transitions --cart events.ndjson >carts.ndjson
  cs-anomaly --value='purchases=count if .event_type == "purchase"' --size=10m --sigma=2 --method=median --incidents events.ndjson | head -n 1 >incidents.ndjson
  cs-sessionize events.ndjson | head -n 7 | jq -c '.add_to_carts = 1 | .converted = false | .final = false' >sessions.ndjson
  { head -n 50 events.ndjson && echo broken; } | cs-funnel --stats=figures.json >/dev/null 2>&1
  LINES=40 cs-top --once funnel.ndjson sales.ndjson carts.ndjson incidents.ndjson sessions.ndjson figures.json >picture
  cat picture
  grep -q 'revenue 0 in that time, .* in as much before (−100.0 %)' picture
  at_risk=$(jq -sr 'group_by([.session_id, .episode]) | map(max_by(.last_event_time + .state)) | length' carts.ndjson)
  [ "$at_risk" -gt 0 ]
  value=$(jq -r '[.session_id, .episode, .state, .cart_value] | @tsv' carts.ndjson |
    awk -F'\t' '{ state[$1 $2] = $3; value[$1 $2] = $4 } END { for (id in state) if (state[id] ~ /abandoned|returned/) { n++; sum += value[id] } printf "%d worth %.2f", n, sum }')
  [ "$(sed -nE 's/^ Carts at risk +//p' picture | tr -d ,)" = "$value" ]
  grep -q 'Incidents  1 open, 0 over' picture
  grep -q 'There now  7 visits, 7 with something in the cart, 0 have bought' picture
  grep -q '1 rejected, 0 late' picture
}

@test "lines that are no rows are counted and shown, and no terminal obeys what rows say" {
  funnel_rows
  { printf '{"a":1}\n\033]0;title\007\n\xff\n'; cat funnel.ndjson; } >rows
  COLUMNS=120 cs-top --once rows >picture 2>said
  grep -q '3 lines are no rows, the last: rows:3: not-json' picture
  printf '{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:10:00Z","search_term":"\\u001b[31mred\\u202e日本👩‍💻é","search_count":3,"unique_sessions":2}\n' >terms
  cs-top --once terms >picture
  run ! grep -P '[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae' picture
  grep -qF '\u001b[31mred\u202e日本👩é' picture
  run -1 cs-top --once <<<'nothing'
}

@test "wrong use is refused, and what cannot be written is said" {
  run -2 cs-top
  run -2 cs-top rows </dev/null # what run reads is a pipe
  [[ $output == *--once* ]]
  run -1 cs-top --once no-such-file
  run -2 cs-top --keep=1 rows
  funnel_rows
  run -1 bash -c 'cs-top --once funnel.ndjson >/dev/full'
}

@test "in a terminal of 80x24: panels, windows, order, filter, comparison, help, and it is given back" {
  funnel_rows
  cs-window --view=search-analytics events.ndjson >searches.ndjson
  terminal 80 24 'cs-top funnel.ndjson searches.ndjson'
  see '^ ✗ checkout_starts → purchases was broken 02:00'
  see '02:50–03:00 UTC'
  press Left
  see '02:40–02:50 UTC'
  press Home
  see '00:00–00:10 UTC'
  press End
  see '02:50–03:00 UTC'
  press 3
  see '^ Searches +1–[0-9]+ of [0-9]+ groups'
  see '^ search_term +search_count▼'
  press /
  press -l IPHO
  see 'only what has: IPHO_'
  press Enter
  see '1–1 of 1 groups'
  press Escape
  see '1–[0-9]+ of [0-9][0-9]+ groups'
  press s
  see '^ search_term▼'
  press 2
  see '^ By group'
  press g
  see '^ traffic_source +purchases▼'
  press c
  see 'device_type|against|UTC'
  press '?'
  see '^ Keys'
  press x
  see '^ By group'
  press q
  see 'ended: 0'
  grep -q ' echo ' modes # as the shell had it
  run ! grep -q 'By group' shown
}

@test "in a terminal of 200x60: rows that come are shown, 10,000 groups, escapes and wide characters among them" {
  mkfifo rows
  terminal 200 60 'cs-top - <rows'
  exec 7>rows
  awk 'BEGIN {
    for (w = 0; w < 3; w++) for (g = 0; g < 10000; g++)
      printf "{\"window_start\":\"2026-01-01T00:%d0:00Z\",\"window_end\":\"2026-01-01T00:%d0:00Z\",\"who\":\"\\u001b[2J日本%d\",\"n\":%d}\n", w, w + 1, g, (g * 7919) % 10007 + w
  }' >&7
  see '30,000 rows'
  see '00:20–00:30 UTC'
  press 2
  see '1–5[0-9] of 10,000 groups'
  see '^ who +n▼ +mean'
  grep -qE '^ \\u001b\[2J日本[0-9]+ +10,00[0-9] ' shown
  press PPage NPage
  see '(5[0-9])–1[0-9][0-9] of 10,000 groups'
  # A row more, at once, while it is looked at; and another size.
  printf '{"window_start":"2026-01-01T00:30:00Z","window_end":"2026-01-01T00:40:00Z","who":"late","n":77}\n' >&7
  see '^ late +77 '
  screen resize-window -x 80 -y 24
  see '^ 30,001 rows +\? help  q quit$'
  [ "$(wc -l <shown)" -eq 24 ]
  press p
  see PAUSED
  press C-c
  see 'ended: 130'
  exec 7>&-
}

@test "killed by TERM it gives the terminal back; what was said is said then; NO_COLOR has none" {
  funnel_rows
  NO_COLOR=1 terminal 80 24 'cs-top funnel.ndjson not-there.ndjson & echo $! >pid; wait $!'
  see 'checkout_starts → purchases'
  screen capture-pane -p -e >shown
  run ! grep -qP '\x1b\[[0-9;]*3[1-7]m' shown
  kill "$(<pid)"
  see 'ended: 0'
  grep -q 'not-there.ndjson: is not there yet' shown
  run ! grep -q 'went on' shown
}

@test "a file that grows is followed, and so is what replaces it" {
  funnel_rows
  head -n 5 funnel.ndjson >rows
  terminal 80 24 'cs-top rows'
  see '^ 5 rows'
  tail -n +6 funnel.ndjson >>rows
  see "^ $(wc -l <funnel.ndjson | sed -E ':a; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; ta') rows"
  head -n 20 funnel.ndjson >other
  mv other rows
  see 'is another file by now'
}

@test "a FIFO goes on when another writes to it; a terminal that cannot place text is refused; a size of 10x3 is survived" {
  funnel_rows
  mkfifo rows
  terminal 80 24 'cs-top rows'
  head -n 5 funnel.ndjson >rows
  see '^ 5 rows'
  screen resize-window -x 10 -y 3
  head -n 9 funnel.ndjson | tail -n 4 >rows
  screen resize-window -x 80 -y 24
  see '^ 9 rows .*q quit$'
  press q
  see 'ended: 0'
  screen kill-server
  mv "$BATS_TEST_TMPDIR/tmux" "$BATS_TEST_TMPDIR/tmux.old" || true # the one behind it is about to end
  terminal 80 24 'TERM=dumb cs-top funnel.ndjson'
  see 'ended: 2'
  grep -q 'cannot place text' shown
}

@test "memory is bounded, and so many rows as are to be held are" {
  awk 'BEGIN {
    for (w = 0; w < 24; w++) for (g = 0; g < 10000; g++)
      printf "{\"window_start\":%d,\"window_end\":%d,\"who\":\"group number %d\",\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}\n", 1767225600 + 600 * w, 1767226200 + 600 * w, g
  }' >rows
  # Of this much, half is for libraries. Sanitizers need more addresses than there is memory.
  [ -n "${QUICK:-}" ] || ulimit -v 130000
  cs-top --once --panel=2 rows >picture
  grep -qE 'held from Thu 1 Jan 2026 0[0-9]:[0-9]0 on' picture
  grep -q 'of 10,000 groups' picture
  head -n 60000 rows | cs-top --once --panel=2 --keep=3 >picture
  grep -q 'held from' picture
}
