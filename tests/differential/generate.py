"""Random small adversarial cases: options of a tool, and 5 to 60 records."""
import json
import random
import record as r

BASE = 1767225600 * r.SECOND  # 2026-01-01
MINUTE = 60 * r.SECOND
KINDS = 'page_view product_view add_to_cart add_to_cart purchase purchase checkout_start remove_from_cart search'.split()
TOOLS = 'window funnel sessionize abandon anomaly identify'.split()
BAD = [b'x', b'{', b'[1]', b'1', b'"s"', b'null', b'{"a":1,}', b'\x00',
       b'{"event_time":"2026-01-01T00:00:00Z","x":"\xff"}', b'{"event_time":"2026-01-01T00:00:00Z","x":"\\ud800"}',
       b'{"event_time":"2026-01-01T00:00:00Z","x":"\\udc00\\ud800"}', b'{"event_time":"2026-01-01T00:00:00Z","x":01}',
       b'{"event_time":"2026-01-01T00:00:00Z","x":NaN}', b'{"event_time":"2026-01-01T00:00:00Z"} x', b'{}',
       b'{"event_time":null}', b'{"event_time":""}', b'{"event_time":true}', b'{"event_time":[]}',
       b'{"event_time":"2026-01-01T24:00:00Z"}', b'{"event_time":"2026-01-01"}', b'{"event_time":"2026-02-29T00:00:00Z"}',
       b'{"event_time":"2026-01-01T00:00:00Z","session_id":["a"]}', b'{"event_time":"2026-01-01T00:00:00Z","x":"\t"}',
       b'{"event_time":"2026-01-01T00:00:00Z","event_type":{}}', b'{"event_time":"2026-01-01T00:00:00Z","user_id":{"a":1}}',
       b'{"event_time":"2026-01-01T00:00:00Z","x":' + b'[' * 256 + b']' * 256 + b'}',
       b'{"event_time":"2026-01-01T00:00:00Z","x":1e}', b'{"event_time":"2026-01-01T00:00:00Z","x":"\xed\xa0\x80"}',
       b'{"event_time":"2026-01-01T00:00:00Z","x":"\xc0\xaf"}', b'{"x":1 "y":2}', b'{"event_time":"x"}', b'{"event_time":1e30}']
BLANK = [b'', b' ', b'\r', b' \t']
NUMBERS = ('0 1 1 2 3 -1 -2 1.0 1.5 0.1 0.000000001 0.0000000004 0.0000000005 -0.0000000005 1e2 1E-3 -0 100000000000000000000 '
           '99999999999999999999999999999 1e27 -1e28 1e29 -1e29 1.7e29 -1.7e29 1e30 1e300 -1e300 1e-300 9007199254740993 '
           '9007199254740992 0.3333333333 1234567890.123456789').split()
WORDS = ['a', 'b', 'A', '', 'İ', 'ΑΣ', 'ß', 'Ǆ', 'é', 'É', '\U00010400', '\u0000', '\x7f', '"\\', '1', 'null', '日本', 'ẞ', 'K', 'Å']


class Case:
    """A tool, its options, its records: (partition, offset, line) each; torn: the last one has no newline."""

    def __init__(self, tool, options, records, torn=False, shape='plain'):
        self.tool, self.options, self.records, self.torn, self.shape = tool, options, records, torn, shape

    def with_records(self, records):
        """The same with other records."""
        return Case(self.tool, self.options, records, self.torn, self.shape)

    def without(self, *names):
        """The same without these options."""
        options = {name: value for name, value in self.options.items() if name not in names}
        return Case(self.tool, options, self.records, self.torn, self.shape)

    def bytes(self, frames=None):
        """As the tool reads it."""
        framed = self.shape != 'plain' if frames is None else frames
        lines = [framed_line(self.shape, *record) if framed else record[2] for record in self.records]
        return b''.join(line + b'\n' for line in lines)[:-1 if self.torn else None]

    def argv(self):
        """The tool and its options."""
        return ['cs-' + self.tool] + [option for name, value in self.options.items() for option in spelled(name, value)]


