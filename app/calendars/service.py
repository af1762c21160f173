"""Noting days off and taking them back, and the calendar by which days are counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor, Role
from app.calendars import rules
from app.calendars.models import PatronDay, SchoolClosing
from app.calendars.rules import Calendar, Closing
from app.events import service as events
from app.opportunities.models import Opportunity
from app.places.models import Municipality
from app.schools import rules as school_rules
from app.schools import service as schools
from app.schools.models import School


class NoSuchDayOff(errors.NotFound):
    """No closing of that school, and no patron's day, has this id."""

    title = "No such day off"


class UnfitDayOff(errors.Invalid):
    """Days that cannot be, or that stand in one call twice; `faults` names each."""

    title = "The day off is not valid"


class DayOffKnown(errors.Conflict):
    """These very days of the school, or the municipality's patron, are noted; `faults` names each."""

    title = "The day off is noted already"


class NotYourCalendar(errors.NotAllowed):
    """A school's days are for who leads it; a patron's day is for the coordination and for leads of schools nearby."""

    title = "Not your calendar"


# --- counting ---------------------------------------------------------------------------------------------------------


def calendar(session: Session, school_ids: Collection[UUID], opportunity_ids: Collection[UUID]) -> Calendar:
    """By which days are counted for students of these schools at these opportunities; two statements for any number."""
    by_school: defaultdict[UUID, list[Closing]] = defaultdict(list)
    query = sa.select(SchoolClosing).where(SchoolClosing.school_id.in_(school_ids))
    for one in session.scalars(query.order_by(SchoolClosing.starts_on, SchoolClosing.id)):
        by_school[one.school_id].append(Closing(one.starts_on, one.ends_on, one.name, one.kind))
    of_places = (
        sa.select(Opportunity.id, PatronDay.month, PatronDay.day)
        .join(PatronDay, PatronDay.municipality_istat == Opportunity.municipality_istat)
        .where(Opportunity.id.in_(opportunity_ids))
    )
    return Calendar(by_school, {row.id: (row.month, row.day) for row in session.execute(of_places)})


# --- schools ----------------------------------------------------------------------------------------------------------


def closings(
    session: Session, school_id: UUID, *, from_on: date | None = None, after: tuple[date, UUID] | None = None, limit: int
) -> Sequence[SchoolClosing]:  # fmt: skip
    """A school's closings in their order, those that are over by `from_on` left out. Raises NoSuchSchool."""
    schools.require(session, school_id)
    query = sa.select(SchoolClosing).where(SchoolClosing.school_id == school_id)
    if from_on is not None:
        query = query.where(SchoolClosing.ends_on >= from_on)
    if after is not None:
        first, closing_id = (sa.literal(value) for value in after)
        query = query.where(
            sa.tuple_(SchoolClosing.starts_on, SchoolClosing.id) > sa.tuple_(first, closing_id)
        )
    return session.scalars(query.order_by(SchoolClosing.starts_on, SchoolClosing.id).limit(limit)).all()


def close(session: Session, actor: Actor, school_id: UUID, wanted: Sequence[Closing]) -> list[SchoolClosing]:
    """Note days on which a school is closed, all or none. Raises NoSuchSchool, NotYourCalendar, UnfitDayOff and DayOffKnown."""
    _require_lead(session, actor, school_id)
    faults = [
        _fault(f"closings.{number}.{field}", detail)
        for number, one in enumerate(wanted)
        for field, detail in rules.faults_of(one)
    ]
    days = [one[:2] for one in wanted]
    faults += [
        _fault(f"closings.{number}.starts_on", "the same days stand there twice")
        for number, one in enumerate(days)
        if one in days[:number]
    ]
    if faults:
        raise UnfitDayOff(faults=faults)
    session.execute(sa.select(School.id).where(School.id == school_id).with_for_update(key_share=True))
    rows = session.execute(
        sa.select(SchoolClosing.starts_on, SchoolClosing.ends_on).where(SchoolClosing.school_id == school_id)
    )
    known = {(row.starts_on, row.ends_on) for row in rows}
    faults = [
        _fault(f"closings.{number}.starts_on", "these days are noted already")
        for number, one in enumerate(days)
        if one in known
    ]
    if faults:
        raise DayOffKnown(faults=faults)
    made = [SchoolClosing(school_id=school_id, **one._asdict()) for one in wanted]
    session.add_all(made)
    session.flush()
    events.record_many(session, actor, [("school_closing.noted", one.id, _told(one)) for one in made])
    return made


