"""Between the tables' words and the engine's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from app.dates import mask_to_parts, mask_to_weekdays
from app.matches.written import Repeated
from app.opportunities.details import Detail
from app.skills.service import VocabularyRow
from app.students.profiles import Profile
from matching import (
    Concept,
    Eligibility,
    HeldSkill,
    Kind,
    Opportunity,
    SkillNeed,
    Span,
    Student,
    Vocabulary,
    Weights,
)
from matching.breakdown import say_basis
from matching.explain import say
from matching.phrases import POINT
from matching.score import part_weights
from matching.types import Evidence, Parts, Reason

LANGUAGES = ("it", "en")


def vocabulary(rows: Iterable[VocabularyRow]) -> Vocabulary:
    """The tree of skills."""
    return Vocabulary(Concept(row.id, row.labels, broader=row.broader, related=row.related) for row in rows)


def student(profile: Profile) -> Student:
    """A student, without anything that ranking does not use."""
    return Student(
        id=str(profile.id),
        latitude=profile.latitude,
        longitude=profile.longitude,
        max_km=profile.max_km,
        skills=tuple(_held(*skill) for skill in profile.skills),
        interests=tuple(profile.interests),
        free=tuple(_span(span) for span in profile.availabilities),
        school_kind=profile.school_kind,
        sector=profile.sector,
        programmes=frozenset(profile.programmes),
        year=profile.year,
        born_on=profile.born_on,
        hours_owed=profile.hours_owed,
    )


@lru_cache(maxsize=100_000)
def _held(skill_id: str, level: int, evidence: str) -> HeldSkill:
    # Whole classes have met the same skills; one object for all of them keeps a hundred thousand students small.
    return HeldSkill(skill_id, level, Evidence(evidence))


def opportunity(row: Detail) -> Opportunity:
    """An opportunity; each row of eligibility is one alternative."""
    return Opportunity(
        id=str(row.id),
        kind=Kind(row.kind),
        latitude=row.latitude,
        longitude=row.longitude,
        spans=tuple(_span(span) for span in row.spans),
        required=tuple(SkillNeed(need.skill_id, need.level) for need in row.required),
        wanted=tuple(SkillNeed(need.skill_id, need.level) for need in row.wanted),
        taught=tuple(SkillNeed(need.skill_id, need.level) for need in row.taught),
        eligibility=tuple(
            Eligibility(
                school_kinds=_only(one.school_kind),
                sectors=_only(one.sector),
                programmes=_only(one.programme_id),
                years=_only(one.year),
            )
            for one in row.eligibilities
        ),
        min_age=row.min_age,
        max_age=row.max_age,
        seats_free=row.seats_free,
        hours=row.hours,
        published_on=row.published_at.date() if row.published_at else None,
        closes_on=row.closes_on,
    )


def _only(value: Any) -> frozenset[Any]:
    return frozenset() if value is None else frozenset((value,))


def _span(span: Any) -> Span:
    return Span(span.starts_on, span.ends_on, span.weekdays, Parts(span.parts))


def show_span(span: Any) -> dict[str, Any]:
    """A span as the API shows it."""
    return {
        "starts_on": span.starts_on.isoformat(),
        "ends_on": span.ends_on.isoformat(),
        "weekdays": [str(day) for day in mask_to_weekdays(span.weekdays)],
        "parts": [str(part) for part in mask_to_parts(span.parts)],
    }


def with_broader(skill_ids: Iterable[str], words: Vocabulary) -> frozenset[str]:
    """The skills and everything broader than one of them."""
    found: set[str] = set()
    for skill_id in skill_ids:
        here: str | None = skill_id
        while here is not None and here not in found:
            found.add(here)
            here = words[here].broader
    return frozenset(found)


def card(row: Detail) -> Repeated:
    """What a list shows of an opportunity: `OpportunityCard`, ready to be sent."""
    return Repeated(
        {
            "id": str(row.id),
            "kind": str(row.kind),
            "title": row.title,
            "company_id": str(row.company_id),
            "company_name": row.company_name,
            "municipality_name": row.municipality_name,
            "province_code": row.province_code,
            "is_online": row.is_online,
            "spans": [show_span(span) for span in row.spans],
            "hours": row.hours,
            "seats_free": row.seats_free,
            "closes_on": row.closes_on.isoformat() if row.closes_on else None,
            "takes_applications": row.takes_applications,
        }
    )


def reason(one: Reason, words: Vocabulary, audience: str) -> dict[str, Any]:
    """A reason or a gap in both languages."""
    return _said(one.code, tuple(one.values.items()), words, audience)


@lru_cache(maxsize=50_000)
def _said(
    code: str, values: tuple[tuple[str, str | int | float], ...], words: Vocabulary, audience: str
) -> Repeated:
    # The same few thousand sentences are said again and again.
    one = Reason(code, dict(values))
    return Repeated(code=code, it=say(one, words, "it", audience), en=say(one, words, "en", audience))


def basis(one: Reason, words: Vocabulary) -> dict[str, str]:
    """What a part of the score stands on, in both languages."""
    return {language: say_basis(one, words, language) for language in LANGUAGES}


def labelled(skill_id: str, words: Vocabulary) -> dict[str, str]:
    """A skill with its name in both languages."""
    return {"skill_id": skill_id} | {language: words.label(skill_id, language) for language in LANGUAGES}


def numbered(texts: tuple[str, str], numbers: Mapping[str, float], *, digits: int) -> dict[str, str]:
    """A text with numbers in both languages, each with its own decimal mark."""
    return {
        language: text.format_map(
            {name: f"{value:.{digits}f}".replace(".", POINT[language]) for name, value in numbers.items()}
        )
        for language, text in zip(LANGUAGES, texts, strict=True)
    }


def weights(used: Weights) -> dict[str, Any]:
    """The weights in use, spelt out for each kind."""
    return {"version": used.version} | {str(kind): part_weights(used, kind) for kind in Kind}
