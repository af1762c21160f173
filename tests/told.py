"""Prints what tests tell with `record_property`, from all processes: `pytest -p tests.told`.

Numbers under one name are counted, and added up; words are listed.
"""

from __future__ import annotations

from collections import defaultdict

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told: dict[str, list[int | str]] = defaultdict(list)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when == "call":
                for name, value in report.user_properties:
                    told[name].append(value)
    for name, values in sorted(told.items()):
        numbers = [value for value in values if isinstance(value, int)]
        words = sorted(value for value in values if isinstance(value, str))
        if numbers:
            words.append(f"{len(numbers)} × {min(numbers)} or more = {sum(numbers)}")
        terminalreporter.write_line(f"{name}: {', '.join(words)}")
