"""Booking without an account: a form asks, a mailed link confirms, and the same link's owner cancels or takes an offer.

Seats are taken by the same steps as everybody's, under the lock of the event. What the form answers never depends on the
address: whether it was used before is told only to who reads its mail.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import db, errors
from app.appetites.models import is_hidden
from app.auth.actors import Actor
from app.auth.seals import fingerprint
from app.bookings import (
    letters_guests,
    rules,
    rules_guests,
    service,
    service_counts,
    service_moves,
    service_sessions,
    service_waiting,
)
from app.bookings.models import (
    Booking,
    BookingEnd,
    BookingGuest,
    BookingKind,
    BookingState,
    SessionState,
    VisitSession,
)
from app.bookings.rules import BookingAction, Hall, Limits, Place, Side
from app.companies.models import Company, CompanySite
from app.events import service as events
from app.mails import service as mails
from app.opportunities.models import Opportunity, Status
from app.places.models import Municipality

PURPOSE, OWN_PURPOSE = "guest link", "guest booking"
_SIGNS = 32


class WrongLink(errors.NotAllowed):
    """No such link, or it is too old; which, is not said."""

    title = "The link is not valid any more"


class UsedLink(WrongLink):
    """The link has confirmed already; it does so once."""

    title = "The link has been used"


class NoRoomForSoMany(errors.Conflict):
    """There can never be room for so many; `detail` says for how many."""

    title = "Too many people"


@dataclass(frozen=True, slots=True)
class Ask:
    """What the form says. The address is lower case; an adult writes it."""

    name: str
    email: str
    people: int
    language: str = "it"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that takes guests, as everybody may read it; `place` is a municipality's name."""

    visit: VisitSession
    opportunity: Opportunity
    company_name: str
    place: str | None
    room: int
    """For so many guests there is room now."""
    most: int
    """And never for more."""


@dataclass(frozen=True, slots=True)
class OwnBooking:
    """What a guest sees of a booking; without one when the address was never confirmed."""

    guest: BookingGuest
    visit: VisitSession
    opportunity: Opportunity
    company_name: str
    where: str
    """Where to go; empty for what is online."""
    booking: Booking | None
    place: Place | None = None

    def actions(self, now: datetime) -> list[BookingAction]:
        """What the guest can do now."""
        if self.booking is None or self.guest.confirmed_at is None:
            return []
        has_begun = self.visit.starts_at <= now
        return rules.actions(Side.STUDENT, self.booking.state, is_group=False, has_begun=has_begun)


# --- reading ----------------------------------------------------------------------------------------------------------


