"""Making applications: a student applies, or a round proposes; `service_moves` does what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.applications import days, rules, service_contacts, service_steps, service_telling
from app.applications.models import Application, ApplicationState
from app.applications.rules import Caps
from app.auth.actors import Actor
from app.calendars import service as calendars
from app.events import service as events
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity, OpportunitySpan, Status
from app.placements.models import Party
from app.placements.service import Terms
from app.students import service as students
from app.students.models import Student


class NotYourApplication(errors.NotAllowed):
    """A student applies in person, and each side takes its own steps."""

    title = "Not yours to do"


class UnknownOpportunity(errors.Invalid):
    """What is applied for does not exist."""

    title = "Unknown opportunity"


class NotTaken(errors.Conflict):
    """The opportunity takes no applications, or none any more."""

    title = "The opportunity takes no applications"


class AnsweredAlready(errors.Conflict):
    """The company or the school has said no: that is an answer."""

    title = "There is an answer already"


class TooManyOpen(errors.Conflict):
    """So many of the student's applications are open that no more are taken."""

    title = "Too many open applications"


# --- applying ---------------------------------------------------------------------------------------------------------


def apply(
    session: Session,
    actor: Actor,
    student_id: UUID,
    opportunity_id: UUID,
    *,
    starts_on: date | None = None,
    ends_on: date | None = None,
    now: datetime,
    caps: Caps,
) -> Application:
    """Apply for a student's days there; what is open already stays the one application that it is.

    Raises NoSuchStudent, NotYourApplication, UnknownOpportunity, NotTaken, AnsweredAlready, TooManyOpen, UnfitDays and
    Clashes.
    """
    student = students.get(session, actor, student_id, scope="placements:write")
    if not actor.is_student(student_id):
        raise NotYourApplication("A student applies in person.")
    opportunity = _opportunity(session, actor, opportunity_id)
    service_steps.lock(session, [student_id], [])
    before = _of_pair(session, student_id, opportunity_id)
    present = next((one for one in before if one.state in rules.OPEN), None)
    if present is not None:
        return present
    refuse_closed(opportunity, now.date())
    if any(one.ended_for in rules.FINAL for one in before) or any(
        one.state is ApplicationState.APPROVED for one in before
    ):
        raise AnsweredAlready
    refuse_crowd(session, student_id, caps)
    chosen = _choose(session, opportunity, starts_on, ends_on, now.date())
    service_steps.refuse_clash(session, student_id, chosen)
    calendar = calendars.calendar(session, [student.school_id], [opportunity.id])
    terms = days.terms(opportunity, chosen, calendar.off(student.school_id, opportunity.id, chosen))
    application = _new(session, actor, student_id, opportunity, terms, now)
    send(session, application, caps, now)
    events.record(session, actor, "application.created", application.id, {"to": application.state.value})
    return application


def propose(
    session: Session,
    actor: Actor,
    student: Student,
    opportunity: Opportunity,
    terms: Terms,
    *,
    round_id: UUID | None,
    now: datetime,
    until: datetime | None = None,
) -> Application:
    """Make an application out of a round's result: student and school have said yes, a seat is held, the company is asked.

    An open application of the same student there becomes the proposal, or the placement where the company has said yes
    before; others on the same days end. Repeated, it changes nothing. The company has until `until`, or the usual time.
    A caller who proposes for many calls `service_steps.lock` first. Raises Full, OpportunityClosed, Clashes and PlacedAlready.
    """
    service_steps.lock(session, [student.id], [])
    present = service_steps.others(session, student.id, None)
    before = [one for one in present if one.opportunity_id == opportunity.id]
    if before and before[0].state is ApplicationState.PROPOSED:
        return before[0]
    chosen = days.Days(terms.starts_on, terms.ends_on, terms.weekdays, terms.starts_at, terms.ends_at)
    service_steps.refuse_clash(session, student.id, chosen, before[0].id if before else None)
    application = before[0] if before else _new(session, actor, student.id, opportunity, terms, now)
    _set_terms(application, terms)
    application.round_id = round_id
    has_company = application.state in rules.HOLDS_SEAT
    for name in ("student_confirmed", "school_approved"):
        rules.say(application, name, actor.mark, now)
    if application.delivered_at is None:
        # Counted, and never held back: the company has offered this seat, and it is held.
        service_contacts.take_room(session, opportunity.company_id, most=None, today=now.date())
        application.delivered_at = now.astimezone(UTC)
    service_steps.lock(session, [], {one.opportunity_id for one in present} | {opportunity.id})
    after = ApplicationState.APPROVED if has_company else ApplicationState.PROPOSED
    service_steps.take(session, actor, application, after, now=now, party=Party.SCHOOL, until=until)
    service_steps.release(session, actor, application, now)
    return application


