"""Territories: who adds them, who is bound to them, and to what a training body's role is bound."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.auth import service_people as people
from app.auth.actors import Grant, Role
from app.auth.models import Membership
from app.auth.service_territories import NotATrainingBody
from app.companies.models import CompanyKind
from app.db import Database
from tests.factories import ACTOR, Factory

URL = "/api/v1/territories"


def create(client: TestClient, headers: dict[str, str], **changes: Any) -> Any:
    return client.post(URL, json={"name": "Bologna", "province_codes": ["BO"]} | changes, headers=headers)


def test_a_territory_is_added_and_listed(client: TestClient, make: Factory) -> None:
    make.municipality()
    made = create(client, make.bearer(), province_codes=["BO", "BO"]).json()
    assert made == {"id": made["id"], "name": "Bologna", "province_codes": ["BO"]}
    assert client.get(URL).json() == {"items": [made], "next_cursor": None}


def test_territories_come_in_pages(client: TestClient, make: Factory) -> None:
    made = [make.territory(name, "BO") for name in ("Uno", "Due", "Tre")]
    first = client.get(URL, params={"limit": 2}).json()
    second = client.get(URL, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    names = [[item["name"] for item in page["items"]] for page in (first, second)]
    assert (names, second["next_cursor"], len(made)) == ([["Due", "Tre"], ["Uno"]], None, 3)


def test_a_province_that_does_not_exist_is_refused_by_name(client: TestClient, make: Factory) -> None:
    make.municipality()
    answer = create(client, make.bearer(), province_codes=["BO", "XX"])
    assert answer.status_code == 422
    assert answer.json()["faults"] == [
        {"in": "body", "field": "province_codes", "detail": "XX is no province"}
    ]


def test_two_territories_of_one_name_are_a_conflict(client: TestClient, make: Factory) -> None:
    make.municipality()
    statuses = [create(client, make.bearer()).status_code for _ in range(2)]
    assert statuses == [201, 409]


def test_only_an_administrator_adds_territories(client: TestClient, make: Factory) -> None:
    assert create(client, make.bearer(Role.COORDINATOR)).status_code == 403


@pytest.mark.parametrize("role", Role)
def test_the_table_binds_coordinators_and_nobody_else_to_a_territory(
    make: Factory, database: Database, role: Role
) -> None:
    territory_id = make.territory().id
    user_id = UUID(int=0)
    with database.write() as session:
        user_id = people.add_user(session, ACTOR, email="a@example.org", name="A").id
    bound = {
        Role.STUDENT: {"student_id": make.student().id},
        Role.TEACHER: {"school_id": make.school().id},
        Role.SCHOOL_LEAD: {"school_id": make.school().id},
    }.get(role, {})
    if role in (Role.COMPANY_ADMIN, Role.COMPANY_MEMBER, Role.TRAINING_BODY):
        bound = {"company_id": make.company().id}
    right, wrong = (None, territory_id) if role is not Role.COORDINATOR else (territory_id, None)
    with pytest.raises(IntegrityError):
        make.add(Membership(user_id=user_id, role=role, territory_id=wrong, **bound))
    make.add(Membership(user_id=user_id, role=role, territory_id=right, **bound))


def test_a_training_body_is_an_organisation_of_that_kind(make: Factory) -> None:
    firm, body = make.company(), make.company(kind=CompanyKind.TRAINING_BODY)
    for bind in (make.signed_in, lambda grant: make.bearer(grant.role, company_id=grant.company_id)):
        with pytest.raises(NotATrainingBody):
            bind(Grant(Role.TRAINING_BODY, company_id=firm.id))
        assert bind(Grant(Role.TRAINING_BODY, company_id=body.id))
