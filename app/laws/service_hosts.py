"""What a host declares of its safety: its risk assessment, its activities, its place in the national register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies import service as companies
from app.companies.models import CompanySite
from app.events import service as events
from app.laws.models import HostActivity, HostSafety


class UnfitSafety(errors.Invalid):
    """What is declared contradicts itself; `faults` names each field."""

    title = "The declaration is not valid"


class NotYourSafety(errors.NotAllowed):
    """A host declares for itself; the school asks it to."""

    title = "Only the host declares"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a host has declared; nothing yet is version 0."""

    company_id: UUID
    safety: HostSafety | None
    activities: Sequence[HostActivity]

    @property
    def version(self) -> int:
        """For If-Match."""
        return 0 if self.safety is None else self.safety.version


def read(session: Session, actor: Actor, company_id: UUID) -> Declared:
    """What a host declares: for everybody who may see the company. Raises NoSuchCompany."""
    auth.require_scope(actor, "companies:read")
    companies.read(session, actor, company_id)
    return find(session, company_id)


def find(session: Session, company_id: UUID) -> Declared:
    """The same, for whoever has looked whether they may."""
    activities = session.scalars(
        sa.select(HostActivity)
        .where(HostActivity.company_id == company_id, HostActivity.removed_at.is_(None))
        .order_by(HostActivity.name, HostActivity.id)
    ).all()
    return Declared(company_id, session.get(HostSafety, company_id), activities)


def sites_of(session: Session, company_id: UUID) -> Sequence[CompanySite]:
    """The host's sites by name, for whoever has looked whether they may."""
    query = sa.select(CompanySite).where(CompanySite.company_id == company_id)
    return session.scalars(query.order_by(CompanySite.name, CompanySite.id)).all()


def can_declare(actor: Actor, company_id: UUID) -> bool:
    """Who works for the host, and who runs the service."""
    return actor.is_administrator or actor.is_of_company(company_id)


def edit(
    session: Session, actor: Actor, company_id: UUID, changes: Mapping[str, Any], *, now: datetime
) -> Declared:
    """Declare anew what `changes` names; `activities` replaces the whole list, and what stays keeps its id.

    Raises NoSuchCompany, NotYourSafety and UnfitSafety.
    """
    auth.require_scope(actor, "companies:write")
    companies.read(session, actor, company_id)
    if not can_declare(actor, company_id):
        raise NotYourSafety
    safety = session.get(HostSafety, company_id, with_for_update=True)
    activities = changes.get("activities")
    columns = {name: changes.get(name, getattr(safety, name, None)) for name in _COLUMNS}
    faults = [*_faults(columns, now), *_unfit(session, company_id, activities or ())]
    if faults:
        raise UnfitSafety(
            faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults]
        )
    if safety is None:
        safety = HostSafety(company_id=company_id)
        session.add(safety)
    columns |= {"declared_at": now.astimezone(UTC), "declared_by": actor.mark}
    for name, value in columns.items():
        setattr(safety, name, value)
    flag_modified(safety, "declared_at")  # the version is that of the activities too
    if activities is not None:
        _replace(session, company_id, activities, now)
    session.flush()
    events.record(session, actor, "company.safety_declared", company_id, {"fields": sorted(changes)})
    return find(session, company_id)


_COLUMNS = ("assessed_on", "risk", "register_number", "registered_on")


def _faults(columns: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, str]]:
    if (columns["assessed_on"] is None) != (columns["risk"] is None):
        yield "risk", "assessed_on and risk come together"
    if (columns["register_number"] is None) != (columns["registered_on"] is None):
        yield "registered_on", "register_number and registered_on come together"
    for name in ("assessed_on", "registered_on"):
        if columns[name] is not None and columns[name] > now.date():
            yield name, "lies ahead"


def _unfit(
    session: Session, company_id: UUID, activities: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    sites = {one.id for one in sites_of(session, company_id)}
    seen = set()
    for index, one in enumerate(activities):
        if one["site_id"] is not None and one["site_id"] not in sites:
            yield f"activities.{index}.site_id", "the company has no site with this id"
        if _key(one) in seen:
            yield f"activities.{index}", "stands there twice"
        seen.add(_key(one))


def _replace(session: Session, company_id: UUID, wanted: Sequence[Mapping[str, Any]], now: datetime) -> None:
    present = {(one.name, one.site_id): one for one in find(session, company_id).activities}
    for one in wanted:
        activity = present.pop(_key(one), None)
        if activity is None:
            session.add(HostActivity(company_id=company_id, **one))
        else:
            activity.is_high_risk = one["is_high_risk"]
    for gone in present.values():
        gone.removed_at = now.astimezone(UTC)


def _key(activity: Mapping[str, Any]) -> tuple[str, UUID | None]:
    return activity["name"], activity["site_id"]
