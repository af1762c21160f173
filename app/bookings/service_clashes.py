"""What would get in the way of sessions that somebody plans; a warning, which never forbids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bookings import rules as booking_rules
from app.bookings import rules_clashes as rules
from app.bookings.models import Booking, BookingKind, SessionState, VisitSession
from app.bookings.rules_clashes import ClashKind, Slot
from app.class_tests import rules as test_rules
from app.class_tests.models import ClassTest
from app.opportunities.models import Opportunity, OpportunitySkill, SkillRole
from app.opportunities.rules import PUBLIC
from app.schools.models import School


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that gets in the way of a session: what, and which other one.

    A class that has booked it and has a test then: in what is its own affair, so the other one is the session itself,
    and the title the name of its school.
    """

    kind: ClashKind
    visit_session_id: UUID
    """The one that is warned about."""
    other_id: UUID
    opportunity_id: UUID
    title: str
    starts_at: datetime


def slots_of(
    session: Session, opportunity: Opportunity, moments: Sequence[tuple[UUID, datetime, datetime, str]]
) -> list[Slot]:
    """Sessions of an event as they are compared; each with its id, moments and room."""
    skills = _skills(session, [opportunity.id])[opportunity.id]
    return [
        Slot(
            key,
            opportunity.id,
            opportunity.company_id,
            first,
            last,
            room,
            opportunity.municipality_istat,
            skills,
        )
        for key, first, last, room in moments
    ]


def planned(session: Session, events: Sequence[Opportunity]) -> list[Slot]:
    """The planned sessions of some events; two statements for any number."""
    by_id = {event.id: event for event in events}
    skills = _skills(session, list(by_id))
    query = sa.select(VisitSession).where(
        VisitSession.opportunity_id.in_(by_id), VisitSession.state == SessionState.PLANNED
    )
    rows = session.scalars(query.order_by(VisitSession.starts_at, VisitSession.id))
    return [_slot(one, by_id[one.opportunity_id], skills[one.opportunity_id]) for one in rows]


def of_events(session: Session, events: Sequence[Opportunity], zone: tzinfo) -> dict[UUID, list[Warned]]:
    """What gets in the way of the planned sessions of each event, by the event; nothing for those without any."""
    slots = planned(session, events)
    event_of = {slot.id: slot.opportunity_id for slot in slots}
    found: dict[UUID, list[Warned]] = {}
    for one in warn(session, slots, zone):
        found.setdefault(event_of[one.visit_session_id], []).append(one)
    return found


def warn(session: Session, slots: Sequence[Slot], zone: tzinfo) -> list[Warned]:
    """What gets in the way of these: sessions of the same host, others in the place that teach the same, and each other.

    Of those that are planned also the tests of classes that have booked them, on the days of the zone.
    """
    if not slots:
        return []
    own = {slot.id: slot for slot in slots}
    others = _others(session, slots)
    titles = {slot.id: (opportunity_id, title) for slot, opportunity_id, title in others}
    every = {**{slot.id: slot for slot, _, _ in others}, **own}
    warned = _tests(session, own, zone)
    for clash in rules.clashes(every.values()):
        for mine, other in ((clash.first, clash.second), (clash.second, clash.first)):
            if mine in own and other in titles:
                opportunity_id, title = titles[other]
                warned.append(Warned(clash.kind, mine, other, opportunity_id, title, every[other].starts_at))
    order = list(ClashKind)
    return sorted(warned, key=lambda one: (order.index(one.kind), one.starts_at, one.other_id))


def _tests(session: Session, slots: Mapping[UUID, Slot], zone: tzinfo) -> list[Warned]:
    day = timedelta(days=1)  # no zone is further away
    first = min(slot.starts_at for slot in slots.values()).date() - day
    last = max(slot.ends_at for slot in slots.values()).date() + day
    rows = session.execute(
        sa.select(Booking.visit_session_id, School.name, ClassTest)
        .join(School, School.id == Booking.school_id)
        .join(ClassTest, ClassTest.class_id == Booking.class_id)
        .where(
            Booking.visit_session_id.in_(slots), Booking.kind == BookingKind.GROUP,
            Booking.state.in_(booking_rules.OPEN), ClassTest.held_on.between(first, last),
        )
        .order_by(Booking.visit_session_id, Booking.id)
    )  # fmt: skip
    found = {}
    for key, school_name, test in rows:
        slot = slots[key]
        moment = booking_rules.moment(slot.starts_at, slot.ends_at, zone)
        if moment is not None and test_rules.in_the_way([test], moment.starts_on, moment.parts):
            # Of several classes and subjects of a school once.
            found[key, school_name] = Warned(
                ClashKind.TEST, key, key, slot.opportunity_id, school_name, slot.starts_at
            )
    return list(found.values())


def _others(session: Session, slots: Sequence[Slot]) -> list[tuple[Slot, UUID, str]]:
    first = min(slot.starts_at for slot in slots) - rules.NEARBY
    last = max(slot.ends_at for slot in slots) + rules.NEARBY
    near = sa.and_(
        Opportunity.municipality_istat.in_(
            {one.municipality_istat for one in slots if one.municipality_istat}
        ),
        Opportunity.status.in_(PUBLIC),
        Opportunity.id.in_(
            sa.select(OpportunitySkill.opportunity_id).where(
                OpportunitySkill.role == SkillRole.TAUGHT,
                OpportunitySkill.skill_id.in_({skill_id for one in slots for skill_id in one.skill_ids}),
            )
        ),
    )
    rows = session.execute(
        sa.select(VisitSession, Opportunity)
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .where(
            VisitSession.state == SessionState.PLANNED,
            VisitSession.starts_at < last,
            VisitSession.ends_at > first,
            sa.or_(Opportunity.company_id.in_({one.company_id for one in slots}), near),
        )
        .order_by(VisitSession.starts_at, VisitSession.id)
    ).all()
    skills = _skills(session, [row.Opportunity.id for row in rows])
    return [(_slot(visit, event, skills[event.id]), event.id, event.title) for visit, event in rows]


def _slot(visit: VisitSession, event: Opportunity, skill_ids: frozenset[str]) -> Slot:
    return Slot(
        visit.id, event.id, event.company_id, visit.starts_at, visit.ends_at, visit.room, event.municipality_istat, skill_ids
    )  # fmt: skip


def _skills(session: Session, opportunity_ids: Sequence[UUID]) -> defaultdict[UUID, frozenset[str]]:
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    query = sa.select(OpportunitySkill.opportunity_id, OpportunitySkill.skill_id).where(
        OpportunitySkill.opportunity_id.in_(opportunity_ids), OpportunitySkill.role == SkillRole.TAUGHT
    )
    for opportunity_id, skill_id in session.execute(query):
        found[opportunity_id].add(skill_id)
    return defaultdict(frozenset, {key: frozenset(some) for key, some in found.items()})