def read(session: Session, visit_session_id: UUID, now: datetime) -> OpenSession:
    """A session that takes guests now. Raises NoSuchVisitSession, for one that does not as for one that is not there."""
    query = (
        sa.select(VisitSession, Opportunity, Company.name, Municipality.name.label("place"))
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .join(Company, Company.id == Opportunity.company_id)
        .outerjoin(Municipality, Municipality.istat == Opportunity.municipality_istat)
        .where(
            VisitSession.id == visit_session_id, VisitSession.is_open_to_guests,
            VisitSession.state == SessionState.PLANNED, VisitSession.starts_at > now,
            Opportunity.status.in_((Status.PUBLISHED, Status.FULL)),
            sa.or_(Opportunity.closes_on.is_(None), Opportunity.closes_on >= now.date()),
            Company.approved_at.is_not(None), ~is_hidden(Company.id),
        )
    )  # fmt: skip
    row = session.execute(query, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise service_sessions.NoSuchVisitSession
    visit, opportunity, company_name, place = row
    hall = service_counts.hall(session, visit, now)
    return OpenSession(visit, opportunity, company_name, place, _room(hall), _most(hall))


def _room(hall: Hall) -> int:
    return min(rules_guests.MOST_PEOPLE, rules.room(hall, rules_guests.ANYBODY))


def _most(hall: Hall) -> int:
    return min(rules_guests.MOST_PEOPLE, rules.most(hall, rules_guests.ANYBODY))


def read_own(session: Session, code: str, secret: SecretStr, now: datetime) -> OwnBooking:
    """A guest's own booking. Raises WrongLink."""
    own = _own(session, _by_own_code(session, code, secret))
    if own.booking is None:
        return own
    place = service_waiting.places(session, [own.booking], now).get(own.booking.id)
    return replace(own, place=place)


def look(session: Session, code: str, secret: SecretStr, now: datetime) -> OwnBooking:
    """What a mailed link would confirm, without confirming it. Raises WrongLink and UsedLink."""
    return _own(session, _by_link(session, code, secret, now))


def _own(session: Session, guest: BookingGuest) -> OwnBooking:
    visit = session.get_one(VisitSession, guest.visit_session_id)
    opportunity = session.get_one(Opportunity, visit.opportunity_id)
    company = session.get_one(Company, opportunity.company_id)
    booking = None if guest.booking_id is None else session.get_one(Booking, guest.booking_id)
    return OwnBooking(guest, visit, opportunity, company.name, where(session, visit, opportunity), booking)


def where(session: Session, visit: VisitSession, opportunity: Opportunity) -> str:
    """Where a visitor goes: room, address and municipality, as far as they are known; empty for what is online."""
    if opportunity.is_online:
        return ""
    site = None if opportunity.site_id is None else session.get(CompanySite, opportunity.site_id)
    istat = opportunity.municipality_istat or (site and site.municipality_istat)
    town = None if istat is None else session.get(Municipality, istat)
    return ", ".join(one for one in (visit.room, site and site.address, town and town.name) if one)


# --- links ------------------------------------------------------------------------------------------------------------


def code_of(guest_id: UUID, secret: SecretStr) -> str:
    """What opens a guest's own page: nobody stores it, and nobody without the service's secret can make it."""
    return guest_id.hex + fingerprint(secret, OWN_PURPOSE, str(guest_id))[:_SIGNS]


def _by_own_code(session: Session, code: str, secret: SecretStr) -> BookingGuest:
    try:
        guest_id = UUID(hex=code[:_SIGNS])
    except ValueError as error:
        raise WrongLink from error
    if not hmac.compare_digest(code.encode(), code_of(guest_id, secret).encode()):
        raise WrongLink
    guest = session.get(BookingGuest, guest_id)
    if guest is None:
        raise WrongLink
    return guest


def _by_link(session: Session, code: str, secret: SecretStr, now: datetime) -> BookingGuest:
    hashed = fingerprint(secret, PURPOSE, code)
    guest = session.scalar(
        sa.select(BookingGuest).where(BookingGuest.code_hash == hashed),
        execution_options={"populate_existing": True},
    )
    if guest is None or guest.code_ends_at <= now:
        raise WrongLink
    if guest.confirmed_at is not None:
        raise UsedLink
    return guest


def _guest(request_id: str) -> Actor:
    """Who acts: the service, for somebody of whom it knows an address alone."""
    return Actor(kind="system", id=None, name="guest", request_id=request_id)


# --- asking -----------------------------------------------------------------------------------------------------------


def ask(
    session: Session, visit_session_id: UUID, wanted: Ask, *, site: str, secret: SecretStr, now: datetime, limits: Limits,
    request_id: str = "",
) -> None:  # fmt: skip
    """Hold seats while there are some, and mail a link that confirms. Who has a booking already is mailed the way to it.

    Raises NoSuchVisitSession and NoRoomForSoMany.
    """
    found = _locked(session, visit_session_id, now)
    if wanted.people > found.most:
        raise NoRoomForSoMany(f"There can never be room for more than {found.most} here.")
    actor, visit = _guest(request_id), found.visit
    same = sa.select(BookingGuest).where(
        BookingGuest.visit_session_id == visit.id, BookingGuest.email == wanted.email
    )
    guest = session.scalar(same, execution_options={"populate_existing": True})
    booking = _booking(session, guest)
    if guest is not None and guest.confirmed_at is not None and _stands(booking):
        assert booking is not None  # noqa: S101 -- for the type checker
        guest.news = rules_guests.NEWS[booking.state]
        session.flush()
        return
    code = secrets.token_urlsafe(32)
    values = {
        "name": wanted.name, "people": wanted.people, "language": wanted.language, "confirmed_at": None, "news": None,
        "code_hash": fingerprint(secret, PURPOSE, code), "asked_at": now.astimezone(UTC),
        "code_ends_at": now.astimezone(UTC) + rules_guests.CODE_LASTS,
    }  # fmt: skip
    if guest is None:
        # Once for each address: whoever sends the form again and again holds no seat for ever.
        held = _hold(session, actor, visit, wanted.people, now=now, limits=limits)
        guest = BookingGuest(
            id=db.new_id(), visit_session_id=visit.id, booking_id=held, email=wanted.email, **values
        )
        session.add(guest)
    else:
        if booking is not None and booking.state is BookingState.HELD and booking.people != wanted.people:
            _end(session, actor, booking, visit, BookingState.CANCELLED, now=now, limits=limits)
        for name, value in values.items():
            setattr(guest, name, value)
    session.flush()
    letter = letters_guests.confirm(
        wanted.language, title=found.opportunity.title, company=found.company_name,
        starts_at=visit.starts_at.astimezone(now.tzinfo), address=f"{site}{letters_guests.CONFIRM}?c={code}",
    )  # fmt: skip
    mails.queue(
        session, to=wanted.email, subject=letter.subject, text=letter.text, kind="guest", now=now,
        language=wanted.language, worth_for=rules_guests.CODE_LASTS,
    )  # fmt: skip


def _locked(session: Session, visit_session_id: UUID, now: datetime) -> OpenSession:
    """The session as it is now that its event is locked. Raises NoSuchVisitSession."""
    event_id = read(session, visit_session_id, now).opportunity.id
    service_counts.lock(session, [], event_id)
    return read(session, visit_session_id, now)


def _booking(session: Session, guest: BookingGuest | None) -> Booking | None:
    if guest is None or guest.booking_id is None:
        return None
    return session.get_one(Booking, guest.booking_id, populate_existing=True)


def _stands(booking: Booking | None) -> bool:
    return booking is not None and booking.state not in rules.ENDED | {BookingState.HELD}


def _hold(
    session: Session, actor: Actor, visit: VisitSession, people: int, *, now: datetime, limits: Limits
) -> UUID | None:
    """Keep seats for an address that nobody has confirmed yet; None where none are free, or too many wait like this."""
    query = sa.select(sa.func.coalesce(sa.func.sum(Booking.people), 0)).where(
        Booking.visit_session_id == visit.id, Booking.kind == BookingKind.GUEST,
        Booking.state == BookingState.HELD,
    )  # fmt: skip
    if not rules_guests.may_hold(people, held=int(session.scalar(query) or 0), seats=visit.seats):
        return None
    with session.begin_nested() as tried:
        held = BookingState.HELD
        booking = _join(session, actor, visit, people, becomes=held, now=now, limits=limits)
        if booking.state is held:
            return booking.id
        tried.rollback()  # who waits has confirmed
    session.refresh(visit)
    return None


def _join(
    session: Session, actor: Actor, visit: VisitSession, people: int, *, becomes: BookingState, now: datetime, limits: Limits
) -> Booking:  # fmt: skip
    """Join the waiting list of a locked session, and let it be served."""
    booking = Booking(
        id=db.new_id(), visit_session_id=visit.id, state=BookingState.WAITING, due_at=visit.starts_at,
        kind=BookingKind.GUEST, people=people, adults=people, asked_at=now.astimezone(UTC), asked_by=actor.mark, passes=0,
    )  # fmt: skip
    session.add(booking)
    session.flush()
    events.record(session, actor, "booking.asked", booking.id, {"to": booking.state.value})
    service_waiting.serve(session, actor, visit, now=now, limits=limits, newcomer=booking, becomes=becomes)
    return booking


def _end(
    session: Session, actor: Actor, booking: Booking, visit: VisitSession, after: BookingState, *, now: datetime, limits: Limits
) -> None:  # fmt: skip
    reason = BookingEnd.NO_ANSWER if after is BookingState.EXPIRED else BookingEnd.OWN_CHOICE
    service_moves.end(session, actor, booking, visit, after, reason, now=now)
    service_waiting.serve_event(session, actor, visit.opportunity_id, now=now, limits=limits)


# --- confirming -------------------------------------------------------------------------------------------------------


def confirm(
    session: Session, code: str, *, secret: SecretStr, now: datetime, limits: Limits, request_id: str = ""
) -> UUID:
    """Book what is held, or what is free now, or wait; once. The guest, whose page `code_of` opens.

    Raises WrongLink, UsedLink and NotBookable.
    """
    own, actor = _locked_own(session, _by_link(session, code, secret, now)), _guest(request_id)
    guest, visit, booking = own.guest, own.visit, own.booking
    _by_link(session, code, secret, now)  # somebody may have clicked at the same moment
    service.refuse_closed(visit, own.opportunity, now)
    if booking is not None and booking.state is BookingState.HELD and not _is_late(booking, now):
        service_waiting.change(session, actor, booking, BookingState.BOOKED, due_at=None)
    else:
        if booking is not None and booking.state is BookingState.HELD:
            _end(session, actor, booking, visit, BookingState.EXPIRED, now=now, limits=limits)
        booking = _book_now(session, actor, visit, guest.people, now=now, limits=limits)
        guest.booking_id = booking.id
    guest.confirmed_at, guest.news = now.astimezone(UTC), rules_guests.NEWS[booking.state]
    session.flush()
    return guest.id


def _is_late(booking: Booking, now: datetime) -> bool:
    return booking.due_at is not None and booking.due_at <= now


def _book_now(
    session: Session, actor: Actor, visit: VisitSession, people: int, *, now: datetime, limits: Limits
) -> Booking:
    if not visit.is_open_to_guests:
        raise service.NotBookable("The session takes no guests any more.")
    if people > (most := _most(service_counts.hall(session, visit, now))):
        raise service.NotBookable(f"There can never be room for more than {most} here.")
    return _join(session, actor, visit, people, becomes=BookingState.BOOKED, now=now, limits=limits)


def _locked_own(session: Session, guest: BookingGuest) -> OwnBooking:
    """The same now that its event is locked. Raises WrongLink where it has gone meanwhile."""
    event_id = session.get_one(VisitSession, guest.visit_session_id).opportunity_id
    service_counts.lock(session, [], event_id)
    fresh = session.get(BookingGuest, guest.id, populate_existing=True)
    if fresh is None:
        raise WrongLink
    own = _own(session, fresh)
    for one in (own.visit, own.opportunity, own.booking):
        if one is not None:
            session.refresh(one)
    return own


# --- afterwards -------------------------------------------------------------------------------------------------------


def move(
    session: Session, code: str, action: BookingAction, *, secret: SecretStr, now: datetime, limits: Limits, request_id: str = ""
) -> None:  # fmt: skip
    """Take or decline an offer, or cancel; to repeat it changes nothing. Raises WrongLink and WrongState."""
    own, actor = _locked_own(session, _by_own_code(session, code, secret)), _guest(request_id)
    booking = own.booking
    if booking is None or own.guest.confirmed_at is None or action in rules.OF_THE_DAY:
        raise errors.WrongState("There is nothing to do here.")
    if booking.state in rules.TRANSITIONS[action].values():
        return
    after = service_moves.step(booking, own.visit, action, now)
    if after in rules.ENDED:
        _end(session, actor, booking, own.visit, after, now=now, limits=limits)
        return
    service_waiting.change(session, actor, booking, after, due_at=None)
    own.guest.news = rules_guests.NEWS[after]
    session.flush()


def forget(
    session: Session, code: str, *, secret: SecretStr, now: datetime, limits: Limits, request_id: str = ""
) -> None:
    """Delete a guest's name and address now; seats that are still to come are given back. Raises WrongLink."""
    own, actor = _locked_own(session, _by_own_code(session, code, secret)), _guest(request_id)
    _release(session, actor, own, now=now)
    service_waiting.serve_event(session, actor, own.opportunity.id, now=now, limits=limits)
    events.record(session, actor, "guest.forgotten", own.guest.id)
    session.delete(own.guest)
    session.flush()


def give_up(session: Session, actor: Actor, email: str, now: datetime) -> None:
    """Free what is held for an address that is about to be forgotten; the clock gives the seats to those who wait."""
    query = sa.select(BookingGuest).join(VisitSession, VisitSession.id == BookingGuest.visit_session_id)
    mine = query.where(BookingGuest.email == email.lower())
    for guest in session.scalars(mine.order_by(VisitSession.opportunity_id, BookingGuest.id)).all():
        _release(session, actor, _locked_own(session, guest), now=now)


def _release(session: Session, actor: Actor, own: OwnBooking, *, now: datetime) -> None:
    booking = own.booking
    if booking is not None and booking.state in rules.OPEN and own.visit.starts_at > now:
        after, reason = BookingState.CANCELLED, BookingEnd.OWN_CHOICE
        service_moves.end(session, actor, booking, own.visit, after, reason, now=now)


def forget_old(session: Session, now: datetime) -> int:
    """Delete names and addresses that nobody needs any more: not confirmed in time, or of visits long over; how many."""
    over = sa.select(VisitSession.id).where(VisitSession.ends_at <= now - rules_guests.KEPT_FOR)
    is_old = sa.or_(
        sa.and_(BookingGuest.confirmed_at.is_(None), BookingGuest.code_ends_at <= now),
        BookingGuest.visit_session_id.in_(over),
    )
    gone = session.execute(
        sa.delete(BookingGuest).where(is_old), execution_options={"synchronize_session": False}
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
