"""Placements over the API: for the student, the school and the host, each their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates
from app.auth.actors import Actor
from app.events.service_looks import LookKind
from app.laws import rules as laws
from app.placements import service as placements
from app.placements import service_counts, service_findings
from app.placements import service_showing as showing
from app.placements import service_terms as terms
from app.placements.models import EndReason, Party, State
from app.placements.rules import Action
from app.placements.schemas import (
    EndIn,
    FindingOut,
    FindingsOut,
    PlacementCountsOut,
    PlacementIn,
    PlacementList,
    PlacementOut,
    PlacementPatch,
    StartYear,
    StateCount,
)
from app.placements.service import Seen
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

router = APIRouter(prefix="/placements", tags=["placements"])
counts_router = APIRouter(tags=["placements"])

PlacementId = Annotated[UUID, Path(description="The placement.")]
ACTS = answers(403, 404, 409, 422)


@router.get("", summary="List placements", responses=answers(422))
def list_placements(
    call: InCall,
    school_id: Annotated[UUID | None, Query(description="Only of this school.")] = None,
    class_id: Annotated[UUID | None, Query(description="Only of this class.")] = None,
    company_id: Annotated[UUID | None, Query(description="Only at this host.")] = None,
    opportunity_id: Annotated[UUID | None, Query(description="Only out of this opportunity.")] = None,
    student_id: Annotated[UUID | None, Query(description="Only of this student.")] = None,
    state: Annotated[State | None, Query(description="Only in this state.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> PlacementList:
    """Your own: as the student, as the school, as the host. The latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = placements.search(
            session, actor, after=after, limit=limit + 1, school_id=school_id, class_id=class_id,
            company_id=company_id, opportunity_id=opportunity_id, student_id=student_id, state=state,
        )  # fmt: skip
        items = showing.show(session, found[:limit])
    note_looks(call, actor, found[:limit])
    last = items[-1] if len(found) > limit else None
    following = None if last is None else encode_cursor(last.created_at, last.id)
    return PlacementList(items=items, next_cursor=following)


@router.post(
    "", status_code=201, summary="Write down a placement agreed on elsewhere", response_model=PlacementOut,
    responses=answers(403, 409, 422),
)  # fmt: skip
def create_placement(
    call: InCall,
    body: PlacementIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the school's staff, where student and company have said yes outside of this service. It takes a seat."""
    with call.create(body) as (session, actor):
        made = terms.create_agreed(
            session, actor, body.student_id, body.opportunity_id, body.terms(), now=call.now()
        )
        [out] = showing.show(session, [placements.find(session, actor, made.id)])
        return call.created(out, location=f"/placements/{out.id}", version=out.version)


@router.get(
    "/{placement_id}", summary="Read a placement", response_model=PlacementOut, responses=answers(404, 422)
)  # fmt: skip
def read_placement(call: InCall, placement_id: PlacementId) -> Response:
    """For the student, the school and the host."""
    with call.read() as (session, actor):
        seen = placements.find(session, actor, placement_id)
        [out] = showing.show(session, [seen])
    note_looks(call, actor, [seen])
    return with_etag(out, out.version)


@router.patch(
    "/{placement_id}", summary="Change the terms of a planned placement", response_model=PlacementOut,
    responses=answers(400, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_placement(
    call: InCall,
    placement_id: PlacementId,
    body: Annotated[PlacementPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For the school; the host names its tutor and the risk. What has been signed changes by an amendment."""
    changes = body.changes()
    if "weekdays" in changes:
        changes["weekdays"] = dates.weekdays_to_mask(changes["weekdays"])
    with call.write() as (session, actor):
        seen = placements.find(session, actor, placement_id, scope="placements:write")
        expect_version(if_match, seen.placement.version)
        terms.edit(session, actor, seen, changes, now=call.now())
        return _show(session, seen)


@router.post(
    "/{placement_id}/cancel", summary="Cancel a placement before it begins", response_model=PlacementOut,
    responses=ACTS,
)  # fmt: skip
def cancel_placement(call: InCall, placement_id: PlacementId, body: EndIn) -> Response:
    """For all three sides; the seat is free again. The others are told why."""
    return _act(call, placement_id, Action.CANCEL, body.reason)


@router.post(
    "/{placement_id}/interrupt", summary="End a running placement early", response_model=PlacementOut,
    responses=ACTS,
)  # fmt: skip
def interrupt_placement(call: InCall, placement_id: PlacementId, body: EndIn) -> Response:
    """For the school and the host. The hours that were attended stay."""
    return _act(call, placement_id, Action.INTERRUPT, body.reason)


@router.post(
    "/{placement_id}/restore", summary="Plan a cancelled placement anew", response_model=PlacementOut,
    responses=ACTS,
)  # fmt: skip
def restore_placement(call: InCall, placement_id: PlacementId) -> Response:
    """For the school, before its first day, where a seat is free and the student too."""
    return _act(call, placement_id, Action.RESTORE)


@router.get(
    "/{placement_id}/findings", summary="What the law finds in a placement", responses=answers(404, 422)
)
def read_placement_findings(call: InCall, placement_id: PlacementId) -> FindingsOut:
    """By the rules that hold on its first day; each finding cites its rule. What forbids keeps it from beginning."""
    with call.read() as (session, actor):
        seen = placements.find(session, actor, placement_id)
        found = service_findings.findings(session, actor, seen.placement)
    note_looks(call, actor, [seen])
    return FindingsOut(
        placement_id=placement_id,
        checked_on=seen.placement.starts_on,
        is_forbidden=bool(laws.forbidden(found)),
        findings=[FindingOut.model_validate(asdict(one)) for one in found],
    )


def _act(call: InCall, placement_id: UUID, action: Action, reason: EndReason | None = None) -> Response:
    with call.write() as (session, actor):
        seen = placements.find(session, actor, placement_id, scope="placements:write")
        terms.act(session, actor, seen, action, now=call.now(), reason=reason)
        return _show(session, seen)


def _show(session: Session, seen: Seen) -> Response:
    [out] = showing.show(session, [seen])
    return with_etag(out, out.version)


@counts_router.get(
    "/placement-counts", summary="How many placements there are", responses=answers(403, 422)
)  # fmt: skip
def read_placement_counts(
    call: InCall,
    start_year: Annotated[
        StartYear | None, Query(description="The school year's first; the present one if left out.")
    ] = None,
) -> PlacementCountsOut:
    """For who coordinates a territory: by state, and no number that would tell of somebody."""
    year = dates.school_year(call.now().date()) if start_year is None else start_year
    with call.read() as (session, actor):
        found = service_counts.counts(session, actor, year)
    counts = [StateCount(state=state, placements=number) for state, number in found.items()]
    return PlacementCountsOut(start_year=year, counts=counts)


def note_looks(call: InCall, actor: Actor, seen: Sequence[Seen]) -> None:
    """A host reads a name, a school a profile; each is noted for the student to see."""
    with call.looking_at_many():
        for one in seen:
            is_name = one.party is Party.COMPANY
            about = (
                {"about_id": one.placement.opportunity_id, "company_id": one.placement.company_id}
                if is_name
                else {}
            )
            kind = LookKind.NAME if is_name else LookKind.PROFILE
            call.looked(actor, kind, [one.student.id], **about)
