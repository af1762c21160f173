"""From asking to the day, in any order of steps of anybody, with time that goes on.

No seat is sold twice and none is lost, what is kept is kept, nobody waits who could come, nobody is to be in two places at
once, nothing hangs, and the events tell the same story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from app import errors
from app.bookings import rules, service_counts, service_moves, service_waiting
from app.bookings.models import Booking, BookingMember, SessionState, VisitSession
from app.bookings.models import BookingState as State
from app.bookings.rules import BookingAction as Action
from app.db import Database
from app.events.models import Event
from app.opportunities.models import Opportunity
from tests.app.bookings.world import STARTS, World
from tests.factories import NOW, Factory
from tests.together import live


@pytest.mark.parametrize("state", sorted(rules.OPEN))
def test_every_open_state_has_a_clock_or_somebody_who_moves_it_on(state: State) -> None:
    has_clock = state in rules.HAS_CLOCK
    assert has_clock is (state in rules.AFTER)
    before = rules.actions(rules.Side.STUDENT, state, is_group=False, has_begun=False)
    on_the_day = rules.actions(rules.Side.HOST, state, is_group=False, has_begun=True)
    assert before
    assert has_clock or on_the_day


class Life(RuleBasedStateMachine):
    """An event of three sessions, two of them at the same time; six students and two classes of three schools."""

    make: Factory
    seen: Counter[str]
    """The states that bookings have been in."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.make)
        self.database = self.world.database
        self.visits = [
            self.world.plan(seats=4), self.world.plan(seats=3, room="Sala B"),
            self.world.plan(seats=1, starts_at=STARTS + timedelta(days=1)),
        ]  # fmt: skip
        self.classes = [self.make.school_class(), self.make.school_class()]
        # In the order in which they are made, since ids are drawn by chance.
        of = [self.classes[number] for number in (0, 0, 1, 1, 1)]
        self.students = [*(self.make.student(one) for one in of), self.make.student()]
        self.world.quota(seats=8)
        self.world.quota(most_groups=1, visit_session_id=self.visits[1].id)
        self.world.quota(
            visit_session_id=self.visits[0].id, seats=2, keeps=True, school_id=self.classes[0].school_id,
            released_at=NOW + timedelta(days=3),
        )  # fmt: skip
        self.now = NOW
        self._look()

    @initialize(
        first=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans()), min_size=4, max_size=9)
    )
    def fill(self, first: list[tuple[int, int, bool]]) -> None:
        """Nobody waits for an empty room."""
        for student, visit, is_hold in first:
            self.book(student=student, visit=visit, is_hold=is_hold, may_wait=True)

    @rule(student=st.integers(0, 5), visit=st.integers(0, 2), is_hold=st.booleans(), may_wait=st.booleans())
    def book(self, student: int, visit: int, is_hold: bool, may_wait: bool) -> None:
        self._try(
            lambda: self.world.book(
                self.visits[visit], self.students[student], now=self._tick(), is_hold=is_hold, may_wait=may_wait
            )
        )  # fmt: skip

    @rule(number=st.integers(0, 1), visit=st.integers(0, 2), adults=st.integers(1, 2))
    def book_class(self, number: int, visit: int, adults: int) -> None:
        self._try(
            lambda: self.world.book_class(
                self.visits[visit], self.classes[number], adults=adults, now=self._tick()
            )
        )

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.rows))
        able = [one for one, states in rules.TRANSITIONS.items() if row.state in states]
        action = data.draw(st.sampled_from(able or list(Action)))
        self._try(lambda: self.world.move(row, action, now=self._tick()))

    @precondition(lambda self: any(one.state is State.WAITING for one in self.rows))
    @rule(data=st.data())
    def make_room(self, data: st.DataObject) -> None:
        """Somebody stays away where others wait."""
        waited_for = {one.visit_session_id for one in self.rows if one.state is State.WAITING}
        coming = [
            one for one in self.rows if one.state in rules.PROMISED and one.visit_session_id in waited_for
        ]
        if coming:
            row = data.draw(st.sampled_from(coming))
            self._try(lambda: self.world.move(row, Action.CANCEL, now=self._tick()))

    @rule(visit=st.integers(0, 2), seats=st.integers(1, 6))
    def change_seats(self, visit: int, seats: int) -> None:
        self._try(lambda: self.world.edit_session(self.visits[visit], seats=seats))

    @rule(student=st.integers(0, 5))
    def forget(self, student: int) -> None:
        with self.database.write() as session:
            host = self.world.host()
            service_moves.give_up(session, host, self.students[student].id, self.now)
        self._pass(timedelta(0))  # the clock gives these seats to who waits

    @rule(hours=st.sampled_from([1, 49, 24 * 4, 24 * 18]))
    def wait(self, hours: int) -> None:
        self._pass(timedelta(hours=hours))
        assert [one for one in self.rows if one.due_at is not None and one.due_at <= self.now] == []

    @precondition(lambda self: self.now < STARTS and len(self.rows) > 1)
    @rule(action=st.sampled_from([Action.ATTEND, Action.MISS]))
    def see_who_comes(self, action: Action) -> None:
        self._pass(STARTS + timedelta(hours=1) - self.now)
        for row in self.rows:
            self._try(partial(self.world.move, row, action, now=self._tick()))

    @invariant()
    def no_seat_is_sold_twice_and_none_is_lost(self) -> None:
        self.world.check()
        event = self.make.get(Opportunity, self.world.event.id)
        assert event is not None
        planned = [one for one in self.sessions.values() if one.state is SessionState.PLANNED]
        assert event.seats_taken == sum(one.seats_taken for one in planned)
        assert event.seats == max(1, sum(one.seats for one in planned))

    @invariant()
    def what_is_kept_is_free_and_nobody_waits_who_could_come(self) -> None:
        with self.database.read() as session:
            for visit in self.sessions.values():
                hall = service_counts.hall(session, visit, self.now)
                if visit.state is SessionState.PLANNED:
                    assert sum(share.kept(self.now) for share in hall.shares) <= hall.free
                assert not service_waiting.can_serve(session, visit, self.now)

    @invariant()
    def nobody_is_to_be_in_two_places(self) -> None:
        promised = {one.id for one in self.rows if one.state in rules.PROMISED}
        with self.database.read() as session:
            members = session.scalars(
                sa.select(BookingMember).where(BookingMember.booking_id.in_(promised))
            ).all()
        for one, other in combinations(members, 2):
            if one.student_id == other.student_id:
                first, second = (self.sessions[each.visit_session_id] for each in (one, other))
                assert first.ends_at <= second.starts_at or second.ends_at <= first.starts_at

    @invariant()
    def what_is_open_has_a_clock(self) -> None:
        for row in self.rows:
            assert (row.due_at is not None) is (row.state in rules.HAS_CLOCK)

    @invariant()
    def events_replay_to_the_same_state(self) -> None:
        states = {str(one.id): one.state.value for one in self.rows}
        told = sa.select(Event.object_id, Event.data).where(Event.object_id.in_(states))
        with self.database.read() as session:
            rows = session.execute(told.order_by(Event.id)).all()
        assert {row.object_id: row.data["to"] for row in rows if "to" in row.data} == states

    def teardown(self) -> None:
        self._pass(timedelta(days=60))
        assert {one.state for one in self.sessions.values()} == {SessionState.HELD}
        rows = self.rows
        assert rules.HAS_CLOCK.isdisjoint(one.state for one in rows)
        told = sa.select(Event.data).where(Event.object_id.in_([str(one.id) for one in rows]))
        with self.database.read() as session:
            self.seen.update(data["to"] for data in session.scalars(told) if data and "to" in data)

    def _look(self) -> None:
        self.rows = self.world.rows()
        of_event = VisitSession.opportunity_id == self.world.event.id
        with self.database.read() as session:
            found = session.scalars(sa.select(VisitSession).where(of_event).order_by(VisitSession.id))
            self.sessions = {one.id: one for one in found}

    def _tick(self) -> datetime:
        """Each request has a moment of its own."""
        self.now += timedelta(seconds=1)
        return self.now

    def _pass(self, time: timedelta) -> None:
        self.now += time
        self.world.tick(self.now)
        self._look()

    def _try(self, step: Callable[[], object]) -> None:
        # A refusal changes nothing, which the invariants see.
        with suppress(errors.Problem):
            step()
        self._look()


