"""Reads the shipped list of Italian municipalities. Sources, dates and limits: `app/places/data/README.md`."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"
MUNICIPALITIES = DATA / "municipalities.csv"
FORMER = DATA / "former_municipalities.csv"

COORDINATE_SOURCES = ("town", "seat", "place", "outline", "override")
MUNICIPALITY_COLUMNS = (
    "istat",
    "cadastral",
    "name",
    "other_name",
    "province_code",
    "province_name",
    "region_code",
    "region_name",
    "caps",
    "latitude",
    "longitude",
    "population",
    "coordinate_source",
)
FORMER_COLUMNS = ("name", "cadastral", "successor_istat", "ended_on", "evidence")

SOUTH, NORTH, WEST, EAST = 35.2, 47.2, 6.5, 18.7


class GazetteerError(ValueError):
    """A data file is not what it should be; the message names file, row (the header is row 1) and column."""


@dataclass(frozen=True, slots=True)
class MunicipalityData:
    """One municipality; the coordinates are those of its town (WGS84), not of the middle of its outline."""

    istat: str
    cadastral: str
    name: str
    other_name: str
    province_code: str
    province_name: str
    region_code: str
    region_name: str
    caps: tuple[str, ...]
    latitude: float
    longitude: float
    population: int
    coordinate_source: str


@dataclass(frozen=True, slots=True)
class FormerMunicipality:
    """A name no longer in use (merger or change of name) and the municipality that holds its town today."""

    name: str
    cadastral: str
    successor_istat: str


@dataclass(frozen=True)
class _Row:
    """A row that knows where it stands, so that each fault can say so."""

    path: Path
    number: int
    cells: dict[str, str]

    def fault(self, column: str, reason: str) -> GazetteerError:
        found = self.cells[column]
        return GazetteerError(
            f"{self.path.name}, row {self.number}, column {column}: {reason} (found {found!r})"
        )

    def matching(self, column: str, pattern: str, meaning: str) -> str:
        if not re.fullmatch(pattern, self.cells[column], re.ASCII):
            raise self.fault(column, f"must be {meaning}")
        return self.cells[column]

    def filled(self, column: str) -> str:
        value = self.cells[column]
        if not value or value != value.strip():
            raise self.fault(column, "must not be empty or have blanks around it")
        return value

    def between(self, column: str, low: float, high: float) -> float:
        value = float(self.matching(column, r"\d{1,2}\.\d{5}", "degrees with five decimals"))
        if not low <= value <= high:
            raise self.fault(column, f"outside Italy, which lies between {low} and {high}")
        return value


def search_key(text: str) -> str:
    """Fold for prefix search: case, accents, apostrophes, hyphens and other punctuation no longer count.

    >>> search_key("Reggio nell'Emilia"), search_key("FORLI’"), search_key("San Vito-Cerreto")
    ('reggio nell emilia', 'forli', 'san vito cerreto')
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", plain))


def read_municipalities(path: Path | None = None) -> tuple[MunicipalityData, ...]:
    """All municipalities in the order of the file (by ISTAT code); `GazetteerError` at the first fault."""
    rows = list(_rows(path or MUNICIPALITIES, MUNICIPALITY_COLUMNS))
    for column in ("istat", "cadastral"):
        _refuse_duplicates(rows, lambda row, column=column: (row.cells[column],), column)  # type: ignore[misc]
    return tuple(_municipality(row) for row in rows)


def read_former(
    path: Path | None = None, municipalities: tuple[MunicipalityData, ...] | None = None
) -> tuple[FormerMunicipality, ...]:
    """All known former names; each successor must be among `municipalities` (the shipped ones by default)."""
    rows = list(_rows(path or FORMER, FORMER_COLUMNS))
    known = {each.istat for each in (read_municipalities() if municipalities is None else municipalities)}
    _refuse_duplicates(rows, lambda row: (row.cells["name"], row.cells["successor_istat"]), "name")
    return tuple(_former(row, known) for row in rows)


def _municipality(row: _Row) -> MunicipalityData:
    istat = row.matching("istat", r"\d{6}", "six digits")
    if row.cells["coordinate_source"] not in COORDINATE_SOURCES:
        raise row.fault("coordinate_source", f"must be one of {', '.join(COORDINATE_SOURCES)}")
    return MunicipalityData(
        istat=istat,
        cadastral=row.matching("cadastral", r"[A-M]\d{3}", "a letter from A to M and three digits"),
        name=row.filled("name"),
        other_name=row.cells["other_name"],
        province_code=row.matching("province_code", r"[A-Z]{2}", "two capital letters"),
        province_name=row.filled("province_name"),
        region_code=row.matching("region_code", r"0[1-9]|1\d|20", "two digits from 01 to 20"),
        region_name=row.filled("region_name"),
        caps=_caps(row),
        latitude=row.between("latitude", SOUTH, NORTH),
        longitude=row.between("longitude", WEST, EAST),
        population=int(row.matching("population", r"[1-9]\d{0,6}", "a whole number above zero")),
        coordinate_source=row.cells["coordinate_source"],
    )


def _caps(row: _Row) -> tuple[str, ...]:
    caps = tuple(
        row.matching("caps", r"\d{5}( \d{5})*", "codes of five digits with one blank between").split(" ")
    )
    if len(set(caps)) != len(caps):
        raise row.fault("caps", "the same code stands twice")
    return caps


def _former(row: _Row, known: set[str]) -> FormerMunicipality:
    row.matching("ended_on", r"\d{4}-\d{2}-\d{2}", "a day as YYYY-MM-DD")
    row.filled("evidence")
    if row.cells["successor_istat"] not in known:
        raise row.fault("successor_istat", "is not the code of a municipality")
    return FormerMunicipality(
        name=row.filled("name"),
        cadastral=row.matching("cadastral", r"[A-M]\d{3}", "a letter from A to M and three digits"),
        successor_istat=row.cells["successor_istat"],
    )


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    header = next(reader, [])
    if tuple(header) != columns:
        raise GazetteerError(
            f"{path.name}, row 1: the columns must be {', '.join(columns)} (found {', '.join(header)})"
        )
    for number, cells in enumerate(reader, start=2):
        if len(cells) != len(columns):
            raise GazetteerError(
                f"{path.name}, row {number}: {len(columns)} columns expected, {len(cells)} found"
            )
        yield _Row(path, number, dict(zip(columns, cells, strict=True)))


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        line = content[content.rfind(b"\n", 0, error.start) + 1 : error.start]
        header = content.split(b"\n", 1)[0].decode("ascii", "replace").strip().split(",")
        column = header[min(line.count(b","), len(header) - 1)]
        raise GazetteerError(
            f"{path.name}, row {number}, column {column}: byte {content[error.start]:#04x} is not UTF-8"
        ) from error


def _refuse_duplicates(rows: list[_Row], key: Callable[[_Row], tuple[str, ...]], column: str) -> None:
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        earlier = first.setdefault(key(row), row.number)
        if earlier != row.number:
            raise row.fault(column, f"already stands in row {earlier}")
