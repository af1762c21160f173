"""Another territory and another sector, switched on by files alone, on the installation that has the demo; each sees its own."""

from __future__ import annotations

import html
import re
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.actors.models import Protocol, TerritoryAreas
from app.auth import service as auth
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role
from app.auth.models import Territory, TerritoryProvince
from app.cli import app as command
from app.companies.models import Company
from app.db import Base, Database
from app.demo import edition
from app.evidence import policies
from app.evidence import service as evidence
from app.evidence.models import EvidenceEdition
from app.main import create_app
from app.opportunities.models import Opportunity, Status
from app.places.models import Municipality
from app.schools.models import School, SchoolClass
from app.series.models import Series
from app.settings import Settings
from app.students.models import Student
from tests.app.demo.world import ON
from tests.factories import ACTOR, Factory
from tests.test_headers import routes_of

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


# --- everything that somebody can open --------------------------------------------------------------------------------

EVERYBODYS = {
    "companies", "company_sites", "opportunities", "visit_sessions", "series", "series_proposals", "schools", "territories",
    "law_rules",
}  # fmt: skip
"""Tables of which what is published is everybody's, wherever they are; drafts are looked for by their title."""
MOST_OF_A_ROUTE = 3
NEVER_OPENED = re.compile(
    r"/(sign-out|sign-in|static|assets|api|oidc|demo)\b|\.(ics|css|js|svg|png|webmanifest)$"
)
_LINK = re.compile(r'(?:href|src|data-hx-get)="(/[^"#]*)')
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def private_ids(database: Database) -> set[str]:
    """The ids of everything but what may be public."""
    found: set[str] = set()
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            if "id" in table.c and isinstance(table.c.id.type, sa.Uuid) and table.name not in EVERYBODYS:
                found |= {str(one) for one in session.scalars(sa.select(table.c.id))}
    return found


def full_names(database: Database) -> set[str]:
    with database.read() as session:
        rows = session.execute(sa.select(Student.given_name, Student.family_name)).all()
    return {f"{given} {family}" for given, family in rows} | {f"{family} {given}" for given, family in rows}


def leave_traces(make: Factory, territory_name: str, word: str) -> list[str]:
    """Whatever a territory has that is nobody else's: a draft of a series, areas, a protocol, an edition that is not out.

    Where they are read.
    """
    with make.database.read() as session:
        territory_id = session.scalars(sa.select(Territory.id).where(Territory.name == territory_name)).one()
        provinces = session.scalars(
            sa.select(TerritoryProvince.province_code).where(TerritoryProvince.territory_id == territory_id)
        ).all()
        town = session.scalars(
            sa.select(Municipality.istat)
            .where(Municipality.province_code.in_(provinces))
            .order_by(Municipality.istat)
        ).first()
        areas = session.get(TerritoryAreas, territory_id)
    by = {"created_at": NOW.astimezone(UTC), "created_by": ACTOR.mark}
    series = make.add(
        Series(
            territory_id=territory_id, name_it=f"Serie {word}", name_en=f"Series {word}", kind="festival",
            starts_on=ON, ends_on=ON, **by,
        )
    )  # fmt: skip
    if areas is None:
        district = {
            "key": word.lower(),
            "it": f"Distretto {word}",
            "en": f"District {word}",
            "municipalities": [town],
        }
        make.add(
            TerritoryAreas(
                territory_id=territory_id, document={"districts": [district], "sectors": [], "priorities": []},
                edited_at=by["created_at"], edited_by=ACTOR.mark,
            )
        )  # fmt: skip
    make.add(Protocol(territory_id=territory_id, title=f"Patto {word}", signed_on=ON, **by))
    with make.database.read() as session:
        policy = policies.load("")["network"]
        question = evidence.ask(session, policy, territory_id, start_year=2025, now=NOW)
    content = evidence.make(question) | {
        "territory": {"name": f"Edizione {word}", "provinces": list(provinces)}
    }
    edition = make.add(
        EvidenceEdition(
            territory_id=territory_id, policy="network", start_year=2025, number=1, content=content, digest="0" * 64,
            counted_at=by["created_at"], counted_by=ACTOR.mark,
        )
    )  # fmt: skip
    return [
        f"/api/v1/territories/{territory_id}/areas", f"/api/v1/territories/{territory_id}/protocols",
        f"/api/v1/series/{series.id}", f"/api/v1/evidence/editions/{edition.id}", f"/series/{series.id}",
        f"/territories/{territory_id}/areas", f"/territories/{territory_id}/areas.csv", f"/territories/{territory_id}/protocols",
        f"/coordination/series/{series.id}", f"/coordination/evidence/{edition.id}", f"/open-data/{edition.id}",
    ]  # fmt: skip


