"""Every actor on every route with own, same school's and foreign things: `tests/matrix.py` says what must come out.

What is not one's to see must answer to the letter, and with as many questions to the database, as what does not exist.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import api
from app.auth import codes as auth_codes
from app.auth import service as auth
from app.auth import service_codes as sign_in_codes
from app.auth import service_people as people
from app.auth import service_second_factors as factors
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role
from app.auth.models import ApiKey, ApiKeySecret, Membership, SecondFactor, SignIn
from app.companies.models import Company, CompanyContact, CompanyKind, CompanySite
from app.concerns.models import Stage
from app.db import Database
from app.events import service as events
from app.feeds.models import CalendarFeed, FeedAbout
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.jobs.models import Job
from app.jobs.rules import JobKind
from app.main import create_app
from app.matches.engine import Engine
from app.network.models import CompanyNote
from app.notifications.models import Notification
from app.opportunities.models import Kind, Opportunity, Status
from app.placements.models import State
from app.schools.models import School
from app.settings import Settings
from app.skills.models import Occupation
from app.students import service_codes as codes
from app.web import files
from app.web import jobs as job_pages
from tests import contract, forms, matrix, matrix_pages
from tests import things as placement_things
from tests.caller import Caller
from tests.conftest import UndoneDatabase, cheapen_passwords, say_at_the_end
from tests.factories import ACTOR, NOW, Factory
from tests.matrix import (
    ACTORS,
    ANYBODY,
    COMPANY,
    FOREIGN,
    FOREIGN_HIDDEN,
    HIDDEN,
    OWN,
    SAME,
    SELF,
    VISIT,
    Row,
)
from tests.papers import papers_of
from tests.queries import count_queries
from tests.test_headers import routes_of
from tests.test_openapi import OPERATIONS, filled, good_call, pending_erasure, rounds_of, stored_ranking

Things = dict[str, str]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INVITED = "BCDFGHJKMN"
SETTINGS = Settings(rate_limit_per_minute=1_000_000)
ROUTES = {**matrix.API, **matrix_pages.PAGES}
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
    own: dict[str, Things]
    visited: set[tuple[str, str, str]] = field(default_factory=set)


@pytest.fixture(scope="module")
def land(request: pytest.FixtureRequest, migrated: Database) -> Iterator[Land]:
    with pytest.MonkeyPatch.context() as patch, migrated.engine.connect() as connection:
        cheapen_passwords(patch)
        transaction = connection.begin()
        database = UndoneDatabase(connection)
        make = Factory(database)
        app = create_app(SETTINGS, database=database, clock=lambda: NOW)
        things = _things(make, app.state.engine)
        headers, own = _actors(make, things)
        with Caller(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
            client.event_hooks = {
                "response": [contract.check],
                "request": [partial(forms.carry_token, settings=SETTINGS)],
            }
            land = Land(app, client, database, things, headers, own)
            yield land
        transaction.rollback()
    kind = migrated.engine.dialect.name
    if land.visited:
        say_at_the_end(request.config, f"matrix on {kind}: {len(land.visited)} of {CELLS} cells")


def _things(make: Factory, engine: Engine) -> dict[str, Things]:
    """What each relation has, by the names of path variables and of `{names}` in bodies."""
    make.skill()
    make.add(Occupation(id="7212", esco_uri="http://data.europa.eu/esco/isco/C7212", isco_group="7212"))
    milan = make.municipality(
        "015146", name="Milano", province_code="MI", province_name="Milano", region_code="03",
        region_name="Lombardia", caps="20121", latitude=45.4642, longitude=9.19,
    )  # fmt: skip
    make.territory("Milano", "MI")
    make.municipality("037032", cadastral="E289", name="Imola")
    own = _of_one_side(make, engine, make.municipality().istat, "Bologna")
    foreign = _of_one_side(make, engine, milan.istat, "Milano")
    school, company = (
        make.get(kind, UUID(own[name])) for kind, name in ((School, "school_id"), (Company, "company_id"))
    )
    assert isinstance(school, School)
    assert isinstance(company, Company)
    other_class = make.school_class(school)
    classmate = make.student(other_class)
    theirs, their_company = (
        make.get(kind, UUID(foreign[name]))
        for kind, name in ((Opportunity, "opportunity_id"), (Company, "company_id"))
    )
    assert isinstance(theirs, Opportunity)
    assert isinstance(their_company, Company)
    placement = make.placement(
        classmate, _taken(make, make.opportunity(their_company)), school_tutor_id=UUID(own["tutor_id"])
    )
    same = {
        "wish_id": make.wish(classmate, theirs).id,
        "class_id": other_class.id, "student_id": classmate.id, "ranking_id": stored_ranking(make, classmate.id).id,
        "disclosure_id": make.disclosure(classmate, theirs).id,
        "pair_class_id": other_class.id, "test_id": make.class_test(other_class, subject="TPS").id,
        "training_id": make.safety_training(classmate).id,
        "application_id": make.application(classmate, theirs).id,
        "recommendation_id": make.recommendation(classmate, theirs).id,
        "placement_id": placement.id,
        **placement_things.of_placement(make, classmate, make.opportunity(their_company)),
        **placement_things.of_visit(make, classmate, their_company, municipality_istat=milan.istat),
        "concern_id": make.concern(placement, stage=Stage.TERRITORY, territory_at=NOW).id,
        **papers_of(make, school, their_company, classmate),
    }  # fmt: skip
    visit = make.opportunity(company, kind=Kind.VISIT, municipality_istat=own["istat"])
    things = {
        OWN: own, FOREIGN: foreign, SAME: own | {name: str(value) for name, value in same.items()},
        VISIT: own | {"opportunity_id": str(visit.id)}, COMPANY: own | {"key_id": own["company_key_id"]},
    }  # fmt: skip
    for relation, side in ((HIDDEN, own), (FOREIGN_HIDDEN, foreign)):
        waiting = make.company(is_approved=False, municipality_istat=side["istat"])
        things[relation] = side | {"company_id": str(waiting.id), "opportunity_id": side["draft_id"]}
    for one in things.values():
        one |= {f"{state}_placement_id": one["placement_id"] for state in State}
        one |= {"waiting_id": one["company_id"], "draft_id": one["opportunity_id"], "table": "skills"}
        note = CompanyNote(
            company_id=UUID(one["company_id"]), text="Sentiti.", written_at=NOW, written_by=ACTOR.mark
        )
        one["note_id"] = str(make.add(note).id)
        with make.database.write() as session:
            events.record(session, ACTOR, "company.looked_at", one["company_id"])
    return things


def _of_one_side(make: Factory, engine: Engine, istat: str, territory: str) -> Things:
    school = make.school(municipality_istat=istat)
    school_class = make.school_class(school)
    student = make.student(school_class, municipality_istat=istat, max_km=None)
    company = make.company(kind=CompanyKind.TRAINING_BODY, municipality_istat=istat)
    site = make.add(CompanySite(company_id=company.id, name="Due", municipality_istat=istat))
    contact = make.add(CompanyContact(company_id=company.id, name="Neri"))
    make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=school.id), name="Lead")
    with make.database.write() as session:
        both = people.add_user(session, ACTOR, email=f"both{istat}@example.org", name="Both")
        member = people.add_membership(session, both.id, Grant(Role.TEACHER, school_id=school.id))
        worker = people.add_membership(session, both.id, Grant(Role.COMPANY_MEMBER, company_id=company.id))
        pupil = people.add_user(session, ACTOR, email=f"pupil{istat}@example.org", name="Pupil")
        people.add_membership(session, pupil.id, Grant(Role.STUDENT, student_id=student.id))
        invitation = invitations.create(
            session, ACTOR, email=f"x{istat}@example.org", role=Role.SCHOOL_LEAD, school_id=school.id,
            secret=SETTINGS.secret_key, address="http://127.0.0.1/invitation", now=NOW,
        )  # fmt: skip
        secret, open_until = SETTINGS.secret_key, {"created_at": NOW, "expires_at": NOW + timedelta(days=1)}
        [slip] = codes.issue(session, ACTOR, school_class.id, [student.id], secret=secret, now=NOW)
        session.add(
            Invitation(
                email=f"y{istat}@example.org", role=Role.TEACHER, school_id=school.id,
                code_hash=auth_codes.keyed_hash(secret, invitations.PURPOSE, f"{INVITED}{istat}"), **open_until,
            )
        )  # fmt: skip
        link = sign_in_codes.make(session, secret, email="", user=both, now=NOW).token
        sessions.sign_in(session, both, hours=1, request_id="tests")
        session_id = session.query(SignIn.id).filter_by(user_id=both.id).scalar()
    for bound in ({"school_id": school.id}, {"company_id": company.id}):
        make.bearer(Role.SCHOOL_LEAD if "school_id" in bound else Role.COMPANY_ADMIN, **bound)
    with make.database.read() as session:
        key_id = session.query(ApiKey.id).filter_by(school_id=school.id).scalar()
        company_key_id = session.query(ApiKey.id).filter_by(company_id=company.id).scalar()
    offered, asked = (make.opportunity(company, municipality_istat=istat) for _ in range(2))
    placement = make.placement(student, _taken(make, asked), school_tutor_id=both.id)
    draft = make.opportunity(
        company, municipality_istat=istat, status=Status.DRAFT, published_at=None, published_by=None
    )
    return {name: str(value) for name, value in {
        "istat": istat, "skill_id": "plc-programming", "occupation_id": "7212", "programme_id": "it-c3-automazione",
        "school_id": school.id, "class_id": school_class.id, "member_id": member.id, "company_id": company.id,
        "site_id": site.id, "contact_id": contact.id, "student_id": student.id, "key_id": key_id,
        "opportunity_id": offered.id, "draft_id": draft.id, "ranking_id": stored_ranking(make, student.id).id,
        "application_id": make.application(student, asked).id,
        "disclosure_id": make.disclosure(student, asked).id, "wish_id": make.wish(student, asked).id,
        "other_opportunity_id": asked.id, "question": "interests",
        "recommendation_id": make.recommendation(student, asked).id, "bulk_change_id": make.bulk_change().id,
        "company_member_id": worker.id, "account_id": pupil.id, "invitation_id": invitation.id,
        "erasure_id": make.add(pending_erasure(make)).id, "session_id": session_id, "key": "nowhere", "province": "BO",
        "turn": "deactivate", "register": "hosts", "name": "student", "link": link, "student_code": slip.code,
        "invitation_code": f"{INVITED}{istat}", "membership_id": member.id, "recovery_code": "AAAA-AAAA-AAAA",
        "placement_id": placement.id, "concern_id": make.concern(placement).id,
        "company_key_id": company_key_id, "territory_id": make.territory(territory).id,
        "pseudonym": engine.pseudonym(company.id, student.id), "answer": "refuse", "step": "cancel", "tutor_id": both.id,
        "rule_id": make.law_rule().id, "training_id": make.safety_training(student).id,
        "closing_id": make.closing(school, starts_on=date(2026, 4, 2), ends_on=date(2026, 4, 7)).id,
        "test_id": make.class_test(school_class, subject="TPS").id, "pair_class_id": school_class.id,
        "patron_id": make.patron_day(istat).id, "free_istat": "037032",
        "job_id": make.add(job_of("system:tests")).id, "notification_id": make.add(notified(both.id)).id,
        "feed_id": make.add(subscribed(both.id)).id, "token": "x" * 43,
        **placement_things.of_placement(make, student, make.opportunity(company, municipality_istat=istat)),
        **placement_things.of_visit(make, student, company, municipality_istat=istat),
        **placement_things.of_protocol(make, make.territory(territory), company),
        **placement_things.of_evidence(make, territory),
        **placement_things.of_series(make, make.territory(territory), company, municipality_istat=istat),
        **placement_things.of_kit(make, make.territory(territory), company, school, istat),
        **papers_of(make, school, company, student),
    }.items()} | rounds_of(make, student, offered, territory)  # fmt: skip


def _taken(make: Factory, opportunity: Opportunity) -> Opportunity:
    make.change(opportunity, seats_taken=1)
    return opportunity


def _actors(make: Factory, things: dict[str, Things]) -> tuple[dict[str, dict[str, str]], dict[str, Things]]:
    """What each actor sends to be known, and what is each one's alone."""
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
    tokens = {who: make.signed_in(grant, name=who) for who, grant in grants.items()}
    headers = {who: {"cookie": f"{auth.COOKIE}={token}"} for who, token in tokens.items()}
    own_things = {who: _of_person(make, token) for who, token in tokens.items()}
    keys: dict[str, tuple[Role, dict[str, UUID]]] = {
        "school": (Role.SCHOOL_LEAD, school), "company": (Role.COMPANY_MEMBER, company), "coordinator": (Role.COORDINATOR, {}),
    }  # fmt: skip
    for name, (role, bound) in keys.items():
        for kind, more in (("key", {}), ("bare", {"scopes": []})):
            headers[f"{kind}_{name}"] = make.bearer(role, **more, **bound)
            key_id = _key_of(make, headers[f"{kind}_{name}"])
            change = make.bulk_change(made_by=f"key:{key_id}")
            own_things[f"{kind}_{name}"] = {
                "key_id": key_id,
                "job_id": str(make.add(job_of(f"key:{key_id}")).id),
                "bulk_change_id": str(change.id),
            }
    return headers | {ANYBODY: {}}, own_things


