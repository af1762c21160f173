"""Municipalities and how people look for them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Municipality(Base):
    """An Italian municipality; the ISTAT code is the key, the cadastral code joins the school registry."""

    __tablename__ = "municipalities"

    istat: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    cadastral: Mapped[str] = mapped_column(sa.String(4), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    other_name: Mapped[str | None] = mapped_column(sa.String(100))
    province_code: Mapped[str] = mapped_column(sa.String(2), index=True)
    province_name: Mapped[str] = mapped_column(sa.String(60))
    region_code: Mapped[str] = mapped_column(sa.String(2))
    region_name: Mapped[str] = mapped_column(sa.String(60))
    caps: Mapped[str] = mapped_column(sa.Text)
    latitude: Mapped[float]
    longitude: Mapped[float]
    coordinate_source: Mapped[str] = mapped_column(sa.String(20))
    population: Mapped[int]


class MunicipalityName(Base):
    """A key under which a municipality is found: its names, former municipalities in it, and its CAPs."""

    __tablename__ = "municipality_names"

    key: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    istat: Mapped[str] = mapped_column(
        sa.ForeignKey("municipalities.istat", ondelete="CASCADE"), primary_key=True, index=True
    )
    kind: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str] = mapped_column(sa.String(100))
