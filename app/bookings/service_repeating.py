"""Planning sessions by a rule: first looking at the days, then making all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import Actor
from app.bookings import rules_repeating as rules
from app.bookings import service_clashes, service_overview, service_sessions
from app.bookings.models import VisitSession
from app.bookings.rules_clashes import ClashKind
from app.bookings.rules_repeating import LeftOut, Repetition
from app.bookings.service_clashes import Warned
from app.calendars import service as calendars
from app.calendars.models import SchoolClosing
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity
from app.schools.models import School


class UnfitRepetition(errors.Invalid):
    """Days or hours in no order, or a rule that says no days; `faults` names the field."""

    title = "The rule is not valid"


class NothingToPlan(errors.Conflict):
    """Every day of the rule is left out."""

    title = "No day is left"


class RoomTaken(errors.Conflict):
    """In the same room, sessions of the same host would be at the same time; `faults` names each."""

    title = "The room is taken"


@dataclass(frozen=True, slots=True)
class Planned:
    """What a rule comes to: the moments, the days without any, and what gets in the way of each moment by its place."""

    moments: Sequence[tuple[datetime, datetime]]
    left_out: Mapping[date, LeftOut]
    warned: Mapping[int, Sequence[Warned]]


def preview(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    wanted: Repetition,
    *,
    room: str,
    school_id: UUID | None,
    now: datetime,
) -> Planned:
    """What the rule comes to, for whoever may change the event. `now` is in the territory's time zone.

    Raises NoSuchOpportunity, NotYourOpportunity and UnfitRepetition.
    """
    opportunity = service_overview.require_host(session, actor, opportunity_id)
    return _plan(session, opportunity, wanted, room=room, school_id=school_id, now=now)


def create(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    wanted: Repetition,
    values: Mapping[str, Any],
    *,
    school_id: UUID | None,
    now: datetime,
) -> list[VisitSession]:
    """Plan all of them or none; `values` are the same of all.

    Raises what `service_sessions.create_many` raises, and UnfitRepetition, NothingToPlan and RoomTaken.
    """
    opportunity = opportunities.get_for_change(session, actor, opportunity_id)
    planned = _plan(session, opportunity, wanted, room=values["room"], school_id=school_id, now=now)
    if not planned.moments:
        raise NothingToPlan
    taken = [
        f"{warned.title}, {warned.starts_at.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"
        for place in sorted(planned.warned)
        for warned in planned.warned[place]
        if warned.kind is ClashKind.ROOM
    ]
    if taken:
        raise RoomTaken(
            faults=[{"in": "body", "field": "room", "detail": f"taken by {one}"} for one in taken]
        )
    many = [{**values, "starts_at": first, "ends_at": last} for first, last in planned.moments]
    return service_sessions.create_many(session, actor, opportunity_id, many, now=now)


def _plan(
    session: Session,
    opportunity: Opportunity,
    wanted: Repetition,
    *,
    room: str,
    school_id: UUID | None,
    now: datetime,
) -> Planned:
    faults = rules.faults_of(wanted)
    if school_id is not None and session.get(School, school_id) is None:
        faults.append(("school_id", "no school has this id"))
    if faults:
        raise UnfitRepetition(
            faults=[{"in": "body", "field": name, "detail": detail} for name, detail in faults]
        )
    patron = calendars.calendar(session, [], [opportunity.id]).patrons.get(opportunity.id)
    moments, left_out = rules.plan(
        wanted, now.tzinfo or UTC, now, patron=patron, closed=_closed(session, school_id, wanted)
    )
    ids = [db.new_id() for _ in moments]
    given = [(key, first, last, room) for key, (first, last) in zip(ids, moments, strict=True)]
    slots = service_clashes.slots_of(session, opportunity, given)
    warned: dict[int, list[Warned]] = {}
    for one in service_clashes.warn(session, slots, now.tzinfo or UTC):
        warned.setdefault(ids.index(one.visit_session_id), []).append(one)
    return Planned(moments, left_out, warned)


def _closed(session: Session, school_id: UUID | None, wanted: Repetition) -> frozenset[date]:
    """On which of the days the school is closed, whatever that means for who is placed."""
    if school_id is None:
        return frozenset()
    rows = session.execute(
        sa.select(SchoolClosing.starts_on, SchoolClosing.ends_on).where(
            SchoolClosing.school_id == school_id,
            SchoolClosing.starts_on <= wanted.last_on,
            SchoolClosing.ends_on >= wanted.first_on,
        )
    )
    return rules.days_between((row.starts_on, row.ends_on) for row in rows)
