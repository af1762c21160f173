"""Every text has its English, nothing stands in the catalogue for nothing, and both say the same placeholders."""

from __future__ import annotations

import re
from datetime import date, time

import pytest

from app.web import language, texts, words
from app.web.language import Writer


def test_catalogue_is_in_line_with_the_pages() -> None:
    used = {(message.id, message.context) for message in texts.extract() if message.id}
    known = {(message.id, message.context) for message in texts.read() if message.id}
    assert used - known == set(), "run `python -m app.web.texts` and translate"
    assert known - used == set(), "run `python -m app.web.texts`"


def test_every_text_has_its_english() -> None:
    lacking = [
        message.id
        for message in texts.read()
        if message.id and (message.fuzzy or not texts.is_translated(message.string))
    ]
    assert lacking == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    def placeholders(text: str | tuple[str, ...]) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]", " ".join([text] if isinstance(text, str) else text)))

    differing = [
        message.id
        for message in texts.read()
        if message.id and placeholders(message.id) != placeholders(message.string)
    ]
    assert differing == []


def test_all_marked_words_are_translated() -> None:
    english = language.catalogue("en")
    tables = [value for name, value in vars(words).items() if name.isupper() and isinstance(value, dict)]
    said = [text for table in tables for text in table.values() if isinstance(text, str)]
    said += [text for trouble in words.TROUBLES.values() for text in (trouble.title, trouble.advice)]
    said += [words.fit(share) for share in (0.0, 0.3, 0.6, 0.85)]
    untouched = {"Online", "Base", "ITS Academy", *(icon for icon in words.KIND_ICONS.values())}
    assert [text for text in said if english.gettext(text) == text and text not in untouched] == []


@pytest.mark.parametrize(
    ("wanted", "kept", "accepted", "expected"),
    [
        ("en", "it", "it", "en"),
        ("fr", "en", "it", "en"),
        (None, None, "en-GB,en;q=0.9,it;q=0.8", "en"),
        (None, None, "de,it;q=0.5", "it"),
        (None, None, "de", "it"),
        (None, "xx", "", "it"),
    ],
)
def test_language_is_chosen(wanted: str | None, kept: str | None, accepted: str, expected: str) -> None:
    assert language.choose(wanted, kept, accepted) == expected


def _span(**values: object) -> dict[str, object]:
    return {
        "starts_on": "2026-03-02", "ends_on": "2026-03-20", "weekdays": ["MO", "TU", "WE", "TH", "FR"],
        "parts": ["morning", "afternoon"],
    } | values  # fmt: skip


@pytest.mark.parametrize(
    ("span", "italian", "english"),
    [
        (_span(), "2–20 mar 2026", "2–20 Mar 2026"),
        (_span(ends_on="2026-04-03"), "2 mar – 3 apr 2026", "2 Mar – 3 Apr 2026"),
        (_span(ends_on="2027-01-03"), "2 mar 2026 – 3 gen 2027", "2 Mar 2026 – 3 Jan 2027"),
        (_span(ends_on="2026-03-02"), "lunedì 2 marzo 2026", "Monday 2 March 2026"),
        (
            _span(weekdays=["MO", "WE"], parts=["evening"]),
            "2–20 mar 2026, lun e mer, sera",
            "2–20 Mar 2026, Mon and Wed, evening",
        ),
        (
            _span(starts_at=time(9), ends_at=time(12, 30)),
            "2–20 mar 2026, 09:00–12:30",
            "2–20 Mar 2026, 09:00–12:30",
        ),
        (_span(starts_at="14:00:00", ends_at=None), "2–20 mar 2026, 14:00", "2–20 Mar 2026, 14:00"),
    ],
)
def test_spans_are_written(span: dict[str, object], italian: str, english: str) -> None:
    assert [Writer(code).span(span) for code in ("it", "en")] == [italian, english]


def test_days_and_numbers_are_written() -> None:
    italian, english = Writer("it"), Writer("en")
    assert [one.day(date(2026, 3, 2)) for one in (italian, english)] == ["2 marzo 2026", "2 March 2026"]
    assert [one.number(1234.56) for one in (italian, english)] == ["1.234,6", "1,234.6"]
    assert [one.listed(["a", "b", "c"]) for one in (italian, english)] == ["a, b e c", "a, b and c"]
