"""The questions of the first visit: which of them are still open, and which are not to be asked again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import Actor
from app.students import service as students
from app.students.models import Question, SettledQuestion
from app.students.parts import FullStudent


class NotYourQuestions(errors.NotAllowed):
    """Only the student says "not now"."""

    title = "Not your questions"


def still_open(session: Session, full: FullStudent) -> list[Question]:
    """What the profile does not tell, and the student has neither answered nor put off; in the order of the visit."""
    told = {
        Question.INTERESTS: bool(full.interests),
        Question.TRAVEL: full.student.max_km is not None,
        Question.TIMES: bool(full.availabilities),
    }
    if all(told.values()):
        return []
    settled = session.scalars(
        sa.select(SettledQuestion.question).where(SettledQuestion.student_id == full.student.id)
    ).all()
    return [question for question in Question if not told[question] and question not in settled]


def settle(session: Session, student_id: UUID, questions: Iterable[Question], *, now: datetime) -> None:
    """Ask these no more; whoever calls has judged that the actor may answer them."""
    rows = [{"student_id": student_id, "question": question, "settled_at": now} for question in questions]
    if rows:
        session.execute(db.inserting(session, SettledQuestion).on_conflict_do_nothing(), rows)


def put_off(session: Session, actor: Actor, student_id: UUID, *, now: datetime) -> None:
    """Ask no more what is open now; the page of the profile still takes it. Raises NoSuchStudent, NotYourQuestions."""
    full = students.read(session, actor, student_id)
    if not actor.is_student(student_id):
        raise NotYourQuestions
    settle(session, student_id, still_open(session, full), now=now)
