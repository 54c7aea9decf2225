"""cs-sessionize(1), from its page alone, and what "within the gap" means for an event behind the watermark."""
from datetime import timedelta
from zoneinfo import ZoneInfo
import record as r
from expressions import selects
from stream import Stream
from window import Spec, aggregated, not_numbers

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
        self.split_on = options['split-on'].split(',') if options.get('split-on') else []
        zone = options.get('split-at-midnight')
        self.zone = None if zone is None else ZoneInfo('UTC' if zone is True else zone)
        self.longest = r.duration(options.get('max-duration', '24h')) if self.gap is not None else None
        self.specs = [Spec(text) for text in options.get('agg', [])]
        self.keys = {}
        self.stream = Stream(options)

    def take(self, event):
        """Filtered, late, or used."""
        if not has_a_place(self.stream, event, self.id):
            return
        key = tuple(r.identity(event.members.get(name)) for name in [self.id] + self.split)
        events = self.keys.setdefault(key, [])
        if self.split_on or self.zone:
            late = event.watermark is not None and event.time < event.watermark
        else:
            late = self.gap is not None and self.late(event, events)
        if not late:
            events.append(event)
            self.stream.counters['not_numbers'] += not_numbers(self.specs, event)
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
            if self.split_on or self.zone:
                found += self.one_pass(events)
                continue
            for session in [events] if self.gap is None else components(events, self.gap):
                session = sorted(session, key=lambda e: (e.time, e.place))
                cut = [part for part in parts(session, self.longest) if part]
                found += [(part, self.closed_by(part, part is not cut[-1])) for part in cut]
        def place(item):
            part = item[0]
            values = [r.sort_key(part[0].members.get(name)) for name in [self.id] + self.split]
            return part[-1].time, values, part[0].time
        rows, before = [], {}
        for part, closed_by in sorted(found, key=place):
            key = tuple(r.identity(part[0].members.get(name)) for name in [self.id] + self.split)
            last, number = before.get(key, (None, 0))
            if last is None or part[0].time - last > r.duration(self.options.get('remember', '24h')):
                number = 0
            before[key] = part[-1].time, number + 1
            rows += self.rows_of(part, closed_by, number + 1)
        return rows

    def one_pass(self, events):
        """[part, closed_by], by "Sessions that are split" of the manual."""
        def place(event):
            return event.time, [r.sort_key(event.members.get(name)) for name in self.split_on]
        found, values = [], {}
        for event in sorted(events, key=place):
            why = self.ends(found[-1][0], values, event) if found else 'gap'
            if why:
                if found and why != 'gap':
                    found[-1][1] = why
                found.append([[], None])
                values = {}
            found[-1][0].append(event)
            for name in self.split_on:
                if event.members.get(name) is not None:
                    values[name] = event.members[name]
        return [(part, why or self.closed_by(part, False)) for part, why in found]

    def ends(self, part, values, event):
        """Why the event does not go on with the part; None: it does."""
        if self.gap is not None and event.time - part[-1].time > self.gap:
            return 'gap'
        if self.longest is not None and event.time - part[0].time > self.longest:
            return 'max'
        if self.zone and self.day(part[0]) != self.day(event):
            return 'midnight'
        for name in self.split_on:
            value = event.members.get(name)
            if value is not None and name in values and r.identity(values[name]) != r.identity(value):
                return 'split'
        return None

    def day(self, event):
        """Its date where the zone is."""
        return (r.EPOCH + timedelta(microseconds=event.time)).astimezone(self.zone).date()

    def closed_by(self, part, goes_on):
        """The table of "What ends a session"."""
        if goes_on:
            return 'max'
        past = self.gap is not None and self.stream.event_time > part[-1].time + self.gap
        return 'gap' if past else 'end'

    def rows_of(self, part, closed_by, number):
        """One, or with --pages one for each page."""
        pages, cut = pages_of(part, r.duration(self.options.get('page-cap', '30m')))
        if 'pages' in self.options:
            return [self.page_row(part, pages, i) for i in range(len(pages))]
        row, rest = self.row(part)
        if 'detail' in self.options:
            row += detail(part, pages, number, closed_by, cut)
        if 'path' in self.options:
            most = 200 if self.options['path'] is True else int(self.options['path'])
            row += [('path', [{'page_url': url, 'at': r.print_time(at), 'seconds': time}
                              for url, at, time in [told(page) for page in pages[:most]]]),
                    ('path_truncated', len(pages) > most or cut)]
        return [with_rest(row, rest)]

    def page_row(self, part, pages, i):
        """A row of --pages."""
        url, at, time = told(pages[i])
        row, rest = self.row(part)
        row = [pair for pair in row if pair[0] in (self.id, 'user_id', 'traffic_source', 'device_type')]
        row += [('number', r.Num(i + 1)), ('page_url', url),
                ('previous_page', pages[i - 1][0] if i > 0 else None),
                ('next_page', pages[i + 1][0] if i + 1 < len(pages) else None),
                ('at', r.print_time(at)), ('seconds', time), ('entry', i == 0), ('exit', i + 1 == len(pages)),
                ('pages_truncated', False)]
        return with_rest(row, rest)

    def row(self, part):
        """The members of a row; and those that come behind them and all others, unless they are there already."""
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
        return row, [(name, extreme(part, name, min)) for name in self.split_on] + aggregated(self.specs, part) + [(name, part[0].members.get(name)) for name in self.split]


def with_rest(row, rest):
    """A row with those of --split-by that it has not."""
    for pair in rest:
        if pair[0] not in [name for name, _ in row]:
            row = row + [pair]
    return row


def pages_of(part, cap):
    """[page_url, at, seconds] of each page; and were there more events than are looked at? By "Pages" of the manual."""
    def place(event):
        url = event.members.get('page_url')
        return event.time, url is not None, (url or '').encode(), event.members.get('event_type') != 'page_view'
    known = [e for e in part
             if e.members.get('page_url') is not None or e.members.get('event_type') == 'page_view']
    known.sort(key=place)
    entries, said = [], None
    for event in known[:10000]:
        url = event.members.get('page_url')
        if event.members.get('event_type') == 'page_view' or (url is not None and url != said):
            entries.append(event)
        said = said if url is None else url
    pages = []
    for i, event in enumerate(entries):
        until = entries[i + 1].time if i + 1 < len(entries) else part[-1].time
        time = until - event.time if cap is None else min(until - event.time, cap)
        unknown = i + 1 == len(entries) and (until == event.time or len(known) > 10000)
        pages.append((event.members.get('page_url'), event.time, None if unknown else time))
    return pages, len(known) > 10000


def told(page):
    """A page as it is printed."""
    return page[0], page[1], None if page[2] is None else seconds(page[2])


def detail(part, pages, number, closed_by, cut):
    """What --detail adds."""
    kinds = [e.members.get('event_type') for e in part]
    row = [(name, r.Num(kinds.count(kind))) for name, kind in
           (('checkout_starts', 'checkout_start'), ('purchases', 'purchase'), ('searches', 'search'))]
    return row + [('campaign_id', extreme(part, 'campaign_id', min)), ('entry_page', extreme(part, 'page_url', min)),
                  ('exit_page', extreme(part, 'page_url', max)), ('pages', r.Num(len(pages))), ('bounce', len(part) == 1),
                  ('engaged_seconds', seconds(sum(page[2] or 0 for page in pages))), ('session_number', r.Num(number)),
                  ('closed_by', closed_by), ('pages_truncated', cut)]


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
