"""Keys with two secrets, whose they are to issue and to end, and which scopes they may have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth import rules, scopes
from app.auth import service as auth
from app.auth import service_keys as keys
from app.auth.actors import Actor, Grant, Role, system
from app.auth.models import ApiKey, ApiKeySecret
from app.events.models import Event
from tests.factories import ACTOR, NOW, Factory
from tests.queries import count_queries

URL = "/api/v1/keys"


def issue(make: Factory, role: Role = Role.COORDINATOR, **values: Any) -> tuple[UUID, str]:
    values = {"scopes": ["companies:read", "keys:read", "keys:write"]} | values
    if role is Role.COORDINATOR:
        values["territory_id"] = make.territory().id
    with make.database.write() as session:
        key, token = keys.issue_key(session, ACTOR, name="portal", role=role, now=NOW, **values)
        return key.id, token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def works(client: TestClient, token: str) -> bool:
    status = client.get("/api/v1/companies", headers=bearer(token)).status_code
    assert status in (200, 401)
    return status == 200


def rotate(client: TestClient, key_id: UUID, token: str, days: int = 7) -> Any:
    return client.post(f"{URL}/{key_id}/rotate", json={"overlap_days": days}, headers=bearer(token))


# --- rotation ---------------------------------------------------------------------------------------------------------


def test_both_secrets_work_until_the_overlap_is_over(client: TestClient, make: Factory) -> None:
    key_id, old = issue(make)
    answer = rotate(client, key_id, old)
    assert answer.status_code == 200, answer.text
    new = answer.json()["token"]
    assert [secret["expires_at"] is None for secret in answer.json()["secrets"]] == [True, False]
    assert works(client, old)
    assert works(client, new)
    with make.database.write() as session:
        ended = sa.update(ApiKeySecret).where(ApiKeySecret.generation == 1)
        session.execute(ended.values(expires_at=NOW - timedelta(seconds=1)))
    assert not works(client, old)
    assert works(client, new)
    shown = client.get(f"{URL}/{key_id}", headers=bearer(new)).json()
    assert [secret["prefix"] for secret in shown["secrets"]] == [new.split("_")[1]]


def test_without_an_overlap_the_old_secret_ends_at_once(client: TestClient, make: Factory) -> None:
    key_id, old = issue(make)
    new = rotate(client, key_id, old, days=0).json()["token"]
    assert (works(client, old), works(client, new)) == (False, True)


def test_an_overlap_that_was_promised_is_kept(client: TestClient, make: Factory) -> None:
    key_id, old = issue(make)
    new = rotate(client, key_id, old).json()["token"]
    again = rotate(client, key_id, old)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/still-overlapping")
    assert works(client, old)
    newest = rotate(client, key_id, new, days=0).json()["token"]
    assert [works(client, token) for token in (old, new, newest)] == [False, False, True]


def test_two_rotations_at_once_make_no_two_secrets_of_one_generation(make: Factory) -> None:
    key_id, _ = issue(make)
    twin = ApiKeySecret(key_id=key_id, generation=1, prefix="x", secret_hash="x", created_at=NOW)
    with pytest.raises(sa.exc.IntegrityError):
        make.add(twin)


def test_rotation_does_not_prolong_a_key_and_not_wake_it(client: TestClient, make: Factory) -> None:
    key_id, old = issue(make, days=3)
    before = make.get(ApiKey, key_id)
    assert before is not None
    rotate(client, key_id, old)
    after = make.get(ApiKey, key_id)
    assert after is not None
    assert after.expires_at == before.expires_at
    with make.database.write() as session:
        session.execute(sa.update(ApiKey).values(expires_at=NOW))
        with pytest.raises(keys.KeyEnded):
            keys.rotate_key(session, ACTOR, key_id, overlap=timedelta(days=1), now=NOW)


@pytest.mark.parametrize("days", [-1, 31])
def test_an_overlap_has_bounds(client: TestClient, make: Factory, days: int) -> None:
    key_id, token = issue(make)
    answer = rotate(client, key_id, token, days=days)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["overlap_days"]


def test_revocation_ends_every_secret_at_once(client: TestClient, make: Factory) -> None:
    key_id, old = issue(make)
    new = rotate(client, key_id, old).json()["token"]
    answer = client.post(f"{URL}/{key_id}/revoke", headers=bearer(new))
    assert (answer.status_code, answer.json()["secrets"]) == (200, [])
    assert (works(client, old), works(client, new)) == (False, False)


def test_the_secret_that_is_in_use_is_told(client: TestClient, make: Factory) -> None:
    key_id, old = issue(make)
    new = rotate(client, key_id, old).json()["token"]
    works(client, old)
    [unused, used] = client.get(f"{URL}/{key_id}", headers=bearer(old)).json()["secrets"]
    assert (unused["prefix"], unused["last_used_at"]) == (new.split("_")[1], None)
    assert used["last_used_at"] is not None


def test_rotation_is_recorded_without_the_secret(client: TestClient, make: Factory) -> None:
    key_id, old = issue(make)
    new = rotate(client, key_id, old, days=2).json()["token"]
    with make.database.read() as session:
        [event] = session.scalars(sa.select(Event).where(Event.action == "key.rotated"))
    assert (event.object_id, event.actor_id, event.data) == (str(key_id), key_id, {"overlap_hours": 48})
    assert new not in str(vars(event))


# --- who --------------------------------------------------------------------------------------------------------------

OWN, OTHER = uuid4(), uuid4()


def person(*grants: Grant) -> Actor:
    return Actor(kind="user", id=uuid4(), name="p", grants=grants)


PEOPLE = {
    "student": person(Grant(Role.STUDENT, student_id=OWN)),
    "teacher": person(Grant(Role.TEACHER, school_id=OWN, class_ids=frozenset({OWN}))),
    "lead": person(Grant(Role.SCHOOL_LEAD, school_id=OWN)),
    "member": person(Grant(Role.COMPANY_MEMBER, company_id=OWN)),
    "company": person(Grant(Role.COMPANY_ADMIN, company_id=OWN)),
    "coordinator": person(Grant(Role.COORDINATOR, territory_id=OWN)),
    "administrator": person(Grant(Role.ADMINISTRATOR)),
    "system": system("tests"),
    "key": Actor(kind="key", id=OWN, name="k", grants=(Grant(Role.ADMINISTRATOR),), scopes=auth.SCOPES),
}
NOTHING = dict.fromkeys(("school_id", "company_id", "territory_id"))
KEYS: dict[str, dict[str, Any]] = {
    "own school": NOTHING | {"role": Role.SCHOOL_LEAD, "school_id": OWN},
    "other school": NOTHING | {"role": Role.SCHOOL_LEAD, "school_id": OTHER},
    "own company": NOTHING | {"role": Role.COMPANY_ADMIN, "company_id": OWN},
    "own member": NOTHING | {"role": Role.COMPANY_MEMBER, "company_id": OWN},
    "other company": NOTHING | {"role": Role.COMPANY_ADMIN, "company_id": OTHER},
    "own territory": NOTHING | {"role": Role.COORDINATOR, "territory_id": OWN},
    "other territory": NOTHING | {"role": Role.COORDINATOR, "territory_id": OTHER},
    "all": NOTHING | {"role": Role.ADMINISTRATOR},
}
MAY: dict[str, set[str]] = {
    "lead": {"own school"},
    "company": {"own company", "own member"},
    "coordinator": {"own territory"},
    "administrator": set(KEYS),
    "system": set(KEYS),
}


@pytest.mark.parametrize("which", KEYS)
@pytest.mark.parametrize("who", PEOPLE)
def test_who_issues_and_sees_which_keys(who: str, which: str) -> None:
    actor, key = PEOPLE[who], KEYS[which]
    assert rules.can_issue_key(actor, **key) is (which in MAY.get(who, ()))
    assert rules.can_see_key(actor, ApiKey(id=uuid4(), **key)) is (which in MAY.get(who, ()))
    assert rules.can_manage_keys(actor) is (who in MAY or who == "key")


def test_a_key_sees_itself_only() -> None:
    assert rules.can_see_key(PEOPLE["key"], ApiKey(id=OWN, **KEYS["own school"]))


@pytest.mark.parametrize("role", Role)
def test_every_role_has_its_scopes_and_no_others(role: Role) -> None:
    of_role = scopes.of_role(role)
    assert of_role <= auth.SCOPES
    assert scopes.expand(of_role) == of_role
    sees_students = role in (Role.SCHOOL_LEAD, Role.ADMINISTRATOR)
    assert ("students:read" in of_role) is ("students:write" in of_role) is sees_students
    assert ("events:read" in of_role) is (role in (Role.COORDINATOR, Role.ADMINISTRATOR))
    assert rules.excessive_scopes(role, sorted(auth.SCOPES)) == sorted(auth.SCOPES - of_role)


def test_a_narrow_scope_lets_no_more_than_it_says(client: TestClient, make: Factory) -> None:
    school = make.school()
    make.school_class(school)
    lead = {"school_id": school.id}
    classes, members = (f"/api/v1/schools/{school.id}/{noun}" for noun in ("classes", "members"))
    for scope, statuses in {
        "classes:read": [200, 403], "members:read": [403, 200], "schools:read": [200, 200], "students:read": [403, 403],
    }.items():  # fmt: skip
        headers = make.bearer(Role.SCHOOL_LEAD, scopes=[scope], **lead)
        answers = [client.get(url, headers=headers).status_code for url in (classes, members)]
        assert answers == statuses, scope


@pytest.fixture
def lead(make: Factory) -> tuple[str, UUID]:
    """The session of a school's lead, and the school."""
    school = make.school()
    return make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=school.id)), school.id


