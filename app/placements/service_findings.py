"""What the law finds in placements: the facts are gathered for many at once, the rules are asked in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import dates
from app.agreements.models import Agreement, PaperState
from app.agreements.rules import covers
from app.auth import service as auth
from app.auth.actors import Actor
from app.hosting import service_copies
from app.hours.models import EntryState, HourEntry
from app.laws import rules as laws
from app.laws import service as law_service
from app.laws.models import HostActivity, HostSafety, SafetyTraining
from app.laws.rules import Agreed, Facts, Finding, Training
from app.placements import rules
from app.placements.models import Placement, PlacementActivity, State, TutorCapacity, TutorLeave, TutorSide
from app.places.models import Municipality
from app.programmes.models import Programme
from app.schools.models import School, SchoolClass
from app.students.models import Student

Span = tuple[date, date]


def findings(session: Session, actor: Actor, placement: Placement) -> list[Finding]:
    """What the rules that hold on the first day find in one placement, which the actor may see; the gravest first."""
    auth.require_scope(actor, "placements:read")
    return of_many(session, [placement])[placement.id]


def of_many(session: Session, placements: Sequence[Placement]) -> dict[UUID, list[Finding]]:
    """The same for many, in as many statements as for one."""
    table = law_service.table(session)
    found = facts_of(session, placements)
    return {one.id: laws.check(table, found[one.id], one.starts_on) for one in placements}


def facts_of(session: Session, placements: Sequence[Placement]) -> dict[UUID, Facts]:
    """What the rules are held against, by placement."""
    people = _people(session, {one.student_id for one in placements})
    classes = classes_of(session, {one.class_id for one in placements})
    trainings = trainings_of(session, {one.student_id for one in placements})
    companies = {one.company_id for one in placements}
    safety = session.scalars(sa.select(HostSafety).where(HostSafety.company_id.in_(companies)))
    declared = {one.company_id: one for one in safety}
    banned = _banned(session, {one.id for one in placements})
    tutors = {
        one for row in placements for one in (row.school_tutor_id, row.host_tutor_id) if one is not None
    }
    stations = service_copies.tutored(session, [one.id for one in placements])
    tutors |= {user_id for found in stations.values() for user_id, _ in found}
    spans = {side: _spans(session, column, tutors) for side, column in _TUTOR.items()}
    for user_id, span in service_copies.spans_of(session, tutors):
        spans[TutorSide.HOST][user_id].append(span)
    leaves = {
        one.user_id: (one.starts_on, one.ends_on)
        for one in session.scalars(sa.select(TutorLeave).where(TutorLeave.user_id.in_(tutors)))
    }
    most = _capacities(session, tutors)
    agreements = _agreements(session, placements)
    attended = _attended(session, [one.id for one in placements if one.state not in _NOT_OVER])
    found = {}
    for one in placements:
        born_on, hours_owed = people[one.student_id]
        track, region = classes[one.class_id]
        host = declared.get(one.company_id)
        named = {TutorSide.SCHOOL: one.school_tutor_id, TutorSide.HOST: one.host_tutor_id}
        span = (one.starts_on, one.ends_on)
        found[one.id] = Facts(
            starts_on=one.starts_on, ends_on=one.ends_on, weekdays=one.weekdays, daily_hours=one.daily_hours,
            planned_hours=one.planned_hours, age=dates.age_on(born_on, one.starts_on), track=track, risk=one.risk,
            jurisdictions=frozenset({"IT", f"IT-{region}"}), starts_at=one.starts_at, ends_at=one.ends_at,
            hours_owed=hours_owed, attended_hours=attended.get(one.id), is_agreement_known=True,
            agreement=_agreed(agreements, one),
            tutors=frozenset(side.value for side, user_id in named.items() if user_id is not None),
            tutors_away=frozenset(
                side.value for side, user_id in named.items() if user_id in leaves and _meet(span, leaves[user_id])
            ),
            host_tutor_load=max(
                dates.busiest(spans[TutorSide.HOST].get(user_id, ()), days)
                for user_id, days in ((one.host_tutor_id, span), *stations.get(one.id, ()))
            ),
            school_tutor_load=dates.busiest(spans[TutorSide.SCHOOL].get(one.school_tutor_id, ()), span),
            school_tutor_most=most.get((one.school_tutor_id, one.school_id, dates.school_year(one.starts_on))),
            is_assessed=host is not None and host.assessed_on is not None,
            banned_activities=tuple(banned[one.id]), trainings=tuple(trainings[one.student_id]),
            register_number=None if host is None else host.register_number,
        )  # fmt: skip
    return found


_TUTOR: Mapping[TutorSide, InstrumentedAttribute[UUID | None]] = {
    TutorSide.SCHOOL: Placement.school_tutor_id,
    TutorSide.HOST: Placement.host_tutor_id,
}


_NOT_OVER = frozenset({State.PLANNED, State.READY, State.RUNNING, State.CANCELLED})


def _agreements(session: Session, placements: Sequence[Placement]) -> Sequence[Agreement]:
    return session.scalars(
        sa.select(Agreement).where(
            Agreement.school_id.in_({one.school_id for one in placements}),
            Agreement.company_id.in_({one.company_id for one in placements}),
            Agreement.state == PaperState.IN_FORCE,
        )
    ).all()


def _agreed(agreements: Iterable[Agreement], placement: Placement) -> Agreed | None:
    both = (placement.school_id, placement.company_id)
    found = [one for one in agreements if (one.school_id, one.company_id) == both]
    covering = [one for one in found if covers(one, placement.starts_on, placement.ends_on)]
    some = covering or found
    return Agreed(bool(covering), any(one.insurance_policy for one in some)) if some else None


def _attended(session: Session, placement_ids: Collection[UUID]) -> Mapping[UUID, float]:
    """Confirmed hours of placements whose days are over; none at all is 0."""
    minutes = sa.func.coalesce(HourEntry.school_minutes, HourEntry.host_minutes, 0)
    rows = session.execute(
        sa.select(HourEntry.placement_id, sa.func.sum(minutes))
        .where(HourEntry.placement_id.in_(placement_ids), HourEntry.state == EntryState.CONFIRMED)
        .group_by(HourEntry.placement_id)
    )
    return dict.fromkeys(placement_ids, 0.0) | {one: int(total) / 60 for one, total in rows}


def _people(session: Session, student_ids: Collection[UUID]) -> dict[UUID, tuple[date, int]]:
    rows = session.execute(
        sa.select(Student.id, Student.born_on, Student.hours_owed).where(Student.id.in_(student_ids))
    )
    return {row.id: (row.born_on, row.hours_owed) for row in rows}


def classes_of(session: Session, class_ids: Collection[UUID]) -> dict[UUID, tuple[str, str | None]]:
    """The kind of study path, and the region's code: of a school with several kinds, the class says which it is."""
    rows = session.execute(
        sa.select(
            SchoolClass.id, Programme.kind.label("track"), School.kind.label("of_school"), Municipality.region_code
        )
        .join(School, School.id == SchoolClass.school_id)
        .outerjoin(Programme, Programme.id == SchoolClass.programme_id)
        .outerjoin(Municipality, Municipality.istat == School.municipality_istat)
        .where(SchoolClass.id.in_(class_ids))
    )  # fmt: skip
    return {row.id: (row.track or row.of_school.value, row.region_code) for row in rows}


