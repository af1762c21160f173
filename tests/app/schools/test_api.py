from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from app.auth import service as auth
from app.auth.actors import Grant, Role
from app.auth.models import Membership, User
from app.db import Database
from app.events import service as events
from app.schools.models import School, SchoolClass
from tests.factories import Factory
from tests.queries import count_queries

PATCH = {"Content-Type": "application/merge-patch+json"}


def person(make: Factory, *grants: Grant) -> dict[str, str]:
    """Headers of a signed-in person."""
    return {"Cookie": f"{auth.COOKIE}={make.signed_in(*grants)}"}


def lead(make: Factory, school: School) -> dict[str, str]:
    return make.bearer(Role.SCHOOL_LEAD, school_id=school.id)


def teacher(make: Factory, *classes: SchoolClass) -> dict[str, str]:
    school_id = classes[0].school_id
    return person(
        make, Grant(Role.TEACHER, school_id=school_id, class_ids=frozenset(one.id for one in classes))
    )


def faults(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [fault["field"] for fault in answer.json()["faults"]]


# --- schools ----------------------------------------------------------------------------------------------------------


def test_read_school_answers_it_without_an_actor(client: TestClient, make: Factory) -> None:
    school = make.school(
        code="BOTF01901C", institute_code="BOIS01900X", name="Aldini Valeriani", address="Via Bassanelli 9",
        cap="40129", email="bois01900x@istruzione.it", website="https://iav.it",
    )  # fmt: skip
    answer = client.get(f"/api/v1/schools/{school.id}")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": str(school.id), "code": "BOTF01901C", "institute_code": "BOIS01900X", "name": "Aldini Valeriani",
            "kind": "technical", "municipality_istat": "037006", "municipality_name": "Bologna",
            "address": "Via Bassanelli 9", "cap": "40129", "email": "bois01900x@istruzione.it",
            "website": "https://iav.it", "is_state": True,
        },
    )  # fmt: skip


def test_read_school_that_does_not_exist_is_a_problem(client: TestClient) -> None:
    answer = client.get(f"/api/v1/schools/{uuid4()}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-school")


@pytest.fixture
def three_schools(make: Factory) -> None:
    make.municipality("037032", name="Imola")
    make.school(code="BOTF000001", name="ITIS Alberghetti", municipality_istat="037032")
    make.school(code="BOPS000002", name="Liceo 100% Galvani", kind="liceo")
    make.school(code="MOTF000003", name="ITIS Corni", municipality_istat=None)


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({}, ["BOTF000001", "MOTF000003", "BOPS000002"]),
        ({"q": "itis"}, ["BOTF000001", "MOTF000003"]),
        ({"q": "corni ITIS"}, ["MOTF000003"]),
        ({"q": "motf"}, ["MOTF000003"]),
        ({"q": "0% g"}, ["BOPS000002"]),
        ({"q": "%_"}, []),
        ({"municipality_istat": "037032"}, ["BOTF000001"]),
        ({"kind": "liceo"}, ["BOPS000002"]),
        ({"kind": "technical", "q": "alber", "municipality_istat": "037032"}, ["BOTF000001"]),
    ],
)
def test_list_schools_finds(
    client: TestClient, three_schools: None, params: dict[str, str], codes: list[str]
) -> None:
    answer = client.get("/api/v1/schools", params=params)
    assert [item["code"] for item in answer.json()["items"]] == codes


def test_list_schools_pages_by_name(client: TestClient, three_schools: None) -> None:
    first = client.get("/api/v1/schools", params={"limit": 2}).json()
    rest = client.get("/api/v1/schools", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["code"] for item in first["items"]] == ["BOTF000001", "MOTF000003"]
    assert ([item["code"] for item in rest["items"]], rest["next_cursor"]) == (["BOPS000002"], None)


@pytest.mark.parametrize(
    ("params", "field"),
    [({"q": "x"}, "q"), ({"municipality_istat": "37032"}, "municipality_istat"), ({"kind": "music"}, "kind"),
     ({"cursor": "WzFd"}, "cursor"), ({"limit": 0}, "limit")],
)  # fmt: skip
def test_list_schools_refuses_what_is_wrong(client: TestClient, params: dict[str, str], field: str) -> None:
    assert faults(client.get("/api/v1/schools", params=params)) == [field]


