"""Who is told of a placement: all sides when it is made and when it ends early, its owner when a clock runs out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.companies.models import Company
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Opportunity
from app.placements import rules
from app.placements.models import Party, Placement
from app.placements.rules import Action


def made(session: Session, placement: Placement, now: datetime) -> None:
    """Tell student, school and company that it is agreed on."""
    _tell(session, placement, NotificationKind.PLACEMENT_MADE, list(_PEOPLE), placement.id, now)


def moved(session: Session, placement: Placement, action: Action, party: Party | None, now: datetime) -> None:
    """Tell the others when it has ended early, or goes on after all."""
    if action is Action.RESTORE or placement.state in rules.ENDED:
        kind = (
            NotificationKind.PLACEMENT_MADE if action is Action.RESTORE else NotificationKind.PLACEMENT_ENDED
        )
        others = [one for one in _PEOPLE if one is not party]
        _tell(session, placement, kind, others, f"{placement.id} {placement.version}", now)


def due(session: Session, placement: Placement, now: datetime) -> None:
    """Remind whoever has to act before the clock of the state strikes; once for each day on which it would."""
    owner = rules.OWNER[placement.state]
    assert placement.due_at is not None  # noqa: S101 -- a CHECK: an open state has a clock
    day = placement.due_at.astimezone(now.tzinfo).date()
    about = f"{placement.id} {placement.state} {day}"
    _tell(session, placement, NotificationKind.PLACEMENT_DUE, [owner], about, now, day=day.isoformat())


_PEOPLE = (Party.STUDENT, Party.SCHOOL, Party.COMPANY)


def _tell(
    session: Session, placement: Placement, kind: NotificationKind, to: list[Party], about: object, now: datetime,
    **data: str,
) -> None:  # fmt: skip
    told = {user_id for party in to for user_id in people(session, placement, party)}
    company = session.get_one(Company, placement.company_id)
    title = session.get_one(Opportunity, placement.opportunity_id).title
    data |= {"company": company.name, "title": title}
    path = f"/placements/{placement.id}"
    notifications.tell(session, told, kind, about, path=path, data=data, now=now)


def people(session: Session, placement: Placement, party: Party) -> list[UUID]:
    """Tutors come first: where one is named, nobody else of that side is told."""
    if party is Party.STUDENT:
        return notifications.accounts_of_student(session, placement.student_id)
    if party is Party.COMPANY:
        if placement.host_tutor_id is not None:
            return [placement.host_tutor_id]
        return notifications.people_of_company(session, placement.company_id)
    if placement.school_tutor_id is not None:
        return [placement.school_tutor_id]
    return notifications.staff_of_class(session, placement.school_id, placement.class_id)