def _of_person(make: Factory, token: str) -> Things:
    """The session and the membership, and a second factor with a code on paper."""
    with make.database.write() as session:
        present = sessions.find_present(session, token, NOW)
        factors.begin(session, SETTINGS.secret_key, present, NOW)
        session.flush()
        session.get_one(SecondFactor, present.user_id).confirmed_at = NOW
        paper = factors.make_recovery_codes(session, SETTINGS.secret_key, present, request_id="tests")
        membership_id = session.query(Membership.id).filter_by(user_id=present.user_id).scalar()
    job, notification = make.add(job_of(f"user:{present.user_id}")), make.add(notified(present.user_id))
    return {
        "job_id": str(job.id), "notification_id": str(notification.id),
        "feed_id": str(make.add(subscribed(present.user_id)).id),
        "session_id": str(present.session_id), "membership_id": str(membership_id), "recovery_code": paper[0],
        "bulk_change_id": str(make.bulk_change(made_by=f"user:{present.user_id}").id),
    }  # fmt: skip


def job_of(mark: str) -> Job:
    return Job(kind=JobKind.MATCH_RUN, arguments={}, started_by=mark, created_at=NOW)


def notified(user_id: UUID) -> Notification:
    return Notification(
        user_id=user_id, kind="job_ended", subject_key=str(user_id), data={}, path="/jobs", created_at=NOW
    )


