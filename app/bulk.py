"""Bulk loads: many rows are created, changed or left alone by their external id, and each is told what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import islice
from typing import Any, NamedTuple, NoReturn, TypeVar
from uuid import UUID

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.bulk_rows import MOST_ROWS, Document, Fault, Row, Unreadable, fault

log = structlog.get_logger(__name__)

ROWS_IN_BLOCK = 500
"""Rows of one transaction, when each row stands for itself."""
MOST_ROWS_AT_ONCE = 20_000
"""Rows of one transaction, when all count or none: SQLite lets nobody else write before it ends, 0.4 ms a row."""

CREATED, CHANGED, UNCHANGED, REJECTED = "created", "changed", "unchanged", "rejected"


class LoadRefused(errors.Invalid):
    """Some rows are not valid, and all or nothing was asked for; `in` names the row. Nothing has changed."""

    title = "The file was not loaded"


class Done(NamedTuple):
    """What became of a row."""

    status: str
    id: UUID | None = None
    faults: tuple[Fault, ...] = ()


class Line(NamedTuple):
    """What is told of a row."""

    row: int
    external_id: str | None
    done: Done

    def document(self) -> dict[str, Any]:
        """As the API writes it."""
        status, id_, faults = self.done
        return {
            "row": self.row, "external_id": self.external_id, "status": status, "id": id_, "faults": list(faults),
        }  # fmt: skip


Loader = Callable[[Session, Any, Sequence[Row]], list[Done]]
"""Writes rows for an actor in an open block; one outcome for each, in their order."""
OpenBlock = Callable[[], AbstractContextManager[tuple[Session, Any]]]
"""Opens a write block and says who is calling."""


class Load:
    """One file on its way in. Counts what became of its rows; `fault` says why it could not be read to the end."""

    def __init__(
        self, rows: Iterator[Row], loader: Loader, open_block: OpenBlock, *, is_dry_run: bool
    ) -> None:
        self.loader, self.open_block, self.is_dry_run = loader, open_block, is_dry_run
        self.counts: Counter[str] = Counter()
        self.stopped: Line | None = None
        self.is_complete = False
        self._rows = rows

    def each(self) -> Iterator[Line]:
        """Load every row that is valid, so many in a transaction; a line comes once its row is committed."""
        rows = self._readable(MOST_ROWS)
        try:
            while batch := list(islice(rows, ROWS_IN_BLOCK)):
                yield from self._told(self._write(batch))
        except (DBAPIError, errors.Problem) as error:
            # The answer has begun: its last line tells that it is not whole.
            log.warning("load_stopped", kind=type(error).__name__)
            return
        if self.stopped is not None:
            yield from self._told([self.stopped])
        else:
            self.is_complete = True

    def all(self) -> list[Line]:
        """Load all rows in one transaction, or none; at most `MOST_ROWS_AT_ONCE`. Raises LoadRefused."""
        lines: list[Line] = []
        rows = self._readable(MOST_ROWS_AT_ONCE)
        try:
            with self.open_block() as (session, actor):
                while batch := list(islice(rows, ROWS_IN_BLOCK)):
                    lines += self._told(self._write_in(session, actor, batch))
                if self.stopped is not None:
                    lines += self._told([self.stopped])
                if self.is_dry_run or self.counts[REJECTED]:
                    _undo()
        except _Undone:
            if not self.is_dry_run:
                raise _refused(lines) from None
        self.is_complete = self.stopped is None
        return lines

    def summary(self) -> dict[str, Any]:
        """The counts, as the last line of an answer."""
        counts = {status: self.counts[status] for status in (CREATED, CHANGED, UNCHANGED, REJECTED)}
        return {
            "rows": self.counts.total(), **counts, "is_dry_run": self.is_dry_run, "is_complete": self.is_complete,
        }  # fmt: skip

    def _write(self, batch: Sequence[Row]) -> list[Line]:
        lines: list[Line] = []
        with suppress(_Undone), self.open_block() as (session, actor):
            lines = self._write_in(session, actor, batch)
            if self.is_dry_run:
                _undo()
        return lines

    def _write_in(self, session: Session, actor: Any, batch: Sequence[Row]) -> list[Line]:
        good = [row for row in batch if not row.faults]
        done = dict(zip((row.number for row in good), self._load(session, actor, good), strict=True))
        return [
            Line(row.number, _shown(row), done.get(row.number) or Done(REJECTED, faults=row.faults))
            for row in batch
        ]

    def _load(self, session: Session, actor: Any, rows: Sequence[Row]) -> list[Done]:
        try:
            with session.begin_nested():
                return self.loader(session, actor, rows)
        except IntegrityError:
            # Somebody else wrote the same meanwhile, or two rows claim one thing: find out which.
            return one_by_one(session, rows, lambda row: self.loader(session, actor, [row])[0])

    def _told(self, lines: Iterable[Line]) -> list[Line]:
        told = list(lines)
        self.counts.update(line.done.status for line in told)
        return told

    def _readable(self, most: int) -> Iterator[Row]:
        try:
            yield from _distinct(self._rows, most)
        except Unreadable as error:
            self.stopped = Line(error.row, None, Done(REJECTED, faults=(error.fault,)))


class _Undone(Exception):  # noqa: N818 -- not a failure: what was asked for
    """Leaves a block without its changes."""


def _undo() -> NoReturn:
    raise _Undone


def _refused(lines: Iterable[Line]) -> LoadRefused:
    rejected = [line for line in lines if line.done.status == REJECTED]
    faults = [one | {"in": f"row {line.row}"} for line in rejected for one in line.done.faults]
    return LoadRefused(f"{len(rejected)} rows are not valid; nothing has changed.", faults=faults)


def _distinct(rows: Iterator[Row], most: int) -> Iterator[Row]:
    """The rows, each with an external id that no earlier one has. Raises Unreadable where there are too many."""
    first: dict[str, int] = {}
    for count, row in enumerate(rows, start=1):
        if count > most:
            raise Unreadable(row.number, f"so many rows are not loaded at once: at most {most}")
        external_id = row.document.get("external_id")
        if row.faults:
            yield row
        elif unfit := [name for name, value in row.document.items() if _has_nul(name) or _has_nul(value)]:
            # Looked up in a batch, it would take all other rows along: no database compares it.
            yield row._replace(faults=tuple(fault(name, "has a NUL, which no text has") for name in unfit))
        elif not isinstance(external_id, str) or not external_id.strip():
            yield row._replace(faults=(fault("external_id", "every row needs one, as text"),))
        elif "source" in row.document:
            yield row._replace(faults=(fault("source", "is said once, in the address"),))
        elif (earlier := first.setdefault(external_id.strip(), row.number)) != row.number:
            yield row._replace(faults=(fault("external_id", f"repeats row {earlier}"),))
        else:
            yield row._replace(document=row.document | {"external_id": external_id.strip()})


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(name) or _has_nul(one) for name, one in value.items())
    return isinstance(value, list) and any(_has_nul(one) for one in value)


def _shown(row: Row) -> str | None:
    external_id = row.document.get("external_id")
    return errors.told(external_id)[:80] if isinstance(external_id, str) else None


# --- for loaders ------------------------------------------------------------------------------------------------------


def one_by_one(session: Session, rows: Sequence[Row], write: Callable[[Row], Done]) -> list[Done]:
    """Each row in a savepoint of its own: one that is refused leaves nothing behind."""

    def one(row: Row) -> Done:
        with session.begin_nested():
            return write(row)

    return [attempt(one, row) for row in rows]


def attempt(write: Callable[[Row], Done], row: Row) -> Done:
    """What became of a row, also when it was refused."""
    try:
        return write(row)
    except ValidationError as error:
        return Done(REJECTED, faults=tuple(_fault_of(one) for one in error.errors(include_url=False)))
    except errors.Problem as problem:
        faults = [Fault(one) for one in problem.faults] or [fault("", problem.detail)]
        return Done(REJECTED, faults=tuple(faults))
    except IntegrityError:
        return Done(REJECTED, faults=(fault("", "another record has this external id, or one of its codes"),))


def _fault_of(error: Any) -> Fault:
    return fault(".".join(str(part) for part in error["loc"]), error["msg"])


Schema = TypeVar("Schema", bound=BaseModel)


def read_new(schema: type[Schema], row: Row, source: str) -> Schema:
    """A new record out of a row. Raises pydantic's ValidationError."""
    return schema.model_validate({**row.document, "source": source})


def read_changes(schema: type[Schema], row: Row, fixed: Mapping[str, Any]) -> Schema:
    """Changes of a record out of a row; `fixed` are the fields of the record that no change can have.

    Raises pydantic's ValidationError and Invalid.
    """
    document = {name: value for name, value in row.document.items() if name != "external_id"}
    for name, value in fixed.items():
        if name in document and str(document.pop(name)).strip() != str(value):
            raise errors.Invalid(faults=[fault(name, "cannot be changed")])
    return schema.model_validate(document)


def resolve(document: Document, field: str, by: str, known: Mapping[str, Sequence[UUID]]) -> Document:
    """The document with the id under `field` where it had an external id under `by`. Raises Invalid."""
    if by not in document:
        return document
    rest = {name: value for name, value in document.items() if name != by}
    if field in rest:
        raise errors.Invalid(faults=[fault(by, f"stands beside {field}")])
    found = known.get(str(document[by]), ())
    if len(found) != 1:
        detail = "fits several" if found else "none of yours has it in this source"
        raise errors.Invalid(faults=[fault(by, detail)])
    return rest | {field: str(found[0])}
