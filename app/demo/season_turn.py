"""The year's first turn of the whole territory: last year's offers anew, wishes, one round of all schools, and answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from itertools import cycle
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.applications import service_clocks as clocks
from app.applications import service_moves as moves
from app.applications.models import Application, ApplicationEnd, ApplicationState
from app.applications.rules import ApplicationAction
from app.applications.service_moves import Wanted
from app.companies.models import Company
from app.demo.rows import Rows
from app.demo.season import Stage
from app.demo.season_class import CAPS
from app.demo.season_rounds import compute, list_wishes, open_round
from app.events import service as events
from app.laws.models import HostSafety
from app.opportunities import service_life as life
from app.opportunities.models import (
    Kind,
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    OpportunitySpan,
    Status,
)
from app.opportunities.rules import Action
from app.placements.models import Placement, Risk
from app.placements.rules import OPEN
from app.rounds import service_publishing as publishing
from app.rounds import service_sharing as sharing
from app.students.models import Student, StudentAvailability
from app.wishes.models import Wish

FIRST_WEEK, LAST_WEEK = -9, 6
"""The round's days end before most of what the companies offer for later."""
WEEKS = (-9, -9, -8, -6, -6, -5, -3, -3, -1, 0, 1, 2)
"""The weeks in which they begin, one after the other: most are over on the demo's day, some run, some lie ahead."""
OPENED, RUN, ANSWERED, OVER = -100, -86, -80, -72
LARGE = 9
"""Seats of one host of high risk that has more than its tutor may follow."""
AT_ONCE = 50
YES, NO = 0.86, 0.07
"""Shares of the proposals that companies accept and refuse; to the others nobody answers."""


def offer_again(stage: Stage) -> None:
    """What companies offer now, they have offered for the year's first weeks as well."""
    now = stage.at(OPENED - 10).astimezone(UTC)
    with stage.database.write() as session:
        rows = Rows(session)
        sources = session.scalars(
            sa.select(Opportunity)
            .join(Company, Company.id == Opportunity.company_id)
            .where(
                Opportunity.kind == Kind.INTERNSHIP, Opportunity.status == Status.PUBLISHED,
                Company.approved_at.is_not(None), Opportunity.published_by == "system:demo",
            )
            .order_by(Opportunity.id)
        ).all()  # fmt: skip
        ids = [one.id for one in sources]
        spans: dict[UUID, OpportunitySpan] = {}
        for span in session.scalars(
            sa.select(OpportunitySpan)
            .where(OpportunitySpan.opportunity_id.in_(ids))
            .order_by(OpportunitySpan.starts_on, OpportunitySpan.id)
        ):
            spans.setdefault(span.opportunity_id, span)
        dangerous = set(session.scalars(sa.select(HostSafety.company_id).where(HostSafety.risk == Risk.HIGH)))
        large = next((one.id for one in sources if one.company_id in dangerous), None)
        for source, week in zip(sources, cycle(WEEKS), strict=False):
            own = _columns(source) | {
                "id": db.new_id(), "status": Status.PUBLISHED, "seats_taken": 0, "closes_on": None,
                "seats": LARGE if source.id == large else source.seats, "takes_applications": False,
                "created_at": now, "published_at": now, "revision": 0, "version": 1,
            }  # fmt: skip
            rows.add(Opportunity, **own)
            db.stamp(session, Opportunity, own["id"])
            stage.editions[source.id] = own["id"]
            span = spans[source.id]
            first = stage.monday(week)
            moved = {
                "id": db.new_id(),
                "opportunity_id": own["id"],
                "starts_on": first,
                "ends_on": first + (span.ends_on - span.starts_on),
            }
            rows.add(OpportunitySpan, **_columns(span) | moved)
        for skill in session.scalars(
            sa.select(OpportunitySkill).where(OpportunitySkill.opportunity_id.in_(ids))
        ):
            rows.add(
                OpportunitySkill, **_columns(skill) | {"opportunity_id": stage.editions[skill.opportunity_id]}
            )
        ways = sa.select(OpportunityEligibility).where(OpportunityEligibility.opportunity_id.in_(ids))
        for way in session.scalars(ways.order_by(OpportunityEligibility.id)):
            fresh = {"id": db.new_id(), "opportunity_id": stage.editions[way.opportunity_id]}
            rows.add(OpportunityEligibility, **_columns(way) | fresh)
        rows.flush()
    stage.count("opportunities", len(sources))


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def wish(stage: Stage) -> None:
    """They are free in these weeks, and rank what they like best."""
    with stage.database.write() as session:
        rows = Rows(session)
        rows.extend(
            StudentAvailability,
            [
                {
                    "id": db.new_id(), "student_id": one, "starts_on": stage.monday(FIRST_WEEK),
                    "ends_on": stage.monday(LAST_WEEK), "weekdays": 31, "parts": 3,
                }
                for one in _available(session, stage)
            ],
        )  # fmt: skip
        rows.flush()
        db.touch(session, "students")
    wanted = {
        student: [stage.editions[one] for one in listed if one in stage.editions]
        for student, listed in stage.wanted.items()
    }
    list_wishes(stage, wanted, stage.at(OPENED + 1))


def taking_part(stage: Stage) -> Mapping[UUID, Sequence[UUID]]:
    """The territory's schools with their classes."""
    return {one: class_ids for one, class_ids in stage.classes.items() if one in stage.inside}


