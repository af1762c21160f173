"""Several server processes on one database: what one publishes, the next request to any other shows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import httpx2

from app.db import Database
from app.opportunities.models import Kind, OpportunitySkill, OpportunitySpan, SkillRole, Status
from tests.factories import Factory

PATIENCE_SECONDS = 60
SOON = datetime.now(UTC).date() + timedelta(days=30)  # servers go by the real clock


@contextmanager
def server(database_url: str) -> Iterator[httpx2.Client]:
    """A server process of its own, and a caller of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--port", str(port)],
        env=os.environ | {"BOTTEGA_DATABASE_URL": database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as client:
            wait_for(client, process)
            yield client
    finally:
        process.terminate()
        process.wait()


def wait_for(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the server has stopped"
        try:
            if client.get("/status").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def test_what_one_process_publishes_is_in_the_next_answer_of_every_other(shared: Database) -> None:
    make = Factory(shared)
    make.skill()
    student, company, headers = make.student(), make.company(), make.bearer()
    url = shared.engine.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        servers = [stack.enter_context(server(url)) for _ in range(2)]
        for one in servers:  # each names the address where it really listens
            origin = one.base_url.copy_with(path="/")
            assert f"Sitemap: {origin}sitemap.xml" in one.get(origin.join("/robots.txt")).text

        def shown(by: httpx2.Client) -> set[str]:
            answer = by.get(f"/students/{student.id}/matches", headers=headers)
            assert answer.status_code == 200, answer.text
            return {item["opportunity"]["id"] for item in answer.json()["items"]}

        published: set[str] = set()
        for round_number in range(6):
            here, there = servers[round_number % 2], servers[(round_number + 1) % 2]
            draft = make.opportunity(
                company, kind=Kind.VISIT, title=f"Visita {round_number}", status=Status.DRAFT, hours=3,
                published_at=None, published_by=None,
            )  # fmt: skip
            make.add(
                OpportunitySkill(
                    opportunity_id=draft.id, skill_id="plc-programming", role=SkillRole.TAUGHT, level=1
                )
            )
            make.add(OpportunitySpan(opportunity_id=draft.id, starts_on=SOON, ends_on=SOON))
            assert shown(here) == shown(there) == published
            done = here.post(f"/opportunities/{draft.id}/publish", headers=headers | {"If-Match": "*"})
            assert done.status_code == 200, done.text
            published.add(str(draft.id))
            assert shown(there) == published  # the very next request, and to the other process
            if round_number % 3 == 2:
                done = there.post(f"/opportunities/{draft.id}/close", headers=headers | {"If-Match": "*"})
                assert done.status_code == 200, done.text
                published.remove(str(draft.id))
                assert shown(here) == published
