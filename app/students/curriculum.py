"""What a class has normally met: it fills a profile that has nothing else to say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from app.programmes import service as programmes
from app.schools.models import SchoolClass
from app.students.models import Evidence
from app.students.rules import HeldSkill


def of_class(session: Session, school_class: SchoolClass) -> list[HeldSkill]:
    """The class's usual skills as a profile holds them; none when nobody knows what it studies."""
    if school_class.programme_id is None:
        return []
    usual = programmes.usual_skills(session, school_class.programme_id, school_class.year)
    return [HeldSkill(skill_id, level, Evidence.CURRICULUM) for skill_id, level in usual.items()]


def renew(held: Iterable[HeldSkill], usual: Sequence[HeldSkill]) -> list[HeldSkill]:
    """What is held on other evidence, and the usual skills besides; no usual skills renew nothing."""
    if not usual:
        return list(held)
    own = [skill for skill in held if skill.evidence is not Evidence.CURRICULUM]
    known = {skill.skill_id for skill in own}
    return own + [skill for skill in usual if skill.skill_id not in known]
