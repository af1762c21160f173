"""Runs of a round over the API: computing, reviewing, trying, publishing; and a company's order of its candidates."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth.actors import Actor
from app.events.service_looks import LookKind
from app.jobs import service as jobs
from app.jobs.rules import JobKind
from app.matches import service as matches
from app.matches.asked import InEngine
from app.rest import (
    Cursor,
    IdempotencyHeader,
    InCall,
    Limit,
    answers,
    decode_cursor,
    encode_cursor,
    with_etag,
)
from app.rounds import (
    rules,
    service_board,
    service_kept,
    service_loads,
    service_orders,
    service_publishing,
    service_reasons,
    service_runs,
)
from app.rounds import service as rounds
from app.rounds import service_trying as trying
from app.rounds.models import RoundRun
from app.rounds.schemas import CandidateOrderIn, CandidateOrderOut, ChoiceIn, PublicationIn, RoundOut, RunIn
from app.rounds.schemas_runs import (
    Publication,
    PublishedOut,
    RoundBoard,
    RoundRunList,
    RoundRunOut,
    RoundTutors,
    RunReplay,
    RunStarted,
    StudentResult,
    TrialIn,
    TrialOut,
)

router = APIRouter(tags=["rounds"])

RoundId = Annotated[UUID, Path(description="The round.")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The run.")]
ChosenNumber = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="Another run than the chosen one.")
]


@router.post(
    "/rounds/{round_id}/runs", summary="Run a round", status_code=201, response_model=RunStarted,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_round_run(
    call: InCall,
    engine: InEngine,
    round_id: RoundId,
    body: RunIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Give out the seats; nothing is published. More than 500 students are computed by a job.

    Where nothing has changed since the chosen run, that one is the answer.
    """
    with call.write() as (session, actor):
        order, students = service_runs.ask(
            session, actor, round_id, mode=body.mode, is_near=body.is_near, seed=body.seed
        )
    if students > rules.INLINE:
        with call.create(body) as (session, actor):
            job = jobs.start(session, actor, JobKind.ROUND_RUN, order.arguments(), now=call.now())
            return call.created(RunStarted(run=None, job_id=job.id), location=f"/jobs/{job.id}")
    number = service_runs.run(call.database, engine, actor, order, clock=call.now)
    with call.create(body) as (session, actor):
        out = RunStarted(run=_shown(session, actor, round_id, number), job_id=None)
        return call.created(out, location=f"/rounds/{round_id}/runs/{number}")


@router.get(
    "/rounds/{round_id}/runs", summary="List the runs of a round", responses=answers(401, 403, 404, 422)
)
def list_round_runs(
    call: InCall, round_id: RoundId, limit: Limit = 20, cursor: Cursor = None
) -> RoundRunList:
    """The latest first."""
    [before] = decode_cursor(cursor, int) or (None,)
    with call.read() as (session, actor):
        seen = rounds.find(session, actor, round_id)
        found = service_kept.search(session, round_id, limit=limit + 1, before=before)
        own = [one.class_id for one in seen.own(actor)]
        items = [RoundRunOut.of(one, service_board.tallies(session, one, own)) for one in found[:limit]]
    following = encode_cursor(found[limit - 1].number) if len(found) > limit else None
    return RoundRunList(items=items, next_cursor=following)


@router.get(
    "/rounds/{round_id}/runs/{run_number}", summary="Read a run", responses=answers(401, 403, 404, 422)
)
def read_round_run(call: InCall, round_id: RoundId, run_number: Number) -> RoundRunOut:
    """How it was made, how sound, stable and fair it is, and your classes in numbers."""
    with call.read() as (session, actor):
        return _shown(session, actor, round_id, run_number)


def _shown(session: Session, actor: Actor, round_id: UUID, number: int) -> RoundRunOut:
    seen = rounds.find(session, actor, round_id)
    found: RoundRun = service_kept.read(session, round_id, number)
    own = [one.class_id for one in seen.own(actor)]
    return RoundRunOut.of(found, service_board.tallies(session, found, own))


