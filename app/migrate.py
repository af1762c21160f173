"""Bringing a database's tables up to date, or back."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

FOLDER = Path(__file__).parents[1] / "migrations"


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision`."""
    command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Undo the migrations back to `revision`. Data of dropped tables is gone."""
    command.downgrade(_config(engine), revision)


def check(engine: Engine) -> None:
    """Raise if the tables of the code differ from those of the migrations."""
    command.check(_config(engine))


def is_current(engine: Engine) -> bool:
    """Whether every migration has been run."""
    with engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_heads()
    return set(now) == set(ScriptDirectory.from_config(_config(engine)).get_heads())
