"""The law before there is a placement: a run keeps to it, pins and publishing are refused with the rule, boards mark doubts."""

from __future__ import annotations

from datetime import date

import pytest

from app.laws.models import HostActivity, Measure, Severity
from app.opportunities.models import OpportunitySpan
from app.rounds import service as rounds
from app.rounds import service_board, service_kept, service_law, service_pins, service_reasons
from app.rounds.models import Ruling, RunMode
from app.rounds.rules import Action
from app.rounds.service_kept import PinsImpossible
from app.rounds.service_law import Unlawful
from app.rounds.service_pins import PinForbidden
from app.students.models import Student, StudentAvailability
from tests.app.rounds.world import World
from tests.factories import NOW, Factory
from tests.queries import count_queries

UNDER_16 = {
    "code": "daily-hours", "measure": Measure.DAILY_HOURS, "parameters": {"hours": 7, "under_age": 16}, "source": "L. 977/1967",
    "message_it": "A {age} anni al massimo {hours} ore.", "message_en": "At {age} at most {hours} hours.",
}  # fmt: skip
TRAINED = {
    "code": "general-training", "measure": Measure.GENERAL_TRAINING, "parameters": {"hours": 4}, "source": "ASR 2025",
    "message_it": "Formazione: {had} ore su {hours}.", "message_en": "Training: {had} of {hours} hours.",
}  # fmt: skip


@pytest.fixture
def world(make: Factory) -> World:
    """One who is fifteen and one who is eighteen, both for the eight hours of the first host; the second asks for six."""
    world = World.of(make, students=0, seats=())
    world.students = [
        make.student(world.school_class, born_on=date(2010, 9, 1), family_name="Abate"),
        make.student(world.school_class, born_on=date(2008, 1, 1), family_name="Bruni"),
    ]
    world.offers = [
        make.opportunity(seats=2, daily_hours=8.0, title="Otto"),
        make.opportunity(seats=2, daily_hours=6.0),
    ]
    for student in (0, 1):
        world.wish(student, 0, 1)
    make.law_rule(**UNDER_16)
    return world


def places(world: World) -> list[int | None]:
    """Which offer each student has."""
    with world.database.read() as session:
        kept = service_kept.load(session, world.id, world.runs[-1])
        assert service_kept.replay(kept) == (True, 0)
    ids = [str(offer.id) for offer in world.offers]
    found = {who: ids.index(kept.question.offers[seat.offer].id) for who, seat in kept.seats.items()}
    return [found.get(str(student.id)) for student in world.students]


def run(world: World) -> World:
    world.open()
    world.move(Action.FREEZE)
    world.run()
    return world


def pin(world: World, student: int, offer: int, period: int | None = None) -> None:
    with world.database.write() as session:
        service_pins.make(
            session, world.lead, world.engine, world.id, student_id=world.students[student].id, period=period,
            opportunity_id=world.offers[offer].id, ruling=Ruling.PIN, now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("mode", RunMode)
def test_a_run_gives_nobody_what_the_law_forbids_and_says_which_rule(world: World, mode: RunMode) -> None:
    run(world)
    world.run(mode)
    assert places(world) == [1, 0]
    with world.database.read() as session:
        inquiry = service_reasons.ask(session, world.lead, world.engine, world.id, world.students[0].id)
    [reason] = service_reasons.explain(world.engine, inquiry).wishes
    assert reason.why == {
        "code": "law", "it": "A 15 anni al massimo 7 ore. (L. 977/1967)",
        "en": "At 15 at most 7 hours. (L. 977/1967)",
    }  # fmt: skip


def test_a_pin_that_the_law_forbids_is_refused_with_the_rule(world: World) -> None:
    run(world)
    with pytest.raises(PinForbidden, match=r"At 15 at most 7 hours\. \(L\. 977/1967\)"):
        pin(world, 0, 0)
    pin(world, 1, 0)
    pin(world, 0, 1)
    # A rule that is written later makes the pin impossible; nobody is placed against it.
    world.make.law_rule(**UNDER_16 | {"code": "stricter", "parameters": {"hours": 5, "under_age": 16}})
    with pytest.raises(PinsImpossible):
        world.run()


def test_of_several_periods_the_lawful_one_is_taken(make: Factory, world: World) -> None:
    for starts_on, ends_at in ((date(2026, 6, 8), 23), (date(2026, 7, 6), 14)):
        make.add(
            OpportunitySpan(
                opportunity_id=world.offers[1].id, starts_on=starts_on, ends_on=starts_on.replace(day=20),
                starts_at=NOW.time().replace(hour=9), ends_at=NOW.time().replace(hour=ends_at),
            )
        )  # fmt: skip
    make.change(world.offers[1])
    make.law_rule(
        code="night", measure=Measure.NIGHT, parameters={"begins_at": "22:00", "ends_at": "06:00", "under_age": 18},
        message_it="Di notte no.", message_en="Not at night.",
    )  # fmt: skip
    run(world)
    with world.database.read() as session:
        board = service_board.read(session, world.lead, world.id, world.school_class.id)
    seated = board.lines[0].seated
    assert seated is not None
    assert seated.days == (date(2026, 7, 6), date(2026, 7, 20))
    with pytest.raises(PinForbidden, match="Not at night"):
        pin(world, 0, 1, period=0)
    pin(world, 0, 1, period=1)


def test_who_is_free_only_in_the_forbidden_period_goes_elsewhere(make: Factory, world: World) -> None:
    for starts_on in (date(2026, 6, 8), date(2026, 7, 6)):  # fifteen, and then sixteen
        make.add(
            OpportunitySpan(
                opportunity_id=world.offers[0].id, starts_on=starts_on, ends_on=starts_on.replace(day=20)
            )
        )
    make.change(world.offers[0])
    make.add(
        StudentAvailability(
            student_id=world.students[0].id, starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 30)
        )
    )
    with world.database.write() as session:
        session.get_one(Student, world.students[0].id).born_on = date(2010, 7, 1)
    run(world)
    assert places(world) == [1, 0]


