"""Sessions of an event: planning, changing, cancelling; its dates and seats follow them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.auth.actors import Actor
from app.bookings import rules, service_counts
from app.bookings.models import SessionState, VisitSession
from app.events import service as events
from app.opportunities import access
from app.opportunities import service as opportunities
from app.opportunities import service_life as life
from app.opportunities.models import Kind, Opportunity, Status
from app.opportunities.rules import can_edit
from app.opportunities.schemas import OpportunitySpanIn
from app.opportunities.service import WrongState as WrongState


class NoSuchVisitSession(errors.NotFound):
    """No session has this id, or its event is none of the actor's business."""

    title = "No such session"


class NotAVisit(errors.Conflict):
    """Only visits have sessions: internships have periods, and training paths lessons."""

    title = "Only a visit has sessions"


class UnfitSession(errors.Invalid):
    """Times that make no sense; `faults` names the field."""

    title = "The session's data is not valid"


class SeatsPromised(errors.Conflict):
    """More seats are taken or kept than there would be."""

    title = "More seats are taken or kept"


class TooManySessions(errors.Conflict):
    """An event has so many sessions that it takes no more."""

    title = "Too many sessions"


# --- reading ----------------------------------------------------------------------------------------------------------


def read(session: Session, actor: Actor, visit_session_id: UUID) -> tuple[VisitSession, Opportunity]:
    """A session and its event, for whoever sees the event. Raises NoSuchVisitSession."""
    visit = session.get(VisitSession, visit_session_id)
    try:
        # The same question for one that does not exist.
        opportunity = opportunities.read(session, actor, visit.opportunity_id if visit else visit_session_id)
    except opportunities.NoSuchOpportunity as error:
        raise NoSuchVisitSession from error
    if visit is None:
        raise NoSuchVisitSession
    return visit, opportunity


