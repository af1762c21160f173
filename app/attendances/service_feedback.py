"""Two answers about a visit: each person's own, and to the host what they come to, never so few that they could be told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.attendances import rules, service
from app.attendances.models import Discovery, Recommends, VisitFeedback
from app.attendances.service import Presence
from app.auth import service as auth
from app.auth.actors import Actor
from app.bookings import service_sessions
from app.bookings.models import Booking, BookingState
from app.events import service as events
from app.network.rules import LEAST, told


class NotYourFeedback(errors.NotAllowed):
    """Each student who was there says how it was, and for a group its school."""

    title = "Not yours to answer"


class NobodyWasThere(errors.Conflict):
    """Who was not there, or of whom it is not known yet, has nothing to tell."""

    title = "Not known to have been there"


@dataclass(frozen=True, slots=True)
class Said:
    """What the answers to a session come to: each count down to a multiple of five, so that 0 is fewer than that.

    As many words are shown as answers are told of, the earliest, in the order of the alphabet.
    """

    answers: int
    discoveries: Mapping[Discovery, int]
    recommends: Mapping[Recommends, int]
    words: tuple[str, ...]


def own(
    session: Session, actor: Actor, booking_id: UUID
) -> tuple[Presence, UUID | None, VisitFeedback | None]:
    """A booking, for which of its students the actor answers, and what was answered. Raises NoSuchBooking, NotYourFeedback."""
    found = service.read(session, actor, booking_id)
    student_id = next((one for one in found.seen.students if actor.is_student(one)), None)
    seen = found.seen
    if not rules.gives_feedback(seen.side, is_group=seen.is_group, is_member=student_id is not None):
        raise NotYourFeedback
    query = sa.select(VisitFeedback).where(
        VisitFeedback.booking_id == booking_id,
        VisitFeedback.student_id.is_(None) if student_id is None else VisitFeedback.student_id == student_id,
    )
    return found, student_id, session.scalar(query)


def was_there(found: Presence, student_id: UUID | None) -> bool:
    """Whether they are known to have been there; the school was with its group."""
    if found.seen.booking.state is not BookingState.ATTENDED:
        return False
    return student_id is None or student_id in (found.who or ())


def give(
    session: Session, actor: Actor, booking_id: UUID, discovery: Discovery, recommends: Recommends, words: str, *,
    now: datetime,
) -> VisitFeedback:  # fmt: skip
    """Say how it was; again replaces it. Raises NoSuchBooking, NotYourFeedback and NobodyWasThere."""
    auth.require_scope(actor, "placements:write")
    found, student_id, feedback = own(session, actor, booking_id)
    if not was_there(found, student_id):
        raise NobodyWasThere
    if feedback is None:
        session.execute(sa.select(Booking.id).where(Booking.id == booking_id).with_for_update())
        _, _, feedback = own(session, actor, booking_id)  # the same person may have sent it twice at once
    if feedback is None:
        feedback = VisitFeedback(
            booking_id=booking_id, student_id=student_id, given_at=now.astimezone(UTC), version=1
        )
        session.add(feedback)
    feedback.discovery, feedback.recommends, feedback.words = discovery, recommends, words
    session.flush()
    events.record(session, actor, "feedback.given", booking_id)
    return feedback


def of_session(session: Session, actor: Actor, visit_session_id: UUID) -> Said:
    """What the host and whoever coordinates learn. Raises NoSuchVisitSession and NotYourDoor."""
    auth.require_scope(actor, "placements:read")
    visit, opportunity = service_sessions.read(session, actor, visit_session_id)
    if not service_sessions.is_host(session, actor, opportunity.id, opportunity):
        raise service.NotYourDoor("What was said is for the host and whoever coordinates.")
    query = (
        sa.select(VisitFeedback.discovery, VisitFeedback.recommends, VisitFeedback.words)
        .join(Booking, Booking.id == VisitFeedback.booking_id)
        .where(Booking.visit_session_id == visit.id)
        .order_by(VisitFeedback.given_at, VisitFeedback.id)
    )
    rows = session.execute(query).all()
    # Only as many as are told of: one answer more shows nothing until there are five more.
    shown = rows[: told(len(rows))]
    discoveries, recommends = (
        Counter(one.discovery for one in shown),
        Counter(one.recommends for one in shown),
    )
    words = [one.words for one in shown if one.words]
    return Said(
        len(shown),
        {one: told(discoveries[one]) for one in Discovery},
        {one: told(recommends[one]) for one in Recommends},
        tuple(sorted(words)) if len(words) >= LEAST else (),
    )
