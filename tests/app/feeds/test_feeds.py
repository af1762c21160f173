"""What stands in a calendar, for whom, and for how long; read back with the library that calendars are read with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from dateutil.rrule import rrulestr
from icalendar import Calendar

from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, User
from app.bookings import service as bookings
from app.bookings import service_moves, service_sessions
from app.bookings.models import Booking
from app.bookings.rules import BookingAction
from app.bookings.service import Wanted
from app.events.models import Event as LogEvent
from app.feeds import rules, service, service_entries, writing
from app.feeds.models import CalendarFeed, FeedAbout
from app.opportunities.models import Kind
from app.placements.models import State
from tests.app.bookings.world import LIMITS, World
from tests.factories import NOW, Factory

ROME = ZoneInfo("Europe/Rome")


class Reader:
    """A person with roles, and the calendars that they read."""

    def __init__(self, make: Factory, *grants: Grant) -> None:
        self.make, self.database = make, make.database
        name = f"Lettrice{next(make.numbers)}"
        make.signed_in(*grants, name=name)
        with self.database.read() as session:
            self.id = session.query(User).filter_by(name=name).one().id
        self.actor = Actor(
            kind="user", id=self.id, name=name, grants=tuple(make.grant(one) for one in grants)
        )

    def subscribe(self, about: FeedAbout = FeedAbout.OWN, thing_id: UUID | None = None, **more: Any) -> str:
        with self.database.write() as session:
            _, token = service.create(
                session, self.actor, about, thing_id, **{"language": "it", "now": NOW} | more
            )
        return token

    def read(self, token: str, now: datetime = NOW) -> list[dict[str, Any]]:
        with self.database.read() as session:
            feed, subject, reader = service.open_one(session, token)
            entries = service_entries.of(session, subject, reader, now)
        text = writing.write(entries, feed.about, language=feed.language, site="https://bottega.example")
        self.text = text.decode()
        calendar = Calendar.from_ical(text)
        return [dict(event) for event in calendar.walk("VEVENT")]


def test_a_session_is_at_the_same_hour_by_the_clocks_before_and_after_they_change(make: Factory) -> None:
    world = World(make)
    for day in (28, 29, 30):
        starts_at = datetime(2026, 3, day, 9, tzinfo=ROME).astimezone(UTC)
        world.plan(
            starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), online_link="https://example.org/x1"
        )
    reader = Reader(make, Grant(Role.COMPANY_MEMBER, company_id=world.event.company_id))
    events = reader.read(reader.subscribe(FeedAbout.COMPANY, world.event.company_id))
    local = sorted(event["DTSTART"].dt.astimezone(ROME) for event in events)
    assert [(one.day, one.hour) for one in local] == [(28, 9), (29, 9), (30, 9)]
    assert "DTSTART:20260328T080000Z" in reader.text
    assert "DTSTART:20260329T070000Z" in reader.text
    assert events[0]["STATUS"] == "CONFIRMED"
    assert events[0]["DESCRIPTION"] == "Posti presi: 0 su 30"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in reader.text
    assert "example.org/x1" not in reader.text  # the link is for whoever has booked


def test_a_booking_that_moves_and_ends_is_the_same_line_with_a_higher_number(make: Factory) -> None:
    world = World(make)
    student = make.student()
    visit = world.plan(online_link="https://example.org/x1")
    booking = world.book(visit, student)
    reader = Reader(make, Grant(Role.STUDENT, student_id=student.id))
    token = reader.subscribe()
    [first] = reader.read(token)
    assert "https://example.org/x1" in first["DESCRIPTION"]
    with make.database.write() as session:
        locked = service_sessions.get_for_change(session, world.host(), world.event.id, visit.id)
        service_sessions.edit(session, world.host(), *locked, {"room": "Aula 2"}, now=NOW)
    [moved] = reader.read(token)
    assert moved["UID"] == first["UID"]
    assert moved["SEQUENCE"] > first["SEQUENCE"]
    assert moved["LAST-MODIFIED"].dt >= first["LAST-MODIFIED"].dt
    assert "Aula 2" in moved["LOCATION"]
    with make.database.write() as session:
        version = session.get_one(Booking, booking.id).version
        service_moves.move(
            session,
            world.student(student),
            booking.id,
            BookingAction.CANCEL,
            version=version,
            now=NOW,
            limits=LIMITS,
        )
    [ended] = reader.read(token)
    assert (ended["UID"], ended["STATUS"]) == (first["UID"], "CANCELLED")
    assert "example.org/x1" not in reader.text  # who does not come does not hear where to connect
    assert ended["SEQUENCE"] > moved["SEQUENCE"]
    # It stays until a week after its day, what took place for three months.
    ends_at = visit.ends_at.astimezone(NOW.tzinfo)
    assert reader.read(token, ends_at + rules.CANCELLED_FOR - timedelta(hours=1))
    assert not reader.read(token, ends_at + rules.CANCELLED_FOR + timedelta(hours=1))


def test_a_class_is_a_number_and_nobody_else_reads_its_calendar(make: Factory) -> None:
    world = World(make)
    visit = world.plan()
    school_class = world.school_class(3)
    with make.database.write() as session:
        wanted = Wanted(class_id=school_class.id, adults=1)
        bookings.book(session, world.lead(school_class.school_id), visit.id, wanted, now=NOW, limits=LIMITS)
    single = make.student(school_class, family_name="Riservatissimi")
    world.book(world.plan(starts_at=visit.starts_at + timedelta(days=1)), single)
    teacher = Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id}))
    reader = Reader(make, teacher)
    for token in (reader.subscribe(FeedAbout.CLASS, school_class.id), reader.subscribe()):
        [event] = reader.read(token)
        assert event["DESCRIPTION"] == "Persone: 4"
        assert "Riservatissimi" not in reader.text
    stranger = Reader(make, Grant(Role.SCHOOL_LEAD, school_id=make.school().id))
    with pytest.raises(service.NoFeedFor):
        stranger.subscribe(FeedAbout.CLASS, school_class.id)
    assert stranger.read(stranger.subscribe()) == []


def test_an_address_ends_with_the_role_with_the_account_and_when_it_is_taken_back(make: Factory) -> None:
    company = make.company()
    reader = Reader(make, Grant(Role.COMPANY_MEMBER, company_id=company.id))
    token = reader.subscribe(FeedAbout.COMPANY, company.id)
    assert reader.read(token) == []
    with make.database.read() as session:
        feed = session.query(CalendarFeed).one()
        assert token not in (feed.token_hash, str(feed.__dict__))
    with make.database.write() as session:
        session.get_one(User, reader.id).is_active = False
    with pytest.raises(service.NoSuchFeed):
        reader.read(token)
    with make.database.write() as session:
        session.get_one(User, reader.id).is_active = True
        session.execute(sa.delete(Membership).where(Membership.user_id == reader.id))
    with pytest.raises(service.NoSuchFeed):
        reader.read(token)
    other = Reader(make, Grant(Role.COMPANY_MEMBER, company_id=company.id))
    for revoked in (False, True):
        if revoked:
            with make.database.write() as session:
                [mine] = service.of(session, other.actor)
                service.revoke(session, other.actor, mine.id)
            with pytest.raises(service.NoSuchFeed):
                other.read(token)
        else:
            token = other.subscribe()
            with make.database.write() as session, pytest.raises(service.NoSuchFeed):
                service.revoke(session, reader.actor, service.of(session, other.actor)[0].id)
            assert other.read(token) == []


def test_somebody_has_so_many_addresses_and_a_program_none(make: Factory) -> None:
    reader = Reader(make, Grant(Role.COMPANY_MEMBER, company_id=make.company().id))
    for _ in range(rules.MOST_FEEDS):
        reader.subscribe()
    with pytest.raises(service.TooManyFeeds):
        reader.subscribe()
    program = Actor(kind="key", id=UUID(int=1), name="Registro", grants=reader.actor.grants)
    with make.database.write() as session, pytest.raises(service.NoFeedFor):
        service.create(session, program, FeedAbout.OWN, None, language="it", now=NOW)


def test_a_placement_is_on_its_days_and_on_no_day_off(make: Factory) -> None:
    student = make.student()
    make.closing(
        make.get(type(make.school()), student.school_id),
        starts_on=date(2026, 3, 11), ends_on=date(2026, 3, 12), name="Ponte",
    )  # fmt: skip
    opportunity = make.opportunity()
    values = {"starts_on": date(2026, 3, 7), "ends_on": date(2026, 3, 20), "weekdays": 0b0010101}
    make.placement(student, opportunity, **values)
    make.placement(student, make.opportunity(kind=Kind.INTERNSHIP), state=State.READY, **values | {
        "starts_on": date(2026, 4, 6), "ends_on": date(2026, 4, 10), "weekdays": 0b0000011,
    })  # fmt: skip
    reader = Reader(make, Grant(Role.STUDENT, student_id=student.id))
    events = sorted(reader.read(reader.subscribe()), key=lambda one: one["DTSTART"].dt)
    days = _days(events[0])
    assert days == [
        date(2026, 3, day) for day in (9, 13, 16, 18, 20)
    ]  # Monday, Wednesday, Friday; not the 11th
    assert _days(events[1]) == [date(2026, 4, 7)]  # not on Easter Monday
    assert "TRANSP:TRANSPARENT" in reader.text


def test_a_placement_that_ends_shortly_after_midnight_has_that_day_still(make: Factory) -> None:
    student = make.student()
    placement = make.placement(
        student, make.opportunity(), starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 20), state=State.INTERRUPTED, due_at=None,
        ended_at=datetime(2026, 3, 10, 23, 30, tzinfo=UTC), ended_by="x", ended_for="school", end_reason="moved",
    )  # fmt: skip
    reader = Reader(make, Grant(Role.STUDENT, student_id=student.id))
    [event] = reader.read(reader.subscribe(), NOW.astimezone(ROME))
    assert placement.weekdays & 0b0000100  # it was half past midnight of a Wednesday in Rome
    assert _days(event)[-1] == date(2026, 3, 11)


def test_of_too_many_sessions_those_to_come_stay(make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(make)
    world.plan()
    latest = world.plan(starts_at=NOW + timedelta(days=60))
    reader = Reader(make, Grant(Role.COMPANY_MEMBER, company_id=world.event.company_id))
    token = reader.subscribe()
    assert len(reader.read(token)) == 2
    monkeypatch.setattr(rules, "MOST_ENTRIES", 1)
    [event] = reader.read(token)
    assert event["DTSTART"].dt == latest.starts_at


def _days(event: dict[str, Any]) -> list[date]:
    start = event["DTSTART"].dt
    rule = rrulestr(event["RRULE"].to_ical().decode(), dtstart=datetime.combine(start, datetime.min.time()))
    without = event.get("EXDATE", [])
    off = {one.dt for each in (without if isinstance(without, list) else [without]) for one in each.dts}
    return [one.date() for one in rule if one.date() not in off]


def test_reading_a_calendar_changes_nothing(make: Factory) -> None:
    reader = Reader(make, Grant(Role.COORDINATOR))
    token = reader.subscribe(FeedAbout.TERRITORY, make.territory().id)
    world = World(make)
    world.plan()
    with make.database.read() as session:
        before = session.query(LogEvent).count()
    [event] = reader.read(token)
    once = reader.text
    assert event["SUMMARY"].startswith("Tirocinio (Officina")
    reader.read(token)
    assert reader.text == once
    with make.database.read() as session:
        assert session.query(LogEvent).count() == before
