"""Opportunities that few students fit, and students whom nobody calls: the latter as counts only."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.auth.actors import Actor
from app.disclosures.models import Disclosure
from app.matches.survey import Surveyor
from app.network import rules, service
from app.network.service import Territory
from app.network.service_supply import OTHERS
from app.opportunities.models import Kind
from app.students.profiles import Profile

# --- opportunities ----------------------------------------------------------------------------------------------------


class Unwanted(NamedTuple):
    """An opportunity's card; students as `rules.told`: who fits, and who would if the skills were no matter."""

    card: dict[str, Any]
    seats_free: int
    fitting: int
    visible: int


def unwanted(territory: Territory, *, students_per_seat: int, kind: Kind | None = None) -> list[Unwanted]:
    """What stands open in the territory and fits few students, wherever they are; the fewest for a seat first."""
    tables = territory.surveyed.tables
    fitting, visible = tables.fit.sum(axis=0), tables.visible.sum(axis=0)
    found = []
    for column in territory.of_kind(kind):
        one, fits = territory.opportunity(column), int(fitting[column])
        if rules.do_few_want(fits, one.seats_free, students_per_seat):
            seen = rules.told(int(visible[column]))
            found.append(Unwanted(territory.surveyed.cards[one.id], one.seats_free, rules.told(fits), seen))
    return sorted(found, key=lambda one: (one.fitting / one.seats_free, one.card["title"], one.card["id"]))


# --- students ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallsQuestion:
    """The survey, and the students for whose name a company has asked in the school year."""

    territory: service.Question
    asked_for: frozenset[UUID]


class Uncalled(NamedTuple):
    """One line of a table; students as `rules.told`: all, those without an internship that fits, those nobody asked for."""

    key: str
    it: str
    en: str
    students: int
    without_internship: int
    not_asked_for: int


class Calls(NamedTuple):
    """The three tables and the whole."""

    schools: list[Uncalled]
    programmes: list[Uncalled]
    districts: list[Uncalled]
    total: Uncalled


def ask_for_calls(session: Session, actor: Actor, surveyor: Surveyor, *, now: datetime) -> CallsQuestion:
    """Take what `calls` needs. Raises NotYourNetwork."""
    question = service.ask(session, actor, surveyor)
    begun = datetime(dates.school_year(now.date()), dates.SCHOOL_YEAR_BEGINS, 1, tzinfo=UTC)
    asked_for = sa.select(Disclosure.student_id).where(Disclosure.requested_at >= begun).distinct()
    return CallsQuestion(question, frozenset(session.scalars(asked_for)))


def calls(territory: Territory, asked_for: frozenset[UUID]) -> Calls:
    """Students of the territory's schools, those whom no internship fits, and those nobody has asked for this year."""
    tables, question = territory.surveyed.tables, territory.question
    internships = [
        column for column, one in enumerate(tables.opportunities) if one.kind.value == Kind.INTERNSHIP
    ]
    fits = np.any(tables.fit[:, internships], axis=1).tolist()

    def count(key: str, it: str, en: str, lines: Sequence[int]) -> Uncalled:
        without = sum(not fits[line] for line in lines)
        uncalled = sum(territory.profile(line).id not in asked_for for line in lines)
        return Uncalled(key, it, en, *(rules.told(number) for number in (len(lines), without, uncalled)))

    def table(
        describe: Sequence[Callable[[Profile], Hashable]], name: Callable[[str], tuple[str, str]]
    ) -> list[Uncalled]:
        of_line = [_of_line(territory, one) for one in (*describe, lambda _: "")]
        found = rules.cells((int(line) for line in territory.students), of_line)
        rows = (count(str(cell), *name(str(cell)), lines) for cell, lines in found.items())
        return sorted(
            rows, key=lambda row: (row.key == "", -row.without_internship, -row.not_asked_for, row.it)
        )

    def school(key: str) -> tuple[str, str]:
        return _both(question.schools[UUID(key)]) if key else _others()

    def programme(key: str) -> tuple[str, str]:
        title = question.titles.get(key, OTHERS)
        return title["it"], title["en"]

    def district(key: str) -> tuple[str, str]:
        place = question.places.get(key)
        if place is not None:
            return _both(f"{place.name} ({place.province_code})")
        return (f"Resto della provincia ({key})", f"Rest of the province ({key})") if key else _others()

    return Calls(
        table([lambda one: one.school_id], school),
        table(
            [
                lambda one: one.programmes[0] if one.programmes else "",
                lambda one: one.programmes[-1] if one.programmes else "",
            ],
            programme,
        ),
        table([lambda one: one.municipality_istat, lambda one: one.province_code], district),
        count("", "Tutti", "All", list(territory.students)),
    )


def _of_line(territory: Territory, describe: Callable[[Profile], Hashable]) -> Callable[[int], Hashable]:
    return lambda line: describe(territory.profile(line))


def _both(name: str) -> tuple[str, str]:
    return name, name


def _others() -> tuple[str, str]:
    return OTHERS["it"], OTHERS["en"]
