"""What a class has to choose from: how much fits each of its students, and what keeps the rest away.

As in `service`, `ask` runs inside a read block, and what computes outside of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from app.auth import service as auth
from app.auth.actors import Actor
from app.matches import service as matches
from app.matches import translate
from app.matches.engine import Changes, Engine, Known
from app.matches.service import StudentQuestion
from app.opportunities.details import Detail
from app.opportunities.models import Kind
from app.students import service as students
from app.students.models import Student
from matching import Index, Opportunity, Ranked
from matching import Kind as EngineKind
from matching.location import road_km

BEST = 20
"""So far down a student's list an opportunity counts as one of the best for the student."""


@dataclass(frozen=True, slots=True)
class ClassQuestion:
    """What is asked for the students of one or more classes."""

    students: list[Known]
    changes: Changes


class Fit(NamedTuple):
    """How many opportunities of a kind no rule hides from a student; without any, the rule that hides most."""

    opportunities: int
    rule: dict[str, Any] | None


class Suggestion(NamedTuple):
    """An opportunity that is among the best for some of the students: its card, and for how many."""

    card: dict[str, Any]
    students: int


class GroupLine(NamedTuple):
    """A visit for students who travel together: a score for each who is ranked, 0 where a rule is against it."""

    card: dict[str, Any]
    scores: tuple[float, ...]
    travel_km: float | None
    taught: list[dict[str, str]]
    """With `skill_id`, and a name in each language."""
    held: list[frozenset[str]]
    """The skills of each student."""


def ask(session: Session, actor: Actor, engine: Engine, class_ids: Collection[UUID]) -> ClassQuestion:
    """Take what the answers need, of those students of the classes whom the actor may see."""
    auth.require_scope(actor, "matches:read")
    changes = engine.changes(session)
    wanted = Student.class_id.in_(class_ids) & students.visible_to(actor)
    return ClassQuestion(engine.students(session, changes, wanted), changes)


def fits(engine: Engine, question: ClassQuestion) -> dict[UUID, dict[Kind, Fit]]:
    """How much of each kind there is for each student."""
    state = engine.apply(question.changes)
    found: dict[UUID, dict[Kind, Fit]] = {}
    for known in question.students:
        of_student = found[known.profile.id] = {}
        for kind in Kind:
            count = state.index.count(known.student, EngineKind(kind))
            rules = (
                [] if count else matches.hiding_rules(engine, StudentQuestion(known, question.changes), kind)
            )
            of_student[kind] = Fit(count, rules[0] if rules else None)
    return found


def suggest(
    engine: Engine, question: ClassQuestion, student_ids: Collection[UUID], kind: Kind, *, limit: int
) -> list[Suggestion]:
    """What is among the best of its kind for most of these students; equal ones by how high they stand together.

    Nothing is computed about students who are not ranked.
    """
    state = engine.apply(question.changes)
    scores: dict[str, list[float]] = defaultdict(list)
    for known in question.students:
        if known.profile.id in student_ids and known.profile.is_ranked:
            for ranked in state.index.top(known.student, BEST, EngineKind(kind)):
                scores[ranked.id].append(ranked.score)
    order = sorted(scores, key=lambda name: (-len(scores[name]), -sum(scores[name]), name))
    return [Suggestion(state.cards[name], len(scores[name])) for name in order[:limit] if name in state.cards]


def group_fits(
    engine: Engine, question: ClassQuestion, here: tuple[float, float] | None, full: Sequence[Detail] = ()
) -> list[GroupLine]:
    """What every open visit is to the students if they set out together, from `here`, on a day that is found for all.

    Visits that are `full` are no longer in the index; they are scored as if there were a seat. `here` is latitude and longitude in degrees; None is not known. So neither anybody's own limit of distance nor anybody's own free days are against it. Nothing is computed about
    students who are not ranked.
    """
    ranked = [known for known in question.students if known.profile.is_ranked]
    place = {} if here is None else {"latitude": here[0], "longitude": here[1]}
    unbound: dict[str, Any] = {"max_km": None, "minutes": {}, "max_minutes": None, "free": ()} | place
    together = [replace(known.student, **unbound) for known in ranked]
    with engine.still(question.changes) as state:
        visits = {one.id: one for one in state.index if one.kind is EngineKind.VISIT}
    words, cards = state.index.vocabulary, dict(state.cards)
    missing = [one for one in full if str(one.id) not in visits]
    aside = {
        str(one.id): translate.opportunity(replace(one, seats_free=max(1, one.seats_free))) for one in missing
    }
    cards |= {str(one.id): translate.card(one) for one in missing}
    others = Index(aside.values(), words, engine.weights, on=state.index.on, seed=engine.seed)
    found: list[dict[str, Ranked]] = []
    for one in together:
        with engine.turn:  # taken anew for each, so that a whole class keeps nobody waiting
            best = [
                *state.index.top(one, len(visits), EngineKind.VISIT),
                *others.top(one, len(aside), EngineKind.VISIT),
            ]
            found.append({line.id: line for line in best})
    held = [frozenset(skill.id for skill in one.skills) for one in together]
    return [
        GroupLine(
            card=cards[key],
            scores=tuple(top[key].score if key in top else 0.0 for top in found),
            travel_km=_road_km(here, visit),
            taught=[translate.labelled(need.id, words) for need in visit.taught],
            held=held,
        )
        for key, visit in (visits | aside).items()
        if key in cards
    ]


def _road_km(here: tuple[float, float] | None, one: Opportunity) -> float | None:
    if here is None or one.latitude is None or one.longitude is None:
        return None
    return round(float(road_km(*here, one.latitude, one.longitude)), 1)


def rules_for(
    engine: Engine, question: ClassQuestion, opportunity_id: UUID
) -> dict[UUID, dict[str, str] | None]:
    """For each student the first rule that hides one opportunity, or None; nobody when it is not in the index."""
    state, key = engine.apply(question.changes), str(opportunity_id)
    if key not in state.index:
        return {}
    return {
        known.profile.id: matches.said(code)
        if (code := state.index.hidden_by(known.student, key)) is not None
        else None
        for known in question.students
    }
