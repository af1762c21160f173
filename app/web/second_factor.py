"""The second factor: given after the first, set up, renewed, removed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import segno
from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth import service as auth
from app.auth import service_second_factors as factors
from app.auth import service_sessions as sessions
from app.auth import service_throttles as throttles
from app.auth.service_passwords import NotProven
from app.auth.service_sessions import Present
from app.auth.service_throttles import Door, TooManyTries
from app.web import cookies
from app.web.sign_in import enter, note_failure, remember_device
from app.web.ui import InView, View, safe_next

router = APIRouter(prefix="/second-factor", include_in_schema=False)

Code = Annotated[str, Form(max_length=40)]
Next = Annotated[str, Form(max_length=500)]


def _present(view: View, session: Session) -> Present:
    """Who is here; the one place but the account page that lets in who still owes the second factor."""
    return sessions.find_present(session, view.session_cookie, view.now())


@router.get("")
def show_second_factor(view: InView, next: str = "") -> Response:  # noqa: A002 -- the address's own word
    """Ask for the code, or show how to set it up."""
    return _page(view, next)


def _page(view: View, next_page: str, *, status: int = 200, trouble: str = "", wait: str = "") -> Response:
    with view.open_read() as session:
        present = _present(view, session)
        shared = factors.waiting_secret(session, view.settings.secret_key, present)
    if present.is_enrolled and present.has_given:
        return view.go("/account")
    picture = (
        segno.make(factors.address_of(shared, present), error="m").svg_data_uri(
            scale=5, border=3, light="white"
        )
        if shared is not None
        else None
    )
    return view.show(
        "account/second_factor.html",
        status=status,
        present=present,
        shared=None if shared is None else " ".join(shared[at : at + 4] for at in range(0, len(shared), 4)),
        picture=picture,
        next=safe_next(next_page),
        trouble=trouble,
        wait=wait,
    )


@router.post("")
def give_second_factor(view: InView, code: Code = "", next: Next = "") -> Response:  # noqa: A002
    """Take the code of the moment, or one from paper; the session goes on under a new token."""
    token = None
    try:
        with view.open_write() as session:
            present = _present(view, session)
            turn = enter(view, session, Door.SECOND_FACTOR, present.sign_in_name)
            is_right = factors.check(
                session, view.settings.secret_key, present, code, now=view.now(), request_id=view.request_id
            )
            if is_right:
                throttles.give_back(session, turn, view.now())
                token = sessions.give_second_factor(session, present, view.now())
            else:
                note_failure(view, session, turn, present.user_id, "second_factor")
    except TooManyTries as refusal:
        return _page(view, next, status=429, trouble="wait", wait=refusal.headers["Retry-After"])
    if token is None:
        return _page(view, next, status=401, trouble="wrong")
    return _go_on(view, view.go(safe_next(next)), present, token)


@router.post("/begin")
def begin_second_factor(view: InView, next: Next = "") -> Response:  # noqa: A002
    """Make the secret that the telephone reads from the page."""
    with view.open_write() as session:
        present = _present(view, session)
        if not (present.is_fresh or present.waits):
            raise NotProven
        factors.begin(session, view.settings.secret_key, present, view.now())
    return view.go(f"/second-factor?{urlencode({'next': safe_next(next)})}")


@router.post("/confirm")
def confirm_second_factor(view: InView, code: Code = "", next: Next = "") -> Response:  # noqa: A002
    """Take the secret into force with its first code, and show the codes for paper once."""
    with view.open_write() as session:
        present = _present(view, session)
        shown = factors.confirm(
            session, view.settings.secret_key, present, code, now=view.now(), request_id=view.request_id
        )
        token = sessions.give_second_factor(session, present, view.now()) if shown else None
    if shown is None or token is None:
        return _page(view, next, status=401, trouble="wrong")
    view.request.cookies[auth.COOKIE] = token  # the forms of the page belong to the new token
    response = view.show("account/recovery_codes.html", codes=shown, next=safe_next(next, "/account"))
    return _go_on(view, response, present, token)


@router.post("/recovery-codes")
def renew_recovery_codes(view: InView) -> Response:
    """Ten new codes for paper, shown once."""
    with view.write() as (session, _actor):
        present = _present(view, session)
        if not (present.is_fresh and present.is_enrolled):
            raise NotProven
        shown = factors.make_recovery_codes(
            session, view.settings.secret_key, present, request_id=view.request_id
        )
    return view.show("account/recovery_codes.html", codes=shown, next="/account")


@router.post("/remove")
def remove_second_factor(view: InView) -> Response:
    """Do without, where the role allows it."""
    with view.write() as (session, _actor):
        factors.remove(session, _present(view, session), request_id=view.request_id)
    return view.go("/account")


def _go_on(view: View, response: Response, present: Present, token: str) -> Response:
    lasts = present.ends_at - view.now()
    cookies.put(response, auth.COOKIE, token, view.settings, lasts=lasts)
    remember_device(view, response, present.sign_in_name)
    return response
