from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.network import service_indicators as indicators
from app.network.definitions import DEFINITIONS
from app.opportunities.models import Kind
from tests.app.network.conftest import BOLOGNA, MILAN, World
from tests.factories import NOW
from tests.queries import count_queries

EMPTY = {one.code: None if one.unit == "share" else 0 for one in DEFINITIONS}


def read(world: World, start_year: int = 2025, actor: object = BOLOGNA) -> dict[str, float | None]:
    with world.make.database.read() as session:
        year = indicators.read(session, actor, start_year=start_year, now=NOW)  # type: ignore[arg-type]
    return {one.code: one.value for one in year.indicators}


def test_the_figures_of_a_year(world: World) -> None:
    make = world.make
    last_year = NOW - timedelta(days=200)
    make.company(name="old", approved_at=last_year, size="large", answer_due_on=last_year.date())
    make.company(name="late", size="small", answer_due_on=NOW.date() - timedelta(days=1))
    small = make.company(name="in time", size="micro", answer_due_on=NOW.date())
    large = make.company(name="large", size="large", answer_due_on=NOW.date())
    make.opportunity(small, seats=4)
    make.opportunity(small, seats=30, kind=Kind.VISIT)
    asked = make.opportunity(large, seats=3)
    make.opportunity(large, seats=50, published_at=last_year)
    students = world.students(11)
    world.students(5, archived_at=NOW)
    for student in students[:6]:
        accepted = {
            f"{who}_accepted_{what}": NOW if what == "at" else "user:x"
            for who in ("student", "school")
            for what in ("at", "by")
        }
        make.disclosure(student, asked, **(accepted if student is not students[0] else {}))
    found = read(world)
    assert found == {
        "companies_approved": 4, "answered_in_time": found["answered_in_time"], "companies_offering": 2,
        "small_companies_offering": 0.5, "internships": 2, "internship_seats": 7, "visits": 1, "visit_seats": 30,
        "trainings": 0, "training_seats": 0, "municipalities": 1, "students": 10, "students_asked_for": 5,
        "students_told": 5,
    }  # fmt: skip
    assert read(world, 2024)["internship_seats"] == 50
    assert read(world, 2020) == EMPTY
    assert read(world, actor=MILAN) == EMPTY


def test_a_share_of_answers_in_time(world: World) -> None:
    with world.make.database.write() as session:
        session.merge(world.company).answer_due_on = NOW.date()
    for days in (0, 1, 1):
        world.make.company(answer_due_on=NOW.date() - timedelta(days=days))
    assert read(world)["answered_in_time"] == 0.5


@pytest.mark.parametrize("number", [1, 3])
def test_a_year_takes_four_queries(world: World, number: int) -> None:
    for _ in range(number):
        world.students(1)
        world.offer()
    with world.make.database.read() as session, count_queries(world.make.database) as queries:
        year = indicators.read(session, BOLOGNA, start_year=2025, now=NOW)
    assert (queries.count, year.is_over) == (4, False)


def test_every_figure_has_its_definition() -> None:
    assert len({one.code for one in DEFINITIONS}) == len(DEFINITIONS)
    assert all(one.meaning_it.endswith(".") and one.meaning_en.endswith(".") for one in DEFINITIONS)
    assert date(2026, 1, 12) == NOW.date()  # within the year that the tests count
