"""Files for registers: what stands in them, for whom, and that a spreadsheet calculates nothing of it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app import errors
from app.agreements.models import Agreement, Document, Signature
from app.auth.actors import Actor, Grant, Role
from app.cli import app
from app.companies.models import CompanySector
from app.db import Base, Database
from app.hours.models import EntryState, HourEntry
from app.placements.models import EndReason, Party, State
from app.registers import columns, service
from app.registers.columns import Register
from app.schools.models import School
from app.students.models import Student
from tests.factories import NOW, Factory
from tests.queries import count_queries

DOCUMENT = Path(__file__).parents[3] / "docs/registers.md"
CANCELLED: dict[str, Any] = {
    "state": State.CANCELLED, "due_at": None, "ended_at": NOW, "ended_by": "system:tests",
    "ended_for": Party.STUDENT, "end_reason": EndReason.STUDENT_CHANGED,
}  # fmt: skip


def build(make: Factory) -> tuple[School, Student]:
    """Two placements of this year at one host, of which one is cancelled; one of the year before, one of another school."""
    school = make.school(code="BOTF000001")
    school_class = make.school_class(school, year=4, section="A", study_path="AUTOMAZIONE")
    student = make.student(
        school_class, given_name="Giulia", family_name="Rossi", external_id="7", source="registro"
    )
    company = make.company(name="=Officina", tax_code="01234567890")
    make.add(CompanySector(company_id=company.id, ateco_code="28.29", ateco_edition="2007", is_main=True))
    make.placement(student, make.opportunity(company, title="Collaudo"), **CANCELLED)
    make.placement(student, make.opportunity(company, title="Prima"), starts_on=date(2025, 3, 3))
    make.placement(make.student(), make.opportunity(company, title="Altrove"))
    planned = make.placement(student, make.opportunity(company, title="Montaggio"))
    for day, minutes, said in ((9, 480, 480), (10, 450, None), (11, 480, 300)):
        state = EntryState.CONFIRMED if said in (None, minutes) else EntryState.DISPUTED
        make.add(
            HourEntry(
                placement_id=planned.id, worked_on=date(2026, 2, day), state=state, host_minutes=minutes,
                student_minutes=said, changed_at=NOW, changed_by="system:tests",
            )
        )  # fmt: skip
    for state, starts in (("in_force", 2025), ("ended", 2024)):
        document = make.add(
            Document(
                kind="agreement", subject_id=school.id, language="it", version=starts, media_type="text/html", digest="0" * 64,
                content=b"", made_at=NOW, made_by="system:tests",
            )
        )  # fmt: skip
        is_over = state == "ended"
        agreement = make.add(
            Agreement(
                state=state, school_id=school.id, company_id=company.id, valid_from=date(starts, 9, 1),
                valid_until=date(2026, 8, 31), created_at=NOW, created_by="system:tests", document_id=document.id,
                due_at=None if is_over else NOW, ended_at=NOW if is_over else None,
                ended_by="system:tests" if is_over else None, inail_position="PAT 1", insurance_policy="RC 1",
            )
        )  # fmt: skip
        make.add(
            Signature(
                paper_id=agreement.id, document_id=document.id, role="head", position=4, name="La preside", signed_at=NOW,
                signed_by="system:tests", signed_on=date(2025, 10, 2), method="archive", archive_number="1/2025",
            )
        )  # fmt: skip
    return school, student


def agreement_id(database: Database) -> object:
    with database.read() as session:
        return session.scalar(sa.select(Agreement.id).where(Agreement.state == "in_force"))


def lead(school: School) -> Actor:
    return Actor(kind="user", id=None, name="", grants=(Grant(Role.SCHOOL_LEAD, school_id=school.id),))


def read(
    database: Database, school: School, register: Register, actor: Actor | None = None, **more: Any
) -> list[dict[str, object]]:
    with database.read() as session:
        head, rows = service.sheet(session, actor or lead(school), register, school.id, 2025, **more)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_placements_of_a_school_year(database: Database, make: Factory) -> None:
    school, student = build(make)
    cancelled, planned = sorted(
        read(database, school, Register.PLACEMENTS), key=lambda one: str(one["attivita"])
    )
    assert planned | {"id_inserimento": ""} == {
        "codice_scuola": "BOTF000001", "anno_scolastico": "2025/2026", "classe": "4A", "percorso": "AUTOMAZIONE",
        "id_studente": str(student.id), "id_registro": "7", "cognome": "Rossi", "nome": "Giulia",
        "data_nascita": "2008-05-04", "id_inserimento": "", "stato": "planned", "attivita": "Montaggio",
        "tipo": "internship", "soggetto_ospitante": "=Officina", "codice_fiscale_ospitante": "01234567890",
        "comune_istat": "037006", "comune": "Bologna", "dal": "2026-02-09", "al": "2026-02-20", "ore_previste": 80,
        "ore_frequentate": 15.5, "id_convenzione": str(agreement_id(database)), "rischio": "low", "motivo_fine": "",
    }  # fmt: skip
    assert (cancelled["stato"], cancelled["motivo_fine"]) == ("cancelled", "student_changed")


def test_hosts_of_a_school_year_without_what_was_cancelled(database: Database, make: Factory) -> None:
    school, _ = build(make)
    [host] = read(database, school, Register.HOSTS)
    assert host | {"id_ospitante": ""} == {
        "codice_scuola": "BOTF000001", "id_ospitante": "", "denominazione": "=Officina", "tipo": "firm",
        "codice_fiscale": "01234567890", "dimensione": "", "ateco_2007": "28.29", "ateco_2025": "",
        "comuni_istat": "037006", "sito_web": "", "studenti": 1, "ore_previste": 80, "attivita": "Montaggio",
    }  # fmt: skip


def test_agreements_that_were_signed_and_hold(database: Database, make: Factory) -> None:
    school, _ = build(make)
    [agreement] = read(database, school, Register.AGREEMENTS)
    assert agreement == {
        "codice_scuola": "BOTF000001", "id_convenzione": str(agreement_id(database)), "stato": "in_force",
        "denominazione": "=Officina", "codice_fiscale": "01234567890", "dal": "2025-09-01", "al": "2026-08-31",
        "firmata_il": "2025-10-02", "posizione_inail": "PAT 1", "polizza_rc": "RC 1",
    }  # fmt: skip


def test_without_names_nobody_is_named(database: Database, make: Factory) -> None:
    school, _ = build(make)
    told = str([read(database, school, register, with_names=False) for register in Register])
    assert not re.search("Rossi|Giulia|2008-05-04", told)
    assert "Rossi" in str(read(database, school, Register.PLACEMENTS))


@pytest.mark.parametrize("role", [Role.TEACHER, Role.COORDINATOR, Role.COMPANY_ADMIN])
def test_only_who_leads_the_school_takes_them(database: Database, make: Factory, role: Role) -> None:
    school, _ = build(make)
    grant = Grant(role, school_id=school.id if role is Role.TEACHER else None, provinces=frozenset({"BO"}))
    with pytest.raises(errors.NotAllowed):
        read(database, school, Register.HOSTS, Actor(kind="user", id=None, name="", grants=(grant,)))


@pytest.mark.parametrize("register", Register)
def test_more_rows_cost_no_more_questions(database: Database, make: Factory, register: Register) -> None:
    school, student = build(make)

    def ask() -> int:
        with count_queries(database) as queries:
            read(database, school, register)
        return queries.count

    one = ask()
    for _ in range(3):
        make.placement(student, make.opportunity())
    assert ask() == one


def test_the_document_names_every_column_and_its_source() -> None:
    [written] = re.findall(
        r"<!-- columns -->\n(.*?)\n<!-- /columns -->", DOCUMENT.read_text("utf-8"), re.DOTALL
    )
    assert written == columns.as_markdown(), "put app.registers.columns.as_markdown() between the marks"
    for one in (column for of in columns.COLUMNS.values() for column in of):
        for source in one.source.split(", "):
            table, _, name = source.partition(".")
            assert table in Base.metadata.tables
            assert not name or name in Base.metadata.tables[table].columns, source


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def committed(own_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    url = own_engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("BOTTEGA_DATABASE_URL", url)
    database = Database(url)
    yield database
    database.close()


def test_the_command_writes_files_that_a_spreadsheet_reads_as_text(
    committed: Database, tmp_path: Path
) -> None:
    build(Factory(committed))
    options = [
        "export",
        "registers",
        "--school",
        "BOTF000001",
        "--year",
        "2025",
        "--to",
        str(tmp_path / "out"),
    ]
    answer = CliRunner().invoke(app, options)
    assert answer.exit_code == 0, answer.output
    assert [line.rpartition(": ")[2] for line in answer.output.splitlines()] == ["2 rows", "1 rows", "1 rows"]
    with (tmp_path / "out/hosts.csv").open(encoding="utf-8", newline="") as stream:
        [host] = csv.DictReader(stream, delimiter=";")
    assert host["denominazione"] == "'=Officina"
    placements = tmp_path / "out/placements.csv"
    assert "Rossi" not in placements.read_text("utf-8")
    assert CliRunner().invoke(app, [*options, "--names"]).exit_code == 0
    assert "Rossi" in placements.read_text("utf-8")


def test_a_school_that_is_not_there_is_told(committed: Database, tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        app, ["export", "registers", "--school", "XX", "--year", "2025", "--to", str(tmp_path / "out")]
    )
    assert (answer.exit_code, answer.output) == (2, "No school has the code XX.\n")
    assert not (tmp_path / "out").exists()
