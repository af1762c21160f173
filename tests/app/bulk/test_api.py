"""Bulk loads over the API: every row told, all or nothing, nothing on trial, walls between schools, twice the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from app import bulk
from app.auth import service as auth
from app.auth.actors import Grant, Role
from app.companies.models import Company
from app.db import Database
from app.events.models import Event
from app.main import create_app
from app.opportunities.models import Opportunity, Status
from app.schools.models import School, SchoolClass
from app.settings import Settings
from app.students.models import Student
from tests.factories import Factory
from tests.queries import count_queries

NDJSON = "application/x-ndjson"
Json = dict[str, Any]
Send = Callable[..., Any]


@pytest.fixture
def school(make: Factory) -> School:
    make.skill()
    make.skill("turning")
    return make.school(code="BOTF000001")


@pytest.fixture
def school_class(make: Factory, school: School) -> SchoolClass:
    return make.school_class(school, source="register", external_id="4A")


@pytest.fixture
def send(client: TestClient, make: Factory, school: School) -> Send:
    """Sends rows as the school's register, unless other headers are given."""
    register = make.bearer(Role.SCHOOL_LEAD, school_id=school.id)

    def call(
        noun: str,
        rows: list[Any] | bytes,
        *,
        by: dict[str, str] | None = None,
        media: str = NDJSON,
        **query: Any,
    ) -> Any:
        content = rows if isinstance(rows, bytes) else "\n".join(json.dumps(row) for row in rows).encode()
        headers = (by or register) | {"Content-Type": media}
        params = {"source": "register"} | query
        return client.post(f"/api/v1/{noun}/bulk", content=content, headers=headers, params=params)

    return call


def lines(answer: Any) -> tuple[list[Json], Json]:
    assert answer.status_code == 200, answer.text
    *rows, summary = [json.loads(line) for line in answer.text.splitlines()]
    return rows, summary


def statuses(answer: Any) -> list[str]:
    return [line["status"] for line in lines(answer)[0]]


def faults(answer: Any) -> list[tuple[int, str, str]]:
    return [(line["row"], one["field"], one["detail"]) for line in lines(answer)[0] for one in line["faults"]]


def student(number: int = 1, **values: Any) -> Json:
    return {
        "external_id": f"s{number}", "class_external_id": "4A", "given_name": "Ugo", "family_name": f"Prova {number}",
        "born_on": "2008-05-04", "municipality_istat": "037006",
    } | values  # fmt: skip


def count(make: Factory, table: Any) -> int:
    with make.database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# --- what becomes of rows ---------------------------------------------------------------------------------------------


def test_rows_are_created_then_left_alone_then_changed(
    send: Send, make: Factory, school_class: SchoolClass
) -> None:
    rows = [student(number, skills=[{"skill_id": "turning", "level": 2}]) for number in range(3)]
    first, summary = lines(send("students", rows))
    assert [line["status"] for line in first] == ["created"] * 3
    assert summary == {
        "rows": 3, "created": 3, "changed": 0, "unchanged": 0, "rejected": 0, "is_dry_run": False, "is_complete": True,
    }  # fmt: skip
    again, _ = lines(send("students", rows))
    assert [(line["status"], line["id"]) for line in again] == [("unchanged", line["id"]) for line in first]
    rows[1]["max_km"] = 12
    rows[2]["skills"] = []
    third, _ = lines(send("students", rows))
    assert [line["status"] for line in third] == ["unchanged", "changed", "changed"]
    with make.database.read() as session:
        versions = session.execute(sa.select(Student.external_id, Student.version)).all()
        told = session.execute(
            sa.select(Event.action, Event.data).where(Event.object_type == "student").order_by(Event.id)
        ).all()
    assert dict(versions) == {"s0": 1, "s1": 2, "s2": 2}
    assert told == [("student.created", {})] * 3 + [
        ("student.edited", {"fields": ["max_km"]}), ("student.edited", {"fields": ["skills"]}),
    ]  # fmt: skip


