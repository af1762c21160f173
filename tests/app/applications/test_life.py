"""From applying to the completed placement, in any order of steps of any side, with time that goes on.

No seat is oversold, none is lost, nothing hangs, nobody is promised to two places at once, and the events tell the same story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from itertools import combinations
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from app import dates, errors
from app.applications import rules, service_clocks
from app.applications.models import Application
from app.applications.models import ApplicationState as State
from app.applications.rules import ApplicationAction as Action
from app.applications.rules import Caps
from app.auth.actors import Actor
from app.db import Database
from app.events.models import Event
from app.opportunities import service_life as seats
from app.opportunities.models import Opportunity
from app.placements import rules as placement_rules
from app.placements import service as placements
from app.placements import service_clock as placement_clock
from app.placements.models import EndReason, Party, Placement
from app.placements.rules import Action as PlacementAction
from tests.app.applications.world import World
from tests.factories import ACTOR, NOW, Factory
from tests.together import live

CAPS = Caps(open_per_student=2, contacts_per_month=3)
JUNE = (date(2026, 6, 8), date(2026, 6, 19))


@pytest.mark.parametrize("state", sorted(rules.OPEN))
def test_every_open_state_has_an_owner_who_can_move_it_on(state: State) -> None:
    owner = rules.OWNER[state]
    if owner is Party.SERVICE:
        assert state is State.QUEUED
    else:
        assert any(
            rules.TRANSITIONS[action][state] is not state for action in rules.actions(owner, state, None)
        )


class Life(RuleBasedStateMachine):
    """Two students, three opportunities of one seat each, two of them on the same days."""

    make: Factory
    ends: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        make, self.database = self.make, self.make.database
        self.world = World(make)
        mate = make.student(class_id=self.world.student.class_id, school_id=self.world.student.school_id)
        self.students = [self.world.student, mate]
        company = make.company()
        self.offers = [
            self.world.opportunity(company=company, seats=1),
            self.world.opportunity(company=company, seats=1),
            self.world.opportunity(*JUNE, company=company, seats=1),
        ]
        self.now = NOW
        self.order: dict[UUID, int] = {}
        self.rows: list[Application] = []
        self.placed: list[Placement] = []

    @rule(student=st.integers(0, 1), offer=st.integers(0, 2))
    def apply(self, student: int, offer: int) -> None:
        self._try(
            lambda: self.world.apply(self.offers[offer], self.students[student], now=self.now, caps=CAPS)
        )

    @rule(student=st.integers(0, 1), offer=st.integers(0, 1))
    def propose(self, student: int, offer: int) -> None:
        self._try(lambda: self.world.propose(self.offers[offer], self.students[student], now=self.now))

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), party=st.sampled_from([Party.STUDENT, Party.COMPANY, Party.SCHOOL]))
    def move(self, data: st.DataObject, party: Party) -> None:
        row = data.draw(st.sampled_from(self.rows))
        has_approved = row.school_approved_at is not None
        able = rules.actions(party, row.state, row.ended_for, has_approved=has_approved)
        action = data.draw(st.sampled_from(able or list(Action)))
        reason = min(rules.REASONS[action]) if action in rules.REASONS else None
        actor = self._actor(party, row)
        self._try(lambda: self.world.move(actor, action, row, reason=reason, now=self.now, caps=CAPS))

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), times=st.sampled_from([1, 3]))
    def say_yes(self, data: st.DataObject, times: int) -> None:
        application_id = data.draw(st.sampled_from(self.rows)).id
        yes = {Party.STUDENT: Action.CONFIRM, Party.COMPANY: Action.ACCEPT, Party.SCHOOL: Action.APPROVE}
        for _ in range(times):
            row = next(one for one in self.rows if one.id == application_id)
            owner = rules.OWNER.get(row.state)
            if owner in yes:
                actor = self._actor(owner, row)
                self._try(partial(self.world.move, actor, yes[owner], row, now=self.now, caps=CAPS))

    @precondition(lambda self: self.placed)
    @rule(
        data=st.data(), times=st.sampled_from([1, 3]),
        party=st.sampled_from([Party.STUDENT, Party.COMPANY, Party.SCHOOL]),
    )  # fmt: skip
    def go_on(self, data: st.DataObject, times: int, party: Party) -> None:
        placement_id = data.draw(st.sampled_from(self.placed)).id
        for _ in range(times):
            state = next(one.state for one in self.placed if one.id == placement_id)
            able = [one for one, states in placement_rules.TRANSITIONS.items() if state in states]
            action = data.draw(st.sampled_from(able or list(PlacementAction)))
            self._try(partial(self._step, placement_id, action, party))

    def _step(self, placement_id: UUID, action: PlacementAction, party: Party) -> None:
        with self.database.write() as session:
            placement = session.get_one(Placement, placement_id)
            ended = {"party": party, "reason": EndReason.MOVED}
            placements.move(session, ACTOR, placement, action, now=self.now, **ended)

    @precondition(lambda self: any(one.due_at for one in self.placed))
    @rule()
    def wait_for_a_placement(self) -> None:
        due = min(one.due_at for one in self.placed if one.due_at)
        self._pass(max(0, (due - self.now).days) + 1)

    @rule(days=st.sampled_from([1, 5, 12]))
    def wait(self, days: int) -> None:
        self._pass(days)
        due = [one for one in (*self.rows, *self.placed) if one.due_at is not None and one.due_at <= self.now]
        assert due == []

    def _pass(self, days: int) -> None:
        """Time goes by, and every state that is due has its turn: of a placement, perhaps one after the other."""
        self.now += timedelta(days=days)
        service_clocks.run(self.database, self.now, CAPS)
        for _ in placement_rules.OPEN:
            placement_clock.run(self.database, self.now)
        self._look()

    @invariant()
    def no_seat_is_oversold_and_none_is_lost(self) -> None:
        with self.database.read() as session:
            offers = session.scalars(sa.select(Opportunity).where(Opportunity.id.in_(self._ids()))).all()
        held = Counter(row.opportunity_id for row in self.rows if row.state in rules.HOLDS_SEAT)
        held.update(one.opportunity_id for one in self.placed if one.state in placement_rules.HOLDS_SEAT)
        for offer in offers:
            assert offer.seats_taken == held[offer.id] <= offer.seats

    @invariant()
    def nobody_is_promised_to_two_places_for_one_day(self) -> None:
        promised = [row for row in self.rows if row.state in rules.PROMISED]
        placed = [one for one in self.placed if one.state in placement_rules.OPEN]
        for one, other in combinations([*promised, *placed], 2):
            assert one.student_id != other.student_id or not dates.clash(one, other)

    @invariant()
    def what_is_open_has_an_owner_and_a_clock(self) -> None:
        for row in self.rows:
            assert (row.due_at is not None) is (row.state in rules.OWNER) is (row.state in rules.OPEN)
        for one in self.placed:
            is_open = one.state in placement_rules.OPEN
            assert (one.due_at is not None) is (one.state in placement_rules.OWNER) is is_open

    @invariant()
    def three_yeses_make_a_placement(self) -> None:
        approved = {row.placement_id for row in self.rows if row.state is State.APPROVED}
        assert approved == {one.id for one in self.placed}

    @invariant()
    def one_is_open_for_each_pair(self) -> None:
        pairs = Counter((row.student_id, row.opportunity_id) for row in self.rows if row.state in rules.OPEN)
        assert set(pairs.values()) <= {1}

    @invariant()
    def events_replay_to_the_same_state(self) -> None:
        states = {str(one.id): one.state.value for one in (*self.rows, *self.placed)}
        told = sa.select(Event.object_id, Event.data).where(
            Event.object_type.in_(["application", "placement"]), Event.object_id.in_(states)
        )
        with self.database.read() as session:
            rows = session.execute(told.order_by(Event.id)).all()
        assert {row.object_id: row.data["to"] for row in rows if "to" in row.data} == states

    def teardown(self) -> None:
        self._pass(400)
        states = {one.state for one in (*self.rows, *self.placed)}
        assert not states & (rules.OPEN | placement_rules.OPEN)
        self.ends.update(f"{type(one).__name__} {one.state}" for one in (*self.rows, *self.placed))

    def _ids(self) -> list[UUID]:
        return [offer.id for offer in self.offers]

    def _look(self) -> None:
        with self.database.read() as session:
            query = sa.select(Application).where(Application.opportunity_id.in_(self._ids()))
            found = list(session.scalars(query))
            own = sa.select(Placement).where(Placement.opportunity_id.in_(self._ids()))
            placed = list(session.scalars(own))
        # In the order in which they came, since ids are drawn by chance: each step makes one at most.
        for one in (*found, *placed):
            self.order.setdefault(one.id, len(self.order))
        self.rows = sorted(found, key=lambda row: self.order[row.id])
        self.placed = sorted(placed, key=lambda one: self.order[one.id])

    def _actor(self, party: Party, row: Application) -> Actor:
        student = next(one for one in self.students if one.id == row.student_id)
        offer = next(one for one in self.offers if one.id == row.opportunity_id)
        return {
            Party.STUDENT: self.world.giulia(student), Party.COMPANY: self.world.company(offer),
            Party.SCHOOL: self.world.school(),
        }[party]  # fmt: skip

    def _try(self, step: Callable[[], object]) -> None:
        # A refusal changes nothing, which the invariants see.
        with suppress(errors.Problem):
            step()
        self._look()


def _live(database: Database, examples: int) -> Counter[str]:
    ends: Counter[str] = Counter()
    live(Life, examples, make=Factory(database), ends=ends)
    return ends


def test_no_order_of_steps_breaks_anything(database: Database) -> None:
    ends = _live(database, 50)
    ways = {
        "Application": ("approved", "expired", "cancelled"),
        "Placement": ("completed", "interrupted", "cancelled"),
    }
    assert {f"{kind} {state}" for kind, states in ways.items() for state in states} <= set(ends), ends


def test_a_seat_that_is_not_given_back_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the test above can fail."""
    monkeypatch.setattr(seats, "free_seat", lambda *_: None)
    with pytest.raises(AssertionError):
        _live(database, 100)
