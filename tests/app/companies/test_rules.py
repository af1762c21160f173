from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest

from app.auth.actors import Actor, Grant, Role
from app.companies import rules
from app.companies.rules import Review

OURS, THEIRS = UUID(int=1), UUID(int=2)
HERE, THERE = UUID(int=31), UUID(int=32)


@dataclass(frozen=True)
class Firm:
    """What decides whose a company is."""

    id: UUID
    territory_id: UUID | None


FIRM = Firm(OURS, HERE)


def person(*grants: Grant) -> Actor:
    return Actor(kind="user", id=UUID(int=9), name="Anna", grants=grants)


def coordinator(territory_id: UUID, *provinces: str) -> Actor:
    return person(Grant(Role.COORDINATOR, territory_id=territory_id, provinces=frozenset(provinces)))


ACTORS = {
    "nobody": person(),
    "student": person(Grant(Role.STUDENT, student_id=UUID(int=5))),
    "teacher": person(Grant(Role.TEACHER, school_id=UUID(int=6))),
    "school_lead": person(Grant(Role.SCHOOL_LEAD, school_id=UUID(int=6))),
    "member": person(Grant(Role.COMPANY_MEMBER, company_id=OURS)),
    "admin": person(Grant(Role.COMPANY_ADMIN, company_id=OURS)),
    "training_body": person(Grant(Role.TRAINING_BODY, company_id=OURS)),
    "other_admin": person(Grant(Role.COMPANY_ADMIN, company_id=THEIRS)),
    "key_of_member": Actor(
        kind="key", id=None, name="HR", grants=(Grant(Role.COMPANY_MEMBER, company_id=OURS),)
    ),
    "coordinator": coordinator(HERE, "BO", "MO"),
    "other_coordinator": coordinator(THERE, "MI"),
    "administrator": person(Grant(Role.ADMINISTRATOR)),
    "administrator_who_works_there": person(
        Grant(Role.ADMINISTRATOR), Grant(Role.COMPANY_ADMIN, company_id=OURS)
    ),
}
ADMINISTRATORS = {"administrator", "administrator_who_works_there"}
OVERSEERS = ADMINISTRATORS | {"coordinator"}
PEOPLE = {"member", "admin", "training_body", "key_of_member"}
BO = frozenset({"BO", "FE"})

ALLOWED = {
    "see_approved": (lambda actor: rules.can_see(actor, FIRM, BO, is_approved=True), set(ACTORS)),
    "see_not_approved": (
        lambda actor: rules.can_see(actor, FIRM, BO, is_approved=False),
        OVERSEERS | PEOPLE,
    ),
    "see_inside": (lambda actor: rules.is_insider(actor, FIRM, BO), OVERSEERS | PEOPLE),
    "create": (rules.can_create, OVERSEERS | {"other_coordinator"}),
    "edit": (lambda actor: rules.can_edit(actor, FIRM, BO), OVERSEERS | {"admin", "key_of_member"}),
    "decide": (lambda actor: rules.can_decide(actor, FIRM, BO), {"administrator", "coordinator"}),
    "oversee": (lambda actor: rules.is_overseen(actor, FIRM, BO), OVERSEERS),
    "oversee_elsewhere": (
        lambda actor: rules.is_overseen(actor, FIRM, frozenset({"MI"})),
        ADMINISTRATORS | {"other_coordinator"},
    ),
    "oversee_without_sites": (lambda actor: rules.is_overseen(actor, FIRM, frozenset()), OVERSEERS),
    "oversee_without_sites_nor_origin": (
        lambda actor: rules.is_overseen(actor, Firm(OURS, None), frozenset()),
        ADMINISTRATORS,
    ),
}


@pytest.mark.parametrize("action", ALLOWED)
def test_companies_allow_each_action_to_whom_they_should(action: str) -> None:
    rule, allowed = ALLOWED[action]
    assert {name for name, actor in ACTORS.items() if rule(actor)} == allowed


def test_origin_is_the_territory_of_whoever_proposes() -> None:
    assert rules.origin(ACTORS["coordinator"]) == HERE
    assert rules.origin(ACTORS["administrator"]) is None


@pytest.mark.parametrize(
    ("is_approved", "is_waiting", "state"),
    [(True, False, Review.APPROVED), (False, True, Review.WAITING), (False, False, Review.REJECTED)],
)
def test_review_stands_where_it_should(is_approved: bool, is_waiting: bool, state: Review) -> None:
    assert rules.review_of(is_approved=is_approved, is_waiting=is_waiting) is state


@pytest.mark.parametrize(
    ("submitted_on", "days", "due_on"),
    [
        (date(2026, 1, 12), 5, date(2026, 1, 19)),  # a Monday
        (date(2026, 1, 9), 5, date(2026, 1, 16)),  # a Friday
        (date(2026, 1, 10), 1, date(2026, 1, 12)),  # a Saturday
        (date(2026, 1, 11), 5, date(2026, 1, 16)),  # a Sunday
        (date(2026, 1, 12), 1, date(2026, 1, 13)),
        (date(2026, 4, 30), 1, date(2026, 5, 4)),  # before the first of May, a Friday
    ],
)
def test_answers_are_due_after_working_days(submitted_on: date, days: int, due_on: date) -> None:
    assert rules.answer_due_on(submitted_on, days) == due_on
