"""Who works with whom as a picture: schools on the left, hosts on the right, a line for each pair. Beside it stands a table.

Each host stands as near as may be to the middle of its schools, and each school to that of its hosts: the barycentre
heuristic for crossings in layered drawings (Sugiyama, Tagawa, Toda 1981), a fixed number of times, ties by name. The same
pairs always make the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from app.actors.rules import NamedTie

WIDTH = 360
ROW = 16
TOP = 12
LEFT, RIGHT = 128, 232
ROUNDS = 8
MOST_PAIRS = 600
_CHARACTERS = 21
"""Letters of a name that fit beside the lines."""


class Dot(NamedTuple):
    """An actor: where its dot is, its name as far as there is room, and all of it."""

    id: UUID
    x: float
    y: float
    text: str
    name: str
    is_school: bool


class Bond(NamedTuple):
    """A line between two dots; `ways` (1 to 3) is how thick it is, 0 for those who have only signed a protocol."""

    y1: float
    y2: float
    ways: int


class Drawing(NamedTuple):
    """A picture `WIDTH` units wide; `left_out` pairs have no line because there are too many."""

    dots: tuple[Dot, ...]
    bonds: tuple[Bond, ...]
    height: float
    left_out: int


def draw(ties: Sequence[NamedTie]) -> Drawing:
    """The picture of these pairs, the strongest `MOST_PAIRS` of them; `ties` come strongest first."""
    shown = ties[:MOST_PAIRS]
    schools = {one.tie.school_id: one.school for one in shown}
    hosts = {one.tie.company_id: one.company for one in shown}
    of_school: dict[UUID, list[UUID]] = defaultdict(list)
    of_host: dict[UUID, list[UUID]] = defaultdict(list)
    for one in shown:
        of_school[one.tie.school_id].append(one.tie.company_id)
        of_host[one.tie.company_id].append(one.tie.school_id)
    left = sorted(schools, key=lambda one: (-len(of_school[one]), schools[one], one))
    right = sorted(hosts, key=lambda one: (hosts[one], one))
    for _ in range(ROUNDS):
        right = _near(right, of_host, left, hosts)
        left = _near(left, of_school, right, schools)
    rows = max(len(left), len(right))
    places = {**_places(left, rows), **_places(right, rows)}
    return Drawing(
        tuple(_dot(one, places, schools, is_school=True) for one in left)
        + tuple(_dot(one, places, hosts, is_school=False) for one in right),
        tuple(
            Bond(places[one.tie.school_id], places[one.tie.company_id], one.tie.strength[0]) for one in shown
        ),
        rows * ROW + TOP,
        len(ties) - len(shown),
    )


def _near(
    side: Sequence[UUID],
    others: Mapping[UUID, Sequence[UUID]],
    opposite: Sequence[UUID],
    names: Mapping[UUID, str],
) -> list[UUID]:
    """One side by the middle of those whom each is tied to."""
    number = {one: place for place, one in enumerate(opposite)}

    def middle(one: UUID) -> tuple[float, str, UUID]:
        tied = others[one]
        return sum(number[other] for other in tied) / len(tied), names[one], one

    return sorted(side, key=middle)


def _places(side: Sequence[UUID], rows: int) -> dict[UUID, float]:
    """Heights, evenly over the whole picture."""
    step = rows * ROW / max(len(side), 1)
    return {one: round(TOP + step * (number + 0.5) - ROW / 2, 1) for number, one in enumerate(side)}


def _dot(one: UUID, places: Mapping[UUID, float], names: Mapping[UUID, str], *, is_school: bool) -> Dot:
    name = names[one]
    text = name if len(name) <= _CHARACTERS else name[: _CHARACTERS - 1].rstrip() + "…"
    return Dot(one, LEFT if is_school else RIGHT, places[one], text, name, is_school)
