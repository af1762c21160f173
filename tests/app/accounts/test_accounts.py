"""Switching accounts off and on: who may, and what ends."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.accounts import rules
from app.accounts.rules import Tie
from app.auth import service as auth
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, SignIn, User
from tests.factories import Factory

HERE, ELSEWHERE, ME, OTHER = (UUID(int=number) for number in range(1, 5))
STUDENT, TEACHER, FELLOW = Tie(Role.STUDENT, HERE), Tie(Role.TEACHER, HERE), Tie(Role.SCHOOL_LEAD, HERE)
OUTSIDE, COMPANY = Tie(Role.TEACHER, ELSEWHERE), Tie(Role.COMPANY_MEMBER, None)


def actor(*grants: Grant, kind: str = "user") -> Actor:
    return Actor(kind=kind, id=ME, name="x", grants=grants)


LEAD = Grant(Role.SCHOOL_LEAD, school_id=HERE)
ACTORS = {
    "lead": actor(LEAD),
    "lead elsewhere": actor(Grant(Role.SCHOOL_LEAD, school_id=ELSEWHERE)),
    "teacher": actor(Grant(Role.TEACHER, school_id=HERE)),
    "coordinator": actor(Grant(Role.COORDINATOR)),
    "company": actor(Grant(Role.COMPANY_ADMIN, company_id=HERE)),
    "administrator": actor(Grant(Role.ADMINISTRATOR)),
    "key of the lead": actor(LEAD, kind="key"),
}
# (may switch, may see) for everybody who may anything.
TABLE: list[tuple[UUID, tuple[Tie, ...], dict[str, tuple[bool, bool]]]] = [
    (OTHER, (STUDENT,), {"lead": (True, True), "key of the lead": (False, True)}),
    (OTHER, (STUDENT, TEACHER), {"lead": (True, True), "key of the lead": (False, True)}),
    (
        OTHER,
        (TEACHER, OUTSIDE),
        {"lead": (False, True), "lead elsewhere": (False, True), "key of the lead": (False, True)},
    ),
    (OTHER, (TEACHER, COMPANY), {"lead": (False, True), "key of the lead": (False, True)}),
    (OTHER, (FELLOW,), {"lead": (False, True), "key of the lead": (False, True)}),
    (OTHER, (TEACHER, FELLOW), {"lead": (False, True), "key of the lead": (False, True)}),
    (OTHER, (COMPANY,), {}),
    (OTHER, (), {}),
    (ME, (TEACHER,), dict.fromkeys(ACTORS, (False, True))),
]


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("row", range(len(TABLE)))
def test_who_may_switch_whose_account(who: str, row: int) -> None:
    user_id, ties, expected = TABLE[row]
    told = expected.get(who, (False, False))
    if who == "administrator":
        told = (user_id != ME, True)
    if (user_id, who) == (ME, "key of the lead"):
        told = (False, True)
    one = ACTORS[who]
    assert (rules.can_switch(one, user_id, ties), rules.can_see(one, user_id, ties)) == told


def headers(token: str) -> dict[str, str]:
    return {"Cookie": f"{auth.COOKIE}={token}"}


def test_an_account_that_is_switched_off_is_out_at_once_and_comes_back(
    client: TestClient, make: Factory
) -> None:
    school = make.school()
    lead = make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=school.id), name="Lead")
    colleague = make.signed_in(Grant(Role.TEACHER, school_id=school.id), name="Colleague")
    with make.database.read() as session:
        user = session.scalars(sa.select(User).where(User.name == "Colleague")).one()
    url = f"/api/v1/accounts/{user.id}"
    off = [client.post(f"{url}/deactivate", headers=headers(lead)) for _ in range(2)]
    body = {"id": str(user.id), "name": "Colleague", "is_active": False}
    assert [(one.status_code, one.json()) for one in off] == [(200, body)] * 2
    listed = f"/api/v1/schools/{school.id}/members"
    assert client.get(listed, headers=headers(colleague)).status_code == 401
    with make.database.read() as session:
        assert session.scalars(sa.select(SignIn).where(SignIn.user_id == user.id)).all() == []
        assert len(session.scalars(sa.select(Membership).where(Membership.user_id == user.id)).all()) == 1
        actions = session.execute(
            sa.text("SELECT action FROM events WHERE object_id = :id AND action LIKE 'user.%activated'"),
            {"id": str(user.id)},
        ).scalars()
        assert list(actions) == ["user.deactivated"]
    [told] = [
        one for one in client.get(listed, headers=headers(lead)).json()["items"] if one["name"] == "Colleague"
    ]
    assert told["is_active"] is False
    on = client.post(f"{url}/reactivate", headers=headers(lead))
    assert (on.status_code, on.json()) == (200, body | {"is_active": True})
    assert client.get(listed, headers=headers(colleague)).status_code == 401  # the session does not come back


def test_a_school_switches_off_its_students_and_nobody_elses(client: TestClient, make: Factory) -> None:
    student, stranger = make.student(), make.student()
    lead = make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=student.school_id), name="Lead")
    for name, one in (("Own", student), ("Foreign", stranger)):
        make.signed_in(Grant(Role.STUDENT, student_id=one.id), name=name)
    make.signed_in(
        Grant(Role.STUDENT, student_id=student.id),
        Grant(Role.COMPANY_MEMBER, company_id=make.company().id),
        name="Both",
    )
    with make.database.read() as session:
        ids = {row.name: row.id for row in session.execute(sa.select(User.name, User.id))}
    statuses = {
        name: client.post(f"/api/v1/accounts/{ids[name]}/deactivate", headers=headers(lead)).status_code
        for name in ("Own", "Foreign", "Both", "Lead")
    }
    assert statuses == {"Own": 200, "Foreign": 404, "Both": 403, "Lead": 403}
