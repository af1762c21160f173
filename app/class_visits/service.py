"""Visits for a class. `ask` runs inside a read block; `ranked` computes outside of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.bookings import rules as bookings
from app.bookings import service_overview
from app.bookings.models import Booking, BookingKind, VisitSession
from app.bookings.rules import Hall
from app.calendars import service as calendars
from app.calendars.rules import Closing
from app.class_tests import rules as test_rules
from app.class_tests import service as class_tests
from app.class_tests.models import ClassTest
from app.class_tests.rules import Sitting, Timed
from app.class_visits import rules
from app.class_visits.rules import GroupFit, Turn
from app.matches import service_class as matches
from app.matches.engine import Engine
from app.matches.service_class import ClassQuestion
from app.opportunities import details
from app.opportunities.details import Detail
from app.opportunities.models import Opportunity
from app.places.models import Municipality
from app.schools import classes
from app.schools.models import School, SchoolClass
from app.students import rules as student_rules


@dataclass(frozen=True, slots=True)
class VisitsQuestion:
    """The class, what its ranking needs, where it sets out, when it is not free, and all sessions to come.

    `full` are visits that nobody ranks any longer, whose waiting lists are open; `waiting` says how many bookings wait.
    """

    school_class: SchoolClass
    matches: ClassQuestion
    here: tuple[float, float] | None
    """Latitude and longitude of the school."""
    closings: Sequence[Closing]
    tests: Sequence[Sitting]
    sessions: Mapping[UUID, list[VisitSession]]
    halls: Mapping[UUID, Hall]
    full: Sequence[Detail]
    waiting: Mapping[UUID, int]
    now: datetime


@dataclass(frozen=True, slots=True)
class ClassVisit:
    """A visit with its card, what it is to the class, and its sessions: what it can book now, then by time."""

    card: dict[str, Any]
    fit: GroupFit
    discovers: list[dict[str, str]]
    turns: tuple[Turn, ...]


def ask(session: Session, actor: Actor, engine: Engine, class_id: UUID, *, now: datetime) -> VisitsQuestion:
    """Take what the answer needs; for the staff of the class. Raises NoSuchClass and NotAllowed."""
    school_class = classes.get(session, actor, class_id, scope="students:read")
    if not student_rules.can_place(actor, school_class):
        raise errors.NotAllowed("Only the staff of the class sees what suits it.")
    question = matches.ask(session, actor, engine, [class_id])
    school = session.get_one(School, school_class.school_id)
    home = session.get(Municipality, school.municipality_istat) if school.municipality_istat else None
    here = None if home is None else (home.latitude, home.longitude)
    closings = calendars.calendar(session, [school.id], []).schools.get(school.id, ())
    sessions = service_overview.to_come(session, None, now)
    visits = [one for some in sessions.values() for one in some]
    tests = [Sitting(one.held_on, one.subject, one.part) for one in class_tests.of_class(session, class_id)]
    return VisitsQuestion(
        school_class, question, here, closings, tests, sessions,
        halls=service_overview.halls(session, visits, now), full=details.load_full(session, list(sessions)),
        waiting=service_overview.awaited(session, visits), now=now,
    )  # fmt: skip


def ranked(engine: Engine, question: VisitsQuestion, *, adults: int) -> list[ClassVisit]:
    """The visits that have sessions to come, the best for the whole class first."""
    people = len(question.matches.students) + adults
    found = []
    fits = matches.group_fits(engine, question.matches, question.here, question.full)
    for one in fits:
        opportunity_id = UUID(one.card["id"])
        turns = tuple(
            sorted(
                (_turn(question, visit, people) for visit in question.sessions.get(opportunity_id, ())),
                key=rules.turn_key,
            )
        )
        if turns:
            new = rules.discovers([skill["skill_id"] for skill in one.taught], one.held)
            fit = GroupFit(opportunity_id, one.scores, one.travel_km, new)
            named = [skill for skill in one.taught if skill["skill_id"] in new]
            found.append(ClassVisit(one.card, fit, named, turns))
    return sorted(found, key=lambda visit: rules.order_key(visit.fit, visit.turns))


def booked(
    session: Session, class_id: UUID, tests: Sequence[ClassTest], *, now: datetime
) -> dict[UUID, list[tuple[VisitSession, str]]]:
    """By test, the sessions that the class has asked for at that time, with their titles; for the staff of the class."""
    query = (
        sa.select(VisitSession, Opportunity.title)
        .join(Booking, Booking.visit_session_id == VisitSession.id)
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .where(
            Booking.class_id == class_id, Booking.kind == BookingKind.GROUP, Booking.state.in_(bookings.OPEN),
            VisitSession.ends_at > now,
        )
        .order_by(VisitSession.starts_at, Booking.id)
    )  # fmt: skip
    found: dict[UUID, list[tuple[VisitSession, str]]] = {}
    for visit, title in session.execute(query):
        for one in _in_the_way(tests, visit, now):
            found.setdefault(one.id, []).append((visit, title))
    return found


def _turn(question: VisitsQuestion, visit: VisitSession, people: int) -> Turn:
    hall = question.halls[visit.id]
    group = service_overview.guest(question.school_class, is_group=True)
    tests = _in_the_way(question.tests, visit, question.now)
    day = visit.starts_at.astimezone(question.now.tzinfo).date()
    return Turn(
        visit.id, visit.starts_at, visit.ends_at, visit.language, bookings.room(hall, group), question.waiting.get(visit.id, 0),
        rules.obstacles(hall, group, people, visit.smallest_group, day, question.closings, has_test=bool(tests)),
        tuple(tests),
    )  # fmt: skip


def _in_the_way(tests: Iterable[Timed], visit: VisitSession, now: datetime) -> list[Timed]:
    moment = bookings.moment(visit.starts_at, visit.ends_at, now.tzinfo or UTC)
    return [] if moment is None else test_rules.in_the_way(tests, moment.starts_on, moment.parts)
