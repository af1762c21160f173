from datetime import date
from uuid import uuid4

import pytest

from app.db import Database
from app.students import profiles
from app.students.models import (
    Evidence,
    StudentAvailability,
    StudentInterest,
    StudentSkill,
)
from app.students.profiles import Profile, ProfileSkill
from app.students.rules import FreeTime
from tests.factories import Factory
from tests.queries import count_queries


def test_profile_has_all_that_ranking_needs(make: Factory, database: Database) -> None:
    make.programme("it-c3", first_year=1, last_year=2)
    make.programme(broader_id="it-c3")
    student = make.student(max_km=25)
    for skill_id in ("plc-programming", "cad"):
        make.skill(skill_id)
    make.add(
        StudentSkill(student_id=student.id, skill_id="plc-programming", level=3, evidence=Evidence.VALIDATED)
    )
    make.add(StudentSkill(student_id=student.id, skill_id="cad", level=1, evidence=Evidence.DECLARED))
    make.add(StudentInterest(student_id=student.id, skill_id="cad"))
    free = FreeTime(date(2026, 2, 2), date(2026, 2, 27), 31, 3)
    make.add(StudentAvailability(student_id=student.id, **free._asdict()))
    with database.read() as session:
        assert profiles.load(session, [student.id, uuid4()]) == [
            Profile(
                id=student.id, version=1, school_id=student.school_id, class_id=student.class_id,
                municipality_istat="037006", province_code="BO", latitude=44.49381, longitude=11.33875, max_km=25,
                skills=(ProfileSkill("cad", 1, "declared"), ProfileSkill("plc-programming", 3, "validated")),
                interests=("cad",), availabilities=(free,), programmes=("it-c3-automazione", "it-c3"),
                school_kind="technical", sector="technological", year=4, born_on=date(2008, 5, 4), hours_owed=100,
            )
        ]  # fmt: skip


def test_profile_without_programme_is_of_the_schools_kind(make: Factory, database: Database) -> None:
    liceo = make.school_class(make.school(kind="liceo"), programme_id=None)
    student = make.student(liceo, max_km=None)
    with database.read() as session:
        [profile] = profiles.load(session, [student.id])
    assert (profile.programmes, profile.school_kind, profile.sector, profile.max_km) == (
        (),
        "liceo",
        "",
        None,
    )
    assert (profile.skills, profile.interests, profile.availabilities) == ((), (), ())


def test_programme_says_the_kind_where_a_school_has_several(make: Factory, database: Database) -> None:
    student = make.student(make.school_class(make.school(kind="other")))
    with database.read() as session:
        assert [profile.school_kind for profile in profiles.load(session, [student.id])] == ["technical"]


@pytest.mark.parametrize("number", [1, 3])
def test_profiles_cost_five_queries(make: Factory, database: Database, number: int) -> None:
    school_class = make.school_class()
    ids = [make.student(school_class).id for _ in range(number)]
    for wanted in (ids, None):
        with database.read() as session, count_queries(database) as queries:
            assert [profile.id for profile in profiles.load(session, wanted)] == sorted(ids)
        assert queries.count == 5


def test_profiles_of_more_students_than_one_statement_takes(
    make: Factory, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "MOST_IDS", 2)
    school_class = make.school_class()
    ids = [make.student(school_class).id for _ in range(5)]
    with database.read() as session:
        assert [profile.id for profile in profiles.load(session, [*ids, ids[0]])] == sorted(ids)
        assert profiles.load(session, []) == []
