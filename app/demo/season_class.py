"""One class of twenty-five: applications, papers, placements at every point of their life, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.agreements import service_clock as paper_clock
from app.applications import service as applications
from app.applications import service_clocks as application_clocks
from app.applications import service_contacts as contacts
from app.applications import service_moves as moves
from app.applications.models import Application, ApplicationEnd
from app.applications.rules import ApplicationAction, Caps
from app.applications.service_moves import Wanted
from app.auth.actors import Actor
from app.concerns import rules as concern_rules
from app.concerns import service as concerns
from app.concerns import service_clock as concern_clock
from app.concerns import service_reading as reading
from app.concerns.models import ConcernKind
from app.concerns.rules import Deadlines
from app.demo import season_hours
from app.demo import season_papers as papers
from app.demo.season import Stage
from app.hours.rules import CRITERIA
from app.opportunities import service as opportunities
from app.opportunities import service_life as life
from app.opportunities.models import Kind
from app.opportunities.rules import Action as OpportunityAction
from app.opportunities.schemas import OpportunityIn
from app.placements import service as placements
from app.placements import service_clock as placement_clock
from app.placements import service_terms as terms
from app.placements.models import EndReason, Party
from app.placements.rules import Action
from app.students.models import Student

CAPS = Caps(open_per_student=5, contacts_per_month=100)
GROUPS: Mapping[str, tuple[int, int]] = {
    "completed": (-9, 6),
    "closing": (-2, 4),
    "running": (0, 5),
    "ready": (3, 3),
    "planned": (5, 3),
}
"""In which week a part of the class begins, and how many they are; whoever is left still applies."""
WEEKS = 2
TEXT = "Segui un tecnico esperto: leggi gli schemi, monti i componenti, provi il programma sulla macchina."


def _offer(stage: Stage, host: int, title: str, week: int, seats: int, now: datetime) -> UUID:
    company, site = stage.hosts[host]
    monday = stage.monday(week)
    given = OpportunityIn.model_validate(
        {
            "company_id": company.id, "kind": Kind.INTERNSHIP, "title": title, "text": TEXT, "site_id": site.id,
            "seats": seats, "hours": 40 * WEEKS, "daily_hours": 8, "takes_applications": True,
            "spans": [{"starts_on": monday, "ends_on": monday + timedelta(weeks=WEEKS, days=-3), "weekdays": ["MO", "TU", "WE", "TH", "FR"]}],
            "taught": [{"skill_id": papers.SKILL, "level": 2}],
        }
    )  # fmt: skip
    actor = stage.company(company.id)
    with stage.database.write() as session:
        made = opportunities.create(session, actor, given, now=now)
        life.move(session, actor, made.id, OpportunityAction.PUBLISH, now=now)
    stage.count("opportunities")
    return made.id


def _apply(stage: Stage, student: Student, offer: UUID, now: datetime) -> UUID:
    with stage.database.write() as session:
        made = applications.apply(session, stage.student(student), student.id, offer, now=now, caps=CAPS)
    stage.count("applications")
    return made.id


def _move(
    stage: Stage,
    actor: Actor,
    action: ApplicationAction,
    ids: Sequence[UUID],
    now: datetime,
    reason: ApplicationEnd | None = None,
) -> None:
    with stage.database.write() as session:
        wanted = [Wanted(one) for one in ids]
        moves.move(session, actor, action, wanted, reason=reason, now=now, caps=CAPS)


def _agree(stage: Stage, group: Sequence[Student], offer: UUID, starts_on: date) -> list[UUID]:
    """From the application to the third yes; the placements, with their tutors."""
    days = (starts_on - stage.on).days
    company = stage.company(stage.hosts[0][0].id)
    made = [_apply(stage, one, offer, stage.at(days - 40)) for one in group]
    _move(stage, company, ApplicationAction.SHORTLIST, made, stage.at(days - 38))
    _move(stage, company, ApplicationAction.ACCEPT, made, stage.at(days - 36))
    for student, application_id in zip(group, made, strict=True):
        _move(stage, stage.student(student), ApplicationAction.CONFIRM, [application_id], stage.at(days - 35))
    _move(stage, stage.lead, ApplicationAction.APPROVE, made, stage.at(days - 34))
    with stage.database.write() as session:
        found = session.scalars(
            sa.select(Application).where(Application.id.in_(made)).order_by(Application.id)
        )
        by_id = {student.id: student for student in group}
        placed = {one.placement_id: by_id[one.student_id] for one in found if one.placement_id is not None}
        stage.placed |= placed
        ids = list(placed)
        for placement_id in ids:
            for actor, tutor in (
                (stage.lead, {"school_tutor_id": stage.tutor.id}),
                (company, {"host_tutor_id": stage.host_tutor_id}),
            ):
                seen = placements.find(session, actor, placement_id)
                terms.edit(session, actor, seen, tutor, now=stage.at(days - 33))
    stage.count("placements", len(ids))
    return ids


# --- the acts ---------------------------------------------------------------------------------------------------------


def _sign_with_hosts(stage: Stage) -> None:
    """Agreements in every state: with the first host in force, with the others at some point before or after."""
    papers.name_signers(stage)
    papers.agree(stage, 0, stage.at(-130), until=240)
    papers.leave_agreements(stage)
    season_hours.make_safe(stage)
    season_hours.credit_safety(stage)


def _live(name: str) -> Callable[[Stage], None]:
    def act(stage: Stage) -> None:
        week, size = GROUPS[name]
        first = sum(count for _, count in list(GROUPS.values())[: list(GROUPS).index(name)])
        group = stage.students[first : first + size]
        monday = stage.monday(week)
        days = (monday - stage.on).days
        offer = _offer(
            stage,
            0,
            f"Montaggio e collaudo di quadri, turno {list(GROUPS).index(name) + 1}",
            week,
            size + 1,
            stage.at(days - 50),
        )
        placement_ids = _agree(stage, group, offer, monday)
        _AFTERWARDS[name](stage, placement_ids, days)

    return act


def _complete(stage: Stage, ids: Sequence[UUID], days: int) -> None:
    first = stage.on + timedelta(days=days)
    papers.plan_and_sign(stage, ids, stage.at(days - 20))
    _strike(stage, days)
    season_hours.work(stage, ids, first, first + timedelta(days=4))
    papers.end_early(stage, ids[-1], stage.at(days + 5), EndReason.UNSAFE)
    season_hours.work(stage, ids[:-1], first + timedelta(weeks=1), first + timedelta(weeks=1, days=4))
    _strike(stage, days + 7 * WEEKS)
    season_hours.evaluate(stage, ids[:-1], stage.at(days + 7 * WEEKS), list(CRITERIA))
    season_hours.complete(stage, ids[:2], stage.at(days + 7 * WEEKS + 1))
    _strike(stage, days + 7 * WEEKS + 21)


def _close(stage: Stage, ids: Sequence[UUID], days: int) -> None:
    first = stage.on + timedelta(days=days)
    last = first + timedelta(weeks=WEEKS, days=-3)
    papers.plan_and_sign(stage, ids, stage.at(days - 20))
    _strike(stage, days)
    season_hours.work(stage, ids, first, last - timedelta(days=1))
    season_hours.disagree(stage, ids, last)
    season_hours.evaluate(stage, ids[:2], stage.at(days + 7 * WEEKS - 3), [Party.COMPANY])
    _strike(stage, days + 7 * WEEKS - 2)


def _run(stage: Stage, ids: Sequence[UUID], days: int) -> None:
    first = stage.on + timedelta(days=days)
    papers.plan_and_sign(stage, ids, stage.at(days - 20))
    _strike(stage, 0)
    season_hours.work(stage, ids, first, stage.on)
    papers.amend(stage, ids)


def _ready(stage: Stage, ids: Sequence[UUID], days: int) -> None:
    papers.plan_and_sign(stage, ids, stage.at(days - 28))
    papers.plan_and_sign(
        stage, ids[:1], stage.at(min(days - 22, 0))
    )  # a second plan takes the first one's place


def _plan(stage: Stage, ids: Sequence[UUID], _days: int) -> None:
    papers.leave_plans(stage, ids)
    _end(stage, ids[-1], Action.CANCEL, stage.at(0), EndReason.SCHOOL_CHANGED)


_AFTERWARDS: Mapping[str, Callable[[Stage, Sequence[UUID], int], None]] = {
    "completed": _complete,
    "closing": _close,
    "running": _run,
    "ready": _ready,
    "planned": _plan,
}


def _strike(stage: Stage, days: int) -> None:
    placement_clock.run(stage.database, stage.at(days))


def _end(stage: Stage, placement_id: UUID, action: Action, now: datetime, reason: EndReason) -> None:
    with stage.database.write() as session:
        seen = placements.find(session, stage.lead, placement_id)
        terms.act(session, stage.lead, seen, action, now=now, reason=reason)


def _wait(stage: Stage) -> None:
    """Whoever has no placement applies: one application in each state that waits for somebody, and in each that has ended."""
    left = stage.students[sum(size for _, size in GROUPS.values()) :]
    offers = [
        _offer(stage, host, f"Officina e automazione, turno {host}", 8 + 3 * host, 10, stage.at(-30))
        for host in (1, 2, 3)
    ]
    company = [stage.company(stage.hosts[host][0].id) for host in (1, 2, 3)]
    see, shortlist, accept, confirm = (
        ApplicationAction.SEE, ApplicationAction.SHORTLIST, ApplicationAction.ACCEPT, ApplicationAction.CONFIRM,
    )  # fmt: skip
    scripts: Sequence[Sequence[tuple[ApplicationAction, str, dict[str, Any]]]] = (
        (), ((see, "company", {}),), ((shortlist, "company", {}),), ((accept, "company", {}),),
        ((accept, "company", {}), (confirm, "student", {})),
        ((ApplicationAction.REJECT, "company", {"reason": ApplicationEnd.SEATS_GIVEN}),),
        ((ApplicationAction.WITHDRAW, "student", {}),),
        ((ApplicationAction.REFUSE, "school", {"reason": ApplicationEnd.SCHOOL_DATES}),),
    )  # fmt: skip
    pairs = [(student, number) for number in range(len(offers)) for student in left]
    for (student, number), script in zip(pairs, scripts, strict=False):
        application_id = _apply(stage, student, offers[number], stage.at(-3))
        sides = {"company": company[number], "student": stage.student(student), "school": stage.lead}
        for action, side, more in script:
            _move(stage, sides[side], action, [application_id], stage.at(-1), **more)
    student, number = pairs[len(scripts)]
    _apply(stage, student, offers[number], stage.at(-25))  # nobody will have answered
    company_id = stage.hosts[6][0].id
    paused = _offer(stage, 6, "Officina in pausa", 8, 2, stage.at(-30))
    with stage.database.write() as session:
        pause = {"paused_until": stage.on + timedelta(days=20)}
        contacts.edit(
            session,
            stage.company(company_id),
            company_id,
            pause,
            most=CAPS.contacts_per_month,
            now=stage.at(-10),
        )
    _apply(stage, left[0], paused, stage.at(-2))


def _worry(stage: Stage) -> None:
    """Reported problems with every owner, told in the order of time."""
    running = stage.students[GROUPS["completed"][1] + GROUPS["closing"][1] :]
    deadlines = Deadlines.of(stage.settings)

    def report(student: Student, kind: ConcernKind, text: str, days: int, actor: Actor | None = None) -> UUID:
        with stage.database.write() as session:
            own = reading.reportable(session, actor or stage.student(student), student.id)
            case = concerns.report(
                session, actor or stage.student(student), own[0].id, kind, text, now=stage.at(days), deadlines=deadlines
            )  # fmt: skip
        stage.count("concerns")
        return case.concern.id

    def strike(days: int) -> None:
        concern_clock.strike(stage.database, deadlines, stage.at(days))

    family = Actor(kind=concern_rules.FAMILY, id=stage.students[0].id, name=concern_rules.FAMILY)
    solved = report(stage.students[0], ConcernKind.TASKS, "Faceva solo fotocopie.", -30, family)
    with stage.database.write() as session:
        concerns.write(
            session, stage.lead, solved, "Ne abbiamo parlato: da domani è in officina.", now=stage.at(-29)
        )
    with stage.database.write() as session:
        concerns.close(session, family, solved, now=stage.at(-28))
    report(running[0], ConcernKind.BEHAVIOUR, "Un collega fa scherzi pesanti ogni giorno.", -16)
    strike(-13)
    strike(-9)
    report(running[1], ConcernKind.HOURS, "Resto due ore in più tutti i giorni.", -9)
    strike(-6)
    strike(-4)
    strike(-2)
    report(running[2], ConcernKind.SAFETY, "Alla pressa mancano i guanti.", -2)
    report(running[3], ConcernKind.OTHER, "Non so a chi chiedere quando il tutor non c'è.", -1)


def _end_the_day(stage: Stage) -> None:
    """What has to happen by itself until the demo's day."""
    now = stage.at(0)
    application_clocks.run(stage.database, now, CAPS)
    placement_clock.run(stage.database, now)
    paper_clock.keep(stage.database, now, stage.site)
    _close_offers(stage)


def _close_offers(stage: Stage) -> None:
    """The companies close what has begun: next year they are asked whether they offer it again."""
    company = stage.company(stage.hosts[0][0].id)
    with stage.database.write() as session:
        begun = session.scalars(
            sa.select(Application.opportunity_id)
            .where(Application.placement_id.is_not(None), Application.starts_on <= stage.on)
            .distinct()
        ).all()
        for opportunity_id in sorted(begun):
            life.move(session, company, opportunity_id, OpportunityAction.CLOSE, now=stage.at(0))


ACTS: Sequence[Callable[[Stage], None]] = (
    _sign_with_hosts, *(_live(name) for name in GROUPS), _wait, _worry, _end_the_day,
)  # fmt: skip
"""What happens to the class, one after the other."""
