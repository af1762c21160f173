"""Asking for a name, answering, and taking it back. Each answer is one conditional statement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import AT_SCHOOL, Actor
from app.auth.models import Membership, User
from app.disclosures import rules, service_telling
from app.disclosures.models import Disclosure
from app.disclosures.rules import Side, State
from app.disclosures.service_reading import Told, find
from app.events import service as events
from app.matches.service import NotRanked
from app.notifications.rules import NotificationKind
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity, Status
from app.students.models import Student


class UnknownCandidate(errors.Invalid):
    """The opportunity has no candidate under this pseudonym."""

    title = "Unknown candidate"


class AskedAlready(errors.Conflict):
    """The candidate has been asked for this opportunity: the request waits, or the answer was no."""

    title = "The candidate has been asked already"


class TooManyWaiting(errors.Conflict):
    """So many requests of the opportunity wait that no more are sent."""

    title = "Too many requests wait for an answer"


class NotYoursToAnswer(errors.NotAllowed):
    """Only the student and the school accept or refuse."""

    title = "Only the student and the school answer"


class NotOpen(errors.Conflict):
    """The request has been refused or withdrawn, or its time is over."""

    title = "The request is no longer open"


class BadTutor(errors.Invalid):
    """The tutor is not a member of the student's school, or a student has named one."""

    title = "Not a tutor of the school"


def unknown() -> UnknownCandidate:
    """No candidate of the opportunity has this pseudonym, or no longer."""
    detail = "no candidate of this opportunity has this pseudonym"
    return UnknownCandidate(faults=[{"in": "body", "field": "pseudonym", "detail": detail}])


def ask(
    session: Session, actor: Actor, opportunity_id: UUID, student_id: UUID, *, now: datetime, days: int
) -> Disclosure:
    """Ask who a candidate is; whoever calls has found the candidate in the opportunity's ranking.

    Raises NoSuchOpportunity, NotAllowed, NotRanked, UnknownCandidate, AskedAlready and TooManyWaiting.
    """
    auth.require_scope(actor, "disclosures:write")
    opportunity = opportunities.read(session, actor, opportunity_id)
    if not rules.can_ask(actor, opportunity.company_id, opportunity.kind):
        raise errors.NotAllowed("Only the company that offers it asks for candidates.")
    # Locked, so that requests of one opportunity are counted one after the other.
    session.refresh(opportunity, with_for_update=True)
    if opportunity.status is not Status.PUBLISHED:
        raise NotRanked("Candidates are asked for while it is published.")
    if session.get(Student, student_id) is None:
        raise unknown()
    _refuse_repetition(session, opportunity_id, student_id, now)
    _refuse_flood(session, opportunity, now)
    disclosure = Disclosure(
        student_id=student_id, company_id=opportunity.company_id, opportunity_id=opportunity_id,
        requested_at=now.astimezone(UTC), requested_by=actor.mark,
        expires_at=now.astimezone(UTC) + timedelta(days=days),
    )  # fmt: skip
    session.add(disclosure)
    try:
        session.flush()
    except IntegrityError as error:
        raise AskedAlready from error
    events.record(session, actor, "disclosure.requested", disclosure.id)
    service_telling.asked(session, disclosure, now)
    return disclosure


def _refuse_repetition(session: Session, opportunity_id: UUID, student_id: UUID, now: datetime) -> None:
    before = session.scalars(
        sa.select(Disclosure).where(
            Disclosure.opportunity_id == opportunity_id, Disclosure.student_id == student_id
        )
    )
    for one in before:
        state = rules.state_of(one, now)
        if state is State.EXPIRED:  # nobody answered in time: it may be asked again
            one.withdrawn_at, one.withdrawn_by = one.expires_at, "system:expired"
            session.flush()
        else:  # a no is an answer, and a question taken back is not put again
            raise AskedAlready(f"The request for this candidate is {state}.")


def _refuse_flood(session: Session, opportunity: Opportunity, now: datetime) -> None:
    waiting = session.scalar(
        sa.select(sa.func.count()).where(
            Disclosure.opportunity_id == opportunity.id,
            *still_open(now),
            sa.or_(Disclosure.student_accepted_at.is_(None), Disclosure.school_accepted_at.is_(None)),
        )
    )
    most = rules.most_waiting(opportunity.seats)
    if (waiting or 0) >= most:
        raise TooManyWaiting(f"At most {most} requests of this opportunity wait at the same time.")


# --- answers ----------------------------------------------------------------------------------------------------------


