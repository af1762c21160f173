"""Signing in and out, the language, and the page that people start from."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import errors
from app.auth import service as auth
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Actor, Grant, Role
from app.companies import service as companies
from app.programmes import service as programmes
from app.schools import classes
from app.schools import service as schools
from app.students import service as students
from app.web import language as languages
from app.web.ui import LANGUAGE_COOKIE, InView, View, safe_next

router = APIRouter(include_in_schema=False)

MOST_CLASSES = 100
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
    )


def has_personas(view: View) -> bool:
    """Whether anybody may be one of the demo's people: only in development."""
    return view.settings.environment == "development"


def demo_users(view: View, session: Session) -> list[people.DemoUser]:
    """The demo's people, and none in production."""
    return people.list_demo(session) if has_personas(view) else []


@router.post("/sign-in")
def sign_in(
    view: InView,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    persona: Annotated[str, Form(max_length=254)] = "",
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002
) -> Response:
    """Open a session; the same answer for a wrong password and an unknown address. Personas need no password."""
    is_persona = bool(persona) and has_personas(view)
    with view.open_read() as session:
        if is_persona:
            user = people.find_demo(session, persona)
        else:
            user = people.find_person(session, email, allows_demo=has_personas(view))
    if not is_persona and not people.has_password(user, password):
        user = None
    if user is None:
        return _sign_in_page(view, next, email=email, is_wrong=True)
    with view.open_write() as session:
        token = sessions.sign_in(
            session, user, hours=view.settings.session_hours, request_id=errors.request_id(view.request)
        )
    response = view.go(safe_next(next))
    response.set_cookie(
        auth.COOKIE, token, httponly=True, samesite="lax", secure=_is_secure(view),
        max_age=view.settings.session_hours * 3600,
    )  # fmt: skip
    if LANGUAGE_COOKIE not in view.request.cookies and not user.is_demo:  # personas have chosen nothing
        _keep_language(view, response, user.language)
    return response


@router.post("/sign-out")
def sign_out(view: InView) -> Response:
    """End the session."""
    with view.open_write() as session:
        sessions.sign_out(session, view.request.cookies.get(auth.COOKIE))
    response = view.go("/")
    response.delete_cookie(auth.COOKIE, httponly=True, samesite="lax", secure=_is_secure(view))
    response.headers["clear-site-data"] = '"cache", "storage"'  # the language's cookie stays
    return response


@router.post("/language")
def choose_language(
    view: InView,
    language: Annotated[str, Form(pattern="^(it|en)$")],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002
) -> Response:
    """Keep the language, in the browser and with the person."""
    if view.has_session:
        # A session that has ended is no matter here: the cookie still serves.
        with suppress(errors.NotSignedIn), view.write(needs_hat=False) as (session, actor):
            people.choose_language(session, actor, language)
    response = view.go(safe_next(next, "/"))
    _keep_language(view, response, language)
    return response


@router.get("/start")
def show_start(view: InView) -> Response:
    """Where people begin: their one page, or all that they have to do with."""
    with view.read(needs_hat=False) as (session, actor):
        if actor.must_choose:
            return view.go("/hat")
        only = _only_page(actor)
        if only is not None:
            return view.go(only)
        groups = _start_groups(session, actor)
        waiting = companies.search(session, actor, is_approved=False, limit=20) if actor.oversees else []
        known = companies.search(session, actor, is_approved=True, limit=20) if actor.oversees else []
    return view.show("account/start.html", groups=groups, waiting=waiting, known=known)


def _only_page(actor: Actor) -> str | None:
    if len(actor.grants) != 1:
        return None
    grant = actor.grants[0]
    if grant.student_id is not None:
        return f"/students/{grant.student_id}"
    return f"/companies/{grant.company_id}" if grant.company_id is not None else None


def _start_groups(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """One group for each membership: what it is, and the links that belong to it."""
    groups: list[dict[str, Any]] = []
    for grant in actor.grants:
        group: dict[str, Any] = {"role": grant.role, "title": None, "place": None, "links": []}
        if grant.student_id is not None:
            student = students.get(session, actor, grant.student_id)
            group |= {"title": student.given_name, "links": [{"href": f"/students/{student.id}"}]}
        elif grant.company_id is not None:
            company = companies.read(session, actor, grant.company_id)
            group |= {"title": company.name, "links": [{"href": f"/companies/{company.id}"}]}
        elif grant.school_id is not None:
            school, place = schools.read(session, grant.school_id)
            group |= {"title": school.name, "place": place, "links": _class_links(session, actor, grant)}
        groups.append(group)
    return groups


def _class_links(session: Session, actor: Actor, grant: Grant) -> list[dict[str, Any]]:
    assert grant.school_id is not None  # noqa: S101 -- for the type checker; the caller has looked
    found = classes.search(session, actor, grant.school_id, limit=MOST_CLASSES)
    titles = programmes.titles(session, {one.programme_id for one in found if one.programme_id})
    return [
        {
            "href": f"/classes/{one.id}",
            "class": one,
            "programme": titles.get(one.programme_id or "", {}),
        }
        for one in found
        if grant.role is not Role.TEACHER or one.id in grant.class_ids
    ]


def _keep_language(view: View, response: RedirectResponse, code: str) -> None:
    if code in languages.NAMES:
        response.set_cookie(
            LANGUAGE_COOKIE, code, max_age=_YEAR, httponly=True, samesite="lax", secure=_is_secure(view)
        )


def _is_secure(view: View) -> bool:
    return view.settings.environment == "production"
