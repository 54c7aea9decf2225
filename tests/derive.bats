#!/usr/bin/env bats
# cs-parse --derive and --pages: what is made of user agents, addresses and referrers, and what is no page.

load helper

setup() {
  setup_tools
  mkdir lists
  printf '# crawlers\nGooglebot/\tGooglebot\n/^curl/\tcurl\n/[Ss]py.*er$/\tSpyder\n' >lists/bots.txt
  printf 'google.com\tgoogle\tsearch\ngoogle.com/imgres\tgoogle images\tsearch\nt.co\ttwitter\tsocial\n' >lists/referrers.txt
}

# derive ITEMS MEMBERS [OPTION...]: what an event with these members is given; MEMBERS of jq.
derive() {
  printf '{"event_time":"2026-01-01T00:00:00Z","event_type":"page_view"%s}\n' "${2:+,$2}" |
    cs-parse --derive="$1" --lists=lists "${@:3}"
}

source_of() {
  derive traffic_source "$@" | jq -r '.traffic_source // "-"'
}

@test "bot is the crawler's name, or null, and comes behind all other members" {
  [ "$(derive bot '"user_agent":"Mozilla/5.0 (compatible; Googlebot/2.1)","x":1' | jq -c '[keys_unsorted[-3:], .bot]')" = '[["user_agent","x","bot"],"Googlebot"]' ]
  [ "$(derive bot '"user_agent":"Mozilla/5.0 Firefox/128.0"' | jq -c '[has("bot"), .bot]')" = '[true,null]' ]
  [ "$(derive bot '"user_agent":"curl/8.0"' | jq -r .bot)" = curl ]
  [ "$(derive bot '"user_agent":"libcurl"' | jq -r .bot)" = null ]
  [ "$(derive bot '"user_agent":"a Spy is here, er"' | jq -r .bot)" = Spyder ]
  # However it was escaped; an empty agent is a bot, one that the event does not have is none.
  [ "$(derive bot '"user_agent":"\u0047ooglebot\/2.1"' | jq -r .bot)" = Googlebot ]
  [ "$(derive bot '"user_agent":""' | jq -r .bot)" = empty ]
  [ "$(derive bot '"user_agent":null' | jq -r .bot)" = empty ]
  [ "$(derive bot '' | jq -r .bot)" = null ]
}

@test "what is there already stays; what is null is filled, in its place" {
  [ "$(derive bot '"bot":"mine","user_agent":"Googlebot/2.1"' | jq -r .bot)" = mine ]
  [[ $(derive bot '"bot":null,"user_agent":"Googlebot/2.1","x":1') == *',"bot":"Googlebot","user_agent":"Googlebot/2.1","x":1}' ]]
  [ "$(derive traffic_source '"traffic_source":"mine","referrer":"https://t.co/"' | jq -r .traffic_source)" = mine ]
  run -0 cs-parse --derive=device_type,campaign_id <<<'{"event_time":1767225600,"event_type":"t","device_type":"fridge","campaign_id":"c","user_agent":"iPhone","page_url":"/?utm_campaign=x"}'
  [ "$(jq -c '[.device_type,.campaign_id]' <<<"$output")" = '["fridge","c"]' ]
}

@test "device_type is desktop, mobile, tablet, tv or bot, and needs no list" {
  while IFS='|' read -r wanted agent; do
    got=$(jq -nc --arg agent "$agent" '{event_time: 1767225600, event_type: "t", user_agent: $agent}' | cs-parse --derive=device_type | jq -r '.device_type // "-"')
    [ "$got" = "$wanted" ] || { echo "$agent: $got"; return 1; }
  done <<'END'
desktop|Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0
desktop|Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15
mobile|Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1
mobile|Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36
tablet|Mozilla/5.0 (Linux; Android 14; SM-X700) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36
tablet|Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1
bot|Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) Chrome/126.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)
-|something else
END
}

