"""Asking for a code, and a guardian's way from the link to the signature."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.agreements import letters, service, service_codes, service_plans, service_signing, service_telling
from app.agreements.models import Paper, Signature, SignerRole
from app.auth.actors import Actor
from app.auth.models import User
from app.events import service as events
from app.mails import service as mails


class NoSuchLink(errors.NotFound):
    """The link opens nothing, or nothing any more."""

    title = "The link is not valid"


GUARDIAN = Actor(kind="guardian", id=None, name="link")
"""Who comes by a link: known by it alone."""


def ask(session: Session, secret: SecretStr, actor: Actor, paper_id: UUID, *, now: datetime) -> Signature:
    """Mail the actor a code for the signature that is the actor's to make now.

    Raises what `service_signing.own_signature` raises, NoAddress and TooManyCodes.
    """
    paper, signature = service_signing.own_signature(session, actor, paper_id)
    user = session.get_one(User, actor.id)
    _mail(session, secret, actor, paper, signature, user.email, now)
    return signature


def hand_out(session: Session, secret: SecretStr, actor: Actor, paper_id: UUID, *, now: datetime) -> str:
    """A code for the student, which the staff hands over: for those without an address of their own.

    Raises NoSuchPaper, NotYourPaper, WrongPaperState, NotYourSignature, SignedAlready, NotYourTurn and TooManyCodes.
    """
    seen = service.find_to_prepare(session, actor, paper_id)
    service_signing.require_signing(seen.paper)
    rows = service_signing.of_document(session, seen.paper.document_id)
    mine = next((one for one in rows if one.role is SignerRole.STUDENT), None)
    if mine is None:
        raise service_signing.NotYourSignature("No student signs this.")
    if mine.signed_at is not None:
        raise service_signing.SignedAlready
    service_signing.require_turn(rows, mine)
    code = service_codes.make(session, secret, mine, now)
    events.record(session, actor, "signing_code.handed_out", mine.id)
    return code


def ask_by_link(session: Session, secret: SecretStr, token: str, *, now: datetime) -> Signature:
    """Mail the guardian a code. Raises NoSuchLink, NotYourTurn, NoAddress and TooManyCodes."""
    paper, signature = _by_link(session, token)
    plan = service_plans.plan_with_guardian(session, paper)
    _mail(session, secret, GUARDIAN, paper, signature, plan.guardian_email if plan else None, now)
    return signature


def sign_by_link(
    session: Session, secret: SecretStr, token: str, *, code: str, digest: str, now: datetime, site: str
) -> bool:
    """Sign as the guardian; False where the code is wrong, which counts. Raises NoSuchLink, NotYourTurn and DocumentChanged."""
    paper, signature = _by_link(session, token)
    return service_signing.complete_with_code(
        session, secret, GUARDIAN, paper, signature, code=code, digest=digest, now=now, site=site
    )


def _by_link(session: Session, token: str) -> tuple[Paper, Signature]:
    found = service_codes.look(session, token)
    if found is None:
        raise NoSuchLink
    service.lock(session, found[0])
    found = service_codes.look(session, token)  # as it is behind the lock
    if found is None:
        raise NoSuchLink
    paper, signature = found
    service_signing.require_turn(service_signing.of_document(session, paper.document_id), signature)
    return paper, signature


def _mail(
    session: Session,
    secret: SecretStr,
    actor: Actor,
    paper: Paper,
    signature: Signature,
    to: str | None,
    now: datetime,
) -> None:
    if not to:
        raise service_codes.NoAddress("The school hands out the code, or records a signature made on paper.")
    code = service_codes.make(session, secret, signature, now)
    minutes = int(service_codes.VALID_FOR.total_seconds() // 60)
    letter = letters.code(code, service_telling.names(session, paper), minutes)
    mails.queue(
        session, to=to, subject=letter.subject, text=letter.text, kind="signing_code", now=now,
        worth_for=service_codes.VALID_FOR,
    )  # fmt: skip
    events.record(session, actor, "signing_code.mailed", signature.id)
