"""Editions of figures, and what became of students, over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from starlette.responses import Response

from app.evidence import policies, service, service_needs, service_outcomes, service_register
from app.evidence.schemas import (
    EditionFull,
    EditionIn,
    EditionList,
    EditionOut,
    EditionStarted,
    NeedOut,
    NeedsOut,
    OutcomeOut,
    OutcomePatch,
    UnmetOut,
)
from app.evidence.service_needs import Wanted
from app.jobs import service as jobs
from app.jobs.rules import JobKind
from app.matches.survey import Surveyor
from app.network.schemas import SupplyRow
from app.rest import (
    MERGE_PATCH,
    Cursor,
    IdempotencyHeader,
    IfMatch,
    InCall,
    Limit,
    Slug,
    answers,
    decode_cursor,
    encode_cursor,
    expect_version,
    with_etag,
)
from app.settings import Settings

router = APIRouter()

EditionId = Annotated[UUID, Path(description="The edition.")]
PlacementId = Annotated[UUID, Path(description="The placement.")]


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _surveyor(request: Request) -> Surveyor:
    surveyor: Surveyor = request.app.state.surveyor
    return surveyor


InSurveyor = Annotated[Surveyor, Depends(_surveyor)]
InSettings = Annotated[Settings, Depends(_settings)]
InTrack = Annotated[Slug | None, Query(description="Only this track: the key of a line.")]
InDistrict = Annotated[Slug | None, Query(description="Only this district: the key of a line.")]
InSkill = Annotated[Slug | None, Query(description="Only this skill.")]


@router.post(
    "/territories/{territory_id}/editions", status_code=201, response_model=EditionStarted, tags=["network"],
    summary="Count an edition", responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_edition(
    call: InCall,
    settings: InSettings,
    territory_id: Annotated[UUID, Path(description="The territory.")],
    body: EditionIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Begin a job that counts a school year of your territory under a policy; its result is a draft, which nobody else reads."""
    known = policies.load(settings.policies_folder)
    with call.create(body) as (session, actor):
        service.require(session, actor, territory_id, "network:write")
        policy = service.find_policy(known, body.policy)
        service.check(session, policy, territory_id, start_year=body.start_year)
        arguments = {"policy": policy.id, "territory_id": str(territory_id), "start_year": body.start_year}
        job = jobs.start(session, actor, JobKind.EVIDENCE, arguments, now=call.now())
        return call.created(EditionStarted(job_id=job.id), location=f"/jobs/{job.id}")


@router.get(
    "/evidence/editions", tags=["network"], summary="List editions of your territory", responses=answers(401, 403, 422)
)  # fmt: skip
def list_editions(call: InCall, limit: Limit = 20, cursor: Cursor = None) -> EditionList:
    """Drafts and released ones, the latest counted first. What is released stands under `/open-data` for everybody."""
    before = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service.search(session, actor, limit=limit + 1, before=before)
        items = [EditionOut.model_validate(one) for one in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return EditionList(items=items, next_cursor=encode_cursor(last.counted_at, last.id) if last else None)


@router.get(
    "/evidence/editions/{edition_id}", response_model=EditionFull, tags=["network"], summary="Read an edition",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_edition(call: InCall, edition_id: EditionId) -> Response:
    """With its figures, as they are told to everybody once it is released."""
    with call.read() as (session, actor):
        out = EditionFull.of(service.read(session, actor, edition_id))
    return with_etag(out, out.version)


@router.post(
    "/evidence/editions/{edition_id}/publish", response_model=EditionOut, tags=["network"], summary="Publish an edition",
    responses=answers(401, 403, 404, 409, 412, 422, 428),
)  # fmt: skip
def publish_edition(call: InCall, edition_id: EditionId, if_match: IfMatch = None) -> Response:
    """Let everybody read it, for ever: what is released cannot be taken back."""
    with call.write() as (session, actor):
        edition = service.for_change(session, actor, edition_id)
        expect_version(if_match, edition.version)
        service.release(session, actor, edition, now=call.now())
        out = EditionOut.model_validate(edition)
    return with_etag(out, out.version)


@router.delete(
    "/evidence/editions/{edition_id}", status_code=204, tags=["network"], summary="Throw a draft away",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def remove_edition(call: InCall, edition_id: EditionId) -> None:
    """What was released stays."""
    with call.write() as (session, actor):
        service.throw_away(session, actor, service.for_change(session, actor, edition_id))


@router.get(
    "/network/needs",
    tags=["network"],
    summary="Read what your territory needs",
    responses=answers(401, 403, 422),
)
def read_needs(
    call: InCall,
    surveyor: InSurveyor,
    track: InTrack = None,
    district: InDistrict = None,
    skill: InSkill = None,
) -> NeedsOut:
    """Skills with too few students or seats: now, by month, what comes next, and what would close the gap.

    A track or a district leaves the seats that are open to it or lie in it.
    """
    with call.read() as (session, actor):
        question = service_needs.ask(session, actor, surveyor, now=call.now())
    found = service_needs.show(surveyor, question, Wanted(track, district, skill))
    return NeedsOut(
        skills=[NeedOut.of(one) for one in found.skills],
        districts=[SupplyRow.model_validate(one) for one in found.districts],
    )


@router.get(
    "/network/unmet-students", tags=["network"], summary="Read how many students have found nothing",
    responses=answers(401, 403, 422),
)  # fmt: skip
def read_unmet_students(
    call: InCall,
    surveyor: InSurveyor,
    track: InTrack = None,
    district: InDistrict = None,
    skill: InSkill = None,
) -> UnmetOut:
    """The other side of the same register: by track, by district, by skill, by month and by reason, in steps of five.

    What is asked for leaves lines out and has nobody counted anew.
    """
    with call.read() as (session, actor):
        question = service_register.ask(session, actor, surveyor, now=call.now())
    return UnmetOut.of(service_register.show(surveyor, question, Wanted(track, district, skill)))


# --- outcomes ---------------------------------------------------------------------------------------------------------


@router.get(
    "/placements/{placement_id}/outcome", response_model=OutcomeOut, tags=["placements"],
    summary="Read what became of the student", responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_outcome(call: InCall, placement_id: PlacementId) -> Response:
    """For the student, the school and the host."""
    with call.read() as (session, actor):
        _, row = service_outcomes.read(session, actor, placement_id)
        out = OutcomeOut.of(placement_id, row)
    return with_etag(out, out.version)


@router.patch(
    "/placements/{placement_id}/outcome", response_model=OutcomeOut, tags=["placements"],
    summary="Report what became of the student", responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_outcome(
    call: InCall,
    placement_id: PlacementId,
    body: Annotated[OutcomePatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For school and host of an internship that is over. Ask the student first: `agreed_on` is the day of their yes."""
    with call.write() as (session, actor):
        seen, row = service_outcomes.for_change(session, actor, placement_id)
        expect_version(if_match, row.version if row else 0)
        row = service_outcomes.report(session, actor, seen, row, body.changes(), now=call.now())
        out = OutcomeOut.of(placement_id, row)
    return with_etag(out, out.version)


@router.delete(
    "/placements/{placement_id}/outcome", status_code=204, tags=["placements"], summary="Take the outcome back",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def remove_outcome(call: InCall, placement_id: PlacementId) -> None:
    """For the student at any time, and for school and host."""
    with call.write() as (session, actor):
        service_outcomes.take_back(session, actor, placement_id)
