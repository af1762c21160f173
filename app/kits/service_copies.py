"""A kit becomes a draft, and once it is over one knows how long it took."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.appetites.models import is_hidden
from app.auth.actors import Actor, system
from app.companies.access import territories_of
from app.companies.models import Company
from app.errors import WrongState as WrongState
from app.events import service as events
from app.kits import rules, service, service_telling
from app.kits.models import Kit, KitCopy, KitSkill, KitStep
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Opportunity, Status
from app.opportunities.schemas import OpportunityIn
from app.postings import service as postings

MOST_TEXT = 8000


class NoSuchKitCopy(errors.NotFound):
    """Nothing with this id was begun from the kit, or it is none of the actor's business."""

    title = "No such copy of the kit"


class NotYourKitCopy(errors.NotAllowed):
    """A company copies for itself, a school proposes; each says what it has measured itself."""

    title = "Not yours to copy or to measure"


class UnfitKitCopy(errors.Invalid):
    """The company cannot be proposed to; `faults` names the field."""

    title = "Not a company to propose to"


class CopiedAlready(errors.Conflict):
    """The company has a draft from this kit that waits; publish it, or put it away, before the next."""

    title = "There is a draft of it already"


class KitRetired(errors.Conflict):
    """The kit is kept for what was made of it, and is not copied any more."""

    title = "The kit is retired"


def copy(
    session: Session,
    actor: Actor,
    kit_id: UUID,
    company_id: UUID,
    *,
    school_id: UUID | None = None,
    now: datetime,
) -> tuple[KitCopy, Opportunity]:
    """Begin a draft of the company from the kit; with `school_id` it is that school which proposes it to the company.

    Raises NoSuchKit, NotYourKit, NotYourKitCopy, UnfitKitCopy, KitRetired, CopiedAlready, and as `opportunities.create`.
    """
    kit = service.read(session, actor, kit_id, scope="opportunities:write")
    session.refresh(kit, with_for_update=True)  # two copies at once would not see each other's draft
    if school_id is not None and not actor.is_of_school(school_id):
        raise NotYourKitCopy
    if school_id is None and not (actor.is_of_company(company_id) or actor.is_overseer):
        raise NotYourKitCopy
    if kit.is_retired:
        raise KitRetired
    company = session.scalar(
        sa.select(Company).where(Company.id == company_id, Company.is_approved, ~is_hidden(Company.id))
    )
    if company is None or kit.territory_id not in territories_of(session, [company_id]):
        detail = "no approved company of the kit's territory has this id"
        raise UnfitKitCopy(faults=[{"in": "body", "field": "company_id", "detail": detail}])
    waiting = (
        sa.select(KitCopy.id)
        .join(Opportunity, Opportunity.id == KitCopy.opportunity_id)
        .where(
            KitCopy.kit_id == kit_id, Opportunity.company_id == company_id, Opportunity.status == Status.DRAFT
        )
    )
    if session.scalar(waiting.limit(1)) is not None:
        raise CopiedAlready
    # A school proposes in the company's name, as a draft that only the company sees, changes and publishes.
    author = actor if school_id is None else system("kits")
    opportunity = opportunities.create(session, author, _draft(session, kit, company_id), now=now)
    made = KitCopy(
        kit_id=kit_id, opportunity_id=opportunity.id, school_id=school_id, copied_at=now.astimezone(UTC),
        copied_by=actor.mark,
    )  # fmt: skip
    session.add(made)
    session.flush()
    events.record(session, actor, "kit.copied", kit_id, {"copy": str(made.id)})
    if school_id is not None:
        service_telling.proposed(session, kit, opportunity, school_id, now)
    return made, opportunity


def _draft(session: Session, kit: Kit, company_id: UUID) -> OpportunityIn:
    """Place and conditions as last time, all else from the kit."""
    usual = postings.from_last_time(session, company_id, kit.kind)
    kept = {
        name: usual[name]
        for name in ("site_id", "municipality_istat", "is_online", "conditions")
        if name in usual
    }
    steps = session.scalars(sa.select(KitStep).where(KitStep.kit_id == kit.id).order_by(KitStep.position))
    skills = session.scalars(sa.select(KitSkill).where(KitSkill.kit_id == kit.id).order_by(KitSkill.skill_id))
    text = "\n".join([kit.summary, *(f"{number}. {one.title}" for number, one in enumerate(steps, start=1))])
    return OpportunityIn.model_validate(
        kept
        | {
            "company_id": company_id, "kind": kit.kind, "title": kit.title, "text": text.strip()[:MOST_TEXT],
            "hours": kit.hours, "seats": kit.students,
            "group_max": kit.students if kit.kind is Kind.VISIT else None,
            "taught": [{"skill_id": one.skill_id, "level": one.level} for one in skills],
            "eligibilities": [
                {"programme_id": kit.programme_id, "year": year} for year in range(kit.first_year, kit.last_year + 1)
            ],
        }
    )  # fmt: skip


def find(
    session: Session, actor: Actor, kit_id: UUID, copy_id: UUID
) -> tuple[KitCopy, Opportunity, frozenset[str]]:
    """A copy, locked, and which sides' minutes the actor may say: one's own, both for who coordinates the territory.

    Raises NoSuchKit and NoSuchKitCopy.
    """
    kit = service.read(session, actor, kit_id, scope="opportunities:write")
    query = (
        sa.select(KitCopy, Opportunity)
        .join(Opportunity, Opportunity.id == KitCopy.opportunity_id)
        .where(KitCopy.id == copy_id, KitCopy.kit_id == kit_id)
        .with_for_update(of=KitCopy)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NoSuchKitCopy
    made, opportunity = row
    is_overseen = actor.is_administrator or kit.territory_id in actor.territories
    may = {
        "company_minutes": is_overseen or actor.is_of_company(opportunity.company_id),
        "teacher_minutes": is_overseen or actor.is_of_school(made.school_id),
    }
    if not any(may.values()):
        raise NoSuchKitCopy
    return made, opportunity, frozenset(side for side, is_allowed in may.items() if is_allowed)


def measure(
    session: Session,
    actor: Actor,
    made: KitCopy,
    opportunity: Opportunity,
    sides: Collection[str],
    changes: Mapping[str, Any],
) -> None:
    """Say how many minutes it has taken these sides, once it is over. Raises NotYourKitCopy and WrongState."""
    if any(name not in sides for name in changes):
        raise NotYourKitCopy
    if opportunity.status not in rules.OVER:
        raise WrongState("It is not over yet.")
    fields = sorted(name for name, value in changes.items() if getattr(made, name) != value)
    if not fields:
        return
    for name in fields:
        setattr(made, name, changes[name])
    session.flush()
    events.record(session, actor, "kit.measured", made.kit_id, {"fields": fields})


def origin(session: Session, opportunity_id: UUID) -> Kit | None:
    """The kit from which the opportunity was begun, if there is one."""
    query = sa.select(Kit).join(KitCopy, KitCopy.kit_id == Kit.id)
    return session.scalar(query.where(KitCopy.opportunity_id == opportunity_id))
