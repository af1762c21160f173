"""Doing something to many at once and undoing it: what is put back, what stays, who may, and until when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth import service as auth
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.bulk_changes import service as changes
from app.bulk_changes.models import BulkChange, BulkKind, BulkStep
from app.class_lists import columns as naming
from app.class_lists import service as lists
from app.class_lists import table as reading
from app.db import Database
from app.events.models import Event
from app.opportunities.models import Status
from app.places.models import MunicipalityName
from app.privacy import service_erasure as erasures
from app.privacy.models import Tombstone
from app.recommendations.models import Recommendation
from app.schools.models import School, SchoolClass
from app.students import service_validation as validation
from app.students.models import Evidence, Student, StudentSkill
from app.students.service_validation import Choice
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.queries import count_queries

LATER = NOW + timedelta(minutes=9)
TOO_LATE = NOW + timedelta(minutes=10)


@pytest.fixture
def school_class(make: Factory) -> SchoolClass:
    for skill_id in ("cad", "plc"):
        make.skill(skill_id)
    make.municipality("037032", name="Imola")
    make.add(MunicipalityName(key="imola", istat="037032", kind="name", name="Imola"))
    return make.school_class()


@pytest.fixture
def teacher(database: Database, school_class: SchoolClass) -> Actor:
    return teacher_of(database, school_class)


def teacher_of(database: Database, school_class: SchoolClass) -> Actor:
    grant = Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id}))
    with database.write() as session:
        user = people.add_user(session, ACTOR, email=f"{uuid4()}@example.org", name="Marco", grants=[grant])
    return Actor(kind="user", id=user.id, name="Marco", grants=(grant,))


def declare(make: Factory, student: Student, skill_id: str, level: int = 2) -> Choice:
    evidence = Evidence.DECLARED
    make.add(StudentSkill(student_id=student.id, skill_id=skill_id, level=level, evidence=evidence))
    return Choice(student.id, skill_id, level)


def held(make: Factory, student: Student, skill_id: str) -> tuple[int, str]:
    found = make.get(StudentSkill, (student.id, skill_id))
    assert found is not None
    return found.level, found.evidence.value


def actions(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(sa.select(Event.action).order_by(Event.id)))


# --- skills -----------------------------------------------------------------------------------------------------------


def test_validating_raises_evidence_level_and_version_and_undo_puts_them_back(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    one, two = make.student(school_class), make.student(school_class)
    chosen = [declare(make, one, "cad"), declare(make, one, "plc", 1), declare(make, two, "cad")]
    with database.write() as session:
        change = changes.validate(
            session, teacher, school_class.id, [chosen[0]._replace(level=4), *chosen[1:]], now=NOW
        )
    assert (change.kind, change.size) == (BulkKind.SKILLS_VALIDATED, 3)
    assert held(make, one, "cad") == (4, "validated")
    assert make.get(Student, one.id).version == 2  # type: ignore[union-attr]
    with database.write() as session:
        assert changes.undo(session, teacher, change.id, now=LATER).undone == 3
    assert [held(make, one, "cad"), held(make, one, "plc"), held(make, two, "cad")] == [
        (2, "declared"), (1, "declared"), (2, "declared"),
    ]  # fmt: skip
    assert actions(database)[-6:].count("student.skills_validated") == 2
    assert actions(database)[-1] == "bulk_change.undone"


def test_what_is_no_longer_declared_is_left_alone(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    student = make.student(school_class)
    choice = declare(make, student, "cad")
    for size in (1, 0):
        with database.write() as session:
            gone = Choice(student.id, "plc", 2)
            assert changes.validate(session, teacher, school_class.id, [choice, gone], now=NOW).size == size
    assert held(make, student, "cad") == (2, "validated")


def test_what_somebody_has_changed_since_stays(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    student = make.student(school_class)
    choices = [declare(make, student, "cad"), declare(make, student, "plc")]
    with database.write() as session:
        change = changes.validate(session, teacher, school_class.id, choices, now=NOW)
    with database.write() as session:
        session.get_one(StudentSkill, (student.id, "cad")).evidence = Evidence.CERTIFIED
    with database.write() as session:
        undone = changes.undo(session, teacher, change.id, now=LATER)
        assert (undone.size, undone.undone) == (2, 1)
    assert held(make, student, "cad") == (2, "certified")


def test_skills_of_others_and_repeated_ones_are_named(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    mine, other = declare(make, make.student(school_class), "cad"), declare(make, make.student(), "cad")
    with pytest.raises(validation.BadChoices) as refusal, database.write() as session:
        changes.validate(session, teacher, school_class.id, [mine, other, mine], now=NOW)
    assert [fault["field"] for fault in refusal.value.faults] == ["skills.1.student_id", "skills.2.skill_id"]


# --- recommendations --------------------------------------------------------------------------------------------------


def test_recommending_reaches_each_once_and_undo_takes_back_only_what_was_new(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    one, two = make.student(school_class), make.student(school_class)
    offer = make.opportunity()
    make.recommendation(one, offer, note="Prima")
    with database.write() as session:
        change = changes.recommend(session, teacher, offer.id, [one.id, two.id], note="Dopo", now=NOW)
    assert change.size == 1
    with database.write() as session:
        changes.undo(session, teacher, change.id, now=LATER)
    with database.read() as session:
        assert [(row.student_id, row.note) for row in session.scalars(sa.select(Recommendation))] == [
            (one.id, "Prima")
        ]


def test_a_student_reads_who_recommends_what_until_it_closes(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    student, offer = make.student(school_class), make.opportunity(title="Robot")
    grant = Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id}))
    staff = {"Cookie": f"{auth.COOKIE}={make.signed_in(grant, name='Marco')}"}
    own = {"Cookie": f"{auth.COOKIE}={make.signed_in(Grant(Role.STUDENT, student_id=student.id))}"}
    body = {"student_ids": [str(student.id)], "note": "Fa per te."}
    made = client.post(f"/api/v1/opportunities/{offer.id}/recommendations", json=body, headers=staff)
    assert made.status_code == 201
    path = f"/api/v1/students/{student.id}/recommendations"
    [told] = client.get(path, headers=own).json()["items"]
    assert (told["title"], told["note"], told["recommended_by_name"]) == ("Robot", "Fa per te.", "Marco")
    make.change(offer, status=Status.CLOSED)
    assert client.get(path, headers=own).json()["items"] == []


# --- lists ------------------------------------------------------------------------------------------------------------

LIST = b"Cognome;Nome;Nato il;Comune\nVerdi;Anna;03/02/2009;Imola\nNeri;Ugo;x;Imola\nVERDI;anna;2009-02-03;Imola\n"


def load(
    database: Database, actor: Actor, school_class: SchoolClass, data: bytes = LIST
) -> tuple[BulkChange, list[str]]:
    table = reading.read(data)
    with database.write() as session:
        change, checked = changes.load(session, actor, school_class.id, table, naming.guess(table), now=NOW)
    return change, [one.status for one in checked]


def of_class(database: Database, school_class: SchoolClass) -> Sequence[Student]:
    with database.read() as session:
        return session.scalars(sa.select(Student).where(Student.class_id == school_class.id)).all()


def test_what_is_right_of_a_list_is_loaded_once(
    database: Database, school_class: SchoolClass, teacher: Actor
) -> None:
    change, statuses = load(database, teacher, school_class)
    assert (change.size, statuses) == (1, ["created", "rejected", "rejected"])
    [anna] = of_class(database, school_class)
    assert (anna.family_name, anna.municipality_istat, anna.born_on.isoformat()) == (
        "Verdi",
        "037032",
        "2009-02-03",
    )
    again, statuses = load(database, teacher, school_class)
    assert (again.size, statuses) == (0, ["unchanged", "rejected", "rejected"])


def test_checking_says_what_loading_does_and_changes_nothing(
    database: Database, school_class: SchoolClass, teacher: Actor
) -> None:
    table = reading.read(LIST)
    with database.read() as session:
        checked = lists.check(session, teacher, school_class.id, table, naming.guess(table), today=TODAY)
    assert of_class(database, school_class) == []
    assert [one.status for one in checked] == load(database, teacher, school_class)[1]


def test_undoing_a_list_removes_the_new_and_puts_back_the_changed(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    ugo = make.student(school_class, family_name="Neri", given_name="Ugo", hours_owed=10)
    day = ugo.born_on.strftime("%d/%m/%Y")
    data = (
        LIST.replace(b"Ugo;x", f"Ugo;{day}".encode())
        .replace(b"Comune", b"Comune;Ore")
        .replace(b"Imola", b"Imola;80")
    )
    change, statuses = load(database, teacher, school_class, data)
    assert statuses == ["created", "changed", "rejected"]
    assert make.get(Student, ugo.id).hours_owed == 80  # type: ignore[union-attr]
    with database.write() as session:
        assert changes.undo(session, teacher, change.id, now=LATER).undone == 2
    assert "student.created" in actions(database)
    with database.read() as session:
        made = session.scalars(sa.select(Event.object_id).where(Event.action == "student.created")).all()
        assert made == [str(tombstone.id) for tombstone in session.scalars(sa.select(Tombstone))]
    [left] = of_class(database, school_class)
    assert (left.id, left.hours_owed, left.municipality_istat) == (ugo.id, 10, "037006")


def test_changing_many_takes_at_most_one_more_statement_for_each(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    def count(number: int, hours: int) -> tuple[int, int]:
        table = reading.read(
            b"Cognome;Nome;Nato il;Comune;Ore\n"
            + "".join(f"Verdi{at};Anna;03/02/2009;037032;{hours}\n" for at in range(number)).encode()
        )
        with database.write() as session, count_queries(database) as loading:
            change, checked = changes.load(
                session, teacher, school_class.id, table, naming.guess(table), now=NOW
            )
        with database.write() as session, count_queries(database) as undoing:
            assert changes.undo(session, teacher, change.id, now=LATER).undone == number
        assert {one.status for one in checked} == {"changed"}
        return loading.count, undoing.count

    load(
        database, teacher, school_class,
        b"Cognome;Nome;Nato il;Comune\n" + "".join(f"Verdi{at};Anna;03/02/2009;037032\n" for at in range(9)).encode(),
    )  # fmt: skip
    for many, few in zip(count(9, hours=20), count(2, hours=30), strict=True):
        assert many - few <= 7  # an UPDATE of each, which looks at its version


def touched(database: Database, make: Factory, student_id: UUID) -> None:
    with database.write() as session:
        session.get_one(Student, student_id).max_km = 7


def signed_in(database: Database, make: Factory, student_id: UUID) -> None:
    make.signed_in(Grant(Role.STUDENT, student_id=student_id))


@pytest.mark.parametrize("use", [touched, signed_in])
def test_a_new_student_whom_somebody_counts_on_stays(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor, use: Callable[..., None]
) -> None:
    change, _ = load(database, teacher, school_class)
    [anna] = of_class(database, school_class)
    use(database, make, anna.id)
    with database.write() as session:
        assert changes.undo(session, teacher, change.id, now=LATER).undone == 0
    assert len(of_class(database, school_class)) == 1


def test_who_is_in_another_class_of_the_school_is_not_made_twice(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    other = make.school_class(make.get(School, school_class.school_id))
    load(database, teacher_of(database, other), other)
    change, statuses = load(database, teacher, school_class)
    assert (change.size, statuses[0]) == (0, "rejected")


def test_a_list_without_a_needed_column_is_refused_as_a_whole(
    database: Database, school_class: SchoolClass, teacher: Actor
) -> None:
    table = reading.read(b"Cognome;Nome;Nato il\nVerdi;Anna;03/02/2009\n")
    with pytest.raises(lists.BadColumns) as refusal, database.write() as session:
        changes.load(session, teacher, school_class.id, table, naming.guess(table), now=NOW)
    assert refusal.value.faults[0]["field"] == "municipality"


def test_when_loading_fails_in_the_middle_nothing_stays(
    database: Database, school_class: SchoolClass, teacher: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(changes, "_keep", fail)
    with pytest.raises(RuntimeError):
        load(database, teacher, school_class)
    assert of_class(database, school_class) == []


# --- undoing ----------------------------------------------------------------------------------------------------------


def test_undoing_twice_does_nothing_more(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    student, offer = make.student(school_class), make.opportunity().id
    with database.write() as session:
        change = changes.recommend(session, teacher, offer, [student.id], note=None, now=NOW)
    for _ in range(2):
        with database.write() as session:
            assert changes.undo(session, teacher, change.id, now=LATER).undone == 1
    assert actions(database).count("bulk_change.undone") == 1


def test_after_ten_minutes_it_is_too_late_and_soon_forgotten(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    student, offer = make.student(school_class), make.opportunity().id
    with database.write() as session:
        change = changes.recommend(session, teacher, offer, [student.id], note=None, now=NOW)
    with pytest.raises(changes.TooLate), database.write() as session:
        changes.undo(session, teacher, change.id, now=TOO_LATE)
    with database.write() as session:
        assert changes.forget_expired(session, LATER) == {"bulk_changes": 0}
        assert changes.forget_expired(session, TOO_LATE) == {"bulk_changes": 1}
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(BulkStep)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Recommendation)) == 1


def test_a_colleague_undoes_nobody_elses_change(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    with database.write() as session:
        change = changes.validate(session, teacher, school_class.id, [], now=NOW)
    colleague = teacher_of(database, school_class)
    with pytest.raises(changes.NoSuchChange), database.write() as session:
        changes.undo(session, colleague, change.id, now=LATER)


def test_a_student_who_goes_takes_the_steps_along(
    database: Database, make: Factory, school_class: SchoolClass, teacher: Actor
) -> None:
    one, two = make.student(school_class), make.student(school_class)
    choices = [declare(make, one, "cad"), declare(make, two, "cad")]
    with database.write() as session:
        change = changes.validate(session, teacher, school_class.id, choices, now=NOW)
    with database.write() as session:
        erasures.remove_student(session, teacher, one.id, now=NOW)
    with database.write() as session:
        assert changes.undo(session, teacher, change.id, now=LATER).undone == 1
