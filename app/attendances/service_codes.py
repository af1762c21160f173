"""The code of a booking: nobody stores it, and nobody without the service's secret can make it."""

from __future__ import annotations

import hmac
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.attendances import rules
from app.auth import codes
from app.auth.seals import fingerprint
from app.bookings.models import Booking, VisitSession
from app.bookings.service_reading import Seen


class NotItsCode(errors.Invalid):
    """No booking of this session has the code."""

    title = "Not a code of this session"


def code_of(booking_id: UUID, secret: SecretStr) -> str:
    """The code that whoever comes with a booking shows or types, in groups of four."""
    number = int(fingerprint(secret, "booking code", str(booking_id)), 16)
    signs = ""
    for _ in range(rules.SIGNS):
        number, sign = divmod(number, len(codes.ALPHABET))
        signs += codes.ALPHABET[sign]
    return rules.written(signs)


def of_reader(seen: Seen, secret: SecretStr) -> str | None:
    """The code, for whoever brings it; None for everybody else, and once nobody comes any more."""
    if seen.booking.state not in rules.CAN_COME or not rules.hears_code(seen.side, is_group=seen.is_group):
        return None
    return code_of(seen.booking.id, secret)


def find(session: Session, visit: VisitSession, typed: str, secret: SecretStr) -> UUID:
    """The booking of a session that has the code. Raises NotItsCode."""
    given = codes.read(typed).encode()
    here = sa.select(Booking.id).where(
        Booking.visit_session_id == visit.id, Booking.state.in_(rules.CAN_COME)
    )
    for booking_id in session.scalars(here.order_by(Booking.id)):
        if hmac.compare_digest(given, codes.read(code_of(booking_id, secret)).encode()):
            return booking_id
    raise NotItsCode(faults=[{"in": "body", "field": "code", "detail": "is of no booking of this session"}])
