"""Codes to sign with, and a guardian's link. A code is mailed to who signs, holds for half an hour, and serves once.

Looking at a link does nothing: it shows the page from which a code can be asked for.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.agreements.models import Paper, PaperState, Signature, SigningCode
from app.auth import codes
from app.auth.service import hash_token

VALID_FOR = timedelta(minutes=30)
MOST_WRONG_TRIES = 5
MOST_AN_HOUR = 5
LENGTH = 8


class NoAddress(errors.Conflict):
    """Whoever signs has no address to which a code could be sent."""

    title = "There is no address for the code"


class TooManyCodes(errors.Conflict):
    """So many codes were asked for that the next one has to wait."""

    title = "Too many codes were asked for"


def make(session: Session, secret: SecretStr, signature: Signature, now: datetime) -> str:
    """A code for one signature; those before it stay good until their time is over. Raises TooManyCodes."""
    recent = session.scalar(
        sa.select(sa.func.count())
        .select_from(SigningCode)
        .where(SigningCode.signature_id == signature.id, SigningCode.created_at > now - timedelta(hours=1))
    )
    if (recent or 0) >= MOST_AN_HOUR:
        raise TooManyCodes(f"At most {MOST_AN_HOUR} an hour; the last one is still good for half an hour.")
    code = codes.make(LENGTH)
    session.add(
        SigningCode(
            signature_id=signature.id, code_hash=_hash(secret, signature.id, code),
            created_at=now.astimezone(UTC), expires_at=now.astimezone(UTC) + VALID_FOR,
        )
    )  # fmt: skip
    session.flush()
    return code


def use(session: Session, secret: SecretStr, signature: Signature, code: str, now: datetime) -> bool:
    """Use a code up. A wrong one counts against all codes of the signature; after five they open nothing."""
    # One conditional UPDATE: of two who come at once, one finds it open.
    is_it = SigningCode.code_hash == _hash(secret, signature.id, code)
    used = session.execute(
        sa.update(SigningCode)
        .where(is_it, *_is_open(signature.id, now))
        .values(used_at=now.astimezone(UTC))
        .execution_options(synchronize_session=False)
    )
    if used.rowcount:  # type: ignore[attr-defined]
        return True
    session.execute(
        sa.update(SigningCode)
        .where(*_is_open(signature.id, now))
        .values(wrong_tries=SigningCode.wrong_tries + 1)
        .execution_options(synchronize_session=False)
    )
    return False


def _is_open(signature_id: UUID, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        SigningCode.signature_id == signature_id,
        SigningCode.used_at.is_(None),
        SigningCode.expires_at > now,
        SigningCode.wrong_tries < MOST_WRONG_TRIES,
    )


def _hash(secret: SecretStr, signature_id: UUID, code: str) -> str:
    return codes.keyed_hash(secret, "signing code", code, str(signature_id))


def make_link(session: Session, signature: Signature) -> str:
    """A new token for the page of somebody without an account; the one before opens nothing any more."""
    token = secrets.token_urlsafe(32)
    signature.link_hash = hash_token(token)
    session.flush()
    return token


def look(session: Session, token: str) -> tuple[Paper, Signature] | None:
    """The paper and the signature that a link is for, while the paper is being signed."""
    signature = session.scalars(
        sa.select(Signature).where(Signature.link_hash == hash_token(token))
    ).one_or_none()
    paper = None if signature is None else session.get(Paper, signature.paper_id)
    if signature is None or paper is None:
        return None
    is_open = paper.state is PaperState.SIGNING and paper.document_id == signature.document_id
    return (paper, signature) if is_open else None


def forget(session: Session, now: datetime) -> int:
    """Delete the codes that nobody can use any more; how many."""
    old = sa.delete(SigningCode).where(SigningCode.expires_at <= now - timedelta(hours=1))
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]
