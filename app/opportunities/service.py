"""Finding, creating and changing opportunities; `service_life` publishes them and counts their seats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies import access as company_access
from app.companies import rules as company_rules
from app.companies.models import Company, CompanySite
from app.errors import WrongState as WrongState
from app.events import service as events
from app.opportunities import access, details, parts, rules
from app.opportunities.details import Detail
from app.opportunities.models import Kind, Opportunity, Status
from app.opportunities.schemas import OpportunityIn, OpportunityOut
from app.places.models import Municipality


class NoSuchOpportunity(errors.NotFound):
    """No opportunity has this id, or it is not public and none of the actor's business."""

    title = "No such opportunity"


class NotYourOpportunity(errors.NotAllowed):
    """The actor sees the opportunity, or the company, and may not change or create it."""

    title = "Not your opportunity to change"


class UnfitOpportunity(errors.Invalid):
    """Codes that do not exist, or values that exclude each other."""

    title = "The opportunity's data is not valid"


class NotReady(errors.Conflict):
    """It lacks what a published opportunity needs; `faults` names each missing thing."""

    title = "Not ready to be published"


class SeatsTaken(errors.Conflict):
    """More seats are taken than the opportunity would have."""

    title = "More seats are taken"


class OfSessions(errors.Conflict):
    """Sessions say when it is and for how many; `faults` names what was tried. Change the sessions."""

    title = "Its sessions say this"


class AlreadyKnown(errors.Conflict):
    """Another opportunity has this external id."""

    title = "Another opportunity has this external id"


# --- reading ----------------------------------------------------------------------------------------------------------


def read(session: Session, actor: Actor, opportunity_id: UUID) -> Opportunity:
    """The opportunity. Raises NoSuchOpportunity."""
    auth.require_scope(actor, "opportunities:read")
    return _see(session, actor, opportunity_id)[0]


def get_for_change(session: Session, actor: Actor, opportunity_id: UUID) -> Opportunity:
    """The opportunity, locked until the block ends. Raises NoSuchOpportunity, NotYourOpportunity."""
    auth.require_scope(actor, "opportunities:write")
    opportunity, is_mine = _see(session, actor, opportunity_id, is_locked=True)
    if not rules.can_edit(actor, opportunity.company_id, opportunity.kind, is_overseen=is_mine):
        raise NotYourOpportunity
    return opportunity


def detail(session: Session, opportunity_id: UUID) -> Detail:
    """What ranking knows of the opportunity, in whatever state. Raises NoSuchOpportunity."""
    found = details.load(session, [opportunity_id])
    if not found:
        raise NoSuchOpportunity
    return found[0]


