"""Agreements, training plans and amendments as everybody reads them, moves them on and signs them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Form, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.agreements import (
    contents,
    looks,
    printing,
    rules,
    service,
    service_asking,
    service_documents,
    service_effects,
    service_moves,
    service_opening,
    service_signing,
)
from app.agreements.models import Document, Language, Paper, PaperKind, PaperState, SignerRole
from app.agreements.rules import Action
from app.agreements.service import Seen
from app.auth.actors import Actor, Role
from app.companies.models import Company
from app.dates import Day
from app.placements.models import Party
from app.schools.models import School
from app.students.models import Student
from app.web import paper_words
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_LISTED = 100

Row = TypeVar("Row", School, Company, Student)


def site(view: View) -> str:
    """The address that mailed links begin with."""
    return view.settings.public_url.rstrip("/")


# --- the list ---------------------------------------------------------------------------------------------------------


@router.get("/papers")
def show_papers(view: InView, state: PaperState | None = None) -> Response:
    """What waits for the reader's signature, and all other papers."""
    with view.read() as (session, actor):
        found = service.search(session, actor, state=state, limit=MOST_LISTED)
        waiting = service.search(session, actor, is_waiting_for_me=True, limit=MOST_LISTED)
        titles = titles_of(session, found + waiting)
    ids = {one.id for one in waiting}
    return view.show(
        "papers/papers.html", waiting=waiting, others=[one for one in found if one.id not in ids], titles=titles,
        state=state, paper_words=paper_words, most_listed=MOST_LISTED,
        leads=[grant.school_id for grant in actor.grants if grant.role is Role.SCHOOL_LEAD],
        administers=[grant.company_id for grant in actor.grants if grant.role is Role.COMPANY_ADMIN],
    )  # fmt: skip


def titles_of(session: Session, papers: list[Paper]) -> dict[UUID, dict[str, str]]:
    """School, company and student of each paper, by the paper's id."""
    schools = {one.id: one for one in _of(session, School, {paper.school_id for paper in papers})}
    companies = {one.id: one for one in _of(session, Company, {paper.company_id for paper in papers})}
    students = {one.id: one for one in _of(session, Student, {paper.student_id for paper in papers})}
    told = {}
    for one in papers:
        student = students.get(one.student_id) if one.student_id is not None else None
        told[one.id] = {
            "school": schools[one.school_id].name,
            "company": companies[one.company_id].name,
            "student": f"{student.given_name} {student.family_name}" if student else "",
        }
    return told


def _of(session: Session, kind: type[Row], ids: Collection[UUID | None]) -> Sequence[Row]:
    table: Any = kind
    return session.scalars(sa.select(kind).where(table.id.in_(ids))).all()


# --- one paper --------------------------------------------------------------------------------------------------------


@router.get("/papers/{paper_id}")
def show_paper(view: InView, paper_id: UUID, mailed: bool = False) -> Response:  # noqa: FBT001, FBT002 -- a mark in the address
    """What it says in plain reading, who has signed, and what the reader can do."""
    return _page(view, paper_id, has_code=mailed)


def _page(
    view: View,
    paper_id: UUID,
    *,
    trouble: errors.Problem | None = None,
    has_code: bool = False,
    code: str = "",
) -> Response:
    with view.read() as (session, actor):
        seen = service.find(session, actor, paper_id)
        context = reading(view, session, seen)
        context |= _possible(view, session, actor, seen)
    looks.note(view.looked, seen)
    return view.show(
        "papers/paper.html", status=trouble.status if trouble else 200, paper_words=paper_words, has_code=has_code,
        handed=code, trouble=paper_words.trouble(trouble) if trouble else "",
        faults=[fault["field"] for fault in trouble.faults] if trouble else [], **context,
    )  # fmt: skip


def reading(view: View, session: Session, seen: Seen) -> dict[str, Any]:
    """What the paper says: the words that are signed, or, of a draft, as it would be printed now."""
    paper = seen.paper
    document = session.get(Document, paper.document_id) if paper.document_id is not None else None
    data = document.data if document else None
    if data is None:
        data = contents.of_paper(session, seen, Language(view.language), view.now())
    return {
        "paper": paper, "document": document, "data": data, "titles": titles_of(session, [paper])[paper.id],
        "signatures": service_signing.of_document(session, paper.document_id) if document else [],
        "documents": service_documents.of_paper(session, paper),
    }  # fmt: skip


def _possible(view: View, session: Session, actor: Actor, seen: Seen) -> dict[str, Any]:
    paper = seen.paper
    prepares = rules.can_prepare(actor, seen.party, paper)
    actions = {
        action
        for action in Action
        if rules.can_move(actor, seen.party, paper, action) and rules.next_state(paper, action) is not None
    }
    gaps = service_effects.gaps(session, seen, view.now()) if prepares and Action.OPEN in actions else []
    rows = (
        service_signing.of_document(session, paper.document_id) if paper.state is PaperState.SIGNING else []
    )
    turn = rules.first_unsigned((one.position, one.signed_at is not None) for one in rows)
    unsigned = [one for one in rows if one.signed_at is None]
    own = next((one for one in unsigned if one.user_id == actor.id), None)
    waits_for_student = any(one.role is SignerRole.STUDENT and one.position == turn for one in unsigned)
    obstacles: tuple[service_effects.Obstacle, ...] = ()
    if seen.placement is not None and paper.state is PaperState.IN_FORCE:
        obstacles = service_effects.obstacles(session, seen.placement)
    return {
        "actions": actions, "prepares": prepares, "gaps": [field for field, _ in gaps], "own": own, "unsigned": unsigned,
        "is_my_turn": own is not None and own.position == turn, "can_hand_out": prepares and waits_for_student,
        "is_student": seen.party is Party.STUDENT, "is_agreement": paper.kind is PaperKind.AGREEMENT,
        "obstacles": obstacles, "today": view.now().date(),
    }  # fmt: skip


