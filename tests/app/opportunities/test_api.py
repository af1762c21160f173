from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app import db
from app.auth.actors import Role
from app.companies.models import Company, CompanySite
from app.db import Database
from app.events import service as events
from app.opportunities.models import Opportunity, OpportunitySpan, Status
from tests.factories import TODAY, Factory
from tests.queries import count_queries

URL = "/api/v1/opportunities"
PATCH = {"Content-Type": "application/merge-patch+json"}
SOON, LATER = (TODAY + timedelta(days=days) for days in (30, 43))
SPAN = {
    "starts_on": SOON.isoformat(), "ends_on": LATER.isoformat(), "weekdays": ["MO", "WE"], "parts": ["morning"],
    "starts_at": "09:00:00", "ends_at": "12:30:00",
}  # fmt: skip
OTHER_SPAN = {"starts_on": LATER.isoformat(), "ends_on": LATER.isoformat(), "weekdays": ["TU"]}
PLC = {"skill_id": "plc-programming", "level": 2}
WELDING = {"skill_id": "welding", "level": 1}


def full(company: Company, kind: str = "internship", **values: Any) -> dict[str, Any]:
    """A document with every field filled, complete enough to be published."""
    return {
        "company_id": str(company.id), "kind": kind, "title": "Manutenzione di linee", "text": "Due righe.\nUna.",
        "conditions": "Scarpe antinfortunistiche", "site_id": None, "municipality_istat": "037006", "is_online": False,
        "seats": 2, "group_min": None, "group_max": None, "hours": 80, "daily_hours": 6.5, "min_age": 16, "max_age": 20,
        "closes_on": SOON.isoformat(), "takes_applications": True, "spans": [SPAN], "required": [PLC], "wanted": [WELDING], "taught": [PLC, WELDING],
        "eligibilities": [
            {"school_kind": "technical", "sector": None, "programme_id": "it-c3-automazione", "year": 4},
            {"school_kind": None, "sector": "technological", "programme_id": None, "year": 5},
        ],
        "source": "hr", "external_id": "A-1",
    } | values  # fmt: skip


@pytest.fixture
def company(make: Factory) -> Company:
    """A company, and the codes that `full` names."""
    make.skill()
    make.skill("welding")
    make.programme()
    return make.company()


@pytest.fixture
def headers(make: Factory, company: Company) -> dict[str, str]:
    """The company's own program."""
    return make.bearer(Role.COMPANY_MEMBER, company_id=company.id)


Send = Callable[..., Any]


@pytest.fixture
def send(client: TestClient, headers: dict[str, str]) -> Send:
    """`send("PATCH", id, {…}, version=2)`, `send("POST", f"{id}/publish")`; 2xx answers give the body."""

    def call(
        method: str, path: object = "", body: Any = None, *, version: int | None = None, **more: Any
    ) -> Any:
        sent = headers | more.pop("headers", {})
        if method == "PATCH":
            sent |= PATCH | {"If-Match": "*" if version is None else f'"{version}"'}
        answer = client.request(method, f"{URL}/{path}".rstrip("/"), json=body, headers=sent, **more)
        return answer.json() if answer.is_success else answer

    return call


def faults(answer: Any, status: int = 422) -> list[str]:
    assert answer.status_code == status, answer.text
    return [fault["field"] for fault in answer.json()["faults"]]


def revisions(database: Database, opportunity_id: object) -> tuple[int, int]:
    """The revision of the topic, and that of the opportunity."""
    with database.read() as session:
        row = session.get_one(Opportunity, UUID(str(opportunity_id)))
        return db.revision(session, "opportunities"), row.revision


def history(database: Database, opportunity_id: str) -> list[tuple[str, dict[str, Any]]]:
    with database.read() as session:
        return [
            (event.action, event.data) for event in events.history(session, "opportunity", opportunity_id)
        ]


# --- writing and reading ----------------------------------------------------------------------------------------------


