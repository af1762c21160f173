"""Many companies at once, by the same functions as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import bulk
from app.auth import service as auth
from app.auth.actors import AT_COMPANY, Actor
from app.bulk import Done
from app.bulk_rows import Row
from app.companies import service as companies
from app.companies.models import Company
from app.companies.schemas import CompanyIn, CompanyPatch

COLUMNS = frozenset(CompanyIn.model_fields) - {"source"}
"""What a row may say."""


def require_loader(actor: Actor) -> None:
    """Refuse whoever could change no company. Raises NotYourCompany."""
    auth.require_scope(actor, "companies:write")
    if not (actor.is_overseer or actor.has_role(*AT_COMPANY)):
        raise companies.NotYourCompany


def load(
    session: Session, actor: Actor, rows: Sequence[Row], *, source: str, now: datetime, review_days: int
) -> list[Done]:
    """Create, change or leave alone a company for each row; only overseers create."""
    require_loader(actor)
    present = {
        company.external_id: company
        for company in session.scalars(
            sa.select(Company)
            .where(
                Company.source == source,
                Company.external_id.in_([row.document["external_id"] for row in rows]),
            )
            .order_by(Company.id)
            .with_for_update()
        )
    }

    def write(row: Row) -> Done:
        before = present.get(row.document["external_id"])
        if before is None:
            given = bulk.read_new(CompanyIn, row, source)
            created = companies.create(session, actor, given, now=now, review_days=review_days)
            return Done(bulk.CREATED, created.id)
        try:
            company = companies.get_for_change(session, actor, before.id)
        except (
            companies.NoSuchCompany
        ) as error:  # somebody else's; that the id is taken is all there is to say
            raise companies.AlreadyRegistered from error
        version = company.version
        companies.edit(session, actor, company, bulk.read_changes(CompanyPatch, row, {}).changes())
        return Done(bulk.UNCHANGED if company.version == version else bulk.CHANGED, company.id)

    return bulk.one_by_one(session, rows, write)
