"""Finding opportunities, companies, skills and students by a word of their names."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.auth.actors import AT_SCHOOL, Actor
from app.companies import access as companies
from app.companies.models import Company, name_key
from app.db import folded, folded_column
from app.opportunities import access as opportunities
from app.opportunities.models import Kind, Opportunity, Status
from app.schools.models import SchoolClass
from app.skills import service as skills
from app.skills.service import SkillHit
from app.students import service as students
from app.students.models import Student

FEWEST_LETTERS = 2


@dataclass(frozen=True)
class OpportunityFound:
    """An opportunity, and who offers it."""

    id: UUID
    kind: Kind
    title: str
    company_name: str


@dataclass(frozen=True)
class CompanyFound:
    """A company."""

    id: UUID
    name: str


@dataclass(frozen=True)
class StudentFound:
    """A student of the asker's own, and the class."""

    id: UUID
    name: str
    year: int
    section: str


@dataclass(frozen=True)
class Found:
    """What answers the question, of each sort the best first; `students` are those of one's own classes."""

    opportunities: list[OpportunityFound]
    companies: list[CompanyFound]
    skills: list[SkillHit]
    students: list[StudentFound]

    @property
    def count(self) -> int:
        """All of them together."""
        return len(self.opportunities) + len(self.companies) + len(self.skills) + len(self.students)


def find(session: Session, actor: Actor, question: str, *, language: str, limit: int) -> Found:
    """At most `limit` of each sort; nothing for less than `FEWEST_LETTERS`. An opportunity that is over is not found."""
    words = question.split()
    if len("".join(words)) < FEWEST_LETTERS:
        return Found([], [], [], [])
    return Found(
        _opportunities(session, actor, words, limit),
        _companies(session, actor, words, limit),
        skills.search(session, " ".join(words), language=language, limit=limit),
        _students(session, actor, words, limit)
        if actor.kind == "user" and actor.has_role(*AT_SCHOOL)
        else [],
    )


def _begins(column: InstrumentedAttribute[str], word: str) -> sa.ColumnElement[bool]:
    """Whether a word of the column begins so; case and accents do not count."""
    text, word = folded_column(column), folded(word)
    return sa.or_(
        text.startswith(word, autoescape=True),
        *(text.contains(sign + word, autoescape=True) for sign in (" ", "'", "’", "-", "(")),
    )


def _opportunities(session: Session, actor: Actor, words: list[str], limit: int) -> list[OpportunityFound]:
    query = (
        sa.select(Opportunity.id, Opportunity.kind, Opportunity.title, Company.name)
        .join(Company, Company.id == Opportunity.company_id)
        .where(opportunities.visible_to(actor), Opportunity.status == Status.PUBLISHED)
        .where(*(_begins(Opportunity.title, word) for word in words))
        .order_by(Opportunity.created_at.desc(), Opportunity.id)
        .limit(limit)
    )
    return [OpportunityFound(*row) for row in session.execute(query)]


def _companies(session: Session, actor: Actor, words: list[str], limit: int) -> list[CompanyFound]:
    keys = [key for word in words if (key := name_key(word))]
    if not keys:
        return []
    query = (
        sa.select(Company.id, Company.name)
        .where(companies.visible_to(actor), *(_begins(Company.search_key, key) for key in keys))
        .order_by(Company.search_key, Company.id)
        .limit(limit)
    )
    return [CompanyFound(*row) for row in session.execute(query)]


def _students(session: Session, actor: Actor, words: list[str], limit: int) -> list[StudentFound]:
    either = (sa.or_(_begins(Student.given_name, word), _begins(Student.family_name, word)) for word in words)
    query = (
        sa.select(Student.id, Student.given_name, Student.family_name, SchoolClass.year, SchoolClass.section)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .where(students.visible_to(actor), Student.archived_at.is_(None), *either)
        .order_by(Student.family_name, Student.given_name, Student.id)
        .limit(limit)
    )
    return [
        StudentFound(row.id, f"{row.family_name} {row.given_name}", row.year, row.section)
        for row in session.execute(query)
    ]