@router.post("/papers/{paper_id}/move")
def move_paper(
    view: InView,
    paper_id: UUID,
    action: Annotated[Action, Form()],
    note: Annotated[str, Form(max_length=1000)] = "",
    language: Annotated[Language, Form()] = Language.ITALIAN,
) -> Response:
    """Send, give back, open for signing, take back, end."""
    try:
        if action is Action.OPEN:
            open_for_signing(view, paper_id, language)
        else:
            with view.write() as (session, actor):
                service_moves.move(session, actor, paper_id, action, note=note.strip(), now=view.now())
    except paper_words.TOLD as problem:
        return _page(view, paper_id, trouble=problem)
    return view.go(f"/papers/{paper_id}")


def open_for_signing(view: View, paper_id: UUID, language: Language) -> None:
    """Print what the paper says, outside of any block, and ask for the signatures under it."""
    now = view.now()
    with view.read() as (session, actor):
        seen = service_opening.require_ready(session, actor, paper_id, now=now)
        data, version = contents.of_paper(session, seen, language, now), seen.paper.version
    printed = printing.print_paper(data, version=version, now=now)
    with view.write() as (session, actor):
        service_opening.open_paper(
            session, actor, paper_id, printed, language=language, now=now, site=site(view)
        )


# --- signing ----------------------------------------------------------------------------------------------------------


@router.post("/papers/{paper_id}/code")
def mail_code(view: InView, paper_id: UUID) -> Response:
    """Have a code mailed to the reader's own address."""
    try:
        with view.write() as (session, actor):
            service_asking.ask(session, view.settings.secret_key, actor, paper_id, now=view.now())
    except paper_words.TOLD as problem:
        return _page(view, paper_id, trouble=problem, has_code=True)
    return view.go(f"/papers/{paper_id}?mailed=1#sign")


@router.post("/papers/{paper_id}/hand-out")
def hand_out_code(view: InView, paper_id: UUID) -> Response:
    """Show the staff a code for the student, once."""
    try:
        with view.write() as (session, actor):
            code = service_asking.hand_out(session, view.settings.secret_key, actor, paper_id, now=view.now())
    except paper_words.TOLD as problem:
        return _page(view, paper_id, trouble=problem)
    return _page(view, paper_id, code=code)


@router.post("/papers/{paper_id}/sign")
def sign_paper(
    view: InView,
    paper_id: UUID,
    code: Annotated[str, Form(max_length=40)] = "",
    digest: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Sign with the code what the page has shown."""
    try:
        with view.write() as (session, actor):
            is_right = service_signing.sign(
                session, view.settings.secret_key, actor, paper_id, code=code, digest=digest, now=view.now(),
                site=site(view),
            )  # fmt: skip
    except service_signing.SignedAlready:
        is_right = True  # a second click
    except paper_words.TOLD as problem:
        return _page(view, paper_id, trouble=problem)
    if not is_right:
        return _page(view, paper_id, trouble=service_signing.WrongSigningCode(), has_code=True)
    return view.go(f"/papers/{paper_id}#signatures")


@router.post("/papers/{paper_id}/record")
def record_signatures(
    view: InView,
    paper_id: UUID,
    signed_on: Annotated[Day, Form()],
    roles: Annotated[list[SignerRole] | None, Form(max_length=6)] = None,
    archive_number: Annotated[str, Form(max_length=80)] = "",
    file: UploadFile | None = None,
) -> Response:
    """Write down signatures on paper: with the scanned file, or with the number under which it is kept."""
    content = file.file.read(rules.MOST_FILE_BYTES + 1) if file is not None and file.filename else None
    try:
        with view.write() as (session, actor):
            service_signing.record(
                session, actor, paper_id, roles or [], signed_on=signed_on, archive_number=archive_number.strip() or None,
                file=content, now=view.now(), site=site(view),
            )  # fmt: skip
    except paper_words.TOLD as problem:
        return _page(view, paper_id, trouble=problem)
    return view.go(f"/papers/{paper_id}#signatures")


@router.get("/documents/{document_id}")
def take_document(view: InView, document_id: UUID) -> Response:
    """The bytes that are signed."""
    with view.read() as (session, actor):
        document, seen = service_documents.read(session, actor, document_id)
    if seen is not None:
        looks.note(view.looked, seen)
    suffix = "pdf" if document.media_type == service_documents.PDF else "html"
    name = (
        f"{view.text(paper_words.KINDS.get(document.kind, 'documento')).lower().replace(' ', '-')}.{suffix}"
    )
    return Response(
        document.content,
        headers={"content-disposition": f'attachment; filename="{name}"', "etag": f'"{document.digest}"'},
        media_type=document.media_type,
    )
