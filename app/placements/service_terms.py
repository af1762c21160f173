"""What is agreed on: written down by a school where all sides have agreed elsewhere, and changed while it is planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.orm.attributes import flag_modified

from app import errors
from app.auth import service as auth
from app.auth.actors import AT_COMPANY, AT_SCHOOL, Actor, Role
from app.auth.models import Membership, User
from app.calendars import service as calendars
from app.events import service as events
from app.laws.models import HostActivity
from app.opportunities import service as opportunities
from app.placements import rules, service
from app.placements.models import EndReason, Party, Placement, PlacementActivity, State, TutorSide
from app.placements.rules import Action, Terms
from app.placements.service import Seen, WrongState
from app.students import rules as student_rules
from app.students import service as students

FIELDS = tuple(Terms.__dataclass_fields__)


class UnfitTerms(errors.Invalid):
    """Days, hours or tutors that cannot be agreed on; `faults` names each field."""

    title = "The terms are not valid"


class NotYourTerms(errors.NotAllowed):
    """The actor sees the placement, and this is for another side to do or to change; `faults` names the fields."""

    title = "For another side to do"


class NotYourReason(errors.Invalid):
    """This reason is for another side to give."""

    title = "Not a reason of this side"


class UnknownPart(errors.Invalid):
    """The student or the opportunity does not exist for the actor."""

    title = "Unknown student or opportunity"


def create_agreed(
    session: Session, actor: Actor, student_id: UUID, opportunity_id: UUID, terms: Terms, *, now: datetime
) -> Placement:
    """Write down what all sides have agreed on elsewhere; for the school's staff.

    Raises NotAllowed, UnknownPart, UnfitTerms, Full, PlacedAlready and PlacedElsewhere.
    """
    auth.require_scope(actor, "placements:write")
    if not student_rules.can_add(actor):
        raise errors.NotAllowed("Only a school's staff writes down what was agreed on elsewhere.")
    try:
        student = students.get(session, actor, student_id)
        opportunity = opportunities.read(session, actor, opportunity_id)
    except (students.NoSuchStudent, opportunities.NoSuchOpportunity) as error:
        field = "student_id" if isinstance(error, students.NoSuchStudent) else "opportunity_id"
        raise UnknownPart(faults=[_fault(field, "nothing that you may see has this id")]) from error
    _check(session, terms, student.school_id, opportunity.id, opportunity.company_id, now)
    return service.create(session, actor, student, opportunity, terms, now=now)


def edit(session: Session, actor: Actor, seen: Seen, changes: Mapping[str, Any], *, now: datetime) -> None:
    """Change the terms of a planned placement. Raises NotYourTerms, WrongState, UnfitTerms, PlacedAlready and PlacedElsewhere."""
    auth.require_scope(actor, "placements:write")
    changes = dict(changes)
    forbidden = rules.forbidden_fields(seen.party, set(changes))
    if forbidden or seen.party is Party.STUDENT:
        raise NotYourTerms(faults=[_fault(name, "is for another side to change") for name in forbidden])
    placement = seen.placement
    session.refresh(placement, with_for_update=True)
    if placement.state is not State.PLANNED:
        raise WrongState("Terms change while it is planned; afterwards an amendment changes them.")
    activity_ids = changes.pop("activity_ids", None)
    before = Terms(**{name: getattr(placement, name) for name in FIELDS})
    after = replace(before, **changes)
    changed = sorted(name for name in FIELDS if getattr(before, name) != getattr(after, name))
    if changed:
        _check(
            session, after, placement.school_id, placement.opportunity_id, placement.company_id, now, before=before
        )  # fmt: skip
        service.refuse_clash(session, placement.student_id, placement.opportunity_id, after, placement.id)
        write(placement, {name: getattr(after, name) for name in changed}, now)
    if activity_ids is not None and _replace_activities(session, placement, activity_ids):
        changed.append("activity_ids")
        flag_modified(placement, "planned_hours")  # the version is that of the activities too
    if not changed:
        return
    session.flush()
    events.record(session, actor, "placement.edited", placement.id, {"fields": changed})


def activities_of(session: Session, placement_ids: Collection[UUID]) -> Mapping[UUID, list[UUID]]:
    """Which of the host's activities each student does."""
    rows = session.execute(
        sa.select(PlacementActivity.placement_id, PlacementActivity.activity_id)
        .where(PlacementActivity.placement_id.in_(placement_ids))
        .order_by(PlacementActivity.activity_id)
    )
    found = defaultdict(list)
    for placement_id, activity_id in rows:
        found[placement_id].append(activity_id)
    return found


