# jq -s --slurpfile targets FILE: medians and ratios of what run has recorded.
def median: sort | if length == 0 then null else (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2 end;
def digits(n): . * pow(10; n) | round / pow(10; n);
def per_event(f): map((f) / .events) | median;

def side: {
  events: .[0].events,
  seconds: (map(.wall) | median | digits(4)),
  cpu_seconds: (map(.user + .sys) | median | digits(4)),
  ns_per_event: (per_event(.wall) * 1e9 | digits(1)),
  cpu_ns_per_event: (per_event(.user + .sys) * 1e9 | digits(1)),
  gb_per_second: (map(.bytes / .wall) | median / 1e9 | digits(3)),
  gb_per_cpu_second: (map(.bytes / (.user + .sys)) | median / 1e9 | digits(3)),
  rss_mib: (map(.rss_kib) | max / 1024 | digits(1)),
  runs: length
};

def target($part; $job; $input):
  first($targets[0][] | select(.part == $part and (.job == $job or .job == "*") and .input == $input)) // null;

def comparison:
  .[0] as {$part, $job, $input}
  | (map(select(.side == "ours")) | side) as $ours
  | map(select(.side != "ours")) as $theirs
  | select($theirs != [])
  | ($theirs | side) as $peer
  | ($peer.ns_per_event / $ours.ns_per_event | digits(3)) as $times
  | target($part; $job; $input) as $target
  | {$part, $job, $input, peer_name: $theirs[0].side, $ours, $peer, times: $times,
     cpu_times: ($peer.cpu_ns_per_event / $ours.cpu_ns_per_event | digits(3))}
  | . + {target: $target.target, by: $target.by,
      met: (if $target == null then null else (if $target.by == "processor" then .cpu_times else .times end) >= $target.target end)};

# The order in which things were first measured.
def groups(f): [foreach .[] as $row ({seen: {}}; .new = (.seen[$row | f | tostring] | not) | .seen[$row | f | tostring] = true;
  select(.new) | $row | f)] as $keys | . as $rows | [$keys[] as $key | [$rows[] | select(f == $key)]];

. as $all
| {
  machine: (first($all[] | select(.kind == "machine")) | del(.kind)),
  load: [$all[] | select(.kind == "load") | {part, load}],
  scaling: ([$all[] | select(.kind == "scaling")] | groups(.job) | map(
    (map(select(.jobs == 1).wall) | median) as $one
    | groups(.jobs)[] | {job: .[0].job, jobs: .[0].jobs, seconds: (map(.wall) | median | digits(4)),
        cpu_seconds: (map(.user + .sys) | median | digits(4)), rss_mib: (map(.rss_kib) | max / 1024 | digits(1))}
    | .times = ($one / .seconds | digits(2)))),
  skipped: [$all[] | select(.kind == "skipped") | del(.kind)],
  checks: [$all[] | select(.kind == "check") | del(.kind)],
  comparisons: ([$all[] | select(.kind == "time")] | groups([.part, .job, .input]) | map(comparison)),
  simdjson: ([$all[] | select(.kind == "simdjson")] | groups([.input, .take, .by]) | map({input: .[0].input, take: .[0].take, by: .[0].by,
    version: .[0].simdjson, instructions: .[0].instructions, best_gb_per_second: (map(.best_gb_per_second) | max),
    median_gb_per_second: (map(.median_gb_per_second) | median | digits(3))})),
  growth: [$all[] | select(.kind == "growth")
    | {series, job, size, events, ns_per_event: ((.user + .sys) / .events * 1e9 | digits(1)), rss_mib: (.rss_kib / 1024 | digits(1))}],
  bounds: ([$all[] | select(.kind == "bound")] | groups(.what) | map((map(.value) | median) as $value
    | .[0] | {what, unit, limit, wanted, value: $value, met: (if .limit == "most" then $value <= .wanted else $value >= .wanted end)})),
  start: ([$all[] | select(.kind == "start")] | groups(.what)
    | map({what: .[0].what, ms: (map(.seconds) | median * 1000 | digits(2)), least_ms: (map(.seconds) | min * 1000 | digits(2)), runs: length})),
  latency: [$all[] | select(.kind == "latency") | del(.kind)]
}
