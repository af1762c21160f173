"""Who answers candidates, and which answers make sense."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.answers import rules
from app.answers.models import Reason, Verdict
from app.answers.rules import Given
from app.auth.actors import Actor, Grant, Role
from app.opportunities.models import Kind

COMPANY, OTHER = uuid4(), uuid4()
ONE, TWO = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("role", "company_id", "kind", "expected"),
    [
        (Role.COMPANY_MEMBER, COMPANY, Kind.INTERNSHIP, True),
        (Role.COMPANY_ADMIN, COMPANY, Kind.VISIT, True),
        (Role.COMPANY_MEMBER, OTHER, Kind.INTERNSHIP, False),
        (Role.TRAINING_BODY, COMPANY, Kind.VISIT, True),
        (Role.TRAINING_BODY, COMPANY, Kind.INTERNSHIP, False),
        (Role.ADMINISTRATOR, None, Kind.INTERNSHIP, False),
    ],
)
def test_answers_are_for_who_works_there(role: Role, company_id: object, kind: Kind, expected: bool) -> None:
    actor = Actor(kind="user", id=None, name="A", grants=(Grant(role, company_id=company_id),))  # type: ignore[arg-type]
    assert rules.can_answer(actor, COMPANY, kind) is expected


@pytest.mark.parametrize(
    ("seen", "present", "is_same", "expected"),
    [
        (0, 0, False, False),
        (2, 2, False, False),
        (0, 1, False, True),
        (1, 2, False, True),
        (0, 1, True, False),
    ],
)
def test_an_answer_is_overtaken(seen: int, present: int, is_same: bool, expected: bool) -> None:
    assert rules.is_overtaken(seen, present, is_same=is_same) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([Given(ONE, Verdict.NO, Reason.TOO_FAR), Given(TWO, Verdict.YES)], []),
        ([Given(ONE, Verdict.NO)], [("items.0.reason", "a no has a reason")]),
        ([Given(ONE, Verdict.MAYBE, Reason.TOO_FAR)], [("items.0.reason", "only a no has a reason")]),
        ([Given(ONE, Verdict.YES), Given(ONE, Verdict.MAYBE)], [("items.1.pseudonym", "stands there twice")]),
    ],
)
def test_faults_name_the_item(given: list[Given], expected: list[tuple[str, str]]) -> None:
    assert rules.faults(given) == expected
