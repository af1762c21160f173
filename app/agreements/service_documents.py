"""Documents: kept once, numbered, never changed; and whoever sees the paper reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from app import errors
from app.agreements import service
from app.agreements.models import Document, DocumentKind, Language, Paper
from app.agreements.printing import Printed
from app.agreements.service import Seen
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.opportunities.models import Opportunity
from app.placements import rules as placement_rules
from app.placements.models import Placement
from app.students.models import Student

PDF = "application/pdf"


class NoSuchDocument(errors.NotFound):
    """There is no document with this id that the actor may see."""

    title = "No such document"


def keep(
    session: Session,
    actor: Actor,
    kind: DocumentKind,
    subject_id: UUID,
    printed: Printed,
    *,
    student_id: UUID | None,
    language: Language,
    now: datetime,
) -> Document:
    """Store what was printed as the next version; whoever calls holds the subject's lock."""
    of_subject = (Document.subject_id == subject_id, Document.kind == kind, Document.language == language)
    last = session.scalar(sa.select(sa.func.max(Document.version)).where(*of_subject))
    document = Document(
        kind=kind, subject_id=subject_id, student_id=student_id, language=language, version=(last or 0) + 1,
        media_type=printed.media_type, digest=hashlib.sha256(printed.content).hexdigest(), content=printed.content,
        data=printed.data, made_at=now.astimezone(UTC), made_by=actor.mark,
    )  # fmt: skip
    session.add(document)
    session.flush()
    data = {"kind": kind.value, "version": document.version, "digest": document.digest}
    events.record(session, actor, "document.made", document.id, data)
    return document


def keep_copy(
    session: Session, actor: Actor, paper: Paper, original: Document, content: bytes, *, now: datetime
) -> Document:
    """Store the file of what was signed elsewhere, beside the version that was signed."""
    printed = Printed(PDF, content, None, paper.version)
    return keep(
        session, actor, DocumentKind.SIGNED_COPY, paper.id, printed, student_id=paper.student_id,
        language=original.language, now=now,
    )  # fmt: skip


def of_paper(session: Session, paper: Paper) -> list[Document]:
    """Every version, the latest first, without the bytes."""
    query = sa.select(Document).where(Document.subject_id == paper.id)
    return list(
        session.scalars(query.order_by(Document.made_at.desc(), Document.kind, Document.version.desc()))
    )


def data_of(session: Session, document_ids: Sequence[UUID]) -> dict[UUID | None, dict[str, Any]]:
    """What documents that were printed here are made of, by id; the caller has found them to be the reader's to see."""
    rows = session.execute(sa.select(Document.id, Document.data).where(Document.id.in_(document_ids)))
    return {row.id: row.data for row in rows if row.data}


def notes_of(session: Session, placement_id: UUID) -> list[Document]:
    """The notes of a placement's early end, without the bytes."""
    query = sa.select(Document).where(
        Document.subject_id == placement_id, Document.kind == DocumentKind.INTERRUPTION
    )
    return list(session.scalars(query.order_by(Document.made_at)))


def content_of(session: Session, document: Document) -> bytes:
    """The bytes of a document that the caller has found to be the reader's to see."""
    return session.scalars(sa.select(Document.content).where(Document.id == document.id)).one()


def read(session: Session, actor: Actor, document_id: UUID) -> tuple[Document, Seen | None]:
    """One document with its bytes, for whoever sees what it is about, and the paper that it is of. Raises NoSuchDocument."""
    auth.require_scope(actor, "placements:read")
    # One question, whether there is no such document or it is somebody else's.
    row = session.execute(
        sa.select(Document, Paper, Placement, Student, Opportunity.kind)
        .options(undefer(Document.content))
        .outerjoin(Paper, Paper.id == Document.subject_id)
        .outerjoin(Placement, Placement.id == sa.func.coalesce(Paper.placement_id, Document.subject_id))
        .outerjoin(Student, Student.id == Placement.student_id)
        .outerjoin(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(Document.id == document_id)
    ).one_or_none()
    if row is None:
        raise NoSuchDocument
    document, placement, student, kind = row.Document, row.Placement, row.Student, row.kind
    paper: Paper | None = row.Paper
    if paper is not None:
        seen = service.see(actor, paper, placement, student, kind)
        if seen is None:
            raise NoSuchDocument
        return document, seen
    if placement is None or placement_rules.party_of(actor, student, placement.company_id, kind) is None:
        raise NoSuchDocument
    return document, None
