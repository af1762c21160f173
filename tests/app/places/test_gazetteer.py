"""The shipped list is whole and right; each kind of fault in a file is named by file, row and column."""

import json
from collections import Counter
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path
from typing import Any

import pytest

from app.places import gazetteer
from app.places.gazetteer import (
    FORMER_COLUMNS,
    MUNICIPALITY_COLUMNS,
    FormerMunicipality,
    GazetteerError,
    MunicipalityData,
    read_former,
    read_municipalities,
    search_key,
)

ROOT = Path(__file__).resolve().parents[3]
OUTLINES = "shared/data/geo-emilia-romagna/limits_R_8_municipalities.topo.json"
TOLERANCE_M = 500
METRES_PER_DEGREE = 111_195

ROW = {
    "istat": "037006",
    "cadastral": "A944",
    "name": "Bologna",
    "other_name": "",
    "province_code": "BO",
    "province_name": "Bologna",
    "region_code": "08",
    "region_name": "Emilia-Romagna",
    "caps": "40121 40122",
    "latitude": "44.49381",
    "longitude": "11.33875",
    "population": "387971",
    "coordinate_source": "town",
}
FORMER_ROW = {
    "name": "Porretta Terme",
    "cadastral": "A558",
    "successor_istat": "037006",
    "ended_on": "2015-12-31",
    "evidence": "merger",
}


@pytest.fixture(scope="module")
def municipalities() -> tuple[MunicipalityData, ...]:
    return read_municipalities()


