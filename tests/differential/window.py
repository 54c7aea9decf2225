"""cs-window(1), and cs-funnel(1) with --order=any, from their pages alone."""
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, inf, isqrt
from zoneinfo import ZoneInfo
import record as r
import zones
from expressions import lower, over, selects
from stream import Stream

FIRST, LAST = -62135596800 * r.SECOND, 253402300800 * r.SECOND - 1  # the range of times
LIMIT = 2 ** 127  # a sum is held in 128 bits, in units of 1e-9


def half_away(value, places):
    """Rounded half away from zero, without padding; value is a Fraction."""
    scaled = abs(value) * 10 ** places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return plain(whole if value >= 0 else -whole, places)


def plain(units, places):
    """An integer of units of 10^-places as a number without needless zeros."""
    sign, digits = '-' if units < 0 else '', str(abs(units)).zfill(places + 1)
    text = digits[:-places] + '.' + digits[-places:] if places else digits
    return r.Num(sign + (text.rstrip('0').rstrip('.') if places else text))


def from_double(number):
    """The shortest digits of a double; plainly where nine places hold them."""
    number += 0.0
    text = next(text for text in ('%.*g' % (digits, number) for digits in (15, 16, 17)) if float(text) == number)
    units = Fraction(Decimal(text)) * 10 ** 9
    return plain(int(units), 9) if units.denominator == 1 and abs(units) < LIMIT else r.Num(text)


def addend(number):
    """A decimal of nine places, in units of the last; None: it does not fit into 128 bits."""
    if number.value.adjusted() > 40:
        return None
    if number.value.adjusted() < -20:
        return 0
    fraction = abs(Fraction(number.value)) * 10 ** 9
    units = (2 * fraction.numerator + fraction.denominator) // (2 * fraction.denominator)
    return None if units >= LIMIT else -units if number.value < 0 else units


def total(values):
    """The sum in units of 1e-9: "Null when there was no number, or when the sum is too large"."""
    numbers = [addend(value) for value in values if isinstance(value, r.Num)]
    if not numbers or None in numbers or abs(sum(numbers)) >= LIMIT:
        return None
    return sum(numbers)


