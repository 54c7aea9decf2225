#!/usr/bin/env bats
# What the house looks like: where things are, what may know what.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_DIRNAME/.." || return 1
}

# Every file of the project, without what was built.
files() {
  if [ -e .git ] && command -v git >/dev/null; then
    # Without those that are taken away and not yet committed. No loop: bats looks at each command of one.
    git ls-files --cached --others --exclude-standard | grep -vxFf <(git ls-files --deleted)
  else
    find . -name build -prune -o -name .git -prune -o -type f -print | sed 's,^\./,,'
  fi
}

# ROOM/NOUN for each line of common/README.md, from the bottom up.
nouns_listed() {
  sed -nE -e '/^## [a-z]+\/$/{ s/^## //; h; }' -e '/^\| `[a-z0-9_]+` \|/{ s/^\| `([a-z0-9_]+)` .*/\1/; G; s/(.*)\n(.*)/\2\1/p; }' \
    common/README.md
}

# The noun each ROOM/FILE belongs to: its own name if that is in the list, else what stands before the first underscore
# (scan_avx2.c is part of scan).
nouns_of() {
  awk 'NR == FNR { listed[$1]; next } !($1 in listed) { sub(/_[a-z0-9_]*$/, "", $1) } 1' <(nouns_listed) -
}

nouns_there() {
  printf '%s\n' common/*/*.[ch] | sed -E 's,common/,,; s/\.[ch]$//' | nouns_of | sort -u
}

@test "the list in common/README.md has every noun once, in its room" {
  diff <(nouns_there) <(nouns_listed | sort)
}

@test "a file of common/ includes only what is above it in the list, and names its room" {
  # shellcheck disable=SC2016 # awk's
  nouns_listed | awk '
    function noun(name) { if (!(name in place)) sub(/_[a-z0-9_]*$/, "", name); return name }
    FILENAME == "-" { place[$1] = NR; next }
    match($0, /^#include "[a-z0-9_]+\/[a-z0-9_]+[.]h"/) {
      file = FILENAME; sub(/^common\//, "", file); sub(/[.][ch]$/, "", file); file = noun(file)
      other = substr($0, 11, RLENGTH - 13); there = noun(other)
      if (!(there in place)) { print file " includes " other ".h, which is in no room"; wrong = 1 }
      if (place[there] > place[file]) { print file " includes " other ".h, which is below it"; wrong = 1 }
      seen++
    }
    END { exit wrong || !seen }' - common/*/*.[ch]
}

