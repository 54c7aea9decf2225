"""A line read as clickstream(7) says: EVENTS, TIMES, NUMBERS and the reasons of REJECTED AND LATE RECORDS."""
import json
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

CANONICAL = ('event_id session_id user_id event_type page_url product_id category_id search_query '
             'traffic_source campaign_id device_type event_time').split()
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = 1000000
DEPTH = 256
BYTES = 16 << 20
RFC3339 = re.compile(r'(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z| UTC|[+-]\d\d(?::?\d\d)?)?', re.A)


class Num(str):
    """A number keeps the digits it came with."""

    @property
    def value(self):
        """Its exact value."""
        return Decimal(self)

    def __eq__(self, other):
        return isinstance(other, Num) and str.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(('number', str(self)))


class Rejected(Exception):
    """The record is refused; the message is the reason."""


def reject_constant(_):
    """NaN and Infinity are not JSON."""
    raise ValueError('constant')


def parse(text):
    """Strict JSON; numbers stay text; of a repeated key the last one counts."""
    return json.loads(text, parse_int=Num, parse_float=Num, parse_constant=reject_constant)


def depth_of(text):
    """How deep brackets nest outside of strings."""
    depth = deepest = 0
    for mark in re.findall(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', text):
        depth += {'[': 1, '{': 1, ']': -1, '}': -1}.get(mark, 0)
        deepest = max(deepest, depth)
    return deepest


class Pairs(list):
    """An object with its repeated keys: a lone surrogate in a value that does not count is one all the same."""


def has_lone_surrogate(value):
    """In a string or a key, at any place."""
    if isinstance(value, (list, tuple)):
        return any(map(has_lone_surrogate, value))
    return isinstance(value, str) and any('\ud800' <= c <= '\udfff' for c in value)


def read_object(line):
    """"it must be valid JSON in valid UTF-8, without lone surrogates, nested at most 256 deep, at most 16 MiB"."""
    if len(line) > BYTES:
        raise Rejected('too-long')
    try:
        text = line.decode('utf-8')
    except UnicodeDecodeError:
        raise Rejected('bad-utf8') from None
    if depth_of(text) > DEPTH:
        raise Rejected('too-deep')
    try:
        pairs = json.loads(text, parse_int=Num, parse_float=Num, parse_constant=reject_constant,
                           object_pairs_hook=Pairs)
    except ValueError:
        raise Rejected('not-json') from None
    if has_lone_surrogate(pairs):
        raise Rejected('bad-utf8')
    value = parse(text)
    if not isinstance(value, dict):
        raise Rejected('not-an-object')
    return value


def as_text(value):
    """"A number or a boolean in a canonical member is read as its text; an array or an object there is refused"."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, Num):
        return str.__str__(value)
    if isinstance(value, (list, dict)):
        raise Rejected('bad-member')
    return value


def from_text(text, assume_utc):
    """RFC 3339 of TIMES, in microseconds."""
    match = RFC3339.fullmatch(text)
    if not match or (match[8] is None and not assume_utc):
        raise Rejected('bad-time')
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    if second > 60:
        raise Rejected('bad-time')
    try:
        moment = datetime(year, month, day, hour, minute, 0, tzinfo=timezone.utc)
    except ValueError:
        raise Rejected('bad-time') from None
    return ((moment - EPOCH) // timedelta(microseconds=1) + second * SECOND
            + int(((match[7] or '') + '000000')[:6]) - zone_us(match[8]))


def zone_us(zone):
    """How far the zone is ahead of UTC."""
    if zone is None or zone in ('Z', ' UTC'):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(':') or 0)
    if hours > 23 or minutes > 59:
        raise Rejected('bad-time')
    return (hours * 60 + minutes) * 60 * SECOND * (-1 if zone[0] == '-' else 1)


def from_number(value, unit):
    """Seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else nanoseconds; finer digits cut off."""
    size = abs(value)
    if unit is None:
        unit = 's' if size < 10 ** 11 else 'ms' if size < 10 ** 14 else 'us' if size < 10 ** 17 else 'ns'
    return Fraction(value) * {'s': 10 ** 9, 'ms': 10 ** 6, 'us': 1000, 'ns': 1}[unit] // 1000


def read_time(value, unit=None, assume_utc=False):
    """The event's time in microseconds since 1970."""
    if value is None:
        raise Rejected('no-time')
    if isinstance(value, (list, dict)):
        raise Rejected('bad-member')
    if isinstance(value, bool):
        raise Rejected('bad-time')
    if isinstance(value, Num) or re.fullmatch('[0-9]+', value):
        number = Decimal(str.__str__(value))
        if number.adjusted() > 30:
            raise Rejected('bad-time')
        time = from_number(number, unit)
    else:
        time = from_text(value, assume_utc)
    if not -62135596800 * SECOND <= time < 253402300800 * SECOND:
        raise Rejected('bad-time')
    return time


def print_time(time):
    """"printed in UTC, with six digits where they are not whole milliseconds"."""
    moment = EPOCH + timedelta(microseconds=time)
    fraction = f'{time % SECOND:06d}'
    return moment.strftime('%Y').zfill(4) + moment.strftime('-%m-%dT%H:%M:%S.') + (
        fraction[:3] if fraction.endswith('000') else fraction) + 'Z'


def duration(text):
    """500ms 30s 15m 2h 1d 1h30m, in microseconds; max and none are None."""
    if text in ('max', 'none'):
        return None
    units = {'ms': 1000, 's': SECOND, 'm': 60 * SECOND, 'h': 3600 * SECOND, 'd': 86400 * SECOND}
    return sum(int(n) * units[u] for n, u in re.findall(r'(\d+)(ms|s|m|h|d)', text))


def sort_key(value):
    """"Values sort null, false, true, numbers, strings by their bytes, then the rest"."""
    if value is None:
        return (0,)
    if isinstance(value, bool):
        return (2,) if value else (1,)
    if isinstance(value, Num):
        return (3, value.value, str.__str__(value))
    if isinstance(value, str):
        return (4, value.encode('utf-8', 'surrogatepass'))
    return (5, json_text(value).encode('utf-8', 'surrogatepass'))


def json_text(value):
    """As rows have it."""
    if isinstance(value, Num):
        return str.__str__(value)
    if isinstance(value, list):
        return '[' + ','.join(map(json_text, value)) + ']'
    if isinstance(value, dict):
        return '{' + ','.join(json_text(name) + ':' + json_text(item) for name, item in value.items()) + '}'
    return json.dumps(value, ensure_ascii=False)


def identity(value):
    """Equal for equal values only: null, "", 1 and "1" differ, and so do 1 and 1.0."""
    if isinstance(value, Num):
        return ('number', str.__str__(value))
    if isinstance(value, str):
        return ('string', value)
    return ('other', json.dumps(value))
