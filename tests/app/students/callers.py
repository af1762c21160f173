"""Who asks for students in the tests, and what they send."""

from typing import Any
from uuid import UUID

from app import db
from app.auth import service as auth
from app.auth.actors import Grant, Role
from app.db import Database
from app.events import service as events
from app.schools.models import School, SchoolClass
from tests.factories import NOW, Factory

URL = "/api/v1/students"
PATCH = {"Content-Type": "application/merge-patch+json"}
THIS_YEAR = NOW.year
PARTS = {
    "skills": [
        {"skill_id": "cad", "level": 3, "evidence": "validated", "words": "disegno 3D"},
        {"skill_id": "plc", "level": 1, "evidence": "declared", "words": None},
    ],
    "interests": ["robots"],
    "availabilities": [
        {"starts_on": "2026-02-02", "ends_on": "2026-02-27", "weekdays": ["MO", "TU", "WE", "TH", "FR"],
         "parts": ["morning", "afternoon"]},
        {"starts_on": "2026-06-08", "ends_on": "2026-07-31", "weekdays": ["SA"], "parts": ["evening"]},
    ],
    "languages": [{"language": "de", "cefr": "A2"}, {"language": "en", "cefr": "B1"}],
}  # fmt: skip
FREE = PARTS["availabilities"][0]


def document(school_class: SchoolClass, **values: Any) -> dict[str, Any]:
    return {
        "class_id": str(school_class.id), "given_name": "Giulia", "family_name": "Prova",
        "born_on": f"{THIS_YEAR - 17}-01-01", "municipality_istat": "037006", "max_km": 30, "travel_mode": "bicycle",
        "hours_owed": 90, "is_ranked": True, "source": "registro", "external_id": "S-1",
    } | PARTS | values  # fmt: skip


def school_of(make: Factory, school_class: SchoolClass) -> School:
    found = make.get(School, school_class.school_id)
    assert found is not None
    return found


def staff(make: Factory, school_class: SchoolClass, **values: Any) -> dict[str, str]:
    """Headers of the school's key."""
    return make.bearer(Role.SCHOOL_LEAD, school_id=school_class.school_id, **values)


def person(make: Factory, *grants: Grant) -> dict[str, str]:
    return {"Cookie": f"{auth.COOKIE}={make.signed_in(*grants)}"}


def student_of(make: Factory, student_id: UUID | str) -> dict[str, str]:
    """Headers of the student in person."""
    return person(make, Grant(Role.STUDENT, student_id=UUID(str(student_id))))


def teacher_of(make: Factory, school_class: SchoolClass) -> dict[str, str]:
    grant = Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id}))
    return person(make, grant)


def match(headers: dict[str, str], version: int | None = None) -> dict[str, str]:
    return headers | PATCH | {"If-Match": "*" if version is None else f'"{version}"'}


def faults(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [fault["field"] for fault in answer.json()["faults"]]


def told(database: Database, student_id: str) -> list[tuple[str, dict[str, Any]]]:
    with database.read() as session:
        return [(event.action, event.data) for event in events.history(session, "student", student_id)]


def revision(database: Database) -> int:
    with database.read() as session:
        return db.revision(session, "students")
