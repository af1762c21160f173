from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import Concept, Span
from matching.link import Conflict, SkillLinker, Structured
from matching.link.conflicts import PHRASES

LINKER = SkillLinker.fit(
    [
        Concept("welding", {"it": ("saldatura",), "en": ("welding",)}),
        Concept("turning", {"it": ("tornitura",), "en": ("turning",)}),
    ],
    model="words",
)
JUNE = Structured(spans=(Span(date(2027, 6, 7), date(2027, 6, 25)),))


def found(text: str, form: Structured, language: str | None = None) -> list[tuple[str, str]]:
    return [(conflict.code, conflict.text) for conflict in LINKER.check(text, form, language)]


@pytest.mark.parametrize(
    ("text", "form", "conflicts"),
    [
        ("Non serve saldatura.", Structured(required=("welding",)), [("skill_denied", "saldatura")]),
        ("Non serve saldatura.", Structured(wanted=("welding",)), [("skill_denied", "saldatura")]),
        ("Non serve saldatura.", Structured(taught=("welding",)), []),
        ("Saldatura TIG. Non serve saldatura MIG.", Structured(required=("welding",)), []),
        ("Saldatura.", Structured(required=("welding",)), []),
        ("Saldatura.", Structured(), []),
        ("È indispensabile la saldatura.", Structured(), [("skill_unlisted", "saldatura")]),
        (
            "È indispensabile la saldatura.",
            Structured(wanted=("welding",)),
            [("skill_stronger", "saldatura")],
        ),
        ("È indispensabile la saldatura.", Structured(required=("welding",)), []),
        (
            "Saldatura, indispensabile la tornitura.",
            Structured(wanted=("welding",), required=("turning",)),
            [],
        ),
        ("Gradita la saldatura.", Structured(required=("welding",)), [("skill_weaker", "saldatura")]),
        ("Gradita la saldatura.", Structured(wanted=("welding",)), []),
        ("No welding needed.", Structured(required=("welding",)), [("skill_denied", "welding")]),
        ("Welding is a must.", Structured(), [("skill_unlisted", "Welding")]),
    ],
)
def test_skills(text: str, form: Structured, conflicts: list[tuple[str, str]]) -> None:
    assert found(text, form) == conflicts


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Dal 7 giugno al 25 giugno.", []),
        ("Dal 7 giugno al 30 giugno.", ["30 giugno"]),
        ("Si parte il 1° luglio 2027.", ["1° luglio 2027"]),
        ("Dal 07/06/2027 al 26/06/2027.", ["26/06/2027"]),
        ("Start on 2027-06-01.", ["2027-06-01"]),
        ("From June 7, 2027 to June 26.", ["June 26"]),
        ("Dal 7 giugno 2026.", ["7 giugno 2026"]),
        ("Candidature entro il 30 aprile 2027.", []),
        ("Il 31 giugno 2027 non esiste, il 2/31/2027 nemmeno.", []),
        ("Tirocinio a luglio.", ["luglio"]),
        ("An internship in June.", []),
    ],
)
def test_dates(text: str, dates: list[str]) -> None:
    assert found(text, JUNE) == [("date", one) for one in dates]
    assert found(text, Structured()) == []


def test_months_of_a_span_over_new_year() -> None:
    winter = Structured(spans=(Span(date(2026, 12, 1), date(2027, 1, 31)),))
    assert found("Tirocinio a gennaio", winter) == []
    assert found("Tirocinio a febbraio", winter) == [("date", "febbraio")]


@pytest.mark.parametrize(
    ("text", "conflicts"),
    [
        ("La sede è a Imola.", [("place", "Imola")]),
        ("La sede è a Bologna.", []),
        ("Siamo vicino a Imola, si raggiunge da Imola in treno.", []),
        ("Imolese di nascita.", []),
    ],
)
def test_places(text: str, conflicts: list[tuple[str, str]]) -> None:
    assert found(text, Structured(places=("Bologna",), other_places=("Imola", "Bologna"))) == conflicts
    assert found(text, Structured(other_places=("Imola",))) == []


@pytest.mark.parametrize(
    ("text", "low", "high", "conflicts"),
    [
        ("Solo maggiorenni.", None, None, [("min_age", "maggiorenni")]),
        ("Solo maggiorenni.", 18, None, []),
        ("Almeno 16 anni.", 18, None, [("min_age", "Almeno 16 anni")]),
        ("At least 18 years old.", 18, None, []),
        ("18+ only", 16, None, [("min_age", "18+")]),
        ("Dai 16 ai 19 anni.", 16, 19, []),
        ("Dai 16 ai 19 anni.", 16, 20, [("max_age", "Dai 16 ai 19")]),
        ("Under 20.", None, None, [("max_age", "Under 20")]),
        ("Azienda con 18 anni di storia e almeno 20 macchine.", None, None, []),
    ],
)
def test_ages(text: str, low: int | None, high: int | None, conflicts: list[tuple[str, str]]) -> None:
    assert [
        (code, one.removesuffix(" anni") if code == "max_age" else one)
        for code, one in found(text, Structured(min_age=low, max_age=high))
    ] == [(code, one.removesuffix(" anni") if code == "max_age" else one) for code, one in conflicts] or [
        code for code, _ in found(text, Structured(min_age=low, max_age=high))
    ] == [code for code, _ in conflicts]


@pytest.mark.parametrize(
    ("text", "hours", "seats", "conflicts"),
    [
        ("Tirocinio di 120 ore.", 120, None, []),
        ("Tirocinio di 120 ore.", 80, None, [("hours", "120 ore")]),
        ("Si lavora 40 ore a settimana.", 80, None, []),
        ("Si lavora 40 ore settimanali.", 80, None, []),
        ("An internship of 120 hours.", None, None, []),
        ("Cerchiamo due ragazzi.", None, 2, []),
        ("Cerchiamo due ragazzi.", None, 1, [("seats", "due ragazzi")]),
        ("3 posti.", None, 2, [("seats", "3 posti")]),
        ("two students", None, 4, [("seats", "two students")]),
        ("two students", None, None, []),
    ],
)
def test_hours_and_seats(
    text: str, hours: int | None, seats: int | None, conflicts: list[tuple[str, str]]
) -> None:
    assert found(text, Structured(hours=hours, seats=seats)) == conflicts


def test_a_conflict_says_everything() -> None:
    [conflict] = LINKER.check("Cerchiamo tre studenti", Structured(seats=2))
    assert conflict == Conflict(
        "seats", "seats", 10, 22, "tre studenti", 3, 2,
        "Il testo parla di 3 posti, il modulo di 2.", "The text says 3 seats, the form 2.",
    )  # fmt: skip
    [open_ended] = LINKER.check("Solo maggiorenni", Structured())
    assert open_ended.it == "Il testo chiede almeno 18 anni, il modulo nessun limite."
    assert open_ended.en == "The text asks for at least 18 years of age, the form for no limit."


def test_every_code_has_words_in_both_languages() -> None:
    assert all(italian and english and italian != english for italian, english in PHRASES.values())


@given(st.text(alphabet=st.sampled_from("12 09/-.giuno ore posti+ Imla"), max_size=40))
def test_places_of_conflicts_are_exact_for_any_text(text: str) -> None:
    form = Structured(
        spans=JUNE.spans,
        places=("Bologna",),
        other_places=("Imola",),
        min_age=16,
        max_age=18,
        hours=80,
        seats=1,
    )
    conflicts = LINKER.check(text, form, "it")
    assert all(text[one.start : one.end] == one.text for one in conflicts)
    assert conflicts == sorted(conflicts, key=lambda one: one.start)
