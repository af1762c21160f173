"""Host organisations, what they do, where, and whom to ask."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.ext.hybrid import hybrid_property
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


_WAITING = "approved_at IS NULL AND rejected_at IS NULL"


class Company(Base):
    """A host organisation.

    Whoever signs in sees its profile once a coordinator has approved it; `answer_due_on` is the day that was promised when it was
    submitted. `territory_id` says where it was proposed: whose it is until it has a site. `is_public` is its own choice:
    whether those who do not sign in see it, and what it offers, as well.
    """

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
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"))
    is_public: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    submitted_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    answer_due_on: Mapped[date] = mapped_column(default=lambda: datetime.now(UTC).date())
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(sa.String(80))
    rejected_at: Mapped[datetime | None]
    rejected_by: Mapped[str | None] = mapped_column(sa.String(80))
    rejection_reason: Mapped[str | None] = mapped_column(sa.String(1000))
    source: Mapped[str | None] = mapped_column(sa.String(40))
    external_id: Mapped[str | None] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.UniqueConstraint("source", "external_id"),
        sa.CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name="approved_pair"),
        sa.CheckConstraint(
            "(rejected_at IS NULL) = (rejected_by IS NULL)"
            " AND (rejected_at IS NULL) = (rejection_reason IS NULL)",
            name="rejected_triple",
        ),
        sa.CheckConstraint("approved_at IS NULL OR rejected_at IS NULL", name="one_answer"),
        sa.Index("ix_companies_search_key_id", "search_key", "id"),
        # Those that wait are few among many.
        sa.Index(
            "ix_companies_waiting", "answer_due_on", "submitted_at", "id",
            sqlite_where=sa.text(_WAITING), postgresql_where=sa.text(_WAITING),
        ),
    )  # fmt: skip
    __mapper_args__ = {"version_id_col": version}

    @hybrid_property
    def is_approved(self) -> bool:
        """Whether everybody may see it, and it may publish."""
        return self.approved_at is not None

    @is_approved.inplace.expression
    @classmethod
    def _is_approved(cls) -> sa.ColumnElement[bool]:
        return cls.approved_at.is_not(None)

    @hybrid_property
    def is_waiting(self) -> bool:
        """Whether it has been submitted and not answered."""
        return self.approved_at is None and self.rejected_at is None

    @is_waiting.inplace.expression
    @classmethod
    def _is_waiting(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.approved_at.is_(None), cls.rejected_at.is_(None))


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
