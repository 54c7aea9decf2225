#!/usr/bin/env python3
"""Windows of days, weeks, months and years, in every zone: cs-window against Python's calendar.

    tests/differential/zones.py [--count=N] [--seed=N]

Each case is a zone, a size and an offset, and some times: by chance, and around the beginnings of windows and the days
on which clocks are changed. Python says in which window each is, from the manual alone: "a window begins when clocks in
the zone show that its first day begins".
"""
import argparse
import json
import os
import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import record as r

BUILD = os.environ.get('CS_BUILD') or os.path.join(os.path.dirname(__file__), '../../build')
ZONES = ('Europe/Berlin America/New_York America/Sao_Paulo Asia/Kolkata Australia/Lord_Howe Pacific/Apia Africa/Casablanca '
         'America/Havana Asia/Beirut Asia/Kathmandu Pacific/Chatham Africa/Cairo America/St_Johns Asia/Tehran UTC').split()
SIZES = '1d 2d 7d 1w 2w 1mo 3mo 5mo 1y 10y'.split()
EPOCH = datetime(1970, 1, 1)


def first_day(day, size):
    """The first day of the window that has this day: "counted from 1970; weeks begin on a Monday"."""
    count, unit = int(size.rstrip('dwmoy')), size.lstrip('0123456789')
    if unit in 'dw':
        begin = EPOCH - timedelta(days=3 if unit == 'w' else 0)
        step = count * (7 if unit == 'w' else 1)
        return begin + timedelta(days=(day - begin).days // step * step)
    months = count * (12 if unit == 'y' else 1)
    number = ((day.year - 1970) * 12 + day.month - 1) // months * months
    return datetime(1970 + number // 12, number % 12 + 1, 1)


def next_first(first, size):
    """The first day of the next window."""
    day = first + timedelta(days=1)
    while first_day(day, size) == first:
        day += timedelta(days=1 if size[-1] in 'dw' else 27 if day.day == 2 else 1)
    return first_day(day, size)


def instant(local, zone):
    """When clocks show it: "the first time where they do twice, and where they skip it, the instant at which they do"."""
    return local.replace(tzinfo=zone).astimezone(timezone.utc).replace(tzinfo=None)


def window(time, zone, size, offset):
    """(start, end) of the window that holds the time: the last that begins at it or before."""
    local = time.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None)
    first = first_day(local - offset - timedelta(days=2), size)
    start = instant(first + offset, zone)
    while True:
        after = next_first(first, size)
        end = instant(after + offset, zone)
        if end > time:
            return start, end
        first, start = after, end


def changes(zone):
    """Days, from 1990 to 2037, on which the zone's clocks are changed."""
    found, day = [], datetime(1990, 1, 1)
    while day.year < 2038:
        after = day + timedelta(days=1)
        if day.replace(tzinfo=timezone.utc).astimezone(zone).utcoffset() != after.replace(tzinfo=timezone.utc).astimezone(zone).utcoffset():
            found.append(day)
        day = after
    return found


def times(rng, zone, size, offset, changed):
    """Some times."""
    for _ in range(40):
        if changed and rng.random() < 0.5:
            time = rng.choice(changed) + timedelta(seconds=rng.randrange(-86400, 2 * 86400))
        else:
            time = datetime(1971, 1, 1) + timedelta(seconds=rng.randrange(66 * 365 * 86400))
        if rng.random() < 0.5:
            time = rng.choice(window(time, zone, size, offset)) + timedelta(microseconds=rng.choice([-1, 0, 1]))
        yield time


def case(rng):
    """None, or what differs."""
    name, size = rng.choice(ZONES), rng.choice(SIZES)
    offset = timedelta(hours=rng.choice([0, 0, 0, 4, 23]))
    zone = ZoneInfo(name)
    events = sorted(times(rng, zone, size, offset, changed_in(name, zone)))
    lines = ''.join('{"event_time":"%sZ"}\n' % time.isoformat() for time in events)
    argv = ['cs-window', f'--size={size}', f'--tz={name}', f'--offset={int(offset.total_seconds())}s', '--agg=n=count',
            '--lateness=max', '--max-ahead=0s', '--max-jump=0s']
    got = subprocess.run([os.path.join(BUILD, argv[0])] + argv[1:], input=lines.encode(), capture_output=True, check=True)
    rows = [json.loads(line) for line in got.stdout.splitlines()]
    counts = {}
    for time in events:
        bounds = tuple(r.print_time((moment - EPOCH) // timedelta(microseconds=1)) for moment in window(time, zone, size, offset))
        counts[bounds] = counts.get(bounds, 0) + 1
    want = [{'window_start': start, 'window_end': end, 'n': counts[start, end]} for start, end in sorted(counts)]
    if rows == want:
        return None
    only = [row for row in want if row not in rows], [row for row in rows if row not in want]
    return f'{" ".join(argv)}\n  want {only[0]}\n  got  {only[1]}'


CHANGED = {}


def changed_in(name, zone):
    """changes(), once for each zone."""
    if name not in CHANGED:
        CHANGED[name] = changes(zone)
    return CHANGED[name]


def main():
    """Runs the cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--count', type=int, default=100)
    parser.add_argument('--seed', type=int, default=1)
    args = parser.parse_args()
    for seed in range(args.seed, args.seed + args.count):
        wrong = case(random.Random(seed))
        if wrong:
            sys.exit(f'# seed {seed}\n{wrong}')
    print(f'# zones: {args.count} cases')


if __name__ == '__main__':
    main()
