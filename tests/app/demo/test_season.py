"""The season: nothing that can be in some state is left out, and it is the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app import demo
from app.agreements.models import Paper, PaperKind, PaperState
from app.applications.models import Application, ApplicationState
from app.concerns.models import Concern, ConcernKind, Side, Stage
from app.db import Database
from app.demo import season
from app.hours.models import DiaryEntry, EntryState, Evaluation, HourEntry
from app.opportunities.models import Opportunity
from app.placements.models import Party, Placement, State
from app.rounds.models import Round, RoundClass, RoundState
from app.settings import Settings
from tests.app.demo.world import ON, dump, undone

DAY = datetime.combine(ON, time(9), ZoneInfo(Settings().time_zone))
SIZE = demo.Size(students=120, companies=24, opportunities=40)
SECRET = {
    "notifications", "mails", "documents", "signatures", "match_runs", "jobs", "signing_codes", "round_runs",
}  # fmt: skip
"""What tells when it was really written, or how long it took; the rows are counted all the same."""


def played(database: Database) -> season.Played:
    demo.load(database, SIZE, seed=3, on=ON, quiet=True)
    return season.play(database, Settings(), seed=3, on=ON, quiet=True)


@dataclass(frozen=True)
class World:
    """A database in which the season was played, and what it left when it was played before."""

    database: Database
    counts: dict[str, int]
    before: tuple[dict[str, int], dict[str, list[tuple[Any, ...]]]]


@pytest.fixture(scope="module")
def world(referenced: Database) -> Iterator[World]:
    with undone(referenced) as database:
        before = played(database).counts, dump(database)
    with undone(referenced) as database:
        yield World(database, played(database).counts, before)


@pytest.mark.parametrize(
    ("column", "states"),
    [
        (Application.state, ApplicationState),
        (Placement.state, State),
        (Round.state, RoundState),
        (Concern.stage, Stage),
        (Concern.kind, ConcernKind),
        (HourEntry.state, EntryState),
        (Paper.state, PaperState),
        (Paper.kind, PaperKind),
    ],
)
def test_every_state_is_there(world: World, column: Any, states: type[StrEnum]) -> None:
    with world.database.read() as session:
        found = set(session.scalars(sa.select(column).distinct()))
    assert found == set(states)


def test_every_side_speaks(world: World) -> None:
    with world.database.read() as session:
        assert set(session.scalars(sa.select(Concern.raised_side))) == {Side.STUDENT, Side.FAMILY}
        assert set(session.scalars(sa.select(Evaluation.party))) == set(Party) - {Party.SERVICE}
        assert session.scalar(sa.select(sa.func.count()).select_from(DiaryEntry))


def test_one_class_of_twenty_five_is_somewhere(world: World) -> None:
    """Each of them has applied, and twenty-one have a placement of their own or had one."""
    with world.database.read() as session:
        agreed = sa.select(Application.student_id).where(Application.round_id.is_(None))
        students = set(session.scalars(agreed))
        placed = set(session.scalars(agreed.where(Application.placement_id.is_not(None))))
        assert (len(students), len(placed)) == (season.CLASS_SIZE, 21)


def test_no_clock_is_late_and_no_seat_oversold(world: World) -> None:
    with world.database.read() as session:
        for kind in (Placement, Application, Paper, Concern):
            assert session.scalars(sa.select(kind.id).where(kind.due_at <= DAY)).all() == [], kind
        oversold = sa.select(Opportunity.id).where(Opportunity.seats_taken > Opportunity.seats)
        assert session.scalars(oversold).all() == []


def test_the_same_seed_and_day_play_the_same(world: World) -> None:
    counts, first = world.before
    second = dump(world.database)
    assert world.counts == counts
    for table, rows in first.items():
        if table in SECRET:
            assert len(rows) == len(second[table]), table
        else:
            assert rows == second[table], table


def test_a_season_needs_the_demo(database: Database) -> None:
    with pytest.raises(season.NoDemo):
        season.play(database, Settings(), on=ON, quiet=True)


def test_two_schools_share_a_round_and_one_has_published(world: World) -> None:
    with world.database.read() as session:
        [shared] = session.scalars(sa.select(Round).where(Round.territory_id.is_not(None))).all()
        classes = session.scalars(sa.select(RoundClass).where(RoundClass.round_id == shared.id)).all()
    assert shared.state is RoundState.REVIEWED
    assert len({one.school_id for one in classes}) == 2
    assert sorted(one.published_at is not None for one in classes) == [False, True]
