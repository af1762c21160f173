"""Bulk loads over the API: `POST /…/bulk` for what integrators hold in files or tables.

The body goes to a nameless temporary file first, which costs no memory and lets no slow network hold a transaction open.
Then the rows go in, and a line for each comes back as NDJSON.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from typing import Annotated, Any, BinaryIO, Literal, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from app import bulk_rows, errors
from app.auth.actors import Actor
from app.bulk import MOST_ROWS_AT_ONCE, Line, Load, Loader
from app.companies import service_bulk as companies
from app.opportunities import service_bulk as opportunities
from app.rest import Call, InCall, Out, answers
from app.schools import service_bulk as classes
from app.students import service_bulk as students

router = APIRouter()

NDJSON, CSV = "application/x-ndjson", "text/csv"


class Mode(StrEnum):
    """What becomes of valid rows when others are not."""

    EACH = "each"
    ALL = "all"


Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Rows = Annotated[int, Field(ge=0, le=bulk_rows.MOST_ROWS)]


class RowFault(Out):
    """What is wrong with a row; the field is empty when it is the whole row."""

    where: Literal["body"] = Field(alias="in")
    field: Text
    detail: Text


class BulkRow(Out):
    """What became of one row."""

    row: Annotated[int, Field(ge=1, description="As an editor or a spreadsheet counts: a CSV's header is 1.")]
    external_id: Text | None
    status: Literal["created", "changed", "unchanged", "rejected"]
    id: UUID | None = Field(description="Null for a rejected row.")
    faults: Annotated[list[RowFault], Field(max_length=1000)]


class BulkSummary(Out):
    """The last line of an answer; without it the answer was cut off."""

    rows: Rows
    created: Rows
    changed: Rows
    unchanged: Rows
    rejected: Rows
    is_dry_run: bool = Field(description="Nothing has changed, whatever the rows say.")
    is_complete: bool = Field(description="Whether the file was read to its end.")


class LinesResponse(StreamingResponse):
    """JSON objects, one a line."""

    media_type = NDJSON


_TAKEN = {
    "requestBody": {
        "required": True,
        "description": "One record a row, each with an `external_id`. docs/integrators.md lists the columns.",
        "content": {
            media: {"schema": {"type": "string", "maxLength": 2**31 - 1, "pattern": r"^[^\x00]*$"}}
            for media in (NDJSON, CSV)
        },
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": BulkRow | BulkSummary, "description": "A line for each row, and one with the counts."},
    **answers(403, 413, 415, 422),
}


class Asked(BaseModel):
    """What is said of a file in the address."""

    source: str = Field(
        min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
        description="The system that the external ids belong to.",
    )  # fmt: skip
    mode: Mode = Field(
        Mode.EACH,
        description=f"`each`: every valid row counts. `all`: one row that is not valid stops all; at most "
        f"{MOST_ROWS_AT_ONCE} rows.",
    )
    dry_run: Annotated[bool, Field(description="Say what would become of each row, and change nothing.")] = (
        False
    )


InAsked = Annotated[Asked, Query()]

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def _route(path: str, summary: str, tag: str) -> Callable[[Endpoint], Endpoint]:
    return router.post(
        path, summary=summary, tags=[tag], response_class=LinesResponse,
        responses=_ANSWERS, openapi_extra=_TAKEN,
    )  # fmt: skip


# Async although they write: they wait for the body, and everything else happens in a thread.


@_route("/students/bulk", "Load many students", "students")
async def load_students(call: InCall, asked: InAsked) -> Response:
    """Create, change or leave alone students by external id. A class is named by its id or its external id."""

    def load(session: Any, actor: Actor, rows: Any) -> Any:
        return students.load(session, actor, rows, source=asked.source, today=call.now().date())

    return await _answer(call, asked, load, students.require_loader, students.COLUMNS)


@_route("/classes/bulk", "Load many classes", "schools")
async def load_classes(call: InCall, asked: InAsked) -> Response:
    """Create, change or leave alone classes by external id. A school is named by its id or its code."""

    def load(session: Any, actor: Actor, rows: Any) -> Any:
        return classes.load(session, actor, rows, source=asked.source)

    return await _answer(call, asked, load, classes.require_loader, classes.COLUMNS)


@_route("/companies/bulk", "Load many companies", "companies")
async def load_companies(call: InCall, asked: InAsked) -> Response:
    """Create, change or leave alone companies by external id. Only coordinators and administrators create."""

    def load(session: Any, actor: Actor, rows: Any) -> Any:
        days = call.request.app.state.settings.review_days
        return companies.load(session, actor, rows, source=asked.source, now=call.now(), review_days=days)

    return await _answer(call, asked, load, companies.require_loader, companies.COLUMNS)


@_route("/opportunities/bulk", "Load many opportunities", "opportunities")
async def load_opportunities(call: InCall, asked: InAsked) -> Response:
    """Create as drafts, change or leave alone opportunities by external id."""

    def load(session: Any, actor: Actor, rows: Any) -> Any:
        return opportunities.load(session, actor, rows, source=asked.source, now=call.now())

    return await _answer(call, asked, load, opportunities.require_loader, opportunities.COLUMNS)


# --- in and out -------------------------------------------------------------------------------------------------------


async def _answer(
    call: Call,
    asked: Asked,
    loader: Loader,
    require_loader: Callable[[Actor], None],
    columns: Collection[str],
) -> Response:
    await run_in_threadpool(_admit, call, require_loader)
    media = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (NDJSON, CSV):
        raise errors.UnsupportedMedia(f"Send {NDJSON} or {CSV}.")
    file = await _spool(call)
    try:
        rows = bulk_rows.read_csv(file, columns) if media == CSV else bulk_rows.read_ndjson(file)
        load = Load(rows, loader, call.write, is_dry_run=asked.dry_run)
        lines = iter(await run_in_threadpool(load.all)) if asked.mode is Mode.ALL else load.each()
    except BaseException:
        file.close()
        raise
    return LinesResponse(_written(load, lines, file))


def _admit(call: Call, require_loader: Callable[[Actor], None]) -> None:
    """Nobody sends a file in vain, and nobody unknown sends one at all."""
    with call.read() as (_, actor):
        require_loader(actor)


async def _spool(call: Call) -> BinaryIO:
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by who answers
    try:
        async for part in call.request.stream():
            file.write(part)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _written(load: Load, lines: Iterator[Line], file: BinaryIO) -> Iterator[bytes]:
    try:
        some = bytearray()
        for line in lines:
            some += orjson.dumps(line.document()) + b"\n"
            if len(some) > 16_384:
                yield bytes(some)
                some.clear()
        yield bytes(some) + orjson.dumps(load.summary()) + b"\n"
    finally:
        file.close()
