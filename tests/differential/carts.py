#!/usr/bin/env python3
"""cs-abandon over many ids, each a short random history of one cart after the other with many ties, silences around the
borders, and events that come late: against the model.

    carts.py [--seed=N] [--count=N]
"""
import argparse
import json
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from abandon import cs_abandon
from run import BUILD, listed, rows_differ, typed_row
import subprocess

BASE = 1767225600  # 2026-01-01
KINDS = ['add_to_cart'] * 5 + ['remove_from_cart'] * 4 + ['purchase'] * 2 + ['page_view'] * 3 + ['checkout_start']
SHARED = {'after': '10s', 'until': '30s', 'forget': '60s', 'max-ahead': '0s', 'max-jump': '0s'}
OPTIONS = [
    {'lateness': 'max', 'transitions': True, 'cart': True},
    {'lateness': '5s', 'transitions': True, 'cart': True},
    {'lateness': '0s', 'transitions': True},
    {'lateness': '20s', 'cart': True, 'forget': '25s'},
    {'lateness': '5s', 'transitions': True, 'emptied': '', 'until': '60s'},
    {'lateness': '2s', 'transitions': True, 'id': 'user_id'},
    {'lateness': '5s', 'cart': True, 'at': '2026-01-01T00:01:05Z'},
    {'lateness': 'max'},
    {'lateness': '5s'},
    {'lateness': '0s', 'emptied': 'page_view'},
    {'lateness': '5s', 'at': '2026-01-01T00:01:05Z'},
]


def history(rng, name):
    """The events of an id."""
    time, events = rng.choice([0, 0, 3, 40]), []
    products = rng.choice([[None], ['p1'], ['p1', 'p2'], ['p1', 'p2', None]])
    quantities = rng.choice([[None], [None], [1, 2, 3, None], ['2', 1.5, 0, None]])
    for _ in range(rng.choice([1, 2, 3, 5, 8, 12])):
        time += rng.choice([0, 0, 0, 1, 2, 5, 9, 10, 11, 20, 30, 31, 61])
        events.append({'session_id': name, 'user_id': rng.choice([None, 'u1', 'u' + name]), 'event_type': rng.choice(KINDS),
                       'product_id': rng.choice(products), 'quantity': rng.choice(quantities),
                       'price': rng.choice([None, 5, 5, 9.99, '1.10']), 'page_url': rng.choice([None, '/a', '/b']),
                       'event_time': BASE + time + rng.choice([0, 0, 0.000001])})
    return events


def lines_of(seed, count, options):
    """All of them: shuffled, or displaced by up to twice the lateness."""
    rng = random.Random(seed)
    events = [event for i in range(count) for event in history(rng, f'i{i}')]
    late = 1e6 if options['lateness'] == 'max' else 2 * int(options['lateness'][:-1]) + 4
    late = rng.choice([late, late / 4])
    events.sort(key=lambda event: event['event_time'] + rng.random() * late)
    return [json.dumps(event).encode() for event in events]


def main():
    """Every set of options in turn, each with ids of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=2000)
    asked = parser.parse_args()
    failed = False
    for number, chosen in enumerate(OPTIONS):
        options = dict(SHARED, **chosen)
        lines = lines_of(asked.seed + number, asked.count // len(OPTIONS) + 1, options)
        words = ['--' + name if value is True else f'--{name}={value}' for name, value in options.items()]
        printed = subprocess.run([os.path.join(BUILD, 'cs-abandon'), *words], input=b'\n'.join(lines) + b'\n',
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        want = listed(cs_abandon(options, (((i + 1, None, None), line, False) for i, line in enumerate(lines)))[1])
        got = listed([typed_row(row) for row in printed.decode().splitlines()])
        print(f'# {" ".join(words)}: {len(lines)} events, {len(got)} rows' + ('' if want == got else ', which differ'))
        if want != got:
            print(rows_differ(want, got)[:4000])
            failed = True
    return failed


if __name__ == '__main__':
    sys.exit(main())
