"""Accepting an invitation: the link opens a page, a person confirms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.auth import wrong_tries
from app.invitations import service as invitations
from app.invitations import service_accept as accepting
from app.web import entering
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

TRIES = "invitation"


@router.get(invitations.ADDRESS)
def show_invitation(view: InView, c: Annotated[str, Query(max_length=60)] = "") -> Response:
    """What is offered, and a button; without a code, where to type it. Opening it accepts nothing."""
    if not c:
        return view.show(
            "account/invitation.html", offer=None, code="", is_wrong=False, name="", lacks_name=False
        )
    return _offer_page(view, c)


def _offer_page(view: View, code: str, *, lacks_name: bool = False) -> Response:
    wrong_tries.refuse(view.request, TRIES)
    try:
        with view.open_read() as session:
            offer = accepting.look(session, code, secret=view.settings.secret_key, now=view.now())
    except accepting.WrongInvitation:
        wrong_tries.note(view.request, TRIES)
        return view.show(
            "account/invitation.html",
            status=403,
            offer=None,
            code=code,
            is_wrong=True,
            name="",
            lacks_name=False,
        )
    return view.show(
        "account/invitation.html", status=422 if lacks_name else 200, offer=offer, code=code, is_wrong=False,
        lacks_name=lacks_name,
    )  # fmt: skip


@router.post(invitations.ADDRESS)
def accept_invitation(
    view: InView,
    c: Annotated[str, Form(max_length=60)] = "",
    name: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    """Take the role. A new account is signed in; one that there was signs in as it does, second factor and all."""
    wrong_tries.refuse(view.request, TRIES)
    if not name.strip() or not name.isprintable():
        return _offer_page(view, c, lacks_name=True)
    try:
        with view.open_write() as session:
            user, is_new = accepting.accept(
                session, c, name=name.strip(), secret=view.settings.secret_key, now=view.now(),
                request_id=errors.request_id(view.request),
            )  # fmt: skip
            opened = entering.open_session(view, session, user) if is_new else None
    except accepting.WrongInvitation:
        return _offer_page(view, c)
    if opened is not None:
        return entering.keep(view, view.go("/start"), opened)
    if view.has_session:
        return view.go("/hat")
    return view.go("/sign-in")
