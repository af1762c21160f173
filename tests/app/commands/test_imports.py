"""`python -m app import …`: what it loads, what it says, and how it ends."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from typer.testing import CliRunner

from app.commands import imports
from app.db import Database
from app.programmes.models import Programme, StudyPath
from app.schools.models import School, SchoolClass
from app.skills.models import Skill, SkillKind, SkillLabel
from app.students.models import StudentInterest
from tests.app.skills.concepts import ESCO_SKILL
from tests.conftest import SHARED
from tests.factories import Factory

Run = Callable[..., Result]
SKILLS = "conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,status,description"
CLASSES = "CODICESCUOLA,ANNOCORSO,SEZIONEANNO,TIPOGRADOSCUOLA,COMBINAZIONE,DISCIPLINA"
REGISTRY = (
    "CODICESCUOLA,DENOMINAZIONESCUOLA,INDIRIZZOSCUOLA,CAPSCUOLA,CODICECOMUNESCUOLA,"
    "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA,INDIRIZZOEMAILSCUOLA,SITOWEBSCUOLA"
)


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against the test's database."""
    monkeypatch.setattr(imports, "_open", lambda: database)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(imports.app, [str(argument) for argument in arguments])

    return invoke


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def skill(tail: str, label: str) -> str:
    return f"KnowledgeSkillCompetence,{ESCO_SKILL}{tail},knowledge,,{label},,released,"


def labels(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(sa.select(SkillLabel.label).order_by(SkillLabel.label)))


def test_esco_loads_files_and_says_what_became_of_the_rows(
    run: Run, database: Database, tmp_path: Path
) -> None:
    path = write(tmp_path / "skills_it.csv", SKILLS, skill("a", "saldare"), "SkillGroup,,,,,,,")
    ended = run("esco", path, "--language", "it")
    assert ended.exit_code == 0
    assert ended.stdout.splitlines() == [
        (
            "skills_it.csv: 2 rows: 1 kept, 0 merged, 1 skipped, 0 rejected. "
            "1 records: 1 created, 0 updated, 0 unchanged."
        ),
        "  skipped, other concept: 1",
    ]
    assert ended.stderr.splitlines()[0] == "Reading skills_it.csv: 2 to do"
    assert labels(database) == ["saldare"]
    assert "0 created, 0 updated, 1 unchanged" in run("esco", path, "--language", "it").stdout


def test_esco_lists_rejected_rows_and_ends_with_1(run: Run, database: Database, tmp_path: Path) -> None:
    rows = [skill("a", "saldare"), *(skill(f"b{number}", "") for number in range(25))]
    path, faults = write(tmp_path / "skills_it.csv", SKILLS, *rows), tmp_path / "faults.csv"
    ended = run("esco", path, "--language", "it", "--faults", faults)
    assert ended.exit_code == 1
    listed = [line for line in ended.stderr.splitlines() if line.startswith("  ")]
    assert len(listed) == 21
    assert listed[0] == "  skills_it.csv: row 3, column preferredLabel: this cell must not be empty"
    assert listed[-1] == "  … and 5 more rejected rows"
    with faults.open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert len(found) == 25
    assert found[0] == {
        "file": "skills_it.csv",
        "row": "3",
        "column": "preferredLabel",
        "value": "",
        "code": "empty_cell",
        "reason": "this cell must not be empty",
        "reason_it": "questa cella non può essere vuota",
    }
    assert labels(database) == ["saldare"]


def test_esco_imports_nothing_when_one_file_is_unusable(run: Run, database: Database, tmp_path: Path) -> None:
    good = write(tmp_path / "skills_it.csv", SKILLS, skill("a", "saldare"))
    bad = write(tmp_path / "other.csv", "name", "x")
    ended = run("esco", good, bad, "--language", "it")
    assert ended.exit_code == 2
    assert ended.stderr.splitlines()[-1].startswith(
        "other.csv: row 1: the header is not that of an ESCO file"
    )
    assert ended.stderr.splitlines()[-1].endswith(" Nothing was imported.")
    assert labels(database) == []
    truncated = tmp_path / "skills_en.csv"
    truncated.write_text(f"{SKILLS}\n{skill('a', 'weld')}\n{skill('b', chr(34) + 'cut')}", encoding="utf-8")
    ended = run("esco", good, truncated, "--language", "it")
    assert ended.exit_code == 2
    assert ended.stderr.splitlines()[-1] == (
        "skills_en.csv: row 3, column preferredLabel: the quotation marks of this row do not match. "
        "Nothing was imported."
    )
    assert labels(database) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("esco", "skills.csv", "--language", "zz"), "ESCO is not published in this language"),
        (("esco", "skills.csv"), "--language"),
        (("esco", "absent.csv", "--language", "it"), "absent.csv"),
        (("classes", "skills.csv", "--start-year", "1900"), "Invalid value for"),
        (("classes", "skills.csv", "--start-year", "2023"), "CODICESCUOLA"),
        (("schools", "skills.csv"), "CODICESCUOLA"),
        (("elves",), "elves"),
    ],
)
def test_a_wrong_call_ends_with_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("skills.csv"), SKILLS, skill("a", "saldare"))
    ended = run(*arguments)
    assert ended.exit_code == 2
    assert said in ended.stderr


