from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.db import Database
from app.events.models import Event
from app.imports import ImportReport, Loaded
from app.programmes.models import StudyPath
from app.schools import loading, ministry
from app.schools.ministry import ClassData, KnownSchool, SchoolData
from app.schools.models import School, SchoolClass
from tests.conftest import SHARED
from tests.factories import ACTOR, Factory
from tests.queries import count_queries

REAL = SHARED / "mim-er-schools"


def registry_row(code: str = "BOTF01901C", **values: Any) -> SchoolData:
    defaults: dict[str, Any] = {
        "code": code, "institute_code": "BOIS01900X", "name": "Aldini Valeriani", "kind": code[2:4],
        "description": "ISTITUTO TECNICO", "address": "Via Bassanelli 9", "postcode": "40129", "cadastral_code": "A944",
        "email": None, "web": None, "is_state": True,
    }  # fmt: skip
    return SchoolData(**defaults | values)


def class_row(code: str = "BOTF01901C", section: str = "A", **values: Any) -> ClassData:
    defaults: dict[str, Any] = {
        "year": 4,
        "study_path": "AUTOMAZIONE",
        "subjects": frozenset({"TPSEE", "SISTEMI"}),
    }
    return ClassData(school_code=code, section=section, **defaults | values)


def load_registry(database: Database, *rows: SchoolData) -> ImportReport:
    report = ImportReport(seen=len(rows), kept=len(rows), records=len(rows))
    with database.write() as session:
        loading.load_registry(session, ACTOR, rows, report)
    return report


def load_classes(database: Database, *rows: ClassData, start_year: int = 2025) -> ImportReport:
    report = ImportReport(seen=len(rows), kept=len(rows), records=len(rows))
    with database.write() as session:
        loading.load_classes(session, ACTOR, rows, report, start_year=start_year)
    return report


def outcome(report: ImportReport) -> tuple[int, int, int]:
    return report.created, report.updated, report.unchanged


def schools(database: Database) -> dict[str, School]:
    with database.read() as session:
        found = {school.code: school for school in session.scalars(sa.select(School))}
        session.expunge_all()
        return found


def classes(database: Database) -> list[SchoolClass]:
    with database.read() as session:
        found = list(session.scalars(sa.select(SchoolClass).order_by(SchoolClass.section)))
        session.expunge_all()
        return found


def loaded_events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.read() as session:
        rows = session.scalars(sa.select(Event).where(Event.action.like("%.loaded")).order_by(Event.id))
        return [(event.action, event.data) for event in rows]


def counts(created: int = 0, updated: int = 0, *, total: int) -> dict[str, int]:
    return Loaded(total, created, updated)._asdict()


@pytest.mark.parametrize(
    ("code", "kind"),
    [("BOTF01901C", "technical"), ("BORI01901C", "vocational"), ("BOPS01901C", "liceo"),
     ("BOSL01901C", "liceo"), ("BOIS01901C", "other"), ("BO1A01901C", "other")],
)  # fmt: skip
def test_kind_of_a_school_stands_in_its_code(code: str, kind: str) -> None:
    assert loading.kind_of(code) == kind


def test_registry_is_loaded_once_and_its_changes_later(database: Database, make: Factory) -> None:
    make.municipality(cadastral="A944")
    first = registry_row(), registry_row("BOPS00001A", name="Galvani", institute_code="BOPS00001A")
    assert outcome(load_registry(database, *first)) == (2, 0, 0)
    assert outcome(load_registry(database, *first)) == (0, 0, 2)
    renamed = registry_row(name="Aldini Valeriani Sirani", email="bois01900x@istruzione.it")
    assert outcome(load_registry(database, renamed, first[1])) == (0, 1, 1)
    school = schools(database)["BOTF01901C"]
    assert {column.key: getattr(school, column.key) for column in School.__table__.columns if column.key != "id"} == {
        "code": "BOTF01901C", "institute_code": "BOIS01900X", "name": "Aldini Valeriani Sirani", "kind": "technical",
        "municipality_istat": "037006", "address": "Via Bassanelli 9", "cap": "40129",
        "email": "bois01900x@istruzione.it", "website": None, "is_state": True, "source": "mim-registry", "version": 2,
    }  # fmt: skip
    assert loaded_events(database) == [
        ("school.loaded", counts(created=2, total=2)),
        ("school.loaded", counts(updated=1, total=2)),
    ]
    with database.read() as session:
        assert db.revision(session, "schools") == 2


def test_registry_counts_municipalities_that_nobody_knows(database: Database) -> None:
    report = load_registry(database, registry_row(cadastral_code="Z999"))
    assert (report.unmatched, schools(database)["BOTF01901C"].municipality_istat) == (
        Counter({"Z999": 1}),
        None,
    )
    assert report.as_dict()["unmatched"] == {"Z999": 1}