@test "common/ has its rooms, and in them nothing else" {
  run ! ls common/*.[ch]
  diff <(nouns_listed | sed 's,/.*,,' | sort -u) <(find common -mindepth 1 -type d -printf '%f\n' | sort)
}

@test "a header begins with its name and what it is" {
  local -a headers=(common/*/*.h)
  # It says of each header whether it begins so, and in one process: two for each of three hundred took seconds.
  run -0 awk 'FNR == 1 { first = $0 }
    FNR == 2 { name = FILENAME; sub(/.*\//, "", name); print first == "/*" && index($0, " * " name " - ") == 1 ? "ok" : FILENAME ": " $0; nextfile }' \
    "${headers[@]}"
  [ "$(grep -cx ok <<<"$output")" = "${#headers[@]}" ] || { grep -vx ok <<<"$output"; return 1; }
}

@test "every tool has a page and a test, and nothing has one without being there" {
  for file in cmd/*.c; do
    name=$(basename "$file" .c)
    [ -f "man/$name.1" ] || { echo "no man/$name.1"; return 1; }
    [ -f "tests/$name.bats" ] || { echo "no tests/$name.bats"; return 1; }
  done
  for file in man/cs-*.1; do
    name=$(basename "$file" .1)
    [ -f "cmd/$name.c" ] || [ -f "scripts/$name" ] || { echo "$file is about nothing"; return 1; }
  done
}

@test "tools know tool.h, and not each other; cs-run, which runs them, cs-report and cs-top know rooms of their own" {
  run ! grep -nE '#include "[^/]*"' cmd/*.c
  for file in cmd/*.c; do grep -qE '#include "(run/tool|supervise/supervisor|look/page|look/screen|collect/collector)[.]h"' "$file"; done
  [ "$(grep -l '#include "supervise/' cmd/*.c)" = cmd/cs-run.c ]
  [ "$(grep -l '#include "collect/' cmd/*.c)" = cmd/cs-collect.c ]
}

@test "a command has 300 lines at most, half of them 200; a file of common/ 600, but for the scanner's kernel" {
  wc -l cmd/*.c common/*/*.[ch] >"$BATS_TEST_TMPDIR/lengths"
  awk '$2 ~ /^cmd/ && $1 > 300 || $2 ~ /^common/ && $1 > 600 && $2 !~ /scan_kernel/ { print; wrong = 1 } END { exit wrong }' \
    "$BATS_TEST_TMPDIR/lengths"
  [ "$(awk '$2 ~ /^cmd/ { print $1 }' "$BATS_TEST_TMPDIR/lengths" | sort -n | awk '{ n[NR] = $1 }
    END { print int((n[int((NR + 1) / 2)] + n[int(NR / 2) + 1]) / 2) }')" -le 200 ]
}

@test "no line ends in blanks, begins with a tab, has a carriage return, or is longer than 120 bytes in C" {
  files | grep -vE '\.(csv|tsv|log|header|ndjson|svg)$|^tests/cases/|^LICENSE$|^man/cs-look\.png$' >"$BATS_TEST_TMPDIR/names"
  xargs -d '\n' grep -nHE '[[:blank:]]+$' <"$BATS_TEST_TMPDIR/names" >"$BATS_TEST_TMPDIR/wrong" || true
  grep -vE '^(Makefile|debian/rules)$|[.]go$' "$BATS_TEST_TMPDIR/names" | xargs -d '\n' grep -nHP '^\t' >>"$BATS_TEST_TMPDIR/wrong" || true
  xargs -d '\n' grep -nHP '\r' <"$BATS_TEST_TMPDIR/names" >>"$BATS_TEST_TMPDIR/wrong" || true
  grep -E '\.[ch]$' "$BATS_TEST_TMPDIR/names" | xargs -d '\n' awk 'length($0) > 120 { print FILENAME ":" FNR ": long: " $0 }' >>"$BATS_TEST_TMPDIR/wrong"
  cat "$BATS_TEST_TMPDIR/wrong"
  [ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

@test "at the top is what the layout names, and nothing that a test has left there" {
  diff <(files | cut -d/ -f1 | sort -u) - <<'END'
.ci
.clang-format
.editorconfig
.gitignore
CHANGELOG.md
LICENSE
Makefile
README.md
SECURITY.md
VERSION
cmd
common
debian
man
packaging
samples
scripts
tests
END
}

@test "no test waits for a process in a subshell: it is nobody's child there, and only has a status if it ended before" {
  run ! grep -rnE '(\$\(|\brun +(! +)?(-[0-9]+ +)?)(wait|ended|finish)\b' tests --include='*.bats' --include='*.bash' --exclude=house.bats
}

@test "there is one picture of pixels, a small one: README's" {
  local others
  others=$(files | grep -iE '\.(png|jpe?g|gif|webp|ico|pdf)$')
  [ "$others" = man/cs-look.png ]
  [ "$(stat -c %s man/cs-look.png)" -lt 80000 ]
  [ "$(head -c 4 man/cs-look.png | tail -c 3)" = PNG ]
  # What it shows is said, too, to who cannot see it.
  tr '\n' ' ' <README.md | grep -qE '^# clickstream +!\[[^]]{80,}\]\(man/cs-look\.png\)'
}

@test "every file ends in a line end" {
  # States of releases are bytes, and so is a picture.
  files | grep -vE '^tests/golden/.*[.]state$|^man/cs-look[.]png$' | python3 -c '
import sys
for name in sys.stdin.read().splitlines():
    with open(name, "rb") as file:
        text = file.read()
    if text and not text.endswith(b"\n"):
        print(name)' >"$BATS_TEST_TMPDIR/wrong"
  cat "$BATS_TEST_TMPDIR/wrong"
  [ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

@test "what is a program can be executed, and says with what" {
  for file in scripts/* .ci/run debian/rules debian/tests/pipeline; do
    # What others read, and what is SQL, runs by itself nowhere.
    [[ ! -d $file && $file != *.@(bash|sql) ]] || continue
    [ -x "$file" ] || { echo "$file is not executable"; return 1; }
    [[ "$(head -1 "$file")" == '#!'* ]] || { echo "$file has no #!"; return 1; }
  done
}

@test "scripts/check closes with one line of numbers, and knows a failure" {
  mkdir -p "$BATS_TEST_TMPDIR/house/scripts" "$BATS_TEST_TMPDIR/house/tests" "$BATS_TEST_TMPDIR/house/build/unit"
  cd "$BATS_TEST_TMPDIR/house"
  cp "$BATS_TEST_DIRNAME/../scripts/check" scripts/
  printf '#!/bin/sh\n' >scripts/install-packages
  printf 'all units:\n' >Makefile
  unit() {
    printf '#!/bin/sh\n%s\n' "$2" >"build/unit/$1"
    chmod +x scripts/install-packages "build/unit/$1"
  }
  unit good 'echo ok 1 - a; echo "ok 2 - b # skip no data"; echo 1..2'
  run -0 scripts/check unit
  [ "${lines[-1]}" = '2 passed, 0 failed, 1 skipped' ]
  unit bad 'echo ok 1 - a; echo not ok 2 - b; echo "# why"; echo 1..2; exit 1'
  run -1 scripts/check unit
  [ "${lines[-1]}" = '3 passed, 1 failed, 1 skipped' ]
  [[ $output == *'not ok 2 - b'*'# why'* ]]
  # Cut off in the middle, dead at the end, mute: none of these is a success.
  unit bad 'echo ok 1 - a; echo 1..3'
  run -1 scripts/check unit
  [ "${lines[-1]}" = '3 passed, 2 failed, 1 skipped' ]
  unit bad 'echo ok 1 - a; echo 1..1; kill -SEGV $$'
  run -1 scripts/check unit
  [ "${lines[-1]}" = '3 passed, 1 failed, 1 skipped' ]
  unit bad ':'
  run -1 scripts/check unit
  [ "${lines[-1]}" = '2 passed, 1 failed, 1 skipped' ]
}

@test "the tools are hardened" {
  [ -z "${QUICK:-}" ] || skip 'sanitizers bring their own'
  local binary elf=$BATS_TEST_TMPDIR/elf
  for binary in "${CS_BUILD:-build}"/cs-* "${CS_BUILD:-build}/traffic"; do
    [ ! -L "$binary" ] || continue # a script
    readelf -hdlsW "$binary" >"$elf"
    grep -qE 'Type: +DYN' "$elf" # PIE
    # All of what is relocated is read-only, because it is bound at start.
    grep -q GNU_RELRO "$elf"
    grep -qE '\(FLAGS\) +BIND_NOW' "$elf"
    grep -qE 'GNU_STACK .* RW ' "$elf"
    grep -q __stack_chk_fail "$elf"
    # Of what leaves no trace but for that.
    readelf -wi --dwarf-depth=1 "$binary" 2>/dev/null | grep 'DW_AT_producer.*GNU C' >"$elf.producers" || continue
    run ! grep -v -e -fstack-clash-protection "$elf.producers"
    if grep -q -e ' -O2 ' "$elf.producers"; then grep -qE '__[a-z]+_chk@' "$elf"; fi # _FORTIFY_SOURCE
  done
}

@test "make install brings everything, and uninstall takes it away" {
  [ -z "${QUICK:-}" ] || skip 'sanitized tools are not for installing'
  root=$BATS_TEST_TMPDIR/root
  # The prefix of the build, because another one builds anew.
  make install BUILD="${CS_BUILD:-build}" DESTDIR="$root" >"$BATS_TEST_TMPDIR/log" 2>&1 || { cat "$BATS_TEST_TMPDIR/log"; return 1; }
  for name in $(basename -s .c cmd/*.c) cs-ship cs-look cs-parallel cs-spark; do
    "$root/usr/local/bin/$name" --help >"$BATS_TEST_TMPDIR/help"
    [ -s "$root/usr/local/share/man/man1/$name.1" ]
    [ -s "$root/usr/local/share/bash-completion/completions/$name" ]
    [ -s "$root/usr/local/share/zsh/site-functions/_$name" ]
  done
  diff -r samples/views "$root/usr/local/share/clickstream/views"
  diff -r samples/maps "$root/usr/local/share/clickstream/maps"
  for list in "${CS_BUILD:-build}"/share/*.txt "${CS_BUILD:-build}/share/report.html"; do
    [ ! -f "$list" ] || cmp "$list" "$root/usr/local/share/clickstream/${list##*/}"
  done
  [ -s "$root/usr/local/share/man/man7/clickstream.7" ]
  [ -s "$root/usr/local/share/man/man7/clickstream-cookbook.7" ]
  [ -s "$root/usr/local/share/doc/clickstream/examples/clicks.ndjson" ]
  for unit in cs-run@.service clickstream.target cs-batch@.service cs-batch@.timer cs-alert@.service cs-collect@.service cs-collect@.socket cs-ship@.service; do
    cmp "scripts/systemd/$unit" "$root/usr/local/lib/systemd/system/$unit"
  done
  for file in scripts/systemd/*.cron scripts/systemd/*.options scripts/systemd/*.alert samples/prometheus/* samples/grafana/* samples/proxies/* samples/bi/*; do
    cmp "$file" "$root/usr/local/share/doc/clickstream/examples/${file##*/}"
  done
  cmp scripts/systemd/alert "$root/usr/local/share/clickstream/alert"
  for kind in sysusers tmpfiles; do
    cmp "scripts/systemd/clickstream.$kind" "$root/usr/local/lib/$kind.d/clickstream.conf"
  done
  make uninstall BUILD="${CS_BUILD:-build}" DESTDIR="$root" >/dev/null
  run -0 find "$root" -type f
  [ -z "$output" ] || { echo "$output"; return 1; }
  # Elsewhere, units find cs-run there. The tools as they are: this is not about what they were compiled for.
  make -o all install BUILD="${CS_BUILD:-build}" DESTDIR="$root" bindir=/opt/bin >/dev/null
  grep -q '^ExecStart=/opt/bin/cs-run ' "$root/usr/local/lib/systemd/system/cs-run@.service"
  [ -x "$root/opt/bin/cs-ship" ]
}
