"""At the same moment: calls that start together, crowds of processes after the same few seats, and lives in any order of steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threading import Barrier
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy.exc import OperationalError

from app import errors
from app.db import Database
from app.opportunities.service_life import Full

PROCESSES, THREADS = 4, 8
TRIES = 50
Thing = TypeVar("Thing")


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Call all of them at the same moment; their results, or the problems that they raised."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return call()
        except errors.Problem as problem:
            return problem

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def compete(
    url: str, things: Sequence[Thing], threads: int, attempt: Callable[[Database, Thing], object]
) -> Counter[str]:
    """Attempt each of these in some threads; how many got a seat, how many did not, and how often the database was busy."""
    database = Database(url, connections=threads)
    told: Counter[str] = Counter()

    def try_hard(thing: Thing) -> None:
        for _ in range(TRIES):
            try:
                attempt(database, thing)
            except Full:
                told["full"] += 1
                return
            except OperationalError:  # a lock that was waited for too long, or waits that crossed: once more
                told["busy"] += 1
            else:
                told["taken"] += 1
                return
        told["given up"] += 1

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(try_hard, things))
    database.close()
    return told


def compete_in_processes(
    database: Database, things: Sequence[Thing], attempt: Callable[[Database, Thing], object]
) -> Counter[str]:
    """The same in several processes, each with its share; `attempt` is a function of a module, which they import."""
    url = database.engine.url.render_as_string(hide_password=False)
    told: Counter[str] = Counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        shares = [things[number::PROCESSES] for number in range(PROCESSES)]
        for one in [pool.submit(compete, url, share, THREADS, attempt) for share in shares]:
            told += one.result()
    return told


def live(machine: type[RuleBasedStateMachine], examples: int, *, steps: int = 20, **known: object) -> None:
    """Run a state machine, always the same way; `known` are attributes of its class."""
    run_state_machine_as_test(
        type(machine.__name__, (machine,), {"__module__": machine.__module__, **known}),
        settings=settings(
            phases=[Phase.generate], max_examples=examples, stateful_step_count=steps, deadline=None,
            derandomize=True, database=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
