"""Real schools with their study paths, and the classes that the demo opens there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.demo.calendar import Calendar, Days
from app.demo.chance import Chance
from app.demo.places import Atlas, Place
from app.demo.rows import Rows
from app.demo.territory import ClassRow, Territory, by_year
from app.programmes import curriculum
from app.programmes import service as programmes
from app.programmes.models import Programme
from app.schools import loading, ministry
from app.schools.models import School, SchoolClass


@dataclass(frozen=True, slots=True)
class DemoClass:
    """A class with what its students have in common."""

    id: UUID
    school_id: UUID
    place: Place
    year: int
    programme_id: str
    programme_kind: str
    size: int
    weeks: Sequence[Days]
    usual: Mapping[str, int]
    interests: Sequence[str]


@dataclass(slots=True)
class Roll:
    """What later stages need to know of schools and students."""

    classes: list[DemoClass] = field(default_factory=list)
    centres: dict[str, float] = field(default_factory=dict)
    first_student: UUID | None = None
    schools: int = 0


class Schools:
    """Chooses classes and writes them with their schools; what is there already is taken as it is."""

    def __init__(
        self,
        session: Session,
        rows: Rows,
        territory: Territory,
        calendar: Calendar,
        atlas: Atlas,
        chance: Chance,
    ) -> None:
        self._session, self._rows, self._territory = session, rows, territory
        self._calendar, self._atlas, self._chance = calendar, atlas, chance
        self._known = {one.code: one for one in ministry.read_known_schools()}
        self._paths = curriculum.read_curriculum()
        self._kinds = dict(session.execute(sa.select(Programme.id, Programme.kind)).all())
        self._usual: dict[tuple[str, int], Mapping[str, int]] = {}
        self._ids = dict(session.execute(sa.select(School.code, School.id)).all())
        self._written: set[str] = set()
        there = sa.select(
            SchoolClass.school_id,
            SchoolClass.year,
            SchoolClass.section,
            SchoolClass.study_path,
            SchoolClass.id,
        ).where(SchoolClass.start_year == calendar.start_year)
        self._class_ids: dict[tuple[Any, ...], UUID] = {
            tuple(row[:4]): row.id for row in session.execute(there)
        }

    def open(self, students: int) -> Roll:
        """Classes for so many students; the last one is as small as need be."""
        roll, left = Roll(), students
        sizes = by_year(self._territory.numbers["classes"]["size"])
        for row, section in self._in_order():
            size = min(left, self._chance.within(sizes[row.year]))
            opened = self._open(row, section, size)
            roll.classes.append(opened)
            istat = opened.place.istat
            roll.centres[istat] = roll.centres.get(istat, 0.0) + size
            left -= size
            if not left:
                break
        roll.schools = len({one.school_id for one in roll.classes})
        return roll

    def _in_order(self) -> Iterator[tuple[ClassRow, str]]:
        """Classes in the order in which they are taken: the nearer provinces first, parallel sections when all are."""
        near, far = self._territory.provinces, self._territory.wider
        first = self._shuffled(near)
        lead = self._territory.personas["student"]
        first.sort(key=lambda one: not self._is_of(one[0], lead))
        if first:
            school = first[0][0].school_code
            second = next(
                (one for one in first[1:] if one[0].school_code == school and one[0].year >= 3), None
            )
            if second is not None:
                first.remove(second)
                first.insert(1, second)
        everywhere = first + self._shuffled(far)
        yield from everywhere
        copy = 1
        while True:
            copy += 1
            yield from ((row, f"{section}-{copy}") for row, section in everywhere)

    def _is_of(self, row: ClassRow, persona: Mapping[str, Any]) -> bool:
        return bool(row.year == persona["year"] and self._programme(row) == persona["programme"])

    def _shuffled(self, provinces: Sequence[str]) -> list[tuple[ClassRow, str]]:
        """All sections of the provinces' schools, likelier years earlier (weighted without replacement)."""
        likely = by_year(self._territory.numbers["classes"]["years"])
        keyed = [
            (-(self._chance.random() ** (1 / likely[row.year])), row, section)
            for row in self._territory.classes
            if row.year in likely and self._place(row.school_code).province in provinces
            for section in row.sections
        ]
        return [(row, section) for _, row, section in sorted(keyed)]

    def _place(self, school_code: str) -> Place:
        return self._atlas.by_cadastral[self._known[school_code].cadastral_code]

    def _programme(self, row: ClassRow) -> str:
        path = self._paths.programme_for(row.study_path, row.year)
        if path is None or path.programme is None:
            raise LookupError(f"{row.study_path} has no programme in year {row.year}")
        return path.programme

    def _open(self, row: ClassRow, section: str, size: int) -> DemoClass:
        school_id, programme_id = self._school(row.school_code), self._programme(row)
        key = (school_id, row.year, section, row.study_path)
        class_id = self._class_ids.get(key)
        if class_id is None:
            class_id = self._class_ids[key] = self._chance.id()
            self._rows.add(
                SchoolClass, id=class_id, school_id=school_id, start_year=self._calendar.start_year, year=row.year,
                section=section, study_path=row.study_path, programme_id=programme_id, subjects="", version=1,
            )  # fmt: skip
        met = (programme_id, row.year)
        if met not in self._usual:
            self._usual[met] = programmes.usual_skills(self._session, *met)
        return DemoClass(
            class_id, school_id, self._place(row.school_code), row.year, programme_id, self._kinds[programme_id], size,
            self._calendar.weeks_of_class(self._chance, row.year), self._usual[met], self._interests(programme_id),
        )  # fmt: skip

    def _school(self, code: str) -> UUID:
        if code not in self._ids:
            known = self._known[code]
            self._ids[code] = self._chance.id()
            self._rows.add(
                School, id=self._ids[code], code=code, institute_code=None, name=known.name, kind=loading.kind_of(code),
                municipality_istat=self._place(code).istat, address=None, cap=None, email=None, website=None,
                is_state=True, source=f"{loading.KNOWN}-{known.certainty}", version=1,
            )  # fmt: skip
        return self._ids[code]

    def _interests(self, programme_id: str) -> Sequence[str]:
        listed = self._territory.interests
        own = max((key for key in listed if programme_id.startswith(key)), key=len, default="any")
        return tuple(dict.fromkeys((*listed[own], *listed["any"])))
