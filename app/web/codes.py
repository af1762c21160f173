"""Codes of a class: the teacher makes and hands them out, the student types one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.auth import service_accounts as accounts
from app.auth import service_passwords as passwords
from app.auth import service_sessions as sessions
from app.auth import service_throttles as throttles
from app.auth import usernames
from app.auth.rules import SHORTEST_PASSWORD
from app.auth.service_throttles import Door
from app.schools import classes
from app.schools import service as schools
from app.students import service_codes as codes
from app.web import slips
from app.web.language import mark as _
from app.web.own_access import TROUBLES as PASSWORD_TROUBLES
from app.web.sign_in import begin, enter, welcome
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

FILE = _("codici")
Typed = Annotated[str, Form(max_length=60)]


# --- the teacher -----------------------------------------------------------------------------------------------------


@router.get("/classes/{class_id}/codes")
def show_codes(view: InView, class_id: UUID) -> Response:
    """Who of the class has an account, who an open code."""
    return _codes_page(view, class_id)


def _codes_page(view: View, class_id: UUID, *, has_chosen: bool = True) -> Response:
    with view.read() as (session, actor):
        found = codes.overview(session, actor, class_id, now=view.now())
        school_class = classes.get(session, actor, class_id)
    return view.show(
        "teacher/codes.html",
        status=200 if has_chosen else 422,
        school_class=school_class,
        students=found,
        has_chosen=has_chosen,
        has_pdf=slips.has_pdf(),
        days=codes.VALID_FOR.days,
    )


@router.post("/classes/{class_id}/codes")
def make_codes(
    view: InView,
    class_id: UUID,
    student_ids: Annotated[list[UUID] | None, Form(max_length=codes.MOST_AT_ONCE)] = None,
    form: Annotated[str, Form(pattern="^(page|pdf)$")] = "page",
) -> Response:
    """Make codes, and show them this once: as a page to print, or as a PDF."""
    if form == "pdf" and not slips.has_pdf():
        raise errors.Unavailable("This installation makes no PDF; print the page.")
    if not student_ids:
        return _codes_page(view, class_id, has_chosen=False)
    with view.write() as (session, actor):
        made = codes.issue(
            session, actor, class_id, student_ids, secret=view.settings.secret_key, now=view.now()
        )
        school_class = classes.get(session, actor, class_id)
        school, _ = schools.read(session, school_class.school_id)
    address = view.settings.public_url.rstrip("/") + codes.ADDRESS
    sheet = slips.Sheet(
        school=school.name,
        class_name=f"{school_class.year} {school_class.section}",
        address=address,
        slips=made,
    )
    if form == "pdf":
        return Response(
            slips.pdf(view, sheet),
            media_type="application/pdf",
            headers={"content-disposition": f'attachment; filename="{view.text(FILE)}.pdf"'},
        )
    return view.show("teacher/slips.html", sheet=sheet, qr=slips.qr_address, class_id=class_id)


# --- the student -----------------------------------------------------------------------------------------------------


@router.get(codes.ADDRESS)
def show_code(view: InView, c: Annotated[str, Query(max_length=60)] = "") -> Response:
    """The form; an address with a code fills it in and does nothing."""
    return view.show("account/code.html", code=c, is_wrong=False)


@router.post(codes.ADDRESS)
def use_code(view: InView, code: Typed = "", is_own_device: Annotated[bool, Form()] = False) -> Response:  # noqa: FBT002 -- a tick
    """Use the code up and open a session of the student it was made for."""
    with view.open_write() as session:
        turn = enter(view, session, Door.CLASS_CODE, None)
    try:
        with view.open_write() as session:
            user = codes.redeem(
                session, code, secret=view.settings.secret_key, now=view.now(), request_id=view.request_id
            )
            throttles.give_back(session, turn, view.now())
            begun = begin(view, session, user, how="class_code", is_own_device=is_own_device)
    except codes.WrongCode:
        return view.show("account/code.html", status=403, code=code, is_wrong=True)
    return welcome(view, begun, "/first-visit" if user.password_hash is not None else "/welcome")


@router.get("/welcome")
def show_welcome(view: InView) -> Response:
    """The student's user name, and a password if the student wants one."""
    return _welcome_page(view)


def _welcome_page(view: View, *, username: str | None = None, trouble: str = "") -> Response:
    with view.read() as (session, actor):
        user = accounts.own(session, actor)
    if user.password_hash is not None:
        return view.go("/first-visit")
    return view.show(
        "account/welcome.html", status=422 if trouble else 200, username=username or user.username or "",
        trouble=trouble, password_trouble=PASSWORD_TROUBLES.get(trouble, ""), shortest=SHORTEST_PASSWORD,
    )  # fmt: skip


@router.post("/welcome")
def set_password(
    view: InView,
    username: Annotated[str, Form(max_length=60)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    repeated: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Set the first password, soon after coming in; who has one changes it on the account's page."""
    with view.read() as (session, _):
        present = sessions.find_present(session, view.session_cookie, view.now())
    if not present.is_fresh:
        return _welcome_page(view, username=username, trouble="stale")
    if password != repeated:
        return _welcome_page(view, username=username, trouble="differs")
    try:
        hashed = passwords.make_hash(replace(present, sign_in_name=username), password)
        with view.write() as (session, actor):
            accounts.set_first_password(session, actor, username=username, password_hash=hashed)
    except passwords.BadPassword as refusal:
        return _welcome_page(view, username=username, trouble=refusal.fault)
    except usernames.BadUsername:
        return _welcome_page(view, username=username, trouble="username")
    except usernames.UsernameTaken:
        return _welcome_page(view, username=username, trouble="taken")
    return view.go("/first-visit")
