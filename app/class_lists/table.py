"""Reading the file, or what somebody has pasted: any of the ways in which Italian offices write tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app import errors, imports, spreadsheets
from app.imports import Reason

MOST_BYTES = 1 << 20
MOST_ROWS = 2_000
MOST_COLUMNS = 40
MOST_IN_CELL = 200
MOST_WRITTEN = 4 * MOST_BYTES
FEWEST_COLUMNS = 2
HEAD_ROWS = 20
"""Above the headings and between the rows of a sheet: the register's name, the class, empty ones."""

NOT_A_TABLE = Reason(
    "not_a_table",
    "the file{name} is no table: hand in .xlsx, .ods or CSV, or copy the rows and paste them",
    "il file{name} non è una tabella: carica .xlsx, .ods o CSV, oppure copia le righe e incollale",
)
NOTHING = Reason("nothing", "there is no row to read", "non c'è nessuna riga da leggere")
TOO_LARGE = Reason(
    "too_large",
    "the file{name} is larger than a megabyte; is it the right one?",
    "il file{name} supera un megabyte: è quello giusto?",
)
TOO_WIDE = Reason("too_wide", "there are more than {limit} columns", "ci sono più di {limit} colonne")


class UnreadableList(errors.Invalid):
    """The list cannot be read as a table; `reason` says why in both languages."""

    title = "The list cannot be read"

    def __init__(self, reason: Reason, **details: object) -> None:
        fault = reason.at(0, "", "", **details)
        super().__init__(faults=[{"in": "body", "field": "file", "detail": fault.reason}])
        self.reason = {"it": fault.reason_it, "en": fault.reason}


Cell = Annotated[str, StringConstraints(max_length=MOST_IN_CELL, pattern=r"^[^\x00-\x1f]*$")]


class ListRow(BaseModel):
    """A row under the number that a spreadsheet gives it."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[int, Field(ge=1, le=1_000_000)]
    cells: Annotated[list[Cell], Field(max_length=MOST_COLUMNS)]


class ListTable(BaseModel):
    """Headings, and rows with as many cells; what a page carries from one step to the next."""

    model_config = ConfigDict(extra="forbid")

    headings: Annotated[list[Cell], Field(min_length=FEWEST_COLUMNS, max_length=MOST_COLUMNS)]
    rows: Annotated[list[ListRow], Field(min_length=1, max_length=MOST_ROWS)]


def read(data: bytes, name: str = "") -> ListTable:
    """The table in a file of text, or in the first sheet of a spreadsheet. Raises UnreadableList, which names the file."""
    named = f" «{imports.clean_cell(name)[:MOST_IN_CELL]}»" if name else ""
    if len(data) > MOST_BYTES:
        raise UnreadableList(TOO_LARGE, name=named)
    if spreadsheets.is_spreadsheet(data):
        try:
            sheet = spreadsheets.read(data, MOST_ROWS + HEAD_ROWS, MOST_COLUMNS)
        except spreadsheets.Unreadable as refusal:
            raise UnreadableList(refusal.reason, name=named) from refusal
        return _table(_cleaned(sheet))
    if b"\0" in data or data.startswith(b"%PDF"):
        raise UnreadableList(NOT_A_TABLE, name=named)
    try:
        return _table(_cleaned(_rows(_decoded(data))))
    except csv.Error as error:
        raise UnreadableList(imports.BAD_QUOTES) from error


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # spreadsheets of Italian offices still write it


def carried(written: str) -> ListTable:
    """The table that a page has carried. Raises UnreadableList."""
    try:
        return ListTable.model_validate_json(written)
    except ValidationError as error:
        raise UnreadableList(NOTHING) from error


def _table(rows: list[tuple[int, list[str]]]) -> ListTable:
    # A register puts its name and the class above the headings.
    start = next((at for at, (_, cells) in enumerate(rows) if sum(map(bool, cells)) >= FEWEST_COLUMNS), None)
    if start is None or start + 1 == len(rows):
        raise UnreadableList(NOTHING)
    if len(rows) - start - 1 > MOST_ROWS:
        raise UnreadableList(imports.TOO_MANY_ROWS, limit=MOST_ROWS)
    width = max(len(cells) for _, cells in rows[start:])
    if width > MOST_COLUMNS:
        raise UnreadableList(TOO_WIDE, limit=MOST_COLUMNS)
    (_, headings), *body = rows[start:]
    return ListTable(
        headings=_filled(headings, width),
        rows=[ListRow(number=number, cells=_filled(cells, width)) for number, cells in body],
    )


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.splitlines()
    delimiter = max(";\t,", key=lambda sign: sum(line.count(sign) for line in lines[:20]))
    yield from enumerate(csv.reader(lines, delimiter=delimiter, strict=True), start=1)


def _cleaned(rows: Iterable[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows with something in them, without what no person sees in a cell, nor empty columns at their end."""
    found = []
    for number, cells in rows:
        cleaned = [imports.clean_cell(cell.replace("\x7f", ""))[:MOST_IN_CELL] for cell in cells]
        while cleaned and not cleaned[-1]:
            cleaned.pop()
        if cleaned:
            found.append((number, cleaned))
    return found


def _filled(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]