def as_person(client: TestClient, session: str) -> Callable[..., Any]:
    def call(method: str, url: str, **values: Any) -> Any:
        return client.request(method, url, headers={"Cookie": f"{auth.COOKIE}={session}"}, **values)

    return call


def test_a_lead_issues_lists_rotates_and_revokes_for_the_school(
    client: TestClient, make: Factory, lead: tuple[str, UUID]
) -> None:
    session, school_id = lead
    by_lead = as_person(client, session)
    body = {
        "name": "Register",
        "role": "school_lead",
        "school_id": str(school_id),
        "scopes": ["students:write"],
    }
    issued = by_lead("POST", URL, json=body)
    assert issued.status_code == 201, issued.text
    foreign, _ = issue(make, Role.SCHOOL_LEAD, school_id=make.school().id, scopes=["students:read"])
    by_us, _ = issue(make, Role.SCHOOL_LEAD, school_id=school_id, scopes=["students:read"])
    listed = by_lead("GET", URL).json()["items"]
    assert {item["id"] for item in listed} == {issued.json()["id"], str(by_us)}
    for verb, sent in (("rotate", {"overlap_days": 1}), ("revoke", None)):
        own = by_lead("POST", f"{URL}/{issued.json()['id']}/{verb}", json=sent)
        assert own.status_code == 200, own.text
        other = by_lead("POST", f"{URL}/{foreign}/{verb}", json=sent)
        assert (other.status_code, other.json()["type"]) == (404, "/problems/no-such-key")
    assert by_lead("GET", f"{URL}/{foreign}").status_code == 404


