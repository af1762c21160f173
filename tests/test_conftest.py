"""What the tests stand on."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa


def test_no_run_of_pytest_takes_the_servers_rights_away(
    postgresql_server: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with sa.create_engine(postgresql_server, poolclass=sa.NullPool).connect() as connection:
        data = Path(connection.execute(sa.text("SHOW data_directory")).scalar_one())
    ours = tmp_path_factory.getbasetemp()
    assert ours not in data.parents
    assert not any(above.name.startswith("pytest-of-") for above in data.parents)
