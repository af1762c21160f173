"""How a territory is divided, what it has decided to care for, and what its actors have signed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class TerritoryAreas(Base):
    """The districts, sectors and priority areas of a territory, as one document that is read and changed as a whole.

    `document` has the form of `schemas.AreasIn`. Actors stand in none of it: where they are and what they do says to
    which district and sector they belong.
    """

    __tablename__ = "territory_areas"

    territory_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True
    )
    document: Mapped[dict[str, Any]]
    edited_at: Mapped[datetime]
    edited_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Pledge(StrEnum):
    """What an actor has committed itself to; all but the last are counted from what really happens."""

    VISITS = "visits"
    SEATS = "seats"
    PLACEMENTS = "placements"
    OTHER = "other"


class Protocol(Base):
    """What actors of a territory have signed together. Without `valid_until` it holds until further notice."""

    __tablename__ = "protocols"
    __table_args__ = (sa.CheckConstraint("signed_on <= valid_until", name="days_in_order"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("territories.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(sa.String(200))
    document_number: Mapped[str | None] = mapped_column(sa.String(200))
    signed_on: Mapped[date]
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class ProtocolParty(Base):
    """A school or a company that has signed a protocol, and what it has committed itself to in it, if anything."""

    __tablename__ = "protocol_parties"
    __table_args__ = (
        sa.UniqueConstraint("protocol_id", "school_id"),
        sa.UniqueConstraint("protocol_id", "company_id"),
        sa.CheckConstraint("(school_id IS NULL) <> (company_id IS NULL)", name="one_actor"),
        sa.CheckConstraint("(pledge IS NULL) = (per_year IS NULL)", name="pledge_with_number"),
        sa.CheckConstraint("(pledge = 'other') = (words <> '')", name="other_in_words"),
        sa.CheckConstraint("per_year >= 1", name="per_year"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    protocol_id: Mapped[UUID] = mapped_column(sa.ForeignKey("protocols.id", ondelete="CASCADE"))
    school_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True
    )
    company_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True
    )
    pledge: Mapped[Pledge | None] = mapped_column(text_enum(Pledge))
    per_year: Mapped[int | None]
    words: Mapped[str] = mapped_column(sa.String(200), default="")
