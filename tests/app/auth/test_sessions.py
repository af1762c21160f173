from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.auth import service as auth
from app.auth import service_log
from app.auth import service_passwords as passwords
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Actor, Grant, Role
from app.auth.models import SignIn, User
from app.db import Database
from app.errors import NotSignedIn
from app.events.models import Event
from tests.factories import ACTOR, NOW, Factory

HOURS = timedelta(hours=1)


def add_person(database: Database, *roles: Role, email: str = "anna@scuola.example") -> User:
    grants = [grant(database, role) for role in roles]
    with database.write() as session:
        return people.add_user(session, ACTOR, email=email, name="Anna", grants=grants)


def grant(database: Database, role: Role) -> Grant:
    """The role, bound to what it needs."""
    return Factory(database).grant(role)


def sign_in(database: Database, user: User, **values: object) -> str:
    given = {"hours": 12, "request_id": "r", "now": NOW} | values
    with database.write() as session:
        return sessions.sign_in(session, user, **given)  # type: ignore[arg-type]


def identify(database: Database, token: str, now: datetime = NOW) -> Actor:
    with database.read() as session:
        return auth.identify(session, bearer=None, cookie=token, request_id="r", now=now)[0]


def ids(database: Database, user: User) -> list[UUID]:
    with database.read() as session:
        return [one.id for one in sessions.list_sessions(session, user.id, NOW)]


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_a_strict_role_can_do_nothing_before_the_second_factor(database: Database, role: Role) -> None:
    user = add_person(database, role)
    token = sign_in(database, user)
    with pytest.raises(auth.SecondFactorMissing):
        identify(database, token)
    with database.write() as session:
        present = sessions.find_present(session, token, NOW)
        assert present.waits
        better = sessions.give_second_factor(session, present, NOW)
    assert identify(database, better).id == user.id
    with pytest.raises(auth.BadCredentials):
        identify(database, token)


def test_whoever_becomes_coordinator_needs_the_second_factor_at_once(database: Database) -> None:
    user = add_person(database)
    token = sign_in(database, user)
    assert identify(database, token).id == user.id
    coordinator = grant(database, Role.COORDINATOR)
    with database.write() as session:
        people.add_membership(session, user.id, coordinator)
    with pytest.raises(auth.SecondFactorMissing):
        identify(database, token)


def test_ones_own_device_is_trusted_for_thirty_days_and_never_with_a_strict_role(database: Database) -> None:
    user = add_person(database)
    token = sign_in(database, user, is_own_device=True, has_second_factor=True)
    late = NOW + timedelta(days=29)
    assert identify(database, token, late).id == user.id
    with pytest.raises(auth.BadCredentials):
        identify(database, token, NOW + timedelta(days=30))
    coordinator = grant(database, Role.COORDINATOR)
    with database.write() as session:
        people.add_membership(session, user.id, coordinator)
    for moment in (late, NOW + 12 * HOURS):
        with pytest.raises(auth.BadCredentials):
            identify(database, token, moment)
        with database.read() as session, pytest.raises(auth.BadCredentials):
            sessions.find_present(session, token, moment)
    assert identify(database, token, NOW + 11 * HOURS).id == user.id
    token = sign_in(database, user, is_own_device=True, has_second_factor=True)
    with pytest.raises(auth.BadCredentials):
        identify(database, token, NOW + 12 * HOURS)


def test_deactivation_ends_every_session_at_once(database: Database) -> None:
    user = add_person(database)
    tokens = [sign_in(database, user) for _ in range(2)]
    with database.write() as session:
        session.execute(sa.update(User).where(User.id == user.id).values(is_active=False))
    for token in tokens:
        with pytest.raises(NotSignedIn):
            identify(database, token)
        with database.read() as session, pytest.raises(NotSignedIn):
            sessions.find_present(session, token, NOW)


def test_every_sign_in_has_a_token_of_its_own_and_none_is_stored(database: Database) -> None:
    user = add_person(database)
    tokens = {sign_in(database, user) for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) == 43 for token in tokens)
    with database.read() as session:
        stored = str(session.execute(sa.select(SignIn.__table__)).all())
    assert not any(token in stored for token in tokens)


def test_a_person_lists_and_ends_own_sessions_only(database: Database) -> None:
    anna, marco = add_person(database), add_person(database, email="marco@scuola.example")
    first = sign_in(database, anna, browser="Firefox, Windows", how="link")
    second = sign_in(database, anna, now=NOW + timedelta(minutes=1), is_own_device=True)
    foreign = sign_in(database, marco)
    with database.read() as session:
        listed = sessions.list_sessions(session, anna.id, NOW)
    assert [(one.browser, one.how, one.is_own_device) for one in listed] == [
        ("", "password", True), ("Firefox, Windows", "link", False),
    ]  # fmt: skip
    for session_id in (ids(database, marco)[0], uuid4()):
        with database.write() as session, pytest.raises(sessions.NoSuchSession):
            sessions.end(session, anna.id, session_id, request_id="r")
    with database.write() as session:
        sessions.end(session, anna.id, listed[1].id, request_id="r")
    with pytest.raises(NotSignedIn):
        identify(database, first)
    assert identify(database, second).id == anna.id
    assert identify(database, foreign).id == marco.id


def test_ending_all_others_keeps_one(database: Database) -> None:
    anna, marco = add_person(database), add_person(database, email="marco@scuola.example")
    for _ in range(3):
        token = sign_in(database, anna)
    foreign = sign_in(database, marco)
    with database.write() as session:
        kept = sessions.find_present(session, token, NOW).session_id
        assert sessions.end_all(session, anna.id, keeps=kept, request_id="r") == 2
        assert sessions.end_all(session, anna.id, keeps=kept, request_id="r") == 0
    assert ids(database, anna) == [kept]
    with database.write() as session:
        assert sessions.end_all(session, anna.id, request_id="r", by_owner=False) == 1
    assert identify(database, foreign).id == marco.id


