"""Place: how far the journey is by road, estimated from two points, and what that leaves of the score."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.types import Opportunity, Student

EARTH_KM: Final = 6371.0088
"""Mean radius of the Earth (IUGG)."""

ROAD_FACTOR: Final = 1.3
"""Road kilometres per straight kilometre. Studies of national road networks find 1.2 to 1.4 (circuity;
Ballou, Rahardja and Sakai 2002, Transportation Research A 36(9); Boscoe, Henry and Zdeb 2012, The
Professional Geographer 64(2)). Recalled from that literature and rounded: hills and rivers need more."""

AT_LIMIT: Final = 0.1
"""What is left of the travel part at the student's limit."""

USUAL_KM: Final = 50.0
"""The limit that scales the travel part for a student who gave none; it hides nothing."""

USUAL_MINUTES: Final = 75.0
"""The same in minutes: 50 km at the pace of a school day's mixture of bus and train, about 40 km/h."""

Floats = npt.NDArray[np.float64]


def road_km(latitude: float, longitude: float, latitudes: Any, longitudes: Any) -> Any:
    """Kilometres by road from one point to others: great circle (haversine) times `ROAD_FACTOR`.

    Parameters
    ----------
    latitude, longitude
        Degrees, WGS 84.
    latitudes, longitudes
        Degrees: numbers or arrays of one shape, which is the shape of the result. Numbers and arrays
        go through the same operations, so they agree to the last bit.

    Examples
    --------
    >>> round(float(road_km(44.4949, 11.3426, 44.3533, 11.7143)), 1)  # Bologna to Imola
    43.5
    """
    there = np.radians(latitudes)
    half_north = np.sin((there - np.radians(latitude)) / 2.0)
    half_east = np.sin((np.radians(longitudes) - np.radians(longitude)) / 2.0)
    chord = half_north * half_north + np.cos(there) * np.cos(np.radians(latitude)) * half_east * half_east
    return 2.0 * EARTH_KM * ROAD_FACTOR * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))


def travel_km(student: Student, opportunity: Opportunity) -> float | None:
    """Road kilometres from the student's municipality, or None when the opportunity is online."""
    if opportunity.latitude is None or opportunity.longitude is None:
        return None
    there = (opportunity.latitude, opportunity.longitude)
    return float(road_km(student.latitude, student.longitude, *there))


def travel_minutes(student: Student, opportunity: Opportunity) -> float | None:
    """Minutes from the student's door, where the student's table has the place; None elsewhere and online."""
    if opportunity.latitude is None or opportunity.longitude is None:
        return None
    return student.minutes.get((opportunity.latitude, opportunity.longitude))


def is_too_far(student: Student, km: float | None, minutes: float | None) -> bool:
    """Whether a journey is beyond the student's limit: that of minutes where they are known."""
    if minutes is not None:
        return student.max_minutes is not None and minutes > student.max_minutes
    return km is not None and student.max_km is not None and km > student.max_km


def travel_part(way: Any, limit: float | None, usual: float = USUAL_KM) -> Any:
    """The travel part of the score: 1 at the door, falling straight to `AT_LIMIT` at the limit.

    Parameters
    ----------
    way
        Kilometres or minutes, a number or an array; 0 for an online opportunity.
    limit
        The student's limit in the same unit. None scales by `usual` and reaches 0 a little behind it.

    Examples
    --------
    >>> float(travel_part(0.0, 30.0)), float(travel_part(15.0, 30.0)), float(travel_part(90.0, None))
    (1.0, 0.55, 0.0)
    """
    scale = usual if limit is None else limit
    if scale <= 0.0:
        return np.where(np.asarray(way) <= 0.0, 1.0, 0.0)
    return np.maximum(1.0 - (1.0 - AT_LIMIT) * way / scale, 0.0)
