"""Every actor on every route with own, same school's and foreign things: `tests/matrix.py` says what must come out.

What is not one's to see must answer to the letter, and with as many questions to the database, as what does not exist.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import api
from app.auth import service as auth
from app.auth.actors import Grant, Role
from app.auth.models import ApiKey, Membership
from app.companies.models import Company, CompanyContact, CompanyKind, CompanySite
from app.db import Database
from app.events import service as events
from app.main import create_app
from app.matches.engine import Engine
from app.opportunities.models import Kind, Opportunity, Status
from app.schools.models import School
from app.settings import Settings
from app.skills.models import Occupation
from app.web import files
from tests import contract, forms, matrix
from tests.conftest import UndoneDatabase
from tests.factories import ACTOR, NOW, Factory
from tests.matrix import ACTORS, ANYBODY, FOREIGN, FOREIGN_HIDDEN, HIDDEN, OWN, SAME, VISIT, Row
from tests.queries import count_queries
from tests.test_headers import routes_of
from tests.test_openapi import OPERATIONS, filled, good_call, stored_ranking

Things = dict[str, str]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SETTINGS = Settings(rate_limit_per_minute=1_000_000)
ROUTES = {**matrix.API, **matrix.PAGES}
CELLS = sum(len(rows) * len(ACTORS) for rows in ROUTES.values())


# --- the land ---------------------------------------------------------------------------------------------------------


@dataclass
class Land:
    """A running application, what each relation has, and what each actor sends to be known."""

    app: FastAPI
    client: TestClient
    database: UndoneDatabase
    things: dict[str, Things]
    headers: dict[str, dict[str, str]]
    visited: set[tuple[str, str, str]] = field(default_factory=set)


@pytest.fixture(scope="module")
def land(request: pytest.FixtureRequest, migrated: Database) -> Iterator[Land]:
    with migrated.engine.connect() as connection:
        transaction = connection.begin()
        database = UndoneDatabase(connection)
        make = Factory(database)
        app = create_app(SETTINGS, database=database, clock=lambda: NOW)
        things = _things(make, app.state.engine)
        headers = _actors(make, things)
        with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
            client.event_hooks = {"response": [contract.check], "request": [forms.carry_token]}
            land = Land(app, client, database, things, headers)
            yield land
        transaction.rollback()
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        kind = migrated.engine.dialect.name
        reporter.write_line(f"matrix on {kind}: {len(land.visited)} of {CELLS} cells")


def _things(make: Factory, engine: Engine) -> dict[str, Things]:
    """What each relation has, by the names of path variables and of `{names}` in bodies."""
    make.skill()
    make.add(Occupation(id="7212", esco_uri="http://data.europa.eu/esco/isco/C7212", isco_group="7212"))
    milan = make.municipality(
        "015146", name="Milano", province_code="MI", province_name="Milano", region_code="03",
        region_name="Lombardia", caps="20121", latitude=45.4642, longitude=9.19,
    )  # fmt: skip
    make.territory("Milano", "MI")
    own = _of_one_side(make, engine, make.municipality().istat)
    foreign = _of_one_side(make, engine, milan.istat)
    school, company = (
        make.get(kind, UUID(own[name])) for kind, name in ((School, "school_id"), (Company, "company_id"))
    )
    assert isinstance(school, School)
    assert isinstance(company, Company)
    other_class = make.school_class(school)
    classmate = make.student(other_class)
    theirs = make.get(Opportunity, UUID(foreign["opportunity_id"]))
    assert theirs is not None
    same = {
        "class_id": other_class.id, "student_id": classmate.id, "ranking_id": stored_ranking(make, classmate.id).id,
        "disclosure_id": make.disclosure(classmate, theirs).id,
    }  # fmt: skip
    visit = make.opportunity(company, kind=Kind.VISIT, municipality_istat=own["istat"])
    things = {
        OWN: own, FOREIGN: foreign, SAME: own | {name: str(value) for name, value in same.items()},
        VISIT: own | {"opportunity_id": str(visit.id)},
    }  # fmt: skip
    for relation, side in ((HIDDEN, own), (FOREIGN_HIDDEN, foreign)):
        waiting = make.company(is_approved=False, municipality_istat=side["istat"])
        things[relation] = side | {"company_id": str(waiting.id), "opportunity_id": side["draft_id"]}
    for one in things.values():
        one |= {"waiting_id": one["company_id"], "draft_id": one["opportunity_id"]}
        with make.database.write() as session:
            events.record(session, ACTOR, "company.looked_at", one["company_id"])
    return things


def _of_one_side(make: Factory, engine: Engine, istat: str) -> Things:
    school = make.school(municipality_istat=istat)
    school_class = make.school_class(school)
    student = make.student(school_class, municipality_istat=istat, max_km=None)
    company = make.company(kind=CompanyKind.TRAINING_BODY, municipality_istat=istat)
    site = make.add(CompanySite(company_id=company.id, name="Due", municipality_istat=istat))
    contact = make.add(CompanyContact(company_id=company.id, name="Neri"))
    make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=school.id), name="Lead")
    make.bearer(Role.ADMINISTRATOR)
    with make.database.read() as session:
        key_id = session.query(ApiKey.id).limit(1).scalar()
        member = session.query(Membership).filter_by(school_id=school.id).one()
    offered, asked = (make.opportunity(company, municipality_istat=istat) for _ in range(2))
    draft = make.opportunity(
        company, municipality_istat=istat, status=Status.DRAFT, published_at=None, published_by=None
    )
    return {name: str(value) for name, value in {
        "istat": istat, "skill_id": "plc-programming", "occupation_id": "7212", "programme_id": "it-c3-automazione",
        "school_id": school.id, "class_id": school_class.id, "member_id": member.id, "company_id": company.id,
        "site_id": site.id, "contact_id": contact.id, "student_id": student.id, "key_id": key_id,
        "opportunity_id": offered.id, "draft_id": draft.id, "ranking_id": stored_ranking(make, student.id).id,
        "disclosure_id": make.disclosure(student, asked).id,
        "pseudonym": engine.pseudonym(company.id, student.id), "answer": "refuse",
    }.items()}  # fmt: skip


def _actors(make: Factory, things: dict[str, Things]) -> dict[str, dict[str, str]]:
    own, same = (
        {name: UUID(value) for name, value in things[one].items() if name.endswith("_id") and _is_uuid(value)}
        for one in (OWN, SAME)
    )
    school, company = {"school_id": own["school_id"]}, {"company_id": own["company_id"]}
    milan = {"territory_id": make.territory("Milano").id}
    grants = {
        "student": Grant(Role.STUDENT, student_id=own["student_id"]),
        "teacher": Grant(Role.TEACHER, **school, class_ids=frozenset({own["class_id"]})),
        "colleague": Grant(Role.TEACHER, **school, class_ids=frozenset({same["class_id"]})),
        "lead": Grant(Role.SCHOOL_LEAD, **school),
        "member": Grant(Role.COMPANY_MEMBER, **company),
        "admin": Grant(Role.COMPANY_ADMIN, **company),
        "training_body": Grant(Role.TRAINING_BODY, **company),
        "coordinator": Grant(Role.COORDINATOR),
        "far_coordinator": Grant(Role.COORDINATOR, **milan),
        "administrator": Grant(Role.ADMINISTRATOR),
    }
    headers = {
        who: {"cookie": f"{auth.COOKIE}={make.signed_in(grant, name=who)}"} for who, grant in grants.items()
    }
    keys: dict[str, tuple[Role, dict[str, UUID]]] = {
        "school": (Role.SCHOOL_LEAD, school), "company": (Role.COMPANY_MEMBER, company), "coordinator": (Role.COORDINATOR, {}),
    }  # fmt: skip
    for name, (role, bound) in keys.items():
        headers[f"key_{name}"] = make.bearer(role, **bound)
        headers[f"bare_{name}"] = make.bearer(role, scopes=[], **bound)
    return headers | {ANYBODY: {}}


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


# --- the lines --------------------------------------------------------------------------------------------------------


def pages(app: FastAPI) -> set[str]:
    """Method and path of every route outside the API, files left out."""
    return {
        f"{method} {path}"
        for path, route in routes_of(app.routes)
        if not path.startswith((api.PREFIX, files.PREFIX))
        for method in route.methods - {"HEAD"}
    }


def test_every_route_has_a_line_and_every_line_a_route(land: Land) -> None:
    line = '    "{}": {{OWN: may("…"), FOREIGN: may("…")}},'
    for table, routes in (("API", set(OPERATIONS)), ("PAGES", pages(land.app))):
        known = set(getattr(matrix, table))
        lacking = "\n".join(line.format(route) for route in sorted(routes - known))
        assert not lacking, f"tests/matrix.py lacks in {table}, with who gets in:\n{lacking}"
        assert known <= routes, f"tests/matrix.py has in {table} what is gone: {sorted(known - routes)}"


# --- the cells --------------------------------------------------------------------------------------------------------


def call(land: Land, route: str, things: Things, headers: dict[str, str]) -> httpx2.Response:
    """The route's good call, with these things, by whoever sends these headers."""
    if route in matrix.API:
        request = good_call(route, things)
        if route in matrix.THING:
            request.query["limit"] = "100"
        if route == "list_events":
            request.query["object_type"] = "company"
        return request.send(land.client, **headers)
    method, _, path = route.partition(" ")
    data = filled(matrix.FORMS.get(route, {}), things) if method == "POST" else None
    return land.client.request(method, path.format(**things), data=data, headers=headers)


