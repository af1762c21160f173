"""Quotas of an event or of one of its sessions. A changed quota is another one: one goes, and one comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.bookings import rules, service_counts, service_sessions, service_waiting
from app.bookings.models import Booking, BookingCount, Quota, VisitSession
from app.bookings.rules import Counted, Limits
from app.events import service as events
from app.opportunities import service as opportunities
from app.programmes.models import Programme
from app.schools.models import School


class NoSuchQuota(errors.NotFound):
    """The event has no quota with this id."""

    title = "No such quota"


class UnfitQuota(errors.Invalid):
    """Values that exclude each other, or name what does not exist; `faults` names the field."""

    title = "The quota's data is not valid"


class TooManyQuotas(errors.Conflict):
    """An event has so many quotas that it takes no more."""

    title = "Too many quotas"


def search(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[Quota]:
    """The quotas of an event, the oldest first; like the event, they are public. Raises NoSuchOpportunity."""
    opportunities.read(session, actor, opportunity_id)
    query = sa.select(Quota).where(Quota.opportunity_id == opportunity_id)
    if after is not None:
        query = query.where(sa.tuple_(Quota.created_at, Quota.id) > after)
    return session.scalars(query.order_by(Quota.created_at, Quota.id).limit(limit)).all()


def create(
    session: Session, actor: Actor, opportunity_id: UUID, values: Mapping[str, Any], *, now: datetime
) -> Quota:
    """Add a quota; who comes already counts in it.

    Raises NoSuchOpportunity, NotYourOpportunity, TooManyQuotas, UnfitQuota, and SeatsPromised where more come already, or
    where seats are to be kept that are not free.
    """
    opportunities.get_for_change(session, actor, opportunity_id)
    of_event = sa.select(sa.func.count()).where(Quota.opportunity_id == opportunity_id)
    if (session.scalar(of_event) or 0) >= rules.MOST_QUOTAS:
        raise TooManyQuotas(f"At most {rules.MOST_QUOTAS} of one event.")
    _refuse_unfit(session, opportunity_id, values, now)
    quota = Quota(
        **values, opportunity_id=opportunity_id, seats_taken=0, groups_taken=0,
        created_at=now.astimezone(UTC), created_by=actor.mark,
    )  # fmt: skip
    counts = _counts(session, quota)
    quota.seats_taken = sum(one.seats for one in counts.values())
    quota.groups_taken = sum(one.groups for one in counts.values())
    _refuse_promised(session, quota, now)
    session.add(quota)
    session.flush()
    session.add_all(
        BookingCount(booking_id=booking_id, quota_id=quota.id, seats=one.seats, groups=one.groups)
        for booking_id, one in counts.items()
    )
    session.flush()
    events.record(session, actor, "quota.created", quota.id)
    return quota


def remove(
    session: Session, actor: Actor, opportunity_id: UUID, quota_id: UUID, *, now: datetime, limits: Limits
) -> None:
    """Remove a quota; who waits because of it is served. Raises NoSuchOpportunity, NotYourOpportunity, NoSuchQuota."""
    opportunities.get_for_change(session, actor, opportunity_id)
    quota = session.get(Quota, quota_id)
    if quota is None or quota.opportunity_id != opportunity_id:
        raise NoSuchQuota
    session.delete(quota)
    session.flush()
    events.record(session, actor, "quota.removed", quota_id)
    service_waiting.serve_event(session, actor, opportunity_id, now=now, limits=limits)


def _refuse_unfit(session: Session, opportunity_id: UUID, values: Mapping[str, Any], now: datetime) -> None:
    faults = []
    visit_id, school_id, programme_id = (
        values[name] for name in ("visit_session_id", "school_id", "programme_id")
    )
    visit = None if visit_id is None else session.get(VisitSession, visit_id)
    if visit_id is not None and (visit is None or visit.opportunity_id != opportunity_id):
        faults.append(("visit_session_id", "the event has no session with this id"))
    if school_id is not None and session.get(School, school_id) is None:
        faults.append(("school_id", "no school has this id"))
    if programme_id is not None and session.get(Programme, programme_id) is None:
        faults.append(("programme_id", f"there is no programme {programme_id}"))
    if values["seats"] is None and (values["most_groups"] is None or values["keeps"]):
        faults.append(("seats", "say how many"))
    if values["keeps"] and all(values[name] is None for name in ("school_id", "year", "programme_id")):
        faults.append(("school_id", "say for whom seats are kept: a school, a year or a programme"))
    if values["keeps"] and visit_id is None:
        faults.append(("visit_session_id", "seats are kept in a session: say in which"))
    if values["keeps"] and values["most_groups"] is not None:
        faults.append(("most_groups", "seats are kept, groups are not"))
    if values["released_at"] is not None and not values["keeps"]:
        faults.append(("released_at", "only what is kept is released"))
    elif values["released_at"] is not None and values["released_at"] <= now:
        faults.append(("released_at", "lies in the past"))
    if faults:
        raise UnfitQuota(faults=[{"in": "body", "field": name, "detail": detail} for name, detail in faults])


def _counts(session: Session, quota: Quota) -> dict[UUID, Counted]:
    """How those who come already count in a new quota, the first to ask first."""
    query = (
        sa.select(Booking)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .where(VisitSession.opportunity_id == quota.opportunity_id, Booking.state.in_(rules.HOLDS_SEATS))
    )
    if quota.visit_session_id is not None:
        query = query.where(Booking.visit_session_id == quota.visit_session_id)
    found = session.scalars(query.order_by(Booking.asked_at, Booking.id)).all()
    share, left = service_counts.share(quota), quota.seats or 0
    guests, counts = service_counts.guests(session, found), {}
    for one in found:
        if not share.is_for(guests[one.id]):
            continue
        if not quota.keeps:
            counts[one.id] = Counted(one.people, int(guests[one.id].is_group))
        elif drawn := min(left, one.people):
            counts[one.id] = Counted(drawn, 0)
            left -= drawn
    return counts


def _refuse_promised(session: Session, quota: Quota, now: datetime) -> None:
    if not quota.keeps:
        if quota.seats is not None and quota.seats_taken > quota.seats:
            raise service_sessions.SeatsPromised(f"{quota.seats_taken} of them come already.")
        if quota.most_groups is not None and quota.groups_taken > quota.most_groups:
            raise service_sessions.SeatsPromised(f"{quota.groups_taken} groups come already.")
        return
    visit = session.get_one(VisitSession, quota.visit_session_id, populate_existing=True)
    hall = service_counts.hall(session, visit, now)
    free = hall.free - sum(share.kept(now) for share in hall.shares)
    if service_counts.share(quota).kept(now) > free:
        raise service_sessions.SeatsPromised(f"Only {free} seats are free and not kept for others.")
