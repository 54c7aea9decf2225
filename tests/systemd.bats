#!/usr/bin/env bats
# The units are what systemd takes them for. What the tool tells it is in tests/unit/notify.c.

load helper
load mock

setup() {
  setup_tools
  command -v systemd-analyze >/dev/null || skip 'systemd-analyze is missing'
  # As instances, and with a program that is there: verify looks.
  local unit
  for unit in "$ROOT"/scripts/systemd/*@.*; do
    sed -e "s,/usr/local/bin/cs-run,$CS_BUILD/cs-run," -e "s,/usr/local/bin/cs-collect,$CS_BUILD/cs-collect," \
      -e "s,/usr/local/bin/cs-ship,$CS_BUILD/cs-ship," -e "s,/usr/local/share/clickstream/alert,$ROOT/scripts/systemd/alert," "$unit" >"$(basename "${unit/@./@test.}")"
  done
  cp "$ROOT"/scripts/systemd/*.target .
}

teardown_file() {
  mock_stop
}

@test "systemd understands the units" {
  run -0 systemd-analyze verify --man=no cs-run@test.service cs-run-partition@test.service cs-batch@test.service cs-alert@test.service cs-batch@test.timer clickstream.target \
    cs-collect@test.service cs-collect@test.socket cs-ship@test.service
  [ -z "$output" ]
}

@test "a service is exposed by 2.0 or less" {
  for unit in cs-run@test.service cs-run-partition@test.service cs-batch@test.service cs-alert@test.service cs-collect@test.service cs-ship@test.service; do
    # In tenths.
    systemd-analyze security --offline=yes --threshold=20 "$unit" >report || { cat report; return 1; }
    grep -q 'Overall exposure level' report
  done
}

@test "a service stops from the source end, and gives up only where starting again does not help" {
  has() { grep -qxF "$2" "$1" || { echo "$1: no $2"; return 1; }; }
  for unit in cs-run@test.service cs-run-partition@test.service cs-batch@test.service cs-collect@test.service cs-ship@test.service; do
    has "$unit" KillMode=mixed
  done
  has cs-collect@test.service 'RestartPreventExitStatus=2 3'
  has cs-collect@test.service Type=notify
  has cs-run@test.service 'RestartPreventExitStatus=2 3'
  has cs-run@test.service Restart=on-failure
  has cs-run@test.service StartLimitIntervalSec=0
  has cs-run@test.service Type=notify
  has cs-run@test.service NotifyAccess=all
  grep -q '^WatchdogSec=' cs-run@test.service
}

@test "all that runs stops with clickstream.target, and starts when the clock is right" {
  local unit
  for unit in cs-run@test.service cs-run-partition@test.service cs-alert@test.service cs-batch@test.service cs-batch@test.timer cs-collect@test.service \
    cs-ship@test.service; do
    grep -qE '^After=.*\btime-sync\.target\b' "$unit" || [[ $unit == *.timer ]]
    grep -qx PartOf=clickstream.target "$unit" || [ "$unit" = cs-batch@test.service ]
    grep -qE '^WantedBy=.*\bclickstream\.target\b' "$unit" || [ "$unit" = cs-batch@test.service ]
  done
}

@test "the user and the directories that units, options and cron name are those that make install brings" {
  [ "$(id -u)" = 0 ] || skip 'only root can make users and directories of theirs'
  local unit user id path kind
  mkdir -p root/etc
  for kind in sysusers tmpfiles; do
    mkdir -p "root/usr/local/lib/$kind.d"
    cp "$ROOT/scripts/systemd/clickstream.$kind" "root/usr/local/lib/$kind.d/clickstream.conf"
  done
  systemd-sysusers --root="$PWD/root" clickstream.conf
  systemd-tmpfiles --root="$PWD/root" --create clickstream.conf
  id=$(awk -F: '$1 == "clickstream" { print $3 }' root/etc/passwd)
  [ -n "$id" ]
  for unit in cs-run@test.service cs-run-partition@test.service cs-batch@test.service cs-alert@test.service; do
    user=$(sed -n 's/^User=//p' "$unit")
    grep -q "^$user:" root/etc/passwd
    grep -q "^$(sed -n 's/^Group=//p' "$unit"):" root/etc/group
    [ -d "root/var/lib/$(sed -n 's/^StateDirectory=\([^/]*\).*/\1/p' "$unit")" ]
    [ -d "root/run/$(sed -n 's/^RuntimeDirectory=//p' "$unit")" ] # or none
  done
  user=$(sed -nE 's/^[^# ]+( [^ ]+){4} ([a-z]+) flock .*/\2/p' "$ROOT/scripts/systemd/cs-batch.cron")
  grep -q "^$user:" root/etc/passwd
  # Every path of theirs is in a directory that is there, and what is written to is the user's.
  grep -hoE '/(etc|run|var/lib)/clickstream/[^ ]+' "$ROOT"/scripts/systemd/*.{cron,options} "$ROOT"/scripts/systemd/*.service |
    sort -u >paths
  [ "$(wc -l <paths)" -gt 8 ]
  while read -r path; do
    [ -d "root${path%/*}" ] || { echo "$path" && return 1; }
    [[ $path == /etc/* ]] || [ "$(stat -c %u "root${path%/*}")" = "$id" ] || { echo "$path" && return 1; }
  done <paths
  # Options may hold passwords.
  [ "$(stat -c %a root/etc/clickstream)" = 750 ]
}

@test "the timer says when it comes next" {
  run -0 systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' cs-batch@test.timer)"
}

# syscalls_of SET: the system calls in it, sets within it, too.
syscalls_of() {
  local word
  systemd-analyze --no-pager syscall-filter "$1" </dev/null | sed -n 's/^    \(@*[a-z0-9_-]*\)$/\1/p' |
    while read -r word; do
      case $word in
        @*) syscalls_of "$word" ;;
        *) printf '%s\n' "$word" ;;
      esac
    done
}

# The calls that a service may make: its SystemCallFilter lines, one after the other.
syscalls_allowed() {
  local line word
  : >allowed
  sed -n 's/^SystemCallFilter=//p' "$1" | while read -r line; do
    for word in ${line#\~}; do
      if [[ $word == @* ]]; then syscalls_of "$word"; else printf '%s\n' "$word"; fi
    done | sort -u >these
    if [[ $line == \~* ]]; then sort -u allowed | comm -23 - these >next; else sort -u allowed these >next; fi
    mv next allowed
  done
  sort -u allowed
}

@test "a run makes no system call that the filter of the service refuses" {
  [ -z "${QUICK:-}" ] || skip 'sanitizers make calls of their own'
  need_kcat
  strace -o /dev/null -e trace=none true 2>/dev/null || skip 'strace cannot trace here'
  mock_start
  traffic --events=2000 --rate=4 | keyed | produce clicks
  NOTIFY_SOCKET=@nobody strace -f -qq -o trace cs-run -b "$BROKERS" -t clicks -S dir --from=beginning \
    -o rows,events -- cs-funnel --size=1m -- cs-parse --map=. --dedup=1h >messages 2>&1 3>&- 4>&- &
  local tracer=$! status=0
  LIMIT=60 until_true has_rows rows || { cat messages; return 1; }
  kill "$(pgrep -P "$tracer" -f cs-run)"
  wait "$tracer" || status=$?
  mock_stop
  [ "$status" = 0 ] || { cat messages; return 1; }
  sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' trace | sort -u >used
  [ "$(wc -l <used)" -gt 50 ]
  for unit in cs-run@test.service cs-run-partition@test.service cs-batch@test.service; do
    syscalls_allowed "$unit" | comm -13 - used >refused
    [ ! -s refused ] || { cat refused; return 1; }
  done
}

@test "the collector makes no system call that the filter of its service refuses" {
  [ -z "${QUICK:-}" ] || skip 'sanitizers make calls of their own'
  strace -o /dev/null -e trace=none true 2>/dev/null || skip 'strace cannot trace here'
  printf -- '--rate=100/10s\n--trust-proxy=unix\n--workers=2\n--map=.\n--rejects=rejects\n' >test.collect
  NOTIFY_SOCKET=@nobody strace -f -qq -o trace cs-collect --options=test.collect -l unix:door --spool=spool --seal=20ms 2>err 3>&- &
  local tracer=$! status=0
  until_true grep -q listening err
  local event='{"event_type":"x","event_time":"2026-01-01T00:00:00Z"}'
  for body in "$event" '{}' "[$event,$event]"; do curl -s --unix-socket door -d "$body" http://x/e; done
  kill "$(pgrep -P "$tracer")"
  wait "$tracer" || status=$?
  [ "$status" = 0 ] || { cat err; return 1; }
  # What a descriptor limit is asked for is in the unit.
  sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' trace | sort -u >used
  [ "$(wc -l <used)" -gt 30 ]
  syscalls_allowed cs-collect@test.service | comm -13 - used >refused
  [ ! -s refused ] || { cat refused; return 1; }
}
