"""Signing without an account: the page that a legal representative's mailed link opens. Opening it signs nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.agreements import service_asking, service_codes, service_documents, service_signing, service_telling
from app.agreements.models import Document
from app.auth import service_throttles as throttles
from app.auth.service_throttles import Door
from app.web import paper_words, papers
from app.web.sign_in import enter
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Form(max_length=80)]


@router.get(service_telling.LINK)
def show(view: InView, t: Annotated[str, Query(max_length=80)] = "", mailed: bool = False) -> Response:  # noqa: FBT001, FBT002 -- a mark in the address
    """What is to be signed, and a button that asks for the code."""
    return _page(view, t, has_code=mailed)


def _page(
    view: View,
    token: str,
    *,
    has_code: bool = False,
    trouble: errors.Problem | None = None,
    is_done: bool = False,
) -> Response:
    with view.open_read() as session:
        found = service_codes.look(session, token) if token else None
        if found is None:
            return view.show(
                "papers/guardian.html", status=200 if is_done else 404, found=None, is_done=is_done
            )
        paper, signature = found
        document = session.get_one(Document, signature.document_id)
        titles = papers.titles_of(session, [paper])[paper.id]
    return view.show(
        "papers/guardian.html", status=trouble.status if trouble else 200, found=signature, is_done=False, token=token,
        data=document.data, document=document, titles=titles, has_code=has_code,
        trouble=paper_words.trouble(trouble) if trouble else "",
    )  # fmt: skip


@router.get(f"{service_telling.LINK}/document")
def take_document(view: InView, t: Annotated[str, Query(max_length=80)] = "") -> Response:
    """The bytes that are to be signed, for whoever has the link."""
    with view.open_read() as session:
        found = service_codes.look(session, t) if t else None
        if found is None:
            raise service_asking.NoSuchLink
        document = session.get_one(Document, found[1].document_id)
        content = service_documents.content_of(session, document)
    return Response(content, media_type=document.media_type, headers={"content-disposition": "attachment"})


@router.post(f"{service_telling.LINK}/code")
def mail_code(view: InView, t: Token = "") -> Response:
    """Mail a code to the address that the link went to."""
    try:
        with view.open_write() as session:
            service_asking.ask_by_link(session, view.settings.secret_key, t, now=view.now())
    except paper_words.TOLD as problem:
        return _page(view, t, has_code=True, trouble=problem)
    return view.go(f"{service_telling.LINK}?t={t}&mailed=1#sign")


@router.post(service_telling.LINK)
def sign(
    view: InView,
    t: Token = "",
    code: Annotated[str, Form(max_length=40)] = "",
    digest: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Sign what the page has shown."""
    with view.open_write() as session:
        turn = enter(view, session, Door.INVITATION, None)
    try:
        with view.open_write() as session:
            is_right = service_asking.sign_by_link(
                session,
                view.settings.secret_key,
                t,
                code=code,
                digest=digest,
                now=view.now(),
                site=papers.site(view),
            )
            if is_right:
                throttles.give_back(session, turn, view.now())
    except paper_words.TOLD as problem:
        return _page(view, t, has_code=True, trouble=problem)
    if not is_right:
        return _page(view, t, has_code=True, trouble=service_signing.WrongSigningCode())
    return _page(view, "", is_done=True)
