"""What a class has normally met: it fills a profile that has nothing else to say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.programmes.models import Programme, ProgrammeSkill
from app.schools.models import SchoolClass
from app.students.models import Evidence
from app.students.rules import HeldSkill


def usual_skills(session: Session, programme_id: str | None, year: int) -> dict[str, int]:
    """Skill id → level that students of the programme have normally met in that year.

    The greatest level over the years up to it, and over the broader programmes.
    """
    line = (
        sa.select(Programme.id, Programme.broader_id).where(Programme.id == programme_id).cte(recursive=True)
    )
    line = line.union(sa.select(Programme.id, Programme.broader_id).where(Programme.id == line.c.broader_id))
    rows = session.execute(
        sa.select(ProgrammeSkill.skill_id, sa.func.max(ProgrammeSkill.level).label("level"))
        .where(ProgrammeSkill.programme_id.in_(sa.select(line.c.id)), ProgrammeSkill.year <= year)
        .group_by(ProgrammeSkill.skill_id)
        .order_by(ProgrammeSkill.skill_id)
    )
    return {row.skill_id: row.level for row in rows}


def of_class(session: Session, school_class: SchoolClass) -> list[HeldSkill]:
    """The class's usual skills as a profile holds them; none when nobody knows what it studies."""
    usual = usual_skills(session, school_class.programme_id, school_class.year)
    return [HeldSkill(skill_id, level, Evidence.CURRICULUM) for skill_id, level in usual.items()]


def renew(held: Iterable[HeldSkill], usual: Sequence[HeldSkill]) -> list[HeldSkill]:
    """What is held on other evidence, and the usual skills besides; no usual skills renew nothing."""
    if not usual:
        return list(held)
    own = [skill for skill in held if skill.evidence is not Evidence.CURRICULUM]
    known = {skill.skill_id for skill in own}
    return own + [skill for skill in usual if skill.skill_id not in known]
