#!/usr/bin/env bats
# Debian's packages: made, looked at, installed, used and taken away in minimal systems of their own (mmdebstrap).
#
# SUITES='bookworm trixie': for which releases (bookworm). What is built stays in CS_BUILD/package.

bats_require_minimum_version 1.5.0

setup_file() {
  cd "$BATS_TEST_DIRNAME/../.." || return 1
  if ! command -v mmdebstrap lintian >/dev/null; then skip 'mmdebstrap or lintian is not installed'; fi
  export BUILT SUITES
  BUILT=$(realpath -m "${CS_BUILD:-build}/package")
  : "${SUITES:=bookworm}"
  rm -rf "$BUILT"
  mkdir -p "$BUILT"
  make dist >"$BUILT/dist.log" 2>&1 || { cat "$BUILT/dist.log" >&2; return 1; }
  cp "${CS_BUILD:-build}/clickstream-$(<VERSION).tar.gz" "$BUILT/dist.tar.gz"
  local suite
  for suite in $SUITES; do
    packages_build "$suite" >"$BUILT/$suite.log" 2>&1 || { tail -n 40 "$BUILT/$suite.log" >&2; return 1; }
  done
}

setup() {
  cd "$BATS_TEST_DIRNAME/../.." || return 1
}

# Three times: as it is; in another directory, time zone and locale; and as if it were an older one, to upgrade from.
packages_build() {
  local out=$BUILT/$1
  mkdir "$out" "$out/again" "$out/older"
  cat >"$out/build" <<'END'
set -eu
build() {
  mkdir -p "$1" && cd "$1" && tar -xzf /dist.tar.gz && cd clickstream-*
  [ -z "${3:-}" ] || sed -i "1s/(.*)/($3)/" debian/changelog
  dpkg-buildpackage -us -uc -b -j"$(nproc)"
  mkdir "/out-$2" && mv ../*.deb ../*.changes ../*.buildinfo "/out-$2"
}
(TZ=UTC LC_ALL=C build /build/a first)
(TZ=Asia/Kolkata LC_ALL=C.UTF-8 build /somewhere/else/altogether again)
(build /build/older older 0.1.9-1)
END
  mmdebstrap --variant=buildd --skip=cleanup/tmp \
    --include="debhelper,$(sed -n '/^Build-Depends/,/^[A-Z]/s/^ \([a-z0-9-]*-dev\),/\1/p' debian/control | paste -sd,)" \
    --customize-hook="upload '$BUILT/dist.tar.gz' /dist.tar.gz" --customize-hook="upload '$out/build' /build-it" \
    --customize-hook='chroot "$1" sh /build-it' \
    --customize-hook="sync-out /out-first '$out'" --customize-hook="sync-out /out-again '$out/again'" \
    --customize-hook="sync-out /out-older '$out/older'" "$1" /dev/null
}

@test "the package is the same bytes, in whatever directory, time zone and locale it is made" {
  for suite in $SUITES; do
    for package in "$BUILT/$suite"/*.deb; do
      cmp "$package" "$BUILT/$suite/again/${package##*/}"
    done
  done
}

@test "lintian has nothing to say" {
  for suite in $SUITES; do
    # What looks like a misspelt word in a program is instructions, others with each compiler: IiF, expresssion.
    run -0 lintian --allow-root -EI --pedantic --suppress-tags spelling-error-in-binary --fail-on error,warning,info "$BUILT/$suite"/*.changes
  done
}

@test "the first package has 450 KB at most" {
  for package in "$BUILT"/*/clickstream_*.deb; do
    stat -c '%n %s bytes' "$package"
    [ "$(stat -c %s "$package")" -le 450000 ]
  done
}

