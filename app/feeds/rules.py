"""Who reads which calendar, and for how long what is over or cancelled stays in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.auth.actors import AT_COMPANY, Actor
from app.feeds.models import FeedAbout

MOST_FEEDS = 20
"""Of one person."""
MOST_ENTRIES = 2000
BACK = timedelta(days=90)
"""How long what is over stays."""
CANCELLED_FOR = timedelta(days=7)
"""How long after its day what was cancelled stays: a telephone that was off learns of it."""
REFRESHED_EVERY = timedelta(hours=1)
KEPT_SECONDS = 600


class Subject(NamedTuple):
    """What a calendar is about; `school_id` is of the class."""

    about: FeedAbout
    class_id: UUID | None = None
    school_id: UUID | None = None
    company_id: UUID | None = None
    territory_id: UUID | None = None


def can_read(actor: Actor, subject: Subject) -> bool:
    """What somebody may subscribe to, and reads for as long as it is so: asked anew at each reading."""
    match subject.about:
        case FeedAbout.OWN:
            return bool(actor.grants)
        case FeedAbout.CLASS:
            return subject.school_id is not None and actor.is_staff_of(subject.school_id, subject.class_id)
        case FeedAbout.COMPANY:
            return actor.is_of_company(subject.company_id)
        case FeedAbout.TERRITORY:
            return subject.territory_id in actor.territories


def companies(actor: Actor) -> list[UUID]:
    """For whom the actor works."""
    return [
        grant.company_id
        for grant in actor.grants
        if grant.role in AT_COMPANY and grant.company_id is not None
    ]


def stays(ends_at: datetime, *, is_cancelled: bool, now: datetime) -> bool:
    """Whether it is still in the calendar."""
    return ends_at > now - (CANCELLED_FOR if is_cancelled else BACK)
