"""Who answers candidates, and which answers make sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from app.answers.models import Reason, Verdict
from app.auth.actors import Actor
from app.opportunities.models import Kind
from app.opportunities.rules import Fault, works_on

NOT_ANSWERED = 0
"""The version that an answer has before it is given."""


class Given(NamedTuple):
    """An answer as it comes in; `version` is the one that its writer has seen."""

    student_id: UUID
    verdict: Verdict
    reason: Reason | None = None
    version: int = NOT_ANSWERED


def can_answer(actor: Actor, company_id: UUID, kind: Kind) -> bool:
    """Who works for the company on this kind; the administrator sees candidates, and answers none."""
    return works_on(actor, company_id, kind)


def is_overtaken(seen: int, present: int, *, is_same: bool) -> bool:
    """Whether somebody else has answered since; to say the same once more takes nothing from anybody."""
    return seen != present and not is_same


def faults(given: Sequence[Given]) -> list[Fault]:
    """What cannot be meant."""
    found = []
    for number, one in enumerate(given):
        if one.verdict is Verdict.NO and one.reason is None:
            found.append(Fault(f"items.{number}.reason", "a no has a reason"))
        if one.verdict is not Verdict.NO and one.reason is not None:
            found.append(Fault(f"items.{number}.reason", "only a no has a reason"))
        if one.student_id in [other.student_id for other in given[:number]]:
            found.append(Fault(f"items.{number}.pseudonym", "stands there twice"))
    return found
