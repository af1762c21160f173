from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa

from app.auth import seals
from app.auth import service_people as people
from app.auth import service_second_factors as factors
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role
from app.auth.models import RecoveryCode, SecondFactor
from app.auth.service_sessions import Present
from app.db import Database
from app.settings import Settings
from tests.factories import ACTOR, NOW

SECRET = Settings().secret_key
OTHER_SECRET = Settings(secret_key="another secret of forty characters, or so").secret_key  # type: ignore[arg-type]


class Person:
    """Somebody in a session, with a code generator."""

    def __init__(self, database: Database, *grants: Grant, how: str = "password") -> None:
        self.database = database
        with database.write() as session:
            user = people.add_user(session, ACTOR, email="anna@scuola.example", name="Anna", grants=grants)
            self.token = sessions.sign_in(session, user, hours=12, request_id="r", how=how, now=NOW)
        self.shared = ""

    def present(self, now: datetime = NOW) -> Present:
        with self.database.read() as session:
            return sessions.find_present(session, self.token, now)

    def begin(self) -> None:
        with self.database.write() as session:
            factors.begin(session, SECRET, self.present_in(session), NOW)
        with self.database.read() as session:
            shared = factors.waiting_secret(session, SECRET, self.present_in(session))
        assert shared is not None
        self.shared = shared

    def present_in(self, session: sa.orm.Session, now: datetime = NOW) -> Present:
        return sessions.find_present(session, self.token, now)

    def confirm(self, code: str) -> list[str] | None:
        with self.database.write() as session:
            return factors.confirm(session, SECRET, self.present_in(session), code, now=NOW, request_id="r")

    def enrol(self) -> list[str]:
        self.begin()
        shown = self.confirm(self.code(NOW))
        assert shown is not None
        return shown

    def code(self, at: datetime) -> str:
        return pyotp.TOTP(self.shared).at(at)

    def check(self, code: str, now: datetime, secret: object = SECRET) -> bool:
        with self.database.write() as session:
            return factors.check(
                session,
                secret,
                self.present_in(session, now),
                code,
                now=now,
                request_id="r",  # type: ignore[arg-type]
            )


@pytest.fixture
def anna(database: Database) -> Person:
    return Person(database)