def _live(database: Database, examples: int) -> Counter[str]:
    seen: Counter[str] = Counter()
    live(Life, examples, make=Factory(database), seen=seen)
    return seen


def test_no_order_of_steps_breaks_anything(database: Database) -> None:
    seen = _live(database, 20)
    assert set(State) - {State.DECLINED} <= set(seen), seen


def test_a_seat_that_is_not_given_back_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the test above can fail."""
    monkeypatch.setattr(service_counts, "give_back", lambda *_, **__: None)
    with pytest.raises(AssertionError):
        _live(database, 40)


def test_a_list_that_is_not_served_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_waiting, "serve_event", lambda *_, **__: 0)
    with pytest.raises(AssertionError):
        _live(database, 40)


def test_an_offer_goes_on_to_the_next_when_it_is_refused_or_not_answered(database: Database) -> None:
    world = World(Factory(database))
    visit = world.plan(seats=1)
    first = world.book(visit)
    waiting: list[Booking] = [
        world.book(visit, now=NOW + timedelta(minutes=number)) for number in range(1, 4)
    ]
    assert {one.state for one in waiting} == {State.WAITING}
    world.move(first, Action.CANCEL)
    assert [world.now(one).state for one in waiting] == [State.OFFERED, State.WAITING, State.WAITING]
    assert world.now(waiting[0]).due_at == NOW + timedelta(hours=48)
    world.move(waiting[0], Action.DECLINE)
    assert [world.now(one).state for one in waiting] == [State.DECLINED, State.OFFERED, State.WAITING]
    told = world.tick(NOW + timedelta(hours=48))
    assert told == {"bookings_expired": 1, "sessions_held": 0, "seats_offered": 0}
    assert [world.now(one).state for one in waiting] == [State.DECLINED, State.EXPIRED, State.OFFERED]
    later = NOW + timedelta(hours=49)
    assert world.move(world.now(waiting[2]), Action.ACCEPT, now=later) is State.BOOKED
    world.check()
