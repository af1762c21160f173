from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.db import Database
from app.schools.models import SchoolClass
from tests.app.students.callers import (
    FREE,
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
from tests.queries import count_queries


def test_create_student_answers_the_whole_profile(
    client: TestClient, make: Factory, database: Database, school_class: SchoolClass
) -> None:
    make.municipality()
    headers = staff(make, school_class)
    answer = client.post(URL, json=document(school_class), headers=headers)
    body = answer.json()
    assert (answer.status_code, body) == (
        201,
        document(school_class)
        | {"id": body["id"], "school_id": str(school_class.school_id), "created_at": body["created_at"], "version": 1},
    )  # fmt: skip
    assert (answer.headers["location"], answer.headers["etag"]) == (f"{URL}/{body['id']}", '"1"')
    assert told(database, body["id"]) == [("student.created", {})]
    assert revision(database) == 1
    again = client.get(answer.headers["location"], headers=headers)
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, body, '"1"')


def test_create_student_twice_under_one_key_creates_one(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    headers = staff(make, school_class) | {"Idempotency-Key": "create-giulia"}
    first, second = (client.post(URL, json=document(school_class), headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code, first.json()) == (201, 201, second.json())
    listed = client.get(URL, headers=headers).json()["items"]
    assert [one["id"] for one in listed] == [first.json()["id"]]


def test_create_student_fills_an_empty_profile_with_what_the_class_has_met(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    least = {
        name: document(school_class)[name]
        for name in ("class_id", "given_name", "family_name", "born_on", "municipality_istat")
    }
    body = client.post(URL, json=least, headers=staff(make, school_class)).json()
    assert body == least | {
        "id": body["id"], "school_id": str(school_class.school_id), "max_km": None, "travel_mode": "transit",
        "hours_owed": 0, "is_ranked": True, "interests": [], "availabilities": [], "languages": [], "source": None, "external_id": None,
        "created_at": body["created_at"], "version": 1,
        "skills": [
            {"skill_id": "cad", "level": 2, "evidence": "curriculum", "words": None},
            {"skill_id": "cnc", "level": 1, "evidence": "curriculum", "words": None},
        ],
    }  # fmt: skip


def test_create_student_of_a_class_without_programme_has_what_was_said(
    client: TestClient, make: Factory
) -> None:
    school_class = make.school_class(programme_id=None)
    given = document(school_class, skills=[], interests=[])
    body = client.post(URL, json=given, headers=staff(make, school_class)).json()
    assert body["skills"] == []


def test_create_student_is_free_on_weekdays_and_in_the_day_unless_told(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    days = {"starts_on": "2026-02-02", "ends_on": "2026-02-27"}
    given = document(school_class, availabilities=[days])
    body = client.post(URL, json=given, headers=staff(make, school_class)).json()
    whole = {
        "weekdays": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], "parts": ["morning", "afternoon"],
    }  # fmt: skip
    assert body["availabilities"] == [days | whole]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"class_id": str(UUID(int=7))}, ["class_id"]),
        ({"given_name": ""}, ["given_name"]),
        ({"given_name": "x" * 81}, ["given_name"]),
        ({"family_name": "a\nb"}, ["family_name"]),
        ({"born_on": "1890-01-01"}, ["born_on"]),
        ({"born_on": f"{THIS_YEAR - 12}-01-01"}, ["born_on"]),
        ({"born_on": f"{THIS_YEAR - 80}-01-01"}, ["born_on"]),
        ({"born_on": "yesterday"}, ["born_on"]),
        ({"municipality_istat": "999999"}, ["municipality_istat"]),
        ({"municipality_istat": "37006"}, ["municipality_istat"]),
        ({"max_km": 0}, ["max_km"]),
        ({"max_km": 501}, ["max_km"]),
        ({"travel_mode": "rocket"}, ["travel_mode"]),
        ({"hours_owed": -1}, ["hours_owed"]),
        ({"skills": [{"skill_id": "magic", "level": 1}]}, ["skills.0.skill_id"]),
        ({"skills": [{"skill_id": "cad", "level": 5}]}, ["skills.0.level"]),
        ({"skills": [{"skill_id": "cad", "level": 1, "evidence": "rumour"}]}, ["skills.0.evidence"]),
        ({"skills": [{"skill_id": "cad", "level": 1}, {"skill_id": "cad", "level": 2}]}, ["skills.1.skill_id"]),
        ({"interests": ["cad", "magic"]}, ["interests.1"]),
        ({"interests": ["cad", "cad"]}, ["interests.1"]),
        ({"availabilities": [FREE | {"starts_on": "1900-01-01"}]}, ["availabilities.0.starts_on"]),
        ({"availabilities": [FREE | {"ends_on": "2026-02-01"}]}, ["availabilities.0.ends_on"]),
        ({"availabilities": [FREE | {"weekdays": []}]}, ["availabilities.0.weekdays"]),
        ({"availabilities": [FREE | {"weekdays": ["MO", "MO"]}]}, ["availabilities.0.weekdays"]),
        ({"availabilities": [FREE | {"parts": ["night"]}]}, ["availabilities.0.parts.0"]),
        ({"availabilities": [FREE, FREE]}, ["availabilities.1"]),
        ({"languages": [{"language": "en", "cefr": "D1"}]}, ["languages.0.cefr"]),
        ({"languages": [{"language": "english", "cefr": "B1"}]}, ["languages.0.language"]),
        ({"languages": [{"language": "en", "cefr": "B1"}] * 2}, ["languages.1.language"]),
        ({"source": None}, ["source"]),
        ({"external_id": None}, ["external_id"]),
        ({"address": "Via Roma 1"}, ["address"]),
        ({"school_id": str(UUID(int=7))}, ["school_id"]),
    ],
)  # fmt: skip
def test_create_student_names_what_is_wrong_and_changes_nothing(
    client: TestClient,
    make: Factory,
    database: Database,
    school_class: SchoolClass,
    values: dict[str, Any],
    fields: list[str],
) -> None:
    headers = staff(make, school_class)
    assert faults(client.post(URL, json=document(school_class, **values), headers=headers)) == fields
    assert (client.get(URL, headers=headers).json()["items"], revision(database)) == ([], 0)


