"""What the tests stand on holds through a whole run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa


def test_postgresql_outlives_a_pytest_that_starts_beside_it(postgresql_server: str, tmp_path: Path) -> None:
    (tmp_path / "test_beside.py").write_text("def test_folder(tmp_path): ...\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    beside = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_beside.py"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert beside.returncode == 0, beside.stdout + beside.stderr
    engine = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("CHECKPOINT"))
    with engine.connect() as connection:  # a server that could not reach its files any more would be gone
        assert connection.scalar(sa.text("SELECT 1")) == 1
