"""The table of security requirements names proofs that exist, and says no more than they prove."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = re.findall(
    r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (met|open|operator|does not apply) \| (.+?) \|$",
    (ROOT / "docs/asvs.md").read_text("utf-8"),
    re.MULTILINE,
)
REQUIREMENTS = {"1": 70, "2": 183}
"""How many there are in version 5.0.0."""
MOST_OPEN = {"1": 0, "2": 8}
"""At level 2 less than a tenth of what applies."""


def test_every_requirement_stands_here_once() -> None:
    ids = [row[0] for row in ROWS]
    assert len(set(ids)) == len(ids)
    assert {level: sum(row[1] == level for row in ROWS) for level in REQUIREMENTS} == REQUIREMENTS
    assert ids == sorted(ids, key=lambda one: [int(part) for part in one.split(".")])


@pytest.mark.parametrize("level", REQUIREMENTS)
def test_little_is_open(level: str) -> None:
    still_open = [row[0] for row in ROWS if row[1] == level and row[3] == "open"]
    assert len(still_open) <= MOST_OPEN[level], still_open


@cache
def _tests(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@cache
def _headings(path: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", (ROOT / "docs" / path).read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("row", [row for row in ROWS if row[3] != "open"], ids=lambda row: row[0])
def test_the_proof_exists(row: tuple[str, ...]) -> None:
    proof = row[4]
    if row[3] == "does not apply":
        assert not proof.startswith(("`", "["))
    elif found := re.fullmatch(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", proof):
        assert (ROOT / found[1]).is_file()
        assert found[2] is None or found[2] in _tests(found[1])
    elif found := re.fullmatch(r"`make ([a-z-]+)`", proof):
        assert f"\n{found[1]}:" in (ROOT / "Makefile").read_text("utf-8")
    else:
        found = re.fullmatch(r"\[.+\]\(([\w-]+\.md)(?:#([\w-]+))?\)", proof)
        assert found, proof
        assert found[2] is None or found[2] in _headings(found[1])
