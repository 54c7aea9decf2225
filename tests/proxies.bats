#!/usr/bin/env bats
# samples/proxies: each, as it is but for ports and certificates, in front of cs-collect.

load helper

setup() {
  setup_tools
  EVENT='{"event_id":"e1","event_type":"page_view","event_time":"2026-01-01T00:00:00Z"}'
}

teardown() {
  [ -z "${collector:-}" ] || kill -KILL "$collector" 2>/dev/null || true
  [ -z "${proxy:-}" ] || kill -TERM "$proxy" 2>/dev/null || true
}

# need PROGRAM: makes a certificate, starts the collector at $back, and finds a free port for the proxy, $front.
need() {
  command -v "$1" >/dev/null || skip "$1 is not installed"
  command -v openssl >/dev/null || skip 'openssl is not installed'
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key -out cert -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>/dev/null
  cat cert key >both
  echo 'window.cs=1' >s.js
  cs-collect -l 127.0.0.1:0 --trust-proxy=127.0.0.1 --ip=full --spool=spool --snippet=s.js --seal=1h 2>err 3>&- &
  collector=$!
  until_true grep -q 'listening at' err
  back=$(grep -oE '127.0.0.1:[0-9]+' err)
  front=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
}

# What passes through it, from another address of this machine, and a header that a stranger has written.
passes() {
  ask() { curl -s --cacert cert --interface 127.0.0.2 "$@"; }
  reached() { [ "$(ask "https://localhost:$front/t/s.js")" = 'window.cs=1' ]; }
  until_true reached || { cat log err; return 1; }
  [ "$(ask -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 203.0.113.9' -d "$EVENT" "https://localhost:$front/t/e")" = 204 ]
  [ "$(cut -f 2- spool/.*.open | jq -r .ip)" = 127.0.0.2 ]
  # Bodies over the limit go no further.
  head -c 200000 /dev/zero | tr '\0' ' ' >large
  # Caddy has passed the head on by then: it may answer that what is behind it has not answered (502), or end the stream.
  code=$(ask -o /dev/null -w '%{http_code}' --data-binary @large "https://localhost:$front/t/e") || code+=-ended
  [[ $code == @(413|502)* || $code == *-ended ]] || { echo "$code"; tail -5 log err; return 1; }
  [ "$(cat spool/.*.open | wc -l)" = 1 ]
}

@test "nginx" {
  need nginx
  {
    printf 'daemon off; pid nginx.pid; error_log stderr;\nevents {}\nhttp {\n'
    for kind in client_body proxy fastcgi uwsgi scgi; do printf '%s_temp_path temp-%s;\n' "$kind" "$kind"; done
    sed -e "s/127.0.0.1:8080/$back/; s/listen 443/listen 127.0.0.1:$front/; /\[::\]/d" \
      -e "s,/etc/ssl/shop.example.pem,$PWD/cert,; s,/etc/ssl/shop.example.key,$PWD/key," "$ROOT/samples/proxies/nginx.conf"
    printf '}\n'
  } >nginx.conf
  nginx -p "$PWD" -c "$PWD/nginx.conf" >log 2>&1 3>&- &
  proxy=$!
  passes
  [ "$(ask -o /dev/null -w '%{http_code}' "https://localhost:$front/t/health")" = 404 ]
}

@test "HAProxy" {
  need haproxy
  sed -e "s/127.0.0.1:8080/$back/; s/bind :443/bind 127.0.0.1:$front/; s,/etc/ssl/shop.example.pem,$PWD/both," \
    "$ROOT/samples/proxies/haproxy.cfg" >haproxy.cfg
  haproxy -f haproxy.cfg >log 2>&1 3>&- &
  proxy=$!
  passes
}

@test "Caddy" {
  need caddy
  {
    printf '{\n\tadmin off\n\tauto_https off\n}\n'
    sed -e "s/127.0.0.1:8080/$back/; s/^shop.example {/https:\/\/localhost:$front {\n\ttls cert key/" "$ROOT/samples/proxies/Caddyfile"
  } >Caddyfile
  HOME=$PWD caddy run --config Caddyfile --adapter caddyfile >log 2>&1 3>&- &
  proxy=$!
  passes
}
