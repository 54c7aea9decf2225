"""duckdb_query.py EVENTS SQL OUT THREADS: one query over a file of events, its rows to OUT as NDJSON."""

import sys

import duckdb

EVENTS, SQL, OUT, THREADS = sys.argv[1:]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


# The types are given, so that nothing is sniffed; only the members that a query names are taken.
NAMES = (
    "event_id session_id user_id event_type page_url product_id category_id search_query traffic_source"
    " campaign_id device_type"
).split()
COLUMNS = ", ".join(f"{name}: 'VARCHAR'" for name in NAMES) + ", event_time: 'TIMESTAMP'"

connection = duckdb.connect(":memory:", config={"threads": int(THREADS)})
connection.execute(
    f"create view events as from read_json({quoted(EVENTS)}, format = 'newline_delimited', columns = {{{COLUMNS}}})"
)
with open(SQL, encoding="utf-8") as query:
    connection.execute(f"copy ({query.read()}) to {quoted(OUT)} (format json)")
