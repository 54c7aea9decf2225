#!/usr/bin/env bats
# The static program and the image: made, looked at and used. By hand: CS_BUILD=build bats tests/package/static.bats
#
# The first time takes minutes, in which libraries are compiled. What is for another processor runs in qemu.
#
# ARCHS='x86_64 aarch64': for which processors (both).

bats_require_minimum_version 1.5.0

setup_file() {
  cd "$BATS_TEST_DIRNAME/../.." || return 1
  export BUILT VERSION ARCHS
  : "${ARCHS:=x86_64 aarch64}"
  BUILT=$(realpath -m "${CS_BUILD:-build}")
  VERSION=$(<VERSION)
  BUILD=$BUILT packaging/zig >/dev/null || skip 'ziglang cannot be had'
  make -s BUILD="$BUILT" static >"$BUILT/static.log" 2>&1 || { tail -n 40 "$BUILT/static.log" >&2; return 1; }
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return 1
}

event='{"event_id":"1","session_id":"a","event_type":"product_view","event_time":"2026-02-06T00:00:38Z","n":1000000000}'

# run_on ARCH TOOL ARGUMENT...: a tool of the tarball, here or emulated.
run_on() {
  local emulator=() arch=$1 tool=$2
  [ "$arch" = "$(uname -m)" ] || emulator=("qemu-$arch")
  "${emulator[@]}" "$BUILT/static/$arch/clickstream" "$tool" "${@:3}"
}

# Is that one row, of one view?
one_view() {
  [ "$(jq .product_views)" = 1 ]
}

@test "the static program has 3 MB at most, and needs no library" {
  for arch in $ARCHS; do
    [ "$(stat -c %s "$BUILT/static/$arch/clickstream")" -le 3000000 ]
    run ! grep -q 'INTERP\|NEEDED' <(readelf -ld "$BUILT/static/$arch/clickstream")
  done
}

@test "events become rows, a regular expression is one, and libjq is limited" {
  for arch in $ARCHS; do
    [ "$arch" = "$(uname -m)" ] || command -v "qemu-$arch" || continue
    printf '%s\n' "$event" | run_on "$arch" cs-funnel | one_view
    printf '%s\n' "$event" | run_on "$arch" cs-funnel -w '.event_type | test("^PRODUCT"; "i")' | one_view
    run_on "$arch" cs-funnel --explain -w '[.event_type] | length == 1' | grep -F 'steps and bytes are counted (linked statically)'
    printf '%s\n' "$event" | run_on "$arch" cs-funnel -w '([range(.n)] | length) == 1' 2>messages || true
    # Emulated, five seconds are over before that many steps.
    grep -E 'cut off in line 1: it takes too (many steps|long)' messages
    [ "$arch" != "$(uname -m)" ] || grep -F 'it takes too many steps' messages
    printf '%s\n' "$event" | run_on "$arch" cs-funnel -w '("x" * .n) == "x"' 2>messages || true
    grep -F 'cut off in line 1' messages
    run_on "$arch" cs-parse --version | grep -F "$VERSION"
  done
}

@test "the scanner is the one for this processor" {
  grep -qw avx2 /proc/cpuinfo || skip 'no AVX2 here'
  run_on x86_64 cs-funnel --explain | grep -E '^scanner +avx'
}

@test "the tarball unpacks to what make install has: a link for each tool, pages, views, maps and lists" {
  for arch in $ARCHS; do
    mkdir "$arch"
    (cd "$BUILT" && sha256sum -c "clickstream-$VERSION-$arch-linux.tar.gz.sha256")
    tar -C "$arch" --strip-components=1 -xzf "$BUILT/clickstream-$VERSION-$arch-linux.tar.gz"
    for tool in "$BATS_TEST_DIRNAME"/../../cmd/*.c; do [ -x "$arch/bin/$(basename "$tool" .c)" ]; done
    [ -x "$arch/bin/cs-ship" ]
    [ -s "$arch/share/man/man1/cs-parse.1" ]
    [ -s "$arch/share/clickstream/views/product-performance" ]
  done
  printf '%s\n' "$event" | "./$(uname -m)/bin/cs-funnel" | one_view
}

@test "the image has 12 MB at most, runs as 65532 with a root that nobody can write to, and keeps states in its volume" {
  command -v umoci >/dev/null || skip 'umoci is not installed'
  [ "$(id -u)" = 0 ] || skip 'only root may mount'
  (cd "$BATS_TEST_DIRNAME/../.." && make -s BUILD="$BUILT" image) >image.log
  [ "$(du -sb "$BUILT/image" | cut -f1)" -le 12000000 ]
  umoci stat --image "$BUILT/image:$VERSION" >/dev/null
  umoci unpack --image "$BUILT/image:$VERSION" bundle
  jq -e '.process.user.uid == 65532 and .process.user.gid == 65532' bundle/config.json
  [ "$(stat -c %u bundle/rootfs/var/lib/clickstream)" = 65532 ]
  # inside COMMAND...: as a container runtime would, with a tmpfs for the volume.
  cat >inside <<'END'
set -eu
mount --bind bundle/rootfs bundle/rootfs
mount -o remount,ro,bind bundle/rootfs
mount -t tmpfs -o uid=65532,gid=65532 tmpfs bundle/rootfs/var/lib/clickstream
exec env -i PATH=/usr/bin:/usr/sbin chroot --userspec=65532:65532 bundle/rootfs "$@"
END
  printf '%s\n' "$event" | unshare -m sh inside cs-funnel | one_view
  printf '%s\n' "$event" | unshare -m sh inside sh -c 'cs-funnel --state=/var/lib/clickstream/state && test -s /var/lib/clickstream/state'
  run unshare -m sh inside cs-funnel --state=/state </dev/null
  [ "$status" -ne 0 ]
  [[ $output == *'Read-only file system'* ]]
  unshare -m sh inside cs-window --view=product-performance </dev/null
  # What the probes of packaging/helm are made of.
  [ "$(unshare -m sh inside sh -c 'find /usr/bin -name cs-run -exec false {} + || echo found')" = found ]
  if command -v kcat >/dev/null; then unshare -m sh inside kcat -V | grep -F librdkafka; fi
}
