"""The territory's placements week by week: papers, hours in three voices, diaries, evaluations, and every kind of end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.agreements import rules as paper_rules
from app.agreements import service_moves
from app.agreements.models import Agreement, PlanSkill, TrainingPlan
from app.agreements.rules import Action as PaperAction
from app.applications import service_clocks as application_clocks
from app.applications.models import Application
from app.concerns import service_clock as concern_clock
from app.concerns.rules import Deadlines
from app.demo import season_papers as papers
from app.demo import season_signed as signed
from app.demo.rows import Rows
from app.demo.season import Stage
from app.demo.season_class import CAPS
from app.demo.season_turn import FIRST_WEEK, OVER, name_for, of_turn
from app.events import service as events
from app.hours import rules, service_evaluations, service_ledger
from app.hours.models import DiaryEntry, Evaluation, EvaluationMark, EvaluationSkill, HourEntry
from app.hours.rules import Voices
from app.laws.models import HostSafety
from app.placements import service as placements
from app.placements import service_clock
from app.placements.models import EndReason, Party, Placement, State
from app.placements.rules import Action
from app.students import service_validation as validation

AGREED = 0.95
"""Share of schools and hosts that have an agreement in time: who has none does not begin."""
PLANNED = 0.96
INTERRUPTED, CANCELLED = 0.03, 0.02
ABSENT, DISPUTED, UNSAID, STUDENT_SAYS, SCHOOL_SAYS = 0.04, 0.01, 0.02, 0.6, 0.02
WRITES, EVALUATED, CONFIRMED, COMPLETED = 0.5, 0.9, 0.92, 0.6
DIARY_DAYS = 2
DID = (
    "Ho montato un quadro e provato i collegamenti.", "Ho misurato i pezzi con il calibro e segnato le misure.",
    "Ho seguito il tutor a una manutenzione.", "Ho disegnato una piastra al CAD.", "Ho cercato un guasto su un motore.",
    "Ho preparato il materiale per il giorno dopo.",
)  # fmt: skip
LEARNT = ("Leggere uno schema.", "Usare il calibro.", "Chiedere quando non so.", "", "Lavorare in sicurezza.")
WORDS = {
    Party.COMPANY: ("Puntuale e curioso.", "Ha imparato in fretta.", "Un buon periodo per tutti.", ""),
    Party.STUDENT: ("Mi hanno seguito bene.", "Ho visto come si lavora davvero.", "Avrei voluto stare di più alle macchine.", ""),
    Party.SCHOOL: ("Il progetto è stato rispettato.", "L'azienda ha accolto bene lo studente.", ""),
}  # fmt: skip
MARKS = {4: 5, 3: 6, 2: 2, 1: 0.3}


def acts(_stage: Stage) -> Sequence[Callable[[Stage], None]]:
    """Agreements and plans, then each week, up to the demo's day."""
    weeks = [partial(_week, week=week) for week in range(FIRST_WEEK, 1)]
    return [_agree, _plan, _cancel, *weeks, _complete, _settle]


# --- papers -----------------------------------------------------------------------------------------------------------


def _agree(stage: Stage) -> None:
    """One agreement for each school and host; a few are late or missing."""
    with stage.database.read() as session:
        pairs = {(one.school_id, one.company_id) for one in of_turn(session, stage)}
        pairs -= signed.agreed(session, pairs)
    chosen = [one for one in sorted(pairs) if stage.chance.happens(AGREED)]
    made = signed.agree(stage, chosen, stage.at(OVER), until=stage.on + timedelta(days=270))
    signed.sign(stage, made, stage.at(OVER + 1), signed=stage.at(OVER + 3))


def _plan(stage: Stage) -> None:
    with stage.database.read() as session:
        placed = [one for one in of_turn(session, stage) if stage.chance.happens(PLANNED)]
    made = signed.plan(stage, placed, stage.at(OVER + 1))
    signed.sign(stage, made, stage.at(OVER + 2), signed=stage.at(OVER + 4))
    signed.make_ready(stage, [one.id for one in placed], stage.at(OVER + 4))


def _cancel(stage: Stage) -> None:
    """Some end before they begin, and each side has its reasons."""
    ends = (
        (Party.STUDENT, EndReason.STUDENT_CHANGED), (Party.COMPANY, EndReason.COMPANY_CHANGED),
        (Party.SCHOOL, EndReason.LEFT_SCHOOL),
    )  # fmt: skip
    with stage.database.write() as session:
        for one in of_turn(session, stage):
            if stage.chance.happens(CANCELLED):
                party, reason = stage.chance.choice(ends)
                placements.move(
                    session, stage.school(one.school_id), one, Action.CANCEL, now=stage.at(OVER + 5), party=party, reason=reason
                )  # fmt: skip


# --- weeks ------------------------------------------------------------------------------------------------------------


