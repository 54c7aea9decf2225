#!/usr/bin/env bats
# cs-look: from events, a log and a topic to a page.

load helper
load mock

setup_file() { setup_tools; mock_start; }
teardown_file() { mock_stop; }

teardown() {
  [ ! -S "$BATS_TEST_TMPDIR/tmux" ] || tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
}

setup() {
  setup_tools
  [ -f "$CS_BUILD/share/report.html" ] || [ -f "$CS_BUILD/../share/report.html" ] || skip 'there is no report.html: make page needs npm and esbuild'
}

# The data of a page, as JSON.
data() {
  awk 'sub(/^<script type="application\/json" id="data">/, "") { inside = 1 }
    inside { last = sub(/<\/script>$/, ""); print; if (last) exit }' "$1"
}

@test "a log of robots alone: the page says so, and no analysis that it was left with nothing; one person is enough" {
  line() { printf '%s - - [01/Jan/2026:10:00:0%d +0000] "GET / HTTP/1.1" 200 5 "-" "%s"\n' "$@"; }
  for i in 1 2 3; do line 192.0.2.1 "$i" Googlebot/2.1; done >log
  run -0 cs-look log
  [ "${lines[1]}" = 'cs-look: no visit of a person was found: what the page says of people is empty' ]
  [ "${#lines[@]}" = 2 ]
  line 192.0.2.2 4 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0' >>log
  run -0 cs-look log
  [ "${#lines[@]}" = 1 ]
}

@test "from events to a page, each record counted once, and from a log" {
  traffic --events=20000 --rate=5 --extras >events.ndjson
  cs-look -o shop.html --rows=rows events.ndjson
  diff <(data shop.html | jq -r '.panels[].kind' | sort -u) <(printf '%s\n' carts cart exits figures flow funnel landing products robots sales searches visits | sort)
  [ "$(data shop.html | jq '.panels[] | select(.kind == "figures").figures[0].used')" -eq 20000 ]
  diff rows/funnel.ndjson <(cs-funnel events.ndjson)
  cs-look -o log.html --own-host=shop.example "$ROOT/samples/access.log"
  [ "$(data log.html | jq '[.panels[] | select(.kind == "status").measures[0].value[]] | add')" -eq "$(cs-parse "$ROOT/samples/access.log" 2>/dev/null | wc -l)" ]
  run -2 cs-look no-such-file
  run -2 cs-look --kin=log events.ndjson
  run -2 cs-look -t clicks
  run -1 cs-look -o /dev/full events.ndjson
}

# Has the page the rows of the funnel, all of them?
is_taken() {
  [ -s live.rows.js ] && [ -s state/rows/funnel.ndjson ] && grep -q '"kind":"funnel","title":"Funnel","taken":[1-9]' live.rows.js
}

@test "of a topic the page is live, until it is told to end, and goes on where it was" {
  need_kcat
  traffic --events=20000 --rate=2 | keyed | produce clicks
  for _ in 1 2; do
    rm -f live.rows.js
    cs-look -b "$BROKERS" -t clicks -S state -o live.html --live=200ms 2>said 3>&- &
    look=$!
    LIMIT=60 until_true is_taken || { cat said && return 1; }
    kill "$look"
    wait "$look"
  done
  # No window twice: the states were kept.
  jq -c '[.window_start, .traffic_source, .device_type]' state/rows/funnel.ndjson | sort >keys
  [ -z "$(uniq -d keys)" ]
}

@test "what analyses miss is said once, and as it is mended here; who has not asked for them is not told the rest" {
  traffic --events=3000 --extras >sound.ndjson
  run -0 --separate-stderr cs-look sound.ndjson
  [[ $stderr == 'cs-look: look.html: '*' KB' ]]
  sed 's/"product_view"/"view"/; s/"session_id"/"sessionId"/' sound.ndjson >events.ndjson
  echo '{}' >>events.ndjson
  run -0 --separate-stderr cs-look events.ndjson
  [ "${stderr_lines[0]}" = 'cs-parse: events.ndjson:3001: rejected: no-time (no event_time)' ]
  [ "$(grep -c 'did you mean sessionId? (--parse=--rename=session_id=sessionId)' <<<"$stderr")" = 1 ]
  [[ $stderr != *no-id* ]]
  cs-look --parse=--rename=session_id=sessionId events.ndjson 2>said
  grep -qxF "cs-look: none of 3,000 events had the event_type \"product_view\"; did you mean \"view\"? (--parse=--recode='event_type:view=product_view')" said
  cs-look --parse=--rename=session_id=sessionId --parse=--recode=event_type:view=product_view events.ndjson 2>said
  [ "$(wc -l <said)" = 2 ]
  # What cs-parse says of its own is given on to it.
  sed 's/"session_id"/"userAgent":"x","session_id"/' sound.ndjson >agents.ndjson
  run -0 --separate-stderr cs-look agents.ndjson
  [[ $stderr == *'had a value for user_agent; did you mean userAgent? (--parse=--rename=user_agent=userAgent)'* ]]
}

