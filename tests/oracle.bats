#!/usr/bin/env bats
# The views of the tools against PostgreSQL: oracle/run says how.

bats_require_minimum_version 1.5.0

@test "every row of every view is what PostgreSQL says" {
  if [ -n "${CS_BUILD:-}" ]; then
    CS_BUILD="$(cd "$CS_BUILD" && pwd)"
    export CS_BUILD
  fi
  run "$BATS_TEST_DIRNAME/oracle/run"
  if [ "$status" -eq 77 ]; then
    skip 'PostgreSQL is not installed'
  fi
  echo "$output" # where it differs
  [ "$status" -eq 0 ]
}
