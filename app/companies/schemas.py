"""Companies as the API takes and shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.auth.actors import Role
from app.companies.models import CompanyKind, SizeBand
from app.companies.rules import Review
from app.rest import Email, In, IstatCode, Line, Out, Page, Patch, Slug

ShortLine = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
Description = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Website = Annotated[str, StringConstraints(max_length=200, pattern=r"^https?://[!-~]+$")]
TaxCode = Annotated[str, StringConstraints(pattern=r"^([0-9]{11}|[A-Z0-9]{16})$", max_length=16)]
Phone = Annotated[str, StringConstraints(max_length=30, pattern=r"^\+?[0-9][0-9 ()./-]{3,28}$")]
Source = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]
AtecoCode = Annotated[str, StringConstraints(max_length=8, pattern=r"^([A-Z]|[0-9]{2}(\.[0-9]{1,2}){0,2})$")]
AtecoEdition = Literal["2007", "2025"]

MOST_SITES = 200
MOST_CONTACTS = 200


class CompanySectorIn(In):
    """An ATECO code with its edition."""

    ateco_code: AtecoCode
    ateco_edition: AtecoEdition
    is_main: bool = False


class CompanySectorOut(Out):
    """An ATECO code with its edition."""

    ateco_code: AtecoCode
    ateco_edition: AtecoEdition
    is_main: bool


SectorsIn = Annotated[list[CompanySectorIn], Field(max_length=20)]


class CompanyIn(In):
    """A new host organisation."""

    name: Line
    kind: CompanyKind = CompanyKind.FIRM
    size: SizeBand | None = None
    description: Description = ""
    website: Website | None = None
    tax_code: TaxCode | None = None
    district: ShortLine | None = None
    sectors: SectorsIn = Field(default_factory=list)
    source: Source | None = Field(None, description="The system that `external_id` belongs to.")
    external_id: Slug | None = Field(None, description="The company's id there; unique in each source.")


class CompanyPatch(Patch):
    """Changes of a company; `sectors` replaces them all."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"name", "kind", "description", "sectors", "is_public"})

    name: Line | None = None
    kind: CompanyKind | None = None
    size: SizeBand | None = None
    description: Description | None = None
    website: Website | None = None
    tax_code: TaxCode | None = None
    district: ShortLine | None = None
    sectors: SectorsIn | None = None
    is_public: bool | None = Field(
        None, description="Whether those who do not sign in see it, and what it offers, too."
    )
    source: Source | None = None
    external_id: Slug | None = None


class CompanySiteIn(In):
    """A place where a company hosts. The first one is its main site."""

    name: Name
    municipality_istat: IstatCode
    address: Line | None = None
    is_main: bool = Field(default=False, description="Takes the place of the main site there was.")


class CompanySitePatch(Patch):
    """Changes of a site. A site that moves to another municipality is a new site."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"name", "is_main"})

    name: Name | None = None
    address: Line | None = None
    is_main: bool | None = None


class CompanySiteOut(Out):
    """A place where a company hosts."""

    id: UUID
    name: Name
    municipality_istat: IstatCode
    address: Line | None
    is_main: bool


class CompanyContactIn(In):
    """A person to ask at a company."""

    name: Name
    job: Name | None = None
    email: Email | None = None
    phone: Phone | None = None


class CompanyContactPatch(Patch):
    """Changes of a contact."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"name"})

    name: Name | None = None
    job: Name | None = None
    email: Email | None = None
    phone: Phone | None = None


class CompanyContactOut(Out):
    """A person to ask at a company."""

    id: UUID
    name: Name
    job: Name | None
    email: Email | None
    phone: Phone | None


Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")
]


class CompanyRejectionIn(In):
    """Why a profile is not approved; the company reads it."""

    reason: Reason


class CompanyReviewOut(Out):
    """Where the review of the profile stands. `answer_due_on` is the promise made when it was submitted."""

    state: Review
    submitted_at: datetime
    answer_due_on: date
    answered_at: datetime | None
    reason: Reason | None = Field(description="Of a rejection.")


class CompanyOut(Out):
    """A host organisation."""

    id: UUID
    name: Line
    kind: CompanyKind
    size: SizeBand | None
    description: Description
    website: Website | None
    tax_code: TaxCode | None = Field(description="Null for callers outside the company, except overseers.")
    district: ShortLine | None
    is_approved: bool
    is_public: bool = Field(description="Whether those who do not sign in see it, once it is approved.")
    review: CompanyReviewOut | None = Field(
        description="Null for callers outside the company, except overseers."
    )
    sectors: Annotated[list[CompanySectorOut], Field(max_length=20)]
    sites: Annotated[list[CompanySiteOut], Field(max_length=MOST_SITES)]
    contacts: Annotated[list[CompanyContactOut], Field(max_length=MOST_CONTACTS)] | None = Field(
        description="Null for callers outside the company, except overseers."
    )
    source: Source | None
    external_id: Slug | None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class CompanyList(Page):
    """Companies by name."""

    items: Annotated[list[CompanyOut], Field(max_length=100)]


CompanyRole = Literal[Role.COMPANY_MEMBER, Role.COMPANY_ADMIN, Role.TRAINING_BODY]


class CompanyMemberPatch(Patch):
    """What the person is to be at the company."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"role"})

    role: CompanyRole


class CompanyMemberOut(Out):
    """What a person is to the company."""

    id: UUID
    user_id: UUID
    name: Name
    email: Email | None
    role: CompanyRole | Literal[Role.TRAINING_BODY]
    is_active: bool = Field(description="False when the account was switched off.")


class CompanyMemberList(Page):
    """The people of a company who use the service, by name."""

    items: Annotated[list[CompanyMemberOut], Field(max_length=100)]
