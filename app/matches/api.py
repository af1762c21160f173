"""Rankings over the API."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from app.dates import Day
from app.events.service_looks import LookKind
from app.matches import service as matches
from app.matches import service_paths as paths
from app.matches import service_rankings as rankings
from app.matches import service_reach as reach
from app.matches import service_replay as replay
from app.matches.asked import InEngine
from app.matches.filters import Filters
from app.matches.schemas import (
    CandidateList,
    Explain,
    MatchList,
    PathList,
    ReachOut,
    ReplayOut,
    StoredRankingIn,
    StoredRankingOut,
    VisibilityOut,
)
from app.matches.written import as_json
from app.opportunities.models import Kind
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor

router = APIRouter(tags=["matches"])


RankingId = Annotated[UUID, Path(description="The stored ranking.")]
OfKind = Annotated[Kind | None, Query(description="Only this kind; all three together if left out.")]


async def _filters(
    max_km: Annotated[int | None, Query(ge=1, le=500, description="Only so near, by road; or online.")] = None,
    starts_on: Annotated[Day | None, Query(description="Only what begins on this day or later.")] = None,
    ends_on: Annotated[Day | None, Query(description="Only what ends on this day or before.")] = None,
    skill_id: Annotated[
        str | None,
        Query(
            min_length=1, max_length=80, pattern="^[A-Za-z0-9][A-Za-z0-9._:-]*$",
            description="Only what asks for or teaches this, or something narrower.",
        ),
    ] = None,
    is_online: Annotated[bool | None, Query(description="Only online, or only at a place.")] = None,
    text: Annotated[
        str | None,
        Query(
            min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$",
            description="Words of the title, the company or the municipality.",
        ),
    ] = None,
) -> Filters:  # fmt: skip
    return Filters(max_km, starts_on, ends_on, skill_id, is_online, text)


InFilters = Annotated[Filters, Depends(_filters)]


@router.get(
    "/students/{student_id}/matches",
    summary="Rank opportunities for a student",
    response_model=MatchList,
    responses=answers(404, 422),
)
def list_student_matches(
    call: InCall,
    engine: InEngine,
    student_id: UUID,
    wanted: InFilters,
    kind: OfKind = None,
    explain: Annotated[
        Explain, Query(description="`full` adds how each score adds up, part by part and skill by skill.")
    ] = Explain.SHORT,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Internships, visits and training paths, the best first, each with its reasons and what is missing."""
    after = decode_cursor(cursor, float, str)
    with call.read() as (session, actor):
        question = matches.ask_for_student(session, actor, engine, student_id)
    page = matches.student_page(
        engine,
        question,
        kind=kind,
        limit=limit,
        after=after,
        wanted=wanted,
        is_explained=explain is Explain.FULL,
    )
    call.looked(actor, LookKind.RANKING, [student_id])
    return _answer(page)