@pytest.mark.parametrize("number", [1, 3])
def test_list_schools_costs_one_query(
    client: TestClient, make: Factory, database: Database, number: int
) -> None:
    for _ in range(number):
        make.school()
    with count_queries(database) as queries:
        assert len(client.get("/api/v1/schools").json()["items"]) == number
    assert queries.count == 1


# --- classes ----------------------------------------------------------------------------------------------------------


def class_document(school: School, **values: Any) -> dict[str, Any]:
    return {
        "school_id": str(school.id), "start_year": 2025, "year": 4, "section": "A", "study_path": "AUTOMAZIONE",
        "programme_id": "it-c3-automazione", "subjects": ["Sistemi, automatici", "TPSEE"],
    } | values  # fmt: skip


def test_create_class_answers_it(client: TestClient, make: Factory, database: Database) -> None:
    school, headers = make.school(), {}
    make.programme()
    headers = lead(make, school)
    answer = client.post("/api/v1/classes", json=class_document(school), headers=headers)
    body = answer.json()
    own = {"id": body["id"], "version": 1, "source": None, "external_id": None}
    assert (answer.status_code, body) == (201, class_document(school) | own)
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/api/v1/classes/{body['id']}", '"1"')
    again = client.get(answer.headers["location"], headers=headers)
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, body, '"1"')
    with database.read() as session:
        assert [event.action for event in events.history(session, "class", body["id"])] == ["class.created"]


def test_create_class_twice_under_one_key_creates_one(client: TestClient, make: Factory) -> None:
    school = make.school()
    make.programme()
    headers = lead(make, school) | {"Idempotency-Key": "class-4A-2025"}
    first, second = (
        client.post("/api/v1/classes", json=class_document(school), headers=headers) for _ in range(2)
    )
    assert (first.status_code, second.status_code, first.json()) == (201, 201, second.json())


def test_create_class_that_exists_conflicts(client: TestClient, make: Factory) -> None:
    school = make.school()
    make.programme()
    headers = lead(make, school)
    client.post("/api/v1/classes", json=class_document(school), headers=headers)
    answer = client.post("/api/v1/classes", json=class_document(school), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/class-exists")


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"school_id": str(UUID(int=7))}, ["school_id"]),
        ({"school_id": "7"}, ["school_id"]),
        ({"programme_id": "it-c99"}, ["programme_id"]),
        ({"year": 2}, ["year"]),
        ({"year": 7}, ["year"]),
        ({"start_year": 1900}, ["start_year"]),
        ({"section": ""}, ["section"]),
        ({"section": "A\n"}, []),
        ({"section": "A\tB"}, ["section"]),
        ({"study_path": "x" * 201}, ["study_path"]),
        ({"subjects": ["x"] * 61}, ["subjects"]),
        ({"subjects": ["a\nb"]}, ["subjects.0"]),
        ({"room": 12}, ["room"]),
    ],
)
def test_create_class_names_what_is_wrong(
    client: TestClient, make: Factory, values: dict[str, Any], fields: list[str]
) -> None:
    school = make.school()
    make.programme()
    answer = client.post("/api/v1/classes", json=class_document(school, **values), headers=make.bearer())
    if fields:
        assert faults(answer) == fields
    else:
        assert (answer.status_code, answer.json()["section"]) == (201, "A")


