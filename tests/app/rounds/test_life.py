"""The life of a round: wishes are copied, runs propose, people pin and publish; clocks freeze and cancel, and never publish."""

from __future__ import annotations

import json
from datetime import date, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app.cli import app as cli
from app.db import Database
from app.errors import Problem
from app.matches.service_remedies import Remedy
from app.opportunities.models import Opportunity, OpportunitySpan, Status
from app.placements.models import State
from app.placements.service import Terms, create
from app.rounds import (
    rules,
    service_board,
    service_clocks,
    service_kept,
    service_pins,
    service_publishing,
    service_reasons,
    service_students,
    service_trying,
    service_wishes,
)
from app.rounds import service as rounds
from app.rounds.models import CompanyRank, RoundSeat, RoundState, RoundWish, Ruling, RunMode
from app.rounds.rules import Action
from app.rounds.service_trying import Wanted
from tests.app.rounds.world import DATES, World, teacher_of
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.queries import count_queries


@pytest.fixture
def world(make: Factory) -> World:
    """Three students who all want the first of three opportunities with one seat each."""
    world = World.of(make)
    for student in range(3):
        world.wish(student, 0, 1)
    return world


def reviewed(world: World, mode: RunMode = RunMode.STABLE) -> World:
    world.open()
    world.move(Action.FREEZE)
    world.run(mode)
    return world


def seats(world: World, number: int) -> dict[UUID, UUID]:
    with world.database.read() as session:
        kept = service_kept.load(session, world.id, number)
    offers = kept.question.offers
    return {UUID(who): UUID(offers[seat.offer].id) for who, seat in kept.seats.items()}


def test_every_state_has_a_clock_or_is_an_end() -> None:
    ends = {RoundState.PUBLISHED, RoundState.CANCELLED}
    for state in RoundState:
        due = rules.due_at(state, TODAY, TODAY, NOW.tzinfo or rules.UTC)
        assert (due is None) == (state in ends) == (state not in rules.AT_DUE)
    assert Action.PUBLISH not in rules.AT_DUE.values()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ends_on": date(2026, 5, 31)}, "ends_on"),
        ({"ends_on": date(2027, 8, 1)}, "ends_on"),
        ({"closes_on": TODAY - timedelta(days=1), "opens_on": TODAY - timedelta(days=2)}, "closes_on"),
        ({"opens_on": TODAY + timedelta(days=11)}, "closes_on"),
        ({"publish_by": DATES["closes_on"]}, "publish_by"),
        ({"starts_on": DATES["publish_by"]}, "starts_on"),
        ({"kinds": []}, "kinds"),
        ({"class_ids": [UUID(int=1)]}, "class_ids.0"),
    ],
)
def test_what_cannot_be_meant_names_its_field(world: World, changes: dict[str, object], field: str) -> None:
    with pytest.raises(rounds.BadRound) as caught:
        world.open(**changes)
    assert [fault["field"] for fault in caught.value.faults] == [field]


def test_freezing_copies_the_lists_and_later_wishes_change_nothing(world: World) -> None:
    world.open(max_wishes=1)
    visit = world.make.opportunity(kind="visit")
    world.make.wish(world.students[0], visit, 3)
    world.move(Action.FREEZE)
    world.make.wish(world.students[0], world.offers[2], 4)
    with world.database.read() as session:
        rows = session.execute(
            sa.select(RoundWish.student_id, RoundWish.position, RoundWish.opportunity_id)
        ).all()
    assert sorted(rows) == sorted((student.id, 1, world.offers[0].id) for student in world.students)


def test_late_wishes_are_copied_for_those_who_are_named(world: World) -> None:
    late = world.make.student(world.school_class)
    world.make.change(world.offers[2], seats=2)
    reviewed(world)
    world.make.wish(late, world.offers[2], 1)
    with world.database.write() as session:
        service_students.collect_late(session, world.lead, world.id, [late.id])
    world.run()
    assert seats(world, 2)[late.id] == world.offers[2].id


def test_a_stable_run_gives_each_seat_once_and_the_report_says_so(world: World) -> None:
    reviewed(world)
    assert sorted(seats(world, 1).values()) == sorted(offer.id for offer in world.offers)
    with world.database.read() as session:
        run = service_kept.read(session, world.id, 1)
    assert (run.students, run.placed) == (3, 3)
    assert {name: run.report[name] for name in ("is_valid", "is_stable", "by_wish", "beyond", "unplaced")} == {
        "is_valid": True, "is_stable": True, "by_wish": [1, 1], "beyond": 1, "unplaced": 0,
    }  # fmt: skip
    assert (world.row.state, world.row.run_number) == (RoundState.REVIEWED, 1)


