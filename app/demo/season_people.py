"""Who follows whom in the season's territory: staff of schools and hosts, what the law asks of them before anybody begins."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.agreements.models import Signatory
from app.auth.actors import AT_COMPANY, AT_SCHOOL, Role
from app.auth.models import Membership, TaughtClass, User
from app.companies.models import Company
from app.demo.rows import Rows
from app.demo.season import CLASS_SIZE, Stage
from app.demo.territory import read_territory
from app.events import service as events
from app.laws.models import HostSafety, SafetyTraining, TrainingKind
from app.opportunities.models import Kind, Opportunity
from app.placements import service_tutors as tutors
from app.placements.models import Risk
from app.students.models import Student

CLASSES_OF_TEACHER = 2
DECIDES_ONE_IN = 3
"""Of so many schools one has decided how many students its tutors follow."""
MOST, FEWEST = 9, 1
"""What they decide; the first one that does lets its tutors follow hardly anybody."""
RISKS = {Risk.LOW: 6, Risk.MEDIUM: 3, Risk.HIGH: 1}
SPECIFIC_HOURS = {Risk.LOW: 4.0, Risk.MEDIUM: 8.0, Risk.HIGH: 12.0}
UNASSESSED = 0.06
UNTRAINED = 0.03
BEFORE = 105
"""So many days before the demo's day the year begins."""


def take_on(stage: Stage) -> None:
    """Somebody leads each school and somebody teaches each class; each host has a tutor. They have no password."""
    with stage.database.write() as session:
        rows, names = Rows(session), _Names(stage)
        has_staff = set(
            session.scalars(sa.select(Membership.school_id).where(Membership.role == Role.SCHOOL_LEAD))
        )
        for school_id, class_ids in sorted(stage.classes.items()):
            if school_id not in has_staff:
                names.member(rows, Role.SCHOOL_LEAD, school_id=school_id)
            for first in range(0, len(class_ids), CLASSES_OF_TEACHER):
                membership_id = names.member(rows, Role.TEACHER, school_id=school_id)
                taught = class_ids[first : first + CLASSES_OF_TEACHER]
                rows.extend(
                    TaughtClass, [{"membership_id": membership_id, "class_id": one} for one in taught]
                )
        has_people = set(
            session.scalars(sa.select(Membership.company_id).where(Membership.role.in_(AT_COMPANY)))
        )
        for company_id in sorted(_hosts(session) - has_people):
            names.member(rows, Role.COMPANY_ADMIN, company_id=company_id)
        rows.flush()
        stage.count("staff", names.count)
    with stage.database.read() as session:
        stage.school_tutors = _members(session, Membership.school_id, AT_SCHOOL)
        stage.host_tutors = _members(session, Membership.company_id, AT_COMPANY)


class _Names:
    """People with names that are put together at random, and user names that are nobody else's."""

    def __init__(self, stage: Stage) -> None:
        names = read_territory().names
        self._given, self._family = names.contact_given, names.origins[0].family
        self._stage = stage
        self.count = 0

    def member(
        self, rows: Rows, role: Role, *, school_id: UUID | None = None, company_id: UUID | None = None
    ) -> UUID:
        given, family = self._stage.chance.choice(self._given), self._stage.chance.choice(self._family)
        self.count += 1
        user_id, membership_id = db.new_id(), db.new_id()
        rows.add(
            User, id=user_id, email=None, username=f"{_plain(given)}.{_plain(family)}{self.count}"[:40],
            name=f"{given} {family}", language="it", password_hash=None, is_active=True, is_demo=False,
            created_at=self._stage.at(-BEFORE).astimezone(UTC),
        )  # fmt: skip
        rows.add(
            Membership, id=membership_id, user_id=user_id, role=role, school_id=school_id, company_id=company_id,
            student_id=None, territory_id=None,
        )  # fmt: skip
        return membership_id


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in bare.lower() if letter.isalpha())


def _hosts(session: Session) -> set[UUID]:
    offering = sa.select(Opportunity.company_id).where(Opportunity.kind == Kind.INTERNSHIP)
    return set(
        session.scalars(
            sa.select(Company.id).where(Company.id.in_(offering), Company.approved_at.is_not(None))
        )
    )


