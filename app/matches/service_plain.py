"""The list of somebody who does not want to be ranked: by distance, then by day, and nothing is computed about them.

The rules still hold, for they say what cannot be: a wrong year, too far, not free. Nothing else of the profile counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from app import errors
from app.matches.engine import Engine, Known, State
from app.opportunities.models import Kind
from app.rest import encode_cursor
from matching import Kind as EngineKind
from matching.location import travel_km
from matching.rules import hidden_by

ALGORITHM = "distance-1"
ONLINE_KM = 100_000.0
"""What takes place nowhere stands behind everything that has a place."""


class RankingOff(errors.Conflict):
    """The student, or the school, has switched the ranking off."""

    title = "The student is not ranked"


def require_ranked(known: Known) -> None:
    """Refuse what would compute something about a student who is not ranked. Raises RankingOff."""
    if not known.profile.is_ranked:
        raise RankingOff("Ranking has been switched off for this student.")


class _Line(NamedTuple):
    km: float
    place: str
    card: dict[str, Any]


def page(
    engine: Engine,
    state: State,
    known: Known,
    *,
    kind: Kind | None,
    limit: int,
    after: tuple[float, str] | None,
    among: Collection[str] | None = None,
) -> dict[str, Any]:
    """A page of the list, in the shape of a ranking without scores, parts and reasons."""
    lines = sorted(_lines(state, known, kind, None if among is None else set(among)))
    found = [line for line in lines if after is None or (line.km, line.place) > tuple(after)][: limit + 1]
    items: list[dict[str, Any]] = [
        {
            "opportunity": line.card,
            "score": None,
            "parts": {},
            "reasons": [],
            "gap": None,
            "travel_km": None if line.km == ONLINE_KM else round(line.km, 1),
        }
        for line in found[:limit]
    ]
    following = encode_cursor(found[limit - 1].km, found[limit - 1].place) if len(found) > limit else None
    return {"items": items, "next_cursor": following} | making(engine)


def _lines(state: State, known: Known, kind: Kind | None, among: set[str] | None) -> Iterator[_Line]:
    wanted = EngineKind(kind) if kind else None
    for one in state.index:
        card = state.cards.get(one.id)
        if card is None or wanted not in (None, one.kind) or (among is not None and one.id not in among):
            continue
        if hidden_by(known.student, one, state.index.on, state.index.weights.attendance) is None:
            km = travel_km(known.student, one)
            day = min((str(span["starts_on"]) for span in card["spans"]), default="9999")
            yield _Line(ONLINE_KM if km is None else km, f"{day} {one.id}", card)


def making(engine: Engine) -> dict[str, Any]:
    """How the list was made: nothing weighs anything."""
    made = engine.making()
    nothing: dict[str, Any] = {
        kind: dict.fromkeys(parts, 0.0) if isinstance(parts, dict) else "none"
        for kind, parts in made["weights"].items()
    }
    return made | {"algorithm": ALGORITHM, "weights": nothing, "seed": 0}