@router.post(
    "/rankings",
    status_code=201,
    summary="Store a student's ranking",
    response_model=StoredRankingOut,
    responses=answers(409, 422),
)
def create_ranking(
    call: InCall,
    engine: InEngine,
    body: StoredRankingIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Rank now and store the lines with the values behind them, so that the ranking can be made again by its id."""
    with call.read() as (session, actor):
        question = rankings.ask(session, actor, engine, body.student_id)
    days = call.request.app.state.settings.ranking_days
    stored = rankings.make(engine, question, kind=body.kind, limit=body.limit, now=call.now(), days=days)
    with call.create(body) as (session, actor):
        rankings.store(session, actor, stored)
        out = rankings.show(stored)
        return call.created(out, location=f"/rankings/{out.id}")


@router.get(
    "/rankings/{ranking_id}",
    summary="Read a stored ranking",
    responses=answers(404, 422),
)
def read_ranking(call: InCall, ranking_id: RankingId) -> StoredRankingOut:
    """The ranking as it was when it was stored."""
    with call.read() as (session, actor):
        out = rankings.show(rankings.read(session, actor, ranking_id, now=call.now()))
    call.looked(actor, LookKind.STORED, [out.student_id], about_id=ranking_id)
    return out


@router.get(
    "/rankings/{ranking_id}/replay",
    summary="Make a stored ranking again",
    response_model=ReplayOut,
    responses=answers(404, 409, 422),
)
def read_replay(call: InCall, engine: InEngine, ranking_id: RankingId) -> Response:
    """Whether the stored values still give the stored ranking, what a ranking of today has different, and why."""
    with call.read() as (session, actor):
        question = replay.ask(session, actor, engine, ranking_id, now=call.now())
    page = replay.page(engine, question)
    call.looked(actor, LookKind.STORED, [question.stored[0].student_id], about_id=ranking_id)
    return _answer(page)


@router.get(
    "/students/{student_id}/paths",
    summary="Plan training paths for a student",
    response_model=PathList,
    responses=answers(404, 409, 422),
)
def list_student_paths(
    call: InCall,
    engine: InEngine,
    student_id: UUID,
    goal: Annotated[
        str,
        Query(
            max_length=120,
            pattern=paths.GOAL,
            description="`opportunity:ID` for a wished opportunity, `programme:ID` for what a programme's students have met "
            "by its end, `reach` for as many more opportunities as possible.",
        ),
    ],
    budget_hours: Annotated[int, Query(ge=1, le=2000, description="Hours that a path may take.")] = 100,
    by: Annotated[Day | None, Query(description="The last day of a path.")] = None,
    limit: Limit = 5,
    cursor: Cursor = None,
) -> Response:
    """Modules in an order that closes the gap, the best first, with what each path opens."""
    [offset] = decode_cursor(cursor, int) or (0,)
    with call.read() as (session, actor):
        question = paths.ask(session, actor, engine, student_id, goal)
    page = paths.page(engine, question, budget_hours=budget_hours, by=by, limit=limit, offset=max(0, offset))
    call.looked(actor, LookKind.RANKING, [student_id])
    return _answer(page)


@router.get(
    "/opportunities/{opportunity_id}/reach",
    summary="How many students an opportunity fits",
    response_model=ReachOut,
    responses=answers(404, 422),
)
def read_reach(call: InCall, engine: InEngine, opportunity_id: UUID) -> Response:
    """Counts in steps of five: who fits, from where, what keeps others away, and what would widen the reach."""
    with call.read() as (session, actor):
        question = reach.ask(session, actor, engine, opportunity_id)
    return _answer(reach.page(engine, question))


@router.get(
    "/opportunities/{opportunity_id}/candidates",
    summary="Rank candidates for an opportunity",
    response_model=CandidateList,
    responses=answers(404, 409, 422),
)
def list_candidates(
    call: InCall, engine: InEngine, opportunity_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Students whom the opportunity fits, the best first, under pseudonyms that hold for this company only."""
    [offset] = decode_cursor(cursor, int) or (0,)
    with call.read() as (session, actor):
        question = matches.ask_for_candidates(session, actor, engine, opportunity_id)
    shown: list[UUID] = []
    page = matches.candidates_page(engine, question, limit=limit, offset=max(0, offset), shown=shown)
    call.looked(actor, LookKind.CANDIDATE, shown, about_id=opportunity_id, company_id=question.company_id)
    return _answer(page)


@router.get(
    "/opportunities/{opportunity_id}/visibility",
    summary="Why a student is not shown an opportunity",
    response_model=VisibilityOut,
    responses=answers(404, 422),
)
def read_visibility(
    call: InCall,
    engine: InEngine,
    opportunity_id: UUID,
    student: Annotated[UUID, Query(description="The student's id.")],
) -> Response:
    """Every rule that hides the opportunity from the student; none when it is shown."""
    with call.read() as (session, actor):
        found = matches.visibility(session, actor, engine, opportunity_id, student)
    call.looked(actor, LookKind.RANKING, [student])
    return _answer(found)


def _answer(body: dict[str, Any]) -> Response:
    # The service's plain values are sent as they are: checking them against the model again would double the time
    # of the call. A test checks them against the document instead.
    return Response(as_json(body), media_type="application/json")
