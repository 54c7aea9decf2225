"""Reads rows of CSV, TSV and tables with nothing of ours, and compares them with the same rows as NDJSON.

    python3 tests/formats.py csv|tsv|table NDJSON OTHER

Exit 1, and the first difference, where they are not the same values.
"""
import csv
import io
import json
import re
import sys
import unicodedata


EMOJI = '\ufe0f'  # makes what stands before it an emoji, which takes two columns


class Text(str):
    """A number as its digits."""


def read_ndjson(path):
    columns, rows = [], []
    with open(path, encoding='utf-8', newline='\n') as file:
        for line in file.read().split('\n')[:-1]:
            row = json.loads(line, parse_int=Text, parse_float=Text)
            rows.append(row)
            columns += [name for name in row if name not in columns]
    return columns, rows


def read_csv(path):
    with open(path, encoding='utf-8', newline='') as file:
        lines = list(csv.reader(io.StringIO(file.read(), newline=''), strict=True))
    # The reader does not tell null and "" apart: that is tested elsewhere.
    return lines[0], [[None if field == '' else field for field in line] for line in lines[1:]]


def copy_field(field):
    """A field as PostgreSQL's COPY reads it."""
    if field == '\\N':
        return None
    letters = {'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

    def undo(found):
        if found[1] is not None:
            return chr(int(found[1], 16))
        return letters.get(found[2], found[2])
    return re.sub(r'\\(?:x([0-9a-f]{1,2})|(.))', undo, field)


def read_tsv(path):
    with open(path, encoding='utf-8', newline='\n') as file:
        lines = file.read().split('\n')[:-1]
    return [copy_field(name) for name in lines[0].split('\t')], \
        [[copy_field(field) for field in line.split('\t')] for line in lines[1:]]


def width(character):
    if unicodedata.category(character) in ('Mn', 'Me', 'Cf'):
        return 0
    return 2 if unicodedata.east_asian_width(character) in 'WF' else 1


def grid(line):
    """The line with one character a column; the second column of a wide one is empty."""
    cells = []
    for character in line:
        columns = width(character)
        if character == EMOJI and len(cells[-1]) == 1:
            cells[-1] += character
            cells.append('')
        elif columns == 0 and cells:
            cells[-1] += character
        else:
            cells += [character] + [''] * (columns - 1)
    return cells


def read_table(path):
    """Fields by their place under the headings; a heading may stand to the left or to the right of its column."""
    with open(path, encoding='utf-8', newline='\n') as file:
        lines = file.read().split('\n')[:-1]
    names, rows, block = lines[0].split(), [], []
    for line in lines + ['']:
        if line:
            block.append(grid(line))
            continue
        most = max(map(len, block))
        block = [cells + [' '] * (most - len(cells)) for cells in block]
        blank = [all(cells[at] == ' ' for cells in block) for at in range(most)] + [True]
        spans, begin = [], None
        for at, is_blank in enumerate(blank):
            if begin is None and not is_blank:
                begin = at
            elif begin is not None and is_blank and (at + 1 >= len(blank) or blank[at + 1]):
                spans.append((begin, at))
                begin = None
        assert len(spans) == len(names), (names, spans)
        for cells in block[1:]:
            fields = [''.join(cells[begin:end]).strip() for begin, end in spans]
            rows.append([None if field in ('-', '') else '' if field == '""' else field for field in fields])
        block = []
    return names, rows


def same(wanted, got, kind):
    if isinstance(wanted, (list, dict)):
        return json.loads(got, parse_int=Text, parse_float=Text) == wanted
    if isinstance(wanted, bool):
        return got == ('true' if wanted else 'false')
    if kind == 'csv' and wanted == '':
        return got is None
    return wanted == got


def main():
    kind, ndjson, other = sys.argv[1:]
    columns, rows = read_ndjson(ndjson)
    names, lines = {'csv': read_csv, 'tsv': read_tsv, 'table': read_table}[kind](other)
    missing = [name for name in columns if name not in names]
    if missing or len(lines) != len(rows):
        sys.exit(f'{len(rows)} rows of NDJSON, {len(lines)} lines; no columns {missing}')
    for number, (row, line) in enumerate(zip(rows, lines), 1):
        if len(line) != len(names):
            sys.exit(f'row {number}: {len(names)} columns, {len(line)} fields')
        for name, field in zip(names, line):
            if not same(row.get(name), field, kind):
                sys.exit(f'row {number}, {name}: {row.get(name)!r} is {field!r}')


main()
