"""The hours of a class: who lacks how much, what is in dispute, what is to be closed, and what the school credits."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.dates import Day
from app.events.service_looks import LookKind
from app.hours import rules
from app.hours import service as hours
from app.hours import service_credits as credit_book
from app.hours import service_days as days
from app.hours import service_ledger as ledgers
from app.hours.models import CreditKind
from app.placements.models import State
from app.web import charts, hours_words
from app.web.charts import Chart
from app.web.hours_words import WrittenDay
from app.web.language import mark as _
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

TITLE = _("Ore verso il diploma")
TEXT = _("Per ogni studente: ore fatte, ore in programma e ore che mancano ancora")
HEAD = (_("Studente"), _("Fatte"), _("In programma"), _("Mancano"))


@router.get("/classes/{class_id}/hours")
def show_class_hours(
    view: InView, class_id: UUID, saved: Annotated[int | None, Query(ge=0, le=1000)] = None
) -> Response:
    """The ledger of the class."""
    return _page(view, class_id, saved=saved)


@router.post("/classes/{class_id}/hours/settle")
def settle(
    view: InView, class_id: UUID, said: Annotated[list[WrittenDay] | None, Form(max_length=300)] = None
) -> Response:
    """The school's word about days that are in dispute."""
    try:
        with view.write() as (session, actor):
            ledgers.require_class(session, actor, class_id, scope="students:read")
            made = hours.say_many(session, actor, hours_words.read_days(said or ()), now=view.now())
    except (errors.Invalid, errors.Conflict, ValueError):
        return _page(view, class_id, wrong="days")
    return view.go(f"/classes/{class_id}/hours?saved={len(made)}")


@router.post("/classes/{class_id}/hours/credits")
def credit(
    view: InView,
    class_id: UUID,
    kind: Annotated[CreditKind, Form()] = CreditKind.VISIT,
    title: Annotated[str, Form(max_length=160, pattern=r"^[^\x00-\x1f]*$")] = "",
    held_on: Annotated[Day | None, Form()] = None,
    worth: Annotated[int | None, Form(ge=1, le=400)] = None,
    student_ids: Annotated[list[UUID] | None, Form(max_length=100)] = None,
) -> Response:
    """Hours for one activity, for those who were there."""
    filled = {"title": title.strip(), "held_on": held_on, "worth": worth, "student_ids": student_ids}
    if held_on is None or worth is None or not all(filled.values()):
        with view.read() as (session, actor):
            ledgers.require_class(session, actor, class_id, scope="students:read")
        return _page(view, class_id, wrong=next(name for name, value in filled.items() if not value))
    try:
        with view.write() as (session, actor):
            made = credit_book.credit(
                session, actor, class_id, student_ids or [], kind=kind, title=title.strip(), held_on=held_on,
                worth=worth, now=view.now(),
            )  # fmt: skip
    except errors.Invalid as refusal:
        return _page(view, class_id, wrong=refusal.faults[0]["field"].partition(".")[0])
    return view.go(f"/classes/{class_id}/hours?saved={len(made)}")


def _page(view: View, class_id: UUID, *, saved: int | None = None, wrong: str = "") -> Response:
    today = view.now().date()
    ends_on = ledgers.lessons_end(today, view.settings.lessons_end_on)
    with view.read() as (session, actor):
        found = ledgers.of_class(session, actor, class_id, today=today, ends_on=ends_on)
        sheets = days.of_class(session, actor, class_id)
    view.looked(LookKind.PROFILE, [one.student.id for one in found.ledgers])
    return view.show(
        "teacher/hours.html",
        status=422 if wrong else 200,
        school_class=found.school_class,
        ledgers=found.ledgers,
        alarm=found.alarm,
        ends_on=ends_on,
        drawing=_chart(view, found),
        disputed=days.unsettled(sheets),
        closing=[one for one in sheets if one.placement.state is State.CLOSING],
        most=rules.most_minutes,
        hours_words=hours_words,
        today=today,
        saved=saved,
        wrong=wrong,
    )


def _chart(view: View, found: ledgers.ClassLedger) -> Chart:
    rows = [
        (
            f"{one.student.family_name} {one.student.given_name}",
            (
                one.sum.target - one.sum.owed,
                one.sum.owed - one.sum.expected_owed,
                one.sum.expected_owed,
            ),
        )
        for one in found.ledgers
    ]
    return charts.stacked(view.text(TITLE), view.text(TEXT), [view.text(one) for one in HEAD], rows)
