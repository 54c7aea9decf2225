"""One case, run in many ways: each way says how its run differs from the plain one, or None.

A way is a function of (context, case); the context runs tools and has the plain run's facts. Unfit: the way does not go
with the case.
"""
import fcntl
import gzip
import json
import os
import random
import signal
import struct
import termios
import threading
import time

import record as r
from expressions import NATIVE, by_libjq
from generate import framed_line

COUNTED = 'read duplicate rejected filtered late used late_windows no_id not_numbers too_large gaps rows rejected_by event_time'.split()


class Unfit(Exception):
    """The case cannot be run in this way."""


class Context:
    """Where tools run, and what the plain run gave."""

    def __init__(self, run, cwd, seed, plain):
        self.run, self.cwd, self.rng, self.plain = run, cwd, random.Random(seed), plain

    def path(self, name):
        """A file of the scratch directory, in use no more."""
        path = os.path.join(self.cwd, name)
        if os.path.isdir(path):
            for file in os.listdir(path):
                os.unlink(os.path.join(path, file))
            os.rmdir(path)
        elif os.path.exists(path):
            os.unlink(path)
        return path

    def write(self, name, data):
        """A file with these bytes."""
        with open(self.path(name), 'wb') as file:
            file.write(data)
        return name

    def read(self, name):
        """A file's bytes."""
        with open(os.path.join(self.cwd, name), 'rb') as file:
            return file.read()


def outcome(run, but=()):
    """Rows as bytes, refused and late records without their places, counters."""
    stats = run.stats()
    return {'status': run.status, 'rows': run.out, 'refused': refused(run.read('rejects')), 'late': refused(run.read('late')),
            'counters': {name: stats.get(name) for name in COUNTED if name not in but}}


def refused(text):
    """Records that were refused: their reasons and what they were, in any order."""
    records = map(json.loads, text.splitlines())
    return sorted((rec['reason'], rec.get('raw', rec.get('raw_base64', '')).strip()) for rec in records)


def differs(want, got):
    """What of two outcomes differs."""
    for name, value in want.items():
        if got[name] != value:
            return f'{name}:\n  want {value!r}\n  got  {got[name]!r}'
    return None


def framing(case):
    """--input as it is, for when the first line cannot tell."""
    return ['--input=ndjson' if case.shape == 'plain' else '--input=kcat']


def fed(run, pieces, wait):
    """Starts run's argv with a pipe, writes the pieces one read each, and ends it."""
    process = run.start()
    reader = threading.Thread(target=run.collect, args=(process,))
    reader.start()
    try:
        for piece in pieces:
            process.stdin.write(piece)
            process.stdin.flush()
            if wait:
                drain(process)
        process.stdin.close()
    except BrokenPipeError:
        pass
    reader.join()
    return run


def drain(process):
    """Waits until the pipe is empty, so that the next write is another read."""
    unread = bytearray(4)
    while process.poll() is None:
        fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, unread)
        if struct.unpack('i', unread)[0] == 0:
            return
        time.sleep(0.00002)


def in_pieces(rng, data):
    """Pieces of one size from one byte up, or of sizes by chance."""
    size = rng.choice([1, 2, 3, 7, 64, 0]) if len(data) < 2000 else rng.choice([7, 64, 300, 0])
    at = 0
    while at < len(data):
        step = size or 1 << rng.randrange(11)
        yield data[at:at + step]
        at += step


def chunks(context, case):
    """Standard input in small pieces."""
    run = fed(context.run(case.argv()), in_pieces(context.rng, case.bytes()), True)
    return differs(outcome(context.plain), outcome(run))


def as_file(context, case):
    """A file."""
    name = context.write('in', case.bytes())
    return differs(outcome(context.plain), outcome(context.run(case.argv() + [name]).go()))


def files(context, case):
    """Several files, one stream."""
    lines = case.bytes().splitlines(True)
    cuts = sorted(context.rng.randrange(len(lines) + 1) for _ in range(context.rng.choice([1, 2, 3])))
    parts = [lines[a:b] for a, b in zip([0] + cuts, cuts + [len(lines)])]
    names = [context.write(f'in.{number}', b''.join(part)) for number, part in enumerate(parts)]
    want = context.run(case.argv() + framing(case)).go(case.bytes())
    want = outcome(want)
    return differs(want, outcome(context.run(case.argv() + framing(case) + names).go()))


def compressed(context, case):
    """A file that is read through gzip."""
    name = context.write('in.gz', gzip.compress(case.bytes(), 1))
    return differs(outcome(context.plain), outcome(context.run(case.argv() + [name]).go()))


