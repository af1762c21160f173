"""The whole life of placements, whatever anybody does in whatever order: hypothesis plays all sides and the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from app import dates, errors
from app.db import Database
from app.events import service as events
from app.opportunities import rules as opportunity_rules
from app.opportunities import service_life as life
from app.opportunities import service_life as seats
from app.opportunities.models import Opportunity
from app.placements import rules, service, service_clock, service_terms
from app.placements.models import EndReason, Party, Placement, State
from app.placements.rules import Action, Terms
from app.privacy import service_erasure as erasures
from app.students.models import Student
from tests.factories import ACTOR, NOW, Factory
from tests.together import live

SEATS = (1, 2)
STUDENTS = 2


AGREEMENT: dict[str, st.SearchStrategy[Any]] = {
    "who": st.integers(0, STUDENTS - 1), "where": st.integers(0, len(SEATS) - 1), "ahead": st.integers(-1, 8),
    "length": st.integers(0, 6), "weekdays": st.sampled_from([127, 31, 1]), "hours": st.none() | st.integers(6, 18),
}  # fmt: skip

really_clash = dates.clash


class Life(RuleBasedStateMachine):
    """Two students, two opportunities with three seats, and time that goes on."""

    database: Database
    made = Bundle("made")

    @initialize(target=made, first=st.lists(st.fixed_dictionaries(AGREEMENT), min_size=2, max_size=5))
    def begin(self, first: list[dict[str, Any]]) -> Any:
        make = Factory(self.database)
        make.numbers = NUMBERS  # all that is played stands in one database
        school_class = make.school_class()
        self.students = [make.student(school_class) for _ in range(STUDENTS)]
        self.opportunities = [make.opportunity(seats=number).id for number in SEATS]
        self.now = NOW
        self.used: Counter[UUID] = Counter()
        """Seats of placements that were over when their student was forgotten."""
        return multiple(*filter(None, [self.agreed(**one) for one in first]))

    def attempt(self, do: Callable[[Any], Any]) -> Any:
        """What the service refuses does not happen; whatever else goes wrong is a fault."""
        with suppress(errors.Conflict, errors.Invalid, errors.NotFound), self.database.write() as session:
            return do(session)
        return None

    @rule(target=made, agreement=st.fixed_dictionaries(AGREEMENT))
    def agree(self, agreement: dict[str, Any]) -> Any:
        placement_id = self.agreed(**agreement)
        return multiple() if placement_id is None else placement_id

    def agreed(
        self, who: int, where: int, ahead: int, length: int, weekdays: int, hours: int | None
    ) -> UUID | None:
        starts_on = self.now.date() + timedelta(days=ahead)
        times = () if hours is None else (NOW.time().replace(hour=hours), NOW.time().replace(hour=hours + 4))
        terms = Terms(starts_on, starts_on + timedelta(days=length), 4, 4, weekdays, *times)

        def do(session: Any) -> Any:
            student = session.get(Student, self.students[who].id)
            opportunity = session.get_one(Opportunity, self.opportunities[where])
            return student and service.create(session, ACTOR, student, opportunity, terms, now=self.now)

        placement = self.attempt(do)
        return None if placement is None else placement.id

    @rule(placement_id=made, action=st.sampled_from(Action), party=st.sampled_from(Party))
    def act(self, placement_id: UUID, action: Action, party: Party) -> None:
        def do(session: Any) -> None:
            placement = session.get(Placement, placement_id)
            if placement is not None:
                reason = EndReason.MOVED
                service.move(session, ACTOR, placement, action, now=self.now, party=party, reason=reason)

        self.attempt(do)

    @rule(placement_id=made, days=st.integers(-5, 10))
    def shift(self, placement_id: UUID, days: int) -> None:
        def do(session: Any) -> None:
            seen = service.find(session, ACTOR, placement_id)
            moved = {
                name: getattr(seen.placement, name) + timedelta(days=days)
                for name in ("starts_on", "ends_on")
            }
            service_terms.edit(session, ACTOR, seen, moved, now=self.now)

        self.attempt(do)

    @rule(where=st.integers(0, len(SEATS) - 1), action=st.sampled_from(["close", "reopen"]))
    def change_offer(self, where: int, action: str) -> None:
        what = opportunity_rules.Action(action)
        self.attempt(lambda session: life.move(session, ACTOR, self.opportunities[where], what, now=self.now))

    @rule(days=st.integers(0, 12))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)
        service_clock.run(self.database, self.now)

    @rule(gone=consumes(made))
    def forget_its_student(self, gone: UUID) -> None:
        with self.database.read() as session:
            placement = session.get(Placement, gone)
            if placement is None:
                return
            student_id = placement.student_id
            kept = session.scalars(
                sa.select(Placement.opportunity_id).where(
                    Placement.student_id == student_id,
                    Placement.state.in_([State.COMPLETED, State.INTERRUPTED]),
                )
            )
            self.used.update(kept)
        with self.database.write() as session:
            erasures.ask_for_student(session, ACTOR, student_id, now=self.now, hours=0)

    # --- what holds whatever happens ----------------------------------------------------------------------------------

    def rows(self) -> list[Placement]:
        with self.database.read() as session:
            ours = Placement.opportunity_id.in_(self.opportunities)
            return list(session.scalars(sa.select(Placement).where(ours)))

    @invariant()
    def seats_are_counted(self) -> None:
        held = Counter(one.opportunity_id for one in self.rows() if one.state in rules.HOLDS_SEAT) + self.used
        with self.database.read() as session:
            for opportunity_id, most in zip(self.opportunities, SEATS, strict=True):
                taken = session.get_one(Opportunity, opportunity_id).seats_taken
                assert taken == held[opportunity_id] <= most

    @invariant()
    def an_open_state_has_a_clock_and_an_owner(self) -> None:
        for one in self.rows():
            is_open = one.state in rules.OPEN
            assert (
                (one.due_at is not None)
                is (one.state in rules.OWNER)
                is (one.state in rules.AT_DUE)
                is is_open
            )

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        waiting = [one for one in self.rows() if one.state in rules.OPEN]
        for one, other in combinations(waiting, 2):
            assert one.student_id != other.student_id or not really_clash(one, other)

    @invariant()
    def events_tell_the_same_story(self) -> None:
        for one in self.rows():
            with self.database.read() as session:
                told = events.history(session, "placement", one.id)
            moves = [event.data for event in told if event.action == "placement.moved"]
            state = State(told[0].data["to"])
            for move in moves:
                assert state == move["from"]
                state = rules.TRANSITIONS[Action(move["by"])][state]
            assert state is one.state

    def teardown(self) -> None:
        # No dead end: from wherever it stands, the clock alone brings everything to an end.
        for _ in range(len(rules.OPEN)):
            self.now += timedelta(days=60)
            service_clock.run(self.database, self.now)
        assert [one.state for one in self.rows() if one.state in rules.OPEN] == []


NUMBERS = Factory(None).numbers  # type: ignore[arg-type]


def play(database: Database) -> None:
    live(Life, 20, steps=25, database=database)


def test_the_whole_life(database: Database) -> None:
    play(database)


def forgetful(*_: Any, **__: Any) -> bool:
    return False


@pytest.mark.parametrize(
    ("where", "name", "instead"),
    [
        (dates, "clash", forgetful),
        (seats, "free_seat", forgetful),
        (seats, "has_free_seat", sa.true()),
        (service_clock, "strike", forgetful),
        (service, "release", forgetful),
    ],
)
def test_without_a_guard_it_does_not_hold(
    database: Database, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, instead: Any
) -> None:
    monkeypatch.setattr(where, name, instead)
    with pytest.raises((AssertionError, sa.exc.IntegrityError)):
        play(database)
