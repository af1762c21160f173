"""The programme data agree with themselves, with the skill vocabulary and with the real classes."""

import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from app.programmes import curriculum as module
from app.programmes.curriculum import (
    DATA,
    Curriculum,
    CurriculumError,
    ProgrammeData,
    read_curriculum,
    read_programmes,
    read_study_paths,
    read_subjects,
    skills_met,
)
from app.schools.ministry import ClassData, read_classes

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data" / "mim-er-schools"
LEAST_SKILLS = {"technical": 70, "vocational": 70, "iefp": 45, "its": 25}
LEAST_SKILLS_IN_YEAR_ONE = {"technical": 35, "vocational": 40, "iefp": 30, "its": 25}

DATA_OF_ALL = read_curriculum()
LATEST = {programme.id: programme for programme in DATA_OF_ALL.programmes}.values()
OF_A_SECTOR = [programme for programme in LATEST if programme.areas]
QUALIFYING = [programme for programme in OF_A_SECTOR if programme.id != "it-c"]  # that one is two years only


def years(programme: ProgrammeData) -> range:
    """Years of the whole course, those before an articulation included."""
    first = programme.first_year
    by_id = {p.id: p for p in LATEST}
    while programme.broader:
        programme = by_id[programme.broader]
        first = min(first, programme.first_year)
    return range(first, next(p for p in LATEST if p.id == programme.id).last_year + 1)


@pytest.mark.parametrize("programme", QUALIFYING, ids=lambda p: p.id)
def test_sector_programme_ends_with_many_skills(programme: ProgrammeData) -> None:
    met = DATA_OF_ALL.skills_met(programme.id, programme.last_year)
    assert len(met) >= LEAST_SKILLS[programme.kind]
    assert max(met.values()) >= 3


@pytest.mark.parametrize("programme", LATEST, ids=lambda p: p.id)
def test_levels_never_fall_and_no_year_is_empty(programme: ProgrammeData) -> None:
    before: dict[str, int] = {}
    for year in range(years(programme).start, programme.last_year + 1):
        met = DATA_OF_ALL.skills_met(programme.id, year)
        assert len(met) >= 15
        assert all(met[skill] >= level for skill, level in before.items())
        assert set(met.values()) <= {1, 2, 3, 4}
        before = met
    if programme in OF_A_SECTOR:
        first = DATA_OF_ALL.skills_met(programme.id, years(programme).start)
        assert len(first) >= LEAST_SKILLS_IN_YEAR_ONE[programme.kind]


def test_articulation_has_met_all_that_its_track_has() -> None:
    by_id = {programme.id: programme for programme in LATEST}
    for programme in LATEST:
        if programme.broader is None:
            continue
        last = min(programme.last_year, by_id[programme.broader].last_year)
        own = DATA_OF_ALL.skills_met(programme.id, last)
        for skill, level in DATA_OF_ALL.skills_met(programme.broader, last).items():
            assert own[skill] >= level


@pytest.mark.parametrize(
    ("programme", "year", "expected"),
    [
        ("it-c1-meccanica", 2, {"technical-drawing": 2, "caliper-use": 1}),
        ("it-c1-meccanica", 5, {"cnc-programming": 2, "cad-3d": 3, "plc-programming": 2, "machining": 3}),
        ("it-c3-automazione", 5, {"plc-programming": 3, "ladder-logic": 3, "pid-control": 2}),
        ("it-c4-informatica", 5, {"sql": 3, "programming-fundamentals": 3}),
        ("it-c4-informatica-4y", 4, {"sql": 3, "programming-fundamentals": 3}),
        ("it-ip14", 5, {"maintenance": 3, "bench-fitting": 3, "multimeter-use": 3}),
        ("it-iefp-operatore-meccanico", 3, {"turning": 2, "manual-turning": 3}),
        ("it-iefp-tecnico-automazione", 4, {"plc-programming": 3, "electrical-installation": 3}),
        ("it-its-automazione", 2, {"plc-programming": 4}),
    ],
)
def test_skills_met_are_those_of_the_year(programme: str, year: int, expected: dict[str, int]) -> None:
    met = skills_met(programme, year)
    assert {skill: met.get(skill) for skill in expected} == expected


