"""Agreements, training plans and amendments over the API; `signing_api` has what leads to signatures."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from app import dates
from app.agreements import (
    looks,
    printing,
    service,
    service_agreements,
    service_amendments,
    service_effects,
    service_plans,
)
from app.agreements.models import PaperKind, PaperState, TrainingPlan
from app.agreements.schemas import (
    AgreementIn,
    AgreementOut,
    AgreementPatch,
    AmendmentIn,
    AmendmentOut,
    DocumentOut,
    InterruptionIn,
    PaperBrief,
    PaperList,
    ReadinessOut,
    SignatoryIn,
    SignatoryOut,
    TrainingPlanList,
    TrainingPlanOut,
    TrainingPlanPatch,
    TrainingPlansIn,
)
from app.placements import service as placements
from app.placements.models import Party
from app.rest import (
    MERGE_PATCH,
    Cursor,
    IdempotencyHeader,
    IfMatch,
    InCall,
    Limit,
    answers,
    decode_cursor,
    encode_cursor,
    expect_version,
    with_etag,
)

router = APIRouter(tags=["agreements"])

AgreementId = Annotated[UUID, Path(description="The agreement.")]
PlanId = Annotated[UUID, Path(description="The training plan.")]
AmendmentId = Annotated[UUID, Path(description="The amendment.")]
PlacementId = Annotated[UUID, Path(description="The placement.")]


@router.get("/papers", summary="List papers", responses=answers(401, 403, 422))
def list_papers(
    call: InCall,
    kind: Annotated[PaperKind | None, Query(description="Only of this kind.")] = None,
    state: Annotated[PaperState | None, Query(description="Only in this state.")] = None,
    school_id: Annotated[UUID | None, Query(description="Only of this school.")] = None,
    company_id: Annotated[UUID | None, Query(description="Only of this host.")] = None,
    placement_id: Annotated[UUID | None, Query(description="Only of this placement.")] = None,
    class_id: Annotated[UUID | None, Query(description="Only of students of this class.")] = None,
    is_waiting_for_me: Annotated[bool, Query(description="Only those that you are to sign now.")] = False,  # noqa: FBT002
    limit: Limit = 20,
    cursor: Cursor = None,
) -> PaperList:
    """Agreements, plans and amendments that concern you, the latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service.search(
            session, actor, kind=kind, state=state, school_id=school_id, company_id=company_id,
            placement_id=placement_id, class_id=class_id, is_waiting_for_me=is_waiting_for_me, after=after,
            limit=limit + 1,
        )  # fmt: skip
    last = found[limit - 1] if len(found) > limit else None
    return PaperList(
        items=[PaperBrief.model_validate(one) for one in found[:limit]],
        next_cursor=encode_cursor(last.created_at, last.id) if last else None,
    )


# --- agreements -------------------------------------------------------------------------------------------------------


