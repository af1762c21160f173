"""A seeded world for the benchmarks: opportunities over Italy's municipalities, by population, as columns at once."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from matching.skills import Vocabulary
from matching.table import NONE, Alternatives, Table
from matching.types import Concept, Eligibility, Evidence, HeldSkill, Parts, Span, Student

ROOT = Path(__file__).parents[1]
ON = date(2026, 11, 22)
WORK = 0b0011111
FIELDS, GROUPS, LEAVES = 12, 48, 540
YEAR = (Span(date(2027, 1, 7), date(2027, 8, 31), WORK, Parts.DAY),)
AFTERNOONS = (
    Span(ON, date(2027, 6, 5), WORK, Parts.AFTERNOON),
    Span(date(2027, 6, 6), date(2027, 9, 10), WORK, Parts.DAY),
    Span(date(2027, 1, 25), date(2027, 2, 13), WORK, Parts.DAY),
)


def vocabulary(seed: int = 1) -> Vocabulary:
    """600 skills: 12 fields, 48 groups, 540 leaves."""
    chance = random.Random(seed)
    concepts = [Concept(f"field-{n}", {"it": (f"campo {n}",)}) for n in range(FIELDS)]
    concepts += [
        Concept(f"group-{n}", {"it": (f"gruppo {n}",)}, broader=f"field-{n % FIELDS}") for n in range(GROUPS)
    ]
    for n in range(LEAVES):
        related = (f"skill-{chance.randrange(LEAVES)}",) if chance.random() < 0.5 else ()
        concepts.append(
            Concept(f"skill-{n}", {"it": (f"abilità {n}",)}, broader=f"group-{n % GROUPS}", related=related)
        )
    return Vocabulary(concepts)


def towns() -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude of all municipalities, and their share of the people."""
    with (ROOT / "app/places/data/municipalities.csv").open(encoding="utf-8") as file:
        rows = [
            (float(row["latitude"]), float(row["longitude"]), int(row["population"] or 0))
            for row in csv.DictReader(file)
        ]
    points = np.array([row[:2] for row in rows])
    people = np.array([row[2] for row in rows], np.float64)
    return points, people / people.sum()


def table(size: int, alternatives: Alternatives, seed: int = 1) -> Table:
    """So many opportunities of all three kinds: 3 to 6 skills mostly of one field, one to three spans."""
    chance = np.random.default_rng(seed)
    points, share = towns()
    place = points[chance.choice(len(points), size, p=share)]
    kind = chance.integers(0, 3, size).astype(np.uint8)
    needs = chance.integers(3, 7, size)
    required, wanted = chance.integers(1, 4, size), np.full(size, 2)
    owner = np.repeat(np.arange(size), needs)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(needs) - needs, needs)
    theme = chance.integers(0, FIELDS, size)[owner]
    leaf = chance.integers(0, LEAVES, len(owner))
    own = (
        leaf - leaf % FIELDS + theme
    )  # a leaf of the field: leaf n lies in group n % 48, which lies in field n % 12
    leaf = np.where((chance.random(len(owner)) < 0.7) & (own < LEAVES), own, leaf)
    role = (within >= required[owner]).astype(np.int64) + (within >= (required + wanted)[owner])
    level = chance.integers(1, 5, len(owner))
    first = FIELDS + GROUPS
    spans = np.where(kind == 0, chance.integers(1, 3, size), 3)
    start = ON.toordinal() + chance.integers(10, 250, size)
    of = np.repeat(np.arange(size), spans)
    turn = np.arange(len(of)) - np.repeat(np.cumsum(spans) - spans, spans)
    is_internship = kind[of] == 0
    begins = start[of] + np.where(is_internship, 60, 7) * turn
    ends = begins + np.where(is_internship, chance.integers(10, 30, len(of)), 0)
    some = [(Eligibility(programmes=frozenset({f"p{a}", f"p{b}"})),) for a in range(9) for b in range(a, 9)]
    numbers = np.array([alternatives.number(one) for one in [(), *some]])
    meant = np.where(chance.random(size) < 0.4, chance.integers(1, len(numbers), size), 0)
    return Table(
        ids=np.char.add(b"o", np.arange(size).astype(np.bytes_)),
        kind=kind,
        latitude=place[:, 0],
        longitude=place[:, 1],
        seats=np.ones(size, np.int32),
        hours=chance.choice([0, 40, 80, 120], size).astype(np.int32),
        min_age=np.where(chance.random(size) < 0.3, 16, NONE).astype(np.int16),
        max_age=np.full(size, NONE, np.int16),
        published=(ON.toordinal() - chance.integers(0, 120, size)).astype(np.int32),
        closes=np.full(size, NONE, np.int32),
        answer_rate=chance.choice([np.nan, 0.5, 0.8, 1.0], size),
        eligibility=numbers[meant].astype(np.uint32),
        need_count=needs.astype(np.uint16),
        span_count=spans.astype(np.uint16),
        need=((first + leaf) * 16 + (level - 1) * 4 + role).astype(np.uint32),
        span_start=begins.astype(np.int32),
        span_end=ends.astype(np.int32),
        span_weekdays=np.where(is_internship, WORK, 0b1111111).astype(np.uint8),
        span_parts=np.where(
            is_internship, int(Parts.DAY), np.where(of % 2, int(Parts.MORNING), int(Parts.AFTERNOON))
        ).astype(np.uint8),
    )


def students(count: int, seed: int = 2, max_km: float | None = 30.0) -> list[Student]:
    """Students in towns by population, each with about 10 skills and 3 interests of one field."""
    chance = random.Random(seed)
    points, share = towns()
    places = chance.choices(range(len(points)), share.tolist(), k=count)
    found = []
    for number, place in enumerate(places):
        theme = chance.randrange(FIELDS)
        near = [n for n in range(LEAVES) if n % FIELDS == theme]

        def pick(many: int, near: list[int] = near) -> list[str]:
            return [
                f"skill-{chance.choice(near) if chance.random() < 0.7 else chance.randrange(LEAVES)}"
                for _ in range(many)
            ]

        found.append(
            Student(
                f"student-{number}",
                *points[place].tolist(),
                max_km=max_km,
                skills=tuple(
                    HeldSkill(one, chance.randint(1, 4), chance.choice(list(Evidence)))
                    for one in sorted(set(pick(10)))
                ),
                interests=tuple(pick(3)),
                free=chance.choice([YEAR, AFTERNOONS, ()]),
                programmes=frozenset({f"p{chance.randrange(9)}"}),
                year=chance.choice([3, 4, 5]),
                born_on=date(2009, 1, 1) + timedelta(days=chance.randrange(900)),
                hours_owed=chance.choice([0, 80, 150]),
            )
        )
    return found
