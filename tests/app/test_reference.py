"""The shipped reference data, loaded whole on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app import reference
from app.db import Database, ReferenceLoad
from app.imports import Loaded
from app.places.models import Municipality, MunicipalityName
from app.programmes.models import Programme, ProgrammeSkill
from app.reference import load_reference
from app.skills.models import Skill
from tests.queries import count_queries


def size(database: Database, *tables: type) -> list[int]:
    with database.read() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]


def test_everything_loads_once(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    first = load_reference(database)
    assert list(first) == ["municipalities", "vocabulary", "programmes", "laws"]
    for loaded in first.values():
        assert loaded is not None
        assert loaded == Loaded(total=loaded.total, created=loaded.total)
    municipalities, skills, programmes, met = size(database, Municipality, Skill, Programme, ProgrammeSkill)
    assert municipalities == 7896
    assert skills >= 500
    assert programmes >= 30
    assert met > programmes
    assert "Loading vocabulary …" in capsys.readouterr().err

    with count_queries(database) as queries:
        assert set(load_reference(database).values()) == {None}
    assert queries.count == 4
    assert capsys.readouterr().err == ""

    # A new edition of the code that loads the same data: everything is compared, nothing changes.
    with database.write() as session:
        session.execute(sa.update(ReferenceLoad).values(fingerprint="older"))
    assert load_reference(database) == {
        name: Loaded(total=loaded.total) for name, loaded in first.items() if loaded is not None
    }
    assert set(load_reference(database).values()) == {None}

    with database.write() as session:
        session.execute(sa.update(Municipality).where(Municipality.istat == "037006").values(name="Felsina"))
        session.execute(sa.delete(MunicipalityName).where(MunicipalityName.istat == "037006"))
        session.execute(sa.delete(ReferenceLoad).where(ReferenceLoad.name == "municipalities"))
    assert load_reference(database, only="municipalities") == {"municipalities": Loaded(7896, updated=1)}
    with database.read() as session:
        assert session.get_one(Municipality, "037006").name == "Bologna"
        assert session.scalars(
            sa.select(MunicipalityName.name).where(MunicipalityName.key == "bologna")
        ).all() == ["Bologna"]


def test_one_set_can_be_loaded_alone(database: Database) -> None:
    loaded = load_reference(database, only="vocabulary", quiet=True)
    assert list(loaded) == ["vocabulary"]
    assert size(database, Municipality, Programme) == [0, 0]


def test_a_set_that_fails_leaves_nothing_of_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_late(session: object, actor: object, curriculum: object) -> Loaded:
        raise ZeroDivisionError

    monkeypatch.setattr(reference.programmes, "load", fail_late)
    with pytest.raises(ZeroDivisionError):
        load_reference(database)
    with database.read() as session:
        assert session.scalars(sa.select(ReferenceLoad.name).order_by(ReferenceLoad.name)).all() == [
            "municipalities",
            "vocabulary",
        ]


def test_the_fingerprint_sees_data_and_code() -> None:
    names = [one.name for one in reference.DATA_SETS]
    assert names == ["municipalities", "vocabulary", "programmes", "laws"]
    for data_set in reference.DATA_SETS:
        for folder in data_set.folders:
            assert (folder / "models.py").exists()
            assert any((folder / "data").iterdir())
