"""Mails of notifications: whatever is due for one person goes out as one mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.models import User
from app.db import Database
from app.mails import service as mails
from app.notifications import letters
from app.notifications.models import Notification

AT_ONCE = 500
"""Notifications of one round; the rest waits for the next."""


def queue_due(database: Database, now: datetime, site: str) -> dict[str, int]:
    """Write the mails that are due; how many. Two at once write none twice: the rows are taken before they are read."""
    due = sa.select(Notification.id).where(Notification.mail_due_at <= now).order_by(Notification.mail_due_at)
    # Most rounds have nothing to do, and must not take the writers' lock for it.
    with database.read() as session:
        ids = list(session.scalars(due.limit(AT_ONCE)))
    if not ids:
        return {"notifications_mailed": 0}
    with database.write() as session:
        taken = session.scalars(
            sa.update(Notification)
            .where(Notification.id.in_(ids), Notification.mail_due_at <= now)
            .values(mail_due_at=None)
            .returning(Notification.id),
            execution_options={"synchronize_session": False},
        ).all()
        return {"notifications_mailed": _write(session, taken, now, site)}


def _write(session: Session, ids: Sequence[UUID], now: datetime, site: str) -> int:
    rows = session.execute(
        sa.select(Notification, User)
        .join(User, User.id == Notification.user_id)
        .where(Notification.id.in_(ids), User.email.is_not(None), User.is_active)
        .order_by(User.id, Notification.created_at, Notification.id)
    )
    written = 0
    for _, group in groupby(rows, key=lambda row: row.User.id):
        of_one = list(group)
        user = of_one[0].User
        told = [row.Notification for row in of_one]
        letter = letters.write(user.language, name=user.name, told=told, site=site)
        mails.queue(
            session, to=user.email, subject=letter.subject, text=letter.text, kind="notification", now=now,
            language=user.language,
        )  # fmt: skip
        written += 1
    return written