def test_schools_loads_the_registry(run: Run, database: Database, make: Factory, tmp_path: Path) -> None:
    make.municipality(cadastral="A944")
    row = "BOTF000001,Scuola Uno,Via A 1,40121,{},ISTITUTO TECNICO INDUSTRIALE,x@example.it,"
    path = write(
        tmp_path / "registry.csv", REGISTRY, row.format("A944"), row.format("Z999").replace("1,S", "2,S")
    )
    ended = run("schools", path)
    assert (ended.exit_code, ended.stdout.splitlines()) == (
        0,
        [
            (
                "registry.csv: 2 rows: 2 kept, 0 merged, 0 skipped, 0 rejected. "
                "2 records: 2 created, 0 updated, 0 unchanged."
            ),
            "  kept without a match, Z999: 1",
        ],
    )
    with database.read() as session:
        rows = session.execute(
            sa.select(School.code, School.name, School.municipality_istat).order_by(School.code)
        )
        assert list(map(tuple, rows)) == [
            ("BOTF000001", "Scuola Uno", "037006"),
            ("BOTF000002", "Scuola Uno", None),
        ]


def class_row(number: int, study_path: str) -> str:
    return f"BOTF{number:06d},4,A,NT,{study_path},SISTEMI"


def test_classes_loads_a_class_file(run: Run, database: Database, make: Factory, tmp_path: Path) -> None:
    make.add(
        StudyPath(
            name="AUTOMAZIONE", first_year=3, last_year=5, programme_id=make.programme("it-c3-automazione").id
        )
    )
    path = tmp_path / "classes.csv.gz"
    rows = [class_row(0, "AUTOMAZIONE"), *(class_row(number, f"IGNOTO {number}") for number in range(21))]
    path.write_bytes(gzip.compress("\n".join([CLASSES, *rows]).encode()))
    ended = run("classes", path, "--start-year", "2023")
    assert ended.exit_code == 0
    lines = ended.stdout.splitlines()
    assert lines[0] == (
        "classes.csv.gz: 22 rows: 22 kept, 0 merged, 0 skipped, 0 rejected. "
        "22 records: 22 created, 0 updated, 0 unchanged."
    )
    assert lines[1] == "  kept without a match, IGNOTO 0: 1"
    assert lines[-1] == "  kept without a match, 1 other names"
    with database.read() as session:
        found = session.execute(
            sa.select(SchoolClass.start_year, SchoolClass.year, SchoolClass.section, SchoolClass.programme_id)
            .where(SchoolClass.programme_id.is_not(None))
            .join(Programme, Programme.id == SchoolClass.programme_id)
        )
        assert list(map(tuple, found)) == [(2023, 4, "A", "it-c3-automazione")]


def test_a_truncated_class_file_changes_nothing(run: Run, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "classes.csv.gz"
    rows = [class_row(number, "AUTOMAZIONE") for number in range(5000)]
    path.write_bytes(gzip.compress("\n".join([CLASSES, *rows]).encode())[:-200])
    ended = run("classes", path, "--start-year", "2023")
    assert ended.exit_code == 2
    assert "the compressed file ends early" in ended.stderr
    assert ended.stderr.startswith("Reading classes.csv.gz …")  # how many rows it has cannot be said
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(School)) == 0


def test_shipped_data_loads_and_is_then_up_to_date(run: Run, database: Database) -> None:
    ended = run("vocabulary")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("vocabulary: ")
    assert ended.stdout.endswith(" 0 updated, 0 removed.\n")
    assert run("vocabulary", "--quiet").stdout == "vocabulary: up to date.\n"
    assert run("places", "--quiet").stdout == (
        "municipalities: 7,896 in all; 7,896 created, 0 updated, 0 removed.\n"
    )


def test_shipped_data_that_cannot_be_loaded_ends_with_2(run: Run, database: Database, make: Factory) -> None:
    make.add(Skill(id="old", kind=SkillKind.SKILL))
    student = make.student()
    make.add(StudentInterest(student_id=student.id, skill_id="old"))
    ended = run("vocabulary")
    assert ended.exit_code == 2
    assert ended.stderr.splitlines()[-2:] == [
        "1 skills that leave the vocabulary are still referred to: old.",
        "  old: in use in student_interests",
    ]


def test_help_waits_for_no_tables() -> None:
    code = "import sys; import app.commands.imports; print(sorted({'sqlalchemy', 'fastapi', 'rich.progress'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


@pytest.mark.skipif(
    not (SHARED / "mim-er-schools").exists(), reason="../shared/data/mim-er-schools is absent"
)
def test_the_real_registry_loads_with_every_row_accounted_for(run: Run) -> None:
    ended = run("schools", SHARED / "mim-er-schools" / "SCUANAGRAFEPAR20232420230901.csv", "--quiet")
    assert ended.exit_code == 0
    assert "11,870 rows: 1,636 kept, 0 merged, 10,234 skipped, 0 rejected" in ended.stdout
