"""What would help a student without a seat: a little farther, a week later, one more seat. Each is checked, none is a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
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

    `kind` is "widen" (by `MORE_KM`), "week_later", "week_earlier", "one_more_seat" or "one_more_tutor"; `choices` counts
    the opportunities where the same would help, of which this one fits best.
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
    """The best three, those that make a wish come true first, then by score; outside of any block.

    None where the school's tutors can follow nobody more: then nothing that a company does is a help.
    """
    if _is_school_full(case):
        return []
    state = engine.apply(stock.changes)
    seats, followed = _left(case)
    left = {one: min(seats[one], followed.get(one, seats[one])) for one in seats}
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
    found += _one_more(
        case, "one_more_seat", {one for one in seats if seats[one] <= 0 < followed.get(one, 1)}
    )
    found += _one_more(case, "one_more_tutor", {one for one in followed if followed[one] <= 0 < seats[one]})
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


def _one_more(case: Case, kind: str, full: Collection[str]) -> Iterator[Remedy]:
    """Those of the full ones that the student wishes for or fits: whoever asks there asks for this student."""
    offers = case.question.offers
    fitting = [
        place
        for place in case.asker.scores
        if place not in case.asker.barred and offers[place].id in full
        and (not case.question.is_wishes_only or place in case.asker.wishes)
    ]  # fmt: skip
    lines = [
        Remedy(kind, UUID(offers[place].id), _wish(case, offers[place].id), _score(case, place), len(fitting))
        for place in fitting
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


def _left(case: Case) -> tuple[dict[str, int], dict[str, int]]:
    """Free seats of each opportunity, and, where tutors of the host are limited, how many students more these can follow."""
    offers = case.question.offers
    taken = Counter(seat.offer for seat in case.seats.values())
    seats = {offer.id: offer.seats - taken[place] for place, offer in enumerate(offers)}
    followed = {
        offers[place].id: host.most - sum(taken[one] for one in host.offers)
        for host in case.question.hosts
        for place in host.offers
    }
    return seats, followed


def _is_school_full(case: Case) -> bool:
    school = case.asker.school
    if school is None:
        return False
    used = sum(one.school == school and one.id in case.seats for one in case.question.askers)
    return used >= case.question.schools[school].most
