"""On which days nobody is expected in placements, though they are neither over nor on a public holiday."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars import service as calendars
from app.calendars.models import ClosingKind, SchoolClosing
from app.placements import rules
from app.placements.models import Placement


def off_days(session: Session, placements: Collection[Placement]) -> Mapping[UUID, frozenset[date]]:
    """By placement, the days that the school and the patron of the place leave out; two statements for any number."""
    calendar = calendars.calendar(
        session, {one.school_id for one in placements}, {one.opportunity_id for one in placements}
    )
    return {one.id: calendar.off(one.school_id, one.opportunity_id, one) for one in placements}


def touched(session: Session, school_id: UUID, closings: Sequence[SchoolClosing]) -> Mapping[UUID, int]:
    """By closing on which nobody is expected, how many placements of the school that are not over share a day with it."""
    rows = session.execute(
        sa.select(SchoolClosing.id, sa.func.count().label("placements"))
        .join(Placement, Placement.school_id == SchoolClosing.school_id)
        .where(
            SchoolClosing.id.in_([one.id for one in closings]),
            SchoolClosing.school_id == school_id,
            SchoolClosing.kind == ClosingKind.NOBODY_EXPECTED,
            Placement.state.in_(rules.OPEN),
            Placement.starts_on <= SchoolClosing.ends_on,
            Placement.ends_on >= SchoolClosing.starts_on,
        )
        .group_by(SchoolClosing.id)
    )
    return {row.id: row.placements for row in rows}
