"""Protocols: who can sign what, how far each is, and who changes them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.actors.models import Protocol, ProtocolParty
from app.auth.actors import Actor, Role
from app.companies.models import Company
from tests.app.actors.conftest import book, host, visit
from tests.factories import Factory

PATCH = {"Content-Type": "application/merge-patch+json"}


def address(make: Factory) -> str:
    return f"/api/v1/territories/{make.territory().id}/protocols"


def patto(school_id: Any, company: Company, **party: Any) -> dict[str, Any]:
    return {
        "title": "Patto", "signed_on": "2025-10-01", "valid_until": "2026-10-01",
        "parties": [{"actor_id": str(school_id)}, {"actor_id": str(company.id)} | party],
    }  # fmt: skip


def test_progress_is_counted_from_what_really_happens(
    client: TestClient, make: Factory, silvia: Actor
) -> None:
    school_class = make.school_class(make.school(name="Aldini", municipality_istat="037006"))
    reno = host(make, "Reno")
    headers = make.bearer(Role.COORDINATOR)
    _, (first, _) = visit(make, reno, 3, 4, seats=15)
    book(make, first, school_class)
    offer = make.opportunity(reno)
    for _ in range(6):
        make.placement(make.student(school_class), offer)
    done = {}
    for pledge in ("visits", "seats", "placements", "other"):
        words = "Un tutor in più" if pledge == "other" else ""
        body = patto(school_class.school_id, reno, pledge=pledge, per_year=40, words=words)
        answer = client.post(address(make), json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        parties = {one["name"]: one for one in answer.json()["parties"]}
        assert (parties["Aldini"]["pledge"], parties["Aldini"]["done"]) == (None, None)
        done[pledge] = parties["Reno"]["done"]
    assert done == {"visits": 2, "seats": 30, "placements": 5, "other": None}
    assert len(client.get(address(make), headers=headers).json()["items"]) == 4


def test_a_protocol_is_changed_and_goes(client: TestClient, make: Factory, silvia: Actor) -> None:
    school, reno, savena = make.school(municipality_istat="037006"), host(make, "Reno"), host(make, "Savena")
    headers = make.bearer(Role.COORDINATOR)
    made = client.post(address(make), json=patto(school.id, reno), headers=headers)
    one, tag = f"{address(make)}/{made.json()['id']}", made.headers["etag"]
    parties = patto(school.id, savena)["parties"]
    changed = client.patch(one, json={"parties": parties}, headers=headers | PATCH | {"If-Match": tag})
    assert {party["name"] for party in changed.json()["parties"]} == {"Savena", school.name}
    late = client.patch(one, json={"title": "Altro"}, headers=headers | PATCH | {"If-Match": tag})
    assert late.status_code == 412  # a change of the parties is a change of the protocol
    again = client.patch(
        one, json={"title": "Altro"}, headers=headers | PATCH | {"If-Match": changed.headers["etag"]}
    )
    assert (again.status_code, len(again.json()["parties"])) == (200, 2)
    assert client.delete(one, headers=headers).status_code == 204
    assert client.delete(one, headers=headers).status_code == 404
    with make.database.read() as session:
        assert session.query(ProtocolParty).count() == session.query(Protocol).count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"valid_until": "2025-09-30"}, "valid_until"),
        ({"party": {"pledge": "visits"}}, "parties.1.per_year"),
        ({"party": {"per_year": 4}}, "parties.1.per_year"),
        ({"party": {"pledge": "other", "per_year": 4}}, "parties.1.words"),
        ({"party": {"pledge": "visits", "per_year": 4, "words": "anche"}}, "parties.1.words"),
        ({"party": {"actor_id": "00000000-0000-4000-8000-000000000000"}}, "parties.1.actor_id"),
        ({"twice": True}, "parties.2.actor_id"),
        ({"parties": []}, "parties"),
    ],
)
def test_what_cannot_be_signed_names_its_field(
    client: TestClient, make: Factory, silvia: Actor, change: dict[str, Any], field: str
) -> None:
    school, reno = make.school(municipality_istat="037006"), host(make, "Reno")
    fields = {name: value for name, value in change.items() if name not in ("party", "twice")}
    body = patto(school.id, reno, **change.get("party", {})) | fields
    if "twice" in change:
        body["parties"].append(body["parties"][0])
    answer = client.post(address(make), json=body, headers=make.bearer(Role.COORDINATOR))
    assert answer.status_code == 422, answer.text
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert client.get(address(make), headers=make.bearer(Role.COORDINATOR)).json()["items"] == []


def test_a_change_that_ends_before_it_was_signed_names_its_field(
    client: TestClient, make: Factory, silvia: Actor
) -> None:
    """With parties as well, which are looked up before anything is written."""
    school, reno = make.school(municipality_istat="037006"), host(make, "Reno")
    headers = make.bearer(Role.COORDINATOR)
    body = patto(school.id, reno)
    made = client.post(address(make), json=body, headers=headers)
    one = f"{address(make)}/{made.json()['id']}"
    change = {"valid_until": "2000-01-01", "parties": body["parties"]}
    answer = client.patch(one, json=change, headers=headers | PATCH | {"If-Match": made.headers["etag"]})
    assert answer.status_code == 422, answer.text
    assert [fault["field"] for fault in answer.json()["faults"]] == ["valid_until"]
    assert (
        client.get(one.rpartition("/")[0], headers=headers).json()["items"][0]["valid_until"] == "2026-10-01"
    )
