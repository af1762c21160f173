"""Rankings that are stored: what was shown to somebody, with all that it takes to make it again.

Storing has three steps. `ask` runs inside a read block, `make` computes outside of it, `store` runs inside a write block.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.db import new_id
from app.events import service as events
from app.matches import translate, values
from app.matches.engine import Engine
from app.matches.models import RankingLine, StoredRanking
from app.matches.schemas import StoredRankingOut
from app.matches.service import StudentQuestion, ask_for_student, ranked_opportunities
from app.matches.service_plain import require_ranked
from app.opportunities.models import Kind
from app.students.models import Student
from app.students.rules import can_see
from app.students.service import NoSuchStudent
from matching import Kind as EngineKind

MOST_RANKINGS = 100
"""Of one student. Whoever stores more does not look at them."""

Stored = tuple[StoredRanking, Sequence[RankingLine]]
"""A ranking and its lines in their order."""


class NoSuchRanking(errors.NotFound):
    """No stored ranking of a student that the actor may see has this id, or its time is over."""

    title = "No such ranking"


class UnknownStudent(errors.Invalid):
    """The student does not exist, or not for the actor."""

    title = "Unknown student"


class TooManyRankings(errors.Conflict):
    """The student has as many stored rankings as there may be."""

    title = "Too many stored rankings"


def ask(session: Session, actor: Actor, engine: Engine, student_id: UUID) -> StudentQuestion:
    """Take what the student's ranking needs. Raises UnknownStudent and RankingOff."""
    auth.require_scope(actor, "matches:write")
    try:
        question = ask_for_student(session, actor, engine, student_id)
    except NoSuchStudent as error:
        raise _unknown() from error
    require_ranked(question.known)
    return question


def make(
    engine: Engine, question: StudentQuestion, *, kind: Kind | None, limit: int, now: datetime, days: int
) -> Stored:
    """Rank, and put together what is to be stored for so many days."""
    profile = question.known.profile
    state, found, ranked_ones = ranked_opportunities(
        engine, question, limit, EngineKind(kind) if kind else None
    )
    has_age_limits = any(one.min_age is not None or one.max_age is not None for one in ranked_ones.values())
    ranking = StoredRanking(
        id=new_id(),
        student_id=profile.id,
        kind=kind,
        line_limit=limit,
        algorithm=engine.making()["algorithm"],
        weights=translate.weights(engine.weights),
        attendance=engine.weights.attendance,
        seed=engine.seed,
        ranked_on=state.index.on,
        vocabulary=values.fingerprint(state.index.vocabulary),
        student=values.pack_student(question.known.student, has_age_limits=has_age_limits),
        stored_at=now,
        expires_at=now + timedelta(days=days),
    )
    lines = [
        RankingLine(
            ranking_id=ranking.id,
            position=position,
            opportunity_id=UUID(ranked.id),
            title=state.cards[ranked.id]["title"],
            company_name=state.cards[ranked.id]["company_name"],
            score=ranked.score,
            parts=dict(ranked.parts),
            opportunity=values.pack_opportunity(ranked_ones[ranked.id]),
        )
        for position, ranked in enumerate(found, start=1)
    ]
    return ranking, lines


def store(session: Session, actor: Actor, stored: Stored) -> None:
    """Keep what `make` has made. Raises UnknownStudent, if the student has gone meanwhile, and TooManyRankings."""
    ranking, lines = stored
    student = session.get(Student, ranking.student_id)
    if student is None or not can_see(actor, student):
        raise _unknown()
    present = sa.select(sa.func.count()).where(StoredRanking.student_id == student.id)
    if (session.scalar(present) or 0) >= MOST_RANKINGS:
        raise TooManyRankings(f"A student has at most {MOST_RANKINGS} stored rankings.")
    session.add(ranking)
    session.flush()
    session.add_all(lines)
    events.record(session, actor, "ranking.stored", ranking.id, {"lines": len(lines)})


def read(session: Session, actor: Actor, ranking_id: UUID, *, now: datetime) -> Stored:
    """A stored ranking, for whoever sees the student's rankings. Raises NoSuchRanking."""
    auth.require_scope(actor, "matches:read")
    found = session.execute(
        sa.select(StoredRanking, Student)
        .join(Student, Student.id == StoredRanking.student_id)
        .where(StoredRanking.id == ranking_id, StoredRanking.expires_at > now)
    ).one_or_none()
    if found is None or not can_see(actor, found.Student):
        raise NoSuchRanking
    ranking: StoredRanking = found.StoredRanking
    lines = sa.select(RankingLine).where(RankingLine.ranking_id == ranking_id).order_by(RankingLine.position)
    return ranking, session.scalars(lines).all()


def show(stored: Stored) -> StoredRankingOut:
    """A stored ranking for the API; the student's own values stay where they are."""
    ranking, lines = stored
    of_lines = ("position", "opportunity_id", "title", "company_name", "score", "parts")
    of_ranking = ("id", "student_id", "kind", "stored_at", "expires_at", "vocabulary")
    shown = [
        {name: getattr(line, name) for name in of_lines} | {"kind": line.opportunity["kind"]}
        for line in lines
    ]
    return StoredRankingOut.model_validate(
        {name: getattr(ranking, name) for name in of_ranking}
        | {"limit": ranking.line_limit, "lines": shown}
        | making(ranking)
    )


def making(ranking: StoredRanking) -> dict[str, Any]:
    """How it was made, as `StoredMaking`."""
    return {
        "algorithm": ranking.algorithm,
        "weights": ranking.weights,
        "seed": ranking.seed,
        "ranked_on": ranking.ranked_on.isoformat(),
        "attendance": ranking.attendance,
    }


def forget_expired(session: Session, now: datetime) -> dict[str, int]:
    """Delete rankings whose time is over; how many."""
    ended = session.execute(sa.delete(StoredRanking).where(StoredRanking.expires_at <= now))
    return {"rankings": int(ended.rowcount)}  # type: ignore[attr-defined]


def _unknown() -> UnknownStudent:
    detail = "no student that you may see has this id"
    return UnknownStudent(faults=[{"in": "body", "field": "student_id", "detail": detail}])
