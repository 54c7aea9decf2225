# jq -r: results.json as tables for people.
def row: "| " + (map(tostring) | join(" | ")) + " |";
def table($heads; rows): if (rows | length) == 0 then empty else ([$heads, ($heads | map("---"))] + rows | map(row) | join("\n")), "" end;
def verdict_of(met): if met then "yes" else "**no**" end;
def verdict: if .target == null then "" else verdict_of(.met) end;

(.load as $load | .machine | "\(.date): \(.cpu), \(.cores) cores, \(.memory_gib) GiB, \(.kernel), \(.cc), scanner \(.scanner); \(.events) events, "
  + "\(.rounds) rounds, load \(.load_at_start) at the start"
  + ($load | map("; \(.load) after \(.part)") | join("")) + "."), "",
table(["peer", "job", "input", "ours ns/event", "GB/s", "peer ns/event", "times as fast", "by processor time", "wanted", "met", "ours MiB", "peer MiB"];
  [.comparisons[] | [.part, .job, .input, .ours.ns_per_event, .ours.gb_per_second, .peer.ns_per_event, .times, .cpu_times,
    (if .target == null then "" elif .by == "processor" then "\(.target), processor" else .target end), verdict, .ours.rss_mib, (if .peer.rss_mib == 0 then "" else .peer.rss_mib end)]]),
table(["simdjson", "members", "documents by", "header/library", "best GB/s", "median GB/s"];
  [.simdjson[] | [.input, .take, .by, .instructions, .best_gb_per_second, .median_gb_per_second]]),
table(["--jobs", "jobs", "seconds", "processor seconds", "times as fast as one", "MiB"];
  [.scaling[] | [.job, .jobs, .seconds, .cpu_seconds, .times, .rss_mib]]),
table(["wanted by itself", "unit", "wanted", "figure", "met"];
  [.bounds[] | [.what, .unit, "at \(.limit) \(.wanted)", .value, verdict_of(.met)]]),
table(["start to first byte (wanted: 5 ms without libjq)", "median ms", "least ms"]; [.start[] | [.what, .ms, .least_ms]]),
table(["latency at 100,000 events/s (wanted: p99 of 5 ms)", "rows", "p50 ms", "p90 ms", "p99 ms", "largest ms"];
  [.latency[] | [.what, .rows, .p50_ms, .p90_ms, .p99_ms, .max_ms]]),
table(["growth with", "job or group", "how many", "processor ns/event", "MiB"]; [.growth[] | [.series, .job, .size, .ns_per_event, .rss_mib]]),
([.checks[] | select(.different == "") | "\(.peer) \(.job)"] | if length > 0 then "Same results: " + join(", ") + "." else empty end),
(.checks[] | select(.different != "") | "**Not the same result**: \(.peer) \(.job): \(.different)."),
(.skipped[] | "Skipped: \(.what): \(.why).")
