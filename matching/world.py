"""A seeded world of which the truth is known: who would say yes to what, and what a ranker can see of it.

Students and opportunities go through the real index, so rules and parts are the real ones. Whether both sides say yes
depends on the parts, but in its own way (corners, a threshold, a product of two parts), on the reputation of a company and
the taste of a student, which no part shows, and on chance. So a ranker can be good here but never perfect, and its
chances can be compared with true ones. Nothing is fitted to this world: it judges, and that is all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from matching.learn import Outcome, values_of
from matching.location import Floats
from matching.prices import Ints
from matching.rank import Index
from matching.score import PARTS
from matching.skills import Vocabulary
from matching.types import (
    Concept,
    Eligibility,
    Evidence,
    HeldSkill,
    Kind,
    Opportunity,
    Ranked,
    SkillNeed,
    Span,
    Student,
)

ON: Final = date(2026, 11, 22)
FIELDS: Final = 8
SKILLS: Final = 64
TOWNS: Final = 40
YEARS: Final = 2
"""Outcomes lie so many years back at most."""

LOOKED_AT: Final = 30
"""A student answers only what stands among so many first lines: outcomes are no sample of all pairs."""


@dataclass(frozen=True)
class World:
    """Index and students, and for each student every visible opportunity, in the order of ids, with its truth.

    `student_yes` and `company_yes` hold chances: that the student says yes, and that then the company does.
    """

    index: Index
    students: tuple[Student, ...]
    lines: tuple[tuple[Ranked, ...], ...]
    student_yes: tuple[Floats, ...]
    company_yes: tuple[Floats, ...]
    seed: int

    def agreed(self, row: int) -> Floats:
        """The true chance that both sides say yes, for each line of a student."""
        both: Floats = self.student_yes[row] * self.company_yes[row]
        return both

    def kind_of(self, line: Ranked) -> Kind:
        """The kind of the opportunity that a line names."""
        return self.index[line.id].kind


def seeded_world(seed: int, *, students: int = 200, opportunities: int = 300, noise: float = 0.7) -> World:
    """Make a world.

    Parameters
    ----------
    noise
        Standard deviation, in log-odds, of tastes and reputations, and of what is left to each pair.

    Examples
    --------
    >>> world = seeded_world(1, students=3, opportunities=40)
    >>> again = seeded_world(1, students=3, opportunities=40)
    >>> [line.id for line in world.lines[0]] == [line.id for line in again.lines[0]]
    True
    >>> bool((world.agreed(0) <= world.student_yes[0]).all())
    True
    """
    chance = np.random.default_rng((seed, 1))
    towns = np.column_stack((chance.uniform(44.2, 44.8, TOWNS), chance.uniform(10.9, 11.9, TOWNS)))
    offers = [_opportunity(chance, number, towns) for number in range(opportunities)]
    people = tuple(_student(chance, number, towns) for number in range(students))
    index = Index(offers, _vocabulary(), on=ON, seed=seed)
    lines = tuple(
        tuple(sorted(index.top(person, opportunities), key=lambda line: line.id)) for person in people
    )
    hidden = np.random.default_rng((seed, 2))
    number_of = {one.id: number for number, one in enumerate(offers)}
    reputation = noise * hidden.standard_normal((2, opportunities))
    student_yes, company_yes = [], []
    for some in lines:
        goods = np.array([number_of[line.id] for line in some], np.int64)
        parts = values_of((line.parts for line in some), PARTS)
        wish, fit = _true_odds(parts)
        own = noise * hidden.standard_normal((2, len(some)))
        student_yes.append(_logistic(wish + reputation[0, goods] + own[0]))
        company_yes.append(_logistic(fit + reputation[1, goods] + own[1]))
    return World(index, people, lines, tuple(student_yes), tuple(company_yes), seed)


def outcomes_of(world: World, count: int, *, seed: int = 0, drift: float = -0.3) -> list[Outcome]:
    """Let students answer lines they look at, and companies the students who said yes.

    Parameters
    ----------
    count
        How many answers, on days spread over `YEARS`; the same pair may come again another day.
    drift
        By how much log-odds of both sides change over that time, up to the world's truth on its day.

    Examples
    --------
    >>> world = seeded_world(1, students=20, opportunities=60)
    >>> some = outcomes_of(world, 50)
    >>> len(some), all(one.company is None for one in some if not one.student)
    (50, True)
    """
    chance = np.random.default_rng((world.seed, 3, seed))
    looked_at = [_first(lines) for lines in world.lines]
    able = np.flatnonzero([len(places) > 0 for places in looked_at])
    found = []
    for row in chance.choice(able, count).tolist():
        place = int(chance.choice(looked_at[row]))
        passed = float(chance.random())
        wants, takes = chance.random(2).tolist()
        behind = drift * (passed - 1.0)
        student = wants < _logistic(_odds(world.student_yes[row][place]) + behind)
        company = takes < _logistic(_odds(world.company_yes[row][place]) + behind)
        day = ON - timedelta(days=round(365 * YEARS * (1.0 - passed)))
        parts = world.lines[row][place].parts
        found.append(Outcome(parts, bool(student), bool(company) if student else None, day))
    return found


def _first(lines: Sequence[Ranked]) -> Ints:
    """The places of the lines that a student looks at."""
    scores = np.array([line.score for line in lines])
    return np.argsort(-scores, kind="stable")[:LOOKED_AT].astype(np.int64)


def _true_odds(parts: Floats) -> tuple[Floats, Floats]:
    """Log-odds of the student's wish and of the company's answer; what does not apply counts as half."""
    part: Mapping[str, Floats] = dict(zip(PARTS, np.where(np.isnan(parts), 0.5, parts).T, strict=True))
    wish = (
        -2.2
        + 2.4 * part["interest"]
        + 1.6 * np.sqrt(part["travel"])
        + 1.0 * part["learning"]
        + 0.6 * part["hours"]
    )
    fit = (
        -1.4
        + 2.6 * np.clip((part["skills"] - 0.25) / 0.4, 0.0, 1.0)
        + 0.8 * part["programme"]
        + 1.0 * part["calendar"] * part["skills"]
        - 0.5 * part["learning"]
    )
    return wish, fit


def _logistic(odds: Floats) -> Floats:
    chances: Floats = 1.0 / (1.0 + np.exp(-odds))
    return chances


def _odds(chances: Floats) -> Floats:
    odds: Floats = np.log(chances / (1.0 - chances))
    return odds


def _vocabulary() -> Vocabulary:
    fields = [Concept(f"field-{number}", {"en": (f"field {number}",)}) for number in range(FIELDS)]
    skills = [
        Concept(f"skill-{number}", {"en": (f"skill {number}",)}, broader=f"field-{number % FIELDS}")
        for number in range(SKILLS)
    ]
    return Vocabulary([*fields, *skills])


def _some(chance: np.random.Generator, count: int) -> list[str]:
    """Different skills, most of them out of one field."""
    weights = np.where(np.arange(SKILLS) % FIELDS == chance.integers(FIELDS), 12.0, 1.0)
    chosen = chance.choice(SKILLS, count, replace=False, p=weights / weights.sum())
    return [f"skill-{number}" for number in chosen.tolist()]


def _place(chance: np.random.Generator, towns: Floats) -> tuple[float, float]:
    """A town; the first ones are larger."""
    weights = 1.0 / np.arange(1, len(towns) + 1)
    latitude, longitude = towns[chance.choice(len(towns), p=weights / weights.sum())].tolist()
    return latitude, longitude


def _opportunity(chance: np.random.Generator, number: int, towns: Floats) -> Opportunity:
    kind = list(Kind)[int(chance.choice(3, p=[0.6, 0.2, 0.2]))]
    needs = [SkillNeed(skill, int(chance.integers(1, 5))) for skill in _some(chance, 5)]
    latitude, longitude = _place(chance, towns)
    starts = ON + timedelta(days=int(chance.integers(20, 240)))
    programmes = frozenset({f"programme-{chance.integers(4)}"})
    return Opportunity(
        f"opportunity-{number:04}",
        kind,
        latitude,
        longitude,
        spans=(Span(starts, starts + timedelta(days=20 if kind is Kind.INTERNSHIP else 0), 0b0011111),),
        required=tuple(needs[:2]),
        wanted=tuple(needs[2:3]),
        taught=tuple(needs[3:]),
        eligibility=(Eligibility(programmes=programmes),) * bool(chance.random() < 0.2),
        seats_free=int(chance.integers(1, 4)) if kind is Kind.INTERNSHIP else int(chance.integers(5, 30)),
        hours=int(chance.choice([0, 40, 80, 120])),
    )


def _student(chance: np.random.Generator, number: int, towns: Floats) -> Student:
    latitude, longitude = _place(chance, towns)
    free = (Span(ON, ON + timedelta(days=int(chance.integers(120, 300)))),)
    return Student(
        f"student-{number:04}",
        latitude,
        longitude,
        max_km=float(chance.choice([20.0, 30.0, 50.0])),
        skills=tuple(
            HeldSkill(skill, int(chance.integers(1, 5)), list(Evidence)[int(chance.integers(4))])
            for skill in _some(chance, 8)
        ),
        interests=tuple(_some(chance, 2)) if chance.random() < 0.9 else (),
        free=free if chance.random() < 0.8 else (),
        programmes=frozenset({f"programme-{chance.integers(4)}"}),
        year=int(chance.integers(3, 6)),
        hours_owed=int(chance.choice([0, 80, 150])),
    )
