"""Tutors: loads and limits, leave, taking over; and what the law finds in placements with all their facts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.agreements.models import Agreement
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.events import service as events
from app.hours.models import HourEntry
from app.laws import loading
from app.laws import service as laws
from app.laws.models import HostActivity, HostSafety, Measure, Severity
from app.placements import service as placements
from app.placements import service_clock, service_counts, service_findings, service_terms, service_tutors
from app.placements.models import Placement, Risk, State, TutorSide
from app.schools.models import SchoolClass
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.queries import count_queries

STARTS_ON = TODAY + timedelta(days=28)
YEAR = 2025


def user(make: Factory, *grants: Grant, name: str = "X") -> UUID:
    with make.database.write() as session:
        email = f"{name}{next(make.numbers)}@example.org"
        return people.add_user(session, ACTOR, email=email, name=name, grants=list(grants)).id


def lead(school_id: UUID) -> Actor:
    return Actor("user", uuid4(), "Lead", grants=(Grant(Role.SCHOOL_LEAD, school_id=school_id),))


def teacher(make: Factory, school_class: SchoolClass, name: str = "Marco") -> UUID:
    return user(make, Grant(Role.TEACHER, school_id=school_class.school_id), name=name)


@pytest.fixture
def shipped(database: Database) -> None:
    with database.write() as session:
        loading.load(session, ACTOR, loading.read_rules())


def followed(
    make: Factory, school_class: SchoolClass, tutor: UUID, count: int, **values: Any
) -> list[Placement]:
    return [
        make.placement(
            make.student(school_class), make.opportunity(seats_taken=1), school_tutor_id=tutor, **values
        )
        for _ in range(count)
    ]


# --- loads ------------------------------------------------------------------------------------------------------------


def test_a_tutor_follows_as_many_as_the_law_says_until_the_school_decides(
    database: Database, make: Factory, shipped: None
) -> None:
    school_class = make.school_class()
    busy, idle = (teacher(make, school_class, name) for name in ("Anna", "Bruno"))
    followed(make, school_class, busy, 2)
    followed(make, school_class, busy, 1, risk=Risk.HIGH)
    followed(make, school_class, busy, 1, state=State.COMPLETED)
    with database.read() as session:
        found = service_tutors.tutors_of(session, school_class.school_id, YEAR)
    assert [(one.name, one.students, one.most_students, one.is_decided) for one in found] == [
        ("Anna", 3, 5, False), ("Bruno", 0, 12, False),
    ]  # fmt: skip
    with database.write() as session:
        service_tutors.decide(
            session, lead(school_class.school_id), school_class.school_id, busy, YEAR, 2, now=NOW
        )
        service_tutors.decide(
            session, lead(school_class.school_id), school_class.school_id, busy, YEAR, 4, now=NOW
        )
        capacities = service_tutors.tutor_capacities(session, school_class.school_id, YEAR)
        told = [one.data for one in events.history(session, "tutor", busy)]
    assert capacities == {busy: 1, idle: 12}
    assert told == [{"start_year": YEAR, "most_students": 2}, {"start_year": YEAR, "most_students": 4}]


def test_tutors_cost_the_same_for_one_and_for_three(database: Database, make: Factory, shipped: None) -> None:
    school_class, counts = make.school_class(), set()
    for _ in range(3):
        followed(make, school_class, teacher(make, school_class), 1)
        with database.read() as session, count_queries(database) as queries:
            service_tutors.tutors_of(session, school_class.school_id, YEAR)
        counts.add(queries.count)
    assert counts == {5}


def test_who_is_no_tutor_there_is_named(database: Database, make: Factory) -> None:
    school_class, foreign = make.school_class(), user(make)
    school_id = school_class.school_id
    with database.write() as session, pytest.raises(service_tutors.UnfitTutor) as caught:
        service_tutors.decide(session, lead(school_id), school_id, foreign, YEAR, 3, now=NOW)
    assert caught.value.faults[0]["field"] == "user_id"
    own = teacher(make, school_class)
    with database.write() as session, pytest.raises(service_tutors.UnfitTutor) as caught:
        service_tutors.note_leave(
            session, lead(school_id), school_id, own, TODAY, TODAY - timedelta(days=1), now=NOW
        )
    assert caught.value.faults[0]["field"] == "ends_on"


# --- taking over ------------------------------------------------------------------------------------------------------


def test_somebody_takes_over_at_once_or_when_the_day_has_come(database: Database, make: Factory) -> None:
    school_class = make.school_class()
    before, after = (teacher(make, school_class, name) for name in ("Anna", "Bruno"))
    now_on, later_on = followed(make, school_class, before, 2)
    over = followed(make, school_class, before, 1, state=State.COMPLETED)[0]
    head = lead(school_class.school_id)
    with database.write() as session:
        service_tutors.substitute(
            session, head, TutorSide.SCHOOL, before, after, from_on=TODAY, placement_ids=[now_on.id], now=NOW
        )
        made = service_tutors.substitute(
            session, head, TutorSide.SCHOOL, before, after, from_on=TODAY + timedelta(days=3), now=NOW
        )
    assert [one.placement_id for one in made] == [later_on.id]
    assert tutors(make, now_on, later_on, over) == [after, before, before]
    day = NOW + timedelta(days=3)
    assert service_clock.run(database, day)["tutors_replaced"] == 1
    assert service_clock.run(database, day)["tutors_replaced"] == 0
    assert tutors(make, now_on, later_on, over) == [after, after, before]


def tutors(make: Factory, *rows: Placement) -> list[UUID | None]:
    found = [make.get(Placement, one.id) for one in rows]
    return [one.school_tutor_id for one in found if one is not None]


def test_a_school_replaces_no_tutor_of_another_and_a_host_none_of_a_school(
    database: Database, make: Factory
) -> None:
    school_class = make.school_class()
    before, after = (teacher(make, school_class) for _ in range(2))
    [placement] = followed(make, school_class, before, 1)
    host = Actor("user", uuid4(), "R", grants=(Grant(Role.COMPANY_ADMIN, company_id=placement.company_id),))
    for actor in (lead(make.school().id), host):
        with database.write() as session, pytest.raises(service_tutors.UnfitTutor) as caught:
            service_tutors.substitute(session, actor, TutorSide.SCHOOL, before, after, from_on=TODAY, now=NOW)
        assert caught.value.faults[0]["field"] == "before_id"
    with database.write() as session, pytest.raises(service_tutors.UnfitTutor) as caught:
        service_tutors.substitute(
            session, lead(school_class.school_id), TutorSide.SCHOOL, before, uuid4(),
            from_on=TODAY, now=NOW,
        )  # fmt: skip
    assert caught.value.faults[0]["field"] == "after_id"
    with database.write() as session, pytest.raises(service_tutors.UnfitTutor) as caught:
        service_tutors.substitute(
            session, lead(school_class.school_id), TutorSide.SCHOOL, before, after, from_on=TODAY,
            placement_ids=[placement.id, uuid4()], now=NOW,
        )  # fmt: skip
    assert caught.value.faults[0]["field"] == "placement_ids.1"


def test_a_host_replaces_its_own_tutor(database: Database, make: Factory) -> None:
    opportunity = make.opportunity(seats_taken=1)
    grant = Grant(Role.COMPANY_ADMIN, company_id=opportunity.company_id)
    before, after = user(make, grant), user(make, grant)
    placement = make.placement(make.student(), opportunity, host_tutor_id=before)
    with database.write() as session:
        actor = Actor("user", before, "R", grants=(grant,))
        service_tutors.substitute(session, actor, TutorSide.HOST, before, after, from_on=TODAY, now=NOW)
    row = make.get(Placement, placement.id)
    assert row is not None
    assert row.host_tutor_id == after


# --- what the law finds -----------------------------------------------------------------------------------------------


def found_in(database: Database, *rows: Placement) -> list[set[str]]:
    with database.read() as session:
        fresh = [session.get_one(Placement, one.id) for one in rows]
        found = service_findings.of_many(session, fresh)
    return [{one.code for one in found[row.id]} for row in rows]


def test_facts_come_from_where_they_are_written(database: Database, make: Factory, shipped: None) -> None:
    school_class = make.school_class()
    student = make.student(school_class, born_on=date(2010, 9, 1), hours_owed=100)
    opportunity = make.opportunity(seats_taken=1)
    company_id = opportunity.company_id
    tutor, host = teacher(make, school_class), user(make, Grant(Role.COMPANY_ADMIN, company_id=company_id))
    bare = make.placement(student, opportunity)
    [before] = found_in(database, bare)
    assert before == {
        "fsl-hours-technical", "daily-hours-compulsory", "weekly-hours-compulsory", "school-tutor-named", "host-tutor-named",
        "risk-assessment", "general-training", "specific-training", "national-register", "agreement-in-force", "insurance",
    }  # fmt: skip
    make.safety_training(student)
    make.safety_training(student, kind="specific", risk="low")
    make.add(
        HostSafety(
            company_id=company_id, assessed_on=TODAY, risk="low", register_number="1", registered_on=TODAY, declared_at=NOW,
            declared_by="x",
        )
    )  # fmt: skip
    with database.write() as session:
        seen = placements.find(session, ACTOR, bare.id)
        changes = {"school_tutor_id": tutor, "host_tutor_id": host, "daily_hours": 7.0, "planned_hours": 70}
        service_terms.edit(session, ACTOR, seen, changes, now=NOW)
        school_id = school_class.school_id
        service_tutors.note_leave(session, lead(school_id), school_id, tutor, STARTS_ON, STARTS_ON, now=NOW)
        service_tutors.decide(session, lead(school_id), school_id, tutor, YEAR, 0, now=NOW)
    assert found_in(database, bare) == [
        {
            "fsl-hours-technical",
            "school-tutor-present",
            "school-tutor-load",
            "agreement-in-force",
            "insurance",
        }
    ]


def test_a_high_risk_activity_is_found_when_the_host_declares_it_so(
    database: Database, make: Factory, shipped: None
) -> None:
    opportunity = make.opportunity(seats_taken=1)
    placement = make.placement(make.student(), opportunity)
    welding = make.add(HostActivity(company_id=opportunity.company_id, name="Saldatura"))
    foreign = make.add(HostActivity(company_id=make.company().id, name="Altro"))
    with database.write() as session:
        seen = placements.find(session, ACTOR, placement.id)
        with pytest.raises(service_terms.UnfitTerms) as caught:
            service_terms.edit(session, ACTOR, seen, {"activity_ids": [foreign.id]}, now=NOW)
        assert caught.value.faults[0]["field"] == "activity_ids.0"
        service_terms.edit(session, ACTOR, seen, {"activity_ids": [welding.id]}, now=NOW)
        assert seen.placement.version == 2
    assert "high-risk-activities" not in found_in(database, placement)[0]
    with database.write() as session:
        session.get_one(HostActivity, welding.id).is_high_risk = True
    assert "high-risk-activities" in found_in(database, placement)[0]


def test_an_agreement_and_the_hours_are_facts_too(database: Database, make: Factory, shipped: None) -> None:
    school, company = make.school(), make.company()
    school_class = make.school_class(school)
    agreement = make.agreement(school, company, state="in_force", insurance_policy="")
    first, later = (
        make.placement(
            make.student(school_class), make.opportunity(company, seats_taken=1), starts_on=day, planned_hours=8,
            state=State.CLOSING,
        )
        for day in (agreement.valid_until - timedelta(days=20), agreement.valid_until)
    )  # fmt: skip
    about = {"agreement-in-force", "insurance", "three-quarters"}
    covered, uncovered = found_in(database, first, later)
    assert covered & about == {"insurance", "three-quarters"}
    assert uncovered & about == {"agreement-in-force", "insurance", "three-quarters"}
    with database.write() as session:
        session.get_one(Agreement, agreement.id).insurance_policy = "P-1"
    make.add(
        HourEntry(
            placement_id=first.id, worked_on=first.starts_on, state="confirmed", host_minutes=360, changed_at=NOW,
            changed_by="x",
        )
    )  # fmt: skip
    assert found_in(database, first)[0] & about == set()


def test_loads_count_those_of_the_same_days(database: Database, make: Factory) -> None:
    make.law_rule(
        code="few", measure=Measure.HOST_TUTOR_LOAD, parameters={"low": 1, "medium": 1, "high": 1},
        message_it="{load}", message_en="{load}",
    )  # fmt: skip
    opportunity = make.opportunity(seats=9, seats_taken=3)
    tutor = user(make, Grant(Role.COMPANY_ADMIN, company_id=opportunity.company_id))
    one, same, later = (
        make.placement(
            make.student(), opportunity, host_tutor_id=tutor, starts_on=STARTS_ON + timedelta(days=days)
        )
        for days in (0, 11, 12)
    )
    assert found_in(database, one, same, later) == [{"few"}, {"few"}, {"few"}]
    alone = make.placement(
        make.student(),
        make.opportunity(seats_taken=1),
        host_tutor_id=tutor,
        starts_on=STARTS_ON + timedelta(days=90),
    )
    assert found_in(database, alone) == [set()]


def test_findings_cost_the_same_for_one_and_for_three(
    database: Database, make: Factory, shipped: None
) -> None:
    rows, counts = [], set()
    for _ in range(3):
        rows.append(make.placement(make.student(), make.opportunity(seats_taken=1)))
        with database.read() as session:
            fresh = [session.get_one(Placement, one.id) for one in rows]
            with count_queries(database) as queries:
                service_findings.of_many(session, fresh)
        counts.add(queries.count)
    assert len(counts) == 1
    assert counts.pop() == 14


def test_a_rule_for_the_future_leaves_old_placements_as_they_were(database: Database, make: Factory) -> None:
    make.law_rule(code="hours", measure=Measure.DAILY_HOURS, parameters={"hours": 8})
    old, new = (
        make.placement(
            make.student(), make.opportunity(seats_taken=1), starts_on=STARTS_ON + timedelta(days=days)
        )
        for days in (0, 100)
    )
    assert found_in(database, old, new) == [set(), set()]
    stricter = {
        "code": "hours", "measure": Measure.DAILY_HOURS, "parameters": {"hours": 6}, "severity": Severity.FORBIDS,
        "is_repealed": False, "starts_on": STARTS_ON + timedelta(days=50), "ends_on": None, "jurisdiction": "IT",
        "applies_to": "", "source": "L. 2", "link": None, "is_recalled": False, "message_it": "x", "message_en": "x",
    }  # fmt: skip
    with database.write() as session:
        laws.create(session, ACTOR, stricter, now=NOW)
    assert found_in(database, old, new) == [set(), {"hours"}]


# --- counts -----------------------------------------------------------------------------------------------------------


def test_coordinators_read_counts_of_their_provinces_and_no_small_ones(
    database: Database, make: Factory
) -> None:
    school_class = make.school_class()
    for state, count in ((State.PLANNED, 5), (State.RUNNING, 4)):
        for _ in range(count):
            make.placement(make.student(school_class), make.opportunity(seats_taken=1), state=state)
    far = make.municipality("015146", name="Milano", province_code="MI", cadastral="F205")
    make.placement(
        make.student(make.school_class(make.school(municipality_istat=far.istat))),
        make.opportunity(seats_taken=1),
    )
    grant = Grant(Role.COORDINATOR, territory_id=make.territory().id, provinces=frozenset({"BO"}))
    silvia = Actor("user", uuid4(), "Silvia", grants=(grant,))
    with database.read() as session:
        found = service_counts.counts(session, silvia, YEAR)
        whole = service_counts.counts(session, ACTOR, YEAR)
    assert {state: found[state] for state in (State.PLANNED, State.RUNNING, State.READY)} == {
        State.PLANNED: 5, State.RUNNING: None, State.READY: 0,
    }  # fmt: skip
    assert whole[State.PLANNED] == 6
