"""What comes next: everybody ranks wishes, each school's round stands somewhere else in its life, two share one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app import db
from app.applications import service_moves as moves
from app.applications.models import Application, ApplicationState
from app.applications.rules import ApplicationAction
from app.applications.service_moves import Wanted
from app.auth.actors import Actor
from app.demo.rows import Rows
from app.demo.season import Stage
from app.demo.season_class import CAPS
from app.events import service as events
from app.matches import batch
from app.matches.engine import Engine
from app.matches.models import Match
from app.opportunities.models import Kind
from app.rounds import rules
from app.rounds import service as rounds
from app.rounds import service_publishing as publishing
from app.rounds import service_runs as runs
from app.rounds import service_sharing as sharing
from app.rounds.models import RoundState, RunMode
from app.wishes.models import Wish

WISHES = 4
STOPS = (
    RoundState.PUBLISHED, RoundState.COLLECTING, RoundState.FROZEN, RoundState.REVIEWED, RoundState.CANCELLED,
)  # fmt: skip
"""Where the first rounds stop; all others are published."""
ANSWERED = 3
"""Every third proposal has its company's answer."""


def acts(stage: Stage) -> Sequence[Callable[[Stage], None]]:
    """Wishes of all, then one round for each school: the first ones stop on the way, the others are published."""
    order = sorted(stage.classes, key=lambda one: (one != stage.school_id, one))
    units = _split([(one, stage.classes[one][: rules.MOST_CLASSES]) for one in order])
    stops = [*STOPS, *[RoundState.PUBLISHED] * len(units)]
    played = [
        partial(_round, school_id=school_id, class_ids=class_ids, stop=stop)
        for (school_id, class_ids), stop in zip(units, stops, strict=False)
    ]
    return [_wish, *played, partial(_shared, classes=_both(stage, units)), _answer]


def _split(units: list[tuple[UUID, list[UUID]]]) -> list[tuple[UUID, list[UUID]]]:
    """The same classes in enough rounds: in a demo of few schools one of them has several."""
    while len(units) < len(STOPS):
        largest = max(range(len(units)), key=lambda number: len(units[number][1]), default=None)
        if largest is None or len(units[largest][1]) == 1:
            break
        school_id, class_ids = units[largest]
        half = len(class_ids) // 2
        units[largest : largest + 1] = [(school_id, class_ids[:half]), (school_id, class_ids[half:])]
    return units


def _both(stage: Stage, units: Sequence[tuple[UUID, list[UUID]]]) -> dict[UUID, list[UUID]]:
    """A class of each of two schools of the territory, of those whose own rounds have placed nobody if there are any."""
    unplaced = [unit for unit, stop in zip(units, STOPS, strict=False) if stop is not RoundState.PUBLISHED]
    found: dict[UUID, list[UUID]] = {}
    for school_id, class_ids in [*unplaced, *units]:
        if school_id in stage.inside:
            found.setdefault(school_id, class_ids[-1:])
    return dict(list(found.items())[:2]) if len(found) > 1 else {}


def _shared(stage: Stage, *, classes: Mapping[UUID, Sequence[UUID]]) -> None:
    """A round that a coordinator opens for two schools: both join, it is computed, and one of them has published."""
    if not classes:
        return
    round_id = open_round(
        stage, stage.coordinator, "Tirocini insieme", territory_id=next(iter(stage.coordinator.territories))
    )
    with stage.database.write() as session:
        sharing.invite(session, stage.coordinator, round_id, now=stage.at(-9))
    for school_id, class_ids in classes.items():
        with stage.database.write() as session:
            sharing.join(session, stage.school(school_id), round_id, school_id, class_ids, now=stage.at(-8))
        stage.count("schools in a shared round")
    number = compute(stage, stage.coordinator, round_id)
    school_id, [class_id] = next(iter(classes.items()))
    with stage.database.write() as session:
        made = publishing.publish_class(
            session, stage.school(school_id), round_id, class_id, number, now=stage.at(-1)
        )
    stage.count("proposals", made)


def rank(stage: Stage) -> None:
    """What each student likes best of what is on offer."""
    engine = Engine(stage.settings, lambda: stage.at(-12))
    run = batch.match_all(stage.database, stage.administrator, engine, limit=WISHES, advance=lambda _: None)
    cast = {one.id for one in stage.students}
    with stage.database.read() as session:
        found = session.execute(
            sa.select(Match.student_id, Match.opportunity_id)
            .where(Match.run_id == run.run_id, Match.kind == Kind.INTERNSHIP)
            .order_by(Match.student_id, Match.position)
        )
        for student_id, opportunity_id in found:
            if student_id not in cast:
                stage.wanted[student_id].append(opportunity_id)


