#!/usr/bin/env bats
# Alerts go to people: the shell of cs-alert@.service, with what stands in for a webhook and for a mail server.

load helper
load mock

setup_file() {
  setup_tools
  mock_start
}

teardown_file() {
  mock_stop
}

setup() {
  setup_tools
  need_kcat
  export BROKERS TOPIC="alerts-$BATS_TEST_NUMBER" KEY=.group COMMAND='cat >>got'
}

teardown() {
  [ -z "${server:-}" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
}

# One run, as the unit starts it.
alert() {
  (mkdir -p work && cd work && "$ROOT/scripts/systemd/alert" 2>messages)
}

# As systemd does it: until there is nothing more to be done.
alert_until_done() {
  local runs=0
  until alert; do
    runs=$((runs + 1))
    [ "$runs" -lt 50 ] || { cat work/messages && return 1; }
  done
}

# row GROUP NUMBER: an alert.
row() {
  printf '{"window_start":"2026-01-01T00:%02d:00.000Z","group":"%s"}\n' "$2" "$1"
}

# To one partition, so that they have an order.
send() {
  kcat -q -P -b "$BROKERS" -t "$TOPIC" -p "${1:-0}" -X acks=all
}

# Answers each request as the next line of the file "answers" says (200 behind its end), and keeps what was posted.
http_start() {
  python3 - <<'END' >port 2>/dev/null 3>&- &
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
        answers = open('answers').read().split()
        answer = int(answers[0]) if answers else 200
        open('answers', 'w').write('\n'.join(answers[1:]))
        with open('posted', 'a') as out:
            out.write('%d %s' % (answer, body if body.endswith('\n') else body + '\n'))
        self.send_response(answer)
        self.end_headers()
    def log_message(self, *what):
        pass
server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
END
  server=$!
  until_true [ -s port ]
  url=http://127.0.0.1:$(<port)/alerts
}

@test "each alert is posted until it has arrived, in order, and none twice for one key" {
  command -v curl >/dev/null || skip 'curl is missing'
  printf '500\n200\n503\n500\n' >answers
  http_start
  # The example, as it comes, but for the addresses.
  # shellcheck disable=SC1091 # it is what systemd reads
  COMMAND=$(. "$ROOT/scripts/systemd/anomalies.alert" && printf %s "${COMMAND/http:\/\/localhost:8080\/alerts/"$url"}")
  row old 1 | send
  alert # the first one begins at the end
  [ ! -e posted ]
  { row a 1 && row b 2 && row a 3 && row c 4; } | send
  alert_until_done
  diff posted <(printf '500 ' && row a 1 && printf '200 ' && row a 1 && printf '503 ' && row b 2 && printf '500 ' && row b 2 &&
    printf '200 ' && row b 2 && printf '200 ' && row c 4)
  # Whenever it runs again, and in whatever partition.
  { row c 5 && row d 6; } | send 1
  row a 7 | send 2
  alert_until_done
  [ "$(tail -n +7 posted)" = "200 $(row d 6)" ]
  # A day later it is news.
  touch -d '25 hours ago' work/sent/*
  { row a 8 && row a 9; } | send
  alert_until_done
  [ "$(tail -n +8 posted)" = "200 $(row a 8)" ]
}

@test "whatever is killed, each alert arrives" {
  local rows=({10..19} {30..34})
  [ -z "${FULL:-}" ] || rows=({10..39})
  alert
  for i in "${rows[@]}"; do row "g$i" "$i" >>"rows-$((i / 30))"; done
  send <rows-0
  send 3 <rows-1
  # After every third that has arrived the script is killed before it can note that, or the command before it has begun.
  # shellcheck disable=SC2016 # for the command's shell
  COMMAND='n=$(($(cat ../count 2>/dev/null || echo 0) + 1)); echo $n >../count
    [ $((n % 4)) != 0 ] || kill -9 $$
    cat >>../got
    [ $((n % 3)) != 0 ] || kill -9 $PPID'
  alert_until_done
  sort -u got | diff - <(cat rows-0 rows-1)
  [ "$(cat count)" -gt $((${#rows[@]} + ${#rows[@]} / 6)) ]
  # One partition's alerts are in order, repeats aside.
  for part in 'g[12]' g3; do uniq <got | grep "$part" | sort -c; done
}

@test "a broker that is away is waited for, and what came meanwhile is sent" {
  alert
  row a 1 | send
  BROKERS=127.0.0.1:1 run ! alert
  row b 2 | send
  alert
  diff work/got <(row a 1 && row b 2)
  # Partitions that come later, or a topic that does, are read from their beginning.
  rm work/at.2
  row c 3 | send 2
  alert
  [ "$(tail -n 1 work/got)" = "$(row c 3)" ]
}

@test "nothing in a row is a command, a mention or a name" {
  command -v curl >/dev/null || skip 'curl is missing'
  : >answers
  http_start
  COMMAND=$(sed -nE "s/^#COMMAND='(tr .*)'$/\1/p" "$ROOT/scripts/systemd/anomalies.alert" | sed "s,https://[^ ]*,$url,")
  alert
  # shellcheck disable=SC2016 # it is meant to be run, and is not
  evil='{"group":"../../x $(touch pwned) `touch pwned` ; touch pwned \u0027 \\ -n \u0000","text":"<!channel> @all \"<http://x|y>\""}'
  printf '%s\n' "$evil" '-n' 'no json' '{"group":["a"]}' | send
  alert
  [ -z "$(find . -name pwned)" ]
  [ "$(find work -type f | grep -cv '/sent/[0-9a-f]*$')" = "$(find work -type f -name 'at.*' -o -type f -name messages | wc -l)" ]
  [ "$(head -n 1 posted)" = "200 $(tr '<>&@' '????' <<<"$evil" | jq -cR '{text: .}')" ]
  cut -c 5- posted | jq -r .text | tail -n +2 | diff - <(printf '%s\n' '-n' 'no json' '{"group":["a"]}')
}

@test "as mail" {
  command -v curl >/dev/null || skip 'curl is missing'
  python3 - <<'END' >port 2>/dev/null 3>&- &
import socketserver, sys
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        say = lambda text: self.wfile.write(text + b'\r\n')
        say(b'220 here')
        while line := self.rfile.readline():
            word = line.split()[0].upper()
            if word == b'DATA':
                say(b'354 go on')
                with open('mail', 'ab') as out:
                    while (line := self.rfile.readline()) != b'.\r\n':
                        assert line.endswith(b'\r\n') and len(line) < 998
                        out.write(line)
            elif word in (b'MAIL', b'RCPT'):
                open('envelope', 'ab').write(line)
            say(b'221 bye' if word == b'QUIT' else b'250 ok')
            if word == b'QUIT':
                return
server = socketserver.TCPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
END
  server=$!
  until_true [ -s port ]
  COMMAND=$(sed -nE "s/^#COMMAND='(\{ .*)'$/\1/p" "$ROOT/scripts/systemd/anomalies.alert" | sed "s,smtp://localhost,smtp://127.0.0.1:$(<port),")
  alert
  row a 1 | send
  alert || { cat work/messages && return 1; }
  grep -qi '^RCPT TO:<ops@example.org>' envelope
  tr -d '\r' <mail >got
  [ "$(sed -n 2p got)" = 'Subject: clickstream: anomaly' ]
  [ "$(sed '1,/^$/d' got | jq -c .)" = "$(row a 1)" ]
}
