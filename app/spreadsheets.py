"""Reading a spreadsheet (.xlsx, .ods): the rows of its first sheet, every cell as the text that a person reads.

calamine lays a sheet out from corner to corner, so a file of a kilobyte with two cells far apart takes all memory there
is, and Rust ends the process that has none left. So each file is read in a process of its own, with a ceiling on memory
and time, after a look at what it unpacks to.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import structlog

from app.imports import Reason

log = structlog.get_logger(__name__)

MOST_UNPACKED = 16 << 20
MOST_PARTS = 500
MOST_MEMORY = 1 << 30
"""Of addresses, most of which are never used."""
MOST_SECONDS = 10
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"
_ROOT = Path(__file__).parents[1]
_MANIFEST = "META-INF/manifest.xml"
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")

ENCRYPTED = Reason(
    "encrypted",
    "the file{name} is protected by a password: save it without one",
    "il file{name} è protetto da una password: salvalo senza",
)
OLD_FORMAT = Reason(
    "old_format",
    "the file{name} has an old format: save it as .xlsx, .ods or CSV",
    "il file{name} ha un formato vecchio: salvalo come .xlsx, .ods o CSV",
)
BROKEN = Reason(
    "broken",
    "the file{name} is no spreadsheet, or it is damaged: open it, save it again and hand it in anew",
    "il file{name} non è un foglio di calcolo, o è rovinato: aprilo, salvalo di nuovo e riprova",
)
UNPACKS_TOO_LARGE = Reason(
    "unpacks_too_large",
    "the file{name} is too large once it is unpacked: copy only the rows of the class into a new sheet",
    "il file{name} è troppo grande una volta aperto: copia solo le righe della classe in un foglio nuovo",
)


class Unreadable(Exception):  # noqa: N818 -- a fault of the file, like `app.imports.Fault`
    """The file cannot be read; `reason` says why, `{name}` in it is a space and the name, or nothing."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def is_spreadsheet(data: bytes) -> bool:
    """Whether these bytes are what programs for spreadsheets write, rather than text."""
    return data.startswith((ZIP, OLE))


def read(data: bytes, most_rows: int, most_columns: int) -> list[tuple[int, list[str]]]:
    """The rows of the first sheet that has any and is not hidden, each with its number there. Raises Unreadable.

    One row and one column more than the most are read, so that whoever asks sees that there are too many.
    """
    if data.startswith(OLE):
        raise Unreadable(ENCRYPTED if _ENCRYPTED_PART in data else OLD_FORMAT)
    _look_inside(data)
    asked = [sys.executable, "-m", "app.spreadsheets", str(most_rows), str(most_columns)]
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter, and two numbers
            asked, input=data, capture_output=True, timeout=MOST_SECONDS, check=True, cwd=_ROOT
        )
        return [(number, cells) for number, cells in json.loads(done.stdout)]
    except (subprocess.SubprocessError, ValueError) as error:
        # What the reader says may quote a cell; how it ended does not.
        log.warning(
            "spreadsheet_unread", kind=type(error).__name__, status=getattr(error, "returncode", None)
        )
        raise Unreadable(BROKEN) from error


def _look_inside(data: bytes) -> None:
    """Refuse what is locked, and what unpacks to more than anybody's class. Raises Unreadable.

    The sizes that an archive tells of itself may be lies, but then whoever unpacks it stops at them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise Unreadable(ENCRYPTED)
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise Unreadable(UNPACKS_TOO_LARGE)
            manifest = archive.read(_MANIFEST) if _MANIFEST in archive.namelist() else b""
            if b"encryption-data" in manifest:
                raise Unreadable(ENCRYPTED)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise Unreadable(BROKEN) from error


def text_of(cell: Any) -> str:
    """The cell as it stands on the screen of an Italian office; a whole number without its point.

    >>> text_of(37032.0), text_of(7.5), text_of(date(2009, 5, 4)), text_of(datetime(2009, 5, 4)), text_of(True)
    ('37032', '7,5', '04/05/2009', '04/05/2009', 'VERO')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "VERO" if cell else "FALSO"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell).replace(".", ",")
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y}" if cell.time() == time() else f"{cell:%d/%m/%Y %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    return str(cell)


def _rows(data: bytes, most_rows: int, most_columns: int) -> list[tuple[int, list[str]]]:
    from python_calamine import CalamineWorkbook  # only the process that reads needs it

    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
        for meta in book.sheets_metadata:
            if str(meta.visible) != "SheetVisibleEnum.Visible":
                continue
            rows = book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False, nrows=most_rows + 1)
            found = [
                (number, [text_of(cell) for cell in cells])
                for number, row in enumerate(rows, start=1)
                if (cells := _narrowed(row, most_columns))
            ]
            if found:
                return found
    return []


def _narrowed(row: list[Any], most_columns: int) -> list[Any]:
    """The row without empty cells at its end; of those beyond the most columns one, so that they are missed."""
    width = max((at for at, cell in enumerate(row, start=1) if cell != ""), default=0)
    return row[:width] if width <= most_columns else [*row[:most_columns], row[width - 1]]


def main() -> None:
    """Read a file from the standard input and write its rows, as JSON, within the ceilings."""
    import resource  # of Unix, where services run

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    json.dump(_rows(sys.stdin.buffer.read(), *map(int, sys.argv[1:])), sys.stdout)


if __name__ == "__main__":
    main()
