"""Sessions of visits, their quotas and bookings over the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from app import errors
from app.auth.actors import Actor
from app.bookings import (
    service,
    service_moves,
    service_quotas,
    service_reading,
    service_sessions,
    service_split,
    service_turns,
)
from app.bookings.models import BookingState
from app.bookings.rules import Limits, Side
from app.bookings.schemas import (
    BookingIn,
    BookingList,
    BookingMoveIn,
    BookingOut,
    QuotaIn,
    QuotaList,
    QuotaOut,
    SplitBookingIn,
    SplitBookingOut,
    VisitSessionIn,
    VisitSessionList,
    VisitSessionOut,
    VisitSessionPatch,
)
from app.bookings.service_reading import Seen
from app.events.service_looks import LookKind
from app.rest import (
    MERGE_PATCH,
    Call,
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

router = APIRouter(tags=["bookings"])

OpportunityId = Annotated[UUID, Path(description="The visit.")]
VisitSessionId = Annotated[UUID, Path(description="The session.")]
BookingId = Annotated[UUID, Path(description="The booking.")]


class UnfitBooking(errors.Invalid):
    """Neither a student nor a class, or both; `faults` names the field."""

    title = "Say who is to come"


def _limits(call: Call) -> Limits:
    return Limits.of(call.request.app.state.settings)


def _looked(call: Call, actor: Actor, seen: Sequence[Seen]) -> None:
    """Note which students somebody has been shown; students look at themselves as much as they like."""
    shown = {one for each in seen if each.side in (Side.SCHOOL, Side.SERVICE) for one in each.students}
    call.looked(actor, LookKind.PROFILE, sorted(shown))


# --- sessions ---------------------------------------------------------------------------------------------------------


@router.get(
    "/opportunities/{opportunity_id}/sessions", summary="List the sessions of a visit", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def list_visit_sessions(
    call: InCall, opportunity_id: OpportunityId, limit: Limit = 50, cursor: Cursor = None
) -> VisitSessionList:
    """For whoever sees the visit: when, where, and how many seats are free."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service_sessions.search(session, actor, opportunity_id, after=after, limit=limit + 1)
        is_host = service_sessions.is_host(session, actor, opportunity_id)
    last = found[limit - 1] if len(found) > limit else None
    return VisitSessionList(
        items=[VisitSessionOut.of(one, is_host=is_host) for one in found[:limit]],
        next_cursor=encode_cursor(last.starts_at, last.id) if last else None,
    )


