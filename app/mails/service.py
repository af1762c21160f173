"""Writing mails, sending what is due, and forgetting what has been sent.

A worker claims a mail by one conditional UPDATE and holds it for `LEASE`, so two workers never send the same one. Who
dies between the mail server's yes and the note of it leaves a mail that is sent again; both copies have one Message-ID.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app import addresses, errors
from app.db import Database
from app.mails import transport
from app.mails.models import Mail
from app.settings import Settings

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Mails of one round; the rest waits for the next."""
LEASE = timedelta(minutes=5)
"""Longer than the transport's time-outs together."""
WAITS = (
    timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4),
)  # fmt: skip
"""After the first failure, the second, and so on; then the mail is given up."""
WORTH_SENDING_FOR = timedelta(days=2)
ADDRESS_KEPT_FOR = timedelta(days=7)


class BadMail(errors.Invalid):
    """An address or a subject that no mail can have."""

    title = "This cannot be sent as a mail"


def queue(
    session: Session,
    *,
    to: str,
    subject: str,
    text: str,
    kind: str,
    now: datetime,
    html: str | None = None,
    language: str = "it",
    worth_for: timedelta = WORTH_SENDING_FOR,
) -> UUID:
    """Write a mail that is sent if, and soon after, the caller's transaction is committed.

    After `worth_for` it is not sent any more. `kind` says what it is about, for the log. Raises BadMail.
    """
    is_subject = subject.isprintable() and 0 < len(subject) <= 200
    for field, is_good in (("to", addresses.is_address(to)), ("subject", is_subject)):
        if not is_good:
            raise BadMail(faults=[{"in": "body", "field": field, "detail": "cannot stand in a mail's head"}])
    mail = Mail(
        kind=kind, language=language, to_address=to, subject=subject, body_text=text, body_html=html,
        created_at=now, send_after=now, send_before=now + worth_for,
    )  # fmt: skip
    session.add(mail)
    session.flush()
    return mail.id


# --- sending ----------------------------------------------------------------------------------------------------------


def send_due(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    """Send what is due, each mail outside of any block, and wipe what nobody needs any more; how many of each."""
    told = {"mails_sent": 0, "mails_failed": 0, "mails_wiped": _wipe(database, now)}
    if not transport.is_set_up(settings):
        return told
    for mail_id in _due(database, now):
        mail = _claim(database, mail_id, now)
        if mail is None:
            continue
        try:
            transport.send(settings, mail)
        except transport.NotSent as error:
            told["mails_failed"] += 1
            _note_failure(database, mail, error, now)
            log.warning(
                "mail_not_sent", mail=str(mail.id), kind=mail.kind, error=str(error), attempt=mail.attempts
            )
            if error.is_servers_fault:
                break  # the next one would meet the same
        else:
            told["mails_sent"] += 1
            _note(database, mail, sent_at=now, **_WITHOUT_TEXT)
    return told


_WITHOUT_TEXT: dict[str, Any] = {"body_text": "", "body_html": None}
_waits = sa.and_(Mail.sent_at.is_(None), Mail.failed_at.is_(None))


def _due(database: Database, now: datetime) -> list[UUID]:
    query = sa.select(Mail.id).where(_waits, _is_free(now)).order_by(Mail.send_after, Mail.id).limit(AT_ONCE)
    with database.read() as session:
        return list(session.scalars(query))


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        Mail.send_after <= now,
        Mail.send_before > now,
        sa.or_(Mail.claimed_until.is_(None), Mail.claimed_until <= now),
    )


def _claim(database: Database, mail_id: UUID, now: datetime) -> Mail | None:
    """The mail, if it is ours to send now."""
    claim = (
        sa.update(Mail)
        .where(Mail.id == mail_id, _waits, _is_free(now))
        .values(claimed_until=now + LEASE, attempts=Mail.attempts + 1)
    )
    with database.write() as session:
        is_ours = session.execute(claim, execution_options={"synchronize_session": False}).rowcount == 1  # type: ignore[attr-defined]
        return session.get_one(Mail, mail_id) if is_ours else None


def _note_failure(database: Database, mail: Mail, error: transport.NotSent, now: datetime) -> None:
    if error.is_final or mail.attempts > len(WAITS):
        _note(database, mail, failed_at=now, last_error=str(error), **_WITHOUT_TEXT)
    else:
        again = now + WAITS[mail.attempts - 1]
        _note(database, mail, send_after=again, claimed_until=None, last_error=str(error))


def _note(database: Database, mail: Mail, **values: Any) -> None:
    # Whose lease has run out meanwhile may no longer write: the attempt is another worker's.
    is_still_ours = (Mail.id == mail.id, Mail.attempts == mail.attempts)
    with database.write() as session:
        session.execute(sa.update(Mail).where(*is_still_ours).values(**values))


# --- forgetting -------------------------------------------------------------------------------------------------------


def _wipe(database: Database, now: datetime) -> int:
    """Give up what is no longer worth sending, and delete what was sent or given up a week ago."""
    is_too_late = sa.and_(_waits, Mail.send_before <= now)
    is_old = sa.or_(Mail.sent_at <= now - ADDRESS_KEPT_FOR, Mail.failed_at <= now - ADDRESS_KEPT_FOR)
    # Most rounds have nothing to do, and must not take the writers' lock for it.
    with database.read() as session:
        if session.scalar(sa.select(Mail.id).where(sa.or_(is_too_late, is_old)).limit(1)) is None:
            return 0
    with database.write() as session:
        given_up = sa.update(Mail).where(is_too_late)
        session.execute(given_up.values(failed_at=now, last_error="too late", **_WITHOUT_TEXT))
        return int(session.execute(sa.delete(Mail).where(is_old)).rowcount)  # type: ignore[attr-defined]