@pytest.mark.parametrize("other", [True, False])
def test_create_class_is_for_who_leads_the_school(client: TestClient, make: Factory, *, other: bool) -> None:
    school_class = make.school_class()
    headers = lead(make, make.school()) if other else teacher(make, school_class)
    school = make.get(School, school_class.school_id)
    assert school
    answer = client.post("/api/v1/classes", json=class_document(school, section="B"), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed")


def test_read_class_is_for_the_staff_and_overseers(client: TestClient, make: Factory) -> None:
    taught = make.school_class()
    school = make.get(School, taught.school_id)
    assert school
    other = make.school_class(school)
    callers = {
        "teacher": teacher(make, taught), "lead": lead(make, school), "other_lead": lead(make, make.school()),
        "coordinator": make.bearer(Role.COORDINATOR), "administrator": make.bearer(),
        "company": make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id),
        "without_scope": make.bearer(scopes=["students:read"]), "nobody": {},
    }  # fmt: skip
    statuses = {
        name: [
            client.get(f"/api/v1/classes/{one.id}", headers=headers).status_code for one in (taught, other)
        ]
        for name, headers in callers.items()
    }
    assert statuses == {
        "teacher": [200, 404], "lead": [200, 200], "other_lead": [404, 404], "coordinator": [200, 200],
        "administrator": [200, 200], "company": [404, 404], "without_scope": [403, 403], "nobody": [401, 401],
    }  # fmt: skip


def test_list_classes_shows_the_latest_year_first_and_teachers_their_own(
    client: TestClient, make: Factory
) -> None:
    school = make.school()
    sections = ((2024, 5, "A"), (2025, 4, "B"), (2025, 4, "A"), (2025, 3, "C"))
    made = [make.school_class(school, start_year=s, year=y, section=n) for s, y, n in sections]
    make.school_class()
    url, headers = f"/api/v1/schools/{school.id}/classes", lead(make, school)
    found, cursor = [], None
    while True:
        page = client.get(url, params={"limit": 3} | ({"cursor": cursor} if cursor else {}), headers=headers)
        found += [(one["start_year"], one["year"], one["section"]) for one in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert found == [(2025, 3, "C"), (2025, 4, "A"), (2025, 4, "B"), (2024, 5, "A")]
    of_2024 = client.get(url, params={"start_year": 2024}, headers=headers).json()
    assert [one["id"] for one in of_2024["items"]] == [str(made[0].id)]
    own = client.get(url, headers=teacher(make, made[1])).json()
    assert [one["id"] for one in own["items"]] == [str(made[1].id)]


def test_list_classes_is_refused_to_strangers(client: TestClient, make: Factory) -> None:
    school = make.school()
    url = f"/api/v1/schools/{school.id}/classes"
    assert client.get(url, headers=lead(make, make.school())).status_code == 403
    assert client.get(f"/api/v1/schools/{uuid4()}/classes", headers=make.bearer()).status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_list_classes_costs_the_same_for_one_and_three(
    client: TestClient, make: Factory, database: Database, number: int
) -> None:
    school = make.school()
    for _ in range(number):
        make.school_class(school)
    headers, url = make.bearer(), f"/api/v1/schools/{school.id}/classes"
    client.get(url, headers=headers)
    with count_queries(database) as queries:
        assert len(client.get(url, headers=headers).json()["items"]) == number
    assert queries.count == 3  # the key, the school, the classes


def test_edit_class_changes_what_was_sent(client: TestClient, make: Factory, database: Database) -> None:
    school_class = make.school_class(study_path="AUTOMAZIONE", subjects="TPSEE")
    school = make.get(School, school_class.school_id)
    assert school
    url, headers = f"/api/v1/classes/{school_class.id}", lead(make, school) | PATCH | {"If-Match": '"1"'}
    before = client.get(url, headers=headers).json()
    same = client.patch(url, json={"year": 4, "subjects": ["TPSEE"]}, headers=headers)
    assert (same.status_code, same.json(), same.headers["etag"]) == (200, before, '"1"')
    answer = client.patch(url, json={"year": 5, "programme_id": None, "subjects": []}, headers=headers)
    after = before | {"year": 5, "programme_id": None, "subjects": [], "version": 2}
    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, after, '"2"')
    with database.read() as session:
        [event] = events.history(session, "class", school_class.id)
        assert (event.action, event.data) == (
            "class.edited",
            {"fields": ["programme_id", "subjects", "year"]},
        )


