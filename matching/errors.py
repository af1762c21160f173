"""What the engine refuses, as plain exceptions."""

from __future__ import annotations


class MatchingError(ValueError):
    """A value that the engine cannot work with."""


class UnknownSkill(MatchingError):
    """A skill id that the vocabulary does not hold."""

    def __init__(self, skill_id: str) -> None:
        super().__init__(f"the vocabulary has no skill {skill_id!r}")
        self.skill_id = skill_id


class UnknownOpportunity(MatchingError):
    """An opportunity id that the index does not hold."""

    def __init__(self, opportunity_id: str) -> None:
        super().__init__(f"the index has no opportunity {opportunity_id!r}")
        self.opportunity_id = opportunity_id


class Infeasible(MatchingError):
    """Pins, exclusions, seats and minimum sizes that no assignment can meet together."""
