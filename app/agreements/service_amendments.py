"""Changes to a placement that are signed before they hold, and the note of an early end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.agreements import contents, rules, service_documents, service_effects
from app.agreements.models import (
    Amendment,
    Document,
    DocumentKind,
    Interruption,
    Language,
    PaperState,
)
from app.agreements.printing import Printed
from app.agreements.service_agreements import PreparedAlready
from app.auth import service as auth
from app.auth.actors import AT_COMPANY, AT_SCHOOL, Actor
from app.auth.models import Membership, User
from app.events import service as events
from app.placements import rules as placement_rules
from app.placements import service as placements
from app.placements.models import EndReason, Party, Placement, State


class UnfitAmendment(errors.Invalid):
    """The changes make no sense for the placement."""

    title = "The amendment is not valid"


class UnfitNote(errors.Invalid):
    """The day does not belong to the placement, or lies ahead."""

    title = "The note of an early end is not valid"


def create(
    session: Session, actor: Actor, placement_id: UUID, changes: Mapping[str, Any], *, now: datetime
) -> Amendment:
    """A draft of changes to a placement that is open. Raises NoSuchPlacement, NotAllowed, WrongState, UnfitAmendment and PreparedAlready."""
    seen = _school_placement(session, actor, placement_id)
    placement = seen.placement
    if placement.state not in rules.PLANNABLE:
        raise placements.WrongState(f"The placement is {placement.state}.")
    amendment = Amendment(
        **changes, placement_id=placement.id, student_id=placement.student_id, school_id=placement.school_id,
        company_id=placement.company_id, state=PaperState.DRAFT, created_at=now.astimezone(UTC), created_by=actor.mark,
    )  # fmt: skip
    _refuse_unfit(session, placement, amendment)
    amendment.due_at = rules.due_at(PaperState.DRAFT, placement.ends_on, now)
    try:
        with session.begin_nested():
            session.add(amendment)
    except IntegrityError as error:
        raise PreparedAlready from error
    events.record(session, actor, "paper.created", amendment.id, {"kind": amendment.kind.value})
    return amendment


def _school_placement(session: Session, actor: Actor, placement_id: UUID) -> placements.Seen:
    auth.require_scope(actor, "placements:write")
    seen = placements.find(session, actor, placement_id)
    if seen.party is not Party.SCHOOL:
        raise errors.NotAllowed("The student's school writes it.")
    return seen


def _refuse_unfit(session: Session, placement: Placement, amendment: Amendment) -> None:
    changes = rules.changes_of(amendment)
    faults = list(service_effects.amendment_gaps(session, placement, changes))
    for name, roles, column, own in (
        ("school_tutor_id", AT_SCHOOL, Membership.school_id, placement.school_id),
        ("host_tutor_id", AT_COMPANY, Membership.company_id, placement.company_id),
    ):
        member = sa.select(Membership.id).join(User, User.id == Membership.user_id)
        is_one = (
            Membership.user_id == changes.get(name),
            Membership.role.in_(roles),
            column == own,
            User.is_active,
        )
        if name in changes and session.scalar(member.where(*is_one).limit(1)) is None:
            faults.append((name, "nobody who works there has this id"))
    if faults:
        raise UnfitAmendment(
            faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults]
        )


# --- an early end -----------------------------------------------------------------------------------------------------


def require_note(
    session: Session, actor: Actor, placement_id: UUID, *, ended_on: date, reason: EndReason, party: Party, text: str,
    language: Language, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """What the note would say, to be printed. Raises NoSuchPlacement, NotAllowed, WrongState and UnfitNote."""
    seen = _school_placement(session, actor, placement_id)
    placement = seen.placement
    if placement.state is not State.RUNNING:
        raise placements.WrongState(f"The placement is {placement.state}.")
    if not placement.starts_on <= ended_on <= min(placement.ends_on, now.date()):
        detail = "lies before the first day, after the last, or ahead"
        raise UnfitNote(faults=[{"in": "body", "field": "ended_on", "detail": detail}])
    note = Interruption(placement_id=placement.id, ended_on=ended_on, party=party, reason=reason, text=text)
    return contents.of_interruption(session, note, placement, seen.student, language)


def interrupt(
    session: Session, actor: Actor, placement_id: UUID, printed: Printed, *, ended_on: date, reason: EndReason,
    party: Party, text: str, language: Language, now: datetime,
) -> Document:  # fmt: skip
    """Write the note, keep its document, and end the placement; its papers end with it. Raises as `require_note`."""
    require_note(
        session,
        actor,
        placement_id,
        ended_on=ended_on,
        reason=reason,
        party=party,
        text=text,
        language=language,
        now=now,
    )
    seen = placements.find(session, actor, placement_id)
    placements.move(
        session, actor, seen.placement, placement_rules.Action.INTERRUPT, now=now, party=party, reason=reason
    )
    session.add(
        Interruption(
            placement_id=placement_id, ended_on=ended_on, party=party, reason=reason, text=text,
            written_at=now.astimezone(UTC), written_by=actor.mark,
        )
    )  # fmt: skip
    return service_documents.keep(
        session, actor, DocumentKind.INTERRUPTION, placement_id, printed, student_id=seen.placement.student_id,
        language=language, now=now,
    )  # fmt: skip
