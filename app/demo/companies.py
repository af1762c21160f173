"""Companies that do not exist, where industry is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from app.companies.models import (
    Company,
    CompanyContact,
    CompanyKind,
    CompanySector,
    CompanySite,
    SizeBand,
    name_key,
)
from app.companies.rules import answer_due_on
from app.demo.chance import Chance
from app.demo.places import Atlas
from app.demo.rows import Rows
from app.demo.territory import Archetype, Territory

SIZES = tuple(SizeBand)
PUBLIC_ONE_IN = 4
"""Of so many companies one has chosen to be seen by everybody."""
_LAW = {CompanyKind.FIRM, CompanyKind.LAB}


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """A company with what its offers say of it."""

    id: UUID
    site_id: UUID
    municipality: str
    archetype: Archetype
    size: SizeBand
    is_approved: bool
    words: Mapping[str, str]


class Companies:
    """Invents companies and writes them."""

    def __init__(
        self,
        rows: Rows,
        territory: Territory,
        atlas: Atlas,
        chance: Chance,
        centres: Mapping[str, float],
        on: date,
    ) -> None:
        self._on = on
        self._rows, self._territory, self._atlas, self._chance = rows, territory, atlas, chance
        self._centres = centres
        self._numbers = territory.numbers["companies"]
        self._names: set[str] = set()

    def found(self, count: int, advance: Callable[[int], None]) -> list[DemoCompany]:
        """So many companies, of every sort as often as its weight says; the first one is the persona's."""
        by_id = {one.id: one for one in self._territory.archetypes}
        deck = self._chance.deck({one.id: one.weight for one in by_id.values()}, count)
        persona = self._territory.personas["company"]
        if persona["archetype"] in deck:
            deck.remove(persona["archetype"])
        companies: list[DemoCompany] = []
        for archetype in [persona["archetype"], *deck][:count]:
            companies.append(self._found(by_id[archetype], None if companies else persona))
            advance(1)
        return companies

    def _found(self, archetype: Archetype, persona: Mapping[str, str] | None = None) -> DemoCompany:
        chance, numbers = self._chance, self._numbers
        size = SizeBand.LARGE if persona else chance.pick(dict(zip(SIZES, archetype.sizes, strict=True)))
        centre = next(iter(self._centres)) if persona else chance.pick(self._centres)
        municipality = self._atlas.industry(chance, centre)
        words = {slot: chance.choice(choices) for slot, choices in archetype.words.items()}
        staff = chance.within(numbers["people"][size])
        words |= {
            "town": self._atlas.by_istat[municipality].name,
            "people": chance.choice(numbers["say_people"]).format(number=staff),
            "since": str(chance.within(numbers["since"])),
            "tutor": chance.choice(self._territory.names.contact_given),
        }
        words["company"] = short = self._name(archetype, words)
        kind = CompanyKind(archetype.kind)
        form = chance.choice(numbers["legal_forms"][size]) if kind in _LAW else ""
        company = DemoCompany(
            chance.id(), chance.id(), municipality, archetype, size,
            bool(persona) or not chance.happens(numbers["not_approved"]), words,
        )  # fmt: skip
        name = f"{short} {form}".strip()
        districts = self._territory.districts.get(municipality)
        self._rows.add(
            Company, id=company.id, name=name, search_key=name_key(name), kind=kind, size=size,
            description=chance.write(chance.choice(archetype.describes), words),
            website=f"https://www.{_slug(short)}.example" if chance.happens(0.8) else None, tax_code=None,
            district=chance.choice(districts) if districts and chance.happens(0.75) else None,
            source=None, external_id=None, version=1, territory_id=None, **self._review(company),
            is_public=company.is_approved and company.id.int % PUBLIC_ONE_IN == 0,
        )  # fmt: skip
        self._write_parts(company, short, persona)
        return company

    def _review(self, company: DemoCompany) -> Mapping[str, Any]:
        # A third of those that wait have waited too long, so that the coordinator's page has something to show.
        asked = self._on - timedelta(days=60 if company.is_approved else company.id.int % 11)
        return {
            "submitted_at": datetime.combine(asked, time(8), UTC),
            "answer_due_on": answer_due_on(asked, 5),
            "approved_at": datetime.combine(asked + timedelta(days=3), time(8), UTC) if company.is_approved else None,
            "approved_by": "system:demo" if company.is_approved else None,
            "rejected_at": None, "rejected_by": None, "rejection_reason": None,
        }  # fmt: skip

    def _write_parts(self, company: DemoCompany, name: str, persona: Mapping[str, str] | None) -> None:
        chance, rows = self._chance, self._rows
        code, edition = chance.choice(company.archetype.sectors)
        rows.add(CompanySector, company_id=company.id, ateco_code=code, ateco_edition=edition, is_main=True)
        site = {"company_id": company.id, "address": None}
        main = {
            "id": company.site_id,
            "name": "Sede",
            "municipality_istat": company.municipality,
            "is_main": True,
        }
        rows.add(CompanySite, **site, **main)
        if company.size in (SizeBand.MEDIUM, SizeBand.LARGE) and chance.happens(0.3):
            other = self._atlas.industry(chance, company.municipality)
            rows.add(
                CompanySite, **site, id=chance.id(), name="Magazzino", municipality_istat=other, is_main=False
            )
        people = [(company.words["tutor"], chance.choice(self._territory.names.company_family))]
        if company.size is not SizeBand.MICRO:
            people.append(
                (
                    chance.choice(self._territory.names.contact_given),
                    chance.choice(self._territory.names.company_family),
                )
            )
        for given, family in people:
            rows.add(
                CompanyContact, id=chance.id(), company_id=company.id, name=f"{given} {family}",
                job=chance.choice(self._territory.names.contact_jobs),
                email=f"{_slug(given)}.{_slug(family)}@{_slug(name)}.example", phone=None,
            )  # fmt: skip
        if persona:
            rows.add(
                CompanyContact, id=chance.id(), company_id=company.id, name=persona["name"], job=persona["job"],
                email=persona["email"], phone=None,
            )  # fmt: skip

    def _name(self, archetype: Archetype, words: Mapping[str, str]) -> str:
        """A name that no other company of the demo has."""
        chance, parts = self._chance, self._territory.names
        for attempt in range(1, 1_000_000):
            family, family2 = chance.sample(parts.company_family, 2)
            pattern = chance.choice(archetype.names)
            coined = chance.choice(parts.company_coined) + chance.choice(parts.company_middles)
            initials = ".".join(chance.choices("ACDEFGLMNOPRSTVZ", k=3)) + "."
            name = chance.write(
                pattern,
                {**words, "family": family, "family2": family2, "coined": coined, "initials": initials},
            )
            if attempt > 4:
                name += f" {words['town']}"
            if attempt > 8:
                name += f" {attempt}"
            if name not in self._names:
                self._names.add(name)
                return name
        raise AssertionError("numbers do not end")


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
