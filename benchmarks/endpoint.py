"""The match endpoint under load: one server process on SQLite, 20 clients, over full HTTP.

    python -m benchmarks.endpoint [--students 5000] [--opportunities 5000] [--clients 20] [--requests 4000]

Prints percentiles of the match endpoint, cold (each student is asked about for the first time) and warm (the same
requests once more), and its rate as a ratio to two others of the same server, asked in turns within one run: `/status`,
and the list of opportunities, which reads twenty rows with what belongs to them through the ORM. Clients
share a process of their own that does little else than wait; each keeps its connection and sends its next request when
it has the answer to the last. The processor time of both sides is printed, for on a busy machine only that can be compared.
`python -m benchmarks.request` says where the server's goes.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

ROOT = Path(__file__).parents[1]
TURNS = 4


class Turn(NamedTuple):
    """Some requests: seconds in all and of each, and the processor seconds of server and clients."""

    elapsed: float
    seconds: list[float]
    server: float
    clients: float


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
        scopes = "matches:read opportunities:read students:read"
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
            measure(port, server.pid, token, students, chosen)
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


def measure(port: int, server: int, token: str, students: list[UUID], chosen: argparse.Namespace) -> None:
    """Ask for the peers and the match endpoint in turns, and print."""
    kinds = ("internship", "visit", "training")
    paths = [f"/api/v1/students/{one}/matches?kind={kinds[i % 3]}" for i, one in enumerate(students)]
    share = min(chosen.requests, len(paths) - 40) // TURNS
    wait_for(port)
    ask(port, server, token, paths[-40:], 1)
    wait_until_idle(
        server
    )  # after its start it builds its index and gets to know its students in the background
    peers = {"/status": "/api/v1/status", "20 rows": "/api/v1/opportunities?limit=20"}
    rounds: dict[str, list[Turn]] = {name: [] for name in (*peers, "cold", "warm")}
    for turn in range(TURNS):
        some = paths[turn * share : (turn + 1) * share]
        for name, path in peers.items():
            rounds[name].append(ask(port, server, token, [path] * share, chosen.clients))
        rounds["cold"].append(ask(port, server, token, some, chosen.clients))
        rounds["warm"].append(ask(port, server, token, some, chosen.clients))
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        f"{chosen.students} students, {chosen.opportunities} opportunities, {chosen.clients} clients, one process"
    )
    rates = {name: show(name, turns) for name, turns in rounds.items()}
    for name in peers:
        print(f"cold at {rates['cold'] / rates[name]:.2f} of the rate of {name}")


def show(name: str, turns: list[Turn]) -> float:
    """Print the figures of some turns; their median rate."""
    times = sorted(seconds * 1000 for turn in turns for seconds in turn.seconds)
    rate = statistics.median(len(turn.seconds) / turn.elapsed for turn in turns)
    points = {share: times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.95, 0.99)}
    said = ", ".join(f"p{share * 100:.0f} {value:.1f} ms" for share, value in points.items())
    server, clients = (sum(side) / len(times) * 1000 for side in list(zip(*turns, strict=True))[2:])
    print(
        f"{name:>8}: {rate:.0f} requests/s, {said}, max {times[-1]:.1f} ms, {len(times)} answers, all 200;"
        f" processor {server:.2f} ms a request, clients {clients:.2f} ms"
    )
    return rate


def wait_for(port: int) -> None:
    """Until the server listens, at most 30 s."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def wait_until_idle(process: int) -> None:
    """Until a process computes next to nothing, at most 2 minutes; 8 s where the system does not say."""
    before = processor(process)
    for _ in range(40):
        time.sleep(3)
        now = processor(process)
        if now - before < 0.1:
            return
        if math.isnan(now):
            time.sleep(5)
            return
        before = now


def processor(process: int) -> float:
    """Seconds that a process has computed; NaN where the system does not say so."""
    try:
        spent = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[11:13]
    except FileNotFoundError:
        return float("nan")
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


class Client:
    """One connection, and the answer that it is waiting for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.begun = 0.0
        self.missing: int | None = None
        self.head = b""

    def send(self, request: bytes) -> None:
        """Ask the next thing."""
        self.begun, self.missing, self.head = time.perf_counter(), None, b""
        self.socket.sendall(request)

    def has_answer(self) -> bool:
        """Take what has come; whether the answer is whole. Refuses any answer but 200."""
        received = self.socket.recv(1 << 18)
        if self.missing is not None:
            self.missing -= len(received)
        else:
            self.head += received
            head, end, body = self.head.partition(b"\r\n\r\n")
            if not received or (end and not head.startswith(b"HTTP/1.1 200 ")):
                raise SystemExit(f"not answered: {self.head.decode()}")
            if end:
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                self.missing = int(length) - len(body)
        return self.missing == 0


def ask(port: int, server: int, token: str, paths: list[str], clients: int) -> Turn:
    """Send a GET for each path from `clients` connections."""
    rest = f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    queue = iter([f"GET {path}{rest}".encode() for path in paths])
    seconds: list[float] = []
    before = processor(server), time.process_time()
    begun = time.perf_counter()
    with selectors.DefaultSelector() as waiting:
        for _, request in zip(range(clients), queue, strict=False):
            client = Client(port)
            client.send(request)
            waiting.register(client.socket, selectors.EVENT_READ, client)
        while waiting.get_map():
            for key, _ in waiting.select():
                client = key.data
                if client.has_answer():
                    seconds.append(time.perf_counter() - client.begun)
                    request = next(queue, b"")
                    if request:
                        client.send(request)
                    else:
                        waiting.unregister(client.socket)
                        client.socket.close()
    elapsed = time.perf_counter() - begun
    return Turn(elapsed, seconds, processor(server) - before[0], time.process_time() - before[1])


if __name__ == "__main__":
    main()
