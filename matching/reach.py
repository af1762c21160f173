"""Reach: how many students an opportunity fits, where they come from, and which small change would widen it.

An opportunity is *in reach* of a student when no rule hides it and every required skill is met to a share of
`ENOUGH`. Nothing here is estimated: each change is made to the opportunity, and the rules and the skill term
judge it anew. They are asked again only for those whose judgement the change can touch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from operator import attrgetter
from typing import Final, NamedTuple

from matching.calendar import fails_age, is_free_for, live_spans
from matching.explain import GAP_BELOW
from matching.location import is_too_far, travel_km, travel_minutes
from matching.rules import RULES, eligibility_failures, hidden_by, rules_hidden, standing_failures
from matching.skills import Vocabulary, best_of
from matching.types import HeldSkill, Kind, Opportunity, SkillNeed, Span, Student, Weights

ENOUGH: Final = GAP_BELOW
"""The share from which a need counts as met: where the explanations stop calling it a gap."""

SKILLS: Final = "skills"
"""The obstacle that is no rule: a required skill that is not met."""

OBSTACLES: Final = (*RULES, SKILLS)
"""All codes of obstacles, in order."""

ANY_DAY: Final = date.max
"""The last day on which something without dates may begin."""

WEEK: Final = timedelta(days=7)


class _Aspect(NamedTuple):
    """Obstacles that a change can take away or bring, and what of a student they hang on."""

    obstacles: frozenset[str]
    of: Callable[[Student], Hashable]


_ELIGIBILITY: Final = _Aspect(
    frozenset({"school_kind", "sector", "programme", "year"}),
    attrgetter("school_kind", "sector", "programmes", "year"),
)
_TRAVEL: Final = _Aspect(
    frozenset({"travel"}),
    lambda student: (
        student.latitude,
        student.longitude,
        student.max_km,
        student.max_minutes,
        frozenset(student.minutes.items()),
    ),
)
_SKILLS: Final = _Aspect(frozenset({SKILLS}), attrgetter("skills"))


def _time(one: Opportunity, on: date) -> _Aspect:
    """The dates of an opportunity: of a student they ask for free time, and for the age on their first days."""
    days = sorted({on, *(span.starts_on for span in one.spans)})
    has_ages = one.min_age is not None or one.max_age is not None

    def of(student: Student) -> Hashable:
        ages = tuple(fails_age(student, one, day) for day in days) if has_ages else ()
        return student.free, ages

    return _Aspect(frozenset({"period_over", "age_low", "age_high", "calendar"}), of)


def unmet(
    skills: Sequence[HeldSkill], needs: Iterable[SkillNeed], vocabulary: Vocabulary, share: float = ENOUGH
) -> tuple[SkillNeed, ...]:
    """The needs that some held skills meet to less than a share, in their order.

    Raises
    ------
    UnknownSkill
        A need that is not in the vocabulary.

    Examples
    --------
    >>> from matching.types import Concept
    >>> vocabulary = Vocabulary([Concept("plc", {}), Concept("cad", {})])
    >>> unmet([HeldSkill("plc", 2)], [SkillNeed("plc", 2), SkillNeed("plc", 3), SkillNeed("cad")], vocabulary)
    (SkillNeed(id='plc', level=3), SkillNeed(id='cad', level=1))
    """
    missing = []
    for need in needs:
        near = vocabulary.covered_by(need.id)
        # Of a profile's dozens of skills only those near the need can meet it.
        met, _ = best_of([held for held in skills if held.id in near], need, vocabulary)
        if met < share:
            missing.append(need)
    return tuple(missing)


def obstacles(
    student: Student,
    opportunity: Opportunity,
    vocabulary: Vocabulary,
    *,
    on: date,
    attendance: float = 0.75,
    share: float = ENOUGH,
) -> tuple[str, ...]:
    """All that keeps an opportunity out of a student's reach: codes of rules, and `"skills"`; none when in reach.

    Examples
    --------
    >>> from matching.types import Concept
    >>> lesson = Opportunity("o", Kind.TRAINING, required=(SkillNeed("plc"),), seats_free=0)
    >>> obstacles(Student("s", 44.5, 11.3), lesson, Vocabulary([Concept("plc", {})]), on=date(2026, 11, 22))
    ('no_seats', 'skills')
    """
    found = rules_hidden(student, opportunity, on, attendance)
    if unmet(student.skills, opportunity.required, vocabulary, share):
        found.append(SKILLS)
    return tuple(found)


def ways(
    student: Student, opportunity: Opportunity, on: date, attendance: float = 0.75
) -> list[tuple[Span, ...]]:
    """The ways in which a student can take an opportunity that has dates: one period or session, or all lessons.

    Empty where a rule hides it, and where it has no dates.

    Examples
    --------
    >>> spans = Span(date(2027, 6, 7), date(2027, 6, 18)), Span(date(2027, 7, 5), date(2027, 7, 16))
    >>> student = Student("s", 44.5, 11.3, free=spans[:1])
    >>> ways(student, Opportunity("o", Kind.INTERNSHIP, spans=spans), date(2026, 11, 22)) == [spans[:1]]
    True
    >>> ways(student, Opportunity("o", Kind.TRAINING, spans=spans), date(2026, 11, 22))
    []
    """
    if opportunity.kind is Kind.TRAINING:
        whole = opportunity.spans and hidden_by(student, opportunity, on, attendance) is None
        return [opportunity.spans] if whole else []
    km, minutes = travel_km(student, opportunity), travel_minutes(student, opportunity)
    if (
        any(standing_failures(opportunity, on))
        or eligibility_failures(student, opportunity.eligibility)
        or is_too_far(student, km, minutes)
    ):
        return []
    return [
        (span,)
        for span in live_spans(opportunity, on)
        if fails_age(student, opportunity, span.starts_on) is None
        and is_free_for(student, (span,), opportunity.kind, attendance)
    ]


def last_start(student: Student, opportunity: Opportunity, on: date, attendance: float = 0.75) -> date | None:
    """The latest day on which a student could begin: what is learnt before it comes in time.

    `ANY_DAY` where there are no dates, None where a rule hides the opportunity.

    Examples
    --------
    >>> spans = Span(date(2027, 6, 7), date(2027, 6, 18)), Span(date(2027, 7, 5), date(2027, 7, 16))
    >>> last_start(Student("s", 44.5, 11.3), Opportunity("o", Kind.INTERNSHIP, spans=spans), date(2026, 11, 22))
    datetime.date(2027, 7, 5)
    """
    if not opportunity.spans:
        return ANY_DAY if hidden_by(student, opportunity, on, attendance) is None else None
    starts = [min(span.starts_on for span in way) for way in ways(student, opportunity, on, attendance)]
    return max(starts, default=None)


def visible_to(
    opportunity: Opportunity, students: Iterable[Student], on: date, attendance: float = 0.75
) -> list[Student]:
    """The students from whom no rule hides an opportunity, in their order.

    As `hidden_by` for each of them, but that each rule is asked once for students who are alike in what it looks at.

    Examples
    --------
    >>> firm = Opportunity("firm", Kind.INTERNSHIP, 44.49, 11.34)
    >>> students = Student("near", 44.49, 11.34, max_km=20), Student("far", 44.35, 11.71, max_km=20)
    >>> [student.id for student in visible_to(firm, students, date(2026, 11, 22))]
    ['near']
    """
    dates_only, dateless = _apart(opportunity)

    def ask(alike: Callable[[Student], Hashable], one: Opportunity) -> Callable[[Student], bool]:
        told: dict[Hashable, bool] = {}

        def admits(student: Student) -> bool:
            key = alike(student)
            if key not in told:
                told[key] = hidden_by(student, one, on, attendance) is None
            return told[key]

        return admits

    is_meant = ask(_ELIGIBILITY.of, replace(dateless, latitude=None, longitude=None))
    is_near = ask(_TRAVEL.of, replace(dateless, eligibility=()))
    is_in_time = ask(_time(opportunity, on).of, dates_only)
    return [one for one in students if is_meant(one) and is_near(one) and is_in_time(one)]


def _apart(one: Opportunity) -> tuple[Opportunity, Opportunity]:
    """The opportunity's dates alone, and everything else."""
    dates_only = replace(one, latitude=None, longitude=None, eligibility=(), required=())
    return dates_only, replace(one, spans=(), min_age=None, max_age=None)


