"""What the edition leaves beside events: series, internships of this autumn and what came of them, enrolments, kits, tests.

All of it is invented; the tracks of enrolments say so, as figures that look official would be taken for such.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, db
from app.auth.actors import Role, system
from app.auth.models import Membership, User
from app.bookings.models import VisitSession
from app.class_tests import service as class_tests
from app.class_tests.rules import Sitting
from app.companies.access import territories_of
from app.companies.models import CompanyKind
from app.demo import kits as demo_kits
from app.demo.calendar import schooldays
from app.demo.chance import Chance
from app.demo.edition import SOURCE, Cast
from app.demo.territory import read_territory
from app.evidence.models import Enrolment, Outcome, ReportedOutcome
from app.opportunities.models import Kind, Opportunity, Status
from app.placements.models import Party, Placement, State
from app.programmes.models import Programme
from app.schools.models import SchoolClass
from app.series.models import Audience, ProposalState, Series, SeriesKind, SeriesProposal, SeriesState
from app.series.rules import to_mask
from app.students.models import Student

BY = "system:demo"
INVENTED = "(dato inventato)"
YEARS = 3
PER_CLASS = (18, 26)
TREND = (0.94, 1.09)
"""How a track changes from one year to the next."""
PLACED = 0.06
"""The share of students with an internship in the autumn, of whom so many agree to tell what came of it."""
TOLD = 0.6
OUTCOMES = {Outcome.CONTRACT: 5, Outcome.APPRENTICESHIP: 3}
WORKDAYS = 10
SERIES: tuple[dict[str, Any], ...] = (
    {
        "name_it": "Settimane della meccatronica", "name_en": "Weeks of mechatronics", "kind": SeriesKind.FESTIVAL,
        "state": SeriesState.OPEN, "is_ahead": True, "brief": "Visite e prove pratiche, aperte anche alle famiglie.",
    },
    {
        "name_it": "Porte aperte in azienda", "name_en": "Companies open their doors", "kind": SeriesKind.OPEN_DAYS,
        "state": SeriesState.CLOSED, "is_ahead": False, "brief": "Una mattina in reparto, con chi ci lavora.",
    },
    {
        "name_it": "Primavera dei laboratori", "name_en": "Spring of laboratories", "kind": SeriesKind.PROGRAMME,
        "state": SeriesState.DRAFT, "is_ahead": None, "brief": "Da scrivere con gli enti di formazione.",
    },
)  # fmt: skip
STATES = (
    ProposalState.PUBLISHED, ProposalState.PUBLISHED, ProposalState.PROPOSED, ProposalState.IN_REVIEW, ProposalState.RETURNED,
    ProposalState.PUBLISHED,
)  # fmt: skip
"""Of the events ahead, in turn; those that are over were all published."""
SUBJECTS = ("Matematica", "Sistemi automatici", "Inglese", "Italiano")
REASON = "Mancano l'ingresso senza gradini e il nome di chi accoglie: aggiungeteli e riproponete."


def is_there(session: Session) -> bool:
    """Whether it has been written already."""
    return session.scalar(sa.select(sa.exists().where(Series.created_by == BY))) is True


def write(session: Session, cast: Cast, chance: Chance) -> Counter[str]:
    """Write everything; what there is now, in numbers. The same cast and chance leave the same rows."""
    return (
        _series(session, cast, chance)
        + _internships(session, cast, chance)
        + _enrolments(session, cast, chance)
        + _kits(session, cast)
        + _tests(session, cast)
    )


# --- series -----------------------------------------------------------------------------------------------------------


def _series(session: Session, cast: Cast, chance: Chance) -> Counter[str]:
    territory_id = session.scalar(
        sa.select(Membership.territory_id)
        .join(User, User.id == Membership.user_id)
        .where(User.is_demo, Membership.role == Role.COORDINATOR)
        .order_by(Membership.id)
        .limit(1)
    )
    if territory_id is None:
        return Counter()
    first = sa.func.min(VisitSession.starts_at)
    rows = session.execute(
        sa.select(Opportunity.id, first, sa.func.max(VisitSession.starts_at))
        .join(VisitSession, VisitSession.opportunity_id == Opportunity.id)
        .where(Opportunity.source == SOURCE)
        .group_by(Opportunity.id, Opportunity.external_id)
        .order_by(Opportunity.external_id)
    ).all()
    counts: Counter[str] = Counter()
    for values in SERIES:
        events = [row for row in rows if (row[1] > cast.now) is values["is_ahead"]]
        days = [at.astimezone(cast.now.tzinfo).date() for row in events for at in row[1:]]
        today = cast.now.date()
        series = Series(
            **{name: value for name, value in values.items() if name != "is_ahead"}, id=chance.id(), territory_id=territory_id,
            starts_on=min(days, default=today + timedelta(days=120)), ends_on=max(days, default=today + timedelta(days=150)),
            created_at=_moment(today - timedelta(days=300)), created_by=BY,
        )  # fmt: skip
        session.add(series)
        session.flush()
        counts["series"] += 1
        for number, row in enumerate(events):
            state = STATES[number % len(STATES)] if values["is_ahead"] else ProposalState.PUBLISHED
            session.add(_proposal(series, row[0], state, number, cast, chance))
            counts["proposals"] += 1
    return counts


def _proposal(
    series: Series, opportunity_id: UUID, state: ProposalState, number: int, cast: Cast, chance: Chance
) -> SeriesProposal:
    """Some wait for less than the promised days, and one for longer."""
    proposed_at = cast.now - timedelta(days=10 if number % 12 == 2 else chance.within((1, 5)))
    is_decided = state in (ProposalState.PUBLISHED, ProposalState.RETURNED)
    return SeriesProposal(
        id=chance.id(), series_id=series.id, opportunity_id=opportunity_id, state=state,
        audiences=to_mask([Audience.STUDENTS, Audience.FAMILIES] if number % 3 else [Audience.STUDENTS]),
        is_step_free=(True, False, None)[number % 3], proposed_at=proposed_at.astimezone(UTC), proposed_by=BY,
        due_at=None if is_decided else (proposed_at + timedelta(days=7)).astimezone(UTC),
        decided_at=(proposed_at + timedelta(hours=20)).astimezone(UTC) if is_decided else None,
        decided_by=BY if is_decided else None, reason=REASON if state is ProposalState.RETURNED else None,
    )  # fmt: skip


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(6), UTC)


# --- internships and what came of them --------------------------------------------------------------------------------


def _internships(session: Session, cast: Cast, chance: Chance) -> Counter[str]:
    """Two weeks in the autumn of some students of the last years who had none; a school year that has just begun has none."""
    today = cast.now.date()
    first, _ = dates.days_of_school_year(dates.school_year(today))
    days = list(schooldays(read_territory(), first + timedelta(days=20), today - timedelta(days=3)))
    offers = session.scalars(
        sa.select(Opportunity)
        .where(Opportunity.kind == Kind.INTERNSHIP, Opportunity.status == Status.PUBLISHED)
        .order_by(Opportunity.id)
    ).all()
    if len(days) < WORKDAYS:
        return Counter()
    free = sa.select(Student.id, Student.school_id, Student.class_id).join(
        SchoolClass, SchoolClass.id == Student.class_id
    )
    persona = next(iter(cast.classes.values()))[0].id
    students = session.execute(
        free.where(
            SchoolClass.year >= 4, Student.archived_at.is_(None), Student.id != persona,
            ~sa.exists().where(Placement.student_id == Student.id),
        ).order_by(Student.id)
    ).all()  # fmt: skip
    counts: Counter[str] = Counter()
    taken: set[UUID] = set()
    pupils = sum(len(one) for one in cast.classes.values())
    for student in chance.some(students, round(PLACED * pupils)):
        at = chance.randrange(len(days) - WORKDAYS + 1)
        open_ones = [one for one in offers if one.seats_taken + 1 < one.seats]
        if not open_ones:
            break
        offer = chance.choice(open_ones)
        offer.seats_taken += 1  # a placement holds its seat; one stays free, so that the offer stays open
        taken.add(offer.id)
        placement = Placement(
            id=chance.id(), student_id=student.id, school_id=student.school_id, class_id=student.class_id,
            opportunity_id=offer.id, company_id=offer.company_id, state=State.COMPLETED, starts_on=days[at],
            ends_on=days[at + WORKDAYS - 1], daily_hours=8, planned_hours=8 * WORKDAYS, created_by=BY,
            created_at=_moment(days[at] - timedelta(days=20)),
        )  # fmt: skip
        session.add(placement)
        counts["internships"] += 1
        if chance.happens(TOLD):
            session.flush()
            session.add(
                ReportedOutcome(
                    placement_id=placement.id, outcome=chance.pick(OUTCOMES), agreed_on=placement.ends_on,
                    reported_for=chance.choice((Party.SCHOOL, Party.COMPANY)), reported_by=BY,
                    reported_at=_moment(placement.ends_on + timedelta(days=1)),
                )
            )  # fmt: skip
            counts["outcomes"] += 1
    session.flush()
    for offer_id in sorted(taken):
        db.stamp(session, Opportunity, offer_id)
    return counts


# --- enrolments -------------------------------------------------------------------------------------------------------


def _enrolments(session: Session, cast: Cast, chance: Chance) -> Counter[str]:
    """Of each school's tracks, this year as many as its classes hold, and the years before along a trend."""
    year = dates.school_year(cast.now.date())
    rows = session.execute(
        sa.select(SchoolClass.school_id, Programme.id, Programme.title_it, sa.func.count())
        .join(Programme, Programme.id == SchoolClass.programme_id)
        .where(SchoolClass.start_year == year)
        .group_by(SchoolClass.school_id, Programme.id, Programme.title_it)
        .order_by(SchoolClass.school_id, Programme.id)
    ).all()
    trends = {programme: chance.uniform(*TREND) for programme in sorted({row[1] for row in rows})}
    counts: Counter[str] = Counter()
    known: dict[tuple[UUID, int, str], float] = {}
    for school_id, programme, title, classes in rows:
        students = float(sum(chance.within(PER_CLASS) for _ in range(classes)))
        for back in range(YEARS):
            key = school_id, year - back, f"{title[:100]} {INVENTED}"
            known[key] = known.get(key, 0) + students / trends[programme] ** back
    for (school_id, start_year, track), students in known.items():
        there = session.get(Enrolment, (school_id, start_year, track))
        if there is None:
            session.add(
                Enrolment(school_id=school_id, start_year=start_year, track=track, students=round(students))
            )
            counts["enrolments"] += 1
    return counts


