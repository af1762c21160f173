"""How much each company is sent this month, by all schools together, and what waits for room: counts, nobody's name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import rules as applications
from app.applications.models import Application, ApplicationState, ContactLimit, ContactMonth
from app.auth.actors import Actor
from app.companies import access
from app.companies.models import Company
from app.network import service
from app.network.rules import told
from app.schools.models import School
from app.students.models import Student


class WaitingSchool(NamedTuple):
    """A school whose students wait; `students` as `rules.told`, and the day since when the first of them waits."""

    school_id: UUID
    name: str
    students: int
    since: date


class ContactLoad(NamedTuple):
    """A company, what it was sent this month, the most that it is sent, and the applications that wait for room."""

    company_id: UUID
    name: str
    sent: int
    most: int
    paused_until: date | None
    waiting: int
    schools: list[WaitingSchool]

    @property
    def is_full(self) -> bool:
        """Whether nothing more reaches it now."""
        return self.sent >= self.most or self.paused_until is not None


def load(session: Session, actor: Actor, *, most: int, now: datetime) -> list[ContactLoad]:
    """Companies of the territory that were sent something, wait for a pause to end, or make somebody wait.

    Those for whom most wait first, then the fullest. `most` is the limit of all companies. Raises NotYourNetwork.
    Two queries for any number.
    """
    service.require(actor)
    today = now.date()
    waiting = _waiting(session, actor, now)
    is_paused = ContactLimit.paused_until > today
    rows = session.execute(
        sa.select(
            Company.id, Company.name, sa.func.coalesce(ContactMonth.sent, 0).label("sent"), ContactLimit.per_month,
            sa.case((is_paused, ContactLimit.paused_until)).label("paused_until"),
        )
        .outerjoin(
            ContactMonth,
            sa.and_(
                ContactMonth.company_id == Company.id, ContactMonth.month == applications.month_of(today)
            ),
        )
        .outerjoin(ContactLimit, ContactLimit.company_id == Company.id)
        .where(
            access.is_overseen(actor, Company.__table__.c.id),
            sa.or_(ContactMonth.sent > 0, is_paused, Company.id.in_(waiting.keys())),
        )
    )  # fmt: skip
    found = []
    for row in rows:
        queued = waiting.get(row.id, [])
        found.append(
            ContactLoad(
                row.id, row.name, row.sent, applications.most_contacts(most, row.per_month), row.paused_until,
                told(sum(one.students for one in queued)),
                [one._replace(students=told(one.students)) for one in queued],
            )
        )  # fmt: skip
    return sorted(
        found,
        key=lambda one: (-one.waiting, not one.schools, one.most - one.sent, one.name, one.company_id),
    )


def _waiting(session: Session, actor: Actor, now: datetime) -> Mapping[UUID, list[WaitingSchool]]:
    """The queue of each company by school, who has waited longest first; the numbers are exact."""
    since = sa.func.min(Application.created_at)
    rows = session.execute(
        sa.select(Application.company_id, School.id, School.name, sa.func.count(), since)
        .join(Student, Student.id == Application.student_id)
        .join(School, School.id == Student.school_id)
        .where(
            Application.state == ApplicationState.QUEUED,
            access.is_overseen(actor, Application.__table__.c.company_id),
        )
        .group_by(Application.company_id, School.id, School.name)
        .order_by(since, School.name, School.id)
    )
    found: Mapping[UUID, list[WaitingSchool]] = defaultdict(list)
    for company_id, school_id, name, students, moment in rows:
        day = moment.astimezone(now.tzinfo).date()
        found[company_id].append(WaitingSchool(school_id, name, students, day))
    return found
