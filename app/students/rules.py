"""Who may see and change what of a student, and which profiles make sense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from app import dates
from app.auth.actors import Actor, Role
from app.schools.models import SchoolClass
from app.students.models import Evidence, Student

YOUNGEST, OLDEST = 13, 70
"""Ages that a student can have; others are slips of the pen."""
OWN_FIELDS = frozenset(
    {"skills", "interests", "availabilities", "max_km", "travel_mode", "languages", "is_ranked"}
)
"""What students change of their own profile."""

Fault = dict[str, str]


class HeldSkill(NamedTuple):
    """A skill at a level, with the evidence for it and the words it was given in."""

    skill_id: str
    level: int
    evidence: Evidence = Evidence.DECLARED
    words: str | None = None


class FreeTime(NamedTuple):
    """Days, both included, with the weekdays and the parts of the day (bit sets of `app.dates`)."""

    starts_on: date
    ends_on: date
    weekdays: int
    parts: int


class SpokenLanguage(NamedTuple):
    """A language at a CEFR level."""

    language: str
    cefr: str


# --- who --------------------------------------------------------------------------------------------------------------


def can_add(actor: Actor) -> bool:
    """Whether there may be a class to which the actor can add a student."""
    return actor.has_role(Role.TEACHER, Role.SCHOOL_LEAD, Role.ADMINISTRATOR)


def can_place(actor: Actor, school_class: SchoolClass) -> bool:
    """Whether the actor may put students into the class."""
    return actor.is_administrator or actor.is_staff_of(school_class.school_id, school_class.id)


class Placed(Protocol):
    """What decides who may see a student."""

    @property
    def id(self) -> UUID: ...
    @property
    def school_id(self) -> UUID: ...
    @property
    def class_id(self) -> UUID: ...


def is_in_charge(actor: Actor, student: Student | Placed) -> bool:
    """Whether the actor may change everything of the student: staff of the school, teacher of the class."""
    return actor.is_administrator or actor.is_staff_of(student.school_id, student.class_id)


def can_see(actor: Actor, student: Student | Placed) -> bool:
    """Whether the student exists for the actor. Coordinators and companies see no single student."""
    return is_in_charge(actor, student) or actor.is_student(student.id)


def forbidden_fields(actor: Actor, student: Student, fields: Collection[str]) -> list[str]:
    """Those of the fields that the actor may not change, of a student that the actor sees."""
    return [] if is_in_charge(actor, student) else sorted(set(fields) - OWN_FIELDS)


def forbidden_skills(before: Collection[HeldSkill], wanted: Sequence[HeldSkill]) -> list[Fault]:
    """Why students may not set their own skills so: what stands on more than their word is not theirs to change."""
    proven = {skill.skill_id: skill for skill in before if skill.evidence is not Evidence.DECLARED}
    faults = []
    for index, skill in enumerate(wanted):
        present = proven.pop(skill.skill_id, None)
        if present is None and skill.evidence is not Evidence.DECLARED:
            faults.append(_fault(f"skills.{index}.evidence", "students only declare skills"))
        elif present is not None and skill != present:
            detail = f"stands on more than the student's word ({present.evidence}); only the staff changes it"
            faults.append(_fault(f"skills.{index}", detail))
    faults += [_fault("skills", f"only the staff removes {skill_id}") for skill_id in sorted(proven)]
    return faults


def outdoes(level: int, held_level: int, held: Evidence) -> bool:
    """Whether a level that was seen at work says more than what is held: nothing that was proven is taken away."""
    if held is Evidence.CERTIFIED:
        return False
    return held is not Evidence.VALIDATED or level > held_level


# --- what -------------------------------------------------------------------------------------------------------------


def profile_faults(values: Mapping[str, Any], today: date) -> list[Fault]:
    """What is wrong with those fields of a profile that are given, whatever the tables hold."""
    faults: list[Fault] = []
    if "born_on" in values and not YOUNGEST <= dates.age_on(values["born_on"], today) <= OLDEST:
        faults.append(_fault("born_on", f"a student is {YOUNGEST} to {OLDEST} years old"))
    skills = [skill.skill_id for skill in values.get("skills", ())]
    faults += _repeated("skills.{}.skill_id", skills)
    faults += _repeated("interests.{}", values.get("interests", ()))
    faults += _repeated("languages.{}.language", [one.language for one in values.get("languages", ())])
    faults += _free_time_faults(values.get("availabilities", ()))
    return faults


def _free_time_faults(free: Sequence[FreeTime]) -> Iterator[Fault]:
    for index, one in enumerate(free):
        if one.ends_on < one.starts_on:
            yield _fault(f"availabilities.{index}.ends_on", "lies before starts_on")
            continue
        for earlier, other in enumerate(free[:index]):
            if overlap(one, other):
                yield _fault(f"availabilities.{index}", f"overlaps with availabilities.{earlier}")
                break


def overlap(one: FreeTime, other: FreeTime) -> bool:
    """Whether some part of some day is in both."""
    first, last = max(one.starts_on, other.starts_on), min(one.ends_on, other.ends_on)
    return (
        first <= last
        and bool(one.parts & other.parts)
        and bool(one.weekdays & other.weekdays & dates.weekdays_between(first, last))
    )


def _repeated(field: str, keys: Sequence[Hashable]) -> Iterator[Fault]:
    seen: Counter[Hashable] = Counter()
    for index, key in enumerate(keys):
        if seen[key]:
            yield _fault(field.format(index), f"{key} stands here twice")
        seen[key] += 1


def _fault(field: str, detail: str) -> Fault:
    return {"in": "body", "field": field, "detail": detail}
