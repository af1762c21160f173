from __future__ import annotations

from datetime import date

import pytest

from app.auth.actors import Actor, Grant, Role
from app.network import rules
from app.network.rules import Balance
from app.network.service import NotYourNetwork
from app.network.service_supply import Row, compare
from app.opportunities.models import Kind, OpportunityEligibility, Status
from app.students.models import Student
from tests.app.network.conftest import ADMINISTRATOR, BOLOGNA, MILAN, World


def by_key(rows: list[Row]) -> dict[str, tuple[int, int, int]]:
    return {row.key: (row.opportunities, row.seats, row.students) for row in rows}


def test_seats_stand_against_students_who_hold_and_lack_the_skill(world: World) -> None:
    world.students(7, "plc-programming")
    world.students(11)
    world.offer("plc-programming", seats=9, seats_taken=1)
    world.offer("plc-programming", "cnc-turning", seats=3)
    world.offer("cnc-turning", kind=Kind.TRAINING, seats=50)
    found = compare(world.survey(), Kind.INTERNSHIP)
    assert [row._asdict() for row in found.skills] == [
        {
            "key": "cnc-turning", "it": "cnc turning", "en": "cnc turning", "opportunities": 1, "seats": 3,
            "students": 0, "lacking": 15, "level": 3, "latitude": None, "longitude": None,
        },
        {
            "key": "plc-programming", "it": "plc programming", "en": "plc programming", "opportunities": 2, "seats": 11,
            "students": 5, "lacking": 10, "level": 3, "latitude": None, "longitude": None,
        },
    ]  # fmt: skip
    assert [(row.balance, row.students_per_seat) for row in found.skills] == [
        (Balance.STUDENTS_LACK, 0.0),
        (Balance.STUDENTS_LACK, 0.5),
    ]
    assert found[3:6] == (2, 11, 15)
    assert compare(world.survey(), None)[3:6] == (3, 61, 15)


def test_a_single_student_shows_nowhere(world: World) -> None:
    world.students(6, "plc-programming")
    world.offer("plc-programming")
    before = compare(world.survey(), None)
    imola = world.make.municipality("037032", name="Imola")
    other = world.make.school_class(programme_id=world.make.programme("it-c1", title_it="Meccanica").id)
    world.students(1, "plc-programming", of=other, municipality_istat=imola.istat)
    after = compare(world.survey(), None)
    assert after.skills == before.skills
    assert "037032" not in by_key(after.districts)
    assert "it-c1" not in by_key(after.programmes)


def test_without_the_least_a_single_student_would_show(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LEAST", 1)
    imola = world.make.municipality("037032", name="Imola")
    world.students(6)
    world.students(1, municipality_istat=imola.istat)
    assert by_key(compare(world.survey(), None).districts) == {"037006": (0, 0, 6), "037032": (0, 0, 1)}


def test_programmes_count_the_seats_that_admit_them(world: World) -> None:
    other = world.make.school_class(programme_id=world.make.programme("it-c1", title_it="Meccanica").id)
    world.students(5)
    world.students(6, of=other)
    world.offer(seats=4)
    only = world.offer(seats=7)
    world.make.add(OpportunityEligibility(opportunity_id=only.id, programme_id="it-c1", year=5))
    world.make.change(only)
    assert by_key(compare(world.survey(), None).programmes) == {
        "it-c3-automazione": (1, 4, 5),
        "it-c1": (2, 11, 5),
    }


def test_districts_are_municipalities_and_the_rest_of_their_province(world: World) -> None:
    make = world.make
    for istat, name in (("037032", "Imola"), ("037001", "Altedo"), ("037002", "Budrio")):
        make.municipality(istat, name=name, cadastral=f"B{istat[3:]}")
    world.students(5)
    world.students(4, municipality_istat="037032")
    world.students(3, municipality_istat="037001")
    world.offer(seats=2)
    world.offer(seats=3, municipality_istat="037032")
    world.offer(seats=4, municipality_istat="037002")
    world.offer(seats=5, municipality_istat=None, is_online=True)
    supply = compare(world.survey(), None)
    found = supply.districts
    assert by_key(supply.spots) == {"037032": (1, 3, 0), "037002": (1, 4, 0)}
    assert by_key(found) == {"037006": (1, 2, 5), "BO": (2, 7, 5), "online": (1, 5, 10)}
    assert {row.key: row.latitude is not None for row in found} == {
        "037006": True,
        "BO": False,
        "online": False,
    }


def test_a_territory_ends_at_its_walls(world: World) -> None:
    make = world.make
    milan = make.municipality("015146", name="Milano", province_code="MI", cadastral="F205")
    there = make.school_class(make.school(municipality_istat=milan.istat))
    world.students(5)
    world.students(10, of=there)
    world.offer(seats=2)
    world.offer(seats=3, company=make.company(municipality_istat=milan.istat), municipality_istat=milan.istat)
    world.offer(seats=50, status=Status.DRAFT, published_at=None, published_by=None)
    assert [compare(world.survey(actor), None)[3:6] for actor in (BOLOGNA, MILAN, ADMINISTRATOR)] == [
        (1, 2, 5),
        (1, 3, 10),
        (2, 5, 15),
    ]


def test_who_is_not_ranked_is_not_counted(world: World) -> None:
    world.students(5)
    world.students(5, is_ranked=False)
    assert compare(world.survey(), None).students == 5


def test_the_survey_is_kept_until_something_changes(world: World) -> None:
    [student, *_] = world.students(5)
    world.offer("plc-programming")
    first = world.survey().surveyed
    assert world.survey(MILAN).surveyed is first
    world.offer("plc-programming")
    second = world.survey().surveyed
    assert second is not first
    with world.make.database.write() as session:
        session.get_one(Student, student.id).born_on = date(2009, 1, 1)
    assert world.survey().surveyed is not second


def test_nobody_else_sees_the_figures(world: World) -> None:
    for role in set(Role) - {Role.COORDINATOR, Role.ADMINISTRATOR}:
        with pytest.raises(NotYourNetwork):
            world.survey(Actor("user", None, "x", (Grant(role),)))
