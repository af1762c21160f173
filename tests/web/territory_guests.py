"""A session that is open to guests and full: one has booked, one waits, and one has not clicked on the mailed link yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from app.auth.seals import fingerprint
from app.bookings import service_guests
from app.bookings.models import Booking, BookingGuest, BookingKind, BookingState, VisitSession
from app.db import Database
from app.opportunities.models import Kind, Status
from tests.factories import ACTOR, Factory
from tests.web.territory import Territory


def fill(database: Database, land: Territory, now: datetime, secret: SecretStr) -> dict[str, str]:
    """By name: `guest_event_id`, `guest_session_id`, the codes `guest_link`, `guest_own` and `guest_waits`."""
    make = Factory(database)
    event = make.opportunity(
        company_id=land.company_id, kind=Kind.VISIT, title="Officina aperta alle famiglie", status=Status.FULL, seats=2,
        seats_taken=2, has_sessions=True, takes_applications=False,
    )  # fmt: skip
    begins = now + timedelta(days=20)
    visit = make.add(
        VisitSession(
            opportunity_id=event.id, starts_at=begins, ends_at=begins + timedelta(hours=2), room="Cortile", seats=2,
            seats_taken=2, draw_seed=7, note="Si entra senza gradini.", is_open_to_guests=True, created_at=now,
            created_by=ACTOR.mark,
        )
    )  # fmt: skip

    def guest(name: str, code: str, booking: Booking | None) -> BookingGuest:
        return make.add(
            BookingGuest(
                visit_session_id=visit.id, booking_id=None if booking is None else booking.id, name=name,
                email=f"{code}@example.org", language="it", people=2, asked_at=now,
                code_hash=fingerprint(secret, service_guests.PURPOSE, code), code_ends_at=now + timedelta(days=1),
                confirmed_at=None if booking is None else now,
            )
        )  # fmt: skip

    def booking(state: BookingState, due_at: datetime | None) -> Booking:
        values: dict[str, Any] = {"people": 2, "adults": 2, "asked_at": now, "asked_by": "system:guest"}
        return make.add(
            Booking(visit_session_id=visit.id, kind=BookingKind.GUEST, state=state, due_at=due_at, **values)
        )

    comes = guest("Carla Rossi", "comes", booking(BookingState.BOOKED, None))
    waits = guest("Aldo Neri", "waits", booking(BookingState.WAITING, begins))
    guest("Ines Bianchi", "asks", None)
    return {
        "guest_event_id": str(event.id), "guest_session_id": str(visit.id), "guest_link": "asks",
        "guest_own": service_guests.code_of(comes.id, secret), "guest_waits": service_guests.code_of(waits.id, secret),
    }  # fmt: skip
