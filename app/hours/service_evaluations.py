"""Evaluations of a placement by its three sides, what the school makes of the host's, and the end of it all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.agreements.models import Paper, PaperState, PlanSkill
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.hours import rules
from app.hours import service as hours
from app.hours.models import Criterion, Evaluation, EvaluationMark, EvaluationSkill, HourEntry
from app.opportunities.models import OpportunitySkill
from app.opportunities.rules import Fault
from app.placements import rules as placement_rules
from app.placements import service as placements
from app.placements.models import Party, Placement
from app.placements.rules import Action
from app.placements.service import Seen
from app.students import service_validation as validation


class NoSuchEvaluation(errors.NotFound):
    """No evaluation of the placement that the actor may read has this id."""

    title = "No such evaluation"


class NotYourEvaluation(errors.NotAllowed):
    """Evaluations are written by the three sides, and confirmed by the school."""

    title = "Not yours to evaluate"


class BadEvaluation(errors.Invalid):
    """A mark that is missing or not one's own, or a skill that is not in the plan; `faults` names them."""

    title = "The evaluation is not valid"


class NotYetTime(errors.Conflict):
    """Evaluations are written at the end of a placement, and stand when it is completed."""

    title = "Not the time to evaluate"


class Evaluated(errors.Conflict):
    """This side has evaluated, and what the school has confirmed does not change."""

    title = "It has been evaluated"


class NotFinished(errors.Conflict):
    """Hours or evaluations are missing; `faults` names what."""

    title = "Something is missing still"


@dataclass(frozen=True, slots=True)
class Given:
    """What one side says: a mark for each of its criteria, and the host's levels of skills."""

    marks: Mapping[Criterion, int]
    would_repeat: bool
    words: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """An evaluation with its marks and skills."""

    evaluation: Evaluation
    marks: Mapping[Criterion, int]
    skills: Mapping[str, int]


# --- reading ----------------------------------------------------------------------------------------------------------


def search(session: Session, actor: Actor, placement_id: UUID) -> tuple[Seen, list[Written]]:
    """The placement, and those of its evaluations that the actor may read. Raises NoSuchPlacement, NotYourEvaluation."""
    seen = placements.find(session, actor, placement_id)
    if seen.party is Party.SERVICE:
        raise NotYourEvaluation
    is_over = seen.placement.state not in placement_rules.OPEN
    found = [
        one
        for one in _written(session, placement_id)
        if rules.reads_evaluation(
            seen.party, one.evaluation.party, is_confirmed=one.evaluation.confirmed_at is not None,
            is_over=is_over,
        )
    ]  # fmt: skip
    return seen, found


def read(session: Session, actor: Actor, placement_id: UUID, evaluation_id: UUID) -> tuple[Seen, Written]:
    """One evaluation. Raises NoSuchPlacement, NotYourEvaluation and NoSuchEvaluation."""
    seen, found = search(session, actor, placement_id)
    one = next((one for one in found if one.evaluation.id == evaluation_id), None)
    if one is None:
        raise NoSuchEvaluation
    return seen, one


def plan_skills(session: Session, placement: Placement) -> dict[str, int]:
    """The skills that the host speaks of: those of the signed plan; without one, what the opportunity asks for and teaches."""
    planned = session.execute(
        sa.select(PlanSkill.skill_id, PlanSkill.level)
        .join(Paper, Paper.id == PlanSkill.plan_id)
        .where(Paper.placement_id == placement.id, Paper.state == PaperState.IN_FORCE)
        .order_by(PlanSkill.skill_id)
    ).all()
    if planned:
        return dict(planned)
    rows = session.execute(
        sa.select(OpportunitySkill.skill_id, sa.func.max(OpportunitySkill.level))
        .where(OpportunitySkill.opportunity_id == placement.opportunity_id)
        .group_by(OpportunitySkill.skill_id)
        .order_by(OpportunitySkill.skill_id)
    )
    return dict(rows.all())


def _written(session: Session, placement_id: UUID) -> list[Written]:
    found = session.scalars(
        sa.select(Evaluation).where(Evaluation.placement_id == placement_id).order_by(Evaluation.party)
    ).all()
    ids = [one.id for one in found]
    marks: dict[UUID, dict[Criterion, int]] = defaultdict(dict)
    for mark in session.scalars(sa.select(EvaluationMark).where(EvaluationMark.evaluation_id.in_(ids))):
        marks[mark.evaluation_id][mark.criterion] = mark.mark
    skills: dict[UUID, dict[str, int]] = defaultdict(dict)
    for skill in session.scalars(
        sa.select(EvaluationSkill)
        .where(EvaluationSkill.evaluation_id.in_(ids))
        .order_by(EvaluationSkill.skill_id)
    ):
        skills[skill.evaluation_id][skill.skill_id] = skill.level
    return [Written(one, _in_order(one.party, marks[one.id]), skills[one.id]) for one in found]


def _in_order(party: Party, marks: Mapping[Criterion, int]) -> dict[Criterion, int]:
    """As they were asked."""
    return {criterion: marks[criterion] for criterion in rules.CRITERIA[party] if criterion in marks}


# --- writing ----------------------------------------------------------------------------------------------------------


