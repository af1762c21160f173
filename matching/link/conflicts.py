"""Where the text of an opportunity and its form disagree: facts as codes with values, and in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from matching.link.mentions import Mention
from matching.link.words import plain
from matching.types import Span

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Structured:
    """What a form says. An empty field says nothing and disagrees with nothing, but for the ages: None is "no limit".

    `places` are the names of where it takes place, `other_places` further names that the text may give instead
    (the municipalities of the region). `hours` are those of the whole opportunity.
    """

    required: Sequence[str] = ()
    wanted: Sequence[str] = ()
    taught: Sequence[str] = ()
    spans: Sequence[Span] = ()
    places: Sequence[str] = ()
    other_places: Sequence[str] = ()
    min_age: int | None = None
    max_age: int | None = None
    hours: int | None = None
    seats: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A disagreement: the form's field, what the text says and where, what the form says, and both in words.

    `code` is a key of `PHRASES`; `text` is the given text from `start` to `end`.
    """

    code: str
    field: str
    start: int
    end: int
    text: str
    said: Value
    form: Value
    it: str
    en: str


PHRASES: Final[Mapping[str, tuple[str, str]]] = {
    "skill_denied": (
        "Il testo dice che «{text}» non serve, il modulo lo chiede.",
        "The text says that “{text}” is not needed, the form asks for it.",
    ),
    "skill_unlisted": (
        "Il testo richiede «{text}», il modulo non lo nomina.",
        "The text requires “{text}”, the form does not name it.",
    ),
    "skill_stronger": (
        "Per il testo «{text}» è indispensabile, per il modulo è solo gradito.",
        "The text makes “{text}” a must, the form only a wish.",
    ),
    "skill_weaker": (
        "Per il testo «{text}» è solo gradito, per il modulo è indispensabile.",
        "The text makes “{text}” a wish, the form a must.",
    ),
    "date": (
        "Il testo nomina «{text}», fuori dai periodi del modulo ({form}).",
        "The text names “{text}”, outside of the form's periods ({form}).",
    ),
    "place": (
        "Il testo nomina {said}, il modulo {form}.",
        "The text names {said}, the form {form}.",
    ),
    "min_age": (
        "Il testo chiede almeno {said} anni, il modulo {form}.",
        "The text asks for at least {said} years of age, the form for {form}.",
    ),
    "max_age": (
        "Il testo chiede al massimo {said} anni, il modulo {form}.",
        "The text asks for at most {said} years of age, the form for {form}.",
    ),
    "hours": (
        "Il testo parla di {said} ore, il modulo di {form}.",
        "The text says {said} hours, the form {form}.",
    ),
    "seats": (
        "Il testo parla di {said} posti, il modulo di {form}.",
        "The text says {said} seats, the form {form}.",
    ),
}

_NO_LIMIT: Final = ("nessun limite", "no limit")

_MONTHS: Final[dict[str, int]] = {
    name: number
    for names in (
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "january february march april may june july august september october november december",
    )
    for number, name in enumerate(names.split(), start=1)
}
_MONTH: Final = "|".join(sorted(_MONTHS, key=lambda name: -len(name)))
_DATES: Final = (
    re.compile(r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"),
    re.compile(r"\b(?P<day>\d{1,2})[/.\-](?P<month>\d{1,2})[/.\-](?P<year>20\d\d)\b"),
    re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:°|st|nd|rd|th)?\s+(?P<name>{_MONTH})(?:\s+(?P<year>20\d\d))?\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<name>{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year>20\d\d))?",
        re.IGNORECASE,
    ),
)
_MONTH_ALONE: Final = re.compile(
    rf"\b(?:a|ad|di|in|nel mese di|during|mese di)\s+(?P<name>{_MONTH})\b(?!\s+\d)", re.IGNORECASE
)
_DEADLINE: Final = re.compile(
    r"\b(?:entro(?: il| l')?|by|before|scadenza:?|deadline:?|until|prima del)\s*$", re.IGNORECASE
)

