"""Concerns as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.concerns import rules
from app.concerns.models import ConcernKind, ConcernMessage, Side, Stage
from app.concerns.service_reading import Case
from app.rest import In, Line, Out, Page

SOMETHING = r"^[^\x00]*[^\s\x00][^\x00]*$"
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=SOMETHING)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=SOMETHING)]
Code = Annotated[
    str, StringConstraints(min_length=19, max_length=19, pattern=r"^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$")
]


class ConcernIn(In):
    """What is wrong in a placement."""

    kind: ConcernKind = Field(description="`safety` is told to the school's lead at once.")
    text: Text = Field(description="What has happened. The company never reads it.")
    skips_tutor: bool = Field(
        default=False, description="Whether the school's tutor is not to see it; the lead owns it then."
    )


class ConcernMessageIn(In):
    """What one side has to say."""

    text: Text


class ConcernCloseIn(In):
    """The end of a concern."""

    reason: Reason | None = Field(None, description="Needed from whoever has not reported it.")


class ConcernNameIn(In):
    """Why a coordinator has to know whom a concern is about."""

    reason: Reason


class ConcernMessageOut(Out):
    """What one side has written."""

    id: UUID
    side: Side
    text: Text
    written_at: datetime

    @classmethod
    def of(cls, case: Case, message: ConcernMessage) -> Self:
        """As the side of the case reads it."""
        return cls(
            id=message.id, side=message.side, text=case.told(message.text), written_at=message.written_at
        )


class ConcernLineOut(Out):
    """A concern in a list: who has to answer it, and until when."""

    id: UUID
    placement_id: UUID
    kind: ConcernKind
    is_urgent: bool
    stage: Stage = Field(
        description="Who owns it: the school's tutor or lead, the territory, the service; or `closed`."
    )
    raised_side: Side = Field(description="`student` or `family`.")
    raised_at: datetime
    due_at: datetime | None = Field(description="When it passes on to the next owner; null once closed.")
    closed_at: datetime | None
    company_name: Line
    school_name: Line
    student_id: UUID | None = Field(description="Null for coordinators who have not asked for the name.")
    student_name: Line | None = Field(description="Null for coordinators who have not asked for it.")

    @classmethod
    def of(cls, case: Case) -> Self:
        """As the side of the case sees it."""
        return cls(**_line(case))


class ConcernOut(ConcernLineOut):
    """A concern with what was written about it."""

    text: Text
    skips_tutor: bool
    close_reason: Reason | None
    messages: Annotated[list[ConcernMessageOut], Field(max_length=rules.MOST_MESSAGES)]

    @classmethod
    def whole(cls, case: Case, messages: list[ConcernMessage]) -> Self:
        """As the side of the case sees it."""
        return cls(
            **_line(case), text=case.told(case.concern.text), skips_tutor=case.concern.skips_tutor,
            close_reason=case.concern.close_reason, messages=[ConcernMessageOut.of(case, one) for one in messages],
        )  # fmt: skip


class ConcernList(Page):
    """Concerns, the latest first."""

    items: Annotated[list[ConcernLineOut], Field(max_length=100)]


class FamilyCodeOut(Out):
    """A code for a student's family; it is shown this once."""

    student_id: UUID
    code: Code
    expires_at: datetime


def _line(case: Case) -> dict[str, object]:
    concern, name = case.concern, case.student_name
    return {
        "id": concern.id, "placement_id": concern.placement_id, "kind": concern.kind,
        "is_urgent": concern.kind in rules.URGENT, "stage": concern.stage, "raised_side": concern.raised_side,
        "raised_at": concern.raised_at, "due_at": concern.due_at, "closed_at": concern.closed_at,
        "company_name": case.company_name, "school_name": case.school_name,
        "student_id": concern.student_id if name is not None else None, "student_name": name,
    }  # fmt: skip