def test_a_coordinator_issues_and_ends_keys_of_the_own_territory_alone(
    client: TestClient, make: Factory
) -> None:
    by_us = as_person(client, make.signed_in(Role.COORDINATOR))
    here, there = make.territory(), make.territory("Rimini", "RN")
    body = {"name": "Portal", "role": "coordinator", "scopes": ["companies:read"]}
    own = by_us("POST", URL, json=body | {"territory_id": str(here.id)})
    assert own.status_code == 201, own.text
    assert by_us("POST", URL, json=body | {"territory_id": str(there.id)}).status_code == 403
    foreign = make.bearer(Role.COORDINATOR, territory_id=there.id)["Authorization"]
    with make.database.read() as session:
        theirs = session.query(ApiKey.id).filter_by(territory_id=there.id).scalar()
    assert works(client, foreign.removeprefix("Bearer "))
    assert [item["id"] for item in by_us("GET", URL).json()["items"]] == [own.json()["id"]]
    assert by_us("POST", f"{URL}/{theirs}/revoke").status_code == 404
    assert by_us("POST", f"{URL}/{own.json()['id']}/revoke").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"role": "administrator", "school_id": None}, 403),
        ({"role": "coordinator", "school_id": None, "territory_id": str(OWN)}, 403),
        ({"school_id": "other"}, 403),
        ({"scopes": ["events:read"]}, 422),
        ({"scopes": ["students:read", "everything:write"]}, 422),
        ({"requests_per_minute": 9}, 403),
        ({"name": "x" * 121}, 422),
        ({"requests_per_minute": 0}, 422),
    ],
)
def test_a_lead_issues_nothing_wider(
    client: TestClient, make: Factory, lead: tuple[str, UUID], changes: dict[str, Any], status: int
) -> None:
    session, school_id = lead
    body = {"name": "Wide", "role": "school_lead", "school_id": str(school_id), "scopes": ["students:read"]}
    body |= {**changes, **({"school_id": str(make.school().id)} if changes.get("school_id") else {})}
    answer = as_person(client, session)("POST", URL, json=body)
    assert answer.status_code == status, answer.text
    if status == 422:
        assert {fault["field"] for fault in answer.json()["faults"]} == set(changes)


