from datetime import timedelta

import pytest

from app.auth import service as auth
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role
from app.auth.models import IdempotencyKey, Membership, SignIn, User
from app.errors import NotSignedIn
from tests.factories import ACTOR, NOW, Factory
from tests.queries import count_queries


def add_person(make: Factory, *grants: Grant, **values: object) -> User:
    with make.database.write() as session:
        return people.add_user(
            session, ACTOR, email="Anna@Scuola.example", name="Anna", grants=grants,
            password_hash=people.hash_password("a long password"), **values,  # type: ignore[arg-type]
        )  # fmt: skip


@pytest.mark.parametrize(
    ("email", "password", "is_right"),
    [
        ("anna@scuola.example", "a long password", True),
        (" ANNA@scuola.example ", "a long password", True),
        ("anna@scuola.example", "another password", False),
        ("nobody@scuola.example", "a long password", False),
        ("anna@scuola.example", "", False),
    ],
)
def test_a_person_is_known_by_address_and_password(
    make: Factory, email: str, password: str, is_right: bool
) -> None:
    add_person(make)
    with make.database.read() as session:
        user = people.find_person(session, email)
    assert people.has_password(user, password) is is_right


def test_a_person_who_is_not_active_cannot_sign_in_nor_stay_signed_in(make: Factory) -> None:
    user = add_person(make)
    with make.database.write() as session:
        token = sessions.sign_in(session, session.merge(user), hours=1, request_id="r")
        session.merge(user).is_active = False
    with make.database.read() as session:
        assert people.find_person(session, "anna@scuola.example") is None
        with pytest.raises(NotSignedIn):
            auth.identify(session, bearer=None, cookie=token, request_id="r", now=NOW)


def test_a_person_without_password_cannot_sign_in_with_one(make: Factory) -> None:
    user = add_person(make)
    with make.database.write() as session:
        session.merge(user).password_hash = None
    with make.database.read() as session:
        user = people.find_person(session, "anna@scuola.example")  # type: ignore[assignment]
    assert not people.has_password(user, "a long password")


def test_identify_finds_the_person_with_the_hat_that_was_chosen(make: Factory) -> None:
    first, second = make.school_class(), make.school_class()
    grants = (
        Grant(Role.TEACHER, school_id=first.school_id, class_ids=frozenset({first.id})),
        Grant(Role.SCHOOL_LEAD, school_id=second.school_id),
    )
    user = add_person(make, *grants)
    with make.database.write() as session:
        token = sessions.sign_in(session, session.merge(user), hours=1, request_id="r")
    with make.database.read() as session:
        actor, stale_key = auth.identify(session, bearer=None, cookie=token, request_id="request", now=NOW)
    assert (actor.kind, actor.id, actor.name, actor.request_id, stale_key) == (
        "user", user.id, "Anna", "request", None,
    )  # fmt: skip
    assert (actor.grants, actor.hats, actor.must_choose) == ((), 2, True)
    with make.database.write() as session:
        by_role = {one.role: one.id for one in session.query(Membership).filter_by(user_id=user.id)}
        session.query(SignIn).update({"membership_id": by_role[Role.TEACHER]})
    with make.database.read() as session, count_queries(make.database) as sent:
        actor, _ = auth.identify(session, bearer=None, cookie=token, request_id="request", now=NOW)
    assert sent.count == 2  # the session with its person, and the memberships
    assert (actor.grants, actor.hats, actor.must_choose) == (grants[:1], 2, False)
    assert actor.is_staff_of(first.school_id, first.id)
    assert not actor.is_staff_of(first.school_id, second.id)
    assert not actor.is_staff_of(second.school_id, second.id)


def test_a_session_ends(make: Factory) -> None:
    user = add_person(make)
    with make.database.write() as session:
        expired = sessions.sign_in(session, session.merge(user), hours=1, request_id="r")
        session.query(SignIn).update({"expires_at": NOW - timedelta(seconds=1)})
    with make.database.write() as session:
        left = sessions.sign_in(session, session.merge(user), hours=1, request_id="r")
        sessions.sign_out(session, left)
        sessions.sign_out(session, None)
    with make.database.read() as session:
        for token in (expired, left, "never given out"):
            with pytest.raises(NotSignedIn):
                auth.identify(session, bearer=None, cookie=token, request_id="r", now=NOW)


def test_what_has_expired_is_forgotten(make: Factory) -> None:
    user = add_person(make)
    old = NOW - timedelta(hours=25)
    with make.database.write() as session:
        sessions.sign_in(session, session.merge(user), hours=1, request_id="r")
        session.query(SignIn).update({"expires_at": old})
        for key, created_at in (("old", old), ("new", NOW)):
            session.add(
                IdempotencyKey(
                    actor="user:1",
                    key=key,
                    fingerprint="f",
                    status=201,
                    body="",
                    headers="{}",
                    created_at=created_at,
                )
            )
        session.flush()
        assert auth.forget_expired(session, NOW) == {"sign_ins": 1, "idempotency_keys": 1}
        assert auth.forget_expired(session, NOW) == {"sign_ins": 0, "idempotency_keys": 0}
