"""Italian and English: which one a page is in, its texts, and how it writes days and numbers.

Message ids are the Italian texts. The English ones stand in `translations/`, and are read as they are: no compiled
catalogue can be older than its source.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time, get_day_names
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations, Translations

from app.dates import WeekdayName

FOLDER = Path(__file__).parent / "translations"
NAMES = {"it": "Italiano", "en": "English"}


def mark(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


_PARTS = {"morning": mark("mattina"), "afternoon": mark("pomeriggio"), "evening": mark("sera")}
_DAYTIME = ["morning", "afternoon"]
_SPAN = ("starts_on", "ends_on", "weekdays", "parts", "starts_at", "ends_at")
_WORKDAYS = list(WeekdayName)[:5]


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language; Italian needs none."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def choose(wanted: str | None, kept: str | None, accepted: str) -> str:
    """The language asked for in the address, else the one chosen before, else the browser's, else Italian."""
    for code in (wanted, kept):
        if code in NAMES:
            return code
    listed = (entry.split(";")[0].strip()[:2].lower() for entry in accepted.split(","))
    return next((code for code in listed if code in NAMES), "it")


@dataclass(frozen=True)
class Writer:
    """Writes what is no plain text, in one language."""

    language: str

    @property
    def locale(self) -> Locale:
        return Locale(self.language, "IT" if self.language == "it" else "GB")

    @property
    def texts(self) -> NullTranslations:
        return catalogue(self.language)

    def _(self, text: str) -> str:
        return str(self.texts.gettext(text))

    def day(self, value: date | str) -> str:
        """`3 marzo 2026`."""
        return format_date(_date(value), "d MMMM y", self.locale)

    def weekday(self, value: date | str) -> str:
        """`martedì 3 marzo 2026`."""
        return format_date(_date(value), "EEEE d MMMM y", self.locale)

    def days(self, starts_on: date | str, ends_on: date | str) -> str:
        """`2–20 mar 2026`, or one day with its weekday."""
        first, last = _date(starts_on), _date(ends_on)
        if first == last:
            return self.weekday(first)
        # Not `format_interval`: for Italian it writes 02–20.
        end = format_date(last, "d MMM y", self.locale)
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}–{end}"
        return f"{format_date(first, 'd MMM' if first.year == last.year else 'd MMM y', self.locale)} – {end}"

    def daytime(self, weekdays: Iterable[str], parts: Iterable[str], *, is_one_day: bool = False) -> str:
        """Weekdays and parts of the day where they say something: `lun e mer, pomeriggio`."""
        said = []
        names = list(weekdays)
        if not is_one_day and set(names) != set(_WORKDAYS) and len(names) < 7:
            short = get_day_names("abbreviated", locale=self.locale)
            order = list(WeekdayName)
            said.append(self.listed(short[order.index(WeekdayName(name))] for name in names))
        told = list(parts)
        if told and told != _DAYTIME and len(told) < 3:
            said.append(self.listed(self._(_PARTS[part]) for part in told))
        return ", ".join(said)

    def span(self, span: Any) -> str:
        """Days with the weekdays, the parts of the day and the time, as far as they say something."""
        given: dict[str, Any] = (
            span if isinstance(span, dict) else {name: getattr(span, name, None) for name in _SPAN}
        )
        starts_on, ends_on, starts_at = given["starts_on"], given["ends_on"], given.get("starts_at")
        told = [self.days(starts_on, ends_on)]
        parts = [] if starts_at else given["parts"]
        daytime = self.daytime(given["weekdays"], parts, is_one_day=starts_on == ends_on)
        if daytime:
            told.append(daytime)
        if starts_at is not None:
            told.append(
                "–".join(self.clock(moment) for moment in (starts_at, given.get("ends_at")) if moment)
            )
        return ", ".join(told)

    def clock(self, value: time | str) -> str:
        """`14:30`."""
        moment = time.fromisoformat(value) if isinstance(value, str) else value
        return format_time(moment, "HH:mm", locale=self.locale)

    def number(self, value: float) -> str:
        """At most one decimal: `1.200`, `7,5`."""
        return format_decimal(value, "#,##0.#", locale=self.locale)

    def share(self, value: float) -> str:
        """Whole percent: `75%`."""
        return format_percent(value, "0%", locale=self.locale)

    def listed(self, words: Iterable[str]) -> str:
        """`A, B e C`."""
        return format_list(list(words), locale=self.locale)

    def written(self, said: dict[str, str]) -> str:
        """The one of the texts that is in this language."""
        return said[self.language]


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
