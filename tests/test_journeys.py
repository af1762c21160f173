"""The main job from end to end, on the demo territory: the page, the API and the terminal say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.auth.actors import Role
from app.auth.models import Membership, User
from app.cli import app as cli
from app.db import Database
from app.main import create_app
from app.matches.models import Match, MatchRun
from app.opportunities.models import Kind
from app.settings import Settings
from tests import forms
from tests.conftest import another_database

PERSONA_OF_DEMO = "bottega"


@dataclass(frozen=True)
class Demo:
    """A demo territory of its own, and its student."""

    settings: Settings
    engine: sa.Engine
    student_id: str
    email: str

    def run(self, *arguments: str) -> str:
        done = CliRunner().invoke(cli, list(arguments))
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture(scope="module")
def territory(migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("journeys")
    with another_database(migrated, folder) as engine, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_DATABASE_URL", engine.url.render_as_string(hide_password=False))
        size = ["--students=150", "--companies=40", "--opportunities=120"]
        done = CliRunner().invoke(cli, ["demo", "--quiet", *size])
        assert done.exit_code == 0, done.output
        with engine.connect() as connection:
            member = sa.select(Membership.student_id, User.email).join(User, User.id == Membership.user_id)
            row = connection.execute(member.where(Membership.role == Role.STUDENT)).one()
        yield Demo(Settings(), engine, str(row.student_id), row.email)


def test_page_api_and_terminal_show_one_ranking_for_each_kind(territory: Demo) -> None:
    path = f"/students/{territory.student_id}"
    with TestClient(create_app(territory.settings), base_url="http://127.0.0.1:8000") as browser:
        browser.event_hooks["request"].append(forms.carry_token)
        browser.post("/sign-in", data={"email": territory.email, "password": PERSONA_OF_DEMO})
        for kind in Kind:
            api = browser.get(f"/api/v1{path}/matches", params={"kind": kind, "limit": 10}).json()
            printed = json.loads(
                territory.run(
                    "match", "--student", territory.student_id, "--kind", kind, "--limit", "10", "--json"
                )
            )
            assert printed == api
            assert api["items"], f"the demo has no {kind} for its student"
            page = browser.get(path, params={"kind": kind}).text
            shown = re.findall(r'href="/opportunities/([0-9a-f-]{36})', page)
            assert list(dict.fromkeys(shown)) == [item["opportunity"]["id"] for item in api["items"]]
            for item in api["items"]:
                for reason in item["reasons"]:
                    assert reason["it"].replace("'", "&#39;") in page


def test_the_terminal_is_readable_in_both_languages(territory: Demo) -> None:
    italian = territory.run("match", "--student", territory.student_id)
    english = territory.run("match", "--student", territory.student_id, "--language", "en")
    assert "posti" in italian
    assert "seats" in english
    assert "bottega-2" in italian


def test_a_run_for_all_students_keeps_what_each_would_be_shown(territory: Demo) -> None:
    said = territory.run("match", "--all", "--limit", "3", "--quiet")
    assert "150 students" in said
    with territory.engine.connect() as connection:
        run = connection.execute(sa.select(MatchRun.__table__)).one()
        kept = connection.execute(
            sa.select(Match.kind, Match.position, Match.opportunity_id, Match.score)
            .where(Match.run_id == run.id, Match.student_id == UUID(territory.student_id))
            .order_by(Match.kind, Match.position)
        ).all()
    assert (run.students, run.finished_at is None) == (150, False)
    for kind in Kind:
        page = json.loads(
            territory.run(
                "match", "--student", territory.student_id, "--kind", kind, "--limit", "3", "--json"
            )
        )
        assert [(str(row.opportunity_id), row.score) for row in kept if row.kind == kind] == [
            (item["opportunity"]["id"], item["score"]) for item in page["items"]
        ]


def test_the_demo_goes_only_into_an_empty_database(territory: Demo) -> None:
    again = CliRunner().invoke(cli, ["demo", "--quiet"])
    assert (again.exit_code, "empty" in again.output) == (1, True)
