"""Who starts, sees and cancels which job."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from app.auth.actors import Actor
from app.jobs.models import JobState

OPEN = frozenset({JobState.QUEUED, JobState.RUNNING})


class JobKind(StrEnum):
    """What a job does; `app.commands.working` knows how."""

    MATCH_RUN = "match_run"
    """Ranks for every student and keeps it."""
    ROUND_RUN = "round_run"
    """Gives out the seats of a round that is too large to be waited for."""
    EVIDENCE = "evidence"
    """Counts an edition of the figures, and tries what it gives away."""


STARTED_OVER_THE_API = frozenset({JobKind.MATCH_RUN})
"""The others begin with a page or an operation of their own, which judges who may."""


class Started(Protocol):
    """What decides whose a job is."""

    @property
    def started_by(self) -> str: ...


def can_start(actor: Actor, kind: JobKind) -> bool:
    """What concerns everybody is started by administrators."""
    return kind in STARTED_OVER_THE_API and actor.is_administrator


def can_see(actor: Actor, job: Started) -> bool:
    """Whoever has started it, and administrators; who sees it may cancel it."""
    return actor.is_administrator or job.started_by == actor.mark