def later(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_second_factor_is_in_force_after_its_first_right_code(anna: Person) -> None:
    anna.begin()
    assert not anna.present().is_enrolled
    assert anna.confirm("000000") is None
    assert not anna.present().is_enrolled
    shown = anna.confirm(f" {anna.code(NOW)[:3]} {anna.code(NOW)[3:]} ")
    assert shown is not None
    assert len(set(shown)) == 10
    present = anna.present()
    assert (present.is_enrolled, present.has_given, present.waits) == (True, False, True)
    with anna.database.read() as session:
        assert factors.waiting_secret(session, SECRET, present) is None
        assert factors.count_recovery_codes(session, present.user_id) == 10


def test_beginning_again_makes_another_secret_until_one_is_in_force(anna: Person) -> None:
    anna.begin()
    first = anna.shared
    anna.begin()
    assert anna.shared != first
    assert anna.confirm(pyotp.TOTP(first).at(NOW)) is None
    assert anna.confirm(anna.code(NOW)) is not None
    with pytest.raises(factors.AlreadySetUp):
        anna.begin()
    with pytest.raises(factors.NotSetUp):
        anna.confirm(anna.code(NOW))


def test_a_code_serves_once_and_only_forwards(anna: Person) -> None:
    anna.enrol()
    assert not anna.check(anna.code(NOW), NOW), "the code of the confirmation has served"
    assert anna.check(anna.code(later(60)), later(60))
    assert not anna.check(anna.code(later(60)), later(60))
    assert not anna.check(anna.code(later(30)), later(60)), "an earlier step than the last is over"
    assert anna.check(anna.code(later(90)), later(60)), "a clock may be a step early"
    assert not anna.check(anna.code(later(120)), later(60))


@pytest.mark.parametrize(("off", "is_right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(anna: Person, off: int, is_right: bool) -> None:
    anna.enrol()
    assert anna.check(anna.code(later(3600 + off)), later(3600)) is is_right


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "0" * 40])
def test_what_is_no_code_is_wrong(anna: Person, code: str) -> None:
    anna.enrol()
    assert not anna.check(code, later(60))


def test_a_recovery_code_serves_once_and_new_ones_end_the_old(anna: Person) -> None:
    first, second, *_ = anna.enrol()
    assert anna.check(first.lower(), later(60))
    assert not anna.check(first, later(60))
    with anna.database.write() as session:
        present = anna.present_in(session)
        assert factors.count_recovery_codes(session, present.user_id) == 9
        [third, *_] = factors.make_recovery_codes(session, SECRET, present, request_id="r")
    assert not anna.check(second, later(60))
    assert anna.check(third, later(60))


def test_without_a_second_factor_no_code_is_right(anna: Person) -> None:
    assert not anna.check("000000", NOW)
    anna.begin()
    assert not anna.check(anna.code(NOW), NOW), "what is not in force yet opens nothing"


def test_secrets_and_codes_are_not_stored_as_they_are(anna: Person) -> None:
    shown = anna.enrol()
    with anna.database.read() as session:
        rows = [session.execute(sa.select(table.__table__)).all() for table in (SecondFactor, RecoveryCode)]
    stored = str(rows)
    assert anna.shared not in stored
    assert not any(code.replace("-", "") in stored for code in shown)


def test_another_secret_of_the_installation_opens_nothing(anna: Person) -> None:
    [first, *_] = anna.enrol()
    assert not anna.check(anna.code(later(60)), later(60), OTHER_SECRET)
    assert not anna.check(first, later(60), OTHER_SECRET)


def test_a_seal_opens_for_its_owner_only() -> None:
    sealed = seals.seal(SECRET, "test", "text", owner="anna")
    assert seals.unseal(SECRET, "test", sealed, owner="anna") == "text"
    assert seals.unseal(SECRET, "test", sealed, owner="marco") is None
    assert seals.unseal(SECRET, "another", sealed, owner="anna") is None
    assert seals.seal(SECRET, "test", "text", owner="anna") != sealed


def test_confirming_ends_the_sessions_that_began_without(anna: Person) -> None:
    with anna.database.write() as session:
        user = people.find_by_address(session, "anna@scuola.example")
        assert user is not None
        sessions.sign_in(session, user, hours=1, request_id="r", now=NOW)
    anna.enrol()
    with anna.database.read() as session:
        assert len(sessions.list_sessions(session, user.id, NOW)) == 1


def test_removing_needs_a_fresh_session_and_a_role_that_may(database: Database) -> None:
    marco = Person(database, Grant(Role.COORDINATOR))
    with database.write() as session, pytest.raises(factors.NotSetUp):
        factors.remove(session, marco.present_in(session), request_id="r")
    marco.enrol()
    with database.write() as session, pytest.raises(factors.SecondFactorNeeded):
        factors.remove(session, marco.present_in(session), request_id="r")


def test_who_may_do_without_removes_it_while_the_session_is_fresh(anna: Person) -> None:
    anna.enrol()
    stale = later(16 * 60)
    with anna.database.write() as session, pytest.raises(factors.SecondFactorNeeded):
        factors.remove(session, anna.present_in(session, stale), request_id="r")
    with anna.database.write() as session:
        factors.remove(session, anna.present_in(session), request_id="r")
    assert not anna.present().is_enrolled
    with anna.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(RecoveryCode)) == 0


def check_at_once(anna: Person, code: str) -> int:
    """How many of eight who bring the same code at once are let through."""
    barrier, found = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        found.append(anna.check(code, later(60)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    return sum(found)


def test_of_eight_with_one_code_one_is_let_through(shared: Database) -> None:
    anna = Person(shared)
    [paper, *_] = anna.enrol()
    assert check_at_once(anna, anna.code(later(60))) == 1
    assert check_at_once(anna, paper) == 1


def test_without_the_last_step_a_code_serves_everybody(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = Person(shared)
    anna.enrol()
    monkeypatch.setattr(factors, "_is_unused", lambda _: sa.true())
    assert check_at_once(anna, anna.code(later(60))) == 8
