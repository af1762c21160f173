"""Who reads a paper of a student is noted."""

from __future__ import annotations

from collections.abc import Callable

from app.agreements.service import Seen
from app.events.service_looks import LookKind
from app.placements.models import Party


def note(look: Callable[..., None], seen: Seen) -> None:
    """Note that somebody has read of a student; a company has read the name. No block may be open.

    `look` is `looked` of a call, bound to the actor, or of a view.
    """
    if seen.student is None:
        return
    if seen.party is Party.COMPANY:
        look(LookKind.NAME, [seen.student.id], company_id=seen.paper.company_id)
    else:
        look(LookKind.PROFILE, [seen.student.id])
