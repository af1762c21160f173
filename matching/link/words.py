"""Words of a text as the linker compares them: stems without accents, gender or plural, with their places."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from threading import Lock
from typing import Any, Final

from matching.errors import MatchingError

LANGUAGES: Final = ("it", "en")

WORD: Final = re.compile(r"[^\W_]+(?:[+#]+|(?<=\d)[.,]\d+)?")
"""Letters and digits, with a sign (C++, C#) or a decimal part behind."""

_OTHER_GENDER: Final = re.compile(
    r"(?<=\w)\s?/\s?-?(?:trice|trici|tore|tori|ice|essa|ra|[aoei])\b", re.IGNORECASE
)
_FEMININE: Final = (
    (re.compile("tric[ei]$"), "tore"),
    (re.compile("(?<=or|nt)ess[ae]$"), "e"),
)

_DATA: Final = tomllib.loads(
    resources.files("matching.link").joinpath("data/words.toml").read_text(encoding="utf-8")
)

FUNCTION_WORDS: Final = {
    language: frozenset(words.split()) for language, words in _DATA["function_words"].items()
}

ABBREVIATIONS: Final[dict[str, dict[str, str]]] = _DATA["abbreviations"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: its stem, and where it stands (`text[start:end]`)."""

    stem: str
    start: int
    end: int


def plain(text: str) -> str:
    """Lower case without accents.

    Examples
    --------
    >>> plain("Qualità È")
    'qualita e'
    """
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_STEMMING: Final = Lock()
"""A stemmer keeps the word it works on: two threads in one would get each other's stems, and remember them."""


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer  # a linker is fitted long after start, or never

    return snowballstemmer.stemmer({"it": "italian", "en": "english"}[language])


def stem(word: str, language: str) -> str:
    """The Snowball stem of the masculine form, without accents.

    Examples
    --------
    >>> stem("tornitrice", "it") == stem("Tornitori", "it")
    True
    >>> stem("machines", "en")
    'machin'
    """
    return _stem(plain(word), language)


@lru_cache(maxsize=200_000)
def _stem(root: str, language: str) -> str:
    if language == "it":
        for feminine, masculine in _FEMININE:
            root = feminine.sub(masculine, root)
    with _STEMMING:
        return str(_stemmer(language).stemWord(root))


def without_gender(text: str) -> str:
    """Blank out the second gender of "addetto/a", so that every other letter keeps its place.

    Examples
    --------
    >>> without_gender("addetto/a e tornitore/trice")
    'addetto   e tornitore      '
    """
    return _OTHER_GENDER.sub(lambda found: " " * len(found[0]), text) if "/" in text else text


def content_words(text: str, language: str) -> list[Word]:
    """The words that carry meaning, in order.

    Examples
    --------
    >>> [word.stem for word in content_words("l'addetto alla saldatura MIG", "it")]
    ['addett', 'saldatur', 'mig']
    """
    skipped = FUNCTION_WORDS[language]
    return [
        Word(stem(found[0], language), found.start(), found.end())
        for found in WORD.finditer(without_gender(text))
        if plain(found[0]) not in skipped
    ]


def read_words(text: str, language: str) -> dict[str, str]:
    """The stems of the words that carry meaning, in order, each with how it is written; of function words alone, all.

    Examples
    --------
    >>> read_words("operatore/operatrice di Macchine utensili", "it")
    {'oper': 'operatore', 'macchin': 'macchine', 'utensil': 'utensili'}
    """
    skipped = FUNCTION_WORDS[language]
    written = [plain(word) for word in WORD.findall(without_gender(text))]
    found: dict[str, str] = {}
    for word in [word for word in written if word not in skipped] or written:
        found.setdefault(_stem(word, language), word)
    return found


def stems(text: str, language: str) -> list[str]:
    """The stems of the words that carry meaning; a text of function words keeps them all.

    Examples
    --------
    >>> stems("operatore/operatrice di macchine utensili", "it")
    ['oper', 'macchin', 'utensil']
    """
    return list(read_words(text, language))


def long_form(word: str, language: str) -> list[str]:
    """The stems of what an abbreviation stands for; empty for any other word.

    Examples
    --------
    >>> long_form("mu", "it")
    ['macchin', 'utensil']
    """
    found = ABBREVIATIONS[language].get(word)
    return stems(found, language) if found else []


def head(words: Sequence[str], text: str, language: str) -> str:
    """The stem of the word that the others qualify: the first in Italian, the last before "of" or "for" in English.

    Examples
    --------
    >>> head(stems("CNC machine operator for gears", "en"), "CNC machine operator for gears", "en")
    'oper'
    """
    if not words:
        return ""
    if language == "it":
        return words[0]
    before = re.split(r"\s(?:of|for|in|at|with|to)\s", plain(text), maxsplit=1)[0]
    leading = stems(before, language)
    return leading[-1] if leading else words[-1]


def edits(one: str, other: str, most: int) -> int:
    """Letters to change, insert, drop or swap with a neighbour to get from one word to the other; at most `most` + 1.

    Examples
    --------
    >>> edits("saldatur", "saldatru", 2), edits("plc", "plc", 2), edits("tornitur", "verniciatur", 2)
    (1, 0, 3)
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    # What both begin and end with costs nothing: of a typing error little is left.
    same = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    one, other = one[same:], other[same:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    if not one or not other:
        return len(one or other)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for down, letter in enumerate(one, start=1):
        above, row, earlier = row, [down], before
        for along, against in enumerate(other, start=1):
            cost = min(above[along] + 1, row[-1] + 1, above[along - 1] + (letter != against))
            if down > 1 and along > 1 and letter == other[along - 2] and one[down - 2] == against:
                cost = min(cost, earlier[along - 2] + 1)
            row.append(cost)
        before = above
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def guess_language(text: str, languages: Sequence[str] = LANGUAGES) -> str:
    """The language with more function words in the text, then more of its typical endings; the first of equals.

    Examples
    --------
    >>> guess_language("welding of pipes"), guess_language("saldatura di tubi")
    ('en', 'it')
    """
    words = [plain(found) for found in WORD.findall(text)]

    def evidence(language: str) -> tuple[int, int]:
        function = sum(word in FUNCTION_WORDS[language] for word in words)
        if language == "it":
            return function, sum(word[-1] in "aeiou" for word in words)
        return function, sum(word[-1] not in "aeiou" for word in words)

    return max(languages, key=evidence)


def check_language(language: str) -> str:
    """The language itself. Raises MatchingError for one that has no stemmer here."""
    if language not in LANGUAGES:
        raise MatchingError(f"no language {language!r}; known are {', '.join(LANGUAGES)}")
    return language
