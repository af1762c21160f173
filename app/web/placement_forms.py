"""What the forms of placements, tutors and rules send, read field by field; and faults of services in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from app.web import placement_words as words
from app.web.posting_forms import Fields, text

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field that is not valid: the id of its control, its name, and what to do."""

    control: str
    name: str
    advice: str


def wrong(faults: Iterable[Mapping[str, Any]]) -> list[Wrong]:
    """Faults of services, each field once."""
    found: dict[str, Wrong] = {}
    for fault in faults:
        field = str(fault["field"]).partition(".")[0]
        name = words.FIELDS.get(field, field)
        found.setdefault(field, Wrong(field, name, words.ADVICE.get(field, words.ADVICE_ELSE)))
    return list(found.values())


class Unreadable(Exception):  # noqa: N818 -- not a failure: the page comes back with words
    """A field holds what cannot be read as its kind."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.faults = [{"field": field}]


def day(fields: Fields, name: str) -> date | None:
    """A day; None where the field is empty. Raises Unreadable."""
    given = text(fields, name, 20)
    try:
        found = date.fromisoformat(given) if given else None
    except ValueError as error:
        raise Unreadable(name) from error
    if found is not None and not 2000 <= found.year <= 2100:
        raise Unreadable(name)
    return found


def needed_day(fields: Fields, name: str) -> date:
    """A day that must be there. Raises Unreadable."""
    found = day(fields, name)
    if found is None:
        raise Unreadable(name)
    return found


def clock(fields: Fields, name: str) -> time | None:
    """A time by the clock of the place; None where the field is empty. Raises Unreadable."""
    given = text(fields, name, 20)
    try:
        found = time.fromisoformat(given) if given else None
    except ValueError as error:
        raise Unreadable(name) from error
    if found is not None and found.tzinfo is not None:
        raise Unreadable(name)
    return found


def number(fields: Fields, name: str, least: float, most: float) -> float:
    """A number within bounds, with a comma or a point. Raises Unreadable."""
    try:
        found = float(text(fields, name, 20).replace(",", "."))
    except ValueError as error:
        raise Unreadable(name) from error
    if not least <= found <= most:  # false for nan too
        raise Unreadable(name)
    return found


def whole(fields: Fields, name: str, least: int, most: int) -> int:
    """A whole number within bounds. Raises Unreadable."""
    found = number(fields, name, least, most)
    if found != int(found):
        raise Unreadable(name)
    return int(found)


def one_of(fields: Fields, name: str, words: type[Word]) -> Word:
    """One of the words of a list. Raises Unreadable."""
    try:
        return words(text(fields, name, 40))
    except ValueError as error:
        raise Unreadable(name) from error


def identifier(fields: Fields, name: str) -> UUID | None:
    """An id out of a list; None where nothing was chosen. Raises Unreadable."""
    given = text(fields, name, 40)
    try:
        return UUID(given) if given else None
    except ValueError as error:
        raise Unreadable(name) from error


def needed_id(fields: Fields, name: str) -> UUID:
    """An id that must be there. Raises Unreadable."""
    found = identifier(fields, name)
    if found is None:
        raise Unreadable(name)
    return found


def identifiers(fields: Fields, name: str, most: int = 200) -> list[UUID]:
    """The ids that were ticked. Raises Unreadable."""
    try:
        return [UUID(str(one)) for one in fields.getlist(name)[:most]]
    except ValueError as error:
        raise Unreadable(name) from error
