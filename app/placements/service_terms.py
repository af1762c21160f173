"""What is agreed on: written down by a school where all sides have agreed elsewhere, and changed while it is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import AT_COMPANY, AT_SCHOOL, Actor
from app.auth.models import Membership, User
from app.events import service as events
from app.opportunities import service as opportunities
from app.placements import rules, service
from app.placements.models import EndReason, Party, Placement, State
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
    _check(session, terms, student.school_id, opportunity.company_id, now)
    return service.create(session, actor, student, opportunity, terms, now=now)


def edit(session: Session, actor: Actor, seen: Seen, changes: Mapping[str, Any], *, now: datetime) -> None:
    """Change the terms of a planned placement. Raises NotYourTerms, WrongState, UnfitTerms, PlacedAlready and PlacedElsewhere."""
    auth.require_scope(actor, "placements:write")
    forbidden = rules.forbidden_fields(seen.party, set(changes))
    if forbidden or seen.party is Party.STUDENT:
        raise NotYourTerms(faults=[_fault(name, "is for another side to change") for name in forbidden])
    placement = seen.placement
    session.refresh(placement, with_for_update=True)
    if placement.state is not State.PLANNED:
        raise WrongState("Terms change while it is planned; afterwards an amendment changes them.")
    before = Terms(**{name: getattr(placement, name) for name in FIELDS})
    after = replace(before, **changes)
    changed = sorted(name for name in FIELDS if getattr(before, name) != getattr(after, name))
    if not changed:
        return
    _check(session, after, placement.school_id, placement.company_id, now)
    service.refuse_clash(session, placement.student_id, placement.opportunity_id, after, placement.id)
    write(placement, {name: getattr(after, name) for name in changed}, now)
    session.flush()
    events.record(session, actor, "placement.edited", placement.id, {"fields": changed})


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


def _check(session: Session, terms: Terms, school_id: UUID, company_id: UUID, now: datetime) -> None:
    faults = [_fault(field, detail) for field, detail in rules.faults_of(terms, now.date())]
    if terms.school_tutor_id is not None and not _is_member(
        session, terms.school_tutor_id, Membership.school_id == school_id, Membership.role.in_(AT_SCHOOL)
    ):
        faults.append(_fault("school_tutor_id", "no active member of the school has this id"))
    if terms.host_tutor_id is not None and not _is_member(
        session, terms.host_tutor_id, Membership.company_id == company_id, Membership.role.in_(AT_COMPANY)
    ):
        faults.append(_fault("host_tutor_id", "no active member of the company has this id"))
    if faults:
        raise UnfitTerms(faults=faults)


def _is_member(session: Session, user_id: UUID, *of_what: sa.ColumnElement[bool]) -> bool:
    query = sa.select(Membership.id).join(User, User.id == Membership.user_id)
    found = query.where(Membership.user_id == user_id, User.is_active, *of_what).limit(1)
    return session.scalar(found) is not None


def _fault(field: str, detail: str) -> dict[str, str]:
    return {"in": "body", "field": field, "detail": detail}