@pytest.mark.parametrize(
    ("change", "headers", "status"),
    [
        ({"year": 5}, {}, 428),
        ({"year": 5}, {"If-Match": '"7"'}, 412),
        ({"year": None}, {"If-Match": "*"}, 422),
        ({"year": 1}, {"If-Match": "*"}, 422),
        ({"programme_id": "it-c99"}, {"If-Match": "*"}, 422),
        ({"school_id": str(UUID(int=7))}, {"If-Match": "*"}, 422),
        ({"section": "Z"}, {"If-Match": "*"}, 409),
    ],
)
def test_edit_class_refuses(
    client: TestClient, make: Factory, change: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    school_class = make.school_class()
    school = make.get(School, school_class.school_id)
    make.school_class(school, section="Z")
    url = f"/api/v1/classes/{school_class.id}"
    answer = client.patch(url, json=change, headers=make.bearer() | PATCH | headers)
    assert answer.status_code == status
    assert client.get(url, headers=make.bearer()).headers["etag"] == '"1"'


def test_edit_class_is_for_who_leads_the_school(client: TestClient, make: Factory) -> None:
    school_class = make.school_class()
    url, match = f"/api/v1/classes/{school_class.id}", PATCH | {"If-Match": "*"}
    callers = [teacher(make, school_class), make.bearer(Role.COORDINATOR), lead(make, make.school())]
    assert [
        client.patch(url, json={"year": 5}, headers=headers | match).status_code for headers in callers
    ] == [403, 403, 404]


# --- members ----------------------------------------------------------------------------------------------------------


def test_members_are_added_listed_and_removed(client: TestClient, make: Factory, database: Database) -> None:
    school = make.school()
    school_class = make.school_class(school)
    url, headers = f"/api/v1/schools/{school.id}/members", lead(make, school)
    document = {"email": "Ada.Neri@Example.org", "name": "Ada Neri", "role": "teacher",
                "class_ids": [str(school_class.id)]}  # fmt: skip
    answer = client.post(url, json=document, headers=make.bearer())
    body = answer.json()
    added = document | {"id": body["id"], "user_id": body["user_id"], "email": "ada.neri@example.org",
                        "is_active": True}  # fmt: skip
    assert (answer.status_code, body) == (201, added)
    assert answer.headers["location"] == f"{url}/{body['id']}"
    assert client.get(url, headers=headers).json() == {"items": [added], "next_cursor": None}
    user = make.get(User, UUID(body["user_id"]))
    assert user is not None
    removed = client.delete(answer.headers["location"], headers=headers)
    assert (removed.status_code, removed.content) == (204, b"")
    assert client.get(url, headers=headers).json() == {"items": [], "next_cursor": None}
    assert make.get(User, UUID(body["user_id"])) is not None
    with database.read() as session:
        told = [(event.action, event.data) for event in events.history(session, "member", body["id"])]
    assert told == [("member.added", {"role": "teacher"}), ("member.removed", {"role": "teacher"})]


def test_create_member_finds_who_has_an_account(client: TestClient, make: Factory) -> None:
    school = make.school()
    url, headers = f"/api/v1/schools/{school.id}/members", make.bearer()
    document = {"email": "ada@example.org", "name": "Ada", "role": "teacher"}
    first = client.post(url, json=document, headers=headers).json()
    as_lead = document | {"name": "Somebody else", "role": "school_lead"}
    second = client.post(url, json=as_lead, headers=headers).json()
    assert (second["user_id"], second["name"]) == (first["user_id"], "Ada")
    again = client.post(url, json=document | {"email": "ADA@example.org"}, headers=headers)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-member")
    assert [one["role"] for one in client.get(url, headers=headers).json()["items"]].count("teacher") == 1


def test_a_lead_does_not_learn_whose_an_address_is(client: TestClient, make: Factory) -> None:
    school = make.school()
    elsewhere = f"/api/v1/schools/{make.school().id}/members"
    known = {"email": "ada@example.org", "name": "Ada", "role": "teacher"}
    assert client.post(elsewhere, json=known, headers=make.bearer()).status_code == 201
    url, headers = f"/api/v1/schools/{school.id}/members", lead(make, school)
    told = [
        client.post(url, json=known | {"email": email, "name": "X"}, headers=headers)
        for email in (known["email"], "nobody@example.org")
    ]
    assert [one.status_code for one in told] == [403, 403]
    assert len({one.json()["detail"] for one in told}) == 1


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"email": "ada"}, ["email"]),
        ({"email": "a" * 250 + "@x.it"}, ["email"]),
        ({"name": ""}, ["name"]),
        ({"role": "administrator"}, ["role"]),
        ({"role": "school_lead", "class_ids": [str(UUID(int=1))]}, ["class_ids"]),
        ({"class_ids": [str(UUID(int=1))]}, ["class_ids.0"]),
        ({"class_ids": ["1"]}, ["class_ids.0"]),
    ],
)
def test_create_member_names_what_is_wrong(
    client: TestClient, make: Factory, values: dict[str, Any], fields: list[str]
) -> None:
    document = {"email": "ada@example.org", "name": "Ada", "role": "teacher"} | values
    url = f"/api/v1/schools/{make.school().id}/members"
    assert faults(client.post(url, json=document, headers=make.bearer())) == fields


