"""Renewals and efforts as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.companies.models import SizeBand
from app.dates import Day
from app.opportunities.models import Kind
from app.opportunities.schemas import Seats, SpansIn
from app.rest import In, Out, Page


class RenewalIn(In):
    """What is to be different from the same opportunity a year ahead; nothing has to be."""

    seats: Seats = 1
    spans: SpansIn = Field(default_factory=list, description="Instead of the old ones a year ahead.")
    closes_on: Day | None = Field(None, description="Last day to apply.")


class PostingMediansOut(Out):
    """What half of these publications took at most; null is "of all sorts that are too few to stand alone"."""

    is_renewal: bool | None
    kind: Kind | None
    size: SizeBand | None
    publications: Annotated[int, Field(ge=5, le=100_000_000)]
    seconds: Annotated[int, Field(ge=0, le=100_000_000)]
    clicks: Annotated[int, Field(ge=0, le=100_000_000)]


class PostingMediansList(Page):
    """Medians by way, kind and size of company."""

    items: Annotated[list[PostingMediansOut], Field(max_length=100)]
