"""The files for registers, column by column: name, meaning, source, value. `docs/registers.md` is written from this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class Register(StrEnum):
    """Which file: what is told to the ministry about students, and what the chambers' register knows of hosts."""

    PLACEMENTS = "placements"
    HOSTS = "hosts"
    AGREEMENTS = "agreements"


@dataclass(frozen=True, slots=True)
class PlacementLine:
    """One placement, with what belongs to it."""

    placement: Any
    student: Any
    school_class: Any
    school: Any
    company: Any
    opportunity: Any
    municipality: Any
    attended_minutes: int | None = None
    """What stands, as host and student or the school have said; None when nobody has said anything."""
    agreement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class HostLine:
    """One host that had students of the school in the year, and how many."""

    school: Any
    company: Any
    sectors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sites: Sequence[str] = ()
    students: int = 0
    planned_hours: int = 0
    titles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One agreement of the school that holds on some day of the year, or held."""

    school: Any
    company: Any
    agreement: Any
    signed_on: date | None


class Column(NamedTuple):
    """One column. `is_name` marks what names a person: only the school's own file has it."""

    name: str
    about: str
    source: str
    value: Callable[[Any], object]
    is_name: bool = False


def _day(value: date | None) -> str:
    return value.isoformat() if value is not None else ""


def _text(value: object) -> object:
    return "" if value is None else value


def _hours(minutes: int | None) -> object:
    return "" if minutes is None else round(minutes / 60, 2)


def _id(value: UUID) -> str:
    return str(value)


