"""The map knows every column, and the documents are made from it."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from app.db import Base
from app.privacy import map as maps
from app.privacy.models import SubjectKind
from tests.conftest import ROOT

DOCUMENT = Path(ROOT, "docs/privacy.md")


def test_every_column_of_every_table_is_in_the_map() -> None:
    missing = maps.read().missing(Base.metadata.tables)
    assert missing == [], f"say in {maps.FILE.name} what these hold, or that they tell nothing of a person"
    assert maps.read().superfluous(Base.metadata.tables) == []


def test_a_forgotten_column_shows() -> None:
    metadata = sa.MetaData()
    tables = dict(Base.metadata.tables)
    tables["diaries"] = sa.Table("diaries", metadata, sa.Column("secret", sa.String))
    assert maps.read().missing(tables) == ["diaries.secret"]
    del tables["students"]
    assert "students.given_name" in maps.read().superfluous(tables)


def test_every_link_leads_along_columns_that_there_are() -> None:
    for entry in maps.read().entries.values():
        assert entry.basis in maps.read().bases
        assert entry.secret <= {*entry.columns, *entry.impersonal}
        for links in entry.rows.values():
            for link in links:
                names = {link.column, *link.when, *link.blank, *link.withhold}
                assert names <= set(entry.table.columns.keys()), entry.name
                if link.through:
                    parent, _, column = link.through.partition(".")
                    assert column in Base.metadata.tables[parent].columns


def test_whoever_refers_to_a_student_or_an_account_is_found_by_the_map() -> None:
    """A foreign key that leads to a person is a link; a table that nobody thought of would survive an erasure."""
    for target, kind in (("students", SubjectKind.STUDENT), ("users", SubjectKind.ACCOUNT)):
        for table in Base.metadata.tables.values():
            for key in table.foreign_keys:
                if key.column.table.name == target:
                    links = maps.read().entries[table.name].rows[kind]
                    assert key.parent.name in {link.column for link in links}, (
                        f"{table.name}.{key.parent.name}"
                    )


def test_the_person_goes_last() -> None:
    for kind, last in ((SubjectKind.STUDENT, "students"), (SubjectKind.ACCOUNT, "users")):
        assert [entry.name for entry, _ in maps.read().walk(kind)][-1] == last


def test_the_document_is_current() -> None:
    [written] = re.findall(r"<!-- map -->\n(.*?)\n<!-- /map -->", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert written == maps.as_markdown(), "put the output of `python -m app privacy map` between the marks"


def test_settings_that_the_map_names_exist() -> None:
    from app.settings import Settings

    named = re.findall(r"`BOTTEGA_([A-Z_]+)`", maps.FILE.read_text("utf-8"))
    assert {name.lower() for name in named} <= set(Settings.model_fields)
