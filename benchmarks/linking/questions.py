"""Questions with known answers for the linker, from the ESCO occupations, the ISCO groups and our own vocabulary.

None of them is a published test set. A question asks for one label of a concept while every near copy of it is hidden,
for the Italian label among English ones, for the title of an ISCO group (worded like a national register, in the
plural) among the occupations below it, or for a sentence made of the descriptions of several skills.
"""

from __future__ import annotations

import csv
import random
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

from matching.link.words import plain, stems
from matching.types import Concept

VOCABULARY = Path(__file__).parents[2] / "app" / "skills" / "data"


@dataclass(frozen=True, slots=True)
class Source:
    """A concept with both languages, and the group that it belongs to."""

    concept: Concept
    group: str
    descriptions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Questions:
    """Queries in one language, the ids that answer each, and the concepts to search in."""

    name: str
    concepts: list[Concept]
    languages: tuple[str, ...]
    language: str
    asked: list[tuple[str, frozenset[str]]]

    def only(self, keep: Callable[[str], bool]) -> Questions:
        """The questions of which all answers are kept, or of which the text is, if no answer is."""
        asked = [(text, ids) for text, ids in self.asked if all(map(keep, ids))]
        return Questions(self.name, self.concepts, self.languages, self.language, asked)


def occupations(folder: Path) -> list[Source]:
    """The ESCO occupations of `occupations_it.csv` and `occupations_en.csv`."""
    found: dict[str, Source] = {}
    for language in ("it", "en"):
        with (folder / f"occupations_{language}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                source = found.setdefault(
                    row["conceptUri"], Source(Concept(row["conceptUri"], {}), row["iscoGroup"])
                )
                first = row["preferredLabel"]
                names = [*(first.split("/") if language == "it" else [first]), *row["altLabels"].split("\n")]
                labels = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
                source.concept.labels[language] = labels  # type: ignore[index]
                source.descriptions[language] = row["description"]
    return list(found.values())


def vocabulary(folder: Path = VOCABULARY) -> list[Source]:
    """The skills that the service ships."""
    return [
        Source(
            Concept(one["id"], {"it": tuple(one["it"]), "en": tuple(one["en"])}),
            path.stem,
            {language: one[f"description_{language}"] for language in ("it", "en")},
        )
        for path in sorted(folder.glob("*.toml"))
        for one in tomllib.loads(path.read_text(encoding="utf-8"))["concept"]
    ]


