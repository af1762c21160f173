"""Requests of companies for the name behind a pseudonym."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id

_OPEN = "refused_at IS NULL AND withdrawn_at IS NULL"


class Disclosure(Base):
    """A company asks who a candidate of one opportunity is.

    The name shows while both have accepted, nobody has refused or withdrawn, and `expires_at` lies ahead; each of these
    is one condition of one statement, so that no order of answers leaves it visible.
    """

    __tablename__ = "disclosures"
    __table_args__ = (
        *(
            sa.CheckConstraint(f"({name}_at IS NULL) = ({name}_by IS NULL)", name=f"{name}_pair")
            for name in ("student_accepted", "school_accepted", "refused", "withdrawn")
        ),
        sa.CheckConstraint("refused_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
        sa.Index(
            "uq_disclosures_open", "student_id", "opportunity_id", unique=True,
            sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True)
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(sa.String(80))
    expires_at: Mapped[datetime]
    student_accepted_at: Mapped[datetime | None]
    student_accepted_by: Mapped[str | None] = mapped_column(sa.String(80))
    school_accepted_at: Mapped[datetime | None]
    school_accepted_by: Mapped[str | None] = mapped_column(sa.String(80))
    refused_at: Mapped[datetime | None]
    refused_by: Mapped[str | None] = mapped_column(sa.String(80))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(sa.String(80))
    tutor_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
