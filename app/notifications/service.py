"""Telling people, and what they do with it: read, and choose which of it comes by mail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import Actor, Role
from app.auth.models import Membership, TaughtClass, User
from app.notifications import rules
from app.notifications.models import MailChoice, MailPreference, Notification
from app.notifications.rules import NotificationKind


class NoInbox(errors.NotAllowed):
    """A program is told nothing: it reads what it wants to know."""

    title = "Only a person has an inbox"


class NoSuchNotification(errors.NotFound):
    """The reader was told nothing under this id."""

    title = "No such notification"


class NoSuchChoice(errors.Invalid):
    """What somebody has to answer cannot be silenced."""

    title = "This kind of notification cannot be silenced"


# --- telling ----------------------------------------------------------------------------------------------------------


def tell(
    session: Session,
    user_ids: Collection[UUID],
    kind: NotificationKind,
    about: object,
    *,
    path: str,
    data: Mapping[str, str],
    now: datetime,
) -> None:
    """Tell each of them once; the same about the same thing again tells nobody anything.

    `now` is by the territory's clocks. `data` fills the sentence in `letters`: titles and names of organisations, never
    of a person.
    """
    if not user_ids:
        return
    chosen = {
        row.user_id: row.mail
        for row in session.scalars(
            sa.select(MailPreference).where(MailPreference.kind == kind, MailPreference.user_id.in_(user_ids))
        )
    }
    rows = [
        {
            "id": db.new_id(), "user_id": user_id, "kind": kind, "subject_key": str(about), "data": dict(data),
            "path": path, "created_at": now,
            "mail_due_at": rules.mail_due_at(chosen.get(user_id, rules.MANNERS[kind].mail), now),
        }
        for user_id in sorted(set(user_ids))
    ]  # fmt: skip
    session.execute(
        db.inserting(session, Notification)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["user_id", "kind", "subject_key"])
    )


def people_of_company(session: Session, company_id: UUID) -> list[UUID]:
    """Whoever works for the company and may sign in."""
    return _active(session, Membership.company_id == company_id)


def accounts_of_student(session: Session, student_id: UUID) -> list[UUID]:
    """The student's own account, if there is one."""
    return _active(session, Membership.student_id == student_id)


def leads_of_school(session: Session, school_id: UUID) -> list[UUID]:
    """Whoever leads the school and may sign in."""
    return _active(session, sa.and_(Membership.school_id == school_id, Membership.role == Role.SCHOOL_LEAD))


def coordinators_of(session: Session, territory_id: UUID) -> list[UUID]:
    """Whoever coordinates the territory and may sign in."""
    return _active(session, Membership.territory_id == territory_id)


def staff_of_class(session: Session, school_id: UUID, class_id: UUID) -> list[UUID]:
    """Who teaches the class; where nobody does, who leads the school."""
    teaches = sa.exists().where(TaughtClass.membership_id == Membership.id, TaughtClass.class_id == class_id)
    leads = sa.and_(Membership.school_id == school_id, Membership.role == Role.SCHOOL_LEAD)
    return _active(session, teaches) or _active(session, leads)


def _active(session: Session, of_whom: sa.ColumnElement[bool]) -> list[UUID]:
    query = sa.select(Membership.user_id).join(User, User.id == Membership.user_id)
    return list(session.scalars(query.where(of_whom, User.is_active).distinct()))


# --- reading ----------------------------------------------------------------------------------------------------------


def reader(actor: Actor) -> UUID:
    """Whose inbox it is. Raises NoInbox."""
    if actor.kind != "user" or actor.id is None:
        raise NoInbox
    return actor.id


def search(
    session: Session,
    actor: Actor,
    *,
    is_unread: bool | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Notification]:
    """What the actor was told, the latest first. Raises NoInbox."""
    query = sa.select(Notification).where(Notification.user_id == reader(actor))
    if is_unread is not None:
        query = query.where(Notification.read_at.is_(None) == is_unread)
    if after is not None:
        query = query.where(sa.tuple_(Notification.created_at, Notification.id) < after)
    order = (Notification.created_at.desc(), Notification.id.desc())
    return list(session.scalars(query.order_by(*order).limit(limit)))


def count_unread(session: Session, user_id: UUID) -> int:
    """How much somebody has not read."""
    return int(_unread.one_or_none(session, user_id=user_id).number)


_unread = db.Prepared(
    sa.select(sa.func.count().label("number"))
    .select_from(Notification)
    .where(Notification.user_id == sa.bindparam("user_id", type_=sa.Uuid()), Notification.read_at.is_(None))
)


def read(session: Session, actor: Actor, ids: Collection[UUID] | None = None, *, now: datetime) -> int:
    """Mark these, or all, as read; how many were not. Nobody needs a mail about what is read. Raises NoInbox."""
    unread = sa.update(Notification).where(
        Notification.user_id == reader(actor), Notification.read_at.is_(None)
    )
    if ids is not None:
        unread = unread.where(Notification.id.in_(ids))
    marked = session.execute(unread.values(read_at=now, mail_due_at=None))
    return int(marked.rowcount)  # type: ignore[attr-defined]


def open_one(session: Session, actor: Actor, notification_id: UUID, *, now: datetime) -> str:
    """Mark one as read and say which page it leads to. Raises NoInbox, NoSuchNotification."""
    found = session.get(Notification, notification_id)
    if found is None or found.user_id != reader(actor):
        raise NoSuchNotification
    read(session, actor, [found.id], now=now)
    return found.path


def forget_old(session: Session, now: datetime, days: int) -> int:
    """Delete what was told long ago, read or not; how many."""
    gone = session.execute(
        sa.delete(Notification).where(Notification.created_at <= now - timedelta(days=days))
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


# --- choosing ---------------------------------------------------------------------------------------------------------


def preferences(session: Session, actor: Actor) -> dict[NotificationKind, MailChoice]:
    """What holds for the actor, of each kind that concerns somebody in their roles. Raises NoInbox."""
    rows = session.scalars(sa.select(MailPreference).where(MailPreference.user_id == reader(actor)))
    chosen = {row.kind: row.mail for row in rows}
    return {kind: chosen.get(kind, rules.MANNERS[kind].mail) for kind in rules.chosen_by(actor)}


def choose(session: Session, actor: Actor, kind: NotificationKind, mail: MailChoice) -> None:
    """Let mails of this kind come so from now on. Raises NoInbox, NoSuchChoice."""
    if mail not in rules.choices(kind):
        detail = "what somebody has to answer comes by mail: at_once or daily"
        raise NoSuchChoice(faults=[{"in": "body", "field": "mail", "detail": detail}])
    values = {"user_id": reader(actor), "kind": kind, "mail": mail}
    session.execute(
        db.inserting(session, MailPreference)
        .values(values)
        .on_conflict_do_update(index_elements=["user_id", "kind"], set_={"mail": mail})
    )
