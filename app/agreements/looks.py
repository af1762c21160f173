"""Who reads a paper of a student is noted."""

from __future__ import annotations

from app.agreements.service import Seen
from app.auth.actors import Actor
from app.events.service_looks import LookKind
from app.placements.models import Party
from app.rest import Call


def note(call: Call, actor: Actor, seen: Seen) -> None:
    """Note that somebody has read of a student; a company has read the name. No block may be open."""
    if seen.student is None:
        return
    if seen.party is Party.COMPANY:
        call.looked(actor, LookKind.NAME, [seen.student.id], company_id=seen.paper.company_id)
    else:
        call.looked(actor, LookKind.PROFILE, [seen.student.id])
