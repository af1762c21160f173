"""How opportunities come to be on the pages, and the effort that they took."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.companies.models import SizeBand
from app.db import Base, new_id, text_enum
from app.opportunities.models import Kind


class Posting(Base):
    """An opportunity that somebody writes on the pages, or has renewed.

    Its id comes from the form, so that a form that is sent twice makes one opportunity. `seconds` and `clicks` grow
    until the publication, which moves them to `PostingEffort`; `settled` are the questions about the text that have
    been answered with "the form is right".
    """

    __tablename__ = "postings"
    __table_args__ = (sa.CheckConstraint("seconds >= 0 AND clicks >= 0", name="effort"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True)
    opportunity_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), unique=True
    )
    renewed_from_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), unique=True
    )
    seconds: Mapped[int] = mapped_column(default=0)
    clicks: Mapped[int] = mapped_column(default=0)
    settled: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    is_measured: Mapped[bool] = mapped_column(default=False)


class PostingEffort(Base):
    """What one publication took. Neither who nor which company: no more than its size and the province of the place."""

    __tablename__ = "posting_efforts"
    __table_args__ = (
        sa.CheckConstraint("seconds >= 0 AND clicks >= 0", name="effort"),
        sa.Index("ix_posting_efforts_published_on", "published_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[Kind] = mapped_column(text_enum(Kind))
    size: Mapped[SizeBand | None] = mapped_column(text_enum(SizeBand))
    province_code: Mapped[str | None] = mapped_column(sa.String(2))
    is_renewal: Mapped[bool]
    seconds: Mapped[int]
    clicks: Mapped[int]
    published_on: Mapped[date]
