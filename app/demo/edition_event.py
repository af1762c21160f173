"""One event of the edition: it is planned, people ask and change their minds, clocks strike, the day comes, somebody stays away."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import system
from app.bookings import service, service_moves, service_quotas, service_sessions, service_turns
from app.bookings.models import Booking, BookingKind, BookingState, SessionState, VisitSession
from app.bookings.rules import BookingAction
from app.bookings.service import Wanted
from app.demo import people
from app.demo.chance import Chance
from app.demo.edition import AHEAD, LEAST_CLASS, SOURCE, Cast, Host, Pupil, read_formats
from app.errors import Problem
from app.opportunities import service as opportunities
from app.opportunities import service_life as life
from app.opportunities.models import Kind
from app.opportunities.rules import Action
from app.opportunities.schemas import OpportunityIn

STAFF = system("demo")
OPENS = (30, 70)
"""So many days before its first session an event is published,"""
OPEN_SINCE = (8, 40)
"""and so many before the demo's day at the latest."""
TRIES = 8
"""So often somebody else asks where somebody cannot: they come already, or are elsewhere at that time."""
QUOTAS = 0.25
FOR_A_CLASS = 32
"""The least seats of the event that the persona's class goes to."""
STARTS = (time(9), time(9, 30), time(11), time(14, 30), time(14, 30), time(15))


def play(session: Session, cast: Cast, chance: Chance, number: int, wanted: int) -> Counter[str]:
    """Let an event be as it is on the demo's day after so many have asked; what came of it, in numbers."""
    scene = _Scene(session, cast, chance, number)
    scene.publish()
    scene.let_ask(wanted)
    scene.live()
    return scene.counted()


