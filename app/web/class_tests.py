"""The tests of a class, pasted line by line by its teachers, so that visits on these days are seen before they are booked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app import dates
from app.class_tests import service as class_tests
from app.class_tests.rules import Sitting
from app.class_visits import service as class_visits
from app.dates import PartName
from app.web import class_test_words as words
from app.web import placement_forms as forms
from app.web.placement import Done
from app.web.posting_forms import InFields, text
from app.web.ui import InView, View

router = APIRouter(prefix="/classes/{class_id}/tests", include_in_schema=False)

MOST_SHOWN = 200
MOST_LINES = 50
_LINE = re.compile(
    r"(?:(?P<day>\d{1,2})[/.](?P<month>\d{1,2})(?:[/.](?P<year>\d{4}))?|(?P<iso>\d{4}-\d{2}-\d{2}))[\s;,:–-]+(?P<subject>\S.+)"
)


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the form."""

    lines: str = ""
    part: str = ""


@router.get("")
def show_tests(view: InView, class_id: UUID, done: Done = "") -> Response:
    """The tests from today on, with the visits that they get in the way of, and the form of more."""
    return _page(view, class_id, Form(), done=done)


def _page(
    view: View, class_id: UUID, form: Form, *, status: int = 200, done: str = "", wrong: Sequence[tuple[int, str]] = ()
) -> Response:  # fmt: skip
    now = view.now()
    with view.read() as (session, actor):
        school_class = class_tests.get_class(session, actor, class_id)
        found = class_tests.search(session, actor, class_id, from_on=now.date(), limit=MOST_SHOWN)
        booked = class_visits.booked(session, class_id, found, now=now)
    return view.show(
        "teacher/tests.html", status=status, school_class=school_class, tests=found, booked=booked, form=form,
        parts=list(PartName), said=words, done=words.DONE.get(done), wrong=wrong,
        days=dates.days_of_school_year(school_class.start_year),
    )  # fmt: skip


@router.post("")
def note_tests(view: InView, fields: InFields, class_id: UUID) -> Response:
    """One line for each test; the part of the day is that of all of them."""
    form = Form(text(fields, "lines"), text(fields, "part", 20))
    with view.read() as (session, actor):
        start_year = class_tests.get_class(session, actor, class_id).start_year
    try:
        part = forms.one_of(fields, "part", PartName) if form.part else None
    except forms.Unreadable:
        return _page(view, class_id, form, status=422, wrong=[(0, words.NO_PART)])
    written = [line.strip() for line in form.lines.splitlines() if line.strip()]
    read = [_read(line, part, start_year) for line in written]
    wrong = [(number, words.UNREADABLE) for number, one in enumerate(read, start=1) if one is None]
    if not read or len(read) > MOST_LINES:
        wrong = [(0, words.NO_LINES if not read else words.TOO_MANY_LINES)]
    if not wrong:
        try:
            with view.write() as (session, actor):
                wanted = [one for one in read if one is not None]
                class_tests.note(session, actor, class_id, wanted, now=view.now())
            return view.go(f"/classes/{class_id}/tests?done=noted")
        except (class_tests.UnfitTest, class_tests.KnownTest) as problem:
            wrong = _told(problem.faults)
        except class_tests.TooManyTests:
            wrong = [(0, words.TOO_MANY)]
    return _page(view, class_id, form, status=422, wrong=wrong)


def _read(line: str, part: PartName | None, start_year: int) -> Sitting | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found["iso"]) if found["iso"] else _day(found, start_year)
    except ValueError:
        return None
    subject = found["subject"].strip()
    is_fit = 2 <= len(subject) <= 80 and subject.isprintable() and 2000 <= day.year <= 2100
    return Sitting(day, subject, part) if is_fit else None


def _day(found: re.Match[str], start_year: int) -> date:
    """Where no year stands there, it is the one that the school year of the class has this day in."""
    day, month = int(found["day"]), int(found["month"])
    if found["year"]:
        return date(int(found["year"]), month, day)
    return date(start_year if month >= dates.SCHOOL_YEAR_BEGINS else start_year + 1, month, day)


def _told(faults: Iterable[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Faults of `tests.3.subject` as the number of the line and what to do."""
    parts = [str(one["field"]).split(".") for one in faults]
    return [(int(number) + 1, words.FAULTS[field]) for _, number, field in parts]


@router.post("/{test_id}/remove")
def remove_test(view: InView, class_id: UUID, test_id: UUID) -> Response:
    """Take one back."""
    with view.write() as (session, actor):
        class_tests.remove(session, actor, class_id, test_id)
    return view.go(f"/classes/{class_id}/tests?done=removed")