def test_what_is_left_out_stays_and_null_empties(
    send: Send, make: Factory, school_class: SchoolClass
) -> None:
    send("students", [student(max_km=30, hours_owed=90)])
    assert statuses(send("students", [{"external_id": "s1", "max_km": None}])) == ["changed"]
    with make.database.read() as session:
        row = session.query(Student).one()
    assert (row.max_km, row.hours_owed, row.family_name) == (None, 90, "Prova 1")
    [line], _ = lines(send("students", [{"external_id": "s1", "family_name": None}]))
    assert [one["field"] for one in line["faults"]] == ["family_name"]


BAD: dict[str, tuple[Json, str]] = {
    "unknown field": (student(colour="red"), "colour"),
    "wrong type": (student(max_km="far"), "max_km"),
    "too young": (student(born_on="2024-01-01"), "born_on"),
    "unknown skill": (student(skills=[{"skill_id": "juggling", "level": 1}]), "skills.0.skill_id"),
    "unknown interest": (student(interests=["juggling"]), "interests.0"),
    "unknown place": (student(municipality_istat="999999"), "municipality_istat"),
    "unknown class": (student(class_external_id="9Z"), "class_external_id"),
    "two classes": (student(class_id=str(UUID(int=1))), "class_external_id"),
    "class id of nobody": (
        {name: value for name, value in student(class_id=str(UUID(int=1))).items() if name != "class_external_id"},
        "class_id",
    ),
    "no class": ({name: value for name, value in student().items() if name != "class_external_id"}, "class_id"),
    "no external id": ({"family_name": "x"}, "external_id"),
    "a number as external id": (student(external_id=1), "external_id"),
    "an empty external id": (student(external_id=" "), "external_id"),
    "an external id too long": (student(external_id="x" * 81), "external_id"),
    "a source of its own": (student(source="other"), "source"),
    "a null character": (student(given_name="\0"), "given_name"),
    "not an object": ([1], ""),  # type: ignore[dict-item]
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("mode", ["each", "all"])
def test_a_bad_row_names_its_field_and_leaves_the_others(
    send: Send, make: Factory, school_class: SchoolClass, name: str, mode: str
) -> None:
    row, field = BAD[name]
    answer = send("students", [student(8), row, student(9)], mode=mode)
    if mode == "all":
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/load-refused")
        assert [(one["in"], one["field"]) for one in answer.json()["faults"]] == [("row 2", field)]
        assert count(make, Student) == 0
        assert count(make, Event.__table__.select().where(Event.object_type == "student").subquery()) == 0
    else:
        assert [one[:2] for one in faults(answer)] == [(2, field)]
        assert statuses(answer) == ["created", "rejected", "created"]
        assert count(make, Student) == 2


def test_a_row_that_repeats_another_is_told_which(send: Send, school_class: SchoolClass) -> None:
    assert faults(send("students", [student(1), student(2), student(1, max_km=3)])) == [
        (3, "external_id", "repeats row 1")
    ]


@pytest.mark.parametrize("mode", ["each", "all"])
def test_a_trial_tells_what_would_be_and_changes_nothing(
    send: Send, make: Factory, school_class: SchoolClass, mode: str
) -> None:
    send("students", [student(1)])
    answer = send(
        "students", [student(1, max_km=9), student(2), student(3, max_km=0)], mode=mode, dry_run=True
    )
    rows, summary = lines(answer)
    assert [line["status"] for line in rows] == ["changed", "created", "rejected"]
    assert (summary["is_dry_run"], summary["is_complete"]) == (True, True)
    assert count(make, Student) == 1
    assert statuses(send("students", [student(1)])) == ["unchanged"]


@pytest.mark.parametrize(
    ("content", "media", "row"),
    [
        (b'{"external_id": "s1", "max_km": 3}\n{"external_id": "s', NDJSON, 2),
        (b'{"external_id": "s1", "max_km": 3}\n{"external_id": "\xe8"}', NDJSON, 2),
        (b'external_id;max_km\ns1;3\n"s2', "text/csv", 3),
        (b"external_id;max_km\ns1;3\n\xe8;1\n", "text/csv", 3),
        (b"external_id;max_km\ns1;3\ns2", "text/csv", 3),
    ],
)
def test_a_file_that_is_cut_off_or_badly_encoded_names_the_row(
    send: Send, make: Factory, school_class: SchoolClass, content: bytes, media: str, row: int
) -> None:
    send("students", [student(1)])
    refused = send("students", content, media=media, mode="all")
    assert refused.status_code == 422
    assert [one["in"] for one in refused.json()["faults"]] == [f"row {row}"]
    with make.database.read() as session:
        assert session.scalar(sa.select(Student.max_km)) is None
    assert [one[0] for one in faults(send("students", content, media=media))] == [row]
    with make.database.read() as session:
        assert session.scalar(sa.select(Student.max_km)) == 3


def test_an_unreadable_rest_is_told_in_the_summary(send: Send, school_class: SchoolClass) -> None:
    rows, summary = lines(send("students", b'external_id\n"', media="text/csv"))
    assert (len(rows), summary["is_complete"]) == (1, False)


def test_a_table_from_a_spreadsheet_is_loaded(send: Send, make: Factory, school_class: SchoolClass) -> None:
    content = (
        "\ufeffexternal_id;class_external_id;given_name;family_name;born_on;municipality_istat;skills;languages;max_km\r\n"
        "s1;4A;Niccolò;D'Amico;04/05/2008;37006;plc-programming:2 turning:1:validated;en:B1;\r\n"
    )
    assert statuses(send("students", content.encode(), media="text/csv; charset=utf-8")) == ["created"]
    with make.database.read() as session:
        row = session.query(Student).one()
    assert (row.given_name, row.family_name, row.born_on) == ("Niccolò", "D'Amico", date(2008, 5, 4))
    assert (row.municipality_istat, row.max_km) == ("037006", None)
    assert statuses(send("students", content.encode(), media="text/csv")) == ["unchanged"]


def test_too_many_rows_are_refused_at_the_first_too_many(
    send: Send, make: Factory, school_class: SchoolClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_ROWS", 2)
    assert [one[0] for one in faults(send("students", [student(number) for number in range(4)]))] == [3]
    assert count(make, Student) == 2


@pytest.mark.parametrize(
    "values",
    [
        {"external_id": "a\0b"}, {"class_external_id": "\0"}, {"municipality_istat": "\0"}, {"\0": 1},
        {"skills": [{"skill_id": "\0", "level": 1}]}, {"interests": ["\0"]}, {"family_name": "\0"},
    ],
)  # fmt: skip
def test_a_nul_refuses_its_row_and_no_other(
    send: Send, school_class: SchoolClass, values: dict[str, Any]
) -> None:
    """No database takes it: where a batch is looked up by it, the whole load would stop."""
    answer = send("students", [student(1), student(2) | values, student(3)])
    assert statuses(answer) == ["created", "rejected", "created"]
    assert [one[:2] for one in faults(answer)] == [(2, next(iter(values)).replace("\0", "\ufffd"))]
    assert "\\u0000" not in answer.text


def test_fewer_rows_go_in_at_once_than_one_by_one(
    send: Send, make: Factory, school_class: SchoolClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_ROWS_AT_ONCE", 2)
    rows = [student(number) for number in range(3)]
    answer = send("students", rows, mode="all")
    [told] = answer.json()["faults"]
    assert (answer.status_code, told["in"], told["detail"]) == (
        422, "row 3", "so many rows are not loaded at once: at most 2",
    )  # fmt: skip
    assert count(make, Student) == 0
    assert statuses(send("students", rows[:2], mode="all")) == ["created"] * 2
    assert statuses(send("students", rows)) == ["unchanged"] * 2 + ["created"]


# --- the same as one by one -------------------------------------------------------------------------------------------

STEPS: list[list[Json]] = [
    [
        student(1), student(2, skills=[{"skill_id": "turning", "level": 3, "evidence": "validated", "words": "tornio"}]),
        student(3, interests=["turning"], languages=[{"language": "en", "cefr": "B1"}], travel_mode="bicycle"),
        student(4, availabilities=[{"starts_on": "2026-02-02", "ends_on": "2026-03-06", "weekdays": ["MO"]}]),
    ],
    [
        student(1, skills=[{"skill_id": "turning", "level": 1}]), student(2, skills=[]), student(3, class_external_id="5B"),
        student(4, availabilities=[], hours_owed=12),
    ],
    [student(1, class_external_id="5B"), student(2, max_km=None, interests=["turning"]), {"external_id": "s3"}],
]  # fmt: skip


def test_many_at_once_and_one_by_one_come_to_the_same(
    client: TestClient, send: Send, make: Factory, school: School, school_class: SchoolClass
) -> None:
    other = make.school_class(school, source="register", external_id="5B", year=5)
    usual_of(make, school_class, other)
    headers = make.bearer(Role.SCHOOL_LEAD, school_id=school.id)
    ids = {"4A": str(school_class.id), "5B": str(other.id)}
    single: dict[str, str] = {}
    for step in STEPS:
        assert "rejected" not in statuses(send("students", step))
        for row in step:
            body = {
                name: value for name, value in row.items() if name not in ("external_id", "class_external_id")
            }
            if "class_external_id" in row:
                body["class_id"] = ids[row["class_external_id"]]
            if row["external_id"] not in single:
                body |= {"source": "single", "external_id": row["external_id"]}
                answer = client.post("/api/v1/students", json=body, headers=headers)
                single[row["external_id"]] = answer.json()["id"]
            else:
                patch = headers | {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
                url = f"/api/v1/students/{single[row['external_id']]}"
                answer = client.patch(url, content=json.dumps(body), headers=patch)
            assert answer.status_code < 300, answer.text
        assert shown(client, headers, "register") == shown(client, headers, "single")


def shown(client: TestClient, headers: dict[str, str], source: str) -> list[Json]:
    items = client.get("/api/v1/students", params={"source": source}, headers=headers).json()["items"]
    for item in items:
        for name in ("id", "source", "created_at"):
            del item[name]
    return sorted(items, key=lambda item: str(item["external_id"]))


def usual_of(make: Factory, *classes: SchoolClass) -> None:
    from app.programmes.models import ProgrammeSkill

    for school_class in classes:
        make.add(
            ProgrammeSkill(
                programme_id=school_class.programme_id, year=school_class.year, skill_id="plc-programming",
                level=school_class.year - 2,
            )
        )  # fmt: skip


def test_rows_cost_no_statements_of_their_own(send: Send, make: Factory, school_class: SchoolClass) -> None:
    send("students", [])  # notes the use of the key
    counts = []
    for first, rows in ((0, 3), (10, 30)):
        with count_queries(make.database) as queries:
            send("students", [student(first + number) for number in range(rows)])
        counts.append(queries.count)
    assert counts[0] == counts[1] < 30


# --- walls ------------------------------------------------------------------------------------------------------------


def test_a_school_neither_changes_nor_sees_the_rows_of_another(
    send: Send, make: Factory, school_class: SchoolClass
) -> None:
    foreign_class = make.school_class(make.school(), source="register", external_id="foreign")
    foreign = make.student(foreign_class, source="register", external_id="s1", max_km=40)
    answer = send("students", [student(1, max_km=1), student(2, class_external_id="foreign")])
    assert statuses(answer) == ["created", "rejected"]  # as if the other school did not have the same id
    assert faults(answer) == [(2, "class_external_id", "none of yours has it in this source")]
    by_id = {name: value for name, value in student(3).items() if name != "class_external_id"}
    assert [one[:2] for one in faults(send("students", [by_id | {"class_id": str(foreign_class.id)}]))] == [
        (1, "class_id")
    ]
    row = make.get(Student, foreign.id)
    assert row is not None
    assert (row.max_km, row.version) == (40, 1)
    assert count(make, Student) == 2


def test_a_teacher_does_not_change_a_colleagues_student(
    send: Send, make: Factory, school: School, school_class: SchoolClass
) -> None:
    make.student(make.school_class(school, section="B"), source="register", external_id="s1")
    grant = Grant(Role.TEACHER, school_id=school.id, class_ids=frozenset({school_class.id}))
    by = {"cookie": f"{auth.COOKIE}={make.signed_in(grant)}"}
    assert faults(send("students", [student(1)], by=by)) == [(1, "", "The external id is taken")]


def test_whoever_loads_for_several_schools_names_the_class(
    send: Send, make: Factory, school_class: SchoolClass
) -> None:
    other_class = make.school_class(make.school(), source="register", external_id="5B", year=5)
    both = [student(1), student(1, class_external_id="5B")]
    assert [statuses(send("students", [one], by=make.bearer())) for one in both] == [["created"], ["created"]]
    assert [statuses(send("students", [one], by=make.bearer())) for one in both] == [
        ["unchanged"],
        ["unchanged"],
    ]
    [unclear] = faults(send("students", [{"external_id": "s1", "max_km": 3}], by=make.bearer()))
    assert unclear == (1, "external_id", "several schools have it in this source: name the class")
    named = {"external_id": "s1", "max_km": 3, "class_id": str(other_class.id)}
    assert statuses(send("students", [named], by=make.bearer())) == ["changed"]
    with make.database.read() as session:
        found = session.execute(sa.select(Student.class_id, Student.max_km)).all()
    assert dict(found) == {school_class.id: None, other_class.id: 3}


def test_a_company_changes_its_own_rows_only(send: Send, make: Factory) -> None:
    own = make.company(name="Nostra", source="hr", external_id="1")
    other = make.company(name="Altra", source="hr", external_id="2")
    make.company(name="Nuova", source="hr", external_id="3", is_approved=False)
    by = make.bearer(Role.COMPANY_ADMIN, company_id=own.id)
    rows = [{"external_id": str(number), "description": "Torneria"} for number in (1, 2, 3)]
    answer = send("companies", [*rows, {"external_id": "4", "name": "Quarta"}], by=by, source="hr")
    assert statuses(answer) == ["changed", "rejected", "rejected", "rejected"]
    assert [one[2] for one in faults(answer)] == [
        "Not your company to change", "Another company has this code", "Only for coordinators and administrators",
    ]  # fmt: skip
    offers = [
        {"external_id": "a", "kind": "internship", "title": "Tornio"},
        {"external_id": "b", "kind": "internship", "title": "Tornio", "company_external_id": "2"},
        {"external_id": "c", "kind": "internship", "title": "Tornio", "company_id": str(other.id)},
    ]
    assert statuses(send("opportunities", offers, by=by, source="hr")) == ["created", "rejected", "rejected"]
    with make.database.read() as session:
        assert session.scalars(sa.select(Opportunity.company_id)).all() == [own.id]


@pytest.mark.parametrize(
    ("noun", "role"),
    [
        ("students", Role.COORDINATOR), ("students", Role.COMPANY_ADMIN), ("classes", Role.COORDINATOR),
        ("classes", Role.COMPANY_ADMIN), ("companies", Role.SCHOOL_LEAD), ("opportunities", Role.SCHOOL_LEAD),
    ],
)  # fmt: skip
def test_who_may_write_none_sends_no_file(
    send: Send, make: Factory, school: School, noun: str, role: Role
) -> None:
    bound = {
        Role.SCHOOL_LEAD: {"school_id": school.id},
        Role.COMPANY_ADMIN: {"company_id": make.company().id},
    }
    answer = send(noun, [{"external_id": "1"}], by=make.bearer(role, **bound.get(role, {})))
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("noun", ["students", "classes", "companies", "opportunities"])
def test_a_load_needs_credentials_a_scope_a_source_and_a_media_type(
    send: Send, make: Factory, noun: str
) -> None:
    assert send(noun, [], by={"Authorization": "Bearer x"}).status_code == 401
    assert send(noun, [], by=make.bearer(scopes=["events:read"])).status_code == 403
    everything = make.bearer()
    assert send(noun, [], by=everything, source="").status_code == 422
    assert send(noun, [], by=everything, mode="some").status_code == 422
    assert send(noun, [], by=everything, media="application/json").status_code == 415
    assert statuses(send(noun, [], by=everything)) == []


# --- the other nouns --------------------------------------------------------------------------------------------------


def test_classes_are_loaded_by_code_by_id_or_for_the_only_school(
    send: Send, make: Factory, school: School, school_class: SchoolClass
) -> None:
    values = {"start_year": 2025, "year": 4, "programme_id": school_class.programme_id}
    rows = [
        {"external_id": "4A", "section": "A bis"},
        {"external_id": "4B", "section": "B", "school_code": "BOTF000001", **values},
        {"external_id": "4C", "section": "C", "school_id": str(school.id), **values},
        {"external_id": "4D", "section": "D", **values, "year": 2},
        {"external_id": "4E", "section": "B", **values},
        {"external_id": "4F", "section": "F", "school_code": "MITF000001", **values},
        {"external_id": "4G", "section": "G", "school_id": str(make.school().id), **values},
        {"external_id": "4A2", "section": "C", **values},
    ]
    answer = send("classes", rows)
    assert statuses(answer) == ["changed", "created", "created", *["rejected"] * 5]
    assert [one[:2] for one in faults(answer)] == [
        (4, "year"), (5, ""), (6, "school_code"), (7, ""), (8, ""),
    ]  # fmt: skip
    assert statuses(send("classes", rows[:3])) == ["unchanged"] * 3
    nowhere = send("classes", [{"external_id": "1", "section": "X", **values}], by=make.bearer())
    assert [one[1] for one in faults(nowhere)] == ["school_id"]
    moved = send("classes", [{"external_id": "4A", "school_id": str(school.id), "section": "A ter"}])
    assert statuses(moved) == ["changed"]


def test_companies_are_loaded_by_the_network(send: Send, make: Factory) -> None:
    by = make.bearer(Role.COORDINATOR)
    make.company(tax_code="11111111111")
    rows = [
        {"external_id": "1", "name": "Rossi", "sectors": [{"ateco_code": "28", "ateco_edition": "2025"}]},
        {"external_id": "2", "name": "Verdi", "tax_code": "11111111111"},
        {
            "external_id": "3",
            "name": "Neri",
            "sectors": [{"ateco_code": "28.97.97", "ateco_edition": "2007"}],
        },
        {"external_id": "4", "name": "Bianchi", "tax_code": "22222222222"},
        {"external_id": "5", "name": "Gialli", "tax_code": "22222222222"},
    ]
    answer = send("companies", rows, by=by)
    assert statuses(answer) == ["created", "rejected", "rejected", "created", "rejected"]
    assert [one[:2] for one in faults(answer)] == [
        (2, "tax_code"), (3, "sectors.0.ateco_code"), (5, "tax_code"),
    ]  # fmt: skip
    assert statuses(send("companies", rows[:1], by=by)) == ["unchanged"]
    assert statuses(send("companies", [rows[0] | {"name": "Rossi & figli"}], by=by)) == ["changed"]
    with make.database.read() as session:
        assert not session.scalar(sa.select(Company.is_approved).where(Company.external_id == "1"))


def test_opportunities_are_loaded_as_drafts(send: Send, make: Factory) -> None:
    make.skill()
    company = make.company(source="register", external_id="c1")
    by = make.bearer(Role.COORDINATOR)
    offer = {
        "external_id": "1", "company_external_id": "c1", "kind": "internship", "title": "Tornio", "hours": 80,
        "municipality_istat": "037006", "required": [{"skill_id": "plc-programming", "level": 1}],
        "spans": [{"starts_on": "2026-02-02", "ends_on": "2026-02-27"}],
    }  # fmt: skip
    rows = [
        offer,
        offer | {"external_id": "2", "min_age": 20, "max_age": 10},
        offer | {"external_id": "3", "wanted": [{"skill_id": "x", "level": 1}]},
    ]
    answer = send("opportunities", rows, by=by)
    assert statuses(answer) == ["created", "rejected", "rejected"]
    assert [one[1] for one in faults(answer)] == ["max_age", "wanted.0.skill_id"]
    with make.database.read() as session:
        [draft] = session.query(Opportunity).all()
    assert (draft.status, draft.company_id) == (Status.DRAFT, company.id)
    assert statuses(send("opportunities", [offer], by=by)) == ["unchanged"]
    assert statuses(send("opportunities", [offer | {"seats": 4}], by=by)) == ["changed"]
    assert faults(send("opportunities", [offer | {"kind": "visit"}], by=by)) == [
        (1, "kind", "cannot be changed")
    ]
    hidden = make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id)
    own = {name: value for name, value in offer.items() if name != "company_external_id"}
    assert faults(send("opportunities", [own], by=hidden)) == [
        (1, "", "Another opportunity has this external id")
    ]


# --- two at once, and failures in the middle --------------------------------------------------------------------------


def test_a_row_that_somebody_else_writes_meanwhile_is_rejected_alone(
    send: Send, make: Factory, school_class: SchoolClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.students import service_bulk as students

    find = students._Batch._find_present

    def blind(self: Any, external_ids: Any) -> Any:
        return {name: full for name, full in find(self, external_ids).items() if name != "s2"}

    send("students", [student(2)])
    monkeypatch.setattr(students._Batch, "_find_present", blind)
    answer = send("students", [student(1), student(2), student(3)])
    assert statuses(answer) == ["created", "rejected", "created"]
    assert count(make, Student) == 3


class Failing(Database):
    """A database that is lost after so many write blocks."""

    def __init__(self, database: Database, blocks: int) -> None:
        self.inner, self.blocks = database, blocks

    def _session(self, *, is_write: bool) -> Any:
        self.blocks -= is_write
        if self.blocks < 0:
            raise OperationalError("COMMIT", {}, Exception("lost"))
        return self.inner._session(is_write=is_write)

    def close(self) -> None:
        """The inner one is the fixture's."""


@pytest.fixture
def failing(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(bulk, "ROWS_IN_BLOCK", 2)
    app = create_app(Settings(), database=Failing(database, 2))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


def test_rows_that_were_acknowledged_stay_when_the_database_is_lost(
    failing: TestClient, make: Factory, school: School, school_class: SchoolClass
) -> None:
    headers = make.bearer(Role.SCHOOL_LEAD, school_id=school.id) | {"Content-Type": NDJSON}
    with make.database.write() as session:
        session.execute(sa.text("UPDATE api_key_secrets SET last_used_at = '2099-01-01 00:00:00+00'"))
    content = "\n".join(json.dumps(student(number)) for number in range(6))
    answer = failing.post(
        "/api/v1/students/bulk", params={"source": "register"}, content=content, headers=headers
    )
    rows, summary = lines(answer)
    assert [line["external_id"] for line in rows] == ["s0", "s1", "s2", "s3"]
    assert summary["is_complete"] is False
    with make.database.read() as session:
        stored = session.scalars(sa.select(Student.external_id).order_by(Student.external_id)).all()
    assert stored == ["s0", "s1", "s2", "s3"]


def test_a_body_over_its_own_limit_is_refused(
    make: Factory, school: School, school_class: SchoolClass
) -> None:
    app = create_app(Settings(max_body_bytes=2048, max_bulk_bytes=5000), database=make.database)
    headers = make.bearer(Role.SCHOOL_LEAD, school_id=school.id) | {"Content-Type": NDJSON}
    content = b"\n".join(json.dumps(student(number)).encode() for number in range(15))
    assert 2048 < len(content) < 5000
    with TestClient(app) as client:
        for body, status in ((content, 200), (content * 3, 413), (iter([content] * 3), 413)):
            answer = client.post(
                "/api/v1/students/bulk", params={"source": "register"}, content=body, headers=headers
            )
            assert answer.status_code == status
    assert count(make, Student) == 15


def test_the_file_is_not_kept(send: Send, school_class: SchoolClass, monkeypatch: pytest.MonkeyPatch) -> None:
    from app import bulk_api

    opened = []
    make_file = bulk_api.tempfile.TemporaryFile
    monkeypatch.setattr(bulk_api.tempfile, "TemporaryFile", lambda: opened.append(make_file()) or opened[-1])
    for rows, mode in (([student(1)], "each"), ([student(1)], "all"), ([student(2, max_km=0)], "all")):
        send("students", rows, mode=mode)
    send("students", b"external_id\n\xff", media="text/csv")
    assert [file.closed for file in opened] == [True] * 4
