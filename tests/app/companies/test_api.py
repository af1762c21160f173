from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.companies.models import Company, CompanyContact, CompanySector, CompanySite
from app.companies.schemas import MOST_CONTACTS, MOST_SITES
from app.db import Database
from app.events import service as events
from tests.factories import APPROVED, Factory
from tests.queries import count_queries

URL = "/api/v1/companies"
PATCH = {"Content-Type": "application/merge-patch+json"}
FULL = {
    "name": "Meccanica Rossi", "kind": "firm", "size": "small", "description": "Torneria", "website": "https://rossi.example",
    "tax_code": "01234567890", "district": "Pianura", "source": "register", "external_id": "R-1",
    "sectors": [
        {"ateco_code": "28.99.20", "ateco_edition": "2007", "is_main": True},
        {"ateco_code": "28", "ateco_edition": "2025", "is_main": False},
    ],
}  # fmt: skip


WAITING = {
    "state": "waiting", "submitted_at": "2026-01-12T09:00:00Z", "answer_due_on": "2026-01-19", "answered_at": None,
    "reason": None,
}  # fmt: skip


def changed(headers: dict[str, str], version: int | str = "*") -> dict[str, str]:
    return headers | PATCH | {"If-Match": version if version == "*" else f'"{version}"'}


def faults(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [fault["field"] for fault in answer.json()["faults"]]


def history(database: Database, company_id: str) -> list[tuple[str, dict[str, Any]]]:
    with database.read() as session:
        return [(event.action, event.data) for event in events.history(session, "company", company_id)]


# --- creating and reading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_create_company_answers_it(client: TestClient, make: Factory, database: Database, role: Role) -> None:
    headers = make.bearer(role)
    answer = client.post(URL, json=FULL, headers=headers)
    body = answer.json()
    assert (answer.status_code, body) == (
        201,
        FULL
        | {
            "id": body["id"],
            "is_approved": False,
            "is_public": False,
            "sites": [],
            "contacts": [],
            "version": 1,
        }
        | {"review": WAITING},
    )
    assert (answer.headers["location"], answer.headers["etag"]) == (f"{URL}/{body['id']}", '"1"')
    assert history(database, body["id"]) == [("company.created", {})]
    again = client.get(answer.headers["location"], headers=headers)
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, body, '"1"')


def test_create_company_twice_under_one_key_creates_one(client: TestClient, make: Factory) -> None:
    headers = make.bearer() | {"Idempotency-Key": "create-rossi"}
    first, second = (client.post(URL, json=FULL, headers=headers) for _ in range(2))
    assert (first.status_code, first.json(), second.status_code) == (201, second.json(), 201)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": "a\nb"}, ["name"]),
        ({"kind": "school"}, ["kind"]),
        ({"website": "ftp://rossi.example"}, ["website"]),
        ({"tax_code": "123"}, ["tax_code"]),
        ({"colour": "red"}, ["colour"]),
        ({"external_id": None}, ["external_id"]),
        ({"source": None}, ["external_id"]),
        ({"sectors": [{"ateco_code": "28", "ateco_edition": "1991"}]}, ["sectors.0.ateco_edition"]),
        ({"sectors": [{"ateco_code": "28"}]}, ["sectors.0.ateco_edition"]),
        ({"sectors": [{"ateco_code": "00", "ateco_edition": "2025"}]}, ["sectors.0.ateco_code"]),
        ({"sectors": [{"ateco_code": "28", "ateco_edition": "2025"}] * 2}, ["sectors.1"]),
        (
            {"sectors": [{"ateco_code": code, "ateco_edition": "2025", "is_main": True} for code in ("28", "33")]},
            ["sectors"],
        ),
    ],
)  # fmt: skip
def test_create_company_names_each_fault(
    client: TestClient, make: Factory, values: dict[str, Any], fields: list[str]
) -> None:
    headers = make.bearer()
    assert faults(client.post(URL, json=FULL | values, headers=headers)) == fields
    assert client.get(URL, headers=headers).json()["items"] == []


