from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.auth.actors import Actor, Grant, Role
from app.schools.models import SchoolClass
from app.students import rules
from app.students.models import Evidence, Student
from app.students.rules import FreeTime, HeldSkill, SpokenLanguage

OURS, THEIRS = UUID(int=1), UUID(int=2)
TAUGHT, OTHER = UUID(int=11), UUID(int=12)
GIULIA = UUID(int=21)
TODAY = date(2026, 1, 12)


def person(*grants: Grant) -> Actor:
    return Actor(kind="user", id=UUID(int=9), name="Anna", grants=grants)


ACTORS = {
    "nobody": person(),
    "student": person(Grant(Role.STUDENT, student_id=GIULIA)),
    "other_student": person(Grant(Role.STUDENT, student_id=UUID(int=22))),
    "teacher": person(Grant(Role.TEACHER, school_id=OURS, class_ids=frozenset({TAUGHT}))),
    "teacher_of_other_class": person(Grant(Role.TEACHER, school_id=OURS, class_ids=frozenset({OTHER}))),
    "lead": person(Grant(Role.SCHOOL_LEAD, school_id=OURS)),
    "other_lead": person(Grant(Role.SCHOOL_LEAD, school_id=THEIRS)),
    "key": Actor(kind="key", id=None, name="Registro", grants=(Grant(Role.SCHOOL_LEAD, school_id=OURS),)),
    "other_key": Actor(kind="key", id=None, name="Registro", grants=(Grant(Role.SCHOOL_LEAD, school_id=THEIRS),)),
    "company_admin": person(Grant(Role.COMPANY_ADMIN, company_id=UUID(int=7))),
    "coordinator": person(Grant(Role.COORDINATOR)),
    "administrator": person(Grant(Role.ADMINISTRATOR)),
}  # fmt: skip
STAFF = {"teacher", "lead", "key", "administrator"}
GIULIAS = Student(id=GIULIA, school_id=OURS, class_id=TAUGHT)
ALLOWED = {
    "see": (lambda actor: rules.can_see(actor, GIULIAS), STAFF | {"student"}),
    "be in charge": (lambda actor: rules.is_in_charge(actor, GIULIAS), STAFF),
    "add": (rules.can_add, STAFF | {"teacher_of_other_class", "other_lead", "other_key"}),
    "place": (lambda actor: rules.can_place(actor, SchoolClass(id=TAUGHT, school_id=OURS)), STAFF),
}


@pytest.mark.parametrize("action", ALLOWED)
def test_students_allow_each_action_to_whom_they_should(action: str) -> None:
    rule, allowed = ALLOWED[action]
    assert {name for name, actor in ACTORS.items() if rule(actor)} == allowed


EDITABLE = {
    "class_id": STAFF, "given_name": STAFF, "family_name": STAFF, "born_on": STAFF, "municipality_istat": STAFF,
    "hours_owed": STAFF, "source": STAFF, "external_id": STAFF, "max_km": STAFF | {"student"},
    "travel_mode": STAFF | {"student"}, "skills": STAFF | {"student"}, "interests": STAFF | {"student"},
    "availabilities": STAFF | {"student"}, "languages": STAFF | {"student"},
}  # fmt: skip


@pytest.mark.parametrize("field", EDITABLE)
def test_students_let_each_field_be_changed_by_whom_they_should(field: str) -> None:
    seeing = {name: actor for name, actor in ACTORS.items() if rules.can_see(actor, GIULIAS)}
    allowed = {
        name
        for name, actor in seeing.items()
        if not rules.forbidden_fields(actor, GIULIAS, {field, "max_km"})
    }
    assert allowed == EDITABLE[field]