def test_a_list_of_keys_asks_the_same_number_of_questions_for_one_and_three(
    client: TestClient, make: Factory
) -> None:
    headers = as_person(client, make.signed_in(Role.ADMINISTRATOR))
    counts = []
    for more in (1, 2):
        for _ in range(more):
            issue(make)
        with count_queries(make.database) as queries:
            assert len(headers("GET", URL).json()["items"]) == len(counts) * 2 + 1
        counts.append(queries.count)
    assert counts == [4, 4]


def test_a_key_is_identified_in_one_question(make: Factory) -> None:
    _, token = issue(make, Role.ADMINISTRATOR)
    with make.database.read() as session, count_queries(make.database) as queries:
        auth.identify(session, bearer=f"Bearer {token}", cookie=None, request_id="r", now=NOW)
    assert queries.count == 1


# --- what is due ------------------------------------------------------------------------------------------------------


def test_the_end_of_a_key_is_told_once_and_a_month_before(make: Factory) -> None:
    soon, _ = issue(make, days=20)
    issue(make, days=200)
    revoked, _ = issue(make, days=20)
    with make.database.write() as session:
        keys.revoke_key(session, ACTOR, revoked, now=NOW)
        assert [keys.remind_of_ends(session, NOW) for _ in range(2)] == [1, 0]
        [event] = session.scalars(sa.select(Event).where(Event.action == "key.expires_soon"))
    assert event.object_id == str(soon)
    assert event.data == {"expires_on": (NOW + timedelta(days=20)).date().isoformat()}


def test_secrets_whose_overlap_is_over_are_deleted(make: Factory) -> None:
    key_id, _ = issue(make)
    with make.database.write() as session:
        keys.rotate_key(session, ACTOR, key_id, overlap=timedelta(days=2), now=NOW)
        assert keys.forget_ended(session, NOW)["key_secrets"] == 0
        assert keys.forget_ended(session, NOW + timedelta(days=3))["key_secrets"] == 1
        left = session.scalars(sa.select(ApiKeySecret.generation).where(ApiKeySecret.key_id == key_id))
        assert list(left) == [2]
