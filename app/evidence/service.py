"""Editions: `ask` in a read block, `make` outside of any, `save` in a write block; then a person releases one, or not.

What is released is never changed. It is counted against everything that has been released of the same school year in
provinces of the territory, so that no two editions tell together what neither tells alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.actors.models import TerritoryAreas
from app.actors.service_areas import NoSuchTerritory
from app.auth.actors import Actor
from app.auth.models import Territory, TerritoryProvince
from app.events import service as events
from app.evidence import figures, rules, service_counts
from app.evidence.figures import Counts
from app.evidence.models import EvidenceEdition
from app.evidence.policies import Area, Policy
from app.network import service as network

ALL = "all"
"""Under this key an edition keeps what it told of each figure, for those that come after it."""


class NoSuchEdition(errors.NotFound):
    """No edition has this id, or it has not been released and is of another territory."""

    title = "No such edition"


class UnknownPolicy(errors.Invalid):
    """No file of this installation defines this policy."""

    title = "Unknown policy"


class DraftExists(errors.Conflict):
    """A draft of the same edition waits: release it or throw it away first."""

    title = "A draft of this edition exists already"


class OverlappingAreas(errors.Conflict):
    """Figures of the same year are out for other areas, or for another territory that shares a province."""

    title = "Figures of this year are out for areas that overlap"


class EditionOvertaken(errors.Conflict):
    """Another edition of the year was released after this one was counted."""

    title = "Another edition has been released since this one was counted"


class EditionReleased(errors.Conflict):
    """What is released is neither changed nor thrown away."""

    title = "The edition is released"


@dataclass(frozen=True, slots=True)
class Question:
    """What an edition is made of."""

    territory_id: UUID
    territory_name: str
    provinces: Sequence[str]
    policy: Policy
    start_year: int
    number: int
    counts: Counts
    earlier: Sequence[Mapping[str, int | None]]
    counted_at: datetime


def find_policy(policies: Mapping[str, Policy], policy_id: str) -> Policy:
    """Raises UnknownPolicy."""
    if policy_id not in policies:
        known = ", ".join(sorted(policies))
        raise UnknownPolicy(faults=[{"in": "body", "field": "policy", "detail": f"is one of: {known}"}])
    return policies[policy_id]


def check(
    session: Session, policy: Policy, territory_id: UUID, *, start_year: int
) -> tuple[Policy, list[str], list[EvidenceEdition]]:
    """Whether an edition can be counted: the policy with its areas, the provinces, and what was released of the year before.

    Whoever calls has seen that the actor may. Raises DraftExists, OverlappingAreas.
    """
    draft = sa.select(EvidenceEdition.id).where(
        EvidenceEdition.territory_id == territory_id, EvidenceEdition.policy == policy.id,
        EvidenceEdition.start_year == start_year, EvidenceEdition.released_at.is_(None),
    )  # fmt: skip
    if session.scalar(draft) is not None:
        raise DraftExists
    policy = _with_areas(session, policy, territory_id)
    provinces = sorted(session.scalars(_provinces_of(territory_id)))
    released = _released(session, provinces, start_year)
    areas = {area.id: area.municipalities for area in policy.areas}
    if any(one.territory_id != territory_id or rules.differ(areas, one.content) for one in released):
        raise OverlappingAreas
    return policy, provinces, released


def ask(session: Session, policy: Policy, territory_id: UUID, *, start_year: int, now: datetime) -> Question:
    """Count. Raises as `check` does."""
    policy, provinces, released = check(session, policy, territory_id, start_year=start_year)
    numbers = [one.number for one in released if one.policy == policy.id]
    return Question(
        territory_id, session.get_one(Territory, territory_id).name, provinces, policy, start_year, max(numbers, default=0) + 1,
        service_counts.count(session, policy, provinces, start_year, now), [one.content[ALL] for one in released], now,
    )  # fmt: skip


def _with_areas(session: Session, policy: Policy, territory_id: UUID) -> Policy:
    """The policy with the districts of the territory, where it brings no areas of its own."""
    row = None if policy.areas else session.get(TerritoryAreas, territory_id)
    if row is None:
        return policy
    districts = [
        Area(id=one["key"], it=one["it"], en=one["en"], municipalities=tuple(one["municipalities"]))
        for one in row.document.get("districts", ())
    ]
    return policy.model_copy(update={"areas": tuple(districts)})


def make(question: Question) -> dict[str, Any]:
    """The content of the edition; seconds of linear programs, so never within a block."""
    told = figures.tell(question.policy, question.counts, earlier=question.earlier)
    lines = figures.lines(question.policy, question.counts, told)
    return {
        "territory": {"name": question.territory_name, "provinces": question.provinces},
        "policy": question.policy.model_dump(mode="json"),
        "tracks": question.counts.tracks,
        "lines": [one.as_dict() for one in lines],
        ALL: told,
    }


def save(session: Session, actor: Actor, question: Question, content: dict[str, Any]) -> EvidenceEdition:
    """Keep it as a draft. Raises as `check` does, and EditionOvertaken.

    Who is letting one out at this moment comes first, and is seen here, or later, and then after `counted_at`.
    """
    policy, year = question.policy, question.start_year
    _hold_others(session, question.territory_id)
    _, _, released = check(session, policy, question.territory_id, start_year=year)
    if len(released) != len(question.earlier):
        raise EditionOvertaken
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    edition = EvidenceEdition(
        territory_id=question.territory_id, policy=policy.id, start_year=year, number=question.number,
        content=content, digest=hashlib.sha256(written.encode()).hexdigest(),
        counted_at=question.counted_at.astimezone(UTC), counted_by=actor.mark,
    )  # fmt: skip
    session.add(edition)
    try:
        session.flush()
    except IntegrityError as error:
        raise DraftExists from error
    events.record(
        session, actor, "edition.counted", edition.id, {"start_year": year, "number": edition.number}
    )
    return edition


# --- reading ----------------------------------------------------------------------------------------------------------


def released(
    session: Session, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[EvidenceEdition]:
    """What everybody may read, the latest first."""
    query = sa.select(EvidenceEdition).where(EvidenceEdition.released_at.is_not(None))
    if before is not None:
        query = query.where(sa.tuple_(EvidenceEdition.released_at, EvidenceEdition.id) < before)
    order = query.order_by(EvidenceEdition.released_at.desc(), EvidenceEdition.id.desc())
    return list(session.scalars(order.limit(limit)))


def read_released(session: Session, edition_id: UUID) -> EvidenceEdition:
    """One that everybody may read. Raises NoSuchEdition."""
    edition = session.get(EvidenceEdition, edition_id)
    if edition is None or edition.released_at is None:
        raise NoSuchEdition
    return edition


def search(
    session: Session, actor: Actor, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[EvidenceEdition]:
    """Editions of the actor's territories, drafts too, the latest counted first. Raises NotYourNetwork."""
    network.require(actor)
    query = sa.select(EvidenceEdition)
    if not actor.is_administrator:
        query = query.where(EvidenceEdition.territory_id.in_(actor.territories))
    if before is not None:
        query = query.where(sa.tuple_(EvidenceEdition.counted_at, EvidenceEdition.id) < before)
    order = query.order_by(EvidenceEdition.counted_at.desc(), EvidenceEdition.id.desc())
    return list(session.scalars(order.limit(limit)))


