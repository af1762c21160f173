"""Who is told of a kit: the other maker, who says whether it is named, and a company to which a school proposes it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.kits.models import Kit
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Opportunity
from app.schools.models import School


def named(session: Session, actor: Actor, kit: Kit, now: datetime) -> None:
    """Whoever has made it too decides whether to be named."""
    people: list[UUID] = []
    if kit.company_id is not None and not actor.is_of_company(kit.company_id):
        people += notifications.people_of_company(session, kit.company_id)
    if kit.school_id is not None and not actor.is_staff_of(kit.school_id):
        people += notifications.leads_of_school(session, kit.school_id)
    notifications.tell(
        session,
        people,
        NotificationKind.KIT_NAMED,
        kit.id,
        path=f"/kits/{kit.id}",
        data={"title": kit.title},
        now=now,
    )


def proposed(session: Session, kit: Kit, opportunity: Opportunity, school_id: UUID, now: datetime) -> None:
    """A school proposes to do it again; the draft is the company's."""
    school = session.get_one(School, school_id)
    notifications.tell(
        session, notifications.people_of_company(session, opportunity.company_id), NotificationKind.KIT_PROPOSED,
        opportunity.id, path=f"/opportunities/{opportunity.id}/preview",
        data={"title": kit.title, "school": school.name}, now=now,
    )  # fmt: skip
