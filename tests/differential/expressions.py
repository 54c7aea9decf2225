"""The few jq expressions of the cases: how they are written, in a form that libjq runs, and what they are in Python."""
from decimal import Decimal
import record as r


class Failed(Exception):
    """The expression fails on this event."""


def equals(name, text):
    """A member is this string."""
    return lambda members: members.get(name) == text


def over(name, least):
    """A member is greater than a number, in the order of values: strings are greater than any number."""
    return lambda members: r.sort_key(members.get(name)) > (3, Decimal(least), '\uffff')


CONDITIONS = {f'.event_type == "{kind}"': equals('event_type', kind)
              for kind in 'page_view product_view add_to_cart checkout_start purchase'.split()}
CONDITIONS.update({
    '.x > 1': over('x', 1),
    '.x != null': lambda members: members.get('x') is not None,
    '.product_id != null and .event_type != "purchase"':
        lambda members: members.get('product_id') is not None and members.get('event_type') != 'purchase',
    '.device_type == null or (.x == "a")':
        lambda members: members.get('device_type') is None or members.get('x') == 'a',
    '.event_type == "page_view" | not': lambda members: members.get('event_type') != 'page_view',
})


# What native programs are made for, and some that come near. No bare paths: those are the member's own text.
NATIVE = [
    '.x + 1', '.x * 3', '.x - .x', '.x / 3', '.x / 0', '.x % 3', '-(.x)', '.x * .x', '.x + .session_id', '.x + null',
    '.session_id + .user_id', '.x == .session_id', '.x < "a"', '.x <= 1', '.x >= true', '.x != 1.0',
    '.x == 9007199254740993', '.x == [] or .x == {"a":1}', '.x and .user_id', '.x or null', '(.x | not)',
    '.x // "none"', '.missing // .x // 0', '(.x | test("a"; "i"))', '(.user_id | test("^u[12]$"))',
    '(.x | startswith("a"))', '(.event_type | endswith("cart"))', '(.x | ascii_downcase)',
    '(.traffic_source | ascii_downcase)', '(.x | contains("a"))', '(.x | length)', '(.x | tostring)',
    '(.x | tonumber)', '(.x | type)', 'if .x then 1 else 2 end', '.x > 1 and .x < 1e30', '.x > .session_id',
    '.session_id == "1"', '.session_id == 1', '(.x | ascii_upcase)', '(.x | floor)', '.x == null',
    '.event_time < "2026-01-01T00:05"', '.x.y', '.x[0]', '(.x | tostring | length)',
    '(.device_type == "mobile") == true', '1 + 2 * .x', '(.x + 1) * 2', '.x * 1e300 * 1e300', '(.x | ltrimstr("a"))',
    '(.x | . == "a" or . == 1)', '[1,2] | index(2)', '.x == "\\u0041"', '(.session_id | . != null)'
]


def selects(text, members):
    """"An expression selects if any of its outputs is neither false nor null"."""
    return CONDITIONS[text](members)


def by_libjq(text):
    """The same condition in a form no native program has."""
    return f'first({text})'


def lower(value):
    """lower(): "Unicode's mapping of single code points"; what is no string stays."""
    if isinstance(value, r.Num) or not isinstance(value, str):
        return value
    return ''.join('i' if c == '\u0130' else c.lower() for c in value)
