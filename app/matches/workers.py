"""Where a run for all students computes: in this process, on every core of this machine, or on a Dask cluster.

Each is a context that gives a `Rank`: hand it students, and it answers with a future of their rankings. Whoever
computes has the same snapshot of the index, so the rankings are the same everywhere.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from matching import Index, Kind, Student, Vocabulary, Weights, many

PATIENCE = "15s"
"""How long a Dask scheduler may take to answer."""


class Line(NamedTuple):
    """One place in a ranking."""

    opportunity_id: str
    score: float
    parts: dict[str, float]


Ranking = dict[Kind, list[Line]]


class Later(Protocol):
    """The rankings of some students, in their order, once they are there."""

    def result(self) -> list[Ranking]: ...


Rank = Callable[[Sequence[Student]], Later]


class NoCluster(Exception):  # noqa: N818 - says what there is not
    """There is no Dask cluster to compute on, and why."""


def rank(index: Index, students: Sequence[Student], limit: int) -> list[Ranking]:
    """The best `limit` opportunities of each kind for each of some students, in their order."""
    found: list[Ranking] = [{} for _ in students]
    for kind in Kind:
        for best in many.top(index, students, limit, kind):
            parts = best.parts(students[best.position])
            found[best.position][kind] = [
                Line(*one) for one in zip(best.ids, best.scores, parts, strict=True)
            ]
    return found


@dataclass(frozen=True)
class Snapshot:
    """An index as another process opens it: from a file that all share or, on another machine, from its bytes."""

    name: str
    seed: int
    vocabulary: Vocabulary = field(compare=False)
    weights: Weights = field(compare=False)
    raw: bytes | None = field(compare=False, default=None, repr=False)

    def open(self) -> Index:
        """The index of it."""
        if self.raw is None:
            return Index.open(Path(self.name), self.vocabulary, self.weights, seed=self.seed)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            path.write_bytes(self.raw)
            return Index.open(path, self.vocabulary, self.weights, seed=self.seed)


_opened = lru_cache(maxsize=1)(Snapshot.open)
_given: list[Snapshot] = []


def _begin(snapshot: Snapshot) -> None:
    """What every process of this machine is told once."""
    _given[:] = [snapshot]


def _rank_given(students: Sequence[Student], limit: int) -> list[Ranking]:
    return rank(_opened(_given[0]), students, limit)


def _rank_sent(snapshot: Snapshot, students: Sequence[Student], limit: int) -> list[Ranking]:
    return rank(_opened(snapshot), students, limit)


@contextmanager
def here(index: Index, limit: int) -> Iterator[Rank]:
    """Rank in this process, at once: for so few students that others would not be worth starting."""

    def submit(students: Sequence[Student]) -> Later:
        done: Future[list[Ranking]] = Future()
        done.set_result(rank(index, students, limit))
        return done

    yield submit


@contextmanager
def on_cores(index: Index, limit: int, processes: int | None = None) -> Iterator[Rank]:
    """Rank in as many processes as there are cores to use. The index is one file, which all map into memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index.save(path)
        snapshot = Snapshot(str(path), index.seed, index.vocabulary, index.weights)
        # Started anew rather than forked: a fork would copy open connections and held locks.
        pool = ProcessPoolExecutor(
            processes or cores(),
            multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(snapshot,),
        )
        try:
            yield lambda students: pool.submit(_rank_given, students, limit)
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def on_dask(index: Index, limit: int, scheduler: str) -> Iterator[Rank]:
    """Rank on the workers of a Dask scheduler, which have this program installed.

    Raises
    ------
    NoCluster
        `distributed` is not installed here, or nobody answers at the address.
    """
    try:
        from distributed import Client  # only here: an extra that one machine does not need
    except ImportError as error:
        raise NoCluster(
            f"--scheduler needs Dask, and {error.name} is not installed: pip install 'bottega[dask]'"
        ) from None
    try:
        client: Any = Client(  # type: ignore[no-untyped-call,unused-ignore]
            scheduler, timeout=PATIENCE, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise NoCluster(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index.save(path)
        snapshot = Snapshot(str(path), index.seed, index.vocabulary, index.weights, path.read_bytes())
        [sent] = client.scatter([snapshot], broadcast=True, hash=False)
        yield lambda students: client.submit(_rank_sent, sent, students, limit, pure=False)


def cores() -> int:
    """The cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
