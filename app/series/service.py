"""Series: finding, founding and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import Territory
from app.errors import WrongState as WrongState
from app.events import service as events
from app.series import rules
from app.series.models import Series, SeriesState


class NoSuchSeries(errors.NotFound):
    """No series has this id, or it is a draft of another territory."""

    title = "No such series"


class NotYourSeries(errors.NotAllowed):
    """A series is its steering group's: whoever coordinates the territory."""

    title = "Not your series"


class UnfitSeries(errors.Invalid):
    """Days in no order, or a territory that is not there; `faults` names the field."""

    title = "The series is not valid"


def search(
    session: Session,
    actor: Actor,
    *,
    state: SeriesState | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> list[Series]:
    """Series that the actor may see, the latest first."""
    auth.require_scope(actor, "opportunities:read")
    query = sa.select(Series).order_by(Series.starts_on.desc(), Series.id.desc()).limit(limit)
    if not actor.is_administrator:
        own = Series.territory_id.in_(actor.territories)
        query = query.where(sa.or_(Series.state != SeriesState.DRAFT, own))
    if state is not None:
        query = query.where(Series.state == state)
    if after is not None:
        query = query.where(sa.tuple_(Series.starts_on, Series.id) < sa.tuple_(*map(sa.literal, after)))
    return list(session.scalars(query))


def read(session: Session, actor: Actor, series_id: UUID) -> Series:
    """A series. Raises NoSuchSeries."""
    auth.require_scope(actor, "opportunities:read")
    return _see(session, actor, series_id)


def get_for_change(session: Session, actor: Actor, series_id: UUID) -> Series:
    """A series, locked, for its steering group. Raises NoSuchSeries and NotYourSeries."""
    auth.require_scope(actor, "opportunities:write")
    found = _see(session, actor, series_id, is_locked=True)
    if not rules.steers(actor, found.territory_id):
        raise NotYourSeries
    return found


def create(session: Session, actor: Actor, values: Mapping[str, Any], *, now: datetime) -> Series:
    """Found a series, as a draft. Raises NotYourSeries and UnfitSeries."""
    auth.require_scope(actor, "opportunities:write")
    if not actor.is_overseer:
        raise NotYourSeries
    if session.get(Territory, values["territory_id"]) is None:
        raise _unfit("territory_id", "no territory has this id")
    if not rules.steers(actor, values["territory_id"]):
        raise NotYourSeries
    _refuse_unfit(values)
    found = Series(**values, state=SeriesState.DRAFT, created_at=now.astimezone(UTC), created_by=actor.mark)
    session.add(found)
    session.flush()
    events.record(session, actor, "series.created", found.id)
    return found


def edit(session: Session, actor: Actor, found: Series, changes: Mapping[str, Any]) -> None:
    """Change what `get_for_change` gave, its state too. Raises UnfitSeries and WrongState."""
    _refuse_unfit({"starts_on": found.starts_on, "ends_on": found.ends_on, **changes})
    state = changes.get("state", found.state)
    if state is not found.state and state not in rules.SERIES_STEPS[found.state]:
        raise WrongState(f"A series that is {found.state} cannot become {state}.")
    fields = sorted(name for name, value in changes.items() if getattr(found, name) != value)
    if not fields:
        return
    for name in fields:
        setattr(found, name, changes[name])
    session.flush()
    events.record(session, actor, "series.edited", found.id, {"fields": fields, "state": found.state.value})


def _see(session: Session, actor: Actor, series_id: UUID, *, is_locked: bool = False) -> Series:
    found = session.get(Series, series_id, with_for_update=is_locked or None)
    if found is None or not rules.can_see_series(actor, found.territory_id, found.state):
        raise NoSuchSeries
    return found


def _refuse_unfit(values: Mapping[str, Any]) -> None:
    if values["ends_on"] < values["starts_on"]:
        raise _unfit("ends_on", "lies before starts_on")


def _unfit(field: str, detail: str) -> UnfitSeries:
    return UnfitSeries(faults=[{"in": "body", "field": field, "detail": detail}])
