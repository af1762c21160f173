"""Rounds: opening, finding, changing them, and moving them through their life."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import Territory
from app.events import service as events
from app.rounds import access, rules, service_wishes
from app.rounds.models import Round, RoundClass, RoundSchool, RoundState
from app.rounds.rules import Action
from app.schools.models import SchoolClass


class NoSuchRound(errors.NotFound):
    """No round has this id, or none that the actor may see."""

    title = "No such round"


class NotYourRound(errors.NotAllowed):
    """The actor sees the round, and somebody else runs it."""

    title = "Somebody else runs this round"


class BadRound(errors.Invalid):
    """Dates or classes that cannot be meant."""

    title = "The round cannot be like that"


class WrongRoundState(errors.Conflict):
    """The round is in a state that does not allow this."""

    title = "Not in this state of the round"


class JoinedAlready(errors.Conflict):
    """The school takes part already."""

    title = "The school takes part already"


@dataclass(frozen=True, slots=True)
class Seen:
    """A round, and the classes that take part."""

    round: Round
    classes: Sequence[RoundClass]
    school_ids: frozenset[UUID]

    @property
    def class_ids(self) -> frozenset[UUID]:
        """Which classes take part."""
        return frozenset(one.class_id for one in self.classes)

    def own(self, actor: Actor) -> list[RoundClass]:
        """The classes whose students the actor sees by name."""
        return [one for one in self.classes if rules.is_staff(actor, one.school_id, one.class_id)]

    def can_run(self, actor: Actor) -> bool:
        """Whether the actor freezes, runs and cancels it."""
        return rules.can_run(actor, self.round, self.class_ids)


# --- finding ----------------------------------------------------------------------------------------------------------


def find(session: Session, actor: Actor, round_id: UUID, *, scope: str = "placements:read") -> Seen:
    """A round that the actor may see. Raises NoSuchRound."""
    auth.require_scope(actor, scope)
    row = session.scalar(sa.select(Round).where(Round.id == round_id, access.visible_to(actor)))
    if row is None:
        raise NoSuchRound
    return seen_of(session, row)


def get_to_run(session: Session, actor: Actor, round_id: UUID) -> Seen:
    """The same for whoever may change it; nobody else changes it until the block ends. Raises NoSuchRound and NotYourRound."""
    seen = find(session, actor, round_id, scope="placements:write")
    if not seen.can_run(actor):
        raise NotYourRound
    session.refresh(seen.round, with_for_update=True)
    return seen


def search(
    session: Session,
    actor: Actor,
    *,
    state: RoundState | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Seen]:
    """The rounds that the actor may see, the latest first; two statements."""
    auth.require_scope(actor, "placements:read")
    query = (
        sa.select(Round).where(access.visible_to(actor)).order_by(Round.created_at.desc(), Round.id.desc())
    )
    if state is not None:
        query = query.where(Round.state == state)
    if after is not None:
        query = query.where(sa.tuple_(Round.created_at, Round.id) < after)
    found = session.scalars(query.limit(limit)).all()
    classes = session.scalars(_CLASSES.where(RoundClass.round_id.in_([one.id for one in found]))).all()
    return [_with(one, [row for row in classes if row.round_id == one.id]) for one in found]


def seen_of(session: Session, row: Round) -> Seen:
    """A round with its classes; whether the actor may see it is the caller's to know."""
    return _with(row, session.scalars(_CLASSES.where(RoundClass.round_id == row.id)).all())


def _with(row: Round, classes: Sequence[RoundClass]) -> Seen:
    schools = {one.school_id for one in classes} | ({row.school_id} if row.school_id else set())
    return Seen(row, classes, frozenset(schools))


_CLASSES = (
    sa.select(RoundClass)
    .join(SchoolClass, SchoolClass.id == RoundClass.class_id)
    .order_by(RoundClass.school_id, SchoolClass.year, SchoolClass.section, SchoolClass.id)
)

# --- opening and changing ---------------------------------------------------------------------------------------------


def create(session: Session, actor: Actor, values: Mapping[str, Any], *, now: datetime) -> Seen:
    """Open a round; `values` has every field, and either `school_id` with `class_ids` or `territory_id`.

    Raises NotYourRound and BadRound. `now` is in the territory's time zone.
    """
    auth.require_scope(actor, "placements:write")
    columns = dict(values)
    class_ids = columns.pop("class_ids")
    _refuse(rules.faults(values, now.date()))
    row = Round(
        **columns | {"kinds": rules.written(values["kinds"])},
        created_at=now.astimezone(UTC), created_by=actor.mark, state=RoundState.COLLECTING,
    )  # fmt: skip
    _set_clock(row, now.tzinfo or UTC)
    if row.school_id is not None:
        require_classes(session, row.school_id, class_ids)
        if not rules.can_open(actor, row.school_id, class_ids):
            raise NotYourRound("A round is opened by who leads the school, or teaches all of its classes.")
    else:
        _require_territory(session, actor, row, class_ids)
    session.add(row)
    session.flush()
    if row.school_id is not None:
        take_part(session, actor, row.id, row.school_id, class_ids, now)
    events.record(session, actor, "round.opened", row.id)
    return seen_of(session, row)