class Walker:
    """Somebody who opens every page that they find, some of each kind, and every list of the API that has no id in its path."""

    def __init__(self, database: Database, client: TestClient, grant: Grant) -> None:
        self._client = client
        with database.write() as session:
            user = people.add_user(
                session, ACTOR, email=f"{uuid4()}@example.org", name="Camminatrice", grants=[grant]
            )
            token = sessions.sign_in(session, user, hours=2, request_id="test", has_second_factor=True)
        self._cookie = {"cookie": f"{auth.COOKIE}={token}"}
        binding = {name: getattr(grant, name) for name in ("school_id", "company_id", "territory_id")}
        role = Role.SCHOOL_LEAD if grant.role is Role.TEACHER else grant.role  # no program is a teacher
        self._key = Factory(database).bearer(role, **{k: v for k, v in binding.items() if v})
        self.seen: dict[str, str] = {}
        self.kinds: Counter[str] = Counter()

    def walk(self, *firsts: str) -> None:
        waiting = deque(firsts)
        while waiting:
            path = html.unescape(waiting.popleft())
            kind = re.sub(r"\?.*", "?", _ID.sub("{id}", path))
            if path in self.seen or NEVER_OPENED.search(path) or self.kinds[kind] >= MOST_OF_A_ROUTE:
                continue
            answer = self._client.get(path, headers=self._cookie, follow_redirects=False)
            assert answer.status_code < 500, path
            if answer.status_code >= 400:
                continue
            self.seen[path] = answer.text
            self.kinds[kind] += 1
            waiting += [answer.headers["location"]] if answer.is_redirect else _LINK.findall(answer.text)

    def call(self, *paths: str) -> None:
        for path in paths:
            answer = self._client.get(path, headers=self._key)
            assert answer.status_code < 500, path
            self.seen[path] = answer.text

    def refused(self, path: str) -> bool:
        """Whether neither the person nor the key gets in."""
        answers = [
            self._client.get(path, headers=who, follow_redirects=False) for who in (self._cookie, self._key)
        ]
        return all(one.status_code in (303, 401, 403, 404) for one in answers)

    def knows(self, ids: set[str], words: set[str]) -> list[tuple[str, list[str]]]:
        """Where any of these is seen."""
        found = []
        for path, text in self.seen.items():
            told = sorted(ids & set(_ID.findall(text))) + [one for one in words if one in text]
            if told:
                found.append((path, told[:3]))
        return found


def everybody_of(database: Database, territory_name: str) -> list[Grant]:
    """A coordinator, a lead, a teacher with a class, and somebody of a company with an opportunity, of the territory."""
    with database.read() as session:
        territory_id = session.scalars(sa.select(Territory.id).where(Territory.name == territory_name)).one()
        provinces = sa.select(TerritoryProvince.province_code).where(
            TerritoryProvince.territory_id == territory_id
        )
        here = sa.select(Municipality.istat).where(Municipality.province_code.in_(provinces))
        classes = (
            sa.select(SchoolClass)
            .join(School, School.id == SchoolClass.school_id)
            .join(Student, Student.class_id == SchoolClass.id)
            .where(School.municipality_istat.in_(here))
            .order_by(SchoolClass.id)
        )
        one = session.scalars(classes.limit(1)).one()
        offers = sa.select(Opportunity.company_id).where(Opportunity.municipality_istat.in_(here))
        company_id = session.scalars(offers.order_by(Opportunity.id).limit(1)).one()
    return [
        Grant(Role.COORDINATOR, territory_id=territory_id),
        Grant(Role.SCHOOL_LEAD, school_id=one.school_id),
        Grant(Role.TEACHER, school_id=one.school_id, class_ids=frozenset({one.id})),
        Grant(Role.COMPANY_ADMIN, company_id=company_id),
    ]


def test_whoever_opens_everything_finds_nothing_of_the_other_territory(database: Database) -> None:
    with database.read() as session:
        first_name = session.scalars(sa.select(Territory.name)).one()
    make = Factory(database)
    read_at = {first_name: leave_traces(make, first_name, "Zibaldone")}
    ids = {first_name: private_ids(database)}
    names = {first_name: full_names(database) | {"Zibaldone"}}
    for arguments in LOADS:
        done = run(*arguments)
        assert done.exit_code == 0, (arguments, done.output)
    read_at[SECOND] = leave_traces(make, SECOND, "Quaquaraqua")
    ids[SECOND] = private_ids(database) - ids[first_name]
    names[SECOND] = (full_names(database) | {"Quaquaraqua"}) - names[first_name]

    service = create_app(Settings(rate_limit_per_minute=100_000), database=database, clock=lambda: NOW)
    opened = sorted(
        path
        for path, route in routes_of(service.routes)
        if "GET" in (route.methods or ()) and "{" not in path
    )
    lists = [path for path in opened if path.startswith("/api/")]
    pages = [path for path in opened if path not in lists]
    assert len(lists) > 20
    with TestClient(service, base_url="https://testserver") as client:
        for name, other in ((SECOND, first_name), (first_name, SECOND)):
            for grant in everybody_of(database, name):
                walker = Walker(database, client, grant)
                walker.walk("/", *pages)
                walker.call(*lists)
                assert len(walker.seen) > 40, grant.role
                assert walker.knows(ids[other], names[other]) == [], (name, grant.role)
                assert [path for path in read_at[other] if not walker.refused(path)] == []
                own = {_ID.sub("{id}", path) for path, _ in walker.knows(set(), names[name])}
                if grant.role is Role.COORDINATOR:  # who walks does see what is there to be seen
                    assert {
                        "/coordination/evidence",
                        "/territories/{id}/protocols",
                        "/api/v1/series",
                    } <= own, own
                else:
                    assert own or grant.role is Role.COMPANY_ADMIN