def _members(session: Session, bound: Any, roles: Any) -> dict[UUID, list[UUID]]:
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    query = sa.select(bound, Membership.user_id).where(Membership.role.in_(roles), bound.is_not(None))
    for organisation, user_id in session.execute(query.order_by(Membership.user_id)):
        found[organisation].append(user_id)
    return dict(found)


def decide(stage: Stage) -> None:
    """Some schools say how many students each of their tutors follows in the year."""
    deciding = [*sorted(stage.inside - {stage.school_id})[::DECIDES_ONE_IN], stage.school_id]
    for number, school_id in enumerate(deciding):
        with stage.database.write() as session:
            for user_id in stage.school_tutors[school_id]:
                tutors.decide(
                    session, stage.school(school_id), school_id, user_id, stage.start_year,
                    CLASS_SIZE if user_id == stage.tutor.id else MOST if number else FEWEST, now=stage.at(-BEFORE + 1),
                )  # fmt: skip
        stage.count("schools that limit tutors")


def prepare(stage: Stage) -> None:
    """Risks are assessed, students trained, and everybody has said who signs; here and there something is missing."""
    now = stage.at(-BEFORE + 2)
    with stage.database.write() as session:
        rows = Rows(session)
        declared = set(session.scalars(sa.select(HostSafety.company_id)))
        hosts = sorted(_hosts(session))
        assessed = [one for one in hosts if one not in declared and not stage.chance.happens(UNASSESSED)]
        rows.extend(HostSafety, [_assessed(stage, one, number, now) for number, one in enumerate(assessed)])
        students = list(
            session.scalars(
                sa.select(Student.id)
                .where(Student.class_id.in_([one for some in stage.classes.values() for one in some]))
                .order_by(Student.id)
            )
        )
        trained = [one for one in students if not stage.chance.happens(UNTRAINED)]
        rows.extend(SafetyTraining, [row for one in trained for row in _trained(one, now)])
        signing = {
            one
            for row in session.execute(sa.select(Signatory.school_id, Signatory.company_id))
            for one in row
        }
        rows.extend(Signatory, list(_signers(session, set(stage.classes) - signing, set(hosts) - signing)))
        rows.flush()
        events.record_many(
            session, stage.administrator, [("host_safety.edited", one, None) for one in assessed]
        )
    stage.count("trainings", 2 * len(trained))


def _assessed(stage: Stage, company_id: UUID, number: int, now: datetime) -> dict[str, Any]:
    on = now.date() - timedelta(days=stage.chance.randint(30, 300))
    return {
        "company_id": company_id, "assessed_on": on, "risk": stage.chance.pick(RISKS),
        "register_number": f"RASL-{number:06}", "registered_on": on, "declared_at": now.astimezone(UTC),
        "declared_by": stage.company(company_id).mark, "version": 1,
    }  # fmt: skip


def _trained(student_id: UUID, now: datetime) -> Iterator[dict[str, Any]]:
    for kind, risk, hours in (
        (TrainingKind.GENERAL, None, 4.0), (TrainingKind.SPECIFIC, Risk.MEDIUM, SPECIFIC_HOURS[Risk.MEDIUM]),
    ):  # fmt: skip
        yield {
            "id": db.new_id(), "student_id": student_id, "kind": kind, "risk": risk, "hours": hours,
            "held_on": now.date(), "held_by": "La scuola", "recorded_at": now.astimezone(UTC), "recorded_by": "system:season",
        }  # fmt: skip


def _signers(session: Session, schools: set[UUID], companies: set[UUID]) -> Iterator[dict[str, Any]]:
    """Whoever leads the school, and the first of the company's people."""
    people = (
        sa.select(Membership.school_id, Membership.company_id, User.id.label("user_id"), User.name)
        .join(User, User.id == Membership.user_id)
        .where(
            sa.or_(
                sa.and_(Membership.role == Role.SCHOOL_LEAD, Membership.school_id.in_(schools)),
                Membership.company_id.in_(companies),
            )
        )
        .order_by(User.id)
    )
    named: set[UUID] = set()
    for row in session.execute(people):
        organisation = row.school_id or row.company_id
        if organisation not in named:
            named.add(organisation)
            yield {"id": db.new_id(), **row._asdict()}


ACTS: Sequence[Any] = (take_on, decide, prepare)
