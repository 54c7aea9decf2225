# helper.bash - what the .bats files share: where the tools, the samples and the real data are.
#
#     load helper
#     setup() { setup_tools; }
#
# CS_BUILD says where the binaries are (default: build beside tests). Each test runs in a directory
# of its own; what it starts is called by name.

bats_require_minimum_version 1.5.0

setup_tools() {
  ROOT="$(cd "$BATS_TEST_DIRNAME/.." && pwd)"
  CS_BUILD="${CS_BUILD:-$ROOT/build}"
  # It may be relative to where bats was started.
  [[ $CS_BUILD == /* ]] || CS_BUILD="${BATS_CWD:-$ROOT}/$CS_BUILD"
  export ROOT CS_BUILD LC_ALL=C TZ=UTC
  PATH="$CS_BUILD:$PATH"
  cd "$BATS_TEST_TMPDIR" || return 1
}

# Data that is not part of the project: sets DATA, or skips the test by name.
need_data() {
  DATA="$ROOT/../shared/data"
  [ -e "$DATA/$1" ] || skip "../shared/data/$1 is absent"
}
