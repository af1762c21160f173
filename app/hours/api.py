"""Hours, the code of the day, credits and ledgers over the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from starlette.responses import Response

from app.events.service_looks import LookKind
from app.hours import service as hours
from app.hours import service_attendance as attendance
from app.hours import service_credits as credit_book
from app.hours import service_ledger as ledgers
from app.hours.schemas import (
    AttendanceCodeOut,
    AttendanceIn,
    ClassLedgerOut,
    HourConfirmationsIn,
    HourCreditList,
    HourCreditOut,
    HourCreditsIn,
    HourEntryIn,
    HourEntryList,
    HourEntryOut,
    HourEntryPatch,
    StudentLedger,
)
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
from app.settings import Settings

router = APIRouter(tags=["hours"])


def _settings(call: InCall) -> Settings:
    found: Settings = call.request.app.state.settings
    return found


# --- days of a placement ----------------------------------------------------------------------------------------------


@router.get(
    "/placements/{placement_id}/hours", summary="List the days of a placement",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def list_hour_entries(
    call: InCall, placement_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> HourEntryList:
    """Those of which student, host or school has said something. The first first."""
    after = decode_cursor(cursor, date)
    with call.read() as (session, actor):
        seen, found = hours.search(
            session, actor, placement_id, after=after[0] if after else None, limit=limit + 1
        )
    call.looked(actor, LookKind.PROFILE, [seen.student.id])
    items = [HourEntryOut.of(entry) for entry in found[:limit]]
    last = items[-1].worked_on if len(found) > limit else None
    return HourEntryList(items=items, next_cursor=encode_cursor(last) if last else None)


@router.post(
    "/placements/{placement_id}/hours", summary="Note a day", status_code=201, response_model=HourEntryOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_hour_entry(
    call: InCall, placement_id: UUID, body: HourEntryIn, idempotency_key: IdempotencyHeader = None  # noqa: ARG001
) -> Response:  # fmt: skip
    """The student's word waits for the host's; the host's stands unless the student says otherwise; the school settles."""
    with call.create(body) as (session, actor):
        entry = hours.note(session, actor, placement_id, body.worked_on, body.minutes, now=call.now())
        out = HourEntryOut.of(entry)
        return call.created(out, location=f"/placements/{placement_id}/hours/{out.id}", version=out.version)


