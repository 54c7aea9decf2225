// duckdb.mjs EVENTS SQL OUT THREADS: one query over a file of events, its rows to OUT as NDJSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [events, sql, out, threads] = process.argv.slice(2);
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const { DuckDBInstance } = createRequire(`${process.env.NODE_PEERS}/`)('@duckdb/node-api');
const instance = await DuckDBInstance.create(':memory:', { threads });
const connection = await instance.connect();

// The types are given, so that nothing is sniffed; only the members that a query names are taken.
const columns = ['event_id', 'session_id', 'user_id', 'event_type', 'page_url', 'product_id', 'category_id',
  'search_query', 'traffic_source', 'campaign_id', 'device_type'].map((name) => `${name}: 'VARCHAR'`);
await connection.run(`create view events as from read_json(${quoted(events)}, format = 'newline_delimited',
  columns = {${columns.join(', ')}, event_time: 'TIMESTAMP'})`);
await connection.run(`copy (${readFileSync(sql, 'utf8')}) to ${quoted(out)} (format json)`);
