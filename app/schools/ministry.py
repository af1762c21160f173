"""Reads the ministry's open files: classes and subjects, the school registry, students per site.

Only upper secondary schools are kept. Each reader returns its records together with an
`ImportReport` in which every row of the file has one outcome. A fault of the file raises
`ImportFault` before anything is returned.

Source of the files: Portale Unico dei Dati della Scuola (dati.istruzione.it).
"""

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from app.imports import (
    DUPLICATE_ROW,
    Fault,
    ImportReport,
    Progress,
    Reason,
    Source,
    Table,
    cell_fault,
    clean_cell,
)

DATA = Path(__file__).parent / "data"

CODE_LENGTH = 10
SECTION_LENGTH = 16
STUDY_PATH_LENGTH = 120
SUBJECT_LENGTH = 160
NAME_LENGTH = 160
ADDRESS_LENGTH = 160
CONTACT_LENGTH = 120
MOST_STUDENTS_OF_A_SITE = 10_000

OTHER_LEVEL = "not_upper_secondary"
"""The key under which rows of other school levels are counted among the skipped rows."""

_UPPER_GRADES = frozenset({"NO", "NT"})  # first two years; third year and after
_OTHER_GRADES = frozenset({"AA", "EE", "MM"})  # infant, primary, lower secondary
_SCHOOL_CODE = re.compile(r"[A-Z]{2}[A-Z0-9]{8}")
_CADASTRAL_CODE = re.compile(r"[A-Z][0-9]{3}")
_POSTCODE = re.compile(r"[0-9]{5}")
_NOT_AVAILABLE = frozenset({"", "NON DISPONIBILE", "-----"})

CODE_SHAPE = Reason(
    "code_shape",
    "a school code has 10 letters and digits, such as BOTF01000A",
    "il codice meccanografico ha 10 lettere e cifre, ad esempio BOTF01000A",
)
UNKNOWN_GRADE = Reason(
    "unknown_grade",
    "the school level must be one of AA, EE, MM, NO, NT",
    "il grado di scuola deve essere uno tra AA, EE, MM, NO, NT",
)
YEAR_OUTSIDE = Reason("year_outside", "the year must be 1 to 6", "l'anno di corso deve essere da 1 a 6")
UNKNOWN_KIND = Reason(
    "unknown_kind",
    "letters 3 and 4 of the code ({letters}) name no known kind of school",
    "le lettere 3 e 4 del codice ({letters}) non indicano un tipo di scuola noto",
)
MUNICIPALITY_SHAPE = Reason(
    "municipality_shape",
    "a cadastral code is a letter and three digits, such as A944",
    "il codice catastale è una lettera e tre cifre, ad esempio A944",
)
POSTCODE_SHAPE = Reason("postcode_shape", "a CAP has five digits", "un CAP ha cinque cifre")
NOT_A_COUNT = Reason(
    "not_a_count",
    "this must be a whole number from 0 to {limit}",
    "deve essere un numero intero da 0 a {limit}",
)


class ClassRow(NamedTuple):
    """One usable row of the class file: a class adopts a book for a subject."""

    row: int
    school_code: str
    year: int
    section: str
    study_path: str
    subject: str


@dataclass(frozen=True, slots=True)
class ClassData:
    """One class of a school year: who attends the same study path in the same section.

    A section whose pupils follow two study paths is two classes.
    """

    school_code: str
    year: int
    section: str
    study_path: str
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class SchoolKind:
    """What letters 3 and 4 of a school code mean."""

    letters: str
    level: str
    title_it: str
    title_en: str
    source: str

    @property
    def is_upper_secondary(self) -> bool:
        return self.level == "upper_secondary"


@dataclass(frozen=True, slots=True)
class SchoolData:
    """One row of the school registry."""

    code: str
    institute_code: str
    name: str
    kind: str
    description: str
    address: str | None
    postcode: str | None
    cadastral_code: str
    email: str | None
    web: str | None
    is_state: bool


@dataclass(frozen=True, slots=True)
class KnownSchool:
    """Name and municipality of a state school that the loaded registry lacks."""

    code: str
    name: str
    cadastral_code: str
    municipality: str
    certainty: str


@dataclass(slots=True)
class _Seen:
    """Remembers which row said something first, sixteen bytes per row."""

    rows: dict[bytes, int] = field(default_factory=dict)

    def first(self, row: int, cells: list[str]) -> int | None:
        digest = hashlib.blake2b("\x1f".join(cells).encode(), digest_size=16).digest()
        first = self.rows.setdefault(digest, row)
        return None if first == row else first


@cache
def read_school_kinds() -> Mapping[str, SchoolKind]:
    """The kinds of school by the two letters of their codes."""
    with (DATA / "school_kinds.csv").open(encoding="utf-8", newline="") as stream:
        return {row["letters"]: SchoolKind(**row) for row in csv.DictReader(stream)}


