"""Who is told what of a proposal: the steering group that there is one, the host what has become of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.companies.models import Company
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Opportunity
from app.series.models import ProposalState, Series, SeriesProposal


def proposed(
    session: Session, proposal: SeriesProposal, series: Series, opportunity: Opportunity, now: datetime
) -> None:
    """The steering group has something to look at."""
    _tell_steering(session, NotificationKind.EVENT_PROPOSED, proposal, series, opportunity, now)


def late(
    session: Session, proposal: SeriesProposal, series: Series, opportunity: Opportunity, now: datetime
) -> None:
    """The steering group has let its time pass."""
    _tell_steering(session, NotificationKind.EVENT_DUE, proposal, series, opportunity, now)


def decided(
    session: Session, proposal: SeriesProposal, series: Series, opportunity: Opportunity, now: datetime
) -> None:
    """The host reads whether it is in the programme, or what to change."""
    is_in = proposal.state is ProposalState.PUBLISHED
    kind = NotificationKind.EVENT_PUBLISHED if is_in else NotificationKind.EVENT_RETURNED
    people = notifications.people_of_company(session, opportunity.company_id)
    notifications.tell(
        session, people, kind, f"{proposal.id}:{proposal.version}", path=f"/opportunities/{opportunity.id}/series",
        data=_data(session, series, opportunity), now=now,
    )  # fmt: skip


def _tell_steering(
    session: Session,
    kind: NotificationKind,
    proposal: SeriesProposal,
    series: Series,
    opportunity: Opportunity,
    now: datetime,
) -> None:
    people = notifications.coordinators_of(session, series.territory_id)
    about = f"{proposal.id}:{proposal.version}:{now:%Y%m%d}"
    notifications.tell(
        session, people, kind, about, path=f"/coordination/series/{series.id}",
        data=_data(session, series, opportunity), now=now,
    )  # fmt: skip


def _data(session: Session, series: Series, opportunity: Opportunity) -> dict[str, str]:
    company = session.get_one(Company, opportunity.company_id).name
    return {"title": opportunity.title, "company": company, "series": series.name_it}
