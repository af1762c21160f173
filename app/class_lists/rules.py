"""Checking one row of a list, cell by cell. Pure: a place's codes are looked up before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from app import dates, imports
from app.class_lists.columns import NEEDED, ListField
from app.class_lists.table import ListRow
from app.imports import Reason
from app.places.gazetteer import search_key
from app.students.rules import OLDEST, YOUNGEST

SOURCE = "class-list"
"""The system that ids from lists belong to."""
LONGEST_NAME = 80
MOST_HOURS = 5000

BAD_DAY = Reason(
    "bad_day", "this is no day; write it as 31/12/2008", "non è un giorno: scrivilo così, 31/12/2008"
)
BAD_AGE = Reason(
    "bad_age",
    "a student is {low} to {high} years old",
    "uno studente ha da {low} a {high} anni",
)
UNKNOWN_PLACE = Reason("unknown_place", "no municipality has this name", "nessun comune si chiama così")
SEVERAL_PLACES = Reason(
    "several_places",
    "several municipalities have this name: add the province, as in “Imola (BO)”",
    "più comuni si chiamano così: aggiungi la provincia, come in «Imola (BO)»",
)
BAD_HOURS = Reason(
    "bad_hours", "write a number of hours up to {limit}", "scrivi un numero di ore, fino a {limit}"
)
SAME_PERSON = Reason("same_person", "this is the person of row {first}", "è la persona della riga {first}")
OTHER_CLASS = Reason(
    "other_class",
    "the school has this person in another class: change the class there",
    "la scuola ha già questa persona in un'altra classe: cambia la classe da lì",
)


class CellFault(NamedTuple):
    """What is wrong with a cell; no field where it is the whole row."""

    field: ListField | None
    it: str
    en: str


@dataclass(frozen=True, slots=True)
class Person:
    """What a row says of a student, understood."""

    family_name: str
    given_name: str
    born_on: date
    municipality_istat: str
    hours_owed: int | None
    external_id: str | None

    @property
    def key(self) -> tuple[str, str, date]:
        """By what two rows, or a row and a student, are the same person."""
        return search_key(self.family_name), search_key(self.given_name), self.born_on

    def id_in_list(self) -> str:
        """The id that the list gives; without one, one that the same person gets from every list."""
        if self.external_id is not None:
            return self.external_id
        digest = hashlib.sha256("\n".join(map(str, self.key)).encode())
        return f"person-{digest.hexdigest()[:24]}"


def cells_of(row: ListRow, columns: Sequence[ListField | None]) -> dict[ListField, str]:
    """The row's cells by what they tell."""
    cells = {field: cell for field, cell in zip(columns, row.cells, strict=True) if field is not None}
    place = cells.get(ListField.MUNICIPALITY, "")
    if (
        place.isascii() and place.isdigit()
    ):  # a spreadsheet takes an ISTAT code for a number, and drops its first zero
        cells[ListField.MUNICIPALITY] = place.zfill(6)
    return cells


def check(
    cells: Mapping[ListField, str], places: Mapping[str, Sequence[str]], today: date
) -> tuple[Person | None, list[CellFault]]:
    """The person, or everything that is wrong with the cells. `places` has the ISTAT codes that a cell may mean."""
    faults = [_fault(field, imports.EMPTY_CELL) for field in NEEDED if not cells.get(field)]
    faults += [
        _fault(field, imports.TOO_LONG, found=found, limit=LONGEST_NAME)
        for field in (ListField.FAMILY_NAME, ListField.GIVEN_NAME, ListField.EXTERNAL_ID)
        if (found := len(cells.get(field, ""))) > LONGEST_NAME
    ]
    born_on = _born_on(cells.get(ListField.BORN_ON, ""), today, faults)
    istat = _place(cells.get(ListField.MUNICIPALITY, ""), places, faults)
    hours = _hours(cells.get(ListField.HOURS_OWED, ""), faults)
    if faults or born_on is None or istat is None:
        return None, faults
    person = Person(
        family_name=cells[ListField.FAMILY_NAME], given_name=cells[ListField.GIVEN_NAME], born_on=born_on,
        municipality_istat=istat, hours_owed=hours, external_id=cells.get(ListField.EXTERNAL_ID) or None,
    )  # fmt: skip
    return person, []


def _fault(field: ListField | None, reason: Reason, **details: object) -> CellFault:
    told = reason.at(0, "", "", **details)
    return CellFault(field, told.reason_it, told.reason)


def row_fault(reason: Reason, **details: object) -> CellFault:
    """What is wrong with a row as a whole."""
    return _fault(None, reason, **details)


def _born_on(cell: str, today: date, faults: list[CellFault]) -> date | None:
    if not cell:
        return None
    day = read_day(cell)
    if day is None:
        faults.append(_fault(ListField.BORN_ON, BAD_DAY))
    elif not YOUNGEST <= dates.age_on(day, today) <= OLDEST:
        faults.append(_fault(ListField.BORN_ON, BAD_AGE, low=YOUNGEST, high=OLDEST))
    return day


def read_day(cell: str) -> date | None:
    """The day that a spreadsheet writes as 31/12/2008, 31-12-2008, 31.12.2008 or 2008-12-31, a time of day left out.

    >>> read_day("3/9/2008"), read_day("2008-09-03 00:00:00"), read_day("31/02/2008")
    (datetime.date(2008, 9, 3), datetime.date(2008, 9, 3), None)
    """
    found = re.fullmatch(r"(?:(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})|(\d{4})-(\d\d)-(\d\d))(?: [\d:.]+)?", cell)
    if found is None:
        return None
    day, month, year, *other = found.groups()
    try:
        return date(int(year), int(month), int(day)) if year else date(*map(int, other))
    except ValueError:
        return None


def _place(cell: str, places: Mapping[str, Sequence[str]], faults: list[CellFault]) -> str | None:
    if not cell:
        return None
    found = places.get(cell, ())
    if len(found) != 1:
        faults.append(_fault(ListField.MUNICIPALITY, SEVERAL_PLACES if found else UNKNOWN_PLACE))
        return None
    return found[0]


def _hours(cell: str, faults: list[CellFault]) -> int | None:
    if not cell:
        return None
    if not re.fullmatch(r"\d{1,4}", cell) or int(cell) > MOST_HOURS:
        faults.append(_fault(ListField.HOURS_OWED, BAD_HOURS, limit=MOST_HOURS))
        return None
    return int(cell)
