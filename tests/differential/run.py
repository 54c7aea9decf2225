#!/usr/bin/env python3
"""Models of the analyses, made from the manual alone, against the tools; and one run against many ways to run it.

    run.py [--seed=N] [--count=N | --seconds=N] [--tool=window|funnel|...] [--way=NAME,...|none]
"""
import argparse
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from functools import partial

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record as r
from abandon import cs_abandon
from anomaly import cs_anomaly
from funnel import cs_funnel
from generate import TOOLS, case as make_case
from identify import cs_identify
from sessionize import cs_sessionize
from ways import WAYS, Context, Unfit
from window import cs_window

MODELS = {'window': cs_window, 'funnel': cs_funnel, 'sessionize': cs_sessionize, 'abandon': cs_abandon,
          'anomaly': cs_anomaly, 'identify': cs_identify}
EXTRA = 'junk_ids known_changed nobody bots_rate'.split()
FATES = 'read duplicate rejected filtered late used late_windows gaps no_id not_numbers'.split()
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('CS_BUILD', os.path.join(ROOT, 'build')))


def records_of(case):
    """What the model takes: ((line number, partition, offset), line, torn); blank lines without frames are skipped."""
    for number, (partition, offset, line) in enumerate(case.records):
        if case.shape == 'plain' and not line.strip(b' \t\r'):
            continue
        yield (number + 1, partition, offset), line, case.torn and number == len(case.records) - 1


def model(case):
    """What the manual says comes out."""
    stream, rows = MODELS[case.tool](case.options, records_of(case))
    counters = {name: stream.counters[name] for name in FATES}
    late = sorted(place[0] for place, fate in stream.fates.items() if fate == 'late')
    counters.update(getattr(stream, 'extra', {}))
    return {'rows': rows, 'counters': counters, 'reasons': dict(stream.reasons), 'late': late,
            'event_time': r.print_time(stream.event_time) if stream.event_time is not None else None}


