"""Rounds as a school sees them: opening one, watching wishes come in, running, and publishing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates
from app.auth.actors import AT_SCHOOL, Actor
from app.events.service_looks import LookKind
from app.jobs import service as jobs
from app.jobs.rules import JobKind
from app.rounds import (
    rules,
    service_board,
    service_kept,
    service_law,
    service_loads,
    service_publishing,
    service_runs,
    service_sharing,
    service_wishes,
)
from app.rounds import service as rounds
from app.rounds.models import RoundRun, RoundState, RunMode
from app.rounds.rules import Action
from app.rounds.schemas import RoundIn
from app.rounds.service import Seen
from app.rounds.service_law import Doubt
from app.schools import classes
from app.schools import service as schools
from app.web.language import mark as _
from app.web.posting_forms import Fields, InFields, text
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_ROUNDS = 100
MOST_HOSTS = 20
"""Companies whose tutors a page lists: the bottlenecks come first."""
WEEK = timedelta(days=7)

STATES = {
    "collecting": _("Raccoglie le preferenze"),
    "frozen": _("Liste chiuse: si può calcolare"),
    "reviewed": _("Da rivedere e pubblicare"),
    "published": _("Pubblicato"),
    "cancelled": _("Annullato"),
}
MODES = {"stable": _("Stabile"), "optimal": _("Più posti possibile")}
PROBLEMS = {
    "tutors-full": _("Non pubblicata: i tutor intanto seguono altri studenti. Calcola di nuovo."),
    "unlawful": _("Non pubblicata: la legge vieta un posto."),
}
FAULTS = {
    "name": _("Scrivi un nome, al massimo 120 caratteri."),
    "kinds": _("Scegli almeno un tipo."),
    "class_ids": _("Scegli almeno una classe."),
    "starts_on": _("Il primo giorno viene dopo il giorno della pubblicazione."),
    "ends_on": _("L'ultimo giorno viene dopo il primo, entro 400 giorni."),
    "opens_on": _("Scrivi un giorno."),
    "closes_on": _("Scegli oggi o un giorno dopo."),
    "publish_by": _("Scegli un giorno dopo la fine della raccolta."),
    "max_wishes": _("Scegli un numero da 1 a 10."),
}


@router.get("/rounds")
def show_rounds(view: InView) -> Response:
    """The rounds that the reader may see."""
    with view.read() as (session, actor):
        found = rounds.search(session, actor, limit=MOST_ROUNDS)
        own = _schools_of(actor)
        names = {one: schools.read(session, one)[0].name for one in own}
    return view.show("rounds/list.html", rounds=found, schools=names, states=STATES)


@router.get("/rounds/new")
def show_form(view: InView, school_id: UUID) -> Response:
    """An empty form with days that follow one another."""
    today = view.now().date()
    form = {
        "name": "", "kinds": ["internship"], "class_ids": [], "max_wishes": "5", "is_wishes_only": "",
        "closes_on": (today + 2 * WEEK).isoformat(), "publish_by": (today + 4 * WEEK).isoformat(),
        "starts_on": (today + 8 * WEEK).isoformat(), "ends_on": (today + 12 * WEEK).isoformat(),
    }  # fmt: skip
    return _form(view, school_id, form, {})


def _form(view: View, school_id: UUID, form: dict[str, Any], wrong: dict[str, str]) -> Response:
    year = dates.school_year(view.now().date())
    with view.read() as (session, actor):
        school, _name = schools.read(session, school_id)
        found = classes.search(session, actor, school_id, start_year=year, limit=rules.MOST_CLASSES)
        own = [one for one in found if actor.is_administrator or actor.is_staff_of(school_id, one.id)]
    return view.show(
        "rounds/new.html", status=422 if wrong else 200, school=school, classes=own, form=form, wrong=wrong
    )


@router.post("/rounds")
def open_round(view: InView, fields: InFields) -> Response:
    """Open it, or show what is wrong beside each field."""
    form = _sent(fields)
    school_id = _uuid(text(fields, "school_id", 40))
    values = form | {
        "school_id": school_id, "opens_on": view.now().date().isoformat(), "is_wishes_only": bool(form["is_wishes_only"]),
    }  # fmt: skip
    try:
        body = RoundIn.model_validate(values)
        with view.write() as (session, actor):
            seen = rounds.create(session, actor, body.model_dump(), now=view.now())
    except ValidationError as error:
        wrong = [str((one["loc"] or ("class_ids",))[0]) for one in error.errors()]
    except rounds.BadRound as error:
        wrong = [str(one["field"]).partition(".")[0] for one in error.faults]
    else:
        return view.go(f"/rounds/{seen.round.id}")
    if school_id is None:
        return view.go("/rounds")
    return _form(
        view, school_id, form, {name: view.text(FAULTS.get(name, FAULTS["class_ids"])) for name in wrong}
    )


def _sent(fields: Fields) -> dict[str, Any]:
    names = ("name", "closes_on", "publish_by", "starts_on", "ends_on", "max_wishes", "is_wishes_only")
    many = {name: [str(one)[:40] for one in fields.getlist(name)[:200]] for name in ("kinds", "class_ids")}
    return {name: text(fields, name, 200) for name in names} | many


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None


@router.get("/rounds/{round_id}")
def show_round(view: InView, round_id: UUID, reminded: Annotated[int | None, Query(ge=0, le=100_000)] = None) -> Response:  # fmt: skip
    """Where the round stands, what is to do next, and the classes one by one."""
    with view.read() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        own = seen.own(actor)
        progress = {one.class_id: one for one in service_wishes.progress(session, seen.round)}
        runs = service_kept.search(session, round_id, limit=10)
        chosen = next((one for one in runs if one.number == seen.round.run_number), None)
        tallies = service_board.tallies(session, chosen, [one.class_id for one in own]) if chosen else []
        loads = service_loads.of_run(session, actor, seen, chosen) if chosen else None
        named = {one.class_id: classes.get(session, actor, one.class_id) for one in own}
        joining = [one for one in _schools_of(actor) if one not in seen.school_ids]
        joinable = {
            one: classes.search(
                session, actor, one, start_year=dates.school_year(view.now().date()), limit=rules.MOST_CLASSES
            )
            for one in joining
            if seen.round.territory_id is not None and actor.is_staff_of(one)
        }
    return view.show(
        "rounds/round.html", round=seen.round, own=own, progress=progress, runs=runs, chosen=chosen,
        tallies={one.class_id: one for one in tallies}, classes=named, can_run=seen.can_run(actor), states=STATES,
        modes=MODES, reminded=reminded, kinds=sorted(rules.kinds_of(seen.round)), schools=len(seen.school_ids),
        joinable=joinable if seen.round.state is RoundState.COLLECTING else {},
        loads=loads, most_hosts=MOST_HOSTS,
        can_publish=any(rules.can_publish(actor, one.school_id, one.class_id) for one in own),
    )  # fmt: skip


@router.post("/rounds/{round_id}/move")
def move(view: InView, round_id: UUID, action: Annotated[Action, Form()]) -> Response:
    """Freeze, reopen or cancel."""
    if action in (Action.FREEZE, Action.REOPEN, Action.CANCEL):
        with view.write() as (session, actor):
            rounds.move(session, actor, round_id, action, now=view.now())
    return view.go(f"/rounds/{round_id}")


@router.post("/rounds/{round_id}/remind")
def remind(view: InView, round_id: UUID) -> Response:
    """A word to those of the reader's students who have no wish yet."""
    with view.write() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        rounds.require_state(seen.round, {RoundState.COLLECTING})
        own = [one.class_id for one in seen.own(actor)]
        count = service_wishes.remind(session, seen, own, now=view.now())
    return view.go(f"/rounds/{round_id}?reminded={count}")