def test_create_opportunity_answers_the_draft(
    client: TestClient, company: Company, headers: dict[str, str], database: Database
) -> None:
    answer = client.post(URL, json=full(company), headers=headers)
    body = answer.json()
    assert (answer.status_code, body) == (
        201,
        full(company)
        | {
            "id": body["id"], "status": "draft", "seats_taken": 0, "seats_free": 2, "published_at": None,
            "created_at": body["created_at"], "version": 1,
        },
    )  # fmt: skip
    assert (answer.headers["location"], answer.headers["etag"]) == (f"{URL}/{body['id']}", '"1"')
    again = client.get(answer.headers["location"], headers=headers)
    assert (again.json(), again.headers["etag"]) == (body, '"1"')
    assert history(database, body["id"]) == [("opportunity.created", {})]
    assert revisions(database, body["id"]) == (0, 0)


def test_create_opportunity_needs_a_company_a_kind_and_a_title(company: Company, send: Send) -> None:
    body = send("POST", "", {"company_id": str(company.id), "kind": "visit", "title": "Porte aperte"})
    assert {name: value for name, value in body.items() if value} == {
        "id": body["id"], "company_id": str(company.id), "kind": "visit", "status": "draft", "title": "Porte aperte",
        "seats": 1, "seats_free": 1, "created_at": body["created_at"], "version": 1,
    }  # fmt: skip
    assert faults(send("POST", "", {})) == ["company_id", "kind", "title"]


def test_create_opportunity_takes_place_where_the_site_is(
    company: Company, send: Send, make: Factory, database: Database
) -> None:
    make.municipality("037001", name="Altrove")
    with database.read() as session:
        site_id = str(session.scalar(sa.select(CompanySite.id).where(CompanySite.company_id == company.id)))
    body = send("POST", "", full(company, site_id=site_id, municipality_istat=None))
    assert (body["site_id"], body["municipality_istat"]) == (site_id, "037006")
    elsewhere = full(company, site_id=site_id, municipality_istat="037001", external_id="A-2")
    assert faults(send("POST", "", elsewhere)) == ["municipality_istat"]
    foreign = full(company, site_id=str(make.company().id), municipality_istat=None)
    assert faults(send("POST", "", foreign)) == ["site_id"]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"title": " "}, ["title"]),
        ({"kind": "job"}, ["kind"]),
        ({"seats": 0}, ["seats"]),
        ({"seats": 2**40}, ["seats"]),
        ({"hours": -1}, ["hours"]),
        ({"daily_hours": 25}, ["daily_hours"]),
        ({"min_age": 3}, ["min_age"]),
        ({"closes_on": "1900-01-01"}, ["closes_on"]),
        ({"spans": [SPAN | {"starts_on": "1999-12-31"}]}, ["spans.0.starts_on"]),
        ({"spans": [SPAN | {"weekdays": []}]}, ["spans.0.weekdays"]),
        ({"spans": [SPAN | {"weekdays": ["LU"]}]}, ["spans.0.weekdays.0"]),
        ({"spans": [SPAN | {"parts": ["night"]}]}, ["spans.0.parts.0"]),
        ({"spans": [SPAN | {"starts_at": "09:00:00Z"}]}, ["spans.0.starts_at"]),
        ({"spans": [SPAN | {"ends_on": "2025-01-01"}]}, ["spans.0.ends_on"]),
        ({"spans": [SPAN] * 101}, ["spans"]),
        ({"group_min": 3, "max_age": 15}, ["group_min", "max_age"]),
        ({"is_online": True}, ["municipality_istat"]),
        ({"municipality_istat": "999999"}, ["municipality_istat"]),
        ({"site_id": str(UUID(int=1)), "municipality_istat": None}, ["site_id"]),
        ({"company_id": str(UUID(int=1))}, ["company_id"]),
        (
            {
                "required": [PLC, {"skill_id": "magic", "level": 1}],
                "taught": [{"skill_id": "magic", "level": 5}],
            },
            ["taught.0.level"],
        ),
        (
            {
                "required": [PLC, {"skill_id": "magic", "level": 1}],
                "taught": [{"skill_id": "luck", "level": 4}],
            },
            ["required.1.skill_id", "taught.0.skill_id"],
        ),
        (
            {"eligibilities": [{"programme_id": "alchemy", "year": 1}, {"sector": "magic"}, {"year": 5}]},
            ["eligibilities.0.programme_id", "eligibilities.1.sector"],
        ),
        ({"eligibilities": [{"year": 7}]}, ["eligibilities.0.year"]),
        ({"eligibilities": [{"school_kind": "magic"}]}, ["eligibilities.0.school_kind"]),
        ({"status": "published"}, ["status"]),
    ],
)
def test_create_opportunity_names_each_fault(
    company: Company, send: Send, database: Database, values: dict[str, Any], fields: list[str]
) -> None:
    assert faults(send("POST", "", full(company, **values))) == fields
    with database.read() as session:
        assert session.scalars(sa.select(Opportunity.id)).all() == []