PROVEN = HeldSkill("cad", 2, Evidence.CURRICULUM, "disegno")
SAID = HeldSkill("plc", 1, Evidence.DECLARED)


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ([PROVEN, SAID], []),
        ([PROVEN], []),
        ([PROVEN, SAID._replace(level=3), HeldSkill("cnc", 4)], []),
        ([SAID], ["skills"]),
        ([PROVEN._replace(level=3)], ["skills.0"]),
        ([PROVEN._replace(words=None)], ["skills.0"]),
        ([PROVEN._replace(evidence=Evidence.DECLARED)], ["skills.0"]),
        ([PROVEN, SAID._replace(evidence=Evidence.VALIDATED)], ["skills.1.evidence"]),
        ([PROVEN, HeldSkill("cnc", 1, Evidence.CERTIFIED)], ["skills.1.evidence"]),
        ([HeldSkill("cnc", 1, Evidence.CURRICULUM)], ["skills.0.evidence", "skills"]),
    ],
)
def test_students_change_only_skills_that_they_declare(wanted: list[HeldSkill], fields: list[str]) -> None:
    assert [fault["field"] for fault in rules.forbidden_skills([PROVEN, SAID], wanted)] == fields


ALWAYS = FreeTime(date(2026, 2, 2), date(2026, 2, 27), 127, 7)


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({}, {}),
        ({"born_on": date(2013, 1, 12)}, {}),
        ({"born_on": date(2013, 1, 13)}, {"born_on": "a student is 13 to 70 years old"}),
        ({"born_on": date(1955, 1, 13)}, {}),
        ({"born_on": date(1955, 1, 12)}, {"born_on": "a student is 13 to 70 years old"}),
        ({"born_on": date(2030, 1, 1)}, {"born_on": "a student is 13 to 70 years old"}),
        ({"skills": (SAID, PROVEN)}, {}),
        ({"skills": (SAID, PROVEN, SAID._replace(level=2))}, {"skills.2.skill_id": "plc stands here twice"}),
        ({"interests": ("cad", "cad", "cad")}, {"interests.1": "cad stands here twice",
                                                 "interests.2": "cad stands here twice"}),
        ({"languages": (SpokenLanguage("en", "B1"), SpokenLanguage("en", "B2"))},
         {"languages.1.language": "en stands here twice"}),
        ({"availabilities": (ALWAYS, ALWAYS._replace(ends_on=date(2026, 2, 1)))},
         {"availabilities.1.ends_on": "lies before starts_on"}),
        ({"availabilities": (ALWAYS, ALWAYS)}, {"availabilities.1": "overlaps with availabilities.0"}),
        ({"availabilities": (ALWAYS._replace(parts=1), ALWAYS._replace(parts=6)), "skills": (SAID, SAID),
          "born_on": TODAY},
         {"born_on": "a student is 13 to 70 years old", "skills.1.skill_id": "plc stands here twice"}),
    ],
)  # fmt: skip
def test_profile_names_every_fault(values: dict[str, object], faults: dict[str, str]) -> None:
    found = rules.profile_faults(values, TODAY)
    assert found == [{"in": "body", "field": field, "detail": detail} for field, detail in faults.items()]


days = st.dates(date(2026, 1, 1), date(2026, 1, 31))
free_times = st.builds(
    lambda first, more, weekdays, parts: FreeTime(first, first + timedelta(more), weekdays, parts),
    days, st.integers(0, 12), st.integers(1, 127), st.integers(1, 7),
)  # fmt: skip


def moments(free: FreeTime) -> set[tuple[date, int]]:
    all_days = (free.starts_on + timedelta(day) for day in range((free.ends_on - free.starts_on).days + 1))
    return {
        (day, part)
        for day in all_days
        if free.weekdays >> day.weekday() & 1
        for part in range(3)
        if free.parts >> part & 1
    }


@settings(deadline=None)
@given(free_times, free_times)
def test_overlap_means_a_part_of_a_day_in_both(one: FreeTime, other: FreeTime) -> None:
    assert rules.overlap(one, other) == rules.overlap(other, one) == bool(moments(one) & moments(other))
