"""Rounds over the API: opening them, collecting wishes, pins. Runs and results are in `runs_api`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from app import errors
from app.events.service_looks import LookKind
from app.matches.asked import InEngine
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
from app.rounds import service as rounds
from app.rounds import service_board, service_pins, service_sharing, service_students, service_wishes
from app.rounds.models import RoundState
from app.rounds.rules import Action
from app.rounds.schemas import (
    ClassWishes,
    InvitedOut,
    LateWishesIn,
    PinIn,
    PinList,
    PinOut,
    RemindersOut,
    RoundIn,
    RoundList,
    RoundOut,
    RoundPatch,
    RoundProgress,
    RoundSchoolIn,
    RoundSchoolList,
    RoundSchoolOut,
    StudentRoundList,
    StudentRoundOut,
    WisherOut,
)

router = APIRouter(tags=["rounds"])

RoundId = Annotated[UUID, Path(description="The round.")]


@router.get("/rounds", summary="List rounds", responses=answers(401, 403, 422))
def list_rounds(
    call: InCall,
    state: Annotated[RoundState | None, Query(description="Only these.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> RoundList:
    """Those of your school, and the shared ones of your territory; the latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = rounds.search(session, actor, state=state, limit=limit + 1, after=after)
        items = [RoundOut.of(one, actor) for one in found[:limit]]
    last = found[limit - 1].round if len(found) > limit else None
    return RoundList(items=items, next_cursor=encode_cursor(last.created_at, last.id) if last else None)


