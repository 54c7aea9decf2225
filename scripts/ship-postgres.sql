-- What cs-ship --postgres has in its session: the table is looked at once (clickstream_look), then each segment is one
-- transaction, whose rows come by COPY into clickstream_rows and from there into the table (clickstream_ship).
--
-- A row goes to the columns of its members' names. Columns with a default, and those that are generated, are the table's
-- own. The unique index is the row's key: a row whose key is there takes the other one's place, if it differs; a final
-- one gives way to another final one only. Without an index, rows are added. What cs-ship has to stop for is raised as CS003.
--
-- Variables of psql: table, spool (what the spool is known by), directory (where it is).
set client_min_messages = warning;
set default_transaction_isolation = 'read committed'; -- a row lock waits for who holds it, instead of failing
set default_transaction_read_only = off;
-- A segment is removed once its commit is acknowledged: that has to mean that it is durable.
select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off' \g /dev/null

create temp table clickstream_rows (n bigint generated always as identity, line text) on commit delete rows;

-- The table as clickstream_look has found it, in one row.
create temp table clickstream_table (
    spool text, directory text, name regclass,
    home text,       -- its schema, where the tables about shipping are
    members text[],  -- the columns that rows have
    key_members text[], -- those that are in the key
    insert_all text, -- a whole segment
    insert_last text, -- the same, of each key the last row only
    insert_one text -- the row $1
);

create function pg_temp.clickstream_stop(message text, hint text) returns void language plpgsql as $$
begin
    raise exception using errcode = 'CS003', message = message, hint = hint;
end $$;

-- The unique index that is the row's key, null where there is none. One that has a column which rows do not fill, such as
-- a number of the table's own, is none.
create function pg_temp.clickstream_key(name regclass, members text[]) returns oid language plpgsql as $$
declare
    found oid[];
begin
    select array_agg(indexrelid order by indexrelid) into found
    from pg_index
    where indrelid = name and indisunique and indisvalid and indimmediate and indpred is null
          and not exists (
              select from pg_depend, pg_attribute
              where classid = 'pg_class'::regclass and objid = indexrelid and refclassid = 'pg_class'::regclass
                    and refobjid = name and attrelid = name and attnum = refobjsubid and attname <> all (members));
    if array_length(found, 1) > 1 then
        perform pg_temp.clickstream_stop(
            format('table %s has several unique indexes: which is the key of the rows?', name),
            format('leave one of them: %s',
                   (select string_agg(one::regclass::text, ', ') from unnest(found) as one)));
    end if;
    if exists (
        select from pg_index, pg_attribute
        where indexrelid = found[1] and not indnullsnotdistinct and attrelid = name and not attnotnull
              and (attnum = any (indkey) or 0 = any (indkey)) and attname = any (members)) then
        perform pg_temp.clickstream_stop(
            format('index %s takes null for another value than null: rows with one would come again and again',
                   found[1]::regclass),
            'make it with: nulls not distinct');
    end if;
    return found[1];
end $$;

create function pg_temp.clickstream_look(wanted text, spool text, directory text) returns void language plpgsql as $$
declare
    name regclass;
    home text;
    members text[];
    columns text;
    definitions text;
    source text;
    taken text; -- the values, in the order of the columns
    key oid;
    key_list text := '';
    key_members text[] := '{}';
    upsert text := '';
    rest boolean;
    finals boolean; -- rows say whether they are final, as those of --emit=updates do
