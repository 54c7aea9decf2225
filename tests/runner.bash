# runner.bash - cs-run in the tests of it: at once, in the background ($runner), and what is below it.
#
#     load mock; load runner; teardown() { runner_end; }

# from_topic TOPIC [OPTION]... -- TOOL...: what most tests begin with.
from_topic() {
  cs-run -b "$BROKERS" -S dir -t "$@"
}

# The same in the background: $runner.
start() {
  cs-run -b "$BROKERS" -S dir -t "$@" >/dev/null 2>messages 3>&- 4>&- &
  runner=$!
}

# What a failed test has left running; the sources go with cs-run, and the tool with them.
runner_end() {
  [ -z "${runner:-}" ] || kill -9 "$runner" 2>/dev/null || true
}

# The process of that name below the runner.
child() {
  pgrep -P "$runner" -x "$1"
}

# Are so many partitions read live? Then everything runs: cs-run has other uses for kcat and the tool before that.
all_live() {
  [ "$(pgrep -P "$runner" -f -c -- '^kcat -C ')" = "$1" ]
}
