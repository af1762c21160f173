"""Requests for a name as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.disclosures.rules import State
from app.rest import Email, In, Line, Out, Page

Pseudonym = Annotated[
    str, StringConstraints(min_length=9, max_length=9, pattern="^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$")
]


class DisclosureIn(In):
    """Which candidate is asked for, by the pseudonym that your company sees."""

    pseudonym: Pseudonym


class DisclosureAcceptIn(In):
    """A yes. A school's names the tutor whom the company may write to; whoever accepts if left out."""

    tutor_id: UUID | None = Field(
        None, description="The `user_id` of a member of the school; not for students."
    )


class TutorOut(Out):
    """Whom the company writes to at the school."""

    name: Line
    email: Email | None


class DisclosureOut(Out):
    """A request for a name. What is null is not for you, or not yet."""

    id: UUID
    opportunity_id: UUID
    opportunity_title: Line
    company_id: UUID
    company_name: Line
    pseudonym: Pseudonym
    state: State
    requested_at: datetime
    expires_at: datetime
    student_accepted_at: datetime | None = Field(description="Null for companies, whose business it is not.")
    school_accepted_at: datetime | None = Field(description="Null for companies.")
    student_id: UUID | None = Field(description="Null for companies.")
    student_name: Line | None = Field(description="For companies only while both have accepted.")
    tutor: TutorOut | None = Field(description="For companies only while both have accepted.")


class DisclosureList(Page):
    """Requests for names, the latest first."""

    items: Annotated[list[DisclosureOut], Field(max_length=100)]
