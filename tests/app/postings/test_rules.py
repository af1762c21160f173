"""Titles, days a year ahead, parts of the day, and medians that tell of nobody."""

from __future__ import annotations

from collections import Counter
from datetime import date, time
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.companies.models import SizeBand
from app.dates import PartName
from app.opportunities.models import Kind, SkillRole, Status
from app.opportunities.schemas import OpportunityIn, OpportunitySpanIn
from app.postings import rules
from app.postings.rules import Cell, Effort

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Cerchiamo un tornitore", "Cerchiamo un tornitore"),
        ("  Due ragazzi\nper il tornio.", "Due ragazzi"),
        ("Cerchiamo due ragazzi per i quadri, " + "parola " * 20, "Cerchiamo due ragazzi per i quadri"),
        ("x" * 200, "x" * 80),
        ("…!", "…"),
    ],
)
def test_a_title_is_the_first_sentence(text: str, title: str) -> None:
    assert rules.title_of(text) == title


def test_what_a_text_names_shuts_nobody_out() -> None:
    assert {rules.role_of(kind) for kind in Kind} == {SkillRole.WANTED, SkillRole.TAUGHT}


def test_only_a_draft_is_not_renewed() -> None:
    assert [status for status in Status if not rules.can_renew(status)] == [Status.DRAFT]


@given(DAYS, DAYS)
def test_days_move_ahead_to_the_same_weekday_about_the_same_date(first: date, today: date) -> None:
    moved = first + rules.shift_to_next_year(first, today)
    assert moved > today
    assert moved > first
    assert moved.weekday() == first.weekday()
    anniversaries = [first.replace(year=year, day=min(first.day, 28)) for year in range(first.year + 1, 2045)]
    assert min(abs((moved - one).days) for one in anniversaries) <= 7
    # Not a year too late: a year before it would be over, or would be no year ahead.
    assert (moved - max(first, today)).days <= 375


def test_a_renewal_moves_everything_together() -> None:
    span = OpportunitySpanIn(starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 20))
    old = OpportunityIn(
        company_id=uuid4(), kind=Kind.INTERNSHIP, title="T", spans=[span], closes_on=date(2026, 2, 16)
    )
    new = rules.moved_ahead(old, date(2026, 9, 1))
    assert (new.spans[0].starts_on, new.spans[0].ends_on) == (date(2027, 3, 1), date(2027, 3, 19))
    assert new.closes_on == date(2027, 2, 15)
    late = rules.moved_ahead(old, date(2027, 2, 20))
    assert (late.spans[0].starts_on, late.closes_on) == (date(2027, 3, 1), None)
    undated = old.model_copy(update={"spans": [], "closes_on": None})
    assert rules.moved_ahead(undated, date(2026, 9, 1)) == undated


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "expected"),
    [
        (None, None, "morning afternoon"),
        (time(9), time(13), "morning"),
        (time(9), time(17), "morning afternoon"),
        (time(14), None, "afternoon"),
        (time(14), time(18), "afternoon"),
        (time(17), time(20), "afternoon evening"),
        (time(20), time(22), "evening"),
    ],
)
def test_hours_touch_parts_of_the_day(starts_at: time | None, ends_at: time | None, expected: str) -> None:
    assert rules.parts_of(starts_at, ends_at) == [PartName(part) for part in expected.split()]


@pytest.mark.parametrize(("value", "expected"), [(-5, 0), (7.9, 7), (10_000, 600)])
def test_what_a_browser_counts_stays_within_reason(value: float, expected: int) -> None:
    assert rules.bounded(value, 600) == expected


EFFORTS = st.lists(
    st.builds(
        Effort, st.sampled_from(Kind), st.sampled_from([None, *SizeBand]), st.booleans(), st.integers(0, 600),
        st.integers(0, 50),
    )
)  # fmt: skip


@given(EFFORTS)
def test_no_median_tells_of_fewer_than_five(efforts: list[Effort]) -> None:
    found = rules.medians(efforts)
    assert all(one.publications >= rules.LEAST for one in found)
    assert len({one.cell for one in found}) == len(found)
    # Nobody is counted twice, and those left out are too few to be told.
    assert len(efforts) - sum(one.publications for one in found) < rules.LEAST
    sizes = Counter(Cell(one.is_renewal, one.kind, one.size) for one in efforts)
    told = {one.cell: one.publications for one in found}
    assert all(told[cell] == number for cell, number in sizes.items() if number >= rules.LEAST)


def test_small_cells_are_merged() -> None:
    many = [Effort(Kind.VISIT, SizeBand.SMALL, False, seconds, 4) for seconds in (10, 20, 30, 40, 50)]
    few = [
        Effort(Kind.VISIT, size, False, 100, 9) for size in (SizeBand.MICRO, SizeBand.LARGE, None, None, None)
    ]
    assert [
        (one.cell, one.publications, one.seconds, one.clicks) for one in rules.medians([*many, *few])
    ] == [
        (Cell(False, Kind.VISIT, SizeBand.SMALL), 5, 30, 4),
        (Cell(False, Kind.VISIT), 5, 100, 9),
    ]
    assert rules.medians(few[:4]) == []
