"""The students' side of what the territory lacks: who has found no internship this year, counted and never named.

`ask` runs inside a read block, `show` outside of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.actors import service_areas
from app.actors.rules import Areas
from app.applications import rules as application_rules
from app.applications.models import Application, ApplicationState
from app.auth.actors import Actor
from app.evidence import register
from app.evidence.register import Line, MonthLine, Nothing, Unmet
from app.evidence.service_needs import MONTHS_SHOWN, Wanted, Way, months_ago, ways_to_learn
from app.matches.survey import Surveyor
from app.network import rules
from app.network import service as network
from app.network.service import Territory
from app.network.service_supply import OTHERS
from app.opportunities import access, details
from app.opportunities.details import Detail
from app.opportunities.models import Kind, Opportunity, Status
from app.placements.models import Placement, State
from app.students.profiles import Profile

MOST_SKILLS = 15
EVERYBODY = ("Tutti", "All")
"""What the line of all students is called, in Italian and English."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the register is made of.

    `ended` are students of whom an application of this school year came to nothing; `refused` has each student and month of
    such applications, of this year and the one before.
    """

    territory: network.Question
    areas: Areas
    placed: frozenset[UUID]
    waiting: frozenset[UUID]
    ended: frozenset[UUID]
    refused: Collection[tuple[UUID, int]]
    full: Sequence[Detail]
    ways: Mapping[str, Sequence[Way]]


class Named(NamedTuple):
    """What a key of the register is called."""

    key: str
    it: str
    en: str


class Lacked(NamedTuple):
    """A skill that keeps at least so many students from every internship that they could reach, and what teaches it."""

    skill: Named
    students: int
    trainings: Sequence[Way]


class Register(NamedTuple):
    """The tables, with `names` by key; `months` are as many as are shown, the latest last; `kept` are tracks and districts."""

    total: Line
    tracks: Sequence[Line]
    districts: Sequence[Line]
    skills: Sequence[Lacked]
    months: Sequence[MonthLine]
    names: Mapping[str, Named]
    kept: tuple[Sequence[str], Sequence[str]]


def ask(session: Session, actor: Actor, surveyor: Surveyor, *, now: datetime) -> Question:
    """Take what the register needs. Raises NotYourNetwork. As many queries for one student as for many."""
    territory = network.ask(session, actor, surveyor)
    first, last = dates.days_of_school_year(dates.school_year(now.date()))
    placed = session.scalars(
        sa.select(Placement.student_id)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(
            Opportunity.kind == Kind.INTERNSHIP, Placement.state != State.CANCELLED,
            Placement.starts_on.between(first, last),
        )
    )  # fmt: skip
    one = Application
    days = (first.replace(year=first.year - 1), last)
    since, begun = dates.moments(days, now.tzinfo)[0], dates.moments((first, last), now.tzinfo)[0]
    rows = session.execute(
        sa.select(one.student_id, one.state, one.created_at)
        .join(Opportunity, Opportunity.id == one.opportunity_id)
        .where(Opportunity.kind == Kind.INTERNSHIP, one.created_at >= since)
    ).all()
    waiting = frozenset(student for student, state, _ in rows if state in application_rules.OPEN)
    ended = frozenset(
        student for student, state, at in rows if state in application_rules.ENDED and at >= begun
    )
    met = {
        (student, months_ago(at, now)) for student, state, at in rows if state is ApplicationState.APPROVED
    }
    asked = {
        (student, months_ago(at, now)) for student, state, at in rows if state in application_rules.ENDED
    }
    ids = session.scalars(
        sa.select(Opportunity.id).where(
            Opportunity.kind == Kind.INTERNSHIP, Opportunity.status == Status.FULL, access.overseen_by(actor)
        )
    ).all()
    return Question(
        territory, service_areas.of_actor(session, actor), frozenset(placed), waiting, ended, frozenset(asked - met),
        details.load(session, ids), ways_to_learn(session, actor),
    )  # fmt: skip


def show(surveyor: Surveyor, question: Question, wanted: Wanted = Wanted()) -> Register:  # noqa: B008 -- cannot change
    """The register, and of it what is wanted: lines are left out, and none is counted for a reader."""
    territory = network.look(surveyor, question.territory)
    lines = [int(line) for line in territory.students]
    tracks, districts = (
        _grouped(lines, territory, _tracks()),
        _grouped(lines, territory, _districts(question)),
    )
    reasons, lacked = _reasons(surveyor, territory, question, lines)
    kept = register.groups(tracks.values()), register.groups(districts.values())
    unmet = (Unmet(tracks[line], districts[line], reason) for line, reason in reasons.items())
    tables = register.tables(*kept, unmet)
    line_of = {territory.profile(line).id: line for line in lines}
    months = register.by_month(
        kept[0],
        MONTHS_SHOWN,
        (
            (tracks[line_of[student]], MONTHS_SHOWN - 1 - month)
            for student, month in question.refused
            if student in line_of and 0 <= month < MONTHS_SHOWN
        ),
    )
    return Register(
        tables.total,
        [one for one in tables.tracks if wanted.track in (None, one.key)],
        [one for one in tables.districts if wanted.district in (None, one.key)],
        [
            Lacked(_skill(territory, skill), students, question.ways.get(skill, ()))
            for skill, students in register.lacking(lacked, MOST_SKILLS)
            if wanted.skill in (None, skill)
        ],
        [months[0], *(one for one in months[1:] if wanted.track in (None, one.key))],
        {key: _named(territory, question, key) for key in {*kept[0], *kept[1]}},
        kept,
    )


# --- why --------------------------------------------------------------------------------------------------------------


def _reasons(
    surveyor: Surveyor, territory: Territory, question: Question, lines: Sequence[int]
) -> tuple[dict[int, Nothing], list[Collection[str]]]:
    """By line who has found nothing and why, and which skills alone are in the way of those who lack them."""
    tables = territory.surveyed.tables
    internships = [
        column for column, one in enumerate(tables.opportunities) if one.kind.value == Kind.INTERNSHIP
    ]
    fits, sees = (np.any(one[:, internships], axis=1) for one in (tables.fit, tables.visible))
    found: dict[int, Nothing] = {}
    lacked: list[Collection[str]] = []
    none_seen = []
    for line in lines:
        student = territory.profile(line).id
        if student in question.placed or student in question.waiting:
            continue
        if student in question.ended:
            found[line] = Nothing.REFUSED
        elif fits[line]:
            found[line] = Nothing.NOT_ASKED
        elif sees[line]:
            found[line] = Nothing.SKILLS
            lacked.append(_lacked(territory, line, internships))
        else:
            none_seen.append(line)
    blocked = surveyor.blocked(question.territory.survey, none_seen, question.full)
    return found | {line: Nothing(reason) for line, reason in zip(none_seen, blocked, strict=True)}, lacked


def _lacked(territory: Territory, line: int, internships: Sequence[int]) -> set[str]:
    """Of what the student sees, the skills that are required and not held."""
    tables = territory.surveyed.tables
    return {
        need.id
        for column in internships
        if tables.visible[line, column]
        for need in tables.opportunities[column].required
        if not tables.holders[need][line]
    }


# --- groups -----------------------------------------------------------------------------------------------------------

Describe = Callable[[Profile], Hashable]


def _grouped(lines: Sequence[int], territory: Territory, describe: Sequence[Describe]) -> dict[int, str]:
    """The group of each line; small ones count towards a coarser one, as in all tables of students."""
    of_line: list[Callable[[int], Hashable]] = [
        lambda line, one=one: one(territory.profile(line)) for one in (*describe, lambda _: register.OTHERS)  # type: ignore[misc]
    ]  # fmt: skip
    return {line: str(key) for key, of in rules.cells(lines, of_line).items() for line in of}


def _tracks() -> Sequence[Describe]:
    return [
        lambda one: one.programmes[0] if one.programmes else register.OTHERS,
        lambda one: one.programmes[-1] if one.programmes else register.OTHERS,
    ]


def _districts(question: Question) -> Sequence[Describe]:
    """The districts of the territory; before it is divided, municipalities, and the rest of each province."""
    if not question.areas.districts:
        return [lambda one: one.municipality_istat, lambda one: one.province_code]
    of = {istat: one.key for one in question.areas.districts for istat in one.municipalities}
    return [lambda one: of.get(one.municipality_istat, register.OTHERS)]


def _named(territory: Territory, question: Question, key: str) -> Named:
    title = territory.question.titles.get(key)
    if title is not None:
        return Named(key, title["it"], title["en"])
    district = next((one for one in question.areas.districts if one.key == key), None)
    if district is not None:
        return Named(key, district.it, district.en)
    place = territory.question.places.get(key)
    if place is not None:
        name = f"{place.name} ({place.province_code})"
        return Named(key, name, name)
    if key:
        return Named(key, f"Resto della provincia ({key})", f"Rest of the province ({key})")
    return Named(key, OTHERS["it"], OTHERS["en"])


def _skill(territory: Territory, skill_id: str) -> Named:
    words = territory.surveyed.vocabulary
    return Named(skill_id, words.label(skill_id, "it"), words.label(skill_id, "en"))