@pytest.mark.parametrize(
    ("values", "field"), [({"tax_code": None}, "external_id"), ({"external_id": "R-2"}, "tax_code")]
)
def test_create_company_with_a_code_that_is_taken_conflicts(
    client: TestClient, make: Factory, values: dict[str, Any], field: str
) -> None:
    headers = make.bearer()
    client.post(URL, json=FULL, headers=headers)
    answer = client.post(URL, json=FULL | values, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-registered")
    assert answer.json()["faults"] == [{"in": "body", "field": field, "detail": "another company has it"}]


def test_create_company_is_for_overseers(client: TestClient, make: Factory) -> None:
    company = make.company()
    for headers in (
        make.bearer(Role.COMPANY_ADMIN, company_id=company.id),
        make.bearer(Role.COORDINATOR, scopes=["companies:read"]),
    ):
        assert client.post(URL, json=FULL, headers=headers).status_code == 403
    assert client.post(URL, json=FULL).status_code == 401


def test_read_company_shows_contacts_and_tax_code_to_insiders_only(client: TestClient, make: Factory) -> None:
    company = make.company(tax_code="RSSMRA80A01A944X")
    contact = make.add(CompanyContact(company_id=company.id, name="Mario Rossi", email="mario@rossi.example"))
    shown = {
        "id": str(contact.id), "name": "Mario Rossi", "job": None, "email": "mario@rossi.example", "phone": None
    }  # fmt: skip
    seen = {}
    for name, headers in {
        "school": make.bearer(Role.SCHOOL_LEAD, school_id=make.school().id),
        "other": make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id),
        "own": make.bearer(Role.COMPANY_MEMBER, company_id=company.id),
        "coordinator": make.bearer(Role.COORDINATOR),
    }.items():
        body = client.get(f"{URL}/{company.id}", headers=headers).json()
        seen[name] = (body["contacts"], body["tax_code"])
        status = client.get(f"{URL}/{company.id}/contacts/{contact.id}", headers=headers).status_code
        assert status == (404 if body["contacts"] is None else 200)
    inside = ([shown], "RSSMRA80A01A944X")
    assert seen == {
        "school": (None, None),
        "other": (None, None),
        "own": inside,
        "coordinator": inside,
    }


def test_read_company_that_is_not_approved_does_not_exist_for_others(
    client: TestClient, make: Factory
) -> None:
    company = make.company(is_approved=False)
    for headers, status in (
        (make.bearer(Role.COMPANY_MEMBER, company_id=company.id), 200),
        (make.bearer(Role.COORDINATOR), 200),
        (make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id), 404),
        (make.bearer(scopes=["companies:write"]), 403),
    ):
        assert client.get(f"{URL}/{company.id}", headers=headers).status_code == status
    assert client.get(f"{URL}/{uuid4()}", headers=make.bearer()).status_code == 404
    assert faults(client.get(f"{URL}/1", headers=make.bearer())) == ["company_id"]


# --- lists ------------------------------------------------------------------------------------------------------------