def _available(session: Session, stage: Stage) -> Sequence[UUID]:
    classes = [one for some in taking_part(stage).values() for one in some]
    query = sa.select(Student.id).where(Student.class_id.in_(classes)).order_by(Student.id)
    has_days = sa.exists().where(StudentAvailability.student_id == Student.id)
    return session.scalars(query.where(has_days)).all()


def place(stage: Stage) -> None:
    """A coordinator opens the round, every school joins, it is computed, and each school publishes its classes."""
    first = stage.monday(FIRST_WEEK)
    days = (first - stage.on).days
    round_id = open_round(
        stage, stage.coordinator, "Tirocini d'inizio anno", territory_id=next(iter(stage.coordinator.territories)),
        opened=OPENED, closes=RUN, publish_by=days - 1, starts_on=first, ends_on=stage.monday(LAST_WEEK),
    )  # fmt: skip
    with stage.database.write() as session:
        sharing.invite(session, stage.coordinator, round_id, now=stage.at(OPENED))
    for school_id, class_ids in taking_part(stage).items():
        with stage.database.write() as session:
            sharing.join(
                session, stage.school(school_id), round_id, school_id, class_ids, now=stage.at(OPENED + 1)
            )
        stage.count("schools in a shared round")
    number = compute(stage, stage.coordinator, round_id, days=RUN)
    for school_id, class_ids in taking_part(stage).items():
        for class_id in class_ids:
            with stage.database.write() as session:
                made = publishing.publish_class(
                    session, stage.school(school_id), round_id, class_id, number, now=stage.at(RUN + 1)
                )
            stage.count("proposals", made)
    stage.turn_id = round_id


def answer(stage: Stage) -> None:
    """Most companies say yes, some say no, and some nothing; then the offers are over, and so are the wishes."""
    with stage.database.read() as session:
        proposed: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for application_id, company_id in session.execute(
            sa.select(Application.id, Application.company_id)
            .where(Application.round_id == stage.turn_id, Application.state == ApplicationState.PROPOSED)
            .order_by(Application.company_id, Application.id)
        ):
            proposed[company_id].append(application_id)
    companies = list(proposed)
    for first in range(0, len(companies), AT_ONCE):
        with stage.database.write() as session:
            for company_id in companies[first : first + AT_ONCE]:
                ids = proposed[company_id]
                drawn = [stage.chance.random() for _ in ids]
                yes = [Wanted(one) for one, lot in zip(ids, drawn, strict=True) if lot < YES]
                no = [Wanted(one) for one, lot in zip(ids, drawn, strict=True) if YES <= lot < YES + NO]
                actor, now = stage.company(company_id), stage.at(ANSWERED)
                moves.move(session, actor, ApplicationAction.ACCEPT, yes, now=now, caps=CAPS)
                moves.move(
                    session,
                    actor,
                    ApplicationAction.REJECT,
                    no,
                    reason=ApplicationEnd.PLANS_CHANGED,
                    now=now,
                    caps=CAPS,
                )
                stage.count("accepted proposals", len(yes))
    clocks.run(stage.database, stage.at(OVER), CAPS)
    _clear(stage)


def _clear(stage: Stage) -> None:
    with stage.database.write() as session:
        ids = sorted(stage.editions.values())
        for one in session.scalars(
            sa.select(Opportunity).where(Opportunity.id.in_(ids)).order_by(Opportunity.id)
        ):
            life.move(session, stage.company(one.company_id), one.id, Action.CLOSE, now=stage.at(OVER))
        session.execute(sa.delete(Wish).where(Wish.opportunity_id.in_(ids)))
        session.execute(
            sa.delete(StudentAvailability).where(
                StudentAvailability.starts_on == stage.monday(FIRST_WEEK),
                StudentAvailability.ends_on == stage.monday(LAST_WEEK),
            )
        )
        db.touch(session, "students")


def name_tutors(stage: Stage) -> None:
    """Each placement has a tutor at school and one at the host, and the risk that the host has declared."""
    with stage.database.write() as session:
        placed = of_turn(session, stage)
        stage.followed.update(
            one
            for one in session.scalars(sa.select(Placement.school_tutor_id).where(Placement.state.in_(OPEN)))
            if one is not None
        )
        risks = dict(session.execute(sa.select(HostSafety.company_id, HostSafety.risk)).all())
        for one in placed:
            name_for(stage, one, risks)
        session.flush()
        fields = {"fields": ["host_tutor_id", "risk", "school_tutor_id"]}
        events.record_many(
            session, stage.administrator, [("placement.edited", one.id, fields) for one in placed]
        )
    stage.count("placements", len(placed))


def name_for(stage: Stage, one: Placement, risks: Mapping[UUID, Risk | None]) -> None:
    """The tutor who follows fewest at school, and somebody of the host."""
    at_school, at_host = stage.school_tutors[one.school_id], stage.host_tutors.get(one.company_id, [])
    one.school_tutor_id = min(at_school, key=lambda user: (stage.followed[user], user))
    stage.followed[one.school_tutor_id] += 1
    one.host_tutor_id = at_host[one.id.int % len(at_host)] if at_host else None
    one.risk = risks.get(one.company_id) or Risk.LOW


def of_turn(session: Session, stage: Stage) -> list[Placement]:
    """The placements that the turn's round has brought."""
    brought = sa.select(Application.placement_id).where(Application.round_id == stage.turn_id)
    return list(session.scalars(sa.select(Placement).where(Placement.id.in_(brought)).order_by(Placement.id)))


ACTS: Sequence[Callable[[Stage], None]] = (offer_again, wish, place, answer, name_tutors)
