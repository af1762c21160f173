"""Who is told that a paper waits for them, and that it is in force."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.agreements import letters, service_codes, service_plans
from app.agreements.models import Paper, Signature, SignerRole
from app.companies.models import Company
from app.mails import service as mails
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.schools.models import School

LINK = "/guardian-signature"
"""The page that a guardian's link opens, with `?t=` and the token."""


def path(paper: Paper) -> str:
    """The page of the paper."""
    return f"/papers/{paper.id}"


def asked(session: Session, paper: Paper, signature: Signature, *, now: datetime, site: str) -> None:
    """Say that a signature is wanted: in the inbox of who has one, else, to a guardian, with a link by mail."""
    if signature.user_id is not None:
        about = f"{signature.id}:{signature.reminders}"
        notifications.tell(
            session, [signature.user_id], NotificationKind.PAPER_TO_SIGN, about, path=path(paper),
            data=names(session, paper), now=now,
        )  # fmt: skip
    elif signature.role is SignerRole.GUARDIAN:
        _mail_guardian(session, paper, signature, now=now, site=site)


def _mail_guardian(session: Session, paper: Paper, signature: Signature, *, now: datetime, site: str) -> None:
    plan = service_plans.plan_with_guardian(session, paper)
    if plan is None or not plan.guardian_email:
        return  # signs elsewhere: the school asks
    token = service_codes.make_link(session, signature)
    letter = letters.guardian_asked(
        signature.name, names(session, paper), f"{site}{LINK}?t={token}", is_again=signature.reminders > 0
    )
    mails.queue(
        session,
        to=plan.guardian_email,
        subject=letter.subject,
        text=letter.text,
        kind="guardian_asked",
        now=now,
    )


def to_check(session: Session, paper: Paper, *, now: datetime) -> None:
    """Tell the host that a draft waits for its check."""
    people = notifications.people_of_company(session, paper.company_id)
    about = f"{paper.id}:{paper.version}"
    notifications.tell(
        session,
        people,
        NotificationKind.PAPER_TO_CHECK,
        about,
        path=path(paper),
        data=names(session, paper),
        now=now,
    )


def returned(session: Session, paper: Paper, *, now: datetime) -> None:
    """Tell who leads the school that the host wants something changed."""
    about = f"{paper.id}:{paper.version}"
    notifications.tell(
        session, notifications.leads_of_school(session, paper.school_id), NotificationKind.PAPER_RETURNED, about,
        path=path(paper), data=names(session, paper), now=now,
    )  # fmt: skip


def in_force(session: Session, paper: Paper, *, now: datetime) -> None:
    """Tell both sides, and the student, that all have signed."""
    people = [
        *notifications.leads_of_school(session, paper.school_id),
        *notifications.people_of_company(session, paper.company_id),
    ]
    if paper.student_id is not None:
        people += notifications.accounts_of_student(session, paper.student_id)
    notifications.tell(
        session,
        people,
        NotificationKind.PAPER_IN_FORCE,
        paper.id,
        path=path(paper),
        data=names(session, paper),
        now=now,
    )


def names(session: Session, paper: Paper) -> dict[str, str]:
    school, company = session.get_one(School, paper.school_id), session.get_one(Company, paper.company_id)
    return {"school": school.name, "company": company.name}
