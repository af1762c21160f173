"""What a round has to do with applications and placements: who has a seat through it, what came to nothing, who is busy."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import rules as applications
from app.applications import service_hosts
from app.applications.days import Days
from app.applications.models import Application, ApplicationState
from app.placements.models import Placement
from app.placements.models import State as PlacementState
from app.placements.rules import OPEN
from app.rounds.models import RoundRun, RoundSeat
from app.students.models import Student


class Held(NamedTuple):
    """A seat that a student has through a published result."""

    opportunity_id: UUID
    period: int | None


_stands = sa.or_(
    Application.state.in_(applications.OPEN),
    sa.and_(Application.state == ApplicationState.APPROVED, Placement.state != PlacementState.CANCELLED),
)


def held(session: Session, round_id: UUID) -> dict[UUID, Held]:
    """Student → the seat that the round has proposed, as long as nobody has refused or cancelled it."""
    rows = session.execute(
        sa.select(Application.student_id, Application.opportunity_id, RoundSeat.period)
        .outerjoin(Placement, Placement.id == Application.placement_id)
        .outerjoin(RoundRun, RoundRun.round_id == Application.round_id)
        .outerjoin(
            RoundSeat,
            sa.and_(
                RoundSeat.run_id == RoundRun.id, RoundSeat.student_id == Application.student_id,
                RoundSeat.opportunity_id == Application.opportunity_id, RoundSeat.proposed_at.is_not(None),
            ),
        )
        .where(Application.round_id == round_id, _stands)
        .order_by(RoundSeat.proposed_at.nulls_first())
    )  # fmt: skip
    return {student: Held(opportunity, period) for student, opportunity, period in rows}


def declined(session: Session, round_id: UUID) -> list[tuple[UUID, UUID]]:
    """Students with the opportunities that came to nothing after the round had proposed them."""
    rows = session.execute(
        sa.select(Application.student_id, Application.opportunity_id)
        .outerjoin(Placement, Placement.id == Application.placement_id)
        .where(Application.round_id == round_id, ~_stands)
    )
    return [(student, opportunity) for student, opportunity in rows]


def busy(session: Session, class_ids: Collection[UUID], round_id: UUID) -> dict[UUID, list[Days]]:
    """Students of the classes with the days on which they have, or have promised, something that is not of the round."""
    of_class = sa.select(Student.id).where(Student.class_id.in_(class_ids))
    placed = sa.select(*_days(Placement)).where(
        Placement.student_id.in_(of_class),
        Placement.state.in_(OPEN),
        Placement.id.not_in(service_hosts.placements_of(round_id)),
    )
    promised = sa.select(*_days(Application)).where(
        Application.student_id.in_(of_class), Application.state.in_(applications.PROMISED),
        Application.round_id.is_distinct_from(round_id),
    )  # fmt: skip
    found: dict[UUID, list[Days]] = {}
    for query in (placed, promised):
        for student, *days in session.execute(query):
            found.setdefault(student, []).append(Days(*days))
    return found


def _days(table: type[Placement] | type[Application]) -> list[Any]:
    return [getattr(table, name) for name in ("student_id", *Days._fields)]