def _wish(stage: Stage) -> None:
    """Each student ranks the best of their own list."""
    list_wishes(stage, stage.wanted, stage.at(-12))


def list_wishes(stage: Stage, wanted: Mapping[UUID, Sequence[UUID]], now: datetime) -> None:
    """Ranked wishes of students whose lists are empty, as the service leaves them: one by one it takes a minute."""
    listed: list[dict[str, Any]] = [
        {
            "id": db.new_id(), "student_id": student_id, "opportunity_id": opportunity_id, "position": position,
            "created_at": now, "ranked_at": now, "version": 3,
        }
        for student_id, opportunities in wanted.items()
        for position, opportunity_id in enumerate(opportunities, start=1)
    ]  # fmt: skip
    with stage.database.write() as session:
        rows = Rows(session)
        rows.extend(Wish, listed)
        rows.flush()
        for action in ("wish.saved", "wish.moved"):
            events.record_many(session, stage.administrator, [(action, one["id"], None) for one in listed])
    stage.count("wishes", len(listed))


def _round(stage: Stage, *, school_id: UUID, class_ids: Sequence[UUID], stop: RoundState) -> None:
    """Open it, and go on as far as `stop`."""
    lead: Actor = stage.school(school_id)
    round_id = open_round(stage, lead, "Tirocini di primavera", school_id=school_id, class_ids=class_ids)
    if stop is RoundState.COLLECTING:
        return
    if stop in (RoundState.CANCELLED, RoundState.FROZEN):
        action = rules.Action.CANCEL if stop is RoundState.CANCELLED else rules.Action.FREEZE
        with stage.database.write() as session:
            rounds.move(session, lead, round_id, action, now=stage.at(-2))
        return
    number = compute(stage, lead, round_id)
    if stop is RoundState.REVIEWED:
        return
    for class_id in class_ids:
        with stage.database.write() as session:
            made = publishing.publish_class(session, lead, round_id, class_id, number, now=stage.at(-1))
        stage.count("proposals", made)


def open_round(
    stage: Stage, actor: Actor, name: str, *, school_id: UUID | None = None, territory_id: UUID | None = None,
    class_ids: Sequence[UUID] = (), opened: int = -10, closes: int = 0, publish_by: int = 6,
    starts_on: date | None = None, ends_on: date | None = None,
) -> UUID:  # fmt: skip
    """Open a round; its days count from the demo's day."""
    first = starts_on or stage.on + timedelta(days=7)
    values = {
        "school_id": school_id, "territory_id": territory_id, "name": name, "kinds": [Kind.INTERNSHIP],
        "class_ids": list(class_ids), "max_wishes": WISHES, "is_wishes_only": False,
        "opens_on": stage.at(opened).date(), "closes_on": stage.at(closes).date(),
        "publish_by": stage.at(publish_by).date(), "starts_on": first, "ends_on": ends_on or first + timedelta(days=365),
    }  # fmt: skip
    with stage.database.write() as session:
        round_id = rounds.create(session, actor, values, now=stage.at(opened)).round.id
    stage.count("rounds")
    return round_id


def compute(stage: Stage, actor: Actor, round_id: UUID, *, days: int = -2) -> int:
    """Freeze it and run it, so many days from the demo's day; the number of the run."""
    with stage.database.write() as session:
        rounds.move(session, actor, round_id, rules.Action.FREEZE, now=stage.at(days))
    with stage.database.write() as session:
        order, students = runs.ask(session, actor, round_id, mode=RunMode.STABLE)
    engine = Engine(stage.settings, lambda: stage.at(days))
    stage.count("assigned students", students)
    return runs.run(stage.database, engine, actor, order, clock=lambda: stage.at(days))


def _answer(stage: Stage) -> None:
    """Some companies have said yes to what was proposed: those are placements now."""
    with stage.database.read() as session:
        proposed = session.execute(
            sa.select(Application.id, Application.company_id)
            .where(Application.state == ApplicationState.PROPOSED)
            .order_by(Application.id)
        ).all()
    for application_id, company_id in proposed[::ANSWERED]:
        with stage.database.write() as session:
            moves.move(
                session, stage.company(company_id), ApplicationAction.ACCEPT, [Wanted(application_id)],
                now=stage.at(0), caps=CAPS,
            )  # fmt: skip
        stage.count("accepted proposals")
