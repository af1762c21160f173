"""Time of one exact top 20 with reasons, beside scikit-learn's cosine brute force on the same skills.

    python benchmarks/rank.py [--opportunities 5000] [--students 300]

Both run in turn on the same students in one process. The peer does less: it multiplies skill vectors and
sorts, without filters, tree, travel, calendar or reasons. Figures are medians; the last column is the
ratio of the medians. Every student is new to the index, which has served as many others before, so that
what students of one town, class or calendar share is there; "cold" empties it before each call.
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from time import perf_counter

import numpy as np

from matching.rank import Index, by_definition
from matching.skills import Vocabulary
from matching.types import (
    Concept,
    Eligibility,
    Evidence,
    HeldSkill,
    Kind,
    Opportunity,
    Parts,
    SkillNeed,
    Span,
    Student,
    Weights,
)

ON = date(2026, 11, 22)
WORK = 0b0011111
YEAR = (Span(date(2027, 1, 7), date(2027, 8, 31), WORK, Parts.DAY),)
AFTERNOONS = (
    Span(ON, date(2027, 6, 5), WORK, Parts.AFTERNOON),
    Span(date(2027, 6, 6), date(2027, 9, 10), WORK, Parts.DAY),
    Span(date(2027, 1, 25), date(2027, 2, 13), WORK, Parts.DAY),
)


def vocabulary_of(chance: random.Random) -> Vocabulary:
    """600 skills: 12 fields, 48 groups, 540 leaves."""
    concepts = [Concept(f"field-{n}", {"it": (f"campo {n}",)}) for n in range(12)]
    concepts += [
        Concept(f"group-{n}", {"it": (f"gruppo {n}",)}, broader=f"field-{n % 12}") for n in range(48)
    ]
    for n in range(540):
        related = (f"skill-{chance.randrange(540)}",) if chance.random() < 0.5 else ()
        concepts.append(
            Concept(f"skill-{n}", {"it": (f"abilità {n}",)}, broader=f"group-{n % 48}", related=related)
        )
    return Vocabulary(concepts)


def pick(chance: random.Random, count: int, theme: int) -> list[str]:
    """Skills mostly out of one field."""
    near = [f"skill-{n}" for n in range(540) if n % 12 == theme]
    return [
        chance.choice(near) if chance.random() < 0.7 else f"skill-{chance.randrange(540)}"
        for _ in range(count)
    ]


def spans_of(chance: random.Random, kind: Kind) -> tuple[Span, ...]:
    start = ON + timedelta(days=chance.randrange(10, 250))
    if kind is Kind.INTERNSHIP:
        return tuple(
            Span(first, first + timedelta(days=chance.randrange(10, 30)), WORK)
            for first in (start, start + timedelta(days=60))[: chance.randrange(1, 3)]
        )
    part = chance.choice([Parts.MORNING, Parts.AFTERNOON])
    return tuple(
        Span(start + timedelta(days=7 * n), start + timedelta(days=7 * n), parts=part) for n in range(3)
    )


def point(chance: random.Random) -> tuple[float, float]:
    """One of 300 towns in a region about 200 km by 100 km."""
    town = random.Random(chance.randrange(300))
    return town.uniform(44.1, 45.0), town.uniform(9.8, 12.4)


def opportunity_of(chance: random.Random, number: int) -> Opportunity:
    kind = list(Kind)[number % 3]
    some = [
        SkillNeed(one, chance.randint(1, 4))
        for one in pick(chance, chance.randint(3, 6), chance.randrange(12))
    ]
    cut = chance.randint(1, 3)
    latitude, longitude = point(chance)
    open_to = (Eligibility(programmes=frozenset({f"p{chance.randrange(9)}", f"p{chance.randrange(9)}"})),)
    return Opportunity(
        f"opportunity-{number}",
        kind,
        latitude + chance.uniform(-0.03, 0.03),
        longitude + chance.uniform(-0.03, 0.03),
        spans_of(chance, kind),
        required=tuple(some[:cut]),
        wanted=tuple(some[cut : cut + 2]),
        taught=tuple(some[cut + 2 :]),
        eligibility=open_to if chance.random() < 0.4 else (),
        min_age=16 if chance.random() < 0.3 else None,
        hours=chance.choice([0, 40, 80, 120]),
    )


def student_of(chance: random.Random, number: int) -> Student:
    theme = chance.randrange(12)
    latitude, longitude = point(chance)
    return Student(
        f"student-{number}",
        latitude,
        longitude,
        max_km=30.0,
        skills=tuple(
            HeldSkill(one, chance.randint(1, 4), chance.choice(list(Evidence)))
            for one in set(pick(chance, 10, theme))
        ),
        interests=tuple(pick(chance, 3, theme)),
        free=chance.choice([YEAR, AFTERNOONS, ()]),
        programmes=frozenset({f"p{chance.randrange(9)}"}),
        year=chance.choice([3, 4, 5]),
        born_on=date(2009, 1, 1) + timedelta(days=chance.randrange(900)),
        hours_owed=chance.choice([0, 80, 150]),
    )


def cosine(opportunities: list[Opportunity], vocabulary: Vocabulary) -> Callable[[Student], object]:
    """The peer: cosine of the skill vectors, sorted; sparse matrix, prepared once."""
    from scipy.sparse import csr_array
    from sklearn.metrics.pairwise import cosine_similarity

    number = {skill: place for place, skill in enumerate(vocabulary.ids())}
    pairs = [
        (row, number[n.id])
        for row, one in enumerate(opportunities)
        for n in one.required + one.wanted + one.taught
    ]
    rows, columns = zip(*pairs, strict=True)
    shape = (len(opportunities), len(number))
    matrix = csr_array((np.ones(len(pairs)), (rows, columns)), shape=shape)

    def top(student: Student) -> object:
        vector = np.zeros((1, len(number)))
        vector[0, [number[held.id] for held in student.skills]] = 1.0
        return np.argsort(-cosine_similarity(csr_array(vector), matrix)[0])[:20]

    return top


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--opportunities", type=int, default=5000)
    options.add_argument("--students", type=int, default=300)
    given = options.parse_args()
    chance = random.Random(1)
    vocabulary = vocabulary_of(chance)
    opportunities = [opportunity_of(chance, number) for number in range(given.opportunities)]
    earlier, students = ([student_of(chance, n) for n in range(given.students)] for _ in range(2))
    begun = perf_counter()
    index = Index(opportunities, vocabulary, on=ON)
    index.top(students[0])
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, one thread")
    print(f"{len(opportunities):,} opportunities, index laid out in {(perf_counter() - begun) * 1e3:.0f} ms")
    peer = cosine(opportunities, vocabulary)
    runs: dict[str, Callable[[Student], object]] = {
        "top 20, all kinds": lambda student: index.top(student, 20),
        "top 20, one kind": lambda student: index.top(student, 20, Kind.INTERNSHIP),
        "top 20, nothing filters": lambda student: index.top(replace(student, max_km=None, free=()), 20),
        "scikit-learn cosine": peer,
    }
    times: dict[str, list[float]] = {name: [] for name in (*runs, "top 20, cold")}
    survivors = []
    for student in earlier:
        for run in runs.values():
            run(student)
    for student in students:
        for name, run in runs.items():
            begun = perf_counter()
            run(student)
            times[name].append(perf_counter() - begun)
    for student in students:
        columns = index._snapshot()  # noqa: SLF001
        for cache in (columns.shared, columns.kilometres, columns.admission, columns.wrong_age):
            cache.cache_clear()
        begun = perf_counter()
        index.top(student, 20)
        times["top 20, cold"].append(perf_counter() - begun)
        survivors.append(len(columns.survivors(student, None)[0]))
    times["plain definition"] = []
    for student in students[:9]:
        begun = perf_counter()
        by_definition(opportunities, student, vocabulary, Weights(), ON)
        times["plain definition"].append(perf_counter() - begun)
    print(f"median of {statistics.median(survivors):.0f} opportunities left after the filters")
    mine = statistics.median(times["top 20, all kinds"])
    for name, some in times.items():
        middle = statistics.median(some)
        late = sorted(some)[int(len(some) * 0.95)] if len(some) > 1 else middle
        print(
            f"{name:24} median {middle * 1e3:8.3f} ms   p95 {late * 1e3:8.3f} ms   ratio {middle / mine:7.2f}"
        )
    begun = perf_counter()
    index.candidates(opportunities[0], students)
    print(f"candidates out of {len(students)} students: {(perf_counter() - begun) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
