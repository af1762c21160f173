"""Erasure, warnings before it, what stays after it, and which notices people have read."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class SubjectKind(StrEnum):
    """As what somebody is known: a student's profile, or a person's account. One person can be both."""

    STUDENT = "student"
    ACCOUNT = "account"


class Erasure(Base):
    """A wish to be forgotten, until it is done; then `subject_id` is that of the tombstone."""

    __tablename__ = "erasures"
    __table_args__ = (
        sa.UniqueConstraint("subject_kind", "subject_id"),
        sa.CheckConstraint("asked_at <= due_at", name="in_order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subject_kind: Mapped[SubjectKind] = mapped_column(text_enum(SubjectKind))
    subject_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None]


class Tombstone(Base):
    """Stands for somebody who has been forgotten, wherever others' records need to say that there was one."""

    __tablename__ = "tombstones"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[SubjectKind] = mapped_column(text_enum(SubjectKind))


class ErasedCount(Base):
    """How many have been forgotten, by school year, province of the school and programme; small numbers are not shown.

    Of an account province and programme are empty, and of a student where the school or the class has none.
    """

    __tablename__ = "erased_counts"
    __table_args__ = (sa.CheckConstraint("number > 0", name="number"),)

    kind: Mapped[SubjectKind] = mapped_column(text_enum(SubjectKind), primary_key=True)
    start_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    province_code: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    programme_id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    number: Mapped[int]


class RetentionWarning(Base):
    """Somebody has been told what will happen to their data, and when."""

    __tablename__ = "retention_warnings"

    subject_kind: Mapped[SubjectKind] = mapped_column(text_enum(SubjectKind), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    warned_at: Mapped[datetime]
    due_on: Mapped[date]


class NoticeView(Base):
    """Somebody has said that they have read a version of a notice; no consent, and nothing depends on it."""

    __tablename__ = "notice_views"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    notice: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    version: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(2))
    seen_at: Mapped[datetime]