def send(session: Session, application: Application, caps: Caps, now: datetime) -> bool:
    """Hand it to the company, who is told once a day for each opportunity, or let it wait for room; whether it is sent."""
    service_contacts.deliver(session, application, most=caps.contacts_per_month, now=now)
    session.flush()
    is_sent = application.state is ApplicationState.SUBMITTED
    if is_sent:
        service_telling.arrived(session, application, now)
    return is_sent


def refuse_crowd(session: Session, student_id: UUID, caps: Caps) -> None:
    """Raise TooManyOpen where the student, who is locked, may have no more."""
    if len(service_steps.others(session, student_id, None)) >= caps.open_per_student:
        raise TooManyOpen(f"At most {caps.open_per_student} are open at the same time; withdraw one first.")


def refuse_closed(opportunity: Opportunity, today: date) -> None:
    """Raise NotTaken unless the opportunity takes applications today."""
    if not opportunity.takes_applications:
        raise NotTaken("Nobody applies for it directly.")
    if opportunity.status is not Status.PUBLISHED:
        raise NotTaken(f"It is {opportunity.status}.")
    if opportunity.closes_on is not None and opportunity.closes_on < today:
        raise NotTaken(f"It took applications until {opportunity.closes_on}.")


def _opportunity(session: Session, actor: Actor, opportunity_id: UUID) -> Opportunity:
    try:
        return opportunities.read(session, actor, opportunity_id)
    except opportunities.NoSuchOpportunity as error:
        detail = "no opportunity that you may see has this id"
        fault = {"in": "body", "field": "opportunity_id", "detail": detail}
        raise UnknownOpportunity(faults=[fault]) from error


def _of_pair(session: Session, student_id: UUID, opportunity_id: UUID) -> Sequence[Application]:
    query = sa.select(Application).where(
        Application.student_id == student_id, Application.opportunity_id == opportunity_id
    )
    return session.scalars(query.with_for_update(), execution_options={"populate_existing": True}).all()


def _choose(
    session: Session, opportunity: Opportunity, starts_on: date | None, ends_on: date | None, today: date
) -> days.Days:
    spans = session.scalars(
        sa.select(OpportunitySpan).where(OpportunitySpan.opportunity_id == opportunity.id)
    )
    return days.choose(opportunity.kind, days.offered(opportunity.kind, spans), starts_on, ends_on, today)


def _new(
    session: Session, actor: Actor, student_id: UUID, opportunity: Opportunity, terms: Terms, now: datetime
) -> Application:
    application = Application(
        student_id=student_id, opportunity_id=opportunity.id, company_id=opportunity.company_id, state=ApplicationState.QUEUED,
        due_at=now.astimezone(UTC), created_at=now.astimezone(UTC), created_by=actor.mark,
    )  # fmt: skip
    _set_terms(application, terms)
    session.add(application)
    return application


_TERMS = ("starts_on", "ends_on", "weekdays", "starts_at", "ends_at", "daily_hours", "planned_hours")


def _set_terms(application: Application, terms: Terms) -> None:
    for name in _TERMS:
        setattr(application, name, getattr(terms, name))
