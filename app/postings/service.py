"""Drafts out of texts, renewals, and the effort that publications take."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies.models import Company, CompanySite
from app.opportunities import service as opportunities
from app.opportunities import service_life as life
from app.opportunities.models import Kind, Opportunity, Status
from app.opportunities.rules import Action
from app.opportunities.schemas import OpportunityIn, OpportunityOut
from app.places.models import Municipality
from app.postings import rules
from app.postings.models import Posting, PostingEffort
from app.postings.rules import Effort, Medians
from app.postings.schemas import RenewalIn


class AlreadyRenewed(errors.Conflict):
    """There is a renewal already; only one that is in the archive makes room for another."""

    title = "It has been renewed already"


class NeverPublic(errors.Conflict):
    """A draft has not been offered yet, so it cannot be offered again."""

    title = "A draft cannot be renewed"


# --- writing ----------------------------------------------------------------------------------------------------------


def from_last_time(session: Session, company_id: UUID, kind: Kind) -> dict[str, Any]:
    """Place, seats, hours and conditions of the company's latest opportunity of this kind, else its main site.

    What shuts students out (years, programmes, ages) is not taken over: nobody would see it.
    """
    latest = session.scalar(
        sa.select(Opportunity)
        .where(Opportunity.company_id == company_id, Opportunity.kind == kind)
        .order_by(Opportunity.created_at.desc(), Opportunity.id.desc())
        .limit(1)
    )
    if latest is not None:
        return {name: getattr(latest, name) for name in _FROM_LAST_TIME}
    main = sa.select(CompanySite.id).where(CompanySite.company_id == company_id)
    site_id = session.scalar(main.order_by(CompanySite.is_main.desc(), CompanySite.id).limit(1))
    return {"site_id": site_id}


_FROM_LAST_TIME = (
    "site_id", "municipality_istat", "is_online", "seats", "hours", "daily_hours", "conditions", "group_min",
    "group_max",
)  # fmt: skip


def begin(
    session: Session, actor: Actor, posting_id: UUID, given: OpportunityIn, *, now: datetime
) -> Opportunity:
    """Store the draft that a form describes; the same form sent again finds the draft that it has made.

    Raises NotYourOpportunity, UnfitOpportunity, and NoSuchOpportunity for a form of somebody else.
    """
    auth.require_scope(actor, "opportunities:write")
    fresh = db.inserting(session, Posting).values(
        id=posting_id, company_id=given.company_id, seconds=0, clicks=0, settled=[], is_measured=False
    )
    # Whoever sends it at the same moment waits here until the first has its draft.
    is_first = session.scalar(fresh.on_conflict_do_nothing(index_elements=["id"]).returning(Posting.id))
    posting = session.get_one(Posting, posting_id)
    if is_first is None:
        if posting.opportunity_id is None:
            raise opportunities.NoSuchOpportunity
        return opportunities.get_for_change(session, actor, posting.opportunity_id)
    opportunity = opportunities.create(session, actor, given, now=now)
    posting.opportunity_id = opportunity.id
    session.flush()
    return opportunity


def note_effort(session: Session, opportunity_id: UUID, *, seconds: float, clicks: float) -> None:
    """Add what one page has taken, while the opportunity has not been measured. Whoever calls may change it."""
    session.execute(
        sa.update(Posting)
        .where(Posting.opportunity_id == opportunity_id, Posting.is_measured.is_(False))
        .values(
            seconds=Posting.seconds + rules.bounded(seconds, rules.LONGEST_STEP),
            clicks=Posting.clicks + rules.bounded(clicks, rules.MOST_CLICKS),
        )
    )


def publish(session: Session, actor: Actor, opportunity_id: UUID, *, now: datetime) -> Opportunity:
    """Publish, and keep what it took without saying whose it was. Raises what publishing raises."""
    opportunity = life.move(session, actor, opportunity_id, Action.PUBLISH, now=now)
    posting = session.scalar(
        sa.select(Posting).where(Posting.opportunity_id == opportunity_id, Posting.is_measured.is_(False))
    )
    if posting is not None:
        company = session.get_one(Company, opportunity.company_id)
        session.add(
            PostingEffort(
                kind=opportunity.kind, size=company.size, is_renewal=posting.renewed_from_id is not None,
                province_code=_province(session, opportunity),
                seconds=posting.seconds, clicks=posting.clicks, published_on=now.date(),
            )
        )  # fmt: skip
        posting.is_measured, posting.seconds, posting.clicks = True, 0, 0
    return opportunity


def _province(session: Session, opportunity: Opportunity) -> str | None:
    """Where it takes place; of what is online, where the company is."""
    istat = opportunity.municipality_istat or session.scalar(
        sa.select(CompanySite.municipality_istat).where(
            CompanySite.company_id == opportunity.company_id, CompanySite.is_main
        )
    )
    return session.scalar(sa.select(Municipality.province_code).where(Municipality.istat == istat))


# --- questions about the text -----------------------------------------------------------------------------------------


def settled(session: Session, opportunity_id: UUID) -> frozenset[str]:
    """The questions about its text that have been answered with "the form is right"."""
    found = session.scalar(sa.select(Posting.settled).where(Posting.opportunity_id == opportunity_id))
    return frozenset(found or ())


def settle(session: Session, opportunity: Opportunity, question: str) -> None:
    """Ask this no more. Whoever calls may change the opportunity."""
    posting = session.scalar(sa.select(Posting).where(Posting.opportunity_id == opportunity.id))
    if posting is None:  # written by a program, and looked after on the pages
        posting = Posting(company_id=opportunity.company_id, opportunity_id=opportunity.id, is_measured=True)
        session.add(posting)
    posting.settled = sorted({*(posting.settled or ()), question})[:_MOST_SETTLED]


_MOST_SETTLED = 200

# --- renewing ---------------------------------------------------------------------------------------------------------


def renewal_of(session: Session, opportunity_id: UUID) -> UUID | None:
    """The renewal that there is already, if it is not in the archive."""
    return session.scalar(
        sa.select(Opportunity.id)
        .join(Posting, Posting.opportunity_id == Opportunity.id)
        .where(Posting.renewed_from_id == opportunity_id, Opportunity.status != Status.ARCHIVED)
    )


def renewed(session: Session, company_id: UUID) -> frozenset[UUID]:
    """Which of the company's opportunities have been renewed."""
    found = (
        sa.select(Posting.renewed_from_id)
        .join(Opportunity, Opportunity.id == Posting.opportunity_id)
        .where(Posting.company_id == company_id, Opportunity.status != Status.ARCHIVED)
    )
    return frozenset(one for one in session.scalars(found) if one is not None)


