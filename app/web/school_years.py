"""What who leads a school does once a year: move it into the new one, and take its files for public registers."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from app import dates
from app.bulk_changes import service as changes
from app.events.service_looks import LookKind
from app.registers import service as registers
from app.registers.columns import COLUMNS, Register
from app.roll_overs import service as roll_overs
from app.roll_overs.rules import Choice, Key, StudentFate
from app.web import sheets, undo
from app.web.posting_forms import Fields, InFields, number
from app.web.ui import InView, View
from app.web.undo import Done

router = APIRouter(include_in_schema=False)

SUMMER = 6
"""The month in which lessons end."""
Year = Annotated[int | None, Query(ge=2000, le=2100)]


@router.get("/schools/{school_id}/roll-over")
def show_roll_over(view: InView, school_id: UUID, year: Year = None, done: Done = None) -> Response:
    """What each class becomes, with every student, so that exceptions can be made; nothing has happened yet."""
    return _page(view, school_id, year, done=done)


def _page(
    view: View, school_id: UUID, year: int | None, *, done: UUID | None = None, has_faults: bool = False
) -> Response:
    today = view.now().date()
    begins = dates.school_year(today)
    with view.read() as (session, actor):
        plan = roll_overs.preview(session, actor, school_id, year or _next(view), now=view.now())
        change = undo.bar(view, session, actor, done)
    view.looked(LookKind.PROFILE, [student.id for one in plan.classes for student in one.students])
    return view.show(
        "teacher/roll_over.html", status=422 if has_faults else 200, plan=plan, school=plan.school, change=change,
        years=(begins, begins + 1), has_faults=has_faults,
    )  # fmt: skip


def _next(view: View) -> int:
    """The year that is meant when nobody says so: the one that runs, and in the summer the one that comes."""
    today = view.now().date()
    return dates.school_year(today) + (SUMMER <= today.month < dates.SCHOOL_YEAR_BEGINS)


@router.post("/schools/{school_id}/roll-over")
def roll_over(view: InView, fields: InFields, school_id: UUID) -> Response:
    """Move the school, and say so with the way back."""
    year = number(fields, "year")
    try:
        with view.write() as (session, actor):
            change = changes.roll_over(session, actor, school_id, year, _choices(fields), now=view.now())
    except roll_overs.BadExceptions:
        return _page(view, school_id, year, has_faults=True)
    return view.go(f"/schools/{school_id}/roll-over?year={year}&done={change.id}")


def _choices(fields: Fields) -> list[Choice]:
    """The exceptions that were ticked; what is not ticked is not sent, so that a large school fits into one form."""
    found = []
    for value in fields.getlist("choice"):
        student_id, _, chosen = str(value).partition(" ")
        fate, _, key = chosen.partition(":")
        if not _UUID.fullmatch(student_id) or fate not in list(StudentFate):
            continue
        year, _, rest = key.partition("|")
        section, _, study_path = rest.partition("|")
        to = Key(int(year), section, study_path) if year.isdecimal() else None
        found.append(Choice(UUID(student_id), StudentFate(fate), to))
    return found


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@router.get("/schools/{school_id}/registers")
def show_registers(view: InView, school_id: UUID, year: Year = None) -> Response:
    """The files, and what stands in them."""
    year = year or dates.school_year(view.now().date())
    with view.read() as (session, actor):
        school = registers.require(session, actor, school_id)
    return view.show("teacher/registers.html", school=school, year=year, columns=COLUMNS)


@router.get("/schools/{school_id}/registers/{register}.csv")
def read_register(view: InView, school_id: UUID, register: Register, year: Year = None) -> Response:
    """One file, with names: it is the school's own."""
    year = year or dates.school_year(view.now().date())
    with view.read() as (session, actor):
        head, rows = registers.sheet(session, actor, register, school_id, year)
        seen = registers.students(session, school_id, year) if register is Register.PLACEMENTS else []
    view.looked(LookKind.EXPORT, seen)
    return sheets.sheet(f"{register}-{year}", head, rows, language="it")
