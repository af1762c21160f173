"""Tests of classes, by their day."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.dates import PartName
from app.db import Base, new_id, text_enum


class ClassTest(Base):
    """A test that a class has. Without `part` it may be at any time of the day.

    Never changed: taken back and noted anew. Gone once its school year is over.
    """

    __tablename__ = "class_tests"
    __table_args__ = (
        sa.UniqueConstraint("class_id", "held_on", "subject"),
        sa.Index("ix_class_tests_held_on", "held_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    class_id: Mapped[UUID] = mapped_column(sa.ForeignKey("classes.id", ondelete="CASCADE"))
    held_on: Mapped[date]
    subject: Mapped[str] = mapped_column(sa.String(80))
    part: Mapped[PartName | None] = mapped_column(text_enum(PartName, name="part"))
    noted_at: Mapped[datetime]
    noted_by: Mapped[str] = mapped_column(sa.String(80))
