"""Runs that were kept: reading them, doing them again, choosing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.matches import seating, service_judging
from app.matches.seating import Answer, Asker, Offer, PinsClash, Question, Seat, Tutors
from app.rounds import service as rounds
from app.rounds.models import RoundRun, RoundSeat, RoundState, RunMode
from app.rounds.rules import Action

Named = Mapping[str, tuple[str, int | None]]
"""Student → opportunity and period: seats that mean the same in another run."""


class NoSuchRun(errors.NotFound):
    """The round has no run with this number."""

    title = "No such run"


class PinsImpossible(errors.Conflict):
    """The pins cannot all be kept: too few seats or tutors, or a rule forbids one."""

    title = "The pins do not fit together"


PINS = "Take a pin away, or ask for more seats or tutors."


def read(session: Session, round_id: UUID, number: int | None) -> RoundRun:
    """A run by its number; whether the actor sees the round is the caller's to know. Raises NoSuchRun."""
    found = session.scalar(
        sa.select(RoundRun).where(RoundRun.round_id == round_id, RoundRun.number == number)
    )
    if found is None:
        raise NoSuchRun
    return found


def search(session: Session, round_id: UUID, *, limit: int, before: int | None = None) -> list[RoundRun]:
    """The runs of a round, the latest first."""
    order = sa.select(RoundRun).where(RoundRun.round_id == round_id).order_by(RoundRun.number.desc())
    if before is not None:
        order = order.where(RoundRun.number < before)
    return list(session.scalars(order.limit(limit)))


def choose(session: Session, actor: Actor, round_id: UUID, number: int, *, now: datetime) -> RoundRun:
    """Go back to an earlier run. Raises NoSuchRound, NotYourRound, NoSuchRun and WrongRoundState."""
    seen = rounds.get_to_run(session, actor, round_id)
    rounds.require_state(seen.round, {RoundState.REVIEWED})
    found = read(session, round_id, number)
    if seen.round.run_number != number:
        seen.round.run_number = number
        rounds.step(session, actor, seen.round, Action.REVIEW, now=now)
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    """A run as it was kept: the question, who sat where, and the days of each offer."""

    run: RoundRun
    question: Question
    seats: Mapping[str, Seat]
    class_of: Mapping[str, UUID]
    near: Named | None = None

    @property
    def is_whole(self) -> bool:
        """Whether none of its students has been deleted since."""
        return len(self.question.askers) == self.run.students


def load(session: Session, round_id: UUID, number: int | None, *, is_for_replay: bool = False) -> Kept:
    """Everything that a run was made of. Raises NoSuchRun."""
    found = read(session, round_id, number)
    items = found.offers["items"]
    offers = tuple(Offer(**{name: value for name, value in one.items() if name != "spans"}) for one in items)
    place_of = {offer.id: place for place, offer in enumerate(offers)}
    askers, seats, class_of = [], {}, {}
    table = RoundSeat.__table__.c
    rows = session.execute(
        sa.select(table.student_id, table.class_id, table.opportunity_id, table.period, table.inputs)
        .where(table.run_id == found.id)
        .order_by(table.student_id)
    )
    for student_id, class_id, opportunity_id, period, inputs in rows:
        who = str(student_id)
        askers.append(Asker.unpack(who, inputs))
        class_of[who] = class_id
        if opportunity_id is not None:
            place = place_of[str(opportunity_id)]
            seats[who] = Seat(place, period if offers[place].periods else None)
    near = None
    if is_for_replay and found.near_number is not None:
        near = named(session, read(session, round_id, found.near_number))
    hosts, schools = (tuple(map(Tutors.unpack, found.offers.get(name, ()))) for name in ("hosts", "schools"))
    question = Question(offers, tuple(askers), found.seed, found.is_wishes_only, hosts, schools)
    return Kept(found, question, seats, class_of, near)


def named(session: Session, found: RoundRun) -> Named:
    """Who sits where in a run."""
    rows = session.execute(
        sa.select(RoundSeat.student_id, RoundSeat.opportunity_id, RoundSeat.period)
        .where(RoundSeat.run_id == found.id, RoundSeat.opportunity_id.is_not(None))
    )  # fmt: skip
    return {str(student): (str(opportunity), period) for student, opportunity, period in rows}


def replay(kept: Kept) -> tuple[bool | None, int]:
    """Do a run again, outside of any block: whether it gives the same, and how many sit elsewhere.

    None when students have been deleted since: then it cannot be done again.
    """
    if not kept.is_whole:
        return None, 0
    again = solve(kept.question, kept.run.mode, kept.near)
    moved = service_judging.differences(kept.seats, again.seats)
    return not moved, len(moved)


def solve(question: Question, mode: str, near: Named | None) -> Answer:
    """Answer a question of a round; `near` is a plan to stay close to. Raises PinsImpossible."""
    number = question.number()
    before = None
    if near is not None:
        before = {who: Seat(number[one], period) for who, (one, period) in near.items() if one in number}
    try:
        return seating.solve(question, is_optimal=mode == RunMode.OPTIMAL, near=before)
    except PinsClash as error:
        raise PinsImpossible(PINS) from error
