"""The red button on pages: a student reports, whoever has to answer reads and writes, and only the reporter closes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import dates
from app.concerns import rules
from app.concerns import service as concerns
from app.concerns import service_family as families
from app.concerns import service_reading as reading
from app.concerns.models import ConcernKind, ConcernMessage, Side, Stage
from app.concerns.rules import Deadlines
from app.concerns.service_reading import Case
from app.events.service_looks import LookKind
from app.rest import Cursor, decode_cursor, encode_cursor
from app.students import rules as student_rules
from app.students import service as students
from app.web import concern_words
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

AT_ONCE = 30
MOST_TEXT, MOST_REASON = 2000, 500
Text = Annotated[str, Form(max_length=20_000, pattern=r"^[^\x00]*$")]
"""Longer than any that is taken, so that the page can say so itself and keep what was written."""


class Step(NamedTuple):
    """Who owns it until when, from now on."""

    stage: Stage
    until: datetime


def plain(text: str) -> str:
    """A text as it is stored: browsers send two signs for the end of a line."""
    return text.replace("\r\n", "\n").strip()


def fault_of(text: str, most: int) -> str:
    """What is wrong with it, in a word."""
    return "empty" if not text else "long" if len(text) > most else ""


def steps(view: View, case: Case) -> list[Step]:
    """What happens if nobody closes it."""
    concern, deadlines = case.concern, Deadlines.of(view.settings)
    if concern.due_at is None:
        return []
    found = [Step(concern.stage, concern.due_at)]
    while found[-1].stage is not Stage.SERVICE:
        stage = rules.NEXT[found[-1].stage]
        found.append(Step(stage, deadlines.due_at(stage, concern.raised_at, found[-1].until)))
    return found


def look(view: View, case: Case) -> None:
    """Note that the reader has seen whom it is about."""
    if case.student_name is not None:
        view.looked(
            LookKind.NAME if case.side is Side.TERRITORY else LookKind.PROFILE, [case.concern.student_id]
        )


# --- a student's own --------------------------------------------------------------------------------------------------


@router.get("/students/{student_id}/concerns")
def show_student_concerns(
    view: InView, student_id: UUID, placement: Annotated[UUID | None, Query()] = None
) -> Response:
    """The button, and what was reported; for the staff the latter, and the family's code."""
    return _student_page(view, student_id, sent={"placement_id": placement})


def _student_page(
    view: View,
    student_id: UUID,
    *,
    sent: dict[str, Any],
    trouble: str = "",
    code: families.Handed | None = None,
) -> Response:
    now = view.now()
    with view.read() as (session, actor):
        student = students.get(session, actor, student_id)
        found = reading.search(session, actor, student_id=student_id, limit=AT_ONCE)
        placements = reading.reportable(session, actor, student_id)
        is_staff = student_rules.is_in_charge(actor, student)
        code_until = families.valid_until(session, student_id, now) if is_staff else None
    view.looked(LookKind.PROFILE, [student_id])
    return view.show(
        "concerns/student.html",
        status=422 if trouble else 200,
        person=student,
        student_id=student_id,
        is_self=actor.is_student(student_id),
        is_staff=is_staff,
        is_minor=dates.age_on(student.born_on, now.date()) < rules.ADULT,
        code_until=code_until,
        code=code,
        sheet_address=view.settings.public_url.rstrip("/") + families.ADDRESS,
        placements=placements,
        found=found,
        sent=sent,
        trouble=trouble,
        kinds=list(ConcernKind),
        days=view.settings.concern_school_days,
        most=MOST_TEXT,
        terms=concern_words,
    )


@router.post("/students/{student_id}/concerns")
def report(
    view: InView,
    student_id: UUID,
    placement_id: Annotated[UUID, Form()],
    kind: Annotated[ConcernKind | None, Form()] = None,
    text: Text = "",
    skips_tutor: Annotated[bool, Form()] = False,  # noqa: FBT002 -- a tick
) -> Response:
    """Report it, and show the receipt."""
    text = plain(text)
    trouble = fault_of(text, MOST_TEXT) or ("kind" if kind is None else "")
    if trouble or kind is None:
        sent = {"placement_id": placement_id, "kind": kind, "text": text, "skips_tutor": skips_tutor}
        return _student_page(view, student_id, sent=sent, trouble=trouble)
    with view.write() as (session, actor):
        students.get(session, actor, student_id)
        case = concerns.report(
            session, actor, placement_id, kind, text, skips_tutor=skips_tutor, now=view.now(),
            deadlines=Deadlines.of(view.settings),
        )  # fmt: skip
    return view.go(f"/concerns/{case.concern.id}?new=1")


