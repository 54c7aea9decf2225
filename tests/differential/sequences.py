#!/usr/bin/env python3
"""cs-funnel --order=ordered and strict over many ids, each a short random sequence with many ties: against the model, or
against ClickHouse's windowFunnel (npm chdb in NODE_PEERS), which knows steps that do not overlap.

    sequences.py [--seed=N] [--count=N] [--with=model|clickhouse]
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record as r
from funnel import cs_funnel
from run import BUILD, listed, rows_differ, typed_row

BASE = 1767225600  # 2026-01-01
KINDS = ['page_view', 'product_view', 'add_to_cart', 'checkout_start', 'purchase']
SHARED = {'by': 'session_id', 'lateness': 'max', 'max-ahead': '0s', 'max-jump': '0s'}


def is_kind(kind):
    """A step that is one event type."""
    return f'.event_type == "{kind}"'


PLAIN = [f's{i}={is_kind(kind)}' for i, kind in enumerate(KINDS)]
LOOKS = ['first=' + is_kind('page_view'), 'again=' + is_kind('page_view'), 'other=.event_type == "page_view" | not']
ROUND = ['a=' + is_kind('page_view'), 'b=.device_type == null or (.x == "a")', 'c=' + is_kind('product_view'),
         'd=' + is_kind('page_view'), 'e=.device_type == null or (.x == "a")']
CARTS = is_kind('add_to_cart')
OPTIONS = [
    {'order': 'ordered', 'step': PLAIN[:3]},
    {'order': 'ordered', 'step': PLAIN, 'within': '5s', 'size': '7s'},
    {'order': 'ordered', 'step': LOOKS, 'within': '4s'},
    {'order': 'ordered', 'step': ROUND, 'within': '10s', 'size': '5s', 'attribute': 'last'},
    {'order': 'ordered', 'step': PLAIN, 'optional': 's1,s3'},
    {'order': 'ordered', 'step': ROUND, 'optional': 'b,c,d', 'within': '6s'},
    {'order': 'ordered', 'step': PLAIN[:3], 'exclude': [is_kind('purchase'), CARTS + '@s0..s1']},
    {'order': 'ordered', 'step': ROUND, 'optional': 'b', 'exclude': [CARTS, '.x != null@c..d'], 'within': '8s'},
    {'order': 'strict', 'step': PLAIN[:3]},
    {'order': 'strict', 'step': LOOKS, 'within': '3s', 'size': '5s'},
    {'order': 'strict', 'step': ROUND, 'exclude': [CARTS], 'attribute': 'last'},
]


def sequence(rng, name):
    """The events of an id: (second, kind, device_type, x)."""
    kinds = rng.choice([KINDS, KINDS[:3], KINDS[:2] + ['search']])
    time, events = rng.choice([0, 0, 3, 9]), []
    for _ in range(rng.choice([1, 2, 3, 5, 8])):
        time += rng.choice([0, 0, 0, 1, 1, 2, 5])
        events.append({'session_id': name, 'event_type': rng.choice(kinds), 'device_type': rng.choice([None, 'm', 'm', 'm']),
                       'x': rng.choice([None, 'a', 'b', 'b']), 'event_time': BASE + time})
    return events


def events_of(seed, count):
    """All of them, shuffled: what is in order of time is in that order by chance."""
    rng = random.Random(seed)
    events = [event for i in range(count) for event in sequence(rng, f'i{i}')]
    rng.shuffle(events)
    return [json.dumps(event).encode() for event in events]


def argv_of(options):
    """The tool and its options."""
    return [os.path.join(BUILD, 'cs-funnel')] + [f'--{name}={item}' for name, value in options.items()
                                                 for item in (value if isinstance(value, list) else [value])]


def rows_of(options, lines):
    """What the tool prints."""
    return subprocess.run(argv_of(options), input=b'\n'.join(lines) + b'\n', stdout=subprocess.PIPE,
                          check=True).stdout.decode().splitlines()


def against_model(seed, count):
    """Every set of options in turn, each with ids of its own."""
    failed = False
    for number, chosen in enumerate(OPTIONS):
        options = dict(SHARED, **chosen)
        lines = events_of(seed + number, count // len(OPTIONS) + 1)
        places = (((i + 1, None, None), line, False) for i, line in enumerate(lines))
        want = listed(cs_funnel(options, places)[1])
        got = listed([typed_row(row) for row in rows_of(options, lines)])
        print(f'# {" ".join(argv_of(chosen)[1:])}: {len(got)} rows' + ('' if want == got else ', which differ'))
        if want != got:
            print(rows_differ(want, got)[:4000])
            failed = True
    return failed


LEVELS = '''select session_id, windowFunnel({within})(event_time, {steps}) from file('{events}', JSONEachRow,
  'session_id String, event_type String, event_time UInt64') group by session_id'''


def clickhouse(sql):
    """Its rows as values."""
    script = 'const {query} = require(process.argv[1]); process.stdout.write(query(process.argv[2], "JSONCompactEachRow"))'
    chdb = os.path.join(os.environ['NODE_PEERS'], 'node_modules', 'chdb')
    made = subprocess.run(['node', '-e', script, chdb, sql], stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in made.splitlines()]


def against_clickhouse(seed, count):
    """The level of each id: how many steps its best attempt has reached."""
    failed = False
    for number, (steps, within) in enumerate([(3, 5), (5, 8), (2, 1), (4, 3600)]):
        lines = events_of(seed + number, count // 4)
        options = dict(SHARED, order='ordered', step=PLAIN[:steps], within=f'{within}s', size='365d')
        rows = [json.loads(row) for row in rows_of(options, lines)]
        got = {row['session_id']: sum(row[f's{i}'] for i in range(steps)) for row in rows}
        with tempfile.NamedTemporaryFile(suffix='.ndjson') as file:
            file.write(b'\n'.join(lines) + b'\n')
            file.flush()
            conditions = ', '.join(f"event_type = '{kind}'" for kind in KINDS[:steps])
            want = dict(clickhouse(LEVELS.format(within=within, steps=conditions, events=file.name)))
        wrong = [name for name in want if want[name] != got.get(name)]
        print(f'# {steps} steps within {within} s: {len(want)} ids' + (f', {len(wrong)} differ' if wrong else ''))
        for name in wrong[:5]:
            print(name, 'want', want[name], 'got', got.get(name), [line for line in lines if f'"{name}"'.encode() in line])
        failed = failed or bool(wrong) or len(want) != len(got)
    return failed


def main():
    """The exit status is 1 when something differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=2000)
    parser.add_argument('--with', dest='other', choices=['model', 'clickhouse'], default='model')
    args = parser.parse_args()
    return (against_model if args.other == 'model' else against_clickhouse)(args.seed, args.count)


if __name__ == '__main__':
    sys.exit(main())
