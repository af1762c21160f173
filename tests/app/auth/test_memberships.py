"""Somebody is always left who answers for a school or a company, however many leave at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth import service_memberships as memberships
from app.auth.actors import Grant, Role
from app.auth.models import Membership, User
from app.db import Database
from tests.conftest import another_database
from tests.factories import Factory

PATCH = {"Content-Type": "application/merge-patch+json"}


def hire(make: Factory, role: Role, company_id: UUID, name: str = "A") -> Membership:
    make.signed_in(Grant(role, company_id=company_id), name=name)
    with make.database.read() as session:
        return session.scalars(
            sa.select(Membership).join(User).where(User.name == name, Membership.company_id == company_id)
        ).one()


def end(database: Database, member_id: UUID) -> bool:
    try:
        with database.write() as session:
            memberships.end(session, session.get_one(Membership, member_id))
    except memberships.LastOne:
        return False
    return True


def demote(database: Database, member_id: UUID) -> bool:
    try:
        with database.write() as session:
            memberships.change_role(session, session.get_one(Membership, member_id), Role.COMPANY_MEMBER)
    except memberships.LastOne:
        return False
    return True


@pytest.mark.parametrize("leave", [end, demote])
def test_the_last_administrator_stays(make: Factory, leave: object) -> None:
    company = make.company()
    first = hire(make, Role.COMPANY_ADMIN, company.id)
    hire(make, Role.COMPANY_MEMBER, company.id, "B")
    hire(make, Role.COMPANY_ADMIN, make.company().id, "C")
    assert not leave(make.database, first.id)  # type: ignore[operator]
    second = hire(make, Role.COMPANY_ADMIN, company.id, "D")
    with make.database.write() as session:
        session.execute(sa.update(User).where(User.id == second.user_id).values(is_active=False))
    assert not leave(make.database, first.id)  # type: ignore[operator]
    with make.database.write() as session:
        session.execute(sa.update(User).values(is_active=True))
    assert leave(make.database, first.id)  # type: ignore[operator]


def test_members_leave_as_they_like(make: Factory) -> None:
    assert end(make.database, hire(make, Role.COMPANY_MEMBER, make.company().id).id)


def leavers(migrated: Database, folder: Path) -> tuple[list[bool], int]:
    """Eight administrators who all leave at once; who managed to, and how many are left."""
    with another_database(migrated, folder) as engine:
        database = Database(engine.url.render_as_string(hide_password=False), connections=8)
        make = Factory(database)
        company = make.company()
        found = [hire(make, Role.COMPANY_ADMIN, company.id, f"P{number}") for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            left = list(
                pool.map(lambda one: (end if found.index(one) % 2 else demote)(database, one.id), found)
            )
        with database.read() as session:
            admins = session.scalar(
                sa.select(sa.func.count())
                .select_from(Membership)
                .where(Membership.role == Role.COMPANY_ADMIN)
            )
        database.close()
    return left, admins or 0


def test_of_eight_who_leave_at_once_one_stays(migrated: Database, tmp_path: Path) -> None:
    left, admins = leavers(migrated, tmp_path)
    assert (left.count(True), admins) == (7, 1)


def test_without_the_condition_nobody_would_be_left(
    migrated: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memberships, "_somebody_is_left", lambda _: sa.true())
    assert leavers(migrated, tmp_path)[1] == 0


# --- over the API ----------------------------------------------------------------------------------------------------


def test_members_of_a_company_are_listed_changed_and_removed(client: TestClient, make: Factory) -> None:
    company = make.company()
    boss = hire(make, Role.COMPANY_ADMIN, company.id, "Boss")
    hand = hire(make, Role.COMPANY_MEMBER, company.id, "Hand")
    headers = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    url = f"/api/v1/companies/{company.id}/members"
    listed = client.get(url, headers=headers).json()["items"]
    assert [(one["name"], one["role"], one["is_active"]) for one in listed] == [
        ("Boss", "company_admin", True), ("Hand", "company_member", True),
    ]  # fmt: skip
    first = client.get(url, params={"limit": 1}, headers=headers).json()
    rest = client.get(url, params={"limit": 1, "cursor": first["next_cursor"]}, headers=headers).json()
    assert [first["items"], rest["items"]] == [listed[:1], listed[1:]]
    promoted = client.patch(f"{url}/{hand.id}", json={"role": "company_admin"}, headers=headers | PATCH)
    assert (promoted.status_code, promoted.json()) == (200, listed[1] | {"role": "company_admin"})
    assert client.delete(f"{url}/{boss.id}", headers=headers).status_code == 204
    assert client.delete(f"{url}/{hand.id}", headers=headers).status_code == 409
    assert (
        client.patch(f"{url}/{uuid4()}", json={"role": "company_member"}, headers=headers | PATCH).status_code
        == 404
    )


def test_a_role_that_the_person_has_already_is_a_conflict(client: TestClient, make: Factory) -> None:
    company = make.company()
    make.signed_in(
        Grant(Role.COMPANY_ADMIN, company_id=company.id), Grant(Role.COMPANY_MEMBER, company_id=company.id)
    )
    with make.database.read() as session:
        member = session.scalars(sa.select(Membership).where(Membership.role == Role.COMPANY_MEMBER)).one()
    answer = client.patch(
        f"/api/v1/companies/{company.id}/members/{member.id}", json={"role": "company_admin"},
        headers=make.bearer() | PATCH,
    )  # fmt: skip
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/has-role-already")


def test_members_of_a_company_are_for_who_administers_it(client: TestClient, make: Factory) -> None:
    company, other = make.company(), make.company()
    url = f"/api/v1/companies/{company.id}/members"
    callers = {
        "admin": make.bearer(Role.COMPANY_ADMIN, company_id=company.id),
        "member": make.bearer(Role.COMPANY_MEMBER, company_id=company.id),
        "admin elsewhere": make.bearer(Role.COMPANY_ADMIN, company_id=other.id),
        "coordinator": make.bearer(Role.COORDINATOR),
        "administrator": make.bearer(),
        "nobody": {},
    }
    assert {who: client.get(url, headers=headers).status_code for who, headers in callers.items()} == {
        "admin": 200, "member": 403, "admin elsewhere": 403, "coordinator": 403, "administrator": 200,
        "nobody": 401,
    }  # fmt: skip


def test_members_of_a_school_change_role_and_classes(client: TestClient, make: Factory) -> None:
    school = make.school()
    first, second = make.school_class(school), make.school_class(school)
    teacher = Grant(Role.TEACHER, school_id=school.id, class_ids=frozenset({first.id}))
    make.signed_in(teacher, name="Ada")
    make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=school.id), name="Zoe")
    headers = make.bearer(Role.SCHOOL_LEAD, school_id=school.id)
    url = f"/api/v1/schools/{school.id}/members"
    ada, zoe = client.get(url, headers=headers).json()["items"]
    changes = {"role": "teacher", "class_ids": [str(second.id)]}
    moved = client.patch(f"{url}/{ada['id']}", json=changes, headers=headers | PATCH)
    assert (moved.status_code, moved.json()) == (200, ada | changes)
    lead = client.patch(f"{url}/{ada['id']}", json={"role": "school_lead"}, headers=headers | PATCH)
    assert (lead.json()["role"], lead.json()["class_ids"]) == ("school_lead", [])
    assert client.delete(f"{url}/{zoe['id']}", headers=headers).status_code == 204
    refused = client.patch(f"{url}/{ada['id']}", json={"role": "teacher"}, headers=headers | PATCH)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/last-one")
    foreign = {"role": "teacher", "class_ids": [str(make.school_class().id)]}
    assert client.patch(f"{url}/{ada['id']}", json=foreign, headers=headers | PATCH).status_code == 422