def test_a_session_knows_when_it_was_last_seen_to_ten_minutes(database: Database) -> None:
    user = add_person(database)
    token = sign_in(database, user)
    with database.read() as session:
        _, fresh = auth.identify(
            session, bearer=None, cookie=token, request_id="r", now=NOW + timedelta(minutes=9)
        )
        _, stale = auth.identify(
            session, bearer=None, cookie=token, request_id="r", now=NOW + timedelta(minutes=10)
        )
    assert (fresh, stale) == (None, auth.Use(ids(database, user)[0]))
    with database.write() as session:
        assert stale is not None
        auth.note_use(session, stale, NOW + timedelta(minutes=10))
        assert session.scalars(sa.select(SignIn.seen_at)).one() == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iOS",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605 Version/18.0 Safari/605.1.15",
            "Safari, macOS",
        ),
        ("curl/8.0", ""),
        ("", ""),
        ("<script>" * 100, ""),
    ],
)
def test_a_browser_is_known_by_kind_and_system_only(user_agent: str, shown: str) -> None:
    assert sessions.coarse_browser(user_agent) == shown


# --- the log ----------------------------------------------------------------------------------------------------------


def test_people_read_what_happened_to_their_own_access_newest_first(database: Database) -> None:
    anna, marco = add_person(database), add_person(database, email="marco@scuola.example")
    token = sign_in(database, anna, how="link")
    sign_in(database, marco)
    with database.write() as session:
        service_log.note(session, "sign_in_failed", anna.id, request_id="r", by_owner=False, how="password")
        service_log.note(session, "sign_in_failed", None, request_id="r", by_owner=False, how="password")
        sessions.sign_out(session, token, request_id="r")
    with database.read() as session:
        noted = service_log.list_own(session, anna.id)
        events = session.scalars(sa.select(Event).where(Event.action == "user.sign_in_failed")).all()
    assert [(one.action, one.how) for one in noted] == [
        ("signed_out", None), ("sign_in_failed", "password"), ("signed_in", "link"),
    ]  # fmt: skip
    assert [(one.object_id, one.actor_kind, one.actor_id) for one in events] == [
        (str(anna.id), "nobody", None), ("unknown", "nobody", None),
    ]  # fmt: skip


# --- passwords --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "minutes", "how", "has_password", "is_proven"),
    [
        ("the old password", 60, "password", True, True),
        ("another password", 60, "password", True, False),
        ("another password", 0, "link", True, False),
        ("", 0, "password", True, False),
        ("", 0, "link", True, True),
        ("", 16, "link", True, False),
        ("", 0, "link", False, True),
        ("", 16, "link", False, False),
        ("anything at all", 16, "link", False, False),
    ],
)
def test_a_password_is_changed_with_the_old_one_or_after_another_way_in(
    database: Database,
    quick_passwords: None,
    given: str,
    minutes: int,
    how: str,
    has_password: bool,
    is_proven: bool,
) -> None:
    user = add_person(database)
    stored = people.hash_password("the old password") if has_password else None
    token = sign_in(database, user, how=how)
    with database.read() as session:
        present = sessions.find_present(session, token, NOW + timedelta(minutes=minutes))
    if is_proven:
        passwords.prove(stored, present, given)
    else:
        with pytest.raises(passwords.NotProven):
            passwords.prove(stored, present, given)


def test_changing_the_password_ends_the_other_sessions(database: Database, quick_passwords: None) -> None:
    user = add_person(database)
    other, token = sign_in(database, user), sign_in(database, user)
    with database.read() as session:
        present = sessions.find_present(session, token, NOW)
    made = passwords.make_hash(present, "tre parole a caso")
    with database.write() as session:
        passwords.keep(session, present, made, request_id="r")
        stored = passwords.stored_hash(session, user.id)
    assert people.matches(stored, "tre parole a caso")
    assert not people.matches(stored, "the old password")
    assert identify(database, token).id == user.id
    with pytest.raises(NotSignedIn):
        identify(database, other)
    with database.write() as session:
        passwords.keep(session, present, None, request_id="r")
        assert passwords.stored_hash(session, user.id) is None
        noted = [one.action for one in service_log.list_own(session, user.id)]
    assert noted[:3] == ["password_removed", "session_ended", "password_changed"]


def test_a_bad_password_is_refused_and_the_field_named(database: Database) -> None:
    token = sign_in(database, add_person(database))
    with database.read() as session:
        present = sessions.find_present(session, token, NOW)
    with pytest.raises(passwords.BadPassword) as refusal:
        passwords.make_hash(present, "short")
    [fault] = refusal.value.faults
    assert (fault["field"], fault["detail"]) == ("new_password", "needs at least 10 characters")


def test_who_runs_the_service_is_counted_without_the_demo(database: Database) -> None:
    with database.read() as session:
        before = people.count_administrators(session)
    user = add_person(database, Role.ADMINISTRATOR)
    with database.write() as session:
        people.add_user(
            session, ACTOR, email="demo@demo.example", name="Demo", grants=[Grant(Role.ADMINISTRATOR)],
            is_demo=True,
        )  # fmt: skip
        assert people.count_administrators(session) == before + 1
        assert people.is_administrator(session, user.id)
        assert not people.is_administrator(session, uuid4())
        assert people.find_by_address(session, " ANNA@scuola.example") is not None
