"""What a run is made of, read in one block: wishes, pins, seats, and what companies have said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.answers.models import Answer, Verdict
from app.applications.days import Days
from app.matches import service_rating
from app.matches.asking import Given
from app.matches.engine import Engine
from app.matches.service_rating import Frame, Stock
from app.rounds import handing, rules, service_kept, service_law, service_tutors, service_wishes
from app.rounds import service as rounds
from app.rounds.models import CompanyRank, Round, RoundClass, RoundPin, Ruling
from app.rounds.service_kept import Named
from app.students.models import Student


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a run is made of, as one read block has seen it."""

    version: int
    frame: Frame
    stock: Stock
    given: Given
    is_wishes_only: bool
    near: Named | None


def take(session: Session, engine: Engine, round_id: UUID, near: int | None = None) -> Snapshot:
    """Read what a run is made of; whether the actor may is the caller's to know. Raises NoSuchRound and NoSuchRun."""
    row = session.get(Round, round_id)
    if row is None:
        raise rounds.NoSuchRound
    class_ids = list(session.scalars(sa.select(RoundClass.class_id).where(RoundClass.round_id == round_id)))
    frame = Frame(rules.kinds_of(row), row.starts_on, row.ends_on)
    held = handing.held(session, round_id)
    stock = service_rating.take_stock(
        session, engine, class_ids, frame, [one.opportunity_id for one in held.values()]
    )
    held_seats = Counter(one.opportunity_id for one in held.values())
    found = session.scalars(sa.select(RoundPin).where(RoundPin.round_id == round_id)).all()
    pins = {one.student_id: (one.opportunity_id, one.period) for one in found if one.ruling is Ruling.PIN}
    given = Given(
        wishes=service_wishes.of_students(session, round_id),
        pins=pins | {student: (one.opportunity_id, one.period) for student, one in held.items()},
        bans=_grouped((one.student_id, one.opportunity_id) for one in found if one.ruling is Ruling.BAN),
        refusals=_grouped([*_refusals(session, class_ids), *handing.declined(session, round_id)]),
        orders=_orders(session, [one.id for one in stock.details]),
        held=held_seats,
        busy=handing.busy(session, class_ids, round_id),
        is_unlawful=_unlawful(
            session, class_ids, stock, {who: one.opportunity_id for who, one in held.items()}
        ),
        hosts=service_tutors.of_hosts(session, round_id, service_tutors.groups(stock, frame), held_seats),
        schools=service_tutors.of_schools(session, round_id, frame, class_ids, held),
    )
    before = None if near is None else service_kept.named(session, service_kept.read(session, round_id, near))
    return Snapshot(row.version, frame, stock, given, row.is_wishes_only, before)


def _unlawful(
    session: Session, class_ids: Sequence[UUID], stock: Stock, held: Mapping[UUID, UUID]
) -> Callable[[UUID, UUID, Days], bool]:
    """Whether the law forbids a pair on some days. Of what is published the school decides, not the run."""
    law = service_law.read(session, class_ids, {one.company_id for one in stock.details})
    offered = {one.id: one for one in stock.details}

    def is_unlawful(student_id: UUID, opportunity_id: UUID, when: Days) -> bool:
        if held.get(student_id) == opportunity_id:
            return False
        return bool(law.forbidding(student_id, offered[opportunity_id], [when]))

    return is_unlawful


def _grouped(pairs: Iterable[tuple[UUID, UUID]]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    for student, opportunity in pairs:
        found.setdefault(student, set()).add(opportunity)
    return found


def _refusals(session: Session, class_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    rows = session.execute(
        sa.select(Answer.student_id, Answer.opportunity_id)
        .join(Student, Student.id == Answer.student_id)
        .where(Student.class_id.in_(class_ids), Answer.verdict == Verdict.NO)
    )
    return [(student, opportunity) for student, opportunity in rows]


def _orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    rows = session.execute(
        sa.select(CompanyRank.opportunity_id, CompanyRank.student_id)
        .where(CompanyRank.opportunity_id.in_(ids))
        .order_by(CompanyRank.opportunity_id, CompanyRank.position)
    )
    for opportunity, student in rows:
        found.setdefault(opportunity, []).append(student)
    return found
