"""cs-abandon --transitions and --cart, from the page alone: every event of an id in the order of its turns, one after the
other, and the silences between them."""
import record as r
from basket import Basket, Move, bytes_key
from sessionize import has_a_place, seconds
from stream import Stream


class Episode:
    """A cart from its first addition to its end."""

    def __init__(self, start):
        self.start, self.basket, self.adds = start, Basket(), 0
        self.state, self.alert, self.step = 'open', None, 'add_to_cart'


class Histories:
    """Events by id."""

    def __init__(self, options):
        self.options = options
        self.id = options.get('id', 'session_id')
        self.after = r.duration(options.get('after', '15m'))
        self.until = r.duration(options.get('until', '60m'))
        self.forget = r.duration(options.get('forget', '24h'))
        self.at = r.read_time(options['at']) if 'at' in options else None
        self.emptied = options.get('emptied', 'remove_from_cart') or ()
        self.cart, self.all = 'cart' in options, 'transitions' in options
        self.keys = {}
        self.stream = Stream(options)

    def take(self, event):
        """Filtered, late, or used."""
        if self.at is not None and event.time > self.at:
            self.stream.fate(event.place, 'filtered')
        elif has_a_place(self.stream, event, self.id):
            if event.watermark is not None and event.time + self.forget < event.watermark:
                self.stream.fate(event.place, 'late')
                return
            event.turn = event.time if event.watermark is None else max(event.time, event.watermark)
            if self.at is not None:
                event.turn = min(event.turn, self.at)
            kind = event.members.get('event_type')
            event.move = None
            if kind in ('add_to_cart', self.emptied):
                event.move = Move(event, kind != 'add_to_cart', self.cart)
                self.stream.counters['not_numbers'] += event.move.bad
            self.keys.setdefault(event.members[self.id], []).append(event)
            self.stream.fate(event.place, 'used')

    def order(self, event):
        """The order of turns."""
        kind = event.members.get('event_type')
        ranks = {'add_to_cart': 0, self.emptied: 1, 'purchase': 4}
        if self.cart:
            ranks['checkout_start'] = 3
        return (event.turn, event.time, ranks.get(kind, 2), bytes_key(event.members.get('user_id')),
                bytes_key(event.members.get('page_url')) if self.cart else (), event.move.key() if event.move else ())

    def rows(self):
        """By the moment, then the id."""
        found = []
        for name, events in self.keys.items():
            told = self.history(name, sorted(events, key=self.order))
            found += [(moment, r.sort_key(name), number, row) for number, (moment, row) in enumerate(told)]
        return [row for _, _, _, row in sorted(found, key=lambda each: each[:3])]

    def history(self, name, events):
        """(moment, row) of an id: what became of its carts, or at --at how they stood."""
        return [each[1:] for each in self.changes(name, events) if each[0] == (self.at is not None)]

    def changes(self, name, events):
        """(is it how they stood, moment, row) of an id."""
        seen, bought, start, episode = [], None, None, None
        for event in events:
            if seen and seen[-1].turn < event.turn:
                yield from self.silence(name, episode, seen, event.turn)
                if max(e.time for e in seen) + self.forget < event.turn:
                    seen, bought, start, episode = [], None, None, None
            seen.append(event)
            kind, reason = event.members.get('event_type'), 'event'
            late = episode is not None and episode.alert is not None and event.time <= episode.alert
            end = None
            if event.move and not (bought is not None and event.time <= bought):
                if not event.move.takes:
                    if episode is None:
                        start = event.time if start is None else max(event.time, start + 1)
                        episode = Episode(start)
                    episode.adds += 1
                if episode is not None:
                    episode.basket.make(event.move)
                    if not episode.basket.lines:
                        end, reason = 'emptied', 'late' if late else 'removal'
            elif kind == 'purchase':
                bought = event.time if bought is None else max(bought, event.time)
                if episode is not None and all(line[0] <= event.time for line in episode.basket.lines):
                    end, reason = 'recovered', 'late' if late else 'purchase'
                elif episode is not None:
                    episode.basket.buy(event.time)
            elif kind == 'checkout_start' and episode is not None and event.time >= episode.start:
                episode.step = kind
            if end == 'emptied' or (end and episode.alert is not None):
                yield False, event.turn, self.row(name, episode, seen, end, reason, event.time)
            if end:
                episode = None
            elif episode is not None and episode.state in ('abandoned', 'expired') and event.time > episode.alert:
                episode.state = 'returned'
                yield False, event.turn, self.row(name, episode, seen, 'returned', 'event', event.time)
        if self.at is not None:
            yield from self.standing(name, episode, seen)
        elif seen:
            yield from self.silence(name, episode, seen, self.stream.event_time)

    def silence(self, name, episode, seen, until):
        """What comes of it that nothing is heard until then."""
        last, moment = max(e.time for e in seen), seen[-1].turn
        if episode is None:
            return
        if episode.state == 'open' and last + self.after < until:
            episode.state, episode.alert = 'abandoned', last + self.after
            yield False, max(moment, episode.alert), self.row(name, episode, seen, 'abandoned', 'idle', episode.alert)
        if episode.state in ('abandoned', 'returned') and last + self.until < until and self.until <= self.forget:
            episode.state = 'expired'
            yield False, max(moment, last + self.until), self.row(name, episode, seen, 'expired', 'idle', last + self.until)

    def standing(self, name, episode, seen):
        """--at"""
        last = max(e.time for e in seen)
        if episode is not None and self.after < self.at - last < self.until and self.at - last <= self.forget:
            episode.alert = last + self.after
            yield True, last, self.row(name, episode, seen, 'abandoned', 'idle', self.at)

    def row(self, name, episode, seen, state, reason, time):
        """The members of a row, or None."""
        last = max(e.time for e in seen)
        idle = time - last if reason == 'idle' else 0
        row = [(self.id, name)]
        if self.id != 'user_id':
            row.append(('user_id', latest(seen, 'user_id')))
        row += [('last_event_time', r.print_time(last)), ('add_to_carts', r.Num(episode.adds)),
                ('converted', state == 'recovered'), ('idle_seconds', seconds(idle)),
                ('abandoned_at', r.print_time(episode.alert) if episode.alert is not None else None)]
        if self.all:
            row.append(('state', state))
        row.append(('episode', r.print_time(episode.start)))
        if self.all:
            known = episode.alert is not None and reason != 'late'
            row += [('seconds_since_alert', seconds(time - episode.alert) if known else None), ('reason', reason)]
        if self.cart:
            row += [('cart', episode.basket.listed()), ('cart_truncated', False), ('cart_value', episode.basket.value()),
                    ('last_page', latest(seen, 'page_url')),
                    ('furthest_step', 'purchase' if state == 'recovered' else episode.step)]
        return row if self.all or state == 'abandoned' else None


def latest(events, name):
    """The last text, of one time the greatest."""
    there = [(e.time, e.members[name].encode('utf-8', 'surrogatepass'), e.members[name]) for e in events
             if e.members.get(name) is not None]
    return max(there)[2] if there else None


def cs_abandon_episodes(options, records):
    """(stream, rows)"""
    histories = Histories(options)
    for event in histories.stream.run(records):
        histories.take(event)
    return histories.stream, [row for row in histories.rows() if row is not None]
