"""Running a round: a snapshot in, seats computed outside of any block, results saved if the snapshot still holds."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.db import Database, new_id
from app.events import service as events
from app.matches import service_judging, service_rating
from app.matches.engine import Engine
from app.matches.seating import Answer, Question, wish_of
from app.matches.service_rating import Rated
from app.opportunities.details import Span
from app.opportunities.models import Opportunity
from app.rounds import rules, service_kept, service_snapshots
from app.rounds import service as rounds
from app.rounds.models import Round, RoundRun, RoundSeat, RunMode
from app.rounds.rules import Action
from app.rounds.service_snapshots import Snapshot
from app.students.models import Student

TRIES = 3
"""So often a run begins anew because something has changed under it."""


class ChangedMeanwhile(errors.Conflict):
    """Wishes, pins or seats kept changing while the run was computed."""

    title = "Something has changed meanwhile"


class BadRun(errors.Invalid):
    """A run that cannot be meant."""

    title = "The run cannot be like that"


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody has asked for; plain values, so that a job can keep it. `near` is the run to stay close to."""

    round_id: str
    mode: str
    seed: int
    near: int | None = None

    def arguments(self) -> dict[str, Any]:
        """As a job keeps it."""
        return asdict(self)


def ask(
    session: Session, actor: Actor, round_id: UUID, *, mode: RunMode, is_near: bool = False, seed: int | None = None
) -> tuple[Order, int]:  # fmt: skip
    """Judge whether the actor may run the round now; the order, and how many students it is about.

    Raises NoSuchRound, NotYourRound, WrongRoundState and BadRun.
    """
    seen = rounds.get_to_run(session, actor, round_id)
    rounds.require_state(seen.round, rules.RUNNABLE)
    if is_near and mode is not RunMode.OPTIMAL:
        raise BadRun(faults=[{"in": "body", "field": "is_near", "detail": "only an optimal run stays close"}])
    near = seen.round.run_number if is_near else None
    if is_near and near is None:
        raise BadRun(
            faults=[{"in": "body", "field": "is_near", "detail": "there is no run to stay close to"}]
        )
    count = sa.select(sa.func.count()).where(
        Student.class_id.in_(seen.class_ids), Student.archived_at.is_(None)
    )
    own_seed = int.from_bytes(round_id.bytes[:4], "big") >> 1
    return Order(str(round_id), mode.value, own_seed if seed is None else seed, near), session.scalar(
        count
    ) or 0


def run(
    database: Database,
    engine: Engine,
    actor: Actor,
    order: Order,
    *,
    clock: Callable[[], datetime],
    advance: Callable[[int], None] = lambda _step: None,
) -> int:
    """Carry out an order; the number of the run. No block may be open. `advance` hears of steps 1 to 4.

    Where nothing has changed since the chosen run was made by the same order, that one is the answer.

    Raises PinsImpossible, WrongRoundState, NoSuchRound, NoSuchRun and ChangedMeanwhile.
    """
    round_id = UUID(order.round_id)
    for _ in range(TRIES):
        started = perf_counter()
        with database.read() as session:
            snapshot = service_snapshots.take(session, engine, round_id, order.near)
        advance(1)
        rated = service_rating.rate(
            engine, snapshot.stock, snapshot.frame, snapshot.given,
            seed=order.seed, is_wishes_only=snapshot.is_wishes_only,
        )  # fmt: skip
        advance(2)
        answer = service_kept.solve(rated.question, order.mode, snapshot.near)
        advance(3)
        rows = list(_rows(snapshot, rated, answer))
        report = service_judging.report(rated.question, answer) | {
            "lost_pins": _lost_pins(snapshot, rated), "tutors": service_judging.tutors(rated.question, answer.seats)
        }  # fmt: skip
        advance(4)
        made = RoundRun(
            round_id=round_id, mode=RunMode(order.mode), near_number=order.near, seed=order.seed,
            is_wishes_only=snapshot.is_wishes_only, algorithm=engine.making()["algorithm"],
            weights=engine.making()["weights"], ranked_on=rated.asking.index.on, offers=_packed(rated), fingerprint=_fingerprint(order, rated.question),
            report=report, students=len(rows), placed=len(answer.seats), seconds=round(perf_counter() - started, 3),
            created_at=clock().astimezone(UTC), created_by=actor.mark,
        )  # fmt: skip
        with database.write() as session:
            number = _save(session, actor, snapshot, made, rows, clock())
        if number is not None:
            return number
    raise ChangedMeanwhile("Wishes, pins or seats change all the time; try again.")