def test_known_schools_describe_only_what_no_registry_has(database: Database, make: Factory) -> None:
    make.municipality(cadastral="A944")
    load_registry(database, registry_row())
    load_classes(database, class_row("BORI01901G"))
    rows = [
        KnownSchool("BOTF01901C", "Another name", "A944", "Bologna", "sure"),
        KnownSchool("BORI01901G", "Aldini (professionale)", "A944", "Bologna", "recalled"),
        KnownSchool("MOTF00001A", "Corni", "Z999", "Modena", "sure"),
    ]
    with database.write() as session:
        assert loading.load_known(session, ACTOR, rows) == Loaded(2, created=1, updated=1)
    with database.write() as session:
        assert loading.load_known(session, ACTOR, rows) == Loaded(2)
    assert {
        code: (school.name, school.kind, school.municipality_istat, school.source)
        for code, school in schools(database).items()
    } == {
        "BOTF01901C": ("Aldini Valeriani", "technical", "037006", "mim-registry"),
        "BORI01901G": ("Aldini (professionale)", "vocational", "037006", "known-recalled"),
        "MOTF00001A": ("Corni", "technical", None, "known-sure"),
    }


@pytest.fixture
def study_paths(make: Factory) -> None:
    make.programme()
    make.programme("it-c1", first_year=1)
    make.add(StudyPath(name="AUTOMAZIONE", first_year=3, last_year=5, programme_id="it-c3-automazione"))
    make.add(StudyPath(name="AUTOMAZIONE", first_year=1, last_year=2, programme_id="it-c1"))
    make.add(StudyPath(name="CORSO SERALE", first_year=1, last_year=6, unmapped_reason="not told"))


def test_classes_are_loaded_once_with_their_schools_and_programmes(
    database: Database, study_paths: None
) -> None:
    rows = class_row(), class_row(section="B", year=1), class_row(section="C", study_path="CORSO SERALE")
    report = load_classes(database, *rows)
    assert (outcome(report), report.unmatched) == ((3, 0, 0), Counter({"CORSO SERALE": 1}))
    assert outcome(load_classes(database, *rows)) == (0, 0, 3)
    [school] = schools(database).values()
    assert (school.code, school.name, school.kind, school.municipality_istat, school.source) == (
        "BOTF01901C", "BOTF01901C", "technical", None, "mim-classes",
    )  # fmt: skip
    assert [
        (one.school_id, one.start_year, one.year, one.section, one.study_path, one.programme_id, one.subjects)
        for one in classes(database)
    ] == [
        (school.id, 2025, 4, "A", "AUTOMAZIONE", "it-c3-automazione", "SISTEMI\nTPSEE"),
        (school.id, 2025, 1, "B", "AUTOMAZIONE", "it-c1", "SISTEMI\nTPSEE"),
        (school.id, 2025, 4, "C", "CORSO SERALE", None, "SISTEMI\nTPSEE"),
    ]
    assert loaded_events(database) == [
        ("school.loaded", counts(created=1, total=1)),
        ("class.loaded", counts(created=3, total=3)),
    ]


def test_classes_of_another_year_are_others(database: Database, study_paths: None) -> None:
    load_classes(database, class_row())
    assert outcome(load_classes(database, class_row(), start_year=2026)) == (1, 0, 0)
    assert sorted(one.start_year for one in classes(database)) == [2025, 2026]


def test_classes_take_new_subjects_and_keep_what_somebody_told(
    database: Database, make: Factory, study_paths: None
) -> None:
    load_classes(database, class_row(study_path="CORSO SERALE"), class_row(section="B"))
    with database.write() as session:
        session.execute(sa.update(SchoolClass).values(programme_id="it-c3-automazione"))
    changed = class_row(section="B", subjects=frozenset({"ROBOTICA"}))
    report = load_classes(database, class_row(study_path="CORSO SERALE"), changed)
    assert (outcome(report), report.unmatched) == ((0, 1, 1), Counter({"CORSO SERALE": 1}))
    assert [(one.programme_id, one.subjects, one.version) for one in classes(database)] == [
        ("it-c3-automazione", "SISTEMI\nTPSEE", 1),
        ("it-c3-automazione", "ROBOTICA", 2),
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_classes_cost_the_same_for_one_and_three(database: Database, study_paths: None, number: int) -> None:
    rows = [class_row(f"BOTF0000{one}A") for one in range(number)]
    report = ImportReport(seen=number, kept=number, records=number)
    with database.write() as session, count_queries(database) as queries:
        loading.load_classes(session, ACTOR, rows, report, start_year=2025)
        session.flush()
    # schools before, new ones, schools after, classes, study paths, new classes, two events
    assert queries.count == 8


@pytest.mark.skipif(not REAL.is_dir(), reason="the ministry's files are not at hand")
def test_the_real_files_are_loaded_once_and_nothing_is_left_over(database: Database) -> None:
    registry = REAL / "SCUANAGRAFEPAR20232420230901.csv"
    class_file = REAL / "ALTEMILIAROMAGNA000020230913.csv.gz"
    for expected in ((1636, 0, 0), (9577, 0, 0)), ((0, 0, 1636), (0, 0, 9577)):
        rows, of_registry = ministry.read_registry_rows(registry)
        found, of_classes = ministry.read_classes(class_file)
        with database.write() as session:
            loading.load_registry(session, ACTOR, rows, of_registry)
            loading.load_classes(session, ACTOR, found, of_classes, start_year=2023)
        assert (outcome(of_registry), outcome(of_classes)) == expected
        of_classes.check(written=True)
    assert len(schools(database)) == 1636 + 381 - 53
