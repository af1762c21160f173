from pathlib import Path

import pytest

from app.skills.vocabulary import ConceptData, VocabularyError, normalise_label, read_vocabulary

ROOT = """
[[concept]]
id = "welding"
kind = "skill"
it = ["saldatura", "saldatore"]
en = ["welding"]
description_it = "Unire metalli."
description_en = "Joining metals."
"""
CHILD = """
[[concept]]
id = "tig-welding"
kind = "skill"
broader = "welding"
it = ["saldatura TIG"]
en = ["TIG welding"]
description_it = "Saldare con tungsteno."
description_en = "Welding with tungsten."
esco = "http://data.europa.eu/esco/skill/0-a"
"""
OTHER = """
[[concept]]
id = "brazing"
kind = "skill"
broader = "welding"
related = ["tig-welding"]
it = ["brasatura"]
en = ["brazing"]
description_it = "Unire con una lega che fonde prima."
description_en = "Joining with an alloy that melts sooner."
"""


def chain(length: int) -> str:
    """A tree of one branch with so many levels."""
    entries = []
    for level in range(length):
        entry = ROOT.replace('"welding"', f'"level-{level}"').replace("saldatura", f"livello {level}")
        entry = entry.replace(', "saldatore"', "")
        entries.append(entry + (f'broader = "level-{level - 1}"\n' if level else ""))
    return "".join(entries)


@pytest.fixture(scope="module")
def vocabulary() -> tuple[ConceptData, ...]:
    return read_vocabulary()


def test_vocabulary_is_large(vocabulary: tuple[ConceptData, ...]) -> None:
    assert len(vocabulary) >= 500


def test_vocabulary_has_no_orphan(vocabulary: tuple[ConceptData, ...]) -> None:
    ids = {concept.id for concept in vocabulary}
    parents = {concept.broader for concept in vocabulary}
    assert parents - ids == {None}
    assert [
        concept.id for concept in vocabulary if concept.broader is None and concept.id not in parents
    ] == []


def test_vocabulary_has_no_duplicate_label(vocabulary: tuple[ConceptData, ...]) -> None:
    for language in ("it", "en"):
        labels = [normalise_label(label) for concept in vocabulary for label in concept.labels[language]]
        assert sorted({label for label in labels if labels.count(label) > 1}) == []


def test_vocabulary_speaks_both_languages(vocabulary: tuple[ConceptData, ...]) -> None:
    for concept in vocabulary:
        assert set(concept.labels) == set(concept.descriptions) == {"it", "en"}, concept.id
        assert all(concept.labels.values()), concept.id
        assert all(concept.descriptions.values()), concept.id


def test_vocabulary_has_no_cycle_and_two_to_four_levels(vocabulary: tuple[ConceptData, ...]) -> None:
    broader = {concept.id: concept.broader for concept in vocabulary}
    for concept in vocabulary:
        level, above = 1, concept.broader
        while above is not None:
            level, above = level + 1, broader[above]
            assert level <= 4, concept.id


def test_vocabulary_links_to_esco(vocabulary: tuple[ConceptData, ...]) -> None:
    addresses = [concept.esco_uri for concept in vocabulary if concept.esco_uri]
    assert len(addresses) >= 150
    assert len(set(addresses)) == len(addresses)


def test_vocabulary_order_is_stable(vocabulary: tuple[ConceptData, ...]) -> None:
    assert read_vocabulary() == vocabulary


def test_vocabulary_reads_files_by_name_and_concepts_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(ROOT, encoding="utf-8")
    (tmp_path / "a.toml").write_text(OTHER + CHILD, encoding="utf-8")
    (tmp_path / "notes.md").write_text("not read", encoding="utf-8")
    assert read_vocabulary(tmp_path) == (
        ConceptData(
            id="brazing",
            kind="skill",
            broader="welding",
            related=("tig-welding",),
            labels={"it": ("brasatura",), "en": ("brazing",)},
            descriptions={
                "it": "Unire con una lega che fonde prima.",
                "en": "Joining with an alloy that melts sooner.",
            },
            esco_uri=None,
        ),
        ConceptData(
            id="tig-welding",
            kind="skill",
            broader="welding",
            related=(),
            labels={"it": ("saldatura TIG",), "en": ("TIG welding",)},
            descriptions={"it": "Saldare con tungsteno.", "en": "Welding with tungsten."},
            esco_uri="http://data.europa.eu/esco/skill/0-a",
        ),
        ConceptData(
            id="welding",
            kind="skill",
            broader=None,
            related=(),
            labels={"it": ("saldatura", "saldatore"), "en": ("welding",)},
            descriptions={"it": "Unire metalli.", "en": "Joining metals."},
            esco_uri=None,
        ),
    )