def names(client: TestClient, headers: dict[str, str], **params: Any) -> list[str]:
    answer = client.get(URL, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def test_list_companies_pages_by_name(client: TestClient, make: Factory) -> None:
    for name in ("Zeta", "àlfa", "Beta 100%", "Beta 100%", "Beta_2"):
        make.company(name=name)
    headers = make.bearer(Role.SCHOOL_LEAD, school_id=make.school().id)
    found: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(URL, params=params, headers=headers).json()
        found += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == ["àlfa", "Beta 100%", "Beta 100%", "Beta_2", "Zeta"]
    assert names(client, headers, q="BETÀ 1") == ["Beta 100%", "Beta 100%"]
    assert names(client, headers, q="alf") == ["àlfa"]
    assert names(client, headers, q="lfa") == []


def test_list_companies_filters(client: TestClient, make: Factory) -> None:
    one, two = make.company(name="Uno"), make.company(name="Due", is_approved=False)
    make.municipality("037001", name="Altrove")
    make.add(CompanySite(company_id=two.id, name="Filiale", municipality_istat="037001"))
    make.add(CompanySector(company_id=one.id, ateco_code="28.99.20", ateco_edition="2007"))
    make.add(CompanySector(company_id=two.id, ateco_code="28", ateco_edition="2025"))
    headers = make.bearer()
    assert names(client, headers) == ["Due", "Uno"]
    assert names(client, headers, municipality="037001") == ["Due"]
    assert names(client, headers, ateco_division="28") == ["Due", "Uno"]
    assert names(client, headers, ateco_division="28", ateco_edition="2007") == ["Uno"]
    assert names(client, headers, ateco_division="99") == []
    assert names(client, headers, is_approved="false") == ["Due"]
    outside = make.bearer(Role.COMPANY_ADMIN, company_id=one.id)
    assert names(client, outside) == ["Uno"]
    assert names(client, make.bearer(Role.COMPANY_MEMBER, company_id=two.id)) == ["Due", "Uno"]
    assert client.get(URL, headers=make.bearer(scopes=[])).status_code == 403
    assert faults(client.get(URL, params={"ateco_division": "2"}, headers=headers)) == ["ateco_division"]


@pytest.mark.parametrize(
    "cursor", ["WzFd", "eyJhIjoxfQ", "WyJhIiwieCJd", "WyJcdTAwMDAiLCIwMCJd", "====", "W1tb"]
)
def test_list_companies_refuses_a_foreign_cursor(client: TestClient, make: Factory, cursor: str) -> None:
    assert faults(client.get(URL, params={"cursor": cursor}, headers=make.bearer())) == ["cursor"]


def test_list_companies_costs_the_same_for_one_and_three(
    client: TestClient, make: Factory, database: Database
) -> None:
    headers = make.bearer()
    counts = []
    for more in (1, 2):
        for _ in range(more):
            company = make.company()
            make.add(CompanyContact(company_id=company.id, name="Mario"))
        client.get(URL, headers=headers)
        with count_queries(database) as queries:
            assert client.get(URL, headers=headers).status_code == 200
        counts.append(queries.count)
    assert counts == [5, 5]  # the key, the companies, their sectors, sites and contacts


# --- changing ---------------------------------------------------------------------------------------------------------


def test_edit_company_changes_what_was_sent(client: TestClient, make: Factory, database: Database) -> None:
    company = make.company()
    headers = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    sectors = FULL["sectors"]
    answer = client.patch(
        f"{URL}/{company.id}",
        json={"name": "Òfficina Nuova", "sectors": sectors, "kind": "firm"},
        headers=changed(headers, 1),
    )
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    body = answer.json()
    assert (body["name"], body["sectors"], body["version"]) == ("Òfficina Nuova", sectors, 2)
    assert names(client, headers, q="officina n") == ["Òfficina Nuova"]
    assert history(database, body["id"]) == [("company.edited", {"fields": ["name", "sectors"]})]
    same = client.patch(
        f"{URL}/{company.id}",
        json={"sectors": list(reversed(sectors)), "size": None},
        headers=changed(headers, 2),
    )
    assert (same.status_code, same.headers["etag"], len(history(database, body["id"]))) == (200, '"2"', 1)
    only = client.patch(f"{URL}/{company.id}", json={"sectors": sectors[:1]}, headers=changed(headers, 2))
    assert (only.headers["etag"], only.json()["sectors"]) == ('"3"', sectors[:1])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": None, "sectors": None}, ["name", "sectors"]),
        ({"external_id": "A"}, ["external_id"]),
        ({"is_approved": True}, ["is_approved"]),
        ({"sectors": [{"ateco_code": "00", "ateco_edition": "2007"}]}, ["sectors.0.ateco_code"]),
    ],
)
def test_edit_company_names_each_fault(
    client: TestClient, make: Factory, body: dict[str, Any], fields: list[str]
) -> None:
    company = make.company()
    assert faults(client.patch(f"{URL}/{company.id}", json=body, headers=changed(make.bearer()))) == fields


def test_edit_company_needs_the_present_version_and_the_right(client: TestClient, make: Factory) -> None:
    company, taken = make.company(), make.company(tax_code="01234567890")
    url, body, headers = f"{URL}/{company.id}", {"name": "Nuova"}, make.bearer()
    assert client.patch(url, json=body, headers=headers | PATCH).status_code == 428
    assert client.patch(url, json=body, headers=changed(headers, 7)).status_code == 412
    member = Role.COMPANY_ADMIN
    other = make.bearer(member, company_id=taken.id)
    assert client.patch(url, json=body, headers=changed(other)).status_code == 403
    unseen = make.company(is_approved=False)
    assert client.patch(f"{URL}/{unseen.id}", json=body, headers=changed(other)).status_code == 404
    reader = make.bearer(scopes=["companies:read"])
    assert client.patch(url, json=body, headers=changed(reader)).status_code == 403
    conflict = client.patch(url, json={"tax_code": taken.tax_code}, headers=changed(headers))
    assert (conflict.status_code, conflict.json()["faults"][0]["field"]) == (409, "tax_code")


