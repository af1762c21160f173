from typing import Any

import pytest
from starlette.testclient import TestClient

from app.programmes.models import ProgrammeSkill
from app.schools.models import SchoolClass
from tests.app.students.callers import URL, document, staff
from tests.factories import Factory


@pytest.fixture
def school_class(make: Factory) -> SchoolClass:
    """A class whose programme brings two skills, and a vocabulary of four."""
    for skill_id in ("cad", "plc", "robots", "cnc"):
        make.skill(skill_id)
    found = make.school_class()
    for year, skill_id, level in ((3, "cad", 1), (4, "cad", 2), (4, "cnc", 1), (5, "plc", 4)):
        make.add(ProgrammeSkill(programme_id="it-c3-automazione", year=year, skill_id=skill_id, level=level))
    return found


@pytest.fixture
def giulia(client: TestClient, make: Factory, school_class: SchoolClass) -> dict[str, Any]:
    """A student as the API shows her."""
    answer = client.post(URL, json=document(school_class), headers=staff(make, school_class))
    body: dict[str, Any] = answer.json()
    return body
