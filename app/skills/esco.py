"""The CSV files of the official ESCO package as values, of any language and version; no table, no session.

A file is recognised by its header: `skills_xx.csv`, `occupations_xx.csv`, `ISCOGroups_xx.csv`,
`broaderRelationsSkillPillar(_xx).csv` and `skillSkillRelations(_xx).csv`. Relations name no language.
This service uses the ESCO classification of the European Commission.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.imports import (
    EMPTY_CELL,
    Fault,
    ImportFault,
    ImportReport,
    Progress,
    Reason,
    Table,
    cell_fault,
    clean_cell,
)
from app.skills.vocabulary import normalise_label

LANGUAGES = frozenset(
    [
        "ar",
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fr",
        "ga",
        "hr",
        "hu",
        "is",
        "it",
        "lt",
        "lv",
        "mt",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "sk",
        "sl",
        "sv",
        "uk",
    ]
)
"""In which ESCO is published."""
SKILL_LABEL_LENGTH = 200
OCCUPATION_LABEL_LENGTH = 300
DESCRIPTION_LENGTH = 8000
LABELS_AT_MOST = 200

UNKNOWN_LANGUAGE = Reason(
    "unknown_language", "ESCO is not published in this language", "ESCO non è pubblicata in questa lingua"
)
NOT_ESCO = Reason(
    "not_esco",
    "the header is not that of an ESCO file which is read here: skills, occupations, ISCO groups, "
    "broader relations of the skill pillar, skill-skill relations",
    "l'intestazione non è quella di un file ESCO letto qui: competenze, professioni, gruppi ISCO, "
    "relazioni gerarchiche delle competenze, relazioni fra competenze",
)
BAD_URI = Reason(
    "bad_uri",
    "this is not an ESCO address of the kind {kind}",
    "questo non è un indirizzo ESCO del tipo {kind}",
)
DUPLICATE_URI = Reason(
    "duplicate_uri", "row {first} has the same address", "la riga {first} ha lo stesso indirizzo"
)
UNKNOWN_SKILL_TYPE = Reason(
    "unknown_skill_type",
    "the type of a skill is skill/competence or knowledge",
    "il tipo di una competenza è skill/competence o knowledge",
)
BAD_GROUP = Reason(
    "bad_group", "an ISCO-08 group has one to four digits", "un gruppo ISCO-08 ha da una a quattro cifre"
)
TOO_MANY_LABELS = Reason(
    "too_many_labels",
    "{found} labels; at most {limit} are kept of one concept",
    "{found} etichette: al massimo {limit} per concetto",
)
SELF_RELATED = Reason(
    "self_related", "a skill cannot relate to itself", "una competenza non può riferirsi a sé"
)

OBSOLETE = "obsolete"
OTHER_CONCEPT = "other_concept"
"""A row about something that is not read from this file: a skill group, or the other pillar of ESCO."""

_ISCO_GROUP = re.compile(r"[0-9]{1,4}")
_KINDS = {"skill/competence": "skill", "knowledge": "knowledge", "": "skill"}
_BETWEEN_LABELS = re.compile(r"\n| \| ")


class FileKind(StrEnum):
    """What an ESCO file holds, in the order in which files are loaded."""

    GROUPS = "groups"
    OCCUPATIONS = "occupations"
    SKILLS = "skills"
    BROADER = "broader"
    RELATED = "related"


def _tail(uri: str) -> str:
    """The last part of an ESCO address, which is unique within its kind."""
    return uri.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class EscoSkill:
    """A skill in one language; the first label is the preferred one."""

    row: int
    uri: str
    kind: str
    labels: tuple[str, ...]
    description: str | None

    @property
    def id(self) -> str:
        """What it is called here, unless a curated concept has its address."""
        return f"esco-{_tail(self.uri)}"


@dataclass(frozen=True, slots=True)
class EscoOccupation:
    """An occupation, or an ISCO-08 group of them, in one language; the first label is the preferred one."""

    row: int
    uri: str
    code: str | None
    isco_group: str
    is_group: bool
    labels: tuple[str, ...]
    description: str | None

    @property
    def id(self) -> str:
        """What it is called here."""
        return f"isco-{self.code}" if self.is_group else f"esco-{_tail(self.uri)}"


@dataclass(frozen=True, slots=True)
class EscoLink:
    """Two skills of which the second is broader than the first, or related to it."""

    row: int
    uri: str
    other_uri: str


EscoRecord = EscoSkill | EscoOccupation | EscoLink


@dataclass(frozen=True, slots=True)
class EscoFile:
    """What one file holds, and the account of its rows."""

    name: str
    kind: FileKind
    records: tuple[EscoRecord, ...]
    report: ImportReport


def check_language(language: str) -> str:
    """The language if ESCO is published in it; otherwise raises ImportFault."""
    if language not in LANGUAGES:
        raise ImportFault(UNKNOWN_LANGUAGE.at(0, "language", language))
    return language


def read_file(path: Path, *, progress: Progress | None = None) -> EscoFile:
    """One file of a package, whichever it is. Raises ImportFault when it cannot be used as a whole."""
    kind = recognise(path)
    report = ImportReport()
    required, optional, read_row = _FORMATS[kind]
    table = Table(path, required=required, optional=optional, report=report, progress=progress)
    records = tuple(_records(table, (*required, *optional), read_row, report))
    report.records = len(records)
    report.check()
    return EscoFile(path.name, kind, records, report)


def recognise(path: Path) -> FileKind:
    """What the file holds, by its header. Raises ImportFault."""
    header = {name.strip() for name in Table(path, required=(), report=ImportReport()).header()}
    for kind, marks in _MARKS.items():
        if marks <= header and "broaderConceptUri" not in header:  # that one marks the thematic collections
            return kind
    raise ImportFault(NOT_ESCO.at(1))


_MARKS = {
    FileKind.RELATED: {"originalSkillUri"},
    FileKind.BROADER: {"broaderUri"},
    FileKind.OCCUPATIONS: {"iscoGroup"},
    FileKind.SKILLS: {"reuseLevel"},
    FileKind.GROUPS: {"code", "preferredLabel"},
}


def _records(
    table: Table, columns: tuple[str, ...], read_row: _ReadRow, report: ImportReport
) -> Iterator[EscoRecord]:
    first: dict[object, int] = {}
    for number, cells, _ in table:
        found = read_row(number, dict(zip(columns, cells, strict=True)))
        if isinstance(found, str):
            report.skip(found)
        elif isinstance(found, Fault):
            report.reject(found)
        elif isinstance(found, EscoLink):
            if (first_row := first.setdefault((found.uri, found.other_uri), number)) == number:
                report.keep()
                yield found
            else:
                report.reject(DUPLICATE_URI.at(number, columns[0], found.uri, first=first_row))
        elif (first_row := first.setdefault(found.uri, number)) == number:
            report.keep()
            yield found
        else:
            report.reject(DUPLICATE_URI.at(number, "conceptUri", found.uri, first=first_row))


# --- rows: a record, the fault that refuses it, or why it is left out -------------------------------------------------

_Cells = dict[str, str]
_ReadRow = Callable[[int, _Cells], EscoRecord | Fault | str]


def _skill(row: int, cells: _Cells) -> EscoSkill | Fault | str:
    if cells["conceptType"] not in ("", "KnowledgeSkillCompetence"):
        return OTHER_CONCEPT
    if cells["status"] == OBSOLETE:
        return OBSOLETE
    if (fault := _uri_fault(row, "conceptUri", cells, "skill")) is not None:
        return fault
    kind = _KINDS.get(cells["skillType"])
    if kind is None:
        return UNKNOWN_SKILL_TYPE.at(row, "skillType", cells["skillType"])
    labels = _labels(row, cells, SKILL_LABEL_LENGTH)
    description = _description(row, cells)
    if isinstance(labels, Fault):
        return labels
    if isinstance(description, Fault):
        return description
    is_transversal = cells["reuseLevel"] == "transversal"
    return EscoSkill(row, cells["conceptUri"], "transversal" if is_transversal else kind, labels, description)


def _occupation(row: int, cells: _Cells) -> EscoOccupation | Fault | str:
    if cells["conceptType"] not in ("", "Occupation"):
        return OTHER_CONCEPT
    return _any_occupation(row, cells, "occupation", "iscoGroup")


def _group(row: int, cells: _Cells) -> EscoOccupation | Fault | str:
    if cells["conceptType"] != "ISCOGroup":
        return OTHER_CONCEPT
    return _any_occupation(row, cells, "isco", "code")


def _any_occupation(row: int, cells: _Cells, kind: str, group: str) -> EscoOccupation | Fault | str:
    if cells["status"] == OBSOLETE:
        return OBSOLETE
    if (fault := _uri_fault(row, "conceptUri", cells, kind)) is not None:
        return fault
    if not _ISCO_GROUP.fullmatch(cells[group]):
        return BAD_GROUP.at(row, group, cells[group])
    if (fault := cell_fault(row, "code", cells["code"] or "-", 20)) is not None:
        return fault
    labels = _labels(row, cells, OCCUPATION_LABEL_LENGTH)
    description = _description(row, cells)
    if isinstance(labels, Fault):
        return labels
    if isinstance(description, Fault):
        return description
    return EscoOccupation(
        row=row,
        uri=cells["conceptUri"],
        code=cells["code"] or None,
        isco_group=cells[group],
        is_group=kind == "isco",
        labels=labels,
        description=description,
    )


def _broader(row: int, cells: _Cells) -> EscoLink | Fault | str:
    if {cells["conceptType"], cells["broaderType"]} != {"KnowledgeSkillCompetence"}:
        return OTHER_CONCEPT
    return _link(row, cells, "conceptUri", "broaderUri")


def _related(row: int, cells: _Cells) -> EscoLink | Fault | str:
    return _link(row, cells, "originalSkillUri", "relatedSkillUri")


def _link(row: int, cells: _Cells, first: str, second: str) -> EscoLink | Fault:
    for column in (first, second):
        if (fault := _uri_fault(row, column, cells, "skill")) is not None:
            return fault
    if cells[first] == cells[second]:
        return SELF_RELATED.at(row, second, cells[second])
    return EscoLink(row, cells[first], cells[second])


def _uri_fault(row: int, column: str, cells: _Cells, kind: str) -> Fault | None:
    fault = cell_fault(row, column, cells[column], 200)
    # The id is made of the last part, which must leave room for a prefix.
    if fault is None and not re.fullmatch(
        rf"http://data\.europa\.eu/esco/{kind}/[0-9A-Za-z][0-9A-Za-z.-]{{0,59}}", cells[column]
    ):
        return BAD_URI.at(row, column, cells[column], kind=kind)
    return fault


def _labels(row: int, cells: _Cells, limit: int) -> tuple[str, ...] | Fault:
    """The preferred label and the others, each once."""
    preferred = clean_cell(cells["preferredLabel"])
    found: dict[str, str] = {}
    for column, texts in (
        ("preferredLabel", [preferred]),
        ("altLabels", _BETWEEN_LABELS.split(cells["altLabels"])),
    ):
        for text in filter(None, map(clean_cell, texts)):
            key = normalise_label(text)
            longest = max(text, key, key=len)  # a ligature is longer when it is written out
            if (fault := cell_fault(row, column, longest, limit)) is not None:
                return fault
            found.setdefault(key, text)
    found.pop("", None)
    if preferred not in found.values():
        return EMPTY_CELL.at(row, "preferredLabel", preferred)
    if len(found) > LABELS_AT_MOST:
        return TOO_MANY_LABELS.at(row, "altLabels", found=len(found), limit=LABELS_AT_MOST)
    return tuple(found.values())


def _description(row: int, cells: _Cells) -> str | Fault | None:
    text = cells["description"].strip()
    return cell_fault(row, "description", text or "-", DESCRIPTION_LENGTH) or text or None


_CONCEPT = ("conceptUri", "preferredLabel", "altLabels")
_CONCEPT_OPTIONAL = ("conceptType", "status", "description")
_FORMATS: dict[FileKind, tuple[tuple[str, ...], tuple[str, ...], _ReadRow]] = {
    FileKind.SKILLS: ((*_CONCEPT, "skillType", "reuseLevel"), _CONCEPT_OPTIONAL, _skill),
    FileKind.OCCUPATIONS: ((*_CONCEPT, "iscoGroup"), (*_CONCEPT_OPTIONAL, "code"), _occupation),
    FileKind.GROUPS: (("conceptType", *_CONCEPT, "code"), ("status", "description"), _group),
    FileKind.BROADER: (("conceptType", "conceptUri", "broaderType", "broaderUri"), (), _broader),
    FileKind.RELATED: (("originalSkillUri", "relatedSkillUri"), (), _related),
}
