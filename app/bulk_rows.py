"""Rows of a bulk load: NDJSON, or CSV as spreadsheets write it, read one at a time.

A row is counted the way an editor or a spreadsheet shows it: the header of a CSV is row 1, the first line of NDJSON too.
A fault of one row stays with that row; what makes all further rows unreadable is `Unreadable`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import orjson

from app import imports
from app.errors import told

MOST_LINE_BYTES = 1 << 20
MOST_ROWS = 100_000

Fault = dict[str, str]
Document = dict[str, Any]


class Row(NamedTuple):
    """One record: what it says, or why it says nothing."""

    number: int
    document: Document
    faults: tuple[Fault, ...] = ()


class Unreadable(Exception):  # noqa: N818 -- a fault of the file, told like that of a row
    """From this row on nothing can be read."""

    def __init__(self, row: int, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.row, self.fault = row, fault(field, detail)


def fault(field: str, detail: str) -> Fault:
    """One thing that is wrong with a row; the field is empty when it is the whole row."""
    return {"in": "body", "field": told(field), "detail": told(detail)}


# --- NDJSON -----------------------------------------------------------------------------------------------------------


def read_ndjson(stream: BinaryIO) -> Iterator[Row]:
    """A JSON object a line. Raises Unreadable."""
    for number, line in _lines(stream):
        text = line.strip()
        if not text:
            continue
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield Row(number, {}, (fault("", _why(line, error)),))
            continue
        if isinstance(document, dict):
            yield Row(number, document)
        else:
            yield Row(number, {}, (fault("", "is not a JSON object"),))


def _why(line: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        line.decode()
    except UnicodeDecodeError:
        return imports.WRONG_ENCODING.en
    if not line.endswith(b"\n"):
        return "ends in the middle: the file is not whole"
    return f"is not JSON: {error.msg}"[:200]


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := stream.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(line) > MOST_LINE_BYTES:
            raise Unreadable(number, imports.LINE_TOO_LONG.en.format(limit=MOST_LINE_BYTES))
        yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


# --- CSV --------------------------------------------------------------------------------------------------------------

Cell = Callable[[str], Any]


def read_csv(stream: BinaryIO, columns: Collection[str]) -> Iterator[Row]:
    """A header and a record a row, separated by comma, semicolon or tab. An empty cell is left out. Raises Unreadable."""
    rows = _records(stream)
    names = [name.strip() for name in next(rows, [])]
    _refuse_header(names, columns)
    cells_of = [CELLS.get(name, str) for name in names]
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            detail = imports.FIELD_COUNT.en.format(found=len(cells), expected=len(names))
            yield Row(number, {}, (fault("", detail),))
            continue
        document, faults = {}, []
        for name, read, cell in zip(names, cells_of, cells, strict=True):
            text = cell.strip()
            if text:
                try:
                    document[name] = read(text)
                except ValueError as error:
                    faults.append(fault(name, str(error)))
        yield Row(number, document, tuple(faults))


def _records(stream: BinaryIO) -> Iterator[list[str]]:
    lines = _texts(stream)
    try:
        first = next(lines, None)
    except UnicodeDecodeError as error:
        raise Unreadable(1, imports.WRONG_ENCODING.en) from error
    if first is None:
        raise Unreadable(1, imports.EMPTY_FILE.en)
    delimiter = max(",;\t", key=first.count)
    number = 0

    def again() -> Iterator[str]:
        yield first
        yield from lines

    rows = csv.reader(again(), delimiter=delimiter, strict=True)
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(number, imports.BAD_QUOTES.en) from error
        except UnicodeDecodeError as error:
            raise Unreadable(number, imports.WRONG_ENCODING.en) from error
        yield cells


def _texts(stream: BinaryIO) -> Iterator[str]:
    for _, line in _lines(stream):
        yield line.decode()


def _refuse_header(names: Sequence[str], columns: Collection[str]) -> None:
    for name in names:
        if name not in columns:
            raise Unreadable(1, f"is not a column here; there are {', '.join(sorted(columns))}", name)
        if names.count(name) > 1:
            raise Unreadable(1, imports.REPEATED_COLUMN.en.format(name=name), name)
    if "external_id" not in names:
        raise Unreadable(1, imports.MISSING_COLUMN.en.format(name="external_id"), "external_id")


# --- cells ------------------------------------------------------------------------------------------------------------


def _things(*keys: str) -> Cell:
    """`plc-programming:2 turning:1`: things with a space between, their fields with a colon; or a JSON array."""

    def read(cell: str) -> Any:
        if cell.startswith("["):
            return _json(cell)
        things = []
        for word in cell.split():
            values = word.split(":")
            if len(values) > len(keys):
                raise ValueError(f"{word[:80]} has more parts than {':'.join(keys)}")
            things.append(dict(zip(keys, values, strict=False)))
        return things

    return read


def _json(cell: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError as error:
        raise ValueError("is not a JSON array") from error


def _words(cell: str) -> list[str]:
    return cell.split()


def _phrases(cell: str) -> list[str]:
    return [phrase.strip() for phrase in cell.split("|")]


def _day(cell: str) -> str:
    # As Italian spreadsheets write it.
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", cell)
    return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}" if found else cell


def _istat(cell: str) -> str:
    return cell.zfill(6) if cell.isdecimal() else cell  # spreadsheets take the zeros in front away


def _truth(cell: str) -> str:
    return {"vero": "true", "falso": "false"}.get(cell.lower(), cell)


_NEEDS = _things("skill_id", "level")
_SPANS = _things("starts_on", "ends_on")
CELLS: dict[str, Cell] = {
    "skills": _things("skill_id", "level", "evidence"), "interests": _words, "languages": _things("language", "cefr"),
    "availabilities": _SPANS, "spans": _SPANS, "required": _NEEDS, "wanted": _NEEDS, "taught": _NEEDS,
    "eligibilities": _json, "sectors": _things("ateco_code", "ateco_edition", "is_main"), "subjects": _phrases,
    "born_on": _day, "closes_on": _day, "municipality_istat": _istat, "is_online": _truth,
    "takes_applications": _truth,
}  # fmt: skip
"""How a column's cell is read; all others are text, which the schemas read."""
