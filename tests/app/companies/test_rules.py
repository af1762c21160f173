from uuid import UUID

import pytest

from app.auth.actors import Actor, Grant, Role
from app.companies import rules
from app.companies.models import Company

OURS, THEIRS = UUID(int=1), UUID(int=2)


def person(*grants: Grant) -> Actor:
    return Actor(kind="user", id=UUID(int=9), name="Anna", grants=grants)


ACTORS = {
    "nobody": person(),
    "student": person(Grant(Role.STUDENT, student_id=UUID(int=5))),
    "teacher": person(Grant(Role.TEACHER, school_id=UUID(int=6))),
    "school_lead": person(Grant(Role.SCHOOL_LEAD, school_id=UUID(int=6))),
    "member": person(Grant(Role.COMPANY_MEMBER, company_id=OURS)),
    "admin": person(Grant(Role.COMPANY_ADMIN, company_id=OURS)),
    "other_admin": person(Grant(Role.COMPANY_ADMIN, company_id=THEIRS)),
    "key_of_member": Actor(
        kind="key", id=None, name="HR", grants=(Grant(Role.COMPANY_MEMBER, company_id=OURS),)
    ),
    "coordinator": person(Grant(Role.COORDINATOR)),
    "administrator": person(Grant(Role.ADMINISTRATOR)),
}
OVERSEERS = {"coordinator", "administrator"}
INSIDERS = OVERSEERS | {"member", "admin", "key_of_member"}

ALLOWED = {
    "see_approved": (lambda actor: rules.can_see(actor, Company(id=OURS, is_approved=True)), set(ACTORS)),
    "see_not_approved": (lambda actor: rules.can_see(actor, Company(id=OURS, is_approved=False)), INSIDERS),
    "see_inside": (lambda actor: rules.is_insider(actor, OURS), INSIDERS),
    "create": (rules.can_create, OVERSEERS),
    "edit": (lambda actor: rules.can_edit(actor, OURS), OVERSEERS | {"admin", "key_of_member"}),
    "approve": (rules.can_approve, OVERSEERS),
}


@pytest.mark.parametrize("action", ALLOWED)
def test_companies_allow_each_action_to_whom_they_should(action: str) -> None:
    rule, allowed = ALLOWED[action]
    assert {name for name, actor in ACTORS.items() if rule(actor)} == allowed
