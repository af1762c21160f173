"""Everything about one person, and nothing about others."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.db import Database
from app.privacy import map as maps
from app.privacy import service_export as exports
from app.privacy.models import SubjectKind
from tests.app.privacy.people import PLANTED, Person, plant
from tests.app.students.callers import person
from tests.factories import NOW, Factory


def unpack(content: bytes) -> dict[str, list[dict[str, Any]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert {"README.txt", "columns.json"} <= set(names)
        tables = {name[5:-5]: json.loads(archive.read(name)) for name in names if name.startswith("json/")}
        for name, rows in tables.items():
            lines = list(csv.reader(io.StringIO(archive.read(f"csv/{name}.csv").decode())))
            assert len(lines) == len(rows) + 1
        return tables


@pytest.fixture
def planted(client: TestClient, make: Factory, database: Database) -> Person:
    return plant(client, make, database)


def own_export(client: TestClient, planted: Person) -> dict[str, list[dict[str, Any]]]:
    answer = client.get("/api/v1/me/export", headers=planted.own)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "attachment" in answer.headers["content-disposition"]
    return unpack(answer.content)


def test_what_was_planted_is_there_but_hashes_are_not(client: TestClient, planted: Person) -> None:
    text = json.dumps(own_export(client, planted))

    for name, value in PLANTED.items():
        assert value in text, name
    assert PLANTED["contact"] in text  # found by the account's address, whatever its case
    assert "zyxhash" not in text
    assert exports.HASHED in text


def test_every_table_of_the_map_that_has_rows_is_there(
    client: TestClient, planted: Person, database: Database
) -> None:
    """Each table that leads to the person by the map is filled by the fixture, so each must be in the file."""
    tables = own_export(client, planted)
    empty = {name for name, rows in tables.items() if not rows}
    assert empty == {
        "api_keys", "bulk_changes", "class_tests", "companies", "disclosures", "erasures", "opportunities", "recovery_codes",
        "second_factors", "sign_in_codes", "taught_classes",
    }  # fmt: skip
    assert set(tables) == {
        entry.name for kind in SubjectKind for entry, _ in maps.read().walk(kind)
    }  # fmt: skip
    for name, rows in tables.items():
        for row in rows:
            assert list(row) == list(maps.read().entries[name].columns)


def test_every_value_of_every_personal_column_is_there(
    client: TestClient, planted: Person, database: Database
) -> None:
    """Rows that name the student in a column of their own: all of their values are in the file."""
    tables = own_export(client, planted)
    with database.read() as session:
        for entry in maps.read().entries.values():
            if "student_id" not in entry.columns or entry.name == "disclosures":
                continue
            rows = session.execute(
                sa.select(entry.table).where(entry.table.c.student_id == planted.student_id)
            )
            kept = [
                {
                    name: exports.HASHED if name in entry.secret else exports._plain(row[name])
                    for name in entry.columns
                }
                for row in rows.mappings()
            ]
            assert kept, entry.name
            key = str
            assert sorted(tables[entry.name], key=key) == sorted(kept, key=key)


def test_staff_take_it_for_the_student_and_it_is_a_look(client: TestClient, planted: Person) -> None:
    path = f"/api/v1/students/{planted.student_id}"
    tables = unpack(client.get(f"{path}/export", headers=planted.lead).content)
    assert tables["students"][0]["given_name"] == PLANTED["given_name"]
    assert tables["users"][0]["name"] == PLANTED["account"]
    # A mail that waits to be sent may hold a code that signs in: staff must not come by it, nor a borrowed session.
    assert {row[part] for row in tables["mails"] for part in ("body_text", "body_html")} == {exports.WITHHELD}
    looks = client.get(f"{path}/looks", headers=planted.own).json()["items"]
    assert [one["times"] for one in looks if one["kind"] == "export"] == [2]


def test_a_teacher_s_own_file_has_no_student_s_name(client: TestClient, planted: Person) -> None:
    text = json.dumps(unpack(client.get("/api/v1/me/export", headers=planted.lead).content))
    assert exports.WITHHELD in text  # the answers that the lead was given are about others
    assert PLANTED["given_name"] not in text
    assert PLANTED["email"] not in text


def test_nobody_else_takes_it(client: TestClient, planted: Person, make: Factory) -> None:
    path = f"/api/v1/students/{planted.student_id}/export"
    other = person(make, Grant(Role.SCHOOL_LEAD, school_id=make.school().id))
    for headers in (other, planted.company, make.bearer(Role.COORDINATOR)):
        assert client.get(path, headers=headers).status_code == 404
    assert client.get("/api/v1/me/export", headers=planted.company).status_code == 403
    scopeless = make.bearer(
        Role.SCHOOL_LEAD, school_id=planted.school_class.school_id, scopes=["schools:read"]
    )
    assert client.get(path, headers=scopeless).status_code == 403


def test_an_account_that_is_also_something_else_is_not_the_student_s(
    client: TestClient, planted: Person, database: Database, make: Factory
) -> None:
    from app.auth import service_people as people

    with database.write() as session:
        people.add_membership(session, planted.user_id, Grant(Role.ADMINISTRATOR))
    tables = unpack(client.get(f"/api/v1/students/{planted.student_id}/export", headers=planted.lead).content)
    assert "users" not in tables
    assert tables["memberships"][0]["student_id"] == str(planted.student_id)


@pytest.mark.parametrize("value", ["=1+1", "+39", "-1", "@sum", "\tx", "\rx", " =1+1", "＝1"])
def test_no_cell_is_a_formula(value: str) -> None:
    tables = {"users": [dict.fromkeys(maps.read().entries["users"].columns, "") | {"name": value}]}
    with zipfile.ZipFile(io.BytesIO(exports.pack(tables, NOW))) as archive:
        assert f"'{value}" in archive.read("csv/users.csv").decode()
        assert json.loads(archive.read("json/users.json"))[0]["name"] == value
