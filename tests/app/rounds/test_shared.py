"""Rounds that schools share: nobody sees another school's students, seats are given out once, and each publishes its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.applications.models import Application
from app.auth.actors import Actor, Grant, Role
from app.commands import working
from app.db import Database
from app.errors import Problem
from app.events.models import Event
from app.jobs import service as jobs
from app.jobs import service_running as running
from app.jobs.models import Job, JobState
from app.jobs.rules import JobKind
from app.notifications.models import Notification
from app.opportunities.models import Kind, Opportunity
from app.opportunities.models import Status as OpportunityStatus
from app.rounds import service as rounds
from app.rounds import (
    service_board,
    service_kept,
    service_pins,
    service_publishing,
    service_reasons,
    service_runs,
    service_sharing,
    service_trying,
    service_wishes,
)
from app.rounds.models import RoundRun, RoundState, Ruling, RunMode
from app.rounds.rules import Action
from app.rounds.service_trying import Wanted
from app.settings import Settings
from app.students.service import NoSuchStudent
from tests.app.rounds.world import DATES, World, lead_of
from tests.factories import NOW, Factory


def coordinator(make: Factory) -> Actor:
    territory = make.territory()
    grant = Grant(Role.COORDINATOR, territory_id=territory.id, provinces=frozenset({"BO"}))
    return Actor(kind="key", id=None, name="coordinator", grants=(grant,))


@pytest.fixture
def sides(make: Factory) -> tuple[World, World, Actor]:
    """Two schools in one round with the same three seats; all want the first."""
    one = World.of(make, students=2, seats=(1, 1, 1, 1))
    other = replace(World.of(make, students=2, seats=()), offers=one.offers)
    who = coordinator(make)
    values = DATES | {
        "school_id": None, "territory_id": make.territory().id, "name": "Insieme", "kinds": [Kind.INTERNSHIP],
        "class_ids": [], "max_wishes": 3, "is_wishes_only": False,
    }  # fmt: skip
    with make.database.write() as session:
        one.round_id = other.round_id = rounds.create(session, who, values, now=NOW).round.id
    for side in (one, other):
        side.wish(0, 0, 1)
        side.wish(1, 0, 2)
        with make.database.write() as session:
            school = side.school_class
            service_sharing.join(session, side.lead, side.id, school.school_id, [school.id], now=NOW)
    return one, other, who


def run_by(world: World, actor: Actor, mode: RunMode = RunMode.STABLE) -> int:
    with world.database.write() as session:
        rounds.move(session, actor, world.id, Action.FREEZE, now=NOW)
    with world.database.write() as session:
        order, _ = service_runs.ask(session, actor, world.id, mode=mode)
    return service_runs.run(world.database, world.engine, actor, order, clock=lambda: NOW)


def test_each_school_sees_its_own_students_and_counts_of_all(sides: tuple[World, World, Actor]) -> None:
    one, other, who = sides
    run_by(one, who)
    with one.database.read() as session:
        mine = service_board.read(session, one.lead, one.id, one.school_class.id)
        assert {line.student_id for line in mine.lines} == {student.id for student in one.students}
        assert mine.run.students == 4
        with pytest.raises(service_board.NotOnBoard):
            service_board.read(session, one.lead, one.id, other.school_class.id)
        with pytest.raises(service_board.NotOnBoard):
            service_board.read(session, who, one.id, one.school_class.id)
        with pytest.raises(NoSuchStudent):
            service_reasons.ask(session, one.lead, one.engine, one.id, other.students[0].id)
        with pytest.raises(NoSuchStudent):
            service_trying.ask(session, one.lead, one.id, [Wanted(other.students[0].id, one.offers[0].id)])
        seen = rounds.find(session, one.lead, one.id)
        assert [row.class_id for row in seen.own(one.lead)] == [one.school_class.id]
        assert seen.own(who) == []
        assert sum(row.students for row in service_wishes.progress(session, seen.round)) == 4
        assert service_pins.search(session, seen, [row.class_id for row in seen.own(who)]) == []


def test_what_if_names_the_own_students_and_counts_the_others(sides: tuple[World, World, Actor]) -> None:
    one, other, who = sides
    run_by(one, who)
    with one.database.read() as session:
        kept = service_kept.load(session, one.id, 1)
    holder = next(UUID(student) for student, seat in kept.seats.items() if kept.question.offers[seat.offer].id == str(one.offers[0].id))  # fmt: skip
    side, rest = (one, other) if holder in {student.id for student in one.students} else (other, one)
    with one.database.read() as session:
        trial = service_trying.ask(
            session, rest.lead, one.id, [Wanted(rest.students[0].id, one.offers[0].id)]
        )
    outcome = service_trying.answer(trial)
    assert {shift.student_id for shift in outcome.shifts} <= {student.id for student in rest.students}
    assert rest.students[0].id in {shift.student_id for shift in outcome.shifts}
    assert outcome.elsewhere >= 1
    assert side is not rest


def test_nobody_runs_pins_or_publishes_for_another_school(sides: tuple[World, World, Actor]) -> None:
    one, other, who = sides
    with one.database.write() as session, pytest.raises(rounds.NotYourRound):
        rounds.move(session, one.lead, one.id, Action.FREEZE, now=NOW)
    number = run_by(one, who)
    with one.database.write() as session:
        with pytest.raises(NoSuchStudent):
            service_pins.make(
                session, one.lead, one.engine, one.id, student_id=other.students[0].id,
                opportunity_id=one.offers[0].id, ruling=Ruling.BAN, now=NOW,
            )  # fmt: skip
        for actor in (who, one.lead):
            with pytest.raises(rounds.NotYourRound):
                service_publishing.publish_class(
                    session, actor, one.id, other.school_class.id, number, now=NOW
                )
        with pytest.raises(service_publishing.NothingToPublish):
            service_publishing.ask(session, who, one.id)
        assert service_publishing.ask(session, one.lead, one.id) == [one.school_class.id]


def test_a_school_elsewhere_neither_sees_nor_joins(sides: tuple[World, World, Actor], make: Factory) -> None:
    one, _other, _who = sides
    milan = make.municipality("015146", name="Milano", province_code="MI", province_name="Milano")
    far = make.school_class(make.school(municipality_istat=milan.istat))
    with make.database.write() as session, pytest.raises(rounds.NoSuchRound):
        service_sharing.join(session, lead_of(far.school_id), one.id, far.school_id, [far.id], now=NOW)


def test_each_school_publishes_its_own_and_the_last_one_ends_the_round(
    sides: tuple[World, World, Actor],
) -> None:
    one, other, who = sides
    number = run_by(one, who, RunMode.OPTIMAL)
    states = []
    for side in (one, other):
        with one.database.write() as session:
            service_publishing.publish_class(
                session, side.lead, one.id, side.school_class.id, number, now=NOW
            )
        states.append(one.row.state)
    assert states == [RoundState.REVIEWED, RoundState.PUBLISHED]
    with one.database.read() as session:
        rows = session.execute(
            sa.select(Application.student_id, Application.opportunity_id, Application.round_id)
        ).all()
    assert len({row.student_id for row in rows}) == len({row.opportunity_id for row in rows}) == 4
    assert {row.round_id for row in rows} == {one.id}


def test_a_declined_proposal_frees_the_student_for_the_next_run(sides: tuple[World, World, Actor]) -> None:
    from app.applications.models import ApplicationEnd, ApplicationState
    from app.placements.models import Party

    one, _other, who = sides
    number = run_by(one, who)
    with one.database.write() as session:
        service_publishing.publish_class(session, one.lead, one.id, one.school_class.id, number, now=NOW)
    with one.database.write() as session:
        refused = session.scalars(sa.select(Application).order_by(Application.id)).first()
        assert refused is not None
        from app.applications import service_steps as steps

        steps.take(
            session, who, refused, ApplicationState.REJECTED, now=NOW, party=Party.COMPANY,
            reason=ApplicationEnd.PLANS_CHANGED,
        )  # fmt: skip
    with one.database.write() as session:
        order, _ = service_runs.ask(session, who, one.id, mode=RunMode.OPTIMAL, is_near=True)
    again = service_runs.run(one.database, one.engine, who, order, clock=lambda: NOW)
    with one.database.read() as session:
        kept = service_kept.load(session, one.id, again)
    offers = kept.question.offers
    after = {who: offers[seat.offer].id for who, seat in kept.seats.items()}
    assert after[str(refused.student_id)] != str(refused.opportunity_id)


# --- at once, and as a job --------------------------------------------------------------------------------------------


def test_two_who_publish_the_same_class_at_once_propose_once(shared: Database) -> None:
    world = World.of(Factory(shared))
    for student in range(3):
        world.wish(student, student)
    world.open()
    world.move(Action.FREEZE)
    number = world.run()
    barrier = Barrier(4)

    def publish(_: int) -> int:
        barrier.wait()
        return world.publish(number)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(publish, range(4))) == [0, 0, 0, 3]
    with shared.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Application)) == 3
        assert {session.get_one(Opportunity, offer.id).seats_taken for offer in world.offers} == {1}
        told = sa.select(sa.func.count()).where(Event.action == "round.class_published")
        assert session.scalar(told) == 1


def test_publishing_again_without_the_mark_finds_what_was_proposed(make: Factory) -> None:
    """The second wall behind the mark of the class: what is held is never proposed twice."""
    world = World.of(make)
    world.wish(0, 0)
    world.open()
    world.move(Action.FREEZE)
    world.run()
    assert world.publish() == 3
    with world.database.write() as session:
        row = rounds.find(session, world.lead, world.id).classes[0]
        row.published_at = row.published_by = row.published_run = None
    assert world.publish() == 0


def test_two_rounds_that_want_the_same_seat_give_it_once(make: Factory) -> None:
    one = World.of(make, students=1, seats=(1,))
    other = replace(World.of(make, students=1, seats=()), offers=one.offers)
    for world in (one, other):
        world.wish(0, 0)
        world.open()
        world.move(Action.FREEZE)
        world.run()
    assert one.publish() == 1
    with pytest.raises(Problem):
        other.publish()
    with make.database.read() as session:
        seat = session.get_one(Opportunity, one.offers[0].id)
        assert (seat.seats_taken, seat.status) == (1, OpportunityStatus.FULL)
    assert other.run() == 2
    assert other.row.run_number == 2


def test_a_large_round_is_a_job_that_ends_with_its_run(make: Factory) -> None:
    world = World.of(make)
    world.open()
    world.move(Action.FREEZE)
    with world.database.write() as session:
        order, students = service_runs.ask(session, world.lead, world.id, mode=RunMode.OPTIMAL)
        job = jobs.start(session, world.lead, JobKind.ROUND_RUN, order.arguments(), now=NOW)
    assert students == 3
    assert running.run_next(working.HANDLERS, Settings(), world.database, lambda: NOW) == job.id
    with world.database.read() as session:
        done = session.get_one(Job, job.id)
        assert (done.state, done.done, done.total) == (JobState.DONE, 5, 5)
        assert done.result == {"round_id": str(world.id), "number": 1}
        assert session.scalar(sa.select(sa.func.count()).select_from(RoundRun)) == 1


def test_who_has_no_wish_is_reminded_once_a_day(make: Factory) -> None:
    world = World.of(make, students=2)
    world.wish(0, 0)
    for student in world.students:
        make.signed_in(Grant(Role.STUDENT, student_id=student.id))
    seen = world.open()
    for _ in range(2):
        with make.database.write() as session:
            assert service_wishes.remind(session, seen, [world.school_class.id], now=NOW) == 1
    with make.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 1
