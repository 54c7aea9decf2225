#!/usr/bin/env bats
# --print-schema=sql: a table for the rows of that very command line. tests/cs-ship-postgres.bats runs it.

load helper

setup() { setup_tools; }

# columns TOOL OPTION...: NAME TYPE, a line each; then the columns of the key.
columns() {
  "$@" --print-schema=sql:t </dev/null >sql || return
  sed -n 's/^    add column if not exists "\(.*\)" \([a-z]*\)[,;]$/\1 \2/p; s/^    on "t" (\(.*\)) nulls not distinct;$/key \1/p' sql
}

@test "a funnel by the day, as it is printed" {
  run -0 cs-funnel --size=1d --by=device_type --order=ordered --step=a='.event_type == "x"' --step=b=.z --print-schema=sql:Shop.Funnel
  diff - <(printf '%s\n' "$output") <<'END'
-- For PostgreSQL 15 or later. Run again, it adds what is missing.
begin;
set local client_min_messages = warning;
create table if not exists "shop"."funnel" ();
alter table "shop"."funnel"
    add column if not exists "window_start" timestamptz,
    add column if not exists "window_end" timestamptz,
    add column if not exists "device_type" text,
    add column if not exists "a" bigint,
    add column if not exists "b" bigint,
    add column if not exists "overall_conversion_rate" numeric,
    add column if not exists "b_rate" numeric,
    add column if not exists "b_seconds_median" numeric,
    add column if not exists "b_seconds_p95" numeric,
    add column if not exists "excluded" bigint,
    add column if not exists "in_progress" bigint;
create unique index if not exists "funnel_by_window_start_window_end_device_type"
    on "shop"."funnel" ("window_start", "window_end", (md5("device_type"))) nulls not distinct;
comment on table "shop"."funnel" is 'rows of cs-funnel --size=1d --by=device_type --order=ordered --step=a=.event_type == "x" --step=b=.z';
comment on column "shop"."funnel"."window_start" is 'the start of the window';
comment on column "shop"."funnel"."window_end" is 'its end, which is not in it';
comment on column "shop"."funnel"."device_type" is 'device_type';
comment on column "shop"."funnel"."a" is 'ids that came so far';
comment on column "shop"."funnel"."b" is 'ids that came so far';
comment on column "shop"."funnel"."overall_conversion_rate" is 'percent of the first step';
comment on column "shop"."funnel"."b_rate" is 'percent of the step before';
comment on column "shop"."funnel"."b_seconds_median" is 'from the step before';
comment on column "shop"."funnel"."b_seconds_p95" is 'from the step before';
comment on column "shop"."funnel"."excluded" is 'ids whose attempts were voided';
comment on column "shop"."funnel"."in_progress" is 'ids that may still go on';
commit;
END
}

# fits TOOL OPTION...: each member of a row has a column and a type that its values have; no two rows have one key,
# but for those that tell how something changes (changes=1).
fits() {
  columns "$@" >columns || return
  grep -v '^key ' columns | jq -Rn '[inputs | capture("(?<name>.*) (?<type>[a-z]+)$")] | map({(.name): .type}) | add' >types
  grep '^key ' columns | grep -o '"[^"]*"' | jq -sc . >key
  "$@" <events >rows 2>/dev/null
  [ -s rows ] || { echo "no rows: $*" && return 1; }
  # What does not fit, and keys that are there twice.
  jq -nr --slurpfile types types --slurpfile key key --arg changes "${changes:-}" '
    def fits($of): type as $is | . == null or
      if $of == "text" then $is == "string"
      elif $of == "timestamptz" then $is == "string" and test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z$")
      elif $of == "bigint" then $is == "number" and . == floor
      elif $of == "numeric" then $is == "number"
      elif $of == "boolean" then $is == "boolean"
      elif $of == "jsonb" then $is == "array" or $is == "object"
      else $of == "json" end;
    [inputs] | (.[] | to_entries[] | select((.key as $name | .value | fits($types[0][$name])) | not) | tojson),
      (group_by([.[$key[0][]]])[] | select(length > 1 and $changes == "") | tojson)' rows >wrong
  [ ! -s wrong ] || { echo "$*" && cat columns && head -3 wrong && return 1; }
}

@test "each member of a row has a column of its type, and the key is one, for all tools" {
  traffic --events=5000 --rate=0.5 --extras --nulls=3 --empty >events
  fits cs-window --size=1h --by=device_type,currency --agg=n=count --agg='d=distinct(user_id)' --agg='s=sum(price)' --agg='a=avg(price)' \
    --agg='m=max(price)' --agg='f=first(user_id)' --agg='l=list(price,3)' --agg='t=top(product_id,2)' --agg='q=quantile(price,0.5)' \
    --agg='y=any(.price > 1)' --agg='p=percent(n,d)' --agg='x=approx_distinct(user_id)' --agg='v=stddev(price)'
  fits cs-window --size=1h --agg=n=count --by-partition --agg='s=sum(price)' --agg='q=median(price)'
  fits cs-window --size=1mo --agg=n=count --by='c=lower(traffic_source)'
  fits cs-funnel --size=1h --by=traffic_source
  fits cs-funnel --size=1h --by=traffic_source --order=ordered --by-partition
  fits cs-funnel --drops --order=ordered --by=device_type
  fits cs-sessionize
  fits cs-sessionize --detail --path --split-on=currency --split-by=device_type --agg='s=sum(price)' --agg='l=last(price)' --id=user_id
  fits cs-sessionize --pages --split-by=device_type
  fits cs-abandon
  changes=1 fits cs-abandon --transitions --cart
  fits cs-anomaly --size=1m --baseline=5m --all --by=device_type
  fits cs-anomaly --size=1m --baseline=5m --all --incidents
  fits cs-anomaly --size=1m --baseline=5m --method=median --min-value=1 --value='r=sum(price)' --all
  # Of an incident the last row stands.
  [ "$(columns cs-anomaly --incidents --by=device_type | grep '^key')" = 'key (md5("device_type")), "incident_start"' ]
  # Events have no key, and a column for all other members.
  for tool in cs-parse cs-identify; do
    columns $tool >columns
    run ! grep '^key' columns
    [ "$(head -4 columns | paste -sd,)" = 'event_id text,session_id text,user_id text,event_type text' ]
    [ "$(grep -x 'event_time timestamptz' columns) $(tail -1 columns)" = 'event_time timestamptz rest jsonb' ]
  done
}

@test "names and comments may be anything, and reach a terminal as what they are not" {
  run -0 cs-sessionize --split-by=$'a"b\e\\\\'"'" --agg=$'n=count if .x == "it\'s\e"' --print-schema=sql
  [[ $output == *'add column if not exists U&"a""b\001b\\'"'"'" json'* ]]
  [[ $output == *"is 'n=count if .x == \"it''s \"'"* ]]
  [[ $output != *$'\e'* ]]
  # A name that would be cut is a number instead, another one for other columns.
  one=$(cs-window --size=1h --agg=n=count --by=aaaaaaaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbbbbbbbbbbbb,c --print-schema=sql:t | grep -o '"t_by_[0-9a-f]*"')
  two=$(cs-window --size=1h --agg=n=count --by=aaaaaaaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbbbbbbbbbbbb,d --print-schema=sql:t | grep -o '"t_by_[0-9a-f]*"')
  [ -n "$one" ] && [ -n "$two" ] && [ "$one" != "$two" ]
  # It says nothing of reading, and reads nothing; a full disk is told.
  run -1 bash -c 'cs-funnel --print-schema=sql nowhere >/dev/full'
}
