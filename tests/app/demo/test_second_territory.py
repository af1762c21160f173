"""Another territory and another sector, switched on by files alone, on the installation that has the demo; each sees its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.auth import service as auth
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role
from app.auth.models import Territory
from app.cli import app as command
from app.companies.models import Company
from app.db import Database
from app.demo import edition
from app.main import create_app
from app.opportunities.models import Opportunity, Status
from app.settings import Settings
from app.students.models import Student
from tests.app.demo.world import ON
from tests.factories import ACTOR, Factory

FILES = Path(__file__).parents[3] / "docs/second-territory"
SECOND = "Foggia e Tavoliere"
SMALL = ("--students", "30", "--companies", "12", "--opportunities", "40", "--on", str(ON), "--quiet")
LOADS: tuple[tuple[str, ...], ...] = (
    ("import", "territory", "territory.toml"),
    ("import", "schools", "schools.csv", "--quiet"),
    ("load", "classes", "classes.csv", "--source", "prova"),
    ("load", "students", "students.csv", "--source", "prova"),
    ("load", "companies", "companies.ndjson", "--source", "prova", "--territory", SECOND),
    ("load", "opportunities", "opportunities.ndjson", "--source", "prova", "--territory", SECOND),
)
PAGES = (
    "", "/approvals", "/companies", "/contacts", "/experiences", "/indicators", "/indicators.csv", "/opportunities",
    "/students", "/supply", "/supply/skills.csv",
)  # fmt: skip
NETWORK = ("", "/supply", "/opportunities", "/students", "/companies", "/contacts", "/indicators")
FEWEST = 10
NOW = datetime.combine(ON, datetime.min.time(), ZoneInfo("Europe/Rome"))


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'two.sqlite3'}"
    monkeypatch.setenv("BOTTEGA_DATABASE_URL", url)
    monkeypatch.setattr(edition, "SMALL", edition.EditionSize(events=2, actors=2, requests=6))
    done = run("demo", *SMALL)
    assert done.exit_code == 0, done.output
    database = Database(url)
    yield database
    database.close()


def run(*arguments: str) -> Any:
    placed = [str(FILES / one) if (FILES / one).is_file() else one for one in arguments]
    return CliRunner().invoke(command, placed)


class Coordinator:
    """Whoever coordinates a territory: in the pages by a session, and over the API by a key."""

    def __init__(self, database: Database, client: TestClient, name: str) -> None:
        self._client = client
        with database.write() as session:
            territory = session.scalars(sa.select(Territory).where(Territory.name == name)).one()
            user = people.add_user(
                session, ACTOR, email=f"{uuid4()}@example.org", name="Silvia",
                grants=[Grant(Role.COORDINATOR, territory_id=territory.id)],
            )  # fmt: skip
            token = sessions.sign_in(session, user, hours=2, request_id="test", has_second_factor=True)
        self._cookie = {"cookie": f"{auth.COOKIE}={token}"}
        self._key = Factory(database).bearer(Role.COORDINATOR, territory_id=territory.id)

    def page(self, path: str) -> str:
        answer = self._client.get(f"/coordination{path}", headers=self._cookie)
        assert answer.status_code == 200, (path, answer.text[:300])
        return answer.text

    def api(self, path: str, method: str = "GET", status: int = 200, **more: Any) -> Any:
        answer = self._client.request(method, f"/api/v1{path}", headers=self._key, **more)
        assert answer.status_code == status, (path, answer.text[:300])
        return answer.json()

    def everything(self) -> dict[str, Any]:
        """Every figure and list of the network, but how many fit what is online: that is everybody's, wherever they are."""
        found = {path: self.api(f"/network{path}") for path in NETWORK}
        del found[""]["nobody_fits"]
        fits = [one for one in found["/opportunities"]["items"] if not one["opportunity"]["is_online"]]
        found["/opportunities"] = fits[:FEWEST]
        return found | {path: self.page(path) for path in PAGES if path.endswith(".csv")}


def test_two_territories_live_side_by_side_and_see_nothing_of_each_other(database: Database) -> None:
    with database.read() as session:
        first_name = session.scalars(sa.select(Territory.name)).one()
        theirs = set(session.scalars(sa.select(Company.name)))
    service = create_app(Settings(), database=database, clock=lambda: NOW)
    with TestClient(service, base_url="https://testserver") as client:
        first = Coordinator(database, client, first_name)
        before = first.everything()
        for arguments in LOADS:
            done = run(*arguments)
            assert done.exit_code == 0, (arguments, done.output)
        second = Coordinator(database, client, SECOND)

        # While nothing is public, not even a search finds it elsewhere.
        for word in ("pastificio", "frantoio"):
            assert word in str(second.api("/search", params={"q": word})).lower()
            assert word not in str(first.api("/search", params={"q": word})).lower()
        with database.read() as session:
            ours = {one.name: one.id for one in session.scalars(sa.select(Company)) if one.name not in theirs}
            offers = {
                one.title: one.id
                for one in session.scalars(sa.select(Opportunity).where(Opportunity.source == "prova"))
            }
            student = session.scalars(sa.select(Student.id).where(Student.external_id == "s1")).one()
        for company_id in ours.values():
            first.api(f"/companies/{company_id}/approve", "POST", status=404)
            second.api(f"/companies/{company_id}/approve", "POST")
        for offer_id in offers.values():
            first.api(f"/opportunities/{offer_id}/publish", "POST", status=404)
            assert second.api(f"/opportunities/{offer_id}/publish", "POST")["status"] == Status.PUBLISHED

        assert first.everything() == before
        names = {*ours, *offers}
        for path in PAGES:
            assert not [name for name in names if name in first.page(path)], path
            assert not [name for name in theirs if name in second.page(path)], path
        assert all(name in second.page("/companies") for name in ours)
        assert "Controllo qualità in pastificio" in second.page("/opportunities")

        # What is public is ranked for everybody, by place: their own comes first.
        found = client.get(
            f"/api/v1/students/{student}/matches",
            params={"kind": "internship", "limit": 3},
            headers=Factory(database).bearer(),
        ).json()["items"]
        assert found[0]["opportunity"]["id"] == str(offers["Controllo qualità in pastificio"])

    # Once more changes nothing.
    for arguments in LOADS:
        again = run(*arguments)
        assert again.exit_code == 0, (arguments, again.output)
        assert "up to date" in again.output or '"created": 0' in again.output or "0 created" in again.output


def test_a_file_that_makes_no_sense_is_refused_by_its_field(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "territory.toml"
    for text, told in (
        ('name = "X"', "provinces: is missing"),
        ("name = ", "Nothing was imported"),
        ('name = "X"\nprovinces = ["QQ"]', "QQ is no province"),
        ('name = "Bologna e pianura"\nprovinces = ["FG"]', "another territory has it"),
    ):
        file.write_text(text)
        refused = run("import", "territory", str(file))
        assert (refused.exit_code, told in refused.output) == (2, True), refused.output
    nowhere = ("load", "companies", "companies.ndjson", "--source", "prova", "--territory", "Altrove")
    assert "no territory of the name Altrove" in run(*nowhere).output
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Territory)) == 1