def jobs(context, case):
    """--jobs, the ranges made large enough by blanks: lines of them, or inside of the lines."""
    if case.shape != 'plain' or len(case.records) < 2 or case.tool == 'identify':
        raise Unfit
    number, rng = context.rng.choice([2, 3, 4]), context.rng
    each = number * (280 << 10) // len(case.records)
    padded = []
    for _, _, line in case.records:
        blank = b' ' * rng.randrange(2 * each)
        if rng.random() < 0.5 and line.startswith(b'{'):
            padded.append(b'{' + blank + line[1:])
        else:
            padded += [blank[:4000] for _ in range(0, len(blank), 4000)] + [line]
    name = context.write('in', b'\n'.join(padded) + (b'' if case.torn else b'\n'))
    want = outcome(context.run(case.argv() + [name]).go())
    rejects, late = context.read('rejects'), context.read('late')
    got = outcome(context.run(case.argv() + [f'--jobs={number}', name]).go())
    if want['rows'] != context.plain.out and not case.torn:
        return differs({'rows': context.plain.out}, want)
    if rejects != context.read('rejects') or late != context.read('late'):
        return f'bytes of rejects or late with --jobs={number}'
    return differs(want, got)


def kernels(context, case):
    """The scanner's kernels."""
    kernel = context.rng.choice(['plain', 'avx2', 'avx512'])
    return differs(outcome(context.plain), outcome(context.run(case.argv(), {'CS_SIMD': kernel}).go(case.bytes())))


def frames(context, case):
    """Plain lines with frames of one partition."""
    if case.shape != 'plain':
        raise Unfit
    lines = [line for _, _, line in case.records if line.strip(b' \t\r')]
    torn = case.torn and case.records[-1][2].strip(b' \t\r')
    data = b''.join(framed_line('framed', 0, offset, line) + b'\n' for offset, line in enumerate(lines))
    got = outcome(context.run(case.argv() + ['--input=kcat']).go(data[:-1] if torn else data))
    want = outcome(context.plain)
    got['refused'], want['refused'] = ([reason for reason, _ in each['refused']] for each in (got, want))
    got['late'], want['late'] = len(got['late']), len(want['late'])
    return differs(want, got)


def several(case):
    """Several partitions, none of whose fates another one has a part in."""
    return (case.shape == 'framed' and len({part for part, _, _ in case.records}) > 1
            and 'dedup' not in case.options and 'partitions' in case.options)


def each_id_in_one(case):
    """Without the events whose id belongs into another partition: which of an id's events are late by their own
    partition's watermark, but not by what another partition has brought of the id, does depend on the interleaving."""
    if case.tool not in ('sessionize', 'abandon'):
        return case
    count = max(part for part, _, _ in case.records) + 1
    records = [record for record in case.records
               if record[0] == hash_of_id(record[2], case.options.get('id', 'session_id'), count)]
    case = case.with_records(records)
    if not several(case):
        raise Unfit
    return case


def apart(case):
    """The lines of each partition, framed."""
    parts = {}
    for partition, offset, line in case.records:
        parts.setdefault(partition, []).append(framed_line(case.shape, partition, offset, line) + b'\n')
    return parts


def whole(context, case):
    """The plain run with its last line ended."""
    return outcome(context.run(case.argv() + framing(case)).go(case.bytes() + (b'\n' if case.torn else b'')))


def interleaved(context, case):
    """Another interleaving of the same partitions."""
    if not several(case):
        raise Unfit
    case = each_id_in_one(case)
    parts, mixed = apart(case), []
    while parts:
        number = context.rng.choice(sorted(parts))
        for _ in range(context.rng.choice([1, 1, 2, 100])):
            if number in parts:
                mixed.append(parts[number].pop(0))
                if not parts[number]:
                    del parts[number]
    got = outcome(context.run(case.argv() + framing(case)).go(b''.join(mixed)))
    return differs(whole(context, case), got)


def fifos(context, case):
    """Each partition by a pipe of its own."""
    if not several(case):
        raise Unfit
    case = each_id_in_one(case)
    ends, writers = [], []
    for lines in apart(case).values():
        ends.append(os.pipe())
        writers.append(threading.Thread(target=write_all, args=(ends[-1][1], lines, random.Random(context.rng.random()))))
    run = context.run(case.argv() + framing(case) + [f'/dev/fd/{read}' for read, _ in ends], None,
                      [read for read, _ in ends])
    for writer in writers:
        writer.start()
    run.go()
    for read, _ in ends:
        os.close(read)
    for writer in writers:
        writer.join()
    return differs(whole(context, case), outcome(run))


