"""Opportunities that few students fit or nobody chooses, and students whom nobody calls: the latter as counts only."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.applications.models import Application
from app.auth.actors import Actor
from app.disclosures.models import Disclosure
from app.matches.survey import Surveyor
from app.network import rules, service
from app.network.service import Territory
from app.network.service_supply import OTHERS
from app.opportunities.models import Kind, Opportunity, Status
from app.students.profiles import Profile
from app.wishes.models import Wish

# --- opportunities ----------------------------------------------------------------------------------------------------


class Unwanted(NamedTuple):
    """An opportunity's card; students as `rules.told`: who fits, who would if the skills were no matter, who chose it.

    `is_ignored`: long enough open, and nobody at all has saved it or applied.
    """

    card: dict[str, Any]
    seats_free: int
    fitting: int
    visible: int
    choosing: int
    is_ignored: bool


class Choices(NamedTuple):
    """By opportunity: how many students have saved it or applied; and those that few weeks ago were not open yet."""

    students: Mapping[str, int]
    new: frozenset[str]


def ask_for_choices(session: Session, *, now: datetime) -> Choices:
    """What students chose of all that stands open; whatever became of an application, it was a choice."""
    chosen = sa.union(
        sa.select(Wish.opportunity_id, Wish.student_id),
        sa.select(Application.opportunity_id, Application.student_id),
    ).subquery()
    rows = session.execute(
        sa.select(Opportunity.id, Opportunity.published_at, sa.func.count(chosen.c.student_id))
        .outerjoin(chosen, chosen.c.opportunity_id == Opportunity.id)
        .where(Opportunity.status == Status.PUBLISHED)
        .group_by(Opportunity.id, Opportunity.published_at)
    ).all()
    return Choices(
        {str(one): count for one, _, count in rows},
        frozenset(str(one) for one, published_at, _ in rows if rules.is_new(published_at, now)),
    )


def unwanted(
    territory: Territory, choices: Choices, *, students_per_seat: int, kind: Kind | None = None
) -> list[Unwanted]:
    """What stands open in the territory and fits few students, wherever they are, or is chosen by nobody.

    The fewest who fit for a seat first.
    """
    tables = territory.surveyed.tables
    fitting, visible = tables.fit.sum(axis=0), tables.visible.sum(axis=0)
    found = []
    for column in territory.of_kind(kind):
        one, fits = territory.opportunity(column), int(fitting[column])
        choosing = choices.students.get(one.id, 0)
        is_ignored = not choosing and one.id not in choices.new
        if is_ignored or rules.do_few_fit(fits, one.seats_free, students_per_seat):
            found.append(
                Unwanted(
                    card=territory.surveyed.cards[one.id],
                    seats_free=one.seats_free,
                    fitting=rules.told(fits),
                    visible=rules.told(int(visible[column])),
                    choosing=rules.told(choosing),
                    is_ignored=is_ignored,
                )
            )
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
