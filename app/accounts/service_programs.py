"""Programs as the organisations around them see them: for whom each acts."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.models import ApiKey, Territory
from app.companies.models import Company
from app.schools.models import School


def titles(session: Session, keys: Iterable[ApiKey]) -> dict[UUID, str]:
    """The names of the schools, companies and territories that keys are bound to, by key; others have none."""
    title = sa.func.coalesce(School.name, Company.name, Territory.name)
    rows = session.execute(
        sa.select(ApiKey.id, title)
        .outerjoin(School, School.id == ApiKey.school_id)
        .outerjoin(Company, Company.id == ApiKey.company_id)
        .outerjoin(Territory, Territory.id == ApiKey.territory_id)
        .where(ApiKey.id.in_([key.id for key in keys]), title.is_not(None))
    )
    return {row[0]: row[1] for row in rows}
