"""Guests: a form that tells nothing, a link that confirms once, seats by the same steps as everybody's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from app import errors, migrate
from app.attendances import service as attendances
from app.attendances.rules import Came
from app.auth.actors import Actor, Grant, Role, system
from app.bookings import service, service_guest_mails, service_guests, service_reading, service_sessions
from app.bookings.models import Booking, BookingGuest, BookingKind, BookingState, VisitSession
from app.bookings.rules import BookingAction as Action
from app.bookings.rules import Side
from app.bookings.schemas import BookingOut
from app.bookings.service_guests import Ask
from app.db import Database
from app.events.models import Event
from app.mails.models import Mail
from app.opportunities.models import Status
from tests.app.bookings.world import LIMITS, STARTS, World
from tests.factories import NOW, Factory
from tests.together import at_once

SECRET = SecretStr("a secret of the tests, long enough for all")
SITE = "https://bottega.example"
FAMILY = Ask("Carla Rossi", "carla@example.org", 2)
HOUR = timedelta(hours=1)


class Guests(World):
    """The same with people who have no account."""

    rounds = 0

    def open(self, **values: Any) -> VisitSession:
        return self.plan(**{"is_open_to_guests": True, "seats": 10} | values)

    def ask(self, visit: VisitSession, wanted: Ask = FAMILY, *, now: datetime = NOW) -> None:
        with self.database.write() as session:
            service_guests.ask(session, visit.id, wanted, site=SITE, secret=SECRET, now=now, limits=LIMITS)

    def confirm(self, code: str, *, now: datetime = NOW) -> UUID:
        with self.database.write() as session:
            return service_guests.confirm(session, code, secret=SECRET, now=now, limits=LIMITS)

    def guest(self, visit: VisitSession, wanted: Ask = FAMILY, *, now: datetime = NOW) -> UUID:
        """Ask and confirm."""
        self.ask(visit, wanted, now=now)
        return self.confirm(self.link(wanted.email), now=now)

    def do(self, guest_id: UUID, action: Action, *, now: datetime = NOW) -> None:
        with self.database.write() as session:
            code = service_guests.code_of(guest_id, SECRET)
            service_guests.move(session, code, action, secret=SECRET, now=now, limits=LIMITS)

    def forget(self, guest_id: UUID) -> None:
        with self.database.write() as session:
            code = service_guests.code_of(guest_id, SECRET)
            service_guests.forget(session, code, secret=SECRET, now=NOW, limits=LIMITS)

    def mails(self, address: str) -> list[Mail]:
        """All that were written to an address, each round of news a minute after the one before."""
        self.rounds += 1
        service_guest_mails.queue_due(self.database, NOW + timedelta(minutes=self.rounds), SITE, SECRET)
        with self.database.read() as session:
            query = sa.select(Mail).where(Mail.to_address == address).order_by(Mail.created_at)
            return list(session.scalars(query))

    def link(self, address: str) -> str:
        """The code of the last link that asks for a confirmation."""
        with self.database.read() as session:
            query = sa.select(Mail.body_text).where(Mail.to_address == address, Mail.kind == "guest")
            found = [re.findall(r"/confirm\?c=(\S+)", text) for text in session.scalars(query)]
        hashed = {one.code_hash for one in self.known()}
        [code] = [
            code
            for codes in found
            for code in codes
            if service_guests.fingerprint(SECRET, service_guests.PURPOSE, code) in hashed
        ]
        return code

    def known(self) -> list[BookingGuest]:
        with self.database.read() as session:
            return list(session.scalars(sa.select(BookingGuest).order_by(BookingGuest.asked_at)))

    def booking(self, guest_id: UUID) -> Booking:
        guest = self.make.get(BookingGuest, guest_id)
        assert guest is not None
        assert guest.booking_id is not None
        found = self.make.get(Booking, guest.booking_id)
        assert found is not None
        return found

    def state(self, guest_id: UUID) -> BookingState:
        return self.booking(guest_id).state


@pytest.fixture
def world(make: Factory) -> Guests:
    return Guests(make)


def _states(world: Guests) -> list[BookingState]:
    return [one.state for one in world.rows()]


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_form_holds_seats_and_mails_a_link_that_repeats_nothing(world: Guests) -> None:
    visit = world.open()
    world.ask(visit)
    [held] = world.rows()
    assert (held.kind, held.state, held.people, held.adults) == (BookingKind.GUEST, BookingState.HELD, 2, 2)
    assert (held.school_id, held.class_id, held.due_at) == (None, None, NOW + LIMITS.hold)
    [mail] = world.mails("carla@example.org")
    assert "Carla" not in mail.body_text
    assert f"{SITE}/guest-booking/confirm?c=" in mail.body_text
    [guest] = world.known()
    assert guest.code_hash not in mail.body_text
    assert guest.code_ends_at == NOW + timedelta(hours=24)
    world.check()


def test_a_link_books_once(world: Guests) -> None:
    visit = world.open()
    world.ask(visit)
    code = world.link("carla@example.org")
    with world.database.read() as session:
        assert service_guests.look(session, code, SECRET, NOW).guest.people == 2
    assert _states(world) == [BookingState.HELD]
    guest_id = world.confirm(code)
    with pytest.raises(service_guests.UsedLink):
        world.confirm(code)
    assert _states(world) == [BookingState.BOOKED]
    assert world.state(guest_id) is BookingState.BOOKED
    [_, told] = world.mails("carla@example.org")
    assert "Buongiorno Carla Rossi" in told.body_text
    assert service_guests.code_of(guest_id, SECRET) in told.body_text
    world.check()


def test_a_link_ends_after_a_day_and_nothing_else_is_one(world: Guests) -> None:
    visit = world.open()
    world.ask(visit)
    code = world.link("carla@example.org")
    for wrong, now in ((code, NOW + timedelta(hours=24)), ("x" * 43, NOW), ("", NOW)):
        with pytest.raises(service_guests.WrongLink) as problem:
            world.confirm(wrong, now=now)
        assert type(problem.value) is service_guests.WrongLink


def test_a_hold_ends_and_the_link_books_what_is_free_then(world: Guests) -> None:
    visit = world.open(seats=2)
    world.ask(visit)
    later = NOW + LIMITS.hold
    assert world.tick(later)["bookings_expired"] == 1
    world.check()
    guest_id = world.confirm(world.link("carla@example.org"), now=later)
    assert world.state(guest_id) is BookingState.BOOKED
    assert _states(world) == [BookingState.EXPIRED, BookingState.BOOKED]
    assert len(world.mails("carla@example.org")) == 2
    world.check()


def test_a_late_click_meets_a_hold_that_no_clock_has_ended(world: Guests) -> None:
    visit = world.open(seats=2)
    world.ask(visit)
    guest_id = world.confirm(world.link("carla@example.org"), now=NOW + HOUR)
    assert _states(world) == [BookingState.EXPIRED, BookingState.BOOKED]
    assert world.state(guest_id) is BookingState.BOOKED
    world.check()


def test_who_asks_when_it_is_full_waits_once_the_address_is_confirmed(world: Guests) -> None:
    visit = world.open(seats=2)
    first = world.guest(visit)
    world.ask(visit, Ask("Ada Neri", "ada@example.org", 1))
    assert _states(world) == [BookingState.BOOKED]
    second = world.confirm(world.link("ada@example.org"))
    assert world.state(second) is BookingState.WAITING
    assert "lista d'attesa" in world.mails("ada@example.org")[-1].body_text
    with world.database.read() as session:
        own = service_guests.read_own(session, service_guests.code_of(second, SECRET), SECRET, NOW)
        assert own.place is not None
        assert own.actions(NOW) == [Action.CANCEL]
    world.do(first, Action.CANCEL)
    assert world.state(second) is BookingState.OFFERED
    assert "Rispondi entro il" in world.mails("ada@example.org")[-1].body_text
    world.do(second, Action.ACCEPT)
    world.do(second, Action.ACCEPT)
    assert world.state(second) is BookingState.BOOKED
    world.check()


def test_an_offer_is_declined_or_expires_and_goes_to_the_next(world: Guests) -> None:
    visit = world.open(seats=1)
    first = world.guest(visit, Ask("A", "a@example.org", 1))
    others = [world.guest(visit, Ask(name, f"{name}@example.org", 1), now=NOW) for name in ("b", "c")]
    world.do(first, Action.CANCEL)
    [offered] = [one for one in others if world.state(one) is BookingState.OFFERED]
    [waiting] = [one for one in others if world.state(one) is BookingState.WAITING]
    world.do(offered, Action.DECLINE)
    assert (world.state(offered), world.state(waiting)) == (BookingState.DECLINED, BookingState.OFFERED)
    world.tick(NOW + LIMITS.offer)
    assert world.state(waiting) is BookingState.EXPIRED
    with pytest.raises(errors.WrongState):
        world.do(waiting, Action.ACCEPT, now=NOW + LIMITS.offer)
    world.check()


def test_an_address_that_was_used_is_answered_alike_and_told_by_mail(world: Guests) -> None:
    visit = world.open()
    guest_id = world.guest(visit)
    assert len(world.mails("carla@example.org")) == 2
    world.ask(visit, Ask("Somebody Else", "carla@example.org", 5))
    assert _states(world) == [BookingState.BOOKED]
    told = world.mails("carla@example.org")
    assert len(told) == 3
    assert "Somebody" not in told[-1].body_text
    assert service_guests.code_of(guest_id, SECRET) in told[-1].body_text


def test_who_asks_again_before_confirming_has_one_hold_and_one_link(world: Guests) -> None:
    visit = world.open()
    world.ask(visit)
    [first] = world.known()
    world.ask(visit, now=NOW + timedelta(minutes=1))
    [again] = world.known()
    assert first.code_hash != again.code_hash
    assert _states(world) == [BookingState.HELD]
    world.ask(visit, Ask("Carla Rossi", "carla@example.org", 3), now=NOW + timedelta(minutes=2))
    assert _states(world) == [BookingState.CANCELLED]
    guest_id = world.confirm(world.link("carla@example.org"), now=NOW + timedelta(minutes=3))
    assert (world.state(guest_id), world.booking(guest_id).people) == (BookingState.BOOKED, 3)
    world.check()


def test_who_has_cancelled_can_ask_again(world: Guests) -> None:
    visit = world.open()
    guest_id = world.guest(visit)
    world.do(guest_id, Action.CANCEL)
    world.do(guest_id, Action.CANCEL)
    assert world.guest(visit) == guest_id
    assert world.state(guest_id) is BookingState.BOOKED
    assert _states(world) == [BookingState.CANCELLED, BookingState.BOOKED]
    world.check()


def test_forms_alone_hold_a_quarter_of_the_seats(world: Guests) -> None:
    visit = world.open(seats=20)
    for number in range(4):
        world.ask(visit, Ask("A", f"a{number}@example.org", 2))
    assert _states(world) == [BookingState.HELD] * 2
    guest_id = world.confirm(world.link("a3@example.org"))
    assert world.state(guest_id) is BookingState.BOOKED
    world.check()


def test_seats_that_are_kept_for_a_school_are_not_for_guests(world: Guests) -> None:
    visit = world.open(seats=3)
    world.quota(
        visit_session_id=visit.id,
        school_id=world.make.school().id,
        seats=2,
        keeps=True,
        released_at=STARTS - HOUR,
    )
    with pytest.raises(service_guests.NoRoomForSoMany):
        world.ask(visit, Ask("A", "a@example.org", 4))
    waits = world.guest(visit, Ask("A", "a@example.org", 2))
    assert world.state(waits) is BookingState.WAITING
    comes = world.guest(visit, Ask("B", "b@example.org", 1))
    assert world.state(comes) is BookingState.BOOKED
    world.check()


def test_guests_are_served_after_the_school_with_fewer_seats(world: Guests) -> None:
    visit = world.open(seats=2)
    guest = world.guest(visit, Ask("A", "a@example.org", 2))
    late = world.guest(visit, Ask("B", "b@example.org", 1))
    student = world.make.student()
    booking = world.book(visit, student, now=NOW + HOUR)
    assert booking.state is BookingState.WAITING
    other = world.open(starts_at=STARTS + timedelta(days=1), seats=2)
    world.guest(other, Ask("C", "c@example.org", 1))
    world.do(guest, Action.CANCEL)
    # Both fit now; the school, which has no seat in this event, was served first.
    assert (world.now(booking).state, world.state(late)) == (BookingState.OFFERED, BookingState.OFFERED)
    world.check()


@pytest.mark.parametrize("reason", ["closed to guests", "cancelled", "draft", "begun", "closes_on", "none"])
def test_what_takes_no_guests_is_not_there(world: Guests, reason: str) -> None:
    visit, now = world.open(is_open_to_guests=reason != "closed to guests"), NOW
    if reason == "cancelled":
        world.cancel_session(visit)
    if reason == "draft":
        world.make.change(world.event, status=Status.DRAFT)
    if reason == "closes_on":
        world.make.change(world.event, closes_on=NOW.date() - timedelta(days=1))
    if reason == "begun":
        now = visit.starts_at
    if reason == "none":
        with world.database.write() as session:
            session.delete(session.get_one(VisitSession, visit.id))
    with pytest.raises(service_sessions.NoSuchVisitSession):
        world.ask(visit, now=now)


def test_a_session_that_closes_to_guests_keeps_those_who_hold_seats(world: Guests) -> None:
    visit = world.open()
    world.ask(visit)
    world.ask(visit, Ask("B", "b@example.org", 5))
    held, other = world.link("carla@example.org"), world.link("b@example.org")
    world.edit_session(visit, is_open_to_guests=False)
    assert world.state(world.confirm(held)) is BookingState.BOOKED
    with pytest.raises(service.NotBookable):
        world.confirm(other)
    world.check()


# --- telling ----------------------------------------------------------------------------------------------------------


def test_guests_are_told_by_mail_of_a_move_and_of_the_end(world: Guests) -> None:
    visit = world.open()
    guest_id = world.guest(visit)
    assert len(world.mails("carla@example.org")) == 2
    world.ask(visit, Ask("Never", "never@example.org", 1))
    world.edit_session(visit, room="Sala B")
    assert "Sala B" in world.mails("carla@example.org")[-1].body_text
    world.cancel_session(visit)
    assert "annullato" in world.mails("carla@example.org")[-1].body_text
    assert world.state(guest_id) is BookingState.CANCELLED
    assert len(world.mails("carla@example.org")) == 4
    assert len(world.mails("never@example.org")) == 1
    with pytest.raises(service.NotBookable):
        world.confirm(world.link("never@example.org"))
    world.check()


def test_mails_are_in_the_language_of_the_form(world: Guests) -> None:
    world.guest(world.open(), Ask("Ann Lee", "ann@example.org", 1, "en"))
    first, second = world.mails("ann@example.org")
    assert (first.subject, second.subject) == ("Confirm your booking", "Your visit is booked")
    assert {first.language, second.language} == {"en"}


# --- the host ---------------------------------------------------------------------------------------------------------


def test_the_host_sees_names_and_checks_in_by_list(world: Guests) -> None:
    visit = world.open()
    guest_id = world.guest(visit)
    booking = world.booking(guest_id)
    with world.database.read() as session:
        [seen] = service_reading.of_session(session, world.host(), visit.id, limit=10, now=NOW)
        shown = BookingOut.of(seen, NOW).model_dump()
    assert (seen.side, seen.school_name, seen.year) == (Side.HOST, None, None)
    assert (shown["guest_name"], shown["school_id"], shown["people"]) == ("Carla Rossi", None, 2)
    assert "carla@example.org" not in str(shown)
    began = visit.starts_at
    with world.database.write() as session:
        came = attendances.mark(session, world.host(), booking.id, Came(began, 0, 1), now=began)
        assert (came.students, came.adults, came.expected_students) == (0, 1, 0)
    with world.database.write() as session:
        came = attendances.mark(session, world.host(), booking.id, Came(began + HOUR), now=began + HOUR)
        assert (came.students, came.adults) == (0, 2)
    assert world.state(guest_id) is BookingState.ATTENDED


def test_nobody_else_finds_a_guests_booking(world: Guests) -> None:
    visit = world.open()
    booking = world.booking(world.guest(visit))
    elsewhere = world.make.opportunity(kind=world.event.kind)
    for actor in (
        world.host(elsewhere),
        world.lead(world.make.school().id),
        Actor(kind="user", id=None, name="T", grants=(Grant(Role.TEACHER, school_id=None),)),
        world.student(world.make.student()),
    ):
        with world.database.read() as session, pytest.raises(service_reading.NoSuchBooking):
            service_reading.find(session, actor, booking.id)


# --- data -------------------------------------------------------------------------------------------------------------


def test_guests_delete_their_data_and_give_the_seats_back(world: Guests) -> None:
    visit = world.open(seats=2)
    guest_id = world.guest(visit)
    world.forget(guest_id)
    assert world.known() == []
    assert _states(world) == [BookingState.CANCELLED]
    with pytest.raises(service_guests.WrongLink):
        world.forget(guest_id)
    world.check()


def test_old_names_are_forgotten(world: Guests) -> None:
    visit = world.open()
    world.guest(visit)
    world.ask(visit, Ask("Never", "never@example.org", 1))

    def forget(now: datetime) -> int:
        with world.database.write() as session:
            return service_guests.forget_old(session, now)

    assert forget(NOW + timedelta(hours=23)) == 0
    assert forget(NOW + timedelta(hours=24)) == 1
    assert [one.email for one in world.known()] == ["carla@example.org"]
    assert forget(visit.ends_at + timedelta(days=29)) == 0
    assert forget(visit.ends_at + timedelta(days=30)) == 1
    with world.database.read() as session:
        [seen] = service_reading.of_session(
            session, world.host(), visit.id, state=BookingState.BOOKED, limit=10, now=NOW
        )
    assert seen.guest_name is None


def test_an_address_that_is_forgotten_leaves_no_seat_taken(world: Guests) -> None:
    visit = world.open()
    guest_id = world.guest(visit)
    with world.database.write() as session:
        service_guests.give_up(session, system("privacy"), "Carla@example.org", NOW)
    assert world.state(guest_id) is BookingState.CANCELLED
    world.check()


def test_the_log_names_no_guest(world: Guests) -> None:
    world.guest(world.open())
    with world.database.read() as session:
        told = " ".join(
            f"{one.action} {one.object_id} {one.data}" for one in session.scalars(sa.select(Event))
        )
    assert "booking.asked" in told
    assert "carla" not in told.lower()


# --- at the same moment -----------------------------------------------------------------------------------------------


def test_clicks_at_once_confirm_once(shared: Database) -> None:
    world = Guests(Factory(shared))
    visit = world.open()
    world.ask(visit)
    code = world.link("carla@example.org")
    results = at_once(*[lambda: world.confirm(code)] * 6)
    assert sum(isinstance(one, UUID) for one in results) == 1
    assert {type(one) for one in results if not isinstance(one, UUID)} == {service_guests.UsedLink}
    assert _states(world) == [BookingState.BOOKED]
    world.check()


def test_forms_at_once_make_one_guest(shared: Database) -> None:
    world = Guests(Factory(shared))
    visit = world.open()
    at_once(*[lambda: world.ask(visit)] * 6)
    assert len(world.known()) == 1
    assert _states(world) == [BookingState.HELD]
    world.check()


def test_guests_and_students_at_once_oversell_nothing(shared: Database) -> None:
    world = Guests(Factory(shared))
    visit = world.open(seats=4)
    links = []
    for number in range(5):
        world.ask(visit, Ask("A", f"a{number}@example.org", 1))
        links.append(world.link(f"a{number}@example.org"))
    students = [world.make.student() for _ in range(5)]
    calls: list[Callable[[], object]] = [lambda code=code: world.confirm(code) for code in links]  # type: ignore[misc]
    calls += [lambda student=student: world.book(visit, student) for student in students]  # type: ignore[misc]
    results = at_once(*calls)
    assert not [one for one in results if isinstance(one, errors.Problem)]
    assert _states(world).count(BookingState.BOOKED) == 4
    assert _states(world).count(BookingState.WAITING) == 6
    world.check()


# --- the tables -------------------------------------------------------------------------------------------------------


def test_bookings_survive_guests_and_their_going(empty: sa.Engine) -> None:
    """0039 makes a table anew on which others hang; on the way back guests go, and the seats that they had are free."""
    migrate.upgrade(empty)
    database = Database(empty.url.render_as_string(hide_password=False), connections=2)
    world = Guests(Factory(database))
    visit = world.open(seats=30)
    world.quota(seats=20)
    world.book_class(visit, world.school_class(3))
    world.guest(visit)
    world.ask(visit, Ask("A", "a@example.org", 1))
    world.check()
    database.close()
    told = "SELECT (SELECT count(*) FROM bookings), (SELECT count(*) FROM booking_members), s.seats_taken, o.seats_taken,"
    told += " q.seats_taken FROM visit_sessions s JOIN opportunities o ON o.id = s.opportunity_id"
    told += " JOIN quotas q ON q.opportunity_id = o.id"

    def counts() -> tuple[int, ...]:
        with empty.connect() as connection:
            return tuple(connection.execute(sa.text(told)).one())

    assert counts() == (3, 3, 8, 8, 8)
    migrate.downgrade(empty, "0038")
    assert counts() == (1, 3, 5, 5, 5)
    migrate.upgrade(empty)
    assert counts() == (1, 3, 5, 5, 5)
    checks = {check["name"] for check in sa.inspect(empty).get_check_constraints("bookings")}
    assert {"ck_bookings_people", "ck_bookings_guest_of_no_school", "ck_bookings_end_whole"} <= checks
