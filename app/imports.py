"""What every importer shares: reading delimited files defensively, and an account of every row.

A *row* is counted the way a spreadsheet shows it: the header is row 1, the first record row 2.
A fault of one row leaves that row out and is listed; a fault of the file (`ImportFault`) stops the
reading, and whoever is writing must roll back.
"""

import contextlib
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

MAX_FAULTS = 1_000
MAX_LINE_BYTES = 1 << 20
MAX_ROWS = 5_000_000  # twenty times the largest regional file: stops a compressed file that never ends
MAX_BYTES = 4 << 30  # of text, uncompressed: ten times the nation's largest file
MAX_VALUE_SHOWN = 80
PROGRESS_EVERY = 10_000

Source = str | Path | BinaryIO
Progress = Callable[[int], None]
"""Called with the rows read so far, about every ten thousand rows and once at the end."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row or a file was refused: a stable code and the sentence in both languages.

    The sentences are `str.format` templates.
    """

    code: str
    en: str
    it: str

    def at(self, row: int, column: str = "", value: object = "", **details: object) -> "Fault":
        """The fault of this reason at one place of the file."""
        shown = str(value)
        if len(shown) > MAX_VALUE_SHOWN:
            shown = shown[: MAX_VALUE_SHOWN - 1] + "…"
        return Fault(
            row=row,
            column=column,
            value=shown,
            code=self.code,
            reason=self.en.format(**details),
            reason_it=self.it.format(**details),
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, at one row (0: the file as a whole) and, where it applies, one column."""

    row: int
    column: str
    value: str
    code: str
    reason: str
    reason_it: str

    def __str__(self) -> str:
        place = f"row {self.row}" if self.row else "file"
        if self.column:
            place += f", column {self.column}"
        return f"{place}: {self.reason}"


class Loaded(NamedTuple):
    """What bringing a table in line with shipped data has changed."""

    total: int
    created: int = 0
    updated: int = 0
    removed: int = 0

    @property
    def has_changed(self) -> bool:
        """Whether anything is different now."""
        return any(self[1:])


class ImportFault(Exception):  # noqa: N818 — a fault of the file, like Fault is one of a row
    """The file cannot be used as a whole; nothing of it may be kept."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


EMPTY_FILE = Reason("empty_file", "the file is empty", "il file è vuoto")
WRONG_ENCODING = Reason(
    "wrong_encoding",
    "this row is not UTF-8 text; save the file as UTF-8",
    "questa riga non è testo UTF-8: salvare il file in UTF-8",
)
TRUNCATED = Reason(
    "truncated",
    "the compressed file ends early, after row {after}; download it again",
    "il file compresso finisce troppo presto, dopo la riga {after}: scaricarlo di nuovo",
)
DAMAGED = Reason(
    "damaged",
    "the compressed file is damaged after row {after}; download it again",
    "il file compresso è danneggiato dopo la riga {after}: scaricarlo di nuovo",
)
LINE_TOO_LONG = Reason(
    "line_too_long",
    "this line is longer than {limit} bytes; is it the right file?",
    "questa riga supera {limit} byte: è il file giusto?",
)
TOO_MUCH_TEXT = Reason(
    "too_much_text",
    "the file has more than {limit} bytes of text",
    "il file ha più di {limit} byte di testo",
)
TOO_MANY_ROWS = Reason(
    "too_many_rows",
    "the file has more than {limit} rows; is it the right file?",
    "il file ha più di {limit} righe: è il file giusto?",
)
BAD_QUOTES = Reason(
    "bad_quotes",
    "the quotation marks of this row do not match",
    "le virgolette di questa riga non tornano",
)
MISSING_COLUMN = Reason("missing_column", "the column {name} is missing", "manca la colonna {name}")
REPEATED_COLUMN = Reason(
    "repeated_column", "the column {name} appears twice", "la colonna {name} compare due volte"
)
FIELD_COUNT = Reason(
    "field_count",
    "this row has {found} fields instead of {expected}",
    "questa riga ha {found} campi invece di {expected}",
)
NUL_BYTE = Reason("nul_byte", "this cell contains a NUL byte", "questa cella contiene un byte nullo")
EMPTY_CELL = Reason("empty_cell", "this cell must not be empty", "questa cella non può essere vuota")
TOO_LONG = Reason(
    "too_long",
    "this cell has {found} characters; at most {limit} are allowed",
    "questa cella ha {found} caratteri: al massimo {limit}",
)
DUPLICATE_ROW = Reason("duplicate_row", "this row repeats row {first}", "questa riga ripete la riga {first}")

BLANK = "blank"
"""The key under which empty lines are counted among the skipped rows."""


@dataclass(slots=True)
class ImportReport:
    """An account of a file: each row has one outcome, each record of a finished import too.

    Rows: `seen = kept + merged + skipped + rejected` at any moment.
    Records: the kept and merged rows make `records` records, and once an importer has written them
    `records = created + updated + unchanged`. `unmatched` counts, by name, what was kept although it names something
    that the service does not know: a study path without a programme, a municipality.
    """

    seen: int = 0
    kept: int = 0
    merged: int = 0
    skipped: int = 0
    rejected: int = 0
    records: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped_by: Counter[str] = field(default_factory=Counter)
    rejected_by: Counter[str] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    @property
    def unlisted(self) -> int:
        """Rejected rows that are counted but no longer listed."""
        return self.rejected - len(self.faults)

    def keep(self) -> None:
        self.seen += 1
        self.kept += 1

    def merge(self) -> None:
        self.seen += 1
        self.merged += 1

    def skip(self, why: str) -> None:
        self.seen += 1
        self.skipped += 1
        self.skipped_by[why] += 1

    def reject(self, fault: Fault) -> None:
        self.seen += 1
        self.rejected += 1
        self.rejected_by[fault.code] += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(fault)

    def discard(self, fault: Fault) -> None:
        """Reject a row that had been kept: found out later, for example when it is written."""
        self.seen -= 1
        self.kept -= 1
        self.reject(fault)

    def pass_over(self, why: str) -> None:
        """Skip a row that had been kept: found out later, for example when it is written."""
        self.seen -= 1
        self.kept -= 1
        self.skip(why)

    def check(self, *, written: bool = False) -> None:
        """Raise ValueError if the sums do not hold; `written` includes the records."""
        if self.seen != self.kept + self.merged + self.skipped + self.rejected:
            raise ValueError(f"rows do not add up: {self}")
        if self.skipped != self.skipped_by.total() or self.rejected != self.rejected_by.total():
            raise ValueError(f"reasons do not add up: {self}")
        if written and self.records != self.created + self.updated + self.unchanged:
            raise ValueError(f"records do not add up: {self}")

    def as_dict(self) -> dict[str, object]:
        """For JSON: every count, the faults listed, and how many are not."""
        # `asdict` would count a Counter's items instead of copying them.
        counts = {name: dict(getattr(self, name)) for name in ("skipped_by", "rejected_by", "unmatched")}
        flat = replace(self, skipped_by=Counter(), rejected_by=Counter(), unmatched=Counter())
        return {**asdict(flat), **counts, "unlisted": self.unlisted}


# Windows punctuation that was decoded as Latin-1 somewhere upstream; the ministry's files hold some.
_WINDOWS_PUNCTUATION = {
    0x85: "…", 0x91: "‘", 0x92: "’", 0x93: "“", 0x94: "”", 0x95: "•", 0x96: "–", 0x97: "—"
}  # fmt: skip


def clean_cell(text: str) -> str:
    """The cell without outer and repeated white space, and with mis-decoded punctuation restored."""
    if not text.isascii():
        text = text.translate(_WINDOWS_PUNCTUATION)
    return " ".join(text.split())


_CELL = re.compile(r'"(?:[^"]|"")*"|(?!")[^,\r\n]*')


class Table:
    """A delimited UTF-8 file (plain or gzip) read row by row, in constant memory.

    Iterating yields `(row number, cells of the wanted columns, all cells)`. Blank lines and rows that
    cannot be taken apart are entered in the report and not yielded. Raises `ImportFault`.
    """

    def __init__(
        self,
        source: Source,
        *,
        required: Sequence[str],
        optional: Sequence[str] = (),
        report: ImportReport,
        progress: Progress | None = None,
    ) -> None:
        self._source = source
        self._required = tuple(required)
        self._optional = tuple(optional)
        self._report = report
        self._progress = progress
        self._row = 0
        self._bytes = 0
        self._names: list[str] = []
        self._text: list[str] = []  # of the row being taken apart, to say at which column it fails

    def header(self) -> list[str]:
        """The names in the first row as they stand there; nothing else is read. Raises `ImportFault`."""
        with contextlib.ExitStack() as stack:
            return self._next(csv.reader(self._lines(_open(self._source, stack)), strict=True)) or []

    def __iter__(self) -> Iterator[tuple[int, list[str], list[str]]]:
        with contextlib.ExitStack() as stack:
            stream = _open(self._source, stack)
            rows = csv.reader(self._lines(stream), strict=True)
            header = self._next(rows)
            if header is None:
                raise ImportFault(EMPTY_FILE.at(0))
            self._names = [name.strip() for name in header]
            columns = self._columns(header)
            yield from self._body(rows, columns, len(header))

    def _body(
        self, rows: Iterator[list[str]], columns: list[int], width: int
    ) -> Iterator[tuple[int, list[str], list[str]]]:
        report = self._report
        while (cells := self._next(rows)) is not None:
            number = self._row
            if self._progress is not None and number % PROGRESS_EVERY == 0:
                self._progress(number - 1)
            if not cells:
                report.skip(BLANK)
            elif len(cells) != width:
                report.reject(FIELD_COUNT.at(number, found=len(cells), expected=width))
            else:
                yield number, [cells[i] if i >= 0 else "" for i in columns], cells
        if self._progress is not None:
            self._progress(self._row - 1)

    def _next(self, rows: Iterator[list[str]]) -> list[str] | None:
        self._text.clear()
        try:
            cells = next(rows)
        except StopIteration:
            return None
        except csv.Error:
            raise ImportFault(BAD_QUOTES.at(self._row + 1, self._column_reached())) from None
        self._row += 1
        if self._row > MAX_ROWS:
            raise ImportFault(TOO_MANY_ROWS.at(self._row, limit=MAX_ROWS))
        return cells

    def _lines(self, stream: BinaryIO) -> Iterator[str]:
        encoding = "utf-8-sig"
        while line := self._readline(stream):
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError as error:
                self._text.append(line[: error.start].decode(errors="ignore"))
                raise ImportFault(WRONG_ENCODING.at(self._row + 1, self._column_reached())) from None
            self._text.append(text)
            yield text
            encoding = "utf-8"

    def _column_reached(self) -> str:
        """The name of the column in which the text of the present row ends or stops making sense."""
        text, start, column = "".join(self._text), 0, 0
        while (cell := _CELL.match(text, start)) is not None and text[cell.end() : cell.end() + 1] == ",":
            start, column = cell.end() + 1, column + 1
        return self._names[column] if column < len(self._names) else ""

    def _readline(self, stream: BinaryIO) -> bytes:
        try:
            line = stream.readline(MAX_LINE_BYTES + 1)
        except EOFError:
            raise ImportFault(TRUNCATED.at(self._row, after=self._row)) from None
        except (zlib.error, gzip.BadGzipFile):
            raise ImportFault(DAMAGED.at(self._row, after=self._row)) from None
        if len(line) > MAX_LINE_BYTES:
            raise ImportFault(LINE_TOO_LONG.at(self._row + 1, limit=MAX_LINE_BYTES))
        self._bytes += len(line)
        if self._bytes > MAX_BYTES:
            raise ImportFault(TOO_MUCH_TEXT.at(self._row + 1, limit=MAX_BYTES))
        return line

    def _columns(self, header: list[str]) -> list[int]:
        names = [name.strip().upper() for name in header]
        wanted = {name: name.upper() for name in (*self._required, *self._optional)}
        for name, key in wanted.items():
            if names.count(key) > 1:
                raise ImportFault(REPEATED_COLUMN.at(1, name, name=name))
        for name in self._required:
            if wanted[name] not in names:
                raise ImportFault(MISSING_COLUMN.at(1, name, name=name))
        return [names.index(key) if key in names else -1 for key in wanted.values()]


def _open(source: Source, stack: contextlib.ExitStack) -> BinaryIO:
    """A buffered stream of the uncompressed bytes; a stream that was passed in stays open."""
    if isinstance(source, str | Path):
        buffered = stack.enter_context(Path(source).open("rb"))  # noqa: SIM115 — the stack closes it
    else:
        buffered = io.BufferedReader(_Unowned(source))
    if buffered.peek(2)[:2] != b"\x1f\x8b":
        return buffered
    return io.BufferedReader(stack.enter_context(gzip.GzipFile(fileobj=buffered)))


class _Unowned(io.RawIOBase):
    """Reads from a stream without ever closing it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def cell_fault(row: int, column: str, value: str, limit: int) -> Fault | None:
    """The fault of a cell that must hold something of at most `limit` characters, if it has one."""
    if "\0" in value:
        return NUL_BYTE.at(row, column, value.replace("\0", "␀"))
    if not value or value.isspace():
        return EMPTY_CELL.at(row, column)
    if len(value) > limit:
        return TOO_LONG.at(row, column, value, found=len(value), limit=limit)
    return None