@router.post("/rounds/{round_id}/join")
def join(
    view: InView,
    round_id: UUID,
    school_id: Annotated[UUID, Form()],
    class_ids: Annotated[list[UUID] | None, Form(max_length=rules.MOST_CLASSES)] = None,
) -> Response:
    """Let the reader's school take part in a shared round."""
    with view.write() as (session, actor):
        service_sharing.join(session, actor, round_id, school_id, class_ids or [], now=view.now())
    return view.go(f"/rounds/{round_id}")


@router.post("/rounds/{round_id}/runs")
def run(
    view: InView,
    round_id: UUID,
    mode: Annotated[RunMode, Form()] = RunMode.STABLE,
    is_near: Annotated[bool, Form()] = False,  # noqa: FBT002 -- a form's own word
) -> Response:
    """Run at once, or as a job when there are many students."""
    with view.write() as (session, actor):
        order, students = service_runs.ask(session, actor, round_id, mode=mode, is_near=is_near)
        if students > rules.INLINE:
            job = jobs.start(session, actor, JobKind.ROUND_RUN, order.arguments(), now=view.now())
            return view.go(f"/jobs/{job.id}")
    service_runs.run(view.database, view.engine, actor, order, clock=view.now)
    return view.go(f"/rounds/{round_id}#result")


