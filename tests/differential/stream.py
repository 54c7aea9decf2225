"""What comes before every analysis: clickstream(7), SHARED OPTIONS, EVENT TIME and COUNTERS.

A record is duplicate, rejected, filtered, late or used. Stream decides the first two, moves event time, and hands on the
events that are left; filtered and late is decided by whoever asks.
"""
import re
import time as clock
from collections import Counter
import record as r

NUMBER = re.compile(r'-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?')

def now_us():
    """The wall clock: nothing in the cases is near it."""
    return int(clock.time() * r.SECOND)


def numbered(members, name):
    """--number: "members that are numbers though the input has them as text. Text that is no number stays text"."""
    value = members.get(name)
    if isinstance(value, str) and not isinstance(value, r.Num) and NUMBER.fullmatch(value):
        members = dict(members, **{name: r.Num(value)})
    return members


class Event:
    """One that was neither duplicate nor rejected; watermark is its own partition's before it (None: none yet)."""

    def __init__(self, place, members, time):
        self.place, self.members, self.time = place, members, time
        self.partition, self.watermark = place[1], None

    def past(self, moment):
        """Is the watermark past the moment?"""
        return self.watermark is not None and self.watermark > moment


class Partition:
    """Its event time, the event --max-jump holds, the last offset."""

    def __init__(self):
        self.time = self.held = self.offset = None


class Stream:
    """The records of a case, one after the other."""

    def __init__(self, options):
        get = lambda name, default: r.duration(options.get(name, default))
        self.options = options
        self.lateness, self.jump, self.dedup = get('lateness', '30s'), get('max-jump', '1d'), get('dedup', '0s')
        self.partitions, self.passed, self.frontier = {}, {}, None
        if 'partitions' in options:
            for number in range(int(options['partitions'][2:]) + 1):
                self.partition(number)
        self.counters = Counter()
        self.fates, self.reasons = {}, Counter()
        self.event_time = None
        self.disorder = 0

    def partition(self, number):
        """A partition's first record makes it."""
        return self.partitions.setdefault(number, Partition())

    def run(self, records):
        """Yields the events that pass, in the order in which they do; at the end those that are held."""
        for place, line, torn in records:
            yield from self.take(place, line, torn)
        for number in sorted(self.partitions):
            part = self.partitions[number]
            if part.held:
                held, part.held = part.held, None
                yield self.passes(part, held)

    def take(self, place, line, torn):
        """One record: at an offset read before it is a duplicate, whatever is in it."""
        part = self.partition(place[1])
        if place[2] is not None:
            if part.offset is not None and place[2] <= part.offset:
                self.fate(place, 'duplicate')
                return
            if part.offset is not None:
                self.counters['gaps'] += place[2] - part.offset - 1
            part.offset = place[2]
        try:
            event = self.read(place, line)
        except r.Rejected as reason:
            self.reject(place, 'torn' if torn and str(reason) != 'future' else str(reason))
            return
        if self.repeats(part, event):
            self.fate(place, 'duplicate')
            return
        yield from self.jumps(part, event)

    def read(self, place, line):
        """The line as an event, or the reason why it is none."""
        members = r.read_object(line)
        field = self.options.get('time-field', 'event_time')
        for name in r.CANONICAL:
            if name in members and name != field:
                members[name] = r.as_text(members[name])
        time = r.read_time(members.get(field), self.options.get('time-unit'), 'assume-utc' in self.options)
        ahead = r.duration(self.options.get('max-ahead', '1h'))
        if ahead and time > now_us() + ahead:
            raise r.Rejected('future')
        for name in self.options.get('number', '').split(','):
            members = numbered(members, name)
        return Event(place, members, time)

    def repeats(self, part, event):
        """--dedup: "an event whose event_id was passed before with an event time at most DUR away"; the last two times
        of an id, each until the watermark is that far past it. What is held has been passed."""
        name = event.members.get('event_id')
        if not self.dedup or name is None:
            return False
        times = [time for time in self.passed.get(name, []) if not self.gone(part, time)]
        if part.held and part.held.members.get('event_id') == name:
            times.append(part.held.time)
        return any(abs(event.time - time) <= self.dedup for time in times)

    def gone(self, part, time):
        """Is the watermark more than --dedup past it?"""
        marks = [self.frontier] * (self.frontier is not None)
        if self.lateness is not None and part.time is not None:
            marks.append(part.time - self.lateness)
        return bool(marks) and max(marks) > time + self.dedup

    def jumps(self, part, event):
        """--max-jump: "hold an event that is further ahead of its partition's event time until the next valid one has
        come: if that one is ahead, too, it is kept; else it is refused. A partition's first event is held against its
        second"."""
        if part.held:
            held, part.held = part.held, None
            if self.confirms(part, held, event):
                yield self.passes(part, held)
            else:
                self.reject(held.place, 'future')
                if part.time is None:
                    yield self.passes(part, event)
                    return
        if self.jump and (part.time is None or event.time > part.time + self.jump):
            part.held = event
            return
        yield self.passes(part, event)

    def confirms(self, part, held, event):
        """Is the next valid one ahead, too? Of a first event: is it not far ahead of the second?"""
        if part.time is None:
            return held.time <= event.time + self.jump
        return event.time > part.time + self.jump

    def passes(self, part, event):
        """It moves its partition's event time; its watermark is the one before."""
        if self.dedup and event.members.get('event_id') is not None:
            times = self.passed.setdefault(event.members['event_id'], [])
            times[:] = sorted(times)[-1:] + [event.time]
        if part.time is not None:
            self.disorder = max(self.disorder, part.time - event.time)
            if self.lateness is not None:
                event.watermark = part.time - self.lateness
        if self.frontier is not None:
            event.watermark = self.frontier if event.watermark is None else max(event.watermark, self.frontier)
        part.time = event.time if part.time is None else max(part.time, event.time)
        self.advance()
        self.event_time = part.time if self.event_time is None else max(part.time, self.event_time)
        return event

    def advance(self):
        """The smallest watermark of the partitions that are known: what has closed by it is closed for a new one, too."""
        times = [part.time for part in self.partitions.values()]
        if self.lateness is not None and None not in times:
            smallest = min(times) - self.lateness
            self.frontier = smallest if self.frontier is None else max(self.frontier, smallest)

    def fate(self, place, fate):
        """Every record is one of five things."""
        assert place not in self.fates
        self.fates[place] = fate
        self.counters[fate] += 1
        self.counters['read'] += 1

    def reject(self, place, reason):
        """Refused for that reason."""
        self.fate(place, 'rejected')
        self.reasons[reason] += 1
        if reason == 'no-id':
            self.counters['no_id'] += 1