@router.post(
    "/rounds", summary="Open a round", status_code=201, response_model=RoundOut, responses=answers(401, 403, 409, 422)
)  # fmt: skip
def create_round(
    call: InCall,
    body: RoundIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For who leads the school, teaches all of the classes, or, of a shared round, coordinates the territory."""
    with call.create(body) as (session, actor):
        seen = rounds.create(session, actor, body.model_dump(), now=call.now())
        out = RoundOut.of(seen, actor)
        return call.created(out, location=f"/rounds/{out.id}", version=out.version)


@router.get(
    "/rounds/{round_id}", summary="Read a round", response_model=RoundOut, responses=answers(401, 403, 404, 422)
)  # fmt: skip
def read_round(call: InCall, round_id: RoundId) -> Response:
    """One round, with those of its classes that are yours."""
    with call.read() as (session, actor):
        out = RoundOut.of(rounds.find(session, actor, round_id), actor)
    return with_etag(out, out.version)


@router.patch(
    "/rounds/{round_id}", summary="Change a round", response_model=RoundOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_round(
    call: InCall,
    round_id: RoundId,
    body: Annotated[RoundPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """As long as it collects."""
    with call.write() as (session, actor):
        expect_version(if_match, rounds.get_to_run(session, actor, round_id).round.version)
        seen = rounds.edit(session, actor, round_id, body.changes(), now=call.now())
        out = RoundOut.of(seen, actor)
    return with_etag(out, out.version)


@router.post(
    "/rounds/{round_id}/freeze",
    summary="Freeze a round",
    response_model=RoundOut,
    responses=answers(401, 403, 404, 409, 422),
)
def freeze_round(call: InCall, round_id: RoundId) -> Response:
    """End collecting now: the round takes its copy of every list of wishes."""
    return _moved(call, round_id, Action.FREEZE)


@router.post(
    "/rounds/{round_id}/reopen",
    summary="Reopen a round",
    response_model=RoundOut,
    responses=answers(401, 403, 404, 409, 422),
)
def reopen_round(call: InCall, round_id: RoundId) -> Response:
    """Collect again, as long as nothing is published."""
    return _moved(call, round_id, Action.REOPEN)


@router.post(
    "/rounds/{round_id}/cancel",
    summary="Cancel a round",
    response_model=RoundOut,
    responses=answers(401, 403, 404, 409, 422),
)
def cancel_round(call: InCall, round_id: RoundId) -> Response:
    """Nothing comes of it; a second call changes nothing."""
    return _moved(call, round_id, Action.CANCEL)


def _moved(call: InCall, round_id: UUID, action: Action) -> Response:
    with call.write() as (session, actor):
        out = RoundOut.of(rounds.move(session, actor, round_id, action, now=call.now()), actor)
    return with_etag(out, out.version)


# --- shared rounds ----------------------------------------------------------------------------------------------------


@router.post(
    "/rounds/{round_id}/schools", summary="Join a shared round", status_code=201, response_model=RoundOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_round_school(
    call: InCall,
    round_id: RoundId,
    body: RoundSchoolIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Each lead for the own school. No school sees another's students; counts go across."""
    with call.create(body) as (session, actor):
        seen = service_sharing.join(session, actor, round_id, body.school_id, body.class_ids, now=call.now())
        out = RoundOut.of(seen, actor)
        return call.created(out, location=f"/rounds/{round_id}", version=out.version)


@router.get(
    "/rounds/{round_id}/schools", summary="List the schools of a shared round", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def list_round_schools(
    call: InCall, round_id: RoundId, limit: Limit = 100, cursor: Cursor = None
) -> RoundSchoolList:
    """Those that take part, and those of the territory that may; for who coordinates it."""
    [offset] = decode_cursor(cursor, int) or (0,)
    first = max(0, offset)
    with call.read() as (session, actor):
        found = service_sharing.schools_of(session, actor, round_id)[first:]
    following = encode_cursor(first + limit) if len(found) > limit else None
    items = [RoundSchoolOut.model_validate(one) for one in found[:limit]]
    return RoundSchoolList(items=items, next_cursor=following)


@router.post(
    "/rounds/{round_id}/invite", summary="Invite schools", response_model=InvitedOut, responses=answers(401, 403, 404, 409, 422)
)  # fmt: skip
def invite_round(call: InCall, round_id: RoundId) -> Response:
    """Who leads a school of the territory that has not joined, each once a day."""
    with call.write() as (session, actor):
        out = InvitedOut(invited=service_sharing.invite(session, actor, round_id, now=call.now()))
        version = rounds.find(session, actor, round_id).round.version
    return with_etag(out, version)


@router.delete(
    "/rounds/{round_id}/schools/{school_id}", status_code=204, summary="Leave a shared round",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def remove_round_school(call: InCall, round_id: RoundId, school_id: UUID) -> Response:
    """As long as it collects."""
    with call.write() as (session, actor):
        service_sharing.leave(session, actor, round_id, school_id)
    return Response(status_code=204)


# --- wishes -----------------------------------------------------------------------------------------------------------


@router.get(
    "/rounds/{round_id}/progress", summary="Read how many have wished", responses=answers(401, 403, 404, 422)
)
def read_round_progress(call: InCall, round_id: RoundId) -> RoundProgress:
    """Your classes one by one, and all together."""
    with call.read() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        own = frozenset(one.class_id for one in seen.own(actor))
        return RoundProgress.of(service_wishes.progress(session, seen.round), own)


@router.get(
    "/rounds/{round_id}/classes/{class_id}/wishes", summary="Read the wishes of a class in a round",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_round_wishes(call: InCall, round_id: RoundId, class_id: UUID) -> ClassWishes:
    """Who wishes for what, and who for nothing yet; for the staff of the class."""
    with call.read() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        if class_id not in {one.class_id for one in seen.own(actor)}:
            raise service_board.NotOnBoard
        found = service_wishes.of_class(session, seen.round, class_id)
    call.looked(actor, LookKind.PROFILE, [one.student_id for one in found])
    return ClassWishes(class_id=class_id, students=[WisherOut.of(one) for one in found])


@router.post(
    "/rounds/{round_id}/remind", summary="Remind who has no wish yet", response_model=RemindersOut, responses=answers(401, 403, 404, 409, 422)
)  # fmt: skip
def remind_round(call: InCall, round_id: RoundId) -> Response:
    """Students of your classes, each once a day."""
    with call.write() as (session, actor):
        seen = rounds.find(session, actor, round_id, scope="placements:write")
        rounds.require_state(seen.round, {RoundState.COLLECTING})
        own = [one.class_id for one in seen.own(actor)]
        if not own:
            raise errors.NotAllowed("Students are reminded by their own school.")
        out = RemindersOut(reminded=service_wishes.remind(session, seen, own, now=call.now()))
        version = seen.round.version
    return with_etag(out, version)


@router.post(
    "/rounds/{round_id}/late-wishes", summary="Copy lists of wishes once more", response_model=RoundOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def collect_late_wishes(call: InCall, round_id: RoundId, body: LateWishesIn) -> Response:
    """Of students who were late; the next run sees them."""
    with call.write() as (session, actor):
        service_students.collect_late(session, actor, round_id, body.student_ids)
        out = RoundOut.of(rounds.find(session, actor, round_id), actor)
    return with_etag(out, out.version)


@router.get(
    "/students/{student_id}/rounds", summary="List the rounds of a student", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def list_student_rounds(
    call: InCall, student_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> StudentRoundList:
    """Until when the list of wishes counts for what."""
    [offset] = decode_cursor(cursor, int) or (0,)
    first = max(0, offset)
    with call.read() as (session, actor):
        found = service_students.search(session, actor, student_id)[first:]
    following = encode_cursor(first + limit) if len(found) > limit else None
    items = [StudentRoundOut.of(one) for one in found[:limit]]
    return StudentRoundList(items=items, next_cursor=following)


# --- pins -------------------------------------------------------------------------------------------------------------


@router.get("/rounds/{round_id}/pins", summary="List pins and bans", responses=answers(401, 403, 404, 422))
def list_round_pins(call: InCall, round_id: RoundId, limit: Limit = 100, cursor: Cursor = None) -> PinList:
    """Those of your students."""
    [offset] = decode_cursor(cursor, int) or (0,)
    first = max(0, offset)
    with call.read() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        found = service_pins.search(session, seen, [one.class_id for one in seen.own(actor)])[first:]
    call.looked(actor, LookKind.PROFILE, [one.pin.student_id for one in found[:limit]])
    following = encode_cursor(first + limit) if len(found) > limit else None
    return PinList(items=[PinOut.of(one) for one in found[:limit]], next_cursor=following)


@router.post(
    "/rounds/{round_id}/pins", summary="Pin or ban", status_code=201, response_model=PinOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_round_pin(
    call: InCall,
    engine: InEngine,
    round_id: RoundId,
    body: PinIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """A pin goes before everything but rules; it replaces the student's earlier one."""
    with call.create(body) as (session, actor):
        made = service_pins.make(session, actor, engine, round_id, **body.model_dump(), now=call.now())
        seen = rounds.find(session, actor, round_id)
        found = service_pins.search(session, seen, [one.class_id for one in seen.own(actor)])
        out = PinOut.of(next(one for one in found if one.pin.id == made.id))
        return call.created(out, location=f"/rounds/{round_id}/pins/{out.id}")


@router.delete(
    "/rounds/{round_id}/pins/{pin_id}", status_code=204, summary="Take a pin or a ban back",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def remove_round_pin(call: InCall, round_id: RoundId, pin_id: UUID) -> Response:
    """The next run knows nothing of it."""
    with call.write() as (session, actor):
        service_pins.remove(session, actor, round_id, pin_id)
    return Response(status_code=204)
