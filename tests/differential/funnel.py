"""cs-funnel(1) with --order=ordered and strict, from its page alone: every attempt by itself, every order of events of one time."""
import record as r
from expressions import selects
from stream import Stream
from window import STEPS, cs_any_funnel, group_value, percent, plain

NOWHERE = float('-inf')


class Touch:
    """An event of an id: when, what it selects, in which group; watermark where it came behind it."""

    def __init__(self, event, steps, bans, group):
        self.time, self.steps, self.bans, self.group = event.time, steps, bans, group
        self.name, self.page = None, event.members.get('page_url')
        self.key = tuple(r.sort_key(value) for _, value in group + [('page_url', self.page)])
        behind = event.watermark is not None and event.time < event.watermark
        self.watermark = event.watermark if behind else NOWHERE

    def order(self):
        """In order of time, then of groups, then those that select fewer of the later steps first."""
        return self.time, self.key, sorted(self.bans, reverse=True), sorted(self.steps, reverse=True)


class Rules:
    """The steps by number, and what is asked of attempts."""

    def __init__(self, options):
        steps = [step.split('=', 1) for step in options.get('step', STEPS)]
        self.names, self.exprs = [name for name, _ in steps], [expr for _, expr in steps]
        self.strict = options['order'] == 'strict'
        self.within_text = options.get('within', '1h')
        self.within = r.duration(self.within_text)
        self.optional = {self.names.index(name) for name in options.get('optional', '').split(',') if name}
        self.bans = [self.ban(text) for text in options.get('exclude', [])]
        self.last = len(steps) - 1

    def ban(self, text):
        """EXPR[@FROM..TO]"""
        expr, _, bounds = text.partition('@')
        first, _, last = bounds.partition('..')
        return expr, self.names.index(first) if bounds else 0, self.names.index(last) if bounds else len(self.names) - 1

    def required(self, step):
        """The next step that cannot be left out."""
        step += 1
        while step in self.optional:
            step += 1
        return step


class Attempt:
    """What became of one: step -> time; voided, or over before its time."""

    def __init__(self, first):
        self.first, self.at, self.voided, self.over = first, {0: first.time}, False, False
        self.ahead = 0

    def level(self):
        """The last step that was reached."""
        return max(self.at)


def one_more(rules, reached, touch):
    """The step that an event takes an attempt to; None: to none."""
    level = max(reached)
    nearest = rules.required(level)
    if nearest in touch.steps and nearest <= rules.last:
        return nearest
    return min((step for step in range(level + 1, nearest) if step in touch.steps), default=None)


def worth(rules, reached):
    """How far that is: required steps first, then the optional ones, the earlier first."""
    return (max(step for step in reached if step not in rules.optional),
            [step in reached for step in sorted(rules.optional)])


def furthest(rules, reached, touches, begins):
    """(steps, whether the attempt is over) after events of one time, in the order that is best for it. Where it begins with
    one of them, the others may come before."""
    known = {}

    def best(reached, left):
        if (reached, left) not in known:
            ends = [(reached, False)] if begins or not left or rules.last in reached else []
            for i in left:
                step, rest = one_more(rules, reached, touches[i]), left - {i}
                if step is not None:
                    ends.append(best(reached | {step}, rest))
                elif rules.strict:
                    ends.append((reached, True))
                else:
                    ends.append(best(reached, rest))
            known[reached, left] = max(ends, key=lambda end: (*worth(rules, end[0]), not end[1]))
        return known[reached, left]

    return best(frozenset(reached), frozenset(range(len(touches))))


def moments(touches):
    """Events of one time together, in order of time."""
    times = {}
    for touch in touches:
        times.setdefault(touch.time, []).append(touch)
    return [times[time] for time in sorted(times)]