begin
    if current_setting('server_version_num')::int < 150000 then
        perform pg_temp.clickstream_stop(format('this is PostgreSQL %s; 15 is needed', current_setting('server_version')),
                                         'its unique indexes know nulls not distinct');
    end if;
    if current_setting('server_encoding') <> 'UTF8' then
        perform pg_temp.clickstream_stop(
            format('the database is in %s, which cannot hold all that a row may', current_setting('server_encoding')),
            'make one with: create database NAME encoding ''UTF8'' template template0');
    end if;
    name := to_regclass(wanted);
    if name is null then
        perform pg_temp.clickstream_stop(
            format('there is no table %s', wanted),
            format('TOOL OPTION... --print-schema=sql:%s prints what makes it, --create=FILE runs that', wanted));
    end if;
    if (select relkind from pg_class where oid = name) not in ('r', 'p') then
        perform pg_temp.clickstream_stop(format('%s is no table', wanted), null);
    end if;
    select quote_ident(nspname) into home from pg_class join pg_namespace as space on space.oid = relnamespace
    where pg_class.oid = name;

    -- What no column is for goes to one called rest, if there is one.
    select count(*) > 0 into rest from pg_attribute
    where attrelid = name and attname = 'rest' and atttypid = 'jsonb'::regtype and not atthasdef;
    select array_agg(attname::text order by attnum), string_agg(quote_ident(attname), ', ' order by attnum),
           string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
    into members, columns, definitions
    from pg_attribute
    where attrelid = name and attnum > 0 and not attisdropped and not atthasdef and attidentity = '' and attgenerated = ''
          and not (rest and attname = 'rest');
    if members is null then
        perform pg_temp.clickstream_stop(format('table %s has no column for a member of a row', wanted), null);
    end if;
    select count(*) > 0 into finals from pg_attribute
    where attrelid = name and attname = 'final' and atttypid = 'boolean'::regtype and attname = any (members);
    taken := columns;
    if rest then
        columns := columns || ', rest';
        taken := taken || format(', nullif(clickstream_row::jsonb - %L::text[], ''{}'')', members);
    end if;
    source := format('(select n as clickstream_n, substr(line, strpos(line, E''\t'') + 1)::json as clickstream_row'
                     ' from pg_temp.clickstream_rows where line is not null) as clickstream_source'
                     ' cross join lateral json_to_record(clickstream_row) as clickstream_record (%s)', definitions);
    key := pg_temp.clickstream_key(name, members);
    if key is not null then
        select string_agg('(' || pg_get_indexdef(key, n, false) || ')', ', ' order by n) into key_list
        from pg_index, generate_series(1, indnkeyatts) as n where indexrelid = key;
        select array_agg(distinct attname::text) into key_members
        from pg_depend, pg_attribute
        where classid = 'pg_class'::regclass and objid = key and refclassid = 'pg_class'::regclass
              and refobjid = name and attrelid = name and attnum = refobjsubid and attnum > 0;
        -- json has no equality; its text has.
        select format(' on conflict (%s) do update set (%s) = row(%s) where (%s) is distinct from (%s)', key_list,
                      string_agg(quote_ident(attname), ', ' order by attnum),
                      string_agg('excluded.' || quote_ident(attname), ', ' order by attnum),
                      string_agg('clickstream_target.' || quote_ident(attname) || cast_to, ', ' order by attnum),
                      string_agg('excluded.' || quote_ident(attname) || cast_to, ', ' order by attnum))
        into upsert
        from (select attname, attnum, case atttypid when 'json'::regtype then '::text' else '' end as cast_to
              from pg_attribute where attrelid = name and (attname = any (members) or (rest and attname = 'rest'))) as one;
        if finals then
            upsert := upsert || ' and (excluded.final is not false or clickstream_target.final is not true)';
        end if;
    end if;
    insert into pg_temp.clickstream_table values (
        spool, directory, name, home, case when rest then null else members end, key_members,
        format('insert into %s as clickstream_target (%s) select %s from %s order by clickstream_n', name, columns, taken,
               source) || upsert,
        case when key is null then null else
            format('insert into %s as clickstream_target (%s) select %s from (select distinct on (%s) * from %s'
                   ' order by %s%s, clickstream_n desc) as clickstream_last', name, columns, taken, key_list, source,
                   key_list, case when finals then ', final is not true' else '' end) || upsert
        end,
        format('insert into %s as clickstream_target (%s) select %s from (select $1::json as clickstream_row) as'
               ' clickstream_source cross join lateral json_to_record(clickstream_row) as clickstream_record (%s)', name,
               columns, taken, definitions) || upsert);
