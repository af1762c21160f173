"""Calendars to subscribe to: making a secret address, taking it back, and the calendar under it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth.actors import Actor
from app.auth.models import Territory
from app.companies.models import Company
from app.feeds import rules, service, service_entries, writing
from app.feeds.models import CalendarFeed, FeedAbout
from app.schools import rules as school_rules
from app.schools.models import SchoolClass
from app.web.feed_words import NAMES
from app.web.ui import InView, View

router = APIRouter(prefix="/calendar-feeds", include_in_schema=False)

MOST_CLASSES = 100
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@router.get("")
def show_feeds(view: InView) -> Response:
    """The reader's calendars, and what else they can subscribe to."""
    return _page(view)


def _page(view: View, *, status: int = 200, trouble: str = "", address: str = "") -> Response:
    with view.read() as (session, actor):
        feeds = service.of(session, actor)
        choices = _choices(session, actor)
        names = _named(session, feeds)
    response = view.show(
        "account/feeds.html", status=status, feeds=feeds, choices=choices, named=names, said=NAMES,
        trouble=trouble, address=address, most=rules.MOST_FEEDS,
    )  # fmt: skip
    if address:
        response.headers["cache-control"] = "no-store"
    return response


def _choices(session: Session, actor: Actor) -> list[tuple[FeedAbout, UUID | None, str]]:
    """What the reader, under this hat, can subscribe to; its name where it has one."""
    found: list[tuple[FeedAbout, UUID | None, str]] = [(FeedAbout.OWN, None, "")]
    taught = [class_id for grant in actor.grants for class_id in grant.class_ids]
    led = [
        one.school_id for one in actor.grants if one.school_id and school_rules.leads(actor, one.school_id)
    ]
    classes = session.scalars(
        sa.select(SchoolClass)
        .where(sa.or_(SchoolClass.id.in_(taught), SchoolClass.school_id.in_(led)))
        .order_by(SchoolClass.start_year.desc(), SchoolClass.year, SchoolClass.section, SchoolClass.id)
        .limit(MOST_CLASSES)
    )
    found += [(FeedAbout.CLASS, one.id, _class_name(one)) for one in classes]
    companies = session.scalars(sa.select(Company).where(Company.id.in_(rules.companies(actor))))
    territories = session.scalars(sa.select(Territory).where(Territory.id.in_(actor.territories)))
    found += [(FeedAbout.COMPANY, one.id, one.name) for one in companies]
    found += [(FeedAbout.TERRITORY, one.id, one.name) for one in territories]
    return found


def _named(session: Session, feeds: Sequence[CalendarFeed]) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    for feed in feeds:
        if feed.class_id is not None:
            names[feed.id] = _class_name(session.get_one(SchoolClass, feed.class_id))
        elif feed.company_id is not None:
            names[feed.id] = session.get_one(Company, feed.company_id).name
        elif feed.territory_id is not None:
            names[feed.id] = session.get_one(Territory, feed.territory_id).name
    return names


def _class_name(one: SchoolClass) -> str:
    return f"{one.year}{one.section} ({one.start_year}/{(one.start_year + 1) % 100:02})"


@router.post("")
def make_feed(
    view: InView,
    about: Annotated[FeedAbout, Form()],
    thing_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Make an address, and show it this once."""
    try:
        with view.write() as (session, actor):
            _, token = service.create(session, actor, about, thing_id, language=view.language, now=view.now())
    except service.TooManyFeeds:
        return _page(view, status=409, trouble="many")
    return _page(view, address=f"{view.settings.public_url}{router.prefix}/{token}.ics")


@router.post("/{feed_id}/revoke")
def revoke_feed(view: InView, feed_id: UUID) -> Response:
    """Take an address back: from now on it shows nothing."""
    with view.write() as (session, actor):
        service.revoke(session, actor, feed_id)
    return view.go(router.prefix)


@router.get("/{token}.ics")
def read_feed(view: InView, token: str) -> Response:
    """The calendar under a secret address, as it is now. Nothing changes by reading it."""
    if not _TOKEN.fullmatch(token):
        raise service.NoSuchFeed
    with view.database.read() as session:
        feed, subject, reader = service.open_one(session, token)
        entries = service_entries.of(session, subject, reader, view.now())
    text = writing.write(entries, feed.about, language=feed.language, site=view.settings.public_url)
    tag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    headers = {
        "etag": tag, "cache-control": f"private, max-age={rules.KEPT_SECONDS}", "x-robots-tag": "noindex",
        "content-disposition": 'inline; filename="bottega.ics"',
    }  # fmt: skip
    if tag in view.request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="text/calendar; charset=utf-8")