def test_skills_of_later_years_are_not_met_early() -> None:
    assert "plc-programming" not in skills_met("it-c3-automazione", 2)
    assert "cnc-programming" not in skills_met("it-c1-meccanica", 3)


def test_disciplines_of_a_class_add_to_its_skills() -> None:
    without = skills_met("it-c3-automazione", 3)
    with_robots = skills_met("it-c3-automazione", 3, ["ROBOTICA", "TEDESCO", "MAI SENTITA"])
    assert (without.get("robotics"), with_robots["robotics"], with_robots["german-language"]) == (None, 2, 2)
    assert set(without) <= set(with_robots)


def test_shorter_course_covers_the_subjects_of_the_longer_one() -> None:
    long = {s for year in range(1, 6) for s in DATA_OF_ALL.subjects_of("it-c4-informatica", year)}
    short = {s for year in range(1, 5) for s in DATA_OF_ALL.subjects_of("it-c4-informatica-4y", year)}
    assert short == long


@pytest.mark.parametrize(
    ("programme", "year"), [("it-c1-meccanica", 6), ("it-c1", 0), ("it-c4-4y", 5), ("it-x", 1)]
)
def test_year_or_programme_that_does_not_exist_is_refused(programme: str, year: int) -> None:
    with pytest.raises(CurriculumError):
        skills_met(programme, year)


@pytest.mark.parametrize(
    ("year", "on", "version"),
    [
        (1, date(2026, 8, 31), 1),
        (1, date(2026, 9, 1), 2),
        (2, date(2026, 10, 1), 1),
        (2, date(2027, 10, 1), 2),
        (5, date(2030, 6, 1), 1),
        (5, date(2030, 10, 1), 2),
    ],
)
def test_reform_replaces_a_track_class_by_class(year: int, on: date, version: int) -> None:
    found = DATA_OF_ALL.version_for("it-c1", year, on)
    assert found is not None
    assert found.version == version


def test_no_version_before_the_programme_existed() -> None:
    assert DATA_OF_ALL.version_for("it-c1", 1, date(2009, 10, 1)) is None
    assert DATA_OF_ALL.version_for("it-c1", 5, date(2012, 10, 1)) is None


def test_every_programme_cites_a_source_and_new_versions_are_marked_recalled() -> None:
    for programme in DATA_OF_ALL.programmes:
        assert programme.source
        if programme.version > 1:
            assert programme.is_recalled
    assert not next(p for p in LATEST if p.id == "it-ip14").is_recalled


def test_skills_are_in_the_vocabulary() -> None:
    files = sorted((ROOT / "app" / "skills" / "data").glob("*.toml"))
    if not files:
        pytest.skip("the skill vocabulary is not in this checkout")
    concepts = [
        entry for file in files for entry in tomllib.loads(file.read_text("utf-8")).get("concept", [])
    ]
    read_curriculum(vocabulary=frozenset(entry["id"] for entry in concepts))


# --- faults of the data -------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(DATA, tmp_path / "data")
    return tmp_path / "data"


