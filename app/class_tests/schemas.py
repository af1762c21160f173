"""Tests of classes as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.class_tests.rules import Sitting
from app.dates import Day, PartName
from app.rest import In, Line, Out, Page

Subject = Annotated[
    str, StringConstraints(min_length=2, max_length=80, pattern=r"^[^\x00-\x1f]+$", strip_whitespace=True)
]
PART = "Null is any time of the day."


class ClassTestIn(In):
    """A test that a class has."""

    held_on: Day = Field(description="In the school year of the class.")
    subject: Subject
    part: PartName | None = Field(None, description=PART)

    def sitting(self) -> Sitting:
        """As the service takes it."""
        return Sitting(**self.model_dump())


class ClassTestsIn(In):
    """Tests of a class, all or none of which are noted."""

    tests: Annotated[list[ClassTestIn], Field(min_length=1, max_length=50)]


class ClassTestOut(Out):
    """A test that a class has. It is never changed: taken back, and noted anew."""

    id: UUID
    class_id: UUID
    held_on: Day
    subject: Line
    part: PartName | None = Field(description=PART)


class ClassTestsOut(Out):
    """What was noted."""

    tests: Annotated[list[ClassTestOut], Field(max_length=50)]


class ClassTestList(Page):
    """A class's tests in their order."""

    items: Annotated[list[ClassTestOut], Field(max_length=100)]
