"""cs-anomaly(1), from its page alone: events, and --rows."""
from fractions import Fraction
import record as r
from stream import Stream
from window import Spec, Windows, addend, half_away, plain


def judged(name, value, mean, threshold):
    """avg_NAME, pct_deviation, alert, direction; mean None: no window before."""
    pct = None if not mean or value is None else half_away((Fraction(value.value) - mean) * 100 / abs(mean), 1)
    far = abs(pct.value) if pct is not None else 0
    direction = None if not far else 'up' if pct.value > 0 else 'down'
    if far * 10 ** 9 >= 2 ** 127:  # "larger than 1.7e29": what 128 bits hold
        pct = None
    average = 'avg_sessions' if name == 'current_sessions' else 'avg_' + name
    return [(average, None if mean is None else half_away(mean, 2)), ('pct_deviation', pct),
            ('alert', far > threshold), ('direction', direction)]


class Anomalies:
    """The windows of cs-window(1), each compared with those before it."""

    def __init__(self, options):
        value = options.get('value', 'current_sessions=distinct(session_id)')
        self.spec = Spec(value)
        self.options = dict(options, agg=[value], size=options.get('size', '5m'))
        self.baseline = r.duration(options.get('baseline', '2h'))
        self.threshold = int(options.get('threshold', 50))

    def run(self, records):
        """(stream, rows)"""
        windows = Windows(self.options)
        stream = windows.run(records)
        groups = {}
        for (start, key), (values, events) in windows.groups.items():
            groups.setdefault(key, (values, {}))[1][start] = self.value(windows, events)
        if not windows.by and windows.firsts:
            groups.setdefault((), ([], {}))
        rows = [row for values, seen in groups.values() for row in self.group(values, seen, windows)]
        rows.sort(key=lambda row: row[0])
        return stream, [row for _, row in rows if 'all' in self.options or dict(row)['alert']]

    def value(self, windows, events):
        """"A window without numbers is worth 0; a value that is no number, or is 1e21 or larger, is shown as null and
        is in no baseline"."""
        number = windows.aggregates(events)[0][1]
        known = [e for e in events if isinstance(self.spec.value(e.members), r.Num)]
        if number is None and (self.spec.func not in ('sum', 'avg') or not known):
            return r.Num('0')
        return number_of(number)

    def group(self, values, seen, windows):
        """A group "exists from its first appearance on, and the windows before count 0"; it is dropped "when its whole
        baseline is 0 and it has no event": not while the baseline is still growing, which holds windows only from the
        first event on."""
        size, end_of_all = windows.size, windows.stream.event_time
        whole = (self.baseline - 1) // size
        start, exists = min(seen, default=None), True
        if not windows.by:
            start = min([start] * (start is not None) + [min(windows.firsts) // size * size])
        while start <= end_of_all:
            before = self.before(start, size, min(windows.firsts))
            past = [seen.get(other, r.Num('0')) for other in before]
            exists = start in seen or (exists and (len(past) < whole or any(n is None or n.value for n in past)))
            if exists:
                yield self.row(start, size, values, seen.get(start, r.Num('0')), past, start + size > end_of_all)
            start += size

    def before(self, start, size, first):
        """"the windows whose end lies strictly between its own end less --baseline and its own end. It begins with the
        first window that begins at or after the first event, before --where"."""
        found, other = [], start - size
        while other > start - self.baseline and other >= first:
            found.append(other)
            other -= size
        return found

    def row(self, start, size, values, number, past, partial):
        """A row with its place."""
        past = [Fraction(n.value) for n in past if n is not None]
        mean = Fraction(sum(past), len(past)) if past else None
        row = [('window_start', r.print_time(start)), ('window_end', r.print_time(start + size))] + values
        row += [(self.spec.name, number)]
        verdict = judged(self.spec.name, number, mean, self.threshold)
        if partial:
            verdict = verdict[:1] + [('pct_deviation', None), ('alert', False), ('direction', None), ('partial', True)]
        return (start, tuple(r.sort_key(value) for _, value in values)), row + verdict


def number_of(value):
    """"A value that is no number, or is 1e21 or larger, is shown as null and is in no baseline"."""
    if not isinstance(value, r.Num) or abs(value.value) >= 10 ** 21:
        return None
    return plain(addend(value), 9)


class RowStream(Stream):
    """A row with "final":false is filtered, and moves no event time: its window is not over."""

    def jumps(self, part, event):
        """Before anything else is done with it."""
        if event.members.get('final') is False:
            self.fate(event.place, 'filtered')
        else:
            yield from super().jumps(part, event)


class Rows:
    """--rows: "each is judged as it comes, by the rows of its group before it whose window_end lies in the baseline"."""

    def __init__(self, options):
        self.options = options
        self.baseline = r.duration(options.get('baseline', '2h'))
        self.threshold = int(options.get('threshold', 50))
        self.by = [entry for entry in options.get('by', '').split(',') if entry]
        self.stream = RowStream(dict(options, **{'time-field': 'window_start'}))
        self.seen, self.printed = {}, []

    def run(self, records):
        """(stream, rows)"""
        for event in self.stream.run(records):
            self.take(event)
        return self.stream, self.printed

    def take(self, event):
        """Rows of a group "have to come by window_start: one that is not later than the last is late"; "one where the
        value is null is skipped", and so is what is no number."""
        values = [(name, event.members.get(name)) for name in self.by]
        before = self.seen.setdefault(tuple(r.identity(value) for _, value in values), [])
        value = event.members.get(self.options['value'])
        number = number_of(value)
        late = number is not None and before and event.time <= before[-1][0]
        self.stream.fate(event.place, 'late' if late else 'used')
        self.stream.counters['not_numbers'] += value is not None and number is None
        if late or number is None:
            return
        end = r.read_time(event.members['window_end'])
        past = [Fraction(n.value) for _, other, n in before if end - self.baseline < other < end]
        before.append((event.time, end, number))
        mean = Fraction(sum(past), len(past)) if past else None
        verdict = judged(self.options['value'], number, mean, self.threshold)
        if 'all' in self.options or dict(verdict)['alert']:
            self.printed.append([('window_start', r.print_time(event.time)), ('window_end', r.print_time(end))]
                                + values + [(self.options['value'], number)] + verdict)


def cs_anomaly(options, records):
    """(stream, rows)"""
    return (Rows if 'rows' in options else Anomalies)(options).run(records)
