"""What if: a run done again with some pins and bans more, shown as what it would change, and kept nowhere.

`ask` runs inside a read block, `answer` computes outside of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.companies.models import Company
from app.matches import seating, service_judging
from app.matches.seating import Change, PinsClash, Seat, wish_of
from app.opportunities.models import Opportunity
from app.rounds import rules, service_kept, service_pins
from app.rounds import service as rounds
from app.rounds.models import RunMode
from app.rounds.service_kept import Kept, PinsImpossible
from app.students.models import Student


class BadTrial(errors.Invalid):
    """A change that cannot be tried: the run knows nothing of the student, or of the opportunity."""

    title = "The change cannot be tried"


class Wanted(NamedTuple):
    """A change to try: pin, ban, or, without an opportunity, no pin any more."""

    student_id: UUID
    opportunity_id: UUID | None
    is_ban: bool = False
    period: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried, on what, and the names of those whom the actor sees."""

    kept: Kept
    changes: Sequence[Change]
    names: dict[str, tuple[str, str]]
    titles: dict[str, tuple[str, str]]
    version: int


class Place(NamedTuple):
    """Where somebody sits, and which of the wishes that is."""

    opportunity_id: UUID
    title: str
    company_name: str
    wish: int | None


class Shift(NamedTuple):
    """A student who would sit elsewhere."""

    student_id: UUID
    given_name: str
    family_name: str
    before: Place | None
    after: Place | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would change: by name for the actor's own students, as a number for all others."""

    before: dict[str, Any]
    after: dict[str, Any]
    shifts: list[Shift]
    elsewhere: int


def ask(session: Session, actor: Actor, round_id: UUID, wanted: Sequence[Wanted]) -> Trial:
    """Take what a trial needs. Raises NoSuchRound, NoSuchStudent, WrongRoundState, NoSuchRun and BadTrial."""
    seen = rounds.find(session, actor, round_id)
    rounds.require_state(seen.round, rules.RUNNABLE)
    for one in wanted:
        service_pins.own_student(session, actor, seen, one.student_id)
    kept = service_kept.load(session, round_id, seen.round.run_number)
    number, known = kept.question.number(), {asker.id for asker in kept.question.askers}
    changes = []
    for place, one in enumerate(wanted):
        if str(one.student_id) not in known:
            raise _bad(place, "student_id", "the run does not know this student")
        seat = None
        if one.opportunity_id is not None:
            if str(one.opportunity_id) not in number:
                raise _bad(place, "opportunity_id", "the run does not know this opportunity")
            seat = Seat(number[str(one.opportunity_id)], one.period)
            offered = kept.question.offers[seat.offer].periods
            if one.period is not None and one.period >= offered:
                raise _bad(place, "period", f"there are {offered} to choose from")
        changes.append(Change(str(one.student_id), seat, one.is_ban))
    own = [one.class_id for one in seen.own(actor)]
    return Trial(kept, changes, _names(session, own), _titles(session, number), seen.round.version)


def answer(trial: Trial) -> Outcome:
    """What would change, with as few other changes as can be. Raises PinsImpossible."""
    kept = trial.kept
    is_optimal = kept.run.mode is RunMode.OPTIMAL
    question = seating.changed(kept.question, trial.changes)
    try:
        after, moved = service_judging.try_out(question, kept.seats, is_optimal=is_optimal)
    except PinsClash as error:
        raise PinsImpossible(service_kept.PINS) from error
    asker_of = {asker.id: asker for asker in question.askers}

    def place(who: str, seat: Seat | None) -> Place | None:
        if seat is None:
            return None
        one = question.offers[seat.offer].id
        return Place(UUID(one), *trial.titles[one], wish_of(asker_of[who], seat))

    own = [one for one in moved if one.student_id in trial.names]
    return Outcome(
        before=service_judging.tally(kept.question, kept.seats),
        after=service_judging.tally(question, after.seats),
        shifts=[
            Shift(UUID(who), *trial.names[who], place(who, before), place(who, now))
            for who, before, now in own
        ],
        elsewhere=len(moved) - len(own),
    )


def _bad(place: int, field: str, detail: str) -> BadTrial:
    return BadTrial(faults=[{"in": "body", "field": f"changes.{place}.{field}", "detail": detail}])


def _names(session: Session, class_ids: Sequence[UUID]) -> dict[str, tuple[str, str]]:
    rows = session.execute(
        sa.select(Student.id, Student.given_name, Student.family_name).where(Student.class_id.in_(class_ids))
    )
    return {str(student): (given, family) for student, given, family in rows}


def _titles(session: Session, ids: dict[str, int]) -> dict[str, tuple[str, str]]:
    rows = session.execute(
        sa.select(Opportunity.id, Opportunity.title, Company.name)
        .join(Company, Company.id == Opportunity.company_id)
        .where(Opportunity.id.in_([UUID(one) for one in ids]))
    )
    return {str(one): (title, company) for one, title, company in rows}
