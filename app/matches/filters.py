"""What of a ranking somebody wants to look at: kind of place, days, skill, words. The order stays what it is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from datetime import date
from functools import cache

from app import errors
from app.matches import translate
from app.opportunities.details import Detail
from app.skills.vocabulary import normalise_label
from matching import Student, Vocabulary
from matching.location import road_km

Place = tuple[float, float]


class BadFilter(errors.Invalid):
    """A filter that nothing can fit; `faults` names it."""

    title = "The filter is not valid"


@dataclass(frozen=True, slots=True)
class Filters:
    """All of these must hold; None does not ask."""

    max_km: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    skill_id: str | None = None
    is_online: bool | None = None
    text: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything fits."""
        return all(getattr(self, one.name) is None for one in fields(self))


@dataclass(frozen=True, slots=True)
class Facets:
    """What filters look at, made once for each opportunity. `skills` has the broader ones too."""

    place: Place | None
    periods: tuple[tuple[date, date], ...]
    has_all_periods: bool
    skills: frozenset[str]
    words: str


def facets(row: Detail, words: Vocabulary) -> Facets:
    """Of an opportunity as the tables have it."""
    place = None if row.latitude is None or row.longitude is None else (row.latitude, row.longitude)
    named = " ".join(part for part in (row.title, row.company_name, row.municipality_name) if part)
    return Facets(
        place=place,
        periods=tuple((span.starts_on, span.ends_on) for span in row.spans),
        has_all_periods=row.kind == "training",
        skills=translate.with_broader((need.skill_id for need in (*row.required, *row.wanted, *row.taught)), words),
        words=normalise_label(named),
    )  # fmt: skip


def check(wanted: Filters, words: Vocabulary) -> None:
    """Refuse what nothing can fit. Raises BadFilter."""
    faults = []
    if wanted.starts_on and wanted.ends_on and wanted.ends_on < wanted.starts_on:
        faults.append({"in": "query", "field": "ends_on", "detail": "lies before starts_on"})
    if wanted.skill_id is not None and wanted.skill_id not in words:
        detail = f"no skill has the id {wanted.skill_id}"
        faults.append({"in": "query", "field": "skill_id", "detail": detail})
    if faults:
        raise BadFilter(faults=faults)


def fitting(wanted: Filters, known: dict[str, Facets], student: Student) -> Collection[str] | None:
    """The ids that fit, or None where nothing is asked: then `known` is not looked at."""
    if wanted.is_empty:
        return None
    fits = _fits(wanted, student)
    there = list(known.items())  # at once: others may put something in while this looks through it
    return [one for one, facet in there if fits(facet)]


def _fits(wanted: Filters, student: Student) -> Callable[[Facets], bool]:
    asked = normalise_label(wanted.text or "").split()
    first, last = wanted.starts_on or date.min, wanted.ends_on or date.max
    has_days = first != date.min or last != date.max

    @cache
    def is_near(place: Place) -> bool:
        return wanted.max_km is None or bool(
            road_km(student.latitude, student.longitude, *place) <= wanted.max_km
        )

    def fits(one: Facets) -> bool:
        return (
            (wanted.is_online is None or wanted.is_online is (one.place is None))
            and (one.place is None or is_near(one.place))
            and (wanted.skill_id is None or wanted.skill_id in one.skills)
            and (not has_days or is_within(one, first, last))
            and all(word in one.words for word in asked)
        )

    return fits


def is_within(one: Facets, first: date, last: date) -> bool:
    """Whether it takes place in these days: one of its periods, of a path all; where days are to be agreed, yes.

    >>> may, june = (date(2026, 5, 1), date(2026, 5, 31)), (date(2026, 6, 1), date(2026, 6, 30))
    >>> visit = Facets(None, (may, june), False, frozenset(), "")
    >>> is_within(visit, *june), is_within(Facets(None, (may, june), True, frozenset(), ""), *june)
    (True, False)
    """
    if not one.periods:
        return True
    inside = (first <= starts_on and ends_on <= last for starts_on, ends_on in one.periods)
    return all(inside) if one.has_all_periods else any(inside)
