"""Time of every page of a coordinator, on a year of a network: 500 events, 150 actors, more than 10,000 bookings.

    python -m benchmarks.network_pages [--database FILE]

In process, signed in as the coordinator of the demo's territory; the pages are read from the routes, so that none is
forgotten. Prints the median and the worst of seven after a first call, the processor time of the median call (on a busy
machine only this can be compared), and the ratio of medians to `/status`, asked in turns in the same run. Ends with 1 when a
page takes more processor time than 200 ms. Without a file it loads the demo and holds the edition first, which takes minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from app.auth import service as auth
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role, system
from app.auth.models import Territory
from app.bookings.models import Booking, VisitSession
from app.companies.models import Company
from app.db import Database
from app.main import create_app
from app.opportunities.models import Opportunity
from app.settings import Settings
from benchmarks.endpoint import run

TIMES = 7
MOST_MS = 200
HOUSE = "/coordination"


def main() -> None:
    """Set up, measure, print."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--database", type=Path, help="A file that `python -m app demo --edition` has made.")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.database or Path(folder) / "edition.sqlite3"
        url = f"sqlite:///{file}"
        if chosen.database is None:
            run(os.environ | {"BOTTEGA_DATABASE_URL": url}, "demo", "--edition", "--quiet")
        settings = Settings(database_url=url, rate_limit_per_minute=100_000_000)
        database = Database(url, connections=settings.threads)
        print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(f"{'page':<44}{'median':>9}{'worst':>9}{'CPU':>9} ms{'x /status':>11}")
        if measure(database, settings) > MOST_MS:
            sys.exit(1)


def measure(database: Database, settings: Settings) -> float:
    """Print a line for each page; the processor time of the slowest."""
    slowest = 0.0
    app = create_app(settings, database=database)
    with TestClient(app, base_url="https://testserver") as client:
        client.cookies[auth.COOKIE] = coordinator(database)
        for path in pages(app.routes, database):
            if client.get(path).status_code == 403:
                continue  # an administrator's
            walls, used, base = [], [], []
            for _ in range(TIMES):
                base.append(ask(client, "/api/v1/status")[0])
                wall, spent = ask(client, path)
                walls.append(wall)
                used.append(spent)
            middle, spent = statistics.median(walls), statistics.median(used)
            slowest = max(slowest, spent)
            told = path if len(path) < 43 else f"{path[:40]}…"
            print(
                f"{told:<44}{middle:9.1f}{max(walls):9.1f}{spent:9.1f}{middle / statistics.median(base):14.1f}",
                flush=True,
            )
    return slowest


def coordinator(database: Database) -> str:
    """A session of somebody who coordinates the first territory."""
    with database.write() as session:
        territory_id = session.scalars(sa.select(Territory.id).order_by(Territory.id).limit(1)).one()
        grants = [Grant(Role.COORDINATOR, territory_id=territory_id)]
        actor = system("benchmark")
        user = people.add_user(session, actor, email=f"{uuid4()}@example.org", name="Silvia", grants=grants)
        return sessions.sign_in(session, user, hours=2, request_id="benchmark", has_second_factor=True)


def pages(routes: list[BaseRoute], database: Database) -> Iterator[str]:
    """Every page of a coordinator, and those of events, with the things in them that have the most to show."""
    with database.read() as session:
        visit = sa.select(VisitSession.opportunity_id, VisitSession.id, Booking.id).join(Booking)
        busiest = sa.select(Booking.visit_session_id).group_by(Booking.visit_session_id)
        event_id, visit_id, booking_id = session.execute(
            visit.where(Booking.visit_session_id == busiest.order_by(sa.func.count().desc()).limit(1).scalar_subquery())
        ).first()  # fmt: skip
        company_id = session.scalar(
            sa.select(Company.id).join(Opportunity, Opportunity.company_id == Company.id).where(Opportunity.id == event_id)
        )  # fmt: skip
    known = {
        "company_id": company_id,
        "opportunity_id": event_id,
        "booking_id": booking_id,
        "table": "skills",
    }
    for path in sorted(set(_paths(routes))):
        try:
            yield path.format(**known)
        except KeyError as missing:
            print(f"{path}: left out, no {missing} is known here")
    yield f"/bookings/{booking_id}"
    yield f"/api/v1/opportunities/{event_id}/sessions"
    yield f"/api/v1/visit-sessions/{visit_id}/bookings"
    yield "/"


def _paths(routes: list[BaseRoute]) -> Iterator[str]:
    for one in routes:
        inner = getattr(one, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes)
        elif isinstance(one, APIRoute) and one.path.startswith(HOUSE) and "GET" in (one.methods or ()):
            yield one.path


def ask(client: TestClient, path: str) -> tuple[float, float]:
    """Wall and processor milliseconds of a page. Refuses any answer but 200."""
    begun, used = time.perf_counter(), time.process_time()
    answer = client.get(path)
    took, spent = time.perf_counter() - begun, time.process_time() - used
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}")
    return took * 1000, spent * 1000


if __name__ == "__main__":
    main()
