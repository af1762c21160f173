"""Who counts and releases, who reports what became of somebody, and what no edition may stand beside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from app.auth.actors import Actor
from app.opportunities.models import Kind
from app.placements.models import Party, State

WORDING = 1
"""Of the sentence that the student agrees to, as `app.web.evidence_words` has it; it rises when the sentence changes."""

REPORTERS = frozenset({Party.SCHOOL, Party.COMPANY})
AFTER = frozenset({State.CLOSING, State.COMPLETED, State.INTERRUPTED})


def coordinates(actor: Actor, territory_id: UUID) -> bool:
    """Who coordinates the territory, and whoever runs the service."""
    return actor.is_administrator or territory_id in actor.territories


def can_report(party: Party, kind: Kind, state: State) -> bool:
    """School and host, of an internship that is over or nearly so."""
    return party in REPORTERS and kind is Kind.INTERNSHIP and state in AFTER


def can_take_back(party: Party) -> bool:
    """The student at any time, and those who report."""
    return party in REPORTERS or party is Party.STUDENT


def is_agreed_in_time(agreed_on: date, starts_on: date, today: date) -> bool:
    """Nobody agrees before the placement, nor tomorrow."""
    return starts_on <= agreed_on <= today


def differ(areas: Mapping[str, Collection[str]], content: Mapping[str, Any]) -> bool:
    """Whether an edition was made with other areas: two maps laid over one another tell by difference."""
    before = {one["id"]: sorted(one["municipalities"]) for one in content["policy"]["areas"]}
    return before != {area: sorted(istats) for area, istats in areas.items()}
