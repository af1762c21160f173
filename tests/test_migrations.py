"""The migrations, on both databases: up, down, up; the same tables as the code; one line of numbers; data survives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app import migrate

VERSIONS = Path(migrate.FOLDER, "versions")


def test_up_down_up_ends_with_the_tables_of_the_code(empty: sa.Engine) -> None:
    migrate.upgrade(empty)
    migrate.check(empty)
    migrate.downgrade(empty)
    assert sa.inspect(empty).get_table_names() == ["alembic_version"]
    migrate.upgrade(empty)
    migrate.check(empty)
    assert migrate.is_current(empty)


def test_a_database_half_way_is_not_current(empty: sa.Engine) -> None:
    migrate.upgrade(empty, "0002")
    assert not migrate.is_current(empty)


def test_revisions_are_numbered_in_one_line() -> None:
    names = sorted(path.name for path in VERSIONS.glob("*.py"))
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    for name in names:
        assert re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name)
        text = (VERSIONS / name).read_text()
        number = int(name[:4])
        assert f'revision = "{number:04d}"' in text
        before = f'"{number - 1:04d}"' if number > 1 else "None"
        assert f"down_revision = {before}\n" in text


def test_a_failing_migration_leaves_the_database_as_it_was(
    empty: sa.Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import shutil

    broken = tmp_path / "migrations"
    shutil.copytree(migrate.FOLDER, broken, ignore=shutil.ignore_patterns("__pycache__"))
    (broken / "versions" / "9999_fail.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\nrevision = '9999'\n"
        f"down_revision = '{max(path.name[:4] for path in VERSIONS.glob('*.py'))}'\n"
        "def upgrade():\n    op.create_table('half', sa.Column('id', sa.Integer))\n    raise RuntimeError('stop')\n"
    )
    migrate.upgrade(empty)
    monkeypatch.setattr(migrate, "FOLDER", broken)
    with pytest.raises(RuntimeError, match="stop"):
        migrate.upgrade(empty)
    assert "half" not in sa.inspect(empty).get_table_names()


def _rows(connection: sa.Connection, what: str, table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(sa.text(f"SELECT {what} FROM {table} ORDER BY 1"))]


def test_territories_take_over_who_coordinated_everything(empty: sa.Engine) -> None:
    """0010 rewrites memberships, keys and companies: whoever was there is there, up and down again."""
    migrate.upgrade(empty, "0009")
    ids = {
        name: f"{number:032x}"
        for number, name in enumerate(("coordinator", "lead", "school", "firm", "new"), 1)
    }
    with empty.begin() as connection:
        run = lambda text, **values: connection.execute(sa.text(text), values)  # noqa: E731
        for istat, province in (("037006", "BO"), ("036023", "MO"), ("015146", "MI")):
            run(
                "INSERT INTO municipalities (istat, cadastral, name, province_code, province_name, region_code,"
                " region_name, caps, latitude, longitude, coordinate_source, population)"
                " VALUES (:istat, :cadastral, :name, :province, '', '', '', '', 0, 0, 'town', 1)",
                istat=istat, cadastral=istat[2:], name=istat, province=province,
            )  # fmt: skip
        for number, istat in enumerate(("037006", "036023")):
            run(
                "INSERT INTO schools (id, code, name, kind, municipality_istat, source, version)"
                " VALUES (:id, :code, 'S', 'technical', :istat, 'tests', 1)",
                id=ids["school"] if not number else f"{99:032x}", code=f"S{number}", istat=istat,
            )  # fmt: skip
        for name, is_approved in (("firm", True), ("new", False)):
            run(
                "INSERT INTO companies (id, name, search_key, kind, description, is_approved, version)"
                " VALUES (:id, :name, :name, 'firm', '', :is_approved, 1)",
                id=ids[name], name=name, is_approved=is_approved,
            )  # fmt: skip
        for name, role, school in (
            ("coordinator", "coordinator", None),
            ("lead", "school_lead", ids["school"]),
        ):
            run(
                "INSERT INTO users (id, email, name, language, is_active, is_demo, created_at)"
                " VALUES (:id, :name, :name, 'it', true, false, '2026-01-01 00:00:00')",
                id=ids[name], name=name,
            )  # fmt: skip
            run(
                "INSERT INTO memberships (id, user_id, role, school_id) VALUES (:id, :id, :role, :school)",
                id=ids[name], role=role, school=school,
            )  # fmt: skip
    migrate.upgrade(empty, "0010")
    with empty.connect() as connection:
        assert _rows(connection, "province_code", "territory_provinces") == [
            ("BO",),
            ("MO",),
        ]  # where there are schools
        [(territory,)] = _rows(connection, "id", "territories")
        bound = _rows(connection, "role, territory_id, school_id IS NULL", "memberships")
        assert [(role, place == territory) for role, place, _ in bound] == [
            ("coordinator", True),
            ("school_lead", False),
        ]
        companies = _rows(connection, "name, approved_at IS NULL, approved_by, territory_id", "companies")
        assert companies == [("firm", False, "system:migration", territory), ("new", True, None, territory)]
    migrate.downgrade(empty, "0009")
    with empty.connect() as connection:
        assert [(name, bool(yes)) for name, yes in _rows(connection, "name, is_approved", "companies")] == [
            ("firm", True),
            ("new", False),
        ]
        assert _rows(connection, "role", "memberships") == [("coordinator",), ("school_lead",)]
    migrate.upgrade(empty)


def test_keys_survive_the_move_of_their_secrets_and_back(empty: sa.Engine) -> None:
    migrate.upgrade(empty, "0007")
    values = {
        "id": "0" * 31 + "1", "name": "Register", "prefix": "0a1b2c3d", "secret_hash": "f" * 64, "role": "coordinator",
        "scopes": "schools:read", "created_at": "2026-01-01 00:00:00", "expires_at": "2027-01-01 00:00:00",
        "last_used_at": "2026-01-02 00:00:00",
    }  # fmt: skip
    columns = ", ".join(values)
    with empty.begin() as connection:
        connection.execute(
            sa.text(f"INSERT INTO api_keys ({columns}) VALUES ({', '.join(':' + name for name in values)})"),
            values,
        )
    migrate.upgrade(empty, "0011")
    checks = {check["name"] for check in sa.inspect(empty).get_check_constraints("api_keys")}
    assert checks == {"ck_api_keys_role", "ck_api_keys_requests_per_minute"}
    with empty.connect() as connection:
        query = (
            "SELECT generation, prefix, secret_hash, name FROM api_key_secrets JOIN api_keys ON id = key_id"
        )
        assert connection.execute(sa.text(query)).all() == [(1, "0a1b2c3d", "f" * 64, "Register")]
    migrate.downgrade(empty, "0007")
    checks = {check["name"] for check in sa.inspect(empty).get_check_constraints("api_keys")}
    assert checks == {"ck_api_keys_role"}
    with empty.connect() as connection:
        query = "SELECT prefix, secret_hash, name FROM api_keys"
        assert connection.execute(sa.text(query)).all() == [("0a1b2c3d", "f" * 64, "Register")]


def test_students_and_what_hangs_on_them_survive_external_ids_by_school(empty: sa.Engine) -> None:
    """0014 rewrites a table on which others hang with a cascade: nothing of them goes, up and down again."""
    migrate.upgrade(empty, "0013")
    ids = {
        name: f"{number:032x}" for number, name in enumerate(("A", "B", "4A", "4B", "Ugo", "Ada", "Eva"), 1)
    }
    with empty.begin() as connection:
        run = lambda text, **values: connection.execute(sa.text(text), values)  # noqa: E731
        run(
            "INSERT INTO municipalities (istat, cadastral, name, province_code, province_name, region_code,"
            " region_name, caps, latitude, longitude, coordinate_source, population)"
            " VALUES ('037006', 'A944', 'Bologna', 'BO', '', '', '', '', 0, 0, 'town', 1)"
        )
        for school, school_class in (("A", "4A"), ("B", "4B")):
            run(
                "INSERT INTO schools (id, code, name, kind, municipality_istat, source, version)"
                " VALUES (:id, :code, 'S', 'technical', '037006', 'tests', 1)",
                id=ids[school], code=f"BOTF00000{school}",
            )  # fmt: skip
            run(
                "INSERT INTO classes (id, school_id, start_year, year, section, study_path, subjects, version)"
                " VALUES (:id, :school, 2025, 4, 'A', '', '', 1)",
                id=ids[school_class], school=ids[school],
            )  # fmt: skip

        def enrol(name: str, school: str, school_class: str, external_id: str | None) -> None:
            run(
                "INSERT INTO students (id, school_id, class_id, given_name, family_name, born_on, municipality_istat,"
                " travel_mode, hours_owed, is_ranked, source, external_id, created_at, version) VALUES (:id, :school,"
                " :class, :name, 'P', '2008-05-04', '037006', 'transit', 0, true, :source, :external_id,"
                " '2026-01-01 00:00:00', 1)",
                **{"id": ids[name], "school": ids[school], "class": ids[school_class], "name": name},
                source="register" if external_id else None, external_id=external_id,
            )  # fmt: skip
            run(
                "INSERT INTO student_languages (student_id, language, cefr) VALUES (:id, 'it', 'C2')",
                id=ids[name],
            )  # fmt: skip

        enrol("Ugo", "A", "4A", "17")
        enrol("Eva", "A", "4A", None)
    migrate.upgrade(empty, "0014")
    with empty.begin() as connection:
        run = lambda text, **values: connection.execute(sa.text(text), values)  # noqa: E731
        enrol("Ada", "B", "4B", "17")
    checks = {check["name"] for check in sa.inspect(empty).get_check_constraints("students")}
    assert {"ck_students_max_km", "ck_students_hours_owed", "ck_students_travelmode"} <= checks
    migrate.downgrade(empty, "0013")
    with empty.connect() as connection:
        assert _rows(connection, "given_name, source, external_id", "students") == [
            ("Ada", "register.BOTF00000B", "17"),
            ("Eva", None, None),
            ("Ugo", "register", "17"),
        ]
        assert len(_rows(connection, "student_id", "student_languages")) == 3
    migrate.upgrade(empty)
    with empty.connect() as connection:
        assert len(_rows(connection, "student_id", "student_languages")) == 3


def test_counts_of_who_was_forgotten_survive_the_province(empty: sa.Engine) -> None:
    """0015 makes a table anew; on the way back provinces are added up."""
    migrate.upgrade(empty, "0014")
    key = "SELECT {} FROM erased_counts ORDER BY 1"

    def run(text: str) -> list[Any]:
        with empty.begin() as connection:
            done = connection.execute(sa.text(text))
            return [tuple(row) for row in done] if done.returns_rows else []

    run("INSERT INTO erased_counts VALUES ('student', 2024, 'auto', 7)")
    migrate.upgrade(empty, "0015")
    run(
        "INSERT INTO erased_counts (kind, start_year, province_code, programme_id, number)"
        " VALUES ('student', 2024, 'BO', 'auto', 2)"
    )
    counted = run(key.format("province_code, kind, start_year, programme_id, number"))
    assert counted == [("", "student", 2024, "auto", 7), ("BO", "student", 2024, "auto", 2)]
    migrate.downgrade(empty, "0014")
    assert run(key.format("kind, start_year, programme_id, number")) == [("student", 2024, "auto", 9)]