def framed_line(shape, partition, offset, line):
    """PARTITION, tab, OFFSET, tab, event; or the envelope of kcat -J."""
    if shape != 'envelope':
        return b'%d\t%d\t%s' % (partition, offset, line)
    return json.dumps({'topic': 't', 'partition': partition, 'offset': offset, 'key': None,
                       'payload': line.decode('utf-8', 'replace')}, ensure_ascii=False).encode()


def spelled(name, value):
    """An option as words."""
    if value is True:
        return ['--' + name]
    return [f'--{name}={item}' for item in (value if isinstance(value, list) else [value])]


def some(rng, chance, value):
    """The value by chance, else nothing."""
    return value if rng.random() < chance else None


def shared_options(rng):
    """--lateness, --max-jump, --max-ahead, --dedup, --where, how times stand, --number."""
    options = {'max-ahead': '0s', 'lateness': rng.choice(['0s', '0s', '30s', '1m', '5m', '10m', 'max'])}
    if rng.random() < 0.5:
        options['max-jump'] = rng.choice(['0s', '1h', '1h', '30m', '1d'])
    if rng.random() < 0.3:
        options['dedup'] = rng.choice(['1m', '5m', '1h'])
    if rng.random() < 0.15:
        del options['max-ahead']  # 1h; the far future is refused, 2026 is not
    if rng.random() < 0.1:
        options.update(rng.choice([{'time-field': 'at'}, {'assume-utc': True}, {'time-unit': 'ms'}, {'time-unit': 'us'}]))
    if rng.random() < 0.1:
        options['number'] = 'x'
    if rng.random() < 0.25:
        options['where'] = rng.sample(CONDITIONS, rng.choice([1, 1, 2]))
    return options


CONDITIONS = ['.event_type == "page_view"', '.x > 1', '.x != null', '.event_type == "page_view" | not',
              '.product_id != null and .event_type != "purchase"', '.device_type == null or (.x == "a")']
AGGS = ['n=count', 'c=count(x)', 'd=distinct(x)', 's=sum(x)', 'a=avg(x)', 'lo=min(x)', 'hi=max(x)', 'f=first(x)',
        'l=last(x)', 'ids=distinct(session_id)', 'pages=count if .event_type == "page_view"',
        'ad=approx_distinct(x)', 'three=list(x,3)', 'li=list(user_id,2) if .x != null', 'sd=stddev(x)', 'md=median(x)', 'q9=quantile(x,0.9)', 'q0=quantile(x,0)', 'two=top(x,2)', 'tu=top(user_id,1) if .x > 1', 'an=any(x)', 'al=all(x) if .x > 1',
        'fu=first(user_id)', 'lu=last(user_id) if .x != null', 'big=sum(x) if .x > 1', 'cu=count(user_id)']
BYS = ['x', 'device_type', 'traffic_source', 't=lower(x)', 'dl=lower(traffic_source)', 'session_id', 'y=x', 'y']


