"""A small vocabulary for tests: a tree of three, and one concept beside it."""

from __future__ import annotations

from typing import Any

from app.skills.vocabulary import ConceptData

ESCO_SKILL = "http://data.europa.eu/esco/skill/"


def concept(concept_id: str, it: tuple[str, ...], en: tuple[str, ...], **values: Any) -> ConceptData:
    """A curated concept; its description says its id."""
    defaults: dict[str, Any] = {
        "kind": "skill", "broader": None, "related": (), "esco_uri": None,
        "labels": {"it": it, "en": en},
        "descriptions": {"it": f"{concept_id} in breve.", "en": f"{concept_id} in short."},
    }  # fmt: skip
    return ConceptData(id=concept_id, **defaults | values)


AUTOMATION = concept("automation", ("automazione", "automatista"), ("automation",), kind="knowledge")
PLC = concept(
    "plc", ("programmazione PLC", "PLC"), ("PLC programming", "PLC"), broader="automation",
    related=("robots",), esco_uri=ESCO_SKILL + "plc",
)  # fmt: skip
LADDER = concept("ladder", ("linguaggio Ladder", "schema PLC"), ("ladder logic",), broader="plc", kind="tool")
ROBOTS = concept("robots", ("robotica",), ("robotics",), related=())
VOCABULARY = (AUTOMATION, PLC, LADDER, ROBOTS)