def test_who_has_something_else_on_other_days_is_told_of_the_law(make: Factory, world: World) -> None:
    for day in (8, 15):
        first = date(2026, 6, day)
        make.add(
            OpportunitySpan(
                opportunity_id=world.offers[0].id, starts_on=first, ends_on=first.replace(day=day + 4)
            )
        )
    make.change(world.offers[0])
    july = {"starts_on": date(2026, 7, 6), "ends_on": date(2026, 7, 10)}
    make.placement(world.students[0], make.opportunity(), **july)
    run(world)
    with world.database.read() as session:
        inquiry = service_reasons.ask(session, world.lead, world.engine, world.id, world.students[0].id)
    found = service_reasons.explain(world.engine, inquiry).wishes
    assert [one.why["code"] for one in found] == ["law", "busy"]  # the second may take place on any day


def test_where_every_activity_is_banned_nobody_goes(make: Factory, world: World) -> None:
    make.law_rule(measure=Measure.BANNED_ACTIVITY, parameters={}, message_it="No.", message_en="No.")
    host = world.offers[0].company_id
    dangerous = make.add(HostActivity(company_id=host, name="Forno", is_high_risk=True))
    run(world)
    assert places(world) == [1, 1]
    make.add(HostActivity(company_id=host, name="Ufficio", is_high_risk=False))
    world.run()
    assert places(world) == [1, 0]
    assert dangerous.is_high_risk


def test_boards_mark_what_warns_and_publishing_names_who_and_which_rule(make: Factory, world: World) -> None:
    make.law_rule(**TRAINED)
    make.safety_training(world.students[1])
    run(world)
    with world.database.read() as session:
        lines = service_board.read(session, world.lead, world.id, world.school_class.id).lines
    # It forbids the placement to begin; before the round is published there is time for it.
    found = [[(one.code, one.severity) for one in line.seated.findings] for line in lines if line.seated]
    assert found == [[("general-training", Severity.WARNS)], []]
    make.law_rule(**UNDER_16 | {"code": "stricter", "parameters": {"hours": 5, "under_age": 16}})
    with pytest.raises(Unlawful, match=r"1 of the seats: At 15 at most 5 hours\. \(L\. 977/1967\)") as caught:
        world.publish()
    assert [(one["student_id"], one["code"]) for one in caught.value.faults] == [
        (world.students[0].id, "stricter")
    ]
    world.run()
    assert places(world) == [None, 0]
    assert world.publish() == 1


def test_doubts_of_many_take_as_many_statements_as_those_of_one(make: Factory, world: World) -> None:
    make.law_rule(**TRAINED)
    make.change(world.offers[1], seats=5)  # all that the law leaves to who is fifteen, whatever the lot says

    def asked() -> tuple[int, int]:
        world.run()
        with world.database.read() as session:
            seen = rounds.find(session, world.lead, world.id)
            made = service_kept.read(session, world.id, world.runs[-1])
            with count_queries(world.database) as counted:
                found = service_law.doubts(session, seen.round, made, [world.school_class.id])
        return counted.count, len(found)

    run(world)
    few, lines = asked()
    late = [make.student(world.school_class) for _ in range(3)]
    make.opportunity(seats=3)
    assert late
    assert asked() == (few, lines + 3)
