"""The small territory, once for both databases' pages, and once as a running service for a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from app import migrate
from app.applications.models import ApplicationState
from app.auth.models import User
from app.db import Database
from app.disclosures.models import Disclosure
from app.mails.models import Mail
from app.main import create_app
from app.opportunities.models import Opportunity
from app.placements.models import Party, Placement
from app.settings import OidcProvider, Settings
from app.students.models import Student
from app.web import assets, files
from app.wishes.models import Wish
from tests import forms, screens
from tests.caller import Caller
from tests.factories import TODAY, Factory
from tests.web import territory, territory_days, territory_guests, territory_papers
from tests.web.browser import CHROMIUM, SIZES, launch, new_page, serve
from tests.web.signing import Browser, Clock
from tests.web.territory import Territory


@pytest.fixture
def land(database: Database) -> Territory:
    return territory.build(database, on=TODAY)


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """A thread for the service, for clients that do not start it: it would be made anew for each request."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture
def visit(app: FastAPI, land: Territory, portal: BlockingPortal) -> Iterator[Callable[..., TestClient]]:
    """A browser without scripts: `visit("teacher")` is signed in, `visit()` is not; no redirect is followed."""
    clients: list[TestClient] = []

    def start(who: str | None = None) -> TestClient:
        client = Caller(app, base_url="http://127.0.0.1:8000", follow_redirects=False)
        client.portal = portal
        client.headers["accept-language"] = "it"
        client.event_hooks["request"].append(forms.carry_token)
        clients.append(client)
        if who is not None:
            client.post("/sign-in", data={"persona": land.emails[who]})
        return client

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def browser(
    database: Database, settings: Settings, clock: Clock, portal: BlockingPortal
) -> Iterator[Browser]:
    """A new browser at a network address; no redirect is followed."""
    app = create_app(settings, database=database, clock=clock)
    clients: list[TestClient] = []

    def start(address: str = "192.0.2.1") -> TestClient:
        client = Caller(
            app, base_url="http://127.0.0.1:8000", follow_redirects=False, client=(address, 50000)
        )
        client.portal = portal
        client.event_hooks["request"].append(forms.carry_token)
        client.headers["accept-language"] = "it"
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.close()


@dataclass(frozen=True)
class Site:
    """A running service with the small territory in it."""

    url: str
    land: Territory
    database: Database
    papers: dict[str, str] = field(default_factory=dict)

    def invitation_of(self, email: str) -> str:
        """The link that was mailed to an address."""
        with self.database.read() as session:
            texts = session.scalars(sa.select(Mail.body_text).where(Mail.to_address == email)).all()
        return re.findall(r"http\S+(/invitation\?c=\S+)", texts[-1] or "")[0]


@pytest.fixture(scope="session")
def browser_files() -> None:
    """The files of others that browsers load."""
    if not (files.FOLDER / files.NEEDED).is_file():
        pytest.skip("the browser files are missing: python -m app.web.assets")


@contextmanager
def small_site(folder: Path) -> Iterator[Site]:
    """The real service on SQLite with the small territory, for a real browser."""
    url = f"sqlite:///{folder / 'site.sqlite3'}"
    database = Database(url)
    migrate.upgrade(database.engine)
    land = territory.build(database, on=date.today())  # noqa: DTZ011 -- the service's own clock
    provider = OidcProvider(
        key="school", label_it="Scuola digitale", label_en="Digital school", issuer="http://127.0.0.1:9",
        client_id="bottega", client_secret=SecretStr("nobody listens there"), domains=("example.org",),
    )  # fmt: skip
    settings = Settings(database_url=url, oidc=(provider,), outgoing_allowed="127.0.0.1")
    with serve(create_app(settings, database=database)) as address:
        yield Site(address, land, database)
    database.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, browser_files: None) -> Iterator[Site]:
    """The service that most tests look at. One name has been asked for, and nobody has answered."""
    with small_site(tmp_path_factory.mktemp("site")) as made:
        now = datetime.now(UTC)
        Factory(made.database).add(
            Disclosure(
                student_id=made.land.student_id, company_id=made.land.company_id, opportunity_id=made.land.internship_id,
                requested_at=now, requested_by="user:tests", expires_at=now + timedelta(days=14),
            )
        )  # fmt: skip
        wish = {"student_id": made.land.student_id, "created_at": now}
        Factory(made.database).add(
            Wish(opportunity_id=made.land.internship_id, position=1, ranked_at=now, **wish)
        )
        Factory(made.database).add(Wish(opportunity_id=made.land.far_id, **wish))
        _apply(made, now)
        _name_tutors(made)
        made.papers.update(territory_papers.fill(made.database, made.land, now))
        made.papers.update(territory_days.fill(made.database, made.land, now.date()))
        secret = Settings(database_url="sqlite://").secret_key
        made.papers.update(territory_guests.fill(made.database, made.land, now, secret))
        yield made


