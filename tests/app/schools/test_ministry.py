"""The ministry's files: what is kept, what each fault says, and the real files if they are at hand."""

import gzip
import io
import time
from pathlib import Path

import pytest

from app.imports import MAX_FAULTS, MAX_LINE_BYTES, ImportFault, ImportReport
from app.schools import ministry
from app.schools.ministry import ClassData, SchoolData

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "mim-er-schools"
HEADER = (
    "CODICESCUOLA,ANNOCORSO,SEZIONEANNO,TIPOGRADOSCUOLA,COMBINAZIONE,DISCIPLINA,CODICEISBN,AUTORI,TITOLO,"
    "SOTTOTITOLO,VOLUME,EDITORE,PREZZO,NUOVAADOZ,DAACQUIST,CONSIGLIATO\n"
)
REGISTRY = (
    "ANNOSCOLASTICO,AREAGEOGRAFICA,REGIONE,PROVINCIA,CODICESCUOLA,DENOMINAZIONESCUOLA,INDIRIZZOSCUOLA,"
    "CAPSCUOLA,CODICECOMUNESCUOLA,DESCRIZIONECOMUNE,DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA,"
    "INDIRIZZOEMAILSCUOLA,INDIRIZZOPECSCUOLA,SITOWEBSCUOLA"
)
KIND = "SCUOLA SEC. SECONDO GRADO NON STATALE"


def book(
    code: str = "BOTF01000A",
    year: str = "3",
    section: str = "A",
    grade: str = "NT",
    path: str = "AUTOMAZIONE",
    subject: str = "SISTEMI AUTOMATICI",
    isbn: str = "9788800000001",
) -> str:
    return f'{code},{year},{section},{grade},{path},{subject},{isbn},A,T,ND,1,E,"7,87",Si,Si,No\n'


def read(*rows: str, header: str = HEADER) -> tuple[tuple[ClassData, ...], ImportReport]:
    return ministry.read_classes(io.BytesIO((header + "".join(rows)).encode()))


def registered(**changes: str) -> str:
    cells = {
        "CODICESCUOLA": "BOTF2S5000",
        "DENOMINAZIONESCUOLA": "SCUOLA DI PROVA",
        "INDIRIZZOSCUOLA": "VIA DI PROVA 1",
        "CAPSCUOLA": "40100",
        "CODICECOMUNESCUOLA": "A944",
        "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA": KIND,
        "INDIRIZZOEMAILSCUOLA": "Non Disponibile",
        "SITOWEBSCUOLA": "www.example.org",
        **changes,
    }
    return ",".join(cells.get(name, "") for name in REGISTRY.split(",")) + "\n"


def read_registry(*rows: str, header: str = REGISTRY) -> tuple[tuple[SchoolData, ...], ImportReport]:
    return ministry.read_registry_rows(io.BytesIO((header + "\n" + "".join(rows)).encode()))


def test_classes_gather_their_subjects_in_any_order() -> None:
    classes, report = read(
        book(),
        book(code="BOTF02000B", year="1", grade="NO", path="BIENNIO  COMUNE", subject="FISICA"),
        book(isbn="9788800000002"),
        book(subject="INGLESE"),
        book(section="B"),
    )
    assert classes == (
        ClassData("BOTF01000A", 3, "A", "AUTOMAZIONE", frozenset({"SISTEMI AUTOMATICI", "INGLESE"})),
        ClassData("BOTF01000A", 3, "B", "AUTOMAZIONE", frozenset({"SISTEMI AUTOMATICI"})),
        ClassData("BOTF02000B", 1, "A", "BIENNIO COMUNE", frozenset({"FISICA"})),
    )
    assert (report.seen, report.kept, report.merged, report.records) == (5, 4, 1, 3)