def write_all(end, lines, rng):
    """The lines in several writes."""
    try:
        while lines:
            count = rng.choice([1, 3, 100])
            os.write(end, b''.join(lines[:count]))
            del lines[:count]
    except BrokenPipeError:
        pass
    os.close(end)


def plainly_timed(case):
    """Unfit where the time stands otherwise than in cs-parse's output, or the wall clock has a part."""
    if 'rows' in case.options or 'max-ahead' not in case.options or {'time-field', 'time-unit', 'assume-utc',
                                                                   'number'} & set(case.options):
        raise Unfit


def timed(case):
    """(time, line) of the valid events, in order of time."""
    found = []
    for _, _, line in case.records:
        try:
            members = r.read_object(line)
            for name in r.CANONICAL[:-1]:
                r.as_text(members.get(name))
            found.append((r.read_time(members.get('event_time')), line))
        except r.Rejected:
            pass
    return sorted(found)


def shuffled(context, case):
    """Any order within the lateness gives the rows of the sorted events."""
    plainly_timed(case)
    lateness = r.duration(case.options['lateness'])
    argv = case.without('dedup', 'partitions', 'max-jump').argv() + ['--max-jump=0s', '--input=ndjson']
    events = timed(case)
    if lateness is None:
        lateness = 1 << 50
    moved = sorted((moment + context.rng.randrange(lateness + 1), number) for number, (moment, _) in enumerate(events))
    if lateness == 0:
        raise Unfit
    want = outcome(context.run(argv).go(b''.join(line + b'\n' for _, line in events)))
    got = outcome(context.run(argv).go(b''.join(events[number][1] + b'\n' for _, number in moved)))
    want['refused'], got['refused'] = sorted(want['refused']), sorted(got['refused'])
    return differs(want, got) or (f'late: {got["late"]}' if got['late'] else None)


def stateful(context, case, extra=()):
    """The options of a run with a state, all begun anew."""
    for name in ('state', 'state.lock', 'out', 'rejects', 'late', 'stats'):
        context.path(name)
    return case.argv() + framing(case) + ['--state=state', *extra]


def restarts(context, case):
    """Stopped and resumed, at every line if there are few."""
    lines = case.bytes().splitlines(True)
    if case.torn:
        lines[-1] += b'\n'
    cuts = range(1, len(lines)) if len(lines) < 10 else sorted(context.rng.sample(range(1, len(lines)), 4))
    argv = stateful(context, case, ['--output=out'])
    files_grow = case.shape == 'plain'
    if 'max-ahead' not in case.options:
        raise Unfit  # a run in which all events are far ahead of the clock saves and flushes nothing
    for begin, end in zip([0, *cuts], [*cuts, len(lines)]):
        flush = ['--flush'] if end == len(lines) else []
        if files_grow:
            with open(os.path.join(context.cwd, 'grows'), 'wb' if begin == 0 else 'ab') as file:
                file.write(b''.join(lines[begin:end]))
            run = context.run(argv + flush + ['grows'], keep=True).go()
        else:
            run = context.run(argv + flush, keep=True).go(b''.join(lines[begin:end]))
        if run.status:
            return f'status {run.status}: {run.err}'
    run.out = context.read('out')
    return differs(whole_by_place(context, case), by_place(run))


def by_place(run, but=()):
    """Refused and late records by partition and offset: what was held in a state may have lost its line."""
    got = outcome(run, but)
    for name, file in (('refused', 'rejects'), ('late', 'late')):
        records = map(json.loads, run.read(file).splitlines())
        got[name] = sorted((rec['reason'], str(rec['partition']), str(rec['offset'])) for rec in records)
    return got


def whole_by_place(context, case, but=()):
    """What by_place is compared with."""
    kept = {name: context.read(name) if os.path.exists(os.path.join(context.cwd, name)) else b''
            for name in ('rejects', 'late', 'stats')}
    run = context.run(case.argv() + framing(case)).go(case.bytes() + (b'\n' if case.torn else b''))
    want = by_place(run, but)
    for name, data in kept.items():
        context.write(name, data)
    return want


def killed(context, case):
    """kill -9 while it saves all the time; then all is fed again: what was counted is a duplicate."""
    if case.shape == 'plain':
        raise Unfit
    data = case.bytes() + (b'\n' if case.torn else b'')
    argv = stateful(context, case, ['--output=out', '--save-every=1ms'])
    for _ in range(2):
        run = context.run(argv, keep=True)
        process = run.start()
        try:
            for piece in in_pieces(context.rng, data[:context.rng.randrange(len(data))]):
                process.stdin.write(piece)
                process.stdin.flush()
                drain(process)
        except BrokenPipeError:
            pass
        process.send_signal(signal.SIGKILL)
        run.collect(process)
    run = context.run(argv + ['--flush'], keep=True).go(data)
    if run.status:
        return f'status {run.status}: {run.err}'
    run.out = context.read('out')
    but = ('read', 'duplicate')
    return differs(whole_by_place(context, case, but), by_place(run, but))