@router.post("/rounds/{round_id}/choose")
def choose(view: InView, round_id: UUID, run_number: Annotated[int, Form(ge=1, le=2**31 - 1)]) -> Response:
    """Go back to an earlier run."""
    with view.write() as (session, actor):
        service_kept.choose(session, actor, round_id, run_number, now=view.now())
    return view.go(f"/rounds/{round_id}#result")


@router.get("/rounds/{round_id}/publish")
def ask_publish(view: InView, round_id: UUID) -> Response:
    """What publishing means, before it is done."""
    with view.read() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        rounds.require_state(seen.round, {RoundState.REVIEWED, RoundState.PUBLISHED})
        own = [one for one in seen.own(actor) if rules.can_publish(actor, one.school_id, one.class_id)]
        made = service_kept.read(session, round_id, seen.round.run_number)
        tallies = {
            one.class_id: one for one in service_board.tallies(session, made, [one.class_id for one in own])
        }
        named = {one.class_id: classes.get(session, actor, one.class_id) for one in own}
        doubts = _doubts(session, seen, made, [one.class_id for one in own])
    return view.show(
        "rounds/publish.html",
        round=seen.round,
        own=own,
        run=made,
        tallies=tallies,
        classes=named,
        done=[],
        doubts=doubts,
    )


@router.post("/rounds/{round_id}/publish")
def publish(
    view: InView,
    round_id: UUID,
    run_number: Annotated[int, Form(ge=1, le=2**31 - 1)],
    class_ids: Annotated[list[UUID] | None, Form(max_length=rules.MOST_CLASSES)] = None,
) -> Response:
    """Publish the ticked classes, and say of each what became of it."""
    with view.read() as (session, actor):
        chosen = service_publishing.ask(session, actor, round_id, class_ids or [])
    done = service_publishing.publish(view.write, round_id, chosen, run_number, now=view.now())
    with view.read() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        made = service_kept.read(session, round_id, run_number)
        named = {one.class_id: classes.get(session, actor, one.class_id) for one in done}
        doubts = _doubts(session, seen, made, [one.class_id for one in done if one.problem is not None])
    return view.show(
        "rounds/publish.html",
        round=seen.round,
        own=[],
        run=made,
        tallies={},
        classes=named,
        done=done,
        doubts=doubts,
        problems=PROBLEMS,
    )


def _doubts(
    session: Session, seen: Seen, run: RoundRun, class_ids: Sequence[UUID]
) -> dict[UUID, list[Doubt]]:
    found: dict[UUID, list[Doubt]] = {}
    for one in service_law.doubts(session, seen.round, run, class_ids):
        found.setdefault(one.class_id, []).append(one)
    return found


@router.get("/rounds/{round_id}/classes/{class_id}")
def show_class(view: InView, round_id: UUID, class_id: UUID) -> Response:
    """The class: who has wished for what, and from the first run on who goes where."""
    with view.read() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        if class_id not in {one.class_id for one in seen.own(actor)}:
            raise service_board.NotOnBoard
        school_class = classes.get(session, actor, class_id)
        wishers = service_wishes.of_class(session, seen.round, class_id)
        has_run = seen.round.run_number is not None
        board = service_board.read(session, actor, round_id, class_id) if has_run else None
    view.looked(LookKind.PROFILE, [one.student_id for one in wishers])
    return view.show(
        "rounds/board.html",
        round=seen.round,
        school_class=school_class,
        wishers=wishers,
        board=board,
        states=STATES,
    )


def _schools_of(actor: Actor) -> list[UUID]:
    return [
        grant.school_id for grant in actor.grants if grant.role in AT_SCHOOL and grant.school_id is not None
    ]
