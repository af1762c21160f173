"""Where the processor time of one request for a ranking goes, part by part, without a network.

    python -m benchmarks.request [--students 5000] [--opportunities 5000] [--requests 600]

Each student is asked about once, and everything runs in one process as the server runs it: the frame on the event loop,
the endpoint in a worker thread. Clocks count processor time, so that other programs disturb less; the lower tenth
is what to compare between two runs, the mean is what a server pays.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import os
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from threading import local
from typing import Any
from uuid import UUID

from benchmarks.endpoint import run, student_ids


class Clock:
    """Adds up what each part takes without the parts within it."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = defaultdict(list)
        self._within = local()

    def time(self, owner: Any, name: str, part: str) -> None:
        """From now on, time a function."""
        inner = getattr(owner, name)
        is_static = isinstance(owner.__dict__.get(name), staticmethod)

        @functools.wraps(inner)
        def timed(*values: Any, **named: Any) -> Any:
            outside = getattr(self._within, "seconds", 0.0)
            self._within.seconds = 0.0
            begun = time.thread_time()
            try:
                return inner(*values, **named)
            finally:
                spent = time.thread_time() - begun
                self.taken[part].append(spent - self._within.seconds)
                self._within.seconds = outside + spent

        setattr(owner, name, staticmethod(timed) if is_static else timed)

    def show(self, requests: int) -> None:
        """Print a line for each part: microseconds a request."""
        print(f"{'part':<34}{'lower tenth':>12}{'median':>9}{'mean':>9}")
        for part, seconds in self.taken.items():
            share = len(seconds) / requests
            times = sorted(second * 1e6 * share for second in seconds)
            low, middle = times[len(times) // 10], statistics.median(times)
            print(f"{part:<34}{low:12.0f}{middle:9.0f}{sum(times) / len(times):9.0f}")


def main() -> None:
    """Set up, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in (("students", 5000), ("opportunities", 5000), ("requests", 600)):
        options.add_argument(f"--{name}", type=int, default=default)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        sizes = f"--students={chosen.students}", f"--opportunities={chosen.opportunities}"
        environment = os.environ | {"BOTTEGA_DATABASE_URL": url}
        run(environment, "demo", "--quiet", *sizes)
        token = run(
            environment, "key", "issue", "bench", "--role=administrator", "--scopes=matches:read"
        ).strip()
        measure(url, token, student_ids(url)[: chosen.requests])


def measure(url: str, token: str, students: list[UUID]) -> None:
    """Ask for each student's ranking, and print."""
    from app.main import create_app
    from app.matches.engine import settle
    from app.settings import Settings

    app = create_app(Settings(database_url=url, rate_limit_per_minute=10**8))
    app.state.engine.warm_up(app.state.database)
    settle()
    clock = Clock()
    asyncio.run(ask(app, clock, token, students))
    clock.show(len(students))


def parts(clock: Clock) -> None:
    """What is timed, from the outside in."""
    from fastapi import routing

    from app.auth import service as auth
    from app.matches import api, service
    from app.matches.engine import Engine
    from matching import Index, rank
    from matching.explained import Explanations
    from matching.profile import Skills
    from matching.spans import Spans

    in_thread = routing.run_in_threadpool

    async def run_in_threadpool(endpoint: Any, *values: Any, **named: Any) -> Any:
        holder = type("Holder", (), {"endpoint": staticmethod(endpoint)})
        clock.time(holder, "endpoint", "endpoint and block")
        return await in_thread(holder.endpoint, *values, **named)

    routing.run_in_threadpool = run_in_threadpool  # type: ignore[assignment]
    clock.time(auth, "identify", "who is calling")
    clock.time(Engine, "student", "student and revisions")
    clock.time(service, "student_page", "cards and sentences")
    clock.time(Skills, "profile", "ranking: student's tables")
    clock.time(Index, "_best", "ranking: rows and scores")
    clock.time(Spans, "judge", "ranking: calendar and age")
    clock.time(rank, "explained", "ranking: lines")
    clock.time(Explanations, "of", "ranking: reasons")
    clock.time(api, "_answer", "writing the answer")


async def ask(app: Any, clock: Clock, token: str, students: list[UUID]) -> None:
    """One request after the other."""
    parts(clock)
    kinds = ("internship", "visit", "training")
    for number, student in enumerate(students):
        before = time.process_time(), time.thread_time()
        await get(app, f"/api/v1/students/{student}/matches", f"kind={kinds[number % 3]}".encode(), token)
        clock.taken["frame and routing, event loop"].append(time.thread_time() - before[1])
        clock.taken["all together"].append(time.process_time() - before[0])


async def get(app: Any, path: str, query: bytes, token: str) -> None:
    """A request as the server hands it over. Refuses any answer but 200."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    if messages[0]["status"] != 200:
        raise SystemExit(f"not answered: {messages}")


if __name__ == "__main__":
    main()
