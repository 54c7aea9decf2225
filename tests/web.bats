#!/usr/bin/env bats
# cs.js: how large it is, and what it does in Debian's Chromium (tests/web/snippet.py has the scenarios).

load helper

setup() {
  setup_tools
  [ -z "${QUICK:-}" ] || skip 'sanitizers see nothing of a script'
  snippet=$CS_BUILD/web/cs.js
  [ -e "$snippet" ] || skip 'build/web/cs.js is missing (esbuild)'
}

need_browser() {
  for program in chromium chromedriver python3; do command -v "$program" >/dev/null || skip "$program is missing"; done
}

# scenarios ARGUMENT...: all of them in one browser; what failed is shown.
scenarios() {
  python3 "$ROOT/tests/web/snippet.py" "$snippet" "$@" >scenarios.out 2>&1 || { cat scenarios.out; return 1; }
  grep -qE "^ok ${least:?} - " scenarios.out
}

@test "cs.js is 2,048 bytes at most, and 1,024 gzipped" {
  echo "$(wc -c <"$snippet") bytes, $(gzip -9n <"$snippet" | wc -c) gzipped"
  [ "$(wc -c <"$snippet")" -le 2048 ]
  [ "$(gzip -9n <"$snippet" | wc -c)" -le 1024 ]
}

@test "a build that has grown too large fails, and one without esbuild says so" {
  { cat "$ROOT/scripts/web/cs.js"; for i in {1..40}; do printf 'window.more%d = "%s";\n' "$i" "$(md5sum <<<"$i")"; done; } >large.js
  run -1 "$ROOT/scripts/web/make" large.js out.js
  [ "${lines[-1]}" = 'cs.js: more than 2048 bytes, or 1024 gzipped' ]
  [ ! -e out.js ]
  mkdir bin
  for program in sh mkdir dirname; do ln -s "$(command -v "$program")" bin; done
  PATH=$PWD/bin run -0 "$ROOT/scripts/web/make" "$ROOT/scripts/web/cs.js" out.js
  [ "$output" = 'cs.js: skipped, no esbuild (scripts/install-packages web)' ]
  [ ! -e out.js ]
}

@test "in a browser, with a collector that fails on command: nothing is lost, nothing is sent that should not be" {
  need_browser
  least=3 scenarios
}

@test "in a browser, with cs-collect: the events that were called are those in the spool" {
  need_browser
  least=13 scenarios "$CS_BUILD/cs-collect"
}
