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