def test_running_again_with_nothing_changed_is_the_same_run(world: World) -> None:
    reviewed(world)
    assert world.run() == 1
    assert world.run(RunMode.OPTIMAL) == 2
    with world.database.write() as session:
        service_kept.choose(session, world.lead, world.id, 1, now=NOW)
    assert world.row.run_number == 1


@pytest.mark.parametrize("mode", list(RunMode))
def test_a_run_done_again_gives_the_same_until_a_student_is_gone(world: World, mode: RunMode) -> None:
    reviewed(world, mode)
    with world.database.read() as session:
        kept = service_kept.load(session, world.id, 1, is_for_replay=True)
    assert service_kept.replay(kept) == (True, 0)
    with world.database.write() as session:
        session.execute(sa.delete(RoundSeat).where(RoundSeat.student_id == world.students[0].id))
    with world.database.read() as session:
        assert service_kept.replay(service_kept.load(session, world.id, 1)) == (None, 0)


def test_a_seat_that_goes_while_a_run_is_computed_makes_it_begin_anew(world: World) -> None:
    world.open()
    world.move(Action.FREEZE)
    gone: list[int] = []

    def take(step: int) -> None:
        if step == 3 and not gone:
            gone.append(step)
            world.make.change(world.offers[0], seats_taken=1, status=Status.FULL)

    from app.rounds import service_runs

    with world.database.write() as session:
        order, _ = service_runs.ask(session, world.lead, world.id, mode=RunMode.STABLE)
    number = service_runs.run(
        world.database, world.engine, world.lead, order, clock=lambda: NOW, advance=take
    )
    assert gone == [3]
    assert world.offers[0].id not in seats(world, number).values()


# --- what people decide -----------------------------------------------------------------------------------------------


def pin(world: World, student: int, offer: int, ruling: Ruling = Ruling.PIN) -> UUID:
    with world.database.write() as session:
        return service_pins.make(
            session, world.lead, world.engine, world.id, student_id=world.students[student].id,
            opportunity_id=world.offers[offer].id, ruling=ruling, why="Ne abbiamo parlato", now=NOW,
        ).id  # fmt: skip


def test_pins_and_bans_hold_in_the_next_run_and_go_when_taken_back(world: World) -> None:
    reviewed(world)
    first = pin(world, 2, 0)
    pin(world, 1, 1, Ruling.BAN)
    world.run()
    found = seats(world, 2)
    assert found[world.students[2].id] == world.offers[0].id
    assert found[world.students[1].id] == world.offers[2].id
    with world.database.write() as session:
        service_pins.remove(session, world.lead, world.id, first)
    pin(world, 0, 0)
    world.run()
    assert seats(world, 3)[world.students[0].id] == world.offers[0].id


def test_more_pins_than_seats_are_refused_in_words(world: World) -> None:
    reviewed(world)
    pin(world, 0, 0)
    pin(world, 1, 0)
    with pytest.raises(service_kept.PinsImpossible):
        world.run()


def test_no_pin_overrules_a_rule_but_distance_is_the_students_own_word(world: World) -> None:
    far = world.make.municipality(
        "099014", name="Rimini", province_code="RN", latitude=44.06, longitude=12.57
    )
    world.offers.append(world.make.opportunity(municipality_istat=far.istat))
    world.offers.append(world.make.opportunity(min_age=30))
    reviewed(world)
    pin(world, 0, 3)
    with pytest.raises(service_pins.PinForbidden):
        pin(world, 0, 4)
    world.run()
    assert seats(world, 2)[world.students[0].id] == world.offers[3].id


def test_what_if_tells_what_would_change_and_keeps_nothing(world: World) -> None:
    reviewed(world)
    before = seats(world, 1)
    [winner] = [who for who, offer in before.items() if offer == world.offers[0].id]
    loser = next(one.id for one in world.students if one.id != winner)
    with world.database.read() as session:
        trial = service_trying.ask(session, world.lead, world.id, [Wanted(loser, world.offers[0].id)])
    outcome = service_trying.answer(trial)
    assert (outcome.before["placed"], outcome.after["placed"], outcome.elsewhere) == (3, 3, 0)
    moved = {one.student_id: one.after.opportunity_id for one in outcome.shifts if one.after}
    assert moved[loser] == world.offers[0].id
    assert moved[winner] != world.offers[0].id
    assert seats(world, 1) == before
    assert world.row.run_number == 1


def test_a_near_run_moves_as_few_as_can_be(make: Factory) -> None:
    world = World.of(make, students=6, seats=(1, 1, 1, 1, 1, 2))
    for student in range(6):
        world.wish(student, student, (student + 1) % 6)
    reviewed(world, RunMode.OPTIMAL)
    pin(world, 0, 5)
    world.run(RunMode.OPTIMAL, is_near=True)
    before, after = seats(world, 1), seats(world, 2)
    assert [who for who in before if before[who] != after[who]] == [world.students[0].id]


