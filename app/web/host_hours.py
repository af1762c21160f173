"""The host's week: everybody's hours in one table, confirmed with one button; and the code for who comes and goes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.companies import service as companies
from app.dates import Day
from app.events.service_looks import LookKind
from app.hours import rules
from app.hours import service as hours
from app.hours import service_attendance as attendance
from app.hours import service_days as days
from app.web import hours_words
from app.web.hours_words import WrittenDay
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_CELLS = 300


@router.get("/companies/{company_id}/hours")
def show_week(
    view: InView,
    company_id: UUID,
    week: Day | None = None,
    saved: Annotated[int | None, Query(ge=0, le=MOST_CELLS)] = None,
) -> Response:
    """The days of a week: what was said of them, and a menu for each."""
    return _page(view, company_id, week, saved=saved)


@router.post("/companies/{company_id}/hours")
def confirm_week(
    view: InView,
    company_id: UUID,
    said: Annotated[list[WrittenDay] | None, Form(max_length=MOST_CELLS)] = None,
    week: Annotated[Day | None, Form()] = None,
) -> Response:
    """What the menus say, all days or none."""
    try:
        with view.write() as (session, actor):
            days.require_host(session, actor, company_id)
            made = hours.say_many(session, actor, hours_words.read_days(said or ()), now=view.now())
    except (errors.Invalid, errors.Conflict, ValueError):
        return _page(view, company_id, week, is_refused=True)
    following = f"&week={week}" if week else ""
    return view.go(f"/companies/{company_id}/hours?saved={len(made)}{following}")


def _page(
    view: View, company_id: UUID, week: date | None, *, saved: int | None = None, is_refused: bool = False
) -> Response:
    today = view.now().date()
    day = week or today
    monday = day - timedelta(days=day.weekday())
    with view.read() as (session, actor):
        company = days.require_host(session, actor, company_id)
        sheets = days.week_of_company(session, actor, company_id, monday)
    view.looked(LookKind.NAME, [one.student.id for one in sheets], company_id=company_id)
    return view.show(
        "company/hours.html",
        status=409 if is_refused else 200,
        company=company,
        sheets=sheets,
        monday=monday,
        week=[monday + timedelta(days=number) for number in range(7)],
        before=monday - days.WEEK,
        after=monday + days.WEEK if monday + days.WEEK <= today else None,
        today=today,
        most=rules.most_minutes,
        can_evaluate=lambda placement: rules.can_evaluate(placement, today),
        hours_words=hours_words,
        saved=saved,
        is_refused=is_refused,
    )


@router.get("/companies/{company_id}/attendance-code")
def show_code(view: InView, company_id: UUID) -> Response:
    """The code of the moment as a picture and as signs: nothing to install, and nobody's position."""
    with view.read() as (session, actor):
        company = companies.require(session, actor, company_id)
        code = attendance.show(session, actor, company_id, view.settings.secret_key, now=view.now())
    address = f"{view.settings.public_url}/attend?c={code.text}"
    return view.show(
        "company/attendance_code.html",
        company=company,
        code=code.text,
        ends_at=view.local(code.ends_at).time(),
        address=f"{view.settings.public_url}/attend",
        picture=segno.make(address, error="m").svg_data_uri(scale=6, border=2, light="white"),
    )
