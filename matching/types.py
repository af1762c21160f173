"""The values that go into and come out of the engine: frozen, plain, and free of any database or web notion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import IntFlag, StrEnum
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt


class Kind(StrEnum):
    """The three kinds of opportunity."""

    INTERNSHIP = "internship"
    VISIT = "visit"
    TRAINING = "training"


class Evidence(StrEnum):
    """Where a skill level comes from, weakest first."""

    DECLARED = "declared"
    CURRICULUM = "curriculum"
    VALIDATED = "validated"
    CERTIFIED = "certified"


class Parts(IntFlag):
    """Parts of the day, as a set."""

    MORNING = 1
    AFTERNOON = 2
    EVENING = 4
    DAY = 3


ALL_WEEK = 0b1111111
"""Weekday set with Monday as bit 0 and Sunday as bit 6."""


@dataclass(frozen=True, slots=True)
class Concept:
    """A skill of the vocabulary. `labels` maps a language to its labels, the preferred one first."""

    id: str
    labels: Mapping[str, tuple[str, ...]]
    description: str | None = None
    broader: str | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldSkill:
    """A skill that a student has, at a level from 1 (initial) to 4 (advanced)."""

    id: str
    level: int
    evidence: Evidence = Evidence.DECLARED


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """A skill that an opportunity asks for or teaches, at a level from 1 to 4."""

    id: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `starts_on` to `ends_on`, both included, on some weekdays and parts of the day."""

    starts_on: date
    ends_on: date
    weekdays: int = ALL_WEEK
    parts: Parts = Parts.DAY


@dataclass(frozen=True, slots=True)
class Eligibility:
    """One way to be eligible: every filled field must hold; an empty field admits everybody."""

    school_kinds: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()
    programmes: frozenset[str] = frozenset()
    years: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Student:
    """What the engine knows of a student: no name, no address, nothing that scoring does not use.

    `programmes` holds the programme and everything above it in the programme tree. `max_km` is a
    limit on the road distance of the journey; None means no limit. Coordinates are those of the
    municipality, in degrees (WGS 84). Who knows travel times gives them as `minutes`, from the
    student's door to the point (latitude, longitude) of an opportunity: for these points `max_minutes`
    counts in place of `max_km`.
    """

    id: str
    latitude: float
    longitude: float
    max_km: float | None = None
    skills: tuple[HeldSkill, ...] = ()
    interests: tuple[str, ...] = ()
    free: tuple[Span, ...] = ()
    school_kind: str = ""
    sector: str = ""
    programmes: frozenset[str] = frozenset()
    year: int = 0
    born_on: date | None = None
    hours_owed: int = 0
    minutes: Mapping[tuple[float, float], float] = field(default_factory=dict)
    max_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Opportunity:
    """What the engine knows of an internship, a visit or a training path.

    `spans` are alternatives for an internship (periods) and a visit (sessions), and lessons that must
    all be attended for a training path. An opportunity without spans is open on any date. One without
    coordinates is online. `eligibility` holds alternatives; none means open to everybody. Age is
    judged on the first day of the span that the student would take. `answer_rate` is the share, 0 to 1,
    of those who asked the company before and had an answer in time; None when nobody has asked yet.
    """

    id: str
    kind: Kind
    latitude: float | None = None
    longitude: float | None = None
    spans: tuple[Span, ...] = ()
    required: tuple[SkillNeed, ...] = ()
    wanted: tuple[SkillNeed, ...] = ()
    taught: tuple[SkillNeed, ...] = ()
    eligibility: tuple[Eligibility, ...] = ()
    min_age: int | None = None
    max_age: int | None = None
    seats_free: int = 1
    hours: int = 0
    published_on: date | None = None
    closes_on: date | None = None
    answer_rate: float | None = None


class Chance(Protocol):
    """What tells how likely both sides say yes, out of the other parts; `matching.learn` makes one.

    `values` is an array (n, parts) in the order of `parts`, with NaN where a part does not apply; the
    answer has n values between 0 and 1, each the same whether its row comes alone or with others.
    """

    @property
    def version(self) -> str: ...

    @property
    def parts(self) -> tuple[str, ...]: ...

    def chance(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the score counts. Data with a version: a stored ranking can be replayed.

    `parts` holds the weights, `kinds` a factor on them for one kind of opportunity (1 where it is
    silent); `matching.score` says why the defaults are what they are. `attendance` is the least share
    of an internship's days on which the student must be free. With a `chance` there is one more part of
    that name, which counts as much as `parts` says.
    """

    version: str = "2026-11b"
    parts: Mapping[str, float] = field(
        default_factory=lambda: {
            "skills": 0.32,
            "challenge": 0.05,
            "learning": 0.15,
            "interest": 0.15,
            "travel": 0.13,
            "calendar": 0.08,
            "programme": 0.05,
            "hours": 0.03,
            "freshness": 0.02,
            "answers": 0.02,
        }
    )
    kinds: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: {
            "visit": {"skills": 0.25, "challenge": 0.0, "learning": 1.5, "interest": 2.0},
            "training": {"skills": 0.5, "learning": 2.5},
        }
    )
    attendance: float = 0.75
    chance: Chance | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an opportunity fits, or what is missing, as a code with its values; `matching.explain` puts it into words."""

    code: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)


Why: TypeAlias = tuple[tuple[Reason, ...], Reason | None]
"""Reasons and gap."""


@dataclass(frozen=True)
class Ranked:
    """One line of a ranking: `parts` maps each part's name to 0..1; `score` is their weighted mean.

    Examples
    --------
    >>> line = Ranked.explained_by(lambda: ((Reason("online"),), None), "firm", 0.7, {}, None, None)
    >>> line.reasons
    (Reason(code='online', values={}),)
    """

    id: str
    score: float
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...] = field(default_factory=tuple)
    gap: Reason | None = field(default_factory=lambda: None)
    travel_km: float | None = None
    travel_minutes: float | None = None

    @classmethod
    def explained_by(
        cls,
        why: Callable[[], Why],
        id: str,  # noqa: A002 - as the field is called
        score: float,
        parts: Mapping[str, float],
        travel_km: float | None,
        travel_minutes: float | None,
    ) -> Self:
        """A line whose reasons and gap are worked out when one of them is first read: many never are."""
        self = cls.__new__(cls)
        self.__dict__.update(
            id=id, score=score, parts=parts, travel_km=travel_km, travel_minutes=travel_minutes, _why=why
        )
        return self

    if not TYPE_CHECKING:  # only what is not there is asked for here: to a type checker it is always there

        def __getattr__(self, name: str) -> Any:
            known = self.__dict__
            why = known.get("_why")
            if name in ("reasons", "gap") and why is not None:
                known["reasons"], known["gap"] = why()
                known["_why"] = None  # and with it the index that it looked at
            if name not in known:
                raise AttributeError(name)
            return known[name]

    def __getstate__(self) -> dict[str, Any]:
        """All fields, for another process."""
        return {one.name: getattr(self, one.name) for one in fields(self)}
