"""Signing in and out: a mailed link or code, a password, and in development the demo's people.

Whatever the way, `begin` opens the session in the block that uses the proof up, and `welcome` sends the browser on.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import addresses
from app.auth import devices, rules, service_log
from app.auth import service as auth
from app.auth import service_codes as codes
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth import service_throttles as throttles
from app.auth.devices import Device
from app.auth.models import User
from app.auth.service_throttles import Door, TooManyTries, Turn
from app.web import cookies, letters
from app.web.language import mark as _
from app.web.ui import InView, View, safe_next

router = APIRouter(include_in_schema=False)

Email = Annotated[str, Form(max_length=254)]
Next = Annotated[str, Form(max_length=500)]
Ticked = Annotated[bool, Form()]


# --- for every way in -------------------------------------------------------------------------------------------------


class OtherWay(NamedTuple):
    """A way in that begins on another page: a provider, a code from the school."""

    address: str
    label: str


OTHER_WAYS = (
    OtherWay("/code", _("Ho un codice della mia scuola")),
    OtherWay("/invitation", _("Ho un invito")),
)
"""The ways in besides mail, password and the providers of the settings."""


class Begun(NamedTuple):
    """A session that has been opened. `is_whole` is false while the second factor is due."""

    token: str
    user: User
    lasts: timedelta
    is_whole: bool


def begin(
    view: View,
    session: Session,
    user: User,
    *,
    how: str,
    is_own_device: bool = False,
    is_strong: bool = False,
) -> Begun:
    """Open a session in the caller's write block, once `how` has proven who it is, by two factors if it `is_strong`.

    The session that the browser was in ends: nobody would find its way back to it, but a stolen token would.
    """
    sessions.sign_out(session, view.session_cookie, request_id=view.request_id)
    is_exempt = user.is_demo and view.settings.environment == "development"
    token = sessions.sign_in(
        session, user, hours=view.settings.session_hours, request_id=view.request_id, how=how,
        browser=sessions.coarse_browser(view.request.headers.get("user-agent", "")), is_own_device=is_own_device,
        has_second_factor=is_exempt or is_strong, now=view.now(),
    )  # fmt: skip
    session.flush()
    present = sessions.find_present(session, token, view.now())
    hours = timedelta(hours=view.settings.session_hours)
    lasts = rules.OWN_DEVICE_SESSION if is_own_device and not present.is_strict else hours
    return Begun(token, user, lasts, not present.waits)


def welcome(view: View, begun: Begun, next_page: str) -> Response:
    """Send the browser on with its session, after the block."""
    response = view.go(safe_next(next_page))
    cookies.put(response, auth.COOKIE, begun.token, view.settings, lasts=begun.lasts)
    if begun.is_whole:  # else a password alone would give an attacker a device, and each device its own tries
        remember_device(view, response, begun.user.sign_in_name)
    if (
        cookies.LANGUAGE not in view.request.cookies and not begun.user.is_demo
    ):  # personas have chosen nothing
        cookies.keep_language(response, begun.user.language, view.settings)
    return response


def remember_device(view: View, response: Response, account: str) -> None:
    """Give this person a counter of wrong tries of their own on this device."""
    known = device_of(view).with_person(view.settings.secret_key, account)
    cookies.keep_device(response, known, view.settings)


def device_of(view: View) -> Device:
    """The device that the browser says it is."""
    return devices.read(view.request.cookies.get(devices.COOKIE))


def enter(view: View, session: Session, door: Door, account: str | None) -> Turn:
    """Count a try at a door. Raises TooManyTries."""
    return throttles.enter(
        session, view.settings.secret_key, door, account=account, address=view.client_address,
        device=device_of(view), now=view.now(),
    )  # fmt: skip


def note_failure(view: View, session: Session, turn: Turn, user_id: UUID | None, how: str) -> None:
    """Tell the log of a wrong try, and of the wait that it brings."""
    actions = ("sign_in_failed", "throttled") if turn.seconds else ("sign_in_failed",)
    for action in actions:
        service_log.note(session, action, user_id, request_id=view.request_id, by_owner=False, how=how)


# --- the page, and the password ---------------------------------------------------------------------------------------


@router.get("/sign-in")
def show_sign_in(view: InView, next: str = "") -> Response:  # noqa: A002 -- the address's own word
    """The ways in; in development with the demo's people beside them."""
    return _sign_in_page(view, next)


def _sign_in_page(
    view: View, next_page: str, *, email: str = "", status: int = 200, trouble: str = "", wait: str = ""
) -> Response:
    with view.open_read() as session:
        personas = demo_users(view, session)
    return view.show(
        "account/sign_in.html",
        status=status,
        next=safe_next(next_page),
        has_way_back=safe_next(next_page) != safe_next(""),
        email=email,
        trouble=trouble,
        wait=wait,
        personas=personas,
        other_ways=OTHER_WAYS,
        providers=[(one.key, getattr(one, f"label_{view.language}")) for one in view.settings.oidc],
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
    email: Email = "",
    password: Annotated[str, Form(max_length=200)] = "",
    persona: Annotated[str, Form(max_length=254)] = "",
    next: Next = "",  # noqa: A002
    is_own_device: Ticked = False,  # noqa: FBT002 -- a field of the form
) -> Response:
    """With a password: the same answer for a wrong one and an unknown address. Personas need none."""
    if persona and has_personas(view):
        return _sign_in_persona(view, persona, next)
    try:
        with view.open_write() as session:
            turn = enter(view, session, Door.PASSWORD, email)
            user = people.find_person(session, email, allows_demo=has_personas(view))
    except TooManyTries as refusal:
        return _sign_in_page(
            view, next, email=email, status=429, trouble="wait", wait=refusal.headers["Retry-After"]
        )
    is_right = people.has_password(user, password)
    with view.open_write() as session:
        if user is not None and is_right:
            throttles.give_back(session, turn, view.now())
            begun = begin(view, session, user, how="password", is_own_device=is_own_device)
        else:
            note_failure(view, session, turn, user.id if user else None, "password")
            begun = None
    if begun is None:
        return _sign_in_page(view, next, email=email, status=401, trouble="wrong")
    return welcome(view, begun, next)