COLUMNS: Mapping[Register, Sequence[Column]] = {
    Register.PLACEMENTS: (
        Column("codice_scuola", "mechanographic code of the school", "schools.code", lambda one: one.school.code),
        Column("anno_scolastico", "school year, by its first day", "classes.start_year", lambda one: _year(one.school_class)),
        Column("classe", "class on the day it was agreed", "classes.year, classes.section", lambda one: f"{one.school_class.year}{one.school_class.section}"),
        Column("percorso", "study path as the ministry writes it", "classes.study_path", lambda one: one.school_class.study_path),
        Column("id_studente", "the student's id in this service", "students.id", lambda one: _id(one.student.id)),
        Column("id_registro", "the student's id in the school's own register", "students.external_id", lambda one: _text(one.student.external_id)),
        Column("cognome", "family name", "students.family_name", lambda one: one.student.family_name, is_name=True),
        Column("nome", "given name", "students.given_name", lambda one: one.student.given_name, is_name=True),
        Column("data_nascita", "date of birth", "students.born_on", lambda one: _day(one.student.born_on), is_name=True),
        Column("id_inserimento", "the placement's id", "placements.id", lambda one: _id(one.placement.id)),
        Column("stato", "where the placement stands", "placements.state", lambda one: str(one.placement.state)),
        Column("attivita", "what it is called", "opportunities.title", lambda one: one.opportunity.title),
        Column("tipo", "internship, visit or training path", "opportunities.kind", lambda one: str(one.opportunity.kind)),
        Column("soggetto_ospitante", "name of the host", "companies.name", lambda one: one.company.name),
        Column("codice_fiscale_ospitante", "its tax code", "companies.tax_code", lambda one: _text(one.company.tax_code)),
        Column("comune_istat", "ISTAT code of the municipality where it takes place", "opportunities.municipality_istat", lambda one: _text(one.opportunity.municipality_istat)),
        Column("comune", "its name", "municipalities.name", lambda one: one.municipality.name if one.municipality else ""),
        Column("dal", "first day", "placements.starts_on", lambda one: _day(one.placement.starts_on)),
        Column("al", "last day", "placements.ends_on", lambda one: _day(one.placement.ends_on)),
        Column("ore_previste", "hours that were planned", "placements.planned_hours", lambda one: one.placement.planned_hours),
        Column("ore_frequentate", "hours that stand: as the host has said and the student has not denied, or as the school has settled; empty when nobody has said any", "hour_entries.host_minutes, hour_entries.school_minutes", lambda one: _hours(one.attended_minutes)),
        Column("id_convenzione", "the agreement that covers its days, signed", "papers.id", lambda one: _text(one.agreement_id and _id(one.agreement_id))),
        Column("rischio", "risk of the work, as the host has assessed it", "placements.risk", lambda one: str(one.placement.risk)),
        Column("motivo_fine", "why it was cancelled or interrupted", "placements.end_reason", lambda one: _text(one.placement.end_reason)),
    ),
    Register.HOSTS: (
        Column("codice_scuola", "mechanographic code of the school", "schools.code", lambda one: one.school.code),
        Column("id_ospitante", "the host's id in this service", "companies.id", lambda one: _id(one.company.id)),
        Column("denominazione", "its name", "companies.name", lambda one: one.company.name),
        Column("tipo", "firm, laboratory, public body, association, training body", "companies.kind", lambda one: str(one.company.kind)),
        Column("codice_fiscale", "its tax code", "companies.tax_code", lambda one: _text(one.company.tax_code)),
        Column("dimensione", "size, in the bands of the European definition", "companies.size", lambda one: _text(one.company.size)),
        Column("ateco_2007", "ATECO codes of the edition 2007, the main one first", "company_sectors.ateco_code", lambda one: " ".join(one.sectors.get("2007", ()))),
        Column("ateco_2025", "ATECO codes of the edition 2025, the main one first", "company_sectors.ateco_code", lambda one: " ".join(one.sectors.get("2025", ()))),
        Column("comuni_istat", "ISTAT codes of the municipalities of its sites, the main one first", "company_sites.municipality_istat", lambda one: " ".join(one.sites)),
        Column("sito_web", "its website", "companies.website", lambda one: _text(one.company.website)),
        Column("studenti", "students of the school who were placed there in the year, cancelled ones not counted", "placements", lambda one: one.students),
        Column("ore_previste", "their planned hours", "placements.planned_hours", lambda one: one.planned_hours),
        Column("attivita", "what they did, each once", "opportunities.title", lambda one: "; ".join(one.titles)),
    ),
    Register.AGREEMENTS: (
        Column("codice_scuola", "mechanographic code of the school", "schools.code", lambda one: one.school.code),
        Column("id_convenzione", "the agreement's id", "papers.id", lambda one: _id(one.agreement.id)),
        Column("stato", "where it stands: signed ones only", "papers.state", lambda one: str(one.agreement.state)),
        Column("denominazione", "name of the host", "companies.name", lambda one: one.company.name),
        Column("codice_fiscale", "its tax code", "companies.tax_code", lambda one: _text(one.company.tax_code)),
        Column("dal", "first day", "agreements.valid_from", lambda one: _day(one.agreement.valid_from)),
        Column("al", "last day", "agreements.valid_until", lambda one: _day(one.agreement.valid_until)),
        Column("firmata_il", "day of the last signature", "signatures.signed_on", lambda one: _day(one.signed_on)),
        Column("posizione_inail", "insurance position under which the students are covered", "agreements.inail_position", lambda one: one.agreement.inail_position),
        Column("polizza_rc", "liability policy", "agreements.insurance_policy", lambda one: one.agreement.insurance_policy),
    ),
}  # fmt: skip
"""Of each file. Values that are not known are empty."""


def _year(school_class: Any) -> str:
    return f"{school_class.start_year}/{school_class.start_year + 1}"


def columns(register: Register, *, with_names: bool) -> list[Column]:
    """The columns of a file, with or without those that name people."""
    return [one for one in COLUMNS[register] if with_names or not one.is_name]


def as_markdown() -> str:
    """The tables of `docs/registers.md`."""
    lines = []
    for register, columns_ in COLUMNS.items():
        lines += [
            f"### `{register}.csv`",
            "",
            "| column | what it holds | from | only for the school itself |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{one.name}` | {one.about} | `{one.source}` | {'yes' if one.is_name else ''} |"
            for one in columns_
        ]
        lines.append("")
    return "\n".join(lines).rstrip()
