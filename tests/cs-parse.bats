#!/usr/bin/env bats
# cs-parse: formats, what is refused and why, and what the options make of an event.
# shellcheck disable=SC2154,SC2016,SC1003

load helper

setup() {
  setup_tools
  # The end of every canonical line below: no members but those named.
  nulls='"page_url":null,"product_id":null,"category_id":null,"search_query":null,"traffic_source":null,"campaign_id":null,"device_type":null'
  time='"event_time":"2026-01-01T00:10:00.000Z"'
  event='{"event_type":"t","event_time":"2026-01-01T00:10:00Z"'
  row='{"event_id":null,"session_id":null,"user_id":null,"event_type":"t",'"$nulls,$time"
}

# Output and messages apart; all of standard output in $output.
parse() {
  run --separate-stderr cs-parse "$@"
}

# The reasons in the file of rejects, in order.
reasons() {
  jq -r .reason rejects | paste -sd' '
}

# parse_line LINE OPTION...: one line of input.
parse_line() {
  printf '%s\n' "$1" >line
  shift
  parse --rejects=rejects "$@" line
}

# --- canonical events

@test "a canonical line comes out as the same bytes" {
  line="$row,\"price\":1.50}"
  parse_line "$line"
  [ "$status" -eq 0 ]
  [ "$output" = "$line" ]
}

@test "all twelve members are printed in order, then the unknown ones as they came" {
  parse_line '{"b":{ "x":[1, 2]},"event_time":"2026-01-01T00:10:00Z","device_type":"tv","event_type":"t","a":"\u00e9\/","event_id":"e"}'
  [ "$output" = '{"event_id":"e","session_id":null,"user_id":null,"event_type":"t","page_url":null,"product_id":null,"category_id":null,"search_query":null,"traffic_source":null,"campaign_id":null,"device_type":"tv",'"$time"',"b":{ "x":[1, 2]},"a":"\u00e9\/"}' ]
}

@test "event_time is the time that was read, wherever it stood and whatever was in its place" {
  local line time end=',"at":"2026-01-01T00:10:00.000Z"}'
  line='{"event_id":"1","session_id":null,"user_id":null,"event_type":"x","page_url":null,"product_id":null'
  line+=',"category_id":null,"search_query":null,"traffic_source":null,"campaign_id":null,"device_type":null'
  for time in null '"2026-02-03T04:05:06.789Z"' '"x"' 5; do
    yes "$line,\"event_time\":$time$end" | head -n 200 >in
    cs-parse --from=ndjson --time-field=at in >out
    [ "$(sort -u out)" = "$line,\"event_time\":\"2026-01-01T00:10:00.000Z\"$end" ]
  done
}

@test "white space that is a control does not make invalid JSON of an event" {
  local tab=$'\t' c1=$'\u0085' del=$'\x7f'
  parse_line "$event,\"p\":${tab}[\"$c1\"]}"
  [ "$output" = "$row,\"p\": [\"\\u0085\"]}" ]
  parse_line "$event,\"p\":\"$c1\",\"q\":[1,$tab"$'\r'"2]$tab}"
  [ "$output" = "$row,\"p\":\"\\u0085\",\"q\":[1,  2]}" ]
  parse_line "$tab{\"event_id\"$tab:$tab\"$del\",${event#?},\"brand\":$tab\"x\",\"n\":\"1\",\"y\":${tab}[]}" --rename=make=brand \
    --recode="make:x=a${c1}b" --number=n
  jq -e '.event_id == "\u007f" and .make == "a\u0085b" and .n == 1 and .y == []' <<<"$output"
  parse_line "$event,\"p\":${tab}[\"$c1\"]}" --map='., .p += ["\u007f"]'
  [ "$(jq -c .p <<<"$output" | paste -sd' ')" = '["'"$c1"'"] ["'"$c1"'","\u007f"]' ]
  parse_line "3${tab}4$tab$event,\"p\":${tab}[\"$c1\"]}" --keep-frame
  [ "$output" = "$(sized 3 4 "$row,\"p\": [\"\\u0085\"]}")" ]
}

@test "numbers and booleans in canonical members become their text" {
  parse_line "$event,\"event_id\":1.50,\"session_id\":7,\"user_id\":true}"
  [ "$output" = "{\"event_id\":\"1.50\",\"session_id\":\"7\",\"user_id\":\"true\",\"event_type\":\"t\",$nulls,$time}" ]
}

@test "the last of a repeated key counts" {
  parse_line "$event,\"event_id\":\"old\",\"event_id\":\"new\"}"
  [ "$(jq -r .event_id <<<"$output")" = new ]
}

@test "an empty string stays one, and an empty event_type is one" {
  parse_line '{"event_type":"","event_time":"2026-01-01T00:10:00Z","user_id":""}'
  [ "$(jq -c '[.event_type,.user_id]' <<<"$output")" = '["",""]' ]
}

@test "times are printed in UTC with milliseconds, or six digits where they matter" {
  while read -r given wanted; do
    parse_line "{\"event_type\":\"t\",\"event_time\":$given}" --rejects=rejects
    [ "$(jq -r .event_time <<<"$output")" = "$wanted" ] || { echo "$given: $output"; return 1; }
  done <<'END'
"2026-01-01T01:10:00+01:00" 2026-01-01T00:10:00.000Z
"2026-01-01T00:10:00.1234567Z" 2026-01-01T00:10:00.123456Z
"2026-01-01T00:10:00\u005a" 2026-01-01T00:10:00.000Z
"2019-10-01T00:00:00Z" 2019-10-01T00:00:00.000Z
1767226200 2026-01-01T00:10:00.000Z
1767226200123 2026-01-01T00:10:00.123Z
"1767226200123456" 2026-01-01T00:10:00.123456Z
1767226200123456789 2026-01-01T00:10:00.123456Z
END
}

@test "times as Ruby, Go and loggers write them" {
  while IFS='|' read -r given wanted; do
    parse_line "{\"event_type\":\"t\",\"event_time\":\"$given\"}"
    [ "$(jq -r .event_time <<<"$output")" = "$wanted" ] || { echo "$given: $output"; return 1; }
  done <<'END'
2026-01-07 07:44:41 +0000 UTC|2026-01-07T07:44:41.000Z
2026-01-07 07:44:41.123456 +0100 CET|2026-01-07T06:44:41.123456Z
2026-01-07 07:44:41 +0100|2026-01-07T06:44:41.000Z
2026-01-07 07:44:41 GMT|2026-01-07T07:44:41.000Z
2026-01-07T07:44:41,250Z|2026-01-07T07:44:41.250Z
END
}

@test "--time-field names the member that holds the time, which stays" {
  parse_line '{"event_type":"t","ts":1767226200}' --time-field=ts
  [ "$output" = "$row,\"ts\":1767226200}" ]
}

@test "times without a zone need --assume-utc" {
  line='{"event_type":"t","event_time":"2026-01-01 00:10:00"}'
  parse_line "$line"
  [ "$(reasons)" = bad-time ]
  parse_line "$line" --assume-utc
  [ "$output" = "$row}" ]
}

@test "DEL and C1 controls never come out raw" {
  printf '%s,"user_id":"\x7f\xc2\x9b","\xc2\x80":"\x7f"}\n' "$event" >in
  parse in
  [[ $output == *'"user_id":"\u007f\u009b"'*',"\u0080":"\u007f"}' ]]
}

@test "blank lines are no records" {
  printf '\n%s}\n  \r\n\n' "$event" >in
  parse --stats in
  [ "$output" = "$row}" ]
  [ "$(jq .read <<<"$stderr")" = 1 ]
}

@test "what comes out goes in again and is the same" {
  traffic --events=2000 --malformed=3 --nulls=20 --unicode --empty >in
  cs-parse in >once 2>messages
  cs-parse once >twice
  cmp once twice
}

@test "any read size gives the same bytes" {
  traffic --events=60 --malformed=5 --unicode >in.ndjson
  printf 'event_type,event_time,"a ""b"""\r\nt,2026-01-01T00:10:00Z,"x\r\ny"\r\nt,2026-01-01T00:10:00Z,"\r\nt,2026-01-01T00:10:00Z,z\r\n' >in.csv
  for in in in.ndjson in.csv "$ROOT/samples/access.log"; do
    cs-parse "$in" >whole 2>messages
    dd bs=1 if="$in" status=none | cs-parse >bytes 2>messages
    cmp whole bytes
    [ -s whole ]
  done
}

# --- what is refused

