"""Shared opportunities: reading the plan, changing it, asking firms, and their answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import errors
from app.appetites.models import is_hidden
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies import access as company_access
from app.companies import service as companies
from app.companies.access import territories_of
from app.companies.models import Company, CompanySite
from app.errors import WrongState as WrongState
from app.events import service as events
from app.hosting import plans, rules, service_telling
from app.hosting.models import (
    HostingPartner,
    PartnerReason,
    PartnerState,
    PlacementStation,
    Rotation,
    RotationStation,
)
from app.hosting.plans import Plan
from app.hosting.rules import Fault, PartnerAction, Stop
from app.opportunities import access
from app.opportunities import rules as opportunity_rules
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Opportunity, OpportunitySpan
from app.placements import rules as placement_rules
from app.placements import service_tutors as tutors
from app.placements.models import Placement, TutorSide

SHAREABLE = frozenset({Kind.INTERNSHIP, Kind.VISIT})


class NotShareable(errors.Conflict):
    """Internships and visits are shared; a training path has modules of several bodies already."""

    title = "This kind is not shared"


class UnfitRotation(errors.Invalid):
    """Stations that cannot be meant; `faults` names each field."""

    title = "The rotation plan is not valid"


class UnfitPartner(errors.Invalid):
    """The company cannot be asked, or its answer lacks something; `faults` names the field."""

    title = "Not a company to share with"


class NoSuchPartner(errors.NotFound):
    """The opportunity has no such partner, or it is none of the actor's business."""

    title = "No such partner"


class NotYourHosting(errors.NotAllowed):
    """The partner answers, the lead company invites and takes out."""

    title = "For the other side to say"


class PartnerKnown(errors.Conflict):
    """The company was asked already; a new step with it asks it again."""

    title = "The company was asked already"


class TooManyPartners(errors.Conflict):
    """More firms than a student can go round."""

    title = "Too many partners"


class PartnerChanged(errors.Conflict):
    """Somebody else has changed it since it was read."""

    title = "The partner has changed"


class StudentsExpected(errors.Conflict):
    """Students have agreed to come to this company, and their days are not over."""

    title = "Students are expected there"


@dataclass(frozen=True, slots=True)
class Seen:
    """A plan, and as whom the actor looks at it: for the lead company, for these partners, or for neither."""

    plan: Plan
    is_lead: bool
    own: frozenset[UUID]

    @property
    def is_inside(self) -> bool:
        """Whether the plan is the reader's business before it is settled."""
        return self.is_lead or bool(self.own)

    @property
    def stops(self) -> list[Stop]:
        """What the reader may see of the plan."""
        return self.plan.stops if self.is_inside or self.plan.is_settled else []

    @property
    def partners(self) -> list[HostingPartner]:
        """The firms that the reader may know of: all, or one's own and those that have agreed."""
        if self.is_lead:
            return self.plan.partners
        return [
            one
            for one in self.plan.partners
            if self.own and (one.company_id in self.own or one.state is PartnerState.ACCEPTED)
        ]

    def actions(self, partner: HostingPartner) -> list[PartnerAction]:
        """What the reader can do with it now."""
        is_own = partner.company_id in self.own
        return rules.actions(partner.state, is_lead=self.is_lead, is_partner=is_own)


# --- reading ----------------------------------------------------------------------------------------------------------


def read(session: Session, actor: Actor, opportunity_id: UUID) -> Seen:
    """The plan for whoever sees the opportunity, or was asked to take part. Raises NoSuchOpportunity."""
    auth.require_scope(actor, "opportunities:read")
    return _see(session, actor, opportunity_id)


def of_opportunity(session: Session, opportunity: Opportunity) -> Plan | None:
    """The plan of what the reader sees anyway, where it is settled; one statement where there is none, as mostly."""
    has_stops = sa.exists().where(RotationStation.opportunity_id == opportunity.id).select()
    if not session.scalar(has_stops):
        return None
    plan = plans.load(session, opportunity)
    return plan if plan.is_settled else None


