"""Who may ask for what with personal data."""

from __future__ import annotations

from app.auth.actors import Actor
from app.students import rules as students
from app.students.rules import Placed


def can_export(actor: Actor, student: Placed) -> bool:
    """The student in person, and the staff who are asked for it."""
    return students.can_see(actor, student)


def can_ask_for_erasure(actor: Actor, student: Placed) -> bool:
    """The student in person, and the staff in charge."""
    return students.can_see(actor, student)


def is_erased_at_once(actor: Actor, student: Placed) -> bool:
    """Staff have thought about it; a student may think better of it until the worker comes."""
    return students.is_in_charge(actor, student)


def can_see_looks(actor: Actor, student: Placed) -> bool:
    """The student in person, and the staff in charge."""
    return students.can_see(actor, student)


def is_look(actor: Actor, student: Placed) -> bool:
    """Whether reading the student is somebody else's look, and not the student's own."""
    return not actor.is_student(student.id)


def can_see_counts(actor: Actor) -> bool:
    """How many were forgotten: whoever answers for the network."""
    return actor.is_overseer
