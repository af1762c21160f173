"""The match endpoint under load: one server process on SQLite, 20 clients, over full HTTP.

    python -m benchmarks.endpoint [--students 5000] [--opportunities 5000] [--clients 20] [--requests 4000]

Prints the percentiles of the match endpoint, and its rate as a ratio to `/status` of the same server, asked in turns
within one run. Clients run in a process of their own; each keeps its connection and sends its next request when it has
the answer to the last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Set up, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in (("students", 5000), ("opportunities", 5000), ("clients", 20), ("requests", 4000)):
        options.add_argument(f"--{name}", type=int, default=default)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        environment = os.environ | {"BOTTEGA_DATABASE_URL": url, "BOTTEGA_RATE_LIMIT_PER_MINUTE": "100000000"}
        run(
            environment,
            "demo",
            "--quiet",
            f"--students={chosen.students}",
            f"--opportunities={chosen.opportunities}",
        )
        scopes = "matches:read students:read"
        token = run(
            environment, "key", "issue", "bench", "--role=administrator", f"--scopes={scopes}"
        ).strip()
        students = student_ids(url)
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", f"--port={port}"],
            cwd=ROOT, env=environment, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            measure(port, token, students, chosen)
        finally:
            server.terminate()
            server.wait(10)


def run(environment: dict[str, str], *arguments: str) -> str:
    """A command of the service."""
    done = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def student_ids(url: str) -> list[UUID]:
    """Every student, in an order that has nothing to do with the database's."""
    import sqlalchemy as sa

    from app.db import Database
    from app.students.models import Student

    database = Database(url)
    with database.read() as session:
        ids = list(session.scalars(sa.select(Student.id).order_by(Student.id)))
    database.close()
    random.Random(1).shuffle(ids)
    return ids


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(port: int, token: str, students: list[UUID], chosen: argparse.Namespace) -> None:
    """Ask `/status` and the match endpoint in turns, and print."""
    kinds = ("internship", "visit", "training")
    match = [f"/api/v1/students/{one}/matches?kind={kinds[i % 3]}" for i, one in enumerate(students)]
    wait_for(port)
    asyncio.run(ask(port, token, match[:40], 1, 40))
    time.sleep(8)  # the server gets to know its students in the background after its start
    rounds: dict[str, list[tuple[float, list[float]]]] = {"/status": [], "matches": []}
    for turn in range(4):
        share = chosen.requests // 4
        rounds["/status"].append(asyncio.run(ask(port, token, ["/api/v1/status"], chosen.clients, share)))
        some = match[turn * share :] + match[: turn * share]
        rounds["matches"].append(asyncio.run(ask(port, token, some, chosen.clients, share)))
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        f"{chosen.students} students, {chosen.opportunities} opportunities, {chosen.clients} clients, one process"
    )
    rates = {}
    for name, turns in rounds.items():
        times = sorted(seconds * 1000 for _, all_seconds in turns for seconds in all_seconds)
        rates[name] = statistics.median(len(all_seconds) / elapsed for elapsed, all_seconds in turns)
        points = {share: times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.95, 0.99)}
        said = ", ".join(f"p{share * 100:.0f} {value:.1f} ms" for share, value in points.items())
        print(
            f"{name:>8}: {rates[name]:.0f} requests/s, {said}, max {times[-1]:.1f} ms, {len(times)} answers, all 200"
        )
    print(f"matches at {rates['matches'] / rates['/status']:.2f} of the rate of /status")


def wait_for(port: int) -> None:
    """Until the server listens, at most 30 s."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


async def ask(
    port: int, token: str, paths: list[str], clients: int, requests: int
) -> tuple[float, list[float]]:
    """Send `requests` GETs from `clients` connections; seconds in all, and of each."""
    queue = iter([paths[i % len(paths)] for i in range(requests)])
    seconds: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for path in queue:
            begun = time.perf_counter()
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            body = await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
            seconds.append(time.perf_counter() - begun)
            if " 200 " not in head.split("\r\n")[0]:
                raise SystemExit(f"{path}: {head.splitlines()[0]} {json.loads(body)}")
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return time.perf_counter() - begun, seconds


if __name__ == "__main__":
    main()
