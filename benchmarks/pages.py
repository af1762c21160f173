"""Server time of the pages that people open most, in a territory of 5,000 students and 5,000 opportunities.

    python -m benchmarks.pages [--students 5000] [--opportunities 5000] [--people 40]

One server process, a client that asks for one page after the other over HTTP: each page by as many people as said, each
signed in with a session of their own and on the page for the first time; then the same pages once more. Prints the median, the
95th percentile and the worst, the processor time of the server (on a busy machine only this can be compared), and the ratio of
medians to `/status`, asked in turns in the same run.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx2 as httpx
import sqlalchemy as sa

from app.auth import service as auth
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role, system
from app.auth.models import Territory
from app.companies.models import Company
from app.db import Database
from app.opportunities.models import Kind, Opportunity, Status
from app.schools.models import SchoolClass
from app.students.models import Student
from benchmarks.endpoint import ROOT, free_port, processor, run, wait_for

ACTOR = system("benchmark")


class Visit(NamedTuple):
    """A page, and the session of who opens it."""

    page: str
    path: str
    token: str


def main() -> None:
    """Set up, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in (("students", 5000), ("opportunities", 5000), ("people", 40)):
        options.add_argument(f"--{name}", type=int, default=default)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        environment = os.environ | {"BOTTEGA_DATABASE_URL": url, "BOTTEGA_RATE_LIMIT_PER_MINUTE": "100000000"}
        sizes = f"--students={chosen.students}", f"--opportunities={chosen.opportunities}"
        run(environment, "demo", "--quiet", *sizes)
        database = Database(url)
        visits = list(planned(database, chosen.people))
        database.close()
        port = free_port()
        command = [sys.executable, "-m", "app", "serve", f"--port={port}"]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            time.sleep(10)  # the server gets to know its students in the background after its start
            print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
            print(f"{chosen.students} students, {chosen.opportunities} opportunities, one process")
            for turn in ("first", "again"):
                print(f"{turn:<12}{'median':>8}{'p95':>8}{'worst':>8} ms{'CPU':>8} ms{'x /status':>11}")
                show(measure(port, server.pid, visits))
        finally:
            server.terminate()
            server.wait(10)


def planned(database: Database, count: int) -> Iterator[Visit]:
    """Who opens what: students, teachers, companies and coordinators of the demo, by id."""
    with database.write() as session:

        def signed_in(number: int, role: Role, **scope: object) -> str:
            name = f"{role}-{number}"
            grants = [Grant(role, **scope)]  # type: ignore[arg-type]
            user = people.add_user(session, ACTOR, email=f"{name}@example.org", name=name, grants=grants)
            return sessions.sign_in(session, user, hours=2, request_id="benchmark", has_second_factor=True)

        students = session.execute(sa.select(Student.id).order_by(Student.id).limit(count)).scalars()
        for number, student_id in enumerate(students):
            token = signed_in(number, Role.STUDENT, student_id=student_id)
            for kind in Kind:
                yield Visit(f"{kind}s", f"/students/{student_id}?kind={kind}", token)
            yield Visit("paths", f"/students/{student_id}/paths", token)
            yield Visit("wishes", f"/students/{student_id}/wishes", token)
            yield Visit("skills", f"/students/{student_id}/skills", token)
        classes = session.scalars(sa.select(SchoolClass).order_by(SchoolClass.id).limit(count))
        for number, one in enumerate(classes):
            token = signed_in(number, Role.TEACHER, school_id=one.school_id, class_ids=frozenset({one.id}))
            yield Visit("class board", f"/classes/{one.id}", token)
        offers = (
            sa.select(Opportunity)
            .join(Company, Company.id == Opportunity.company_id)
            .where(Opportunity.status == Status.PUBLISHED, Opportunity.kind == Kind.INTERNSHIP)
            .order_by(Opportunity.id)
            .limit(count)
        )
        for number, offer in enumerate(session.scalars(offers)):
            token = signed_in(number, Role.COMPANY_ADMIN, company_id=offer.company_id)
            yield Visit("company", f"/companies/{offer.company_id}", token)
            yield Visit("candidates", f"/opportunities/{offer.id}/candidates", token)
        territory_id = session.scalars(sa.select(Territory.id).order_by(Territory.id).limit(1)).one()
        token = signed_in(0, Role.COORDINATOR, territory_id=territory_id)
        for path in ("", "/supply", "/companies", "/opportunities", "/students", "/indicators", "/contacts"):
            yield from [Visit(f"/coordination{path}", f"/coordination{path}", token)] * 5


def measure(port: int, server: int, visits: list[Visit]) -> dict[str, list[tuple[float, float]]]:
    """Wall and processor milliseconds of each page; `/status` after every tenth."""
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        for number, visit in enumerate(visits):
            if number % 10 == 0:
                visit_status = Visit("/status", "/api/v1/status", visit.token)
                taken["/status"].append(ask(client, server, visit_status))
            taken[visit.page].append(ask(client, server, visit))
    return taken


def ask(client: httpx.Client, server: int, visit: Visit) -> tuple[float, float]:
    """Open one page. Refuses any answer but 200."""
    used, begun = processor(server), time.perf_counter()
    answer = client.get(visit.path, headers={"cookie": f"{auth.COOKIE}={visit.token}"})
    took = time.perf_counter() - begun
    if answer.status_code != 200:
        raise SystemExit(f"{visit.path}: {answer.status_code}")
    return took * 1000, (processor(server) - used) * 1000


def show(taken: dict[str, list[tuple[float, float]]]) -> None:
    """A line for each page."""
    base = statistics.median(wall for wall, _ in taken["/status"])
    for page, times in taken.items():
        walls = sorted(wall for wall, _ in times)
        used = statistics.mean(spent for _, spent in times)
        middle = statistics.median(walls)
        late = walls[min(len(walls) - 1, int(len(walls) * 0.95))]
        print(
            f"{page:<24}{middle:8.1f}{late:8.1f}{walls[-1]:8.1f}{used:11.1f}{middle / base:14.1f}", flush=True
        )


if __name__ == "__main__":
    main()