def test_approve_company_once(client: TestClient, make: Factory, database: Database) -> None:
    company = make.company(is_approved=False)
    url = f"{URL}/{company.id}/approve"
    assert client.post(url, headers=make.bearer(Role.COORDINATOR, scopes=[])).status_code == 403
    own = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    assert client.post(url, headers=own).status_code == 403
    other = make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id)
    assert client.post(url, headers=other).status_code == 404
    for _ in range(2):
        answer = client.post(url, headers=make.bearer(Role.COORDINATOR))
        assert (answer.status_code, answer.json()["is_approved"], answer.headers["etag"]) == (
            200, True, '"2"',
        )  # fmt: skip
    assert history(database, str(company.id)) == [("company.approved", {})]
    assert client.get(f"{URL}/{company.id}", headers=other).status_code == 200


# --- sites ------------------------------------------------------------------------------------------------------------


def bare_company(make: Factory) -> UUID:
    return make.add(Company(name="Nuda", **APPROVED)).id


def test_company_sites_are_added_changed_and_removed(
    client: TestClient, make: Factory, database: Database
) -> None:
    make.municipality()
    company_id = bare_company(make)
    headers, url = make.bearer(Role.COMPANY_ADMIN, company_id=company_id), f"{URL}/{company_id}/sites"
    one = client.post(url, json={"name": "Sede", "municipality_istat": "037006"}, headers=headers)
    first = {
        "id": one.json()["id"], "name": "Sede", "municipality_istat": "037006", "address": None, "is_main": True
    }  # fmt: skip
    assert (one.status_code, one.json(), one.headers["etag"]) == (201, first, '"2"')
    assert client.get(one.headers["location"], headers=headers).json() == first
    two = client.post(
        url,
        json={"name": "Filiale", "municipality_istat": "037006", "address": "Via Po 1", "is_main": True},
        headers=headers,
    ).json()
    three = client.post(url, json={"name": "Magazzino", "municipality_istat": "037006"}, headers=headers)
    sites = client.get(f"{URL}/{company_id}", headers=headers).json()["sites"]
    assert [(site["name"], site["is_main"]) for site in sites] == [
        ("Filiale", True), ("Magazzino", False), ("Sede", False),
    ]  # fmt: skip
    edited = client.patch(
        f"{url}/{first['id']}", json={"is_main": True, "name": "Sede"}, headers=changed(headers, 4)
    )
    assert (edited.status_code, edited.json(), edited.headers["etag"]) == (200, first, '"5"')
    same = client.patch(f"{url}/{first['id']}", json={"is_main": True}, headers=changed(headers, 5))
    assert same.headers["etag"] == '"5"'
    named = client.patch(f"{url}/{first['id']}", json={"address": "Via Po 2"}, headers=changed(headers, 5))
    assert named.json() == first | {"address": "Via Po 2"}
    assert client.delete(f"{url}/{two['id']}", headers=headers).status_code == 428
    gone = client.delete(f"{url}/{two['id']}", headers=headers | {"If-Match": '"6"'})
    assert (gone.status_code, gone.content) == (204, b"")
    sites = client.get(f"{URL}/{company_id}", headers=headers).json()["sites"]
    assert [(site["name"], site["is_main"]) for site in sites] == [("Sede", True), ("Magazzino", False)]
    assert history(database, str(company_id)) == [
        ("company.site_added", {"id": first["id"], "fields": []}),
        ("company.site_added", {"id": two["id"], "fields": []}),
        ("company.site_added", {"id": three.json()["id"], "fields": []}),
        ("company.site_edited", {"id": first["id"], "fields": ["is_main"]}),
        ("company.site_edited", {"id": first["id"], "fields": ["address"]}),
        ("company.site_removed", {"id": two["id"], "fields": []}),
    ]


