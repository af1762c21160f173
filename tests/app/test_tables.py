"""What a spreadsheet makes of the files that we write."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from app import tables


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "=HYPERLINK(\"//x\",\"y\")",
        "=cmd|' /C calc'!A0",
    ],
)  # fmt: skip
def test_a_formula_becomes_text(text: str) -> None:
    stream = io.StringIO()
    tables.writer(stream).writerows([[text, "b"]])
    [[cell, other]] = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert (cell, other) == ("'" + text, "b")


@pytest.mark.parametrize("value", ["Bologna", "a=b", "3-4", "", "'x", -3, 4.5, None, 0])
def test_all_else_stays(value: object) -> None:
    assert tables.safe_cell(value) is value


WRITERS = {"app/tables.py", "app/places/data/build.py", "app/places/data/build_outlines.py"}
"""The others write the data that come with the code; no person's text gets there, and no spreadsheet reads it."""


def test_nothing_else_writes_delimited_files() -> None:
    root = Path(__file__).parents[2]
    found = {
        path.relative_to(root).as_posix()
        for path in (root / "app").rglob("*.py")
        if any(word in path.read_text("utf-8") for word in ("csv.writer", "csv.DictWriter", "DictWriter("))
    }
    assert found == WRITERS
