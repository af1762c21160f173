"""Tutors: how many students each follows and may follow, who is away, and who takes over from whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import dates, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import Membership, User
from app.events import service as events
from app.laws import rules as laws
from app.laws import service as law_service
from app.laws.models import LawRule
from app.placements import rules, service
from app.placements.models import (
    Placement,
    Risk,
    TutorCapacity,
    TutorChange,
    TutorLeave,
    TutorSide,
)
from app.placements.service_terms import bindings, is_tutor_of
from app.schools import service as schools


class UnfitTutor(errors.Invalid):
    """Somebody who is no tutor there, or days that cannot be; `faults` names each field."""

    title = "Not a tutor of this side"


@dataclass(frozen=True, slots=True)
class Tutor:
    """A tutor of a school in a school year: open placements, how many there may be, and when the tutor is away."""

    user_id: UUID
    name: str
    students: int
    most_students: int
    is_decided: bool
    leave: tuple[date, date] | None

    @property
    def free(self) -> int:
        """How many more students the tutor can take."""
        return max(0, self.most_students - self.students)


# --- reading ----------------------------------------------------------------------------------------------------------


def list_of_school(session: Session, actor: Actor, school_id: UUID, start_year: int) -> list[Tutor]:
    """The school's tutors by name. Raises NoSuchSchool, and NotAllowed for who is not of its staff."""
    auth.require_scope(actor, "placements:read")
    require_staff(session, actor, school_id)
    return tutors_of(session, school_id, start_year)


def require_staff(session: Session, actor: Actor, school_id: UUID) -> None:
    """Raises NoSuchSchool, and NotAllowed for who is not of the school's staff."""
    schools.require(session, school_id)
    if not rules.can_see_tutors(actor, school_id):
        raise errors.NotAllowed("Only the staff of the school sees its placements and tutors.")


def people_of(session: Session, side: TutorSide, organisation_id: UUID) -> list[tuple[UUID, str]]:
    """Id and name of everybody there who may be a tutor, by name."""
    bound, roles = bindings(side)
    query = sa.select(User.id, User.name).join(Membership, Membership.user_id == User.id)
    query = query.where(bound == organisation_id, Membership.role.in_(roles), User.is_active).distinct()
    return [(row.id, row.name) for row in session.execute(query.order_by(User.name, User.id))]


def tutor_capacities(session: Session, school_id: UUID, start_year: int) -> dict[UUID, int]:
    """How many more students each tutor of a school can take in a school year; for whoever places many at once."""
    return {one.user_id: one.free for one in tutors_of(session, school_id, start_year)}


def tutors_of(session: Session, school_id: UUID, start_year: int) -> list[Tutor]:
    """Everybody who teaches at the school or leads it; five statements for any number.

    Where the school has decided nothing, as many as the law gives a tutor at the highest risk among the tutor's placements.
    """
    people = people_of(session, TutorSide.SCHOOL, school_id)
    ids = [user_id for user_id, _ in people]
    decided = {
        one.user_id: one.most_students
        for one in session.scalars(
            sa.select(TutorCapacity).where(
                TutorCapacity.school_id == school_id, TutorCapacity.start_year == start_year
            )
        )
    }
    leaves = {
        one.user_id: (one.starts_on, one.ends_on)
        for one in session.scalars(sa.select(TutorLeave).where(TutorLeave.user_id.in_(ids)))
    }
    first, last = dates.days_of_school_year(start_year)
    followed: Counter[UUID] = Counter()
    risks: defaultdict[UUID, set[Risk]] = defaultdict(set)
    tutor_id = cast(
        "InstrumentedAttribute[UUID]", Placement.school_tutor_id
    )  # where it is empty, nobody is followed
    for user_id, risk in session.execute(
        sa.select(tutor_id, Placement.risk).where(
            Placement.school_id == school_id, Placement.state.in_(rules.OPEN),
            Placement.school_tutor_id.is_not(None), Placement.starts_on.between(first, last),
        )
    ):  # fmt: skip
        followed[user_id] += 1
        risks[user_id].add(risk)
    table = law_service.table(session)
    return [
        Tutor(
            user_id=user_id, name=name, students=followed[user_id], is_decided=user_id in decided,
            most_students=decided.get(user_id, most_by_law(table, first, risks[user_id])), leave=leaves.get(user_id),
        )
        for user_id, name in people
    ]  # fmt: skip


def most_by_law(table: Sequence[LawRule], on: date, risks: Collection[Risk] = ()) -> int:
    """How many students a tutor may follow at these risks, or at the lowest, where nobody has decided it otherwise.

    The number is the host tutor's, for school tutors too.
    """
    found = laws.most_per_host_tutor(table, on, risks or (Risk.LOW,))
    return rules.MOST_STUDENTS if found is None else found


# --- deciding ---------------------------------------------------------------------------------------------------------


def decide(
    session: Session, actor: Actor, school_id: UUID, user_id: UUID, start_year: int, most_students: int, *, now: datetime
) -> Tutor:  # fmt: skip
    """Say how many students a tutor follows at most in a school year. Raises NoSuchSchool, NotAllowed, UnfitTutor."""
    _require_lead(session, actor, school_id)
    _require_tutor(session, school_id, user_id, "user_id")
    row = session.get(TutorCapacity, (user_id, school_id, start_year), with_for_update=True)
    if row is None:
        row = TutorCapacity(user_id=user_id, school_id=school_id, start_year=start_year)
        session.add(row)
    row.most_students, row.decided_at, row.decided_by = most_students, now.astimezone(UTC), actor.mark
    session.flush()
    told = {"start_year": start_year, "most_students": most_students}
    events.record(session, actor, "tutor.capacity_decided", user_id, told)
    return _one(session, school_id, user_id, start_year)


