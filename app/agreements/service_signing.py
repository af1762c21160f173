"""Signing a paper, here or elsewhere, and what follows when the last signature is there.

A signature is of one document: whoever signs says which hash has been read. Signers come one position after the other,
and every change of a paper takes the lock of its row first, so that two last signatures have one effect.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import errors
from app.agreements import rules, service, service_codes, service_documents, service_effects, service_telling
from app.agreements.models import (
    Document,
    Method,
    Paper,
    PaperState,
    Signature,
    SignerRole,
)
from app.agreements.service import Seen
from app.auth.actors import Actor
from app.events import service as events


class NotYourSignature(errors.NotAllowed):
    """No signature of this paper is the actor's to make."""

    title = "Nothing here is yours to sign"


class NotYourTurn(errors.Conflict):
    """Somebody signs before."""

    title = "Somebody signs before you"


class SignedAlready(errors.Conflict):
    """The signature has been made."""

    title = "Signed already"


class DocumentChanged(errors.Conflict):
    """What was read is not the version that is to be signed."""

    title = "The document has changed"


class WrongSigningCode(errors.NotAllowed):
    """The code is wrong, used, or too old."""

    title = "The code is not valid"


class BadSignedCopy(errors.Invalid):
    """What was signed elsewhere cannot be recorded like this."""

    title = "The signature made elsewhere is not valid"


def of_document(session: Session, document_id: UUID | None) -> list[Signature]:
    """The signatures under a document, in their order."""
    query = sa.select(Signature).where(Signature.document_id == document_id)
    ordered = query.order_by(Signature.position, Signature.role)
    return list(session.scalars(ordered, execution_options={"populate_existing": True}))


def ask_next(session: Session, paper: Paper, now: datetime, site: str) -> None:
    """Let those whose turn has come know; whoever has been asked is not asked again."""
    rows = of_document(session, paper.document_id)
    turn = rules.first_unsigned((one.position, one.signed_at is not None) for one in rows)
    for one in rows:
        if one.position == turn and one.signed_at is None and one.asked_at is None:
            one.asked_at = now.astimezone(UTC)
            service_telling.asked(session, paper, one, now=now, site=site)
    session.flush()


# --- signing ----------------------------------------------------------------------------------------------------------


def own_signature(session: Session, actor: Actor, paper_id: UUID) -> tuple[Paper, Signature]:
    """The signature that the actor has to make now, its paper locked.

    Raises NoSuchPaper, NotYourSignature, WrongPaperState, NotYourTurn and SignedAlready.
    """
    paper = service.find(session, actor, paper_id).paper
    if actor.kind != "user" or actor.id is None:
        raise NotYourSignature("A person signs, not a program.")
    service.lock(session, paper)
    require_signing(paper)
    rows = of_document(session, paper.document_id)
    mine = [one for one in rows if one.user_id == actor.id]
    if not mine:
        raise NotYourSignature
    unsigned = [one for one in mine if one.signed_at is None]
    if not unsigned:
        raise SignedAlready
    require_turn(rows, unsigned[0])
    return paper, unsigned[0]


def require_signing(paper: Paper) -> None:
    """Raises WrongPaperState unless it is being signed."""
    if paper.state is not PaperState.SIGNING:
        raise service.WrongPaperState(f"It is {paper.state}.")


def require_turn(rows: Sequence[Signature], mine: Signature) -> None:
    """Raises NotYourTurn while somebody signs before."""
    if mine.position != rules.first_unsigned((one.position, one.signed_at is not None) for one in rows):
        raise NotYourTurn


def sign(
    session: Session,
    secret: SecretStr,
    actor: Actor,
    paper_id: UUID,
    *,
    code: str,
    digest: str,
    now: datetime,
    site: str,
) -> bool:
    """Sign with a mailed code what has this hash; False where the code is wrong, which counts, so the block must end well.

    Raises what `own_signature` raises, and DocumentChanged.
    """
    paper, signature = own_signature(session, actor, paper_id)
    return complete_with_code(
        session, secret, actor, paper, signature, code=code, digest=digest, now=now, site=site
    )


