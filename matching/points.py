"""The points at which a layout's rows lie, sorted so that what is near is found without looking at the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from matching.location import EARTH_KM, ROAD_FACTOR, Floats, road_km
from matching.profile import Ints
from matching.spans import Bools
from matching.table import KINDS, Array, Table, ragged
from matching.types import Kind, Student

STRIP: Final = 0.1
"""Height in degrees of the strips of latitude that points are sorted by: about 11 km."""

STRIPS: Final = 2048
"""Strips of one kind in a point's key; strip 0 is online."""

EAST_BITS: Final = 32
EAST: Final = (2**EAST_BITS - 1) / 360.0
"""Steps in a point's key for each degree of longitude."""

CACHE_BYTES: Final = 32 * 2**20
"""Room for the neighbourhoods that students of one town share."""


class Ways(NamedTuple):
    """Journeys to some rows: kilometres, 0 online, and minutes, NaN where they are not known."""

    km: Floats
    minutes: Floats | None

    def take(self, places: Ints | Bools) -> Ways:
        """Some of them."""
        return Ways(self.km[places], None if self.minutes is None else self.minutes[places])


class Points:
    """The runs of rows at one point: by kind, strip of latitude and longitude, each kind's online rows first."""

    laid: Final = ("of_row", "keys", "first", "is_online", "latitude", "longitude")
    """The columns, none of which is the table's."""

    def __init__(self, bounds: list[int], laid: Mapping[str, Array]) -> None:
        self.bounds = bounds
        self.of_row, self.keys, self.first = laid["of_row"], laid["keys"], laid["first"]
        self.is_online, self.latitude, self.longitude = (
            laid["is_online"],
            laid["latitude"],
            laid["longitude"],
        )
        self._neighbourhood = lru_cache(_room(len(self.of_row)))(self._neighbourhood_of)
        self._near = lru_cache(_room(len(self.keys)))(self._near_of)

    @staticmethod
    def lay(table: Table, size: int, keys: Ints) -> dict[str, Array]:
        """The columns for the first `size` rows of a table, which are sorted by `keys`."""
        latitude, longitude = table.latitude[:size], table.longitude[:size]
        is_online = _strip(keys) == 0
        is_new = np.ones(size, np.bool_)
        moved = (latitude[1:] != latitude[:-1]) | (longitude[1:] != longitude[:-1])
        is_new[1:] = (keys[1:] != keys[:-1]) | (moved & ~is_online[1:])
        firsts = np.flatnonzero(is_new)
        return {
            "of_row": (np.cumsum(is_new) - 1).astype(np.int32),
            "keys": keys[firsts],
            "first": np.append(firsts, size),
            "is_online": is_online[firsts],
            "latitude": np.where(is_online[firsts], 0.0, latitude[firsts]),
            "longitude": np.where(is_online[firsts], 0.0, longitude[firsts]),
        }

    def within_reach(self, student: Student, kind: Kind | None) -> tuple[Ints, Ways | None]:
        """The rows that are not too far away, ascending, with the ways where they were needed to tell."""
        kinds = _kinds(kind)
        if student.minutes:
            rows = np.arange(self.bounds[kinds[0]], self.bounds[kinds[-1] + 1])
            ways = self.ways(student, rows)
            near = ~self._is_too_far(student, self.of_row[rows], ways)
            return rows[near], ways.take(near)
        if student.max_km is None:
            return np.arange(self.bounds[kinds[0]], self.bounds[kinds[-1] + 1]), None
        rows, km = self._neighbourhood(student.latitude, student.longitude, student.max_km, kinds)
        return rows, Ways(km, None)

    def points_within_reach(self, student: Student, kind: Kind | None) -> tuple[Ints, Ways]:
        """The same by point: those that are not too far away, ascending, and the ways there."""
        kinds = _kinds(kind)
        if student.max_km is not None and not student.minutes:
            points, km = self._near(student.latitude, student.longitude, student.max_km, kinds)
            return points, Ways(km, None)
        first, behind = np.searchsorted(self.first, (self.bounds[kinds[0]], self.bounds[kinds[-1] + 1]))
        points = np.arange(first, behind)
        ways = self._ways(student, points)
        near = ~self._is_too_far(student, points, ways)
        return points[near], ways.take(near)

    def ways(self, student: Student, rows: Ints) -> Ways:
        """The journeys to some rows."""
        points: Ints = self.of_row[rows]
        if len(rows) > len(self.keys):
            return self._ways(student, np.arange(len(self.keys))).take(points)
        return self._ways(student, points)

    def _ways(self, student: Student, points: Ints) -> Ways:
        """The journeys to some points."""
        km = self._kilometres(student.latitude, student.longitude, points)
        minutes = None
        if student.minutes:
            known = self._points_at
            minutes = np.full(len(self.keys), np.nan)
            for place, value in student.minutes.items():
                minutes[known.get(place, [])] = value
            minutes = minutes[points]
        return Ways(km, minutes)

    @cached_property
    def _points_at(self) -> dict[tuple[float, float], list[int]]:
        found: dict[tuple[float, float], list[int]] = {}
        for number in np.flatnonzero(~self.is_online).tolist():
            place = float(self.latitude[number]), float(self.longitude[number])
            found.setdefault(place, []).append(number)
        return found

    def _kilometres(self, latitude: float, longitude: float, points: Ints) -> Floats:
        km: Floats = road_km(latitude, longitude, self.latitude[points], self.longitude[points])
        km[self.is_online[points]] = 0.0
        return km

    def _is_too_far(self, student: Student, points: Ints, ways: Ways) -> Bools:
        by_km: Any = np.zeros(len(points), np.bool_)
        if student.max_km is not None:
            by_km = (ways.km > student.max_km) & ~self.is_online[points]
        if ways.minutes is None:
            return np.asarray(by_km)
        by_minutes = ways.minutes > (math.inf if student.max_minutes is None else student.max_minutes)
        return np.where(np.isnan(ways.minutes), by_km, by_minutes)

    def _neighbourhood_of(
        self, latitude: float, longitude: float, max_km: float, kinds: tuple[int, ...]
    ) -> tuple[Ints, Floats]:
        """Rows within a distance of a place, and what is online, with the kilometres."""
        points, km = self._near(latitude, longitude, max_km, kinds)
        counts = self.first[points + 1] - self.first[points]
        rows, _ = ragged(self.first[points], counts)
        return rows, np.repeat(km, counts)

    def _near_of(
        self, latitude: float, longitude: float, max_km: float, kinds: tuple[int, ...]
    ) -> tuple[Ints, Floats]:
        """The same by point."""
        points = self._points_about(latitude, longitude, max_km, kinds)
        km = self._kilometres(latitude, longitude, points)
        near = (km <= max_km) | self.is_online[points]
        return points[near], km[near]

    def _points_about(self, latitude: float, longitude: float, max_km: float, kinds: tuple[int, ...]) -> Ints:
        """The points in a box round a circle, and online: a few stretches of the sorted keys."""
        turn = max(max_km, 0.0) / (EARTH_KM * ROAD_FACTOR) * (1.0 + 1e-9) + 1e-9
        south, north = latitude - math.degrees(turn), latitude + math.degrees(turn)
        widest = 1.0  # sine of how far east the circle reaches; at a pole everywhere
        if turn < math.pi / 2 and south > -90.0 and north < 90.0:
            widest = math.sin(turn) / math.cos(math.radians(latitude))
        east = math.degrees(math.asin(widest)) if widest < 1.0 else 360.0
        west_end, east_end = longitude - east, longitude + east
        if west_end < -180.0 or east_end > 180.0:
            west_end, east_end = -180.0, 180.0
        first, last = (_strip_of(min(max(end, -90.0), 90.0)) for end in (south, north))
        low, high = (_east_of(min(max(end, -180.0), 180.0)) for end in (west_end, east_end))
        ends = []
        for kind in kinds:
            online = kind * STRIPS << EAST_BITS
            ends += [online, online + (1 << EAST_BITS)]
            for strip in range(first, last + 1):
                start = kind * STRIPS + strip << EAST_BITS
                ends += [start + low, start + high + 1]
        found = np.searchsorted(self.keys, ends).tolist()
        return np.concatenate([np.arange(*pair) for pair in zip(found[::2], found[1::2], strict=True)])


