"""Seats of any small round: never given twice, pins and bans kept, the same answer to the same question, packed or not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from app.matches import seating, service_judging
from app.matches.seating import Asker, Change, Offer, PinsClash, Question, Seat, Tutors, wish_of
from tests.matching.strategies import examples

MOST = 5


@some.composite
def questions(draw: Any) -> Question:
    """Up to five students and offers, some with sessions that need enough students."""
    offers = tuple(
        Offer(f"o{number}", seats=draw(some.integers(0, 3)), minimum=minimum, periods=2 if minimum else 0)
        for number, minimum in enumerate(
            draw(some.lists(some.sampled_from((0, 0, 2)), min_size=1, max_size=MOST))
        )
    )
    places = some.integers(0, len(offers) - 1)
    askers = []
    for number in range(draw(some.integers(0, MOST))):
        wishes = draw(some.lists(places, unique=True, max_size=3))
        scored = draw(some.lists(places, unique=True, max_size=MOST))
        barred = dict.fromkeys(draw(some.lists(places, unique=True, max_size=1)), "travel")
        scores = {place: draw(some.integers(0, 10)) / 10 for place in {*wishes, *scored} - barred.keys()}
        free = {
            place: tuple(draw(some.lists(some.integers(0, 1), unique=True, min_size=1)))
            for place in scores
            if offers[place].periods
        }
        pin = draw(some.one_of(some.none(), some.sampled_from(sorted(scores)))) if scores else None
        seat = None if pin is None else Seat(pin)
        school = draw(some.sampled_from([None, 0, 1]))
        askers.append(Asker(f"s{number}", tuple(wishes), scores, free, barred, seat, school))
    cut = draw(some.integers(0, len(offers)))
    every = tuple(range(len(offers)))
    hosts = [Tutors("host", draw(some.integers(0, 3)), part) for part in (every[:cut], every[cut:])]
    schools = [Tutors("school", draw(some.integers(0, 3))) for _ in range(2)]
    return Question(
        offers, tuple(askers), draw(some.integers(0, 3)), draw(some.booleans()), tuple(hosts), tuple(schools)
    )


@examples(150)
@given(questions(), some.booleans())
def test_no_seat_is_given_twice_and_what_people_decided_holds(question: Question, is_optimal: bool) -> None:
    try:
        answer = seating.solve(question, is_optimal=is_optimal)
    except PinsClash:
        assert any(asker.pin is not None for asker in question.askers)
        return
    taken = Counter(seat.offer for seat in answer.seats.values())
    assert all(count <= question.offers[place].seats for place, count in taken.items())
    loads = service_judging.tutors(question, answer.seats)
    for tutors in (*loads["hosts"], *loads["schools"]):
        assert tutors["used"] <= tutors["most"]
        assert not tutors["kept_out"] or tutors["used"] == tutors["most"]
    assert [one["used"] for one in loads["hosts"]] == [
        sum(taken[place] for place in host.offers) for host in question.hosts
    ]
    for asker in question.askers:
        seat = answer.seats.get(asker.id)
        if seat is None:
            assert asker.pin is None
            continue
        assert seat.offer not in asker.barred
        assert asker.pin is None or asker.pin.offer == seat.offer
        assert not question.is_wishes_only or wish_of(asker, seat) is not None or asker.pin is not None
    report = service_judging.report(question, answer)
    # A pin keeps a session open that too few come to, and the report says so.
    has_pin = any(asker.pin is not None for asker in question.askers)
    assert report["violations"].keys() <= ({"below_minimum"} if has_pin else set())
    assert report["unplaced"] == len(question.askers) - len(answer.seats)


@examples(150)
@given(questions(), some.booleans())
def test_what_was_kept_gives_the_same_again_whatever_the_order(question: Question, is_optimal: bool) -> None:
    askers = tuple(Asker.unpack(one.id, one.pack()) for one in reversed(question.askers))
    again = replace(question, askers=askers)
    try:
        first = seating.solve(question, is_optimal=is_optimal)
    except PinsClash:
        return
    assert seating.solve(again, is_optimal=is_optimal).seats == first.seats


@examples(150)
@given(questions())
def test_a_ban_that_is_tried_holds_and_the_question_stays(question: Question) -> None:
    before = replace(question)
    try:
        answer = seating.solve(question, is_optimal=False)
        for student, seat in answer.seats.items():
            tried = seating.changed(question, [Change(student, seat, is_ban=True)])
            after = seating.solve(tried, is_optimal=False)
            assert after.seats.get(student, Seat(-1)).offer != seat.offer
    except PinsClash:
        assert any(asker.pin is not None for asker in question.askers)
    assert question == before


def test_a_session_without_enough_students_does_not_take_place() -> None:
    visit = Offer("visit", seats=5, minimum=2, periods=2)
    free = {0: (0,)}, {0: (1,)}, {0: (0, 1)}
    askers = tuple(Asker(f"s{number}", (0,), {0: 0.5}, one) for number, one in enumerate(free))
    seats = seating.solve(Question((visit,), askers, seed=1), is_optimal=True).seats
    assert sorted(Counter(seat.period for seat in seats.values()).values()) == [2]
