"""Making the secret address of a calendar, taking it back, and finding who reads through it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.feeds import rules
from app.feeds.models import CalendarFeed, FeedAbout
from app.feeds.rules import Subject
from app.schools.models import SchoolClass


class NoSuchFeed(errors.NotFound):
    """The actor has made no calendar with this id, or nobody reads one under this address any more."""

    title = "No such calendar"


class NoFeedFor(errors.NotAllowed):
    """Only a person subscribes, to what is theirs: a class they teach, their company, their territory."""

    title = "Not your calendar"


class TooManyFeeds(errors.Conflict):
    """The person has so many addresses that one has to be taken back first."""

    title = "Too many calendars"


def of(session: Session, actor: Actor) -> Sequence[CalendarFeed]:
    """The calendars that the actor has made, the latest first; their addresses are known to nobody but their reader."""
    query = sa.select(CalendarFeed).where(CalendarFeed.user_id == _person(actor))
    return session.scalars(query.order_by(CalendarFeed.created_at.desc(), CalendarFeed.id)).all()


def create(
    session: Session, actor: Actor, about: FeedAbout, thing_id: UUID | None, *, language: str, now: datetime
) -> tuple[CalendarFeed, str]:
    """Make an address; the token in it is told this once. `thing_id` is the class, company or territory.

    Raises NoFeedFor and TooManyFeeds.
    """
    person = _person(actor)
    feed = CalendarFeed(
        user_id=person, about=about, language=language, created_at=now.astimezone(UTC), token_hash="",
        class_id=thing_id if about is FeedAbout.CLASS else None,
        company_id=thing_id if about is FeedAbout.COMPANY else None,
        territory_id=thing_id if about is FeedAbout.TERRITORY else None,
    )  # fmt: skip
    if not rules.can_read(actor, _subject(session, feed)):
        raise NoFeedFor
    made = sa.select(sa.func.count()).where(CalendarFeed.user_id == person)
    if session.scalar(made.select_from(CalendarFeed)) >= rules.MOST_FEEDS:  # type: ignore[operator]
        raise TooManyFeeds(f"At most {rules.MOST_FEEDS}: take one back first.")
    token = secrets.token_urlsafe(32)
    feed.token_hash = auth.hash_token(token)
    session.add(feed)
    session.flush()
    events.record(session, actor, "calendar_feed.created", feed.id, {"about": about.value})
    return feed, token


def revoke(session: Session, actor: Actor, feed_id: UUID) -> None:
    """Take an address back: whoever still has it finds nothing. Raises NoSuchFeed."""
    feed = session.get(CalendarFeed, feed_id, with_for_update=True)
    if feed is None or feed.user_id != _person(actor):
        raise NoSuchFeed
    session.delete(feed)
    session.flush()
    events.record(session, actor, "calendar_feed.revoked", feed_id)


def open_one(session: Session, token: str) -> tuple[CalendarFeed, Subject, Actor]:
    """The calendar under this address, what it is about, and whose eyes it is seen with. Raises NoSuchFeed.

    Who has lost the role that let them make it reads nothing; nor does who cannot sign in any more.
    """
    feed = session.scalar(sa.select(CalendarFeed).where(CalendarFeed.token_hash == auth.hash_token(token)))
    reader = None if feed is None else auth.with_all_hats(session, feed.user_id)
    if feed is None or reader is None:
        raise NoSuchFeed
    subject = _subject(session, feed)
    if not rules.can_read(reader, subject):
        raise NoSuchFeed
    return feed, subject, reader


def _subject(session: Session, feed: CalendarFeed) -> Subject:
    school_class = None if feed.class_id is None else session.get(SchoolClass, feed.class_id)
    school_id = None if school_class is None else school_class.school_id
    return Subject(feed.about, feed.class_id, school_id, feed.company_id, feed.territory_id)


def _person(actor: Actor) -> UUID:
    if actor.kind != "user" or actor.id is None:
        raise NoFeedFor
    return actor.id
