"""Who opens, sees and runs a round, its life, and when its clocks strike. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.auth.actors import Actor
from app.opportunities.models import Kind
from app.rounds.models import Round, RoundState

MOST_CLASSES = 200
"""Classes in one round; a territory of 2,000 students has half as many."""
MOST_DAYS = 400
INLINE = 500
"""So many students are assigned while somebody waits; more are a job."""
MOST_PUBLISHED = 500
"""So many proposals go out in one call; a larger round is published in parts."""


class Action(StrEnum):
    """What moves a round from one state to the next."""

    FREEZE = "freeze"
    REOPEN = "reopen"
    REVIEW = "review"
    PUBLISH = "publish"
    CANCEL = "cancel"


TRANSITIONS: Mapping[Action, Mapping[RoundState, RoundState]] = {
    Action.FREEZE: {RoundState.COLLECTING: RoundState.FROZEN},
    Action.REOPEN: {RoundState.FROZEN: RoundState.COLLECTING, RoundState.REVIEWED: RoundState.COLLECTING},
    Action.REVIEW: {
        RoundState.FROZEN: RoundState.REVIEWED,
        RoundState.REVIEWED: RoundState.REVIEWED,
        RoundState.PUBLISHED: RoundState.PUBLISHED,  # late changes: what is published stays
    },
    Action.PUBLISH: {RoundState.REVIEWED: RoundState.PUBLISHED},
    Action.CANCEL: {
        RoundState.COLLECTING: RoundState.CANCELLED,
        RoundState.FROZEN: RoundState.CANCELLED,
        RoundState.REVIEWED: RoundState.CANCELLED,
    },
}

UNDOING = frozenset({Action.REOPEN, Action.CANCEL})
"""What cannot be done any more once a class has been told."""

AT_DUE: Mapping[RoundState, Action] = {
    RoundState.COLLECTING: Action.FREEZE,
    RoundState.FROZEN: Action.CANCEL,
    RoundState.REVIEWED: Action.CANCEL,
}
"""What happens by itself when the clock strikes: a program freezes and cancels, and proposes nobody anything.

A round of which some classes are published is over then with those; nothing of the others has gone out.
"""

RUNNABLE = frozenset(TRANSITIONS[Action.REVIEW])
TAKES_RULINGS = RUNNABLE | {RoundState.COLLECTING}


def due_at(state: RoundState, closes_on: date, publish_by: date, zone: tzinfo) -> datetime | None:
    """When the clock of a state strikes, in UTC: at the end of the last day on the territory's clocks."""
    last = {RoundState.COLLECTING: closes_on, RoundState.FROZEN: publish_by, RoundState.REVIEWED: publish_by}
    if state not in last:
        return None
    return datetime.combine(last[state] + timedelta(days=1), time.min, zone).astimezone(UTC)


def kinds_of(found: Round) -> frozenset[Kind]:
    """The kinds of opportunity that a round is about."""
    return frozenset(map(Kind, found.kinds.split()))


def written(kinds: Iterable[Kind]) -> str:
    """Kinds as the column keeps them, in the order of the enum."""
    chosen = set(kinds)
    return " ".join(kind for kind in Kind if kind in chosen)


# --- who --------------------------------------------------------------------------------------------------------------


def can_open(actor: Actor, school_id: UUID, class_ids: Collection[UUID]) -> bool:
    """Who leads the school, and who teaches all of these classes."""
    if actor.is_administrator or actor.is_staff_of(school_id):
        return True
    return bool(class_ids) and all(actor.is_staff_of(school_id, class_id) for class_id in class_ids)


def can_open_shared(actor: Actor, territory_id: UUID) -> bool:
    """Who coordinates the territory; the schools join by themselves."""
    return actor.is_administrator or territory_id in actor.territories


def can_run(actor: Actor, found: Round, class_ids: Collection[UUID]) -> bool:
    """Who may freeze, run, cancel: as who may open it; `class_ids` are all that take part."""
    if found.school_id is not None:
        return can_open(actor, found.school_id, class_ids)
    return found.territory_id is not None and can_open_shared(actor, found.territory_id)


def can_join(actor: Actor, school_id: UUID) -> bool:
    """Each lead decides for the own school."""
    return actor.is_administrator or actor.is_staff_of(school_id)


def is_staff(actor: Actor, school_id: UUID, class_id: UUID) -> bool:
    """Who sees students of a class by name, pins and bans them."""
    return actor.is_administrator or actor.is_staff_of(school_id, class_id)


def can_publish(actor: Actor, school_id: UUID, class_id: UUID) -> bool:
    """Publishing is the school's yes: whoever runs the service does not say it."""
    return actor.is_staff_of(school_id, class_id)


# --- what -------------------------------------------------------------------------------------------------------------

Fault = dict[str, Any]


def faults(values: Mapping[str, Any], today: date) -> list[Fault]:
    """What cannot be meant; `values` has every field of a round."""
    found = []
    if values["ends_on"] < values["starts_on"]:
        found.append(_fault("ends_on", "lies before starts_on"))
    elif (values["ends_on"] - values["starts_on"]).days > MOST_DAYS:
        found.append(_fault("ends_on", f"lies more than {MOST_DAYS} days after starts_on"))
    if values["closes_on"] < values["opens_on"]:
        found.append(_fault("closes_on", "lies before opens_on"))
    if values["closes_on"] < today:
        found.append(_fault("closes_on", "is past"))
    if values["publish_by"] <= values["closes_on"]:
        found.append(_fault("publish_by", "must be later than closes_on"))
    if values["starts_on"] <= values["publish_by"]:
        found.append(_fault("starts_on", "must be later than publish_by: nobody starts before it is agreed"))
    if not values["kinds"]:
        found.append(_fault("kinds", "choose at least one kind"))
    return found


def _fault(field: str, detail: str) -> Fault:
    return {"in": "body", "field": field, "detail": detail}
