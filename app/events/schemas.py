"""Events as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.rest import Line, Out, Page


class EventOut(Out):
    """One thing that happened. `data` names changed fields and counts; it holds no personal values."""

    id: Annotated[int, Field(ge=1, le=2**53 - 1)]
    at: datetime
    action: Line = Field(description="`<thing>.<what happened to it>`")
    object_type: Line
    object_id: Line
    actor_kind: Line = Field(description="user, key or system")
    actor_id: UUID | None
    request_id: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")]
    data: dict[str, Any] = Field(max_length=100)


class EventList(Page):
    """What happened, the newest first."""

    items: Annotated[list[EventOut], Field(max_length=100)]
