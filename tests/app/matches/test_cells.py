from collections import Counter
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matches import cells
from app.matches.cells import Cell
from app.students.profiles import Profile, ProfileSkill
from matching import Ranked, Reason

LINES = {"auto": ("auto", "elettro", "tecnico"), "energia": ("energia", "mecc", "tecnico"), "": ()}


def profile(number: int, programme: str = "auto", year: int = 4, province: str = "BO") -> Profile:
    return Profile(
        id=UUID(int=number), version=1, school_id=UUID(int=1), class_id=UUID(int=2), municipality_istat="037006",
        province_code=province, latitude=44.5, longitude=11.3, max_km=None,
        skills=(ProfileSkill("plc", 2, "declared"), ProfileSkill("cad", 2, "curriculum"), ProfileSkill("cnc", 1, "curriculum")),
        interests=(), availabilities=(), programmes=LINES[programme], school_kind="technical", sector="", year=year,
        born_on=date(2008, 5, 4), hours_owed=0,
    )  # fmt: skip


def pool(*groups: tuple[int, str, int, str]) -> list[Profile]:
    found: list[Profile] = []
    for size, programme, year, province in groups:
        found += [profile(len(found) + place, programme, year, province) for place in range(1, size + 1)]
    return found


@pytest.mark.parametrize(
    ("groups", "last"),
    [
        ([(3, "auto", 4, "BO")], Cell("auto", 4, 4, "BO")),
        ([(3, "auto", 4, "BO"), (2, "auto", 5, "BO"), (1, "auto", 3, "BO")], Cell("auto", 3, 6, "BO")),
        ([(9, "auto", 4, "BO"), (2, "energia", 5, "BO"), (1, "auto", 3, "BO")], Cell("tecnico", 3, 6, "BO")),
        ([(2, "auto", 1, "BO"), (1, "auto", 2, "BO")], Cell("auto", 1, 2, "BO")),
        ([(2, "auto", 1, "BO"), (1, "energia", 5, "BO")], Cell(None, None, None, "BO")),
        ([(9, "auto", 4, "BO"), (1, "auto", 4, "RN")], Cell()),
        ([(1, "", 4, "BO")], Cell()),
    ],
)
def test_descriptions_are_as_coarse_as_it_takes(groups: list[tuple[int, str, int, str]], last: Cell) -> None:
    students = pool(*groups)
    assert cells.of_pool(students)[students[-1].id] == last


def test_a_rare_student_is_not_merged_with_those_who_are_told_exactly() -> None:
    # Were the nine counted too, "last three years" beside nine "year 4" would mean the one who is in year 5.
    students = pool((9, "auto", 4, "BO"), (1, "auto", 5, "BO"))
    assert cells.of_pool(students)[students[-1].id] == Cell()


places = st.tuples(
    st.integers(1, 4), st.sampled_from(sorted(LINES)), st.integers(1, 6), st.sampled_from(["BO", "RN"])
)


@given(st.lists(places, max_size=12))
def test_no_description_is_shared_by_one_or_two(groups: list[tuple[int, str, int, str]]) -> None:
    students = pool(*groups)
    found = cells.of_pool(students)
    assert found.keys() == {student.id for student in students}
    sizes = Counter(found.values())
    assert {cell for cell, size in sizes.items() if size < cells.LEAST} <= {Cell()}


def test_a_coarse_description_keeps_the_skills_of_the_course_to_itself() -> None:
    student = profile(1)
    exact, coarse = Cell("auto", 4, 4, "BO"), Cell("auto", 3, 6, "BO")
    names = [[one["skill_id"] for one in cells.skills(student, cell, {"cnc"})] for cell in (exact, coarse)]
    assert names == [["plc", "cad", "cnc"], ["plc", "cnc"]]
    assert (exact.told()["year"], coarse.told()["year"]) == (4, None)


@pytest.mark.parametrize(
    ("cell", "km", "codes", "gap", "parts"),
    [
        (Cell("auto", 4, 4, "BO"), 5.0, ["programme_named", "travel_near", "hours"], "travel_far", {"programme", "travel", "hours"}),
        (Cell("auto", 3, 6, "BO"), 5.0, ["travel_near", "hours"], "travel_far", {"travel", "hours"}),
        (Cell(), None, ["hours"], None, {"hours"}),
    ],
)  # fmt: skip
def test_a_line_says_no_more_than_the_description(
    cell: Cell, km: float | None, codes: list[str], gap: str | None, parts: set[str]
) -> None:
    told = cells.line(RANKED, cell)
    assert (told.travel_km, [one.code for one in told.reasons]) == (km, codes)
    assert (told.gap.code if told.gap else None, set(told.parts)) == (gap, parts)
    assert cells.line(replace(RANKED, gap=None), cell).gap is None


RANKED = Ranked(
    "internship", 0.61803, {"programme": 1.0, "travel": 0.8668, "hours": 0.5123},
    (Reason("programme_named"), Reason("travel_near", {"km": 7}), Reason("hours", {"hours": 80})),
    Reason("travel_far", {"km": 7, "max_km": 12}), 7.4, 11.0,
)  # fmt: skip


def test_a_line_has_no_number_that_leads_to_a_municipality() -> None:
    told = cells.line(RANKED, Cell("auto", 4, 4, "BO"))
    assert (told.score, told.travel_minutes) == (0.62, None)
    assert told.parts == {"programme": 1.0, "travel": 0.9, "hours": 0.5}
    assert [dict(one.values) for one in told.reasons] == [{}, {"km": 5}, {"hours": 80}]
    assert told.gap == Reason("travel_far", {"km": 5, "max_km": 10})


def test_who_lives_in_the_very_place_is_near() -> None:
    here = replace(RANKED, reasons=(Reason("travel_here"),), travel_km=0.0)
    told = cells.line(here, Cell("auto", 4, 4, "BO"))
    assert (told.travel_km, told.reasons) == (5.0, (Reason("travel_near", {"km": 5}),))
