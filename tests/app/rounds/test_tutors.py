"""Tutors as capacities of a round: nobody follows more than may be, who is kept out learns it, and publishing asks again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.applications import service_hosts, service_moves
from app.applications.models import Application
from app.applications.rules import HOLDS_SEAT, ApplicationAction, Caps
from app.applications.service_hosts import TutorsFull
from app.applications.service_moves import Wanted
from app.auth.actors import Actor, Grant, Role
from app.auth.models import User
from app.companies.models import Company
from app.db import Database
from app.laws.models import HostSafety, Measure
from app.matches import service_judging
from app.opportunities.models import Kind, Opportunity
from app.placements.models import Placement, TutorCapacity, TutorLeave
from app.rounds import service_kept, service_loads, service_reasons
from app.rounds.models import RunMode
from app.rounds.rules import Action
from app.rounds.service_loads import HostLoad
from tests.app.rounds.world import World
from tests.factories import NOW, Factory

JUNE = {"starts_on": date(2026, 6, 8), "ends_on": date(2026, 6, 19)}
WEEKS = (date(2026, 6, 1), date(2026, 7, 31))
"""From the first to the last day on which the host of the world takes somebody."""
LOAD = {"low": 3, "medium": 2, "high": 1}


def crowded(make: Factory) -> World:
    """Four students who want to be at one host, which has seats for all and one tutor."""
    world = World.of(make, students=4, seats=())
    host = make.company(name="Officina Alfa")
    world.offers = [
        make.opportunity(host, seats=9),
        make.opportunity(host, seats=9),
        make.opportunity(seats=1),
    ]
    for student in range(4):
        world.wish(student, 0, 1)
    make.signed_in(Grant(Role.COMPANY_ADMIN, company_id=host.id), name="Tullio")
    make.law_rule(measure=Measure.HOST_TUTOR_LOAD, parameters=LOAD)
    return world


@pytest.fixture
def world(make: Factory) -> World:
    """The same, rolled back afterwards."""
    return crowded(make)


def tutor(make: Factory, name: str = "Tullio") -> UUID:
    with make.database.read() as session:
        return session.scalars(sa.select(User.id).where(User.name == name)).one()


def loads(world: World) -> service_loads.Loads:
    with world.database.read() as session:
        return service_loads.read(session, world.lead, world.id)


def at_host(world: World) -> int:
    with world.database.read() as session:
        kept = service_kept.load(session, world.id, None if not world.runs else world.runs[-1])
    assert service_judging.judge(kept.question, kept.seats).is_valid
    assert service_kept.replay(kept) == (True, 0)
    return sum(kept.question.offers[seat.offer].id != str(world.offers[2].id) for seat in kept.seats.values())


def test_a_host_gets_as_many_as_its_tutors_can_follow(make: Factory, world: World) -> None:
    # One whom the tutor follows in June; another is followed in May, and counts for nothing then.
    other = make.student(make.school_class())
    make.placement(other, world.offers[1], host_tutor_id=tutor(make), **JUNE)
    make.placement(other, world.offers[0], starts_on=date(2026, 5, 4))
    world.open()
    world.move(Action.FREEZE)
    for mode in (RunMode.OPTIMAL, RunMode.STABLE):
        world.run(mode)
        assert at_host(world) == 2
    # Who is kept out and has the other seat would still rather be there, and so would who has none.
    assert loads(world).hosts == [HostLoad(world.offers[0].company_id, "Officina Alfa", *WEEKS, 2, 2, 2)]
    with world.database.read() as session:
        kept = service_kept.load(session, world.id, world.runs[-1])
        [without] = [one.id for one in world.students if str(one.id) not in kept.seats]
        inquiry = service_reasons.ask(session, world.lead, world.engine, world.id, without)
    found = service_reasons.explain(world.engine, inquiry)
    assert [one.why["code"] for one in found.wishes] == ["tutor_full", "tutor_full"]
    assert (
        found.wishes[0]
        .why["it"]
        .startswith("Tutor di Officina Alfa: più di 2 studenti non si possono seguire.")
    )
    assert (
        found.wishes[0]
        .why["en"]
        .startswith("Tutors of Officina Alfa: no more than 2 students can be followed.")
    )
    assert [(one.kind, one.opportunity_id) for one in found.remedies] == [
        ("one_more_tutor", world.offers[0].id), ("one_more_tutor", world.offers[1].id),
        ("one_more_seat", world.offers[2].id),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "people", "expected"),
    [("high", 1, 1), ("medium", 1, 2), (None, 1, 3), ("medium", 2, 4)],
)
def test_the_limit_is_that_of_the_hosts_own_risk_for_each_tutor(
    make: Factory, world: World, declared: str | None, people: int, expected: int
) -> None:
    host = world.offers[0].company_id
    if declared is not None:
        make.add(
            HostSafety(
                company_id=host, assessed_on=date(2026, 1, 2), risk=declared, declared_at=NOW, declared_by="t"
            )
        )
    for number in range(1, people):
        make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=host), name=f"Tea{number}")
    world.open()
    world.move(Action.FREEZE)
    world.run()
    assert at_host(world) == expected


def test_days_that_do_not_meet_have_their_own_tutors(make: Factory, world: World) -> None:
    from tests.app.rounds.test_life import span_of

    make.add(span_of(world.offers[0], date(2026, 6, 8), date(2026, 6, 12)))
    make.add(span_of(world.offers[1], date(2026, 6, 15), date(2026, 6, 19)))
    for offer in world.offers[:2]:
        make.change(offer)
    world.open()
    world.move(Action.FREEZE)
    world.run()
    assert at_host(world) == 4
    assert [(one.most, one.used) for one in loads(world).hosts] == [(3, 3), (3, 1)]


def test_a_school_that_has_decided_places_no_more_than_its_tutors_follow(make: Factory, world: World) -> None:
    school = world.school_class.school_id
    for name in ("Rosa", "Sara"):
        make.signed_in(
            Grant(Role.TEACHER, school_id=school, class_ids=frozenset({world.school_class.id})), name=name
        )
    for name, most in (("Rosa", 3), ("Sara", 9)):
        make.add(
            TutorCapacity(
                user_id=tutor(make, name), school_id=school, start_year=2025, most_students=most, decided_at=NOW, decided_by="t"
            )
        )  # fmt: skip
    make.add(
        TutorLeave(
            user_id=tutor(make, "Sara"), starts_on=date(2026, 2, 1), ends_on=date(2026, 8, 31), noted_at=NOW, noted_by="t"
        )
    )  # fmt: skip
    make.placement(make.student(world.school_class), make.opportunity(), school_tutor_id=tutor(make, "Rosa"))
    world.open()
    world.move(Action.FREEZE)
    for mode in RunMode:
        world.run(mode)
        [own] = loads(world).schools
        assert (own.most, own.used, own.kept_out) == (2, 2, 3)
    assert [(one.name, one.students, one.most_students, one.proposed) for one in own.tutors] == [
        ("Rosa", 1, 3, 0), ("Sara", 0, 9, 2)
    ]  # fmt: skip
    with world.database.read() as session:
        kept = service_kept.load(session, world.id, world.runs[-1])
        without = next(one.id for one in world.students if str(one.id) not in kept.seats)
        inquiry = service_reasons.ask(session, world.lead, world.engine, world.id, without)
    found = service_reasons.explain(world.engine, inquiry)
    assert {one.why["code"] for one in found.wishes} <= {"school_tutor_full", "lower_ranked"}
    assert found.remedies == []
    with make.database.write() as session:
        session.execute(
            sa.update(TutorCapacity).where(TutorCapacity.most_students == 3).values(most_students=2)
        )
    with pytest.raises(TutorsFull, match="can follow 1 students of the round, not 2"):
        world.publish()


def test_publishing_asks_the_tutors_again_and_counts_its_own_students_once(
    make: Factory, world: World
) -> None:
    world.open()
    world.move(Action.FREEZE)
    world.run()
    late = make.placement(make.student(make.school_class()), world.offers[0], **JUNE)
    with pytest.raises(
        TutorsFull, match="Officina Alfa: its tutors can follow 2 students of the round, not 3"
    ):
        world.publish()
    with make.database.write() as session:
        session.execute(sa.delete(Placement).where(Placement.id == late.id))
    assert world.publish() == 4
    assert world.run(RunMode.OPTIMAL) == 2
    assert at_host(world) == 3


def test_two_rounds_at_once_do_not_count_on_the_same_tutor(shared: Database) -> None:
    make = Factory(shared)
    world = crowded(make)
    other = replace(World.of(make, students=3, seats=()), offers=world.offers)
    for student in range(3):
        other.wish(student, 0, 1)
    for one in (world, other):
        one.open()
        one.move(Action.FREEZE)
        one.run()
        assert at_host(one) == 3
    start = Barrier(2)

    def publish(one: World) -> bool:
        start.wait()
        try:
            one.publish()
        except TutorsFull:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(publish, (world, other))) == [False, True]


# --- two ways of promising --------------------------------------------------------------------------------------------


def applicant(world: World, offered: Opportunity | None = None, **values: Any) -> Application:
    """A student of another class who has applied to the host directly."""
    student = world.make.student()
    days = {"planned_hours": 64} | JUNE | values
    return world.make.application(student, offered or world.offers[0], **days)


def accept(world: World, application: Application) -> bool:
    grant = Grant(Role.COMPANY_ADMIN, company_id=application.company_id)
    host = Actor(kind="user", id=None, name="Tullio", grants=(grant,))
    wanted, caps = [Wanted(application.id)], Caps(open_per_student=3, contacts_per_month=50)
    try:
        with world.database.write() as session:
            service_moves.move(session, host, ApplicationAction.ACCEPT, wanted, now=NOW, caps=caps)
    except TutorsFull:
        return False
    return True


def publish(world: World) -> bool:
    try:
        world.publish()
    except TutorsFull:
        return False
    return True


def of_host(world: World) -> int:
    with world.database.read() as session:
        return session.scalars(
            sa.select(sa.func.count())
            .select_from(Application)
            .where(Application.company_id == world.offers[0].company_id, Application.state.in_(HOLDS_SEAT))
        ).one()


def ran(make: Factory) -> World:
    """A round that has given its three students the host's only tutor, and is not published."""
    world = crowded(make)
    world.open()
    world.move(Action.FREEZE)
    world.run()
    assert at_host(world) == 3
    return world