def propose_renewal(session: Session, actor: Actor, opportunity_id: UUID, *, now: datetime) -> OpportunityIn:
    """What the renewal would be: the same, with its days a year ahead. Raises NoSuchOpportunity, NeverPublic."""
    opportunity = opportunities.read(session, actor, opportunity_id)
    if not rules.can_renew(opportunity.status):
        raise NeverPublic
    [out] = opportunities.show(session, [opportunity])
    return rules.moved_ahead(_as_given(out), now.date())


def renew(
    session: Session, actor: Actor, opportunity_id: UUID, given: RenewalIn, *, now: datetime
) -> Opportunity:
    """Make a draft of the same opportunity, a year ahead. Raises NoSuchOpportunity, NotYourOpportunity, NeverPublic,
    AlreadyRenewed, UnfitOpportunity."""
    opportunities.get_for_change(
        session, actor, opportunity_id
    )  # locked: of two renewals at once one comes first
    proposed = propose_renewal(session, actor, opportunity_id, now=now)
    present = renewal_of(session, opportunity_id)
    if present is not None:
        raise AlreadyRenewed(f"Its renewal is {present}.")
    changes = {name: getattr(given, name) for name in given.model_fields_set}
    renewed = opportunities.create(session, actor, proposed.model_copy(update=changes), now=now)
    # One in the archive gives its place.
    session.execute(
        sa.update(Posting).where(Posting.renewed_from_id == opportunity_id).values(renewed_from_id=None)
    )
    session.add(
        Posting(company_id=renewed.company_id, opportunity_id=renewed.id, renewed_from_id=opportunity_id)
    )
    session.flush()
    return renewed


def _as_given(out: OpportunityOut) -> OpportunityIn:
    shown = out.model_dump()
    names = OpportunityIn.model_fields.keys() - {"source", "external_id"}
    return OpportunityIn.model_validate({name: shown[name] for name in names})


# --- effort -----------------------------------------------------------------------------------------------------------


def medians(session: Session, actor: Actor) -> list[Medians]:
    """What publications on the pages took in the actor's territory, without small numbers. Raises NotAllowed."""
    auth.require_scope(actor, "opportunities:read")
    if not rules.can_see_efforts(actor):
        raise errors.NotAllowed("Only coordinators and administrators see what publications take.")
    one = PostingEffort
    query = sa.select(one.kind, one.size, one.is_renewal, one.seconds, one.clicks)
    if not actor.is_administrator:
        query = query.where(one.province_code.in_(actor.provinces))
    return rules.medians(_efforts(session.execute(query)))


def _efforts(rows: Iterable[Any]) -> Iterable[Effort]:
    return (Effort(*row) for row in rows)


class Spent(NamedTuple):
    """What a company has published on the pages, and about how many minutes that takes; None where too few are known."""

    publications: int
    renewals: int
    minutes: int | None


def spent(session: Session, company_id: UUID, days: tuple[date, date], zone: tzinfo | None) -> Spent:
    """Publications of these days, each with the median of those like it in the company's provinces.

    What one publication took is kept without its company, so nobody is measured. Whoever calls decides who reads it.
    """
    begins, ends = dates.moments(days, zone)
    rows = session.execute(
        sa.select(Posting.renewed_from_id.is_not(None).label("is_renewal"), Opportunity.kind, Company.size)
        .join(Opportunity, Opportunity.id == Posting.opportunity_id)
        .join(Company, Company.id == Posting.company_id)
        .where(
            Posting.company_id == company_id, Posting.is_measured,
            Opportunity.published_at >= begins, Opportunity.published_at < ends,
        )
    ).all()  # fmt: skip
    provinces = (
        sa.select(Municipality.province_code)
        .join(CompanySite, CompanySite.municipality_istat == Municipality.istat)
        .where(CompanySite.company_id == company_id)
    )
    one = PostingEffort
    query = sa.select(one.kind, one.size, one.is_renewal, one.seconds, one.clicks)
    known = rules.medians(_efforts(session.execute(query.where(one.province_code.in_(provinces)))))
    seconds = [rules.typical(known, bool(row.is_renewal), row.kind, row.size) for row in rows]
    told = None if None in seconds else round(sum(filter(None, seconds)) / 60)
    return Spent(len(rows), sum(bool(row.is_renewal) for row in rows), told)