def test_other_levels_are_skipped_whatever_else_they_hold() -> None:
    classes, report = read(book(grade="EE", code="?"), book(grade="MM", year="9"), "\n", book())
    assert len(classes) == 1
    assert report.skipped_by == {"not_upper_secondary": 2, "blank": 1}


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (book(year="0"), "ANNOCORSO", "year_outside"),
        (book(year="7"), "ANNOCORSO", "year_outside"),
        (book(year="terzo"), "ANNOCORSO", "year_outside"),
        (book(year="²"), "ANNOCORSO", "year_outside"),
        (book(year=""), "ANNOCORSO", "empty_cell"),
        (book(code=""), "CODICESCUOLA", "empty_cell"),
        (book(code="BOTF0100"), "CODICESCUOLA", "code_shape"),
        (book(code="botf01000a"), "CODICESCUOLA", "code_shape"),
        (book(code="BOTF01000AA"), "CODICESCUOLA", "too_long"),
        (book(code="BOTF\x0001000"), "CODICESCUOLA", "nul_byte"),
        (book(grade="XX"), "TIPOGRADOSCUOLA", "unknown_grade"),
        (book(grade=""), "TIPOGRADOSCUOLA", "empty_cell"),
        (book(section=" "), "SEZIONEANNO", "empty_cell"),
        (book(section="S" * 17), "SEZIONEANNO", "too_long"),
        (book(path=""), "COMBINAZIONE", "empty_cell"),
        (book(path="P" * 121), "COMBINAZIONE", "too_long"),
        (book(subject=""), "DISCIPLINA", "empty_cell"),
        (book(subject="D" * 161), "DISCIPLINA", "too_long"),
        (book(subject="FISI\x00CA"), "DISCIPLINA", "nul_byte"),
        ("BOTF01000A,3,A,NT,AUTOMAZIONE\n", "", "field_count"),
        (book().replace("\n", ",x\n"), "", "field_count"),
        (book(section="Z"), "", "duplicate_row"),
    ],
)
def test_bad_row_is_left_out_and_named(row: str, column: str, code: str) -> None:
    classes, report = read(book(section="Z"), row)
    assert len(classes) == 1
    (fault,) = report.faults
    assert (fault.row, fault.column, fault.code) == (3, column, code)
    assert fault.reason
    assert fault.reason_it
    assert fault.reason != fault.reason_it


def test_fault_reads_as_a_sentence_with_its_place() -> None:
    _, report = read(book(year="9"))
    assert str(report.faults[0]) == "row 2, column ANNOCORSO: the year must be 1 to 6"
    assert report.faults[0].reason_it == "l'anno di corso deve essere da 1 a 6"


def test_faults_beyond_the_first_thousand_are_counted_only() -> None:
    _, report = read(*(book(year="9", section=str(n)) for n in range(MAX_FAULTS + 5)))
    assert (report.rejected, len(report.faults), report.unlisted) == (MAX_FAULTS + 5, MAX_FAULTS, 5)
    assert report.rejected_by == {"year_outside": MAX_FAULTS + 5}


@pytest.mark.parametrize("column", ["CODICESCUOLA", "ANNOCORSO", "COMBINAZIONE", "DISCIPLINA"])
def test_missing_column_is_a_fault_of_the_file(column: str) -> None:
    with pytest.raises(ImportFault, match=f"the column {column} is missing"):
        read(header=HEADER.replace(column, "ALTRO"))


def test_repeated_column_is_a_fault_of_the_file() -> None:
    with pytest.raises(ImportFault, match="the column ANNOCORSO appears twice"):
        read(header=HEADER.replace("TITOLO,", "ANNOCORSO,", 1))


def test_columns_may_stand_in_any_order_after_a_byte_order_mark() -> None:
    text = (
        "\ufeffdisciplina, combinazione,TIPOGRADOSCUOLA,SEZIONEANNO,ANNOCORSO,CODICESCUOLA\n"
        "FISICA,AUTOMAZIONE,NT,A,3,BOTF01000A\n"
    )
    classes, _ = ministry.read_classes(io.BytesIO(text.encode()))
    assert classes == (ClassData("BOTF01000A", 3, "A", "AUTOMAZIONE", frozenset({"FISICA"})),)


