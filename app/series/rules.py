"""Who proposes and who decides, how a proposal and a series go on, and when a silent steering group is reminded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.auth.actors import Actor
from app.series.models import Audience, ProposalState, SeriesState

REMINDED_EVERY = timedelta(days=7)
"""How often the steering group is told again that it owes an answer."""
MOST_SHOWN = 1000
"""Events of one series on its page."""


def steers(actor: Actor, territory_id: UUID) -> bool:
    """The steering group: whoever coordinates the territory, and who runs the service."""
    return actor.is_administrator or territory_id in actor.territories


def can_see_series(actor: Actor, territory_id: UUID, state: SeriesState) -> bool:
    """A draft is the steering group's; everything else is published."""
    return state is not SeriesState.DRAFT or steers(actor, territory_id)


SERIES_STEPS: Mapping[SeriesState, frozenset[SeriesState]] = {
    SeriesState.DRAFT: frozenset({SeriesState.OPEN}),
    SeriesState.OPEN: frozenset({SeriesState.CLOSED}),
    SeriesState.CLOSED: frozenset({SeriesState.OPEN}),
}
"""Where a series goes from each state: what has been open is never a draft again."""


class ProposalAction(StrEnum):
    """What people do with a proposal."""

    TAKE = "take"
    PUBLISH = "publish"
    RETURN = "return"
    PROPOSE = "propose"
    WITHDRAW = "withdraw"


OPEN = frozenset({ProposalState.PROPOSED, ProposalState.IN_REVIEW})
"""The steering group owes an answer."""
TRANSITIONS: Mapping[ProposalAction, Mapping[ProposalState, ProposalState]] = {
    ProposalAction.TAKE: {ProposalState.PROPOSED: ProposalState.IN_REVIEW},
    ProposalAction.PUBLISH: dict.fromkeys(OPEN, ProposalState.PUBLISHED),
    ProposalAction.RETURN: dict.fromkeys(OPEN | {ProposalState.PUBLISHED}, ProposalState.RETURNED),
    ProposalAction.PROPOSE: dict.fromkeys(
        (ProposalState.RETURNED, ProposalState.WITHDRAWN), ProposalState.PROPOSED
    ),
    ProposalAction.WITHDRAW: dict.fromkeys(OPEN | {ProposalState.PUBLISHED}, ProposalState.WITHDRAWN),
}
"""Where each action leads; from another state it is refused."""
OF_STEERING = frozenset({ProposalAction.TAKE, ProposalAction.PUBLISH, ProposalAction.RETURN})
"""All others are the host's."""


def actions(state: ProposalState, *, is_host: bool, is_steering: bool) -> list[ProposalAction]:
    """What somebody can do now."""
    return [
        action
        for action in ProposalAction
        if state in TRANSITIONS[action] and (is_steering if action in OF_STEERING else is_host)
    ]


def can_see(state: ProposalState, *, is_host: bool, is_steering: bool) -> bool:
    """What is published is everybody's to see; all else is between the host and the steering group."""
    return state is ProposalState.PUBLISHED or is_host or is_steering


def is_reminder_due(due_at: datetime | None, reminded_at: datetime | None, now: datetime) -> bool:
    """Whether the steering group has let the time pass, and has not been told lately."""
    if due_at is None or due_at > now:
        return False
    return reminded_at is None or reminded_at <= now - REMINDED_EVERY


_BITS = {audience: 1 << number for number, audience in enumerate(Audience)}


def to_mask(audiences: Collection[Audience]) -> int:
    """As the table keeps them.

    >>> to_mask([Audience.FAMILIES, Audience.STUDENTS])
    9
    """
    return sum(_BITS[one] for one in set(audiences))


def of_mask(mask: int) -> list[Audience]:
    """As people and programs read them.

    >>> [one.value for one in of_mask(9)]
    ['students', 'families']
    """
    return [one for one, bit in _BITS.items() if mask & bit]
