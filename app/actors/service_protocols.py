"""What actors of a territory have signed together, and how far each is with what it has committed itself to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import errors
from app.actors import service, service_areas
from app.actors.models import Pledge, Protocol, ProtocolParty
from app.actors.rules import ActorKind, NetworkActor
from app.actors.service import Directory
from app.auth.actors import Actor
from app.auth.models import Territory
from app.events import service as events

MOST_PROTOCOLS = 200
"""Of one territory."""


class NoSuchProtocol(errors.NotFound):
    """No protocol of the territory has this id."""

    title = "No such protocol"


class TooManyProtocols(errors.Conflict):
    """The territory has as many protocols as there may be."""

    title = "Too many protocols"


class UnfitProtocol(errors.Invalid):
    """Days that are not in order, a party that is no actor of the territory, or a commitment that is not whole."""

    title = "The protocol is not valid"


@dataclass(frozen=True, slots=True)
class Signed:
    """A party, and what it has done of its commitment in the school year; None where nothing counts it.

    Placements are students as `told`: 0 may be fewer than five.
    """

    actor: NetworkActor
    pledge: Pledge | None
    per_year: int | None
    words: str
    done: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A protocol with its parties by name. Who is no actor of the territory any more is left out."""

    protocol: Protocol
    parties: Sequence[Signed]


def search(
    session: Session, actor: Actor, territory_id: UUID, *, now: datetime
) -> tuple[list[Shown], Directory]:
    """All protocols of a territory, the newest first, and the directory. Raises NoSuchTerritory, NotYourAreas."""
    service_areas.require(session, actor, territory_id, "network:read")
    found = session.scalars(
        sa.select(Protocol)
        .where(Protocol.territory_id == territory_id)
        .order_by(Protocol.signed_on.desc(), Protocol.title, Protocol.id)
    ).all()
    directory = service.read(session, actor, start_year=None, now=now)
    return show(session, found, directory), directory


def show(session: Session, protocols: Sequence[Protocol], directory: Directory) -> list[Shown]:
    """Protocols with their parties. One query."""
    by_id, parties = directory.by_id(), defaultdict(list)
    for one in session.scalars(
        sa.select(ProtocolParty).where(ProtocolParty.protocol_id.in_([each.id for each in protocols]))
    ):
        found = by_id.get(one.school_id or one.company_id or one.id)
        if found is not None:
            done = progress(found, directory, one.pledge)
            parties[one.protocol_id].append(Signed(found, one.pledge, one.per_year, one.words, done))
    return [
        Shown(one, sorted(parties[one.id], key=lambda each: (each.actor.name.casefold(), each.actor.id)))
        for one in protocols
    ]


def progress(one: NetworkActor, directory: Directory, pledge: Pledge | None) -> int | None:
    """How much of a commitment has really happened this school year."""
    if pledge is Pledge.VISITS:
        return one.visits
    if pledge is Pledge.PLACEMENTS:
        return one.placements
    return directory.activity.seats.get(one.id, 0) if pledge is Pledge.SEATS else None


def create(
    session: Session, actor: Actor, territory_id: UUID, values: Mapping[str, Any], *, now: datetime
) -> Protocol:
    """Add a protocol. Raises as `search` does, UnfitProtocol, TooManyProtocols."""
    territory = _lock(session, actor, territory_id)
    present = sa.select(sa.func.count()).where(Protocol.territory_id == territory_id)
    if (session.scalar(present) or 0) >= MOST_PROTOCOLS:
        raise TooManyProtocols(
            f"There are at most {MOST_PROTOCOLS} protocols of a territory: remove old ones."
        )
    row = Protocol(territory_id=territory.id, created_at=now.astimezone(UTC), created_by=actor.mark)
    _fill(session, actor, row, values, now)
    events.record(session, actor, "protocol.created", row.id)
    return row


def for_change(session: Session, actor: Actor, territory_id: UUID, protocol_id: UUID) -> Protocol:
    """A protocol, with its territory locked. Raises as `search` does, and NoSuchProtocol."""
    _lock(session, actor, territory_id)
    row = session.get(Protocol, protocol_id)
    if row is None or row.territory_id != territory_id:
        raise NoSuchProtocol
    return row


def edit(
    session: Session, actor: Actor, row: Protocol, changes: Mapping[str, Any], *, now: datetime
) -> Protocol:
    """Change a protocol that `for_change` has given; parties that are sent replace those there are. Raises UnfitProtocol."""
    _fill(session, actor, row, changes, now)
    events.record(session, actor, "protocol.edited", row.id, {"fields": sorted(changes)})
    return row


def remove(session: Session, actor: Actor, row: Protocol) -> None:
    """Remove a protocol that `for_change` has given."""
    events.record(session, actor, "protocol.removed", row.id)
    session.delete(row)


def _fill(session: Session, actor: Actor, row: Protocol, values: Mapping[str, Any], now: datetime) -> None:
    faults = []
    signed_on, valid_until = (values.get(name, getattr(row, name)) for name in ("signed_on", "valid_until"))
    if valid_until is not None and valid_until < signed_on:
        faults.append(("valid_until", "is before signed_on"))
    parties: Iterable[Mapping[str, Any]] = values.get("parties") or ()
    by_id = service.read(session, actor, start_year=None, now=now).by_id() if parties else {}
    faults += [
        (f"parties.{number}.{field}", detail)
        for number, one in enumerate(parties)
        for field, detail in _faults_of_party(one, by_id, [each["actor_id"] for each in parties][:number])
    ]
    if faults:
        raise UnfitProtocol(
            faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults]
        )
    for name in values.keys() - {"parties"}:
        setattr(row, name, values[name])
    if "parties" in values and row.id is not None:
        flag_modified(row, "title")  # its version rises with its parties
    session.add(row)
    session.flush()
    if "parties" in values:
        session.execute(sa.delete(ProtocolParty).where(ProtocolParty.protocol_id == row.id))
        session.add_all(_party(row, one, by_id[one["actor_id"]]) for one in parties)
        session.flush()


def _faults_of_party(
    one: Mapping[str, Any], by_id: Mapping[UUID, NetworkActor], before: Sequence[UUID]
) -> Iterable[tuple[str, str]]:
    if one["actor_id"] not in by_id:
        yield "actor_id", "is no actor of the territory"
    if one["actor_id"] in before:
        yield "actor_id", "stands there twice"
    if (one["pledge"] is None) != (one["per_year"] is None):
        yield "per_year", "goes with a commitment, and a commitment with it"
    if (one["pledge"] is Pledge.OTHER) != bool(one["words"]):
        yield "words", "say what another commitment is, and only that"


def _party(row: Protocol, one: Mapping[str, Any], found: NetworkActor) -> ProtocolParty:
    key = "school_id" if found.kind is ActorKind.SCHOOL else "company_id"
    rest = {name: one[name] for name in ("pledge", "per_year", "words")}
    return ProtocolParty(protocol_id=row.id, **{key: found.id}, **rest)


def _lock(session: Session, actor: Actor, territory_id: UUID) -> Territory:
    territory = service_areas.require(session, actor, territory_id, "network:write")
    session.refresh(territory, with_for_update=True)
    return territory
