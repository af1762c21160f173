"""A world whose no-shows are known, to see whether those foretold are right."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from matching.attendance import Expected, Past


@dataclass
class Season:
    """A world in which schools, weekdays and lead time matter, and classes are ill together."""

    chance: np.random.Generator

    def __post_init__(self) -> None:
        self.schools = {f"school {number}": self.chance.normal(0, 0.5) for number in range(12)}
        self.weekdays = self.chance.normal(0, 0.3, 5)
        self.base = self.chance.normal(-1.8, 0.4)

    def booking(self, *, is_group: bool | None = None) -> Expected:
        group = bool(self.chance.random() < 0.2) if is_group is None else is_group
        return Expected(
            people=int(self.chance.integers(12, 28)) if group else 1, is_group=group,
            lead_days=float(self.chance.exponential(14)), weekday=int(self.chance.integers(5)),
            part=str(self.chance.choice(["morning", "afternoon"])), school=str(self.chance.choice(list(self.schools))),
        )  # fmt: skip

    def comes(self, one: Expected) -> int:
        logit = self.base + self.schools[one.school] + self.weekdays[one.weekday] - 0.7 * one.is_group
        if self.chance.random() < expit(logit + 0.35 * (np.log1p(one.lead_days) - 2)):
            return 0
        if not one.is_group:
            return 1
        return one.people - int(self.chance.binomial(one.people, self.chance.beta(1.2, 22)))

    def past(self, number: int) -> list[Past]:
        return [Past(one, self.comes(one)) for one in (self.booking() for _ in range(number))]

    def session(self) -> list[Expected]:
        moment = self.booking()
        booked = [replace(self.booking(), weekday=moment.weekday, part=moment.part) for _ in range(25)]
        return [*booked, *(replace(self.booking(is_group=True), weekday=moment.weekday) for _ in range(2))]
