"""After a visit: two answers that nobody can be told apart by, and the thanks that ask for them; before it, advice on seats."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.attendances import service, service_advice, service_feedback, service_thanks
from app.attendances.models import CheckIn, Discovery, Recommends, VisitFeedback
from app.attendances.rules import Came
from app.auth.actors import Actor, Grant, Role
from app.bookings.models import Booking
from app.notifications.models import Notification
from app.students.models import Student
from tests.app.bookings.world import STARTS, World
from tests.factories import NOW, Factory

OVER = STARTS + timedelta(hours=2)


@pytest.fixture
def world(make: Factory) -> World:
    return World(make)


def came(world: World, booking: Booking, **how: Any) -> None:
    with world.database.write() as session:
        service.mark(session, world.host(), booking.id, Came(STARTS, **how), now=STARTS)


def say(
    world: World, actor: Actor, booking: Booking, words: str = "", *, minute: int = 0, **answers: Any
) -> None:
    given = {"discovery": Discovery.A_JOB, "recommends": Recommends.YES} | answers
    with world.database.write() as session:
        service_feedback.give(
            session, actor, booking.id, words=words, now=OVER + timedelta(minutes=minute), **given
        )


def pupils(world: World, booking: Booking) -> list[Actor]:
    with world.database.read() as session:
        found = session.scalars(sa.select(Student).where(Student.class_id == booking.class_id))
        return [world.student(one) for one in found.all()]


def test_answers_are_told_from_five_on_and_in_steps_of_five(world: World) -> None:
    visit = world.plan()
    booking = world.book_class(visit, world.school_class(7))
    everybody, lead = pupils(world, booking), world.lead(booking.school_id)

    def said() -> service_feedback.Said:
        with world.database.read() as session:
            return service_feedback.of_session(session, world.host(), visit.id)

    with pytest.raises(service_feedback.NobodyWasThere):
        say(world, everybody[0], booking)
    came(world, booking)
    for number, one in enumerate(everybody[:4]):
        say(world, one, booking, f"Parole {number}", minute=number)
    assert (said().answers, said().words, set(said().discoveries.values())) == (0, (), {0})
    say(world, everybody[0], booking, "Ho cambiato idea", minute=7)  # no fifth answer: the same person
    assert said().answers == 0
    say(world, lead, booking, "Una bella classe", minute=8)
    assert (said().answers, said().discoveries[Discovery.A_JOB], len(said().words)) == (5, 5, 5)
    assert said().words == tuple(sorted(said().words))
    # One more, and another: nothing moves until there are ten, so that no answer can be told by the difference.
    before = said()
    say(world, everybody[4], booking, "Sesta", minute=9, recommends=Recommends.NO)
    assert said() == before
    with pytest.raises(service_feedback.NotYourFeedback):
        say(world, world.host(), booking)
    with pytest.raises(service.NotYourDoor), world.database.read() as session:
        service_feedback.of_session(session, everybody[0], visit.id)
    with world.database.read() as session:
        assert len(session.scalars(sa.select(VisitFeedback)).all()) == 6


def test_the_guard_of_five_is_what_hides_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = world.plan()
    booking = world.book(visit)
    came(world, booking)
    student = world.make.get(Student, booking.student_id)
    assert student is not None
    say(world, world.student(student), booking)
    monkeypatch.setattr(service_feedback, "told", lambda number: number)
    with world.database.read() as session:
        assert service_feedback.of_session(session, world.host(), visit.id).answers == 1


def test_who_was_there_is_thanked_once_after_it_is_over(world: World) -> None:
    visit = world.plan()
    booking, single, absent = (
        world.book_class(visit, world.school_class(2)),
        world.book(visit),
        world.book(visit),
    )
    world.make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=booking.school_id), name="Lead")
    world.make.signed_in(Grant(Role.STUDENT, student_id=single.student_id), name="Giulia")
    world.make.signed_in(Grant(Role.STUDENT, student_id=absent.student_id), name="Sara")
    came(world, booking)
    came(world, single)
    came(world, absent, students=0)

    def run(now: Any) -> int:
        return service_thanks.run(world.database, now)["visits_thanked"]

    assert (run(OVER - timedelta(seconds=1)), run(OVER), run(OVER)) == (0, 2, 0)
    with world.database.read() as session:
        told = session.scalars(sa.select(Notification)).all()
    assert sorted(one.path for one in told) == sorted(
        f"/bookings/{one.id}/feedback" for one in (booking, single)
    )
    late = world.book(world.plan(seats=9))
    came(world, late)
    assert run(OVER + service_thanks.LATEST + timedelta(days=1)) == 0
    assert world.make.get(CheckIn, late.id).thanked_at is None  # type: ignore[union-attr]


def test_seats_are_advised_from_check_ins_and_changed_by_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_advice, "LEAST_PAST", 100)
    past = world.plan(seats=120)
    for number in range(service_advice.LEAST_PAST):
        booking = world.book(past)
        if number == service_advice.LEAST_PAST - 1:
            few = ask(world, world.plan(seats=20))
        came(world, booking, students=0 if number % 3 == 0 else 1)
    assert (few.learnt_from, few.advice) == (0, None)
    visit = world.plan(seats=20, starts_at=STARTS + timedelta(days=30))
    for _ in range(20):
        world.book(visit, now=NOW)
    later = STARTS + timedelta(days=1)
    found = ask(world, visit, now=later)
    advice = found.advice
    assert advice is not None
    assert (found.booked, found.learnt_from, found.room) == (20, 100, 20)
    assert advice.low < advice.mean < advice.high <= 20
    risks = [one.refusal for one in advice.risks]
    assert risks == sorted(risks)
    assert risks[0] == 0  # as many places as seats: who comes finds one
    assert 1 <= advice.extra <= 10
    assert risks[advice.extra] <= found.risk < risks[advice.extra + 1]
    wide = ask(world, visit, now=later, room=25).advice
    assert wide is not None
    assert wide.extra > advice.extra
    assert ask(world, visit, now=later).advice == advice  # the same question, the same answer
    assert world.make.get(type(visit), visit.id).seats == 20  # type: ignore[union-attr]
    with pytest.raises(service_advice.IsOver):
        ask(world, visit, now=visit.starts_at)
    with pytest.raises(service_advice.NotYourSeats):
        ask(world, visit, now=later, actor=world.lead(world.make.student().school_id))


def ask(
    world: World, visit: Any, *, now: Any = STARTS - timedelta(days=1), room: int | None = None, actor: Actor | None = None
) -> service_advice.Answer:  # fmt: skip
    with world.database.read() as session:
        question = service_advice.ask(session, actor or world.host(), visit.id, now=now)
    return service_advice.answer(question, room=room, risk=0.05)
