"""The shipped outlines: whole, small, and where the towns are."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.places import gazetteer, outlines

STEPS = st.tuples(st.integers(-180 * outlines.GRID, 180 * outlines.GRID), st.integers(-90_000, 90_000))


@given(st.lists(STEPS, min_size=3, max_size=30))
def test_rings_read_back_as_written(steps: list[tuple[int, int]]) -> None:
    points = [(north / outlines.GRID, east / outlines.GRID) for north, east in steps]
    unlike = [
        point
        for before, point in pairwise([None, *points])
        if point != before and (before or point != (0, 0))
    ]
    assert outlines.decode(outlines.encode(points)) == unlike


def test_every_municipality_and_province_is_drawn() -> None:
    told = {province: json.loads(text) for province, (_, text) in outlines.provinces().items()}
    municipalities = gazetteer.read_municipalities()
    assert told.keys() == {each.province_code for each in municipalities}
    drawn = {
        istat: rings for province in told.values() for istat, rings in province["municipalities"].items()
    }
    assert drawn.keys() == {each.istat for each in municipalities}
    assert [
        istat for istat, rings in drawn.items() if min(len(outlines.decode(ring)) for ring in rings) < 3
    ] == []


def test_towns_lie_in_their_outlines() -> None:
    told = json.loads(outlines.provinces()["BO"][1])["municipalities"]
    for each in gazetteer.read_municipalities():
        if each.province_code == "BO":
            holders = [
                istat
                for istat, rings in told.items()
                if sum(is_inside(outlines.decode(ring), each.latitude, each.longitude) for ring in rings) % 2
            ]
            assert holders == [each.istat], each.name


def is_inside(ring: list[tuple[float, float]], latitude: float, longitude: float) -> bool:
    """Even-odd rule."""
    crossings = 0
    for (north, east), (other_north, other_east) in pairwise([*ring, ring[0]]):
        if (north > latitude) != (other_north > latitude):
            crossing = east + (latitude - north) / (other_north - north) * (other_east - east)
            crossings += crossing > longitude
    return crossings % 2 == 1


@pytest.mark.parametrize("region_code", ["01", "03", "08"])
def test_a_region_is_small_to_send(region_code: str) -> None:
    provinces = {
        each.province_code for each in gazetteer.read_municipalities() if each.region_code == region_code
    }
    sizes = [len(gzip.compress(outlines.provinces()[province][1], 9)) for province in provinces]
    assert sum(sizes) < 150_000