def status_of(response: httpx2.Response) -> int:
    """The status, where the way to the sign-in page is a 401."""
    to_sign_in = response.headers.get("location", "").startswith("/sign-in?next=")
    return 401 if response.status_code == 303 and to_sign_in else response.status_code


def told(response: httpx2.Response) -> Any:
    """What the answer says, but for what is each answer's own."""
    if "json" in response.headers.get("content-type", ""):
        return {name: value for name, value in json.loads(response.content).items() if name != "request_id"}
    return _UUID.sub("…", forms.without_tokens(response.text))  # a page repeats its own address


def nowhere(route: str, things: Things) -> Iterator[Things]:
    """The same names for things that do not exist; and for a part that does not, of a thing that one sees."""
    yield {name: str(uuid4()) if _is_uuid(value) else value for name, value in things.items()}
    inner = re.findall(r"\{(\w+)\}", OPERATIONS[route][0] if route in OPERATIONS else route)
    if len(inner) > 1 and _is_uuid(things[inner[-1]]):
        yield things | {inner[-1]: str(uuid4())}


@pytest.mark.parametrize("route", ROUTES)
def test_matrix(land: Land, route: str) -> None:
    wrong = []
    for relation, row in ROUTES[route].items():
        for actor in ACTORS:
            fault = _cell(land, route, relation, row, actor)
            land.visited.add((route, relation, actor))
            if fault:
                wrong.append(f"{route}, {relation}, {actor}: {fault}")
    assert not wrong, "\n".join(wrong)


