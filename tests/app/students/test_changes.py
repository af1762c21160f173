from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.db import Database
from app.schools.models import SchoolClass
from app.students.models import StudentSkill
from tests.app.students.callers import (
    FREE,
    PARTS,
    PATCH,
    THIS_YEAR,
    URL,
    document,
    faults,
    match,
    revision,
    school_of,
    staff,
    student_of,
    teacher_of,
    told,
)
from tests.factories import Factory


def test_edit_student_changes_what_was_sent(
    client: TestClient, make: Factory, database: Database, school_class: SchoolClass, giulia: dict[str, Any]
) -> None:
    headers, url = staff(make, school_class), f"{URL}/{giulia['id']}"
    change = {
        "given_name": "Giulia Maria", "max_km": None, "interests": ["cad", "cnc"], "languages": [],
        "availabilities": [FREE | {"parts": ["evening"]}],
    }  # fmt: skip
    answer = client.patch(url, json=change, headers=match(headers, 1))
    assert (answer.status_code, answer.json()) == (200, giulia | change | {"version": 2})
    assert answer.headers["etag"] == '"2"'
    assert client.get(url, headers=headers).json() == answer.json()
    assert told(database, giulia["id"])[1:] == [("student.edited", {"fields": sorted(change)})]
    assert revision(database) == 2


def test_edit_student_with_what_stands_there_changes_nothing(
    client: TestClient, make: Factory, database: Database, school_class: SchoolClass, giulia: dict[str, Any]
) -> None:
    same = PARTS | {"skills": PARTS["skills"][::-1], "given_name": "Giulia"}
    url = f"{URL}/{giulia['id']}"
    answer = client.patch(url, json=same, headers=match(staff(make, school_class)))
    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, giulia, '"1"')
    assert (len(told(database, giulia["id"])), revision(database)) == (1, 1)


@pytest.mark.parametrize("name", PARTS)
def test_edit_of_any_part_raises_the_version(
    client: TestClient, make: Factory, school_class: SchoolClass, giulia: dict[str, Any], name: str
) -> None:
    change = {name: PARTS[name][:-1] if name != "interests" else ["cnc"]}
    headers = match(staff(make, school_class), 1)
    answer = client.patch(f"{URL}/{giulia['id']}", json=change, headers=headers)
    assert answer.json() == giulia | change | {"version": 2}
    stale = client.patch(f"{URL}/{giulia['id']}", json={"max_km": 9}, headers=headers)
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale")


@pytest.mark.parametrize("emptied", [[], None])
def test_edit_student_without_skills_brings_back_the_curriculum(
    client: TestClient, make: Factory, school_class: SchoolClass, giulia: dict[str, Any], emptied: Any
) -> None:
    headers = match(staff(make, school_class))
    body = client.patch(f"{URL}/{giulia['id']}", json={"skills": emptied}, headers=headers).json()
    assert [(one["skill_id"], one["evidence"]) for one in body["skills"]] == [
        ("cad", "curriculum"),
        ("cnc", "curriculum"),
    ]


def test_edit_student_who_moves_on_gets_what_the_new_class_has_met(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    headers = staff(make, school_class)
    given = document(school_class, skills=[])
    made = client.post(URL, json=given, headers=headers).json()
    declared = [*made["skills"][:1], {"skill_id": "robots", "level": 2}]
    client.patch(f"{URL}/{made['id']}", json={"skills": declared}, headers=match(headers))
    fifth = make.school_class(school_of(make, school_class), year=5)
    moved = client.patch(f"{URL}/{made['id']}", json={"class_id": str(fifth.id)}, headers=match(headers))
    assert moved.json()["class_id"] == str(fifth.id)
    assert [tuple(one.values())[:3] for one in moved.json()["skills"]] == [
        ("plc", 4, "curriculum"),
        ("robots", 2, "declared"),
    ]
    unknown = make.school_class(school_of(make, school_class), programme_id=None)
    kept = client.patch(f"{URL}/{made['id']}", json={"class_id": str(unknown.id)}, headers=match(headers))
    assert kept.json()["skills"] == moved.json()["skills"]


def test_edit_student_to_another_school_is_for_who_works_at_both(
    client: TestClient, make: Factory, school_class: SchoolClass, giulia: dict[str, Any]
) -> None:
    other = make.school_class()
    url, change = f"{URL}/{giulia['id']}", {"class_id": str(other.id)}
    assert faults(client.patch(url, json=change, headers=match(staff(make, school_class)))) == ["class_id"]
    moved = client.patch(url, json=change, headers=match(make.bearer())).json()
    assert (moved["class_id"], moved["school_id"]) == (str(other.id), str(other.school_id))
    assert client.get(url, headers=staff(make, school_class)).status_code == 404


def test_students_change_their_own_part(client: TestClient, make: Factory, giulia: dict[str, Any]) -> None:
    headers, url = student_of(make, giulia["id"]), f"{URL}/{giulia['id']}"
    change = {
        "max_km": 12, "travel_mode": "car", "interests": [], "languages": [], "availabilities": [],
        "skills": [giulia["skills"][0], {"skill_id": "cnc", "level": 1, "evidence": "declared", "words": "tornio"}],
    }  # fmt: skip
    answer = client.patch(url, json=change | {"given_name": "Giulia"}, headers=match(headers))
    assert (answer.status_code, answer.json()) == (200, giulia | change | {"version": 2})


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"given_name": "Giulio"}, ["given_name"]),
        ({"born_on": "2005-05-05", "max_km": 5}, ["born_on"]),
        ({"class_id": str(UUID(int=7)), "hours_owed": 0}, ["class_id", "hours_owed"]),
        ({"municipality_istat": "037032"}, ["municipality_istat"]),
        ({"skills": []}, ["skills"]),
        ({"skills": [PARTS["skills"][0] | {"level": 4}]}, ["skills.0"]),
        ({"skills": [PARTS["skills"][0], {"skill_id": "cnc", "level": 1, "evidence": "validated"}],
          "source": None}, ["source", "skills.1.evidence"]),
    ],
)  # fmt: skip
def test_students_do_not_change_what_others_answer_for(
    client: TestClient, make: Factory, giulia: dict[str, Any], change: dict[str, Any], fields: list[str]
) -> None:
    headers = student_of(make, giulia["id"])
    answer = client.patch(f"{URL}/{giulia['id']}", json=change, headers=match(headers))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-yours")
    assert [fault["field"] for fault in answer.json()["faults"]] == fields
    assert client.get(f"{URL}/{giulia['id']}", headers=headers).json() == giulia


