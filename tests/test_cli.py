"""The command line, on a database file of the test's own."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from app.auth import service as auth
from app.auth import service_codes as codes
from app.auth import service_people as people
from app.auth.actors import system
from app.cli import app
from app.db import Database
from app.mails import service as mails
from app.mails.models import Mail
from tests.factories import Factory


@pytest.fixture
def empty_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database file that does not exist yet."""
    url = f"sqlite:///{tmp_path / 'cli.sqlite3'}"
    monkeypatch.setenv("BOTTEGA_DATABASE_URL", url)
    return url


@pytest.fixture
def file(empty_file: str) -> str:
    """The URL of a database file with its tables."""
    run("db", "upgrade")
    return empty_file


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_help_loads_neither_the_service_nor_the_engine() -> None:
    heavy = ("fastapi", "sqlalchemy", "numpy", "sklearn", "matching")
    program = (
        "import sys\nfrom app.cli import app\n"
        "try: app(['--help'])\n"
        f"except SystemExit: print(*(name for name in {heavy} if name in sys.modules), file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "serve" in loaded.stdout
    assert loaded.stderr.strip() == ""


def test_db_check_tells_whether_migrations_wait(empty_file: str) -> None:
    before = run("db", "check")
    assert (before.exit_code, before.stderr) == (
        1,
        "Migrations wait to be run: python -m app db upgrade\n",
    )
    assert run("db", "upgrade").exit_code == 0
    assert run("db", "check").exit_code == 0
    assert run("db", "downgrade", "0001").exit_code == 0
    assert run("db", "check").exit_code == 1


def test_openapi_prints_the_document() -> None:
    printed = json.loads(run("openapi").stdout)
    assert printed["openapi"] == "3.1.0"
    assert "/students/{student_id}/matches" in printed["paths"]


def test_an_issued_key_opens_what_its_scopes_say(file: str) -> None:
    database = Database(file)
    territory = str(Factory(database).territory().id)
    scopes = "schools:read matches:read"
    printed = run(
        "key", "issue", "Register", "--role", "coordinator", "--territory", territory, "--scopes", scopes
    )
    assert printed.exit_code == 0
    with database.read() as session:
        actor, _ = auth.identify(
            session,
            bearer=f"Bearer {printed.stdout.strip()}",
            cookie=None,
            request_id="r",
            now=datetime.now(UTC),
        )
    database.close()
    assert actor.scopes == {"schools:read", "classes:read", "members:read", "matches:read"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--role", "boss", "--scopes", "schools:read"), "boss is not a role"),
        (("--role", "administrator", "--scopes", "moon:read"), "moon:read is not a scope"),
        (
            ("--role", "coordinator", "--scopes", "schools:read"),
            "territory_id: the role coordinator needs it",
        ),
        (("--role", "school_lead", "--scopes", "schools:read"), "school_id: the role school_lead needs it"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(file: str, arguments: tuple[str, ...], named: str) -> None:
    refused = run("key", "issue", "Register", *arguments)
    assert refused.exit_code == 2
    assert named in refused.stderr


def test_worker_once_does_what_is_due(file: str) -> None:
    assert run("worker", "--once").exit_code == 0


def test_worker_once_sends_mails(file: str) -> None:
    database = Database(file)
    with database.write() as session:
        mails.queue(
            session, to="anna@scuola.example", subject="Test", text="The words of the mail.\n", kind="test",
            now=datetime.now(UTC),
        )  # fmt: skip
    done = run("worker", "--once")
    assert (done.exit_code, "The words of the mail." in done.stderr) == (0, True)
    with database.read() as session:
        assert session.scalars(sa.select(Mail.body_text)).all() == [""]
    database.close()


# --- the first administrator ------------------------------------------------------------------------------------------


def person_of(file: str, link: str) -> tuple[str, str]:
    """Name and address of whom a printed link signs in."""
    database = Database(file)
    with database.read() as session:
        user = codes.look(session, link.strip().partition("?token=")[2], datetime.now(UTC))
    database.close()
    assert user is not None
    return user.name, user.sign_in_name


def test_the_first_administrator_gets_a_link_and_the_second_is_refused(file: str) -> None:
    added = run("admin", "add", " Anna@Example.org ", "--name", "Anna Rossi")
    assert (added.exit_code, added.stdout.startswith("http://127.0.0.1:8000/sign-in/link?token=")) == (
        0,
        True,
    )
    assert person_of(file, added.stdout) == ("Anna Rossi", "anna@example.org")
    refused = run("admin", "add", "marco@example.org", "--name", "Marco")
    assert (refused.exit_code, "say --again" in refused.stderr, refused.stdout) == (1, True, "")
    another = run("admin", "add", "marco@example.org", "--name", "Marco", "--again")
    assert person_of(file, another.stdout) == ("Marco", "marco@example.org")
    anew = run("admin", "add", "anna@example.org", "--again", "--forget-second-factor")
    assert person_of(file, anew.stdout) == ("Anna Rossi", "anna@example.org")


@pytest.mark.parametrize(
    ("arguments", "named", "code"),
    [
        (("nobody",), "EMAIL: nobody is not an address", 2),
        (("a@b.example\nBcc: c@d.example", "--name", "X"), "is not an address", 2),
        (("a@b.example",), "--name", 2),
        (("a@b.example", "--name", "X", "--forget-second-factor"), "goes with --again", 2),
    ],
)
def test_an_administrator_that_makes_no_sense_is_refused(
    file: str, arguments: tuple[str, ...], named: str, code: int
) -> None:
    refused = run("admin", "add", *arguments)
    assert (refused.exit_code, named in refused.stderr) == (code, True)


def test_somebody_who_is_not_active_is_not_made_administrator(file: str) -> None:
    database = Database(file)
    with database.write() as session:
        people.add_user(session, system("tests"), email="a@b.example", name="A").is_active = False
    database.close()
    refused = run("admin", "add", "a@b.example")
    assert (refused.exit_code, "not active" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--all", "--student", str(UUID(int=4))),
        ("--all", "--kind", "cruise"),
        ("--all", "--store"),
        ("--student", str(UUID(int=4)), "--scheduler", "tcp://127.0.0.1:8786"),
    ],
)
def test_match_says_what_it_needs(file: str, arguments: tuple[str, ...]) -> None:
    assert run("match", *arguments).exit_code == 2


def test_match_for_a_student_who_does_not_exist_fails(file: str) -> None:
    refused = run("match", "--student", str(UUID(int=4)))
    assert refused.exit_code == 1
    assert refused.stderr


@pytest.mark.parametrize("goal", ["wealth", "opportunity:1", "programme:"])
def test_paths_refuses_what_is_no_goal(file: str, goal: str) -> None:
    refused = run("paths", "--student", str(UUID(int=4)), "--goal", goal)
    assert (refused.exit_code, f"{goal} is not a goal" in refused.stderr) == (2, True)


@pytest.mark.parametrize("arguments", [("paths", "--student"), ("reach", "--opportunity")])
def test_paths_and_reach_of_nobody_fail(file: str, arguments: tuple[str, str]) -> None:
    refused = run(*arguments, str(UUID(int=4)))
    assert refused.exit_code == 1
    assert refused.stderr


def test_paths_and_reach_answer_on_the_command_line(file: str) -> None:
    database = Database(file)
    make = Factory(database)
    student, opportunity = make.student(), make.opportunity()
    database.close()
    page = json.loads(run("paths", "--student", str(student.id), "--by", "2099-01-01", "--json").stdout)
    assert (page["items"], page["goal"]) == ([], "reach")
    assert "No path fits." in run("paths", "--student", str(student.id), "--language", "en").stdout
    printed = run("reach", "--opportunity", str(opportunity.id), "--language", "en").stdout
    assert printed.splitlines()[:2] == [
        "No rule keeps away: fewer than 5",
        "Have the skills too: fewer than 5",
    ]
    assert json.loads(run("reach", "--opportunity", str(opportunity.id), "--json").stdout)["places"] == []


def test_a_ranking_stored_on_the_command_line_can_be_replayed(file: str) -> None:
    database = Database(file)
    make = Factory(database)
    student, opportunity = make.student(), make.opportunity()
    database.close()
    ranking_id = run("match", "--student", str(student.id), "--kind", "internship", "--store").stdout.strip()
    page = json.loads(run("replay", ranking_id, "--json").stdout)
    assert (page["ranking_id"], page["is_reproduced"]) == (ranking_id, True)
    assert [line["opportunity_id"] for line in page["lines"]] == [str(opportunity.id)]
    printed = run("replay", ranking_id, "--language", "en").stdout
    assert printed.startswith("The stored values give the same list again.\n")
    assert "Stays at position 1." in printed


@pytest.mark.parametrize("arguments", [("match", "--store", "--student"), ("replay",)])
def test_storing_for_nobody_and_replaying_nothing_fail(file: str, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments, str(UUID(int=4)))
    assert (refused.exit_code, bool(refused.stderr)) == (1, True)


def test_hours_of_a_class_are_a_table(file: str) -> None:
    database = Database(file)
    make = Factory(database)
    last = make.school_class(year=5)
    make.student(last, family_name="Rossi", given_name="Ada", hours_owed=80)
    make.student(last, family_name="Verdi", given_name="Ugo", hours_owed=0)
    database.close()
    found = run("hours", "--class", str(last.id))
    assert found.exit_code == 0
    head, ada, ugo, alarm = found.stdout.splitlines()
    assert head.split() == ["student", "target", "done", "planned", "missing"]
    assert (ada.split(), ugo.split()) == (
        ["Rossi", "Ada", "80", "0", "0", "80"],
        ["Verdi", "Ugo", "0", "0", "0", "0"],
    )
    assert alarm.startswith("1 students lack 20 hours or more")


def test_hours_of_no_class_fail(file: str) -> None:
    assert run("hours", "--class", str(UUID(int=0))).exit_code == 1