def merged(context, case):
    """--by-partition, then --merge, of what can be added up."""
    if case.tool not in ('window', 'funnel') or 'drops' in case.options:
        raise Unfit
    case = case.without('top', 'ties', 'order-by', 'dedup', 'partitions', 'where', 'having')
    if case.tool == 'window':
        case.options['agg'] = [agg for agg in case.options['agg'] if adds(agg)] + ['all_of_x=sum(x)', 'm=max(x)']
    case = case.with_records(spread(context, case))
    case.shape, case.torn = 'framed', False
    want = context.run(case.argv() + framing(case)).go(case.bytes())
    parts = context.run(case.argv() + framing(case) + ['--by-partition']).go(case.bytes())
    if b'"too_large"' in parts.out:
        raise Unfit  # "one that was too large makes null of the whole", which may fit by what other parts take away
    got = context.run(case.argv() + ['--merge']).go(parts.out)
    if got.status:
        return f'status {got.status}: {got.err}'
    bad = refused(context.read('rejects')) + refused(context.read('late'))
    return f'refused: {bad}' if bad else differs({'rows': want.out}, {'rows': got.out})


def adds(agg):
    """Not avg, first and last; distinct counts only if no value is in two partitions; percent may be of one of these."""
    return not any('=' + func + '(' in agg for func in ('avg', 'first', 'last', 'distinct', 'percent'))


def spread(context, case):
    """The records on three partitions: by the id, or by chance where nobody counts ids."""
    counts, records = [0, 0, 0], []
    for _, _, line in case.records:
        number = context.rng.randrange(3)
        if case.tool == 'funnel':
            number = hash_of_id(line, case.options.get('id', 'session_id'), 3)
        records.append((number, counts[number], line))
        counts[number] += 1
    return records


def hash_of_id(line, name, count):
    """The partition of an event's id: that of a null id is 0."""
    try:
        value = r.read_object(line).get(name)
        value = value if name == 'x' else r.as_text(value)
    except r.Rejected:
        return 0
    return sum(repr(r.identity(value)).encode()) % count


def terminated(context, case):
    """SIGTERM in mid-input acts as the end of the input, but what is still open goes on with the next run."""
    if case.shape == 'plain':
        raise Unfit
    data = case.bytes() + (b'\n' if case.torn else b'')
    argv = stateful(context, case, ['--output=out', '--flush'])
    run = context.run(argv, keep=True)
    process = run.start()
    for piece in in_pieces(context.rng, data[:context.rng.randrange(len(data))]):
        process.stdin.write(piece)
        process.stdin.flush()
        drain(process)
    process.send_signal(signal.SIGTERM)
    run.collect(process)
    if run.status:
        return f'status {run.status}: {run.err}'
    run = context.run(argv, keep=True).go(data)
    run.out = context.read('out')
    but = ('read', 'duplicate')
    return differs(whole_by_place(context, case, but), by_place(run, but))


def keyed(context, case):
    """--key: the rows behind their keys; other values have other keys, equal ones the same."""
    if case.tool == 'identify':
        raise Unfit  # a number in a member of an event is one key with its text
    rows = context.plain.out.splitlines(True)
    members = [name for name in json.loads(rows[0]) if name not in ('window_start', 'window_end')] if rows else []
    if not members:
        raise Unfit
    names = context.rng.sample(members, context.rng.choice([1, 2]) if len(members) > 1 else 1)
    run = context.run(case.argv() + ['--key=' + ','.join(names)]).go(case.bytes())
    keys, values = {}, {}
    for line in run.out.splitlines():
        key, _, row = line.partition(b'\t')
        row = r.parse(row.decode())
        value = tuple(r.identity(row[name]) for name in names)
        if keys.setdefault(key, value) != value or values.setdefault(value, key) != key:
            return f'--key={",".join(names)}: {key!r} is {keys[key]} and {value}'
    return differs({'rows': context.plain.out}, {'rows': b''.join(line.split(b'\t', 1)[1]
                                                                for line in run.out.splitlines(True))})


