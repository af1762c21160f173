"""What is kept about the reader, or about a student: who looked, a copy, the ranking's switch, the end; and the notices."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth.actors import Actor
from app.events.service_looks import LookKind
from app.privacy import service_erasure as erasures
from app.privacy import service_export as exports
from app.privacy import service_looks as looks
from app.privacy import service_notices as notices
from app.privacy import service_retention as retention
from app.privacy.map import Subject
from app.privacy.models import Erasure, SubjectKind
from app.students import service as students
from app.students.models import Student
from app.web.ui import InView, View, safe_next

router = APIRouter(include_in_schema=False)

MOST_LOOKS = 50
ZIP = "application/zip"


@router.get("/data")
def show_own_data(view: InView) -> Response:
    """Whoever is signed in; a student finds everything on the student's page."""
    with view.read() as (session, actor):
        own = next((grant.student_id for grant in actor.grants if grant.student_id is not None), None)
        if own is not None:
            return view.go(f"/students/{own}/data")
        subject = Subject(SubjectKind.ACCOUNT, exports.person_id(actor))
        return _page(view, session, actor, subject, base="/data", student=None, seen=[])


@router.get("/students/{student_id}/data")
def show_student_data(view: InView, student_id: UUID) -> Response:
    """For the student and the staff."""
    view.request.app.state.looks.flush()
    with view.read() as (session, actor):
        student = students.get(session, actor, student_id)
        seen = looks.search(session, actor, student_id, limit=MOST_LOOKS)
        subject = Subject(SubjectKind.STUDENT, student_id)
        base = f"/students/{student_id}/data"
        return _page(view, session, actor, subject, base=base, student=student, seen=seen)


def _page(
    view: View,
    session: Session,
    actor: Actor,
    subject: Subject,
    *,
    base: str,
    student: Student | None,
    seen: list[looks.SeenLook],
) -> Response:
    erasure: Erasure | None = erasures.find(session, subject)
    return view.show(
        "privacy/data.html",
        base=base,
        student=student,
        is_self=student is None or actor.is_student(student.id),
        looks=seen,
        most_looks=MOST_LOOKS,
        erasure=erasure,
        erasure_hours=view.settings.erasure_hours,
        warnings=retention.warnings_for(session, subject),
        notices=[
            notices.current(name, view.language, view.now().date()) for name in notices.names_for(actor)
        ],
        read_at=notices.seen(session, actor),
    )


@router.get("/data/export")
def take_own_export(view: InView) -> Response:
    """Everything about the reader."""
    with view.read() as (session, actor):
        tables = exports.of_actor(session, actor)
    return Response(exports.pack(tables, view.now()), headers=exports.FILE, media_type=ZIP)


@router.get("/students/{student_id}/data/export")
def take_student_export(view: InView, student_id: UUID) -> Response:
    """Everything about a student."""
    with view.read() as (session, actor):
        tables = exports.of_student(session, actor, student_id)
    view.looked(LookKind.EXPORT, [student_id])
    return Response(exports.pack(tables, view.now()), headers=exports.FILE, media_type=ZIP)


@router.post("/students/{student_id}/data/ranking")
def switch_ranking(
    view: InView, student_id: UUID, state: Annotated[str, Form(pattern="^(on|off)$")]
) -> Response:
    """Switch the ranking of a student on or off."""
    with view.write() as (session, actor):
        students.edit(session, actor, student_id, {"is_ranked": state == "on"}, today=view.now().date())
    return view.go(f"/students/{student_id}/data#ranking")


@router.post("/students/{student_id}/data/erasure")
def ask_for_student(
    view: InView, student_id: UUID, confirm: Annotated[str, Form(pattern="^yes$")]
) -> Response:
    """Forget a student: staff at once, the student after some hours."""
    assert confirm  # noqa: S101 -- the form's pattern has looked
    hours = view.settings.erasure_hours
    with view.write() as (session, actor):
        class_id = students.get(session, actor, student_id).class_id
        erasure = erasures.ask_for_student(session, actor, student_id, now=view.now(), hours=hours)
        is_done = erasure.done_at is not None
    return view.go(f"/classes/{class_id}" if is_done else f"/students/{student_id}/data#erasure")


@router.post("/students/{student_id}/data/erasure/withdraw")
def withdraw_for_student(view: InView, student_id: UUID) -> Response:
    """Think better of it."""
    with view.write() as (session, actor):
        erasures.withdraw_for_student(session, actor, student_id)
    return view.go(f"/students/{student_id}/data#erasure")


@router.post("/data/erasure")
def ask_for_self(view: InView, confirm: Annotated[str, Form(pattern="^yes$")]) -> Response:
    """Forget the reader after some hours."""
    assert confirm  # noqa: S101 -- the form's pattern has looked
    with view.write() as (session, actor):
        erasures.ask_for_actor(session, actor, now=view.now(), hours=view.settings.erasure_hours)
    return view.go("/data#erasure")


@router.post("/data/erasure/withdraw")
def withdraw_for_self(view: InView) -> Response:
    """Think better of it."""
    with view.write() as (session, actor):
        erasures.withdraw_for_actor(session, actor)
    return view.go("/data#erasure")


@router.get("/notices/{name}")
def show_notice(view: InView, name: str) -> Response:
    """The long layer, for anybody; whoever is signed in can say that they have read it."""
    notice = notices.current(name, view.language, view.now().date())
    read_at = None
    if view.has_session:
        with view.open_read() as session:
            if view.actor is not None:
                read_at = notices.seen(session, view.actor).get((notice.name, notice.version))
    return view.show("privacy/notice.html", notice=notice, read_at=read_at)


@router.post("/notices/{name}")
def note_notice(
    view: InView,
    name: str,
    version: Annotated[str, Form(pattern=r"^\d{4}-\d{2}-\d{2}$")],
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002 -- the form's own word
) -> Response:
    """Keep that the reader has read it: no consent, and nothing depends on it."""
    with view.write() as (session, actor):
        notices.note(session, actor, name, version, view.language, view.now())
    return view.go(safe_next(next, f"/notices/{name}"))