def edit(directory: Path, file: str, pattern: str, replacement: str) -> None:
    path = directory / file
    text, count = re.subn(pattern, replacement, path.read_text("utf-8"), count=1, flags=re.MULTILINE)
    assert count == 1, pattern
    path.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("file", "pattern", "replacement", "message"),
    [
        ("programmes.toml", r'^broader = "it-c1"', 'broader = "it-c0"', "unknown broader programme it-c0"),
        ("programmes.toml", r'^id = "it-c2"\n', 'id = "it-c2"\nbroader = "it-c2"\n', "broader than itself"),
        ("programmes.toml", r"^valid_to = 2026-08-31\n", "", "versions 1 and 2 are valid at the same time"),
        ("programmes.toml", r"^valid_to = 2026-08-31", "valid_to = 2026-09-01", "at the same time"),
        ("programmes.toml", r"^valid_to = 2026-08-31", "valid_to = 1900-01-01", "before valid_from"),
        ("programmes.toml", r"^valid_from = .*$", 'valid_from = "2010"', "must be days"),
        ("programmes.toml", r"^version = 2", "version = 1", "version 1 is not the next one"),
        ("programmes.toml", r"^last_year = 5", "last_year = 7", "years 1 to 7 are not within 1 to 6"),
        ("programmes.toml", r"^last_year = 5", 'last_year = "5"', "last_year must be a whole number"),
        ("programmes.toml", r'^kind = "technical"', 'kind = "tecnico"', "kind must be one of"),
        ("programmes.toml", r"^eqf = 4", "eqf = 9", "eqf must be 3 to 6"),
        ("programmes.toml", r"^title_it = .*$", 'title_it = " "', "title_it must be a text"),
        ("programmes.toml", r"^title_it = .*\n", "", "a field is missing"),
        ("programmes.toml", r"^title_it = ", "titolo = ", "unknown field titolo"),
        ("programmes.toml", r"^\[\[programme\]\]", "[[programme", "it cannot be read"),
        ("subjects.toml", r"^mathematics = \[.*$", "mathematics = [1, 2, 5]", "must be 0 to 4"),
        ("subjects.toml", r"^mathematics = \[.*$", "mathematics = []", "must be 0 to 4"),
        ("subjects.toml", r"^mathematics = \[.*$", "mathematics = [2, 1]", "must not fall"),
        ("subjects.toml", r"^mathematics = \[.*$", "mathematics = [1,1,1,1,1,1,1]", "more than 6 years"),
        ("subjects.toml", r'^id = "english"', 'id = "italian"', "the id is used twice"),
        ("subjects.toml", r'^  "INGLESE",', '  "ITALIANO",', "ITALIANO belongs to italian already"),
        ("subjects.toml", r"^en = .*$", 'en = ""', "en must be a text"),
        ("curricula.toml", r"^italian = \[.*$", "latino = [1]", "unknown subject latino"),
        ("curricula.toml", r"^italian = \[.*$", "italian = [7]", "italian has a year outside 1 to 6"),
        ("curricula.toml", r'^programme = "it-c"', 'programme = "it-z"', "unknown programme"),
        ("curricula.toml", r'^programme = "it-c2"', 'programme = "it-c"', "the programme has two curricula"),
        ("curricula.toml", r'^common = "technical"', 'common = "tecnico"', "unknown common block tecnico"),
        ("curricula.toml", r'^follows = "it-c1"', 'follows = "it-z"', "follows the unknown programme it-z"),
        ("curricula.toml", r'^follows = "it-c1"', 'follows = "it-c3-4y"', "which follows another"),
        ("curricula.toml", r"^follows_years = .*$", "follows_years = [1, 2, 4]", "one for each year"),
        ("curricula.toml", r"^follows_years = .*$", "follows_years = [1, 2, 4, 6]", "does not have"),
        ("study_paths.csv", r"^ENERGIA,it-c1-energia", "ENERGIA,it-z", "unknown programme it-z"),
        ("study_paths.csv", r"^ENERGIA,it-c1-energia,,", "ENERGIA,it-c1-energia,1,5", "not within 3 to 5"),
        ("study_paths.csv", r"^ENERGIA,it-c1-energia,,", "ENERGIA,it-c1-energia,x,", "'x' is not a year"),
        ("study_paths.csv", r"^ENERGIA,it-c1-energia", "ENERGIA,", "either a programme or the reason"),
        ("study_paths.csv", r"^ENERGIA,.*$", "ENERGIA,it-c1,,,perché no", "either a programme or the reason"),
        ("study_paths.csv", r"^ENERGIA,", "ELETTRONICA,", "year 3 is given twice"),
        ("study_paths.csv", r"^ENERGIA,", ",", "study_path must not be empty"),
    ],
)
def test_fault_of_the_data_names_file_entry_and_fault(
    copy: Path, file: str, pattern: str, replacement: str, message: str
) -> None:
    edit(copy, file, pattern, replacement)
    with pytest.raises(CurriculumError, match=re.escape(message)) as caught:
        read_curriculum.__wrapped__(copy)
    assert caught.value.file == file
    assert caught.value.entry
    assert str(caught.value).startswith(f"{file}: {caught.value.entry}: ")


