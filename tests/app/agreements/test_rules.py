"""Who does what with a paper in each state, and who signs what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from app.agreements import rules
from app.agreements.models import Agreement, Paper, PaperKind, PaperState, SignerRole, TrainingPlan
from app.agreements.rules import Action
from app.auth.actors import Actor, Grant, Role
from app.placements.models import Party, Placement

SCHOOL, COMPANY, OTHER = (UUID(int=number) for number in (1, 2, 3))
LEAD = Grant(Role.SCHOOL_LEAD, school_id=SCHOOL)
TEACHER = Grant(Role.TEACHER, school_id=SCHOOL, class_ids=frozenset({OTHER}))
HOST = Grant(Role.COMPANY_MEMBER, company_id=COMPANY)
BOTH = {SignerRole.HEAD, SignerRole.HOST}
TUTORS = {SignerRole.SCHOOL_TUTOR, SignerRole.HOST_TUTOR}


def actor(grant: Grant) -> Actor:
    return Actor(kind="user", id=OTHER, name="Anna", grants=(grant,))


def agreement(state: PaperState) -> Paper:
    return Agreement(school_id=SCHOOL, company_id=COMPANY, state=state, kind=PaperKind.AGREEMENT)


@pytest.mark.parametrize("state", PaperState)
@pytest.mark.parametrize(
    ("grant", "party"),
    [
        (LEAD, Party.SCHOOL), (TEACHER, Party.SCHOOL), (HOST, Party.COMPANY), (Grant(Role.ADMINISTRATOR), Party.SERVICE),
        (Grant(Role.SCHOOL_LEAD, school_id=OTHER), None), (Grant(Role.COMPANY_MEMBER, company_id=OTHER), None),
        (Grant(Role.STUDENT, student_id=OTHER), None), (Grant(Role.COORDINATOR, territory_id=OTHER), None),
    ],
)  # fmt: skip
def test_an_agreement_exists_for_both_sides_and_a_draft_for_the_school(
    grant: Grant, party: Party | None, state: PaperState
) -> None:
    hidden = party is Party.COMPANY and state is PaperState.DRAFT
    assert rules.party_of_agreement(actor(grant), agreement(state)) == (None if hidden else party)


@pytest.mark.parametrize("state", PaperState)
@pytest.mark.parametrize("action", Action)
def test_the_school_prepares_and_the_host_checks(action: Action, state: PaperState) -> None:
    paper = agreement(state)
    assert rules.can_move(actor(LEAD), Party.SCHOOL, paper, action) is (action is not Action.RETURN)
    assert not rules.can_move(actor(TEACHER), Party.SCHOOL, paper, action)
    by_host = {
        (PaperState.SENT, Action.RETURN),
        (PaperState.SENT, Action.OPEN),
        (PaperState.IN_FORCE, Action.END),
    }
    assert rules.can_move(actor(HOST), Party.COMPANY, paper, action) is ((state, action) in by_host)
    plan = TrainingPlan(school_id=SCHOOL, company_id=COMPANY, state=state, kind=PaperKind.PLAN)
    for party in (Party.STUDENT, Party.COMPANY, Party.SERVICE):
        assert not rules.can_move(actor(HOST), party, plan, action)


def test_every_open_state_has_a_way_out_by_itself() -> None:
    now = datetime(2026, 1, 12, 9, tzinfo=UTC)
    for state in rules.OPEN:
        assert rules.due_at(state, date(2026, 3, 1), now) is not None
        assert rules.AT_DUE[state] != state
    for state in set(PaperState) - rules.OPEN:
        assert rules.due_at(state, date(2026, 3, 1), now) is None
        assert all(state not in moves for moves in rules.TRANSITIONS.values())


@pytest.mark.parametrize(
    ("kind", "is_minor", "changes", "expected"),
    [
        (PaperKind.AGREEMENT, False, (), BOTH),
        (PaperKind.PLAN, False, (), BOTH | TUTORS | {SignerRole.STUDENT}),
        (PaperKind.PLAN, True, (), set(SignerRole)),
        (PaperKind.AMENDMENT, True, ("ends_on",), set(SignerRole)),
        (PaperKind.AMENDMENT, True, ("host_tutor_id",), BOTH | {SignerRole.HOST_TUTOR}),
        (PaperKind.AMENDMENT, False, ("host_tutor_id", "daily_hours"), BOTH | TUTORS | {SignerRole.STUDENT}),
    ],
)
def test_who_signs(
    kind: PaperKind, is_minor: bool, changes: tuple[str, ...], expected: set[SignerRole]
) -> None:
    assert rules.signers(kind, is_minor=is_minor, tutors=TUTORS, changes=changes) == expected


def test_a_schedule_spends_the_hours_on_the_weekdays() -> None:
    placement = Placement(
        starts_on=date(2026, 2, 9),
        ends_on=date(2026, 2, 20),
        weekdays=0b00101,
        daily_hours=6.0,
        planned_hours=20,
    )
    days = rules.schedule(placement, frozenset())
    assert [(one.day.day, one.hours) for one in days] == [(9, 6.0), (11, 6.0), (16, 6.0), (18, 2.0)]


def test_a_schedule_leaves_out_holidays() -> None:
    given = {
        "starts_on": date(2026, 4, 30),
        "ends_on": date(2026, 5, 5),
        "daily_hours": 8.0,
        "planned_hours": 24,
    }
    for weekdays, wanted in ((0b0011111, [30, 4, 5]), (0b1111111, [30, 1, 2])):
        assert [
            one.day.day for one in rules.schedule(Placement(**given, weekdays=weekdays), frozenset())
        ] == wanted


def test_somebody_comes_of_age_on_the_birthday() -> None:
    born = date(2008, 5, 4)
    assert rules.is_minor(born, date(2026, 5, 3))
    assert not rules.is_minor(born, date(2026, 5, 3) + timedelta(days=1))
