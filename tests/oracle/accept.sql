-- What --dedup=:dedup lets pass: going through an id's events as delivered, each with no event_time at most
-- :dedup from one that passed. Without :dedup that is all.
truncate events;
\if :{?dedup}
    create temp table repeated as
    select event_id, n, event_time, row_number() over (partition by event_id order by n) as k
    from received
    where event_id in (select event_id from received group by event_id having count(*) > 1);
    create index on repeated (event_id, k);
    analyze repeated;

    create temp table dropped as
    with recursive pass as (
        select event_id, k, n, array[event_time] as passed, true as passes
        from repeated
        where k = 1
        union all
        select event_id, next.k, next.n,
               case when known.near then passed else passed || next.event_time end, not known.near
        from pass
        join repeated as next using (event_id)
        cross join lateral (
            select coalesce(bool_or(next.event_time between time - interval :'dedup' and time + interval :'dedup'),
                            false) as near
            from unnest(passed) as time) as known
        where next.k = pass.k + 1)
    select n from pass where not passes;

    insert into events select * from received where n not in (select n from dropped);
    drop table repeated, dropped;
\else
    insert into events select * from received;
\endif
create index if not exists events_by_session on events (session_id, event_time);
analyze events;
