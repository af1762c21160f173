from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.location import AT_LIMIT, ROAD_FACTOR, USUAL_KM, road_km, travel_km, travel_part
from matching.types import Kind, Opportunity, Student
from tests.matching.strategies import steady

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


def test_road_km_is_the_great_circle_times_the_road_factor():
    quarter = float(road_km(0.0, 0.0, 0.0, 90.0)) / ROAD_FACTOR
    assert quarter == pytest.approx(10_007.557, abs=0.01)
    assert float(road_km(0.0, 0.0, 0.0, 180.0)) == pytest.approx(2 * quarter * ROAD_FACTOR)
    assert float(road_km(44.5, 11.3, 44.5, 11.3)) == 0.0


def test_road_km_bears_rounding_at_the_other_end_of_the_world():
    """Here the haversine comes out a little above 1."""
    north, east = 15.165322734635808, -17.243681247400474
    assert float(road_km(north, east, -north, 162.75631875259953)) == pytest.approx(20_015.115 * ROAD_FACTOR)


@steady
@given(latitudes, longitudes, st.lists(st.tuples(latitudes, longitudes), min_size=1, max_size=9))
def test_road_km_is_the_same_for_arrays_and_numbers(latitude, longitude, points):
    norths, easts = np.array(points).T.copy()
    together = road_km(latitude, longitude, norths, easts)
    assert together.tolist() == [float(road_km(latitude, longitude, *point)) for point in points]


def test_travel_km_is_none_online():
    student = Student("s", 44.4949, 11.3426)
    assert travel_km(student, Opportunity("o", Kind.VISIT)) is None
    assert travel_km(student, Opportunity("o", Kind.VISIT, 44.4, None)) is None
    assert travel_km(student, Opportunity("o", Kind.VISIT, 44.3533, 11.7143)) == pytest.approx(43.5, abs=0.1)


@pytest.mark.parametrize(
    ("km", "max_km", "part"),
    [
        (0.0, 30.0, 1.0),
        (15.0, 30.0, 0.55),
        (30.0, 30.0, AT_LIMIT),
        (60.0, 30.0, 0.0),
        (0.0, None, 1.0),
        (USUAL_KM, None, AT_LIMIT),
        (500.0, None, 0.0),
        (0.0, 0.0, 1.0),
        (1.0, 0.0, 0.0),
    ],
)
def test_travel_part_falls_to_the_limit(km, max_km, part):
    assert float(travel_part(km, max_km)) == pytest.approx(part)
    assert travel_part(np.array([km]), max_km).tolist() == [float(travel_part(km, max_km))]
