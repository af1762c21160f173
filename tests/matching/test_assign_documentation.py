from __future__ import annotations

import doctest
from pathlib import Path

from matching.optimal import AIMS
from matching.why import CODES

PAGE = Path(__file__).parents[2] / "docs" / "assignment.md"


def test_worked_example_is_true():
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 10
    assert result.failed == 0


def test_page_names_every_cause_and_aim():
    text = PAGE.read_text(encoding="utf-8")
    for code in CODES:
        assert f"`{code}`" in text
    for aim in AIMS:
        assert aim in text