def window_options(rng):
    """--size, --slide, --offset, --by, --agg, --order-by, --top."""
    size, slide = rng.choice([('10m', None), ('5m', None), ('10m', '5m'), ('10m', '3m'), ('1h', '20m'), ('7m', '7m'),
                              ('10m', '1m'), ('5m', '30s'), ('1m', '10s')])
    options = {'size': size, 'agg': rng.sample(AGGS, rng.randint(1, 5))}
    if rng.random() < 0.25:
        size, slide = rng.choice('1w 2w 1mo 3mo 1y all'.split()), None
        if rng.random() < 0.5 and size != 'all':
            size = rng.choice([size, '1d', '3d'])
            options['tz'] = rng.choice(['America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'UTC'])
        options['size'] = size
    if slide:
        options['slide'] = slide
    if options['size'] != 'all' and rng.random() < 0.2:
        options['offset'] = rng.choice(['1m', '90s', '23h'])
    if rng.random() < 0.7:
        options['by'] = ','.join(unique_names(rng.sample(BYS, rng.choice([1, 1, 2]))))
    names = [agg.split('=')[0] for agg in options['agg'] if any(f in agg for f in ('count', 'distinct', 'sum'))]
    if len(names) > 1 and rng.random() < 0.5:
        options['agg'].append(f'p=percent({names[0]},{names[1]})')
    if rng.random() < 0.2:
        options['order-by'] = rng.choice(['', '-']) + rng.choice(options['agg']).split('=')[0]
        if rng.random() < 0.5:
            options['top'] = rng.choice(['1', '2'])
            if rng.random() < 0.5:
                options['ties'] = True
    if rng.random() < 0.2:
        names = [agg.split('=')[0] for agg in options['agg']]
        options['having'] = [f'.{rng.choice(names)} {rng.choice(["> 1", "> 0", "> 2", "!= null"])}'
                             for _ in range(rng.choice([1, 1, 2]))]
    return options


def unique_names(entries):
    """Not two of one name."""
    seen = {}
    for entry in entries:
        seen.setdefault(entry.split('=')[0], entry)
    return list(seen.values())


def funnel_options(rng):
    """--size, --by, --step, --id."""
    options = {}
    if rng.random() < 0.5:
        options['size'] = rng.choice(['5m', '1h'])
    if rng.random() < 0.5:
        options['by'] = rng.choice(['', 'x', 'device_type'])
    if rng.random() < 0.4:
        options['step'] = ['one=' + rng.choice(CONDITIONS), 'two=' + rng.choice(CONDITIONS)]
    if rng.random() < 0.2:
        options['id'] = rng.choice(['user_id', 'x'])
    if rng.random() < 0.6:
        ordered_options(rng, options)
    return options


# Midnights where the clock is changed that day, at midnight, or not at all.
MIDNIGHTS = {'UTC': ['2025-06-01T00:00:00Z'], 'Europe/Berlin': ['2025-03-29T23:00:00Z', '2025-03-30T22:00:00Z', '2025-10-25T22:00:00Z', '2025-10-26T23:00:00Z'],
             'Asia/Kolkata': ['2025-06-01T18:30:00Z'], 'America/St_Johns': ['2025-03-09T03:30:00Z', '2025-11-02T02:30:00Z'],
             'Asia/Beirut': ['2025-03-29T22:00:00Z', '2025-10-25T21:00:00Z', '2025-10-25T22:00:00Z'],
             'America/Havana': ['2025-03-09T05:00:00Z', '2025-11-02T04:00:00Z', '2025-11-02T05:00:00Z'],
             'America/Sao_Paulo': ['2018-11-04T03:00:00Z', '2018-02-18T02:00:00Z', '2018-02-18T03:00:00Z']}


def ordered_options(rng, options):
    """--order, and what goes with it: steps that repeat and overlap, too."""
    options['order'] = rng.choice(['ordered', 'ordered', 'strict'])
    if rng.random() < 0.7:
        count = rng.randint(1, 5)
        options['step'] = [f's{i}=' + rng.choice(CONDITIONS + KIND_CONDITIONS * 2) for i in range(count)]
    names = [step.split('=')[0] for step in options.get('step', FUNNEL_STEPS)]
    if rng.random() < 0.8:
        options['within'] = rng.choice(['1ms', '30s', '1m', '5m', '10m', '1h'])
    if options['order'] == 'ordered' and len(names) > 2 and rng.random() < 0.5:
        options['optional'] = ','.join(rng.sample(names[1:-1], rng.randint(1, len(names) - 2)))
    if len(names) > 1 and rng.random() < 0.5:
        required = [name for name in names if name not in options.get('optional', '').split(',')]
        first, last = sorted(rng.sample(range(len(required)), 2))
        options['exclude'] = [rng.choice(CONDITIONS + KIND_CONDITIONS) + rng.choice(['', f'@{required[first]}..{required[last]}'])
                              for _ in range(rng.choice([1, 1, 2]))]
    if rng.random() < 0.3:
        options['attribute'] = rng.choice(['first', 'last'])
    if rng.random() < 0.25 and options.get('id') != options.get('by', ''):
        options['drops'] = rng.choice([True, '30s', '5m', '20m'])


FUNNEL_STEPS = ['sessions', 'product_views', 'add_to_carts', 'checkout_starts', 'purchases']
KIND_CONDITIONS = [f'.event_type == "{kind}"' for kind in 'page_view product_view add_to_cart checkout_start purchase'.split()]


def sessionize_options(rng):
    """--gap, --max-duration, --split-by, --id, and what rows have."""
    options = {}
    if rng.random() < 0.8:
        options['gap'] = rng.choice(['1m', '5m', '10m', 'none'])
    if rng.random() < 0.5 and options.get('gap') != 'none':
        options['max-duration'] = rng.choice(['20m', '25m', '40m', 'none'])
    if rng.random() < 0.3:
        options['split-by'] = rng.choice(['device_type', 'user_id,x', 'x'])
    if rng.random() < 0.2:
        options['id'] = rng.choice(['user_id', 'x'])
    if rng.random() < 0.4:
        options['split-on'] = rng.choice(['campaign_id', 'x', 'campaign_id,user_id', 'traffic_source,x'])
    if rng.random() < 0.25:
        zone = rng.choice(list(MIDNIGHTS))
        options['split-at-midnight'] = True if zone == 'UTC' else zone
    options.update(visit_options(rng))
    if 'pages' not in options and rng.random() < 0.4:
        options['agg'] = [agg.replace('pages=', 'views=') for agg in rng.sample(AGGS, rng.randint(1, 5)) if 'top(' not in agg]
        names = [agg.split('=')[0] for agg in options['agg'] if any(f in agg for f in ('count', 'distinct', 'sum'))]
        if len(names) > 1:
            options['agg'].append(f'p=percent({names[0]},{names[1]})')
    return options


def visit_options(rng):
    """--detail, --path, --pages and what goes with them."""
    options, shape = {}, rng.choice(['plain', 'plain', 'detail', 'path', 'both', 'pages'])
    if shape in ('detail', 'both'):
        options['detail'] = True
        if rng.random() < 0.6:
            options['remember'] = rng.choice(['0s', '1m', '5m', '2h'])
    if shape in ('path', 'both'):
        options['path'] = rng.choice([True, '1', '3'])
    if shape == 'pages':
        options['pages'] = True
    if shape != 'plain' and rng.random() < 0.5:
        options['page-cap'] = rng.choice(['1s', '1m', '5m', 'none'])
    return options


def abandon_options(rng):
    """--after, --until, --forget, --id, --emptied, --transitions, --cart, --at."""
    options = {'after': rng.choice(['1m', '5m', '10m']), 'until': '20m'}
    if rng.random() < 0.7:
        options['forget'] = rng.choice(['11m', '20m', '30m'])
    if rng.random() < 0.2:
        options['id'] = 'user_id'
    if rng.random() < 0.25:
        options['at'] = r.print_time(BASE + rng.choice([10, 20, 30, 45]) * MINUTE)
    elif rng.random() < 0.5:
        options['transitions'] = True
    if rng.random() < 0.4:
        options['cart'] = True
    if rng.random() < 0.2:
        options['emptied'] = rng.choice(['', 'search'])
    return options


def anomaly_rules(rng):
    """--method and its own, --threshold, --min-baseline, --min-value, --sigma, --incidents, --clear."""
    options = {}
    if rng.random() < 0.5:
        options['method'] = rng.choice(['mean', 'median', 'median', 'seasonal', 'seasonal'])
    if options.get('method') == 'seasonal':
        options['season'] = rng.choice(['15m', '30m'])
        if rng.random() < 0.7:
            options['seasons'] = rng.choice(['1', '2', '3'])
    elif rng.random() < 0.8:
        options['baseline'] = rng.choice(['10m', '11m', '20m', '30m'])
    if rng.random() < 0.5:
        options['threshold'] = rng.choice(['0', '10', '33.3', '100'])
    if rng.random() < 0.7:
        options['min-baseline'] = rng.choice(['1', '1', '1', '2'])
    if rng.random() < 0.7:
        options['sigma'] = rng.choice(['0', '0', '0', '0.5', '1', '3'])
    if rng.random() < 0.4:
        options['min-value'] = rng.choice(['0', '1', '2', '2.5', '100'])
    if rng.random() < 0.5:
        options['incidents'] = True
        if rng.random() < 0.4:
            options['clear'] = rng.choice(['0', '5', options.get('threshold', '50')])
            if float(options['clear']) > float(options.get('threshold', '50')):
                del options['clear']
    return options


def anomaly_options(rng):
    """--size, --value, --by, --all, and the rules."""
    options = dict(anomaly_rules(rng), size=rng.choice(['5m', '1m', '3m']))
    if options.get('min-baseline') == '2' and (options.get('baseline') in ('10m', '11m') or options.get('seasons') == '1'):
        options['min-baseline'] = '1'
    if rng.random() < 0.6:
        options['value'] = rng.choice(['n=count', 's=sum(x)', 'd=distinct(user_id)', 'a=avg(x)',
                                       'p=count if .event_type == "page_view"', 'm=max(x)'])
    if rng.random() < 0.4:
        options['by'] = rng.choice(['device_type', 'x'])
    if rng.random() < 0.85:
        options['all'] = True
    return options


def identify_options(rng):
    """--anonymous, --known, --hold, --horizon, --junk, --bots."""
    options = {}
    if rng.random() < 0.85:
        options['hold'] = rng.choice(['0s', '1m', '5m', '5m', '10m', 'max'])
    for name, chance, values in (('horizon', 0.5, ['0s', '1m', '5m', '10m', 'max']),
                                 ('anonymous', 0.6, ['session_id,device_type', 'x,session_id', 'device_type', 'x']),
                                 ('junk', 0.2, ['u2,S1', 'mobile']), ('bots', 0.5, ['1/1m', '2/1m', '3/30m', '2/5m', True])):
        if rng.random() < chance:
            options[name] = rng.choice(values)
    if rng.random() < 0.1:
        options['known'] = 'traffic_source'
    return options


OPTIONS = {'window': window_options, 'funnel': funnel_options, 'sessionize': sessionize_options,
           'abandon': abandon_options, 'anomaly': anomaly_options, 'identify': identify_options}
STEPS = [0, 0, 0, 1, 1000, r.SECOND, 30 * r.SECOND, MINUTE, MINUTE - 1, MINUTE + 1, 5 * MINUTE, 5 * MINUTE + 1,
         10 * MINUTE, 10 * MINUTE - 1, -r.SECOND, -30 * r.SECOND, -MINUTE, -MINUTE - 1, -5 * MINUTE, -10 * MINUTE]


class Clock:
    """Times on and around borders, mostly going on, sometimes back, sometimes far away."""

    def __init__(self, rng):
        self.rng, self.now = rng, BASE + rng.choice([0, 0, 3 * MINUTE, -MINUTE])
        self.jumps = rng.choice([0, 0, 0.05, 0.2])
        self.wild = 0

    def next(self):
        """The next event's time."""
        rng = self.rng
        if self.wild or rng.random() < self.jumps:
            self.wild = self.wild - 1 if self.wild else rng.choice([0, 0, 1, 2])
            return self.now + rng.choice([-1, 1, 1]) * rng.choice([3600 * r.SECOND, 3600 * r.SECOND + 1, 2 * 3600 * r.SECOND,
                                                                  8 * 86400 * r.SECOND, 30 * MINUTE])
        time = self.now + rng.choice(STEPS)
        if rng.random() < 0.2:
            time = time // MINUTE * MINUTE
        self.now = max(time, self.now) if rng.random() < 0.9 else time
        return time


def value(rng, values):
    """JSON text of one of few values; null, missing (None) or odd ones now and then."""
    if rng.random() < 0.12:
        return rng.choice(['null', None, '""', '1', '1.0', 'true'])
    word = rng.choice(values)
    if rng.random() < 0.1 and word:
        return '"' + ''.join(f'\\u{ord(c):04x}' if ord(c) < 0x10000 else c for c in word) + '"'
    return json.dumps(word, ensure_ascii=False)


def number_or_word(rng, numeric):
    """The member x."""
    if rng.random() < (0.85 if numeric else 0.3):
        return rng.choice(NUMBERS if rng.random() < 0.5 else NUMBERS[:10])
    return rng.choice(['null', None, 'true', 'false', '[]', '{"a":1}']) if rng.random() < 0.2 else value(rng, WORDS)


def spelled_time(rng, time):
    """RFC 3339 in several spellings, or a number."""
    text = r.print_time(time)
    if rng.random() < 0.8:
        return f'"{text}"'
    if time % r.SECOND == 0 and rng.random() < 0.4:
        return rng.choice(['{}', '"{}"', '{}.0']).format(time // r.SECOND)
    return rng.choice([f'"{text.replace("T", " ")}"', f'"{text[:-1]}+00:00"', f'"{text[:-1]} UTC"',
                       f'"{r.print_time(time + 90 * MINUTE)[:-1]}+0130"', str(time)])


def event(rng, clock, numeric, sequence, options, has_stamps):
    """One line."""
    time = clock.next()
    if 'max-ahead' not in options and rng.random() < 0.1:
        time = r.read_time(rng.choice(['2200-01-01T00:00:00Z', '9999-12-31T20:59:59.999999Z']))
    text = spelled_time(rng, time)
    if options.get('time-unit') and rng.random() < 0.7:
        text = str(time // {'ms': 1000, 'us': 1}[options['time-unit']])
    elif rng.random() < (0.5 if 'assume-utc' in options else 0 if 'tz' in options else 0.01):
        text = f'"{r.print_time(time)[:-1]}"'
    members = [('session_id', value(rng, ['s1', 's2', 's3'])), ('event_type', value(rng, KINDS)),
               ('user_id', value(rng, ['u1', 'u2'])), ('device_type', value(rng, ['mobile', 'desktop'])),
               ('traffic_source', value(rng, ['ads', 'Ads'])), ('product_id', value(rng, ['p1', 'p2', 'p10'])),
               ('x', number_or_word(rng, numeric)), (options.get('time-field', 'event_time'), text),
               ('event_id', json.dumps(f'e{sequence}') if rng.random() < 0.8 else value(rng, ['e1', 'e2', 'e3']))]
    if {'detail', 'path', 'pages', 'split-on', 'split-at-midnight'} & options.keys():
        members += [('page_url', value(rng, ['/a', '/a', '/b', '/a?c'])), ('campaign_id', value(rng, ['c1', 'c2']))]
    if 'after' in options:
        members += [('quantity', rng.choice([None, None, None, 'null', '1', '2', '2', '3', '"2"', '1.5', '1e1', '0', '-1', '"x"', '[]'])),
                    ('price', rng.choice([None, '9.99', '9.99', '5', '"5"', '0', '1.10', '0.001', '-1', 'true'])),
                    ('page_url', value(rng, ['/a', '/b']))]
    members = [(name, text) for name, text in members if text is not None]
    if has_stamps:
        members += rng.choice([[], [('person_id', '"old"')], [('bot', 'null')], [('bot', '"B"'), ('person_id', '[1]')]])
    if 'time-field' in options and rng.random() < 0.5:
        members.insert(0, ('event_time', rng.choice(['"2026-01-01T05:00:00Z"', '"x"', 'null', '7'])))
    if rng.random() < 0.1:
        members.insert(0, rng.choice([('x', '7'), ('session_id', '"other"'), ('event_type', '"purchase"')]))
    if rng.random() < 0.2:
        rng.shuffle(members)
    colon, comma = rng.choice([(':', ',')] * 6 + [(': ', ', '), (' :', '\t,')])
    line = '{' + comma.join(f'{spelled_key(rng, name)}{colon}{text}' for name, text in members) + '}'
    return line.encode('utf-8', 'surrogatepass')


def spelled_key(rng, name):
    """A key, with an escape now and then."""
    if rng.random() < 0.01:
        return f'"\\u{ord(name[0]):04x}{name[1:]}"'
    return f'"{name}"'


def rows_case(rng):
    """Rows as cs-window prints them, for cs-anomaly --rows."""
    options = dict(anomaly_rules(rng), **{'rows': True, 'value': 'v', 'max-ahead': '0s', 'max-jump': '0s'})
    for name, chance, values in (('by', 0.6, ['g', 'g,h']), ('all', 0.7, [True])):
        if rng.random() < chance:
            options[name] = rng.choice(values)
    records, start = [], BASE
    for _ in range(rng.randint(5, 40)):
        start += rng.choice([0, 0, 5, 5, 5, 10, -5, 30]) * MINUTE
        members = [('window_start', f'"{r.print_time(start)}"'), ('window_end', f'"{r.print_time(start + 5 * MINUTE)}"'),
                   ('g', rng.choice(['"a"', '1', 'null', None])), ('h', rng.choice(['true', '"b"'])),
                   ('v', rng.choice([*NUMBERS[:12], *rng.sample(NUMBERS, 4), 'null', None, '"1"', 'true', '[]'])),
                   ('final', rng.choice([None, None, None, 'true', 'false']))]
        line = '{' + ','.join(f'"{name}":{text}' for name, text in members if text is not None) + '}'
        records.append((None, None, rng.choice(BAD[:6]) if rng.random() < 0.05 else line.encode()))
    return Case('anomaly', options, records)


def case(seed, tool=None):
    """The case of a seed."""
    rng = random.Random(seed)
    tool = tool or rng.choice(TOOLS)
    if tool == 'anomaly' and rng.random() < 0.2:
        return rows_case(rng)
    options = dict(shared_options(rng), **OPTIONS[tool](rng))
    if 'tz' in options:
        options.pop('assume-utc', None)
    if tool == 'sessionize' and options.get('gap') != 'none':
        longest_that_goes(options)
    shape = rng.choice(['plain', 'plain', 'framed', 'framed', 'envelope'])
    partitions = rng.choice([1, 1, 2, 3]) if shape != 'plain' else 1
    if partitions > 1 and rng.random() < 0.75:
        options['partitions'] = f'0-{partitions - 1}'
    records = lines(rng, shape, partitions, options, tool == 'identify' and rng.random() < 0.3)
    torn = rng.random() < 0.2
    if torn and records and shape != 'envelope':
        records[-1] = (*records[-1][:2], records[-1][2][:rng.choice([None, -1, 5])] or b'x')
    return Case(tool, options, records, torn, shape)


def longest_that_goes(options):
    """"The longest duration must be longer than the gap and --lateness together. With --lateness=max it must be none"."""
    lateness, gap = r.duration(options['lateness']), r.duration(options.get('gap', '30m'))
    longest = r.duration(options.get('max-duration', '24h'))
    if lateness is None:
        options['max-duration'] = 'none'
    elif longest is not None and longest <= lateness + gap:
        options.pop('max-duration')


def lines(rng, shape, partitions, options, has_stamps):
    """The records."""
    numeric, bad = rng.random() < 0.7, rng.choice([0, 0, 0.05, 0.2])
    clocks = [Clock(rng) for _ in range(partitions)]
    zone = options.get('split-at-midnight')
    if zone:
        midnight = r.read_time(rng.choice(MIDNIGHTS['UTC' if zone is True else zone])) - rng.choice([0, 1, 8, 20]) * MINUTE
        for clock in clocks:
            clock.now += midnight - BASE
    offsets, records = [rng.choice([0, 5]) for _ in clocks], []
    for sequence in range(rng.randint(5, rng.choice([12, 30, 60]))):
        number = rng.randrange(partitions)
        if rng.random() < bad:
            line = rng.choice(BAD)
            if shape == 'envelope':
                line = line.decode('utf-8', 'ignore').encode()
        elif rng.random() < 0.05 and records:
            line = rng.choice(records)[2]
        elif rng.random() < 0.03 and shape == 'plain':
            line = rng.choice(BLANK)
        else:
            line = event(rng, clocks[number], numeric, sequence, options, has_stamps)
        offset = offsets[number]
        if rng.random() < 0.05:
            offset = max(0, offset - rng.choice([1, 2]))
        offsets[number] = max(offsets[number], offset + rng.choice([1] * 9 + [3]))
        records.append((number, offset, line))
    if shape == 'plain':
        return [(None, None, line) for _, _, line in records]
    return records
