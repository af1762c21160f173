"""Which column is what: by its heading, as Italian registers write it, or else by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from app.class_lists.table import ListTable
from app.places.gazetteer import search_key


class ListField(StrEnum):
    """What a column tells of a student."""

    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    BORN_ON = "born_on"
    MUNICIPALITY = "municipality"
    HOURS_OWED = "hours_owed"
    EXTERNAL_ID = "external_id"


NEEDED = (ListField.FAMILY_NAME, ListField.GIVEN_NAME, ListField.BORN_ON, ListField.MUNICIPALITY)
"""Without these there is no student."""

HEADINGS: dict[ListField, frozenset[str]] = {
    ListField.FAMILY_NAME: frozenset({"cognome", "cognome alunno", "cognome studente", "surname", "family name", "last name"}),
    ListField.GIVEN_NAME: frozenset({"nome", "nome alunno", "nome studente", "name", "given name", "first name"}),
    ListField.BORN_ON: frozenset({
        "nato il", "nata il", "nato a il", "data nascita", "data di nascita", "data nasc", "nascita", "born on",
        "date of birth", "birth date",
    }),
    ListField.MUNICIPALITY: frozenset({
        "comune", "comune residenza", "comune di residenza", "residenza", "residente a", "citta", "citta residenza",
        "citta di residenza", "istat", "codice istat", "municipality", "town", "city",
    }),
    ListField.HOURS_OWED: frozenset({"ore", "ore da fare", "ore mancanti", "ore pcto da fare", "ore fsl da fare", "hours owed"}),
    ListField.EXTERNAL_ID: frozenset({
        "matricola", "codice alunno", "codice studente", "codice sidi", "id alunno", "id", "student id", "external id",
    }),
}  # fmt: skip
_DAY = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d{2}-\d{2}")


def guess(table: ListTable) -> list[ListField | None]:
    """A field for each column, or None; no field twice. Where a table has a place of birth too, the home counts."""
    found: list[ListField | None] = [None] * len(table.headings)
    for at, heading in enumerate(table.headings):
        key = search_key(heading)
        field = next((field for field, known in HEADINGS.items() if key in known), None)
        if field is not None and field not in found:
            found[at] = field
    if ListField.BORN_ON not in found:
        days = [at for at in range(len(found)) if found[at] is None and _are_days(table, at)]
        if len(days) == 1:
            found[days[0]] = ListField.BORN_ON
    return found


def _are_days(table: ListTable, column: int) -> bool:
    cells = [row.cells[column] for row in table.rows if row.cells[column]]
    return bool(cells) and all(_DAY.fullmatch(cell) for cell in cells)


def missing(columns: Sequence[ListField | None]) -> list[ListField]:
    """The needed fields that no column has."""
    return [field for field in NEEDED if field not in columns]


def repeated(columns: Sequence[ListField | None]) -> list[ListField]:
    """The fields that several columns have."""
    return [field for field in ListField if columns.count(field) > 1]
