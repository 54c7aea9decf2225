# gawk -f funnel.awk EVENTS: the rows of cs-funnel, in no order. It knows no JSON: members are found by their names, so
# it is right only while no value has an escape or looks like a member.
function member(name,  at, rest) {
  at = index($0, "\"" name "\":\"")
  if (!at) return ""
  rest = substr($0, at + length(name) + 4, 100)
  return substr(rest, 1, index(rest, "\"") - 1)
}

BEGIN {
  step["page_view"] = 1
  step["product_view"] = 2
  step["add_to_cart"] = 3
  step["checkout_start"] = 4
  step["purchase"] = 5
}

{
  group = substr(member("event_time"), 1, 15) "\t" member("traffic_source") "\t" member("device_type")
  groups[group] = 1
  k = step[member("event_type")]
  if (k && !((group, k, member("session_id")) in seen)) {
    seen[group, k, member("session_id")] = 1
    count[group, k]++
  }
}

END {
  for (group in groups) {
    split(group, part, "\t")
    for (k = 1; k <= 5; k++) n[k] = count[group, k] + 0
    printf "{\"window_start\":\"%s0:00.000Z\",\"traffic_source\":\"%s\",\"device_type\":\"%s\",\"sessions\":%d," \
      "\"product_views\":%d,\"add_to_carts\":%d,\"checkout_starts\":%d,\"purchases\":%d,\"overall_conversion_rate\":%s}\n",
      part[1], part[2], part[3], n[1], n[2], n[3], n[4], n[5], n[1] ? sprintf("%.2f", n[5] * 100 / n[1]) : "null"
  }
}
