from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given

from matching.rules import RULES, eligibility_failures, hidden_by, programme_affinity, rules_hidden
from matching.types import Eligibility, Kind, Opportunity, Parts, Span, Student
from tests.matching.strategies import ON, opportunities, steady, students

WEEK = Span(date(2026, 12, 7), date(2026, 12, 13))
STUDENT = Student(
    "s",
    44.4949,
    11.3426,
    max_km=30.0,
    free=(WEEK,),
    school_kind="technical",
    sector="technology",
    programmes=frozenset({"c1", "c1-m"}),
    year=4,
    born_on=date(2009, 12, 7),
)
OFFER = Opportunity(
    "o",
    Kind.INTERNSHIP,
    44.5,
    11.35,
    spans=(WEEK,),
    eligibility=(
        Eligibility(
            frozenset({"technical"}), frozenset({"technology"}), frozenset({"c1"}), frozenset({4, 5})
        ),
    ),
    min_age=17,
    max_age=17,
    closes_on=ON,
)


def only(**field):
    return (Eligibility(**{name: frozenset({value}) for name, value in field.items()}),)


HIDING = [
    ("closed", {"closes_on": ON - timedelta(days=1)}),
    ("no_seats", {"seats_free": 0}),
    ("no_seats", {"seats_free": -1}),
    ("period_over", {"spans": (Span(date(2026, 11, 2), ON - timedelta(days=1)),), "min_age": None}),
    (
        "period_over",
        {"kind": Kind.TRAINING, "spans": (Span(ON, ON - timedelta(days=1)), WEEK), "min_age": None},
    ),
    ("school_kind", {"eligibility": only(school_kinds="vocational")}),
    ("sector", {"eligibility": only(sectors="economy")}),
    ("programme", {"eligibility": only(programmes="c3")}),
    ("year", {"eligibility": only(years=5)}),
    ("age_low", {"min_age": 18, "max_age": None}),
    ("age_high", {"min_age": None, "max_age": 16}),
    ("travel", {"latitude": 44.3533, "longitude": 11.7143}),
    ("calendar", {"spans": (Span(date(2026, 12, 7), date(2026, 12, 17)),)}),
    ("calendar", {"spans": (Span(WEEK.starts_on, WEEK.ends_on, parts=Parts.EVENING),)}),
    ("calendar", {"kind": Kind.VISIT, "spans": (Span(date(2026, 12, 7), date(2026, 12, 14)),)}),
    (
        "calendar",
        {"kind": Kind.TRAINING, "spans": (WEEK, Span(date(2026, 12, 15), date(2026, 12, 15)))},
    ),
]


def test_rules_hide_nothing_from_who_fits():
    assert rules_hidden(STUDENT, OFFER, ON) == []
    assert hidden_by(STUDENT, OFFER, ON) is None


@pytest.mark.parametrize(("rule", "change"), HIDING, ids=[rule for rule, _ in HIDING])
def test_rules_hide_alone_what_they_are_for(rule, change):
    offer = replace(OFFER, **change)
    assert rules_hidden(STUDENT, offer, ON) == [rule]
    assert hidden_by(STUDENT, offer, ON) == rule


def test_rules_all_have_an_example():
    assert tuple(dict.fromkeys(rule for rule, _ in HIDING)) == RULES


def test_rules_are_named_in_their_order():
    worst = replace(
        OFFER,
        closes_on=date(2026, 1, 1),
        seats_free=0,
        spans=(Span(date(2027, 12, 7), date(2027, 12, 9)),),
        eligibility=(Eligibility(frozenset({"x"}), frozenset({"x"}), frozenset({"x"}), frozenset({1})),),
        min_age=40,
        latitude=-44.0,
    )
    assert rules_hidden(STUDENT, worst, ON) == [
        rule for rule in RULES if rule not in ("period_over", "age_high")
    ]


@pytest.mark.parametrize(
    ("rule", "unknown"),
    [("calendar", {"free": ()}), ("travel", {"max_km": None}), ("age_low", {"born_on": None})],
)
def test_rules_hide_nothing_for_what_is_unknown(rule, unknown):
    offer = replace(OFFER, **dict(HIDING)[rule])
    assert hidden_by(STUDENT, offer, ON) == rule
    assert hidden_by(replace(STUDENT, **unknown), offer, ON) is None


def test_rules_hide_nothing_online_or_on_any_date():
    anywhere = replace(OFFER, latitude=None, longitude=None, spans=(), min_age=None, max_age=None)
    assert hidden_by(replace(STUDENT, max_km=0.0), anywhere, ON) is None


def test_rules_judge_age_today_where_there_are_no_dates():
    assert hidden_by(STUDENT, replace(OFFER, spans=()), ON) == "age_low"
    assert hidden_by(STUDENT, replace(OFFER, spans=()), WEEK.starts_on) == "closed"


@pytest.mark.parametrize(("days", "hidden"), [(9, None), (10, "calendar")])
def test_rules_ask_for_three_quarters_of_an_internship(days, hidden):
    """Seven free days are three quarters of nine, not of ten."""
    period = Span(WEEK.starts_on, WEEK.starts_on + timedelta(days=days - 1))
    assert hidden_by(STUDENT, replace(OFFER, spans=(period,)), ON) == hidden
    assert hidden_by(STUDENT, replace(OFFER, spans=(period,)), ON, attendance=0.7) is None


def test_eligibility_names_the_field_of_the_nearest_alternative():
    far = Eligibility(frozenset({"x"}), frozenset({"x"}), frozenset({"x"}))
    near = Eligibility(school_kinds=frozenset({"technical"}), years=frozenset({5}))
    other = Eligibility(sectors=frozenset({"economy"}))
    assert eligibility_failures(STUDENT, (far, near, other)) == ("year",)
    assert eligibility_failures(STUDENT, (far, other, near)) == ("sector",)
    assert eligibility_failures(STUDENT, (far, Eligibility())) == ()
    assert eligibility_failures(STUDENT, ()) == ()


@pytest.mark.parametrize(
    ("alternatives", "affinity"),
    [
        ((), 0.5),
        ((Eligibility(),), 0.5),
        (only(years=4), 0.6),
        (only(school_kinds="technical"), 0.6),
        (only(sectors="technology"), 0.75),
        (only(programmes="c1"), 1.0),
        ((*only(years=4), *only(programmes="c1-m")), 1.0),
        ((*only(sectors="technology"), *only(years=4)), 0.75),
        (only(programmes="c3"), 0.0),
    ],
)
def test_programme_affinity_rises_with_how_expressly_one_is_meant(alternatives, affinity):
    assert programme_affinity(STUDENT, alternatives) == affinity


@steady
@given(students(), opportunities())
def test_rules_first_of_the_list_is_the_answer(student, offer):
    found = rules_hidden(student, offer, ON)
    assert hidden_by(student, offer, ON) == (found[0] if found else None)
    assert found == [rule for rule in RULES if rule in found]
