"""A class's list: hand in a file or paste rows, say what the columns are, see what is wrong, load what is right.

Nothing is kept between the steps: the page carries the rows, and a person who closes it leaves nothing behind.

Loading is no job: the largest list that is read takes a second or two, in one transaction, so that there is no half of
it to stop at. A job would have to keep the names of minors until somebody runs it, and would only be slower.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from starlette.responses import Response

from app import bulk, tables
from app.bulk_changes import service as changes
from app.bulk_changes.schemas import BulkChangeOut
from app.class_lists import columns as naming
from app.class_lists import service as lists
from app.class_lists import table as reading
from app.class_lists.columns import ListField
from app.class_lists.service import Checked
from app.class_lists.table import ListTable, UnreadableList
from app.web.language import mark as _
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_SHOWN = 100
"""Rows in the preview; those with faults come first when there are more."""
REASON = _("motivo")
WRONG_ROWS = _("righe-da-correggere")

Written = Annotated[str, Form(max_length=reading.MOST_WRITTEN)]
"""The table as the page before has written it."""
Columns = Annotated[list[str] | None, Form(max_length=reading.MOST_COLUMNS)]
"""What each column is, in their order; empty for those that nobody needs."""


@router.get("/classes/{class_id}/import")
def show_import(view: InView, class_id: UUID) -> Response:
    """Where the list is handed in."""
    return _first_page(view, class_id)


def _first_page(
    view: View, class_id: UUID, trouble: dict[str, str] | None = None, pasted: str = ""
) -> Response:
    with view.read() as (session, actor):
        school_class = lists.require_class(session, actor, class_id)
    return view.show(
        "teacher/import.html", status=422 if trouble else 200, school_class=school_class, trouble=trouble,
        pasted=pasted, most_rows=reading.MOST_ROWS,
    )  # fmt: skip


@router.post("/classes/{class_id}/import")
def hand_in(
    view: InView,
    class_id: UUID,
    file: UploadFile | None = None,
    pasted: Annotated[str, Form(max_length=reading.MOST_BYTES)] = "",
) -> Response:
    """Read the list and guess its columns; nothing is loaded."""
    data = file.file.read(reading.MOST_BYTES + 1) if file is not None else b""
    try:
        table = reading.read(data or pasted.encode(), (file and file.filename) or "")
    except UnreadableList as refusal:
        return _first_page(view, class_id, refusal.reason, pasted)
    return _check_page(view, class_id, table, naming.guess(table))


@router.post("/classes/{class_id}/import/check")
def check(view: InView, class_id: UUID, table: Written = "", columns: Columns = None) -> Response:
    """Check again, with other columns."""
    try:
        read = reading.carried(table)
    except UnreadableList as refusal:
        return _first_page(view, class_id, refusal.reason)
    return _check_page(view, class_id, read, _fields(columns, read))


def _fields(columns: Sequence[str] | None, table: ListTable) -> list[ListField | None]:
    """As many as there are columns, whatever was sent; a word that is no field is none."""
    said = [ListField(one) if one in set(ListField) else None for one in columns or ()]
    return [*said, *[None] * len(table.headings)][: len(table.headings)]


def _check_page(view: View, class_id: UUID, table: ListTable, fields: list[ListField | None]) -> Response:
    lacking, twice = naming.missing(fields), naming.repeated(fields)
    checked: list[Checked] = []
    with view.read() as (session, actor):
        school_class = lists.require_class(session, actor, class_id)
        if not lacking and not twice:
            checked = lists.check(session, actor, class_id, table, fields, today=view.now().date())
    return view.show(
        "teacher/import_check.html",
        school_class=school_class,
        table=table,
        written=table.model_dump_json(),
        fields=fields,
        lacking=lacking,
        twice=twice,
        checked=_shown(checked),
        counts=lists.counts(checked),
        faults=_by_cell(checked, fields),
    )


def _shown(checked: list[Checked]) -> list[Checked]:
    if len(checked) <= MOST_SHOWN:
        return checked
    return sorted(checked, key=lambda one: (one.status != bulk.REJECTED, one.number))[:MOST_SHOWN]


def _by_cell(
    checked: Sequence[Checked], fields: Sequence[ListField | None]
) -> dict[tuple[int, int], list[dict[str, str]]]:
    """The faults by row and column; column -1 is the row as a whole."""
    found: dict[tuple[int, int], list[dict[str, str]]] = {}
    for one in checked:
        for fault in one.faults:
            at = -1 if fault.field is None else fields.index(fault.field)
            found.setdefault((one.number, at), []).append({"it": fault.it, "en": fault.en})
    return found


@router.post("/classes/{class_id}/import/load")
def load(view: InView, class_id: UUID, table: Written = "", columns: Columns = None) -> Response:
    """Load the rows that are right, and tell what became of all."""
    try:
        read = reading.carried(table)
    except UnreadableList as refusal:
        return _first_page(view, class_id, refusal.reason)
    fields = _fields(columns, read)
    if naming.missing(fields) or naming.repeated(fields):
        return _check_page(view, class_id, read, fields)
    with view.write() as (session, actor):
        change, checked = changes.load(session, actor, class_id, read, fields, now=view.now())
        school_class = lists.require_class(session, actor, class_id)
    return view.show(
        "teacher/import_done.html",
        school_class=school_class,
        change=BulkChangeOut.of(change, view.now()),
        counts=lists.counts(checked),
        wrong=[one for one in checked if one.status == bulk.REJECTED][:MOST_SHOWN],
        table=read,
        written=read.model_dump_json(),
        fields=fields,
    )


@router.post("/classes/{class_id}/import/wrong")
def download_wrong(view: InView, class_id: UUID, table: Written = "", columns: Columns = None) -> Response:
    """Only the rows that are wrong, as they were handed in, each with what is wrong: to correct and hand in again."""
    try:
        read = reading.carried(table)
    except UnreadableList as refusal:
        return _first_page(view, class_id, refusal.reason)
    fields = _fields(columns, read)
    if naming.missing(fields) or naming.repeated(fields):
        return _check_page(view, class_id, read, fields)
    with view.read() as (session, actor):
        checked = lists.check(session, actor, class_id, read, fields, today=view.now().date())
    stream = io.StringIO()
    writer = tables.writer(stream)
    writer.writerow([*read.headings, view.text(REASON)])
    writer.writerows(
        [*one.cells, "; ".join(_said(view, one))] for one in checked if one.status == bulk.REJECTED
    )
    return Response(
        "\ufeff" + stream.getvalue(),  # spreadsheets read UTF-8 only with this mark
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{view.text(WRONG_ROWS)}.csv"'},
    )


def _said(view: View, one: Checked) -> list[str]:
    return [fault.it if view.language == "it" else fault.en for fault in one.faults]