def subscribed(user_id: UUID) -> CalendarFeed:
    return CalendarFeed(user_id=user_id, about=FeedAbout.OWN, token_hash=uuid4().hex, created_at=NOW)


def _key_of(make: Factory, header: dict[str, str]) -> str:
    prefix = header["Authorization"].split("_")[1]
    with make.database.read() as session:
        return str(session.query(ApiKeySecret.key_id).filter_by(prefix=prefix).scalar())


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


@pytest.fixture(autouse=True)
def no_long_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gets in is said at the beginning: nobody waits for a job to go on."""
    monkeypatch.setattr(job_pages, "STREAM_SECONDS", 0.0)
    monkeypatch.setattr(job_pages, "LOOK_SECONDS", 0.0)


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
    for table, routes in ((matrix.API, set(OPERATIONS)), (matrix_pages.PAGES, pages(land.app))):
        known, where = set(table), "matrix.py" if table is matrix.API else "matrix_pages.py"
        lacking = "\n".join(line.format(route) for route in sorted(routes - known))
        assert not lacking, f"tests/{where} lacks, with who gets in:\n{lacking}"
        assert known <= routes, f"tests/{where} has what is gone: {sorted(known - routes)}"


# --- the cells --------------------------------------------------------------------------------------------------------


def call(land: Land, route: str, things: Things, headers: dict[str, str]) -> httpx2.Response:
    """The route's good call, with these things, by whoever sends these headers."""
    if route in matrix.API:
        request = good_call(route, things)
        if route in matrix.THING:
            request.query["limit"] = "100"
        request.query.update(filled(matrix.QUERIES.get(route, {}), things))
        return request.send(land.client, **headers)
    method, _, path = route.partition(" ")
    if path.startswith("/companies/{company_id}/people/"):
        things = things | {"member_id": things["company_member_id"]}
    others = matrix_pages.OTHERS.get(route, {})
    things = things | {variable: things[of] for variable, of in others.items()}
    fields = {"data" if method == "POST" else "params": filled(matrix_pages.FORMS.get(route, {}), things)}
    return land.client.request(method, path.format(**things), headers=headers, **fields)


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
        part = "company_member_id" if "compan" in route and inner[-1] == "member_id" else inner[-1]
        yield things | {part: str(uuid4())}


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
    things = land.things[OWN] | land.own.get(actor, {}) if relation == SELF else land.things[relation]
    expected = row.expected(actor)
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
        other = hidden
        for absent in nowhere(route, things):
            missing, as_many = _undone(land, route, absent, land.headers[actor])
            other = (status_of(missing), told(missing), as_many)
            if other == hidden:
                return None
        return f"what is hidden answers {_short(hidden)}, what does not exist {_short(other)}"
    return None


def _short(answer: tuple[int, Any, int]) -> str:
    status, body, queries = answer
    return f"{status} after {queries} queries: {str(body)[:200]}"


def _undone(land: Land, route: str, things: Things, headers: dict[str, str]) -> tuple[httpx2.Response, int]:
    """The answer, and how many questions it took; nothing of it stays."""
    land.client.cookies.clear()
    with land.database.attempt(), count_queries(land.database) as queries:
        response = call(land, route, things, headers)
    if response.request.method != "GET" and response.status_code < 400:
        engine = land.app.state.engine
        engine._state = None  # it may have seen what has been undone
        engine._known.clear()
    return response, queries.count
