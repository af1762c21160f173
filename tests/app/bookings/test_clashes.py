"""What gets in whose way: against every pair compared with every other."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.bookings import rules_clashes as rules
from app.bookings.rules_clashes import ClashKind, Slot
from app.opportunities.models import Kind, OpportunitySkill, SkillRole
from tests.app.bookings.world import STARTS, World
from tests.factories import Factory

DAY = datetime(2026, 3, 2, tzinfo=UTC)
ROOMS = ("", "Sala Rossa", " sala  rossa", "SALA BLU")


@st.composite
def slots(draw: st.DrawFn) -> list[Slot]:
    found = []
    for number in range(draw(st.integers(0, 14))):
        starts_at = DAY + timedelta(hours=draw(st.integers(0, 30 * 24)))
        found.append(
            Slot(
                UUID(int=number + 1), UUID(int=draw(st.integers(7, 9))), UUID(int=draw(st.integers(1, 3))), starts_at,
                starts_at + timedelta(hours=draw(st.integers(1, 60))), draw(st.sampled_from(ROOMS)),
                draw(st.sampled_from([None, "037006", "037032"])), draw(st.frozensets(st.sampled_from("abc"))),
            )
        )  # fmt: skip
    return found


@given(slots())
def test_the_sweep_finds_what_comparing_every_pair_finds(found: list[Slot]) -> None:
    expected = {}
    for first, second in combinations(sorted(found, key=lambda one: (one.starts_at, one.id)), 2):
        kind = by_hand(first, second)
        if kind is not None:
            expected[first.id, second.id] = kind
    assert {(one.first, one.second): one.kind for one in rules.clashes(found)} == expected
    assert len(rules.clashes(found)) == len(expected)
    assert {(one.first, one.second) for one in rules.clashes(reversed(found))} == set(expected)


def by_hand(first: Slot, second: Slot) -> ClashKind | None:
    if first.company_id == second.company_id:
        if first.ends_at <= second.starts_at:
            return None
        names = [" ".join(one.room.lower().split()) for one in (first, second)]
        same_event = first.opportunity_id == second.opportunity_id
        same_room = names[0] == names[1] and (names[0] != "" or same_event)
        return ClashKind.ROOM if same_room else ClashKind.HOST
    is_near = first.municipality_istat == second.municipality_istat is not None
    if (
        is_near
        and first.skill_ids & second.skill_ids
        and second.starts_at - first.ends_at < timedelta(days=7)
    ):
        return ClashKind.TOPIC
    return None


def test_a_room_is_the_same_however_it_is_written_and_none_is_the_events_own_place() -> None:
    rooms = ("Aula Caffè", " aula  CAFFE ", "  ", "")
    one, two, bare, empty = (Slot(uuid4(), UUID(int=7), UUID(int=1), DAY, DAY, room) for room in rooms)
    assert one.room_key == two.room_key != bare.room_key == empty.room_key
    assert Slot(uuid4(), UUID(int=8), UUID(int=1), DAY, DAY).room_key != empty.room_key


def test_ten_thousand_sessions_one_after_the_other_take_no_time() -> None:
    company = UUID(int=1)
    many = [
        Slot(
            UUID(int=number + 1),
            company,
            company,
            DAY + timedelta(hours=number),
            DAY + timedelta(hours=number + 1),
            "Sala",
        )
        for number in range(10_000)
    ]
    begun = time.perf_counter()
    assert rules.clashes(many) == []
    assert time.perf_counter() - begun < 2  # every pair would be fifty million


def test_the_same_topic_in_the_same_town_within_a_week_is_a_hint(client: TestClient, make: Factory) -> None:
    ours, theirs, far = World(make), World(make), World(make)
    imola = make.municipality("037032", cadastral="E289", name="Imola")
    make.change(far.event, municipality_istat=imola.istat)
    make.skill()
    for world in (ours, theirs, far):
        make.change(world.event, kind=Kind.VISIT, title="Robot")
        make.add(
            OpportunitySkill(
                opportunity_id=world.event.id, skill_id="plc-programming", role=SkillRole.TAUGHT, level=2
            )
        )
    ours.plan()
    theirs.plan(starts_at=STARTS + timedelta(days=5))
    theirs.plan(starts_at=STARTS + timedelta(days=9))
    far.plan(starts_at=STARTS + timedelta(days=1))
    host = make.bearer(Role.COMPANY_MEMBER, company_id=ours.event.company_id)
    [found] = client.get(f"/api/v1/opportunities/{ours.event.id}/clashes", headers=host).json()["sessions"]
    assert [(one["kind"], one["opportunity_id"]) for one in found["clashes"]] == [
        ("topic", str(theirs.event.id))
    ]
