"""Diaries, evaluations and the end of a placement over the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from starlette.responses import Response

from app.events.service_looks import LookKind
from app.hours import service_diary as diaries
from app.hours import service_evaluations as evaluations
from app.hours import service_experience
from app.hours.models import DiaryEntry
from app.hours.schemas_evaluations import (
    DiaryEntryIn,
    DiaryEntryList,
    DiaryEntryOut,
    DiaryEntryPatch,
    EvaluationIn,
    EvaluationOut,
    EvaluationPatch,
    EvaluationsOut,
    ExperienceOut,
    ExperiencesOut,
)
from app.hours.service_diary import Lines
from app.placements import service_showing as showing
from app.placements.schemas import PlacementOut
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

router = APIRouter(tags=["hours"])

# --- diary ------------------------------------------------------------------------------------------------------------


@router.get(
    "/placements/{placement_id}/diary", summary="List the days of a diary",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def list_diary_entries(
    call: InCall, placement_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> DiaryEntryList:
    """For the student and the school; the host reads none of it. The first day first."""
    after = decode_cursor(cursor, date)
    with call.read() as (session, actor):
        seen, found = diaries.search(
            session, actor, placement_id, after=after[0] if after else None, limit=limit + 1
        )
        items = [_shown(entry) for entry in found[:limit]]
    call.looked(actor, LookKind.PROFILE, [seen.student.id])
    last = items[-1].written_on if len(found) > limit else None
    return DiaryEntryList(items=items, next_cursor=encode_cursor(last) if last else None)


@router.post(
    "/placements/{placement_id}/diary", summary="Write a day", status_code=201,
    response_model=DiaryEntryOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_diary_entry(
    call: InCall, placement_id: UUID, body: DiaryEntryIn, idempotency_key: IdempotencyHeader = None  # noqa: ARG001
) -> Response:  # fmt: skip
    """Two lines, by the student."""
    with call.create(body) as (session, actor):
        entry = diaries.write(
            session, actor, placement_id, body.written_on, Lines(body.did, body.learnt), now=call.now()
        )
        out = _shown(entry)
        return call.created(out, location=f"/placements/{placement_id}/diary/{out.id}", version=out.version)


@router.get(
    "/placements/{placement_id}/diary/{diary_entry_id}", summary="Read a day of a diary",
    response_model=DiaryEntryOut, responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_diary_entry(call: InCall, placement_id: UUID, diary_entry_id: UUID) -> Response:
    """One day in two lines."""
    with call.read() as (session, actor):
        seen, entry = diaries.read(session, actor, placement_id, diary_entry_id)
        out = _shown(entry)
    call.looked(actor, LookKind.PROFILE, [seen.student.id])
    return with_etag(out, out.version)


@router.patch(
    "/placements/{placement_id}/diary/{diary_entry_id}", summary="Write other lines",
    response_model=DiaryEntryOut, responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_diary_entry(
    call: InCall,
    placement_id: UUID,
    diary_entry_id: UUID,
    body: Annotated[DiaryEntryPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Until the placement is completed."""
    with call.write() as (session, actor):
        _, entry = diaries.read(session, actor, placement_id, diary_entry_id)
        expect_version(if_match, entry.version)
        lines = Lines(**({"did": entry.did, "learnt": entry.learnt} | body.changes()))
        out = _shown(diaries.edit(session, actor, placement_id, diary_entry_id, lines, now=call.now()))
    return with_etag(out, out.version)


def _shown(entry: DiaryEntry) -> DiaryEntryOut:
    return DiaryEntryOut.model_validate(entry, from_attributes=True, extra="ignore")


# --- evaluations ------------------------------------------------------------------------------------------------------


@router.get(
    "/placements/{placement_id}/evaluations", summary="Read the evaluations of a placement",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_evaluations(call: InCall, placement_id: UUID) -> EvaluationsOut:
    """The school reads all; the host its own; the student the own one, and the others' once they stand."""
    with call.read() as (session, actor):
        seen, found = evaluations.search(session, actor, placement_id)
        out = EvaluationsOut(evaluations=[EvaluationOut.of(one) for one in found])
    call.looked(actor, LookKind.PROFILE, [seen.student.id])
    return out


@router.post(
    "/placements/{placement_id}/evaluations", summary="Evaluate", status_code=201,
    response_model=EvaluationOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_evaluation(
    call: InCall, placement_id: UUID, body: EvaluationIn, idempotency_key: IdempotencyHeader = None  # noqa: ARG001
) -> Response:  # fmt: skip
    """As host, student or school, each with its own criteria; in the last days of the placement and after it."""
    with call.create(body) as (session, actor):
        out = EvaluationOut.of(evaluations.give(session, actor, placement_id, body.given(), now=call.now()))
        location = f"/placements/{placement_id}/evaluations/{out.id}"
        return call.created(out, location=location, version=out.version)


@router.get(
    "/placements/{placement_id}/evaluations/{evaluation_id}", summary="Read an evaluation",
    response_model=EvaluationOut, responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_evaluation(call: InCall, placement_id: UUID, evaluation_id: UUID) -> Response:
    """What one side says."""
    with call.read() as (session, actor):
        seen, found = evaluations.read(session, actor, placement_id, evaluation_id)
        out = EvaluationOut.of(found)
    call.looked(actor, LookKind.PROFILE, [seen.student.id])
    return with_etag(out, out.version)


@router.patch(
    "/placements/{placement_id}/evaluations/{evaluation_id}", summary="Change one's evaluation",
    response_model=EvaluationOut, responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_evaluation(
    call: InCall,
    placement_id: UUID,
    evaluation_id: UUID,
    body: Annotated[EvaluationPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """One's own, until the school has confirmed it or the placement is completed."""
    with call.write() as (session, actor):
        _, present = evaluations.read(session, actor, placement_id, evaluation_id)
        expect_version(if_match, present.evaluation.version)
        given = body.onto(present)
        out = EvaluationOut.of(
            evaluations.edit(session, actor, placement_id, evaluation_id, given, now=call.now())
        )
    return with_etag(out, out.version)


@router.post(
    "/placements/{placement_id}/evaluations/{evaluation_id}/confirm", summary="Let the host's words stand",
    response_model=EvaluationOut, responses=answers(401, 403, 404, 422),
)  # fmt: skip
def confirm_evaluation(call: InCall, placement_id: UUID, evaluation_id: UUID) -> Response:
    """By the school: the skills become validated in the student's profile. A second time changes nothing."""
    with call.write() as (session, actor):
        out = EvaluationOut.of(
            evaluations.confirm(session, actor, placement_id, evaluation_id, now=call.now())
        )
    return with_etag(out, out.version)


@router.post(
    "/placements/{placement_id}/complete", summary="Complete a placement", response_model=PlacementOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def complete_placement(call: InCall, placement_id: UUID) -> Response:
    """By the school, when every day is confirmed and all three have evaluated; the answer says what is missing otherwise."""
    with call.write() as (session, actor):
        seen = evaluations.complete(session, actor, placement_id, now=call.now())
        [out] = showing.show(session, [seen])
    return with_etag(out, out.version)


@router.get("/network/experiences", summary="Read how placements went", responses=answers(401, 403))
def read_experiences(call: InCall) -> ExperiencesOut:
    """For those who coordinate a territory: averages by host and of all, of at least five students each."""
    with call.read() as (session, actor):
        found = service_experience.of_territory(session, actor)
    return ExperiencesOut(
        experiences=[ExperienceOut.of(row) for row in found.hosts],
        territory=ExperienceOut.of(found.territory) if found.territory else None,
    )
