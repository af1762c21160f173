from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.auth import service_codes as codes
from app.auth import service_people as people
from app.auth.models import SignInCode, User
from app.auth.service_codes import Mailed
from app.db import Database
from app.settings import Settings
from tests.factories import ACTOR, NOW

SECRET = Settings().secret_key
ANNA = "anna@scuola.example"


def add_person(database: Database, email: str = ANNA) -> User:
    with database.write() as session:
        return people.add_user(session, ACTOR, email=email, name="Anna")


def make(database: Database, user: User | None, *, email: str = ANNA, minutes: int = 0) -> Mailed:
    with database.write() as session:
        return codes.make(session, SECRET, email=email, user=user, now=NOW + timedelta(minutes=minutes))


def use_link(database: Database, token: str, *, minutes: int = 0) -> User | None:
    with database.write() as session:
        return codes.use_link(session, token, NOW + timedelta(minutes=minutes))


def use_code(database: Database, code: str, *, email: str = ANNA, minutes: int = 0) -> User | None:
    with database.write() as session:
        return codes.use_code(session, SECRET, email=email, code=code, now=NOW + timedelta(minutes=minutes))


def test_looking_uses_nothing_up_and_a_link_works_once(database: Database) -> None:
    user = add_person(database)
    mailed = make(database, user)
    for _ in range(3):
        with database.read() as session:
            found = codes.look(session, mailed.token, NOW)
        assert found is not None
        assert found.id == user.id
    used = use_link(database, mailed.token)
    assert used is not None
    assert used.id == user.id
    assert use_link(database, mailed.token) is None
    with database.read() as session:
        assert codes.look(session, mailed.token, NOW) is None


def test_the_code_works_once_as_people_type_it_and_takes_the_link_with_it(database: Database) -> None:
    user = add_person(database)
    mailed = make(database, user)
    typed = f" {mailed.code[:4].lower()}-{mailed.code[4:].lower()} "
    assert use_code(database, typed, email=" ANNA@scuola.example") is not None
    assert use_code(database, mailed.code) is None
    assert use_link(database, mailed.token) is None


def test_half_an_hour_later_nothing_works(database: Database) -> None:
    user = add_person(database)
    mailed = make(database, user)
    assert use_link(database, mailed.token, minutes=30) is None
    assert use_code(database, mailed.code, minutes=30) is None
    assert use_link(database, mailed.token, minutes=29) is not None


def test_using_one_ends_the_others_of_the_same_person_only(database: Database) -> None:
    anna, marco = add_person(database), add_person(database, "marco@scuola.example")
    first, second = make(database, anna), make(database, anna)
    other = make(database, marco, email="marco@scuola.example")
    assert use_link(database, second.token) is not None
    assert use_link(database, first.token) is None
    assert use_link(database, other.token) is not None


def test_a_code_is_bound_to_its_address(database: Database) -> None:
    anna, marco = add_person(database), add_person(database, "marco@scuola.example")
    mailed = make(database, anna)
    make(database, marco, email="marco@scuola.example")
    assert use_code(database, mailed.code, email="marco@scuola.example") is None
    assert use_code(database, mailed.code) is not None


def test_five_wrong_codes_end_the_code_and_leave_the_link(database: Database) -> None:
    user = add_person(database)
    mailed = make(database, user)
    for _ in range(7):
        assert use_code(database, "ABCD2345") is None
    assert use_code(database, mailed.code) is None
    with database.read() as session:
        assert session.scalars(sa.select(SignInCode.wrong_codes)).all() == [5]
    assert use_link(database, mailed.token) is not None


def test_without_the_count_a_code_can_be_guessed_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MOST_WRONG_CODES", -1)  # no row is counted on ...
    user = add_person(database)
    mailed = make(database, user)
    for _ in range(7):
        use_code(database, "ABCD2345")
    monkeypatch.setattr(codes, "MOST_WRONG_CODES", 5)
    assert use_code(database, mailed.code) is not None  # ... so the seventh guess is as good as the first


def test_nobodys_row_opens_nothing(database: Database) -> None:
    mailed = make(database, None, email="nobody@scuola.example")
    with database.read() as session:
        assert codes.look(session, mailed.token, NOW) is None
    assert use_link(database, mailed.token) is None
    mailed = make(database, None, email="nobody@scuola.example")
    assert use_code(database, mailed.code, email="nobody@scuola.example") is None


def test_who_is_no_longer_active_gets_in_neither_way(database: Database) -> None:
    user = add_person(database)
    mailed = make(database, user)
    with database.write() as session:
        session.merge(user).is_active = False
    with database.read() as session:
        assert codes.look(session, mailed.token, NOW) is None
    assert use_link(database, mailed.token) is None
    assert use_code(database, make(database, user).code) is None


def test_nothing_that_opens_is_stored(database: Database) -> None:
    mailed = make(database, add_person(database))
    with database.read() as session:
        stored = str(session.execute(sa.select(SignInCode.__table__)).all())
    assert mailed.token not in stored
    assert mailed.code not in stored


def test_codes_are_forgotten_when_they_end(database: Database) -> None:
    make(database, None)
    with database.write() as session:
        assert codes.forget(session, NOW + timedelta(minutes=29)) == 0
        assert codes.forget(session, NOW + timedelta(minutes=30)) == 1


def use_at_once(database: Database, mailed: Mailed) -> int:
    """How many of eight who come at once get in: four with the link, four with the code."""
    barrier, found = threading.Barrier(8), []

    def work(number: int) -> None:
        barrier.wait()
        found.append(use_link(database, mailed.token) if number % 2 else use_code(database, mailed.code))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    return sum(user is not None for user in found)


def test_of_eight_at_once_one_gets_in(shared: Database) -> None:
    user = add_person(shared)
    for _ in range(5):
        assert use_at_once(shared, make(shared, user)) == 1


def test_without_the_condition_more_than_one_gets_in(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "_is_open", lambda _: sa.true())
    assert use_at_once(shared, make(shared, add_person(shared))) == 8
