-- A stream in which everything happens at once: few ids, times on a coarse grid (so that events tie, gaps and windows
-- meet their bounds exactly), every way to write a time, values that are easily taken for one another. Fills
-- received with :events events of the day from :start, and prints them as NDJSON, out of order by less than :disorder.
\set QUIET on
select setseed(:seed / 1000.0) \g /dev/null

create or replace function pick(variadic choices text[]) returns text language sql volatile as $$
    select choices[1 + floor(random() * array_length(choices, 1))::int]
$$;

-- A string with some, all or none of its characters escaped, one of the two ways.
create or replace function quoted(value text, how float8) returns text language plpgsql volatile as $$
begin
    if value is null then return 'null'; end if;
    if value = '' or how < 0.6 then return to_json(value); end if;
    return (
        select '"' || string_agg(
            case when code >= 65536 then
                     '\u' || lpad(to_hex(55296 + (code - 65536) / 1024), 4, '0') ||
                     '\u' || lpad(to_hex(56320 + (code - 65536) % 1024), 4, '0')
                 when how < 0.7 or code < 32 or letter in ('"', '\') or code % 7 = 0 then
                     '\u' || lpad(to_hex(code), 4, '0')
                 else letter end, '' order by n) || '"'
        from string_to_table(value, null) with ordinality as letters (letter, n), ascii(letter) as code);
end
$$;

-- One of the ways to write a time. Numbers mean what they should from 1973 on.
create or replace function written(t timestamptz, how int) returns text language sql stable as $$
    select case
        when how = 0 then epoch_us(t)::text
        when how = 1 then to_json(epoch_us(t)::text)::text
        when how = 2 and epoch_us(t) % 1000 = 0 then (epoch_us(t) / 1000)::text
        when how = 3 and epoch_us(t) % 1000000 = 0 then (epoch_us(t) / 1000000)::text
        when how = 4 then to_json(to_char(t at time zone 'UTC' + interval '5 hours 30 minutes',
                                          'YYYY-MM-DD"T"HH24:MI:SS.US"+05:30"'))::text
        when how = 5 then to_json(to_char(t at time zone 'UTC' - interval '3 hours',
                                          'YYYY-MM-DD HH24:MI:SS.US"-03"'))::text
        when how = 6 then to_json(to_char(t at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"999 UTC"'))::text
        when how = 7 then to_json(to_char(t at time zone 'UTC' + interval '14 hours',
                                          'YYYY-MM-DD"T"HH24:MI:SS.US"000+1400"'))::text
        when how = 8 then to_json(to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text
        else to_json(iso(t))::text end
$$;

truncate received;
insert into received
select row_number() over (order by event_time + random() * interval :'disorder'), made.*
from (
    select pick(null, '', 'e' || n, 'e' || n, 'e' || n, 'e' || n / 3, 'e' || n / 5) as event_id,
           case when random() < 0.8 then 's' || floor(random() * :events / 50)
                else pick(null, '', 'S1', 's1 ', '日本', 'é', E'e\u0301', '😀', E'\t', '17', 'true', '1e2', '-0') end
               as session_id,
           pick(null, null, '', '17', '17.0', 'true', 'false', 'null', 'u1', 'U1', E'u\u0001', 'ü', '𝔲', E'\uffff') as user_id,
           pick('page_view', 'page_view', 'product_view', 'product_view', 'product_view', 'add_to_cart',
                'add_to_cart', 'remove_from_cart', 'checkout_start', 'purchase', 'search', 'search', 'search',
                'user_identified', 'Purchase', 'purchase ', '', 'page_vіew') as event_type,
           pick(null, '', '/', 'https://shop.example/?q="a"&b=\', E'line\nbreak', '￮', '😀') as page_url,
           pick(null, null, 'p1', 'p2', 'p3', 'p10', 'P1', '', '10', '9', 'p"', 'p\') as product_id,
           pick(null, 'a', 'b', 'B', '') as category_id,
           pick(null, '', 'Lamp', 'LAMP', 'lamp', 'İstanbul', 'istanbul', 'ΌΣΟΣ', 'όσοσ', 'STRASSE', 'STRAẞE', 'straße',
                'ǅ', 'Ǆ', 'ǆ', 'K', 'k', 'Å', 'å', 'Ω', 'ω', 'ＡＢＣ', 'ａｂｃ', '𐐀', '𐐨', 'Ꭰ', 'ꭰ', 'Ა', 'ა', 'Ⅷ', 'ⅷ', 'Ⓐ',
                'ⓐ', 'ЁЛКА', 'ёлка', 'Ⱥ', 'ⱥ', 'ϴ', 'θ', E'A\tB', 'A"\B') as search_query,
           pick(null, '', 'google', 'Google', 'direct', 'é-mail', '"', '\', '17', '9', '😀', '￮') as traffic_source,
           pick(null, 'c1', 'c2') as campaign_id,
           pick(null, '', 'mobile', 'desktop', 'TABLET') as device_type,
           timestamptz :'start' + floor(random() * 288) * interval '5 minutes' +
               pick('0', '0', '0', '0', '1 us', '-1 us', '1 ms', '999 us', '1 s', '2.5 s')::interval as event_time,
           pick(null, '1', '-1', '2.5', '0.1', '0.2', '19.99', '1000000', '0.000000001', '-0.07', '123456789.125',
                '"5"', 'true', '[1]', '{"a":1}')::json as price,
           pick(null, '1', '2', '3', '-4', '0')::json as quantity,
           pick(null, 'EUR') as currency
    from generate_series(1, :events) as n) as made;

-- Numbers and booleans are as good as their text in canonical members; the last of a repeated key counts.
\pset tuples_only on
\pset format unaligned
select '{' || (
    select string_agg(name || ':' || value, case when random() < 0.1 then ' , ' else ',' end
                      order by case when received.n % 4 = 0 then random() else 0 end, place)
    from (values
        (1, '"event_id"', quoted(event_id, random())),
        (2, case when random() < 0.05 then '"session_id":"decoy","session_id"' else '"session_id"' end,
         case when session_id in ('17', 'true', '1e2', '-0') and random() < 0.5 then session_id
              else quoted(session_id, random()) end),
        (3, '"user_id"', case when user_id in ('17', '17.0', 'true', 'false') and random() < 0.5 then user_id
                              else quoted(user_id, random()) end),
        (4, case when random() < 0.1 then '"event\u005ftype"' else '"event_type"' end, quoted(event_type, random())),
        (5, '"page_url"', quoted(page_url, random())),
        (6, '"product_id"', case when product_id in ('10', '9') and random() < 0.5 then product_id
                                 else quoted(product_id, random()) end),
        (7, '"category_id"', quoted(category_id, random())),
        (8, '"search_query"', quoted(search_query, random())),
        (9, '"traffic_source"', quoted(traffic_source, random())),
        (10, '"campaign_id"', quoted(campaign_id, random())),
        (11, '"device_type"', quoted(device_type, random())),
        (12, '"event_time"', written(event_time, (case when event_time > '1974-01-01' then 0 else 4 end + floor(random() * 10))::int)),
        (13, '"price"', coalesce(price::text, 'null')),
        (14, '"quantity"', coalesce(quantity::text, 'null')),
        (15, '"currency"', quoted(currency, random())),
        (16, '"more"', pick('null', '{"session_id":"inner","a":[1,{"b":null}]}', '[[],{},"}"]', '1e400')))
        as members (place, name, value)
    where value <> 'null' or random() < 0.5) || '}' ||
    case when random() < 0.02 then E'\n' else '' end
from received
order by n;
\pset tuples_only off
\pset format aligned
