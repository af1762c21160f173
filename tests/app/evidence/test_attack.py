"""Somebody who reads all that an edition publishes, and the one before, solves linear programs for what it does not say.

Nothing here is taken from how the service protects figures: the attacker knows what a line of the file says, what the
definitions say (who applied has chosen, who was placed has applied, whoever visited was at a visit), in which areas there
is which kind of school, and that five is the step. Each secret, a count below five, must keep five possible values.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import product
from math import ceil, floor
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from scipy.optimize import linprog

from app.evidence import figures, policies, service, suppression
from app.evidence.figures import Cell, Counts, Person
from app.evidence.service import Question
from tests.factories import NOW

STEP = 5
AREAS = ("monte", "pianura", "valle")
KINDS = ("liceo", "technical", "vocational")
CELLS = sorted(set(product(AREAS, KINDS)) - {("monte", "liceo"), ("valle", "vocational")})
STEPS = ("nothing", "chosen", "applied", "placed", "outcome")
YEARS = ("2023", "2024", "2025")
TRACKS = {"liceo": ("scientific",), "technical": ("c1", "c3"), "vocational": ("c3", "repair")}
"""By kind of school; a track may be taught in two."""
ENROLLED = tuple((year, kind, track) for year in YEARS for kind in KINDS for track in TRACKS[kind])
POLICY = policies.load("")["network"].model_copy(
    update={
        "areas": tuple(
            policies.Area(id=one, it=one, en=one, municipalities=(f"03700{number}",))
            for number, one in enumerate(AREAS)
        )
    }
)
Line = Mapping[str, Any]
Row = np.ndarray[Any, np.dtype[np.float64]]

# --- a territory ------------------------------------------------------------------------------------------------------


class Land:
    """Who did what, by chance: most cells small, as they are where few take part."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.people: Counter[tuple[tuple[str, str], bool, int]] = Counter()
        self.attended: Counter[tuple[str, str]] = Counter()
        self.enrolled: Counter[tuple[str, str, str]] = Counter()
        for cell in CELLS:
            size = self.chance.choice((1, 2, 6))
            for has_visited, step in product((False, True), range(len(STEPS))):
                many = self.chance.choice((0, 0, 1, 2, 3, 4, 7)) * size // (1 + step)
                self._come(cell, many, has_visited=has_visited, step=step)
        for one in ENROLLED:
            self.enrolled[one] = self.chance.choice((0, 2, 3, 4, 17, 60, 121))

    def _come(self, cell: tuple[str, str], many: int, *, has_visited: bool, step: int) -> None:
        self.people[cell, has_visited, step] += many
        if has_visited:
            self.attended[cell] += sum(self.chance.choice((1, 1, 1, 2)) for _ in range(many))

    def a_few_come(self) -> None:
        """Some time later."""
        for cell in self.chance.sample(CELLS, 4):
            step = self.chance.randrange(len(STEPS))
            self._come(cell, self.chance.choice((1, 2, 3)), has_visited=self.chance.random() < 0.5, step=step)

    def publish(self, earlier: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """The content of an edition, as the job makes it."""
        counts = Counts(
            cells={Cell(*one) for one in CELLS},
            people=Counter({Person(Cell(*cell), *rest): many for (cell, *rest), many in self.people.items()}),
            participations=Counter({Cell(*cell): many for cell, many in self.attended.items()}),
            enrolled=Counter(self.enrolled),
            open={
                figures.Measure.SCHOOLS_ACTIVE: Counter(),
                figures.Measure.COMPANIES_ACTIVE: Counter(),
                figures.Measure.SESSIONS_HELD: Counter(),
            },
        )
        question = Question(
            UUID(int=1), "Terra", ("BO",), POLICY, 2025, len(earlier) + 1, counts, [one[service.ALL] for one in earlier],
            NOW + timedelta(days=len(earlier)),
        )  # fmt: skip
        return service.make(question)

    def truth(self) -> Row:
        """The exact counts, in the order of `Reader.atoms`."""
        return np.array(
            [
                *(self.people[one] for one in product(CELLS, (False, True), range(len(STEPS)))),
                *(self.attended[one] for one in CELLS),
                *(self.enrolled[one] for one in ENROLLED),
            ],
            float,
        )


# --- who reads it -----------------------------------------------------------------------------------------------------


class Reader:
    """What the lines of editions say of counts that nobody tells, one block of them for each edition; they only grow."""

    PEOPLE = tuple(product(CELLS, (False, True), range(len(STEPS))))
    SIZE = len(PEOPLE) + len(CELLS) + len(ENROLLED)

    def __init__(self, *editions: Mapping[str, Any]) -> None:
        self.editions = editions
        limits: list[tuple[Row, float]] = []
        for age, edition in enumerate(editions):
            for line in self.lines(edition):
                if line["value"] is not None:
                    told = self.row(line, age)
                    limits += [(told, line["value"] + STEP - 1), (-told, -line["value"])]
            # Who visited was at one visit at least.
            for number, cell in enumerate(CELLS):
                visited = [one[0] == cell and one[1] for one in self.PEOPLE]
                row = np.concatenate([np.array(visited, float), np.zeros(self.SIZE - len(self.PEOPLE))])
                row[len(self.PEOPLE) + number] = -1
                limits.append((self._since(row, age), 0))
        self.rows = np.array([row for row, _ in limits])
        self.most = np.array([most for _, most in limits])

    @staticmethod
    def lines(edition: Mapping[str, Any]) -> Iterator[Line]:
        """Those about people."""
        yield from (one for one in edition["lines"] if one["way"] != "exact")

    def row(self, line: Line, age: int) -> Row:
        """Which counts of an edition a line sums up, by what its definition says."""
        name, grouping, group = line["indicator"], line["grouping"], line["group"]

        def is_of(cell: tuple[str, str]) -> bool:
            return grouping is None or cell[0 if grouping == "area" else 1] == group

        must_visit, step = "visited" in name, name.removeprefix("visited_")
        least = STEPS.index(step) if step in STEPS else 0
        is_people = name not in ("participants", "enrolled")
        # A track's line is of one year: "c3.2024".
        year = group.rpartition(".")[2] if grouping in ("year", "track") else YEARS[-1]
        inside = [
            *(
                is_people and is_of(cell) and (has_visited or not must_visit) and reach >= least
                for cell, has_visited, reach in self.PEOPLE
            ),
            *(name == "participants" and is_of(cell) for cell in CELLS),
            *(
                name == "enrolled"
                and of == year
                and (grouping != "school_kind" or kind == group)
                and (grouping != "track" or track == group.rpartition(".")[0])
                for of, kind, track in ENROLLED
            ),
        ]
        return self._since(np.array(inside, float), age)

    def _since(self, row: Row, age: int) -> Row:
        """In an edition stand the counts of the first one, and what has come until then."""
        later = len(self.editions) - age - 1
        return np.concatenate([*[row] * (age + 1), *[np.zeros(self.SIZE)] * later])

    def values(self, row: Row) -> float:
        """How many whole numbers a sum can be."""
        ends = []
        for sign in (1, -1):
            solved = linprog(sign * row, A_ub=self.rows, b_ub=self.most, bounds=(0, None), method="highs")
            assert solved.status in (0, 3), solved.message
            ends.append(sign * solved.fun if solved.status == 0 else float("inf"))
        return floor(ends[1] + 1e-6) - ceil(ends[0] - 1e-6) + 1 if ends[1] < float("inf") else float("inf")

    def given_away(self, truth: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Secrets of which fewer than five values are left: small counts of each edition, withheld ones, and growth."""
        found = []
        last = len(self.editions) - 1
        for age, edition in enumerate(self.editions):
            for line in self.lines(edition):
                row = self.row(line, age)
                count = row @ np.concatenate([truth[0], *np.diff(truth, axis=0)])
                is_secret = count < STEP or line["value"] is None
                asked = [("count", row)] if is_secret else []
                if age < last:
                    asked.append(("growth", self.row(line, last) - row))
                found += [
                    (age, what, line["indicator"], line["group"], count, left)
                    for what, sums in asked
                    if (left := self.values(sums)) < STEP
                ]
        return found


def test_every_line_about_people_is_told_in_steps_and_true() -> None:
    """The attacker reads the file as it is meant: each line says of the exact counts what it should."""
    for seed in range(4):
        land = Land(seed)
        edition = land.publish()
        reader, truth = Reader(edition), land.truth()
        named = {one["indicator"] for one in reader.lines(edition)}
        assert len(named) == 12
        for line in reader.lines(edition):
            value = line["value"]
            assert (line["way"] == "withheld") is (value is None)
            assert value is None or (value % STEP == 0 and 0 <= reader.row(line, 0) @ truth - value < STEP), (
                line
            )
        assert (reader.rows @ truth <= reader.most).all()


def test_shares_and_gaps_say_nothing_that_counts_do_not_say() -> None:
    for seed in range(4):
        edition = Land(seed).publish()
        told = {(one["indicator"], one["grouping"], one["group"]): one["value"] for one in edition["lines"]}
        of = {one["id"]: one["share_of"] for one in edition["policy"]["indicators"]}
        for line in edition["lines"]:
            name, at = line["indicator"], (line["grouping"], line["group"])
            if of[name] is None or told[name, *at] is None or told.get((of[name], *at)) is None:
                assert line["share"] is line["gap"] is None
        seen: dict[tuple[Any, ...], Any] = {}
        for line in edition["lines"]:
            name, at = line["indicator"], (line["grouping"], line["group"])
            if of[name] is not None:
                parts = (told[name, *at], told.get((of[name], *at)))
                assert seen.setdefault(parts, line["share"]) == line["share"]


# In territory 110 attendances, audited apart, told of those who visited.
@pytest.mark.parametrize("seed", [*range(6), 110])
def test_nobody_bounds_a_secret_of_an_edition_tighter_than_five_values(seed: int) -> None:
    land = Land(seed)
    assert not Reader(land.publish()).given_away([land.truth()])


@pytest.mark.parametrize("seed", range(4))
def test_nobody_does_from_two_editions_together(seed: int) -> None:
    land = Land(seed)
    truth, first = [land.truth()], land.publish()
    land.a_few_come()
    truth.append(land.truth())
    assert not Reader(first, land.publish([first])).given_away(truth)


def test_without_the_secondary_suppression_the_attack_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of five alone: in some of these territories somebody is given away, by one edition and by two."""
    protect = suppression.protect

    def bare(*arguments: Any, **more: Any) -> dict[str, int | None]:
        return protect(*arguments, **more | {"is_complete": False})

    monkeypatch.setattr(suppression, "protect", bare)
    by_one, by_two = 0, 0
    for seed in range(6):
        land = Land(seed)
        truth, first = [land.truth()], land.publish()
        by_one += bool(Reader(first).given_away(truth))
        land.a_few_come()
        truth.append(land.truth())
        by_two += bool(Reader(first, land.publish([first])).given_away(truth))
        if by_one and by_two:
            return
    pytest.fail(f"given away in {by_one} and {by_two} of 6 territories")