def test_create_member_refuses_classes_of_another_school(client: TestClient, make: Factory) -> None:
    school = make.school()
    ours, theirs = make.school_class(school), make.school_class()
    document = {"email": "ada@example.org", "name": "Ada", "role": "teacher",
                "class_ids": [str(ours.id), str(theirs.id)]}  # fmt: skip
    answer = client.post(f"/api/v1/schools/{school.id}/members", json=document, headers=make.bearer())
    assert faults(answer) == ["class_ids.1"]


def test_members_are_for_who_leads_the_school(client: TestClient, make: Factory) -> None:
    school_class = make.school_class()
    url = f"/api/v1/schools/{school_class.school_id}/members"
    document = {"email": "ada@example.org", "name": "Ada", "role": "teacher"}
    callers = [
        teacher(make, school_class), make.bearer(Role.COORDINATOR), lead(make, make.school()),
        make.bearer(scopes=["students:read"]), {},
    ]  # fmt: skip
    assert [
        [
            client.get(url, headers=headers).status_code,
            client.post(url, json=document, headers=headers).status_code,
            client.delete(f"{url}/{uuid4()}", headers=headers).status_code,
        ]
        for headers in callers
    ] == [[403] * 3, [403] * 3, [403] * 3, [403] * 3, [401] * 3]


def test_remove_member_of_another_school_is_not_found(client: TestClient, make: Factory) -> None:
    school, other = make.school(), make.school()
    headers = make.bearer()
    document = {"email": "ada@example.org", "name": "Ada", "role": "school_lead"}
    member = client.post(f"/api/v1/schools/{other.id}/members", json=document, headers=headers).json()
    answer = client.delete(f"/api/v1/schools/{school.id}/members/{member['id']}", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-member")
    assert make.get(Membership, UUID(member["id"])) is not None
    gone = client.get(f"/api/v1/schools/{uuid4()}/members", headers=headers)
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/no-such-school")


def test_list_members_pages_by_name(client: TestClient, make: Factory) -> None:
    school = make.school()
    url, headers = f"/api/v1/schools/{school.id}/members", make.bearer()
    for name in ("Carla", "Ada", "Bice"):
        document = {"email": f"{name}@example.org", "name": name, "role": "teacher"}
        client.post(url, json=document, headers=headers)
    first = client.get(url, params={"limit": 2}, headers=headers).json()
    rest = client.get(url, params={"limit": 2, "cursor": first["next_cursor"]}, headers=headers).json()
    assert [one["name"] for one in first["items"]] == ["Ada", "Bice"]
    assert ([one["name"] for one in rest["items"]], rest["next_cursor"]) == (["Carla"], None)


@pytest.mark.parametrize("number", [1, 3])
def test_list_members_costs_the_same_for_one_and_three(
    client: TestClient, make: Factory, database: Database, number: int
) -> None:
    school_class = make.school_class()
    for _ in range(number):
        teacher(make, school_class)
    headers, url = make.bearer(), f"/api/v1/schools/{school_class.school_id}/members"
    client.get(url, headers=headers)
    with count_queries(database) as queries:
        assert len(client.get(url, headers=headers).json()["items"]) == number
    assert queries.count == 4  # the key, the school, the members, their classes
