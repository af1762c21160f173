"""Whether a company hosts, as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field

from app.appetites.models import Appetite, CompanyAppetite, NotHosting
from app.rest import Out, Patch

Year = Annotated[int, Field(ge=2000, le=2100)]


class AppetitePatch(Patch):
    """What the company says; `not_this_year` comes with its reason, the others without."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"appetite"})

    appetite: Appetite | None = None
    reason: NotHosting | None = None


class AppetiteOut(Out):
    """What the company has said of a school year; all is null before it has."""

    company_id: UUID
    start_year: Year
    appetite: Appetite | None
    reason: NotHosting | None
    answered_at: datetime | None
    hidden_at: datetime | None = Field(
        description="Since when the public and students do not see the company, as nobody answered; any answer ends it."
    )
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]

    @classmethod
    def of(
        cls, company_id: UUID, year: int, row: CompanyAppetite | None, hidden_at: datetime | None = None
    ) -> Self:
        """From the row, if there is one."""
        return cls(
            company_id=company_id, start_year=year, appetite=row and row.appetite, reason=row and row.reason,
            answered_at=row and row.answered_at, hidden_at=hidden_at, version=version_of(row),
        )  # fmt: skip


def version_of(row: CompanyAppetite | None) -> int:
    """0 before anything has been said."""
    return 0 if row is None else row.version