@test "every reason to refuse a line of JSON has its name" {
  while IFS='|' read -r wanted line; do
    printf '%b\n' "$line" >in
    parse --rejects=rejects in
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [ "$(reasons)" = "$wanted" ] || { echo "$wanted: $line"; cat rejects; return 1; }
  done <<'END'
not-json|{"event_type":"t"
not-json|nothing
not-json|{"event_type":"t","event_time":"2026-01-01T00:10:00Z",}
not-an-object|["event_type"]
not-an-object|null
bad-utf8|{"event_type":"\xff","event_time":"2026-01-01T00:10:00Z"}
bad-utf8|{"event_type":"\\ud800","event_time":"2026-01-01T00:10:00Z"}
no-time|{"event_type":"t"}
no-time|{"event_type":"t","event_time":null}
bad-time|{"event_type":"t","event_time":"yesterday"}
bad-time|{"event_type":"t","event_time":"2026-02-30T00:00:00Z"}
no-type|{"event_time":"2026-01-01T00:10:00Z"}
no-type|{"event_time":"2026-01-01T00:10:00Z","event_type":null}
bad-member|{"event_type":["t"],"event_time":"2026-01-01T00:10:00Z"}
bad-member|{"event_type":"t","event_time":"2026-01-01T00:10:00Z","user_id":{}}
END
}

@test "nesting deeper than 256 is too deep" {
  deep() { printf '%s,"x":%s%s}\n' "$event" "$(printf '[%.0s' $(seq "$1"))" "$(printf ']%.0s' $(seq "$1"))"; }
  { deep 255; deep 256; } >in
  parse --rejects=rejects in
  [ "${#lines[@]}" -eq 1 ]
  [ "$(reasons)" = too-deep ]
}

@test "a line longer than 16 MiB is too long, and the next one is read" {
  { printf '%s,"x":"' "$event"; head -c 16777216 /dev/zero | tr '\0' x; printf '"}\n%s}\n' "$event"; } >in
  parse --from=ndjson --rejects=rejects in
  [ "$output" = "$row}" ]
  [ "$(reasons)" = too-long ]
}

@test "a last line without a newline counts when it is whole, else it is torn" {
  printf '%s}' "$event" >whole
  printf '%s' "$event" >torn
  parse --rejects=rejects whole torn
  [ "$output" = "$row}" ]
  [ "$(reasons)" = torn ]
}

@test "an event far ahead of the clock is refused only when asked for" {
  line='{"event_type":"t","event_time":"2999-01-01T00:00:00Z"}'
  parse_line "$line"
  [ "${#lines[@]}" -eq 1 ]
  parse_line "$line" --max-ahead=1h
  [ "$(reasons)" = future ]
}

@test "without --rejects a refused line is named on standard error" {
  printf 'x\n' >in
  parse --from=ndjson in
  [ "${stderr_lines[0]}" = "cs-parse: in:1: rejected: not-json ($(jq -r .detail <(cs-parse --from=ndjson --rejects=/dev/stdout in)))" ]
}

# --- CSV and TSV

@test "CSV: the header names the members, and values are text" {
  printf 'event_time,event_type,price\n2026-01-01T00:10:00Z,t,1.50\n' >in
  parse in
  [ "$output" = "$row,\"price\":\"1.50\"}" ]
  parse --number=price in
  [ "$output" = "$row,\"price\":1.50}" ]
}

@test "CSV: unquoted empty is null, quoted empty is an empty string" {
  printf 'event_time,event_type,user_id,a,b\n2026-01-01T00:10:00Z,t,"",,""\n' >in
  parse in
  [ "$(jq -c '[.user_id,.a,.b]' <<<"$output")" = '["",null,""]' ]
}

@test "CSV: quoted fields hold commas, quotes and line ends" {
  printf 'event_time,event_type,a\r\n2026-01-01T00:10:00Z,t,"x, ""y""\r\nz"\r\n' >in
  parse in
  [ "$output" = "$row,\"a\":\"x, \\\"y\\\"\\r\\nz\"}" ]
}

@test "CSV: a byte order mark and CRLF are no part of the data" {
  printf '\xef\xbb\xbf"event_time",event_type\r\n2026-01-01T00:10:00Z,t\r\n' >in
  parse in
  [ "$output" = "$row}" ]
}

@test "CSV: a wrong number of columns is refused, and both numbers are told" {
  printf 'event_time,event_type,a\n2026-01-01T00:10:00Z,t\n2026-01-01T00:10:00Z,t,x\n2026-01-01T00:10:00Z,t,x,y\n' >in
  parse --rejects=rejects in
  [ "$output" = "$row,\"a\":\"x\"}" ]
  [ "$(jq -r '.reason+" "+.detail' rejects)" = "bad-columns 2 columns, the header has 3
bad-columns 4 columns, the header has 3" ]
}

@test "CSV: a stray quote costs one line, wherever the file ends" {
  printf 'event_time,event_type,a\n2026-01-01T00:10:00Z,t,"x\n2026-01-01T00:10:00Z,t,y\n' >in
  parse --rejects=rejects in
  [ "$output" = "$row,\"a\":\"y\"}" ]
  [ "$(jq -r '"\(.line) \(.reason) \(.detail)"' rejects)" = "2 bad-columns a quoted field does not end" ]
  printf '2026-01-01T00:10:00Z,t,"z"z\n2026-01-01T00:10:00Z,t,y' >>in
  parse --rejects=rejects in
  [ "${#lines[@]}" -eq 2 ]
  [ "$(jq -r '"\(.line) \(.detail)"' rejects)" = "2 a quoted field does not end
4 text behind a closing quote" ]
}

@test "CSV: line numbers count lines, not records" {
  printf 'event_time,event_type,a\n2026-01-01T00:10:00Z,t,"x\n\n\ny"\nbad\n' >in
  parse --rejects=rejects in
  [ "$(jq .line rejects)" = 6 ]
}

@test "CSV: a quote inside a field is itself" {
  printf 'event_time,event_type,a\n2026-01-01T00:10:00Z,t,5" disk\n' >in
  parse in
  [ "$output" = "$row,\"a\":\"5\\\" disk\"}" ]
}

@test "CSV: each file begins with its own header, and a repeated header is no row" {
  printf 'event_time,event_type\n2026-01-01T00:10:00Z,t\n' >a
  printf 'event_type,x,event_time\nt,1,2026-01-01T00:10:00Z\n' >b
  parse a b a
  [ "$output" = "$row}
$row,\"x\":\"1\"}
$row}" ]
  cat a a >c
  parse --stats c
  [ "$output" = "$row}
$row}" ]
  [ "$(jq -c '[.read,.used]' <<<"$stderr")" = '[2,2]' ]
}

@test "CSV: an unnamed column is column_N, and the last of two with one name counts" {
  printf 'event_time,event_type,,a,user_id,a,user_id\n2026-01-01T00:10:00Z,t,1,2,3,4,5\n' >in
  parse in
  [ "$(jq -c '[.column_3,.a,.user_id]' <<<"$output")" = '["1","4","5"]' ]
  [ "$(grep -o '"a":' <<<"$output" | wc -l)" -eq 1 ]
}

@test "CSV: NUL bytes and what is not UTF-8 are refused" {
  printf 'event_time,event_type,a\n2026-01-01T00:10:00Z,t,\0\n2026-01-01T00:10:00Z,t,\xff\n2026-01-01T00:10:00Z,t,"\xc2"x\n' >in
  parse --rejects=rejects in
  [ -z "$output" ]
  [ "$(reasons)" = "bad-columns bad-utf8 bad-utf8" ]
}

@test "CSV: without a readable header no row is taken for one" {
  printf 'event_time,event_type,"a\nb,c,d\ne,f,g\n' >in
  parse --rejects=rejects in
  [ -z "$output" ]
  [ "$(jq -r '"\(.line) \(.detail)"' rejects)" = "1 header line: a quoted field does not end
2 the header line could not be read
3 the header line could not be read" ]
}

@test "CSV: what does not name the time is no header, but a record that is refused" {
  printf 'Too many requests, slow down\n' >in
  parse --strict in
  [ "$status" -eq 1 ]
  parse --stats=stats in
  [ "$(jq -c '[.read,.rejected]' stats)" = '[1,1]' ]
  printf '# made by x\nreport of May, all\nevent_time,event_type\n2026-01-01T00:10:00Z,t\n' >in
  parse --from=csv --rejects=rejects in
  [ "$output" = "$row}" ]
  [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "2 bad-columns" ]
  printf 'at,event_type\n2026-01-01T00:10:00Z,t\n' >in
  parse in
  [ -z "$output" ]
  parse --rename=event_time=at in
  [ "$output" = "$row}" ]
  parse --time-field=at in
  [ "$output" = "$row,\"at\":\"2026-01-01T00:10:00Z\"}" ]
  parse --map='{event_time: .["at"], event_type}' in
  [ "$output" = "$row}" ]
  parse --map='{event_time: .when, event_type: "t"}' in
  [ -z "$output" ]
}

@test "TSV of databases: \\N is null, and a backslash says what cannot be written" {
  printf '%s\n' $'event_time\tevent_type\ta\tb\tc\td' \
    $'2026-01-01T00:10:00Z\tt\t\\N\t\tx\\ty\\\\z\\n\\x41\\101"\\q\ta\\\tb' \
    $'2026-01-01T00:10:00Z\tt\t\\xff\t1\t2\t3' $'2026-01-01T00:10:00Z\tt\t1\t2\t3\t4\\' '5' >in
  parse --from=tsv --no-quotes --rejects=rejects in
  [ "$(jq -c '[.a,.b,.c,.d]' <<<"$output" | paste -sd' ')" = \
    '[null,"","x\ty\\z\nAA\"\\q","a\tb"] ["1","2","3","4\n5"]' ]
  [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "3 bad-utf8" ]
}

@test "--null says nothing of the names of columns" {
  printf 'event_time,event_type,-\n2026-02-28T10:00:00Z,a,x\n2026-02-28T10:00:00Z,a,-\n' >in
  parse --from=csv --null=- in
  [ "$(jq -c '.["-"]' <<<"$output" | paste -sd' ')" = '"x" null' ]
}

@test "--null names what means null, --delimiter what stands between columns" {
  printf 'event_time;event_type;a;b;c\n2026-01-01T00:10:00Z;t;NULL;"NULL";\n' >in
  parse --delimiter=';' --null=NULL in
  [ "$(jq -c '[.a,.b,.c]' <<<"$output")" = '[null,"NULL",null]' ]
  printf 'event_time\tevent_type\ta\n2026-01-01T00:10:00Z\tt\t"\\\n' >in
  parse --from=csv --delimiter='\t' --no-quotes in
  [ "$(jq -c .a <<<"$output")" = '"\"\\"' ]
}

@test "CSV: a torn last row is torn" {
  printf 'event_time,event_type,a\n2026-01-01T00:10:00Z,t' >in
  parse --rejects=rejects in
  [ -z "$output" ]
  [ "$(reasons)" = torn ]
}

@test "--header names the columns of an input without a header line" {
  printf '2026-01-01T00:10:00Z\tt\t"x"\t\n' >in
  parse --from=tsv --header=event_time,event_type,a, in
  [ "$output" = "$row,\"a\":\"x\",\"column_4\":null}" ]
}

@test "--no-quotes makes quotes ordinary characters" {
  printf 'event_time\tevent_type\ta\n2026-01-01T00:10:00Z\tt\t"x\n' >in
  parse --no-quotes in
  [ "$output" = "$row,\"a\":\"\\\"x\"}" ]
}

# --- logs

@test "a combined log line becomes a page view" {
  parse "$ROOT/samples/access.log"
  [ "${lines[0]}" = '{"event_id":null,"session_id":null,"user_id":null,"event_type":"page_view","page_url":"/","product_id":null,"category_id":null,"search_query":null,"traffic_source":null,"campaign_id":null,"device_type":null,"event_time":"2026-01-01T10:00:00.000Z","ip":"203.0.113.9","method":"GET","status":200,"bytes":5120,"referrer":"https://search.example/","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}' ]
  [ "$(jq -c '[.event_time,.user_id,.ip,.bytes,.referrer]' <<<"${lines[2]}")" = '["2026-01-01T10:00:41.000Z","frank","2001:db8::1",null,null]' ]
  [ "$(jq -c '[.method,.page_url,.status]' <<<"${lines[3]}")" = '[null,"\\x16\\x03\\x01",400]' ]
}

@test "what is no log line is refused, and so are an impossible day and bad UTF-8" {
  cat >in <<'END'
198.51.100.4 - - [01/Jan/2026:10:00:44 +0000] "GET / HTTP/1.1" 200 226 "-" "-"
198.51.100.4 - - [31/Feb/2026:10:00:44 +0000] "GET / HTTP/1.1" 200 226 "-" "-"
198.51.100.4 - - "GET / HTTP/1.1" 200 226 "-" "-"
END
  printf '198.51.100.4 - - [01/Jan/2026:10:00:44 +0000] "GET /\xff HTTP/1.1" 200 226 "-" "-"\n' >>in
  parse --rejects=rejects in
  [ "${#lines[@]}" -eq 1 ]
  [ "$(reasons)" = "bad-time bad-columns bad-utf8" ]
}

@test "log: what stands before the time and is not client, identity and user is refused, with its column" {
  local time='[06/Feb/2026:00:00:38 +0000] "GET /a HTTP/1.1" 200 1 "-" "U"'
  while IFS='|' read -r front wanted; do
    parse_line "$front $time" --from=combined
    got=$(jq -c '[.vhost,.ip,.user_id]' <<<"$output")
    [ -n "$got" ] || got=$(jq -r '.detail' rejects | sed 's/.*\(column [0-9]*\):.*/\1/')
    [ "$got" = "$wanted" ] || { echo "$front: $got"; return 1; }
  done <<'END'
203.0.113.7, 198.51.100.2 - -|column 12
shop.example 203.0.113.7 - -|["shop.example","203.0.113.7",null]
Mar 14 09:36:01 web nginx: 203.0.113.7 - -|column 28
"203.0.113.7" - -|column 1
203.0.113.7:54321 - john doe|column 19
- 203.0.113.7 - -|column 3
203.0.113.7 - john doe|[null,"203.0.113.7","john doe"]
[2001:db8::1] - -|[null,"2001:db8::1",null]
END
}

@test "auto: a log whose clients are lists of addresses is read as --log-format=xff" {
  local t='- - [06/Feb/2026:00:00:38 +0000] "GET /a HTTP/1.1" 200 1 "-" "U"' one two
  one="1.2.3.4 $t" two="1.2.3.4, 5.6.7.8 $t"
  for lines in "$two" "$one"$'\n'"$two" "$two"$'\n'"$one"$'\n'"$one" "$two"$'\n'"junk"; do
    cs-parse <<<"$lines" >rows 2>/dev/null
    cs-parse --log-format=xff <<<"$lines" 2>/dev/null | cmp - rows
    [ "$(jq -c '[.ip,."X-Forwarded-For"]' rows | sort -u | tail -n 1)" = '["1.2.3.4","1.2.3.4, 5.6.7.8"]' ]
  done
  run -0 --separate-stderr cs-parse <<<"junk"$'\n'"$two"$'\n'"$one"
  grep -q 'read as --log-format=xff, which 2 of the first 3 records fit' <<<"$stderr"
  # Where none is a list, it is what it was.
  cs-parse <<<"$one" | jq -e '.ip == "1.2.3.4" and (has("X-Forwarded-For") | not)'
}

# fits FORMAT LINE JQ WANTED: what becomes of a line of a log.
fits() {
  parse_line "$2" --log-format="$1"
  got=$(jq -c "$3" <<<"$output")
  [ -n "$got" ] || got=$(jq -r .detail rejects)
  [ "$got" = "$4" ] || { echo "$1: $2"; echo "got    $got"; echo "wanted $4"; return 1; }
}

@test "--log-format: the formats with a name" {
  local t='[06/Feb/2026:00:00:38 +0000]' end='"GET /a HTTP/1.1" 200 1 "-" "U"'
  fits combined "1.2.3.4 - john doe $t $end" '[.ip,.user_id,.page_url,.status,.user_agent,.event_time]' \
    '["1.2.3.4","john doe","/a",200,"U","2026-02-06T00:00:38.000Z"]'
  fits common "1.2.3.4 - - $t \"GET /a HTTP/1.1\" 200 -" '[.ip,.bytes]' '["1.2.3.4",null]'
  fits vhost "shop.example:443 1.2.3.4 - - $t $end" '[.vhost,.port,.ip]' '["shop.example",443,"1.2.3.4"]'
  fits xff "1.2.3.4, 5.6.7.8 - - $t $end" '[.ip,."X-Forwarded-For",.user_id]' '["1.2.3.4","1.2.3.4, 5.6.7.8",null]'
  fits alb 'https 2026-02-06T00:00:38.186641Z app/x/5 192.0.2.9:2817 10.0.0.1:80 0.001 0.002 0.000 200 200 34 366 "GET https://shop.example:443/a HTTP/1.1" "curl/7" - TLSv1.2 arn:aws:x "Root=1" "-"' \
    '[.ip,.remote_port,.event_time,.page_url,.status,.bytes,.ssl_protocol,.extra]' \
    '["192.0.2.9",2817,"2026-02-06T00:00:38.186641Z","https://shop.example:443/a",200,366,"TLSv1.2","arn:aws:x \"Root=1\" \"-\""]'
  fits npm "$t - 200 200 - GET https shop.example \"/a?b\" [Client 1.2.3.4] [Length 12] [Gzip -] [Sent-to 10.0.0.2] \"U x\" \"-\"" \
    '[.ip,.page_url,.bytes,.gzip_ratio,.server,.user_agent,.referrer]' '["1.2.3.4","/a?b",12,null,"10.0.0.2","U x",null]'
}

@test "--log-format: nginx's log_format as it stands in the configuration" {
  local t='[06/Feb/2026:00:00:38 +0000]' format
  format=$(cat <<'END'
log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                '$status $body_bytes_sent "$http_referer" "$http_user_agent" '
                'rt=$request_time uct="$upstream_connect_time" urt=$upstream_response_time '
                '${scheme}://$host$request_uri $msec';
END
)
  fits "$format" "1.2.3.4 - john [x] doe $t \"GET /a HTTP/1.1\" 200 5 \"-\" \"\\x22\\xC3\\xA9\" rt=0.005 uct=\"0.1, 0.2\" urt=0.1 : 0.2 https://shop.ex/a?b=c 1770336038.127" \
    '[.user_id,.user_agent,.request_time,.upstream_connect_time,.upstream_response_time,.host,.request_uri,.event_time]' \
    '["john [x] doe","\"é",0.005,"0.1, 0.2","0.1 : 0.2","shop.ex","/a?b=c","2026-02-06T00:00:38.127Z"]'
  fits 'log_format j escape=json '\''{"t":"$time_iso8601","u":"$http_user_agent","user":"$remote_user"}'\'';' \
    '{"t":"2026-02-06T00:00:38+01:00","u":"a\"\u0041\n-","user":""}' '[.event_time,.user_agent,.user_id]' \
    '["2026-02-05T23:00:38.000Z","a\"A\n-",null]'
  fits 'escape=none '\''$msec "$http_user_agent" $status'\' '1770336038 "a\x22 " b" 200' '[.user_agent,.status]' '["a\\x22 \" b",200]'
  fits '$msec $http_x_forwarded_for $status' '1770336038 9.9.9.9, 8.8.8.8 200' '[.ip,.http_x_forwarded_for,.status]' '["9.9.9.9","9.9.9.9, 8.8.8.8",200]'
}

@test "--log-format: Apache's LogFormat as it stands in the configuration" {
  fits 'LogFormat "%{%Y-%m-%dT%H:%M:%S%z}t %h \"%m %U%q %H\" %D %>s %{us}T \"%{X-A}i\" %{id}C %%" x' \
    '2026-02-06T00:00:38+0100 h.example "GET /a?b HTTP/1.1" 1234567 200 5 "\x22\xff\t" c %' \
    '[.event_time,.ip,.method,.page_url,.protocol,.request_time,.status,."X-A",.id]' \
    '["2026-02-05T23:00:38.000Z","h.example","GET","/a?b","HTTP/1.1",1.234567,200,"\"\\xff\t","c"]'
  fits '%h %l %u %t \"%r\" %s' '1.2.3.4 - - [06/Feb/2026:00:00:38 +0000] "\"x" 200' '[.page_url,.method,.ident]' '["\"x",null,null]'
}

@test "--log-format: a line that does not fit is refused with its column" {
  local t='[06/Feb/2026:00:00:38 +0000]'
  while IFS='|' read -r format line wanted; do
    fits "$format" "${line/TIME/$t}" '"fits"' "$wanted"
  done <<'END'
$remote_addr $status|1.2.3.4 abc|column 9: no value for $status
$remote_addr $status|1.2.3.4  200|column 9: no value for $status
$remote_addr $status|1.2.3.4 200 x|column 12: something behind the format's end
$remote_addr $status|1.2.3.4|column 8: no ' ' behind $remote_addr
$remote_addr $status|"1.2.3.4" 200|column 1: no value for $remote_addr
<$remote_addr> $status|1.2.3.4 200|column 1: no '<' in front of $remote_addr
$msec "$request" $status|1 "GET / 200|column 13: no '" ' behind $request
combined|Mar 14 09:36:01 web nginx: 203.0.113.7 - - TIME "GET /a HTTP/1.1" 200 1 "-" "U"|column 28: an address in the place of the user's name
combined|1.2.3.4, 5.6.7.8 - - TIME "GET /a HTTP/1.1" 200 1 "-" "U"|column 8: no ' ' behind %h
xff|a b 1.2.3.4 - - TIME "GET /a HTTP/1.1" 200 1 "-" "U"|column 5: an address in the place of the user's name
END
}

@test "--log-format=w3c: #Fields: says what the fields are, wherever it comes" {
  printf '%s\n' '#Software: Microsoft Internet Information Services 10.0' '#Version: 1.0' \
    '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query cs-username c-ip cs(User-Agent) sc-status sc-win32-status' \
    '2026-02-06 00:00:38 10.0.0.1 GET /a%20b b=c+d - 1.2.3.4 Mozilla/5.0+(x;++http://g) 200 0' \
    '2026-02-06 00:00:38 10.0.0.1 GET /a' \
    $'#Fields: date\ttime\tc-ip\tcs(User-Agent)\tcs(Referer)' $'2026-02-06\t00:00:39\t1.2.3.4\tA%20b\t-' >in
  parse --log-format=w3c --stats=stats --rejects=rejects in
  [ "$(jq -c '[.event_time,.ip,.page_url,.user_id,.user_agent,.status]' <<<"$output" | paste -sd' ')" = \
    '["2026-02-06T00:00:38.000Z","1.2.3.4","/a%20b?b=c+d",null,"Mozilla/5.0 (x; +http://g)",200] ["2026-02-06T00:00:39.000Z","1.2.3.4",null,null,"A b",null]' ]
  [ "$(jq -r '"\(.line) \(.detail)"' rejects)" = "5 column 36: fewer fields than #Fields: names" ]
  [ "$(jq -c '[.read,.used]' stats)" = '[3,2]' ]
  parse_line x --log-format=w3c
  [ "$(jq -r .detail rejects)" = "column 1: no #Fields: line stands before" ]
}

@test "--log-format=combined reads a real log as --from=combined does" {
  need_data access-log
  parse --rejects=rejects --log-format=combined -o out "$DATA/access-log/apache_logs"
  cs-parse --from=combined -o wanted "$DATA/access-log/apache_logs" 2>/dev/null
  cmp out wanted
}

# --- streams of JSON

# stream TEXT OPTION...: in TEXT, T stands for the time. The types that came out, then what was refused.
stream() {
  local text=${1//T/'"event_time":1767226200,"event_type"'}
  shift
  printf "$text" >in
  cs-parse --rejects=rejects "$@" in >out
  { jq -r .event_type out | paste -sd' '; jq -r '"\(.line):\(.reason)"' rejects; } | paste -sd' '
}

@test "arrays, pretty-printed and concatenated JSON are streams of records" {
  [ "$(stream '[\n{T:"a","x":[{}]},\n{T:"b"}\n]\n')" = "a b" ]
  [ "$(stream '[{T:"a"},{T:"b"}]')" = "a b" ]
  [ "$(stream '{\n  T: "a",\n  "n": {\n  "x": [{\n "k": 1}]\n  }\n}\n\n{\n  T: "b"\n}\n')" = "a b" ]
  [ "$(stream '{T:"a"}{T:"b"}\n{T:"c"}')" = "a b c" ]
  [ "$(stream '[{T:"a"},{T:"b"}]' --from=json --map='select(.event_type == "b")')" = b ]
  jq -c . out | grep -q '"event_type":"b"'
}

@test "a broken value of a stream is refused alone, under its line" {
  [ "$(stream '[\n{T:"a"},\n\n{T:"b",}, {T:"c"}\n]\n')" = "a c 4:not-json" ]
  [ "$(stream '[{T:"a"},\n{T:"b",\n{T:"c"},\n{T:"d"}]')" = "a c d 2:not-json" ]
  [ "$(stream '[{T:"a"},{T:"b,"n":1},{T:"c"},{T:"d"}]')" = "a c d 1:not-json" ]
  [ "$(stream '[\n  {\n    T: "a",\n    "n": "x\n  },\n  {\n    T: "b"\n  }\n]\n')" = "b 2:not-json" ]
  [ "$(stream '[{T:"a"},1,"x",null,nonsense {T:"b"}]')" = "a b 1:not-an-object 1:not-an-object 1:not-an-object 1:not-json" ]
  [ "$(stream '[{T:"a"},\n{T:"b"')" = "a 2:torn" ]
}

@test "a stream of JSON is the same in any reads, and on one line of any length" {
  traffic --events=3000 --unicode | jq -c . >lines
  cs-parse lines >wanted
  { printf '['; paste -sd, lines; printf ']'; } | tr -d '\n' >array
  jq . lines >pretty
  tr -d '\n' <lines >joined
  for file in array pretty joined; do
    cs-parse $file | cmp - wanted
    dd bs=997 if=$file status=none | cs-parse | cmp - wanted
    cs-parse --jobs=2 $file | cmp - wanted
  done
  head -c 9000 array | dd bs=1 status=none | cs-parse --from=json 2>messages | cmp -n 4000 - wanted
}

@test "CSV whose lines end in CR alone is read, however long it is" {
  printf 'event_time,event_type,a\r2026-01-01T00:10:00Z,t,"x\ry"\r2026-01-01T00:10:00Z,t,z\r' >in
  parse in
  [ "$output" = "$row,\"a\":\"x\\ry\"}
$row,\"a\":\"z\"}" ]
  { printf 'event_time,event_type,a\r'; yes 2026-01-01T00:10:00Z,t,z | head -n 20000 | tr '\n' '\r'; } >in
  [ "$(cs-parse in | wc -l)" -eq 20000 ]
  [ "$(cs-parse <in | wc -l)" -eq 20000 ]
}

# --- sniffing

@test "auto tells the formats by the first line, of each input anew" {
  printf '\n%s}\n' "$event" >ndjson
  printf 'event_time,event_type\n2026-01-01T00:10:00Z,t\n' >csv
  printf 'event_time\tevent_type\n2026-01-01T00:10:00Z\tt\n' >tsv
  printf '1.2.3.4 - - [01/Jan/2026:00:10:00 +0000] "GET / HTTP/1.1" 200 5\n' >combined
  parse ndjson csv tsv combined ndjson
  [ "$(jq -rs 'map(.event_type)|join(" ")' <<<"$output")" = "t t t page_view t" ]
}

@test "auto takes what most records fit, and says so when the first does not" {
  local log='1.2.3.4 - - [01/Jan/2026:00:10:00 +0000] "GET / HTTP/1.1" 200 5'
  { echo 'gin.html HTTP/1.1" 200 1 "-" "U, x"'; yes "$log" | head -n 300; } >in
  parse --rejects=rejects in
  [ "${#lines[@]}" -eq 300 ]
  [ "$stderr" = "cs-parse: --from=auto: read as combined, which 249 of the first 250 records fit; the first does not" ]
  printf 'nt_type":"t","a":[1,2]}\n%s}\n%s}\n' "$event" "$event" >in
  parse --rejects=rejects in
  [ "$output" = "$row}
$row}" ]
  [[ $stderr == *"read as ndjson, which 2 of the first 3"* ]]
  { head -c 100000 /dev/zero; printf '%s}\n%s}\n' "$event" "$event"; } >in
  parse --rejects=rejects in
  [ "$output" = "$row}" ]
  printf '# a comment, first\nevent_time,event_type\n2026-01-01T00:10:00Z,t\n' >in
  parse in
  [ "$output" = "$row}" ]
  [ -z "$stderr" ]
  printf '0\t1\thello, world\n0\t2\t%s}\n' "$event" >in
  parse --rejects=rejects in
  [ "$output" = "$row}" ]
  parse_line "[2001:db8::1] - - ${log#*- - }"
  [ "$(jq -r .ip <<<"$output")" = 2001:db8::1 ]
}

@test "auto waits for a record that fits something, and does not guess by how a pipe was written" {
  local log='1.2.3.4 - - [01/Jan/2026:00:10:00 +0000] "GET /a HTTP/1.1" 200 5'
  printf 'half, of a line\n%s\n%s\n' "$log" "$log" | dd bs=1 status=none | cs-parse --rejects=rejects >out 2>messages
  [ "$(jq -r .page_url out)" = $'/a\n/a' ]
  [[ $(<messages) == "cs-parse: --from=auto: read as combined, which "* ]]
  [ "$(jq -r .line rejects)" -eq 1 ]
}

@test "a stream of JSON that ends inside of an array is named" {
  for cut in '[' "[$event}" "[$event}," "[]["; do
    printf '%s' "$cut" >in
    parse --from=json in
    [ "${stderr_lines[-1]}" = 'cs-parse: in: ends inside of an array: was it cut off?' ]
  done
  for whole in '[]' "[$event}]" "[$event}][$event}]" "$event}"; do
    printf '%s\n' "$whole" >in
    parse --from=json in
    [ -z "$stderr" ]
  done
}

@test "auto fails when nothing fits, and says what it was taken for" {
  printf 'Too many requests, slow down\nTry again, later\n' >in
  parse in
  [ "$status" -eq 1 ]
  [[ $stderr == "cs-parse: in: was taken for csv (--from=auto), but none of its first 2 records fits"* ]]
}

@test "a file of no known format costs the other files nothing: its lines are rejects, and the end is exit 1" {
  printf 'event_time,event_type\n2026-01-01T00:10:00Z,a\n' >a.csv
  printf 'Some text\nmore text\nand more\n' >junk
  cp a.csv b.csv
  parse --rejects=rejects a.csv junk b.csv
  [ "$status" -eq 1 ]
  [ "$(wc -l <<<"$output")" -eq 2 ]
  [[ $stderr == "cs-parse: junk: was taken for"* ]]
  [ "$(reasons)" = "not-json not-json not-json" ]
  # What comes later in the same input may be of a format.
  { yes 'Some text, of a kind' | head -n 300; cat a.csv; } >in
  parse --rejects=rejects in
  [ "$status" -eq 1 ]
  [ "$(wc -l <<<"$output")" -eq 1 ]
  [ "$(wc -l <rejects)" -eq 300 ]
}

@test "a header line with other names: what may have been meant is said" {
  printf 'Event Time,Event Type\n2026-01-01T00:10:00Z,a\n' >in
  parse in
  [ "$status" -eq 1 ]
  [[ $stderr == *'is its column "Event Time" the time? (--rename, --time-field)'* ]]
  parse --from=csv in
  [ "$status" -eq 1 ]
  [[ $stderr == *'none of its columns is event_time; did you mean "Event Time"?'* ]]
  [[ $stderr != *'looks like CSV'* ]] # it was read as that
  parse --from=csv --time-field=when in
  [[ $stderr == *'none of its columns is when ('* ]]
  parse --rename='event_time=Event Time' --rename='event_type=Event Type' in
  [ "$status" -eq 0 ]
}

@test "a header line whose time has a name of any kind: it is found among the columns, or these are told" {
  printf 'timestamp,event_type,Paid at\n2026-01-01T00:10:00Z,a,\n' >in
  parse in
  [[ $stderr == *'is its column "timestamp" the time? (--rename, --time-field)'* ]]
  parse --from=csv in
  [[ $stderr == *'none of its columns is event_time; did you mean "timestamp"?'* ]]
  printf 'Name,Status,"Paid at","Created at"\n#1001,paid,,2026-01-07 09:58:00 +0100\n' >in
  parse in
  [[ $stderr == *'is its column "Created at" the time? (--rename, --time-field)'* ]]
  printf 'Bestellung,Stand\n2026-01-01T00:10:00Z,a\n' >in
  parse in
  [[ $stderr == *'(--from, --log-format, --header); its first line has Bestellung, Stand'* ]]
}

@test "--map: a try inside of an update, of limit or nth leaves one value, whatever libjq this is" {
  local program wanted
  while IFS='#' read -r program wanted; do
    got=$(cs-parse --map="$program" <<<'{"event_time":1767225600,"event_type":"t","p":"12","q":"x","l":[1,2,3,4]}' | jq -c '[.p, .q, .l]')
    [ "$got" = "$wanted" ] || { echo "$program: $got"; return 1; }
  done <<'END'
.p |= (tonumber? // .)#[12,"x",[1,2,3,4]]
.p |= (try tonumber catch .)#[12,"x",[1,2,3,4]]
(.p, .q) |= (tonumber? // 0)#[12,0,[1,2,3,4]]
.l |= map_values(tostring? // .)#["12","x",["1","2","3","4"]]
def number(f): f |= (tonumber? // .); number(.p) | number(.q)#[12,"x",[1,2,3,4]]
.l[] |= empty#["12","x",[]]
(.l[] | select(. > 2)) |= empty#["12","x",[1,2]]
.p |= (1, error("never"))#[1,"x",[1,2,3,4]]
.q |= range(1e9)#["12",0,[1,2,3,4]]
.l |= (.[0] |= "z")#["12","x",["z",2,3,4]]
.l = [limit(2; .l[] | tostring?)]#["12","x",["1","2"]]
.l = [limit(0, 1; .l[])]#["12","x",[1]]
.q = nth(1; .l[] | tostring?)#["12","2",[1,2,3,4]]
first(.l[]) |= 9#["12","x",[9,2,3,4]]
.l |= first#["12","x",1]
{limit: 1, nth: 2} + .#["12","x",[1,2,3,4]]
END
}

@test "a header line names the time also where a map leaves that alone" {
  printf 'event_time,page_url\n2026-01-01T00:10:00Z,/a\n' >in
  sed 's/event_time/when/' in >renamed
  for from in auto csv; do
    parse --from=$from --map='.event_type = "page_view"' in
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.event_type, .page_url]' <<<"$output")" = '["page_view","/a"]' ]
    for option in --time-field=when --rename=event_time=when; do
      parse --from=$from $option --map='. + {event_type: "page_view"}' renamed
      [ "$status" -eq 0 ]
      [ "$(jq -c '[.event_type, .event_time]' <<<"$output")" = '["page_view","2026-01-01T00:10:00.000Z"]' ]
    done
  done
  parse --map='.event_type = "page_view"' renamed
  [ "$status" -eq 1 ]
}

@test "a name that stands twice in a header line is told of, once" {
  printf 'event_time,event_type,a,a\n2026-01-01T00:10:00Z,a,1,2\n' >in
  cp in again
  parse in again
  [ "$status" -eq 0 ]
  [ "$stderr" = 'cs-parse: the column a stands twice in the header line: the last one counts' ]
  [ "$(jq -r .a <<<"$output")" = $'2\n2' ]
}

@test "--from says it where the first line does not" {
  printf 'event_time\n2026-01-01T00:10:00Z\n' >in
  parse --rejects=rejects in
  [ "$(reasons)" = "not-json not-json" ]
  parse --from=csv --rejects=rejects in
  [ "$(reasons)" = no-type ]
}

@test "each input keeps its own header and format, whichever bytes come first" {
  { echo 'event_time,event_type,a' && seq -f '2026-01-01T00:10:00Z,a,%g' 9999; } >a
  { echo 'event_type,event_time,b' && seq -f 'b,2026-01-01T00:10:00Z,%g' 9999; } >b
  seq -f '{"event_type":"c","event_time":1767226200,"c":%g}' 9999 >c
  cs-parse a b c | sort >wanted
  [ "$(wc -l <wanted)" -eq 29997 ]
  cs-parse --interleave a b c | sort | cmp - wanted
  cs-parse <(cat a) <(cat b) <(cat c) | sort | cmp - wanted
}

# --- rename, recode, id-from

@test "a header line of other columns among rows is told as what it is" {
  printf '%s\n' session_id,user_id,event_type,event_time s,u,t,2026-01-01T00:00:00Z \
    session_id,user_id,event_type,event_time s,u,t,2026-01-01T00:00:01Z \
    user_id,session_id,event_type,event_time u,s,t,2026-01-01T00:00:02Z >in
  parse --from=csv in
  [ "${#lines[@]}" = 3 ]
  [ "$stderr" = 'cs-parse: in:5: rejected: bad-time (event_time is the name of a column: another header line, and rows behind it are read by the first one)' ]
  printf '%s\n' user_id,event_time,event_type,session_id u,2026-01-01T00:00:02Z,t,s >>in
  parse --from=csv --jobs=2 in
  [ "$(grep -c 'is the name of a column' <<<"$stderr")" = 2 ]
  run --separate-stderr cs-parse <<<'{"event_type":"t","event_time":"x"}'
  [[ $stderr == *'(event_time cannot be read)'* ]]
}

@test "--rename reads members under other names" {
  parse_line '{"type":"t","at":1767226200,"Price":7,"x":1}' --rename=event_type=type,event_time=at --rename=price=Price
  [ "$output" = "$row,\"price\":7,\"x\":1}" ]
}

@test "--rename: names may hold commas and equals signs behind a backslash" {
  parse_line "$event,\"a=b,c\":7}" '--rename=x=a\=b\,c'
  [ "$output" = "$row,\"x\":7}" ]
}

@test "--recode changes the values named, and no others" {
  printf '%s\n' '{"event_type":"view","event_time":1767226200}' '{"event_type":"other","event_time":1767226200}' \
    '{"event_type":"cart","event_time":1767226200}' >in
  parse --recode=event_type:view=product_view,cart=add_to_cart in
  [ "$(jq -rs 'map(.event_type)|join(" ")' <<<"$output")" = "product_view other add_to_cart" ]
}

@test "--recode works on members we do not know, on numbers, and under the new name" {
  parse_line "$event,\"a\":\"x\\/y\",\"status\":200,\"n\":null,\"z\":\"w\"}" --rename=b=a \
    --recode=b:x/y='"q"' --recode=status:404=missing --recode=status:200=ok,n=m --recode=n:null=0
  [ "$output" = "$row,\"b\":\"\\\"q\\\"\",\"status\":\"ok\",\"n\":null,\"z\":\"w\"}" ]
}

@test "--recode: values may hold commas, colons, equals signs and backslashes, and be empty" {
  parse_line "$event,\"a\":\"1=2,3\\\\\",\"b:c\":\"x\"}" '--recode=a:1\=2\,3\\=' '--recode=b\:c:x=\=\,\\'
  [ "$(jq -c '[.a,.["b:c"]]' <<<"$output")" = '["","=,\\"]' ]
}

@test "--id-from makes the same session_id of the same values, however they are written" {
  printf '%s\n' "$event,\"ip\":\"a/b\",\"ua\":\"c\"}" "$event,\"ua\":\"\\u0063\",\"ip\":\"a\\/b\"}" \
    "$event,\"ip\":\"a/bc\",\"ua\":\"\"}" "$event,\"ip\":\"a/bc\"}" "$event,\"ip\":\"a/bc\",\"ua\":null}" "$event}" >in
  parse --id-from=ip,ua in
  mapfile -t ids < <(jq -r '.session_id' <<<"$output")
  [[ ${ids[0]} =~ ^[0-9a-f]{32}$ ]]
  [ "${ids[0]}" = "${ids[1]}" ]
  [ "${ids[1]}" != "${ids[2]}" ]
  [ "${ids[2]}" != "${ids[3]}" ]
  [ "${ids[3]}" = "${ids[4]}" ]
  [ "${ids[5]}" = null ]
}

@test "an id made by --id-from is the same in every version" {
  parse_line "$event,\"ip\":\"203.0.113.9\"}" --id-from=ip
  [ "$(jq -r .session_id <<<"$output")" = 0a96842e5b30344abec4bd7cca16e1fc ]
}

# --- --map

@test "--map gives none, one or several events for a record" {
  printf '%s\n' '{"n":0}' '{"n":1}' '{"n":3}' >in
  parse --stats --map='range(.n) as $i | {event_type:"t", event_time:1767226200, i:$i}' in
  [ "$output" = "$row,\"i\":0}
$row,\"i\":0}
$row,\"i\":1}
$row,\"i\":2}" ]
  [ "$(jq -c '[.read,.used,.filtered,.produced]' <<<"$stderr")" = '[3,2,1,4]' ]
}

@test "--map: an array is its elements, null is nothing" {
  parse_line '[{"event_type":"t","event_time":1767226200,"a":"],["},null,{"event_type":"t","event_time":1767226200}]' --map='., [], null'
  [ "$output" = "$row,\"a\":\"],[\"}
$row}" ]
}

@test "--map: what is no event, or an error, refuses the whole record" {
  while IFS='|' read -r program detail; do
    parse_line "$event}" --map="$program"
    [ -z "$output" ]
    [ "$(jq -r '.reason+" "+.detail' rejects)" = "map-error $detail" ] || { echo "$program"; cat rejects; return 1; }
  done <<'END'
., "x"|the map gave a string
[., 1]|the map gave a number
[[.]]|the map gave an array in an array
., (.event_type == "t")|the map gave a boolean
., error("no such shop")|no such shop
END
}

@test "--map: one event that is refused refuses the whole record, once" {
  printf '%s\n' '{"t":[1,2,3]}' '{"t":[1,null,"x",null]}' '{"t":[1,"2026-01-01T00:00:00"]}' '{"t":[4,5],"none":1}' >in
  counted cs-parse --time-unit=s --map='.none as $none | .t[] | {event_type:(if $none then null else "t" end), event_time:.}' \
    --rejects=rejects in >out
  [ "$(jq -r .event_time out | cut -c18-19 | paste -sd' ')" = '01 02 03' ]
  [ "$(jq -c '[.line, .reason, .detail]' rejects | paste -sd' ')" = \
    '[2,"no-time","no event_time"] [3,"bad-time","event_time has no zone (--tz=ZONE, --assume-utc)"] [4,"no-type","no event_type"]' ]
  [ "$(jq -c '[.used, .rejected, .produced, .rejected_by]' stats.json)" = '[1,3,3,{"no-time":1,"bad-time":1,"no-type":1}]' ]
}

@test "--map: a line that is no JSON is refused as such, before the map" {
  printf '%s\n' '{"a":' 'x' '{"a":"\ud800"}' >in
  parse --from=ndjson --rejects=rejects --map='{}' in
  [ "$(reasons)" = "not-json not-json bad-utf8" ]
}

@test "--map: integers of more than 15 digits keep their digits" {
  parse_line '{"id":12345678901234567890,"t":1767226200}' --map='{event_type:"t",event_time:.t,user_id:.id}'
  [ "$(jq -r .user_id <<<"$output")" = 12345678901234567890 ]
}

@test "--map sees CSV rows and log lines as objects; rename, recode and id-from come after it" {
  printf 'when,what,who\n2026-01-01T00:10:00Z,view,a\n' >in
  parse --map='{at:.when, event_type:.what, who}' --rename=event_time=at --recode=event_type:view=t --id-from=who in
  [ "$(jq -c '[.event_type,.who,(.session_id|length)]' <<<"$output")" = '["t","a",32]' ]
  parse --map='select(.method == null) | .event_type = "scan"' "$ROOT/samples/access.log"
  [ "$(jq -c '[.event_type,.status]' <<<"$output")" = '["scan",400]' ]
}

@test "--map-file reads the program from a file" {
  printf '# the type\n.event_type = "t"\n' >program.jq
  parse_line '{"event_time":1767226200}' --map-file=program.jq
  [ "$output" = "$row}" ]
}

# --- --where, --key, --keep-frame, --dedup

@test "--where sees the event as it is printed, natively and through libjq" {
  printf '%s\n' '{"what":"view","at":1767226200,"ip":"a","n":"1"}' '{"what":"cart","at":1767226201,"ip":"b","n":"2"}' >in
  for where in '.event_type == "x"' '.b == "X"' '.event_time == "2026-01-01T00:10:00.000Z"' '.n < 2' \
    '(.session_id | length) == 32 and .b == "X"'; do
    for way in "$where" "[$where] | all" "reduce ($where) as \$x (false; \$x)"; do
      parse --rename=event_type=what,event_time=at,b=ip --recode=event_type:view=x --recode=b:a=X --id-from=b \
        --number=n -w "$way" in
      [ "${#lines[@]}" -eq 1 ] || { echo "$way: $output"; return 1; }
      [ "$(jq -r .event_type <<<"$output")" = x ]
    done
  done
}

@test "--where sees members that have changed names" {
  parse_line "$event,\"a\":\"1\",\"b\":\"2\"}" --rename=a=b,b=a -w 'reduce (.a == "2" and .b == "1") as $x (false; $x)'
  [ "$output" = "$row,\"b\":\"1\",\"a\":\"2\"}" ]
}

@test "an event that --max-jump holds back is changed once, not twice" {
  printf '%s\n' '{"event_type":"a","event_time":1767226200}' '{"event_type":"a","event_time":1767226200}' >in
  for where in '.event_type == "b"' 'reduce (.event_type == "b") as $x (false; $x)'; do
    parse --max-jump=1h --recode=event_type:a=b,b=c --id-from=session_id,event_type -w "$where" in
    [ "$(jq -r .event_type <<<"$output" | paste -sd' ')" = "b b" ]
  done
}

@test "filtered events are counted, not refused" {
  printf '%s}\n' "$event" >in
  parse --stats -w '.event_type == "x"' in
  [ "$(jq -c '[.read,.filtered,.produced]' <<<"$stderr")" = '[1,1,0]' ]
}

@test "--key puts the member as printed before the event" {
  parse_line '{"event_type":"view","event_time":1767226200}' --recode=event_type:view=t --key=event_type
  [ "$output" = "t	$row}" ]
  parse_line "$event}" --key=event_time
  [ "$output" = "2026-01-01T00:10:00.000Z	$row}" ]
}

# A sized frame.
sized() { printf '%s %s %s %s' "$1" "$2" "${#3}" "$3"; }

@test "--keep-frame hands partition and offset on, and all events of a record in one frame" {
  printf '3\t17\t%s}\n0\t5\t%s}\n' "$event" "$event" >in
  parse --keep-frame in
  [ "$output" = "$(sized 3 17 "$row}")
$(sized 0 5 "$row}")" ]
  parse --keep-frame --map='., .' in
  [ "$output" = "$(sized 3 17 "$row}
$row}")
$(sized 0 5 "$row}
$row}")" ]
  # A tool that counts offsets takes them all.
  cs-parse --keep-frame --map='., .' in | cs-window --size=1h --agg=n=count --input=kcat-sized >out
  [ "$(jq .n out)" -eq 4 ]
}

@test "--keep-frame refuses what has no frame" {
  parse_line "$event}" --keep-frame
  [ -z "$output" ]
  [ "$(reasons)" = bad-frame ]
}

@test "frames hold rows of CSV, too, with --header" {
  printf '0\t1\t2026-01-01T00:10:00Z,t\n' >in
  parse --input=kcat --from=csv --header=event_time,event_type --keep-frame in
  [ "$output" = "$(sized 0 1 "$row}")" ]
}

@test "--dedup drops repeats" {
  printf '%s,"event_id":"a/b"}\n%s,"event_id":"a\\/b"}\n' "$event" "$event" >in
  parse --dedup=1h --stats in
  [ "${#lines[@]}" -eq 1 ]
  [ "$(jq .duplicate <<<"$stderr")" = 1 ]
}

@test "--event-id-from: the id is what jq and sha256sum make of the printed members" {
  cat >in <<'END'
{"event_time":"2026-01-01T00:00:00Z","event_type":"t","ip":"203.0.113.9","n":1,"tags":["a",{"b":null}]}
{"event_time":1767225600,"event_type":"t","ip":"","n":"1","user_agent":"say \"hi\"\\ \u00e9\n\u0001\/"}
{"event_time":"2026-01-01T00:00:00Z","event_type":"t","user_agent":"\u0073ay \"hi\"\\ é\n\u0001/","ip":"","n":"1"}
{"event_time":"2026-01-01T00:00:00Z","event_type":"t","ip":null,"user_id":42,"n":true}
END
  parse --event-id-from=ip,user_agent,n,user_id,event_time --event-id-from=tags in
  [ "${#lines[@]}" -eq 4 ]
  for line in "${lines[@]}"; do
    wanted=$(jq -jc '[.ip,.user_agent,.n,.user_id,.event_time,.tags]' <<<"$line" | sha256sum | cut -c 1-32)
    [ "$(jq -r .event_id <<<"$line")" = "$wanted" ] || { echo "$line: $wanted"; return 1; }
  done
  # Equal however it was escaped; null, missing and "" are two values; 1 and "1" are two.
  [ "$(jq -r .event_id <<<"${lines[1]}")" = "$(jq -r .event_id <<<"${lines[2]}")" ]
  [ "$(jq -r .event_id <<<"$output" | sort -u | wc -l)" -eq 3 ]
  printf '%s\n' "$event}" "${event%\}},\"ip\":null}" "${event%\}},\"ip\":\"\"}" >in
  parse --event-id-from=ip in
  [ "$(jq -c .event_id <<<"$output" | sed 's/"\(.\{32\}\)"/\1/' | paste -sd ' ')" = "null null $(printf '[""]' | sha256sum | cut -c 1-32)" ]
}

@test "--event-id-from: --dedup then works on what has no ids, and comes after it" {
  cp "$ROOT/samples/access.log" one
  cat one one one >in
  parse --event-id-from=ip,event_time,method,page_url,user_agent,status --dedup=1d --stats in
  [ "$output" = "$(cs-parse --event-id-from=ip,event_time,method,page_url,user_agent,status one)" ]
  [ "$(jq .duplicate <<<"$stderr")" -eq $((2 * $(wc -l <one))) ]
  # It replaces an id that was there, and sees what --recode and --id-from have made.
  echo "$event,\"event_id\":\"x\",\"ip\":\"a\"}" >in
  parse --recode=ip:a=b --id-from=ip --event-id-from=event_id,ip,session_id in
  [ "$(jq -r .event_id <<<"$output")" = "$(printf '["x","b","%s"]' "$(jq -r .session_id <<<"$output")" | sha256sum | cut -c 1-32)" ]
  parse --event-id-from= in
  [ "$status" -eq 2 ]
}

# --- wrong use, failing output

@test "wrong use is told and exits 2" {
  while IFS='|' read -r arguments message; do
    eval "parse $arguments" </dev/null
    [ "$status" -eq 2 ] || { echo "$arguments: $status"; return 1; }
    [ "${stderr_lines[0]}" = "cs-parse: $message" ] || { echo "$arguments: $stderr"; return 1; }
  done <<'END'
--map=. --map-file=x|--map and --map-file are two ways to give one program: use one of them
--map-file=./missing|--map-file: cannot open './missing': No such file or directory
--from=ndjson --header=a|--header is for CSV and TSV
--from=combined --no-quotes|--no-quotes is for CSV and TSV
--header='"a'|--header: header line: a quoted field does not end
--log-format=nonsense|--log-format: neither the name of a format nor one with $variables or %directives
--log-format='$a$b'|--log-format: nothing tells where the value in front of it ends: $b
--log-format='%h %Q'|--log-format: no such directive: %Q
--log-format=common --from=csv|--from and --log-format both say the input's format
--log-format=common --header=a|--header is for CSV and TSV
--null=x --from=ndjson|--null is for CSV and TSV
--delimiter=xy|--delimiter: 'xy' is not one character of ASCII that may stand between columns
--delimiter=x --from=tsv|--delimiter is for CSV
--rename=x|--rename: 'x': no '=' in a pair (NEW=OLD,...)
--rename=a=b=c|--rename: 'a=b=c': a second '=' in a pair: in a name or a value it is \= (NEW=OLD,...)
--rename=a=|--rename: 'a=' lacks a name
--recode=x|--recode: 'x': no ':' behind the member (FIELD:old=new,...)
--recode=a:x|--recode: 'a:x': no '=' in a pair (FIELD:old=new,...)
--recode=a:x=y=z|--recode: 'a:x=y=z': a second '=' in a pair: in a name or a value it is \= (FIELD:old=new,...)
--rename=a=x,b=x|--rename: 'x' is read as 'a' already, and a member has one name
--recode=a:x=1,y=2,x=3|--recode: 'a:x=1,y=2,x=3': one word becomes two different ones (FIELD:old=new,...)
--recode=event_time:a=b|--recode: event_time is a time, not a word (use --map)
--id-from=a,,b|--id-from: 'a,,b': an item of the list is empty (F,...)
--keep-frame --max-jump=1d|--max-jump: an event that waits would leave its frame: not with --keep-frame
--keep-frame --key=user_id|--keep-frame and --key both put something before the event: use one of them
END
}

@test "a map that does not compile, or asks for what is refused, exits 2" {
  parse --map='{' </dev/null
  [ "$status" -eq 2 ]
  parse --map='.x = now' </dev/null
  [ "$status" -eq 2 ]
  [[ $stderr == "cs-parse: --map: "*now* ]]
}

@test "output that cannot be written is exit 1" {
  printf '%s}\n' "$event" >in
  run bash -c 'cs-parse in >/dev/full'
  [ "$status" -eq 1 ]
}

@test "--strict ends with the first refused record" {
  printf '%s}\nx\n%s}\n' "$event" "$event" >in
  parse --strict --from=ndjson in
  [ "$status" -eq 1 ]
  [ "$output" = "$row}" ]
}

@test "canonical lines that follow each other, and those that have to be changed, come in their order" {
  traffic --events=4000 >canonical
  # Every hundredth line in another order, as CRLF, blank or broken: those before it have to be out first.
  for change in 's/^{\("event_id":[^,]*\),\("session_id":[^,]*\)/{\2,\1/' 's/$/\r/' 's/^/\n/' 's/^/x\n/'; do
    sed "100~100$change" canonical >mixed
    cs-parse mixed 2>/dev/null >out
    cmp out canonical
    cs-parse --output=out2 mixed canonical 2>/dev/null
    cat canonical canonical | cmp - out2
    # In pieces, and with a key before each row.
    { dd bs=1000 iflag=fullblock status=none <mixed; } | cs-parse 2>/dev/null | cmp - canonical
    cs-parse --key=event_id mixed 2>/dev/null | cut -f2 | cmp - canonical
  done
}

@test "--strict: the rows before the refused record are out" {
  traffic --events=1000 >canonical
  { cat canonical && echo x && cat canonical; } >in
  run ! cs-parse --strict --output=out in
  cmp out canonical
}

# --- real data

@test "REES46: every line of the shop's CSV is accounted for" {
  need_data rees46
  parse --from=csv --stats=stats --rejects=rejects --number=price --rename=session_id=user_session \
    --recode=event_type:view=product_view,cart=add_to_cart -o out "$DATA"/rees46/*.csv
  [ "$status" -eq 0 ]
  [ "$(jq -c '[.read,.used,.rejected]' stats)" = '[17435,17434,1]' ]
  [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "17436 torn" ]
  [ "$(jq -r .event_type out | sort | uniq -c | awk '{print $2,$1}' | paste -sd,)" = "add_to_cart 165,product_view 17055,purchase 214" ]
  [ "$(jq -r .session_id out | sort -u | wc -l)" -eq 5066 ]
  [ "$(jq -r .user_id out | sort -u | wc -l)" -eq 4504 ]
  [ "$(jq -r 'select(.category_code == null) | 1' out | wc -l)" -eq 5746 ]
  # No field is quoted in this file: what we read is what awk reads (its lines end in CRLF).
  awk -F, '{sub(/\r$/, "")} NR > 1 && NF == 9 {print $1 "," $3 "," $4 "," $5 "," $6 "," $7 "," $8 "," $9}' "$DATA"/rees46/*.csv >wanted
  grep -o '"price":[0-9.]*' out | cut -d: -f2 >prices
  jq -r '[(.event_time | sub("T"; " ") | sub(".000Z"; " UTC")), .product_id, .category_id, .category_code,
    .brand, "PRICE", .user_id, .session_id] | map(. // "") | join(",")' out |
    paste -d'\n' - prices | awk 'NR % 2 {line = $0; next} {sub("PRICE", $0, line); print line}' >got
  cmp wanted got
}

@test "REES46: five exact repeats are dropped when an id is made of the whole row" {
  need_data rees46
  parse --from=csv --stats=stats --rejects=rejects --dedup=1h -o out \
    --map='.event_id = ([.[]] | map(. // "") | join("|"))' "$DATA"/rees46/*.csv
  [ "$(jq .duplicate stats)" -eq 5 ]
}

@test "a real access log: every line but the damaged one is an event" {
  need_data access-log
  parse --stats=stats --rejects=rejects --id-from=ip -o out "$DATA/access-log/apache_logs"
  [ "$(jq -c '[.read,.used,.rejected]' stats)" = '[10000,9999,1]' ]
  [ "$(jq -r '"\(.line) \(.reason)"' rejects)" = "8899 bad-columns" ]
  [ "$(jq -r .session_id out | sort -u | wc -l)" -eq "$(grep -v 'bot.html$' "$DATA/access-log/apache_logs" | cut -d' ' -f1 | sort -u | wc -l)" ]
  jq -r 'select(.method != null) | "\(.ip) \"\(.method) \(.page_url) \(.status) \(.bytes // "-")"' out | sort >got
  grep -v 'bot.html$' "$DATA/access-log/apache_logs" |
    sed -E 's/^([^ ]+) - - \[[^]]*\] ("[A-Z]+ .*) HTTP[^ "]*" ([0-9]+) ([-0-9]+) .*/\1 \2 \3 \4/' | sort >wanted
  cmp wanted got
}

# suite PREFIX COUNT: so many files of JSONTestSuite, each as a file of lines, in one run. Into verdicts: a line a file and
# reason, "event" where one is taken.
suite() {
  local file seen
  need_data json-test-suite
  rm -rf suite && mkdir suite
  for file in "$DATA"/json-test-suite/test_parsing/"$1"_*; do
    # What must be accepted is one record, and a record is a line.
    { if [ "$1" = y ]; then tr '\n' ' ' <"$file"; else cat "$file"; fi && echo; } >"suite/${file##*/}"
  done
  seen=(suite/*)
  [ "${#seen[@]}" -eq "$2" ]
  cs-parse --from=ndjson --rejects=rejects "${seen[@]}" >out 2>err || [ $? -eq 1 ] || return
  jq -r '"\(.input | sub("suite/"; "")) \(.reason)"' rejects | sort -u >verdicts
}

@test "JSONTestSuite: what must be accepted is JSON to us" {
  suite y 95
  [ "$(wc -l <verdicts)" -eq 95 ]
  run ! grep -vE ' (no-time|not-an-object)$' verdicts
  [ ! -s out ]
}

@test "JSONTestSuite: what must be refused is no JSON to us" {
  suite n 188
  [ ! -s out ]
  # A file of several lines is several records for us; one of them at least is broken. An empty one is none.
  for file in suite/*; do
    [ -z "$(tr -d '\357\273\277[:space:]' <"$file")" ] || printf '%s\n' "${file#suite/}"
  done | sort >wanted
  [ "$(wc -l <wanted)" -ge 180 ]
  sed -nE 's/ (not-json|bad-utf8|too-deep)$//p' verdicts | sort -u | comm -23 wanted - >taken
  cat taken
  [ ! -s taken ]
}

@test "JSONTestSuite: what may go either way goes one way" {
  suite i 35
  [ "$(cut -d ' ' -f 1 verdicts | sort -u | wc -l)" -eq 35 ]
}

@test "a header line with nothing behind it is said, file by file, and nothing else is wrong" {
  printf 'event_time,event_type\n' >a.csv
  cp a.csv c.csv
  { cat a.csv && printf '2026-01-01T00:00:00Z,a\n'; } >b.csv
  : >none.csv
  for options in --jobs=1 --jobs=2; do
    run -0 --separate-stderr cs-parse "$options" a.csv b.csv c.csv none.csv
    [ "${#lines[@]}" = 1 ]
    [ "$stderr" = 'cs-parse: a.csv: a header line, and nothing behind it
cs-parse: c.csv: a header line, and nothing behind it' ]
  done
  # A file that is read from the line on where the last run has stopped is none.
  run -0 --separate-stderr cs-parse --state=state --output=rows a.csv
  [ -z "$stderr" ]
}
