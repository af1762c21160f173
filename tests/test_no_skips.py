"""The switch that turns skips into failures does so for every way to skip, and only when it is on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SKIPPING = """
import pytest

@pytest.mark.skip(reason="marked")
def test_marked(): ...

def test_called():
    pytest.skip("called")

@pytest.mark.xfail
def test_expected():
    assert False

def test_passes(): ...
"""
SKIPPED_FILE = (
    "import pytest\npytest.importorskip('no_such_module', reason='whole file')\ndef test_never(): ...\n"
)


@pytest.mark.parametrize(
    ("switch", "workers", "code", "closing"),
    [("1", "2", 1, "1 failed, 1 passed, 1 xfailed, 1 error"), ("", "0", 0, "1 passed, 3 skipped, 1 xfailed")],
)
def test_skips_fail_only_with_the_switch(
    tmp_path: Path, switch: str, workers: str, code: int, closing: str
) -> None:
    (tmp_path / "test_some.py").write_text(SKIPPING)
    if not switch:
        (tmp_path / "test_file.py").write_text(SKIPPED_FILE)
    result = _pytest(tmp_path, workers, switch)
    assert (result.returncode, closing in result.stdout) == (code, True), result.stdout
    if switch:
        assert "marked" in result.stdout
        assert "called" in result.stdout


def test_skipped_file_is_an_error_with_the_switch(tmp_path: Path) -> None:
    (tmp_path / "test_file.py").write_text(SKIPPED_FILE)
    result = _pytest(tmp_path, "0", "1")
    assert result.returncode == 2
    assert "whole file" in result.stdout


def _pytest(folder: Path, workers: str, switch: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "COV_CORE_", "COVERAGE_"))
    }
    environment |= {"PYTHONPATH": str(ROOT), "BOTTEGA_TEST_NO_SKIPS": switch}
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.no_skips",
        "-p",
        "no:randomly",
        "-n",
        workers,
        "-rs",
    ]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