def search(
    session: Session,
    actor: Actor,
    *,
    kind: Kind | None = None,
    status: Status | None = None,
    company_id: UUID | None = None,
    municipality_istat: str | None = None,
    skill_id: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Opportunity]:
    """Opportunities that the actor may see, the newest first. Four filters are equalities, `skill_id` in any role."""
    auth.require_scope(actor, "opportunities:read")
    query = sa.select(Opportunity).order_by(Opportunity.created_at.desc(), Opportunity.id.desc()).limit(limit)
    query = query.where(access.visible_to(actor))
    equal = {
        Opportunity.kind: kind,
        Opportunity.status: status,
        Opportunity.company_id: company_id,
        Opportunity.municipality_istat: municipality_istat,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if skill_id is not None:
        query = query.where(parts.has_skill(skill_id))
    if after is not None:
        query = query.where(sa.tuple_(Opportunity.created_at, Opportunity.id) < after)
    return list(session.scalars(query))


def show(session: Session, opportunities: Sequence[Opportunity]) -> list[OpportunityOut]:
    """The opportunities with their parts; three queries for any number."""
    found = parts.load(session, [opportunity.id for opportunity in opportunities])
    return [
        OpportunityOut.model_validate(
            {name: getattr(opportunity, name) for name in _SHOWN}
            | {"seats_free": opportunity.seats - opportunity.seats_taken}
            | parts.as_given(found[opportunity.id])
        )
        for opportunity in opportunities
    ]


_SHOWN = tuple(name for name in OpportunityOut.model_fields if name not in {"seats_free", *parts.NAMES})


def _see(
    session: Session, actor: Actor, opportunity_id: UUID, *, is_locked: bool = False
) -> tuple[Opportunity, bool]:
    # The same questions whether the opportunity exists or not: how long the answer takes tells nothing.
    is_overseen = access.is_overseen(session, actor, opportunity_id)
    opportunity = session.get(Opportunity, opportunity_id, with_for_update=is_locked or None)
    if opportunity is None or not rules.can_see(actor, opportunity, is_overseen=is_overseen):
        raise NoSuchOpportunity
    return opportunity, is_overseen


# --- changing ---------------------------------------------------------------------------------------------------------


def create(session: Session, actor: Actor, given: OpportunityIn, *, now: datetime) -> Opportunity:
    """Store a draft. Raises NotYourOpportunity, UnfitOpportunity, AlreadyKnown."""
    auth.require_scope(actor, "opportunities:write")
    provinces = company_access.provinces_of(session, actor, given.company_id)
    company = session.get(Company, given.company_id)
    if company is None or not company_rules.can_see(
        actor, company, provinces, is_approved=company.is_approved
    ):
        raise _unfit([rules.Fault("company_id", "no company has this id")])
    is_overseen = company_rules.is_overseen(actor, company, provinces)
    if not rules.can_edit(actor, company.id, given.kind, is_overseen=is_overseen):
        raise NotYourOpportunity
    values = _values(session, given)
    if not access.may_offer(session, actor, values):
        raise NotYourOpportunity("It would take place outside your territory.")
    opportunity = Opportunity(**values, created_at=now.astimezone(UTC))
    session.add(opportunity)
    _flush_unique(session)
    parts.store(session, opportunity.id, {}, given, parts.NAMES)
    session.flush()
    events.record(session, actor, "opportunity.created", opportunity.id)
    return opportunity


def edit(
    session: Session, actor: Actor, opportunity: Opportunity, changes: Mapping[str, Any], *, today: date
) -> None:
    """Change what `get_for_change` gave.

    What has once been published cannot come to lack anything that it had. Raises UnfitOpportunity, OfSessions, NotReady,
    SeatsTaken, WrongState, AlreadyKnown.
    """
    if opportunity.status is Status.ARCHIVED:
        raise WrongState("It is in the archive.")
    rows = parts.load(session, [opportunity.id])[opportunity.id]
    before = _as_given(opportunity, rows)
    after = _changed(before, changes)
    values = _values(session, after)
    if opportunity.has_sessions and (faults := rules.said_by_sessions(before, after)):
        raise OfSessions(faults=_told(faults, "body"))
    if not access.may_offer(session, actor, values):
        raise NotYourOpportunity("It would take place outside your territory.")
    if opportunity.published_at is not None:
        losses = rules.losses(before, after, today)
        if losses:
            raise NotReady(faults=_told(losses, "body"))
    if after.seats < opportunity.seats_taken:
        raise SeatsTaken(f"{opportunity.seats_taken} seats are taken.")
    # Parts first: their flush must not raise the version, which rises once.
    named = [name for name in parts.NAMES if name in changes]
    changed_parts = parts.store(session, opportunity.id, rows, after, named)
    fields = [name for name, value in values.items() if getattr(opportunity, name) != value]
    for name in fields:
        setattr(opportunity, name, values[name])
    fields += changed_parts
    if not fields:
        return
    flag_modified(opportunity, "title")  # the version rises with the parts too
    set_status(
        session,
        opportunity,
        rules.status_by_seats(opportunity.status, opportunity.seats, opportunity.seats_taken),
    )
    _flush_unique(session)
    events.record(session, actor, "opportunity.edited", opportunity.id, {"fields": sorted(fields)})


def set_status(session: Session, opportunity: Opportunity, status: Status) -> None:
    """Give the opportunity a state, and let ranking know if it sees, or has seen, the opportunity."""
    if Status.PUBLISHED in (opportunity.status, status):
        db.stamp(session, Opportunity, opportunity.id)
    opportunity.status = status


def refuse_unready(session: Session, opportunity: Opportunity, today: date) -> None:
    """Raise NotReady, naming everything that stands between the opportunity and its publication."""
    rows = parts.load(session, [opportunity.id])[opportunity.id]
    faults = rules.missing(_as_given(opportunity, rows), today)
    if not session.get_one(Company, opportunity.company_id).is_approved:
        faults.append(rules.Fault("company_id", "the company is not approved yet"))
    if faults:
        raise NotReady(faults=_told(faults, "opportunity"))


def _as_given(opportunity: Opportunity, rows: parts.Rows) -> OpportunityIn:
    values = {name: getattr(opportunity, name) for name in _GIVEN}
    return OpportunityIn.model_validate(values | parts.as_given(rows))


_GIVEN = tuple(name for name in OpportunityIn.model_fields if name not in parts.NAMES)
_PLACE: Mapping[str, Any] = {"site_id": None, "municipality_istat": None, "is_online": False}


def _changed(before: OpportunityIn, changes: Mapping[str, Any]) -> OpportunityIn:
    base = before.model_dump()
    if not _PLACE.keys().isdisjoint(changes):
        base |= _PLACE
    return OpportunityIn.model_validate({**base, **changes})


def _values(session: Session, given: OpportunityIn) -> dict[str, Any]:
    """The columns' values, once everything has been looked up. Raises UnfitOpportunity."""
    faults = rules.contradictions(given)
    values = given.model_dump(exclude=set(parts.NAMES))
    if values["takes_applications"] is None:
        values["takes_applications"] = rules.usually_takes_applications(given.kind)
    if not faults:
        faults += _resolve_place(session, values)
        faults += parts.unknown_codes(session, given)
    if faults:
        raise _unfit(faults)
    return values


def _resolve_place(session: Session, values: dict[str, Any]) -> list[rules.Fault]:
    istat = values["municipality_istat"]
    if values["site_id"] is not None:
        site = session.get(CompanySite, values["site_id"])
        if site is None or site.company_id != values["company_id"]:
            return [rules.Fault("site_id", "the company has no site with this id")]
        if istat not in (None, site.municipality_istat):
            return [rules.Fault("municipality_istat", "is not where the site is")]
        values["municipality_istat"] = site.municipality_istat
    elif istat is not None and session.get(Municipality, istat) is None:
        return [rules.Fault("municipality_istat", f"no municipality has the ISTAT code {istat}")]
    return []


def _told(faults: Iterable[rules.Fault], where: str) -> list[dict[str, str]]:
    return [{"in": where, "field": fault.field, "detail": fault.detail} for fault in faults]


def _unfit(faults: Iterable[rules.Fault]) -> UnfitOpportunity:
    return UnfitOpportunity(faults=_told(faults, "body"))


def _flush_unique(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        fault = {"in": "body", "field": "external_id", "detail": "another opportunity has it"}
        raise AlreadyKnown(faults=[fault]) from error
