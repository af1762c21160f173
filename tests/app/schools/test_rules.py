from uuid import UUID

import pytest

from app.auth.actors import Actor, Grant, Role
from app.schools import rules
from app.schools.models import SchoolClass

OURS, THEIRS = UUID(int=1), UUID(int=2)
TAUGHT, OTHER = UUID(int=11), UUID(int=12)


def person(*grants: Grant) -> Actor:
    return Actor(kind="user", id=UUID(int=9), name="Anna", grants=grants)


ACTORS = {
    "nobody": person(),
    "student": person(Grant(Role.STUDENT, student_id=UUID(int=5))),
    "teacher": person(Grant(Role.TEACHER, school_id=OURS, class_ids=frozenset({TAUGHT}))),
    "teacher_of_both": person(
        Grant(Role.TEACHER, school_id=OURS, class_ids=frozenset({TAUGHT})),
        Grant(Role.TEACHER, school_id=THEIRS, class_ids=frozenset({UUID(int=13)})),
    ),
    "other_teacher": person(Grant(Role.TEACHER, school_id=THEIRS, class_ids=frozenset({UUID(int=13)}))),
    "lead": person(Grant(Role.SCHOOL_LEAD, school_id=OURS)),
    "other_lead": person(Grant(Role.SCHOOL_LEAD, school_id=THEIRS)),
    "key_of_lead": Actor(kind="key", id=None, name="Registro", grants=(Grant(Role.SCHOOL_LEAD, school_id=OURS),)),
    "company_admin": person(Grant(Role.COMPANY_ADMIN, company_id=UUID(int=7))),
    "coordinator": person(Grant(Role.COORDINATOR, provinces=frozenset({"BO", "MO"}))),
    "other_coordinator": person(Grant(Role.COORDINATOR, provinces=frozenset({"MI"}))),
    "administrator": person(Grant(Role.ADMINISTRATOR)),
}  # fmt: skip
LEADS = {"lead", "key_of_lead", "administrator"}
TEACHERS = {"teacher", "teacher_of_both"}


def a_class(class_id: UUID) -> SchoolClass:
    return SchoolClass(id=class_id, school_id=OURS)


ALLOWED = {
    "lead": (lambda actor: rules.leads(actor, OURS), LEADS),
    "see a class": (lambda actor: rules.can_see_class(actor, a_class(OTHER), "BO"), LEADS | {"coordinator"}),
    "see the class taught": (
        lambda actor: rules.can_see_class(actor, a_class(TAUGHT), "BO"),
        LEADS | TEACHERS | {"coordinator"},
    ),
    "list classes": (
        lambda actor: rules.can_list_classes(actor, OURS, "BO"),
        LEADS | TEACHERS | {"coordinator"},
    ),
}


@pytest.mark.parametrize("action", ALLOWED)
def test_schools_allow_each_action_to_whom_they_should(action: str) -> None:
    rule, allowed = ALLOWED[action]
    assert {name for name, actor in ACTORS.items() if rule(actor)} == allowed


def test_visible_classes_are_those_taught_at_the_school() -> None:
    visible = {name: rules.visible_classes(actor, OURS, "BO") for name, actor in ACTORS.items()}
    everything = dict.fromkeys(LEADS | {"coordinator"})
    assert visible == dict.fromkeys(ACTORS, frozenset()) | everything | dict.fromkeys(
        TEACHERS, frozenset({TAUGHT})
    )


def test_classes_of_a_school_without_a_province_are_for_no_coordinator() -> None:
    seeing = {name for name, actor in ACTORS.items() if rules.can_see_class(actor, a_class(OTHER), None)}
    assert seeing == LEADS
