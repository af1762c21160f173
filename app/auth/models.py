"""People, what they are to whom, their sessions, and API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.actors import Role
from app.db import Base, new_id, text_enum


class User(Base):
    """A person who can sign in."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    language: Mapped[str] = mapped_column(sa.String(2), default="it")
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Territory(Base):
    """What a coordinator coordinates: some provinces under a name. It is data; no code knows any of them."""

    __tablename__ = "territories"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(sa.String(120), unique=True)


class TerritoryProvince(Base):
    """A province of a territory; one province may be in several."""

    __tablename__ = "territory_provinces"

    territory_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True
    )
    province_code: Mapped[str] = mapped_column(sa.String(2), primary_key=True)


class Membership(Base):
    """One role of one person, bound to what the role needs and to nothing else."""

    __tablename__ = "memberships"
    __table_args__ = (
        sa.CheckConstraint(
            "(role = 'student') = (student_id IS NOT NULL)"
            " AND (role IN ('teacher', 'school_lead')) = (school_id IS NOT NULL)"
            " AND (role IN ('company_member', 'company_admin', 'training_body')) = (company_id IS NOT NULL)"
            " AND (role = 'coordinator') = (territory_id IS NOT NULL)",
            name="bound_to_role",
        ),
        sa.UniqueConstraint("user_id", "student_id"),
        sa.UniqueConstraint("user_id", "role", "school_id"),
        sa.UniqueConstraint("user_id", "role", "company_id"),
        sa.UniqueConstraint("user_id", "territory_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    school_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True
    )
    company_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True
    )
    student_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"), index=True)


class TaughtClass(Base):
    """A class that a teacher's membership covers."""

    __tablename__ = "taught_classes"

    membership_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("memberships.id", ondelete="CASCADE"), primary_key=True
    )
    class_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SignIn(Base):
    """A session of a signed-in person; only a hash of its token is stored."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiKey(Base):
    """An integrator's key: a prefix to find it, a hash to check it, a role and scopes to bound it."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(sa.String(120))
    prefix: Mapped[str] = mapped_column(sa.String(12), unique=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    school_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"))
    company_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"))
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"))
    scopes: Mapped[str] = mapped_column(sa.String(1000))
    created_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """The answer to a POST that created something, kept for a day to answer its repetition."""

    __tablename__ = "idempotency_keys"

    actor: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(sa.Text)
    headers: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(index=True)
