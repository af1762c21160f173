"""Tables' common ground, the engine, and the only place that knows transactions.

A session exists only inside `with db.read()` or `with db.write()`. Blocks never nest: a block within a block would
hold two connections of a pool that has as many as there are threads, and could wait for itself.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, cast
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine, make_url
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column

from app import errors

Converter = Callable[[Any], Any]
Bind = Callable[[dict[str, Any]], Any]

_is_open: ContextVar[bool] = ContextVar("bottega_block_is_open", default=False)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A moment, kept in UTC; SQLite forgets time zones, so they are put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


class Base(DeclarativeBase):
    """Every table's base: constraints get predictable names, so that migrations can speak of them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        date: sa.Date(),
        UUID: sa.Uuid(),
        dict[str, Any]: sa.JSON(),
    }


def text_enum(kind: type[StrEnum], name: str | None = None) -> sa.Enum:
    """A column type for an enum: its values as text, with a CHECK named like the enum unless it is told otherwise."""
    return sa.Enum(
        kind,
        name=name or kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


_ids: ContextVar[Callable[[], UUID]] = ContextVar("bottega_ids", default=uuid4)


def new_id() -> UUID:
    """A public id: opaque and not countable, so that minors cannot be enumerated."""
    return _ids.get()()


@contextmanager
def ids_from(source: Callable[[], UUID]) -> Iterator[None]:
    """Let new ids come from elsewhere: for invented data, which must be the same each time."""
    token = _ids.set(source)
    try:
        yield
    finally:
        _ids.reset(token)


class Revision(Base):
    """How often anything under a topic has changed; a process that remembers the number knows when to look again."""

    __tablename__ = "revisions"

    topic: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class ReferenceLoad(Base):
    """Which edition of a shipped data set the tables hold, so that a start with nothing new costs nothing."""

    __tablename__ = "reference_loads"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    loaded_at: Mapped[datetime]


def touch(session: Session, topic: str) -> None:
    """Say that something under `topic` changes in this transaction; its revision rises with the commit."""
    session.info.setdefault("topics", set()).add(topic)


def stamp(session: Session, kind: type[Base], row_id: UUID) -> None:
    """Touch the topic named like the row's table, and let the row's `revision` become the topic's with the commit.

    Whoever has seen the topic at revision n finds in `revision > n` every row that has changed since.
    """
    touch(session, kind.__tablename__)
    session.info.setdefault("stamped", {}).setdefault(kind.__tablename__, set()).add(row_id)


def revision(session: Session, topic: str) -> int:
    """The number of committed changes under `topic`."""
    return session.scalar(sa.select(Revision.number).where(Revision.topic == topic)) or 0


class Prepared:
    """A select of plain columns that is asked in every call: compiled once, sent as text from then on.

    To execute the statement itself costs more than twice as much, of which the database has the least.
    """

    def __init__(self, statement: sa.Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._row: Any = namedtuple("Row", statement.selected_columns.keys())  # type: ignore[misc]
        self._compiled: dict[str, tuple[str, Bind, list[Converter | None]]] = {}

    def one_or_none(self, session: Session, **values: Any) -> Any:
        """The only row, with its columns as attributes; pending changes of the session are not flushed."""
        connection = session.connection()
        dialect = connection.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        text, bind, converters = found
        row = connection.exec_driver_sql(text, bind(values)).one_or_none()
        if row is None:
            return None
        return self._row._make(
            value if convert is None else convert(value)
            for value, convert in zip(row, converters, strict=True)
        )

    def _compile(self, dialect: Dialect) -> tuple[str, Bind, list[Converter | None]]:
        compiled = self._statement.compile(dialect=dialect)
        writers: dict[str, Converter] = {
            name: parameter.type.dialect_impl(dialect).bind_processor(dialect) or _same
            for parameter, name in compiled.bind_names.items()
        }
        written = {name: writers[name](value) for name, value in compiled.params.items()}

        def bind(values: dict[str, Any]) -> Any:
            given = written | {name: writers[name](value) for name, value in values.items()}
            order = compiled.positiontup
            return given if order is None else tuple(given[name] for name in order)

        columns = self._statement.selected_columns
        readers: list[Converter | None] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        return str(compiled), bind, readers


def _same(value: Any) -> Any:
    return value


_next_number = sa.text(
    "INSERT INTO revisions (topic, number) VALUES (:topic, 1)"
    " ON CONFLICT (topic) DO UPDATE SET number = revisions.number + 1 RETURNING number"
)
_STAMPED_AT_ONCE = 500


def _raise_revisions(session: Session) -> None:
    # The number is taken after all other changes: from here to the commit its row is locked, so that numbers become
    # visible in their order, and nobody who holds it waits for anything but another number. In order of name, so that
    # those waits never cross.
    stamped: dict[str, set[UUID]] = session.info.pop("stamped", {})
    for topic in sorted(session.info.pop("topics", ())):
        number = session.execute(_next_number, {"topic": topic}).scalar_one()
        ids = sorted(stamped.get(topic, ()))
        for first in range(0, len(ids), _STAMPED_AT_ONCE):
            table = Base.metadata.tables[topic]
            some = table.c.id.in_(ids[first : first + _STAMPED_AT_ONCE])
            session.execute(sa.update(table).where(some).values(revision=number))


def inserting(session: Session, kind: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what happens when the row is there already."""
    table = cast("sa.Table", kind.__table__)
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def referrers(
    session: Session, key: InstrumentedAttribute[Any], values: Collection[Any]
) -> dict[Any, set[str]]:
    """Which of the key's `values` other rows need, and the tables of those rows.

    A foreign key that cascades or sets null does not need its parent. Keys of one column only.
    """
    target = key.property.columns[0]
    found: dict[Any, set[str]] = {}
    for table in Base.metadata.sorted_tables:
        for foreign in table.foreign_keys:
            if foreign.column is target and foreign.ondelete is None:
                for value in session.scalars(
                    sa.select(foreign.parent).where(foreign.parent.in_(values)).distinct()
                ):
                    found.setdefault(value, set()).add(table.name)
    return found


class Gone(errors.NotFound):
    """Somebody else has removed a row that the block has read, before the block could lock it."""

    title = "It has just been removed"


class BlockSession(Session):
    """What a block works with: a row that has vanished since it was read is not there, which is no fault of ours."""

    def refresh(self, instance: object, *args: Any, **options: Any) -> None:
        """Read the row again, and lock it if told so. Raises Gone."""
        try:
            super().refresh(instance, *args, **options)
        except InvalidRequestError as error:
            if instance not in self:
                raise
            raise Gone from error


class Database:
    """An engine and its two kinds of block."""

    def __init__(self, url: str, *, connections: int = 2) -> None:
        self.engine = make_engine(url, connections=connections)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and can change nothing."""
        with _one_block(), self._session(is_write=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed when the block ends, and undone when it raises."""
        with _one_block(), self._session(is_write=True) as session:
            try:
                yield session
                session.flush()
                _raise_revisions(session)
                session.commit()
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def _session(self, *, is_write: bool) -> Iterator[Session]:
        with BlockSession(self.engine, expire_on_commit=False, autoflush=is_write) as session:
            options: dict[str, Any] = {"bottega_write": is_write, "postgresql_readonly": not is_write}
            if not is_write and self.engine.dialect.name == "postgresql":
                # As on SQLite, all queries of a block see the same moment.
                options["isolation_level"] = "REPEATABLE READ"
            session.connection(execution_options=options)
            yield session

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


@contextmanager
def _one_block() -> Iterator[None]:
    if _is_open.get():
        raise RuntimeError("a database block is already open here; blocks never nest")
    token = _is_open.set(True)
    try:
        yield
    finally:
        _is_open.reset(token)


def make_engine(url: str, *, connections: int = 2) -> Engine:
    """An engine for either database; on SQLite, our own BEGIN instead of the driver's."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_size=connections, max_overflow=0, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        parsed,
        poolclass=sa.pool.QueuePool,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": 10, "check_same_thread": False},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


_ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝ"
_BARE = "aaaaaaceeeeiiiinooooouuuuy" * 2


def folded(text: str) -> str:
    """The form in which words are looked for: neither case nor accents count.

    >>> folded("Elettricità"), folded("È già LÌ")
    ('elettricita', 'e gia li')
    """
    return text.translate(str.maketrans(_ACCENTED, _BARE)).lower()


def folded_column(column: sa.ColumnElement[str] | InstrumentedAttribute[str]) -> sa.ColumnElement[str]:
    """A column in the form of `folded`."""
    return sa.func.lower(sa.func.translate(column, _ACCENTED, _BARE))


def _translate(text: str | None, letters: str, others: str) -> str | None:
    return None if text is None else text.translate(str.maketrans(letters, others))


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # PostgreSQL has it.
    connection.create_function("translate", 3, _translate, deterministic=True)
    connection.isolation_level = None  # the driver's own BEGIN is off; `_begin_sqlite` decides which kind
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("bottega_write", True)
    if connection.info.get("bottega_write") is not is_write:
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if is_write else 'ON'}")
        connection.info["bottega_write"] = is_write
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
