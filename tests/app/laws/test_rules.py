"""What each measure finds, which version of a rule holds, and that the future changes nothing of the past."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.laws import loading, rules
from app.laws.models import LawRule, Measure, Severity, TrainingKind
from app.laws.rules import Agreed, Facts, Training
from app.placements.models import Risk

FIRST = date(2026, 3, 2)
FINE = Facts(
    starts_on=FIRST, ends_on=date(2026, 3, 13), weekdays=31, daily_hours=8, planned_hours=80, age=17, track="technical",
    starts_at=time(8), ends_at=time(17), hours_before=70, tutors=frozenset({"school", "host"}), host_tutor_load=5,
    school_tutor_load=9, school_tutor_most=9, is_assessed=True, agreement=Agreed(covers_days=True, is_insured=True),
    is_agreement_known=True, register_number="1", trainings=(
        Training(TrainingKind.GENERAL, 4, FIRST), Training(TrainingKind.SPECIFIC, 4, FIRST, Risk.LOW),
    ),
)  # fmt: skip
SHIPPED = [
    LawRule(id=UUID(int=number), version=1, **one) for number, one in enumerate(loading.read_rules(), start=1)
]


def codes(facts: Facts, on: date = FIRST) -> list[str]:
    return [one.code for one in rules.check(SHIPPED, facts, on)]


def test_who_does_everything_right_is_told_nothing() -> None:
    assert codes(FINE) == []


LOW, HIGH = (Training(TrainingKind.SPECIFIC, 12, FIRST, risk) for risk in (Risk.LOW, Risk.HIGH))
GENERAL = Training(TrainingKind.GENERAL, 4, FIRST)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"planned_hours": 79}, ["fsl-hours-technical"]),
        ({"planned_hours": 79, "track": "its"}, []),
        ({"hours_before": None, "hours_owed": 80}, []),
        ({"hours_before": None, "hours_owed": 81}, ["fsl-hours-technical"]),
        ({"track": "vocational", "hours_before": 129}, ["fsl-hours-vocational"]),
        ({"track": "liceo", "hours_before": 10}, []),
        ({"attended_hours": 60}, []),
        ({"attended_hours": 59.5}, ["three-quarters"]),
        ({"daily_hours": 8.5}, ["daily-hours-minor", "weekly-hours-minor"]),
        ({"daily_hours": 8.5, "age": 18}, []),
        ({"weekdays": 63}, ["weekly-hours-minor"]),
        ({"age": 15}, ["daily-hours-compulsory", "weekly-hours-compulsory"]),
        ({"age": 15, "daily_hours": 7}, []),
        ({"age": 14, "daily_hours": 7}, ["minimum-age"]),
        ({"starts_at": time(5, 59)}, ["night-minor"]),
        ({"starts_at": time(6), "ends_at": time(22)}, []),
        ({"ends_at": time(22, 1)}, ["night-minor"]),
        ({"ends_at": time(22, 1), "age": 18}, []),
        ({"starts_at": None, "ends_at": None}, []),
        ({"host_tutor_load": 12}, []),
        ({"host_tutor_load": 13}, ["students-per-tutor"]),
        ({"host_tutor_load": 9, "risk": Risk.MEDIUM, "trainings": (GENERAL, HIGH)}, ["students-per-tutor"]),
        ({"host_tutor_load": 6, "risk": Risk.HIGH, "trainings": (GENERAL, HIGH)}, ["students-per-tutor"]),
        ({"host_tutor_load": 5, "risk": Risk.HIGH, "trainings": (GENERAL, HIGH)}, []),
        ({"school_tutor_load": 10}, ["school-tutor-load"]),
        ({"school_tutor_load": 10, "school_tutor_most": None}, []),
        ({"tutors": frozenset({"host"})}, ["school-tutor-named"]),
        ({"tutors": frozenset({"school"})}, ["host-tutor-named"]),
        ({"tutors_away": frozenset({"school", "host"})}, ["host-tutor-present", "school-tutor-present"]),
        ({"is_assessed": False}, ["risk-assessment"]),
        ({"banned_activities": ("Saldatura",)}, ["high-risk-activities"]),
        ({"trainings": ()}, ["general-training", "specific-training"]),
        ({"trainings": (GENERAL, LOW)}, []),
        ({"trainings": (GENERAL, HIGH)}, []),
        ({"trainings": (GENERAL, LOW), "risk": Risk.HIGH}, ["specific-training"]),
        ({"trainings": (replace(GENERAL, held_on=FIRST + timedelta(days=1)), LOW)}, ["general-training"]),
        ({"agreement": None}, ["agreement-in-force", "insurance"]),
        ({"agreement": Agreed(covers_days=False, is_insured=True)}, ["agreement-in-force"]),
        ({"agreement": Agreed(covers_days=True, is_insured=False)}, ["insurance"]),
        ({"agreement": None, "is_agreement_known": False}, []),
        ({"register_number": None}, ["national-register"]),
    ],
)
def test_each_measure_at_its_threshold(change: dict[str, Any], expected: list[str]) -> None:
    assert codes(replace(FINE, **change)) == expected


def test_a_finding_cites_its_rule_and_speaks_both_languages() -> None:
    [found] = rules.check(SHIPPED, replace(FINE, banned_activities=("Saldatura", "Tornio")), FIRST)
    rule = next(one for one in SHIPPED if one.code == "high-risk-activities")
    assert found == rules.Finding(
        rule.id, "high-risk-activities", 1, Severity.FORBIDS, "DL 159/2025, art. 7", None, False,
        "Gli studenti non fanno lavorazioni ad alto rischio della valutazione dei rischi dell'azienda: Saldatura, Tornio.",
        "Students do none of the high-risk operations of the host's risk assessment: Saldatura, Tornio.",
    )  # fmt: skip
    assert (found.say("en"), found.say("it")) == (found.message_en, found.message_it)


def test_the_gravest_comes_first_and_only_what_forbids_forbids() -> None:
    found = rules.check(SHIPPED, replace(FINE, register_number=None, trainings=()), FIRST)
    assert [one.severity for one in found] == [Severity.FORBIDS, Severity.WARNS, Severity.INFORMS]
    assert [one.code for one in rules.forbidden(found)] == ["general-training"]


def test_what_was_recalled_is_marked() -> None:
    found = rules.check(SHIPPED, replace(FINE, trainings=(), banned_activities=("x",)), FIRST)
    assert {one.code: one.is_recalled for one in found} == {
        "high-risk-activities": False, "general-training": True, "specific-training": True,
    }  # fmt: skip


def test_a_ban_holds_from_its_day_on() -> None:
    banned = replace(FINE, banned_activities=("x",))
    assert codes(banned, date(2025, 10, 30)) == []
    assert codes(banned, date(2025, 10, 31)) == ["high-risk-activities"]


# --- versions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """A rule that finds something in everybody."""

    starts_on: date
    ends_on: date | None = None
    version: int = 1
    code: str = "age"
    is_repealed: bool = False
    jurisdiction: str = "IT"
    applies_to: str = ""
    id: UUID = field(default_factory=uuid4)
    measure: Measure = Measure.MINIMUM_AGE
    parameters: dict[str, Any] = field(default_factory=lambda: {"age": 99})
    severity: Severity = Severity.WARNS
    source: str = "L. 1"
    link: str | None = None
    is_recalled: bool = False
    message_it: str = "{age}"
    message_en: str = "{age}"


def test_an_exception_holds_for_its_days_and_a_repeal_from_its_day_on() -> None:
    old = Version(date(2020, 1, 1))
    exception = Version(date(2026, 1, 1), date(2026, 6, 30), version=2)
    repeal = Version(date(2027, 1, 1), version=3, is_repealed=True)
    days = {
        date(2019, 12, 31): [], date(2020, 1, 1): [old], date(2026, 1, 1): [exception],
        date(2026, 6, 30): [exception], date(2026, 7, 1): [old], date(2027, 1, 1): [],
    }  # fmt: skip
    assert {day: rules.in_force([repeal, exception, old], day) for day in days} == days


def test_a_rule_of_a_region_or_of_a_track_is_for_nobody_else() -> None:
    region, track = Version(FIRST, jurisdiction="IT-08"), Version(FIRST, applies_to="its iefp", code="b")
    assert codes_of([region, track], FINE) == []
    assert codes_of([region, track], replace(FINE, jurisdictions=frozenset({"IT", "IT-08"}))) == ["age"]
    assert codes_of([region, track], replace(FINE, track="its")) == ["b"]
    assert codes_of([region, track], replace(FINE, track="it")) == []


def codes_of(table: list[Version], facts: Facts) -> list[str]:
    return [one.code for one in rules.check(table, facts, FIRST)]


DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
VERSIONS = st.builds(
    lambda starts_on, length, version, code, is_repealed, age: Version(
        starts_on, None if length is None else starts_on + timedelta(days=length), version, code, is_repealed,
        parameters={"age": age},
    ),
    DAYS, st.none() | st.integers(0, 900), st.integers(1, 20), st.sampled_from("abc"), st.booleans(), st.integers(1, 99),
)  # fmt: skip


@given(table=st.lists(VERSIONS, max_size=8), on=DAYS, later=st.lists(VERSIONS, min_size=1, max_size=4))
def test_whatever_is_written_for_the_future_leaves_the_past_as_it_was(
    table: list[Version], on: date, later: list[Version]
) -> None:
    future = [
        replace(one, starts_on=on + timedelta(days=1 + number), ends_on=None, version=30 + number)
        for number, one in enumerate(later)
    ]
    assert rules.check([*table, *future], FINE, on) == rules.check(table, FINE, on)


@given(table=st.lists(VERSIONS, max_size=8), on=DAYS)
def test_of_each_rule_one_version_holds_whatever_the_order_of_the_table(
    table: list[Version], on: date
) -> None:
    unique = list({(one.code, one.version): one for one in table}.values())
    found = rules.in_force(unique, on)
    assert found == rules.in_force(unique[::-1], on)
    assert len({one.code for one in found}) == len(found)


# --- what makes sense -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", Measure)
def test_every_measure_is_in_use_and_fills_its_messages(measure: Measure) -> None:
    used = [one for one in SHIPPED if one.measure is measure]
    assert used
    for one in used:
        assert (
            rules.unknown_names(measure, one.message_it) == rules.unknown_names(measure, one.message_en) == []
        )


@pytest.mark.parametrize(
    "message", ["{planned", "{}", "{hours.__class__}", "{hours:>1000000}", "{hours!r}", "{x}"]
)
def test_a_message_fills_in_nothing_but_the_names_of_its_measure(message: str) -> None:
    assert rules.unknown_names(Measure.DAILY_HOURS, message) != []


@pytest.mark.parametrize(
    ("measure", "parameters"),
    [
        (Measure.DAILY_HOURS, {}),
        (Measure.DAILY_HOURS, {"hours": 0}),
        (Measure.DAILY_HOURS, {"hours": 8, "colour": "red"}),
        (Measure.ATTENDED_SHARE, {"share": 1.5}),
        (Measure.NIGHT, {"begins_at": "25:00", "ends_at": "06:00", "under_age": 18}),
        (Measure.HOST_TUTOR_LOAD, {"low": 12, "medium": 8}),
        (Measure.TUTOR_NAMED, {"side": "parents"}),
        (Measure.AGREEMENT, {"hours": 1}),
    ],
)
def test_parameters_are_typed(measure: Measure, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rules.WAYS[measure].parameters.model_validate(parameters)