def note_leave(
    session: Session, actor: Actor, school_id: UUID, user_id: UUID, starts_on: date, ends_on: date, *, now: datetime
) -> Tutor:  # fmt: skip
    """Note when a tutor is away; it replaces what was noted before. Raises NoSuchSchool, NotAllowed, UnfitTutor."""
    _require_lead(session, actor, school_id)
    _require_tutor(session, school_id, user_id, "user_id")
    if ends_on < starts_on:
        raise UnfitTutor(faults=[_fault("ends_on", "lies before starts_on")])
    row = session.get(TutorLeave, user_id, with_for_update=True)
    if row is None:
        row = TutorLeave(user_id=user_id)
        session.add(row)
    row.starts_on, row.ends_on, row.noted_at, row.noted_by = (
        starts_on,
        ends_on,
        now.astimezone(UTC),
        actor.mark,
    )
    session.flush()
    events.record(session, actor, "tutor.leave_noted", user_id)
    return _one(session, school_id, user_id, dates.school_year(starts_on))


def _one(session: Session, school_id: UUID, user_id: UUID, start_year: int) -> Tutor:
    return next(one for one in tutors_of(session, school_id, start_year) if one.user_id == user_id)


def _require_lead(session: Session, actor: Actor, school_id: UUID) -> None:
    auth.require_scope(actor, "placements:write")
    schools.require(session, school_id)
    if not rules.can_manage_tutors(actor, school_id):
        raise errors.NotAllowed("Only who leads the school decides about its tutors.")


def _require_tutor(session: Session, school_id: UUID, user_id: UUID, field: str) -> None:
    if not is_tutor_of(session, TutorSide.SCHOOL, user_id, school_id):
        raise UnfitTutor(faults=[_fault(field, "no active member of the school has this id")])


def _fault(field: str, detail: str) -> dict[str, str]:
    return {"in": "body", "field": field, "detail": detail}


# --- taking over ------------------------------------------------------------------------------------------------------


def substitute(
    session: Session,
    actor: Actor,
    side: TutorSide,
    before_id: UUID,
    after_id: UUID,
    *,
    from_on: date,
    placement_ids: Collection[UUID] | None = None,
    now: datetime,
) -> list[TutorChange]:
    """Let somebody else be the tutor from a day on, of all open placements of a tutor's or of those that are named.

    Only placements that the actor may change are touched. Raises UnfitTutor.
    """
    auth.require_scope(actor, "placements:write")
    found = _followed(session, actor, side, before_id, from_on)
    if placement_ids is not None:
        known = {one.id for one in found}
        faults = [
            _fault(f"placement_ids.{index}", "no placement of this tutor's that you may change has this id")
            for index, one in enumerate(placement_ids)
            if one not in known
        ]
        if faults:
            raise UnfitTutor(faults=faults)
        found = [one for one in found if one.id in placement_ids]
    if not found:
        raise UnfitTutor(
            faults=[_fault("before_id", "follows no placement that you may change, on those days")]
        )
    for organisation in {one.school_id if side is TutorSide.SCHOOL else one.company_id for one in found}:
        if not is_tutor_of(session, side, after_id, organisation):
            raise UnfitTutor(
                faults=[_fault("after_id", "no active member of the same organisation has this id")]
            )
    made = [
        TutorChange(
            placement_id=one.id, side=side, before_id=before_id, after_id=after_id, from_on=from_on,
            made_at=now.astimezone(UTC), made_by=actor.mark,
        )
        for one in found
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    told = {"side": side.value, "from_on": from_on.isoformat()}
    events.record_many(session, actor, [("placement.tutor_replaced", one.id, told) for one in found])
    if from_on <= now.date():
        _apply(session, made, now)
    return made


def apply_due(session: Session, now: datetime) -> int:
    """Tell placements of the new tutors whose day has come; how many."""
    due = sa.select(TutorChange).where(TutorChange.applied_at.is_(None), TutorChange.from_on <= now.date())
    found = session.scalars(due.order_by(TutorChange.made_at, TutorChange.id).with_for_update()).all()
    return _apply(session, found, now)


def _followed(
    session: Session, actor: Actor, side: TutorSide, tutor_id: UUID, from_on: date
) -> list[Placement]:
    column = Placement.school_tutor_id if side is TutorSide.SCHOOL else Placement.host_tutor_id
    seen = service.visible(
        session, actor, column == tutor_id, Placement.state.in_(rules.OPEN), Placement.ends_on >= from_on
    )
    return [one.placement for one in seen if one.party in rules.REPLACED_BY[side]]


def _apply(session: Session, changes: Sequence[TutorChange], now: datetime) -> int:
    query = sa.select(Placement).where(Placement.id.in_([one.placement_id for one in changes]))
    rows = {one.id: one for one in session.scalars(query.order_by(Placement.id).with_for_update())}
    for change in changes:
        placement = rows[change.placement_id]
        name = f"{change.side}_tutor_id"
        if placement.state in rules.OPEN and getattr(placement, name) == change.before_id:
            setattr(placement, name, change.after_id)
        change.applied_at = now.astimezone(UTC)
    session.flush()
    return len(changes)
