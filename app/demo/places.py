"""Where people live and companies stand: near a school, the more the larger the place is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.demo.chance import Chance
from app.demo.territory import Territory
from app.places.models import Municipality

KM_PER_DEGREE = 111.2


class Place(NamedTuple):
    """A municipality."""

    istat: str
    name: str
    province: str
    cadastral: str
    latitude: float
    longitude: float
    population: int


class Atlas:
    """The municipalities, and draws among those around one."""

    def __init__(self, places: Sequence[Place], territory: Territory) -> None:
        self.by_istat = {place.istat: place for place in places}
        self.by_cadastral = {place.cadastral: place for place in places}
        self._numbers = territory.numbers["geography"]
        self._districts = territory.districts
        self._provinces = {*territory.provinces, *territory.wider}
        self._homes: dict[str, tuple[list[str], list[float]]] = {}
        self._industry: dict[str, tuple[list[str], list[float]]] = {}

    def home(self, chance: Chance, centre: str) -> str:
        """Where a student of a school in `centre` lives (ISTAT codes)."""
        if centre not in self._homes:
            numbers = self._numbers
            self._homes[centre] = self._around(centre, numbers["home_km"], numbers["home_reach_km"], 1.0, {})
        places, weights = self._homes[centre]
        return chance.choices(places, cum_weights=weights)[0]

    def industry(self, chance: Chance, centre: str) -> str:
        """Where a company stands that students of a school in `centre` can reach (ISTAT codes)."""
        if centre not in self._industry:
            numbers = self._numbers
            boosts = dict.fromkeys(self._districts, float(numbers["district_boost"]))
            self._industry[centre] = self._around(
                centre, numbers["company_km"], numbers["company_reach_km"], numbers["crowding"], boosts
            )
        places, weights = self._industry[centre]
        return chance.choices(places, cum_weights=weights)[0]

    def kilometres(self, one: str, other: str) -> float:
        """Straight distance; good to a percent at the distances of a province."""
        here, there = self.by_istat[one], self.by_istat[other]
        north = there.latitude - here.latitude
        east = (there.longitude - here.longitude) * math.cos(math.radians(here.latitude))
        return KM_PER_DEGREE * math.hypot(north, east)

    def _around(
        self, centre: str, scale: float, reach: float, power: float, boosts: Mapping[str, float]
    ) -> tuple[list[str], list[float]]:
        """Municipalities within reach and their cumulated weights: people, thinned out with the distance, in the territory."""
        found = {
            istat: place.population**power * boosts.get(istat, 1.0) * math.exp(-distance / scale)
            for istat, place in self.by_istat.items()
            if (place.province in self._provinces or istat == centre)
            and (distance := self.kilometres(centre, istat)) <= reach
        }
        return list(found), list(accumulate(found.values()))


def read_atlas(session: Session, territory: Territory) -> Atlas:
    """All municipalities, by ISTAT code."""
    columns = (
        Municipality.istat, Municipality.name, Municipality.province_code, Municipality.cadastral,
        Municipality.latitude, Municipality.longitude, Municipality.population,
    )  # fmt: skip
    rows = session.execute(sa.select(*columns).order_by(Municipality.istat))
    return Atlas([Place(*row) for row in rows], territory)
