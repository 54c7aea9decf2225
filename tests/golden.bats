#!/usr/bin/env bats
# A state that a release has left is read by this build, or refused by name: it is never taken for something else.

load helper
load state

setup() { setup_tools; }

# resume RELEASE TOOL: what the tool prints of the rest of the events; its messages are in messages.
resume() {
  cp "$ROOT/tests/golden/$1/$2.state" state
  tail -n +61 "$ROOT/tests/golden/$1/events.kcat" | cs "$2" --state=state 2>messages
}

@test "a state of an older release gives the rows it gave then, or is refused by its format, with exit 3" {
  for release in "$ROOT"/tests/golden/*/; do
    release=$(basename "$release")
    for tool in "${TOOLS[@]}"; do
      status=0
      resume "$release" "$tool" >rows || status=$?
      if [ "$status" = 3 ]; then
        grep -q 'format' messages
        [ ! -s rows ]
        cmp state "$ROOT/tests/golden/$release/$tool.state"
        continue
      fi
      [ "$status" = 0 ] || { cat messages; return 1; }
      cmp rows "$ROOT/tests/golden/$release/$tool.rows"
    done
  done
}

@test "there is one of each tool of this release, and its rows say something" {
  release=$(<"$ROOT/VERSION")
  for tool in "${TOOLS[@]}"; do
    [ -s "$ROOT/tests/golden/$release/$tool.state" ]
    [ "$tool" = abandon ] || [ -s "$ROOT/tests/golden/$release/$tool.rows" ]
    resume "$release" "$tool" >rows
  done
}

@test "the formula for Homebrew is Ruby" {
  command -v ruby >/dev/null || skip 'ruby is not installed'
  run -0 ruby -c "$ROOT/packaging/homebrew/clickstream.rb"
}

@test "Homebrew is given a tap of this machine, with a formula of this checkout" {
  mkdir bin checkout
  cat >bin/brew <<'BREW'
#!/bin/sh
printf '%s\n' "$*" >>brewed
case $1 in
  --repository) printf '%s/tap\n' "$BATS_TEST_TMPDIR" ;;
  tap-new) mkdir -p "$BATS_TEST_TMPDIR/tap/Formula" ;;
  commands) printf 'audit\ntrust\nupdate\n' ;;
esac
BREW
  chmod +x bin/brew
  git init -q -b work checkout
  (cd checkout && mkdir packaging && cp -r "$ROOT/packaging/homebrew" packaging)
  PATH=$PWD/bin:$PATH run -0 checkout/packaging/homebrew/install --verbose
  [ "$(<checkout/brewed)" = '--repository clickstream/local
tap-new --no-git clickstream/local
commands --quiet
trust --formula clickstream/local/clickstream
install --HEAD --verbose clickstream/local/clickstream' ]
  grep -Fx "  head \"file://$PWD/checkout\", branch: \"work\"" tap/Formula/clickstream.rb
  diff <(grep -v '^  head ' tap/Formula/clickstream.rb) <(grep -v '^  head ' "$ROOT/packaging/homebrew/clickstream.rb")
  mv checkout 'check out'
  PATH=$PWD/bin:$PATH run -1 'check out/packaging/homebrew/install'
  [[ $output == *'only letters, digits'* ]]
}
