"""Kits: finding and telling them, and who is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from app.companies.access import territories_of
from app.companies.models import Company
from app.events import service as events
from app.kits import rules, service_telling
from app.kits.models import Kit, KitCopy, KitSkill, KitStep
from app.opportunities.models import Kind, Opportunity, Status
from app.programmes.models import Programme
from app.schools.models import School
from app.skills.models import Skill


class NoSuchKit(errors.NotFound):
    """No kit has this id, or it is told in another territory."""

    title = "No such kit"


class NotYourKit(errors.NotAllowed):
    """Kits are read by staff, changed by their makers, and each maker says itself whether it is named."""

    title = "Not your kit"


class UnfitKit(errors.Invalid):
    """Makers, skills or programmes that do not exist, or years in no order; `faults` names the field."""

    title = "The kit is not valid"


@dataclass(frozen=True, slots=True)
class MadeOf:
    """An opportunity that was begun from a kit."""

    copy: KitCopy
    company_id: UUID
    title: str
    status: Status


@dataclass(frozen=True, slots=True)
class Seen:
    """A kit with its parts, and what the actor may know and do."""

    kit: Kit
    steps: list[KitStep]
    skills: list[KitSkill]
    copies: list[MadeOf]
    own_copies: list[MadeOf]
    company_name: str | None
    school_name: str | None
    can_edit: bool

    @property
    def company_minutes(self) -> int:
        """What the steps ask of the company."""
        return sum(one.company_minutes for one in self.steps)

    @property
    def teacher_minutes(self) -> int:
        """What the steps ask of the teacher."""
        return sum(one.teacher_minutes for one in self.steps)


# --- reading ----------------------------------------------------------------------------------------------------------


def search(
    session: Session,
    actor: Actor,
    *,
    kind: Kind | None = None,
    programme_id: str | None = None,
    skill_id: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Kit]:
    """Kits of the actor's territories, the latest first. Raises NotYourKit for whoever makes no projects."""
    auth.require_scope(actor, "opportunities:read")
    if not rules.is_staff(actor):
        raise NotYourKit
    query = sa.select(Kit).where(~Kit.is_retired).order_by(Kit.created_at.desc(), Kit.id.desc()).limit(limit)
    if not actor.is_administrator:
        query = query.where(Kit.territory_id.in_(territories(session, actor)))
    if kind is not None:
        query = query.where(Kit.kind == kind)
    if programme_id is not None:
        query = query.where(Kit.programme_id == programme_id)
    if skill_id is not None:
        query = query.where(sa.exists().where(KitSkill.kit_id == Kit.id, KitSkill.skill_id == skill_id))
    if after is not None:
        query = query.where(sa.tuple_(Kit.created_at, Kit.id) < after)
    return list(session.scalars(query))


def read(session: Session, actor: Actor, kit_id: UUID, *, scope: str = "opportunities:read") -> Kit:
    """A kit of the actor's territories; a retired one for its makers still. Raises NotYourKit and NoSuchKit."""
    return _see(session, actor, kit_id, scope)


def get_for_change(session: Session, actor: Actor, kit_id: UUID) -> Kit:
    """A kit, locked, for its makers and who coordinates. Raises NoSuchKit and NotYourKit."""
    kit = _see(session, actor, kit_id, "opportunities:write", is_locked=True)
    if not rules.can_edit(actor, kit.territory_id, kit.company_id, kit.school_id):
        raise NotYourKit
    return kit


def _see(session: Session, actor: Actor, kit_id: UUID, scope: str, *, is_locked: bool = False) -> Kit:
    auth.require_scope(actor, scope)
    if not rules.is_staff(actor):
        raise NotYourKit
    kit = session.get(Kit, kit_id, with_for_update=is_locked or None)
    own = territories(session, actor)
    if kit is None or not rules.can_see(actor, kit.territory_id, own):
        raise NoSuchKit
    return kit


def territories(session: Session, actor: Actor) -> set[UUID]:
    """The territories in which the actor's organisations are, and those that the actor coordinates."""
    company_ids = [one.company_id for one in actor.grants if one.company_id is not None]
    school_ids = [one.school_id for one in actor.grants if one.school_id is not None]
    return set(actor.territories) | territories_of(session, company_ids, school_ids)


def show(session: Session, actor: Actor, kits: Sequence[Kit]) -> list[Seen]:
    """The kits with their parts; five statements for any number."""
    ids = [one.id for one in kits]
    steps, needs, copies = defaultdict(list), defaultdict(list), defaultdict(list)
    for step in session.scalars(sa.select(KitStep).where(KitStep.kit_id.in_(ids)).order_by(KitStep.position)):
        steps[step.kit_id].append(step)
    for need in session.scalars(
        sa.select(KitSkill).where(KitSkill.kit_id.in_(ids)).order_by(KitSkill.skill_id)
    ):
        needs[need.kit_id].append(need)
    rows = session.execute(
        sa.select(KitCopy, Opportunity.company_id, Opportunity.title, Opportunity.status)
        .join(Opportunity, Opportunity.id == KitCopy.opportunity_id)
        .where(KitCopy.kit_id.in_(ids))
        .order_by(KitCopy.copied_at.desc(), KitCopy.id)
    )
    for copy, company_id, title, status in rows:
        copies[copy.kit_id].append(MadeOf(copy, company_id, title, status))
    companies, schools = _names(session, kits)
    found = []
    for kit in kits:
        can_edit = rules.can_edit(actor, kit.territory_id, kit.company_id, kit.school_id)
        own = [
            one
            for one in copies[kit.id]
            if actor.is_of_company(one.company_id) or actor.is_of_school(one.copy.school_id)
        ]
        is_named = kit.company_shown_at is not None or can_edit, kit.school_shown_at is not None or can_edit
        found.append(
            Seen(
                kit, steps[kit.id], needs[kit.id], copies[kit.id], own,
                companies.get(kit.company_id) if is_named[0] else None,
                schools.get(kit.school_id) if is_named[1] else None, can_edit,
            )
        )  # fmt: skip
    return found


