"""Wishes as the API takes and shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.opportunities.models import Kind, Status
from app.rest import In, Line, Out, Page, Patch
from app.wishes.rules import MOST_RANKED
from app.wishes.service import Wished

Position = Annotated[int, Field(ge=1, le=MOST_RANKED)]


class WishIn(In):
    """What to save."""

    opportunity_id: UUID
    is_ranked: bool = Field(default=False, description="True: also put it at the end of the list of wishes.")


class WishPatch(Patch):
    """Where the wish is to stand; those behind it make room."""

    position: Position | None = Field(None, description="1 is the first wish; null takes it out of the list.")


class WishOut(Out):
    """An opportunity that a student has saved."""

    id: UUID
    opportunity_id: UUID
    kind: Kind
    title: Line
    company_name: Line
    status: Status = Field(description="The opportunity's own.")
    closes_on: date | None
    position: Position | None = Field(description="1 is the first wish; null: saved only.")
    created_at: datetime = Field(description="When it was saved.")
    ranked_at: datetime | None = Field(description="Since when it stands in the list of wishes.")
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]

    @classmethod
    def of(cls, wished: Wished) -> Self:
        """From the row and what stands beside it."""
        own = {name: getattr(wished.wish, name) for name in cls.model_fields if hasattr(wished.wish, name)}
        beside = {name: getattr(wished, name) for name in cls.model_fields if name not in own}
        return cls(**own, **beside)


class WishList(Page):
    """Wishes: the ranked ones in their order, then the others, the latest first."""

    items: Annotated[list[WishOut], Field(max_length=100)]
