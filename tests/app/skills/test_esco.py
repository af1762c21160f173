"""The ESCO package: its files as values, and what they do to the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.db import Database
from app.events.models import Event
from app.imports import ImportFault
from app.skills import esco, esco_loading, loading, occupations
from app.skills import service as skills
from app.skills.esco import EscoFile, EscoLink, EscoOccupation, EscoSkill, FileKind
from app.skills.models import Occupation, OccupationLabel, Skill, SkillKind, SkillLabel, SkillRelation
from tests.app.skills.concepts import ESCO_SKILL, VOCABULARY
from tests.conftest import SHARED
from tests.factories import ACTOR

SAMPLES = SHARED / "esco-occupations-it-en"
needs_samples = pytest.mark.skipif(
    not SAMPLES.exists(), reason="../shared/data/esco-occupations-it-en is absent"
)

SKILLS = "conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,status,description"
OCCUPATIONS = "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,status,description,code"
GROUPS = "conceptType,conceptUri,code,preferredLabel,altLabels,inScheme,description"
BROADER = "conceptType,conceptUri,broaderType,broaderUri"
RELATED = "originalSkillUri,originalSkillType,relationType,relatedSkillType,relatedSkillUri"
KSC = "KnowledgeSkillCompetence"


def write(folder: Path, *lines: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def skill_row(tail: str, label: str, alternatives: str = "", **cells: str) -> str:
    values = {
        "type": KSC, "uri": ESCO_SKILL + tail, "skill": "skill/competence", "reuse": "cross-sector",
        "label": label, "other": f'"{alternatives}"', "status": "released", "text": f"{label}.",
    } | cells  # fmt: skip
    return ",".join(values.values())


def occupation_row(tail: str, label: str, **cells: str) -> str:
    values = {
        "type": "Occupation", "uri": f"http://data.europa.eu/esco/occupation/{tail}", "group": "7212",
        "label": label, "other": "", "status": "released", "text": "Testo.", "code": "7212.1",
    } | cells  # fmt: skip
    return ",".join(values.values())


def broader_row(child: str, parent: str, kind: str = KSC, parent_kind: str = KSC) -> str:
    return f"{kind},{ESCO_SKILL}{child},{parent_kind},{ESCO_SKILL}{parent}"


def related_row(one: str, other: str) -> str:
    return f"{ESCO_SKILL}{one},skill/competence,optional,knowledge,{ESCO_SKILL}{other}"


# --- files as values --------------------------------------------------------------------------------------------------


def test_a_skills_file_gives_skills(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        SKILLS,
        skill_row("a", "saldare", "saldatura\nSaldare \n\n brasare"),
        skill_row("b", "fisica", skill="knowledge", text=""),
        skill_row("c", "ascoltare", "udire | sentire", reuse="transversal"),
    )
    read = esco.read_file(path)
    assert (read.name, read.kind) == ("file.csv", FileKind.SKILLS)
    assert read.records == (
        EscoSkill(2, ESCO_SKILL + "a", "skill", ("saldare", "saldatura", "brasare"), "saldare."),
        EscoSkill(3, ESCO_SKILL + "b", "knowledge", ("fisica",), None),
        EscoSkill(4, ESCO_SKILL + "c", "transversal", ("ascoltare", "udire", "sentire"), "ascoltare."),
    )
    assert (read.report.seen, read.report.kept, read.report.records) == (3, 3, 3)
    assert [record.id for record in read.records if isinstance(record, EscoSkill)] == [
        "esco-a",
        "esco-b",
        "esco-c",
    ]


def test_occupations_and_groups_files_give_occupations(tmp_path: Path) -> None:
    read = esco.read_file(write(tmp_path, OCCUPATIONS, occupation_row("a", "saldatore", code="")))
    assert (read.kind, read.records) == (
        FileKind.OCCUPATIONS,
        (
            EscoOccupation(
                2, "http://data.europa.eu/esco/occupation/a", None, "7212", False, ("saldatore",), "Testo."
            ),
        ),
    )
    row = "ISCOGroup,http://data.europa.eu/esco/isco/C72,72,operai,,,"
    other = "SkillGroup,http://data.europa.eu/esco/skill/S1,S1,comunicare,,,"
    read = esco.read_file(write(tmp_path, GROUPS, row, other))
    assert (read.kind, read.records) == (
        FileKind.GROUPS,
        (EscoOccupation(2, "http://data.europa.eu/esco/isco/C72", "72", "72", True, ("operai",), None),),
    )
    assert dict(read.report.skipped_by) == {"other_concept": 1}


def test_relation_files_give_links(tmp_path: Path) -> None:
    rows = (broader_row("b", "a"), broader_row("b", "S1", parent_kind="SkillGroup"))
    read = esco.read_file(write(tmp_path, BROADER, *rows))
    assert (read.kind, read.records, dict(read.report.skipped_by)) == (
        FileKind.BROADER,
        (EscoLink(2, ESCO_SKILL + "b", ESCO_SKILL + "a"),),
        {"other_concept": 1},
    )
    read = esco.read_file(write(tmp_path, RELATED, related_row("a", "b")))
    assert (read.kind, read.records) == (
        FileKind.RELATED,
        (EscoLink(2, ESCO_SKILL + "a", ESCO_SKILL + "b"),),
    )


def test_rows_of_other_things_are_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path, SKILLS, skill_row("a", "x", type="SkillGroup"), skill_row("b", "y", status="obsolete")
    )
    assert dict(esco.read_file(path).report.skipped_by) == {"other_concept": 1, "obsolete": 1}
    rows = (
        occupation_row("a", "x", type="ISCOGroup"),
        occupation_row("b", "y", status="obsolete"),
    )
    read = esco.read_file(write(tmp_path, OCCUPATIONS, *rows))
    assert dict(read.report.skipped_by) == {"other_concept": 1, "obsolete": 1}


LONG = "x" * 201
BAD_ROWS: dict[str, tuple[str, str, str, str]] = {
    "other address": (SKILLS, skill_row("a", "x", uri="http://example.org/a"), "conceptUri", "bad_uri"),
    "address of a kind": (
        SKILLS, skill_row("a", "x", uri="http://data.europa.eu/esco/occupation/a"), "conceptUri", "bad_uri",
    ),
    "address with a space": (SKILLS, skill_row("a b", "x"), "conceptUri", "bad_uri"),
    "address too long": (SKILLS, skill_row("a" * 61, "x"), "conceptUri", "bad_uri"),
    "no address": (SKILLS, skill_row("a", "x", uri=""), "conceptUri", "empty_cell"),
    "address twice": (
        SKILLS, skill_row("a", "x") + "\n" + skill_row("a", "y"), "conceptUri", "duplicate_uri",
    ),
    "no label": (SKILLS, skill_row("a", " "), "preferredLabel", "empty_cell"),
    "label without letters": (SKILLS, skill_row("a", "?!", "x"), "preferredLabel", "empty_cell"),
    "label too long": (SKILLS, skill_row("a", LONG), "preferredLabel", "too_long"),
    "key too long": (SKILLS, skill_row("a", "㎏" * 150), "preferredLabel", "too_long"),
    "synonym too long": (SKILLS, skill_row("a", "x", LONG), "altLabels", "too_long"),
    "too many synonyms": (
        SKILLS, skill_row("a", "x", " | ".join(map(str, range(200)))), "altLabels", "too_many_labels",
    ),
    "description too long": (SKILLS, skill_row("a", "x", text="x" * 8001), "description", "too_long"),
    "NUL": (SKILLS, skill_row("a", "x\0y"), "preferredLabel", "nul_byte"),
    "unknown type": (SKILLS, skill_row("a", "x", skill="talent"), "skillType", "unknown_skill_type"),
    "too few fields": (SKILLS, f"{KSC},{ESCO_SKILL}a", "", "field_count"),
    "occupation's address": (OCCUPATIONS, occupation_row("", "x"), "conceptUri", "bad_uri"),
    "group": (OCCUPATIONS, occupation_row("a", "x", group="C7"), "iscoGroup", "bad_group"),
    "occupation's code": (OCCUPATIONS, occupation_row("a", "x", code="1" * 21), "code", "too_long"),
    "occupation's label": (OCCUPATIONS, occupation_row("a", "x" * 301), "preferredLabel", "too_long"),
    "occupation's description": (
        OCCUPATIONS, occupation_row("a", "x", text="x" * 8001), "description", "too_long",
    ),
    "broader address": (BROADER, f"{KSC},{ESCO_SKILL}a,{KSC},b", "broaderUri", "bad_uri"),
    "broader than itself": (BROADER, broader_row("a", "a"), "broaderUri", "self_related"),
    "link twice": (
        RELATED, related_row("a", "b") + "\n" + related_row("a", "b"), "originalSkillUri", "duplicate_uri",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "rows", "column", "code"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_is_rejected_with_its_row_and_column(
    tmp_path: Path, header: str, rows: str, column: str, code: str
) -> None:
    read = esco.read_file(write(tmp_path, header, rows))
    last = len(rows.splitlines()) + 1 if code == "duplicate_uri" else 2
    assert [(fault.row, fault.column, fault.code) for fault in read.report.faults] == [(last, column, code)]
    assert read.report.rejected == 1
    assert len(read.records) == last - 2


def test_a_bad_row_leaves_the_others(tmp_path: Path) -> None:
    path = write(tmp_path, SKILLS, skill_row("a", "x"), skill_row("b", ""), skill_row("c", "z"))
    read = esco.read_file(path)
    assert [record.row for record in read.records] == [2, 4]
    assert str(read.report.faults[0]) == "row 3, column preferredLabel: this cell must not be empty"


BAD_FILES: dict[str, tuple[bytes, tuple[int, str, str]]] = {
    "empty": (b"", (1, "", "not_esco")),
    "something else": (b"name,age\nx,3\n", (1, "", "not_esco")),
    "a thematic collection": (f"{SKILLS},broaderConceptUri\n".encode(), (1, "", "not_esco")),
    "missing column": (
        SKILLS.replace(",preferredLabel", "").encode() + b"\n", (1, "preferredLabel", "missing_column"),
    ),
    "column twice": (f"{SKILLS},preferredLabel\n".encode(), (1, "preferredLabel", "repeated_column")),
    "Latin-1": (
        f"{SKILLS}\n{skill_row('a', 'x')}\n{skill_row('b', 'qualità')}\n".encode("latin-1"),
        (3, "preferredLabel", "wrong_encoding"),
    ),
    "Latin-1 below line breaks": (
        f"{SKILLS}\n{skill_row('a', 'x', 'y' + chr(10) + 'città')}\n".encode("latin-1"),
        (2, "altLabels", "wrong_encoding"),
    ),
    "UTF-16": (f"{SKILLS}\n".encode("utf-16"), (1, "", "wrong_encoding")),
    "ends within quotes": (
        f'{SKILLS}\n{skill_row("a", "x")}\n{KSC},{ESCO_SKILL}b,knowledge,,y,"one\ntwo'.encode(),
        (3, "altLabels", "bad_quotes"),
    ),
    "text after a closing quote": (
        f'{SKILLS}\n{KSC},{ESCO_SKILL}b,knowledge,,"y"z,,,\n'.encode(), (2, "preferredLabel", "bad_quotes"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "place"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_cannot_be_used_is_refused_with_row_and_column(
    tmp_path: Path, content: bytes, place: tuple[int, str, str]
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(ImportFault) as refused:
        esco.read_file(path)
    fault = refused.value.fault
    assert (fault.row, fault.column, fault.code) == place


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(f"{SKILLS}\n{skill_row('a', 'è')}\n", encoding="utf-8-sig")
    assert [record.row for record in esco.read_file(path).records] == [2]
    path.write_bytes(b"\xef\xbb\xbf" + f"{SKILLS},qualità\n".encode("latin-1"))
    with pytest.raises(ImportFault, match="row 1: this row is not UTF-8"):
        esco.read_file(path)


@pytest.mark.parametrize("language", ["zz", "IT", "", "italiano"])
def test_an_unknown_language_is_refused(language: str) -> None:
    with pytest.raises(ImportFault, match="column language: ESCO is not published in this language"):
        esco.check_language(language)
    assert esco.check_language("uk") == "uk"


# --- into the tables --------------------------------------------------------------------------------------------------


def read(tmp_path: Path, header: str, *rows: str) -> EscoFile:
    return esco.read_file(write(tmp_path, header, *rows, name=f"{header.count(',')}.csv"))


def load(database: Database, language: str, *files: EscoFile) -> list[EscoFile]:
    with database.write() as session:
        return esco_loading.load(session, ACTOR, files, language)


def counts(file: EscoFile) -> tuple[int, int, int]:
    return file.report.created, file.report.updated, file.report.unchanged


@pytest.fixture
def curated(database: Database) -> None:
    with database.write() as session:
        loading.load(session, ACTOR, VOCABULARY)


def labels_of(database: Database, skill_id: str) -> dict[str, list[str]]:
    with database.read() as session:
        return skills.read(session, skill_id).labels


@pytest.mark.usefixtures("curated")
def test_loading_adds_skills_beside_the_curated_ones(database: Database, tmp_path: Path) -> None:
    rows = skill_row("plc", "altra etichetta"), skill_row("b", "filettare", "maschiare", reuse="transversal")
    (file,) = load(database, "it", read(tmp_path, SKILLS, *rows))
    assert counts(file) == (1, 0, 1)
    with database.read() as session:
        added = skills.read(session, "esco-b")
        assert (added.scheme, added.kind, added.esco_uri) == ("esco", SkillKind.TRANSVERSAL, ESCO_SKILL + "b")
        assert (added.labels, added.description) == ({"it": ["filettare", "maschiare"]}, {"it": "filettare."})
        assert db.revision(session, "vocabulary") == 2
        event = session.scalars(sa.select(Event).where(Event.action == "esco.loaded")).one()
        assert (event.object_id, event.data) == ("it", {"skills_created": 1, "skills_updated": 0})
    assert labels_of(database, "plc")["it"] == ["programmazione PLC", "PLC"]


@pytest.mark.usefixtures("curated")
def test_loading_gives_curated_concepts_labels_in_a_new_language(database: Database, tmp_path: Path) -> None:
    first = read(tmp_path, SKILLS, skill_row("plc", "SPS", "SPS-Technik"))
    assert counts(load(database, "de", first)[0]) == (0, 1, 0)
    assert labels_of(database, "plc") == {
        "de": ["SPS", "SPS-Technik"],
        "en": ["PLC programming", "PLC"],
        "it": ["programmazione PLC", "PLC"],
    }
    second = read(tmp_path, SKILLS, skill_row("plc", "SPS programmieren", skill="knowledge", text=""))
    assert counts(load(database, "de", second)[0]) == (0, 1, 0)
    assert labels_of(database, "plc")["de"] == ["SPS programmieren"]
    with database.read() as session:
        found = skills.read(session, "plc")
        assert (found.kind, found.description) == (
            SkillKind.SKILL,
            {"en": "plc in short.", "it": "plc in breve."},
        )


@pytest.mark.usefixtures("curated")
def test_loading_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    def files() -> list[EscoFile]:
        return [
            read(tmp_path, RELATED, related_row("a", "plc")),
            read(tmp_path, BROADER, broader_row("a", "b"), broader_row("b", "plc")),
            read(tmp_path, SKILLS, skill_row("a", "x"), skill_row("b", "y", text="")),
            read(tmp_path, OCCUPATIONS, occupation_row("a", "saldatore")),
        ]

    def state() -> list[list[tuple[Any, ...]]]:
        with database.read() as session:
            return [
                sorted(map(tuple, session.execute(sa.select(*table.__table__.columns))), key=repr)
                for table in (Skill, SkillLabel, SkillRelation, Occupation, OccupationLabel, Event)
            ]

    loaded = load(database, "en", *files())
    assert [file.kind for file in loaded] == ["occupations", "skills", "broader", "related"]
    assert [counts(file) for file in loaded] == [(1, 0, 0), (2, 0, 0), (2, 0, 0), (1, 0, 0)]
    before = state()
    again = load(database, "en", *files())
    assert [counts(file) for file in again] == [(0, 0, 1), (0, 0, 2), (0, 0, 2), (0, 0, 1)]
    assert state() == before


@pytest.mark.usefixtures("curated")
def test_loading_a_changed_package_updates_what_differs(database: Database, tmp_path: Path) -> None:
    load(
        database, "it", read(tmp_path, SKILLS, skill_row("a", "x"), skill_row("b", "y"), skill_row("c", "z"))
    )
    rows = (
        skill_row("a", "x", skill="knowledge"),
        skill_row("b", "y", "yy"),
        skill_row("c", "z"),
        skill_row("d", "w"),
    )
    assert counts(load(database, "it", read(tmp_path, SKILLS, *rows))[0]) == (1, 2, 1)
    load(database, "it", read(tmp_path, OCCUPATIONS, occupation_row("a", "s"), occupation_row("b", "t")))
    occupation_rows = occupation_row("a", "s", group="7213"), occupation_row("b", "u")
    assert counts(load(database, "it", read(tmp_path, OCCUPATIONS, *occupation_rows))[0]) == (0, 2, 0)
    with database.read() as session:
        assert skills.read(session, "esco-a").kind is SkillKind.KNOWLEDGE
        assert occupations.read(session, "esco-b").labels == {"it": ["u"]}


@pytest.mark.usefixtures("curated")
def test_broader_links_build_a_tree_without_cycles(database: Database, tmp_path: Path) -> None:
    load(database, "it", read(tmp_path, SKILLS, *(skill_row(one, f"competenza {one}") for one in "abc")))
    rows = (
        broader_row("a", "plc"),
        broader_row("b", "a"),
        broader_row("c", "b"),
        broader_row("b", "c"),  # b has its broader skill
        broader_row("plc", "a"),  # curated
        broader_row("a", "x"),  # unknown
        broader_row("y", "a"),
    )
    (file,) = load(database, "it", read(tmp_path, BROADER, *rows))
    assert counts(file) == (3, 0, 0)
    assert dict(file.report.skipped_by) == {"further_broader": 1, "curated": 1}
    assert [(fault.row, fault.column, fault.code) for fault in file.report.faults] == [
        (7, "broaderUri", "unknown_skill"),
        (8, "conceptUri", "unknown_skill"),
    ]
    with database.read() as session:
        assert [one.id for one in skills.read(session, "esco-c").broader] == [
            "esco-b",
            "esco-a",
            "plc",
            "automation",
        ]


@pytest.mark.usefixtures("curated")
def test_a_cycle_is_rejected_and_a_turned_tree_is_not(database: Database, tmp_path: Path) -> None:
    load(database, "it", read(tmp_path, SKILLS, *(skill_row(one, f"competenza {one}") for one in "abc")))
    (file,) = load(database, "it", read(tmp_path, BROADER, broader_row("a", "b"), broader_row("b", "a")))
    assert [(fault.row, fault.code) for fault in file.report.faults] == [(3, "cycle")]
    (file,) = load(database, "it", read(tmp_path, BROADER, broader_row("b", "a"), broader_row("a", "c")))
    assert (counts(file), file.report.rejected) == ((1, 1, 0), 0)
    (file,) = load(database, "it", read(tmp_path, BROADER, broader_row("c", "b"), broader_row("b", "c")))
    assert (counts(file), file.report.rejected) == ((1, 0, 0), 1)
    with database.read() as session:
        found = session.execute(sa.select(Skill.id, Skill.broader_id).where(Skill.scheme == "esco"))
        assert dict(map(tuple, found)) == {"esco-a": "esco-c", "esco-b": None, "esco-c": "esco-b"}


@pytest.mark.usefixtures("curated")
def test_relations_are_kept_once_and_never_between_curated_concepts(
    database: Database, tmp_path: Path
) -> None:
    load(database, "it", read(tmp_path, SKILLS, skill_row("a", "x")))
    with database.write() as session:
        session.execute(sa.update(Skill).where(Skill.id == "ladder").values(esco_uri=ESCO_SKILL + "ladder"))
    rows = related_row("a", "plc"), related_row("plc", "a"), related_row("plc", "ladder")
    (file,) = load(database, "it", read(tmp_path, RELATED, *rows))
    assert (counts(file), dict(file.report.skipped_by)) == ((1, 0, 0), {"other_way_round": 1, "curated": 1})
    with database.read() as session:
        pairs = session.execute(sa.select(SkillRelation.skill_id, SkillRelation.related_id)).all()
        assert sorted(map(tuple, pairs)) == [("esco-a", "plc"), ("plc", "robots")]


def test_loading_in_an_unknown_language_changes_nothing(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ImportFault):
        load(database, "zz", read(tmp_path, SKILLS, skill_row("a", "x")))
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Skill)) == 0


# --- the real files ---------------------------------------------------------------------------------------------------


@needs_samples
def test_the_real_files_load_in_both_languages(database: Database) -> None:
    for language in ("it", "en"):
        files = [esco.read_file(SAMPLES / f"{name}_{language}.csv") for name in ("occupations", "ISCOGroups")]
        assert [(file.report.seen, file.report.kept) for file in files] == [(2942, 2942), (619, 619)]
        loaded = load(database, language, *files)
        created = (619, 2942) if language == "it" else (0, 0)
        assert tuple(file.report.created for file in loaded) == created
        again = load(database, language, *files)
        assert [counts(file) for file in again] == [(0, 0, 619), (0, 0, 2942)]
    with database.read() as session:
        (hit,) = occupations.search(session, "meccatronica", language="it", limit=1)
        detail = occupations.read(session, hit.occupation.id)
        assert set(detail.label) == {"en", "it"}
        assert [len(group.code or "") for group in detail.groups] == [4, 3, 2, 1]


@needs_samples
def test_a_real_file_cut_short_is_refused_whole(tmp_path: Path) -> None:
    content = (SAMPLES / "occupations_it.csv").read_bytes()
    rows = content.split(b"\nOccupation,")
    path = tmp_path / "occupations_it.csv"
    path.write_bytes(b"\nOccupation,".join(rows[:100]) + b'\nOccupation,http://x,1,y,"cut\nhere')
    with pytest.raises(ImportFault) as refused:
        esco.read_file(path)
    assert str(refused.value) == "row 101, column altLabels: the quotation marks of this row do not match"
