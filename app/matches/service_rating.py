"""From students and opportunities to the question of a round: who comes into question where, and how well it fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import ceil
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import days
from app.applications.days import Days
from app.companies.models import Company
from app.matches import translate
from app.matches.engine import Changes, Engine, Known
from app.matches.seating import BANNED, BUSY, SAID_NO, Asker, Offer, Question, Seat, pinned
from app.opportunities import details
from app.opportunities.details import Detail
from app.opportunities.models import Kind, Opportunity, OpportunitySpan, Status
from app.students.models import Student
from matching import Index
from matching import Kind as EngineKind
from matching import Opportunity as EngineOpportunity
from matching import Student as EngineStudent
from matching.calendar import fails_age, least_share, share_free
from matching.many import top
from matching.score import score

KEPT = 40
"""So many opportunities beside the wishes come into question for a student, the best by score."""

NEUTRAL = 0.5
"""What stands for the score of a student who is not ranked: only the wishes and the lot decide."""

FIRST_CHOICE = 1.0
"""Added to the scores of those whom a company has put in order, so that they go before all others."""


@dataclass(frozen=True, slots=True)
class Given:
    """What people have said, as the round has collected it; all of it by students' and opportunities' ids.

    `held` seats are taken by students of the round already, who are pinned to them; who is `busy` has something else then.
    """

    wishes: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)
    pins: Mapping[UUID, tuple[UUID, int | None]] = field(default_factory=dict)
    bans: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)
    refusals: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)
    orders: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)
    held: Mapping[UUID, int] = field(default_factory=dict)
    busy: Mapping[UUID, Sequence[Days]] = field(default_factory=dict)


class Offered(Protocol):
    """What decides on which days something takes place that says none."""

    @property
    def kind(self) -> Kind: ...
    @property
    def hours(self) -> int: ...
    @property
    def daily_hours(self) -> float | None: ...


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
    students: Mapping[str, EngineStudent]
    unranked: frozenset[str]
    opportunities: Sequence[EngineOpportunity]
    spans: Sequence[Sequence[details.Span]]
    index: Index


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
    rating = _Rating(index, opportunities, offers, alternatives, given)
    askers = rating.askers(stock.students)
    students = {known.student.id: known.student for known in stock.students}
    unranked = frozenset(known.student.id for known in stock.students if not known.profile.is_ranked)
    return Rated(
        Question(offers, askers, seed, is_wishes_only), students, unranked, opportunities,
        [spans for _, spans in chosen], index,
    )  # fmt: skip


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
    while last < frame.ends_on and days.count(Days(frame.starts_on, last)) < wanted:
        last += timedelta(days=1)
    return Days(frame.starts_on, last)


def explained(rated: Rated, student_id: str, seat: Seat) -> dict[str, Any]:
    """Parts, reasons and gap of a student's score at a seat, in both languages; nothing for whom nobody ranks."""
    if student_id in rated.unranked:
        return {}
    index, one = rated.index, rated.opportunities[seat.offer]
    ranked = score(rated.students[student_id], one, index.vocabulary, index.weights, index.on)
    words = index.vocabulary
    return {
        "score": round(ranked.score, 4),
        "parts": {name: round(value, 3) for name, value in ranked.parts.items()},
        "reasons": [translate.reason(reason, words, "company") for reason in ranked.reasons],
        "gap": translate.reason(ranked.gap, words, "company") if ranked.gap else None,
        "travel_km": None if ranked.travel_km is None else round(ranked.travel_km, 1),
    }


def _offer(detail: Detail, periods: int, stock: Stock, given: Given) -> Offer:
    held = given.held.get(detail.id, 0)
    is_group = detail.kind is Kind.VISIT and detail.group_min
    here_already = stock.taken[detail.id] - held
    return Offer(
        id=str(detail.id), seats=max(0, detail.seats_free) + held,
        minimum=max(0, (detail.group_min or 0) - here_already) if is_group else 0,
        periods=periods if periods > 1 and detail.kind is not Kind.TRAINING else 0,
        size=stock.sizes[detail.id],
    )  # fmt: skip