@dataclass(frozen=True, slots=True)
class Change:
    """A small change of an opportunity, and how many students come into its reach and fall out of it.

    `code` is one of `online`, `site`, `week_later`, `week_earlier`, `drop_skill`, `lower_skill`, `year`,
    `min_age`, `max_age`; `values` says to what; `opportunity` is the opportunity as it would be.
    """

    code: str
    values: Mapping[str, str | int]
    gained: int
    lost: int
    opportunity: Opportunity


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an opportunity reaches.

    `students` were asked about, `visible` see it, for `fit` it is in reach; `places` counts the latter by
    where they come from, the largest first. `alone` counts, for each obstacle, those whom nothing else keeps
    away. `changes` holds the changes that gain more students than they lose, the best first.
    """

    students: int
    visible: int
    fit: int
    places: Mapping[Hashable, int] = field(default_factory=dict)
    alone: Mapping[str, int] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


def point(student: Student) -> Hashable:
    """Latitude and longitude, degrees: where a student comes from if the caller does not say it better."""
    return student.latitude, student.longitude


def reach(
    opportunity: Opportunity,
    students: Iterable[Student],
    vocabulary: Vocabulary,
    weights: Weights | None = None,
    *,
    on: date,
    place: Callable[[Student], Hashable] = point,
    sites: Mapping[str, tuple[float, float]] | None = None,
    share: float = ENOUGH,
) -> Reach:
    """Count whom an opportunity reaches, what keeps the others away, and what each small change would bring.

    Parameters
    ----------
    weights
        Only `attendance` is used here.
    on
        The day of the ranking.
    place
        Where a student comes from; `point` if left out.
    sites
        Other places where it could be held: a name and degrees (WGS 84).
    share
        The share to which every required skill must be met.

    Raises
    ------
    UnknownSkill
        A required skill that the vocabulary does not hold.

    Examples
    --------
    >>> from matching.types import Concept
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("Programmazione PLC",)})])
    >>> firm = Opportunity("firm", Kind.INTERNSHIP, 44.49, 11.34, required=(SkillNeed("plc", 3),))
    >>> students = [
    ...     Student("near", 44.49, 11.34, max_km=20, skills=(HeldSkill("plc", 3),)),
    ...     Student("far", 44.35, 11.71, max_km=20, skills=(HeldSkill("plc", 3),)),
    ...     Student("beginner", 44.49, 11.34, max_km=20, skills=(HeldSkill("plc", 2),)),
    ... ]
    >>> found = reach(firm, students, vocabulary, on=date(2026, 11, 22))
    >>> found.visible, found.fit, dict(found.alone)
    (2, 1, {'travel': 1, 'skills': 1})
    >>> [(change.code, change.gained) for change in found.changes]
    [('drop_skill', 1), ('lower_skill', 1), ('online', 1)]
    """
    judge = _Judge(vocabulary, on, (Weights() if weights is None else weights).attendance, share)
    judged = judge.all_obstacles(students, opportunity)
    fit = [student for student, found in judged if not found]
    alone = Counter(found[0] for _, found in judged if len(found) == 1)
    places = Counter(place(student) for student in fit)
    made = (
        judge.count(sketch, judged, fit)
        for sketch in (*_place_changes(opportunity, sites or {}), *_other_changes(opportunity, on))
    )
    return Reach(
        students=len(judged),
        visible=len([1 for _, found in judged if found in ((), (SKILLS,))]),
        fit=len(fit),
        places=dict(sorted(places.items(), key=lambda item: (-item[1], str(item[0])))),
        alone={code: alone[code] for code in OBSTACLES if code in alone},
        changes=tuple(sorted((one for one in made if one.gained > one.lost), key=_rank)),
    )


def _rank(change: Change) -> tuple[int, int, str, str]:
    return change.lost - change.gained, change.lost, change.code, str(sorted(change.values.items()))


_Judged = tuple[Student, tuple[str, ...]]
"""A student with all obstacles."""


class _Sketch(NamedTuple):
    """A change before it is counted; with `may_lose` it can also shut out some who fit."""

    code: str
    values: Mapping[str, str | int]
    opportunity: Opportunity
    touches: _Aspect
    may_lose: bool = False


@dataclass(frozen=True, slots=True)
class _Judge:
    vocabulary: Vocabulary
    on: date
    attendance: float
    share: float

    def all_obstacles(self, students: Iterable[Student], one: Opportunity) -> list[_Judged]:
        """Each student with `obstacles`.

        Rules about time take most of the work and hang on little of a student, so they are judged on the
        opportunity's dates alone, once for students who are alike in it, and all others without the dates.
        """
        dates_only, dateless = _apart(one)
        alike = _time(one, self.on).of
        in_time: dict[Hashable, tuple[str, ...]] = {}
        judged: list[_Judged] = []
        for student in students:
            key = alike(student)
            if key not in in_time:
                in_time[key] = self._obstacles(student, dates_only)
            found = {*in_time[key], *self._obstacles(student, dateless)}
            judged.append((student, tuple(code for code in OBSTACLES if code in found) if found else ()))
        return judged

    def _obstacles(self, student: Student, one: Opportunity) -> tuple[str, ...]:
        return obstacles(
            student, one, self.vocabulary, on=self.on, attendance=self.attendance, share=self.share
        )

    def reaches(self, opportunity: Opportunity, student: Student) -> bool:
        """No obstacle is left; stops at the first."""
        return hidden_by(student, opportunity, self.on, self.attendance) is None and not unmet(
            student.skills, opportunity.required, self.vocabulary, self.share
        )

    def count(self, sketch: _Sketch, judged: Sequence[_Judged], fit: Sequence[Student]) -> Change:
        """Ask again about everybody for whom the change can matter.

        That is who has no other obstacle than those it touches, so their judgement hangs on that aspect
        alone: students who are alike in it are judged once.
        """
        touched, aspect = sketch.touches
        judgements: dict[Hashable, bool] = {}

        def reaches(student: Student) -> bool:
            key = aspect(student)
            if key not in judgements:
                judgements[key] = self.reaches(sketch.opportunity, student)
            return judgements[key]

        gained = sum(reaches(student) for student, found in judged if found and touched.issuperset(found))
        lost = sum(not reaches(student) for student in fit) if sketch.may_lose else 0
        return Change(sketch.code, sketch.values, gained, lost, sketch.opportunity)


def _place_changes(one: Opportunity, sites: Mapping[str, tuple[float, float]]) -> Iterator[_Sketch]:
    if one.latitude is None or one.longitude is None:
        return
    yield _Sketch("online", {}, replace(one, latitude=None, longitude=None), _TRAVEL)
    for name, (latitude, longitude) in sites.items():
        moved = replace(one, latitude=latitude, longitude=longitude)
        yield _Sketch("site", {"site": name}, moved, _TRAVEL, may_lose=True)


def _other_changes(one: Opportunity, on: date) -> Iterator[_Sketch]:
    yield from _week_changes(one, on)
    yield from _skill_changes(one)
    years = {year + step for way in one.eligibility for year in way.years for step in (-1, 0, 1)}
    for year in sorted(year for year in years if year > 0):
        admitting = tuple(
            replace(way, years=way.years | {year}) if way.years else way for way in one.eligibility
        )
        yield _Sketch("year", {"year": year}, replace(one, eligibility=admitting), _ELIGIBILITY)
    if one.min_age is not None:
        younger = replace(one, min_age=one.min_age - 1)
        yield _Sketch("min_age", {"age": one.min_age - 1}, younger, _time(younger, on))
    if one.max_age is not None:
        older = replace(one, max_age=one.max_age + 1)
        yield _Sketch("max_age", {"age": one.max_age + 1}, older, _time(older, on))


def _week_changes(one: Opportunity, on: date) -> Iterator[_Sketch]:
    """All dates a week later or earlier, where they stay in the calendar and do not begin before the day."""
    for code, way in (("week_later", WEEK), ("week_earlier", -WEEK)):
        try:
            moved = tuple(
                replace(span, starts_on=span.starts_on + way, ends_on=span.ends_on + way)
                for span in one.spans
            )
        except OverflowError:
            continue
        if moved and (way > timedelta() or min(span.starts_on for span in moved) >= on):
            shifted = replace(one, spans=moved)
            yield _Sketch(code, {}, shifted, _time(shifted, on), may_lose=True)


def _skill_changes(one: Opportunity) -> Iterator[_Sketch]:
    for position, need in enumerate(one.required):
        before, behind = one.required[:position], one.required[position + 1 :]
        without = replace(one, required=before + behind)
        yield _Sketch("drop_skill", {"skill": need.id, "level": need.level}, without, _SKILLS)
        if need.level > 1:
            lower = replace(need, level=need.level - 1)
            eased = replace(one, required=(*before, lower, *behind))
            yield _Sketch("lower_skill", {"skill": lower.id, "level": lower.level}, eased, _SKILLS)
