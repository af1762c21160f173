"""Boards as the API shows them."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.boards.rules import Access, Line, Need, ProfileQuestion, Summary
from app.matches.service_class import Fit
from app.opportunities.models import Kind
from app.rest import Line as TextLine
from app.rest import Out, Slug
from app.schools.models import SchoolClass
from app.schools.schemas import Section, StartYear, Year
from app.students.schemas import Hours, PersonalName

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class HidingRuleOut(Out):
    """The rule that hides most of what there is."""

    code: Slug
    it: TextLine
    en: TextLine
    opportunities: Count = Field(description="How many it hides.")


class FitOut(Out):
    """How many opportunities of a kind fit a student, and why none does."""

    kind: Kind
    opportunities: Count
    hidden_by: HidingRuleOut | None = Field(description="Only where none fits although there are some.")

    @classmethod
    def of(cls, kind: Kind, fit: Fit) -> Self:
        """From what the ranking says."""
        rule = None if fit.rule is None else HidingRuleOut(**fit.rule)
        return cls(kind=kind, opportunities=fit.opportunities, hidden_by=rule)


class BoardLineOut(Out):
    """Where a student stands, and what waits for the teacher."""

    student_id: UUID
    given_name: PersonalName
    family_name: PersonalName
    hours_owed: Hours
    access: Access
    answered: Annotated[list[ProfileQuestion], Field(max_length=len(ProfileQuestion))]
    skills_to_validate: Count
    recommendations: Count
    wishes: Count = Field(description="Opportunities that the student has ranked.")
    requests_waiting: Count = Field(description="Requests for the name that the school has not answered.")
    fits: Annotated[list[FitOut], Field(max_length=len(Kind))]
    needs: Annotated[list[Need], Field(max_length=len(Need), description="Most urgent first.")]

    @classmethod
    def of(cls, line: Line) -> Self:
        """From the service's line."""
        return cls(
            student_id=line.student_id, given_name=line.given_name, family_name=line.family_name,
            hours_owed=line.hours_owed, access=line.access, answered=sorted(line.answered),
            skills_to_validate=line.to_validate, recommendations=line.recommended, wishes=line.wishes, requests_waiting=line.waiting,
            fits=[FitOut.of(kind, fit) for kind, fit in line.fits.items()], needs=line.needs,
        )  # fmt: skip


class ClassBoard(Out):
    """The students of a class by name."""

    class_id: UUID
    students: Annotated[list[BoardLineOut], Field(max_length=1000)]


class ClassSummaryOut(Out):
    """A class in numbers."""

    class_id: UUID
    year: Year
    section: Section
    students: Count
    signed_in: Count
    answered: Count = Field(description="Students who have answered every question of the profile.")
    skills_to_validate: Count
    requests_waiting: Count
    without_match: Count = Field(description="Students for whom nothing fits of what they need.")
    needing_teacher: Count

    @classmethod
    def of(cls, school_class: SchoolClass, summary: Summary) -> Self:
        """From the class and its numbers."""
        return cls(
            class_id=school_class.id, year=school_class.year, section=school_class.section, students=summary.students,
            signed_in=summary.signed_in, answered=summary.answered, skills_to_validate=summary.to_validate,
            requests_waiting=summary.waiting, without_match=summary.without_match, needing_teacher=summary.needing,
        )  # fmt: skip


class SchoolBoard(Out):
    """Those classes of a school year that you are staff of."""

    school_id: UUID
    start_year: StartYear
    classes: Annotated[list[ClassSummaryOut], Field(max_length=200)]
