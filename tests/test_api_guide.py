"""The API guide's examples, run in their order against the service.

A block of `http` that begins with a method is sent; one that begins with HTTP/1.1 is what the last one is answered. In
an answer `…` stands for anything, for further fields, or for further items, and `{name}` for a value that later blocks
use again. Blocks of `python` run with the last answer's body as `answer`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Actor, Grant, Role
from app.auth.models import ApiKeySecret, User
from app.commands.working import HANDLERS
from app.companies.models import Company
from app.feeds import service as feeds
from app.feeds.models import FeedAbout
from app.jobs import service_running as running
from app.opportunities.models import Status
from app.placements.models import State
from app.schools.models import School
from app.settings import Settings
from tests.factories import NOW, TODAY, Factory

GUIDE = Path(__file__).parents[1] / "docs/api-guide.md"
ANY = "…"

Variables = dict[str, str]


def blocks() -> Iterator[tuple[str, str, str]]:
    """Language, heading and text of each block that is run."""
    heading = ""
    for line, language, text in re.findall(
        r"^## ([^\n]+)$|^```(http|python)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    ):
        heading = line or heading
        if language:
            yield language, heading, text


@pytest.fixture
def variables(make: Factory) -> Variables:
    """What the guide takes as given: a school with a class, a company, a key of each."""
    make.municipality()
    for skill in ("plc-programming", "turning", "welding"):
        make.skill(skill)
    school = make.school(code="BOTF00000E", name="IIS Esempio")
    school_class = make.school_class(school, section="A")
    company = make.company(name="Officina Esempio")
    register = make.bearer(
        Role.SCHOOL_LEAD, school_id=school.id,
        scopes=[
            "schools:read", "students:read", "students:write", "matches:read", "matches:write", "opportunities:read",
            "placements:read", "placements:write",
        ],
    )  # fmt: skip
    firm = make.bearer(
        Role.COMPANY_ADMIN, company_id=company.id,
        scopes=[
            "companies:read", "opportunities:read", "opportunities:write", "matches:read", "disclosures:write",
            "placements:read", "placements:write",
        ],
    )  # fmt: skip
    network = make.bearer(
        Role.COORDINATOR,
        scopes=[
            "events:read", "companies:read", "companies:write", "network:read", "network:write", "opportunities:read",
            "opportunities:write",
        ],
    )  # fmt: skip
    portal = make.bearer(Role.COORDINATOR, scopes=["companies:read", "keys:write"])
    keys = {"register_key": register, "company_key": firm, "network_key": network, "portal_key": portal}
    with make.database.read() as session:
        mine = session.query(ApiKeySecret.key_id).filter_by(prefix=portal["Authorization"].split("_")[1])
        portal_id = str(mine.scalar())
    return {name: headers["Authorization"].removeprefix("Bearer ") for name, headers in keys.items()} | {
        "school_id": str(school.id), "class_id": str(school_class.id), "company_id": str(company.id),
        "portal_id": portal_id, "territory_id": str(make.territory().id),
    }  # fmt: skip


def a_placement_that_runs(make: Factory, variables: Variables) -> Variables:
    """In its last week, of somebody who is not there yet when the guide begins."""
    school, company = (
        make.get(School, UUID(variables["school_id"])),
        make.get(Company, UUID(variables["company_id"])),
    )
    assert school is not None
    assert company is not None
    student = make.student(make.school_class(school, section="B"))
    days = {"starts_on": TODAY - timedelta(days=7), "state": State.RUNNING}
    placement = make.placement(student, make.opportunity(company, status=Status.CLOSED), **days)
    return {"running_id": str(placement.id), "running_student_id": str(student.id)}


def a_calendar(make: Factory, company_id: UUID) -> Variables:
    """The address that somebody of the company has made."""
    grant = Grant(Role.COMPANY_MEMBER, company_id=company_id)
    make.signed_in(grant, name="Omar")
    with make.database.write() as session:
        user_id = session.query(User.id).filter_by(name="Omar").scalar()
        reader = Actor("user", user_id, "Omar", (grant,))
        _, token = feeds.create(session, reader, FeedAbout.COMPANY, company_id, language="it", now=NOW)
    return {"calendar_token": token}


def test_the_examples_of_the_guide_are_true(client: TestClient, make: Factory, variables: Variables) -> None:
    answer: Any = None
    assert sum(1 for _ in blocks()) > 20
    for language, heading, text in blocks():
        if heading == "Papers" and "running_id" not in variables:
            variables |= a_placement_that_runs(make, variables)
        if heading == "Calendar feeds" and "calendar_token" not in variables:
            variables |= a_calendar(make, UUID(variables["company_id"]))
        if text.startswith("GET /api/v1/evidence/editions?"):
            assert running.run_next(HANDLERS, Settings(), make.database, lambda: NOW)
        if language == "python":
            exec(compile(text, str(GUIDE), "exec"), {"answer": answer.json()})  # noqa: S102 -- our own document
        elif text.startswith("HTTP/1.1"):
            judge(text, answer, variables, heading)
        else:
            answer = send(text, client, variables)


def parts(text: str) -> tuple[str, list[tuple[str, str]], str]:
    """First line, headers and body."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().splitlines()
    return (
        first,
        [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)],
        body.strip(),
    )