def read(session: Session, actor: Actor, edition_id: UUID, *, scope: str = "network:read") -> EvidenceEdition:
    """One of the actor's territories. Raises NotYourNetwork, NoSuchEdition."""
    network.require(actor, scope)
    edition = session.get(EvidenceEdition, edition_id)
    if edition is None or not rules.coordinates(actor, edition.territory_id):
        raise NoSuchEdition
    return edition


def territories(session: Session, actor: Actor) -> list[Territory]:
    """Of which the actor counts editions, by name."""
    query = sa.select(Territory).order_by(Territory.name)
    if not actor.is_administrator:
        query = query.where(Territory.id.in_(actor.territories))
    return list(session.scalars(query))


def require(session: Session, actor: Actor, territory_id: UUID, scope: str) -> Territory:
    """A territory that the actor coordinates. Raises NotYourNetwork, NoSuchTerritory."""
    network.require(actor, scope)
    territory = session.get(Territory, territory_id)
    if territory is None or not rules.coordinates(actor, territory_id):
        raise NoSuchTerritory
    return territory


def _released(session: Session, provinces: Sequence[str], start_year: int) -> list[EvidenceEdition]:
    """Of the year, in any territory that shares a province, in the order in which they came out."""
    sharing = sa.select(TerritoryProvince.territory_id).where(TerritoryProvince.province_code.in_(provinces))
    return list(
        session.scalars(
            sa.select(EvidenceEdition)
            .where(
                EvidenceEdition.territory_id.in_(sharing), EvidenceEdition.start_year == start_year,
                EvidenceEdition.released_at.is_not(None),
            )
            .order_by(EvidenceEdition.released_at, EvidenceEdition.id)
        )
    )  # fmt: skip


# --- letting it out ---------------------------------------------------------------------------------------------------


def for_change(session: Session, actor: Actor, edition_id: UUID) -> EvidenceEdition:
    """A draft, with those of the same provinces held back meanwhile. Raises as `read` does, and EditionReleased."""
    edition = read(session, actor, edition_id, scope="network:write")
    _hold_others(session, edition.territory_id)
    session.refresh(edition, with_for_update=True)
    if edition.released_at is not None:
        raise EditionReleased
    return edition


def _hold_others(session: Session, territory_id: UUID) -> None:
    """Nobody else keeps or lets out an edition of a province of this territory until the block ends."""
    sharing = sa.select(TerritoryProvince.territory_id).where(
        TerritoryProvince.province_code.in_(_provinces_of(territory_id))
    )
    session.execute(
        sa.select(Territory.id).where(Territory.id.in_(sharing)).order_by(Territory.id).with_for_update()
    )


def release(session: Session, actor: Actor, edition: EvidenceEdition, *, now: datetime) -> None:
    """Let everybody read it, for ever. Raises EditionOvertaken: what came out since was not counted against."""
    provinces = sorted(session.scalars(_provinces_of(edition.territory_id)))
    if any(
        one.released_at > edition.counted_at
        for one in _released(session, provinces, edition.start_year)
        if one.released_at
    ):
        raise EditionOvertaken
    edition.released_at, edition.released_by = now.astimezone(UTC), actor.mark
    session.flush()
    events.record(
        session,
        actor,
        "edition.released",
        edition.id,
        {"start_year": edition.start_year, "number": edition.number},
    )


def throw_away(session: Session, actor: Actor, edition: EvidenceEdition) -> None:
    """Delete a draft."""
    session.delete(edition)
    events.record(session, actor, "edition.removed", edition.id)


def _provinces_of(territory_id: UUID) -> sa.Select[str]:
    return sa.select(TerritoryProvince.province_code).where(TerritoryProvince.territory_id == territory_id)
