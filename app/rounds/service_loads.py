"""Who would follow how many students by the chosen run, and where tutors are the bottleneck. Reads what the run has kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from heapq import heapify, heapreplace
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.applications import service_hosts
from app.auth.actors import Actor
from app.companies.models import Company
from app.opportunities.models import Kind
from app.placements import service_tutors as tutors
from app.placements.models import Placement
from app.rounds import rules, service_kept
from app.rounds import service as rounds
from app.rounds.models import RoundRun, RoundSeat
from app.rounds.service import Seen
from app.schools.models import School
from app.students.models import Student


class HostLoad(NamedTuple):
    """Tutors of a host, over all schools: how many students of the round they can follow on some days, have, and miss."""

    company_id: UUID
    company_name: str
    starts_on: date
    ends_on: date
    most: int
    used: int
    kept_out: int


class TutorLoad(NamedTuple):
    """A tutor of an own school; `proposed` is an even share of the students whom the run would bring."""

    user_id: UUID
    name: str
    students: int
    most_students: int
    proposed: int


class SchoolLoad(NamedTuple):
    """The tutors of an own school; `most` is None where the school has decided nothing."""

    school_id: UUID
    school_name: str
    most: int | None
    used: int
    kept_out: int
    tutors: Sequence[TutorLoad]


class Loads(NamedTuple):
    """The bottlenecks first."""

    run_number: int
    hosts: Sequence[HostLoad]
    schools: Sequence[SchoolLoad]


def read(session: Session, actor: Actor, round_id: UUID) -> Loads:
    """The loads by the chosen run. Raises NoSuchRound and NoSuchRun."""
    seen = rounds.find(session, actor, round_id)
    return of_run(session, actor, seen, service_kept.read(session, round_id, seen.round.run_number))


def of_run(session: Session, actor: Actor, seen: Seen, run: RoundRun) -> Loads:
    """The same for who has looked already whether the actor may."""
    return Loads(run.number, _hosts(session, run), _schools(session, actor, seen, run))


def _hosts(session: Session, run: RoundRun) -> list[HostLoad]:
    counted = zip(run.offers.get("hosts", ()), run.report.get("tutors", {}).get("hosts", ()), strict=True)
    lines = [
        (UUID(host["owner_id"]), tuple(map(date.fromisoformat, host["days"])), sums)
        for host, sums in counted
        if sums["used"] or sums["kept_out"]
    ]
    rows = session.execute(
        sa.select(Company.id, Company.name).where(Company.id.in_({one for one, _, _ in lines}))
    )
    name_of: dict[UUID, str] = {row.id: row.name for row in rows}
    found = [HostLoad(one, name_of.get(one, "–"), first, last, **sums) for one, (first, last), sums in lines]
    return sorted(
        found, key=lambda one: (-one.kept_out, one.most - one.used, one.company_name, one.starts_on)
    )


def _schools(session: Session, actor: Actor, seen: Seen, run: RoundRun) -> list[SchoolLoad]:
    own = {one.school_id for one in seen.own(actor)}
    if Kind.INTERNSHIP not in rules.kinds_of(seen.round):
        return []
    counted = zip(run.offers.get("schools", ()), run.report.get("tutors", {}).get("schools", ()), strict=True)
    limited: dict[UUID, Mapping[str, int]] = {UUID(one["owner_id"]): sums for one, sums in counted}
    names = session.execute(sa.select(School.id, School.name).where(School.id.in_(own)).order_by(School.name))
    year = dates.school_year(seen.round.starts_on)
    placed, named = _placed(session, run, own), _named(session, run.round_id, own)
    found = []
    for school_id, name in names:
        sums = limited.get(school_id, {})
        people = tutors.tutors_of(session, school_id, year)
        shares = dealt(
            {one.user_id: one.free for one in people}, placed.get(school_id, 0) - named.get(school_id, 0)
        )
        lines = [
            TutorLoad(one.user_id, one.name, one.students, one.most_students, shares[one.user_id])
            for one in people
        ]
        found.append(
            SchoolLoad(school_id, name, sums.get("most"), placed.get(school_id, 0), sums.get("kept_out", 0), lines)
        )  # fmt: skip
    return found


def dealt(free: Mapping[UUID, int], count: int) -> dict[UUID, int]:
    """Students given one by one to whoever can follow the most more; nobody gets more than that.

    >>> anna, bruno = UUID(int=1), UUID(int=2)
    >>> list(dealt({anna: 4, bruno: 1}, 4).values()), list(dealt({anna: 4, bruno: 1}, 9).values())
    ([3, 1], [4, 1])
    """
    shares = dict.fromkeys(free, 0)
    heap = [(-left, one) for one, left in free.items() if left > 0]
    heapify(heap)
    for _ in range(count):
        if not heap or heap[0][0] == 0:
            break
        left, one = heap[0]
        shares[one] += 1
        heapreplace(heap, (left + 1, one))
    return shares


def _placed(session: Session, run: RoundRun, schools: set[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        sa.select(Student.school_id, sa.func.count())
        .join(RoundSeat, RoundSeat.student_id == Student.id)
        .where(RoundSeat.run_id == run.id, RoundSeat.opportunity_id.is_not(None), Student.school_id.in_(schools))
        .group_by(Student.school_id)
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


def _named(session: Session, round_id: UUID, schools: set[UUID]) -> dict[UUID, int]:
    """Placements of the round that have their tutor already, and count there."""
    rows = session.execute(
        sa.select(Placement.school_id, sa.func.count())
        .where(
            Placement.id.in_(service_hosts.placements_of(round_id)), Placement.school_id.in_(schools),
            Placement.school_tutor_id.is_not(None),
        )
        .group_by(Placement.school_id)
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}