@router.post(
    "/agreements", status_code=201, summary="Draft an agreement", response_model=AgreementOut,
    responses=answers(401, 403, 409, 422),
)  # fmt: skip
def create_agreement(
    call: InCall,
    body: AgreementIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For who leads the school. One at a time is prepared with a host."""
    with call.create(body) as (session, actor):
        made = service_agreements.create(session, actor, body.given(), now=call.now())
        out = AgreementOut.model_validate(made)
        return call.created(out, location=f"/agreements/{out.id}", version=out.version)


@router.get(
    "/agreements/{agreement_id}", summary="Read an agreement", response_model=AgreementOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_agreement(call: InCall, agreement_id: AgreementId) -> Response:
    """For the school's staff, and for the host once the draft has been sent."""
    with call.read() as (session, actor):
        out = AgreementOut.model_validate(
            service.find(session, actor, agreement_id, PaperKind.AGREEMENT).paper
        )
    return with_etag(out, out.version)


@router.patch(
    "/agreements/{agreement_id}", summary="Change the draft of an agreement", response_model=AgreementOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_agreement(
    call: InCall,
    agreement_id: AgreementId,
    body: Annotated[AgreementPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Only a draft is changed; what is being signed is taken back first (`revise`)."""
    with call.write() as (session, actor):
        expect_version(
            if_match, service.find(session, actor, agreement_id, PaperKind.AGREEMENT).paper.version
        )
        edited = service_agreements.edit(session, actor, agreement_id, body.changes())
        out = AgreementOut.model_validate(edited)
    return with_etag(out, out.version)


@router.post(
    "/schools/{school_id}/signatory", summary="Say who signs for a school", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def choose_school_signatory(call: InCall, school_id: UUID, body: SignatoryIn) -> SignatoryOut:
    """The head teacher, one of those who lead the school. A second call changes nothing."""
    with call.write() as (session, actor):
        chosen = service_agreements.choose_signatory(
            session, actor, school_id=school_id, name=body.name, user_id=body.user_id
        )
        return SignatoryOut.model_validate(chosen)


@router.post(
    "/companies/{company_id}/signatory", summary="Say who signs for a company",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def choose_company_signatory(call: InCall, company_id: UUID, body: SignatoryIn) -> SignatoryOut:
    """The legal representative. A second call changes nothing."""
    with call.write() as (session, actor):
        chosen = service_agreements.choose_signatory(
            session, actor, company_id=company_id, name=body.name, user_id=body.user_id
        )
        return SignatoryOut.model_validate(chosen)


# --- training plans ---------------------------------------------------------------------------------------------------


@router.post(
    "/training-plans", status_code=201, summary="Draft training plans", response_model=TrainingPlanList,
    responses=answers(401, 403, 409, 422),
)  # fmt: skip
def create_training_plans(
    call: InCall,
    body: TrainingPlansIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the placements of a class in one go, filled from what each host offers; all or none."""
    with call.create(body) as (session, actor):
        made = service_plans.create(session, actor, body.placement_ids, now=call.now())
        items = [
            TrainingPlanOut.of(one, service_plans.skills_of(session, one.id), Party.SCHOOL) for one in made
        ]
        return call.created(TrainingPlanList(items=items), location="/papers?kind=plan")


@router.get(
    "/training-plans/{plan_id}", summary="Read a training plan", response_model=TrainingPlanOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_training_plan(call: InCall, plan_id: PlanId) -> Response:
    """For the student, the staff and the host."""
    with call.read() as (session, actor):
        seen = service.find(session, actor, plan_id, PaperKind.PLAN)
        assert isinstance(seen.paper, TrainingPlan)  # noqa: S101 -- for the type checker; the kind was asked for
        out = TrainingPlanOut.of(seen.paper, service_plans.skills_of(session, plan_id), seen.party)
    looks.note(partial(call.looked, actor), seen)
    return with_etag(out, out.version)


@router.patch(
    "/training-plans/{plan_id}", summary="Change the draft of a training plan", response_model=TrainingPlanOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_training_plan(
    call: InCall,
    plan_id: PlanId,
    body: Annotated[TrainingPlanPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For the student's school; only a draft is changed."""
    with call.write() as (session, actor):
        expect_version(if_match, service.find(session, actor, plan_id, PaperKind.PLAN).paper.version)
        plan = service_plans.edit(session, actor, plan_id, body.changes())
        out = TrainingPlanOut.of(plan, service_plans.skills_of(session, plan_id), Party.SCHOOL)
    return with_etag(out, out.version)


# --- a placement's changes --------------------------------------------------------------------------------------------


@router.post(
    "/placements/{placement_id}/amendments", status_code=201, summary="Draft an amendment",
    response_model=AmendmentOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_amendment(
    call: InCall,
    placement_id: PlacementId,
    body: AmendmentIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """New dates, hours or tutors of a placement; they hold when everybody concerned has signed."""
    changes = body.model_dump(exclude_none=True)
    if body.weekdays is not None:
        changes["weekdays"] = dates.weekdays_to_mask(body.weekdays)
    with call.create(body) as (session, actor):
        out = AmendmentOut.of(
            service_amendments.create(session, actor, placement_id, changes, now=call.now())
        )
        return call.created(out, location=f"/amendments/{out.id}")


@router.get("/amendments/{amendment_id}", summary="Read an amendment", responses=answers(401, 403, 404, 422))
def read_amendment(call: InCall, amendment_id: AmendmentId) -> AmendmentOut:
    """For the student, the staff and the host."""
    with call.read() as (session, actor):
        seen = service.find(session, actor, amendment_id, PaperKind.AMENDMENT)
        out = AmendmentOut.of(seen.paper)  # type: ignore[arg-type] # the kind was asked for
    looks.note(partial(call.looked, actor), seen)
    return out


@router.post(
    "/placements/{placement_id}/interruption", status_code=201, summary="Note an early end",
    response_model=DocumentOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_interruption(
    call: InCall,
    placement_id: PlacementId,
    body: InterruptionIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the student's school: the placement ends, and the note is kept as a document."""
    said, now = body.model_dump(), call.now()
    with call.read() as (session, actor):
        data = service_amendments.require_note(session, actor, placement_id, **said, now=now)
    printed = printing.print_paper(data, version=1, now=now)
    with call.create(body) as (session, actor):
        made = service_amendments.interrupt(session, actor, placement_id, printed, **said, now=now)
        out = DocumentOut.model_validate(made)
        return call.created(out, location=f"/documents/{out.id}")


@router.get(
    "/placements/{placement_id}/readiness", summary="Read what keeps a placement from beginning",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_readiness(call: InCall, placement_id: PlacementId) -> ReadinessOut:
    """No agreement in force, no signed plan, an amendment without its signatures, or the law."""
    with call.read() as (session, actor):
        placement = placements.find(session, actor, placement_id).placement
        return ReadinessOut(obstacles=list(service_effects.obstacles(session, placement)))
