"""The curated vocabulary of skills as values: reads `data/*.toml` and refuses what is not consistent."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
KINDS = ("knowledge", "skill", "tool", "transversal")
LANGUAGES = ("it", "en")
DEPTHS = range(2, 5)
"""How many levels a tree may have, its root included."""

_REQUIRED = {"id", "kind", *LANGUAGES, *(f"description_{language}" for language in LANGUAGES)}
_OPTIONAL = {"broader", "related", "esco"}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ESCO = re.compile(r"http://data\.europa\.eu/esco/skill/[0-9A-Za-z.-]+")
_NOT_A_WORD = re.compile(r"[^\w+#]+|_")


class VocabularyError(Exception):
    """A fault in the data files; the message names file, concept and fault."""

    def __init__(self, file: str, concept: str, fault: str) -> None:
        super().__init__(f"{file}: {concept}: {fault}")
        self.file = file
        self.concept = concept
        self.fault = fault


@dataclass(frozen=True, slots=True)
class ConceptData:
    """One concept. The first label of each language is the preferred one; a root has no `broader`."""

    id: str
    kind: str
    broader: str | None
    related: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]
    descriptions: dict[str, str]
    esco_uri: str | None


def normalise_label(text: str) -> str:
    """Key under which two labels count as the same: no case, accents or punctuation; + and # stay (C++, C#).

    >>> normalise_label("  Qualità/controllo:  C++ ")
    'qualita controllo c++'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(_NOT_A_WORD.sub(" ", bare).split())


def read_vocabulary(folder: Path | None = None) -> tuple[ConceptData, ...]:
    """All concepts, files by name and concepts in file order. Raises VocabularyError at the first fault."""
    files: dict[str, str] = {}
    concepts: dict[str, ConceptData] = {}
    for path in sorted((folder or DATA).glob("*.toml")):
        for entry in _entries(path):
            concept = _concept(path.name, entry)
            if concept.id in concepts:
                raise VocabularyError(path.name, concept.id, f"duplicate id, first in {files[concept.id]}")
            files[concept.id] = path.name
            concepts[concept.id] = concept
    _check_labels(concepts.values(), files)
    _check_links(concepts, files)
    _check_trees(concepts, files)
    return tuple(concepts.values())


def _entries(path: Path) -> list[Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VocabularyError(path.name, "file", f"not TOML: {error}") from error
    entries = document.pop("concept", [])
    if document or not isinstance(entries, list):
        raise VocabularyError(path.name, "file", "only [[concept]] tables are expected")
    return entries


def _concept(file: str, entry: Any) -> ConceptData:
    name = str(entry.get("id", "concept without id")) if isinstance(entry, dict) else "concept"
    if not isinstance(entry, dict):
        raise VocabularyError(file, name, "not a table")
    unknown = sorted(set(entry) - _REQUIRED - _OPTIONAL)
    if unknown:
        raise VocabularyError(file, name, f"unknown key {unknown[0]}")
    missing = sorted(_REQUIRED - set(entry))
    if missing:
        raise VocabularyError(file, name, f"missing {missing[0]}")
    if not _ID.fullmatch(name):
        raise VocabularyError(file, name, "id is not a kebab-case slug")
    if entry["kind"] not in KINDS:
        raise VocabularyError(file, name, f"unknown kind {entry['kind']!r}")
    esco = entry.get("esco")
    if esco is not None and not (isinstance(esco, str) and _ESCO.fullmatch(esco)):
        raise VocabularyError(file, name, f"not an ESCO address: {esco!r}")
    broader = entry.get("broader")
    if broader is not None and not isinstance(broader, str):
        raise VocabularyError(file, name, "broader is not a single id")
    return ConceptData(
        id=name,
        kind=entry["kind"],
        broader=broader,
        related=_texts(file, name, "related", entry.get("related", [])),
        labels={language: _labels(file, name, language, entry[language]) for language in LANGUAGES},
        descriptions={language: _description(file, name, language, entry) for language in LANGUAGES},
        esco_uri=esco,
    )


def _texts(file: str, concept: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise VocabularyError(file, concept, f"{key} is not a list of texts")
    return tuple(value)


def _labels(file: str, concept: str, language: str, value: Any) -> tuple[str, ...]:
    labels = _texts(file, concept, language, value)
    if not labels:
        raise VocabularyError(file, concept, f"no label in {language}")
    for label in labels:
        if not normalise_label(label) or label != label.strip():
            raise VocabularyError(
                file, concept, f"label {label!r} in {language} is empty or has outer spaces"
            )
    return labels


def _description(file: str, concept: str, language: str, entry: dict[str, Any]) -> str:
    text = entry[f"description_{language}"]
    if not isinstance(text, str) or not text.strip():
        raise VocabularyError(file, concept, f"description_{language} is empty")
    if len(text.splitlines()) > 1:
        raise VocabularyError(file, concept, f"description_{language} has several lines")
    return text


def _check_labels(concepts: Iterable[ConceptData], files: dict[str, str]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for concept in concepts:
        for language, labels in concept.labels.items():
            for label in labels:
                key = language, normalise_label(label)
                if key in owners:
                    raise VocabularyError(
                        files[concept.id],
                        concept.id,
                        f"duplicate label {label!r} in {language}, first in {owners[key]}",
                    )
                owners[key] = concept.id


def _check_links(concepts: dict[str, ConceptData], files: dict[str, str]) -> None:
    addresses: dict[str, str] = {}
    pairs: set[frozenset[str]] = set()
    for concept in concepts.values():
        file = files[concept.id]
        if concept.broader is not None and concept.broader not in concepts:
            raise VocabularyError(file, concept.id, f"unknown broader {concept.broader}")
        for other in concept.related:
            pair = frozenset((concept.id, other))
            if other not in concepts:
                raise VocabularyError(file, concept.id, f"unknown related {other}")
            if other == concept.id:
                raise VocabularyError(file, concept.id, "related to itself")
            if pair in pairs:
                raise VocabularyError(file, concept.id, f"related {other} is already stated")
            pairs.add(pair)
        if concept.esco_uri is not None:
            if concept.esco_uri in addresses:
                raise VocabularyError(
                    file, concept.id, f"ESCO address already on {addresses[concept.esco_uri]}"
                )
            addresses[concept.esco_uri] = concept.id


def _check_trees(concepts: dict[str, ConceptData], files: dict[str, str]) -> None:
    heights: dict[str, int] = {}
    for concept in concepts.values():
        path = [concept.id]
        while (broader := concepts[path[-1]].broader) is not None:
            if broader in path:
                raise VocabularyError(files[concept.id], concept.id, f"cycle through {broader}")
            path.append(broader)
        if len(path) > max(DEPTHS):
            raise VocabularyError(files[concept.id], concept.id, f"depth {len(path)} is above {max(DEPTHS)}")
        heights[path[-1]] = max(heights.get(path[-1], 0), len(path))
    for root, height in heights.items():
        if height < min(DEPTHS):
            raise VocabularyError(files[root], root, f"depth {height} is below {min(DEPTHS)}: an orphan")