def test_a_companys_order_goes_before_the_score(world: World) -> None:
    last = world.students[2]
    world.make.add(
        CompanyRank(
            opportunity_id=world.offers[0].id, student_id=last.id, position=1, ranked_at=NOW, ranked_by="t"
        )
    )
    reviewed(world)
    assert seats(world, 1)[last.id] == world.offers[0].id


# --- why, and what would help -----------------------------------------------------------------------------------------


def test_who_has_no_seat_learns_why_and_what_would_help(make: Factory) -> None:
    world = World.of(make, students=2, seats=(1,))
    far = make.municipality("037099", name="Altrove", latitude=44.49, longitude=11.75)
    world.offers += [make.opportunity(municipality_istat=far.istat, seats=1, title="Lontano")]
    for student in (0, 1):
        world.wish(student, 0)
    reviewed(world)
    [without] = [one for one in world.students if one.id not in seats(world, 1)]
    with world.database.read() as session:
        inquiry = service_reasons.ask(
            session, world.lead, world.engine, world.id, without.id, world.offers[1].id
        )
    found = service_reasons.explain(world.engine, inquiry)
    assert [(one.opportunity_id, one.wish, one.why["code"]) for one in found.wishes] == [
        (world.offers[0].id, 1, "full")
    ]
    assert found.wishes[0].why["it"].startswith("I posti sono pieni (1)")
    assert found.asked is not None
    assert found.asked.why["code"] == "not_listed"
    assert [(one.kind, one.opportunity_id, one.wish) for one in found.remedies] == [
        ("one_more_seat", world.offers[0].id, 1), ("widen", world.offers[1].id, None),
    ]  # fmt: skip
    assert isinstance(found.remedies[0], Remedy)


def test_the_board_tells_where_and_why_in_eleven_statements(world: World) -> None:
    reviewed(world)
    with count_queries(world.database) as asked, world.database.read() as session:
        board = service_board.read(session, world.lead, world.id, world.school_class.id)
    assert asked.count == 11
    assert [line.is_in_run for line in board.lines] == [True] * 3
    for line in board.lines:
        assert line.seated is not None
        assert line.seated.score is not None
        assert set(line.seated.said) == {"parts", "reasons", "gap", "travel_km"}


# --- publishing and clocks --------------------------------------------------------------------------------------------


def span_of(opportunity: Opportunity, starts_on: date, ends_on: date) -> OpportunitySpan:
    return OpportunitySpan(opportunity_id=opportunity.id, starts_on=starts_on, ends_on=ends_on)


def taken(world: World) -> list[int]:
    with world.database.read() as session:
        return [session.get_one(Opportunity, offer.id).seats_taken for offer in world.offers]


def test_publishing_proposes_each_seat_once(world: World) -> None:
    reviewed(world)
    assert world.publish() == 3
    assert world.publish() == 0
    assert taken(world) == [1, 1, 1]
    assert world.row.state is RoundState.PUBLISHED
    assert world.row.due_at is None


def test_who_has_not_seen_the_chosen_run_does_not_publish_it(world: World) -> None:
    reviewed(world)
    world.run(RunMode.OPTIMAL)
    with pytest.raises(service_publishing.AnotherRun):
        world.publish(1)
    assert taken(world) == [0, 0, 0]


def test_a_seat_that_is_gone_keeps_the_whole_class_back(world: World) -> None:
    reviewed(world)
    world.make.change(world.offers[2], seats_taken=1, status=Status.FULL)
    with pytest.raises(Problem):
        world.publish()
    assert taken(world) == [0, 0, 1]
    assert world.row.state is RoundState.REVIEWED


def test_late_changes_leave_what_is_published_alone(world: World) -> None:
    reviewed(world)
    world.publish()
    before = seats(world, 1)
    late = world.make.student(world.school_class)
    world.offers.append(world.make.opportunity(seats=1))
    world.make.wish(late, world.offers[3], 1)
    with world.database.write() as session:
        service_students.collect_late(session, world.lead, world.id, [late.id])
    world.run()
    after = seats(world, 2)
    assert {who: after[who] for who in before} == before
    assert after[late.id] == world.offers[3].id
    assert world.publish() == 1
    assert taken(world) == [1, 1, 1, 1]