@router.get(
    "/placements/{placement_id}/hours/{hour_entry_id}", summary="Read a day", response_model=HourEntryOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_hour_entry(call: InCall, placement_id: UUID, hour_entry_id: UUID) -> Response:
    """One day of a placement, in three voices."""
    with call.read() as (session, actor):
        seen, entry = hours.read(session, actor, placement_id, hour_entry_id)
        out = HourEntryOut.of(entry)
    call.looked(actor, LookKind.PROFILE, [seen.student.id])
    return with_etag(out, out.version)


@router.patch(
    "/placements/{placement_id}/hours/{hour_entry_id}", summary="Say something else of a day",
    response_model=HourEntryOut, responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_hour_entry(
    call: InCall,
    placement_id: UUID,
    hour_entry_id: UUID,
    body: Annotated[HourEntryPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Your own word only. A day on which student and host agree is confirmed."""
    with call.write() as (session, actor):
        entry = hours.read(session, actor, placement_id, hour_entry_id)[1]
        expect_version(if_match, entry.version)
        if "minutes" in body.changes() and body.minutes is not None:
            entry = hours.edit(session, actor, placement_id, hour_entry_id, body.minutes, now=call.now())
        out = HourEntryOut.of(entry)
    return with_etag(out, out.version)


@router.post(
    "/hour-confirmations", summary="Confirm days of several students", status_code=201,
    response_model=HourEntryList, responses=answers(401, 403, 409, 422),
)  # fmt: skip
def create_hour_confirmations(
    call: InCall, body: HourConfirmationsIn, idempotency_key: IdempotencyHeader = None  # noqa: ARG001
) -> Response:  # fmt: skip
    """A week at once, for the host; or for the school, whose word settles. All days or none; a repetition is harmless."""
    with call.create(body) as (session, actor):
        found = hours.say_many(session, actor, [one.said() for one in body.items], now=call.now())
        out = HourEntryList(items=[HourEntryOut.of(entry) for entry in found])
        return call.created(out, location="/hour-confirmations")


# --- the code of the day ----------------------------------------------------------------------------------------------


@router.get(
    "/companies/{company_id}/attendance-code", summary="Read the code of the moment",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_attendance_code(call: InCall, company_id: UUID) -> AttendanceCodeOut:
    """What the host shows to students who come and go: for ten minutes, and nowhere stored."""
    with call.read() as (session, actor):
        code = attendance.show(session, actor, company_id, _settings(call).secret_key, now=call.now())
    return AttendanceCodeOut(code=code.text, ends_at=code.ends_at)


@router.post(
    "/placements/{placement_id}/attendances", summary="Come or go", status_code=201,
    response_model=HourEntryOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_attendance(
    call: InCall, placement_id: UUID, body: AttendanceIn, idempotency_key: IdempotencyHeader = None  # noqa: ARG001
) -> Response:  # fmt: skip
    """With the code that the host shows. The first arrival and the last leaving stand; the host still confirms the day."""
    secret = _settings(call).secret_key
    with call.create(body) as (session, actor):
        entry = attendance.attend(session, actor, placement_id, body.what, body.code, secret, now=call.now())
        out = HourEntryOut.of(entry)
        return call.created(out, location=f"/placements/{placement_id}/hours/{out.id}", version=out.version)


# --- ledgers and credits ----------------------------------------------------------------------------------------------


@router.get(
    "/students/{student_id}/ledger", summary="Read a student's hours", responses=answers(401, 403, 404, 422)
)
def read_student_ledger(call: InCall, student_id: UUID) -> StudentLedger:
    """Every placement and credit, what counts towards the diploma, and what is owed, now and if all goes as planned."""
    with call.read() as (session, actor):
        ledger = ledgers.of_student(session, actor, student_id, today=call.now().date())
    call.looked(actor, LookKind.PROFILE, [student_id])
    return StudentLedger.of(ledger)


@router.get(
    "/classes/{class_id}/ledger", summary="Read the hours of a class", responses=answers(401, 403, 404, 422)
)
def read_class_ledger(call: InCall, class_id: UUID) -> ClassLedgerOut:
    """A sum for each student, and an alarm where a last year lacks much."""
    today = call.now().date()
    ends_on = ledgers.lessons_end(today, _settings(call).lessons_end_on)
    with call.read() as (session, actor):
        found = ledgers.of_class(session, actor, class_id, today=today, ends_on=ends_on)
    call.looked(actor, LookKind.PROFILE, [one.student.id for one in found.ledgers])
    return ClassLedgerOut.of(found)


@router.post(
    "/classes/{class_id}/hour-credits", summary="Credit hours", status_code=201,
    response_model=HourCreditList, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_hour_credits(
    call: InCall, class_id: UUID, body: HourCreditsIn, idempotency_key: IdempotencyHeader = None  # noqa: ARG001
) -> Response:  # fmt: skip
    """The school's decision what an activity is worth. Who has the same one already keeps it, and is not among the answers."""
    with call.create(body) as (session, actor):
        made = credit_book.credit(
            session, actor, class_id, body.student_ids, kind=body.kind, title=body.title, held_on=body.held_on,
            worth=body.hours, now=call.now(),
        )  # fmt: skip
        out = HourCreditList(items=[HourCreditOut.of(one) for one in made])
        return call.created(out, location=f"/classes/{class_id}/ledger")


@router.get(
    "/students/{student_id}/hour-credits/{hour_credit_id}", summary="Read a credit",
    response_model=HourCreditOut, responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_hour_credit(call: InCall, student_id: UUID, hour_credit_id: UUID) -> Response:
    """What was credited for which activity."""
    with call.read() as (session, actor):
        out = HourCreditOut.of(credit_book.read(session, actor, student_id, hour_credit_id))
    call.looked(actor, LookKind.PROFILE, [student_id])
    return with_etag(out, out.version)


@router.delete(
    "/students/{student_id}/hour-credits/{hour_credit_id}", summary="Take a credit back", status_code=204,
    responses=answers(401, 403, 404, 412, 422, 428),
)  # fmt: skip
def remove_hour_credit(
    call: InCall, student_id: UUID, hour_credit_id: UUID, if_match: IfMatch = None
) -> Response:
    """The hours count no longer; the log keeps that they did."""
    with call.write() as (session, actor):
        expect_version(if_match, credit_book.read(session, actor, student_id, hour_credit_id).version)
        credit_book.remove(session, actor, student_id, hour_credit_id)
    return Response(status_code=204)
