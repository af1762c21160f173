"""The end of a placement on one page, for each of its three sides: evaluate, read, confirm, complete."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from app import errors
from app.companies.models import Company
from app.events.service_looks import LookKind
from app.hours import rules
from app.hours import service_evaluations as evaluations
from app.hours.models import Criterion
from app.hours.service_evaluations import Given
from app.opportunities.models import Opportunity
from app.placements import rules as placement_rules
from app.placements.models import Party, State
from app.skills import service as skills
from app.web import hours_words, posting_forms
from app.web.posting_forms import Fields, InFields
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

LONGEST = 1000
Done = Annotated[str, Query(pattern="^(given|confirmed|completed)?$")]


@router.get("/placements/{placement_id}/evaluation")
def show_evaluation(view: InView, placement_id: UUID, done: Done = "") -> Response:
    """One's own form, and what one may read of the others."""
    return _page(view, placement_id, done=done)


@router.post("/placements/{placement_id}/evaluation")
def evaluate(view: InView, fields: InFields, placement_id: UUID) -> Response:
    """Write one's own evaluation, or write it anew."""
    given = _given(fields)
    try:
        with view.write() as (session, actor):
            seen, found = evaluations.search(session, actor, placement_id)
            own = next((one for one in found if one.evaluation.party is seen.party), None)
            if own is None:
                evaluations.give(session, actor, placement_id, given, now=view.now())
            else:
                evaluations.edit(session, actor, placement_id, own.evaluation.id, given, now=view.now())
    except (errors.Invalid, errors.Conflict) as refusal:
        return _page(view, placement_id, given=given, refusal=refusal)
    return view.go(f"/placements/{placement_id}/evaluation?done=given")


def _given(fields: Fields) -> Given:
    marks, levels = {}, {}
    for name in fields:
        number = posting_forms.number(fields, name)
        if name.startswith("mark-") and 1 <= number <= 4:
            with suppress(ValueError):  # not a criterion of ours
                marks[Criterion(name.removeprefix("mark-"))] = number
        if name.startswith("skill-") and 1 <= number <= 4:
            levels[name.removeprefix("skill-")] = number
    again = posting_forms.text(fields, "would_repeat", 3) == "yes"
    return Given(marks, again, posting_forms.text(fields, "words", LONGEST).strip(), levels)


@router.post("/placements/{placement_id}/evaluation/confirm")
def confirm(view: InView, placement_id: UUID) -> Response:
    """Let the host's words stand."""
    with view.write() as (session, actor):
        seen, found = evaluations.search(session, actor, placement_id)
        if seen.party is not Party.SCHOOL:
            raise evaluations.NotYourEvaluation
        of_host = next((one for one in found if one.evaluation.party is Party.COMPANY), None)
        if of_host is None:
            raise evaluations.NoSuchEvaluation
        evaluations.confirm(session, actor, placement_id, of_host.evaluation.id, now=view.now())
    return view.go(f"/placements/{placement_id}/evaluation?done=confirmed")


@router.post("/placements/{placement_id}/evaluation/complete")
def complete(view: InView, placement_id: UUID) -> Response:
    """Close the books, or say what is missing."""
    try:
        with view.write() as (session, actor):
            evaluations.complete(session, actor, placement_id, now=view.now())
    except errors.Conflict as refusal:
        return _page(view, placement_id, refusal=refusal)
    return view.go(f"/placements/{placement_id}/evaluation?done=completed")


def _page(
    view: View,
    placement_id: UUID,
    *,
    done: str = "",
    given: Given | None = None,
    refusal: errors.Problem | None = None,
) -> Response:
    today = view.now().date()
    with view.read() as (session, actor):
        seen, found = evaluations.search(session, actor, placement_id)
        plan = evaluations.plan_skills(session, seen.placement)
        named = set(plan).union(*(one.skills for one in found))
        labels = skills.refs(session, named)
        opportunity = session.get_one(Opportunity, seen.placement.opportunity_id)
        company = session.get_one(Company, seen.placement.company_id)
        lacks = evaluations.lacks(session, placement_id) if seen.party is Party.SCHOOL else []
    view.looked(LookKind.PROFILE, [seen.student.id])
    own = next((one for one in found if one.evaluation.party is seen.party), None)
    if given is None and own is not None:
        given = Given(own.marks, own.evaluation.would_repeat, own.evaluation.words, own.skills)
    is_fixed = own is not None and own.evaluation.confirmed_at is not None
    return view.show(
        "shared/evaluation.html",
        status=refusal.status if refusal else 200,
        placement=seen.placement,
        student=seen.student,
        party=seen.party,
        opportunity=opportunity,
        company=company,
        others=[one for one in found if one.evaluation.party is not seen.party],
        own=own,
        given=given,
        can_write=rules.can_evaluate(seen.placement, today) and not is_fixed,
        criteria=rules.CRITERIA[seen.party],
        plan=plan if seen.party is Party.COMPANY else {},
        labels=labels,
        lacks=lacks,
        can_complete=seen.placement.state is State.CLOSING,
        has_report=seen.placement.state not in placement_rules.OPEN and seen.party is not Party.COMPANY,
        hours_words=hours_words,
        done=done,
        refused=type(refusal).slug() if refusal else "",
    )