def send(text: str, client: TestClient, variables: Variables) -> Any:
    for name, value in variables.items():
        text = text.replace(f"{{{name}}}", value)
    first, headers, body = parts(text)
    method, url = first.split()
    return client.request(method, url, headers=dict(headers), content=body or None)


def judge(text: str, answer: Any, variables: Variables, heading: str) -> None:
    first, headers, body = parts(text)
    assert answer.status_code == int(first.split()[1]), f"{heading}: {answer.text}"
    for name, value in headers:
        fit(value, answer.headers.get(name), variables, f"{heading}: {name}")
    if answer.headers.get("content-type") == "application/x-ndjson":
        for told, line in zip(body.splitlines(), answer.text.splitlines(), strict=True):
            fit(json.loads(told), json.loads(line), variables, heading)
    elif answer.headers.get("content-type", "").startswith("text/calendar"):
        assert set(body.splitlines()) <= set(answer.text.splitlines()), heading
    elif body:
        fit(json.loads(body), answer.json(), variables, heading)
    else:
        assert not answer.content, heading


def fit(expected: Any, actual: Any, variables: Variables, where: str) -> None:
    """Hold a value against what the guide says, and note what the guide gives a name."""
    if expected == ANY:
        return
    if isinstance(expected, dict):
        assert isinstance(actual, dict), where
        named = expected.keys() - {ANY}
        assert named == actual.keys() if ANY not in expected else named <= actual.keys(), (
            f"{where}: {set(actual)}"
        )
        for name in named:
            fit(expected[name], actual[name], variables, f"{where}.{name}")
    elif isinstance(expected, list):
        named_items = [one for one in expected if one != ANY]
        assert len(named_items) == len(actual) if ANY not in expected else len(named_items) <= len(actual), (
            where
        )
        for number, one in enumerate(named_items):
            fit(one, actual[number], variables, f"{where}.{number}")
    elif isinstance(expected, str) and isinstance(actual, str):
        pattern = re.escape(expected).replace(re.escape(ANY), ".*")
        for name in re.findall(r"\{([a-z_]+)\}", expected):
            known = re.escape(variables[name]) if name in variables else f"(?P<{name}>.+)"
            pattern = pattern.replace(re.escape(f"{{{name}}}"), known)
        found = re.fullmatch(pattern, actual)
        assert found is not None, f"{where}: {actual!r} is not {expected!r}"
        variables |= found.groupdict()
    else:
        assert expected == actual, f"{where}: {actual!r} is not {expected!r}"