def _week(stage: Stage, *, week: int) -> None:
    """On Monday the clocks strike; on Friday hours, diaries and, at the end, evaluations are written."""
    monday = stage.monday(week)
    service_clock.run(stage.database, _moment(stage, monday))
    last = min(monday + timedelta(days=6), stage.on - timedelta(days=1))
    evening = _moment(stage, last) + timedelta(hours=9)
    leaving: list[tuple[UUID, date]] = []
    with stage.database.write() as session:
        running = [one for one in of_turn(session, stage) if one.state is State.RUNNING]
        rows = Rows(session)
        for one in running:
            days = [each for each in paper_rules.schedule(one) if monday <= each.day <= last]
            said = [_hours(stage, one, each.day, round(each.hours * 60), evening) for each in days]
            rows.extend(HourEntry, said)
            events.record_many(
                session, stage.administrator, [event for each in said for event in _said(each)]
            )
            stage.count("days", len(days))
            if stage.chance.happens(WRITES):
                rows.extend(DiaryEntry, [_diary(stage, one, each.day, evening) for each in days[:DIARY_DAYS]])
            is_first = week == FIRST_WEEK and not leaving
            if days and one.ends_on > last and (is_first or stage.chance.happens(INTERRUPTED)):
                leaving.append((one.id, days[-1].day))
        ending = [one for one in running if monday <= one.ends_on <= last]
        proven = _evaluate(session, rows, stage, ending, evening)
        rows.flush()
        for student_id, levels in proven:
            validation.prove(session, stage.administrator, student_id, levels)
    for placement_id, day in leaving:
        _interrupt(stage, placement_id, day)


def _said(entry: Mapping[str, Any]) -> Iterator[tuple[str, UUID, dict[str, Any]]]:
    """An event for each voice."""
    for party, voice in rules.VOICE.items():
        if entry[voice] is not None:
            yield "hours.said", entry["placement_id"], {"for": party.value, "to": entry["state"].value}


def _moment(stage: Stage, day: date) -> datetime:
    return stage.at((day - stage.on).days)


def _hours(stage: Stage, one: Placement, day: date, minutes: int, now: datetime) -> dict[str, Any]:
    """A day in up to three voices. Hosts that have not spoken yet are late with the last days only."""
    chance = stage.chance
    there = 0 if chance.happens(ABSENT) else minutes
    is_late = (stage.on - day).days < 21 and chance.happens(5 * UNSAID)
    host = None if is_late else there
    student = there if is_late or chance.happens(STUDENT_SAYS) else None
    if host and student and (stage.on - day).days < 21 and chance.happens(2 * DISPUTED):
        student = max(0, host - 120)
    school = there if chance.happens(SCHOOL_SAYS) else None
    return {
        "id": db.new_id(), "placement_id": one.id, "worked_on": day, "state": rules.state(Voices(student, host, school)),
        "student_minutes": student, "host_minutes": host, "school_minutes": school, "arrived_at": None, "left_at": None,
        "changed_at": now.astimezone(UTC), "changed_by": stage.company(one.company_id).mark, "version": 1,
    }  # fmt: skip


def _diary(stage: Stage, one: Placement, day: date, now: datetime) -> dict[str, Any]:
    return {
        "id": db.new_id(), "placement_id": one.id, "written_on": day, "did": stage.chance.choice(DID),
        "learnt": stage.chance.choice(LEARNT), "written_at": now.astimezone(UTC), "version": 1,
    }  # fmt: skip


def _interrupt(stage: Stage, placement_id: UUID, day: date) -> None:
    """The school ends it with a note, on the last day on which somebody was there."""
    with stage.database.read() as session:
        school_id = session.get_one(Placement, placement_id).school_id
    reason = stage.chance.choice((EndReason.MOVED, EndReason.COMPANY_CHANGED, EndReason.LEFT_SCHOOL))
    papers.end_early(
        stage, placement_id, _moment(stage, day) + timedelta(hours=9), reason, actor=stage.school(school_id), ended_on=day,
        text="Chiuso prima della fine, d'accordo con tutti.",
    )  # fmt: skip


# --- evaluations ------------------------------------------------------------------------------------------------------


