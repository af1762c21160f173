"""What happens in the season while students are there: hours in three voices, diaries, evaluations, and the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from app.demo import season_papers as papers
from app.demo.season import Stage
from app.hours import rules
from app.hours import service as hours
from app.hours import service_credits as credits_
from app.hours import service_diary as diary
from app.hours import service_evaluations as evaluations
from app.hours.models import CreditKind
from app.hours.service import Said
from app.hours.service_diary import Lines
from app.hours.service_evaluations import Given
from app.laws import service_hosts as hosts
from app.laws import service_trainings as trainings
from app.laws.models import TrainingKind
from app.placements.models import Party, Risk

MINUTES = 8 * 60
MARKS = (4, 3, 4, 2, 3)


def make_safe(stage: Stage) -> None:
    """What the law asks for before anybody begins: the host has assessed its risks, and the students are trained."""
    company_id = stage.hosts[0][0].id
    declared = {
        "assessed_on": stage.at(-300).date(), "risk": Risk.LOW, "register_number": "RASL-000041",
        "registered_on": stage.at(-300).date(),
    }  # fmt: skip
    with stage.database.write() as session:
        hosts.edit(session, stage.company(company_id), company_id, declared, now=stage.at(-120))
    for kind, risk in ((TrainingKind.GENERAL, None), (TrainingKind.SPECIFIC, Risk.LOW)):
        training = {
            "kind": kind, "risk": risk, "hours": 4.0, "held_on": stage.at(-110).date(), "held_by": "La scuola",
        }  # fmt: skip
        with stage.database.write() as session:
            students = [one.id for one in stage.students]
            made = trainings.create(session, stage.lead, students, training, now=stage.at(-109))
        stage.count("trainings", len(made))


def credit_safety(stage: Stage) -> None:
    """Four hours of general safety training, for the persona's class."""
    own = [one.id for one in stage.students if one.class_id == stage.class_id]
    with stage.database.write() as session:
        given = credits_.credit(
            session, stage.lead, stage.class_id, own, kind=CreditKind.SAFETY, title="Formazione generale sulla sicurezza",
            held_on=stage.at(-110).date(), worth=4, now=stage.at(-109),
        )  # fmt: skip
    stage.count("credits", len(given))


def work(stage: Stage, ids: Sequence[UUID], first: date, last: date) -> None:
    """The host says each day's hours, and each student writes two lines on the first two days."""
    days = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    days = [day for day in days if day.weekday() < 5 and day <= stage.on]
    if not days or not ids:
        return
    now = _evening(stage, days[-1])
    said = [Said(placement_id, day, MINUTES) for placement_id in ids for day in days]
    with stage.database.write() as session:
        hours.say_many(session, stage.company(stage.hosts[0][0].id), said, now=now)
    stage.count("days", len(said))
    for placement_id in ids:
        for day in days[:2]:
            lines = Lines("Ho montato un quadro e provato i collegamenti.", "Leggere uno schema.")
            with stage.database.write() as session:
                diary.write(session, stage.placed_student(placement_id), placement_id, day, lines, now=now)


def disagree(stage: Stage, ids: Sequence[UUID], day: date) -> None:
    """One says something else than the host; of another day nobody has spoken but the student."""
    now = _evening(stage, day)
    with stage.database.write() as session:
        _, entries = hours.search(session, stage.lead, ids[0], limit=1)
        hours.edit(session, stage.placed_student(ids[0]), ids[0], entries[0].id, MINUTES - 120, now=now)
    with stage.database.write() as session:
        hours.note(session, stage.placed_student(ids[1]), ids[1], day, MINUTES, now=now)


def evaluate(stage: Stage, ids: Sequence[UUID], now: datetime, parties: Sequence[Party]) -> None:
    """What these sides say of it; the school confirms what the host has seen."""
    for placement_id in ids:
        sides = {
            Party.COMPANY: stage.company(stage.hosts[0][0].id), Party.STUDENT: stage.placed_student(placement_id),
            Party.SCHOOL: stage.lead,
        }  # fmt: skip
        for party in parties:
            marks = dict(zip(rules.CRITERIA[party], MARKS, strict=False))
            skills = {papers.SKILL: 2} if party is Party.COMPANY else {}
            given = Given(marks, would_repeat=True, words="Un buon periodo per tutti.", skills=skills)
            with stage.database.write() as session:
                written = evaluations.give(session, sides[party], placement_id, given, now=now)
            if party is Party.COMPANY:
                with stage.database.write() as session:
                    evaluations.confirm(session, stage.lead, placement_id, written.evaluation.id, now=now)
            stage.count("evaluations")


def complete(stage: Stage, ids: Sequence[UUID], now: datetime) -> None:
    """The school completes what lacks nothing."""
    for placement_id in ids:
        with stage.database.write() as session:
            evaluations.complete(session, stage.lead, placement_id, now=now)


def _evening(stage: Stage, day: date) -> datetime:
    return stage.at((day - stage.on).days) + timedelta(hours=9)
