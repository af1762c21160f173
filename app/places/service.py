"""Finding municipalities, and loading them."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import Actor
from app.events import service as events
from app.imports import Loaded
from app.places.gazetteer import FormerMunicipality, MunicipalityData, search_key
from app.places.models import Municipality, MunicipalityName


class NoSuchMunicipality(errors.NotFound):
    """No municipality has this ISTAT code."""

    title = "No such municipality"


class UnknownMunicipality(errors.Invalid):
    """Something refers to a municipality that does not exist."""

    title = "Unknown municipality"


def read(session: Session, istat: str) -> Municipality:
    """The municipality with this ISTAT code. Raises NoSuchMunicipality."""
    found = session.get(Municipality, istat)
    if found is None:
        raise NoSuchMunicipality(f"No municipality has the ISTAT code {istat}.")
    return found


def names(session: Session, istats: Iterable[str]) -> dict[str, str]:
    """ISTAT code → name with the province, of those that exist: `Imola (BO)`."""
    rows = session.execute(
        sa.select(Municipality.istat, Municipality.name, Municipality.province_code).where(
            Municipality.istat.in_(set(istats))
        )
    )
    return {istat: f"{name} ({province})" for istat, name, province in rows}


def require(session: Session, istat: str, *, field: str = "municipality_istat") -> None:
    """Refuse input that names an unknown municipality. Raises UnknownMunicipality with the field."""
    if session.get(Municipality, istat) is None:
        detail = f"no municipality has the ISTAT code {istat}"
        raise UnknownMunicipality(faults=[{"in": "body", "field": field, "detail": detail}])


def search(
    session: Session, query: str, *, province: str | None, limit: int, after: tuple[int, str] | None
) -> list[tuple[Municipality, str]]:
    """Municipalities whose name, former name or CAP begins with `query`, the most populous first.

    Each comes with the name it was found under. `after` is the (population, ISTAT code) that the page before ended on.
    """
    key = search_key(query)
    if not key:
        return []
    found_as = (
        sa.select(MunicipalityName.istat, sa.func.min(MunicipalityName.name).label("name"))
        .where(MunicipalityName.key.startswith(key, autoescape=True))
        .group_by(MunicipalityName.istat)
        .subquery()
    )
    order = sa.select(Municipality, found_as.c.name).join(found_as, found_as.c.istat == Municipality.istat)
    if province is not None:
        order = order.where(Municipality.province_code == province)
    if after is not None:
        population, istat = after
        order = order.where(
            sa.or_(
                Municipality.population < population,
                sa.and_(Municipality.population == population, Municipality.istat > istat),
            )
        )
    order = order.order_by(Municipality.population.desc(), Municipality.istat).limit(limit)
    return [(municipality, name) for municipality, name in session.execute(order)]


def load(
    session: Session,
    actor: Actor,
    municipalities: Iterable[MunicipalityData],
    former: Iterable[FormerMunicipality],
) -> Loaded:
    """Bring the table in line with the gazetteer; loading twice changes nothing.

    A municipality that the gazetteer no longer has stays: schools and students may live there on paper.
    """
    wanted = {data.istat: data for data in municipalities}
    known = {row.istat: row._asdict() for row in session.execute(sa.select(*Municipality.__table__.columns))}
    values = {
        istat: {name: getattr(data, name) for name in _SAME_NAMES}
        | {"other_name": data.other_name or None, "caps": " ".join(data.caps)}
        for istat, data in wanted.items()
    }
    created = [values[istat] for istat in values if istat not in known]
    updated = [values[istat] for istat in values if istat in known and known[istat] != values[istat]]
    if created:
        session.execute(sa.insert(Municipality), created)
    if updated:
        session.execute(sa.update(Municipality), updated)
    has_new_names = _write_names(session, wanted.values(), former)
    loaded = Loaded(len(wanted), len(created), len(updated))
    if loaded.has_changed:
        db.touch(session, "places")
    if loaded.has_changed or has_new_names:
        events.record(session, actor, "municipalities.loaded", "all", loaded._asdict())
    return loaded


_SAME_NAMES = ("istat", "cadastral", "name", "province_code", "province_name", "region_code", "region_name",
               "latitude", "longitude", "coordinate_source", "population")  # fmt: skip


def _write_names(
    session: Session, municipalities: Iterable[MunicipalityData], former: Iterable[FormerMunicipality]
) -> bool:
    """Replace the names if they differ, and say whether they did."""
    names: dict[tuple[str, str], dict[str, str]] = {}

    def add(istat: str, kind: str, name: str) -> None:
        key = search_key(name)
        names.setdefault((key, istat), {"key": key, "istat": istat, "kind": kind, "name": name})

    for data in municipalities:
        add(data.istat, "name", data.name)
        if data.other_name:
            add(data.istat, "name", data.other_name)
        for cap in data.caps:
            add(data.istat, "cap", cap)
    for one in former:
        add(one.successor_istat, "former", one.name)
    columns = MunicipalityName.__table__.columns
    known = {(row.key, row.istat): row._asdict() for row in session.execute(sa.select(*columns))}
    if known == names:
        return False
    session.execute(sa.delete(MunicipalityName))
    session.execute(sa.insert(MunicipalityName), list(names.values()))
    return True


def find_named(
    session: Session, written: Iterable[str], *, near_province: str | None
) -> dict[str, list[str]]:
    """The ISTAT codes that each of these cells may mean: a name, `Name (BO)`, an ISTAT or a cadastral code.

    Of several municipalities of one name, one in the province nearby is meant.
    """
    cells = {cell: _meanings(cell) for cell in set(written)}
    keys = {key for meanings in cells.values() for key, _ in meanings}
    rows = session.execute(
        sa.select(MunicipalityName.key, Municipality.istat, Municipality.province_code)
        .join(Municipality, Municipality.istat == MunicipalityName.istat)
        .where(MunicipalityName.key.in_(keys), MunicipalityName.kind != "cap")
    ).all()
    codes = {cell.upper() for cell in cells}
    by_code = session.execute(
        sa.select(Municipality.istat, Municipality.cadastral).where(
            sa.or_(Municipality.istat.in_(codes), Municipality.cadastral.in_(codes))
        )
    ).all()
    known = {code: [istat] for istat, cadastral in by_code for code in (istat, cadastral)}

    def named(key: str, province: str | None) -> list[str]:
        found = {istat: code for name, istat, code in rows if name == key and province in (None, code)}
        near = [istat for istat, code in found.items() if code == near_province]
        return near if len(near) == 1 else sorted(found)

    return {
        cell: known.get(cell.upper())
        or next((found for meaning in meanings if (found := named(*meaning))), [])
        for cell, meanings in cells.items()
    }


def _meanings(cell: str) -> list[tuple[str, str | None]]:
    """The key of the whole cell, and of a name with its province behind it: `Imola (BO)`, `Imola - BO`, `IMOLA BO`."""
    found = re.fullmatch(r"(.+?)[\s(-]+([A-Za-z]{2})\)?", cell)
    split = [(search_key(found[1]), found[2].upper())] if found is not None else []
    return [(search_key(cell), None), *split]
