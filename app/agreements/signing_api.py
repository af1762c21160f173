"""What leads to signatures, over the API: moves, codes, signatures here and elsewhere, and the documents' bytes."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.agreements import (
    contents,
    looks,
    printing,
    service,
    service_asking,
    service_codes,
    service_documents,
    service_moves,
    service_opening,
    service_signing,
)
from app.agreements.rules import Action
from app.agreements.schemas import (
    PaperMoveIn,
    PaperOut,
    SignatureIn,
    SignaturesElsewhereIn,
    SigningCodeOut,
)
from app.agreements.service import Seen
from app.rest import Call, IdempotencyHeader, InCall, answers

router = APIRouter(tags=["agreements"])

PaperId = Annotated[UUID, Path(description="The agreement, training plan or amendment.")]
DocumentId = Annotated[UUID, Path(description="The document.")]
BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The document, unchanged since it was made.",
        "content": {
            one: {"schema": {"type": "string", "format": "binary", "maxLength": 50_000_000}}
            for one in ("application/pdf", "text/html")
        },
    }
}


def site_of(call: Call) -> str:
    """The address that mailed links begin with."""
    address: str = call.request.app.state.settings.public_url
    return address.rstrip("/")


def _show(session: Session, seen: Seen) -> PaperOut:
    paper = seen.paper
    signatures = service_signing.of_document(session, paper.document_id)
    return PaperOut.whole(paper, signatures, service_documents.of_paper(session, paper))


@router.get(
    "/papers/{paper_id}", summary="Read a paper with its signatures", responses=answers(401, 403, 404, 422)
)
def read_paper(call: InCall, paper_id: PaperId) -> PaperOut:
    """Who has signed, who is next, and every version of the document."""
    with call.read() as (session, actor):
        seen = service.find(session, actor, paper_id)
        out = _show(session, seen)
    looks.note(partial(call.looked, actor), seen)
    return out


@router.post("/papers/{paper_id}/move", summary="Move a paper on", responses=answers(401, 403, 404, 409, 422))
def move_paper(call: InCall, paper_id: PaperId, body: PaperMoveIn) -> PaperOut:
    """The school sends, opens, takes back and ends; the host gives the draft of an agreement back, or opens it."""
    now = call.now()
    if body.action is not Action.OPEN:
        with call.write() as (session, actor):
            seen = service_moves.move(session, actor, paper_id, body.action, note=body.note, now=now)
            return _show(session, seen)
    with call.read() as (session, actor):
        seen = service_opening.require_ready(session, actor, paper_id, now=now)
        data, version = contents.of_paper(session, seen, body.language, now), seen.paper.version
    printed = printing.print_paper(data, version=version, now=now)
    with call.write() as (session, actor):
        seen = service_opening.open_paper(
            session, actor, paper_id, printed, language=body.language, now=now, site=site_of(call)
        )
        return _show(session, seen)


@router.post(
    "/papers/{paper_id}/signing-codes", status_code=201, summary="Have a code to sign with mailed",
    response_model=SigningCodeOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_signing_code(call: InCall, paper_id: PaperId) -> Response:
    """For the person whose turn it is, to the address of the account. It holds for half an hour and once."""
    secret = call.request.app.state.settings.secret_key
    with call.write() as (session, actor):
        signature = service_asking.ask(session, secret, actor, paper_id, now=call.now())
        minutes = int(service_codes.VALID_FOR.total_seconds() // 60)
        out = SigningCodeOut(role=signature.role, expires_in_minutes=minutes)
        return call.created(out, location=f"/papers/{paper_id}")


@router.post("/papers/{paper_id}/sign", summary="Sign a paper", responses=answers(401, 403, 404, 409, 422))
def sign_paper(call: InCall, paper_id: PaperId, body: SignatureIn) -> PaperOut:
    """With the mailed code, the version that you have read; with the last signature the paper is in force."""
    secret = call.request.app.state.settings.secret_key
    with call.write() as (session, actor):
        is_right = service_signing.sign(
            session,
            secret,
            actor,
            paper_id,
            code=body.code,
            digest=body.digest,
            now=call.now(),
            site=site_of(call),
        )
        out = _show(session, service.find(session, actor, paper_id))
    if not is_right:  # only now: that it was wrong has been counted
        raise service_signing.WrongSigningCode
    return out


@router.post(
    "/papers/{paper_id}/signatures", status_code=201, summary="Record signatures made elsewhere",
    response_model=PaperOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_signatures(
    call: InCall,
    paper_id: PaperId,
    body: SignaturesElsewhereIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the school: an uploaded file, or the number under which the paper is kept. In the order of signing."""
    file = None if body.file is None else _decoded(body.file)
    with call.create(body) as (session, actor):
        seen = service_signing.record(
            session, actor, paper_id, body.roles, signed_on=body.signed_on, archive_number=body.archive_number,
            file=file, now=call.now(), site=site_of(call),
        )  # fmt: skip
        return call.created(_show(session, seen), location=f"/papers/{paper_id}")


def _decoded(file: str) -> bytes:
    try:
        return base64.b64decode(file, validate=True)
    except binascii.Error as error:
        raise service_signing.bad_copy("file", "is not base64") from error


@router.get(
    "/documents/{document_id}", summary="Take a document", response_class=Response,
    responses=answers(401, 403, 404, 422) | BYTES,
)  # fmt: skip
def read_document(call: InCall, document_id: DocumentId) -> Response:
    """The bytes that were signed, or are to be."""
    with call.read() as (session, actor):
        document, seen = service_documents.read(session, actor, document_id)
    if seen is not None:
        looks.note(partial(call.looked, actor), seen)
    return Response(document.content, media_type=document.media_type)
