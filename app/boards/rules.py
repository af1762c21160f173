"""What of a student needs the teacher, and who sees a board. Pure: values in, decisions out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.auth.actors import Actor
from app.matches.service_class import Fit
from app.opportunities.models import Kind


def can_see_school(actor: Actor, school_id: UUID) -> bool:
    """Whoever leads the school or teaches there; each sees the classes that are theirs."""
    return actor.is_administrator or actor.is_of_school(school_id)


class Access(StrEnum):
    """How far a student has come in."""

    NONE = "none"
    CODE = "code"
    SIGNED_IN = "signed_in"


class ProfileQuestion(StrEnum):
    """What a student says about themselves; the journey is always filled in."""

    INTERESTS = "interests"
    FREE_DAYS = "free_days"


class Need(StrEnum):
    """What only the teacher can do, most urgent first."""

    ANSWER = "answer_request"
    NO_MATCH = "no_match"
    VALIDATE = "validate_skills"
    HAND_OUT_CODE = "hand_out_code"


@dataclass(frozen=True, slots=True)
class Line:
    """Where one student stands. `wishes` counts those that are ranked; `waiting` requests wait for the school."""

    student_id: UUID
    class_id: UUID
    given_name: str
    family_name: str
    hours_owed: int
    access: Access
    answered: frozenset[ProfileQuestion]
    to_validate: int
    recommended: int
    wishes: int
    waiting: int
    fits: Mapping[Kind, Fit]

    @property
    def needs(self) -> list[Need]:
        """What waits for the teacher."""
        return needs(self)


def needs(line: Line) -> list[Need]:
    """What waits for the teacher; empty for a student who is well on the way."""
    waits = {
        Need.ANSWER: line.waiting > 0,
        Need.NO_MATCH: lacks_match(line),
        Need.VALIDATE: line.to_validate > 0,
        Need.HAND_OUT_CODE: line.access is Access.NONE,
    }
    return [need for need in Need if waits[need]]


def lacks_match(line: Line) -> bool:
    """Whether there is no internship for somebody who owes hours, or nothing of any kind for anybody."""
    kinds: Collection[Kind] = (Kind.INTERNSHIP,) if line.hours_owed else tuple(Kind)
    return all(line.fits[kind].opportunities == 0 for kind in kinds)


@dataclass(frozen=True, slots=True)
class Summary:
    """A class in numbers."""

    class_id: UUID
    students: int
    signed_in: int
    answered: int
    to_validate: int
    waiting: int
    without_match: int
    needing: int


def summarise(class_id: UUID, lines: Collection[Line]) -> Summary:
    """A class's board as one line of the school's."""
    return Summary(
        class_id=class_id,
        students=len(lines),
        signed_in=sum(line.access is Access.SIGNED_IN for line in lines),
        answered=sum(len(line.answered) == len(ProfileQuestion) for line in lines),
        to_validate=sum(line.to_validate for line in lines),
        waiting=sum(line.waiting for line in lines),
        without_match=sum(lacks_match(line) for line in lines),
        needing=sum(bool(line.needs) for line in lines),
    )