def _names(session: Session, kits: Sequence[Kit]) -> tuple[dict[UUID | None, str], dict[UUID | None, str]]:
    of_companies = session.execute(
        sa.select(Company.id, Company.name).where(
            Company.id.in_([one.company_id for one in kits if one.company_id])
        )
    )
    of_schools = session.execute(
        sa.select(School.id, School.name).where(
            School.id.in_([one.school_id for one in kits if one.school_id])
        )
    )
    return {row.id: row.name for row in of_companies}, {row.id: row.name for row in of_schools}


# --- telling ----------------------------------------------------------------------------------------------------------


def create(session: Session, actor: Actor, values: Mapping[str, Any], *, now: datetime) -> Kit:
    """Tell a project as a kit; for one of its makers, and who coordinates. Raises NotYourKit and UnfitKit."""
    auth.require_scope(actor, "opportunities:write")
    if not rules.is_staff(actor):
        raise NotYourKit
    company_id, school_id = values["company_id"], values["school_id"]
    _refuse_unfit(session, values)
    found = territories_of(session, [company_id] if company_id else [], [school_id] if school_id else [])
    allowed = found if actor.is_administrator else found & territories(session, actor)
    if not found:
        raise _unfit("company_id" if company_id else "school_id", "is in no territory")
    if not allowed or not rules.can_edit(actor, min(allowed), company_id, school_id):
        raise NotYourKit
    given = {name: value for name, value in values.items() if name not in ("steps", "skills")}
    kit = Kit(**given, territory_id=min(allowed), created_at=now.astimezone(UTC), created_by=actor.mark)
    session.add(kit)
    session.flush()
    _store(session, kit, values)
    events.record(session, actor, "kit.created", kit.id)
    service_telling.named(session, actor, kit, now)
    return kit


def edit(session: Session, actor: Actor, kit: Kit, changes: Mapping[str, Any], *, now: datetime) -> None:
    """Change what `get_for_change` gave. Whether a maker is named, only the maker says. Raises NotYourKit and UnfitKit."""
    before = {name: getattr(kit, name) for name in ("first_year", "last_year", "programme_id")}
    _refuse_unfit(
        session, before | {"company_id": None, "school_id": None, "steps": [], "skills": []} | dict(changes)
    )
    changes = dict(changes)
    for side, may in (
        ("company", actor.is_of_company(kit.company_id)), ("school", actor.is_staff_of(kit.school_id)),
    ):  # fmt: skip
        if f"shows_{side}" not in changes:
            continue
        wanted, given = changes.pop(f"shows_{side}"), getattr(kit, f"{side}_shown_at") is not None
        if wanted == given:
            continue
        if not may:
            raise NotYourKit("Each maker says itself whether it is named.")
        changes |= {
            f"{side}_shown_at": now.astimezone(UTC) if wanted else None,
            f"{side}_shown_by": actor.mark if wanted else None,
        }
    fields = [one for one in changes if one not in ("steps", "skills") and getattr(kit, one) != changes[one]]
    for name in fields:
        setattr(kit, name, changes[name])
    fields += [one for one in ("steps", "skills") if one in changes]
    if not fields:
        return
    flag_modified(kit, "title")  # the version rises with the parts too
    session.flush()
    _store(session, kit, changes)
    events.record(session, actor, "kit.edited", kit.id, {"fields": sorted(fields)})


def _store(session: Session, kit: Kit, values: Mapping[str, Any]) -> None:
    if "steps" in values:
        session.execute(sa.delete(KitStep).where(KitStep.kit_id == kit.id))
        session.add_all(
            KitStep(kit_id=kit.id, position=number, **one) for number, one in enumerate(values["steps"])
        )
    if "skills" in values:
        session.execute(sa.delete(KitSkill).where(KitSkill.kit_id == kit.id))
        session.add_all(KitSkill(kit_id=kit.id, **one) for one in values["skills"])
    session.flush()


def _refuse_unfit(session: Session, values: Mapping[str, Any]) -> None:
    if values["first_year"] > values["last_year"]:
        raise _unfit("last_year", "is less than first_year")
    if values["company_id"] is not None:
        company = session.get(Company, values["company_id"])
        if company is None or not company.is_approved:
            raise _unfit("company_id", "no approved company has this id")
    if values["school_id"] is not None and session.get(School, values["school_id"]) is None:
        raise _unfit("school_id", "no school has this id")
    if values["programme_id"] is not None and session.get(Programme, values["programme_id"]) is None:
        raise _unfit("programme_id", "no programme has this id")
    wanted = [one["skill_id"] for one in values["skills"]]
    known = set(session.scalars(sa.select(Skill.id).where(Skill.id.in_(wanted))))
    for number, skill_id in enumerate(wanted):
        if skill_id not in known:
            raise _unfit(f"skills.{number}.skill_id", f"there is no skill {skill_id}")
        if skill_id in wanted[:number]:
            raise _unfit(f"skills.{number}.skill_id", "stands there twice")


def _unfit(field: str, detail: str) -> UnfitKit:
    return UnfitKit(faults=[{"in": "body", "field": field, "detail": detail}])