def write(folder: Path, columns: tuple[str, ...], *rows: dict[str, str]) -> Path:
    path = folder / "list.csv"
    lines = [",".join(columns), *(",".join(row[column] for column in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_list_holds_every_municipality_province_and_region(
    municipalities: tuple[MunicipalityData, ...],
) -> None:
    assert len(municipalities) == 7896
    assert len({each.istat for each in municipalities}) == 7896
    assert len({each.cadastral for each in municipalities}) == 7896
    assert len({(each.province_code, each.province_name) for each in municipalities}) == 110
    assert len({each.province_code for each in municipalities}) == 110
    assert len({(each.region_code, each.region_name) for each in municipalities}) == 20
    assert Counter(each.region_name for each in municipalities)["Emilia-Romagna"] == 330
    assert Counter(each.province_code for each in municipalities)["BO"] == 55


def test_a_municipality_is_read_whole(municipalities: tuple[MunicipalityData, ...]) -> None:
    by_istat = {each.istat: each for each in municipalities}
    assert by_istat["021008"] == MunicipalityData(
        istat="021008",
        cadastral="A952",
        name="Bolzano",
        other_name="Bozen",
        province_code="BZ",
        province_name="Bolzano/Bozen",
        region_code="04",
        region_name="Trentino-Alto Adige/Südtirol",
        caps=("39100",),
        latitude=46.49067,
        longitude=11.33982,
        population=106107,
        coordinate_source="town",
    )


def test_no_name_is_broken_by_an_encoding(municipalities: tuple[MunicipalityData, ...]) -> None:
    text = "".join(
        each.name + each.other_name + each.province_name + each.region_name for each in municipalities
    )
    assert not {character for character in text if not (character.isalpha() or character in " '-./()")}
    assert not {character for character in text if "\x80" <= character <= "\xbf"}


def test_caps_belong_to_few_zones(municipalities: tuple[MunicipalityData, ...]) -> None:
    """The first two digits of a CAP are a postal zone: no municipality lies in two of them."""
    assert [each.name for each in municipalities if len({cap[:2] for cap in each.caps}) != 1] == []


def test_the_population_is_that_of_italy(municipalities: tuple[MunicipalityData, ...]) -> None:
    assert 58_000_000 < sum(each.population for each in municipalities) < 60_000_000


def test_few_places_are_not_the_town_of_that_name(municipalities: tuple[MunicipalityData, ...]) -> None:
    counts = Counter(each.coordinate_source for each in municipalities)
    assert counts == {"town": 7709, "seat": 77, "place": 107, "override": 3}


def test_former_names_lead_to_their_successor(municipalities: tuple[MunicipalityData, ...]) -> None:
    former = read_former()
    assert len(former) == 388
    names = {each.istat: each.name for each in municipalities}
    successors = {each.name: names[each.successor_istat] for each in former}
    assert {
        name: successors[name] for name in ("Bazzano", "Granaglione", "Ciano d'Enza", "Ronago", "Donada")
    } == {
        "Bazzano": "Valsamoggia",
        "Granaglione": "Alto Reno Terme",
        "Ciano d'Enza": "Canossa",
        "Ronago": "Uggiate con Ronago",
        "Donada": "Porto Viro",
    }


def test_every_town_of_emilia_romagna_lies_in_its_official_outline(
    municipalities: tuple[MunicipalityData, ...],
) -> None:
    outlines = read_outlines(find_outlines())
    assert len(outlines) == 330
    ours = {each.istat: each for each in municipalities if each.region_code == "08"}
    assert set(outlines) == set(ours)
    metres = {istat: metres_outside(rings, ours[istat]) for istat, rings in outlines.items()}
    assert {ours[istat].name: round(away) for istat, away in metres.items() if away > TOLERANCE_M} == {}


def test_a_town_moved_next_door_is_noticed(municipalities: tuple[MunicipalityData, ...]) -> None:
    outlines = read_outlines(find_outlines())
    imola = next(each for each in municipalities if each.name == "Imola")
    assert metres_outside(outlines["037006"], imola) > 20_000


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("istat", "37006", "must be six digits"),
        ("istat", "37006A", "must be six digits"),
        ("cadastral", "Z944", "must be a letter from A to M and three digits"),
        ("name", "", "must not be empty or have blanks around it"),
        ("name", " Bologna", "must not be empty or have blanks around it"),
        ("province_code", "Bo", "must be two capital letters"),
        ("region_code", "21", "must be two digits from 01 to 20"),
        ("caps", "4012", "must be codes of five digits with one blank between"),
        ("caps", "", "must be codes of five digits with one blank between"),
        ("caps", "40121 40121", "the same code stands twice"),
        ("latitude", "11.33875", "outside Italy, which lies between 35.2 and 47.2"),
        ("latitude", "44.5", "must be degrees with five decimals"),
        ("longitude", "44.49381", "outside Italy, which lies between 6.5 and 18.7"),
        ("longitude", "nan", "must be degrees with five decimals"),
        ("population", "0", "must be a whole number above zero"),
        ("population", "38.7", "must be a whole number above zero"),
        ("coordinate_source", "guess", "must be one of town, seat, place, outline, override"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, column: str, value: str, reason: str) -> None:
    good = ROW | {"istat": "037032", "cadastral": "E289"}
    path = write(tmp_path, MUNICIPALITY_COLUMNS, good, ROW | {column: value})
    with pytest.raises(GazetteerError) as caught:
        read_municipalities(path)
    assert str(caught.value) == f"list.csv, row 3, column {column}: {reason} (found {value!r})"


@pytest.mark.parametrize("column", ["istat", "cadastral"])
def test_a_code_that_stands_twice_is_named(tmp_path: Path, column: str) -> None:
    other = {"istat": "037032", "cadastral": "E289"} | {column: ROW[column]}
    path = write(tmp_path, MUNICIPALITY_COLUMNS, ROW, ROW | other)
    with pytest.raises(GazetteerError, match=f"list.csv, row 3, column {column}: already stands in row 2"):
        read_municipalities(path)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path, MUNICIPALITY_COLUMNS, ROW, ROW | {"istat": "040012", "cadastral": "D704", "name": "Forlì"}
    )
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    with pytest.raises(GazetteerError) as caught:
        read_municipalities(path)
    assert str(caught.value) == "list.csv, row 3, column name: byte 0xec is not UTF-8"


def test_other_columns_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, ("istat", "name"), ROW)
    with pytest.raises(
        GazetteerError, match=r"list.csv, row 1: the columns must be istat, .* \(found istat, name\)"
    ):
        read_municipalities(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.touch()
    with pytest.raises(GazetteerError, match="row 1: the columns must be"):
        read_municipalities(path)


def test_a_row_with_a_missing_cell_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, MUNICIPALITY_COLUMNS, ROW)
    path.write_text(path.read_text(encoding="utf-8").replace(",town", ""), encoding="utf-8")
    with pytest.raises(GazetteerError, match=r"list\.csv, row 2: 13 columns expected, 12 found"):
        read_municipalities(path)


def test_former_names_are_read(tmp_path: Path) -> None:
    now = read_municipalities(write(tmp_path, MUNICIPALITY_COLUMNS, ROW))
    former = read_former(write(tmp_path, FORMER_COLUMNS, FORMER_ROW), now)
    assert former == (FormerMunicipality("Porretta Terme", "A558", "037006"),)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("successor_istat", "037999", "is not the code of a municipality"),
        ("cadastral", "558", "must be a letter from A to M and three digits"),
        ("name", "", "must not be empty or have blanks around it"),
        ("ended_on", "31/12/2015", "must be a day as YYYY-MM-DD"),
        ("evidence", "", "must not be empty or have blanks around it"),
    ],
)
def test_a_bad_former_name_is_named(tmp_path: Path, column: str, value: str, reason: str) -> None:
    now = read_municipalities(write(tmp_path, MUNICIPALITY_COLUMNS, ROW))
    path = write(tmp_path, FORMER_COLUMNS, FORMER_ROW | {column: value})
    with pytest.raises(GazetteerError) as caught:
        read_former(path, now)
    assert str(caught.value) == f"list.csv, row 2, column {column}: {reason} (found {value!r})"


