"""Before seats are given out: whether the tutors that a run has counted on can still follow its students."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import service_hosts
from app.applications.service_hosts import TutorsFull
from app.matches.seating import Tutors
from app.matches.service_rating import Frame
from app.rounds import handing, rules, service_tutors
from app.rounds.models import Round, RoundClass, RoundRun, RoundSeat
from app.rounds.service_tutors import Group
from app.schools.models import School
from app.students.models import Student


def require(session: Session, row: Round, run: RoundRun, class_ids: Collection[UUID]) -> None:
    """Make sure that all seats of a run can still be followed, before seats of some classes are given out.

    Hosts and schools are locked, so that two who publish at once do not count on the same tutors. Raises TutorsFull.
    """
    counted = sa.select(RoundSeat.opportunity_id, sa.func.count()).where(RoundSeat.run_id == run.id)
    by_offer = _counts(session, counted.group_by(RoundSeat.opportunity_id))
    ours = _counts(
        session, counted.where(RoundSeat.class_id.in_(class_ids)).group_by(RoundSeat.opportunity_id)
    )
    ids = [UUID(one["id"]) for one in run.offers["items"]]
    kept = [Tutors.unpack(one) for one in run.offers.get("hosts", ())]
    groups = [
        Group(UUID(one.owner_id), _span(one.days), tuple(ids[place] for place in one.offers))
        for one in kept
        if any(ids[place] in ours for place in one.offers)
    ]
    hosts = {one.company_id for one in groups}
    names = service_hosts.lock(session, hosts)
    held = handing.held(session, row.id)
    held_seats = Counter(one.opportunity_id for one in held.values())
    for host in service_tutors.of_hosts(session, row.id, groups, held_seats):
        _refuse(names[host.owner_id], host.most, sum(by_offer[one] for one in host.those))
    if not run.offers.get("schools"):
        return
    schools = sa.select(RoundClass.school_id).where(
        RoundClass.round_id == row.id, RoundClass.class_id.in_(class_ids)
    )
    names = _locked(session, set(session.scalars(schools)))
    frame = Frame(rules.kinds_of(row), row.starts_on, row.ends_on)
    of_round = sa.select(RoundClass.class_id).where(
        RoundClass.round_id == row.id, RoundClass.school_id.in_(names)
    )
    by_school = _counts(
        session,
        sa.select(Student.school_id, sa.func.count())
        .join(RoundSeat, RoundSeat.student_id == Student.id)
        .where(RoundSeat.run_id == run.id, RoundSeat.opportunity_id.is_not(None))
        .group_by(Student.school_id),
    )
    for school in service_tutors.of_schools(session, row.id, frame, list(session.scalars(of_round)), held):
        _refuse(names[school.owner_id], school.most, by_school[school.owner_id])


def _counts(session: Session, query: sa.Executable) -> Counter[UUID]:
    return Counter({row[0]: row[1] for row in session.execute(query) if row[0] is not None})


def _span(days: Sequence[str]) -> tuple[date, date]:
    return date.fromisoformat(days[0]), date.fromisoformat(days[1])


def _locked(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of schools, which nobody else locks until the block ends; in one order."""
    query = sa.select(School.id, School.name).where(School.id.in_(ids)).order_by(School.id)
    return {row.id: row.name for row in session.execute(query.with_for_update(key_share=True))}


def _refuse(name: str, most: int, wanted: int) -> None:
    if wanted > most:
        raise TutorsFull(
            f"{name}: its tutors can follow {most} students of the round, not {wanted}. Run it again."
        )