def edit(
    session: Session, actor: Actor, round_id: UUID, changes: Mapping[str, Any], *, now: datetime
) -> Seen:
    """Change what is still being collected. Raises NoSuchRound, NotYourRound, BadRound and WrongRoundState."""
    seen = get_to_run(session, actor, round_id)
    row = seen.round
    require_state(row, {RoundState.COLLECTING})
    present = {name: getattr(row, name) for name in _FIELDS} | {"kinds": rules.kinds_of(row)}
    _refuse(rules.faults(present | dict(changes), now.date()))
    columns = dict(changes)
    class_ids = columns.pop("class_ids", None)
    if "kinds" in columns:
        columns["kinds"] = rules.written(columns["kinds"])
    for name, value in columns.items():
        setattr(row, name, value)
    _set_clock(row, now.tzinfo or UTC)
    if class_ids is not None:
        if row.school_id is None:
            raise BadRound(faults=[_fault("class_ids", "each school chooses its classes when it joins")])
        require_classes(session, row.school_id, class_ids)
        session.execute(sa.delete(RoundClass).where(RoundClass.round_id == row.id))
        session.add_all(_rows_of(row.id, row.school_id, class_ids))
    session.flush()
    events.record(session, actor, "round.edited", row.id, {"fields": sorted(changes)})
    session.expire_all()
    return seen_of(session, row)


_FIELDS = ("starts_on", "ends_on", "opens_on", "closes_on", "publish_by")


def take_part(
    session: Session, actor: Actor, round_id: UUID, school_id: UUID, class_ids: Collection[UUID], now: datetime
) -> None:  # fmt: skip
    try:
        with session.begin_nested():
            joined = RoundSchool(
                round_id=round_id, school_id=school_id, joined_at=now.astimezone(UTC), joined_by=actor.mark
            )
            session.add(joined)
    except IntegrityError as error:
        raise JoinedAlready from error
    session.add_all(_rows_of(round_id, school_id, class_ids))
    session.flush()


def _rows_of(round_id: UUID, school_id: UUID, class_ids: Collection[UUID]) -> list[RoundClass]:
    return [
        RoundClass(round_id=round_id, school_id=school_id, class_id=class_id)
        for class_id in dict.fromkeys(class_ids)
    ]


def require_classes(session: Session, school_id: UUID, class_ids: Collection[UUID]) -> None:
    own = sa.select(SchoolClass.id).where(SchoolClass.school_id == school_id, SchoolClass.id.in_(class_ids))
    known = set(session.scalars(own))
    _refuse(
        [
            _fault(f"class_ids.{number}", "the school has no class with this id")
            for number, class_id in enumerate(class_ids)
            if class_id not in known
        ]
    )


def _require_territory(session: Session, actor: Actor, row: Round, class_ids: Collection[UUID]) -> None:
    if row.territory_id is None or session.get(Territory, row.territory_id) is None:
        raise BadRound(faults=[_fault("territory_id", "no territory has this id")])
    if class_ids:
        raise BadRound(faults=[_fault("class_ids", "each school chooses its classes when it joins")])
    if not rules.can_open_shared(actor, row.territory_id):
        raise NotYourRound("A shared round is opened by who coordinates the territory.")


def _refuse(faults: Sequence[rules.Fault]) -> None:
    if faults:
        raise BadRound(faults=faults)


def _fault(field: str, detail: str) -> rules.Fault:
    return {"in": "body", "field": field, "detail": detail}


# --- its life ---------------------------------------------------------------------------------------------------------


def move(session: Session, actor: Actor, round_id: UUID, action: Action, *, now: datetime) -> Seen:
    """Freeze, reopen or cancel; a repetition changes nothing. Raises NoSuchRound, NotYourRound and WrongRoundState."""
    seen = get_to_run(session, actor, round_id)
    if seen.round.state not in rules.TRANSITIONS[action].values():
        step(session, actor, seen.round, action, now=now)
    return seen


def step(session: Session, actor: Actor, row: Round, action: Action, *, now: datetime) -> None:
    """Take one step of its life; whether the actor may is the caller's to decide. Raises WrongRoundState."""
    before = row.state
    after = rules.TRANSITIONS[action].get(before)
    if after is None or (action in rules.UNDOING and has_published(session, row)):
        raise WrongRoundState(f"A round in the state {before} cannot do this: {action}.")
    row.state = after
    if action is Action.FREEZE:
        row.frozen_at, row.frozen_by = now.astimezone(UTC), actor.mark
        service_wishes.collect(session, row)
    elif action is Action.REOPEN:
        if row.publish_by <= now.date():
            raise WrongRoundState("There is no day left on which to collect.")
        row.frozen_at = row.frozen_by = row.run_number = None
        row.closes_on = max(row.closes_on, now.date())
    elif action is Action.CANCEL:
        row.ended_at, row.ended_by = now.astimezone(UTC), actor.mark
    _set_clock(row, now.tzinfo or UTC)
    session.flush()
    data = {"from": before.value, "to": after.value, "by": action.value}
    events.record(session, actor, "round.moved", row.id, data)


def has_published(session: Session, row: Round) -> bool:
    """Whether the result of any class has gone out."""
    found = sa.select(RoundClass.class_id).where(
        RoundClass.round_id == row.id, RoundClass.published_at.is_not(None)
    )
    return session.scalar(found.limit(1)) is not None


def require_state(row: Round, states: Collection[RoundState]) -> None:
    """Raises WrongRoundState."""
    if row.state not in states:
        raise WrongRoundState(f"The round is {row.state}.")


def _set_clock(row: Round, zone: tzinfo) -> None:
    row.due_at = rules.due_at(row.state, row.closes_on, row.publish_by, zone)
