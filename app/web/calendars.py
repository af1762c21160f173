"""When a school is closed, pasted line by line, and the patron saints' days of municipalities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates, holidays
from app.calendars import service as calendars
from app.calendars.models import ClosingKind
from app.calendars.rules import Closing
from app.hours.service_ledger import lessons_end
from app.placements import service_calendar, service_tutors
from app.places import service as places
from app.schools import rules as school_rules
from app.schools import service as schools
from app.web import calendar_words as words
from app.web import placement_forms as forms
from app.web.placement import Done
from app.web.posting_forms import Fields, InFields, text
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_SHOWN = 200
MOST_LINES = 50
MOST_PATRONS = 500
_DAY = r"\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{4}-\d{2}-\d{2}"
_LINE = re.compile(
    rf"(?:dal |from )?(?P<first>{_DAY})(?:\s*(?:-|–|;|,|al |to )?\s*(?P<last>{_DAY}))?[\s;,:–-]+(?P<name>\S.+)",
    re.IGNORECASE,
)


class Proposal(StrEnum):
    """Closings that most schools have; the page fills them in, and the days can be changed before they are saved."""

    CHRISTMAS = "christmas"
    EASTER = "easter"
    SUMMER = "summer"


Proposed = Annotated[Proposal | None, Query()]


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the form."""

    lines: str = ""
    kind: ClosingKind = ClosingKind.LESSONS_ONLY


# --- schools ----------------------------------------------------------------------------------------------------------


@router.get("/schools/{school_id}/closings")
def show_closings(view: InView, school_id: UUID, propose: Proposed = None, done: Done = "") -> Response:
    """When the school is closed, for its staff; who leads it adds and takes back."""
    return _closings(view, school_id, _proposed(view, propose), done=done)


def _closings(
    view: View, school_id: UUID, form: Form, *, status: int = 200, done: str = "", wrong: Sequence[tuple[int, str]] = ()
) -> Response:  # fmt: skip
    with view.read() as (session, actor):
        service_tutors.require_staff(session, actor, school_id)
        school, municipality_name = schools.read(session, school_id)
        found = calendars.closings(session, school_id, from_on=view.now().date(), limit=MOST_SHOWN)
        touched = service_calendar.touched(session, school_id, found)
    return view.show(
        "teacher/closings.html", status=status, school=school, municipality_name=municipality_name, closings=found,
        touched=touched, form=form, kinds=list(ClosingKind), proposals=list(Proposal), terms=words, done=done,
        wrong=wrong, is_lead=school_rules.leads(actor, school_id),
    )  # fmt: skip


def _proposed(view: View, proposal: Proposal | None) -> Form:
    if proposal is None:
        return Form()
    today = view.now().date()
    year = dates.school_year(today)
    first, last = next(
        span for span in (_days(view, proposal, one) for one in (year, year + 1)) if span[1] >= today
    )
    name = view.text(words.PROPOSALS[proposal])
    line = f"{first:%d/%m/%Y} - {last:%d/%m/%Y} {name}"
    is_summer = proposal is Proposal.SUMMER
    return Form(line, ClosingKind.LESSONS_ONLY if is_summer else ClosingKind.NOBODY_EXPECTED)


def _days(view: View, proposal: Proposal, year: int) -> tuple[date, date]:
    """The days that are usual in the school year; regions and schools shift them by some."""
    if proposal is Proposal.CHRISTMAS:
        return date(year, 12, 24), date(year + 1, 1, 6)
    if proposal is Proposal.EASTER:
        sunday = holidays.easter(year + 1)
        return sunday - timedelta(days=3), sunday + timedelta(days=2)
    last_lesson = lessons_end(date(year, 12, 1), view.settings.lessons_end_on)
    return last_lesson + timedelta(days=1), date(year + 1, 9, 14)


@router.post("/schools/{school_id}/closings")
def close(view: InView, fields: InFields, school_id: UUID) -> Response:
    """One line for each closing, all of one meaning."""
    lines = text(fields, "lines")
    try:
        kind = forms.one_of(fields, "kind", ClosingKind)
    except forms.Unreadable:
        return _closings(view, school_id, Form(lines), status=422, wrong=[(0, words.NO_KIND)])
    read = [_read(line.strip(), kind) for line in lines.splitlines() if line.strip()]
    wrong = [(number, words.UNREADABLE) for number, one in enumerate(read, start=1) if one is None]
    if not read or len(read) > MOST_LINES:
        wrong = [(0, words.NO_LINES if not read else words.TOO_MANY_LINES)]
    if not wrong:
        try:
            with view.write() as (session, actor):
                calendars.close(session, actor, school_id, [one for one in read if one is not None])
            return view.go(f"/schools/{school_id}/closings?done=closed")
        except (calendars.UnfitDayOff, calendars.DayOffKnown) as problem:
            wrong = _told(problem.faults)
    return _closings(view, school_id, Form(lines, kind), status=422, wrong=wrong)


