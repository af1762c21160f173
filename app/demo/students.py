"""Students who do not exist, in classes that do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app import dates
from app.demo.calendar import Calendar
from app.demo.chance import Chance
from app.demo.places import Atlas
from app.demo.rows import Rows
from app.demo.schools import DemoClass
from app.demo.territory import Origin, Territory, Travel, by_year
from app.programmes.models import ProgrammeSkill
from app.schools.models import SchoolClass
from app.students.models import (
    Evidence,
    Student,
    StudentAvailability,
    StudentInterest,
    StudentLanguage,
    StudentSkill,
    TravelMode,
)

ROAD_FACTOR = 1.3  # road kilometres per straight one
ENGLISH = {1: "A1", 2: "A2", 3: "A2", 4: "B1", 5: "B1", 6: "B1"}
Held = tuple[int, Evidence, str | None]
"""Level, evidence, words."""
BETTER = {"A1": "A2", "A2": "B1", "B1": "B2"}


class Students:
    """Invents students and writes them."""

    def __init__(
        self, rows: Rows, territory: Territory, calendar: Calendar, atlas: Atlas, chance: Chance
    ) -> None:
        self._rows, self._territory, self._calendar = rows, territory, calendar
        self._atlas, self._chance = atlas, chance
        self._origins = {origin: origin.share for origin in territory.names.origins}
        self._native = territory.names.origins[0]
        self._owed = by_year(territory.numbers["hours"]["owed"])

    def enrol(
        self, school_class: DemoClass, student_id: UUID, persona: Mapping[str, Any] | None = None
    ) -> None:
        """Write one student with everything that hangs on one; `persona` gives what is not left to chance."""
        own = persona or {}
        chance = self._chance
        origin = self._native if persona else chance.pick(self._origins)
        given, family = own["name"].split(" ", 1) if persona else self._name(origin)
        born_on = self._born_on(school_class.year, own.get("born"))
        home = school_class.place.istat if persona else self._atlas.home(chance, school_class.place.istat)
        travel, max_km = self._travel(school_class, home, born_on)
        self._rows.add(
            Student, id=student_id, school_id=school_class.school_id, class_id=school_class.id, given_name=given,
            family_name=family, born_on=born_on, municipality_istat=home, max_km=own.get("max_km", max_km),
            travel_mode=TravelMode(own.get("travel_mode", travel.mode)), hours_owed=self._hours_owed(school_class),
            source=None, external_id=None, created_at=self._created_at(), version=1,
        )  # fmt: skip
        self._rows.extend(StudentSkill, self._skills(school_class, student_id, own.get("skills")))
        wanted = own.get("interests") or chance.some(school_class.interests, chance.randint(2, 4))
        self._rows.extend(StudentInterest, [{"student_id": student_id, "skill_id": one} for one in wanted])
        self._rows.extend(
            StudentAvailability, self._free_time(school_class, student_id, has_some=bool(persona))
        )
        spoken = own.get("languages") or self._languages(origin, school_class.year)
        self._rows.extend(
            StudentLanguage,
            [{"student_id": student_id, "language": code, "cefr": cefr} for code, cefr in spoken.items()],
        )

    def _name(self, origin: Origin) -> tuple[str, str]:
        chance = self._chance
        is_native = origin is self._native or chance.happens(self._territory.names.italian_given)
        source = self._native if is_native else origin
        is_girl = chance.happens(self._territory.numbers["classes"]["feminine"])
        return chance.choice(source.feminine if is_girl else source.masculine), chance.choice(origin.family)

    def _born_on(self, year: int, month_day: str | None) -> date:
        """Who starts school in time turns 14 in the calendar year in which the first class begins."""
        shares = dict(enumerate(self._territory.numbers["classes"]["repeaters"]))
        born_in = self._calendar.start_year - 13 - year
        if month_day is not None:
            return date.fromisoformat(f"{born_in}-{month_day}")
        return date(born_in - self._chance.pick(shares), 1, 1) + timedelta(days=self._chance.randrange(365))

    def _travel(self, school_class: DemoClass, home: str, born_on: date) -> tuple[Travel, int | None]:
        """A limit is never below the way to school, which is travelled every day."""
        to_school = ROAD_FACTOR * self._atlas.kilometres(home, school_class.place.istat)
        age = dates.age_on(born_on, self._calendar.on)
        likely = {
            travel: travel.share
            for travel in self._territory.travels
            if age >= travel.min_age and (not travel.is_local or home == school_class.place.istat)
        }
        travel = self._chance.pick(likely)
        if not travel.km:
            return travel, None
        return travel, max(
            self._chance.choice(travel.km), 5 * math.ceil((to_school + 5) / 5) if to_school else 0
        )

    def _hours_owed(self, school_class: DemoClass) -> int:
        least: int = self._territory.numbers["hours"]["least"].get(school_class.programme_kind, 0)
        low, high = self._owed.get(school_class.year, (0, 0))
        return 5 * round(least * self._chance.uniform(low, high) / 5)

    def _created_at(self) -> datetime:
        day = self._calendar.on - timedelta(days=self._chance.randint(5, 60))
        return datetime.combine(day, time(self._chance.randint(7, 16), self._chance.randrange(60)), UTC)

    def _skills(
        self, school_class: DemoClass, student_id: UUID, own: Mapping[str, Mapping[str, Any]] | None
    ) -> list[dict[str, Any]]:
        """What stands on more, or on less, than the curriculum; `add_curriculum` adds the rest."""
        if own is None:
            held = self._chosen(school_class)
        else:
            held = {
                skill_id: (skill["level"], Evidence(skill["evidence"]), skill.get("words"))
                for skill_id, skill in own.items()
            }
        return [
            {
                "student_id": student_id,
                "skill_id": skill_id,
                "level": level,
                "evidence": evidence,
                "words": words,
            }
            for skill_id, (level, evidence, words) in sorted(held.items())
        ]

    def _chosen(self, school_class: DemoClass) -> dict[str, Held]:
        chance, usual = self._chance, school_class.usual
        chosen: dict[str, Held] = {}
        if chance.happens(0.5):
            for skill in chance.some(self._territory.declared, chance.choice((1, 1, 2, 3))):
                if usual.get(skill.skill_id, 0) < skill.level:
                    chosen[skill.skill_id] = (skill.level, Evidence.DECLARED, skill.words)
        if chance.happens(0.6):
            known_well = [skill_id for skill_id, level in usual.items() if level >= 2]
            for skill_id in chance.some(known_well, chance.randint(1, 4)):
                level = min(4, usual[skill_id] + chance.happens(0.3))
                chosen[skill_id] = (level, Evidence.VALIDATED, None)
        for skill in self._territory.certified:
            if school_class.year >= skill.from_year and chance.happens(skill.share):
                chosen[skill.skill_id] = (skill.level, Evidence.CERTIFIED, skill.words)
        return chosen

    def _free_time(
        self, school_class: DemoClass, student_id: UUID, *, has_some: bool
    ) -> list[dict[str, Any]]:
        chance = self._chance
        if not has_some and chance.happens(0.06):
            return []
        return [
            {"id": chance.id(), "student_id": student_id, **free._asdict()}
            for free in self._calendar.free_time(chance, school_class.weeks)
        ]

    def _languages(self, origin: Origin, year: int) -> dict[str, str]:
        chance = self._chance
        english = ENGLISH[year]
        spoken = {"en": BETTER[english] if chance.happens(0.25) else english}
        if origin is self._native:
            spoken[origin.language] = "C2"
        else:
            spoken |= {self._native.language: chance.choice(("B1", "B2", "C1", "C2")), origin.language: "C1"}
        if chance.happens(0.12):
            spoken.setdefault(chance.choice(("es", "fr", "de")), "A2")
        return spoken


def add_curriculum(session: Session, first: UUID, last: UUID) -> None:
    """Give the students between two ids, both included, what their classes have normally met and they do not have yet.

    As `students.curriculum` does for one student, but in the database: a hundred rows for each student need not come
    from here.
    """
    own = sa.exists().where(
        StudentSkill.student_id == Student.id, StudentSkill.skill_id == ProgrammeSkill.skill_id
    )
    earlier = aliased(ProgrammeSkill)
    newest = (
        sa.select(sa.func.max(earlier.year))
        .where(earlier.programme_id == SchoolClass.programme_id, earlier.year <= SchoolClass.year)
        .scalar_subquery()
    )
    met = (
        sa.select(
            Student.id,
            ProgrammeSkill.skill_id,
            ProgrammeSkill.level,
            sa.literal(Evidence.CURRICULUM.value),
            sa.null(),
        )
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .join(ProgrammeSkill, ProgrammeSkill.programme_id == SchoolClass.programme_id)
        .where(Student.id.between(first, last), ProgrammeSkill.year == newest, ~own)
        .order_by(Student.id)
    )
    session.execute(
        sa.insert(StudentSkill).from_select(["student_id", "skill_id", "level", "evidence", "words"], met)
    )
