"""The clocks of rounds: what is collected freezes at the end of its last day, and what nobody publishes is cancelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Role, system
from app.auth.models import Membership, User
from app.db import Database
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.rounds import rules
from app.rounds import service as rounds
from app.rounds.models import Round, RoundState
from app.rounds.rules import Action

REMIND_BEFORE = timedelta(days=3)
"""Before what nobody has published is cancelled, its owners are told once."""


def strike(database: Database, now: datetime) -> dict[str, int]:
    """Move what is due, each round in a block of its own; `now` is in the territory's time zone.

    Whoever comes second finds the round moved already.
    """
    told = {"rounds_frozen": 0, "rounds_ended": 0, "rounds_reminded": 0}
    with database.read() as session:
        due = list(session.scalars(sa.select(Round.id).where(Round.due_at <= now).order_by(Round.id)))
        waiting = sa.and_(
            Round.state.in_((RoundState.FROZEN, RoundState.REVIEWED)), Round.due_at <= now + REMIND_BEFORE
        )
        late = list(session.scalars(sa.select(Round.id).where(waiting, Round.due_at > now)))
    for round_id in due:
        with database.write() as session:
            row = session.get(Round, round_id, with_for_update=True)
            if row is None or row.due_at is None or row.due_at > now.astimezone(UTC):
                continue
            action = rules.AT_DUE[row.state]
            if action is Action.CANCEL and rounds.has_published(session, row):
                action = Action.PUBLISH
            rounds.step(session, system("rounds"), row, action, now=now)
            told["rounds_frozen" if action is Action.FREEZE else "rounds_ended"] += 1
            _tell(session, row, NotificationKind.ROUND_MOVED, f"{row.id}:{row.state}", now)
    for round_id in late:
        with database.write() as session:
            row = session.get_one(Round, round_id)
            told["rounds_reminded"] += 1
            _tell(session, row, NotificationKind.ROUND_WAITS, f"{row.id}:{row.publish_by}", now)
    return told


def _tell(session: Session, row: Round, kind: NotificationKind, about: str, now: datetime) -> None:
    data = {"name": row.name, "day": row.publish_by.isoformat()}
    notifications.tell(
        session, _owners(session, row), kind, about, path=f"/rounds/{row.id}", data=data, now=now
    )


def _owners(session: Session, row: Round) -> list[UUID]:
    """Who leads the schools that take part, whoever has opened it, and for a shared round who coordinates."""
    seen = rounds.seen_of(session, row)
    kind, _, opener = row.created_by.partition(":")
    people = sa.or_(
        sa.and_(Membership.role == Role.SCHOOL_LEAD, Membership.school_id.in_(seen.school_ids)),
        sa.and_(Membership.role == Role.COORDINATOR, Membership.territory_id == row.territory_id),
        *([Membership.user_id == UUID(opener)] if kind == "user" else []),
    )
    query = sa.select(Membership.user_id).join(User, User.id == Membership.user_id)
    return list(session.scalars(query.where(people, User.is_active).distinct()))