def test_create_opportunity_is_for_the_company_and_overseers(
    client: TestClient, company: Company, make: Factory
) -> None:
    hidden = make.company(is_approved=False)
    other = make.bearer(Role.COMPANY_ADMIN, company_id=hidden.id)

    def create(body: dict[str, Any], headers: dict[str, str]) -> int:
        return client.post(URL, json=body, headers=headers).status_code

    assert create(full(company), other) == 403
    assert create(full(company), make.bearer(scopes=["opportunities:read"])) == 403
    assert create(full(company), {}) == 401
    assert create(full(hidden), make.bearer(Role.COMPANY_ADMIN, company_id=company.id)) == 422
    assert create(full(hidden), other) == 201
    assert create(full(company), make.bearer(Role.COORDINATOR)) == 409  # the external id is taken by now
    assert create(full(company, external_id="B"), make.bearer(Role.COORDINATOR)) == 201


def test_create_opportunity_twice_under_one_key_creates_one(company: Company, send: Send) -> None:
    key = {"Idempotency-Key": "create-once"}
    first, second = (send("POST", "", full(company), headers=key) for _ in range(2))
    assert first == second
    assert len(send("GET")["items"]) == 1


def test_read_opportunity_hides_drafts_and_the_archive(
    client: TestClient, make: Factory, company: Company, headers: dict[str, str]
) -> None:
    outside = make.bearer(Role.SCHOOL_LEAD, school_id=make.school().id)
    for status in Status:
        row = make.opportunity(company, status=status)
        answers = [client.get(f"{URL}/{row.id}", headers=who) for who in (headers, outside)]
        is_hidden = status in (Status.DRAFT, Status.ARCHIVED)
        assert [answer.status_code for answer in answers] == [200, 404 if is_hidden else 200]
        edit = client.patch(f"{URL}/{row.id}", json={}, headers=outside | PATCH | {"If-Match": "*"})
        assert edit.status_code == (404 if is_hidden else 403)
    assert client.get(f"{URL}/{uuid4()}", headers=headers).status_code == 404
    assert client.get(f"{URL}/{row.id}", headers=make.bearer(scopes=[])).status_code == 403
    assert client.get(f"{URL}/{row.id}").status_code == 401


# --- lists ------------------------------------------------------------------------------------------------------------


