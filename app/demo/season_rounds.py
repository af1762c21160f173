"""The other classes: everybody ranks wishes, each school's round stands somewhere else in its life, two share one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa

from app.applications import service_moves as moves
from app.applications.models import Application, ApplicationState
from app.applications.rules import ApplicationAction
from app.applications.service_moves import Wanted
from app.auth.actors import Actor
from app.demo.season import Stage
from app.demo.season_class import CAPS
from app.matches import batch
from app.matches.engine import Engine
from app.matches.models import Match
from app.opportunities.models import Kind
from app.places.models import Municipality
from app.rounds import rules
from app.rounds import service as rounds
from app.rounds import service_publishing as publishing
from app.rounds import service_runs as runs
from app.rounds import service_sharing as sharing
from app.rounds.models import RoundState, RunMode
from app.schools.models import School, SchoolClass
from app.students.models import Student
from app.wishes import service as wishes

WISHES = 4
STUDENTS_AT_ONCE = 100
STOPS = (
    RoundState.PUBLISHED, RoundState.COLLECTING, RoundState.FROZEN, RoundState.REVIEWED, RoundState.CANCELLED,
)  # fmt: skip
"""Where the first rounds stop; all others are published."""
ANSWERED = 3
"""Every third proposal has its company's answer."""


def acts(stage: Stage) -> Sequence[Callable[[Stage], None]]:
    """Wishes of all, then one round for each school: the first ones stop on the way, the others are published."""
    with stage.database.read() as session:
        rows = session.execute(
            sa.select(SchoolClass.school_id, SchoolClass.id)
            .join(Student, Student.class_id == SchoolClass.id)
            .where(Student.id.not_in([one.id for one in stage.students]), Student.archived_at.is_(None))
            .distinct()
            .order_by(SchoolClass.school_id, SchoolClass.id)
        )
        classes: dict[UUID, list[UUID]] = defaultdict(list)
        for school_id, class_id in rows:
            if class_id not in {one.class_id for one in stage.students}:
                classes[school_id].append(class_id)
    order = sorted(classes, key=lambda one: (one != stage.school_id, one))
    units = _split([(one, classes[one][: rules.MOST_CLASSES]) for one in order])
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
    [grant] = stage.coordinator.grants
    with stage.database.read() as session:
        inside = set(
            session.scalars(
                sa.select(School.id)
                .join(Municipality, Municipality.istat == School.municipality_istat)
                .where(Municipality.province_code.in_(grant.provinces))
            )
        )
    unplaced = [unit for unit, stop in zip(units, STOPS, strict=False) if stop is not RoundState.PUBLISHED]
    found: dict[UUID, list[UUID]] = {}
    for school_id, class_ids in [*unplaced, *units]:
        if school_id in inside:
            found.setdefault(school_id, class_ids[-1:])
    return dict(list(found.items())[:2]) if len(found) > 1 else {}


def _shared(stage: Stage, *, classes: Mapping[UUID, Sequence[UUID]]) -> None:
    """A round that a coordinator opens for two schools: both join, it is computed, and one of them has published."""
    if not classes:
        return
    round_id = _open(
        stage, stage.coordinator, "Tirocini insieme", territory_id=next(iter(stage.coordinator.territories))
    )
    with stage.database.write() as session:
        sharing.invite(session, stage.coordinator, round_id, now=stage.at(-9))
    for school_id, class_ids in classes.items():
        with stage.database.write() as session:
            sharing.join(session, stage.school(school_id), round_id, school_id, class_ids, now=stage.at(-8))
        stage.count("schools in a shared round")
    number = _compute(stage, stage.coordinator, round_id)
    school_id, [class_id] = next(iter(classes.items()))
    with stage.database.write() as session:
        made = publishing.publish_class(
            session, stage.school(school_id), round_id, class_id, number, now=stage.at(-1)
        )
    stage.count("proposals", made)


def _wish(stage: Stage) -> None:
    """Each student ranks the best of their own list."""
    engine = Engine(stage.settings, lambda: stage.at(-12))
    actor = stage.administrator
    run = batch.match_all(stage.database, actor, engine, limit=WISHES, advance=lambda _: None)
    with stage.database.read() as session:
        found = session.execute(
            sa.select(Match.student_id, Match.opportunity_id)
            .where(Match.run_id == run.run_id, Match.kind == Kind.INTERNSHIP)
            .order_by(Match.student_id, Match.position)
        )
        lists: dict[UUID, list[UUID]] = defaultdict(list)
        for student_id, opportunity_id in found:
            lists[student_id].append(opportunity_id)
        cast = {one.id for one in stage.students}
        students = [
            one for one in session.scalars(sa.select(Student).order_by(Student.id)) if one.id not in cast
        ]
    for first in range(0, len(students), STUDENTS_AT_ONCE):
        with stage.database.write() as session:
            for student in students[first : first + STUDENTS_AT_ONCE]:
                for opportunity_id in lists[student.id]:
                    wishes.save(
                        session, stage.student(student), student.id, opportunity_id, is_ranked=True, now=stage.at(-12)
                    )  # fmt: skip
                    stage.count("wishes")


def _round(stage: Stage, *, school_id: UUID, class_ids: Sequence[UUID], stop: RoundState) -> None:
    """Open it, and go on as far as `stop`."""
    lead: Actor = stage.school(school_id)
    round_id = _open(stage, lead, "Tirocini di primavera", school_id=school_id, class_ids=class_ids)
    if stop is RoundState.COLLECTING:
        return
    if stop in (RoundState.CANCELLED, RoundState.FROZEN):
        action = rules.Action.CANCEL if stop is RoundState.CANCELLED else rules.Action.FREEZE
        with stage.database.write() as session:
            rounds.move(session, lead, round_id, action, now=stage.at(-2))
        return
    number = _compute(stage, lead, round_id)
    if stop is RoundState.REVIEWED:
        return
    for class_id in class_ids:
        with stage.database.write() as session:
            made = publishing.publish_class(session, lead, round_id, class_id, number, now=stage.at(-1))
        stage.count("proposals", made)


def _open(
    stage: Stage, actor: Actor, name: str, *, school_id: UUID | None = None, territory_id: UUID | None = None,
    class_ids: Sequence[UUID] = (),
) -> UUID:  # fmt: skip
    values = {
        "school_id": school_id, "territory_id": territory_id, "name": name, "kinds": [Kind.INTERNSHIP],
        "class_ids": list(class_ids), "max_wishes": WISHES, "is_wishes_only": False, "opens_on": stage.at(-10).date(),
        "closes_on": stage.on, "publish_by": stage.on + timedelta(days=6),
        "starts_on": stage.on + timedelta(days=7), "ends_on": stage.on + timedelta(days=7 + 365),
    }  # fmt: skip
    with stage.database.write() as session:
        round_id = rounds.create(session, actor, values, now=stage.at(-10)).round.id
    stage.count("rounds")
    return round_id


def _compute(stage: Stage, actor: Actor, round_id: UUID) -> int:
    """Freeze it and run it; the number of the run."""
    with stage.database.write() as session:
        rounds.move(session, actor, round_id, rules.Action.FREEZE, now=stage.at(-2))
    with stage.database.write() as session:
        order, students = runs.ask(session, actor, round_id, mode=RunMode.STABLE)
    engine = Engine(stage.settings, lambda: stage.at(-2))
    stage.count("assigned students", students)
    return runs.run(stage.database, engine, actor, order, clock=lambda: stage.at(-2))


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
