"""Text tables: the delimiter, header and text columns are found by looking; every error names line and column."""

import csv
from array import array

import numpy as np

from ...errors import FormatError

MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "?"}
_SAMPLE_ROWS = 100


def read_csv(path, columns=None):
    """``(values, names)``: the numeric columns, or those asked for, as float64 (T, C).

    Delimiter: comma, semicolon, tab, vertical bar or blanks. Lines that begin with # and empty lines are skipped.
    """
    with _open(path) as file:
        try:
            table = _Table(file, path, columns)
        except UnicodeDecodeError as error:
            raise FormatError(f"{path}: offset {error.start}: not UTF-8 text ({error.reason})") from None
    values = _read_fast(table)
    return (_read_carefully(table) if values is None else values), table.chosen_names


class _Table:
    """What the first rows of a file tell about the others."""

    def __init__(self, file, path, columns):
        from .reading import find_column

        self.path = path
        lines = _sample(file)
        if not lines:
            raise FormatError(f"{path}: the file holds no data")
        self.delimiter = _find_delimiter([text for _, text in lines])
        rows = [(number, _split(text, self.delimiter)) for number, text in lines]
        self.width = len(rows[0][1])
        self.header = _is_header([row for _, row in rows if len(row) == self.width])
        self.first_line = rows[0][0] + 1 if self.header else rows[0][0]
        self.names = rows.pop(0)[1] if self.header else [str(index) for index in range(self.width)]
        self.names = [name or str(index) for index, name in enumerate(self.names)]
        if not rows:
            raise FormatError(f"{path}: a header ({', '.join(self.names)}) without data")
        if columns is None:
            self.chosen = [i for i in range(self.width) if not _is_text([row[i] for _, row in rows if i < len(row)])]
            if not self.chosen:
                raise FormatError(f"{path}: line {rows[0][0]}: no column holds numbers, e.g. {rows[0][1][0]!r}")
        else:
            self.chosen = [find_column(column, self.names, path) for column in columns]
        self.chosen_names = [self.names[index] for index in self.chosen]


def _open(path):
    with open(path, "rb") as file:
        head = file.read(4096)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FormatError(f"{path}: offset 0: UTF-16 text; save it as UTF-8")
    if b"\0" in head:
        raise FormatError(f"{path}: offset {head.index(0)}: a zero byte; this is no text file")
    return open(path, encoding="utf-8-sig", newline=None)


def _is_data(line):
    return not line.startswith("#") and not line.isspace()


def _sample(file):
    lines = []
    for number, line in enumerate(file, 1):
        if _is_data(line):
            lines.append((number, line.rstrip("\n")))
            if len(lines) == _SAMPLE_ROWS:
                break
    return lines


def _split(text, delimiter):
    if delimiter is None:
        return [field.strip('"') for field in text.split()]
    return [field.strip() for field in next(csv.reader([text], delimiter=delimiter, skipinitialspace=True))]


def _find_delimiter(lines):
    """The first candidate that splits the most lines into the same number of fields; None: blanks, or one column."""
    best, agreement = None, 0
    for candidate in (",", ";", "\t", "|"):
        counts = [len(_split(line, candidate)) for line in lines[:20]]
        agreeing = counts.count(counts[0]) if counts[0] > 1 else 0
        if agreeing > agreement:
            best, agreement = candidate, agreeing
    return best


def _number(field):
    try:
        return float(field)
    except ValueError:
        return None


def _is_text(fields):
    """Whether no field is, or stands for, a number; one with a decimal comma does, so that it is no silent loss."""
    return not any(field.lower() in MISSING or _number(field.replace(",", ".")) is not None for field in fields)


def _is_header(rows):
    """Whether the first row names the columns: words over numbers, or nothing but words in a file of one row."""
    words = [_is_text([field]) for field in rows[0]]
    if len(rows) == 1:
        return all(words)
    return any(word and not _is_text([row[i] for row in rows[1:]]) for i, word in enumerate(words))


def _read_fast(table):
    """All rows by NumPy's parser; None where anything is unusual, which :func:`_read_carefully` then looks into."""
    separators = table.width - 1

    def plain_lines(file):
        for number, line in enumerate(file, 1):
            if number < table.first_line or not _is_data(line):
                continue
            found = len(line.split()) - 1 if table.delimiter is None else line.count(table.delimiter)
            if found != separators or '"' in line or "#" in line:
                raise ValueError
            yield line

    try:
        with _open(table.path) as file:
            values = np.loadtxt(
                plain_lines(file), delimiter=table.delimiter, usecols=table.chosen, ndmin=2, comments=None
            )
    except (ValueError, UnicodeDecodeError):
        return None
    return values if np.isfinite(values).all() else None


def _read_carefully(table):
    values = array("d")
    try:
        with _open(table.path) as file:
            for number, line in enumerate(file, 1):
                if number >= table.first_line and _is_data(line):
                    values.extend(_read_row(line.rstrip("\n"), number, table))
    except UnicodeDecodeError as error:
        raise FormatError(f"{table.path}: offset {error.start}: not UTF-8 text ({error.reason})") from None
    return np.frombuffer(values).reshape(-1, len(table.chosen))


def _read_row(text, number, table):
    row = _split(text, table.delimiter)
    if len(row) != table.width:
        raise FormatError(f"{table.path}: line {number}: {len(row)} columns, but {table.width} in the first row")
    numbers = []
    for index, name in zip(table.chosen, table.chosen_names):
        field = row[index]
        value = _number(field)
        if field.lower() in MISSING:
            raise FormatError(
                f"{table.path}: line {number}, column {name!r}: a missing value ({field!r}); fill it first"
            )
        if value is None:
            hint = " (decimal commas are not read)" if _number(field.replace(",", ".")) is not None else ""
            raise FormatError(f"{table.path}: line {number}, column {name!r}: {field!r} is no number{hint}")
        if not np.isfinite(value):
            raise FormatError(f"{table.path}: line {number}, column {name!r}: {field} is not finite")
        numbers.append(value)
    return numbers
