"""A student's hours: today in under a minute, the sum in plain words, and coming and going with the host's code."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.auth.actors import Role
from app.dates import Day
from app.events.service_looks import LookKind
from app.hours import rules
from app.hours import service_attendance as attendance
from app.hours import service_days as days
from app.hours import service_ledger as ledgers
from app.hours.service_attendance import What
from app.hours.service_diary import Lines
from app.placements.models import State
from app.web import hours_words
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

Line = Annotated[str, Form(max_length=300, pattern=r"^[^\x00-\x1f]*$")]
Typed = Annotated[str, Form(max_length=20)]


@router.get("/students/{student_id}/hours")
def show_hours(
    view: InView, student_id: UUID, saved: Annotated[str, Query(pattern="^1?$")] = "", day: Day | None = None
) -> Response:
    """Today's form, what was said of the other days, and what it adds up to."""
    return _page(view, student_id, day=day, is_saved=bool(saved))


@router.post("/students/{student_id}/hours")
def save_day(
    view: InView,
    student_id: UUID,
    placement_id: Annotated[UUID, Form()],
    day: Annotated[Day, Form()],
    minutes: Annotated[int | None, Form(ge=0, le=1440)] = None,
    did: Line = "",
    learnt: Line = "",
) -> Response:
    """Hours and the two lines at once; the lines may be missing."""
    lines = Lines(did.strip(), learnt.strip()) if did.strip() else None
    try:
        with view.write() as (session, actor):
            days.save_day(
                session, actor, student_id, placement_id, day, minutes=minutes, lines=lines, now=view.now()
            )
    except (errors.Invalid, errors.Conflict) as refusal:
        return _page(view, student_id, day=day, refusal=refusal, typed=Lines(did, learnt))
    return view.go(f"/students/{student_id}/hours?saved=1")


def _page(
    view: View,
    student_id: UUID,
    *,
    day: Day | None = None,
    is_saved: bool = False,
    refusal: errors.Problem | None = None,
    typed: Lines | None = None,
) -> Response:
    today = view.now().date()
    with view.read() as (session, actor):
        ledger = ledgers.of_student(session, actor, student_id, today=today)
        sheets = days.of_student(session, actor, student_id)
    view.looked(LookKind.PROFILE, [student_id])
    now = next((one for one in sheets if one.placement.state is State.RUNNING), None)
    past = [one for one in now.days if one <= today] if now else []
    asked = day if day in past else past[-1] if past else None
    return view.show(
        "student/hours.html",
        status=refusal.status if refusal else 200,
        person=ledger.student,
        student_id=student_id,
        is_self=actor.is_student(student_id),
        ledger=ledger,
        sheets=sheets,
        now=now,
        past=past,
        asked=asked,
        today=today,
        most=rules.most_minutes(now.placement) if now else 0,
        can_evaluate=lambda placement: rules.can_evaluate(placement, today),
        hours_words=hours_words,
        is_saved=is_saved,
        is_refused=refusal is not None,
        typed=typed,
    )


@router.get("/attend")
def show_attend(view: InView, c: Annotated[str, Query(max_length=20)] = "", done: str = "") -> Response:
    """Where the host's picture leads: it asks, and notes nothing."""
    return _attend(view, c, done=done)


@router.post("/attend")
def attend(
    view: InView, placement_id: Annotated[UUID, Form()], what: Annotated[What, Form()], code: Typed = ""
) -> Response:
    """Note the arrival, or the leaving."""
    secret = view.settings.secret_key
    try:
        with view.write() as (session, actor):
            attendance.attend(session, actor, placement_id, what, code, secret, now=view.now())
    except (errors.Invalid, errors.Conflict) as refusal:
        return _attend(view, code, refusal=refusal)
    return view.go(f"/attend?done={what}")


def _attend(view: View, code: str, *, done: str = "", refusal: errors.Problem | None = None) -> Response:
    with view.read() as (session, actor):
        own = next((grant.student_id for grant in actor.grants if grant.role is Role.STUDENT), None)
        sheets = days.of_student(session, actor, own) if own else []
    today = view.now().date()
    return view.show(
        "student/attend.html",
        status=refusal.status if refusal else 200,
        student_id=own,
        sheets=[one for one in sheets if today in one.days and one.placement.state is State.RUNNING],
        today=today,
        code=code,
        done=done if done in set(What) else "",
        refused=type(refusal).slug() if refusal else "",
    )
