#!/usr/bin/env bats
# Instructions an event may not rise by more than 5 %: tests/bench/quick, which also says how to accept a rise.

bats_require_minimum_version 1.5.0
load helper

setup() {
  setup_tools
}

@test "no tool needs over 5 % more instructions an event than the figures in the tree" {
  run env BUILD="$CS_BUILD" "$ROOT/tests/bench/quick"
  [ "$status" != 77 ] || skip "${output#skipped: }"
  printf '%s\n' "$output"
  [ "$status" -eq 0 ]
}

@test "what is said of a year on a laptop is what the tables say" {
  sed -n '/^<!-- case/,/^<!-- end of case/p' "$ROOT/tests/bench/README.md" | sed '1,2d;$d' | sed '$d' >said
  "$ROOT/tests/bench/case" >computed
  diff said computed
  [ "$(grep -c '^- ' computed)" -ge 4 ]
}
