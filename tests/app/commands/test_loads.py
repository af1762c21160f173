"""`python -m app load`: the same loads from files on the machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app.cli import app
from app.companies.models import Company
from app.db import Database
from tests.factories import Factory

ROWS = "external_id;name;district\n1;Rossi;Reno\n2;;Reno\n"


@pytest.fixture
def database(own_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    url = own_engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("BOTTEGA_DATABASE_URL", url)
    database = Database(url)
    yield database
    database.close()


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["load", *arguments, "--source", "registry"])


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Company)) or 0


def test_a_file_is_loaded_row_by_row_or_whole(database: Database, tmp_path: Path) -> None:
    table = tmp_path / "companies.CSV"
    table.write_text(ROWS)
    whole = run("companies", str(table), "--all")
    assert (whole.exit_code, count(database)) == (1, 0)
    assert "row 3: name" in whole.output
    trial = run("companies", str(table), "--dry-run", "--json")
    assert (trial.exit_code, count(database)) == (1, 0)
    assert [json.loads(line).get("status") for line in trial.stdout.splitlines()[:2]] == [
        "created",
        "rejected",
    ]
    each = run("companies", str(table))
    assert (each.exit_code, count(database)) == (1, 1)
    assert json.loads(each.stdout)["created"] == 1


def test_every_noun_can_be_loaded(database: Database, tmp_path: Path) -> None:
    make = Factory(database)
    school, company = make.school(code="BOTF000001"), make.company()
    files = {
        "classes": {"school_code": school.code, "start_year": 2025, "year": 4, "section": "A"},
        "students": {
            "class_external_id": "1", "given_name": "Ugo", "family_name": "Prova", "born_on": "2009-01-01",
            "municipality_istat": "037006",
        },
        "companies": {"name": "Rossi"},
        "opportunities": {"company_id": str(company.id), "kind": "visit", "title": "Visita"},
    }  # fmt: skip
    for noun, values in files.items():
        file = tmp_path / f"{noun}.ndjson"
        file.write_text(json.dumps({"external_id": "1"} | values))
        for status in ("created", "unchanged"):
            done = run(noun, str(file))
            assert (done.exit_code, json.loads(done.stdout)[status]) == (0, 1), done.output


def test_another_noun_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.touch()
    assert run("schools", str(file)).exit_code == 2
