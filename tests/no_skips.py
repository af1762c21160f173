"""With BOTTEGA_TEST_NO_SKIPS=1 a skipped test, or a skipped test file, is a failure that names its reason.

A plugin rather than a part of conftest.py: `pytest -p tests.no_skips`. A test may skip on a machine that lacks a
component; where the component is installed on purpose, a skip would hide that it was not.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from _pytest.reports import CollectErrorRepr

IS_ON = os.environ.get("BOTTEGA_TEST_NO_SKIPS") == "1"


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        return f"{path}:{line}: {reason} (skipping is not allowed: BOTTEGA_TEST_NO_SKIPS=1)"
    return f"{report.longrepr} (skipping is not allowed: BOTTEGA_TEST_NO_SKIPS=1)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IS_ON and report.skipped and not hasattr(report, "wasxfail"):
        report.longrepr = _reason(report)
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IS_ON and report.skipped:
        report.longrepr = CollectErrorRepr(_reason(report))
        report.outcome = "failed"
    return report