# --- what schools and firms tell each other ---------------------------------------------------------------------------


def _kits(session: Session, cast: Cast) -> Counter[str]:
    """With the first hosts of the territory in which the persona's school is."""
    school_id = next(iter(cast.classes.values()))[0].school_id
    here = territories_of(session, [], [school_id])
    firms = (one.company_id for one in cast.hosts if one.kind is CompanyKind.FIRM)
    near = islice((one for one in firms if here & territories_of(session, [one])), 3)
    told_at = cast.now - timedelta(days=30)
    return Counter(kits=demo_kits.tell(session, list(near), school_id, told_at))


def _tests(session: Session, cast: Cast) -> Counter[str]:
    """Tests of the persona's class in the weeks to come, one of them on the day of the first visit ahead."""
    class_id = next(iter(cast.classes))
    visit = sa.select(sa.func.min(VisitSession.starts_at)).where(VisitSession.starts_at > cast.now)
    first = session.scalar(visit)
    days = sorted({*cast.ahead[2:20:6], *([first.astimezone(cast.now.tzinfo).date()] if first else ())})
    of_this_year = [day for day in days if dates.school_year(day) == dates.school_year(cast.now.date())]
    wanted = [
        Sitting(held_on=day, subject=SUBJECTS[number % len(SUBJECTS)])
        for number, day in enumerate(of_this_year)
    ]
    return Counter(tests=len(class_tests.note(session, system("demo"), class_id, wanted, now=cast.now)))
