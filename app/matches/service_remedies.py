"""What would help a student without a seat: a little farther, a week later, one more seat. Each is checked, none is a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from app.matches import translate
from app.matches.engine import Engine, Known
from app.matches.seating import Asker, Question, Seat
from app.matches.service_rating import Frame, Stock, spans_in
from matching import Opportunity, Student
from matching.rules import rules_hidden
from matching.score import score

MORE_KM = 5
WEEK = timedelta(days=7)
BEST = 3
"""Remedies that are told: more are no help."""


class Remedy(NamedTuple):
    """A change that gives the student a seat at an opportunity.

    `kind` is "widen" (by `MORE_KM`), "week_later", "week_earlier" or "one_more_seat"; `choices` counts the
    opportunities where the same would help, of which this one fits best.
    """

    kind: str
    opportunity_id: UUID
    wish: int | None
    score: float | None
    choices: int


@dataclass(frozen=True, slots=True)
class Case:
    """A student without a seat, and the round's result around."""

    known: Known
    question: Question
    asker: Asker
    seats: Mapping[str, Seat]


def remedies(engine: Engine, stock: Stock, frame: Frame, case: Case) -> list[Remedy]:
    """The best three, those that make a wish come true first, then by score; outside of any block."""
    state = engine.apply(stock.changes)
    left = _left(case)
    words, weights, on = state.index.vocabulary, engine.weights, state.index.on
    student = case.known.student
    opportunities = {
        str(detail.id): translate.opportunity(replace(detail, spans=spans_in(detail, frame)))
        for detail in stock.details
        if left.get(str(detail.id), 0) > 0
    }

    def rated(found: Student, one: Opportunity) -> float | None:
        return round(score(found, one, words, weights, on).score, 4) if case.known.profile.is_ranked else None

    found: list[Remedy] = []
    for kind, options in _helping(student, opportunities, on, weights.attendance).items():
        lines = [
            Remedy(kind, UUID(one.id), _wish(case, one.id), rated(changed, one), len(options))
            for changed, one in options
        ]
        found += sorted(lines, key=_order)[:1]
    found += _one_more(case, left)
    return sorted(found, key=_order)[:BEST]


def _helping(
    student: Student, opportunities: Mapping[str, Opportunity], on: date, attendance: float
) -> dict[str, list[tuple[Student, Opportunity]]]:
    """By kind of remedy: with which changed student, or which changed opportunity, a free seat comes into reach."""
    farther = None if student.max_km is None else replace(student, max_km=student.max_km + MORE_KM)
    helping: dict[str, list[tuple[Student, Opportunity]]] = {}
    for one in opportunities.values():
        hidden = rules_hidden(student, one, on, attendance)
        if hidden == ["travel"] and farther is not None and not rules_hidden(farther, one, on, attendance):
            helping.setdefault("widen", []).append((farther, one))
        if hidden == ["calendar"]:
            for kind, shift in (("week_later", WEEK), ("week_earlier", -WEEK)):
                moved = _moved(one, shift)
                if not rules_hidden(student, moved, on, attendance):
                    helping.setdefault(kind, []).append((student, moved))
    return helping


def _moved(one: Opportunity, shift: timedelta) -> Opportunity:
    spans = tuple(
        replace(span, starts_on=span.starts_on + shift, ends_on=span.ends_on + shift) for span in one.spans
    )
    return replace(one, spans=spans)


def _one_more(case: Case, left: Mapping[str, int]) -> Iterator[Remedy]:
    """Full ones that the student wishes for or fits: whoever asks there asks for this student."""
    offers = case.question.offers
    full = [
        place
        for place in case.asker.scores
        if place not in case.asker.barred and left.get(offers[place].id, 0) <= 0
        and (not case.question.is_wishes_only or place in case.asker.wishes)
    ]  # fmt: skip
    lines = [
        Remedy("one_more_seat", UUID(offers[place].id), _wish(case, offers[place].id), _score(case, place), len(full))
        for place in full
    ]  # fmt: skip
    yield from sorted(lines, key=_order)[:2]


def _score(case: Case, place: int) -> float | None:
    return min(1.0, case.asker.scores[place]) if case.known.profile.is_ranked else None


def _wish(case: Case, opportunity_id: str) -> int | None:
    for number, place in enumerate(case.asker.wishes, start=1):
        if case.question.offers[place].id == opportunity_id:
            return number
    return None


def _order(one: Remedy) -> tuple[int, float, str, str]:
    return one.wish or 99, -(one.score or 0.0), one.kind, str(one.opportunity_id)


def _left(case: Case) -> dict[str, int]:
    left = {offer.id: offer.seats for offer in case.question.offers}
    for seat in case.seats.values():
        left[case.question.offers[seat.offer].id] -= 1
    return left
