"""Students' profiles as the API takes and shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app import dates
from app.dates import Day, PartName, Parts, WeekdayName, Weekdays
from app.rest import In, IstatCode, LanguageCode, Level, Out, Page, Patch, Slug
from app.students.models import Evidence, TravelMode
from app.students.parts import FullStudent
from app.students.rules import FreeTime, HeldSkill, SpokenLanguage

PersonalName = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
BirthDate = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 12, 31)), dates.WRITTEN_DAY]
Kilometres = Annotated[int, Field(ge=1, le=500)]
Hours = Annotated[int, Field(ge=0, le=5000)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
SourceName = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]


class Cefr(StrEnum):
    """Levels of the Common European Framework of Reference for Languages."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"
    C1 = "C1"
    C2 = "C2"


class StudentSkillIn(In):
    """A skill of a student. Only the school's staff gives evidence above `declared`."""

    skill_id: Slug
    level: Level
    evidence: Evidence = Evidence.DECLARED
    words: Words | None = Field(None, description="How the student, or who taught it, calls it.")


class StudentSkillOut(Out):
    """A skill of a student, with what it stands on."""

    skill_id: Slug
    level: Level
    evidence: Evidence
    words: Words | None


class StudentAvailabilityIn(In):
    """When a student is free: from one day to another, both included, on some weekdays and parts of the day."""

    starts_on: Day
    ends_on: Day
    weekdays: Weekdays = Field(default_factory=lambda: list(WeekdayName))
    parts: Parts = Field(default_factory=lambda: [PartName.MORNING, PartName.AFTERNOON])


class StudentAvailabilityOut(Out):
    """When a student is free."""

    starts_on: Day
    ends_on: Day
    weekdays: Weekdays
    parts: Parts


class StudentLanguageIn(In):
    """A language that a student speaks."""

    language: LanguageCode
    cefr: Cefr


class StudentLanguageOut(Out):
    """A language that a student speaks."""

    language: LanguageCode
    cefr: Cefr


SkillsIn = Annotated[list[StudentSkillIn], Field(max_length=200)]
Interests = Annotated[list[Slug], Field(max_length=50)]
AvailabilitiesIn = Annotated[list[StudentAvailabilityIn], Field(max_length=50)]
LanguagesIn = Annotated[list[StudentLanguageIn], Field(max_length=20)]


class StudentIn(In):
    """A student's profile in one document. Without skills, it gets those that the class has normally met."""

    class_id: UUID
    given_name: PersonalName
    family_name: PersonalName
    born_on: BirthDate
    municipality_istat: IstatCode = Field(description="Where the student sets out from; never an address.")
    max_km: Kilometres | None = Field(None, description="Furthest journey by road; null: no limit.")
    travel_mode: TravelMode = TravelMode.TRANSIT
    hours_owed: Hours = Field(0, description="Hours still to be done towards the diploma.")
    is_ranked: bool = Field(
        default=True, description="False: opportunities are listed by distance, no company sees the student."
    )
    skills: SkillsIn = Field(default_factory=list)
    interests: Interests = Field(default_factory=list, description="Skills, broad or narrow, that attract.")
    availabilities: AvailabilitiesIn = Field(default_factory=list)
    languages: LanguagesIn = Field(default_factory=list)
    source: SourceName | None = Field(None, description="The system that `external_id` belongs to.")
    external_id: ExternalId | None = None

    def values(self) -> dict[str, Any]:
        """What the service stores."""
        return _values(self.model_dump())


class StudentPatch(Patch):
    """Changes of a profile; a list that is sent replaces the one that stands."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {
            "class_id",
            "given_name",
            "family_name",
            "born_on",
            "municipality_istat",
            "travel_mode",
            "hours_owed",
            "is_ranked",
        }
    )

    class_id: UUID | None = None
    given_name: PersonalName | None = None
    family_name: PersonalName | None = None
    born_on: BirthDate | None = None
    municipality_istat: IstatCode | None = None
    max_km: Kilometres | None = None
    travel_mode: TravelMode | None = None
    hours_owed: Hours | None = None
    is_ranked: bool | None = None
    skills: SkillsIn | None = None
    interests: Interests | None = None
    availabilities: AvailabilitiesIn | None = None
    languages: LanguagesIn | None = None
    source: SourceName | None = None
    external_id: ExternalId | None = None

    def values(self) -> dict[str, Any]:
        """What the service changes."""
        return _values(self.changes())


def _values(sent: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(sent)
    if "skills" in values:
        values["skills"] = tuple(HeldSkill(**skill) for skill in values["skills"] or ())
    if "interests" in values:
        values["interests"] = tuple(values["interests"] or ())
    if "availabilities" in values:
        values["availabilities"] = tuple(
            FreeTime(
                free["starts_on"],
                free["ends_on"],
                dates.weekdays_to_mask(free["weekdays"]),
                dates.parts_to_mask(free["parts"]),
            )
            for free in values["availabilities"] or ()
        )
    if "languages" in values:
        values["languages"] = tuple(SpokenLanguage(**spoken) for spoken in values["languages"] or ())
    return values


class StudentOut(Out):
    """A student's profile in one document."""

    id: UUID
    school_id: UUID
    class_id: UUID
    given_name: PersonalName
    family_name: PersonalName
    born_on: BirthDate
    municipality_istat: IstatCode
    max_km: Kilometres | None
    travel_mode: TravelMode
    hours_owed: Hours
    is_ranked: bool
    skills: Annotated[list[StudentSkillOut], Field(max_length=200)]
    interests: Interests
    availabilities: Annotated[list[StudentAvailabilityOut], Field(max_length=50)]
    languages: Annotated[list[StudentLanguageOut], Field(max_length=20)]
    source: SourceName | None
    external_id: ExternalId | None
    created_at: datetime
    version: Annotated[int, Field(ge=1)]

    @classmethod
    def of(cls, full: FullStudent) -> Self:
        """From the row and what hangs on it."""
        own = {name: getattr(full.student, name) for name in cls.model_fields if hasattr(full.student, name)}
        free = [
            StudentAvailabilityOut(
                starts_on=one.starts_on,
                ends_on=one.ends_on,
                weekdays=dates.mask_to_weekdays(one.weekdays),
                parts=dates.mask_to_parts(one.parts),
            )
            for one in full.availabilities
        ]
        return cls(
            **own,
            skills=[StudentSkillOut.model_validate(skill) for skill in full.skills],
            interests=list(full.interests),
            availabilities=free,
            languages=[StudentLanguageOut.model_validate(spoken) for spoken in full.languages],
        )


class CodesIn(In):
    """The students of the class who get a new one-time code."""

    student_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]


class SlipOut(Out):
    """A student's new code."""

    student_id: UUID
    code: Annotated[
        str, StringConstraints(min_length=14, max_length=14, pattern=r"^[3-9A-Y]{4}(-[3-9A-Y]{4}){2}$")
    ] = Field(description="Shown only here; hand it to the student.")
    expires_at: datetime


class SlipsOut(Out):
    """New codes, by the students' names."""

    slips: Annotated[list[SlipOut], Field(max_length=100)]
    address: Annotated[str, StringConstraints(max_length=300, pattern=r"^https?://[^\s]+$")] = Field(
        description="The page where a code is typed."
    )


class StudentList(Page):
    """Students by family name."""

    items: Annotated[list[StudentOut], Field(max_length=100)]
