"""Where a text says no: the stretches in which a skill is named only to say that it is not asked for.

A cue ("non serve", "no … needed", "is not required") denies what follows it in its clause, or what stands before it
when nothing but "per …" / "for …" follows. Conjunctions of contrast ("ma", "but") end the stretch, and so does a comma
unless it goes on with a list ("non serve saldatura, tornitura o fresatura"). In the manner of NegEx (Chapman 2001).
"""

from __future__ import annotations

import re
from typing import Final

_NEEDED: Final = {
    "it": r"(?:serv|occorr|necessit|richied|richiest|necessari|indispensabil|obbligator|fondamental|import|cerc|previst"
    r"|chied|pretend|vogli)\w*",
    "en": r"(?:need\s+(?:for|to)|(?:look|ask)\w*\s+for|(?:need|requir|necessary|essential|mandatory|expect|want|important"
    r"|compulsory)\w*)\b",
}
_CUES: Final = {
    "it": re.compile(
        rf"\bnon\s+(?:(?:si|ti|vi|ci|è|e'|sono|sarà|saranno|più|assolutamente|ne|necessariamente)\s+){{0,3}}{_NEEDED['it']}"
        r"(?:\s+(?:aver[ei]?|conoscere|saper|sapere|nessun[ao']?|alcun[ao]?))*"
        r"|\b(?:nessun[ao]?|niente|senza)\b(?!\s+(?:problem|limit|impegn))|\bnessun'",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"(?:\bnot|n't|n’t)\s+(?:(?:be|strictly|really|a|an|necessarily|absolutely)\s+)*"
        + _NEEDED["en"]
        + r"|\bno\b(?!\s+(?:problem|limit|doubt|later|more|less))|\bwithout\b|\bunnecessary\b",
        re.IGNORECASE,
    ),
}
_HARD: Final = re.compile(r"[.;:!?\n](?!\d)")
_CONTRAST: Final = {
    "it": re.compile(
        r"\b(?:ma|però|bensì|invece|tuttavia|mentre|basta|solo|gradit\w+|cerchiamo|offriamo|insegn\w+)\b",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(?:but|however|instead|while|although|only|just|preferred|welcome|we|you)\b", re.IGNORECASE
    ),
}
_BACKWARDS: Final = {
    "it": re.compile(r"\s*(?:$|,|(?:per|in|da|al|alla|a|all'inizio|ma|però)\b)", re.IGNORECASE),
    "en": re.compile(r"\s*(?:$|,|(?:for|in|at|on|to|by|but|as)\b)", re.IGNORECASE),
}
_LIST_ENDS: Final = {
    "it": re.compile(r"\b(?:o|né|oppure)\b", re.IGNORECASE),
    "en": re.compile(r"\b(?:or|nor)\b", re.IGNORECASE),
}
_LIST_WORDS: Final = 4
"""A longer stretch between two commas is a clause of its own, not an item of a list."""


def denied(text: str, language: str) -> list[tuple[int, int]]:
    """The stretches of a text that a negation covers, as offsets.

    Examples
    --------
    >>> text = "Non serve saldatura, ma gradito il disegno."
    >>> [text[start:end] for start, end in denied(text, "it")]
    [' saldatura']
    >>> text = "Turning, while welding is not required."
    >>> [text[start:end] for start, end in denied(text, "en")]
    [' welding is ']
    """
    found = []
    for cue in _CUES[language].finditer(text):
        start, end = _sentence(text, cue.start(), cue.end())
        is_bare = cue[0].lower() in ("no", "senza", "without", "niente") or cue[0].lower().startswith(
            "nessun"
        )
        if not is_bare and _BACKWARDS[language].match(text[cue.end() : end]):
            found.append((_clause_start(text, start, cue.start(), language), cue.start()))
        else:
            found.append((cue.end(), _scope_end(text, cue.end(), end, language)))
    return [(start, end) for start, end in found if start < end]


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around a stretch."""
    ends = [mark.end() for mark in _HARD.finditer(text, 0, start)]
    following = _HARD.search(text, end)
    return (ends[-1] if ends else 0), (following.start() if following else len(text))


def _clause_start(text: str, start: int, cue: int, language: str) -> int:
    marks = [mark.end() for mark in _CONTRAST[language].finditer(text, start, cue)]
    marks += [at + 1 for at in range(start, cue) if text[at] == ","]
    return max(marks, default=start)


def _scope_end(text: str, start: int, end: int, language: str) -> int:
    """Where a denial that looks forward ends: at a contrast, or at a comma that opens another clause."""
    contrast = _CONTRAST[language].search(text, start, end)
    end = contrast.start() if contrast else end
    first, *more = text[start:end].split(",")
    reach = start + len(first)
    for item in more:
        if len(item.split()) > _LIST_WORDS:
            break
        reach += 1 + len(item)
        if _LIST_ENDS[language].search(item):
            return reach
    return start + len(first)


def is_denied(start: int, end: int, stretches: list[tuple[int, int]]) -> bool:
    """Whether a stretch lies within a denied one."""
    return any(first <= start and end <= last for first, last in stretches)
