"""Training plans: made for many placements in one go, filled from the opportunity, changed while they are drafts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import errors
from app.agreements import rules, service
from app.agreements.models import Paper, PaperKind, PaperState, PlanSkill, TrainingPlan
from app.agreements.service_agreements import PreparedAlready
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.opportunities.models import Opportunity, OpportunitySkill, SkillRole
from app.placements import service as placements
from app.placements.models import Party, Placement
from app.skills import service as skills

MOST_AT_ONCE = 60
"""Two large classes."""
MOST_SKILLS = 12
SAFETY = (
    "Lo studente riceve dall'azienda l'informazione sui rischi dell'attività, usa i dispositivi di protezione che l'azienda"
    " gli consegna e lavora sempre con il tutor o con chi il tutor indica."
)


class UnfitPlan(errors.Invalid):
    """The fields do not make a training plan."""

    title = "The training plan is not valid"


def create(
    session: Session, actor: Actor, placement_ids: Sequence[UUID], *, now: datetime
) -> list[TrainingPlan]:
    """A draft for each placement, filled from its opportunity and from the plan before; all or none.

    Raises UnfitPlan for what the actor does not see or cannot plan, WrongPaperState and PreparedAlready.
    """
    auth.require_scope(actor, "placements:write")
    seen = [_open_placement(session, actor, number, one) for number, one in enumerate(placement_ids)]
    made = []
    for placement in sorted(seen, key=lambda one: one.id):
        plan = _draft(session, placement)
        plan.created_at, plan.created_by = now.astimezone(UTC), actor.mark
        plan.due_at = rules.due_at(PaperState.DRAFT, placement.ends_on, now)
        try:
            with session.begin_nested():
                session.add(plan)
        except IntegrityError as error:
            raise PreparedAlready("One of the placements has a plan that is being prepared.") from error
        session.add_all(_skills(session, plan, placement))
        made.append(plan)
    session.flush()
    happened = [("paper.created", plan.id, {"kind": plan.kind.value}) for plan in made]
    events.record_many(session, actor, happened)
    return made


def _open_placement(session: Session, actor: Actor, number: int, placement_id: UUID) -> Placement:
    try:
        seen = placements.find(session, actor, placement_id)
    except placements.NoSuchPlacement as error:
        raise _unfit(f"placement_ids.{number}", "no placement that you may see has this id") from error
    if seen.party is not Party.SCHOOL:
        raise errors.NotAllowed("The student's school writes the plan.")
    if seen.placement.state not in rules.PLANNABLE:
        raise service.WrongPaperState(f"The placement is {seen.placement.state}.")
    return seen.placement


def _draft(session: Session, placement: Placement) -> TrainingPlan:
    before = latest(session, placement.id)
    opportunity = session.get_one(Opportunity, placement.opportunity_id)
    return TrainingPlan(
        placement_id=placement.id, student_id=placement.student_id, school_id=placement.school_id,
        company_id=placement.company_id, state=PaperState.DRAFT,
        activities=before.activities if before else (opportunity.text.strip() or opportunity.title)[:4000],
        safety_measures=before.safety_measures if before else SAFETY,
        general_training_hours=before.general_training_hours if before else 4,
        specific_training_hours=before.specific_training_hours if before else SPECIFIC_HOURS[placement.risk],
        guardian_name=before.guardian_name if before else None,
        guardian_email=before.guardian_email if before else None,
    )  # fmt: skip


SPECIFIC_HOURS = {"low": 4, "medium": 8, "high": 12}
"""Specific safety training by the risk of the work: recalled, so that it only fills the draft, which the school edits."""


def _skills(session: Session, plan: TrainingPlan, placement: Placement) -> Iterable[PlanSkill]:
    before = session.scalars(
        sa.select(TrainingPlan.id)
        .where(TrainingPlan.placement_id == placement.id, TrainingPlan.id != plan.id)
        .order_by(TrainingPlan.created_at.desc())
    ).first()
    if before is not None:
        return [
            PlanSkill(plan_id=plan.id, skill_id=one, level=level) for one, level in skills_of(session, before)
        ]
    # What the host teaches comes first, then what it wants.
    found = session.scalars(
        sa.select(OpportunitySkill).where(OpportunitySkill.opportunity_id == placement.opportunity_id)
    )
    levels: dict[str, int] = {}
    for one in sorted(found, key=lambda one: (_FIRST[one.role], one.skill_id)):
        levels.setdefault(one.skill_id, one.level)
    first = list(levels.items())[:MOST_SKILLS]
    return [PlanSkill(plan_id=plan.id, skill_id=skill_id, level=level) for skill_id, level in first]


_FIRST = {SkillRole.TAUGHT: 0, SkillRole.WANTED: 1, SkillRole.REQUIRED: 2}


def edit(session: Session, actor: Actor, plan_id: UUID, changes: Mapping[str, Any]) -> TrainingPlan:
    """Change a draft; `skills` are pairs of id and level. Raises NoSuchPaper, NotYourPaper, WrongPaperState and UnknownSkill."""
    plan = service.find_to_prepare(session, actor, plan_id, PaperKind.PLAN).paper
    assert isinstance(plan, TrainingPlan)  # noqa: S101 -- for the type checker; the kind was asked for
    service.require_editable(plan)
    values = dict(changes)
    wanted = values.pop("skills", None)
    if wanted is not None:
        _replace_skills(session, plan, wanted)
        flag_modified(plan, "activities")  # the version rises also when only skills change
    for name, value in values.items():
        setattr(plan, name, value)
    session.flush()
    events.record(session, actor, "paper.edited", plan.id, {"fields": sorted(changes)})
    return plan


def _replace_skills(session: Session, plan: TrainingPlan, wanted: Sequence[tuple[str, int]]) -> None:
    known = skills.find_known(session, (skill_id for skill_id, _ in wanted))
    seen: set[str] = set()
    for number, (skill_id, _) in enumerate(wanted):
        if skill_id not in known:
            raise _unfit(f"skills.{number}.skill_id", "no skill has this id")
        if skill_id in seen:
            raise _unfit(f"skills.{number}.skill_id", "stands here twice")
        seen.add(skill_id)
    session.execute(sa.delete(PlanSkill).where(PlanSkill.plan_id == plan.id))
    session.add_all(PlanSkill(plan_id=plan.id, skill_id=skill_id, level=level) for skill_id, level in wanted)


def skills_of(session: Session, plan_id: UUID) -> list[tuple[str, int]]:
    """The skills to gain, with the level to come to."""
    return skills_of_many(session, [plan_id])[plan_id]


def skills_of_many(session: Session, plan_ids: Collection[UUID]) -> Mapping[UUID, list[tuple[str, int]]]:
    """The same by plan."""
    found: defaultdict[UUID, list[tuple[str, int]]] = defaultdict(list)
    rows = sa.select(PlanSkill.plan_id, PlanSkill.skill_id, PlanSkill.level).where(
        PlanSkill.plan_id.in_(plan_ids)
    )
    for plan_id, skill_id, level in session.execute(rows.order_by(PlanSkill.plan_id, PlanSkill.skill_id)):
        found[plan_id].append((skill_id, level))
    return found


def latest(session: Session, placement_id: UUID) -> TrainingPlan | None:
    """The plan that holds, or held last; else the latest that was begun."""
    has_held = sa.case((TrainingPlan.state.in_([PaperState.IN_FORCE, PaperState.EXPIRED]), 0), else_=1)
    query = sa.select(TrainingPlan).where(TrainingPlan.placement_id == placement_id)
    return session.scalars(query.order_by(has_held, TrainingPlan.created_at.desc(), TrainingPlan.id)).first()


def plan_with_guardian(session: Session, paper: Paper) -> TrainingPlan | None:
    """The plan that names the student's legal representative: the paper itself, or what it amends."""
    if isinstance(paper, TrainingPlan) or paper.placement_id is None:
        return paper if isinstance(paper, TrainingPlan) else None
    return latest(session, paper.placement_id)


def _unfit(field: str, detail: str) -> UnfitPlan:
    return UnfitPlan(faults=[{"in": "body", "field": field, "detail": detail}])
