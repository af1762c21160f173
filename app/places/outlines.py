"""Outlines of provinces and municipalities, for maps that ask nobody else. Source and limits: `data/README.md`.

A ring is written as in Google's encoded polyline format, on a grid of `GRID` steps to the degree; several rings stand
with a blank between them, and where they overlap the inner one is a hole. The last point is not repeated.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache

from app.places import gazetteer

FILE = gazetteer.DATA / "outlines.csv"
COLUMNS = ("code", "rings")
GRID = 2000
"""Steps to the degree: some 50 m."""


def encode(points: Iterable[tuple[float, float]]) -> str:
    """A ring of (latitude, longitude) in degrees."""
    written, before = [], (0, 0)
    for point in points:
        here = (round(point[0] * GRID), round(point[1] * GRID))
        if here != before:
            written += [_signs(here[0] - before[0]), _signs(here[1] - before[1])]
        before = here
    return "".join(written)


def _signs(step: int) -> str:
    rest, signs = (step << 1) ^ (step >> 63), []
    while rest >= 32:
        signs.append(chr((32 | rest & 31) + 63))
        rest >>= 5
    return "".join([*signs, chr(rest + 63)])


def decode(ring: str) -> list[tuple[float, float]]:
    """The points of a ring, (latitude, longitude) in degrees.

    >>> decode(encode([(44.494, 11.343), (44.5, 11.4), (44.4, 11.4)]))
    [(44.494, 11.343), (44.5, 11.4), (44.4, 11.4)]
    """
    steps, rest, shift = [], 0, 0
    for sign in ring:
        chunk = ord(sign) - 63
        rest |= (chunk & 31) << shift
        shift += 5
        if chunk < 32:
            steps.append(rest >> 1 ^ -(rest & 1))
            rest, shift = 0, 0
    points, latitude, longitude = [], 0, 0
    for north, east in zip(steps[::2], steps[1::2], strict=True):
        latitude, longitude = latitude + north, longitude + east
        points.append((latitude / GRID, longitude / GRID))
    return points


@cache
def provinces() -> dict[str, tuple[str, bytes]]:
    """Province code → (tag, JSON text) of its outline and of its municipalities'; the tag changes with the text."""
    province_of = {each.istat: each.province_code for each in gazetteer.read_municipalities()}
    shapes: dict[str, dict[str, Sequence[str]]] = {}
    with FILE.open(encoding="ascii", newline="") as file:
        rows = csv.reader(file, quoting=csv.QUOTE_NONE)
        if tuple(next(rows, ())) != COLUMNS:
            raise gazetteer.GazetteerError(f"{FILE.name}, row 1: the columns must be {', '.join(COLUMNS)}")
        for code, rings in rows:
            shapes.setdefault(province_of.get(code, code), {})[code] = rings.split(" ")
    told = {}
    for province, rings_of in shapes.items():
        own = rings_of.pop(province)
        body = {"grid": GRID, "province": province, "outline": own, "municipalities": rings_of}
        text = json.dumps(body, separators=(",", ":")).encode()
        told[province] = (hashlib.sha256(text).hexdigest()[:16], text)
    return told
