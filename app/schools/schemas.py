"""Schools, classes and members as the API shows them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.auth.actors import Role
from app.places.schemas import Cap
from app.rest import Email, In, IstatCode, Line, Out, Page, Patch, Slug
from app.schools.members import Member
from app.schools.models import School, SchoolClass, SchoolKind

SchoolCode = Annotated[str, StringConstraints(min_length=10, max_length=10, pattern=r"^[A-Z]{2}[A-Z0-9]{8}$")]
"""The ministry's code of a school or of one of its sites."""
StartYear = Annotated[int, Field(ge=2000, le=2100)]
"""The year in which a school year begins: 2025 for 2025/26."""
Year = Annotated[int, Field(ge=1, le=6)]
"""How many years into the course."""
Section = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]+$")]
StudyPath = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Subjects = Annotated[list[Line], Field(max_length=60)]
Source = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]


class SchoolOut(Out):
    """A school, or one of its sites; the municipality is null when the registry does not tell it."""

    id: UUID
    code: SchoolCode
    institute_code: SchoolCode | None
    name: Line
    kind: SchoolKind
    municipality_istat: IstatCode | None
    municipality_name: Line | None
    address: Line | None
    cap: Cap | None
    email: Line | None
    website: Line | None
    is_state: bool | None

    @classmethod
    def of(cls, school: School, municipality_name: str | None) -> Self:
        """From the row and the name that its municipality has."""
        own = {name: getattr(school, name) for name in cls.model_fields if name != "municipality_name"}
        return cls(**own, municipality_name=municipality_name)


class SchoolList(Page):
    """Schools that answer a search, by name."""

    items: Annotated[list[SchoolOut], Field(max_length=100)]


class ClassIn(In):
    """A class of one school year. `study_path` is the ministry's name for what it studies."""

    school_id: UUID
    start_year: StartYear
    year: Year
    section: Section
    study_path: StudyPath = ""
    programme_id: Slug | None = None
    subjects: Subjects = Field(default_factory=list)
    source: Source | None = Field(None, description="The system that `external_id` belongs to.")
    external_id: ExternalId | None = Field(None, description="The class's id there; unique in the school.")


class ClassPatch(Patch):
    """Changes of a class."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {"start_year", "year", "section", "study_path", "subjects"}
    )

    start_year: StartYear | None = None
    year: Year | None = None
    section: Section | None = None
    study_path: StudyPath | None = None
    programme_id: Slug | None = None
    subjects: Subjects | None = None
    source: Source | None = None
    external_id: ExternalId | None = None


class ClassOut(Out):
    """A class of one school year."""

    id: UUID
    school_id: UUID
    start_year: StartYear
    year: Year
    section: Section
    study_path: StudyPath
    programme_id: Slug | None
    subjects: Subjects
    source: Source | None
    external_id: ExternalId | None
    version: Annotated[int, Field(ge=1)]

    @classmethod
    def of(cls, school_class: SchoolClass) -> Self:
        """From the row."""
        own = {name: getattr(school_class, name) for name in cls.model_fields if name != "subjects"}
        return cls(**own, subjects=school_class.subjects.splitlines())


class ClassList(Page):
    """Classes of a school, the latest school year first."""

    items: Annotated[list[ClassOut], Field(max_length=100)]


MemberRole = Literal[Role.TEACHER, Role.SCHOOL_LEAD]


class MemberIn(In):
    """A person to whom the school gives a role; a new person gets an account without a password."""

    email: Email
    name: PersonName
    role: MemberRole
    class_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)


class MemberPatch(Patch):
    """What the person is to be at the school; whoever becomes a teacher is given classes."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"role", "class_ids"})

    role: MemberRole
    class_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)


class MemberOut(Out):
    """What a person is to the school."""

    id: UUID
    user_id: UUID
    name: PersonName
    email: Email | None
    role: MemberRole
    is_active: bool = Field(description="False when the account was switched off.")
    class_ids: Annotated[list[UUID], Field(max_length=100)]

    @classmethod
    def of(cls, member: Member) -> Self:
        """From what the service tells."""
        return cls.model_validate(member)


class MemberList(Page):
    """The staff of a school that uses the service, by name."""

    items: Annotated[list[MemberOut], Field(max_length=100)]
