"""Series and the events proposed for them over the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

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
from app.series import rules, service, service_proposals, service_reading
from app.series.models import ProposalState, SeriesState
from app.series.schemas import (
    SeriesIn,
    SeriesList,
    SeriesOut,
    SeriesPatch,
    SeriesProposalIn,
    SeriesProposalList,
    SeriesProposalMoveIn,
    SeriesProposalOut,
    SeriesProposalPatch,
)

router = APIRouter(tags=["series"])

SeriesId = Annotated[UUID, Path(description="The series.")]
ProposalId = Annotated[UUID, Path(description="The proposal.")]

# --- series -----------------------------------------------------------------------------------------------------------


@router.get("/series", summary="List series", responses=answers(401, 403, 422))
def list_series(
    call: InCall,
    state: Annotated[SeriesState | None, Query(description="In this state.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SeriesList:
    """Festival editions, open-day weeks and programmes; drafts are for who coordinates the territory."""
    after = decode_cursor(cursor, date, UUID)
    with call.read() as (session, actor):
        found = service.search(session, actor, state=state, after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return SeriesList(
        items=[SeriesOut.of(one) for one in found[:limit]],
        next_cursor=encode_cursor(last.starts_on, last.id) if last else None,
    )


@router.post(
    "/series", status_code=201, summary="Found a series", response_model=SeriesOut,
    responses=answers(400, 401, 403, 409, 422),
)  # fmt: skip
def create_series(
    call: InCall,
    body: SeriesIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For who coordinates the territory; it is a draft until its state is `open`."""
    with call.create(body) as (session, actor):
        found = service.create(session, actor, body.model_dump(), now=call.now())
        return call.created(SeriesOut.of(found), location=f"/series/{found.id}", version=found.version)


@router.get(
    "/series/{series_id}", summary="Read a series", response_model=SeriesOut, responses=answers(401, 403, 404, 422)
)  # fmt: skip
def read_series(call: InCall, series_id: SeriesId) -> Response:
    """Its days, its state, and what it asks for."""
    with call.read() as (session, actor):
        found = service.read(session, actor, series_id)
    return with_etag(SeriesOut.of(found), found.version)


@router.patch(
    "/series/{series_id}", summary="Change a series", response_model=SeriesOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_series(
    call: InCall,
    series_id: SeriesId,
    body: Annotated[SeriesPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For its steering group."""
    with call.write() as (session, actor):
        found = service.get_for_change(session, actor, series_id)
        expect_version(if_match, found.version)
        service.edit(session, actor, found, body.changes())
        return with_etag(SeriesOut.of(found), found.version)


# --- proposals --------------------------------------------------------------------------------------------------------


@router.get(
    "/series/{series_id}/proposals", summary="List the events of a series", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def list_series_proposals(
    call: InCall,
    series_id: SeriesId,
    state: Annotated[ProposalState | None, Query(description="In this state.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SeriesProposalList:
    """The published ones; those on their way for their host and the steering group only."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service_reading.search(session, actor, series_id, state=state, after=after, limit=limit + 1)
    last = found[limit - 1].proposal if len(found) > limit else None
    return SeriesProposalList(
        items=[SeriesProposalOut.of(one) for one in found[:limit]],
        next_cursor=encode_cursor(last.proposed_at, last.id) if last else None,
    )


@router.post(
    "/series/{series_id}/proposals", status_code=201, summary="Propose an event for a series",
    response_model=SeriesProposalOut, responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def create_series_proposal(
    call: InCall,
    series_id: SeriesId,
    body: SeriesProposalIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For whoever may publish the visit. Once published, its title, host and dates are on the series' public page."""
    values = _values(body.model_dump())
    opportunity_id = values.pop("opportunity_id")
    with call.create(body) as (session, actor):
        made = service_proposals.propose(session, actor, series_id, opportunity_id, values, now=call.now())
        out = SeriesProposalOut.of(service_reading.find(session, actor, series_id, made.id))
        return call.created(out, location=f"/series/{series_id}/proposals/{made.id}", version=out.version)


@router.get(
    "/series/{series_id}/proposals/{proposal_id}", summary="Read a proposal", response_model=SeriesProposalOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_series_proposal(call: InCall, series_id: SeriesId, proposal_id: ProposalId) -> Response:
    """What you may see of it, and what you can do."""
    with call.read() as (session, actor):
        out = SeriesProposalOut.of(service_reading.find(session, actor, series_id, proposal_id))
    return with_etag(out, out.version)


@router.patch(
    "/series/{series_id}/proposals/{proposal_id}", summary="Change a proposal", response_model=SeriesProposalOut,
    responses=answers(400, 401, 403, 404, 412, 415, 422, 428),
)  # fmt: skip
def edit_series_proposal(
    call: InCall,
    series_id: SeriesId,
    proposal_id: ProposalId,
    body: Annotated[SeriesProposalPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For its host and the steering group."""
    changes = _values(body.changes())
    with call.write() as (session, actor):
        seen = service_proposals.get_for_change(session, actor, series_id, proposal_id)
        expect_version(if_match, seen.proposal.version)
        service_proposals.edit(session, actor, seen, changes)
        out = SeriesProposalOut.of(seen)
    return with_etag(out, out.version)


@router.post(
    "/series/{series_id}/proposals/{proposal_id}/moves", status_code=201, summary="Take a step with a proposal",
    response_model=SeriesProposalOut, responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def create_series_proposal_move(
    call: InCall,
    series_id: SeriesId,
    proposal_id: ProposalId,
    body: SeriesProposalMoveIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """The steering group decides, the host withdraws or proposes again. What is published was perhaps a draft: it is no more."""
    with call.create(body) as (session, actor):
        service_proposals.move(
            session, actor, series_id, proposal_id, body.action, version=body.version, reason=body.reason, now=call.now()
        )  # fmt: skip
        out = SeriesProposalOut.of(service_reading.find(session, actor, series_id, proposal_id))
        return call.created(out, location=f"/series/{series_id}/proposals/{proposal_id}", version=out.version)


def _values(given: dict[str, Any]) -> dict[str, Any]:
    if "audiences" in given:
        given["audiences"] = rules.to_mask(given["audiences"])
    return given