def aggregate(func, timed, parameter=None):
    """One aggregate over [(time, value)] of a group, value being what F is."""
    known = [(time, value) for time, value in timed if value is not None]
    values = [value for _, value in known]
    if func == 'count':
        return r.Num(len(values))
    if func == 'distinct':
        return r.Num(len({r.identity(value) for value in values}))
    if func in ('median', 'quantile'):
        numbers = sorted(float(value.value) for value in values if isinstance(value, r.Num))
        share = Fraction(1, 2) if func == 'median' else parameter
        if not numbers or inf in map(abs, numbers):
            return None
        return from_double(numbers[max(ceil(share * len(numbers)), 1) - 1])
    if func == 'stddev':
        numbers = [addend(value) for value in values if isinstance(value, r.Num)]
        if len(numbers) < 2 or None in numbers:
            return None
        count = len(numbers)
        squared = (count * sum(x * x for x in numbers) - sum(numbers) ** 2) // (count * (count - 1))
        return plain((isqrt(squared) // 500 + 1) // 2, 6) if isqrt(squared) < LIMIT - 1000 else None
    if func in ('sum', 'avg', 'stddev', 'median', 'quantile'):
        units = total(values)
        if units is None:
            return None
        if func == 'sum':
            return plain(units, 9)
        return half_away(Fraction(units, 10 ** 9 * sum(isinstance(v, r.Num) for v in values)), 6)
    if func == 'approx_distinct':  # "exact up to 3,072 values"
        return r.Num(len({r.identity(value) for value in values}))
    if func == 'list':
        ordered = sorted(known, key=lambda tv: (tv[0], r.sort_key(tv[1])))
        return [value for _, value in ordered][:parameter]
    if func == 'top':
        counts = Counter(map(r.identity, values))
        ordered = sorted({r.identity(value): value for value in values}.items(),
                         key=lambda iv: (-counts[iv[0]], r.sort_key(iv[1])))
        return [{'value': value, 'count': r.Num(counts[key])} for key, value in ordered[:parameter]]
    if func in ('any', 'all'):
        if not timed:
            return None
        return {'any': any, 'all': all}[func](value not in (None, False) for _, value in timed)
    if not known:
        return None
    order = {'min': lambda tv: r.sort_key(tv[1]), 'max': lambda tv: r.sort_key(tv[1]),
             'first': lambda tv: (tv[0], r.sort_key(tv[1])), 'last': lambda tv: (tv[0], r.sort_key(tv[1]))}[func]
    return (min if func in ('min', 'first') else max)(known, key=order)[1]


def percent(part, whole):
    """"A as a percentage of B; two places, half away from zero. Null when B is 0 or null"."""
    if part is None or whole is None or Fraction(whole.value) == 0:
        return None
    share = Fraction(part.value) * 100 / Fraction(whole.value)
    return half_away(share, 2) if abs(share) < Fraction(LIMIT, 10 ** 9) else None


def group_value(entry, members):
    """(name, value) of an entry of --by: F, NAME=lower(F), NAME=F."""
    name, _, expr = entry.partition('=')
    if expr.startswith('lower('):
        return name, lower(members.get(expr[6:-1]))
    return name, members.get(expr or name)


WITH_NUMBER = {'list': int, 'top': int, 'quantile': Fraction}


class Spec:
    """NAME=FUNC[(F)][ if EXPR]."""

    def __init__(self, text):
        self.name, _, rest = text.partition('=')
        rest, _, self.condition = rest.partition(' if ')
        self.func, _, member = rest.partition('(')
        self.member, self.parameter = member.rstrip(')'), None
        if self.func in WITH_NUMBER:
            self.member, _, number = self.member.rpartition(',')
            self.parameter = WITH_NUMBER[self.func](number)

    def value(self, members):
        """What F is; of count without F, something that is not null."""
        return members.get(self.member) if self.member else True


def not_numbers(specs, event):
    """How many values of the event are left out because they are no numbers."""
    values = [spec.value(event.members) for spec in specs if spec.func in ('sum', 'avg', 'stddev', 'median', 'quantile')
              and (not spec.condition or selects(spec.condition, event.members))]
    return sum(value is not None and not isinstance(value, r.Num) for value in values)


def aggregated(specs, events):
    """(name, value) of each aggregate over the events, in the order given."""
    values = {}
    for spec in specs:
        if spec.func == 'percent':
            values[spec.name] = percent(*(values[name] for name in spec.member.split(',')))
            continue
        chosen = [e for e in events if not spec.condition or selects(spec.condition, e.members)]
        values[spec.name] = aggregate(spec.func, [(e.time, spec.value(e.members)) for e in chosen], spec.parameter)
    return [(spec.name, values[spec.name]) for spec in specs]


class Windows:
    """What events make of windows and groups: cs-window(1), Windows, Groups, Aggregates."""

    def __init__(self, options):
        self.options = options
        self.calendar = 'tz' in options or options['size'] == 'all' or options['size'].endswith(('w', 'mo', 'y'))
        self.size = r.duration(options['size'])
        self.slide = r.duration(options.get('slide', options['size']))
        self.offset = r.duration(options.get('offset', '0s'))
        self.by = [entry for entry in options.get('by', '').split(',') if entry]
        self.specs = [Spec(text) for text in options['agg']]
        self.groups = {}
        self.stream = Stream(options)
        self.firsts = []

    def run(self, records):
        """(fates, counters) by taking everything in."""
        for event in self.stream.run(records):
            self.take(event)
        return self.stream

    def starts(self, time):
        """"Starts are multiples of --slide since 1970 moved by --offset"; a window holds [start, start + size)."""
        if self.calendar:
            yield self.bounds(time)[0]
            return
        start = (time - self.offset) // self.slide * self.slide + self.offset
        while start > time - self.size:
            yield start
            start -= self.slide

    def bounds(self, time):
        """Start and end of the window that holds the time, by the calendar."""
        if self.options['size'] == 'all':
            return FIRST, LAST
        offset = timedelta(microseconds=self.offset)
        bounds = zones.window(zones.EPOCH + timedelta(microseconds=time), ZoneInfo(self.options.get('tz', 'UTC')),
                              self.options['size'], offset)
        return tuple((moment - zones.EPOCH) // timedelta(microseconds=1) for moment in bounds)

    def end(self, start):
        """Where the window ends that starts then."""
        return self.bounds(start)[1] if self.calendar else start + self.size

    def take(self, event):
        """Filtered, late for all its windows, or used for those that are open."""
        counters = self.stream.counters
        if not all(selects(text, event.members) for text in self.options.get('where', [])):
            self.stream.fate(event.place, 'filtered')
            self.note_first(event)
            return
        starts = list(self.starts(event.time))
        still = [start for start in starts if not self.closed(event, start)]
        if not still:
            self.stream.fate(event.place, 'late')
            return
        self.note_first(event)
        self.stream.fate(event.place, 'used')
        counters['late_windows'] += len(starts) - len(still)
        values = [group_value(entry, event.members) for entry in self.by]
        for start in still:
            key = (start, tuple(r.identity(value) for _, value in values))
            self.groups.setdefault(key, (values, []))[1].append(event)
        counters['not_numbers'] += not_numbers(self.specs, event)

    def note_first(self, event):
        """What the first event may be, for cs-anomaly: one that is not behind its partition's watermark."""
        if not event.past(event.time):
            self.firsts.append(event.time)

    def closed(self, event, start):
        """"A window closes when the watermark reaches its end"."""
        return event.watermark is not None and event.watermark >= self.end(start)

    def aggregates(self, events):
        """(name, value) of each, in the order given."""
        return aggregated(self.specs, events)

    def rows(self):
        """"Rows come by window, then by group"; --having, --order-by and --top for each window."""
        windows = {}
        for (start, _), (values, events) in self.groups.items():
            row = [('window_start', r.print_time(start)), ('window_end', r.print_time(min(self.end(start), LAST)))]
            row += values + self.aggregates(events)
            windows.setdefault(start, []).append((tuple(r.sort_key(v) for _, v in values), row))
        for start in sorted(windows):
            rows = [row for _, row in sorted(windows[start], key=lambda pair: pair[0]) if self.having(dict(row))]
            yield from self.ordered(rows)

    def having(self, row):
        """--having: "only rows that each expression selects"; here .NAME > NUMBER or .NAME != null."""
        for text in self.options.get('having', []):
            name, operator, operand = text[1:].split(' ')
            if not (row[name] is not None if operator == '!=' else over(name, operand)(row)):
                return False
        return True

    def ordered(self, rows):
        """"ties are in the order of the group"."""
        by = self.options.get('order-by')
        if by:
            rows = sorted(rows, key=lambda row: r.sort_key(dict(row)[by.lstrip('-')])[:2], reverse=by[0] == '-')
        top = self.options.get('top')
        if not top or len(rows) <= int(top):
            return rows
        last = int(top)
        while 'ties' in self.options and last < len(rows) and equal(rows[last - 1], rows[last], by.lstrip('-')):
            last += 1
        return rows[:last]


def equal(row, other, name):
    """Is a member of two rows the same? Numbers by value."""
    return r.sort_key(dict(row)[name])[:2] == r.sort_key(dict(other)[name])[:2]


STEPS = ['sessions=.event_type == "page_view"', 'product_views=.event_type == "product_view"',
         'add_to_carts=.event_type == "add_to_cart"', 'checkout_starts=.event_type == "checkout_start"',
         'purchases=.event_type == "purchase"']


def cs_window(options, records):
    """(stream, rows)"""
    windows = Windows(options)
    return windows.run(records), list(windows.rows())


def cs_any_funnel(options, records):
    """--order=any: cs-window(1) with a preset."""
    steps = [step.split('=', 1) for step in options.get('step', STEPS)]
    member = options.get('id', 'session_id')
    aggs = [f'{name}=distinct({member}) if {expr}' for name, expr in steps]
    aggs.append(f'overall_conversion_rate=percent({steps[-1][0]},{steps[0][0]})')
    preset = dict(options, agg=aggs)
    preset.setdefault('size', '10m')
    preset.setdefault('by', 'traffic_source,device_type')
    return cs_window(preset, records)