def trainings_of(session: Session, student_ids: Collection[UUID]) -> Mapping[UUID, list[Training]]:
    found = defaultdict(list)
    for one in session.scalars(sa.select(SafetyTraining).where(SafetyTraining.student_id.in_(student_ids))):
        found[one.student_id].append(Training(one.kind, one.hours, one.held_on, one.risk))
    return found


def _banned(session: Session, placement_ids: Collection[UUID]) -> Mapping[UUID, list[str]]:
    rows = session.execute(
        sa.select(PlacementActivity.placement_id, HostActivity.name)
        .join(HostActivity, HostActivity.id == PlacementActivity.activity_id)
        .where(PlacementActivity.placement_id.in_(placement_ids), HostActivity.is_high_risk)
        .order_by(HostActivity.name)
    )
    found = defaultdict(list)
    for placement_id, name in rows:
        found[placement_id].append(name)
    return found


def _spans(
    session: Session, column: InstrumentedAttribute[UUID | None], tutors: Collection[UUID]
) -> defaultdict[UUID | None, list[Span]]:
    rows: Iterable[Any] = session.execute(
        sa.select(column, Placement.starts_on, Placement.ends_on).where(
            column.in_(tutors), Placement.state.in_(rules.OPEN)
        )
    )
    found: defaultdict[UUID | None, list[Span]] = defaultdict(list)
    for user_id, starts_on, ends_on in rows:
        found[user_id].append((starts_on, ends_on))
    return found


def _capacities(session: Session, tutors: Collection[UUID]) -> dict[tuple[UUID | None, UUID, int], int]:
    rows = session.scalars(sa.select(TutorCapacity).where(TutorCapacity.user_id.in_(tutors)))
    return {(one.user_id, one.school_id, one.start_year): one.most_students for one in rows}


def _meet(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