@router.post(
    "/opportunities/{opportunity_id}/sessions", status_code=201, summary="Plan a session",
    response_model=VisitSessionOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_visit_session(
    call: InCall,
    opportunity_id: OpportunityId,
    body: VisitSessionIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For whoever changes the visit, which from now on has the dates and seats of its sessions."""
    with call.create(body) as (session, actor):
        visit = service_sessions.create(session, actor, opportunity_id, body.model_dump(), now=call.now())
        out = VisitSessionOut.of(visit, is_host=True)
        return call.created(
            out, location=f"/opportunities/{opportunity_id}/sessions/{visit.id}", version=visit.version
        )


@router.get(
    "/opportunities/{opportunity_id}/sessions/{visit_session_id}", summary="Read a session", response_model=VisitSessionOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_visit_session(
    call: InCall, opportunity_id: OpportunityId, visit_session_id: VisitSessionId
) -> Response:
    """For whoever sees the visit."""
    with call.read() as (session, actor):
        visit = service_sessions.read_of(session, actor, opportunity_id, visit_session_id)
        is_host = service_sessions.is_host(session, actor, opportunity_id)
    return with_etag(VisitSessionOut.of(visit, is_host=is_host), visit.version)


@router.patch(
    "/opportunities/{opportunity_id}/sessions/{visit_session_id}", summary="Change a session", response_model=VisitSessionOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_visit_session(
    call: InCall,
    opportunity_id: OpportunityId,
    visit_session_id: VisitSessionId,
    body: Annotated[VisitSessionPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Before it begins. Who has booked is told when it moves; new seats go to those who wait."""
    with call.write() as (session, actor):
        visit, opportunity = service_sessions.get_for_change(session, actor, opportunity_id, visit_session_id)
        expect_version(if_match, visit.version)
        service_turns.edit(
            session, actor, visit, opportunity, body.changes(), now=call.now(), limits=_limits(call)
        )
        return with_etag(VisitSessionOut.of(visit, is_host=True), visit.version)


@router.post(
    "/opportunities/{opportunity_id}/sessions/{visit_session_id}/cancel", summary="Cancel a session", response_model=VisitSessionOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def cancel_visit_session(
    call: InCall, opportunity_id: OpportunityId, visit_session_id: VisitSessionId
) -> Response:
    """Before it begins, and before anybody is checked in; all its bookings end, and everybody is told. Again changes nothing."""
    with call.write() as (session, actor):
        visit, opportunity = service_sessions.get_for_change(session, actor, opportunity_id, visit_session_id)
        service_turns.cancel(session, actor, visit, opportunity, now=call.now())
        return with_etag(VisitSessionOut.of(visit, is_host=True), visit.version)


# --- quotas -----------------------------------------------------------------------------------------------------------


@router.get(
    "/opportunities/{opportunity_id}/quotas", summary="List the quotas of a visit", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def list_quotas(
    call: InCall, opportunity_id: OpportunityId, limit: Limit = 50, cursor: Cursor = None
) -> QuotaList:
    """For whoever sees the visit: why a free seat may not be free for everybody."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service_quotas.search(session, actor, opportunity_id, after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return QuotaList(
        items=[QuotaOut.of(one) for one in found[:limit]],
        next_cursor=encode_cursor(last.created_at, last.id) if last else None,
    )


@router.post(
    "/opportunities/{opportunity_id}/quotas", status_code=201, summary="Add a quota", response_model=QuotaOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_quota(
    call: InCall,
    opportunity_id: OpportunityId,
    body: QuotaIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For whoever changes the visit. Quotas overlap: a booking counts in each that it falls under."""
    with call.create(body) as (session, actor):
        quota = service_quotas.create(session, actor, opportunity_id, body.model_dump(), now=call.now())
        return call.created(QuotaOut.of(quota), location=f"/opportunities/{opportunity_id}/quotas")


@router.delete(
    "/opportunities/{opportunity_id}/quotas/{quota_id}", status_code=204, summary="Remove a quota",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def remove_quota(
    call: InCall, opportunity_id: OpportunityId, quota_id: Annotated[UUID, Path(description="The quota.")]
) -> Response:
    """Bookings stay; who waits because of it is served. To change a quota, remove it and add another."""
    with call.write() as (session, actor):
        service_quotas.remove(session, actor, opportunity_id, quota_id, now=call.now(), limits=_limits(call))
    return Response(status_code=204)


# --- bookings ---------------------------------------------------------------------------------------------------------


@router.get(
    "/visit-sessions/{visit_session_id}/bookings", summary="List the bookings of a session",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def list_session_bookings(
    call: InCall,
    visit_session_id: VisitSessionId,
    state: Annotated[BookingState | None, Query(description="In this state.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> BookingList:
    """Those that you have to do with. The host reads school, year and size of all, and no student."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service_reading.of_session(
            session, actor, visit_session_id, state=state, after=after, limit=limit + 1, now=call.now()
        )
    _looked(call, actor, found[:limit])
    last = found[limit - 1].booking if len(found) > limit else None
    return _list(call, found[:limit], encode_cursor(last.asked_at, last.id) if last else None)


@router.post(
    "/visit-sessions/{visit_session_id}/bookings", status_code=201, summary="Book seats", response_model=BookingOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_booking(
    call: InCall,
    visit_session_id: VisitSessionId,
    body: BookingIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """By the student, or by teachers for a student or their class; what is open already stays the one booking that it is."""
    wanted = _wanted(body)
    with call.create(body) as (session, actor):
        made = service.book(session, actor, visit_session_id, wanted, now=call.now(), limits=_limits(call))
        out = BookingOut.of(service_reading.read(session, actor, made.id, now=call.now()), call.now())
        return call.created(out, location=f"/bookings/{made.id}", version=out.version)


@router.post(
    "/visit-sessions/{visit_session_id}/split-bookings", status_code=201, summary="Book a class for two sessions",
    response_model=SplitBookingOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_split_booking(
    call: InCall,
    visit_session_id: VisitSessionId,
    body: SplitBookingIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """By teachers, for their class: both halves have seats now, as even as there is room, or nothing is booked."""
    _refuse_twice(body.student_ids)
    wanted = service.Wanted(
        class_id=body.class_id, student_ids=None if body.student_ids is None else tuple(body.student_ids),
        adults=body.adults, may_wait=False, despite_test=body.despite_test,
    )  # fmt: skip
    both, now = (visit_session_id, body.second_session_id), call.now()
    with call.create(body) as (session, actor):
        made = service_split.book(session, actor, both, wanted, now=now, limits=_limits(call))
        seen = [service_reading.read(session, actor, one.id, now=now) for one in made]
        out = SplitBookingOut(bookings=[BookingOut.of(one, now) for one in seen])
        return call.created(out, location=f"/bookings/{made[0].id}")


@router.get(
    "/bookings/{booking_id}", summary="Read a booking", response_model=BookingOut, responses=answers(401, 403, 404, 422)
)  # fmt: skip
def read_booking(call: InCall, booking_id: BookingId) -> Response:
    """What you may see of it; while it waits, its place on the list and the reason."""
    with call.read() as (session, actor):
        seen = service_reading.read(session, actor, booking_id, now=call.now())
    _looked(call, actor, [seen])
    out = BookingOut.of(seen, call.now())
    return with_etag(out, out.version)


@router.post(
    "/bookings/{booking_id}/moves", status_code=201, summary="Take a step with a booking", response_model=BookingOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_booking_move(
    call: InCall,
    booking_id: BookingId,
    body: BookingMoveIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Each side its own steps; to repeat one changes nothing. Seats that come free go to whoever is next."""
    with call.create(body) as (session, actor):
        service_moves.move(
            session,
            actor,
            booking_id,
            body.action,
            version=body.version,
            now=call.now(),
            limits=_limits(call),
        )
        out = BookingOut.of(service_reading.read(session, actor, booking_id, now=call.now()), call.now())
        return call.created(out, location=f"/bookings/{booking_id}", version=out.version)


@router.get(
    "/students/{student_id}/bookings", summary="List a student's bookings", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def list_student_bookings(
    call: InCall,
    student_id: Annotated[UUID, Path(description="The student.")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> BookingList:
    """Alone and with the class, for the student and the staff."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service_reading.of_student(
            session, actor, student_id, after=after, limit=limit + 1, now=call.now()
        )
    _looked(call, actor, found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return _list(call, found[:limit], encode_cursor(last.visit.starts_at, last.booking.id) if last else None)


def _list(call: Call, found: Sequence[Seen], cursor: str | None) -> BookingList:
    return BookingList(items=[BookingOut.of(one, call.now()) for one in found], next_cursor=cursor)


def _wanted(body: BookingIn) -> service.Wanted:
    faults = []
    if (body.student_id is None) == (body.class_id is None):
        faults.append(("student_id", "say either a student or a class"))
    if body.class_id is None and body.student_ids is not None:
        faults.append(("student_ids", "only of a class"))
    if (body.class_id is None) != (body.adults is None):
        faults.append(("adults", "a class comes with adults, and nobody else does"))
    if faults:
        raise UnfitBooking(
            faults=[{"in": "body", "field": name, "detail": detail} for name, detail in faults]
        )
    _refuse_twice(body.student_ids)
    return service.Wanted(
        student_id=body.student_id,
        class_id=body.class_id,
        student_ids=None if body.student_ids is None else tuple(body.student_ids),
        adults=body.adults or 0,
        is_hold=body.is_hold,
        may_wait=body.may_wait,
        despite_test=body.despite_test,
    )


def _refuse_twice(student_ids: Sequence[UUID] | None) -> None:
    if student_ids is not None and len(set(student_ids)) < len(student_ids):
        raise UnfitBooking(
            faults=[{"in": "body", "field": "student_ids", "detail": "somebody stands there twice"}]
        )