_AT_LEAST: Final = re.compile(
    r"\b(?:almeno|minimo|dai|over|sopra i|più di|età minima:?|at least|from|older than|above|aged)\s+(?P<years>1\d|2\d)"
    r"(?=\s+(?:ai\s+\d\d\s+)?anni|\s+(?:to\s+\d\d\s+)?years?|\s*(?:$|[.,;)]))"
    r"|\b(?P<plus>1\d|2\d)\s*(?:\+(?!\d)|anni compiuti|(?:years )?(?:or|and) (?:older|over|above))"
    r"|\b(?P<adult>maggiorenn[ei]|adults? only|of legal age)\b",
    re.IGNORECASE,
)
_AT_MOST: Final = re.compile(
    r"\b(?:fino a|massimo|max\.?|under|sotto i|età massima:?|up to|at most|younger than|not older than)\s+"
    r"(?P<years>1\d|2\d)(?=\s+anni|\s+years|\s*(?:$|[.,;)]))"
    r"|\b(?:dai|from|aged)\s+\d\d\s+(?:ai|to)\s+(?P<range>1\d|2\d)(?=\s+anni|\s+years)",
    re.IGNORECASE,
)
_ADULT: Final = 18

_HOURS: Final = re.compile(
    r"\b(?P<number>\d{2,4})\s*(?:ore|hours|h)\b"
    r"(?!\s*(?:/|al|alla|a settimana|settiman|giornal|per (?:settimana|week|day)|a (?:week|day)|week|dail|each))",
    re.IGNORECASE,
)
_NUMBERS: Final = {
    word: number
    for words in (
        "un due tre quattro cinque sei sette otto nove dieci",
        "one two three four five six seven eight nine ten",
    )
    for number, word in enumerate(words.split(), start=1)
} | {"una": 1, "uno": 1, "a": 1}
_SEATS: Final = re.compile(
    r"(?<![\w./])(?P<number>\d{1,3}|"
    + "|".join(word for word in _NUMBERS if word != "a")
    + r")\s+(?:posti?|ragazz[aeio]|student[ei]|studentess[ae]|stagist[aei]|tirocinant[ei]|allievi"
    r"|places?|seats?|students?|interns?|trainees?|apprentices?)\b",
    re.IGNORECASE,
)

