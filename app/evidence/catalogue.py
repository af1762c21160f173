"""Metadata of released editions for catalogues of open data: DCAT-AP_IT 1.0, as JSON-LD.

What the profile asks for of a catalogue is title, description, publisher, modified and datasets; of a dataset identifier,
title, description, modified, theme, rightsHolder and accrualPeriodicity; of a distribution format, accessURL and license
(AgID, Profilo nazionale dei metadati DCAT-AP_IT; which are mandatory is recalled, and a test holds them).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from app import dates
from app.evidence.models import EvidenceEdition

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_EU = "http://publications.europa.eu/resource/authority/"
_IT = "http://dati.gov.it/onto/dcatapit#"
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dcatapit": _IT,
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "schema": "http://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FORMATS = {"csv": "CSV", "json": "JSON"}


def catalogue(
    editions: Sequence[EvidenceEdition], address: str, zone: ZoneInfo, today: date
) -> dict[str, Any]:
    """The catalogue with the editions, the latest first; `address` is that of the service."""
    home = f"{address}/open-data"
    agents = {_agent(one)["@id"]: _agent(one) for one in editions}
    modified = (
        editions[0].released_at.astimezone(zone).date() if editions and editions[0].released_at else today
    )
    datasets = [_dataset(one, home, zone) for one in editions]
    whole = {
        "@id": home,
        "@type": ["dcatapit:Catalog", "dcat:Catalog"],
        "dct:title": _both("Dati aperti su scuole e imprese", "Open data on schools and companies"),
        "dct:description": _both(
            "Quanto fanno insieme scuole e imprese del territorio, senza che nessuno si riconosca.",
            "What schools and companies of the territory do together, with nobody recognisable.",
        ),
        "dct:publisher": [{"@id": one} for one in agents],
        "dct:modified": _day(modified),
        "dct:language": [{"@id": f"{_EU}language/{code}"} for code in ("ITA", "ENG")],
        "dcat:themeTaxonomy": {"@id": f"{_EU}data-theme"},
        "foaf:homepage": {"@id": home},
        "dcat:dataset": [{"@id": one["@id"]} for one in datasets],
    }
    distributions = [part for one in editions for part in _distributions(one, home)]
    return {"@context": CONTEXT, "@graph": [whole, *agents.values(), *datasets, *distributions, _licence()]}


def _both(italian: str, english: str) -> list[dict[str, str]]:
    return [{"@language": "it", "@value": italian}, {"@language": "en", "@value": english}]


def _day(day: date) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": day.isoformat()}


def _agent(edition: EvidenceEdition) -> dict[str, Any]:
    publisher = edition.content["policy"]["publisher"]
    return {
        "@id": publisher["homepage"],
        "@type": ["dcatapit:Agent", "foaf:Agent"],
        "dct:identifier": publisher["identifier"],
        "foaf:name": publisher["name"],
    }


def _dataset(edition: EvidenceEdition, home: str, zone: ZoneInfo) -> dict[str, Any]:
    policy, name = edition.content["policy"], edition.content["territory"]["name"]
    publisher, year = policy["publisher"], f"{edition.start_year}/{edition.start_year + 1}"
    first, last = dates.days_of_school_year(edition.start_year)
    assert edition.released_at is not None  # noqa: S101 -- for the type checker; others are not in a catalogue
    released_on = edition.released_at.astimezone(zone).date()
    edition_is = f"{edition.number}"
    return {
        "@id": f"{home}/{edition.id}",
        "@type": ["dcatapit:Dataset", "dcat:Dataset"],
        "dct:identifier": f"{publisher['identifier']}:{policy['id']}-{edition.start_year}-{edition.id}",
        "dct:title": _both(
            f"{policy['it']}: {name}, anno scolastico {year}, edizione {edition_is}",
            f"{policy['en']}: {name}, school year {year}, edition {edition_is}",
        ),
        "dct:description": _both(
            "Indicatori con definizione, per area e tipo di scuola. Le persone sono contate a gruppi di cinque, per"
            " difetto; manca ciò che farebbe riconoscere qualcuno.",
            "Indicators with definitions, by area and kind of school. People are counted in steps of five, rounded"
            " down; what would give somebody away is left out.",
        ),
        "dct:issued": _day(released_on),
        "dct:modified": _day(released_on),
        "dcat:theme": [{"@id": f"{_EU}data-theme/{code}"} for code in publisher["themes"]],
        "dct:publisher": {"@id": publisher["homepage"]},
        "dct:rightsHolder": {"@id": publisher["homepage"]},
        "dct:accrualPeriodicity": {"@id": f"{_EU}frequency/{publisher['frequency']}"},
        "dct:language": [{"@id": f"{_EU}language/{code}"} for code in ("ITA", "ENG")],
        "dct:temporal": {
            "@type": "dct:PeriodOfTime", "schema:startDate": _day(first), "schema:endDate": _day(last),
        },
        "owl:versionInfo": edition_is,
        "dcat:distribution": [{"@id": part["@id"]} for part in _distributions(edition, home)],
    }  # fmt: skip


def _distributions(edition: EvidenceEdition, home: str) -> list[dict[str, Any]]:
    return [
        {
            "@id": f"{home}/{edition.id}/figures.{ending}",
            "@type": ["dcatapit:Distribution", "dcat:Distribution"],
            "dct:title": _both(f"Tutti i dati in {name}", f"All data as {name}"),
            "dct:format": {"@id": f"{_EU}file-type/{name}"},
            "dcat:accessURL": {"@id": f"{home}/{edition.id}"},
            "dcat:downloadURL": {"@id": f"{home}/{edition.id}/figures.{ending}"},
            "dct:license": {"@id": LICENCE},
        }
        for ending, name in FORMATS.items()
    ]


def _licence() -> dict[str, Any]:
    return {
        "@id": LICENCE,
        "@type": ["dcatapit:LicenseDocument", "dct:LicenseDocument"],
        "dct:type": {"@id": "http://purl.org/adms/licencetype/Attribution"},
        "foaf:name": "Creative Commons Attribution 4.0 International (CC BY 4.0)",
        "owl:versionInfo": "4.0",
    }
