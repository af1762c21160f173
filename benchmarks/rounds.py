"""A shared round of a whole territory, from its snapshot to the saved result, and what reviewing it costs.

    python -m benchmarks.rounds [--students 2000] [--opportunities 800] [--seed 1]

The demo's students and opportunities on SQLite; every student wishes for five of the ten internships that fit best.
Prints seconds of each step, on the clock and of the processor (on a busy machine only these can be compared): the two ways of running, one run again with a pin and the fewest changes, a
replay, what if for the whole round and for a class-sized one of 200, the explanation of one student, the board of
a class, and its pages. Nobody else's software does all of this, so there is no peer; `benchmarks/assign.py` compares the solver alone.
"""

from __future__ import annotations

import argparse
import platform
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from uuid import UUID

import sqlalchemy as sa
from starlette.testclient import TestClient

from app import demo, migrate, models, reference
from app.auth import service as auth
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role, system
from app.db import Database
from app.main import create_app
from app.matches.engine import Engine
from app.opportunities.models import Kind, Opportunity, OpportunitySpan
from app.rounds import service as rounds
from app.rounds import service_board, service_kept, service_pins, service_reasons, service_runs
from app.rounds import service_trying as trying
from app.rounds.models import RoundClass, RoundSchool, RoundSeat, Ruling, RunMode
from app.rounds.rules import Action
from app.rounds.schemas_runs import RoundBoard
from app.settings import Settings
from app.students.models import Student
from app.wishes.models import Wish
from matching import Kind as EngineKind
from matching.many import top

ON = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ACTOR = system("benchmark")
assert models.metadata.tables