class _Rating:
    """Students against the opportunities of one round; remembers what whole classes have in common."""

    def __init__(
        self,
        index: Index,
        opportunities: Sequence[EngineOpportunity],
        offers: Sequence[Offer],
        alternatives: Sequence[Sequence[Days]],
        given: Given,
    ) -> None:
        self.index, self.opportunities, self.offers, self.given = index, opportunities, offers, given
        self.alternatives = alternatives
        self.place = {offer.id: place for place, offer in enumerate(offers)}
        self.order = {
            (str(student), self.place[str(opportunity)]): (position, len(order))
            for opportunity, order in given.orders.items() if str(opportunity) in self.place
            for position, student in enumerate(order)
        }  # fmt: skip
        self._shares: dict[tuple[Any, ...], bool] = {}

    def askers(self, students: Sequence[Known]) -> tuple[Asker, ...]:
        ranked = [known for known in students if known.profile.is_ranked]
        scored: dict[UUID, dict[int, float]] = {}
        if self.opportunities:
            # To pick few and to pick all costs the same here, and no wish has to be looked up one by one.
            for best in top(self.index, [known.student for known in ranked], len(self.opportunities)):
                scored[ranked[best.position].profile.id] = {
                    self.place[name]: round(value, 6) for name, value in zip(best.ids, best.scores, strict=True)
                }  # fmt: skip
        return tuple(self._asker(known, scored.get(known.profile.id, {})) for known in students)

    def _asker(self, known: Known, scored: Mapping[int, float]) -> Asker:
        who, student = known.profile.id, known.student
        wished = [self.place[str(one)] for one in self.given.wishes.get(who, ()) if str(one) in self.place]
        barred = {
            place: rule for place in wished if (rule := self._hidden(student, place, scored)) is not None
        }
        for decided, rule in ((self.given.refusals, SAID_NO), (self.given.bans, BANNED)):
            barred |= {self.place[str(one)]: rule for one in decided.get(who, ()) if str(one) in self.place}
        barred |= {place: BUSY for place in {*wished, *scored} if self._is_taken(who, place)}
        kept = {place: scored.get(place, NEUTRAL) for place in wished if place not in barred}
        for place in [one for one in scored if one not in barred][:KEPT]:
            kept.setdefault(place, scored[place])
        asker = Asker(
            id=student.id, wishes=tuple(wished), barred=barred,
            scores={place: self._put_first(student.id, place, value) for place, value in kept.items()},
            free={place: self._suiting(known, place) for place in kept if self.offers[place].periods},
        )  # fmt: skip
        pin = self.given.pins.get(who)
        if pin is None or str(pin[0]) not in self.place:
            return asker
        return self._pinned(known, asker, Seat(self.place[str(pin[0])], pin[1]), scored)

    def _pinned(self, known: Known, asker: Asker, seat: Seat, scored: Mapping[int, float]) -> Asker:
        free = dict(asker.free)
        if self.offers[seat.offer].periods:
            free.setdefault(seat.offer, self._suiting(known, seat.offer))
        value = self._put_first(asker.id, seat.offer, scored.get(seat.offer, NEUTRAL))
        rule = self.index.hidden_by(known.student, self.offers[seat.offer].id)
        barred = dict(asker.barred) if rule is None else {**asker.barred, seat.offer: rule}
        if self._is_taken(known.profile.id, seat.offer):
            barred[seat.offer] = BUSY
        scores = {seat.offer: value, **asker.scores}
        return pinned(replace(asker, scores=scores, barred=barred, free=free), seat)

    def _is_taken(self, who: UUID, place: int) -> bool:
        """Whether the student has something else in every period of the opportunity."""
        return who in self.given.busy and all(self._clashes(who, one) for one in self.alternatives[place])

    def _clashes(self, who: UUID, wanted: Days) -> bool:
        return any(days.clash(wanted, one) for one in self.given.busy.get(who, ()))

    def _hidden(self, student: EngineStudent, place: int, scored: Mapping[int, float]) -> str | None:
        return None if place in scored else self.index.hidden_by(student, self.offers[place].id)

    def _put_first(self, student_id: str, place: int, value: float) -> float:
        """The score, or for whom the company has put in order one above all scores."""
        position = self.order.get((student_id, place))
        if position is None:
            return value
        return round(FIRST_CHOICE + (position[1] - position[0]) / (position[1] + 1), 6)

    def _suiting(self, known: Known, place: int) -> tuple[int, ...]:
        """The periods of an opportunity in which the student is free, and of the right age."""
        one, student = self.opportunities[place], known.student
        return tuple(
            number
            for number, span in enumerate(one.spans)
            if fails_age(student, one, span.starts_on) is None
            and span.ends_on >= self.index.on
            and self._is_free(student, span, one.kind)
            and not self._clashes(known.profile.id, self.alternatives[place][number])
        )

    def _is_free(self, student: EngineStudent, span: Any, kind: EngineKind) -> bool:
        if not student.free:
            return True
        key = (student.free, span, kind)
        found = self._shares.get(key)
        if found is None:
            share = share_free(student.free, span)
            found = self._shares[key] = share >= least_share(kind, self.index.weights.attendance)
        return found
