"""Labels found in running text, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from matching.link.lexical import LexicalIndex
from matching.link.negation import denied, is_denied
from matching.link.words import WORD, Word, content_words, edits, plain

THRESHOLD: Final = 0.75
"""What a mention must reach: the share of the label that stands there, less what stands between."""

SKIPPED: Final = 0.1
"""Lost for every word between those of the label."""

FURTHEST: Final = 3
"""Words that may stand between those of a label, at most."""

MISSPELT: Final = 0.12
"""Lost for every letter that is wrong."""

INFLECTED: Final = 2
"""Letters in which a long label of one word and the word of the text may differ: "machines" is not "machining"."""

_BREAK: Final = re.compile(r"[.,;:!?()\n\[\]•|]")


@dataclass(frozen=True, slots=True)
class LinkedSkill:
    """A concept that a text names: `score` from the threshold to 1, and the place, `text[start:end]`."""

    id: str
    score: float
    start: int
    end: int
    text: str


class Candidate(NamedTuple):
    """A label that may stand in a run of words: what it weighs against others, its score, its first and last word."""

    weight: float
    score: float
    first: int
    last: int
    label: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept that a text names, and whether the text denies it."""

    skill: LinkedSkill
    is_denied: bool


def likeness(word: str, known: str) -> float:
    """How surely a word of a text is a known one, inflected or misspelt; the first letter is never wrong.

    Examples
    --------
    >>> likeness("saldatur", "saldator"), likeness("fornitur", "tornitur"), likeness("plc", "plx")
    (0.88, 0.0, 0.0)
    """
    if word == known:
        return 1.0
    most = 0 if len(known) < 6 else 1 if len(known) < 10 else 2
    if not most or word[0] != known[0]:
        return 0.0
    found = edits(word, known, most)
    return 0.0 if found > most else 1.0 - MISSPELT * found


def _inflected(known: str) -> int:
    """Letters that may differ in a label of one word: none in a short one ("goods" is not "good")."""
    return 0 if len(known) < 6 else 1 if len(known) < 9 else INFLECTED


class Mentions:
    """Finds the labels of a lexical index in texts."""

    def __init__(
        self,
        lexical: LexicalIndex,
        ids: Sequence[str],
        labels: Sequence[tuple[str, str]],
        owners: Sequence[int],
    ) -> None:
        self._lexical, self._ids, self._labels, self._owners = lexical, ids, labels, owners
        self._languages = frozenset(language for _, language in labels)
        place = lexical.spelling.place
        self._holding: dict[int, list[int]] = {}
        for label, words in enumerate(lexical.words):
            for word in words:
                self._holding.setdefault(place[word], []).append(label)

    def wanted(self, text: str, language: str, top_k: int) -> list[LinkedSkill]:
        """What the text names without denying it, each concept once where it is surest, in the order of the text."""
        best: dict[str, LinkedSkill] = {}
        for mention in self.all(text, language):
            skill = mention.skill
            if not mention.is_denied and (skill.id not in best or best[skill.id].score < skill.score):
                best[skill.id] = skill
        surest = sorted(best.values(), key=lambda skill: (-skill.score, skill.start))[:top_k]
        return sorted(surest, key=lambda skill: (skill.start, skill.end))

    def all(self, text: str, language: str) -> list[Mention]:
        """Everything the text names, in its order; no two mentions share a word."""
        stretches = denied(text, language)
        found = []
        for run in _runs(text, content_words(text, language)):
            for one in _apart(self._candidates(run, text, language)):
                start, end = run[one.first].start, run[one.last].end
                concept = self._ids[self._owners[one.label]]
                skill = LinkedSkill(concept, min(1.0, round(one.score, 3)), start, end, text[start:end])
                found.append(Mention(skill, is_denied(start, end, stretches)))
        return sorted(found, key=lambda mention: mention.skill.start)

    def _candidates(self, run: Sequence[Word], text: str, language: str) -> Iterator[Candidate]:
        """Everything in a run of words that reaches the threshold."""
        met: dict[int, dict[int, float]] = {}
        labels: set[int] = set()
        for at, word in enumerate(run):
            for place, value in self._known(word.stem, plain(text[word.start : word.end]), language).items():
                met.setdefault(place, {})[at] = value
                labels.update(self._holding.get(place, ()))
        places = self._lexical.spelling.place
        for label in sorted(labels):
            words = [places[word] for word in self._lexical.words[label]]
            if len(words) == 1 and not self._is_plainly(
                label, [run[at] for at in met[words[0]]], text, language
            ):
                continue
            total = sum(float(self._lexical.idf[word]) for word in words)
            shares = {word: float(self._lexical.idf[word]) / total for word in words if word in met}
            if sum(share * max(met[word].values()) for word, share in shares.items()) >= THRESHOLD:
                score, first, last = _tightest(shares, met)
                if score >= THRESHOLD:
                    yield Candidate(total * score**2, score, first, last, label)

    def _is_plainly(self, label: int, words: Sequence[Word], text: str, language: str) -> bool:
        """Whether a label of one word stands there itself, and not just a word of the same stem.

        A label of the other language must be there letter by letter: JavaScript is a name in any text, an office no
        Office.
        """
        written, spoken = self._labels[label]
        there = [text[word.start : word.end] for word in words]
        if spoken != language and language in self._languages:
            return not set(WORD.findall(written)).isdisjoint(there)
        return spoken != language or any(
            edits(plain(one), known, INFLECTED) <= _inflected(known)
            for one in there
            for known in WORD.findall(plain(written))
        )

    def _known(self, word: str, written: str, language: str) -> dict[int, float]:
        """Places of the vocabulary's stems that a word of the text surely is, with how surely."""
        words = {word: 1.0}
        if language not in self._languages:
            words |= self._lexical.lexicon.get((language, word), {})
        found: dict[int, float] = {}
        stems = self._lexical.spelling.words
        for one, share in words.items():
            for place in self._lexical.alike(one, written if one == word else one):
                value = share * likeness(one, stems[place])
                if value > found.get(place, 0.0):
                    found[place] = value
        return found


def _runs(text: str, words: Sequence[Word]) -> Iterator[list[Word]]:
    """The words between two marks of punctuation."""
    run: list[Word] = []
    for word in words:
        if run and _BREAK.search(text, run[-1].end, word.start):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _tightest(shares: dict[int, float], met: dict[int, dict[int, float]]) -> tuple[float, int, int]:
    """The best stretch of words for a label: what it meets of the label, less what stands between."""
    places = sorted({at for word in shares for at in met[word]})
    best = (0.0, 0, 0)
    for number, first in enumerate(places):
        for last in places[number : number + len(shares) + FURTHEST]:
            if last >= first + len(shares) + FURTHEST:
                break
            value, used = 0.0, set()
            for word, share in shares.items():
                inside = [(met[word][at], -at) for at in range(first, last + 1) if at in met[word]]
                if inside:
                    likely, at = max(inside)
                    value += share * likely
                    used.add(-at)
            value -= SKIPPED * (last - first + 1 - len(used))
            if value > best[0]:
                best = (value, first, last)
    return best


def _apart(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """The weightiest candidates first, without those that share a word with an earlier one."""
    taken: set[int] = set()
    for candidate in sorted(candidates, key=lambda one: (-one.weight, one.first, one.label)):
        words = range(candidate.first, candidate.last + 1)
        if taken.isdisjoint(words):
            taken.update(words)
            yield candidate