def _room(size: int) -> int:
    """How many neighbourhoods of so many lines at most are kept."""
    return max(8, min(1024, CACHE_BYTES // (16 * size + 1)))


def _kinds(kind: Kind | None) -> tuple[int, ...]:
    return tuple(range(len(KINDS))) if kind is None else (KINDS.index(kind),)


def point_keys(table: Table) -> Ints:
    """Kind, strip and longitude in one number to sort by."""
    online = np.isnan(table.latitude) | np.isnan(table.longitude)
    latitude, longitude = np.where(online, 0.0, table.latitude), np.where(online, 0.0, table.longitude)
    strip = np.where(online, 0, _strip_of(latitude))
    east = np.where(online, 0, _east_of(longitude))
    keys: Ints = (table.kind.astype(np.int64) * STRIPS + strip << EAST_BITS) + east
    return keys


def _strip(keys: Ints) -> Ints:
    return (keys >> EAST_BITS) % STRIPS


def _strip_of(latitude: Any) -> Any:
    """The strip of a latitude, 1 to 1801 from south to north; of a number or of each in an array."""
    return _whole((latitude + 90.0) / STRIP) + 1


def _east_of(longitude: Any) -> Any:
    """The steps east of the date line."""
    return _whole((longitude + 180.0) * EAST)


def _whole(number: Any) -> Any:
    return math.floor(number) if isinstance(number, float) else np.floor(number).astype(np.int64)
