from __future__ import annotations

import doctest
from pathlib import Path

from matching.rules import RULES
from matching.score import PARTS
from matching.types import Weights

PAGE = Path(__file__).parents[2] / "docs" / "matching.md"


def test_worked_example_is_true():
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 5
    assert result.failed == 0


def test_page_names_every_rule_part_and_weight():
    text = PAGE.read_text(encoding="utf-8")
    for name in (*RULES, *PARTS):
        assert f"`{name}`" in text
    for name, weight in Weights().parts.items():
        assert f"| {name} | {weight:.2f} |" in text
    for factors in Weights().kinds.values():
        for factor in factors.values():
            assert f"× {factor:g} |" in text
