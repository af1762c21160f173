"""What is wrong with areas: each fault says where, and why in both languages, as people hand areas in as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.companies import sectors
from app.imports import Reason

TWICE = Reason("twice", "the key stands there twice", "la chiave c'è già")
ELSEWHERE = Reason(
    "elsewhere", "{value} is no municipality of the territory", "{value} non è un comune del territorio"
)
TAKEN = Reason("taken", "{value} is in {other} already", "{value} è già in {other}")
NO_DIVISION = Reason(
    "no_division",
    "{value} is no division of ATECO with its edition, like 2025-28",
    "{value} non è una divisione ATECO con la sua edizione, come 2025-28",
)
NAMES_NOTHING = Reason(
    "names_nothing",
    "names a district, a sector or a skill",
    "manca: un distretto, un settore o una competenza",
)
NO_DISTRICT = Reason("no_district", "is no district of the document", "non è un distretto della tabella")
NO_SECTOR = Reason("no_sector", "is no sector of the document", "non è un settore della tabella")
NO_SKILL = Reason("no_skill", "no skill has this id", "nessuna competenza ha questo codice")
BACKWARDS = Reason("backwards", "is before starts_on", "viene prima del primo giorno")


class AreaFault(NamedTuple):
    """Which entry of which list, counted from 0, what of it, and why not."""

    part: str
    number: int
    name: str
    reason: Reason
    value: str = ""
    other: str = ""

    @property
    def field(self) -> str:
        """As the API names it."""
        return f"{self.part}.{self.number}" + (f".{self.name}" if self.name else "")

    def said(self, language: str) -> str:
        """Why not, in words."""
        text = self.reason.it if language == "it" else self.reason.en
        return text.format(value=self.value, other=self.other)


def is_division(text: str) -> bool:
    """Whether a text names a division of ATECO with its edition.

    >>> is_division("2025-28"), is_division("2025-04"), is_division("28")
    (True, False, False)
    """
    edition, _, code = text.partition("-")
    return len(code) == len("28") and sectors.is_known(code, edition)


def find(
    document: Mapping[str, Any], *, municipalities: Collection[str], skills: Collection[str]
) -> list[AreaFault]:
    """All faults of areas. `municipalities` are those of the territory; `skills` those that exist."""
    keys = {part: {one["key"] for one in document[part]} for part in ("districts", "sectors")}
    return [
        *(
            fault
            for part in ("districts", "sectors", "priorities")
            for fault in _repeated(part, document[part])
        ),
        *_of_districts(document["districts"], municipalities),
        *(
            AreaFault("sectors", number, "divisions", NO_DIVISION, code)
            for number, one in enumerate(document["sectors"])
            for code in one["divisions"]
            if not is_division(code)
        ),
        *(
            AreaFault("priorities", number, name, reason)
            for number, one in enumerate(document["priorities"])
            for name, reason in _of_priority(one, keys, skills)
        ),
    ]


def _repeated(part: str, ones: Iterable[Mapping[str, Any]]) -> Iterator[AreaFault]:
    seen: Counter[str] = Counter()
    for number, one in enumerate(ones):
        seen[one["key"]] += 1
        if seen[one["key"]] > 1:
            yield AreaFault(part, number, "key", TWICE)


def _of_districts(districts: Iterable[Mapping[str, Any]], known: Collection[str]) -> Iterator[AreaFault]:
    taken: dict[str, str] = {}
    for number, one in enumerate(districts):
        for istat in one["municipalities"]:
            if istat not in known:
                yield AreaFault("districts", number, "municipalities", ELSEWHERE, istat)
            elif istat in taken:
                yield AreaFault("districts", number, "municipalities", TAKEN, istat, taken[istat])
            taken.setdefault(istat, one["key"])


def _of_priority(
    one: Mapping[str, Any], keys: Mapping[str, Collection[str]], skills: Collection[str]
) -> Iterator[tuple[str, Reason]]:
    if not (one["district"] or one["sector"] or one["skill_id"]):
        yield "", NAMES_NOTHING
    if one["district"] and one["district"] not in keys["districts"]:
        yield "district", NO_DISTRICT
    if one["sector"] and one["sector"] not in keys["sectors"]:
        yield "sector", NO_SECTOR
    if one["skill_id"] and one["skill_id"] not in skills:
        yield "skill_id", NO_SKILL
    if one["ends_on"] < one["starts_on"]:
        yield "ends_on", BACKWARDS
