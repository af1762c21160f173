"""Rotation plans, the firms that take part, and the plan as it was agreed on in a placement."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class PartnerState(StrEnum):
    """The life of a partner: invited → accepted or declined; the lead company can take it out."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class PartnerReason(StrEnum):
    """Why a firm does not take part. Each can be acted upon, and none speaks of a person."""

    NO_TUTOR = "no_tutor"
    NO_FITTING_WORK = "no_fitting_work"
    DAYS_DO_NOT_FIT = "days_do_not_fit"
    TOO_MUCH_PAPER = "too_much_paper"
    OTHER_STUDENTS = "other_students"


class Rotation(Base):
    """That an opportunity is shared; its stations are rows of their own. Its version rises with each change of the plan."""

    __tablename__ = "rotations"

    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), primary_key=True
    )
    allows_gaps: Mapped[bool] = mapped_column(default=False)
    allows_overlaps: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class HostingPartner(Base):
    """A firm that was asked to take part. `tutor_id` is whom it names for the students who come to it."""

    __tablename__ = "hosting_partners"
    __table_args__ = (
        sa.UniqueConstraint("opportunity_id", "company_id"),
        sa.CheckConstraint("(state = 'declined') = (reason IS NOT NULL)", name="declined_with_reason"),
        sa.CheckConstraint("(answered_at IS NULL) = (answered_by IS NULL)", name="answered_pair"),
        sa.Index("ix_hosting_partners_company_id_invited_at", "company_id", "invited_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    opportunity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("opportunities.id", ondelete="CASCADE"))
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"))
    state: Mapped[PartnerState] = mapped_column(text_enum(PartnerState), default=PartnerState.INVITED)
    reason: Mapped[PartnerReason | None] = mapped_column(text_enum(PartnerReason))
    tutor_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    invited_at: Mapped[datetime]
    invited_by: Mapped[str] = mapped_column(sa.String(80))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


def _checks() -> tuple[sa.CheckConstraint, ...]:
    """What holds for a station, planned or agreed on."""
    return (
        sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name="times_pair"),
        sa.CheckConstraint("starts_at IS NULL OR starts_on = ends_on", name="times_of_one_day"),
        sa.CheckConstraint("hours > 0", name="hours"),
    )


class RotationStation(Base):
    """One stop of the plan: at which firm, when, for how many hours, and what is learnt there."""

    __tablename__ = "rotation_stations"
    __table_args__ = _checks()

    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id"), index=True)
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("company_sites.id", ondelete="SET NULL"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]
    hours: Mapped[int]
    learns: Mapped[str] = mapped_column(sa.String(1000), default="")


class PlacementStation(Base):
    """One stop as it stood in the plan on the day the placement was agreed on; later changes of the plan do not touch it."""

    __tablename__ = "placement_stations"
    __table_args__ = _checks()

    placement_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("placements.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id"), index=True)
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("company_sites.id", ondelete="SET NULL"))
    host_tutor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]
    hours: Mapped[int]
    learns: Mapped[str] = mapped_column(sa.String(1000), default="")