end $$;

-- What is kept about shipping, beside the table. Two that begin at the same time do not get into each other's way.
create function pg_temp.clickstream_books() returns void language plpgsql as $$
declare
    home text := (select clickstream_table.home from pg_temp.clickstream_table);
begin
    if to_regclass(home || '.clickstream_segments') is not null
       and to_regclass(home || '.clickstream_refused') is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('clickstream_segments'));
    execute format('create table if not exists %s.clickstream_segments (
        spool text primary key, directory text, table_name text, last bigint not null, rows bigint, digest numeric,
        shipped_at timestamptz)', home);
    execute format('comment on table %s.clickstream_segments is ''cs-ship: the last segment of each spool that is in'
                   ' a table, so that none is there twice''', home);
    execute format('create table if not exists %s.clickstream_refused (
        spool text, segment bigint, line bigint, table_name text, reason text, row text,
        refused_at timestamptz default now())', home);
    execute format('comment on table %s.clickstream_refused is ''cs-ship: rows that a table did not take, as they'
                   ' were''', home);
end $$;

-- U+0000 is what text of PostgreSQL cannot hold; a row with it is not even read. The row with another text in its place.
create function pg_temp.clickstream_without_nul(line text, instead text) returns text language sql as $$
    select regexp_replace(line, '(?<!\\)((?:\\\\)*)\\u0000', '\1' || instead, 'g')
$$;

-- The row in a line, with a text instead of each U+0000; null where it is none.
create function pg_temp.clickstream_json(line text, instead text default '') returns json language plpgsql as $$
begin
    return pg_temp.clickstream_without_nul(line, instead)::json;
exception
    when data_exception then return null;
end $$;

-- Members that no column is for: the run ends, and says which columns would be. reader: what makes json of a line.
create function pg_temp.clickstream_members_find(reader text) returns void language plpgsql as $$
declare
    ours record;
    source text := format('(select %s(substr(line, strpos(line, E''\t'') + 1)) as j from pg_temp.clickstream_rows'
                          ' where line is not null) as source', reader);
    lacks boolean;
    missing text;
begin
    select * into ours from pg_temp.clickstream_table;
    execute format('select exists (select from %s where exists'
                   ' (select from json_object_keys(j) as member where member <> all ($1)))', source)
    into lacks using ours.members;
    if not lacks then
        return;
    end if;
    execute format($query$
        select string_agg(format('add column %%I %%s', member, type), ', ' order by member)
        from (
            select key as member,
                   case when bool_and(kind = 'null') then 'text'
                        when bool_and(kind in ('null', 'number')) then 'numeric'
                        when bool_and(kind in ('null', 'boolean')) then 'boolean'
                        when bool_and(kind = 'null' or value::text ~ '^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"$')
                            then 'timestamptz'
                        when bool_and(kind in ('null', 'string')) then 'text'
                        else 'jsonb' end as type
            from %s, json_each(j), json_typeof(value) as kind
            where key <> all ($1)
            group by key) as lacking $query$, source)
    into missing using ours.members;
    perform pg_temp.clickstream_stop(format('table %s has no column for what is in the rows', ours.name),
                                     format('alter table %s %s;', ours.name, missing));
end $$;

create function pg_temp.clickstream_members_check() returns void language plpgsql as $$
begin
    if (select members from pg_temp.clickstream_table) is null then
        return;
    end if;
    begin
        perform pg_temp.clickstream_members_find('json');
    exception
        when data_exception then -- a line is none: that is told when it is its turn
            perform pg_temp.clickstream_members_find('pg_temp.clickstream_json');
    end;
end $$;

-- The rows one by one, those that the table does not take into clickstream_refused. U+FFFD stands for U+0000, but not in
-- the key, where two rows could become one.
create function pg_temp.clickstream_ship_singly(number bigint) returns setof text language plpgsql as $$
declare
    ours record;
    source record;
    attempt text;
    reason text;
