"""Whose a concern is, who sees it, who ends it, and when it passes on to the next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from app.auth.actors import AT_SCHOOL, Actor
from app.concerns.models import Concern, ConcernKind, Side, Stage
from app.settings import Settings

URGENT = frozenset({ConcernKind.SAFETY})
"""What the school's lead is told at once, without waiting for the tutor."""
NEXT: Mapping[Stage, Stage] = {
    Stage.TUTOR: Stage.LEAD,
    Stage.LEAD: Stage.TERRITORY,
    Stage.TERRITORY: Stage.SERVICE,
    Stage.SERVICE: Stage.SERVICE,
}
"""Who owns it when the clock of an owner has struck; the last one is reminded again and again."""
OWNER: Mapping[Stage, Side] = {
    Stage.TUTOR: Side.SCHOOL,
    Stage.LEAD: Side.SCHOOL,
    Stage.TERRITORY: Side.TERRITORY,
    Stage.SERVICE: Side.SERVICE,
}
REPORTERS = frozenset({Side.STUDENT, Side.FAMILY})
FAMILY = "family"
"""The kind of actor that stands for whoever holds a student's family code; its id is the student's."""
MOST_OPEN = 10
"""Open concerns of one placement."""
MOST_MESSAGES = 200
ADULT = 18
HIDDEN_NAME = "[…]"
_LEAST_TIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days in which each owner has to bring it to an end; the school's count from the report, the tutor's among them."""

    tutor_days: int
    school_days: int
    territory_days: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the installation has set them."""
        return cls(settings.concern_tutor_days, settings.concern_school_days, settings.concern_territory_days)

    def due_at(self, stage: Stage, raised_at: datetime, now: datetime) -> datetime:
        """When the clock of an open stage strikes that begins now; nobody gets less than a day."""
        if stage is Stage.TUTOR:
            return raised_at + timedelta(days=self.tutor_days)
        if stage is Stage.LEAD:
            return max(raised_at + timedelta(days=self.school_days), now + _LEAST_TIME)
        return now + timedelta(days=self.territory_days)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a concern belongs: the school and the tutor of its placement, and the province of the school."""

    school_id: UUID
    tutor_id: UUID | None
    province: str | None


def side_of(actor: Actor, concern: Concern, place: Place) -> Side | None:
    """For whom the actor speaks; None when the concern does not exist for the actor, as for every company.

    Student and family each see what they have reported themselves; programs of coordinators see nothing.
    """
    if concern.raised_side is Side.STUDENT and actor.is_student(concern.student_id):
        return Side.STUDENT
    if concern.raised_side is Side.FAMILY and is_family_of(actor, concern.student_id):
        return Side.FAMILY
    if actor.is_staff_of(place.school_id) or (not concern.skips_tutor and _is_tutor(actor, place)):
        return Side.SCHOOL
    if concern.territory_at is not None and actor.kind == "user" and place.province in actor.provinces:
        return Side.TERRITORY
    return Side.SERVICE if actor.is_administrator else None


def is_family_of(actor: Actor, student_id: UUID) -> bool:
    """Whether the actor holds the family code of the student."""
    return actor.kind == FAMILY and actor.id == student_id


def _is_tutor(actor: Actor, place: Place) -> bool:
    return (
        actor.kind == "user"
        and actor.id == place.tutor_id
        and any(grant.role in AT_SCHOOL and grant.school_id == place.school_id for grant in actor.grants)
    )


def sees_name(side: Side, concern: Concern) -> bool:
    """Coordinators see the case; who it is about only once they have said why they need it."""
    return side is not Side.TERRITORY or concern.named_at is not None


def can_close(side: Side, concern: Concern) -> bool:
    """Whoever has reported it, and who runs the service: never those whom it is about, nor those who have to answer."""
    return side in (concern.raised_side, Side.SERVICE)


def needs_reason(side: Side) -> bool:
    """Who closes what somebody else has reported says why."""
    return side not in REPORTERS


def without_names(text: str, names: Iterable[str]) -> str:
    """The text with these names, and each word of them, taken out; for who is not told whose case it is.

    >>> without_names("Sono Giulia Rossi, giuliana lo sa", ["Giulia", "Rossi"])
    'Sono […] […], giuliana lo sa'
    """
    words = {word for name in names for word in name.split() if len(word) > 1}
    if not words:
        return text
    among = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{among})(?!\w)", HIDDEN_NAME, text, flags=re.IGNORECASE)
