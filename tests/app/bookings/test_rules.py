"""The rules of seats and of the waiting list, by themselves: nobody has to be at a database to check them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.bookings import rules
from app.bookings.rules import Guest, Hall, Share, Waiter
from tests.factories import NOW

SCHOOLS = [UUID(int=number) for number in range(1, 4)]
schools = st.sampled_from(SCHOOLS)
guests = st.builds(Guest, schools, st.integers(3, 5), st.sampled_from(["a", "b"]), st.booleans())
moments = st.none() | st.integers(-2, 5).map(lambda days: NOW + timedelta(days=days))
audience = {
    "id": st.uuids(), "school_id": st.none() | schools, "year": st.none() | st.integers(3, 5),
    "programme_id": st.none() | st.sampled_from(["a", "b"]),
}  # fmt: skip
limits = st.builds(
    Share, **audience, seats=st.none() | st.integers(1, 12), most_groups=st.none() | st.integers(1, 2)
)
reservations = st.builds(Share, **audience, seats=st.integers(1, 5), keeps=st.just(True), released_at=moments)


@st.composite
def halls(draw: st.DrawFn) -> Hall:
    """An empty session: no more is kept than there are seats, which the service sees to."""
    shares = draw(st.lists(limits | reservations, max_size=5, unique_by=lambda share: share.id))
    kept = sum(share.kept(NOW) for share in shares)
    return Hall(draw(st.integers(1, 25)) + kept, 0, tuple(shares), NOW)


requests = st.lists(st.tuples(guests, st.integers(1, 8), st.integers(0, 2)), max_size=25)


@given(halls(), requests)
def test_no_seat_is_sold_twice_and_no_kept_one_to_others(
    hall: Hall, asked: list[tuple[Guest, int, int]]
) -> None:
    inside: list[tuple[Guest, int]] = []
    for guest, people, days in asked:
        hall = replace(hall, now=hall.now + timedelta(days=days))
        room = rules.room(hall, guest)
        assert (
            rules.most(hall, guest) >= room - sum(share.kept(hall.now) for share in hall.shares) or room == 0
        )
        if people > room:
            continue
        hall = rules.seated(hall, guest, people)
        inside.append((guest, people))
        assert hall.seats_taken == sum(number for _, number in inside) <= hall.seats
        kept = [share.kept(hall.now) for share in hall.shares]
        assert all(number >= 0 for number in kept)
        assert sum(kept) <= hall.free
        for share in hall.shares:
            mine = [(who, number) for who, number in inside if share.is_for(who)]
            if not share.keeps:
                assert share.seats_taken == sum(number for _, number in mine)
                assert share.seats is None or share.seats_taken <= share.seats
                assert share.groups_taken == sum(who.is_group for who, _ in mine)
                assert share.most_groups is None or share.groups_taken <= share.most_groups


@given(halls(), requests, guests)
def test_a_reservation_is_honoured_until_it_is_released(
    hall: Hall, asked: list[tuple[Guest, int, int]], mine: Guest
) -> None:
    """Whoever came before: those for whom seats are kept get them all, where no limit is in their way."""
    hall = replace(hall, shares=tuple(share for share in hall.shares if share.keeps))
    for guest, people, _ in asked:
        if people <= rules.room(hall, guest):
            hall = rules.seated(hall, guest, people)
    for share in hall.shares:
        if share.is_for(mine):
            assert rules.room(hall, mine) >= share.kept(hall.now)


def test_what_is_released_first_is_used_first() -> None:
    early = Share(UUID(int=9), 2, keeps=True, year=4, released_at=NOW + timedelta(days=1))
    late = Share(UUID(int=1), 2, keeps=True, year=4)
    hall = Hall(10, 0, (late, early), NOW)
    guest = Guest(SCHOOLS[0], 4, "a", is_group=False)
    assert {key: one.seats for key, one in rules.counted(hall, guest, 3).items()} == {early.id: 2, late.id: 1}
    after = replace(hall, now=NOW + timedelta(days=1))
    assert {key: one.seats for key, one in rules.counted(after, guest, 3).items()} == {late.id: 2}
    assert rules.room(hall, replace(guest, year=5)) == 6
    assert rules.room(after, replace(guest, year=5)) == 8


# --- waiting ----------------------------------------------------------------------------------------------------------


def _waiter(
    number: int, school: int, people: int = 1, *, minutes: int = 0, passes: int = 0, year: int = 4
) -> Waiter:
    guest = Guest(SCHOOLS[school], year, "a", is_group=people > 1)
    asked_at = NOW + timedelta(minutes=minutes)
    key = UUID(int=number)
    return Waiter(key, guest, people, asked_at, rules.draw(7, key), passes)


def test_the_school_with_the_fewest_seats_is_next_then_who_asked_first_then_the_draw() -> None:
    one, two, three, four = (
        _waiter(1, 0, minutes=0), _waiter(2, 1, minutes=5), _waiter(3, 1, minutes=4), _waiter(4, 1, minutes=4),
    )  # fmt: skip
    tied = sorted((three, four), key=lambda waiter: waiter.draw)
    assert rules.in_order([one, two, three, four], {SCHOOLS[0]: 3}) == [*tied, two, one]


def test_a_group_is_passed_over_three_times_and_then_seats_are_kept_for_it() -> None:
    hall = Hall(30, 18, (), NOW)
    group, single = _waiter(1, 0, 27), _waiter(2, 1, minutes=1)
    turn = rules.next_turn(hall, [group, single], {})
    assert turn == rules.Turn(single, (group,))
    place = rules.place(hall, [group, single], {}, single.id)
    assert place == rules.Place(2, 27, 12, 0)
    often = replace(group, passes=3)
    nearly = replace(hall, seats_taken=9)
    assert rules.next_turn(nearly, [often, single], {}) is None
    assert rules.next_turn(replace(hall, seats_taken=3), [often, single], {}) == rules.Turn(often, ())
    # What can never fit keeps no seat empty, and neither do seats that are kept for others.
    assert rules.next_turn(nearly, [replace(often, people=31), single], {}) is not None
    kept = Share(UUID(int=5), 21, keeps=True, school_id=SCHOOLS[1])
    full = replace(nearly, shares=(kept,))
    assert rules.next_turn(full, [often, single], {}) == rules.Turn(single, ())
    # Nor does a hope: where more than a quarter is missing, or in the last week.
    passed = rules.Turn(single, (often,))
    assert rules.next_turn(replace(nearly, seats_taken=10), [often, single], {}) == passed
    in_time = replace(nearly, starts_at=NOW + rules.LAST_CALL + timedelta(seconds=1))
    assert rules.next_turn(in_time, [often, single], {}) is None
    assert rules.next_turn(replace(in_time, now=NOW + timedelta(seconds=1)), [often, single], {}) == passed


waiters = st.lists(
    st.builds(
        _waiter, st.integers(1, 10**6), st.integers(0, 2), st.integers(1, 8), minutes=st.integers(0, 5),
        passes=st.integers(0, 4), year=st.integers(3, 5),
    ),
    max_size=8,
    unique_by=lambda waiter: waiter.id,
)  # fmt: skip


@given(halls(), waiters)
def test_nobody_is_served_without_room_and_nobody_is_passed_over_silently(
    hall: Hall, waiting: list[Waiter]
) -> None:
    served: dict[UUID, int] = {}
    while (turn := rules.next_turn(hall, waiting, served)) is not None:
        one = turn.served
        assert one.people <= rules.room(hall, one.guest)
        order = rules.in_order(waiting, served)
        before = order[: order.index(one)]
        after = rules.seated(hall, one.guest, one.people)
        for other in before:
            lost = rules.room(after, other.guest) < rules.room(hall, other.guest)
            assert (other in turn.passed) is lost or other.people <= rules.room(hall, other.guest)
            is_near = rules.NEARLY * other.people <= rules.room(hall, other.guest)
            if other in turn.passed and is_near and other.people <= rules.most(hall, other.guest):
                assert other.passes < rules.MOST_PASSES
        hall = after
        served[one.guest.school_id] = served.get(one.guest.school_id, 0) + one.people
        waiting = [
            replace(other, passes=other.passes + 1) if other in turn.passed else other
            for other in waiting
            if other is not one
        ]
    # Nobody waits who could come, but for seats that are kept for one who was passed over often enough.
    often = [
        one
        for one in waiting
        if one.passes >= rules.MOST_PASSES and rules.NEARLY * one.people <= rules.room(hall, one.guest)
    ]
    assert often or all(one.people > rules.room(hall, one.guest) for one in waiting)