def search(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[VisitSession]:
    """The sessions of an event, the earliest first. Raises NoSuchOpportunity."""
    opportunities.read(session, actor, opportunity_id)
    query = sa.select(VisitSession).where(VisitSession.opportunity_id == opportunity_id)
    if after is not None:
        query = query.where(sa.tuple_(VisitSession.starts_at, VisitSession.id) > after)
    return list(session.scalars(query.order_by(VisitSession.starts_at, VisitSession.id).limit(limit)))


def is_host(
    session: Session, actor: Actor, opportunity_id: UUID, opportunity: Opportunity | None = None
) -> bool:
    """Whether the actor may change the event, so that its sessions are theirs."""
    # The same question whether there is such an event or not.
    is_overseen = access.is_overseen(session, actor, opportunity_id)
    opportunity = opportunity or session.get(Opportunity, opportunity_id)
    return opportunity is not None and can_edit(
        actor, opportunity.company_id, opportunity.kind, is_overseen=is_overseen
    )


def read_of(session: Session, actor: Actor, opportunity_id: UUID, visit_session_id: UUID) -> VisitSession:
    """A session of an event. Raises NoSuchOpportunity and NoSuchVisitSession."""
    opportunities.read(session, actor, opportunity_id)
    visit = session.get(VisitSession, visit_session_id)
    if visit is None or visit.opportunity_id != opportunity_id:
        raise NoSuchVisitSession
    return visit


def get_for_change(
    session: Session, actor: Actor, opportunity_id: UUID, visit_session_id: UUID
) -> tuple[VisitSession, Opportunity]:
    """A session and its event, both locked, for who may change the event.

    Raises NoSuchOpportunity, NotYourOpportunity and NoSuchVisitSession.
    """
    opportunity = opportunities.get_for_change(session, actor, opportunity_id)
    visit = session.get(VisitSession, visit_session_id, with_for_update=True)
    if visit is None or visit.opportunity_id != opportunity_id:
        raise NoSuchVisitSession
    return visit, opportunity


# --- changing ---------------------------------------------------------------------------------------------------------


def create(
    session: Session, actor: Actor, opportunity_id: UUID, values: Mapping[str, Any], *, now: datetime
) -> VisitSession:
    """Plan a session, as `create_many`."""
    return create_many(session, actor, opportunity_id, [values], now=now)[0]


def create_many(
    session: Session, actor: Actor, opportunity_id: UUID, many: Sequence[Mapping[str, Any]], *, now: datetime
) -> list[VisitSession]:
    """Plan sessions, all or none; from now on the event has the dates and seats of its sessions.

    `now` is in the territory's time zone. Raises NoSuchOpportunity, NotYourOpportunity, NotAVisit, UnfitSession,
    TooManySessions, SeatsTaken and WrongState.
    """
    opportunity = opportunities.get_for_change(session, actor, opportunity_id)
    if opportunity.kind is not Kind.VISIT:
        raise NotAVisit
    if opportunity.status is Status.ARCHIVED:
        raise WrongState("It is in the archive.")
    planned = _planned(session, opportunity_id)
    if len(planned) + len(many) > rules.MOST_SESSIONS:
        raise TooManySessions(f"At most {rules.MOST_SESSIONS} are planned at a time.")
    for values in many:
        _refuse_unfit(values, now)
    if not opportunity.has_sessions and opportunity.seats_taken > sum(values["seats"] for values in many):
        raise opportunities.SeatsTaken(f"{opportunity.seats_taken} seats are taken.")
    made = [
        VisitSession(
            **values, opportunity_id=opportunity_id, state=SessionState.PLANNED, seats_taken=0,
            draw_seed=secrets.randbelow(2**31), created_at=now.astimezone(UTC), created_by=actor.mark,
        )
        for values in many
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    events.record_many(session, actor, [("session.planned", visit.id, None) for visit in made])
    follow(session, actor, opportunity, now)
    return made


def edit(
    session: Session,
    actor: Actor,
    visit: VisitSession,
    opportunity: Opportunity,
    changes: Mapping[str, Any],
    *,
    now: datetime,
) -> bool:
    """Change what `get_for_change` gave; whether it has moved: another time or another room.

    Raises WrongState, UnfitSession and SeatsPromised.
    """
    refuse_over(visit, now)
    after = {name: getattr(visit, name) for name in FIELDS} | dict(changes)
    _refuse_unfit(after, now)
    hall = service_counts.hall(session, visit, now)
    kept = sum(share.kept(now) for share in hall.shares)
    if after["seats"] < visit.seats_taken + kept:
        raise SeatsPromised(f"{visit.seats_taken} seats are taken, and {kept} kept.")
    changed = sorted(name for name, value in after.items() if getattr(visit, name) != value)
    if not changed:
        return False
    for name in changed:
        setattr(visit, name, after[name])
    session.flush()
    events.record(session, actor, "session.edited", visit.id, {"fields": changed})
    follow(session, actor, opportunity, now)
    return not MOVES.isdisjoint(changed)


FIELDS = (
    "starts_at", "ends_at", "room", "online_link", "language", "note", "seats", "smallest_group", "is_open_to_guests",
)  # fmt: skip
MOVES = frozenset({"starts_at", "ends_at", "room"})


def follow(session: Session, actor: Actor, opportunity: Opportunity, now: datetime, *, gone: int = 0) -> None:
    """Let a locked event have the dates and seats of its planned sessions; `gone` seats were taken in one that is over."""
    planned = _planned(session, opportunity.id)
    life.follow_sessions(
        session,
        actor,
        opportunity,
        spans(planned, now.tzinfo or UTC),
        seats=sum(one.seats for one in planned),
        seats_taken=opportunity.seats_taken - gone,
    )


def spans(planned: Sequence[VisitSession], zone: tzinfo) -> list[OpportunitySpanIn]:
    """The sessions as ranking knows dates: those at the same time, in two rooms, once."""
    moments = {rules.moment(one.starts_at, one.ends_at, zone) for one in planned}
    return [
        OpportunitySpanIn(
            starts_on=one.starts_on, ends_on=one.ends_on, weekdays=dates.mask_to_weekdays(one.weekdays),
            parts=one.parts, starts_at=one.starts_at, ends_at=one.ends_at,
        )
        for one in sorted(moment for moment in moments if moment is not None)
    ]  # fmt: skip


def refuse_over(visit: VisitSession, now: datetime) -> None:
    """Raise WrongState unless the session is planned and has not begun."""
    if visit.state is not SessionState.PLANNED:
        raise WrongState(f"The session is {visit.state}.")
    if visit.starts_at <= now:
        raise WrongState("The session has begun.")


def _planned(session: Session, opportunity_id: UUID) -> Sequence[VisitSession]:
    query = sa.select(VisitSession).where(
        VisitSession.opportunity_id == opportunity_id, VisitSession.state == SessionState.PLANNED
    )
    return session.scalars(query.order_by(VisitSession.starts_at, VisitSession.id)).all()


def _refuse_unfit(values: Mapping[str, Any], now: datetime) -> None:
    faults = []
    if values["starts_at"] <= now:
        faults.append(("starts_at", "lies in the past"))
    if values["ends_at"] <= values["starts_at"]:
        faults.append(("ends_at", "lies before starts_at"))
    elif rules.moment(values["starts_at"], values["ends_at"], now.tzinfo or UTC) is None:
        faults.append(("ends_at", "is on another day than starts_at, on the clocks of the place"))
    if values["smallest_group"] is not None and values["smallest_group"] > values["seats"]:
        faults.append(("smallest_group", "is more than seats"))
    if faults:
        raise UnfitSession(
            faults=[{"in": "body", "field": name, "detail": detail} for name, detail in faults]
        )
