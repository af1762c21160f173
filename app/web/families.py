"""What a family does with its code, without an account: the code goes along in each form, and in no address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth import service_throttles as throttles
from app.auth.actors import Actor
from app.auth.service_throttles import Door, TooManyTries
from app.concerns import service as concerns
from app.concerns import service_family as families
from app.concerns import service_reading as reading
from app.concerns.models import ConcernKind
from app.concerns.rules import Deadlines
from app.web import concern_words
from app.web.concerns import AT_ONCE, MOST_REASON, MOST_TEXT, Text, fault_of, plain, told
from app.web.sign_in import enter
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

Code = Annotated[str, Form(max_length=60)]
Do = Callable[[Session, Actor], None]


@router.get(families.ADDRESS)
def show_family(view: InView) -> Response:
    """Where the code is typed. It is good for a year, so no address ever has it."""
    view.greet()
    return view.show("concerns/code.html", code="", trouble="", wait="")


@router.post(families.ADDRESS)
def open_family(view: InView, code: Code = "") -> Response:
    """What was reported, and the form for more."""
    return _answer(view, code)


@router.post(families.ADDRESS + "/report")
def report(
    view: InView,
    placement_id: Annotated[UUID, Form()],
    kind: Annotated[ConcernKind | None, Form()] = None,
    code: Code = "",
    text: Text = "",
    skips_tutor: Annotated[bool, Form()] = False,  # noqa: FBT002 -- a tick
) -> Response:
    """Report a problem in a placement of one's child."""
    text = plain(text)
    trouble = fault_of(text, MOST_TEXT) or ("kind" if kind is None else "")

    def do(session: Session, actor: Actor) -> None:
        if kind is not None:
            concerns.report(
                session, actor, placement_id, kind, text, skips_tutor=skips_tutor, now=view.now(),
                deadlines=Deadlines.of(view.settings),
            )  # fmt: skip

    sent = {"placement_id": placement_id, "kind": kind, "text": text, "skips_tutor": skips_tutor}
    return _answer(view, code, None if trouble else do, done="reported", sent=sent, trouble=trouble)


@router.post(families.ADDRESS + "/message")
def write(view: InView, concern_id: Annotated[UUID, Form()], code: Code = "", text: Text = "") -> Response:
    """Add to the thread of what one has reported."""
    text = plain(text)
    trouble = fault_of(text, MOST_TEXT)

    def do(session: Session, actor: Actor) -> None:
        concerns.write(session, actor, concern_id, text, now=view.now())

    return _answer(view, code, None if trouble else do, done="written", trouble=trouble, at=concern_id)


@router.post(families.ADDRESS + "/close")
def close(view: InView, concern_id: Annotated[UUID, Form()], code: Code = "") -> Response:
    """Say that it is solved."""

    def do(session: Session, actor: Actor) -> None:
        concerns.close(session, actor, concern_id, now=view.now())

    return _answer(view, code, do, done="closed")


def _answer(
    view: View,
    code: str,
    do: Do | None = None,
    *,
    done: str = "",
    sent: dict[str, Any] | None = None,
    trouble: str = "",
    at: UUID | None = None,
) -> Response:
    """Do it if the code opens something, and show the family's page anew."""
    secret, now = view.settings.secret_key, view.now()
    try:
        with view.open_write() as session:
            turn = enter(view, session, Door.FAMILY_CODE, None)
    except TooManyTries as refusal:
        wait = refusal.headers["Retry-After"]
        return view.show("concerns/code.html", status=429, code=code, trouble="wait", wait=wait)
    try:
        with view.open_write() as session:
            actor = families.enter(session, code, secret=secret, now=now, request_id=view.request_id)
            throttles.give_back(session, turn, now)
            if do is not None:
                do(session, actor)
            assert actor.id is not None  # noqa: S101 -- a family's actor is its student
            found = reading.search(session, actor, limit=AT_ONCE)
            threads = {one.concern.id: reading.messages(session, one.concern.id) for one in found}
            placements = reading.reportable(session, actor, actor.id)
    except families.WrongFamilyCode:
        return view.show("concerns/code.html", status=403, code=code, trouble="wrong", wait="")
    return view.show(
        "concerns/family.html",
        status=422 if trouble else 200,
        code=code,
        done="" if trouble else done,
        trouble=trouble,
        at=at,
        sent=sent or {} if trouble else {},
        placements=placements,
        found=[told(view, one, threads[one.concern.id]) for one in found],
        kinds=list(ConcernKind),
        days=view.settings.concern_school_days,
        most=MOST_TEXT,
        most_reason=MOST_REASON,
        terms=concern_words,
    )
