"""Forgetting students who stand there by mistake: somebody has loaded a list and undoes it minutes later."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.auth.actors import Actor
from app.db import new_id
from app.events import service as events
from app.events.models import Event
from app.privacy.models import SubjectKind, Tombstone
from app.privacy.service_erasure import ASKED
from app.students.models import Student

AT_ONCE = 500
"""Ids in one statement; databases limit its parameters."""


def forget(session: Session, actor: Actor, student_ids: Sequence[UUID]) -> None:
    """Forget these students in a few statements for any number, with one tombstone for all.

    They are not counted among those who were forgotten. Whoever calls has made sure that no account and no code is theirs.
    """
    tombstone = Tombstone(id=new_id(), kind=SubjectKind.STUDENT)
    session.add(tombstone)
    session.flush()
    blank = {"object_id": str(tombstone.id), "object_salt": "", "request_id": ""}
    for first in range(0, len(student_ids), AT_ONCE):
        some = student_ids[first : first + AT_ONCE]
        named = Event.object_id.in_([str(student_id) for student_id in some])
        session.execute(sa.update(Event).where(Event.object_type == "student", named).values(blank))
        session.execute(sa.delete(Student).where(Student.id.in_(some)))
    events.record(session, actor, "student.erased", tombstone.id, {"number": len(student_ids)})
    for topic in (ASKED, "students", "students_gone"):
        db.touch(session, topic)
