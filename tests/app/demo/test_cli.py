"""`python -m app demo`, on a database file of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.demo import edition

SMALL = ("--students", "20", "--companies", "8", "--opportunities", "20", "--on", "2026-11-22", "--quiet")


@pytest.fixture(autouse=True)
def _file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_DATABASE_URL", f"sqlite:///{tmp_path / 'demo.sqlite3'}")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["demo", *arguments])


def test_demo_loads_once_and_says_how_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edition, "SMALL", edition.EditionSize(events=2, actors=2, requests=10))
    first = run(*SMALL)
    assert first.exit_code == 0
    assert "20 students, 8 companies" in first.stdout
    assert "API key, shown only now: btg_" in first.stdout
    assert "giulia.studentessa@demo.example" in first.stdout
    assert "Inventing students: 20 done" in first.stderr
    assert "2 events" in first.stdout

    second = run(*SMALL)
    assert second.exit_code == 1
    assert second.stdout == ""
    assert second.stderr.endswith(
        "The database is not empty: The demo goes into a database without students and companies.\n"
    )

    monkeypatch.setattr(edition, "EditionSize", lambda: edition.SMALL)
    third = run(*SMALL, "--edition")
    assert third.exit_code == 0
    assert "it was there already" in third.stdout


def test_demo_refuses_a_day_of_another_time() -> None:
    refused = run(*SMALL, "--on", "1900-01-01")
    assert refused.exit_code == 1
    assert "The demo's day lies in the years 2001 to 2099." in refused.stderr


def test_demo_stays_out_of_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_ENVIRONMENT", "production")
    monkeypatch.setenv("BOTTEGA_SECRET_KEY", "x" * 48)
    refused = run(*SMALL)
    assert refused.exit_code == 1
    assert "not in production" in refused.stderr
    assert not (tmp_path / "demo.sqlite3").exists()
