"""Booking without an account: the form, the mailed link that asks for a click, and the guest's own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import addresses, errors
from app.attendances import service_codes
from app.auth.service_throttles import Door, TooManyTries
from app.bookings import letters_guests, rules_guests, service, service_guests
from app.bookings.models import BookingState
from app.bookings.rules import BookingAction, Limits
from app.bookings.service_guests import Ask
from app.web import guest_words as words
from app.web.posting_forms import Fields, InFields, Wrong, text
from app.web.sign_in import enter
from app.web.ui import InView, View
from app.web.visit_day import entry_of

router = APIRouter(include_in_schema=False)

LONGEST_NAME = 120
EMPTY = {"name": "", "email": "", "people": "1", "adult": ""}
Link = Annotated[str, Query(max_length=100)]
SentLink = Annotated[str, Form(max_length=100)]


# --- asking -----------------------------------------------------------------------------------------------------------


@router.get("/open/visit-sessions/{visit_session_id}")
def show_guest_form(view: InView, visit_session_id: UUID) -> Response:
    """A session that takes guests, and the form that books it."""
    return _form(view, visit_session_id, EMPTY)


def _form(
    view: View, visit_session_id: UUID, form: Mapping[str, str], *, wrong: Sequence[Wrong] = ()
) -> Response:
    with view.open_read() as session:
        found = service_guests.read(session, visit_session_id, view.now())
    return view.show(
        "open/guest_form.html", status=422 if wrong else 200, found=found, visit=found.visit, form=form, wrong=wrong,
        wrong_at={one.control: one for one in wrong}, kept_days=rules_guests.KEPT_FOR.days,
    )  # fmt: skip


@router.post("/open/visit-sessions/{visit_session_id}")
def ask_as_guest(view: InView, fields: InFields, visit_session_id: UUID) -> Response:
    """Mail a link that confirms. The same page whether or not the address was ever used, and for who asks too often."""
    form = {name: text(fields, name, 300) for name in EMPTY}
    wrong = [_advice(name) for name in _faults(form, fields)]
    if wrong:
        return _form(view, visit_session_id, form, wrong=wrong)
    wanted = Ask(form["name"], form["email"].lower(), int(form["people"]), view.language)
    try:
        # The link of the mail before still works.
        with suppress(TooManyTries):
            with view.open_write() as session:
                enter(view, session, Door.GUEST, wanted.email)
            with view.open_write() as session:
                service_guests.ask(
                    session, visit_session_id, wanted, site=view.settings.public_url.rstrip("/"),
                    secret=view.settings.secret_key, now=view.now(), limits=Limits.of(view.settings),
                    request_id=view.request_id,
                )  # fmt: skip
    except service_guests.NoRoomForSoMany:
        return _form(view, visit_session_id, form, wrong=[_advice("people")])
    return view.show("open/guest_sent.html", email=form["email"])


def _faults(form: Mapping[str, str], fields: Fields) -> list[str]:
    """The fields that are not valid, in the order of the form."""
    name = str(fields.get("name", "")).strip()
    is_right = {
        "name": 0 < len(name) <= LONGEST_NAME and name.isprintable(),
        "email": addresses.is_address(form["email"]),
        "people": form["people"] in {str(one) for one in range(1, rules_guests.MOST_PEOPLE + 1)},
        "adult": form["adult"] == "yes",
    }
    return [name for name, is_so in is_right.items() if not is_so]


def _advice(control: str) -> Wrong:
    return Wrong(control, words.FIELDS[control], words.ADVICE[control])


# --- confirming -------------------------------------------------------------------------------------------------------


@router.get(letters_guests.CONFIRM)
def show_guest_link(view: InView, c: Link = "") -> Response:
    """What would be booked, and a button. Programs that look through mails open every link, so opening it books nothing."""
    try:
        with view.open_read() as session:
            own = service_guests.look(session, c, view.settings.secret_key, view.now())
    except service_guests.WrongLink as problem:
        return _refused(view, problem)
    return view.show("open/guest_confirm.html", own=own, visit=own.visit, code=c, trouble=None)


@router.post(letters_guests.CONFIRM)
def confirm_as_guest(view: InView, c: SentLink = "") -> Response:
    """Book, or join the waiting list; once."""
    secret = view.settings.secret_key
    try:
        with view.open_write() as session:
            guest_id = service_guests.confirm(
                session, c, secret=secret, now=view.now(), limits=Limits.of(view.settings), request_id=view.request_id
            )  # fmt: skip
    except service_guests.WrongLink as problem:
        return _refused(view, problem)
    except service.NotBookable:
        return _gone(view, 409, "closed")
    return view.go(f"{letters_guests.OWN}?c={service_guests.code_of(guest_id, secret)}")


def _refused(view: View, problem: service_guests.WrongLink) -> Response:
    is_used = isinstance(problem, service_guests.UsedLink)
    return _gone(view, 409 if is_used else 410, "used" if is_used else "wrong")


def _gone(view: View, status: int, trouble: str) -> Response:
    return view.show(
        "open/guest_confirm.html",
        status=status,
        own=None,
        visit=None,
        code="",
        trouble=words.TROUBLES[trouble],
    )


# --- the guest's own page ---------------------------------------------------------------------------------------------


@router.get(letters_guests.OWN)
def show_guest_booking(view: InView, c: Link = "") -> Response:
    """The booking, with all that is kept of whoever made it."""
    return _own(view, c)


def _own(view: View, code: str, *, trouble: str = "", wrong: Sequence[Wrong] = ()) -> Response:
    secret = view.settings.secret_key
    try:
        with view.open_read() as session:
            own = service_guests.read_own(session, code, secret, view.now())
    except service_guests.WrongLink as problem:
        return _refused(view, problem)
    booking, shown = own.booking, None
    if booking is not None and booking.state is BookingState.BOOKED:
        shown = entry_of(view, own.visit.id, service_codes.code_of(booking.id, secret))
    return view.show(
        "open/guest_booking.html", status=422 if wrong else 409 if trouble else 200, own=own, visit=own.visit,
        booking=booking, code=code, entry=shown, actions=own.actions(view.now()), said=words, wrong=wrong,
        wrong_at={one.control: one for one in wrong}, trouble=words.TROUBLES.get(trouble),
        kept_days=rules_guests.KEPT_FOR.days,
    )  # fmt: skip


@router.post(f"{letters_guests.OWN}/move")
def move_guest_booking(view: InView, action: Annotated[BookingAction, Form()], c: SentLink = "") -> Response:
    """Take an offer or leave it, or cancel; who was overtaken sees how it is."""
    try:
        with view.open_write() as session:
            service_guests.move(
                session, c, action, secret=view.settings.secret_key, now=view.now(), limits=Limits.of(view.settings),
                request_id=view.request_id,
            )  # fmt: skip
    except service_guests.WrongLink as problem:
        return _refused(view, problem)
    except errors.WrongState:
        return _own(view, c, trouble="late")
    return view.go(f"{letters_guests.OWN}?c={c}#state")


@router.post(f"{letters_guests.OWN}/forget")
def forget_guest(
    view: InView, c: SentLink = "", confirm: Annotated[str, Form(pattern="^(yes)?$")] = ""
) -> Response:
    """Delete name and address now, and give the seats back."""
    if not confirm:
        return _own(view, c, wrong=[_advice("confirm")])
    try:
        with view.open_write() as session:
            service_guests.forget(
                session, c, secret=view.settings.secret_key, now=view.now(), limits=Limits.of(view.settings),
                request_id=view.request_id,
            )  # fmt: skip
    except service_guests.WrongLink as problem:
        return _refused(view, problem)
    return view.show("open/guest_sent.html", email=None)
