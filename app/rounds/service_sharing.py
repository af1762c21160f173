"""Rounds that schools of a territory share: each joins and leaves by itself, and sees no other's students."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor, Role
from app.auth.models import Membership, TerritoryProvince, User
from app.events import service as events
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.places.models import Municipality
from app.rounds import rules
from app.rounds import service as rounds
from app.rounds.models import RoundClass, RoundSchool, RoundState
from app.rounds.service import Seen
from app.schools.models import School, SchoolClass
from app.students.models import Student


class Sharing(NamedTuple):
    """A school of the territory, and with how much it takes part."""

    school_id: UUID
    name: str
    municipality_name: str
    is_joined: bool
    classes: int
    students: int


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


def schools_of(session: Session, actor: Actor, round_id: UUID) -> list[Sharing]:
    """All schools of the territory by name, with the numbers of those that take part; for who runs the round.

    Raises NoSuchRound and NotYourRound.
    """
    seen = _run_by(session, actor, round_id)
    present = sa.select(sa.func.count(Student.id)).where(
        Student.class_id == RoundClass.class_id, Student.archived_at.is_(None)
    )
    joined: dict[UUID, tuple[int, int]] = {}
    counted = sa.select(RoundClass.school_id, present.correlate(RoundClass).scalar_subquery())
    for school_id, students in session.execute(counted.where(RoundClass.round_id == round_id)):
        classes, before = joined.get(school_id, (0, 0))
        joined[school_id] = classes + 1, before + students
    rows = session.execute(
        _schools(seen)
        .with_only_columns(School.id, School.name, Municipality.name)
        .order_by(School.name, School.id)
    )
    return [
        Sharing(one, name, place, one in seen.school_ids, *joined.get(one, (0, 0)))
        for one, name, place in rows
    ]


def invite(session: Session, actor: Actor, round_id: UUID, *, now: datetime) -> int:
    """Tell who leads the schools that have not joined, once a day; how many schools have somebody to tell.

    Raises NoSuchRound, NotYourRound and WrongRoundState.
    """
    seen = _run_by(session, actor, round_id, scope="placements:write")
    rounds.require_state(seen.round, {RoundState.COLLECTING})
    rows = session.execute(
        sa.select(Membership.school_id, Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.role == Role.SCHOOL_LEAD, User.is_active,
            Membership.school_id.in_(_schools(seen).where(School.id.not_in(seen.school_ids))),
        )
    ).all()  # fmt: skip
    notifications.tell(
        session, {row.user_id for row in rows}, NotificationKind.ROUND_INVITES, f"{round_id}:{now.date()}",
        path=f"/rounds/{round_id}", data={"name": seen.round.name, "day": seen.round.closes_on.isoformat()}, now=now,
    )  # fmt: skip
    told = len({row.school_id for row in rows})
    events.record(session, actor, "round.schools_invited", round_id, {"count": told})
    return told


def _run_by(session: Session, actor: Actor, round_id: UUID, scope: str = "placements:read") -> Seen:
    seen = rounds.find(session, actor, round_id, scope=scope)
    territory_id = seen.round.territory_id
    if territory_id is None or not rules.can_open_shared(actor, territory_id):
        raise rounds.NotYourRound("Schools are invited to a shared round by who coordinates the territory.")
    return seen


def _schools(seen: Seen) -> sa.Select[UUID]:
    """The ids of the schools of a shared round's territory that are in use."""
    return (
        sa.select(School.id)
        .join(Municipality, Municipality.istat == School.municipality_istat)
        .join(TerritoryProvince, TerritoryProvince.province_code == Municipality.province_code)
        .where(TerritoryProvince.territory_id == seen.round.territory_id, _is_in_use())
    )


def _is_in_use() -> sa.ColumnElement[bool]:
    """Somebody leads it here, or it has classes: a registry lists many more."""
    led = sa.exists().where(Membership.school_id == School.id, Membership.role == Role.SCHOOL_LEAD)
    return sa.or_(led, sa.exists().where(SchoolClass.school_id == School.id))


def _lies_in(session: Session, school_id: UUID, territory_id: UUID) -> bool:
    here = (
        sa.select(School.id)
        .join(Municipality, Municipality.istat == School.municipality_istat)
        .join(TerritoryProvince, TerritoryProvince.province_code == Municipality.province_code)
        .where(School.id == school_id, TerritoryProvince.territory_id == territory_id)
    )
    return session.scalar(here) is not None
