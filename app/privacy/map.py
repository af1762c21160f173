"""The map of personal data as values: which rows and columns are about whom, and what becomes of them.

`map.toml` beside this file is what people edit. Exports and erasures walk along it, so a table that is missing there is
missing in them: a test holds it against the tables.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db import Base
from app.privacy.models import SubjectKind

FILE = Path(__file__).with_name("map.toml")
TOMBSTONE = "tombstone"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data: a student's, or an account's."""

    kind: SubjectKind
    id: UUID


@dataclass(frozen=True, slots=True)
class Link:
    """How a table's rows lead to a person; `blank` empties these columns, without it the row goes."""

    column: str
    through: str | None = None
    written: str = "{id}"
    contains: bool = False
    email: bool = False
    when: Mapping[str, str] = field(default_factory=dict)
    blank: Mapping[str, str] = field(default_factory=dict)
    withhold: frozenset[str] = frozenset()

    def rows(self, table: sa.Table, subject_id: UUID) -> sa.ColumnElement[bool]:
        """The condition for the rows of this person."""
        return sa.and_(
            self._leads_to(table.c[self.column], subject_id),
            *(table.c[name] == value for name, value in self.when.items()),
        )

    def _leads_to(self, column: sa.Column[Any], subject_id: UUID) -> sa.ColumnElement[bool]:
        if self.email:
            users = Base.metadata.tables["users"].c
            return sa.func.lower(column).in_(sa.select(users.email).where(users.id == subject_id))
        if self.through is not None:
            name, _, key = self.through.partition(".")
            parent = Base.metadata.tables[name].c
            return column.in_(sa.select(parent.id).where(parent[key] == subject_id))
        if isinstance(column.type, sa.Uuid):
            return column == subject_id
        text = self.written.format(id=subject_id)
        return column.contains(text, autoescape=True) if self.contains else column == text

    def emptied(self, table: sa.Table, tombstone_id: UUID) -> dict[str, Any]:
        """The values of the columns that are blanked."""
        return {name: self._blank(table.c[name], value, tombstone_id) for name, value in self.blank.items()}

    @staticmethod
    def _blank(column: sa.Column[Any], value: str, tombstone_id: UUID) -> Any:
        if value == "null":
            return None
        if value == TOMBSTONE:
            return tombstone_id if isinstance(column.type, sa.Uuid) else str(tombstone_id)
        return value


@dataclass(frozen=True, slots=True)
class Entry:
    """A table with personal data."""

    name: str
    about: str
    purpose: str
    basis: str
    seen_by: str
    kept: str
    columns: Mapping[str, str]
    rows: Mapping[SubjectKind, tuple[Link, ...]]
    secret: frozenset[str]
    impersonal: frozenset[str]

    @property
    def table(self) -> sa.Table:
        """The table itself."""
        return Base.metadata.tables[self.name]

    def end(self) -> str:
        """What erasing does, in a word."""
        links = [link for links in self.rows.values() for link in links]
        words = {"ids are replaced" if link.blank else "deleted" for link in links}
        return " or ".join(sorted(words)) or "with what it hangs on"


@dataclass(frozen=True, slots=True)
class DataMap:
    """Every table, personal or not."""

    bases: Mapping[str, str]
    entries: Mapping[str, Entry]
    impersonal: Mapping[str, frozenset[str]]

    def missing(self, tables: Mapping[str, sa.Table]) -> list[str]:
        """Columns of the database that nobody has said anything about, as "table.column"."""
        return sorted(
            f"{name}.{column.name}"
            for name, table in tables.items()
            for column in table.columns
            if column.name not in self._known(name)
        )

    def superfluous(self, tables: Mapping[str, sa.Table]) -> list[str]:
        """What the map speaks of and the database does not have, as "table.column"."""
        return sorted(
            f"{name}.{column}"
            for name in {*self.entries, *self.impersonal}
            for column in self._known(name)
            if name not in tables or column not in tables[name].columns
        )

    def _known(self, name: str) -> frozenset[str]:
        entry = self.entries.get(name)
        if entry is None:
            return self.impersonal.get(name, frozenset())
        return entry.impersonal | frozenset(entry.columns)

    def walk(self, kind: SubjectKind) -> Iterator[tuple[Entry, Link]]:
        """Every link to such a person, in an order in which rows can go: what hangs on others first, the person last."""
        order = [table.name for table in reversed(Base.metadata.sorted_tables) if table.name in self.entries]
        links = [
            (self.entries[name], link) for name in order for link in self.entries[name].rows.get(kind, ())
        ]
        yield from sorted(links, key=lambda pair: pair[1].column == "id")


@cache
def read() -> DataMap:
    """The map."""
    written = tomllib.loads(FILE.read_text("utf-8"))
    entries = {name: _entry(name, table) for name, table in written["tables"].items()}
    impersonal = {name: frozenset(columns) for name, columns in written["impersonal"].items()}
    return DataMap(written["bases"], entries, impersonal)


def _entry(name: str, table: Mapping[str, Any]) -> Entry:
    rows = {
        SubjectKind(kind): tuple(_link(link) for link in links)
        for kind, links in table.get("rows", {}).items()
    }
    said: dict[str, Any] = {
        key: table[key] for key in ("about", "purpose", "basis", "seen_by", "kept", "columns")
    }
    said |= {key: frozenset(table.get(key, ())) for key in ("secret", "impersonal")}
    return Entry(name=name, rows=rows, **said)


def _link(written: Mapping[str, Any]) -> Link:
    values = dict(written)
    if "as" in values:
        values["written"] = values.pop("as")
    if "withhold" in values:
        values["withhold"] = frozenset(values["withhold"])
    return Link(**values)


def as_markdown() -> str:
    """The map as the tables of `docs/privacy.md`."""
    data = read()
    lines = [
        "| table | about | purpose | basis | who sees it | how long | when erased |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{one.name}` | {one.about} | {one.purpose} | {one.basis} | {one.seen_by} | {one.kept} | {one.end()} |"
        for one in data.entries.values()
    ]
    lines += ["", "| basis | |", "|---|---|"]
    lines += [f"| {name} | {text} |" for name, text in data.bases.items()]
    lines += ["", "| column | what it holds |", "|---|---|"]
    lines += [
        f"| `{one.name}.{name}` | {text} |"
        for one in data.entries.values()
        for name, text in one.columns.items()
    ]
    lines += ["", "Nothing of a person: " + ", ".join(f"`{name}`" for name in sorted(data.impersonal)) + "."]
    return "\n".join(lines)
