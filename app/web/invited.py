"""Accepting an invitation: the link opens a page, a person confirms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app.auth import service_throttles as throttles
from app.auth.service_throttles import Door
from app.invitations import service as invitations
from app.invitations import service_accept as accepting
from app.web.sign_in import begin, enter, welcome
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)


@router.get(invitations.ADDRESS)
def show_invitation(view: InView, c: Annotated[str, Query(max_length=60)] = "") -> Response:
    """What is offered, and a button; without a code, where to type it. Opening it accepts nothing."""
    if not c:
        return view.show("account/invitation.html", offer=None, code="", is_wrong=False, lacks_name=False)
    return _offer_page(view, c)


def _offer_page(view: View, code: str, *, lacks_name: bool = False) -> Response:
    # Counting the try is all that is written: whoever guesses waits, and nothing of the invitation changes.
    with view.open_write() as session:
        turn = enter(view, session, Door.INVITATION, None)
    try:
        with view.open_write() as session:
            offer = accepting.look(session, code, secret=view.settings.secret_key, now=view.now())
            throttles.give_back(session, turn, view.now())
    except accepting.WrongInvitation:
        return _wrong_page(view, code)
    return view.show(
        "account/invitation.html", status=422 if lacks_name else 200, offer=offer, code=code, is_wrong=False,
        lacks_name=lacks_name,
    )  # fmt: skip


def _wrong_page(view: View, code: str) -> Response:
    return view.show(
        "account/invitation.html", status=403, offer=None, code=code, is_wrong=True, lacks_name=False
    )


@router.post(invitations.ADDRESS)
def accept_invitation(
    view: InView,
    c: Annotated[str, Form(max_length=60)] = "",
    name: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    """Take the role. A new account is signed in; one that there was signs in as it does, second factor and all."""
    if not name.strip() or not name.isprintable():
        return _offer_page(view, c, lacks_name=True)
    with view.open_write() as session:
        turn = enter(view, session, Door.INVITATION, None)
    try:
        with view.open_write() as session:
            user, is_new = accepting.accept(
                session, c, name=name.strip(), secret=view.settings.secret_key, now=view.now(),
                request_id=view.request_id,
            )  # fmt: skip
            throttles.give_back(session, turn, view.now())
            begun = begin(view, session, user, how="invitation") if is_new else None
    except accepting.WrongInvitation:
        return _wrong_page(view, c)
    if begun is not None:
        return welcome(view, begun, "/start")
    if view.has_session:
        return view.go("/hat")
    return view.go("/sign-in")
