"""The life of a placement as a table: nothing hangs, everybody knows their part, and terms make sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import dates
from app.auth.actors import Actor, Grant, Role, system
from app.opportunities.models import Kind
from app.placements import rules
from app.placements.models import EndReason, Party, Placement, State
from app.placements.rules import Action, Terms
from app.students.models import Student
from tests.factories import TODAY

TERMS = Terms(TODAY + timedelta(days=7), TODAY + timedelta(days=18), daily_hours=8, planned_hours=80)


def test_from_every_open_state_the_clock_alone_leads_to_an_end() -> None:
    for state in rules.OPEN:
        passed = [state]
        while passed[-1] in rules.OPEN:
            after = rules.TRANSITIONS[rules.AT_DUE[passed[-1]]][passed[-1]]
            assert after not in passed, f"{state} goes round in circles"
            passed.append(after)


def test_every_open_state_has_owner_and_clock_and_no_other_has() -> None:
    assert rules.OWNER.keys() == rules.AT_DUE.keys() == rules.OPEN
    placement = Placement(starts_on=TERMS.starts_on, ends_on=TERMS.ends_on)
    assert {state for state in State if rules.due_at(placement, state, UTC)} == rules.OPEN


def test_due_at_is_midnight_of_the_territory() -> None:
    placement = Placement(starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 28))
    rome = ZoneInfo("Europe/Rome")
    found = {state: rules.due_at(placement, state, rome) for state in rules.OPEN}
    assert found == {
        State.PLANNED: datetime(2026, 3, 1, 23, tzinfo=UTC),
        State.READY: datetime(2026, 3, 1, 23, tzinfo=UTC),
        State.RUNNING: datetime(2026, 3, 28, 23, tzinfo=UTC),  # the night in which clocks go forward
        State.CLOSING: datetime(2026, 4, 18, 22, tzinfo=UTC),
    }


def test_everybody_has_a_reason_to_give_and_nobody_pretends_that_time_ran_out() -> None:
    for action in (Action.CANCEL, Action.INTERRUPT):
        assert all(rules.REASONS[party] for party in rules.BY_HAND[action])
    late = {party for party, reasons in rules.REASONS.items() if EndReason.NOT_READY in reasons}
    assert late == {Party.SERVICE}


STUDENT = Student(id=uuid4(), school_id=uuid4(), class_id=uuid4())
COMPANY = uuid4()


@pytest.mark.parametrize(
    ("grant", "kind", "party"),
    [
        (Grant(Role.STUDENT, student_id=STUDENT.id), Kind.INTERNSHIP, Party.STUDENT),
        (Grant(Role.STUDENT, student_id=uuid4()), Kind.INTERNSHIP, None),
        (Grant(Role.SCHOOL_LEAD, school_id=STUDENT.school_id), Kind.INTERNSHIP, Party.SCHOOL),
        (Grant(Role.SCHOOL_LEAD, school_id=uuid4()), Kind.INTERNSHIP, None),
        (
            Grant(Role.TEACHER, school_id=STUDENT.school_id, class_ids=frozenset({STUDENT.class_id})),
            Kind.VISIT,
            Party.SCHOOL,
        ),
        (
            Grant(Role.TEACHER, school_id=STUDENT.school_id, class_ids=frozenset({uuid4()})),
            Kind.INTERNSHIP,
            None,
        ),
        (Grant(Role.COMPANY_MEMBER, company_id=COMPANY), Kind.INTERNSHIP, Party.COMPANY),
        (Grant(Role.TRAINING_BODY, company_id=COMPANY), Kind.INTERNSHIP, None),
        (Grant(Role.TRAINING_BODY, company_id=COMPANY), Kind.VISIT, Party.COMPANY),
        (Grant(Role.COMPANY_ADMIN, company_id=uuid4()), Kind.INTERNSHIP, None),
        (Grant(Role.COORDINATOR, territory_id=uuid4(), provinces=frozenset({"BO"})), Kind.INTERNSHIP, None),
        (Grant(Role.ADMINISTRATOR), Kind.INTERNSHIP, Party.SERVICE),
    ],
)
def test_party_of(grant: Grant, kind: Kind, party: Party | None) -> None:
    actor = Actor(kind="user", id=uuid4(), name="x", grants=(grant,))
    assert rules.party_of(actor, STUDENT, COMPANY, kind) is party


def test_the_service_itself_is_a_party() -> None:
    assert rules.party_of(system("x"), STUDENT, COMPANY, Kind.VISIT) is Party.SERVICE


def test_forbidden_fields() -> None:
    fields = {"starts_on", "host_tutor_id"}
    assert rules.forbidden_fields(Party.SCHOOL, fields) == rules.forbidden_fields(Party.SERVICE, fields) == []
    assert rules.forbidden_fields(Party.COMPANY, fields) == ["starts_on"]
    assert rules.forbidden_fields(Party.STUDENT, fields) == ["host_tutor_id", "starts_on"]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, []),
        ({"ends_on": TERMS.starts_on - timedelta(days=1)}, ["ends_on"]),
        ({"starts_on": TODAY}, ["starts_on"]),
        ({"starts_on": TODAY + timedelta(days=1)}, []),
        ({"starts_at": time(8)}, ["ends_at"]),
        ({"starts_at": time(8), "ends_at": time(8)}, ["ends_at"]),
        ({"starts_at": time(8), "ends_at": time(17)}, []),
        ({"ends_on": TERMS.starts_on, "weekdays": 64}, ["weekdays"]),
        ({"planned_hours": 81}, ["planned_hours"]),
        ({"weekdays": 1, "planned_hours": 17}, ["planned_hours"]),
    ],
)
def test_faults_of_terms(values: dict[str, Any], fields: list[str]) -> None:
    assert [field for field, _ in rules.faults_of(replace(TERMS, **values), TODAY)] == fields


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))
TERMS_STRATEGY = st.builds(
    lambda first, length, weekdays, hours: Terms(
        first, first + timedelta(days=length), 4, 4, weekdays,
        *((None, None) if hours is None else (time(hours[0]), time(hours[0] + hours[1]))),
    ),
    DAYS, st.integers(0, 10), st.integers(1, 127),
    st.none() | st.tuples(st.integers(6, 16), st.integers(1, 6)),
)  # fmt: skip


@given(one=TERMS_STRATEGY, other=TERMS_STRATEGY)
def test_terms_clash_when_they_share_an_hour_of_a_day(one: Terms, other: Terms) -> None:
    def hours(terms: Terms) -> set[tuple[date, int]]:
        days = (terms.starts_on + timedelta(days=number) for number in range(11))
        first, last = (terms.starts_at or time(0)).hour, terms.ends_at.hour if terms.ends_at else 24
        return {
            (day, hour)
            for day in days
            if day <= terms.ends_on and terms.weekdays >> day.weekday() & 1
            for hour in range(first, last)
        }

    assert dates.clash(one, other) is dates.clash(other, one) is bool(hours(one) & hours(other))