def test_wrong_encoding_names_the_row() -> None:
    content = (HEADER + book() + book(subject="MATERIALITÀ")).encode("latin-1")
    with pytest.raises(ImportFault) as caught:
        ministry.read_classes(io.BytesIO(content))
    assert (caught.value.fault.code, caught.value.fault.row) == ("wrong_encoding", 3)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_empty_file_is_a_fault(content: bytes) -> None:
    with pytest.raises(ImportFault):
        ministry.read_classes(io.BytesIO(content))


def test_truncated_gzip_says_how_far_it_got(tmp_path: Path) -> None:
    rows = "".join(book(section=f"{n:x}", isbn=f"{n * 7919:013d}") for n in range(4000))
    whole = gzip.compress((HEADER + rows).encode())
    path = tmp_path / "classes.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportFault, match=r"ends early, after row \d+") as caught:
        ministry.read_classes(path)
    assert caught.value.fault.row > 1000
    path.write_bytes(whole)
    assert ministry.read_classes(path)[1].seen == 4000


def test_damaged_gzip_is_a_fault() -> None:
    whole = bytearray(gzip.compress((HEADER + book() * 50).encode()))
    whole[-6] ^= 0xFF  # in the checksum
    with pytest.raises(ImportFault, match="damaged after row"):
        ministry.read_classes(io.BytesIO(bytes(whole)))


def test_unclosed_quotation_is_a_fault() -> None:
    with pytest.raises(ImportFault, match="row 3, column CODICESCUOLA: the quotation marks"):
        read(book(), '"BOTF01000A,3,A\n', book())


def test_endless_line_is_a_fault() -> None:
    with pytest.raises(ImportFault, match="longer than"):
        read(book(), "x" * (MAX_LINE_BYTES + 1))


def test_endless_file_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.imports.MAX_ROWS", 3)
    read(book(), book(section="B"))
    with pytest.raises(ImportFault, match="more than 3 rows"):
        read(book(), book(section="B"), book(section="C"))


def test_stream_stays_open_and_progress_ends_at_the_row_count() -> None:
    stream = io.BytesIO((HEADER + book() + book(section="B")).encode())
    steps: list[int] = []
    ministry.read_classes(stream, progress=steps.append)
    assert not stream.closed
    assert steps == [2]


def test_registry_keeps_upper_secondary_schools_only() -> None:
    schools, report = read_registry(
        registered(), registered(CODICESCUOLA="BO1A043003"), registered(CODICESCUOLA="BOEE00101X")
    )
    assert schools == (
        SchoolData(
            code="BOTF2S5000",
            institute_code="BOTF2S5000",
            name="SCUOLA DI PROVA",
            kind="TF",
            description=KIND,
            address="VIA DI PROVA 1",
            postcode="40100",
            cadastral_code="A944",
            email=None,
            web="www.example.org",
            is_state=False,
        ),
    )
    assert (report.kept, report.skipped) == (1, 2)


def test_state_registry_brings_the_institute() -> None:
    row = registered(DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA="ISTITUTO TECNICO INDUSTRIALE")
    (school,), _ = read_registry(
        row.replace("\n", ",BOIS019000\n"), header=REGISTRY + ",CODICEISTITUTORIFERIMENTO"
    )
    assert (school.institute_code, school.is_state) == ("BOIS019000", True)


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"CODICESCUOLA": ""}, "CODICESCUOLA", "empty_cell"),
        ({"CODICESCUOLA": "BOTF"}, "CODICESCUOLA", "code_shape"),
        ({"CODICESCUOLA": "BOZZ01000A"}, "CODICESCUOLA", "unknown_kind"),
        ({"DENOMINAZIONESCUOLA": ""}, "DENOMINAZIONESCUOLA", "empty_cell"),
        ({"DENOMINAZIONESCUOLA": "N" * 161}, "DENOMINAZIONESCUOLA", "too_long"),
        ({"CODICECOMUNESCUOLA": "37006"}, "CODICECOMUNESCUOLA", "municipality_shape"),
        ({"CODICECOMUNESCUOLA": ""}, "CODICECOMUNESCUOLA", "empty_cell"),
        ({"CAPSCUOLA": "4010"}, "CAPSCUOLA", "postcode_shape"),
        ({"SITOWEBSCUOLA": "w\x00w"}, "SITOWEBSCUOLA", "nul_byte"),
        ({}, "CODICESCUOLA", "duplicate_row"),
    ],
)
def test_bad_registry_row_is_left_out_and_named(changes: dict[str, str], column: str, code: str) -> None:
    schools, report = read_registry(registered(), registered(**changes))
    assert len(schools) == 1
    (fault,) = report.faults
    assert (fault.row, fault.column, fault.code) == (3, column, code)