def _read(line: str, kind: ClosingKind) -> Closing | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    try:
        first = _day(found["first"])
        last = _day(found["last"]) if found["last"] else first
    except ValueError:
        return None
    name = found["name"].strip()
    if not (2 <= len(name) <= 80 and 2000 <= first.year <= 2100 and 2000 <= last.year <= 2100):
        return None
    return Closing(first, last, name, kind)


def _day(written: str) -> date:
    if "-" in written:
        return date.fromisoformat(written)
    day, month, year = (int(part) for part in re.split(r"[/.]", written))
    return date(year, month, day)


def _told(faults: Iterable[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Faults of `closings.3.ends_on` as the number of the line and what to do."""
    parts = [str(one["field"]).split(".") for one in faults]
    return [(int(number) + 1, words.FAULTS[field]) for _, number, field in parts]


@router.post("/schools/{school_id}/closings/{closing_id}/remove")
def reopen(view: InView, school_id: UUID, closing_id: UUID) -> Response:
    """Take one back."""
    with view.write() as (session, actor):
        calendars.reopen(session, actor, school_id, closing_id)
    return view.go(f"/schools/{school_id}/closings?done=reopened")


# --- patrons ----------------------------------------------------------------------------------------------------------


@router.get("/patron-days")
def show_patrons(view: InView, done: Done = "") -> Response:
    """All that are noted; whoever coordinates, or leads a school, adds those of the province."""
    return _patrons(view, done=done)


def _patrons(
    view: View, *, status: int = 200, done: str = "", wrong: str = "", fields: Fields | None = None
) -> Response:
    with view.read() as (session, actor):
        found = calendars.patrons(session, limit=MOST_PATRONS)
        near = calendars.notes_patrons_in(session, actor)
    return view.show(
        "coordinator/patrons.html", status=status, patrons=found, terms=words, done=done, wrong=wrong,
        can_note=near is None or bool(near), months=range(1, 13),
        own={one.id for one, place in found if near is None or place.province_code in near},
        given={name: text(fields, name, 80) if fields else "" for name in ("place", "day", "month", "name")},
    )  # fmt: skip


@router.post("/patron-days")
def note_patron(view: InView, fields: InFields) -> Response:
    """The patron's day of a municipality that is named."""
    written, name = text(fields, "place", 80), text(fields, "name", 80)
    wrong = "" if len(name) >= 2 else "name"
    month = day = 0
    try:
        month, day = forms.whole(fields, "month", 1, 12), forms.whole(fields, "day", 1, 31)
    except forms.Unreadable:
        wrong = "day"
    with view.write() as (session, actor):
        near = calendars.notes_patrons_in(session, actor)
        istat = _meant(session, written, near)
        if not wrong and istat is None:
            wrong = "municipality_istat"
        if istat is not None and not wrong:
            try:
                calendars.note_patron(session, actor, istat, month, day, name)
            except calendars.DayOffKnown:
                wrong = "known"
            except calendars.UnfitDayOff:
                wrong = "day"
            except calendars.NotYourCalendar:
                if not near:
                    raise
                wrong = "far"
    if wrong:
        return _patrons(view, status=422, wrong=words.PATRON_FAULTS[wrong], fields=fields)
    return view.go("/patron-days?done=patron")


def _meant(session: Session, written: str, near: frozenset[str] | None) -> str | None:
    """The municipality of that name, of several the one in the province of whoever has but one. Raises NotYourCalendar."""
    if near == frozenset():
        raise calendars.NotYourCalendar
    only = next(iter(near)) if near is not None and len(near) == 1 else None
    meant = places.find_named(session, [written], near_province=only)[written] if written else []
    return meant[0] if len(meant) == 1 else None


@router.post("/patron-days/{patron_id}/remove")
def remove_patron(view: InView, patron_id: UUID) -> Response:
    """Take one back."""
    with view.write() as (session, actor):
        calendars.remove_patron(session, actor, patron_id)
    return view.go("/patron-days?done=patron_removed")