def give(session: Session, actor: Actor, placement_id: UUID, given: Given, *, now: datetime) -> Written:
    """Write the evaluation of the actor's side. Raises NoSuchPlacement, NotYourEvaluation, NotYetTime, BadEvaluation,
    Evaluated."""
    seen = _to_evaluate(session, actor, placement_id, given, now)
    if any(one.evaluation.party is seen.party for one in _written(session, placement_id)):
        raise Evaluated("This side has written its evaluation; change it.")
    evaluation = Evaluation(placement_id=placement_id, student_id=seen.student.id, party=seen.party)
    session.add(evaluation)
    return _put(session, actor, evaluation, given, now)


def edit(
    session: Session, actor: Actor, placement_id: UUID, evaluation_id: UUID, given: Given, *, now: datetime
) -> Written:
    """Write one's own evaluation anew, whole. Raises NoSuchEvaluation and what `give` raises."""
    seen, one = read(session, actor, placement_id, evaluation_id)
    evaluation = one.evaluation
    if evaluation.party is not seen.party:
        raise NotYourEvaluation("Only who has written an evaluation changes it.")
    _to_evaluate(session, actor, placement_id, given, now)
    session.refresh(evaluation)
    if evaluation.confirmed_at is not None:
        raise Evaluated("The school has confirmed it.")
    for kind in (EvaluationMark, EvaluationSkill):
        session.execute(sa.delete(kind).where(kind.evaluation_id == evaluation_id))
    return _put(session, actor, evaluation, given, now)


def _to_evaluate(session: Session, actor: Actor, placement_id: UUID, given: Given, now: datetime) -> Seen:
    auth.require_scope(actor, "placements:write")
    seen = placements.find(session, actor, placement_id)
    if seen.party not in rules.CRITERIA:
        raise NotYourEvaluation
    hours.lock(session, [seen.student.id])
    session.refresh(seen.placement)
    if not rules.can_evaluate(seen.placement, now.date()):
        raise NotYetTime(f"The placement is {seen.placement.state}.")
    plan = plan_skills(session, seen.placement)
    _refuse(rules.evaluation_faults(seen.party, given.marks.keys(), given.skills.keys(), plan), BadEvaluation)
    return seen


def _put(session: Session, actor: Actor, evaluation: Evaluation, given: Given, now: datetime) -> Written:
    evaluation.words, evaluation.would_repeat = given.words, given.would_repeat
    evaluation.given_at, evaluation.given_by = now.astimezone(UTC), actor.mark
    session.flush()
    session.add_all(
        EvaluationMark(evaluation_id=evaluation.id, criterion=criterion, mark=mark)
        for criterion, mark in given.marks.items()
    )
    session.add_all(
        EvaluationSkill(evaluation_id=evaluation.id, skill_id=skill_id, level=level)
        for skill_id, level in given.skills.items()
    )
    session.flush()
    events.record(session, actor, "evaluation.given", evaluation.id, {"for": evaluation.party.value})
    return Written(evaluation, given.marks, given.skills)


def _refuse(faults: Collection[Fault], kind: type[errors.Problem]) -> None:
    if faults:
        raise kind(faults=[{"in": "body", "field": one.field, "detail": one.detail} for one in faults])


# --- what the school decides ------------------------------------------------------------------------------------------


def confirm(
    session: Session, actor: Actor, placement_id: UUID, evaluation_id: UUID, *, now: datetime
) -> Written:
    """Let what the host has seen stand in the student's profile as validated; a second time changes nothing.

    Raises NoSuchPlacement, NotYourEvaluation and NoSuchEvaluation.
    """
    auth.require_scope(actor, "placements:write")
    seen, one = read(session, actor, placement_id, evaluation_id)
    if seen.party is not Party.SCHOOL or one.evaluation.party is not Party.COMPANY:
        raise NotYourEvaluation("The school confirms the host's evaluation.")
    hours.lock(session, [seen.student.id])
    session.refresh(one.evaluation)
    if one.evaluation.confirmed_at is None:
        one.evaluation.confirmed_at, one.evaluation.confirmed_by = now.astimezone(UTC), actor.mark
        session.flush()
        validation.prove(session, actor, seen.student.id, one.skills)
        events.record(session, actor, "evaluation.confirmed", evaluation_id)
    return one


def lacks(session: Session, placement_id: UUID) -> list[Fault]:
    """What is missing before the school can complete it."""
    states = session.scalars(sa.select(HourEntry.state).where(HourEntry.placement_id == placement_id)).all()
    given: Sequence[tuple[Party, bool]] = [
        (one.evaluation.party, one.evaluation.confirmed_at is not None)
        for one in _written(session, placement_id)
    ]
    is_confirmed = (Party.COMPANY, True) in given
    return rules.missing(states, [party for party, _ in given], is_confirmed=is_confirmed)


def complete(session: Session, actor: Actor, placement_id: UUID, *, now: datetime) -> Seen:
    """Close the books of a placement; a second time changes nothing.

    Raises NoSuchPlacement, NotYourEvaluation, WrongState, and NotFinished with what is missing.
    """
    auth.require_scope(actor, "placements:write")
    seen = placements.find(session, actor, placement_id)
    if seen.party is not Party.SCHOOL:
        raise NotYourEvaluation("The school completes a placement.")
    hours.lock(session, [seen.student.id])
    if seen.placement.state in placement_rules.TRANSITIONS[Action.COMPLETE]:
        _refuse(lacks(session, placement_id), NotFinished)
    placements.move(session, actor, seen.placement, Action.COMPLETE, now=now, party=Party.SCHOOL)
    return seen