def updates(context, case):
    """--emit=updates: the final rows are those of final."""
    if case.tool not in ('window', 'funnel', 'sessionize') or case.options.get('attribute') == 'last' or \
            any(name in case.options for name in ('top', 'having', 'drops', 'pages')):
        raise Unfit
    run = fed(context.run(case.argv() + ['--emit=updates:1ms']), case.bytes().splitlines(True), True)
    rows = [line.replace(b',"final":true}', b'}') for line in run.out.splitlines(True) if b'"final":true}' in line]
    rows_by_file = b''.join(rows)
    run.out = rows_by_file
    return differs(outcome(context.plain, ('rows',)), outcome(run, ('rows',)))


def libjq(context, case):
    """Expressions that no native program has: the same result for any event."""
    options = dict(case.options)
    if 'where' in options:
        options['where'] = [by_libjq(text) for text in options['where']]
    for name in ('agg', 'step'):
        if name in options:
            options[name] = [rewritten(name, text) for text in options[name]]
    if options == case.options:
        raise Unfit
    run = context.run(type(case)(case.tool, options, []).argv()).go(case.bytes())
    return differs(outcome(context.plain), outcome(run))


def expressions(context, case):
    """Expressions of many kinds as groups, values and conditions: native and in libjq, the same rows and the same errors."""
    rng = context.rng
    chosen = rng.sample(NATIVE, 4)
    runs = []
    for spelled in (chosen, [by_libjq(text) for text in chosen]):
        func = rng.choice(['sum', 'min', 'last', 'distinct', 'avg']) if not runs else func
        argv = ['cs-window', '--size=5m', '--max-ahead=0s', '--max-jump=0s', '--lateness=max', '--agg=n=count',
                f'--by=k={spelled[0]}', f'--agg=v={func}({spelled[1]})', f'--agg=c=count if {spelled[2]}',
                f'--agg=f=first({spelled[3]})']
        run = context.run(argv + framing(case)).go(case.bytes())
        if run.status:
            return f'{argv}: status {run.status}: {run.err}'
        runs.append(dict(outcome(run), errors=run.stats().get('expression_errors')))
    how = differs(*runs)
    return how and f'func {func} of {chosen}: {how}'


def rewritten(kind, text):
    """The condition of an aggregate, or a step."""
    mark = ' if ' if kind == 'agg' else '='
    before, found, condition = text.partition(mark)
    return before + found + by_libjq(condition) if found else text


def output(context, case):
    """--output."""
    context.path('rows')
    run = context.run(case.argv() + ['--output=rows']).go(case.bytes())
    run.out = context.read('rows')
    return differs(outcome(context.plain), outcome(run))


def spool(context, case):
    """--spool: every row is in one segment."""
    if case.shape == 'plain':
        raise Unfit
    context.path('spool')
    argv = stateful(context, case, ['--spool=spool', '--flush'])
    run = context.run(argv, keep=True).go(case.bytes() + (b'\n' if case.torn else b''))
    if run.status:
        return f'status {run.status}: {run.err}'
    again = context.run(argv, keep=True).go(b'')
    folder = os.path.join(context.cwd, 'spool')
    run.out = b''.join(context.read(os.path.join('spool', name)) for name in sorted(os.listdir(folder)))
    if again.status:
        return f'status {again.status}: {again.err}'
    return differs({'rows': whole(context, case)['rows']}, {'rows': run.out})


def parsed(context, case):
    """cs-parse in front of it changes no row; and what comes out of cs-parse goes in again and is the same."""
    plainly_timed(case)
    if case.tool == 'identify':
        raise Unfit  # its rows are the events as they came
    keep = ['--keep-frame'] if case.shape != 'plain' else []
    data = case.bytes() + (b'\n' if case.torn else b'')
    first = context.run(['cs-parse', *framing(case), *keep]).go(data)
    bad = {json.loads(line)['line'] for line in context.read('rejects').splitlines()}
    if first.stats()['duplicate']:
        raise Unfit
    again = context.run(['cs-parse', '--input=kcat' if keep else '--input=ndjson', *keep]).go(first.out)
    if again.out != first.out:
        return differs({'cs-parse': first.out}, {'cs-parse': again.out})
    rest = b''.join(line for number, line in enumerate(data.splitlines(True), 1) if number not in bad)
    want = outcome(context.run(case.argv() + framing(case)).go(rest), ('gaps',))
    got = outcome(context.run(case.argv() + ['--input=kcat' if keep else '--input=ndjson']).go(first.out), ('gaps',))
    want['refused'], got['refused'], want['late'], got['late'] = (
        [reason for reason, _ in each] for each in (want['refused'], got['refused'], want['late'], got['late']))
    return differs(want, got)


WAYS = {way.__name__: way for way in (chunks, as_file, files, compressed, jobs, kernels, frames, interleaved, fifos, shuffled,
                                      restarts, killed, terminated, keyed, merged, updates, libjq, expressions, output,
                                      spool, parsed)}
