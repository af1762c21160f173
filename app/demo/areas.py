"""The demo's districts, sectors and priority areas, as a coordinator hands them in, and what the first actors have signed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from app import dates
from app.actors import table
from app.actors.models import Pledge, Protocol, ProtocolParty, TerritoryAreas
from app.demo.chance import Chance
from app.demo.rows import Rows
from app.demo.territory import DATA


def write(rows: Rows, territory_id: UUID, on: date) -> None:
    """Priority areas without days hold for the school year of `on`."""
    first, last = dates.days_of_school_year(dates.school_year(on))
    with (DATA / "areas.csv").open(encoding="utf-8", newline="") as file:
        headings, *lines = csv.reader(file)
    for line in lines:
        for name, day in (("starts_on", first), ("ends_on", last)):
            at = headings.index(name)
            line[at] = line[at] or (day.isoformat() if line[0] == table.PRIORITY else "")
    read = table.Rows(headings, list(enumerate(lines, start=2)))
    rows.add(
        TerritoryAreas, territory_id=territory_id, document=read.document, edited_by="system:demo", version=1,
        edited_at=datetime.combine(on, time(6), UTC),
    )  # fmt: skip


PROTOCOLS = (
    ("Patto per la scuola in azienda", "PG/2026/118", 3, ((Pledge.VISITS, 4), (Pledge.PLACEMENTS, 10), (Pledge.SEATS, 60))),
    ("Protocollo per i laboratori di prossimità", None, 2, ((Pledge.VISITS, 2), (Pledge.OTHER, 1))),
)  # fmt: skip
"""Title, number, how many schools sign, and what each company promises."""
IN_WORDS = "una giornata in laboratorio per i docenti"


def write_protocols(
    rows: Rows,
    chance: Chance,
    territory_id: UUID,
    on: date,
    schools: Sequence[UUID],
    companies: Sequence[UUID],
) -> None:
    """Signed last month for two years, by the first schools and companies."""
    signed_on = on - timedelta(days=30)
    for title, number, most, pledges in PROTOCOLS:
        protocol_id = chance.id()
        rows.add(
            Protocol, id=protocol_id, territory_id=territory_id, title=title, document_number=number,
            signed_on=signed_on, valid_until=signed_on + timedelta(days=730), version=1, created_by="system:demo",
            created_at=datetime.combine(signed_on, time(6), UTC),
        )  # fmt: skip
        parties: list[dict[str, Any]] = [{"school_id": one} for one in schools[:most]]
        for one, (pledge, per_year) in zip(companies, pledges, strict=False):
            words = IN_WORDS if pledge is Pledge.OTHER else ""
            parties.append({"company_id": one, "pledge": pledge, "per_year": per_year, "words": words})
        blank = {"school_id": None, "company_id": None, "pledge": None, "per_year": None, "words": ""}
        for party in parties:
            rows.add(ProtocolParty, id=chance.id(), protocol_id=protocol_id, **{**blank, **party})
