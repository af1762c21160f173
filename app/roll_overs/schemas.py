"""A school's step into the new year as the API takes and shows it."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.rest import In, Line, Out
from app.roll_overs.rules import Choice, Key, StudentFate
from app.roll_overs.service import ClassPlan, Plan

StartYear = Annotated[int, Field(ge=2000, le=2100)]
Count = Annotated[int, Field(ge=0, le=100_000)]
ClassYear = Annotated[int, Field(ge=1, le=6)]
Section = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]+$")]
StudyPath = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
MOST_CHOICES = 2000


class ClassKey(In):
    """A class of the new school year."""

    year: ClassYear
    section: Section
    study_path: StudyPath = ""

    def key(self) -> Key:
        """What the service takes."""
        return Key(self.year, self.section, self.study_path)


class ClassKeyOut(Out):
    """A class of the new school year."""

    year: ClassYear
    section: Section
    study_path: StudyPath


class RollOverChoiceIn(In):
    """What the school has decided for one student."""

    student_id: UUID
    fate: StudentFate = Field(
        description="`stays` repeats the year, `moves` goes to the class that `to` names, `leaves` ends."
    )
    to: ClassKey | None = None

    def choice(self) -> Choice:
        """What the service takes."""
        return Choice(self.student_id, self.fate, self.to.key() if self.to else None)


class RollOverIn(In):
    """A school's step into a school year."""

    year: StartYear = Field(description="In which the new school year begins.")
    choices: Annotated[list[RollOverChoiceIn], Field(max_length=MOST_CHOICES)] = Field(
        default_factory=list, description="The exceptions; everybody else goes up with the class."
    )


class ClassStepOut(Out):
    """What becomes of one class."""

    class_id: UUID
    year: ClassYear
    section: Section
    study_path: StudyPath
    becomes: ClassKeyOut | None = Field(description="Null for a class that has finished: its students leave.")
    is_new: bool = Field(description="Whether that class is made.")
    has_programme: bool = Field(description="Whether it is known what the new class studies.")
    students: Count
    waiting: Count = Field(description="Who has finished and stays until an open placement ends.")

    @classmethod
    def of(cls, plan: ClassPlan) -> Self:
        """From the plan."""
        key = plan.key
        return cls(
            class_id=plan.school_class.id, year=key.year, section=key.section, study_path=key.study_path,
            becomes=ClassKeyOut(**plan.to._asdict()) if plan.to else None, is_new=plan.is_new,
            has_programme=plan.programme_id is not None, students=len(plan.students),
            waiting=0 if plan.to else len(plan.waiting),
        )  # fmt: skip


class RollOverOut(Out):
    """What would happen to a school; nothing has."""

    school_id: UUID
    school_name: Line
    year: StartYear
    is_done: bool = Field(description="Whether nobody is left to move.")
    classes: Annotated[list[ClassStepOut], Field(max_length=1000)]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """From the plan."""
        return cls(
            school_id=plan.school.id, school_name=plan.school.name, year=plan.year, is_done=plan.is_done,
            classes=[ClassStepOut.of(one) for one in plan.classes],
        )  # fmt: skip