def test_a_host_says_yes_to_nobody_whom_its_tutors_cannot_follow(
    make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = ran(make)
    host = make.get(Company, world.offers[0].company_id)
    late, visitor = applicant(world), applicant(world, make.opportunity(host, kind=Kind.VISIT))
    other = applicant(world, starts_on=date(2026, 9, 7), ends_on=date(2026, 9, 18))
    assert publish(world)
    assert (accept(world, late), accept(world, visitor), accept(world, other)) == (False, True, True)
    make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=late.company_id), name="Anna")
    assert accept(world, late)
    monkeypatch.setattr(service_hosts, "require_room", lambda *_: None)
    assert all(accept(world, applicant(world)) for _ in range(4))


@pytest.mark.parametrize("is_locked", [True, False])
def test_a_round_and_a_host_at_once_do_not_count_on_the_same_tutor(
    shared: Database, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """Each has read how many there are before the other writes, unless one waits for the host's lock."""
    world = ran(Factory(shared))
    application, read, start = applicant(world), service_hosts.read, Barrier(2)
    # SQLite lets one block write at a time, with or without it.
    are_too_many = not is_locked and shared.engine.dialect.name == "postgresql"

    def read_together(*args: Any, **values: Any) -> service_hosts.Hosts:
        found = read(*args, **values)
        with suppress(BrokenBarrierError):
            start.wait(timeout=30 if are_too_many else 1)
        return found

    monkeypatch.setattr(service_hosts, "read", read_together)
    if not is_locked:
        monkeypatch.setattr(service_hosts, "lock", lambda _, ids: dict.fromkeys(ids, "Officina Alfa"))
    calls: tuple[Callable[[], bool], ...] = (lambda: publish(world), lambda: accept(world, application))
    with ThreadPoolExecutor(2) as threads:
        done = [one.result() for one in [threads.submit(call) for call in calls]]
    assert all(done) is are_too_many
    assert any(done)
    assert (of_host(world) > LOAD["low"]) is are_too_many
