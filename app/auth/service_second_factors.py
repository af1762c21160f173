"""The second factor: codes that change every 30 seconds (TOTP, RFC 6238), and ten codes on paper for the day it is lost."""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID

import pyotp
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.auth import codes, service_log
from app.auth import service_sessions as sessions
from app.auth.models import RecoveryCode, SecondFactor
from app.auth.seals import seal, unseal
from app.auth.service_sessions import Present

STEP_SECONDS = 30
STEPS_OFF = 1
"""Clocks of telephones are a step early or late."""
RECOVERY_CODES = 10
_RECOVERY_LENGTH = 12
_PURPOSE = "second factor"


class AlreadySetUp(errors.Conflict):
    """There is a second factor already; it has to be removed first."""

    title = "The second factor is set up already"


class NotSetUp(errors.Conflict):
    """There is no second factor to confirm or remove."""

    title = "There is no second factor"


class SecondFactorNeeded(errors.NotAllowed):
    """Coordinators and administrators cannot do without; nobody changes it from a session that is not fresh."""

    title = "The second factor has to stay"


def begin(session: Session, secret: SecretStr, present: Present, now: datetime) -> None:
    """Make a secret that waits for its first code; one that waited before is replaced. Raises AlreadySetUp."""
    found = session.get(SecondFactor, present.user_id)
    if found is not None and found.confirmed_at is not None:
        raise AlreadySetUp
    if found is not None:
        session.delete(found)
        session.flush()
    sealed = seal(secret, _PURPOSE, pyotp.random_base32(), owner=str(present.user_id))
    session.add(SecondFactor(user_id=present.user_id, sealed_secret=sealed, created_at=now))


def waiting_secret(session: Session, secret: SecretStr, present: Present) -> str | None:
    """The secret that waits for its first code, to be shown to its person; never one in force."""
    found = session.get(SecondFactor, present.user_id)
    if found is None or found.confirmed_at is not None:
        return None
    return unseal(secret, _PURPOSE, found.sealed_secret, owner=str(present.user_id))


def address_of(shared: str, present: Present) -> str:
    """The secret as code generators read it from a picture (otpauth)."""
    return pyotp.TOTP(shared).provisioning_uri(name=present.sign_in_name, issuer_name="Bottega")


def confirm(
    session: Session, secret: SecretStr, present: Present, code: str, *, now: datetime, request_id: str
) -> list[str] | None:
    """Take a waiting secret into force, if the code is right: the recovery codes, shown once. Raises NotSetUp.

    The person's other sessions end: they were begun without it.
    """
    if waiting_secret(session, secret, present) is None:
        raise NotSetUp
    if not _use_step(session, secret, present.user_id, code, now):
        return None
    session.execute(
        sa.update(SecondFactor).where(SecondFactor.user_id == present.user_id).values(confirmed_at=now)
    )
    service_log.note(session, "second_factor_added", present.user_id, request_id=request_id)
    sessions.end_all(session, present.user_id, keeps=present.session_id, request_id=request_id)
    return make_recovery_codes(session, secret, present, request_id=request_id)


def check(
    session: Session, secret: SecretStr, present: Present, code: str, *, now: datetime, request_id: str
) -> bool:
    """Whether this is the code of the moment or one from paper; either serves once."""
    if not present.is_enrolled:
        return False
    if _use_step(session, secret, present.user_id, code, now):
        service_log.note(session, "second_factor_given", present.user_id, request_id=request_id)
        return True
    if not _use_recovery_code(session, secret, present.user_id, code, now):
        return False
    service_log.note(session, "recovery_code_used", present.user_id, request_id=request_id)
    return True


def remove(session: Session, present: Present, *, request_id: str) -> None:
    """Do without, from a fresh session, unless the role forbids it. Raises NotSetUp, SecondFactorNeeded."""
    if not present.is_enrolled:
        raise NotSetUp
    if present.is_strict or not present.is_fresh:
        raise SecondFactorNeeded
    reset(session, present.user_id, request_id=request_id)


def reset(session: Session, user_id: UUID, *, request_id: str, by_owner: bool = True) -> None:
    """Forget a person's second factor, which is then set up anew if the role needs it."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.execute(sa.delete(SecondFactor).where(SecondFactor.user_id == user_id))
    service_log.note(session, "second_factor_removed", user_id, request_id=request_id, by_owner=by_owner)


def make_recovery_codes(
    session: Session, secret: SecretStr, present: Present, *, request_id: str
) -> list[str]:
    """Ten new codes, shown once; the old ones are worth nothing any more."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == present.user_id))
    papers = [codes.make(_RECOVERY_LENGTH) for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(user_id=present.user_id, code_hash=_recovery_hash(secret, present.user_id, code))
        for code in papers
    )
    service_log.note(session, "recovery_codes_made", present.user_id, request_id=request_id)
    return papers


def count_recovery_codes(session: Session, user_id: UUID) -> int:
    """How many are left."""
    left = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(sa.select(sa.func.count()).select_from(RecoveryCode).where(*left)) or 0


def _use_step(session: Session, secret: SecretStr, user_id: UUID, code: str, now: datetime) -> bool:
    found = session.get(SecondFactor, user_id)
    shared = None if found is None else unseal(secret, _PURPOSE, found.sealed_secret, owner=str(user_id))
    if shared is None:
        return False
    generator, given = pyotp.TOTP(shared, interval=STEP_SECONDS), "".join(code.split())
    present_step = int(now.timestamp()) // STEP_SECONDS
    right = [
        step
        for step in range(present_step - STEPS_OFF, present_step + STEPS_OFF + 1)
        if hmac.compare_digest(generator.generate_otp(step).encode(), given.encode())
    ]
    # The step must be later than the last that was used: a code that somebody has seen is worth nothing.
    return any(
        session.execute(
            sa.update(SecondFactor)
            .where(SecondFactor.user_id == user_id, _is_unused(step))
            .values(last_step=step)
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
        for step in right
    )


def _is_unused(step: int) -> sa.ColumnElement[bool]:
    return SecondFactor.last_step < step


def _use_recovery_code(session: Session, secret: SecretStr, user_id: UUID, code: str, now: datetime) -> bool:
    used = session.execute(
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _recovery_hash(secret, user_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return used.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _recovery_hash(secret: SecretStr, user_id: UUID, code: str) -> str:
    return codes.keyed_hash(secret, "recovery code", code, str(user_id))
