"""Answers to candidates as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.answers.models import Reason, Verdict
from app.disclosures.schemas import Pseudonym
from app.rest import In, Out, Page

Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


class AnswerIn(In):
    """What you say of one candidate."""

    pseudonym: Pseudonym
    verdict: Verdict = Field(description="A yes asks for the name; a no takes back a request that waits.")
    reason: Reason | None = Field(None, description="Of a no, and of nothing else.")
    version: Version = Field(
        0, description="Of the answer that you have read; 0 for none. Another one is refused with 409."
    )


class AnswersIn(In):
    """Answers to several candidates of one opportunity, all or none."""

    items: Annotated[list[AnswerIn], Field(min_length=1, max_length=50)]


class AnswerOut(Out):
    """What the company says of one candidate. No student is told it."""

    pseudonym: Pseudonym
    verdict: Verdict
    reason: Reason | None
    answered_at: datetime
    version: Version


class AnswerList(Page):
    """Answers of one opportunity, the latest first."""

    items: Annotated[list[AnswerOut], Field(max_length=100)]
