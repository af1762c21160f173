"""Who is told of a request for a name: those who have to answer, and afterwards those who have asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.companies.models import Company
from app.disclosures.models import Disclosure
from app.disclosures.rules import Side
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Opportunity
from app.students.models import Student


def asked(session: Session, disclosure: Disclosure, now: datetime) -> None:
    """Tell the student, and who teaches the class; where nobody does, who leads the school."""
    student = session.get_one(Student, disclosure.student_id)
    people = notifications.accounts_of_student(session, student.id)
    people += notifications.staff_of_class(session, student.school_id, student.class_id)
    company = session.get_one(Company, disclosure.company_id)
    data = {"company": company.name, "title": _title(session, disclosure)}
    notifications.tell(
        session,
        people,
        NotificationKind.NAME_ASKED,
        disclosure.id,
        path=f"/students/{student.id}",
        data=data,
        now=now,
    )


def answered(session: Session, disclosure: Disclosure, kind: NotificationKind, now: datetime) -> None:
    """Tell the company."""
    people = notifications.people_of_company(session, disclosure.company_id)
    path = f"/companies/{disclosure.company_id}/disclosures"
    data = {"title": _title(session, disclosure)}
    notifications.tell(session, people, kind, disclosure.id, path=path, data=data, now=now)


def refused(session: Session, disclosure: Disclosure, by: Side, now: datetime) -> None:
    """Tell the company, unless it has taken its own question back."""
    if by is not Side.COMPANY:
        answered(session, disclosure, NotificationKind.NAME_REFUSED, now)


def _title(session: Session, disclosure: Disclosure) -> str:
    return session.get_one(Opportunity, disclosure.opportunity_id).title
