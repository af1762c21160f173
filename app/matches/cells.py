"""How exactly a company is told what sort of student a candidate is: never so exactly that fewer than three are meant.

Programme, year and province together are a cell. A cell of fewer than `LEAST` students is merged with other small ones
into a coarser cell, and so on. Only those merged count towards a coarser cell: whoever sees that a description is coarse
must not be able to tell the one rare student from the many others whom it would fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from app.students.profiles import Profile
from matching import Ranked, Reason

LEAST = 3
"""No description is shared by fewer students of the pool, the last and emptiest one excepted."""

STEP = 5
"""Kilometres and minutes are told in multiples of it."""

_WAYS = frozenset({"km", "max_km", "minutes", "max_minutes"})
_OF_COURSE = "curriculum"
_FIRST_YEARS, _LAST_YEARS = (1, 2), (3, 6)


class Cell(NamedTuple):
    """What a company is told; what is None is not told. The programme may be a broader one than the student's."""

    programme_id: str | None = None
    first_year: int | None = None
    last_year: int | None = None
    province_code: str | None = None

    @property
    def is_exact(self) -> bool:
        """Whether programme, year and province are the student's own."""
        return self.first_year is not None and self.first_year == self.last_year

    def told(self) -> dict[str, Any]:
        """The cell as a company reads it."""
        return self._asdict() | {"year": self.first_year if self.is_exact else None}


def skills(profile: Profile, cell: Cell, asked: Collection[str]) -> list[dict[str, Any]]:
    """The skills that a company reads: those of the course of study would give a coarse description away."""
    return [
        {"skill_id": skill.skill_id, "level": skill.level, "evidence": str(skill.evidence)}
        for skill in profile.skills
        if cell.is_exact or skill.evidence != _OF_COURSE or skill.skill_id in asked
    ]


def line(ranked: Ranked, cell: Cell) -> Ranked:
    """A line of the ranking as a company reads it, with nothing in it that says more than the cell.

    Kilometres come in fives, parts in tenths, the score in hundredths: exact ones to two or three places would give the
    municipality, and the part of a journey is a journey by another name.
    """
    hidden = () if cell.is_exact else ("programme",) if cell.province_code else ("programme", "travel")

    def tell(reason: Reason) -> Reason | None:
        return None if hidden and reason.code.startswith(hidden) else _in_fives(reason)

    return replace(
        ranked,
        score=round(ranked.score, 2),
        parts={name: round(value, 1) for name, value in ranked.parts.items() if name not in hidden},
        reasons=tuple(told for reason in ranked.reasons if (told := tell(reason)) is not None),
        gap=tell(ranked.gap) if ranked.gap else None,
        travel_km=None if ranked.travel_km is None or "travel" in hidden else _five(ranked.travel_km),
        travel_minutes=None,
    )


def _in_fives(reason: Reason) -> Reason:
    if reason.code == "travel_here":
        return Reason("travel_near", {"km": STEP})
    ways = {name: int(_five(float(value))) for name, value in reason.values.items() if name in _WAYS}
    return replace(reason, values={**reason.values, **ways})


def _five(way: float) -> float:
    """The nearest multiple of `STEP`, but never none: to live in the very place would be told."""
    return float(max(STEP, STEP * round(way / STEP)))


def of_pool(pool: Iterable[Profile]) -> Mapping[UUID, Cell]:
    """The cell of every student of the pool."""
    left = list(pool)
    found: dict[UUID, Cell] = {}
    for describe in (_exact, _by_years, _by_broad_programme, _by_province, _nothing):
        described = [(profile, describe(profile)) for profile in left]
        sizes = Counter(cell for _, cell in described)
        left = []
        for profile, cell in described:
            if sizes[cell] >= LEAST or describe is _nothing:
                found[profile.id] = cell
            else:
                left.append(profile)
        if not left:
            break
    return found


def _exact(profile: Profile) -> Cell:
    return Cell(next(iter(profile.programmes), None), profile.year, profile.year, profile.province_code)


def _by_years(profile: Profile) -> Cell:
    first, last = _years(profile)
    return _exact(profile)._replace(first_year=first, last_year=last)


def _by_broad_programme(profile: Profile) -> Cell:
    broadest = profile.programmes[-1] if profile.programmes else None
    return Cell(broadest, *_years(profile), profile.province_code)


def _by_province(profile: Profile) -> Cell:
    return Cell(province_code=profile.province_code)


def _nothing(_profile: Profile) -> Cell:
    return Cell()


def _years(profile: Profile) -> tuple[int, int]:
    return _FIRST_YEARS if profile.year <= _FIRST_YEARS[1] else _LAST_YEARS