class _Scene:
    """An event, and what is going to happen to it."""

    def __init__(self, session: Session, cast: Cast, chance: Chance, number: int) -> None:
        self._session, self._cast, self._chance, self._number = session, cast, chance, number
        self._numbers: Mapping[str, Any] = read_formats()
        self._agenda: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order = count()
        self._answered: set[UUID] = set()
        hosts = cast.hosts
        self._host: Host = hosts[number] if number < len(hosts) else chance.choice(hosts)
        formats = [one for one in self._numbers["format"] if self._host.kind in one["by"]]
        self._format: Mapping[str, Any] = chance.choice(formats or self._numbers["format"])
        days = cast.ahead if number % 5 in AHEAD or not cast.past else cast.past
        self._days = sorted(chance.some(days or cast.past, chance.within(self._format["sessions"])))
        before = self._at(self._days[0], time(8)) - timedelta(days=chance.within(OPENS))
        self._opened = min(before, cast.now - timedelta(days=chance.within(OPEN_SINCE)))
        self._visits: list[VisitSession] = []
        self._event_id = UUID(int=0)

    def _at(self, day: Any, moment: time) -> datetime:
        return datetime.combine(day, moment, self._cast.now.tzinfo)

    def _plan(self, at: datetime, act: Callable[..., None], *whom: Any) -> None:
        if at < self._cast.now:
            step: tuple[datetime, int, Callable[[datetime], None]] = (
                at,
                next(self._order),
                partial(act, *whom),
            )
            heapq.heappush(self._agenda, step)

    # --- before -------------------------------------------------------------------------------------------------------

    def publish(self) -> None:
        """Write it, plan its sessions, perhaps with a quota, and publish it."""
        chance, form, host = self._chance, self._format, self._host
        language = "en" if chance.happens(self._numbers["english"]) else "it"
        is_online = form.get("online", False)
        hours = chance.within(form["hours"])
        words = {"town": host.town}
        event = opportunities.create(
            self._session,
            STAFF,
            OpportunityIn(
                company_id=host.company_id, kind=Kind.VISIT, title=chance.write(chance.choice(form[f"title_{language}"]), words),
                text=chance.write(form["text"].strip(), words), site_id=None if is_online else host.site_id, is_online=is_online,
                hours=hours, taught=[{"skill_id": one, "level": 1} for one in form["skills"]],
                source=SOURCE, external_id=f"{self._number + 1:04d}",
            ),
            now=self._opened,
        )  # fmt: skip
        self._event_id = event.id
        seats = max(chance.within(form["seats"]), FOR_A_CLASS if self._number == min(AHEAD) else 0)
        for day in self._days:
            starts_at = self._at(day, chance.choice(STARTS))
            values = {
                "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=hours), "language": language, "note": "",
                "room": "" if is_online else chance.choice(self._numbers["rooms"]), "seats": seats, "smallest_group": None,
                "online_link": f"https://incontri.example/{self._number + 1:04d}" if is_online else None,
                "is_open_to_guests": form.get("guests", False),
            }  # fmt: skip
            visit = service_sessions.create(self._session, STAFF, event.id, values, now=self._opened)
            visit.draw_seed = chance.randrange(2**31)
            self._visits.append(visit)
        if chance.happens(QUOTAS):
            self._limit(seats)
        life.move(self._session, STAFF, event.id, Action.PUBLISH, now=self._opened)
        for visit in self._visits:
            if chance.happens(self._numbers["cancelled_sessions"]):
                self._plan(visit.starts_at - timedelta(days=2), self._call_off, visit)
            self._plan(visit.ends_at, self._close, visit)

    def _limit(self, seats: int) -> None:
        """At most one or two classes in all, or some seats of the first session kept for a school until a week before."""
        chance, first = self._chance, self._visits[0]
        values: dict[str, Any] = dict.fromkeys(
            ("visit_session_id", "school_id", "year", "programme_id", "seats", "most_groups", "released_at")
        ) | {"keeps": False}
        if chance.happens(0.5):
            values |= {"name": "Classi intere", "most_groups": chance.randint(1, 2)}
        else:
            school_id = self._pupil().school_id
            values |= {
                "name": "Per una scuola vicina", "visit_session_id": first.id, "school_id": school_id, "keeps": True,
                "seats": max(2, seats // 4), "released_at": first.starts_at - timedelta(days=7),
            }  # fmt: skip
        service_quotas.create(self._session, STAFF, self._event_id, values, now=self._opened)

    def let_ask(self, wanted: int) -> None:
        """So many ask until their session begins or the demo's day comes, most of them soon; the personas come first."""
        chance = self._chance
        for number in range(wanted):
            visit = chance.choice(self._visits)
            until = min(visit.starts_at, self._cast.now)
            share = chance.random() ** (1 / self._numbers["rush"])
            at = self._opened + (until - self._opened) * (0.0 if number == 0 else share)
            is_persona = number == 0 and self._number in AHEAD
            self._plan(at, self._ask, visit, is_persona)
        self._plan(self._cast.now - timedelta(hours=16), self._withdraw)

    # --- what happens -------------------------------------------------------------------------------------------------

    def live(self) -> None:
        """Let everything happen in its order, and clocks strike in between, up to the demo's day."""
        while self._agenda:
            at, _, act = heapq.heappop(self._agenda)
            self._strike(at)
            act(at)
            self._read_offers(at)
        self._strike(self._cast.now)

    def _strike(self, now: datetime) -> None:
        """Whatever is due until then, the first first; what this makes known is answered before the next."""
        is_due = sa.and_(VisitSession.opportunity_id == self._event_id, Booking.due_at <= now)
        query = (
            sa.select(Booking).join(VisitSession, VisitSession.id == Booking.visit_session_id).where(is_due)
        )
        while (
            due := self._session.scalars(query.order_by(Booking.due_at, Booking.id).limit(1)).first()
        ) is not None:
            at = due.due_at.astimezone(self._cast.now.tzinfo) if due.due_at else now
            service_turns.strike(self._session, STAFF, due.id, at, self._cast.limits)
            self._read_offers(at)

    def _read_offers(self, now: datetime) -> None:
        """Who has been offered a seat will say yes or no, or nothing."""
        here = sa.select(VisitSession.id).where(VisitSession.opportunity_id == self._event_id)
        query = sa.select(Booking.id).where(
            Booking.visit_session_id.in_(here), Booking.state == BookingState.OFFERED
        )
        for booking_id in self._session.scalars(query.order_by(Booking.id)):
            if booking_id in self._answered:
                continue
            self._answered.add(booking_id)
            answer = self._chance.pick(self._numbers["offers"])
            if answer != "silence":
                at = now + self._cast.limits.offer * self._chance.random()
                self._plan(at, self._move, booking_id, BookingAction(answer))

    def _ask(self, visit: VisitSession, is_persona: bool, now: datetime) -> None:  # noqa: FBT001 - planned by place
        if visit.state is not SessionState.PLANNED or visit.starts_at <= now:
            return
        is_hold = self._chance.happens(self._numbers["holds"])
        for attempt in range(TRIES):
            pupil, wanted = self._wanted(is_persona=is_persona and attempt == 0, is_hold=is_hold)
            actor = people.student(pupil.id) if wanted.class_id is None else people.school(pupil.school_id)
            try:
                booking = service.book(
                    self._session, actor, visit.id, wanted, now=now, limits=self._cast.limits
                )
            except Problem:
                continue  # nothing was written yet: all that can be wrong is looked at before
            if booking.asked_at != now.astimezone(UTC):
                continue
            if booking.state is BookingState.HELD and self._chance.happens(0.8):
                minutes = self._cast.limits.hold * self._chance.random()
                self._plan(now + minutes, self._move, booking.id, BookingAction.CONFIRM)
            if self._chance.happens(self._numbers["cancels"]):
                at = now + (visit.starts_at - now) * self._chance.random()
                self._plan(at, self._move, booking.id, BookingAction.CANCEL)
            return

    def _wanted(self, *, is_persona: bool, is_hold: bool) -> tuple[Pupil, Wanted]:
        chance, classes = self._chance, self._cast.classes
        pupil = next(iter(classes.values()))[0] if is_persona else self._pupil()
        is_group = self._number == min(AHEAD) if is_persona else chance.happens(self._numbers["groups"])
        if is_group and len(classes[pupil.class_id]) >= LEAST_CLASS:
            return pupil, Wanted(class_id=pupil.class_id, adults=self._numbers["adults"], is_hold=is_hold)
        return pupil, Wanted(student_id=pupil.id, is_hold=is_hold)

    def _pupil(self) -> Pupil:
        return self._chance.choice(self._cast.classes[self._chance.pick(self._cast.eagerness)])

    def _move(self, booking_id: UUID, action: BookingAction, now: datetime) -> None:
        booking = self._session.get_one(Booking, booking_id)
        assert booking.school_id is not None  # noqa: S101 -- nobody here is a guest
        actor = (
            people.company(self._host.company_id) if action in _OF_HOST else people.school(booking.school_id)
        )
        with suppress(Problem):  # it is over, or no longer open to them: they come too late
            service_moves.move(self._session, actor, booking_id, action, now=now, limits=self._cast.limits)

    def _withdraw(self, now: datetime) -> None:
        """On the eve of the demo's day somebody gives a seat back of each session that others wait for."""
        waits = sa.select(Booking.visit_session_id).where(Booking.state == BookingState.WAITING)
        comes = (
            sa.select(Booking.visit_session_id, Booking.id)
            .join(VisitSession, VisitSession.id == Booking.visit_session_id)
            .where(VisitSession.opportunity_id == self._event_id, Booking.visit_session_id.in_(waits))
            .where(Booking.state == BookingState.BOOKED, Booking.kind == BookingKind.SINGLE)
        )
        one_each = {row.visit_session_id: row.id for row in self._session.execute(comes.order_by(Booking.id))}
        for booking_id in one_each.values():
            self._move(booking_id, BookingAction.CANCEL, now)

    # --- the day ------------------------------------------------------------------------------------------------------

    def _call_off(self, visit: VisitSession, now: datetime) -> None:
        found, event = service_sessions.get_for_change(self._session, STAFF, self._event_id, visit.id)
        service_turns.cancel(self._session, STAFF, found, event, now=now)

    def _close(self, visit: VisitSession, now: datetime) -> None:
        """The session is over, and the host says who came."""
        service_turns.close(self._session, STAFF, visit.id, now)
        coming = sa.select(Booking).where(
            Booking.visit_session_id == visit.id, Booking.state == BookingState.BOOKED
        )
        for booking in self._session.scalars(coming.order_by(Booking.asked_at, Booking.id)).all():
            stays_away = self._numbers["absent"]["group" if booking.kind is BookingKind.GROUP else "single"]
            action = BookingAction.MISS if self._chance.happens(stays_away) else BookingAction.ATTEND
            self._move(booking.id, action, now)

    def counted(self) -> Counter[str]:
        """The event in numbers."""
        here = sa.select(VisitSession.id).where(VisitSession.opportunity_id == self._event_id)
        rows = self._session.execute(
            sa.select(Booking.state, sa.func.count())
            .where(Booking.visit_session_id.in_(here))
            .group_by(Booking.state)
        )
        counts = Counter({"events": 1, "sessions": len(self._visits)})
        for state, number in sorted(rows.all()):
            counts["bookings"] += number
            counts[str(state)] += number
        return counts


_OF_HOST = frozenset({BookingAction.ATTEND, BookingAction.MISS})
