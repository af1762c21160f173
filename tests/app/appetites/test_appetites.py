"""One question a year: who answers, what is no answer, and what it does to the coordinator's list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.appetites import rules
from app.appetites.models import Appetite, CompanyAppetite, NotHosting
from app.auth.actors import Role
from app.events.models import Event
from tests.factories import NOW, Factory


def send(client: TestClient, headers: dict[str, str], company_id: UUID, body: Any, version: int) -> Any:
    return client.patch(
        f"/api/v1/companies/{company_id}/appetite",
        json=body,
        headers=headers | {"If-Match": f'"{version}"', "Content-Type": "application/merge-patch+json"},
    )


def test_a_company_says_it_once_a_year_and_may_change_its_mind(client: TestClient, make: Factory) -> None:
    company = make.company(name="Reno")
    mine = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    path = f"/api/v1/companies/{company.id}/appetite"
    nothing = client.get(path, headers=mine)
    assert (nothing.headers["etag"], nothing.json()) == (
        '"0"',
        {
            "company_id": str(company.id), "start_year": 2025, "appetite": None, "reason": None, "answered_at": None,
            "hidden_at": None, "version": 0,
        },
    )  # fmt: skip
    no = {"appetite": "not_this_year", "reason": "no_tutor"}
    said = send(client, mine, company.id, no, 0)
    assert (said.status_code, said.json()) == (
        200,
        nothing.json() | no | {"answered_at": "2026-01-12T09:00:00Z", "version": 1},
    )
    assert send(client, mine, company.id, {"appetite": "looking"}, 0).status_code == 412
    assert send(client, mine, company.id, no, 1).json()["version"] == 1  # the same again
    coordinator = make.bearer(Role.COORDINATOR)
    [line] = client.get("/api/v1/network/companies", headers=coordinator).json()["items"]
    assert (line["name"], line["appetite"], line["reason"]) == ("Reno", "not_this_year", "no_tutor")
    changed = send(client, coordinator, company.id, {"appetite": "looking"}, 1).json()
    assert (changed["appetite"], changed["reason"], changed["version"]) == ("looking", None, 2)
    with make.database.read() as session:
        events = session.scalars(sa.select(Event).where(Event.action == "appetite.said")).all()
    assert [one.object_id for one in events] == [str(company.id)] * 2
    assert all(one.data == {"fields": ["appetite", "reason"]} for one in events)  # which, never what


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({"appetite": "not_this_year"}, "reason", "says why not this year"),
        ({"appetite": "looking", "reason": "no_tutor"}, "reason", "is only for not_this_year"),
        ({"reason": "no_tutor"}, "appetite", "is missing"),
        ({"appetite": None}, "appetite", "must have a value"),
    ],
)
def test_what_is_no_answer(
    client: TestClient, make: Factory, body: dict[str, Any], field: str, detail: str
) -> None:
    company = make.company()
    answer = send(client, make.bearer(Role.COMPANY_ADMIN, company_id=company.id), company.id, body, 0)
    assert (answer.status_code, answer.json()["faults"]) == (
        422,
        [{"in": "body", "field": field, "detail": detail}],
    )


def test_each_year_is_asked_anew_and_no_row_is_a_no_without_a_reason(make: Factory) -> None:
    values = {"company_id": make.company().id, "answered_by": "user:x", "answered_at": NOW}
    no = {"appetite": Appetite.NOT_THIS_YEAR, "reason": NotHosting.LITTLE_WORK}
    make.add(CompanyAppetite(**values, **no, start_year=2024))
    make.add(CompanyAppetite(**values, appetite=Appetite.LOOKING, start_year=2025))
    with pytest.raises(IntegrityError, match="reason_of_no"):
        make.add(CompanyAppetite(**values, appetite=Appetite.NOT_THIS_YEAR, start_year=2026))


def test_who_said_no_or_is_organised_is_left_alone() -> None:
    left_alone = [one for one in Appetite if rules.is_left_alone(one)]
    assert left_alone == [Appetite.ORGANISED, Appetite.NOT_THIS_YEAR]
    assert not rules.is_left_alone(None)