@router.post("/students/{student_id}/family-code")
def make_family_code(view: InView, student_id: UUID) -> Response:
    """Make a code for the family, and show it this once."""
    with view.write() as (session, actor):
        secret = view.settings.secret_key
        code = families.issue(session, actor, student_id, secret=secret, now=view.now())
    return _student_page(view, student_id, sent={}, code=code)


@router.post("/students/{student_id}/family-code/remove")
def remove_family_code(view: InView, student_id: UUID) -> Response:
    """Take the code back."""
    with view.write() as (session, actor):
        families.end(session, actor, student_id)
    return view.go(f"/students/{student_id}/concerns")


# --- whoever has to do with one ---------------------------------------------------------------------------------------


@router.get("/concerns")
def show_concerns(
    view: InView, closed: Annotated[str, Query(pattern="^1?$")] = "", after: Cursor = None
) -> Response:
    """The open ones that the reader sees, or the closed ones; the latest first."""
    position = decode_cursor(after, datetime, UUID)
    with view.read() as (session, actor):
        found = reading.search(session, actor, is_open=not closed, after=position, limit=AT_ONCE + 1)
    with view.looking_at_many():
        for case in found[:AT_ONCE]:
            look(view, case)
    last = found[AT_ONCE - 1].concern if len(found) > AT_ONCE else None
    return view.show(
        "concerns/list.html",
        found=found[:AT_ONCE],
        is_closed=bool(closed),
        next_cursor=encode_cursor(last.raised_at, last.id) if last else None,
        urgent=rules.URGENT,
        now=view.now(),
        terms=concern_words,
    )


@router.get("/concerns/{concern_id}")
def show_concern(view: InView, concern_id: UUID, new: Annotated[str, Query(pattern="^1?$")] = "") -> Response:
    """One of them: what was written, who has to answer, what happens next. To be printed as a receipt."""
    return _page(view, concern_id, is_new=bool(new))


def _page(
    view: View, concern_id: UUID, *, is_new: bool = False, trouble: str = "", text: str = "", at: str = ""
) -> Response:
    with view.read() as (session, actor):
        case = reading.find(session, actor, concern_id)
        thread = reading.messages(session, concern_id)
    look(view, case)
    return view.show(
        "concerns/concern.html", status=422 if trouble else 200, is_new=is_new, trouble=trouble, text=text, at=at,
        **told(view, case, thread),
    )  # fmt: skip


def told(view: View, case: Case, thread: list[ConcernMessage]) -> dict[str, Any]:
    """What the page of a concern shows, for a reader of any side."""
    return {
        "case": case,
        "one": case.concern,
        "number": case.concern.id.hex[:8].upper(),
        "thread": thread,
        "steps": steps(view, case),
        "is_open": case.concern.stage is not Stage.CLOSED,
        "can_close": rules.can_close(case.side, case.concern),
        "needs_reason": rules.needs_reason(case.side),
        "urgent": rules.URGENT,
        "most": MOST_TEXT,
        "most_reason": MOST_REASON,
        "terms": concern_words,
    }


@router.post("/concerns/{concern_id}/messages")
def write(view: InView, concern_id: UUID, text: Text = "") -> Response:
    """Add to the thread."""
    text = plain(text)
    trouble = fault_of(text, MOST_TEXT)
    if trouble:
        return _page(view, concern_id, trouble=trouble, text=text, at="message")
    with view.write() as (session, actor):
        concerns.write(session, actor, concern_id, text, now=view.now())
    return view.go(f"/concerns/{concern_id}#thread")


@router.post("/concerns/{concern_id}/close")
def close(view: InView, concern_id: UUID, reason: Text = "") -> Response:
    """End it."""
    reason = plain(reason)
    if len(reason) > MOST_REASON:
        return _page(view, concern_id, trouble="long", text=reason, at="reason")
    try:
        with view.write() as (session, actor):
            concerns.close(session, actor, concern_id, reason=reason or None, now=view.now())
    except concerns.CloseReasonMissing:
        return _page(view, concern_id, trouble="empty", at="reason")
    return view.go(f"/concerns/{concern_id}")


@router.post("/concerns/{concern_id}/name")
def ask_name(view: InView, concern_id: UUID, reason: Text = "") -> Response:
    """Learn whom it is about, as a coordinator."""
    reason = plain(reason)
    trouble = fault_of(reason, MOST_REASON)
    if trouble:
        return _page(view, concern_id, trouble=trouble, text=reason, at="name")
    with view.write() as (session, actor):
        concerns.ask_name(session, actor, concern_id, reason, now=view.now())
    return view.go(f"/concerns/{concern_id}")
