-- Once per server: what a stream of events is in SQL, and the few functions the views share.
-- The database orders text by its bytes (LC_COLLATE is C) and its lower() maps one code point to one, whatever the
-- neighbours (LC_CTYPE is C.UTF-8).

-- One line each, as delivered.
create table delivered (n bigint generated always as identity, line text);

-- Duplicates are still in it. Numbers keep their digits as json does.
create table received (
    n bigint,
    event_id text, session_id text, user_id text, event_type text, page_url text, product_id text, category_id text,
    search_query text, traffic_source text, campaign_id text, device_type text, event_time timestamptz,
    price json, quantity json, currency text
);

-- What the views see.
create table events (like received);

-- The rows that a tool has printed.
create table printed (n bigint generated always as identity, line text);

-- As the tools print a time: milliseconds, or microseconds where it is not a whole one.
create function iso(t timestamptz) returns text language sql stable as $$
    select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.' ||
                   case when extract(microseconds from t)::bigint % 1000 = 0 then 'MS' else 'US' end || '"Z"')
$$;

create function epoch_us(t timestamptz) returns bigint language sql stable as $$
    select (extract(epoch from t) * 1000000)::bigint
$$;

-- The start of the window of a size that t is in.
create function window_start(t timestamptz, size interval, shift interval default '0')
returns timestamptz language sql stable as $$
    select timestamptz 'epoch' + shift +
           floor(extract(epoch from t - shift) / extract(epoch from size))::float8 * size
$$;

-- part / whole in percent, two decimals, half away from zero.
create function rate(part numeric, whole numeric) returns numeric language sql immutable as $$
    select trim_scale(round(part * 100 / nullif(whole, 0), 2))
$$;

-- A member as a number: null when it is none.
create function number(value json) returns numeric language sql immutable as $$
    select case when json_typeof(value) = 'number' then (value #>> '{}')::numeric end
$$;

-- How values of several kinds sort.
create function kind(value json) returns int language sql immutable as $$
    select case when json_typeof(value) = 'null' then 0 when value::text = 'false' then 1 when value::text = 'true' then 2
           when json_typeof(value) = 'number' then 3 when json_typeof(value) = 'string' then 4 else 5 end
$$;

create function double(value json) returns float8 language sql immutable as $$
    select case when json_typeof(value) = 'number' then (value #>> '{}')::float8 end
$$;

-- As jq prints a computed number, in decimal.
create function exact(value float8) returns numeric language sql immutable as $$
    select value::text::numeric
$$;

create function seconds(value interval) returns numeric language sql immutable as $$
    select trim_scale(extract(epoch from value))
$$;

create function canonical_value(value json) returns text language sql immutable as $$
    select case json_typeof(value)
           when 'string' then to_json(value #>> '{}')::text
           when 'array' then (select '[' || coalesce(string_agg(canonical_value(item), ',' order by n), '') || ']'
                              from json_array_elements(value) with ordinality as items (item, n))
           else value::text end
$$;

-- A row of a tool as row_to_json would have printed it: members in their order, numbers with their digits. A line whose
-- escapes are all as row_to_json would have them is that already.
create function canonical(line text) returns text language sql immutable as $$
    select case
        when strpos(regexp_replace(line, '\\[\\"bfnrt]', '', 'g'), '\') = 0 then line::json::text
        else (
            select '{' || string_agg(to_json(key)::text || ':' || canonical_value(value), ',' order by n) || '}'
            from json_each(line::json) with ordinality as members (key, value, n)) end
$$;

-- A row of a view: a column whose name ends in ? is a member only where it is not null.
create function described(line json) returns text language sql immutable as $$
    select regexp_replace(regexp_replace(line::text, ',"[a-z_]+\?":null', '', 'g'), '\?":', '":', 'g')
$$;