def test_a_former_name_that_stands_twice_is_named(tmp_path: Path) -> None:
    now = read_municipalities(write(tmp_path, MUNICIPALITY_COLUMNS, ROW))
    path = write(tmp_path, FORMER_COLUMNS, FORMER_ROW, FORMER_ROW)
    with pytest.raises(GazetteerError, match=r"list\.csv, row 3, column name: already stands in row 2"):
        read_former(path, now)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Reggio nell'Emilia", "reggio nell emilia"),
        ("Reggio nell’Emilia", "reggio nell emilia"),
        ("FORLÌ-Cesena", "forli cesena"),
        ("Sovodnje ob Soči", "sovodnje ob soci"),
        ("Welsberg-Taisten / Straße", "welsberg taisten strasse"),
        ("  San   Lazzaro  ", "san lazzaro"),
        ("'", ""),
    ],
)
def test_search_key_folds(text: str, key: str) -> None:
    assert search_key(text) == key
    assert search_key(key) == key


def test_every_name_has_a_search_key(municipalities: tuple[MunicipalityData, ...]) -> None:
    assert all(search_key(each.name) for each in municipalities)


def find_outlines() -> Path:
    """The official outlines are not shipped: they lie beside the repository, or beside its worktrees."""
    for folder in (ROOT.parent, ROOT.parent.parent):
        if (folder / OUTLINES).exists():
            return folder / OUTLINES
    pytest.skip(f"official outlines not found: {OUTLINES} beside the repository")


Point = tuple[float, float]
Ring = list[Point]


def read_outlines(path: Path) -> dict[str, list[Ring]]:
    """Outline of each municipality as rings of (longitude, latitude); holes are rings like the others."""
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = [decode_arc(arc, topology["transform"]) for arc in topology["arcs"]]
    (layer,) = topology["objects"].values()
    return {
        shape["properties"]["com_istat_code"]: [join_arcs(ring, arcs) for ring in rings_of(shape)]
        for shape in layer["geometries"]
    }


def decode_arc(arc: list[list[int]], transform: dict[str, list[float]]) -> Ring:
    """Each position is a whole-number step from the one before, on a grid that `transform` lays on the map."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        points.append((left + x * scale_x, bottom + y * scale_y))
    return points


def rings_of(shape: dict[str, Any]) -> list[list[int]]:
    if shape["type"] == "Polygon":
        return list(shape["arcs"])
    return [ring for polygon in shape["arcs"] for ring in polygon]


def join_arcs(indexes: list[int], arcs: list[Ring]) -> Ring:
    """A negative index is an arc walked backwards; neighbouring arcs share their end point."""
    ring: Ring = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(arc[1:] if ring else arc)
    return ring


def metres_outside(rings: list[Ring], town: MunicipalityData) -> float:
    """0 inside; else the distance to the nearest edge on the plane that touches the earth at the town."""
    east = METRES_PER_DEGREE * cos(radians(town.latitude))
    local = [
        [((x - town.longitude) * east, (y - town.latitude) * METRES_PER_DEGREE) for x, y in ring]
        for ring in rings
    ]
    edges = [edge for ring in local for edge in pairwise(ring)]
    if sum(crosses(*edge) for edge in edges) % 2:
        return 0.0
    return min(distance(*edge) for edge in edges)


def crosses(start: Point, end: Point) -> bool:
    """Whether the ray from the origin to the east meets the edge."""
    if (start[1] > 0) == (end[1] > 0):
        return False
    return start[0] - start[1] * (end[0] - start[0]) / (end[1] - start[1]) > 0


def distance(start: Point, end: Point) -> float:
    """From the origin to the edge."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = min(1.0, max(0.0, -(start[0] * dx + start[1] * dy) / length)) if length else 0.0
    return hypot(start[0] + along * dx, start[1] + along * dy)


def test_the_geometry_of_this_test_measures_right() -> None:
    square = [[(10.0, 45.0), (10.0, 45.1), (10.1, 45.1), (10.1, 45.0), (10.0, 45.0)]]

    def at(latitude: float, longitude: float) -> float:
        town = MunicipalityData("", "", "", "", "", "", "", "", (), latitude, longitude, 1, "town")
        return metres_outside(square, town)

    assert at(45.05, 10.05) == 0
    assert at(45.11, 10.05) == pytest.approx(1111.95)
    assert at(45.05, 10.11) == pytest.approx(111_195 * 0.01 * cos(radians(45.05)))
    assert gazetteer.SOUTH < 45 < gazetteer.NORTH
