# mock.bash - kcat's own broker, for quick tests: topics of four partitions, made when they are first written to.
#
#     setup_file() { setup_tools; mock_start; }      # sets BROKERS
#     teardown_file() { mock_stop; }
#     setup() { setup_tools; need_kcat; }

need_kcat() {
  command -v kcat >/dev/null || skip 'kcat is missing'
  PATH="$ROOT/scripts:$PATH"
}

# The broker runs until its standard input ends; it holds the writing end itself.
mock_start() {
  command -v kcat >/dev/null || return 0
  local dir=$BATS_FILE_TMPDIR
  mkfifo "$dir/hold"
  kcat -b mock -P -t hold -X test.mock.num.brokers=1 <>"$dir/hold" >/dev/null 2>"$dir/mock" 3>&- 4>&- &
  echo $! >"$dir/mock.pid"
  disown
  until_true grep -q '127[0-9.:]*$' "$dir/mock"
  BROKERS=$(grep -o '127[0-9.:]*$' "$dir/mock")
  export BROKERS KCAT_CONFIG=/dev/null
}

mock_stop() {
  local pid
  [ ! -e "$BATS_FILE_TMPDIR/mock.pid" ] || read -r pid <"$BATS_FILE_TMPDIR/mock.pid"
  [ -z "${pid:-}" ] || kill -9 "$pid" 2>/dev/null || true
}

# Events on standard input, with their session_id as key.
keyed() {
  awk '{ match($0, /"session_id":"[^"]*"/); print substr($0, RSTART + 14, RLENGTH - 15) "\t" $0 }'
}

# produce TOPIC [OPTION]...: standard input, KEY<TAB>VALUE or VALUE.
produce() {
  kcat -q -P -b "$BROKERS" -t "$1" -K '\t' -X acks=all -X partitioner=murmur2_random "${@:2}"
}

# consume TOPIC [OPTION]...: values, or what -f says.
consume() {
  kcat -q -C -b "$BROKERS" -t "$1" -e -o beginning -X fetch.wait.max.ms=10 "${@:2}"
}

# Is there a row in that topic?
has_rows() {
  [ "$(consume "$1" 2>/dev/null | wc -l)" -gt 0 ]
}

# The last row of each key: keys stay in their partition, and there they come in order.
last_of_each_key() {
  consume "$1" -f '%k\t%s\n' | awk -F '\t' '{ row[$1] = $2 } END { for (key in row) print row[key] }' | sort
}

# How many of cs-run's processes work in that directory?
working_in() {
  find /proc -maxdepth 2 -name cwd -lname "$1" 2>/dev/null | cut -d / -f 3 | xargs -r ps -o comm= -p |
    grep -cxE 'kcat|sleep|cs-[a-z]+' || true
}
