"""Who could take over from a tutor of one placement, with what each already follows, and what is arranged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.auth.models import User
from app.laws import service as law_service
from app.placements import rules, service_tutors
from app.placements.models import Placement, TutorChange, TutorSide


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who may be the tutor: students in open placements, and how many there may be."""

    user_id: UUID
    name: str
    students: int
    most_students: int


@dataclass(frozen=True, slots=True)
class Side:
    """The tutors of one side: the present one, who else there is, and who takes over from when."""

    side: TutorSide
    tutor_id: UUID | None
    choices: list[Choice]
    arranged: list[tuple[date, str]]

    @property
    def others(self) -> list[Choice]:
        """Without the present one."""
        return [one for one in self.choices if one.user_id != self.tutor_id]


def side_of(session: Session, placement: Placement, side: TutorSide) -> Side:
    """Whom the side has; whether the reader may know is the caller's to decide."""
    is_school = side is TutorSide.SCHOOL
    tutor_id = placement.school_tutor_id if is_school else placement.host_tutor_id
    choices = _of_school(session, placement) if is_school else _of_host(session, placement)
    arranged = session.execute(
        sa.select(TutorChange.from_on, User.name)
        .join(User, User.id == TutorChange.after_id)
        .where(
            TutorChange.placement_id == placement.id,
            TutorChange.side == side,
            TutorChange.applied_at.is_(None),
        )
        .order_by(TutorChange.from_on, TutorChange.made_at)
    )
    return Side(side, tutor_id, choices, [(row.from_on, row.name) for row in arranged])


def _of_school(session: Session, placement: Placement) -> list[Choice]:
    year = dates.school_year(placement.starts_on)
    found = service_tutors.tutors_of(session, placement.school_id, year)
    return [Choice(one.user_id, one.name, one.students, one.most_students) for one in found]


def _of_host(session: Session, placement: Placement) -> list[Choice]:
    """With what the law gives a tutor at the risk of this placement, on its first day."""
    people = service_tutors.people_of(session, TutorSide.HOST, placement.company_id)
    followed = Counter(
        session.scalars(
            sa.select(Placement.host_tutor_id).where(
                Placement.company_id == placement.company_id, Placement.state.in_(rules.OPEN),
                Placement.host_tutor_id.is_not(None), Placement.starts_on <= placement.ends_on,
                Placement.ends_on >= placement.starts_on,
            )
        )
    )  # fmt: skip
    most = service_tutors.most_by_law(law_service.table(session), placement.starts_on, [placement.risk])
    return [Choice(user_id, name, followed[user_id], most) for user_id, name in people]