@test "the collector and the pages are packages of their own" {
  for suite in $SUITES; do
    dpkg-deb -c "$BUILT/$suite"/clickstream_*.deb >"$BUILT/first"
    run ! grep -E 'cs-collect|cs-report|cs-look|cs[.]js|report[.]html' "$BUILT/first"
    dpkg-deb -c "$BUILT/$suite"/clickstream-collect_*.deb | grep -q 'usr/bin/cs-collect$'
    dpkg-deb -c "$BUILT/$suite"/clickstream-web_*.deb | grep -q 'clickstream/report.html$'
    dpkg-deb -c "$BUILT/$suite"/clickstream-web_*.deb | grep -q 'clickstream/cs.js$'
  done
}

# The packages in a directory, without those for debuggers.
packages() {
  printf '%s ' "$1"/clickstream_*.deb "$1"/clickstream-common_*.deb "$1"/clickstream-collect_*.deb "$1"/clickstream-web_*.deb
}

# What there is on a system, without what apt and dpkg remember of it.
listing='find / -xdev \( -path /proc -o -path /sys -o -path /tmp -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \
  -o -path /var/lib/dpkg -o -path /run \) -prune -o -print | grep -vE "^/etc/((passwd|group|shadow|gshadow)-?|[.]pwd[.]lock)$" | sort
  cut -d: -f1 /etc/passwd /etc/group'

@test "on a bare system it installs, upgrades and works; a purge leaves nothing behind" {
  for suite in $SUITES; do
    printf '%s\n' "$listing" >"$BUILT/listing"
    cat >"$BUILT/$suite/use" <<'END'
set -eu
touch /before /after
sh /listing >/before
began=$(date +%s)
apt-get -q -y --no-install-recommends install /older/clickstream_*.deb /older/clickstream-common_*.deb
echo '{"event_id":"1","session_id":"a","event_type":"product_view","event_time":"2026-02-06T00:00:38Z"}' | cs-funnel | grep -q '"product_views":1'
took=$(($(date +%s) - began))
echo "first row after $took s"
[ "$took" -le 30 ]
# All tools of the first package, and the scripts that come with what it depends on, have their pages by now.
tools=$(dpkg -L clickstream clickstream-common | sed -n 's,^/usr/bin/,,p')
[ "$(echo "$tools" | wc -l)" -ge 12 ]
for page in $(printf 'man1/%s.1 ' $tools) man7/clickstream.7; do
  [ -s "/usr/share/man/$page.gz" ] || { echo "no $page"; exit 1; }
done
apt-get -q -y --no-install-recommends install /older/*.deb
mkdir -p /var/lib/clickstream/shop && echo kept >/var/lib/clickstream/shop/state
apt-get -q -y --no-install-recommends install /newer/*.deb jq
[ "$(cat /var/lib/clickstream/shop/state)" = kept ]
getent passwd clickstream
cd /tmp && sh /pipeline
apt-get -q -y purge clickstream clickstream-common clickstream-collect clickstream-web jq
apt-get -q -y autoremove --purge
rm -rf /tmp/*
sh /listing >/after
END
    # Debian 13 has passwd no more among what nothing works without, but every system that is more than a test has it:
    # its priority is required. And libidn2-0 is what libc6 recommends: one that came with ours would be kept.
    mmdebstrap --variant=apt --include=ca-certificates,passwd,libidn2-0 --skip=cleanup --customize-hook="upload '$BUILT/listing' /listing" \
      --customize-hook='mkdir "$1/older" "$1/newer"' \
      --customize-hook="copy-in $(packages "$BUILT/$suite/older") /older" \
      --customize-hook="copy-in $(packages "$BUILT/$suite") /newer" \
      --customize-hook="upload debian/tests/pipeline /pipeline" --customize-hook="upload '$BUILT/$suite/use' /use" \
      --customize-hook='chroot "$1" sh /use' \
      --customize-hook="download /before '$BUILT/$suite/before'" --customize-hook="download /after '$BUILT/$suite/after'" \
      "$suite" /dev/null >"$BUILT/$suite/use.log" 2>&1 || { tail -n 40 "$BUILT/$suite/use.log"; return 1; }
    diff "$BUILT/$suite/before" "$BUILT/$suite/after"
    grep '^first row after' "$BUILT/$suite/use.log" >&3
  done
}
