"""Who recommends to whom, and who takes it back."""

from __future__ import annotations

from app.auth.actors import Actor, Role
from app.opportunities.models import Status
from app.students.rules import Placed


def can_recommend_somebody(actor: Actor) -> bool:
    """Whether there may be a student to whom the actor can recommend something."""
    return actor.has_role(Role.TEACHER, Role.SCHOOL_LEAD)


def can_recommend(actor: Actor, student: Placed) -> bool:
    """The staff of the student's school: whoever runs the service is nobody's teacher."""
    return actor.is_staff_of(student.school_id, student.class_id)


SHOWN = frozenset({Status.PUBLISHED, Status.FULL})
"""What a recommendation is shown of: a full one may have a seat again."""


def can_be_recommended(status: Status) -> bool:
    """Only what a student could still look at and wish for."""
    return status is Status.PUBLISHED
