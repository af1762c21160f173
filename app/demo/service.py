"""Loading the demo territory: everything in one write block, so that it is there as a whole or not at all."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import system
from app.companies.models import Company
from app.db import Database
from app.demo import personas
from app.demo.calendar import look_ahead
from app.demo.chance import Chance
from app.demo.companies import Companies
from app.demo.offers import Offers
from app.demo.places import read_atlas
from app.demo.rows import Rows
from app.demo.schools import Schools
from app.demo.students import Students, add_curriculum
from app.demo.territory import read_territory
from app.events import service as events
from app.progress import progress
from app.students.models import Student

STUDENTS_AT_ONCE = 1_000
YEARS = range(2001, 2100)


class NotEmpty(errors.Conflict):
    """There are students or companies already."""

    title = "The database is not empty"


class BadDay(errors.Invalid):
    """Classes of that year cannot be kept."""

    title = "Not a day of this service's time"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is invented."""

    students: int = 1200
    companies: int = 250
    opportunities: int = 500


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded, and the token of the integrator's key, which is stored nowhere."""

    counts: dict[str, int]
    seconds: float
    token: str

    def __str__(self) -> str:
        counts = ", ".join(f"{number:,} {name}" for name, number in self.counts.items())
        return f"The demo is loaded in {self.seconds:.1f} s: {counts}.\nAPI key, shown only now: {self.token}"


def is_empty(database: Database) -> bool:
    """Whether there are neither students nor companies, so that the demo may come in."""
    with database.read() as session:
        return _is_empty(session)


def _is_empty(session: Session) -> bool:
    return not any(session.scalar(sa.select(sa.exists().select_from(kind))) for kind in (Student, Company))


def load(database: Database, size: Size, *, seed: int = 1, on: date, quiet: bool = False) -> Loaded:
    """Invent the territory and write it; the reference data must be there.

    The same seed, size and day make the same rows, but for password hash, key and events. Schools and classes that are
    there already are used as they are. Raises BadDay and NotEmpty.
    """
    if on.year not in YEARS:
        raise BadDay(f"The demo's day lies in the years {YEARS[0]} to {YEARS[-1]}.")
    started = time.monotonic()
    territory = read_territory()
    calendar = look_ahead(territory, on)
    actor = system("demo")
    with database.write() as session:
        if not _is_empty(session):
            raise NotEmpty("The demo goes into a database without students and companies.")
        rows, atlas = Rows(session), read_atlas(session, territory)
        with progress("Inventing students", size.students, quiet=quiet) as advance:
            roll = Schools(session, rows, territory, calendar, atlas, Chance(seed, "schools")).open(
                size.students
            )
            students = Students(rows, territory, calendar, atlas, Chance(seed, "students"))
            places = (school_class for school_class in roll.classes for _ in range(school_class.size))
            ids = Chance(seed, "student ids").ids(size.students)
            roll.first_student = ids[0]
            for first in range(0, size.students, STUDENTS_AT_ONCE):
                some = ids[first : first + STUDENTS_AT_ONCE]
                for student_id, school_class in zip(some, places, strict=False):
                    is_persona = student_id == roll.first_student
                    students.enrol(
                        school_class, student_id, territory.personas["student"] if is_persona else None
                    )
                rows.flush()
                add_curriculum(session, some[0], some[-1])
                advance(len(some))
        with progress("Inventing companies", size.companies, quiet=quiet) as advance:
            makers = Companies(rows, territory, atlas, Chance(seed, "companies"), roll.centres, on)
            companies = makers.found(size.companies, advance)
        with progress("Inventing opportunities", size.opportunities, quiet=quiet) as advance:
            offers = Offers(session, rows, territory, calendar, Chance(seed, "offers"), companies)
            written = offers.publish(size.opportunities, advance)
        personas.write_personas(rows, territory, calendar, Chance(seed, "personas"), roll, companies)
        rows.flush()
        token = personas.issue_key(session, actor, territory)
        for topic in ("schools", "companies", "students"):
            db.touch(session, topic)
        counts = {
            "schools": roll.schools, "classes": len(roll.classes), "students": size.students,
            "companies": len(companies), **{f"{kind}s": number for kind, number in sorted(written.items())},
            "personas": len(territory.personas),
        }  # fmt: skip
        events.record(session, actor, "demo.loaded", "all", {**counts, "seed": seed, "on": on.isoformat()})
    return Loaded(counts, time.monotonic() - started, token)