def test_who_has_something_else_on_these_days_gets_nothing_then(world: World) -> None:
    terms = Terms(date(2026, 6, 8), date(2026, 6, 26), daily_hours=8, planned_hours=120)
    busy, elsewhere = world.students[0], world.make.opportunity()
    with world.database.write() as session:
        placement = create(session, ACTOR, busy, elsewhere, terms, now=NOW)
    assert placement.state is State.PLANNED
    world.make.add(span_of(world.offers[2], date(2026, 7, 6), date(2026, 7, 17)))
    world.make.change(world.offers[2])
    reviewed(world)
    assert seats(world, 1)[busy.id] == world.offers[2].id
    with world.database.read() as session:
        inquiry = service_reasons.ask(session, world.lead, world.engine, world.id, busy.id)
    found = service_reasons.explain(world.engine, inquiry)
    assert [one.why["code"] for one in found.wishes] == ["busy", "busy"]


def test_the_clock_freezes_and_cancels_once(world: World) -> None:
    world.open()
    closed = NOW + timedelta(days=11)
    assert service_clocks.strike(world.database, NOW)["rounds_frozen"] == 0
    assert service_clocks.strike(world.database, closed)["rounds_frozen"] == 1
    assert service_clocks.strike(world.database, closed)["rounds_frozen"] == 0
    assert world.row.state is RoundState.FROZEN
    assert service_clocks.strike(world.database, NOW + timedelta(days=21))["rounds_ended"] == 1
    assert world.row.state is RoundState.CANCELLED


def test_what_is_published_in_part_ends_with_that(world: World) -> None:
    second = world.make.school_class(make_school(world))
    world.make.student(second)
    world.open(class_ids=[world.school_class.id, second.id])
    world.move(Action.FREEZE)
    world.run()
    count = world.publish()
    assert world.row.state is RoundState.REVIEWED
    with pytest.raises(rounds.WrongRoundState):
        world.move(Action.CANCEL)
    service_clocks.strike(world.database, NOW + timedelta(days=21))
    assert world.row.state is RoundState.PUBLISHED
    assert sum(taken(world)) == count


def make_school(world: World):  # type: ignore[no-untyped-def]
    from app.schools.models import School

    return world.make.get(School, world.school_class.school_id)


# --- who --------------------------------------------------------------------------------------------------------------


def test_a_teacher_runs_a_round_of_the_own_classes_only(world: World) -> None:
    teacher = teacher_of(world.school_class)
    other = world.make.school_class(make_school(world))
    world.open()
    with world.database.write() as session:
        assert (
            rounds.move(session, teacher, world.id, Action.FREEZE, now=NOW).round.state is RoundState.FROZEN
        )
    world.open(class_ids=[world.school_class.id, other.id])
    with world.database.write() as session:
        seen = rounds.find(session, teacher, world.id)
        assert [one.class_id for one in seen.own(teacher)] == [world.school_class.id]
        with pytest.raises(rounds.NotYourRound):
            rounds.move(session, teacher, world.id, Action.FREEZE, now=NOW)


def test_progress_counts_who_has_a_wish_that_counts(world: World) -> None:
    world.make.student(world.school_class)
    seen = world.open()
    with world.database.read() as session:
        assert service_wishes.progress(session, seen.round) == [(world.school_class.id, 4, 3)]
    world.move(Action.FREEZE)
    row = world.row
    with world.database.read() as session:
        assert service_wishes.progress(session, row) == [(world.school_class.id, 4, 3)]
        wishers = service_wishes.of_class(session, row, world.school_class.id)
    assert sorted(len(one.wishes) for one in wishers) == [0, 2, 2, 2]


# --- the command line -------------------------------------------------------------------------------------------------


def test_the_command_line_runs_a_round_and_does_it_again(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.of(Factory(shared))
    for student in range(3):
        world.wish(student, student)
    world.open()
    address = shared.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("BOTTEGA_DATABASE_URL", address)
    command = ["assign", "--round", str(world.id)]
    refused = CliRunner().invoke(cli, command)
    assert refused.exit_code == 1
    assert "collecting" in refused.stderr
    world.move(Action.FREEZE)
    told = CliRunner().invoke(cli, command)
    assert told.stdout.startswith("Run 1, stable, in ")
    assert "3 of 3 placed.\n  3 wish 1, 0 beyond the wishes, 0 without a seat.\n  Stable;" in told.stdout
    counts = json.loads(CliRunner().invoke(cli, [*command, "--near", "--json"]).stdout)
    assert {name: counts[name] for name in ("number", "mode", "near_number", "placed")} == {
        "number": 2, "mode": "optimal", "near_number": 1, "placed": 3,
    }  # fmt: skip
    again = CliRunner().invoke(cli, [*command, "--replay", "--json"])
    assert json.loads(again.stdout) == {"number": 2, "is_reproduced": True, "elsewhere": 0}
    assert CliRunner().invoke(cli, [*command, "--replay"]).stdout == "Run 2: the same again.\n"
