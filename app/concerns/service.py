"""Reporting a problem, reading it, writing about it, asking whom it is about, and closing it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.concerns import rules, service_telling
from app.concerns.models import Concern, ConcernKind, ConcernMessage, Side, Stage
from app.concerns.rules import Deadlines
from app.concerns.service_reading import Case, find, messages
from app.events import service as events
from app.placements import service as placements
from app.placements.models import Party, Placement


class NotYoursToReport(errors.NotAllowed):
    """Problems of a placement are reported by its student and the family; the others answer."""

    title = "Only the student and the family report a problem"


class NotYoursToClose(errors.NotAllowed):
    """A concern is closed by whoever has reported it, or by who runs the service."""

    title = "Only who has reported it closes it"


class CloseReasonMissing(errors.Invalid):
    """Who closes what somebody else has reported says why."""

    title = "A reason is missing"


class ConcernClosed(errors.Conflict):
    """Nothing is written about a concern that is closed; a new one can be reported."""

    title = "The concern is closed"


class TooManyConcerns(errors.Conflict):
    """The placement has so many open concerns, or the concern so many messages, that no more are taken."""

    title = "Too many of them"


class NoNameNeeded(errors.Conflict):
    """Only a coordinator who has an open concern to answer asks whom it is about; the others know."""

    title = "There is no name to ask for"


# --- reporting --------------------------------------------------------------------------------------------------------


def report(
    session: Session,
    actor: Actor,
    placement_id: UUID,
    kind: ConcernKind,
    text: str,
    *,
    skips_tutor: bool = False,
    now: datetime,
    deadlines: Deadlines,
) -> Case:
    """Press the red button. The same words a second time are the same concern, as long as it is open.

    It begins with the school's tutor, or the lead: what is urgent, or not for the tutor, or without one. Where nobody
    is, it begins further up. Raises NoSuchPlacement, NotYoursToReport and TooManyConcerns.
    """
    auth.require_scope(actor, "placements:write")
    placement, side = _own_placement(session, actor, placement_id)
    # Locked, so that a form that is sent twice is counted once.
    session.refresh(placement, with_for_update=True)
    opened = session.scalars(
        sa.select(Concern).where(Concern.placement_id == placement_id, Concern.stage != Stage.CLOSED)
    ).all()
    for one in opened:
        if (one.raised_side, one.kind, one.text) == (side, kind, text):
            return find(session, actor, one.id)
    if len(opened) >= rules.MOST_OPEN:
        raise TooManyConcerns(f"At most {rules.MOST_OPEN} concerns of a placement are open at once.")
    begins = Stage.LEAD if skips_tutor or kind in rules.URGENT else Stage.TUTOR
    concern = Concern(
        placement_id=placement_id, student_id=placement.student_id, kind=kind, text=text, skips_tutor=skips_tutor,
        raised_side=side, raised_at=now.astimezone(UTC), stage=Stage.LEAD, due_at=now,
    )  # fmt: skip
    session.add(concern)
    session.flush()
    case = find(session, actor, concern.id)
    own(session, case, begins, now, deadlines)
    events.record(
        session, actor, "concern.raised", concern.id, {"kind": kind.value, "to": concern.stage.value}
    )
    service_telling.raised(session, concern, case.place, case.company_name, now)
    return case


def own(session: Session, case: Case, stage: Stage, now: datetime, deadlines: Deadlines) -> None:
    """Give it to the first owner from `stage` on who is there, and set the clock."""
    concern = case.concern
    while stage is not Stage.SERVICE and not service_telling.owners(session, stage, case.place):
        stage = rules.NEXT[stage]
    concern.stage = stage
    concern.due_at = deadlines.due_at(stage, concern.raised_at, now.astimezone(UTC))
    if stage in (Stage.TERRITORY, Stage.SERVICE) and concern.territory_at is None:
        concern.territory_at = now.astimezone(UTC)
    session.flush()


def _own_placement(session: Session, actor: Actor, placement_id: UUID) -> tuple[Placement, Side]:
    if actor.kind == rules.FAMILY:
        placement = session.get(Placement, placement_id)
        if placement is None or not rules.is_family_of(actor, placement.student_id):
            raise placements.NoSuchPlacement
        return placement, Side.FAMILY
    seen = placements.find(session, actor, placement_id)
    if seen.party is not Party.STUDENT:
        raise NotYoursToReport
    return seen.placement, Side.STUDENT


# --- afterwards -------------------------------------------------------------------------------------------------------


def write(session: Session, actor: Actor, concern_id: UUID, text: str, *, now: datetime) -> ConcernMessage:
    """Add to the thread; the same words again at the end of it are one message.

    Raises NoSuchConcern, ConcernClosed and TooManyConcerns.
    """
    case = _locked(session, actor, concern_id)
    if case.concern.stage is Stage.CLOSED:
        raise ConcernClosed
    thread = messages(session, concern_id)
    if thread and (thread[-1].written_by, thread[-1].text) == (actor.mark, text):
        return thread[-1]
    if len(thread) >= rules.MOST_MESSAGES:
        raise TooManyConcerns(f"A concern has at most {rules.MOST_MESSAGES} messages.")
    message = ConcernMessage(
        concern_id=concern_id,
        side=case.side,
        text=text,
        written_at=now.astimezone(UTC),
        written_by=actor.mark,
    )
    session.add(message)
    session.flush()
    events.record(session, actor, "concern.answered", concern_id, {"side": case.side.value})
    service_telling.written(session, case.concern, case.place, case.company_name, message, now)
    return message


def ask_name(session: Session, actor: Actor, concern_id: UUID, reason: str, *, now: datetime) -> Case:
    """Learn whom an open concern is about, as the coordinator who has to answer it; again changes nothing.

    Raises NoSuchConcern, NoNameNeeded and ConcernClosed.
    """
    case = _locked(session, actor, concern_id)
    if case.side is not Side.TERRITORY:
        raise NoNameNeeded
    if case.concern.named_at is not None:
        return case
    if case.concern.stage is Stage.CLOSED:
        raise ConcernClosed
    case.concern.named_at, case.concern.named_by = now.astimezone(UTC), actor.mark
    case.concern.named_for = reason
    session.flush()
    events.record(session, actor, "concern.named", concern_id)
    service_telling.named(session, case.concern, case.place, case.company_name, now)
    return case


def close(
    session: Session, actor: Actor, concern_id: UUID, *, reason: str | None = None, now: datetime
) -> Case:
    """End it; again changes nothing. Raises NoSuchConcern, NotYoursToClose and CloseReasonMissing."""
    case = _locked(session, actor, concern_id)
    if not rules.can_close(case.side, case.concern):
        raise NotYoursToClose
    if case.concern.stage is Stage.CLOSED:
        return case
    if reason is None and rules.needs_reason(case.side):
        raise CloseReasonMissing(faults=[{"in": "body", "field": "reason", "detail": "say why it is closed"}])
    was = case.concern.stage
    case.concern.stage, case.concern.due_at = Stage.CLOSED, None
    case.concern.closed_at, case.concern.closed_by = now.astimezone(UTC), actor.mark
    case.concern.close_reason = reason
    session.flush()
    events.record(session, actor, "concern.closed", concern_id, {"from": was.value, "side": case.side.value})
    service_telling.closed(session, case.concern, case.place, case.company_name, case.side, now)
    return case


def _locked(session: Session, actor: Actor, concern_id: UUID) -> Case:
    case = find(session, actor, concern_id, scope="placements:write")
    session.refresh(case.concern, with_for_update=True)
    return case