# What is in the terminal, once that has come.
top_shows() {
  tmux -S "$BATS_TEST_TMPDIR/tmux" capture-pane -p >shown 2>/dev/null && grep -qE "$1" shown
}

top_press() {
  tmux -S "$BATS_TEST_TMPDIR/tmux" send-keys "$1"
}

# look_top ARGUMENT...: cs-look --top in a terminal of 120x40.
look_top() {
  command -v tmux >/dev/null || skip 'tmux is absent'
  printf '%q ' cs-look --top "$@" >command.line
  tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null new-session -d -x 120 -y 40 \
    "PATH='$PATH' TMPDIR='$PWD' KCAT_CONFIG=/dev/null LC_ALL=C.UTF-8 TERM=screen-256color bash --norc -c '. ./command.line; echo ended: \$?; exec cat'"
}

@test "--top: the rows are in the terminal while they come, and q ends all that was begun" {
  run -2 cs-look --top -o page.html x
  run -2 cs-look --top /dev/null # standard output is none
  traffic --events=5000 --rate=2 --extras >events.ndjson
  look_top events.ndjson
  LIMIT=60 until_true top_shows '[1-9][0-9,]* rows .* 0 rejected, 0 late' || { cat shown && return 1; }
  for text in 'sessions +[1-9]' 'Carts at risk +[0-9,]+ worth' '^ Sales'; do
    until_true top_shows "$text" || { cat shown && return 1; }
  done
  top_press q
  until_true top_shows '^ended: 0' || { cat shown && return 1; }
  run ! compgen -G 'tmp.*' # its rows and pipes
}

@test "--top of a topic: also who is there, visits and pages; what has read the topic ends with it, and it ends with that" {
  need_kcat
  traffic --events=5000 --rate=2 --seed=3 --extras >events.ndjson
  keyed <events.ndjson | produce top-clicks
  look_top -b "$BROKERS" -t top-clicks -S state --own-host=shop.example --parse="--where=.page_url != \"it's\""
  for text in 'sessions +[1-9]' 'Carts at risk +[0-9,]+ worth' 'There now +[1-9][0-9]* visits, ' '^ Sales · ' '^ Visits · ' '^ Pages · '; do
    LIMIT=60 until_true top_shows "$text" || { cat shown state/said && return 1; }
  done
  # Rows that are not final yet, each as of the events up to now.
  cs-window --size=1h --by=traffic_source,device_type '--agg=visits=distinct(session_id)' events.ndjson | jq -s 'map(.visits) | add' >want
  visits_counted() {
    jq -s 'group_by([.window_start, .traffic_source, .device_type]) | map(last.visits) | add' state/rows/visits.ndjson | cmp -s - want
  }
  until_true visits_counted || { cat state/rows/visits.ndjson want && return 1; }
  top_press q
  until_true top_shows '^ended: 0' || { cat shown && return 1; }
  nobody_works() { [ "$(working_in "$PWD")" = 0 ]; }
  until_true nobody_works
  tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server
  mv "$BATS_TEST_TMPDIR/tmux" "$BATS_TEST_TMPDIR/tmux.old" || true # the one behind it is about to end
  look_top -b "$BROKERS" -t not-there -S other -X allow.auto.create.topics=false --from=never
  until_true top_shows '^ended: 2' || { cat shown && return 1; }
  grep -q 'cs-run: .*never' shown
}

@test "--top of events of which nothing comes says why, and ends" {
  echo '{}' >events.ndjson
  look_top --parse=--nonsense events.ndjson
  until_true top_shows '^ended: 1' || { cat shown && return 1; }
  grep -q 'cs-parse: no such option: --nonsense' shown
}

@test "a page of nothing is told of, and an event without an address is no error" {
  : >empty
  run -0 --separate-stderr cs-look -o page.html empty
  [[ $stderr == *'nothing was found that could be shown: the page is empty' ]]
  echo 'Some text' >junk
  run -1 --separate-stderr cs-look -o page.html junk
  [[ $stderr == *'nothing was found that could be shown: the page is empty' ]]
  echo '{"event_time":"2026-02-06T00:00:38Z","event_type":"page_view","session_id":"s1"}' >in
  run -0 --separate-stderr cs-look -o page.html in
  [ "${#stderr_lines[@]}" -eq 1 ] # how large it is
}
