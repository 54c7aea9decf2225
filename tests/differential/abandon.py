"""cs-abandon(1), from its page and the comment of common/cart.h.

A visit is a session with a gap of --forget, a run one of --after. At the end of each run the visit up to there is judged.
"""
import record as r
from basket import Move, is_left
from episodes import cs_abandon_episodes
from sessionize import component, components, extreme, has_a_place, seconds
from stream import Stream


class Carts:
    """Events by id."""

    def __init__(self, options):
        self.options = options
        self.id = options.get('id', 'session_id')
        self.after = r.duration(options.get('after', '15m'))
        self.until = r.duration(options.get('until', '60m'))
        self.forget = r.duration(options.get('forget', '24h'))
        self.at = r.read_time(options['at']) if 'at' in options else None
        self.emptied = options.get('emptied', 'remove_from_cart') or ()
        self.keys = {}
        self.aside = set()
        self.stream = Stream(options)

    def take(self, event):
        """Filtered (by --where, or later than --at), late, or used."""
        if self.at is not None and event.time > self.at:
            self.stream.fate(event.place, 'filtered')
            return
        if not has_a_place(self.stream, event, self.id):
            return
        events = self.keys.setdefault(event.members[self.id], [])
        kind = event.members.get('event_type')
        event.move = None
        if self.emptied and kind in ('add_to_cart', self.emptied):
            event.move = Move(event, kind != 'add_to_cart', False)
            self.stream.counters['not_numbers'] += event.move.bad
        visit = component(event, events, self.forget)
        if event.past(visit[-1].time + self.forget):
            self.stream.fate(event.place, 'late')
            return
        run = component(event, [e for e in events if e not in self.aside], self.after)
        if event.past(run[-1].time + self.after):
            self.aside.add(event)
        events.append(event)
        self.stream.fate(event.place, 'used')

    def rows(self):
        """"Rows come by last event, then id", but for what comes after it was judged: "such a row comes out of order"."""
        found = []
        for events in self.keys.values():
            visits = components(events, self.forget)
            if self.at is not None and visits:
                found += self.standing(max(visits, key=lambda visit: visit[-1].time))
                continue
            for visit in visits:
                found += self.alerts(visit)
        found.sort(key=lambda alert: (*alert[:2], r.sort_key(alert[2][0].members[self.id])))
        return [self.row(last, so_far) for _, last, so_far in found]

    def standing(self, visit):
        """--at: "idle at TIME for longer than --after and for less than --until, with something in the cart and nothing
        bought since the id was last forgotten"."""
        last = visit[-1].time
        idle = self.at - last
        if self.after < idle < self.until and idle <= self.forget and self.wants(visit, visit):
            return [(last, last, visit)]
        return []

    def wants(self, events, new):
        """Something in the cart, of what is new, and nothing bought."""
        kinds = [e.members.get('event_type') for e in events]
        if not self.emptied:
            return 'add_to_cart' in kinds and 'purchase' not in kinds
        return 'purchase' not in kinds and is_left([e.move for e in new if e.move])

    def alerts(self, visit):
        """The first judgement of the visit that finds something in the cart and nothing bought."""
        runs = components([e for e in visit if e not in self.aside], self.after)
        ends = [(run[-1].time + self.after, 1, run[-1].time) for run in runs]
        ends += [(e.watermark, 0, None) for e in visit if e in self.aside]
        judged = set()
        for moment, is_end, last in sorted(ends, key=lambda end: end[:2]):
            known = [e for e in visit if e.watermark is None or e.watermark <= moment]
            runs = components([e for e in known if e not in self.aside], self.after)
            going = [run for run in runs if run[0].time <= moment < run[-1].time + self.after]
            so_far = [e for run in runs if run[-1].time + self.after <= moment for e in run]
            so_far += [e for e in known if e in self.aside]
            past = moment < self.stream.event_time if is_end else moment <= self.stream.event_time
            if not past or (going and not is_end):
                continue
            new = [e for e in so_far if e not in judged]
            judged.update(new)
            if self.wants(so_far, new):
                return [(moment, last if is_end else max(e.time for e in so_far), so_far)]
        return []

    def row(self, last, so_far):
        """The members of a row."""
        so_far = sorted(so_far, key=lambda e: (e.time, e.place))
        idle = self.at - last if self.at is not None else self.after
        adds = sum(e.members.get('event_type') == 'add_to_cart' for e in so_far)
        user = [('user_id', extreme(so_far, 'user_id', max))] if self.id != 'user_id' else []
        return [(self.id, so_far[0].members[self.id])] + user + [
                ('last_event_time', r.print_time(last)), ('add_to_carts', r.Num(adds)), ('converted', False),
                ('idle_seconds', seconds(idle)), ('abandoned_at', r.print_time(last + self.after))]


def cs_abandon(options, records):
    """(stream, rows)"""
    if {'transitions', 'cart'} & options.keys():
        return cs_abandon_episodes(options, records)
    carts = Carts(options)
    for event in carts.stream.run(records):
        carts.take(event)
    return carts.stream, carts.rows()
