"""Rules of law, declarations of hosts, and safety trainings over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from app.dates import Day
from app.events.service_looks import LookKind
from app.laws import service as laws
from app.laws import service_hosts as hosts
from app.laws import service_trainings as trainings
from app.laws.models import LawRule
from app.laws.schemas import (
    Code,
    HostActivityOut,
    HostSafetyOut,
    HostSafetyPatch,
    LawRuleIn,
    LawRuleList,
    LawRuleOut,
    SafetyTrainingList,
    SafetyTrainingOut,
    SafetyTrainingsIn,
    SafetyTrainingsOut,
)
from app.laws.service_hosts import Declared
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

router = APIRouter(tags=["laws"])

RuleId = Annotated[UUID, Path(description="One version of a rule.")]
CompanyId = Annotated[UUID, Path(description="The host.")]


@router.get("/law-rules", summary="List rules of law", responses=answers(403, 422))
def list_law_rules(
    call: InCall,
    on: Annotated[Day | None, Query(description="Only those that hold on this day.")] = None,
    code: Annotated[Code | None, Query(description="Only versions of this rule.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> LawRuleList:
    """Every version of every rule that placements are held against, with its source."""
    after = decode_cursor(cursor, str, int)
    with call.read() as (session, actor):
        found = laws.search(session, actor, on=on, code=code, after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    following = None if last is None else encode_cursor(last.code, last.version)
    return LawRuleList(items=[_show(one) for one in found[:limit]], next_cursor=following)


@router.post(
    "/law-rules", status_code=201, summary="Write a new version of a rule", response_model=LawRuleOut,
    responses=answers(403, 409, 422),
)  # fmt: skip
def create_law_rule(
    call: InCall,
    body: LawRuleIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For administrators. Nothing is overwritten: it holds for placements that begin on its first day or later."""
    with call.create(body) as (session, actor):
        made = laws.create(session, actor, body.columns(), now=call.now())
        return call.created(_show(made), location=f"/law-rules/{made.id}")


@router.get("/law-rules/{rule_id}", summary="Read a rule of law", responses=answers(403, 404, 422))
def read_law_rule(call: InCall, rule_id: RuleId) -> LawRuleOut:
    """One version of it, as a finding cites it."""
    with call.read() as (session, actor):
        return _show(laws.read(session, actor, rule_id))


@router.get(
    "/companies/{company_id}/safety", summary="Read what a host declares of its safety",
    response_model=HostSafetyOut, responses=answers(403, 404, 422),
)  # fmt: skip
def read_company_safety(call: InCall, company_id: CompanyId) -> Response:
    """Its risk assessment, the activities with those that no student does, and its place in the national register."""
    with call.read() as (session, actor):
        return _declared(hosts.read(session, actor, company_id))


@router.patch(
    "/companies/{company_id}/safety", summary="Declare safety", response_model=HostSafetyOut,
    responses=answers(400, 403, 404, 412, 415, 422, 428),
)  # fmt: skip
def edit_company_safety(
    call: InCall,
    company_id: CompanyId,
    body: Annotated[HostSafetyPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For the host. Placements that name an activity are held against what is declared of it from now on."""
    with call.write() as (session, actor):
        expect_version(if_match, hosts.read(session, actor, company_id).version)
        return _declared(hosts.edit(session, actor, company_id, body.changes(), now=call.now()))


@router.get(
    "/students/{student_id}/safety-trainings", summary="List a student's safety trainings",
    responses=answers(404, 422),
)  # fmt: skip
def list_safety_trainings(
    call: InCall, student_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> SafetyTrainingList:
    """For the student and the staff."""
    [offset] = decode_cursor(cursor, int) or (0,)
    first = max(0, offset)
    with call.read() as (session, actor):
        found = trainings.search(session, actor, student_id)[first:]
    call.looked(actor, LookKind.PROFILE, [student_id])
    following = encode_cursor(first + limit) if len(found) > limit else None
    items = [SafetyTrainingOut.model_validate(one) for one in found[:limit]]
    return SafetyTrainingList(items=items, next_cursor=following)


@router.post(
    "/safety-trainings", status_code=201, summary="Write down a safety training",
    response_model=SafetyTrainingsOut, responses=answers(403, 409, 422),
)  # fmt: skip
def create_safety_trainings(
    call: InCall,
    body: SafetyTrainingsIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the school's staff: of one student, or of a whole class at once."""
    with call.create(body) as (session, actor):
        values = body.model_dump(exclude={"student_ids"})
        made = trainings.create(session, actor, body.student_ids, values, now=call.now())
        out = SafetyTrainingsOut(trainings=[SafetyTrainingOut.model_validate(one) for one in made])
        return call.created(out, location=f"/students/{body.student_ids[0]}/safety-trainings")


@router.delete(
    "/safety-trainings/{training_id}", status_code=204, summary="Take back a safety training",
    responses=answers(403, 404, 422),
)  # fmt: skip
def remove_safety_training(call: InCall, training_id: UUID) -> Response:
    """For the school's staff: what was written down by mistake."""
    with call.write() as (session, actor):
        trainings.remove(session, actor, training_id)
    return Response(status_code=204)


def _show(rule: LawRule) -> LawRuleOut:
    own = {name: getattr(rule, name) for name in LawRuleOut.model_fields if name != "rule_version"}
    return LawRuleOut.model_validate(own | {"version": rule.version, "applies_to": rule.applies_to.split()})


def _declared(declared: Declared) -> Response:
    safety = declared.safety
    names = ("assessed_on", "risk", "register_number", "registered_on", "declared_at")
    out = HostSafetyOut(
        **{name: getattr(safety, name, None) for name in names},
        company_id=declared.company_id,
        activities=[HostActivityOut.model_validate(one) for one in declared.activities],
        version=declared.version,
    )
    return with_etag(out, out.version)
