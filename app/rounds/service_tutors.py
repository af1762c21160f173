"""How many students of a round the tutors of hosts and schools can follow, besides those whom they follow already.

Tutors follow internships; visits and courses are led. What a host is known to have is the people who may sign in for it:
where nobody may, nobody is counted. A school that has decided nothing about its tutors of the year has no limit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.applications import rules as applications
from app.applications import service_hosts
from app.applications.models import Application
from app.auth.actors import AT_SCHOOL
from app.auth.models import Membership, User
from app.laws import service as law_service
from app.matches.asking import Following
from app.matches.service_rating import Frame, Stock, days_meant, spans_in
from app.opportunities.models import Kind
from app.placements import rules as placements
from app.placements import service_tutors as tutors
from app.placements.models import Placement, TutorCapacity, TutorLeave
from app.students.models import Student

Span = tuple[date, date]


class Group(NamedTuple):
    """Internships of a host that share some days, from the first of them to the last."""

    company_id: UUID
    days: Span
    opportunity_ids: tuple[UUID, ...]


def of_hosts(
    session: Session, round_id: UUID, groups: Sequence[Group], held: Mapping[UUID, int]
) -> list[Following]:
    """How many students the tutors of each host follow; seats that are `held` already are never too many."""
    hosts = service_hosts.read(session, {one.company_id for one in groups}, besides_round=round_id)
    found = []
    for group in groups:
        free = hosts.free(group.company_id, group.days)
        if free is not None:
            kept = sum(held.get(one, 0) for one in group.opportunity_ids)
            found.append(Following(group.company_id, max(free, kept), group.opportunity_ids, group.days))
    return found


def of_schools(
    session: Session, round_id: UUID, frame: Frame, class_ids: Collection[UUID], held: Collection[UUID]
) -> list[Following]:
    """How many students the tutors of each school follow in the school year in which the round's days begin."""
    if Kind.INTERNSHIP not in frame.kinds:
        return []
    year = dates.school_year(frame.starts_on)
    present = sa.select(Student.id, Student.school_id).where(
        Student.class_id.in_(class_ids), Student.archived_at.is_(None)
    )
    school_of: dict[UUID, UUID] = {row.id: row.school_id for row in session.execute(present)}
    decided: defaultdict[UUID, dict[UUID, int]] = defaultdict(dict)
    rows = sa.select(TutorCapacity).where(
        TutorCapacity.school_id.in_(set(school_of.values())), TutorCapacity.start_year == year
    )
    for one in session.scalars(rows):
        decided[one.school_id][one.user_id] = one.most_students
    if not decided:
        return []
    people = _people(session, decided)
    away = _away(session, {one for users in people.values() for one in users}, frame)
    first, _ = dates.days_of_school_year(year)
    by_default = tutors.most_by_law(law_service.table(session), first)
    followed = _of_year(session, round_id, decided, year)
    found = []
    for school_id, users in sorted(people.items()):
        most = {one: 0 if one in away else decided[school_id].get(one, by_default) for one in users}
        own = [student for student, school in school_of.items() if school == school_id]
        free = service_hosts.left(most, followed[school_id])
        found.append(Following(school_id, max(free, len(set(held) & set(own))), own))
    return found


def groups(stock: Stock, frame: Frame) -> list[Group]:
    """Internships of each host whose days meet, directly or by way of others."""
    by_host: defaultdict[UUID, list[tuple[date, date, UUID]]] = defaultdict(list)
    for one in stock.details:
        spans = spans_in(one, frame)
        if one.kind is Kind.INTERNSHIP and (spans or not one.spans):
            days = days_meant(one, spans, frame)
            first, last = min(each.starts_on for each in days), max(each.ends_on for each in days)
            by_host[one.company_id].append((first, last, one.id))
    return [
        Group(host, span, ids) for host, lines in sorted(by_host.items()) for span, ids in _met(sorted(lines))
    ]


def _met(lines: Iterable[tuple[date, date, UUID]]) -> list[tuple[Span, tuple[UUID, ...]]]:
    found: list[tuple[Span, tuple[UUID, ...]]] = []
    for first, last, one in lines:
        if found and first <= found[-1][0][1]:
            (begin, end), ids = found.pop()
            found.append(((begin, max(end, last)), (*ids, one)))
        else:
            found.append(((first, last), (one,)))
    return found


def _people(session: Session, schools: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """School → everybody there who may be a tutor."""
    rows = session.execute(
        sa.select(Membership.school_id, User.id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.school_id.in_(schools), Membership.role.in_(AT_SCHOOL), User.is_active)
    )
    found: dict[UUID, set[UUID]] = {}
    for school_id, user_id in rows:
        if school_id is not None:  # for the type checker
            found.setdefault(school_id, set()).add(user_id)
    return found


def _away(session: Session, users: Collection[UUID], frame: Frame) -> set[UUID]:
    """Who is away on all of the round's days; who comes back can follow somebody."""
    rows = sa.select(TutorLeave.user_id).where(
        TutorLeave.user_id.in_(users), TutorLeave.starts_on <= frame.starts_on, TutorLeave.ends_on >= frame.ends_on
    )  # fmt: skip
    return set(session.scalars(rows))


def _of_year(
    session: Session, round_id: UUID, schools: Collection[UUID], year: int
) -> Mapping[UUID, Counter[UUID | None]]:
    """By school: how many students each tutor follows in a school year, besides those whom this round has brought."""
    first, last = dates.days_of_school_year(year)
    of_placements = sa.select(Placement.school_id, Placement.school_tutor_id).where(
        Placement.school_id.in_(schools), Placement.state.in_(placements.OPEN),
        Placement.starts_on.between(first, last), Placement.id.not_in(service_hosts.placements_of(round_id)),
    )  # fmt: skip
    of_applications = (
        sa.select(Student.school_id, sa.null())
        .join(Application, Application.student_id == Student.id)
        .where(
            Student.school_id.in_(schools), Application.state.in_(applications.HOLDS_SEAT),
            Application.starts_on.between(first, last), Application.round_id.is_distinct_from(round_id),
        )
    )  # fmt: skip
    found: defaultdict[UUID, Counter[UUID | None]] = defaultdict(Counter)
    for query in (of_placements, of_applications):
        for school_id, user_id in session.execute(query):
            found[school_id][user_id] += 1
    return found
