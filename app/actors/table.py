"""Areas as a table that people change in a spreadsheet: a row for each municipality, division or priority area."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from app.actors.faults import AreaFault
from app.actors.schemas import AreasPatch
from app.actors.service_areas import EMPTY
from app.imports import Reason

COLUMNS = (
    "part", "key", "it", "en", "code", "district", "sector", "skill_id", "starts_on", "ends_on", "reason", "decided_by",
)  # fmt: skip
LISTS = {"district": ("districts", "municipalities"), "sector": ("sectors", "divisions")}
"""Which list a row is for, and what its code goes into."""
PRIORITY = "priority"
_OF_PRIORITY = COLUMNS[5:]

NO_PART = Reason("no_part", "part is district, sector or priority", "part è district, sector oppure priority")
NO_COLUMN = Reason("no_column", "the column {value} is missing", "manca la colonna {value}")
WRONG = Reason("wrong", "{value} is missing or cannot be so", "{value} manca o non va bene così")


class UnreadableAreas(Exception):  # noqa: N818 -- faults of a file, each with its row
    """The table is no document of areas; `found` has the number of each row and what is wrong with it."""

    def __init__(self, found: Sequence[tuple[int, AreaFault]]) -> None:
        super().__init__("the areas cannot be read")
        self.found = found


class Rows:
    """The document that a table stands for, and from which row of the table each entry came."""

    def __init__(self, headings: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Raises UnreadableAreas."""
        self._first: dict[tuple[str, int], int] = {}
        self.document: dict[str, Any] = {name: [] for name in EMPTY}
        missing = [name for name in COLUMNS if name not in headings]
        if missing:
            raise UnreadableAreas([(1, AreaFault("", 0, "", NO_COLUMN, name)) for name in missing])
        strange = []
        for number, cells in rows:
            row = dict(zip(headings, cells, strict=True))
            if row["part"] in LISTS:
                self._gather(number, row)
            elif row["part"] == PRIORITY:
                self._append("priorities", number, row, {name: row[name] or None for name in _OF_PRIORITY})
            else:
                strange.append((number, AreaFault("", 0, "part", NO_PART)))
        if strange:
            raise UnreadableAreas(strange)
        try:
            self.document = AreasPatch.model_validate(self.document).document()
        except ValidationError as error:
            raise UnreadableAreas(list(self._refused(error))) from error

    def row_of(self, fault: AreaFault) -> int:
        """The first row of the entry that a fault is about."""
        return self._first[fault.part, fault.number]

    def _gather(self, number: int, row: Mapping[str, str]) -> None:
        part, contents = LISTS[row["part"]]
        one = next((one for one in self.document[part] if one["key"] == row["key"]), None)
        if one is None:
            one = self._append(part, number, row, {contents: []})
        one[contents].append(row["code"])

    def _append(
        self, part: str, number: int, row: Mapping[str, str], more: Mapping[str, Any]
    ) -> dict[str, Any]:
        ones = self.document[part]
        self._first[part, len(ones)] = number
        ones.append({"key": row["key"], "it": row["it"], "en": row["en"], **more})
        added: dict[str, Any] = ones[-1]
        return added

    def _refused(self, error: ValidationError) -> Iterator[tuple[int, AreaFault]]:
        for one in error.errors():
            part, *rest = one["loc"]
            number = int(rest[0]) if rest else 0
            name = str(rest[1]) if len(rest) > 1 else str(part)
            yield self._first.get((str(part), number), 1), AreaFault(str(part), number, name, WRONG, name)


def rows(document: Mapping[str, Any]) -> Iterator[list[str]]:
    """The table of a document, without its headings; reading it again gives the same document."""
    blank = [""] * len(_OF_PRIORITY)
    for part, (name, contents) in LISTS.items():
        for one in document[name]:
            for code in one[contents]:
                yield [part, one["key"], one["it"], one["en"], code, *blank]
    for one in document["priorities"]:
        yield [PRIORITY, one["key"], one["it"], one["en"], "", *(one[name] or "" for name in _OF_PRIORITY)]