begin
    select * into ours from pg_temp.clickstream_table;
    for source in
        select n - first + 1 as number, substr(line, strpos(line, E'\t') + 1) as line
        from (select n, line, min(n) over () as first from pg_temp.clickstream_rows) as numbered
        where line is not null order by n
    loop
        attempt := source.line;
        reason := null;
        while attempt is not null loop
            begin
                execute ours.insert_one using attempt;
                reason := null;
                if attempt <> source.line then
                    return next format('replaced %s', source.number);
                end if;
                exit;
            exception
                when untranslatable_character then
                    reason := sqlerrm;
                    attempt := pg_temp.clickstream_without_nul(source.line, '\\ufffd');
                    if attempt = source.line then
                        attempt := null;
                    elsif exists (
                        select from unnest(ours.key_members) as member
                        where (pg_temp.clickstream_json(source.line, '\\ufffd') -> member)::text is distinct from
                              (pg_temp.clickstream_json(source.line, '') -> member)::text) then
                        reason := 'U+0000 in a member of the key';
                        attempt := null;
                    end if;
                when data_exception or integrity_constraint_violation or program_limit_exceeded then
                    reason := sqlerrm;
                    attempt := null;
            end;
        end loop;
        if reason is not null then
            execute format('insert into %s.clickstream_refused (spool, segment, line, table_name, reason, row)'
                           ' values ($1, $2, $3, $4, $5, $6)', ours.home)
            using ours.spool, number, source.number, ours.name::text, reason, source.line;
            return next format('refused %s %s', source.number, regexp_replace(reason, '\s+', ' ', 'g'));
        end if;
    end loop;
end $$;

-- The rows of segment number, which are in clickstream_rows. Returns what was done about some of them, a line each.
create function pg_temp.clickstream_ship(number bigint) returns setof text language plpgsql as $$
declare
    ours record;
    was record;
    now_rows bigint;
    now_digest numeric;
    singly boolean := false;
begin
    select * into ours from pg_temp.clickstream_table;
    execute format('insert into %s.clickstream_segments (spool, directory, table_name, last)'
                   ' values ($1, $2, $3, 0) on conflict do nothing', ours.home)
    using ours.spool, ours.directory, ours.name::text;
    execute format('select * from %s.clickstream_segments where spool = $1 for update', ours.home)
    into was using ours.spool;
    select count(line), coalesce(sum(hashtextextended(line, n - first)::numeric), 0) into now_rows, now_digest
    from (select line, n, min(n) over () as first from pg_temp.clickstream_rows) as numbered;
    if number = was.last and now_rows = was.rows and now_digest = was.digest then
        return; -- it is there; who sent it has died before its file was removed
    end if;
    if number <= was.last then
        perform pg_temp.clickstream_stop(
            format('segment %s comes after %s, which was shipped from this spool: has its tool begun anew, without its'
                   ' state?', number, was.last),
            'if so, remove .ship.id in the spool: what is there is then shipped as rows of a new one');
    end if;
    perform pg_temp.clickstream_members_check();
    begin
        execute ours.insert_all;
    exception
        when cardinality_violation then -- of a key there are several: the last one counts
            begin
                execute ours.insert_last;
            exception
                when data_exception or integrity_constraint_violation or program_limit_exceeded then singly := true;
            end;
        when data_exception or integrity_constraint_violation or program_limit_exceeded then singly := true;
    end;
    if singly then
        return query select pg_temp.clickstream_ship_singly(number);
    end if;
    execute format('update %s.clickstream_segments set directory = $2, table_name = $3, last = $4, rows = $5,'
                   ' digest = $6, shipped_at = now() where spool = $1', ours.home)
    using ours.spool, ours.directory, ours.name::text, number, now_rows, now_digest;
end $$;

begin;
select pg_temp.clickstream_look(:'table', :'spool', :'directory') \g /dev/null
select pg_temp.clickstream_books() \g /dev/null
commit;
