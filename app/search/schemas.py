"""What a search finds, as the API shows it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from app.rest import Line, Out

Id = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]


class FoundKind(StrEnum):
    """What was found."""

    OPPORTUNITY = "opportunity"
    COMPANY = "company"
    SKILL = "skill"
    STUDENT = "student"


class FoundOut(Out):
    """One thing that answers the question."""

    kind: FoundKind
    id: Id
    label: Line


class FoundList(Out):
    """The best of each sort."""

    found: Annotated[list[FoundOut], Field(max_length=400)]
