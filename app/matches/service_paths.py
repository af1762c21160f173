"""Training paths for a student. `ask` runs inside a read block, `page` computes outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.matches import translate
from app.matches.engine import Engine, State
from app.matches.service import StudentQuestion, ask_for_student
from app.matches.service_plain import require_ranked
from app.matches.words import PATH, RULES
from app.opportunities import service as opportunities
from app.programmes import service as programmes
from app.programmes.service import NoSuchProgramme
from app.rest import encode_cursor
from matching import Kind, Opportunity, SkillNeed, rules_hidden
from matching.paths import Goal, Path, Step, plan

GOAL = (
    r"^(reach|programme:[A-Za-z0-9][A-Za-z0-9._:-]{0,79}"
    r"|opportunity:[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})$"
)
"""How a goal is written."""

MOST_IDS = 100
LAST_YEAR = 99
"""Later than any programme's last year."""


@dataclass(frozen=True, slots=True)
class PathsQuestion:
    """What is asked for one student; `goal` as it was written, `aim` as the engine takes it."""

    student: StudentQuestion
    goal: str
    aim: Goal | Opportunity | tuple[SkillNeed, ...]


def ask(session: Session, actor: Actor, engine: Engine, student_id: UUID, goal: str) -> PathsQuestion:
    """Take what the student's paths need. Raises NoSuchStudent, RankingOff, NoSuchOpportunity, NoSuchProgramme.

    A programme stands for what its students have normally met by the end of its last year. Occupations have no
    skills in the vocabulary, so they are no goals.
    """
    question = ask_for_student(session, actor, engine, student_id)
    require_ranked(question.known)
    kind, _, key = goal.partition(":")
    if kind == "opportunity":
        opportunities.read(session, actor, UUID(key))
        wished = translate.opportunity(opportunities.detail(session, UUID(key)))
        return PathsQuestion(question, goal, wished)
    if kind == "programme":
        if not programmes.titles(session, [key]):
            raise NoSuchProgramme(f"No programme has the id {key}.")
        met = programmes.usual_skills(session, key, LAST_YEAR)
        return PathsQuestion(question, goal, tuple(SkillNeed(*one) for one in met.items()))
    return PathsQuestion(question, goal, Goal(kind))


def page(
    engine: Engine,
    question: PathsQuestion,
    *,
    budget_hours: int,
    by: date | None = None,
    limit: int = 5,
    offset: int = 0,
) -> dict[str, Any]:
    """A page of the student's paths, as the API sends it (`PathList`).

    Everything that is published can be a module; what comes into reach is counted over internships and visits,
    because training is the way and not the aim.
    """
    state = engine.apply(question.student.changes)
    student = question.student.known.student
    published = list(state.index)
    found = plan(
        student, question.aim, published, state.index.vocabulary, budget_hours, by, on=state.index.on,
        opportunities=[one for one in published if one.kind is not Kind.TRAINING],
        weights=engine.weights, k=offset + limit + 1,
    )[offset:]  # fmt: skip
    hiding = []
    if isinstance(question.aim, Opportunity):
        hiding = rules_hidden(student, question.aim, state.index.on, engine.weights.attendance)
    return {
        "items": [_path(path, state) for path in found[:limit]],
        "next_cursor": encode_cursor(offset + limit) if len(found) > limit else None,
        "goal": question.goal,
        "hidden_by": [{"code": code, "it": RULES[code][0], "en": RULES[code][1]} for code in hiding],
    } | engine.making()


def _path(path: Path, state: State) -> dict[str, Any]:
    numbers = {
        "hours": path.hours,
        "closed": len(path.closes),
        "needs": len(path.closes) + len(path.open),
        "gained": len(path.brings),
    }
    said = PATH["closes" if numbers["needs"] else "brings"]
    return {
        "steps": [_step(step, state) for step in path.steps],
        "hours": path.hours,
        "travel_km": round(path.travel_km, 1),
        "adds": _levels(path.adds, state),
        "closes": _levels(path.closes, state),
        "open": _levels(path.open, state),
        "missing_levels": path.missing,
        "least_missing_levels": path.least_missing,
        "opportunities_gained": len(path.brings),
        "opportunity_ids": list(path.brings[:MOST_IDS]),
        "is_best": path.is_best,
        "it": said[0].format_map(numbers),
        "en": said[1].format_map(numbers),
    }


def _step(step: Step, state: State) -> dict[str, Any]:
    return {
        "opportunity": state.cards[step.id],
        "spans": [translate.show_span(span) for span in step.spans],
        "starts_on": step.starts_on.isoformat(),
        "ends_on": step.ends_on.isoformat(),
        "hours": step.hours,
        "travel_km": None if step.travel_km is None else round(step.travel_km, 1),
        "adds": _levels(step.adds, state),
    }


def _levels(needs: tuple[SkillNeed, ...], state: State) -> list[dict[str, Any]]:
    words = state.index.vocabulary
    return [
        {
            "skill_id": need.id,
            "level": need.level,
            "it": words.label(need.id, "it"),
            "en": words.label(need.id, "en"),
        }
        for need in needs
    ]