def main() -> None:
    """Set up, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in (("students", 2000), ("opportunities", 800), ("seed", 1)):
        options.add_argument(f"--{name}", type=int, default=default)
    chosen = options.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.sqlite3'}", connections=2)
        migrate.upgrade(database.engine)
        reference.load_reference(database, quiet=True)
        # Only internships count: the demo's territory has more besides.
        size = demo.Size(students=chosen.students, opportunities=chosen.opportunities)
        demo.load(database, size, on=ON, seed=chosen.seed, quiet=True)
        engine = Engine(Settings(), lambda: NOW)
        everybody = prepare(database, engine, chosen.seed, None)
        measure(database, engine, everybody)
        pages(f"sqlite:///{Path(folder) / 'bench.sqlite3'}", database, everybody)
        some = prepare(database, engine, chosen.seed, 200)
        with timed("a round of 200: stable"):
            run(database, engine, some, RunMode.STABLE)
        what_if(database, some, "a round of 200: what if")
        with timed("a round of 200: optimal"):
            run(database, engine, some, RunMode.OPTIMAL)
        what_if(database, some, "a round of 200: what if, optimal")


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    started, used = perf_counter(), process_time()
    yield
    print(f"{what:<40}{perf_counter() - started:8.3f} s {process_time() - used:8.3f} s CPU", flush=True)


def prepare(database: Database, engine: Engine, seed: int, students: int | None) -> UUID:
    """A frozen round of every class, or of so many students; all kinds become internships, so that all count."""
    chance = random.Random(seed)
    with database.write() as session:
        session.execute(sa.update(Opportunity).values(kind=Kind.INTERNSHIP, group_min=None, group_max=None))
        last = session.scalar(sa.select(sa.func.max(OpportunitySpan.ends_on)))
        assert last is not None
    with database.read() as session:
        changes = engine.changes(session)
        known = engine.students(session, changes)[: students or None]
    state = Engine(Settings(), lambda: NOW)
    with database.read() as session:
        index = state.apply(state.changes(session)).index
    with database.write() as session:
        session.execute(sa.delete(Wish))
        rows = []
        for best in top(index, [one.student for one in known], 10, EngineKind.INTERNSHIP):
            wanted = chance.sample(best.ids, min(5, len(best.ids)))
            rows += [
                Wish(
                    student_id=known[best.position].profile.id, opportunity_id=UUID(one), position=position,
                    created_at=NOW, ranked_at=NOW,
                )
                for position, one in enumerate(wanted, start=1)
            ]  # fmt: skip
        session.add_all(rows)
        classes = {one.profile.class_id: one.profile.school_id for one in known}
        seen = rounds.create(
            session,
            ACTOR,
            {
                "school_id": next(iter(classes.values())), "territory_id": None, "name": "Benchmark",
                "kinds": [Kind.INTERNSHIP], "class_ids": [], "max_wishes": 5, "is_wishes_only": False,
                "opens_on": ON, "closes_on": ON, "publish_by": ON + timedelta(days=1),
                "starts_on": ON + timedelta(days=2), "ends_on": min(last, ON + timedelta(days=400)),
            },
            now=NOW,
        )  # fmt: skip
        round_id = seen.round.id
        for school_id in set(classes.values()) - {seen.round.school_id}:
            session.add(RoundSchool(round_id=round_id, school_id=school_id, joined_at=NOW, joined_by="b"))
        session.flush()
        session.add_all(
            RoundClass(round_id=round_id, class_id=one, school_id=school) for one, school in classes.items()
        )
    with timed(f"freeze: copy the lists of {len(known)}"), database.write() as session:
        rounds.move(session, ACTOR, round_id, Action.FREEZE, now=NOW)
    return round_id


def run(database: Database, engine: Engine, round_id: UUID, mode: RunMode, **values: bool) -> int:
    """Run the round."""
    with database.write() as session:
        order, _ = service_runs.ask(session, ACTOR, round_id, mode=mode, **values)
    return service_runs.run(database, engine, ACTOR, order, clock=lambda: NOW)


def measure(database: Database, engine: Engine, round_id: UUID) -> None:
    """Every step of the large round."""
    for mode in RunMode:
        with timed(f"run, {mode}"):
            number = run(database, engine, round_id, mode)
        with database.read() as session:
            made = service_kept.read(session, round_id, number)
            offers = len(made.offers["items"])
        print(
            f"  {made.students} students, {offers} opportunities: {made.placed} placed, {made.report['by_wish']}"
        )
    what_if(database, round_id, "what if")
    with database.read() as session:
        left = sa.select(RoundSeat.student_id).where(
            RoundSeat.run_id == made.id, RoundSeat.opportunity_id.is_(None)
        )
        student_id = session.scalar(left.limit(1)) or session.scalar(sa.select(Student.id).limit(1))
        assert student_id is not None
        wished = session.scalar(sa.select(Wish.opportunity_id).where(Wish.student_id == student_id))
        class_id = session.scalar(sa.select(Student.class_id).where(Student.id == student_id))
    if wished is not None and class_id is not None:
        with database.write() as session:
            service_pins.make(
                session, ACTOR, engine, round_id, student_id=student_id, opportunity_id=wished,
                ruling=Ruling.BAN, now=NOW,
            )  # fmt: skip
        with timed("run again, fewest changes"):
            run(database, engine, round_id, RunMode.OPTIMAL, is_near=True)
        with timed("board of a class"), database.read() as session:
            RoundBoard.of(service_board.read(session, ACTOR, round_id, class_id)).model_dump_json()
        with timed("explain one student"):
            with database.read() as session:
                inquiry = service_reasons.ask(session, ACTOR, engine, round_id, student_id)
            found = service_reasons.explain(engine, inquiry)
        print(f"  {len(found.wishes)} reasons, {len(found.remedies)} remedies")
    with timed("replay"):
        with database.read() as session:
            kept = service_kept.load(session, round_id, number, is_for_replay=True)
        print(f"  the same: {service_kept.replay(kept)[0]}")


def pages(url: str, database: Database, round_id: UUID) -> None:
    """Pages of the large round as the server makes them, the second time they are asked for: by who leads a school."""
    with database.read() as session:
        row = session.scalars(sa.select(RoundClass).where(RoundClass.round_id == round_id).limit(1)).one()
    with database.write() as session:
        user = people.add_user(
            session, ACTOR, email="lead@example.org", name="Lead",
            grants=[Grant(Role.SCHOOL_LEAD, school_id=row.school_id)],
        )  # fmt: skip
        token = sessions.sign_in(session, user, hours=1, request_id="benchmark", has_second_factor=True)
    app = create_app(Settings(database_url=url))
    with TestClient(app, base_url="https://testserver", cookies={auth.COOKIE: token}) as client:
        for what, path in (
            ("page of the round", ""), ("page of a class", f"/classes/{row.class_id}"), ("page before publishing", "/publish")
        ):  # fmt: skip
            for _ in range(3):
                assert client.get(f"/rounds/{round_id}{path}").status_code == 200
            with timed(what):
                client.get(f"/rounds/{round_id}{path}")


def what_if(database: Database, round_id: UUID, what: str) -> None:
    """Ban the first student from the seat they have."""
    with database.read() as session:
        row = rounds.find(session, ACTOR, round_id).round
        run_id = service_kept.read(session, round_id, row.run_number).id
        seat = session.execute(
            sa.select(RoundSeat.student_id, RoundSeat.opportunity_id)
            .where(RoundSeat.run_id == run_id, RoundSeat.opportunity_id.is_not(None))
            .limit(1)
        ).one()
    with timed(what):
        with database.read() as session:
            trial = trying.ask(session, ACTOR, round_id, [trying.Wanted(*seat, is_ban=True)])
        outcome = trying.answer(trial)
    print(f"  {len(outcome.shifts)} sit elsewhere")


if __name__ == "__main__":
    main()
