"""Applications over the API: made by students, moved by all three sides; and how much a company is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from app.applications import service, service_contacts, service_moves, service_reading
from app.applications.models import ApplicationState
from app.applications.rules import Caps
from app.applications.schemas import (
    ApplicationIn,
    ApplicationList,
    ApplicationMovesIn,
    ApplicationOut,
    ContactLimitOut,
    ContactLimitPatch,
)
from app.applications.service_reading import Seen
from app.auth.actors import Actor
from app.events.service_looks import LookKind
from app.matches.asked import InEngine
from app.placements.models import Party
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

router = APIRouter(tags=["applications"])

ApplicationId = Annotated[UUID, Path(description="The application.")]


def _caps(call: Call) -> Caps:
    return Caps.of(call.request.app.state.settings)


def _looked(call: Call, actor: Actor, seen: list[Seen]) -> None:
    """Note which students a company, or a school, has been shown; students look at themselves as much as they like."""
    with call.looking_at_many():
        for one in seen:
            if one.party is not Party.STUDENT:
                kind = LookKind.CANDIDATE if one.party is Party.COMPANY else LookKind.PROFILE
                application = one.application
                call.looked(
                    actor, LookKind.NAME if kind is LookKind.CANDIDATE and one.sees_name else kind,
                    [application.student_id], about_id=application.opportunity_id, company_id=application.company_id,
                )  # fmt: skip


@router.get("/applications", summary="List applications", responses=answers(401, 403, 422))
def list_applications(
    call: InCall,
    engine: InEngine,
    student_id: Annotated[UUID | None, Query(description="Of this student.")] = None,
    class_id: Annotated[UUID | None, Query(description="Of this class.")] = None,
    opportunity_id: Annotated[UUID | None, Query(description="For this opportunity.")] = None,
    company_id: Annotated[UUID | None, Query(description="To this company.")] = None,
    state: Annotated[ApplicationState | None, Query(description="In this state.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> ApplicationList:
    """Those that you have to do with, the latest first. A company sees pseudonyms, and nothing of what waits for room."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service_reading.search(
            session, actor, student_id=student_id, class_id=class_id, opportunity_id=opportunity_id,
            company_id=company_id, states=[state] if state else (), after=after, limit=limit + 1,
        )  # fmt: skip
    last = found[limit - 1].application if len(found) > limit else None
    _looked(call, actor, found[:limit])
    return ApplicationList(
        items=[ApplicationOut.of(one, engine) for one in found[:limit]],
        next_cursor=encode_cursor(last.created_at, last.id) if last else None,
    )


@router.post(
    "/students/{student_id}/applications", status_code=201, summary="Apply", response_model=ApplicationOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_student_application(
    call: InCall,
    engine: InEngine,
    student_id: UUID,
    body: ApplicationIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Apply in person; what is open already stays the one application that it is."""
    with call.create(body) as (session, actor):
        made = service.apply(
            session, actor, student_id, body.opportunity_id, starts_on=body.starts_on, ends_on=body.ends_on,
            now=call.now(), caps=_caps(call),
        )  # fmt: skip
        out = ApplicationOut.of(service_reading.read(session, actor, made.id), engine)
        return call.created(out, location=f"/applications/{made.id}", version=out.version)


@router.get(
    "/applications/{application_id}", summary="Read an application", response_model=ApplicationOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_application(call: InCall, engine: InEngine, application_id: ApplicationId) -> Response:
    """What you may see of it."""
    with call.read() as (session, actor):
        seen = service_reading.read(session, actor, application_id)
    _looked(call, actor, [seen])
    out = ApplicationOut.of(seen, engine)
    return with_etag(out, out.version)


@router.post(
    "/application-moves", status_code=201, summary="Take a step with applications", response_model=ApplicationList,
    responses=answers(401, 403, 409, 422),
)  # fmt: skip
def create_application_moves(
    call: InCall,
    engine: InEngine,
    body: ApplicationMovesIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """One step with several, all or none; to repeat it changes nothing. With the third yes the placement is made."""
    wanted = [service_moves.Wanted(one.application_id, one.version) for one in body.items]
    with call.create(body) as (session, actor):
        moved = service_moves.move(
            session, actor, body.action, wanted, reason=body.reason, now=call.now(), caps=_caps(call)
        )
        items = [ApplicationOut.of(one, engine) for one in moved]
        return call.created(ApplicationList(items=items), location="/applications")


@router.get(
    "/companies/{company_id}/contact-limit", summary="Read how much a company is sent",
    response_model=ContactLimitOut, responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_contact_limit(call: InCall, company_id: UUID) -> Response:
    """For the company, and for whoever oversees it."""
    with call.read() as (session, actor):
        most = _caps(call).contacts_per_month
        room = service_contacts.read(session, actor, company_id, most=most, now=call.now())
    return with_etag(ContactLimitOut.of(room), room.version)


@router.patch(
    "/companies/{company_id}/contact-limit", summary="Say how much a company wants",
    response_model=ContactLimitOut, responses=answers(400, 401, 403, 404, 412, 415, 422, 428),
)  # fmt: skip
def edit_contact_limit(
    call: InCall,
    company_id: UUID,
    body: Annotated[ContactLimitPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Fewer in a month, or none until a day. What waits comes as soon as there is room."""
    most = _caps(call).contacts_per_month
    with call.write() as (session, actor):
        room = service_contacts.for_change(session, actor, company_id, most=most, now=call.now())
        expect_version(if_match, room.version)
        room = service_contacts.edit(session, actor, company_id, body.changes(), most=most, now=call.now())
    return with_etag(ContactLimitOut.of(room), room.version)
