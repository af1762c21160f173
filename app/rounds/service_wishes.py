"""The wishes of a round: how many there are, the copy that freezes them, and a word to those who have none yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.models import Membership, User
from app.companies.models import Company
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Kind, Opportunity
from app.rounds import rules
from app.rounds.models import Round, RoundClass, RoundState, RoundWish
from app.students.models import Student
from app.wishes.models import Wish

if TYPE_CHECKING:
    from app.rounds.service import Seen


class Progress(NamedTuple):
    """How far a class has come: students, and how many of them have at least one wish that counts."""

    class_id: UUID
    students: int
    wished: int


class Wished(NamedTuple):
    """One wish of a round, as a list shows it."""

    position: int
    opportunity_id: UUID
    title: str
    company_name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Wisher:
    """A student of the round with the wishes that count for it."""

    student_id: UUID
    given_name: str
    family_name: str
    has_account: bool
    wishes: Sequence[Wished]


def collect(session: Session, row: Round, student_ids: Collection[UUID] | None = None) -> None:
    """Copy the standing lists of the round's students, or of some of them, over what was copied before."""
    some = sa.true() if student_ids is None else Student.id.in_(student_ids)
    session.execute(
        sa.delete(RoundWish).where(
            RoundWish.round_id == row.id,
            *([] if student_ids is None else [RoundWish.student_id.in_(student_ids)]),
        )
    )
    counting = _counting(row).where(some).subquery()
    session.execute(
        sa.insert(RoundWish).from_select(
            ["round_id", "student_id", "position", "opportunity_id"],
            sa.select(
                sa.literal(row.id, sa.Uuid), counting.c.student_id, counting.c.place, counting.c.opportunity_id
            ).where(counting.c.place <= row.max_wishes),
        )
    )  # fmt: skip


def _counting(row: Round) -> sa.Select[Any]:
    """The standing wishes that count: of the classes' present students, of the round's kinds, numbered anew."""
    place = sa.func.row_number().over(partition_by=Wish.student_id, order_by=Wish.position)
    return (
        sa.select(Wish.student_id, Wish.opportunity_id, place.label("place"))
        .join(Student, Student.id == Wish.student_id)
        .join(RoundClass, RoundClass.class_id == Student.class_id)
        .join(Opportunity, Opportunity.id == Wish.opportunity_id)
        .where(
            RoundClass.round_id == row.id, Student.archived_at.is_(None), Wish.position.is_not(None),
            Opportunity.kind.in_(rules.kinds_of(row)),
        )
    )  # fmt: skip


def _wishes(row: Round) -> sa.Subquery:
    """What counts now: the standing lists while the round collects, then its copy."""
    if row.state is RoundState.COLLECTING:
        counting = _counting(row).subquery()
        return sa.select(counting).where(counting.c.place <= row.max_wishes).subquery()
    return (
        sa.select(RoundWish.student_id, RoundWish.opportunity_id, RoundWish.position.label("place"))
        .where(RoundWish.round_id == row.id)
        .subquery()
    )


def progress(session: Session, row: Round) -> list[Progress]:
    """Each class in numbers, in one statement."""
    wishes = _wishes(row)
    wished = sa.exists().where(wishes.c.student_id == Student.id)
    rows = session.execute(
        sa.select(
            RoundClass.class_id, sa.func.count(Student.id),
            sa.func.coalesce(sa.func.sum(sa.case((wished, 1), else_=0)), 0),
        )
        .outerjoin(Student, sa.and_(Student.class_id == RoundClass.class_id, Student.archived_at.is_(None)))
        .where(RoundClass.round_id == row.id)
        .group_by(RoundClass.class_id)
    )  # fmt: skip
    return [Progress(class_id, students, int(count)) for class_id, students, count in rows]


def of_class(session: Session, row: Round, class_id: UUID) -> list[Wisher]:
    """The students of a class by name, each with the wishes that count."""
    wishes = _wishes(row)
    listed = defaultdict(list)
    for student_id, *values in session.execute(
        sa.select(
            wishes.c.student_id,
            wishes.c.place,
            Opportunity.id,
            Opportunity.title,
            Company.name,
            Opportunity.kind,
        )
        .join(Opportunity, Opportunity.id == wishes.c.opportunity_id)
        .join(Company, Company.id == Opportunity.company_id)
        .join(Student, Student.id == wishes.c.student_id)
        .where(Student.class_id == class_id)
        .order_by(wishes.c.place)
    ):
        listed[student_id].append(Wished(*values))
    has_account = sa.exists().where(Membership.student_id == Student.id)
    rows = session.execute(
        sa.select(Student.id, Student.given_name, Student.family_name, has_account)
        .where(Student.class_id == class_id, Student.archived_at.is_(None))
        .order_by(Student.family_name, Student.given_name, Student.id)
    )
    return [Wisher(*row, wishes=listed[row.id]) for row in rows]


def remind(session: Session, seen: Seen, class_ids: Collection[UUID], *, now: datetime) -> int:
    """Tell students of the classes who have no wish that the round collects; once a day. How many have an account."""
    wishes = _wishes(seen.round)
    people = set(
        session.scalars(
            sa.select(Membership.user_id)
            .join(User, User.id == Membership.user_id)
            .join(Student, Student.id == Membership.student_id)
            .where(
                Student.class_id.in_(class_ids), Student.archived_at.is_(None), User.is_active,
                ~sa.exists().where(wishes.c.student_id == Student.id),
            )
        )
    )  # fmt: skip
    notifications.tell(
        session, people, NotificationKind.WISHES_WANTED, f"{seen.round.id}:{now.date()}",
        path="/start", data={"day": seen.round.closes_on.isoformat()}, now=now,
    )  # fmt: skip
    return len(people)


def of_students(session: Session, round_id: UUID) -> dict[UUID, list[UUID]]:
    """The round's copy: student → opportunities, most wanted first."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    rows = session.execute(
        sa.select(RoundWish.student_id, RoundWish.opportunity_id)
        .where(RoundWish.round_id == round_id)
        .order_by(RoundWish.student_id, RoundWish.position)
    )
    for student_id, opportunity_id in rows:
        found[student_id].append(opportunity_id)
    return found
