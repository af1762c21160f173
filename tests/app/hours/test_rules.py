"""Which days there are, whose word stands, what counts and who reads what."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hours import rules
from app.hours.models import Criterion, EntryState
from app.hours.rules import Voices
from app.placements.models import Party, Placement, State
from tests.factories import NOW, TODAY

MINUTES = st.integers(0, 30_000)
SHARES = st.fractions(0, 1, max_denominator=8)
VOICE = st.none() | st.integers(0, 480)


def placement(**values: object) -> Placement:
    defaults: dict[str, object] = {
        "starts_on": date(2026, 1, 5), "ends_on": date(2026, 1, 16), "weekdays": 31, "daily_hours": 8.0,
        "planned_hours": 80, "state": State.RUNNING, "ended_at": None,
    }  # fmt: skip
    return Placement(**defaults | values)


def test_planned_days_are_those_of_the_weekdays() -> None:
    days = list(rules.planned_days(placement(weekdays=0b00101), frozenset()))
    assert days == [date(2026, 1, day) for day in (5, 7, 12, 14)]
    assert all(rules.is_planned(placement(weekdays=0b00101), day) for day in days)
    ended = rules.planned_days(placement(weekdays=0b00101, ended_at=NOW - timedelta(days=3)), frozenset())
    assert ended == days[:2]


@pytest.mark.parametrize(
    ("day", "values", "detail"),
    [
        (TODAY, {}, None),
        (TODAY + timedelta(days=1), {}, "lies in the future"),
        (date(2026, 1, 2), {}, "is not a day of this placement"),
        (date(2026, 1, 10), {}, "is not a day of this placement"),  # a Saturday
        (TODAY, {"ended_at": NOW - timedelta(days=3)}, "the placement had ended by then"),
    ],
)
def test_days_that_cannot_be(day: date, values: dict[str, object], detail: str | None) -> None:
    assert rules.day_fault(placement(**values), day, TODAY) == detail


def test_a_day_has_no_more_minutes_than_were_agreed() -> None:
    part_time = placement(daily_hours=4.5)
    assert rules.hours_faults(part_time, TODAY, 270, TODAY) == []
    [fault] = rules.hours_faults(part_time, TODAY, 271, TODAY)
    assert fault == ("minutes", "a day of this placement has 270 minutes")


def test_of_open_days_nobody_has_spoken() -> None:
    said = {date(2026, 1, 5), date(2026, 1, 13)}
    minutes = {state: rules.open_minutes(placement(state=state), said, frozenset()) for state in State}
    assert {state for state, found in minutes.items() if found} == {State.RUNNING, State.CLOSING}
    assert minutes[State.RUNNING] == 7 * 480  # of ten days, one of which is the Epiphany


@pytest.mark.parametrize(
    ("voices", "state", "minutes"),
    [
        (Voices(480, None, None), EntryState.NOTED, None),
        (Voices(480, 480, None), EntryState.CONFIRMED, 480),
        (Voices(None, 240, None), EntryState.CONFIRMED, 240),
        (Voices(480, 240, None), EntryState.DISPUTED, None),
        (Voices(480, 240, 300), EntryState.CONFIRMED, 300),
        (Voices(480, None, 0), EntryState.CONFIRMED, 0),
    ],
)
def test_whose_word_stands(voices: Voices, state: EntryState, minutes: int | None) -> None:
    assert (rules.state(voices), rules.attended(voices)) == (state, minutes)


@given(student=VOICE, host=VOICE, school=VOICE)
def test_minutes_stand_if_and_only_if_confirmed(
    student: int | None, host: int | None, school: int | None
) -> None:
    voices = Voices(student, host, school)
    stands = rules.attended(voices)
    assert (stands is not None) is (rules.state(voices) is EntryState.CONFIRMED)
    assert stands is None or stands in (host, school)  # nobody confirms their own hours


@given(confirmed=MINUTES, more=MINUTES, planned=st.integers(1, 30_000), share=SHARES)
def test_a_project_counts_from_its_share_on(confirmed: int, more: int, planned: int, share: Fraction) -> None:
    counted = rules.counted(confirmed, planned, share)
    assert 0 <= counted <= min(confirmed, planned)
    assert (counted == 0) is (confirmed == 0 or Fraction(confirmed, planned) < share)
    assert rules.counted(confirmed + more, planned, share) >= counted


@given(minimum=st.integers(0, 400), opening=MINUTES, counted=MINUTES, more=MINUTES)
def test_sums_are_never_negative_and_agree(minimum: int, opening: int, counted: int, more: int) -> None:
    found = rules.sum_up(minimum, opening, counted, counted + more)
    assert min(found) >= 0
    assert found.target >= minimum
    assert found.expected_owed <= found.owed <= found.target - found.opening
    assert found.owed == rules.owed_hours(opening, counted)
    assert (found.owed == 0) is (counted >= opening)


def test_an_alarm_is_for_last_years_that_lack_much() -> None:
    sums = [rules.sum_up(150, owed * 60, 0, expected * 60) for owed, expected in ((19, 0), (20, 0), (80, 80))]
    assert rules.alarm(sums, 8, is_last_year=True) == (2, 1, 20, 8)
    assert rules.alarm(sums, 8, is_last_year=False) is None
    assert rules.alarm(sums[:1], 8, is_last_year=True) is None


def test_weeks_left_are_whole_and_end_at_none() -> None:
    assert [rules.weeks_left(TODAY, TODAY + timedelta(days=days)) for days in (-1, 6, 7, 60)] == [0, 0, 1, 8]


READS = {
    (Party.STUDENT, Party.STUDENT): "always",
    (Party.STUDENT, Party.COMPANY): "confirmed",
    (Party.STUDENT, Party.SCHOOL): "over",
    (Party.COMPANY, Party.STUDENT): "never",
    (Party.COMPANY, Party.COMPANY): "always",
    (Party.COMPANY, Party.SCHOOL): "never",
    (Party.SCHOOL, Party.STUDENT): "always",
    (Party.SCHOOL, Party.COMPANY): "always",
    (Party.SCHOOL, Party.SCHOOL): "always",
}


@pytest.mark.parametrize(("pair", "when"), READS.items())
def test_who_reads_whose_evaluation(pair: tuple[Party, Party], when: str) -> None:
    for is_confirmed, is_over in product((False, True), repeat=2):
        expected = {"always": True, "never": False, "confirmed": is_confirmed, "over": is_over}[when]
        assert rules.reads_evaluation(*pair, is_confirmed=is_confirmed, is_over=is_over) is expected


def test_each_criterion_has_one_who_marks_it() -> None:
    marked = [criterion for criteria in rules.CRITERIA.values() for criterion in criteria]
    assert sorted(marked) == sorted(Criterion)


def test_what_an_evaluation_lacks_is_named() -> None:
    marks = {Criterion.PLAN_KEPT, Criterion.PROGRESS, Criterion.WELCOME}
    assert rules.evaluation_faults(Party.SCHOOL, marks, ["plc"], ["plc"]) == [
        ("marks", "host_fits is missing"),
        ("marks", "welcome is not yours to mark"),
        ("skills", "only the host says what it has seen"),
    ]
    whole = rules.CRITERIA[Party.COMPANY]
    assert rules.evaluation_faults(Party.COMPANY, whole, ["plc", "cad"], ["plc"]) == [
        ("skills", "cad is not in the plan")
    ]


def test_what_is_missing_at_the_end_is_named() -> None:
    states = [EntryState.CONFIRMED, EntryState.NOTED, EntryState.DISPUTED]
    assert rules.missing(states, {Party.COMPANY}, is_confirmed=False) == [
        ("hours", "2 days are not confirmed"),
        ("evaluations.student", "is missing"),
        ("evaluations.school", "is missing"),
        ("evaluations.company", "the school has not confirmed it"),
    ]
    assert rules.missing([EntryState.CONFIRMED], set(rules.CRITERIA), is_confirmed=True) == []
