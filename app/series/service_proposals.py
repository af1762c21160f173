"""Proposing events for a series, and deciding on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.bookings.service_sessions import NotAVisit as NotAVisit
from app.errors import WrongState as WrongState
from app.events import service as events
from app.opportunities import rules as opportunity_rules
from app.opportunities import service as opportunities
from app.opportunities import service_life as life
from app.opportunities.models import Kind, Status
from app.series import rules, service_reading, service_telling
from app.series import service as series_service
from app.series.models import ProposalState, Series, SeriesProposal, SeriesState
from app.series.rules import ProposalAction
from app.series.service_reading import SeenProposal


class NotYourProposal(errors.NotAllowed):
    """The host proposes and withdraws, the steering group decides."""

    title = "Not yours to decide"


class UnknownEvent(errors.Invalid):
    """The opportunity does not exist, or is not the actor's to know."""

    title = "Unknown event"


class ReasonMissing(errors.Invalid):
    """What is returned is returned with a reason, and nothing else has one."""

    title = "Say why, and only where it is returned"


class ProposedAlready(errors.Conflict):
    """The event is in a series, or on its way into one."""

    title = "The event is in a series already"


class SeriesClosed(errors.Conflict):
    """The series takes no proposals."""

    title = "The series takes no proposals"


class ProposalChanged(errors.Conflict):
    """Somebody else has changed it since it was read."""

    title = "The proposal has changed"


def propose(
    session: Session,
    actor: Actor,
    series_id: UUID,
    opportunity_id: UUID,
    values: Mapping[str, Any],
    *,
    now: datetime,
) -> SeriesProposal:
    """Propose a visit for a series, for whoever may publish it.

    Raises NoSuchSeries, SeriesClosed, UnknownEvent, NotYourOpportunity, NotAVisit and ProposedAlready.
    """
    auth.require_scope(actor, "opportunities:write")
    series = series_service.read(session, actor, series_id)
    try:
        opportunity = opportunities.get_for_change(session, actor, opportunity_id)
    except opportunities.NoSuchOpportunity as error:
        fault = {"in": "body", "field": "opportunity_id", "detail": "no visit that you may see has this id"}
        raise UnknownEvent(faults=[fault]) from error
    _refuse_closed(series)
    if opportunity.kind is not Kind.VISIT:
        raise NotAVisit
    proposal = SeriesProposal(
        **values, series_id=series_id, opportunity_id=opportunity_id, state=ProposalState.PROPOSED,
        proposed_at=now.astimezone(UTC), proposed_by=actor.mark, due_at=_due_at(series, now),
    )  # fmt: skip
    session.add(proposal)
    try:
        session.flush()
    except IntegrityError as error:
        fault = {"in": "body", "field": "opportunity_id", "detail": "is in a series, or on its way into one"}
        raise ProposedAlready(faults=[fault]) from error
    events.record(session, actor, "series_proposal.proposed", proposal.id)
    service_telling.proposed(session, proposal, series, opportunity, now)
    return proposal


def edit(session: Session, actor: Actor, seen: SeenProposal, changes: Mapping[str, Any]) -> None:
    """Change what `get_for_change` gave: the host, and the steering group, may at any time."""
    proposal = seen.proposal
    fields = sorted(name for name, value in changes.items() if getattr(proposal, name) != value)
    if not fields:
        return
    for name in fields:
        setattr(proposal, name, changes[name])
    session.flush()
    events.record(session, actor, "series_proposal.edited", proposal.id, {"fields": fields})


def get_for_change(session: Session, actor: Actor, series_id: UUID, proposal_id: UUID) -> SeenProposal:
    """A proposal, locked, for its two sides. Raises NoSuchProposal and NotYourProposal."""
    auth.require_scope(actor, "opportunities:write")
    seen = service_reading.find(session, actor, series_id, proposal_id)
    if not seen.is_inside:
        raise NotYourProposal
    session.refresh(seen.proposal, with_for_update=True)
    return seen


def move(
    session: Session,
    actor: Actor,
    series_id: UUID,
    proposal_id: UUID,
    action: ProposalAction,
    *,
    version: int,
    reason: str | None = None,
    now: datetime,
) -> SeriesProposal:
    """Take a step with a proposal; to repeat the last one changes nothing.

    To publish lets a draft of the event be published too. Raises NoSuchProposal, NotYourProposal, ReasonMissing,
    SeriesClosed, ProposalChanged, WrongState, and NotReady and NotYourOpportunity of the event.
    """
    seen = get_for_change(session, actor, series_id, proposal_id)
    if (action is ProposalAction.RETURN) != (reason is not None):
        fault = {"in": "body", "field": "reason", "detail": "goes with `return`, and with nothing else"}
        raise ReasonMissing(faults=[fault])
    if not (seen.is_steering if action in rules.OF_STEERING else seen.is_host):
        raise NotYourProposal
    proposal, before = seen.proposal, seen.proposal.state
    after = rules.TRANSITIONS[action].get(before)
    if after is None and before in rules.TRANSITIONS[action].values() and proposal.version == version + 1:
        return proposal
    if proposal.version != version:
        raise ProposalChanged(f"The present version is {proposal.version}.")
    if after is None:
        raise WrongState(f"The proposal is {before}.")
    _enter(session, actor, seen, after, reason, now)
    events.record(
        session, actor, "series_proposal.moved", proposal.id, {"from": before.value, "to": after.value}
    )
    if after is ProposalState.PROPOSED:
        service_telling.proposed(session, proposal, seen.series, seen.opportunity, now)
    elif action in rules.OF_STEERING and after is not ProposalState.IN_REVIEW:
        service_telling.decided(session, proposal, seen.series, seen.opportunity, now)
    return proposal


def _enter(
    session: Session,
    actor: Actor,
    seen: SeenProposal,
    state: ProposalState,
    reason: str | None,
    now: datetime,
) -> None:
    proposal = seen.proposal
    if state is ProposalState.PROPOSED:
        _refuse_closed(seen.series)
        proposal.proposed_at, proposal.proposed_by = now.astimezone(UTC), actor.mark
        proposal.due_at, proposal.reminded_at = _due_at(seen.series, now), None
    if state is ProposalState.PUBLISHED and seen.opportunity.status is Status.DRAFT:
        life.move(session, actor, seen.opportunity.id, opportunity_rules.Action.PUBLISH, now=now)
    if state in (ProposalState.PUBLISHED, ProposalState.RETURNED):
        proposal.decided_at, proposal.decided_by = now.astimezone(UTC), actor.mark
    if state not in rules.OPEN:
        proposal.due_at = None
    proposal.state, proposal.reason = state, reason
    session.flush()


def _due_at(series: Series, now: datetime) -> datetime:
    return now.astimezone(UTC) + timedelta(days=series.review_days)


def _refuse_closed(series: Series) -> None:
    if series.state is not SeriesState.OPEN:
        raise SeriesClosed(f"It is {series.state}.")
