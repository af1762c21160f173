"""Reading the vocabulary, and bringing the tables in line with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from app import db
from app.db import Database
from app.events.models import Event
from app.imports import Loaded
from app.opportunities.models import OpportunitySkill, SkillRole
from app.skills import loading
from app.skills import service as skills
from app.skills.models import Skill, SkillDescription, SkillKind, SkillLabel, SkillRelation
from app.skills.service import SkillDetail, SkillRef, VocabularyRow
from app.skills.vocabulary import ConceptData
from tests.app.skills.concepts import AUTOMATION, ESCO_SKILL, LADDER, PLC, ROBOTS, VOCABULARY, concept
from tests.factories import ACTOR, Factory
from tests.queries import count_queries

AUTOMATION_REF = SkillRef("automation", SkillKind.KNOWLEDGE, None, {"en": "automation", "it": "automazione"})
PLC_REF = SkillRef(
    "plc", SkillKind.SKILL, "automation", {"en": "PLC programming", "it": "programmazione PLC"}
)
LADDER_REF = SkillRef("ladder", SkillKind.TOOL, "plc", {"en": "ladder logic", "it": "linguaggio Ladder"})
ROBOTS_REF = SkillRef("robots", SkillKind.SKILL, None, {"en": "robotics", "it": "robotica"})


def load(database: Database, *concepts: ConceptData) -> Loaded:
    with database.write() as session:
        return loading.load(session, ACTOR, concepts)


def everything(database: Database) -> list[list[tuple[object, ...]]]:
    with database.read() as session:
        return [
            sorted(map(tuple, session.execute(sa.select(*table.__table__.columns))), key=repr)
            for table in (Skill, SkillLabel, SkillDescription, SkillRelation)
        ]


# --- loading ----------------------------------------------------------------------------------------------------------


def test_loading_writes_the_vocabulary_and_says_so(database: Database) -> None:
    assert load(database, *VOCABULARY) == Loaded(total=4, created=4)
    with database.read() as session:
        assert db.revision(session, "vocabulary") == 1
        events = session.execute(sa.select(Event.action, Event.object_id, Event.data)).all()
        assert events == [
            ("vocabulary.loaded", "all", {"total": 4, "created": 4, "updated": 0, "removed": 0})
        ]


def test_loading_twice_changes_nothing(database: Database) -> None:
    load(database, *VOCABULARY)
    before = everything(database)
    assert load(database, *VOCABULARY) == Loaded(total=4)
    assert everything(database) == before
    with database.read() as session:
        assert db.revision(session, "vocabulary") == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Event)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        replace(PLC, kind="tool"),
        replace(PLC, broader="robots"),
        replace(PLC, broader=None),
        replace(PLC, esco_uri=None),
        replace(PLC, labels=PLC.labels | {"en": ("PLC", "PLC programming")}),
        replace(PLC, labels=PLC.labels | {"it": ("programmazione PLC",)}),
        replace(PLC, descriptions=PLC.descriptions | {"it": "Altro."}),
    ],
    ids=["kind", "broader", "top", "address", "order", "fewer", "description"],
)
def test_loading_a_changed_concept_ends_like_loading_it_anew(
    database: Database, changed: ConceptData
) -> None:
    load(database, *VOCABULARY)
    assert load(database, AUTOMATION, changed, LADDER, ROBOTS) == Loaded(total=4, updated=1)
    updated = everything(database)
    with database.write() as session:
        session.execute(sa.delete(Skill))
    load(database, AUTOMATION, changed, LADDER, ROBOTS)
    assert everything(database) == updated


def test_loading_counts_both_ends_of_a_relation(database: Database) -> None:
    load(database, *VOCABULARY)
    assert load(database, AUTOMATION, replace(PLC, related=()), LADDER, ROBOTS) == Loaded(total=4, updated=2)
    assert load(database, *VOCABULARY) == Loaded(total=4, updated=2)


def test_loading_lets_addresses_change_hands(database: Database) -> None:
    first, second = concept("a", ("a",), ("a",)), concept("b", ("b",), ("b",))
    one, two = ESCO_SKILL + "1", ESCO_SKILL + "2"
    load(database, replace(first, esco_uri=one), replace(second, esco_uri=two))
    load(database, replace(first, esco_uri=two), replace(second, esco_uri=one))
    with database.read() as session:
        found = session.execute(sa.select(Skill.id, Skill.esco_uri).order_by(Skill.id)).all()
        assert found == [("a", two), ("b", one)]


def test_loading_removes_what_nothing_refers_to(database: Database) -> None:
    load(database, *VOCABULARY)
    assert load(database, AUTOMATION, replace(LADDER, broader="automation")) == Loaded(
        total=2, updated=1, removed=2
    )
    with database.read() as session:
        assert session.scalars(sa.select(Skill.id).order_by(Skill.id)).all() == ["automation", "ladder"]
        assert session.scalar(sa.select(sa.func.count()).select_from(SkillRelation)) == 0


def test_loading_refuses_to_remove_what_is_in_use(database: Database, make: Factory) -> None:
    load(database, *VOCABULARY)
    make.add(
        OpportunitySkill(
            opportunity_id=make.opportunity().id, skill_id="robots", role=SkillRole.WANTED, level=2
        )
    )
    before = everything(database)
    with pytest.raises(loading.SkillInUse) as refused:
        load(database, AUTOMATION, replace(PLC, related=(), kind="tool"))
    assert refused.value.detail == "1 skills that leave the vocabulary are still referred to: robots."
    assert refused.value.faults == [
        {"in": "vocabulary", "field": "robots", "detail": "in use in opportunity_skills"}
    ]
    assert everything(database) == before


def test_loading_leaves_what_came_from_esco(database: Database, make: Factory) -> None:
    load(database, *VOCABULARY)
    make.add(
        Skill(id="esco-1", scheme="esco", kind=SkillKind.SKILL, broader_id="robots", esco_uri="http://1")
    )
    make.add(SkillLabel(skill_id="esco-1", language="it", rank=0, label="Saldare", search_key="saldare"))
    make.add(SkillLabel(skill_id="plc", language="de", rank=0, label="SPS", search_key="sps"))
    make.add(SkillRelation(skill_id="esco-1", related_id="plc"))
    before = everything(database)
    assert load(database, *VOCABULARY) == Loaded(total=4)
    assert everything(database) == before
    load(database, AUTOMATION, replace(PLC, related=()), LADDER)
    with database.read() as session:
        assert session.get_one(Skill, "esco-1").broader_id is None


def test_loading_claims_the_address_of_an_imported_concept(database: Database, make: Factory) -> None:
    make.add(Skill(id="esco-plc", scheme="esco", kind=SkillKind.SKILL, esco_uri=PLC.esco_uri))
    assert load(database, *VOCABULARY) == Loaded(total=4, created=4, removed=1)
    with database.read() as session:
        assert session.scalars(sa.select(Skill.id).where(Skill.esco_uri == PLC.esco_uri)).all() == ["plc"]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_read_gives_a_concept_with_its_surroundings(database: Database) -> None:
    load(database, *VOCABULARY)
    with database.read() as session:
        assert skills.read(session, "plc") == SkillDetail(
            id="plc",
            kind=SkillKind.SKILL,
            scheme="bottega",
            esco_uri=PLC.esco_uri,
            label={"en": "PLC programming", "it": "programmazione PLC"},
            labels={"en": ["PLC programming", "PLC"], "it": ["programmazione PLC", "PLC"]},
            description={"en": "plc in short.", "it": "plc in breve."},
            broader=[AUTOMATION_REF],
            narrower=[LADDER_REF],
            related=[ROBOTS_REF],
        )
        ladder = skills.read(session, "ladder")
        assert (ladder.broader, ladder.narrower, ladder.related) == ([PLC_REF, AUTOMATION_REF], [], [])
        assert skills.read(session, "robots").related == [PLC_REF]


def test_read_takes_as_many_queries_at_any_depth(database: Database) -> None:
    load(database, *VOCABULARY)
    for skill_id in ("automation", "ladder"):
        with database.read() as session, count_queries(database) as queries:
            skills.read(session, skill_id)
        assert queries.count == 8, skill_id


def test_read_refuses_an_unknown_id(database: Database) -> None:
    with database.read() as session, pytest.raises(skills.NoSuchSkill, match="No skill has the id x"):
        skills.read(session, "x")


def test_children_walks_down_the_tree(database: Database) -> None:
    load(database, *VOCABULARY)
    with database.read() as session:
        assert skills.children(session, None) == [AUTOMATION_REF, ROBOTS_REF]
        assert skills.children(session, "automation") == [PLC_REF]
        assert skills.children(session, "ladder") == []


@pytest.mark.parametrize(
    ("query", "language", "found"),
    [
        ("plc", None, [("plc", "PLC"), ("ladder", "schema PLC")]),  # the whole label, then a later word
        ("PROGRAMMAZIONE", None, [("plc", "programmazione PLC")]),
        ("programm", "en", [("plc", "PLC programming")]),
        ("log", None, [("ladder", "ladder logic")]),
        ("log", "it", []),
        ("robot", None, [("robots", "robotics")]),  # equal in everything but the language
        ("auto", None, [("automation", "automation")]),
        ("automat", "it", [("automation", "automatista")]),
        ("ottica", None, []),  # not the beginning of a word
        ("!", None, []),
        ("%", None, []),
    ],
)
def test_search_finds_beginnings_of_words(
    database: Database, query: str, language: str | None, found: list[tuple[str, str]]
) -> None:
    load(database, *VOCABULARY)
    with database.read() as session:
        hits = skills.search(session, query, language=language, limit=10)
    assert [(hit.skill.id, hit.found_as) for hit in hits] == found


def test_search_puts_the_preferred_label_first(database: Database) -> None:
    load(
        database,
        concept("a", ("fresa", "tornio parallelo"), ("mill",)),
        concept("b", ("tornio verticale grande",), ("lathe",)),
        concept("c", ("altro tornio",), ("other",)),
        concept("d", ("tornio",), ("plain",)),
    )
    with database.read() as session:
        assert [hit.skill.id for hit in skills.search(session, "tornio", limit=10)] == ["d", "b", "a", "c"]


def test_search_pages_in_a_stable_order(database: Database) -> None:
    load(database, *(concept(name, (f"lima {name}",), (f"file {name}",)) for name in "cab"))
    for query, order in (("lima", "abc"), (None, "cab")):
        seen: list[str] = []
        after = None
        while True:
            with database.read() as session:
                page = skills.search(session, query, limit=1, after=after)
            if not page:
                break
            seen.append(page[0].skill.id)
            after = page[0].score, page[0].skill.id
        assert seen == list(order)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["automation", "plc", "ladder", "robots"]),
        ({"broader": "plc"}, ["ladder"]),
        ({"is_top": True}, ["automation", "robots"]),
        ({"kind": SkillKind.SKILL}, ["plc", "robots"]),
        ({"broader": "unknown"}, []),
    ],
)
def test_search_without_words_lists_in_the_vocabulary_s_order(
    database: Database, filters: dict[str, object], found: list[str]
) -> None:
    load(database, *VOCABULARY)
    with database.read() as session:
        hits = skills.search(session, limit=10, **filters)  # type: ignore[arg-type]
    assert [hit.skill.id for hit in hits] == found
    assert {hit.found_as for hit in hits} <= {None}


def test_search_takes_two_queries_for_any_number(database: Database) -> None:
    load(database, *(concept(name, (f"lima {name}",), (f"file {name}",)) for name in "abc"))
    for limit in (1, 3):
        with database.read() as session, count_queries(database) as queries:
            assert len(skills.search(session, "lima", limit=limit)) == limit
        assert queries.count == 2


def test_require_names_each_unknown_skill(database: Database) -> None:
    load(database, *VOCABULARY)
    with database.read() as session:
        skills.require(session, ["plc", "robots", "plc"])
        skills.require(session, [])
        with pytest.raises(skills.UnknownSkill) as refused:
            skills.require(session, ["plc", "x", "robots", "x"])
        assert refused.value.faults == [
            {"in": "body", "field": f"skills.{position}.skill_id", "detail": "no skill has the id x"}
            for position in (1, 3)
        ]
        with pytest.raises(skills.UnknownSkill) as refused:
            skills.require(session, ["y"], "interests.{}")
        assert refused.value.faults[0]["field"] == "interests.0"


def test_vocabulary_rows_say_all_that_the_ranking_needs_in_three_queries(
    database: Database, make: Factory
) -> None:
    load(database, *VOCABULARY)
    make.add(Skill(id="esco-1", scheme="esco", kind=SkillKind.SKILL))
    make.add(SkillLabel(skill_id="esco-1", language="de", rank=0, label="Löten", search_key="loten"))
    with database.read() as session, count_queries(database) as queries:
        rows = skills.vocabulary_rows(session)
    assert queries.count == 3
    assert rows == [
        VocabularyRow("automation", None, (), dict(AUTOMATION.labels)),
        VocabularyRow("esco-1", None, (), {}),
        VocabularyRow("ladder", "plc", (), dict(LADDER.labels)),
        VocabularyRow("plc", "automation", ("robots",), dict(PLC.labels)),
        VocabularyRow("robots", None, ("plc",), dict(ROBOTS.labels)),
    ]