def groups(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Of each ISCO unit group the title in both languages, and the English examples in its description."""
    found: dict[str, dict[str, list[str]]] = {}
    for language in ("it", "en"):
        with (folder / f"ISCOGroups_{language}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if len(row["code"]) == 4:
                    found.setdefault(row["code"], {})[language] = [row["preferredLabel"]]
                    if language == "en":
                        found[row["code"]]["examples"] = _examples(row["description"])
    return found


def _examples(description: str) -> list[str]:
    part = re.search(
        r"Examples of the occupations classified here:(.*?)(?:Some related|Excluded|Note|\Z)",
        description,
        re.DOTALL,
    )
    lines = part[1].split("\n") if part else []
    return [line.strip(" -\t\r") for line in lines if line.strip(" -\t\r")]


def hidden_synonyms(sources: Sequence[Source], language: str, seed: int, wanted: int) -> Questions:
    """One label of each of some concepts, with everything that resembles it taken out of the vocabulary."""
    draw = random.Random(seed)
    chosen = set(draw.sample(range(len(sources)), min(len(sources), 2 * wanted)))
    concepts, asked = [], []
    for place, source in enumerate(sources):
        labels = source.concept.labels[language]
        if place in chosen and len(asked) < wanted:
            query = draw.choice(labels)
            rest = tuple(label for label in labels if not _alike(label, query, language))
            if rest:
                asked.append((query, frozenset({source.concept.id})))
                labels = rest
        concepts.append(Concept(source.concept.id, {language: labels}))
    return Questions(f"hidden synonym {language}", concepts, (language,), language, asked)


def _alike(one: str, other: str, language: str) -> bool:
    words, others = set(stems(one, language)), set(stems(other, language))
    if len(words & others) > 0.6 * len(words | others):
        return True
    return SequenceMatcher(None, plain(one), plain(other)).ratio() > 0.8


def across(sources: Sequence[Source], seed: int, wanted: int) -> Questions:
    """An Italian label among the English ones."""
    draw = random.Random(seed)
    some = draw.sample(list(sources), min(len(sources), wanted))
    asked = [(draw.choice(one.concept.labels["it"]), frozenset({one.concept.id})) for one in some]
    return Questions("label it→en", [one.concept for one in sources], ("en",), "it", asked)


def misspelt(sources: Sequence[Source], language: str, seed: int, wanted: int) -> Questions:
    """A label with one letter left out, doubled or swapped with its neighbour."""
    draw = random.Random(seed)
    some = draw.sample(list(sources), min(len(sources), wanted))
    asked = []
    for one in some:
        label = draw.choice(one.concept.labels[language])
        at = draw.randrange(1, max(2, len(label) - 1))
        how = draw.randrange(3)
        letters = (label[at : at + 1] * 2, "", label[at : at + 2][::-1])[how]
        asked.append(
            (label[:at] + letters + label[at + (2 if how == 2 else 1) :], frozenset({one.concept.id}))
        )
    return Questions(f"misspelt {language}", [one.concept for one in sources], (language,), language, asked)


def group_titles(
    sources: Sequence[Source], titles: dict[str, dict[str, list[str]]], kind: str, query: str, label: str
) -> Questions:
    """The titles (`it`, `en`) or English examples of ISCO groups, answered by any occupation of the group."""
    members: dict[str, set[str]] = {}
    for one in sources:
        members.setdefault(one.group, set()).add(one.concept.id)
    asked = [
        (text, frozenset(members[code]))
        for code, known in titles.items()
        if code in members
        for text in known[kind]
    ]
    return Questions(f"ISCO {kind} {query}→{label}", [one.concept for one in sources], (label,), query, asked)


_FRAMES = {
    "en": (
        "We are looking for somebody with knowledge of {}",
        "Experience with {} is a plus",
        "You will take care of {} every day together with your team",
        "The ideal candidate knows {} and works accurately",
        "You have at least two years of experience in {}, ideally in an international company",
    ),
    "it": (
        "Cerchiamo una persona che conosca {}",
        "Gradita esperienza in {}",
        "Ti occuperai ogni giorno di {} insieme al tuo gruppo",
        "Il candidato ideale conosce {} e lavora con precisione",
        "Richiesti almeno due anni di esperienza in {}, meglio se in un'azienda internazionale",
    ),
}
_JOINTS = {"en": (" and ", ", ", " as well as "), "it": (" e ", ", ", " oltre a ")}


def sentences(sources: Sequence[Source], language: str, seed: int, wanted: int) -> Questions:
    """Sentences about one to three skills, each by its description or, three times in ten, by a label."""
    draw = random.Random(seed)
    asked = []
    for _ in range(wanted):
        some = draw.sample(list(sources), draw.choice((1, 1, 2, 3)))
        parts = [
            draw.choice(one.concept.labels[language])
            if draw.random() < 0.3
            else _lowered(one.descriptions[language].rstrip("."))
            for one in some
        ]
        text = draw.choice(_FRAMES[language]).format(draw.choice(_JOINTS[language]).join(parts))
        asked.append((text, frozenset(one.concept.id for one in some)))
    return Questions(f"sentence {language}", [one.concept for one in sources], (language,), language, asked)


def _lowered(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def mean_reciprocal_rank(
    asked: Iterable[tuple[str, frozenset[str]]], found: Iterable[Sequence[str]]
) -> float:
    """The mean of 1 / place of the first right answer, 0 where there is none."""
    values = [
        next((1 / place for place, one in enumerate(ids, start=1) if one in right), 0.0)
        for (_, right), ids in zip(asked, found, strict=True)
    ]
    return sum(values) / len(values)


def r_precision(
    asked: Iterable[tuple[str, frozenset[str]]], found: Iterable[Sequence[str]], depth: int = 5
) -> float:
    """The mean share of the right answers, of at most `depth`, that are among the first `depth`."""
    values = [
        len(right.intersection(ids[:depth])) / min(depth, len(right))
        for (_, right), ids in zip(asked, found, strict=True)
    ]
    return sum(values) / len(values)
