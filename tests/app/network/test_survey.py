"""A survey that is made again out of the one before is the same as one that is made anew."""

from __future__ import annotations

import numpy as np
import pytest

from app.matches.engine import Engine
from app.matches.survey import Surveyor
from app.network.service import Territory
from app.settings import Settings
from app.students.models import Evidence, Student, StudentSkill
from tests.app.network.conftest import BOLOGNA, World
from tests.factories import NOW


@pytest.mark.parametrize("change", ["skill", "came", "went", "offer", "seats", "both", "nothing"])
def test_what_has_changed_is_judged_again(world: World, settings: Settings, change: str) -> None:
    make = world.make
    students = [*world.students(3, "plc-programming"), *world.students(2)]
    offer, _ = world.offer("plc-programming", seats=3), world.offer("cnc-turning")
    world.survey()
    if change in ("skill", "both"):
        make.add(
            StudentSkill(
                student_id=students[4].id, skill_id="cnc-turning", level=3, evidence=Evidence.VALIDATED
            )
        )
        with make.database.write() as session:
            session.get_one(Student, students[4].id).version += 1
    if change == "came":
        world.students(2, "cnc-turning")
    if change == "went":
        with make.database.write() as session:
            session.delete(session.get_one(Student, students[0].id))
    if change in ("offer", "both"):
        world.offer("cnc-turning", "plc-programming")
    if change == "seats":
        make.change(offer, seats_taken=3)
    again, anew = world.survey(), fresh(world, settings)
    assert [again.profile(line).id for line in again.students] == [
        anew.profile(line).id for line in anew.students
    ]
    columns = {one.id: column for column, one in enumerate(again.surveyed.tables.opportunities)}
    order = [columns[one.id] for one in anew.surveyed.tables.opportunities]
    for name in ("visible", "fit"):
        one, other = (getattr(found.surveyed.tables, name) for found in (again, anew))
        assert np.array_equal(one[:, order], other), name
    held, expected = again.surveyed.tables.holders, anew.surveyed.tables.holders
    assert held.keys() == expected.keys()
    assert all(np.array_equal(held[need], expected[need]) for need in held)


def fresh(world: World, settings: Settings) -> Territory:
    """The survey of a process that has just begun."""
    return World(
        world.make, Surveyor(Engine(settings, lambda: NOW)), world.school_class, world.company
    ).survey(BOLOGNA)


def test_a_survey_is_warm_before_anybody_asks(world: World) -> None:
    world.students(1)
    world.surveyor.warm_up(world.make.database)
    warm = world.surveyor.look
    with world.make.database.read() as session:
        question = world.surveyor.ask(session)
    assert warm(question) is warm(question)
