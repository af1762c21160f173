"""Signing in and out, the language, and the page that people start from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import errors
from app.auth import service as auth
from app.auth import users
from app.auth.actors import Actor, Role
from app.companies import service as companies
from app.schools import classes
from app.schools import service as schools
from app.web import language, words
from app.web.ui import LANGUAGE_COOKIE, InView, View, safe_next

router = APIRouter(include_in_schema=False)

_YEAR = 365 * 24 * 3600


@router.get("/sign-in")
def show_sign_in(view: InView, next: str = "") -> Response:  # noqa: A002 -- the address's own word
    """The form; in development with the demo's people beside it."""
    return _sign_in_page(view, next)


def _sign_in_page(view: View, given_next: str, *, email: str = "", is_wrong: bool = False) -> Response:
    with view.open_read() as session:
        personas = demo_users(view, session)
    return view.show(
        "account/sign_in.html",
        status=401 if is_wrong else 200,
        next=safe_next(given_next),
        has_way_back=safe_next(given_next) != safe_next(""),
        email=email,
        is_wrong=is_wrong,
        personas=personas,
        demo_password=demo.PASSWORD,
    )


def demo_users(view: View, session: Session) -> list[users.DemoUser]:
    """The demo's people, and none in production."""
    return users.list_demo(session) if view.settings.environment == "development" else []


@router.post("/sign-in")
def sign_in(
    view: InView,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002
) -> Response:
    """Open a session; the same answer for a wrong password and an unknown address."""
    with view.open_write() as session:
        user = auth.check_password(session, email, password)
        token = None
        if user is not None:
            token = auth.sign_in(
                session, user, hours=view.settings.session_hours, request_id=errors.request_id(view.request)
            )
    if user is None or token is None:
        return _sign_in_page(view, next, email=email, is_wrong=True)
    response = view.go(safe_next(next))
    response.set_cookie(
        auth.COOKIE, token, httponly=True, samesite="lax", secure=_is_secure(view),
        max_age=view.settings.session_hours * 3600,
    )  # fmt: skip
    if LANGUAGE_COOKIE not in view.request.cookies:
        _keep_language(view, response, user.language)
    return response


@router.post("/sign-out")
def sign_out(view: InView) -> Response:
    """End the session."""
    with view.open_write() as session:
        auth.sign_out(session, view.request.cookies.get(auth.COOKIE))
    response = view.go("/")
    response.delete_cookie(auth.COOKIE, httponly=True, samesite="lax", secure=_is_secure(view))
    return response


@router.post("/language")
def choose_language(
    view: InView,
    language: Annotated[str, Form(pattern="^(it|en)$")],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002
) -> Response:
    """Keep the language, in the browser and with the person."""
    if view.has_session:
        try:
            with view.write() as (session, actor):
                users.choose_language(session, actor, language)
        except errors.NotSignedIn:
            pass  # the session has ended; the cookie still serves
    response = view.go(safe_next(next, "/"))
    _keep_language(view, response, language)
    return response


def _keep_language(view: View, response: RedirectResponse, code: str) -> None:
    if code in language.NAMES:
        response.set_cookie(
            LANGUAGE_COOKIE, code, max_age=_YEAR, httponly=True, samesite="lax", secure=_is_secure(view)
        )


def _is_secure(view: View) -> bool:
    return view.settings.environment == "production"