def _name_tutors(made: Site) -> None:
    """The placement that runs has a tutor on each side."""
    with made.database.write() as session:
        tutors = {
            f"{side}_tutor_id": session.scalars(
                sa.select(User.id).where(User.email == made.land.emails[who])
            ).one()
            for side, who in (("school", "teacher"), ("host", "company"))
        }
        session.execute(sa.update(Placement).where(Placement.id == made.land.worked_id).values(**tutors))


def _apply(made: Site, now: datetime) -> None:
    """Applications of every sort of state, each for a seat of the company."""
    make = Factory(made.database)
    student, internship = (
        make.get(Student, made.land.student_id),
        make.get(Opportunity, made.land.internship_id),
    )
    assert student is not None
    assert internship is not None
    due_at, starts_on = now + timedelta(days=5), now.date() + timedelta(days=40)
    days = {"created_at": now, "starts_on": starts_on, "ends_on": starts_on + timedelta(days=11)}
    yes = {"company_accepted_at": now, "company_accepted_by": "user:tests"}
    end = {"ended_at": now, "ended_by": "user:tests", "ended_for": Party.COMPANY, "end_reason": "other_dates"}
    make.application(student, internship, due_at=due_at, delivered_at=now, **days)
    for state, more in (
        (ApplicationState.QUEUED, {"due_at": due_at, "delivered_at": None}),
        (ApplicationState.ACCEPTED, {"due_at": due_at, "delivered_at": now} | yes),
        (ApplicationState.REJECTED, {"due_at": None, "delivered_at": now} | end),
    ):
        offered = make.opportunity(company_id=internship.company_id, seats=1, seats_taken=0)
        make.application(student, offered, state=state, **days | more)


@pytest.fixture
def own_site(tmp_path: Path, browser_files: None) -> Iterator[Site]:
    """A service of the test's own, to change things in."""
    with small_site(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def demo_address(tmp_path_factory: pytest.TempPathFactory, browser_files: None) -> Iterator[str]:
    """The real service with the demo territory."""
    with screens.demo_site(tmp_path_factory.mktemp("demo")) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The machine's Chromium."""
    if not CHROMIUM.is_file():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with launch() as browser:
        yield browser


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    path = assets.ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is missing: python -m app.web.assets --tools")
    return path.read_text("utf-8")


@pytest.fixture(scope="session")
def contexts(chromium: Any, site: Site) -> Iterator[Callable[..., Any]]:
    """A browser's memory for each person, language, size, with or without scripts; made once, so that files stay cached."""
    made: dict[tuple[object, ...], Any] = {}

    def find(who: str | None, language: str, size: str, *, scripts: bool) -> Any:
        key = (who, language, size, scripts)
        if key not in made:
            context = made[key] = chromium.new_context(
                viewport=SIZES[size], locale={"it": "it-IT", "en": "en-GB"}[language], java_script_enabled=scripts,
                base_url=site.url,
            )  # fmt: skip
            if who is not None:
                forms.send(context, "/sign-in", persona=site.land.emails[who])
                forms.send(context, "/language", language=language)
        return made[key]

    yield find
    for context in made.values():
        context.close()


@pytest.fixture
def browse(contexts: Callable[..., Any], site: Site) -> Iterator[Callable[..., Any]]:
    """A new page: `browse("student", language="en", size="phone", scripts=False)`; it may have nothing to complain of."""
    pages: list[Any] = []
    complaints: list[str] = []

    def start(
        who: str | None = None, *, language: str = "it", size: str = "desk", scripts: bool = True
    ) -> Any:
        page = new_page(contexts(who, language, size, scripts=scripts))
        pages.append(page)

        def note_message(message: Any) -> None:
            # That the page itself is an error page is what some tests want.
            if message.location.get("url") != page.url:
                complaints.append(f"{message.type}: {message.text}")

        def note_request(request: Any) -> None:
            if not request.url.startswith((site.url, "data:")):
                complaints.append(f"request of {request.url}")

        page.on("console", note_message)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", note_request)
        return page

    yield start
    for page in pages:
        page.close()
    assert complaints == []