def _rows(snapshot: Snapshot, rated: Rated, answer: Answer) -> Iterator[dict[str, Any]]:
    class_of = {str(known.profile.id): known.profile.class_id for known in snapshot.stock.students}
    seats = service_rating.settled(rated, answer.seats)
    for asker in rated.question.askers:
        seat = seats.get(asker.id)
        said = {} if seat is None else service_rating.explained(rated, asker.id, seat)
        yield {
            "student_id": UUID(asker.id), "class_id": class_of[asker.id],
            "opportunity_id": None if seat is None else UUID(rated.question.offers[seat.offer].id),
            "period": None if seat is None else seat.period, "wish": wish_of(asker, seat),
            "score": said.pop("score", None), "said": said, "inputs": asker.pack(),
        }  # fmt: skip


def _lost_pins(snapshot: Snapshot, rated: Rated) -> int:
    """Pins to what the round has no longer on offer."""
    offered = {offer.id for offer in rated.question.offers}
    return sum(str(opportunity) not in offered for opportunity, _ in snapshot.given.pins.values())


def _packed(rated: Rated) -> dict[str, Any]:
    pairs = zip(rated.question.offers, rated.spans, strict=True)
    return {
        "items": [asdict(offer) | {"spans": [_days(one) for one in spans]} for offer, spans in pairs],
        "hosts": [asdict(one) for one in rated.question.hosts],
        "schools": [asdict(one) for one in rated.question.schools],
    }


def _days(span: Span) -> list[Any]:
    times = [None if one is None else one.isoformat() for one in (span.starts_at, span.ends_at)]
    return [span.starts_on.isoformat(), span.ends_on.isoformat(), span.weekdays, *times]


def _fingerprint(order: Order, question: Question) -> str:
    """Tells one question from another, down to the last score."""
    offers = [asdict(offer) for offer in question.offers]
    tutors = [asdict(one) for one in (*question.hosts, *question.schools)]
    asked = [
        order.mode, order.near, question.seed, question.is_wishes_only, offers, tutors,
        [[asker.id, asker.pack()] for asker in question.askers],
    ]  # fmt: skip
    return hashlib.blake2b(json.dumps(asked).encode(), digest_size=16).hexdigest()


def _save(
    session: Session, actor: Actor, snapshot: Snapshot, made: RoundRun, rows: Sequence[dict[str, Any]], now: datetime
) -> int | None:  # fmt: skip
    """Keep the run if nothing that it stands on has changed; its number, or None."""
    row = session.get(Round, made.round_id, with_for_update=True)
    if row is None or row.version != snapshot.version or not _still_free(session, snapshot, rows):
        return None
    chosen = sa.select(RoundRun.fingerprint).where(
        RoundRun.round_id == row.id, RoundRun.number == row.run_number
    )
    if session.scalar(chosen) == made.fingerprint:
        return row.run_number
    last = sa.select(sa.func.max(RoundRun.number)).where(RoundRun.round_id == row.id)
    made.number = (session.scalar(last) or 0) + 1
    made.id = new_id()
    session.add(made)
    session.flush()
    if rows:
        session.execute(sa.insert(RoundSeat), [one | {"run_id": made.id} for one in rows])
    row.run_number = made.number
    rounds.step(session, actor, row, Action.REVIEW, now=now)
    events.record(session, actor, "round.run", row.id, {"number": made.number, "mode": made.mode.value})
    return made.number


def _still_free(session: Session, snapshot: Snapshot, rows: Sequence[dict[str, Any]]) -> bool:
    """Whether the seats that are given out are still there."""
    wanted = Counter(one["opportunity_id"] for one in rows if one["opportunity_id"] is not None)
    free = Opportunity.seats - Opportunity.seats_taken
    found = session.execute(sa.select(Opportunity.id, free).where(Opportunity.id.in_(wanted)))
    left: dict[UUID, int] = {row[0]: row[1] for row in found}
    held = snapshot.given.held
    return all(count <= left.get(one, 0) + held.get(one, 0) for one, count in wanted.items())