def reopen(session: Session, actor: Actor, school_id: UUID, closing_id: UUID) -> None:
    """Take a closing back. Raises NoSuchSchool, NotYourCalendar and NoSuchDayOff."""
    _require_lead(session, actor, school_id)
    row = session.get(SchoolClosing, closing_id, with_for_update=True)
    if row is None or row.school_id != school_id:
        raise NoSuchDayOff
    events.record(session, actor, "school_closing.removed", row.id, _told(row))
    session.delete(row)
    session.flush()


def _told(one: SchoolClosing) -> dict[str, str]:
    return {
        "school_id": str(one.school_id), "starts_on": one.starts_on.isoformat(), "ends_on": one.ends_on.isoformat(),
        "kind": one.kind.value,
    }  # fmt: skip


def _require_lead(session: Session, actor: Actor, school_id: UUID) -> None:
    auth.require_scope(actor, "placements:write")
    schools.require(session, school_id)
    if not school_rules.leads(actor, school_id):
        raise NotYourCalendar("Who leads the school says when it is closed.")


# --- patrons ----------------------------------------------------------------------------------------------------------


def patrons(
    session: Session, *, municipality_istat: str | None = None, after: tuple[str, str] | None = None, limit: int
) -> list[tuple[PatronDay, Municipality]]:  # fmt: skip
    """Patrons' days with their municipalities, in the order of the names of these."""
    query = _patrons
    if municipality_istat is not None:
        query = query.where(PatronDay.municipality_istat == municipality_istat)
    if after is not None:
        name, istat = (sa.literal(value) for value in after)
        query = query.where(sa.tuple_(Municipality.name, Municipality.istat) > sa.tuple_(name, istat))
    rows = session.execute(query.order_by(Municipality.name, Municipality.istat).limit(limit))
    return [(row.PatronDay, row.Municipality) for row in rows]


def note_patron(
    session: Session, actor: Actor, municipality_istat: str, month: int, day: int, name: str
) -> tuple[PatronDay, Municipality]:
    """Note the day of a municipality's patron. Raises UnfitDayOff, NotYourCalendar and DayOffKnown."""
    auth.require_scope(actor, "placements:write")
    place = session.get(Municipality, municipality_istat, with_for_update={"key_share": True})
    faults = [] if place is not None else [_fault("municipality_istat", "no municipality has this code")]
    if not rules.is_day_of_year(month, day):
        faults.append(_fault("day", f"month {month} has no day {day}"))
    if place is None or faults:
        raise UnfitDayOff(faults=faults)
    _require_near(session, actor, place)
    present = sa.select(PatronDay.id).where(PatronDay.municipality_istat == municipality_istat)
    if session.scalar(present) is not None:
        raise DayOffKnown(
            faults=[_fault("municipality_istat", "its patron's day is noted: take it back first")]
        )
    row = PatronDay(municipality_istat=municipality_istat, month=month, day=day, name=name)
    session.add(row)
    session.flush()
    events.record(session, actor, "patron_day.noted", row.id, {"municipality_istat": municipality_istat})
    return row, place


def remove_patron(session: Session, actor: Actor, patron_id: UUID) -> None:
    """Take a patron's day back. Raises NoSuchDayOff and NotYourCalendar."""
    auth.require_scope(actor, "placements:write")
    row = session.get(PatronDay, patron_id, with_for_update=True)
    if row is None:
        raise NoSuchDayOff
    _require_near(session, actor, session.get_one(Municipality, row.municipality_istat))
    events.record(
        session, actor, "patron_day.removed", row.id, {"municipality_istat": row.municipality_istat}
    )
    session.delete(row)
    session.flush()


def notes_patrons_in(session: Session, actor: Actor) -> frozenset[str] | None:
    """The provinces of which the actor notes patrons' days; None stands for all."""
    return None if actor.is_administrator else actor.provinces | {one for one in _led(session, actor) if one}


_patrons = sa.select(PatronDay, Municipality).join(
    Municipality, Municipality.istat == PatronDay.municipality_istat
)


def _require_near(session: Session, actor: Actor, place: Municipality) -> None:
    if not rules.can_note_patron(actor, place.province_code, _led(session, actor)):
        raise NotYourCalendar("For who coordinates its province, and who leads a school of it.")


def _led(session: Session, actor: Actor) -> Sequence[str | None]:
    """The provinces of the schools that the actor leads."""
    ids = [grant.school_id for grant in actor.grants if grant.role is Role.SCHOOL_LEAD]
    query = sa.select(Municipality.province_code).join(
        School, School.municipality_istat == Municipality.istat
    )
    return session.scalars(query.where(School.id.in_(ids))).all() if ids else []


def _fault(field: str, detail: str) -> dict[str, str]:
    return {"in": "body", "field": field, "detail": detail}
