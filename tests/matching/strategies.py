"""Random but small worlds: few skills, few places and few days, so that everything meets everything."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from matching.skills import Vocabulary
from matching.types import (
    Concept,
    Eligibility,
    Evidence,
    HeldSkill,
    Kind,
    Opportunity,
    Parts,
    SkillNeed,
    Span,
    Student,
    Weights,
)

ON = date(2026, 11, 22)

SHARE = float(os.environ.get("BOTTEGA_TEST_EXAMPLES", "0.2"))
"""How thoroughly properties are tried. A fifth is enough for every commit; 1 and more are for a night."""


def examples(count: int) -> settings:
    """For properties on a busy machine: judged by what they find, never by how long they take."""
    return settings(
        deadline=None,
        max_examples=max(10, round(count * SHARE)),
        suppress_health_check=[HealthCheck.too_slow],
    )


steady = examples(100)

VOCABULARY = Vocabulary(
    [
        Concept("mechanics", {"it": ("Meccanica",), "en": ("Mechanics",)}),
        Concept("cnc", {"it": ("Macchine CNC",), "en": ("CNC machines",)}, broader="mechanics"),
        Concept("turning", {"it": ("Tornitura",), "en": ("Turning",)}, broader="cnc", related=("drawing",)),
        Concept("milling", {"it": ("Fresatura",), "en": ("Milling",)}, broader="cnc"),
        Concept("five-axis", {"it": ("Fresatura a 5 assi",)}, broader="milling"),
        Concept("welding", {"it": ("Saldatura",), "en": ("Welding",)}, broader="mechanics"),
        Concept("drawing", {"it": ("Disegno tecnico",), "en": ("Technical drawing",)}),
        Concept("automation", {"it": ("Automazione",), "en": ("Automation",)}),
        Concept("plc", {"en": ("PLC programming",)}, broader="automation", related=("drawing",)),
        Concept("robotics", {"it": ("robotica",), "en": ("robotics",)}, broader="automation"),
        Concept("english", {}),
    ]
)

ids = st.sampled_from(VOCABULARY.ids())
levels = st.integers(1, 4)
held_skills = st.builds(HeldSkill, ids, levels, st.sampled_from(Evidence))
needs = st.builds(SkillNeed, ids, levels)
near_days = st.integers(-20, 60).map(lambda days: ON + timedelta(days=days))
far_days = st.sampled_from([date.min, date(1900, 1, 1), date(2031, 5, 5), date.max])
days = st.one_of(near_days, near_days, near_days, far_days)
weekdays = st.one_of(st.just(0b1111111), st.just(0b0011111), st.integers(0, 127))
parts = st.one_of(st.just(Parts.DAY), st.integers(0, 7).map(Parts))


def _span(first: date, second: date, week: int, part: Parts) -> Span:
    return Span(min(first, second), max(first, second), week, part)


spans = st.builds(_span, days, days, weekdays, parts)
near_spans = st.one_of(
    st.builds(_span, near_days, near_days, weekdays, parts),
    st.builds(_span, near_days, near_days, weekdays, parts),
    st.builds(Span, near_days, near_days, weekdays, parts),  # may end before it starts
)
points = st.sampled_from([(44.4949, 11.3426), (44.3533, 11.7143), (44.5, 11.35), (45.6, 9.1), (-30.0, 170.0)])
school_kinds = st.sampled_from(["", "technical", "vocational"])
sectors = st.sampled_from(["", "technology", "economy"])
programmes = st.frozensets(st.sampled_from(["c1", "c1-m", "c3"]), max_size=2)
eligibilities = st.builds(
    Eligibility,
    st.frozensets(school_kinds, max_size=1),
    st.frozensets(sectors, max_size=1),
    programmes,
    st.frozensets(st.integers(3, 5), max_size=2),
)


def tuples(of: st.SearchStrategy, most: int) -> st.SearchStrategy:
    return st.lists(of, max_size=most).map(tuple)


@st.composite
def students(draw: st.DrawFn, name: str = "student") -> Student:
    latitude, longitude = draw(points)
    return Student(
        name,
        latitude,
        longitude,
        max_km=draw(st.sampled_from([None, None, -1.0, 0.0, 10.0, 60.0, 500.0])),
        skills=draw(tuples(held_skills, 4)),
        interests=draw(tuples(ids, 2)),
        free=draw(st.one_of(st.just(()), tuples(spans, 3), st.just((Span(date.min, date.max),)))),
        school_kind=draw(school_kinds),
        sector=draw(sectors),
        programmes=draw(programmes),
        year=draw(st.integers(3, 5)),
        born_on=draw(st.sampled_from([None, date(2008, 2, 29), date(2010, 12, 1), date(2008, 12, 10)])),
        hours_owed=draw(st.sampled_from([0, 80, 150])),
        minutes=draw(st.one_of(st.just({}), st.dictionaries(points, st.sampled_from([0.0, 20.0, 90.0])))),
        max_minutes=draw(st.sampled_from([None, None, 0.0, 60.0])),
    )


@st.composite
def opportunities(draw: st.DrawFn, name: str = "opportunity") -> Opportunity:
    latitude, longitude = draw(st.one_of(points, points, st.just((None, None))))
    ages = st.sampled_from([None, None, None, 15, 16, 18])
    return Opportunity(
        name,
        draw(st.sampled_from(Kind)),
        latitude,
        longitude,
        spans=draw(st.one_of(st.just(()), tuples(near_spans, 3), tuples(spans, 3))),
        required=draw(tuples(needs, 3)),
        wanted=draw(tuples(needs, 2)),
        taught=draw(tuples(needs, 2)),
        eligibility=draw(st.one_of(st.just(()), st.just(()), tuples(eligibilities, 2))),
        min_age=draw(ages),
        max_age=draw(ages),
        seats_free=draw(st.sampled_from([1, 1, 1, 5, 0])),
        hours=draw(st.sampled_from([0, 40, 120, 300])),
        published_on=draw(st.one_of(st.none(), near_days)),
        closes_on=draw(st.one_of(st.none(), st.none(), near_days)),
        answer_rate=draw(st.sampled_from([None, None, 0.0, 0.6, 1.0])),
    )


@st.composite
def offers(draw: st.DrawFn, most: int = 12) -> list[Opportunity]:
    """Opportunities with ids of their own, some of them alike but for the id, so that scores tie."""
    found = draw(st.lists(opportunities(), max_size=most))
    copies = draw(st.integers(0, 3)) if found else 0
    return [replace(one, id=f"o{number}") for number, one in enumerate(found + found[:1] * copies)]


class Guess:
    """A chance as `matching.learn` gives one, out of three parts, two of which do not always apply."""

    version = "guess"
    parts = ("interest", "calendar", "hours")

    def chance(self, values):
        given = np.nan_to_num(np.asarray(values), nan=0.3)
        return 1.0 / (1.0 + np.exp(-(given @ [2.0, 3.0, 1.0] - 3.0)))


rule_weights = st.one_of(
    st.just(Weights()),
    st.just(Weights(attendance=0.5)),
    st.just(Weights(attendance=0.0)),
    st.builds(
        lambda parts: Weights("test", parts),
        st.dictionaries(st.sampled_from(list(Weights().parts)), st.sampled_from([0.0, 0.1, 1.0, 3.0])),
    ),
)
"""Weights as the service has them."""

weights = st.one_of(
    st.sampled_from([0.0, 0.4, 5.0]).map(
        lambda weight: Weights(parts={**Weights().parts, "chance": weight}, chance=Guess())
    ),
    rule_weights,
)
"""The same, and with a learnt chance."""
