from __future__ import annotations

from datetime import timedelta

import pytest

from app.auth.actors import Actor
from app.network import service, service_gaps
from app.network.service_gaps import Calls, Uncalled, Unwanted
from app.opportunities.models import Kind
from app.wishes.models import Wish
from tests.app.network.conftest import BOLOGNA, MILAN, World
from tests.factories import NOW


def calls(world: World) -> Calls:
    with world.make.database.read() as session:
        question = service_gaps.ask_for_calls(session, BOLOGNA, world.surveyor, now=NOW)
    return service_gaps.calls(service.look(world.surveyor, question.territory), question.asked_for)


def unwanted(world: World, actor: Actor = BOLOGNA, kind: Kind | None = None) -> list[Unwanted]:
    with world.make.database.read() as session:
        choices = service_gaps.ask_for_choices(session, now=NOW)
    return service_gaps.unwanted(world.survey(actor), choices, students_per_seat=5, kind=kind)


def test_what_few_fit_comes_with_those_fewest_for_a_seat_first(world: World) -> None:
    world.students(4, "cnc-turning")
    world.students(9, "plc-programming")
    enough = world.offer("plc-programming", seats=1, title="enough")
    few = world.offer("plc-programming", seats=2, title="few")
    nobody = world.offer("cnc-turning", seats=1, title="nobody")
    world.offer("cnc-turning", kind=Kind.VISIT, seats=1, seats_taken=1, title="full", status="full")
    found = unwanted(world)
    assert [(one.card["id"], *one[1:]) for one in found] == [
        (str(nobody.id), 1, 0, 10, 0, False),
        (str(few.id), 2, 5, 10, 0, False),
    ]
    assert str(enough.id) not in {one.card["id"] for one in found}
    assert unwanted(world, kind=Kind.VISIT) == []
    assert unwanted(world, MILAN) == []


def test_what_nobody_chooses_for_two_weeks_is_unwanted_however_many_fit(world: World) -> None:
    make, able = world.make, world.students(9, "plc-programming")
    ignored, saved, asked = (
        world.offer("plc-programming", seats=1, title=title, published_at=NOW - timedelta(days=15))
        for title in ("ignored", "saved", "asked")
    )
    hard = world.offer("cnc-turning", seats=1, title="hard", published_at=NOW - timedelta(days=15))
    world.offer("plc-programming", seats=1, title="new", published_at=NOW - timedelta(days=13))
    make.add(Wish(student_id=able[0].id, opportunity_id=saved.id, created_at=NOW))
    make.application(able[1], asked)
    for student in able[:6]:
        make.add(Wish(student_id=student.id, opportunity_id=hard.id, created_at=NOW))
    make.application(able[0], hard)  # the same student, who counts once
    assert [(one.card["id"], one.choosing, one.is_ignored) for one in unwanted(world)] == [
        (str(hard.id), 5, False),
        (str(ignored.id), 0, True),
    ]


def test_students_whom_nobody_calls_are_counted_in_fives(world: World) -> None:
    make = world.make
    other = make.school(name="Altra")
    there = make.school_class(other, programme_id=make.programme("it-c1", title_it="Meccanica").id)
    able = world.students(6, "plc-programming")
    world.students(7, of=there)
    offer = world.offer("plc-programming", seats=3)
    world.offer("cnc-turning", kind=Kind.VISIT)
    for student in able[:2]:
        make.disclosure(student, offer)
    # one of last school year is no call of this one
    make.disclosure(able[2], offer, requested_at=NOW - timedelta(days=200))
    found = calls(world)
    assert found.total == Uncalled("", "Tutti", "All", 10, 5, 10)
    here = world.school_class.school_id
    assert {row.key: row[3:] for row in found.schools} == {str(here): (5, 0, 0), str(other.id): (5, 5, 5)}
    assert {row.key: row[3:] for row in found.programmes} == {
        "it-c3-automazione": (5, 0, 0),
        "it-c1": (5, 5, 5),
    }
    assert {row.key: row[3:] for row in found.districts} == {"037006": (10, 5, 10)}


@pytest.mark.parametrize("more", [0, 1, 3])
def test_few_students_of_a_school_are_counted_with_others(world: World, more: int) -> None:
    world.students(5)
    small = [world.make.school_class(world.make.school(name=f"Piccola {number}")) for number in range(2)]
    world.students(2, of=small[0])
    world.students(more, of=small[1])
    found = calls(world)
    assert {row.it for row in found.schools} & {"Piccola 0", "Piccola 1"} == set()
    [others] = [row for row in found.schools if not row.key]
    assert others.students == (5 if more == 3 else 0)
