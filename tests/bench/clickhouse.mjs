// clickhouse.mjs EVENTS SQL OUT THREADS: one query over a file of events, its rows to OUT as NDJSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [events, sql, out, threads] = process.argv.slice(2);
const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const { query } = createRequire(`${process.env.NODE_PEERS}/`)('chdb');

// The types are given, so that nothing is sniffed; only the members that a query names are taken.
const columns = ['event_id', 'session_id', 'user_id', 'event_type', 'page_url', 'product_id', 'category_id',
  'search_query', 'traffic_source', 'campaign_id', 'device_type'].map((name) => `${name} Nullable(String)`);
const types = quoted(`${columns.join(', ')}, event_time DateTime64(3, 'UTC')`);
const text = readFileSync(sql, 'utf8').replace(/\bfrom events\b/g, `from file(${quoted(events)}, 'JSONEachRow', ${types})`);
query(`insert into function file(${quoted(out)}, 'JSONEachRow') ${text}
  settings max_threads = ${Number(threads)}, date_time_input_format = 'best_effort', engine_file_truncate_on_insert = 1`);
