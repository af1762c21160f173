"""Finding proposals, and showing each reader what is theirs to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies.models import Company
from app.opportunities import access
from app.opportunities import rules as opportunity_rules
from app.opportunities.models import Opportunity
from app.series import rules
from app.series import service as series_service
from app.series.models import ProposalState, Series, SeriesProposal
from app.series.rules import ProposalAction


class NoSuchProposal(errors.NotFound):
    """No proposal has this id, or it is between others."""

    title = "No such proposal"


@dataclass(frozen=True, slots=True)
class SeenProposal:
    """A proposal with what a list says of it, and for whom its reader speaks."""

    proposal: SeriesProposal
    series: Series
    opportunity: Opportunity
    company_name: str
    is_host: bool
    is_steering: bool

    @property
    def is_inside(self) -> bool:
        """Whether the reader is one of the two sides: only these read who is there on the day, and why it was returned."""
        return self.is_host or self.is_steering

    @property
    def actions(self) -> list[ProposalAction]:
        """What the reader can do now."""
        return rules.actions(self.proposal.state, is_host=self.is_host, is_steering=self.is_steering)


_rows = (
    sa.select(SeriesProposal, Series, Opportunity, Company.name)
    .join(Series, Series.id == SeriesProposal.series_id)
    .join(Opportunity, Opportunity.id == SeriesProposal.opportunity_id)
    .join(Company, Company.id == Opportunity.company_id)
)


def find(session: Session, actor: Actor, series_id: UUID, proposal_id: UUID) -> SeenProposal:
    """A proposal of a series that the actor may see. Raises NoSuchProposal."""
    auth.require_scope(actor, "opportunities:read")
    return _one(session, actor, _is(series_id, proposal_id))


def find_of(session: Session, actor: Actor, opportunity_id: UUID) -> SeenProposal | None:
    """The proposal of an event, if there is one and the actor may see it."""
    try:
        return _one(session, actor, SeriesProposal.opportunity_id == opportunity_id)
    except NoSuchProposal:
        return None


def is_host(session: Session, actor: Actor, opportunity: Opportunity) -> bool:
    """Whether the actor may publish the event, and so propose it."""
    is_overseen = opportunity.id in _overseen(session, actor, [opportunity.id])
    return opportunity_rules.can_edit(
        actor, opportunity.company_id, opportunity.kind, is_overseen=is_overseen
    )


def search(
    session: Session,
    actor: Actor,
    series_id: UUID,
    *,
    state: ProposalState | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[SeenProposal]:
    """The events of a series that the actor may see, those proposed first before the others. Raises NoSuchSeries."""
    found = series_service.read(session, actor, series_id)
    query = _rows.where(SeriesProposal.series_id == series_id)
    if not rules.steers(actor, found.territory_id):
        mine = sa.or_(
            Opportunity.company_id.in_([grant.company_id for grant in actor.grants if grant.company_id]),
            access.overseen_by(actor),
        )
        query = query.where(sa.or_(SeriesProposal.state == ProposalState.PUBLISHED, mine))
    if state is not None:
        query = query.where(SeriesProposal.state == state)
    if after is not None:
        query = query.where(sa.tuple_(SeriesProposal.proposed_at, SeriesProposal.id) > after)
    query = query.order_by(SeriesProposal.proposed_at, SeriesProposal.id).limit(limit)
    return _seen(session, actor, session.execute(query).all())


def _is(series_id: UUID, proposal_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(SeriesProposal.id == proposal_id, SeriesProposal.series_id == series_id)


def _one(session: Session, actor: Actor, which: sa.ColumnElement[bool]) -> SeenProposal:
    found = _seen(session, actor, session.execute(_rows.where(which)).all())
    if not found:
        raise NoSuchProposal
    return found[0]


def _seen(session: Session, actor: Actor, rows: Sequence[Any]) -> list[SeenProposal]:
    overseen = _overseen(session, actor, [row[2].id for row in rows])
    found = []
    for proposal, series, opportunity, company_name in rows:
        is_host = opportunity_rules.can_edit(
            actor, opportunity.company_id, opportunity.kind, is_overseen=opportunity.id in overseen
        )
        one = SeenProposal(
            proposal, series, opportunity, company_name, is_host, rules.steers(actor, series.territory_id)
        )
        if rules.can_see(proposal.state, is_host=one.is_host, is_steering=one.is_steering):
            found.append(one)
    return found


def _overseen(session: Session, actor: Actor, ids: Sequence[UUID]) -> frozenset[UUID]:
    # Asked of none too: how long the answer takes must not tell whether there is a proposal.
    if not actor.is_coordinator:
        return frozenset(ids) if actor.is_administrator else frozenset()
    query = sa.select(Opportunity.id).where(Opportunity.id.in_(ids), access.overseen_by(actor))
    return frozenset(session.scalars(query))
