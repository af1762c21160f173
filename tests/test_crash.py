"""The server is killed (SIGKILL) at random moments while writers write: what it has acknowledged is there, once and whole.

A killed process loses no page that the operating system has taken: SQLite with `synchronous=NORMAL` keeps every commit
here. What a power cut may take is said in docs/security.md; no test of ours cuts the power.

`BOTTEGA_CRASH_KILLS` says how many kills; `make crash` does 200 on each database.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.models import IdempotencyKey
from app.db import Database
from app.events.models import Event
from app.students.models import Student, StudentAvailability, StudentSkill
from tests.factories import Factory

KILLS = int(os.environ.get("BOTTEGA_CRASH_KILLS", "6"))
WRITERS = 4
PATIENCE_SECONDS = 30
SEED = 7


@dataclass
class Account:
    """What the writers tried, and what they were told."""

    tried: set[str] = field(default_factory=set)
    acknowledged: dict[str, str | None] = field(default_factory=dict)
    """The student's id by Idempotency-Key; None where the answer named none."""
    refused: list[str] = field(default_factory=list)


class Writer(threading.Thread):
    """Adds students one after the other; repeats a call that was cut off, under the same key, or now and then gives up."""

    def __init__(self, number: int, port: int, headers: dict[str, str], body: dict[str, object]) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.headers, self.body = number, port, headers, body
        self.account, self.is_over, self.dice = Account(), threading.Event(), Random(number)  # noqa: S311

    def run(self) -> None:
        count = 0
        while not self.is_over.is_set():
            count += 1
            key = f"writer-{self.number}-{count:06d}"
            self.account.tried.add(key)
            while not self._post(key) and not self.is_over.is_set() and self.dice.random() < 0.8:
                time.sleep(0.005)

    def _post(self, key: str) -> bool:
        body = json.dumps(self.body | {"external_id": key})
        headers = self.headers | {"content-type": "application/json", "idempotency-key": key}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", "/api/v1/students", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()
        if answer.status == 201:
            self.account.acknowledged[key] = told.get("id")
        elif answer.status != 503:  # the database is busy: come back
            self.account.refused.append(f"{key}: {answer.status} {told}")
        return answer.status != 503


class Service:
    """The service in a process of its own, which can be killed and started again."""

    def __init__(self, url: str, *, is_early: bool) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listening.getsockname()[1]
        environment = os.environ | {
            "BOTTEGA_DATABASE_URL": url,
            "BOTTEGA_RATE_LIMIT_PER_MINUTE": "1000000",
            "BOTTEGA_CRASH_EARLY": "1" if is_early else "",
        }
        handed_over = self.listening.fileno()
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_server", str(handed_over)],
            env=environment, pass_fds=[handed_over], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def start(self) -> int:
        """Start the service; its process id. It takes calls as soon as it is up, and they wait until then."""
        assert self.parent.stdin
        assert self.parent.stdout
        self.parent.stdin.write("again\n")
        self.parent.stdin.flush()
        return int(self.parent.stdout.readline())

    def kill(self, process_id: int) -> None:
        """End it without a warning."""
        os.kill(process_id, signal.SIGKILL)
        assert self.parent.stdout
        assert self.parent.stdout.readline() == "gone\n"

    def close(self) -> None:
        assert self.parent.stdin
        self.parent.stdin.close()
        self.parent.wait(timeout=PATIENCE_SECONDS)
        assert self.parent.stdout
        self.parent.stdout.close()
        self.listening.close()


