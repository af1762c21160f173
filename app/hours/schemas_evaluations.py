"""Diaries and evaluations as the API takes and shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.dates import Day
from app.hours.models import Criterion
from app.hours.schemas import Version
from app.hours.service_evaluations import Given, Written
from app.hours.service_experience import Experience
from app.placements.models import Party
from app.rest import In, Level, Line, Out, Page, Patch, Slug

DiaryLine = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")]
MaybeLine = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f]*$")]
Words = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Mark = Annotated[int, Field(ge=1, le=4)]


class DiaryEntryIn(In):
    """A day in two lines."""

    written_on: Day
    did: DiaryLine
    learnt: MaybeLine = ""


class DiaryEntryPatch(Patch):
    """Other lines for the day."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"did", "learnt"})
    did: DiaryLine | None = None
    learnt: MaybeLine | None = None


class DiaryEntryOut(Out):
    """A day in two lines: for the student and the school."""

    id: UUID
    placement_id: UUID
    written_on: date
    did: DiaryLine
    learnt: MaybeLine
    version: Version


class DiaryEntryList(Page):
    """Days of a diary, the first first."""

    items: Annotated[list[DiaryEntryOut], Field(max_length=100)]


class MarkIn(In):
    """A mark for one criterion."""

    criterion: Criterion
    mark: Mark


class SeenSkillIn(In):
    """A skill of the plan, at the level at which the host has seen it."""

    skill_id: Slug
    level: Level


def _marks_once(marks: list[MarkIn]) -> list[MarkIn]:
    if len({one.criterion for one in marks}) != len(marks):
        raise ValueError("the same criterion stands twice")
    return marks


def _skills_once(skills: list[SeenSkillIn]) -> list[SeenSkillIn]:
    if len({one.skill_id for one in skills}) != len(skills):
        raise ValueError("the same skill stands twice")
    return skills


Marks = Annotated[list[MarkIn], Field(min_length=1, max_length=len(Criterion)), AfterValidator(_marks_once)]
SeenSkills = Annotated[list[SeenSkillIn], Field(max_length=100), AfterValidator(_skills_once)]


class EvaluationIn(In):
    """What your side says at the end: a mark for each of its criteria."""

    marks: Marks
    would_repeat: bool = Field(description="The host would take somebody again, the student would go again.")
    words: Words = ""
    skills: SeenSkills = Field(default_factory=list, description="Of the plan; the host's alone.")

    def given(self) -> Given:
        """For the service."""
        return Given(
            {one.criterion: one.mark for one in self.marks}, self.would_repeat, self.words,
            {one.skill_id: one.level for one in self.skills},
        )  # fmt: skip


class EvaluationPatch(Patch):
    """What your side says instead."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"marks", "would_repeat", "words", "skills"})
    marks: Marks | None = None
    would_repeat: bool | None = None
    words: Words | None = None
    skills: SeenSkills | None = None

    def onto(self, present: Written) -> Given:
        """The evaluation with the changes."""
        self.changes()
        marks, skills = self.marks, self.skills
        return Given(
            present.marks if marks is None else {one.criterion: one.mark for one in marks},
            present.evaluation.would_repeat if self.would_repeat is None else self.would_repeat,
            present.evaluation.words if self.words is None else self.words,
            present.skills if skills is None else {one.skill_id: one.level for one in skills},
        )


class MarkOut(Out):
    """A mark for one criterion: 1 is not yet, 4 is very well."""

    criterion: Criterion
    mark: Mark


class SeenSkillOut(Out):
    """A skill at the level at which the host has seen it."""

    skill_id: Slug
    level: Level


class EvaluationOut(Out):
    """What one side says of a placement."""

    id: UUID
    placement_id: UUID
    party: Party
    marks: Annotated[list[MarkOut], Field(max_length=len(Criterion))]
    would_repeat: bool
    words: Words
    skills: Annotated[list[SeenSkillOut], Field(max_length=100)]
    given_at: datetime
    confirmed_at: datetime | None = Field(
        description="When the school let the host's words stand as evidence."
    )
    version: Version

    @classmethod
    def of(cls, written: Written) -> Self:
        """From the row and what hangs on it."""
        own = {
            name: getattr(written.evaluation, name)
            for name in cls.model_fields
            if hasattr(written.evaluation, name)
        }
        return cls(
            **own,
            marks=[MarkOut(criterion=one, mark=mark) for one, mark in sorted(written.marks.items())],
            skills=[SeenSkillOut(skill_id=one, level=level) for one, level in sorted(written.skills.items())],
        )


class EvaluationsOut(Out):
    """The evaluations of a placement that you may read."""

    evaluations: Annotated[list[EvaluationOut], Field(max_length=len(Party))]


class AverageOut(Out):
    """The average of a criterion, 1 to 4."""

    criterion: Criterion
    average: Annotated[float, Field(ge=1, le=4)]


class ExperienceOut(Out):
    """How it went at a host; at all hosts with few students together, or at all, where no company is named."""

    company_id: UUID | None
    company_name: Line | None
    students: Annotated[int, Field(ge=5, le=1_000_000)] = Field(
        description="In steps of five: at least so many."
    )
    averages: Annotated[list[AverageOut], Field(max_length=len(Criterion))]
    would_repeat: Annotated[float, Field(ge=0, le=1)] = Field(
        description="The share of those who would go again."
    )
    would_host_again: Annotated[float, Field(ge=0, le=1)] | None = Field(
        description="The share of placements after which the host would have somebody again; null for fewer than five."
    )

    @classmethod
    def of(cls, row: Experience) -> Self:
        """From what the service tells."""
        averages = [AverageOut(criterion=one, average=average) for one, average in row.averages.items()]
        return cls(**row._asdict() | {"averages": averages})


class ExperiencesOut(Out):
    """By host, by name; nobody's words, and no average of fewer than five."""

    experiences: Annotated[list[ExperienceOut], Field(max_length=10_000)]
    territory: ExperienceOut | None = Field(description="Of all that is told by host.")