@test "traffic_source: utm_source before click ids before the referrer" {
  [ "$(source_of '"page_url":"https://shop.example/?utm_source=news%20letter&gclid=x","referrer":"https://t.co/a"')" = 'news letter' ]
  [ "$(source_of '"page_url":"/?a=1&amp;UTM_Source=n"')" = n ]
  [ "$(source_of '"page_url":"/?utm_source=&fbclid=x"')" = facebook ]
  for pair in gclid=google wbraid=google fbclid=facebook msclkid=bing ttclid=tiktok twclid=twitter li_fat_id=linkedin yclid=yandex; do
    [ "$(source_of "\"page_url\":\"/p?x=1&${pair%=*}=abc\",\"referrer\":\"https://other.example/\"")" = "${pair#*=}" ] || { echo "$pair"; return 1; }
  done
  # Go's encoder writes an ampersand as an escape.
  [ "$(source_of '"page_url":"/?a=b\u0026utm_source=n"')" = n ]
  [ "$(source_of '"page_url":"/utm_source=n"')" = - ]
}

@test "traffic_source: the referrer is a site of the list, the own site, another one, or nobody" {
  [ "$(source_of '"referrer":"https://www.google.com/search?q=mug"')" = google ]
  [ "$(source_of '"referrer":"https://news.google.com/"')" = google ]
  [ "$(source_of '"referrer":"https://www.google.com/imgres?imgurl=x"')" = 'google images' ]
  [ "$(source_of '"referrer":"https://t.co/abc"')" = twitter ]
  [ "$(source_of '"referrer":"https://best.co/abc"')" = best.co ]
  [ "$(source_of '"referrer":"https://WWW.Blog.example:8080/x"')" = blog.example ]
  [ "$(source_of '"page_url":"https://shop.example/a","referrer":"https://www.shop.example/"')" = internal ]
  [ "$(source_of '"vhost":"shop.example:443","page_url":"/a","referrer":"https://shop.example/"')" = internal ]
  [ "$(source_of '"page_url":"/a","referrer":"https://pay.shop.example/"' --own-host=other.example,shop.example)" = internal ]
  [ "$(source_of '"page_url":"/a","referrer":"https://pay.shop.example/"' --own-host=shop.example.)" = internal ]
  [ "$(source_of '"page_url":"https://shop.example/a","referrer":"https://myshop.example/"')" = myshop.example ]
  # There and empty, as a dash in a log; not there: nobody knows.
  [ "$(source_of '"referrer":""')" = direct ]
  [ "$(source_of '"referrer":null')" = direct ]
  [ "$(source_of '')" = - ]
  [ "$(source_of '"referrer":"what is this"')" = - ]
  # A list without columns names the site itself; comments and CRLF are no entries.
  printf '#x\r\nblog.example\r\n' >lists/referrers.txt
  [ "$(source_of '"referrer":"https://a.blog.example/"')" = blog.example ]
}

@test "campaign_id: utm_id, utm_campaign, and what Google and Mailchimp call it" {
  while IFS='|' read -r url wanted; do
    got=$(jq -nc --arg url "$url" '{event_time: 1767225600, event_type: "t", page_url: $url}' | cs-parse --derive=campaign_id | jq -r '.campaign_id // "-"')
    [ "$got" = "$wanted" ] || { echo "$url: $got"; return 1; }
  done <<'END'
/?utm_campaign=new-year|new-year
/?utm_campaign=new-year&utm_id=77|77
/?utm_campaign=n%C3%A9w+year#x|néw year
/?gclid=abc&gad_campaignid=123|123
/?mc_cid=9f|9f
/#utm_campaign=behind|behind
/?utm_campaign=|-
/?utm_campaign|-
/?gclid=abc|-
/|-
END
}

@test "ip is cut to 24 bits of IPv4 and 48 of IPv6, and what is no address is null" {
  while IFS='|' read -r ip wanted; do
    got=$(jq -nc --arg ip "$ip" '{event_time: 1767225600, event_type: "t", ip: $ip}' | cs-parse --derive=ip | jq -r '.ip // "-"')
    [ "$got" = "$wanted" ] || { echo "$ip: $got"; return 1; }
  done <<'END'
203.0.113.9|203.0.113.0
203.0.113.0|203.0.113.0
203.0.113.9:4321|203.0.113.0
203.0.113.9, 198.51.100.7|203.0.113.0
2001:db8:1:2::17|2001:db8:1::
[2001:db8:1:2::17]:443|2001:db8:1::
2001:DB8:1::|2001:db8:1::
::ffff:203.0.113.9|::ffff:203.0.113.0
fe80::1%eth0|fe80::
client.shop.example|-
203.0.113.999|-
203.0.113.9x|-
unknown|-
END
  run -0 cs-parse --derive=ip <<<'{"event_time":1767225600,"event_type":"t","a":1,"ip":"203.0.113.9","b":2}'
  [[ $output == *'"a":1,"ip":"203.0.113.0","b":2}' ]]
  [[ $(cs-parse --derive=ip <<<'{"event_time":1767225600,"event_type":"t"}') != *ip* ]]
  # session_id is made of the whole address, event_id of what is printed.
  printf '%s\n' '{"event_time":1767225600,"event_type":"t","ip":"203.0.113.8"}' '{"event_time":1767225600,"event_type":"t","ip":"203.0.113.9"}' >in
  [ "$(cs-parse --derive=ip --id-from=ip in | jq -r .session_id | sort -u | wc -l)" -eq 2 ]
  [ "$(cs-parse --derive=ip --event-id-from=ip in | jq -r .event_id | sort -u)" = "$(printf '["203.0.113.0"]' | sha256sum | cut -c 1-32)" ]
}

@test "--where sees what was derived, and the output goes in again unchanged" {
  cat >in <<'END'
{"event_time":"2026-01-01T00:00:00Z","event_type":"page_view","page_url":"/?utm_campaign=c","referrer":null,"user_agent":"Googlebot/2.1","ip":"203.0.113.9"}
{"event_time":"2026-01-01T00:00:01Z","event_type":"page_view","page_url":"/","referrer":"https://t.co/x","user_agent":"iPhone","ip":"2001:db8:1:2::17"}
END
  run -0 cs-parse --derive=all --lists=lists -w '.bot == null' in
  [ "$(jq -c '[.traffic_source,.campaign_id,.device_type,.ip,.bot]' <<<"$output")" = '["twitter",null,"mobile","2001:db8:1::",null]' ]
  # An expression that libjq runs sees the whole event.
  [ "$(cs-parse --derive=all --lists=lists -w '[.bot, .ip] | tojson == "[\"Googlebot\",\"203.0.113.0\"]"' in | jq -r .campaign_id)" = c ]
  cs-parse --derive=all --lists=lists in >once
  cs-parse --derive=all --lists=lists once | cmp - once
  cs-parse --derive=all --lists=lists --jobs=2 in | cmp - once
  # --map and --rename come before.
  [ "$(cs-parse --derive=bot --lists=lists --rename=user_agent=ua <<<'{"event_time":1767225600,"event_type":"t","ua":"curl/8"}' | jq -r .bot)" = curl ]
}

@test "wrong use of --derive is told, and so is a list that is not there" {
  while IFS='|' read -r arguments message; do
    eval "run -2 --separate-stderr cs-parse $arguments" </dev/null
    [ "${stderr_lines[0]}" = "cs-parse: $message" ] || { echo "$arguments: $stderr"; return 1; }
  done <<'END'
--derive=devices|--derive: 'devices' is none of device_type, bot, traffic_source, campaign_id, ip, all
--derive=bot --lists=nowhere|--derive=bot: cannot open 'nowhere/bots.txt': No such file or directory
--derive=traffic_source --lists=nowhere|--derive=traffic_source: cannot open 'nowhere/referrers.txt': No such file or directory
--derive=ip --lists=lists|--lists is for --derive=bot and --derive=traffic_source
--derive=ip --own-host=a|--own-host is for --derive=traffic_source
--derive=traffic_source --own-host=https://shop.example/|--own-host: 'https://shop.example/' is not the name of a host alone; did you mean shop.example?
--derive=traffic_source --own-host=a.example,shop.example:443|--own-host: 'shop.example:443' is not the name of a host alone; did you mean shop.example?
--derive=traffic_source --own-host=\*.shop.example|--own-host: '*.shop.example' is not the name of a host alone; did you mean shop.example?
--derive=traffic_source --own-host='a.example, b.example'|--own-host: ' b.example' is not the name of a host alone; did you mean b.example?
--derive=traffic_source --own-host=[::1]|--own-host: '[::1]' is not the name of a host alone; did you mean ::1?
--derive=traffic_source --own-host=http://|--own-host: 'http://' is not the name of a host, as shop.example is
--derive=traffic_source --own-host=müller.example|--own-host: 'müller.example': referrers have other letters than those of ASCII as xn--...
END
  printf '/a(/\n' >lists/bots.txt
  run -2 --separate-stderr cs-parse --derive=bot --lists=lists /dev/null
  [[ ${stderr_lines[0]} == 'cs-parse: --lists: bots.txt: /a(/: '* ]]
  # A copy of the tool that lies nowhere has no lists, and says what to do.
  mkdir alone
  cp "$CS_BUILD/cs-parse" alone/cs-parse
  run --separate-stderr alone/cs-parse --derive=bot /dev/null
  [ "$status" -eq 2 ] || [ -r /usr/local/share/clickstream/bots.txt ]
  [ "$status" -eq 0 ] || [[ ${stderr_lines[0]} == *"there is no bots.txt in "*"'make lists'"*"--lists=DIR"* ]]
}

@test "the lists that came with the tools know crawlers and sites" {
  [ -f "$CS_BUILD/share/bots.txt" ] || [ -f "$CS_BUILD/../share/bots.txt" ] || skip 'no lists: make lists needs npm'
  while IFS='|' read -r bot source agent referrer; do
    got=$(jq -nc --arg agent "$agent" --arg referrer "$referrer" '{event_time: 1767225600, event_type: "page_view", user_agent: $agent, referrer: $referrer}' |
      cs-parse --derive=all | jq -r '[.bot // "-", .traffic_source] | join("|")')
    [ "$got" = "$bot|$source" ] || { echo "$agent: $got"; return 1; }
  done <<'END'
Googlebot|google|Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)|https://www.google.de/
AhrefsBot|duckduckgo|Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)|https://duckduckgo.com/
GPTBot|facebook|Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)|https://l.facebook.com/l.php
curl|bing|curl/8.7.1|https://www.bing.com/search?q=mug
-|blog.example|Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0|https://blog.example/
-|direct|Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1|
END
}

@test "--pages keeps page views that were pages, counts the others as filtered, and leaves other events alone" {
  cat >log <<'END'
203.0.113.9 - - [01/Jan/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:01 +0000] "GET /shop.css?v=1.2 HTTP/1.1" 200 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:02 +0000] "GET /p/mug.html?img=a.png HTTP/1.1" 304 - "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:03 +0000] "GET /old HTTP/1.1" 301 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:04 +0000] "GET /gone HTTP/1.1" 404 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:05 +0000] "GET /broken HTTP/1.1" 500 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:06 +0000] "POST /cart HTTP/1.1" 200 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:07 +0000] "HEAD / HTTP/1.1" 200 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:08 +0000] "\x16\x03" 400 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:09 +0000] "GET /logo.PNG#x HTTP/1.1" 200 10 "-" "U"
203.0.113.9 - - [01/Jan/2026:10:00:10 +0000] "GET /v2.0/mug HTTP/1.1" 206 10 "-" "U"
END
  counted cs-parse --pages log >out
  [ "$(jq -r .page_url out | paste -sd ' ')" = '/ /p/mug.html?img=a.png /v2.0/mug' ]
  [ "$(jq -c '[.read,.filtered,.used,.produced]' stats.json)" = '[11,8,3,3]' ]
  cs-parse --pages --jobs=2 log | cmp - out
  cat >in <<'END'
{"event_time":1767225600,"event_type":"page_view","page_url":"https://shop.example/a\/b.j\u0073"}
{"event_time":1767225600,"event_type":"page_view","page_url":"https://shop.example/"}
{"event_time":1767225600,"event_type":"page_view","page_url":null,"status":null,"method":"GET"}
{"event_time":1767225600,"event_type":"page_view","page_url":"/x","status":"200"}
{"event_time":1767225600,"event_type":"page_view","page_url":"/y","status":"404"}
{"event_time":1767225600,"event_type":"purchase","page_url":"/order.json","status":500,"method":"POST"}
END
  run -0 cs-parse --pages in
  [ "$(jq -r .page_url <<<"$output" | paste -sd ' ')" = 'https://shop.example/ null /x /order.json' ]
}

@test "a log becomes sessions of people: pages only, without crawlers, by source" {
  cs-parse --from=combined --pages --derive=all --lists=lists --id-from=ip,user_agent -w '.bot == null' "$ROOT/samples/access.log" >out
  [ -s out ]
  [ "$(jq -s 'map(select(.bot != null or .session_id == null)) | length' out)" -eq 0 ]
  cs-sessionize out >sessions
  [ -s sessions ]
}
