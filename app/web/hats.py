"""Choosing a hat: which of several memberships a person acts by."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from app.accounts import service_hats as hats
from app.auth import service as auth
from app.web.ui import InView, safe_next

router = APIRouter(include_in_schema=False)


@router.get("/hat")
def show_hats(view: InView, next: str = "") -> Response:  # noqa: A002 -- the address's own word
    """Whom the person can be here."""
    with view.read(needs_hat=False) as (session, actor):
        found = hats.list_hats(session, actor)
    return view.show("account/hats.html", hats=found, next=safe_next(next))


@router.post("/hat")
def wear_hat(
    view: InView,
    membership_id: Annotated[UUID, Form()],
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002
) -> Response:
    """Put a hat on, until another one is chosen or the session ends."""
    with view.write(needs_hat=False) as (session, actor):
        hats.wear(session, actor, view.request.cookies.get(auth.COOKIE, ""), membership_id)
    return view.go(safe_next(next))