@cache
def read_known_schools() -> tuple[KnownSchool, ...]:
    """State schools whose name and municipality are public knowledge, with how certain it is."""
    with (DATA / "known_schools.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(KnownSchool(**row) for row in csv.DictReader(stream))


def read_class_rows(
    source: Source, report: ImportReport, *, progress: Progress | None = None
) -> Iterator[ClassRow]:
    """Stream the usable upper-secondary rows of a class file (`ALT….csv` or `.csv.gz`).

    Other rows are entered in the report; the caller says of each yielded row whether it was kept or
    merged. Study paths and subjects are cleaned of repeated white space.
    """
    columns = ("CODICESCUOLA", "ANNOCORSO", "SEZIONEANNO", "TIPOGRADOSCUOLA", "COMBINAZIONE", "DISCIPLINA")
    clean = cache(clean_cell)
    seen = _Seen()
    for number, cells, whole in Table(source, required=columns, report=report, progress=progress):
        code, year, section, grade, study_path, subject = cells
        if grade in _OTHER_GRADES:
            report.skip(OTHER_LEVEL)
        elif (fault := _class_fault(number, cells)) is not None:
            report.reject(fault)
        elif (first := seen.first(number, whole)) is not None:
            report.reject(DUPLICATE_ROW.at(number, first=first))
        else:
            yield ClassRow(number, code, int(year), clean(section), clean(study_path), clean(subject))


def read_classes(
    source: Source, *, progress: Progress | None = None
) -> tuple[tuple[ClassData, ...], ImportReport]:
    """The classes of a class file, in order of their key, and the account of its rows.

    A row is kept when it names a subject of a class for the first time, merged when it is a further
    book of that subject. The file may be in any order.
    """
    report = ImportReport()
    subjects: dict[tuple[str, int, str, str], set[str]] = {}
    for row in read_class_rows(source, report, progress=progress):
        of_class = subjects.setdefault(row[1:5], set())
        if row.subject in of_class:
            report.merge()
        else:
            of_class.add(row.subject)
            report.keep()
    report.records = len(subjects)
    report.check()
    classes = tuple(ClassData(*key, frozenset(subjects[key])) for key in sorted(subjects))
    return classes, report


def _class_fault(row: int, cells: list[str]) -> Fault | None:
    code, year, section, grade, study_path, subject = cells
    if grade not in _UPPER_GRADES:
        return cell_fault(row, "TIPOGRADOSCUOLA", grade, 2) or UNKNOWN_GRADE.at(row, "TIPOGRADOSCUOLA", grade)
    if (fault := code_fault(row, "CODICESCUOLA", code)) is not None:
        return fault
    if len(year) != 1 or year not in "123456":
        return cell_fault(row, "ANNOCORSO", year, 9) or YEAR_OUTSIDE.at(row, "ANNOCORSO", year)
    return (
        cell_fault(row, "SEZIONEANNO", section, SECTION_LENGTH)
        or cell_fault(row, "COMBINAZIONE", study_path, STUDY_PATH_LENGTH)
        or cell_fault(row, "DISCIPLINA", subject, SUBJECT_LENGTH)
    )


def code_fault(row: int, column: str, code: str) -> Fault | None:
    """The fault of a school code, if it has one."""
    if _SCHOOL_CODE.fullmatch(code):
        return None
    return cell_fault(row, column, code, CODE_LENGTH) or CODE_SHAPE.at(row, column, code)


def read_registry_rows(
    source: Source, *, progress: Progress | None = None
) -> tuple[tuple[SchoolData, ...], ImportReport]:
    """The upper secondary schools of a registry file, state or private, in the order of the file.

    The state file has the columns of the institute of reference besides those of the private one. A
    school without such an institute is its own.
    """
    report = ImportReport()
    schools: dict[str, SchoolData] = {}
    rows: dict[str, int] = {}
    table = Table(source, required=_REGISTRY, optional=_REGISTRY_OPTIONAL, report=report, progress=progress)
    for number, cells, _ in table:
        found = _school(number, dict(zip((*_REGISTRY, *_REGISTRY_OPTIONAL), cells, strict=True)))
        if found is None:
            report.skip(OTHER_LEVEL)
        elif isinstance(found, Fault):
            report.reject(found)
        elif found.code in schools:
            report.reject(DUPLICATE_ROW.at(number, "CODICESCUOLA", found.code, first=rows[found.code]))
        else:
            schools[found.code], rows[found.code] = found, number
            report.keep()
    report.records = len(schools)
    report.check()
    return tuple(schools.values()), report


_REGISTRY = (
    "CODICESCUOLA",
    "DENOMINAZIONESCUOLA",
    "INDIRIZZOSCUOLA",
    "CAPSCUOLA",
    "CODICECOMUNESCUOLA",
    "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA",
    "INDIRIZZOEMAILSCUOLA",
    "SITOWEBSCUOLA",
)
_REGISTRY_OPTIONAL = ("CODICEISTITUTORIFERIMENTO",)


def _school(row: int, cells: dict[str, str]) -> SchoolData | Fault | None:
    """The school of a registry row, its fault, or None for other school levels."""
    code = cells["CODICESCUOLA"]
    if (fault := code_fault(row, "CODICESCUOLA", code)) is not None:
        return fault
    kind = read_school_kinds().get(code[2:4])
    if kind is None:
        return UNKNOWN_KIND.at(row, "CODICESCUOLA", code, letters=code[2:4])
    if not kind.is_upper_secondary:
        return None
    return _registry_fault(row, cells) or SchoolData(
        code=code,
        institute_code=cells["CODICEISTITUTORIFERIMENTO"] or code,
        name=clean_cell(cells["DENOMINAZIONESCUOLA"]),
        kind=kind.letters,
        description=clean_cell(cells["DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA"]),
        address=_available(cells["INDIRIZZOSCUOLA"]),
        postcode=_available(cells["CAPSCUOLA"]),
        cadastral_code=cells["CODICECOMUNESCUOLA"],
        email=_available(cells["INDIRIZZOEMAILSCUOLA"]),
        web=_available(cells["SITOWEBSCUOLA"]),
        is_state="NON STATALE" not in cells["DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA"].upper(),
    )


def _registry_fault(row: int, cells: dict[str, str]) -> Fault | None:
    limits = {
        "DENOMINAZIONESCUOLA": NAME_LENGTH,
        "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA": NAME_LENGTH,
        "CODICECOMUNESCUOLA": CONTACT_LENGTH,
    }
    for column, limit in limits.items():
        if (fault := cell_fault(row, column, cells[column], limit)) is not None:
            return fault
    for column in ("INDIRIZZOSCUOLA", "CAPSCUOLA", "INDIRIZZOEMAILSCUOLA", "SITOWEBSCUOLA"):
        fault = cell_fault(row, column, cells[column] or "-", ADDRESS_LENGTH)
        if fault is not None:
            return fault
    institute = cells["CODICEISTITUTORIFERIMENTO"]
    if institute and (fault := code_fault(row, "CODICEISTITUTORIFERIMENTO", institute)) is not None:
        return fault
    if not _CADASTRAL_CODE.fullmatch(cells["CODICECOMUNESCUOLA"]):
        return MUNICIPALITY_SHAPE.at(row, "CODICECOMUNESCUOLA", cells["CODICECOMUNESCUOLA"])
    postcode = cells["CAPSCUOLA"]
    if _available(postcode) is not None and not _POSTCODE.fullmatch(postcode):
        return POSTCODE_SHAPE.at(row, "CAPSCUOLA", postcode)
    return None


def _available(cell: str) -> str | None:
    text = clean_cell(cell)
    return None if text.upper() in _NOT_AVAILABLE else text


def read_students_per_site(
    source: Source, *, progress: Progress | None = None
) -> tuple[dict[str, int], ImportReport]:
    """Students by school code, upper secondary only (evening courses are not counted by the ministry)."""
    report = ImportReport()
    students: dict[str, int] = {}
    rows: dict[str, int] = {}
    table = Table(source, required=("CODICESCUOLA", "NUMEROSTUDENTI"), report=report, progress=progress)
    for number, (code, count), _ in table:
        found = _students(number, code, count)
        if found is None:
            report.skip(OTHER_LEVEL)
        elif isinstance(found, Fault):
            report.reject(found)
        elif code in students:
            report.reject(DUPLICATE_ROW.at(number, "CODICESCUOLA", code, first=rows[code]))
        else:
            students[code], rows[code] = found, number
            report.keep()
    report.records = len(students)
    report.check()
    return students, report


def _students(row: int, code: str, count: str) -> int | Fault | None:
    if (fault := code_fault(row, "CODICESCUOLA", code)) is not None:
        return fault
    kind = read_school_kinds().get(code[2:4])
    if kind is None:
        return UNKNOWN_KIND.at(row, "CODICESCUOLA", code, letters=code[2:4])
    if not kind.is_upper_secondary:
        return None
    if count.isascii() and count.isdigit() and len(count) <= 5 and int(count) <= MOST_STUDENTS_OF_A_SITE:
        return int(count)
    fault = cell_fault(row, "NUMEROSTUDENTI", count, 20)
    return fault or NOT_A_COUNT.at(row, "NUMEROSTUDENTI", count, limit=MOST_STUDENTS_OF_A_SITE)
