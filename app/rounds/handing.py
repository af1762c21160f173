"""What a round has to do with applications and placements: who has a seat through it already, and who has one elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.opportunities import service_life as seats
from app.opportunities.models import Opportunity
from app.placements.models import Placement
from app.placements.rules import OPEN
from app.placements.service import Terms
from app.rounds.models import Round, RoundRun, RoundSeat
from app.students.models import Student


class Held(NamedTuple):
    """A seat that a student has through a published result."""

    opportunity_id: UUID
    period: int | None


def held(session: Session, round_id: UUID) -> dict[UUID, Held]:
    """Student → the seat that the round has proposed and nobody has refused since."""
    rows = session.execute(
        sa.select(RoundSeat.student_id, RoundSeat.opportunity_id, RoundSeat.period)
        .join(RoundRun, RoundRun.id == RoundSeat.run_id)
        .where(RoundRun.round_id == round_id, RoundSeat.proposed_at.is_not(None))
    )
    return {
        student: Held(opportunity, period) for student, opportunity, period in rows if opportunity is not None
    }


def declined(session: Session, round_id: UUID) -> list[tuple[UUID, UUID]]:  # noqa: ARG001
    """Students with the opportunities that have come to nothing after they were proposed."""
    return []


def busy_elsewhere(session: Session, class_ids: Collection[UUID], row: Round) -> set[UUID]:
    """Students of the classes who have something else on days of the round."""
    return set(
        session.scalars(
            sa.select(Placement.student_id).where(
                Placement.class_id.in_(class_ids), Placement.state.in_(OPEN),
                Placement.starts_on <= row.ends_on, Placement.ends_on >= row.starts_on,
            )
        )
    )  # fmt: skip


def propose(
    session: Session,
    actor: Actor,
    student: Student,  # noqa: ARG001
    opportunity: Opportunity,
    terms: Terms,
    *,
    round_id: UUID,  # noqa: ARG001
    now: datetime,  # noqa: ARG001
) -> None:
    """Hold a seat for the student. Raises Full."""
    seats.take_seat(session, actor, opportunity.id)
    assert terms.starts_on <= terms.ends_on  # noqa: S101
