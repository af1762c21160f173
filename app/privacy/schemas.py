"""What people ask and are told about their own data, as the API takes and shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.events.service_looks import LookKind
from app.privacy.models import SubjectKind
from app.rest import In, Line, Out, Page


class ErasureIn(In):
    """A wish to be forgotten, said twice."""

    confirm: Literal[True] = Field(description="True: it cannot be undone.")


class ErasureOut(Out):
    """An erasure; it does not say whose, so it can be shown afterwards too."""

    id: UUID
    subject_kind: SubjectKind
    asked_at: datetime
    due_at: datetime = Field(
        description="When it is carried out at the latest; until then it can be withdrawn."
    )
    done_at: datetime | None


class LookOut(Out):
    """Somebody looked at a student, so many times on one day."""

    day: date
    kind: LookKind = Field(
        description="`candidate`: a company saw a pseudonym in a list; `name`: the name, once both had accepted."
    )
    viewer_kind: Annotated[str, StringConstraints(max_length=10, pattern=r"^[a-z]+$")] = Field(
        description="user, key or company"
    )
    viewer_name: Line | None = Field(description="Null when the viewer is gone.")
    opportunity_id: UUID | None = Field(
        description="For which opportunity a company saw the pseudonym or the name."
    )
    opportunity_title: Line | None
    times: Annotated[int, Field(ge=1, le=2**31 - 1)]


class LookList(Page):
    """Who looked at a student, the newest first."""

    items: Annotated[list[LookOut], Field(max_length=100)]


class ErasedCountOut(Out):
    """How many students of a province and a programme, or accounts, were forgotten in a school year; at least five."""

    kind: SubjectKind
    start_year: Annotated[int, Field(ge=2000, le=2100)]
    province_code: Annotated[str, StringConstraints(max_length=2, pattern=r"^([A-Z]{2})?$")] = Field(
        description="That of the school; empty for accounts."
    )
    programme_id: Annotated[str, StringConstraints(max_length=80, pattern=r"^[A-Za-z0-9._:-]*$")]
    number: Annotated[int, Field(ge=5, le=2**31 - 1)]


class ErasedCountList(Page):
    """How many were forgotten, the oldest school year first."""

    items: Annotated[list[ErasedCountOut], Field(max_length=100)]