def test_create_student_with_an_external_id_that_is_taken_conflicts(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    headers = staff(make, school_class)
    client.post(URL, json=document(school_class), headers=headers)
    answer = client.post(URL, json=document(school_class, given_name="Luca"), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/external-id-taken")


def test_create_student_with_an_external_id_of_another_school_tells_nothing_of_it(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    headers = staff(make, school_class)
    other = make.student(make.school_class(), source="registro", external_id="S-1")
    answer = client.post(URL, json=document(school_class), headers=headers)
    assert (answer.status_code, answer.json()["external_id"]) == (201, "S-1")
    listed = client.get(URL, params={"source": "registro", "external_id": "S-1"}, headers=headers).json()
    assert [one["id"] for one in listed["items"]] == [answer.json()["id"]] != [str(other.id)]


def test_create_student_is_for_the_staff_of_the_class(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    other = make.school_class()
    callers = {
        "teacher": teacher_of(make, school_class), "other_teacher": teacher_of(make, other),
        "lead": staff(make, school_class), "other_lead": staff(make, other), "administrator": make.bearer(),
        "coordinator": make.bearer(Role.COORDINATOR), "student": student_of(make, make.student(school_class).id),
        "company": make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id),
        "reading_key": staff(make, school_class, scopes=["students:read"]), "nobody": {},
    }  # fmt: skip
    answers = {
        name: client.post(URL, json=document(school_class, external_id=name), headers=headers)
        for name, headers in callers.items()
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "teacher": 201, "other_teacher": 422, "lead": 201, "other_lead": 422, "administrator": 201,
        "coordinator": 403, "student": 403, "company": 403, "reading_key": 403, "nobody": 401,
    }  # fmt: skip
    assert faults(answers["other_lead"]) == ["class_id"]


def test_read_student_is_for_the_staff_and_the_student(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    student, other = make.student(school_class), make.school_class()
    callers = {
        "student": student_of(make, student.id),
        "other_student": student_of(make, make.student(school_class).id),
        "teacher": teacher_of(make, school_class), "other_teacher": teacher_of(make, other),
        "lead": staff(make, school_class), "other_lead": staff(make, other), "administrator": make.bearer(),
        "coordinator": make.bearer(Role.COORDINATOR),
        "company": make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id),
        "writing_key": staff(make, school_class, scopes=["students:write"]), "nobody": {},
    }  # fmt: skip
    statuses = {
        name: client.get(f"{URL}/{student.id}", headers=headers).status_code
        for name, headers in callers.items()
    }
    assert statuses == {
        "student": 200, "other_student": 404, "teacher": 200, "other_teacher": 404, "lead": 200, "other_lead": 404,
        "administrator": 200, "coordinator": 404, "company": 404, "writing_key": 403, "nobody": 401,
    }  # fmt: skip
    assert client.get(f"{URL}/{uuid4()}", headers=make.bearer()).json()["type"] == "/problems/no-such-student"


# --- lists ------------------------------------------------------------------------------------------------------------


def test_list_students_shows_each_caller_their_own(client: TestClient, make: Factory) -> None:
    first = make.school_class()
    second = make.school_class(school_of(make, first))
    foreign = make.school_class()
    ada, bice, carla = (
        make.student(one, family_name=name)
        for one, name in ((first, "Ada"), (second, "Bice"), (foreign, "Carla"))
    )
    callers = {
        "lead": staff(make, first), "teacher": teacher_of(make, first), "student": student_of(make, bice.id),
        "other_lead": staff(make, foreign), "administrator": make.bearer(),
        "coordinator": make.bearer(Role.COORDINATOR),
        "company": make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id),
    }  # fmt: skip
    seen = {
        name: [one["family_name"] for one in client.get(URL, headers=headers).json()["items"]]
        for name, headers in callers.items()
    }
    assert seen == {
        "lead": ["Ada", "Bice"], "teacher": ["Ada"], "student": ["Bice"], "other_lead": ["Carla"],
        "administrator": ["Ada", "Bice", "Carla"], "coordinator": [], "company": [],
    }  # fmt: skip
    filters: list[tuple[dict[str, str], list[UUID]]] = [
        ({"class_id": str(first.id)}, [ada.id]),
        ({"class_id": str(foreign.id)}, []),
        ({"school_id": str(first.school_id)}, [ada.id, bice.id]),
        ({"source": "registro", "external_id": "S-9"}, []),
    ]
    for params, ids in filters:
        found = client.get(URL, params=params, headers=callers["lead"]).json()["items"]
        assert [one["id"] for one in found] == [str(one) for one in ids]
    assert carla.id not in (ada.id, bice.id)


def test_list_students_answers_whole_profiles(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    headers = staff(make, school_class)
    made = [
        client.post(URL, json=document(school_class, external_id=number), headers=headers).json()
        for number in "12"
    ]
    listed = client.get(URL, params={"source": "registro", "external_id": "2"}, headers=headers).json()
    assert listed == {"items": [made[1]], "next_cursor": None}


def test_list_students_pages_by_name_without_names_in_the_address(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    names = [("Bo", "Zeno"), ("Bo", "Ada"), ("Abe", "Carlo")]
    made = [make.student(school_class, family_name=f, given_name=g) for f, g in names]
    headers, params = staff(make, school_class), {"class_id": str(school_class.id), "limit": 2}
    first = client.get(URL, params=params, headers=headers).json()
    follow = params | {"cursor": first["next_cursor"]}
    rest = client.get(URL, params=follow, headers=headers).json()
    assert [one["given_name"] for one in first["items"]] == ["Carlo", "Ada"]
    assert ([one["given_name"] for one in rest["items"]], rest["next_cursor"]) == (["Zeno"], None)
    client.delete(f"{URL}/{made[1].id}", headers=match(headers))
    gone = client.get(URL, params=follow, headers=headers)
    assert (gone.status_code, gone.json()["type"]) == (409, "/problems/list-moved")


@pytest.mark.parametrize("number", [1, 3])
def test_list_students_costs_the_same_for_one_and_three(
    client: TestClient, make: Factory, database: Database, school_class: SchoolClass, number: int
) -> None:
    headers = staff(make, school_class)
    for one in range(number):
        client.post(URL, json=document(school_class, external_id=str(one)), headers=headers)
    with count_queries(database) as queries:
        assert len(client.get(URL, headers=headers).json()["items"]) == number
    assert queries.count == 8  # the key, the students, the four parts of their profiles, and the look (two)
