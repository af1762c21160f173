"""Reading programmes, and bringing the tables in line with the curricula."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.db import Database
from app.events.models import Event
from app.imports import Loaded
from app.programmes import loading
from app.programmes import service as programmes
from app.programmes.curriculum import Curriculum
from app.programmes.models import Programme, ProgrammeSkill, ProgrammeVersion, StudyPath
from app.skills import loading as skills
from app.skills import service as skills_service
from tests.app.programmes.curricula import CURRICULA, PROGRAMMES, SKILLS, STUDY_PATHS, curriculum
from tests.factories import ACTOR, Factory
from tests.queries import count_queries


@pytest.fixture(autouse=True)
def vocabulary(database: Database) -> None:
    with database.write() as session:
        skills.load(session, ACTOR, SKILLS)


@pytest.fixture
def loaded(database: Database, tmp_path: Path) -> None:
    load(database, curriculum(tmp_path))


def load(database: Database, data: Curriculum) -> Loaded:
    with database.write() as session:
        return loading.load(session, ACTOR, data)


def everything(database: Database) -> list[list[tuple[Any, ...]]]:
    with database.read() as session:
        return [
            sorted(map(tuple, session.execute(sa.select(*table.__table__.columns))), key=repr)
            for table in (Programme, ProgrammeVersion, StudyPath, ProgrammeSkill)
        ]


# --- loading ----------------------------------------------------------------------------------------------------------


def test_loading_writes_everything_and_says_so(database: Database, tmp_path: Path) -> None:
    assert load(database, curriculum(tmp_path)) == Loaded(total=3, created=3)
    with database.read() as session:
        rows = session.execute(sa.select(*StudyPath.__table__.columns).order_by(StudyPath.name))
        assert [tuple(row) for row in rows] == [
            ("AUTOMAZIONE", 3, 5, "c3-automazione", None),
            ("ENOTECNICO", 1, 6, None, "outside"),
        ]
        rows = session.execute(
            sa.select(*ProgrammeSkill.__table__.columns)
            .where(ProgrammeSkill.programme_id == "c3-automazione")
            .order_by(ProgrammeSkill.year, ProgrammeSkill.skill_id)
        )
        assert [tuple(row)[1:] for row in rows] == [
            (2, "plc", 1),
            (3, "plc", 1),
            (4, "plc", 2),
            (4, "robots", 1),
            (5, "plc", 3),
            (5, "robots", 1),
        ]
        assert db.revision(session, "vocabulary") == 2
        assert session.scalars(sa.select(Event.action).order_by(Event.id)).all() == [
            "vocabulary.loaded",
            "programmes.loaded",
        ]


@pytest.mark.usefixtures("loaded")
def test_loading_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    before = everything(database)
    assert load(database, curriculum(tmp_path)) == Loaded(total=3)
    assert everything(database) == before
    with database.read() as session:
        assert db.revision(session, "vocabulary") == 2


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("variant", "updated"),
    [
        ({"programmes": PROGRAMMES.replace("Manutenzione", "Manutenzione e assistenza")}, 1),
        ({"programmes": PROGRAMMES.replace("The reform.", "Another note.")}, 1),
        ({"study_paths": STUDY_PATHS.replace("outside", "not of the sector")}, 0),
        ({"curricula": CURRICULA.replace("systems = [2]", "systems = [1, 2]")}, 0),
        ({"curricula": CURRICULA.replace("[4, 5]", "[3, 4, 5]")}, 0),
        ({"curricula": CURRICULA.replace("systems = [4, 5]", "systems = [5]")}, 1),
    ],
    ids=["title", "note", "study path", "nothing new", "nothing new below", "subject"],
)
def test_loading_changed_curricula_ends_like_loading_them_anew(
    database: Database, tmp_path: Path, variant: dict[str, str], updated: int
) -> None:
    assert load(database, curriculum(tmp_path, **variant)) == Loaded(total=3, updated=updated)
    changed = everything(database)
    with database.write() as session:
        session.execute(sa.delete(StudyPath))
        session.execute(sa.delete(Programme))
    load(database, curriculum(tmp_path, **variant))
    assert everything(database) == changed


WITHOUT_C3 = PROGRAMMES[PROGRAMMES.index('[[programme]]\nid = "ip14"') :]


@pytest.mark.usefixtures("loaded")
def test_loading_removes_what_nothing_refers_to(database: Database, tmp_path: Path) -> None:
    data = curriculum(tmp_path, programmes=WITHOUT_C3, study_paths=STUDY_PATHS.splitlines()[0], curricula="")
    assert load(database, data) == Loaded(total=1, removed=2)
    with database.read() as session:
        assert session.scalars(sa.select(Programme.id)).all() == ["ip14"]
    assert [len(rows) for rows in everything(database)] == [1, 1, 0, 0]


@pytest.mark.usefixtures("loaded")
def test_loading_refuses_to_remove_what_is_in_use(database: Database, make: Factory, tmp_path: Path) -> None:
    make.school_class(programme_id="c3-automazione")
    before = everything(database)
    data = curriculum(tmp_path, programmes=WITHOUT_C3, study_paths=STUDY_PATHS.splitlines()[0], curricula="")
    with pytest.raises(loading.ProgrammeInUse) as refused:
        load(database, data)
    assert refused.value.detail == (
        "1 programmes that leave the curricula are still referred to: c3-automazione."
    )
    assert refused.value.faults == [
        {"in": "curricula", "field": "c3-automazione", "detail": "in use in classes"}
    ]
    assert everything(database) == before


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("loaded")
def test_read_gives_a_programme_with_its_years(database: Database) -> None:
    with database.read() as session:
        found = programmes.read(session, "c3-automazione")
        assert (found.programme.title_it, [one.id for one in found.broader], found.narrower) == (
            "Automazione e robotica",
            ["c3"],
            [],
        )
        assert [(one.version, one.title_it, one.valid_to is None) for one in found.versions] == [
            (1, "Automazione", False),
            (2, "Automazione e robotica", True),
        ]
        assert [
            (year.year, [(met.skill.label["it"], met.level) for met in year.skills]) for year in found.years
        ] == [
            (2, [("programmazione PLC", 1)]),
            (3, [("programmazione PLC", 1)]),
            (4, [("programmazione PLC", 2), ("robotica", 1)]),
            (5, [("programmazione PLC", 3), ("robotica", 1)]),
        ]
        assert [one.id for one in programmes.read(session, "c3").narrower] == ["c3-automazione"]


@pytest.mark.usefixtures("loaded")
def test_read_takes_four_queries_with_many_skills_or_none(database: Database) -> None:
    for programme_id in ("c3-automazione", "ip14"):
        with database.read() as session, count_queries(database) as queries:
            programmes.read(session, programme_id)
        assert queries.count == 4, programme_id


def test_read_refuses_an_unknown_id(database: Database) -> None:
    with database.read() as session, pytest.raises(programmes.NoSuchProgramme):
        programmes.read(session, "x")


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("query", "filters", "found"),
    [
        (None, {}, ["c3", "c3-automazione", "ip14"]),
        ("c3", {}, ["c3", "c3-automazione"]),
        ("ROBO", {}, ["c3-automazione"]),
        ("maint", {}, ["ip14"]),
        ("tenzione", {}, []),
        ("?", {}, []),
        (None, {"kind": "vocational"}, ["ip14"]),
        (None, {"sector": "technological"}, ["c3", "c3-automazione"]),
        (None, {"area": "energy"}, ["c3"]),
        (None, {"broader": "c3"}, ["c3-automazione"]),
        (None, {"after": "c3"}, ["c3-automazione", "ip14"]),
    ],
)
def test_search_finds_codes_and_words(
    database: Database, query: str | None, filters: dict[str, Any], found: list[str]
) -> None:
    with database.read() as session:
        assert [one.id for one in programmes.search(session, query, limit=10, **filters)] == found
        assert [one.id for one in programmes.search(session, query, limit=1, **filters)] == found[:1]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("programme_id", "year", "met"),
    [
        ("c3-automazione", 1, {}),
        ("c3-automazione", 3, {"plc": 1}),
        ("c3-automazione", 5, {"plc": 3, "robots": 1}),
        ("c3-automazione", 6, {"plc": 3, "robots": 1}),
        ("c3", 5, {"plc": 1}),
        ("ip14", 3, {}),
        ("x", 3, {}),
    ],
)
def test_usual_skills_are_those_of_the_year(
    database: Database, programme_id: str, year: int, met: dict[str, int]
) -> None:
    with database.read() as session:
        assert programmes.usual_skills(session, programme_id, year) == met


@pytest.mark.usefixtures("loaded")
def test_chain_has_each_programme_with_the_broader_ones(database: Database) -> None:
    with database.read() as session, count_queries(database) as queries:
        assert programmes.chain(session) == {
            "c3": ("c3",),
            "c3-automazione": ("c3-automazione", "c3"),
            "ip14": ("ip14",),
        }
    assert queries.count == 1


@pytest.mark.usefixtures("loaded")
def test_require_names_each_unknown_programme(database: Database) -> None:
    with database.read() as session:
        programmes.require(session, ["c3", "ip14"])
        with pytest.raises(programmes.UnknownProgramme) as refused:
            programmes.require(session, ["c3", "x"], "eligibility.{}.programme_id")
    assert refused.value.faults == [
        {"in": "body", "field": "eligibility.1.programme_id", "detail": "no programme has the id x"}
    ]


@pytest.mark.usefixtures("loaded")
def test_a_skill_that_leaves_the_vocabulary_leaves_the_programmes(database: Database) -> None:
    with database.write() as session:
        skills.load(session, ACTOR, SKILLS[:1])
    with database.read() as session:
        assert programmes.usual_skills(session, "c3-automazione", 5) == {"plc": 3}
        assert [one.id for one in skills_service.children(session, None)] == ["plc"]
