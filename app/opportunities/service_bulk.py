"""Many opportunities at once, by the same functions as one. New ones are drafts: publishing is a step of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import bulk
from app.auth import service as auth
from app.auth.actors import AT_COMPANY, Actor
from app.bulk import Done
from app.bulk_rows import Row
from app.companies import access
from app.companies.models import Company
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity
from app.opportunities.schemas import OpportunityIn, OpportunityPatch

COLUMNS = frozenset(OpportunityIn.model_fields) - {"source"} | {"company_external_id"}
"""What a row may say. A company is named by its id, or its external id in the same source; not at all by its own program."""


def require_loader(actor: Actor) -> None:
    """Refuse whoever could write no opportunity. Raises NotYourOpportunity."""
    auth.require_scope(actor, "opportunities:write")
    if not (actor.is_overseer or actor.has_role(*AT_COMPANY)):
        raise opportunities.NotYourOpportunity


def load(session: Session, actor: Actor, rows: Sequence[Row], *, source: str, now: datetime) -> list[Done]:
    """Create as a draft, change or leave alone an opportunity for each row. `now` is in the territory's time zone."""
    require_loader(actor)
    by_external_id = _find_companies(session, actor, rows, source)
    present = {
        one.external_id: one
        for one in session.scalars(
            sa.select(Opportunity)
            .where(
                Opportunity.source == source,
                Opportunity.external_id.in_([row.document["external_id"] for row in rows]),
            )
            .order_by(Opportunity.id)
            .with_for_update()
        )
    }
    own = {grant.company_id for grant in actor.grants} - {None}

    def write(row: Row) -> Done:
        document = bulk.resolve(row.document, "company_id", "company_external_id", by_external_id)
        before = present.get(row.document["external_id"])
        if before is None:
            if "company_id" not in document and len(own) == 1:
                document = document | {"company_id": str(*own)}
            given = bulk.read_new(OpportunityIn, row._replace(document=document), source)
            return Done(bulk.CREATED, opportunities.create(session, actor, given, now=now).id)
        try:
            opportunity = opportunities.get_for_change(session, actor, before.id)
        except opportunities.NoSuchOpportunity as error:  # somebody else's
            raise opportunities.AlreadyKnown from error
        version = opportunity.version
        fixed = {"company_id": before.company_id, "kind": before.kind.value}
        patch = bulk.read_changes(OpportunityPatch, row._replace(document=document), fixed)
        opportunities.edit(session, actor, opportunity, patch.changes(), today=now.date())
        return Done(bulk.UNCHANGED if opportunity.version == version else bulk.CHANGED, opportunity.id)

    return bulk.one_by_one(session, rows, write)


def _find_companies(
    session: Session, actor: Actor, rows: Sequence[Row], source: str
) -> dict[str, list[UUID]]:
    named = [name for row in rows if isinstance(name := row.document.get("company_external_id"), str)]
    found: dict[str, list[UUID]] = defaultdict(list)
    own = [grant.company_id for grant in actor.grants if grant.company_id is not None]
    for company in session.execute(
        sa.select(Company.id, Company.external_id).where(
            Company.source == source,
            Company.external_id.in_(named),
            sa.or_(Company.id.in_(own), access.is_overseen(actor, Company.__table__.c.id)),
        )
    ):
        found[str(company.external_id)].append(company.id)
    return found
