"""How many students of a round the tutors of hosts and schools can follow, besides those whom they follow already.

Tutors follow internships; visits and courses are led. What a host is known to have is the people who may sign in for it:
where nobody may, nobody is counted. A school that has decided nothing about its tutors of the year has no limit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.applications import rules as applications
from app.applications.models import Application
from app.auth.actors import AT_COMPANY, AT_SCHOOL
from app.auth.models import Membership, User
from app.laws import rules as laws
from app.laws import service as law_service
from app.laws.models import HostSafety, LawRule, Measure, Severity
from app.matches.asking import Following
from app.matches.service_rating import Frame, Stock, days_meant, spans_in
from app.opportunities.models import Kind
from app.placements import rules as placements
from app.placements import service_tutors as tutors
from app.placements.models import Placement, Risk, TutorCapacity, TutorLeave
from app.rounds import handing
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
    people = _people(session, Membership.company_id, AT_COMPANY, {one.company_id for one in groups})
    if not people:
        return []
    table = law_service.table(session)
    rows = session.execute(
        sa.select(HostSafety.company_id, HostSafety.risk).where(HostSafety.company_id.in_(people))
    )
    risks = {row.company_id: row.risk for row in rows}
    followed = _followed(session, round_id, people)
    found = []
    for group in groups:
        most = _most_by_law(table, group.days[0], risks.get(group.company_id) or Risk.LOW)
        if group.company_id in people and most is not None:
            follows = followed[group.company_id]
            free = _free(dict.fromkeys(people[group.company_id], most), follows, group.days)
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
    people = _people(session, Membership.school_id, AT_SCHOOL, decided)
    away = _away(session, {one for users in people.values() for one in users}, frame)
    by_default = tutors.most_by_law(session, year)
    followed = _of_year(session, round_id, decided, year)
    found = []
    for school_id, users in sorted(people.items()):
        most = {one: 0 if one in away else decided[school_id].get(one, by_default) for one in users}
        own = [student for student, school in school_of.items() if school == school_id]
        free = left(most, followed[school_id])
        found.append(Following(school_id, max(free, len(set(held) & set(own))), own))
    return found


def left(most: Mapping[UUID, int], follows: Mapping[UUID | None, int]) -> int:
    """How many more they can follow together, when each already follows some, and some are followed by nobody yet.

    Who follows more than there may be takes nothing from the others.

    >>> anna, bruno = UUID(int=1), UUID(int=2)
    >>> left({anna: 5, bruno: 5}, {anna: 7, bruno: 1, None: 1})
    3
    """
    free = sum(max(0, most[one] - follows.get(one, 0)) for one in most)
    others = sum(count for one, count in follows.items() if one not in most)
    return max(0, free - others)


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


def _people(
    session: Session, bound: Any, roles: Collection[Any], organisations: Collection[UUID]
) -> dict[UUID, set[UUID]]:
    """Organisation → everybody there who may be a tutor."""
    rows = session.execute(
        sa.select(bound, User.id)
        .join(User, User.id == Membership.user_id)
        .where(bound.in_(organisations), Membership.role.in_(roles), User.is_active)
    )
    found: dict[UUID, set[UUID]] = {}
    for organisation, user_id in rows:
        found.setdefault(organisation, set()).add(user_id)
    return found


def _most_by_law(table: Sequence[LawRule], on: date, risk: Risk) -> int | None:
    """The fewest students per tutor at a host that rules which forbid more allow on a day; None where no rule does."""
    measured = [one for one in table if one.measure is Measure.HOST_TUTOR_LOAD]
    binding = [one for one in laws.in_force(measured, on) if one.severity is Severity.FORBIDS]
    return min((laws.ByRisk.model_validate(one.parameters).of(risk) for one in binding), default=None)


def _followed(
    session: Session, round_id: UUID, companies: Collection[UUID]
) -> Mapping[UUID, list[tuple[UUID | None, Span]]]:
    """By host: the tutor, if there is one already, and the days of all whom this round has not brought."""
    of_placements = sa.select(
        Placement.company_id, Placement.host_tutor_id, Placement.starts_on, Placement.ends_on
    ).where(
        Placement.company_id.in_(companies), Placement.state.in_(placements.OPEN),
        Placement.id.not_in(handing.placements_of(round_id)),
    )  # fmt: skip
    of_applications = sa.select(
        Application.company_id, sa.null(), Application.starts_on, Application.ends_on
    ).where(
        Application.company_id.in_(companies), Application.state.in_(applications.HOLDS_SEAT),
        Application.round_id.is_distinct_from(round_id),
    )  # fmt: skip
    found: defaultdict[UUID, list[tuple[UUID | None, Span]]] = defaultdict(list)
    for query in (of_placements, of_applications):
        for company_id, user_id, starts_on, ends_on in session.execute(query):
            found[company_id].append((user_id, (starts_on, ends_on)))
    return found


def _free(most: Mapping[UUID, int], follows: Sequence[tuple[UUID | None, Span]], span: Span) -> int:
    by_tutor: defaultdict[UUID | None, list[Span]] = defaultdict(list)
    for user_id, days in follows:
        by_tutor[user_id if user_id in most else None].append(days)
    return left(most, {one: dates.busiest(spans, span) for one, spans in by_tutor.items()})


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
        Placement.starts_on.between(first, last), Placement.id.not_in(handing.placements_of(round_id)),
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
