"""The placements of a school in one look: where each class stands, what needs somebody today, what the law finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.auth import service as auth
from app.auth.actors import Actor
from app.laws import rules as laws
from app.laws.models import Severity
from app.laws.rules import Finding
from app.placements import rules, service, service_findings, service_tutors
from app.placements.models import Party, Placement, State
from app.placements.service import Seen
from app.schools import classes
from app.schools.models import SchoolClass

SOON = timedelta(days=14)
"""What runs out by then needs somebody today."""
MOST_CLASSES = 200


@dataclass(frozen=True, slots=True)
class Need:
    """A placement that waits for the school, until when, and what the law finds in it."""

    seen: Seen
    due_at: datetime
    findings: list[Finding]

    @property
    def is_forbidden(self) -> bool:
        """Whether something keeps it from beginning."""
        return bool(laws.forbidden(self.findings))


@dataclass(frozen=True, slots=True)
class Fault:
    """What one rule finds, and in how many placements that are to begin."""

    finding: Finding
    placements: int


@dataclass(frozen=True, slots=True)
class Board:
    """A school year of the reader's classes."""

    classes: Sequence[SchoolClass]
    numbers: Counter[tuple[UUID, State]]
    needs: list[Need]
    faults: list[Fault]


def board(session: Session, actor: Actor, school_id: UUID, start_year: int, *, now: datetime) -> Board:
    """The board, of those classes that the actor is staff of. Raises NoSuchSchool and NotAllowed."""
    auth.require_scope(actor, "placements:read")
    service_tutors.require_staff(session, actor, school_id)
    first, last = (date(year, dates.SCHOOL_YEAR_BEGINS, 1) for year in (start_year, start_year + 1))
    seen = service.visible(
        session,
        actor,
        Placement.school_id == school_id,
        Placement.starts_on >= first,
        Placement.starts_on < last,
    )
    planned = [one.placement for one in seen if one.placement.state in _TO_BEGIN]
    found = service_findings.of_many(session, planned)
    needs = [
        Need(one, one.placement.due_at, found.get(one.placement.id, []))
        for one in seen
        if one.placement.due_at is not None
        and rules.OWNER[one.placement.state] is Party.SCHOOL
        and one.placement.due_at <= now + SOON
    ]
    # A placement is of the class of the day it was agreed on: in September that may be last year's.
    known = classes.search(session, actor, school_id, start_year=start_year, limit=MOST_CLASSES)
    older = {one.placement.class_id for one in seen} - {one.id for one in known}
    known += session.scalars(sa.select(SchoolClass).where(SchoolClass.id.in_(older))).all() if older else []
    own = [one for one in known if actor.is_administrator or actor.is_staff_of(school_id, one.id)]
    numbers = Counter((one.placement.class_id, one.placement.state) for one in seen)
    return Board(
        own,
        numbers,
        sorted(needs, key=lambda one: (one.due_at, one.seen.placement.id)),
        _faults(found.values()),
    )


_TO_BEGIN = frozenset({State.PLANNED, State.READY})


def _faults(found: Iterable[list[Finding]]) -> list[Fault]:
    counted: Counter[UUID] = Counter()
    first: dict[UUID, Finding] = {}
    for findings in found:
        for one in findings:
            counted[one.rule_id] += 1
            first.setdefault(one.rule_id, one)
    order = list(Severity)
    return sorted(
        (Fault(first[rule_id], number) for rule_id, number in counted.items()),
        key=lambda one: (order.index(one.finding.severity), -one.placements, one.finding.code),
    )
