#!/usr/bin/env bats
# --merge of rows: what every input has passed is printed, whatever comes how, and nothing is lost without a word.

load helper

setup() { setup_tools; }

# events SEED PARTITIONS GROUPS: events of an hour or two, framed by partition: of each group some, with values of every kind.
events() {
  python3 - "$@" <<'PY'
import json, random, sys

seed, partitions, groups = map(int, sys.argv[1:])
chance = random.Random(seed)
odd = ["", "é", "\U0001f600", '"', "\\", "\x01", "\x7f", "null", "1", " ", "a\nb", "\u2028", "/"]
kinds = [
    lambda n: "null", lambda n: "true", lambda n: str(n), lambda n: "%d.0" % n, lambda n: "%de-3" % n, lambda n: "[%d]" % n,
    lambda n: json.dumps(chance.choice(odd) + str(n)), lambda n: json.dumps(chance.choice(odd), ensure_ascii=False),
]
offsets = [0] * partitions
hours = chance.choice([1, 2])
for n in range(groups):
    group = chance.choice(kinds)(n) if n % 3 == 0 else '"g%05d"' % n
    for partition in range(partitions):
        if chance.random() < 0.4:
            continue
        print('%d\t%d\t{"event_time":%.3f,"event_type":"%s","session_id":"%d.%d","k":%s,"price":%s}' % (
            partition, offsets[partition], 1767225600 + chance.random() * 3600 * hours, chance.choice(["page_view", "purchase"]),
            partition, n // 2, group, chance.choice(["1.5", "null", '"x"', "7"])))
        offsets[partition] += 1
PY
}

# With --idle windows are held whole: what that prints is what is wanted.
held() { "$@" --idle=1d; }

# split FILES TOOL...: the rows of events by partition in so many files, each of the partitions that chance says.
split() {
  local file p
  rm -rf rows events.* && mkdir rows
  for ((file = 0; file < $1; file++)); do : >"events.$file"; done
  for ((p = 0; p < PARTITIONS; p++)); do grep "^$p	" events >>"events.$((RANDOM % $1))"; done
  for ((file = 0; file < $1; file++)); do "${@:2}" --lateness=max --by-partition "events.$file" >"rows/$file"; done
}

@test "rows of a day of groups, in files and pipes, by whatever partitions, with empty files and one twice: as if held whole" {
  local round seed files named
  local -a words inputs
  for ((round = 0; round < $(rounds 8); round++)); do
    seed=$RANDOM PARTITIONS=$((RANDOM % 12 + 1)) files=$((RANDOM % 12 + 1))
    echo "seed $seed, $PARTITIONS partitions, $files files"
    words=(cs-window --size=1h --by=k --agg=n=count --agg='s=distinct(session_id)' --agg='low=min(price)' --agg='l=list(price,2)')
    ((round % 3 < 2)) || words=(cs-funnel --size=1h --by=k --order=ordered)
    events "$seed" "$PARTITIONS" $((60000 / PARTITIONS)) >events
    split "$files" "${words[@]}"
    mapfile -t inputs < <(find rows -type f | shuf)
    ((round % 4 > 0)) || inputs+=("${inputs[0]}")
    named=--partitions=0-$((PARTITIONS - 1))
    ((round % 2)) || named=
    # shellcheck disable=SC2086 # none or one
    held "${words[@]}" --merge $named "${inputs[@]}" >wanted
    # shellcheck disable=SC2086
    "${words[@]}" --merge $named "${inputs[@]}" 2>messages | cmp - wanted || { cat messages && return 1; }
    eval "${words[*]@Q} --merge $named $(printf '<(cat %s) ' "${inputs[@]}")" 2>messages | cmp - wanted || { cat messages && return 1; }
  done
}

# row PARTITION FROM TO [STEP]: rows of one hour, of these groups.
row() {
  awk -v p="$1" -v from="$2" -v to="$3" -v step="${4:-1}" 'BEGIN {
    for (g = from; g <= to; g += step)
      printf "{\"window_start\":\"2026-01-01T00:00:00Z\",\"window_end\":\"2026-01-01T01:00:00Z\",\"g\":\"%06d\",\"partition\":%d,\"n\":1}\n", g, p
  }'
}

window() { cs-window --size=1h --by=g --agg=n=count --merge "$@"; }

@test "groups that every input has passed are printed while their window is open" {
  mkfifo a b
  window a b >out &
  exec 5>a 6>b
  row 0 1 20000 >&5
  row 1 1 20000 >&6
  until_true test -s out
  exec 5>&- 6>&-
  wait $!
  held window <(row 0 1 20000) <(row 1 1 20000) | cmp - out
}

@test "of two pipes that one writer fills in turn none waits for the other, and one that brings nothing is waited for" {
  mkfifo a b c
  window a b c >out &
  exec 7>c
  # The second gets nothing before the first is read to its end: much more than a pipe holds.
  { row 0 1 60000 >a; row 1 1 60000 >b; }
  [ ! -s out ]
  exec 7>&-
  wait $!
  held window <(row 0 1 60000) <(row 1 1 60000) | cmp - out
}

@test "rows in another order are held, and merged all the same" {
  for p in 0 1 2; do row "$p" 1 20000 >"rows.$p"; done
  held window rows.? >wanted
  shuf rows.1 >mixed
  window rows.0 mixed rows.2 | cmp - wanted
  tac rows.2 >mixed
  window rows.0 rows.1 mixed | cmp - wanted
  # One behind the other in a stream; and one of several in turn, of which the last has little to say.
  cat rows.? | window --partitions=0-2 | cmp - wanted
  { row 0 1 18000 && row 1 19000 19000 && row 0 18001 20000 && row 1 19001 20000; } >turns
  window --partitions=0,1 turns | cmp - <(held window turns)
}

@test "a row that belongs before what has been printed is named, and all others are added up" {
  row 0 1 20000 >first
  { row 1 2 20000 && row 1 1 1; } >second
  run -1 --separate-stderr window --rejects=rejects --stats=stats.json first second
  cmp <(echo "$output") <(held window first <(row 1 2 20000))
  [ "$(jq -c '[.input, .line, .reason, .detail]' rejects)" = \
    '["second",20000,"bad-member","--merge: the row belongs before some that have been printed"]' ]
  conserved
  # Within the first thousand rows nothing is believed.
  { row 1 1000 1100 && row 1 1 1 && row 1 1101 20000; } >second
  window first second | cmp - <(held window first second)
}

@test "a partition that nobody has named, and whose first row comes when others are printed, ends the run" {
  row 0 1 20000 >one
  { row 1 1 20000 && row 2 1 20000; } >both
  run -3 --separate-stderr window one both
  [[ $stderr == 'cs-window: --merge: the first row of partition 2 comes when rows have been printed without it: --partitions=LIST says '* ]]
  window --partitions=0-2 <(cat one) both | cmp - <(held window one both)
  # One input alone may well have one partition behind the other.
  window both | cmp - <(held window both)
}

@test "what needs all rows of a window has them" {
  for p in 0 1; do row "$p" 1 20000 >"rows.$p"; done
  held window rows.? >wanted
  window --top=3 rows.? | cmp - <(head -n 3 wanted)
  window --order-by=g rows.? | cmp - wanted
  window --order-by=-g --top=2 rows.? | cmp - <(tail -n 2 wanted | tac)
  window --having='.n > 2' rows.? | cmp - /dev/null
  window --having='.n > 1' rows.? | cmp - wanted
  window --state=state --flush rows.? | cmp - wanted
  window --emit=updates:1h rows.? | jq -c 'select(.final) | del(.final)' | cmp - wanted
  window --format=csv rows.? | cmp - <(held window --format=csv rows.?)
}
