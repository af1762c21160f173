"""Tables for spreadsheets."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from app import tables


def sheet(name: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, language: str) -> Response:
    """A CSV file; what would be a formula is text. Semicolons in Italian, as spreadsheets there expect, else commas."""
    written = io.StringIO()
    writer = tables.writer(written, delimiter=";" if language == "it" else ",")
    writer.writerow(head)
    writer.writerows(rows)
    # The mark at the beginning tells spreadsheets that this is UTF-8.
    return Response(
        written.getvalue().encode("utf-8-sig"),
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
        media_type="text/csv",
    )
