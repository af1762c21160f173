from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import rates
from app.auth import devices
from app.auth import service_throttles as throttles
from app.auth.devices import Device
from app.auth.models import Throttle
from app.auth.service_throttles import Door, TooManyTries, Turn
from app.db import Database
from app.settings import Settings
from tests.factories import NOW

SECRET = Settings().secret_key
STRANGE = Device("0" * 32)
ANNA = "anna@scuola.example"


def enter(database: Database, *, seconds: float = 0, door: Door = Door.PASSWORD, **values: object) -> Turn:
    given = {"account": ANNA, "address": "192.0.2.1", "device": STRANGE} | values
    with database.write() as session:
        return throttles.enter(session, SECRET, door, now=NOW + timedelta(seconds=seconds), **given)  # type: ignore[arg-type]


def refused(database: Database, **values: object) -> int:
    with pytest.raises(TooManyTries) as refusal:
        enter(database, **values)  # type: ignore[arg-type]
    return int(refusal.value.headers["Retry-After"])


def test_after_the_free_tries_each_wait_is_twice_the_last(database: Database) -> None:
    waits, at = [], 0.0
    for _ in range(17):
        turn = enter(database, seconds=at, address=f"192.0.2.{len(waits)}")
        waits.append(turn.seconds)
        if turn.seconds:
            assert refused(database, seconds=at + turn.seconds - 1, address="198.51.100.1") == 1
        at += turn.seconds
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_a_refused_try_is_not_counted(database: Database) -> None:
    for _ in range(5):
        enter(database)
    for _ in range(50):
        refused(database)
    assert enter(database, seconds=2).seconds == 4


def test_a_right_try_is_given_back(database: Database) -> None:
    for _ in range(50):
        turn = enter(database)
        with database.write() as session:
            throttles.give_back(session, turn, NOW)
    assert enter(database).seconds == 0


def test_an_account_is_counted_over_all_addresses_and_an_address_over_all_accounts(
    database: Database,
) -> None:
    for number in range(5):
        enter(database, address=f"192.0.2.{number}")
    assert refused(database, address="203.0.113.9") == 2
    for number in range(30):
        enter(database, address="203.0.113.9", account=f"person{number}@scuola.example")
    assert refused(database, address="203.0.113.9", account="one.more@scuola.example") == 2
    assert enter(database, address="203.0.113.10", account="one.more@scuola.example").seconds == 0


def test_a_known_device_has_a_counter_that_strangers_cannot_raise(database: Database) -> None:
    known = STRANGE.with_person(SECRET, " Anna@Scuola.example ")
    for _ in range(5):
        enter(database)
    refused(database)
    for _ in range(4):
        assert enter(database, device=known).seconds == 0
    assert enter(database, device=known).seconds == 2
    assert refused(database, device=known) == 2
    # Known for one person is not known for another.
    for number in range(5):
        enter(database, device=known, account="marco@scuola.example", address=f"192.0.2.{number + 10}")
    refused(database, device=known, account="marco@scuola.example")


def test_each_door_has_counters_of_its_own(database: Database) -> None:
    for _ in range(5):
        enter(database)
    refused(database)
    assert enter(database, door=Door.CODE).seconds == 0
    assert enter(database, door=Door.CLASS_CODE, account=None).seconds == 0


def test_mails_wait_less_than_their_links_live(database: Database) -> None:
    from app.auth.service_codes import VALID_FOR

    waits, at = [], 0.0
    for _ in range(8):
        waits.append(enter(database, seconds=at, door=Door.MAIL).seconds)
        at += waits[-1]
    assert waits == [0, 0, 60, 120, 240, 480, 600, 600]
    assert timedelta(seconds=max(waits)) < VALID_FOR


def test_a_counter_begins_anew_after_a_day_and_is_then_forgotten(database: Database) -> None:
    for _ in range(5):
        enter(database)
    day = 24 * 3600
    assert enter(database, seconds=day).seconds == 0
    with database.write() as session:
        assert throttles.forget(session, NOW + timedelta(seconds=day)) == 0
        assert throttles.forget(session, NOW + timedelta(seconds=2 * day)) == 2


def test_the_table_names_neither_people_nor_addresses(database: Database) -> None:
    enter(database)
    with database.read() as session:
        stored = " ".join(str(row) for row in session.execute(sa.select(Throttle.__table__)))
    assert "anna" not in stored
    assert "192.0.2.1" not in stored


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_as_what_one_subscriber_has(address: str, counted_as: str) -> None:
    assert rates.network(address) == counted_as


# --- the cookie of devices --------------------------------------------------------------------------------------------


def test_a_device_remembers_five_people_and_names_none() -> None:
    device = devices.read(None)
    for number in range(7):
        device = device.with_person(SECRET, f"person{number}@scuola.example")
    again = devices.read(device.cookie())
    known = [again.knows(SECRET, f"person{number}@scuola.example") for number in range(7)]
    assert known == [False, False, True, True, True, True, True]
    assert "person" not in device.cookie()


@pytest.mark.parametrize(
    "cookie", [None, "", "x", "0" * 32, f"{'0' * 32}.{'0' * 63}", f"{'0' * 32}{('.' + '0' * 64) * 6}"]
)
def test_what_is_no_device_of_ours_is_a_new_one(cookie: str | None) -> None:
    assert devices.read(cookie).tags == ()
    assert devices.read(cookie).number not in ("", "0" * 32)


def test_a_device_cannot_be_made_without_the_secret() -> None:
    forged = devices.read(STRANGE.with_person(Settings(secret_key="f" * 40).secret_key, ANNA).cookie())  # type: ignore[arg-type]
    assert len(forged.tags) == 1
    assert not forged.knows(SECRET, ANNA)
    real = STRANGE.with_person(SECRET, ANNA)
    assert not Device("1" * 32, real.tags).knows(SECRET, ANNA)


# --- many at once -----------------------------------------------------------------------------------------------------


def try_at_once(database: Database, tries: int) -> int:
    """How many of so many simultaneous tries get through."""
    barrier, passed = threading.Barrier(8), []

    def work(number: int) -> None:
        barrier.wait()
        for one in range(tries // 8):
            try:
                passed.append(enter(database, address=f"192.0.2.{number}", account=ANNA))
            except TooManyTries:
                passed.append(None)
            del one

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == tries
    return sum(turn is not None for turn in passed)


def test_of_eighty_tries_at_once_five_get_through(shared: Database) -> None:
    assert try_at_once(shared, 80) == 5


def test_without_the_wait_all_get_through(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles.Backoff, "wait", lambda *_: timedelta())
    assert try_at_once(shared, 80) == 80