def test_company_sites_refuse_what_is_wrong(client: TestClient, make: Factory) -> None:
    company, other = make.company(), make.company()
    headers, url = make.bearer(), f"{URL}/{company.id}/sites"
    site = {"name": "Sede", "municipality_istat": "999999"}
    assert faults(client.post(url, json=site, headers=headers)) == ["municipality_istat"]
    assert faults(client.post(url, json=site | {"name": " "}, headers=headers)) == ["name"]
    stranger = make.bearer(Role.COMPANY_ADMIN, company_id=other.id)
    assert client.post(url, json=site, headers=stranger).status_code == 403
    foreign = client.get(f"{URL}/{other.id}", headers=headers).json()["sites"][0]["id"]
    for method in ("GET", "PATCH", "DELETE"):
        body = {"json": {"name": "x"}} if method == "PATCH" else {}
        answer = client.request(method, f"{url}/{foreign}", headers=changed(headers), **body)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-site")
    moved = client.patch(f"{url}/{foreign}", json={"municipality_istat": "037006"}, headers=changed(headers))
    assert faults(moved) == ["municipality_istat"]


def test_remove_site_where_an_opportunity_is_conflicts(client: TestClient, make: Factory) -> None:
    company, headers = make.company(), make.bearer()
    site = client.get(f"{URL}/{company.id}", headers=headers).json()["sites"][0]
    make.opportunity(company, site_id=UUID(site["id"]))
    answer = client.delete(f"{URL}/{company.id}/sites/{site['id']}", headers=headers | {"If-Match": "*"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/site-in-use")
    assert client.get(f"{URL}/{company.id}", headers=headers).json()["sites"] == [site]


# --- contacts ---------------------------------------------------------------------------------------------------------


def test_company_contacts_are_added_changed_and_removed(
    client: TestClient, make: Factory, database: Database
) -> None:
    company_id = bare_company(make)
    headers, url = make.bearer(Role.COMPANY_ADMIN, company_id=company_id), f"{URL}/{company_id}/contacts"
    person = {
        "name": "Mario Rossi",
        "job": "Titolare",
        "email": "mario@rossi.example",
        "phone": "+39 051 123456",
    }
    added = client.post(url, json=person, headers=headers)
    shown = person | {"id": added.json()["id"]}
    assert (added.status_code, added.json(), added.headers["etag"]) == (201, shown, '"2"')
    assert client.get(added.headers["location"], headers=headers).json() == shown
    one = f"{url}/{shown['id']}"
    edited = client.patch(one, json={"job": None, "name": "Mario Rossi"}, headers=changed(headers, 2))
    assert (edited.json(), edited.headers["etag"]) == (shown | {"job": None}, '"3"')
    same = client.patch(one, json={"job": None}, headers=changed(headers, 3))
    assert same.headers["etag"] == '"3"'
    assert faults(client.patch(one, json={"name": None}, headers=changed(headers, 3))) == ["name"]
    assert client.delete(one, headers=headers | {"If-Match": '"1"'}).status_code == 412
    assert client.delete(one, headers=headers | {"If-Match": '"3"'}).status_code == 204
    assert client.get(one, headers=headers).status_code == 404
    assert history(database, str(company_id)) == [
        ("company.contact_added", {"id": shown["id"], "fields": []}),
        ("company.contact_edited", {"id": shown["id"], "fields": ["job"]}),
        ("company.contact_removed", {"id": shown["id"], "fields": []}),
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"email": "mario"}, "email"), ({"phone": "dial me"}, "phone"), ({"name": ""}, "name")],
)
def test_create_company_contact_names_each_fault(
    client: TestClient, make: Factory, values: dict[str, str], field: str
) -> None:
    url = f"{URL}/{make.company().id}/contacts"
    assert faults(client.post(url, json={"name": "Mario"} | values, headers=make.bearer())) == [field]


@pytest.mark.parametrize(
    ("part", "most", "values"),
    [
        ("sites", MOST_SITES, {"name": "Sede", "municipality_istat": "037006"}),
        ("contacts", MOST_CONTACTS, {"name": "Mario"}),
    ],
)
def test_a_company_has_only_so_many_sites_and_contacts(
    client: TestClient, make: Factory, database: Database, part: str, most: int, values: dict[str, str]
) -> None:
    make.municipality()
    company_id = bare_company(make)
    table = CompanySite if part == "sites" else CompanyContact
    with database.write() as session:
        session.execute(sa.insert(table), [{"company_id": company_id} | values for _ in range(most)])
    headers = make.bearer()
    answer = client.post(f"{URL}/{company_id}/{part}", json=values, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many")
    assert len(client.get(f"{URL}/{company_id}", headers=headers).json()[part]) == most
