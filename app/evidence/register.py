"""Students who have found no internship, by track, district and reason, so that nobody is recognised: pure.

Tracks and districts are read against reasons, each in a table of its own. Both count the same people, so the students of a
reason are as many in one as in the other, and they are protected together (`suppression`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from app.evidence import suppression
from app.network import rules

MOST_GROUPS = 12
"""Tracks, and districts, that have a line; the smaller ones stand together in the last."""
OTHERS = ""
"""The group of all that have no line of their own."""


class Nothing(StrEnum):
    """Why a student has no internship this year; of several reasons the first counts.

    Asked and was refused, or never answered; is fit for one and has not asked; sees some and lacks skills; would be fit
    but for seats, which are taken; for days or age; for kilometres; or no internship admits the track and year.
    """

    REFUSED = "refused"
    NOT_ASKED = "not_asked"
    SKILLS = "skills"
    FULL = "full"
    DATES = "dates"
    REACH = "reach"
    NOT_ADMITTED = "not_admitted"


ASKED_OR_FIT = frozenset({Nothing.REFUSED, Nothing.NOT_ASKED})
"""All other reasons are of students without an internship that fits, whom the page of gaps counts by track as well."""


class Unmet(NamedTuple):
    """A student who has found nothing: in which group of tracks and of districts, and why."""

    track: str
    district: str
    reason: Nothing


class Line(NamedTuple):
    """A group and what is told of it: at least so many, or None, in all and for each reason."""

    key: str
    students: int | None
    reasons: Mapping[Nothing, int | None]


class Tables(NamedTuple):
    """Both tables, and the line of all."""

    total: Line
    tracks: list[Line]
    districts: list[Line]


def groups(keys: Iterable[Hashable]) -> list[str]:
    """The groups that have a line, the largest first, and last the one of all others."""
    counted = Counter(str(key) for key in keys)
    counted.pop(OTHERS, None)
    order = sorted(counted, key=lambda key: (-counted[key], key))
    return [*order[: MOST_GROUPS - 1], OTHERS]


def tables(tracks: Sequence[str], districts: Sequence[str], unmet: Iterable[Unmet]) -> Tables:
    """What may be told of these students; who is in no group that has a line stands with the others."""
    found = list(unmet)
    told = _told(
        _counts(tracks, ((one.track, one.reason) for one in found)),
        _counts(districts, ((one.district, one.reason) for one in found)),
    )

    def line(key: str, prefix: str) -> Line:
        reasons = {reason: told[f"{prefix}|{reason}"] for reason in Nothing}
        return Line(key, told[f"{prefix}|"], reasons)

    return Tables(
        line(OTHERS, "all"),
        [line(key, f"track {at}") for at, key in enumerate(tracks)],
        [line(key, f"district {at}") for at, key in enumerate(districts)],
    )


Counts = tuple[tuple[int, ...], ...]
"""By group, and in it by reason."""


def _counts(kept: Sequence[str], unmet: Iterable[tuple[str, Nothing]]) -> Counts:
    counted = Counter((key if key in kept else OTHERS, reason) for key, reason in unmet)
    return tuple(tuple(counted[key, reason] for reason in Nothing) for key in kept)


@lru_cache(64)
def _told(by_track: Counts, by_district: Counts) -> Mapping[str, int | None]:
    """What is told of each sum, by its name. Kept, as the same counts are asked for at every reading of the page."""
    figures: dict[str, set[int]] = {}
    of_reason: list[tuple[set[int], set[int]]] = [(set(), set()) for _ in Nothing]
    counts: list[int] = []
    for table, (name, rows) in enumerate((("track", by_track), ("district", by_district))):
        for at, row in enumerate(rows):
            for number, (reason, count) in enumerate(zip(Nothing, row, strict=True)):
                prefixes = [f"{name} {at}"] if table else [f"{name} {at}", "all"]
                for prefix in prefixes:
                    figures.setdefault(f"{prefix}|", set()).add(len(counts))
                    figures.setdefault(f"{prefix}|{reason}", set()).add(len(counts))
                if not table and reason not in ASKED_OR_FIT:
                    figures.setdefault(f"unfit {at}", set()).add(len(counts))
                of_reason[number][table].add(len(counts))
                counts.append(count)
    return suppression.protect(
        counts,
        {name: frozenset(atoms) for name, atoms in figures.items()},
        equal=[(frozenset(one), frozenset(other)) for one, other in of_reason],
        elsewhere=[
            f"{name} {at}{end}"
            for at in range(len(by_track))
            for name, end in (("track", "|"), ("unfit", ""))
        ],
    )


# --- month by month ---------------------------------------------------------------------------------------------------


class MonthLine(NamedTuple):
    """A track, and for each month how many asked then and got nowhere: at least so many, or None."""

    key: str
    months: list[int | None]


def by_month(tracks: Sequence[str], months: int, refused: Iterable[tuple[str, int]]) -> list[MonthLine]:
    """The line of all, then one for each track; `refused` has track and month, 0 the oldest, of each student and month.

    A student can stand in several months, so no sum over months is told and each month is protected by itself.
    """
    counted = Counter((track if track in tracks else OTHERS, month) for track, month in refused)
    columns = [_told_of_month(tuple(counted[track, month] for track in tracks)) for month in range(months)]
    return [
        MonthLine(OTHERS, [column["all"] for column in columns]),
        *(MonthLine(key, [column[str(at)] for column in columns]) for at, key in enumerate(tracks)),
    ]


@lru_cache(256)
def _told_of_month(counts: tuple[int, ...]) -> Mapping[str, int | None]:
    figures = {str(at): frozenset({at}) for at in range(len(counts))}
    return suppression.protect(counts, figures | {"all": frozenset(range(len(counts)))})


# --- by skill ---------------------------------------------------------------------------------------------------------


def lacking(skills: Iterable[Iterable[str]], most: int) -> list[tuple[str, int]]:
    """Skills that students lack who lack nothing else, and how many of them: at least so many; those of few are left out.

    A student can lack several, so these are no parts of a whole.
    """
    counted = Counter(skill for lacked in skills for skill in set(lacked))
    found = [(skill, rules.told(number)) for skill, number in counted.items() if number >= rules.LEAST]
    return sorted(found, key=lambda one: (-one[1], one[0]))[:most]
