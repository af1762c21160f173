"""Students' profiles: as little as ranking and placing need."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class Evidence(StrEnum):
    """Where a skill level comes from, weakest first."""

    DECLARED = "declared"
    CURRICULUM = "curriculum"
    VALIDATED = "validated"
    CERTIFIED = "certified"


class TravelMode(StrEnum):
    """How a student travels."""

    WALK = "walk"
    BICYCLE = "bicycle"
    TRANSIT = "transit"
    CAR = "car"


class Question(StrEnum):
    """What a student is asked on the first visit, in this order."""

    INTERESTS = "interests"
    TRAVEL = "travel"
    TIMES = "times"


class Student(Base):
    """A student of a class. Place is the municipality; there is no home address anywhere.

    Who is not `is_ranked`, or archived, is in nobody's ranking; `archived_at` is set when the student has left.
    External ids are each school's own: that another school has the same must not show.
    """

    __tablename__ = "students"
    __table_args__ = (
        # In this order for loads of administrators too, who look for a source's ids in all schools.
        sa.UniqueConstraint("source", "external_id", "school_id"),
        sa.CheckConstraint("max_km IS NULL OR max_km > 0", name="max_km"),
        sa.CheckConstraint("hours_owed >= 0", name="hours_owed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("schools.id"), index=True)
    class_id: Mapped[UUID] = mapped_column(sa.ForeignKey("classes.id"), index=True)
    given_name: Mapped[str] = mapped_column(sa.String(80))
    family_name: Mapped[str] = mapped_column(sa.String(80))
    born_on: Mapped[date]
    municipality_istat: Mapped[str] = mapped_column(sa.ForeignKey("municipalities.istat"))
    max_km: Mapped[int | None]
    travel_mode: Mapped[TravelMode] = mapped_column(text_enum(TravelMode), default=TravelMode.TRANSIT)
    hours_owed: Mapped[int] = mapped_column(default=0)
    is_ranked: Mapped[bool] = mapped_column(default=True)
    archived_at: Mapped[datetime | None]
    source: Mapped[str | None] = mapped_column(sa.String(40))
    external_id: Mapped[str | None] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class StudentCode(Base):
    """A one-time code that the school hands to a student, who signs in with it; only a keyed hash is stored.

    Open is a code that was neither used nor ended and whose time is not over; a student has one at most.
    """

    __tablename__ = "student_codes"
    __table_args__ = (
        sa.CheckConstraint("used_at IS NULL OR ended_at IS NULL", name="used_or_ended"),
        sa.Index(
            "uq_student_codes_open", "student_id", unique=True,
            sqlite_where=sa.text("used_at IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("used_at IS NULL AND ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class StudentSkill(Base):
    """A skill with its level, the evidence for it, and the words it was given in."""

    __tablename__ = "student_skills"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 4", name="level"),)

    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]
    evidence: Mapped[Evidence] = mapped_column(text_enum(Evidence))
    words: Mapped[str | None] = mapped_column(sa.String(200))


class StudentInterest(Base):
    """A concept, broad or narrow, that attracts the student."""

    __tablename__ = "student_interests"

    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id"), primary_key=True, index=True)


class StudentAvailability(Base):
    """When the student is free: days, weekdays (Monday is bit 0), parts of the day (1 morning, 2 afternoon, 4 evening)."""

    __tablename__ = "student_availabilities"
    __table_args__ = (
        sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        sa.CheckConstraint("parts BETWEEN 1 AND 7", name="parts"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    weekdays: Mapped[int] = mapped_column(default=127)
    parts: Mapped[int] = mapped_column(default=3)


class StudentLanguage(Base):
    """A language the student speaks, at a CEFR level."""

    __tablename__ = "student_languages"
    __table_args__ = (sa.CheckConstraint("cefr IN ('A1', 'A2', 'B1', 'B2', 'C1', 'C2')", name="cefr"),)

    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    cefr: Mapped[str] = mapped_column(sa.String(2))


class SettledQuestion(Base):
    """A question that the student has answered, or wants to be asked no more."""

    __tablename__ = "settled_questions"

    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    question: Mapped[Question] = mapped_column(text_enum(Question), primary_key=True)
    settled_at: Mapped[datetime]
