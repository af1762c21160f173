"""Who is told what of an application: whoever has to do something, and whoever waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.applications import rules
from app.applications.models import Application, ApplicationState
from app.companies.models import Company
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Opportunity
from app.placements.models import Party
from app.students.models import Student


def arrived(session: Session, application: Application, now: datetime) -> None:
    """Tell the company that there is something new: once a day for each opportunity, however many came."""
    is_proposal = application.state is ApplicationState.PROPOSED
    kind = NotificationKind.PLACEMENT_PROPOSED if is_proposal else NotificationKind.APPLICATION_RECEIVED
    about = f"{application.opportunity_id}:{now.date()}"
    _tell(session, application, Party.COMPANY, kind, about, now)


def turned(session: Session, application: Application, by: Party, now: datetime) -> None:
    """Tell whose turn it is now, or that it is over, but not those who have just ended it. Of a placement, its package tells."""
    about = f"{application.id}:{application.version}"
    state = application.state
    if state is ApplicationState.PROPOSED:
        arrived(session, application, now)
    elif state is ApplicationState.ACCEPTED:
        _tell(session, application, Party.STUDENT, NotificationKind.APPLICATION_ACCEPTED, about, now)
    elif state is ApplicationState.CONFIRMED:
        _tell(session, application, Party.SCHOOL, NotificationKind.APPLICATION_TO_APPROVE, about, now)
    elif state in rules.ENDED:
        by = Party.SERVICE if application.end_reason in rules.BY_ITSELF else by
        for party in _who_counted_on_it(application) - {by}:
            _tell(session, application, party, NotificationKind.APPLICATION_ENDED, about, now)


def _who_counted_on_it(application: Application) -> set[Party]:
    """The student always; school and company where they have said yes, or were asked for it with the student's."""
    who = {Party.STUDENT}
    has_student = application.student_confirmed_at is not None
    if has_student or application.school_approved_at is not None:
        who.add(Party.SCHOOL)
    if has_student or application.company_accepted_at is not None:
        who.add(Party.COMPANY)
    return who


def remind(session: Session, application: Application, now: datetime) -> None:
    """Tell whose turn it is that the time is nearly over."""
    about = f"{application.id}:{application.version}"
    _tell(session, application, rules.OWNER[application.state], NotificationKind.APPLICATION_DUE, about, now)


def _tell(
    session: Session,
    application: Application,
    party: Party,
    kind: NotificationKind,
    about: str,
    now: datetime,
) -> None:
    people, path = _whom(session, application, party)
    notifications.tell(
        session, people, kind, about, path=path, data=_data(session, application, now), now=now
    )


def _whom(session: Session, application: Application, party: Party) -> tuple[list[UUID], str]:
    if party is Party.COMPANY:
        path = f"/opportunities/{application.opportunity_id}/applications"
        return notifications.people_of_company(session, application.company_id), path
    if party is Party.STUDENT:
        path = f"/students/{application.student_id}/applications"
        return notifications.accounts_of_student(session, application.student_id), path
    student = session.get_one(Student, application.student_id)
    staff = notifications.staff_of_class(session, student.school_id, student.class_id)
    return staff, f"/schools/{student.school_id}/applications"


def _data(session: Session, application: Application, now: datetime) -> Mapping[str, str]:
    opportunity = session.get_one(Opportunity, application.opportunity_id)
    due = application.due_at
    return {
        "company": session.get_one(Company, application.company_id).name,
        "title": opportunity.title,
        "until": "" if due is None else f"{due.astimezone(now.tzinfo):%d/%m/%Y}",
    }
