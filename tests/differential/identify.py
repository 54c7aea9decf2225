"""cs-identify(1), from its page: every event is compared with every other one."""
import json

import record as r
from expressions import selects
from stream import Stream

JUNK = {'null', 'undefined', '0', 'none', 'nil', 'nan', 'false', 'true', 'anonymous', 'guest', 'unknown',
        '(null)', '(not set)', '\\n', '00000000-0000-0000-0000-000000000000', '[object object]'}
PAUSE = 1800 * r.SECOND


class People:
    """The events, and who they are of."""

    def __init__(self, options):
        self.options = options
        self.known = options.get('known', 'user_id')
        self.anonymous = options.get('anonymous', 'session_id').split(',')
        self.hold = r.duration(options.get('hold', '30m'))
        self.horizon = r.duration(options.get('horizon', '30d'))
        self.junk = JUNK | {word.lower() for word in options.get('junk', '').split(',')}
        self.most, self.span = None, None
        if 'bots' in options:
            most, span = ('200/1m' if options['bots'] is True else options['bots']).split('/')
            self.most, self.span = int(most), r.duration(span)
        self.stream = Stream(options)
        self.events = []

    def take(self, event, line):
        """Filtered, late behind its partition's watermark (unless all wait for the end), or used."""
        if not all(selects(text, event.members) for text in self.options.get('where', [])):
            self.stream.fate(event.place, 'filtered')
            return
        if self.hold is not None and event.past(event.time):
            self.stream.fate(event.place, 'late')
            return
        event.line = line
        event.who = self.text(event, self.known)
        event.ids = [(name, self.text(event, name)) for name in self.anonymous if self.text(event, name) is not None]
        self.events.append(event)
        self.stream.fate(event.place, 'used')

    def text(self, event, name):
        """An id as text; junk, an array, an object identify nobody."""
        value = event.members.get(name)
        if value is None or isinstance(value, (list, dict)):
            return None
        text = r.as_text(value)
        return None if self.is_junk(text) else text

    def is_junk(self, text):
        """One of the words in capitals or not, or blank."""
        return not text.strip(' \t\r\n') or lowered(text) in self.junk

    def within(self, duration, length):
        """max: always."""
        return length is None or duration <= length

    def person(self, event):
        """The table of the page."""
        if event.who is not None:
            return event.who
        for name in event.ids:
            named = [other for other in self.events if other.who is not None and name in other.ids]
            later = [other for other in named
                     if other.time >= event.time and self.within(other.time - event.time, self.hold)]
            if later:
                return min(later, key=lambda other: (other.time, other.who.encode())).who
            before = [other for other in named
                      if other.time < event.time and self.within(event.time - other.time, self.horizon)]
            if before:
                return max(before, key=lambda other: (other.time, other.who.encode())).who
        return event.ids[0][1] if event.ids else None

    def visit(self, event):
        """The events of its first id without a pause of more than 30 minutes between them, in order."""
        same = sorted(other.time for other in self.events if other.ids[:1] == event.ids[:1])
        visits = [[]]
        for time in same:
            if visits[-1] and time - visits[-1][-1] > PAUSE:
                visits.append([])
            visits[-1].append(time)
        return next(visit for visit in visits if visit[0] <= event.time <= visit[-1])

    def over(self, event):
        """When its visit had more events than are allowed first."""
        visit = self.visit(event)
        for place, time in enumerate(visit):
            if place >= self.most and time - visit[place - self.most] < self.span:
                return time
        return None

    def is_bot(self, event):
        """The whole visit, as far as its events still wait."""
        if self.most is None or not event.ids:
            return False
        over = self.over(event)
        return over is not None and self.within(over - event.time, self.hold)

    def row(self, event):
        """The event's members, and ours behind them."""
        pairs = json.loads(event.line, parse_int=r.Num, parse_float=r.Num, object_pairs_hook=lambda found: found)
        bots = [value for name, value in pairs if name == 'bot']
        has_bot = bots and bots[-1] is not None
        marked = self.is_bot(event) and not has_bot
        pairs = [(name, value) for name, value in pairs if name != 'person_id' and not (marked and name == 'bot')]
        return pairs + [('person_id', self.person(event))] + [('bot', 'rate')] * marked

    def rows(self):
        """In order of time; of the same time those without a known id first, then by known id, then by their bytes."""
        self.events.sort(key=lambda event: (event.time, event.who is not None, (event.who or '').encode(), event.line))
        return [self.row(event) for event in self.events]

    def counts(self):
        """What --stats says of ids."""
        ids = [event.members.get(name) for event in self.events for name in [self.known, *self.anonymous]]
        junk = [value for value in ids if isinstance(value, (list, dict))
                or value is not None and self.is_junk(r.as_text(value))]
        persons = [(self.person(event), event) for event in self.events]
        return {'junk_ids': len(junk), 'known_changed': self.changes(),
                'nobody': sum(person is None for person, _ in persons),
                'bots_rate': sum(('bot', 'rate') in self.row(event)[-1:] for event in self.events)}

    def changes(self):
        """Identifications that name somebody else than the one before, not longer ago than the horizon."""
        changes, last = 0, {}
        for event in self.events:
            for name in event.ids if event.who is not None else []:
                if name in last and last[name].who != event.who:
                    changes += self.within(event.time - last[name].time, self.horizon)
                last[name] = event
        return changes


def lowered(text):
    """Capitals of ASCII only."""
    return ''.join(c.lower() if c.isascii() else c for c in text)


def cs_identify(options, records):
    """(stream, rows)"""
    people = People(options)
    lines = {}

    def noted():
        for place, line, torn in records:
            lines[place] = line
            yield place, line, torn

    for event in people.stream.run(noted()):
        people.take(event, lines[event.place])
    rows = people.rows()
    people.stream.extra = people.counts()
    return people.stream, rows
