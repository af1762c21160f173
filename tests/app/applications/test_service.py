"""From a student's question to three yeses: every way that an application goes, and who hears of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.applications import service, service_contacts, service_moves, service_reading
from app.applications.days import UnfitDays
from app.applications.models import ApplicationEnd as EndReason
from app.applications.models import ApplicationState as State
from app.applications.models import ContactLimit
from app.applications.rules import ApplicationAction as Action
from app.applications.rules import Caps
from app.applications.service_steps import Clashes
from app.auth.actors import Actor, Grant, Role, system
from app.db import Database
from app.notifications.models import Notification
from app.opportunities.models import OpportunitySpan, Status
from app.opportunities.service_life import Full
from app.placements import service as placements
from app.placements.models import EndReason as PlacementEnd
from app.placements.models import Party, Placement
from app.placements.rules import Action as PlacementAction
from app.privacy import service_erasure
from app.privacy.models import Erasure
from tests.app.applications.world import FRIDAY, MONDAY, World
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.queries import count_queries


@pytest.fixture
def world(database: Database, make: Factory) -> World:
    return World(make)


# --- three yeses ------------------------------------------------------------------------------------------------------


def test_three_yeses_make_one_placement(world: World) -> None:
    offered = world.opportunity()
    application = world.apply(offered)
    assert (application.state, world.seats_taken(offered)) == (State.SUBMITTED, 0)
    company = world.company(offered)
    for action, state in (
        (Action.SEE, State.SEEN), (Action.SHORTLIST, State.SHORTLISTED), (Action.ACCEPT, State.ACCEPTED),
    ):  # fmt: skip
        assert world.move(company, action, application) == [state]
    assert world.seats_taken(offered) == 1
    assert world.move(world.giulia(), Action.CONFIRM, application) == [State.CONFIRMED]
    assert world.move(world.school(), Action.APPROVE, application) == [State.APPROVED]
    row = world.now(application)
    placement = world.make.get(Placement, row.placement_id)
    assert placement is not None
    assert (placement.starts_on, placement.ends_on, placement.daily_hours, placement.planned_hours) == (
        MONDAY, FRIDAY, 8.0, 80,
    )  # fmt: skip
    assert (world.seats_taken(offered), row.due_at) == (1, None)


def test_a_school_may_say_yes_before_the_others(world: World) -> None:
    offered = world.opportunity()
    application = world.apply(offered)
    assert world.move(world.school(), Action.APPROVE, application) == [State.SUBMITTED]
    world.move(world.company(offered), Action.ACCEPT, application)
    assert world.move(world.giulia(), Action.CONFIRM, application) == [State.APPROVED]
    assert world.now(application).placement_id is not None


def test_a_round_has_two_yeses_and_asks_for_the_third(world: World) -> None:
    offered = world.opportunity(seats=1)
    application = world.propose(offered)
    assert (application.state, world.seats_taken(offered)) == (State.PROPOSED, 1)
    assert world.propose(offered).id == application.id
    assert world.move(world.company(offered), Action.ACCEPT, application) == [State.APPROVED]
    assert world.seats_taken(offered) == 1


@pytest.mark.parametrize(
    ("reached", "state"),
    [(None, State.PROPOSED), (State.ACCEPTED, State.APPROVED), (State.CONFIRMED, State.APPROVED)],
)
def test_a_round_takes_up_what_the_student_has_applied_for(
    world: World, reached: State | None, state: State
) -> None:
    offered = world.opportunity()
    application = world.apply(offered)
    if reached is not None:
        world.to(reached, application)
    proposed = world.propose(offered)
    assert (proposed.id, proposed.state, world.seats_taken(offered)) == (application.id, state, 1)


def test_to_repeat_a_step_changes_nothing(world: World) -> None:
    offered = world.opportunity()
    application = world.apply(offered)
    assert world.apply(offered).id == application.id
    for actor, action in (
        (world.company(offered), Action.SHORTLIST), (world.company(offered), Action.ACCEPT),
        (world.giulia(), Action.CONFIRM), (world.school(), Action.APPROVE),
    ):  # fmt: skip
        first = world.move(actor, action, application)
        version = world.now(application).version
        assert world.move(actor, action, application) == first
        assert world.now(application).version == version
    with world.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Placement)) == 1
    assert world.seats_taken(offered) == 1


# --- one yes ends what clashes ----------------------------------------------------------------------------------------


def test_a_confirmed_place_ends_what_lies_on_its_days_and_frees_the_seats(world: World) -> None:
    wanted, accepted, asked = (world.opportunity() for _ in range(3))
    later = world.opportunity(date(2026, 6, 8), date(2026, 6, 19))
    caps = Caps(5, 50)
    mine, other, third, free = (world.apply(one, caps=caps) for one in (wanted, accepted, asked, later))
    for one in (mine, other):
        world.to(State.ACCEPTED, one)
    world.move(world.giulia(), Action.CONFIRM, mine)
    for one in (other, third):
        row = world.now(one)
        assert (row.state, row.ended_for, row.end_reason) == (
            State.CANCELLED, Party.STUDENT, EndReason.OTHER_PLACEMENT,
        )  # fmt: skip
    assert [world.seats_taken(one) for one in (wanted, accepted, asked)] == [1, 0, 0]
    assert world.now(free).state is State.SUBMITTED
    with pytest.raises(Clashes):
        world.apply(world.opportunity())
    with pytest.raises(Clashes):
        world.move(world.giulia(), Action.RESTORE, other)
    with pytest.raises(Clashes):
        world.propose(world.opportunity())


def test_a_cancelled_placement_does_not_come_back_onto_days_that_are_promised(world: World) -> None:
    application, other = world.apply(world.opportunity()), world.opportunity()
    world.to(State.APPROVED, application)
    placement_id = world.now(application).placement_id
    step_placement(world, placement_id, PlacementAction.CANCEL)
    world.to(State.CONFIRMED, world.apply(other))
    with pytest.raises(placements.PlacedElsewhere):
        step_placement(world, placement_id, PlacementAction.RESTORE)


def step_placement(world: World, placement_id: UUID | None, action: PlacementAction) -> None:
    with world.database.write() as session:
        placement = session.get_one(Placement, placement_id)
        ended: dict[str, Any] = {"party": Party.SCHOOL, "reason": PlacementEnd.SCHOOL_CHANGED}
        placements.move(session, ACTOR, placement, action, now=NOW, **ended)


# --- ends -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reached", "who", "action", "reason", "state"),
    [
        (State.SUBMITTED, "company", Action.REJECT, EndReason.OTHER_DATES, State.REJECTED),
        (State.ACCEPTED, "company", Action.CANCEL, EndReason.PLANS_CHANGED, State.CANCELLED),
        (State.CONFIRMED, "company", Action.CANCEL, EndReason.PLANS_CHANGED, State.CANCELLED),
        (State.SUBMITTED, "student", Action.WITHDRAW, None, State.WITHDRAWN),
        (State.ACCEPTED, "student", Action.WITHDRAW, None, State.WITHDRAWN),
        (State.CONFIRMED, "student", Action.WITHDRAW, None, State.WITHDRAWN),
        (State.SUBMITTED, "school", Action.REFUSE, EndReason.SCHOOL_DATES, State.CANCELLED),
        (State.CONFIRMED, "school", Action.REFUSE, EndReason.NO_AGREEMENT, State.CANCELLED),
    ],
)
def test_every_no_gives_the_seat_back_and_can_be_taken_back_by_whoever_said_it(
    world: World, reached: State, who: str, action: Action, reason: EndReason | None, state: State
) -> None:
    offered = world.opportunity()
    application = world.apply(offered)
    if reached is not State.SUBMITTED:
        world.to(reached, application)
    actors = {"company": world.company(offered), "student": world.giulia(), "school": world.school()}
    assert world.move(actors[who], action, application, reason=reason) == [state]
    assert world.seats_taken(offered) == 0
    for name, actor in actors.items():
        if name != who:
            with pytest.raises(service.NotYourApplication):
                world.move(actor, Action.RESTORE, application)
    assert world.move(actors[who], Action.RESTORE, application) == [State.SUBMITTED]
    row = world.now(application)
    assert (row.company_accepted_at, row.student_confirmed_at, row.end_reason) == (None, None, None)


def test_a_no_is_an_answer_and_ones_own_is_not(world: World) -> None:
    offered = world.opportunity()
    application = world.apply(offered)
    world.move(world.giulia(), Action.WITHDRAW, application)
    again = world.apply(offered)
    assert again.id != application.id
    world.move(world.company(offered), Action.REJECT, again, reason=EndReason.SEATS_GIVEN)
    with pytest.raises(service.AnsweredAlready):
        world.apply(offered)


def test_steps_of_others_and_steps_out_of_turn_are_refused(world: World) -> None:
    offered = world.opportunity()
    application = world.apply(offered)
    with pytest.raises(service.NotYourApplication):
        world.move(world.giulia(), Action.ACCEPT, application)
    with pytest.raises(service.NotYourApplication):
        world.move(system("admin"), Action.WITHDRAW, application)
    with pytest.raises(service_moves.WrongStep) as refused:
        world.move(world.giulia(), Action.CONFIRM, application)
    assert refused.value.faults == [
        {"in": "body", "field": "items.0.application_id",
         "detail": "an application in the state submitted cannot do this: confirm"}
    ]  # fmt: skip
    with pytest.raises(service_moves.UnfitMoves) as unfit:
        world.move(world.company(offered), Action.REJECT, application, application)
    assert [fault["field"] for fault in unfit.value.faults] == ["reason", "items.1.application_id"]
    stranger = world.company(world.opportunity())
    with pytest.raises(service_moves.UnfitMoves):
        world.move(stranger, Action.ACCEPT, application)


def test_a_yes_to_more_than_there_are_seats_changes_nothing(world: World) -> None:
    offered = world.opportunity(seats=1)
    both = [world.apply(offered, world.make.student()) for _ in range(2)]
    with pytest.raises(Full):
        world.move(world.company(offered), Action.ACCEPT, *both)
    assert {world.now(one).state for one in both} == {State.SUBMITTED}
    assert world.seats_taken(offered) == 0


@pytest.mark.parametrize("reached", [State.ACCEPTED, State.CONFIRMED, State.APPROVED])
def test_who_is_forgotten_gives_the_seat_back(world: World, reached: State) -> None:
    offered = world.opportunity()
    world.to(reached, world.apply(offered))
    assert world.seats_taken(offered) == 1
    erasure = Erasure(subject_kind="student", subject_id=world.student.id, asked_at=NOW, due_at=NOW)
    with world.database.write() as session:
        session.add(erasure)
        service_erasure.carry_out(session, system("tests"), erasure, NOW)
    assert world.seats_taken(offered) == 0


def test_a_list_of_any_length_takes_as_many_questions(world: World) -> None:
    counts = []
    for length in (1, 3):
        student = world.make.student()
        for _ in range(length):
            world.make.application(student, world.opportunity())
        with world.database.read() as session, count_queries(world.database) as queries:
            assert len(service_reading.search(session, world.giulia(student), limit=10)) == length
        counts.append(queries.count)
    assert counts == [1, 1]


# --- what cannot be applied for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"takes_applications": False}, {"status": Status.FULL}, {"status": Status.CLOSED},
        {"closes_on": TODAY - timedelta(days=1)},
    ],
)  # fmt: skip
def test_what_takes_nobody_takes_no_application(world: World, values: dict[str, Any]) -> None:
    with pytest.raises(service.NotTaken):
        world.apply(world.opportunity(**values))


def test_there_are_so_many_and_no_more(world: World) -> None:
    months = [date(2026, month, 1) for month in (3, 4, 5, 6)]
    offered = [world.opportunity(one, one + timedelta(days=9)) for one in months]
    made = [world.apply(one) for one in offered[:3]]
    with pytest.raises(service.TooManyOpen, match="At most 3"):
        world.apply(offered[3])
    world.move(world.giulia(), Action.WITHDRAW, made[0])
    world.apply(offered[3])
    with pytest.raises(service.TooManyOpen):
        world.move(world.giulia(), Action.RESTORE, made[0])


def test_days_are_named_where_there_is_a_choice(world: World) -> None:
    offered = world.opportunity()
    june = OpportunitySpan(opportunity_id=offered.id, starts_on=date(2026, 6, 8), ends_on=date(2026, 6, 19))
    world.make.add(june)
    with pytest.raises(UnfitDays):
        world.apply(offered)
    application = world.apply(offered, starts_on=june.starts_on, ends_on=date(2026, 6, 12))
    assert (application.starts_on, application.ends_on, application.planned_hours) == (
        june.starts_on, date(2026, 6, 12), 80,
    )  # fmt: skip


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reached", "waits", "silent"),
    [
        (State.SUBMITTED, 14, Party.COMPANY), (State.PROPOSED, 10, Party.COMPANY), (State.ACCEPTED, 7, Party.STUDENT),
        (State.CONFIRMED, 10, Party.SCHOOL),
    ],
)  # fmt: skip
def test_silence_is_reminded_once_and_then_ends_it(
    world: World, reached: State, waits: int, silent: Party
) -> None:
    offered = world.opportunity()
    application = world.propose(offered) if reached is State.PROPOSED else world.apply(offered)
    if reached not in (State.SUBMITTED, State.PROPOSED):
        world.to(reached, application)
    nothing = {"applications_moved": 0, "applications_reminded": 0}
    assert world.tick(waits - 3) == nothing
    assert world.tick(waits - 1) == nothing | {"applications_reminded": 1}
    assert world.tick(waits - 1) == nothing
    assert world.tick(waits) == nothing | {"applications_moved": 1}
    row = world.now(application)
    assert (row.state, row.ended_for, row.end_reason) == (State.EXPIRED, silent, EndReason.NO_ANSWER)
    assert world.seats_taken(offered) == 0
    assert world.tick(waits) == nothing


def test_no_clock_strikes_after_the_first_day_has_begun(world: World) -> None:
    first = TODAY + timedelta(days=3)
    application = world.apply(world.opportunity(first, first + timedelta(days=4)))
    assert application.due_at is not None
    assert application.due_at.date() == first


# --- how much a company is sent ---------------------------------------------------------------------------------------


def test_what_goes_beyond_waits_for_the_next_month_and_comes_in_its_order(world: World) -> None:
    offered = world.opportunity()
    caps = Caps(3, 2)
    sent = [
        world.apply(offered, world.make.student(), caps=caps, now=NOW + timedelta(minutes=minutes))
        for minutes in range(5)
    ]
    assert [one.state for one in sent] == [State.SUBMITTED] * 2 + [State.QUEUED] * 3
    assert {one.due_at.date() for one in sent[2:] if one.due_at} == {date(2026, 2, 1)}
    world.tick(20, caps)
    assert [world.now(one).state for one in sent] == [State.EXPIRED] * 2 + [State.SUBMITTED] * 2 + [
        State.QUEUED
    ]
    last = world.now(sent[4])
    assert last.due_at is not None
    assert last.due_at.date() == date(2026, 3, 1)


def test_a_company_sees_nothing_of_what_waits(world: World) -> None:
    offered = world.opportunity()
    world.make.add(ContactLimit(company_id=offered.company_id, paused_until=date(2026, 1, 20)))
    application = world.apply(offered)
    assert (application.state, application.due_at and application.due_at.date()) == (
        State.QUEUED, date(2026, 1, 20),
    )  # fmt: skip
    with pytest.raises(service_moves.UnfitMoves):
        world.move(world.company(offered), Action.SEE, application)
    world.tick(8)
    assert world.now(application).state is State.SUBMITTED


def test_room_is_used_at_once_when_the_company_wants_more(world: World) -> None:
    offered = world.opportunity()
    world.make.add(ContactLimit(company_id=offered.company_id, per_month=1))
    first, second = (world.apply(offered, world.make.student()) for _ in range(2))
    assert (first.state, second.state) == (State.SUBMITTED, State.QUEUED)
    boss = Actor(
        kind="user",
        id=None,
        name="Roberto",
        grants=(Grant(Role.COMPANY_ADMIN, company_id=offered.company_id),),
    )
    with world.database.write() as session:
        room = service_contacts.edit(session, boss, offered.company_id, {"per_month": None}, most=50, now=NOW)
    assert (room.most, room.sent, room.waiting) == (50, 1, 1)
    world.tick()
    assert world.now(second).state is State.SUBMITTED


def test_what_waits_too_long_or_for_something_closed_ends(world: World) -> None:
    soon = world.opportunity(date(2026, 1, 26), date(2026, 1, 30))
    gone = world.opportunity()
    for one in (soon, gone):
        world.make.add(ContactLimit(company_id=one.company_id, paused_until=date(2026, 2, 10)))
    first, second = world.apply(soon), world.apply(gone)
    world.make.change(gone, status=Status.CLOSED)
    world.tick(40)
    found = [(row.state, row.end_reason) for row in map(world.now, (first, second))]
    assert found == [(State.EXPIRED, EndReason.NO_ROOM), (State.EXPIRED, EndReason.OPPORTUNITY_OVER)]


# --- who hears of it --------------------------------------------------------------------------------------------------


def test_each_side_is_told_what_it_has_to_do(world: World) -> None:
    offered = world.opportunity()
    make = world.make
    make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=offered.company_id), name="Roberto")
    make.signed_in(Grant(Role.STUDENT, student_id=world.student.id), name="Giulia")
    make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=world.student.school_id), name="Marco")
    application = world.apply(offered)
    world.apply(offered, make.student())
    assert _told(world.database) == ["application_received"]
    world.to(State.APPROVED, application)
    assert _told(world.database) == [
        "application_accepted", "application_received", "application_to_approve", "placement_made",
        "placement_made", "placement_made",
    ]  # fmt: skip


def _told(database: Database) -> list[str]:
    with database.read() as session:
        return sorted(session.scalars(sa.select(Notification.kind)))
