"""Accounts as the API shows them to those who answer for them."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from app.rest import Line, Out


class AccountOut(Out):
    """A person's account."""

    id: UUID
    name: Line
    is_active: bool = Field(description="Whether the person can sign in.")
