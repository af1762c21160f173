"""The sessions of people who have signed in: begun, listed, ended."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import rules, service_log
from app.auth.actors import Role
from app.auth.models import Membership, SecondFactor, SignIn, User
from app.auth.service import BadCredentials, hash_token


class NoSuchSession(errors.NotFound):
    """The person has no such session."""

    title = "No such session"


def sign_in(
    session: Session,
    user: User,
    *,
    hours: int,
    request_id: str,
    how: str = "password",
    browser: str = "",
    is_own_device: bool = False,
    has_second_factor: bool = False,
    now: datetime | None = None,
) -> str:
    """Open a session and return its token, which is stored nowhere. Every sign-in gets a new one.

    `how` tells the person and the log which way was taken. Whoever needs a second factor and has not given it
    (`has_second_factor`) gets a session that can do nothing else.
    """
    token = secrets.token_urlsafe(32)
    now = now or datetime.now(UTC)
    length = rules.session_length(_roles(session, user.id), is_own_device=is_own_device, hours=hours)
    session.execute(sa.delete(SignIn).where(SignIn.user_id == user.id, SignIn.expires_at <= now))
    session.add(
        SignIn(
            token_hash=hash_token(token), user_id=user.id, how=how, browser=browser, is_own_device=is_own_device,
            created_at=now, seen_at=now, expires_at=now + length, second_factor_at=now if has_second_factor else None,
        )
    )  # fmt: skip
    service_log.note(session, "signed_in", user.id, request_id=request_id, how=how)
    return token


def sign_out(session: Session, cookie: str | None, *, request_id: str = "") -> None:
    """End the session behind the cookie, if there is one."""
    if cookie:
        ended = sa.delete(SignIn).where(SignIn.token_hash == hash_token(cookie)).returning(SignIn.user_id)
        user_id = session.scalar(ended)
        if user_id is not None:
            service_log.note(session, "signed_out", user_id, request_id=request_id)


# --- the session that one is in ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Present:
    """A person with an open session, whether or not the second factor has been given."""

    session_id: UUID
    user_id: UUID
    email: str | None
    sign_in_name: str
    name: str
    has_password: bool
    is_demo: bool
    is_strict: bool
    is_enrolled: bool
    has_given: bool
    is_fresh: bool
    how: str
    ends_at: datetime

    @property
    def waits(self) -> bool:
        """Whether the second factor is due before anything else."""
        return rules.lacks_second_factor(
            is_strict=self.is_strict, is_enrolled=self.is_enrolled, has_given=self.has_given
        )

    @property
    def is_fresh_otherwise(self) -> bool:
        """Whether the person has just got in by another way than the password: who has forgotten it sets a new one."""
        return self.is_fresh and self.how != "password"


def find_present(session: Session, cookie: str | None, now: datetime) -> Present:
    """Who is in the session behind the cookie, for the pages of the second factor and of the account.

    Every other page asks `auth.identify`, which refuses who still owes the second factor. Raises BadCredentials.
    """
    row = session.execute(
        sa.select(SignIn, User, SecondFactor.confirmed_at)
        .join(User, User.id == SignIn.user_id)
        .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
        .where(SignIn.token_hash == hash_token(cookie or ""), User.is_active)
    ).one_or_none()
    if row is None:
        raise BadCredentials
    one, user, confirmed_at = row
    roles = _roles(session, user.id)
    if rules.has_ended(roles, begun_at=one.created_at, ends_at=one.expires_at, now=now):
        raise BadCredentials
    return Present(
        session_id=one.id, user_id=user.id, email=user.email, sign_in_name=user.sign_in_name, name=user.name,
        has_password=user.password_hash is not None, is_demo=user.is_demo,
        is_strict=rules.must_have_second_factor(roles), is_enrolled=confirmed_at is not None,
        has_given=one.second_factor_at is not None, is_fresh=rules.is_fresh(one.created_at, now),
        how=one.how, ends_at=one.expires_at,
    )  # fmt: skip


def give_second_factor(session: Session, present: Present, now: datetime) -> str:
    """Let the session do what its person may; under a new token, so that the old one is worth nothing to who saw it."""
    token = secrets.token_urlsafe(32)
    session.execute(
        sa.update(SignIn)
        .where(SignIn.id == present.session_id)
        .values(token_hash=hash_token(token), second_factor_at=now, seen_at=now)
    )
    return token


def _roles(session: Session, user_id: UUID) -> frozenset[Role]:
    return frozenset(session.scalars(sa.select(Membership.role).where(Membership.user_id == user_id)))


# --- the sessions that one has ----------------------------------------------------------------------------------------


class Listed(NamedTuple):
    """A session as its person sees it."""

    id: UUID
    how: str
    browser: str
    is_own_device: bool
    begun_at: datetime
    seen_at: datetime
    ends_at: datetime


def list_sessions(session: Session, user_id: UUID, now: datetime) -> list[Listed]:
    """A person's open sessions, the last seen first."""
    rows = session.execute(
        sa.select(
            SignIn.id, SignIn.how, SignIn.browser, SignIn.is_own_device, SignIn.created_at, SignIn.seen_at,
            SignIn.expires_at,
        )
        .where(SignIn.user_id == user_id, SignIn.expires_at > now)
        .order_by(SignIn.seen_at.desc(), SignIn.id)
    )  # fmt: skip
    return [Listed(*row) for row in rows]


def end(session: Session, user_id: UUID, session_id: UUID, *, request_id: str) -> None:
    """End one of a person's sessions. Raises NoSuchSession."""
    if not _delete(session, (SignIn.user_id == user_id, SignIn.id == session_id)):
        raise NoSuchSession
    service_log.note(session, "session_ended", user_id, request_id=request_id)


def end_all(
    session: Session, user_id: UUID, *, keeps: UUID | None = None, request_id: str, by_owner: bool = True
) -> int:
    """End all of a person's sessions, but the one that is kept; how many."""
    where = [SignIn.user_id == user_id]
    if keeps is not None:
        where.append(SignIn.id != keeps)
    ended = _delete(session, where)
    if ended:
        service_log.note(session, "session_ended", user_id, request_id=request_id, by_owner=by_owner)
    return ended


def _delete(session: Session, where: Iterable[sa.ColumnElement[bool]]) -> int:
    return int(session.execute(sa.delete(SignIn).where(*where)).rowcount)  # type: ignore[attr-defined]


# --- what a browser calls itself --------------------------------------------------------------------------------------

_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"), ("Opera", r"OPR/|Opera"), ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"), ("Chrome", r"Chrome/|CriOS/|Chromium/"), ("Safari", r"Safari/"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", r"Android"), ("iOS", r"iPhone|iPad|iPod"), ("Windows", r"Windows"), ("ChromeOS", r"CrOS"),
    ("macOS", r"Mac OS X|Macintosh"), ("Linux", r"Linux"),
)  # fmt: skip


def coarse_browser(user_agent: str) -> str:
    """`Firefox, Windows`: enough to know one's own devices again, and no more is kept."""
    found = [
        next((name for name, sign in table if re.search(sign, user_agent)), "")
        for table in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, found))
