"""Rounds that schools of a territory share: each joins and leaves by itself, and sees no other's students."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.auth.models import TerritoryProvince
from app.events import service as events
from app.places.models import Municipality
from app.rounds import rules
from app.rounds import service as rounds
from app.rounds.models import RoundClass, RoundSchool, RoundState
from app.rounds.service import Seen
from app.schools.models import School


def join(
    session: Session, actor: Actor, round_id: UUID, school_id: UUID, class_ids: Collection[UUID], *, now: datetime
) -> Seen:  # fmt: skip
    """Let a school take part in a shared round with some classes. Raises NoSuchRound, NotYourRound, BadRound,
    WrongRoundState and JoinedAlready.
    """
    seen = rounds.find(session, actor, round_id, scope="placements:write")
    session.refresh(seen.round, with_for_update=True)
    if not rules.can_join(actor, school_id):
        raise rounds.NotYourRound("Each school joins by who leads it.")
    rounds.require_state(seen.round, {RoundState.COLLECTING})
    if seen.round.territory_id is None or not _lies_in(session, school_id, seen.round.territory_id):
        raise rounds.BadRound(
            faults=[
                {"in": "body", "field": "school_id", "detail": "the round is not shared with this school"}
            ]
        )
    rounds.require_classes(session, school_id, class_ids)
    rounds.take_part(session, actor, round_id, school_id, class_ids, now)
    events.record(session, actor, "round.joined", round_id, {"school_id": str(school_id)})
    return rounds.seen_of(session, seen.round)


def leave(session: Session, actor: Actor, round_id: UUID, school_id: UUID) -> None:
    """Take a school out of a shared round that still collects. Raises NoSuchRound, NotYourRound and WrongRoundState."""
    seen = rounds.find(session, actor, round_id, scope="placements:write")
    if not rules.can_join(actor, school_id):
        raise rounds.NotYourRound("Each school leaves by who leads it.")
    session.refresh(seen.round, with_for_update=True)
    rounds.require_state(seen.round, {RoundState.COLLECTING})
    joined = session.get(RoundSchool, (round_id, school_id))
    if joined is None or seen.round.territory_id is None:
        raise rounds.NoSuchRound
    session.execute(
        sa.delete(RoundClass).where(RoundClass.round_id == round_id, RoundClass.school_id == school_id)
    )
    session.delete(joined)
    events.record(session, actor, "round.left", round_id, {"school_id": str(school_id)})


def _lies_in(session: Session, school_id: UUID, territory_id: UUID) -> bool:
    here = (
        sa.select(School.id)
        .join(Municipality, Municipality.istat == School.municipality_istat)
        .join(TerritoryProvince, TerritoryProvince.province_code == Municipality.province_code)
        .where(School.id == school_id, TerritoryProvince.territory_id == territory_id)
    )
    return session.scalar(here) is not None
