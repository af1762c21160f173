"""Days off as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.calendars.models import ClosingKind, PatronDay
from app.calendars.rules import Closing
from app.dates import Day
from app.places.models import Municipality
from app.rest import In, IstatCode, Line, Out, Page

DayName = Annotated[str, StringConstraints(min_length=2, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
Month = Annotated[int, Field(ge=1, le=12)]
DayOfMonth = Annotated[int, Field(ge=1, le=31)]


class SchoolClosingIn(In):
    """Days on which a school is closed, the first and the last included."""

    starts_on: Day
    ends_on: Day
    name: DayName
    kind: ClosingKind = Field(
        ClosingKind.LESSONS_ONLY,
        description="`lessons_only`: whoever is placed goes to the host all the same. `nobody_expected`: these days are left "
        "out where the days of placements are counted; 31 on end at most.",
    )

    def closing(self) -> Closing:
        """As the service takes it."""
        return Closing(**self.model_dump())


class SchoolClosingsIn(In):
    """Closings of a school, all or none of which are noted."""

    closings: Annotated[list[SchoolClosingIn], Field(min_length=1, max_length=50)]


class SchoolClosingOut(Out):
    """Days on which a school is closed. They are never changed: taken back, and noted anew."""

    id: UUID
    school_id: UUID
    starts_on: Day
    ends_on: Day
    name: Line
    kind: ClosingKind


class SchoolClosingsOut(Out):
    """What was noted."""

    closings: Annotated[list[SchoolClosingOut], Field(max_length=50)]


class SchoolClosingList(Page):
    """A school's closings in their order."""

    items: Annotated[list[SchoolClosingOut], Field(max_length=100)]


class PatronDayIn(In):
    """The day of a municipality's patron saint, the same each year."""

    municipality_istat: IstatCode
    month: Month
    day: DayOfMonth
    name: DayName


class PatronDayOut(Out):
    """The day of a municipality's patron saint; a holiday for whoever works there."""

    id: UUID
    municipality_istat: IstatCode
    municipality_name: Line
    month: Month
    day: DayOfMonth
    name: Line

    @classmethod
    def of(cls, row: PatronDay, place: Municipality) -> Self:
        """From the row and its municipality."""
        own = {name: getattr(row, name) for name in cls.model_fields if name != "municipality_name"}
        return cls(**own, municipality_name=place.name)


class PatronDayList(Page):
    """Patrons' days, by the name of the municipality."""

    items: Annotated[list[PatronDayOut], Field(max_length=100)]