def test_the_staff_validates_what_students_declare(
    client: TestClient, make: Factory, school_class: SchoolClass, giulia: dict[str, Any]
) -> None:
    change = {"skills": [one | {"evidence": "validated"} for one in giulia["skills"]]}
    headers = match(teacher_of(make, school_class))
    answer = client.patch(f"{URL}/{giulia['id']}", json=change, headers=headers)
    assert answer.json() == giulia | change | {"version": 2}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"given_name": None}, ["given_name"]),
        ({"class_id": None, "born_on": None}, ["born_on", "class_id"]),
        ({"born_on": f"{THIS_YEAR}-01-01"}, ["born_on"]),
        ({"external_id": None}, ["external_id"]),
        ({"skills": [{"skill_id": "cad"}]}, ["skills.0.level"]),
        ({"skills": [{"skill_id": "cad", "level": 1, "words": w} for w in (None, "x")]}, ["skills.1.skill_id"]),
        ({"interests": ["magic"]}, ["interests.0"]),
        ({"version": 7}, ["version"]),
    ],
)  # fmt: skip
def test_edit_student_names_what_is_wrong(
    client: TestClient,
    make: Factory,
    school_class: SchoolClass,
    giulia: dict[str, Any],
    change: dict[str, Any],
    fields: list[str],
) -> None:
    headers = staff(make, school_class)
    answer = client.patch(f"{URL}/{giulia['id']}", json=change, headers=match(headers))
    assert faults(answer) == fields
    assert client.get(f"{URL}/{giulia['id']}", headers=headers).json() == giulia


def test_edit_and_remove_need_the_version_and_the_right(
    client: TestClient, make: Factory, school_class: SchoolClass, giulia: dict[str, Any]
) -> None:
    url, other = f"{URL}/{giulia['id']}", make.school_class()
    callers = {
        "without_version": staff(make, school_class) | PATCH,
        "old_version": match(staff(make, school_class), 9),
        "other_lead": match(staff(make, other)),
        "coordinator": match(make.bearer(Role.COORDINATOR)),
        "company": match(make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id)),
        "reading_key": match(staff(make, school_class, scopes=["students:read"])),
    }
    statuses = {
        name: (
            client.patch(url, json={"max_km": 5}, headers=headers).status_code,
            client.delete(url, headers=headers).status_code,
        )
        for name, headers in callers.items()
    }
    assert statuses == {
        "without_version": (428, 428), "old_version": (412, 412), "other_lead": (404, 404),
        "coordinator": (404, 404), "company": (404, 404), "reading_key": (403, 403),
    }  # fmt: skip


def test_remove_student_takes_everything_away(
    client: TestClient, make: Factory, database: Database, school_class: SchoolClass, giulia: dict[str, Any]
) -> None:
    url, headers = f"{URL}/{giulia['id']}", match(staff(make, school_class), 1)
    own = client.delete(url, headers=match(student_of(make, giulia["id"])))
    assert (own.status_code, own.json()["type"]) == (403, "/problems/not-allowed")
    answer = client.delete(url, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(url, headers=headers).status_code == 404
    assert make.get(StudentSkill, (UUID(giulia["id"]), "cad")) is None
    assert told(database, giulia["id"]) == []  # the log tells of a tombstone
    assert revision(database) == 2
