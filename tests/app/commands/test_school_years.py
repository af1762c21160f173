"""`python -m app roll-over` and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app import dates
from app.cli import app
from app.db import Database
from app.students.models import Student
from tests.factories import Factory


@pytest.fixture
def database(own_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    url = own_engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("BOTTEGA_DATABASE_URL", url)
    database = Database(url)
    yield database
    database.close()


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["roll-over", *arguments])


def test_a_school_is_looked_at_moved_and_put_back(database: Database) -> None:
    make = Factory(database)
    this_year = dates.school_year(datetime.now().date())  # noqa: DTZ005 -- as the command asks
    school = make.school(code="BOTF000001")
    student = make.student(make.school_class(school, start_year=this_year, year=4, section="A"))
    command = ("--school", "botf000001", "--year", str(this_year + 1))
    ahead = run(*command, "--dry-run")
    assert (ahead.exit_code, ahead.output) == (0, "4A -> 5A: 1 students\n")
    assert class_of(database, student) == student.class_id
    done = run(*command)
    assert "1 students were moved. To undo: --undo " in done.output
    assert class_of(database, student) != student.class_id
    assert "0 students were moved." in run(*command).output
    change = done.output.split()[-1]
    back = run("--school", "BOTF000001", "--undo", change)
    assert back.output == "1 of 1 students were put back.\n"
    assert class_of(database, student) == student.class_id


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--school", "XX", "--year", "2026"), 2, "No school has the code XX."),
        (("--school", "BOTF000001", "--year", "1999"), 1, "year: classes move into the school year"),
    ],
)
def test_what_cannot_be_meant_is_told(
    database: Database, arguments: tuple[str, ...], code: int, told: str
) -> None:
    Factory(database).school(code="BOTF000001")
    answer = run(*arguments)
    assert (answer.exit_code, told in answer.output) == (code, True)


def class_of(database: Database, student: Student) -> Any:
    with database.read() as session:
        return session.get_one(Student, student.id).class_id
