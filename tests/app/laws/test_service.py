"""The rule table: what ships is loaded once, versions are added and never changed; declarations and trainings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app import errors
from app.auth.actors import Actor, Grant, Role
from app.companies.models import CompanySite
from app.db import Database
from app.events import service as events
from app.laws import loading, service
from app.laws import service_hosts as hosts
from app.laws import service_trainings as trainings
from app.laws.models import LawRule, Measure, SafetyTraining, Severity
from tests.app.students.callers import match, person
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.queries import count_queries

RULE: dict[str, Any] = {
    "code": "daily-hours", "measure": Measure.DAILY_HOURS, "parameters": {"hours": 8}, "severity": Severity.FORBIDS,
    "is_repealed": False, "starts_on": TODAY, "ends_on": None, "jurisdiction": "IT", "applies_to": "", "source": "L. 1",
    "link": None, "is_recalled": False, "message_it": "Troppe: {planned}.", "message_en": "Too many: {planned}.",
}  # fmt: skip


def test_what_ships_is_loaded_once(database: Database) -> None:
    shipped = loading.read_rules()
    with database.write() as session:
        first = loading.load(session, ACTOR, shipped)
        again = loading.load(session, ACTOR, shipped)
    assert (first.created, again.created) == (len(shipped), 0)
    with database.read() as session:
        assert service.share(session, TODAY) == 0.75
        assert service.minimum_hours(session, "technical", TODAY) == 150
        assert service.minimum_hours(session, "vocational", TODAY) == 210
        assert service.minimum_hours(session, "its", TODAY) == 0


def test_a_new_edition_of_what_ships_is_a_version_of_its_own(database: Database) -> None:
    shipped = loading.read_rules()[:1]
    newer = [shipped[0] | {"starts_on": TODAY, "origin": "newer"}]
    with database.write() as session:
        loading.load(session, ACTOR, shipped)
        service.create(session, ACTOR, RULE | {"code": shipped[0]["code"], "measure": shipped[0]["measure"],
            "parameters": {"hours": 9}, "message_it": "x", "message_en": "x"}, now=NOW)  # fmt: skip
        loading.load(session, ACTOR, [*shipped, *newer])
        found = session.scalars(sa.select(LawRule.version).order_by(LawRule.version)).all()
    assert found == [1, 2, 3]


def test_versions_are_added_and_leave_a_trace(database: Database) -> None:
    later = RULE | {"starts_on": TODAY + timedelta(days=30), "parameters": {"hours": 6}}
    with database.write() as session:
        first = service.create(session, ACTOR, RULE, now=NOW)
        second = service.create(session, ACTOR, later, now=NOW)
        assert (first.version, second.version, first.parameters) == (
            1,
            2,
            {"hours": 8, "from_age": 0, "under_age": 99},
        )
        told = [(one.action, one.data) for one in events.history(session, "law_rule", second.id)]
    assert told == [
        ("law_rule.created", {"code": "daily-hours", "version": 2, "starts_on": "2026-02-11"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"starts_on": TODAY - timedelta(days=1)}, ["starts_on"]),
        ({"ends_on": TODAY - timedelta(days=1)}, ["ends_on"]),
        ({"parameters": {"hours": 0}}, ["parameters.hours"]),
        ({"parameters": {"hours": 8, "x": 1}}, ["parameters.x"]),
        ({"message_it": "{missing}", "message_en": "{"}, ["message_it", "message_en"]),
    ],
)
def test_what_makes_no_rule_is_named_by_its_field(
    database: Database, change: dict[str, Any], fields: list[str]
) -> None:
    with database.write() as session, pytest.raises(service.UnfitRule) as caught:
        service.create(session, ACTOR, RULE | change, now=NOW)
    assert [fault["field"] for fault in caught.value.faults] == fields


def test_a_rule_keeps_its_measure(database: Database) -> None:
    other = {"measure": Measure.WEEKLY_HOURS}
    with database.write() as session:
        service.create(session, ACTOR, RULE, now=NOW)
        with pytest.raises(service.UnfitRule) as caught:
            service.create(session, ACTOR, RULE | other, now=NOW)
    assert caught.value.faults[0]["field"] == "measure"


def test_rules_are_listed_by_code_and_version(client: TestClient, make: Factory) -> None:
    for version, days in ((1, -40), (2, -30), (3, 30)):
        make.law_rule(code="b-rule", version=version, starts_on=TODAY + timedelta(days=days))
    make.law_rule(code="a-rule", starts_on=TODAY)
    headers = person(make, Grant(Role.COMPANY_MEMBER, company_id=make.company().id))

    def listed(query: str) -> list[tuple[str, int]]:
        items = client.get(f"/api/v1/law-rules?{query}", headers=headers).json()["items"]
        return [(one["code"], one["rule_version"]) for one in items]

    assert listed("") == [("a-rule", 1), ("b-rule", 1), ("b-rule", 2), ("b-rule", 3)]
    assert listed(f"on={TODAY}") == [("a-rule", 1), ("b-rule", 2)]
    first = client.get("/api/v1/law-rules?limit=3", headers=headers).json()
    rest = client.get(f"/api/v1/law-rules?cursor={first['next_cursor']}", headers=headers).json()
    assert [one["rule_version"] for one in rest["items"]] == [3]


# --- hosts ------------------------------------------------------------------------------------------------------------


def of(company_id: Any) -> Actor:
    return Actor("user", uuid4(), "Roberto", grants=(Grant(Role.COMPANY_MEMBER, company_id=company_id),))


def test_a_host_declares_and_what_stays_keeps_its_id(database: Database, make: Factory) -> None:
    company = make.company()
    lathe, welding = (
        {"name": name, "is_high_risk": False, "site_id": None} for name in ("Tornio", "Saldatura")
    )
    with database.write() as session:
        empty = hosts.read(session, ACTOR, company.id)
        assert (empty.version, empty.activities) == (0, [])
        first = hosts.edit(session, of(company.id), company.id, {"activities": [lathe, welding]}, now=NOW)
        ids = {one.name: one.id for one in first.activities}
        second = hosts.edit(
            session, of(company.id), company.id,
            {"assessed_on": TODAY, "risk": "medium", "activities": [welding | {"is_high_risk": True}]}, now=NOW,
        )  # fmt: skip
    assert [(one.id, one.is_high_risk) for one in second.activities] == [(ids["Saldatura"], True)]
    assert second.version == 2


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"assessed_on": TODAY}, ["risk"]),
        ({"register_number": "RASL-1"}, ["registered_on"]),
        ({"assessed_on": TODAY + timedelta(days=1), "risk": "low"}, ["assessed_on"]),
        (
            {"activities": [{"name": "A", "is_high_risk": False, "site_id": None}] * 2},
            ["activities.1"],
        ),
        (
            {"activities": [{"name": "A", "is_high_risk": False, "site_id": uuid4()}]},
            ["activities.0.site_id"],
        ),
    ],
)
def test_what_contradicts_itself_is_named(
    database: Database, make: Factory, changes: dict[str, Any], fields: list[str]
) -> None:
    company = make.company()
    with database.write() as session, pytest.raises(hosts.UnfitSafety) as caught:
        hosts.edit(session, of(company.id), company.id, changes, now=NOW)
    assert [fault["field"] for fault in caught.value.faults] == fields


def test_nobody_declares_for_a_host(database: Database, make: Factory) -> None:
    company, other = make.company(), make.company()
    with database.write() as session, pytest.raises(hosts.NotYourSafety):
        hosts.edit(session, of(other.id), company.id, {"risk": "low"}, now=NOW)


def test_safety_over_the_api(client: TestClient, make: Factory) -> None:
    company = make.company()
    with make.database.read() as session:
        site = session.scalars(sa.select(CompanySite.id).where(CompanySite.company_id == company.id)).one()
    headers, url = (
        person(make, Grant(Role.COMPANY_ADMIN, company_id=company.id)),
        f"/api/v1/companies/{company.id}/safety",
    )
    assert client.get(url, headers=headers).headers["etag"] == '"0"'
    body = {
        "activities": [{"name": "Tornio", "site_id": str(site)}],
        "register_number": "BO 12",
        "registered_on": "2025-02-03",
    }
    answer = client.patch(url, json=body, headers=match(headers, 0))
    shown = answer.json()
    assert shown["activities"][0] | {"id": ""} == {
        "id": "", "name": "Tornio", "is_high_risk": False, "site_id": str(site),
    }  # fmt: skip
    assert (shown["register_number"], answer.headers["etag"]) == ("BO 12", '"1"')
    assert client.patch(url, json=body, headers=match(headers, 0)).status_code == 412


# --- trainings --------------------------------------------------------------------------------------------------------

GENERAL: dict[str, Any] = {
    "kind": "general",
    "risk": None,
    "hours": 4.0,
    "held_on": TODAY,
    "held_by": "Scuola",
}


def teacher(school_class: Any) -> Actor:
    grant = Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id}))
    return Actor("user", uuid4(), "Marco", grants=(grant,))


def test_a_class_is_trained_at_once(database: Database, make: Factory) -> None:
    school_class = make.school_class()
    ids = [make.student(school_class).id for _ in range(3)]
    counts = []
    for some in (ids[:1], ids):
        with database.write() as session, count_queries(database) as queries:
            trainings.create(session, teacher(school_class), some, GENERAL, now=NOW)
        counts.append(queries.count)
    assert counts[0] == counts[1]
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SafetyTraining)) == 4


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"kind": "specific"}, ["risk"]),
        ({"risk": "low"}, ["risk"]),
        ({"held_on": TODAY + timedelta(days=1)}, ["held_on"]),
    ],
)
def test_a_training_that_cannot_be_is_named(
    database: Database, make: Factory, change: dict[str, Any], fields: list[str]
) -> None:
    school_class = make.school_class()
    student = make.student(school_class)
    with database.write() as session, pytest.raises(trainings.UnfitTraining) as caught:
        trainings.create(session, teacher(school_class), [student.id], GENERAL | change, now=NOW)
    assert [fault["field"] for fault in caught.value.faults] == fields


def test_nobody_trains_students_of_others(database: Database, make: Factory) -> None:
    school_class = make.school_class()
    own, foreign, company = make.student(school_class), make.student(), make.company()
    with database.write() as session, pytest.raises(trainings.UnfitTraining) as caught:
        trainings.create(session, teacher(school_class), [own.id, foreign.id], GENERAL, now=NOW)
    assert [fault["field"] for fault in caught.value.faults] == ["student_ids.1"]
    with database.write() as session, pytest.raises(errors.NotAllowed):
        trainings.create(session, of(company.id), [own.id], GENERAL, now=NOW)