def complete_with_code(
    session: Session, secret: SecretStr, actor: Actor, paper: Paper, signature: Signature, *, code: str, digest: str,
    now: datetime, site: str,
) -> bool:  # fmt: skip
    """The same for a signature that has been found to be the caller's: a guardian comes by a link."""
    document = session.get_one(Document, signature.document_id)
    if document.digest != digest:
        raise DocumentChanged("Read the present version, and sign that.")
    _refuse_outdated(session, paper, document)
    if not service_codes.use(session, secret, signature, code, now):
        return False
    _mark(session, actor, paper, signature, Method.CODE, signed_on=now.date(), now=now)
    _settle(session, actor, paper, now=now, site=site)
    return True


def _refuse_outdated(session: Session, paper: Paper, document: Document) -> None:
    if not service_effects.is_up_to_date(session, paper, document):
        raise DocumentChanged(
            "Days or hours have changed since it was printed: the school takes it back and sends it anew."
        )


def record(
    session: Session,
    actor: Actor,
    paper_id: UUID,
    roles: Collection[SignerRole],
    *,
    signed_on: date,
    archive_number: str | None = None,
    file: bytes | None = None,
    now: datetime,
    site: str,
) -> Seen:
    """Write down signatures that were made elsewhere: the file of the signed document, or where the paper is kept.

    Raises NoSuchPaper, NotYourPaper, WrongPaperState, BadSignedCopy, SignedAlready and NotYourTurn.
    """
    seen = service.find_to_prepare(session, actor, paper_id)
    paper = seen.paper
    require_signing(paper)
    rows = {one.role: one for one in of_document(session, paper.document_id)}
    unknown = [role for role in roles if role not in rows]
    if unknown:
        raise bad_copy("roles", f"nobody signs this as {unknown[0]}")
    document = session.get_one(Document, paper.document_id)
    _refuse_outdated(session, paper, document)
    if not document.made_at.astimezone(now.tzinfo).date() <= signed_on <= now.date():
        raise bad_copy("signed_on", "lies before the document was made, or ahead")
    if (file is None) == (archive_number is None):
        raise bad_copy("archive_number", "send either the file or the archive's number")
    copy = None
    if file is not None:
        fault = rules.pdf_fault(file)
        if fault:
            raise bad_copy("file", fault)
        copy = service_documents.keep_copy(session, actor, paper, document, file, now=now)
    for role in sorted(roles, key=lambda role: (rules.ORDER[role], role)):
        one = rows[role]
        if one.signed_at is not None:
            raise SignedAlready(f"The signature of the {role} is there.")
        require_turn(list(rows.values()), one)
        one.archive_number, one.file_id = archive_number, copy.id if copy else None
        _mark(
            session, actor, paper, one, Method.FILE if copy else Method.ARCHIVE, signed_on=signed_on, now=now
        )
    _settle(session, actor, paper, now=now, site=site)
    return seen


def bad_copy(field: str, detail: str) -> BadSignedCopy:
    """What is wrong with the record of a signature made elsewhere, and where."""
    return BadSignedCopy(faults=[{"in": "body", "field": field, "detail": detail}])


def _mark(
    session: Session,
    actor: Actor,
    paper: Paper,
    signature: Signature,
    method: Method,
    *,
    signed_on: date,
    now: datetime,
) -> None:
    signature.signed_at, signature.signed_by = now.astimezone(UTC), actor.mark
    signature.signed_on, signature.method, signature.link_hash = signed_on, method, None
    session.flush()
    data = {"role": signature.role.value, "method": method.value}
    events.record(session, actor, "paper.signed", paper.id, data)


def _settle(session: Session, actor: Actor, paper: Paper, *, now: datetime, site: str) -> None:
    """Ask who is next; after the last one the paper is in force, and what it changes changes."""
    if all(one.signed_at is not None for one in of_document(session, paper.document_id)):
        service_effects.take_effect(session, actor, paper, now=now)
        service_telling.in_force(session, paper, now=now)
    else:
        flag_modified(paper, "state")  # who signs next reads another version
        session.flush()
        ask_next(session, paper, now, site)