def accept(
    session: Session,
    actor: Actor,
    disclosure_id: UUID,
    *,
    tutor_id: UUID | None = None,
    now: datetime,
    days: int,
) -> Told:
    """Say yes for one's own side; again changes nothing. With the second yes the name shows, for so many days.

    Raises NoSuchDisclosure, NotYoursToAnswer, BadTutor and NotOpen.
    """
    told = _find_to_answer(session, actor, disclosure_id)
    is_school = told.side is Side.SCHOOL
    if is_school:
        tutor_id = _tutor(session, actor, told.student, tutor_id)
    elif tutor_id is not None:
        raise _bad_tutor("the school names the tutor")
    mine, other = ("school", "student") if is_school else ("student", "school")
    shown_until = now.astimezone(UTC) + timedelta(days=days)
    has_other = getattr(Disclosure, f"{other}_accepted_at").is_not(None)
    values: dict[str, Any] = {
        f"{mine}_accepted_at": now.astimezone(UTC),
        f"{mine}_accepted_by": actor.mark,
        "expires_at": sa.case((has_other, shown_until), else_=Disclosure.expires_at),
    }
    if is_school:
        values["tutor_id"] = tutor_id
    is_first = getattr(Disclosure, f"{mine}_accepted_at").is_(None)
    if _change(session, told.disclosure, values, is_first, *still_open(now)):
        events.record(session, actor, "disclosure.accepted", disclosure_id, {"side": mine})
        if rules.state_of(told.disclosure, now) is State.ACCEPTED:
            service_telling.answered(session, told.disclosure, NotificationKind.NAME_GIVEN, now)
    elif rules.state_of(told.disclosure, now) not in (State.WAITING, State.ACCEPTED):
        raise NotOpen(f"The request is {rules.state_of(told.disclosure, now)}.")
    return told


def refuse(session: Session, actor: Actor, disclosure_id: UUID, *, now: datetime) -> Told:
    """Say no, whatever the other side has said; again changes nothing.

    Raises NoSuchDisclosure, NotYoursToAnswer and NotOpen.
    """
    told = _find_to_answer(session, actor, disclosure_id)
    return _end(session, actor, told, "refused", now)


def withdraw(session: Session, actor: Actor, disclosure_id: UUID, *, now: datetime) -> Told:
    """Take back a yes, or the question; the name shows no longer. Again changes nothing.

    Raises NoSuchDisclosure, NotAllowed and NotOpen.
    """
    auth.require_scope(actor, "disclosures:write")
    told = find(session, actor, disclosure_id)
    if not rules.can_withdraw(told.side):
        raise errors.NotAllowed("Only who has asked or answered takes it back.")
    return _end(session, actor, told, "withdrawn", now)


def _find_to_answer(session: Session, actor: Actor, disclosure_id: UUID) -> Told:
    auth.require_scope(actor, "disclosures:write")
    told = find(session, actor, disclosure_id)
    if not rules.can_answer(told.side):
        raise NotYoursToAnswer
    return told


def _end(session: Session, actor: Actor, told: Told, how: str, now: datetime) -> Told:
    # Of a request whose name is shown, time is no excuse not to end it.
    values = {f"{how}_at": now.astimezone(UTC), f"{how}_by": actor.mark}
    if _change(session, told.disclosure, values, *_unanswered):
        events.record(session, actor, f"disclosure.{how}", told.disclosure.id, {"side": told.side.value})
        service_telling.refused(session, told.disclosure, told.side, now)
    elif getattr(told.disclosure, f"{how}_at") is None:
        raise NotOpen(f"The request is {rules.state_of(told.disclosure, now)}.")
    return told


def _change(
    session: Session, disclosure: Disclosure, values: dict[str, Any], *conditions: sa.ColumnElement[bool]
) -> bool:
    """Change the row if the conditions hold at that moment; whether they did. The object shows the row as it is now."""
    changed = session.execute(
        sa.update(Disclosure)
        .where(Disclosure.id == disclosure.id, *conditions)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(disclosure)
    return bool(changed.rowcount)  # type: ignore[attr-defined]


_unanswered = (Disclosure.refused_at.is_(None), Disclosure.withdrawn_at.is_(None))


def still_open(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Neither refused, nor withdrawn, nor over."""
    return (*_unanswered, Disclosure.expires_at > now)


def _tutor(session: Session, actor: Actor, student: Student, tutor_id: UUID | None) -> UUID:
    if tutor_id is None:
        if actor.kind != "user" or actor.id is None:
            raise _bad_tutor("a program names the tutor")
        return actor.id
    member = (
        sa.select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.user_id == tutor_id,
            Membership.school_id == student.school_id,
            Membership.role.in_(AT_SCHOOL),
            User.is_active,
        )
    )
    if session.scalar(member.limit(1)) is None:
        raise _bad_tutor("no active member of the school has this id")
    return tutor_id


def _bad_tutor(detail: str) -> BadTutor:
    return BadTutor(faults=[{"in": "body", "field": "tutor_id", "detail": detail}])
