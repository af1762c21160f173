"""Making placements, moving them, their clocks, and what an erasure gives back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app import dates
from app.auth import service_people as people
from app.auth.actors import Grant, Role
from app.auth.models import User
from app.db import Database, new_id
from app.events import service as events
from app.notifications.models import Notification
from app.opportunities.models import Opportunity, Status
from app.opportunities.service_life import Full
from app.placements import rules, service, service_clock
from app.placements.models import EndReason, Party, Placement, State
from app.placements.rules import Action, Terms
from app.privacy import service_erasure as erasures
from app.students.models import Student
from tests.factories import ACTOR, NOW, TODAY, Factory

TERMS = Terms(TODAY + timedelta(days=28), TODAY + timedelta(days=39), daily_hours=8, planned_hours=80)
LATER = replace(TERMS, starts_on=TODAY + timedelta(days=60), ends_on=TODAY + timedelta(days=65))


def create(
    database: Database, student: Student, opportunity: Opportunity, terms: Terms = TERMS, **more: Any
) -> Placement:
    with database.write() as session:
        return service.create(session, ACTOR, student, opportunity, terms, now=NOW, **more)


def move(database: Database, placement: Placement, action: Action, **more: Any) -> bool:
    with database.write() as session:
        row = session.get_one(Placement, placement.id)
        return service.move(session, ACTOR, row, action, **{"now": NOW} | more)


def state_of(make: Factory, placement: Placement) -> State:
    found = make.get(Placement, placement.id)
    assert found is not None
    return found.state


def taken(make: Factory, opportunity: Opportunity) -> tuple[int, Status]:
    found = make.get(Opportunity, opportunity.id)
    assert found is not None
    return found.seats_taken, found.status


def told(database: Database, user_id: UUID) -> list[str]:
    with database.read() as session:
        query = sa.select(Notification.kind).where(Notification.user_id == user_id)
        return list(session.scalars(query.order_by(Notification.created_at, Notification.kind)))


def user(make: Factory, grant: Grant) -> UUID:
    with make.database.write() as session:
        return people.add_user(session, ACTOR, email=f"{grant.role}@example.org", name="X", grants=[grant]).id


CANCEL = {"party": Party.SCHOOL, "reason": EndReason.MOVED}


def test_a_placement_takes_a_seat_and_a_cancelled_one_gives_it_back(
    database: Database, make: Factory
) -> None:
    student, opportunity = make.student(), make.opportunity(seats=1)
    placement = create(database, student, opportunity)
    assert taken(make, opportunity) == (1, Status.FULL)
    with pytest.raises(Full):
        create(database, make.student(), opportunity)
    assert move(database, placement, Action.CANCEL, **CANCEL) is True
    assert taken(make, opportunity) == (0, Status.PUBLISHED)
    assert move(database, placement, Action.CANCEL, **CANCEL) is False
    assert taken(make, opportunity) == (0, Status.PUBLISHED)


def test_who_has_a_seat_already_takes_none(database: Database, make: Factory) -> None:
    opportunity = make.opportunity(seats=1, seats_taken=1, status=Status.FULL)
    create(database, make.student(), opportunity, application_id=new_id())
    assert taken(make, opportunity) == (1, Status.FULL)


def test_the_whole_life_is_in_the_log(database: Database, make: Factory) -> None:
    placement = create(database, make.student(), make.opportunity())
    for action in (
        Action.PREPARE,
        Action.REOPEN,
        Action.PREPARE,
        Action.START,
        Action.FINISH,
        Action.COMPLETE,
    ):
        assert move(database, placement, action) is True
    with database.read() as session:
        found = [(one.action, one.data) for one in events.history(session, "placement", placement.id)]
    assert found == [
        ("placement.created", {"to": "planned"}),
        ("placement.moved", {"from": "planned", "to": "ready", "by": "prepare"}),
        ("placement.moved", {"from": "ready", "to": "planned", "by": "reopen"}),
        ("placement.moved", {"from": "planned", "to": "ready", "by": "prepare"}),
        ("placement.moved", {"from": "ready", "to": "running", "by": "start"}),
        ("placement.moved", {"from": "running", "to": "closing", "by": "finish"}),
        ("placement.moved", {"from": "closing", "to": "completed", "by": "complete"}),
    ]


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", State)
def test_every_action_in_every_state(database: Database, make: Factory, state: State, action: Action) -> None:
    ended = {"ended_at": NOW, "ended_by": "x", "ended_for": "school", "end_reason": "moved"}
    opportunity = make.opportunity(seats_taken=1)
    placement = make.placement(
        make.student(), opportunity, state=state, **ended if state in rules.ENDED else {}
    )
    after = rules.TRANSITIONS[action].get(state)
    if after is not None:
        assert move(database, placement, action, **CANCEL) is True
        assert state_of(make, placement) is after
    elif state in rules.TRANSITIONS[action].values():
        assert move(database, placement, action, **CANCEL) is False
        assert state_of(make, placement) is state
    else:
        with pytest.raises(service.WrongState):
            move(database, placement, action, **CANCEL)


def test_nobody_is_in_two_places_at_once(database: Database, make: Factory) -> None:
    student = make.student()
    first = make.opportunity()
    create(database, student, first)
    with pytest.raises(service.PlacedElsewhere, match="somewhere else"):
        create(database, student, make.opportunity())
    with pytest.raises(service.PlacedAlready):
        create(database, student, first, LATER)
    create(database, student, make.opportunity(), LATER)


def test_the_guard_against_clashes_switched_off_lets_both_in(
    database: Database, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dates, "clash", lambda *_: False)
    student = make.student()
    create(database, student, make.opportunity())
    create(database, student, make.opportunity())


def test_restoring_takes_a_seat_and_refuses_what_no_longer_fits(database: Database, make: Factory) -> None:
    student, opportunity = make.student(), make.opportunity(seats=1)
    placement = create(database, student, opportunity)
    move(database, placement, Action.CANCEL, **CANCEL)
    with pytest.raises(service.BegunAlready):
        move(database, placement, Action.RESTORE, now=NOW + timedelta(days=28))
    other = create(database, make.student(), opportunity)
    with pytest.raises(Full):
        move(database, placement, Action.RESTORE)
    move(database, other, Action.CANCEL, **CANCEL)
    again = create(database, student, opportunity, LATER)
    with pytest.raises(service.PlacedAlready):
        move(database, placement, Action.RESTORE)
    move(database, again, Action.CANCEL, **CANCEL)
    elsewhere = create(database, student, make.opportunity())
    with pytest.raises(service.PlacedElsewhere):
        move(database, placement, Action.RESTORE)
    move(database, elsewhere, Action.CANCEL, **CANCEL)
    assert move(database, placement, Action.RESTORE) is True
    restored = make.get(Placement, placement.id)
    assert restored is not None
    assert (restored.state, restored.ended_at, restored.end_reason) == (State.PLANNED, None, None)
    assert taken(make, opportunity) == (1, Status.FULL)


@pytest.mark.parametrize(
    "values",
    [
        {"ends_on": TODAY},
        {"weekdays": 0},
        {"planned_hours": 0},
        {"daily_hours": 25},
        {"starts_at": NOW.time()},
        {"state": State.COMPLETED, "due_at": NOW},
        {"state": State.CANCELLED},
        {"ended_at": NOW},
    ],
)
def test_the_database_refuses_what_cannot_be(make: Factory, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        make.placement(make.student(), make.opportunity(seats_taken=1), **values)


# --- the clock --------------------------------------------------------------------------------------------------------


def test_the_clock_moves_what_is_due_and_nothing_twice(database: Database, make: Factory) -> None:
    opportunities = [make.opportunity(seats_taken=1) for _ in range(4)]
    states = (State.PLANNED, State.READY, State.RUNNING, State.CLOSING)
    placements = [
        make.placement(make.student(), opportunity, state=state)
        for state, opportunity in zip(states, opportunities, strict=True)
    ]
    assert service_clock.run(database, NOW)["moved"] == 0
    first_day = NOW + timedelta(days=28)
    assert service_clock.run(database, first_day)["moved"] == 2
    assert service_clock.run(database, first_day)["moved"] == 0
    assert [state_of(make, one) for one in placements] == [
        State.CANCELLED, State.RUNNING, State.RUNNING, State.CLOSING,
    ]  # fmt: skip
    cancelled = make.get(Placement, placements[0].id)
    assert cancelled is not None
    assert (cancelled.ended_for, cancelled.end_reason) == (Party.SERVICE, EndReason.NOT_READY)
    assert [taken(make, one)[0] for one in opportunities] == [0, 1, 1, 1]
    service_clock.run(database, NOW + timedelta(days=40))
    service_clock.run(database, NOW + timedelta(days=61))
    assert [state_of(make, one) for one in placements] == [State.CANCELLED] + [State.COMPLETED] * 3


def test_one_that_cannot_be_moved_does_not_keep_the_others(database: Database, make: Factory) -> None:
    stuck = make.placement(make.student(), make.opportunity(seats_taken=0))  # a seat that nobody took
    other = make.placement(make.student(), make.opportunity(seats_taken=1))
    assert service_clock.run(database, NOW + timedelta(days=30))["moved"] == 1
    assert (state_of(make, stuck), state_of(make, other)) == (State.PLANNED, State.CANCELLED)


def test_whoever_has_to_act_is_reminded_once(database: Database, make: Factory) -> None:
    student = make.student()
    lead = user(make, Grant(Role.SCHOOL_LEAD, school_id=student.school_id))
    make.placement(student, make.opportunity(seats_taken=1))
    for days in (20, 22, 23, 24):
        service_clock.run(database, NOW + timedelta(days=days))
    assert told(database, lead) == ["placement_due"]


# --- who is told ------------------------------------------------------------------------------------------------------


def test_all_sides_are_told_and_who_ended_it_is_not(database: Database, make: Factory) -> None:
    student, opportunity = make.student(), make.opportunity()
    of = {
        Party.STUDENT: user(make, Grant(Role.STUDENT, student_id=student.id)),
        Party.SCHOOL: user(make, Grant(Role.SCHOOL_LEAD, school_id=student.school_id)),
        Party.COMPANY: user(make, Grant(Role.COMPANY_ADMIN, company_id=opportunity.company_id)),
    }
    placement = create(database, student, opportunity)
    move(database, placement, Action.CANCEL, party=Party.COMPANY, reason=EndReason.COMPANY_CHANGED)
    made, both = ["placement_made"], ["placement_ended", "placement_made"]
    assert {party: told(database, one) for party, one in of.items()} == {
        Party.STUDENT: both, Party.SCHOOL: both, Party.COMPANY: made,
    }  # fmt: skip
    with database.read() as session:
        text = str([one.data for one in session.scalars(sa.select(Notification))])
    assert student.family_name not in text


# --- erasure ----------------------------------------------------------------------------------------------------------


def test_forgetting_a_student_frees_the_seats_that_were_still_to_be_used(
    database: Database, make: Factory
) -> None:
    student = make.student()
    full, over = make.opportunity(seats=1), make.opportunity(seats=1, seats_taken=1, status=Status.FULL)
    create(database, student, full)
    make.placement(student, over, state=State.COMPLETED)
    with database.write() as session:
        erasures.ask_for_student(session, ACTOR, student.id, now=NOW, hours=0)
    assert (taken(make, full), taken(make, over)) == ((0, Status.PUBLISHED), (1, Status.FULL))
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Placement)) == 0


def test_forgetting_a_tutor_leaves_the_placement(database: Database, make: Factory) -> None:
    opportunity = make.opportunity()
    tutor = user(make, Grant(Role.COMPANY_ADMIN, company_id=opportunity.company_id))
    placement = create(database, make.student(), opportunity, replace(TERMS, host_tutor_id=tutor))
    with database.write() as session:
        session.delete(session.get_one(User, tutor))
    left = make.get(Placement, placement.id)
    assert left is not None
    assert left.host_tutor_id is None
