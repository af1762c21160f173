"""Host organisations, what they do, where, and whom to ask."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum
from app.places.gazetteer import search_key


def name_key(name: str) -> str:
    """The form of a company's name under which it is found and sorted."""
    return search_key(name)[:200]


def _key_of_new_name(context: DefaultExecutionContext) -> str:
    return name_key(context.get_current_parameters()["name"])  # type: ignore[no-untyped-call]


class CompanyKind(StrEnum):
    """Hosts are not only firms."""

    FIRM = "firm"
    LAB = "lab"
    TRAINING_BODY = "training_body"
    PUBLIC_BODY = "public_body"
    ASSOCIATION = "association"


class SizeBand(StrEnum):
    """Staff, in the bands of the European definition of small and medium firms."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Company(Base):
    """A host organisation."""

    __tablename__ = "companies"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(sa.String(200))
    search_key: Mapped[str] = mapped_column(sa.String(200), default=_key_of_new_name)
    kind: Mapped[CompanyKind] = mapped_column(text_enum(CompanyKind), default=CompanyKind.FIRM)
    size: Mapped[SizeBand | None] = mapped_column(text_enum(SizeBand))
    description: Mapped[str] = mapped_column(sa.String(4000), default="")
    website: Mapped[str | None] = mapped_column(sa.String(200))
    tax_code: Mapped[str | None] = mapped_column(sa.String(16), unique=True)
    district: Mapped[str | None] = mapped_column(sa.String(80))
    is_approved: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str | None] = mapped_column(sa.String(40))
    external_id: Mapped[str | None] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.UniqueConstraint("source", "external_id"),
        sa.Index("ix_companies_search_key_id", "search_key", "id"),
    )
    __mapper_args__ = {"version_id_col": version}


class CompanySector(Base):
    """An ATECO code of a company, always with its edition."""

    __tablename__ = "company_sectors"
    __table_args__ = (sa.CheckConstraint("ateco_edition IN ('2007', '2025')", name="edition"),)

    company_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    ateco_code: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    ateco_edition: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    is_main: Mapped[bool] = mapped_column(default=False)


class CompanySite(Base):
    """A place where a company hosts. A firm's own address is public; no student's ever is."""

    __tablename__ = "company_sites"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    municipality_istat: Mapped[str] = mapped_column(sa.ForeignKey("municipalities.istat"), index=True)
    address: Mapped[str | None] = mapped_column(sa.String(200))
    is_main: Mapped[bool] = mapped_column(default=False)


class CompanyContact(Base):
    """A person to ask; shown to those who work with the company, never to students."""

    __tablename__ = "company_contacts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    job: Mapped[str | None] = mapped_column(sa.String(120))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    phone: Mapped[str | None] = mapped_column(sa.String(30))
