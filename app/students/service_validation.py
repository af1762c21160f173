"""Confirming what students say they can do: for many of a class at once, at the level that the teacher sees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import db, errors
from app.auth.actors import Actor
from app.events import service as events
from app.schools import classes
from app.students import rules
from app.students.models import Evidence, Student, StudentSkill


class BadChoices(errors.Invalid):
    """A skill of somebody who is not of the class, or the same one twice; `faults` names them."""

    title = "Not all of these skills can be validated"


class Declared(NamedTuple):
    """A skill that a student has declared and nobody has confirmed."""

    student_id: UUID
    given_name: str
    family_name: str
    skill_id: str
    level: int
    words: str | None


class Choice(NamedTuple):
    """A declared skill that a teacher confirms at a level."""

    student_id: UUID
    skill_id: str
    level: int


class Validated(NamedTuple):
    """What a confirmation has changed; `declared` is the level that the student had said."""

    student_id: UUID
    skill_id: str
    declared: int
    level: int


def declared(session: Session, actor: Actor, class_id: UUID) -> list[Declared]:
    """What waits to be confirmed in a class, by name. Raises NoSuchClass and NotAllowed."""
    _require_class(session, actor, class_id, scope="students:read")
    rows = session.execute(
        sa.select(
            Student.id, Student.given_name, Student.family_name, StudentSkill.skill_id, StudentSkill.level,
            StudentSkill.words,
        )
        .join(StudentSkill, StudentSkill.student_id == Student.id)
        .where(Student.class_id == class_id, StudentSkill.evidence == Evidence.DECLARED)
        .order_by(Student.family_name, Student.given_name, Student.id, StudentSkill.skill_id)
    )  # fmt: skip
    return [Declared(*row) for row in rows]


def validate(session: Session, actor: Actor, class_id: UUID, choices: Sequence[Choice]) -> list[Validated]:
    """Confirm declared skills; one that is no longer declared is left alone. What has changed.

    Raises NoSuchClass, NotAllowed and BadChoices.
    """
    _require_class(session, actor, class_id, scope="students:write")
    students = _lock(session, {choice.student_id for choice in choices})
    _refuse(choices, {one.id for one in students.values() if one.class_id == class_id})
    present = _held(session, students)
    changed = [
        Validated(choice.student_id, choice.skill_id, held.level, choice.level)
        for choice in choices
        if (held := present.get((choice.student_id, choice.skill_id))) is not None
        and held.evidence is Evidence.DECLARED
    ]
    for one in changed:
        held = present[one.student_id, one.skill_id]
        held.level, held.evidence = one.level, Evidence.VALIDATED
    _note(session, actor, students, changed, "student.skills_validated")
    return changed


def prove(session: Session, actor: Actor, student_id: UUID, levels: Mapping[str, int]) -> int:
    """Let skills that others have seen stand as validated, at their levels; how many that has changed.

    What is certified, or validated at a higher level, stays. Whoever calls has decided that the actor may.
    """
    students = _lock(session, {student_id})
    present = {skill_id: held for (_, skill_id), held in _held(session, students).items()}
    changed = []
    for skill_id, level in sorted(levels.items()):
        held = present.get(skill_id)
        if held is None:
            session.add(
                StudentSkill(
                    student_id=student_id, skill_id=skill_id, level=level, evidence=Evidence.VALIDATED
                )
            )
        elif rules.outdoes(level, held.level, held.evidence):
            held.level, held.evidence = level, Evidence.VALIDATED
        else:
            continue
        changed.append(Validated(student_id, skill_id, level, level))
    _note(session, actor, students, changed, "student.skills_proven")
    return len(changed)


def take_back(session: Session, actor: Actor, validated: Collection[Validated]) -> int:
    """Make declared again what still stands as it was confirmed; how many."""
    students = _lock(session, {one.student_id for one in validated})
    present = _held(session, students)
    undone = [
        one
        for one in validated
        if (held := present.get((one.student_id, one.skill_id))) is not None
        and (held.level, held.evidence) == (one.level, Evidence.VALIDATED)
    ]
    for one in undone:
        held = present[one.student_id, one.skill_id]
        held.level, held.evidence = one.declared, Evidence.DECLARED
    _note(session, actor, students, undone, "student.skills_validation_undone")
    return len(undone)


def _require_class(session: Session, actor: Actor, class_id: UUID, *, scope: str) -> None:
    school_class = classes.get(session, actor, class_id, scope=scope)
    if not rules.can_place(actor, school_class):
        raise errors.NotAllowed("Only the staff of the class validates its students' skills.")


def _lock(session: Session, student_ids: Collection[UUID]) -> dict[UUID, Student]:
    # In the order of their ids: two teachers of a class never wait for each other in a circle.
    found = session.scalars(
        sa.select(Student).where(Student.id.in_(student_ids)).order_by(Student.id).with_for_update()
    )
    return {student.id: student for student in found}


def _held(session: Session, student_ids: Collection[UUID]) -> dict[tuple[UUID, str], StudentSkill]:
    found = session.scalars(
        sa.select(StudentSkill)
        .where(StudentSkill.student_id.in_(student_ids))
        .execution_options(populate_existing=True)
    )
    return {(held.student_id, held.skill_id): held for held in found}


def _refuse(choices: Sequence[Choice], of_class: Collection[UUID]) -> None:
    seen: set[tuple[UUID, str]] = set()
    faults = []
    for index, choice in enumerate(choices):
        if choice.student_id not in of_class:
            detail = "the class has no student with this id"
            faults.append({"in": "body", "field": f"skills.{index}.student_id", "detail": detail})
        elif (choice.student_id, choice.skill_id) in seen:
            detail = "the student has it here twice"
            faults.append({"in": "body", "field": f"skills.{index}.skill_id", "detail": detail})
        seen.add((choice.student_id, choice.skill_id))
    if faults:
        raise BadChoices(faults=faults)


def _note(
    session: Session, actor: Actor, students: dict[UUID, Student], changed: Iterable[Validated], action: str
) -> None:
    counts: dict[UUID, int] = {}
    for one in changed:
        counts[one.student_id] = counts.get(one.student_id, 0) + 1
    for student_id in counts:
        flag_modified(students[student_id], "class_id")  # the version rises with the parts of a profile too
    session.flush()
    events.record_many(
        session, actor, [(action, student_id, {"skills": count}) for student_id, count in counts.items()]
    )
    if counts:
        db.touch(session, "students")
