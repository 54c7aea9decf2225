#!/usr/bin/env bats
# The units are what systemd takes them for. What the tool tells it is in tests/unit/notify.c.

load helper

setup() {
  setup_tools
  command -v systemd-analyze >/dev/null || skip 'systemd-analyze is missing'
  # As instances, and with a program that is there: verify looks.
  local unit
  for unit in "$ROOT"/scripts/systemd/*@.*; do
    sed "s,/usr/local/bin/cs-run,$ROOT/scripts/cs-run," "$unit" >"$(basename "${unit/@./@test.}")"
  done
  cp "$ROOT"/scripts/systemd/*.target .
}

@test "systemd understands the units" {
  run -0 systemd-analyze verify --man=no cs-run@test.service cs-batch@test.service cs-batch@test.timer cs-run.target
  [ -z "$output" ]
}

@test "a service is exposed by 2.0 or less" {
  for unit in cs-run@test.service cs-batch@test.service; do
    # In tenths.
    systemd-analyze security --offline=yes --threshold=20 "$unit" >report || { cat report; return 1; }
    grep -q 'Overall exposure level' report
  done
}

@test "a service stops from the source end, and gives up only where starting again does not help" {
  has() { grep -qxF "$2" "$1" || { echo "$1: no $2"; return 1; }; }
  for unit in cs-run@test.service cs-batch@test.service; do
    has "$unit" KillMode=mixed
  done
  has cs-run@test.service 'RestartPreventExitStatus=2 3'
  has cs-run@test.service Restart=on-failure
  has cs-run@test.service StartLimitIntervalSec=0
  has cs-run@test.service Type=notify
  has cs-run@test.service NotifyAccess=all
  grep -q '^WatchdogSec=' cs-run@test.service
}

@test "the timer says when it comes next" {
  run -0 systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' cs-batch@test.timer)"
}
