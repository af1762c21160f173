"""One-time codes of students: who makes them, what they open, and that each opens it once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from math import log2
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.testclient import TestClient

from app import errors
from app.auth import codes as signs
from app.auth import service_people as people
from app.auth import usernames
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, User
from app.db import Database
from app.events import service as events
from app.schools.classes import NoSuchClass
from app.students import service_codes as codes
from app.students.models import Student, StudentCode
from tests.conftest import another_database
from tests.factories import ACTOR, NOW, Factory

SECRET = SecretStr("a secret of the tests, long enough for them")


def issue(make: Factory, *students: Student, actor: Actor = ACTOR) -> list[str]:
    with make.database.write() as session:
        slips = codes.issue(
            session, actor, students[0].class_id, [one.id for one in students], secret=SECRET, now=NOW
        )
    by_student = {slip.student_id: slip.code for slip in slips}
    return [by_student[one.id] for one in students]


def redeem(database: Database, code: str, *, days: float = 0) -> User:
    with database.write() as session:
        return codes.redeem(
            session, code, secret=SECRET, now=NOW + timedelta(days=days), request_id="request"
        )


def is_refused(database: Database, code: str, *, days: float = 0) -> bool:
    try:
        redeem(database, code, days=days)
    except codes.WrongCode:
        return True
    return False


# --- signs -----------------------------------------------------------------------------------------------------------


def test_a_code_has_more_than_50_bits_and_no_signs_that_look_alike() -> None:
    assert codes.LENGTH * log2(len(signs.ALPHABET)) >= 50
    assert len(set(signs.ALPHABET)) == len(signs.ALPHABET)
    for pair in ("0O", "1I", "1L", "IL", "2Z", "5S", "6G", "8B", "UV"):
        assert len(set(pair) & set(signs.ALPHABET)) <= 1, pair
    assert re.fullmatch(rf"([{signs.ALPHABET}]{{4}}-){{2}}[{signs.ALPHABET}]{{4}}", signs.make(12))


@pytest.mark.parametrize("typed", ["ACGQ-VHJK-3479", "acgq vhjk 3479", " ac60uhjk3479 ", "ACGO-UHJK-3479"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert signs.read(typed) == "ACGQVHJK3479"


def test_a_hash_is_for_one_purpose_and_one_secret() -> None:
    hashes = {
        signs.keyed_hash(secret, purpose, "ACGQ")
        for secret in (SECRET, SecretStr("another"))
        for purpose in ("one", "two")
    }
    assert len(hashes) == 4


# --- opening ---------------------------------------------------------------------------------------------------------


def test_a_code_makes_an_account_without_an_address(make: Factory) -> None:
    student = make.student()
    [code] = issue(make, student)
    user = redeem(make.database, code.lower())
    assert (user.email, user.password_hash, user.name) == (
        None, None, f"{student.given_name} {student.family_name}",
    )  # fmt: skip
    assert re.fullmatch(usernames.PATTERN, user.username or "")
    with make.database.read() as session:
        [membership] = session.query(Membership).filter_by(user_id=user.id)
        told = [event.action for event in events.history(session, "student", student.id)]
    assert (membership.role, membership.student_id) == (Role.STUDENT, student.id)
    assert told == ["student.code_made", "student.code_used"]


def test_a_second_code_opens_the_same_account(make: Factory) -> None:
    student = make.student()
    first = redeem(make.database, issue(make, student)[0])
    second = redeem(make.database, issue(make, student)[0])
    assert (first.id, first.username) == (second.id, second.username)


def test_a_code_opens_once(make: Factory) -> None:
    [code] = issue(make, make.student())
    redeem(make.database, code)
    assert is_refused(make.database, code)


def test_a_new_code_ends_the_old_one(make: Factory) -> None:
    student = make.student()
    [old], [new] = issue(make, student), issue(make, student)
    assert (is_refused(make.database, old), is_refused(make.database, new)) == (True, False)


@pytest.mark.parametrize(("days", "refused"), [(13.9, False), (14, True)])
def test_a_code_is_valid_for_two_weeks(make: Factory, days: float, refused: bool) -> None:
    [code] = issue(make, make.student())
    assert is_refused(make.database, code, days=days) is refused


@pytest.mark.parametrize("code", ["", "ACDE-FGHJ-KMNP", "x" * 60, "'; --"])
def test_what_is_no_code_opens_nothing(make: Factory, code: str) -> None:
    issue(make, make.student())
    assert is_refused(make.database, code)


def test_the_code_is_kept_nowhere(make: Factory) -> None:
    student = make.student()
    [code] = issue(make, student)
    with make.database.read() as session:
        row = session.query(StudentCode).one()
        told = [str(event.data) for event in events.history(session, "student", student.id)]
    kept = [str(value) for value in vars(row).values()] + told
    assert [one for one in kept if code in one or signs.read(code) in one] == []


def test_a_code_of_an_account_that_is_switched_off_stays_unused(make: Factory) -> None:
    student = make.student()
    user = redeem(make.database, issue(make, student)[0])
    [code] = issue(make, student)
    with make.database.write() as session:
        session.query(User).filter_by(id=user.id).update({"is_active": False})
    assert is_refused(make.database, code)
    with make.database.write() as session:
        session.query(User).filter_by(id=user.id).update({"is_active": True})
    assert redeem(make.database, code).id == user.id


def test_a_code_never_opens_what_is_more_than_a_student(make: Factory) -> None:
    student = make.student()
    [code] = issue(make, student)
    with make.database.write() as session:
        people.add_user(
            session, ACTOR, email="both@example.org", name="Both",
            grants=[Grant(Role.STUDENT, student_id=student.id), Grant(Role.ADMINISTRATOR)],
        )  # fmt: skip
    assert is_refused(make.database, code)
    with pytest.raises(codes.BadStudents) as caught:
        issue(make, student)
    [fault] = caught.value.faults
    assert (fault["field"], "signs in by itself" in fault["detail"]) == ("student_ids.0", True)


# --- making ----------------------------------------------------------------------------------------------------------


def actor_of(*grants: Grant) -> Actor:
    return Actor(kind="system", id=None, name="x", grants=grants)


def test_codes_are_for_the_staff_of_the_class(make: Factory) -> None:
    student = make.student()
    school_id, class_id = student.school_id, student.class_id
    other = make.school_class()
    grants = {
        "teacher of it": Grant(Role.TEACHER, school_id=school_id, class_ids=frozenset({class_id})),
        "teacher of another": Grant(Role.TEACHER, school_id=school_id, class_ids=frozenset({other.id})),
        "lead": Grant(Role.SCHOOL_LEAD, school_id=school_id),
        "lead elsewhere": Grant(Role.SCHOOL_LEAD, school_id=other.school_id),
        "coordinator": Grant(Role.COORDINATOR, provinces=frozenset({"BO"})),
        "administrator": Grant(Role.ADMINISTRATOR),
        "company": Grant(Role.COMPANY_ADMIN, company_id=make.company().id),
        "the student": Grant(Role.STUDENT, student_id=student.id),
    }

    def outcome(grant: Grant) -> str:
        try:
            issue(make, student, actor=actor_of(grant))
        except errors.Problem as problem:
            return type(problem).__name__
        return "made"

    assert {who: outcome(grant) for who, grant in grants.items()} == {
        "teacher of it": "made", "teacher of another": "NoSuchClass", "lead": "made",
        "lead elsewhere": "NoSuchClass", "coordinator": "NotAllowed", "administrator": "made",
        "company": "NoSuchClass", "the student": "NoSuchClass",
    }  # fmt: skip


def test_students_of_another_class_are_named(make: Factory) -> None:
    student, stranger = make.student(), make.student()
    with pytest.raises(codes.BadStudents) as caught, make.database.write() as session:
        codes.issue(
            session, ACTOR, student.class_id, [student.id, stranger.id, uuid4()], secret=SECRET, now=NOW
        )
    assert [fault["field"] for fault in caught.value.faults] == ["student_ids.1", "student_ids.2"]
    with make.database.read() as session:
        assert session.query(StudentCode).count() == 0


def test_the_overview_tells_how_each_gets_in(make: Factory) -> None:
    school_class = make.school_class()
    new, waiting, inside = (make.student(school_class, family_name=name) for name in "ABC")
    issue(make, waiting)
    user = redeem(make.database, issue(make, inside)[0])
    with make.database.read() as session:
        found = codes.overview(session, ACTOR, school_class.id, now=NOW)
        later = codes.overview(session, ACTOR, school_class.id, now=NOW + timedelta(days=15))
    assert [(one.student_id, one.has_account, one.open_until, one.used_at) for one in found] == [
        (new.id, False, None, None),
        (waiting.id, False, NOW + codes.VALID_FOR, None),
        (inside.id, True, None, NOW),
    ]
    assert [one.username for one in found] == [None, None, user.username]
    assert [one.open_until for one in later] == [None, None, None]
    with make.database.read() as session, pytest.raises(NoSuchClass):
        codes.overview(session, ACTOR, uuid4(), now=NOW)


# --- at once ---------------------------------------------------------------------------------------------------------


def fifty_at_once(database: Database, code: str) -> int:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: is_refused(database, code), range(50))).count(False)


def test_of_fifty_who_use_a_code_at_once_one_gets_in(migrated: Database, tmp_path: Path) -> None:
    with another_database(migrated, tmp_path) as engine:
        url = engine.url.render_as_string(hide_password=False)
        database = Database(url, connections=8)
        make = Factory(database)
        [code] = issue(make, make.student())
        assert fifty_at_once(database, code) == 1
        with database.read() as session:
            assert session.query(User).count() == 1
        database.close()


def test_two_teachers_at_once_leave_one_open_code(migrated: Database, tmp_path: Path) -> None:
    with another_database(migrated, tmp_path) as engine:
        url = engine.url.render_as_string(hide_password=False)
        database = Database(url, connections=8)
        make = Factory(database)
        school_class = make.school_class()
        students = [make.student(school_class) for _ in range(3)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda turn: issue(make, *(students if turn % 2 else students[::-1])), range(16)))
        with database.read() as session:
            is_open = sa.and_(StudentCode.used_at.is_(None), StudentCode.ended_at.is_(None))
            assert session.query(StudentCode).filter(is_open).count() == 3
            assert session.query(StudentCode).count() == 48
        database.close()


# --- the API ---------------------------------------------------------------------------------------------------------


def test_the_api_answers_codes_once(client: TestClient, make: Factory) -> None:
    student = make.student(given_name="Ada")
    headers = make.bearer(Role.SCHOOL_LEAD, school_id=student.school_id)
    url = f"/api/v1/classes/{student.class_id}/student-codes"
    answer = client.post(url, json={"student_ids": [str(student.id)]}, headers=headers)
    assert answer.status_code == 201
    [slip] = answer.json()["slips"]
    assert answer.json() == {
        "slips": [
            {"student_id": str(student.id), "code": slip["code"], "expires_at": slip["expires_at"]},
        ],
        "address": "http://127.0.0.1:8000/code",
    }
    assert client.get(url.removesuffix("/student-codes"), headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"student_ids": []}, {"student_ids": ["x"]}, {"student_ids": [str(uuid4())] * 101}]
)
def test_the_api_names_what_is_wrong(client: TestClient, make: Factory, body: dict[str, object]) -> None:
    answer = client.post(
        f"/api/v1/classes/{make.school_class().id}/student-codes", json=body, headers=make.bearer()
    )
    assert answer.status_code == 422
    assert all(fault["field"].startswith("student_ids") for fault in answer.json()["faults"])


# --- user names ------------------------------------------------------------------------------------------------------


def test_invented_user_names_are_valid_and_many() -> None:
    made = {usernames.invent() for _ in range(200)}
    assert len(made) > 195
    assert [name for name in made if re.fullmatch(usernames.PATTERN, name) is None] == []
    words = usernames.THINGS + usernames.MATERIALS
    assert len(set(words)) == 80
    assert all(re.fullmatch("[a-z]{3,10}", word) for word in words)


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [("Gufo-Blu-12", "gufo-blu-12"), ("gufo", None), ("a" * 41, None), ("gufo@blu.it", None), ("-gufo-", None),
     ("giulia.2008", None), ("rossi-4a", None), ("gufo blu", None), ("", None)],
)  # fmt: skip
def test_a_user_name_says_nothing_of_the_person(make: Factory, wanted: str, kept: str | None) -> None:
    with make.database.write() as session:
        user = people.add_user(session, ACTOR, name="Giulia Rossi")
    refusal = pytest.raises(usernames.BadUsername) if kept is None else nullcontext()
    with refusal as caught, make.database.write() as session:
        usernames.choose(session, user.id, wanted, real_names=("Giulia Rossi",))
    if caught is not None:
        assert [fault["field"] for fault in caught.value.faults] == ["username"]
    found = make.get(User, user.id)
    assert found is not None
    assert found.username == kept


def test_a_user_name_that_is_taken_is_refused_and_a_free_one_found(
    make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make.database.write() as session:
        first, second = (people.add_user(session, ACTOR, name=name) for name in ("Ugo", "Ida"))
        usernames.choose(session, first.id, "faro-rame-0001")
    with pytest.raises(usernames.UsernameTaken), make.database.write() as session:
        usernames.choose(session, second.id, "faro-rame-0001")
    invented = iter(["faro-rame-0001", "faro-rame-0002"])
    monkeypatch.setattr(usernames, "invent", lambda: next(invented))
    with make.database.read() as session:
        assert usernames.free(session) == "faro-rame-0002"
