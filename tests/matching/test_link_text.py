from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import MatchingError
from matching.link.mentions import likeness
from matching.link.negation import denied
from matching.link.words import (
    _stem,
    check_language,
    content_words,
    edits,
    guess_language,
    head,
    stem,
    stems,
    without_gender,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tornitore", "tornitrice"), ("operatore", "Operatrici"), ("addetto", "addette"),
        ("dottoressa", "dottore"), ("qualità", "qualita"), ("caffè", "CAFFÈ"),
    ],
)  # fmt: skip
def test_gender_number_and_accents_leave_one_stem(one: str, other: str) -> None:
    assert stem(one, "it") == stem(other, "it")


@pytest.mark.parametrize("text", ["addetto/a", "addetto / a", "operatore/trice", "cuoco/-a", "addetto"])
def test_the_second_gender_is_no_word(text: str) -> None:
    assert len(content_words(text, "it")) == 1
    assert len(without_gender(text)) == len(text)


def test_threads_do_not_get_one_anothers_stems() -> None:
    endings = ("ura", "azione", "ista", "amento", "icatore")
    words = [
        f"{letter}{number}sald{ending}" for letter in "abcdef" for number in range(40) for ending in endings
    ]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda word: stem(word, "it"), words))
    finally:
        sys.setswitchinterval(usual)
    _stem.cache_clear()
    assert together == [stem(word, "it") for word in words]


def test_two_alternatives_stay_two_words() -> None:
    assert stems("saldatore/fabbro", "it") == [stem("saldatore", "it"), stem("fabbro", "it")]


@given(st.text(max_size=80), st.sampled_from(["it", "en"]))
def test_words_stand_where_they_say(text: str, language: str) -> None:
    words = content_words(text, language)
    assert all(0 <= word.start < word.end <= len(text) for word in words)
    assert all(one.end <= other.start for one, other in pairwise(words))


def test_c_plus_plus_and_decimals_are_words() -> None:
    assert stems("C++, C# e 2.5 mm", "it") == ["c++", "c#", "2.5", "mm"]


def test_a_text_of_function_words_keeps_them() -> None:
    assert stems("con la", "it") == ["con", "la"]
    assert stems("?!", "it") == []


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("", "it", ""),
        ("of", "en", "of"),
        ("manager of warehouses", "en", "manag"),
        ("for hire", "en", "hire"),
        ("tecnico del suono", "it", "tecnic"),
    ],
)
def test_the_head_is_what_the_others_qualify(text: str, language: str, found: str) -> None:
    assert head(stems(text, language), text, language) == found


def test_languages() -> None:
    assert guess_language("you will weld") == "en"
    assert guess_language("PLC") in ("it", "en")
    assert guess_language("saldatura tubi") == "it"
    with pytest.raises(MatchingError):
        check_language("fr")


# --- spelling ---------------------------------------------------------------------------------------------------------


def plain_distance(one: str, other: str) -> int:
    """Optimal string alignment, by its definition."""
    rows = [
        [row + column if not row * column else 0 for column in range(len(other) + 1)]
        for row in range(len(one) + 1)
    ]
    for row in range(1, len(one) + 1):
        for column in range(1, len(other) + 1):
            same = one[row - 1] == other[column - 1]
            rows[row][column] = min(
                rows[row - 1][column] + 1, rows[row][column - 1] + 1, rows[row - 1][column - 1] + (not same)
            )
            if (
                row > 1
                and column > 1
                and one[row - 1] == other[column - 2]
                and one[row - 2] == other[column - 1]
            ):
                rows[row][column] = min(rows[row][column], rows[row - 2][column - 2] + 1)
    return rows[-1][-1]


WORDS = st.text(alphabet="abc", max_size=7)


@given(WORDS, WORDS, st.integers(0, 4))
def test_edits_are_those_of_the_definition_up_to_a_bound(one: str, other: str, most: int) -> None:
    assert edits(one, other, most) == min(plain_distance(one, other), most + 1)
    assert edits(one, other, most) == edits(other, one, most)


@pytest.mark.parametrize(
    ("word", "known", "is_alike"),
    [
        ("programazion", "programmazion", True), ("saldatur", "saldator", True), ("fornitur", "tornitur", False),
        ("cad", "cam", False), ("mecca", "mecc", False), ("elettron", "elettrotecn", False),
    ],
)  # fmt: skip
def test_only_near_spellings_of_long_words_are_alike(word: str, known: str, is_alike: bool) -> None:
    assert bool(likeness(word, known)) is is_alike


# --- negation ---------------------------------------------------------------------------------------------------------

DENIED = [
    ("it", "Non serve esperienza di saldatura", "saldatura", True),
    ("it", "Non serve esperienza di saldatura, ma gradito il disegno", "disegno", False),
    ("it", "Non è richiesta la saldatura né la tornitura", "tornitura", True),
    ("it", "Non sono necessarie saldatura, tornitura o fresatura", "fresatura", True),
    ("it", "Non serve saldatura, cerchiamo chi ama la tornitura", "tornitura", False),
    ("it", "Non serve saldatura, qui da noi si impara la tornitura o la fresatura", "tornitura", False),
    ("it", "Saldatura non richiesta", "Saldatura", True),
    ("it", "Tornitura, saldatura non necessaria", "Tornitura", False),
    ("it", "La saldatura non serve per questo lavoro", "saldatura", True),
    ("it", "Anche senza conoscenze di saldatura", "saldatura", True),
    ("it", "Senza problemi, saldatura tutti i giorni", "saldatura", False),
    ("it", "Nessuna esperienza di saldatura. Tornitura sì.", "saldatura", True),
    ("it", "Nessuna esperienza di saldatura. Tornitura sì.", "Tornitura", False),
    ("it", "Non solo saldatura", "saldatura", False),
    ("it", "Richiesta saldatura", "saldatura", False),
    ("en", "no welding experience needed", "welding", True),
    ("en", "Welding is not required for this job", "Welding", True),
    ("en", "You don't need welding or turning", "turning", True),
    ("en", "You don't need welding, but we love turning", "turning", False),
    ("en", "We are not looking for welding", "welding", True),
    ("en", "Without any welding; turning every day", "turning", False),
    ("en", "Turning, while welding isn't needed", "Turning", False),
    ("en", "Turning, while welding isn't needed", "welding", True),
    ("en", "No problem, you will learn welding", "welding", False),
    ("en", "Not only welding", "welding", False),
]


@pytest.mark.parametrize(("language", "text", "word", "is_denied"), DENIED)
def test_negation_covers_its_clause(language: str, text: str, word: str, is_denied: bool) -> None:
    at = text.index(word)
    covered = any(start <= at and at + len(word) <= end for start, end in denied(text, language))
    assert covered is is_denied, denied(text, language)


@given(
    st.lists(st.sampled_from(["non serve", "saldatura", ",", ".", "ma", "o", "senza", "per"]), max_size=12)
)
def test_denied_stretches_lie_within_the_text(parts: list[str]) -> None:
    text = " ".join(parts)
    for language in ("it", "en"):
        assert all(0 <= start < end <= len(text) for start, end in denied(text, language))