def _evaluate(
    session: Session, rows: Rows, stage: Stage, ending: Sequence[Placement], now: datetime
) -> Sequence[tuple[UUID, Mapping[str, int]]]:
    """What each side says of those that end; whose skills the school has confirmed, with the levels."""
    skills = _skills(session, ending)
    proven = []
    for one in ending:
        for party, criteria in rules.CRITERIA.items():
            if not stage.chance.happens(EVALUATED):
                continue
            is_confirmed = party is Party.COMPANY and stage.chance.happens(CONFIRMED)
            evaluation_id = db.new_id()
            school = stage.school(one.school_id).mark
            rows.add(
                Evaluation, id=evaluation_id, placement_id=one.id, student_id=one.student_id, party=party,
                words=stage.chance.choice(WORDS[party]), would_repeat=stage.chance.happens(0.85),
                given_at=now.astimezone(UTC), given_by=school if party is Party.SCHOOL else f"user:{party}",
                confirmed_at=now.astimezone(UTC) if is_confirmed else None, confirmed_by=school if is_confirmed else None,
                version=1,
            )  # fmt: skip
            rows.extend(
                EvaluationMark,
                [
                    {"evaluation_id": evaluation_id, "criterion": each, "mark": stage.chance.pick(MARKS)}
                    for each in criteria
                ],
            )
            stage.count("evaluations")
            if party is Party.COMPANY:
                levels = {
                    skill_id: max(1, level - stage.chance.happens(0.3))
                    for skill_id, level in skills[one.id].items()
                }
                rows.extend(
                    EvaluationSkill,
                    [
                        {"evaluation_id": evaluation_id, "skill_id": skill_id, "level": level}
                        for skill_id, level in levels.items()
                    ],
                )
                if is_confirmed:
                    proven.append((one.student_id, levels))
    return proven


def _skills(session: Session, placed: Sequence[Placement]) -> Mapping[UUID | None, dict[str, int]]:
    """The skills of the plans."""
    found: defaultdict[UUID | None, dict[str, int]] = defaultdict(dict)
    rows = session.execute(
        sa.select(TrainingPlan.placement_id, PlanSkill.skill_id, PlanSkill.level)
        .join(PlanSkill, PlanSkill.plan_id == TrainingPlan.id)
        .where(TrainingPlan.placement_id.in_([one.id for one in placed]))
        .order_by(PlanSkill.skill_id)
    )
    for placement_id, skill_id, level in rows:
        found[placement_id][skill_id] = level
    return found


def _complete(stage: Stage) -> None:
    """The schools complete most of what lacks nothing; the rest is done by the clock."""
    with stage.database.write() as session:
        for one in of_turn(session, stage):
            is_chosen = one.state is State.CLOSING and stage.chance.happens(COMPLETED)
            if is_chosen and not service_evaluations.lacks(session, one.id):
                service_evaluations.complete(session, stage.school(one.school_id), one.id, now=stage.at(0))


def _settle(stage: Stage) -> None:
    with stage.database.read() as session:
        students = sorted({one.student_id for one in of_turn(session, stage)})
    for first in range(0, len(students), 4 * signed.AT_ONCE):
        with stage.database.write() as session:
            service_ledger.settle(session, students[first : first + 4 * signed.AT_ONCE])


# --- after the rounds -------------------------------------------------------------------------------------------------


def _prepare_next(stage: Stage) -> None:
    """What companies have accepted in the schools' rounds is on its way: some is ready, some being signed or checked."""
    with stage.database.write() as session:
        risks = dict(session.execute(sa.select(HostSafety.company_id, HostSafety.risk)).all())
        placed = _of_rounds(session, stage)
        for one in placed:
            name_for(stage, one, risks)
        pairs = {(one.school_id, one.company_id) for one in placed}
        pairs -= signed.agreed(session, pairs)
    until = stage.on + timedelta(days=500)
    agreements = signed.agree(
        stage, [one for one in sorted(pairs) if stage.chance.happens(0.8)], stage.at(-3), until=until
    )
    in_force, signing, sent = (agreements[number::4] for number in (0, 1, 2))
    signed.sign(stage, in_force, stage.at(-2), signed=stage.at(-1))
    signed.sign(stage, signing, stage.at(-2), signed=None)
    with stage.database.write() as session:
        for paper_id in sent:
            paper = session.get_one(Agreement, paper_id)
            service_moves.move(
                session, stage.school(paper.school_id), paper_id, PaperAction.SEND, now=stage.at(-2)
            )
    plans = signed.plan(stage, [one for one in placed if stage.chance.happens(0.7)], stage.at(0))
    signed.sign(stage, plans[::2], stage.at(0), signed=stage.at(0))
    signed.sign(stage, plans[1::4], stage.at(0), signed=None)
    signed.make_ready(stage, [one.id for one in placed], stage.at(0))


def _of_rounds(session: Session, stage: Stage) -> list[Placement]:
    brought = sa.select(Application.placement_id).where(
        Application.round_id.is_not(None), Application.round_id != stage.turn_id
    )
    return list(session.scalars(sa.select(Placement).where(Placement.id.in_(brought)).order_by(Placement.id)))


def _strike(stage: Stage) -> None:
    """Nothing is late on the demo's day."""
    now = stage.at(0)
    application_clocks.run(stage.database, now, CAPS)
    service_clock.run(stage.database, now)
    signed.lapse(stage, now)
    concern_clock.strike(stage.database, Deadlines.of(stage.settings), now)


ENDING: Sequence[Callable[[Stage], None]] = (_prepare_next, _strike)
