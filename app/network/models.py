"""What coordinators note about companies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id


class CompanyNote(Base):
    """What was said or agreed with a company. Those who coordinate its territory see it, the company does not."""

    __tablename__ = "company_notes"
    __table_args__ = (sa.Index("ix_company_notes_company_id_written_at", "company_id", "written_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(sa.String(2000))
    written_at: Mapped[datetime]
    written_by: Mapped[str] = mapped_column(sa.String(80))