BAD_TWINS = {
    "unknown broader": (
        ROOT + CHILD.replace('broader = "welding"', 'broader = "nothing"'),
        "tig-welding",
        "unknown broader nothing",
    ),
    "unknown related": (
        ROOT + CHILD + OTHER.replace('["tig-welding"]', '["nothing"]'),
        "brazing",
        "unknown related nothing",
    ),
    "related to itself": (
        ROOT + CHILD + OTHER.replace('["tig-welding"]', '["brazing"]'),
        "brazing",
        "related to itself",
    ),
    "related twice": (
        ROOT + CHILD + OTHER.replace('["tig-welding"]', '["tig-welding", "tig-welding"]'),
        "brazing",
        "related tig-welding is already stated",
    ),
    "duplicate id": (ROOT + CHILD + CHILD, "tig-welding", "duplicate id, first in bad.toml"),
    "duplicate label": (
        ROOT + CHILD.replace("saldatura TIG", "SALDATÒRE"),
        "tig-welding",
        "duplicate label 'SALDATÒRE' in it, first in welding",
    ),
    "cycle": (ROOT + 'broader = "tig-welding"\n' + CHILD, "welding", "cycle through welding"),
    "own parent": (ROOT + 'broader = "welding"\n', "welding", "cycle through welding"),
    "missing language": (ROOT.replace('en = ["welding"]\n', "") + CHILD, "welding", "missing en"),
    "empty language": (ROOT.replace('en = ["welding"]', "en = []") + CHILD, "welding", "no label in en"),
    "empty label": (
        ROOT.replace('en = ["welding"]', 'en = ["..."]') + CHILD,
        "welding",
        "label '...' in en is empty or has outer spaces",
    ),
    "missing description": (
        ROOT.replace('description_en = "Joining metals."\n', "") + CHILD,
        "welding",
        "missing description_en",
    ),
    "empty description": (ROOT.replace("Joining metals.", " ") + CHILD, "welding", "description_en is empty"),
    "multi-line description": (
        ROOT.replace("Joining metals.", "Joining\\nmetals.") + CHILD,
        "welding",
        "description_en has several lines",
    ),
    "unknown key": (ROOT + 'colour = "red"\n' + CHILD, "welding", "unknown key colour"),
    "bad kind": (ROOT.replace('kind = "skill"', 'kind = "gift"') + CHILD, "welding", "unknown kind 'gift'"),
    "bad id": (
        ROOT.replace('id = "welding"', 'id = "Arc welding"'),
        "Arc welding",
        "id is not a kebab-case slug",
    ),
    "missing id": (ROOT.replace('id = "welding"\n', ""), "concept without id", "missing id"),
    "two parents": (
        ROOT + CHILD.replace('broader = "welding"', 'broader = ["welding"]'),
        "tig-welding",
        "broader is not a single id",
    ),
    "labels not a list": (
        ROOT.replace('en = ["welding"]', 'en = "welding"'),
        "welding",
        "en is not a list of texts",
    ),
    "not an ESCO address": (
        ROOT + CHILD.replace("http://data.europa.eu", "http://example.org"),
        "tig-welding",
        "not an ESCO address: 'http://example.org/esco/skill/0-a'",
    ),
    "ESCO address twice": (
        ROOT + 'esco = "http://data.europa.eu/esco/skill/0-a"\n' + CHILD,
        "tig-welding",
        "ESCO address already on welding",
    ),
    "too deep": (chain(5), "level-4", "depth 5 is above 4"),
    "orphan": (ROOT, "welding", "depth 1 is below 2: an orphan"),
    "other table": (ROOT + CHILD + "[extra]\n", "file", "only [[concept]] tables are expected"),
    "entry not a table": ("concept = [1]\n", "concept", "not a table"),
}


@pytest.mark.parametrize(("text", "concept", "fault"), BAD_TWINS.values(), ids=BAD_TWINS.keys())
def test_vocabulary_names_the_fault(tmp_path: Path, text: str, concept: str, fault: str) -> None:
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(VocabularyError) as caught:
        read_vocabulary(tmp_path)
    assert str(caught.value) == f"bad.toml: {concept}: {fault}"


def test_vocabulary_names_a_file_that_is_not_toml(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("id = ", encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"^bad\.toml: file: not TOML: "):
        read_vocabulary(tmp_path)


@pytest.mark.parametrize("length", [2, 3, 4])
def test_vocabulary_accepts_trees_of_two_to_four_levels(tmp_path: Path, length: int) -> None:
    text = chain(length)
    (tmp_path / "good.toml").write_text(text, encoding="utf-8")
    assert len(read_vocabulary(tmp_path)) == length


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Qualità", "qualita"),
        ("  Saldatura   MIG/MAG ", "saldatura mig mag"),
        ("C++", "c++"),
        ("C#", "c#"),
        ("linguaggio C", "linguaggio c"),
        ("D.Lgs. 81/2008", "d lgs 81 2008"),
        ("un'idea", "un idea"),
        ("STRASSE ﬁne", "strasse fine"),
        ("snake_case", "snake case"),
        (" - ", ""),
    ],
)
def test_normalise_label(text: str, key: str) -> None:
    assert normalise_label(text) == key


def test_normalise_label_keeps_c_languages_apart() -> None:
    assert len({normalise_label(name) for name in ("C", "C+", "C++", "C#")}) == 4
