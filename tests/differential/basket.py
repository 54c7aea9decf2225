"""What is in a cart, from cs-abandon(1) alone: lines, and what a removal takes."""
import re
from decimal import Decimal
import record as r

NUMBER = re.compile(r'-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?', re.A)
LINES = 1000


def number_in(event, name, least):
    """A number or its text, of at least that (0: above 0 for a quantity is the caller's least); None: none, and whether
    there was something else."""
    value = event.members.get(name)
    if value is None:
        return None, False
    if not isinstance(value, (r.Num, str)) or not NUMBER.fullmatch(str.__str__(value)):
        return None, True
    number = Decimal(str.__str__(value))
    if number < 0 or (number == 0 and least):
        return None, True
    return r.Num(str.__str__(value)), False


def bytes_key(value):
    """null first, then the shorter text, then by bytes."""
    if value is None:
        return (0,)
    text = str.__str__(value).encode('utf-8', 'surrogatepass')
    return (1, len(text), text)


class Move:
    """What an addition or a removal does."""

    def __init__(self, event, takes, prices):
        self.time, self.takes = event.time, takes
        self.product = event.members.get('product_id')
        self.quantity, bad = number_in(event, 'quantity', True)
        self.price, self.bad = None, int(bad)
        if prices and not takes:
            self.price, bad = number_in(event, 'price', False)
            self.bad += bad

    def key(self):
        """The order of equal times."""
        return (self.takes, bytes_key(self.product), bytes_key(self.quantity), bytes_key(self.price))


class Basket:
    """Lines of [time, product, price, quantity left]."""

    def __init__(self):
        self.lines = []

    def make(self, move):
        """"A removal takes from what was put in by then, the last first"."""
        if not move.takes:
            self.lines.append([move.time, move.product, move.price, Decimal(move.quantity or '1')])
            return
        by_then = [line for line in self.lines if line[0] <= move.time]
        if move.product is None:
            there = [line for line in by_then if line[1] is None] or by_then
        else:
            there = [line for line in by_then if line[1] == move.product] or [line for line in by_then if line[1] is None]
        left = None if move.quantity is None else Decimal(move.quantity)
        for line in reversed(there):
            taken = line[3] if left is None else min(left, line[3])
            line[3] -= taken
            if left is None:
                break
            left -= taken
        self.lines = [line for line in self.lines if line[3] > 0]

    def buy(self, time):
        """"What was put in by then is bought"."""
        self.lines = [line for line in self.lines if line[0] > time]

    def listed(self):
        """cart"""
        entries = {}
        for _, product, price, quantity in self.lines:
            name = (product, None if price is None else str.__str__(price))
            entries[name] = entries.get(name, 0) + quantity
        return [[('product_id', product), ('quantity', plain(quantity)), ('price', None if price is None else r.Num(price))]
                for (product, price), quantity in entries.items()]

    def value(self):
        """cart_value"""
        if any(line[2] is None for line in self.lines):
            return None
        return plain(sum((line[3] * Decimal(str.__str__(line[2])) for line in self.lines), Decimal(0)))


def plain(number):
    """The shortest text of a decimal."""
    text = f'{number:f}'
    if '.' in text:
        text = text.rstrip('0').rstrip('.')
    return r.Num(text)


def is_left(moves):
    """Is something in the cart after these?"""
    basket = Basket()
    for move in sorted(moves, key=lambda move: (move.time, move.key())):
        basket.make(move)
    return bool(basket.lines)
