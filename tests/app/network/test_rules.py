from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.actors import Actor, Grant, Role
from app.network import rules
from app.network.rules import Balance, Standing, Thresholds
from app.settings import Settings
from tests.matching.strategies import examples

DAYS = Thresholds(30, 60, 365)
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize("role", Role)
def test_only_who_oversees_sees_the_network(role: Role) -> None:
    actor = Actor("user", None, "x", (Grant(role),))
    assert rules.can_see_network(actor) == (role in (Role.COORDINATOR, Role.ADMINISTRATOR))


@pytest.mark.parametrize(
    ("approved", "quiet", "expected"),
    [
        (0, 0, Standing.NEW),
        (29, 29, Standing.NEW),
        (30, 30, Standing.ANSWERING),
        (400, 59, Standing.ANSWERING),
        (400, 60, Standing.SILENT),
        (400, 364, Standing.SILENT),
        (400, 365, Standing.DORMANT),
        # a company that was proposed long ago and has just been approved has done nothing for as long
        (1, 365, Standing.DORMANT),
        (1, 100, Standing.NEW),
    ],
)
def test_a_company_stands_by_its_days(approved: int, quiet: int, expected: Standing) -> None:
    found = rules.standing(TODAY - timedelta(approved), TODAY - timedelta(quiet), TODAY, DAYS)
    assert found is expected


def test_thresholds_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="must be less than BOTTEGA_COMPANY_DORMANT_DAYS"):
        Settings(company_silent_days=90, company_dormant_days=90)
    assert Thresholds.of(Settings()) == DAYS


@pytest.mark.parametrize(
    ("seats", "students", "expected"),
    [
        (0, 0, Balance.NO_SEATS), (0, 9, Balance.NO_SEATS), (4, 0, Balance.STUDENTS_LACK), (4, 3, Balance.STUDENTS_LACK),
        (4, 4, Balance.EVEN), (4, 12, Balance.EVEN), (4, 13, Balance.SEATS_LACK),
    ],
)  # fmt: skip
def test_what_is_lacking(seats: int, students: int, expected: Balance) -> None:
    assert rules.balance(seats, students) is expected


@pytest.mark.parametrize(("fitting", "seats", "few"), [(9, 2, True), (10, 2, False), (0, 1, True)])
def test_few_want_what_has_less_than_five_for_a_seat(fitting: int, seats: int, few: bool) -> None:
    assert rules.do_few_fit(fitting, seats, 5) is few


_people = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=40)


@examples(100)
@given(_people)
def test_no_cell_but_the_last_is_small_and_everybody_is_in_one(people: list[tuple[str, str]]) -> None:
    found = rules.cells(people, [lambda one: one, lambda one: one[1], lambda _: "rest"])
    assert Counter(one for cell in found.values() for one in cell) == Counter(people)
    assert all(len(cell) >= rules.LEAST for name, cell in found.items() if name != "rest")
    # In a coarse cell is only who was in too small a fine one.
    small = {one for one, number in Counter(people).items() if number < rules.LEAST}
    coarse = [one for name, cell in found.items() if not isinstance(name, tuple) for one in cell]
    assert set(coarse) <= small


@pytest.mark.parametrize(
    ("text", "good"), [("x", True), ("", False), ("x" * 2000, True), ("x" * 2001, False), ("a\0b", False)]
)
def test_what_a_note_can_say(text: str, good: bool) -> None:
    assert rules.is_note(text) is good