def test_bad_institute_code_is_named() -> None:
    row = registered().replace("\n", ",BOIS\n")
    _, report = read_registry(row, header=REGISTRY + ",CODICEISTITUTORIFERIMENTO")
    assert (report.faults[0].column, report.faults[0].code) == ("CODICEISTITUTORIFERIMENTO", "code_shape")


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("BOTF01000A,12.5", "NUMEROSTUDENTI", "not_a_count"),
        ("BOTF01000A,-1", "NUMEROSTUDENTI", "not_a_count"),
        ("BOTF01000A,99999", "NUMEROSTUDENTI", "not_a_count"),
        ("BOTF01000A,²", "NUMEROSTUDENTI", "not_a_count"),
        ("BOTF01000A,", "NUMEROSTUDENTI", "empty_cell"),
        ("BOZZ01000A,10", "CODICESCUOLA", "unknown_kind"),
        ("BO,10", "CODICESCUOLA", "code_shape"),
        ("BOPS01000A,10", "CODICESCUOLA", "duplicate_row"),
    ],
)
def test_bad_count_of_students_is_left_out_and_named(row: str, column: str, code: str) -> None:
    text = f"CODICESCUOLA,NUMEROSTUDENTI\nBOPS01000A,900\nBOEE01000A,80\n{row}\n"
    students, report = ministry.read_students_per_site(io.BytesIO(text.encode()))
    assert students == {"BOPS01000A": 900}
    assert (report.faults[0].row, report.faults[0].column, report.faults[0].code) == (4, column, code)


def test_known_schools_have_well_formed_codes_and_a_certainty() -> None:
    schools = ministry.read_known_schools()
    kinds = ministry.read_school_kinds()
    assert len({school.code for school in schools}) == len(schools)
    for school in schools:
        assert ministry.code_fault(1, "", school.code) is None
        assert kinds[school.code[2:4]].is_upper_secondary
        assert len(school.cadastral_code) == 4
        assert school.name
        assert school.municipality
        assert school.certainty in {"sure", "recalled"}


def real(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the ministry's file {name} is not beside the repository")
    return path


def test_real_class_file_is_accounted_for_row_by_row() -> None:
    path = real("ALTEMILIAROMAGNA000020230913.csv.gz")
    started = time.perf_counter()
    classes, report = ministry.read_classes(path)
    seconds = time.perf_counter() - started
    counts = (report.seen, report.kept, report.merged, report.skipped, report.rejected)
    assert counts == (247_628, 111_319, 30_540, 105_769, 0)
    assert len(classes) == report.records == 9_577
    assert len({c.school_code for c in classes}) == 381
    assert len({c.study_path for c in classes}) == 261
    assert sum(len(c.subjects) for c in classes) == report.kept
    assert {school.code for school in ministry.read_known_schools()} <= {c.school_code for c in classes}
    assert seconds < 30


def test_real_registry_and_student_counts_are_read_whole() -> None:
    schools, report = ministry.read_registry_rows(real("SCUANAGRAFEPAR20232420230901.csv"))
    assert (report.seen, report.kept, report.rejected) == (11_870, 1_636, 0)
    assert not any(school.is_state for school in schools)
    students, report = ministry.read_students_per_site(real("students_per_site_er_2024_25.csv"))
    assert (report.seen, report.kept, report.rejected) == (3_352, 371, 0)
    assert sum(students.values()) > 150_000
