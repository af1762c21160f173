"""Visits for a class. `ask` runs inside a read block; `ranked` computes outside of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.bookings import rules as bookings
from app.bookings import service_overview
from app.bookings.models import VisitSession
from app.bookings.rules import Hall
from app.calendars import service as calendars
from app.calendars.rules import Closing
from app.class_visits import rules
from app.class_visits.rules import GroupFit, Turn
from app.matches import service_class as matches
from app.matches.engine import Engine
from app.matches.service_class import ClassQuestion
from app.places.models import Municipality
from app.schools import classes
from app.schools.models import School, SchoolClass
from app.students import rules as student_rules


@dataclass(frozen=True, slots=True)
class VisitsQuestion:
    """The class, what its ranking needs, where it sets out, when its school is closed, and all sessions to come."""

    school_class: SchoolClass
    matches: ClassQuestion
    here: tuple[float, float] | None
    """Latitude and longitude of the school."""
    closings: Sequence[Closing]
    sessions: Mapping[UUID, list[VisitSession]]
    halls: Mapping[UUID, Hall]
    now: datetime


@dataclass(frozen=True, slots=True)
class ClassVisit:
    """A visit with its card, what it is to the class, and its sessions, the earliest first."""

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
    halls = service_overview.halls(session, [one for some in sessions.values() for one in some], now)
    return VisitsQuestion(school_class, question, here, closings, sessions, halls, now)


def ranked(engine: Engine, question: VisitsQuestion, *, adults: int) -> list[ClassVisit]:
    """The visits that have sessions to come, the best for the whole class first."""
    group = service_overview.guest(question.school_class, is_group=True)
    people = len(question.matches.students) + adults
    found = []
    fits = matches.group_fits(engine, question.matches, question.here)
    for one in fits:
        opportunity_id = UUID(one.card["id"])
        turns = tuple(
            Turn(
                visit.id, visit.starts_at, visit.ends_at, visit.language,
                bookings.room(question.halls[visit.id], group),
                rules.obstacles(
                    question.halls[visit.id], group, people, visit.smallest_group,
                    visit.starts_at.astimezone(question.now.tzinfo).date(), question.closings,
                ),
            )
            for visit in question.sessions.get(opportunity_id, ())
        )  # fmt: skip
        if turns:
            new = rules.discovers([skill["skill_id"] for skill in one.taught], one.held)
            fit = GroupFit(opportunity_id, one.scores, one.travel_km, new)
            named = [skill for skill in one.taught if skill["skill_id"] in new]
            found.append(ClassVisit(one.card, fit, named, turns))
    return sorted(found, key=lambda visit: rules.order_key(visit.fit, visit.turns))