def search(
    session: Session,
    actor: Actor,
    company_id: UUID,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[tuple[HostingPartner, Opportunity, str]]:
    """What the company was asked to share, the latest first, with the lead's name; for those who work there.

    Raises NoSuchCompany and NotYourCompany.
    """
    auth.require_scope(actor, "opportunities:read")
    companies.require(session, actor, company_id)
    overseen = sa.select(company_access.is_overseen(actor, sa.literal(company_id, sa.Uuid)))
    if not (actor.is_of_company(company_id) or session.scalar(overseen)):
        raise companies.NotYourCompany
    query = (
        sa.select(HostingPartner, Opportunity, Company.name)
        .join(Opportunity, Opportunity.id == HostingPartner.opportunity_id)
        .join(Company, Company.id == Opportunity.company_id)
        .where(HostingPartner.company_id == company_id)
        .order_by(HostingPartner.invited_at.desc(), HostingPartner.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(sa.tuple_(HostingPartner.invited_at, HostingPartner.id) < after)
    return [(partner, opportunity, name) for partner, opportunity, name in session.execute(query)]


def expected(session: Session, opportunity_id: UUID, today: date) -> dict[UUID, int]:
    """How many students each company still expects by their agreed plans: a number, and nobody's name."""
    rows = session.execute(
        sa.select(PlacementStation.company_id, sa.func.count(sa.distinct(Placement.id)))
        .join(Placement, Placement.id == PlacementStation.placement_id)
        .where(
            Placement.opportunity_id == opportunity_id, Placement.state.in_(placement_rules.OPEN),
            PlacementStation.ends_on >= today,
        )
        .group_by(PlacementStation.company_id)
    )  # fmt: skip
    return {company_id: int(count) for company_id, count in rows}


def _see(session: Session, actor: Actor, opportunity_id: UUID, *, is_locked: bool = False) -> Seen:
    found = session.get(
        Opportunity, opportunity_id, with_for_update=is_locked or None, populate_existing=is_locked
    )
    is_overseen = access.is_overseen(session, actor, opportunity_id)
    invited = session.scalars(
        sa.select(HostingPartner.company_id).where(HostingPartner.opportunity_id == opportunity_id)
    ).all()
    if found is None:
        raise opportunities.NoSuchOpportunity
    own = frozenset(one for one in invited if opportunity_rules.works_on(actor, one, found.kind))
    is_lead = opportunity_rules.can_edit(actor, found.company_id, found.kind, is_overseen=is_overseen)
    if not own and not opportunity_rules.can_see(actor, found, is_overseen=is_overseen):
        raise opportunities.NoSuchOpportunity
    return Seen(plans.load(session, found), is_lead, own)


# --- the plan ---------------------------------------------------------------------------------------------------------


def get_for_change(session: Session, actor: Actor, opportunity_id: UUID) -> Seen:
    """The plan for its lead company, locked. Raises NoSuchOpportunity, NotYourOpportunity and NotShareable."""
    auth.require_scope(actor, "opportunities:write")
    seen = _see(session, actor, opportunity_id, is_locked=True)
    if not seen.is_lead:
        raise opportunities.NotYourOpportunity
    if seen.plan.opportunity.kind not in SHAREABLE:
        raise NotShareable
    return seen


def edit(session: Session, actor: Actor, seen: Seen, changes: Mapping[str, Any], *, now: datetime) -> None:
    """Change what `get_for_change` gave; `stations` replace those that are there.

    Whoever had agreed to something else is asked anew. Raises UnfitRotation.
    """
    plan, opportunity_id = seen.plan, seen.plan.opportunity.id
    stops = rules.in_order(changes["stations"]) if "stations" in changes else plan.stops
    rotation = plan.rotation
    before = (False, False) if rotation is None else (rotation.allows_gaps, rotation.allows_overlaps)
    after = (changes.get("allows_gaps", before[0]), changes.get("allows_overlaps", before[1]))
    if rotation is not None and stops == plan.stops and before == after:
        return
    given = changes.get("stations", stops)
    _refuse_unfit(session, plan, given, allows_gaps=after[0], allows_overlaps=after[1])
    if rotation is None:
        rotation = Rotation(
            opportunity_id=opportunity_id, changed_at=now.astimezone(UTC), changed_by=actor.mark
        )
        session.add(rotation)
    rotation.allows_gaps, rotation.allows_overlaps = after
    rotation.changed_at, rotation.changed_by = now.astimezone(UTC), actor.mark
    flag_modified(rotation, "allows_gaps")
    session.flush()
    session.execute(sa.delete(RotationStation).where(RotationStation.opportunity_id == opportunity_id))
    session.add_all(
        RotationStation(opportunity_id=opportunity_id, position=number, **_columns(stop))
        for number, stop in enumerate(stops)
    )
    agreed = {one.company_id for one in plan.partners if one.state is PartnerState.ACCEPTED}
    anew = rules.asked_anew(plan.stops, stops, agreed)
    for partner in plan.partners:
        if partner.company_id in anew:
            _enter(actor, partner, PartnerState.INVITED, now)
            service_telling.invited(session, plan, partner, now)
    session.flush()
    told = {"stations": len(stops), "asked_anew": len(anew)}
    events.record(session, actor, "rotation.edited", opportunity_id, told)


def _refuse_unfit(
    session: Session, plan: Plan, stops: Sequence[Stop], *, allows_gaps: bool, allows_overlaps: bool
) -> None:
    spans = session.scalars(
        sa.select(OpportunitySpan).where(OpportunitySpan.opportunity_id == plan.opportunity.id)
    ).all()
    found = rules.faults(
        stops, spans, plan.opportunity.hours, allows_gaps=allows_gaps, allows_overlaps=allows_overlaps
    )
    taking_part = {one.company_id for one in plan.partners if one.state in rules.TAKES_PART}
    known = taking_part | {plan.opportunity.company_id}
    of_site = _owners(session, {one.site_id for one in stops if one.site_id is not None})
    for number, stop in enumerate(stops):
        if stop.company_id not in known:
            detail = "is neither the lead company nor one that was asked"
            found.append(Fault(f"stations.{number}.company_id", detail))
        elif stop.site_id is not None and of_site.get(stop.site_id) != stop.company_id:
            found.append(Fault(f"stations.{number}.site_id", "the company has no site with this id"))
    if found:
        raise UnfitRotation(faults=_told(found))


def _owners(session: Session, site_ids: Collection[UUID]) -> dict[UUID, UUID]:
    rows = session.execute(
        sa.select(CompanySite.id, CompanySite.company_id).where(CompanySite.id.in_(site_ids))
    )
    return {row.id: row.company_id for row in rows}


def _columns(stop: Stop) -> dict[str, Any]:
    return {name: getattr(stop, name) for name in plans.COLUMNS}


# --- partners ---------------------------------------------------------------------------------------------------------


def invite(
    session: Session, actor: Actor, opportunity_id: UUID, company_id: UUID, *, now: datetime
) -> HostingPartner:
    """Ask another company of the same territory. Raises UnfitPartner, PartnerKnown, TooManyPartners, and as `get_for_change`."""
    seen = get_for_change(session, actor, opportunity_id)
    plan = seen.plan
    if any(one.company_id == company_id for one in plan.partners):
        raise PartnerKnown
    if len(plan.partners) >= rules.MOST_PARTNERS:
        raise TooManyPartners(f"At most {rules.MOST_PARTNERS}.")
    company = session.scalar(
        sa.select(Company).where(Company.id == company_id, Company.is_approved, ~is_hidden(Company.id))
    )
    lead_id = plan.opportunity.company_id
    near = territories_of(session, [lead_id]) & territories_of(session, [company_id])
    if company is None or company_id == lead_id or not near:
        detail = "no other approved company of the same territory has this id"
        raise UnfitPartner(faults=_told([Fault("company_id", detail)]))
    partner = HostingPartner(
        opportunity_id=opportunity_id, company_id=company_id, state=PartnerState.INVITED,
        invited_at=now.astimezone(UTC), invited_by=actor.mark,
    )  # fmt: skip
    session.add(partner)
    try:
        session.flush()
    except IntegrityError as error:
        raise PartnerKnown from error
    events.record(session, actor, "hosting_partner.invited", partner.id)
    service_telling.invited(session, plan, partner, now)
    return partner


def move(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    partner_id: UUID,
    action: PartnerAction,
    *,
    version: int,
    reason: PartnerReason | None = None,
    tutor_id: UUID | None = None,
    now: datetime,
) -> HostingPartner:
    """Take a step with a partner; to repeat the last one changes nothing.

    Raises NoSuchOpportunity, NoSuchPartner, NotYourHosting, UnfitPartner, PartnerChanged, WrongState and StudentsExpected.
    """
    auth.require_scope(actor, "opportunities:write")
    seen = _see(session, actor, opportunity_id, is_locked=True)
    partner = next((one for one in seen.partners if one.id == partner_id), None)
    if partner is None:
        raise NoSuchPartner
    is_own = partner.company_id in seen.own
    if not (is_own if action in rules.OF_PARTNER else seen.is_lead):
        raise NotYourHosting
    _refuse_half_answer(session, partner, action, reason, tutor_id)
    before, after = partner.state, rules.TRANSITIONS[action].get(partner.state)
    if after is None and before in rules.TRANSITIONS[action].values() and partner.version == version + 1:
        return partner
    if partner.version != version:
        raise PartnerChanged(f"The present version is {partner.version}.")
    if after is None:
        raise WrongState(f"The partner is {before}.")
    if before is PartnerState.ACCEPTED and expected(session, opportunity_id, now.date()).get(
        partner.company_id
    ):
        raise StudentsExpected
    _enter(actor, partner, after, now, reason=reason, tutor_id=tutor_id)
    session.flush()
    told = {"from": before.value, "to": after.value}
    events.record(session, actor, "hosting_partner.moved", partner.id, told)
    if action is PartnerAction.INVITE:
        service_telling.invited(session, seen.plan, partner, now)
    elif action in rules.OF_PARTNER:
        service_telling.answered(session, seen.plan, partner, now)
    else:
        service_telling.withdrawn(session, seen.plan, partner, now)
    return partner


def _enter(
    actor: Actor,
    partner: HostingPartner,
    state: PartnerState,
    now: datetime,
    *,
    reason: PartnerReason | None = None,
    tutor_id: UUID | None = None,
) -> None:
    partner.state, partner.reason = state, reason
    if state is PartnerState.INVITED:
        partner.invited_at, partner.invited_by = now.astimezone(UTC), actor.mark
        partner.answered_at = partner.answered_by = None
        return
    partner.answered_at, partner.answered_by = now.astimezone(UTC), actor.mark
    partner.tutor_id = tutor_id if state is PartnerState.ACCEPTED else None


def _refuse_half_answer(
    session: Session,
    partner: HostingPartner,
    action: PartnerAction,
    reason: PartnerReason | None,
    tutor_id: UUID | None,
) -> None:
    found = []
    if (action is PartnerAction.DECLINE) != (reason is not None):
        found.append(Fault("reason", "goes with `decline`, and with nothing else"))
    if tutor_id is not None and action is not PartnerAction.ACCEPT:
        found.append(Fault("tutor_id", "goes with `accept`, and with nothing else"))
    elif tutor_id is not None:
        people = tutors.people_of(session, TutorSide.HOST, partner.company_id)
        if tutor_id not in {one for one, _ in people}:
            found.append(Fault("tutor_id", "nobody of the company has this id"))
    if found:
        raise UnfitPartner(faults=_told(found))


def _told(found: Sequence[Fault]) -> list[dict[str, str]]:
    return [{"in": "body", "field": one.field, "detail": one.detail} for one in found]
