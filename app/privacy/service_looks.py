"""Who looked at a student, told to the student and to the school."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.auth.models import ApiKey, User
from app.companies.models import Company
from app.events.models import Look
from app.events.service_looks import NOBODY, LookKind
from app.opportunities.models import Opportunity
from app.privacy import rules
from app.students import service as students
from app.students.service import NoSuchStudent

_LOOKS = Look.__table__.c
_KEY = (_LOOKS.day, _LOOKS.kind, _LOOKS.viewer_kind, _LOOKS.viewer_id, _LOOKS.about_id)

Position = tuple[date, str, str, UUID, UUID]
"""Where a page ended."""


@dataclass(frozen=True, slots=True)
class SeenLook:
    """A look, with names in place of ids; `viewer_name` is None when the viewer is gone."""

    day: date
    kind: LookKind
    viewer_kind: str
    viewer_id: UUID
    viewer_name: str | None
    about_id: UUID
    opportunity_title: str | None
    times: int

    @property
    def position(self) -> Position:
        """Where the next page begins after this look."""
        return (self.day, str(self.kind), self.viewer_kind, self.viewer_id, self.about_id)

    @property
    def opportunity_id(self) -> UUID | None:
        """For which opportunity a company saw a pseudonym."""
        return (
            self.about_id
            if self.kind in (LookKind.CANDIDATE, LookKind.NAME) and self.about_id != NOBODY
            else None
        )


def search(
    session: Session, actor: Actor, student_id: UUID, *, limit: int, after: Position | None = None
) -> list[SeenLook]:
    """The looks at a student, the newest first. Raises NoSuchStudent."""
    student = students.get(session, actor, student_id)
    if not rules.can_see_looks(actor, student):
        raise NoSuchStudent
    wanted = sa.select(Look.__table__).where(_LOOKS.student_id == student_id)
    if after is not None:
        day, kind, viewer_kind, viewer_id, about_id = after
        rest = [
            sa.literal(value, column.type)
            for column, value in zip(_KEY[1:], (kind, viewer_kind, viewer_id, about_id), strict=True)
        ]
        later = sa.tuple_(*_KEY[1:]) > sa.tuple_(*rest)
        wanted = wanted.where(sa.or_(_LOOKS.day < day, sa.and_(_LOOKS.day == day, later)))
    rows = session.execute(wanted.order_by(_LOOKS.day.desc(), *_KEY[1:]).limit(limit)).all()
    names = _names(session, rows)
    return [
        SeenLook(
            row.day, LookKind(row.kind), row.viewer_kind, row.viewer_id, names.get(row.viewer_id), row.about_id,
            names.get(row.about_id), row.times,
        )
        for row in rows
    ]  # fmt: skip


def _names(session: Session, rows: Sequence[sa.Row[tuple[object, ...]]]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    viewers = {row.viewer_id for row in rows}
    for kind, column, ids in (
        (User, User.name, viewers),
        (ApiKey, ApiKey.name, viewers),
        (Company, Company.name, viewers),
        (Opportunity, Opportunity.title, {row.about_id for row in rows} - {NOBODY}),
    ):
        if ids:
            found.update(
                (key, name)
                for key, name in session.execute(sa.select(kind.id, column).where(kind.id.in_(ids)))
            )
    return found


def forget_old(session: Session, now: datetime, *, days: int) -> int:
    """Delete looks that are older; how many."""
    ended = session.execute(sa.delete(Look).where(Look.day < now.date() - timedelta(days=days)))
    return int(ended.rowcount)  # type: ignore[attr-defined]