def follow(rules, first, touches):
    """The attempt that begins with an event."""
    attempt = Attempt(first)
    for moment in moments(touches):
        time = moment[0].time
        if time < first.time or time > first.time + rules.within or attempt.level() == rules.last:
            continue
        begins = time == first.time
        before = attempt.level()
        others = [touch for touch in moment if touch is not first]
        reached, over = furthest(rules, attempt.at, others, begins)
        level = max(reached)
        if not begins and any(ban in touch.bans for touch in moment
                              for ban, (_, lower, upper) in enumerate(rules.bans) if before >= lower and level < upper):
            attempt.voided = attempt.over = True
            return attempt
        for step in reached - attempt.at.keys():
            attempt.at[step] = time
        if begins:
            attempt.ahead = level
        if over:
            attempt.over = True
            return attempt
    attempt.over = attempt.level() == rules.last
    return attempt


class Counted:
    """What an id is in a window: excluded, or its best attempt; where it counts; may it still go on?"""

    def __init__(self, rules, attempts, touches, by_last, now):
        good = [attempt for attempt in attempts if not attempt.voided]
        self.excluded = not good
        best = max((attempt.level() for attempt in good), default=0)
        equals = [attempt for attempt in good if attempt.level() == best] or attempts[:1]
        self.attempt = min(equals, key=lambda a: (a.first.time, -a.ahead, a.first.order()))
        alive = any(not a.over and a.first.time + rules.within >= now for a in good)
        self.going_on = alive and best < rules.last
        self.last = self.attempt.first
        if not self.excluded and best > 0:
            self.last = min((t for t in touches if t.time == self.attempt.at[best] and best in t.steps),
                            key=lambda touch: touch.key)
        self.group = (self.last if by_last else self.attempt.first).group


