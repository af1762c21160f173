"""The vocabulary: concepts in a tree, their labels in each language, and occupations."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, text_enum


class SkillKind(StrEnum):
    """What sort of thing a concept is."""

    KNOWLEDGE = "knowledge"
    SKILL = "skill"
    TOOL = "tool"
    TRANSVERSAL = "transversal"


class Skill(Base):
    """A concept of the vocabulary, ours or imported from ESCO."""

    __tablename__ = "skills"

    id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    scheme: Mapped[str] = mapped_column(sa.String(10), default="bottega")
    kind: Mapped[SkillKind] = mapped_column(text_enum(SkillKind))
    broader_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("skills.id", ondelete="SET NULL"), index=True
    )
    esco_uri: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    position: Mapped[int] = mapped_column(default=0)


class SkillLabel(Base):
    """One label of a concept in one language; rank 0 is the preferred one."""

    __tablename__ = "skill_labels"
    __table_args__ = (sa.Index("ix_skill_labels_search", "language", "search_key"),)

    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(200))
    search_key: Mapped[str] = mapped_column(sa.String(200))


class SkillDescription(Base):
    """What a concept means, in one language."""

    __tablename__ = "skill_descriptions"

    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)


class SkillRelation(Base):
    """Two related concepts; the lesser id comes first."""

    __tablename__ = "skill_relations"
    __table_args__ = (sa.CheckConstraint("skill_id < related_id", name="ordered"),)

    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True)
    related_id: Mapped[str] = mapped_column(
        sa.ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Occupation(Base):
    """An ESCO occupation, or an ISCO-08 group of them: the groups of 2166 are 2, 21, 216 and 2166."""

    __tablename__ = "occupations"

    id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    esco_uri: Mapped[str] = mapped_column(sa.String(200), unique=True)
    isco_group: Mapped[str] = mapped_column(sa.String(10))
    code: Mapped[str | None] = mapped_column(sa.String(20))
    is_group: Mapped[bool] = mapped_column(default=False)


class OccupationLabel(Base):
    """One label of an occupation in one language; rank 0 is the preferred one."""

    __tablename__ = "occupation_labels"

    occupation_id: Mapped[str] = mapped_column(
        sa.ForeignKey("occupations.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(300))
    search_key: Mapped[str] = mapped_column(sa.String(300))
    description: Mapped[str | None] = mapped_column(sa.Text)
