"""Invitations as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.auth.actors import Role
from app.rest import Email, In, Out, Page

InvitedRole = Literal[
    Role.TEACHER,
    Role.SCHOOL_LEAD,
    Role.COMPANY_MEMBER,
    Role.COMPANY_ADMIN,
    Role.TRAINING_BODY,
    Role.COORDINATOR,
]


class InvitationIn(In):
    """A role to offer to an address; with the school, company or territory that the role is bound to."""

    email: Email
    role: InvitedRole
    school_id: UUID | None = None
    company_id: UUID | None = None
    territory_id: UUID | None = None
    class_ids: Annotated[list[UUID], Field(max_length=100)] = Field(
        default_factory=list, description="Classes that an invited teacher is to teach."
    )


class InvitationOut(Out):
    """An invitation. Whether the address has an account is told to nobody."""

    id: UUID
    email: Email
    role: InvitedRole
    school_id: UUID | None
    company_id: UUID | None
    territory_id: UUID | None
    class_ids: Annotated[list[UUID], Field(max_length=100)]
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class InvitationList(Page):
    """Invitations to one organisation, or to the coordination, the newest first."""

    items: Annotated[list[InvitationOut], Field(max_length=100)]