def _replace_activities(session: Session, placement: Placement, wanted: Collection[UUID]) -> bool:
    before = set(activities_of(session, [placement.id])[placement.id])
    declared = sa.select(HostActivity.id).where(
        HostActivity.company_id == placement.company_id, HostActivity.removed_at.is_(None)
    )
    known = before | set(session.scalars(declared))
    faults = [
        _fault(f"activity_ids.{index}", "the host has declared no activity with this id")
        for index, one in enumerate(wanted)
        if one not in known
    ]
    if faults:
        raise UnfitTerms(faults=faults)
    gone = before - set(wanted)
    session.execute(
        sa.delete(PlacementActivity).where(
            PlacementActivity.placement_id == placement.id, PlacementActivity.activity_id.in_(gone)
        )
    )
    fresh = set(wanted) - before
    session.add_all(PlacementActivity(placement_id=placement.id, activity_id=one) for one in sorted(fresh))
    return bool(gone or fresh)


def write(placement: Placement, values: Mapping[str, Any], now: datetime) -> None:
    """Set columns of the terms; the clock follows the days."""
    for name, value in values.items():
        setattr(placement, name, value)
    placement.due_at = rules.due_at(placement, placement.state, now.tzinfo or UTC)


def act(
    session: Session, actor: Actor, seen: Seen, action: Action, *, now: datetime, reason: EndReason | None = None
) -> None:  # fmt: skip
    """Cancel, interrupt, complete or restore in person. Raises NotYourTerms, NotYourReason, and what `service.move` raises."""
    auth.require_scope(actor, "placements:write")
    if seen.party not in rules.BY_HAND[action]:
        raise NotYourTerms("This is for another side to do.")
    if reason is not None and reason not in rules.REASONS[seen.party]:
        allowed = ", ".join(sorted(rules.REASONS[seen.party]))
        raise NotYourReason(faults=[_fault("reason", f"from this side: {allowed}")])
    service.move(session, actor, seen.placement, action, now=now, party=seen.party, reason=reason)


def _check(
    session: Session, terms: Terms, school_id: UUID, opportunity_id: UUID, company_id: UUID, now: datetime, *,
    before: Terms | None = None,
) -> None:  # fmt: skip
    """Refuse what cannot be agreed on. What was so `before` is not the fault of who changes something else."""
    calendar = calendars.calendar(session, [school_id], [opportunity_id])
    known, found = (
        list(rules.faults_of(one, now.date(), calendar.off(school_id, opportunity_id, one))) if one is not None else []
        for one in (before, terms)
    )  # fmt: skip
    faults = [_fault(field, detail) for field, detail in found if (field, detail) not in known]
    for side, user_id, organisation in (
        (TutorSide.SCHOOL, terms.school_tutor_id, school_id),
        (TutorSide.HOST, terms.host_tutor_id, company_id),
    ):
        if user_id is not None and not is_tutor_of(session, side, user_id, organisation):
            faults.append(_fault(f"{side}_tutor_id", "no active member there has this id"))
    if faults:
        raise UnfitTerms(faults=faults)


def is_tutor_of(session: Session, side: TutorSide, user_id: UUID, organisation_id: UUID) -> bool:
    """Whether the person works at that school, or for that company, and may sign in."""
    bound, roles = bindings(side)
    query = sa.select(Membership.id).join(User, User.id == Membership.user_id)
    found = query.where(
        Membership.user_id == user_id, User.is_active, bound == organisation_id, Membership.role.in_(roles)
    )
    return session.scalar(found.limit(1)) is not None


def bindings(side: TutorSide) -> tuple[InstrumentedAttribute[UUID | None], frozenset[Role]]:
    """What a tutor's membership is bound to on a side, and the roles that it can be."""
    if side is TutorSide.SCHOOL:
        return Membership.school_id, AT_SCHOOL
    return Membership.company_id, AT_COMPANY


def _fault(field: str, detail: str) -> dict[str, str]:
    return {"in": "body", "field": field, "detail": detail}