_MUST: Final = re.compile(
    r"\b(?:richiest|necessari|indispensabil|obbligator|fondamental|required|must|essential|mandatory)\w*",
    re.IGNORECASE,
)
_WISH: Final = re.compile(
    r"\b(?:gradit|preferibil|apprezzat|costituisc\w+ titolo|un plus|a plus|welcome|preferred|nice to have|optional)\w*",
    re.IGNORECASE,
)
_CLAUSE_END: Final = re.compile(r"[.;:!?\n,]|\b(?:ma|però|mentre|but|while)\b", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(
    r"\b(?:da|vicino a|vicino|tra|fra|provincia di|from|near|between|close to|province of)\s+$", re.IGNORECASE
)


def find_conflicts(text: str, structured: Structured, mentions: Sequence[Mention]) -> list[Conflict]:
    """Everything in which a text and its form disagree, in the order of the text.

    Parameters
    ----------
    mentions
        The skills that the text names, denied ones included.

    Examples
    --------
    >>> form = Structured(min_age=16, seats=2, hours=80)
    >>> for conflict in find_conflicts("Tre posti per maggiorenni, 120 ore.", form, []):
    ...     print(conflict.it)
    Il testo parla di 3 posti, il modulo di 2.
    Il testo chiede almeno 18 anni, il modulo 16.
    Il testo parla di 120 ore, il modulo di 80.
    """
    found = [
        *_skills(text, structured, mentions),
        *_dates(text, structured),
        *_places(text, structured),
        *_ages(text, structured),
        *_hours(text, structured),
        *_seats(text, structured),
    ]
    return sorted(found, key=lambda conflict: (conflict.start, conflict.end, conflict.code))


def _conflict(text: str, code: str, field: str, start: int, end: int, said: Value, form: Value) -> Conflict:
    words = [
        phrase.format(text=text[start:end], said=said, form=_NO_LIMIT[number] if form is None else form)
        for number, phrase in enumerate(PHRASES[code])
    ]
    return Conflict(code, field, start, end, text[start:end], said, form, *words)


def _skills(text: str, form: Structured, mentions: Sequence[Mention]) -> Iterator[Conflict]:
    affirmed = {mention.skill.id for mention in mentions if not mention.is_denied}
    for mention in mentions:
        skill = mention.skill
        field = next(
            (name for name in ("required", "wanted", "taught") if skill.id in getattr(form, name)), None
        )
        code: str | None = None
        if mention.is_denied:
            if field in ("required", "wanted") and skill.id not in affirmed:
                code = "skill_denied"
        else:
            clause = _clause(text, skill.start, skill.end)
            if _MUST.search(clause):
                code = {None: "skill_unlisted", "wanted": "skill_stronger"}.get(field)
            elif _WISH.search(clause) and field == "required":
                code = "skill_weaker"
        if code:
            yield _conflict(text, code, field or "required", skill.start, skill.end, skill.id, field)


def _clause(text: str, start: int, end: int) -> str:
    """The words around a stretch up to the next comma, stop or contrast on each side."""
    before = [mark.end() for mark in _CLAUSE_END.finditer(text, 0, start)]
    after = _CLAUSE_END.search(text, end)
    return text[before[-1] if before else 0 : after.start() if after else len(text)]


def _dates(text: str, form: Structured) -> Iterator[Conflict]:
    if not form.spans:
        return
    periods = ", ".join(f"{span.starts_on:%d/%m/%Y}–{span.ends_on:%d/%m/%Y}" for span in form.spans)
    taken: list[tuple[int, int]] = []
    for pattern in _DATES:
        for found in pattern.finditer(text):
            if any(start < found.end() and found.start() < end for start, end in taken):
                continue
            taken.append(found.span())
            days = [day for year in _years(found["year"], form) if (day := _day(found, year))]
            inside = any(span.starts_on <= day <= span.ends_on for day in days for span in form.spans)
            if days and not inside and not _DEADLINE.search(text, 0, found.start()):
                yield _conflict(text, "date", "spans", *found.span(), days[0].isoformat(), periods)
    for found in _MONTH_ALONE.finditer(text):
        month = _MONTHS[found["name"].lower()]
        if month not in {month for span in form.spans for month in _months(span)}:
            yield _conflict(text, "date", "spans", found.start("name"), found.end(), month, periods)


def _years(written: str | None, form: Structured) -> list[int]:
    """The year written, else every year that the form touches."""
    if written:
        return [int(written)]
    return sorted({year for span in form.spans for year in (span.starts_on.year, span.ends_on.year)})


def _day(found: re.Match[str], year: int) -> date | None:
    """The day that a match means in a year; None for 31 June, or a number that is no month."""
    parts = found.groupdict()
    month = _MONTHS[parts["name"].lower()] if parts.get("name") else int(parts["month"])
    try:
        return date(year, month, int(parts["day"]))
    except ValueError:
        return None


def _months(span: Span) -> set[int]:
    first = span.starts_on.year * 12 + span.starts_on.month - 1
    last = span.ends_on.year * 12 + span.ends_on.month - 1
    return {month % 12 + 1 for month in range(first, min(last, first + 11) + 1)}


def _places(text: str, form: Structured) -> Iterator[Conflict]:
    own = {plain(name) for name in form.places}
    if not own:
        return
    for name in form.other_places:
        if plain(name) in own:
            continue
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            if not _ELSEWHERE.search(text, 0, found.start()):
                yield _conflict(text, "place", "places", *found.span(), name, ", ".join(form.places))


def _ages(text: str, form: Structured) -> Iterator[Conflict]:
    for field, pattern, known in (("min_age", _AT_LEAST, form.min_age), ("max_age", _AT_MOST, form.max_age)):
        for found in pattern.finditer(text):
            number = next((value for value in found.groups() if value and value.isdigit()), None)
            said = int(number) if number else _ADULT
            if said != known:
                yield _conflict(text, field, field, *found.span(), said, known)


def _hours(text: str, form: Structured) -> Iterator[Conflict]:
    for found in _HOURS.finditer(text):
        said = int(found["number"])
        if form.hours is not None and said != form.hours:
            yield _conflict(text, "hours", "hours", *found.span(), said, form.hours)


def _seats(text: str, form: Structured) -> Iterator[Conflict]:
    for found in _SEATS.finditer(text):
        word = found["number"].lower()
        said = int(word) if word.isdigit() else _NUMBERS[word]
        if form.seats is not None and said != form.seats:
            yield _conflict(text, "seats", "seats", *found.span(), said, form.seats)