def _sign_in_persona(view: View, persona: str, next_page: str) -> Response:
    with view.open_write() as session:
        user = people.find_demo(session, persona)
        begun = begin(view, session, user, how="persona") if user is not None else None
    if begun is None:
        return _sign_in_page(view, next_page, status=401, trouble="wrong")
    return welcome(view, begun, next_page)


@router.post("/sign-out")
def sign_out(view: InView) -> Response:
    """End the session."""
    with view.open_write() as session:
        sessions.sign_out(session, view.session_cookie, request_id=view.request_id)
    response = view.go("/")
    cookies.drop(response, auth.COOKIE, view.settings)
    response.headers["clear-site-data"] = '"cache", "storage"'  # the language's cookie stays
    return response


# --- the mail ---------------------------------------------------------------------------------------------------------


@router.post("/sign-in/mail")
def mail_link(view: InView, email: Email = "", next: Next = "") -> Response:  # noqa: A002
    """Mail a link and a code. The same page, and the same work, whether or not anybody has the address."""
    if not addresses.is_address(email.strip()):
        return _sign_in_page(view, next, email=email, status=422, trouble="address")
    # Who asks too often is told the same: the link of the mail before still works.
    with suppress(TooManyTries), view.open_write() as session:
        enter(view, session, Door.MAIL, email)
        user = people.find_person(session, email, allows_demo=has_personas(view))
        _write_mail(view, session, email.strip().lower(), user, next)
    return view.show("account/mail_sent.html", email=email.strip(), next=safe_next(next), trouble="", wait="")


def _write_mail(view: View, session: Session, email: str, user: User | None, next_page: str) -> None:
    mailed = codes.make(session, view.settings.secret_key, email=email, user=user, now=view.now())
    with session.begin_nested() as written:
        letters.queue_sign_in(
            session, to=email, name=user.name if user else email, language=user.language if user else view.language,
            site=view.settings.public_url, next_page="" if safe_next(next_page) == safe_next("") else next_page,
            mailed=mailed, now=view.now(),
        )  # fmt: skip
        if user is None:
            written.rollback()  # nobody's mail is written all the same, lest its lack be noticed
    user_id = user.id if user is not None else None
    service_log.note(session, "sign_in_mailed", user_id, request_id=view.request_id, by_owner=False)


@router.get("/sign-in/link")
def show_link(view: InView, token: str = "", next: str = "") -> Response:  # noqa: A002
    """Ask whether to sign in; uses nothing up, for programs that look through mails open every link."""
    with view.open_read() as session:
        user = codes.look(session, token[:100], view.now())
    return _link_page(view, user, token, next)


def _link_page(view: View, user: User | None, token: str, next_page: str) -> Response:
    status = 200 if user is not None else 410
    return view.show("account/link.html", status=status, user=user, token=token, next=safe_next(next_page))


@router.post("/sign-in/link")
def use_link(
    view: InView,
    token: Annotated[str, Form(max_length=100)] = "",
    next: Next = "",  # noqa: A002
    is_own_device: Ticked = False,  # noqa: FBT002
) -> Response:
    """Sign in with the mailed link. No throttle stands before it: nobody guesses 256 bits."""
    with view.open_write() as session:
        user = codes.use_link(session, token, view.now())
        begun = begin(view, session, user, how="link", is_own_device=is_own_device) if user else None
    return _link_page(view, None, "", next) if begun is None else welcome(view, begun, next)


@router.post("/sign-in/code")
def use_code(
    view: InView,
    email: Email = "",
    code: Annotated[str, Form(max_length=40)] = "",
    next: Next = "",  # noqa: A002
    is_own_device: Ticked = False,  # noqa: FBT002
) -> Response:
    """Sign in with the typed code of the mail."""
    begun, status, trouble, wait = None, 401, "wrong", ""
    try:
        with view.open_write() as session:
            turn = enter(view, session, Door.CODE, email)
            user = codes.use_code(session, view.settings.secret_key, email=email, code=code, now=view.now())
            if user is not None:
                throttles.give_back(session, turn, view.now())
                begun = begin(view, session, user, how="code", is_own_device=is_own_device)
            else:
                whose = people.find_person(session, email, allows_demo=has_personas(view))
                note_failure(view, session, turn, whose.id if whose else None, "code")
    except TooManyTries as refusal:
        status, trouble, wait = 429, "wait", refusal.headers["Retry-After"]
    if begun is not None:
        return welcome(view, begun, next)
    return view.show(
        "account/mail_sent.html", status=status, email=email, next=safe_next(next), trouble=trouble, wait=wait
    )


HOW = {
    "link": _("con il link per e-mail"),
    "code": _("con il codice per e-mail"),
    "password": _("con la password"),
    "persona": _("come profilo di esempio"),
    "oidc": _("con un altro servizio"),
    "class_code": _("con il codice della scuola"),
    "invitation": _("con un invito"),
    "second_factor": _("con il codice del telefono"),
}
"""The ways in, as the account page tells them."""
