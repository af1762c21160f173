"""Protocols of a territory as a page: who has signed what, how far each is with its commitment, and a form for a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import ValidationError
from starlette.responses import Response

from app.actors import service_protocols
from app.actors.rules import NetworkActor
from app.actors.schemas import ProtocolIn
from app.actors.service_protocols import UnfitProtocol
from app.web import actor_words
from app.web.areas import territories_of
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

ROWS = 8
"""Parties of the form; more of them come over the API."""
Texts = Annotated[list[Annotated[str, Form(max_length=400)]], Form(max_length=ROWS)]
Text = Annotated[str, Form(max_length=200)]


class PartyRow(NamedTuple):
    """A row of the form as it was written."""

    actor: str = ""
    pledge: str = ""
    per_year: str = ""
    words: str = ""


@router.get("/coordination/protocols")
def choose_protocols(view: InView) -> Response:
    """Go to the protocols of one's territory, or choose which."""
    found = territories_of(view)
    if len(found) == 1:
        return view.go(f"/territories/{found[0].id}/protocols")
    return view.show("coordinator/areas_of.html", territories=found, page="protocols")


@router.get("/territories/{territory_id}/protocols")
def show_protocols(view: InView, territory_id: UUID) -> Response:
    """What actors have signed, the newest first."""
    return _show(view, territory_id)


def _show(
    view: View, territory_id: UUID, *, written: dict[str, Any] | None = None, rows: Sequence[PartyRow] = (), wrong: Sequence[str] = (),
) -> Response:  # fmt: skip
    with view.read() as (session, actor):
        found, directory = service_protocols.search(session, actor, territory_id, now=view.now())
    return view.show(
        "coordinator/protocols.html",
        status=422 if wrong else 200,
        territory_id=territory_id,
        protocols=found,
        names=[_label(one) for one in directory.actors],
        today=view.now().date(),
        written=written or dict.fromkeys(actor_words.PROTOCOL_FIELDS, ""),
        rows=[*rows, *[PartyRow()] * (ROWS - len(rows))],
        wrong=[name for name in actor_words.PROTOCOL_FIELDS if name in wrong],
        actor_words=actor_words,
    )


def _label(one: NetworkActor) -> str:
    """How the form names an actor: two may have one name, rarely in one place."""
    return f"{one.name}, {one.municipality}" if one.municipality else one.name


@router.post("/territories/{territory_id}/protocols")
def create_protocol(
    view: InView,
    territory_id: UUID,
    actors: Texts,
    pledges: Texts,
    per_year: Texts,
    words: Texts,
    title: Text = "",
    document_number: Text = "",
    signed_on: Text = "",
    valid_until: Text = "",
) -> Response:
    """Add one; what cannot be comes back as it was written."""
    rows = [PartyRow(*map(str.strip, row)) for row in zip(actors, pledges, per_year, words, strict=False)]
    written = {
        "title": title.strip(), "document_number": document_number.strip(), "signed_on": signed_on.strip(),
        "valid_until": valid_until.strip(),
    }  # fmt: skip
    with view.read() as (session, actor):
        _, directory = service_protocols.search(session, actor, territory_id, now=view.now())
    # By name, as the list offers it, or by id, as addresses have it.
    ids = {text: one.id for one in directory.actors for text in (_label(one), str(one.id))}
    filled = [row for row in rows if any(row)]
    try:
        body = ProtocolIn.model_validate(
            {name: text or None for name, text in written.items()}
            | {"parties": [_party(row, ids) for row in filled]}
        )
        with view.write() as (session, actor):
            service_protocols.create(session, actor, territory_id, body.model_dump(), now=view.now())
    except ValidationError as error:
        wrong = [str(one["loc"][0]) for one in error.errors()]
    except UnfitProtocol as refusal:
        wrong = [str(one["field"]).partition(".")[0] for one in refusal.faults]
    else:
        return view.go(f"/territories/{territory_id}/protocols#protocols")
    return _show(view, territory_id, written=written, rows=filled, wrong=wrong)


def _party(row: PartyRow, ids: dict[str, UUID]) -> dict[str, Any]:
    return {
        "actor_id": ids.get(row.actor), "pledge": row.pledge or None, "per_year": row.per_year or None, "words": row.words,
    }  # fmt: skip


@router.post("/territories/{territory_id}/protocols/{protocol_id}/remove")
def remove_protocol(view: InView, territory_id: UUID, protocol_id: UUID) -> Response:
    """Remove one."""
    with view.write() as (session, actor):
        row = service_protocols.for_change(session, actor, territory_id, protocol_id)
        service_protocols.remove(session, actor, row)
    return view.go(f"/territories/{territory_id}/protocols#protocols")
