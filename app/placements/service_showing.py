"""Placements as the API and the pages show them, with the names of what they refer to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.auth.models import User
from app.companies.models import Company
from app.opportunities.models import Opportunity
from app.placements import rules, service_terms
from app.placements.schemas import PlacementOut
from app.placements.service import Seen


def show(session: Session, seen: Sequence[Seen]) -> list[PlacementOut]:
    """What their readers see; four queries for any number. Whoever sees a placement knows who it is about."""
    rows = [one.placement for one in seen]
    titles = _names(session, Opportunity.id, Opportunity.title, {row.opportunity_id for row in rows})
    companies = _names(session, Company.id, Company.name, {row.company_id for row in rows})
    tutors = {row.school_tutor_id for row in rows} | {row.host_tutor_id for row in rows}
    activities = service_terms.activities_of(session, [row.id for row in rows])
    people = _names(session, User.id, User.name, tutors - {None})
    return [
        PlacementOut.model_validate(
            {name: getattr(one.placement, name) for name in _OWN}
            | {
                "student_name": f"{one.student.given_name} {one.student.family_name}",
                "opportunity_title": titles[one.placement.opportunity_id],
                "company_name": companies[one.placement.company_id],
                "kind": one.kind,
                "activity_ids": activities.get(one.placement.id, []),
                "owner": rules.OWNER.get(one.placement.state),
                "weekdays": dates.mask_to_weekdays(one.placement.weekdays),
                "school_tutor_name": people.get(one.placement.school_tutor_id),
                "host_tutor_name": people.get(one.placement.host_tutor_id),
            }
        )
        for one in seen
    ]


_BESIDE = {
    "student_name", "opportunity_title", "company_name", "kind", "owner", "weekdays", "activity_ids", "school_tutor_name",
    "host_tutor_name",
}  # fmt: skip
_OWN = tuple(name for name in PlacementOut.model_fields if name not in _BESIDE)


def _names(session: Session, key: Any, name: Any, ids: set[Any]) -> dict[UUID | None, str]:
    return dict(session.execute(sa.select(key, name).where(key.in_(ids))).all()) if ids else {}
