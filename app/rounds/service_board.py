"""The board of a class: who is placed where and why, and the classes in numbers. Reads what a run has kept; computes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from app import errors
from app.auth.actors import Actor
from app.companies.models import Company
from app.laws.rules import Finding
from app.opportunities.models import Kind, Opportunity
from app.rounds import service as rounds
from app.rounds import service_kept, service_law
from app.rounds.models import Round, RoundPin, RoundRun, RoundSeat, RoundWish, Ruling
from app.rounds.service import Seen
from app.rounds.service_law import Law
from app.students.models import Student


class NotOnBoard(errors.NotFound):
    """The class does not take part, or its students are not the actor's to see."""

    title = "No such class in this round"


class Days(NamedTuple):
    """From when to when."""

    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Seated:
    """Where a run puts a student, and why: parts of the score, reasons and gap in both languages (`said`).

    `findings` are what the law forbids there, and of what it warns.
    """

    opportunity_id: UUID
    title: str
    company_name: str
    kind: Kind
    days: Days | None
    wish: int | None
    score: float | None
    said: Mapping[str, Any]
    is_proposed: bool
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class BoardLine:
    """Where a student of the class stands; `is_in_run` is not so of those who came later, or have something else."""

    student_id: UUID
    given_name: str
    family_name: str
    wishes: int
    is_in_run: bool
    seated: Seated | None
    pin_id: UUID | None
    bans: int


@dataclass(frozen=True, slots=True)
class Tally:
    """A class of a run in numbers."""

    class_id: UUID
    students: int
    placed: int
    first_wish: int
    beyond: int
    proposed: int


@dataclass(frozen=True, slots=True)
class Board:
    """A class of a round as its staff sees it."""

    seen: Seen
    run: RoundRun
    class_id: UUID
    lines: list[BoardLine]


def read(session: Session, actor: Actor, round_id: UUID, class_id: UUID, number: int | None = None) -> Board:
    """The board of the chosen run, or of another one. Eleven statements, however large the round.

    Raises NoSuchRound, NotOnBoard and NoSuchRun.
    """
    seen = rounds.find(session, actor, round_id)
    if class_id not in {one.class_id for one in seen.own(actor)}:
        raise NotOnBoard
    run = service_kept.read(session, round_id, number or seen.round.run_number)
    pins = session.execute(
        sa.select(RoundPin.id, RoundPin.student_id, RoundPin.ruling)
        .join(Student, Student.id == RoundPin.student_id)
        .where(RoundPin.round_id == round_id, Student.class_id == class_id)
    ).all()
    pin_of = {row.student_id: row.id for row in pins if row.ruling is Ruling.PIN}
    banned = [row.student_id for row in pins if row.ruling is Ruling.BAN]
    spans = {one["id"]: one["spans"] for one in run.offers["items"]}
    rows = session.execute(_lines(round_id, run.id, class_id)).all()
    law = service_law.read(
        session, [class_id], {row.Opportunity.company_id for row in rows if row.Opportunity}
    )
    lines = [
        BoardLine(
            student_id=row.id, given_name=row.given_name, family_name=row.family_name, wishes=row.wishes,
            is_in_run=row.RoundSeat is not None, seated=_seated(row, spans, law, seen.round), pin_id=pin_of.get(row.id),
            bans=banned.count(row.id),
        )
        for row in rows
    ]  # fmt: skip
    return Board(seen, run, class_id, lines)


def _lines(round_id: UUID, run_id: UUID, class_id: UUID) -> sa.Select[Any]:
    wishes = (
        sa.select(sa.func.count())
        .where(RoundWish.round_id == round_id, RoundWish.student_id == Student.id)
        .correlate(Student)
        .scalar_subquery()
    )
    # What the run knew of a student is much, and no board shows it.
    return (
        sa.select(
            Student.id, Student.given_name, Student.family_name, wishes.label("wishes"), RoundSeat, Opportunity,
            Company.name.label("company_name"),
        )
        .outerjoin(RoundSeat, sa.and_(RoundSeat.student_id == Student.id, RoundSeat.run_id == run_id))
        .outerjoin(Opportunity, Opportunity.id == RoundSeat.opportunity_id)
        .outerjoin(Company, Company.id == Opportunity.company_id)
        .where(Student.class_id == class_id, sa.or_(Student.archived_at.is_(None), RoundSeat.run_id.is_not(None)))
        .order_by(Student.family_name, Student.given_name, Student.id)
        .options(defer(RoundSeat.inputs), defer(Opportunity.text), defer(Opportunity.conditions))
    )  # fmt: skip


def _seated(row: Any, spans: Mapping[str, Any], law: Law, of_round: Round) -> Seated | None:
    seat = row.RoundSeat
    if seat is None or seat.opportunity_id is None:
        return None
    offered = spans.get(str(seat.opportunity_id), ())
    findings: Sequence[Finding] = ()
    if seat.proposed_at is None and row.id in law.people:  # of what is proposed already the placement tells
        when = service_law.seat_days(of_round, row.Opportunity, offered, seat.period)
        findings = law.findings(row.id, row.Opportunity, when)
    return Seated(
        opportunity_id=seat.opportunity_id, title=row.Opportunity.title, company_name=row.company_name,
        kind=row.Opportunity.kind, days=days_of(offered, seat.period), wish=seat.wish, score=seat.score,
        said=seat.said, is_proposed=seat.proposed_at is not None, findings=findings,
    )  # fmt: skip


def days_of(spans: Any, period: int | None) -> Days | None:
    """From the first day to the last of a period, or of all there is; None for what is open on any day."""
    chosen = spans if period is None else [spans[period]]
    if not chosen:
        return None
    starts, ends = min(one[0] for one in chosen), max(one[1] for one in chosen)
    return Days(date.fromisoformat(starts), date.fromisoformat(ends))


def tallies(session: Session, run: RoundRun, class_ids: Collection[UUID]) -> list[Tally]:
    """Classes of a run in numbers, in one statement."""

    def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    is_placed = RoundSeat.opportunity_id.is_not(None)
    rows = session.execute(
        sa.select(
            RoundSeat.class_id, sa.func.count(), count(is_placed), count(RoundSeat.wish == 1),
            count(sa.and_(is_placed, RoundSeat.wish.is_(None))), count(RoundSeat.proposed_at.is_not(None)),
        )
        .where(RoundSeat.run_id == run.id, RoundSeat.class_id.in_(class_ids))
        .group_by(RoundSeat.class_id)
    )  # fmt: skip
    return [Tally(class_id, *map(int, counts)) for class_id, *counts in rows]