@pytest.mark.parametrize("reader", [read_curriculum, read_subjects])
def test_skill_outside_the_vocabulary_is_a_fault(reader: Callable[..., object]) -> None:
    with pytest.raises(CurriculumError, match="unknown skill italian-language"):
        reader(vocabulary=frozenset({"mathematics"}))


def test_entries_of_the_wrong_shape_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "programmes.toml"
    path.write_text('programme = "it-c1"\n', "utf-8")
    with pytest.raises(CurriculumError, match=re.escape("entries are written [[programme]]")):
        read_programmes(path)


def test_readers_work_on_their_own() -> None:
    assert len(read_programmes()) == len(DATA_OF_ALL.programmes)
    assert read_study_paths() == DATA_OF_ALL.study_paths
    assert read_subjects() == DATA_OF_ALL.subjects
    assert module.DATA.is_dir()


# --- the real classes ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def classes() -> tuple[ClassData, ...]:
    path = SHARED / "ALTEMILIAROMAGNA000020230913.csv.gz"
    if not path.exists():
        pytest.skip(f"the ministry's file {path.name} is not beside the repository")
    return read_classes(path)[0]


def test_every_real_study_path_is_mapped_or_listed(classes: tuple[ClassData, ...]) -> None:
    names = {c.study_path for c in classes}
    assert names == {path.study_path for path in DATA_OF_ALL.study_paths}
    outcomes = Counter[str]()
    for each in classes:
        path = DATA_OF_ALL.programme_for(each.study_path, each.year)
        assert path is not None, each
        outcomes["mapped" if path.programme else "unmapped"] += 1
        assert path.programme is None or DATA_OF_ALL.version_for(path.programme, each.year, date(2023, 10, 1))
    assert outcomes == {"mapped": 9_552, "unmapped": 25}


def test_every_real_discipline_belongs_to_a_subject(classes: tuple[ClassData, ...]) -> None:
    names = {discipline for c in classes for discipline in c.subjects}
    assert {name for name in names if DATA_OF_ALL.subject_named(name) is None} == set()


SIGNATURES = [
    ("it-c1-meccanica", "mechanics-machines-energy"),
    ("it-c1-meccanica", "systems-and-automation"),
    ("it-c1-meccanica", "mechanical-technology"),
    ("it-c1-energia", "energy-plants"),
    ("it-c3-automazione", "automatic-systems"),
    ("it-c3-elettronica", "electrotechnics-and-electronics"),
    ("it-c3-elettrotecnica", "electrical-and-electronic-design"),
    ("it-c4-informatica", "networks-and-systems"),
    ("it-c4-telecomunicazioni", "telecommunications"),
    ("it-ip14", "installation-and-maintenance"),
    ("it-ip14", "mechanical-technologies-applied"),
]


@pytest.mark.parametrize(("programme", "subject"), SIGNATURES)
def test_real_classes_adopt_books_for_the_subjects_of_their_programme(
    programme: str, subject: str, classes: tuple[ClassData, ...]
) -> None:
    of_year = Counter[int]()
    with_subject = Counter[int]()
    for each in classes:
        if _programme(DATA_OF_ALL, each) == programme and each.year >= 3:
            of_year[each.year] += 1
            with_subject[each.year] += subject in _subjects(each)
    for year in (3, 4, 5):
        assert subject in DATA_OF_ALL.subjects_of(programme, year)
        assert with_subject[year] >= 0.5 * of_year[year]


def _programme(data: Curriculum, each: ClassData) -> str | None:
    path = data.programme_for(each.study_path, each.year)
    return path.programme if path else None


def _subjects(each: ClassData) -> set[str]:
    found = (DATA_OF_ALL.subject_named(discipline) for discipline in each.subjects)
    return {subject.id for subject in found if subject is not None}