def _cell(land: Land, route: str, relation: str, row: Row, actor: str) -> str | None:
    things, expected = land.things[relation], row.expected(actor)
    response, queries = _undone(land, route, things, land.headers[actor])
    status = status_of(response)
    if status != expected and not (expected == 0 and status < 400):
        return f"{status} instead of {expected or 'getting in'}: {response.text[:300]}"
    if row.is_list and expected == 0:
        is_there = things[matrix.THING[route]] in response.text
        if is_there is (actor in row.without):
            return "finds it" if is_there else "does not find it"
    if status == 404 or (status == 422 and route not in matrix.OWN_FAULT):
        hidden = (status, told(response), queries)
        others = []
        for absent in nowhere(route, things):
            missing, as_many = _undone(land, route, absent, land.headers[actor])
            others.append((status_of(missing), told(missing), as_many))
        if hidden not in others:
            return f"what is hidden answers {_short(hidden)}, what does not exist {_short(others[0])}"
    return None


def _short(answer: tuple[int, Any, int]) -> str:
    status, body, queries = answer
    return f"{status} after {queries} queries: {str(body)[:200]}"


def _undone(land: Land, route: str, things: Things, headers: dict[str, str]) -> tuple[httpx2.Response, int]:
    """The answer, and how many questions it took; nothing of it stays."""
    savepoint = land.database.connection.begin_nested()
    land.client.cookies.clear()
    with count_queries(land.database) as queries:
        response = call(land, route, things, headers)
    savepoint.rollback()
    if response.request.method != "GET" and response.status_code < 400:
        engine = land.app.state.engine
        engine._state = None  # it may have seen what has been undone
        engine._known.clear()
    return response, queries.count