@router.get(
    "/rounds/{round_id}/runs/{run_number}/replay", summary="Do a run again",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_round_replay(call: InCall, round_id: RoundId, run_number: Number) -> RunReplay:
    """Out of what was kept: whether it gives the same. Nothing is stored."""
    with call.read() as (session, actor):
        rounds.find(session, actor, round_id)
        kept = service_kept.load(session, round_id, run_number, is_for_replay=True)
    is_reproduced, elsewhere = service_kept.replay(kept)
    return RunReplay(is_reproduced=is_reproduced, elsewhere=elsewhere)


@router.post(
    "/rounds/{round_id}/choose",
    summary="Choose a run",
    response_model=RoundOut,
    responses=answers(401, 403, 404, 409, 422),
)
def choose_round_run(call: InCall, round_id: RoundId, body: ChoiceIn) -> Response:
    """The one that is to be published; a new run is chosen by itself."""
    with call.write() as (session, actor):
        service_kept.choose(session, actor, round_id, body.run_number, now=call.now())
        out = RoundOut.of(rounds.find(session, actor, round_id), actor)
    return with_etag(out, out.version)


@router.get(
    "/rounds/{round_id}/classes/{class_id}/board", summary="Read the board of a class in a round",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_round_board(
    call: InCall, round_id: RoundId, class_id: UUID, run_number: ChosenNumber = None
) -> RoundBoard:
    """Who is placed where and why, by name; for the staff of the class."""
    with call.read() as (session, actor):
        board = service_board.read(session, actor, round_id, class_id, run_number)
        out = RoundBoard.of(board)
    call.looked(actor, LookKind.PROFILE, [line.student_id for line in board.lines])
    return out


@router.get(
    "/rounds/{round_id}/tutors", summary="Read the load of tutors", responses=answers(401, 403, 404, 422)
)
def read_round_tutors(call: InCall, round_id: RoundId) -> RoundTutors:
    """Who would follow how many students by the chosen run: your schools' tutors by name, hosts as numbers."""
    with call.read() as (session, actor):
        return RoundTutors.of(service_loads.read(session, actor, round_id))


@router.get(
    "/rounds/{round_id}/students/{student_id}", summary="Explain a student's result",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_round_result(
    call: InCall,
    engine: InEngine,
    round_id: RoundId,
    student_id: UUID,
    opportunity: Annotated[UUID | None, Query(description="Why not there?")] = None,
) -> StudentResult:
    """Why there, why not the wishes above, and, for whom has no seat, what would help."""
    with call.read() as (session, actor):
        inquiry = service_reasons.ask(session, actor, engine, round_id, student_id, opportunity)
    call.looked(actor, LookKind.PROFILE, [student_id])
    return StudentResult.of(inquiry, service_reasons.explain(engine, inquiry))


@router.post(
    "/rounds/{round_id}/try", summary="Try pins and bans", response_model=TrialOut, responses=answers(401, 403, 404, 409, 422)
)  # fmt: skip
def try_round(call: InCall, round_id: RoundId, body: TrialIn) -> Response:
    """What would change in the chosen run; nothing is kept."""
    with call.read() as (session, actor):
        trial = trying.ask(session, actor, round_id, body.wanted())
    outcome = trying.answer(trial)
    call.looked(actor, LookKind.PROFILE, [one.student_id for one in outcome.shifts])
    return with_etag(TrialOut.of(outcome), trial.version)


@router.post(
    "/rounds/{round_id}/publish", summary="Publish a result", response_model=Publication, responses=answers(401, 403, 404, 409, 422)
)  # fmt: skip
def publish_round(call: InCall, round_id: RoundId, body: PublicationIn) -> Response:
    """The school's yes: a proposal for each seat, and the companies are asked. Each class wholly or not at all.

    Again it does only what is left.
    """
    with call.read() as (session, actor):
        class_ids = service_publishing.ask(session, actor, round_id, body.class_ids)
    done = service_publishing.publish(call.write, round_id, class_ids, body.run_number, now=call.now())
    with call.read() as (session, actor):
        version = rounds.find(session, actor, round_id).round.version
    return with_etag(Publication(classes=[PublishedOut.of(one) for one in done]), version)


# --- the companies' own order -----------------------------------------------------------------------------------------


@router.get(
    "/opportunities/{opportunity_id}/candidate-order", summary="Read the company's order of candidates",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def read_candidate_order(call: InCall, engine: InEngine, opportunity_id: UUID) -> CandidateOrderOut:
    """Pseudonyms from the first to the last; the others follow by the score."""
    with call.read() as (session, actor):
        question = matches.ask_for_candidates(session, actor, engine, opportunity_id)
        found = service_orders.read(session, opportunity_id)
    return CandidateOrderOut(
        opportunity_id=opportunity_id,
        pseudonyms=[engine.pseudonym(question.company_id, student_id) for student_id in found],
    )


@router.post(
    "/opportunities/{opportunity_id}/candidate-order", summary="Put candidates in order",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def order_candidates(
    call: InCall, engine: InEngine, opportunity_id: UUID, body: CandidateOrderIn
) -> CandidateOrderOut:
    """Rounds give the seats in this order; an empty one leaves it to the score."""
    with call.read() as (session, actor):
        question = matches.ask_for_candidates(session, actor, engine, opportunity_id)
    students = service_orders.find(engine, question, body.pseudonyms)
    with call.write() as (session, actor):
        service_orders.replace(session, actor, opportunity_id, students, now=call.now())
    return CandidateOrderOut(opportunity_id=opportunity_id, pseudonyms=body.pseudonyms)