def titles(client: TestClient, headers: dict[str, str], **params: Any) -> list[str]:
    answer = client.get(URL, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def test_list_opportunities_filters(
    client: TestClient, company: Company, make: Factory, headers: dict[str, str], send: Send
) -> None:
    make.municipality("037001", name="Altrove")
    other = make.company()
    make.opportunity(other, title="pubblico", kind="visit", municipality_istat="037001")
    make.opportunity(other, title="bozza altrui", status=Status.DRAFT)
    make.opportunity(company, title="bozza nostra", status=Status.DRAFT)
    send("POST", "", full(company, title="con competenze"))
    everything = make.bearer(Role.COORDINATOR)
    assert sorted(titles(client, everything)) == [
        "bozza altrui",
        "bozza nostra",
        "con competenze",
        "pubblico",
    ]
    assert sorted(titles(client, headers)) == ["bozza nostra", "con competenze", "pubblico"]
    assert titles(client, headers, kind="visit") == ["pubblico"]
    assert titles(client, headers, status="published") == ["pubblico"]
    assert titles(client, headers, municipality="037001") == ["pubblico"]
    assert titles(client, headers, company_id=str(other.id)) == ["pubblico"]
    assert titles(client, headers, skill_id="welding") == ["con competenze"]
    assert titles(client, headers, skill_id="magic") == []
    assert faults(client.get(URL, params={"kind": "job"}, headers=headers)) == ["kind"]
    assert client.get(URL, headers=make.bearer(scopes=[])).status_code == 403


def test_list_opportunities_pages_from_the_newest(
    client: TestClient, company: Company, make: Factory, headers: dict[str, str]
) -> None:
    born = make.opportunity(company, title="0").created_at
    for number, hours in ((1, 1), (2, 2), (3, 2), (4, 3)):
        make.opportunity(company, title=str(number), created_at=born + timedelta(hours=hours))
    found, cursor = [], None
    for _ in range(3):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(URL, params=params, headers=headers).json()
        found += [item["title"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert (found[0], set(found[1:3]), found[3:], cursor) == ("4", {"2", "3"}, ["1", "0"], None)
    for wrong in ("WyIyMDI2LTAxLTEyVDA5OjAwOjAwIiwiMDAiXQ", "WyJhIiwiYiJd", "WzEsMl0"):
        assert faults(client.get(URL, params={"cursor": wrong}, headers=headers)) == ["cursor"]


def test_list_opportunities_costs_the_same_for_one_and_three(
    client: TestClient, company: Company, headers: dict[str, str], send: Send, database: Database
) -> None:
    counts = []
    for names in (["A"], ["B", "C"]):
        for name in names:
            send("POST", "", full(company, external_id=name))
        with count_queries(database) as queries:
            assert client.get(URL, headers=headers).status_code == 200
        counts.append(queries.count)
    assert counts == [5, 5]  # the key, the opportunities, their spans, skills and eligibilities


# --- changing ---------------------------------------------------------------------------------------------------------


def test_edit_opportunity_changes_what_was_sent(company: Company, send: Send, database: Database) -> None:
    before = send("POST", "", full(company))
    changes = {
        "title": "Altro titolo", "hours": 80, "min_age": None, "spans": [SPAN, OTHER_SPAN],
        "required": [PLC | {"level": 3}], "taught": [], "eligibilities": [{"year": 5}],
    }  # fmt: skip
    after = send("PATCH", before["id"], changes, version=1)
    parts = {"parts": ["morning", "afternoon"], "starts_at": None, "ends_at": None}
    assert after == before | changes | {
        "spans": [SPAN, OTHER_SPAN | parts], "version": 2,
        "eligibilities": [{"school_kind": None, "sector": None, "programme_id": None, "year": 5}],
    }  # fmt: skip
    assert send("PATCH", before["id"], changes, version=2) == after
    assert send("GET", before["id"]) == after
    assert history(database, before["id"])[1:] == [
        (
            "opportunity.edited",
            {"fields": ["eligibilities", "min_age", "required", "spans", "taught", "title"]},
        )
    ]
    only = send("PATCH", before["id"], {"wanted": []}, version=2)
    assert only == after | {"wanted": [], "version": 3}


def test_edit_opportunity_keeps_the_ids_of_spans_that_stay(
    company: Company, send: Send, database: Database
) -> None:
    def ids() -> list[UUID]:
        with database.read() as session:
            return list(session.scalars(sa.select(OpportunitySpan.id).order_by(OpportunitySpan.starts_on)))

    opportunity = send("POST", "", full(company))
    [kept] = ids()
    send("PATCH", opportunity["id"], {"spans": [OTHER_SPAN, SPAN]})
    assert (ids()[0], len(ids())) == (kept, 2)


def test_edit_opportunity_moves_it(company: Company, send: Send, database: Database) -> None:
    opportunity = send("POST", "", full(company))
    with database.read() as session:
        site_id = str(session.scalar(sa.select(CompanySite.id).where(CompanySite.company_id == company.id)))

    def place(changes: dict[str, Any]) -> tuple[Any, ...]:
        body = send("PATCH", opportunity["id"], changes)
        return body["site_id"], body["municipality_istat"], body["is_online"]

    assert place({"is_online": True}) == (None, None, True)
    assert place({"title": "Altro"}) == (None, None, True)
    assert place({"site_id": site_id}) == (site_id, "037006", False)
    assert place({"title": "Altro ancora"}) == (site_id, "037006", False)
    assert place({"municipality_istat": "037006"}) == (None, "037006", False)
    assert place({"municipality_istat": None}) == (None, None, False)
    wrong = send("PATCH", opportunity["id"], {"is_online": True, "site_id": site_id})
    assert faults(wrong) == ["site_id"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": None, "spans": None}, ["spans", "title"]),
        ({"kind": "visit"}, ["kind"]),
        ({"company_id": str(UUID(int=1))}, ["company_id"]),
        ({"max_age": 15}, ["max_age"]),
        ({"group_max": 20}, ["group_max"]),
        ({"external_id": None}, ["external_id"]),
        ({"wanted": [{"skill_id": "magic", "level": 1}]}, ["wanted.0.skill_id"]),
        ({"spans": [SPAN, SPAN]}, ["spans.1"]),
    ],
)
def test_edit_opportunity_names_each_fault(
    company: Company, send: Send, changes: dict[str, Any], fields: list[str]
) -> None:
    before = send("POST", "", full(company))
    assert faults(send("PATCH", before["id"], changes)) == fields
    assert send("GET", before["id"]) == before


def test_edit_opportunity_needs_the_present_version(
    client: TestClient, company: Company, headers: dict[str, str], send: Send
) -> None:
    opportunity = send("POST", "", full(company))
    assert send("PATCH", opportunity["id"], {"title": "x"}, version=9).status_code == 412
    bare = client.patch(f"{URL}/{opportunity['id']}", json={"title": "x"}, headers=headers | PATCH)
    assert bare.status_code == 428
    send("POST", "", full(company, external_id="A-2"))
    taken = send("PATCH", opportunity["id"], {"external_id": "A-2"})
    assert faults(taken, 409) == ["external_id"]


def test_edit_published_opportunity_cannot_lose_what_it_needs(
    company: Company, send: Send, database: Database
) -> None:
    opportunity = send("POST", "", full(company))
    send("POST", f"{opportunity['id']}/publish")
    assert revisions(database, opportunity["id"]) == (1, 1)
    no_place = send("PATCH", opportunity["id"], {"municipality_istat": None, "hours": 0, "daily_hours": None})
    assert (faults(no_place, 409), no_place.json()["type"]) == (
        ["municipality_istat", "hours"], "/problems/not-ready",
    )  # fmt: skip
    past = (TODAY - timedelta(days=1)).isoformat()
    assert faults(send("PATCH", opportunity["id"], {"closes_on": past}), 409) == ["closes_on"]
    assert revisions(database, opportunity["id"]) == (1, 1)
    assert send("PATCH", opportunity["id"], {"title": "Nuovo"})["title"] == "Nuovo"
    assert revisions(database, opportunity["id"]) == (2, 2)


def test_edit_opportunity_follows_its_seats(company: Company, make: Factory, send: Send) -> None:
    row = make.opportunity(company, seats=3, seats_taken=2)
    few = send("PATCH", row.id, {"seats": 1})
    assert (few.status_code, few.json()["type"]) == (409, "/problems/seats-taken")
    full_one = send("PATCH", row.id, {"seats": 2})
    assert (full_one["status"], full_one["seats_free"], full_one["version"]) == ("full", 0, 2)
    more = send("PATCH", row.id, {"seats": 4})
    assert (more["status"], more["seats_free"], more["version"]) == ("published", 2, 3)


def test_edit_archived_opportunity_conflicts(company: Company, make: Factory, send: Send) -> None:
    row = make.opportunity(company, status=Status.ARCHIVED)
    answer = send("PATCH", row.id, {"title": "x"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wrong-state")


# --- life -------------------------------------------------------------------------------------------------------------


def test_opportunity_lives_from_draft_to_archive(company: Company, send: Send, database: Database) -> None:
    opportunity_id = send("POST", "", full(company))["id"]
    seen = []
    for action in ("publish", "publish", "close", "close", "reopen", "reopen", "close", "archive", "archive"):
        body = send("POST", f"{opportunity_id}/{action}")
        seen.append((body["status"], body["version"], *revisions(database, opportunity_id)))
    assert seen == [
        ("published", 2, 1, 1), ("published", 2, 1, 1), ("closed", 3, 2, 2), ("closed", 3, 2, 2),
        ("published", 4, 3, 3), ("published", 4, 3, 3), ("closed", 5, 4, 4), ("archived", 6, 4, 4),
        ("archived", 6, 4, 4),
    ]  # fmt: skip
    assert body["published_at"] is not None
    assert [action for action, _ in history(database, opportunity_id)] == [
        f"opportunity.{what}" for what in ("created", "published", "closed", "reopened", "closed", "archived")
    ]


@pytest.mark.parametrize(
    ("status", "action"),
    [("draft", "close"), ("closed", "publish"), ("published", "archive"), ("archived", "reopen")],
)
def test_opportunity_refuses_what_its_state_does_not_allow(
    company: Company, make: Factory, send: Send, status: str, action: str
) -> None:
    row = make.opportunity(company, status=Status(status))
    answer = send("POST", f"{row.id}/{action}")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wrong-state")


def test_reopen_opportunity_without_free_seats_is_full(company: Company, make: Factory, send: Send) -> None:
    make.skill()
    row = make.opportunity(company, status=Status.CLOSED, hours=10, seats=1, seats_taken=1)
    send("PATCH", row.id, {"wanted": [PLC]})
    assert send("POST", f"{row.id}/reopen")["status"] == "full"


def test_publish_opportunity_names_everything_that_is_missing(make: Factory, client: TestClient) -> None:
    company = make.company(is_approved=False)
    headers = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    past = (TODAY - timedelta(days=1)).isoformat()
    body = {"company_id": str(company.id), "kind": "training", "title": "Corso", "closes_on": past}
    opportunity = client.post(URL, json=body, headers=headers).json()
    answer = client.post(f"{URL}/{opportunity['id']}/publish", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-ready")
    assert answer.json()["faults"] == [
        {"in": "opportunity", "field": field, "detail": detail}
        for field, detail in (
            ("municipality_istat", "say where it takes place: a site, a municipality, or online"),
            ("taught", "name a skill that it teaches"),
            ("spans", "say when its lessons are"),
            ("closes_on", "lies in the past"),
            ("company_id", "the company is not approved yet"),
        )
    ]
    assert client.get(f"{URL}/{opportunity['id']}", headers=headers).json() == opportunity


def test_publish_opportunity_is_for_those_who_may_change_it(
    client: TestClient, make: Factory, company: Company
) -> None:
    row = make.opportunity(company)
    outside = make.bearer(Role.SCHOOL_LEAD, school_id=make.school().id)
    for action in ("publish", "close", "reopen", "archive"):
        assert client.post(f"{URL}/{row.id}/{action}", headers=outside).status_code == 403
        assert client.post(f"{URL}/{uuid4()}/{action}", headers=outside).status_code == 404
