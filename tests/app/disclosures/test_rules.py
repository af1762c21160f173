from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from app.auth.actors import Actor, Grant, Role
from app.disclosures import rules
from app.disclosures.models import Disclosure
from app.disclosures.rules import Side, State
from app.opportunities.models import Kind
from tests.factories import NOW

GIULIA, OURS, THEIRS = UUID(int=21), UUID(int=1), UUID(int=2)
SCHOOL, CLASS, OTHER_CLASS = UUID(int=6), UUID(int=11), UUID(int=12)


@dataclass(frozen=True)
class Placed:
    """What decides who may see a student."""

    id: UUID = GIULIA
    school_id: UUID = SCHOOL
    class_id: UUID = CLASS


def person(*grants: Grant) -> Actor:
    return Actor(kind="user", id=UUID(int=9), name="Anna", grants=grants)


STUDENT = Grant(Role.STUDENT, student_id=GIULIA)
TEACHER = Grant(Role.TEACHER, school_id=SCHOOL, class_ids=frozenset({CLASS}))
MEMBER = Grant(Role.COMPANY_MEMBER, company_id=OURS)
ACTORS = {
    "nobody": person(),
    "student": person(STUDENT),
    "classmate": person(Grant(Role.STUDENT, student_id=UUID(int=22))),
    "teacher": person(TEACHER),
    "colleague": person(Grant(Role.TEACHER, school_id=SCHOOL, class_ids=frozenset({OTHER_CLASS}))),
    "lead": person(Grant(Role.SCHOOL_LEAD, school_id=SCHOOL)),
    "other lead": person(Grant(Role.SCHOOL_LEAD, school_id=UUID(int=7))),
    "member": person(MEMBER),
    "training body": person(Grant(Role.TRAINING_BODY, company_id=OURS)),
    "other company": person(Grant(Role.COMPANY_ADMIN, company_id=THEIRS)),
    "coordinator": person(Grant(Role.COORDINATOR, provinces=frozenset({"BO"}))),
    "administrator": person(Grant(Role.ADMINISTRATOR)),
    "teacher who works there": person(TEACHER, MEMBER),
}
SIDES = {
    "student": Side.STUDENT, "teacher": Side.SCHOOL, "lead": Side.SCHOOL, "member": Side.COMPANY,
    "administrator": Side.ADMINISTRATOR, "teacher who works there": Side.SCHOOL,
}  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
def test_everybody_speaks_for_the_side_they_should(kind: Kind) -> None:
    sides = {name: rules.side_of(actor, Placed(), OURS, kind) for name, actor in ACTORS.items()}
    of_bodies = {} if kind is Kind.INTERNSHIP else {"training body": Side.COMPANY}
    assert {name: side for name, side in sides.items() if side} == SIDES | of_bodies


@pytest.mark.parametrize("kind", Kind)
def test_names_are_asked_for_by_the_company_alone(kind: Kind) -> None:
    asking = {name for name, actor in ACTORS.items() if rules.can_ask(actor, OURS, kind)}
    of_bodies = set() if kind is Kind.INTERNSHIP else {"training body"}
    assert asking == {"member", "teacher who works there"} | of_bodies


def test_each_side_does_what_it_may() -> None:
    assert {side for side in Side if rules.can_answer(side)} == {Side.STUDENT, Side.SCHOOL}
    assert {side for side in Side if rules.can_withdraw(side)} == {Side.STUDENT, Side.SCHOOL, Side.COMPANY}


@pytest.mark.parametrize("state", State)
def test_a_company_sees_the_name_only_once_both_have_accepted(state: State) -> None:
    seeing = {side for side in Side if rules.sees_name(side, state)}
    assert seeing == set(Side) - (set() if state is State.ACCEPTED else {Side.COMPANY})


@pytest.mark.parametrize(
    ("filled", "days", "state"),
    [
        ((), 1, State.WAITING),
        (("student_accepted",), 1, State.WAITING),
        (("school_accepted",), 1, State.WAITING),
        (("student_accepted", "school_accepted"), 1, State.ACCEPTED),
        (("student_accepted", "school_accepted"), 0, State.EXPIRED),
        ((), -1, State.EXPIRED),
        (("student_accepted", "school_accepted", "withdrawn"), 1, State.WITHDRAWN),
        (("student_accepted", "school_accepted", "refused"), 1, State.REFUSED),
        (("refused",), -1, State.REFUSED),
    ],
)
def test_the_state_is_what_has_happened(filled: tuple[str, ...], days: int, state: State) -> None:
    times = {f"{name}_at": NOW for name in filled}
    assert rules.state_of(Disclosure(expires_at=NOW + timedelta(days=days), **times), NOW) is state


def test_three_may_be_asked_for_each_seat() -> None:
    assert [rules.most_waiting(seats) for seats in (0, 1, 4)] == [3, 3, 12]
