"""Invitations to a role."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.actors import Role
from app.db import Base, new_id, text_enum


class Invitation(Base):
    """A role that somebody offers to an address; whoever reads its mail can accept it, once.

    One secret, brought by the mailed link or typed; only a keyed hash of it is stored.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        sa.CheckConstraint(
            "role IN ('teacher', 'school_lead', 'company_member', 'company_admin', 'coordinator')"
            " AND (role IN ('teacher', 'school_lead')) = (school_id IS NOT NULL)"
            " AND (role IN ('company_member', 'company_admin')) = (company_id IS NOT NULL)",
            name="bound_to_role",
        ),
        sa.CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name="accepted_or_revoked"),
        sa.CheckConstraint("accepted_by IS NULL OR accepted_at IS NOT NULL", name="accepted_pair"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(sa.String(254))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    school_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True
    )
    company_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    invited_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    revoked_at: Mapped[datetime | None]


class InvitedClass(Base):
    """A class that the invited teacher is to teach."""

    __tablename__ = "invited_classes"

    invitation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True
    )
    class_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True, index=True
    )
