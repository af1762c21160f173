"""From students and opportunities to the question of a round: who comes into question where, and how well it fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import holidays
from app.applications import days
from app.applications.days import Days, Offered
from app.companies.models import Company
from app.matches import translate
from app.matches.asking import Asking, Given
from app.matches.engine import Changes, Engine, Known
from app.matches.seating import Offer, Question, Seat, Tutors
from app.opportunities import details
from app.opportunities.details import Detail
from app.opportunities.models import Kind, Opportunity, OpportunitySpan, Status
from app.students.models import Student
from matching import Index
from matching.score import score


@dataclass(frozen=True, slots=True)
class Frame:
    """Which opportunities a round is about."""

    kinds: frozenset[Kind]
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Stock:
    """What a read block takes along: students, opportunities, and what the index lacks."""

    changes: Changes
    students: Sequence[Known]
    details: Sequence[Detail]
    taken: Mapping[UUID, int]
    sizes: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Rated:
    """The question, and what it takes to say why."""

    question: Question
    known: Mapping[str, Known]
    spans: Sequence[Sequence[details.Span]]
    asking: Asking


def take_stock(
    session: Session, engine: Engine, class_ids: Collection[UUID], frame: Frame, held: Collection[UUID] = ()
) -> Stock:
    """Read students of the classes and the opportunities in the frame; whether the actor may is the caller's to know."""
    changes = engine.changes(session)
    present = sa.and_(Student.class_id.in_(class_ids), Student.archived_at.is_(None))
    students = engine.students(session, changes, present)
    ids = [*session.scalars(sa.select(Opportunity.id).where(in_frame(frame)).order_by(Opportunity.id))]
    found = details.load(session, sorted({*ids, *held}))
    rows = session.execute(
        sa.select(Opportunity.id, Opportunity.seats_taken, Company.size)
        .join(Company, Company.id == Opportunity.company_id)
        .where(Opportunity.id.in_([one.id for one in found]))
    ).all()
    return Stock(
        changes, students, found, {row.id: row.seats_taken for row in rows}, {row.id: row.size or "" for row in rows}
    )  # fmt: skip


def in_frame(frame: Frame) -> sa.ColumnElement[bool]:
    """Published, of the kinds, with a free seat, and with days in the frame or without any."""
    spans = sa.exists().where(OpportunitySpan.opportunity_id == Opportunity.id)
    fits = spans.where(OpportunitySpan.starts_on >= frame.starts_on, OpportunitySpan.ends_on <= frame.ends_on)
    return sa.and_(
        Opportunity.status == Status.PUBLISHED, Opportunity.kind.in_(frame.kinds), sa.or_(~spans, fits)
    )


def spans_in(detail: Detail, frame: Frame) -> tuple[details.Span, ...]:
    """The periods or sessions to choose from; a training path takes place whole or is none of the round's."""
    inside = tuple(
        one for one in detail.spans if frame.starts_on <= one.starts_on and one.ends_on <= frame.ends_on
    )
    return () if detail.kind is Kind.TRAINING and len(inside) < len(detail.spans) else inside


def rate(
    engine: Engine, stock: Stock, frame: Frame, given: Given, *, seed: int, is_wishes_only: bool
) -> Rated:
    """Score every student against what comes into question, outside of any block."""
    state = engine.apply(stock.changes)
    chosen = [(one, spans_in(one, frame)) for one in stock.details]
    chosen = [(one, spans) for one, spans in chosen if spans or not one.spans]
    offers = tuple(_offer(one, len(spans), stock, given) for one, spans in chosen)
    # Whoever holds a seat of a full one must find it there; who else gets in is a matter of the seats.
    opportunities = [
        translate.opportunity(
            replace(one, spans=spans, seats_free=max(1, offer.seats), closes_on=None if one.id in given.held else one.closes_on)
        )
        for (one, spans), offer in zip(chosen, offers, strict=True)
    ]  # fmt: skip
    index = Index(opportunities, state.index.vocabulary, engine.weights, on=state.index.on, seed=engine.seed)
    alternatives = [days_meant(one, spans, frame) for one, spans in chosen]
    asking = Asking(index, opportunities, offers, alternatives, given)
    known = {one.student.id: one for one in stock.students}
    spans = [spans for _, spans in chosen]
    schools = tuple(Tutors(str(one.owner_id), one.most) for one in given.schools)
    question = Question(offers, asking.askers(stock.students), seed, is_wishes_only, asking.hosts(), schools)
    return Rated(question, known, spans, asking)


def settled(rated: Rated, seats: Mapping[str, Seat]) -> dict[str, Seat]:
    """The seats with the first period that suits, wherever no minimum makes the choice a matter of the assignment."""
    pins = {asker.id: asker.pin for asker in rated.question.askers}
    found = {}
    for who, seat in seats.items():
        pin = pins[who]
        if pin is not None and pin.offer == seat.offer and pin.period is not None:
            found[who] = pin
        elif seat.period is None and len(rated.spans[seat.offer]) > 1:
            found[who] = Seat(seat.offer, rated.asking.first_suiting(rated.known[who], seat.offer))
        else:
            found[who] = seat
    return found


def days_meant(one: Offered, spans: Sequence[Days | details.Span], frame: Frame) -> list[Days]:
    """The alternatives in their order; where no days are said, as many from the frame's first as the hours fill."""
    if one.kind is Kind.TRAINING or not spans:
        found = days.offered(one.kind, [Days(*span[:3], span.starts_at, span.ends_at) for span in spans])
        return found or [_first_days(one, frame)]
    return [Days(*span[:3], span.starts_at, span.ends_at) for span in spans]


def _first_days(one: Offered, frame: Frame) -> Days:
    whole = Days(frame.starts_on, frame.ends_on)
    if not one.hours:
        return whole
    wanted = ceil(one.hours / (one.daily_hours or days.USUAL_DAILY_HOURS[one.kind]))
    last = frame.starts_on
    while last < frame.ends_on and holidays.count(frame.starts_on, last, whole.weekdays) < wanted:
        last += timedelta(days=1)
    return Days(frame.starts_on, last)


def explained(rated: Rated, student_id: str, seat: Seat) -> dict[str, Any]:
    """Parts, reasons and gap of a student's score at a seat, in both languages; nothing for whom nobody ranks."""
    known, index = rated.known[student_id], rated.asking.index
    if not known.profile.is_ranked:
        return {}
    one = rated.asking.opportunities[seat.offer]
    ranked = score(known.student, one, index.vocabulary, index.weights, index.on)
    words = index.vocabulary
    return {
        "score": round(ranked.score, 4),
        "parts": {name: round(value, 3) for name, value in ranked.parts.items()},
        "reasons": [translate.reason(reason, words, "school") for reason in ranked.reasons],
        "gap": translate.reason(ranked.gap, words, "school") if ranked.gap else None,
        "travel_km": None if ranked.travel_km is None else round(ranked.travel_km, 1),
    }


def _offer(detail: Detail, periods: int, stock: Stock, given: Given) -> Offer:
    held = given.held.get(detail.id, 0)
    wanted = (detail.group_min or 0) if detail.kind is Kind.VISIT else 0
    minimum = max(0, wanted - (stock.taken[detail.id] - held))
    # All periods share the same seats, so which one it is matters to others only where one needs enough of them.
    return Offer(
        id=str(detail.id), seats=max(0, detail.seats_free) + held, minimum=minimum,
        periods=periods if minimum and periods > 1 else 0, size=stock.sizes[detail.id],
    )  # fmt: skip