@contextmanager
def writing(service: Service, shared: Database) -> Iterator[list[Writer]]:
    """Writers at work, each with a body that fills four tables."""
    make = Factory(shared)
    school_class = make.school_class()
    skills = [make.skill(f"skill-{number}").id for number in range(3)]
    body: dict[str, object] = {
        "class_id": str(school_class.id), "given_name": "Ugo", "family_name": "Prova", "born_on": "2009-02-03",
        "municipality_istat": "037006", "source": "crash",
        "skills": [{"skill_id": skill_id, "level": 2} for skill_id in skills],
        "availabilities": [
            {"starts_on": "2026-02-01", "ends_on": "2026-02-20"}, {"starts_on": "2026-06-01", "ends_on": "2026-07-20"},
        ],
    }  # fmt: skip
    writers = [Writer(number, service.port, make.bearer(), body) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        for writer in writers:
            writer.is_over.set()
        for writer in writers:
            writer.join(timeout=PATIENCE_SECONDS)


def crash(shared: Database, *, kills: int, is_early: bool = False) -> Account:
    """Kill the service so many times while it writes; what the writers were told."""
    service = Service(shared.engine.url.render_as_string(hide_password=False), is_early=is_early)
    dice, whole = Random(SEED), Account()  # noqa: S311
    try:
        process_id = service.start()
        with writing(service, shared) as writers:
            for _ in range(kills):
                _wait_for_progress(writers)
                time.sleep(dice.uniform(0, 0.12))
                service.kill(process_id)
                process_id = service.start()
            _wait_for_progress(writers)
        service.kill(process_id)
    finally:
        service.close()
    for writer in writers:
        whole.tried |= writer.account.tried
        whole.acknowledged |= writer.account.acknowledged
        whole.refused += writer.account.refused
    return whole


def _wait_for_progress(writers: list[Writer]) -> None:
    """Until the service that has just been started has done some work: a kill before that would prove little."""
    before = sum(len(writer.account.acknowledged) for writer in writers)
    until = time.monotonic() + PATIENCE_SECONDS
    while sum(len(writer.account.acknowledged) for writer in writers) < before + 2:
        assert time.monotonic() < until, [writer.account.refused[:2] for writer in writers]
        time.sleep(0.002)


def losses(shared: Database, account: Account) -> list[str]:
    """What is missing, there twice, or half there."""
    faults = list(account.refused)
    with shared.read() as session:
        students = {
            row.external_id: row.id
            for row in session.execute(sa.select(Student.external_id, Student.id)).all()
        }
        # `external_id` is unique for its source; all students are the writers'.
        count = session.scalar(sa.select(sa.func.count()).select_from(Student))
        skills, spans = (
            _counts(session, sa.select(kind.student_id, sa.func.count()).group_by(kind.student_id))
            for kind in (StudentSkill, StudentAvailability)
        )
        told = sa.select(Event.object_id, sa.func.count()).where(Event.action == "student.created")
        events = _counts(session, told.group_by(Event.object_id))
        kept = {
            row.key: (row.status, row.body)
            for row in session.execute(
                sa.select(IdempotencyKey.key, IdempotencyKey.status, IdempotencyKey.body)
            ).all()
        }
    if count != len(students) or not set(students) <= account.tried:
        faults.append(f"{count} students, {len(students)} of them with a writer's key")
    for key, student_id in account.acknowledged.items():
        if key not in students:
            faults.append(f"{key}: acknowledged and lost")
        elif student_id not in (None, str(students[key])):
            faults.append(f"{key}: acknowledged under another id")
    for key, found in students.items():
        parts = (skills.get(found), spans.get(found), events.get(str(found)), kept.get(key, (0, ""))[0])
        if parts != (3, 2, 1, 201) or str(found) not in kept[key][1]:
            faults.append(f"{key}: half there, {parts}")
    faults += [f"{key}: kept an answer for nothing" for key in kept.keys() - students.keys()]
    return faults


def _counts(session: Session, query: sa.Select[Any]) -> dict[Any, int]:
    return {row[0]: row[1] for row in session.execute(query)}


def test_a_killed_server_loses_nothing_that_it_acknowledged(
    shared: Database, record_property: Callable[[str, object], None]
) -> None:
    account = crash(shared, kills=KILLS)
    told = f"{KILLS} kills, {len(account.acknowledged)} writes acknowledged of {len(account.tried)}"
    record_property(f"crash on {shared.engine.dialect.name}", told)
    assert losses(shared, account) == []


def test_a_server_that_acknowledges_too_early_is_found_out(shared: Database) -> None:
    account = crash(shared, kills=3, is_early=True)
    assert any("acknowledged and lost" in fault for fault in losses(shared, account))
