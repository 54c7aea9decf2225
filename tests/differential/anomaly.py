"""cs-anomaly(1), from its page alone: events, and --rows."""
from fractions import Fraction
import record as r
from stream import Stream
from window import Spec, Windows, addend, half_away, plain


def median(values):
    """The middle one, or the mean of the two in the middle."""
    values = sorted(values)
    return Fraction(values[(len(values) - 1) // 2] + values[len(values) // 2], 2)


class Rules:
    """What the options say of a baseline, of alerts, and of incidents."""

    def __init__(self, options, is_count):
        self.method = options.get('method', 'mean')
        self.baseline = r.duration(options.get('baseline', '2h'))
        self.season, self.seasons = r.duration(options.get('season', '7d')), int(options.get('seasons', 4))
        self.threshold = Fraction(options.get('threshold', 50))
        self.clear = Fraction(options['clear']) if 'clear' in options else self.threshold / 2
        self.min_baseline = int(options['min-baseline']) if 'min-baseline' in options else None
        self.min_value = Fraction(options.get('min-value', 0))
        self.sigma = Fraction(options.get('sigma', 4 if is_count else 0))
        self.incidents, self.all = 'incidents' in options, 'all' in options

    def most(self, size):
        """How many windows can be in a baseline."""
        return self.seasons if self.method == 'seasonal' else (self.baseline - 1) // size

    def kept(self):
        """How long a window may matter."""
        return self.seasons * self.season + 1 if self.method == 'seasonal' else self.baseline

    def is_in(self, end, other):
        """Is a window that ends at other in the baseline of one that ends at end?"""
        if self.method != 'seasonal':
            return end - self.baseline < other < end
        return any(other == end - i * self.season for i in range(1, self.seasons + 1))

    def usual(self, past):
        """What is usual: a mean or a median; None without windows."""
        if not past:
            return None
        return median(past) if self.method == 'median' else Fraction(sum(past), len(past))

    def is_alert(self, value, usual, pct, past, size):
        """The table of the manual, row by row."""
        needed = self.min_baseline or max(1, min(6, self.most(size)))
        if len(past) < needed or pct <= self.threshold:
            return False
        if abs(value) < self.min_value and abs(usual) < self.min_value:
            return False
        if self.sigma and (value - usual) ** 2 <= self.sigma ** 2 * (abs(usual) + 1):
            return False
        mad = median([abs(other - usual) for other in past])
        return self.method != 'median' or abs(value - usual) > 3 * Fraction('1.4826') * mad

    def is_new(self, value, silent, size):
        """silent: windows of the baseline, if none of them holds anything of the group."""
        needed = self.min_baseline or max(1, min(6, self.most(size)))
        return bool(self.min_value) and silent >= needed and abs(value) >= self.min_value


class Group:
    """The windows of one group, judged one after the other."""

    def __init__(self, name, rules):
        self.name, self.rules, self.incident = name, rules, None

    def judged(self, value, past, silent, size, partial=False):
        """The members of a row from avg_NAME on, and whether it is printed. value, past: Fractions; silent: Rules.is_new."""
        rules = self.rules
        usual = rules.usual(past)
        pct = None
        if usual and value is not None and not partial:
            pct = half_away((value - usual) * 100 / abs(usual), 1)
        far = pct.value if pct is not None else 0
        new = value is not None and not partial and rules.is_new(value, silent, size)
        alert = new or (pct is not None and rules.is_alert(value, usual, abs(far), past, size))
        direction = 'new' if new else 'up' if far > 0 else 'down' if far < 0 else None
        kind = 'median_' if rules.method == 'median' else 'avg_'
        row = [(kind + ('sessions' if self.name == 'current_sessions' else self.name),
                None if usual is None else half_away(usual, 2)), ('pct_deviation', printable(pct)), ('alert', alert),
               ('direction', direction)]
        if rules.incidents:
            calm = not usual or (value is not None and abs(far) <= rules.clear)
            row += self.stepped(alert, calm, value is not None, far, partial)
        return row + [('partial', True)] * partial, self.is_printed(dict(row))

    def is_printed(self, row):
        """"Alerts only, unless --all"; with --incidents the first and the last row of each."""
        return self.rules.all or (row['state'] in ('start', 'end') if self.rules.incidents else row['alert'])

    def stepped(self, alert, calm, has_value, far, partial):
        """state, incident_start, peak, windows. The start is filled in by who knows the window."""
        state = 'ongoing' if self.incident else None
        if not self.incident and alert:
            state, self.incident = 'start', [self.now, 0, 0]
        elif self.incident and not partial and not alert and calm:
            state = 'end'
        if self.incident and state != 'end' and not partial:
            self.incident[1] += has_value
            self.incident[2] = max(self.incident[2], far, key=abs)
        row = [('state', state), ('incident_start', None), ('peak', None), ('windows', None)]
        if self.incident:
            start, windows, peak = self.incident
            row[1:] = [('incident_start', r.print_time(start)),
                       ('peak', printable(half_away(Fraction(peak), 1)) if peak else None), ('windows', r.Num(str(windows)))]
        if state == 'end':
            self.incident = None
        return row

    now = None  # when the window begins that is judged


def printable(pct):
    """"larger than 1.7e29": what 128 bits hold."""
    return None if pct is not None and abs(pct.value) * 10 ** 9 >= 2 ** 127 else pct


class Anomalies:
    """The windows of cs-window(1), each compared with those before it."""

    def __init__(self, options):
        value = options.get('value', 'current_sessions=distinct(session_id)')
        self.spec = Spec(value)
        self.options = dict(options, agg=[value], size=options.get('size', '5m'))
        self.rules = Rules(options, self.spec.func in ('count', 'distinct'))
        self.empty = r.Num('0') if self.spec.func in ('count', 'distinct', 'sum') else None

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
        return stream, [row for _, row in rows]

    def value(self, windows, events):
        """Without numbers "a count or sum is 0, and anything else has no value"; one "that is no number, or is 1e21 or
        larger, is shown as null and is in no baseline"."""
        number = windows.aggregates(events)[0][1]
        known = [e for e in events if isinstance(self.spec.value(e.members), r.Num)]
        if number is None and (self.spec.func not in ('sum', 'avg') or not known):
            return self.empty
        return number_of(number)

    def group(self, values, seen, windows):
        """A group "exists from its first appearance on, and the windows before count 0"; it is dropped "when its whole
        baseline is 0 and it has no event": not while the baseline is still growing, which holds windows only from the
        first event on. "A group in an incident is not dropped"."""
        size, end_of_all, rules = windows.size, windows.stream.event_time, self.rules
        group, first = Group(self.spec.name, rules), min(windows.firsts, default=0)
        start, exists = min(seen, default=None), True
        if not windows.by:
            start = min([start] * (start is not None) + [first // size * size])
        while start <= end_of_all:
            kept = self.kept(start, size, first)
            known = [seen.get(other, self.empty) for other in kept]
            busy = any(n is None or n.value for n in known) if self.empty else any(n is not None for n in known)
            growing = len(kept) < (rules.kept() - 1) // size
            exists = start in seen or (exists and (growing or busy or group.incident is not None))
            if exists:
                group.now = start
                yield from self.row(start, group, values, seen.get(start, self.empty),
                                    {other: n for other, n in zip(kept, known)}, size, start + size > end_of_all)
            later = [other for other in seen if other > start]
            start = start + size if exists else min(later, default=end_of_all + size)

    def kept(self, start, size, first):
        """The windows before that may matter. The baseline "begins with the first window that begins at or after the
        first event, before --where"."""
        found, other = [], start - size
        while other > start - self.rules.kept() and other >= first:
            found.append(other)
            other -= size
        return found

    def row(self, start, group, values, number, kept, size, partial):
        """A row with its place, if it is printed."""
        inside = {other: n for other, n in kept.items() if self.rules.is_in(start + size, other + size)}
        past = [Fraction(n.value) for n in inside.values() if n is not None]
        value = None if number is None else Fraction(number.value)
        seen = any(past) or (past and not self.empty) or any(n is None and self.empty for n in inside.values())
        verdict, is_printed = group.judged(value, past, 0 if seen else len(inside), size, partial)
        row = [('window_start', r.print_time(start)), ('window_end', r.print_time(start + size))] + values
        if is_printed:
            yield (start, tuple(r.sort_key(value) for _, value in values)), row + [(group.name, number)] + verdict


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
        self.rules = Rules(options, False)
        self.by = [entry for entry in options.get('by', '').split(',') if entry]
        self.stream = RowStream(dict(options, **{'time-field': 'window_start'}))
        self.seen, self.groups, self.printed = {}, {}, []

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
        self.stream.counters['not_numbers'] += value is not None and not isinstance(value, r.Num)
        if late or number is None:
            return
        end = r.read_time(event.members['window_end'])
        past = [Fraction(n.value) for _, other, n in before if self.rules.is_in(end, other)]
        before.append((event.time, end, number))
        group = self.groups.setdefault(tuple(r.identity(value) for _, value in values), Group(self.options['value'], self.rules))
        group.now = event.time
        silent = 0 if any(past) else len(past)
        verdict, is_printed = group.judged(Fraction(number.value), past, silent, end - event.time)
        if is_printed:
            self.printed.append([('window_start', r.print_time(event.time)), ('window_end', r.print_time(end))]
                                + values + [(self.options['value'], number)] + verdict)


def cs_anomaly(options, records):
    """(stream, rows)"""
    return (Rows if 'rows' in options else Anomalies)(options).run(records)
