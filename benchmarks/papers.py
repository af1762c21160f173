"""Prints the agreement of a host and the training plans of a class, and tells how long that takes.

    python -m benchmarks.papers

A class of 25 has 5 seconds: for 26 documents, one after the other, and again as one document for the printer.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.agreements import printing, wording
from app.agreements.models import Language, SignerRole

STUDENTS = 25
MOST_SECONDS = 5.0
NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)


def a_section(heading: str, **more: Any) -> dict[str, Any]:
    """A section as `app.agreements.contents` makes it."""
    empty: dict[str, Any] = {"paragraphs": [], "facts": [], "items": [], "table": None}
    return {"heading": wording.HEADINGS[heading]["it"]} | empty | more


def a_paper(kind: str, sections: list[dict[str, Any]], people: dict[SignerRole, str]) -> dict[str, Any]:
    """A document's data."""
    rows = [[wording.ROLES[role]["it"], name, ""] for role, name in people.items()]
    return {
        "lang": Language.ITALIAN.value, "title": wording.TITLES[kind]["it"], "sections": sections,
        "signatures": {"heading": "Firme", "head": ["In qualità di", "Nome", "Data e firma"], "rows": rows},
        "footer": wording.FOOTER["it"],
    }  # fmt: skip


def an_agreement() -> dict[str, Any]:
    """All sections, with the texts that every agreement has."""
    facts = [["Scuola", "IIS Prova"], ["Soggetto ospitante", "Officina Prova"], ["Polizza numero", "P-1"]]
    sections = [
        a_section("parties", facts=facts),
        a_section("purpose", paragraphs=[wording.PURPOSE["it"]]),
        a_section("school_duties", items=list(wording.SCHOOL_DUTIES["it"])),
        a_section("host_duties", items=list(wording.HOST_DUTIES["it"])),
        a_section("validity", paragraphs=[wording.END_OF_AGREEMENT["it"]]),
    ]
    return a_paper("agreement", sections, {SignerRole.HOST: "Ugo Bo", SignerRole.HEAD: "Anna Neri"})


def a_plan(number: int) -> dict[str, Any]:
    """Four weeks, day by day, eight skills, six signatures; no two students have the same."""
    first = date(2026, 2, 9)
    days = [first + timedelta(days=day) for day in range(28) if day % 7 < 5]
    schedule = {
        "head": ["Giorno", "Orario", "Ore"],
        "rows": [[f"{day:%d/%m/%Y}", "08:00–16:00", "8"] for day in days],
    }
    skills = {
        "head": ["Competenza", "Livello da raggiungere"],
        "rows": [[f"Competenza {skill} di {number}", "intermedio"] for skill in range(8)],
    }
    sections = [
        a_section("who", facts=[["Studente", f"Studente {number}"], ["Classe", "4 A"]]),
        a_section(
            "activities", paragraphs=["Cabla quadri elettrici con il tutor e ne prova il funzionamento."] * 3
        ),
        a_section("skills", table=skills),
        a_section("duties", items=list(wording.STUDENT_DUTIES["it"])),
        a_section("schedule", table=schedule),
    ]
    return a_paper("plan", sections, {role: f"Persona {role} {number}" for role in SignerRole})


def main() -> None:
    """Print the times; end with an error when a class takes too long."""
    papers = [an_agreement(), *(a_plan(number) for number in range(STUDENTS))]
    printing.print_paper(
        a_plan(-1), version=1, now=NOW
    )  # the library's own start counts once, not in each run
    began = time.perf_counter()
    sizes = [len(printing.print_paper(one, version=1, now=NOW).content) for one in papers]
    apart = time.perf_counter() - began
    began = time.perf_counter()
    _, whole = printing.print_all(papers, now=NOW)
    together = time.perf_counter() - began
    print(f"{len(papers)} documents, one by one: {apart:.2f} s, {sum(sizes) / 1000:.0f} kB")
    print(f"the same as one document:     {together:.2f} s, {len(whole) / 1000:.0f} kB")
    if max(apart, together) > MOST_SECONDS:
        raise SystemExit(f"more than {MOST_SECONDS} s")


if __name__ == "__main__":
    main()
