"""cs-sessionize(1), from its page alone, and what "within the gap" means for an event behind the watermark."""
import record as r
from expressions import selects
from stream import Stream

def has_a_place(stream, event, member):
    """Filtered by --where; then "an event without an id is left out and counted as no_id". It has moved event time."""
    if not all(selects(text, event.members) for text in stream.options.get('where', [])):
        stream.fate(event.place, 'filtered')
    elif event.members.get(member) is None:
        stream.reject(event.place, 'no-id')
    else:
        return True
    return False


def joined(a, b, gap):
    """Of two events, a earlier: b is at most gap after a, and came before its own partition's watermark was past a + gap."""
    if (b.time, b.place) < (a.time, a.place):
        a, b = b, a
    if a.time == b.time:
        return True
    return b.time - a.time <= gap and not b.past(a.time + gap)


def component(event, others, gap):
    """The session that the event makes with the others: all that is connected, in order of time."""
    found, rest = [event], list(others)
    grown = True
    while grown:
        near = [e for e in rest if any(joined(e, f, gap) for f in found)]
        rest = [e for e in rest if e not in near]
        found += near
        grown = bool(near)
    return sorted(found, key=lambda e: (e.time, e.place))


def components(events, gap):
    """All sessions."""
    rest, found = list(events), []
    while rest:
        session = component(rest[0], rest[1:], gap)
        found.append(session)
        rest = [e for e in rest if e not in session]
    return found


def parts(session, longest):
    """"one pass over its events in the order of time: an event more than that after the first of a part begins the next"."""
    found = []
    for event in session:
        if not found or (longest is not None and event.time - found[-1][0].time > longest):
            found.append([])
        found[-1].append(event)
    return found


class Sessions:
    """Events by id and the values of --split-by."""

    def __init__(self, options):
        self.options = options
        self.id = options.get('id', 'session_id')
        self.split = options['split-by'].split(',') if options.get('split-by') else []
        self.gap = r.duration(options.get('gap', '30m'))
        self.longest = r.duration(options.get('max-duration', '24h')) if self.gap is not None else None
        self.keys = {}
        self.stream = Stream(options)

    def take(self, event):
        """Filtered, late, or used."""
        if not has_a_place(self.stream, event, self.id):
            return
        key = tuple(r.identity(event.members.get(name)) for name in [self.id] + self.split)
        events = self.keys.setdefault(key, [])
        late = self.gap is not None and self.late(event, events)
        if not late:
            events.append(event)
        self.stream.fate(event.place, 'late' if late else 'used')

    def late(self, event, events):
        """Late Events and Long Sessions of the page."""
        session = component(event, events, self.gap)
        if event.past(session[-1].time + self.gap):
            return True
        if self.longest is None or not event.past(event.time):
            return False
        own = next(part for part in parts(session, self.longest) if event in part)
        if event.past(own[-1].time + self.gap):
            return True
        moves = self.begins(event, own) or self.joins(event, own, events)
        return moves and any(e.time - own[0].time > self.longest for e in events)

    def begins(self, event, own):
        """Would a part begin with it, or earlier because of it?"""
        return own[0].time == event.time and all(e is event or e.time > event.time for e in own)

    def joins(self, event, own, events):
        """Would it "join the session that follows to the one before it"?"""
        before = [e for e in own if (e.time, e.place) < (event.time, event.place)]
        behind = [e for e in own if (e.time, e.place) > (event.time, event.place)]
        if not before or not behind:
            return False
        return behind[0] not in component(before[-1], [e for e in events if e is not before[-1]], self.gap)

    def rows(self):
        """"Rows come by last event, then id, values of --split-by, first event"."""
        found = []
        for events in self.keys.values():
            for session in [events] if self.gap is None else components(events, self.gap):
                session = sorted(session, key=lambda e: (e.time, e.place))
                found += [part for part in parts(session, self.longest) if part]
        def place(part):
            values = [r.sort_key(part[0].members.get(name)) for name in [self.id] + self.split]
            return part[-1].time, values, part[0].time
        return [self.row(part) for part in sorted(found, key=place)]

    def row(self, part):
        """The members of a row."""
        kinds = [e.members.get('event_type') for e in part]
        viewed = sorted((e.time, e.members['product_id'].encode()) for e in part
                        if e.members.get('product_id') is not None)
        row = [('user_id', extreme(part, 'user_id', max)),
               ('traffic_source', extreme(part, 'traffic_source', min)),
               ('device_type', extreme(part, 'device_type', min)),
               ('session_start', r.print_time(part[0].time)), ('last_event_time', r.print_time(part[-1].time)),
               ('session_duration_seconds', seconds(part[-1].time - part[0].time)),
               ('total_events', r.Num(len(part)))]
        row += [(name, r.Num(kinds.count(kind))) for name, kind in
                (('page_views', 'page_view'), ('product_views', 'product_view'), ('add_to_carts', 'add_to_cart'))]
        row += [('converted', 'purchase' in kinds), ('viewed_products', [name.decode() for _, name in viewed[:10000]]),
                ('viewed_products_truncated', len(viewed) > 10000)]
        row = [(self.id, part[0].members[self.id])] + [pair for pair in row if pair[0] != self.id]
        names = [name for name, _ in row]
        return row + [(name, part[0].members.get(name)) for name in self.split if name not in names]


def extreme(events, name, choose):
    """The first (min) or last (max) value by event_time, null skipped; ties: first the smaller, last the greater."""
    known = [(e.time, r.sort_key(e.members[name]), e.members[name]) for e in events if e.members.get(name) is not None]
    return choose(known)[2] if known else None


def seconds(time):
    """With a fraction only when there is one."""
    text = f'{time // r.SECOND}.{time % r.SECOND:06d}'
    return r.Num(text.rstrip('0').rstrip('.'))


def cs_sessionize(options, records):
    """(stream, rows)"""
    sessions = Sessions(options)
    for event in sessions.stream.run(records):
        sessions.take(event)
    return sessions.stream, sessions.rows()
