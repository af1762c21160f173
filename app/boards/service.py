"""Boards of classes. `ask_…` runs inside a read block; `lines` computes outside of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import Membership
from app.boards.rules import Access, Line, ProfileQuestion, Summary, can_see_school, summarise
from app.disclosures import service as disclosures
from app.disclosures.models import Disclosure
from app.matches import service_class as matches
from app.matches.engine import Engine
from app.matches.service_class import ClassQuestion
from app.recommendations.models import Recommendation
from app.schools import classes
from app.schools.models import SchoolClass
from app.students import rules as student_rules
from app.students import service_codes as codes
from app.students.models import (
    Evidence,
    Student,
    StudentAvailability,
    StudentCode,
    StudentInterest,
    StudentSkill,
)
from app.wishes.models import Wish

MOST_CLASSES = 200


@dataclass(frozen=True, slots=True)
class BoardQuestion:
    """What the database says of the students, by name, and what the ranking needs."""

    classes: Sequence[SchoolClass]
    rows: Sequence[Any]
    matches: ClassQuestion


def ask_for_class(
    session: Session, actor: Actor, engine: Engine, class_id: UUID, *, now: datetime
) -> BoardQuestion:
    """Take what the board of a class needs. Raises NoSuchClass, and NotAllowed for who is not of its staff."""
    school_class = classes.get(session, actor, class_id, scope="students:read")
    if not student_rules.can_place(actor, school_class):
        raise errors.NotAllowed("Only the staff of the class sees its board.")
    return _ask(session, actor, engine, [school_class], now)


def ask_for_school(
    session: Session, actor: Actor, engine: Engine, school_id: UUID, *, start_year: int, now: datetime
) -> BoardQuestion:
    """The same for those classes of a school year that the actor is staff of; overseers see none of them.

    Raises NoSuchSchool and NotAllowed.
    """
    auth.require_scope(actor, "students:read")
    found = classes.search(session, actor, school_id, start_year=start_year, limit=MOST_CLASSES)
    if not can_see_school(actor, school_id):
        raise errors.NotAllowed("Only the staff of the school sees its board.")
    own = [school_class for school_class in found if student_rules.can_place(actor, school_class)]
    return _ask(session, actor, engine, own, now)


def _ask(
    session: Session, actor: Actor, engine: Engine, of: Sequence[SchoolClass], now: datetime
) -> BoardQuestion:
    ids = [school_class.id for school_class in of]
    return BoardQuestion(of, _rows(session, ids, now), matches.ask(session, actor, engine, ids))


def _rows(session: Session, class_ids: Collection[UUID], now: datetime) -> Sequence[Any]:
    """One row for each student; the counts are looked up by keys, so that a class costs one statement."""

    def count(table: type[Any], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count())
            .where(table.student_id == Student.id, *conditions)
            .correlate(Student)
            .scalar_subquery()
        )

    return session.execute(
        sa.select(
            Student.id, Student.class_id, Student.given_name, Student.family_name, Student.hours_owed,
            count(Membership).label("accounts"),
            count(StudentCode, *codes.is_open(now)).label("codes"),
            count(StudentInterest).label("interests"),
            count(StudentAvailability).label("availabilities"),
            count(StudentSkill, StudentSkill.evidence == Evidence.DECLARED).label("to_validate"),
            count(Recommendation).label("recommended"),
            count(Wish, Wish.position.is_not(None)).label("wishes"),
            count(
                Disclosure, *disclosures.still_open(now), Disclosure.school_accepted_at.is_(None)
            ).label("waiting"),
        )
        .where(Student.class_id.in_(class_ids))
        .order_by(Student.family_name, Student.given_name, Student.id)
    ).all()  # fmt: skip


def lines(engine: Engine, question: BoardQuestion) -> list[Line]:
    """The board: a line for each student, by name."""
    fits = matches.fits(engine, question.matches)
    return [
        Line(
            student_id=row.id, class_id=row.class_id, given_name=row.given_name, family_name=row.family_name,
            hours_owed=row.hours_owed, access=_access(row), answered=_answered(row), to_validate=row.to_validate,
            recommended=row.recommended, wishes=row.wishes, waiting=row.waiting, fits=fits[row.id],
        )
        for row in question.rows
        if row.id in fits
    ]  # fmt: skip


def summaries(engine: Engine, question: BoardQuestion) -> list[tuple[SchoolClass, Summary]]:
    """The school's board: a line for each class."""
    found = lines(engine, question)
    return [
        (school_class, summarise(school_class.id, [one for one in found if one.class_id == school_class.id]))
        for school_class in question.classes
    ]


def _access(row: Any) -> Access:
    if row.accounts:
        return Access.SIGNED_IN
    return Access.CODE if row.codes else Access.NONE


def _answered(row: Any) -> frozenset[ProfileQuestion]:
    said = {ProfileQuestion.INTERESTS: row.interests, ProfileQuestion.FREE_DAYS: row.availabilities}
    return frozenset(question for question, count in said.items() if count)
