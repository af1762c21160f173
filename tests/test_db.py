"""The two kinds of block, on both databases."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app import db
from app.db import Database, Revision


@pytest.fixture
def blocks(migrated: Database) -> Iterator[Database]:
    """The real blocks, whose commits are real; cleaned up after."""
    yield migrated
    with migrated.write() as session:
        session.execute(sa.delete(Revision))


def test_a_block_within_a_block_is_refused(blocks: Database) -> None:
    with blocks.read(), pytest.raises(RuntimeError, match="never nest"), blocks.write():
        pass
    with blocks.read():
        pass


def test_a_read_block_can_change_nothing(blocks: Database) -> None:
    with pytest.raises(DBAPIError), blocks.read() as session:
        session.execute(sa.insert(Revision).values(topic="forbidden", number=1))
    with blocks.read() as session:
        assert session.get(Revision, "forbidden") is None


def test_a_write_block_after_a_read_block_on_one_connection_writes(blocks: Database) -> None:
    for number in range(1, 9):
        with blocks.read() as session:
            assert db.revision(session, "topic") == number - 1
        with blocks.write() as session:
            db.touch(session, "topic")


def test_a_write_block_that_raises_leaves_nothing(blocks: Database) -> None:
    def fail_half_way() -> None:
        with blocks.write() as session:
            db.touch(session, "topic")
            session.execute(sa.insert(Revision).values(topic="half", number=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with blocks.read() as session:
        assert session.scalars(sa.select(Revision.topic)).all() == []