class Funnel:
    """Windows, groups and ids."""

    def __init__(self, options):
        self.options, self.rules = options, Rules(options)
        self.size = r.duration(options.get('size', '10m'))
        self.by = [entry for entry in options.get('by', 'traffic_source,device_type').split(',') if entry]
        self.drops = options.get('drops') and r.duration(self.rules.within_text if options['drops'] is True else options['drops'])
        self.groups, self.touches = {}, {}
        self.stream = Stream(options)

    def start(self, time):
        """A window begins at a multiple of its size since 1970."""
        return time // self.size * self.size

    def close(self, start):
        """The watermark by which it is final, and drops have been looked for."""
        return start + self.size + self.rules.within + (self.drops or 0)

    def take(self, event):
        """Filtered, late for its own window, or used; and then late for those before whose attempts it might have helped."""
        if not all(selects(text, event.members) for text in self.options.get('where', [])):
            self.stream.fate(event.place, 'filtered')
            return
        start, mark = self.start(event.time), event.watermark if event.watermark is not None else NOWHERE
        if mark >= self.close(start) or (self.drops and event.time < mark):
            self.stream.fate(event.place, 'late')
            return
        self.stream.fate(event.place, 'used')
        group = [group_value(entry, event.members) for entry in self.by]
        self.groups.setdefault(start, {})[tuple(r.identity(value) for _, value in group)] = group
        name = event.members.get(self.options.get('id', 'session_id'))
        steps = {i for i, expr in enumerate(self.rules.exprs) if selects(expr, event.members)}
        bans = {i for i, (expr, _, _) in enumerate(self.rules.bans) if selects(expr, event.members)}
        if name is None or not (steps or bans or self.rules.strict):
            return
        touch = Touch(event, steps, bans, group)
        touch.name = name
        self.touches.setdefault(r.identity(name), []).append(touch)
        if event.time < mark:
            earlier = self.start(event.time - self.rules.within)
            while earlier < start:
                self.stream.counters['late_windows'] += self.close(earlier) <= mark
                earlier += self.size

    def counted(self, start, touches):
        """The id in that window; None: it has begun nothing there."""
        seen = sorted((t for t in touches if t.time >= start and t.watermark < self.close(start)), key=Touch.order)
        attempts = [follow(self.rules, first, seen) for first in seen
                    if 0 in first.steps and first.time < start + self.size]
        now = self.stream.event_time
        return Counted(self.rules, attempts, seen, self.options.get('attribute') == 'last', now) if attempts else None

    def dropped(self, start, touches):
        """(when, counted) of an id in a window: looked at --drops after the first attempt's begin, then after each last step."""
        firsts = sorted(t.time for t in touches if 0 in t.steps and start <= t.time < start + self.size)
        at = firsts[0] + self.drops if firsts else None
        while at is not None and at < self.stream.event_time:
            counted = self.counted(start, [touch for touch in touches if touch.time <= at])
            if counted.excluded:
                at = min((time + self.drops for time in firsts if time > at), default=None)
                continue
            level = counted.attempt.level()
            if level == self.rules.last:
                return None
            if counted.attempt.at[level] + self.drops <= at:
                return at, counted
            at = counted.attempt.at[level] + self.drops
        return None

    def drop_rows(self):
        """By when they had dropped, then by step_at, id and window."""
        found = []
        for touches in self.touches.values():
            for start in {self.start(touch.time) for touch in touches}:
                drop = self.dropped(start, touches)
                if drop:
                    step_at = drop[1].attempt.at[drop[1].attempt.level()]
                    found.append((drop[0], step_at, r.sort_key(touches[0].name), start, drop[1]))
        for at, step_at, _, start, counted in sorted(found, key=lambda drop: drop[:4]):
            level = counted.attempt.level()
            yield ([(self.options.get('id', 'session_id'), counted.attempt.first.name), ('window_start', r.print_time(start))]
                   + counted.group
                   + [('step', self.rules.names[level]), ('step_at', r.print_time(step_at)),
                      ('next_step', self.rules.names[self.rules.required(level)]), ('seconds', plain(at - step_at, 6)),
                      ('page_url', counted.last.page)])

    def rows(self):
        """"Rows come by window, then by group"."""
        for start in sorted(self.groups):
            groups, ids = dict(self.groups[start]), {}
            for touches in self.touches.values():
                counted = self.counted(start, touches)
                if counted:
                    key = tuple(r.identity(value) for _, value in counted.group)
                    groups.setdefault(key, counted.group)
                    ids.setdefault(key, []).append(counted)
            for key, group in sorted(groups.items(), key=lambda item: tuple(r.sort_key(v) for _, v in item[1])):
                yield ([('window_start', r.print_time(start)), ('window_end', r.print_time(start + self.size))]
                       + group + self.figures(ids.get(key, [])))

    def figures(self, ids):
        """What a row says of its ids."""
        rules = self.rules
        good = [counted.attempt for counted in ids if not counted.excluded]
        count = [r.Num(sum(step in attempt.at for attempt in good)) for step in range(rules.last + 1)]
        row = list(zip(rules.names, count)) + [('overall_conversion_rate', percent(count[-1], count[0]))]
        for step in range(1, rules.last + 1):
            before = max(other for other in range(step) if other not in rules.optional)
            seconds = sorted(a.at[step] - a.at[max(s for s in a.at if s < step)] for a in good if step in a.at)
            row += [(rules.names[step] + '_rate', percent(count[step], count[before])),
                    (rules.names[step] + '_seconds_median', share(seconds, 50)),
                    (rules.names[step] + '_seconds_p95', share(seconds, 95))]
        return row + [('excluded', r.Num(sum(counted.excluded for counted in ids))),
                      ('in_progress', r.Num(sum(counted.going_on for counted in ids)))]


def share(sorted_us, percent_of):
    """The smallest that at least so many percent are not greater than, in seconds."""
    if not sorted_us:
        return None
    return plain(sorted_us[max(1, -(-len(sorted_us) * percent_of // 100)) - 1], 6)


def cs_funnel(options, records):
    """(stream, rows)"""
    if options.get('order', 'any') == 'any':
        return cs_any_funnel(options, records)
    funnel = Funnel(options)
    for event in funnel.stream.run(records):
        funnel.take(event)
    return funnel.stream, list(funnel.drop_rows() if funnel.drops else funnel.rows())
