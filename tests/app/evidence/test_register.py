"""Students who have found nothing: which reason counts, and that no few of them can be worked out from any table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from app.actors import service_areas
from app.auth.actors import Actor, Grant, Role
from app.evidence import register, service_register
from app.evidence.register import Nothing, Unmet
from app.evidence.service_needs import Wanted
from app.evidence.service_register import Register
from app.evidence.suppression import LEAST
from app.network.rules import told
from app.network.service import NotYourNetwork
from app.opportunities.models import Kind, OpportunityEligibility, OpportunitySkill, SkillRole, Status
from tests.app.network.conftest import BOLOGNA, MILAN, World, world
from tests.factories import NOW, Factory
from tests.matching.strategies import examples
from tests.queries import count_queries

__all__ = ["world"]


def read(world: World, actor: Actor = BOLOGNA, wanted: Wanted = Wanted()) -> Register:  # noqa: B008
    with world.make.database.read() as session:
        question = service_register.ask(session, actor, world.surveyor, now=NOW)
    return service_register.show(world.surveyor, question, wanted)


def reasons(found: Register) -> dict[str, int | None]:
    return {str(reason): number for reason, number in found.total.reasons.items() if number}


def refuse(make: Factory, student: Any, offer: Any, **values: Any) -> None:
    ended = {"ended_at": NOW, "ended_by": "user:x", "ended_for": "company", "end_reason": "seats_given"}
    make.application(student, offer, state="rejected", due_at=None, **ended, **values)


def test_each_student_counts_once_with_the_first_reason(world: World) -> None:
    make = world.make
    course = make.opportunity(world.company, kind=Kind.TRAINING, title="PLC in un mese")
    make.add(
        OpportunitySkill(opportunity_id=course.id, skill_id="plc-programming", role=SkillRole.TAUGHT, level=3)
    )
    make.change(course)
    hard = world.offer("plc-programming", seats=9)
    beginners = world.students(6)
    able = world.students(7, "plc-programming")
    found = read(world)
    assert reasons(found) == {"skills": 5, "not_asked": 5}
    [lacked] = found.skills
    assert (lacked.skill.key, lacked.students) == ("plc-programming", 5)
    assert [way.id for way in lacked.trainings] == [course.id]

    for student in beginners:
        refuse(make, student, hard)
    make.application(able[0], hard)  # still open: the student has not found nothing yet
    make.placement(able[1], hard, starts_on=NOW.date())
    found = read(world)
    assert reasons(found) == {"refused": 5, "not_asked": 5}
    assert (found.total.students, found.skills) == (10, [])


@pytest.mark.parametrize("reason", ["full", "dates", "reach", "not_admitted"])
def test_who_sees_nothing_is_told_what_is_in_the_way(world: World, reason: str) -> None:
    make = world.make
    far = {"latitude": 45.46, "longitude": 9.19}
    values: dict[str, dict[str, Any]] = {
        "full": {"seats": 1, "seats_taken": 1, "status": Status.FULL},
        "dates": {"min_age": 60},
        "reach": far,
        "not_admitted": {},
    }
    if reason == "reach":
        make.municipality("015146", name="Milano", province_code="MI", cadastral="F205", **far)
        values["reach"] = {"municipality_istat": "015146"}
    offer = world.offer(seats=values[reason].pop("seats", 9), **values[reason])
    if reason == "not_admitted":
        make.add(OpportunityEligibility(opportunity_id=offer.id, school_kind="its"))
        make.change(offer)
    world.students(6, max_km=10)
    assert reasons(read(world)) == {reason: 5}


def test_months_count_who_asked_then_and_got_nothing(world: World) -> None:
    offer, late = world.offer("plc-programming", seats=99), NOW - timedelta(days=40)
    for student in world.students(6, "plc-programming"):
        refuse(world.make, student, offer, created_at=late)
    every, track, *_ = read(world).months
    assert [every.months, track.months] == [[*[0] * 11, 5]] * 2


def test_what_is_wanted_leaves_lines_out_and_changes_no_number(world: World) -> None:
    make = world.make
    other = make.school_class(programme_id=make.programme("it-c1", title_it="Meccanica").id)
    world.students(7)
    world.students(8, of=other)
    whole = read(world)
    assert {one.key: one.students for one in whole.tracks} == {"it-c3-automazione": 5, "it-c1": 5, "": 0}
    some = read(world, wanted=Wanted(track="it-c1", district="037006", skill="none"))
    assert some.tracks == [one for one in whole.tracks if one.key == "it-c1"]
    assert some.districts == [one for one in whole.districts if one.key == "037006"]
    assert [one.key for one in some.months] == ["", "it-c1"]
    assert (some.total, some.skills) == (whole.total, [])


def test_districts_of_the_territory_have_their_names(world: World) -> None:
    territory_id = world.make.territory().id
    grant = Grant(Role.COORDINATOR, territory_id=territory_id, provinces=frozenset({"BO"}))
    silvia = Actor("user", None, "Silvia", (grant,))
    centre = {"key": "centro", "it": "Centro", "en": "Centre", "municipalities": ["037006"]}
    with world.make.database.write() as session:
        service_areas.edit(session, silvia, territory_id, {"districts": [centre]}, now=NOW)
    world.students(6)
    found = read(world, silvia)
    assert [(found.names[one.key].en, one.students) for one in found.districts] == [
        ("Centre", 5), ("Others, few of each", 0),
    ]  # fmt: skip


def test_another_territory_has_a_register_of_its_own(world: World) -> None:
    world.students(6)
    assert read(world, MILAN).total.students == 0
    with pytest.raises(NotYourNetwork):
        read(world, Actor("user", None, "x"))


def test_as_many_queries_for_one_student_as_for_many(world: World) -> None:
    def count() -> int:
        with world.make.database.read() as session, count_queries(world.make.database) as queries:
            service_register.ask(session, BOLOGNA, world.surveyor, now=NOW)
        return queries.count

    offer = world.offer(seats=1, seats_taken=1, status=Status.FULL)
    refuse(world.make, *world.students(1), offer)
    read(world)
    before = count()
    full = world.offer(seats=1, seats_taken=1, status=Status.FULL)
    for student in world.students(5):
        refuse(world.make, student, full)
    read(world)
    assert count() == before


# --- nobody is worked out ---------------------------------------------------------------------------------------------

TRACKS, DISTRICTS = ["a", "b", ""], ["x", "y", ""]
CELLS = [(track, district, reason) for track in TRACKS for district in DISTRICTS for reason in Nothing]
PEOPLE = st.lists(st.sampled_from([0, 0, 0, 1, 2, 4, 5, 7, 16]), min_size=len(CELLS), max_size=len(CELLS))


def rows(found: register.Tables) -> Iterable[tuple[dict[str, Any], int]]:
    """What is told, as a condition on the cells and the least of its people."""
    for line, of in [
        (found.total, {}), *((line, {"track": line.key}) for line in found.tracks),
        *((line, {"district": line.key}) for line in found.districts),
    ]:  # fmt: skip
        for value, where in [(line.students, of), *((value, of | {"reason": reason}) for reason, value in line.reasons.items())]:  # fmt: skip
            if value is not None:
                yield where, value


SECONDS, OUT_OF_TIME = 0.5, 1
"""Programs in whole numbers are seldom hard, and then for minutes: those are given up."""


def mask(where: Mapping[str, Any], more: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(
        [
            all(dict(zip(("track", "district", "reason"), cell, strict=True))[name] == key for name, key in where.items())
            for cell in CELLS
        ] + [False] * more, float,
    )  # fmt: skip


def spread(
    aim: np.ndarray,  # type: ignore[type-arg]
    known: list[tuple[np.ndarray, int]],  # type: ignore[type-arg]
) -> float:
    """How many whole values of a sum of cells agree with all that is known; so many that nobody finds them in time is many."""
    low = np.array([value for _, value in known])
    sums = np.array([of for of, _ in known])
    ends = []
    for sign in (1, -1):
        solved = milp(
            sign * aim, bounds=Bounds(0, 999), integrality=1, options={"time_limit": SECONDS},
            constraints=LinearConstraint(sums, low, low + LEAST - 1),
        )  # fmt: skip
        if solved.status == OUT_OF_TIME:
            return inf
        ends.append(round(sign * solved.fun))
    return ends[1] - ends[0] + 1


@examples(25)
@given(PEOPLE, st.data())
def test_no_few_students_are_worked_out_from_both_tables(counts: list[int], data: st.DataObject) -> None:
    unmet = [Unmet(*cell) for cell, number in zip(CELLS, counts, strict=True) for _ in range(number)]
    found = register.tables(TRACKS, DISTRICTS, unmet)
    known = [(mask(where), value) for where, value in rows(found)]
    for where, value in rows(found):
        assert value == told(round(float(mask(where) @ counts)))
    wheres = [
        {name: key, "reason": reason}
        for name, keys in (("track", TRACKS), ("district", DISTRICTS))
        for key in keys
        for reason in Nothing
    ]
    small = [where for where in wheres if mask(where) @ counts < LEAST]
    for where in data.draw(st.permutations(small))[:2] if small else ():
        assert spread(mask(where), known) >= LEAST, where


def known_of_track_a(counts: list[int], met: int) -> list[tuple[np.ndarray, int]]:  # type: ignore[type-arg]
    """The register, and what the page of gaps tells of the same track: all its students, and whom no internship fits."""
    unmet = [Unmet(*cell) for cell, number in zip(CELLS, counts, strict=True) for _ in range(number)]
    known = [(mask(where, 1), value) for where, value in rows(register.tables(TRACKS, DISTRICTS, unmet))]
    everybody, unfit = mask({"track": "a"}, 1), mask({"track": "a"}, 1)
    everybody[-1] = 1  # who has found something is of the track as well
    unfit *= [cell[2] not in register.ASKED_OR_FIT for cell in CELLS] + [False]
    return [*known, *((of, told(round(float(of @ [*counts, met])))) for of in (everybody, unfit))]


@examples(15)
@given(PEOPLE, st.sampled_from([0, 0, 1, 3, 9]), st.data())
def test_the_other_direction_tells_no_more(counts: list[int], met: int, data: st.DataObject) -> None:
    known = known_of_track_a(counts, met)
    wheres = [{"track": "a", "reason": reason} for reason in Nothing]
    small = [where for where in wheres if mask(where) @ counts < LEAST]
    for where in data.draw(st.permutations(small))[:2] if small else ():
        assert spread(mask(where, 1), known) >= LEAST, where


def test_what_the_other_direction_once_told() -> None:
    """Those without an internship that fits, and all of the track: the few who were refused had three values left."""
    people = {
        ("a", "x", Nothing.NOT_ASKED): 4, ("a", "x", Nothing.FULL): 4, ("a", "x", Nothing.DATES): 4,
        ("a", "y", Nothing.FULL): 1, ("a", "y", Nothing.DATES): 1, ("a", "y", Nothing.NOT_ADMITTED): 4,
        ("a", "", Nothing.REFUSED): 4, ("a", "", Nothing.NOT_ASKED): 1, ("a", "", Nothing.REACH): 16,
        ("a", "", Nothing.NOT_ADMITTED): 5, ("b", "y", Nothing.REFUSED): 4, ("", "", Nothing.REFUSED): 2,
    }  # fmt: skip
    refused = mask({"track": "a", "reason": Nothing.REFUSED}, 1)
    assert spread(refused, known_of_track_a([people.get(cell, 0) for cell in CELLS], 0)) >= LEAST


@given(st.lists(st.sampled_from([0, 1, 2, 4, 4, 5, 9, 30]), min_size=5, max_size=5))
def test_a_month_tells_of_no_few(counts: list[int]) -> None:
    keys = ["a", "b", "c", "d", ""]
    refused = [(key, 0) for key, number in zip(keys, counts, strict=True) for _ in range(number)]
    every, *lines = (one.months[0] for one in register.by_month(keys, 1, refused))
    known = [(np.eye(5)[at], value) for at, value in enumerate(lines) if value is not None]
    known += [(np.ones(5), every)] if every is not None else []
    for at, number in enumerate(counts):
        if number < LEAST:
            assert spread(np.eye(5)[at], known) >= LEAST


def test_skills_of_few_are_left_out() -> None:
    lacked = [{"plc"}] * 7 + [{"plc", "cad"}] * 3
    assert register.lacking(lacked, 9) == [("plc", 10)]


def test_small_groups_stand_together() -> None:
    keys = Counter({f"{number:02d}": 20 - number for number in range(15)}) + Counter({"": 99})
    assert register.groups(keys.elements()) == [*(f"{number:02d}" for number in range(11)), ""]