class Run:
    """One run of a tool in a scratch directory."""

    def __init__(self, cwd, argv, env=None, fds=(), keep=False):
        self.cwd, self.fds = cwd, fds
        self.argv = argv[:1] + ['--stats=stats', '--late=late', '--rejects=rejects'] + argv[1:]
        self.env = dict(os.environ, LC_ALL='C.UTF-8', TZ='UTC', **(env or {}))
        self.status = self.out = self.err = None
        for name in ('stats',) if keep else ('stats', 'late', 'rejects'):
            if os.path.exists(os.path.join(cwd, name)):
                os.unlink(os.path.join(cwd, name))

    def start(self):
        """With a pipe to it."""
        return subprocess.Popen([os.path.join(BUILD, self.argv[0])] + self.argv[1:], cwd=self.cwd, env=self.env,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=self.fds)

    def ended(self, status):
        """Records came, and none was of use: that is said, and is a failure to a caller; here it is a result like others."""
        self.status = 0 if status == 1 and b' records could be used (' in self.err else status

    def collect(self, process):
        """What it prints until its end."""
        errors = threading.Thread(target=lambda: setattr(self, 'err', process.stderr.read()))
        errors.start()
        self.out = process.stdout.read()
        errors.join()
        self.ended(process.wait())
        process.stdout.close()
        process.stderr.close()
        if not process.stdin.closed:
            try:
                process.stdin.close()
            except BrokenPipeError:
                pass

    def go(self, data=b''):
        """To its end, with this input."""
        process = self.start()
        self.out, self.err = process.communicate(data, timeout=300)
        self.ended(process.returncode)
        return self

    def read(self, name):
        """A file the tool has written."""
        try:
            with open(os.path.join(self.cwd, name), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return b''

    def stats(self):
        """The counters."""
        return json.loads(self.read('stats') or b'{}')

    def facts(self):
        """The same as model() gives."""
        if self.status != 0:
            return {'status': self.status, 'error': self.err.decode('utf-8', 'replace')}
        stats = self.stats()
        late = [json.loads(line)['line'] for line in self.read('late').splitlines()]
        return {'rows': [typed_row(line) for line in self.out.decode().splitlines()],
                'counters': {name: stats[name] for name in FATES + EXTRA if name in stats}, 'reasons': stats.get('rejected_by', {}),
                'late': sorted(late), 'event_time': stats.get('event_time')}


def typed_row(line):
    """A row as the models make it: (name, value), numbers with their digits."""
    return json.loads(line, parse_int=r.Num, parse_float=r.Num, object_pairs_hook=lambda pairs: pairs)


def listed(value):
    """Tuples and lists alike."""
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    if isinstance(value, dict):
        return [[key, listed(item)] for key, item in value.items()]
    return value


def difference(want, got):
    """What is not the same; None: all is."""
    for name in want:
        if name not in got:
            return f'{name}: none; {got}'
        if listed(want[name]) != listed(got[name]) if name == 'rows' else want[name] != got[name]:
            if name == 'rows':
                return rows_differ(listed(want[name]), listed(got[name]))
            return f'{name}:\n  want {want[name]}\n  got  {got[name]}'
    return None


def rows_differ(want, got):
    """The rows that only one has, or their orders."""
    only = [row for row in want if row not in got]
    more = [row for row in got if row not in want]
    if not only and not more:
        only, more = want, got
    return 'rows:\n' + '\n'.join([f'  want {json.dumps(dict(row))}' for row in map(pairs, only)]
                                + [f'  got  {json.dumps(dict(row))}' for row in map(pairs, more)])


def pairs(row):
    """For printing: numbers stay apart from strings."""
    return [(name, ('#' + str.__str__(value)) if isinstance(value, r.Num) else value) for name, value in row]


def against_model(case, cwd):
    """None, or how a plain run differs from the model."""
    run = Run(cwd, case.argv()).go(case.bytes())
    want = model(case)
    if want is None:
        raise Unfit
    return difference(want, run.facts())


def against_way(case, cwd, way, seed):
    """None, or how that way of running it differs from a plain run."""
    plain = Run(cwd, case.argv()).go(case.bytes())
    if plain.status:
        return f'status {plain.status}: {plain.err}'
    plain.stats = lambda stats=plain.stats(): stats
    kept = {name: plain.read(name) for name in ('late', 'rejects')}
    plain.read = kept.get
    return WAYS[way](Context(partial(Run, cwd), cwd, seed, plain), case)


def shrink(case, check):
    """Drops records greedily, then options, while it still fails."""
    size = max(1, len(case.records) // 2)
    while True:
        at, dropped = 0, False
        while at < len(case.records):
            fewer = case.with_records(case.records[:at] + case.records[at + size:])
            if fewer.records and fails(fewer, check):
                case, dropped = fewer, True
            else:
                at += size
        if size == 1 and not dropped:
            break
        size = max(1, size // 2)
    return case


def fails(case, check):
    """A case that no longer goes with the way does not count."""
    try:
        return check(case) is not None
    except Unfit:
        return False


def options():
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, help='cases (default 100)')
    parser.add_argument('--seconds', type=float, help='go on for that long')
    parser.add_argument('--tool', choices=TOOLS)
    parser.add_argument('--way', default='', help='model, ways with commas, or all (default: model and some of the ways)')
    parser.add_argument('--without', default='', help='options left out')
    parser.add_argument('--keep', type=int, default=3, help='failures shown')
    args = parser.parse_args()
    if args.count is None:
        args.count = 100 if args.seconds is None else sys.maxsize
    return args


def checks_of(seed, args, cwd):
    """(name, check) for a seed: a check takes a case and says how it fails."""
    rng = random.Random(seed)
    names = ['model'] + rng.sample(sorted(WAYS), 2)
    if args.way:
        names = ['model', *WAYS] if args.way == 'all' else args.way.split(',')
    for name in names:
        if name == 'model':
            yield name, partial(against_model, cwd=cwd)
        else:
            yield name, partial(against_way, cwd=cwd, way=name, seed=seed)


def case_of(seed, args):
    """The seed's case without what is to be left out."""
    case = make_case(seed, args.tool).without(*filter(None, args.without.split(',')))
    if 'max-jump' in args.without or ('jump-in-frames' in args.without and case.shape != 'plain'):
        case.options['max-jump'] = '0s'
    return case


def report(seed, name, case, check, args):
    """A failure: its seed, the smallest case, how it fails."""
    small = shrink(case, check)
    print(f'--- {name}: run.py --seed={seed} --count=1 --way={name}' + (f' --tool={args.tool}' if args.tool else '')
          + (f' --without={args.without}' if args.without else ''))
    print(' '.join(map(shlex.quote, small.argv())), '<<EOF')
    sys.stdout.flush()
    sys.stdout.buffer.write(small.bytes() + b'\nEOF\n'[small.bytes().endswith(b'\n'):])
    sys.stdout.flush()
    print(check(small), flush=True)


def main():
    """Runs cases until count or seconds are over; the exit status is 1 when one failed."""
    args = options()
    failed, ran = Counter(), Counter()
    end = time.monotonic() + (args.seconds or 1e9)
    with tempfile.TemporaryDirectory(prefix='differential.') as cwd:
        for seed in range(args.seed, args.seed + args.count):
            if time.monotonic() > end:
                break
            case = case_of(seed, args)
            for name, check in checks_of(seed, args, cwd):
                try:
                    how = check(case)
                except Unfit:
                    continue
                ran[name, case.tool] += 1
                if how is None:
                    continue
                failed[name, case.tool] += 1
                if sum(failed.values()) <= args.keep:
                    report(seed, name, case, check, args)
    for name in sorted(ran):
        print(f'# {name[0]} {name[1]}: {ran[name]} cases' + (f', {failed[name]} failed' if failed[name] else ''))
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main())
